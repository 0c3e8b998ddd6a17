"""dpkg's log: what was done to each Debian package of a host.

    2026-11-22 10:00:01 upgrade libssl3:amd64 3.0.16-1 3.0.17-1

Shape   <wall clock> <action> …, where
        install, upgrade, remove, purge, configure, trigproc, disappear   <package> <version before> <version after>
        status     <state> <package> <version>
        conffile   <file> <install or keep>
        startup    <type> <command>
Source  dpkg(1), "FILES", /var/log/dpkg.log; dpkg 1.22, src/main/*.c `log_action`, lib/dpkg/log.c
Time    local wall clock of the host, to the second, no zone
Who     root of that host; which account asked is not in it: see apt's history of the same seconds, and sudo
Open    an action we have not met is a record with what follows it as written
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.lines import told
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_NOT_SAID = "this action says none"
TABLE = Table(
    "dpkg_log",
    "a step of dpkg",
    (
        Column("wall", pa.string(), "local wall clock as written"),
        Column("action", pa.string(), "what was done"),
        Column("state", pa.string(), "state that the package came into", None, _NOT_SAID),
        Column("package", pa.string(), "package, with its architecture", None, _NOT_SAID),
        Column("before", pa.string(), "version before; `<none>` as written", None, _NOT_SAID),
        Column("after", pa.string(), "version after; `<none>` as written", None, _NOT_SAID),
        Column("rest", pa.string(), "everything after the action, as written"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:root"

_WALL = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01]) (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-6][0-9]"
_LINE = rf"^(?P<wall>{_WALL}) (?P<action>[a-z][a-z-]{{1,30}}) (?P<rest>[^ ].*)$"
_VERSIONS = r"^(?P<package>[^ ]+) (?P<before>[^ ]+) (?P<after>[^ ]+)$"
_STATUS = r"^(?P<state>[^ ]+) (?P<package>[^ ]+) (?P<before>[^ ]+)$"
_KNOWN = "install|upgrade|remove|purge|configure|trigproc|disappear|status|conffile|startup"
_FIRST = re.compile(rf"{_WALL} (?:{_KNOWN}) [^ ]".encode())


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a stamp before one of dpkg's words."""
    return 90 if _FIRST.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = told(data, base)
    found = pc.extract_regex(lines.text, pattern=_LINE)
    read = pc.is_valid(found)
    kept = found.filter(read)
    action, rest = pc.struct_field(kept, "action"), pc.struct_field(kept, "rest")
    status = pc.equal(action, "status")
    changed = pc.extract_regex(rest, pattern=_VERSIONS)
    stated = pc.extract_regex(rest, pattern=_STATUS)
    known = pc.is_in(action, pa.array(_KNOWN.split("|")[:7]))
    nothing = pa.scalar(None, pa.string())
    named = pc.if_else(known, pc.struct_field(changed, "package"), nothing)
    records = {
        "wall": pc.struct_field(kept, "wall"),
        "action": action,
        "state": pc.if_else(status, pc.struct_field(stated, "state"), nothing),
        "package": pc.if_else(status, pc.struct_field(stated, "package"), named),
        "before": pc.if_else(known, pc.struct_field(changed, "before"), nothing),
        "after": pc.if_else(status, pc.struct_field(stated, "before"), pc.if_else(known, pc.struct_field(changed, "after"), nothing)),
        "rest": rest,
    }  # fmt: skip
    why = pa.array([Why.SHAPE.value] * len(found), pa.string())
    return lines.sorted_out(TABLE, records, read=read, idle=lines.blank, why=why)
