"""Audit records put together into events: by host, millisecond and serial, wherever the lines lie."""

import functools
import itertools
import posixpath
import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import auditcopies, auditrecord, hostfolders, loose
from forensics.core.auditkeys import leads
from forensics.core.coded import Bools, Coded, Ints, coded, distinct
from forensics.core.folders import BY_USERS

_FEW = 100
_KINDS = {column.name: column.type for column in auditrecord.COLUMNS}
_NOT_NORMAL = r"//|/\.{1,2}(?:/|$)|./$"


class Scene:
    """Records in order of event, then of place in the evidence; and how each event's rows are found.

    `lead` and `call`: the row that leads each event, and the first with a SYSCALL, or -1. `file`: of each row.
    `site`: the place of its host and domain in `hosts` and `domains`.
    """

    def __init__(self, records: pa.Table, event: Ints, places: "_Places") -> None:
        self.table, self.event = records.combine_chunks(), event
        self.file, self.site, self.hosts, self.domains = places[:4]
        self.begins = np.flatnonzero(np.diff(self.event, prepend=-1))
        self.count = len(self.begins)
        self.torn = self.count < len(self.event)
        kinds, every = coded(self._held("type")), coded(pc.list_flatten(self._held("types")))
        calls = np.array([kind == "SYSCALL" for kind in every.values])[every.number]
        called = np.zeros(len(self.event), bool)
        called[_owners(self._held("types"))[calls]] = True
        rank = np.where(
            np.array([leads(str(kind)) for kind in kinds.values])[kinds.number], 0, np.where(called, 1, 2)
        )
        rows = np.arange(len(rank))
        self.lead = np.minimum.reduceat(rank * len(rank) + rows, self.begins) % len(rank)
        calls = np.minimum.reduceat(np.where(called, rows, len(rank)), self.begins)
        self.call = np.where(calls < len(rank), calls, -1)
        self.type = self.lightly("type", leading=True)

    def _held(self, name: str) -> pa.Array:
        column = self.table[name]
        if pa.types.is_null(column.type):
            return loose.nothing(_KINDS[name], len(column))
        return column.chunk(0) if column.num_chunks else pa.nulls(0, column.type)

    def column(self, name: str) -> pa.Array:
        """A column of the records; a flat one without a dictionary."""
        return loose.plain(self._held(name))

    def lightly(self, name: str, *, leading: bool = False) -> pa.Array:
        """What `at` says, or what the `leading` rows say, which may be a dictionary."""
        if self.torn:
            return self.leading(name) if leading else self.at(name)
        return self._held(name)

    def coded(self, name: str, *, leading: bool = False) -> Coded:
        """The different values of that."""
        return coded(self.lightly(name, leading=leading))

    def some(self, name: str, events: pa.Array, *, leading: bool = False) -> pa.Array:
        """The same of some events, without a dictionary."""
        return loose.plain(self.lightly(name, leading=leading).take(events))

    def leading(self, name: str) -> pa.Array:
        """A column of the rows that lead."""
        return self.column(name).take(pa.array(self.lead)) if self.torn else self.column(name)

    def at(self, name: str) -> pa.Array:
        """What the leading row says, and where it says nothing the row of the system call."""
        if not self.torn:
            return self.column(name)
        called = self.column(name).take(pa.array(self.call, mask=self.call < 0))
        return pc.coalesce(self.leading(name), called)

    def first(self, name: str) -> pa.Array:
        """The first value that any row of each event has."""
        column = self.column(name)
        if not self.torn:
            return column
        row = nth(np.flatnonzero(np.asarray(column.is_valid())), self.event, self.count)
        return column.take(pa.array(row, mask=row < 0))

    def listed(self, name: str) -> tuple[pa.StructArray, Ints]:
        """The elements of a list column, and the event of each."""
        return pc.list_flatten(self._held(name)), self.event[_owners(self._held(name))]


def _owners(lists: pa.ListArray) -> Ints:
    """The row that each element of a list column belongs to."""
    return np.asarray(pc.list_parent_indices(lists)).astype(np.int64)


def nth(rows: Ints, event: Ints, count: int, n: int = 0) -> Ints:
    """The n-th of `rows` in each event, rows given in the order that counts; -1 where there is none."""
    own = event[rows]
    if not (np.diff(own) >= 0).all():
        rows = rows[np.argsort(own, kind="stable")]
        own = event[rows]
    rank = np.arange(len(rows)) - np.searchsorted(own, own)
    found = np.full(count, -1, np.int64)
    found[own[rank == n]] = rows[rank == n]
    return found


