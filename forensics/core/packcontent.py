"""The objects of a pack made whole: each delta applied to the base that the pack itself holds.

A base that is given by distance stands before what builds on it, so one pass from the front makes an object
when it is framed. What was made is held for the next that builds on it, as far as memory is given, and made
again where it was not held. What a hostile pack can ask for is bounded: the bytes made in all, the bytes made
again, the size of one object, and the depth of a chain of deltas.
"""

import hashlib
import zlib
from array import array
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from forensics.core import gitobject
from forensics.core.model import Why
from forensics.core.packfile import KINDS, NAME_DELTA, OFFSET_DELTA, Fault, Frames, applied, framed

DEEPEST_CHAIN = 4095
"""Git's own bound on a chain of deltas."""
HELD_BYTES = 64 << 20
"""How much of what was made is kept for the next that asks, about."""

NO_BASE, UNKNOWN = -1, -2
COMMIT, TREE, BLOB, TAG = 1, 2, 3, 4
_EACH_BYTES = 200
TOGETHER, TOGETHER_BYTES = 256, 1 << 20
"""So many objects are framed before what they hold is looked at: what one step needs stays in the processor's memory."""
_SMALL_BYTES = 1 << 14
_WORDS = {kind: word.encode() for kind, word in KINDS.items()}
_READ_LATER = frozenset({BLOB, TAG})


class Laid(NamedTuple):
    """Where the objects of a pack are: the file, where the first of them begins, how many it claims, how long names are."""

    data: bytes
    begin: int
    objects: int
    width: int


