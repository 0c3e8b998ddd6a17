"""The framing of a git pack: where each object stands, and on what it builds.

A pack can hold millions of objects, so what is known of each is a number in a few long arrays, never an
object of its own. What a hostile pack can ask for is bounded: the bytes that are inflated in all, and the size
of one object.
"""

import zlib
from array import array
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from forensics.core import gitobject
from forensics.core.model import Why

FREE_BYTES, FOLD = 256 << 20, 200
"""A pack may inflate to so much, and so many times its size: histories reach a hundredfold, bombs a thousandfold."""

KINDS = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
OFFSET_DELTA, NAME_DELTA = 6, 7
_LONGEST_NUMBER_BYTES = 10
_SMALL, _SMALL_BYTES = 4, 1 << 14
_LONGEST_HEADER_BYTES = 64
_MOST_SIZE = 2**62
_AT_ONCE_BYTES = 1 << 20
_NO_BASE, _BASE_BY_NAME, _BASE_NOWHERE = -1, -2, -3


class Fault(NamedTuple):
    """A stretch of a pack that cannot be read, and why."""

    start: int
    stop: int
    why: Why


class Frames:
    """Where the objects of a pack stand, in order, before any delta is resolved.

    `start`, `stop`, `body`: offsets of each object, and of its zlib stream. `kind`: as the pack says.
    `size`: what it claims to inflate to. `good`: whether it does. `base`: offset of what a delta builds on, or
    a negative number; `named`: the name of the base, where it is given by name.
    """

    def __init__(self) -> None:
        self.start, self.stop, self.body = array("q"), array("q"), array("q")
        self.size, self.base = array("q"), array("q")
        self.kind, self.good = bytearray(), bytearray()
        self.named: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self.start)


def framed(
    data: bytes,
    at: int,
    count: int,
    width: int,
    budget: int,
    *,
    frames: Frames | None = None,
    taken: Callable[[int, bytes | None], None] | None = None,
) -> tuple[Frames, list[Fault], int]:
    """Find each object from the front. The first damage ends it: what follows cannot be found.

    Args:
        data: the file.
        at: where the first object begins.
        count: how many the pack says that it holds.
        width: bytes of an object's name.
        budget: how much may be inflated.
        frames: what to put the frames into, where somebody looks at them meanwhile.
        taken: told of each object once it is framed, with what its stream holds where that is at hand.

    Returns:
        The frames, the fault that ended them, and how much may still be inflated.
    """
    frames, view, end = Frames() if frames is None else frames, memoryview(data), len(data)
    for i in range(count):
        start = at
        usual = _usual(data, at) if at + _LONGEST_HEADER_BYTES < end else None
        head = usual or header(data, at, width)
        if isinstance(head, Why):
            return frames, [Fault(start, end, head)], budget
        kind, size, base, body = head
        found = _stream(data, view, body, size, budget)
        if isinstance(found, Why):
            return frames, [Fault(start, end, found)], budget
        inflated, at, content = found
        budget -= inflated
        if isinstance(base, bytes):
            frames.named[i], base = base, _BASE_BY_NAME
        frames.start.append(start)
        frames.stop.append(at)
        frames.body.append(body)
        frames.size.append(min(_MOST_SIZE, size))
        frames.base.append(base)
        frames.kind.append(kind)
        frames.good.append(inflated == size)
        if taken is not None:
            taken(i, content)
    return frames, [], budget


def _usual(data: bytes, at: int) -> tuple[int, int, int | bytes, int] | None:
    """The header of an object of less than 256 KiB, far from the end: `header` without its checks. None for others."""
    start, byte = at, data[at]
    size = byte & 15
    if byte & 0x80:
        at += 1
        more = data[at]
        size |= (more & 0x7F) << 4
        if more & 0x80:
            at += 1
            more = data[at]
            if more & 0x80:
                return None
            size |= more << 11
    kind = (byte >> 4) & 7
    if 0 < kind < 5:
        return kind, size, _NO_BASE, at + 1
    if kind != OFFSET_DELTA:
        return None
    at += 1
    more = data[at]
    back = more & 0x7F
    for _ in range(3):
        if not more & 0x80:
            return kind, size, start - back if 0 < back <= start else _BASE_NOWHERE, at + 1
        at += 1
        more = data[at]
        back = ((back + 1) << 7) + (more & 0x7F)
    return None