class _Places(NamedTuple):
    """Where each row lies: its file, and the place of its host and domain among those."""

    file: Coded
    site: Ints
    hosts: list[object]
    domains: list[object]
    foreign: Bools | None = None
    """Rows that another host's folder tells of the host that they name; None where there are none."""

    def taken(self, rows: Ints) -> "_Places":
        """Those of some rows."""
        return self._replace(file=self.file._replace(number=self.file.number[rows]), site=self.site[rows])


def scenes(records: pa.Table, files: pa.Table, *, singly: bool = False) -> list[Scene]:
    """The records that are an event each, as they come, and those that are one together with others.

    Most are the former, so that nothing has to be looked up among rows of one event. What another host's folder tells of an
    event that a file of its own host tells too is left out: it adds nothing where it is a copy, and must not add where it is none.

    Args:
        records: the columns of `auditrecord.table`, with `sha256`.
        files: schema `file`.
        singly: take each record for an event, whatever it has in common with others.
    """
    order, event, places = _ordered(records, files)
    if not singly and places.foreign is not None:
        own = np.bincount(event, ~places.foreign[order]) > 0
        silent = places.foreign & own[event[np.argsort(order)]]
        if silent.any():
            return scenes(records.filter(pa.array(~silent)), files)
    torn = (np.bincount(event) > 1)[event]
    if singly or not torn.any():
        return [Scene(records, np.arange(len(order)), places)]
    rows, number = order[torn], np.unique(event[torn], return_inverse=True)[1]
    found = [Scene(records.take(pa.array(rows)), number, places.taken(rows))]
    if len(rows) < len(order):
        rest = np.sort(order[~torn])
        together = np.zeros(len(order), bool)
        together[rows] = True
        alone = loose.without(records, together) if len(rows) < _FEW else records.take(pa.array(rest))
        found.insert(0, Scene(alone, np.arange(len(rest)), places.taken(rest)))
    return found


def _ordered(records: pa.Table, files: pa.Table) -> tuple[Ints, Ints, _Places]:
    """The order of rows, and per row in that order the number of its event; and where each row lies."""
    first: dict[str, tuple[str | None, str]] = {}
    kept = zip(*(files[name].to_pylist() for name in ("path", "sha256", "host", "domain")), strict=True)
    for _, sha256, host, domain in sorted(kept, key=lambda row: row[:2]):
        first.setdefault(sha256, (host, domain))
    file, node = coded(_one(records["sha256"])), coded(_one(records["node"]))
    ranks = {name: rank for rank, name in enumerate(sorted(map(str, file.values[:-1])))}
    rank = np.array([*(ranks[str(name)] for name in file.values[:-1]), -1])[file.number]
    stands, like = distinct(rank, node.number)
    places = [(node.values[node.number[row]], str(file.values[file.number[row]])) for row in stands]
    hosts: list[object] = [named if named is not None else first[sha256][0] for named, sha256 in places]
    # Files of no known host are not put together: two machines number their events alike. Nor is a file that lies
    # where users write put together with one that does not: whoever wrote it chose the numbers.
    names = [
        f"\0{sha256}" if host is None else f"{host}\0{first[sha256][1].endswith(BY_USERS)}"
        for host, (_, sha256) in zip(hosts, places, strict=True)
    ]
    machine = np.unique(np.array(names, object).astype(str), return_inverse=True)[1][like]
    keys = [machine, records["earliest_ns"].to_numpy(), records["serial"].to_numpy()]
    order = np.lexsort((records["start"].to_numpy(), rank, keys[2], keys[1], keys[0]))
    differs = np.zeros(len(order), bool)
    for key in keys:
        differs[1:] |= np.diff(key[order]) != 0
    domains: list[object] = [first[sha256][1] for _, sha256 in places]
    known = {str(own) for own, _ in first.values() if own is not None}
    foreign = np.array(
        [
            named is not None
            and (own := first[sha256][0]) is not None
            and not hostfolders.same(str(named), own, known)
            for named, sha256 in places
        ],
        bool,
    )
    told = foreign[like] if foreign.any() else None
    if not _meddles(told, order, np.cumsum(differs)):
        changed = auditcopies.changed(records, order, np.cumsum(differs), rank)
        differs[1:] |= changed[1:] & (np.diff(rank[order]) != 0)
    return order, np.cumsum(differs), _Places(file, like, hosts, domains, told)


