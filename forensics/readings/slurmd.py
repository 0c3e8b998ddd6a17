"""What a node's log is taken to tell: which process ran for which job, which signals it was sent, and its end.

The uid of a launch owns the job. A signal is sent by the daemon on the controller's word: nobody is
named for it here.
"""

import re
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import citation, slurmlog, slurmmeaning
from forensics.core.citation import column
from forensics.core.tables import EVENT

NOTED = ("sha256", "node")
"""The node is the one that all lines of a file name."""
NEEDS_ANCHOR = False
ONCE = True

_NAMED = re.compile(
    r"slurm(?:step)?d[-._](?P<host>[A-Za-z0-9][A-Za-z0-9.-]*?)(?:\.log(?:[-.][0-9]+)*)?(?:\.(?:gz|xz|bz2))?"
)


def read(
    records: pa.Table, files: pa.Table, *, zone: str, anchor_ns: int | None, notes: pa.Table | None = None
) -> Mapping[str, pa.Table]:
    """One event for each line."""
    where = citation.spans(records)
    when = slurmlog.placed(column(records, "wall"), zone=zone, anchor_ns=anchor_ns)
    domain = citation.of_file(where["sha256"], files, "domain")
    host = _hosts(where["sha256"], noted(records) if notes is None else notes, files)
    event = EVENT.build(
        {
            **citation.cited(where),
            "earliest_ns": when.earliest_ns,
            "latest_ns": when.latest_ns,
            "clock": citation.clocked(when.earliest_ns, pc.coalesce(host, domain), "slurmd"),
            "format": ["slurmd"] * records.num_rows,
            "domain": domain,
            "host": host,
            **slurmmeaning.node({name: column(records, name) for name in slurmmeaning.NODE_COLUMNS}),
        }
    )
    return {"event": event}


def noted(records: pa.Table) -> pa.Table:
    """The first and the last name, in order, that lines of a slice give the node, for each file."""
    seen = records.select(NOTED).filter(pc.is_valid(records["node"])).group_by("sha256", use_threads=False)
    ends = seen.aggregate([("node", "min"), ("node", "max")])
    return pa.concat_tables(
        ends.select(["sha256", f"node_{end}"]).rename_columns(NOTED) for end in ("min", "max")
    )


def _hosts(sha256: pa.Array, named: pa.Table, files: pa.Table) -> pa.Array:
    """The node: by the file's name, by the one node that its lines name, or by where it was collected."""
    path = citation.of_file(sha256, files, "path").dictionary_encode()
    found = [_NAMED.fullmatch(p.rpartition("/")[2]) for p in path.dictionary.to_pylist()]
    hosts = [m["host"] if m and m["host"].split(".")[0] != "log" else None for m in found]
    by_name = pa.array(hosts, pa.string()).take(path.indices)
    told = named.group_by("sha256").aggregate([("node", "min"), ("node", "count_distinct")]).to_pylist()
    only = {row["sha256"]: row["node_min"] for row in told if row["node_count_distinct"] == 1}
    coded = sha256.dictionary_encode()
    by_line = pa.array([only.get(s) for s in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)
    return pc.coalesce(by_name, by_line, citation.of_file(sha256, files, "host"))
