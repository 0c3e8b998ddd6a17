"""Small text files read a line, or a few lines, at a time: cut, put into rows, and told as three tables.

For files that a person or a program keeps, such as lists of accounts or settings: thousands of lines,
not millions. Logs are read in columns, with `lines.told`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate
from typing import NamedTuple, TypeVar

import pyarrow as pa

from forensics.core import lines
from forensics.core.lines import LONGEST_LINE_BYTES
from forensics.core.model import IGNORED, REJECTED, Parsed, Why
from forensics.core.schema import Table

A = TypeVar("A")

MOST_ROWS = 1 << 14
MOST_BYTES = 4 << 20
"""Of a file that is read some rows at a time no more rows are held, and no more of the file, about: of a blank line some hundred bytes are."""


class Line(NamedTuple):
    r"""One line: its span in the file, and its bytes without the terminator (`\n` or `\r\n`)."""

    start: int
    stop: int
    raw: bytes


_SPAN = frozenset({"start", "stop"})
_ENDED = (1).__add__
_LINE: Callable[[tuple[int, int, bytes]], Line] = partial(tuple.__new__, Line)
"""Lines are made without a call of Python for each: a file can have one on every byte."""
_FIRST_RUN_BYTES, _RUN_BYTES = 1 << 10, 1 << 16


def cut(data: bytes, base: int) -> list[Line]:
    """The lines of `data`, whose first byte stands at `base` in the file."""
    return list(each(data, base))


def each(data: bytes, base: int) -> Iterator[Line]:
    """The same, one after the other: whoever only asks what a file is needs few."""
    # What `lines.cut` does; of a small file, in a fraction of the time that it takes to make columns.
    at, size, run = 0, len(data), _FIRST_RUN_BYTES
    while at < size:
        stop = data.find(b"\n", at + run - 1) + 1 or size
        part = data[at:stop]
        raws = part.split(b"\n")
        if part.endswith(b"\n"):
            raws.pop()
        bounds = list(accumulate(map(_ENDED, map(len, raws)), initial=base + at))
        bounds[-1] = base + stop
        if b"\r" in part:
            raws = [raw.removesuffix(b"\r") for raw in raws]
        yield from map(_LINE, zip(bounds, bounds[1:], raws, strict=False))
        at, run = stop, min(2 * run, _RUN_BYTES)


def joined(
    found: Iterable[Line], *, goes_on: Callable[[bytes], bool], most: int = 100_000
) -> Iterator[list[Line]]:
    """Lines that belong together: those whose forerunner says that it goes on, at most `most`."""
    group: list[Line] = []
    count = 0
    for line in found:
        grow(group, line)
        count += 1
        if not goes_on(line.raw) or count >= most:
            yield group
            group, count = [], 0
    if group:
        yield group


def backslashed(raw: bytes) -> bool:
    """Whether a line ends with an odd number of backslashes, so that the next one belongs to it."""
    return raw.endswith(b"\\") and (len(raw) - len(raw.rstrip(b"\\"))) % 2 == 1


def shown(raw: bytes) -> str:
    r"""Bytes as text: UTF-8 where it is, and `\xNN` for each byte that is not. See `lines.shown`."""
    return raw.decode("utf-8", "backslashreplace")


def filled(raw: bytes) -> str | None:
    """The same, and nothing for nothing."""
    return shown(raw) if raw else None


def grow(group: list[Line], line: Line) -> None:
    """Take one more of lines that belong together; of those that are too many to be a record only the first, and the last, are kept."""
    if len(group) > 1 and too_long(group):
        group[-1] = line
    else:
        group.append(line)


def too_long(group: Sequence[Line]) -> bool:
    """Whether lines that belong together are more than any record may be."""
    return group[-1].stop - group[0].start > LONGEST_LINE_BYTES


class Rows:
    """Rows as they are found, each for the span from its first line to its last."""

    def __init__(self, table: Table) -> None:
        """Rows of `table`, without `start` and `stop`, which the lines give."""
        self._table = table
        # Held by columns: a dictionary for each of millions of short lines takes ten times the file.
        self._records: dict[str, list[object]] = {name: [] for name in table.names}
        self._rejected: dict[str, list[object]] = {name: [] for name in REJECTED.names}
        self._ignored: dict[str, list[object]] = {name: [] for name in IGNORED.names}
        self._columns = tuple(
            (name, column.append) for name, column in self._records.items() if name not in _SPAN
        )

    def record(self, group: Sequence[Line], fields: Mapping[str, object]) -> None:
        """Lines that say something."""
        self._span(self._records, group)
        for name, append in self._columns:
            append(fields.get(name))

    def reject(self, group: Sequence[Line], why: Why) -> None:
        """Lines that should say something and cannot be read."""
        self._span(self._rejected, group)
        self._rejected["why"].append(why)

    def ignore(self, group: Sequence[Line]) -> None:
        """Lines that hold nothing to read."""
        self._span(self._ignored, group)

    def _span(self, rows: dict[str, list[object]], group: Sequence[Line]) -> None:
        rows["start"].append(group[0].start)
        rows["stop"].append(group[-1].stop)

    def add(self, group: Sequence[Line], read: Mapping[str, object] | Why | None) -> None:
        """Lines by what was made of them: a row, a reason, or nothing to read."""
        if read is None:
            self.ignore(group)
        elif isinstance(read, Why):
            self.reject(group, read)
        else:
            self.record(group, read)

    def parsed(self) -> Parsed:
        """The three tables."""
        return Parsed(
            self._table.build(self._records),
            REJECTED.build(self._rejected),
            IGNORED.build(self._ignored),
        )

    def __len__(self) -> int:
        """How many rows are held, of all three tables."""
        return sum(len(rows["start"]) for rows in (self._records, self._rejected, self._ignored))


Said = tuple[Sequence[Line], dict[str, object] | Why | None]
"""Lines that belong together, and what was made of them: a row, a reason, or nothing to read."""


def portions(said: Iterable[Said], table: Table) -> Iterator[Parsed]:
    """What was made of a file, some rows at a time; of an empty one nothing, once.

    Args:
        said: of all its lines, in order.
        table: the format's declared table.
    """
    rows, begun, held = Rows(table), None, 0
    for group, read in said:
        begun = group[0].start if begun is None else begun
        rows.add(group, read)
        held += 1
        if held >= MOST_ROWS or group[-1].stop - begun >= MOST_BYTES:
            yield rows.parsed()
            rows, begun, held = Rows(table), None, 0
    yield rows.parsed()


def whole(told: Iterable[Parsed]) -> Parsed:
    """What portions of a file tell together."""
    tables = zip(*told, strict=True)
    return Parsed(*(own[0] if len(own) == 1 else pa.concat_tables(own).combine_chunks() for own in tables))


def by_runs(
    data: bytes, base: int, table: Table, tell: Callable[[bytes, int, A], tuple[Parsed, A]], above: A
) -> Iterator[Parsed]:
    """What a file of lines tells, some lines at a time, where a line hangs on those above it; a line that is too long is rejected.

    Args:
        data: the file.
        base: offset of its first byte, in bytes.
        table: the format's declared table.
        tell: what some lines tell, and what then stands above the next.
        above: what stands above the first.
    """
    for run in lines.runs(data):
        if run.long:
            yield lines.too_long(table, base, run)
        else:
            found, above = tell(data[run.start : run.stop], base + run.start, above)
            yield found
    if not data:
        yield Parsed(table.empty(), REJECTED.empty(), IGNORED.empty())


def by_line(
    data: bytes, base: int, table: Table, read: Callable[[bytes], dict[str, object] | Why | None]
) -> Parsed:
    """Read a chunk whose lines stand each for itself.

    Args:
        data: whole lines; the last may lack its newline.
        base: offset of its first byte in the file, in bytes.
        table: the format's declared table; a column that `read` leaves out is null.
        read: makes a row, a reason or nothing of one line. Blank and overlong lines do not reach it.
    """
    rows = Rows(table)
    for line, said in lines_said(each(data, base), read):
        rows.add(line, said)
    return rows.parsed()


def lines_said(
    found: Iterable[Line], read: Callable[[bytes], dict[str, object] | Why | None]
) -> Iterator[Said]:
    """The same, one line after the other."""
    for line in found:
        if line.stop - line.start > LONGEST_LINE_BYTES:
            yield [line], Why.TOO_LONG
        else:
            yield [line], read(line.raw) if line.raw.strip(b" \t\r") else None


def ended(data: bytes, base: int, read: Callable[[bytes], dict[str, object] | Why | None]) -> Iterator[Said]:
    """The same, of a file whose last line is torn where it lacks its newline. Args as for `by_line`."""
    torn = len(data) - (data.rfind(b"\n") + 1)
    for group, said in lines_said(each(data, base), read):
        last = torn and group[-1].stop == base + len(data)
        yield group, Why.TRUNCATED if last else said


def with_torn(found: Parsed, start: int, stop: int) -> Parsed:
    """The same with a last line that lacks its newline, from `start` to `stop` in the file, rejected as torn."""
    if start == stop:
        return found
    torn = REJECTED.build({"start": [start], "stop": [stop], "why": [Why.TRUNCATED.value]})
    return found._replace(rejected=pa.concat_tables([found.rejected, torn]).combine_chunks())
