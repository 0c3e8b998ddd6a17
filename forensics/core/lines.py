"""Cutting bytes into lines, a whole chunk at a time."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.cuttings import Lying, lying
from forensics.core.model import IGNORED, REJECTED, Parsed, Why
from forensics.core.schema import Table

LONGEST_LINE_BYTES = 1 << 20
RUN_BYTES = 1 << 18
"""Of a file that may not be cut so much is read at a time, about: of a short line some hundred bytes are held while it is."""
_LONGEST_END_BYTES = 2


class Lines(NamedTuple):
    r"""The lines of a chunk.

    `start`, `stop`: offsets into the file, terminator included, so that they tile the chunk.
    `text`: each line without its terminator (`\n` or `\r\n`), as bytes.
    """

    start: npt.NDArray[np.int64]
    stop: npt.NDArray[np.int64]
    text: pa.Array


class Edges(NamedTuple):
    """Where lines lie in some bytes: where each begins, where its terminator does, and where the next line does."""

    start: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    stop: npt.NDArray[np.int64]


class Run(NamedTuple):
    """Lines that follow one another: where in the file's bytes they begin and end; `long`: one that is too long, and need not be looked at."""

    start: int
    stop: int
    long: bool = False


def runs(data: bytes) -> Iterator[Run]:
    """All lines, some at a time."""
    at = 0
    while at < len(data):
        stop = data.find(b"\n", at + RUN_BYTES - 1) + 1 or len(data)
        last = data.rfind(b"\n", at, stop - 1) + 1 or at
        long = stop - last > LONGEST_LINE_BYTES + _LONGEST_END_BYTES
        if at < last or not long:
            yield Run(at, last if long else stop)
        if long:
            yield Run(last, stop, long)
        at = stop


def cut(data: bytes, base: int, *, returns: bool = False) -> Lines:
    r"""Cut `data` after every newline byte.

    Args:
        data: the chunk; its last line may lack the newline.
        base: offset of its first byte in the file, in bytes.
        returns: cut after a carriage return too, unless a newline follows it, as what passed a terminal is written.
    """
    edges = edged(data, returns=returns)
    bounds = np.empty(2 * len(edges.start) + 1, np.int64)
    bounds[0:-1:2], bounds[1::2], bounds[-1] = edges.start, edges.ends, len(data)
    interleaved = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(bounds) - 1, [None, pa.py_buffer(bounds), pa.py_buffer(data)]
    )
    text = interleaved.take(pa.array(np.arange(0, len(bounds) - 1, 2))).cast(pa.binary())
    return Lines(edges.start + base, edges.stop + base, text)


def edged(data: bytes, *, returns: bool = False) -> Edges:
    """Where the lines of `data` lie. Args as for `cut`."""
    raw = np.frombuffer(data, dtype=np.uint8)
    ended = raw == 10
    if returns and len(data):
        ended |= (raw == 13) & ~np.append(ended[1:], False)
    ends = np.flatnonzero(ended).astype(np.int64) + 1
    if len(data) and (not len(ends) or ends[-1] != len(data)):
        ends = np.append(ends, np.int64(len(data)))
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1]]) if len(ends) else ends
    stops = ends.copy()
    if len(ends):
        stops -= (raw[ends - 1] == 10).astype(np.int64)
        held = stops > starts
        stops[held] -= (raw[stops[held] - 1] == 13).astype(np.int64)
    return Edges(starts, stops, ends)


def joined(data: bytes, edges: Edges, own: npt.NDArray[np.int64]) -> bytes:
    """The bytes of some lines, in order, each with its terminator; those that follow one another are copied at once."""
    if len(own) == len(edges.start):
        return data
    breaks = np.flatnonzero(np.diff(own) != 1) + 1
    firsts, lasts = own[np.append(0, breaks)], own[np.append(breaks, len(own)) - 1]
    held = memoryview(data)
    spans = zip(edges.start[firsts].tolist(), edges.stop[lasts].tolist(), strict=True)
    return b"".join([held[a:b] for a, b in spans])


def shown(raw: pa.Array) -> pa.Array:
    r"""Bytes as text: UTF-8 where it is, and `\xNN` for each byte that is not.

    The bytes themselves stay in the sealed file, where the citation leads.
    """
    try:
        return raw.cast(pa.string())
    except pa.ArrowInvalid:
        return _escaped(raw)


def _escaped(raw: pa.Array) -> pa.Array:
    """Bytes of which some are not UTF-8 as text."""
    if not raw.null_count and len(raw):
        every = pa.ListArray.from_arrays(pa.array([0, len(raw)], pa.int32()), raw.cast(pa.binary()))
        # A newline ends whatever is begun, so that no byte of the next text can go on with it.
        joined = bytes(pc.binary_join(every, b"\n")[0].as_buffer()) + b"\n"
        if joined.count(b"\n") == len(raw):
            return _ended(joined.decode("utf-8", "backslashreplace").encode(), len(raw))
    return pa.array(
        [None if v is None else v.decode("utf-8", "backslashreplace") for v in raw.to_pylist()],
        pa.string(),
    )


