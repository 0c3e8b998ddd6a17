"""What one combination of type, system call, flags and result is taken to mean."""

import re
from typing import NamedTuple

from forensics.core.syscalls import Call

# A message leads its event: the system call beside it is only how the message was sent.
_MESSAGES = {
    "LOGIN": "loginuid",
    "USER_LOGIN": "login",
    "USER_AUTH": "other",
    "USER_START": "session_open",
    "USER_END": "session_close",
    "USER_CMD": "sudo",
    "CONFIG_CHANGE": "audit_config",
    "FEATURE_CHANGE": "audit_config",
    "TIME_INJOFFSET": "clock_change",
    "TIME_ADJNTPVAL": "clock_change",
    "UNKNOWN[1328]": "audit_config",
    "UNKNOWN[1332]": "clock_change",
    "UNKNOWN[1333]": "clock_change",
}
# Messages that have no system call beside them, or one that says more.
_ALONE = {
    "USER_LOGOUT": "logout",
    "TTY": "keystrokes",
    "USER_TTY": "keystrokes",
    "SERVICE_START": "service",
    "SERVICE_STOP": "service",
    "KERN_MODULE": "module",
    **dict.fromkeys(
        (
            "ADD_USER",
            "DEL_USER",
            "USER_MGMT",
            "USER_CHAUTHTOK",
            "ADD_GROUP",
            "DEL_GROUP",
            "GRP_MGMT",
            "GRP_CHAUTHTOK",
            "ACCT_LOCK",
            "ACCT_UNLOCK",
        ),
        "account_edit",
    ),
}
_REFUSED = {"USER_LOGIN": "login_failed", "USER_AUTH": "login_failed"}
_OUTCOMES = {"yes": "success", "no": "failure", "1": "success", "0": "failure", "success": "success", "failed": "failure"}  # fmt: skip
_SERVICES = {"SERVICE_START", "SERVICE_STOP"}
_WATCHED_WRITES = re.compile(r"write|modif|change|tamper")
_O_ACCMODE, _O_TRUNC = 0o3, 0o1000


class Said(NamedTuple):
    """What decides the verb of an event.

    `type`: of the leading line. `flags`: of an opening. `key`: of the rule that matched. `created`:
    whether a PATH came into being. `lost`: whether the line says that records were lost. `own_service`:
    whether it names the audit daemon's own service.
    """

    type: object
    outcome: str | None
    call: Call | None
    flags: object
    key: object
    created: bool
    lost: bool
    own_service: bool


def outcome_of(word: object) -> str | None:
    """A result in the words of `event`, or the source's own word."""
    # Before 2.6.20 a program's words stood in brackets, with commas: `(hostname=?, addr=?, res=success)`.
    return None if word is None else _OUTCOMES.get(str(word).rstrip("),"), str(word))


def verb_of(said: Said) -> str:
    """The verb, from the closed list."""
    kind = str(said.type)
    if kind.startswith(("DAEMON_", "CONFIG_CHANGE", "KERNEL")) and said.lost:
        return "audit_lost"
    if kind in _SERVICES and said.own_service:
        return "audit_config"
    if kind in _MESSAGES or kind.startswith("DAEMON_"):
        return _message(kind, said.outcome)
    if said.call is None:
        return _ALONE.get(kind, "other")
    if said.call.verb == "open" or said.call.name == "creat":
        return _opening(said, said.call)
    return said.call.verb


def _message(kind: str, outcome: str | None) -> str:
    """A login whose result is not on record is neither a login nor a refusal."""
    if kind in _REFUSED and outcome != "success":
        return _REFUSED[kind] if outcome == "failure" else "other"
    return _MESSAGES.get(kind, "audit_config")


def _opening(said: Said, call: Call) -> str:
    """Where the flags are not on record, as of an openat2 without its own line, neither a read nor a write is claimed."""
    if said.created:
        return "create"
    if call.verb != "open":
        return call.verb
    if not isinstance(said.flags, int):
        return "write" if _WATCHED_WRITES.search(str(said.key or "")) else "open"
    return "write" if said.flags & _O_ACCMODE or said.flags & _O_TRUNC else "read"
