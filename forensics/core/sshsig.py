"""SSH signatures, as `ssh-keygen -Y sign` and git make them: what they hold, and the bytes that they cover.

Source: OpenSSH PROTOCOL.sshsig; PROTOCOL.u2f for keys of a security device; RFC 8332 for RSA.
"""

import hashlib
from typing import NamedTuple

from forensics.core import sshkey

HASHES = frozenset({"sha256", "sha512"})
_MAGIC = b"SSHSIG"
_LONGEST_NAME = 64


class SshSignature(NamedTuple):
    """What a signature holds.

    `key` is the public key as its fingerprint is taken of it, `fields` its fields after the type; `touched` says
    whether a security device saw its user, and is None for other keys; `tail` is what such a device adds.
    """

    key: bytes
    kind: str
    fields: tuple[bytes, ...]
    namespace: bytes
    reserved: bytes
    hash: str
    algorithm: str
    signature: bytes
    tail: bytes

    @property
    def fingerprint(self) -> str:
        """`SHA256:…`, as OpenSSH prints it."""
        return sshkey.fingerprint(self.key)

    @property
    def touched(self) -> bool | None:
        """Whether a security device says that its user was there; None of a key that is in no device."""
        return bool(self.tail[0] & 1) if self.tail else None

    def covered(self, digest: bytes) -> bytes:
        """The bytes that the key signed, for a message of that digest."""
        parts = (self.namespace, self.reserved, self.hash.encode(), digest)
        whole = _MAGIC + b"".join(len(part).to_bytes(4) + part for part in parts)
        if not self.tail:
            return whole
        return hashlib.sha256(self.fields[-1]).digest() + self.tail + hashlib.sha256(whole).digest()


def read(raw: bytes) -> SshSignature | None:
    """The signature in `raw`, all of it; None where it is none of version 1, or holds no key of a known type."""
    if raw[:6] != _MAGIC or raw[6:10] != (1).to_bytes(4):
        return None
    parts, stop = sshkey.fields(raw[10:], 5)
    if len(parts) != 5 or stop != len(raw) - 10:
        return None
    key, namespace, reserved, name, signed = parts
    named, _ = sshkey.fields(key, 1)
    plain = sshkey.plain_of(named[0], key) if named else None
    made, at = sshkey.fields(signed, 2)
    if plain is None or len(made) != 2 or max(len(name), len(made[0])) > _LONGEST_NAME:
        return None
    kind = sshkey.fields(plain, 1)[0][0].decode()
    tail = signed[at:]
    if len(tail) != (5 if kind.startswith("sk-") else 0):
        return None
    return SshSignature(
        plain, kind, _fields(plain), namespace, reserved, _text(name), _text(made[0]), made[1], tail
    )


def _fields(plain: bytes) -> tuple[bytes, ...]:
    found, at = list[bytes](), 0
    while at < len(plain):
        (one,), size = sshkey.fields(plain[at:], 1)
        found.append(one)
        at += size
    return tuple(found[1:])


def _text(name: bytes) -> str:
    return name.decode("ascii", "backslashreplace")
