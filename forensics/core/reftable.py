"""The inside of a reftable: blocks one after the other, and in them records whose names begin as the one before.

Every length in such a file was written by somebody. So each is held against the bytes that are there, names against the
longest that git makes, and what names and logs come to in all against a sum: a record of five bytes can repeat
a name of thousands.
"""

import zlib
from dataclasses import dataclass, field
from typing import NamedTuple

from forensics.core.model import Why

MAGIC = b"REFT"
LONGEST_NAME_BYTES = 4096
LONGEST_MESSAGE_BYTES = 1 << 16
MOST_BYTES = 256 << 20
"""So many bytes of names, and of inflated logs, are read of a file."""

_HEADS = {1: 24, 2: 28}
_FOOTS = {1: 68, 2: 72}
_WIDTHS = {b"sha1": 20, b"s256": 32}
_BLOCK_HEAD = 4
_DELETED, _ONE, _PEELED, _SYMBOLIC = range(4)
_VARINT_BYTES = 10
_KEY_TAIL = 9


class Ref(NamedTuple):
    """What one record says of a ref; all values are null where it was deleted."""

    start: int
    stop: int
    ref: bytes
    update: int
    oid: str | None
    peeled: str | None
    target: bytes | None


class Move(NamedTuple):
    """One entry of a ref's log; all but the first two are null where an entry was removed."""

    ref: bytes
    update: int
    old: str | None
    new: str | None
    who: bytes | None
    epoch_s: int | None
    zone: int | None
    message: bytes | None


class Log(NamedTuple):
    """A block of log entries, and whether all of it could be read."""

    start: int
    stop: int
    moves: list[Move]
    whole: bool


class Damage(Exception):  # noqa: N818 - a value in flight, caught where blocks are read
    """What is wrong with the record that is being read."""

    def __init__(self, why: Why) -> None:
        """Carry the reason."""
        super().__init__(why.value)
        self.why = why


@dataclass(slots=True)
class Table:
    """What a file holds: its spans tile it."""

    refs: list[Ref] = field(default_factory=list)
    logs: list[Log] = field(default_factory=list)
    rejected: list[tuple[int, int, Why]] = field(default_factory=list)
    ignored: list[tuple[int, int]] = field(default_factory=list)


class _Head(NamedTuple):
    size: int
    width: int
    first_update: int


class _Reader:
    """Bytes from a place on, up to a stop."""

    def __init__(self, data: bytes, at: int, stop: int) -> None:
        self.data, self.at, self.stop = data, at, stop

    def bytes(self, count: int) -> bytes:
        """The next so many."""
        if count > self.stop - self.at:
            raise Damage(Why.TRUNCATED)
        self.at += count
        return self.data[self.at - count : self.at]

    def varint(self) -> int:
        """A number as packs write distances: seven bits a byte, each further one counting one more."""
        value = -1
        for _ in range(_VARINT_BYTES):
            byte = self.bytes(1)[0]
            value = (value + 1) << 7 | byte & 0x7F
            if not byte & 0x80:
                return value
        raise Damage(Why.VALUE)


def read(data: bytes) -> Table:
    """Everything in a file, block after block; what cannot be read with the reason, up to the next block or the end."""
    found = Table()
    head = _head(data)
    if head is None:
        torn = len(data) < max(_HEADS.values())
        found.rejected.append((0, len(data), Why.TRUNCATED if torn else Why.SHAPE))
        return found
    end = _end(data, head)
    found.ignored.append((0, head.size))
    _Blocks(data, head, end, found).read()
    if end < len(data):
        found.ignored.append((end, len(data)))
    return found


def _head(data: bytes) -> _Head | None:
    size = _HEADS.get(data[4]) if data[:4] == MAGIC and len(data) > len(MAGIC) else None
    if size is None or len(data) < size:
        return None
    width = _WIDTHS.get(data[24:28]) if size == _HEADS[2] else _WIDTHS[b"sha1"]
    return None if width is None else _Head(size, width, int.from_bytes(data[8:16]))


def _end(data: bytes, head: _Head) -> int:
    """Where the footer begins, if there is one whose sum is right; else where the file ends."""
    size = _FOOTS[data[4]]
    foot = data[-size:]
    sound = len(data) >= head.size + size and foot[: head.size] == data[: head.size]
    return len(data) - size if sound and zlib.crc32(foot[:-4]) == int.from_bytes(foot[-4:]) else len(data)


