"""Reading: sealed bytes into records, rejects and sums; then the readings are asked what they tell.

Files of one format are read in *parts*: runs of files in order of hash, of about `PART_BYTES` together.
A part depends on its files and on the version of this program alone, so one that is there need not be
read again, and a run that was broken off goes on where it was. Within a part, chunks are read by as
many processes as there are; neither cuts nor processes leave a trace in what is written.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import astuple, dataclass
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics import __version__, engine, formats
from forensics.core import canonical
from forensics.core.errors import CustodyError
from forensics.core.model import IGNORED, REJECTED, Parsed, spans_of
from forensics.core.schema import Table, extended
from forensics.core.tables import CORE, FILE, REJECT, SHA256
from forensics.custody import chunks, ledger
from forensics.custody import seal as sealing
from forensics.custody.seal import Sealed
from forensics.pipeline import files, take, tell
from forensics.pipeline.files import Known, Tally
from forensics.store import parquet

PART_BYTES = 64 << 20
STAMP = "ingest.json"

Progress = Callable[[str, int, int], None]
"""Told what is being read, how many bytes have been read, and how many there are."""


@dataclass(frozen=True, slots=True)
class Part:
    """Files of one format, by hash and in its order, that are read into one part of its table."""

    name: str
    format: str
    files: tuple[str, ...]


class Task(NamedTuple):
    """A chunk to read."""

    part: str
    format: str
    sha256: str
    path: Path
    chunk: chunks.Chunk
    packed: str | None
    sealed_bytes: int


class Read(NamedTuple):
    """What a chunk holds."""

    part: str
    sha256: str
    records: pa.Table
    rejects: pa.Table
    tally: Tally
    sealed_bytes: int


def record_table(name: str) -> Table:
    """A format's table as a case keeps it: the hash of the sealed file before its own columns."""
    return extended(formats.registry()[name].TABLE, SHA256)


def ingest(
    case: Path,
    *,
    workers: int = 1,
    cluster: str | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    block_bytes: int = chunks.BLOCK_BYTES,
    command: str | None = None,
) -> Tally:
    """Read everything that was sealed, as far as it has not been read.

    Args:
        case: the case folder.
        workers: processes that read at the same time.
        cluster: address of the scheduler of a Dask cluster to run on instead.
        executor: where to run instead.
        progress: told how far it is.
        block_bytes: how much is read at a time, about.
        command: what was typed, for the ledger.

    Returns:
        The accounting of every byte, each sealed file once.

    Raises:
        CaseError: there is no case, or another run is at work on it.
        CustodyError: sealed bytes are no longer what they were, or some are not accounted for.
        ClusterError: the cluster cannot be reached, or cannot do the work.
    """
    case = case.absolute()  # other processes may have another working directory
    rows = sealing.rows(case)
    question = take.question_of(case)
    inputs = digest([__version__, question.zone, question.window, [list(astuple(row)) for row in rows]])
    with sealing.locked(case), ExitStack() as stack:
        done = _stamped(case, inputs)
        if done is not None:
            return done
        if cluster is not None:
            executor, workers = stack.enter_context(engine.cluster(cluster, sealing.ledger_of(case)))
        local = stack.enter_context(engine.processes(workers if executor is None else 1))
        _forget(case)
        runs_on = Runner(executor or local, 2 * workers)
        known = files.recognised(case, rows)
        plan = _plan(rows, known)
        packed = {sha256: file.packed for sha256, file in known.items()}
        tallies = _read_parts(case, plan, packed, runs_on, _Meter(rows, progress), block_bytes)
        table = files.table(rows, known, tallies)
        parquet.write(case / "tables", FILE, table)
        asked = [(part.format, part.name, part.files) for part in plan]
        tell.events(case, asked, table, question, runs_on)
        return _finish(case, inputs, plan, files.total(table), command)


class Runner(NamedTuple):
    """Where work runs, and how much of it at a time."""

    executor: Executor | None
    in_flight: int


class _Meter:
    """How far a run is: each sealed file counts once."""

    def __init__(self, rows: Sequence[Sealed], progress: Progress | None) -> None:
        self.sizes = {row.sha256: row.bytes for row in rows if row.kind == "file"}
        self._whole, self._done, self._progress = sum(self.sizes.values()), 0, progress

    def add(self, what: str, count: int) -> None:
        self._done += count
        if self._progress is not None:
            self._progress(what, self._done, self._whole)


def digest(value: object) -> str:
    """A name for a value: the hash of its canonical JSON."""
    return hashlib.sha256(canonical.line(value).encode()).hexdigest()


