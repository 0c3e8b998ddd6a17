"""The stretches of a pack put together: what its commits changed, and what its trees list, told from what each stretch left.

Each stretch numbered the different entries of its own trees. Here they get one number each, and then all is as if one process had
read the whole pack (`packtrees`, `packchanges`).
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.gitcolumns import CHANGES, ENTRIES
from forensics.core.packchanges import Differences, asked
from forensics.core.packpieces import Links
from forensics.core.packrows import BATCH_ROWS, MOST_ENTRIES, heads_of, uncollected
from forensics.core.packtrees import MOST_NUMBERS, NOT_KEPT, TREE_MODES, Entries, Numbers, Trees

MOST_DIFFERENT = 5_600_000
"""A pack whose stretches number more entries is read whole, where fewer are kept."""


class Told(NamedTuple):
    """What is told of a stretch, in order of place: of its commits `changes` and `lacking`, of its trees `entries`."""

    commits: pa.Table
    trees: pa.Table


class Joined:
    """The stretches of a pack. `plain`: whether they fit together; only then is there anything to tell."""

    def __init__(
        self, links: Sequence[Links], objects: int, width: int, content: Callable[[int], bytes | None]
    ) -> None:
        """Put stretches together.

        Args:
            links: what each left, in order.
            objects: how many objects the pack says that it holds.
            width: bytes of an object's name.
            content: what the object holds that begins at a place.
        """
        self._links, self._content = links, content
        self._starts = np.concatenate([_numbers(one.objects, "start") for one in links])
        self._first = [0, *accumulate(len(one.objects) for one in links)]
        outside = np.concatenate([_numbers(one.outside, "start") for one in links])
        self.plain = bool(
            len(self._starts) == objects > 0
            and self._begin(outside)
            and sum(len(one.entries) for one in links) <= MOST_DIFFERENT
        )
        if self.plain:
            with uncollected():
                self._trees = _trees(links, self._first, width)
                self._join(width)

    def _begin(self, places: Numbers) -> bool:
        """Whether an object begins at each place; those of the pack are in order."""
        at = np.searchsorted(self._starts, places)
        return bool((self._starts[np.minimum(at, len(self._starts) - 1)] == places).all())

    def _join(self, width: int) -> None:
        self._own = [
            list(zip(one.commits["tree"].to_pylist(), one.commits["parent"].to_pylist(), strict=True))
            for one in self._links
        ]
        names = (name for one in self._links for name in one.commits["name"].to_pylist())
        every = [link for own in self._own for link in own]
        self._tree_of = {name: tree for name, (tree, _) in zip(names, every, strict=True)}
        heads = heads_of(self._tree_of, {parent for _, parent in every})
        self._chosen = self._trees.chosen(heads, MOST_ENTRIES)
        self._differences = Differences(self._trees, width, self._tree)

    def _tree(self, name: bytes) -> bytes | None:
        """The content of a tree, for what is not plainly told."""
        i = self._trees.one(name)
        return None if i is None else self._content(int(self._starts[i]))

    def told(self, stretch: int) -> Told:
        """What is told of a stretch; they are asked for in order."""
        changes, lacking = [pa.array([], CHANGES)], [pa.array([], pa.list_(pa.string()))]
        own = self._own[stretch]
        with uncollected():
            for at in range(0, len(own), BATCH_ROWS):
                some = self._differences.told(asked(own[at : at + BATCH_ROWS], self._tree_of))
                changes.append(some[0].cast(CHANGES))
                lacking.append(some[1])
            first, stop = self._first[stretch], self._first[stretch + 1]
            _, _, entries = self._trees.listing(first, stop, self._chosen, ENTRIES)
        commits = [pa.concat_arrays(changes), pa.concat_arrays(lacking)]
        return Told(
            pa.Table.from_arrays(commits, ["changes", "lacking"]),
            pa.Table.from_arrays([entries.cast(ENTRIES)], ["entries"]),
        )


def completed(pieces: Iterable[pa.Table], told: Told) -> Iterator[pa.Table]:
    """Rows of a stretch, piece by piece, with what is told of it."""
    commits, trees = 0, 0
    for piece in pieces:
        rows = piece
        is_commit, is_tree = (np.asarray(pc.equal(rows["kind"], kind)) for kind in ("commit", "tree"))
        own = told.commits.slice(commits, is_commit.sum()), told.trees.slice(trees, is_tree.sum())
        commits, trees = commits + len(own[0]), trees + len(own[1])
        for columns, where in zip(own, (is_commit, is_tree), strict=True):
            for name in columns.column_names:
                place = rows.schema.get_field_index(name)
                rows = rows.set_column(place, rows.schema.field(place), _lists(columns[name], where))
        yield rows


def _lists(column: pa.ChunkedArray, own: npt.NDArray[np.bool_]) -> pa.Array:
    """Lists in some rows, in order, and null in the others; what they hold is not copied."""
    lists = column.combine_chunks()
    if isinstance(lists, pa.ChunkedArray) or not len(lists):
        return pa.nulls(len(own), column.type)
    edges = np.asarray(lists.offsets, np.int64)
    sizes, there = np.zeros(len(own), np.int64), np.zeros(len(own), bool)
    sizes[own], there[own] = np.diff(edges), np.asarray(lists.is_valid())
    offsets = pa.array(np.append(0, np.cumsum(sizes)), pa.int32())
    return pa.ListArray.from_arrays(offsets, lists.flatten(), type=column.type, mask=pa.array(~there))


def _trees(links: Sequence[Links], first: Sequence[int], width: int) -> Trees:
    """The trees of all stretches, each different entry of which has one number."""
    mode, name, oid, numbers = _numbered(links, width)
    ids, index, at = array("i"), array("q"), array("q")
    for n, one in enumerate(links):
        index.frombytes((_numbers(one.trees, "index") + first[n]).tobytes())
        at.frombytes((_numbers(one.trees, "at") + len(ids)).tobytes())
        ids.frombytes(numbers[n][_numbers(one.ids, "id")].astype(np.int32).tobytes())
    count = np.concatenate([_numbers(one.trees, "count") for one in links])
    names = b"".join([_raw(one.trees["name"], width) for one in links])
    size = np.concatenate([_numbers(one.trees, "size") for one in links])
    trees = Trees(width)
    trees.fill(index, array("q", size.tobytes()), _kept(count), at, ids, names)
    is_tree = pc.is_in(mode.dictionary, pa.array(TREE_MODES, pa.binary())).take(mode.indices)
    trees.entries = Entries(mode, name, oid, np.asarray(is_tree), trees.find(oid))
    return trees


def _kept(count: Numbers) -> "array[int]":
    """How many entries each tree has, of as many as are kept: those of a tree beyond that are not."""
    if np.maximum(count, 0).sum() > MOST_NUMBERS:
        left, kept = MOST_NUMBERS, []
        for size in count.tolist():
            kept.append(size if size <= left else NOT_KEPT)
            left -= max(0, kept[-1])
        count = np.array(kept, np.int64)
    return array("q", count.tobytes())


def _numbered(
    links: Sequence[Links], width: int
) -> tuple[pa.DictionaryArray, pa.DictionaryArray, npt.NDArray[np.uint8], list[Numbers]]:
    """Mode, name and object of each different entry of all stretches, by number; and the numbers of each stretch's own."""
    modes, names = (_coded([one.entries[column] for one in links]) for column in ("mode", "name"))
    oids = np.frombuffer(b"".join([_raw(one.entries["oid"], width) for one in links]), np.uint8)
    keys = np.empty((len(oids) // width, width + 8), np.uint8)
    keys[:, :width] = oids.reshape(-1, width)
    for place, coded in ((width, modes), (width + 4, names)):
        keys[:, place : place + 4] = np.asarray(coded.indices, "<u4").view(np.uint8).reshape(-1, 4)
    kind = pa.binary(width + 8)
    flat = pa.Array.from_buffers(kind, len(keys), [None, pa.py_buffer(keys)]).dictionary_encode()
    found = np.frombuffer(_raw(flat.dictionary, width + 8), np.uint8).reshape(-1, width + 8)
    columns = [
        pa.DictionaryArray.from_arrays(_codes(found, place), coded.dictionary)
        for place, coded in ((width, modes), (width + 4, names))
    ]
    edges = list(accumulate(len(one.entries) for one in links))[:-1]
    numbers = np.split(np.asarray(flat.indices, np.int64), edges)
    return columns[0], columns[1], np.ascontiguousarray(found[:, :width]), numbers


def _codes(keys: npt.NDArray[np.uint8], place: int) -> pa.Array:
    return pa.array(np.ascontiguousarray(keys[:, place : place + 4]).view("<i4").ravel())


def _coded(columns: Sequence[pa.ChunkedArray]) -> pa.DictionaryArray:
    """Columns one behind the other, with one dictionary."""
    chunks = [chunk for column in columns for chunk in column.chunks]
    found = pa.chunked_array(chunks, pa.dictionary(pa.int32(), pa.binary())).unify_dictionaries()
    whole = found.combine_chunks()
    return whole if isinstance(whole, pa.DictionaryArray) else pa.array([], found.type)


def _numbers(table: pa.Table, column: str) -> Numbers:
    return np.asarray(table[column].to_numpy(), np.int64)


def _raw(column: pa.ChunkedArray | pa.Array, width: int) -> bytes:
    """The bytes of values of one length, one behind the other."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    held = (
        memoryview(one.buffers()[1])[one.offset * width : (one.offset + len(one)) * width]
        for one in chunks
        if len(one)
    )
    return b"".join(held)
