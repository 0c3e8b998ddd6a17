"""Sums over all events of a store that need little memory: runs of activity, and who was about while a job ran.

Both are taken part by part, and put together after: runs that overlap between parts are one, and numbers add up. The
answers are those of the plain definitions, which the tests spell out.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from forensics.core import freed
from forensics.store import parquet

HOUR_NS = 3_600 * 1_000_000_000
_AT_ONCE_ROWS = 1 << 17
_PAIRS = 1 << 20
_FEW = 1 << 16

T = TypeVar("T")

Ints = npt.NDArray[np.int64]
Actor = tuple[Any, ...]


class _Told(NamedTuple):
    """Events of some groups, by time: who each is of, as a place among `actors`, and from when to when."""

    actors: list[Actor]
    code: Ints
    first: Ints
    last: Ints


class Runs(NamedTuple):
    """Runs of activity: of whom, from when to when, of how many events."""

    code: Ints
    first: Ints
    last: Ints
    events: Ints


def spells(tables: Path, *, gap_ns: int, who: Sequence[str] = ("host", "account")) -> pa.Table:
    """Runs of activity: one ends where its actor is silent for longer than a gap.

    Args:
        tables: the folder of tables.
        gap_ns: the longest silence inside one run, in ns; not negative.
        who: columns of `event` that make an actor. An event that lacks one, or a time, is in no run.

    Returns:
        The columns of `who`, `earliest_ns`, `latest_ns` and `events` (how many), in that order.
    """
    if gap_ns < 0:
        raise ValueError(f"gap_ns is {gap_ns}; a silence is not negative")

    def own(some: Piece) -> tuple[list[Actor], Runs]:
        told = _told(some, who)
        whole = np.array([None not in actor for actor in told.actors], bool)
        known = told if whole.all() else _kept(told, whole[told.code])
        return told.actors, joined(Runs(*known[1:], np.ones(len(known.code), np.int64)), gap_ns)

    known: dict[Actor, int] = {}
    pieces = []
    for actors, runs in _side_by_side(own, tables):
        pieces.append(runs._replace(code=_numbered(actors, known)[runs.code]))
    whole = joined(Runs(*(_joint([p[n] for p in pieces]) for n in range(len(Runs._fields)))), gap_ns)
    actors, rank = _ordered(list(known))
    order = np.lexsort((whole.first, rank[whole.code]))
    code, *told = (column[order] for column in whole)
    columns = _columns(tables, who, actors, rank[code])
    names = ("earliest_ns", "latest_ns", "events")
    return pa.table({**columns, **{n: pa.array(v) for n, v in zip(names, told, strict=True)}})


def joined(runs: Runs, gap_ns: int) -> Runs:
    """Runs (or single events) of one actor put together where no more than a gap lies between them."""
    if not len(runs.code):
        return runs
    order = _by_code_and_time(runs.code, runs.first)
    code, first, last, events = (column[order] for column in runs)
    heard = _heard(code, last)
    # As numbers without a sign, in which the distance of any two moments fits.
    silent = (first[1:] > heard[:-1]) & (
        first[1:].view(np.uint64) - heard[:-1].view(np.uint64) > np.uint64(gap_ns)
    )
    begins = np.flatnonzero(np.append(True, (code[1:] != code[:-1]) | silent))
    ends = np.append(begins[1:], len(code)) - 1
    return Runs(code[begins], first[begins], heard[ends], np.add.reduceat(events, begins))


def _heard(code: Ints, last: Ints) -> Ints:
    """The latest so far of each code, of rows in order of code."""
    if ((last[1:] >= last[:-1]) | (code[1:] != code[:-1])).all():
        return last
    by_size = np.argsort(last, kind="stable")
    rank = np.empty(len(last), np.int64)
    rank[by_size] = np.arange(len(last))
    # Of a later code everything is greater, so that the greatest so far never comes from another.
    most = np.maximum.accumulate(code * len(last) + rank) - code * len(last)
    return last[by_size][most]


def _by_code_and_time(code: Ints, moment: Ints) -> Ints:
    """The order of rows by code and then by moment, quicker where they are in order of time and the codes are few."""
    if (moment[1:] >= moment[:-1]).all():
        small = code.max() < _FEW
        return np.argsort(code.astype(np.uint16) if small else code, kind="stable")
    return np.lexsort((moment, code))


def beside(
    tables: Path, stays: pa.Table, *, columns: Sequence[str] = ("account",), long_ns: int = HOUR_NS
) -> pa.Table:
    """How many events there were on the nodes of each job while it can have run there.

    Of one actor as many meet a stay as have begun by its end, less those that were over before it began: two places
    in a sorted list for each actor and stay, however many events lie between.

    Args:
        tables: the folder of tables.
        stays: `job`, `host`, `start_ns`, `end_ns`: where a job ran, from when to when; never null. One
            row for each host of a job.
        columns: of `event`, to count by.
        long_ns: events longer than this are counted after the others, all at once; it changes no answer.

    Returns:
        `job`, `columns` and `events` (how many), in that order. An event counts for every job that it meets.
    """
    asked = _Stays(stays)
    wide = max(0, long_ns)

    def own(some: Piece) -> tuple[_Told, _Told]:
        told = _told(some, ("host", *columns))
        here = np.array([actor[0] in asked.hosts for actor in told.actors], bool)[told.code]
        far = told.last.view(np.uint64) - told.first.view(np.uint64) > np.uint64(wide)
        return _kept(told, here & ~far), _kept(told, here & far)

    def met(some: Piece) -> tuple[list[Actor], list[Met], _Told]:
        near, far = own(some)
        return near.actors, list(asked.met(near)), far

    known: dict[Actor, int] = {}
    sums, longer = Sums(), []
    for actors, pieces, far in _side_by_side(met, tables):
        number = _numbered([actor[1:] for actor in actors], known)
        for piece in pieces:
            sums.add(asked.job[piece.stay], number[piece.actor], piece.events)
        if len(far.code):
            longer.append(far)
    if longer:
        far = _together(longer)
        number = _numbered([actor[1:] for actor in far.actors], known)
        for piece in asked.met(far):
            sums.add(asked.job[piece.stay], number[piece.actor], piece.events)
    job, code, events = sums.all()
    actors, rank = _ordered(list(known))
    order = np.lexsort((rank[code], job))
    return pa.table(
        {
            "job": asked.jobs.take(pa.array(job[order])),
            **_columns(tables, columns, actors, rank[code[order]]),
            "events": pa.array(events[order]),
        }
    )


class Met(NamedTuple):
    """How many events of an actor met a stay: the number of each, by row."""

    stay: Ints
    actor: Ints
    events: Ints


class _Stays:
    """Where jobs ran. `job` of each stay is a place among `jobs`, which are in order."""

    def __init__(self, stays: pa.Table) -> None:
        jobs = stays["job"].combine_chunks().dictionary_encode()
        self.jobs = jobs.dictionary.sort()
        rank = {job: n for n, job in enumerate(self.jobs.to_pylist())}
        of = np.array([rank[job] for job in jobs.dictionary.to_pylist()], np.int64)
        self.job = of[np.asarray(jobs.indices, np.int64)]
        hosts = stays["host"].combine_chunks().dictionary_encode()
        self.hosts: dict[str, int] = {host: n for n, host in enumerate(hosts.dictionary.to_pylist())}
        self._host = np.asarray(hosts.indices, np.int64)
        self._first, self._last = (stays[name].to_numpy() for name in ("start_ns", "end_ns"))

    def met(self, told: _Told) -> Iterator[Met]:
        """Which stays some events meet, and how many of each actor's do."""
        if not len(told.code):
            return
        host = np.array([self.hosts.get(actor[0], -1) for actor in told.actors], np.int64)
        # Actors in order of host, so that those of one host lie together.
        by_host = np.argsort(host, kind="stable")
        place = np.empty(len(by_host), np.int64)
        place[by_host] = np.arange(len(by_host))
        began, over = _Sorted(place[told.code], told.first), _Sorted(place[told.code], told.last)
        present = np.flatnonzero(began.many)
        owner = host[by_host][present]
        edges = np.searchsorted(owner, np.arange(len(self.hosts) + 1))
        likely = np.flatnonzero(
            (self._first <= self._last)
            & (self._first <= told.last.max())
            & (self._last >= told.first.min())
            & (np.diff(edges) > 0)[self._host]
        )
        many = np.diff(edges)[self._host[likely]]
        for some in _cut(many):
            stay = np.repeat(likely[some], many[some])
            within = np.arange(len(stay)) - np.repeat(np.cumsum(many[some]) - many[some], many[some])
            actor = present[edges[self._host[stay]] + within]
            events = began.until(actor, self._last[stay]) - over.before(actor, self._first[stay])
            held = events > 0
            yield Met(stay[held], by_host[actor[held]], events[held])


