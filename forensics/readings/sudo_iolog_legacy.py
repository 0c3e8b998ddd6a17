"""What a recorded sudo session is taken to tell: that an account ran a command with the rights of another."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.hostevents import NOTHING
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False
ONCE = True


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - the files count seconds since 1970
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each session. A session is recorded only once it was allowed."""
    rows = hostevents.placed(records, files, every_path=False)
    lines, host = rows.lines, rows.files["host"]
    path = pc.struct_field(pc.extract_regex(lines["command"], pattern=r"^(?P<path>/[^ ]*)"), "path")
    told_as = pc.if_else(pc.equal(lines["run_user"], ""), NOTHING, lines["run_user"])
    event = EVENT.build(
        {
            **hostevents.columns(rows, "sudo_iolog_legacy"),
            **hostevents.times(clock.epoch(lines["epoch_s"]), host, rows, "sudo_iolog_legacy"),
            "verb": pa.array(["sudo"] * lines.num_rows, pa.string()),
            "outcome": pa.array(["success"] * lines.num_rows, pa.string()),
            "host": host,
            "account": lines["submit_user"],
            "effective": told_as,
            "tty": pc.replace_substring_regex(lines["tty"], pattern="^/dev/", replacement=""),
            "exe": hostevents.short(path),
            "cwd": hostevents.short(pc.if_else(pc.starts_with(lines["cwd"], "/"), lines["cwd"], NOTHING)),
            "text": hostevents.short(pc.coalesce(lines["command"], lines["rest"])),
        }
    )
    return {"event": event}
