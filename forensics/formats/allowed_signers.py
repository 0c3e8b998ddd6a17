r"""Keys whose SSH signatures are to be believed, and for whom: the file that `ssh-keygen -Y verify` and git are given.

    kai@lab.example namespaces="git",valid-before="20270101Z" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINGv… kai@ws-kai

Shape   <principals> [<options>] <type> <key in base64> [<comment>]; options are parted at commas
Source  ssh-keygen(1), "ALLOWED SIGNERS"; OpenSSH sshsig.c
Time    `valid-after` and `valid-before`: `YYYYMMDD` or `YYYYMMDDHHMM[SS]`, of the local zone of whoever verifies unless
        they end with `Z`. A local one is taken as the narrowest that it can mean, in whatever zone it was read
Who     whoever can write the file. Principals are typed: an address in one names nobody
Open    with `cert-authority` not the key signs, but certificates that it signed: such a line lists no key here
"""

import re

import pyarrow as pa

from forensics.core import rowwise, sshkey
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "allowed_signers",
    "a key whose signatures are to be believed, and for whom",
    (
        Column("principals", pa.string(), "names or patterns that it may sign for, as written: typed"),
        Column("options", pa.string(), "options as written", None, "none"),
        Column("authority", pa.bool_(), "option `cert-authority`: certificates that it signed may sign, not the key"),
        Column("namespaces", pa.string(), "what it may sign, as patterns; git signs in `git`", None, "anything"),
        Column("valid_after", pa.string(), "signatures from then on, as written", None, "no beginning"),
        Column("valid_before", pa.string(), "signatures up to then, as written", None, "no end"),
        Column("type", pa.string(), "type of the key, as written and as the key itself says"),
        Column("fingerprint", pa.string(), "`SHA256:…`, as OpenSSH prints it"),
        Column("comment", pa.string(), "comment as written, typed", None, "none"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "line"
DOMAIN = "{host}:user"

_PRINCIPALS = re.compile(rb'"(?P<quoted>[^"]+)"|(?P<plain>[^\s"#@][^\s"]*)')
_OPTION = re.compile(
    rb'(?P<flag>cert-authority)|(?P<name>namespaces|valid-after|valid-before)="(?P<value>[^"]*)"',
    re.IGNORECASE,
)
_WHEN = re.compile(rb"[0-9]{8}(?:[0-9]{4}(?:[0-9]{2})?)?Z?")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where lines are keys of principals that are addresses, or that have options which no other file of keys has."""
    if not sshkey.likely(head):
        return 0
    lines = [line.strip() for line in head.split(b"\n", 50)[:50]]
    lines = [line for line in lines if line and not line.startswith(b"#")]
    whole = lines[:-1] if len(lines) > 1 and len(head) >= 65_536 else lines
    fits = [row for row in map(_signer, whole) if isinstance(row, dict)]
    own = [row for row in fits if row["options"] or "@" in str(row["principals"])]
    return 94 if own and 2 * len(fits) >= len(whole) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines."""
    return rowwise.by_line(data, base, TABLE, _signer)


def _signer(raw: bytes) -> dict[str, object] | Why | None:
    raw = raw.strip(b" \t\r")
    if raw.startswith(b"#"):
        return None
    principals = _PRINCIPALS.match(raw)
    rest = raw[principals.end() :] if principals else b""
    if principals is None or rest[:1] not in {b" ", b"\t"}:
        return Why.SHAPE
    rest = rest.lstrip(b" \t")
    split, options = sshkey.split(rest), dict[str, bytes]()
    written = b""
    if split is None:
        taken = _options(rest)
        if taken is None:
            return Why.SHAPE
        options, at = taken
        written, split = rest[:at], sshkey.split(rest[at:].lstrip(b" \t"))
    if split is None:
        return Why.SHAPE
    kind, blob, comment = split
    plain = sshkey.plain(kind, blob)
    times = [options.get(name) for name in ("valid-after", "valid-before")]
    if plain is None or any(when is not None and not _WHEN.fullmatch(when) for when in times):
        return Why.VALUE
    return {
        "principals": rowwise.shown(principals["quoted"] or principals["plain"]),
        "options": rowwise.filled(written),
        "authority": "cert-authority" in options,
        "namespaces": None if "namespaces" not in options else rowwise.shown(options["namespaces"]),
        "valid_after": None if times[0] is None else times[0].decode(),
        "valid_before": None if times[1] is None else times[1].decode(),
        "type": rowwise.shown(kind),
        "fingerprint": sshkey.fingerprint(plain),
        "comment": rowwise.filled(comment),
    }


def _options(text: bytes) -> tuple[dict[str, bytes], int] | None:
    """The options at the beginning of a text and where they end; None where ssh-keygen would refuse the line."""
    found, at = dict[str, bytes](), 0
    while (one := _OPTION.match(text, at)) is not None:
        name = (one["flag"] or one["name"]).decode().lower()
        if name in found:
            return None
        found[name] = one["value"] or b""
        at = one.end()
        if text[at : at + 1] != b",":
            break
        at += 1
    return (found, at) if found and text[at : at + 1] in {b" ", b"\t"} else None