def _cut(many: Ints) -> Iterator[slice]:
    """Stretches of rows of which each stands for so many; no stretch stands for many more than `_PAIRS`."""
    total = np.cumsum(many)
    edges = np.searchsorted(total, np.arange(0, int(total[-1]) if len(total) else 0, _PAIRS), "right")
    for start, stop in pairwise([*np.unique(edges).tolist(), len(many)]):
        yield slice(start, stop)


class _Sorted:
    """The moments of each actor, sorted, so that those before another can be counted. `many`: how many each has."""

    def __init__(self, code: Ints, moment: Ints) -> None:
        self._all = np.sort(moment)
        self.many = np.bincount(code)
        self._begin = np.cumsum(self.many) - self.many
        # One list of numbers for all actors: the actor's, and then the place of the moment among all.
        self._key = np.sort(code * (len(moment) + 1) + np.searchsorted(self._all, moment))
        self._wide = len(moment) + 1

    def _count(self, actor: Ints, below: Ints) -> Ints:
        return np.searchsorted(self._key, actor * self._wide + below) - self._begin[actor]

    def until(self, actor: Ints, moment: Ints) -> Ints:
        """How many of an actor's moments are at another or before it."""
        return self._count(actor, np.searchsorted(self._all, moment, "right"))

    def before(self, actor: Ints, moment: Ints) -> Ints:
        """How many of an actor's moments are before another."""
        return self._count(actor, np.searchsorted(self._all, moment))


