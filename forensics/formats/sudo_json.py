r"""Event log of sudo, or of sudo_logsrvd for many hosts, in JSON: what was asked of sudo, and how it ended.

    "accept": {"uuid": "7dab978ded-…", "submit_time": {"seconds": 1795446697, …}, "submituser": "kai", "runuser": "root", …

Shape   one object for the whole file, each event a member on lines of its own, by the name of its kind; the names
        come again. Or, as `json_compact` writes, an object with one such member a line
Source  sudoers(5), sudo_logsrvd.conf(5), sudo_logsrv.proto(5); sudo 1.9.13, lib/eventlog/eventlog.c, staged
Time    `submit_time` and `exit_time`, by the clock of the host that sudo ran on; `server_time`, by that of the one that
        wrote the log. Seconds and nanoseconds since 1970, UTC
Who     `submituser` asked; `runuser` is whose rights were used. Written by sudo as root; sudo_logsrvd writes what a host
        that may reach it says, `submithost` included, and the address that it saw itself (`peeraddr`)
Open    `runargv`, `submitcwd` and the environment are typed by users. An `exit` names nobody: its `uuid` leads to the
        `accept` of the same file. The recording at `iolog_path` is another file
"""

import re
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import jsonlines, lines
from forensics.core.jsonlines import Object
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

_NOT_SAID = "this event says none"
TABLE = Table(
    "sudo_json",
    "an event of sudo",
    (
        Column("kind", pa.string(), "`accept`, `reject`, `exit` or `alert`"),
        Column("uuid", pa.string(), "names the command that was asked for", None, _NOT_SAID),
        Column("submit_ns", pa.int64(), "when it was asked, by the asking host's clock", "ns since 1970-01-01T00:00:00Z", _NOT_SAID),
        Column("exit_ns", pa.int64(), "when it ended, by the same clock", "ns since 1970-01-01T00:00:00Z", _NOT_SAID),
        Column("server_ns", pa.int64(), "when it was written, by the writing host's clock", "ns since 1970-01-01T00:00:00Z", _NOT_SAID),
        Column("host", pa.string(), "host that it was asked on, by its own word", None, _NOT_SAID),
        Column("peer", pa.string(), "address from which the log server was told", None, _NOT_SAID),
        Column("caller", pa.string(), "account that asked", None, _NOT_SAID),
        Column("target", pa.string(), "account whose rights were asked for", None, _NOT_SAID),
        Column("target_uid", pa.int64(), "its uid", None, _NOT_SAID),
        Column("group", pa.string(), "group asked for", None, _NOT_SAID),
        Column("command", pa.string(), "program to be run", None, _NOT_SAID),
        Column("argv", STRINGS, "its arguments: typed by a user", None, _NOT_SAID),
        Column("environment", STRINGS, "its environment", None, _NOT_SAID),
        Column("tty", pa.string(), "terminal as written", None, _NOT_SAID),
        Column("cwd", pa.string(), "working folder of who asked", None, _NOT_SAID),
        Column("run_cwd", pa.string(), "working folder of the command", None, _NOT_SAID),
        Column("chroot", pa.string(), "root folder of the command", None, _NOT_SAID),
        Column("rule", pa.string(), "file and line of the rule that allowed it", None, _NOT_SAID),
        Column("recording", pa.string(), "where the session was recorded", None, _NOT_SAID),
        Column("reason", pa.string(), "why it was refused, or what the alert is", None, _NOT_SAID),
        Column("exit_value", pa.int64(), "exit status", None, "it was ended by a signal, or this is no exit"),
        Column("signal", pa.string(), "signal that ended it, without `SIG`", None, _NOT_SAID),
        *SPAN,
    ),
)  # fmt: skip
CUT = "whole"
DOMAIN = "{host}:root"

