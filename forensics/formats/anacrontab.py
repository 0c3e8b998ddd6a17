"""Anacrontab: commands that are run when so many days have passed, all as root.

    7	10	cron.weekly	nice run-parts /etc/cron.weekly

Shape   `<days, or @monthly and the like> <delay> <job> <command>`; `NAME=value`; comments
Source  anacrontab(5) of cronie 1.5 and anacron 2.3
Time    none: it says what was so when the file was collected
Who     root of that host
Open    a user can run an anacron of their own with a file of theirs: then it runs as them. The path tells
"""

import itertools
import re

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "anacrontab",
    "a line of an anacrontab",
    (
        Column("period", pa.string(), "days, or `@<word>`", None, "a variable"),
        Column("delay", pa.int64(), "minutes to wait then", "minutes", "a variable"),
        Column("job", pa.string(), "name of the job; of a variable, its name"),
        Column("command", pa.string(), "command as written; of a variable, its value"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:root"

_ENTRY = re.compile(
    rb"(?P<period>[0-9]{1,5}|@[a-z]{5,9})[ \t]+(?P<delay>[0-9]{1,5})[ \t]+(?P<job>[^ \t/]*[A-Za-z][^ \t/]*)[ \t]+(?P<command>\S.*)",
    re.DOTALL,
)
_VARIABLE = re.compile(rb"(?P<name>[A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(?P<value>.*)", re.DOTALL)
_FIRST = 100
_OWN = {"START_HOURS_RANGE", "RANDOM_DELAY", "PREFERRED_HOUR"}
_NAME = re.compile(r"(?:^|[/._-])anacrontab$")


def recognise(head: bytes, path: str) -> int:
    """Sure of entries beside anacron's own variables; else the path must say it."""
    said = faulty = entries = 0
    own = False
    for line in itertools.islice(rowwise.each(head, 0), _FIRST):
        row = _line(line.raw) if line.raw.strip() else None
        said += row is not None
        if isinstance(row, Why):
            faulty += 1
            if 4 * faulty > _FIRST:
                return 0
        elif row is not None:
            entries += bool(row.get("period"))
            own |= row["job"] in _OWN
    if not entries or 4 * faulty > said:
        return 0
    return 88 if own else 60 if _NAME.search(path) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines."""
    return rowwise.by_line(data, base, TABLE, _line)


def _line(raw: bytes) -> dict[str, object] | Why | None:
    raw = raw.strip(b" \t\r")
    if raw.startswith(b"#"):
        return None
    variable = _VARIABLE.fullmatch(raw)
    if variable:
        return {"job": rowwise.shown(variable["name"]), "command": rowwise.shown(variable["value"])}
    found = _ENTRY.fullmatch(raw)
    if found is None:
        return Why.SHAPE
    words = {name: rowwise.shown(found[name]) for name in ("period", "job", "command")}
    return words | {"delay": int(found["delay"])}
