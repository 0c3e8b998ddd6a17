"""What other processes load while the first one looks for what every file is: all it takes to read what large files probably are.

A guess that is wrong costs what it took to load. Nothing else hangs on it.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from heapq import nlargest
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from forensics import formats, readings
from forensics.core.errors import CustodyError
from forensics.custody import seal as sealing
from forensics.custody.seal import Sealed
from forensics.pipeline.files import HEAD_BYTES

T = TypeVar("T")

LOOKED_AT = 8
"""At so many files, the largest, it is looked for a guess."""
LARGE_BYTES = 4 << 20
"""Where none is as large, all are read sooner than processes start."""
PART_BYTES = 16 << 20
"""For each so many bytes one more process starts, but no more than there are to be."""


@contextmanager
def loading(case: Path, rows: Iterable[Sealed], local: Executor | None, workers: int) -> Iterator[None]:
    """Have processes of this machine start and load while the block is at work; where there are none, or no file is large, none do.

    Args:
        case: the case folder.
        rows: what was sealed.
        local: the processes.
        workers: how many there are to be.
    """
    files = {row.sha256: row for row in rows if row.kind == "file"} if local is not None else {}
    largest = nlargest(LOOKED_AT, files.values(), key=lambda row: row.bytes)
    if local is None or not largest or largest[0].bytes < LARGE_BYTES:
        yield
        return
    names = sorted({name for row in largest if (name := _guess(case, row)) is not None})
    parts = -(-sum(row.bytes for row in files.values()) // PART_BYTES)
    with ThreadPoolExecutor(1) as beside:
        # To hand over the first task takes until the process is there that they are forked from.
        beside.submit(_begin, local, names, min(workers, parts) if names else 0)
        yield


def _begin(local: Executor, names: Iterable[str], many: int) -> None:
    for _ in range(many):
        local.submit(_load, names)


def meanwhile(tasks: Iterable[T], names: Iterable[str]) -> Iterator[T]:
    """Tasks for other processes, unchanged; what tells records of some formats is loaded here when the last was handed over, while they are at work."""
    yield from tasks
    _load(names)


def _guess(case: Path, row: Sealed) -> str | None:
    try:
        with sealing.opened(sealing.locate(case, row.sha256)) as read:
            return formats.likely(read.read(HEAD_BYTES) or b"", row.path)
    except CustodyError:  # of the files that are gone, whoever looks at all of them names the first
        return None


def _load(names: Iterable[str]) -> None:
    for name in names:
        _ = formats.registry()[name], readings.registry()[name]
    # Arrow asks of each array of numpy's whether some of it is masked.
    import_module("numpy.ma")
