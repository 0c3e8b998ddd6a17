r"""History of zsh: the command lines that it saved, with start and length where it was told to save them.

    : 1795446707:0;nvidia-smi || true

Shape   extended: `: <seconds>:<elapsed>;<command>`. Plain: `<command>`, where `\:` is a colon that it begins with.
        A backslash before the newline carries the command on. A command that ends with a backslash, and
        perhaps blanks, has a blank more. Bytes that zsh needs for itself are 0x83 and the byte with bit 5 turned
Source  zsh 5.9, Src/hist.c, savehistfile and readhistfile; Src/utils.c, metafy; staged
Time    seconds since 1970, when the command began; none in a plain history
Who     whoever ran the shell, or anybody who can write the file: it is an ordinary file of its owner
Open    a shell before 5.0.6 wrote no blank after a backslash at the end: there a command and the next are one
"""

import itertools
import re
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.lines import LONGEST_LINE_BYTES
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Line, Said
from forensics.core.schema import Column, Table

TABLE = Table(
    "zsh_history",
    "a command of a history of zsh",
    (
        Column("epoch_s", pa.int64(), "when it began", "s since 1970-01-01T00:00:00Z", "a plain history"),
        Column("elapsed_s", pa.int64(), "how long it ran; 0 where zsh did not wait", "s", "a plain history"),
        Column("command", pa.string(), "the command, all its lines, as typed"),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "{host}:user"

_TIMED = re.compile(rb": (?P<epoch>[0-9]{1,11}):(?P<elapsed>[0-9]{1,11});(?P<command>.*)", re.DOTALL)
_NAME = re.compile(r"(?:^|[/._-])(?:zsh_history|zhistory|histfile)(?:(?!\.pyc?$)[.~-][^/]*)?$")
_META = re.compile(rb"\x83(.)", re.DOTALL)
_LAST_BACKSLASH = re.compile(rb"\\ +\Z")
_CONTROL = bytes(byte for byte in range(32) if byte not in b"\t\n\v\f\r\x1b") + b"\x7f"
_FIRST = 50


def recognise(head: bytes, path: str) -> int:
    """Sure of commands that have a start and a length; by name and text alone, only just."""
    named = _NAME.search(path) is not None
    lines = rowwise.each(head[:LONGEST_LINE_BYTES], 0)
    groups = list(itertools.islice(rowwise.joined(lines, goes_on=_goes_on), _FIRST))
    timed = sum(1 for group in groups if _TIMED.fullmatch(group[0].raw))
    if timed and 4 * timed >= 3 * len(groups):
        return 92 if named or timed > 1 else 60
    if not named:
        return 0
    typed = 10 * (len(head) - len(head.translate(None, _CONTROL))) <= len(head)
    return (70 if timed else 20) if typed and head.strip() else 10


def parse(data: bytes, base: int) -> Parsed:
    """Read the whole file."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from rowwise.portions(_told_of(data, base), TABLE)


def _told_of(data: bytes, base: int) -> Iterator[Said]:
    """Each command, and what was typed."""
    for group in rowwise.joined(rowwise.each(data, base), goes_on=_goes_on):
        yield group, Why.TOO_LONG if rowwise.too_long(group) else _command(group)


def _goes_on(raw: bytes) -> bool:
    """Zsh looks at the last byte only: two backslashes at the end carry on too."""
    return raw.endswith(b"\\")


def _command(group: list[Line]) -> dict[str, object] | None:
    """One command, as it was typed."""
    whole = b"\n".join([*(line.raw[:-1] for line in group[:-1]), group[-1].raw])
    if not whole:
        return None
    found = _TIMED.fullmatch(whole)
    typed = found["command"] if found else whole.removeprefix(b"\\") if whole.startswith(b"\\:") else whole
    if _LAST_BACKSLASH.search(typed):
        typed = typed[:-1]
    return {
        "epoch_s": int(found["epoch"]) if found else None,
        "elapsed_s": int(found["elapsed"]) if found else None,
        "command": rowwise.shown(_META.sub(lambda pair: bytes([pair[1][0] ^ 0x20]), typed)),
    }
