"""Rows of a table found without reading the rest, in bounded memory.

Rows lie in order of time, in parts that know the least and the greatest of each column: what cannot match is not
read, and a part that cannot is not even opened.
"""

import glob
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from forensics.core import ids
from forensics.store import footers, parquet
from forensics.store.footers import Bound

MEMORY = "768MB"


@contextmanager
def _opened(tables: Path, name: str, bounds: Iterable[Bound]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database that sees those parts of a table as `part` that can hold a row within bounds, in bounded memory."""
    with duckdb.connect(":memory:") as database:
        database.execute("SET python_enable_replacements = false")
        database.execute(f"SET memory_limit = '{MEMORY}'")
        database.execute("SET temp_directory = ''")
        # A folder may be called `case[1]` or `case=1`: names are names, neither patterns nor columns.
        files = [glob.escape(str(path)) for path in footers.likely(tables, name, bounds)]
        database.read_parquet(files, hive_partitioning=False).create_view("part")
        yield database


def _answer(database: duckdb.DuckDBPyConnection, asked: str, values: Mapping[str, object]) -> pa.Table:
    found: pa.Table = pa.RecordBatchReader.from_stream(database.sql(asked, params=dict(values))).read_all()
    return found


def select(
    tables: Path,
    name: str,
    *,
    only: Mapping[str, str | None],
    since_ns: int | None = None,
    until_ns: int | None = None,
) -> pa.Table:
    """The rows of a table that are asked for, in the table's own order.

    Args:
        tables: the folder of tables.
        name: which table; it has `earliest_ns` and `latest_ns` where a moment is given.
        only: columns and the value that each must have; None asks for every value.
        since_ns: leaves out what was over before this moment, and what has no time.
        until_ns: leaves out what began after this moment, and what has no time.

    Raises:
        CaseError: there is no such table.
        KeyError: it has no such column.
    """
    schema = pq.read_schema(parquet.existing(tables, name)[0])
    values: dict[str, object] = {column: value for column, value in only.items() if value is not None}
    bounds = [Bound(column, value, value) for column, value in values.items()]
    tests = [f'"{column}" = ${column}' for column in values]
    if since_ns is not None:
        tests, values["latest_ns"] = [*tests, "latest_ns >= $latest_ns"], since_ns
        bounds.append(Bound("latest_ns", least=since_ns))
    if until_ns is not None:
        tests, values["earliest_ns"] = [*tests, "earliest_ns <= $earliest_ns"], until_ns
        bounds.append(Bound("earliest_ns", most=until_ns))
    unknown = sorted(set(values) - set(schema.names))
    if unknown:
        raise KeyError(f"{name} has no column {', '.join(unknown)}")
    with _opened(tables, name, bounds) as database:
        # An ever-true test, so that a question without conditions is a question too.
        found = _answer(database, f"SELECT * FROM part WHERE {' AND '.join(['true', *tests])}", values)
    return parquet.conformed(found, schema)


def named(tables: Path, names: Iterable[str]) -> pa.Table:
    """The events of these ids, in the table's own order; what is no event's id is passed over."""
    spans = {}
    for name in names:
        try:
            spans[name] = ids.span_of(name)[1]
        except ValueError:
            continue
    schema = pq.read_schema(parquet.existing(tables, "event")[0])
    bounds = [Bound("start", min(spans.values()), max(spans.values()))] if spans else []
    with _opened(tables, "event", bounds) as database:
        wanted = {
            "event_id": pa.array(list(spans), pa.string()),
            "start": pa.array(spans.values(), pa.int64()),
        }
        database.register("wanted", pa.table(wanted))
        # By its first byte and then by its id: numbers are compared faster than words.
        asked = "SELECT part.* FROM part SEMI JOIN wanted USING (start, event_id)"
        return parquet.conformed(_ordered(_answer(database, asked, {})), schema)


def _ordered(events: pa.Table) -> pa.Table:
    keys = ("earliest_ns", "sha256", "start", "event_id")
    return events.sort_by([(key, "ascending") for key in keys])
