"""What a table that ausearch made is taken to tell: as much of each event as ausearch kept.

The order of day and month is the locale's, and no row names it. The dates of one file are read as the one
order that fits all of them; where two orders fit, a time can be either, and its interval holds both. An
opening says not whether the file was read or written, so it is `other`. Names are those that the machine
which ran ausearch gave to numbers.
"""

import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False
ONCE = True

_VERBS = {
    "executed": "execute",
    "renamed": "rename",
    "deleted": "delete",
    "symlinked": "link",
    "created-directory": "create",
    "made-block-device": "create",
    "made-character-device": "create",
    "changed-file-permissions-of": "attributes",
    "changed-file-ownership-of": "attributes",
    "changed-file-attributes-of": "attributes",
    "changed-timestamp-of": "utimes",
    "killed-pid": "signal",
    "killed-list-of-pids": "signal",
    "changed-system-time": "clock_change",
    "changed-identity-of": "identity",
    "connected-to": "connect",
    "loaded-kernel-module": "module",
    "unloaded-kernel-module": "module",
    "mounted": "mount",
    "unmounted": "mount",
    "logged-in": "login",
    "started-session": "session_open",
    "ended-session": "session_close",
    "ran-command": "sudo",
    "changed-login-id-to": "loginuid",
    "changed-audit-configuration": "audit_config",
    "changed-audit-feature": "audit_config",
    "added-audit-rule": "audit_config",
    "deleted-audit-rule": "audit_config",
    "changed-auditd-configuration": "audit_config",
    "reconfigured-auditd": "audit_config",
    "started-audit": "audit_config",
    "shutdown-audit": "audit_config",
    "resumed-audit-logging": "audit_config",
    "rotated-audit-logs": "audit_config",
    "aborted-auditd-startup": "audit_config",
}
_REFUSED = ("logged-in", "authenticated")
_NOBODY = re.compile(
    r"unset|system|unknown\((?P<number>\d{1,10})\)|unknown\(-?\d+\)|\(unknown\)|\(unknown user\)|\(invalid user\)"
)
_NAMELESS = "/(null)"
"""What ausearch puts at the end of a path where the trail has no name."""
_UNSET = 4_294_967_295
_ORDERS = ("%m %d %y", "%d %m %y", "%m %d %Y", "%d %m %Y", "%Y %m %d")
_NS_PER_MS = 1_000_000
_MISSING = np.iinfo(np.int64).max


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every date has a year
) -> Mapping[str, pa.Table]:
    """One event for each row."""
    rows = hostevents.placed(records, files, every_path=False)
    told = rows.lines
    host = pc.coalesce(told["node"], rows.files["host"])
    failed = np.asarray(pc.equal(told["result"], "failed").fill_null(False))
    action = told["action"].to_pylist()
    verb = [_verb(word, refused=bool(no)) for word, no in zip(action, failed, strict=True)]
    path = pa.array(
        [v in {"execute", "rename", "delete", "link", "create", "attributes", "utimes"} for v in verb],
        pa.bool_(),
    )
    named = pc.and_not(pc.starts_with(told["object"], "/"), pc.ends_with(told["object"], _NAMELESS))
    path = pc.and_(path, pc.fill_null(named, False))
    moved = pa.array([v == "rename" for v in verb], pa.bool_())
    object_ = pc.if_else(path, told["object"], hostevents.NOTHING)
    event = EVENT.build(
        {
            **hostevents.columns(rows, "ausearch_csv"),
            **hostevents.times(_when(told, zone), host, rows, "ausearch_csv"),
            **_who(told),
            "verb": pa.array(verb, pa.string()),
            "outcome": pc.if_else(pc.equal(told["result"], "failed"), "failure", told["result"]),
            "host": host,
            "exe": told["how"],
            # Of a rename, ausearch names the file that moved by what it was called before.
            "object": pc.if_else(moved, hostevents.NOTHING, object_),
            "object_from": pc.if_else(moved, object_, hostevents.NOTHING),
            "object_kind": pc.if_else(pc.and_not(path, moved), "path", hostevents.NOTHING),
            "text": _text(told, verb),
        }
    )
    return {"event": event}


def _verb(action: str | None, *, refused: bool) -> str:
    if refused and action in _REFUSED:
        return "login_failed"
    return _VERBS.get(action or "", "other")


def _who(told: pa.RecordBatch) -> dict[str, pa.Array]:
    """The login account; a number that the machine had no name for stays a number."""
    subject, effective = told["subject"].to_pylist(), told["effective"].to_pylist()
    found = [None if name is None else _NOBODY.fullmatch(name) for name in subject]
    account = [name if no is None else None for name, no in zip(subject, found, strict=True)]
    number = [int(no["number"]) if no is not None and no["number"] else None for no in found]
    auid = [n if n is not None and n < _UNSET else None for n in number]
    unset = pc.fill_null(pc.equal(told["session"], "unset"), False)
    named = pa.array(account, pa.string())
    absence = pc.if_else(unset, "not_applicable", "not_recorded")
    absence = pc.if_else(pc.is_valid(pa.array(auid, pa.int64())), "number_only", absence)
    rights = [None if name is None or _NOBODY.fullmatch(name) else name for name in effective]
    return {
        "account": named,
        "account_absence": pc.if_else(pc.is_valid(named), hostevents.NOTHING, absence),
        "auid": pa.array(auid, pa.int64()),
        "effective": pa.array(rights, pa.string()),
        "session": pc.if_else(unset, hostevents.NOTHING, told["session"]),
    }


def _text(told: pa.RecordBatch, verb: list[str]) -> pa.Array:
    """The command given to sudo; else what was done, to what, by what."""
    parts = (told["event"], told["action"], told["object"], told["object_second"], told["how"])
    words = pc.binary_join_element_wise(*parts, " ", null_handling="skip")
    command = pc.if_else(
        pa.array([v == "sudo" for v in verb], pa.bool_()), told["object"], hostevents.NOTHING
    )
    return hostevents.short(pc.coalesce(command, words))


def _when(told: pa.RecordBatch, zone: str) -> clock.Interval:
    """When each row was; a file's dates are read in every order that fits all of them."""
    exact = clock.offsets(told["moment"], tick_ns=_NS_PER_MS)
    date = pc.replace_substring_regex(told["date"], r"[/.-]", " ")
    stamp = pc.binary_join_element_wise(date, told["time"], " ")
    first = np.full(len(stamp), _MISSING, np.int64)
    last = np.full(len(stamp), -_MISSING, np.int64)
    _, file = np.unique(np.array(told["sha256"].to_pylist(), object), return_inverse=True)
    for order in _ORDERS:
        found = clock.walls(stamp, layout=f"{order} %H:%M:%S", zone=zone, tick_ns=clock.NS_PER_S)
        fits = np.asarray(found.earliest_ns.is_valid())
        whole = np.bincount(file, ~fits, minlength=1) == 0
        use = fits & whole[file]
        first[use] = np.minimum(first, found.earliest_ns.fill_null(_MISSING).to_numpy())[use]
        last[use] = np.maximum(last, found.latest_ns.fill_null(-_MISSING).to_numpy())[use]
    none = first == _MISSING
    earliest = pc.coalesce(exact.earliest_ns, pa.array(first, mask=none))
    return clock.Interval(earliest, pc.coalesce(exact.latest_ns, pa.array(last, mask=none)))
