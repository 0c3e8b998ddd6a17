r"""Rules of sudo: which account may run what as which other account. `sudoers` and the files of `sudoers.d`.

    %mlteam  gpu01 = (mlteam) NOPASSWD: /usr/bin/pkill, !/usr/bin/pkill -9 *

Shape   `<users> <hosts> = (<users>:<groups>) <tags> <commands>[, …][ : <hosts> = …]`; `Defaults<scope> <settings>`;
        `User_Alias NAME = …` and its like; `@include <file>`. A backslash carries a line on. `#` begins a comment,
        but `#1000` is a uid and `#include` is none
Source  sudoers(5) 1.9.13; compared with cvtsudoers
Time    none: it says what was so when the file was collected
Who     root of that host
Open    an included file is named and not followed. Aliases are not expanded: they may stand in another file. Without
        `(…)` the rule is for root, or for whom `runas_default` names. Which rule is in force depends on order: the last
        counts. A backslash at the end of a comment carries nothing on: the line below it is a rule
"""

import itertools
import re
from collections.abc import Iterable, Iterator

import pyarrow as pa

from forensics.core import rowwise, sudospec
from forensics.core.lines import LONGEST_LINE_BYTES
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Line, Said
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

_GRANT = pa.struct(
    [
        ("hosts", STRINGS),
        ("runas_users", STRINGS),
        ("runas_groups", STRINGS),
        ("tags", STRINGS),
        ("options", STRINGS),
        ("command", pa.string()),
    ]
)
TABLE = Table(
    "sudoers",
    "a rule, an alias, a setting or an include of sudo",
    (
        Column("kind", pa.string(), "grant, alias, defaults or include"),
        Column(
            "subject",
            STRINGS,
            "users of a grant; name of an alias; path of an include; as written: `%group`, `#uid`, `!kai`, `ALL`",
        ),
        Column("scope", pa.string(), "kind of alias or include; `@host`, `:user`, `>runas`, `!command` of defaults", None, "none"),
        Column("grants", pa.list_(_GRANT), "each command, with the hosts, the accounts and groups to run it as, tags and options in force; empty for other kinds"),
        Column("rest", pa.string(), "what an alias stands for; settings of defaults", None, "none"),
        Column("text", pa.string(), "the line without its comment"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "whole"
DOMAIN = "{host}:root"

_SETTING = re.compile(
    r"!?\s*[a-z][a-z0-9_]*(?:\s*[-+]?=\s*(?:\"[^\"]*\"|[^\s,\"]+))?(?:\s*,\s*(?:!\s*)?[a-z][a-z0-9_]*(?:\s*[-+]?=\s*(?:\"[^\"]*\"|[^\s,\"]+))?)*",
)
_FIRST = 40


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where nearly every logical line is a rule, an alias, a setting or an include, not includes alone."""
    groups = _logical(rowwise.each(head[:LONGEST_LINE_BYTES], 0))
    fits: list[dict[str, object]] = []
    other = 0
    for group, text in itertools.islice(groups, _FIRST):
        row = _line(group, text)
        if row is None:
            continue
        if isinstance(row, Why) or not _sure(row):
            other += 1
            if 4 * other > _FIRST:
                return 0
        else:
            fits.append(row)
    if not fits or len(fits) < 3 * other:
        return 0
    return 88 if any(row["kind"] != "include" for row in fits) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the whole file."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from rowwise.portions(_said(data, base), TABLE)


def _said(data: bytes, base: int) -> Iterator[Said]:
    """Each line, as long as it goes on, and what it says."""
    for group, text in _logical(rowwise.each(data, base)):
        yield group, Why.TOO_LONG if rowwise.too_long(group) else _line(group, text)


def _logical(lines: Iterable[Line]) -> Iterator[tuple[list[Line], str]]:
    """Lines that a backslash joins, and what they say without their comment."""
    group: list[Line] = []
    parts: list[str] = []
    quoted = False
    for line in lines:
        text = rowwise.shown(line.raw[:LONGEST_LINE_BYTES])
        end, quoted = sudospec.comment(text, quoted=quoted)
        goes_on = end == len(text) and rowwise.backslashed(line.raw)
        if not (group and rowwise.too_long(group)):
            parts.append(text[: end - 1] if goes_on else text[:end])
        rowwise.grow(group, line)
        if not goes_on:
            yield group, " ".join(parts).strip()
            group, parts, quoted = [], [], False
    if group:
        yield group, " ".join(parts).strip()


def _line(group: list[Line], text: str) -> dict[str, object] | Why | None:
    if not text:
        return None
    if len(text) > sudospec.LONGEST or rowwise.too_long(group):
        return Why.TOO_LONG
    found = sudospec.read(text)
    if found is None:
        return Why.SHAPE
    if len(found.subject) * len(found.grants) > sudospec.MOST:
        return Why.TOO_LONG  # each user with each command is an event
    return {
        "kind": found.kind,
        "subject": found.subject,
        "scope": found.scope,
        "grants": [grant._asdict() for grant in found.grants],
        "rest": found.rest,
        "text": text,
    }


def _sure(row: dict[str, object]) -> bool:
    """Whether a line can hardly be of another file: settings of other programs begin with `Defaults` too."""
    return row["kind"] != "defaults" or _SETTING.fullmatch(str(row["rest"])) is not None
