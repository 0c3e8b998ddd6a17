"""Local processes to work in: forked from one that has loaded what reads, and that may begin while this one loads it too.

They are started with the search path of this process and no other. Python looks for modules in the working directory
of a process that it starts with a command, before it looks anywhere else; and whoever looks into evidence may stand in it.
"""

import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import connection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Executor

_LOADED = "forensics.pipeline.loaded"
"""What is loaded before processes are forked."""
_FORKS = sys.platform == "linux"
"""Whether they are. Not from this process: the threads of Arrow and DuckDB would not survive that. Elsewhere each loads by itself."""
_LEFT = 1


def ahead() -> None:
    """Begin to load what other processes will have loaded. Returns at once; where it was begun before, there is nothing to do."""
    if _FORKS:
        from multiprocessing import forkserver, resource_tracker  # noqa: PLC0415 - only where there is such a thing

        forkserver.set_forkserver_preload([_LOADED])
        with _own_path():
            # To start this one ends what is begun below.
            resource_tracker.ensure_running()
            with _undisturbed():
                forkserver.ensure_running()


@contextmanager
def pool(workers: int, begin: Callable[[], None]) -> "Iterator[Executor]":
    """Processes to run in until the block ends. If this process is killed they go as well; if it is interrupted, at once.

    Args:
        workers: how many, at most.
        begin: what each of them does first.
    """
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - the others are begun without it, and sooner

    ahead()
    before = set(multiprocessing.active_children())
    context = multiprocessing.get_context("forkserver" if _FORKS else "spawn")
    with (
        _own_path(),
        ProcessPoolExecutor(workers, mp_context=context, initializer=_begun, initargs=(begin,)) as found,
    ):
        try:
            yield found
        except KeyboardInterrupt:
            # What they are at may take minutes, and is begun again by the next run anyway.
            for child in set(multiprocessing.active_children()) - before:
                child.terminate()
            raise


@contextmanager
def _own_path() -> Iterator[None]:
    """A Python that is started within searches for modules where this one does."""
    wanted = {"PYTHONSAFEPATH": "1", "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A process that is started within hears no interrupt: a terminal sends it to all, and the first one says so to whoever is there."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begun(begin: Callable[[], None]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    threading.Thread(target=_until_alone, daemon=True).start()
    begin()


def _until_alone() -> None:
    """End this process when the one that started it is gone: nobody takes its results any more, and it would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(_LEFT)
