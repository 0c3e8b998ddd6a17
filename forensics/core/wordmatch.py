"""Whether stretches of bytes are such a word as a pattern has, and where the fields in each lie, all stretches at once."""

import re
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from forensics.core import cuttings
from forensics.core.cuttings import Bytes, Fields, Ints, Lying
from forensics.core.wordpatterns import Pieces, Word

Bools = npt.NDArray[np.bool_]
_WORD_BYTES = 8
_DIGITS = frozenset(b"0123456789")


def fitting(word: Word, start: Ints, stop: Ints, raw: Bytes) -> tuple[Bools, Fields]:
    """Which stretches of bytes are such a word, and where the fields in it lie.

    Args:
        word: which; not one that is these bytes alone.
        start: where each stretch begins.
        stop: where each ends.
        raw: what they lie in.
    """
    if word.tail is not None:
        return _tail(word, start, stop, raw)
    if word.pieces is not None:
        return _in_one_of(word.pieces, start, stop, raw)
    if word.pattern is not None:
        return _by_pattern(word.pattern, start, stop, raw)
    size = stop - start
    right: Bools = size >= word.least
    if word.most is not None:
        right &= size <= word.most
        right[right] = _digits(start[right], stop[right], raw)
    return right, {} if word.name is None else {word.name: (start, stop)}


def alike(word: Word, said: bytes, start: Ints) -> tuple[Bools, Fields]:
    """The same of stretches that all hold the same."""
    told = None if word.pattern is None else word.pattern.fullmatch(said)
    if word.pattern is None:
        right, inner = fitting(word, np.zeros(1, np.int64), np.full(1, len(said)), np.frombuffer(said, np.uint8))  # fmt: skip
        return np.repeat(right, len(start)), {name: (start + a, start + b) for name, (a, b) in inner.items()}
    if told is None:
        return np.zeros(len(start), bool), {}
    spans = {name: told.span(name) for name in told.groupdict() if told[name] is not None}
    return np.ones(len(start), bool), {name: (start + a, start + b) for name, (a, b) in spans.items()}


def at(literal: bytes, start: Ints, raw: Bytes) -> Bools:
    """Where these bytes stand, of places in order; as many bytes are there from each on."""
    size = len(literal)
    right: Bools = np.ones(len(start), bool)
    if not len(start) or not size:
        return right
    if int(start[-1]) + max(size, _WORD_BYTES) > len(raw):
        for n, byte in enumerate(literal):
            right &= raw[start + n] == byte
        return right
    # Numbers of eight bytes from each place on; the last two may overlap, and of a short one the further bytes do not count.
    window = cuttings.words(raw)
    if size < _WORD_BYTES:
        bits = np.uint64((1 << 8 * size) - 1)
        return np.asarray(window[start] & bits == np.uint64(int.from_bytes(literal, "little")))
    for n in [*range(0, size - _WORD_BYTES, _WORD_BYTES), size - _WORD_BYTES]:
        right &= window[start + n] == np.uint64(int.from_bytes(literal[n : n + _WORD_BYTES], "little"))
    return right


def _tail(word: Word, start: Ints, stop: Ints, raw: Bytes) -> tuple[Bools, Fields]:
    """Of what reaches to the end of a message."""
    before, after, without = word.tail or (b"", b"", b"")
    right: Bools = stop - start >= len(before) + len(after)
    first, last = start + len(before), stop - len(after)
    right[right] = at(before, start[right], raw) & at(after, last[right], raw)
    if without and right.any():
        own, ends = np.flatnonzero(right), last[right]
        among = frozenset(range(256)) - set(without)
        texts = cuttings.gathered(raw, first[right], ends)
        right[own] = _run(_table(among), texts, 0 * own) == ends - first[right]
    return right, {} if word.name is None else {word.name: (first, last)}


