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
from itertools import pairwise

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Line
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
    rows = rowwise.Rows(TABLE)
    read: list[tuple[list[Line], dict[str, object]]] = []
    for group in _commands(rowwise.cut(data, base)):
        number = _number(group[0].raw)
        found = _ENTRY.fullmatch(b"\n".join(line.raw for line in group))
        if rowwise.too_long(group):
            rows.reject(group, Why.TOO_LONG)
        elif number is None or found is None:
            rows.add(group, Why.SHAPE if group[0].raw.strip() else None)
        else:
            said = {"number": number, "changed": found["changed"] == b"*"}
            read.append((group, said | {"command": rowwise.shown(found["rest"])}))
    for group, fields in _dated(read):
        rows.record(group, fields)
    return rows.parsed()


def _number(raw: bytes) -> int | None:
    """The number that a line begins with, five wide or wider."""
    found = _NUMBER.match(raw)
    return int(found["number"]) if found and _ENTRY.fullmatch(raw) else None


def _commands(lines: list[Line]) -> list[list[Line]]:
    """Lines by command: those that begin with the next number, and what follows each."""
    numbers = [_number(line.raw) for line in lines]
    alone = all(n is not None for n in numbers) and _rising([n for n in numbers if n is not None])
    groups: list[list[Line]] = []
    last: int | None = None
    for line, number in zip(lines, numbers, strict=True):
        if last is None or alone or number == last + 1:
            groups.append([line])
            last = number
        else:
            groups[-1].append(line)
    return groups


def _rising(numbers: list[int]) -> bool:
    return all(a < b for a, b in pairwise(numbers))


def _dated(read: list[tuple[list[Line], dict[str, object]]]) -> list[tuple[list[Line], dict[str, object]]]:
    """Take the times off the commands, if all have one."""
    found = [_WALL.fullmatch(str(fields["command"])) for _, fields in read]
    if not any(one and one["wall"] != "??" for one in found):
        return read
    dated = []
    for (group, fields), one in zip(read, found, strict=True):
        if one is None:
            return read
        wall = None if one["wall"] == "??" else one["wall"]
        dated.append((group, fields | {"wall": wall, "command": one["command"]}))
    return dated
