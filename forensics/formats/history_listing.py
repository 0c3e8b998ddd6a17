"""What a shell printed when asked for its `history`: numbered command lines, with times where it shows them.

      101  2026-11-23 15:11:47 nvidia-smi || true

Shape   `<number, five wide><* or blank> [<wall clock> ]<command>`; a command of several lines goes on below,
        until the line that has the next number
Source  bash 5, builtins/history.def, display_history; bash(1), HISTTIMEFORMAT `%F %T `; zsh(1), fc
Time    local wall clock to the second, where the shell was told to show it in that form; else none
Who     whoever printed it, into whatever file: the listing names nobody
Open    a time counts only if every command of the listing has one, or `??`. Where each line has a number and the
        numbers go up, as of zsh, each line is a command; a line typed to look like the next number is taken for it
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.lines import LONGEST_LINE_BYTES
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Line, Said
from forensics.core.schema import Column, Table

TABLE = Table(
    "history_listing",
    "a command of a printed history",
    (
        Column("number", pa.int64(), "its number in the history"),
        Column("changed", pa.bool_(), "marked `*`: edited after it was recalled"),
        Column("wall", pa.string(), "local wall clock as written", None, "none shown"),
        Column("command", pa.string(), "the command, all its lines, as typed"),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "{host}:user"

_ENTRY = re.compile(rb"(?= *[0-9])(?:[ 0-9]{5}|[0-9]{6,9})(?P<changed>[ *]) (?P<rest>.*)", re.DOTALL)
_NUMBERED = re.compile(
    rb"^(?= {0,4}(?P<number>[0-9]{1,9})[ *] )(?= *[0-9])(?:[ 0-9]{5}|[0-9]{6,9})[ *] ", re.MULTILINE
)
_TYPED = re.compile(rb" *[0-9]+[ *] (?:[0-9]{4}-[0-9]{2}-[0-9]{2} |[^-0-9 ])")  # not a table of numbers
_DAY = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2} ")
_WALL = re.compile(
    r"(?P<wall>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}|\?\?) (?P<command>.*)", re.DOTALL
)


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Fairly sure where most lines of the first have numbers as wide as a shell prints, one after the other."""
    lines = head[:8192].split(b"\n")[:20]
    numbers = [_number(line.rstrip(b"\r")) for line in lines]
    known = [number for number in numbers if number is not None]
    words = sum(1 for line in lines if _TYPED.match(line))
    if len(known) < 2 or numbers[0] is None or 2 * len(known) < len(lines) - 1 or 2 * words < len(known):
        return 0
    return 60 if any(b == a + 1 for a, b in pairwise(known)) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the whole file."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from rowwise.portions(_said(data, base), TABLE)


def _said(data: bytes, base: int) -> Iterator[Said]:
    """The lines of each command, and what they say; times are taken off the commands, if all have one."""
    alone = _rising(data)
    # Without a day nowhere a command has a time, and the lines are not gone through for it.
    dated = bool(_DAY.search(data)) and _dated(said for _, said in _numbered(data, base, alone=alone))
    for group, said in _numbered(data, base, alone=alone):
        found = _WALL.fullmatch(str(said["command"])) if dated and isinstance(said, dict) else None
        if found is None or not isinstance(said, dict):
            yield group, said
        else:
            wall = None if found["wall"] == "??" else found["wall"]
            yield group, said | {"wall": wall, "command": found["command"]}


def _numbered(data: bytes, base: int, *, alone: bool) -> Iterator[Said]:
    """The lines of each command, and what they say beside its time."""
    commands = _commands(data, alone=alone)
    first, number = next(commands, (len(data), 0))
    for line in rowwise.each(data[:first], base):
        yield [line], Why.TOO_LONG if rowwise.too_long([line]) else Why.SHAPE if line.raw.strip() else None
    for stop, after in chain(commands, [(len(data), 0)] * (first < len(data))):
        yield _one(data, base, first, stop, number)
        first, number = stop, after


def _one(data: bytes, base: int, first: int, stop: int, number: int) -> Said:
    """The lines of a command, which lie from one byte of `data` to another, and what they say."""
    long = stop - first > LONGEST_LINE_BYTES
    raw = b"" if long else data[first:stop].removesuffix(b"\n").removesuffix(b"\r").replace(b"\r\n", b"\n")
    group, found = [Line(base + first, base + stop, raw)], _ENTRY.fullmatch(raw)
    if found is None:
        return group, Why.TOO_LONG
    said = {"number": number, "changed": found["changed"] == b"*"}
    return group, said | {"command": rowwise.shown(found["rest"])}


def _number(raw: bytes) -> int | None:
    """The number that a line begins with, five wide or wider."""
    found = _NUMBERED.match(raw)
    return int(found["number"]) if found else None


def _commands(data: bytes, *, alone: bool) -> Iterator[tuple[int, int]]:
    """Where each command begins, and its number: the first line that has one, and each that has the next, or any where they stand alone."""
    last: int | None = None
    # A line without a number is not looked at alone: a file can have one on every byte.
    for found in _NUMBERED.finditer(data):
        number = int(found["number"])
        if last is None or alone or number == last + 1:
            yield found.start(), number
            last = number


def _rising(data: bytes) -> bool:
    """Whether every line has a number, greater than the one before."""
    last, at = -1, 0
    for found in _NUMBERED.finditer(data):
        number = int(found["number"])
        if found.start() != at or number <= last:
            return False
        last, at = number, data.find(b"\n", at) + 1 or len(data)
    return at == len(data)


def _dated(said: Iterable[dict[str, object] | Why | None]) -> bool:
    """Whether all commands have a time, and one of them a known one."""
    known = False
    for row in said:
        if isinstance(row, dict):
            found = _WALL.fullmatch(str(row["command"]))
            if found is None:
                return False
            known |= found["wall"] != "??"
    return known
