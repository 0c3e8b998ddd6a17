r"""Files that git derives from a repository so as to find things faster, and the index of a working tree: what each is of.

    ff 74 4f 63 00 00 00 02 …fan-out… …names… …sums… …offsets… <pack's checksum> <own checksum>

Shape   a signature, a version, a number of things, tables; at the end a checksum of all before. `.idx` (versions 1, which has no
        signature, and 2), `.rev` RIDX, `.mtimes` MTME, `.bitmap` BITM, `multi-pack-index` MIDX, `commit-graph` CGPH, `index` DIRC
Source  git documentation, gitformat-pack(5), gitformat-commit-graph(5), gitformat-bitmap(5), gitformat-index(5)
Time    `.mtimes` holds for each object of a cruft pack, to which no ref led, when its file was last written: the clock of that
        machine, to the second; the first and the last are given. The others have none
Who     nobody
Open    nothing here is obeyed or used to read a pack: objects are named from their content. A file whose checksum is not that
        of its bytes is still told, and says so; git's setting `index.skipHash` leaves zeros
"""

import hashlib
import re
from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa

from forensics.core import wholefile
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "git_derived",
    "a file that git derived from a repository, or the index of a working tree",
    (
        Column("kind", pa.string(), "pack index, reverse index, cruft times, bitmap, multi-pack index, commit graph or index"),
        Column("version", pa.int64(), "version written"),
        Column("count", pa.int64(), "objects, commits or files that it is of", None, "not written, or not where it should be"),
        Column("pack", pa.string(), "checksum of the pack it is of; of a bitmap, of the pack or the multi-pack index", None, "of no single pack"),
        Column("packs", pa.list_(pa.string()), "packs that a multi-pack index names, at most 10,000", None, "of no several packs"),
        Column("earliest_s", pa.int64(), "first time that an object was last written", "s since 1970-01-01T00:00:00Z", "no times are in it"),
        Column("latest_s", pa.int64(), "last of these times", "s since 1970-01-01T00:00:00Z", "no times are in it"),
        Column("sound", pa.bool_(), "whether its checksum is that of its bytes"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "whole"
DOMAIN = "git:objects"

_FAN_BYTES = 1024
_MOST_PACKS = 10_000
_WIDTHS = {1: 20, 2: 32}
_INDEX_V1 = re.compile(r"\.idx$")
_CHUNK_BYTES = 12
_NAMES_OF_PACKS = 1 << 20
Row = dict[str, object]


def recognise(head: bytes, path: str) -> int:
    """Sure of a signature with a version that exists; of the first version of a pack's index, by its name and table."""
    if any(head.startswith(signature) for signature in _KINDS):
        return 97
    return 70 if _INDEX_V1.search(path) and _fan(head[:_FAN_BYTES]) is not None else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read a whole file, of which one record is made."""
    return wholefile.told(data, base, TABLE, _row(data) if data else None)


def _row(data: bytes) -> Row | Why:
    told = next((read for signature, read in _KINDS.items() if data.startswith(signature)), _index_v1)
    found = told(data)
    if isinstance(found, Why):
        return found
    sound = any(_sum(data[:-width], width) == data[-width:] for width in _WIDTHS.values())
    return {**found, "sound": sound}


def _sum(data: bytes, width: int) -> bytes:
    made = hashlib.sha256(data) if width == _WIDTHS[2] else hashlib.sha1(data, usedforsecurity=False)
    return made.digest()


def _number(data: bytes, at: int, count: int = 4) -> int:
    return int.from_bytes(data[at : at + count])


def _fan(raw: bytes) -> int | None:
    """How many things a table counts by their first byte; None where the counts go down, or none or not all are there."""
    if len(raw) < _FAN_BYTES:
        return None
    counts = np.frombuffer(raw, ">u4", count=256).astype(np.int64)
    return int(counts[-1]) if counts[-1] and (np.diff(counts) >= 0).all() else None


def _width(data: bytes) -> int:
    """How long names are in a file that does not say: as its checksum is."""
    wide = _WIDTHS[2]
    return wide if _sum(data[:-wide], wide) == data[-wide:] else _WIDTHS[1]


def _index_v1(data: bytes) -> Row | Why:
    count, width = _fan(data[:_FAN_BYTES]), _WIDTHS[1]
    if count is None:
        return Why.SHAPE
    if len(data) != _FAN_BYTES + count * (4 + width) + 2 * width:
        return Why.TRUNCATED
    return {"kind": "pack index", "version": 1, "count": count, "pack": data[-2 * width : -width].hex()}


def _index_v2(data: bytes) -> Row | Why:
    count, width = _fan(data[8 : 8 + _FAN_BYTES]), _width(data)
    if len(data) < 8 + _FAN_BYTES + (count or 0) * (width + 8) + 2 * width:
        return Why.TRUNCATED
    return {"kind": "pack index", "version": 2, "count": count, "pack": data[-2 * width : -width].hex()}


def _of_pack(kind: str) -> Callable[[bytes], Row | Why]:
    """A list of numbers, one for each object of a pack."""

    def told(data: bytes) -> Row | Why:
        width = _WIDTHS.get(_number(data, 8))
        if width is None or len(data) < 12 + 2 * width:
            return Why.TRUNCATED if len(data) < 12 + 2 * _WIDTHS[1] else Why.SHAPE
        body = data[12 : -2 * width]
        if len(body) % 4:
            return Why.TRUNCATED
        row: Row = {
            "kind": kind,
            "version": _number(data, 4),
            "count": len(body) // 4,
            "pack": data[-2 * width : -width].hex(),
        }
        if kind == "cruft times" and body:
            times = np.frombuffer(body, ">u4")
            row |= {"earliest_s": int(times.min()), "latest_s": int(times.max())}
        return row

    return told


def _bitmap(data: bytes) -> Row | Why:
    width = _width(data)
    if len(data) < 12 + 2 * width:
        return Why.TRUNCATED
    return {
        "kind": "bitmap",
        "version": _number(data, 4, 2),
        "count": _number(data, 8),
        "pack": data[12 : 12 + width].hex(),
    }


def _chunks(data: bytes, at: int, count: int) -> dict[bytes, tuple[int, int]]:
    """Where each chunk lies, by its name; those that lie elsewhere than in the file are left out."""
    found = {}
    for i in range(count):
        place = at + i * _CHUNK_BYTES
        first, stop = _number(data, place + 4, 8), _number(data, place + _CHUNK_BYTES + 4, 8)
        if first <= stop <= len(data):
            found[data[place : place + 4]] = first, stop
    return found


def _commit_graph(data: bytes) -> Row | Why:
    if len(data) < 8 + _CHUNK_BYTES:
        return Why.TRUNCATED
    first, stop = _chunks(data, 8, data[6]).get(b"OIDF", (0, 0))
    return {"kind": "commit graph", "version": data[4], "count": _fan(data[first:stop])}


def _multi_pack(data: bytes) -> Row | Why:
    if len(data) < 12 + _CHUNK_BYTES:
        return Why.TRUNCATED
    chunks = _chunks(data, 12, data[6])
    first, stop = chunks.get(b"OIDF", (0, 0))
    at, end = chunks.get(b"PNAM", (0, 0))
    names = [name for name in data[at : min(end, at + _NAMES_OF_PACKS)].split(b"\0") if name][:_MOST_PACKS]
    return {
        "kind": "multi-pack index",
        "version": data[4],
        "count": _fan(data[first:stop]),
        "packs": [name.decode("utf-8", "backslashreplace") for name in names],
    }


def _index(data: bytes) -> Row | Why:
    if len(data) < 12 + _WIDTHS[1]:
        return Why.TRUNCATED
    return {"kind": "index", "version": _number(data, 4), "count": _number(data, 8)}


_KINDS: Mapping[bytes, Callable[[bytes], Row | Why]] = {
    b"\xfftOc\0\0\0\2": _index_v2,
    b"RIDX\0\0\0\1": _of_pack("reverse index"),
    b"MTME\0\0\0\1": _of_pack("cruft times"),
    b"BITM\0\1": _bitmap,
    b"MIDX\1": _multi_pack,
    b"MIDX\2": _multi_pack,
    b"CGPH\1": _commit_graph,
    b"DIRC\0\0\0\2": _index,
    b"DIRC\0\0\0\3": _index,
    b"DIRC\0\0\0\4": _index,
}
