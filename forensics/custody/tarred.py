"""The members of a tar archive, read from its start to its end once: ustar, GNU and pax, as one stream.

Source  POSIX.1-2024, pax, "ustar Interchange Format" and "pax Header Block"; GNU tar manual, "Basic Tar Format"

Python's `tarfile` is not used: it holds a pax header, which can be of any size, whole in memory, and gives up on
what it finds wrong. What is found wrong here ends the reading; what came before stays. Nothing is named, made or
followed by what a member says.
"""

from collections.abc import Callable, Generator, Iterator
from enum import StrEnum
from typing import NamedTuple

BLOCK_BYTES = 1 << 20
LONGEST_HEADER_BYTES = 1 << 20
"""A longer name, or more of further attributes, is not read."""
_RECORD = 512
_LARGEST = 1 << 62


class Kind(StrEnum):
    """What a member of an archive is."""

    FILE = "file"
    FOLDER = "folder"
    SYMLINK = "symlink"
    HARDLINK = "hardlink"
    """Another name of a member before it. Its content is that one's, and is not looked for."""
    SPECIAL = "special"
    SPARSE = "sparse"
    """A file stored without its holes, which could be of any size. It is not put together."""
    UNREAD = "unread"
    """Encrypted, compressed in a way that is not read, or of a kind that is not known."""


class Member(NamedTuple):
    """One member. `blocks` has to be read to its end before the next is asked for.

    `start`: where its bytes begin in the (decompressed) archive; None where they are compressed by themselves.
    """

    name: bytes
    kind: Kind
    link: bytes | None
    start: int | None
    blocks: Iterator[bytes]


_KINDS = {
    b"0": Kind.FILE, b"\0": Kind.FILE, b"7": Kind.FILE, b"1": Kind.HARDLINK, b"2": Kind.SYMLINK, b"3": Kind.SPECIAL,
    b"4": Kind.SPECIAL, b"5": Kind.FOLDER, b"6": Kind.SPECIAL, b"D": Kind.FOLDER, b"S": Kind.SPARSE,
}  # fmt: skip
_WITHOUT_BYTES = frozenset({b"1", b"2", b"3", b"4", b"5", b"6"})


class _Header(NamedTuple):
    name: bytes
    size: int
    type: bytes
    link: bytes
    extended: bool


def is_tar(head: bytes) -> bool:
    """Whether a file, or its content, begins with a member of a tar archive."""
    return len(head) >= _RECORD and _header(head[:_RECORD]) is not None


