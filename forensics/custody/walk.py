"""What lies below a path: everything that is no folder, with its path as collected."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from forensics.core.errors import CustodyError, UsageError


def walk(argument: Path, case: Path) -> Iterator[tuple[Path, str]]:
    """Everything below an argument that is no folder, with its path as collected, in a total order.

    Raises:
        UsageError: nothing is there, or the case lies inside the evidence.
        CustodyError: a folder cannot be read.
    """
    if not os.path.lexists(argument):
        raise UsageError(f"{argument}: nothing is there; name the evidence as it was collected")
    if argument.is_symlink() or not argument.is_dir():
        yield argument, _written(argument.name)
        return
    inside, top = case.resolve(), argument.resolve()
    if inside == top or inside.is_relative_to(top) or top.is_relative_to(inside):
        raise UsageError(f"{argument}: the case lies inside the evidence, or the other way round; move one")
    folders = [(argument, "")]
    while folders:
        folder, prefix = folders.pop()
        try:
            with os.scandir(folder) as listed:
                found = sorted(listed, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            raise unreadable(folder, error) from error
        for entry in found:
            path = prefix + _written(entry.name)
            if entry.is_dir(follow_symlinks=False):
                folders.append((Path(entry.path), path + "/"))
            else:
                yield Path(entry.path), path


def unreadable(path: Path, error: OSError) -> CustodyError:
    """What is raised where something cannot be read."""
    if error.errno == errno.ELOOP:
        return CustodyError(f"{path}: became a link while it was collected; collect it from a copy")
    return CustodyError(
        f"{path}: cannot be read ({error.strerror}); give this account the right to read it, or leave it out"
    )


def _written(name: str) -> str:
    r"""A file's name as text: UTF-8 where it is, and `\xNN` for each byte that is not."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
