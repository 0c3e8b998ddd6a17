"""Lines of one event of an audit trail that two files tell differently: not one event's lines, but a copy that was changed.

Where one file goes on where the other ends, each tells what the other does not; copies tell the same. What both tell, and not
alike, cannot have been written by one kernel under one number. So it is not put together: each file's lines are told by themselves.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa

from forensics.core.coded import Bools, Ints

_SAID = (
    "auid", "uid", "euid", "ses", "old_auid", "old_ses", "pid", "ppid", "syscall", "success", "exit", "tty", "addr", "acct", "cmd",
    "op", "res", "fp", "exe", "cwd", "id",
)  # fmt: skip
_LISTS = ("argv", "argv_places", "paths", "receivers")
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
    disputed = [
        at for at, files in told.items() if any(_differ(*two) for two in combinations(files.values(), 2))
    ]
    out[np.isin(event, np.array(disputed, np.int64))] = True
    return out


def _differ(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> bool:
    for name in _SAID:
        mine, its = ({row.get(name) for row in rows} - {None} for rows in (one, other))
        if mine and its and not mine & its:
            return True
    return _argv(one, other) or _paths(one, other) or _receivers(one, other)


def _argv(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> bool:
    mine, its = ([row["argv"] for row in rows if row.get("argv")] for rows in (one, other))
    if len(mine) != 1 or len(its) != 1 or any(row.get("argv_places") for row in (*one, *other)):
        return False
    shorter = min(len(mine[0]), len(its[0]))
    return bool(mine[0][:shorter] != its[0][:shorter])


def _paths(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> bool:
    mine, its = ({p["item"]: p for row in rows for p in row.get("paths") or ()} for rows in (one, other))
    return any(
        None not in {mine[item][what], its[item][what]} and mine[item][what] != its[item][what]
        for item in mine.keys() & its.keys()
        for what in _PATHS
    )


def _receivers(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> bool:
    # Where only one has the system call, the other goes on with it.
    if not all(any(row.get("syscall") is not None for row in rows) for rows in (one, other)):
        return False
    mine, its = ({p["opid"] for row in rows for p in row.get("receivers") or ()} for rows in (one, other))
    return len(mine) == len(its) > 0 and mine != its
