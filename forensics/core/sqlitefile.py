"""Rows of tables of an SQLite database, read from its bytes, each with the place it lies at.

The file is never opened with the SQLite library: a hostile database attacks whoever opens it (views,
triggers and corrupt pages are known ways), the library tells no byte ranges, and it would change a
file whose journal lies beside it. Only the file format is read: pages, b-trees, cells, overflow
chains. Each page is visited once, so that no cycle and no shared page can make the work longer than
the file.

What lies in a write-ahead log or a rollback journal beside the file is not applied. A page that no
b-tree leads to, as one that was freed when rows were deleted, is rejected as `unlinked`: what is left
in it is not read. Source: https://www.sqlite.org/fileformat2.html
"""

import struct
from array import array
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from forensics.core import sqliterecord
from forensics.core.model import Why
from forensics.core.sqliterecord import Damage, Value

Stretch = tuple[int, int]

MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100
_LONGEST_PAYLOAD_BYTES = 16 << 20
_MOST_ROWS = 2_000_000
"""Of more rows of one file it is not held where they lie; pages with further ones are rejected as too long."""
_MOST_WEIGHT = 1 << 18
"""So many values are held at once, about; a long one counts for several."""
_BYTES_OF_A_VALUE = 64
_MOST_DECLARED = 256
"""Of more tables that are asked for none is read: a database has one of each."""
_NEXT_BYTES = 4
_SMALLEST_PAGE, _LARGEST_PAGE = 512, 65536
_SMALLEST_USABLE = 480
_INTERIOR_INDEX, _INTERIOR_TABLE, _LEAF_INDEX, _LEAF_TABLE = 2, 5, 10, 13
_INTERIOR = (_INTERIOR_INDEX, _INTERIOR_TABLE)
_TABLES = (_INTERIOR_TABLE, _LEAF_TABLE)
_ENCODINGS = {1: "utf-8", 2: "utf-16-le", 3: "utf-16-be"}
_WAL = 2


class Row(NamedTuple):
    """One row.

    `values` has one for each column of the file's own declaration; a column added to the table after
    the row was written is None. `overflow`: where the rest of a long row lies. `table`: of which table it is.
    """

    start: int
    stop: int
    rowid: int
    values: dict[str, Value]
    overflow: list[Stretch]
    table: str


class Found(NamedTuple):
    """What a file holds of the tables asked for. The three lists tile it, in order."""

    rows: list[Row]
    rejected: list[tuple[int, int, Why]]
    ignored: list[Stretch]


class Declared(NamedTuple):
    """A table as the file declares it: the page its b-tree starts at, and its columns in order.

    `alias` is the column that stands for the row's number, or None.
    """

    root: int
    columns: tuple[str, ...]
    alias: str | None


class _Cell(NamedTuple):
    start: int
    stop: int
    child: int
    rowid: int
    payload: bytes
    overflow: list[Stretch]


class _Page(NamedTuple):
    kind: int
    cells: list[_Cell]
    children: list[int]
    sound: bool


def tables(data: bytes) -> dict[str, Declared]:
    """The tables that a database declares, by name in small letters; none where it is no database.

    Args:
        data: the file, or its first bytes.
    """
    reader = _Reader.of(data)
    if reader is None:
        return {}
    return {name: found for name, found in _schema(reader) if found.columns}


def in_wal_mode(data: bytes) -> bool:
    """Whether the newest rows may lie in a write-ahead log beside the file."""
    return data[18:20] != b"\1\1"


def rows(data: bytes, base: int, *wanted: str) -> Found:
    """The rows of some tables, and what the rest of the file is. Args as for `portions`."""
    together = Found([], [], [])
    for found in portions(data, base, *wanted):
        together.rows.extend(found.rows)
        together.rejected.extend(found.rejected)
        together.ignored.extend(found.ignored)
    return together


