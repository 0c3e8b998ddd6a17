r"""What a git object says, read from its bytes alone: no repository is opened and git is never run.

An object is a kind (blob, commit, tag, tree) and a content. Its name is the SHA-1 of
`<kind> <size>\0<content>`. Author, committer and tagger, and their times, are whatever the
client wrote: assertions, not observations.
"""

import hashlib
import re
import zlib
from typing import NamedTuple

import pyarrow as pa

from forensics.core.model import SPAN, Why
from forensics.core.schema import Column

LARGEST_BYTES = 64 << 20
LONGEST_TEXT_BYTES = 64 << 10
KINDS = ("blob", "commit", "tag", "tree")

_PIECE_BYTES = 64 << 10
_SIGNED = (
    b"-----BEGIN PGP SIGNATURE-----",
    b"-----BEGIN SSH SIGNATURE-----",
    b"-----BEGIN SIGNED MESSAGE-----",
)
_PERSON = re.compile(rb"(?P<who>.*) (?P<seconds>-?\d{1,19}) (?P<zone>[+-]\d{4})", re.DOTALL)
_NAME = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")

ENTRIES = pa.list_(pa.struct([("mode", pa.string()), ("name", pa.string()), ("oid", pa.string())]))

_COMMIT, _TAG, _BLOB = "not a commit", "not a tag", "not a blob"
COLUMNS = (
    Column(
        "oid",
        pa.string(),
        "SHA-1 of header and content, computed here, in hexadecimal",
        None,
        "an object of a SHA-256 repository",
    ),
    Column("kind", pa.string(), "blob, commit, tag or tree"),
    Column("size", pa.int64(), "size of the content", "bytes"),
    Column("content_sha256", pa.string(), "SHA-256 of the content without the header"),
    Column("tree", pa.string(), "the tree that a commit names", None, _COMMIT),
    Column("parents", pa.list_(pa.string()), "the commits that a commit names as parents", None, _COMMIT),
    Column("author", pa.string(), "`name <email>`: asserted", None, _COMMIT),
    Column(
        "author_s", pa.int64(), "asserted author time", "s since 1970-01-01T00:00:00Z", "no such time written"
    ),
    Column("author_zone", pa.string(), "asserted zone, as `+0100`", None, "no such time written"),
    Column("committer", pa.string(), "`name <email>`: asserted", None, _COMMIT),
    Column(
        "committer_s",
        pa.int64(),
        "asserted committer time",
        "s since 1970-01-01T00:00:00Z",
        "no such time written",
    ),
    Column("committer_zone", pa.string(), "asserted zone, as `+0100`", None, "no such time written"),
    Column("message", pa.string(), "message of a commit or tag, at most 65,536 bytes", None, "has none"),
    Column("signed", pa.bool_(), "whether a signature is there; it is not checked", None, "a blob or a tree"),
    Column("entries", ENTRIES, "what a tree lists", None, "not a tree, or not readable as one"),
    Column("tag_object", pa.string(), "the object that a tag names", None, _TAG),
    Column("tag_name", pa.string(), "the name that a tag carries", None, _TAG),
    Column("tagger", pa.string(), "`name <email>`: asserted", None, _TAG),
    Column(
        "tagger_s", pa.int64(), "asserted tagger time", "s since 1970-01-01T00:00:00Z", "no such time written"
    ),
    Column("tagger_zone", pa.string(), "asserted zone, as `+0100`", None, "no such time written"),
    Column(
        "text", pa.string(), "content of a blob of at most 65,536 bytes", None, "binary, larger, or no blob"
    ),
    Column("binary", pa.bool_(), "whether a blob is no UTF-8 text, or holds a NUL", None, _BLOB),
    *SPAN,
)


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


