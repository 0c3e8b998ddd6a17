"""The framing of a git pack: where each object stands, and what it holds once its delta is applied.

A pack can hold millions of objects, so what is known of each is a number in a few long arrays, never an
object of its own. What a hostile pack can ask for is bounded: the bytes that are inflated in all, the size of
one object, the depth of a chain of deltas, and what is held at a time.
"""

import zlib
from array import array
from bisect import bisect_left
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterator
from typing import NamedTuple

import numpy as np
from dulwich.errors import ApplyDeltaError
from dulwich.pack import apply_delta

from forensics.core import gitobject
from forensics.core.model import Why

DEEPEST_CHAIN = 4095
"""Git's own bound on a chain of deltas."""
FREE_BYTES, FOLD = 256 << 20, 200
"""A pack may inflate to so much, and so many times its size: histories reach a hundredfold, bombs a thousandfold."""
HELD_BYTES = 96 << 20
"""How much of what was resolved is kept for the next that asks, about."""

KINDS = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_OFFSET_DELTA, _NAME_DELTA = 6, 7
_LONGEST_NUMBER_BYTES = 10
_LONGEST_HEADER_BYTES = 64
_MOST_SIZE = 2**62
_AT_ONCE_BYTES = 1 << 20
_NO_BASE, _BASE_BY_NAME, _BASE_NOWHERE = -1, -2, -3
_EACH_BYTES = 200


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

    def at(self, offset: int) -> int | None:
        """Which object begins at an offset."""
        i = bisect_left(self.start, offset)
        return i if i < len(self.start) and self.start[i] == offset else None


def framed(data: bytes, at: int, count: int, width: int, budget: int) -> tuple[Frames, list[Fault], int]:
    """Find each object from the front. The first damage ends it: what follows cannot be found.

    Args:
        data: the file.
        at: where the first object begins.
        count: how many the pack says that it holds.
        width: bytes of an object's name.
        budget: how much may be inflated.

    Returns:
        The frames, the fault that ended them, and how much may still be inflated.
    """
    frames, view, end = Frames(), memoryview(data), len(data)
    for i in range(count):
        start = at
        usual = _usual(data, at) if at + _LONGEST_HEADER_BYTES < end else None
        head = usual or _header(data, at, width)
        if isinstance(head, Why):
            return frames, [Fault(start, end, head)], budget
        kind, size, base, body = head
        found = _stream(data, view, body, size, budget)
        if isinstance(found, Why):
            return frames, [Fault(start, end, found)], budget
        inflated, at = found
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
    return frames, [], budget


def _usual(data: bytes, at: int) -> tuple[int, int, int | bytes, int] | None:
    """The header of an object of less than 256 KiB, far from the end: `_header` without its checks. None for others."""
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
    if kind != _OFFSET_DELTA:
        return None
    at += 1
    more = data[at]
    back = more & 0x7F
    for _ in range(3):
        if not more & 0x80:
            return kind, size, start - back if back <= start else _BASE_NOWHERE, at + 1
        at += 1
        more = data[at]
        back = ((back + 1) << 7) + (more & 0x7F)
    return None


def _header(data: bytes, at: int, width: int) -> tuple[int, int, int | bytes, int] | Why:  # noqa: PLR0911 - each a way to end
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
    if kind == _OFFSET_DELTA:
        digits, stop = number(data, at)
        if not digits:
            return Why.TRUNCATED if at + _LONGEST_NUMBER_BYTES > end else Why.SHAPE
        base = start - _distance(digits)
        return kind, size, base if base >= 0 else _BASE_NOWHERE, stop
    if kind == _NAME_DELTA:
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


