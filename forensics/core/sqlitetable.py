"""How a format reads tables of an SQLite database into its declared rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import pyarrow as pa

from forensics.core import rowwise, sqlitefile
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table
from forensics.core.sqliterecord import Value
from forensics.core.tables import STRINGS

Values = Mapping[str, Value]
Read = Callable[[Values], dict[str, object] | Why]
Reads = Mapping[str, Read]
"""What a format makes of a row of the file: a row of its own columns, or why it is none."""

_INT64 = range(-(2**63), 2**63)


def table(name: str, meaning: str, *columns: Column, unnumbered: str | None = None) -> Table:
    """The declared table of a format that reads a database.

    Args:
        name: the format's.
        meaning: of one row.
        columns: the format's own.
        unnumbered: which rows have no number, where some have none.
    """
    return Table(
        name,
        meaning,
        (
            *columns,
            Column("row", pa.int64(), "number of the row in the database", None, unnumbered),
            Column(
                "overflow",
                STRINGS,
                "byte ranges `start-stop` of the file that hold the rest of a long row",
                None,
                "the row is whole where it starts",
            ),
            Column(
                "wal",
                pa.bool_(),
                "whether the file says that newer rows may lie in a write-ahead log beside it, which is not read",
            ),
            *SPAN,
        ),
    )


def recognise(head: bytes, name: str, columns: Iterable[str]) -> int:
    """Sure where a database declares a table of that name with all these columns."""
    declared = sqlitefile.tables(head).get(name)
    return 95 if declared is not None and set(columns) <= set(declared.columns) else 0


def parse(data: bytes, base: int, into: Table, name: str, read: Read) -> Parsed:
    """Read one table of a whole database.

    Args:
        data: all of it.
        base: offset of its first byte, in bytes.
        into: what `table` declared.
        name: the table in the file, in small letters.
        read: makes a row of one row's values.
    """
    return parse_all(data, base, into, {name: read})


def parse_all(data: bytes, base: int, into: Table, reads: Reads) -> Parsed:
    """Read several tables of a whole database into one.

    Args:
        data: all of it.
        base: offset of its first byte, in bytes.
        into: what `table` declared.
        reads: by the name of the table in the file, in small letters, what makes a row of one row's values.
    """
    return rowwise.whole(portions(data, base, into, reads))


def portions(data: bytes, base: int, into: Table, reads: Reads) -> Iterator[Parsed]:
    """The same, some rows at a time. Args as for `parse_all`."""
    wal = sqlitefile.in_wal_mode(data)
    for found in sqlitefile.portions(data, base, *reads):
        yield _told(found, into, reads, wal=wal)


def _told(found: sqlitefile.Found, into: Table, reads: Reads, *, wal: bool) -> Parsed:
    columns: dict[str, list[object]] = {name: [] for name in into.names}
    rejected: list[tuple[int, int, Why]] = list(found.rejected)
    for row in found.rows:
        made = reads[row.table](row.values)
        if isinstance(made, Why):
            rejected.append((row.start, row.stop, made))
            continue
        overflow = [f"{start}-{stop}" for start, stop in row.overflow] or None
        place = {"row": row.rowid, "overflow": overflow, "wal": wal, "start": row.start, "stop": row.stop}
        told = made | place
        for name, column in columns.items():
            column.append(told.get(name))
    return _tiled(into.build(columns), sorted(rejected), found.ignored)


def parsed(
    into: Table,
    rows: list[dict[str, object]],
    rejected: list[tuple[int, int, Why]],
    ignored: list[tuple[int, int]],
) -> Parsed:
    """The three tables that tile a database: rows with their `start` and `stop`, and what is none."""
    records = into.build({column: [row.get(column) for row in rows] for column in into.names})
    return _tiled(records, rejected, ignored)


def _tiled(records: pa.Table, rejected: list[tuple[int, int, Why]], ignored: list[tuple[int, int]]) -> Parsed:
    return Parsed(
        records,
        REJECTED.build(
            {
                "start": [start for start, _, _ in rejected],
                "stop": [stop for _, stop, _ in rejected],
                "why": [why.value for _, _, why in rejected],
            }
        ),
        IGNORED.build({"start": [start for start, _ in ignored], "stop": [stop for _, stop in ignored]}),
    )


def number(values: Values, column: str) -> int | None:
    """A whole number; None where there is none, or something else stands there."""
    value = values.get(column)
    return value if isinstance(value, int) and value in _INT64 else None


def text(values: Values, column: str) -> str | None:
    """A text, whatever its length; None where there is none. Half a surrogate is shown as an escape."""
    value = values.get(column)
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else None
