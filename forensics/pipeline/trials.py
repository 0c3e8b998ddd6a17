"""Results of trials, a line for each incident, so that a run which was interrupted goes on where it was.

A result says which program made it, by a hash over the program's own files: results of two programs are
never put into one report.
"""

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import forensics
from forensics.core import canonical
from forensics.core.errors import OutputError

Result = dict[str, Any]
_NAME = "results.jsonl"
_READ = {".py", ".toml"}


@cache
def program() -> str:
    """A hash over every file of the program that can change an answer."""
    root = Path(forensics.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.suffix in _READ):
        held = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(held)}\n".encode())
        digest.update(held)
    return digest.hexdigest()


def kept(out: Path) -> list[Result]:
    """The results that a folder holds, in order of seed; a line that an end cut short is no result.

    Raises:
        OutputError: another program made them.
    """
    path = out / _NAME
    lines = path.read_text(encoding="ascii").splitlines(keepends=True) if path.exists() else []
    found = [json.loads(line) for line in lines if line.endswith("\n")]
    if any(r.get("program") != program() for r in found):
        raise OutputError(f"{path}: another version of the program made these results; name another folder")
    return sorted({r["seed"]: r for r in found}.values(), key=lambda r: int(r["seed"]))


def keep(out: Path, results: Iterable[Result]) -> None:
    """Put results in the place of those that a folder holds, at once or not at all."""
    scratch = out / f"{_NAME}.new"
    scratch.write_text("".join(canonical.line(r) + "\n" for r in results), encoding="ascii")
    scratch.replace(out / _NAME)


def add(out: Path, result: Result) -> None:
    """Add one result to those that a folder holds."""
    with (out / _NAME).open("a", encoding="ascii") as held:
        held.write(canonical.line(result) + "\n")
