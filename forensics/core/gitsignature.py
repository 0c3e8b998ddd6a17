"""What the signature of a commit, a tag or a push certificate says of itself: which key made it, and what it covers.

Nothing is checked here, and no key is needed: a signature says itself which digest of which bytes it covers. With that
digest beside it a record can be checked when the keys are known; see docs/decisions/0008-signatures-are-verified.md.
"""

import hashlib
from typing import NamedTuple

from forensics.core import armour as armours
from forensics.core import cms, openpgp, sshsig
from forensics.core.cms import Message
from forensics.core.openpgp import PgpSignature
from forensics.core.sshsig import SshSignature

MARKS = (
    b"-----BEGIN PGP SIGNATURE-----",
    b"-----BEGIN PGP MESSAGE-----",
    b"-----BEGIN SSH SIGNATURE-----",
    b"-----BEGIN SIGNED MESSAGE-----",
)
"""The lines by which git knows that a signature begins."""
_KINDS = {
    "PGP SIGNATURE": "openpgp", "PGP MESSAGE": "openpgp", "SSH SIGNATURE": "ssh", "SIGNED MESSAGE": "x509", "PKCS7": "x509",
}  # fmt: skip


class Signature(NamedTuple):
    """Its `kind` (ssh, openpgp, x509), and the `key` that it names: `SHA256:…`, an OpenPGP fingerprint or key id, or None."""

    kind: str
    key: str | None


class Held(NamedTuple):
    """A signature and what it holds; `made` is None where that is not what its kind should hold."""

    kind: str
    made: SshSignature | PgpSignature | Message | None


def start(content: bytes) -> int:
    """Where the signature at the end of a content begins: at the last line that git takes for one; its length for none."""
    found = [len(content)]
    for mark in MARKS:
        at = len(content)
        while (at := content.rfind(mark, 0, at)) > 0 and content[at - 1 : at] != b"\n":
            pass
        if at >= 0:
            found.append(at)
    own = [at for at in found if at < len(content)]
    return max(own, default=len(content))


def held(armour: str) -> Held | None:
    """What an armoured signature holds; None where it is none that git knows."""
    block = armours.read(armour.encode("utf-8", "surrogatepass"))
    if block is None or block.what not in _KINDS:
        return None
    kind = _KINDS[block.what]
    return Held(kind, None if block.raw is None else _READ[kind](block.raw))


def _openpgp(raw: bytes) -> PgpSignature | None:
    """A signature that is the only packet: of two, a program would have to choose."""
    found = openpgp.packets(raw)
    if found is None or len(found) != 1 or found[0][0].tag != openpgp.SIGNATURE:
        return None
    return openpgp.signature(found[0][0].body)


_READ = {"ssh": sshsig.read, "openpgp": _openpgp, "x509": cms.read}


def signature(armour: str) -> Signature | None:
    """What an armoured signature says of itself; None where it is none that git knows."""
    found = held(armour)
    return None if found is None else Signature(found.kind, key_of(found))


def key_of(found: Held) -> str | None:
    """The key that a signature names; of X.509, the SHA-256 of the signer's certificate, which it brings."""
    made = found.made
    if isinstance(made, SshSignature):
        return made.fingerprint
    if isinstance(made, PgpSignature):
        return made.issuer
    own = made.own() if made is not None else None
    return None if own is None else fingerprint(own.raw)


def fingerprint(certificate: bytes) -> str:
    """The SHA-256 of a certificate, in hexadecimal, with the word that says so."""
    return "x509:" + hashlib.sha256(certificate).hexdigest()


def digest(armour: str, signed: bytes) -> str | None:
    """The digest that a signature covers, as `sha512:…`; None where it says no digest that is accepted, or is malformed.

    Of an OpenPGP signature the digest is of what is signed and of the signature's own statements, together.

    Args:
        armour: the signature.
        signed: what it stands for: the content without it.
    """
    found = held(armour)
    made = None if found is None else found.made
    if isinstance(made, PgpSignature):
        value = made.digest(signed)
        return None if value is None else f"{made.hash}:{value.hex()}"
    name = (
        made.hash
        if isinstance(made, SshSignature)
        else made.signer.digest
        if isinstance(made, Message)
        else None
    )
    if name is None or name not in {"sha256", "sha384", "sha512"}:
        return None
    return f"{name}:{hashlib.new(name, signed).hexdigest()}"
