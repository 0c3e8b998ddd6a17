"""Group list of a host, or of a directory as `getent group` prints it: which accounts are in which group.

    mlteam:x:4200:kai,lin,mei

Shape   <group>:<password>:<gid>:<member>[,<member>…]
Source  group(5); getent(1)
Time    none: it says what was so when the file was collected
Who     root of that host; of a printed list, whoever printed it and whoever keeps the directory
Open    an account's first group stands in passwd, not here. A directory may be set to print no members. Lines
        that begin with `+` or `-` point to such a directory and name no group by themselves
"""

import re

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

TABLE = Table(
    "group",
    "a group of a host",
    (
        Column("name", pa.string(), "group"),
        Column(
            "password", pa.string(), "`shadow` (kept elsewhere), `locked`, `none` or `hash`; never itself"
        ),
        Column("gid", pa.int64(), "its number"),
        Column("members", STRINGS, "accounts in it, but for those whose first group it is"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:root"

_LINE = re.compile(
    rb"(?P<name>[^:+\-\s#][^:\t]*):(?P<password>[^:]*):(?P<gid>-?[0-9]{1,10}):(?P<members>[^:]*)"
)
_FIRST = re.compile(
    rb"[^:+\-\s#][^:\t]*:(?:[x!*]*|\*NP\*|[!*]*\$[^:]{4,}|[./0-9A-Za-z]{13}):-?[0-9]{1,10}:[^:]*"
)
"""With a password of a form that there is: other logs have lines with three colons too, as in times of day."""
_KIND = {b"x": "shadow", b"": "none"}


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where nearly every line is a group or a comment."""
    if head.startswith(b"#!"):
        return 0  # a program that writes such a list
    lines = [line for line in head[:8192].splitlines()[:20] if line.strip() and not line.startswith(b"#")]
    whole = lines[:-1] if len(lines) > 1 and len(head) > 8192 else lines
    fits = sum(1 for line in whole if _FIRST.fullmatch(line))
    return 86 if whole and 4 * fits >= 3 * len(whole) else 50 if 2 * fits > len(whole) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines."""
    return rowwise.by_line(data, base, TABLE, _group)


def _group(raw: bytes) -> dict[str, object] | Why | None:
    if raw.startswith(b"#"):
        return None
    found = _LINE.fullmatch(raw)
    if found is None:
        return Why.VALUE if raw.count(b":") == 3 else Why.SHAPE
    password = found["password"]
    return {
        "name": rowwise.shown(found["name"]),
        "password": _KIND.get(password, "locked" if password.startswith((b"!", b"*")) else "hash"),
        "gid": int(found["gid"]),
        "members": [rowwise.shown(name.strip()) for name in found["members"].split(b",") if name.strip()],
    }
