"""Numbers that an account may use inside user namespaces: `/etc/subuid` and `/etc/subgid`.

    kai:100000:65536

Shape   <account, or its uid>:<first>:<count>
Source  subuid(5), subgid(5)
Time    none: it says what was so when the file was collected
Who     root of that host
Open    a container run by the account writes files and processes under these numbers: they are its own. Whether
        the numbers are uids or gids only the file's name says
"""

import re

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "subid",
    "a range of numbers given to an account",
    (
        Column("name", pa.string(), "account as written, by name or number"),
        Column("first", pa.int64(), "first number"),
        Column("count", pa.int64(), "how many"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:root"

_LINE = re.compile(rb"(?P<name>[^:+\-\s#][^:\s]*):(?P<first>[0-9]{1,10}):(?P<count>[0-9]{1,10})")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where nearly every line is such a range."""
    lines = [line for line in head[:8192].splitlines()[:20] if line.strip() and not line.startswith(b"#")]
    whole = lines[:-1] if len(lines) > 1 and len(head) > 8192 else lines
    fits = sum(1 for line in whole if _range_of(line))
    return 80 if whole and 4 * fits >= 3 * len(whole) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines."""
    return rowwise.by_line(data, base, TABLE, _given)


def _range_of(raw: bytes) -> bool:
    """Whether a line gives as many numbers as are given in practice, above those of accounts."""
    found = _LINE.fullmatch(raw)
    return found is not None and int(found["first"]) >= 1000 and int(found["count"]) > 0


def _given(raw: bytes) -> dict[str, object] | Why | None:
    if raw.startswith(b"#"):
        return None
    found = _LINE.fullmatch(raw)
    if found is None:
        return Why.VALUE if raw.count(b":") == 2 else Why.SHAPE
    return {
        "name": rowwise.shown(found["name"]),
        "first": int(found["first"]),
        "count": int(found["count"]),
    }
