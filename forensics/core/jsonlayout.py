"""JSON that tools have laid out anew: over several lines, in arrays, or in a list of an object.

Whoever hands over a log of one object a line often passes it through `jq`, or asks a service that answers with a list. What the
objects say is the same, so each is put on a line of its own and read by the format of such lines; its span is its stretch of
the file, and what stands around the objects is ignored.
"""

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from forensics.core import jsonlists
from forensics.core.jsonlists import Found
from forensics.core.model import IGNORED, REJECTED, Parsed

_WORDS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*"|[^" \t\r\n]+')
_LIST = re.compile(rb'\s*\{[^\[{]{0,4000}?"(entities|events|items|records|results|values)"\s*:\s*\[')
"""The beginning of an object with a list, as services answer: before it stand only texts and numbers."""
_TOGETHER_BYTES = 4 << 20
_Places = npt.NDArray[np.int64]


def begins(head: bytes) -> bool:
    """Whether a file that begins so can hold objects at all."""
    return head[:64].lstrip(b" \t\r\n")[:1] in {b"[", b"{"}


def unfolded(head: bytes) -> bytes:
    """The objects of a file that begins so, each on a line; nothing where it has one on each line as it is.

    Args:
        head: its first bytes; an object that ends behind them is left out.
    """
    if not begins(head):
        return b""
    found = _found(head).elements
    if not found:
        return b""
    start, stop = found[0]
    if not head[:start].strip() and b"\n" not in head[start:stop]:
        return b""
    return b"".join(_line(head[start:stop]) for start, stop in found)


def parse(data: bytes, base: int, own: Callable[[bytes, int], Parsed]) -> Parsed:
    """Read a whole file.

    Args:
        data: the file.
        base: offset of its first byte, in bytes.
        own: the `parse` of the format that its objects are of; makes of each line one row of one of its tables.
    """
    found = _found(data)
    pieces = [_placed(own(raw, 0), places) for raw, places in _lines(data, base, found.elements)]
    bad = [(start + base, stop + base, why.value) for start, stop, why in found.rejected]
    taken = sorted([*found.elements, *((start, stop) for start, stop, _ in found.rejected)])
    around = [(start + base, stop + base) for start, stop in jsonlists.between(taken, len(data))]
    rest = Parsed(
        own(b"", 0).records,
        REJECTED.build({name: [row[n] for row in bad] for n, name in enumerate(REJECTED.names)}),
        IGNORED.build({name: [row[n] for row in around] for n, name in enumerate(IGNORED.names)}),
    )
    every = (pa.concat_tables(tables).combine_chunks() for tables in zip(*pieces, rest, strict=True))
    return Parsed(*(table.sort_by("start") for table in every))


def _found(data: bytes) -> Found:
    """Where the objects stand."""
    if data.lstrip(b" \t\r\n")[:1] == b"[":
        return jsonlists.arrays(data)
    listed = _LIST.match(data)
    return jsonlists.scanned(data, listed[1].decode("ascii")) if listed else jsonlists.values(data)


def _line(element: bytes) -> bytes:
    """An element without the blanks between its words; a text keeps its own, and has no newline."""
    return b"".join(_WORDS.findall(element)) + b"\n"


def _lines(
    data: bytes, base: int, elements: Sequence[tuple[int, int]]
) -> Iterator[tuple[bytes, tuple[_Places, _Places, _Places]]]:
    """Lines of elements, some megabytes at a time; where each begins there, and from where to where it stands in the file."""
    lines: list[bytes] = []
    held: list[tuple[int, int]] = []
    size = 0
    for start, stop in elements:
        lines.append(_line(data[start:stop]))
        held.append((start + base, stop + base))
        size += len(lines[-1])
        if size >= _TOGETHER_BYTES:
            yield b"".join(lines), _places(lines, held)
            lines, held, size = [], [], 0
    if lines:
        yield b"".join(lines), _places(lines, held)


def _places(lines: Sequence[bytes], held: Sequence[tuple[int, int]]) -> tuple[_Places, _Places, _Places]:
    ends = np.cumsum([0, *map(len, lines)], dtype=np.int64)
    starts, stops = (np.array(each, np.int64) for each in zip(*held, strict=True))
    return ends, starts, stops


def _placed(parsed: Parsed, places: tuple[_Places, _Places, _Places]) -> Parsed:
    """What was read of lines, with the spans that these have in the file."""
    return Parsed(*(_moved(rows, places) for rows in parsed))


def _moved(rows: pa.Table, places: tuple[_Places, _Places, _Places]) -> pa.Table:
    moved = {name: _to(rows[name].combine_chunks(), name, places) for name in ("start", "stop")}
    if "spans" in rows.column_names:
        spans = rows["spans"].combine_chunks()
        own = [_to(spans.values.field(name), name, places) for name in ("start", "stop")]
        moved["spans"] = pa.ListArray.from_arrays(
            spans.offsets, pa.StructArray.from_arrays(own, ["start", "stop"]), spans.type
        )
    for name, column in moved.items():
        at = rows.column_names.index(name)
        rows = rows.set_column(at, rows.schema.field(at), column.cast(rows.schema.field(at).type))
    return rows


def _to(edges: pa.Array, name: str, places: tuple[_Places, _Places, _Places]) -> pa.Array:
    """Places in the lines, as places in the file: a line begins where its element does, and ends there too."""
    ends, starts, stops = places
    at = edges.to_numpy()
    own = starts[np.searchsorted(ends, at)] if name == "start" else stops[np.searchsorted(ends, at) - 1]
    return pa.array(own, pa.int64())
