"""Git layout: the small files by which a repository says where the rest of it is, or that it is not there.

    gitdir: /srv/git/llm.git/worktrees/kai

Shape   one statement a line, each file of one kind:
        `gitdir: <path>`                       a `.git` file: a linked working tree, or a submodule
        `<path>`                               `gitdir` or `commondir` of a linked working tree, `objects/info/alternates`
        `<object>`                             `shallow`: the history stops here
        `<object> <object>…`                   `info/grafts`: a commit and the parents it is to be given
        `<object> <object|not-for-merge>…`     `FETCH_HEAD`: what a fetch brought, and from where
        `<table>`                              `reftable/tables.list`: a file of refs, a later one overrides those before
        `<object> <ref>`                       a `.promisor` file: this pack came from a remote that promised the rest
Source  git documentation, gitrepository-layout(5), git-fetch(1) "OUTPUT", shallow and partial clone notes
Time    none: it is the state found
Who     nobody is named; the address in FETCH_HEAD is what was typed or configured
Open    nothing here is followed or obeyed: alternates and working trees are looked for among what was collected,
        grafts and shallow lines are reported beside the parents that the commits themselves name
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.lines import told
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "git_layout",
    "a line by which a repository says where the rest of it is",
    (
        Column("kind", pa.string(), "gitdir, path, object, objects or fetched"),
        Column("path", pa.string(), "path as written", None, "names no path"),
        Column("oid", pa.string(), "first object named", None, "names no object"),
        Column(
            "others", pa.string(), "further objects, a space between them: parents of a graft", None, "none"
        ),
        Column(
            "rest", pa.string(), "what follows: of FETCH_HEAD, what was fetched from where", None, "nothing"
        ),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "git:objects"

_OID = r"[0-9a-f]{40}(?:[0-9a-f]{24})?"
_LINE = (
    rf"^(?:(?P<gitdir>gitdir: )(?P<far>[^\x00]+)|(?P<oid>{_OID})(?P<others>(?: {_OID})*)"
    r"(?:(?P<fetched>\t(?:not-for-merge)?\t)(?P<from>[^\x00]*)| (?P<ref>[^\x00]+))?|(?P<path>(?:/|\.\./|\./)[^\x00]*|\.|(?:0x)?[0-9a-f]+-(?:0x)?[0-9a-f]+-[^/\x00]*\.(?:ref|log)))$"
)
_GITDIR = re.compile(rb"gitdir: [^\0\n]+\r?\n?")
_PATHS = re.compile(rb"(?:(?:(?:/|\.\./|\./)[^\0\n]*|\.\r?)\n)+(?:[^\0\n]*)?|(?:/|\.\./)[^\0\n]+")
_FETCHED = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?\t(?:not-for-merge)?\t")
_OBJECTS = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?(?: [^\n]+)?\r?\n")
_TABLES = re.compile(rb"(?:(?:0x)?[0-9a-f]+-(?:0x)?[0-9a-f]+-[^/\0\n]*\.(?:ref|log)\r?\n)+")
_NAMED_PATHS = re.compile(r"(?:^|/)(?:objects/info/alternates|worktrees/[^/]+/(?:gitdir|commondir))$")
_NAMED_OBJECTS = re.compile(r"(?:^|/)(?:shallow|info/grafts|objects/pack/[^/]+\.promisor)$")


def recognise(head: bytes, path: str) -> int:
    """Sure of a `gitdir:` line or a fetched one; lines of paths or objects need a name that says what they are."""
    if _GITDIR.fullmatch(head):
        return 90
    if _FETCHED.match(head):
        return 85
    if path.endswith("reftable/tables.list") and _TABLES.match(head):
        return 60
    if _NAMED_PATHS.search(path) and _PATHS.match(head):
        return 60
    return 60 if _NAMED_OBJECTS.search(path) and _OBJECTS.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = told(data, base)
    found = pc.extract_regex(lines.text, pattern=_LINE)
    read = pc.and_(pc.is_valid(found), pc.invert(lines.blank))
    idle = pc.or_(lines.blank, pc.starts_with(lines.text, "#"))
    kept = found.filter(read)
    parts = {
        name: pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
        for name, values in ((name, pc.struct_field(kept, name)) for name in _names())
    }
    some = {name: pc.is_valid(values) for name, values in parts.items()}
    kind = pc.if_else(
        some["gitdir"],
        "gitdir",
        pc.if_else(
            some["path"],
            "path",
            pc.if_else(some["fetched"], "fetched", pc.if_else(some["others"], "objects", "object")),
        ),
    )
    records = {
        "kind": kind,
        "path": pc.coalesce(parts["far"], parts["path"]),
        "oid": parts["oid"],
        "others": pc.utf8_ltrim(parts["others"], " "),
        "rest": pc.coalesce(parts["from"], parts["ref"]),
    }
    why = pa.array([Why.SHAPE.value] * len(lines.text), pa.string())
    return lines.sorted_out(TABLE, records, read=read, idle=idle, why=why)


def _names() -> tuple[str, ...]:
    return ("gitdir", "far", "oid", "others", "fetched", "from", "ref", "path")
