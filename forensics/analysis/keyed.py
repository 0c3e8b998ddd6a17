"""The records of two tables that name one thing by the same columns, as each source of either tells them."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from forensics.analysis.evidence import flagged

_FEW = 4_096
"""So few rows are told apart by their keys as they are: to leave out those that only one side can have takes longer."""


class Record(NamedTuple):
    """One record of a key, as its clock dates it."""

    start: int
    event_id: str
    earliest_ns: int
    latest_ns: int


Key = tuple[Any, ...]
BySource = dict[str, list[Record]]


def shared(
    first: pd.DataFrame, second: pd.DataFrame, by: tuple[str, ...]
) -> Iterator[tuple[Key, BySource, BySource]]:
    """Each key that both tables have a record of, no part of it null, with the records of either.

    Args:
        first: columns `source`, those of `Record`, and the key's.
        second: the same.
        by: the columns of the key.
    """
    first, second = _with_parts_of(first, by, second), _with_parts_of(second, by, first)
    ours, theirs = _keys(first, by), _keys(second, by)
    both = {key for key in {*ours} & {*theirs} if not any(map(pd.isna, key))}
    if both:
        left, right = _by_key(first, ours, both), _by_key(second, theirs, both)
        yield from ((key, left[key], right[key]) for key in left)


def _with_parts_of(table: pd.DataFrame, by: tuple[str, ...], other: pd.DataFrame) -> pd.DataFrame:
    """Of many rows those that have all of a key, each part of which is one of the other side's too."""
    if len(table) <= _FEW:
        return table
    mask = np.ones(len(table), bool)
    for what in by:
        mask &= (table[what].notna() & table[what].isin(other[what])).to_numpy(bool)
    return flagged(table, mask)


def _keys(table: pd.DataFrame, by: tuple[str, ...]) -> list[Key]:
    return list(zip(*(table[what].to_numpy(dtype=object) for what in by), strict=True))


def _by_key(table: pd.DataFrame, keys: Sequence[Key], wanted: Collection[Key]) -> dict[Key, BySource]:
    """The records of each wanted key and source, in order of lines; of those that tell one key at one moment, the first."""
    places = [n for n, key in enumerate(keys) if key in wanted]
    columns = (table[name].to_numpy(dtype=object)[places] for name in ("source", *Record._fields))
    rows: dict[Key, BySource] = {}
    for n, source, *told in zip(places, *columns, strict=True):
        rows.setdefault(keys[n], {}).setdefault(source, []).append(Record(*told))
    for of_key in rows.values():
        for source, found in of_key.items():
            if len(found) > 1:
                once = {(r.earliest_ns, r.latest_ns): r for r in sorted(found, reverse=True)}
                of_key[source] = sorted(once.values())
    return rows