def _ended(texts: bytes, count: int) -> pa.Array:
    """So many texts that each end with a newline, without it."""
    ends = np.flatnonzero(np.frombuffer(texts, np.uint8) == 10)
    bounds = np.empty(2 * count + 1, np.int64)
    bounds[0], bounds[1::2], bounds[2::2] = 0, ends, ends + 1
    pieces = pa.LargeStringArray.from_buffers(2 * count, pa.py_buffer(bounds), pa.py_buffer(texts))
    return pieces.take(pa.array(np.arange(0, 2 * count, 2))).cast(pa.string())


def is_text(data: bytes) -> bool:
    """Whether all of it is UTF-8."""
    try:
        return data.isascii() or bool(data.decode("utf-8"))
    except UnicodeDecodeError:
        return False


class Told(NamedTuple):
    """The lines of a chunk as text, column by column.

    `start`, `stop`: as in `Lines`, as Arrow columns. `text`: without terminator, as `shown` shows it,
    empty where the line is too long; null where it was not asked for. `long`: longer than `LONGEST_LINE_BYTES`. `blank`: nothing in it.
    """

    start: pa.Array
    stop: pa.Array
    text: pa.Array
    long: pa.Array
    blank: pa.Array

    def sorted_out(
        self, table: Table, records: Mapping[str, pa.Array], *, read: pa.Array, idle: pa.Array, why: pa.Array
    ) -> Parsed:
        """The three tables that tile the chunk.

        Args:
            table: the format's declared table.
            records: its columns but `start` and `stop`, for the lines where `read` holds.
            read: which lines are records (bool, one for each line, no nulls).
            idle: which lines hold nothing to read. A line that is neither is rejected.
            why: for each line, the reason if it is rejected; a long line is `too_long` whatever it says.
        """
        bad = pc.and_not(pc.invert(read), idle)
        reason = pc.if_else(self.long, Why.TOO_LONG.value, why)
        spans = {"start": self.start.filter(read), "stop": self.stop.filter(read)}
        return Parsed(
            table.build({**records, **spans}),
            REJECTED.build({"start": self.start.filter(bad), "stop": self.stop.filter(bad), "why": reason.filter(bad)}),
            IGNORED.build({"start": self.start.filter(idle), "stop": self.stop.filter(idle)}),
        )  # fmt: skip


def told(data: bytes, base: int, *, returns: bool = False) -> Told:
    """Cut `data` into lines and show each as text. Args as for `cut`."""
    found = cut(data, base, returns=returns)
    size = pc.binary_length(found.text)
    long = pc.greater(size, LONGEST_LINE_BYTES)
    text = shown(
        pc.if_else(long, pa.scalar(b"", pa.binary()), found.text) if pc.any(long).as_py() else found.text
    )
    start, stop = pa.array(found.start, pa.int64()), pa.array(found.stop, pa.int64())
    return Told(start, stop, text, long, pc.equal(size, 0))


def in_place(data: bytes, base: int) -> tuple[Told, Lying]:
    """The same, and where the text of each line lies; where all of `data` is text and no line too long, that is `data` itself, and `text` is null.

    Args: as for `cut`.
    """
    edges = edged(data)
    size = edges.ends - edges.start
    if size.max(initial=0) > LONGEST_LINE_BYTES or not is_text(data):
        found = told(data, base)
        return found, lying(found.text)
    start, stop = pa.array(edges.start + base), pa.array(edges.stop + base)
    long, blank = pa.array(np.zeros(len(size), bool)), pa.array(size == 0)
    raw = np.frombuffer(data, np.uint8)
    return Told(start, stop, pa.nulls(len(size)), long, blank), Lying(raw, edges.start, edges.ends)


def unended(found: Told, data: bytes) -> pa.Array:
    """Which line lacks its newline: the last one, if any. A writer that ends its lines in one go did not write it whole."""
    torn = np.zeros(len(found.start), bool)
    torn[-1:] = not data.endswith(b"\n")
    return pa.array(torn)


def too_long(table: Table, base: int, run: Run) -> Parsed:
    """A line that is too long to be looked at, of a file that begins at `base`; `table`: its format's."""
    span = {"start": [base + run.start], "stop": [base + run.stop], "why": [Why.TOO_LONG.value]}
    return Parsed(table.empty(), REJECTED.build(span), IGNORED.empty())


def carried(values: pa.Array, above: str | None) -> pa.Array:
    """Each line's value, or that of the nearest line above that has one; `above`: that of the lines before all these."""
    return pc.fill_null_forward(pa.concat_arrays([pa.array([above], pa.string()), values])).slice(1)
