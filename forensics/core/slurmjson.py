"""The JSON that Slurm's commands print: one object whose list `jobs` is read job by job, and how its values are framed.

A job's span is its own object in the list, so that a citation leads to that job alone, and a file that
is torn keeps the jobs before the tear. A number is plain, or `{"set": true, "infinite": false, "number": 0}`.
"""

import json
import re
from collections.abc import Callable, Mapping
from json.decoder import scanstring  # type: ignore[attr-defined] # the standard library's own, not in its stubs
from typing import NamedTuple

import numpy as np

from forensics.core.model import IGNORED, REJECTED, Parsed, Why
from forensics.core.schema import Table

JOBS = re.compile(rb'"jobs"\s*:\s*\[\s*(?:\]|\{)')
_SPACE = re.compile(r"[ \t\n\r]*")
_SET = re.compile("[\udc80-\udcff]")
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*"', re.DOTALL)
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*"|[\[\]{}]', re.DOTALL)
_READ = json.JSONDecoder()
_DEEPEST = 64


class _Found(NamedTuple):
    """Spans of the file, as offsets into the chunk: of jobs, and of what could not be read."""

    jobs: list[tuple[int, int, object]]
    rejected: list[tuple[int, int, Why]]


def parse(
    data: bytes, base: int, table: Table, read: Callable[[Mapping[str, object]], dict[str, object] | None]
) -> Parsed:
    """Read the jobs of one file.

    Args:
        data: the whole file.
        base: offset of its first byte, in bytes.
        table: the format's declared table.
        read: the columns of one job, or None where it has no number.
    """
    found = _scanned(data)
    records: list[dict[str, object]] = []
    taken = [(start, stop) for start, stop, _ in found.rejected]
    rejected = list(found.rejected)
    for start, stop, job in found.jobs:
        taken.append((start, stop))
        row = read(job) if isinstance(job, dict) else None
        if row is None:
            rejected.append((start, stop, Why.VALUE if isinstance(job, dict) else Why.SHAPE))
        else:
            records.append(row | {"start": start + base, "stop": stop + base})
    rejected.sort()
    ignored = _between(sorted(taken), len(data))
    return Parsed(
        table.build({name: [row[name] for row in records] for name in table.names}),
        REJECTED.build(
            {
                "start": [r[0] + base for r in rejected],
                "stop": [r[1] + base for r in rejected],
                "why": [r[2].value for r in rejected],
            }
        ),
        IGNORED.build({"start": [g[0] + base for g in ignored], "stop": [g[1] + base for g in ignored]}),
    )


