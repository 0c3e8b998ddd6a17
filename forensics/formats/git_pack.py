r"""A git pack: many objects in one file, most of them as differences from others; also behind the header of a bundle.

    PACK 00 00 00 02 00 00 00 2a …objects… <SHA-1 of all before>

Shape   `PACK`, version 2 or 3, number of objects; the objects; a checksum of everything before it
        (object: type and size, for a delta its base by distance or by name, then a zlib stream).
        A bundle: `# v2 git bundle` or v3; `@capability` lines; `-<object> <comment>` for what it builds on;
        `<object> <ref>` for each ref; an empty line; then a pack
Source  git documentation, gitformat-pack(5), gitformat-bundle(5)
Time    as in the objects: asserted by the client, never observed
Who     as in the objects: asserted; a pack names nobody
Open    deltas whose base is outside the pack (thin packs, bundles of a range) are rejected as missing; a checksum
        that is not the checksum as value. An index beside the pack is not needed and not used. Names are
        SHA-256 where the checksum, the bundle or the first commit says so. What a commit changed is told
        against its first parent, as far as both are in the pack. A bundle may be filtered: it says so
"""

import hashlib
import re
import zlib
from collections.abc import Iterator, Sequence

import pyarrow as pa

from forensics.core import packfile, packlayout
from forensics.core.gitcolumns import COLUMNS
from forensics.core.model import IGNORED, REJECTED, Parsed, Why
from forensics.core.packcontent import Laid
from forensics.core.packfile import Fault, Frames
from forensics.core.packjoined import Joined, Told, completed
from forensics.core.packlayout import Layout
from forensics.core.packpieces import Links, Pieces
from forensics.core.packrows import Rows
from forensics.core.packstretch import Chains, Fetch
from forensics.core.schema import Table

TABLE = Table("git_pack", "a git object stored in a pack, or a ref that a bundle names", COLUMNS)
CUT = "whole"
DOMAIN = "git:objects"
STRETCH_BYTES = packlayout.STRETCH_BYTES

_HEADER_BYTES = 12
_MAGIC = (b"PACK\0\0\0\x02", b"PACK\0\0\0\x03")
_BUNDLE = re.compile(rb"# v[23] git bundle\n")
_LINE = re.compile(rb"(?P<minus>-?)(?P<oid>[0-9a-f]{40}(?:[0-9a-f]{24})?)(?: (?P<ref>[^\n]*))?\n")
_LONGEST_HEAD_BYTES = 256 << 20
_FIRST_OBJECTS = 64


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the magic number and a version that exists, or of the first line of a bundle."""
    return 99 if head[:8] in _MAGIC or _BUNDLE.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read a whole pack: frame it from the front, each delta resolved on the base it names."""
    found = [Parsed(TABLE.empty(), REJECTED.empty(), IGNORED.empty()), *pieces(data, base)]
    return Parsed(*(pa.concat_tables(tables) for tables in zip(*found, strict=True)))


