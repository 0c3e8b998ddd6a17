"""The members of a zip archive, by its central directory: stored and deflated, zip64, encrypted ones told as such.

Source  PKWARE APPNOTE 6.3.10, sections 4.3 and 4.4

Python's `zipfile` is not used: it holds the directory, which can be of any size, whole in memory.
A member whose own header says another name than the directory, whose size or checksum is another, or that lies
elsewhere than said makes the archive not whole; it is told as far as it can be read. Two members may say that they
lie over one another, as those of a bomb do: the caller's bound on all their bytes holds.
"""

import stat
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from forensics.custody.tarred import BLOCK_BYTES, Kind, Member

_END = b"PK\x05\x06"
_END_BYTES = 22
_LONGEST_END_BYTES = _END_BYTES + 0xFFFF
_LONGEST_LINK_BYTES = 4096
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 0x2041
_UNIX = 3
_MORE = 0xFFFFFFFF


class _Entry(NamedTuple):
    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    mode: int
    start: int


def is_zip(head: bytes) -> bool:
    """Whether a file begins as a zip archive does, an empty one too."""
    return head.startswith((b"PK\x03\x04", _END))


class Zip:
    """A zip archive. `whole` is False, once its members were read, where something was wrong or is missing."""

    def __init__(self, read: BinaryIO, size: int) -> None:
        """Begin.

        Args:
            read: the sealed file, which can be read from any place.
            size: its size.
        """
        self.whole = True
        self._file, self._size = read, size

    def members(self) -> Iterator[Member]:
        """Its members, in the order of the directory."""
        for entry in self._entries():
            kind, link = self._kind(entry)
            readable = kind is Kind.FILE
            blocks = self._blocks(entry) if readable else iter(())
            yield Member(entry.name, kind, link, None, blocks)
            for _ in blocks:
                pass

    def _kind(self, entry: _Entry) -> tuple[Kind, bytes | None]:
        if entry.name.endswith(b"/"):
            return Kind.FOLDER, None
        if entry.flags & _ENCRYPTED or entry.method not in {_STORED, _DEFLATED}:
            return Kind.UNREAD, None
        if stat.S_ISLNK(entry.mode):
            link = b""
            for block in self._blocks(entry):
                link = (link + block)[:_LONGEST_LINK_BYTES]
                if len(link) == _LONGEST_LINK_BYTES:
                    break
            return Kind.SYMLINK, link
        special = stat.S_IFMT(entry.mode) not in {0, stat.S_IFREG}
        return (Kind.SPECIAL if special else Kind.FILE), None

    def _entries(self) -> Iterator[_Entry]:
        found = self._directory()
        if found is None:
            self.whole = False
            return
        at, stop, shift = found
        while at + 46 <= stop:
            raw = self._bytes(at, 46)
            if raw[:4] != b"PK\x01\x02":
                break
            lengths = struct.unpack_from("<HHH", raw, 28)
            tail = self._bytes(at + 46, sum(lengths))
            entry = _entry(raw, tail, lengths, shift)
            if entry is None or len(tail) < sum(lengths):
                break
            at += 46 + sum(lengths)
            yield entry
        self.whole = self.whole and at == stop

    def _directory(self) -> tuple[int, int, int] | None:
        """Where the directory begins and ends, and how far everything lies behind where it says it does."""
        tail_at = max(0, self._size - _LONGEST_END_BYTES)
        tail = self._bytes(tail_at, self._size - tail_at)
        found = tail.rfind(_END)
        if found < 0 or len(tail) - found < _END_BYTES:
            return None
        size, start = struct.unpack_from("<LL", tail, found + 12)
        end = tail_at + found
        if _MORE in {size, start} or tail[found + 10 : found + 12] == b"\xff\xff":
            locator = self._bytes(end - 20, 20) if end >= 20 else b""
            if locator[:4] == b"PK\x06\x07":
                (end,) = struct.unpack_from("<Q", locator, 8)
                record = self._bytes(end, 56)
                if record[:4] != b"PK\x06\x06" or len(record) < 56:
                    return None
                size, start = struct.unpack_from("<QQ", record, 40)
        shift = end - size - start
        return (start + shift, end, shift) if shift >= 0 else None

    def _blocks(self, entry: _Entry) -> Iterator[bytes]:
        """The bytes of a member, no more than the directory says it has."""
        raw = self._bytes(entry.start, 30)
        if raw[:4] != b"PK\x03\x04" or len(raw) < 30:
            self.whole = False
            return
        name, extra = struct.unpack_from("<HH", raw, 26)
        self.whole = self.whole and self._bytes(entry.start + 30, name) == entry.name
        crc, left = 0, entry.size
        for block in self._unpacked(entry.start + 30 + name + extra, entry):
            piece = block[:left]
            crc, left = zlib.crc32(piece, crc), left - len(piece)
            yield piece
            if len(piece) < len(block):
                self.whole = False
                return
        self.whole = self.whole and left == 0 and crc == entry.crc

    def _unpacked(self, at: int, entry: _Entry) -> Iterator[bytes]:
        left, decoder = entry.packed, zlib.decompressobj(-15)
        while left and (raw := self._bytes(at, min(BLOCK_BYTES, left))):
            at, left = at + len(raw), left - len(raw)
            if entry.method == _STORED:
                yield raw
                continue
            while raw and not decoder.eof:
                try:
                    block = decoder.decompress(raw, BLOCK_BYTES)
                except zlib.error:
                    self.whole = False
                    return
                raw = decoder.unconsumed_tail
                if block:
                    yield block

    def _bytes(self, at: int, size: int) -> bytes:
        """Some bytes of the archive; fewer where it ends."""
        if not 0 <= at < self._size:
            return b""
        self._file.seek(at)
        parts = []
        while size and (part := self._file.read(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


def _entry(raw: bytes, tail: bytes, lengths: tuple[int, ...], shift: int) -> _Entry | None:
    """An entry of the directory; None where what zip64 adds to it is not there."""
    made_by, flags, method = struct.unpack_from("<5xBxxHH", raw)
    crc, packed, size = struct.unpack_from("<LLL", raw, 16)
    attributes, start = struct.unpack_from("<LL", raw, 38)
    wide = _zip64(tail[lengths[0] : lengths[0] + lengths[1]])
    values = []
    for value in (size, packed, start):
        if value != _MORE:
            values.append(value)
        elif wide:
            values.append(wide.pop(0))
        else:
            return None
    size, packed, start = values
    mode = attributes >> 16 if made_by == _UNIX else 0
    return _Entry(tail[: lengths[0]], flags, method, crc, packed, size, mode, start + shift)


def _zip64(extra: bytes) -> list[int]:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            held = extra[at + 4 : at + 4 + length]
            return [value for (value,) in struct.iter_unpack("<Q", held[: len(held) // 8 * 8])]
        at += 4 + length
    return []
