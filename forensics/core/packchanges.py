"""What the commits of a pack changed: a column made from the numbers of its trees, many commits at a time.

Trees are compared level by level, only those that differ. What is not plain (a tree that is not here or cannot be
read, two entries of one name, one path told twice, or too much to look into) is left to `githistory`, one commit at a time:
that says exactly what is told then.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from forensics.core import githistory, gitobject
from forensics.core.gitcolumns import CHANGES
from forensics.core.githistory import LONGEST_PATH_BYTES, MOST_CHANGES, Change
from forensics.core.packtrees import Numbers, Trees, hexed, ranges

MOST_LISTED = 3_000_000
"""So many changed files are listed for a pack."""
MOST_STEPS = 10_000_000
"""So many trees are looked into for all commits of a pack that are not plain."""

_AT_ONCE = 4_000_000
"""So many entries are compared at a time, about."""
_MOST_PAIRS = 3_000_000
"""So many trees are looked into together."""
_MOST_PATHS = 1_000_000
_NONE = -1


class Asked(NamedTuple):
    """Commits to tell of, in order: name of the tree before (None for none) and after; what is lacking for the one before.

    `after` is None where the commit names no tree.
    """

    before: list[bytes | None]
    after: list[bytes | None]
    lacking: list[bytes | None]


def asked(links: Iterable[tuple[bytes | None, bytes | None]], tree_of: Mapping[bytes, bytes | None]) -> Asked:
    """To tell of commits against their first parents.

    Args:
        links: the names of each one's tree and first parent.
        tree_of: the tree of each commit of the pack, by its name.
    """
    found = Asked([], [], [])
    for tree, parent in links:
        before = None if parent is None else tree_of.get(parent)
        found.after.append(tree)
        found.before.append(before)
        found.lacking.append(parent if tree and not before else None)
    return found


class _Found(NamedTuple):
    """Files that differ, in no order: whose commit, path, and entry before and after, -1 for none."""

    commit: Numbers
    path: Numbers
    old: Numbers
    new: Numbers


class _Pairs(NamedTuple):
    """Trees to compare, by number, -1 for none: whose commit, and the path above."""

    commit: Numbers
    above: Numbers
    old: Numbers
    new: Numbers


class Differences:
    """What the commits of a pack changed, asked for in order."""

    def __init__(self, trees: Trees, width: int, content: Callable[[bytes], bytes | None]) -> None:
        """Compare `trees`; `content` gives a tree's bytes by its name, for what is not plain."""
        self._trees, self._width = trees, width
        self._paths: list[bytes] = [b""]
        self._path_of: dict[tuple[int, int], int] = {}
        self._strange: set[int] = set()
        self._left = MOST_LISTED
        self._oracle = githistory.Trees(content, width)

    def told(self, asked: Asked) -> tuple[pa.Array, pa.Array]:
        """The changes of each commit, and the trees and commits that are lacking to tell them."""
        count = len(asked.after)
        if len(self._paths) > _MOST_PATHS:
            self._paths, self._path_of, self._strange = [b""], {}, set()
        odd = np.zeros(count, bool)
        dumb = np.array([tree is None for tree in asked.after], bool)
        dumb |= np.array([name is not None for name in asked.lacking], bool)
        found = self._plain(asked, dumb, odd)
        slow = {int(i): self._slowly(asked.before[i], asked.after[i]) for i in np.flatnonzero(odd)}
        lacking = [[name.hex()] if name else [] for name in asked.lacking]
        for i, (_, lacks) in slow.items():
            lacking[i] = [name.hex() for name in lacks]
        return self._listed(found, dumb, slow, count), pa.array(lacking, pa.list_(pa.string()))

    def _slowly(self, before: bytes | None, after: bytes | None) -> tuple[list[Change] | None, list[bytes]]:
        return self._oracle.changes(before, after) if self._oracle.looked < MOST_STEPS else (None, [])

    def _plain(self, asked: Asked, dumb: npt.NDArray[np.bool_], odd: npt.NDArray[np.bool_]) -> _Found:
        """The changes of commits that are plain; the others are marked as odd."""
        own = np.flatnonzero(~dumb)
        old, new = (self._roots([names[i] for i in own], own, odd) for names in (asked.before, asked.after))
        pairs = _Pairs(own, np.zeros(len(own), np.int64), old, new)
        looked, listed, found = np.zeros(len(dumb), np.int64), np.zeros(len(dumb), np.int64), []
        counts = np.append(np.asarray(self._trees.count, np.int64), 0)
        while len(pairs.commit):
            looked += np.bincount(pairs.commit, minlength=len(looked))
            odd |= looked > MOST_CHANGES
            odd[pairs.commit] |= looked.sum() > _MOST_PAIRS
            for trees in (pairs.old, pairs.new):
                odd[pairs.commit[(trees >= 0) & (counts[trees] < 0)]] = True
            pairs = _Pairs(*(column[~odd[pairs.commit]] for column in pairs))
            deeper = []
            for some in _split(pairs, counts):
                more, below = self._compared(some, odd)
                found.append(more)
                listed += np.bincount(more.commit, minlength=len(listed))
                deeper.append(below)
            odd |= listed > MOST_CHANGES
            pairs = _Pairs(*map(np.concatenate, zip(*deeper, strict=True)))
        return _Found(*map(np.concatenate, zip(*found, strict=True))) if found else _Found(*[own[:0]] * 4)

    def _roots(self, names: list[bytes | None], own: Numbers, odd: npt.NDArray[np.bool_]) -> Numbers:
        there = [name for name in names if name is not None and len(name) == self._width]
        known = self._trees.find(np.frombuffer(b"".join(there), np.uint8)) if there else np.zeros(0, np.int64)
        found = np.full(len(names), _NONE)
        found[[name is not None and len(name) == self._width for name in names]] = known
        odd[own[np.array([name is not None for name in names], bool) & (found < 0)]] = True
        return found

    def _compared(self, pairs: _Pairs, odd: npt.NDArray[np.bool_]) -> tuple[_Found, _Pairs]:
        """What differs between trees: files that changed, and trees to look into."""
        entries = self._trees.entries
        pair, entry, side = _unlike(self._trees, pairs)
        name = np.asarray(entries.name.indices, np.int64)[entry]
        order = np.lexsort((side, name, pair))
        pair, entry, side, name = pair[order], entry[order], side[order], name[order]
        first = np.ones(len(pair), bool)
        first[1:] = (pair[1:] != pair[:-1]) | (name[1:] != name[:-1])
        row = np.cumsum(first) - 1
        doubled = ~first
        doubled[1:] &= side[1:] == side[:-1]
        odd[pairs.commit[pair[doubled]]] = True
        old, new = (np.full(int(first.sum()), _NONE) for _ in range(2))
        old[row[side == 0]], new[row[side == 1]] = entry[side == 0], entry[side == 1]
        pair, name = pair[first], name[first]
        commit = pairs.commit[pair]
        path = self._path(pairs.above[pair], name, commit, odd)
        was_tree, is_tree = (
            (ids >= 0) & entries.is_tree[ids] if len(ids) else ids >= 0 for ids in (old, new)
        )
        deep = was_tree | is_tree
        trees = [np.where(flag, entries.tree[ids] if len(ids) else ids, _NONE) for flag, ids in ((was_tree, old), (is_tree, new))]  # fmt: skip
        for flag, found in ((was_tree, trees[0]), (is_tree, trees[1])):
            odd[commit[flag & (found < 0)]] = True
        old, new = np.where(was_tree, _NONE, old), np.where(is_tree, _NONE, new)
        told = (old >= 0) | (new >= 0)
        below = _Pairs(commit[deep], path[deep], trees[0][deep], trees[1][deep])
        return _Found(commit[told], path[told], old[told], new[told]), below

    def _path(self, above: Numbers, called: Numbers, commit: Numbers, odd: npt.NDArray[np.bool_]) -> Numbers:
        """The number of each path: its folder's, and its name's. One that is too long, or no plain name, makes its commit odd."""
        both, row = np.unique((above << 32) | called, return_inverse=True)
        names = self._trees.entries.name.dictionary
        numbers, strange = [], []
        for code in both.tolist():
            key = (code >> 32, code & 0xFFFFFFFF)
            number = self._path_of.get(key)
            if number is None:
                name = names[key[1]].as_py()
                folder = self._paths[key[0]] + b"/" if key[0] else b""
                self._path_of[key] = number = len(self._paths)
                self._paths.append(folder + name)
                if b"/" in name or len(folder) + len(name) >= LONGEST_PATH_BYTES:
                    self._strange.add(number)
            numbers.append(number)
            strange.append(number in self._strange)
        odd[commit[np.array(strange, bool)[row]]] = True
        return np.array(numbers, np.int64)[row]

    def _listed(
        self,
        found: _Found,
        dumb: npt.NDArray[np.bool_],
        slow: dict[int, tuple[list[Change] | None, list[bytes]]],
        count: int,
    ) -> pa.Array:
        """The column: in order of commit and path, as many files as may still be listed."""
        paths, path = np.unique(found.path, return_inverse=True)
        spelled = [self._paths[number] for number in paths.tolist()]
        rank = np.empty(len(spelled), np.int64)
        rank[sorted(range(len(spelled)), key=spelled.__getitem__)] = np.arange(len(spelled))
        kept = ~np.isin(found.commit, list(slow))
        commit, path, old, new = (column[kept] for column in (found.commit, path, found.old, found.new))
        order = np.lexsort((rank[path], commit))
        commit, path, old, new = commit[order], path[order], old[order], new[order]
        sizes = np.bincount(commit, minlength=count)
        null = dumb.copy()
        for i, (changes, _) in slow.items():
            sizes[i] = len(changes or ())
            null[i] = changes is None
        for i in np.flatnonzero(sizes).tolist():
            if sizes[i] > self._left:
                null[i], sizes[i] = True, 0
            self._left -= int(sizes[i])
        fast = ~null
        fast[list(slow)] = False
        whole = fast[commit]
        rows = self._rows(path[whole], spelled, old[whole], new[whole])
        told = [change for i, (changes, _) in sorted(slow.items()) if not null[i] for change in changes or ()]
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        if told:
            own = np.isin(np.arange(count), list(slow))
            places = np.concatenate([ranges(starts[:-1][mask], sizes[mask]) for mask in (~own, own)])
            rows = pa.concat_arrays([rows, _spelled_out(told)]).take(pa.array(np.argsort(places)))
        return pa.ListArray.from_arrays(pa.array(starts, pa.int32()), rows, mask=pa.array(null))

    def _rows(self, path: Numbers, spelled: list[bytes], old: Numbers, new: Numbers) -> pa.StructArray:
        entries = self._trees.entries
        paths = pa.array([gitobject.shown(one) for one in spelled], pa.string()).take(pa.array(path))
        modes = pa.array([gitobject.shown(mode) for mode in entries.mode.dictionary.to_pylist()], pa.string())
        numbers = np.asarray(entries.mode.indices, np.int64)
        columns = [paths]
        for ids in (old, new):
            number = numbers[ids] if len(ids) else ids
            columns.append(modes.take(pa.array(number, mask=ids < 0)))
        columns += [
            hexed(entries.oid[ids], ids >= 0) if len(ids) else pa.array([], pa.string()) for ids in (old, new)
        ]
        return pa.StructArray.from_arrays(columns, [field.name for field in CHANGES.value_type])


