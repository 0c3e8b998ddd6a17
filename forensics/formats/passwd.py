"""Account list of a host: which accounts exist, and their numbers.

    mei:x:4101:4101::/home/mei:/bin/bash

Shape   <name>:<password>:<uid>:<gid>:<comment>:<home>:<shell>
Source  passwd(5)
Time    none: it says what was so when the file was collected
Who     root of that host
Open    accounts of a directory service are not in it unless somebody wrote them there, or it is what `getent
        passwd` printed: then whoever printed it and whoever keeps the directory could forge it too. Lines that
        begin with `+` or `-` point to such a service and name no account by themselves
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.lines import LONGEST_LINE_BYTES, cut, shown
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "passwd",
    "an account of a host",
    (
        Column("name", pa.string(), "account"),
        Column(
            "password",
            pa.string(),
            "`shadow` (kept elsewhere), `locked`, `none` (empty: no password is asked for) or `hash`; never itself",
        ),
        Column("uid", pa.int64(), "its uid"),
        Column("gid", pa.int64(), "its first group"),
        Column("comment", pa.string(), "full name and the like", None, "empty"),
        Column("home", pa.string(), "home folder", None, "empty"),
        Column("shell", pa.string(), "program started at login", None, "empty"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:root"

_LINE = r"^(?P<name>[^:]*):(?P<password>[^:]*):(?P<uid>[^:]*):(?P<gid>[^:]*):(?P<comment>[^:]*):(?P<home>[^:]*):(?P<shell>[^:]*)$"
# A directory's accounts may have a blank inside.
_NAME, _NUMBER = r"^[^+\- \t](?:[^\t]*[^ \t])?$", r"^[0-9]{1,10}$"
_FIRST = re.compile(rb"[^:+\-\s][^:\s]*:[^:]*:\d{1,10}:\d{1,10}:[^:]*:(?:/[^:]*)?:(?:/[^:]*)?")
_LARGEST_ID = 2**32 - 1


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where every line is an account or a comment. A list cut short by `head` still shows its first lines."""
    if head.startswith(b"#!"):
        return 0  # a program that writes such a list
    first = [line for line in head[:8192].splitlines()[:20] if line.strip() and not line.startswith(b"#")]
    whole = first[:-1] if len(first) > 1 and len(head) > 8192 else first
    fits = sum(1 for line in whole if _FIRST.fullmatch(line))
    return 88 if whole and 4 * fits >= 3 * len(whole) else 50 if 2 * fits > len(whole) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = cut(data, base)
    start, stop = pa.array(lines.start, pa.int64()), pa.array(lines.stop, pa.int64())
    size = pc.binary_length(lines.text)
    long = pc.greater(size, LONGEST_LINE_BYTES)
    text = shown(pc.if_else(long, pa.scalar(b"", pa.binary()), lines.text))
    idle = pc.or_(pc.equal(size, 0), pc.starts_with(text, "#"))
    found = pc.extract_regex(text, pattern=_LINE)
    shaped = pc.is_valid(found)
    read = pc.and_not(_sound(found), idle)
    bad = pc.and_not(pc.invert(read), idle)
    why = pc.if_else(long, Why.TOO_LONG.value, pc.if_else(shaped, Why.VALUE.value, Why.SHAPE.value))
    kept = found.filter(read)
    records = {
        "name": pc.struct_field(kept, "name"),
        "password": _password(pc.struct_field(kept, "password")),
        **{name: pc.struct_field(kept, name).cast(pa.int64()) for name in ("uid", "gid")},
        **{name: _filled(pc.struct_field(kept, name)) for name in ("comment", "home", "shell")},
        "start": start.filter(read),
        "stop": stop.filter(read),
    }
    return Parsed(
        TABLE.build(records),
        REJECTED.build({"start": start.filter(bad), "stop": stop.filter(bad), "why": why.filter(bad)}),
        IGNORED.build({"start": start.filter(idle), "stop": stop.filter(idle)}),
    )


def _sound(found: pa.Array) -> pa.Array:
    """Where the name is an account's and both numbers can be."""
    sound = pc.match_substring_regex(pc.struct_field(found, "name"), _NAME)
    for name in ("uid", "gid"):
        written = pc.struct_field(found, name)
        number = pc.if_else(pc.match_substring_regex(written, _NUMBER), written, pa.scalar(None, pa.string()))
        sound = pc.and_(sound, pc.less(number.cast(pa.int64()), _LARGEST_ID))
    return pc.fill_null(sound, False)


def _filled(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)


def _password(written: pa.Array) -> pa.Array:
    """What kind of password stands there. A hash is left in the sealed file."""
    kind = pc.if_else(pc.match_substring_regex(written, r"^[*!]"), "locked", "hash")
    kind = pc.if_else(pc.equal(written, "x"), "shadow", kind)
    return pc.if_else(pc.equal(written, ""), "none", kind)
