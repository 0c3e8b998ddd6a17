"""Where evidence lies that was recorded and not copied into the case: `locations.json`, by the hash of each file."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from forensics.core import canonical

Places = Mapping[str, Sequence[str]]
_held: dict[Path, tuple[tuple[int, ...], Places]] = {}
"""The file of the case that was asked for last, as it was then: there can be a million places, and each is asked for."""


def places(case: Path) -> Places:
    """Where each file lies, by its hash."""
    try:
        seen = _seen(case)
    except FileNotFoundError:
        return {}
    if case not in _held or _held[case][0] != seen:
        _hold(case, seen, json.loads(_file(case).read_text(encoding="ascii")))
    return _held[case][1]


def put_down(case: Path, found: Places) -> None:
    """Say where files lie, each place once; it appears whole."""
    told = {sha256: sorted(set(paths)) for sha256, paths in found.items()}
    if told == places(case):
        return
    partial = case / "locations.json.partial"
    partial.write_text(canonical.dumps(told), encoding="ascii")
    partial.rename(_file(case))
    _hold(case, _seen(case), told)


def _hold(case: Path, seen: tuple[int, ...], found: Places) -> None:
    _held.clear()
    _held[case] = seen, found


def _seen(case: Path) -> tuple[int, ...]:
    """What is another when the file is another."""
    told = _file(case).stat()
    return told.st_ino, told.st_mtime_ns, told.st_size


def _file(case: Path) -> Path:
    return case / "locations.json"
