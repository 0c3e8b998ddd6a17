r"""Units of systemd: services, timers and their like, and drop-ins that change them.

    ExecStart=/usr/bin/python3 /srv/llm/train.py

Shape   `[<section>]`, then `<key>=<value>`; a backslash before the newline carries a value on, past comment lines in
        between; lines that begin with `#` or `;` are comments, and no backslash carries those on
Source  systemd.syntax(7), systemd.unit(5), systemd.exec(5), systemd.timer(5) of systemd 252; conf-parser.c
Time    none: it says what was so when the file was collected
Who     root of that host; in a home, whoever can write it
Open    a key can stand several times, and an empty value clears the earlier ones. Drop-ins change a unit of another
        file: what is in force is for who has all of them. Without `User=` a service of the system runs as root
"""

import itertools
import re
from collections.abc import Iterable, Iterator

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Line, Said
from forensics.core.schema import Column, Table

TABLE = Table(
    "systemd_unit",
    "a setting of a unit",
    (
        Column("section", pa.string(), "section it stands in"),
        Column("key", pa.string(), "key"),
        Column("value", pa.string(), "value, its lines joined by blanks; empty clears what was set before"),
        Column("user", pa.string(), "last `User=` of the same file, for a command of a service", None, "no command, or none written"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "whole"
LONGEST_NAME = 256
"""So much is said of an account by each line that it holds for: there can be very many."""
DOMAIN = "{host}:root"

_SECTION = re.compile(rb"\[(?P<name>[^\]\n]{1,64})\]")
_ASSIGNED = re.compile(rb"(?P<key>[A-Za-z][A-Za-z0-9-]*)[ \t]*=[ \t]*(?P<value>.*)", re.DOTALL)
_KINDS = {b"Unit", b"Service", b"Timer", b"Socket", b"Path", b"Mount", b"Automount", b"Swap", b"Slice", b"Scope", b"Install"}  # fmt: skip
_KEYS = re.compile(
    rb"^(?:Description|Documentation|After|Before|Wants|Requires|Requisite|Conflicts|BindsTo|PartOf|Condition[A-Za-z]+|Exec[A-Z][A-Za-z]+|Type|User|Restart"
    rb"|OnCalendar|OnBootSec|OnUnitActiveSec|Persistent|Unit|WantedBy|Listen[A-Za-z]+|Path[A-Z][a-z]+|What|Where|Environment(?:File)?|DefaultDependencies|Slice|Nice|(?:Protect|Private|Restrict|ReadWrite|ReadOnly|Limit|Memory|CPU|IO)[A-Za-z]+|[A-Z][A-Za-z]+Max)[ \t]*=",
    re.MULTILINE,
)
_EXEC = re.compile(r"Exec[A-Z][A-Za-z]*")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where the first thing said is a section of systemd's, with keys of systemd's below."""
    for line in itertools.islice(rowwise.each(head, 0), 200):
        raw = line.raw.strip()
        if not raw or raw.startswith((b"#", b";")):
            continue
        found = _SECTION.fullmatch(raw)
        if found is None or found["name"] not in _KINDS:
            return 0
        return 88 if _KEYS.search(head, line.stop) else 0
    return 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the whole file."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from rowwise.portions(_told_of(data, base), TABLE)


def _told_of(data: bytes, base: int) -> Iterator[Said]:
    """Each line, as long as it goes on, and what it says."""
    # A word is on one line, whatever goes on with the next: without it nobody is named.
    named_user = b"User" in data
    user = _user(text for _, text in _logical(rowwise.each(data, base))) if named_user else None
    section: str | None = None
    for group, text in _logical(rowwise.each(data, base)):
        named = _SECTION.fullmatch(text) if text else None
        assigned = _ASSIGNED.fullmatch(text) if text else None
        if len(group) > 1 and rowwise.too_long(group):
            yield group, Why.TOO_LONG
        elif named:
            section = rowwise.shown(named["name"])
            yield group, None
        elif not text:
            yield group, None
        elif rowwise.too_long(group):
            yield group, Why.TOO_LONG
        elif assigned is None or section is None:
            yield group, Why.SHAPE
        else:
            key = rowwise.shown(assigned["key"])
            runs = section == "Service" and _EXEC.fullmatch(key)
            value = rowwise.shown(assigned["value"].strip())
            yield group, {"section": section, "key": key, "value": value, "user": user if runs else None}


def _user(texts: Iterable[bytes]) -> str | None:
    """The last `User=` of the service's own section."""
    user, section = None, b""
    for text in texts:
        named, assigned = _SECTION.fullmatch(text), _ASSIGNED.fullmatch(text)
        section = named["name"] if named else section
        if section == b"Service" and assigned and assigned["key"] == b"User":
            user = rowwise.filled(assigned["value"].strip()[:LONGEST_NAME])
    return user


def _logical(lines: Iterable[Line]) -> Iterator[tuple[list[Line], bytes]]:
    """Lines that a backslash joins, and what they say. A comment stands alone, or is passed over inside a value."""
    group: list[Line] = []
    parts: list[bytes] = []
    for line in lines:
        raw = line.raw.lstrip(b" \t")
        if raw.startswith((b"#", b";")):
            if not group:
                yield [line], b""
                continue
            rowwise.grow(group, line)
            continue
        goes_on = rowwise.backslashed(raw)
        if not (group and rowwise.too_long(group)):
            parts.append(raw[:-1] if goes_on else raw)
        rowwise.grow(group, line)
        if not goes_on:
            yield group, b" ".join(parts).strip()
            group, parts = [], []
    if group:
        yield group, b" ".join(parts).strip()