def _plan(rows: Sequence[Sealed], known: Mapping[str, Known]) -> list[Part]:
    sizes = {row.sha256: row.bytes for row in rows if row.kind == "file"}
    plan = []
    for name in sorted({file.format for file in known.values() if file.format is not None}):
        together: list[str] = []
        held = 0
        for sha256 in sorted(s for s, file in known.items() if file.format == name):
            if together and held + sizes[sha256] > PART_BYTES:
                plan.append(_part(name, together))
                together, held = [], 0
            together.append(sha256)
            held += sizes[sha256]
        plan.append(_part(name, together))
    return plan


def _part(name: str, files: Sequence[str]) -> Part:
    # In order of name, the parts of a table are in order of hash.
    return Part(f"{files[0][:16]}-{digest([__version__, name, list(files)])[:8]}", name, tuple(files))


def _read_parts(
    case: Path,
    plan: Sequence[Part],
    packed: Mapping[str, str | None],
    runs_on: Runner,
    meter: _Meter,
    block_bytes: int,
) -> dict[str, Tally]:
    """Read the parts that are not there; the sums of every file, by hash."""
    (case / "work" / "parts").mkdir(parents=True, exist_ok=True)
    missing = {part.name: part for part in plan if _sums(case, part) is None}
    sizes = dict(meter.sizes)
    here = runs_on.executor is None
    tasks = (
        task
        for part in missing.values()
        for task in _tasks(case, part, packed, sizes, block_bytes, hand_on=here)
    )
    results = engine.run(parse, tasks, runs_on.executor, in_flight=runs_on.in_flight)
    for name, found in groupby(results, key=lambda result: result.part):
        _write(case, missing[name], found, sizes, meter)
    tallies: dict[str, Tally] = {}
    for part in plan:
        tallies |= _sums(case, part) or {}
    for sha256 in sorted(set(meter.sizes) - set(tallies)):
        found_sha256, size = sealing.sha256_of(sealing.locate(case, sha256))
        if found_sha256 != sha256:
            raise CustodyError(f"{case}: {sha256} is no longer what was sealed; restore it from a copy")
        tallies[sha256] = Tally(size, 0, 0, size)
        meter.add("unrecognised", size)
    return tallies


def _sums(case: Path, part: Part) -> dict[str, Tally] | None:
    """The sums of a part's files, or None where it has yet to be read."""
    marker = case / "work" / "parts" / f"{part.name}.json"
    tables = case / "tables"
    made = [marker, *(tables / table / f"{part.name}.parquet" for table in (part.format, REJECT.name))]
    if not all(path.exists() for path in made):
        return None
    return {sha256: Tally(*sums) for sha256, sums in json.loads(marker.read_text(encoding="ascii")).items()}


def _tasks(
    case: Path,
    part: Part,
    packed: Mapping[str, str | None],
    sizes: dict[str, int],
    block_bytes: int,
    *,
    hand_on: bool,
) -> Iterator[Task]:
    """The chunks of a part. Into `sizes` goes how much a packed file was found to hold."""
    form = formats.registry()[part.format]
    block_bytes = getattr(form, "FRAME_BYTES", block_bytes)
    for sha256 in part.files:
        path, due = sealing.locate(case, sha256), sizes[sha256]
        for chunk in chunks.cut(path, sha256, form.CUT, block_bytes, packed[sha256], hand_on=hand_on):
            sealed_bytes = chunk.stop - chunk.start
            if packed[sha256] is not None:
                # How much of the sealed file a chunk took is not told: the first counts for all.
                sizes[sha256], sealed_bytes, due = chunk.stop, due, 0
            yield Task(part.name, part.format, sha256, path, chunk, packed[sha256], sealed_bytes)


def parse(task: Task) -> Read:
    """Read one chunk, and see that every byte of it is accounted for once.

    Raises:
        CustodyError: the bytes changed, or some are not accounted for.
    """
    chunk = task.chunk
    parsed = _under_head(task) if chunk.readable else _unread(task.format, chunk)
    if not _tiled(parsed, chunk):
        raise CustodyError(
            f"{task.path}: {task.format} does not account for bytes {chunk.start} to {chunk.stop} once each;"
            " this is a fault of the program: report it with the file"
        )
    table = record_table(task.format)
    records = _under(task.sha256, _by_start(parsed.records))
    rejected = _by_start(parsed.rejected).append_column(
        "format", pa.array([task.format] * len(parsed.rejected), pa.string())
    )
    rejects = _under(task.sha256, rejected).select(REJECT.names)
    tally = Tally(chunk.stop - chunk.start, *(_bytes(spans) for spans in parsed))
    told = parquet.conformed(records, table.schema())
    return Read(task.part, task.sha256, told, rejects, tally, task.sealed_bytes)


def _under_head(task: Task) -> Parsed:
    """What a format makes of a chunk, read below the first line of its file where it is laid out by that."""
    chunk, form = task.chunk, formats.registry()[task.format]
    parsed = form.parse(chunk.head + chunks.raw(task.path, chunk, task.packed), chunk.start - len(chunk.head))
    if not chunk.head:
        return parsed
    return Parsed(*(rows.filter(pc.greater_equal(rows["start"], chunk.start)) for rows in parsed))


