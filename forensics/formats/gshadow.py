"""Shadowed group list of a host: who may change a group, and who is in it.

    mlteam:!:kai:kai,lin,mei

Shape   <group>:<password>:<administrator>[,…]:<member>[,…]
Source  gshadow(5)
Time    none: it says what was so when the file was collected
Who     root of that host
Open    a password lets anybody who knows it into the group. It stays in the sealed file: no table holds it
"""

import re

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

TABLE = Table(
    "gshadow",
    "a group of a host, with those who may change it",
    (
        Column("name", pa.string(), "group"),
        Column("password", pa.string(), "`locked`, `none` or `hash`; never itself"),
        Column("administrators", STRINGS, "accounts that may change the group"),
        Column("members", STRINGS, "accounts in it, but for those whose first group it is"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:root"

_LINE = re.compile(
    rb"(?P<name>[^:+\-\s#][^:\t]*):(?P<password>[^:]*):(?P<administrators>[^:]*):(?P<members>[^:]*)"
)
_TOLD = re.compile(rb"[^:\s]+:(?:[!*]*|[!*]*\$[^:]{4,}|[./0-9A-Za-z]{13}):(?![0-9]+:)[^:/]*:[^:/]*")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where every line has such a password, and no number where a group has its own."""
    lines = [line for line in head[:8192].splitlines()[:20] if line.strip() and not line.startswith(b"#")]
    whole = lines[:-1] if len(lines) > 1 and len(head) > 8192 else lines
    fits = sum(1 for line in whole if _TOLD.fullmatch(line))
    return 82 if whole and 4 * fits >= 3 * len(whole) else 0


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
        "password": "locked" if password[:1] in {b"!", b"*"} else "hash" if password else "none",
        "administrators": _names(found["administrators"]),
        "members": _names(found["members"]),
    }


def _names(raw: bytes) -> list[str]:
    return [rowwise.shown(name.strip()) for name in raw.split(b",") if name.strip()]
