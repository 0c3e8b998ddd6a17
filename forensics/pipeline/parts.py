"""One part of a format's records: how it is named, which chunks it is read from, and what a chunk holds."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics import formats
from forensics.core import canonical, loose
from forensics.core.errors import CustodyError
from forensics.core.model import IGNORED, REJECTED, Parsed, spans_of
from forensics.core.schema import Table, extended
from forensics.core.tables import REJECT, SHA256
from forensics.custody import chunks, placed
from forensics.custody.blocks import Blocks
from forensics.pipeline.files import Tally
from forensics.store import parquet

MOST_LINES = 1 << 18
"""Of a chunk so many lines are read at a time: of each a few hundred bytes are held while it is read, of a blank one too."""
_Ends = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
_BY_LINE = frozenset({"line", "headed"})
_NEWLINE = 10
_NO_ENDS: _Ends = (np.empty(0, np.int64), np.empty(0, np.int64))


@dataclass(frozen=True, slots=True)
class Part:
    """Files of one format, by hash and in its order, that are read into one part of its table.

    `stretch`: which stretch of its one file it is, where that is too large for one part; else None. `anew`: whether the objects of its
    files are laid out anew.
    """

    name: str
    format: str
    files: tuple[str, ...]
    stretch: int | None = None
    anew: bool = False


class Task(NamedTuple):
    """A chunk to read."""

    part: str
    format: str
    sha256: str
    path: Path
    chunk: chunks.Chunk
    packed: str | None
    anew: bool = False


class Read(NamedTuple):
    """What a chunk holds."""

    sha256: str
    records: pa.Table
    rejects: pa.Table
    tally: Tally


@cache
def record_table(name: str) -> Table:
    """A format's table as a case keeps it: the hash of the sealed file before its own columns."""
    return extended(formats.registry()[name].TABLE, SHA256)


def layout(*tables: Table) -> list[list[object]]:
    """How tables are declared: what was written by another declaration is of no use to this one."""
    return [[table.name, *([column.name, str(column.type)] for column in table.columns)] for table in tables]


def digest(value: object) -> str:
    """A name for a value: the hash of its canonical JSON."""
    return hashlib.sha256(canonical.line(value).encode()).hexdigest()


def sums(case: Path, part: Part) -> dict[str, Tally] | None:
    """The sums of a part's files, or None where it has yet to be read."""
    marker = case / "work" / "parts" / f"{part.name}.json"
    tables = case / "tables"
    made = [marker, *(tables / table / f"{part.name}.parquet" for table in (part.format, REJECT.name))]
    if not all(path.exists() for path in made):
        return None
    return {sha256: Tally(*sums) for sha256, sums in json.loads(marker.read_text(encoding="ascii")).items()}


def unaccounted(case: Path, sha256: str) -> CustodyError:
    """What is raised where the sums of a file are not its size."""
    return CustodyError(f"{case}: not every byte of {sha256} is accounted for; report it with the file")


def settle_sums(case: Path, part: Part, sums: Mapping[str, Tally]) -> None:
    """Put down the sums of a part, last of all: they say that it is whole."""
    settle(case / "work" / "parts" / f"{part.name}.json", {s: list(tally) for s, tally in sums.items()})


