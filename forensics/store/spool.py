"""Tables between two steps of one run: written fast, read in part, and put in one order without holding them all.

What is spooled is Arrow's own form on the disk. No case keeps it.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from forensics.core import loose
from forensics.core.schema import Table
from forensics.store import parquet, sorting

OVERLAP_ROWS = 1 << 19
"""As many rows as are put in order in memory; where more lie at the same time, DuckDB sorts on the disk."""
MERGED_ROWS = 1 << 15
"""How many rows are gathered before they are put in order, at least."""
BATCH_ROWS = 1 << 12
"""How many rows of a spooled file are unpacked together."""
CODED_ROWS = 1 << 17
"""The same of rows that are not packed, and so are taken as they lie: any in one batch need not be put together."""
TIME = "earliest_ns"
_SAMPLE = 256
_NEVER = int(np.iinfo(np.int64).max)


def write(folder: Path, table: Table, rows: pa.Table, aside: Sequence[str] = ()) -> Path:
    """Write a table, in order of its time where it has one; as declared, or lighter.

    Args:
        folder: where.
        table: the table.
        rows: its rows.
        aside: columns that are asked for by themselves later: they lie beside it too, where they are found sooner.
    """
    path = folder / f"{table.name}.arrow"
    held = loose.lightened(parquet.fitting(rows, table.schema()))
    put(path, held)
    if aside:
        _put(_aside(path), held.select(aside), len(held) or 1)
    return path


def _aside(path: Path) -> Path:
    """Where some columns of a spooled file lie once more, if they do."""
    return path.with_suffix(".columns")


def put(path: Path, rows: pa.Table) -> None:
    """Write rows of any kind; they appear whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _aside(path).unlink(missing_ok=True)
    # Rows whose texts are numbers of a dictionary are small as they are.
    _put(path, rows, _batch_rows(rows.schema), None if _coded(rows.schema) else "lz4")


def _coded(schema: pa.Schema) -> bool:
    return any(map(pa.types.is_dictionary, schema.types))


def _batch_rows(schema: pa.Schema) -> int:
    return CODED_ROWS if _coded(schema) else BATCH_ROWS


def _put(path: Path, rows: pa.Table, batch_rows: int, compression: str | None = None) -> None:
    partial = path.with_name(f".{path.name}.partial")
    how = pa.ipc.IpcWriteOptions(compression=compression, use_threads=False)
    with parquet.sink(partial) as sink, pa.ipc.new_file(sink, rows.schema, options=how) as out:
        out.write_table(rows.combine_chunks(), max_chunksize=batch_rows)
    partial.rename(path)


