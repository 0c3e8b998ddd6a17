"""What a trace is taken to tell: the life of a job. Users are numbers of the trace's own, so nobody owns a job of it."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, jobrecords
from forensics.core.citation import column

NEEDS_ANCHOR = False

_OUTCOMES = {0: "FAILED", 1: "COMPLETED", 2: "OTHER", 3: "OTHER", 4: "OTHER", 5: "CANCELLED"}


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - times count from the beginning of the trace
    anchor_ns: int | None,  # noqa: ARG001 - a trace says itself when it began, or nothing does
) -> Mapping[str, pa.Table]:
    """A submit, a start and an end for each job that has them, where the trace says when it began."""
    began, submit, wait, run = (column(records, name) for name in ("began_s", "submit_s", "wait_s", "run_s"))
    first = pc.add(began, submit)
    start = pc.add(first, wait)
    moments = (first, start, pc.add(start, run))
    status = column(records, "status")
    told = {
        "job": column(records, "job"),
        "state": status.cast(pa.string()),
        "cpus": column(records, "cpus"),
        "elapsed_s": run,
    }
    outcome = pa.array([_OUTCOMES.get(s) for s in status.to_pylist()], pa.string())
    times = jobrecords.Times(*(clock.epoch(seconds) for seconds in moments))
    return jobrecords.read(records, files, told, times, "swf", outcome=outcome)
