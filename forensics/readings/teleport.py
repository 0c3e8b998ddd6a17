"""What Teleport's audit events are taken to tell: who entered an account, was refused, left it, and ran what.

The account is the host's (`login`), which Teleport let its user into; the user stands in the text, for it
is no account of the host. To enter Teleport itself is a login of the user. Of a refused entry nobody is
named: what was asked for stands in the text.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.hostevents import NOTHING
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False
ONCE = True

_VERBS = {
    "session.start": "login",
    "session.end": "logout",
    "session.rejected": "login_failed",
    "user.login": "login",
    "auth": "login_failed",
    "exec": "execute",
    "session.command": "execute",
}
_TICK_NS = 1_000_000
_ADDRESS = r"^\[?(?P<address>[0-9A-Fa-f:.]+?)\]?:(?P<port>[0-9]{1,5})$"
_WORDS = ("user", "login", "sid", "command", "path", "error")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - every time has its own offset
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each line."""
    rows = hostevents.placed(records, files, every_path=False)
    lines = rows.lines
    failed = pc.or_(
        pc.fill_null(pc.invert(lines["success"]), False), pc.match_substring_regex(lines["code"], "[WE]$")
    )
    verb = _verb(lines, failed)
    refused = pc.equal(verb, "login_failed")
    entered = pc.if_else(pc.equal(lines["event"], "user.login"), lines["user"], lines["login"])
    named = pc.and_not(pc.fill_null(pc.match_substring_regex(entered, "^[^-]"), False), refused)
    account = pc.if_else(named, entered, NOTHING)
    remote = pc.extract_regex(lines["address"], pattern=_ADDRESS)
    plain = pc.is_in(verb, pa.array(["login", "execute"]))
    outcome = pc.if_else(
        pc.or_(refused, pc.and_(plain, failed)), "failure", pc.if_else(plain, "success", NOTHING)
    )
    returned = pc.fill_null(pc.not_equal(lines["return_code"], 0), False)
    event = EVENT.build(
        {
            **hostevents.columns(rows, "teleport"),
            **hostevents.times(_when(lines), lines["server"], rows, "teleport"),
            "verb": verb,
            "outcome": pc.if_else(pc.and_(pc.equal(verb, "execute"), returned), "failure", outcome),
            "host": lines["server"],
            "account": account,
            "account_absence": hostevents.absence(account),
            "pid": lines["pid"],
            "ppid": lines["ppid"],
            "address": pc.struct_field(remote, "address"),
            "port": pc.struct_field(remote, "port").cast(pa.int64()),
            "exe": pc.if_else(
                pc.equal(lines["event"], "session.command"), hostevents.short(lines["path"]), NOTHING
            ),
            "argv": lines["argv"],
            "text": _text(lines),
        }
    )
    return {"event": event}


def _verb(lines: pa.RecordBatch, failed: pa.Array) -> pa.Array:
    """By the event's name; an entry that failed is a refused one."""
    names = lines["event"].dictionary_encode()
    verb = pa.array([_VERBS.get(name, "other") for name in names.dictionary.to_pylist()], pa.string())
    told = verb.take(names.indices)
    return pc.if_else(pc.and_(pc.equal(told, "login"), failed), "login_failed", told)


def _when(lines: pa.RecordBatch) -> clock.Interval:
    return clock.offsets(lines["time"], tick_ns=_TICK_NS)


def _text(lines: pa.RecordBatch) -> pa.Array:
    """The event's own words, field by field."""
    words = [pc.coalesce(pc.binary_join_element_wise(f" {field}=", lines[field], ""), "") for field in _WORDS]
    argv = pc.coalesce(pc.binary_join_element_wise(" argv=", pc.binary_join(lines["argv"], " "), ""), "")
    return hostevents.short(pc.binary_join_element_wise(lines["event"], *words, argv, ""))
