"""Columns as numbers of their different values, so that each value is looked at once, however many rows have it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from forensics.core import loose

_FEW = 1 << 16
"""Of fewer combinations a table of all is made, which is faster than to put rows in order."""

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Coded(NamedTuple):
    """A column as numbers of its values; that of a null is None. `coded` gives each value one number, and a null the last."""

    number: Ints
    values: list[object]

    def mapped(self, made: Sequence[object], kind: pa.DataType) -> pa.Array:
        """A column in which each different value became what `made` has in its place."""
        return pa.array(made, kind).take(pa.array(self.number))

    def told(self, say: Callable[[object], object]) -> "Coded":
        """The column of what is said of each value; null of null."""
        return Coded(self.number, [None if value is None else say(value) for value in self.values])

    def otherwise(self, other: "Coded") -> "Coded":
        """This column, and where it is null, the other."""
        known = np.array([value is not None for value in self.values], bool)
        return chosen(known[self.number], self, other)

    def column(self) -> pa.Array:
        """The column as a dictionary of its values (string)."""
        return loose.looked_up(pa.array(self.values, pa.string()), self.number)


def coded(column: pa.Array) -> Coded:
    """The different values of a column."""
    found = column.dictionary_encode()
    values = found.dictionary.to_pylist()
    return Coded(np.asarray(found.indices.fill_null(len(values))).astype(np.int64), [*values, None])


def chosen(own: Bools, first: Coded, other: Coded) -> Coded:
    """The one column in some rows, the other in the rest."""
    return Coded(
        np.where(own, first.number, other.number + len(first.values)), [*first.values, *other.values]
    )


def distinct(*numbers: Ints) -> tuple[Ints, Ints]:
    """Rows that stand for every different combination of numbers, and which of them each row is like."""
    key, many = np.zeros(len(numbers[0]), np.int64), 1
    for number in numbers:
        values = int(number.max(initial=0)) + 1
        key, many = key * values + number, many * values
    if many <= _FEW:
        first = np.full(many, -1, np.int64)
        first[key[::-1]] = np.arange(len(key))[::-1]
        known = first >= 0
        return first[known], (np.cumsum(known) - 1)[key]
    _, first, like = np.unique(key, return_index=True, return_inverse=True)
    return first, like
