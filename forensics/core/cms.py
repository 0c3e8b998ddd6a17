"""Detached CMS signatures (gitsign, smimesign, gpgsm), and X.509 certificates, as far as a check needs them.

Source: RFC 5652, 5 "Signed-data Content Type"; RFC 5280, 4.1; RFC 8419 (Ed25519 in CMS).
"""

from collections.abc import Iterable
from typing import NamedTuple

from forensics.core import der
from forensics.core.der import Node

DIGESTS = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
ALGORITHMS = {
    "1.2.840.113549.1.1.1": "rsa",
    "1.2.840.113549.1.1.11": "rsa sha256",
    "1.2.840.113549.1.1.12": "rsa sha384",
    "1.2.840.113549.1.1.13": "rsa sha512",
    "1.2.840.113549.1.1.10": "rsa-pss",
    "1.2.840.10045.2.1": "ecdsa",
    "1.2.840.10045.4.3.2": "ecdsa sha256",
    "1.2.840.10045.4.3.3": "ecdsa sha384",
    "1.2.840.10045.4.3.4": "ecdsa sha512",
    "1.3.101.112": "ed25519",
}
"""Kinds of key and signature, with the digest where the name says which."""
_SIGNED_DATA, _DATA = "1.2.840.113549.1.7.2", "1.2.840.113549.1.7.1"
_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_TIME = (f"1.2.840.113549.1.9.{n}" for n in (3, 4, 5))
_KEY_IDENTIFIER, _CONSTRAINTS, _USAGE = "2.5.29.14", "2.5.29.19", "2.5.29.15"
_MOST_CERTIFICATES = 16
_NAMES = {
    "2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.10": "O", "2.5.4.11": "OU",
    "1.2.840.113549.1.9.1": "emailAddress",
}  # fmt: skip
_LONGEST_NAME = 500
_TIMES = {0x17: 13, 0x18: 15}


class Certificate(NamedTuple):
    """A certificate. Times are as written (`YYYYMMDDHHMMSSZ`); `authority` is whether it may issue others."""

    raw: bytes
    signed: bytes
    algorithm: str | None
    signature: bytes
    serial: bytes
    issuer: bytes
    subject: bytes
    not_before: str
    not_after: str
    key: bytes
    key_identifier: bytes | None
    authority: bool
    signs: bool


class Signer(NamedTuple):
    """The one signer of a message: who it says it is, what it signed, and how.

    `covered` is the attributes that are signed, and `content` the digest of the content that they give; both are
    None where the content is signed itself.
    """

    issuer: bytes | None
    serial: bytes | None
    key_identifier: bytes | None
    digest: str | None
    covered: bytes | None
    content: bytes | None
    algorithm: str | None
    signature: bytes
    said: str | None


class Message(NamedTuple):
    """A detached signature: the signer, and the certificates that it brings."""

    signer: Signer
    certificates: list[Certificate]

    def own(self, known: Iterable[Certificate] = ()) -> Certificate | None:
        """The certificate of its signer: the one that it brings, or one of those known; gpgsm leaves out one that signed itself."""
        s = self.signer
        for each in (*self.certificates, *known):
            if s.serial is not None and (each.issuer, each.serial) == (s.issuer, s.serial):
                return each
            if s.key_identifier is not None and each.key_identifier == s.key_identifier:
                return each
        return None


def read(raw: bytes) -> Message | None:
    """The message in `raw`, all of it; None where it is none, is not detached, or has another number of signers than one."""
    outer = der.node(raw)
    parts = der.children(outer, der.SEQUENCE) or []
    if outer is None or len(outer.raw) != len(raw) or len(parts) != 2 or der.dotted(parts[0]) != _SIGNED_DATA:
        return None
    inner = der.children(parts[1], 0xA0) or []
    fields = der.children(inner[0], der.SEQUENCE) if len(inner) == 1 else None
    if fields is None or len(fields) < 4:
        return None
    content = der.children(fields[2], der.SEQUENCE) or []
    signers = der.children(fields[-1], der.SET) or []
    if len(content) != 1 or der.dotted(content[0]) != _DATA or len(signers) != 1:
        return None
    signer = _signer(signers[0])
    given = next((f for f in fields[3:-1] if f.tag == 0xA0), None)
    found = der.children(given) if given else []
    if signer is None or found is None or len(found) > _MOST_CERTIFICATES:
        return None
    return Message(signer, [c for c in (certificate(f.raw) for f in found) if c is not None])


def _signer(found: Node) -> Signer | None:
    parts = der.children(found, der.SEQUENCE) or []
    if len(parts) < 5:
        return None
    who, digest, rest = parts[1], _algorithm(parts[2], DIGESTS), parts[3:]
    named = der.children(who, der.SEQUENCE) or []
    if len(named) not in {0, 2}:
        return None
    issuer, serial = (part.raw for part in named) if named else (None, None)
    signed = rest.pop(0) if rest[0].tag == 0xA0 else None
    if len(rest) < 2 or rest[1].tag != der.OCTETS:
        return None
    said = _attributes(signed) if signed else {}
    if said is None:
        return None
    content = said.get(_MESSAGE_DIGEST)
    kind = said.get(_CONTENT_TYPE)
    if signed is not None and (content is None or kind is None or der.dotted(kind) != _DATA):
        return None
    return Signer(
        issuer, serial, who.body if who.tag == 0x80 else None, digest,
        None if signed is None else b"\x31" + signed.raw[1:], None if content is None else der.octets(content),
        _algorithm(rest[0], ALGORITHMS), rest[1].body, _time(said.get(_SIGNING_TIME)),
    )  # fmt: skip