def _split(pairs: _Pairs, counts: Numbers) -> list[_Pairs]:
    """The pairs in parts whose trees have about as many entries as are compared at a time."""
    sizes = sum(
        np.where(trees >= 0, counts[trees] if len(counts) else 0, 0) for trees in (pairs.old, pairs.new)
    )
    part = np.cumsum(sizes) // _AT_ONCE
    edges = np.flatnonzero(np.diff(part)) + 1
    return [_Pairs(*some) for some in zip(*(np.split(column, edges) for column in pairs), strict=True)]


def _unlike(trees: Trees, pairs: _Pairs) -> tuple[Numbers, Numbers, Numbers]:
    """The entries that only one tree of a pair has: the pair, the entry, and 0 for the one before or 1 for the one after."""
    own = [
        (there, *trees.ids(side[there]))
        for side in (pairs.old, pairs.new)
        for there in (np.flatnonzero(side >= 0),)
    ]
    counts = [np.zeros(len(pairs.commit), np.int64) for _ in own]
    for count, (there, _, sizes) in zip(counts, own, strict=True):
        count[there] = sizes
    even = counts[0] == counts[1]
    keys = [np.empty(0, np.int64)]
    ids = [held[np.repeat(even[there], sizes)] for there, held, sizes in own]
    keys += _moved(ids[0], ids[1], np.flatnonzero(even), counts[0][even])
    for side, (there, held, sizes) in enumerate(own):
        pair = np.repeat(there, sizes)
        odd = ~even[pair]
        keys.append(_keys(pair[odd], held[odd], side))
    key = np.sort(np.concatenate(keys))
    key = key[np.concatenate([np.ones(min(1, len(key)), bool), key[1:] != key[:-1]])]
    twin = (key[1:] ^ key[:-1]) == 1
    alone = np.ones(len(key), bool)
    alone[1:] &= ~twin
    alone[:-1] &= ~twin
    key = key[alone]
    return key >> 33, (key >> 1) & 0xFFFFFFFF, key & 1


