r"""Gerrit's sshd_log as JSON (`log.jsonLogging`): logins to Gerrit's own SSH server, and each command that was run there.

    {"timestamp":"2026-11-23T15:11:48.120+0000","session":"1a2b3c4d","thread":"SSH git-receive-pack /llm (kai)","user":"kai","account_id":"a/1000012","message":"git-receive-pack./llm","wait_time":"5ms","exec_time":"54ms","status":"0","agent":"git/2.39"}

Shape   one object a line: `message` is LOGIN FROM <address>, LOGOUT, AUTH FAILURE FROM <address>, or a command with its `status`
Source  Gerrit Code Review documentation, "Logs"; Gerrit 3.0 to 3.11, SshLogJsonLayout and SshLog
Time    the server's clock, to the millisecond, with its offset
Who     the user whose key Gerrit accepted; of an AUTH FAILURE what was typed, kept as asserted. Whoever administers the server can
        forge all
Open    a push to `refs/for/…` makes a review and moves no branch; the ref is not in this log. The address of a command is in the line
        that its session began with
"""

import re

import pyarrow as pa

from forensics.core import jsonlines
from forensics.core.forge import COLUMNS
from forensics.core.jsonlines import Object
from forensics.core.model import Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "gerrit_sshd_json",
    "a line of Gerrit's SSH log as JSON",
    (
        Column("account_id", pa.string(), "the server's own id of the account", None, "nobody's, or of a refused login"),
        *COLUMNS,
    ),
)  # fmt: skip
CUT = "line"
DOMAIN = "git:server"

_ENTRY = re.compile(r"(?P<what>LOGIN|AUTH FAILURE) FROM (?P<address>[^ ]+)(?: (?P<why>.*))?", re.DOTALL)
_EACH = ("session", "thread", "timestamp", "message")
_USED = {"timestamp", "session", "user", "account_id", "message", "status", "agent"}


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of objects that have what each line of the log has."""
    return 90 if b'"thread"' in head and jsonlines.has(jsonlines.first_objects(head), *_EACH) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    return jsonlines.parse(data, base, TABLE, _row)


def _row(found: Object) -> Object | Why:
    time, said, user = (jsonlines.text(found, key) for key in ("timestamp", "message", "user"))
    if not time:
        return Why.TIME
    if not said:
        return Why.VALUE
    # What was run has a time that it took, whatever it is called.
    entry = None if "exec_time" in found else _ENTRY.fullmatch(said)
    failed = entry is not None and entry["what"] == "AUTH FAILURE"
    user = None if user in {"", "-"} else user
    status = jsonlines.text(found, "status") or None
    why = [word for word in (entry["why"] if entry else None, status if failed else None) if word]
    left = {name: value for name, value in found.items() if name not in _USED}
    return {
        "time": time,
        "action": entry["what"] if entry else said,
        "account": None if failed else user,
        "asserted": user if failed else None,
        "account_id": jsonlines.text(found, "account_id"),
        "address": entry["address"] if entry else None,
        "status": "refused" if failed else status,
        "request": jsonlines.text(found, "session") or None,
        "agent": jsonlines.text(found, "agent") or None,
        "rest": jsonlines.compact(left | ({"why": " ".join(why)} if why else {}) or None),
    }
