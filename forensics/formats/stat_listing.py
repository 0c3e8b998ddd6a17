"""What `stat` says of files: all times of each, with owner, mode, device and inode.

      File: /srv/proj/train.py

Shape   a paragraph for each file: File, Size, Device and Inode, Access with Uid and Gid, perhaps Context, then
        Access, Modify, Change and perhaps Birth, each with a time and its offset
Source  GNU coreutils 8.32 and 9.1, stat(1), the default format of stat.c
Time    the host's clock with its offset, in ns. When a file was read and its content changed can be set at will
        (touch -d); when its inode changed (Change) needs the host's clock or its disk
Who     root of the host, or whoever ran it; the files' owners are no actors
Open    names are as written. One that holds a newline is not read; it can imitate a whole paragraph, and then
        leaves one before it that is cut short. Where ` -> ` comes twice no target is read
"""

import re
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Line, Said
from forensics.core.schema import Column, Table

TABLE = Table(
    "stat_listing",
    "a file that stat described",
    (
        Column("name", pa.string(), "path as written"),
        Column("target", pa.string(), "what a symbolic link holds", None, "no symbolic link, or not sure which part of the name it is"),
        Column("kind", pa.string(), "type, in words"),
        Column("size", pa.int64(), "size", "bytes"),
        Column("major", pa.int64(), "first part of its device"),
        Column("minor", pa.int64(), "second part of its device"),
        Column("inode", pa.int64(), "inode"),
        Column("links", pa.int64(), "hard links"),
        Column("mode", pa.string(), "mode, in octal"),
        Column("uid", pa.int64(), "owner"),
        Column("owner", pa.string(), "its name on the host where stat ran; UNKNOWN where there is none"),
        Column("gid", pa.int64(), "group"),
        Column("group", pa.string(), "its name there"),
        Column("atime", pa.string(), "last read, as written"),
        Column("mtime", pa.string(), "content last changed, as written: can be set at will"),
        Column("ctime", pa.string(), "inode last changed, as written: set by the kernel alone"),
        Column("crtime", pa.string(), "came into being, as written", None, "the file system or the program keeps none"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "whole"
DOMAIN = "{host}:root"

_TIME = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]) (?:[01]\d|2[0-3]):[0-5]\d:[0-6]\d\.\d{9} [+-]\d{4}"
_FILE = re.compile(
    r"  File: (?P<name>.+)\n  Size: (?P<size>\d{1,18}) *\tBlocks: \d+ +IO Block: \d+ +(?P<kind>[^ \n][^\n]*| )\n"
    r"Device: (?:(?P<major>\d{1,9}),(?P<minor>\d{1,9})|[0-9a-f]+h/(?P<device>\d{1,12})d)\tInode: (?P<inode>\d{1,18}) +Links: (?P<links>\d{1,9})[^\n]*\n"
    r"(?=[^\n]*\)\n)Access: \((?P<mode>[0-7]{4,6})/[^)\n]+\)  Uid: \( *(?P<uid>\d{1,10})/ *(?P<owner>[^ \n][^\n]*| )\)   Gid: \( *(?P<gid>\d{1,10})/ *(?P<group>[^ \n][^\n]*| )\)\n"
    rf"(?:Context: [^\n]*\n)?Access: (?P<atime>{_TIME})\nModify: (?P<mtime>{_TIME})\nChange: (?P<ctime>{_TIME})(?:\n Birth: (?:-|(?P<crtime>{_TIME})))?",
    re.ASCII | re.DOTALL,
)
_FIRST = re.compile(rb"\s*?  File: [^\n]+\n  Size: \d+ *\tBlocks: \d")
_MOST_LINES = 64
_NUMBERS = ("size", "inode", "links", "uid", "gid")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the first two lines of a paragraph."""
    return 92 if _FIRST.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read one file, a paragraph at a time."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from rowwise.portions(_said(data, base), TABLE)


def _said(data: bytes, base: int) -> Iterator[Said]:
    """Each paragraph, and what it says."""
    paragraph: list[Line] = []
    for line in rowwise.each(data, base):
        long = rowwise.too_long([line])
        if paragraph and (long or not line.raw or line.raw.startswith(b"  File: ")):
            yield paragraph, _row(paragraph)
            paragraph = []
        if long or not line.raw:
            yield [line], Why.TOO_LONG if long else None
        else:
            rowwise.grow(paragraph, line)
    if paragraph:
        yield paragraph, _row(paragraph)


def _row(paragraph: list[Line]) -> dict[str, object] | Why:
    if len(paragraph) > _MOST_LINES:
        return Why.SHAPE
    if rowwise.too_long(paragraph):
        return Why.TOO_LONG
    found = _FILE.fullmatch(rowwise.shown(b"\n".join(line.raw for line in paragraph)))
    if found is None:
        return Why.SHAPE
    name, target = found["name"], None
    if "\n" in name:
        return Why.VALUE
    if found["kind"] == "symbolic link" and name.count(" -> ") == 1:
        name, _, target = name.partition(" -> ")
    number = int(found["device"] or 0)
    parts = (number >> 8 & 0xFFF, (number & 0xFF) | (number >> 12 & 0xFFF00))
    major, minor = parts if found["device"] else (int(found["major"]), int(found["minor"]))
    words = {
        key: found[key] for key in ("kind", "mode", "owner", "group", "atime", "mtime", "ctime", "crtime")
    }
    numbers = {key: int(found[key]) for key in _NUMBERS}
    return {**words, **numbers, "name": name, "target": target, "major": major, "minor": minor}
