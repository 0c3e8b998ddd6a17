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
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

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
    lines = cut(data, base)
    if not len(lines.start):
        return Parsed(TABLE.empty(), REJECTED.empty(), IGNORED.empty())
    units = _units(lines, base)
    start, stop = pa.array(units.start, pa.int64()), pa.array(units.stop, pa.int64())
    idle = (units.end == units.begin) & np.asarray(pc.is_null(units.stamp), bool)
    long = units.end - units.begin > LONGEST_LINE_BYTES
    read, bad = pa.array(~idle & ~long), pa.array(long)
    records = {
        "epoch_s": units.stamp.filter(read),
        **{name: column.filter(read) for name, column in _neighbours(units.stamp).items()},
        "command": shown(_between(data, units).filter(read)),
        "start": start.filter(read),
        "stop": stop.filter(read),
    }
    why = pa.array([Why.TOO_LONG.value] * int(long.sum()), pa.string())
    blank = pa.array(idle)
    return Parsed(
        TABLE.build(records),
        REJECTED.build({"start": start.filter(bad), "stop": stop.filter(bad), "why": why}),
        IGNORED.build({"start": start.filter(blank), "stop": stop.filter(blank)}),
    )


def _units(lines: Lines, base: int) -> _Units:
    """The lines that make one command: from a time to the next where the file begins with one, else each alone."""
    size = pc.binary_length(lines.text)
    short = pc.if_else(pc.greater(size, _LONGEST_STAMP_BYTES), pa.scalar(b"", pa.binary()), lines.text)
    text = shown(short)
    dated = pc.match_substring_regex(text, _STAMP)
    stamped = np.asarray(dated, bool)
    below = np.concatenate([[False], stamped[:-1]])
    first = np.flatnonzero(stamped if stamped[0] else stamped | ~below).astype(np.int64)
    last = np.append(first[1:], len(stamped)) - 1
    seconds = pc.if_else(
        dated, pc.utf8_slice_codeunits(text, 1, _LONGEST_STAMP_BYTES), pa.scalar(None, pa.string())
    )
    begin = np.where(stamped, lines.stop, lines.start)[first]
    end = (lines.start + np.asarray(size, np.int64))[last]
    return _Units(
        lines.start[first],
        lines.stop[last],
        begin - base,
        np.maximum(begin, end) - base,
        seconds.take(pa.array(first)).cast(pa.int64()),
    )


def _neighbours(stamp: pa.Array) -> dict[str, pa.Array]:
    """The times above and below what has none, where both stand in the file."""
    after, before = pc.fill_null_forward(stamp), pc.fill_null_backward(stamp)
    held = pc.and_(pc.is_null(stamp), pc.and_(pc.is_valid(after), pc.is_valid(before)))
    nothing = pa.scalar(None, pa.int64())
    return {
        "after_s": pc.if_else(held, after, nothing),
        "before_s": pc.if_else(held, before, nothing),
    }


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
