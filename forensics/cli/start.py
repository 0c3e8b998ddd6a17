"""How a process that is this command begins and ends: what takes longest is begun first, and nothing is taken apart at the end."""

import atexit
import itertools
import os
import sys
import threading
from collections.abc import Sequence
from importlib.machinery import ModuleSpec

from forensics.core.loading import uncollected

_WITH_OTHERS = frozenset({"ingest", "investigate"})
"""The commands that other processes can work for."""
_OPTION = "--workers"
_NOT_RUN = "forensics.__main__"


def main() -> None:
    """Run the command as `forensics.cli.app` does, and end this process. Not for a process that goes on after that."""
    _not_run_by_others()
    one_thread_for_algebra()
    if several(sys.argv[1:]):
        # Before the command line is loaded: what they load takes longer.
        from forensics.core import workers

        workers.ahead()
    with uncollected():
        from forensics.cli import app
    # Where words are plain the command returns, and the library of the command line would have raised its exit.
    code: object = None
    try:
        app.main()
    except SystemExit as left:
        code = left.code
        if not _whole(code):
            raise
    if _whole(code):
        _leave(code)


def several(words: Sequence[str]) -> bool:
    """Whether a command is typed that several processes work for, as far as is seen at once."""
    if not words or words[0] not in _WITH_OTHERS:
        return False
    asked = [word.partition("=")[2] for word in words if word.startswith(f"{_OPTION}=")]
    asked += [after for word, after in itertools.pairwise(words) if word == _OPTION]
    return any(count.isdecimal() and int(count) > 1 for count in asked)


def one_thread_for_algebra() -> None:
    """Have numpy's linear algebra, which nobody here asks for much, start no threads: they wait in a loop, 0.1 s of a processor for each process that loads it."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _not_run_by_others() -> None:
    """Have other processes not run the script again that this one was started by: an installed command would load the command line in each."""
    sys.modules["__main__"].__spec__ = ModuleSpec(_NOT_RUN, None)


def _whole(code: object) -> bool:
    """Whether nothing is left to do but to end: the status is a number, and no thread is at work."""
    others = (thread for thread in threading.enumerate() if thread is not threading.main_thread())
    return (code is None or isinstance(code, int)) and all(thread.daemon for thread in others)


def _leave(code: object) -> None:
    """End this process after all that was to be done at its end, but without freeing each object by itself: 0.05 s after an ingest."""
    atexit._run_exitfuncs()  # noqa: SLF001 - nothing else runs what was asked for at the exit, and stays
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)
