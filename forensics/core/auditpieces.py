"""What is read of lines of an audit trail, before it is put together: values by column, arguments, what is left."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from forensics.core.auditforms import Numbers
from forensics.core.auditkeys import TARGETS
from forensics.core.auditpool import Places
from forensics.core.audittext import Bools, Ints


class Piece(NamedTuple):
    """Values of one column: a place in `TARGETS`, the rows they stand in, and where in its source each stood.

    `values` are numbers, or texts by their places, or by numbers of those that there are.
    """

    target: int
    row: Ints
    values: Ints | Places | Numbers
    token: Ints | None

    @property
    def numbers(self) -> Ints:
        """Its numbers.

        Raises:
            TypeError: it holds texts.
        """
        if not isinstance(self.values, np.ndarray):
            raise TypeError(TARGETS[self.target].name)
        return self.values

    @property
    def text(self) -> Places:
        """Its texts.

        Raises:
            TypeError: it holds something else.
        """
        if not isinstance(self.values, Places):
            raise TypeError(TARGETS[self.target].name)
        return self.values

    def where(self, own: Bools) -> "Piece":
        """Some of them."""
        values = self.values[own] if isinstance(self.values, np.ndarray) else self.values.where(own)
        return Piece(self.target, self.row[own], values, None if self.token is None else self.token[own])


class Arguments(NamedTuple):
    """Arguments of EXECVE lines in order: the row of each, its place, the word (binary)."""

    row: Ints
    place: Ints
    word: pa.Array


class Left(NamedTuple):
    """What no column took: one text for each row that has some."""

    row: Ints
    text: Places


class Found(NamedTuple):
    """What was read, and from which rows."""

    pieces: list[Piece]
    left: list[Left]
    arguments: list[Arguments]
    read: Bools

    def without(self, rows: Ints) -> "Found":
        """The same, as if some rows had not been read."""
        if not len(rows):
            return self
        self.read[rows] = False
        pieces = [p if m.all() else p.where(m) for p in self.pieces for m in [self.read[p.row]]]
        left = [Left(p.row[m], p.text.where(m)) for p in self.left for m in [self.read[p.row]]]
        told = [
            Arguments(p.row[m], p.place[m], p.word.filter(pa.array(m)))
            for p in self.arguments
            for m in [self.read[p.row]]
        ]
        return Found(pieces, left, told, self.read)  # fmt: skip
