r"""Rows of tables from a dump of a database as SQL, each with the place it lies at.

Read are what mysqldump, mariadb-dump and pg_dump write (INSERT, and COPY up to its `\.`), xorm's DumpTables, and `.dump` of the
sqlite3 program. The file
is taken apart statement by statement from its first byte, strings and all: whatever was typed into a value stays in it. A
statement that is read begins a line. Where the file no longer is what such a program writes, as behind a hole, what was
text could stand as a statement. So what lies behind is read only where the program's own way to write makes it certain
that a line begins outside of every value:

- mysqldump and mariadb-dump write a line end within a value as `\n`. They go on at the next line that begins with one of their
  own statements. Read is then the table that was being filled, and tables that are declared behind the hole.
- pg_dump writes COPY's lines alike. It goes on at the next comment of four lines that announces a table's data, and its COPY.
  Where the end of a block of rows is missing, it ends there.
- pg_dump's INSERTs, xorm and sqlite3 write line ends as they are, and files that name no such program are not trusted to
  do else: nothing behind a hole is read.

Where a dump holds several databases, rows behind a hole are of none until it names one again. What the reader does not
notice it cannot say: a hole that begins and ends within rows of one table can leave a row that is made of two.

Of several databases or schemas in one file the first that holds such tables is read; numbers of another's rows mean other things.
"""

import re
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from forensics.core import jsonlists, sqlframes, sqlvalues
from forensics.core.model import Why
from forensics.core.sqlvalues import Dialect

_MOST_ROWS = 200_000_000
"""Further rows of one file are rejected as too long."""
_PIECE_ROWS = 1 << 14
_LONGEST_ROW_BYTES = 16 << 20
_MOST_HOLES = 100
"""Behind more of them nothing is read: to look for the end of each can take as long as the file is."""

_SPACE = re.compile(rb"[ \t\r\n\f\v]++|--[^\n]*+|/\*.*?\*/", re.DOTALL)
_PLAIN = rb"'[^']*+(?:''[^']*+)*'(?!')"
_ESCAPED = rb"'[^'\\]*+(?:(?:\\.|'')[^'\\]*+)*'(?!')"

_IDENTIFIER = rb"(?:`[^`\n]{1,64}`|\"[^\"\n]{1,64}\"|\[[^\]\n]{1,64}\]|[A-Za-z_][A-Za-z0-9_$]{0,63})"
_NAME = rb"(?P<name>(?:" + _IDENTIFIER + rb"\.){0,2}" + _IDENTIFIER + rb")"
_COLUMNS = rb"(?:\((?P<columns>[^()\n]{1,8192})\)\s*)?"
_INTO = re.compile(rb"(?:INSERT|REPLACE)\s+(?:IGNORE\s+)?INTO\s+" + _NAME + rb"\s*", re.IGNORECASE)
_VALUES = re.compile(_COLUMNS + rb"(?:OVERRIDING (?:SYSTEM|USER) VALUE )?VALUES\s*", re.IGNORECASE)
_AFTER = re.compile(rb"\s*(?:,\s*|(?P<end>(?:ON CONFLICT DO NOTHING\s*)?;))", re.IGNORECASE)
_COPY = re.compile(rb"COPY\s+" + _NAME + rb"\s*" + _COLUMNS + rb"FROM\s+stdin(?P<how>[^\n;]{0,200});[ \t\r]*(?:\n|\Z)", re.IGNORECASE)  # fmt: skip
_COPY_END = re.compile(rb"^\\\.\r?(?:\n|\Z)", re.MULTILINE)
_CREATE = re.compile(
    rb"CREATE\s+(?:UNLOGGED\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?" + _NAME + rb"\s*\(", re.IGNORECASE
)
_PIECE = re.compile(rb"(?P<name>" + _IDENTIFIER + rb")|" + _ESCAPED + rb"|(?P<mark>[(),])", re.DOTALL)
_PLAIN_PIECE = re.compile(rb"(?P<name>" + _IDENTIFIER + rb")|" + _PLAIN + rb"|(?P<mark>[(),])")
_NO_COLUMN = frozenset({b"PRIMARY", b"KEY", b"UNIQUE", b"INDEX", b"CONSTRAINT", b"FULLTEXT", b"SPATIAL", b"FOREIGN", b"CHECK", b"EXCLUDE", b"LIKE"})  # fmt: skip
_CONFORMING = re.compile(
    rb"SET\s+standard_conforming_strings\s*(?:=|TO)\s*'?(?P<on>on|off)'?\s*;", re.IGNORECASE
)
_MODE = re.compile(rb"SET\s+(?:SESSION\s+)?sql_mode\s*=\s*'(?P<mode>[A-Za-z_, ]*)'\s*;", re.IGNORECASE)
_USE = re.compile(rb"USE\s+" + _NAME + rb"\s*;", re.IGNORECASE)
_META = re.compile(rb"\\(?P<what>[^\n]*)(?:\n|\Z)")
_DELIMITER = re.compile(rb"DELIMITER [^\n]*(?:\n|\Z)", re.IGNORECASE)
_DELIMITER_BACK = re.compile(rb"^DELIMITER ;[ \t\r]*(?:\n|\Z)", re.IGNORECASE | re.MULTILINE)
_OTHER = re.compile(
    rb";|(?:ALTER|ANALYZE|BEGIN|CALL|CHANGE|COMMENT|COMMIT|CREATE|DELETE|DO|DROP|END|FLUSH|GRANT|INSERT|LOCK|PRAGMA|REFRESH|REPLACE|"
    rb"RESET|REVOKE|SECURITY|SELECT|SET|START|TRUNCATE|UNLOCK|UPDATE|USE)\b", re.IGNORECASE
)  # fmt: skip
"""What a statement that is left begins with. What begins otherwise is none, and neither is what lies behind it."""