def _meddles(foreign: Bools | None, order: Ints, event: Ints) -> bool:
    """Whether another host's folder tells of an event that the host's own files tell: that is left out, and is no copy of them."""
    if foreign is None:
        return False
    own = np.bincount(event, ~foreign[order]) > 0
    return bool((foreign[order] & own[event]).any())


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


class Paths(NamedTuple):
    """PATH lines of all events, and their rows by the part they play, per event; -1 where there is none."""

    said: pa.StructArray
    first: Ints
    created: Ints
    deleted: Ints
    also_deleted: Ints
    plain: Ints
    parent: Ints
    other_parent: Ints

    def at(self, name: str, rows: Ints) -> pa.Array:
        """A column at `rows`, null at -1."""
        if (rows < 0).all():
            return loose.plain(pa.nulls(len(rows), self.said.type.field(name).type))
        return loose.plain(pc.struct_field(self.said, name).take(pa.array(rows, mask=rows < 0)))


def paths(scene: Scene) -> Paths:
    """The files of each event by the part they play."""
    said, event = scene.listed("paths")
    item = np.asarray(pc.struct_field(said, "item").fill_null(1 << 40)).astype(np.int64)
    rows = np.arange(len(said))
    if not ((np.diff(event) > 0) | (np.diff(item) >= 0)).all():
        rows = np.lexsort((rows, item, event))
    role = coded(pc.struct_field(said, "nametype"))
    of = {name: np.array([value == name for value in role.values])[role.number[rows]] for name in ("CREATE", "DELETE", "PARENT")}  # fmt: skip
    rest = rows[~(of["CREATE"] | of["DELETE"] | of["PARENT"])]

    def found(which: Ints, n: int = 0) -> Ints:
        return nth(which, event, scene.count, n)

    made, gone, above = (rows[of[name]] for name in ("CREATE", "DELETE", "PARENT"))
    held = Paths(said, found(rows[item[rows] == 0]), found(made), found(gone), found(gone, 1), found(rest), found(above), found(above, 1))  # fmt: skip
    return _unswapped(held)


def _unswapped(held: Paths) -> Paths:
    """Of two names that went in a rename, the file that moved is the one that came into being again."""
    deleted, also = held.deleted.copy(), held.also_deleted.copy()
    two = np.flatnonzero((also >= 0) & (held.created >= 0))
    gone, other, made = (held.at("inode", rows[two]) for rows in (deleted, also, held.created))
    swapped = two[np.array([g != m and o == m for g, o, m in zip(gone.to_pylist(), other.to_pylist(), made.to_pylist(), strict=True)], bool)]  # fmt: skip
    deleted[swapped], also[swapped] = held.also_deleted[swapped], held.deleted[swapped]
    return held._replace(deleted=deleted, also_deleted=also)


def absolute(scene: Scene, held: Paths, row: Ints, parent: Ints, folder: Bools) -> pa.Array:
    """Names from the root, where the log says from where they start; else as logged.

    Args:
        scene: the events.
        held: their PATH lines.
        row: the PATH of each name; -1 for none.
        parent: the PATH of the directory that holds it; -1 for none.
        folder: whether the name starts from a directory that the program had open.
    """
    name = held.at("name", row)
    rest = np.flatnonzero(np.asarray(pc.and_not(name.is_valid(), settled(name))))
    if not len(rest):
        return name
    role = held.at("nametype", row[rest])
    child = pc.is_in(role, pa.array(["CREATE", "DELETE"])).to_pylist()
    at = pa.array(rest)
    told = (name.take(at), held.at("name", parent[rest]), scene.first("cwd").take(at))
    known: dict[tuple[object, ...], str] = {}
    made = []
    for one in zip(*(column.to_pylist() for column in told), folder[rest], child, strict=True):
        if one not in known:
            logged, above, cwd, opened, below = one
            known[one] = _placed(logged, above if below else None, cwd, opened=opened)
        made.append(known[one])
    mask = np.zeros(len(name), bool)
    mask[rest] = True
    return pc.replace_with_mask(name, pa.array(mask), pa.array(made, pa.string()))


