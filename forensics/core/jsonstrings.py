"""Where the strings of many lines of JSON lie, by their quotation marks.

Only of lines in which that is beyond doubt: objects of valid UTF-8, without control characters, whose escapes are those
of JSON, and none of them of a backslash.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from forensics.core import lines

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

SHORTEST_BYTES = 8
LONGEST_BYTES = 1 << 16
MOST_STRINGS = 1 << 10
_QUOTE, _BACKSLASH, _SPACE = ord('"'), ord("\\"), ord(" ")
_BYTE = np.arange(256, dtype=np.uint8)
_ESCAPES = np.isin(_BYTE, np.frombuffer(b'"/bfnrtu', np.uint8))
_HEX = np.isin(_BYTE, np.frombuffer(b"0123456789abcdefABCDEF", np.uint8))


class Strings(NamedTuple):
    """The strings of the lines that can have a shape: where each opens and closes, and whether it holds an escape.

    `line`: the number of each such line; `first`: the number of its first string; `many`: how many it has.
    """

    opens: Ints
    closes: Ints
    escaped: Flags
    line: Ints
    first: Ints
    many: Ints


def find(data: bytes, edges: lines.Edges) -> Strings:
    """The strings of every line that is an object, and holds no byte and no escape that readers could differ in."""
    raw = np.frombuffer(data, np.uint8)
    usable = (edges.ends - edges.start >= SHORTEST_BYTES) & (edges.ends - edges.start < LONGEST_BYTES)
    if not usable.any() or len(data) > np.iinfo(np.int32).max:
        none = np.empty(0, np.int64)
        return Strings(none, none, np.empty(0, bool), none, none, none)
    usable &= (raw[edges.start] == ord("{")) & (raw[edges.ends - 1] == ord("}"))
    if np.count_nonzero(raw < _SPACE) != len(edges.start):
        odd = np.flatnonzero(raw < _SPACE)
        line = of(odd, edges.start)
        usable[line[odd < edges.ends[line]]] = False
    if not lines.is_text(data):
        usable[of(np.flatnonzero(raw >= 0x80), edges.start)] = False
    quotes = np.flatnonzero(raw == _QUOTE)
    escapes = np.flatnonzero(raw == _BACKSLASH) if b"\\" in data else np.empty(0, np.int64)
    if len(escapes):
        usable[of(escapes[~_plain(raw, escapes)], edges.start)] = False
        quotes = quotes[raw[quotes - 1] != _BACKSLASH]
    count = np.diff(np.searchsorted(quotes, np.append(edges.start, len(data))))
    usable &= (count % 2 == 0) & (count > 0) & (count <= 2 * MOST_STRINGS)
    if not usable.all():
        quotes, count = quotes[np.repeat(usable, count)], count[usable]
    opens, closes, count = quotes[0::2], quotes[1::2], count // 2
    escaped = np.zeros(len(opens), bool)
    if len(opens):
        within = of(escapes, opens)
        escaped[within[(within >= 0) & (escapes < closes[within])]] = True
    return Strings(opens, closes, escaped, np.flatnonzero(usable), np.cumsum(count) - count, count)


def _plain(raw: npt.NDArray[np.uint8], escapes: Ints) -> Flags:
    """Which escapes are such as JSON has, and none of a backslash: before a quotation mark one is an escape then."""
    after = np.minimum(escapes[:, None] + np.arange(1, 6), len(raw) - 1)
    byte = raw[after]
    found: Flags = _ESCAPES[byte[:, 0]] & ((byte[:, 0] != ord("u")) | _HEX[byte[:, 1:]].all(axis=1))
    return found


def of(places: Ints, starts: Ints) -> Ints:
    """In which of some stretches each place lies."""
    return np.searchsorted(starts, places, side="right") - 1


def texts(data: bytes, found: Strings) -> pa.Array:
    """All strings, those of even number; the others are what stands between them."""
    bounds = np.empty(2 * len(found.opens), np.int32)
    bounds[0::2], bounds[1::2] = found.opens + 1, found.closes
    return pa.StringArray.from_buffers(len(bounds) - 1, pa.py_buffer(bounds), pa.py_buffer(data))
