"""OpenPGP as far as a detached signature and a public key need it: packets, signatures and keys of version 4.

Nothing is decrypted, uncompressed or trusted here. Versions 3, 5 and 6 are told as such and not read.

Source: RFC 4880; RFC 9580, 4.2, 5.2, 5.5; RFC 6637 (ECDSA); draft-koch-eddsa-for-openpgp (EdDSA, algorithm 22).
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

SIGNATURE, PUBLIC_KEY, USER_ID, PUBLIC_SUBKEY, USER_ATTRIBUTE, MARKER, TRUST, PADDING = (
    2,
    6,
    13,
    14,
    17,
    10,
    12,
    21,
)
HASHES = {8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224"}
"""Digests that a signature may rest on. MD5, SHA-1 and RIPEMD-160 can be made to collide, or are too near it."""
BINARY, TEXT = 0, 1
_MOST_PACKETS = 5_000
_CREATED, _EXPIRES, _KEY_EXPIRES, _ISSUER, _FLAGS, _REASON, _EMBEDDED, _FINGERPRINT = (
    2,
    3,
    9,
    16,
    27,
    29,
    32,
    33,
)
_KNOWN = frozenset({2, 3, 4, 5, 7, 9, 11, 16, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35})
_SIGNS = 2


class Packet(NamedTuple):
    """One packet: its tag, and its content."""

    tag: int
    body: bytes


class PgpSignature(NamedTuple):
    """A signature of version 4. Times are in s; `hashed` is its own part of what it signs, with the end that belongs to it."""

    type: int
    algorithm: int
    hash: str | None
    hashed: bytes
    quick: bytes
    numbers: tuple[bytes, ...]
    created_s: int | None
    expires_s: int | None
    key_expires_s: int | None
    issuer: str | None
    flags: int | None
    reason: int | None
    embedded: bytes | None
    understood: bool

    def digest(self, *parts: bytes) -> bytes | None:
        """The digest that it covers when it signs those parts; None for an algorithm that is not accepted.

        A signature of text covers its lines ended as in mail, whatever ends them here.
        """
        if self.hash is None:
            return None
        made = hashlib.new(self.hash)
        for part in parts:
            made.update(_as_mail(part) if self.type == TEXT else part)
        made.update(self.hashed)
        return made.digest()

    @property
    def signs(self) -> bool:
        """Of a statement about a key: whether it lets the key sign. One that says nothing lets it."""
        return self.flags is None or bool(self.flags & _SIGNS)


class PgpKey(NamedTuple):
    """A public key of version 4."""

    body: bytes
    created_s: int
    algorithm: int
    material: bytes

    @property
    def framed(self) -> bytes:
        """The key as a fingerprint or a statement about it covers it."""
        return b"\x99" + len(self.body).to_bytes(2) + self.body

    @property
    def fingerprint(self) -> str:
        """Forty hexadecimal digits, in capitals, as programs print them."""
        return hashlib.sha1(self.framed, usedforsecurity=False).hexdigest().upper()


class Subkey(NamedTuple):
    """A subkey, and the statements about it."""

    key: PgpKey
    said: list[PgpSignature]


class Certificate(NamedTuple):
    """A public key as it is handed out: statements about it, its user ids with theirs, its subkeys with theirs."""

    key: PgpKey
    said: list[PgpSignature]
    names: list[tuple[bytes, list[PgpSignature]]]
    subkeys: list[Subkey]
    raw: bytes


def packets(raw: bytes) -> list[tuple[Packet, int, int]] | None:
    """Every packet with where it begins and stops; None where the bytes are not packets to their end."""
    found, at = list[tuple[Packet, int, int]](), 0
    while at < len(raw):
        start = at
        head = _head(raw, at)
        if head is None or len(found) >= _MOST_PACKETS:
            return None
        tag, at, size = head
        if at + size > len(raw):
            return None
        found.append((Packet(tag, raw[at : at + size]), start, at + size))
        at += size
    return found


def _head(raw: bytes, at: int) -> tuple[int, int, int] | None:
    """Tag of the packet at `at`, where its content begins, and its size; None where lengths are partial or left out."""
    first = raw[at]
    if not first & 0x80:
        return None
    if first & 0x40:
        sized = _length(raw, at + 1)
        return None if sized is None else (first & 0x3F, sized[1], sized[0])
    width = (1, 2, 4, 0)[first & 3]
    if not width or at + 1 + width > len(raw):
        return None
    return (first >> 2) & 15, at + 1 + width, int.from_bytes(raw[at + 1 : at + 1 + width])


def _length(raw: bytes, at: int) -> tuple[int, int] | None:
    """A length of one, two or five bytes, and where it stops."""
    if at >= len(raw):
        return None
    first = raw[at]
    if first < 192:
        return first, at + 1
    if first < 224 and at + 1 < len(raw):
        return ((first - 192) << 8) + raw[at + 1] + 192, at + 2
    if first == 255 and at + 5 <= len(raw):
        return int.from_bytes(raw[at + 1 : at + 5]), at + 5
    return None


def signature(body: bytes) -> PgpSignature | None:
    """A signature of version 4 from its packet's content; None where it is none. One that stops before its numbers has none."""
    if len(body) < 10 or body[0] != 4:
        return None
    stop = 6 + int.from_bytes(body[4:6])
    hashed = _subpackets(body[6:stop]) if stop + 2 <= len(body) else None
    end = stop + 2 + int.from_bytes(body[stop : stop + 2])
    loose = _subpackets(body[stop + 2 : end]) if end <= len(body) else None
    numbers = _numbers(body[end + 2 :], body[2])
    if hashed is None or loose is None or numbers is None:
        return None
    own = body[:stop]
    said: dict[int, bytes] = {}
    for kind, value, _ in hashed:
        said.setdefault(kind, value)
    for kind, value, _ in loose:  # anybody can have added these: they only help to find the key
        if kind in {_ISSUER, _FINGERPRINT, _EMBEDDED}:
            said.setdefault(kind, value)
    return PgpSignature(
        body[1], body[2], HASHES.get(body[3]), own + b"\x04\xff" + len(own).to_bytes(4), body[end : end + 2], numbers,
        _seconds(said.get(_CREATED)), _seconds(said.get(_EXPIRES)), _seconds(said.get(_KEY_EXPIRES)), _issuer(said),
        said[_FLAGS][0] if said.get(_FLAGS) else None, said[_REASON][0] if said.get(_REASON) else None, said.get(_EMBEDDED),
        all(kind in _KNOWN or not critical for kind, _, critical in hashed),
    )  # fmt: skip


