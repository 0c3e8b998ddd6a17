"""What `scontrol show config` printed: how the scheduler was set up, and so what it could have logged.

    SlurmctldDebug          = verbose

Shape   `Configuration data as of <wall clock>`, then <key> = <value>, a line each; a further part begins
        with its name and a colon, and the last lines say which controllers answer
Source  Slurm 22.05 to 26.05: src/api/config_info.c
Time    the controller's wall clock at the moment of asking, to the second, no zone
Who     whoever ran the command; it is not written
Open    Values are the controller's at that moment: a file edited later, or another node's, can differ
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import lines, rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "scontrol_config",
    "a setting of the scheduler, as it was when asked for",
    (
        Column("as_of_wall", pa.string(), "when it was asked for, as written", None, "no line says when"),
        Column("part", pa.string(), "part of the listing, such as a plugin's", None, "the main part"),
        Column("key", pa.string(), "setting; `Slurmctld(primary)` where a controller answers"),
        Column("value", pa.string(), "its value as written", None, "`(null)` or empty"),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "slurm:admin"

_FIRST = re.compile(rb"Configuration data as of \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\r?\n")
_AS_OF = r"^(?P<key>Configuration data as of) (?P<value>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8})$"
_SETTING = r"^(?P<key>[A-Za-z_][A-Za-z0-9_\[\]/]{0,99}) *= ?(?P<value>(?s:.*))$"
_CONTROLLER = r"^(?P<key>Slurmctld\([a-z0-9]+\)) at (?P<value>.+ is (?:UP|DOWN))$"
_PART = r"^(?P<part>[A-Z][A-Za-z/ ]{1,99}):$"
_VOID = pa.array(["", "(null)"])


class _Above(NamedTuple):
    """What stands above a line: when it was asked for, and the part of the listing."""

    as_of: str | None = None
    part: str | None = None


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the first line."""
    return 95 if _FIRST.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the listing: a record for each setting."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some lines at a time."""
    return rowwise.by_runs(data, base, TABLE, _run, _Above())


def _run(data: bytes, base: int, above: _Above) -> tuple[Parsed, _Above]:
    """What some lines tell, and what then stands above the next."""
    told = lines.told(data, base)
    torn = lines.unended(told, data)
    part = pc.extract_regex(told.text, pattern=_PART)
    found = [pc.extract_regex(told.text, pattern=p) for p in (_AS_OF, _SETTING, _CONTROLLER)]
    key, value = (pc.coalesce(*(pc.struct_field(f, n) for f in found)) for n in ("key", "value"))
    read = pc.and_not(pc.is_valid(key), torn)
    idle = pc.and_not(pc.or_(told.blank, pc.is_valid(part)), torn)
    why = pc.if_else(torn, Why.TRUNCATED.value, Why.SHAPE.value)
    as_of = lines.carried(pc.struct_field(found[0], "value"), above.as_of)
    parts = lines.carried(pc.struct_field(part, "part"), above.part)
    fields = {
        "as_of_wall": as_of,
        "part": pc.if_else(pc.is_valid(found[1]), parts, None),
        "key": key,
        "value": pc.if_else(pc.is_in(value, _VOID), None, value),
    }
    records = {name: column.filter(read) for name, column in fields.items()}
    made = told.sorted_out(TABLE, records, read=read, idle=idle, why=why)
    return made, _Above(as_of[-1].as_py(), parts[-1].as_py())
