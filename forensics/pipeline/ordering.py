"""Putting what was told into one order: many spooled files in, a few parts of each table out.

Events go by their time. What is kept by place, as job records are, mostly lies in order already: the rows of one
file come from tasks that follow one another in it. Where each part begins and ends hangs on all rows alone,
never on which task told which; so parts can be written by several processes, and are the same bytes.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from forensics import engine
from forensics.core.schema import Table
from forensics.core.tables import COPY, EVENT, JOB_RECORD
from forensics.store import moments, parquet, sorting, spool

ORDER = {
    EVENT: ("earliest_ns", "sha256", "start", "event_id"),
    JOB_RECORD: ("sha256", "start", "stop", "job", "step"),
    COPY: ("sha256", "start", "stop", "path", "blob"),
}
"""What readings make, and the order in which it is kept."""

ASKED = {EVENT: ("earliest_ns",), JOB_RECORD: ("sha256", "start"), COPY: ("sha256", "start")}
"""The columns by which it is found where parts begin and end."""


class Run(NamedTuple):
    """Rows of one sealed file that lie together in a spooled file: where their spans begin, and which rows they are."""

    sha256: str
    first: int
    last: int
    path: Path
    start: int
    stop: int


class Piece(NamedTuple):
    """Rows of a table kept by place: of runs that lie over one another, put in order, those from `start` to `stop`."""

    runs: tuple[Run, ...]
    start: int
    stop: int


class Ordered(NamedTuple):
    """A part of a table to write: by time, rows of spooled files; by place, pieces one after the other."""

    tables: Path
    table: Table
    keys: tuple[str, ...]
    rows: tuple[spool.Own, ...]
    pieces: tuple[Piece, ...]
    spill: Path
    first: int | None
    stop: int | None
    part: str


def named(n: int) -> str:
    """The name of the n-th part of a table, from 0: one part alone has the name of an only one."""
    return f"{n:06d}" if n else parquet.ONLY


def tasks(tables: Path, told: Sequence[Path], spill: Path, part_rows: int) -> list[Ordered]:
    """The parts to write of every table, those first that take longest.

    Args:
        tables: the folder of tables.
        told: folders with what was told.
        spill: a folder for what does not fit in memory.
        part_rows: how many rows a part has, about.
    """
    asked = []
    for table, keys in ORDER.items():
        sources = tuple(path for folder in told if (path := folder / f"{table.name}.arrow").exists())
        if table is EVENT:
            edges = moments.windows(sources, part_rows)
            for n, ((first, stop), rows) in enumerate(
                zip(edges, spool.within_each(sources, keys[0], edges), strict=True)
            ):
                asked.append(Ordered(tables, table, keys, rows, (), spill / str(n), first, stop, named(n)))
        else:
            for n, pieces in enumerate(_cut(_blocks(_runs(sources)), part_rows)):
                asked.append(Ordered(tables, table, keys, (), pieces, spill, None, None, named(n)))
    return asked


def write(asked: Ordered) -> None:
    """Write a part of a table in order."""
    most = parquet.LARGE_GROUP_ROWS
    with parquet.Part(asked.tables, asked.table, asked.part, group_rows=most) as out:
        for rows in _by_time(asked) if asked.table.name == EVENT.name else _by_place(asked):
            out.add(rows)
    engine.give_back()


def _by_time(asked: Ordered) -> Iterator[pa.Table]:
    return spool.merged(asked.rows, asked.table, asked.keys, asked.spill, first=asked.first, stop=asked.stop)


def _by_place(asked: Ordered) -> Iterator[pa.Table]:
    for piece in asked.pieces:
        if len(piece.runs) == 1:
            start = piece.runs[0].start
            yield spool.rows(piece.runs[0].path, start + piece.start, start + piece.stop)
        else:
            held = [spool.rows(run.path, run.start, run.stop) for run in piece.runs]
            yield sorting.sorted_by(held, asked.keys).slice(piece.start, piece.stop - piece.start)


def _runs(sources: Sequence[Path]) -> list[Run]:
    """The runs of spooled files, in order of sealed file and place."""
    found = []
    for path in sources:
        rows = spool.read(path, ASKED[JOB_RECORD])
        coded = rows["sha256"].combine_chunks().dictionary_encode()
        code, at = np.asarray(coded.indices), rows["start"].to_numpy()
        edges = [0, *(np.flatnonzero(np.diff(code)) + 1).tolist(), len(code)]
        names = coded.dictionary.to_pylist()
        found += [
            Run(names[code[start]], int(at[start]), int(at[stop - 1]), path, start, stop)
            for start, stop in itertools.pairwise(edges)
            if start < stop
        ]
    return sorted(found)


def _blocks(runs: Iterable[Run]) -> Iterator[tuple[Run, ...]]:
    """Runs one by one, but together where they lie over one another."""
    held: list[Run] = []
    for run in runs:
        if held and (run.sha256 != held[0].sha256 or run.first > max(one.last for one in held)):
            yield tuple(held)
            held = []
        held.append(run)
    if held:
        yield tuple(held)


def _cut(blocks: Iterable[tuple[Run, ...]], part_rows: int) -> Iterator[tuple[Piece, ...]]:
    """Parts of as many rows; of no rows at all, one part."""
    held: list[Piece] = []
    room, none = part_rows, True
    for runs in blocks:
        start, size = 0, sum(run.stop - run.start for run in runs)
        while start < size:
            stop = min(size, start + room)
            held.append(Piece(runs, start, stop))
            room -= stop - start
            start = stop
            if not room:
                yield tuple(held)
                held, room, none = [], part_rows, False
    if held or none:
        yield tuple(held)
