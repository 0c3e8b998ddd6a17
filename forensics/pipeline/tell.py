"""Telling: records into events, part by part, and all of it into one order.

Dated formats are read first: their median moment is the anchor for logs that write no year.
"""

import hashlib
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from forensics import __version__, engine, readings
from forensics.core import canonical
from forensics.core.errors import CustodyError
from forensics.core.roster import Question
from forensics.core.tables import COPY, EVENT, JOB_RECORD
from forensics.store import parquet, query

if TYPE_CHECKING:
    from forensics.pipeline.read import Runner

ORDER = {
    EVENT: ("earliest_ns", "sha256", "start", "event_id"),
    JOB_RECORD: ("sha256", "start", "stop", "job", "step"),
    COPY: ("sha256", "start", "stop", "path", "blob"),
}
"""What readings make, and the order in which it is kept."""


class Task(NamedTuple):
    """A part of a format's records to take the meaning of."""

    records: Path
    format: str
    files: pa.Table
    zone: str
    anchor_ns: int | None
    told: Path


def events(
    case: Path,
    parts: Sequence[tuple[str, str, tuple[str, ...]]],
    files: pa.Table,
    question: Question,
    runs_on: "Runner",
) -> None:
    """Write `event`, `job_record` and `copy` from the records that are there.

    Args:
        case: the case folder.
        parts: format, name and file hashes of each part of records.
        files: schema `file`.
        question: gives the zone, and a window for evidence in which nothing is dated.
        runs_on: where the work runs.
    """
    known = readings.registry()
    dated = [part for part in parts if not known[part[0]].NEEDS_ANCHOR]
    rest = [part for part in parts if known[part[0]].NEEDS_ANCHOR]
    told = _told(case, dated, files, question.zone, None, runs_on)
    anchor_ns = _anchor(told, question)
    told += _told(case, rest, files, question.zone, anchor_ns, runs_on)
    doubled = query.repeated([folder / EVENT.name / "0.parquet" for folder in told], "event_id")
    if doubled is not None:
        raise CustodyError(
            f"{case}: two events have the id {doubled}; this is a fault of the program: report it"
        )
    spill = case / "work" / "spill"
    for table, keys in ORDER.items():
        sources = [folder / table.name / "0.parquet" for folder in told]
        with parquet.Part(case / "tables", table) as out:
            for rows in query.ordered(sources, table.schema(), keys, spill):
                out.add(rows)
    for left in (spill, case / "work" / "told"):
        shutil.rmtree(left, ignore_errors=True)


def _told(
    case: Path,
    parts: Iterable[tuple[str, str, tuple[str, ...]]],
    files: pa.Table,
    zone: str,
    anchor_ns: int | None,
    runs_on: "Runner",
) -> list[Path]:
    """Folders, each with what one part tells; those that an earlier run left whole are used again."""
    sealed = files.filter(pc.equal(files["kind"], "file"))
    folder = case / "work" / "told"
    folder.mkdir(parents=True, exist_ok=True)
    tasks = []
    for form, name, hashes in parts:
        own = sealed.filter(pc.is_in(sealed["sha256"], pa.array(hashes, pa.string())))
        why = [__version__, name, zone, anchor_ns, own.to_pylist()]
        key = hashlib.sha256(canonical.line(why).encode()).hexdigest()
        records = case / "tables" / form / f"{name}.parquet"
        tasks.append(Task(records, form, own, zone, anchor_ns, folder / key))
    return list(engine.run(tell, tasks, runs_on.executor, in_flight=runs_on.in_flight))


def tell(task: Task) -> Path:
    """Take the meaning of one part of records, and put it in a folder that appears whole.

    Raises:
        ValueError: the reading makes a table that is not its to make.
    """
    if task.told.exists():
        return task.told
    reading = readings.registry()[task.format]
    made = reading.read(pq.read_table(task.records), task.files, zone=task.zone, anchor_ns=task.anchor_ns)
    unknown = set(made) - {table.name for table in ORDER}
    if unknown:
        raise ValueError(f"readings/{task.format}.py makes {', '.join(sorted(unknown))}")
    partial = task.told.with_name(f".{task.told.name}")
    shutil.rmtree(partial, ignore_errors=True)
    for table in ORDER:
        parquet.write(partial, table, made.get(table.name, table.empty()))
    partial.rename(task.told)
    return task.told


def _anchor(told: Sequence[Path], question: Question) -> int | None:
    """The (lower) median moment of the events told; else the middle of the window; else none."""
    found = [
        np.asarray(pq.read_table(folder / EVENT.name / "0.parquet", columns=["earliest_ns"])[0].drop_null())
        for folder in told
    ]
    moments = np.concatenate([np.empty(0, np.int64), *found])
    if len(moments):
        return int(np.partition(moments, (len(moments) - 1) // 2)[(len(moments) - 1) // 2])
    return None if question.window is None else sum(question.window) // 2
