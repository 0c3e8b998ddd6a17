"""What an atuin history is taken to tell: that this command stands in that account's history.

The file belongs to its user, who can write anything into it. The account is the owner of the home folder
it was collected from, and the host that of the file. An entry that names another host was brought by
synchronisation: it gets no host. One that names another account, or none, gets no account.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.hostevents import NOTHING
from forensics.core.tables import EVENT

EACH = True
NEEDS_ANCHOR = True
"""Every time has its year, but the records go back over years: they must not date other logs."""


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - the rows count nanoseconds since 1970
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each command and path."""
    rows = hostevents.placed(records, files, every_path=True)
    lines = rows.lines
    host = _agreed(_first_label(rows.files["host"]), _first_label(lines["shell_host"]), rows.files["host"])
    owner = hostevents.owners(pc.coalesce(rows.files["origin"], rows.files["path"]))
    account = _agreed(owner, lines["shell_user"], owner)
    empty = pc.equal(lines["command"], "")
    success = pc.if_else(pc.equal(lines["exit_code"], 0), "success", "failure")
    interval = clock.Interval(lines["epoch_ns"], lines["epoch_ns"])
    event = EVENT.build(
        {
            **hostevents.columns(rows, "atuin"),
            **hostevents.times(interval, host, rows, "atuin"),
            "verb": pc.if_else(empty, "other", "command"),
            "outcome": success,
            "host": host,
            "account": account,
            "account_absence": hostevents.absence(account),
            "cwd": hostevents.short(lines["cwd"]),
            "text": pc.if_else(empty, "an entry without a command", hostevents.short(lines["command"])),
        }
    )
    return {"event": event}


def _agreed(found: pa.Array, asserted: pa.Array, value: pa.Array) -> pa.Array:
    """`value` where what the file's place says and what the shell said are the same."""
    return pc.if_else(pc.fill_null(pc.equal(found, asserted), False), value, NOTHING)


def _first_label(host: pa.Array) -> pa.Array:
    return pc.utf8_lower(pc.replace_substring_regex(host, pattern=r"\..*$", replacement=""))
