"""The text of audit records: fields cut apart, values out of their quotes or their hexadecimal, columns at a time.

The kernel and the audit library quote a value that holds no blank, quote, control or non-ASCII byte, and
write every other in hexadecimal. So a quoted value cannot end early, and nothing within one is a field.
"""

from functools import lru_cache
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import lines

Ints = npt.NDArray[np.int64]
Narrow = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]

_BLANK, _QUOTE, _APOSTROPHE, _EQUALS, _NEWLINE, _RETURN, _ENRICHED = 32, 34, 39, 61, 10, 13, 29
_NO_NIBBLE = 255
_NOTHING = pa.array([b"?", b"(null)", b"(none)"], pa.binary())
_LONGEST_NUMBER = 18
_SOME = 1 << 16
_Any = TypeVar("_Any", bound=np.generic)
# Of digits one to a byte, then pairs one to two bytes, then fours: each with the one before it makes one number.
_HALVES = [
    (np.uint64(10), np.uint64(8), np.uint64(0x00FF00FF00FF00FF)),
    (np.uint64(100), np.uint64(16), np.uint64(0x0000FFFF0000FFFF)),
    (np.uint64(10_000), np.uint64(32), np.uint64(0xFFFFFFFF)),
]
_NIBBLE = np.full(256, _NO_NIBBLE, np.uint8)
_NIBBLE[np.frombuffer(b"0123456789ABCDEF", np.uint8)] = np.arange(16)

OUTER, INNER, NAMES = 0, 1, 2
"""Where a field stands: before `msg='`, within it, or after the byte 0x1d."""


class Tokens(NamedTuple):
    """Fields and loose words, in order, by their places in the chunk; `equals` is -1 for a word."""

    line: Ints
    start: Ints
    equals: Ints
    stop: Ints
    part: Ints

    def where(self, keep: Bools | Ints) -> "Tokens":
        """Some of them: by a mask, or by their places in ascending order."""
        return Tokens(*(values[keep] for values in self))


def tokens(raw: Bytes, cut: lines.Lines, base: int) -> Tokens:
    """Cut every line at blanks outside quotes, and at 0x1d; a quote left open ends there or with the line.

    Two blanks in a row have an empty token between them.
    """
    # Comparisons take many bytes at once, a table of 256 takes one.
    marked = raw == _BLANK
    for mark in (_QUOTE, _EQUALS, _NEWLINE, _ENRICHED):
        marked |= raw == mark
    for long in np.flatnonzero(cut.stop - cut.start > lines.LONGEST_LINE_BYTES):
        marked[cut.start[long] - base : cut.stop[long] - base - 1] = False
    at = np.flatnonzero(marked)
    byte = raw[at]
    closes = (byte == _NEWLINE) | (byte == _ENRICHED)
    ends = np.flatnonzero(closes | (byte == _BLANK))
    quotes = np.cumsum(byte == _QUOTE, dtype=np.int32)[ends]
    shut = closes[ends]
    quoted = (quotes - np.maximum.accumulate(np.where(shut, quotes, 0))) & 1
    ends = ends[shut | (quoted == 0)]
    if not len(ends):
        return Tokens(*(np.zeros(0, np.int64) for _ in Tokens._fields))
    stop, first = at[ends], np.append(0, ends[:-1] + 1)
    start = np.append(0, stop[:-1] + 1)
    equals = np.where(byte[first] == _EQUALS, at[first], -1)
    newline = byte[ends] == _NEWLINE
    line = np.cumsum(newline) - newline
    stop = stop - (newline & (stop > start) & (raw[stop - 1] == _RETURN))
    last = np.full(len(cut.start), len(raw), np.int64)
    enriched = byte[ends] == _ENRICHED
    last[line[enriched]] = at[ends[enriched]]
    tokens = Tokens(line, start, equals, stop, np.where(start > last[line], NAMES, OUTER))
    return _opened(raw, tokens, at, byte, first)


def _opened(raw: Bytes, tokens: Tokens, at: Ints, byte: Bytes, first: Ints) -> Tokens:
    """The words of programs: what stands in `msg='...'`, its first key and its last value without the frame."""
    line, start, equals, stop, part = tokens
    opens = np.flatnonzero((part == OUTER) & begins(raw, start, stop, b"msg='"))
    opens = opens[np.unique(line[opens], return_index=True)[1]]
    opener = np.full(line[-1] + 1, len(line), np.int64)
    opener[line[opens]] = opens
    within = (np.arange(len(line)) >= opener[line]) & (part == OUTER)
    part = np.where(within, INNER, part)
    start, equals = start.copy(), equals.copy()
    start[opens] += 5
    following = np.minimum(first[opens] + 1, len(at) - 1)
    equals[opens] = np.where((byte[following] == _EQUALS) & (at[following] < stop[opens]), at[following], -1)
    final = within & np.append((line[1:] != line[:-1]) | (part[1:] != INNER), True)
    stop = stop - (final & (stop > start) & (raw[stop - 1] == _APOSTROPHE))
    return Tokens(line, start, equals, stop, part)


