"""What dpkg's log is taken to tell: which package was changed, and when. Who asked is not in it."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents

NEEDS_ANCHOR = True
"""Every time has its year, but the log goes back over the host's whole life: it must not date other logs."""


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every stamp has a year
) -> Mapping[str, pa.Table]:
    """One event for each line; where it names a package, the package is the object."""
    rows = hostevents.placed(records, files, every_path=True)
    lines = rows.lines
    when = clock.walls(lines["wall"], layout="%Y-%m-%d %H:%M:%S", zone=zone, tick_ns=clock.NS_PER_S)
    named = pc.is_valid(lines["package"])
    more = {
        "object_kind": pc.if_else(named, "package", hostevents.NOTHING),
        "object": lines["package"],
        "text": hostevents.pairs({"": lines["action"], " ": lines["rest"]}),
    }
    verb = pc.if_else(named, "package", "other")
    return {"event": hostevents.unattributed(rows, "dpkg_log", verb, more, when=when)}
