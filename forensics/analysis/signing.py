"""Whether signatures hold, kind by kind: SSH, OpenPGP and X.509. Who has the key is another question, asked elsewhere.

Each function takes what `core` read from hostile bytes, and gives what the arithmetic gives; it raises nothing.
"""

import hashlib
import hmac

from forensics.analysis import publickeys
from forensics.analysis.publickeys import Sum
from forensics.core import sshkey, sshsig
from forensics.core.cms import Certificate, Message
from forensics.core.openpgp import PgpKey, PgpSignature
from forensics.core.sshsig import SshSignature

_SSH_RSA = {"rsa-sha2-256": "sha256", "rsa-sha2-512": "sha512"}
_SSH_DIGEST = {"nistp256": "sha256", "nistp384": "sha384", "nistp521": "sha512"}
_RSA, _ECDSA, _EDDSA, _ED25519 = frozenset({1, 3}), 19, 22, 27
_OIDS = {
    bytes.fromhex("2a8648ce3d030107"): "nistp256",
    bytes.fromhex("2b81040022"): "nistp384",
    bytes.fromhex("2b81040023"): "nistp521",
}
_OID_ED25519 = bytes.fromhex("2b06010401da470f01")


def ssh(made: SshSignature, digest: bytes) -> Sum:
    """Whether an SSH signature holds for a message of that digest."""
    if made.hash not in sshsig.HASHES:
        return Sum.UNSUPPORTED
    kind = made.kind.removeprefix("sk-").removesuffix("@openssh.com")
    if kind == "ssh-rsa":
        return _ssh_rsa(made, made.covered(digest))
    if made.algorithm != made.kind:
        return Sum.MALFORMED
    if kind == "ssh-ed25519":
        return publickeys.ed25519(made.fields[0], made.signature, made.covered(digest))
    curve = kind.removeprefix("ecdsa-sha2-")
    return _ssh_ecdsa(made, made.covered(digest), curve) if curve in _SSH_DIGEST else Sum.UNSUPPORTED


def _ssh_rsa(made: SshSignature, covered: bytes) -> Sum:
    name = _SSH_RSA.get(made.algorithm)
    if name is None:
        return Sum.UNSUPPORTED
    e, n = (int.from_bytes(number) for number in made.fields)
    return publickeys.rsa(n, e, made.signature, hashlib.new(name, covered).digest(), name)


def _ssh_ecdsa(made: SshSignature, covered: bytes, curve: str) -> Sum:
    numbers, stop = sshkey.fields(made.signature, 2)
    if len(numbers) != 2 or stop != len(made.signature) or made.fields[0] != curve.encode():
        return Sum.MALFORMED
    name = _SSH_DIGEST[curve]
    r, s = (int.from_bytes(number) for number in numbers)
    return publickeys.ecdsa(curve, made.fields[1], (r, s), hashlib.new(name, covered).digest(), name)


def openpgp(key: PgpKey, made: PgpSignature, digest: bytes | None) -> Sum:
    """Whether an OpenPGP signature by a key holds for a digest, which is None where its algorithm is not accepted."""
    if digest is None or made.hash not in publickeys.DIGESTS or not made.understood:
        return Sum.UNSUPPORTED
    if len(made.quick) != 2 or not made.numbers:
        return Sum.MALFORMED
    return _by_kind(key, made, digest, made.hash) if digest[:2] == made.quick else Sum.FAILS


def _by_kind(key: PgpKey, made: PgpSignature, digest: bytes, name: str) -> Sum:
    if {key.algorithm, made.algorithm} <= _RSA:
        numbers = _numbers(key.material, 2)
        if numbers is None or len(made.numbers) != 1:
            return Sum.MALFORMED
        n, e = (int.from_bytes(number) for number in numbers)
        return publickeys.rsa(n, e, made.numbers[0], digest, name)
    if key.algorithm != made.algorithm:
        return Sum.MALFORMED
    if key.algorithm == _ED25519:
        return publickeys.ed25519(key.material, made.numbers[0], digest)
    return _elliptic(key, made, digest, name) if key.algorithm in {_ECDSA, _EDDSA} else Sum.UNSUPPORTED


def _elliptic(key: PgpKey, made: PgpSignature, digest: bytes, name: str) -> Sum:
    size = key.material[0] if key.material else 0
    oid, points = key.material[1 : 1 + size], _numbers(key.material[1 + size :], 1)
    if points is None or len(made.numbers) != 2:
        return Sum.MALFORMED
    if key.algorithm == _EDDSA:
        if oid != _OID_ED25519 or points[0][:1] != b"\x40":
            return Sum.UNSUPPORTED
        if max(map(len, made.numbers)) > 32:
            return Sum.MALFORMED
        whole = b"".join(number.rjust(32, b"\0") for number in made.numbers)
        return publickeys.ed25519(points[0][1:], whole, digest)
    if oid not in _OIDS:
        return Sum.UNSUPPORTED
    r, s = (int.from_bytes(number) for number in made.numbers)
    return publickeys.ecdsa(_OIDS[oid], points[0], (r, s), digest, name)


def _numbers(material: bytes, count: int) -> tuple[bytes, ...] | None:
    """The numbers that a key consists of, all of it; None where they are not as many."""
    found, at = list[bytes](), 0
    for _ in range(count):
        size = (int.from_bytes(material[at : at + 2]) + 7) // 8
        if at + 2 > len(material) or at + 2 + size > len(material):
            return None
        found.append(material[at + 2 : at + 2 + size])
        at += 2 + size
    return tuple(found) if at == len(material) else None


def x509(made: Message, own: Certificate, digest: bytes) -> Sum:
    """Whether a CMS signature by the key of a certificate holds for a content of that digest."""
    signer = made.signer
    kind, _, named = (signer.algorithm or "").partition(" ")
    name = named or signer.digest
    if signer.digest is None or name not in publickeys.DIGESTS or kind == "rsa-pss" or not kind:
        return Sum.UNSUPPORTED
    if signer.covered is None:
        return publickeys.held(own.key, signer.signature, digest, signer.digest, None, kind=kind)
    if signer.content is None or not hmac.compare_digest(signer.content, digest):
        return Sum.FAILS
    covered = hashlib.new(name, signer.covered).digest()
    return publickeys.held(own.key, signer.signature, covered, name, signer.covered, kind=kind)


def issued(child: Certificate, authority: Certificate) -> Sum:
    """Whether a certificate was signed by another, which may issue certificates and carries the issuer's name."""
    kind, _, name = (child.algorithm or "").partition(" ")
    if not authority.authority or authority.subject != child.issuer:
        return Sum.FAILS
    if name not in publickeys.DIGESTS and kind != "ed25519":
        return Sum.UNSUPPORTED
    name = name or "sha512"
    covered = hashlib.new(name, child.signed).digest()
    return publickeys.held(authority.key, child.signature, covered, name, child.signed, kind=kind)
