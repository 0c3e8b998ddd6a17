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

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.lines import LONGEST_LINE_BYTES, cut, shown
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table
from forensics.core.tabular import pandas as pd

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


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the first line."""
    return 95 if _FIRST.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the listing: a record for each setting."""
    lines = cut(data, base)
    start, stop = pa.array(lines.start, pa.int64()), pa.array(lines.stop, pa.int64())
    size = pc.binary_length(lines.text)
    long = pc.greater(size, LONGEST_LINE_BYTES)
    text = shown(pc.if_else(long, pa.scalar(b"", pa.binary()), lines.text))
    torn = np.zeros(len(start), bool)
    torn[-1:] = not data.endswith(b"\n")
    part = pc.extract_regex(text, pattern=_PART)
    found = [pc.extract_regex(text, pattern=p) for p in (_AS_OF, _SETTING, _CONTROLLER)]
    key, value = (pc.coalesce(*(pc.struct_field(f, n) for f in found)) for n in ("key", "value"))
    read = pc.and_not(pc.is_valid(key), pa.array(torn))
    idle = pc.and_not(pc.or_(pc.equal(size, 0), pc.is_valid(part)), pa.array(torn))
    bad = pc.invert(pc.or_(read, idle))
    why = pc.if_else(pa.array(torn), Why.TRUNCATED.value, Why.SHAPE.value)
    why = pc.if_else(long, Why.TOO_LONG.value, why)
    fields = {
        "as_of_wall": _carried(pc.struct_field(found[0], "value")),
        "part": pc.if_else(pc.is_valid(found[1]), _carried(pc.struct_field(part, "part")), None),
        "key": key,
        "value": pc.if_else(pc.is_in(value, _VOID), None, value),
        "start": start,
        "stop": stop,
    }
    return Parsed(
        TABLE.build({name: column.filter(read) for name, column in fields.items()}),
        REJECTED.build({"start": start.filter(bad), "stop": stop.filter(bad), "why": why.filter(bad)}),
        IGNORED.build({"start": start.filter(idle), "stop": stop.filter(idle)}),
    )


def _carried(values: pa.Array) -> pa.Array:
    """Each line's value, or that of the nearest line above that has one."""
    at = pd.Series(np.where(np.asarray(values.is_valid()), np.arange(len(values)), -1)).cummax()
    return values.take(pa.array(at.to_numpy(np.int64), mask=at.to_numpy() < 0))
