"""Telling: records into events, part by part, and all of it into one order.

Dated formats are read first: their median moment is the anchor for logs that write no year.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from forensics import __version__, engine, readings
from forensics.core import canonical
from forensics.core.errors import CustodyError
from forensics.core.model import Reading
from forensics.core.roster import Question
from forensics.core.schema import Table
from forensics.core.tables import COPY, EVENT, JOB_RECORD
from forensics.pipeline import twins
from forensics.store import parquet, spool

if TYPE_CHECKING:
    from forensics.pipeline.read import Runner

ORDER = {
    EVENT: ("earliest_ns", "sha256", "start", "event_id"),
    JOB_RECORD: ("sha256", "start", "stop", "job", "step"),
    COPY: ("sha256", "start", "stop", "path", "blob"),
}
"""What readings make, and the order in which it is kept."""


SLICE_ROWS = 1 << 15
"""How many records a slice holds, about, of a format whose reading can take them in slices."""


PART_ROWS = 1 << 17
"""How many events one part of their table has, about."""


class Ordered(NamedTuple):
    """A part of a table to write: the rows of spooled files within half-open bounds of its first key, in order.

    The part with the greatest has those without it too, at its end.
    """

    tables: Path
    table: Table
    keys: tuple[str, ...]
    sources: tuple[Path, ...]
    spill: Path
    first: int | None
    stop: int | None
    part: str


def named(n: int) -> str:
    """The name of the n-th part of a table, from 0: one part alone has the name of an only one."""
    return f"{n:06d}" if n else parquet.ONLY


def order(asked: Ordered) -> None:
    """Write a part of a table in order."""
    with parquet.Part(asked.tables, asked.table, asked.part) as out:
        for rows in spool.ordered(
            asked.sources, asked.table, asked.keys, asked.spill, first=asked.first, stop=asked.stop
        ):
            out.add(rows)


class Task(NamedTuple):
    """Records of a format to take the meaning of: a part, or of all parts those between two values of a column."""

    records: tuple[Path, ...]
    format: str
    files: pa.Table
    zone: str
    anchor_ns: int | None
    told: Path
    first: int | None = None
    stop: int | None = None
    alike: twins.Twins | None = None


def events(
    case: Path,
    parts: Sequence[tuple[str, str, tuple[str, ...]]],
    files: pa.Table,
    question: Question,
    runs_on: "Runner",
    whole: Sequence[Path] = (),
) -> None:
    """Write `event`, `job_record` and `copy` from the records that are there.

    Args:
        case: the case folder.
        parts: format, name and file hashes of each part of records.
        files: schema `file`.
        question: gives the zone, and a window for evidence in which nothing is dated.
        runs_on: where the work runs.
        whole: folders with what was told already, none of it in need of an anchor.
    """
    known, alike = readings.registry(), twins.found(case, files)
    dated = [part for part in parts if not known[part[0]].NEEDS_ANCHOR]
    rest = [part for part in parts if known[part[0]].NEEDS_ANCHOR]
    told = [*whole, *_told(case, dated, files, question.zone, None, runs_on, alike)]
    if rest:
        told += _told(case, rest, files, question.zone, _anchor(told, question), runs_on, alike)
    spill = case / "work" / "spill"
    for table, keys in ORDER.items():
        sources = tuple(path for folder in told if (path := folder / f"{table.name}.arrow").exists())
        windows = spool.windows(sources, PART_ROWS) if table is EVENT else [(None, None)]
        asked = [
            Ordered(case / "tables", table, keys, sources, spill / str(n), first, stop, named(n))
            for n, (first, stop) in enumerate(windows)
        ]
        for _ in engine.run(order, asked, runs_on.executor, in_flight=runs_on.in_flight):
            pass
        parquet.keep_only(case / "tables", table.name, [one.part for one in asked])
    for left in (spill, case / "work" / "told"):
        shutil.rmtree(left, ignore_errors=True)


def _told(
    case: Path,
    parts: Iterable[tuple[str, str, tuple[str, ...]]],
    files: pa.Table,
    zone: str,
    anchor_ns: int | None,
    runs_on: "Runner",
    alike: twins.Twins,
) -> list[Path]:
    """Folders, each with what some records tell; those that an earlier run left whole are used again."""
    sealed = files.filter(pc.equal(files["kind"], "file"))
    folder = case / "work" / "told"
    folder.mkdir(parents=True, exist_ok=True)
    known = readings.registry()
    tasks = []
    for names, own, form, sliced in _batches(parts, known):
        held = sealed.filter(pc.is_in(sealed["sha256"], pa.array(own, pa.string())))
        records = tuple(case / "tables" / form / f"{name}.parquet" for name in names)
        edges = spool.slices(records, sliced, SLICE_ROWS) if sliced else [(None, None)]
        same = twins.within(alike, set(own))
        why = [__version__, names, zone, anchor_ns, held.to_pylist(), *([same] if same else [])]
        for first, stop in edges:
            key = hashlib.sha256(canonical.line([*why, first, stop]).encode()).hexdigest()
            tasks.append(Task(records, form, held, zone, anchor_ns, folder / key, first, stop, same))
    return list(engine.run(tell, tasks, runs_on.executor, in_flight=runs_on.in_flight))


def _batches(
    parts: Iterable[tuple[str, str, tuple[str, ...]]], known: Mapping[str, Reading]
) -> Iterator[tuple[list[str], list[str], str, str | None]]:
    """Names of parts that are told together, their files, format, and the column that may cut them into slices.

    Records that make one event may lie in several files and so in several parts. A reading that puts them
    together says by which column it can be handed slices of all: records of one event have one value there.
    """
    for form, group in groupby(parts, key=lambda part: part[0]):
        sliced = getattr(known[form], "SLICED_BY", None)
        own = [(name, list(hashes)) for _, name, hashes in group]
        if sliced:
            yield [name for name, _ in own], [sha256 for _, hashes in own for sha256 in hashes], form, sliced
        else:
            yield from (([name], hashes, form, None) for name, hashes in own)


def tell(task: Task) -> Path:
    """Take the meaning of some records, and put it in a folder that appears whole.

    Raises:
        CustodyError: two events have one id.
        ValueError: the reading makes a table that is not its to make.
    """
    if task.told.exists():
        return task.told
    reading = readings.registry()[task.format]
    sliced = getattr(reading, "SLICED_BY", None)
    if sliced:
        records = spool.between(
            task.records, sliced, task.first, task.stop, getattr(reading, "COLUMNS", None)
        )
    else:
        records = pa.concat_tables(pq.read_table(path, use_threads=False) for path in task.records)
    alike = task.alike or {}
    records = twins.once(records, alike)
    found = made(task.format, records, task.files, task.zone, task.anchor_ns, alike)
    partial = partial_of(task.told)
    for table, keys in ORDER.items():
        rows = found.get(table.name)
        if rows is not None and rows.num_rows:
            spool.write(partial, table, spool.sorted_by([rows], keys))
    appear(partial, task.told)
    return task.told


def partial_of(folder: Path) -> Path:
    """A new folder in which another is made. Processes of a run that was killed may still be at work on theirs."""
    partial = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    return partial


def appear(partial: Path, folder: Path) -> None:
    """Give a folder its name, where none has it: what another process made there is the same."""
    try:
        partial.rename(folder)
    except OSError:
        if not folder.exists():
            raise
        shutil.rmtree(partial)


def made(
    form: str,
    records: pa.Table,
    files: pa.Table,
    zone: str,
    anchor_ns: int | None,
    alike: twins.Twins | None = None,
) -> Mapping[str, pa.Table]:
    """What a reading makes of records.

    Raises:
        CustodyError: two events have one id.
        ValueError: the reading makes a table that is not its to make.
    """
    found = dict(readings.registry()[form].read(records, files, zone=zone, anchor_ns=anchor_ns))
    if alike and EVENT.name in found:
        found[EVENT.name] = twins.cited(found[EVENT.name], alike)
    unknown = set(found) - {table.name for table in ORDER}
    if unknown:
        raise ValueError(f"readings/{form}.py makes {', '.join(sorted(unknown))}")
    _once(found.get(EVENT.name, EVENT.empty())["event_id"])
    return found


def _once(ids: pa.ChunkedArray) -> None:
    """See that no event's id comes twice. An id names its file, and no two tasks tell of the same record."""
    if pc.count_distinct(ids).as_py() < len(ids):
        counts = pc.value_counts(ids)
        first = pc.min(counts.filter(pc.greater(counts.field("counts"), 1)).field("values"))
        raise CustodyError(f"two events have the id {first}; this is a fault of the program: report it")


def _anchor(told: Sequence[Path], question: Question) -> int | None:
    """The (lower) median moment of the events told; else the middle of the window; else none."""
    found = [
        np.asarray(spool.read(path, ["earliest_ns"])[0].drop_null())
        for folder in told
        if (path := folder / f"{EVENT.name}.arrow").exists()
    ]
    moments = np.concatenate([np.empty(0, np.int64), *found])
    if len(moments):
        return int(np.partition(moments, (len(moments) - 1) // 2)[(len(moments) - 1) // 2])
    return None if question.window is None else sum(question.window) // 2