def read(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """A spooled table, or some of its columns."""
    if columns is None:
        return _read(path)
    aside = _aside(path)
    if aside.exists():
        held = _read(aside)
        if set(columns) <= set(held.column_names):
            return held.select(columns)
    return _read(path, columns)


def _read(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        how = pa.ipc.IpcReadOptions(use_threads=False)
        if columns is not None:
            names = pa.ipc.open_file(source).schema.names
            how.included_fields = [names.index(name) for name in columns]
        return pa.ipc.open_file(source, options=how).read_all()


def slices(parts: Sequence[Path], column: str, most_rows: int) -> list[tuple[int | None, int | None]]:
    """Half-open ranges of a column without nulls that together hold all rows, each about as many as are asked for.

    Args:
        parts: Parquet files.
        column: an integer.
        most_rows: how many rows a range should hold. One value that more rows share is still one range.
    """
    samples = []
    for path in parts:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                values = np.sort(file.read_row_group(group, [column], use_threads=False)[0].to_numpy())
                samples.append(values[_SAMPLE - 1 :: _SAMPLE])
    every = max(1, most_rows // _SAMPLE)
    found = np.sort(np.concatenate([np.empty(0, np.int64), *samples]))
    edges = [None, *(int(value) for value in np.unique(found[every - 1 : -1 : every])), None]
    return list(itertools.pairwise(edges))


def between(
    parts: Sequence[Path],
    column: str,
    first: int | None,
    stop: int | None,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """The rows of Parquet files whose `column` lies in a half-open range, file after file.

    Args:
        parts: files of one schema.
        column: an integer without nulls.
        first: the least value, or None.
        stop: the value after the last, or None.
        columns: only these; elements of a list of structs as `paths.list.element.name`.
    """
    found = []
    for path in parts:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                about = file.metadata.row_group(group)
                stats = next(about.column(c).statistics for c in range(about.num_columns) if about.column(c).path_in_schema == column)  # fmt: skip
                if (stop is not None and stats.min >= stop) or (first is not None and stats.max < first):
                    continue
                rows = file.read_row_group(group, columns, use_threads=False)
                values = rows[column].to_numpy()
                own = (values >= (values.min() if first is None else first)) & (
                    (stop is None) | (values < (stop or 0))
                )
                found.append(rows if own.all() else rows.filter(pa.array(own)))
            schema = file.schema_arrow
    return pa.concat_tables(found).combine_chunks() if found else schema.empty_table()


def ordered(
    sources: Sequence[Path],
    table: Table,
    keys: Sequence[str],
    spill: Path,
    *,
    first: int | None = None,
    stop: int | None = None,
) -> Iterator[pa.Table]:
    """The rows of spooled files in one order, nulls last, however many they are.

    Args:
        sources: files of that table, each in that order.
        table: the table.
        keys: columns that together put the rows in a total order.
        spill: a folder for what does not fit in memory.
        first: only rows whose first key is at least this, where it is a number.
        stop: only rows whose first key is less than this; nulls only where it is None.
    """
    if table.schema().field(keys[0]).type != pa.int64():
        yield from _by_database(sources, table, keys, spill)
        return
    (found,) = within_each(sources, keys[0], [(first, stop)])
    yield from merged(found, table, keys, spill, first=first, stop=stop)


def merged(
    found: Sequence["Own"],
    table: Table,
    keys: Sequence[str],
    spill: Path,
    *,
    first: int | None,
    stop: int | None,
) -> Iterator[pa.Table]:
    """Rows of spooled files that lie in a half-open range of time, as `within_each` finds them, in one order.

    Args: as for `ordered`.
    """
    dated = [own for own in found if own.first != _NEVER]
    if _overlapping((own.first, own.last, own.stop - own.start) for own in dated) > OVERLAP_ROWS:
        for batch in _by_database(list(dict.fromkeys(own.path for own in found)), table, keys, spill):
            yield _within(batch, keys[0], first, stop)
        return
    held: list[pa.Table] = []
    known, fresh = 0, 0
    for own, after in itertools.zip_longest(dated, dated[1:]):
        held.append(rows(own.path, own.start, own.stop))
        fresh += own.stop - own.start
        # Sorted when as much is new as was there already, so that many files that lie over one another cost little more.
        if after is None or fresh >= max(MERGED_ROWS, known):
            done, held = _until(sorting.woven(held, keys), keys[0], None if after is None else after.first)
            yield from done
            known, fresh = sum(map(len, held)), 0
    yield from _undated([own for own in found if own.first == _NEVER], table, keys, spill)


def _until(pieces: Iterable[pa.Table], key: str, stop: int | None) -> tuple[list[pa.Table], list[pa.Table]]:
    """Pieces that follow one another: those before a value of a key, all where there is none, and those from it on."""
    every = list(pieces)
    ends = [len(own) if stop is None else int(np.searchsorted(own[key].to_numpy(), stop)) for own in every]
    before = [own.slice(0, end) for own, end in zip(every, ends, strict=True) if end]
    return before, [own.slice(end) for own, end in zip(every, ends, strict=True) if end < len(own)]


def _undated(pieces: Sequence["Own"], table: Table, keys: Sequence[str], spill: Path) -> Iterator[pa.Table]:
    """Rows without a time in order of the further keys: piece after piece, and those together that lie over one another."""
    ends = sorted(
        ((_place(own.path, own.start, keys), _place(own.path, own.stop - 1, keys), own) for own in pieces),
        key=lambda ends: ends[:2],
    )
    held: list[Own] = []
    reach: list[tuple[bool, object]] = []
    for (_, last, own), after in itertools.zip_longest(ends, ends[1:]):
        held.append(own)
        reach = max(reach, last)
        if after is None or after[0] > reach:
            yield from _beside(held, table, keys, spill)
            held = []


def _beside(held: Sequence["Own"], table: Table, keys: Sequence[str], spill: Path) -> Iterator[pa.Table]:
    """Rows without a time that lie over one another, in one order."""
    if len(held) == 1:
        # In order as it lies.
        (own,) = held
        for at in range(own.start, own.stop, MERGED_ROWS):
            yield rows(own.path, at, min(at + MERGED_ROWS, own.stop))
        return
    if sum(own.stop - own.start for own in held) <= OVERLAP_ROWS:
        yield sorting.sorted_by([rows(own.path, own.start, own.stop) for own in held], keys)
        return
    for batch in _by_database(list(dict.fromkeys(own.path for own in held)), table, keys, spill):
        yield batch.filter(pc.is_null(batch[keys[0]]))


def _place(path: Path, row: int, keys: Sequence[str]) -> list[tuple[bool, object]]:
    """The further keys of a row, so that they compare; nulls last."""
    values = rows(path, row, row + 1).select(keys[1:]).to_pylist()[0].values()
    return [(value is None, 0 if value is None else value) for value in values]


class Own(NamedTuple):
    """Rows of a spooled file that lie in a range: their least and greatest value, where they begin and end.

    Those without a value are apart, and later than all.
    """

    first: int
    last: int
    path: Path
    start: int
    stop: int


def within_each(
    sources: Sequence[Path], column: str, ranges: Sequence[tuple[int | None, int | None]]
) -> list[tuple[Own, ...]]:
    """For each half-open range, the rows of files in order of a column that lie in it; undated ones are later than all.

    Every file is looked at once, however many ranges there are.
    """
    found: list[list[Own]] = [[] for _ in ranges]
    for path in sources:
        values = read(path, [column])[0]
        dated = values.slice(0, len(values) - values.null_count).to_numpy()
        starts = [0 if first is None else int(np.searchsorted(dated, first)) for first, _ in ranges]
        stops = [len(dated) if stop is None else int(np.searchsorted(dated, stop)) for _, stop in ranges]
        for own, start, end in zip(found, starts, stops, strict=True):
            if start < end:
                own.append(Own(int(dated[start]), int(dated[end - 1]), path, start, end))
        for own, (_, stop) in zip(found, ranges, strict=True):
            if stop is None and len(dated) < len(values):
                own.append(Own(_NEVER, _NEVER, path, len(dated), len(values)))
    return [tuple(sorted(own)) for own in found]


def rows(path: Path, start: int, stop: int) -> pa.Table:
    """Some rows of a spooled file; only the batches that hold them are unpacked."""
    with pa.memory_map(str(path)) as source:
        file = pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(use_threads=False))
        size = _batch_rows(file.schema)
        wanted = range(start // size, min(file.num_record_batches, -(-stop // size)))
        found = pa.Table.from_batches([file.get_batch(n) for n in wanted], schema=file.schema)
    return loose.few(found.slice(start - wanted.start * size, stop - start))


def _by_database(
    sources: Sequence[Path], table: Table, keys: Sequence[str], spill: Path
) -> Iterator[pa.Table]:
    if not sources:
        return
    from forensics.store import query  # noqa: PLC0415 - the database is loaded where it is needed

    schema = table.schema()
    batches = (batch for path in sources for batch in _batches(path, schema))
    yield from query.ordered(pa.RecordBatchReader.from_batches(schema, batches), schema, keys, spill)


def _batches(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows of a spooled file as declared, a batch at a time."""
    with pa.memory_map(str(path)) as source:
        file = pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(use_threads=False))
        for n in range(file.num_record_batches):
            own = pa.Table.from_batches([file.get_batch(n)], schema=file.schema)
            yield from loose.strict(own, schema).combine_chunks().to_batches()


def _within(rows: pa.Table, column: str, first: int | None, stop: int | None) -> pa.Table:
    """The rows whose value lies in a half-open range; those without one only where it has no end."""
    if first is None and stop is None:
        return rows
    values = rows[column]
    own = pc.and_(
        True if first is None else pc.greater_equal(values, first),
        True if stop is None else pc.less(values, stop),
    ).fill_null(stop is None)
    return rows if pc.all(own).as_py() else rows.filter(own)


def _overlapping(ranges: Iterable[tuple[int, int, int]]) -> int:
    """The most rows that files hold which lie over one another."""
    changes = []
    for first, last, rows in ranges:
        changes += [(first, 0, rows), (last, 1, -rows)]
    return int(np.cumsum([0, *(rows for _, _, rows in sorted(changes))]).max())
