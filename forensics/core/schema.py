"""How a table is declared: every column with its type, its meaning, its unit and what its null means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Column:
    """One declared column.

    `absent` says what a null in this column means; a column without it is never null.
    """

    name: str
    type: pa.DataType
    meaning: str
    unit: str | None = None
    absent: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A declared table: its name, what one row is, and its columns in order."""

    name: str
    meaning: str
    columns: tuple[Column, ...]

    def __hash__(self) -> int:
        """By name alone: asked for with every chunk that is read, and of a table of many columns that takes longer than to read a small file."""
        return hash(self.name)

    @property
    def names(self) -> list[str]:
        """The column names, in declared order."""
        return [column.name for column in self.columns]

    def schema(self) -> pa.Schema:
        """The Arrow schema, each field carrying its meaning, unit and absence as metadata."""
        return _schema(self)

    def build(self, data: Mapping[str, Sequence[object] | pa.Array | pa.ChunkedArray]) -> pa.Table:
        """Make a table of this schema from columns.

        Args:
            data: one equally long sequence per declared column. A column that may be null can be
                left out and is then all null.

        Returns:
            The table, columns in declared order and of declared type.

        Raises:
            KeyError: a column is missing that may not be null, or one is not declared.
            pyarrow.ArrowInvalid: a value does not fit its column's type.
        """
        unknown = sorted(set(data) - set(self.names))
        if unknown:
            raise KeyError(f"{self.name} declares no column {', '.join(unknown)}")
        length = len(next(iter(data.values()))) if data else 0
        arrays = []
        for column in self.columns:
            values = data.get(column.name)
            if values is None:
                if column.absent is None and length:
                    raise KeyError(f"{self.name}.{column.name} may not be absent")
                arrays.append(pa.nulls(length, column.type))
            elif isinstance(values, pa.Array | pa.ChunkedArray):
                arrays.append(values.cast(column.type))
            else:
                arrays.append(pa.array(values, column.type))
        return pa.Table.from_arrays(arrays, schema=self.schema())

    def empty(self) -> pa.Table:
        """A table of this schema without rows."""
        return _empty(self)


@cache
def _empty(table: Table) -> pa.Table:
    return _schema(table).empty_table()


@cache
def _schema(table: Table) -> pa.Schema:
    # Made once for each table: of a log as often as it has frames, and more.
    return pa.schema(
        [
            pa.field(
                c.name,
                c.type,
                nullable=c.absent is not None,
                metadata={
                    "meaning": c.meaning,
                    **({"unit": c.unit} if c.unit else {}),
                    **({"absent": c.absent} if c.absent else {}),
                },
            )
            for c in table.columns
        ],
        metadata={"table": table.name, "meaning": table.meaning},
    )


def extended(table: Table, *columns: Column) -> Table:
    """`table` with `columns` put before its own."""
    return Table(table.name, table.meaning, (*columns, *table.columns))
