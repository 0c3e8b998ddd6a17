"""What Grid Engine accounting is taken to tell: the life of a job, and, in Univa's, who asked to end it."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, jobrecords
from forensics.core.citation import column

NEEDS_ANCHOR = False

_MS_DIGITS = 100_000_000_000
_LIMIT, _AFTER = 37, 100
_SHELL, _MOST_SIGNAL = 128, 64


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - times count from 1970 in UTC
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """A submit, a start and an end for each job that has them, and a kill request where one is told."""
    failed, status, asked = (column(records, name) for name in ("failed", "exit_status", "deleted_by"))
    above = pc.subtract(status, _SHELL)
    by_signal = pc.and_(pc.greater(above, 0), pc.less_equal(above, _MOST_SIGNAL))
    told = {
        "job": column(records, "job"),
        "name": column(records, "name"),
        "owner": column(records, "owner"),
        "state": pc.binary_join_element_wise(failed.cast(pa.string()), status.cast(pa.string()), " "),
        "exit_code": pc.if_else(by_signal, None, status),
        "exit_signal": pc.if_else(by_signal, above, None),
        "requestor": asked,
        "nodes": column(records, "node"),
        "cpus": column(records, "slots"),
        "elapsed_s": pc.floor(
            pc.if_else(pc.equal(column(records, "started"), 0), None, column(records, "elapsed_s"))
        ).cast(pa.int64()),
        "workdir": column(records, "work_dir"),
        "submit_line": column(records, "submit_line"),
    }
    well = pc.and_(pc.equal(failed, 0), pc.equal(status, 0))
    of_job = pc.or_(pc.equal(failed, 0), pc.equal(failed, _AFTER))
    outcome = pc.if_else(well, "COMPLETED", pc.if_else(of_job, "FAILED", "OTHER"))
    outcome = pc.if_else(pc.equal(failed, _LIMIT), "TIMEOUT", outcome)
    outcome = pc.if_else(pc.is_valid(asked), "CANCELLED", outcome)
    times = jobrecords.Times(*(_placed(column(records, name)) for name in ("submitted", "started", "ended")))
    return jobrecords.read(records, files, told, times, "sge_accounting", outcome=outcome)


def _placed(written: pa.Array) -> clock.Interval:
    """Seconds, or milliseconds where there are more digits than seconds will have for millennia; 0 is no time."""
    known = pc.if_else(pc.equal(written, 0), None, written)
    fine = pc.greater(known, _MS_DIGITS)
    whole = clock.epoch(pc.if_else(fine, None, known))
    part = clock.milliseconds(pc.if_else(fine, known, None))
    return clock.Interval(*(pc.coalesce(a, b) for a, b in zip(whole, part, strict=True)))
