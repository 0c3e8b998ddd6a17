"""Frames of an audit trail: read, told and written in one go, each part by one process.

The records and their events are made of the same bytes while these are in memory. An event is told of the
lines that one *batch* of frames holds; where its lines turn out to lie in several, `torn` tells it again.
So each batch leaves behind, until the run is done: its events, those near its edges apart; the numbers by
which records of one event know each other; and the records near its edges.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from forensics import __version__, engine, formats, readings
from forensics.core import loose
from forensics.core.errors import CustodyError
from forensics.core.tables import EVENT, REJECT
from forensics.custody import seal as sealing
from forensics.custody.blocks import Blocks
from forensics.pipeline import parts, tell
from forensics.pipeline.files import Tally
from forensics.pipeline.parts import Part
from forensics.store import parquet, sorting, spool

Bools = npt.NDArray[np.bool_]
STRETCH_FRAMES = 4
"""How much of a large file is one part, in frames: a chunk belongs to the stretch in which it begins."""
BATCH_ROWS = parquet.GROUP_ROWS
"""How many records are told at a time, at least; the last batch of a part may have fewer. They are put together once, to be written and told."""
EDGE_ROWS = 256
"""How many records at either end of a batch are kept as they are, since their events may go on beyond it."""
FIRST, INNER, LAST, EDGE, NUMBER = "first", "inner", "last", "edge", "number"
ASIDE = "aside"
"""Whether a batch leaves the event of a record to be told with those that it tears."""
ASKED = (spool.TIME, "start")
"""The columns of events by which it is found where they are cut, and which of them begin where a record does."""
TOLD = (FIRST, INNER, LAST)
"""The folders of what a batch tells, in order: its events near either edge, which may yet be told again, and the others."""


class Work(NamedTuple):
    """What all parts of a run share: the case, who packed which file, what is known of the files, the zone."""

    case: Path
    packed: Mapping[str, str | None]
    files: pa.Table
    zone: str


class Task(NamedTuple):
    """A part to read and tell.

    `chunks`: of its file, where others have stretches of that; else None. `sealed`: the digests of their blocks, where whoever
    reads them compares with those; else None.
    """

    work: Work
    part: Part
    told: Path
    chunks: Iterable[parts.Task] | None
    sealed: Blocks | None = None


class Done(NamedTuple):
    """A part whose events are told, whether it was read now, and what became of the bytes of its files."""

    part: Part
    was_read: bool
    sums: Mapping[str, Tally]


def framed(name: str) -> bool:
    """Whether a format is read in frames, and told as it is read."""
    return hasattr(formats.registry()[name], "FRAME_BYTES")


def stretch_bytes(name: str) -> int | None:
    """How much of a large file one part holds, about; None where a format has no frames."""
    frame = getattr(formats.registry()[name], "FRAME_BYTES", None)
    return None if frame is None else STRETCH_FRAMES * int(frame)


def told_of(work: Work, part: Part) -> Path:
    """The folder of what a part tells."""
    held = _files(work, part).select(["sha256", "path", "host", "domain"]).to_pylist()
    why = [__version__, part.name, parts.layout(*tell.ORDER), work.zone, held]
    return work.case / "work" / "told" / parts.digest(why)


def _files(work: Work, part: Part) -> pa.Table:
    return work.files.filter(pc.is_in(work.files["sha256"], pa.array(part.files, pa.string())))


def tasks(work: Work, plan: Sequence[Part], digests: Mapping[str, Blocks], *, here: bool) -> Iterator[Task]:
    """The parts that have yet to be read or told.

    Args:
        work: what they share.
        plan: all parts of formats that are read in frames; those of one file follow one another.
        digests: of the blocks of files that have some.
        here: whether they are done in this process, so that bytes can be handed on as they are read.
    """
    for files, own in groupby(plan, key=lambda part: part.files):
        missing = {}
        for part in own:
            told = told_of(work, part)
            if parts.sums(work.case, part) is None:
                missing[part.stretch] = Task(work, part, told, None)
            elif not told.exists():
                yield Task(work, part, told, None)
        if None in missing:
            yield missing.pop(None)
        elif missing:
            yield from _stretches(missing, files[0], digests.get(files[0]), here=here)


def _stretches(
    missing: dict[int | None, Task], sha256: str, sealed: Blocks | None, *, here: bool
) -> Iterator[Task]:
    """The stretches of one large file, which is cut in one go."""
    work, part, *_ = next(iter(missing.values()))
    size = stretch_bytes(part.format) or 1
    cut = _chunks(work, part, sha256, sealed, here=here)
    for stretch, own in parts.by_stretch(cut, size, missing, here=here):
        yield missing[stretch]._replace(chunks=own, sealed=parts.around(own, sealed))


def _chunks(
    work: Work, part: Part, sha256: str, sealed: Blocks | None = None, *, here: bool
) -> Iterator[parts.Task]:
    form = formats.registry()[part.format]
    path, packed = sealing.locate(work.case, sha256), work.packed[sha256]
    frame = int(form.FRAME_BYTES)  # type: ignore[attr-defined]
    for chunk in parts.cut(path, sha256, form.CUT, frame, packed, sealed, here=here, lend=True):
        yield parts.Task(part.name, part.format, sha256, path, chunk, packed)


def read(task: Task) -> Done:
    """Read a part and tell its events; or tell them of its records, where those are there.

    Raises:
        CustodyError: bytes changed, or some are not accounted for.
    """
    work, part = task.work, task.part
    partial = tell.partial_of(task.told)
    batches = _Batches(partial, part.format, _files(work, part), work.zone)
    there = sums = parts.sums(work.case, part)
    if sums is None:
        sums = _written(task, batches)
        tell.appear(partial, task.told)
        parts.settle_sums(work.case, part, sums)
    else:
        for records in _again(work.case, part):
            batches.add(records)
            batches.close(least=BATCH_ROWS)
        batches.close()
        tell.appear(partial, task.told)
    engine.give_back()
    return Done(part, there is None, sums)


def _written(task: Task, batches: "_Batches") -> dict[str, Tally]:
    """Write the records and rejects of a part, and tell its events; what became of its bytes, by file."""
    work, part = task.work, task.part
    own = parts.checked(task.chunks, task.sealed)
    if own is None:
        own = (each for sha256 in part.files for each in _chunks(work, part, sha256, here=True))
    sums = dict.fromkeys(part.files, Tally())
    tables = work.case / "tables"
    with (
        parquet.Part(tables, parts.record_table(part.format), part.name) as records,
        parquet.Part(tables, REJECT, part.name) as rejects,
    ):
        for each in own:
            found = parts.parse(each)
            sums[each.sha256] = sums[each.sha256].plus(found.tally)
            rejects.add(found.rejects)
            batches.add(found.records)
            del found
            batches.close(records.add, least=BATCH_ROWS)
            engine.give_back(engine.MOST_HELD_BYTES)
        batches.close(records.add)
    return sums


def _again(case: Path, part: Part) -> Iterator[pa.Table]:
    """The records of a part as they were written, group by group."""
    with pq.ParquetFile(case / "tables" / part.format / f"{part.name}.parquet") as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, use_threads=False)


class _Batches:
    """Records gathered into batches, each told as soon as it is full."""

    def __init__(self, folder: Path, form: str, files: pa.Table, zone: str) -> None:
        self._folder, self._form, self._files, self._zone = folder, form, files, zone
        self._held: list[pa.Table] = []
        self._told = 0

    def add(self, records: pa.Table) -> None:
        """Take records, in order of file and place."""
        self._held.append(records)

    def close(self, write: Callable[[pa.Table], None] | None = None, *, least: int = 1) -> None:
        """Tell what is held, where it is enough, and have `write` take it."""
        if sum(map(len, self._held)) < least:
            return
        held = _joined(self._held)
        if write is not None:
            write(held)
        keys = readings.registry()[self._form].ALIKE  # type: ignore[attr-defined]
        folder = self._folder / f"{self._told:06d}"
        self._told += 1
        aside = _several(held, keys)
        _leave_records(folder, held, parts.record_table(self._form).schema(), keys, aside)
        # Where some are left aside, no others share an event. To tell those too is less than to copy all records without them.
        how = "singly" if aside.any() else "lightly"
        made = tell.made(self._form, held, self._files, self._zone, None, how=how)
        if set(made) - {EVENT.name}:
            raise CustodyError(f"readings/{self._form}.py makes more than events of records in frames")
        events = made[EVENT.name]
        _leave_events(
            folder, loose.without(events, _tells_of(events, held, aside)) if aside.any() else events
        )


def _joined(held: list[pa.Table]) -> pa.Table:
    """Tables as one, column by column, each of theirs let go of once it is copied, so that all is never there twice; none is left."""
    schema, columns = held[0].schema, [list(own.columns) for own in held]
    held.clear()
    found = []
    for n in range(len(schema)):
        pieces = [own[n] for own in columns]
        for own in columns:
            own[n] = None
        found.append(loose.joined(pieces))
        del pieces
    kinds = [field.with_type(column.type) for field, column in zip(schema, found, strict=True)]
    return pa.Table.from_arrays(found, schema=pa.schema(kinds, schema.metadata))


def _tells_of(events: pa.Table, records: pa.Table, aside: Bools) -> Bools:
    """Which events some records tell: those that begin where they do."""
    few = records.select(["sha256", "start"]).filter(pa.array(aside))
    own = set(zip(few["sha256"].to_pylist(), few["start"].to_pylist(), strict=True))
    starts = events["start"].to_numpy()
    found = np.isin(starts, few["start"].to_numpy())
    at = np.flatnonzero(found)
    named = events["sha256"].take(pa.array(at)).to_pylist()
    found[at] = [pair in own for pair in zip(named, starts[at].tolist(), strict=True)]
    return found


def _several(records: pa.Table, keys: Sequence[str]) -> Bools:
    """Which records share their event's numbers with another, where these are few: frames end within events.

    To tell of a few takes nearly as long as to tell of thousands, so those of all batches are told together.
    """
    numbers = [records[key].to_numpy() for key in keys]
    order = np.lexsort(numbers[::-1])
    same = np.logical_and.reduce([np.diff(number[order]) == 0 for number in numbers])
    found = np.zeros(len(order), bool)
    found[order[:-1][same]] = found[order[1:][same]] = True
    return found if found.sum() <= EDGE_ROWS else np.zeros(len(order), bool)


def _leave_records(
    folder: Path, records: pa.Table, schema: pa.Schema, keys: Sequence[str], aside: Bools
) -> None:
    """Put down what is needed to find and mend the events that a batch tears; records as their `schema` has them."""
    near = aside.copy()
    near[:EDGE_ROWS] = near[-EDGE_ROWS:] = True
    numbers = records.select(["sha256", "start", *keys]).append_column(ASIDE, pa.array(aside))
    # Of one or a few values: small as it is, and then nobody has to decompress the numbers.
    numbers = numbers.set_column(0, "sha256", loose.dictionary(records["sha256"].combine_chunks()))
    spool.put(folder / f"{NUMBER}.arrow", numbers)
    spool.put(folder / f"{EDGE}.arrow", loose.strict(records.filter(pa.array(near)), schema))


def _leave_events(folder: Path, events: pa.Table) -> None:
    """Put down what a batch tells."""
    ordered = sorting.sorted_by([events], tell.ORDER[EVENT])
    last = max(EDGE_ROWS, len(ordered) - EDGE_ROWS)
    for name, first, stop in zip(TOLD, (0, EDGE_ROWS, last), (EDGE_ROWS, last, len(ordered)), strict=True):
        own = ordered.slice(first, stop - first)
        if len(own):
            spool.write(folder / name, EVENT, own, ASKED)
