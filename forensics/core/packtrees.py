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
_FEW = 8
"""One name in so many of those that are known is looked for in order, and not by making a table of all."""
TREE_MODES = (b"40000", b"040000")
_HEX = np.frombuffer(b"".join(b"%02x" % byte for byte in range(256)), np.uint8).reshape(256, 2)


class Made(NamedTuple):
    """A tree that was made: which object of the pack, its name, its content, and the object that it builds on, with its content.

    `base` is a negative number where it builds on none that is known.
    """

    i: int
    name: bytes
    content: bytes
    base: int
    below: bytes


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
        """Where the entries of a tree end, of those that others build on, while trees are added; trees of one layout share it."""
        self._tree_at: dict[int, int] = {}

    def extend(self, made: Sequence[Made]) -> None:
        """Take some trees of the pack. Most that build on another differ from it in a few entries, and only those are read."""
        plain: list[tuple[int, bytes]] = []
        alike: list[tuple[int, int, Made]] = []
        first = len(self.index)
        for tree, one in enumerate(made, first):
            base = self._tree_at.get(one.base)
            if base is None or len(one.content) != len(one.below):
                plain.append((tree, one.content))
            else:
                alike.append((tree, base, one))
            self._tree_at[one.i] = tree
        self._names += b"".join([one.name for one in made])
        self.index.extend([one.i for one in made])
        self._size.extend([len(one.content) for one in made])
        for column in (self._at, self.count):
            column.extend([0] * len(made))
        self._ends += [None] * len(made)
        if not self._together(plain):
            for tree, content in plain:
                self._keep(tree, content)
        for tree, base, one in alike:
            if not self._alike(tree, base, one.content, one.below):
                self._keep(tree, one.content)

    def fill(
        self,
        index: "array[int]",
        size: "array[int]",
        count: "array[int]",
        at: "array[int]",
        ids: "array[int]",
        names: bytes,
    ) -> None:
        """Take columns that are there already, in place of adding trees; `entries` has to be given then."""
        self.index, self._size, self.count, self._at, self._ids = index, size, count, at, ids
        self._names = bytearray(names)

    def _fits(self, entries: int, held_bytes: int) -> bool:
        return len(self._ids) + entries <= MOST_NUMBERS and self._entry_bytes + held_bytes <= MOST_ENTRY_BYTES

    def _together(self, trees: Sequence[tuple[int, bytes]]) -> bool:
        """Keep trees whose entries are read as if they were one; where that is not surely the same, nothing is done."""
        joined = b"".join([content for _, content in trees])
        if not self._fits(len(joined), len(joined)):
            return False
        found = gitobject.listed(joined, self._width)
        if found is None:
            return False
        ends = list(accumulate(map(len, found), initial=0))
        stops = list(accumulate([len(content) for _, content in trees]))
        edges = np.searchsorted(ends, stops)
        # An entry that reaches from one tree into the next is none of either.
        if not np.array_equal(np.asarray(ends)[edges], stops):
            return False
        at, first = len(self._ids), 0
        self._number_all(found)
        for (tree, _), edge in zip(trees, edges.tolist(), strict=True):
            self._at[tree], self.count[tree] = at + first, edge - first
            first = edge
        return True

    def _number_all(self, entries: Sequence[bytes]) -> None:
        """Keep the numbers of entries, new ones where these are new."""
        number, before = self._number, len(self._number)
        self._ids.extend(map(number.__getitem__, entries))
        fresh = len(number) - before
        if fresh:
            self._entry_bytes += sum(map(len, islice(reversed(number), fresh))) + fresh * _EACH_BYTES

    def _keep(self, tree: int, content: bytes) -> None:
        """Keep the entries of one tree, or why they are not kept."""
        self._at[tree] = len(self._ids)
        found = gitobject.listed(content, self._width)
        if found is None:
            self.count[tree] = UNREADABLE
        elif not self._fits(len(found), len(content)):
            self.count[tree] = NOT_KEPT
        else:
            self.count[tree] = len(found)
            self._number_all(found)

    def _alike(self, tree: int, base: int, content: bytes, below: bytes) -> bool:
        """Keep a tree that has the entries of another at the same places, all but a few; false where that is not so."""
        size, ids = self.count[base], self._ids
        ends = self._ends[base] or self._laid_out(base, below)
        if ends is None or not self._fits(size, len(content)):
            return False
        at, own = len(ids), self._at[base]
        unlike = int.from_bytes(content, "little") ^ int.from_bytes(below, "little")
        if unlike:
            low, high = (unlike & -unlike).bit_length() - 1 >> 3, unlike.bit_length() - 1 >> 3
            first = bisect_right(ends, low)
            end = ends[first]
            if high < end and low >= end - self._width:
                # The name of one object: all else of that entry is the same, and so is where it ends.
                changed = [content[ends[first - 1] if first else 0 : end]]
            elif (several := self._changed(content, ends, first, bisect_right(ends, high))) is None:
                return False
            else:
                changed = several
            number, before = self._number, len(self._number)
            ids += ids[own : own + size]
            for place, entry in enumerate(changed, at + first):
                ids[place] = number[entry]
            if len(number) > before:
                self._entry_bytes += sum(map(len, changed)) + len(changed) * _EACH_BYTES
        else:
            ids += ids[own : own + size]
        self._at[tree], self.count[tree], self._ends[tree] = at, size, ends
        return True

    def _laid_out(self, tree: int, content: bytes) -> "array[int] | None":
        """Where the entries of a tree end; None where it has none, or too much is known of others."""
        size = self.count[tree]
        if size <= 0 or self._places + size > MOST_NUMBERS // 3:
            return None
        found = gitobject.listed(content, self._width)
        if found is None or len(found) != size:
            return None
        self._places += size + _EACH_BYTES // 4
        self._ends[tree] = ends = array("I", accumulate(map(len, found)))
        return ends

    def _changed(self, content: bytes, ends: "array[int]", first: int, last: int) -> list[bytes] | None:
        """The entries from one place to another, if they end where those of another tree do."""
        begin = ends[first - 1] if first else 0
        found = gitobject.listed(content[begin : ends[last]], self._width)
        if found is None or len(found) != last - first + 1:
            return None
        for entry, end in zip(found, ends[first : last + 1], strict=True):
            begin += len(entry)
            if begin != end:
                return None
        return found

    @cached_property
    def entries(self) -> Entries:
        """The different entries, by number, in columns; no tree is added any more."""
        mode, name, oid = self._columns()
        is_tree = pc.is_in(mode.dictionary, pa.array(TREE_MODES, pa.binary())).take(mode.indices)
        return Entries(mode, name, oid, np.asarray(is_tree), self.find(oid))

    def columns(self) -> tuple[pa.Table, pa.Table, pa.Table]:
        """All that is known, for `joined`: the trees, the numbers of their entries, and the different entries by number."""
        mode, name, oid = self._columns()
        trees = {
            "index": pa.array(np.asarray(self.index, np.int64)),
            "size": pa.array(np.asarray(self._size, np.int64)),
            "count": pa.array(np.asarray(self.count, np.int64)),
            "at": pa.array(np.asarray(self._at, np.int64)),
            "name": _fixed(np.frombuffer(self._names, np.uint8), self._width),
        }
        entries = {"mode": mode, "name": name, "oid": _fixed(oid.reshape(-1), self._width)}
        return pa.table(trees), pa.table({"id": pa.array(np.asarray(self._ids, np.int32))}), pa.table(entries)

    def _columns(self) -> tuple[pa.DictionaryArray, pa.DictionaryArray, npt.NDArray[np.uint8]]:
        """Mode, name and object of each different entry; no tree is added any more."""
        width, numbered = self._width, iter(self._number)
        heads, oids = [pa.array([], pa.binary())], bytearray()
        while some := list(islice(numbered, _SOME)):
            heads.append(pa.array([entry[: -width - 1] for entry in some], pa.binary()))
            oids += b"".join([entry[-width:] for entry in some])
        for left in (self._number, self._ends, self._tree_at):  # what follows takes a fifth of it
            left.clear()
        coded = pa.concat_arrays(heads).dictionary_encode()
        parts = [head.partition(b" ") for head in coded.dictionary.to_pylist()]
        mode, name = (_parted([part[n] for part in parts], coded.indices) for n in (0, 2))
        return mode, name, np.frombuffer(oids, np.uint8).reshape(-1, width)

    def find(self, oids: npt.NDArray[np.uint8]) -> Numbers:
        """Which tree has each name: the first that was added; -1 for none."""
        asked = np.asarray(oids, np.uint8).reshape(-1, self._width)
        if len(asked) < len(self.index) // _FEW:
            return self._found(asked)
        known = _fixed(np.frombuffer(self._names, np.uint8), self._width)
        return np.asarray(pc.index_in(_fixed(asked.reshape(-1), self._width), known).fill_null(-1), np.int64)

    def _found(self, asked: npt.NDArray[np.uint8]) -> Numbers:
        """The same for few names beside all that are known, of which there is one at least."""
        heads, order = self._sorted
        own = _heads(asked)
        at = np.minimum(np.searchsorted(heads, own), len(heads) - 1)
        found = np.where(heads[at] == own, order[at], -1)
        names = np.frombuffer(self._names, np.uint8).reshape(-1, self._width)
        for i in np.flatnonzero((found >= 0) & (names[found] != asked).any(axis=1)).tolist():
            tree = self._tree(asked[i].tobytes())
            found[i] = -1 if tree is None else tree
        return found

    @cached_property
    def _sorted(self) -> tuple[npt.NDArray[np.uint64], Numbers]:
        heads = _heads(np.frombuffer(self._names, np.uint8).reshape(-1, self._width))
        order = np.argsort(heads, kind="stable")
        return heads[order], order

    def one(self, name: bytes) -> int | None:
        """Which object of the pack is the tree of a name."""
        tree = self._tree(name)
        return None if tree is None else int(self.index[tree])

    def _tree(self, name: bytes) -> int | None:
        """The tree of a name: the first that was added."""
        heads, order = self._sorted
        head = int.from_bytes(name[:8])
        at = int(np.searchsorted(heads, np.uint64(head)))
        while at < len(heads) and int(heads[at]) == head:
            tree = int(order[at])
            if self._names[tree * self._width : (tree + 1) * self._width] == name:
                return tree
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


def _parted(values: Sequence[bytes], codes: pa.Array) -> pa.DictionaryArray:
    """The value of each code, as a dictionary of those that are different."""
    different = pa.array(values, pa.binary()).dictionary_encode()
    return pa.DictionaryArray.from_arrays(different.indices.take(codes), different.dictionary)


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


def _heads(names: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """The first eight bytes of each name, as a number."""
    return names[:, :8].copy().view(">u8").ravel().astype(np.uint64)


def _fixed(flat: npt.NDArray[np.uint8], width: int) -> pa.Array:
    kind = pa.binary(width)
    return pa.Array.from_buffers(kind, len(flat) // width, [None, pa.py_buffer(np.ascontiguousarray(flat))])
