"""What a listing of jobs is taken to tell: the life of each job so far.

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
    "job", "name", "state", "exit_code", "exit_signal", "gpus", "cpus", "node_count", "energy_j", "nodes", "submit_line", "comment",
    "federation_origin",
)  # fmt: skip
_GOING = pa.array(["RUNNING", "PENDING", "SUSPENDED", "CONFIGURING", "REQUEUED", "STOPPED", "COMPLETING"])


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """A submit, a start and an end for each job that has them."""
    numbered = pc.is_valid(column(records, "job"))
    taken, records = records.filter(pc.invert(numbered)), records.filter(numbered)
    told = {name: column(records, name) for name in _SAME}
    told |= {"owner": column(records, "user"), "owner_uid": column(records, "uid")}
    told["workdir"] = column(records, "work_dir")
    layout = "%Y-%m-%dT%H:%M:%S"
    submit, start, end = (
        clock.walls(column(records, f"{name}_wall"), layout=layout, zone=zone, tick_ns=clock.NS_PER_S)
        for name in jobrecords.Times._fields
    )
    gone = clock.walls(column(taken, "end_wall"), layout=layout, zone=zone, tick_ns=clock.NS_PER_S)
    ran = pc.is_valid(told["nodes"])
    going = pc.fill_null(pc.is_in(told["state"], _GOING), False)
    told["elapsed_s"] = pc.if_else(ran, column(records, "elapsed_s"), None)
    start = clock.Interval(*(pc.if_else(ran, moment, None) for moment in start))
    end = clock.Interval(*(pc.if_else(going, None, moment) for moment in end))
    made = jobrecords.read(records, files, told, jobrecords.Times(submit, start, end), "scontrol_job")
    made["event"] = pa.concat_tables([made["event"], federation.nameless(taken, files, "scontrol_job", gone)])
    return made
