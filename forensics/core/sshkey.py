"""Public keys as OpenSSH writes them: a type, the key in base64, and the fingerprint that it prints.

Source: RFC 4253, 6.6; OpenSSH sshkey.c, PROTOCOL.certkeys, PROTOCOL.u2f.
"""

import base64
import binascii
import hashlib
import re

# Fields after the type, by type; in a certificate a nonce stands before them and more after.
_PLAIN = {
    b"ssh-ed25519": 1, b"ssh-rsa": 2, b"ssh-dss": 4,
    b"ecdsa-sha2-nistp256": 2, b"ecdsa-sha2-nistp384": 2, b"ecdsa-sha2-nistp521": 2,
    b"sk-ssh-ed25519@openssh.com": 2, b"sk-ecdsa-sha2-nistp256@openssh.com": 3,
}  # fmt: skip
_CERTIFICATE = b"-cert-v01@openssh.com"
_PLAIN_OF = {kind: kind for kind in _PLAIN} | {
    kind.removesuffix(b"@openssh.com") + _CERTIFICATE: kind for kind in _PLAIN
}
_STEMS = {kind.partition(b"@")[0] for kind in _PLAIN}


def likely(head: bytes) -> bool:
    """Whether there is a type of key anywhere: to look takes a small part of the time that it takes to read lines as keys."""
    return b"ssh-" in head or b"ecdsa-" in head


def split(text: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Type, key and comment, where `text` begins with a type of key."""
    words = re.split(rb"[ \t]+", text, maxsplit=2)
    if len(words) < 2 or words[0].removesuffix(_CERTIFICATE).partition(b"@")[0] not in _STEMS:
        return None
    return words[0], words[1], words[2] if len(words) > 2 else b""


def fingerprint(key: bytes) -> str:
    """`SHA256:…`, as OpenSSH prints it, of the bytes that `plain` gives."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).rstrip(b"=").decode()


def plain(kind: bytes, written: bytes) -> bytes | None:
    """The bytes that a key's fingerprint is taken of; None where they are no key of that type."""
    try:
        blob = base64.b64decode(written, validate=True)
    except binascii.Error:
        return None
    return plain_of(kind, blob)


def plain_of(kind: bytes, blob: bytes) -> bytes | None:
    """The same of a key that is decoded. Of a certificate, the key that it certifies."""
    key_type = _PLAIN_OF.get(kind)
    if key_type is None:
        return None
    count = _PLAIN[key_type]
    found, stop = fields(blob, count + 1 if kind == key_type else count + 2)
    if not all(found) or not found or found[0] != kind:
        return None
    if kind == key_type:
        return blob if stop == len(blob) else None
    return b"".join(len(f).to_bytes(4, "big") + f for f in (key_type, *found[2:]))


def fields(blob: bytes, count: int) -> tuple[list[bytes], int]:
    """The first `count` length-prefixed fields of a key and where they stop; none where they do not fit."""
    found: list[bytes] = []
    at = 0
    for _ in range(count):
        size = int.from_bytes(blob[at : at + 4], "big")
        if at + 4 + size > len(blob):
            return [], at
        found.append(blob[at + 4 : at + 4 + size])
        at += 4 + size
    return found, at
