"""A large file that may not be cut and is read in stretches all the same, each by one process: a git pack.

In three steps. Each stretch is read by itself (`read`), as far as what it holds does not hang on others; what does is told from what
all of them left (`join`); then each is written, and told, as a part of its own (`write`). Where a file is not as plain as that
takes, it is read as a whole (`pieces`) into the first of its parts. Which way it goes hangs on the file alone, and so do the parts.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from forensics import engine, formats
from forensics.core.model import IGNORED, REJECTED, Parsed
from forensics.core.tables import REJECT
from forensics.custody import chunks
from forensics.custody import seal as sealing
from forensics.custody.blocks import Blocks
from forensics.custody.fetched import Fetched
from forensics.pipeline import fresh, parts, pieces
from forensics.pipeline.files import Tally
from forensics.pipeline.parts import Part
from forensics.store import parquet, spool

if TYPE_CHECKING:
    from forensics.pipeline.read import Runner


class File(NamedTuple):
    """A file that is read in stretches: the digests of its blocks, where it has some; and where what its stretches leave is put."""

    case: Path
    format: str
    sha256: str
    bytes: int
    sealed: Blocks | None
    left: Path

    @property
    def path(self) -> Path:
        """Where it lies."""
        return sealing.locate(self.case, self.sha256)


class Task(NamedTuple):
    """A stretch of a file: how that is laid out, by its format, and which stretch."""

    file: File
    layout: Any
    n: int


class Write(NamedTuple):
    """A part to write. `layout` is None where the file is read as a whole: the part then holds all of it, or nothing."""

    file: File
    part: Part
    layout: Any
    told: fresh.Told | None


def stretch_bytes(name: str, size: int) -> int | None:
    """How long a stretch of a file of a size is, about; None where it is read as a whole."""
    found: int | None = getattr(formats.registry()[name], "STRETCH_BYTES", None)
    return found if size <= chunks.LARGEST_WHOLE_BYTES else None


def file_of(case: Path, part: Part, size: int, digests: Mapping[str, Blocks]) -> File:
    """The file that a part is a stretch of."""
    (sha256,) = part.files
    left = case / "work" / "stretches" / sha256
    return File(case, part.format, sha256, size, digests.get(sha256), left)


def writes(
    file: File,
    missing: Sequence[Part],
    told: Mapping[str, fresh.Told],
    runs_on: "Runner",
) -> Iterator[Write]:
    """Parts of one file to write, their stretches read and joined, where all of it is plain.

    Args:
        file: the file.
        missing: its parts that have yet to be written.
        told: the parts whose records are told as they are written, by name.
        runs_on: where the work runs.
    """
    shutil.rmtree(file.left, ignore_errors=True)
    form: Any = formats.registry()[file.format]
    with Fetched(file.path, file.sha256, file.sealed) as held:
        layout = form.laid_out(held.between, file.bytes)
    if layout is not None:
        asked = (Task(file, layout, n) for n in range(layout.stretches))
        plain = all(engine.run(read, asked, runs_on.executor, in_flight=runs_on.in_flight))
        joins = engine.run(join, [Task(file, layout, 0)] if plain else [], runs_on.executor)
        layout = layout if any(joins) else None
    yield from (Write(file, part, layout, told.get(part.name)) for part in missing)


def read(task: Task) -> bool:
    """Put down the rows of a stretch and what others must know of it; false where it is not plain.

    Raises:
        CustodyError: bytes changed.
    """
    file, layout, n = task
    form: Any = formats.registry()[file.format]
    with Fetched(file.path, file.sha256, file.sealed) as held:
        stretch = form.stretch(held.between, layout, n)
        for number, rows in enumerate(stretch):
            spool.put(_of(file, n) / f"{number:06d}.rows", rows)
    if stretch.plain:
        for name, table in stretch.links()._asdict().items():
            spool.put(_of(file, n) / f"{name}.arrow", table)
    engine.give_back()
    return bool(stretch.plain)


def _of(file: File, n: int) -> Path:
    return file.left / f"{n:06d}"


def join(task: Task) -> bool:
    """Put down what is told of the stretches of a file from what they left; false where they are not plain.

    Raises:
        CustodyError: bytes changed.
    """
    file, layout, _ = task
    form: Any = formats.registry()[file.format]
    links = [
        form.Links(*(spool.read(_of(file, n) / f"{name}.arrow") for name in form.Links._fields))
        for n in range(layout.stretches)
    ]
    with Fetched(file.path, file.sha256, file.sealed) as held:
        found = form.joined(held.between, file.bytes, layout, links)
        for n, told in enumerate(found or ()):
            for name, table in told._asdict().items():
                spool.put(_of(file, n) / f"{name}.told", table)
    engine.give_back()
    return found is not None


def write(task: Write) -> tuple[Part, Mapping[str, Tally]]:
    """Write the records and rejects of a part, tell them, and write last of all its sums; what became of its bytes.

    Raises:
        CustodyError: bytes changed, or some are not accounted for.
    """
    case, part, sha256 = task.file.case, task.part, task.file.sha256
    teller = None if task.told is None else fresh.Teller(task.told, part.format)
    with (
        parquet.Part(case / "tables", parts.record_table(part.format), part.name) as records,
        parquet.Part(case / "tables", REJECT, part.name) as rejects,
    ):
        sums = {sha256: Tally()}
        written = pieces.Written(records, rejects, sums)
        for found in _whole(task) if task.layout is None else _stretch(task):
            if teller is not None:
                teller.add(found.records)
            written.add(found)
    if teller is not None:
        teller.close()
    parts.settle_sums(case, part, sums)
    engine.give_back()
    return part, sums


def _whole(task: Write) -> Iterator[parts.Read]:
    """All of a file, where the part is its first; else nothing."""
    file = task.file
    if not task.part.stretch:
        yield from pieces.found(task.part, file.path, file.sha256, None)


def _stretch(task: Write) -> Iterator[parts.Read]:
    """What was read of a stretch, all of it accounted for."""
    file, layout, n = task.file, task.layout, task.part.stretch or 0
    form: Any = formats.registry()[file.format]
    edges = layout.edges
    told = form.Told(*(spool.read(_of(file, n) / f"{name}.told") for name in form.Told._fields))
    rows = (spool.read(path) for path in sorted(_of(file, n).glob("*.rows")))
    empty, none = form.TABLE.empty(), REJECTED.empty()
    parsed = (Parsed(one, none, IGNORED.empty()) for one in form.completed(rows, told))
    start, stop = edges[n], edges[n + 1]
    before, after = [], []
    if n == 0:
        before, start = [IGNORED.build({"start": [0], "stop": [start]})], 0
    if n + 1 == layout.stretches:
        after, stop = [IGNORED.build({"start": [stop], "stop": [file.bytes]})], file.bytes
    ends = ((Parsed(empty, none, ignored) for ignored in some) for some in (before, after))
    chunk = chunks.Chunk(start, stop, "", readable=True)
    own = parts.Task(task.part.name, file.format, file.sha256, file.path, chunk, None)
    yield from parts.tiled(own, chain(next(ends), parsed, next(ends)))
