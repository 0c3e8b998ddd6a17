"""One zstd frame, decompressed as a stream.

Arrow decompresses; the frame is walked here, block by block, so that its end is known to the byte: what
stands behind it is another frame, or no part of the stream.
Source: RFC 8878, 3.1 "Frames".
"""

import io
from collections.abc import Callable, Iterator

import pyarrow as pa

BLOCK_BYTES = 1 << 12
STEP_BYTES = 1 << 12
_LARGEST_BLOCK_BYTES = 1 << 17
_RLE = 1
_DICTIONARY_BYTES, _SIZE_BYTES = (0, 1, 2, 4), (0, 2, 4, 8)


def skippable(block: bytes) -> bool:
    """Whether a frame begins here that holds no content, as parallel writers put between others."""
    return len(block) >= 8 and block[1:4] == b"\x2a\x4d\x18" and block[0] >> 4 == 5


class Frame(io.RawIOBase):
    """A frame, of which `content` gives the content.

    Attributes:
        held: sealed bytes behind the frame; where it is not `whole`, those of the failure and behind it.
        whole: its end was reached, and its checksum agrees.
    """

    def __init__(self, block: bytes, more: Callable[[], bytes]) -> None:
        """Begin.

        Args:
            block: sealed bytes that were read already, the frame's first.
            more: gives the next sealed bytes, none at the end of the file.
        """
        super().__init__()
        self.whole = False
        self._ahead, self._more = block, more
        self._at_work = b""
        self._due, self._last, self._checksum_bytes = 0, False, 0
        self._begun = False

    @property
    def held(self) -> bytes:
        """See the class."""
        return self._ahead if self.whole else self._at_work + self._ahead

    def content(self) -> Iterator[bytes]:
        """What the frame decompresses to, piece by piece, up to its end or a failure."""
        if skippable(self._ahead):
            yield from self._skipped()
            return
        with pa.CompressedInputStream(pa.PythonFile(self, mode="r"), "zstd") as stream:
            try:
                while piece := stream.read(STEP_BYTES):
                    yield piece
            except OSError:
                return
        self.whole = True  # Arrow raises where the frame is cut off, or its checksum differs

    def readable(self) -> bool:
        """As Arrow asks."""
        return True

    def close(self) -> None:
        """Leave the sealed file open: it is not ours."""

    def read(self, size: int = -1) -> bytes:
        """The next bytes of the frame, for Arrow; none at its end, or where it is cut off."""
        if not self._due:
            self._due = self._next_part()
        piece = self._filled(min(size, self._due, BLOCK_BYTES))[: min(size, self._due)]
        if piece:
            self._at_work, self._ahead = piece, self._ahead[len(piece) :]
            self._due -= len(piece)
        return piece

    def _filled(self, size: int) -> bytes:
        while len(self._ahead) < size and (block := self._more()):
            self._ahead += block
        return self._ahead

    def _next_part(self) -> int:
        """The size of the header, or of the next block with its own header; 0 at the end."""
        if not self._begun:
            self._begun = True
            head = self._filled(5)
            if len(head) < 5:
                return len(head)
            single, flag = head[4] >> 5 & 1, head[4] >> 6
            self._checksum_bytes = 4 * (head[4] >> 2 & 1)
            return 5 + (not single) + _DICTIONARY_BYTES[head[4] & 3] + (_SIZE_BYTES[flag] or single)
        if self._last or len(self._filled(3)) < 3:
            return 0
        word = int.from_bytes(self._ahead[:3], "little")
        self._last = bool(word & 1)
        size = 1 if word >> 1 & 3 == _RLE else min(word >> 3, _LARGEST_BLOCK_BYTES)
        return 3 + size + self._checksum_bytes * self._last

    def _skipped(self) -> Iterator[bytes]:
        due = 8 + int.from_bytes(self._ahead[4:8], "little")
        while due and self._filled(1):
            self._at_work, self._ahead = self._ahead[:due], self._ahead[due:]
            due -= len(self._at_work)
            yield b""
        self.whole = not due
