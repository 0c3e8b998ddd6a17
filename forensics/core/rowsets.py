"""Rows by the values of several columns together: which are alike, and where a row like each stands in another table.

What a rule says of a row hangs on some of its columns, and many rows are alike in these. So a rule is asked once of
each set of values that there is, and what it said is taken for every row.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from forensics.core import loose

Ints = npt.NDArray[np.int64]
Row = Mapping[str, object]


class Numbered(NamedTuple):
    """The sets of values of some rows: a number for each row, alike where they are, and the first row of each number."""

    number: Ints
    first: Ints


def numbered(columns: Sequence[pa.Array]) -> Numbered:
    """Number the sets of values that rows have. Null is a value like any other; a column may be a dictionary."""
    count = len(columns[0])
    number, first = np.zeros(count, np.int64), np.zeros(min(count, 1), np.int64)
    for column in columns:
        coded = loose.dictionary(column)
        values = len(coded.dictionary) + (column.null_count > 0)
        if values > 1:
            own = np.asarray(coded.indices.fill_null(values - 1), np.int64)
            # Numbered anew after each column, so that the numbers stay as few as the sets of values that there are.
            number, first = _anew(number * values + own)
    return Numbered(number, first)


def _anew(number: Ints) -> Numbered:
    """The same numbers without gaps, and where each is first."""
    most = int(number.max()) + 1
    if most > 4 * len(number):
        _, first, dense = np.unique(number, return_index=True, return_inverse=True)
        return Numbered(dense.reshape(-1), first)
    place = np.full(most, -1, np.int64)
    place[number[::-1]] = np.arange(len(number) - 1, -1, -1)
    there = np.flatnonzero(place >= 0)
    first = place[there]
    place[there] = np.arange(len(there))
    return Numbered(place[number], first)


def each(
    columns: Mapping[str, pa.Array], names: Sequence[str], tell: Callable[[Row], str | None]
) -> pa.Array:
    """What a rule says of each row, asked once of every set of values that some row has; a dictionary of what it said.

    Args:
        columns: the rows.
        names: the columns that the rule looks at.
        tell: the rule.
    """
    own = [columns[name] for name in names]
    if not len(own[0]):
        return pa.nulls(0, pa.string()).dictionary_encode()
    number, first = numbered(own)
    rows = zip(*(column.take(pa.array(first)).to_pylist() for column in own), strict=True)
    said = [tell(dict(zip(names, row, strict=True))) for row in rows]
    return loose.looked_up(pa.array(said, pa.string()), number)


def places(columns: Sequence[pa.Array], known: Sequence[pa.Array]) -> Ints:
    """For each row the first row of another table that has the same values, or -1.

    Args:
        columns: the rows.
        known: the columns of the other table, of the same types, if not as dictionaries.
    """
    count = len(known[0])
    both = [
        pa.concat_arrays([loose.dictionary(theirs) if pa.types.is_dictionary(own.type) else theirs, own])
        for own, theirs in zip(columns, known, strict=True)
    ]
    number, first = numbered(both)
    found = np.where(first < count, first, -1)[number[count:]]
    return np.asarray(found, np.int64)
