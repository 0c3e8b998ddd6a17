"""Telling: records into events, part by part, and all of it into one order.

Dated formats are read first: their median moment is the anchor for logs that write no year.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics import __version__, engine, readings
from forensics.core import canonical, loose
from forensics.core.errors import CustodyError
from forensics.core.roster import Question
from forensics.core.tables import EVENT
from forensics.pipeline import lacking, ordering, slicing, twins
from forensics.pipeline.parts import layout
from forensics.store import footers, moments, parquet, sorting, spool

if TYPE_CHECKING:
    from forensics.pipeline.read import Runner

ORDER = ordering.ORDER


SLICE_ROWS = 1 << 15
"""How many records a slice holds, about, of a format whose reading can take them in slices."""


PART_ROWS = 1 << 17
"""How many events one part of their table has, about."""
_THREADS = 2
_FILES_TOGETHER = 1 << 12
_ODD, _OTHER_ODD = np.int64(0x1E3779B97F4A7C15), np.int64(0x42B2AE3D27D4EB4F)
_LAST_BYTES = 8
_SPARE_BITS, _MOST_BITS = 3, 20
"""For numbers that are to have places of their own, there are eight to sixteen places for each, as long as these are few enough to be held."""


class Task(NamedTuple):
    """Records of a format to take the meaning of. `notes`: a spooled table of what has to be known of the others."""

    records: slicing.Slice
    format: str
    files: pa.Table
    zone: str
    anchor_ns: int | None
    told: Path
    notes: Path | None = None
    alike: twins.Twins | None = None


def events(case: Path, told: Sequence[Path], runs_on: "Runner", removal: "Removal") -> None:
    """Write `event`, `job_record` and `copy` in order.

    Args:
        case: the case folder.
        told: folders with what was told.
        runs_on: where the work runs.
        removal: of what telling left.
    """
    spill = case / "work" / "spill"
    asked = ordering.tasks(case / "tables", told, spill, PART_ROWS)
    for _ in engine.run(ordering.write, asked, runs_on.executor, in_flight=runs_on.in_flight):
        pass
    removal.begin(case / "work")
    for table in ORDER:
        kept = [one.part for one in asked if one.table is table]
        parquet.keep_only(case / "tables", table.name, kept)
        footers.note(case / "tables", table.name)


class Removal:
    """What telling left, put away at once, and removed while others are at work: none of it may be taken for whole when some is gone."""

    def __init__(self) -> None:
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        """Nothing is removed yet."""
        return self

    def begin(self, work: Path) -> None:
        """Put it away, and go on to remove it. Of files that the page cache holds that takes a while."""
        past = work / "past"
        shutil.rmtree(past, ignore_errors=True)
        past.mkdir()
        for name in ("spill", "told", "noted"):
            if (work / name).exists():
                (work / name).rename(past / name)
        self._thread = Thread(target=shutil.rmtree, args=(past,), kwargs={"ignore_errors": True})
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait until it is gone, whatever failed."""
        self.wait()

    def wait(self) -> None:
        """Wait until it is gone."""
        if self._thread is not None:
            self._thread.join()


