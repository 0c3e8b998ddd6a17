"""What a database of last logins is taken to tell: one login of each account, its last.

An account that never came in has a row too; it tells of no login.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.hostevents import NOTHING
from forensics.core.tables import EVENT

EACH = True
NEEDS_ANCHOR = True
ONCE = True
"""Every time has its year, but the records go back over years: they must not date other logs."""


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - the rows count seconds since 1970
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each row."""
    rows = hostevents.placed(records, files, every_path=False)
    lines, host = rows.lines, rows.files["host"]
    came = pc.is_valid(lines["epoch_s"])
    words = [
        pc.coalesce(pc.binary_join_element_wise(f" {field}=", lines[field], ""), "")
        for field in ("user", "tty", "remote", "service")
    ]
    account = hostevents.short(lines["user"])
    event = EVENT.build(
        {
            **hostevents.columns(rows, "lastlog2"),
            **hostevents.times(clock.epoch(lines["epoch_s"]), host, rows, "lastlog2"),
            "verb": pc.if_else(came, "login", "other"),
            "outcome": pc.if_else(came, "success", NOTHING),
            "host": host,
            "account": account,
            "account_absence": hostevents.absence(account),
            "tty": pc.replace_substring_regex(lines["tty"], pattern="^/dev/", replacement=""),
            "address": hostevents.address(lines["remote"]),
            "text": hostevents.short(pc.binary_join_element_wise("last login", *words, "")),
        }
    )
    return {"event": event}
