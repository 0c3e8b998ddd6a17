"""Rows of tables in one order, in memory."""

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import loose

_MOST_STRETCHES = 128
_MOST = int(np.iinfo(np.int64).max)


def sorted_by(tables: Iterable[pa.Table], keys: Sequence[str]) -> pa.Table:
    """Tables as one, in order of keys: numbers first, then text; a table that is in order is left alone."""
    rows = loose.together(tables)
    first = _ranks(rows[keys[0]])
    order = np.argsort(first, kind="stable")
    # The further keys are looked at only of rows that those before leave alike; ids are dear to compare.
    alike, group = _alike(np.arange(len(order)), first[order])
    for key in keys[1:]:
        if not len(alike):
            break
        own = order[alike]
        rank = _ranks(rows[key].take(pa.array(own)))
        within = _by_both(group, rank)
        order[alike] = own[within]
        alike, group = _alike(alike, group, rank[within])
    return rows if (np.diff(order) == 1).all() else _taken(rows, order)


def _by_both(group: npt.NDArray[np.int64], rank: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The order of rows by group, in order of which they come, and then by rank; those that are alike stay as they come."""
    least, most = int(rank.min()), int(rank.max())
    if (int(group[-1]) + 1) * (most - least + 1) > _MOST:
        return np.lexsort((rank, group))
    # As one number, since what is nearly in order is soon put in order by one, and by two it is not.
    return np.argsort(group * (most - least + 1) + (rank - least), kind="stable")


def _taken(rows: pa.Table, order: npt.NDArray[np.int64]) -> pa.Table:
    """Rows in another order. Those that stay together, as most do of what follows a clock, are not copied."""
    edges = [0, *(np.flatnonzero(np.diff(order) != 1) + 1).tolist(), len(order)]
    if len(edges) <= _MOST_STRETCHES:
        return pa.concat_tables(rows.slice(int(order[a]), b - a) for a, b in itertools.pairwise(edges))
    # Before such a row stand all that come before it, and no other: there the order can be cut.
    ends = np.flatnonzero(np.maximum.accumulate(order) == np.arange(len(order)))
    first = np.append(0, ends[:-1] + 1)
    stays = first == ends
    new = ~stays | np.append(True, ~stays[:-1])
    edges = [*first[new].tolist(), len(order)]
    if len(edges) > _MOST_STRETCHES:
        return _moved(rows, order)
    cut = zip(itertools.pairwise(edges), stays[new], strict=True)
    return pa.concat_tables(
        rows.slice(a, b - a) if stay else _moved(rows.slice(a, b - a), order[a:b] - a) for (a, b), stay in cut
    )


def _moved(rows: pa.Table, order: npt.NDArray[np.int64]) -> pa.Table:
    held, index = rows.combine_chunks(), pa.array(order.astype(np.int32))
    columns = [pa.nulls(len(c), c.type) if c.null_count == len(c) else c.take(index) for c in held.columns]
    return pa.Table.from_arrays(columns, schema=held.schema)


def _alike(
    places: npt.NDArray[np.int64], *values: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Those of places in order whose values are those of a neighbour, and a number for each run of them."""
    new = np.append(True, np.logical_or.reduce([np.diff(value) != 0 for value in values]))[: len(places)]
    alone = new & np.append(new[1:], True)[: len(places)]
    return places[~alone], np.cumsum(new)[~alone]


def _ranks(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
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
