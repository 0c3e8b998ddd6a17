r"""Audit events of Teleport: who entered which account of which host, and what was run there.

    {"code":"T2000I","event":"session.start","login":"mlteam","server_hostname":"gpu01","sid":"8d57…","time":"2026-11-23T15:11:37.344Z","uid":"68a8…","user":"mei", …}

Shape   one object a line; `code` is the kind with its outcome (`I` information, `W` warning, `E` error), `event` its name
Source  Teleport 17, goteleport.com/docs/reference/audit-events; the `dir` backend's files and what the event handler sends
Time    RFC 3339, to the millisecond, of the service that emitted it; zeros at the end are left out
Who     `user` was authenticated by Teleport, by certificate, and is no account of the host; `login` is the account entered,
        which Teleport allowed. Of a refused entry both were asked for. A node's own events (`session.command`, `exec`)
        are told by the agent there: whoever is root on that node can forge them. The log is the cluster administrators'
Open    the recording of a session is another file. An event we know no columns of keeps all it says in `rest`
"""

import re

import pyarrow as pa

from forensics.core import jsonlines
from forensics.core.jsonlines import Object
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

_ABSENT = "not of this event"
TABLE = Table(
    "teleport",
    "an audit event of Teleport",
    (
        Column("event", pa.string(), "name of the event, as `session.start`"),
        Column("code", pa.string(), "its code, as `T2000I`"),
        Column("time", pa.string(), "when, as written"),
        Column("id", pa.string(), "Teleport's own id of the event"),
        Column("user", pa.string(), "user of Teleport", None, _ABSENT),
        Column("login", pa.string(), "account of the host", None, _ABSENT),
        Column("sid", pa.string(), "Teleport's own id of the session", None, _ABSENT),
        Column("server", pa.string(), "host, as its agent calls it", None, _ABSENT),
        Column("address", pa.string(), "address and port of the other end", None, _ABSENT),
        Column("success", pa.bool_(), "whether it succeeded", None, "not said"),
        Column("error", pa.string(), "why it failed", None, "none"),
        Column("method", pa.string(), "how the user was authenticated", None, _ABSENT),
        Column("command", pa.string(), "command line asked for", None, _ABSENT),
        Column("path", pa.string(), "program executed, or file opened", None, _ABSENT),
        Column("argv", STRINGS, "its name and arguments", None, _ABSENT),
        Column("return_code", pa.int64(), "what the execution returned", None, _ABSENT),
        Column("pid", pa.int64(), "process", None, _ABSENT),
        Column("ppid", pa.int64(), "its parent", None, _ABSENT),
        Column("rest", pa.string(), "what no column holds, as compact JSON", None, "nothing"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "teleport:admin"

_CODE = re.compile(r"T[A-Z]{0,4}[0-9]{2,4}[A-Z]{1,2}")
_TEXTS = {
    "user": "user", "login": "login", "sid": "sid", "server": "server_hostname", "address": "addr.remote",
    "error": "error", "method": "method", "command": "command", "path": "path",
}  # fmt: skip
_NUMBERS = {"pid": "pid", "ppid": "ppid"}
_PLACES = {
    "event": "event", "code": "code", "time": "time", "uid": "id", "success": "success", "program": "argv",
    "argv": "argv", "return_code": "return_code", "exitCode": "return_code",
}  # fmt: skip
"""Which column holds each other key."""


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of objects with such a code beside an event, a time and an id."""
    first = jsonlines.first_objects(head)
    if not jsonlines.has(first, "event", "code", "time", "uid"):
        return 0
    return 92 if all(_CODE.fullmatch(jsonlines.text(one, "code") or "") for one in first) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    return jsonlines.parse(data, base, TABLE, _row)


def _row(found: Object) -> Object | Why:
    event, code, time, identity = (jsonlines.text(found, key) for key in ("event", "code", "time", "uid"))
    if not event or identity is None or code is None or not _CODE.fullmatch(code):
        return Why.VALUE
    if time is None or not jsonlines.RFC_3339.fullmatch(time):
        return Why.TIME
    program, argv = jsonlines.text(found, "program"), jsonlines.words(found, "argv")
    code_told = jsonlines.number(found, "return_code")
    words = None if program is None or argv is None else [program, *argv]
    row: Object = {
        "event": event,
        "code": code,
        "time": time,
        "id": identity,
        **{name: jsonlines.text(found, key) or None for name, key in _TEXTS.items()},
        **{name: jsonlines.number(found, key) for name, key in _NUMBERS.items()},
        "success": jsonlines.truth(found, "success"),
        "argv": words,
        "return_code": jsonlines.number(found, "exitCode") if code_told is None else code_told,
    }
    return row | {"rest": jsonlines.compact(_left(found, row))}


def _left(found: Object, row: Object) -> Object | None:
    """What no column holds, and what stands where a column holds something else."""
    places = {**{key: name for name, key in (_TEXTS | _NUMBERS).items()}, **_PLACES}
    left = {
        key: value
        for key, value in found.items()
        if key not in places or (row[places[key]] is None and value not in (None, ""))
    }
    return left or None