def name_of(kind: str, content: bytes) -> str:
    """The object's name: SHA-1 over header and content."""
    digest = hashlib.sha1(b"%s %d\0" % (kind.encode(), len(content)), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest()


def described(kind: str, content: bytes, *, oid_bytes: int = 20) -> dict[str, object]:
    """What an object says, by column of `COLUMNS`, its span left out; columns of other kinds are missing.

    Content that is not what its kind should hold is still an object: what cannot be read is null.

    Args:
        kind: one of `KINDS`.
        content: its bytes, without the header.
        oid_bytes: length of object names inside trees: 20, or 32 in a SHA-256 repository.
    """
    said = _READERS[kind](content, oid_bytes)
    named = [str(n) for n in (said.get("tree"), said.get("tag_object")) if n]
    foreign = oid_bytes != 20 or any(len(n) != 40 for n in named)
    return {
        "oid": None if foreign else name_of(kind, content),
        "kind": kind,
        "size": len(content),
        "content_sha256": hashlib.sha256(content).hexdigest(),
        **said,
    }


def _shown(raw: bytes) -> str:
    return raw[:LONGEST_TEXT_BYTES].decode("utf-8", "backslashreplace")


def _headers(content: bytes) -> tuple[list[tuple[bytes, bytes]], bytes | None]:
    """The header lines before the first blank line, and the message after it; folded lines are dropped."""
    head, blank, message = content.partition(b"\n\n")
    lines = (line.partition(b" ") for line in head.split(b"\n") if not line.startswith(b" "))
    return [(key, value) for key, _, value in lines], message if blank else None


def _first(headers: list[tuple[bytes, bytes]], key: bytes) -> bytes | None:
    return next((value for k, value in headers if k == key), None)


def _person(line: bytes | None, role: str) -> dict[str, object]:
    """Who and when, read from the right: a name may hold anything, the time stands last."""
    if line is None:
        return {}
    found = _PERSON.fullmatch(line)
    if not found:
        return {role: _shown(line)}
    seconds = int(found["seconds"])
    fits = -(2**63) <= seconds < 2**63
    return {
        role: _shown(found["who"]),
        f"{role}_s": seconds if fits else None,
        f"{role}_zone": found["zone"].decode(),
    }


def _oid(value: bytes | None) -> str | None:
    return value.decode() if value is not None and _NAME.fullmatch(value) else None


def _commit(content: bytes, _oid_bytes: int) -> dict[str, object]:
    headers, message = _headers(content)
    parents = [_oid(value) for key, value in headers if key == b"parent"]
    return {
        "tree": _oid(_first(headers, b"tree")),
        "parents": [p for p in parents if p],
        **_person(_first(headers, b"author"), "author"),
        **_person(_first(headers, b"committer"), "committer"),
        "message": None if message is None else _shown(message),
        "signed": any(key.startswith(b"gpgsig") for key, _ in headers),
    }


def _tag(content: bytes, _oid_bytes: int) -> dict[str, object]:
    headers, message = _headers(content)
    name = _first(headers, b"tag")
    return {
        "tag_object": _oid(_first(headers, b"object")),
        "tag_name": None if name is None else _shown(name),
        **_person(_first(headers, b"tagger"), "tagger"),
        "message": None if message is None else _shown(message),
        "signed": message is not None and any(mark in message for mark in _SIGNED),
    }


def _tree(content: bytes, oid_bytes: int) -> dict[str, object]:
    entries, at = [], 0
    while at < len(content):
        space = content.find(b" ", at)
        nul = content.find(b"\0", space)
        stop = nul + 1 + oid_bytes
        if not at < space < nul or stop > len(content):
            return {"entries": None}
        entries.append(
            {
                "mode": _shown(content[at:space]),
                "name": _shown(content[space + 1 : nul]),
                "oid": content[nul + 1 : stop].hex(),
            }
        )
        at = stop
    return {"entries": entries}


def _blob(content: bytes, _oid_bytes: int) -> dict[str, object]:
    text = None
    if b"\0" not in content:
        try:
            text = content.decode()
        except UnicodeDecodeError:
            text = None
    return {"binary": text is None, "text": text if len(content) <= LONGEST_TEXT_BYTES else None}


_READERS = {"blob": _blob, "commit": _commit, "tag": _tag, "tree": _tree}
