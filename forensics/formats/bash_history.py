"""Shell history: the command lines that a shell saved, with their times where it was told to save them.

    #1795446707
    nvidia-smi || true

Shape   the first line is a time `#<seconds>`: the lines up to the next time are one command. It is none:
        a line for each command, and a time dates the one line below it. So bash itself decides
Source  bash 5, lib/readline/histfile.c, read_history_range; bash(1), HISTTIMEFORMAT
Time    seconds since 1970, when the shell began to read the line; none where the shell saved none. A line
        without its own time, between two that have one, has those two beside it
Who     whoever ran the shell, or anybody who can write the file: it is an ordinary file of its owner
Open    a command that is itself `#<seconds>` cannot be told from a time. A shell writes at its exit, so
        shells that ran at once stand one after the other, and a line can be older than the time above it.
        Without times, the lines of one command are several. A ksh writes `.sh_history` in binary: not read
"""

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import lines, rowwise
from forensics.core.lines import LONGEST_LINE_BYTES, Lines, cut, shown
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "bash_history",
    "a command of a shell's history",
    (
        Column(
            "epoch_s",
            pa.int64(),
            "time written above it",
            "s since 1970-01-01T00:00:00Z",
            "the shell saved none",
        ),
        Column(
            "after_s",
            pa.int64(),
            "nearest time above a line that has none of its own",
            "s since 1970-01-01T00:00:00Z",
            "it has its own time, or none stands on one of its sides",
        ),
        Column(
            "before_s",
            pa.int64(),
            "nearest time below that line",
            "s since 1970-01-01T00:00:00Z",
            "it has its own time, or none stands on one of its sides",
        ),
        Column("command", pa.string(), "the command, all its lines, as typed; empty below a time alone"),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "{host}:user"

_STAMP = r"^#[0-9]{9,10}$"
_TIMED = re.compile(rb"^#[0-9]{9,10}\r*$", re.MULTILINE)
_STAMPED = re.compile(rb"^#([0-9]{9,10})\r?$", re.MULTILINE)
_LONGEST_UNIT_BYTES = LONGEST_LINE_BYTES + 64
"""What is longer, its time included, is too long for certain, and is not looked at."""
_LIKE_A_TIME = re.compile(rb"#[0-9]{9}")
_LONGEST_STAMP_BYTES = 11
_NAME = re.compile(r"(?:^|[/._-])(?:bash|sh|ash)_history(?:(?!\.pyc?$)[.~-][^/]*)?$")
_CONTROL = bytes(byte for byte in range(32) if byte not in b"\t\n\v\f\r\x1b") + b"\x7f"
_KORN = (b"\x81\x01", b"\xab\xcd")
_FEW = 10

_Rows = npt.NDArray[np.int64]


class _Units(NamedTuple):
    """What is one command each: its span in the file, and where in the chunk its own text lies."""

    start: _Rows
    stop: _Rows
    begin: _Rows
    end: _Rows
    stamp: pa.Array


def recognise(head: bytes, path: str) -> int:
    """Sure of several times with something below each; by name and text alone, only just.

    Some control bytes are borne: a crash leaves zeros in a file, and users type ^V.
    """
    if head.startswith(_KORN):
        return 0
    named = _NAME.search(path) is not None
    # The first looks for a byte, and is the faster for it.
    if not named and not (_LIKE_A_TIME.search(head) and _TIMED.search(head)):
        return 0
    lines = [line.rstrip(b"\r") for line in head.split(b"\n")]
    stamps = [bool(re.fullmatch(rb"#[0-9]{9,10}", line)) for line in lines]
    followed = sum(
        1
        for one, after, line in zip(stamps, stamps[1:], lines[1:], strict=False)
        if one and line and not after
    )
    control = len(head) - len(head.translate(None, _CONTROL))
    typed = _FEW * control <= len(head)
    if followed and typed and (stamps[0] or followed > 1):
        return 90 if named else 60
    if not named:
        return 0
    return (70 if followed else 20) if typed and head.strip() else 10


def parse(data: bytes, base: int) -> Parsed:
    """Read the whole file."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some commands at a time."""
    if not data:
        yield Parsed(TABLE.empty(), REJECTED.empty(), IGNORED.empty())
        return
    dated = _STAMPED.match(data) is not None
    above, below, at = None, _Below(data), 0
    while at < len(data):
        stop = _begins(data, min(at + lines.RUN_BYTES, len(data)), dated=dated)
        if stop - at > lines.RUN_BYTES + _LONGEST_UNIT_BYTES:
            last = _last(data, at, at + lines.RUN_BYTES, dated=dated)
            stop = last if last > at else stop
        if stop - at > lines.RUN_BYTES + _LONGEST_UNIT_BYTES:
            found, times = _too_long(data, base, at, stop)
        else:
            found, times = _run(data[at:stop], base + at, (above, below.after(stop)), dated=dated)
        yield found
        above, at = times if times is not None else above, stop


def _begins(data: bytes, place: int, *, dated: bool) -> int:
    """Where the first command begins that begins at a place or behind it; the end, where none does. `dated`: each begins with a time."""
    if dated:
        found = _STAMPED.search(data, place)
        return len(data) if found is None else found.start()
    start = data.find(b"\n", place - 1) + 1 or len(data)
    if start < len(data) and not _STAMPED.match(data, start) and _STAMPED.match(data, _line(data, start - 1)):
        # It belongs to the time above it.
        start = data.find(b"\n", start) + 1 or len(data)
    return start


def _last(data: bytes, first: int, stop: int, *, dated: bool) -> int:
    """Where the last command begins that begins before a place, of those from the first on."""
    if dated:
        begun = (found.start() for found in _STAMPED.finditer(data, first))
        return max(takewhile(lambda place: place < stop, begun), default=first)
    start = _line(data, stop)
    above = _line(data, max(start - 1, 0))
    follows = first <= above < start and _STAMPED.match(data, above) and not _STAMPED.match(data, start)
    return above if follows else start


def _line(data: bytes, place: int) -> int:
    """Where the line begins that a place lies in."""
    return data.rfind(b"\n", 0, place) + 1


def _too_long(data: bytes, base: int, start: int, stop: int) -> tuple[Parsed, int | None]:
    """A command that is longer than any may be, and its time."""
    span = {"start": [base + start], "stop": [base + stop], "why": [Why.TOO_LONG.value]}
    stamp = _STAMPED.match(data, start)
    found = Parsed(TABLE.empty(), REJECTED.build(span), IGNORED.empty())
    return found, None if stamp is None else int(stamp[1])


def _run(
    data: bytes, base: int, around: tuple[int | None, int | None], *, dated: bool
) -> tuple[Parsed, int | None]:
    """What whole commands tell, and the last time among them; `around`: the nearest times above and below them."""
    units = _units(cut(data, base), base, dated=dated)
    start, stop = pa.array(units.start, pa.int64()), pa.array(units.stop, pa.int64())
    idle = (units.end == units.begin) & np.asarray(pc.is_null(units.stamp), bool)
    long = units.end - units.begin > LONGEST_LINE_BYTES
    read, bad = pa.array(~idle & ~long), pa.array(long)
    records = {
        "epoch_s": units.stamp.filter(read),
        **{name: column.filter(read) for name, column in _neighbours(units.stamp, around).items()},
        "command": shown(_between(data, units).filter(read)),
        "start": start.filter(read),
        "stop": stop.filter(read),
    }
    why = pa.array([Why.TOO_LONG.value] * int(long.sum()), pa.string())
    blank = pa.array(idle)
    found = Parsed(
        TABLE.build(records),
        REJECTED.build({"start": start.filter(bad), "stop": stop.filter(bad), "why": why}),
        IGNORED.build({"start": start.filter(blank), "stop": stop.filter(blank)}),
    )
    times = units.stamp.drop_null()
    return found, times[-1].as_py() if len(times) else None


def _units(own: Lines, base: int, *, dated: bool) -> _Units:
    """The lines that make one command: from a time to the next where the file begins with one, else each alone."""
    size = pc.binary_length(own.text)
    short = pc.if_else(pc.greater(size, _LONGEST_STAMP_BYTES), pa.scalar(b"", pa.binary()), own.text)
    text = shown(short)
    times = pc.match_substring_regex(text, _STAMP)
    stamped = np.asarray(times, bool)
    below = np.concatenate([[False], stamped[:-1]])
    first = np.flatnonzero(stamped if dated else stamped | ~below).astype(np.int64)
    last = np.append(first[1:], len(stamped)) - 1
    seconds = pc.if_else(
        times, pc.utf8_slice_codeunits(text, 1, _LONGEST_STAMP_BYTES), pa.scalar(None, pa.string())
    )
    begin = np.where(stamped, own.stop, own.start)[first]
    end = (own.start + np.asarray(size, np.int64))[last]
    return _Units(
        own.start[first],
        own.stop[last],
        begin - base,
        np.maximum(begin, end) - base,
        seconds.take(pa.array(first)).cast(pa.int64()),
    )


def _neighbours(stamp: pa.Array, around: tuple[int | None, int | None]) -> dict[str, pa.Array]:
    """The times above and below what has none, where both stand in the file; `around`: those outside of what is here."""
    above, below = (pa.array([seconds], pa.int64()) for seconds in around)
    after = pc.fill_null_forward(pa.concat_arrays([above, stamp])).slice(1)
    before = pc.fill_null_backward(pa.concat_arrays([stamp, below])).slice(0, len(stamp))
    held = pc.and_(pc.is_null(stamp), pc.and_(pc.is_valid(after), pc.is_valid(before)))
    nothing = pa.scalar(None, pa.int64())
    return {
        "after_s": pc.if_else(held, after, nothing),
        "before_s": pc.if_else(held, before, nothing),
    }


class _Below:
    """The first time behind a place; places are asked for in order."""

    def __init__(self, data: bytes) -> None:
        self._data, self._found = data, _STAMPED.search(data)

    def after(self, place: int) -> int | None:
        """In seconds since 1970; None where there is none."""
        if self._found is not None and self._found.start() < place:
            self._found = _STAMPED.search(self._data, place)
        return None if self._found is None else int(self._found[1])


def _between(data: bytes, units: _Units) -> pa.Array:
    """The bytes of each command, cut from the chunk without a copy."""
    bounds = np.empty(2 * len(units.begin) + 1, np.int64)
    bounds[0:-1:2], bounds[1::2], bounds[-1] = units.begin, units.end, len(data)
    pieces = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(bounds) - 1, [None, pa.py_buffer(bounds), pa.py_buffer(data)]
    )
    own = pieces.take(pa.array(np.arange(0, len(bounds) - 1, 2)))
    long = pc.greater(pc.binary_length(own), LONGEST_LINE_BYTES)
    return pc.if_else(long, pa.scalar(b"", pa.large_binary()), own).cast(pa.binary())
