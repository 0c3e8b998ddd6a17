"""Shadowed account list of a host: when passwords were changed, and when accounts end. No hash is ever read.

    mei:$y$j9T$…:20415:0:99999:7::20819:

Shape   <account>:<password>:<changed>:<min>:<max>:<warn>:<inactive>:<expires>:<reserved>
Source  shadow(5); crypt(5)
Time    days since 1970-01-01, UTC, of the last change and of the end of the account
Who     root of that host
Open    the day of a change can be set by hand (chage). 0 as its day asks for a new password at the next login.
        A password is told as a kind; the hash stays in the sealed file, and no table holds any of it
"""

import re

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_EMPTY = "empty: not in force"
TABLE = Table(
    "shadow",
    "an account's password: its kind and its days",
    (
        Column("name", pa.string(), "account"),
        Column(
            "password", pa.string(), "`locked`, `none` (no password is asked for) or `hash`; never itself"
        ),
        Column("changed_d", pa.int64(), "last change", "days since 1970-01-01", _EMPTY),
        Column("least_d", pa.int64(), "days before it may be changed again", "days", _EMPTY),
        Column("most_d", pa.int64(), "days after which it must be changed", "days", _EMPTY),
        Column("warned_d", pa.int64(), "days of warning before that", "days", _EMPTY),
        Column("inactive_d", pa.int64(), "days after that until the account is shut", "days", _EMPTY),
        Column("expires_d", pa.int64(), "when the account ends", "days since 1970-01-01", _EMPTY),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:root"

_DAYS = ("changed_d", "least_d", "most_d", "warned_d", "inactive_d", "expires_d")
_LINE = re.compile(
    rb"(?P<name>[^:+\-\s#][^:\s]*):(?P<password>[^:]*)"
    + b"".join(rb":(?P<%s>-?[0-9]{0,9})" % name.encode() for name in _DAYS)
    + rb":[^:]*"
)


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where nearly every line is an account with its days."""
    if head.startswith(b"#!"):
        return 0  # a program that writes such a list
    lines = [line for line in head[:8192].splitlines()[:20] if line.strip() and not line.startswith(b"#")]
    whole = lines[:-1] if len(lines) > 1 and len(head) > 8192 else lines
    fits = sum(1 for line in whole if _LINE.fullmatch(line))
    return 92 if whole and 4 * fits >= 3 * len(whole) else 50 if 2 * fits > len(whole) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines."""
    return rowwise.by_line(data, base, TABLE, _account)


def _account(raw: bytes) -> dict[str, object] | Why | None:
    if raw.startswith(b"#"):
        return None
    found = _LINE.fullmatch(raw)
    if found is None:
        return Why.VALUE if raw.count(b":") == 8 else Why.SHAPE
    password = found["password"]
    days = {name: found[name] for name in _DAYS}
    if b"-" in days.values():
        return Why.VALUE
    return {
        "name": rowwise.shown(found["name"]),
        "password": "locked" if password[:1] in {b"!", b"*"} else "hash" if password else "none",
        **{name: int(written) if written else None for name, written in days.items()},
    }
