r"""X.509 certificates as PEM files hold them, of people, of programs and of authorities.

    -----BEGIN CERTIFICATE-----

Shape   blocks from `-----BEGIN CERTIFICATE-----` to `-----END CERTIFICATE-----`; text between them is for people
Source  RFC 7468, 5; RFC 5280, 4.1
Time    from when to when it counts, in UTC, as its issuer wrote
Who     the subject is what its issuer was told. Whether the issuer signed it is checked where a signature needs it
Open    a certificate without PEM (DER) is not read; nor are lists of revoked ones
"""

import base64
import re
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import armour, cms, gitsignature, rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Line, Said
from forensics.core.schema import Column, Table

TABLE = Table(
    "x509_certificate",
    "a certificate",
    (
        Column("fingerprint", pa.string(), "`x509:` and the SHA-256 of the certificate"),
        Column("subject", pa.string(), "whom it was issued to: typed by whoever asked for it"),
        Column("issuer", pa.string(), "who says that they issued it"),
        Column("not_before", pa.string(), "counts from, UTC, as `YYYYMMDDHHMMSSZ`"),
        Column("not_after", pa.string(), "counts until, UTC, as `YYYYMMDDHHMMSSZ`"),
        Column("authority", pa.bool_(), "whether it says that it may issue others"),
        Column("material", pa.string(), "the certificate in base64"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "whole"
DOMAIN = "{host}:user"

_BEGIN = re.compile(rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[ \t]*")
_END = re.compile(rb"-----END (?:X509 |TRUSTED )?CERTIFICATE-----[ \t]*")
_MOST_LINES = 2000


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the first line; less where other text goes before, as `openssl x509 -text` prints it, or beside a secret key."""
    if b"PRIVATE KEY-----" in head:
        return 50 if _BEGIN.match(head) else 0
    if _BEGIN.match(head):
        return 93
    if b"CERTIFICATE-----" not in head:
        return 0
    return 55 if re.search(rb"^" + _BEGIN.pattern + rb"\r?$", head[:16_384], re.MULTILINE) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the whole file. What is no block is for people, and is not read."""
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
                yield group, _certificate(group)
                group = []
        elif line.raw.startswith(b"-----"):
            yield [line], Why.SHAPE
        else:
            yield [line], None
    if group:
        yield group, Why.TRUNCATED


def _certificate(group: list[Line]) -> dict[str, object] | Why:
    if len(group) > _MOST_LINES or rowwise.too_long(group):
        return Why.TOO_LONG
    block = armour.read(b"-----BEGIN CERTIFICATE-----\n" + b"\n".join(line.raw for line in group[1:-1]) + b"\n-----END CERTIFICATE-----")  # fmt: skip
    found = cms.certificate(block.raw) if block is not None and block.raw is not None else None
    if found is None:
        return Why.VALUE
    return {
        "fingerprint": gitsignature.fingerprint(found.raw),
        "subject": cms.shown(found.subject),
        "issuer": cms.shown(found.issuer),
        "not_before": found.not_before,
        "not_after": found.not_after,
        "authority": found.authority,
        "material": base64.b64encode(found.raw).decode(),
    }
