"""What a body file is taken to tell: that a path was there, with these times. A state, and nobody's act.

Times of a file can be set at will, but for ctime, which needs the host's clock or its disk. When the list
was made it does not say, so its events have no time; the times that it tells are in `text`.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import hostevents, listings

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - every time is an epoch
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each line. `inode` stays null: the device is not in the list."""
    rows = hostevents.placed(records, files, every_path=True)
    lines = rows.lines
    more = {
        "object": hostevents.short(lines["name"]),
        "object_owner_uid": lines["uid"],
        "mode": lines["mode"],
        "size": lines["size"],
    }
    return {"event": listings.listed(rows, "bodyfile", more)}