class Sums:
    """Numbers to add up, by job and actor, in memory that follows how many different pairs there are."""

    def __init__(self) -> None:
        self._held: list[tuple[Ints, Ints, Ints]] = []
        self._rows, self._least = 0, _PAIRS

    def add(self, job: Ints, code: Ints, events: Ints) -> None:
        """Add numbers, each for a job and an actor."""
        self._held.append((job, code, events))
        self._rows += len(job)
        if self._rows > self._least:
            own = self.all()
            self._held, self._rows = [own], len(own[0])
            self._least = 2 * max(_PAIRS, self._rows)

    def all(self) -> tuple[Ints, Ints, Ints]:
        """Jobs, actors and their sums, each pair once."""
        job, code, events = (_joint([held[n] for held in self._held]) for n in range(3))
        wide = int(code.max()) + 1 if len(code) else 1
        key = job * wide + code
        order = np.argsort(key, kind="stable")
        key = key[order]
        begins = np.flatnonzero(np.append(True, key[1:] != key[:-1])[: len(key)])
        sums = np.add.reduceat(events[order], begins) if len(begins) else events
        return key[begins] // wide, key[begins] % wide, sums


def _joint(pieces: Sequence[Ints]) -> Ints:
    return np.concatenate([np.empty(0, np.int64), *pieces])


class Piece(NamedTuple):
    """Rows of a part, all or those of some groups, and what the part says of itself."""

    path: Path
    of: pq.FileMetaData
    groups: tuple[int, ...]

    def read(self, columns: Sequence[str], coded: Sequence[str]) -> pa.Table:
        """Columns of the rows; of those `coded`, texts as places in a dictionary."""
        with pq.ParquetFile(self.path, metadata=self.of, read_dictionary=list(coded)) as file:
            return file.read_row_groups(list(self.groups), columns=list(columns), use_threads=False)


