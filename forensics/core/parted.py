"""Columns of lines whose fields a mark parts, cut out of all the bytes at once."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from forensics.core.lines import LONGEST_LINE_BYTES, Edges, is_text

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_MOST_BYTES = 2**31


def cuttable(data: bytes, edges: Edges, mark: str) -> bool:
    """Whether fields can be cut out of the bytes as they are: all of it is text, no line is too long, and the mark is one byte."""
    short = bool((edges.ends - edges.start <= LONGEST_LINE_BYTES).all())
    return len(mark) == 1 and mark.isascii() and short and len(data) < _MOST_BYTES and is_text(data)


def columns(
    data: bytes, edges: Edges, mark: str, many: int, *, closed: bool, but: Bools
) -> tuple[Bools, list[pa.Array]]:
    """Which lines have so many fields, and the columns of these; null where there is nothing.

    Args:
        data: what `cuttable` says it of.
        edges: its lines.
        mark: what stands between two fields.
        many: how many fields, two or more.
        closed: whether the mark stands behind the last as well.
        but: lines that are left out.
    """
    raw = np.frombuffer(data, np.uint8)
    start, stop, within = edges.start, edges.ends, many + closed - 1
    marks = np.flatnonzero(raw == ord(mark))
    own, right = _of_each(marks, edges, within), ~but
    if own is None:
        first = np.searchsorted(marks, start)
        right &= np.searchsorted(marks, stop) - first == within
        own = marks[first[right, None] + np.arange(within)]
    else:
        own = own[right]
    if closed:
        ends = own[:, -1] == stop[right] - 1
        own, right[right] = own[ends], ends
    places = [start[right] - 1, *np.ascontiguousarray(own.T), stop[right]]
    return right, [_between(data, places[n] + 1, places[n + 1]) for n in range(many)]


def _of_each(marks: Ints, edges: Edges, within: int) -> Ints | None:
    """The marks of each line, where every line has as many, as most often all have."""
    if len(marks) != len(edges.start) * within:
        return None
    own = marks.reshape(-1, within)
    return own if ((own[:, 0] >= edges.start) & (own[:, -1] < edges.ends)).all() else None


def _between(data: bytes, start: Ints, stop: Ints) -> pa.Array:
    """The stretches from each start to each stop, in order and apart, as text; null where there is nothing."""
    bounds = np.empty(2 * len(start) + 1, np.int32)
    bounds[0:-1:2], bounds[1::2], bounds[-1] = start, stop, len(data)
    every = pa.StringArray.from_buffers(len(bounds) - 1, pa.py_buffer(bounds), pa.py_buffer(data))
    return every.take(pa.array(np.arange(0, len(bounds) - 1, 2, dtype=np.int32), mask=start == stop))