def _algorithm(found: Node, known: dict[str, str]) -> str | None:
    parts = der.children(found, der.SEQUENCE)
    return known.get(der.dotted(parts[0]) or "") if parts else None


def _attributes(signed: Node) -> dict[str, Node] | None:
    """The one value of each signed attribute, by name; None where one stands there twice or with several values."""
    found: dict[str, Node] = {}
    for each in der.children(signed) or []:
        parts = der.children(each, der.SEQUENCE) or []
        name = der.dotted(parts[0]) if len(parts) == 2 else None
        values = der.children(parts[1], der.SET) if name else None
        if name is None or name in found or not values or len(values) != 1:
            return None
        found[name] = values[0]
    return found


def certificate(raw: bytes) -> Certificate | None:
    """A certificate of version 3 (or 1), all of `raw`; None where it is none."""
    outer = der.node(raw)
    parts = der.children(outer, der.SEQUENCE) or []
    if outer is None or len(outer.raw) != len(raw) or len(parts) != 3 or parts[2].tag != der.BITS:
        return None
    fields = der.children(parts[0], der.SEQUENCE) or []
    fields = fields[1:] if fields and fields[0].tag == 0xA0 else fields
    if (
        len(fields) < 6
        or fields[0].tag != der.INTEGER
        or {fields[2].tag, fields[4].tag, fields[5].tag} != {der.SEQUENCE}
    ):
        return None
    times = [_time(each) for each in der.children(fields[3], der.SEQUENCE) or []]
    if len(times) != 2 or times[0] is None or times[1] is None or parts[2].body[:1] != b"\0":
        return None
    more = _extensions(next((f for f in fields[6:] if f.tag == 0xA3), None))
    held = der.node(more.get(_KEY_IDENTIFIER, b""))
    return Certificate(
        raw, parts[0].raw, _algorithm(parts[1], ALGORITHMS), parts[2].body[1:], fields[0].raw, fields[2].raw, fields[4].raw,
        times[0], times[1], fields[5].raw, held.body if held else None, _issues(more), _may_sign(more),
    )  # fmt: skip


def _extensions(found: Node | None) -> dict[str, bytes]:
    """The content of each extension by name, the first of each."""
    listed = der.children(found) or []
    told: dict[str, bytes] = {}
    for each in der.children(listed[0], der.SEQUENCE) or [] if len(listed) == 1 else []:
        parts = der.children(each, der.SEQUENCE) or []
        name = der.dotted(parts[0]) if len(parts) > 1 else None
        if name and parts[-1].tag == der.OCTETS:
            told.setdefault(name, parts[-1].body)
    return told


def _issues(more: dict[str, bytes]) -> bool:
    """Whether a certificate may issue others, by its constraints and what it says that its key is for."""
    basic = der.children(der.node(more.get(_CONSTRAINTS, b"")), der.SEQUENCE) or []
    return bool(basic) and basic[0].tag == 0x01 and basic[0].body == b"\xff" and _uses(more, 0x04)


def _may_sign(more: dict[str, bytes]) -> bool:
    return _uses(more, 0x80) or _uses(more, 0x40)


def _uses(more: dict[str, bytes], bit: int) -> bool:
    """Whether a key may be used so; one that says nothing may."""
    told = der.node(more.get(_USAGE, b""))
    return _USAGE not in more or (
        told is not None and told.tag == der.BITS and len(told.body) > 1 and bool(told.body[1] & bit)
    )


def _time(found: Node | None) -> str | None:
    """A time as `YYYYMMDDHHMMSSZ`; None where it is none in the form that RFC 5280 asks for."""
    if found is None or len(found.body) != _TIMES.get(found.tag):
        return None
    text = found.body.decode("ascii", "replace")
    if not (text[:-1].isascii() and text[:-1].isdigit() and text[-1] == "Z"):
        return None
    return text if found.tag == 0x18 else ("19" if text[:2] >= "50" else "20") + text


def shown(name: bytes) -> str:
    """A distinguished name as one line; its values are typed by whoever asked for the certificate."""
    parts = []
    for each in der.children(der.node(name), der.SEQUENCE) or []:
        for pair in der.children(each, der.SET) or []:
            values = der.children(pair, der.SEQUENCE) or []
            kind = der.dotted(values[0]) if len(values) == 2 else None
            if kind:
                text = values[1].body.decode("utf-8", "backslashreplace")
                parts.append(f"{_NAMES.get(kind, kind)}={text}")
    return ", ".join(parts)[:_LONGEST_NAME]
