"""Armour: base64 between lines that say what it is. Of OpenPGP it has headers, and a checksum that is passed over."""

import base64
import binascii
import re
from typing import NamedTuple

LARGEST_BYTES = 256 << 10
_BEGIN = re.compile(rb"-----BEGIN (?P<what>[A-Z0-9 ]{1,40})-----[ \t\r]*\n")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]*: .*")


class Block(NamedTuple):
    """What a block calls itself, and its bytes; None where it is no whole block, or has something in it that is none."""

    what: str
    raw: bytes | None


def read(text: bytes) -> Block | None:
    """The block that `text` consists of, white space after it aside; None where no block begins there."""
    found = _BEGIN.match(text)
    if found is None:
        return None
    what = found["what"]
    end = b"-----END " + what + b"-----"
    body, mark, rest = text[found.end() :].partition(b"\n" + end)
    if not mark or rest.strip(b" \t\r\n") or len(text) > 2 * LARGEST_BYTES:
        return Block(what.decode(), None)
    return Block(what.decode(), _decoded(body, openpgp=what.startswith(b"PGP ")))


def _decoded(body: bytes, *, openpgp: bool) -> bytes | None:
    lines = [line.strip(b" \t\r") for line in body.split(b"\n")]
    if openpgp:
        if b"" in lines[:-1]:
            blank = lines.index(b"")
            if not all(_HEADER.fullmatch(line) for line in lines[:blank]):
                return None
            lines = lines[blank + 1 :]
        if lines and lines[-1].startswith(b"="):
            lines.pop()  # RFC 9580, 6.1: an object is not refused for its checksum
    text = b"".join(lines)
    if not text or not _BASE64.fullmatch(text):
        return None
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return raw if len(raw) <= LARGEST_BYTES else None
