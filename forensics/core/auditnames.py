"""Short words that come again and again, such as types of lines and names of hosts, as numbers."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import pyarrow as pa

from forensics.core import audittext
from forensics.core.audittext import Bools, Bytes, Ints, Words

KEY = 5
"""How long `type=` and `node=` are."""
_TWO_WORDS = 16
_MOST = 255
_SLOT_BITS = 12
_ODD, _OTHER_ODD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_NOWHERE = -1


class _Cut(Protocol):
    @property
    def raw(self) -> Bytes: ...
    @property
    def at(self) -> Words: ...
    @property
    def begins(self) -> Ints: ...
    @property
    def ends(self) -> Ints: ...


class Names:
    """The different values of words `key=value` with a key of four letters, of ASCII; numbered as they come.

    Of a name of at most 16 bytes its bytes are two numbers, and by these it is found in a table. A name that is
    longer, or whose place in the table another has, is looked up as text.
    """

    def __init__(self, fits: Callable[[str], bool]) -> None:
        """Nothing yet; `fits` says which names are such."""
        self._fits = fits
        self.told: list[str] = []
        self._number: dict[str, int] = {}
        self._good: list[bool] = []
        self._table = np.full(1 << _SLOT_BITS, _MOST)
        self._low, self._high = (np.zeros(_MOST + 1, np.uint64) for _ in range(2))
        # No name is that long, so the last of these are nobody's.
        self._size = np.full(_MOST + 1, _NOWHERE)

    def renewed(self) -> "Names":
        """These, or where there are many, none of them: they are kept from page to page."""
        return self if len(self.told) < _MOST else Names(self._fits)

    def numbered(self, cut: _Cut, token: Ints) -> tuple[Ints, Bools]:
        """The number of the value of each word, and which fit."""
        begins, ends = cut.begins[token] + KEY, cut.ends[token]
        size = ends - begins
        # Of a short name no more than its own bytes: first eight, and last.
        clear = np.maximum(8 - size, 0).view(np.uint64)
        clear <<= np.uint64(3)
        low, high = cut.at[begins], cut.at[ends - 8]
        low <<= clear
        high >>= clear
        slot = ((low ^ (high * _OTHER_ODD)) * _ODD) >> np.uint64(64 - _SLOT_BITS)
        number: Ints = self._table[slot.astype(np.int64)]
        known = (self._low[number] == low) & (self._high[number] == high) & (self._size[number] == size)
        rest = np.flatnonzero(~known)
        if len(rest):
            number[rest] = self._looked_up(cut, token[rest])
            self._enter(slot[rest], low[rest], high[rest], number[rest], size[rest])
        return number, np.array(self._good or [False])[number] if len(number) else np.zeros(0, bool)

    def _looked_up(self, cut: _Cut, token: Ints) -> Ints:
        found = audittext.sliced(cut.raw, cut.begins[token] + KEY, cut.ends[token]).view(pa.string())
        coded = found.dictionary_encode()
        for name in coded.dictionary.to_pylist():
            if name not in self._number:
                self._number[name] = len(self.told)
                self.told.append(name)
                self._good.append(self._fits(name))
        numbers = np.array([self._number[name] for name in coded.dictionary.to_pylist()], np.int64)
        return np.asarray(numbers[np.asarray(coded.indices)])

    def _enter(self, slot: Words, low: Words, high: Words, number: Ints, size: Ints) -> None:
        """Put names into the table where their place is free."""
        for name, row in zip(*np.unique(number, return_index=True), strict=True):
            at = int(slot[row])
            if size[row] <= _TWO_WORDS and name < _MOST and self._table[at] == _MOST:
                self._table[at], self._low[name], self._high[name] = name, low[row], high[row]
                self._size[name] = size[row]
