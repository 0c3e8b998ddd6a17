"""A stretch of a pack, read in one pass: each object is framed, made whole and named before the next is looked at.

That takes half as long as to frame all objects of a pack first and to make those later that are files, and stretches can be read
by several processes. It is for packs in which nothing is wrong. Where there is anything else (damage, a base given by its name, a
claim that is not so, more than the bounds allow) the stretch is not plain, and the pack is read whole (`packrows`), which says of
each byte what is wrong with it. What a hostile stretch can ask for until then is bounded as there.
"""

import hashlib
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from forensics.core.gitobject import LARGEST_BYTES
from forensics.core.model import Why
from forensics.core.packcontent import DEEPEST_CHAIN, HELD_BYTES, TOGETHER, TOGETHER_BYTES
from forensics.core.packfile import FOLD, FREE_BYTES, KINDS, OFFSET_DELTA, applied, header

Fetch = Callable[[int, int], bytes]
"""The bytes of a file between two places, fewer at its end."""
Framed = tuple[int, int, bytes, int]
"""An object as it stands in a pack: kind, where its base begins (-1 for none), what its stream holds, and where that stops."""

BEGINS = 12
"""Where the first object of a pack does: behind its header."""
PAST_BYTES = 64
"""More bytes than stand before a stream, and than one takes beyond what it holds and an eighth of that."""
_EACH_BYTES = 200
_KIND, _DEPTH, _DEEPEST, _ORDINAL = 7, 3, 0x1FFF, 16
_WORDS = {kind: word.encode() for kind, word in KINDS.items()}


class Objects(NamedTuple):
    """Objects that follow one another, each made whole.

    `start`: where each begins. `base`: the number in the stretch of what it builds on, -1 where that is not in the stretch or there is
    none. `below`: what that holds, where there is one.
    """

    start: list[int]
    kind: list[int]
    name: list[bytes]
    content: list[bytes]
    base: list[int]
    below: list[bytes]


def framed(data: bytes, view: memoryview, at: int, first: int, most: int) -> Framed | None:
    """The object that begins at a place; None where that is not plain. It is asked for each object, so all of it is here.

    Args:
        data: some of a pack, and `PAST_BYTES` more.
        view: the same.
        at: where the object begins in it.
        first: where it begins in the pack.
        most: how much the stream may hold.
    """
    start, byte = at, data[at]
    at += 1
    kind, size, shift = (byte >> 4) & 7, byte & 15, 4
    while byte & 0x80 and at - start < PAST_BYTES // 4:
        byte = data[at]
        at += 1
        size |= (byte & 0x7F) << shift
        shift += 7
    base = -1
    if kind == OFFSET_DELTA:
        byte = data[at]
        at += 1
        back = byte & 0x7F
        while byte & 0x80 and at - start < PAST_BYTES // 2:
            byte = data[at]
            at += 1
            back = ((back + 1) << 7) + (byte & 0x7F)
        base = first + start - back
        if not BEGINS <= base < first + start:
            return None
    elif kind not in _WORDS:
        return None
    if size > most:
        return None
    machine, stop = zlib.decompressobj(), at + size + (size >> 3) + PAST_BYTES
    try:
        held = machine.decompress(view[at:stop], size + 1)
    except zlib.error:
        return None
    if not machine.eof or len(held) != size:
        return None
    return kind, base, held, min(stop, len(data)) - len(machine.unused_data)


