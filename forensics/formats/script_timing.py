r"""When each piece of a terminal kept by `script` came.

    H 0.000000 START_TIME 2026-11-23 15:11:37+00:00
    O 0.015974 4

Shape   <kind> <delay> <rest>: `O` output and `I` input with a number of bytes, `S` a signal with words, `H` a name and a
        value; or, in the classic form, <delay> <bytes> of output only
Source  script(1) and scriptreplay(1), util-linux 2.38, `--log-timing`
Time    seconds since the line before; START_TIME, where it stands, has a date and an offset, to the second
Who     a program of the recorded user, who can write anything into the file
Open    the bytes themselves are in the files that `script` wrote beside it
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import lines
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "script_timing",
    "a piece of a recorded terminal",
    (
        Column("kind", pa.string(), "`O` output, `I` input, `S` signal, `H` header"),
        Column("delay_ns", pa.int64(), "time since the line before", "ns"),
        Column("bytes", pa.int64(), "how many bytes", "bytes", "a signal or a header"),
        Column("name", pa.string(), "signal, or name of the header", None, "output or input"),
        Column("value", pa.string(), "the rest, as written", None, "output or input, or nothing more"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:user"

_DELAY = r"(?P<whole>[0-9]{1,9})[.,](?P<fraction>[0-9]{1,9})"
_SHAPES = (
    rf"^(?P<kind>[OI]) {_DELAY} (?P<bytes>[0-9]{{1,18}})$",
    rf"^(?P<kind>[SH]) {_DELAY} (?P<name>[A-Z_0-9]{{1,64}})(?: (?P<value>.*))?$",
    rf"^{_DELAY} (?P<bytes>[0-9]{{1,18}})$",
)
_FIELDS = ("kind", "whole", "fraction", "bytes", "name", "value")
_ADVANCED = re.compile(rb"(?:[OI] \d+[.,]\d{6} \d+|[SH] \d+[.,]\d{6} [A-Z_0-9]+(?: .*)?)\r?\n?")
_CLASSIC = re.compile(rb"\d+[.,]\d{6} \d+\r?\n?")
_NOTHING = pa.scalar(None, pa.string())


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where three in four of the first lines have a kind; where none has, two numbers are less sure."""
    first = [line for line in head[:4096].splitlines()[:20] if line.strip()]
    whole = first[:-1] if len(first) > 1 and len(head) > 4096 else first
    if not whole:
        return 0
    if 4 * sum(1 for line in whole if _ADVANCED.fullmatch(line)) >= 3 * len(whole):
        return 82
    return 30 if len(whole) > 1 and all(_CLASSIC.fullmatch(line) for line in whole) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    told = lines.told(data, base)
    fields = {name: pa.nulls(len(told.text), pa.string()) for name in _FIELDS}
    for shape in _SHAPES:
        found = pc.extract_regex(told.text, pattern=shape)
        for field in found.type:
            fields[field.name] = pc.coalesce(fields[field.name], pc.struct_field(found, field.name))
    read = pc.is_valid(fields["whole"])
    kept = {name: pc.if_else(pc.equal(c, ""), _NOTHING, c).filter(read) for name, c in fields.items()}
    digits = pc.utf8_rpad(kept["fraction"], 9, "0").cast(pa.int64())
    records = {
        "kind": pc.coalesce(kept["kind"], "O"),
        "delay_ns": pc.add(pc.multiply(kept["whole"].cast(pa.int64()), 10**9), digits),
        "bytes": kept["bytes"].cast(pa.int64()),
        "name": kept["name"],
        "value": kept["value"],
    }
    why = pa.array([Why.SHAPE.value] * len(read), pa.string())
    return told.sorted_out(TABLE, records, read=read, idle=told.blank, why=why)