def pieces(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, a stretch after another, so that what a large pack holds is never in memory at once."""
    if not data:
        return
    refs, faults, ignored, begin, wide = _bundle(data) if _BUNDLE.match(data) else ([], [], [], 0, False)
    yield _based(base, _refs(refs), faults, ignored)
    if not faults:
        for piece in _pack(data, begin, wide):
            yield _based(base, *piece)


_Piece = tuple[pa.Table, list[Fault], list[tuple[int, int]]]


def _pack(data: bytes, begin: int, wide: bool) -> Iterator[_Piece]:  # noqa: FBT001 - what the bundle said
    """The objects of a pack that begins at `begin`, what is wrong with it, and what holds nothing."""
    head = data[begin : begin + _HEADER_BYTES]
    if head[:8] not in _MAGIC or len(head) < _HEADER_BYTES:
        torn = any(magic.startswith(head[:8]) for magic in _MAGIC)
        yield TABLE.empty(), [Fault(begin, len(data), Why.TRUNCATED if torn else Why.SHAPE)], []
        return
    rows, width = _rows(data, begin, wide=wide)
    yield TABLE.empty(), [], [(begin, begin + _HEADER_BYTES)]
    for piece in rows.pieces():
        yield piece.records, piece.faults, []
    faults, ended_well = rows.faults, list[tuple[int, int]]()
    if not faults:
        ended = rows.frames.stop[-1] if len(rows.frames) else begin + _HEADER_BYTES
        ended_well, faults = _trailer(data, begin, ended, width)
    yield TABLE.empty(), faults, ended_well


def _rows(data: bytes, begin: int, *, wide: bool) -> tuple[Rows, int]:
    count = int.from_bytes(data[begin + 8 : begin + _HEADER_BYTES])
    budget = packfile.FREE_BYTES + packfile.FOLD * len(data)
    width = 32 if wide else _width(data, begin, budget)
    return Rows(TABLE, Laid(data, begin + _HEADER_BYTES, count, width), budget), width


def history(data: bytes) -> pa.Table:
    """The commits of a pack with what each changed, and nothing of its other objects.

    Args:
        data: a pack, not a bundle.
    """
    return _rows(data, 0, wide=False)[0].history()


laid_out = packlayout.laid_out
__all__ = [
    "CUT",
    "DOMAIN",
    "STRETCH_BYTES",
    "TABLE",
    "Links",
    "Told",
    "completed",
    "history",
    "joined",
    "laid_out",
    "parse",
    "pieces",
    "recognise",
    "stretch",
]


def stretch(fetch: Fetch, layout: Layout, n: int) -> Pieces:
    """The rows of a stretch of a pack, and what others must know of it."""
    return Pieces(TABLE, fetch, layout.edges[n], layout.edges[n + 1], layout.width)


def joined(fetch: Fetch, size: int, layout: Layout, links: Sequence[Links]) -> Iterator[Told] | None:
    """What hangs on all of a pack, stretch by stretch; None where it is not plain, its checksum included."""
    made, end = (
        (hashlib.sha256 if layout.width == 32 else hashlib.sha1)(usedforsecurity=False),
        size - layout.width,
    )
    for at in range(0, end, STRETCH_BYTES):
        made.update(fetch(at, min(at + STRETCH_BYTES, end)))
    if made.digest() != fetch(end, size):
        return None
    found = Joined(
        links, layout.objects, layout.width, Chains(fetch, packfile.FREE_BYTES + packfile.FOLD * size).content
    )
    return (found.told(n) for n in range(layout.stretches)) if found.plain else None


def _width(data: bytes, begin: int, budget: int) -> int:
    """How long names are: as the checksum says, or, where there is none, the first commit."""
    view = memoryview(data)
    if hashlib.sha256(view[begin:-32]).digest() == data[-32:]:
        return 32
    if hashlib.sha1(view[begin:-20], usedforsecurity=False).digest() == data[-20:]:
        return 20
    frames, _, _ = packfile.framed(data, begin + _HEADER_BYTES, _FIRST_OBJECTS, 20, budget)
    return 32 if _first_commit_is_wide(data, frames) else 20


def _first_commit_is_wide(data: bytes, frames: Frames) -> bool:
    for i in range(len(frames)):
        if packfile.KINDS.get(frames.kind[i]) == "commit":
            head = zlib.decompressobj().decompress(data[frames.body[i] : frames.stop[i]], 128)
            return bool(re.match(rb"tree [0-9a-f]{64}\n", head))
    return False


_Refs = list[tuple[str, str, str | None, int, int]]


def _bundle(data: bytes) -> tuple[_Refs, list[Fault], list[tuple[int, int]], int, bool]:
    """The header of a bundle: what it names and builds on, its faults, its other lines, where the pack begins."""
    at = data.index(b"\n") + 1
    refs: _Refs = []
    ignored, wide = [(0, at)], False
    while at < min(len(data), _LONGEST_HEAD_BYTES):
        stop = data.find(b"\n", at) + 1
        if not stop:
            return refs, [Fault(at, len(data), Why.TRUNCATED)], ignored, at, wide
        found = _LINE.fullmatch(data, at, stop)
        if stop == at + 1:
            return refs, [], [*ignored, (at, stop)], stop, wide
        if found:
            ref = None if found["ref"] is None else found["ref"].decode("utf-8", "backslashreplace")
            kind = "prerequisite" if found["minus"] else "ref"
            refs.append((kind, found["oid"].decode(), ref, at, stop))
            wide |= len(found["oid"]) == 64
        elif data[at : at + 1] == b"@":
            ignored.append((at, stop))
        else:
            break
        at = stop
    why = Why.TRUNCATED if at >= len(data) else Why.SHAPE
    return refs, [Fault(at, len(data), why)], ignored, at, wide


def _refs(refs: _Refs) -> pa.Table:
    """The header of a bundle as rows; of what it builds on, the comment is a commit's subject."""
    return TABLE.build(
        {
            "oid": [oid for _, oid, *_ in refs],
            "kind": [kind for kind, *_ in refs],
            "ref": [ref if kind == "ref" else None for kind, _, ref, *_ in refs],
            "message": [ref if kind == "prerequisite" else None for kind, _, ref, *_ in refs],
            "start": [start for *_, start, _ in refs],
            "stop": [stop for *_, stop in refs],
        }
    )


def _based(base: int, records: pa.Table, faults: list[Fault], ignored: list[tuple[int, int]]) -> Parsed:
    """A stretch, its offsets counted from the start of the file."""
    for name in ("start", "stop") if base else ():
        at = records.schema.get_field_index(name)
        moved = pa.array(records[name].to_numpy() + base, pa.int64())
        records = records.set_column(at, records.schema.field(at), moved)
    rows = sorted((f.start + base, f.stop + base, f.why.value) for f in faults if f.stop > f.start)
    rejected = {name: [row[i] for row in rows] for i, name in enumerate(REJECTED.names)}
    spans = {name: [span[i] + base for span in ignored] for i, name in enumerate(IGNORED.names)}
    return Parsed(records, REJECTED.build(rejected), IGNORED.build(spans))


def _trailer(data: bytes, begin: int, ended: int, width: int) -> tuple[list[tuple[int, int]], list[Fault]]:
    """The checksum at the end, ignored where it is one; anything else there is a fault."""
    rest, view = len(data) - ended, memoryview(data)
    if rest < width:
        return [], [Fault(ended, len(data), Why.TRUNCATED)]
    if rest > width:
        return [], [Fault(ended, len(data), Why.SHAPE)]
    made = hashlib.sha256 if width == 32 else hashlib.sha1
    if made(view[begin:ended], usedforsecurity=False).digest() != data[ended:]:
        return [], [Fault(ended, len(data), Why.VALUE)]
    return [(ended, len(data))], []