def told(
    case: Path,
    parts: Iterable[tuple[str, str, tuple[str, ...]]],
    files: pa.Table,
    zone: str,
    anchor_ns: int | None,
    runs_on: "Runner",
) -> list[Path]:
    """Folders, each with what some of the records tell that are there; those that an earlier run left whole are used again.

    Args:
        case: the case folder.
        parts: format, name and file hashes of each part of records.
        files: schema `file`.
        zone: IANA zone of clocks that name none.
        anchor_ns: a moment near which the evidence lies.
        runs_on: where the work runs.
    """
    own = list(parts)
    if not own:
        return []
    alike = twins.found(case, files)
    sealed = kept(files, pc.equal(files["kind"], "file"))
    folder = case / "work" / "told"
    folder.mkdir(parents=True, exist_ok=True)
    tasks = []
    for batch in slicing.batches(own):
        held = kept(sealed, pc.is_in(sealed["sha256"], pa.array(batch.files, pa.string())))
        records = [case / "tables" / batch.format / f"{name}.parquet" for name in batch.names]
        slices = slicing.slices(batch.format, records, SLICE_ROWS, len(held) // len(batch.files))
        same = twins.within(alike, set(batch.files))
        why = [
            __version__,
            list(batch.names),
            layout(*ORDER),
            zone,
            anchor_ns,
            digest_of(held),
            *([same] if same else []),
        ]
        notes = _notes(batch, slices, records, held, same, folder, runs_on)
        for one, known in zip(slices, notes, strict=True):
            place = [*(path.stem for path in one.records), one.group]
            key = hashlib.sha256(canonical.line([*why, one.first, one.stop, place]).encode()).hexdigest()
            tasks.append(Task(one, batch.format, held, zone, anchor_ns, folder / key, known, same))
    return list(engine.run(tell, tasks, runs_on.executor, in_flight=runs_on.in_flight))


def cited(files: pa.Table, *several: pa.Table) -> pa.Table:
    """Those of some files that rows are of, as far as these say of which."""
    named = [rows["sha256"].cast(pa.string()) for rows in several if "sha256" in rows.column_names]
    every = pa.chunked_array([chunk for column in named for chunk in column.chunks], pa.string())
    return kept(files, pc.is_in(files["sha256"], pc.unique(every)))


def kept(files: pa.Table, own: pa.ChunkedArray) -> pa.Table:
    """Some of many rows; where they are all, nothing is copied."""
    return files if pc.all(own).as_py() else files.filter(own)


def digest_of(files: pa.Table) -> str:
    """A name for some files. There can be a million, so they are looked at some at a time."""
    made = hashlib.sha256()
    for rows in files.to_batches(max_chunksize=_FILES_TOGETHER):
        made.update(canonical.line(rows.to_pylist()).encode())
    return made.hexdigest()


def _notes(
    batch: slicing.Batch,
    slices: Sequence[slicing.Slice],
    records: Sequence[Path],
    files: pa.Table,
    alike: twins.Twins,
    folder: Path,
    runs_on: "Runner",
) -> list[Path | None]:
    """For each slice where it is noted what has to be known before it is told; None where there is no such thing."""
    if not slicing.notes_are_due(batch.format, slices):
        return [None] * len(slices)
    if not lacking.lacks(batch.format):
        return [_noted(batch, slices, records, folder, runs_on)] * len(slices)
    why = [__version__, list(batch.names), digest_of(files), *([alike] if alike else [])]
    into = folder.with_name("noted") / hashlib.sha256(canonical.line(why).encode()).hexdigest()
    shutil.rmtree(into, ignore_errors=True)
    asked = [slicing.Asked(batch.format, own, into / f"noted-{n:06d}.arrow") for n, own in enumerate(slices)]
    noted = list(engine.run(slicing.put_note, asked, runs_on.executor, in_flight=runs_on.in_flight))
    return lacking.found(batch.format, noted, files, into, alike)


def _noted(
    batch: slicing.Batch,
    slices: Sequence[slicing.Slice],
    records: Sequence[Path],
    folder: Path,
    runs_on: "Runner",
) -> Path:
    """Where it is noted what has to be known before slices are told, the same for all."""
    name = hashlib.sha256(canonical.line([__version__, list(batch.names)]).encode()).hexdigest()
    path = folder.with_name("noted") / f"{name}.arrow"
    if not path.exists():
        stems = dict.fromkeys(path.stem for own in slices for path in own.records)
        written = [slicing.noted_of(folder.parents[1], stem) for stem in stems]
        if hasattr(readings.registry()[batch.format], "NOTES"):
            # Nobody else is at work then.
            threads = 1 if runs_on.executor is None else _THREADS
            notes = slicing.by_question(batch.format, records, folder.with_name("spill"), threads=threads)
        elif all(one.exists() for one in written):
            notes = pa.concat_tables(map(spool.read, written))
        else:
            asked = [slicing.Asked(batch.format, own) for own in slices]
            found = engine.run(slicing.note, asked, runs_on.executor, in_flight=runs_on.in_flight)
            notes = pa.concat_tables(found)
        spool.put(path, notes)
    return path


def tell(task: Task) -> Path:
    """Take the meaning of some records, and put it in a folder that appears whole.

    Raises:
        CustodyError: two events have one id.
        ValueError: the reading makes a table that is not its to make.
    """
    if task.told.exists():
        return task.told
    reading = readings.registry()[task.format]
    alike = task.alike or {}
    records = twins.once(slicing.read(task.records, reading), alike)
    notes = None if task.notes is None else spool.read(task.notes)
    # What is noted of others can be told with these, and be of another file.
    files = cited(task.files, records, *(() if notes is None else (notes,)))
    if lacking.lacks(task.format):
        files = task.files
    found = made(task.format, records, files, task.zone, task.anchor_ns, alike, notes)
    partial = partial_of(task.told)
    put(partial, found)
    appear(partial, task.told)
    del records, found
    engine.give_back(engine.MOST_HELD_BYTES)
    return task.told


def put(folder: Path, found: Mapping[str, pa.Table]) -> None:
    """Put down what was made of records, each table in its order."""
    for table, keys in ORDER.items():
        rows = found.get(table.name)
        if rows is not None and rows.num_rows:
            ordered = sorting.sorted_by([loose.lightened(rows)], keys)
            spool.write(folder, table, ordered, ordering.ASKED[table])


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
    notes: pa.Table | None = None,
    *,
    how: str = "lightly",
) -> Mapping[str, pa.Table]:
    """What a reading makes of records, as declared or as `core.loose` has it; `how`: by which of its functions, where it has that.

    Raises:
        CustodyError: two events have one id.
        ValueError: the reading makes a table that is not its to make.
    """
    more = {} if notes is None else {"notes": notes}
    reading = readings.registry()[form]
    read = getattr(reading, how, reading.read)
    found = dict(read(records, files, zone=zone, anchor_ns=anchor_ns, **more))
    if alike and EVENT.name in found:
        found[EVENT.name] = twins.cited(loose.strict(found[EVENT.name], EVENT.schema()), alike)
    unknown = set(found) - {table.name for table in ORDER}
    if unknown:
        raise ValueError(f"readings/{form}.py makes {', '.join(sorted(unknown))}")
    _once(found.get(EVENT.name, EVENT.empty()))
    return found


