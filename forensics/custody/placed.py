"""A large file in chunks whose places are found first; whoever parses some of them reads and checks those alone.

The digests of its blocks were taken when it was sealed (see `blocks`). So nobody has to read all of it, and to hash it, for others to read
their part: where a chunk ends is seen in the few bytes before. The chunks are those that `chunks.cut` makes.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from forensics.core.errors import CustodyError
from forensics.custody import chunks, seal
from forensics.custody.blocks import Blocks, Check
from forensics.custody.chunks import Chunk

_LOOKED_AT_BYTES = 1 << 16


def cut(path: Path, sealed: Blocks, how: str, block_bytes: int) -> Iterator[Chunk]:
    """The places of chunks that tile a sealed file.

    Args:
        path: where it lies.
        sealed: the digests of its blocks.
        how: "line", "headed" or a record length in bytes, as for `chunks.cut`.
        block_bytes: how much to hand out at a time, about.

    Raises:
        CustodyError: it is no longer as long as what was sealed, or the block with its first line is another.
    """
    block = max(1, min(block_bytes, chunks.LONGEST_LINE_BYTES))
    with seal.opened(path) as read:
        if os.fstat(read.fileno()).st_size != sealed.whole:
            raise _other(path, sealed)
        lined = how in {"line", "headed"}
        ends = _line_ends(read, sealed.whole, block) if lined else _ends(sealed.whole, block, int(how))
        start, head = 0, b""
        for stop, readable in ends:
            yield Chunk(start, stop, "", readable, head=head)
            if how == "headed" and start == 0:
                head = _head(path, sealed, stop) if readable else b"\n"
            start = stop


def handed(path: Path, own: Iterable[Chunk], sealed: Blocks) -> Iterator[Chunk]:
    """Chunks that follow one another with their bytes, which are good until the next is taken; those that cannot be held have none.

    That they are what was sealed is known when all have been taken: the last block is compared then.

    Raises:
        CustodyError: a block in which they lie is no longer what was sealed.
    """
    with seal.opened(path) as read:
        reader = _Reader(read, path, sealed)
        for chunk in own:
            reader.pass_by(chunk.start)
            if chunk.readable:
                yield chunk._replace(content=reader.take(chunk.stop))
            else:
                reader.pass_by(chunk.stop)
                yield chunk
        reader.close()


class _Reader:
    """Reads a file from the beginning of a block on, and compares each block that it has read."""

    def __init__(self, read: BinaryIO, path: Path, sealed: Blocks) -> None:
        self._read, self._path, self._sealed = read, path, sealed
        self._check = Check(path, sealed)
        self._at = sealed.first * sealed.size
        read.seek(self._at)

    def take(self, stop: int) -> memoryview:
        """The next bytes, up to a place."""
        room = chunks.lent_room(stop - self._at)
        if chunks.fill(self._read, room) < len(room):
            raise _other(self._path, self._sealed)
        self._check.update(room)
        self._at = stop
        return room

    def pass_by(self, stop: int) -> None:
        """Read on to a place, and keep nothing."""
        while self._at < stop:
            self.take(min(stop, self._at + seal.BLOCK_BYTES))

    def close(self) -> None:
        """Read on to the end of the block, and see that the file ends where the last one does."""
        size = self._sealed.size
        self.pass_by(min(-(-self._at // size) * size, self._sealed.whole))
        self._check.close()
        if self._at == self._sealed.whole and self._read.read(1):
            raise _other(self._path, self._sealed)


def _ends(size: int, block: int, length: int) -> Iterator[tuple[int, bool]]:
    """Where chunks of whole records end."""
    step = max(1, block // length) * length
    yield from ((min(at + step, size), True) for at in range(0, size, step))


def _line_ends(read: BinaryIO, size: int, block: int) -> Iterator[tuple[int, bool]]:
    """Where chunks of whole lines end, and whether they can be held: the last end of a line in each block, else the next."""
    at = 0
    while size - at >= block:
        stop = _last_end(read, at, at + block)
        held = stop > at
        stop = stop if held else _next_end(read, at + block, size)
        yield stop, held or stop - at <= chunks.LONGEST_LINE_BYTES
        at = stop
    if at < size:
        yield size, True


def _last_end(read: BinaryIO, start: int, stop: int) -> int:
    """Where the last line ends that ends between two places; the first place, where none does."""
    while stop > start:
        first = max(start, stop - _LOOKED_AT_BYTES)
        found = os.pread(read.fileno(), stop - first, first).rfind(b"\n") + 1
        if found:
            return first + found
        stop = first
    return start


def _next_end(read: BinaryIO, at: int, size: int) -> int:
    """Where the line ends that goes on at a place."""
    while at < size and (raw := os.pread(read.fileno(), _LOOKED_AT_BYTES, at)):
        found = raw.find(b"\n") + 1
        if found:
            return at + found
        at += len(raw)
    return size


def _head(path: Path, sealed: Blocks, stop: int) -> bytes:
    """The first line of a file whose first chunk ends at a place, out of blocks that are compared."""
    stop = min(stop, chunks.LONGEST_HEAD_BYTES)
    first = [Chunk(0, stop, "", readable=True)]
    (line,) = (
        chunks.first_line(bytes(one.content or b"")) for one in handed(path, first, sealed.around(0, stop))
    )
    return line


def _other(path: Path, sealed: Blocks) -> CustodyError:
    return CustodyError(
        f"{path}: no longer what was sealed as {sealed.sha256}, which has {sealed.whole} bytes; restore it from a copy"
    )