def _moved(old: Numbers, new: Numbers, pair: Numbers, sizes: Numbers) -> list[Numbers]:
    """Of trees of as many entries the keys of those that are not in the other at the same place, nor anywhere else in it.

    In most only a few are others, and nothing has to be put in order to find them.
    """
    place = np.flatnonzero(old != new)
    of = np.repeat(np.arange(len(pair)), sizes)[place]
    begin = np.cumsum(sizes) - sizes
    keys = []
    for side, (own, other) in enumerate(((old, new), (new, old))):
        beside = other[ranges(begin[of], sizes[of])]
        same = beside == np.repeat(own[place], sizes[of])
        edges = np.cumsum(sizes[of]) - sizes[of]
        alone = ~np.logical_or.reduceat(same, edges) if len(edges) else np.zeros(0, bool)
        keys.append(_keys(pair[of[alone]], own[place[alone]], side))
    return keys


def _keys(pair: Numbers, entry: Numbers, side: int) -> Numbers:
    """A pair, an entry and a side as one number: twins differ in its last bit alone."""
    return (pair << 33) | (entry << 1) | side


def _spelled_out(changes: list[Change]) -> pa.StructArray:
    """Changes that were found one by one, as rows."""
    columns = [
        [gitobject.shown(change.path) for change in changes],
        *([mode and gitobject.shown(mode) for mode in column] for column in (
            [change.old_mode for change in changes], [change.new_mode for change in changes],
        )),
        *([oid and oid.hex() for oid in column] for column in (
            [change.old for change in changes], [change.new for change in changes],
        )),
    ]  # fmt: skip
    names = [field.name for field in CHANGES.value_type]
    return pa.StructArray.from_arrays([pa.array(column, pa.string()) for column in columns], names)
