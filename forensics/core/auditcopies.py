"""Lines of one event of an audit trail that two files tell differently: not one event's lines, but a copy that was changed.

Where one file goes on where the other ends, each tells what the other does not; copies tell the same. What both tell, and not
alike, cannot have been written by one kernel under one number. So it is not put together: each file's lines are told by themselves.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

import numpy as np
import pyarrow as pa

from forensics.core.coded import Bools, Ints

_SAID = (
    "auid", "uid", "euid", "ses", "old_auid", "old_ses", "pid", "ppid", "syscall", "success", "exit", "tty", "addr", "acct", "cmd",
    "op", "res", "fp", "exe", "cwd", "id",
)  # fmt: skip
_LISTS = ("argv", "argv_places", "paths", "receivers")
_Lines = Sequence[Mapping[str, Any]]
"""What one file tells of an event, line by line."""
_PATHS = ("name", "inode", "dev", "nametype")


def changed(records: pa.Table, order: Ints, event: Ints, file: Ints) -> Bools:
    """Which places of an order are of an event that two files tell differently.

    Args:
        records: the columns of `auditrecord.table`.
        order: rows, so that those of an event stand together.
        event: of each place, its event, from 0 on.
        file: of each row, its file.
    """
    own = file[order]
    several = np.zeros(int(event[-1]) + 1 if len(event) else 0, bool)
    several[event[1:][(event[1:] == event[:-1]) & (own[1:] != own[:-1])]] = True
    places = np.flatnonzero(several[event]) if len(event) else np.empty(0, np.int64)
    out = np.zeros(len(order), bool)
    if not len(places):
        return out
    there = [name for name in (*_SAID, *_LISTS) if name in records.column_names]
    rows = records.select(there).take(pa.array(order[places])).to_pylist()
    told: dict[int, dict[int, list[Mapping[str, Any]]]] = {}
    for place, row in zip(places.tolist(), rows, strict=True):
        told.setdefault(int(event[place]), {}).setdefault(int(own[place]), []).append(row)
    disputed = [at for at, files in told.items() if _differ(list(files.values()))]
    out[np.isin(event, np.array(disputed, np.int64))] = True
    return out


def _differ(files: Sequence[_Lines]) -> bool:
    """Whether any two files tell an event differently. All are looked at once: a host can have very many copies."""
    said = (
        [found for rows in files if (found := {row.get(name) for row in rows} - {None})] for name in _SAID
    )
    return any(map(_apart, said)) or _argv(files) or _paths(files) or _receivers(files)


def _apart(every: Sequence[set[object]]) -> bool:
    """Whether any two of some sets have nothing in common."""
    sets = list(set(map(frozenset, every)))
    if len(sets) < 2 or frozenset.intersection(*sets):
        return False
    # Of each value which sets have it, as the bits of a number.
    having: dict[object, int] = {}
    for n, own in enumerate(sets):
        for value in own:
            having[value] = having.get(value, 0) | 1 << n
    everyone = (1 << len(sets)) - 1
    return any(reduce(or_, (having[value] for value in own)) != everyone for own in sets)


def _argv(files: Sequence[_Lines]) -> bool:
    """Whether two files tell other arguments, as far as both go: then one is no beginning of the longest."""
    every = [
        found[0]
        for rows in files
        if len(found := [row["argv"] for row in rows if row.get("argv")]) == 1
        and not any(row.get("argv_places") for row in rows)
    ]
    longest: list[str] = max(every, key=len, default=[])
    return any(own != longest[: len(own)] for own in every)


def _paths(files: Sequence[_Lines]) -> bool:
    seen: dict[tuple[object, str], object] = {}
    for rows in files:
        for path in {p["item"]: p for row in rows for p in row.get("paths") or ()}.values():
            for what in _PATHS:
                if path[what] is not None and seen.setdefault((path["item"], what), path[what]) != path[what]:
                    return True
    return False


def _receivers(files: Sequence[_Lines]) -> bool:
    # Where only one has the system call, the other goes on with it.
    own = [rows for rows in files if any(row.get("syscall") is not None for row in rows)]
    seen: dict[int, set[object]] = {}
    for rows in own:
        found = {p["opid"] for row in rows for p in row.get("receivers") or ()}
        if found and seen.setdefault(len(found), found) != found:
            return True
    return False
