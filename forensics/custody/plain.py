"""Whether a case folder holds files where files belong: a pipe put in one's place holds a reader up for ever, and a link leads out."""

import os
import stat
from pathlib import Path

from forensics.core.errors import CaseError

_FILES = ("ledger.jsonl", "locations.json", "findings.json", "report.pdf", ".lock")
_FOLDERS = {"inputs": 0, "tables": 1, "work": 99}
"""How many folders deep there are folders in each."""
_KINDS = {stat.S_IFLNK: "a link", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFDIR: "a folder"}


def check(case: Path) -> None:
    """See that whatever a command reads of a case by its name is a file, or is not there.

    Sealed evidence is not looked at: it is when it is opened, and there can be millions of files.

    Raises:
        CaseError: something else lies there.
    """
    for name in _FILES:
        file(case / name)
    for name, deep in _FOLDERS.items():
        if (case / name).is_dir():
            _look(case / name, deep)


def file(path: Path) -> None:
    """See that a file is one, or is not there.

    Raises:
        CaseError: something else lies there.
    """
    if os.path.lexists(path) and not stat.S_ISREG(mode := path.lstat().st_mode):
        raise _other(path, mode)


def _look(folder: Path, deep: int) -> None:
    with os.scandir(folder) as found:
        for entry in sorted(found, key=lambda e: e.name):
            if entry.is_dir(follow_symlinks=False) and deep:
                _look(Path(entry.path), deep - 1)
            elif not entry.is_file(follow_symlinks=False):
                raise _other(Path(entry.path), entry.stat(follow_symlinks=False).st_mode)


def _other(path: Path, mode: int) -> CaseError:
    kind = _KINDS.get(stat.S_IFMT(mode), "a device")
    return CaseError(
        f"{path}: {kind}, where a case has a file; see who put it there, remove it,"
        " and run `forensics ingest` and `forensics analyse` again"
    )
