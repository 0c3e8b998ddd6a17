"""Records of formats that are cut into chunks, each part written by the process that reads it.

What is read need not be sent to another process then. Of a file larger than a part each *stretch* is a part of
its own: the chunks that begin in it, where chunks of such a file are cut by `chunks.BLOCK_BYTES`, whatever the
size of blocks that was asked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from forensics import engine, formats, readings
from forensics.core.tables import REJECT
from forensics.custody import chunks
from forensics.custody import seal as sealing
from forensics.custody.blocks import Blocks
from forensics.pipeline import fresh, lacking, parts, slicing
from forensics.pipeline.files import Tally
from forensics.pipeline.parts import Part
from forensics.store import parquet

PART_BYTES = 16 << 20
"""How much of a large file is one part, and how much small files together, about."""


class Task(NamedTuple):
    """A part to read.

    `chunks`: of its file, where others have stretches of that; else None. `told`: where its records are told at once. `sealed`: the
    digests of the blocks of its chunks, where whoever reads them compares with those; else None.
    """

    case: Path
    part: Part
    packed: Mapping[str, str | None]
    block_bytes: int
    chunks: Iterable[parts.Task] | None = None
    told: fresh.Told | None = None
    sealed: Blocks | None = None


def stretch_bytes(name: str) -> int | None:
    """How much of a large file one part holds, about; None where a format may not be cut."""
    return None if formats.registry()[name].CUT == "whole" else PART_BYTES


def tasks(
    case: Path,
    plan: Sequence[Part],
    packed: Mapping[str, str | None],
    digests: Mapping[str, Blocks],
    block_bytes: int,
    told: Mapping[str, fresh.Told],
    *,
    here: bool,
) -> Iterator[Task]:
    """The parts that have yet to be read.

    Args:
        case: the case folder.
        plan: all parts; those of one file follow one another.
        packed: how each file is compressed.
        digests: of the blocks of files that have some.
        block_bytes: how much of a file that is one part is read at a time, about.
        told: the parts whose records are told as they are read, by name.
        here: whether they are read in this process, so that bytes can be handed on as they are cut.
    """
    for files, own in groupby(plan, key=lambda part: part.files):
        missing = {part.stretch: part for part in own if parts.sums(case, part) is None}
        held = {sha256: packed[sha256] for sha256 in files}
        whole = missing.pop(None, None)
        if whole is not None:
            yield Task(case, whole, held, block_bytes, None, told.get(whole.name))
        elif missing:
            one, sealed = next(iter(missing.values())), digests.get(files[0])
            cut = _chunks(Task(case, one, held, chunks.BLOCK_BYTES), files[0], sealed, here=here)
            for stretch, found in parts.by_stretch(cut, PART_BYTES, missing, here=here):
                part, around = missing[stretch], parts.around(found, sealed)
                yield Task(case, part, held, chunks.BLOCK_BYTES, found, told.get(part.name), around)


def _chunks(task: Task, sha256: str, sealed: Blocks | None = None, *, here: bool) -> Iterator[parts.Task]:
    """The chunks of a file, whose hash is checked when the last has been taken, or their blocks by whoever reads them."""
    part, packed, path = task.part, task.packed[sha256], sealing.locate(task.case, sha256)
    how = formats.cut(part.format, anew=part.anew)
    for chunk in parts.cut(path, sha256, how, task.block_bytes, packed, sealed, here=here):
        yield parts.Task(part.name, part.format, sha256, path, chunk, packed, part.anew)


def read(task: Task) -> tuple[Part, Mapping[str, Tally]]:
    """Write the records and rejects of a part, and last of all its sums; what became of its bytes, by file.

    Raises:
        CustodyError: bytes changed, or some are not accounted for.
    """
    case, part, own = task.case, task.part, parts.checked(task.chunks, task.sealed)
    if own is None:
        own = (each for sha256 in part.files for each in _chunks(task, sha256, here=True))
    teller = None if task.told is None else fresh.Teller(task.told, part.format)
    notes = None
    noted = hasattr(readings.registry()[part.format], "noted") and not lacking.lacks(part.format)
    if teller is None and part.stretch is not None and noted:
        notes = slicing.Notes(part.format)
    sums, stops = dict.fromkeys(part.files, Tally()), dict.fromkeys(part.files, 0)
    with (
        parquet.Part(
            case / "tables", parts.record_table(part.format), part.name, None if notes is None else notes.add
        ) as records,
        parquet.Part(case / "tables", REJECT, part.name) as rejects,
    ):
        for each in own:
            for found in parts.portions(each):
                if teller is not None:
                    teller.add(found.records)
                # Where chunks of a large file end, its bytes alone say; and of those portions too.
                (records.add if part.stretch is None else records.add_together)(found.records)
                rejects.add(found.rejects)
                sums[each.sha256] = sums[each.sha256].plus(found.tally)
                del found
                engine.give_back(engine.MOST_HELD_BYTES)
            stops[each.sha256] = each.chunk.stop
    for sha256, tally in sums.items():
        if sum(tally[1:]) != tally.bytes or (task.chunks is None and tally.bytes != stops[sha256]):
            raise parts.unaccounted(case, sha256)
    if teller is not None:
        teller.close()
    if notes is not None:
        notes.close(slicing.noted_of(case, part.name))
    parts.settle_sums(case, part, sums)
    engine.give_back()
    return part, sums
