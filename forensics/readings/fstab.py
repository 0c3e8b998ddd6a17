"""What a list of file systems is taken to tell: what is mounted where on that host, and from where.

It is a state and has no time. Equal lists of two hosts are told once for each.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import hostevents

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - there is no time in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each file system and path of the list. `text` is `<type> <options>`, `object_from` where it comes from."""
    rows = hostevents.placed(records, files, every_path=True)
    lines = rows.lines
    same = pa.array(["path"] * lines.num_rows, pa.string())
    more = {
        "object_kind": same,
        "object": lines["point"],
        "object_from": lines["source"],
        "text": hostevents.short(pc.binary_join_element_wise(lines["type"], lines["options"], " ")),
    }
    verb = pa.array(["setting"] * lines.num_rows, pa.string())
    return {"event": hostevents.unattributed(rows, "fstab", verb, more)}
