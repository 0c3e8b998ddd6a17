"""Bytes handed to other processes of this machine, in memory that no process can write any more.

What is parsed is then what was sealed, though it is hashed once: the process that cuts a file takes the digest of
the whole over the very bytes that it puts here, and the kernel refuses every later write, its own among them. If the
digest is not the sealed one, the run fails, as it does where everything is read in one process.
"""

import fcntl
import os
import sys
import weakref
from concurrent.futures import Executor
from pathlib import Path
from typing import NamedTuple

_SEALS = 0x0001 | 0x0002 | 0x0004 | 0x0008
"""No more seals, no shorter, no longer, no write: fcntl.h of Linux."""
_ADD_SEALS = 1033
_SAID = b"is it there?"


class Memory:
    """Some bytes. They are there as long as this object is, in the process that made it."""

    def __init__(self, held: bytes | memoryview) -> None:
        """Put bytes where others can read them."""
        descriptor = os.memfd_create("chunk", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        weakref.finalize(self, os.close, descriptor)
        view = memoryview(held)
        self.size = len(view)
        while view:
            view = view[os.write(descriptor, view) :]
        fcntl.fcntl(descriptor, _ADD_SEALS, _SEALS)
        self.path = f"/proc/{os.getpid()}/fd/{descriptor}"

    def __reduce__(self) -> tuple[type["Elsewhere"], tuple[str, int]]:
        """Another process is told where they are."""
        return Elsewhere, (self.path, self.size)


class Elsewhere(NamedTuple):
    """Bytes that another process holds: where, and how many."""

    path: str
    size: int


def read(held: Memory | Elsewhere, room: memoryview) -> memoryview:
    """The bytes, in as much of some room as they take."""
    with Path(held.path).open("rb", buffering=0) as file:
        size = 0
        while size < held.size and (more := file.readinto(room[size : held.size])):
            size += more
    return room[:size]


def works(executor: Executor) -> bool:
    """Whether the processes of an executor, on this machine, can read what this one holds."""
    if sys.platform != "linux":
        return False
    try:
        return executor.submit(_reads, Memory(_SAID)).result()
    except OSError:
        return False


def _reads(held: Memory | Elsewhere) -> bool:
    try:
        return bytes(read(held, memoryview(bytearray(held.size)))) == _SAID
    except OSError:
        return False
