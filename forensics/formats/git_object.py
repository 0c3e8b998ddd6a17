r"""A loose git object: one zlib stream, of which the first inflated bytes are the header.

    commit 234\0tree 7c1e…\nauthor lin <lin@lab.example> 1795446709 +0000\n…

Shape   zlib stream of `<kind> <size in bytes>\0<content>`; nothing follows the stream
Source  git documentation, gitformat-loose(5); gitprotocol and "Git Internals", 10.2 "Git Objects"
Time    epoch seconds of author, committer or tagger: asserted by the client, never observed
Who     author, committer and tagger are typed by the client and prove nothing about who wrote or pushed
Open    bytes after the stream are rejected as shape: git refuses such a file, but bytes can be hidden there
"""

import re
import zlib

import pyarrow as pa

from forensics.core import gitobject
from forensics.core.gitcolumns import COLUMNS
from forensics.core.model import IGNORED, REJECTED, Parsed, Why
from forensics.core.schema import Table

TABLE = Table("git_object", "a git object stored as a file of its own", COLUMNS)
CUT = "whole"
DOMAIN = "git:objects"

_HEADER = re.compile(rb"(blob|commit|tag|tree) (0|[1-9]\d{0,18})\0")
_HEADER_BYTES = 32


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where a zlib stream begins with an object header."""
    return 97 if _header(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read one loose object; the record spans its stream, anything after it is rejected."""
    found = _header(data)
    if not data:
        return Parsed(TABLE.empty(), REJECTED.empty(), IGNORED.empty())
    content = _content(data, found)
    if found is None or isinstance(content, Why):
        why = content if isinstance(content, Why) else Why.SHAPE
        return Parsed(TABLE.empty(), _rejected(base, base + len(data), why), IGNORED.empty())
    stop = base + content.stop
    said = gitobject.described(found[1].decode(), content.content[found.end() :])
    row = {**said, "start": base, "stop": stop}
    records = TABLE.build({name: [row.get(name)] for name in TABLE.names})
    return Parsed(records, _rejected(stop, base + len(data), Why.SHAPE), IGNORED.empty())


def _rejected(start: int, stop: int, why: Why) -> pa.Table:
    if start == stop:
        return REJECTED.empty()
    return REJECTED.build({"start": [start], "stop": [stop], "why": [why.value]})


def _header(data: bytes) -> re.Match[bytes] | None:
    """The object header, if the data begin with one; a few bytes are inflated, never more."""
    try:
        return _HEADER.match(zlib.decompressobj().decompress(data[:512], _HEADER_BYTES))
    except zlib.error:
        return None


def _content(data: bytes, found: re.Match[bytes] | None) -> gitobject.Inflated | Why:
    """Header and content, inflated; or why not. A size that is a lie makes it no object."""
    if found is None:
        whole = gitobject.inflate(data, 0, gitobject.LARGEST_BYTES, keep=False)
        return whole.why or Why.SHAPE
    size = int(found[2])
    if size > gitobject.LARGEST_BYTES:
        return Why.COMPRESSION
    whole = gitobject.inflate(data, 0, found.end() + size)
    if whole.why is not None:
        return whole.why
    return whole if whole.size == found.end() + size else Why.SHAPE
