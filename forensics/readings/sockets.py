"""What listings of connections are taken to tell: that there was such a connection. There is no time, and nobody is named."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import hostevents
from forensics.core.clock import Interval
from forensics.core.hostevents import NOTHING
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False
ONCE = True
_BARE = r"^\[?(?P<address>[0-9A-Fa-f:.]+)\]?(?:%[^ ]*)?$"


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - nothing is dated
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each connection."""
    rows = hostevents.placed(records, files, every_path=False)
    lines, host = rows.lines, rows.files["host"]
    nothing = pa.nulls(lines.num_rows, pa.int64())
    remote = pc.struct_field(pc.extract_regex(lines["remote"], pattern=_BARE), "address")
    numbered = pc.fill_null(pc.match_substring_regex(lines["remote_port"], r"^[0-9]{1,5}$"), False)
    alone = [pids[0] if pids and len(set(pids)) == 1 else None for pids in lines["pids"].to_pylist()]
    words = [
        pc.coalesce(pc.binary_join_element_wise(before, lines[name], ""), "")
        for name, before in (
            ("protocol", " "),
            ("state", " "),
            ("local", " "),
            ("local_port", ":"),
            ("remote", " "),
            ("remote_port", ":"),
            ("process", " "),
        )
    ]
    event = EVENT.build(
        {
            **hostevents.columns(rows, "sockets"),
            **hostevents.times(Interval(nothing, nothing), host, rows, "sockets"),
            "verb": pa.array(["other"] * lines.num_rows, pa.string()),
            "host": host,
            "account_absence": pa.array(["not_recorded"] * lines.num_rows, pa.string()),
            "pid": pa.array(alone, pa.int64()),
            # Who waits for anybody has no other end.
            "address": pc.if_else(pc.equal(lines["remote_port"], "*"), NOTHING, hostevents.address(remote)),
            "port": pc.if_else(numbered, lines["remote_port"], NOTHING).cast(pa.int64()),
            "text": hostevents.short(pc.binary_join_element_wise("connection", *words, "")),
        }
    )
    return {"event": event}