class _Blocks:
    """The blocks of a file, in order."""

    def __init__(self, data: bytes, head: _Head, end: int, found: Table) -> None:
        self.data, self.head, self.end, self.found = data, head, end, found
        self.left = MOST_BYTES

    def read(self) -> None:
        """Read each; the first block counts its length from the file's first byte."""
        at, first = self.head.size, True
        while at < self.end:
            kind = self.data[at : at + 1]
            size = int.from_bytes(self.data[at + 1 : at + _BLOCK_HEAD])
            stop = (0 if first else at) + size
            if kind == b"\0":
                stop = self._padding(at)
            elif kind == b"g":
                stop = self._log(at, size)
            elif kind not in {b"r", b"i", b"o"} or size < _BLOCK_HEAD or stop <= at + _BLOCK_HEAD:
                stop = self._rejected(at, self.end, Why.SHAPE)
            elif stop > self.end:
                stop = self._rejected(at, self.end, Why.TRUNCATED)
            elif kind == b"r":
                self._refs(at, stop)
            else:
                self.found.ignored.append((at, stop))
            at, first = stop, False

    def _padding(self, at: int) -> int:
        """Nothing, up to the next block."""
        step = 1 << 16
        stop = at
        while stop < self.end:
            some = self.data[stop : min(stop + step, self.end)]
            rest = some.lstrip(b"\0")
            stop += len(some) - len(rest)
            if rest:
                break
        self.found.ignored.append((at, stop))
        return stop

    def _rejected(self, at: int, stop: int, why: Why) -> int:
        self.found.rejected.append((at, stop, why))
        return stop

    def _refs(self, at: int, stop: int) -> None:
        restarts = 3 * int.from_bytes(self.data[stop - 2 : stop]) + 2
        ends = stop - restarts
        if ends < at + _BLOCK_HEAD:
            self._rejected(at, stop, Why.SHAPE)
            return
        self.found.ignored.append((at, at + _BLOCK_HEAD))
        reader, name, begun = _Reader(self.data, at + _BLOCK_HEAD, ends), b"", at + _BLOCK_HEAD
        try:
            while reader.at < ends:
                begun = reader.at
                name, kind = self._named(reader, name)
                self.found.refs.append(self._ref(reader, begun, name, kind))
        except Damage as damage:
            self._rejected(begun, ends, damage.why)
        self.found.ignored.append((ends, stop))

    def _named(self, reader: _Reader, before: bytes) -> tuple[bytes, int]:
        prefix, coded = reader.varint(), reader.varint()
        size = coded >> 3
        if prefix > len(before):
            raise Damage(Why.VALUE)
        if prefix + size > LONGEST_NAME_BYTES:
            raise Damage(Why.TOO_LONG)
        self.left -= prefix + size
        if self.left < 0:
            raise Damage(Why.TOO_LONG)
        return before[:prefix] + reader.bytes(size), coded & 7

    def _ref(self, reader: _Reader, begun: int, name: bytes, kind: int) -> Ref:
        update = self.head.first_update + reader.varint()
        if kind > _SYMBOLIC or not name or update >= 1 << 63:
            raise Damage(Why.VALUE)
        oid = reader.bytes(self.head.width).hex() if kind in {_ONE, _PEELED} else None
        peeled = reader.bytes(self.head.width).hex() if kind == _PEELED else None
        target = reader.bytes(reader.varint()) if kind == _SYMBOLIC else None
        if target is not None and len(target) > LONGEST_NAME_BYTES:
            raise Damage(Why.TOO_LONG)
        return Ref(begun, reader.at, name, update, oid, peeled, target)

    def _log(self, at: int, size: int) -> int:
        """A block of logs; what it inflates to is as long as it says, or it is damaged."""
        body = size - _BLOCK_HEAD
        # No deflated block is longer than what it holds by more than this.
        packed = self.data[at + _BLOCK_HEAD : min(self.end, at + _BLOCK_HEAD + size + (size >> 8) + 64)]
        self.left -= max(body, 0)
        if body <= 0 or self.left < 0:
            return self._rejected(at, self.end, Why.SHAPE if body <= 0 else Why.COMPRESSION)
        inflater = zlib.decompressobj()
        try:
            held = inflater.decompress(packed, body)
            more = b"" if inflater.eof else inflater.decompress(inflater.unconsumed_tail, 1)
        except zlib.error:
            return self._rejected(at, self.end, Why.COMPRESSION)
        if not inflater.eof or more or len(held) != body:
            torn = not inflater.eof and not more and at + _BLOCK_HEAD + len(packed) == self.end
            return self._rejected(at, self.end, Why.TRUNCATED if torn else Why.COMPRESSION)
        stop = at + _BLOCK_HEAD + len(packed) - len(inflater.unused_data)
        moves, why = self._moves(held)
        if moves:
            self.found.logs.append(Log(at, stop, moves, why is None))
            return stop
        return self._rejected(at, stop, why or Why.SHAPE)

    def _moves(self, held: bytes) -> tuple[list[Move], Why | None]:
        ends = len(held) - 3 * int.from_bytes(held[-2:]) - 2
        if ends < 0:
            return [], Why.SHAPE
        found: list[Move] = []
        reader, key = _Reader(held, 0, ends), b""
        try:
            while reader.at < ends:
                key, kind = self._named(reader, key)
                found.append(self._move(reader, key, kind))
        except Damage as damage:
            return found, damage.why
        return found, None

    def _move(self, reader: _Reader, key: bytes, kind: int) -> Move:
        ref, update = key[:-_KEY_TAIL], (1 << 64) - 1 - int.from_bytes(key[-8:])
        if kind > 1 or not ref or key[-_KEY_TAIL] or update >= 1 << 63:
            raise Damage(Why.VALUE)
        if not kind:
            return Move(ref, update, None, None, None, None, None, None)
        old, new = (reader.bytes(self.head.width).hex() for _ in range(2))
        name, email = (reader.bytes(reader.varint()) for _ in range(2))
        seconds, zone = reader.varint(), int.from_bytes(reader.bytes(2), signed=True)
        message = reader.bytes(reader.varint())
        if seconds >= 1 << 63:
            raise Damage(Why.TIME)
        if len(name) + len(email) > LONGEST_NAME_BYTES:
            raise Damage(Why.TOO_LONG)
        who = name + b" <" + email + b">"
        return Move(ref, update, old, new, who, seconds, zone, message[:LONGEST_MESSAGE_BYTES].rstrip(b"\n"))
