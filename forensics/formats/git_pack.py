r"""A git pack: many objects in one file, most of them as differences from others.

    PACK 00 00 00 02 00 00 00 2a …objects… <SHA-1 of all before>

Shape   `PACK`, version 2 or 3, number of objects; the objects; a checksum of everything before it
        (object: type and size, for a delta its base by distance or by name, then a zlib stream)
Source  git documentation, gitformat-pack(5)
Time    as in the objects: asserted by the client, never observed
Who     as in the objects: asserted; a pack names nobody
Open    deltas whose base is outside the pack (thin packs, alternates) are rejected as value; so is a
        checksum that is not the checksum. In a SHA-256 repository names are not computed
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa
from dulwich.errors import ApplyDeltaError
from dulwich.pack import apply_delta

from forensics.core import gitobject
from forensics.core.model import IGNORED, REJECTED, Parsed, Why
from forensics.core.schema import Table

TABLE = Table("git_pack", "a git object stored in a pack", gitobject.COLUMNS)
CUT = "whole"
DOMAIN = "git:objects"

DEEPEST_CHAIN = 4095
_HEADER_BYTES = 12
_KINDS = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_OFFSET_DELTA, _NAME_DELTA = 6, 7
_BATCH_ROWS = 10_000
# A pack may inflate to this much in all: histories of large files reach a hundredfold, bombs a thousandfold.
_FREE_BYTES, _FOLD = 256 << 20, 200


class _Frame(NamedTuple):
    """Where one object stands in the pack, before any delta is resolved: `size` is what it claims."""

    start: int
    stop: int
    body: int
    type: int
    size: int
    inflated: int
    base: int | bytes | None


class _Fault(NamedTuple):
    start: int
    stop: int
    why: Why


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the magic number and a version that exists."""
    return 99 if head[:4] == b"PACK" and head[4:8] in {b"\0\0\0\x02", b"\0\0\0\x03"} else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read a whole pack: frame it from the front, then resolve each delta on the base it names."""
    if not data:
        return Parsed(TABLE.empty(), REJECTED.empty(), IGNORED.empty())
    if not recognise(data[:_HEADER_BYTES], "") or len(data) < _HEADER_BYTES:
        why = Why.TRUNCATED if b"PACK\0\0\0\x02".startswith(data[:8]) else Why.SHAPE
        return Parsed(TABLE.empty(), _rejected([_Fault(0, len(data), why)], base), IGNORED.empty())
    width = 32 if hashlib.sha256(data[:-32]).digest() == data[-32:] else 20
    budget = _FREE_BYTES + _FOLD * len(data)
    frames, faults = _framed(data, width, budget)
    ignored = [(0, _HEADER_BYTES)]
    ended = frames[-1].stop if frames else _HEADER_BYTES
    if not faults:
        ended_well, fault = _trailer(data, ended, width)
        ignored += ended_well
        faults += fault
    records, unresolved = _resolved(data, frames, width, budget)
    spans = {name: [s[i] + base for s in ignored] for i, name in enumerate(IGNORED.names)}
    return Parsed(_based(records, base), _rejected(faults + unresolved, base), IGNORED.build(spans))


def _based(records: pa.Table, base: int) -> pa.Table:
    """The records in order of position, offsets counted from the start of the file."""
    ordered = records.sort_by("start")
    for name in ("start", "stop") if base else ():
        at = ordered.schema.get_field_index(name)
        moved = pa.array([v + base for v in ordered[name].to_pylist()], pa.int64())
        ordered = ordered.set_column(at, ordered.schema.field(at), moved)
    return ordered


def _rejected(faults: list[_Fault], base: int) -> pa.Table:
    rows = sorted((f.start + base, f.stop + base, f.why.value) for f in faults if f.stop > f.start)
    return REJECTED.build({name: [row[i] for row in rows] for i, name in enumerate(REJECTED.names)})


def _trailer(data: bytes, ended: int, width: int) -> tuple[list[tuple[int, int]], list[_Fault]]:
    """The checksum at the end, ignored where it is one; anything else there is a fault."""
    rest = data[ended:]
    if len(rest) < width:
        return [], [_Fault(ended, len(data), Why.TRUNCATED)]
    if len(rest) > width:
        return [], [_Fault(ended, len(data), Why.SHAPE)]
    digest = (
        hashlib.sha256(data[:ended]) if width == 32 else hashlib.sha1(data[:ended], usedforsecurity=False)
    )
    if digest.digest() != rest:
        return [], [_Fault(ended, len(data), Why.VALUE)]
    return [(ended, len(data))], []


def _framed(data: bytes, width: int, budget: int) -> tuple[list[_Frame], list[_Fault]]:
    """Where each object begins and stops. The first damage ends it: what follows cannot be found."""
    frames: list[_Frame] = []
    at = _HEADER_BYTES
    for _ in range(int.from_bytes(data[8:12])):
        frame = _frame(data, at, width, budget)
        if isinstance(frame, Why):
            return frames, [_Fault(at, len(data), frame)]
        budget -= frame.inflated
        frames.append(frame)
        at = frame.stop
    return frames, []


def _number(data: bytes, at: int) -> tuple[list[int], int]:
    """The bytes of a number of variable length, and where it stops; empty where it is cut or too long."""
    for stop in range(at, min(at + 10, len(data))):
        if data[stop] < 0x80:
            return [b & 0x7F for b in data[at : stop + 1]], stop + 1
    return [], at


def _little(digits: list[int]) -> int:
    return sum(d << (7 * i) for i, d in enumerate(digits))


def _frame(data: bytes, at: int, width: int, budget: int) -> _Frame | Why:
    """One object's place, or why it has none."""
    digits, body = _number(data, at)
    if not digits:
        return Why.TRUNCATED if at + 10 > len(data) else Why.SHAPE
    # The first byte holds the type in bits 4 to 6 and only four bits of the size.
    kind, size = digits[0] >> 4, (digits[0] & 15) + (_little(digits[1:]) << 4)
    base: int | bytes | None = None
    if kind == _OFFSET_DELTA:
        far, body = _number(data, body)
        if not far:
            return Why.TRUNCATED if body + 10 > len(data) else Why.SHAPE
        base = at - _distance(far)
    elif kind == _NAME_DELTA:
        base, body = data[body : body + width], body + width
    elif kind not in _KINDS:
        return Why.SHAPE
    # Not bounded by the size it claims: a lie must not hide the objects that follow.
    stream = gitobject.inflate(data, body, budget, keep=False)
    if stream.why is not None:
        return stream.why
    return _Frame(at, stream.stop, body, kind, size, stream.size, base)