def _between(taken: list[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    """What lies before, between and after spans."""
    edges = [0, *(edge for span in taken for edge in span), size]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]


def _scanned(data: bytes) -> _Found:
    """Find the jobs. Each byte is one character here, so that positions are offsets."""
    found = _Found([], [])
    limit = _shallow(data)
    text = data[:limit].decode("latin-1")
    if not data.strip(b" \t\n\r"):
        return found
    try:
        at, why = _skip(text, _object(text, data, found)), Why.SHAPE
    except ValueError:  # the file ends, stops being JSON, or goes deeper than accounting does
        at, why = _last(found), Why.TRUNCATED if limit == len(data) else Why.SHAPE
    if at < len(data):
        found.rejected.append((at, len(data), why))
    return found


def _shallow(data: bytes) -> int:
    """How far the file goes without nesting deeper than any accounting does.

    The decoder calls itself for each level, and how many it survives depends on the machine.
    """
    bare = np.frombuffer(_STRING.sub(b"", data), np.uint8)
    # Brackets and braces are 32 apart; the closing ones are two after their opening ones.
    opens, closes = (bare & 0xDF) == ord("["), (bare & 0xDF) == ord("]")
    if not len(bare) or np.cumsum(opens.astype(np.int64) - closes).max() <= _DEEPEST:
        return len(data)
    depth = 0
    for token in _TOKEN.finditer(data):
        mark = token[0]
        depth += (mark in b"[{") - (mark in b"]}")
        if depth > _DEEPEST:
            return token.start()
    return len(data)


def _last(found: _Found) -> int:
    """Where the last job that could be read ends."""
    return found.jobs[-1][1] if found.jobs else 0


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _expect(text: str, at: int, marks: str) -> int:
    if at >= len(text) or text[at] not in marks:
        raise ValueError(at)
    return at + 1


def _object(text: str, data: bytes, found: _Found) -> int:
    """Read the outermost object; its list `jobs` is read job by job."""
    at = _skip(text, _expect(text, _skip(text, 0), "{"))
    if text[at : at + 1] == "}":
        return at + 1
    while True:
        key, at = scanstring(text, _expect(text, at, '"'), True)
        at = _skip(text, _expect(text, _skip(text, at), ":"))
        if key == "jobs" and text[at : at + 1] == "[":
            at = _list(text, data, at, found)
        else:
            _, at = _READ.raw_decode(text, at)
        at = _expect(text, _skip(text, at), ",}")
        if text[at - 1] == "}":
            return at
        at = _skip(text, at)


def _list(text: str, data: bytes, at: int, found: _Found) -> int:
    at = _skip(text, at + 1)
    if text[at : at + 1] == "]":
        return at + 1
    while True:
        job, stop = _READ.raw_decode(text, at)
        if not text.isascii():
            job = _READ.decode(data[at:stop].decode("utf-8", "surrogateescape"))
        found.jobs.append((at, stop, job))
        at = _expect(text, _skip(text, stop), ",]")
        if text[at - 1] == "]":
            return at
        at = _skip(text, at)


def inner(whole: Mapping[str, object], key: str) -> Mapping[str, object]:
    """What stands under a key, where it is an object; an empty one where it is none."""
    found = whole.get(key)
    return found if isinstance(found, dict) else {}


def text(value: object) -> str | None:
    r"""A string that Arrow can hold: bytes that are no UTF-8 as `\xNN`. Null where it is empty."""
    if not isinstance(value, str) or not value:
        return None
    seen = _SET.sub(lambda m: f"\\x{ord(m[0]) - 0xDC00:02x}", value)
    return seen.encode("utf-8", "backslashreplace").decode("utf-8")


def words(value: object) -> str | None:
    """A word, or a list of words."""
    if isinstance(value, list):
        return ",".join(word for word in map(text, value) if word) or None
    return text(value)


def number(value: object) -> int | None:
    """A number, plain or in its frame; null where it is not set, infinite, or none that int64 holds."""
    if isinstance(value, dict):
        value = (
            value.get("number") if value.get("set") is True and value.get("infinite") is not True else None
        )
    whole = isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
    return value if whole and isinstance(value, int) else None


def moment(value: object) -> int | None:
    """Seconds since 1970. The writer's 0 means that there is no such moment."""
    return number(value) or None


def exits(value: object) -> tuple[int | None, int | None]:
    """Exit code and signal."""
    if not isinstance(value, dict):
        return number(value), None
    signal = inner(value, "signal")
    told = signal.get("signal_id", signal.get("id"))
    return number(value.get("return_code")), number(told)


def gpus(tres: object) -> int | None:
    """GPUs among resources: the sum of types is told again by the whole."""
    if not isinstance(tres, list) or not tres:
        return None
    rows = [t for t in tres if isinstance(t, dict) and t.get("type") == "gres"]
    told = [(text(t.get("name")) or "", number(t.get("count")) or 0) for t in rows]
    whole = [count for name, count in told if name == "gpu"]
    return whole[0] if whole else sum(count for name, count in told if name.startswith("gpu:"))


def amount(tres: object, kind: str) -> int | None:
    """How much there is of one kind of resource, such as `cpu`; null where the writer has no number for it."""
    rows = tres if isinstance(tres, list) else ()
    told = [number(row.get("count")) for row in rows if isinstance(row, dict) and row.get("type") == kind]
    return told[0] if told and told[0] is not None and told[0] >= 0 else None
