"""Changelog of a Lustre file system: each change of a name, an inode or its content, as the metadata server made it.

    7 06UNLNK 15:11:37.404255474 2026.11.23 0x1 t=[0x200000402:0x2:0x0] j=rm.4103 ef=0xf u=4103:4200 nid=10.0.0.13@tcp p=[0x200000007:0x1:0x0] ckpt.pt

Shape   <number> <type> <time> <date> <flags> t=[<file>], then, where recorded, j=<job> ef=<mask> u=<uid>:<gid> nid=<client>
        m=<mode of opening> x=<extended attribute>, p=[<folder>] <name>, and for a rename s=[<file>] sp=[<folder>] <name before>
Source  Lustre 2.15, lfs-changelog(1), lctl-changelog_register(8); lustre/utils/lfs.c `lfs_changelog`
Time    the metadata server's clock in UTC, with nine places: lfs prints it so wherever it runs
Who     uid and nid are what the client's kernel told the server: root of a client can be any uid. The job is the
        value of a variable in the environment of the process (jobid_var), or its program and uid: its owner can
        set it to any job. No login account and no process is recorded
Open    a folder is a number: `lfs fid2path` on the live system says which. Writes are seen only as CLOSE and MTIME.
        Name and job are typed by users: a line in which the server's fields seem to come twice is not read, and of
        a rename whose parts cannot be told apart the names are left out. A name is written as it stands: behind a newline in it
        a record of its own can stand, whose number is one that another has, or out of its order
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.lines import told
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_NOT_SAID = "not recorded, or not for this type"
TABLE = Table(
    "lustre_changelog",
    "a change that a metadata server of Lustre made",
    (
        Column(
            "number", pa.int64(), "number of the record on its server: rises by one from each to the next"
        ),
        Column("code", pa.int64(), "type, by number"),
        Column("type", pa.string(), "type, by its short name"),
        Column("written", pa.string(), "time in UTC, as RFC 3339"),
        Column("flags", pa.string(), "flags, in hexadecimal"),
        Column("target", pa.string(), "identifier of the file (FID)"),
        Column("job", pa.string(), "job or program: asserted by the process", None, _NOT_SAID),
        Column("extra", pa.string(), "mask of the fields recorded, in hexadecimal", None, _NOT_SAID),
        Column("uid", pa.int64(), "uid, as the client told", None, _NOT_SAID),
        Column("gid", pa.int64(), "gid, as the client told", None, _NOT_SAID),
        Column("nid", pa.string(), "network identifier of the client", None, _NOT_SAID),
        Column("mode", pa.string(), "mode of opening", None, _NOT_SAID),
        Column("attribute", pa.string(), "extended attribute", None, _NOT_SAID),
        Column("parent", pa.string(), "identifier of the folder", None, _NOT_SAID),
        Column("name", pa.string(), "name in it: typed by a user", None, _NOT_SAID),
        Column("source", pa.string(), "identifier of what was renamed", None, _NOT_SAID),
        Column("source_parent", pa.string(), "identifier of the folder it was in", None, _NOT_SAID),
        Column("source_name", pa.string(), "its name before: typed by a user", None, _NOT_SAID),
        Column("rest", pa.string(), "everything after the target, as written", None, "nothing"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "lustre:mds"

_FID = r"\[0x[0-9a-fA-F]{1,16}:0x[0-9a-fA-F]{1,8}:0x[0-9a-fA-F]{1,8}\]|\[0:0x0:0x0\]"
_DAY = r"[0-9]{4}\.(?:0[1-9]|1[0-2])\.(?:0[1-9]|[12][0-9]|3[01])"
_HOUR = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-6][0-9]\.[0-9]{6,9}"
_LINE = (
    r"^(?P<number>[0-9]{1,18}) (?P<code>[0-9]{2,3})(?P<type>[A-Z]{2,6}) *"
    rf" (?P<time>{_HOUR}) (?P<date>{_DAY}) (?P<flags>0x[0-9a-f]{{1,8}}) t=(?P<target>{_FID})(?: (?P<rest>.+))?$"
)
_REST = (
    r"^(?:j=(?P<job>[^ ]*)(?: |$))?(?:ef=(?P<extra>0x[0-9a-f]{1,16})(?: |$))?(?:u=(?P<uid>[0-9]{1,10}):(?P<gid>[0-9]{1,10})(?: |$))?"
    r"(?:nid=(?P<nid>[^ ]+)(?: |$))?(?:m=(?P<mode>[^ ]{1,8})(?: |$))?(?:x=(?P<attribute>[^ ]+)(?: |$))?(?P<names>s?p?=.*)?$"
)
_NAMES = (
    rf"^p=(?P<parent>{_FID}) (?P<name>.+) s=(?P<source>{_FID}) sp=(?P<source_parent>{_FID}) (?P<source_name>.+)$",
    rf"^s=(?P<source>{_FID}) sp=(?P<source_parent>{_FID}) (?P<source_name>.+) p=(?P<parent>{_FID}) (?P<name>.+)$",
    rf"^p=(?P<parent>{_FID})(?: (?P<name>.+))?$",
)
_TWICE = rf" s=(?:{_FID}) sp=(?:{_FID}) .* s=(?:{_FID}) sp=(?:{_FID}) | p=(?:{_FID}) .* p=(?:{_FID}) "
_FIRST = re.compile(rf"\d{{1,18}} \d{{2,3}}[A-Z]{{2,6}} * {_HOUR} {_DAY} 0x[0-9a-f]+ t=\[".encode())
_FIELDS = ("job", "extra", "uid", "gid", "nid", "mode", "attribute")
_NAMED = ("parent", "name", "source", "source_parent", "source_name")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a record's beginning."""
    return 95 if _FIRST.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = told(data, base)
    found = pc.extract_regex(lines.text, pattern=_LINE)
    shaped = pc.is_valid(found)
    rest = pc.fill_null(pc.struct_field(found, "rest"), "")
    fields = pc.extract_regex(rest, pattern=_REST)
    read = pc.and_(shaped, pc.is_valid(fields))
    plain = pc.invert(_doubled(fields))
    kept, fields, rest = found.filter(pc.and_(read, plain)), fields.filter(pc.and_(read, plain)), rest.filter(pc.and_(read, plain))  # fmt: skip
    day = pc.replace_substring(pc.struct_field(kept, "date"), ".", "-")
    own = {name: _filled(pc.struct_field(fields, name)) for name in _FIELDS}
    records = {
        **{name: pc.struct_field(kept, name).cast(pa.int64()) for name in ("number", "code")},
        **{name: pc.struct_field(kept, name) for name in ("type", "flags", "target")},
        "written": pc.binary_join_element_wise(day, "T", pc.struct_field(kept, "time"), "Z", ""),
        **own,
        **{name: own[name].cast(pa.int64()) for name in ("uid", "gid")},
        **_names(pc.struct_field(fields, "names")),
        "rest": _filled(rest),
    }
    why = pc.if_else(read, Why.VALUE.value, Why.SHAPE.value)
    return lines.sorted_out(TABLE, records, read=pc.and_(read, plain), idle=lines.blank, why=why)


def _doubled(fields: pa.Array) -> pa.Array:
    """Where the names hold what looks like the server's own fields: a job that holds spaces would do that."""
    names = pc.struct_field(fields, "names")
    return pc.fill_null(pc.match_substring_regex(names, r" u=[0-9]+:[0-9]+ (?:nid=|m=|x=|s=\[|p=\[)"), False)


def _filled(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)


def _names(written: pa.Array) -> dict[str, pa.Array]:
    """The names of each record, by the first shape that fits; none where what was typed makes two readings possible."""
    nothing = pa.scalar(None, pa.string())
    written = pc.if_else(
        pc.match_substring_regex(pc.binary_join_element_wise(" ", written, ""), _TWICE), nothing, written
    )
    parts: dict[str, pa.Array] = {name: pa.nulls(len(written), pa.string()) for name in _NAMED}
    open_still = pa.array([True] * len(written), pa.bool_())
    for shape in _NAMES:
        found = pc.extract_regex(written, pattern=shape)
        fits = pc.and_(open_still, pc.is_valid(found))
        open_still = pc.and_not(open_still, fits)
        for field in found.type:
            parts[field.name] = pc.if_else(
                fits, _filled(pc.struct_field(found, field.name)), parts[field.name]
            )
    return parts
