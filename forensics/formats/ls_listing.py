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

import pyarrow as pa

from forensics.core import lines as cutting
from forensics.core.model import SPAN, Parsed, Why
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
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"(?: -> "((?:[^"\\]|\\.)*)")?[*/=>@|]?', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:(?P<octal>[0-3][0-7]{2})|(?P<mark>.))", re.DOTALL)
_MARKS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_Row = dict[str, object]


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of an entry with a full time among the first lines."""
    return 90 if _FIRST.search(b"\n".join(head.splitlines()[:8])) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the lines of one file."""
    lines = cutting.told(data, base)
    starts, stops, texts = (column.to_pylist() for column in (lines.start, lines.stop, lines.text))
    entries = [_ENTRY.fullmatch(text) for text in texts]
    names = [entry["name"] for entry in entries if entry]
    quoted = bool(names) and all(_QUOTED.fullmatch(name) for name in names)
    rows: list[_Row | None] = []
    above: _Row = dict.fromkeys(("folder", "folder_start", "folder_stop"))
    for at, (text, entry) in enumerate(zip(texts, entries, strict=True)):
        row: _Row | None = None
        if entry:
            row = {"kind": "entry", **above, **_entry(entry, quoted=quoted)}
        elif text.endswith(":") and (at == 0 or not texts[at - 1]) and len(text) > 1:
            folder = _decoded(text[1:-2]) if quoted and _QUOTED.fullmatch(text[:-1]) else text[:-1]
            above = {"folder": folder, "folder_start": starts[at], "folder_stop": stops[at]}
            row = {"kind": "folder", **above}
        rows.append(row)
    held = [row for row in rows if row is not None]
    names_ = [name for name in TABLE.names if name not in {"start", "stop"}]
    records = {
        c.name: pa.array([row.get(c.name) for row in held], c.type) for c in TABLE.columns if c.name in names_
    }
    read = pa.array([row is not None for row in rows], pa.bool_())
    idle = pa.array([(not text and not long) or bool(re.fullmatch(r"total \S+", text)) for text, long in zip(texts, lines.long.to_pylist(), strict=True)], pa.bool_())  # fmt: skip
    why = pa.array([Why.SHAPE.value] * len(rows), pa.string())
    return lines.sorted_out(TABLE, records, read=read, idle=idle, why=why)


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
