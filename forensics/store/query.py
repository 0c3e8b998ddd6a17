"""Asking the Parquet: SQL that can read the case's tables and nothing else, and sorts bigger than memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from forensics.core.errors import UsageError
from forensics.core.schema import Table
from forensics.store import parquet

NAMES = {
    "files": "file",
    "rejects": "reject",
    "events": "event",
    "sessions": "session",
    "acts": "act",
    "jobs": "job",
    "identities": "identity",
    "versions": "version",
    "gaps": "gap",
    "job_records": "job_record",
    "copies": "copy",
    "clocks": "clock",
    "overlaps": "overlap",
}
"""The names that queries use, and the tables they stand for."""
_MOST_MB = 256


def sql(tables: Path, query: str, declared: Iterable[Table] = ()) -> pa.Table:
    """The answer to one SELECT over a case. It can read no file, write none, and change no setting.

    One thread answers, so that the same question has the same answer in the same order.

    Args:
        tables: the folder of tables.
        query: one SELECT (or WITH, VALUES, FROM, DESCRIBE) as DuckDB understands it.
        declared: tables that may have no rows in this case, and are then empty.

    Raises:
        UsageError: it is no single SELECT, or DuckDB refuses it.
    """
    with duckdb.connect(":memory:") as database:
        for name, found in _found(tables, declared).items():
            database.register(name, found)
        # A query is somebody's text. These shut the disk, the network, this program's variables and
        # every way back; a table is handed in as an object, so reading it needs no right to a file.
        database.execute("SET python_enable_replacements = false")
        database.execute("SET temp_directory = ''")
        database.execute("SET threads = 1")
        database.execute("SET enable_external_access = false")
        database.execute("SET lock_configuration = true")
        try:
            asked = database.extract_statements(query)
            if len(asked) != 1 or asked[0].type != duckdb.StatementType.SELECT:
                raise UsageError("only one SELECT can be asked; the case is read-only")
            answer: pa.Table = pa.RecordBatchReader.from_stream(database.sql(query)).read_all()
        except duckdb.Error as error:
            known = ", ".join(sorted({*NAMES, *parquet.names(tables)}))
            # What follows shows the query once more, by lines.
            why = " ".join(str(error).partition("\n\nLINE ")[0].split())
            raise UsageError(
                f"{why}; the tables are {known}; sessions and acts come with `analyse`"
            ) from error
    return answer


def ordered(
    rows: pa.RecordBatchReader, schema: pa.Schema, keys: Sequence[str], spill: Path
) -> Iterator[pa.Table]:
    """Rows of one schema in one order, nulls last, however many they are.

    Args:
        rows: of that schema.
        schema: of the result.
        keys: columns that together put the rows in a total order.
        spill: a folder for what does not fit in memory.
    """
    with duckdb.connect(":memory:") as database:
        database.execute("SET python_enable_replacements = false")
        database.execute("SET threads = 1")
        database.execute("SET temp_directory = $folder", {"folder": str(spill)})
        database.register("part", rows)
        order = ", ".join(f'"{key}" ASC NULLS LAST' for key in keys)
        for batch in pa.RecordBatchReader.from_stream(database.sql(f"SELECT * FROM part ORDER BY {order}")):
            yield parquet.conformed(pa.Table.from_batches([batch]), schema)


def asked(parts: Sequence[Path], question: str, spill: Path, *, threads: int = 1) -> pa.Table:
    """The answer to a question of this program's own over Parquet files of one table, `records`, in bounded memory.

    Args:
        parts: the files.
        question: one SELECT.
        spill: a folder for what does not fit in memory.
        threads: how many answer it.
    """
    with duckdb.connect(":memory:") as database:
        database.execute("SET python_enable_replacements = false")
        database.execute(f"SET threads = {threads:d}")
        database.execute(f"SET memory_limit = '{_MOST_MB}MB'")
        database.execute("SET temp_directory = $folder", {"folder": str(spill)})
        records = database.read_parquet([str(path) for path in parts])
        database.register("records", records)
        answer: pa.Table = pa.RecordBatchReader.from_stream(database.sql(question)).read_all()
        return answer


def _found(tables: Path, declared: Iterable[Table]) -> Mapping[str, ds.Dataset | pa.Table]:
    found: dict[str, ds.Dataset | pa.Table] = {table.name: table.empty() for table in declared}
    found |= {name: parquet.dataset(tables, name) for name in parquet.names(tables)}
    return found | {name: found[table] for name, table in NAMES.items() if table in found}