def _unread(name: str, chunk: chunks.Chunk) -> Parsed:
    span = {"start": [chunk.start], "stop": [chunk.stop], "why": [chunk.why.value]}
    return Parsed(formats.registry()[name].TABLE.empty(), REJECTED.build(span), IGNORED.empty())


def _under(sha256: str, rows: pa.Table) -> pa.Table:
    return rows.add_column(
        0, "sha256", pa.array([sha256], pa.string()).take(pa.array([0] * len(rows), pa.int8()))
    )


def _by_start(spans: pa.Table) -> pa.Table:
    starts = spans["start"].to_numpy()
    return spans if np.all(starts[:-1] <= starts[1:]) else spans.sort_by("start")


def _bytes(rows: pa.Table) -> int:
    start, stop = spans_of(rows)
    return int(np.sum(stop.to_numpy() - start.to_numpy()))


def _tiled(parsed: Parsed, chunk: chunks.Chunk) -> bool:
    starts, stops = (np.concatenate(ends) for ends in zip(*(spans_of(rows) for rows in parsed), strict=True))
    order = np.argsort(starts, kind="stable")  # fast where most of it is in order
    if (starts[order][1:] == starts[order][:-1]).any():
        order = np.lexsort((stops, starts))
    starts, stops = starts[order], stops[order]
    if not len(starts):
        return chunk.start == chunk.stop
    return bool(
        starts[0] == chunk.start and stops[-1] == chunk.stop and np.array_equal(starts[1:], stops[:-1])
    )


def _write(case: Path, part: Part, found: Iterator[Read], sizes: Mapping[str, int], meter: _Meter) -> None:
    """Write a part's records and rejects, and last of all its sums, which say that it is whole.

    Args:
        case: the case folder.
        part: which.
        found: what its chunks hold.
        sizes: how much there is to read of each file, by hash, once `found` is exhausted.
        meter: told of each sealed byte once.
    """
    sums = dict.fromkeys(part.files, Tally())
    tables = case / "tables"
    with (
        parquet.Part(tables, record_table(part.format), part.name) as records,
        parquet.Part(tables, REJECT, part.name) as rejects,
    ):
        for read in found:
            records.add(read.records)
            rejects.add(read.rejects)
            sums[read.sha256] = sums[read.sha256].plus(read.tally)
            meter.add(part.format, read.sealed_bytes)
    for sha256, tally in sums.items():
        if tally.bytes != sizes[sha256] or sum(tally[1:]) != tally.bytes:
            raise CustodyError(
                f"{case}: not every byte of {sha256} is accounted for; report it with the file"
            )
    _settle(case / "work" / "parts" / f"{part.name}.json", {s: list(tally) for s, tally in sums.items()})


def _settle(path: Path, value: object) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(canonical.dumps(value), encoding="ascii")
    partial.rename(path)


def _forget(case: Path) -> None:
    """Remove what was concluded from tables that are about to change, the stamp first."""
    tables = case / "tables"
    tables.mkdir(exist_ok=True)
    for path in (tables / STAMP, case / "findings.json", case / "report.pdf"):
        path.unlink(missing_ok=True)
    kept = {*(table.name for table in CORE), *formats.registry()}
    for folder in sorted(tables.iterdir()):
        if folder.name not in kept:
            shutil.rmtree(folder)


def _finish(case: Path, inputs: str, plan: Sequence[Part], total: Tally, command: str | None) -> Tally:
    """Remove parts that are no longer asked for, and stamp the tables as done."""
    tables = case / "tables"
    for name in formats.registry():
        parquet.keep_only(tables, name, [part.name for part in plan if part.format == name])
    parquet.keep_only(tables, REJECT.name, [part.name for part in plan])
    if not plan:
        # Where nothing was recognised nothing was rejected, and that is a table too.
        parquet.write(tables, REJECT, REJECT.empty())
    for marker in sorted((case / "work" / "parts").glob("*.json")):
        if marker.stem not in {part.name for part in plan}:
            marker.unlink()
    entry = {"inputs": inputs, **total._asdict()}
    ledger.append(sealing.ledger_of(case), take.hand(command), [("ingest", entry)])
    made = sorted(path.relative_to(tables).as_posix() for path in tables.glob("*/*.parquet"))
    _settle(tables / STAMP, {"inputs": inputs, "tables": made, "tally": list(total)})
    return total


def _stamped(case: Path, inputs: str) -> Tally | None:
    """The accounting of an earlier run over the same inputs, if all that it made is there."""
    try:
        stamp = json.loads((case / "tables" / STAMP).read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    there = all((case / "tables" / name).exists() for name in stamp["tables"])
    return Tally(*stamp["tally"]) if there and stamp["inputs"] == inputs else None
