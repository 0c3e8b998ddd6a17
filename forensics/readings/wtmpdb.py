"""What a database of logins is taken to tell: that an account came, and when it left.

A row is written at the login and completed at the logout; it then tells two events.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.hostevents import NOTHING, Placed
from forensics.core.tables import EVENT

EACH = True
NEEDS_ANCHOR = True
ONCE = True
"""Every time has its year, but the records go back over years: they must not date other logs."""

_LOGIN = 3
_TYPES = ("EMPTY", "BOOT_TIME", "RUNLEVEL", "USER_PROCESS")
_NS_PER_US = 1000


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - the rows count microseconds since 1970
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each row, and one more for each logout."""
    rows = hostevents.placed(records, files, every_path=False)
    came = _events(rows, "login_us")
    logout = pc.and_(pc.equal(rows.lines["type"], _LOGIN), pc.is_valid(rows.lines["logout_us"]))
    left = _events(rows, "logout_us").filter(logout)
    return {"event": pa.concat_tables([came, left])}


def _events(rows: Placed, when: str) -> pa.Table:
    """What each row says of one of its times."""
    lines, host = rows.lines, rows.files["host"]
    login, ended = pc.equal(lines["type"], _LOGIN), when == "logout_us"
    second = {"event_id": pc.binary_join_element_wise(rows.event_id, "1", ".")} if ended else {}
    account = pc.if_else(login, hostevents.short(lines["user"]), NOTHING)
    start_ns = pc.multiply(lines[when], _NS_PER_US)
    interval = clock.Interval(start_ns, pc.add(start_ns, _NS_PER_US - 1))
    absent = pc.if_else(login, "not_recorded", "not_applicable")
    kind = pa.array(_TYPES, pa.string()).take(lines["type"])
    words = [
        pc.coalesce(pc.binary_join_element_wise(f" {field}=", lines[field], ""), "")
        for field in ("user", "tty", "remote", "service")
    ]
    tty = pc.replace_substring_regex(lines["tty"], pattern="^/dev/", replacement="")
    return EVENT.build(
        {
            **hostevents.columns(rows, "wtmpdb"),
            **second,
            **hostevents.times(interval, host, rows, "wtmpdb"),
            "verb": pc.if_else(login, "logout" if ended else "login", "other"),
            "outcome": pc.if_else(pc.and_(login, not ended), "success", NOTHING),
            "host": host,
            "account": account,
            "account_absence": pc.if_else(pc.is_valid(account), NOTHING, absent),
            "tty": pc.if_else(login, tty, NOTHING),
            "address": hostevents.address(lines["remote"]),
            "text": hostevents.short(pc.binary_join_element_wise(kind, *words, "")),
        }
    )