def _subpackets(area: bytes) -> list[tuple[int, bytes, bool]] | None:
    """Kind, value and whether it must be understood, of each; None where they do not fill their area."""
    found, at = list[tuple[int, bytes, bool]](), 0
    while at < len(area):
        first = area[at]
        if first < 192:
            size, at = first, at + 1
        elif first < 255 and at + 1 < len(area):
            size, at = ((first - 192) << 8) + area[at + 1] + 192, at + 2
        else:
            size, at = int.from_bytes(area[at + 1 : at + 5]), at + 5
        if not size or at + size > len(area):
            return None
        found.append((area[at] & 0x7F, area[at + 1 : at + size], bool(area[at] & 0x80)))
        at += size
    return found


def _numbers(raw: bytes, algorithm: int) -> tuple[bytes, ...] | None:
    """The numbers that a signature consists of; of algorithm 27 (Ed25519) they are 64 bytes as they are."""
    if algorithm == 27:
        return (raw,) if len(raw) == 64 else None
    found, at = list[bytes](), 0
    while at < len(raw):
        size = (int.from_bytes(raw[at : at + 2]) + 7) // 8
        if at + 2 + size > len(raw):
            return None
        found.append(raw[at + 2 : at + 2 + size])
        at += 2 + size
    return tuple(found)


def _seconds(value: bytes | None) -> int | None:
    return int.from_bytes(value) if value is not None and len(value) == 4 else None


def _issuer(said: dict[int, bytes]) -> str | None:
    """Fingerprint of the key that made it, or the last sixteen digits of that."""
    if _FINGERPRINT in said:
        return said[_FINGERPRINT][1:].hex().upper() or None
    return said[_ISSUER].hex().upper() or None if _ISSUER in said else None


def _as_mail(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def key(body: bytes) -> PgpKey | None:
    """A public key of version 4 from its packet's content; None where it is none."""
    if len(body) < 7 or body[0] != 4 or len(body) > 0xFFFF:
        return None
    return PgpKey(body, int.from_bytes(body[1:5]), body[5], body[6:])


def certificates(raw: bytes) -> Iterator[tuple[Certificate | None, int, int]]:
    """The public keys of an exported keyring, each with where it begins and stops; None for what is none of version 4."""
    found = packets(raw)
    if found is None:
        yield None, 0, len(raw)
        return
    group: list[tuple[Packet, int, int]] = []
    for one in found:
        if one[0].tag == PUBLIC_KEY and group:
            yield _certificate(raw, group), group[0][1], group[-1][2]
            group = []
        group.append(one)
    if group:
        yield _certificate(raw, group), group[0][1], group[-1][2]


def _certificate(raw: bytes, group: list[tuple[Packet, int, int]]) -> Certificate | None:
    own = key(group[0][0].body) if group[0][0].tag == PUBLIC_KEY else None
    if own is None:
        return None
    found = Certificate(own, [], [], [], raw[group[0][1] : group[-1][2]])
    said: list[PgpSignature] | None = found.said
    for packet, _, _ in group[1:]:
        if packet.tag == USER_ID:
            said = []
            found.names.append((packet.body, said))
        elif packet.tag == PUBLIC_SUBKEY:
            sub = key(packet.body)
            said = None if sub is None else []
            if sub is not None and said is not None:
                found.subkeys.append(Subkey(sub, said))
        elif packet.tag == USER_ATTRIBUTE:
            said = None
        elif packet.tag == SIGNATURE and said is not None:
            made = signature(packet.body)
            if made is not None:
                said.append(made)
        elif packet.tag not in {SIGNATURE, TRUST, MARKER, PADDING}:
            return None
    return found
