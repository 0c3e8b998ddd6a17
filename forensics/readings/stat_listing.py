"""What the output of stat is taken to tell: that a path was there, with these times. A state, and nobody's act.

Times of a file can be set at will, but for ctime, which needs the host's clock or its disk. When stat ran
it does not say, so its events have no time; the times that it tells are in `text`.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import hostevents, listings

EACH = True
NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - every time has its offset
    anchor_ns: int | None,  # noqa: ARG001 - and its year
) -> Mapping[str, pa.Table]:
    """One event for each file; `inode` is written as audit records write it."""
    rows = hostevents.placed(records, files, every_path=True)
    lines = rows.lines
    devices = map(listings.device, lines["major"].to_pylist(), lines["minor"].to_pylist())
    inode = pc.binary_join_element_wise(pa.array(devices, pa.string()), lines["inode"].cast(pa.string()), ":")
    more = {
        "object": hostevents.short(lines["name"]),
        "inode": inode,
        "object_owner_uid": lines["uid"],
        **{t: listings.spaced(lines[t]) for t in listings.TIMES},
        **{name: lines[name] for name in ("kind", "owner", "mode", "size")},
        "link": lines["target"],
    }
    return {"event": listings.listed(rows, "stat_listing", more)}
