"""What the completion record in JSON is taken to tell: the life of a job. Who ended it is not in it."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, jobrecords
from forensics.core.citation import column

NEEDS_ANCHOR = False

_SAME = (
    "job", "cluster", "name", "state", "exit_code", "exit_signal", "elapsed_s", "gpus", "cpus", "node_count",
    "energy_j", "nodes",
)  # fmt: skip


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - the plugins write UTC
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """A submit, a start and an end for each job that has them."""
    told = {name: column(records, name) for name in _SAME}
    told |= {"owner": column(records, "user"), "owner_uid": column(records, "uid")}
    told["workdir"] = column(records, "work_dir")
    placed = (_placed(column(records, f"{name}_wall")) for name in jobrecords.Times._fields)
    times = jobrecords.Times(*placed)
    ran = pc.is_valid(told["nodes"])
    start = clock.Interval(*(pc.if_else(ran, moment, None) for moment in times.start))
    return jobrecords.read(records, files, told, times._replace(start=start), "jobcomp_json")


def _placed(wall: pa.Array) -> clock.Interval:
    bare = pc.replace_substring_regex(wall, pattern=r"Z$", replacement="")
    return clock.walls(bare, layout="%Y-%m-%dT%H:%M:%S", zone="UTC", tick_ns=clock.NS_PER_S)
