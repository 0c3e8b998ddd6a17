"""What a list of file systems is taken to tell: what is mounted where on that host, and from where.

It is a state and has no time. Equal lists of two hosts are told once for each. A list that lies where no host has its own, as in
a home or in a container, is told as such, and joins no paths.
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
    other = hostevents.which_elsewhere(rows.files["origin"], hostevents.MOUNTS)
    said = pc.binary_join_element_wise(lines["type"], lines["options"], " ")
    told = pc.binary_join_element_wise(f"{hostevents.ANOTHER_ROOT}: ", lines["source"], " ", said, "")
    more = {
        "object_kind": same,
        "object": lines["point"],
        "object_from": pc.if_else(other, hostevents.NOTHING, lines["source"]),
        "text": hostevents.short(pc.if_else(other, told, said)),
    }
    verb = pc.if_else(other, "other", "setting")
    return {"event": hostevents.unattributed(rows, "fstab", verb, more)}
