"""Declared tables on the disk: `<tables>/<table>/<part>.parquet`.

The same rows in the same order are the same bytes, however they arrived: rows are gathered into groups
of a fixed size before anything is written. A part appears whole or not at all.
(The bytes also depend on the version of Arrow, which Parquet files name.)
"""

import base64
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from forensics.core import loose
from forensics.core.errors import CaseError
from forensics.core.schema import Table

if TYPE_CHECKING:
    import pyarrow.dataset as ds

GROUP_ROWS = 1 << 15
LARGE_GROUP_ROWS = 1 << 16
"""Of a table whose groups nobody reads one by one: each group costs what its columns of nothing and its dictionaries do."""
BUFFER_BYTES = 1 << 20
"""A page of a column is some hundred bytes or some thousand: they go to the system this much at a time."""
ONLY = "0"
"""The name of the part where a table has one."""

# How values are written that no dictionary suits, by name and type of column. To fill one with what seldom comes twice, or comes
# twice in a row and then no more, takes more time than to write the values, and more space.
_AS_THEY_ARE: dict[str, dict[str, tuple[str, ...]]] = {
    # Close to the one before: by their differences they take half the space, or less.
    "DELTA_BINARY_PACKED": {
        "int64": ("earliest_ns", "latest_ns", "submit_ns", "start_ns", "end_ns", "start", "stop", "serial", "pid", "ppid")
    },
    "DELTA_BYTE_ARRAY": {"string": ("event_id", "job_id", "job_id_raw", "received", "staged")},
    # Like none before.
    "DELTA_LENGTH_BYTE_ARRAY": {"string": ("a0", "a1", "a2", "a3", "inode", "audit_id")},
    # Like one shortly before, which the compression sees.
    "PLAIN": {
        "string": ("job", "message", "wall", "submit_wall", "eligible_wall", "start_wall", "end_wall", "submit_line"),
        "int64": ("elapsed_s", "port"),
    },
}  # fmt: skip
_ENCODED = {
    (name, kind): code for code, of in _AS_THEY_ARE.items() for kind, names in of.items() for name in names
}
_MAY_VARY = frozenset({"text"})
"""Text that is another in each row of some logs, and the same in many of others: it is written as it is where the first rows of a part differ."""
_OBJECT = "object"
_LOOKED_AT = 1 << 10
_NOT_SOUGHT = frozenset({
    "event_id", "text", "message", "command", "typed", "comment", "submit_line", "work_dir", "workdir", "cwd",
    "wall", "submit_wall", "eligible_wall", "start_wall", "end_wall",
})  # fmt: skip
"""Text of which no least and greatest value is put on record: it comes in no order, or with a time or a place that does, and no part is found by it."""


