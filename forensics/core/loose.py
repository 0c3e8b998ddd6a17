"""Tables on their way to the disk, whose columns may be lighter than they are declared.

Where a column is declared as text or a number, it may be a dictionary of such values, each of them once; where it holds nothing, it may
be of the type null; citations that only repeat each row's own span may be null as well, or be spans without their
file where that is each row's own; and where the object of each row is its job, it may be a flag that says so. `strict` makes of it what is declared. To move, join and put down such rows takes a fraction of the time.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.tables import CITATIONS

_OWN = "citations"
_OBJECT, _JOB = "object", "job"
_SPAN = ("sha256", "start", "stop")
_SPANS = pa.list_(pa.struct([("start", pa.int64()), ("stop", pa.int64())]))
_KEPT = frozenset({"earliest_ns", *_SPAN})
"""Columns that are as declared, since rows are ordered by them."""
_LEAST_ROWS = 1 << 10
"""Of fewer rows nothing is gained."""
_MANY_ROWS = 1 << 16
_FIRST_ROWS = 1 << 10
"""Among so many rows most dictionaries have shown all their values."""


def built(schema: pa.Schema, columns: Mapping[str, pa.Array], rows: int) -> pa.Table:
    """A table with the columns of a schema in its order, each as it is given; what is not given holds nothing.

    Raises:
        KeyError: a column is not of the schema.
    """
    unknown = sorted(set(columns) - set(schema.names))
    if unknown:
        raise KeyError(f"no column {', '.join(unknown)}")
    held = [columns[name] if name in columns else pa.nulls(rows) for name in schema.names]
    return pa.Table.from_arrays(held, names=schema.names)


def strict(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Rows as declared.

    Args:
        rows: columns of the schema, in its order.
        schema: the declared one. A text may be a dictionary there: of what there is, each once and in the order in which it comes.
    """
    columns = []
    for field, held in zip(schema, rows.columns, strict=True):
        column = rows[_JOB] if _understood(field.name, held) else held
        understood = field.name == _OWN and _lighter(column) and not field.nullable
        same = column.type == field.type
        if has_dictionary(field.type):
            columns.append(
                _ordered(column.chunk(0) if column.num_chunks == 1 else column.combine_chunks(), field.type)
            )
        elif understood:
            columns.append(_cited(rows))
        elif pa.types.is_null(column.type):
            columns.append(nothing(field.type, len(column)))
        else:
            columns.append(column if same else column.cast(field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def nothing(kind: pa.DataType, rows: int) -> pa.Array:
    """A column of nulls. Most tables have many of these, so most are parts of one that is made once."""
    known = _nulls(kind)
    return known.slice(0, rows) if rows <= len(known) else pa.nulls(rows, kind)


@cache
def _nulls(kind: pa.DataType) -> pa.Array:
    return pa.nulls(_MANY_ROWS, kind)


def has_dictionary(kind: pa.DataType) -> bool:
    """Whether a column, or what is within it, is a dictionary."""
    if pa.types.is_list(kind):
        return has_dictionary(kind.value_type)
    if pa.types.is_struct(kind):
        return any(has_dictionary(field.type) for field in kind)
    return bool(pa.types.is_dictionary(kind))


def _ordered(held: pa.Array, kind: pa.DataType) -> pa.Array:
    """A column of a type with dictionaries, each in order."""
    if pa.types.is_null(held.type) or not has_dictionary(kind):
        return held if held.type == kind else held.cast(kind)
    if pa.types.is_dictionary(kind):
        return _in_order(held)
    if pa.types.is_struct(kind):
        fields = [_ordered(held.field(n), field.type) for n, field in enumerate(kind)]
        return pa.StructArray.from_arrays(
            fields, fields=list(kind), mask=held.is_null() if held.null_count else None
        )
    size = np.asarray(pc.list_value_length(held).fill_null(0))
    bounds = pa.array(np.append(0, np.cumsum(size)).astype(np.int32))
    mask = held.is_null() if held.null_count else None
    return pa.ListArray.from_arrays(bounds, _ordered(held.flatten(), kind.value_type), type=kind, mask=mask)


def _in_order(held: pa.Array) -> pa.Array:
    """Text as a dictionary of what there is, each once and in the order in which it comes."""
    size = len(held)
    if held.null_count == size:
        return pa.DictionaryArray.from_arrays(pa.nulls(size, pa.int32()), pa.array([], pa.string()))
    if not pa.types.is_dictionary(held.type):
        return held.dictionary_encode()
    if len(held.dictionary) == 1:
        return held
    # Where all values come among the first rows, the others need not be looked at; else the numbers of those that there are are numbered anew.
    numbers, known = held.indices, len(held.dictionary)
    came = numbers.slice(0, _FIRST_ROWS).dictionary_encode().dictionary
    again = numbers.dictionary_encode() if len(came) < known else None
    came = came if again is None else again.dictionary
    if len(came) == known and _counts_up(came):
        return held
    found = _numbered_anew(numbers, came) if again is None else again.indices
    # Which are numbers of its values, and need not be looked at again.
    return pa.DictionaryArray.from_arrays(found, held.dictionary.take(came), safe=False)


def _numbered_anew(numbers: pa.Array, came: pa.Array) -> pa.Array:
    """Of each number the place that it has among all that there are; null of null, without looking which those are."""
    place = np.empty(len(came), np.int32)
    place[np.asarray(came)] = np.arange(len(came), dtype=np.int32)
    if numbers.type != pa.int32() or numbers.offset:
        return pa.array(place).take(numbers)
    valid, held = numbers.buffers()
    found = place.take(np.frombuffer(held, np.int32)[: len(numbers)], mode="clip")
    return pa.Array.from_buffers(pa.int32(), len(numbers), [valid, pa.py_buffer(found)])


def _counts_up(numbers: pa.Array) -> bool:
    return bool((np.asarray(numbers) == np.arange(len(numbers))).all())


def _lighter(citations: pa.ChunkedArray) -> bool:
    """Whether citations leave it to be understood which file is cited."""
    return bool(pa.types.is_null(citations.type) or citations.type == _SPANS)


def _cited(rows: pa.Table) -> pa.Array:
    """Citations in full of rows that have lighter ones."""
    if pa.types.is_null(rows[_OWN].type):
        return _own_spans(rows)
    listed = rows[_OWN].combine_chunks()
    spans, owner = pc.list_flatten(listed), pc.list_parent_indices(listed)
    held = [plain(rows["sha256"].combine_chunks().take(owner)), spans.field("start"), spans.field("stop")]
    bounds = np.append(0, np.cumsum(pc.list_value_length(listed).to_numpy(), dtype=np.int32))
    cited = pa.StructArray.from_arrays(held, list(_SPAN))
    return pa.ListArray.from_arrays(pa.array(bounds, pa.int32()), cited).cast(CITATIONS)


def _own_spans(rows: pa.Table) -> pa.Array:
    held = [plain(rows[name].combine_chunks()) for name in _SPAN]
    spans = pa.StructArray.from_arrays(held, list(_SPAN))
    bounds = pa.array(np.arange(len(rows) + 1, dtype=np.int32))
    return pa.ListArray.from_arrays(bounds, spans).cast(CITATIONS)


def fits(column: pa.ChunkedArray, field: pa.Field) -> bool:
    """Whether a column is what is declared, or lighter."""
    kind = column.type
    if has_dictionary(kind):
        return bool(_plain_type(kind) == field.type)
    understood = field.name == _OWN and _lighter(column)
    understood |= _understood(field.name, column)
    return bool(kind == field.type or understood or (pa.types.is_null(kind) and field.nullable))


def lightened(rows: pa.Table) -> pa.Table:
    """Rows without what says nothing: columns that are null in every row, citations of each row's own span, objects that are jobs."""
    if len(rows) < _LEAST_ROWS:
        return rows
    names = [
        name
        for name in rows.column_names
        if name not in _KEPT and not pa.types.is_null(rows[name].type) and rows[name].null_count == len(rows)
    ]
    if _OWN in rows.column_names and cites_own_spans(rows):
        names.append(_OWN)
    nothing = pa.nulls(len(rows))
    columns = {name: nothing if name in names else rows[name] for name in rows.column_names}
    if acts_on_jobs(rows):
        columns[_OBJECT] = pa.repeat(True, len(rows))
    return pa.table(columns)


def acts_on_jobs(rows: pa.Table) -> bool:
    """Whether the object of every row is its job, or is left to be understood as that."""
    if not {_OBJECT, _JOB} <= {*rows.column_names}:
        return False
    what, job = rows[_OBJECT], rows[_JOB]
    if _understood(_OBJECT, what):
        return True
    # Most often both are one array, and else most differ in their first row.
    if what.null_count or job.null_count or not len(rows) or what[0].as_py() != job[0].as_py():
        return False
    return bool(what.equals(job) or what.cast(pa.string()).equals(job.cast(pa.string())))


def _understood(name: str, column: pa.ChunkedArray) -> bool:
    """Whether of a column it is left to be understood that it is the job."""
    return name == _OBJECT and bool(pa.types.is_boolean(column.type))


def cites_own_spans(rows: pa.Table) -> bool:
    """Whether every row has one citation, of its own span; or leaves it to be understood."""
    whole = rows[_OWN]
    if _lighter(whole):
        return bool(pa.types.is_null(whole.type))
    if not set(_SPAN) <= set(rows.column_names) or whole.null_count:
        return False
    cited = []
    for column in whole.chunks:
        if (np.diff(np.asarray(column.offsets)) != 1).any():
            return False
        cited.append(column.flatten())
    spans = pa.chunked_array(cited, whole.type.value_type).combine_chunks()
    if isinstance(spans, pa.ChunkedArray) or spans.null_count:
        return False
    return all(
        pc.all(pc.equal(spans.field(name), plain(rows[name].combine_chunks()))).as_py() is not False
        for name in reversed(_SPAN)
    )


def few(rows: pa.Table) -> pa.Table:
    """Rows in one piece, without dictionaries that have more values than there are rows, which would be dear to join."""
    held = rows.combine_chunks()
    columns = [
        column.cast(column.type.value_type)
        if pa.types.is_dictionary(column.type) and any(len(c.dictionary) > len(rows) for c in column.chunks)
        else column
        for column in held.columns
    ]
    return pa.Table.from_arrays(columns, names=rows.column_names)


def without(rows: pa.Table, few: npt.NDArray[np.bool_]) -> pa.Table:
    """Rows but for a few, in stretches: nothing is copied, and to copy those is faster than to take rows one by one."""
    edges = [-1, *np.flatnonzero(few).tolist(), len(rows)]
    return pa.concat_tables(rows.slice(a + 1, b - a - 1) for a, b in itertools.pairwise(edges))


def plain(column: pa.Array) -> pa.Array:
    """A column without a dictionary."""
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def coded(column: pa.Array) -> pa.Array:
    """A column as a dictionary of its values; where there are none, of the type null."""
    if column.null_count == len(column):
        return pa.nulls(len(column))
    return column if pa.types.is_dictionary(column.type) else column.dictionary_encode()


def dictionary(column: pa.Array) -> pa.Array:
    """A column as a dictionary of its values, of no values too."""
    return column if pa.types.is_dictionary(column.type) else column.dictionary_encode()


def each(column: pa.Array, said: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """What a function says of each value, found once for each that is different; null of null.

    Args:
        column: text, which may be a dictionary.
        said: of values without nulls, as many as it is given, each by itself.
    """
    held = dictionary(column)
    found = said(held.dictionary)
    if found.type != pa.string():
        return found.take(held.indices)
    code = np.asarray(held.indices.fill_null(len(found)), np.int64)
    return looked_up(pa.concat_arrays([found, pa.nulls(1, pa.string())]), code)


def looked_up(words: pa.Array, code: npt.NDArray[np.int64]) -> pa.Array:
    """A column by numbers of its values, which may be null, or come twice."""
    once = words.dictionary_encode()
    number = np.asarray(once.indices.fill_null(-1), np.int32)[code]
    # Arrow looks up the number of a null too, so that it has to be one of a value.
    return pa.DictionaryArray.from_arrays(pa.array(np.maximum(number, 0), mask=number < 0), once.dictionary)


def where(own: npt.NDArray[np.bool_], column: pa.Array, other: str | None) -> pa.Array:
    """A dictionary of a column in some rows, and of one word, or null, in the others.

    Args:
        own: where the column counts.
        column: a dictionary.
        other: what is in the other rows.
    """
    held = len(column.dictionary)
    words = pa.concat_arrays([column.dictionary, pa.array([None, other], pa.string())])
    return looked_up(words, np.where(own, np.asarray(column.indices.fill_null(held), np.int64), held + 1))


def one_of(second: pa.Array, words: tuple[str, str]) -> pa.Array:
    """A dictionary of the first of two words where a flag is false, of the second where it is true; null where it is null."""
    return pa.DictionaryArray.from_arrays(second.cast(pa.int8()).cast(pa.int32()), pa.array(words))


def clocked(earliest_ns: pa.Array, source: pa.Array, form: str) -> pa.Array:
    """The name of the clock that placed each row, as a dictionary; null where no time was placed.

    Args:
        earliest_ns: the times.
        source: whose clock each is of, a dictionary.
        form: name of the format.
    """
    named = each(source, lambda names: pc.binary_join_element_wise(names, form, ":"))
    return pc.if_else(pc.is_valid(earliest_ns), named, None) if earliest_ns.null_count else named


def first_of(column: pa.Array, other: pa.Array) -> pa.Array:
    """A dictionary of the one column, and where it is null, of the other."""
    if column.null_count in {0, len(column)}:
        return other if column.null_count else column
    return pc.coalesce(plain(column), plain(other)).dictionary_encode()


def repeated(value: str, rows: int) -> pa.Array:
    """A column of one value."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([value]))


def together(tables: Iterable[pa.Table]) -> pa.Table:
    """Tables with the same columns as one."""
    every = list(tables)
    held = [rows for rows in every if len(rows)] or every[:1]
    if len(held) == 1:
        return held[0]
    schema = held[0].schema
    if all(rows.schema.equals(schema) for rows in held) and not any(
        map(pa.types.is_dictionary, schema.types)
    ):
        return pa.concat_tables(held)
    names = schema.names
    return pa.Table.from_arrays([_joined(held, name) for name in names], names=names)


def joined(columns: list[pa.ChunkedArray]) -> pa.Array:
    """The same column of several tables as one, in one piece."""
    kinds = {column.type for column in columns}
    if len(kinds) > 1:
        there = [kind for kind in kinds if not pa.types.is_null(kind)]
        kind = there[0] if len(there) == 1 else _plain_type(there[0])
        columns = [c if c.type == kind else c.cast(kind) for c in columns]
    pieces = [piece for column in columns for piece in column.chunks]
    return pa.chunked_array(pieces, columns[0].type).combine_chunks()


def _plain_type(kind: pa.DataType) -> pa.DataType:
    """A type without dictionaries."""
    if pa.types.is_dictionary(kind):
        return kind.value_type
    if pa.types.is_list(kind):
        return pa.list_(_plain_type(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _plain_type(field.type)) for field in kind])
    return kind


def _joined(tables: list[pa.Table], name: str) -> pa.ChunkedArray:
    columns = [rows[name] for rows in tables]
    kinds = {column.type for column in columns}
    if len(kinds) > 1:
        if name == _OWN:
            columns = [
                pa.chunked_array([_cited(rows)]) if _lighter(c) else c
                for rows, c in zip(tables, columns, strict=True)
            ]
            kinds = {columns[0].type}
        elif name == _OBJECT:
            # Of some rows it is left to be understood.
            columns = [
                rows[_JOB] if _understood(name, c) else c for rows, c in zip(tables, columns, strict=True)
            ]
            kinds = {column.type for column in columns}
        if any(pa.types.is_dictionary(kind) for kind in kinds):
            columns = [c if pa.types.is_null(c.type) else _encoded(c) for c in columns]
        elif any(map(has_dictionary, kinds)):
            return pa.chunked_array([joined(columns)])
        kind = next(c.type for c in columns if not pa.types.is_null(c.type))
        columns = [
            pa.chunked_array([pa.nulls(len(c), kind)]) if pa.types.is_null(c.type) else c for c in columns
        ]
    both = pa.chunked_array([chunk for column in columns for chunk in column.chunks], columns[0].type)
    return both.unify_dictionaries() if pa.types.is_dictionary(both.type) else both


def _encoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
