"""What HTCondor's history is taken to tell: the life of a job, and that it was removed.

The name of who removed it was written by the client that asked: the request is an event, and nobody is named for it.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, condorjobs, jobrecords
from forensics.core.citation import column

NEEDS_ANCHOR = False

_SAME = ("job", "name", "owner", "exit_code", "exit_signal", "gpus", "cpus", "elapsed_s")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - times count from 1970 in UTC
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """A submit, a start and an end for each job that has them."""
    told = {name: column(records, name) for name in _SAME}
    status = column(records, "status")
    reason = pc.coalesce(column(records, "remove_reason"), "")
    told |= {
        "cluster": column(records, "schedd"),
        "state": pc.utf8_rtrim(pc.binary_join_element_wise(status.cast(pa.string()), reason, " "), " "),
        "nodes": column(records, "node"),
        "workdir": column(records, "work_dir"),
        "submit_line": column(records, "command"),
    }
    numbers = (status.to_pylist(), told["exit_code"].to_pylist(), told["exit_signal"].to_pylist())
    ends = [condorjobs.outcome(s, code=c, signal=n) for s, c, n in zip(*numbers, strict=True)]
    times = jobrecords.Times(
        *(clock.epoch(column(records, f"{name}_s")) for name in jobrecords.Times._fields)
    )
    outcome = pa.array(ends, pa.string())
    return jobrecords.read(records, files, told, times, "htcondor_history", outcome=outcome)
