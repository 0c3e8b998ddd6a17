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

import numpy as np
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

_AFTER_NAME = ("inode", "mode", "uid", "gid", "size", *listings.TIMES)
_SECONDS = r"^(?:-?[0-9]{1,10}(?:\.[0-9]{1,10})?)?$"
_SOUND = {"uid": r"^[0-9]{0,10}$", "gid": r"^[0-9]{0,10}$", "size": r"^[0-9]{0,18}$"} | dict.fromkeys(
    listings.TIMES, _SECONDS
)
_BEFORE = r"^(?P<md5>0|[0-9a-fA-F]{32}|)\|(?P<name>.+)$"
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
    fields = pc.split_pattern(lines.text, "|", max_splits=len(_AFTER_NAME), reverse=True)
    whole = pc.and_not(pc.equal(pc.list_value_length(fields), 1 + len(_AFTER_NAME)), idle)
    written, sound = _fields(fields.filter(whole))
    read = pc.replace_with_mask(whole, whole, sound)
    kept = {name: column.filter(sound) for name, column in written.items()}
    own = {name: _filled(kept[name]) for name in ("inode", "mode", "uid", "gid", "size")}
    times = {t: pc.if_else(pc.equal(kept[t], "-1"), "", kept[t]) for t in listings.TIMES}
    times["crtime"] = pc.if_else(pc.equal(times["crtime"], "0"), "", times["crtime"])
    records = {
        "md5": _filled(pc.utf8_lower(pc.if_else(pc.equal(kept["md5"], "0"), "", kept["md5"]))),
        "name": kept["name"],
        **{name: own[name] for name in ("inode", "mode")},
        **{name: own[name].cast(pa.int64()) for name in ("uid", "gid", "size")},
        **{f"{t}_ns": listings.moments(column) for t, column in times.items()},
    }
    why = pa.array([Why.SHAPE.value] * len(read), pa.string())
    return lines.sorted_out(TABLE, records, read=read, idle=idle, why=why)


def _fields(split: pa.Array) -> tuple[dict[str, pa.Array], pa.Array]:
    """The fields of lines that have enough of them, and which lines hold in each what it should."""
    flat, width = split.flatten(), 1 + len(_AFTER_NAME)
    parts = [flat.take(pa.array(np.arange(at, len(flat), width))) for at in range(width)]
    before = pc.extract_regex(parts[0], pattern=_BEFORE)
    written = dict(zip(_AFTER_NAME, parts[1:], strict=True))
    sound = pc.is_valid(before)
    for name, pattern in _SOUND.items():
        sound = pc.and_(sound, pc.match_substring_regex(written[name], pattern))
    return {**written, **{name: pc.struct_field(before, name) for name in ("md5", "name")}}, sound


def _filled(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
