"""Rows of a large table by their place: asked for by many conditions over few columns each, and read whole once.

A place is the number of a part and of a row in it, as one number. A condition reads the columns that it
names and gives places only, so that a table of which little is wanted is never decoded as a whole.
"""

import glob
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from forensics.store import parquet

MEMORY = "768MB"
Places = npt.NDArray[np.int64]
_PART = 1 << 40
_VIEW = """
CREATE VIEW whole AS SELECT *, regexp_extract(filename, '([0-9]+)[.]parquet$', 1)::BIGINT * {part} + file_row_number AS place
FROM rows_of_parts
"""
_LESS = "CREATE VIEW part AS SELECT * FROM whole"


def merged(*found: Places) -> Places:
    """The places of some lists, once each, in order."""
    every: Places = np.concatenate(found)
    every.sort()
    return every[np.append(True, np.diff(every) > 0)] if len(every) else every


def less(found: Places, others: Places) -> Places:
    """The places of one list that are not of another, both in order and once each.

    They are looked up, which takes a fraction of what it takes to put both in order together: there can be tens of millions.
    """
    if len(others) <= len(found):
        at = np.searchsorted(found, others)
        there = at < len(found)
        at = at[there]
        left = np.ones(len(found), bool)
        left[at[found[at] == others[there]]] = False
    else:
        left = others[np.minimum(np.searchsorted(others, found), len(others) - 1)] != found
    kept: Places = found[left]
    return kept


def _number(path: Path) -> int:
    return int(path.stem)


class Asked:
    """One table's parts, open to questions; its rows are the view `part`, with their `place`."""

    def __init__(self, database: duckdb.DuckDBPyConnection, parts: Sequence[Path]) -> None:
        # Parts of records are not named by numbers: their rows can be asked for, and have no place.
        self._database, self._parts = database, {_number(p): p for p in parts if p.stem.isdecimal()}

    def count(self) -> int:
        """How many rows there are to ask of."""
        return int(self.ask("SELECT count(*) AS rows FROM part")["rows"][0].as_py())

    def ask(self, asked: str, beside: Mapping[str, pa.Table] | None = None) -> pa.Table:
        """The answer to a question of this program's own, in no order.

        Args:
            asked: a SELECT over `part`.
            beside: tables that it names too.
        """
        self._database.execute("SET preserve_insertion_order = false")
        found: pa.Table = pa.RecordBatchReader.from_stream(self._put(asked, beside)).read_all()
        return found

    def stream(
        self, asked: str, beside: Mapping[str, pa.Table] | None = None, *, ordered: bool = False
    ) -> Iterator[pa.RecordBatch]:
        """The same, a batch at a time; where asked for, in the table's own order."""
        self._database.execute(f"SET preserve_insertion_order = {ordered}")
        yield from pa.RecordBatchReader.from_stream(self._put(asked, beside))

    def places(self, where: str, beside: Mapping[str, pa.Table] | None = None) -> Places:
        """The places of the rows for which a condition holds, in order.

        Args:
            where: what follows `FROM part`: joins and a WHERE.
            beside: tables that it names too.
        """
        return merged(self.ask(f"SELECT part.place FROM part {where}", beside)["place"].to_numpy())

    def _put(self, asked: str, beside: Mapping[str, pa.Table] | None) -> duckdb.DuckDBPyRelation:
        for name, table in (beside or {}).items():
            self._database.register(name, table)
        return self._database.sql(asked)

    def rows(self, places: Places, columns: Sequence[str]) -> pa.Table:
        """The rows of some places, in their order; a group of rows that holds none is not read."""
        wanted = merged(places)
        found = [
            rows
            for part, path in sorted(self._parts.items())
            for rows in _taken(path, wanted[wanted // _PART == part] % _PART, columns)
        ]
        schema = pq.read_schema(next(iter(self._parts.values())))
        return pa.concat_tables(found) if found else schema.empty_table().select(list(columns))


def _taken(path: Path, rows: Places, columns: Sequence[str]) -> Iterator[pa.Table]:
    if not len(rows):
        return
    with pq.ParquetFile(path) as part:
        first = 0
        for group in range(part.num_row_groups):
            stop = first + part.metadata.row_group(group).num_rows
            own = rows[(rows >= first) & (rows < stop)] - first
            if len(own):
                yield part.read_row_group(group, columns=list(columns)).take(pa.array(own))
            first = stop


@contextmanager
def opened(
    tables: Path, name: str, without: tuple[str, Mapping[str, pa.Table]] | None = None
) -> Iterator[Asked]:
    """One table of a case, to be asked in bounded memory.

    Args:
        tables: the folder of tables.
        name: which.
        without: a SELECT over `whole`, the table with each row's `place`, that gives the places of rows which `part` is to be
            without, and the tables that it names too.

    Raises:
        CaseError: there is no such table.
    """
    parts = parquet.existing(tables, name)
    with duckdb.connect(":memory:") as database:
        database.execute("SET python_enable_replacements = false")
        database.execute(f"SET memory_limit = '{MEMORY}'")
        database.execute("SET temp_directory = $folder", {"folder": str(tables.parent / "work" / "asked")})
        files = [glob.escape(str(path)) for path in parts]
        rows = database.read_parquet(files, hive_partitioning=False, filename=True, file_row_number=True)
        rows.create_view("rows_of_parts")
        database.execute(_VIEW.format(part=_PART))
        if without is None:
            database.execute(_LESS)
        else:
            for beside, table in without[1].items():
                database.register(beside, table)
            database.execute(f"CREATE TABLE left_out AS {without[0]}")
            database.execute(f"{_LESS} WHERE place NOT IN (SELECT place FROM left_out)")
        yield Asked(database, parts)