Values = dict[str, bytes | None]
"""What one row holds, by column; None for NULL."""
Read = Callable[[Values], dict[str, object] | Why | None]


class Wanted(NamedTuple):
    """A table that is read.

    `needed`: the columns without which a table of its name is another program's. `read`: what it makes of a row's values;
    None where the row is left. `assumed`: by their number, the columns of rows that the dump names none for.
    """

    needed: frozenset[str]
    read: Read
    assumed: Mapping[int, tuple[str, ...]] = MappingProxyType({})


class Found(NamedTuple):
    """What a file holds of the tables asked for. The three lists tile it, each in order; a row has its `start` and `stop`."""

    rows: list[dict[str, object]]
    rejected: list[tuple[int, int, Why]]
    ignored: list[tuple[int, int]]


def tables(head: bytes) -> dict[str, frozenset[str]]:
    """The tables that a dump declares or fills in its first bytes, with those of their columns that it names."""
    dialect = sqlframes.dialect(head)
    if dialect is None:
        return {}
    reader = _Reader(head, lambda _: None, dialect)
    deque(reader.read(_PIECE_ROWS), maxlen=0)
    return reader.seen


def rows(data: bytes, base: int, wanted: Callable[[str], Wanted | None]) -> Found:
    """The rows of some tables, and what the rest of the file is.

    Args:
        data: the whole file.
        base: offset of its first byte, in bytes; spans are told from there.
        wanted: by the name of a table, how it is read; None where it is left.
    """
    found = Found([], [], [])
    for piece in pieces(data, base, wanted):
        found.rows.extend(piece.rows)
        found.rejected.extend(piece.rejected)
        found.ignored.extend(piece.ignored)
    return found


def pieces(
    data: bytes, base: int, wanted: Callable[[str], Wanted | None], most: int = _PIECE_ROWS
) -> Iterator[Found]:
    """The same, of stretches of the file that follow one another and hold so many rows, so that never all rows are in memory."""
    dialect = sqlframes.dialect(data)
    if dialect is None:
        if data:
            yield Found([], [(base, base + len(data), Why.SHAPE)], [])
        return
    reader, start = _Reader(data, wanted, dialect), 0
    for stop in reader.read(most):
        if stop == start:
            continue
        taken = sorted(reader.taken + [(a, b) for a, b, _ in reader.rejected])
        ignored = [(a + base, b + base) for a, b in jsonlists.between(taken, stop, start)]
        placed = [row | {"start": a + base, "stop": b + base} for row, (a, b) in zip(reader.rows, reader.taken, strict=True)]  # fmt: skip
        yield Found(placed, [(a + base, b + base, why) for a, b, why in reader.rejected], ignored)
        reader.rows, reader.taken, reader.rejected = [], [], []
        start = stop


