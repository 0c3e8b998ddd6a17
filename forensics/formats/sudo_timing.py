r"""When each piece of a recorded sudo session came: the file `timing` of a sudo I/O log.

    3 12.784074969 1

Shape   <kind> <delay> <bytes>; kind 5 (window) has lines and columns, kind 7 (suspend) a signal's name instead
Source  sudo 1.9.13, sudoers(5) "I/O log files", lib/iolog/iolog_timing.c
Time    seconds since the line before, by a clock that never goes back; the start stands in `log` or `log.json` beside it
Who     sudo, as root. Kind 3 is what came from the caller's terminal: somebody, or something, typed
Open    the bytes themselves lie in the streams beside it, in the order of these lines. Compressed files (sudoers
        `compress_io`) are read once they are unpacked
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import lines
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "sudo_timing",
    "a piece of a recorded session",
    (
        Column("kind", pa.int64(), "0 stdin, 1 stdout, 2 stderr, 3 ttyin, 4 ttyout, 5 window, 6 ttyout of sudo 1.8.7, 7 suspend"),
        Column("delay_ns", pa.int64(), "time since the line before", "ns"),
        Column("bytes", pa.int64(), "how many bytes of the stream", "bytes", "not a stream"),
        Column("lines", pa.int64(), "lines of the window", None, "not a window"),
        Column("columns", pa.int64(), "columns of the window", None, "not a window"),
        Column("signal", pa.string(), "signal that stopped or continued it, without `SIG`", None, "not a suspension"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "line"
DOMAIN = "{host}:root"

_DELAY = r"(?P<whole>[0-9]{1,9})(?:[.,](?P<fraction>[0-9]{1,9}))?"
_SHAPES = (
    rf"^(?P<kind>[0-46]) {_DELAY} (?P<bytes>[0-9]{{1,18}})$",
    rf"^(?P<kind>5) {_DELAY} (?P<lines>[0-9]{{1,9}}) (?P<columns>[0-9]{{1,9}})$",
    rf"^(?P<kind>7) {_DELAY} (?P<signal>[A-Z0-9+]{{1,16}})$",
)
_FIELDS = ("kind", "whole", "fraction", "bytes", "lines", "columns", "signal")
_FIRST = re.compile(rb"(?:[0-46] \d{1,9}[.,]\d{6,9} \d{1,18}|5 \d{1,9}[.,]\d{6,9} \d{1,9} \d{1,9}|7 \d{1,9}[.,]\d{6,9} [A-Z0-9+]{1,16})\r?\n?")  # fmt: skip
_NOTHING = pa.scalar(None, pa.string())


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where three in four of the first lines are such lines."""
    first = [line for line in head[:4096].splitlines()[:20] if line.strip()]
    whole = first[:-1] if len(first) > 1 and len(head) > 4096 else first
    return 80 if whole and 4 * sum(1 for line in whole if _FIRST.fullmatch(line)) >= 3 * len(whole) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    told = lines.told(data, base)
    fields = {name: pa.nulls(len(told.text), pa.string()) for name in _FIELDS}
    for shape in _SHAPES:
        found = pc.extract_regex(told.text, pattern=shape)
        for field in found.type:
            fields[field.name] = pc.coalesce(fields[field.name], pc.struct_field(found, field.name))
    read = pc.is_valid(fields["kind"])
    kept = {name: pc.if_else(pc.equal(c, ""), _NOTHING, c).filter(read) for name, c in fields.items()}
    digits = pc.utf8_rpad(pc.fill_null(kept["fraction"], "0"), 9, "0").cast(pa.int64())
    records = {name: kept[name].cast(pa.int64()) for name in ("kind", "bytes", "lines", "columns")}
    records["delay_ns"] = pc.add(pc.multiply(kept["whole"].cast(pa.int64()), 10**9), digits)
    records["signal"] = kept["signal"]
    why = pa.array([Why.SHAPE.value] * len(read), pa.string())
    return told.sorted_out(TABLE, records, read=read, idle=told.blank, why=why)
