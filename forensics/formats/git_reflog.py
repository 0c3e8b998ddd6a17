"""Git reflog: one line each time a ref moved in one copy of a repository.

    28345a9aa4a53e1e1295ae6da6b8f235b54e98c1 38e41d51c6ea70a793765a4a55d901fa35570896 lin <lin@lab.example> 1795446709 +0000<TAB>commit: Tune data loader

Shape   <old name> <new name> <name> <<email>> <epoch seconds> <zone>[<TAB><message>]
Source  git documentation, git-reflog(1), gitrepository-layout(5) "logs"; refs/files-backend.c
Time    the clock of the machine that holds the copy, unless GIT_COMMITTER_DATE was set: asserted
Who     user.name and user.email of the process: typed, never checked. On a server it is the server's own account
Open    the file is its writer's own: lines can be edited or removed, and git removes old ones (`gc`)
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.lines import LONGEST_LINE_BYTES, cut, shown
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "git_reflog",
    "a line of a reflog: a ref moved",
    (
        Column("old", pa.string(), "object the ref named before; zeros where it came into being"),
        Column("new", pa.string(), "object the ref named then; zeros where it was deleted"),
        Column("who", pa.string(), "`name <email>`: asserted"),
        Column("epoch_s", pa.int64(), "time written", "s since 1970-01-01T00:00:00Z"),
        Column("zone", pa.string(), "zone written, as `+0100`"),
        Column("message", pa.string(), "why, in git's words", None, "none written"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "git:reflog"

_NAMES = r"^(?P<old>[0-9a-f]{40}|[0-9a-f]{64}) (?P<new>[0-9a-f]{40}|[0-9a-f]{64}) "
_REST = r" (?P<epoch>-?[0-9]{1,18}) (?P<zone>[+-][0-9]{4})(?:\t(?P<message>(?s:.*)))?$"
_BEGINS = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})? [0-9a-f]{40}")
# git writes no angle bracket inside a name; a planted name that holds one is read up to the first tab.
_SHAPES = (_NAMES + r"(?P<who>[^<>]*<[^<>]*>)" + _REST, _NAMES + r"(?P<who>[^\t]*)" + _REST)


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where the first line is a whole reflog line."""
    if _BEGINS.match(head) is None:
        return 0
    first = shown(pa.array([head.split(b"\n", 1)[0].rstrip(b"\r")[:4096]], pa.binary()))
    return 95 if any(pc.match_substring_regex(first, shape)[0].as_py() for shape in _SHAPES) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = cut(data, base)
    start, stop = pa.array(lines.start, pa.int64()), pa.array(lines.stop, pa.int64())
    size = pc.binary_length(lines.text)
    blank = pc.equal(size, 0)
    long = pc.greater(size, LONGEST_LINE_BYTES)
    text = shown(pc.if_else(long, pa.scalar(b"", pa.binary()), lines.text))
    strict, loose = (pc.extract_regex(text, pattern=shape) for shape in _SHAPES)
    found = pc.if_else(pc.is_valid(strict), strict, loose)
    read = pc.is_valid(found)
    bad = pc.and_not(pc.invert(read), blank)
    why = pc.if_else(long, Why.TOO_LONG.value, Why.SHAPE.value)
    kept = found.filter(read)
    message = pc.struct_field(kept, "message")
    records = {
        **{name: pc.struct_field(kept, name) for name in ("old", "new", "who", "zone")},
        "epoch_s": pc.struct_field(kept, "epoch").cast(pa.int64()),
        "message": pc.if_else(pc.equal(message, ""), pa.scalar(None, pa.string()), message),
        "start": start.filter(read),
        "stop": stop.filter(read),
    }
    return Parsed(
        TABLE.build(records),
        REJECTED.build({"start": start.filter(bad), "stop": stop.filter(bad), "why": why.filter(bad)}),
        IGNORED.build({"start": start.filter(blank), "stop": stop.filter(blank)}),
    )
