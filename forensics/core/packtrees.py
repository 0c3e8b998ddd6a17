"""The trees of a pack as numbers: each different entry has one, and a tree is a run of them in one long array.

Two trees are then compared without a byte of either being looked at. What a hostile pack can have kept is bounded;
trees beyond the bounds are known by name only.
"""

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate, count, islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import gitobject

MOST_NUMBERS = 48_000_000
"""So many entries of trees are kept, as four bytes each."""
MOST_ENTRY_BYTES = 1 << 30
"""So much may the different entries take, about."""
UNREADABLE, NOT_KEPT = -1, -2

Numbers = npt.NDArray[np.int64]
_EACH_BYTES = 150
_SOME = 1 << 16
_TREE_MODES = (b"40000", b"040000")
_HEX = np.frombuffer(b"".join(b"%02x" % byte for byte in range(256)), np.uint8).reshape(256, 2)


class Entries(NamedTuple):
    """The different entries, by number: dictionary-encoded mode and name, name of the object, and which tree that is.

    `tree`: the number of the tree in the pack, -1 where the pack does not hold it. `is_tree`: by its mode.
    """

    mode: pa.DictionaryArray
    name: pa.DictionaryArray
    oid: npt.NDArray[np.uint8]
    is_tree: npt.NDArray[np.bool_]
    tree: Numbers


