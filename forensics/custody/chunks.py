"""Handing out sealed bytes: a file in chunks, cut where its format allows, its hash checked on the way.

Where the cuts fall changes no result: a chunk ends at a line's end, or at a record's, and a line too
long to be handed out is set aside whole, whatever the block.

A packed file is cut in its content (see `unpack`), which is decompressed once, in the read that checks the
hash of the sealed file; so its chunks carry their bytes. One that cannot be cut is decompressed again by
whoever reads it, as everything of that kind is read again.
"""

import hashlib
import io
import mmap
import os
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from forensics.core.errors import CustodyError
from forensics.core.model import Why
from forensics.custody import blocks, seal, unpack

BLOCK_BYTES = 8 << 20
LONGEST_LINE_BYTES = 64 << 20
"""A longer line is never held in memory. Formats reject lines long before that."""
LONGEST_HEAD_BYTES = 1 << 20
"""A longer first line is no header, for any format."""
LARGEST_WHOLE_BYTES = 1 << 30
"""A larger file that cannot be cut is never held in memory."""


Held = bytes | memoryview


class Chunk(NamedTuple):
    """A stretch of a sealed file, or of the content of a packed one.

    `sha256` is of its bytes, so that whoever reads them later reads the same; it is empty where the bytes
    are handed on from the read that checks the whole file. `readable` is False
    where it is not to be read, and `why` says then why. `content` is its bytes, where they came out
    of a packed file or are handed on, and can be held. `head` is the first line of the file, where the format has its
    rows read under one and this stretch is not the first. Bytes that are *lent* are good until the next chunk is taken.
    """

    start: int
    stop: int
    sha256: str
    readable: bool
    why: Why = Why.TOO_LONG
    content: Held | None = None
    head: bytes = b""


class _Lent(threading.local):
    """Room for a block, which a thread fills again and again: to ask for so much anew costs more than to fill it."""

    room = bytearray()

    def of(self, size: int) -> memoryview:
        """Room for so many bytes."""
        if len(self.room) < size:
            self.room = bytearray(size)
        return memoryview(self.room)[:size]


_lent = _Lent()


def lent_room(size: int) -> memoryview:
    """Room for so many bytes, good until this thread asks for it again."""
    return _lent.of(size)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes | None:
        """At most `size` bytes; none at the end."""


def cut(
    path: Path,
    sha256: str,
    how: str,
    block_bytes: int = BLOCK_BYTES,
    packed: str | None = None,
    *,
    hand_on: bool = False,
    lend: bool = False,
    sealed: blocks.Blocks | None = None,
) -> Iterator[Chunk]:
    """Cut a sealed file, or the content of a packed one, into chunks that tile it; nothing has none.

    Args:
        path: where it lies.
        sha256: what it was sealed as; checked when the last chunk has been taken.
        how: "line", "headed", "whole" or a record length in bytes, as decimal text.
        block_bytes: how much to hand out at a time, about.
        packed: how the file is compressed.
        hand_on: give chunks their bytes, so that the one read that checks the file is the one that is parsed.
            For work in this process: to another the bytes would have to be sent.
        lend: the bytes handed on are good until the next chunk is taken, whose bytes lie in the same place.
            Only where chunks end with a line.
        sealed: the digests of its blocks, where there are some, so that it can be said which block is another.

    Raises:
        CustodyError: it is no longer what was sealed.
    """
    block = max(1, min(block_bytes, LONGEST_LINE_BYTES))
    whole, stop = hashlib.sha256(), 0
    if packed is None:
        with seal.opened(path) as read:
            # What is not handed on is not kept.
            lent = lend or not hand_on
            for chunk, held in _chunks(read, how, block, whole.update, hand_on=hand_on, lend=lent):
                yield chunk._replace(content=held) if hand_on else chunk
    else:
        with unpack.opened(path, packed) as content:
            for chunk, held in _chunks(content, how, block):
                yield chunk._replace(content=held)
                stop = chunk.stop
            yield from _rest(content.left(), stop)
            whole = content.digest
    if whole.hexdigest() != sha256:
        if sealed is not None:
            _compare(path, sealed)
        raise CustodyError(f"{path}: no longer what was sealed as {sha256}; restore it from a copy")


def _compare(path: Path, sealed: blocks.Blocks) -> None:
    """Say which block of a file of that length is no longer what was sealed."""
    with seal.opened(path) as read:
        if os.fstat(read.fileno()).st_size == sealed.whole:
            check = blocks.Check(path, sealed)
            for piece in iter(lambda: read.read(seal.BLOCK_BYTES), b""):
                check.update(piece)
            check.close()


