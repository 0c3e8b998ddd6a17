r"""Keys that open an account: `authorized_keys` of sshd, and public key files.

    command="/usr/share/gitolite3/gitolite-shell kai",restrict ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINGv… kai@ws-kai

Shape   [<options>] <type> <key in base64> [<comment>]
Source  sshd(8), "AUTHORIZED_KEYS FILE FORMAT"; OpenSSH auth2-pubkeyfile.c, sshkey.c; RFC 4253, 6.6; PROTOCOL.certkeys
Time    none: it says what was so when the file was collected
Who     whoever can write the file. Options and comment are typed: a comment names nobody
Open    options that sshd does not know make it pass over the key; here the key is a record all the same
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import sshkey
from forensics.core.lines import LONGEST_LINE_BYTES, cut, shown
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "authorized_keys",
    "a public key, and what it may be used for",
    (
        Column("options", pa.string(), "options as written, typed by a user", None, "none"),
        Column("authority", pa.bool_(), "option `cert-authority`: not the key opens the account, but certificates that it signed"),
        Column("type", pa.string(), "type of the key, as written and as the key itself says"),
        Column("fingerprint", pa.string(), "`SHA256:…`, as OpenSSH prints it; of a certificate, that of its key"),
        Column("comment", pa.string(), "comment as written, typed by a user", None, "none"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "line"
DOMAIN = "{host}:user"

_OPTION = re.compile(
    rb"(?:no-)?(?:agent-forwarding|port-forwarding|pty|user-rc|x11-forwarding|touch-required)|cert-authority|restrict"
    rb"|verify-required|(?:command|environment|expiry-time|from|permitlisten|permitopen|principals|tunnel)=.*",
    re.IGNORECASE | re.DOTALL,
)


class _Key(NamedTuple):
    """One line read: its fields, or why there are none."""

    options: bytes
    type: bytes
    fingerprint: str
    comment: bytes
    why: Why | None


_NONE = _Key(b"", b"", "", b"", Why.SHAPE)


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where the lines are keys, with options that sshd knows: a host name before a key is known_hosts."""
    if not sshkey.likely(head):
        return 0
    lines = [line.strip() for line in head[:LONGEST_LINE_BYTES].split(b"\n", 50)[:50]]
    lines = [line for line in lines if line and not line.startswith(b"#")]
    whole = lines[:-1] if len(lines) > 1 else lines
    keys = [key for key in map(_key, whole) if key.why is None and _known(key.options)]
    return 92 if keys and 2 * len(keys) >= len(whole) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines; a key has to be decoded one by one, and there are few."""
    lines = cut(data, base)
    start, stop = pa.array(lines.start, pa.int64()), pa.array(lines.stop, pa.int64())
    text = lines.text.to_pylist()
    passed = [not line.strip(b" \t") or line.lstrip(b" \t").startswith(b"#") for line in text]
    idle = pa.array(passed, pa.bool_())
    keys = [_NONE if nothing else _key(line) for line, nothing in zip(text, passed, strict=True)]
    read = pc.and_not(pa.array([key.why is None for key in keys], pa.bool_()), idle)
    bad = pc.and_not(pc.invert(read), idle)
    own = [key for key, kept in zip(keys, read.to_pylist(), strict=True) if kept]
    why = pa.array([key.why and key.why.value for key in keys], pa.string())
    records = {
        "options": _texts(key.options for key in own),
        "authority": pa.array([_is_authority(key.options) for key in own], pa.bool_()),
        "type": _texts(key.type for key in own),
        "fingerprint": pa.array([key.fingerprint for key in own], pa.string()),
        "comment": _texts(key.comment for key in own),
        "start": start.filter(read),
        "stop": stop.filter(read),
    }
    return Parsed(
        TABLE.build(records),
        REJECTED.build({"start": start.filter(bad), "stop": stop.filter(bad), "why": why.filter(bad)}),
        IGNORED.build({"start": start.filter(idle), "stop": stop.filter(idle)}),
    )


def _texts(values: Iterable[bytes]) -> pa.Array:
    return shown(pa.array([value or None for value in values], pa.binary()))


def _key(line: bytes) -> _Key:
    """One line, read as sshd reads it: as a key, and if it is none, as options and then a key."""
    if len(line) > LONGEST_LINE_BYTES:
        return _Key(b"", b"", "", b"", Why.TOO_LONG)
    rest = line.strip(b" \t\r")
    options, found = b"", sshkey.split(rest)
    if found is None:
        at = _options_end(rest)
        options, found = rest[:at], sshkey.split(rest[at:].lstrip(b" \t"))
    if found is None:
        return _Key(b"", b"", "", b"", Why.SHAPE)
    kind, blob, comment = found
    plain = sshkey.plain(kind, blob)
    if plain is None:
        return _Key(b"", b"", "", b"", Why.VALUE)
    return _Key(options, kind, sshkey.fingerprint(plain), comment, None)


def _options_end(text: bytes) -> int:
    r"""Where the options end: at the first blank outside quotes. `\"` is no quote."""
    quoted, at = False, 0
    while at < len(text) and (quoted or text[at] not in b" \t"):
        if text[at : at + 2] == b'\\"':
            at += 1
        elif text[at] == ord('"'):
            quoted = not quoted
        at += 1
    return at


def _known(options: bytes) -> bool:
    """Whether all options are of those that sshd knows."""
    return all(_OPTION.fullmatch(part) for part in _parts(options))


def _is_authority(options: bytes) -> bool:
    return any(part.lower() == b"cert-authority" for part in _parts(options))


def _parts(options: bytes) -> list[bytes]:
    """Options, parted at commas outside quotes."""
    return re.findall(rb'(?:[^,"\\]|\\+"|\\|"(?:[^"\\]|\\+"|\\)*")+', options)
