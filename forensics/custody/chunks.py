"""Handing out sealed bytes: a file in chunks, cut where its format allows, its hash checked on the way.

Where the cuts fall changes no result: a chunk ends at a line's end, or at a record's, and a line too
long to be handed out is set aside whole, whatever the block.
"""

import hashlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from forensics.core.errors import CustodyError
from forensics.custody import seal

BLOCK_BYTES = 8 << 20
LONGEST_LINE_BYTES = 64 << 20
"""A longer line is never held in memory. Formats reject lines long before that."""
LONGEST_HEAD_BYTES = 1 << 20
"""A longer first line is no header, for any format."""
LARGEST_WHOLE_BYTES = 1 << 30
"""A larger file that cannot be cut is never held in memory."""


class Chunk(NamedTuple):
    """A stretch of a sealed file.

    `sha256` is of its bytes, so that whoever reads them later reads the same. `readable` is False
    where it is too long to be held in memory. `head` is the first line of the file, where the format has
    its rows read under one and this stretch is not the first.
    """

    start: int
    stop: int
    sha256: str
    readable: bool
    head: bytes = b""


def cut(path: Path, sha256: str, how: str, block_bytes: int = BLOCK_BYTES) -> Iterator[Chunk]:
    """Cut a sealed file into chunks that tile it; an empty file has none.

    Args:
        path: where it lies.
        sha256: what it was sealed as; checked when the last chunk has been taken.
        how: "line", "headed", "whole" or a record length in bytes, as decimal text.
        block_bytes: how much to hand out at a time, about.

    Raises:
        CustodyError: it is no longer what was sealed.
    """
    block = max(1, min(block_bytes, LONGEST_LINE_BYTES))
    whole, digest, start, stop, head = hashlib.sha256(), hashlib.sha256(), 0, 0, b""
    with seal.opened(path) as read:
        if how == "whole":
            pieces = _whole(read, path.stat().st_size)
        elif how in {"line", "headed"}:
            pieces = _lines(read, block)
        else:
            pieces = _records(read, max(1, block // int(how)) * int(how))
        for raw, ends, readable in pieces:
            whole.update(raw)
            digest.update(raw)
            stop += len(raw)
            if ends and start < stop:
                yield Chunk(start, stop, digest.hexdigest(), readable, head)
                if how == "headed" and start == 0:
                    head = _first_line(raw) if readable else b"\n"
                start, digest = stop, hashlib.sha256()
    if whole.hexdigest() != sha256:
        raise CustodyError(f"{path}: no longer what was sealed as {sha256}; restore it from a copy")


def raw(path: Path, chunk: Chunk) -> bytes:
    """The bytes of a chunk.

    Raises:
        CustodyError: they are no longer the bytes that were cut.
    """
    with seal.opened(path) as read:
        read.seek(chunk.start)
        found = _filled(read, chunk.stop - chunk.start)
    if hashlib.sha256(found).hexdigest() != chunk.sha256:
        raise CustodyError(f"{path}: changed while it was read; restore it from a copy")
    return found


def _first_line(raw: bytes) -> bytes:
    """The line that says how those below it are laid out; nothing, where it is too long to say so."""
    stop = raw.find(b"\n") + 1
    return raw[:stop] if 0 < stop <= LONGEST_HEAD_BYTES else b"\n"


_Piece = tuple[bytes, bool, bool]
"""Some bytes, whether a chunk ends after them, and whether that chunk can be held in memory."""


def _whole(read: BinaryIO, size: int) -> Iterator[_Piece]:
    while block := read.read(seal.BLOCK_BYTES):
        yield block, False, True
    yield b"", True, size <= LARGEST_WHOLE_BYTES


def _records(read: BinaryIO, block: int) -> Iterator[_Piece]:
    while found := _filled(read, block):
        yield found, True, True


def _lines(read: BinaryIO, block: int) -> Iterator[_Piece]:
    held = b""
    while True:
        held += _filled(read, block - len(held))
        if len(held) < block:
            yield held, True, True
            return
        stop = held.rfind(b"\n") + 1
        if stop:
            yield held[:stop], True, True
            held = held[stop:]
        else:
            held = yield from _long_line(read, held, block)


def _long_line(read: BinaryIO, begun: bytes, block: int) -> Generator[_Piece, None, bytes]:
    """The rest of a line that a block did not hold; returns what was read past its end."""
    parts, size, rest = [begun], len(begun), b""
    while more := _filled(read, block):
        stop = more.find(b"\n") + 1
        parts.append(more[:stop] if stop else more)
        size += len(parts[-1])
        if stop:
            rest = more[stop:]
            break
        if size > LONGEST_LINE_BYTES:
            yield b"".join(parts), False, False
            parts = []
    yield b"".join(parts), True, size <= LONGEST_LINE_BYTES
    return rest


def _filled(read: BinaryIO, size: int) -> bytes:
    """The next `size` bytes, or what is left of the file."""
    parts = []
    while size and (part := read.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
