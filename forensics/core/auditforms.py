"""Words of columns that have few values, as numbers: what a word says is found once, and then by its bytes alone.

A word, `AUID="root"`, is known again by its first eight bytes, its last, and what is between them; so nothing of it
is copied, taken out of its quotes or its hexadecimal, or held against the words that say that there is nothing.
What has been found is kept from page to page. A column that turns out to have many values, or long ones, is left alone for a while.
"""

import threading
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from forensics.core import audittext
from forensics.core.audittext import Bools, Bytes, Ints, Narrow, Words

UNKNOWN = -1
"""In place of a number: the word is too long, or its column has too many values."""
_MOST = 1 << 8
"""How many words are known of a way at most, and values of a column."""
_MOST_WAYS = 96
_SLOT_BITS = 13
_RESTS = 64
"""For how many pages a column is left alone that has more."""
_WORD = 8
_MIDDLES = 7
_LONGEST = (_MIDDLES + 2) * _WORD
_ODD, _OTHER_ODD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
# The bits of a size, one to a byte, each where ASCII has none.
_APART = np.uint64(sum(1 << 7 * n for n in range(1, 8)))
_FREE_BITS = np.uint64(0x80808080808080)
_ALL_BITS = (1 << 64) - 1
_MIX = np.uint64(0xD6E8FEB86659FD93)
_QUOTE = 34
_EACH = _MOST + 1


class Numbers(NamedTuple):
    """Values of a column by their numbers in `words`, of which some may be None; or `UNKNOWN`."""

    number: Narrow
    words: list[str | None]

    def where(self, rows: npt.NDArray[np.bool_]) -> "Numbers":
        """Some of them."""
        return Numbers(self.number[rows], self.words)


class Way(NamedTuple):
    """How words say values of a column: behind a key (`key=`), perhaps before the end of a frame, perhaps in hexadecimal."""

    target: int
    key: bytes
    closes: bool
    coded: bool