def _bare(identifier: bytes) -> str:
    return identifier.strip(b'`"[]').decode("utf-8", "backslashreplace")


def _named(name: bytes) -> tuple[str, str]:
    """Qualifier and name of a table."""
    parts = [_bare(part) for part in re.findall(_IDENTIFIER, name)]
    return ".".join(parts[:-1]), parts[-1]


class _Reader:
    """Takes a dump apart from its first byte to its last."""

    def __init__(self, data: bytes, wanted: Callable[[str], Wanted | None], dialect: Dialect) -> None:
        self._data, self._wanted, self._dialect = data, wanted, dialect
        self._database = ""
        self._place: tuple[str, str] | None = None
        self._declared: dict[tuple[str, str, str], list[str]] = {}
        self._twice: set[tuple[str, str, str]] = set()
        # A line of such a dump never begins within a value.
        self._by_lines = dialect.mysql and sqlframes.by_lines(data)
        self._holes, self._nowhere, self._inserted = 0, False, False
        self._filling = ("", "", "")
        self._known, self._filled = set[tuple[str, str, str]](), set[tuple[str, str, str]]()
        self._reached = self._count = 0
        self.seen: dict[str, frozenset[str]] = {}
        self.rows: list[dict[str, object]] = []
        self.taken: list[tuple[int, int]] = []
        self.rejected: list[tuple[int, int, Why]] = []

    def read(self, most: int) -> Iterator[int]:
        """Read every statement. Gives up to where it has come whenever more than `most` rows are held, or refused, and at the end."""
        at, size = 0, len(self._data)
        while at < size:
            space = _SPACE.match(self._data, at)
            at = space.end() if space is not None else (yield from self._statement(at, most))
            if len(self.rows) + len(self.rejected) >= most:
                yield at
        yield size

    def _reject(self, start: int, stop: int | None, why: Why) -> int:
        """Reject a stretch, to the end of the file where `stop` is None; where it ends."""
        end = len(self._data) if stop is None else stop
        self.rejected.append((start, end, why))
        return end

    def _hole(self, start: int, *, why: Why = Why.TRUNCATED) -> int:
        """Reject a stretch up to where the dump is itself again for certain; where that is.

        Args:
            start: where it is found not to be.
            why: the reason, where it never is again.
        """
        copied = bool(self._filled) and not self._inserted and not self._dialect.mysql
        again = None
        if self._holes < _MOST_HOLES and (self._by_lines or copied):
            again = sqlframes.again(self._data, start + 1, len(self._data), copied=copied)
        if again is None:
            return self._reject(start, None, why)
        self._behind()
        return self._reject(start, again, Why.SHAPE)

    def _behind(self) -> None:
        """What is known behind a hole: in it could have stood the name of another database, or the end of a table."""
        self._holes += 1
        self._nowhere = bool(self._database)
        self._known = {self._filling}

    def _end(self, at: int) -> int | None:
        """Behind the semicolon of a statement that goes on at a place; None where there is none, for the file ends or is damaged."""
        return sqlframes.end(self._data, at, self._dialect, by_lines=self._by_lines)

    def _statement(self, at: int, most: int) -> Generator[int, None, int]:
        """Read the statement that begins at a place; where it ends. Gives places within it as `read` does."""
        data = self._data
        if self._by_lines and not self._begins(at) and data[at : at + 1] != b";":
            return self._hole(at, why=Why.SHAPE)
        meta = _META.match(data, at)
        if meta is not None:
            if meta["what"].startswith((b"connect ", b"c ")):
                self._database, self._nowhere = meta["what"].decode("utf-8", "backslashreplace"), False
            return meta.end()
        for pattern, read in ((_INTO, self._insert), (_COPY, self._copy), (_CREATE, self._create)):
            found = pattern.match(data, at)
            if found is not None:
                return (yield from read(found, most))
        if self._dialect.mysql and _DELIMITER.match(data, at):
            # Bodies of routines, whose statements are no statements of the dump.
            back = _DELIMITER_BACK.search(data, at)
            return back.end() if back is not None else self._reject(at, None, Why.TRUNCATED)
        if _OTHER.match(data, at) is None:
            return self._hole(at, why=Why.SHAPE)
        self._settings(at)
        end = self._end(at)
        return end if end is not None else self._hole(at)

    def _begins(self, at: int) -> bool:
        """Whether a line begins at a place."""
        return at == 0 or self._data[at - 1] == ord("\n")

    def _settings(self, at: int) -> None:
        """Take what a statement says of the strings and the database behind it."""
        conforming, mode, use = (p.match(self._data, at) for p in (_CONFORMING, _MODE, _USE))
        if conforming is not None and not self._dialect.mysql:
            self._dialect = Dialect(mysql=False, escapes=conforming["on"].lower() == b"off")
        if mode is not None and self._dialect.mysql:
            self._dialect = Dialect(mysql=True, escapes=b"NO_BACKSLASH_ESCAPES" not in mode["mode"].upper())
            # Where a backslash escapes nothing, a line end in a value is one.
            self._by_lines &= self._dialect.escapes
        if use is not None:
            self._database, self._nowhere = use["name"].decode("utf-8", "backslashreplace"), False

    def _create(self, found: re.Match[bytes], most: int) -> Generator[int, None, int]:  # noqa: ARG002 - no rows are in it
        yield from ()
        schema, name = _named(found["name"])
        key = self._filling = (self._database, schema, name)
        end = self._end(found.end())
        if end is None:
            return self._hole(found.start())
        columns = self._columns(found.end(), end)
        self.seen.setdefault(name, frozenset(columns))
        self._known.add(key)
        if key in self._declared:
            self._twice.add(key)
        self._declared[key] = columns
        return end

    def _columns(self, at: int, end: int) -> list[str]:
        """The names of columns that a table is made with: what stands first between its outermost commas."""
        columns, depth, first = [], 0, True
        for found in (_PIECE if self._dialect.escapes else _PLAIN_PIECE).finditer(self._data, at, end):
            mark = found["mark"]
            if mark is None:
                if first and found["name"] is not None and found["name"].upper() not in _NO_COLUMN:
                    columns.append(_bare(found["name"]))
                first = False
                continue
            depth += (mark == b"(") - (mark == b")")
            if depth < 0:
                break
            first = mark == b"," and not depth
        return columns

    def _target(self, found: re.Match[bytes], listed: bytes | None) -> tuple[Wanted, list[str]] | Why | None:
        """The wanted table that rows go into and its columns, none where they are to be assumed; None where it is not wanted, and why they cannot be read."""
        schema, name = _named(found["name"])
        key = self._filling = (self._database, schema, name)
        columns = [_bare(c.strip()) for c in listed.split(b",")] if listed else self._declared.get(key)
        if columns:
            self.seen.setdefault(name, frozenset(columns))
        wanted = self._wanted(name)
        if wanted is None or (columns is not None and not wanted.needed <= set(columns)):
            return None
        if (columns is None and not wanted.assumed) or key in self._twice or not self._begins(found.start()):
            return Why.SHAPE
        if self._holes and (
            self._nowhere or (key not in self._known if self._by_lines else key in self._filled)
        ):
            return Why.MISSING
        self._place = self._place or key[:2]
        return (wanted, columns or []) if self._place == key[:2] else Why.SHAPE

    def _insert(self, found: re.Match[bytes], most: int) -> Generator[int, None, int]:
        self._inserted = True
        values = _VALUES.match(self._data, found.end())
        target = self._target(found, values["columns"] if values is not None else None)
        if target is None or isinstance(target, Why) or values is None:
            end = self._end(found.end())
            if end is None:
                return self._hole(found.start())
            why = target if isinstance(target, Why) else Why.SHAPE
            return end if target is None else self._reject(found.start(), end, why)
        at = values.end()
        while True:
            at, ended = self._tuple(at, *target)
            if ended:
                return at
            if len(self.rows) + len(self.rejected) >= most:
                yield self._reached

    def _tuple(self, at: int, wanted: Wanted, columns: list[str]) -> tuple[int, bool]:
        """Read one row in parentheses; where the next begins, or, and True, where the statement ends."""
        values, stop = self._values(at, len(columns) or max(wanted.assumed))
        broken = self._by_lines and stop is not None and self._data.find(b"\n", at, stop) >= 0
        after = _AFTER.match(self._data, stop) if stop is not None and not broken else None
        if stop is None or after is None:
            at = min(at, len(self._data) - 1)  # Behind `VALUES` or a comma at the very end, that is torn.
            if self._by_lines and sqlframes.begins(self._data, at):
                return self._hole(at - 1), True
            end = self._end(at) if self._by_lines else None
            # Elsewhere a string could end in the middle of another: what a semicolon ends there is not known.
            return self._hole(at) if end is None else self._reject(at, end, Why.SHAPE), True
        self._keep(at, stop, wanted, columns, values)
        return after.end(), after["end"] is not None

    def _values(self, at: int, count: int) -> tuple[list[bytes | None], int | None]:
        """The values in parentheses, at most one more than `count`, and where these end; None where they cannot be read."""
        values: list[bytes | None] = []
        mark, want = self._data[at : at + 1], b"("
        while mark == want:
            found = sqlvalues.literal(self._data, at + 1, self._dialect)
            if found is None:
                return values, None
            if len(values) <= count:
                values.append(found[0])
            at, want = found[1], b","
            mark = self._data[at : at + 1]
            if mark == b",":
                # xorm writes no space, pg_dump one.
                at += self._data[at + 1 : at + 2] == b" "
        return values, at + 1 if mark == b")" and values else None

    def _keep(
        self, start: int, stop: int, wanted: Wanted, columns: list[str], values: list[bytes | None]
    ) -> None:
        self._reached = stop
        names = columns or wanted.assumed.get(len(values), ())
        if len(values) != len(names):
            self._reject(start, stop, Why.SHAPE)
        elif stop - start > _LONGEST_ROW_BYTES or self._count >= _MOST_ROWS:
            self._reject(start, stop, Why.TOO_LONG)
        else:
            made = wanted.read(dict(zip(names, values, strict=True)))
            if isinstance(made, Why):
                self._reject(start, stop, made)
            elif made is not None:
                self._count += 1
                self.rows.append(made)
                self.taken.append((start, stop))

    def _copy(self, found: re.Match[bytes], most: int) -> Generator[int, None, int]:
        data, target = self._data, self._target(found, found["columns"])
        at, end = found.end(), _COPY_END.search(data, found.end())
        stop = end.start() if end is not None else len(data)
        after = end.end() if end is not None else len(data)
        again = None if found["how"].strip() else sqlframes.again(data, at, stop, copied=True)
        if again is not None:
            # The end of these rows is in a hole, and what follows is another table's.
            stop = after = again
            self._behind()
        self._filled.add(self._filling)
        if isinstance(target, Why) or (target is not None and found["how"].strip()):
            self._reject(found.start(), stop, target if isinstance(target, Why) else Why.SHAPE)
        elif target is not None:
            while at < stop:
                newline = data.find(b"\n", at, stop)
                if newline < 0:
                    self._reject(at, stop, Why.TRUNCATED)
                    break
                fields = sqlvalues.copied(data[at:newline].removesuffix(b"\r"))
                self._keep(at, newline + 1, *target, fields)
                at = newline + 1
                if len(self.rows) + len(self.rejected) >= most:
                    yield at
        elif end is None or again is not None:
            self._reject(found.start(), stop, Why.TRUNCATED if again is None else Why.SHAPE)
        return after