def _digits(start: Ints, stop: Ints, raw: Bytes) -> Bools:
    """Which stretches are digits alone."""
    size = stop - start
    if size.max(initial=0) <= _WORD_BYTES <= stop.min(initial=_WORD_BYTES):
        return np.asarray(cuttings.digits_before(raw, stop) >= size)
    return np.asarray(_run(_table(_DIGITS), cuttings.gathered(raw, start, stop), 0 * start) == size)


def _in_one_of(choices: tuple[Pieces, ...], start: Ints, stop: Ints, raw: Bytes) -> tuple[Bools, Fields]:
    """Of a word that is the first of some choices that fits."""
    right, inner = _in_pieces(choices[0], start, stop, raw)
    left = np.flatnonzero(~right)
    if len(choices) == 1 or not len(left):
        return right, inner
    names = dict.fromkeys(name for one in choices for name in one.fields)
    found = {name: [of.copy() for of in inner.get(name, (start, start))] for name in names}
    for one in choices[1:]:
        fits, fields = _in_pieces(one, start[left], stop[left], raw)
        own = left[fits]
        right[own] = True
        for name, ends in found.items():
            for held, of in zip(ends, fields.get(name, (start[left], start[left])), strict=True):
                held[own] = of[fits]
        left = left[~fits]
        if not len(left):
            break
    return right, {name: (first, last) for name, (first, last) in found.items()}


def _in_pieces(pieces: Pieces, start: Ints, stop: Ints, raw: Bytes) -> tuple[Bools, Fields]:
    """Of a word whose parts follow one another."""
    held = cuttings.gathered(raw, start, stop)
    right, size = np.ones(len(start), bool), stop - start
    ends, after = [np.zeros(len(start), np.int64)], sum(len(part.literal) for part in pieces.parts)
    runs = sum(not part.literal for part in pieces.parts)
    for part in pieces.parts:
        begin = ends[-1]
        if part.literal:
            after -= len(part.literal)
            end = begin + len(part.literal)
            right &= end <= size
            right[right] = at(part.literal, (held.start + begin)[right], held.raw)
        else:
            runs -= 1
            end = _run(_table(part.among), held, begin)
            if not runs:
                # Of the last part that is no literal it is known where it ends.
                right &= end >= size - after
                end = np.maximum(size - after, begin)
            right &= (end - begin >= part.least) & (end - begin <= part.most)
        ends.append(np.where(right, end, 0))
    right &= ends[-1] == size
    places = {name: (start + ends[first], start + ends[last]) for name, (first, last) in pieces.fields.items()}  # fmt: skip
    return right, places


@cache
def _table(among: frozenset[int]) -> bytes:
    """For each byte whether it is not of a class."""
    return bytes(byte not in among for byte in range(256))


def _run(table: bytes, held: Lying, begin: Ints) -> Ints:
    """Where, from each place in a text on, the bytes of a class end; at the end of the text at the latest."""
    other = np.flatnonzero(np.frombuffer(held.raw.tobytes().translate(table), bool))
    size = held.stop - held.start
    if not len(other):
        return size
    ends = np.append(other, len(held.raw))[np.searchsorted(other, held.start + begin)]
    return np.asarray(np.minimum(ends - held.start, size))


def _by_pattern(pattern: re.Pattern[bytes], start: Ints, stop: Ints, raw: Bytes) -> tuple[Bools, Fields]:
    """Of a word that a pattern describes, by each different one."""
    coded = cuttings.cut(raw, start, stop, pa.binary()).dictionary_encode()
    told = [pattern.fullmatch(text) for text in coded.dictionary.to_pylist()]
    code = np.asarray(coded.indices, np.int64)
    right = np.array([one is not None for one in told], bool)[code]
    inner = {}
    for name in pattern.groupindex:
        spans = np.array([(0, 0) if one is None else one.span(name) for one in told], np.int64).reshape(-1, 2)
        spans = np.maximum(spans, 0)[code]
        inner[name] = start + spans[:, 0], start + spans[:, 1]
    return right, inner
