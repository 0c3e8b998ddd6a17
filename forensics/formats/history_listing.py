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
from itertools import pairwise

import pyarrow as pa

from forensics.core import rowwise
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
_NUMBER = re.compile(rb" {0,4}(?P<number>[0-9]{1,9})[ *] ")
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
    alone = _rising(_number(line.raw) for line in rowwise.each(data, base))
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
    for group, number in _commands(rowwise.each(data, base), alone=alone):
        if rowwise.too_long(group):
            yield group, Why.TOO_LONG
            continue
        numbered = number is not None
        found = _ENTRY.fullmatch(b"\n".join(line.raw for line in group)) if numbered else None
        if found is None:
            yield group, Why.SHAPE if group[0].raw.strip() else None
        else:
            said = {"number": number, "changed": found["changed"] == b"*"}
            yield group, said | {"command": rowwise.shown(found["rest"])}


def _number(raw: bytes) -> int | None:
    """The number that a line begins with, five wide or wider."""
    found = _NUMBER.match(raw)
    return int(found["number"]) if found and _ENTRY.fullmatch(raw) else None


def _commands(lines: Iterable[Line], *, alone: bool) -> Iterator[tuple[list[Line], int | None]]:
    """Lines by command, and its number: those that begin with the next number, or each alone, and what follows each."""
    group: list[Line] = []
    last: int | None = None
    for line in lines:
        number = _number(line.raw)
        if last is None or alone or number == last + 1:
            if group:
                yield group, last
            group, last = [line], number
        else:
            rowwise.grow(group, line)
    if group:
        yield group, last


def _rising(numbers: Iterable[int | None]) -> bool:
    """Whether every line has a number, greater than the one before."""
    last = -1
    for number in numbers:
        if number is None or number <= last:
            return False
        last = number
    return True


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
