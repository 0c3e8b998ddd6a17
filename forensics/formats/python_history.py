r"""History of an interactive Python: the lines typed into it, without times.

    import os; os.kill(4711, 9)

Shape   a statement a line. By libedit: a first line `_HiStOrY_V2_`, and blanks and the like written as vis(3)
        does: `\040`. Since Python 3.13 a statement of several lines has a carriage return at the end of each but the last
Source  Python 3.13, Lib/_pyrepl/readline.py; Lib/site.py, register_readline; libedit, history.c; vis(3)
Time    none
Who     whoever ran Python, or anybody who can write the file: it is an ordinary file of its owner
Open    lines that all end with a carriage return are taken for a file of CRLF, not for one statement. Before
        Python 3.13 the lines of one statement are several. Known by its name only: it looks like any source
"""

import re
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Line, Said
from forensics.core.schema import Column, Table

TABLE = Table(
    "python_history",
    "a statement typed into an interactive Python",
    (Column("command", pa.string(), "the statement, all its lines, as typed"), *SPAN),
)
CUT = "whole"
DOMAIN = "{host}:user"

_NAME = re.compile(r"(?:^|[/._-])python_history(?:(?!\.pyc?$)[.~-][^/]*)?$")
_LIBEDIT = b"_HiStOrY_V2_"
_VIS = re.compile(rb"\\(?:(?P<octal>[0-3][0-7]{2})|(?P<meta>M?)(?P<kind>[-^])(?P<byte>[!-~])|(?P<same>\\))")
_CONTROL = bytes(byte for byte in range(32) if byte not in b"\t\n\v\f\r\x1b") + b"\x7f"


def recognise(head: bytes, path: str) -> int:
    """By name and text, only just; libedit's first line says only that libedit wrote it."""
    if not _NAME.search(path):
        return 0
    typed = 10 * (len(head) - len(head.translate(None, _CONTROL))) <= len(head)
    return (90 if head.startswith(_LIBEDIT) else 20) if typed and head.strip() else 10


def parse(data: bytes, base: int) -> Parsed:
    """Read the whole file."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from rowwise.portions(_told_of(data, base), TABLE)


def _told_of(data: bytes, base: int) -> Iterator[Said]:
    """Each statement, and what was typed."""
    encoded = data.startswith(_LIBEDIT)
    ends, crlf = data.count(b"\n"), data.count(b"\r\n")
    carries = crlf < ends or not data.endswith(b"\n")
    group: list[Line] = []
    for line in rowwise.each(data, base):
        rowwise.grow(group, line)
        if not carries or data[line.stop - base - 2 : line.stop - base] != b"\r\n":
            yield group, _statement(group, encoded=encoded)
            group = []
    if group:
        yield group, _statement(group, encoded=encoded)


def _statement(group: list[Line], *, encoded: bool) -> dict[str, object] | Why | None:
    if rowwise.too_long(group):
        return Why.TOO_LONG
    typed = b"\n".join(line.raw for line in group)
    if not typed.strip() or (encoded and typed == _LIBEDIT):
        return None
    return {"command": rowwise.shown(_VIS.sub(_byte, typed) if encoded else typed)}


def _byte(found: re.Match[bytes]) -> bytes:
    r"""The byte that vis(3) wrote as `\040`, `\^I`, `\M-i` or `\M^I`."""
    if found["same"]:
        return b"\\"
    if found["octal"]:
        return bytes([int(found["octal"], 8)])
    if found["kind"] == b"-" and not found["meta"]:
        return found[0]
    low = found["byte"][0]
    high = 0x80 if found["meta"] else 0
    return bytes([high | (low if found["kind"] == b"-" else low ^ 0x40 if low == 0x3F else low & 0x1F)])
