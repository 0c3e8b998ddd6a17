"""Where work runs: in this process, in local processes, or on any `concurrent.futures.Executor` given.

The results are those of a plain loop, in its order, whatever runs them.
"""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

IN_FLIGHT = 16


@contextmanager
def processes(workers: int) -> Iterator[Executor | None]:
    """Local processes to run in until the block ends; None, which is this process, where one is enough."""
    if workers <= 1:
        yield None
        return
    # Not forked: the threads of Arrow and DuckDB would not survive that.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


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
