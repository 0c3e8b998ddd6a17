"""What a command takes: time by the clock, processor time, and the memory of its largest process."""

import ctypes
import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Cost(NamedTuple):
    """What a step took.

    `wall` is by the clock, in seconds. `work` is processor seconds of it and of all that it started,
    which a busy machine changes little. `peak` is the largest of its processes, in bytes.
    """

    wall: float
    work: float
    peak: int


_PR_SET_CHILD_SUBREAPER = 36
"""prctl(2): processes whose parent is gone become children of this one, which can then see what they took."""


class FailedError(Exception):
    """A command that was measured did not end well."""


def cost(words: Sequence[str | Path], *, cores: int, env: Mapping[str, str] | None = None) -> Cost:
    """Run a command on as many cores, its output thrown away.

    This process must stay small: Linux counts what a process holds when it starts another as that one's.

    Raises:
        FailedError: it ended with a status other than 0 or 3, which says that some lines were not read.
    """
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    free = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(free)[:cores])  # what is started inherits it
    began = time.perf_counter()
    with subprocess.Popen(
        [str(word) for word in words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **(env or {})},
    ) as child:
        said = child.stderr.read() if child.stderr is not None else b""
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    os.sched_setaffinity(0, free)
    wall = time.perf_counter() - began
    every = [used, *_left()]
    if child.returncode not in {0, 3}:
        name = signal.strsignal(-child.returncode) if child.returncode < 0 else child.returncode
        raise FailedError(f"{words[0]}: {name}: {said[-400:].decode(errors='replace').strip()}")
    work = sum(one.ru_utime + one.ru_stime for one in every)
    return Cost(wall, work, max(one.ru_maxrss for one in every) * 1024)


def _left() -> Iterator[resource.struct_rusage]:
    """What processes took that the command had started, and had not waited for when it ended."""
    while True:
        try:
            yield os.wait4(-1, 0)[2]
        except ChildProcessError:
            return


def least(costs: Sequence[Cost]) -> Cost:
    """Of several runs the least time, and the most memory: noise only ever adds time."""
    return Cost(min(c.wall for c in costs), min(c.work for c in costs), max(c.peak for c in costs))


def machine() -> str:
    """The processor, as the kernel names it, and how many of them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    name = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )
    return f"{os.cpu_count()} x {name}"
