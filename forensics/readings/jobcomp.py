"""What the completion log is taken to tell: the life of a job. Who ended it is not in it."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, jobrecords, tres
from forensics.core.citation import column

NEEDS_ANCHOR = False
ONCE = True


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """A submit, a start and an end for each job that has them."""
    exits = pc.extract_regex(column(records, "exit_code"), pattern=r"^(?P<code>[0-9]+):(?P<signal>[0-9]+)$")
    told = {name: column(records, name) for name in ("job", "cluster", "name", "state")}
    told |= {
        "owner": column(records, "user"),
        "owner_uid": column(records, "uid"),
        "exit_code": pc.struct_field(exits, "code").cast(pa.int64()),
        "exit_signal": pc.struct_field(exits, "signal").cast(pa.int64()),
        "nodes": column(records, "node_list"),
        "workdir": column(records, "work_dir"),
    }
    layout = "%Y-%m-%dT%H:%M:%S"
    placed = (
        clock.walls(column(records, f"{name}_wall"), layout=layout, zone=zone, tick_ns=clock.NS_PER_S)
        for name in jobrecords.Times._fields
    )
    times = jobrecords.Times(*placed)
    # The log gives a job that never ran its last moment as its start; it has no nodes then.
    ran = pc.is_valid(told["nodes"])
    # The log writes the resources as they were asked for; of the nodes and processors it knows the number.
    told["gpus"] = pc.if_else(ran, tres.told(column(records, "tres")).gpus, None)
    counts = {"node_count": "node_count", "cpus": "proc_count"}
    told |= {name: pc.if_else(ran, column(records, of), None) for name, of in counts.items()}
    start = clock.Interval(*(pc.if_else(ran, v, None) for v in times.start))
    return jobrecords.read(records, files, told, times._replace(start=start), "jobcomp")