def begins(raw: Bytes, start: Ints, stop: Ints, word: bytes) -> Bools:
    """Which tokens begin with a word."""
    found = stop - start >= len(word)
    for place, byte in enumerate(word):
        held = np.flatnonzero(found)
        found[held] = raw[start[held] + place] == byte
    return np.asarray(found)


def counted_before(bits: Bytes, *places: Ints) -> list[Ints]:
    """How many bytes are marked before each of some places, for each set of these; `bits` has the marks, the first lowest."""
    words = np.append(bits, np.zeros(-len(bits) % 8 + 8, np.uint8)).view("<u8")
    before = np.append(0, np.cumsum(np.bitwise_count(words), dtype=np.int64))
    within = [(np.uint64(1) << (place & 63).astype(np.uint64)) - np.uint64(1) for place in places]
    return [
        before[place >> 6] + np.bitwise_count(words[place >> 6] & mask)
        for place, mask in zip(places, within, strict=True)
    ]


def sliced(raw: Bytes, start: Ints | Narrow, stop: Ints | Narrow, absent: Bools | None = None) -> pa.Array:
    """The bytes between ascending places as one array; null where `absent`."""
    bounds = np.empty(2 * len(start) + 1, np.int32)
    bounds[0:-1:2], bounds[1::2], bounds[-1] = start, stop, len(raw)
    return between(raw, bounds, absent)


def between(raw: Bytes, bounds: Narrow, absent: Bools | None = None) -> pa.Array:
    """The bytes from every second of some places to the next, as one array; null where `absent`. The last place is the end of all bytes."""
    buffers = [None, pa.py_buffer(bounds), pa.py_buffer(raw)]
    spaced = pa.BinaryArray.from_buffers(pa.binary(), len(bounds) - 1, buffers)
    return spaced.take(pa.array(np.arange(0, len(bounds) - 1, 2, dtype=np.int32), mask=absent))


def unquoted(raw: Bytes, equals: Ints, stop: Ints) -> tuple[Ints, Ints, Bools]:
    """Where each value begins and stops, without its quotes, and whether it had them."""
    start = equals + 1
    wide = stop - start >= 2
    opening = np.where(wide, raw[np.minimum(start, len(raw) - 1)], 0)
    quoted = (opening == _QUOTE) & (raw[stop - 1] == _QUOTE)
    return start + quoted, stop - quoted, quoted


