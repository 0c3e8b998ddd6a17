"""What an account list is taken to tell: that these accounts exist on that host, under these numbers.

It is a state and has no time. Equal lists of two hosts are told once for each.
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
    """One event for each account and path. `text` is `<home>:<shell>`."""
    rows = hostevents.placed(records, files, every_path=True)
    lines = rows.lines
    home, shell = (pc.coalesce(lines[name], "") for name in ("home", "shell"))
    event = EVENT.build(
        {
            **hostevents.columns(rows, "passwd"),
            "verb": pa.array(["enrol_account"] * lines.num_rows, pa.string()),
            "host": rows.files["host"],
            "account": lines["name"],
            "uid": lines["uid"],
            "object_kind": pa.array(["account"] * lines.num_rows, pa.string()),
            "object": lines["name"],
            "text": hostevents.short(pc.binary_join_element_wise(home, shell, ":")),
        }
    )
    return {"event": event}
