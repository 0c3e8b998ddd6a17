"""Records beside rows of other slices without which they would tell something else."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from forensics.core import citation

Row = Mapping[str, object]
_PLACE = [("sha256", "ascending"), ("start", "ascending")]
_OWN = "own"


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


def given(lacked: Mapping[int, Sequence[Row]], like: pa.Table) -> Iterable[tuple[int, pa.Table]]:
    """What each slice lacks, by its number, as tables."""
    return ((number, table(rows, like)) for number, rows in lacked.items())
