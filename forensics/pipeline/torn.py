"""Events whose lines lie in several batches: found by their numbers, and told again of all their records.

Two records whose numbers agree may still be of two events, of two hosts: telling them together settles
that, and telling what was whole once more changes nothing. Numbers are compared in windows of time, so that
their memory has a bound.
"""

import shutil
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from forensics import engine, readings
from forensics.core.tables import EVENT
from forensics.pipeline import frames, tell
from forensics.store import sorting, spool

if TYPE_CHECKING:
    from forensics.pipeline.read import Runner

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
WINDOW_ROWS = 1 << 20
"""How many numbers are compared at a time, about."""
_MANY = 64
"""Of so many batches at one time, all numbers are compared."""


class Batch(NamedTuple):
    """What a batch left, the records of its part, and between which values of the first number it lies."""

    folder: Path
    records: Path
    first: int
    last: int
    rows: int


class _Numbers(NamedTuple):
    """Rows of several batches by the two numbers that records of one event share; `aside`: see `frames.ASIDE`."""

    batch: Ints
    major: Ints
    minor: Ints
    aside: Bools

    def where(self, rows: Ints | Bools) -> "_Numbers":
        return _Numbers(self.batch[rows], self.major[rows], self.minor[rows], self.aside[rows])


class _Out(NamedTuple):
    """What to take out of a batch: the events that begin where some records do (`sha256`, `start`)."""

    folder: Path
    records: pa.Table


def mended(
    form: str,
    told: Sequence[tuple[Path, Path]],
    files: pa.Table,
    zone: str,
    into: Path,
    runs_on: "Runner | None" = None,
) -> list[Path]:
    """Tell again what batches tear, and take it out of them.

    Args:
        form: the format.
        told: of each part, the folder of what it tells and the file of its records.
        files: schema `file`, those of the format.
        zone: of wall clocks.
        into: a folder for what is told again.
        runs_on: where batches are mended; here, where it is None.

    Returns:
        Folders with spooled events, which together tell each event once.
    """
    keys = tuple(readings.registry()[form].ALIKE)  # type: ignore[attr-defined]
    batches = [_batch(folder, records, keys) for at, records in told for folder in sorted(at.iterdir())]
    shutil.rmtree(into, ignore_errors=True)
    again = []
    for n, (first, stop) in enumerate(_windows(batches)):
        numbers = _between(batches, keys, first, stop)
        torn = _torn(numbers)
        if not len(torn.batch):
            continue
        own = pa.concat_tables(_records(batches, keys, torn)).combine_chunks()
        rows = sorting.sorted_by([own], ("sha256", "start"))
        sealed = files.filter(pc.is_in(files["sha256"], pc.unique(rows["sha256"])))
        events = tell.made(form, rows, sealed, zone, None)[EVENT.name]
        tearing = np.unique(torn.batch[~torn.aside])
        _taken_out([batches[at].folder for at in tearing], rows, runs_on)
        again.append(into / f"{n:06d}")
        spool.write(again[-1], EVENT, sorting.sorted_by([events], tell.ORDER[EVENT]), frames.ASKED)
    return [*(batch.folder / name for batch in batches for name in frames.TOLD), *again]


def _batch(folder: Path, records: Path, keys: Sequence[str]) -> Batch:
    major = spool.read(folder / f"{frames.NUMBER}.arrow", keys[:1])[0].to_numpy()
    return Batch(folder, records, int(major.min()), int(major.max()), len(major))


def _windows(batches: Sequence[Batch]) -> Iterator[tuple[int, int]]:
    """Half-open ranges of the first number that together hold all rows."""
    if not batches:
        return
    edges, held = [min(batch.first for batch in batches)], 0
    for batch in sorted(batches, key=lambda batch: batch.first):
        if held >= WINDOW_ROWS and batch.first > edges[-1]:
            edges.append(batch.first)
            held = 0
        held += batch.rows
    yield from pairwise([*edges, max(batch.last for batch in batches) + 1])


