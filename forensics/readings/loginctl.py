"""What `loginctl` printed is taken to tell: that a session was opened, where it says since when; else that there was one."""

import re
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import hostevents, journalstamps
from forensics.core.hostevents import NOTHING
from forensics.core.tables import EVENT

EACH = True
NEEDS_ANCHOR = False
ONCE = True
_STAMP = re.compile(
    r"(?P<day>[A-Z][a-z]{2}),? (?P<rest>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} [^ ;]{1,10})(?:; .*)?"
)


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each session."""
    rows = hostevents.placed(records, files, every_path=False)
    lines, host = rows.lines, rows.files["host"]
    since = pa.array([_stamp(text) for text in lines["since"].to_pylist()], pa.string())
    when = journalstamps.placed(since, pa.nulls(len(since), pa.string()), zone)
    opened = pc.is_valid(when.earliest_ns)
    words = [
        pc.coalesce(pc.binary_join_element_wise(f" {name}=", lines[name], ""), "")
        for name in (
            "session",
            "user",
            "tty",
            "remote",
            "remote_user",
            "service",
            "type",
            "class",
            "state",
            "since",
        )
    ]
    account = pc.if_else(opened, lines["user"], NOTHING)
    numbered = pc.match_substring_regex(lines["session"], r"^[0-9]{1,10}$")
    event = EVENT.build(
        {
            **hostevents.columns(rows, "loginctl"),
            **hostevents.times(when, host, rows, "loginctl"),
            "verb": pc.if_else(opened, "session_open", "other"),
            "outcome": pc.if_else(opened, "success", NOTHING),
            "host": host,
            "account": account,
            "account_absence": hostevents.absence(account),
            "session": pc.if_else(numbered, lines["session"], NOTHING),
            "pid": lines["leader"],
            "tty": lines["tty"],
            "address": hostevents.address(lines["remote"]),
            "text": hostevents.short(pc.binary_join_element_wise("open", *words, "")),
        }
    )
    return {"event": event}


def _stamp(text: str | None) -> str | None:
    """A stamp as `journalctl` writes it too, without what stands behind it."""
    found = None if text is None else _STAMP.fullmatch(text)
    return None if found is None else f"{found['day']} {found['rest']}"
