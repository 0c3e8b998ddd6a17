"""Texts and numbers that lie somewhere in bytes, cut out as columns, all rows at once."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Fields = dict[str, tuple[Ints, Ints]]
_WORD_BYTES = 8
_ZEROS = np.uint64(0x3030303030303030)
_SIXES, _UPPER = np.uint64(0x0606060606060606), np.uint64(0xF0F0F0F0F0F0F0F0)
_MOST_BYTES = 1 << 31
_STEPS = (
    (2561, 8, 0x0F0F0F0F0F0F0F0F),
    (6553601, 16, 0x00FF00FF00FF00FF),
    (42949672960001, 32, 0x0000FFFF0000FFFF),
)
"""How eight digits become pairs, fours and one number: by what they are multiplied, shifted, and which bits of them count."""


class Lying(NamedTuple):
    """Where texts lie in bytes: where each begins and ends. They come in order, and none lies over another."""

    raw: Bytes
    start: Ints
    stop: Ints

    def texts(self, rows: Ints) -> pa.Array:
        """Some of the texts (string), by number, in order."""
        return cut(self.raw, self.start[rows], self.stop[rows], pa.string())


class Placed(NamedTuple):
    """Messages that one shape fits, in order, and where in the bytes each of its fields begins and ends."""

    rows: Ints
    kind: str
    fields: Fields


def lying(text: pa.Array) -> Lying:
    """Where the texts, or bytes, of a column without nulls lie."""
    _, offsets, held = text.buffers()
    if not len(text) or held is None:
        nothing = np.zeros(len(text), np.int64)
        return Lying(np.empty(0, np.uint8), nothing, nothing)
    at = np.frombuffer(offsets, np.int32)[text.offset : text.offset + len(text) + 1].astype(np.int64)
    return Lying(np.frombuffer(held, np.uint8), at[:-1], at[1:])


def cut(raw: Bytes, start: Ints, stop: Ints, kind: pa.DataType) -> pa.Array:
    """Pieces of bytes as text or bytes; text is cut where UTF-8 may be cut, at ASCII."""
    return _taken(raw, start, stop, pa.array(np.arange(0, 2 * len(start), 2, dtype=np.int32)), kind)


def gathered(raw: Bytes, start: Ints, stop: Ints) -> Lying:
    """Pieces of bytes put one behind the other."""
    return lying(cut(raw, start, stop, pa.binary()))


def column(placed: Sequence[Placed], name: str, length: int, raw: Bytes) -> pa.Array:
    """A field of messages (string), null where it is empty, or a message is not among those placed."""
    own = [(piece.rows, *piece.fields[name]) for piece in placed if name in piece.fields]
    if not own:
        return pa.nulls(length, pa.string())
    rows, start, stop = own[0] if len(own) == 1 else map(np.concatenate, zip(*own, strict=True))
    at = np.full(length, -1, np.int32)
    at[rows] = np.where(stop > start, np.arange(0, 2 * len(rows), 2, dtype=np.int32), np.int32(-1))
    said = at >= 0
    if not said.any():
        return pa.nulls(length, pa.string())
    return _spread(_taken(raw, start, stop, pa.array(at[said]), pa.string()), said)


def _spread(texts: pa.Array, own: npt.NDArray[np.bool_]) -> pa.Array:
    """Texts in some rows, in order, and null in the others; sooner than by taking nulls."""
    _, offsets, held = texts.buffers()
    edges = np.frombuffer(offsets, np.int32, len(texts) + 1)
    before = np.zeros(len(own) + 1, np.int32)
    np.cumsum(own, out=before[1:])
    whole = pa.py_buffer(np.packbits(own, bitorder="little")), pa.py_buffer(edges[before]), held
    return pa.Array.from_buffers(pa.string(), len(own), list(whole), len(own) - len(texts))


def numbers(placed: Sequence[Placed], name: str, length: int, raw: Bytes) -> pa.Array:
    """The same of a field that is digits alone, of at most 18 (int64)."""
    own = [(piece.rows, *piece.fields[name]) for piece in placed if name in piece.fields]
    found, missing = np.zeros(length, np.int64), np.ones(length, bool)
    for rows, start, stop in own:
        found[rows], missing[rows] = number(raw, start, stop), stop == start
    return pa.array(found, mask=missing)


def number(raw: Bytes, start: Ints, stop: Ints) -> Ints:
    """Stretches of at most 18 digits each as numbers; 0 where one is empty."""
    size = stop - start
    least, found, worth = int(stop.min(initial=_WORD_BYTES)), np.zeros(len(start), np.int64), 1
    if least < _WORD_BYTES:  # words that end before the bytes begin cannot be looked at
        return number(np.concatenate([np.zeros(_WORD_BYTES, np.uint8), raw]), start + _WORD_BYTES, stop + _WORD_BYTES)  # fmt: skip
    for ahead in range(0, int(size.max(initial=0)), _WORD_BYTES):
        found += _eight(raw, np.maximum(stop - ahead, start), size - ahead) * worth
        worth *= 10**_WORD_BYTES
    return found


def _eight(raw: Bytes, stop: Ints, size: Ints) -> Ints:
    """What the last eight bytes before some places say, of which as many are digits that count."""
    # The last byte is the highest of such a word; those before the digits are shifted out.
    shift = (_WORD_BYTES - np.clip(size, 0, _WORD_BYTES)).astype(np.uint64) * np.uint64(8)
    some = shift < np.uint64(64)
    word = words(raw)[np.maximum(stop - _WORD_BYTES, 0)] ^ _ZEROS
    shift = np.minimum(shift, np.uint64(63))
    word = np.where(some, (word >> shift) << shift, np.uint64(0))
    for times, by, bits in _STEPS:
        word = ((word & np.uint64(bits)) * np.uint64(times)) >> np.uint64(by)
    return word.astype(np.int64)


def digits_before(raw: Bytes, stop: Ints) -> Ints:
    """How many digits stand before each of some places, of the eight bytes before it. There are as many."""
    word = words(raw)[stop - _WORD_BYTES] ^ _ZEROS
    # Of a digit the upper half of the byte is nothing now, also when six are added. What is no ASCII can
    # make the byte behind it look like no digit.
    other = ((word + _SIXES) | word) & _UPPER
    size = np.zeros(len(stop), np.int64)
    for bits in range(56, -8, -8):
        size += other < (np.uint64(1) << np.uint64(bits))
    return size


def words(raw: Bytes, size: int = _WORD_BYTES) -> npt.NDArray[np.unsignedinteger]:
    """So many bytes from each place on as one number, the first byte the lowest; as many places as have so many behind them."""
    kind = np.dtype(f"<u{size}")
    return np.ndarray(max(0, len(raw) - size + 1), kind, raw, strides=(1,))


def _taken(raw: Bytes, start: Ints, stop: Ints, at: pa.Array, kind: pa.DataType) -> pa.Array:
    """Stretches of bytes, by twice their numbers; null where there is no number."""
    # What lies between two stretches is an element too, that nobody asks for: where they are not in order it has no length.
    large = len(raw) >= _MOST_BYTES
    bounds = np.empty(2 * len(start) + 1, np.int64 if large else np.int32)
    bounds[0:-1:2], bounds[1::2], bounds[-1] = start, stop, len(raw)
    wide = {pa.string(): pa.large_string(), pa.binary(): pa.large_binary()}[kind] if large else kind
    whole = pa.Array.from_buffers(wide, len(bounds) - 1, [None, pa.py_buffer(bounds), pa.py_buffer(raw)])
    return whole.take(at).cast(kind)