class Tar:
    """A tar archive. `whole` is False, once its members were read, where something was wrong or is missing."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        """Begin.

        Args:
            read: gives the next bytes of the archive, at most as many as asked for; none at its end.
        """
        self.whole = True
        self._read, self._at, self._torn = read, 0, False

    def members(self) -> Iterator[Member]:
        """Its members in order."""
        everywhere: dict[bytes, bytes] = {}
        more: dict[bytes, bytes] = {}
        while True:
            raw = self._exactly(_RECORD)
            if raw is None:
                return
            if not raw.strip(b"\0"):
                self._rest()
                return
            header = _header(raw)
            if header is None:
                self.whole = False
                return
            if header.type in {b"x", b"X", b"g", b"L", b"K"}:
                told = self._attributes(header)
                if told is None:
                    return
                (everywhere if header.type == b"g" else more).update(told)
                continue
            if not (yield from self._member(header, {**everywhere, **more})):
                return
            more = {}

    def _member(self, header: _Header, more: dict[bytes, bytes]) -> Generator[Member, None, bool]:
        """One member, and whether another can follow."""
        sparse = header.type == b"S" or any(key.startswith(b"GNU.sparse") for key in more)
        name = more.get(b"GNU.sparse.name", more.get(b"path", header.name))
        kind = Kind.SPARSE if sparse else _KINDS.get(header.type, Kind.UNREAD)
        if kind is Kind.FILE and name.endswith(b"/") and header.type == b"\0":
            kind = Kind.FOLDER  # before there were types
        size = _decimal(more[b"size"]) if b"size" in more else header.size
        if header.extended and not self._maps():
            return False
        size = 0 if header.type in _WITHOUT_BYTES else size
        if size is None or size > _LARGEST:
            self.whole = False
            return False
        link = more.get(b"linkpath", header.link) if kind in {Kind.SYMLINK, Kind.HARDLINK} else None
        blocks = self._blocks(size)
        yield Member(name, kind, link, self._at, blocks)
        for _ in blocks:
            pass
        return self._padding(size)

    def _blocks(self, size: int) -> Iterator[bytes]:
        while size:
            block = self._read(min(BLOCK_BYTES, size))
            if not block:
                self.whole, self._torn = False, True
                return
            self._at += len(block)
            size -= len(block)
            yield block

    def _padding(self, size: int) -> bool:
        return not self._torn and (size % _RECORD == 0 or self._exactly(-size % _RECORD) is not None)

    def _attributes(self, header: _Header) -> dict[bytes, bytes] | None:
        """What a header says of the member behind it; None where nothing can be read behind it."""
        parts, held = [], 0
        for block in self._blocks(header.size):
            held += len(block)
            parts += [block] if held <= LONGEST_HEADER_BYTES else []
        if not self._padding(header.size):
            return None
        if held > LONGEST_HEADER_BYTES:
            self.whole = False
            return {}
        raw = b"".join(parts)
        if header.type in {b"L", b"K"}:
            return {b"path" if header.type == b"L" else b"linkpath": raw.split(b"\0")[0]}
        found = _records(raw)
        self.whole = self.whole and found is not None
        return found

    def _maps(self) -> bool:
        """Pass over the further maps of a sparse file in GNU's old form."""
        while raw := self._exactly(_RECORD):
            if raw[504:505] in {b"\0", b""}:
                return True
        return False

    def _rest(self) -> None:
        """Behind the end only zeros may follow: a tar reader would not show what else is there."""
        while block := self._read(BLOCK_BYTES):
            if block.strip(b"\0"):
                self.whole = False

    def _exactly(self, size: int) -> bytes | None:
        """The next bytes; None where there are not so many, which is the archive's end only behind a zero block."""
        parts = []
        while size and (part := self._read(size)):
            parts.append(part)
            size -= len(part)
            self._at += len(part)
        if size:
            self.whole = False
            return None
        return b"".join(parts)


def _header(raw: bytes) -> _Header | None:
    """A header block, or None where its checksum or a number is wrong."""
    size, told = _number(raw[124:136]), _number(raw[148:156])
    blank = raw[:148] + b" " * 8 + raw[156:]
    signed = sum(blank) - 256 * sum(byte > 127 for byte in blank)
    if size is None or told not in {sum(blank), signed} or not raw[:1].strip(b"\0"):
        return None
    name, link = (field.split(b"\0")[0] for field in (raw[:100], raw[157:257]))
    if raw[257:263] == b"ustar\0" and (prefix := raw[345:500].split(b"\0")[0]):
        name = prefix + b"/" + name
    return _Header(name, size, raw[156:157], link, raw[156:157] == b"S" and raw[482:483] not in {b"\0", b""})


def _number(field: bytes) -> int | None:
    """A number in octal digits, or, as GNU writes large ones, in bytes; None where it is neither, or negative."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if any(byte not in b"01234567" for byte in digits):
        return None
    return int(digits, 8) if digits else 0


def _decimal(field: bytes) -> int | None:
    return int(field) if field.isdigit() and len(field) <= 19 else None


def _records(raw: bytes) -> dict[bytes, bytes] | None:
    """`<length> <key>=<value>` and a newline, as often as it comes; None where it is anything else."""
    found, at = {}, 0
    while at < len(raw) and raw[at] != 0:
        digits = raw[at : at + 20].split(b" ")[0]
        length = _decimal(digits)
        line = raw[at : at + length] if length else b""
        key, equals, value = line[len(digits) + 1 : -1].partition(b"=")
        if not length or len(line) < length or not equals or line[-1:] != b"\n":
            return None
        found[key] = value
        at += length
    return found
