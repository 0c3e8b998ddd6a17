r"""safetensors: tensors behind a header of JSON, made so that nothing in it can be called.

    58 00 00 00 00 00 00 00 {"w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"__metadata__":{"format":"pt"}} …numbers…

Shape   eight bytes, little-endian, of the header's length; the header; the numbers, to the end of the file
Source  github.com/huggingface/safetensors, README "Format"
Time    none
Who     nobody is named; `__metadata__` is what whoever saved it wrote
Open    the numbers are not read. Names, shapes and places are held against one another: tensors that overlap, or leave bytes that
        none of them covers, are told. A header past 100 MB is refused, as the library does; a name that comes twice is rejected
"""

import pyarrow as pa

from forensics.core import jsonlines
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

TABLE = Table(
    "safetensors",
    "a file of tensors that holds no code",
    (
        Column("tensors", pa.int64(), "tensors named in the header"),
        Column("names", STRINGS, "their names, at most 1,000 of 4,096 characters, in order of place"),
        Column("dtypes", STRINGS, "the kinds of number that occur, in order of name"),
        Column("metadata", pa.string(), "what `__metadata__` says, as compact JSON, at most 65,536 characters", None, "none written"),
        Column("header_bytes", pa.int64(), "length of the header", "bytes"),
        Column("number_bytes", pa.int64(), "length of what follows it", "bytes"),
        Column("uncovered_bytes", pa.int64(), "bytes after the header that no tensor covers", "bytes"),
        Column("overlaps", pa.bool_(), "whether two tensors share bytes, or one ends past the file"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "whole"
DOMAIN = "{host}:files"

_LENGTH_BYTES = 8
_LONGEST_HEADER = 100_000_000
_MOST_NAMES, _LONGEST_NAME, _LONGEST_METADATA = 1000, 4096, 65_536


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a length that can be one, and a header that begins as JSON and speaks of tensors."""
    size = int.from_bytes(head[:_LENGTH_BYTES], "little")
    if not 2 <= size <= _LONGEST_HEADER or head[_LENGTH_BYTES : _LENGTH_BYTES + 2] not in {b'{"', b"{}"}:
        return 0
    return 92 if b'"data_offsets"' in head or b'"__metadata__"' in head or size == 2 else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the header; the record is the whole file."""
    if not data:
        return Parsed(TABLE.empty(), REJECTED.empty(), IGNORED.empty())
    row = _row(data)
    if isinstance(row, Why):
        spans = {"start": [base], "stop": [base + len(data)], "why": [row.value]}
        return Parsed(TABLE.empty(), REJECTED.build(spans), IGNORED.empty())
    row |= {"start": base, "stop": base + len(data)}
    return Parsed(
        TABLE.build({name: [row.get(name)] for name in TABLE.names}), REJECTED.empty(), IGNORED.empty()
    )


def _row(data: bytes) -> dict[str, object] | Why:
    size = int.from_bytes(data[:_LENGTH_BYTES], "little")
    if size > _LONGEST_HEADER or len(data) < _LENGTH_BYTES:
        return Why.TOO_LONG if len(data) >= _LENGTH_BYTES else Why.TRUNCATED
    stop = _LENGTH_BYTES + size
    if stop > len(data):
        return Why.TRUNCATED
    found = jsonlines.loaded(data[_LENGTH_BYTES:stop])
    if isinstance(found, Why):
        return found
    metadata = found.pop("__metadata__", None)
    places = [(_place(value), name, value) for name, value in found.items()]
    if any(place is None for place, _, _ in places):
        return Why.VALUE
    known = sorted((place, jsonlines.printable(name)) for place, name, _ in places if place is not None)
    covered, at, overlaps = 0, 0, False
    for (first, last), _ in known:
        overlaps |= first < at and last > first
        covered += max(0, last - max(first, at))
        at = max(at, last)
    dtypes = {jsonlines.text(value, "dtype") or "?" for _, _, value in places}
    left = len(data) - stop
    return {
        "tensors": len(known),
        "names": [name[:_LONGEST_NAME] for _, name in known[:_MOST_NAMES]],
        "dtypes": sorted(dtypes)[:_MOST_NAMES],
        "metadata": None if metadata is None else (jsonlines.compact(metadata) or "")[:_LONGEST_METADATA],
        "header_bytes": size,
        "number_bytes": left,
        "uncovered_bytes": max(0, left - covered),
        "overlaps": overlaps or at > left,
    }


def _place(value: object) -> tuple[int, int] | None:
    """Where a tensor begins and ends; None where it is none that can be."""
    offsets = value.get("data_offsets") if isinstance(value, dict) else None
    if not isinstance(offsets, list) or len(offsets) != 2:
        return None
    first, last = offsets
    if not all(isinstance(n, int) and not isinstance(n, bool) and 0 <= n < 2**62 for n in offsets):
        return None
    return (first, last) if first <= last else None
