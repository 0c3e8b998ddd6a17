"""What `scontrol show node` is taken to tell: that a node was out of use, since when, and who is said to have set it so.

It is told as `sinfo -R` is: who set it is known, whether a person or the controller by itself chose to, is not.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, schedulerevents
from forensics.core.citation import column
from forensics.core.schedulerevents import Row

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each node that has a reason."""
    when = clock.walls(column(records, "wall"), layout="%Y-%m-%dT%H:%M:%S", zone=zone, tick_ns=clock.NS_PER_S)
    return {"event": schedulerevents.told(records, files, "scontrol_node", when, _told)}


def _told(row: Row) -> Row:
    said = " ".join(str(row[name]) for name in ("node", "state", "reason") if row[name] is not None)
    return {"verb": "fault", "account": row["user"], "uid": row["uid"], "host": row["node"], "text": said}
