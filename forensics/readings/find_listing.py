"""What a listing by find is taken to tell: that a path was there, with these times. A state, and nobody's act.

Times of a file can be set at will, but for ctime, which needs the host's clock or its disk. When the list
was made it does not say, so its events have no time; the times that it tells are in `text`.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import hostevents, listings

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - every time is an epoch
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each line; `inode` is written as audit records write it."""
    rows = hostevents.placed(records, files, every_path=True)
    lines = rows.lines
    devices = lines["device"].dictionary_encode()
    named = pa.array(
        [listings.numbered_device(number) for number in devices.dictionary.to_pylist()], pa.string()
    )
    inode = pc.binary_join_element_wise(named.take(devices.indices), lines["inode"].cast(pa.string()), ":")
    more = {
        "object": hostevents.short(lines["path"]),
        "inode": inode,
        "object_owner_uid": lines["uid"],
        "mode": lines["mode"],
        "kind": lines["kind"],
        "size": lines["size"],
        "link": lines["target"],
    }
    return {"event": listings.listed(rows, "find_listing", more)}
