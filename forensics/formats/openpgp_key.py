r"""Public keys of OpenPGP as they are handed out: `gpg --export`, with or without armour.

    -----BEGIN PGP PUBLIC KEY BLOCK-----

Shape   blocks of armour, each a record; or packets, each key with what belongs to it a record
Source  RFC 4880, 11.1; RFC 9580, 10.1 "Transferable Public Keys"
Time    a key says when it was made, by its maker's clock; statements about it are dated so too
Who     user ids are typed by whoever made the key: they name nobody. The fingerprint is computed here
Open    statements about a key (that a subkey is its own, that it ends, that it is revoked) are kept with it in `material` and
        checked where a signature needs the key. Keys of versions other than 4 are rejected
"""

import base64
import re
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import armour, openpgp
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

TABLE = Table(
    "openpgp_key",
    "public keys that were exported together",
    (
        Column("fingerprints", STRINGS, "fingerprints of its keys, forty hexadecimal digits each"),
        Column("subkeys", STRINGS, "fingerprints of their subkeys, whether or not they are bound to them"),
        Column("names", STRINGS, "user ids, typed by whoever made the keys; at most 100 of 500 characters"),
        Column("created_s", pa.int64(), "when the first key says that it was made", "s since 1970-01-01T00:00:00Z"),
        Column("material", pa.string(), "the keys with all statements about them, in base64"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "whole"
DOMAIN = "{host}:user"

_BEGIN = b"-----BEGIN PGP PUBLIC KEY BLOCK-----"
_OPENS = re.compile(rb"^-----BEGIN PGP PUBLIC KEY BLOCK-----[ \t\r]*\n", re.MULTILINE)
_ENDS = re.compile(rb"^-----END PGP PUBLIC KEY BLOCK-----[ \t\r]*(?:\n|\Z)", re.MULTILINE)
_FIRST = frozenset({0x98, 0x99, 0xC6})
_ALGORITHMS = frozenset({1, 2, 3, 16, 17, 18, 19, 22, 25, 26, 27, 28})
_MOST_NAMES, _LONGEST_NAME = 100, 500


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of armour; of packets, where the first is a key of a kind that there is."""
    if _BEGIN in head and re.search(rb"^" + _BEGIN, head[:8192], re.MULTILINE):
        return 95
    if head[0] not in _FIRST or len(head) < 16:
        return 0
    at = {0x98: 2, 0x99: 3}.get(head[0], 2 if head[1] < 192 else 3)
    return 88 if head[at] == 4 and head[at + 5] in _ALGORITHMS else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the whole file."""
    told: list[tuple[int, int, dict[str, object] | Why | None]] = []
    if data[:1] and data[0] & 0x80:
        told = [
            (start, stop, _row([found]) if found is not None else Why.VALUE)
            for found, start, stop in openpgp.certificates(data)
        ]
    else:
        at = 0
        for start, stop in _blocks(data):
            told += [*_between(data, at, start), (start, stop, _armoured(data[start:stop]))]
            at = stop
        told += _between(data, at, len(data))
    rows = [(row | {"start": base + a, "stop": base + z}) for a, z, row in told if isinstance(row, dict)]
    bad = [(base + a, base + z, row.value) for a, z, row in told if isinstance(row, Why)]
    idle = [(base + a, base + z) for a, z, row in told if row is None]
    return Parsed(
        TABLE.build({name: [row[name] for row in rows] for name in TABLE.names}),
        REJECTED.build({name: [row[i] for row in bad] for i, name in enumerate(REJECTED.names)}),
        IGNORED.build({name: [row[i] for row in idle] for i, name in enumerate(IGNORED.names)}),
    )


def _blocks(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each block begins and stops. Behind one that does not end none does, so that none is looked through again."""
    at = 0
    while (opened := _OPENS.search(data, at)) is not None:
        ended = _ENDS.search(data, opened.end())
        if ended is None:
            return
        yield opened.start(), ended.end()
        at = ended.end()


def _between(data: bytes, start: int, stop: int) -> list[tuple[int, int, Why | None]]:
    """What stands outside the blocks: nothing, or what is no key."""
    if start == stop:
        return []
    torn = data.find(_BEGIN, start, stop) >= 0
    why = Why.TRUNCATED if torn else Why.SHAPE
    return [(start, stop, why if data[start:stop].strip(b" \t\r\n") else None)]


def _armoured(block: bytes) -> dict[str, object] | Why:
    if len(block) > armour.LARGEST_BYTES:
        return Why.TOO_LONG
    read = armour.read(block)
    found = [] if read is None or read.raw is None else list(openpgp.certificates(read.raw))
    whole = [certificate for certificate, _, _ in found if certificate is not None]
    return _row(whole) if whole and len(whole) == len(found) else Why.VALUE


def _row(found: list[openpgp.Certificate]) -> dict[str, object] | Why:
    raw = b"".join(each.raw for each in found)
    if len(raw) > armour.LARGEST_BYTES:
        return Why.TOO_LONG
    names = [
        name.decode("utf-8", "backslashreplace")[:_LONGEST_NAME] for each in found for name, _ in each.names
    ]
    return {
        "fingerprints": [each.key.fingerprint for each in found],
        "subkeys": [sub.key.fingerprint for each in found for sub in each.subkeys],
        "names": names[:_MOST_NAMES],
        "created_s": found[0].key.created_s,
        "material": base64.b64encode(raw).decode(),
    }
