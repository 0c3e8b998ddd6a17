"""Bytes of a sealed file from any place of it, for whoever reads one part and looks up little elsewhere.

What is given lies in blocks that were compared with the digests taken when the file was sealed (see `blocks`). A file that has none
is read and compared as a whole.
"""

import hashlib
import os
from collections import OrderedDict
from pathlib import Path
from types import TracebackType
from typing import Self

from forensics.core.errors import CustodyError
from forensics.custody import blocks, seal

_MOST_HELD = 16
"""So many blocks are held for whoever asks again."""


class Fetched:
    """A sealed file whose bytes are asked for by their places. It is opened for the time of a block."""

    def __init__(self, path: Path, sha256: str, sealed: blocks.Blocks | None) -> None:
        """Take its place, what it was sealed as, and the digests of all its blocks, where there are some."""
        self._path, self._sha256, self._sealed = path, sha256, sealed
        self._held: OrderedDict[int, bytes] = OrderedDict()

    def __enter__(self) -> Self:
        """Open it.

        Raises:
            CustodyError: it is no longer what was sealed, as far as that is seen without reading blocks.
        """
        self._read = seal.opened(self._path)
        self._size = os.fstat(self._read.fileno()).st_size
        if self._sealed is None:
            self._whole = b"".join(iter(lambda: self._read.read(seal.BLOCK_BYTES), b""))
            if hashlib.sha256(self._whole).hexdigest() != self._sha256:
                self._read.close()
                raise self._other()
        elif self._size != self._sealed.whole:
            self._read.close()
            raise self._other()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self._read.close()

    def between(self, start: int, stop: int) -> bytes:
        """The bytes between two places, fewer at the end of the file.

        Raises:
            CustodyError: a block in which they lie is no longer what was sealed.
        """
        if self._sealed is None:
            return self._whole[start:stop]
        size, stop = self._sealed.size, min(stop, self._sealed.whole)
        if start >= stop:
            return b""
        first, last = start // size, (stop - 1) // size
        found = [self._block(n) for n in range(first, last + 1)]
        if first == last:
            return found[0][start - first * size : stop - first * size]
        found[0], found[-1] = found[0][start - first * size :], found[-1][: stop - last * size]
        return b"".join(found)

    def _block(self, n: int) -> bytes:
        found = self._held.get(n)
        if found is None:
            found = self._compared(n)
            self._held[n] = found
            if len(self._held) > _MOST_HELD:
                self._held.popitem(last=False)
        else:
            self._held.move_to_end(n)
        return found

    def _compared(self, n: int) -> bytes:
        sealed = self._sealed
        if sealed is None:
            raise self._other()
        wanted = min(sealed.size, sealed.whole - n * sealed.size)
        self._read.seek(n * sealed.size)
        found = b""
        while len(found) < wanted and (more := self._read.read(wanted - len(found))):
            found += more
        check = blocks.Check(self._path, sealed.around(n * sealed.size, n * sealed.size + wanted))
        check.update(found)
        check.close()
        if len(found) < wanted:
            raise self._other()
        return found

    def _other(self) -> CustodyError:
        return CustodyError(
            f"{self._path}: no longer what was sealed as {self._sha256}; restore it from a copy"
        )