def portions(data: bytes, base: int, *wanted: str) -> Iterator[Found]:
    """The same, some rows at a time: what each holds lies behind what the one before does.

    Args:
        data: the whole file.
        base: offset of its first byte, in bytes; spans are told from there.
        wanted: their names, in small letters. Where the file declares one again, which no SQLite writes, all are read: else a line in its
            schema would hide a table.
    """
    reader = _Reader.of(data) if data else None
    if reader is None:
        yield Found([], [(base, base + len(data), Why.SHAPE)] if data else [], [])
        return
    asked, roots = list[tuple[str, Declared]](), list[int]()
    told = _Told(reader, base)
    for name, found in _schema(reader):
        # Of others only where they begin is kept: a schema can declare columns without end.
        roots.append(found.root)
        if name in wanted and found.columns and len(asked) < _MOST_DECLARED:
            asked.append((name, found))
        elif name in wanted and found.columns:
            told.unsound.add(found.root)
    told.unsound |= reader.unsound
    for own in sorted(asked, key=lambda one: wanted.index(one[0])):
        for number, page in reader.walk(own[1].root, _TABLES):
            told.page(number, page, own)
    for root in roots:
        for number, page in reader.walk(root, (*_TABLES, _INTERIOR_INDEX, _LEAF_INDEX)):
            told.page(number, page, None)
    yield from told.tiled()


class _Told:
    """Collects what each page turned out to be, and tiles the file with it.

    Of a row it is kept where it lies, not what it holds: of a short one that would be a hundred times as much.
    """

    def __init__(self, reader: "_Reader", base: int) -> None:
        self.reader, self.base = reader, base
        self.unsound: set[int] = set()
        self.over: set[int] = set()
        self._tables: list[tuple[str, Declared]] = []
        # Where it begins and ends, where its payload does, and how long that is; its number, and of which table it is.
        self._places = tuple(array("q") for _ in range(6))
        self._overflow: dict[int, list[Stretch]] = {}

    def page(self, number: int, page: _Page, of: tuple[str, Declared] | None) -> None:
        """Take the rows of a page of a table; a page with a cell that cannot be read is rejected around them."""
        sound = page.sound
        if of is not None and page.kind == _LEAF_TABLE:
            if of not in self._tables[-1:]:
                self._tables.append(of)
            for cell in page.cells:
                if len(self._places[0]) >= _MOST_ROWS:
                    self.over.add(number)
                    break
                try:
                    sqliterecord.values(cell.payload, self.reader.encoding)
                except Damage:
                    sound = False
                    continue
                self._keep(cell)
        if not sound:
            self.unsound.add(number)

    def _keep(self, cell: _Cell) -> None:
        over = sum(stop - start - _NEXT_BYTES for start, stop in cell.overflow)
        size = len(cell.payload) - over
        begins = cell.stop - size - (_NEXT_BYTES if cell.overflow else 0)
        of = (cell.start, cell.stop, begins, size, cell.rowid, len(self._tables) - 1)
        for column, value in zip(self._places, of, strict=True):
            column.append(value)
        if cell.overflow:
            self._overflow[cell.start] = cell.overflow

    def tiled(self) -> Iterator[Found]:
        """The rows, and every stretch between them as ignored or rejected, some at a time."""
        reader = self.reader
        self.unsound |= reader.unsound
        order, at = np.argsort(np.asarray(self._places[0], np.int64)).tolist(), 0
        found, weight = Found([], [], []), 0
        for number in range(1, reader.count + 1):
            start, stop = reader.stretch(number)
            why = Why.SHAPE if number in self.unsound else reader.why(number)
            why = Why.TOO_LONG if number in self.over else why
            cursor = start
            while at < len(order) and self._places[0][order[at]] < stop:
                row, held = self._row(order[at])
                _stretch(cursor, row.start - self.base, why, self.base, found.ignored, found.rejected)
                found.rows.append(row)
                cursor, at, weight = row.stop - self.base, at + 1, weight + held
                if weight >= _MOST_WEIGHT:
                    yield found
                    found, weight = Found([], [], []), 0
            _stretch(cursor, stop, why, self.base, found.ignored, found.rejected)
            weight += 1
            if weight >= _MOST_WEIGHT:
                yield found
                found, weight = Found([], [], []), 0
        rest = reader.count * reader.size
        if rest < len(reader.data):
            found.rejected.append((self.base + rest, self.base + len(reader.data), Why.TRUNCATED))
        yield found

    def _row(self, n: int) -> tuple[Row, int]:
        """A row as it was kept, and how much is held of it, about."""
        start, stop, begins, size, rowid, of = (column[n] for column in self._places)
        overflow, data = self._overflow.get(start, []), self.reader.data
        rest = [data[first + _NEXT_BYTES : last] for first, last in overflow]
        payload = b"".join([data[begins : begins + size], *rest])
        values, (table, declared) = sqliterecord.values(payload, self.reader.encoding), self._tables[of]
        cell = _Cell(start, stop, 0, rowid, payload, overflow)
        held = len(values) + len(declared.columns) + len(payload) // _BYTES_OF_A_VALUE
        return _row(cell, values, (table, declared), self.base), held