_KINDS = ("accept", "reject", "exit", "alert")
_OPENS = re.compile(rb'(?P<indent>[ \t]*)"(?:accept|reject|exit|alert)": \{\r?\n')
_CLOSES = re.compile(
    rb'^(?:(?P<indent>[ \t]*)\},?\r?(?:\n|\Z)|[ \t]*"(?:accept|reject|exit|alert)": \{\r?\n)', re.MULTILINE
)
_EVENT = re.compile(rb'^[ \t]*(?:\{|"(?:accept|reject|exit|alert)": \{)', re.MULTILINE)
_IDLE_LINES = re.compile(rb"(?:[ \t\r{},]*+\n)+")
_BEGINS = re.compile(
    rb'\s*\{\s*"(?:accept|reject|exit|alert)"\s*:\s*\{\s*"(?:uuid|server_time|submit_time|submituser)"'
)
_IDLE = re.compile(rb"[ \t\r\n{},]*")
_TEXTS = {
    "uuid": "uuid", "host": "submithost", "peer": "peeraddr", "caller": "submituser", "target": "runuser", "group": "rungroup",
    "command": "command", "tty": "ttyname", "cwd": "submitcwd", "run_cwd": "runcwd", "chroot": "runchroot", "rule": "source",
    "recording": "iolog_path", "signal": "signal",
}  # fmt: skip
_NS_PER_S = 1_000_000_000


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content decides
    """Sure where it begins with an event of sudo's."""
    told = b'"submit' in head or b'"exit_value"' in head or b'"server_time"' in head
    return 93 if told and _BEGINS.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read a whole log."""
    rows: list[Object] = []
    rejected: list[tuple[int, int, str]] = []
    ignored: list[tuple[int, int]] = []
    for start, stop in _pieces(data):
        piece = data[start:stop]
        row = None if _IDLE.fullmatch(piece) else _row(piece, torn=stop == len(data) and not _closed(piece))
        if row is None:
            ignored.append((base + start, base + stop))
        elif isinstance(row, Why):
            begins = base + start
            # Neighbours that fail alike are one span, so that a file of nothing else stays small.
            if rejected and rejected[-1][1:] == (begins, row.value):
                begins = rejected.pop()[0]
            rejected.append((begins, base + stop, row.value))
        else:
            rows.append(row | {"start": base + start, "stop": base + stop})
    return Parsed(
        TABLE.build({name: [row.get(name) for row in rows] for name in TABLE.names}),
        REJECTED.build({name: [span[n] for span in rejected] for n, name in enumerate(REJECTED.names)}),
        IGNORED.build({name: [span[n] for span in ignored] for n, name in enumerate(IGNORED.names)}),
    )


def _pieces(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each event lies, and what lies between: whole lines, for no string of JSON holds a newline."""
    at = 0
    while at < len(data):
        head = _OPENS.match(data, at)
        if head is not None:
            end = _CLOSES.search(data, head.end())
            while end is not None and end["indent"] is not None and end["indent"] != head["indent"]:
                end = _CLOSES.search(data, end.end())
            stop = len(data) if end is None else end.start() if end["indent"] is None else end.end()
        elif idle := _IDLE_LINES.match(data, at):
            stop = idle.end()
        elif _EVENT.match(data, at):
            stop = data.find(b"\n", at) + 1 or len(data)
        else:
            following = _EVENT.search(data, at)
            stop = len(data) if following is None else following.start()
        yield at, stop
        at = stop


def _closed(piece: bytes) -> bool:
    return piece.rstrip(b"\r\n, ").endswith(b"}")


def _row(piece: bytes, *, torn: bool) -> Object | Why:
    """An event's columns, or why it is none."""
    if len(piece) > lines.LONGEST_LINE_BYTES:
        return Why.TOO_LONG
    whole = piece.strip().rstrip(b",")
    found = jsonlines.loaded(whole if whole.startswith(b"{") else b"{" + whole + b"}")
    if isinstance(found, Why):
        return Why.TRUNCATED if torn and found is Why.SHAPE else found
    inner = jsonlines.at(found, "sudo")
    event = inner if isinstance(inner, dict) else found
    kind = next(iter(event), "")
    if len(event) != 1 or kind not in _KINDS or not isinstance(event[kind], dict):
        return Why.SHAPE
    return _columns(kind, event[kind])


def _columns(kind: str, told: object) -> Object | Why:
    times = {name: _moment(told, f"{name}_time") for name in ("submit", "exit", "server")}
    if all(moment is None for moment in times.values()):
        return Why.TIME
    return {
        "kind": kind,
        **{f"{name}_ns": moment for name, moment in times.items()},
        **{column: jsonlines.text(told, name) for column, name in _TEXTS.items()},
        "target_uid": jsonlines.number(told, "runuid"),
        "argv": jsonlines.words(told, "runargv"),
        "environment": jsonlines.words(told, "runenv"),
        "reason": jsonlines.text(told, "reason"),
        "exit_value": jsonlines.number(told, "exit_value"),
    }


def _moment(told: object, name: str) -> int | None:
    """Seconds and nanoseconds as one number; None where either is missing or cannot be."""
    seconds, rest = jsonlines.number(told, name, "seconds"), jsonlines.number(told, name, "nanoseconds")
    if seconds is None or rest is None or not 0 <= rest < _NS_PER_S or abs(seconds) > 9_223_372_035:
        return None
    return seconds * _NS_PER_S + rest
