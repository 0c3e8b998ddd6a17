"""What `sinfo -R` is taken to tell: that nodes were out of use, since when, and who is said to have set it so.

It is told as sacctmgr's listing of events is: who set it is known, whether a person or the controller by itself chose to, is not.
"""

import re
from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, schedulerevents
from forensics.core.citation import column
from forensics.core.schedulerevents import Row

NEEDS_ANCHOR = False

_ONE = re.compile(r"[^,\[\]]+")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each line."""
    when = clock.walls(column(records, "wall"), layout="%Y-%m-%dT%H:%M:%S", zone=zone, tick_ns=clock.NS_PER_S)
    return {"event": schedulerevents.told(records, files, "sinfo_reasons", when, _told)}


def _told(row: Row) -> Row:
    nodes = str(row["nodes"])
    said = " ".join(str(row[name]) for name in ("nodes", "state", "reason") if row[name] is not None)
    host = {"host": nodes} if _ONE.fullmatch(nodes) else {}
    return {"verb": "fault", "account": row["user"], "uid": row["uid"], "text": said} | host
