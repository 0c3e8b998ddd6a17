"""What is read of lines of an audit trail as columns: a number or a text for each event, or for each line of one kind."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from forensics.core.auditforms import UNKNOWN, Forms, Numbers
from forensics.core.auditpieces import Left, Piece
from forensics.core.auditpool import Places, Pool
from forensics.core.audittext import Bools, Ints, Narrow

_FIRST_ROWS = 1 << 10
_NOT_MET = -2


class Slots:
    """Where rows go; those whose slot is negative go nowhere. Many columns stand in the same rows, so what is found of these is kept."""

    def __init__(self, slot: Ints, count: int) -> None:
        self.slot, self.count = slot, count
        self._known: dict[int, tuple[Ints, Ints, Bools | None]] = {}

    def of(self, row: Ints) -> tuple[Ints, Bools | None]:
        """The slots of rows, and which rows have one; None where all have."""
        if id(row) not in self._known:
            own, kept = self.slot[row], None
            if len(own) and own.min() < 0:
                kept = own >= 0
                own = own[kept]
            # The rows are kept, so that no others are known by their number.
            self._known[id(row)] = row, own, kept
        return self._known[id(row)][1:]


def spread(same: list[Piece], slots: Slots) -> tuple[Ints, Bools]:
    """A number for each slot, and which slots have one."""
    numbers, known = np.zeros(slots.count, np.int64), np.zeros(slots.count, bool)
    for piece in same:
        own, _ = slots.of(piece.row)
        numbers[own], known[own] = piece.numbers, True
    return numbers, known


def values(pool: Pool, forms: Forms, target: int, same: Sequence[Piece], slots: Slots) -> pa.Array:
    """A text for each slot; as a dictionary, where most of them came as numbers."""
    numbered = [piece for piece in same if isinstance(piece.values, Numbers)]
    if not numbered:
        return texts(pool, same, slots)
    many = sum(len(piece.row) for piece in numbered)
    if sum(len(piece.row) for piece in same) <= 2 * many:
        told = [(piece.row, _number(pool, forms, target, piece)) for piece in same]
        if all(number.min() != UNKNOWN for _, number in told):
            return _coded(told, forms.words(target), slots)
    words = pool.add(pa.array(forms.words(target), pa.string()))
    return texts(pool, [_written(piece, words) for piece in same], slots)


def _number(pool: Pool, forms: Forms, target: int, piece: Piece) -> Narrow:
    """The numbers of texts of a column."""
    return (
        piece.values.number
        if isinstance(piece.values, Numbers)
        else forms.told(target, pool.text(piece.text))
    )


def _written(piece: Piece, words: Places) -> Piece:
    """Texts by their places, whose words stand in these."""
    held = piece.values
    return piece._replace(values=words.where(held.number)) if isinstance(held, Numbers) else piece


def _coded(told: list[tuple[Ints, Narrow]], words: Sequence[str | None], slots: Slots) -> pa.Array:
    """A dictionary of the texts of each slot."""
    numbers = np.full(slots.count, len(words), np.int32)
    for row, number in told:
        own, kept = slots.of(row)
        numbers[own] = number if kept is None else number[kept]
    return dictionary(numbers, [*words, None])


def dictionary(numbers: Narrow | Ints, words: Sequence[str | None]) -> pa.Array:
    """Texts by their numbers as a dictionary of those that there are, in the order in which they come."""
    # Most often all come among the first.
    for rows in (_FIRST_ROWS, len(numbers)):
        place, known = _places(numbers[:rows], words)
        index = place[numbers]
        least = index.min(initial=0)
        if least > _NOT_MET:
            break
    if not known:
        return pa.nulls(len(numbers))
    valid = None if least >= 0 else pa.py_buffer(np.packbits(index >= 0, bitorder="little"))
    np.maximum(index, 0, out=index)
    held = pa.Array.from_buffers(pa.int32(), len(index), [valid, pa.py_buffer(index)])
    return pa.DictionaryArray.from_arrays(held, pa.array(known, pa.string()), safe=False)


def _places(numbers: Narrow | Ints, words: Sequence[str | None]) -> tuple[Narrow, list[str]]:
    """Of the number of each word its place among those that come, in their order: -1 where it is null, `_NOT_MET` where it does not come."""
    count = len(numbers)
    first = np.full(len(words), count)
    first[numbers[::-1]] = np.arange(count - 1, -1, -1)
    there = np.flatnonzero(first < count)
    place, known = np.full(len(words), _NOT_MET, np.int32), dict[str, int]()
    for number in there[np.argsort(first[there])].tolist():
        text = words[number]
        place[number] = -1 if text is None else known.setdefault(text, len(known))
    return place, list(known)


def texts(pool: Pool, same: Sequence[Piece | Left], slots: Slots) -> pa.Array:
    """A text for each slot, null where there is none."""
    bounds, absent = np.zeros(2 * slots.count + 1, np.int32), np.ones(slots.count, bool)
    start, stop = bounds[0:-1:2], bounds[1::2]
    for piece in same:
        own, kept = slots.of(piece.row)
        start[own], stop[own], absent[own] = piece.text if kept is None else piece.text.where(kept)
    return pa.nulls(slots.count, pa.string()) if absent.all() else pool.taken(bounds, absent)
