"""Texts by where they stand, so that each is taken out of its bytes once, when it is known which row wants it."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from forensics.core import audittext
from forensics.core.audittext import Bools, Bytes, Ints, Narrow


class Places(NamedTuple):
    """Texts by their places in a pool; one that is `absent` is null."""

    start: Ints
    stop: Ints
    absent: Bools

    def where(self, rows: Bools | Narrow) -> "Places":
        """Some of them: by a mask, or by their places."""
        return Places(self.start[rows], self.stop[rows], self.absent[rows])


class Pool:
    """The bytes of a page, and behind them those of texts that do not stand there as they are told."""

    def __init__(self, raw: Bytes, hold: Bytes | None = None) -> None:
        """Begin with some bytes; `hold` has them too, and room for more behind them."""
        self._held, self._size = raw if hold is None else hold, len(raw)

    def add(self, texts: pa.Array) -> Places:
        """Take in texts (string or binary)."""
        bounds = np.frombuffer(texts.buffers()[1], np.int32) if len(texts) else np.zeros(1, np.int32)
        bounds = bounds[texts.offset : texts.offset + len(texts) + 1]
        held = texts.buffers()[2] if len(texts) else None
        data = np.frombuffer(held, np.uint8) if held is not None else np.zeros(0, np.uint8)
        data = data[bounds[0] : bounds[-1]]
        if self._size + len(data) > len(self._held):
            room = np.empty(self._size // 2 + len(data), np.uint8)
            self._held = np.concatenate([self._held[: self._size], room])
        self._held[self._size : self._size + len(data)] = data
        places: Ints = bounds.astype(np.int64) + (self._size - int(bounds[0]))
        self._size += len(data)
        absent = np.asarray(texts.is_null()) if texts.null_count else np.zeros(len(texts), bool)
        return Places(places[:-1], places[1:], absent)

    def text(self, places: Places) -> pa.Array:
        """The texts at some places, as one column (string)."""
        return audittext.sliced(self._held[: self._size], *places).view(pa.string())

    def taken(self, bounds: Narrow, absent: Bools) -> pa.Array:
        """The same, of texts from every second of some places to the one behind it; where one ends is written last."""
        bounds[-1] = self._size
        return audittext.between(self._held[: self._size], bounds, absent).view(pa.string())
