"""Body file: one line for each file that a tool found, with its times.

    0|/srv/proj/train.py|131081|-rw-rw-r--|4101|4200|1204|1763900000|1763910697|1763910697|0

Shape   <md5>|<name>|<inode>|<mode>|<uid>|<gid>|<size>|<atime>|<mtime>|<ctime>|<crtime>
Source  The Sleuth Kit 3 and later, "Body file" (wiki), `fls -m`; UAC bodyfile collector; mactime(1)
Time    seconds since 1970 by the host's clock, some tools with a fraction. Times of a file can be set at will
        (touch -d), but for ctime, which needs the host's clock or its disk
Who     root of the host where the tool ran, or whoever held the image; the files' owners are no actors
Open    0 is what tools write where they have no value: it is read so for md5 and crtime, which no tool
        has at the epoch; elsewhere it stays 0, for a file can carry it. A name may hold `|`: the nine fields
        after it are counted from the end of the line. A name that holds a newline begins a line of its own in
        tools that escape nothing. ` -> target` and ` (deleted)` are part of the name, as a file's own name may end so
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import listings
from forensics.core.lines import told
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_ABSENT = "written as -1 or not at all"
TABLE = Table(
    "bodyfile",
    "a file that a tool found",
    (
        Column("md5", pa.string(), "MD5 of its content, in hexadecimal", None, "0 as written: not computed"),
        Column("name", pa.string(), "path as written, with what the tool put behind it"),
        Column("inode", pa.string(), "inode, or the file system's own address; 0 as written may be not recorded", None, "empty"),
        Column("mode", pa.string(), "type and mode as written", None, "empty"),
        Column("uid", pa.int64(), "owner", None, "empty"),
        Column("gid", pa.int64(), "group", None, "empty"),
        Column("size", pa.int64(), "size", "bytes", "empty"),
        *listings.time_columns({**dict.fromkeys(("atime", "mtime", "ctime"), _ABSENT), "crtime": "0 as written, or as the others"}),
        *SPAN,
    ),
)  # fmt: skip
CUT = "line"
DOMAIN = "{host}:root"

_SECONDS = r"(?:-1|-?[0-9]{1,10}(?:\.[0-9]{1,10})?)?"
_LINE = (
    r"^(?P<md5>0|[0-9a-fA-F]{32}|)\|(?P<name>.+)\|(?P<inode>[^|]*)\|(?P<mode>[^|]*)\|(?P<uid>[0-9]{0,10})\|(?P<gid>[0-9]{0,10})"
    rf"\|(?P<size>[0-9]{{0,18}})\|(?P<atime>{_SECONDS})\|(?P<mtime>{_SECONDS})\|(?P<ctime>{_SECONDS})\|(?P<crtime>{_SECONDS})$"
)
_FIRST = re.compile(
    rb"(?:0|[0-9a-fA-F]{32})?\|[^\r\n]+\|[\w-]*\|[^|\s]*\|\d*\|\d*\|\d*(?:\|(?:-?[\d.]{1,21})?){4}\r?(?:\n|$)"
)


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of eleven fields of which the last nine are counted from the end."""
    first = head.lstrip(b"\r\n")
    while first.startswith(b"#") and b"\n" in first:
        first = first.partition(b"\n")[2]
    return 92 if _FIRST.match(first) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = told(data, base)
    idle = pc.or_(lines.blank, pc.starts_with(lines.text, "#"))
    found = pc.extract_regex(lines.text, pattern=_LINE)
    read = pc.and_not(pc.is_valid(found), idle)
    kept = found.filter(read)
    own = {name: _filled(pc.struct_field(kept, name)) for name in ("inode", "mode", "uid", "gid", "size")}
    md5 = pc.if_else(pc.equal(pc.struct_field(kept, "md5"), "0"), "", pc.struct_field(kept, "md5"))
    written = {t: pc.struct_field(kept, t) for t in listings.TIMES}
    written["crtime"] = pc.if_else(pc.equal(written["crtime"], "0"), "", written["crtime"])
    records = {
        "md5": _filled(pc.utf8_lower(md5)),
        "name": pc.struct_field(kept, "name"),
        **{name: own[name] for name in ("inode", "mode")},
        **{name: own[name].cast(pa.int64()) for name in ("uid", "gid", "size")},
        **{f"{t}_ns": _moments(column) for t, column in written.items()},
    }
    why = pa.array([Why.SHAPE.value] * len(found), pa.string())
    return lines.sorted_out(TABLE, records, read=read, idle=idle, why=why)


def _filled(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)


def _moments(written: pa.Array) -> pa.Array:
    """Seconds as ns; -1 is a tool's word for nothing."""
    coded = pc.if_else(pc.equal(written, "-1"), "", written).dictionary_encode()
    known = pa.array([listings.nanoseconds(text) for text in coded.dictionary.to_pylist()], pa.int64())
    return known.take(coded.indices)
