"""Compressed evidence read through to its content, as a stream: gzip, xz, bzip2 and zstd, told by their first bytes.

Text that begins with a mark of its encoding, as PowerShell writes what a command prints, is read through in the same way: the content
of UTF-16 is the same text as UTF-8, that of UTF-8 with a mark what stands behind the mark.

Offsets into a packed file count its *content*: the bytes that it decompresses to, all members one after
another, and behind them the sealed bytes from which nothing could be decompressed, as they lie. That rest
begins with the block of sealed bytes in which decompression failed, so that it is never empty where
something is wrong: a damaged or truncated stream, trailing bytes that are no member, or a content past the
bound. One level is read through: what is packed twice stays packed.

Nothing is written anywhere, and at no time is more than a few blocks held. Of a damaged gzip stream all is
read up to the damage; of the others up to `STEP_BYTES` before it can be lost, as their decoders give it up.
"""

import bz2
import codecs
import hashlib
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Protocol, Self

from forensics.custody import seal
from forensics.custody.zstd import Frame

BLOCK_BYTES = 1 << 12
"""How many sealed bytes a decoder is given at a time."""
STEP_BYTES = 1 << 12
"""How much content is asked of a decoder that gives nothing back when it fails."""
GZIP_STEP_BYTES = 1 << 16
FREE_BYTES = 64 << 20
"""So much content is read whatever its ratio."""
LARGEST_RATIO = 500
"""Content beyond so many times the sealed size is not read: logs reach 100, a bomb thousands."""
LARGEST_BYTES = 1 << 40
"""Content beyond this is not read."""
_XZ_MEMORY_BYTES = 256 << 20


class Packing(NamedTuple):
    """A way to compress, or to encode text.

    `magics`: what a stream begins with, one of them. `suffixes`: what the names of such files end with;
    a name is only ever shortened by it, and decides nothing.
    """

    magics: tuple[bytes, ...]
    suffixes: tuple[str, ...]


PACKINGS = {
    "bzip2": Packing(
        # Each of the nine block sizes, then a block's magic, or that of the end.
        tuple(b"BZh%d%s" % (n, m) for n in range(1, 10) for m in (b"1AY&SY", b"\x17rE8P\x90")),
        (".bz2",),
    ),
    "gzip": Packing((b"\x1f\x8b\x08",), (".gz", ".tgz")),
    "xz": Packing((b"\xfd7zXZ\0",), (".xz",)),
    "zstd": Packing(
        # A frame, or one to be skipped.
        (b"\x28\xb5\x2f\xfd", *(bytes([n]) + b"\x2a\x4d\x18" for n in range(0x50, 0x60))),
        (".zst", ".zstd"),
    ),
    "utf-16": Packing((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE), ()),
    "utf-8-bom": Packing((codecs.BOM_UTF8,), ()),
}
_LONGEST_MAGIC_BYTES = 10
_TEXT_BYTES = 64
"""So much behind a mark of its encoding is looked at to see whether it is text: numbers in other files begin so by chance."""


def packing(head: bytes) -> str | None:
    """How a file is compressed, by its first bytes; None where it is not."""
    found = next((name for name, known in PACKINGS.items() if head.startswith(known.magics)), None)
    return None if found in _MARKS and not _is_text(head, found) else found


_MARKS = {"utf-16": "utf-16", "utf-8-bom": "utf-8-sig"}
"""The encodings that a mark tells, by Python's name."""


def _is_text(head: bytes, packed: str) -> bool:
    """Whether what stands behind a mark is text, most of it ASCII, as logs are."""
    decoder = codecs.getincrementaldecoder(_MARKS[packed])()
    try:
        text = decoder.decode(head[:_TEXT_BYTES])
    except UnicodeDecodeError:
        return False
    return 2 * sum("\0" < c < "\x7f" for c in text) > len(text) and "\0" not in text


def inner_name(path: str, packed: str) -> str:
    """The path of a packed file without the suffix that its packing adds."""
    return next((path.removesuffix(s) for s in PACKINGS[packed].suffixes if path.endswith(s)), path)


class _Damaged(Exception):  # noqa: N818 - a value on its way, caught in this module
    """A decoder gave up; it carries what it still gave."""

    def __init__(self, given: bytes = b"") -> None:
        self.given = given


class _Decoder(Protocol):
    """What one member is decompressed with: the interface of `bz2` and `lzma`."""

    @property
    def eof(self) -> bool:
        """Whether the member has ended."""

    @property
    def unused_data(self) -> bytes:
        """What was given behind its end."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Some content; less than asked for where more input is needed."""