class Pack:
    """The objects of a pack, by number.

    `kind`: what each is, 0 where that is not known. `base`: the object that it builds on, or a negative number.
    `names`: as many bytes for each as a name has; zeros where nobody computed it. `why`: what could not be made
    whole, and why.
    """

    def __init__(
        self, laid: Laid, budget: int, seen: Callable[[int, int, bytes, bytes, int, bytes], None]
    ) -> None:
        """Take the place of a pack.

        Args:
            laid: where its objects are.
            budget: how much may be inflated, be made, and be made again.
            seen: told of each commit and tree, once it is made: number, kind, name, content, and the number and content
                of what it builds on.
        """
        self._data, self._view, self.width = laid.data, memoryview(laid.data), laid.width
        self._at, self._count = laid.begin, laid.objects
        self._budget = self._left = self._again = self._named_left = budget
        self._seen = seen
        self.frames = Frames()
        self.kind, self.names = bytearray(), bytearray()
        self.base, self._depth = array("i"), array("H")
        self.why: dict[int, Why] = {}
        self._waits: dict[int, list[int]] = defaultdict(list)
        """What builds by distance on an object that is not known yet, by that."""
        self._wanted: dict[bytes, list[int]] = defaultdict(list)
        """What builds on an object by its name."""
        self._held: OrderedDict[int, bytes] = OrderedDict()
        self._held_bytes = 0
        self._framed: list[tuple[int, bytes | None]] = []
        self._framed_bytes = 0
        self._children = array("i")
        self._hash = hashlib.sha256 if laid.width == 32 else hashlib.sha1

    def read(self) -> list[Fault]:
        """Frame all objects, and make commits and trees; the damage that ended it, if there was any."""
        laid = (self._data, self._at, self._count, self.width, self._budget)
        _, faults, _ = framed(*laid, frames=self.frames, taken=self._queue)
        self._settle()
        if self._wanted:
            self._find()
        self._held.clear()
        self._held_bytes = 0
        counted = np.bincount(
            np.maximum(np.asarray(self.base, np.int64), -1) + 1, minlength=len(self.kind) + 1
        )
        self._children = array("i", counted[1:].astype(np.int32).tobytes())
        return faults

    def _queue(self, i: int, content: bytes | None) -> None:
        """Take an object that is framed, with others."""
        self._framed.append((i, content))
        self._framed_bytes += len(content or b"")
        if len(self._framed) >= TOGETHER or self._framed_bytes >= TOGETHER_BYTES:
            self._settle()

    def _settle(self) -> None:
        """Take those that are framed, in order."""
        if not self._framed:
            return
        first, count = self._framed[0][0], len(self._framed)
        self.names += bytes(self.width * count)
        for (i, content), base in zip(self._framed, self._bases(first, first + count), strict=True):
            self._take(i, content, base)
        self._framed.clear()
        self._framed_bytes = 0

    def _bases(self, first: int, stop: int) -> list[int]:
        """The object that each of some builds on by distance; -1 for none."""
        starts = np.frombuffer(self.frames.start, np.int64)
        wanted = np.frombuffer(self.frames.base[first:stop], np.int64)
        at = np.minimum(np.searchsorted(starts, wanted), len(starts) - 1)
        found: list[int] = np.where(starts[at] == wanted, at, NO_BASE).tolist()
        return found

    def _take(self, i: int, content: bytes | None, found: int) -> None:
        """Know what an object is, once it is framed; make it whole where it is a commit or a tree."""
        kind, base, depth = self.frames.kind[i], NO_BASE, 0
        if kind == OFFSET_DELTA:
            if found < 0 or found in self.why:
                kind, base = 0, UNKNOWN
                self.why[i] = Why.VALUE
            else:
                kind, base, depth = self.kind[found], found, self._depth[found] + 1
                if not kind:
                    self._waits[found].append(i)
        elif kind == NAME_DELTA:
            self._wanted[self.frames.named[i]].append(i)
            kind, base = 0, UNKNOWN
        self.kind.append(kind)
        self.base.append(base)
        self._depth.append(min(depth, DEEPEST_CHAIN + 1))
        if COMMIT <= kind <= TREE:
            self._see(i, kind, content)

    def _see(self, i: int, kind: int, content: bytes | None) -> bytes | None:
        base = self.base[i]
        below = self.content(base) if base >= 0 and base not in self.why else None
        made = self.make(i, content, below)
        if made is None:
            return None
        self._hold(i, made)
        name = self.name(i, kind, made)
        self._seen(i, kind, name, made, base, below or b"")
        return name

    def name(self, i: int, kind: int, content: bytes) -> bytes:
        """Compute an object's name, and keep it."""
        head = b"%s %d\0" % (_WORDS[kind], len(content))
        if len(content) <= _SMALL_BYTES:
            name = self._hash(head + content, usedforsecurity=False).digest()
        else:
            digest = self._hash(head, usedforsecurity=False)
            digest.update(content)
            name = digest.digest()
        self.names[i * self.width : (i + 1) * self.width] = name
        return name

    def _find(self) -> None:
        """Find the bases that are given by name, from each object that is known to what builds on it, and so on."""
        known = [i for i in range(len(self.kind)) if self.kind[i]]
        for i in known:
            kind = self.kind[i]
            name: bytes | None = bytes(self.names[i * self.width : (i + 1) * self.width])
            if kind in _READ_LATER:
                name = self._named(i, kind)
            todo = [(child, i) for child in self._wanted.pop(name or b"", ())]
            while todo:
                child, base = todo.pop()
                self.kind[child], self.base[child] = self.kind[base], base
                self._depth[child] = min(self._depth[base] + 1, DEEPEST_CHAIN + 1)
                later = self.kind[child] in _READ_LATER
                own = self._named(child, kind) if later else self._see(child, kind, None)
                if own is not None:
                    todo += [(next_, child) for next_ in self._waits.pop(child, ())]
                    todo += [(next_, child) for next_ in self._wanted.pop(own, ())]
        todo_missing = [child for children in self._wanted.values() for child in children]
        while todo_missing:
            child = todo_missing.pop()
            self.why[child] = Why.MISSING
            todo_missing += self._waits.pop(child, ())
        for children in self._waits.values():
            for child in children:
                self._lose(child)

    def _lose(self, i: int) -> None:
        """Say of all that builds on what could not be made that it cannot be made either."""
        todo = [i]
        while todo:
            one = todo.pop()
            self.kind[one] = 0
            self.why.setdefault(one, Why.VALUE)
            todo += self._waits.pop(one, ())

    def _named(self, i: int, kind: int) -> bytes | None:
        """The name of a blob or a tag, made for that alone; it is made again when it is read."""
        self._left, self._named_left = self._named_left, self._left
        content = self.make(i, None)
        self._left, self._named_left = self._named_left, self._left
        if content is None:
            return None
        self._hold(i, content)
        return self.name(i, kind, content)

    def make(self, i: int, content: bytes | None, below: bytes | None = None) -> bytes | None:
        """An object's content; None where it cannot be made, and `why` says why.

        Args:
            i: which, not made before.
            content: what its stream holds, where that is known.
            below: what its base is, where that is known.
        """
        frames, base = self.frames, self.base[i]
        most = min(gitobject.LARGEST_BYTES, self._left)
        made: bytes | Why
        if self._depth[i] > DEEPEST_CHAIN or base in self.why:
            made = Why.VALUE
        elif frames.size[i] > most or not frames.good[i]:
            made = Why.COMPRESSION
        else:
            made = self._inflated(i) if content is None else content
            if base >= 0:
                below = self.content(base) if below is None else below
                made = Why.COMPRESSION if below is None else applied(below, made, most)
        if isinstance(made, Why):
            self.why[i], self.kind[i] = made, 0
            return None
        self._left -= len(made)
        return made

    def _inflated(self, i: int) -> bytes:
        frames = self.frames
        return zlib.decompress(self._view[frames.body[i] : frames.stop[i]], bufsize=frames.size[i] or 1)

    def content(self, i: int) -> bytes | None:
        """The content of an object that was made before; None where as much was made again as may be."""
        found = self._held.get(i)
        if found is not None:
            self._held.move_to_end(i)
            return found
        chain = []
        while i not in self._held:
            chain.append(i)
            i = self.base[i]
            if i < 0:
                break
        content = self._held[i] if i >= 0 else b""
        for one in reversed(chain):
            made: bytes | Why = self._inflated(one)
            if self.base[one] >= 0:
                made = applied(content, made, min(self._again, gitobject.LARGEST_BYTES))  # type: ignore[arg-type]
            if isinstance(made, Why):
                return None
            self._again -= len(made)
            if self._again < 0:
                return None
            content = made
            self._hold(one, content)
        return content

    def blob(self, i: int) -> bytes | None:
        """Make a blob or a tag, objects being asked for in order; what nothing more builds on is let go."""
        content = self.make(i, None)
        base = self.base[i]
        if base >= 0:
            self._children[base] -= 1
            if not self._children[base]:
                self._drop(base)
        if content is not None and self._children[i]:
            self._hold(i, content)
        return content

    def _hold(self, i: int, content: bytes) -> None:
        if i in self._held:
            return
        self._held[i] = content
        self._held_bytes += len(content) + _EACH_BYTES
        while self._held_bytes > HELD_BYTES:
            _, left = self._held.popitem(last=False)
            self._held_bytes -= len(left) + _EACH_BYTES

    def _drop(self, i: int) -> None:
        left = self._held.pop(i, None)
        if left is not None:
            self._held_bytes -= len(left) + _EACH_BYTES
