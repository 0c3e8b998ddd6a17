"""What the signature of a commit or tag says of itself: which key made it. It is not checked here.

A key named in a signature is a claim until the signature is checked; see docs/decisions/0005-commit-signatures.md.
"""

import base64
import binascii
import re
from typing import NamedTuple

from forensics.core import sshkey

_ARMOUR = re.compile(
    r"-----BEGIN (?P<what>PGP SIGNATURE|SSH SIGNATURE|SIGNED MESSAGE|PKCS7)-----\r?\n(?P<body>.*?)-----END ",
    re.DOTALL,
)
_KINDS = {"PGP SIGNATURE": "openpgp", "SSH SIGNATURE": "ssh", "SIGNED MESSAGE": "x509", "PKCS7": "x509"}
_ISSUER_FINGERPRINT, _ISSUER_KEY = 33, 16
_SIGNATURE_PACKET = 2


class Signature(NamedTuple):
    """Its `kind` (ssh, openpgp, x509), and the `key` that it names: `SHA256:…`, an OpenPGP fingerprint or key id, or None."""

    kind: str
    key: str | None


def signature(armour: str) -> Signature | None:
    """What an armoured signature says of itself; None where it is none that git knows."""
    found = _ARMOUR.match(armour)
    if found is None:
        return None
    kind = _KINDS[found["what"]]
    lines = found["body"].replace("\r", "").split("\n")
    # OpenPGP armour has headers before an empty line, and a checksum that begins with `=`.
    start = lines.index("") + 1 if kind == "openpgp" and "" in lines[:-1] else 0
    text = "".join(line.strip() for line in lines[start:] if not line.startswith("="))
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return Signature(kind, None)
    return Signature(kind, {"ssh": _ssh, "openpgp": _openpgp}.get(kind, _unread)(raw))


def _unread(_: bytes) -> str | None:
    return None


def _ssh(raw: bytes) -> str | None:
    """The fingerprint of the public key that an SSH signature holds: magic, version, key, and more."""
    if raw[:6] != b"SSHSIG" or len(raw) < 14:
        return None
    size = int.from_bytes(raw[10:14])
    key = raw[14 : 14 + size]
    return sshkey.fingerprint(key) if 0 < len(key) == size else None


def _openpgp(raw: bytes) -> str | None:
    """Who issued an OpenPGP signature of version 4 or later, by its subpackets."""
    body = _packet(raw)
    if body is None or len(body) < 6 or body[0] < 4:
        return None
    at, found = 4, dict[int, bytes]()
    for _ in range(2):  # the hashed ones, then those that anybody could have added: the first win
        stop = at + 2 + int.from_bytes(body[at : at + 2])
        for kind, value in _subpackets(body[at + 2 : stop]):
            found.setdefault(kind, value)
        at = stop
    if _ISSUER_FINGERPRINT in found:
        return found[_ISSUER_FINGERPRINT][1:].hex().upper() or None
    return found[_ISSUER_KEY].hex().upper() if _ISSUER_KEY in found else None


def _packet(raw: bytes) -> bytes | None:
    """The body of the first packet, where it is a signature."""
    if not raw or not raw[0] & 0x80:
        return None
    if raw[0] & 0x40:
        tag, at = raw[0] & 0x3F, 1
        size, at = _size(raw, at)
    else:
        tag, width = (raw[0] >> 2) & 15, (1, 2, 4, 0)[raw[0] & 3]
        size, at = int.from_bytes(raw[1 : 1 + width]) if width else len(raw), 1 + width
    return raw[at : at + size] if tag == _SIGNATURE_PACKET else None


def _size(raw: bytes, at: int) -> tuple[int, int]:
    """A length of one, two or five bytes, and where it stops."""
    first = raw[at] if at < len(raw) else 0
    if first < 192:
        return first, at + 1
    if first < 255:
        return ((first - 192) << 8) + (raw[at + 1] if at + 1 < len(raw) else 0) + 192, at + 2
    return int.from_bytes(raw[at + 1 : at + 5]), at + 5


def _subpackets(area: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at < len(area):
        size, at = _size(area, at)
        if not size or at + size > len(area):
            break
        found.append((area[at] & 0x7F, area[at + 1 : at + size]))
        at += size
    return found