def _distance(digits: list[int]) -> int:
    """How far back the base stands: big-endian, with one added at each continuation."""
    total = digits[0]
    for digit in digits[1:]:
        total = ((total + 1) << 7) + digit
    return total


def _resolved(data: bytes, frames: list[_Frame], width: int, budget: int) -> tuple[pa.Table, list[_Fault]]:
    """Every object that can be made whole from the pack alone, and the spans of those that cannot."""
    batches, rows, faults, done = [TABLE.empty()], [], [], set()
    for frame, found in _walk(data, frames, width, budget):
        done.add(frame.start)
        if isinstance(found, Why):
            faults.append(_Fault(frame.start, frame.stop, found))
            continue
        rows.append({**found, "start": frame.start, "stop": frame.stop})
        if len(rows) == _BATCH_ROWS:
            batches.append(_table(rows))
            rows = []
    faults += [_Fault(f.start, f.stop, Why.VALUE) for f in frames if f.start not in done]
    return pa.concat_tables([*batches, _table(rows)]), faults


def _table(rows: list[dict[str, object]]) -> pa.Table:
    return TABLE.build({name: [row.get(name) for row in rows] for name in TABLE.names})


def _walk(
    data: bytes, frames: list[_Frame], width: int, budget: int
) -> Iterator[tuple[_Frame, dict[str, object] | Why]]:
    """From each whole object down its deltas, depth first: a base lives only while a delta of it waits."""
    waiting: dict[int | bytes | None, list[_Frame]] = defaultdict(list)
    for frame in reversed(frames):
        waiting[frame.base].append(frame)
    todo = [(frame, b"", _KINDS[frame.type], 0) for frame in waiting.pop(None, [])]
    while todo:
        frame, base, kind, depth = todo.pop()
        content = _whole(data, frame, base, min(budget, gitobject.LARGEST_BYTES))
        if depth > DEEPEST_CHAIN:
            content = Why.VALUE
        if isinstance(content, Why):
            yield frame, content
            continue
        budget -= len(content)
        said = gitobject.described(kind, content, oid_bytes=width)
        yield frame, said
        # Where names are not computed, a base given by name is looked up by none.
        name = bytes.fromhex(str(said["oid"])) if said["oid"] else b""
        deltas = waiting.pop(name, []) + waiting.pop(frame.start, [])
        todo += [(delta, content, kind, depth + 1) for delta in deltas]


def _whole(data: bytes, frame: _Frame, base: bytes, most: int) -> bytes | Why:
    """The object's content, its delta applied."""
    if frame.inflated > most or frame.inflated != frame.size:
        return Why.COMPRESSION
    stream = gitobject.inflate(data, frame.body, frame.size)
    if frame.base is None:
        return stream.content
    _, at = _number(stream.content, 0)
    digits, _ = _number(stream.content, at)
    if _little(digits) > most:
        return Why.COMPRESSION
    try:
        return b"".join(apply_delta(base, stream.content))
    except ApplyDeltaError:
        return Why.VALUE
