r"""What a git object says, read from its bytes alone: no repository is opened and git is never run.

An object is a kind (blob, commit, tag, tree) and a content. Its name is the SHA-1 (in some repositories the
SHA-256) of `<kind> <size>\0<content>`. Author, committer and tagger, and their times, are whatever the
client wrote: assertions, not observations.
"""

import hashlib
import re
import zlib
from typing import NamedTuple

from forensics.core import gitsignature
from forensics.core.model import Why

LARGEST_BYTES = 64 << 20
LONGEST_TEXT_BYTES = 64 << 10
KINDS = ("blob", "commit", "tag", "tree")

_PIECE_BYTES = 64 << 10
_PERSON = re.compile(rb"(?P<who>.*) (?P<seconds>-?\d{1,19}) (?P<zone>[+-]\d{4})", re.DOTALL)
_NAME = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_WIDE = re.compile(rb"(?:tree|object) [0-9a-f]{64}\n")
_GPGSIG = re.compile(rb"(?m)^gpgsig[^\n]*\n(?: [^\n]*\n)*")
# What is no entry is taken to the end, so it can only be the last match.
_ENTRY = {width: re.compile(rb"[^ \0]+ [^\0]+\0.{%d}|.+" % width, re.DOTALL) for width in (20, 32)}


class Inflated(NamedTuple):
    """What a zlib stream held: its `content` where wanted, its `size`, where it stopped, and what was wrong."""

    content: bytes
    size: int
    stop: int
    why: Why | None


def inflate(data: bytes, at: int, most: int, *, keep: bool = True) -> Inflated:
    """Decompress the zlib stream that begins at `at`, and never more than `most` bytes of it.

    Args:
        data: the file.
        at: where the stream begins.
        most: bytes it may hold; more is refused after at most one piece beyond it.
        keep: whether the content is wanted, or only where the stream stops.
    """
    machine, kept, total = zlib.decompressobj(), bytearray(), 0
    view = memoryview(data)
    try:
        while not machine.eof:
            fed = machine.unconsumed_tail or view[at : at + _PIECE_BYTES]
            if not fed:
                return Inflated(b"", total, len(data), Why.TRUNCATED)
            at += 0 if machine.unconsumed_tail else len(fed)
            piece = machine.decompress(fed, _PIECE_BYTES)
            total += len(piece)
            if total > most:
                return Inflated(b"", total, len(data), Why.COMPRESSION)
            if keep:
                kept += piece
    except zlib.error:
        return Inflated(b"", total, len(data), Why.COMPRESSION)
    return Inflated(bytes(kept), total, at - len(machine.unused_data), None)