class _Gzip:
    """One gzip member. Up to its damage, everything is given: the state before each block is kept."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        fed, before = self._inner.unconsumed_tail + data, self._inner.copy()
        try:
            return self._inner.decompress(fed, max_length)
        except zlib.error as error:
            raise _Damaged(_until_damage(before, fed)) from error


def _until_damage(inner: "zlib._Decompress", fed: bytes) -> bytes:
    """What a decoder gives before a byte that it cannot take, fed byte by byte."""
    given = []
    try:
        for at in range(len(fed)):
            given.append(inner.decompress(fed[at : at + 1]))  # noqa: PERF401 - what came before a failure stays
    except zlib.error:
        pass
    return b"".join(given)


class _Unforgiving:
    """One member of xz or bzip2: their decoders lose what a failing call had given."""

    def __init__(self, inner: _Decoder) -> None:
        self._inner = inner

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        try:
            return self._inner.decompress(data, max_length)
        except (lzma.LZMAError, OSError, EOFError, ValueError) as error:
            raise _Damaged from error


_MEMBERS: dict[str, tuple[Callable[[], _Decoder], int]] = {
    "bzip2": (lambda: _Unforgiving(bz2.BZ2Decompressor()), STEP_BYTES),
    "gzip": (_Gzip, GZIP_STEP_BYTES),
    "xz": (
        lambda: _Unforgiving(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES)),
        STEP_BYTES,
    ),
}


class Unpacked:
    """The content of a packed file, read from its start to its end once.

    `digest` is of the sealed bytes read so far: of the whole file, once `left` is exhausted.
    """

    def __init__(self, read: BinaryIO, packed: str, size: int) -> None:
        """Begin.

        Args:
            read: the sealed file, at its start.
            packed: how it is compressed.
            size: its size, by which its content is bounded.
        """
        self.digest = hashlib.sha256()
        self._read, self._packed = read, packed
        self._bound = min(LARGEST_BYTES, max(FREE_BYTES, LARGEST_RATIO * size))
        self._block = b""
        """Sealed bytes that were read and not yet given out, or that the decoder is at work on."""
        self._pieces, self._held, self._at = self._content(), b"", 0

    def __enter__(self) -> Self:
        """Read until the block ends."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the sealed file."""
        self._read.close()

    def read(self, size: int) -> bytes:
        """The next bytes of what it decompresses to, at most `size`; none at its end."""
        while self._at == len(self._held):
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._held, self._at = piece, 0
        found = self._held[self._at : self._at + size]
        self._at += len(found)
        return found

    def left(self) -> Iterator[bytes]:
        """The sealed bytes from which nothing could be decompressed, once `read` has nothing more."""
        while self._block:
            yield self._block
            self._block = self._sealed()

    def _sealed(self, size: int = BLOCK_BYTES) -> bytes:
        block = self._read.read(size) or b""
        self.digest.update(block)
        return block

    def _content(self) -> Iterator[bytes]:
        """The content piece by piece, as far as the bound allows."""
        given = 0
        for piece in self._members():
            if given + len(piece) > self._bound:
                yield piece[: self._bound - given]
                return
            given += len(piece)
            yield piece

    def _members(self) -> Iterator[bytes]:
        """What each member gives. Where one fails, `_block` is left to hold the sealed bytes of the failure."""
        try:
            while self._more() and packing(self._block) == self._packed:
                if self._packed == "zstd":
                    yield from self._frame()
                elif self._packed in _MARKS:
                    yield from self._text()
                else:
                    yield from self._member(*_MEMBERS[self._packed])
        except _Damaged as damage:
            yield damage.given

    def _more(self) -> bytes:
        """See to it that a magic that is there is held whole."""
        while len(self._block) < _LONGEST_MAGIC_BYTES and (more := self._sealed()):
            self._block += more
        return self._block

    def _member(self, make: Callable[[], _Decoder], step: int) -> Iterator[bytes]:
        decoder = make()
        fed = self._block
        while True:
            piece = decoder.decompress(fed, step)
            yield piece
            if decoder.eof:
                self._block = decoder.unused_data
                return
            fed = b""
            if len(piece) < step:
                fed = self._sealed()
                if not fed:
                    raise _Damaged
                self._block = fed

    def _frame(self) -> Iterator[bytes]:
        frame = Frame(self._block, self._sealed)
        for piece in frame.content():
            self._block = frame.held
            yield piece
        self._block = frame.held
        if not frame.whole:
            raise _Damaged

    def _text(self) -> Iterator[bytes]:
        """The text of a file as UTF-8. Of UTF-8 with a mark every byte behind the mark is content, be it text or not."""
        if self._packed != "utf-16":
            self._block = self._block[len(codecs.BOM_UTF8) :]
            while self._block:
                yield self._block
                self._block = self._sealed()
            return
        decoder = codecs.getincrementaldecoder("utf-16")()
        while self._block:
            waiting = decoder.getstate()[0]
            try:
                piece = decoder.decode(self._block).encode("utf-8")
            except UnicodeDecodeError as error:
                held, sound = waiting + self._block, error.start
                given = (
                    decoder.decode(held[len(waiting) : sound]).encode("utf-8")
                    if sound > len(waiting)
                    else b""
                )
                self._block = held[sound if given else 0 :]
                raise _Damaged(given) from error
            yield piece
            self._block = self._sealed()
        self._block = decoder.getstate()[0]
        if self._block:
            raise _Damaged


def opened(path: Path, packed: str) -> Unpacked:
    """The content of a sealed file that is packed so.

    Raises:
        CustodyError: it cannot be read.
    """
    return Unpacked(seal.opened(path), packed, path.stat().st_size)


def stretch(path: Path, packed: str, start: int, stop: int) -> bytes:
    """A stretch of what a packed file decompresses to; shorter where it does not go so far.

    Raises:
        CustodyError: it cannot be read.
    """
    parts, at = [], 0
    with opened(path, packed) as read:
        while at < stop and (piece := read.read(min(1 << 20, stop - at))):
            parts.append(piece[max(0, start - at) :])
            at += len(piece)
    return b"".join(parts)
