r"""Terminal sessions recorded by tlog: one JSON message for each stretch of input and output.

    {"ver":"2.3","host":"login01","rec":"6a73…-5cfb-4d2c3","user":"mei","term":"xterm","session":5,"id":1,"pos":0,"time":1795446697.389,"timing":">3+101","in_txt":"", …}

Shape   one object a line, as `--writer=file` writes them, or the MESSAGE of a journal entry. `timing` parts the texts:
        `>n` n characters of output, `<n` of input, `]n/m` and `[n/m` those whose m bytes were no UTF-8 (`*_bin`),
        `+n` n milliseconds pass, `=WxH` the window
Source  tlog 12, doc/schema.json, tlog(5), tlog_json_stream.c
Time    `time`, since 2.3, seconds of the host's clock to the millisecond; `pos` milliseconds since the recording began
Who     a process of the session itself, which says of itself which `user` and audit `session` it is: the account that
        is recorded can write the same lines. Only the journal's own `_UID` says who sent a message to it
Open    input is recorded only where it was switched on. What `script`, `tmux` or an editor shows is output, not a command
"""

import re

import pyarrow as pa

from forensics.core import jsonlines
from forensics.core.jsonlines import Object
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "tlog",
    "a message of a recorded terminal session",
    (
        Column("version", pa.string(), "version of the message format"),
        Column("host", pa.string(), "host, as the recorder said"),
        Column("recording", pa.string(), "id of the recording on that host"),
        Column("user", pa.string(), "account, as the recorder said"),
        Column("term", pa.string(), "kind of terminal", None, "not recorded"),
        Column("session", pa.int64(), "audit session, as the recorder said", None, "unset or not recorded"),
        Column("message", pa.int64(), "number of the message in the recording, from 1"),
        Column("pos_ms", pa.int64(), "time since the recording began", "ms"),
        Column("epoch_ns", pa.int64(), "when", "ns since 1970-01-01T00:00:00Z", "not recorded before 2.3"),
        Column("duration_ms", pa.int64(), "time that its events take", "ms"),
        Column("timing", pa.string(), "how the texts part in time"),
        Column("typed", pa.string(), "input; bytes that are no UTF-8 are replaced", None, "none recorded"),
        Column("shown", pa.string(), "output; bytes that are no UTF-8 are replaced", None, "none recorded"),
        Column("bytes_typed", pa.string(), "input that is no UTF-8, in hexadecimal", None, "none"),
        Column("bytes_shown", pa.string(), "output that is no UTF-8, in hexadecimal", None, "none"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:user"

_KEYS = ("ver", "host", "rec", "user", "id", "pos", "timing")
_TIMING = re.compile(r"(?:[+<>][0-9]{1,9}|[\[\]][0-9]{1,9}/[0-9]{1,9}|=[0-9]{1,5}x[0-9]{1,5})*")
_PASSED = re.compile(r"\+([0-9]+)")
_UNSET = 2**32 - 1


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of objects with all the keys of a message."""
    return 93 if jsonlines.has(jsonlines.first_objects(head), *_KEYS) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    return jsonlines.parse(data, base, TABLE, _row)


def _row(found: Object) -> Object | Why:
    named = {name: jsonlines.text(found, key) for name, key in (("version", "ver"), ("host", "host"), ("recording", "rec"), ("user", "user"))}  # fmt: skip
    message, pos, timing = (
        jsonlines.number(found, "id"),
        jsonlines.number(found, "pos"),
        jsonlines.text(found, "timing"),
    )
    if None in named.values() or message is None or pos is None or timing is None:
        return Why.VALUE
    if not _TIMING.fullmatch(timing):
        return Why.VALUE
    moment = jsonlines.nanoseconds(found, "time")
    if moment is None and found.get("time") is not None:
        return Why.TIME
    session = jsonlines.number(found, "session")
    return {
        **named,
        "term": jsonlines.text(found, "term"),
        "session": None if session == _UNSET else session,
        "message": message,
        "pos_ms": pos,
        "epoch_ns": moment,
        "duration_ms": sum(int(passed) for passed in _PASSED.findall(timing)),
        "timing": timing,
        "typed": jsonlines.text(found, "in_txt") or None,
        "shown": jsonlines.text(found, "out_txt") or None,
        "bytes_typed": _bytes(found.get("in_bin")),
        "bytes_shown": _bytes(found.get("out_bin")),
    }


def _bytes(found: object) -> str | None:
    """A list of byte values in hexadecimal; None where there are none, or something else stands there."""
    if not isinstance(found, list) or not found:
        return None
    whole = all(
        isinstance(value, int) and not isinstance(value, bool) and value in range(256) for value in found
    )
    return bytes(found).hex() if whole else None