class Part:
    """One part of a table being written. Leaving its block without a failure makes it appear.

    `seen` is handed every group of rows as it is written; `group_rows`: how many rows one has, where it is not `GROUP_ROWS`.
    """

    def __init__(
        self,
        tables: Path,
        table: Table,
        part: str = ONLY,
        seen: Callable[[pa.Table], None] | None = None,
        group_rows: int | None = None,
    ) -> None:
        folder = tables / table.name
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{part}.parquet"
        # Processes of a run that was killed may still be at work on a part of this name.
        self._partial = folder / f".{part}.{os.getpid()}.partial"
        self._schema = table.schema()
        self._handed = self._schema
        self._seen = seen
        self._sink: pa.NativeFile | None = None
        self._writer: pq.ParquetWriter | None = None
        self._held: list[pa.Table] = []
        self._rows = 0
        self._most = GROUP_ROWS if group_rows is None else group_rows

    def __enter__(self) -> Self:
        """Begin a file under a name that nobody reads."""
        self._partial.touch()
        return self

    def add(self, rows: pa.Table) -> None:
        """Append rows, as declared or lighter.

        Raises:
            ValueError: their columns are not the declared ones.
        """
        self._held.append(fitting(rows, self._schema))
        self._rows += len(rows)
        if self._rows >= self._most:
            self._write_groups(least=self._most)

    def add_together(self, rows: pa.Table) -> None:
        """Append rows that are groups of their own, each about as large as others: only where it is the content that says what comes together.

        Of fewer rows than half a group more are waited for.

        Raises:
            ValueError: their columns are not the declared ones.
        """
        self._held.append(fitting(rows, self._schema))
        self._rows += len(rows)
        many = (self._rows + GROUP_ROWS // 2) // GROUP_ROWS
        for left in range(many, 0, -1):
            self._write_group(self._rows // left)

    def cut(self) -> None:
        """End a group of rows here. Only where it is the content that says where, never how it came."""
        self._write_groups(least=1)

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the file and give it its name, or leave nothing."""
        whole = False
        try:
            if kind is None:
                self._write_groups(least=1)
                self._opened()
                whole = True
        finally:
            for opened in (self._writer, self._sink):
                if opened is not None:
                    opened.close()
            if not whole:
                self._partial.unlink()
        if whole:
            self._partial.rename(self.path)

    def _write_groups(self, *, least: int) -> None:
        while self._rows >= least:
            self._write_group(min(self._rows, self._most))

    def _write_group(self, rows: int) -> None:
        writer = self._opened()
        group = _joined(self._taken(rows), self._handed)
        if self._seen is not None:
            self._seen(group)
        writer.write_table(group, row_group_size=rows)

    def _opened(self) -> pq.ParquetWriter:
        """The writer. How the first rows come decides what it is handed, and nothing of what it writes."""
        if self._writer is None:
            how = _written(self._schema, _varied(self._held, self._schema))
            self._handed = _handed(self._schema, self._held, frozenset(how["use_dictionary"]))
            self._sink = sink(self._partial)
            self._writer = pq.ParquetWriter(self._sink, self._handed, store_schema=False, **how)
            # What a reader is told is how the table is declared.
            declared = base64.b64encode(self._schema.serialize().to_pybytes())
            self._writer.add_key_value_metadata({"ARROW:schema": declared, **(self._schema.metadata or {})})
        return self._writer

    def _taken(self, rows: int) -> list[pa.Table]:
        """The first rows of those held, as they came, and no longer held."""
        taken = []
        while rows:
            first = self._held.pop(0)
            if len(first) > rows:
                self._held.insert(0, _by_itself(first.slice(rows)))
                first = first.slice(0, rows)
            taken.append(first)
            rows -= len(first)
            self._rows -= len(first)
        return taken


def sink(path: Path) -> pa.NativeFile:
    """A file to write small pieces to, which reach the system together."""
    return pa.output_stream(str(path), compression=None, buffer_size=BUFFER_BYTES)


def _joined(taken: Sequence[pa.Table], handed: pa.Schema) -> pa.Table:
    """Rows as the writer is handed them, each column in one piece, so that none of its pages can show how they came."""
    none = {
        name
        for name in handed.names
        if handed.field(name).nullable and all(pa.types.is_null(rows.field(name).type) for rows in taken)
    }
    there = pa.schema(field for field in handed if field.name not in none)
    held = [loose.strict(rows.select(there.names), there) for rows in taken]
    # The words of each piece are in the order in which they come, so those of all are.
    whole = pa.concat_tables(held).unify_dictionaries().combine_chunks()
    rows = sum(map(len, taken))
    columns = [loose.nothing(f.type, rows) if f.name in none else whole[f.name] for f in handed]
    return pa.Table.from_arrays(columns, schema=handed)


def _handed(schema: pa.Schema, held: Sequence[pa.Table], coded: frozenset[str]) -> pa.Schema:
    """How columns are handed to the writer: text that comes as a dictionary, and is written with one, as that.

    To fill one with every value of every row takes longer than all else that is done to write it. Where most values are
    different it is the other way round, and those do not come so. What is written is the same.
    """
    kinds = [field.type for field in schema]
    for n, kind in enumerate(held[0].schema.types if held else ()):
        kinds[n] = _coming(schema.names[n], kinds[n], kind, coded)
    return pa.schema(
        field.with_type(kind).remove_metadata() for field, kind in zip(schema, kinds, strict=True)
    )


def _coming(path: str, declared: pa.DataType, kind: pa.DataType, coded: frozenset[str]) -> pa.DataType:
    """A type as declared, but for text that comes as a dictionary and is written with one."""
    if pa.types.is_list(kind) and pa.types.is_list(declared):
        own = declared.value_field
        return pa.list_(own.with_type(_coming(f"{path}.list.element", own.type, kind.value_type, coded)))
    if pa.types.is_struct(kind) and pa.types.is_struct(declared) and len(kind) == len(declared):
        both = zip(declared, kind, strict=True)
        return pa.struct(
            [own.with_type(_coming(f"{path}.{own.name}", own.type, f.type, coded)) for own, f in both]
        )
    if pa.types.is_dictionary(kind) and path in coded and declared == pa.string():
        return pa.dictionary(pa.int32(), pa.string())
    return declared


def _varied(held: Sequence[pa.Table], schema: pa.Schema) -> frozenset[str]:
    """Of the columns that may or may not repeat themselves, those whose first rows hardly do; and objects that are jobs there, as jobs are written."""
    found, looked_at = [], min(_LOOKED_AT, GROUP_ROWS)
    first: list[pa.Table] = []
    for rows in held:
        first.append(rows.slice(0, looked_at - sum(map(len, first))))
    for name in _MAY_VARY & frozenset(schema.names):
        words = [loose.plain(rows[name].combine_chunks()).cast(pa.string()) for rows in first]
        if pc.count_distinct(pa.chunked_array(words, pa.string())).as_py() > looked_at * 3 // 4:
            found.append(name)
    if any(map(len, first)) and all(loose.acts_on_jobs(rows) for rows in first if len(rows)):
        found.append(_OBJECT)
    return frozenset(found)


def _by_itself(rows: pa.Table) -> pa.Table:
    """Rows, copied where they are few: a slice keeps all that it is cut from."""
    if len(rows) >= GROUP_ROWS:
        return rows
    return pa.Table.from_arrays([column.combine_chunks() for column in rows.columns], schema=rows.schema)


def _written(schema: pa.Schema, varied: frozenset[str]) -> dict[str, Any]:
    """How columns are written: what ascends as its differences, all else by its different values, but where those are `varied`.

    A list's elements have no least and greatest value on record, nor has text that nobody finds rows by.
    """
    leaves = [leaf for field in schema for leaf in _leaves(field.name, field.type)]
    encoded = {
        path: code for path, kind in leaves if (code := _ENCODED.get((path.rpartition(".")[2], str(kind))))
    } | dict.fromkeys(varied, "PLAIN")
    return {
        "compression": "zstd",
        "compression_level": 1,
        "version": "2.6",
        "data_page_version": "1.0",
        # A page of each column, and its least and greatest looked for once.
        "write_batch_size": 2 * GROUP_ROWS,
        "max_rows_per_page": 2 * GROUP_ROWS,
        "column_encoding": encoded,
        "use_dictionary": [path for path, _ in leaves if path not in encoded],
        "write_statistics": [path for path, _ in leaves if ".list." not in path and path not in _NOT_SOUGHT],
    }


def _leaves(path: str, kind: pa.DataType) -> list[tuple[str, pa.DataType]]:
    """The columns that Parquet makes of one: by path, lists and structs opened."""
    if pa.types.is_list(kind):
        return _leaves(f"{path}.list.element", kind.value_type)
    if pa.types.is_struct(kind):
        return [leaf for field in kind for leaf in _leaves(f"{path}.{field.name}", field.type)]
    return [(path, kind)]


def conformed(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """`rows` as declared.

    Raises:
        ValueError: the columns have other names, or nulls where none may be.
    """
    if rows.column_names != schema.names:
        raise ValueError(
            f"{schema.metadata[b'table'].decode()}: columns {rows.column_names}, not {schema.names}"
        )
    return loose.strict(rows, schema)


def fitting(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """`rows` as declared, or lighter, as `core.loose` has them.

    Raises:
        ValueError: the columns have other names.
    """
    lighter = any(loose.has_dictionary(kind) or pa.types.is_null(kind) for kind in rows.schema.types)
    own = lighter and rows.column_names == schema.names and all(map(loose.fits, rows.columns, schema))
    return rows if own else conformed(rows, schema)


def write(tables: Path, table: Table, rows: pa.Table, part: str = ONLY) -> Path:
    """Write the whole of one part."""
    with Part(tables, table, part) as out:
        out.add(rows)
    return out.path


def parts(tables: Path, name: str) -> list[Path]:
    """The parts of a table, in order of name."""
    return sorted((tables / name).glob("[!.]*.parquet"))


def names(tables: Path) -> list[str]:
    """The tables that have a part."""
    return sorted(folder.name for folder in tables.glob("*") if parts(tables, folder.name))


def columns(tables: Path, name: str) -> list[str]:
    """The columns that a table's parts hold, by the first of them."""
    return list(pq.read_schema(parts(tables, name)[0]).names)


def count(tables: Path, name: str) -> int:
    """How many rows a table has, by what its parts say of themselves."""
    return sum(pq.read_metadata(path).num_rows for path in parts(tables, name))


def existing(tables: Path, name: str) -> list[Path]:
    """The parts of a table that there is.

    Raises:
        CaseError: it has none.
    """
    found = parts(tables, name)
    if not found:
        raise CaseError(
            f"{tables.parent}: there is no table {name} yet; run `forensics ingest`, then `forensics analyse`"
        )
    return found


def dataset(tables: Path, name: str) -> "ds.Dataset":
    """A table's parts, to be read as far as is asked.

    Raises:
        CaseError: it has none.
    """
    import pyarrow.dataset as ds  # noqa: PLC0415 - ingest needs none, and starts sooner

    return ds.dataset([str(path) for path in existing(tables, name)], format="parquet")


def read(
    tables: Path, name: str, columns: Sequence[str] | None = None, where: "ds.Expression | None" = None
) -> pa.Table:
    """A table, part after part.

    Args:
        tables: the folder of tables.
        name: which.
        columns: only these.
        where: only rows for which this holds; what cannot match is not read.

    Raises:
        CaseError: there is no such table.
    """
    return dataset(tables, name).to_table(columns=columns, filter=where)


def keep_only(tables: Path, name: str, kept: Iterable[str]) -> None:
    """Remove the parts of a table that are not named, and what a killed run left."""
    stay = {f"{part}.parquet" for part in kept}
    folder = tables / name
    for path in sorted(folder.glob("*")):
        if path.name not in stay:
            path.unlink()
    if folder.exists() and not stay:
        folder.rmdir()