def _stream(data: bytes, view: memoryview, body: int, size: int, budget: int) -> tuple[int, int] | Why:
    """How much the stream inflates to and where it stops.

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
            return size, body + len(fed) - len(machine.unused_data)
    stream = gitobject.inflate(data, body, budget, keep=False)
    return stream.why if stream.why is not None else (stream.size, stream.stop)


class Pack:
    """The objects of a pack, made whole on the bases that the pack itself holds."""

    def __init__(self, data: bytes, frames: Frames, width: int, budget: int) -> None:
        self._data, self._view, self.frames, self._width = data, memoryview(data), frames, width
        self._budget = budget
        self._base = array("q", [_NO_BASE]) * len(frames)
        """Which object each delta builds on, as far as it was found."""
        self._held: OrderedDict[int, bytes] = OrderedDict()
        self._held_bytes = 0
        self.trees: dict[bytes, int] = {}
        """Which object has a tree's name."""

    def walk(self, kinds: Collection[str] = KINDS.values()) -> Iterator[tuple[int, str, bytes | Why]]:
        """Every object of some kinds that a base leads to, once: from each whole object down its deltas.

        Depth first: a base lives only while a delta of it waits. A consumer answers through `name`
        what an object is called before it asks for the next.
        """
        frames = self.frames
        order, first, stop = self._deltas()
        by_name: dict[bytes, list[int]] = defaultdict(list)
        for i, name in frames.named.items():
            by_name[name].append(i)
        for root in range(len(frames)):
            if frames.base[root] != _NO_BASE or KINDS[frames.kind[root]] not in kinds:
                continue
            todo = [(root, b"", 0)]
            kind = KINDS[frames.kind[root]]
            while todo:
                i, base, depth = todo.pop()
                content = Why.VALUE if depth > DEEPEST_CHAIN else self._made(i, base)
                self.name = b""
                yield i, kind, content
                if isinstance(content, Why):
                    continue
                if kind == "tree":
                    self._hold(i, content)
                deltas = order[first[i] : stop[i]].tolist() if first[i] < stop[i] else []
                for delta in [*by_name.pop(self.name, ()), *deltas] if by_name else deltas:
                    self._base[delta] = i
                    todo.append((delta, content, depth + 1))

    name: bytes = b""
    """What the object last walked to is called; empty where nobody computed it."""

    def _deltas(self) -> "tuple[np.ndarray[tuple[int], np.dtype[np.int64]], list[int], list[int]]":
        """The deltas of each object that give their base by offset: in `order`, those of i from first[i] to stop[i]."""
        offset = np.asarray(self.frames.base, np.int64)
        starts = np.asarray(self.frames.start, np.int64)
        at = np.searchsorted(starts, offset)
        known = (offset >= 0) & (at < len(starts))
        known[known] = starts[at[known]] == offset[known]
        whose = np.where(known, at, len(starts))
        order = np.argsort(whose, kind="stable")[::-1]  # the last is taken from a stack first
        ranks = whose[order][::-1]
        first = np.searchsorted(ranks, np.arange(len(starts)), "left")
        stop = np.searchsorted(ranks, np.arange(len(starts)), "right")
        count = len(order)
        return order, (count - stop).tolist(), (count - first).tolist()

    def why(self, i: int, absent: set[bytes]) -> Why:
        """Why an object was never walked to: what it builds on, at last, is not in the pack, or is no object."""
        while self.frames.base[i] >= 0:
            base = self.frames.at(self.frames.base[i])
            if base is None:
                return Why.VALUE
            i = base
        return Why.MISSING if self.frames.named.get(i) in absent else Why.VALUE

    def _made(self, i: int, base: bytes) -> bytes | Why:
        """An object's content, its delta applied."""
        frames, most = self.frames, min(self._budget, gitobject.LARGEST_BYTES)
        size = frames.size[i]
        if size > most or not frames.good[i]:
            return Why.COMPRESSION
        content = zlib.decompress(self._view[frames.body[i] : frames.stop[i]], bufsize=size or 1)
        if frames.base[i] != _NO_BASE:
            made = applied(base, content, most)
            if isinstance(made, Why):
                return made
            content = made
        self._budget -= len(content)
        return content

    def _hold(self, i: int, content: bytes) -> None:
        self._held[i] = content
        self._held_bytes += len(content) + _EACH_BYTES
        while self._held_bytes > HELD_BYTES:
            _, left = self._held.popitem(last=False)
            self._held_bytes -= len(left) + _EACH_BYTES

    def tree(self, name: bytes) -> bytes | None:
        """The content of a tree that was walked to, by its name."""
        i = self.trees.get(name)
        if i is None:
            return None
        chain = []
        while i not in self._held:
            chain.append(i)
            i = self._base[i]
            if i == _NO_BASE:
                break
        content: bytes | Why = self._held[i] if i != _NO_BASE else b""
        if i != _NO_BASE:
            self._held.move_to_end(i)
        for one in reversed(chain):
            if isinstance(content, Why):
                return None
            content = self._made(one, content)
            if not isinstance(content, Why):
                self._hold(one, content)
        return None if isinstance(content, Why) else content


def applied(base: bytes, delta: bytes, most: int) -> bytes | Why:
    """What a delta makes of its base, and never more than `most` bytes of it."""
    if _claimed(delta) > most:
        return Why.COMPRESSION
    try:
        return b"".join(apply_delta(base, delta))
    except ApplyDeltaError:
        return Why.VALUE


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
