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

import pyarrow as pa

from forensics.core import gitobject, gitsignature
from forensics.core.forge import COLUMNS
from forensics.core.model import IGNORED, REJECTED, Parsed, Why
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
_LONGEST_TEXT = 4096
_MOST_SHARED_BYTES = 16 << 20
"""So much all refs of a certificate hold together of what they share, before all but the first hold only what is short."""
_LONG = 256


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of its first line."""
    return 95 if _VERSION.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read a certificate: one record for each ref; header and signature hold nothing more to read."""
    if not _VERSION.match(data):
        spans = {"start": [base], "stop": [base + len(data)], "why": [Why.SHAPE.value]} if data else {}
        return Parsed(TABLE.empty(), REJECTED.build(spans) if spans else REJECTED.empty(), IGNORED.empty())
    at, headed = 0, True
    head: dict[str, str] = {}
    rows: list[dict[str, object]] = []
    rejected: list[tuple[int, int, str]] = []
    ignored: list[tuple[int, int]] = []
    end = gitsignature.start(data)
    while at < end:
        stop = data.find(b"\n", at, end) + 1 or end
        line = data[at:stop].rstrip(b"\r\n").decode("utf-8", "backslashreplace")
        # Where the file ends inside a line, what is there of a ref can be the name of another.
        moved = None if headed or not data.endswith(b"\n", at, stop) else _MOVE.fullmatch(line)
        if moved:
            rows.append({**moved.groupdict(), "start": base + at, "stop": base + stop})
        elif headed or not line:
            key, _, value = line.partition(" ")
            head[key] = (
                f"{head[key]} {value}" if key in head and key == "push-option" else head.get(key, value)
            )
            ignored.append((base + at, base + stop))
        else:
            why = Why.TRUNCATED if stop == len(data) and not data.endswith(b"\n") else Why.SHAPE
            rejected.append((base + at, base + stop, why.value))
        headed &= bool(line)
        at = stop
    if end < len(data):
        ignored.append((base + end, base + len(data)))
    common = _common(head, data[:end], gitobject.shown(data[end:]))
    light = _light(common, len(rows))
    rows = [{**(light if at else common), **row} for at, row in enumerate(rows)]
    return Parsed(
        TABLE.build({name: [row.get(name) for row in rows] for name in TABLE.names}),
        REJECTED.build({name: [row[i] for row in rejected] for i, name in enumerate(REJECTED.names)}),
        IGNORED.build({name: [row[i] for row in ignored] for i, name in enumerate(IGNORED.names)}),
    )


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