def _chunks(
    read: _Readable,
    how: str,
    block: int,
    seen: Callable[[Held], None] | None = None,
    *,
    hand_on: bool = False,
    lend: bool = False,
) -> Iterator[tuple[Chunk, Held | None]]:
    """The chunks of what is read, each with its bytes where they were held in one piece."""
    digest, start, stop, head = hashlib.sha256(), 0, 0, b""
    if how == "whole":
        pieces = _whole(read)
    elif how in {"line", "headed"}:
        pieces = _lines(read, block) if lend else _owned_lines(read, block)
    else:
        pieces = _records(read, max(1, block // int(how)) * int(how))
    for piece, ends, readable in pieces:
        if seen is not None:
            seen(piece)
        stop += len(piece)
        held = piece if ends and readable and len(piece) == stop - start else None
        if held is None or not hand_on:
            digest.update(piece)
        if ends and start < stop:
            own = "" if held is not None and hand_on else digest.hexdigest()
            yield Chunk(start, stop, own, readable, head=head), held
            if how == "headed" and start == 0:
                head = first_line(bytes(piece)) if readable else b"\n"
            start, digest = stop, hashlib.sha256()


def _rest(left: Iterator[bytes], start: int) -> Iterator[Chunk]:
    """What did not decompress, as one chunk behind what did."""
    digest, stop = hashlib.sha256(), start
    for block in left:
        digest.update(block)
        stop += len(block)
    if start < stop:
        yield Chunk(start, stop, digest.hexdigest(), readable=False, why=Why.COMPRESSION)


def raw(path: Path, chunk: Chunk, packed: str | None = None) -> bytes:
    """The bytes of a chunk.

    Args:
        path: where its file lies.
        chunk: which.
        packed: how the file is compressed.

    Raises:
        CustodyError: they are no longer the bytes that were cut.
    """
    if chunk.content is not None or packed is not None:
        held = lent(path, chunk, packed)
        return held if isinstance(held, bytes) else bytes(held)
    # Read into bytes of their own: room that is lent would stay, and a copy of it beside it, each as long as the file may be.
    with seal.opened(path) as read:
        read.seek(chunk.start)
        found = _filled(read, chunk.stop - chunk.start)
    _check(path, found, chunk)
    return found


def lent(path: Path, chunk: Chunk, packed: str | None = None) -> Held:
    """The same, good until this thread asks for another, or takes another.

    Args: as for `raw`.

    Raises:
        CustodyError: they are no longer the bytes that were cut.
    """
    if chunk.content is not None:
        return chunk.content
    found: Held
    if packed is not None:
        found = unpack.stretch(path, packed, chunk.start, chunk.stop)
    else:
        with seal.opened(path) as read:
            read.seek(chunk.start)
            room = lent_room(chunk.stop - chunk.start)
            found = room[: fill(read, room)]
    _check(path, found, chunk)
    return found


def _check(path: Path, found: Held, chunk: Chunk) -> None:
    if hashlib.sha256(found).hexdigest() != chunk.sha256:
        raise CustodyError(f"{path}: changed while it was read; restore it from a copy")


def first_line(raw: bytes) -> bytes:
    """The line that says how those below it are laid out; nothing, where it is too long to say so."""
    stop = raw.find(b"\n") + 1
    return raw[:stop] if 0 < stop <= LONGEST_HEAD_BYTES else b"\n"


_Piece = tuple[Held, bool, bool]
"""Some bytes, whether a chunk ends after them, and whether that chunk can be held in memory."""


def _whole(read: _Readable) -> Iterator[_Piece]:
    size = 0
    while block := read.read(seal.BLOCK_BYTES):
        size += len(block)
        yield block, False, True
    yield b"", True, size <= LARGEST_WHOLE_BYTES


def _records(read: _Readable, block: int) -> Iterator[_Piece]:
    while found := _filled(read, block):
        yield found, True, True


def _owned_lines(read: _Readable, block: int) -> Iterator[_Piece]:
    """The same as `_lines`, each piece with bytes of its own."""
    for piece, ends, readable in _lines(read, block):
        yield bytes(piece), ends, readable


def _lines(read: _Readable, block: int) -> Iterator[_Piece]:
    """Pieces that end with a line, each in the place of the one before; only of a line longer than that, apart."""
    # Of such memory only what is filled is ever touched; most files are small.
    room, held = mmap.mmap(-1, block), b""
    view = memoryview(room)
    while True:
        view[: len(held)] = held
        size = len(held) + fill(read, view[len(held) :])
        if size < block:
            yield view[:size], True, True
            return
        stop = room.rfind(b"\n") + 1
        if stop:
            held = bytes(view[stop:])
            yield view[:stop], True, True
        else:
            held = yield from _long_line(read, bytes(view), block)


def _long_line(read: _Readable, begun: bytes, block: int) -> Generator[_Piece, None, bytes]:
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


def fill(read: _Readable, room: memoryview) -> int:
    """Fill room with the next bytes; how many there were, fewer only at the end of the file."""
    size = 0
    if isinstance(read, io.RawIOBase):
        while size < len(room) and (more := read.readinto(room[size:])):
            size += more
        return size
    while size < len(room) and (part := read.read(len(room) - size)):
        room[size : size + len(part)] = part
        size += len(part)
    return size


def _filled(read: _Readable, size: int) -> bytes:
    """The next `size` bytes, or what is left of the file."""
    parts = []
    while size and (part := read.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
