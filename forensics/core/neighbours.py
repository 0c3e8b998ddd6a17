"""Records beside rows of other slices without which they would tell something else."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import citation

Row = Mapping[str, object]
Ints = npt.NDArray[np.int64]
MOST_KEYS = 1 << 20
"""So many rows are looked at together for keys that several slices have, about."""
_PLACE = [("sha256", "ascending"), ("start", "ascending")]
_OWN = "own"
_ODD, _NOTHING = np.uint64(0x9E3779B97F4A7C15), np.uint64(0x2545F4914F6CDD1D)


def among(records: pa.Table, notes: pa.Table | None) -> tuple[pa.Table, pa.Array | None]:
    """Records in order of place, with those rows of other slices that they lack among them.

    Args:
        records: a format's table with `sha256` in front.
        notes: rows of other slices, of some of its columns; the others are null. None where nothing is lacked.

    Returns:
        The rows, and which of them are the records; None where all are.
    """
    if notes is None or not len(notes):
        return records.sort_by(_PLACE), None
    more = notes.cast(pa.schema([records.schema.field(name) for name in notes.column_names]))
    marks = [pa.array(np.full(len(rows), mark)) for rows, mark in ((records, True), (more, False))]
    every = [rows.append_column(_OWN, mark) for rows, mark in zip((records, more), marks, strict=True)]
    rows = pa.concat_tables(every, promote_options="default").sort_by(_PLACE)
    return rows.drop_columns([_OWN]), citation.column(rows, _OWN)


def only(made: pa.Table, own: pa.Array | None) -> pa.Table:
    """Of what was made of each row that of the records, as `among` says which these are."""
    return made if own is None else made.filter(own)


def table(rows: Iterable[Row], like: pa.Table) -> pa.Table:
    """Rows as a table of the columns of another."""
    return pa.Table.from_pylist([dict(row) for row in rows], schema=like.schema)


def keyed(rows: pa.Table) -> pa.Array:
    """A number for each row by its texts and numbers: equal rows have equal ones, in whichever process."""
    parts = [rows[name].combine_chunks().dictionary_encode() for name in rows.column_names]
    found = np.zeros(len(rows), np.uint64)
    for part in parts:
        words = [str(word).encode() for word in part.dictionary.to_pylist()]
        known = np.array(
            [int.from_bytes(blake2b(word, digest_size=8).digest(), "big") for word in words], np.uint64
        )
        held = np.append(known, _NOTHING)[np.asarray(pc.fill_null(part.indices, len(known)), np.int64)]
        found = found * _ODD + held
    return pa.array((found >> np.uint64(1)).astype(np.int64))


def gathered(
    several: Sequence[pa.Table], keys: Sequence[str], *, last: bool
) -> Iterator[tuple[int, pa.Table]]:
    """Of keys that several slices have: to the slice of the first row of one, or of the last, all its rows of the others; to these that row.

    So one slice knows all there is of a key, and each of the others that it is not the one. Held are the numbers of some keys, and
    which rows have them, at a time.

    Args:
        several: of each slice, in order of place, rows with a number in `key`, as `keyed` gives them.
        keys: the columns that are equal in rows of one key.
        last: whether it is the slice of the last row.
    """
    buckets = max(1, -(-sum(map(len, several)) // MOST_KEYS))
    for bucket in range(buckets):
        slices, rows = _candidates(several, bucket, buckets)
        if not len(slices):
            continue
        named = [several[n].select(keys).take(pa.array(rows[slices == n])) for n in np.unique(slices)]
        key = pa.concat_tables(named).to_pandas().groupby(list(keys), dropna=False, sort=False).ngroup()
        to, of, row = _asked(key.to_numpy(), slices, rows, last=last)
        for n in np.unique(of):
            held = several[n]
            for target in np.unique(to[of == n]):
                yield int(target), held.take(pa.array(np.unique(row[(of == n) & (to == target)])))


def _candidates(several: Sequence[pa.Table], bucket: int, buckets: int) -> tuple[Ints, Ints]:
    """Slice and row of those whose number, one of a bucket's, several slices have, in order."""
    found = []
    for number, notes in enumerate(several):
        key = notes["key"].to_numpy()
        at = np.flatnonzero(key % buckets == bucket)
        found.append((key[at], np.full(len(at), number), at))
    keys, slices, rows = (np.concatenate(part) for part in zip(*found, strict=True))
    one = np.unique(keys, return_inverse=True)[1]
    count = one.max(initial=-1) + 1
    least, most = np.full(count, len(several)), np.full(count, -1)
    np.minimum.at(least, one, slices)
    np.maximum.at(most, one, slices)
    met = (least != most)[one]
    return slices[met], rows[met]


def _asked(key: Ints, slices: Ints, rows: Ints, *, last: bool) -> tuple[Ints, Ints, Ints]:
    """Which slice is to be given which row of which other."""
    order = np.lexsort((rows, slices, key))
    key, slices, rows = key[order], slices[order], rows[order]
    edge = np.flatnonzero(np.diff(key, prepend=-1) != 0)
    group = np.cumsum(np.diff(key, prepend=-1) != 0) - 1
    chosen = (np.append(edge[1:], len(key)) - 1 if last else edge)[group]
    teller = slices[chosen]
    others = teller != slices
    to = np.concatenate([teller[others], slices[others]])
    of = np.concatenate([slices[others], teller[others]])
    return to, of, np.concatenate([rows[others], rows[chosen][others]])
