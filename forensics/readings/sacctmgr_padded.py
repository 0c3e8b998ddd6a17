"""What sacctmgr's listings for people are taken to tell: as of its other listings, but for what is cut.

A level that is cut can be the beginning of one level alone. A right of an account whose name is cut is nobody's.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, padded, sacctmgrrows, schedulerevents
from forensics.core.citation import column
from forensics.core.schedulerevents import Row

NEEDS_ANCHOR = False
_LEVELS = ("None", "Operator", "Administrator")


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
    return {"event": schedulerevents.told(records, files, "sacctmgr_padded", when, _told)}


def _told(row: Row) -> Row:
    level = row["admin"]
    known = padded.whole(level, _LEVELS) if isinstance(level, str) else None
    return sacctmgrrows.told({**row, "admin": known if row["target"] is not None else None})
