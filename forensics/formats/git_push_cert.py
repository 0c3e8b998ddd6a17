r"""Signed push certificate: what somebody who pushed signed, ref by ref. Git keeps it as a blob; servers keep copies as files.

    certificate version 0.1
    pusher kai <kai@lab.example> 1795446708 +0100
    pushee ssh://git@gpu01/llm.git
    nonce 1795446700-3f2a…

    28345a9aa4a53e1e1295ae6da6b8f235b54e98c1 38e41d51c6ea70a793765a4a55d901fa35570896 refs/heads/main
    -----BEGIN PGP SIGNATURE-----

Shape   `certificate version`, `pusher`, `pushee`, `nonce`, `push-option` lines; an empty line; `<old> <new> <ref>` lines; a signature
Source  git documentation, gitprotocol-pack(5) "Push Certificate"
Time    of the pusher's clock, to the second, with its zone: asserted; the nonce holds the server's own time, which binds it
Who     `pusher` is what the client wrote; the signature names a key; the table `signature` says what it is worth
Open    a certificate says what was asked for: the server can have refused it after it was kept. A nonce that the server did not
        give makes it worth no more than its words, and what the server found of it, it tells its hooks alone; the table
        `push_certificate` says which move it was made for
"""

import re
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import gitobject, gitsignature, rowwise
from forensics.core.forge import COLUMNS
from forensics.core.model import Parsed, Why
from forensics.core.rowwise import Line, Said
from forensics.core.schema import Column, Table

TABLE = Table(
    "git_push_cert",
    "a ref that a push certificate asks to move",
    (
        Column(
            "epoch_s",
            pa.int64(),
            "time that the pusher wrote",
            "s since 1970-01-01T00:00:00Z",
            "none written",
        ),
        Column("zone", pa.string(), "zone that the pusher wrote, as `+0100`", None, "none written"),
        Column("pushee", pa.string(), "address that the pusher's git was given", None, "none written"),
        Column("nonce", pa.string(), "nonce, as written", None, "none written"),
        Column(
            "signature",
            pa.string(),
            "the signature itself, armoured, at most 65,536 bytes",
            None,
            "not signed, or of so many refs that the first alone holds it",
        ),
        Column(
            "signed_digest",
            pa.string(),
            "the digest that the signature itself says it covers, as `sha512:…`; with OpenPGP of what was signed and the signature's own statements",
            None,
            "not signed, or by a digest that is not accepted",
        ),
        *COLUMNS,
    ),
)
CUT = "whole"
DOMAIN = "git:server"

_VERSION = re.compile(rb"certificate version 0\.[0-9]{1,3}\n")
_PUSHER = re.compile(r"(?P<who>.*) (?P<seconds>[0-9]{1,18}) (?P<zone>[+-][0-9]{4})")
_MOVE = re.compile(
    r"(?P<old>[0-9a-f]{40}|[0-9a-f]{64}) (?P<new>[0-9a-f]{40}|[0-9a-f]{64}) (?P<ref>[^ \x00]+)"
)
_TAKEN = frozenset({"pusher", "pushee", "nonce", "push-option"})
_LONGEST_TEXT = 4096
_MOST_SHARED_BYTES = 16 << 20
"""So much all refs of a certificate hold together of what they share, before all but the first hold only what is short."""
_LONG = 256


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of its first line."""
    return 95 if _VERSION.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read a certificate: one record for each ref; header and signature hold nothing more to read."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some refs at a time."""
    yield from rowwise.portions(_said(data, base), TABLE)


def _said(data: bytes, base: int) -> Iterator[Said]:
    """What the lines say, and at last the signature, which is told with each ref."""
    if not _VERSION.match(data):
        if data:
            yield [Line(base, base + len(data), data)], Why.SHAPE
        return
    end = gitsignature.start(data)
    head, below = _head(data, end)
    common = _common(head, data[:end], gitobject.shown(data[end:]))
    light = _light(common, sum(isinstance(said, dict) for _, said in _below(data, base, below, end)))
    for line in _each(data, base, 0, below):
        yield [line], None
    shared = common
    for line, said in _below(data, base, below, end):
        yield [line], {**shared, **said} if isinstance(said, dict) else said
        shared = light if isinstance(said, dict) else shared
    if end < len(data):
        yield [Line(base + end, base + len(data), b"")], None


def _each(data: bytes, base: int, at: int, end: int) -> Iterator[Line]:
    """The lines from a place to another, each with its terminator."""
    while at < end:
        stop = data.find(b"\n", at, end) + 1 or end
        yield Line(base + at, base + stop, data[at:stop])
        at = stop


def _head(data: bytes, end: int) -> tuple[dict[str, str], int]:
    """What is taken of the header, and where what is below the empty line that ends it begins."""
    head: dict[str, str] = {}
    for line in _each(data, 0, 0, end):
        text = rowwise.shown(line.raw.rstrip(b"\r\n"))
        if not text:
            return head, line.stop
        key, _, value = text.partition(" ")
        if key not in _TAKEN:
            continue
        if key != "push-option":
            head.setdefault(key, value)
        elif len(head.get(key, "")) <= _LONGEST_TEXT:
            head[key] = f"{head[key]} {value}" if key in head else value
    return head, end


def _below(
    data: bytes, base: int, at: int, end: int
) -> Iterator[tuple[Line, dict[str, object] | Why | None]]:
    """The lines below the header, and what each says of a ref."""
    for line in _each(data, base, at, end):
        text = rowwise.shown(line.raw.rstrip(b"\r\n"))
        # Where the file ends inside a line, what is there of a ref can be the name of another.
        moved = _MOVE.fullmatch(text) if line.raw.endswith(b"\n") else None
        if moved is not None:
            yield line, dict[str, object](moved.groupdict())
        elif not text:
            yield line, None
        else:
            yield line, Why.SHAPE if data.endswith(b"\n") or line.stop < base + len(data) else Why.TRUNCATED


def _light(common: dict[str, object], count: int) -> dict[str, object]:
    """What each ref but the first holds of that which all share: all, unless so many would hold it that it is far more than the file."""
    size = sum(len(value) for value in common.values() if isinstance(value, str))
    if size * count <= _MOST_SHARED_BYTES:
        return common
    long = {key for key, value in common.items() if isinstance(value, str) and len(value) > _LONG}
    return {key: None if key in long else value for key, value in common.items()}


def _common(head: dict[str, str], stated: bytes, armour: str) -> dict[str, object]:
    """What every ref of the certificate shares."""
    pusher = _PUSHER.fullmatch(head.get("pusher", ""))
    signed = gitsignature.signature(armour) if armour else None
    pushee = head.get("pushee") or None
    return {
        "action": "push certificate",
        "asserted": pusher["who"] if pusher else head.get("pusher") or None,
        "epoch_s": int(pusher["seconds"]) if pusher else None,
        "zone": pusher["zone"] if pusher else None,
        "pushee": pushee,
        "nonce": head.get("nonce") or None,
        "repository": re.sub(r"\.git/?$", "", pushee).rstrip("/").rpartition("/")[2] or None
        if pushee
        else None,
        "signature": armour or None,
        "signed_digest": gitsignature.digest(armour, stated) if armour else None,
        "credential": signed.key if signed else None,
        "status": "signed" if signed else "no signature",
        "rest": " ".join(f"{k}={head[k]}" for k in ("pushee", "nonce", "push-option") if k in head)[
            :_LONGEST_TEXT
        ]
        or None,
    }