def _pieces(tables: Path) -> Iterator[Piece]:
    """The events, part by part as ingest makes them; larger parts in pieces of about that size."""
    for path in parquet.existing(tables, "event"):
        of = pq.read_metadata(path)
        if of.num_rows <= 2 * _AT_ONCE_ROWS:
            yield Piece(path, of, tuple(range(of.num_row_groups)))
            continue
        number = np.cumsum([of.row_group(n).num_rows for n in range(of.num_row_groups)]) // _AT_ONCE_ROWS
        for own in np.unique(number):
            yield Piece(path, of, tuple(np.flatnonzero(number == own).tolist()))


def _side_by_side(work: Callable[[Piece], T], tables: Path) -> Iterator[T]:
    """The results of some work on the events, in their order, as many at a time as there are processors."""
    freed.keep()
    workers = pa.cpu_count()
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        # What parts say of themselves is large: of all at once it would be a tenth of a gigabyte.
        for piece in _pieces(tables):
            waiting.append(pool.submit(work, piece))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _told(some: Piece, who: Sequence[str]) -> _Told:
    """The events of a piece that have a time, and who each is of: the values of some columns, null being one."""
    wanted = [*dict.fromkeys([*who, "earliest_ns", "latest_ns"])]
    rows = some.read(wanted, who).unify_dictionaries()
    if any(rows[name].null_count for name in ("earliest_ns", "latest_ns")):
        rows = rows.filter(pc.and_(rows["earliest_ns"].is_valid(), rows["latest_ns"].is_valid()))
    code, values = np.zeros(len(rows), np.int64), []
    for name in who:
        held = rows[name].combine_chunks()
        held = held if pa.types.is_dictionary(held.type) else held.dictionary_encode()
        values.append([*held.dictionary.to_pylist(), None])
        code = code * len(values[-1]) + np.asarray(held.indices.fill_null(len(values[-1]) - 1), np.int64)
    present, code = _dense(code, math.prod(len(own) for own in values))
    parts = []
    for own in reversed(values):
        present, at = np.divmod(present, len(own))
        parts.append([own[n] for n in at.tolist()])
    actors = [*zip(*reversed(parts), strict=True)]
    return _Told(actors, code, rows["earliest_ns"].to_numpy(), rows["latest_ns"].to_numpy())


def _dense(code: Ints, wide: int) -> tuple[Ints, Ints]:
    """The codes that there are, ascending, and the place of each row's among them."""
    if wide > 4 * len(code) + _FEW:
        return np.unique(code, return_inverse=True)
    there = np.bincount(code, minlength=wide) > 0
    return np.flatnonzero(there), (np.cumsum(there) - 1)[code]


def _kept(told: _Told, rows: npt.NDArray[np.bool_]) -> _Told:
    return _Told(told.actors, told.code[rows], told.first[rows], told.last[rows])


def _together(pieces: Sequence[_Told]) -> _Told:
    known: dict[Actor, int] = {}
    code = _joint([_numbered(one.actors, known)[one.code] for one in pieces])
    first, last = _joint([one.first for one in pieces]), _joint([one.last for one in pieces])
    return _Told(list(known), code, first, last)


def _numbered(actors: Iterable[Actor], known: dict[Actor, int]) -> Ints:
    """The number of each actor, those that are new getting the next."""
    return np.array([known.setdefault(actor, len(known)) for actor in actors], np.int64)


def _ordered(actors: Sequence[Actor]) -> tuple[list[Actor], Ints]:
    """Actors in order of their values, null last, and the place there of each."""
    order = sorted(range(len(actors)), key=lambda n: [(value is None, value) for value in actors[n]])
    rank = np.empty(len(actors), np.int64)
    rank[order] = np.arange(len(actors))
    return [actors[n] for n in order], rank


def _columns(tables: Path, names: Sequence[str], actors: Sequence[Actor], at: Ints) -> Mapping[str, pa.Array]:
    """Columns of the actors at some places."""
    schema = pq.read_schema(parquet.existing(tables, "event")[0])
    of = pa.array(at)
    return {
        name: pa.array([actor[n] for actor in actors], schema.field(name).type).take(of)
        for n, name in enumerate(names)
    }
