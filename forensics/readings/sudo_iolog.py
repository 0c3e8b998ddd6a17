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
    lines = rows.lines
    host = pc.coalesce(_filled(lines["submit_host"]), rows.files["host"])
    words = pc.binary_join(pc.fill_null(lines["argv"], []), " ")
    event = EVENT.build(
        {
            **hostevents.columns(rows, "sudo_iolog"),
            **hostevents.times(
                clock.Interval(lines["epoch_ns"], lines["epoch_ns"]), host, rows, "sudo_iolog"
            ),
            "verb": pa.array(["sudo"] * lines.num_rows, pa.string()),
            "outcome": pa.array(["success"] * lines.num_rows, pa.string()),
            "host": host,
            "account": lines["submit_user"],
            "effective": lines["run_user"],
            "euid": lines["run_uid"],
            "tty": _filled(pc.replace_substring_regex(lines["tty"], pattern="^/dev/", replacement="")),
            "exe": hostevents.short(lines["command"]),
            "argv": lines["argv"],
            "cwd": hostevents.short(pc.coalesce(lines["run_cwd"], lines["submit_cwd"])),
            "text": hostevents.short(pc.coalesce(_filled(words), lines["command"])),
        }
    )
    return {"event": event}


def _filled(text: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(text, ""), NOTHING, text)