def settle(path: Path, value: object) -> None:
    """Write a value as canonical JSON; it appears whole."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(canonical.dumps(value), encoding="ascii")
    partial.rename(path)


def by_stretch(
    cut: Iterable[Task], stretch_bytes: int, missing: Collection[int | None], *, here: bool
) -> Iterator[tuple[int | None, Iterable[Task]]]:
    """The chunks of one large file, by the stretch in which each begins, those stretches that are missing.

    Args:
        cut: the chunks. All are taken, so that the hash of the file is checked, where that is done as it is cut.
        stretch_bytes: how long a stretch is.
        missing: which stretches are asked for.
        here: whether each is read, chunk by chunk, before the next is asked for.
    """
    left = set(missing)
    for stretch, own in groupby(cut, key=lambda task: task.chunk.start // stretch_bytes):
        if stretch in left:
            left.discard(stretch)
            yield stretch, own if here else list(own)  # noqa: B031 - one of the two, once
    # Where a line is longer than a stretch, no chunk begins in the next.
    yield from ((stretch, ()) for stretch in missing if stretch in left)


def cut(
    path: Path,
    sha256: str,
    how: str,
    block_bytes: int,
    packed: str | None,
    sealed: Blocks | None,
    *,
    here: bool,
    lend: bool = False,
) -> Iterator[chunks.Chunk]:
    """The chunks of a file: with their bytes where they are parsed here; else with what whoever parses them compares with.

    Args:
        path: where it lies.
        sha256: what it was sealed as.
        how: how its format may be cut.
        block_bytes: how long a chunk is, about.
        packed: how it is compressed.
        sealed: the digests of its blocks, where it has some. Then those who parse read and hash their part, and nobody all of it.
        here: whether they are parsed in this process.
        lend: as for `chunks.cut`.
    """
    if sealed is not None and not here:
        return placed.cut(path, sealed, how, block_bytes)
    return chunks.cut(path, sha256, how, block_bytes, packed, hand_on=here, lend=lend, sealed=sealed)


def around(own: Iterable[Task], sealed: Blocks | None) -> Blocks | None:
    """The digests of the blocks in which chunks lie that follow one another; None where they are not read by them."""
    if sealed is None or not isinstance(own, list) or not own:
        return None
    return sealed.around(own[0].chunk.start, own[-1].chunk.stop)


def checked(own: Iterable[Task] | None, sealed: Blocks | None) -> Iterable[Task] | None:
    """Chunks as they are; or with their bytes, good until the next is taken, where their blocks are compared with digests.

    Raises:
        CustodyError: a block is no longer what was sealed. It may be said after the last chunk.
    """
    return own if sealed is None or own is None else _checked(list(own), sealed)


def _checked(own: Sequence[Task], sealed: Blocks) -> Iterator[Task]:
    found = placed.handed(own[0].path, (task.chunk for task in own), sealed)
    # In this order: what is compared last is compared after the last chunk has been taken.
    for chunk, task in zip(found, own, strict=True):
        yield task._replace(chunk=chunk)


def parse(task: Task) -> Read:
    """Read one chunk, and see that every byte of it is accounted for once.

    Raises:
        CustodyError: the bytes changed, or some are not accounted for.
    """
    chunk = task.chunk
    parsed = _under_head(task) if chunk.readable else _unread(task.format, chunk)
    return _accounted(task, parsed, chunk.start, chunk.stop)


def portions(task: Task) -> Iterator[Read]:
    """The same, at most `MOST_LINES` lines at a time of a format that may be cut after any line, or as the format gives its files.

    Raises:
        CustodyError: the bytes changed, or some are not accounted for.
    """
    chunk, how = task.chunk, formats.cut(task.format, anew=task.anew)
    given = getattr(formats.registry()[task.format], "portions", None)
    if not chunk.readable or chunk.stop - chunk.start <= MOST_LINES:
        yield parse(task)
        return
    if given is not None:
        yield from tiled(task, given(chunks.raw(task.path, chunk, task.packed), chunk.start))
        return
    if how not in _BY_LINE:
        yield parse(task)
        return
    held = chunks.raw(task.path, chunk, task.packed)
    head = chunk.head or (chunks.first_line(held) if how == "headed" else b"")
    at = 0
    for stop in _after_lines(held):
        own = chunk._replace(start=chunk.start + at, stop=chunk.start + stop, content=held[at:stop])
        yield parse(task._replace(chunk=own._replace(head=head if own.start else b"")))
        at = stop


def _after_lines(held: bytes) -> list[int]:
    """Where to cut so that there are at most so many lines between; the end of all last."""
    # To count by `bytes.count` takes five times as long where lines are short.
    ended = np.frombuffer(held, np.uint8) == _NEWLINE
    if np.count_nonzero(ended) <= MOST_LINES:
        return [len(held)]
    ends = np.flatnonzero(ended)[MOST_LINES - 1 :: MOST_LINES] + 1
    return sorted({*ends.tolist(), len(held)})


def pieces(task: Task) -> Iterator[Read]:
    """The same, piece by piece, of a format that reads its files so.

    Raises:
        CustodyError: the bytes changed, or some are not accounted for.
    """
    chunk = task.chunk
    told: Iterable[Parsed] = (_unread(task.format, chunk),)
    if chunk.readable:
        held = chunks.raw(task.path, chunk, task.packed)
        told = formats.registry()[task.format].pieces(held, chunk.start)  # type: ignore[attr-defined]
    yield from tiled(task, told)


def tiled(task: Task, told: Iterable[Parsed]) -> Iterator[Read]:
    """What was read of a chunk, piece by piece, all bytes of which are seen to be accounted for once.

    Raises:
        CustodyError: some are not.
    """
    chunk, at = task.chunk, task.chunk.start
    for parsed in told:
        stops = [int(pc.max(rows["stop"]).as_py()) for rows in parsed if rows.num_rows]
        start, at = at, max(stops, default=at)
        yield _accounted(task, parsed, start, at)
    if at != chunk.stop:
        raise _misread(task)


def _accounted(task: Task, parsed: Parsed, start: int, stop: int) -> Read:
    """What was read of a stretch of a chunk, all bytes of which are seen to be accounted for once."""
    held = [_ends(rows) for rows in parsed]
    if not _tiled([ends for ends in held if len(ends[0])], start, stop):
        raise _misread(task)
    table = record_table(task.format)
    records = _under(task.sha256, _by_start(parsed.records))
    rejects = _rejects(task, parsed.rejected) if len(parsed.rejected) else REJECT.empty()
    tally = Tally(
        stop - start, *(int((stops - starts).sum()) if len(starts) else 0 for starts, stops in held)
    )
    told = parquet.fitting(records, table.schema())
    return Read(task.sha256, told, rejects, tally)


def _rejects(task: Task, rejected: pa.Table) -> pa.Table:
    format_ = pa.repeat(task.format, len(rejected))
    return _under(task.sha256, _by_start(rejected).append_column("format", format_)).select(REJECT.names)


def _misread(task: Task) -> CustodyError:
    return CustodyError(
        f"{task.path}: {task.format} does not account for bytes {task.chunk.start} to {task.chunk.stop} once each;"
        " this is a fault of the program: report it with the file"
    )


def _under_head(task: Task) -> Parsed:
    """What a format makes of a chunk, read below the first line of its file where it is laid out by that."""
    chunk, form = task.chunk, formats.registry()[task.format]
    parse: Callable[..., Parsed] = getattr(form, "lightly", form.parse)
    if task.anew:
        return formats.parsed(task.format, chunks.raw(task.path, chunk, task.packed), chunk.start, anew=True)
    if not chunk.head:
        # What is read in frames keeps none of the bytes; others may.
        read = chunks.lent if hasattr(form, "FRAME_BYTES") else chunks.raw
        return parse(read(task.path, chunk, task.packed), chunk.start)
    parsed = parse(chunk.head + chunks.raw(task.path, chunk, task.packed), chunk.start - len(chunk.head))
    return Parsed(*(_from(rows, chunk.start) for rows in parsed))


def _from(rows: pa.Table, start: int) -> pa.Table:
    """The rows that begin at a place or behind it; most often all of them."""
    own = pc.greater_equal(rows["start"], start)
    return rows if pc.all(own).as_py() else rows.filter(own)


def _unread(name: str, chunk: chunks.Chunk) -> Parsed:
    span = {"start": [chunk.start], "stop": [chunk.stop], "why": [chunk.why.value]}
    return Parsed(formats.registry()[name].TABLE.empty(), REJECTED.build(span), IGNORED.empty())


def _under(sha256: str, rows: pa.Table) -> pa.Table:
    coded = any(map(pa.types.is_dictionary, rows.schema.types))
    return rows.add_column(
        0, "sha256", loose.repeated(sha256, len(rows)) if coded else pa.repeat(sha256, len(rows))
    )


def _by_start(spans: pa.Table) -> pa.Table:
    if len(spans) < 2:
        return spans
    starts = spans["start"].to_numpy()
    return spans if np.all(starts[:-1] <= starts[1:]) else spans.sort_by("start")


def _ends(rows: pa.Table) -> _Ends:
    """The first byte, and the byte after the last, of each span of some rows."""
    if not len(rows):
        return _NO_ENDS
    start, stop = spans_of(rows)
    return start.to_numpy(), stop.to_numpy()


def _tiled(held: Sequence[_Ends], first: int, last: int) -> bool:
    if not held:
        return first == last
    starts, stops = held[0]
    if len(held) > 1:
        starts, stops = (np.concatenate(ends) for ends in zip(*held, strict=True))
    if len(starts) == 1:
        return bool(starts[0] == first and stops[0] == last)
    order = np.argsort(starts, kind="stable")  # fast where most of it is in order
    if (starts[order][1:] == starts[order][:-1]).any():
        order = np.lexsort((stops, starts))
    starts, stops = starts[order], stops[order]
    return bool(starts[0] == first and stops[-1] == last and np.array_equal(starts[1:], stops[:-1]))
