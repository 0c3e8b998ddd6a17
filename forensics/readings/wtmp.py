"""What login records are taken to tell: who came to a terminal, who left it, and when the clock was set.

`btmp` has the same records and holds what was refused. The name in it was typed by whoever knocked, a
password typed too early among them, so it is no account: it stays in the text.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.hostevents import NOTHING, Placed
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False

# By type, 0 to 9: its name in utmp(5), and what it is taken to mean.
_TYPES = (
    ("EMPTY", "other"),
    ("RUN_LVL", "other"),
    ("BOOT_TIME", "other"),
    ("NEW_TIME", "clock_change"),
    ("OLD_TIME", "clock_change"),
    ("INIT_PROCESS", "other"),
    ("LOGIN_PROCESS", "other"),
    ("USER_PROCESS", "login"),
    ("DEAD_PROCESS", "logout"),
    ("ACCOUNTING", "other"),
)
_REFUSALS = r"(?:^|/)btmp[^/]*$"
_LITERAL = (
    r"^(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{1,4}:[0-9A-Fa-f:]*(?:%[0-9A-Za-z]+)?|::[0-9A-Fa-f:.]+)$"
)
_TERMINAL = r"^(?:pts/|tty|hvc|console)"
_TICK_NS = 1000


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - the records count seconds since 1970
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each record."""
    rows = hostevents.placed(records, files, every_path=False)
    lines = rows.lines
    host = rows.files["host"]
    verb = _verb(rows)
    entry = pc.is_in(verb, pa.array(["login", "logout"]))
    account = pc.if_else(entry, lines["user"], NOTHING)
    literal = pc.fill_null(pc.match_substring_regex(lines["remote"], _LITERAL), False)
    outcome = pc.if_else(pc.equal(verb, "login_failed"), "failure", NOTHING)
    why = pc.if_else(pc.or_(entry, pc.equal(verb, "login_failed")), "not_recorded", "not_applicable")
    event = EVENT.build(
        {
            **hostevents.columns(rows, "wtmp"),
            **hostevents.times(_when(lines), host, rows, "wtmp"),
            "verb": verb,
            "outcome": pc.if_else(pc.equal(verb, "login"), "success", outcome),
            "host": host,
            "account": account,
            "account_absence": pc.if_else(pc.is_valid(account), NOTHING, why),
            "pid": pc.if_else(pc.greater(lines["pid"], 0), lines["pid"], pa.scalar(None, pa.int64())),
            "tty": _tty(lines["line"]),
            "address": pc.coalesce(lines["address"], pc.if_else(literal, lines["remote"], NOTHING)),
            "text": _text(lines),
        }
    )
    return {"event": event}


def _verb(rows: Placed) -> pa.Array:
    """By type; in a file of refusals every entry is a refused one."""
    verb = pa.array([verb for _, verb in _TYPES], pa.string()).take(rows.lines["type"])
    knock = pc.is_in(rows.lines["type"], pa.array([6, 7], pa.int64()))
    refused = pc.match_substring_regex(rows.files["path"], _REFUSALS)
    return pc.if_else(pc.and_(knock, refused), "login_failed", verb)


def _when(lines: pa.RecordBatch) -> clock.Interval:
    second = clock.epoch(lines["epoch_s"], tick_ns=_TICK_NS)
    rest_ns = pc.multiply(lines["fraction_us"], _TICK_NS)
    return clock.Interval(pc.add(second.earliest_ns, rest_ns), pc.add(second.latest_ns, rest_ns))


def _tty(line: pa.Array) -> pa.Array:
    """A terminal, as `pts/3`; null for `~` and other words."""
    name = pc.replace_substring_regex(line, pattern="^/dev/", replacement="")
    return pc.if_else(pc.fill_null(pc.match_substring_regex(name, _TERMINAL), False), name, NOTHING)


def _text(lines: pa.RecordBatch) -> pa.Array:
    """The record's own words: its type, then what each field holds."""
    name = pa.array([name for name, _ in _TYPES], pa.string()).take(lines["type"])
    words = [
        pc.coalesce(pc.binary_join_element_wise(f" {field}=", lines[field], ""), "")
        for field in ("line", "user", "remote")
    ]
    return hostevents.short(pc.binary_join_element_wise(name, *words, ""))
