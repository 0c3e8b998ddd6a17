"""OpenPGP keys as they stand: which key of a certificate may sign, from when to when, and whether it was revoked.

A certificate is a file that anybody can put together. So a statement counts only if its own signature holds: that a
subkey belongs to a key, and the subkey's word that it does; when a key ends; that it was revoked.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from forensics.analysis import signing
from forensics.analysis.publickeys import Sum
from forensics.core import openpgp
from forensics.core.openpgp import Certificate, PgpKey, PgpSignature

_CERTIFICATIONS = frozenset({0x10, 0x11, 0x12, 0x13})
_DIRECT, _BINDING, _BACK, _REVOKED, _SUBKEY_REVOKED = 0x1F, 0x18, 0x19, 0x20, 0x28
_SUPERSEDED = frozenset({1, 3, 32})
"""Reasons of a revocation that leave earlier signatures as they were; after any other, the key may have been another's."""
_MOST_STATEMENTS = 64
_Stated = tuple[PgpSignature, tuple[bytes, ...]]
"""A statement, and what it is about as its digest covers it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One key, and the statements about it whose signatures hold. `refused`: some rest on digests that are not accepted."""

    key: PgpKey
    primary: PgpKey
    stated: tuple[PgpSignature, ...]
    revoked: tuple[PgpSignature, ...]
    refused: bool
    above: "Standing | None" = field(default=None)

    def hindrance(self, at_s: int) -> str | None:
        """Why the key could not sign at a moment; None where it could."""
        if not self.stated:
            return "statements_not_accepted" if self.refused else "not_bound"
        latest = max(self.stated, key=lambda s: (s.created_s or 0, s.hashed))
        if at_s < self.key.created_s:
            return "not_yet_valid"
        if latest.key_expires_s and self.key.created_s + latest.key_expires_s <= at_s:
            return "expired"
        if any(r.reason not in _SUPERSEDED or (r.created_s or 0) <= at_s for r in self.revoked):
            return "revoked"
        if self.above is not None:
            # That the key above may not sign itself does not matter to those below it.
            why = self.above.hindrance(at_s)
            return (
                None
                if why == "not_for_signing" and latest.signs
                else why or (None if latest.signs else "not_for_signing")
            )
        return None if latest.signs else "not_for_signing"


def standings(certificate: Certificate) -> Iterable[Standing]:
    """The key of a certificate and its subkeys, each with what holds of it."""
    key = certificate.key
    said: list[_Stated] = [
        (s, (key.framed, _framed(name)))
        for name, found in certificate.names
        for s in found
        if s.type in _CERTIFICATIONS
    ]
    said += [(s, (key.framed,)) for s in certificate.said if s.type == _DIRECT]
    stated, refused = _held(key, key, said)
    revoked, _ = _held(key, key, [(s, (key.framed,)) for s in certificate.said if s.type == _REVOKED])
    own = Standing(key, key, stated, revoked, refused)
    yield own
    for sub, found in certificate.subkeys:
        both = (key.framed, sub.framed)
        bound, weak = _held(key, sub, [(s, both) for s in found if s.type == _BINDING])
        gone, _ = _held(key, sub, [(s, both) for s in found if s.type == _SUBKEY_REVOKED])
        bound = tuple(s for s in bound if not s.signs or _agreed(sub, s, both))
        yield Standing(sub, key, bound, gone, weak, own)


def _framed(name: bytes) -> bytes:
    return b"\xb4" + len(name).to_bytes(4) + name


def _held(by: PgpKey, about: PgpKey, said: list[_Stated]) -> tuple[tuple[PgpSignature, ...], bool]:
    """Those of some statements that a key made and whose signatures hold; and whether any could not be checked."""
    found, refused = list[PgpSignature](), False
    own = [one for one in said if one[0].issuer is not None and by.fingerprint.endswith(one[0].issuer)]
    for made, parts in sorted(own, key=lambda one: -(one[0].created_s or 0))[:_MOST_STATEMENTS]:
        held = signing.openpgp(by, made, made.digest(*parts))
        refused |= held is Sum.UNSUPPORTED
        if held is Sum.HOLDS and made.created_s is not None and made.created_s >= about.created_s:
            found.append(made)
    return tuple(found), refused


def _agreed(sub: PgpKey, binding: PgpSignature, both: tuple[bytes, ...]) -> bool:
    """Whether a subkey says itself that it belongs to the key: without that anybody could claim another's subkey."""
    back = openpgp.signature(binding.embedded) if binding.embedded is not None else None
    return (
        back is not None
        and back.type == _BACK
        and signing.openpgp(sub, back, back.digest(*both)) is Sum.HOLDS
    )