class Forms(threading.local):
    """The words that are known, by the way in which they say a value. A thread keeps its own."""

    def __init__(self) -> None:
        """None yet."""
        self._rests: dict[int, int] = {}
        self._slots = np.empty(_MOST_WAYS << _SLOT_BITS, np.int16)
        self._low, self._high = (np.empty(_MOST_WAYS * _EACH, np.uint64) for _ in range(2))
        self._middles = np.empty((_MIDDLES, _MOST_WAYS * _EACH), np.uint64)
        self._said = np.empty(_MOST_WAYS * _EACH, np.int32)
        self._forget()

    def _forget(self) -> None:
        self._place: dict[Way, int] = {}
        self._count: list[int] = []
        self._words: dict[int, list[str | None]] = {}
        self._number: dict[int, dict[str | None, int]] = {}
        self._full: set[int] = set()
        # What no word begins or ends with: it is nobody's.
        self._low[_MOST::_EACH] = self._high[_MOST::_EACH] = 1
        self._said[_MOST::_EACH] = UNKNOWN

    def page(self) -> None:
        """Begin a page: what had too many values, or too long ones, is left alone, and tried again when it has rested."""
        self._rests = {target: left - 1 for target, left in self._rests.items() if left > 1}
        if self._full:
            self._rests |= dict.fromkeys(self._full, _RESTS)
            self._forget()

    def leave(self, target: int) -> None:
        """Leave a column alone from the next page on: to look for words of it is for nothing where some are not known."""
        self._full.add(target)

    def place(self, way: Way) -> int:
        """The number of a way; `UNKNOWN` where words of it have none."""
        if way.target in self._rests or way.target in self._full:
            return UNKNOWN
        if way not in self._place:
            if len(self._count) == _MOST_WAYS:
                return UNKNOWN
            self._place[way] = place = len(self._count)
            self._count.append(0)
            self._slots[place << _SLOT_BITS : place + 1 << _SLOT_BITS] = _MOST
            self.words(way.target)
        return self._place[way]

    def words(self, target: int) -> list[str | None]:
        """The values of a column, by their numbers."""
        self._number.setdefault(target, {})
        return self._words.setdefault(target, [])

    def told(self, target: int, texts: pa.Array) -> Narrow:
        """The numbers of texts of a column (string)."""
        held = texts.dictionary_encode()
        numbers = self._numbered(target, [*held.dictionary.to_pylist(), None])
        if not len(numbers):
            return np.full(len(texts), UNKNOWN, np.int32)
        found: Narrow = numbers[np.asarray(held.indices.fill_null(len(numbers) - 1))]
        return found

    def _numbered(self, target: int, texts: list[str | None]) -> Narrow:
        """The number of each text; none where a column has too many."""
        known, words = self._number.setdefault(target, {}), self.words(target)
        for text in texts:
            if text not in known:
                if len(words) == _MOST:
                    self._full.add(target)
                    return np.zeros(0, np.int32)
                known[text] = len(words)
                words.append(text)
        return np.array([known[text] for text in texts], np.int32)

    def numbers(
        self, raw: Bytes, at: Words, ways: list[Way], begin: Ints, end: Ints, opening: Words
    ) -> Narrow:
        """The number of what each word says, by way and line.

        Args:
            raw: bytes.
            at: `audittext.words` of them.
            ways: how the words of each row say it; each has a place.
            begin: where words begin, of printable ASCII, each its key first.
            end: where they end.
            opening: what `at` has where they begin; it is written over.
        """
        if not ways:
            return np.empty(begin.shape, np.int32)
        each = _Words(raw, at, begin.ravel(), end.ravel(), opening.ravel())
        place = np.repeat([self._place[way] for way in ways], begin.shape[1])
        form, known = self._found(each, place, _ODD)
        found = self._said[form]
        if not known.all():
            rest = np.flatnonzero(~known)
            some, place = each.where(rest), place[rest]
            form, known = self._found(some, place, _OTHER_ODD)
            found[rest] = np.where(known, self._said[form], UNKNOWN)
            known |= some.size > _LONGEST
            for way in ways if not known.all() else ():
                own = np.flatnonzero(~known & (place == self._place[way]))
                if len(own):
                    found[rest[own]] = self._learnt(way, some.where(own))
        return found.reshape(begin.shape)

    def _found(self, words: "_Words", place: Ints, odd: np.uint64) -> tuple[Ints, Bools]:
        """The form that lies where a word's would, and whether it is that of the word."""
        slot = words.mixed * odd
        slot >>= np.uint64(64 - _SLOT_BITS)
        slot |= (place << _SLOT_BITS).view(np.uint64)
        form = place * _EACH
        form += self._slots[slot.view(np.int64)]
        known = self._low[form] == words.low
        known &= self._high[form] == words.high
        for (rows, middle), held in zip(words.middles, self._middles, strict=False):
            known[rows] &= held[form[rows]] == middle
        return form, known

    def _learnt(self, way: Way, words: "_Words") -> Narrow:
        """The number of what words say, from now on known."""
        if way.target in self._full:
            return np.full(len(words.begin), UNKNOWN, np.int32)
        told = audittext.sliced(words.raw, words.begin, words.end).dictionary_encode()
        index = np.asarray(told.indices)
        first = np.unique(index, return_index=True)[1]
        start, stop = words.begin[first] + len(way.key), words.end[first] - way.closes
        quoted = (words.raw[start] == _QUOTE) & (words.raw[stop - 1] == _QUOTE) & (stop - start > 1)
        said = audittext.decoded(words.raw, start + quoted, stop - quoted, quoted, coded=way.coded)
        numbers = self._numbered(way.target, said.to_pylist())
        if not len(numbers):
            return np.full(len(index), UNKNOWN, np.int32)
        some = words.where(first)
        middles = np.zeros((_MIDDLES, len(first)), np.uint64)
        for n, (rows, middle) in enumerate(some.middles):
            middles[n, rows] = middle
        place = self._place[way]
        for n, (mixed, low, high) in enumerate(zip(some.mixed.tolist(), some.low, some.high, strict=True)):
            form = self._free(place, mixed)
            if form is not None:
                self._low[form], self._high[form], self._middles[:, form] = low, high, middles[:, n]
                self._said[form] = numbers[n]
        found: Narrow = numbers[index]
        return found

    def _free(self, place: int, mixed: int) -> int | None:
        """Where a form is put down, if one of its two places is free."""
        for odd in (_ODD, _OTHER_ODD):
            slot = place << _SLOT_BITS | (mixed * int(odd) & _ALL_BITS) >> 64 - _SLOT_BITS
            if self._slots[slot] == _MOST and self._count[place] < _MOST:
                self._slots[slot] = self._count[place]
                self._count[place] += 1
                return place * _EACH + int(self._slots[slot])
        return None


class _Words:
    """Words by the numbers that tell them apart: eight bytes from their begin, eight before their end, and what is between, for those that are so long."""

    def __init__(self, raw: Bytes, at: Words, begin: Ints, end: Ints, opening: Words) -> None:
        self.raw, self.begin, self.end = raw, begin, end
        self.size = size = end - begin
        clear = np.maximum(_WORD - size, 0).view(np.uint64)
        clear <<= np.uint64(3)
        self.low, self.high = opening, at[end - _WORD]
        # What is not of the word is shifted out: behind it, and before it.
        self.low <<= clear
        self.high >>= clear
        apart = np.minimum(size, _LONGEST + 1).view(np.uint64)
        apart *= _APART
        apart &= _FREE_BITS
        self.high ^= apart
        self.mixed = self.low * _MIX
        self.mixed ^= self.high
        self.middles: list[tuple[Ints, Words]] = []
        rows = np.flatnonzero(size > 2 * _WORD)
        while len(rows) and len(self.middles) < _MIDDLES:
            place = _WORD * (len(self.middles) + 1)
            middle = at[begin[rows] + place]
            self.middles.append((rows, middle))
            self.mixed[rows] = (self.mixed[rows] ^ middle) * _MIX
            rows = rows[size[rows] > place + 2 * _WORD]

    def where(self, rows: Ints) -> "_Words":
        """Some of them, by their places in ascending order."""
        some = _Words.__new__(_Words)
        some.raw, some.middles = self.raw, []
        for name in ("begin", "end", "size", "low", "high", "mixed"):
            setattr(some, name, getattr(self, name)[rows])
        for own, middle in self.middles:
            at = np.searchsorted(own, rows)
            held = np.flatnonzero(np.append(own, -1)[at] == rows)
            some.middles.append((held, middle[at[held]]))
        return some
