r"""Gitolite log: what the git server was asked for, by whom, and what it allowed.

    2026-11-23.15:11:50<TAB>5311<TAB>update<TAB>llm<TAB>kai<TAB>W<TAB>refs/heads/main<TAB>28345a9…<TAB>38e41d5…<TAB>refs/.*

Shape   <wall clock><TAB><pid of the request><TAB><kind><TAB>…, where the kind can be empty
        ssh     ARGV=<user>  SOC=<command asked for>  FROM=<address>
        pre_git <repository> <user> <R or W> any <rule, or a DENIED text>
        update  <repository> <user> <access> <ref> <old> <new> <rule>
        update  <folder> (<$USER>) bypass <ref> <old> <new>      access checks were switched off
        die     <access> <ref> <repository> <user> DENIED by <rule>
Source  gitolite 3, src/lib/Gitolite/Common.pm `gl_log`, Hooks/Update.pm, src/gitolite-shell
Time    local wall clock of the server, to the second, no zone
Who     the user whose key in the server's key directory opened the connection; authenticated by sshd.
        In a bypass it is `$USER` of a local process: asserted
Open    SOC is typed by the user: tabs in it imitate fields, so FROM is the last one on the line. Newlines
        are written `<<newline>>`. The update line is written before git moves the ref
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.lines import LONGEST_LINE_BYTES, cut, shown
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "gitolite",
    "a line of the git server's log",
    (
        Column("wall", pa.string(), "local wall clock as written"),
        Column("pid", pa.int64(), "process that served the request; its lines share it"),
        Column("kind", pa.string(), "first word of the message; empty where the server wrote none"),
        Column("user", pa.string(), "the server's name for who asked", None, "not in this line"),
        Column("repository", pa.string(), "repository asked for", None, "not in this line"),
        Column(
            "access", pa.string(), "R, W, + (rewind), C or D as asked; `bypass`", None, "not in this line"
        ),
        Column("ref", pa.string(), "ref to be changed, or `any`", None, "not in this line"),
        Column("old", pa.string(), "object the ref named", None, "not an update"),
        Column("new", pa.string(), "object it is to name", None, "not an update"),
        Column("address", pa.string(), "address the connection came from", None, "not in this line"),
        Column("command", pa.string(), "command asked for: typed by the user", None, "not in this line"),
        Column("denied", pa.string(), "the server's words of refusal", None, "nothing refused here"),
        Column("rest", pa.string(), "everything after the pid, as written"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "git:server"

_LINE = r"^(?P<wall>[0-9]{4}-[0-9]{2}-[0-9]{2}\.[0-9]{2}:[0-9]{2}:[0-9]{2})\t(?P<pid>[0-9]{1,18})\t(?P<rest>(?s:.*))$"
_TIME = r"^....-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])\.(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-6][0-9]\t"
_FIRST = re.compile(rb"\d{4}-\d\d-\d\d\.\d\d:\d\d:\d\d\t\d{1,18}\t")
_OID = r"(?:[0-9a-f]{40}|[0-9a-f]{64})"
# Each field is anchored by the shape of the whole line, so that a tab typed into one cannot move the others.
_MESSAGES = (
    r"^(?:ssh|http)\tARGV=(?P<user>[^\t,]*)[^\t]*\tSOC=(?P<command>(?s:.*))\tFROM=(?P<address>[^\t]*)$",
    r"^pre_git\t(?P<repository>[^\t]*)\t(?P<user>[^\t]*)\t(?P<access>[^\t]*)\t(?P<ref>any)\t(?P<denied>[^\t]* DENIED [^\t]*)$",
    r"^pre_git\t(?P<repository>[^\t]*)\t(?P<user>[^\t]*)\t(?P<access>[^\t]*)\t(?P<ref>any)\t[^\t]*$",
    rf"^update\t(?P<repository>[^\t]*)\t(?P<user>[^\t]*)\t(?P<access>[^\t]*)\t(?P<ref>[^\t]*)\t(?P<old>{_OID})\t(?P<new>{_OID})\t(?P<denied>[^\t]* DENIED [^\t]*)$",
    rf"^update\t(?P<repository>[^\t]*)\t(?P<user>[^\t]*)\t(?P<access>[^\t]*)\t(?P<ref>[^\t]*)\t(?P<old>{_OID})\t(?P<new>{_OID})(?:\t[^\t]*)?$",
    r"^die\t(?P<denied>(?P<access>[^ \t]+) (?P<ref>[^ \t]+) (?P<repository>[^ \t]+) (?P<user>[^ \t]+) DENIED by .*)$",
)
_FIELDS = ("user", "repository", "access", "ref", "old", "new", "address", "command", "denied")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the stamp, which no other log joins with a point and follows with a tab."""
    return 92 if _FIRST.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = cut(data, base)
    start, stop = pa.array(lines.start, pa.int64()), pa.array(lines.stop, pa.int64())
    size = pc.binary_length(lines.text)
    blank = pc.equal(size, 0)
    long = pc.greater(size, LONGEST_LINE_BYTES)
    text = shown(pc.if_else(long, pa.scalar(b"", pa.binary()), lines.text))
    found = pc.extract_regex(text, pattern=_LINE)
    shaped = pc.is_valid(found)
    read = pc.and_(shaped, pc.match_substring_regex(text, _TIME))
    bad = pc.and_not(pc.invert(read), blank)
    why = pc.if_else(long, Why.TOO_LONG.value, pc.if_else(shaped, Why.TIME.value, Why.SHAPE.value))
    kept = found.filter(read)
    rest = pc.struct_field(kept, "rest")
    records = {
        "wall": pc.struct_field(kept, "wall"),
        "pid": pc.struct_field(kept, "pid").cast(pa.int64()),
        "kind": pc.struct_field(pc.extract_regex(rest, pattern=r"^(?P<kind>[a-z_A-Z]*)"), "kind"),
        **_fields(rest),
        "rest": rest,
        "start": start.filter(read),
        "stop": stop.filter(read),
    }
    return Parsed(
        TABLE.build(records),
        REJECTED.build({"start": start.filter(bad), "stop": stop.filter(bad), "why": why.filter(bad)}),
        IGNORED.build({"start": start.filter(blank), "stop": stop.filter(blank)}),
    )


def _fields(rest: pa.Array) -> dict[str, pa.Array]:
    """The fields of each message: the first shape that fits the whole of it says where they are."""
    fields = {name: pa.nulls(len(rest), pa.string()) for name in _FIELDS}
    open_still = pa.array([True] * len(rest), pa.bool_())
    for shape in _MESSAGES:
        found = pc.extract_regex(rest, pattern=shape)
        fits = pc.and_(open_still, pc.is_valid(found))
        open_still = pc.and_not(open_still, fits)
        for field in found.type:
            fields[field.name] = pc.if_else(fits, pc.struct_field(found, field.name), fields[field.name])
    nothing = pa.scalar(None, pa.string())
    return {name: pc.if_else(pc.equal(values, ""), nothing, values) for name, values in fields.items()}