class Chains:
    """What objects of a pack hold, each by where it begins: what was made is held for a while, else made again from what it builds on.

    `about`: of each object that was made its kind, the depth of its chain of deltas, and its number from 1, or 0 for none.
    """

    def __init__(self, fetch: Fetch, budget: int) -> None:
        """Take a pack's bytes, and how many bytes may be made again."""
        self.about: dict[int, int] = {}
        self._fetch, self._left = fetch, budget
        self.held: dict[int, bytes] = {}
        self._older: dict[int, bytes] = {}
        self._held_bytes = 0

    def content(self, place: int) -> bytes | None:
        """What the object holds that begins at a place; None where it is not plain, or as much was made again as may be."""
        found = self.held.get(place)
        if found is None:
            found = self._older.get(place)
            if found is None:
                return self._again(place)
            self.hold(place, found)
        return found

    def hold(self, place: int, content: bytes) -> None:
        """Keep what was made for the next that builds on it. What was not asked for, since as much again was made, is let go."""
        self.held[place] = content
        self.grown(len(content) + _EACH_BYTES)

    def grown(self, held_bytes: int) -> None:
        """Take note of how much more is held."""
        self._held_bytes += held_bytes
        if self._held_bytes > HELD_BYTES // 2:
            self._older, self.held, self._held_bytes = self.held, {}, 0

    def _again(self, place: int) -> bytes | None:
        chain: list[tuple[int, int, bytes]] = []
        at, content = place, b""
        while at >= 0 and (at not in self.held) and (at not in self._older):
            one = self._framed(at)
            if one is None or len(chain) > DEEPEST_CHAIN:
                return None
            kind, base, held, _ = one
            self._left -= len(held)
            chain.append((at, kind, held))
            at = base
        if at >= 0:
            content = self.content(at) or b""
        base = at
        for at, kind, held in reversed(chain):
            made: bytes | Why = held if base < 0 else applied(content, held, min(self._left, LARGEST_BYTES))
            if isinstance(made, Why):
                return None
            self._left -= len(made)
            if at not in self.about:
                known = 0 if base < 0 else self.about[base]
                deep = known and (known >> _DEPTH & _DEEPEST) + 1
                self.about[at] = deep << _DEPTH | (known & _KIND or kind)
            content, base = made, at
            self.hold(at, content)
        return content

    def _framed(self, at: int) -> Framed | None:
        few = self._fetch(at, at + PAST_BYTES)
        head = header(few, 0, 0)
        if isinstance(head, Why) or head[1] > min(self._left, LARGEST_BYTES):
            return None
        size = head[1]
        data = self._fetch(at, at + size + (size >> 3) + 2 * PAST_BYTES) + bytes(PAST_BYTES)
        return framed(data, memoryview(data), 0, at, size)


class Stretch:
    """The objects of a pack between two places: where one begins, and where another does or the last ends.

    `plain`: whether nothing was found that is not, as far as it was read. `outside`: where those objects begin, before the
    stretch, that some in it build on. That one begins there is not known here. `at`: how far it was read.
    """

    def __init__(self, fetch: Fetch, start: int, stop: int, width: int) -> None:
        """Take the place of a stretch; `fetch` gives the bytes of the pack, and names of its objects are `width` bytes long."""
        self.start, self.stop, self.at, self.plain = start, stop, start, True
        self.outside: set[int] = set()
        self._fetch = fetch
        self._hash = hashlib.sha256 if width == 32 else hashlib.sha1
        self._left = FREE_BYTES + FOLD * (stop - start)
        self._chains = Chains(fetch, self._left)
        self._count = 0

    def objects(self) -> Iterator[Objects]:
        """All of them, some at a time. Where something is not plain it ends."""
        data = self._fetch(self.start, self.stop) + bytes(PAST_BYTES)
        view, end, at = memoryview(data), self.stop - self.start, 0
        while at < end and self.plain:
            found, at = self._some(data, view, at, end)
            self.at = self.start + at
            yield found
        self.plain &= at == end

    def _some(self, data: bytes, view: memoryview, at: int, end: int) -> tuple[Objects, int]:
        """The next objects, and where the last of them ends. It is done for each object, so what is asked for is at hand."""
        found, held_bytes, chains = Objects([], [], [], [], [], []), 0, self._chains
        starts, kinds, names, contents, bases, belows = found
        first, about, held, name_of = self.start, chains.about, chains.held, self._hash
        left, most, number = self._left, min(self._left, LARGEST_BYTES), self._count
        while at < end and len(starts) < TOGETHER and held_bytes < TOGETHER_BYTES:
            one = framed(data, view, at, first, most)
            if one is None:
                self.plain = False
                break
            kind, base, content, stop = one
            below, deep, of = b"", 0, 0
            if base >= 0:
                base_content = held.get(base) or self._below(base)
                if base_content is None:
                    self.plain = False
                    break
                made = applied(base_content, content, most)
                known = about[base]
                kind, deep, of = known & _KIND, (known >> _DEPTH & _DEEPEST) + 1, known >> _ORDINAL
                if isinstance(made, Why) or deep > DEEPEST_CHAIN:
                    self.plain = False
                    break
                held_bytes += len(content)
                below, content = base_content, made
            number += 1
            about[first + at] = number << _ORDINAL | deep << _DEPTH | kind
            held[first + at] = content
            starts.append(first + at)
            kinds.append(kind)
            names.append(
                name_of(b"%s %d\0" % (_WORDS[kind], len(content)) + content, usedforsecurity=False).digest()
            )
            contents.append(content)
            bases.append(of - 1)
            belows.append(below)
            held_bytes += len(content)
            at = stop
        chains.grown(held_bytes + len(starts) * _EACH_BYTES)
        self._left, self._count = left - held_bytes, number
        self.plain &= self._left >= 0
        return found, at

    def _below(self, base: int) -> bytes | None:
        """What an object holds that another builds on; None where none begins there, or it is not plain."""
        if base < self.start:
            self.outside.add(base)
        elif base not in self._chains.about:
            return None
        return self._chains.content(base)
