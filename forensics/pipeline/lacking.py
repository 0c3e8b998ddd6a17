"""What a slice lacks: of what was noted of others, the few rows without which it would tell something else.

A reading finds it (`lacking`) and is handed what was noted one slice at a time, from the disk; what it finds goes to the disk too.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import pyarrow as pa

from forensics import readings
from forensics.pipeline import twins
from forensics.store import spool

MOST_ROWS = 1 << 17
"""So many rows that are lacked are gathered in memory, about, before they are put down."""


class Noted(Sequence[pa.Table]):
    """What was noted of each slice, read when it is asked for."""

    def __init__(self, paths: Sequence[Path], alike: twins.Twins) -> None:
        """Take where it lies, and which files are not told since another has the same."""
        self._paths, self._alike = paths, alike

    @overload
    def __getitem__(self, at: int) -> pa.Table: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[pa.Table]: ...
    def __getitem__(self, at: int | slice) -> pa.Table | Sequence[pa.Table]:
        """What was noted of one slice."""
        if isinstance(at, slice):
            return Noted(self._paths[at], self._alike)
        return twins.once(spool.read(self._paths[at]), self._alike)

    def __len__(self) -> int:
        """How many slices there are."""
        return len(self._paths)


def lacks(form: str) -> bool:
    """Whether the reading of a format says what each slice lacks."""
    return hasattr(readings.registry()[form], "lacking")


def found(
    form: str, noted: Sequence[Path], files: pa.Table, into: Path, alike: twins.Twins | None = None
) -> list[Path | None]:
    """For each slice where it lies what it lacks; None where it lacks nothing.

    Args:
        form: the format.
        noted: where it lies what was noted of each slice, in order of place.
        files: schema `file`.
        into: a folder for what is found.
        alike: twins among the files.
    """
    reading: Any = readings.registry()[form]
    held: dict[int, list[pa.Table]] = defaultdict(list)
    down: dict[int, list[Path]] = defaultdict(list)
    count = 0
    for number, rows in reading.lacking(Noted(noted, alike or {}), files):
        held[number].append(rows)
        count += len(rows)
        if count >= MOST_ROWS:
            _put_down(held, down, into)
            count = 0
    _put_down(held, down, into)
    return [_joined(down[number], into) if number in down else None for number in range(len(noted))]


def _put_down(held: dict[int, list[pa.Table]], down: dict[int, list[Path]], into: Path) -> None:
    for number, tables in held.items():
        rows = pa.concat_tables(tables)
        if len(rows):
            path = into / f"{number:06d}-{len(down[number])}.arrow"
            spool.put(path, rows)
            down[number].append(path)
    held.clear()


def _joined(paths: Sequence[Path], into: Path) -> Path:
    """What one slice lacks, in one file."""
    path = into / f"{paths[0].name.partition('-')[0]}.arrow"
    spool.put(path, pa.concat_tables(_each(paths)))
    return path


def _each(paths: Sequence[Path]) -> Iterator[pa.Table]:
    for path in paths:
        yield spool.read(path)
        path.unlink()
