r"""Listing of files by `find`, in the layout that this project asks for.

    <NUL>find/1 65024 131081 0664 f 4101 4200 1 1204 1763900000.1234567890 1763910697.1 1763910697.1 1763800000.0 <NUL>/srv/proj/train.py<NUL><NUL>

Shape   made by  find /srv -xdev -printf '\0find/1 %D %i %#m %y %U %G %n %s %A@ %T@ %C@ %B@ \0%p\0%l\0\n'
        device, inode, mode, type, uid, gid, links, size, atime, mtime, ctime, birth, then path and link target
Source  GNU findutils 4.9, find(1), "-printf format"
Time    seconds since 1970 with nine places, by the host's clock. Times of a file can be set at will (touch -d),
        but for ctime, which needs the host's clock or its disk
Who     root of the host where it ran; the files' owners are no actors
Open    no name can hold a NUL, so no name can imitate a line. A name that holds a newline is not read: its
        lines are rejected, and counted. Where the file system keeps no birth, find writes a number that is none
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import listings
from forensics.core.lines import told
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "find_listing",
    "a file that find found",
    (
        Column("device", pa.int64(), "number of its device"),
        Column("inode", pa.int64(), "inode"),
        Column("mode", pa.string(), "mode, in octal"),
        Column("kind", pa.string(), "f, d, l, b, c, p or s, as find(1) has it"),
        Column("uid", pa.int64(), "owner"),
        Column("gid", pa.int64(), "group"),
        Column("links", pa.int64(), "hard links"),
        Column("size", pa.int64(), "size", "bytes"),
        *listings.time_columns({
            **dict.fromkeys(("atime", "mtime", "ctime"), "past what can be written in ns"), "crtime": "the file system keeps none"
        }),
        Column("path", pa.string(), "path as find went to it"),
        Column("target", pa.string(), "what a symbolic link holds", None, "no symbolic link"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "line"
DOMAIN = "{host}:root"

_NUMBERS = ("device", "inode", "uid", "gid", "links", "size")
_TIME = r"-?[0-9]{1,12}\.[0-9]{1,10}"
_LINE = (
    r"^\x00find/1 (?P<device>[0-9]{1,18}) (?P<inode>[0-9]{1,18}) (?P<mode>[0-7]{1,7}) (?P<kind>[a-zA-Z?]) (?P<uid>[0-9]{1,10})"
    r" (?P<gid>[0-9]{1,10}) (?P<links>[0-9]{1,18}) (?P<size>[0-9]{1,18})"
    rf" (?P<atime>{_TIME}) (?P<mtime>{_TIME}) (?P<ctime>{_TIME}) (?P<crtime>[-0-9.]*) "
    r"\x00(?P<path>[^\x00]+)\x00(?P<target>[^\x00]*)\x00$"
)
_FIRST = re.compile(rb"\x00find/1 \d+ \d+ [0-7]+ \S ")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the NUL and the name of the layout."""
    return 98 if _FIRST.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = told(data, base)
    found = pc.extract_regex(lines.text, pattern=_LINE)
    read = pc.is_valid(found)
    kept = found.filter(read)
    target = pc.struct_field(kept, "target")
    records = {
        **{name: pc.struct_field(kept, name).cast(pa.int64()) for name in _NUMBERS},
        **{name: pc.struct_field(kept, name) for name in ("mode", "kind", "path")},
        **{f"{t}_ns": listings.moments(pc.struct_field(kept, t)) for t in listings.TIMES},
        "target": pc.if_else(pc.equal(target, ""), pa.scalar(None, pa.string()), target),
    }
    why = pa.array([Why.SHAPE.value] * len(found), pa.string())
    return lines.sorted_out(TABLE, records, read=read, idle=lines.blank, why=why)
