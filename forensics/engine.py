"""Where work runs: in this process, in local processes, on a Dask cluster, or on any `Executor` given.

The results are those of a plain loop, in its order, whatever runs them.
"""

import hashlib
import mmap
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from forensics import __version__
from forensics.core import freed, tabular
from forensics.core.errors import ClusterError, UsageError

T = TypeVar("T")
R = TypeVar("R")

IN_FLIGHT = 16
MOST_KEPT_BYTES = 288 << 20
"""What a process may hold of memory after a part of its work, about; above it gives back what it does not use."""
MOST_HELD_BYTES = 320 << 20
"""What it may hold within a part."""
_HELD = Path("/proc/self/statm")
RETRIES = 3
"""How often a task is begun again whose worker went away."""
CONNECT_S = 30


@contextmanager
def processes(workers: int) -> Iterator[Executor | None]:
    """Local processes to run in until the block ends; None, which is this process, where one is enough.

    Args:
        workers: how many.
    """
    freed.keep()
    if workers <= 1:
        yield None
        return
    from forensics.core import workers as local  # noqa: PLC0415 - what it takes to run them, where there are some

    with local.pool(workers, _begun) as pool:
        yield pool


def _begun() -> None:
    freed.keep()
    tabular.not_for_arrow()


def give_back(most_bytes: int | None = None) -> None:
    """Give the system what this process freed, where it holds much: it takes a little more with each part that it reads.

    Not each time: what is given back has to be cleared by the kernel, page by page, before it is used again.

    Args:
        most_bytes: how much it may hold, where it is not `MOST_KEPT_BYTES`. More within a part of its work, most of
            which is in use again at once.
    """
    most_bytes = MOST_KEPT_BYTES if most_bytes is None else most_bytes
    try:
        pages = int(_HELD.read_text(encoding="ascii").split()[1])
    except OSError:
        pages = most_bytes
    if pages * mmap.PAGESIZE > most_bytes:
        pa.default_memory_pool().release_unused()


@contextmanager
def cluster(address: str, witness: Path) -> Iterator[tuple[Executor, int]]:
    """A `dask.distributed` cluster to run in until the block ends, and how many tasks it can do at a time.

    A task whose worker goes away is begun again elsewhere.

    Args:
        address: of its scheduler, `tcp://host:port` or `tls://host:port`.
        witness: a file that every worker must see under the same path, and with the same content.

    Raises:
        UsageError: `dask.distributed` is not installed.
        ClusterError: the scheduler cannot be reached, has no worker, or its workers run another version
            or do not see the file; or so many workers went away that a task was given up.
    """
    try:
        import distributed  # noqa: PLC0415 - an extra, and a second to load
    except ImportError as error:
        raise UsageError("--engine needs dask.distributed; install forensics[cluster]") from error
    try:
        client = distributed.Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"{address}: no scheduler answers ({error}); start one, or mend the address"
        ) from error
    with client:
        _agree(client.run(_seen, witness), _seen(witness), address)
        threads = sum(client.nthreads().values())
        try:
            # Not pure: a task is not to be named by hashing its megabytes, nor taken from an earlier run.
            yield client.get_executor(pure=False, retries=RETRIES), threads
        except (distributed.KilledWorker, distributed.comm.CommClosedError, CancelledError) as error:
            raise ClusterError(
                f"{address}: gave the work up ({error}); run the same again to go on"
            ) from error


def _seen(witness: Path) -> tuple[str, str | None]:
    """The version at work here, and what it sees of a file."""
    try:
        return __version__, hashlib.sha256(witness.read_bytes()).hexdigest()
    except OSError:
        return __version__, None


def _agree(seen: dict[str, tuple[str, str | None]], here: tuple[str, str | None], address: str) -> None:
    if not seen:
        raise ClusterError(f"{address}: no worker is there; start some, then run again")
    for worker, (version, sha256) in sorted(seen.items()):
        if version != here[0]:
            raise ClusterError(
                f"{worker}: runs forensics {version}, not {here[0]}; install the same everywhere"
            )
        if sha256 != here[1]:
            raise ClusterError(
                f"{worker}: does not see this case; put it where all workers see it by the same path"
            )


def run(
    function: Callable[[T], R],
    tasks: Iterable[T],
    executor: Executor | None = None,
    *,
    in_flight: int = IN_FLIGHT,
) -> Iterator[R]:
    """The results of `function` on each task, in the order of the tasks.

    Tasks are taken as results are, so neither list has to fit in memory. The first failure ends the
    run, and what has not begun then does not begin.

    Args:
        function: importable by name, where other processes run it; its result depends on the task alone.
        tasks: may be endless.
        executor: where to run; this process where it is None.
        in_flight: how many tasks, or results that nobody took, there may be at a time.
    """
    if executor is None:
        yield from map(function, tasks)
        return
    waiting: deque[Future[R]] = deque()
    try:
        for task in tasks:
            waiting.append(executor.submit(function, task))
            if len(waiting) >= in_flight:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
