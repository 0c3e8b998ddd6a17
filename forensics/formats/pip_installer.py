"""The program that installed a Python package: one word.

    pip

Shape   the program's name on the only line of `INSTALLER` in a package's `.dist-info`
Source  PEP 376; Python Packaging User Guide, "Recording installed projects", The INSTALLER file
Time    none: it says what was so when the package was installed
Who     whoever may write the environment
Open    a word is not much: only where the path ends in INSTALLER is it taken for one
"""

import re
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Said
from forensics.core.schema import Column, Table

TABLE = Table(
    "pip_installer",
    "the program that installed a Python package",
    (Column("program", pa.string(), "its name"), *SPAN),
)
CUT = "whole"
DOMAIN = "{host}:files"

_WORD = re.compile(rb"[A-Za-z][A-Za-z0-9._-]{0,63}")
_NAME = re.compile(r"(?:^|[/._-])INSTALLER$")


def recognise(head: bytes, path: str) -> int:
    """One word, under the one name."""
    return 80 if len(head) < 80 and _WORD.fullmatch(head.strip()) and _NAME.search(path) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines: the first is the program."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from rowwise.portions(_said(data, base), TABLE)


def _said(data: bytes, base: int) -> Iterator[Said]:
    """Each line, and what it says."""
    for n, line in enumerate(rowwise.each(data, base)):
        word = line.raw.strip(b" \t\r")
        if not word:
            yield [line], None
        elif n or not _WORD.fullmatch(word):
            yield [line], Why.SHAPE
        else:
            yield [line], {"program": rowwise.shown(word)}