def header(data: bytes, at: int, width: int) -> tuple[int, int, int | bytes, int] | Why:  # noqa: PLR0911 - each a way to end
    """Kind, size, base, and where the stream begins; or why it has none."""
    start, end = at, len(data)
    if at >= end:
        return Why.TRUNCATED
    byte = data[at]
    at += 1
    kind, size, shift = (byte >> 4) & 7, byte & 15, 4
    while byte & 0x80:
        if at >= end or at - start >= _LONGEST_NUMBER_BYTES:
            return Why.TRUNCATED if at >= end else Why.SHAPE
        byte = data[at]
        at += 1
        size |= (byte & 0x7F) << shift
        shift += 7
    if kind in KINDS:
        return kind, size, _NO_BASE, at
    if kind == OFFSET_DELTA:
        digits, stop = number(data, at)
        if not digits:
            return Why.TRUNCATED if at + _LONGEST_NUMBER_BYTES > end else Why.SHAPE
        base = start - _distance(digits)
        return kind, size, base if 0 <= base < start else _BASE_NOWHERE, stop
    if kind == NAME_DELTA:
        return kind, size, data[at : at + width], at + width
    return Why.SHAPE


def number(data: bytes, at: int) -> tuple[list[int], int]:
    """The bytes of a number of variable length, and where it stops; empty where it is cut or too long."""
    for stop in range(at, min(at + _LONGEST_NUMBER_BYTES, len(data))):
        if data[stop] < 0x80:
            return [b & 0x7F for b in data[at : stop + 1]], stop + 1
    return [], at


def _distance(digits: list[int]) -> int:
    """How far back the base stands: big-endian, with one added at each continuation."""
    total = digits[0]
    for digit in digits[1:]:
        total = ((total + 1) << 7) + digit
    return total


def _stream(
    data: bytes, view: memoryview, body: int, size: int, budget: int
) -> tuple[int, int, bytes | None] | Why:
    """How much the stream inflates to and where it stops; and what it holds, where that is little.

    It is not bounded by the size that the object claims: a lie must not hide the objects that follow.
    """
    if size <= min(_AT_ONCE_BYTES, budget):
        machine = zlib.decompressobj()
        fed = view[body : body + size + (size >> 3) + 64]
        try:
            found = machine.decompress(fed, size + 1)
        except zlib.error:
            return Why.COMPRESSION
        if machine.eof and len(found) == size:
            return size, body + len(fed) - len(machine.unused_data), found
    stream = gitobject.inflate(data, body, budget, keep=False)
    return stream.why if stream.why is not None else (stream.size, stream.stop, None)


def applied(base: bytes, delta: bytes, most: int) -> bytes | Why:
    """What a delta makes of its base, and never more than `most` bytes of it."""
    # Two numbers of at most two bytes each are most deltas, and claim less than any bound.
    small = len(delta) > _SMALL and most >= _SMALL_BYTES and (delta[0] < 0x80 or delta[1] < 0x80)
    if small:
        at = 1 if delta[0] < 0x80 else 2
        small = delta[at] < 0x80 or delta[at + 1] < 0x80
    if not small and _claimed(delta) > most:
        return Why.COMPRESSION
    apply_delta, failure = _library()
    try:
        return b"".join(apply_delta(base, delta))
    except failure:
        return Why.VALUE


@cache
def _library() -> tuple[Callable[[bytes, bytes], list[bytes]], type[Exception]]:
    """What applies a delta, and fails so. Loaded with the first one: to say that a file is no pack needs none of it."""
    from dulwich.errors import ApplyDeltaError  # noqa: PLC0415 - as said
    from dulwich.pack import apply_delta  # noqa: PLC0415 - the same

    return apply_delta, ApplyDeltaError


def _claimed(delta: bytes) -> int:
    """How much a delta says that it makes; nothing where it is too short to say so, which no delta is applied from."""
    at, end = 0, min(len(delta), 2 * _LONGEST_NUMBER_BYTES)
    while at < end and delta[at] & 0x80:
        at += 1
    size = shift = 0
    for byte in delta[at + 1 : end]:
        size |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return size
        shift += 7
    return size