def settled(name: pa.Array) -> pa.Array:
    """Which names begin at the root and are normal."""
    rooted = pc.starts_with(name, "/").fill_null(False)
    # Few have what those that are not normal have, so that few are looked at closely.
    odd = functools.reduce(pc.or_, (pc.match_substring(name, "//"), pc.match_substring(name, "/."), pc.ends_with(name, "/")))  # fmt: skip
    rows = np.flatnonzero(np.asarray(odd.fill_null(False)))
    if not len(rows):
        return rooted
    good = np.array(rooted)
    good[rows] &= ~np.asarray(pc.match_substring_regex(name.take(pa.array(rows)), _NOT_NORMAL))
    return pa.array(good)


def _placed(name: str, parent: str | None, cwd: str | None, *, opened: bool) -> str:
    if not name or name.startswith("/"):
        return _normal(name) if name else name
    # For a bare name the kernel writes the working directory as its parent, even where the name
    # starts from an open directory: then it says nothing.
    if parent and parent.startswith("/") and not (opened and cwd and _normal(parent) == _normal(cwd)):
        return _normal(f"{parent}/{posixpath.basename(name)}")
    if opened or not (cwd and cwd.startswith("/")):
        return name
    if parent and "/" not in name and not name.startswith(parent):
        return _normal(f"{cwd}/{parent}/{name}")
    return _normal(f"{cwd}/{name}")


def _normal(path: str) -> str:
    return "/" + posixpath.normpath(path).lstrip("/")


def argv(scene: Scene) -> pa.Array:
    """The arguments of each program; a long list is spread over lines, and so may be one argument."""
    whole = scene.first("argv")
    held = np.asarray(scene.column("argv").is_valid())
    odd = np.bincount(scene.event[held], minlength=scene.count) > 1
    odd[scene.event[np.asarray(scene.column("argv_places").is_valid())]] = True
    if not odd.any():
        return whole
    own = np.flatnonzero(odd[scene.event] & held)
    argv, places = (scene.column(name).take(pa.array(own)).to_pylist() for name in ("argv", "argv_places"))
    pieces: dict[int, list[tuple[list[int], list[str]]]] = {}
    for event, words, place in zip(scene.event[own].tolist(), argv, places, strict=True):
        pieces.setdefault(event, []).append((place or list(range(len(words))), words))
    joined = [_concatenated(pieces[event]) for event in sorted(pieces)]
    number = np.arange(scene.count)
    number[sorted(pieces)] = scene.count + np.arange(len(joined))
    return pa.concat_arrays([whole, pa.array(joined, whole.type)]).take(pa.array(number))


def _concatenated(rows: Iterable[tuple[list[int], list[str]]]) -> list[str]:
    """Arguments put together from rows, each with places and words; what a copy of the file tells again is left out."""
    whole: list[_Argument] = []
    last, owner, copies = -1, -1, set()
    lines = [(row, *line) for row, told in enumerate(rows) for line in _lines(*told)]
    for row, places, words in sorted(lines, key=lambda line: line[1][:1]):
        for at, (place, word) in enumerate(zip(places, words, strict=True)):
            # A line goes on with the argument that the one before broke off, unless it tells the same again.
            goes_on = row == owner or ((row, place) not in copies and not (whole and whole[-1].says(word)))
            if place > last:
                whole.append(_Argument(word))
                last, owner = place, row
            elif place == last and at == 0 and goes_on:
                whole[-1].add(word)
            else:
                copies.add((row, place))
    return [argument.text() for argument in whole]


class _Argument:
    """An argument whose pieces come one by one; joined when it is asked for, since each joining copies all before."""

    def __init__(self, word: str) -> None:
        self._pieces, self._size = [word], len(word)

    def add(self, word: str) -> None:
        """Go on with it."""
        self._pieces.append(word)
        self._size += len(word)

    def says(self, word: str) -> bool:
        """Whether it is that so far. It is joined only where it is as long, so never more than was given."""
        return len(word) == self._size and self.text() == word

    def text(self) -> str:
        """All of it."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0]


def _lines(places: list[int], words: list[str]) -> Iterable[tuple[list[int], list[str]]]:
    """The words of a record by its lines, in each of which the places ascend."""
    breaks = [0, *(at for at in range(1, len(places)) if places[at] <= places[at - 1]), len(places)]
    return [(places[a:b], words[a:b]) for a, b in itertools.pairwise(breaks)]


def hexadecimal(text: object) -> int | None:
    """A register as audit writes it."""
    return int(text, 16) if isinstance(text, str) and re.fullmatch(r"[0-9a-f]{1,16}", text) else None
