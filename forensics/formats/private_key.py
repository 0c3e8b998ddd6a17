"""Private keys, of which only what stands in clear before the secret is read: the kind, and the public half.

    -----BEGIN OPENSSH PRIVATE KEY-----

Shape   a block from `-----BEGIN … PRIVATE KEY-----` to its `-----END …`. OpenSSH's own form begins with the names of
        its cipher and of its key derivation, and the public key; nothing after that is decoded
Source  OpenSSH PROTOCOL.key, sshkey.c; RFC 7468; RFC 1421 (`Proc-Type: 4,ENCRYPTED`)
Time    none
Who     whoever holds the file can act with the key; whose key it is, it does not say
Open    in other forms the public half is not in clear, or only beside the secret: no fingerprint. That a passphrase
        protects a key says how it is stored, not that nobody else has it
"""

import base64
import binascii
import re
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import rowwise, sshkey
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Line, Said
from forensics.core.schema import Column, Table

TABLE = Table(
    "private_key",
    "a private key, of which no table holds anything secret",
    (
        Column("form", pa.string(), "`OPENSSH`, `RSA`, `EC`, `DSA`, `ENCRYPTED`, or empty for PKCS #8"),
        Column("cipher", pa.string(), "cipher of its passphrase; `none`: it has none", None, "not in clear"),
        Column("type", pa.string(), "type of the key", None, "not in clear"),
        Column("fingerprint", pa.string(), "`SHA256:…` of its public half, as OpenSSH prints it", None, "not in clear"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "whole"
DOMAIN = "{host}:user"

_BEGIN = re.compile(rb"-----BEGIN (?P<form>(?:[A-Z0-9]{2,16} )?)PRIVATE KEY-----[ \t]*")
_END = re.compile(rb"-----END (?:[A-Z0-9]{2,16} )?PRIVATE KEY-----[ \t]*")
_MAGIC = b"openssh-key-v1\0"
_HEAD = re.compile(rb"DEK-Info: (?P<cipher>[A-Za-z0-9-]{1,40})")
_CIPHER = re.compile(rb"[a-z0-9@.-]{1,64}")
_BOUNDS = (64, 64, 256)  # names of cipher and derivation, and its options, in bytes
_CLEAR_BYTES = 4096  # a public half is at most some 2,100 bytes (RSA of 16,384 bits)
_MOST_LINES = 4000


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the first line; fairly where such a block follows other text, as beside a certificate."""
    if _BEGIN.match(head):
        return 95
    if b"PRIVATE KEY-----" not in head:
        return 0
    return 60 if re.search(rb"^" + _BEGIN.pattern + rb"\r?$", head[:8192], re.MULTILINE) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the whole file."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from rowwise.portions(_told_of(data, base), TABLE)


def _told_of(data: bytes, base: int) -> Iterator[Said]:
    """Each block, and what lies between them."""
    group: list[Line] = []
    for line in rowwise.each(data, base):
        if _BEGIN.fullmatch(line.raw):
            if group:
                yield group, Why.TRUNCATED
            group = [line]
        elif group:
            rowwise.grow(group, line)
            if _END.fullmatch(line.raw):
                yield group, _key(group)
                group = []
        else:
            yield [line], Why.SHAPE if line.raw.strip() else None
    if group:
        yield group, Why.TRUNCATED


def _key(group: list[Line]) -> dict[str, object] | Why:
    if len(group) > _MOST_LINES or rowwise.too_long(group):
        return Why.TOO_LONG
    begin = _BEGIN.fullmatch(group[0].raw)
    form = rowwise.shown(begin["form"].strip()) if begin else ""
    if form == "OPENSSH":
        return _openssh(group)
    found = next((m for line in group[1:4] if (m := _HEAD.match(line.raw))), None)
    return {"form": form, "cipher": rowwise.shown(found["cipher"]) if found else None}


def _openssh(group: list[Line]) -> dict[str, object] | Why:
    """What stands in clear: names of cipher and derivation, and the public key. The secret follows, undecoded."""
    written = b"".join(line.raw.strip() for line in group[1:-1])
    at = len(_MAGIC)
    parts: list[bytes] = []
    for bound in (*_BOUNDS, _CLEAR_BYTES):
        if len(parts) == len(_BOUNDS):
            if _decoded(written, at, 4) != b"\0\0\0\1":
                return Why.VALUE
            at += 4
        size = int.from_bytes(_decoded(written, at, 4), "big")
        part = _decoded(written, at + 4, size) if size <= bound else b""
        if len(part) != size:
            return Why.VALUE
        parts.append(part)
        at += 4 + size
    kind, _ = sshkey.fields(parts[-1], 1)
    plain = sshkey.plain_of(kind[0], parts[-1]) if kind else None
    if plain is None or _decoded(written, 0, len(_MAGIC)) != _MAGIC or not _CIPHER.fullmatch(parts[0]):
        return Why.VALUE
    return {
        "form": "OPENSSH",
        "cipher": rowwise.shown(parts[0]),
        "type": rowwise.shown(kind[0]),
        "fingerprint": sshkey.fingerprint(plain),
    }


def _decoded(written: bytes, at: int, count: int) -> bytes:
    """`count` bytes from `at` of what stands there in base64; fewer where it is none."""
    first, last = at // 3 * 4, -(-(at + count) // 3) * 4
    try:
        found = base64.b64decode(written[first:last], validate=True)
    except binascii.Error:
        return b""
    return found[at % 3 : at % 3 + count]