def _between(batches: Sequence[Batch], keys: Sequence[str], first: int, stop: int) -> _Numbers:
    """The numbers in a window, where another batch reaches too, and those that a batch left aside."""
    found = []
    lies = [(at, batch) for at, batch in enumerate(batches) if batch.first < stop and batch.last >= first]
    for at, batch in lies:
        table = spool.read(batch.folder / f"{frames.NUMBER}.arrow", [*keys, frames.ASIDE])
        major, minor, aside = (column.to_numpy() for column in table.columns)
        own = aside.copy()
        for other, beside in lies if len(lies) <= _MANY else ():
            if other != at and beside.first <= batch.last and beside.last >= batch.first:
                own |= (major >= beside.first) & (major <= beside.last)
        own = (own | (len(lies) > _MANY)) & (major >= first) & (major < stop)
        found.append(_Numbers(np.full(int(own.sum()), at), major[own], minor[own], aside[own]))
    return _Numbers(*(np.concatenate(values) for values in zip(*found, strict=True)))


def _torn(numbers: _Numbers) -> _Numbers:
    """Those that stand in more than one batch, or that one left aside, in order."""
    ordered = numbers.where(np.lexsort((numbers.batch, numbers.minor, numbers.major)))
    if not len(ordered.batch):
        return ordered
    new = np.append(True, (np.diff(ordered.major) != 0) | (np.diff(ordered.minor) != 0))
    begins = np.flatnonzero(new)
    last = np.append(begins[1:], len(new)) - 1
    found = (ordered.batch[begins] != ordered.batch[last]) | np.logical_or.reduceat(ordered.aside, begins)
    return ordered.where(found[np.cumsum(new) - 1])


def _records(batches: Sequence[Batch], keys: Sequence[str], torn: _Numbers) -> Iterator[pa.Table]:
    """The records of torn events: from the edges of their batches, else from where they are written."""
    for at in np.unique(torn.batch):
        own = torn.where(torn.batch == at)
        found = _having(spool.read(batches[at].folder / f"{frames.EDGE}.arrow"), keys, own)
        yield found if len(found) == len(own.major) else _stored(batches[at], keys, own)


def _having(records: pa.Table, keys: Sequence[str], own: _Numbers) -> pa.Table:
    wanted = set(zip(own.major.tolist(), own.minor.tolist(), strict=True))
    major, minor = (records[key].to_numpy() for key in keys)
    may = np.flatnonzero(np.isin(major, own.major))
    rows = [row for row in may.tolist() if (int(major[row]), int(minor[row])) in wanted]
    return records.take(pa.array(rows, pa.int64()))


def _stored(batch: Batch, keys: Sequence[str], own: _Numbers) -> pa.Table:
    """Records of a batch out of those of its part."""
    starts = spool.read(batch.folder / f"{frames.NUMBER}.arrow", ["sha256", "start"])
    with pq.ParquetFile(batch.records) as file:
        found = [
            _having(file.read_row_group(group, use_threads=False), keys, own)
            for group in range(file.num_row_groups)
        ]
    rows = pa.concat_tables(found)
    held = set(zip(*(starts[name].to_pylist() for name in ("sha256", "start")), strict=True))
    mine = [place in held for place in zip(*(rows[n].to_pylist() for n in ("sha256", "start")), strict=True)]
    return rows.filter(pa.array(mine, pa.bool_()))


def _taken_out(folders: Sequence[Path], records: pa.Table, runs_on: "Runner | None") -> None:
    """Take the events of some records out of what batches tell."""
    asked = (_Out(folder, records.select(["sha256", "start"])) for folder in folders)
    executor, in_flight = (None, 1) if runs_on is None else runs_on
    for _ in engine.run(_take_out, asked, executor, in_flight=in_flight):
        pass


def _take_out(out: _Out) -> None:
    torn = set(zip(*(out.records[name].to_pylist() for name in ("sha256", "start")), strict=True))
    starts = out.records["start"].to_numpy()
    for name in frames.TOLD:
        path = out.folder / name / f"{EVENT.name}.arrow"
        if not path.exists():
            continue
        held = spool.read(path, ["start"])["start"].to_numpy()
        may = np.flatnonzero(np.isin(held, starts))
        if not len(may):
            continue
        rows = spool.read(path)
        sha256 = rows["sha256"].take(pa.array(may)).to_pylist()
        gone = [row for row, of in zip(may.tolist(), sha256, strict=True) if (of, int(held[row])) in torn]
        if gone:
            kept = np.ones(len(held), bool)
            kept[gone] = False
            spool.write(path.parent, EVENT, rows.filter(pa.array(kept)), frames.ASKED)