def _once(events: pa.Table) -> None:
    """See that no event's id comes twice. An id names its file, and no two tasks tell of the same record.

    Events of one id begin at one byte, and their ids end alike, so only those are compared that do.
    """
    start = events["start"].to_numpy()
    if (start[1:] > start[:-1]).all():
        return
    held = events["event_id"].combine_chunks()
    mixed = start * _ODD + _ends(held) * _OTHER_ODD
    same = _repeated(mixed)
    if not len(same):
        return
    ids = held.filter(pa.array(np.isin(mixed, same)))
    if pc.count_distinct(ids).as_py() < len(ids):
        counts = pc.value_counts(ids)
        first = pc.min(counts.filter(pc.greater(counts.field("counts"), 1)).field("values"))
        raise CustodyError(f"two events have the id {first}; this is a fault of the program: report it")


def _repeated(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Those that come more than once, in order; one that comes n times is given n - 1 times.

    Each is put in a place by its first bits, and only those of a place that several share are sorted: most have one of their own.
    """
    bits = min(len(numbers).bit_length() + _SPARE_BITS, _MOST_BITS)
    place = (numbers.view(np.uint64) >> np.uint64(64 - bits)).astype(np.int64)
    row = np.arange(len(numbers))
    last = np.empty(1 << bits, np.int64)
    last[place] = row
    shared = np.zeros(1 << bits, bool)
    shared[place[last[place] != row]] = True
    known = np.sort(numbers[shared[place]])
    return np.asarray(known[1:][known[1:] == known[:-1]])


def _ends(texts: pa.Array) -> npt.NDArray[np.int64]:
    """A number for each text of its last bytes and its length: equal texts have equal ones."""
    if not pc.sum(pc.binary_length(texts)).as_py():
        return np.zeros(len(texts), np.int64)
    _, bounds, held = texts.buffers()
    edges = np.frombuffer(bounds, np.int32)[texts.offset :][: len(texts) + 1].astype(np.int64)
    size, byte = np.diff(edges), np.frombuffer(held, np.uint8)
    if size.min() < _LAST_BYTES:
        return size
    # Eight bytes from every place on, as one number.
    words = np.ndarray(len(byte) - _LAST_BYTES + 1, np.dtype("<i8"), byte.data, strides=(1,))
    return np.asarray(words[edges[1:] - _LAST_BYTES] ^ size, np.int64)


def anchor(told: Sequence[Path], question: Question) -> int | None:
    """The (lower) median moment of the events told; else the middle of the window; else none."""
    found = moments.median([path for folder in told if (path := folder / f"{EVENT.name}.arrow").exists()])
    if found is not None:
        return found
    return None if question.window is None else sum(question.window) // 2
