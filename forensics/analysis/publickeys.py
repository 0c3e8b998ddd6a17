"""The arithmetic of signatures, by the library `cryptography`, which is loaded when the first signature is met.

Keys and signatures come out of evidence: sizes are bounded before the library sees them, and what it refuses is a
result. See docs/decisions/0008-signatures-are-verified.md.
"""

from enum import StrEnum
from typing import Any

DIGESTS = frozenset({"sha256", "sha384", "sha512"})
CURVES = {"nistp256": 32, "nistp384": 48, "nistp521": 66}
"""Curves of ECDSA, with the size of a coordinate in bytes."""
_FEWEST_BITS, _MOST_BITS, _MOST_EXPONENT_BITS = 2048, 16_384, 64
_LEAST_DIGEST = 32


class Sum(StrEnum):
    """What the arithmetic gives: it holds, it does not, or it is not done here."""

    HOLDS = "holds"
    FAILS = "fails"
    UNSUPPORTED = "unsupported"
    MALFORMED = "malformed"


def ed25519(key: bytes, signature: bytes, message: bytes) -> Sum:
    """Check an Ed25519 signature of a message, or of what stands for one."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 - see above

    if (len(key), len(signature)) != (32, 64):
        return Sum.MALFORMED
    return _checked(lambda: Ed25519PublicKey.from_public_bytes(key).verify(signature, message))


def rsa(n: int, e: int, signature: bytes, digest: bytes, name: str, *, pss_salt: int | None = None) -> Sum:
    """Check an RSA signature of a digest: PKCS #1 v1.5, or PSS where the length of its salt is given.

    Keys below 2,048 bits are not accepted: at 1,024 bits others than their holder can sign.
    """
    from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils  # noqa: PLC0415 - see above

    if not _FEWEST_BITS <= n.bit_length() <= _MOST_BITS or not 3 <= e < 1 << _MOST_EXPONENT_BITS:
        return Sum.UNSUPPORTED
    if name not in DIGESTS:
        return Sum.UNSUPPORTED
    # A number loses its leading zeros in some encodings; the length that counts is that of the key.
    size = (n.bit_length() + 7) // 8
    whole = signature.lstrip(b"\0").rjust(size, b"\0")
    if len(whole) != size:
        return Sum.FAILS
    made = _hash(name)
    padded: Any = padding.PKCS1v15() if pss_salt is None else padding.PSS(padding.MGF1(made), pss_salt)
    return _checked(
        lambda: rsa.RSAPublicNumbers(e, n).public_key().verify(whole, digest, padded, utils.Prehashed(made))
    )


def ecdsa(curve: str, point: bytes, numbers: tuple[int, int], digest: bytes, name: str) -> Sum:
    """Check an ECDSA signature of a digest, given as its two numbers; the point is as SEC 1 writes it, not compressed."""
    from cryptography.hazmat.primitives.asymmetric import ec, utils  # noqa: PLC0415 - see above

    size = CURVES.get(curve)
    if size is None or name not in DIGESTS:
        return Sum.UNSUPPORTED
    if len(point) != 2 * size + 1 or point[0] != 4 or any(not 0 < n < 1 << 8 * size for n in numbers):
        return Sum.MALFORMED
    curves: dict[str, Any] = {"nistp256": ec.SECP256R1, "nistp384": ec.SECP384R1, "nistp521": ec.SECP521R1}
    made = curves[curve]()
    signature = utils.encode_dss_signature(*numbers)
    how = ec.ECDSA(utils.Prehashed(_hash(name)))
    return _checked(
        lambda: ec.EllipticCurvePublicKey.from_encoded_point(made, point).verify(signature, digest, how)
    )


def held(
    key: bytes, signature: bytes, digest: bytes, name: str, message: bytes | None, *, kind: str | None
) -> Sum:
    """Check a signature by a key as a certificate holds it.

    Args:
        key: SubjectPublicKeyInfo.
        signature: as CMS and X.509 write it.
        digest: of what is signed, by `name`.
        name: the digest's name.
        message: what is signed, where it is known; Ed25519 needs it.
        kind: the kind of key that the signature says: rsa, ecdsa or ed25519.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - the same
    from cryptography.hazmat.primitives.asymmetric import ec, utils  # noqa: PLC0415 - the same
    from cryptography.hazmat.primitives.asymmetric import ed25519 as edwards  # noqa: PLC0415 - the same
    from cryptography.hazmat.primitives.asymmetric import rsa as integers  # noqa: PLC0415 - the same

    try:
        found = serialization.load_der_public_key(key)
    except (ValueError, UnsupportedAlgorithm):
        return Sum.UNSUPPORTED
    if isinstance(found, integers.RSAPublicKey) and kind == "rsa":
        numbers = found.public_numbers()
        return rsa(numbers.n, numbers.e, signature, digest, name)
    if isinstance(found, edwards.Ed25519PublicKey) and kind == "ed25519" and message is not None:
        return ed25519(found.public_bytes_raw(), signature, message)
    curve = _CURVE_NAMES.get(found.curve.name) if isinstance(found, ec.EllipticCurvePublicKey) else None
    if isinstance(found, ec.EllipticCurvePublicKey) and kind == "ecdsa" and curve is not None:
        point = found.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        try:
            pair = utils.decode_dss_signature(signature)
        except ValueError:
            return Sum.MALFORMED
        return ecdsa(curve, point, pair, digest, name)
    return Sum.UNSUPPORTED


_CURVE_NAMES = {"secp256r1": "nistp256", "secp384r1": "nistp384", "secp521r1": "nistp521"}


def _hash(name: str) -> Any:  # noqa: ANN401 - a class of the library
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - see above

    known: dict[str, Any] = {"sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}
    return known[name]()


def _checked(verify: Any) -> Sum:  # noqa: ANN401 - a call of the library
    """What a check gives. A key that the library does not take is none."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415 - see above

    try:
        verify()
    except InvalidSignature:
        return Sum.FAILS
    except UnsupportedAlgorithm:
        return Sum.UNSUPPORTED
    except ValueError:
        return Sum.MALFORMED
    return Sum.HOLDS
