"""Rules that flag events: what one asks of the columns of an event, as plain data. Nothing in it is a program.

A flag is a hint of whoever wrote the rule. No analysis reads flags, so that none can change whom an act is attributed to.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from forensics.core.tables import EVENT

COLUMNS = {c.name: c.type for c in EVENT.columns if c.type in {pa.string(), pa.int64()}}
"""What a rule can ask about, with its type."""
COMMAND = "command line"
"""Not one column: the arguments of a program, or the line that a shell history or sudo wrote."""
WORDS = "any words"
"""Not one column: the command line, what was acted on, and the line's own words."""
TEXTS = frozenset({COMMAND, WORDS, *(name for name, kind in COLUMNS.items() if kind == pa.string())})

Compared = Literal["<", "<=", ">", ">=", "="]


@dataclass(frozen=True, slots=True)
class Matches:
    """A text that a pattern is found in: in the syntax of RE2, which takes time in proportion to the text, whatever it holds."""

    column: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Compares:
    """A number that lies so to another."""

    column: str
    how: Compared
    number: int


@dataclass(frozen=True, slots=True)
class Absent:
    """A value that is not there."""

    column: str


@dataclass(frozen=True, slots=True)
class Either:
    """One of several at least; of none, nothing."""

    of: "tuple[Asked, ...]"


@dataclass(frozen=True, slots=True)
class Every:
    """All of several; of none, everything."""

    of: "tuple[Asked, ...]"


@dataclass(frozen=True, slots=True)
class Other:
    """What is not so. A value that is not there is not so either."""

    than: "Asked"


Asked = Matches | Compares | Absent | Either | Every | Other


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, and where it stands: file, hash of the file, and line."""

    id: str
    title: str
    level: str | None
    path: str
    sha256: str
    line: int
    asked: Asked


def words(column: str, texts: Iterable[str]) -> Asked:
    """That a text is one of some, whole."""
    return Either(tuple(Matches(column, f"^{quoted(text)}$") for text in texts))


def quoted(text: str) -> str:
    r"""A pattern that finds a text as it is. What is no letter or digit of ASCII is escaped; a control character by its number."""
    return "".join(
        c if (c.isascii() and c.isalnum()) or ord(c) > 127 else f"\\x{{{ord(c):x}}}" if c < " " or c == "\x7f" else f"\\{c}"
        for c in text
    )  # fmt: skip