class Trees:
    """The trees of a pack, in the order in which they were added.

    `index`: which object of the pack each is. `count`: how many entries it has, or why these are not here.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._names = bytearray()
        self.index, self.count, self._at = array("q"), array("q"), array("q")
        self._size = array("q")
        self._ids = array("i")
        self._number: defaultdict[bytes, int] = defaultdict(count().__next__)
        self._entry_bytes = self._places = 0
        self._ends: list[array[int] | None] = []
        """Where the entries of a tree end, while trees are added; trees of one layout share it."""
        self._tree_at: dict[int, int] = {}

    def add(self, i: int, name: bytes, content: bytes, base: int = -1, below: bytes = b"") -> None:
        """Take a tree of the pack, and what it builds on: most often that differs in a few entries, and only those are read."""
        self._names += name
        tree = self._tree_at.get(base)
        size = self._alike(content, tree, below) if tree is not None and len(content) == len(below) else None
        self._tree_at[i] = len(self.index)
        self.index.append(i)
        self._size.append(len(content))
        self._at.append(len(self._ids) - (size or 0))
        self.count.append(self._kept(content) if size is None else size)

    def _alike(self, content: bytes, tree: int, below: bytes) -> int | None:
        """Keep a tree that has the entries of another at the same places, all but a few; None where that is not so."""
        ends, ids = self._ends[tree], self._ids
        count = self.count[tree]
        if (
            ends is None
            or len(ids) + count > MOST_NUMBERS
            or self._entry_bytes + len(content) > MOST_ENTRY_BYTES
        ):
            return None
        unlike = int.from_bytes(content, "little") ^ int.from_bytes(below, "little")
        if unlike:
            first = bisect_right(ends, (unlike & -unlike).bit_length() - 1 >> 3)
            last = bisect_right(ends, unlike.bit_length() - 1 >> 3)
            begin = ends[first - 1] if first else 0
            found = gitobject.listed(content[begin : ends[last]], self._width)
            if found is None or len(found) != last - first + 1:
                return None
            for entry, end in zip(found, ends[first : last + 1], strict=True):
                begin += len(entry)
                if begin != end:
                    return None
            at, number, before = len(ids), self._number, len(self._number)
            ids.extend(ids[self._at[tree] : self._at[tree] + count])
            for place, entry in enumerate(found, at + first):
                ids[place] = number[entry]
            if len(number) > before:
                self._entry_bytes += sum(map(len, found)) + len(found) * _EACH_BYTES
        else:
            ids.extend(ids[self._at[tree] : self._at[tree] + count])
        self._ends.append(ends)
        return count

    def _kept(self, content: bytes) -> int:
        found = gitobject.listed(content, self._width)
        if found is None:
            self._ends.append(None)
            return UNREADABLE
        if len(self._ids) + len(found) > MOST_NUMBERS or self._entry_bytes + len(content) > MOST_ENTRY_BYTES:
            self._ends.append(None)
            return NOT_KEPT
        number, before = self._number, len(self._number)
        self._ids.extend(map(number.__getitem__, found))
        fresh = len(number) - before
        if fresh:
            self._entry_bytes += sum(map(len, islice(reversed(number), fresh))) + fresh * _EACH_BYTES
        self._places += len(found) + _EACH_BYTES // 4
        self._ends.append(
            array("I", accumulate(map(len, found))) if self._places < MOST_NUMBERS // 3 else None
        )
        return len(found)

    @cached_property
    def entries(self) -> Entries:
        """The different entries, by number, in columns; no tree is added any more."""
        width, numbered = self._width, iter(self._number)
        modes, names = ([pa.array([], pa.binary())] for _ in range(2))
        oids = bytearray()
        while some := list(islice(numbered, _SOME)):
            heads = [entry[: -width - 1].partition(b" ") for entry in some]
            modes.append(pa.array([head[0] for head in heads], pa.binary()))
            names.append(pa.array([head[2] for head in heads], pa.binary()))
            oids += b"".join([entry[-width:] for entry in some])
        for left in (self._number, self._ends, self._tree_at):  # what follows takes a fifth of it
            left.clear()
        mode, name = (pa.concat_arrays(pieces).dictionary_encode() for pieces in (modes, names))
        oid = np.frombuffer(oids, np.uint8).reshape(-1, width)
        is_tree = pc.is_in(mode.dictionary, pa.array(_TREE_MODES, pa.binary())).take(mode.indices)
        return Entries(mode, name, oid, np.asarray(is_tree), self.find(oid))

    def find(self, oids: npt.NDArray[np.uint8]) -> Numbers:
        """Which tree has each name: the first that was added; -1 for none."""
        known, asked = (_fixed(np.asarray(names, np.uint8).reshape(-1), self._width) for names in (np.frombuffer(self._names, np.uint8), oids))  # fmt: skip
        return np.asarray(pc.index_in(asked, known).fill_null(-1), np.int64)

    @cached_property
    def _sorted(self) -> tuple[npt.NDArray[np.uint64], Numbers]:
        heads = (
            np.frombuffer(self._names, np.uint8).reshape(-1, self._width)[:, :8].copy().view(">u8").ravel()
        )
        order = np.argsort(heads, kind="stable")
        return heads[order].astype(np.uint64), order

    def one(self, name: bytes) -> int | None:
        """Which object of the pack is the tree of a name."""
        heads, order = self._sorted
        at = int(np.searchsorted(heads, np.uint64(int.from_bytes(name[:8]))))
        while at < len(heads) and int(heads[at]) == int.from_bytes(name[:8]):
            tree = int(order[at])
            if self._names[tree * self._width : (tree + 1) * self._width] == name:
                return int(self.index[tree])
            at += 1
        return None

    def ids(self, trees: Numbers) -> tuple[Numbers, Numbers]:
        """The numbers of the entries of some trees, one after another; and how many each has."""
        at, size = np.asarray(self._at, np.int64)[trees], np.asarray(self.count, np.int64)[trees]
        return np.asarray(self._ids, np.int32)[ranges(at, size)].astype(np.int64), size

    def chosen(self, heads: Sequence[bytes], most: int) -> npt.NDArray[np.bool_]:
        """Which trees are listed: first those that some trees lead to, then the rest in order, up to so many entries."""
        is_tree, tree_of = self.entries.is_tree, self.entries.tree
        seen, listed = np.zeros(len(self.index), bool), np.zeros(len(self.index), bool)
        flat = b"".join(reversed([head for head in heads if len(head) == self._width]))
        todo = [tree for tree in self.find(np.frombuffer(flat, np.uint8)).tolist() if tree >= 0]
        left = most
        while todo:
            tree = todo.pop()
            if seen[tree]:
                continue
            seen[tree] = True
            size = self.count[tree]
            if size < 0:
                continue
            if size <= left:
                listed[tree] = True
                left -= size + 1
            elif left <= 0:
                break
            own = self._ids[self._at[tree] : self._at[tree] + size]
            below = sorted({number for number in own if is_tree[number]}, key=self._spelled)
            todo += [int(tree_of[number]) for number in below if tree_of[number] >= 0]
        for tree in range(len(seen)):
            if left <= 0:
                break
            if not seen[tree] and 0 <= self.count[tree] <= left:
                listed[tree] = True
                left -= self.count[tree] + 1
        return listed

    def _spelled(self, number: int) -> tuple[bytes, bytes]:
        mode, name = self.entries.mode[number].as_py(), self.entries.name[number].as_py()
        return mode + b" " + name, self.entries.oid[number].tobytes()

    def listing(
        self, first: int, stop: int, listed: npt.NDArray[np.bool_], kind: pa.DataType
    ) -> tuple[Numbers, Numbers, pa.Array]:
        """The trees among some objects of the pack, in order: which objects, their sizes, and what those list that are listed."""
        index, order = self._by_object
        trees = order[np.searchsorted(index, first) : np.searchsorted(index, stop)]
        told = listed[trees]
        ids, sizes = self.ids(trees[told])
        lengths = np.zeros(len(trees) + 1, np.int64)
        lengths[1:][told] = sizes
        modes, names = (self._shown(column) for column in ("mode", "name"))
        own = pa.array(ids)
        columns = [modes.take(own), names.take(own), hexed(self.entries.oid[ids])]
        rows = pa.StructArray.from_arrays(columns, [field.name for field in kind.value_type])
        offsets = pa.array(np.cumsum(lengths), pa.int32())
        return (
            np.asarray(self.index, np.int64)[trees],
            np.asarray(self._size, np.int64)[trees],
            pa.ListArray.from_arrays(offsets, rows, mask=pa.array(~told)),
        )

    @cached_property
    def _by_object(self) -> tuple[Numbers, Numbers]:
        index = np.asarray(self.index, np.int64)
        order = np.argsort(index, kind="stable")
        return index[order], order

    def _shown(self, column: str) -> pa.DictionaryArray:
        coded: pa.DictionaryArray = getattr(self.entries, column)
        words = pa.array([gitobject.shown(word) for word in coded.dictionary.to_pylist()], pa.string())
        return pa.DictionaryArray.from_arrays(coded.indices, words)


def ranges(at: Numbers, size: Numbers) -> Numbers:
    """The numbers from each of `at` on, as many as `size` says, one run after another."""
    ends = np.cumsum(size)
    whole = int(ends[-1]) if len(ends) else 0
    return np.arange(whole) + np.repeat(at - ends + size, size)


def hexed(oids: npt.NDArray[np.uint8], known: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    """Names of objects in hexadecimal; null where one is not known."""
    width = 2 * oids.shape[1]
    rows = len(oids)
    text = _HEX[oids if known is None else oids[known]].reshape(-1)
    sizes = np.full(rows, width, np.int64) if known is None else np.where(known, width, 0)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)]).astype(np.int32)
    there = None if known is None else pa.array(known).buffers()[1]
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(text), there)


def _fixed(flat: npt.NDArray[np.uint8], width: int) -> pa.Array:
    kind = pa.binary(width)
    return pa.Array.from_buffers(kind, len(flat) // width, [None, pa.py_buffer(np.ascontiguousarray(flat))])