def _stretch(
    start: int, stop: int, why: Why | None, base: int, ignored: list[Stretch], rejected: list[tuple[int, int, Why]]
) -> None:  # fmt: skip
    if start < stop and why is None:
        ignored.append((base + start, base + stop))
    elif start < stop and why is not None:
        rejected.append((base + start, base + stop, why))


def _row(cell: _Cell, values: list[Value], of: tuple[str, Declared], base: int) -> Row:
    table, declared = of
    short = [*values, *[None] * len(declared.columns)]
    named = dict(zip(declared.columns, short, strict=False))
    if declared.alias is not None and named[declared.alias] is None:
        named[declared.alias] = cell.rowid
    overflow = [(base + start, base + stop) for start, stop in cell.overflow]
    return Row(base + cell.start, base + cell.stop, cell.rowid, named, overflow, table)


def _schema(reader: "_Reader") -> Iterator[tuple[str, Declared]]:
    """Every object with a b-tree of its own: tables with their columns, indexes with none."""
    for _, page in reader.walk(1, _TABLES):
        for cell in page.cells if page.kind == _LEAF_TABLE else ():
            try:
                kind, name, _, root, sql = sqliterecord.values(cell.payload, reader.encoding)[:5]
            except ValueError:  # damaged, or of fewer columns than a schema has
                continue
            if not isinstance(root, int) or not isinstance(name, str):
                continue
            columns, alias = (
                sqliterecord.columns(sql) if kind == "table" and isinstance(sql, str) else ((), None)
            )
            yield name.lower(), Declared(root, columns, alias)


