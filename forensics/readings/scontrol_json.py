"""What the controller's own listing of jobs is taken to tell: the life of each job so far.

The controller forgets a job some minutes after its end, so a listing shows what ran when it was made. A
job that had not ended has no end, whatever the listing expects.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, federation, jobrecords
from forensics.core.citation import column

NEEDS_ANCHOR = False

_SAME = (
    "job", "cluster", "name", "state", "exit_code", "exit_signal", "gpus", "cpus", "node_count", "energy_j", "nodes", "submit_line", "comment",
    "federation_origin",
)  # fmt: skip


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - times count from 1970 in UTC
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """A submit, a start and an end for each job that has them."""
    numbered = pc.is_valid(column(records, "job"))
    taken, records = records.filter(pc.invert(numbered)), records.filter(numbered)
    told = {name: column(records, name) for name in _SAME}
    told |= {"owner": column(records, "user"), "owner_uid": column(records, "uid")}
    told["workdir"] = column(records, "work_dir")
    submit, start, end = (column(records, f"{name}_s") for name in jobrecords.Times._fields)
    # A job that waits is shown with the start that the scheduler expects; it has no nodes then.
    start = pc.if_else(pc.is_valid(told["nodes"]), start, None)
    times = jobrecords.Times(*(clock.epoch(seconds) for seconds in (submit, start, end)))
    outcome = jobrecords.outcomes(told["state"])
    going = pc.match_substring_regex(
        told["state"], r"^(?:RUNNING|PENDING|SUSPENDED|CONFIGURING|REQUEUED|STOPPED)"
    )
    going = pc.fill_null(going, False)
    ended = clock.Interval(*(pc.if_else(going, None, moment) for moment in times.end))
    made = jobrecords.read(records, files, told, times._replace(end=ended), "scontrol_json", outcome=outcome)
    gone = clock.epoch(column(taken, "end_s"))
    made["event"] = pa.concat_tables(
        [made["event"], federation.nameless(taken, files, "scontrol_json", gone)]
    )
    return made
