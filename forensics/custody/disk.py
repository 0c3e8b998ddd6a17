"""Bytes on their way to the disk: all of them written, and brought there."""

import os
from pathlib import Path
from typing import BinaryIO


def poured(block: bytes, written: BinaryIO) -> None:
    """Write all of a block: a file without a buffer may take less than it is given."""
    view = memoryview(block)
    while view:
        view = view[written.write(view) :]


def flush(path: Path, *, folder: bool = False) -> None:
    """Bring a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY | (os.O_DIRECTORY if folder else 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
