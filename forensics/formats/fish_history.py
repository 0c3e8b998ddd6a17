r"""History of fish: the command lines that it saved, with their times and the files that they named.

    - cmd: cat train.py
      when: 1795446707
      paths:
        - train.py

Shape   a line `- cmd: <command>`, then `  when: <seconds>` and, under `  paths:`, a line `    - <path>` for each;
        `\n` is a newline and `\\` a backslash, so that a command is one line
Source  fish 3.6, src/history_file.cpp; staged
Time    seconds since 1970, when the command was run
Who     whoever ran the shell, or anybody who can write the file: it is an ordinary file of its owner
Open    paths are the arguments that were files when the command ran. A fish before 2.0 wrote another form
"""

import re
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Line, Said
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

TABLE = Table(
    "fish_history",
    "a command of a history of fish",
    (
        Column("epoch_s", pa.int64(), "when it was run", "s since 1970-01-01T00:00:00Z", "none written"),
        Column("command", pa.string(), "the command, all its lines, as typed"),
        Column("paths", STRINGS, "arguments that were files then", None, "none written"),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "{host}:user"

_COMMAND = b"- cmd: "
_BELOW = re.compile(
    rb"  when: (?P<epoch>[0-9]{1,11})|(?P<paths>  paths:)|    - (?P<path>.*)",
    re.DOTALL,
)
_ESCAPE = re.compile(rb"\\([n\\])")
_BOM = b"\xef\xbb\xbf"


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a command with its time below it."""
    if re.match(rb"- cmd: [^\n]*\n  when: [0-9]+\r?(?:\n|\Z)", head.removeprefix(_BOM)):
        return 95
    if b"- cmd: " not in head:
        return 0
    return 60 if re.search(rb"^- cmd: [^\n]*\n  when: [0-9]+\r?$", head, re.MULTILINE) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the whole file."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from rowwise.portions(_told_of(data, base), TABLE)


def _told_of(data: bytes, base: int) -> Iterator[Said]:
    """Each command with what stands below it."""
    group: list[Line] = []
    for line in rowwise.each(data, base):
        if group and _BELOW.fullmatch(line.raw):
            rowwise.grow(group, line)
            continue
        if group:
            yield group, _closed(group)
        group = [line] if line.raw.startswith(_COMMAND) else []
        if not group:
            yield [line], Why.SHAPE if line.raw.strip() else None
    if group:
        yield group, _closed(group)


def _closed(group: list[Line]) -> dict[str, object] | Why:
    return Why.TOO_LONG if rowwise.too_long(group) else _command(group)


def _command(group: list[Line]) -> dict[str, object]:
    """One command. Of two times the last counts, as for fish."""
    epoch, paths = None, []
    for line in group[1:]:
        found = _BELOW.fullmatch(line.raw)
        if found and found["epoch"]:
            epoch = int(found["epoch"])
        elif found and found["path"] is not None:
            paths.append(rowwise.shown(_unescaped(found["path"])))
    return {
        "epoch_s": epoch,
        "command": rowwise.shown(_unescaped(group[0].raw.removeprefix(_COMMAND))),
        "paths": paths or None,
    }


def _unescaped(raw: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: b"\n" if found[1] == b"n" else b"\\", raw)
