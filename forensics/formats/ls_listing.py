"""Listing of files by `ls -l --full-time`, also with -a, -R, -i, -s, -n or a quoting style.

    -rw-rw-r-- 1 kai mlteam 1204 2026-11-23 16:11:37.100000000 +0100 train.py

Shape   `<folder>:` at the start or after a blank line, `total <blocks>`, then
        [<inode>] [<blocks>] <mode> <links> <owner> <group> <size, or major, minor> <time> <offset> <name>[ -> <target>]
Source  GNU coreutils 9.1, ls(1), ls.c `print_long_format`
Time    the time of the file with its offset, in ns: when its content changed (can be set at will), unless ls was
        asked for another by -c or -u, which the list does not show. When the list was made it does not say
Who     root of the host, or whoever ran it; the files' owners are no actors
Open    names are decoded where every name is between double quotes (--quoting-style=c), else they are as written:
        then a name that holds a newline can imitate lines, and where ` -> ` comes twice no target is read.
        One number before the mode can be an inode or blocks: it is kept as written
"""

import re
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Said
from forensics.core.schema import Column, Table

_FOLDER = "a folder's heading"
TABLE = Table(
    "ls_listing",
    "a file that ls listed, or the heading of a folder",
    (
        Column("kind", pa.string(), "`folder` (a heading) or `entry`"),
        Column("folder", pa.string(), "folder that the heading above names", None, "no heading stands above"),
        Column("folder_start", pa.int64(), "first byte of that heading", "bytes", "no heading stands above"),
        Column("folder_stop", pa.int64(), "byte after its last", "bytes", "no heading stands above"),
        Column("before", pa.string(), "numbers before the mode, as written", None, "none"),
        Column("mode", pa.string(), "type and mode, with `.` or `+` as written", None, _FOLDER),
        Column("links", pa.int64(), "hard links", None, _FOLDER),
        Column("owner", pa.string(), "owner, by name or number", None, _FOLDER),
        Column("group", pa.string(), "group, by name or number", None, _FOLDER),
        Column("size", pa.int64(), "size", "bytes", "a device, or a folder's heading"),
        Column("written", pa.string(), "time with its offset, as written", None, _FOLDER),
        Column("name", pa.string(), "name, decoded where names are between double quotes", None, _FOLDER),
        Column("target", pa.string(), "what a symbolic link holds", None, "no symbolic link, or not sure which part of the name it is"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "whole"
DOMAIN = "{host}:root"

_TIME = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]) (?:[01]\d|2[0-3]):[0-5]\d:[0-6]\d\.\d{9} [+-]\d{4}"
_ENTRY = re.compile(
    r"(?P<before>(?: *\d{1,20}){0,2}) ?(?P<mode>[-bcdlpsDCP][-rwxsStTl]{9}[.+@]?) +(?P<links>\d{1,18}) +(?P<owner>[^ ]+) +(?P<group>[^ ]+)"
    rf" +(?:(?P<size>\d{{1,18}})|\d+, +\d+) (?P<written>{_TIME}) (?P<name>.+)",
    re.ASCII | re.DOTALL,
)
_FIRST = re.compile(
    rf"^[ \d]*[-bcdlps][-rwxsStT]{{9}}[.+@]? +\d+ .*{_TIME} \S".encode(), re.MULTILINE | re.ASCII
)
_DATED = re.compile(_TIME.encode(), re.ASCII)
_LEAST_BYTES = len("-rwxrwxrwx 1 u g 0 2026-11-23 16:11:37.100000000 +0100 n")
_TOTAL = re.compile(r"total \S+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"(?: -> "((?:[^"\\]|\\.)*)")?[*/=>@|]?', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:(?P<octal>[0-3][0-7]{2})|(?P<mark>.))", re.DOTALL)
_MARKS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_Row = dict[str, object]
_NO_FOLDER: _Row = dict.fromkeys(("folder", "folder_start", "folder_stop"))
LONGEST_PATH = 4096


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of an entry with a full time among the first lines."""
    return 90 if _FIRST.search(b"\n".join(head.splitlines()[:8])) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the lines of one file."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from rowwise.portions(_said(data, base), TABLE)


def _said(data: bytes, base: int) -> Iterator[Said]:
    """Each line, and what it says below which heading."""
    quoted = _quoted(data)
    above, blank = _NO_FOLDER, True
    for line in rowwise.each(data, base):
        raw, headed, blank = line.raw, blank, not line.raw
        entry = _read(line)
        if blank:
            yield [line], None
        elif rowwise.too_long([line]):
            blank = True
            yield [line], Why.TOO_LONG
        elif entry:
            yield [line], {"kind": "entry", **above, **_entry(entry, quoted=quoted)}
        elif headed and raw.endswith(b":") and len(raw) > 1:
            text = rowwise.shown(raw)
            folder = _decoded(text[1:-2]) if quoted and _QUOTED.fullmatch(text[:-1]) else text[:-1]
            # Each line below says it again, and no path is longer.
            too_long = len(folder) > LONGEST_PATH
            named = {"folder": folder, "folder_start": line.start, "folder_stop": line.stop}
            above = _NO_FOLDER if too_long else named
            yield [line], Why.TOO_LONG if too_long else {"kind": "folder", **above}
        else:
            total = raw.startswith(b"total ") and _TOTAL.fullmatch(rowwise.shown(raw))
            yield [line], None if total else Why.SHAPE


def _quoted(data: bytes) -> bool:
    """Whether there are entries, and the names of all are between double quotes."""
    entries = (_read(line) for line in rowwise.each(data, 0)) if _DATED.search(data) else ()
    names = (_QUOTED.fullmatch(entry["name"]) is not None for entry in entries if entry)
    return next(names, False) and all(names)


def _read(line: rowwise.Line) -> re.Match[str] | None:
    """A line as an entry. Short lines are not looked at: a file can have one on every byte."""
    if len(line.raw) < _LEAST_BYTES or rowwise.too_long([line]):
        return None
    return _ENTRY.fullmatch(rowwise.shown(line.raw))


def _entry(entry: re.Match[str], *, quoted: bool) -> _Row:
    name, target = entry["name"], None
    shape = _QUOTED.fullmatch(name) if quoted else None
    if shape is not None:
        name, target = _decoded(shape[1]), None if shape[2] is None else _decoded(shape[2])
    elif entry["mode"].startswith("l") and name.count(" -> ") == 1:
        name, _, target = name.partition(" -> ")
    size = None if entry["size"] is None else int(entry["size"])
    words = {key: entry[key] for key in ("mode", "owner", "group", "written")}
    return {**words, "before": entry["before"].strip() or None, "links": int(entry["links"]), "size": size, "name": name, "target": target}  # fmt: skip


def _decoded(written: str) -> str:
    r"""A name between double quotes as it is; bytes that are not UTF-8 stay as `\NNN`."""
    raw = _ESCAPE.sub(
        lambda e: chr(int(e["octal"], 8)) if e["octal"] else _MARKS.get(e["mark"], e["mark"]), written
    )
    if not re.search(r"\\[0-3][0-7]{2}", written):
        return raw
    try:
        return raw.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return written
