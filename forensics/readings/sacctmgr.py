"""What sacctmgr's listings are taken to tell: who changed rights and limits, what befell nodes, and what held.

The actor of a transaction is authenticated by the accounting daemon. A listing of users, accounts or limits
is a state: each row is a setting, and says of nobody that they did anything.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, sacctmgrrows, schedulerevents
from forensics.core.citation import column

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each row."""
    wall = column(records, "wall")
    when = clock.walls(wall, layout="%Y-%m-%dT%H:%M:%S", zone=zone, tick_ns=clock.NS_PER_S)
    return {"event": schedulerevents.told(records, files, "sacctmgr", when, sacctmgrrows.told)}
