r"""Processes as `ps` printed them: who owned which, when it was run.

    USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND
    mei         8123 99.0  2.0 912345 81234 pts/0    Rl+  15:11  42:10 python3 train.py

Shape   a header, then a line for each process; all columns but the last are words, and a start that `-o lstart` or `start` asks for
        is several. A header that comes again begins a later listing
Source  ps(1) of procps 3.2 to 4.0 and of BusyBox; POSIX, `ps`
Time    none of the listing. Of a process, when it started, to the second, where `lstart` was asked for, in the zone of whoever ran it;
        other starts have no day, or no clock, and stay as written
Who     nobody: USER owned the process, by the name that the host gave its uid. What ran, it says of itself
Open    COMMAND is typed by users, and a process can change it while it runs. A name that ends in `+` is cut. What ended before is
        not in it, nor what a number was of before it was given again
"""

import re
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

_NONE = "not asked for"
TABLE = Table(
    "ps",
    "a process that there was",
    (
        Column("pid", pa.int64(), "process"),
        Column("ppid", pa.int64(), "its parent", None, _NONE),
        Column(
            "user",
            pa.string(),
            "account that owns it, or its number where it has no name",
            None,
            "cut, or not asked for",
        ),
        Column("tty", pa.string(), "terminal", None, "none, or not asked for"),
        Column("state", pa.string(), "state, as its letters", None, _NONE),
        Column("started", pa.string(), "when it started, as written", None, _NONE),
        Column("used", pa.string(), "processor time, as written", None, _NONE),
        Column(
            "command",
            pa.string(),
            "what it says that it runs: typed by a user",
            None,
            "nothing, or not asked for",
        ),
        Column("others", STRINGS, "the other columns, as `NAME=value`"),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "{host}:user"

_PLACES = {
    "PID": "pid", "PPID": "ppid", "USER": "user", "EUSER": "user", "UID": "user", "EUID": "user", "TTY": "tty", "TT": "tty", "STAT": "state",
    "S": "state", "STARTED": "started", "START": "started", "STIME": "started", "TIME": "used", "COMMAND": "command", "CMD": "command",
    "ARGS": "command",
}  # fmt: skip
_OTHERS = frozenset(
    "%CPU %MEM ADDR C CLS ELAPSED F GID GROUP EGROUP LWP NI NLWP PGID PGRP PRI PSR RGROUP RSS RUID RUSER SESS SID SZ THCNT VSZ WCHAN".split()  # noqa: SIM905 - read as a list
)
_LAST = frozenset({"COMMAND", "CMD", "ARGS"})
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_SHAPES = {
    "PID": r"[0-9]{1,10}",
    "PPID": r"[0-9]{1,10}",
    "STARTED": rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) {_MONTH} [ 0-3][0-9] [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}} [0-9]{{4}}|[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}|{_MONTH} [ 0-3][0-9]",
}


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a header with a process's number and its owner, whose last column is a command, over a line that stands under it."""
    lines = [line.removesuffix(b"\r") for line in head.lstrip(b"\r\n").split(b"\n", 2)[:2]]
    row = _row_of(lines[0])
    return 90 if row is not None and len(lines) > 1 and row.fullmatch(rowwise.shown(lines[1])) else 0


def _row_of(header: bytes) -> "re.Pattern[str] | None":
    """What lines under a header look like, the columns as groups in order; None where it is no header of processes."""
    if len(header) > 1024 or b"PID" not in header:
        return None
    names = rowwise.shown(header).split()
    known = set(names) <= _OTHERS | set(_PLACES) and len(set(names)) == len(names)
    if (
        not known
        or "PID" not in names
        or not {"USER", "UID", "EUSER", "EUID"} & set(names)
        or names[-1] not in _LAST
    ):
        return None
    if _LAST & set(names[:-1]):
        return None  # a column of words that is not the last
    return re.compile(
        r" *" + " +".join(f"({_SHAPES.get(name, '[^ ]+')})" for name in names[:-1]) + r"(?: (.*))?", re.DOTALL
    )


def parse(data: bytes, base: int) -> Parsed:
    """Read a whole file; each header begins anew. A last line that lacks its newline may lack more."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from rowwise.portions(rowwise.ended(data, base, _Reader().read), TABLE)


class _Reader:
    """Reads lines in order, each under the header that stands last before it."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._row: re.Pattern[str] | None = None

    def read(self, raw: bytes) -> dict[str, object] | Why | None:
        """A process; a reason; or nothing, of a header."""
        row = _row_of(raw)
        if row is not None:
            self._row, self._names = row, rowwise.shown(raw).split()
            return None
        found = None if self._row is None else self._row.fullmatch(rowwise.shown(raw))
        return Why.SHAPE if found is None else _told(zip(self._names, found.groups(), strict=True))


def _told(values: "zip[tuple[str, str | None]]") -> dict[str, object]:
    """The columns of a line."""
    told: dict[str, object] = {}
    others = []
    for name, value in _filled(values):
        column = _PLACES.get(name)
        cut = column == "user" and value.endswith("+")
        if column is None or cut or told.get(column) is not None:
            others.append(f"{name}={value}")
        else:
            told[column] = int(value) if column in {"pid", "ppid"} else value
    return told | {"others": others}


def _filled(values: "zip[tuple[str, str | None]]") -> Iterator[tuple[str, str]]:
    """The values that there are; a terminal that is none is `?` or `-`."""
    for name, value in values:
        text = (value or "").strip(" ")
        if text and not (_PLACES.get(name) == "tty" and text in {"?", "-", "??"}):
            yield name, text
