"""How records are cut for telling: which are told together, and what of the others must be known before.

Records of a format that is cut by lines or by length are told a slice at a time, a slice being a group of rows as
they were written; so what telling holds does not grow with the log. A reading that goes by more than one
record says so: `WHOLE`, or what it has to know of a file before its slices are told (`NOTES`, `noted`).
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from forensics import formats, readings
from forensics.core.model import Reading
from forensics.store import spool

MANY_PATHS = 16
"""From so many paths of each file on, about, fewer records are told together: a hundred thousand refs can name one commit."""
Plan = tuple[str, str, tuple[str, ...]]
"""Format, name and file hashes of a part of records."""


class Batch(NamedTuple):
    """Parts of one format of which records can have to do with one another."""

    format: str
    names: tuple[str, ...]
    files: tuple[str, ...]


class Slice(NamedTuple):
    """Records to tell: of some files of a format those between two values of a column, those of one group, or all.

    `sha256`: where those are asked for that begin between two places of one sealed file. Of a group that would tell too much,
    `first` and `stop` say which rows.
    """

    records: tuple[Path, ...]
    first: int | None = None
    stop: int | None = None
    group: int | None = None
    sha256: str | None = None


def batches(parts: Iterable[Plan]) -> Iterator[Batch]:
    """Parts that are told together. Those of one file are; and all of a format, where its reading puts records of several files together."""
    known = readings.registry()
    for form, group in groupby(parts, key=lambda part: part[0]):
        own = list(group)
        if hasattr(known[form], "SLICED_BY"):
            yield Batch(form, tuple(name for _, name, _ in own), tuple(s for *_, files in own for s in files))
        else:
            for files, same in groupby(own, key=lambda part: part[2]):
                yield Batch(form, tuple(name for _, name, _ in same), files)


def sliceable(form: str) -> bool:
    """Whether records of a format can be told a group at a time."""
    own, reading = formats.registry()[form], readings.registry()[form]
    # Whatever a format gives in pieces is told in them.
    cut = own.CUT != "whole" or hasattr(own, "pieces") or hasattr(reading, "EACH")
    return cut and not hasattr(reading, "WHOLE")


def slices(form: str, records: Sequence[Path], slice_rows: int, spread: int = 1) -> list[Slice]:
    """The slices that together hold all records of a batch.

    Args:
        form: the format.
        records: where they are.
        slice_rows: how many records one holds, about.
        spread: under how many paths each file lies, about; of equal files each path can tell events of its own.
    """
    by = getattr(readings.registry()[form], "SLICED_BY", None)
    if by is not None:
        return [Slice(tuple(records), first, stop) for first, stop in spool.slices(records, by, slice_rows)]
    if not sliceable(form):
        return [Slice(tuple(records))]
    groups = [(path, group, rows) for path in records for group, rows in enumerate(_groups(path))]
    if spread < MANY_PATHS:
        return [Slice((path,), group=group) for path, group, _ in groups]
    few = max(1, slice_rows // spread)
    return [
        Slice((path,), at, min(at + few, rows), group)
        for path, group, rows in groups
        for at in range(0, rows, few)
    ]


def _groups(path: Path) -> list[int]:
    """How many rows each group has."""
    about = pq.read_metadata(path)
    return [about.row_group(group).num_rows for group in range(about.num_row_groups)]


def read(own: Slice, reading: Reading, columns: Sequence[str] | None = None) -> pa.Table:
    """The records of a slice.

    Args:
        own: which.
        reading: the reading of their format.
        columns: only these.
    """
    if own.sha256 is not None:
        held = spool.between(own.records, "start", own.first, own.stop, getattr(reading, "COLUMNS", None))
        return held.filter(pc.equal(held["sha256"], own.sha256))
    if hasattr(reading, "SLICED_BY"):
        return spool.between(
            own.records, reading.SLICED_BY, own.first, own.stop, getattr(reading, "COLUMNS", None)
        )
    if own.group is not None:
        wanted = getattr(reading, "COLUMNS", None) if columns is None else columns
        with pq.ParquetFile(own.records[0], read_dictionary=getattr(reading, "CODED", None)) as file:
            found = file.read_row_group(own.group, wanted, use_threads=False)
        return found if own.first is None else found.slice(own.first, (own.stop or 0) - own.first)
    return pa.concat_tables(pq.read_table(path, columns=columns, use_threads=False) for path in own.records)


class Asked(NamedTuple):
    """A slice of which something is to be noted; `into`: where that is put, if not handed back."""

    format: str
    own: Slice
    into: Path | None = None


def note(asked: Asked) -> pa.Table:
    """What a slice says that others must know."""
    reading = readings.registry()[asked.format]
    return reading.noted(read(asked.own, reading, reading.NOTED))  # type: ignore[attr-defined]


def put_note(asked: Asked) -> Path:
    """Put down what a slice says that others must know; where.

    Raises:
        ValueError: it is not said where to.
    """
    if asked.into is None:
        raise ValueError("a note that is put down needs a place")
    spool.put(asked.into, note(asked))
    return asked.into


def noted_of(case: Path, part: str) -> Path:
    """Where it lies what slices of a part say that others must know, where it was noted as they were written."""
    return case / "work" / "noted" / f"{part}.arrow"


class Notes:
    """What slices of a part say that others must know, taken while they are written."""

    def __init__(self, form: str) -> None:
        self._reading: Any = readings.registry()[form]
        self._said: list[pa.Table] = []

    def add(self, group: pa.Table) -> None:
        """Take what one slice says."""
        self._said.append(self._reading.noted(group.select(self._reading.NOTED)))

    def close(self, path: Path) -> None:
        """Put it down."""
        if self._said:
            spool.put(path, pa.concat_tables(self._said))


def notes_are_due(form: str, own: Sequence[Slice]) -> bool:
    """Whether there is something to know before slices are told. One slice knows all."""
    reading: object = readings.registry()[form]
    return len(own) > 1 and (hasattr(reading, "noted") or hasattr(reading, "NOTES"))


def by_question(form: str, records: Sequence[Path], spill: Path, *, threads: int = 1) -> pa.Table:
    """What the records of a batch answer to the question of their reading."""
    from forensics.store import query  # noqa: PLC0415 - the database is loaded where it is needed

    reading = readings.registry()[form]
    answer = query.asked(records, reading.NOTES, spill, threads=threads)  # type: ignore[attr-defined]
    return reading.settled(answer) if hasattr(reading, "settled") else answer
