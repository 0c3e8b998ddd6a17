"""Git ref: what a branch, a tag or HEAD names at the time of collection.

    38e41d51c6ea70a793765a4a55d901fa35570896

Shape   one object name, or `ref: ` and another ref; in `packed-refs` many lines `<object> <ref>`, each
        followed by `^<object>` where the ref is an annotated tag
Source  git documentation, gitrepository-layout(5) "refs", "packed-refs", "HEAD"
Time    none: it is the state found
Who     nobody is named
Open    a loose ref overrides the packed one of the same name
"""

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import lines, rowwise
from forensics.core.lines import LONGEST_LINE_BYTES, cut, shown
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "git_ref",
    "what a ref names",
    (
        Column("ref", pa.string(), "the ref", None, "a file of its own: its path names it"),
        Column("oid", pa.string(), "the object it names", None, "it names another ref"),
        Column("target", pa.string(), "the other ref it stands for", None, "it names an object"),
        Column("peeled", pa.string(), "what an annotated tag leads to", None, "not written"),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "git:objects"

_OID = r"[0-9a-f]{40}(?:[0-9a-f]{24})?"
_LINE = rf"^(?:(?P<oid>{_OID})(?: (?P<ref>[^ \t]+))?|ref:[ \t]*(?P<target>refs/[^ \t]+)|\^(?P<peeled>{_OID}))[ \t]*$"
_PEELED = re.compile(rf"\^{_OID}[ \t]{{0,{LONGEST_LINE_BYTES}}}(?:\r?\n|\Z)".encode())
_LONE = re.compile(rf"{_OID}\r?\n?".encode())
_SYMBOLIC = re.compile(rb"ref:[ \t]*refs/[!-~\x80-\xff]+[ \t]*\r?\n?")


def recognise(head: bytes, path: str) -> int:
    """Sure of `packed-refs` and symbolic refs; a lone object name needs a path that says ref."""
    if head.startswith(b"# pack-refs with:"):
        return 95
    if _SYMBOLIC.fullmatch(head):
        return 60
    names_ref = "refs/" in path or path.endswith("HEAD")
    return 30 if names_ref and _LONE.fullmatch(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the lines; one that says what a tag leads to belongs to the line before it."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some lines at a time."""
    if _LONE.fullmatch(data):
        yield _lone(data, base)
        return
    at = 0
    for run in lines.runs(data):
        if run.stop <= at:
            continue
        if run.long:
            yield lines.too_long(TABLE, base, run)
            at = run.stop
        else:
            follows = _PEELED.match(data, run.stop)
            stop = run.stop if follows is None else follows.end()
            yield _run(data[at:stop], base + at)
            at = stop
    if not data:
        yield Parsed(TABLE.empty(), REJECTED.empty(), IGNORED.empty())


def _run(data: bytes, base: int) -> Parsed:
    """What some lines tell."""
    own = cut(data, base)
    size = np.asarray(pc.binary_length(own.text), np.int64)
    long = size > LONGEST_LINE_BYTES
    text = shown(pc.if_else(pa.array(long), pa.scalar(b"", pa.binary()), own.text))
    found = pc.extract_regex(text, pattern=_LINE)
    oid, ref, target, peeled = (_field(found, name) for name in ("oid", "ref", "target", "peeled"))
    names = _is(oid) | _is(target)
    follows = np.concatenate([np.zeros(1, bool), _is(oid)[:-1]])[: len(names)] & _is(peeled)
    followed = np.concatenate([follows[1:], np.zeros(1, bool)])[: len(names)]
    ignored = ~long & ((size == 0) | np.asarray(pc.starts_with(text, "#"), bool))
    rejected = ~names & ~follows & ~ignored
    after = pa.array(np.minimum(np.arange(len(names)) + 1, len(names) - 1))
    leads = pc.if_else(pa.array(followed), peeled.take(after), pa.scalar(None, pa.string()))
    kept = pa.array(names)
    columns = {"ref": ref, "oid": oid, "target": target, "peeled": leads}
    stop = np.where(followed, np.append(own.stop[1:], 0)[: len(names)], own.stop)
    why = np.where(long, Why.TOO_LONG.value, Why.SHAPE.value)
    spans = {"start": own.start[rejected], "stop": own.stop[rejected]}
    return Parsed(
        TABLE.build(
            {
                **{name: values.filter(kept) for name, values in columns.items()},
                "start": own.start[names],
                "stop": stop[names],
            }
        ),
        REJECTED.build({**spans, "why": why[rejected].tolist()}),
        IGNORED.build({"start": own.start[ignored], "stop": own.stop[ignored]}),
    )


def _lone(data: bytes, base: int) -> Parsed:
    """What the lines would tell of a file that names one object: a repository can have a million of these."""
    row = {"oid": [data.rstrip(b"\r\n").decode("ascii")], "start": [base], "stop": [base + len(data)]}
    return Parsed(TABLE.build(row), REJECTED.empty(), IGNORED.empty())


def _field(found: pa.Array, name: str) -> pa.Array:
    """A named part of the matches; empty is null."""
    values = pc.struct_field(found, name)
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)


def _is(values: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.is_valid(values), bool)