def name_of(kind: str, content: bytes, *, oid_bytes: int = 20) -> str:
    """The object's name: SHA-1, or SHA-256 where names are 32 bytes long, over header and content."""
    header = b"%s %d\0" % (kind.encode(), len(content))
    digest = hashlib.sha256(header) if oid_bytes == 32 else hashlib.sha1(header, usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest()


def described(kind: str, content: bytes, *, oid_bytes: int | None = None) -> dict[str, object]:
    """What an object says, by column of `COLUMNS`, its span left out; columns of other kinds are missing.

    Content that is not what its kind should hold is still an object: what cannot be read is null.

    Args:
        kind: one of `KINDS`.
        content: its bytes, without the header.
        oid_bytes: length of object names: 20, or 32 in a SHA-256 repository. None where nothing but the
            object itself can tell; a blob cannot, and is then named both ways.
    """
    width = oid_bytes or _width(kind, content)
    said = _READERS[kind](content, width)
    both = oid_bytes is None or width == 32
    return {
        "oid": name_of(kind, content, oid_bytes=width),
        "oid_sha256": name_of(kind, content, oid_bytes=32) if both else None,
        "kind": kind,
        "size": len(content),
        **said,
    }


def _width(kind: str, content: bytes) -> int:
    """How long the names are that an object holds; 20 where it holds none."""
    if kind == "tree":
        return 32 if listed(content, 20) is None and listed(content, 32) is not None else 20
    if kind in {"commit", "tag"}:
        return 32 if _WIDE.match(content) else 20
    return 20


def shown(raw: bytes) -> str:
    """Bytes as text, at most `LONGEST_TEXT_BYTES` of them, those that are no UTF-8 escaped."""
    return raw[:LONGEST_TEXT_BYTES].decode("utf-8", "backslashreplace")


def _headers(content: bytes) -> tuple[list[tuple[bytes, bytes]], bytes | None]:
    """The header lines before the first blank line, folded ones joined, and the message after it."""
    head, blank, message = content.partition(b"\n\n")
    lines = (line.partition(b" ") for line in head.replace(b"\n ", b"\0").split(b"\n"))
    return [(key, value.replace(b"\0", b"\n")) for key, _, value in lines], message if blank else None


def _first(headers: list[tuple[bytes, bytes]], key: bytes) -> bytes | None:
    return next((value for k, value in headers if k == key), None)


def _person(line: bytes | None, role: str) -> dict[str, object]:
    """Who and when, read from the right: a name may hold anything, the time stands last."""
    if line is None:
        return {}
    found = _PERSON.fullmatch(line)
    if not found:
        return {role: shown(line)}
    seconds = int(found["seconds"])
    fits = -(2**63) <= seconds < 2**63
    return {
        role: shown(found["who"]),
        f"{role}_s": seconds if fits else None,
        f"{role}_zone": found["zone"].decode(),
    }


def _oid(value: bytes | None) -> str | None:
    return value.decode() if value is not None and _NAME.fullmatch(value) else None


def _commit(content: bytes, oid_bytes: int) -> dict[str, object]:
    headers, message = _headers(content)
    parents = [p for p in (_oid(value) for key, value in headers if key == b"parent") if p]
    tree = _oid(_first(headers, b"tree"))
    return {
        "tree": tree,
        "parents": parents,
        **_person(_first(headers, b"author"), "author"),
        **_person(_first(headers, b"committer"), "committer"),
        "message": None if message is None else shown(message),
        **_in_header(content, headers, oid_bytes),
        "lacking": [name for name in (tree, *parents[:1]) if name],
    }


def links(content: bytes) -> tuple[bytes | None, bytes | None]:
    """The tree that a commit names, and its first parent, in hexadecimal; None for what is not there."""
    headers, _ = _headers(content)
    parents = [value for key, value in headers if key == b"parent" and _NAME.fullmatch(value)]
    tree = _first(headers, b"tree")
    return tree if tree and _NAME.fullmatch(tree) else None, parents[0] if parents else None


def _tag(content: bytes, _oid_bytes: int) -> dict[str, object]:
    headers, message = _headers(content)
    name = _first(headers, b"tag")
    at = gitsignature.start(content)
    signed = message is not None and len(content) - len(message) <= at < len(content)
    return {
        "tag_object": _oid(_first(headers, b"object")),
        "tag_name": None if name is None else shown(name),
        **_person(_first(headers, b"tagger"), "tagger"),
        "message": None if message is None else shown(message),
        **(_signed(content[at:], content[:at]) if signed else {"signed": False}),
    }


def _in_header(content: bytes, headers: list[tuple[bytes, bytes]], oid_bytes: int) -> dict[str, object]:
    """The signature of a commit, which is a header that depends on how its repository names objects; and what it signs.

    Where that header stands there more than once git joins them, and so the signature is none that can be read.
    """
    own = [value for key, value in headers if key == (b"gpgsig-sha256" if oid_bytes == 32 else b"gpgsig")]
    if not own:
        return {"signed": False}
    head, _, rest = content.partition(b"\n\n")
    return _signed(b"\n".join(own), _GPGSIG.sub(b"", head + b"\n") + b"\n" + rest)


def _signed(armour: bytes, signed: bytes) -> dict[str, object]:
    text = shown(armour)
    return {
        "signed": True,
        "signature": text,
        "signed_sha512": hashlib.sha512(signed).hexdigest(),
        "signed_digest": gitsignature.digest(text, signed),
    }


def listed(content: bytes, oid_bytes: int) -> list[bytes] | None:
    """The entries of a tree, as its bytes have them; None where it is not made of entries to its end."""
    found: list[bytes] = _ENTRY[oid_bytes].findall(content)
    if not found:
        return found
    last, nul = found[-1], found[-1].find(b"\0", 3)
    whole = len(last) - nul == oid_bytes + 1 and b" " in last[1 : nul - 1]
    return found if whole and _ENTRY[oid_bytes].fullmatch(last) else None


def parted(entry: bytes, oid_bytes: int) -> tuple[bytes, bytes, bytes]:
    """Mode, name and object of an entry of a tree."""
    mode, _, name = entry[: -oid_bytes - 1].partition(b" ")
    return mode, name, entry[-oid_bytes:]


def row_of(entry: bytes, oid_bytes: int) -> dict[str, str]:
    """An entry of a tree as its column has it."""
    mode, name, oid = parted(entry, oid_bytes)
    return {"mode": shown(mode), "name": shown(name), "oid": oid.hex()}


def _tree(content: bytes, oid_bytes: int) -> dict[str, object]:
    found = listed(content, oid_bytes)
    return {"entries": None if found is None else [row_of(entry, oid_bytes) for entry in found]}


def text_of(content: bytes) -> tuple[bool, str | None]:
    """Whether a blob is binary, and its text where it is none and not too long."""
    if b"\0" in content:
        return True, None
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return True, None
    return False, text if len(content) <= LONGEST_TEXT_BYTES else None


def _blob(content: bytes, _oid_bytes: int) -> dict[str, object]:
    binary, text = text_of(content)
    return {"content_sha256": hashlib.sha256(content).hexdigest(), "binary": binary, "text": text}


_READERS = {"blob": _blob, "commit": _commit, "tag": _tag, "tree": _tree}
