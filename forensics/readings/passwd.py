"""What an account list is taken to tell: that these accounts exist on that host, under these numbers.

It is a state and has no time. Equal lists of two hosts are told once for each. A list that lies where no host looks for
its own says nothing about the accounts of that host: it is told, and gives no number a name.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import hostevents
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - there is no time in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each account and path. `text` is `<home>:<shell>`; where the list is not the host's, it says so first."""
    rows = hostevents.placed(records, files, every_path=True)
    lines = rows.lines
    home, shell = (pc.coalesce(lines[name], "") for name in ("home", "shell"))
    said = pc.binary_join_element_wise(home, shell, ":")
    uid, nothing = lines["uid"], hostevents.NOTHING
    other = hostevents.which_elsewhere(rows.files["origin"])
    told = pc.binary_join_element_wise(
        f"{hostevents.ANOTHER_ROOT}: uid ", pc.cast(uid, pa.string()), ", ", said, ""
    )
    event = EVENT.build(
        {
            **hostevents.columns(rows, "passwd"),
            "verb": pc.if_else(other, "other", "enrol_account"),
            "host": rows.files["host"],
            "account": pc.if_else(other, nothing, lines["name"]),
            "account_absence": pc.if_else(other, "not_applicable", nothing),
            "uid": pc.if_else(other, pa.scalar(None, uid.type), uid),
            "object_kind": pa.array(["account"] * lines.num_rows, pa.string()),
            "object": lines["name"],
            "text": hostevents.short(pc.if_else(other, told, said)),
        }
    )
    return {"event": event}
