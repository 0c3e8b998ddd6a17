"""Keys of hosts that a client of ssh has accepted: `known_hosts`.

    login01,10.0.0.1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINGv… added by hand

Shape   [@cert-authority|@revoked] <hosts> <type> <key in base64> [<comment>]; hosts parted by commas, or hashed: `|1|<salt>|<hash>`
Source  sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"; OpenSSH hostfile.c
Time    none: it says what was so when the file was collected
Who     the account's own ssh, or whoever can write the file
Open    a hashed host can be found by trying names: that is for an analyst. A line can stay long after the last visit
"""

import re

import pyarrow as pa

from forensics.core import rowwise, sshkey
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "known_hosts",
    "a key that a host was known by",
    (
        Column("marker", pa.string(), "`@cert-authority` or `@revoked`", None, "none"),
        Column("hosts", pa.string(), "names, addresses or patterns as written; or the hash of one"),
        Column("hashed", pa.bool_(), "whether it is a hash"),
        Column("type", pa.string(), "type of the key"),
        Column("fingerprint", pa.string(), "`SHA256:…`, as OpenSSH prints it"),
        Column("comment", pa.string(), "comment as written, typed by a user", None, "none"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:user"

_LINE = re.compile(rb"(?:(?P<marker>@[a-z-]+)[ \t]+)?(?P<hosts>[^ \t@#][^ \t]*)[ \t]+(?P<key>.+)", re.DOTALL)
_OPTIONS = {"restrict", "cert-authority", "no-pty", "pty", "verify-required", "no-touch-required"}
_HASHED = re.compile(rb"\|1\|[A-Za-z0-9+/]{27}=\|[A-Za-z0-9+/]{27}=")
_HOSTS = re.compile(rb"(?:!?(?:\[[^\]\s,=\"]+\]:[0-9]+|[A-Za-z0-9.:*?_%-]+)(?:,|\Z))+")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where the lines are hosts with keys: options before a key are authorized_keys."""
    if not sshkey.likely(head):
        return 0
    lines = [line.strip() for line in head.split(b"\n", 50)[:50]]
    lines = [line for line in lines if line and not line.startswith(b"#")]
    whole = lines[:-1] if len(lines) > 1 and len(head) >= 65_536 else lines
    fits = [row for row in map(_host, whole) if isinstance(row, dict) and row["hosts"] not in _OPTIONS]
    return 90 if fits and 2 * len(fits) >= len(whole) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines."""
    return rowwise.by_line(data, base, TABLE, _host)


def _host(raw: bytes) -> dict[str, object] | Why | None:
    raw = raw.strip(b" \t\r")
    if raw.startswith(b"#"):
        return None
    found = _LINE.fullmatch(raw)
    if found is None:
        return Why.SHAPE
    split = sshkey.split(found["key"])
    hosts = found["hosts"]
    hashed = _HASHED.fullmatch(hosts) is not None
    if split is None or not (hashed or _HOSTS.fullmatch(hosts)):
        return Why.SHAPE
    kind, written, comment = split
    plain = sshkey.plain(kind, written)
    if plain is None or found["marker"] not in {None, b"@cert-authority", b"@revoked"}:
        return Why.VALUE
    return {
        "marker": rowwise.filled(found["marker"] or b""),
        "hosts": rowwise.shown(hosts),
        "hashed": hashed,
        "type": rowwise.shown(kind),
        "fingerprint": sshkey.fingerprint(plain),
        "comment": rowwise.filled(comment),
    }