def unhexed(values: pa.Array, bare: Bools) -> pa.Array:
    """The values (binary), those that are upper-case hexadecimal without quotes decoded."""
    size = np.asarray(pc.binary_length(values).fill_null(0)).astype(np.int64)
    chosen = bare & (size > 0) & (size % 2 == 0)
    if not chosen.any():
        return values
    whole = bool(chosen.all())
    held = values if whole else values.filter(pa.array(chosen))
    bounds = np.append(0, np.cumsum(size[chosen]))
    offsets = np.frombuffer(held.buffers()[1], np.int32)[held.offset : held.offset + len(held) + 1]
    nibble = _NIBBLE[np.frombuffer(held.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]]
    decoded = (nibble[0::2] << 4) | (nibble[1::2] & 15)
    buffers = [None, pa.py_buffer((bounds // 2).astype(np.int32)), pa.py_buffer(decoded)]
    text = pa.BinaryArray.from_buffers(pa.binary(), len(held), buffers)
    wrong = nibble == _NO_NIBBLE
    if wrong.any():
        good = np.add.reduceat(wrong, bounds[:-1], dtype=np.int64) == 0
        text = pc.if_else(pa.array(good), text, held)
    return text if whole else pc.replace_with_mask(values, pa.array(chosen), text)


def decoded(raw: Bytes, start: Ints, stop: Ints, quoted: Bools, *, coded: bool) -> pa.Array:
    """Texts without their quotes, or out of their hexadecimal where they can be `coded`."""
    values = sliced(raw, start, stop)
    values = pc.if_else(pc.and_(pc.is_in(values, _NOTHING), pa.array(~quoted)), None, values)
    return lines.shown(unhexed(values, ~quoted) if coded else values)


def words(raw: Bytes) -> Words:
    """Eight bytes from every place on, as one number, the first byte lowest; `raw` ends in eight more bytes."""
    return np.ndarray(len(raw) - 8, "<u8", raw.data, strides=(1,))


@lru_cache(1 << 12)
def word(text: bytes) -> tuple[np.uint64, np.uint64]:
    """At most eight bytes as `words` has them, and the mask that leaves others out."""
    return np.uint64(int.from_bytes(text, "little")), np.uint64((1 << 8 * len(text)) - 1)


def in_order(raw: Bytes, places: Ints, found: Words) -> None:
    """Put what `words` has at places that ascend into `found`, some at a time.

    Out of two numbers that lie where numpy expects them, which takes less time than to read one that does not.
    """
    held = raw[: len(raw) // 8 * 8].view("<u8")
    for some in range(0, len(places), _SOME):
        place, low = places[some : some + _SOME], found[some : some + _SOME]
        shift = (place & 7).view(np.uint64)
        shift <<= np.uint64(3)
        at = place >> 3
        held.take(at, mode="clip", out=low)
        low >>= shift
        at += 1
        high = held.take(at, mode="clip")
        # Of no bits at all, as many as there are: then nothing is left.
        np.subtract(np.uint64(64), shift, out=shift)
        high <<= shift
        low |= high


MASKS = np.array([(1 << 8 * size) - 1 for size in range(9)], np.uint64)
"""By how many of eight bytes count, from the first: the mask that leaves the others out."""


def opens(words: Words, text: bytes) -> Bools:
    """Which words, as `words` has them, begin with at most eight bytes."""
    held, mask = word(text)
    return np.asarray((words & mask) == held)


def begin(at: Words, start: Ints, text: bytes) -> Bools:
    """Where `text` stands, of the places given; a text of more than eight bytes holds no blank before the last eight."""
    found = np.ones(len(start), bool)
    for part in range(0, len(text), 8):
        held, mask = word(text[part : part + 8])
        words = at[start + part if part else start]
        found &= (words if len(text) - part >= 8 else words & mask) == held
    return found


def runs(values: npt.NDArray[_Any], size: int) -> npt.NDArray[_Any]:
    """Every `size` values that follow one another, a row for each place where they begin; nothing is copied."""
    step = values.itemsize
    return np.ndarray((max(len(values) - size + 1, 0), size), values.dtype, values.data, strides=(step, step))


def decimals(at: Words, start: Ints, stop: Ints) -> tuple[Ints, Bools]:
    """Decimal numbers of 1 to 18 digits, perhaps with a minus; and where there is such a number.

    Args:
        at: `words` of the bytes; `stop` is at least eight.
        start: first byte of each.
        stop: byte after the last of each.
    """
    size = stop - start
    # Most are digits alone, and at most eight.
    number, good = eight(at[stop - 8], size)
    good &= (size - 1).view(np.uint64) < 8
    rest = np.flatnonzero(~good)
    if len(rest):
        number[rest], good[rest] = _any_decimals(at, start[rest], stop[rest])
    return number, good


def _any_decimals(at: Words, start: Ints, stop: Ints) -> tuple[Ints, Bools]:
    """The same, of any length and sign."""
    size = np.maximum(stop - start, 0)
    minus = (size > 0) & ((at[start] & np.uint64(255)) == ord("-"))
    size = size - minus
    number, good = eight(at[stop - 8], np.minimum(size, 8))
    good &= (size > 0) & (size <= _LONGEST_NUMBER)
    for places in (8, 16):
        more = np.flatnonzero(good & (size > places))
        if not len(more):
            break
        upper, fine = eight(at[np.maximum(stop[more] - places - 8, 0)], np.minimum(size[more] - places, 8))
        number[more] += upper * 10**places
        good[more] &= fine
    return np.where(minus, -number, number), good


def nothing(at: Words, start: Ints, stop: Ints) -> Bools:
    """Which values are `?`, `(null)` or `(none)`."""
    size = stop - start
    found = np.zeros(len(start), bool)
    if not (size <= len("(null)")).any():
        return found
    for text in (b"?", b"(null)", b"(none)"):
        own = np.flatnonzero(size == len(text))
        if len(own):
            found[own] |= begin(at, start[own], text)
    return found


def eight(digits: Words, size: Ints | int) -> tuple[Ints, Bools]:
    """The numbers that the last `size` of eight bytes write; of none, whatever."""
    # Of more than eight nothing is left, as of none.
    clear = np.asarray((8 - size) << 3).view(np.uint64)
    held = digits ^ np.uint64(0x3030303030303030)
    held >>= clear
    held <<= clear
    odd = held + np.uint64(0x7676767676767676)
    odd |= held
    odd &= np.uint64(0x8080808080808080)
    good = odd == 0
    for times, shift, mask in _HALVES:
        upper = held >> shift
        held *= times
        held += upper
        held &= mask
    return held.view(np.int64), good