class _Reader:
    """The pages of a file. What a walk has met is remembered, and met only once."""

    def __init__(self, data: bytes, size: int, usable: int, encoding: str) -> None:
        self.data = data
        self.size = size
        self.usable = usable
        self.encoding = encoding
        self.count = len(data) // size
        self.met: set[int] = set()
        self.unsound: set[int] = set()
        vacuum = int.from_bytes(data[52:56], "big")
        self.maps = set(range(2, self.count + 1, usable // 5 + 1)) if vacuum else set()

    @classmethod
    def of(cls, data: bytes) -> "_Reader | None":
        """A reader of a database; None where its header is none."""
        if not data.startswith(MAGIC) or len(data) < _HEADER_BYTES:
            return None
        written = int.from_bytes(data[16:18], "big")
        size = _LARGEST_PAGE if written == 1 else written
        encoding = _ENCODINGS.get(int.from_bytes(data[56:60], "big"), "utf-8")
        if size < _SMALLEST_PAGE or size & (size - 1) or size - data[20] < _SMALLEST_USABLE:
            return None
        return cls(data, size, size - data[20], encoding)

    def stretch(self, number: int) -> Stretch:
        """Where a page lies; the header of the file counts for the first."""
        return (number - 1) * self.size, number * self.size

    def why(self, number: int) -> Why | None:
        """Why a page that holds no row is no structure either: nothing leads to it."""
        return None if number in self.met or number in self.maps else Why.UNLINKED

    def take(self, number: int) -> int:
        """The offset of a page that is now met for the first time."""
        if not 1 <= number <= self.count or number in self.met:
            raise Damage
        self.met.add(number)
        return (number - 1) * self.size

    def walk(self, root: int, kinds: tuple[int, ...]) -> Iterator[tuple[int, _Page]]:
        """The pages of a b-tree, those not met before, each once."""
        ahead, queued = [root], {root}
        while ahead:
            number = ahead.pop()
            try:
                page = self.page(number, self.take(number), kinds)
            except Damage:
                continue
            if not page.sound:
                self.unsound.add(number)
            yield number, page
            fresh = [child for child in page.children if child not in self.met and child not in queued]
            queued.update(fresh)
            ahead += reversed(fresh)

    def page(self, number: int, at: int, kinds: tuple[int, ...]) -> _Page:
        """A b-tree page, with those of its cells that can be read and do not begin within another."""
        head = at + (_HEADER_BYTES if number == 1 else 0)
        kind = self.data[head]
        if kind not in kinds:
            self.unsound.add(number)
            raise Damage
        count = int.from_bytes(self.data[head + 3 : head + 5], "big")
        first = head + (12 if kind in _INTERIOR else 8)
        sound = first + 2 * count <= at + self.usable
        count = min(count, (at + self.usable - first) // 2)
        pointers = struct.unpack_from(f">{count}H", self.data, first)
        cells: list[_Cell] = []
        free = first + 2 * count
        for pointer in sorted(pointers):
            try:
                cells.append(self.cell(at + pointer, free, at + self.usable, kind))
            except Damage:
                sound = False
                continue
            free = cells[-1].stop
        children = [cell.child for cell in cells if cell.child]
        if kind in _INTERIOR:
            children.append(int.from_bytes(self.data[head + 8 : head + 12], "big"))
        return _Page(kind, cells, children, sound)

    def cell(self, at: int, lowest: int, end: int, kind: int) -> _Cell:
        """One cell, its overflow chain followed."""
        start, child, rowid = at, 0, 0
        if at < lowest:
            raise Damage
        if kind in _INTERIOR:
            child, at = int.from_bytes(self.data[at : at + 4], "big"), at + 4
        size = 0
        if kind != _INTERIOR_TABLE:
            size, at = sqliterecord.varint(self.data, at, end)
        if kind in _TABLES:
            rowid, at = sqliterecord.varint(self.data, at, end)
        local = self.local(size, leaf=kind == _LEAF_TABLE)
        stop = at + local + (4 if local < size else 0)
        if stop > end or not 0 <= size <= _LONGEST_PAYLOAD_BYTES:
            raise Damage
        payload = self.data[at : at + local]
        overflow: list[Stretch] = []
        if local < size:
            payload, overflow = self.chained(payload, int.from_bytes(self.data[stop - 4 : stop], "big"), size)
        return _Cell(start, stop, child, rowid, payload, overflow)

    def local(self, size: int, *, leaf: bool) -> int:
        """How many bytes of a payload lie in its cell; the rest is in overflow pages."""
        most = self.usable - 35 if leaf else (self.usable - 12) * 64 // 255 - 23
        if size <= most:
            return size
        least = (self.usable - 12) * 32 // 255 - 23
        fitting = least + (size - least) % (self.usable - 4)
        return fitting if fitting <= most else least

    def chained(self, begun: bytes, number: int, size: int) -> tuple[bytes, list[Stretch]]:
        """A payload with what its overflow pages hold."""
        parts, held, stretches = [begun], len(begun), list[Stretch]()
        while held < size:
            at = self.take(number)
            part = self.data[at + 4 : at + min(self.usable, 4 + size - held)]
            parts.append(part)
            held += len(part)
            stretches.append((at, at + 4 + len(part)))
            number = int.from_bytes(self.data[at : at + 4], "big")
        return b"".join(parts), stretches
