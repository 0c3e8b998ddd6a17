r"""Terminal sessions recorded by asciinema: a header, then one event a line.

    {"version": 2, "width": 80, "height": 24, "timestamp": 1795446697, "env": {"SHELL": "/bin/bash"}}
    [0.03178, "o", "hi\r\n"]

Shape   an object, then lists `[<time>, <kind>, <text>]`: `o` output, `i` input, `m` marker, `r` resize, and in version 3
        `x` exit. Version 3 puts the size into `term`, and can have comments that start with `#`
Source  asciicast v2 and v3, docs.asciinema.org/manual/asciicast; asciinema 2.2
Time    the header: seconds since 1970 of the recording host's clock. Each event: seconds since the start (version 2) or
        since the event before (version 3), with a fraction
Who     a program of the recorded user, who can write anything into the file
Open    without a header above it no event has a time. Input is recorded only where it was asked for. Version 1 is one
        object and is not read
"""

import pyarrow as pa

from forensics.core import jsonlines
from forensics.core.jsonlines import Object
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "asciicast",
    "the header of a recorded terminal session, or one of its events",
    (
        Column("kind", pa.string(), "`header`, or the event's: `o`, `i`, `m`, `r`, `x`, or what else stands there"),
        Column("version", pa.int64(), "version of the format", None, "not the header"),
        Column("epoch_ns", pa.int64(), "start of the recording", "ns since 1970-01-01T00:00:00Z", "not the header, or not recorded"),
        Column("delay_ns", pa.int64(), "time as written: since the start, or since the event before", "ns", "the header"),
        Column("text", pa.string(), "output, input or other text", None, "the header"),
        Column("command", pa.string(), "command that was recorded", None, "not the header, or a shell"),
        Column("title", pa.string(), "title", None, "not the header, or none"),
        Column("environment", pa.string(), "environment kept, as compact JSON", None, "not the header, or none"),
        Column("columns", pa.int64(), "columns of the terminal", None, "not the header, or not recorded"),
        Column("lines", pa.int64(), "lines of the terminal", None, "not the header, or not recorded"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "line"
DOMAIN = "{host}:user"

_VERSIONS = (2, 3)
_EVENT = 3
_LONGEST_KIND = 16


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a header of a known version, with a size."""
    first = jsonlines.first_objects(head, 1)
    if not first or first[0].get("version") not in _VERSIONS:
        return 0
    return (
        92 if isinstance(_header(first[0]), dict) and any(key in first[0] for key in ("width", "term")) else 0
    )


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    return jsonlines.parse(data, base, TABLE, _row, load=_loaded)


def _loaded(line: bytes) -> Object | Why:
    """A header as it is; an event under a key of its own; of a comment nothing."""
    if line.startswith(b"#"):
        return {}
    found = jsonlines.value(line)
    if isinstance(found, list):
        return {"event": tuple(found)}  # of a type that no object of the file can hold
    return found if isinstance(found, dict | Why) else Why.SHAPE


def _row(found: Object) -> Object | Why | None:
    if not found:
        return None
    event = found.get("event")
    return _event(event) if isinstance(event, tuple) else _header(found)


def _event(event: tuple[object, ...]) -> Object | Why:
    kind, text = event[1:] if len(event) == _EVENT else (None, None)
    if (
        not isinstance(kind, str)
        or not isinstance(text, str)
        or not 0 < len(kind) <= _LONGEST_KIND
        or kind == "header"
    ):
        return Why.SHAPE
    delay = jsonlines.nanoseconds({"delay": event[0]}, "delay")
    if isinstance(event[0], str) or delay is None or delay < 0:
        return Why.TIME
    return {"kind": jsonlines.printable(kind), "delay_ns": delay, "text": jsonlines.printable(text)}


def _header(found: Object) -> Object | Why:
    version = found.get("version")
    if not isinstance(version, int) or version not in _VERSIONS:
        return Why.VALUE
    places = (("width",), ("height",)) if version == _VERSIONS[0] else (("term", "cols"), ("term", "rows"))
    columns, lines = (jsonlines.number(found, *keys) for keys in places)
    moment = jsonlines.nanoseconds(found, "timestamp")
    if moment is None and found.get("timestamp") is not None:
        return Why.TIME
    return {
        "kind": "header",
        "version": version,
        "epoch_ns": moment,
        "command": jsonlines.text(found, "command"),
        "title": jsonlines.text(found, "title"),
        "environment": jsonlines.compact(found.get("env")),
        "columns": columns,
        "lines": lines,
    }
