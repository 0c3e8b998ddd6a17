"""Files that are read a piece after another, each part by one process, which writes what it reads.

A git pack may not be cut, and what it holds can be a hundred times its size. Its format gives that in pieces
(`pieces`), and none is kept once it is written.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from forensics import formats
from forensics.core.tables import REJECT
from forensics.custody import chunks
from forensics.custody import seal as sealing
from forensics.pipeline import parts
from forensics.pipeline.files import Tally
from forensics.pipeline.parts import Part
from forensics.store import parquet

GROUP_BYTES = 16 << 20
"""So much of a table is one group, about: records are told a group at a time, and those of a pack can be files of any size."""


class Task(NamedTuple):
    """A part to read: the case, which part, and who packed which of its files."""

    case: Path
    part: Part
    packed: Mapping[str, str | None]


def pieced(name: str) -> bool:
    """Whether a format gives what its files hold in pieces."""
    return hasattr(formats.registry()[name], "pieces")


def tasks(case: Path, plan: Sequence[Part], packed: Mapping[str, str | None]) -> Iterator[Task]:
    """The parts that have yet to be read, but for those that are stretches of a file."""
    for part in plan:
        if part.stretch is None and parts.sums(case, part) is None:
            yield Task(case, part, {sha256: packed[sha256] for sha256 in part.files})


def read(task: Task) -> tuple[Part, Mapping[str, Tally]]:
    """Write the records and rejects of a part; what became of its bytes, by file.

    Raises:
        CustodyError: bytes changed, or some are not accounted for.
    """
    case, part = task.case, task.part
    sums = dict.fromkeys(part.files, Tally())
    with (
        parquet.Part(case / "tables", parts.record_table(part.format), part.name) as records,
        parquet.Part(case / "tables", REJECT, part.name) as rejects,
    ):
        written = Written(records, rejects, sums)
        for sha256 in part.files:
            for one in found(part, sealing.locate(case, sha256), sha256, task.packed[sha256]):
                written.add(one)
    parts.settle_sums(case, part, sums)
    pa.default_memory_pool().release_unused()
    return part, sums


class Written:
    """A part that is written a piece after another; `sums`: what became of the bytes, by file."""

    def __init__(self, records: parquet.Part, rejects: parquet.Part, sums: dict[str, Tally]) -> None:
        """Take where records and rejects go, and the sums to add to."""
        self._records, self._rejects, self._sums = records, rejects, sums
        self._held_bytes = 0

    def add(self, found: parts.Read) -> None:
        """Write a piece."""
        self._records.add(found.records)
        self._held_bytes += found.records.nbytes
        if self._held_bytes >= GROUP_BYTES:
            self._records.cut()
            self._held_bytes = 0
        self._rejects.add(found.rejects)
        self._sums[found.sha256] = self._sums[found.sha256].plus(found.tally)


def found(part: Part, path: Path, sha256: str, packed: str | None) -> Iterator[parts.Read]:
    """What a file holds, piece by piece.

    Raises:
        CustodyError: bytes changed, or some are not accounted for.
    """
    how = formats.registry()[part.format].CUT
    for chunk in chunks.cut(path, sha256, how, chunks.BLOCK_BYTES, packed, hand_on=True):
        yield from parts.pieces(parts.Task(part.name, part.format, sha256, path, chunk, packed))
