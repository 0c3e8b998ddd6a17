"""Rows of tables in one order, in memory."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import loose

_MOST_STRETCHES = 128
_MOST_WOVEN = 16
"""Of more tables it is not looked for where they lie over one another: that takes a step for each of them and each place where one begins."""
_FEW_TEXTS = 1 << 13
"""So many texts are compared one by one sooner than they are put in order."""
_LEAST_ALONE = 1 << 10
"""Fewer rows are put in order with those beside them."""
_MOST = int(np.iinfo(np.int64).max)

Ints = npt.NDArray[np.int64]


def sorted_by(tables: Iterable[pa.Table], keys: Sequence[str]) -> pa.Table:
    """Tables as one, in order of keys: numbers first, then text; a table that is in order is left alone."""
    rows = loose.together(tables)
    if _in_order(rows, keys):
        return rows
    first = _ranks(rows[keys[0]])
    order = np.argsort(first, kind="stable")
    # The further keys are looked at only of rows that those before leave alike; ids are dear to compare.
    alike, group = _alike(np.arange(len(order)), first[order])
    for key in keys[1:]:
        if not len(alike):
            break
        if _of_one_value(rows[key]):
            continue
        own = order[alike]
        rank = _ranks(rows[key].take(pa.array(own)))
        within = _by_both(group, rank)
        order[alike] = own[within]
        alike, group = _alike(alike, group, rank[within])
    return rows if (order[1:] - order[:-1] == 1).all() else _taken(rows, order)


def _in_order(rows: pa.Table, keys: Sequence[str]) -> bool:
    """Whether rows are in order of keys as they come; where that is not soon seen, it is not."""
    tied = np.arange(len(rows) - 1)
    for key in keys:
        column = rows[key]
        if not len(tied):
            break
        if _of_one_value(column):
            continue
        if column.type == pa.int64() and not column.null_count:
            values = column.to_numpy()
            before, after = values[tied], values[tied + 1]
            falls, same = before > after, before == after
        elif column.type == pa.string() and not column.null_count and len(tied) <= _FEW_TEXTS:
            texts, others = column.take(pa.array(tied)), column.take(pa.array(tied + 1))
            falls, same = np.asarray(pc.greater(texts, others)), np.asarray(pc.equal(texts, others))
        else:
            return False
        if falls.any():
            return False
        tied = tied[same]
    return True


def woven(tables: Iterable[pa.Table], keys: Sequence[str]) -> list[pa.Table]:
    """Tables that are each in order of keys as pieces that follow one another in it. Only what lies over other rows is moved.

    Args:
        tables: the first key of each is a number (int64), and never null.
        keys: columns that together put the rows in a total order.
    """
    held = [rows for rows in tables if len(rows)]
    if len(held) > _MOST_WOVEN:
        return [sorted_by(held, keys)]
    pieces = []
    for starts, stops in _stretches([np.asarray(rows[keys[0]].to_numpy()) for rows in held]):
        bounds = zip(held, starts.tolist(), stops.tolist(), strict=True)
        own = [rows.slice(a, b - a) for rows, a, b in bounds if a < b]
        pieces.append(own[0] if len(own) == 1 else sorted_by(map(loose.few, own), keys))
    return pieces


def _stretches(numbers: Sequence[Ints]) -> Iterator[tuple[Ints, Ints]]:
    """Where in lists of ascending numbers a stretch begins, and where it ends: of one list alone, or of several that lie over one another."""
    ends = {(int(own[0]), False) for own in numbers} | {(int(own[-1]), True) for own in numbers}
    at = np.array(
        [
            [own.searchsorted(n, "right" if behind else "left") for n, behind in sorted(ends)]
            for own in numbers
        ]
    )
    if not len(at):
        return
    rows = np.diff(at, axis=1)
    there = np.flatnonzero(rows.any(axis=0))
    alone = ((rows > 0).sum(axis=0) == 1) & (rows.sum(axis=0) >= _LEAST_ALONE)
    whose = np.where(alone, np.argmax(rows > 0, axis=0), -1)[there]
    new = np.flatnonzero(np.append(True, np.diff(whose) != 0))
    for first, last in zip(there[new], there[np.append(new[1:], len(there)) - 1], strict=True):
        yield at[:, first], at[:, last + 1]


def _by_both(group: Ints, rank: Ints) -> Ints:
    """The order of rows by group, in order of which they come, and then by rank; those that are alike stay as they come."""
    least, most = int(rank.min()), int(rank.max())
    if (int(group[-1]) + 1) * (most - least + 1) > _MOST:
        return np.lexsort((rank, group))
    # As one number, since what is nearly in order is soon put in order by one, and by two it is not.
    return np.argsort(group * (most - least + 1) + (rank - least), kind="stable")


def _taken(rows: pa.Table, order: Ints) -> pa.Table:
    """Rows in another order. Those that stay together, as most do of what follows a clock, are not copied."""
    breaks = np.flatnonzero(order[1:] - order[:-1] != 1) + 1
    if len(breaks) < _MOST_STRETCHES:
        edges = [0, *breaks.tolist(), len(order)]
        return pa.concat_tables(rows.slice(int(order[a]), b - a) for a, b in itertools.pairwise(edges))
    # Before such a row stand all that come before it, and no other: there the order can be cut.
    ends = np.flatnonzero(np.maximum.accumulate(order) == np.arange(len(order)))
    first = np.append(0, ends[:-1] + 1)
    stays = first == ends
    new = ~stays | np.append(True, ~stays[:-1])
    if np.count_nonzero(new) >= _MOST_STRETCHES:
        return _moved(rows, order)
    edges = [*first[new].tolist(), len(order)]
    cut = zip(itertools.pairwise(edges), stays[new], strict=True)
    return pa.concat_tables(
        rows.slice(a, b - a) if stay else _moved(rows.slice(a, b - a), order[a:b] - a) for (a, b), stay in cut
    )


def _moved(rows: pa.Table, order: Ints) -> pa.Table:
    held, index = rows.combine_chunks(), pa.array(order.astype(np.int32))
    columns = [pa.nulls(len(c), c.type) if c.null_count == len(c) else c.take(index) for c in held.columns]
    return pa.Table.from_arrays(columns, schema=held.schema)


def _alike(places: Ints, *values: Ints) -> tuple[Ints, Ints]:
    """Those of places in order whose values are those of a neighbour, and a number for each run of them."""
    new = np.ones(len(places) + 1, bool)
    new[1:-1] = np.logical_or.reduce([value[1:] != value[:-1] for value in values])
    kept = np.flatnonzero(~(new[:-1] & new[1:]))
    return places[kept], np.cumsum(new[:-1])[kept]


def _of_one_value(column: pa.ChunkedArray) -> bool:
    """Whether all rows have one value, as far as can be seen without looking at each."""
    if column.null_count or not pa.types.is_dictionary(column.type):
        return False
    known = [chunk.dictionary for chunk in column.chunks]
    return all(len(words) == 1 and words.equals(known[0]) for words in known)


def _ranks(column: pa.ChunkedArray) -> Ints:
    """Numbers in the order of a column's values; nulls last."""
    if column.type == pa.int64() and not column.null_count:
        return np.asarray(column.to_numpy())
    if column.null_count == len(column):
        return np.zeros(len(column), np.int64)
    coded = column.combine_chunks().dictionary_encode()
    rank = np.empty(len(coded.dictionary) + 1, np.int64)
    rank[np.asarray(pc.sort_indices(coded.dictionary))] = np.arange(len(coded.dictionary))
    rank[-1] = len(coded.dictionary)
    return np.asarray(rank[np.asarray(coded.indices.fill_null(len(coded.dictionary)))])
