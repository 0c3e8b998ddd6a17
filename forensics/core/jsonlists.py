"""One JSON object, one of whose lists is read element by element.

An element's span is its own object in the list, so that a citation leads to it alone, and a file that is
torn keeps the elements before the tear.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined] # the standard library's own, not in its stubs

import numpy as np

from forensics.core.model import IGNORED, REJECTED, Parsed, Why
from forensics.core.schema import Table

_SPACE = re.compile(r"[ \t\n\r]*")
# A string that does not end goes to the end: looked for again at each quote in it, it was read as often as it has some.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*\\?(?:"|\Z)', re.DOTALL)
_TOKEN = re.compile(_STRING.pattern + rb"|[\[\]{}]", re.DOTALL)
_READ = json.JSONDecoder()
_DEEPEST = 64
MOST_BARE = 1 << 16
"""So many elements of a file that are no objects are rejected one by one."""


@dataclass(slots=True)
class Found:
    """Spans of the file, as offsets into the chunk: of elements, and of what could not be read; and how many elements are no objects."""

    elements: list[tuple[int, int]]
    rejected: list[tuple[int, int, Why]]
    bare: int = 0

    def add(self, text: str, start: int, stop: int) -> None:
        """Note an element. Of very many that are no objects those that follow are one reject, with what is between them."""
        self.bare += text[start] != "{"
        if text[start] == "{" or self.bare <= MOST_BARE:
            self.elements.append((start, stop))
        elif self.rejected and self.rejected[-1][1] > _last(self.elements):
            self.rejected[-1] = (self.rejected[-1][0], stop, Why.SHAPE)
        else:
            self.rejected.append((start, stop, Why.SHAPE))


def parse(
    data: bytes,
    base: int,
    table: Table,
    read: Callable[[Mapping[str, object]], dict[str, object] | None],
    *,
    key: str,
) -> Parsed:
    """Read the elements of the list of one file.

    Args:
        data: the whole file.
        base: offset of its first byte, in bytes.
        table: the format's declared table.
        read: the columns of one element, or None where it lacks what it cannot do without.
        key: what the list is called.
    """
    found = scanned(data, key)
    columns: dict[str, list[object]] = {name: [] for name in table.names}
    taken = [(start, stop) for start, stop, _ in found.rejected]
    rejected = list(found.rejected)
    for start, stop in found.elements:
        taken.append((start, stop))
        # Read once more, by itself: what all elements of a large file are takes twenty times its size.
        element = _READ.decode(data[start:stop].decode("utf-8", "surrogateescape"))
        row = read(element) if isinstance(element, dict) else None
        if row is None:
            rejected.append((start, stop, Why.VALUE if isinstance(element, dict) else Why.SHAPE))
        else:
            row |= {"start": start + base, "stop": stop + base}
            for name, column in columns.items():
                column.append(row[name])
    rejected.sort()
    ignored = between(sorted(taken), len(data))
    return Parsed(
        table.build(columns),
        REJECTED.build(
            {
                "start": [r[0] + base for r in rejected],
                "stop": [r[1] + base for r in rejected],
                "why": [r[2].value for r in rejected],
            }
        ),
        IGNORED.build({"start": [g[0] + base for g in ignored], "stop": [g[1] + base for g in ignored]}),
    )


def between(taken: list[tuple[int, int]], size: int, start: int = 0) -> list[tuple[int, int]]:
    """What lies before, between and after spans, from a place up to a size."""
    edges = [start, *(edge for span in taken for edge in span), size]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]


def scanned(data: bytes, key: str) -> Found:
    """Find the elements of the list of that name in one object. Each byte is one character here, so that positions are offsets."""
    if not data.strip(b" \t\n\r"):
        return Found([], [])
    return _walked(data, lambda text, found: _skip(text, _object(text, found, key)))


def arrays(data: bytes) -> Found:
    """Find the elements of one list after another, as a service answers page by page: `[…][…]`."""

    def every(text: str, found: Found) -> int:
        at = _skip(text, 0)
        while at < len(text):
            at = _skip(text, _list(text, _expect(text, at, "[") - 1, found))
        return at

    return _walked(data, every)


def values(data: bytes) -> Found:
    """Find the values that follow one another, with nothing between but blanks: `{…} {…}`."""

    def every(text: str, found: Found) -> int:
        at = _skip(text, 0)
        while at < len(text):
            _, stop = _READ.raw_decode(text, at)
            found.add(text, at, stop)
            at = _skip(text, stop)
        return at

    return _walked(data, every)


def _walked(data: bytes, walk: Callable[[str, Found], int]) -> Found:
    """What a walk through a file's text finds before it ends; all behind that is rejected."""
    found = Found([], [])
    limit = _shallow(data)
    try:
        at, why = walk(data[:limit].decode("latin-1"), found), Why.SHAPE
    except ValueError:  # the file ends, stops being JSON, or goes deeper than any log does
        at, why = (
            max(_last(found.elements), _last(found.rejected)),
            Why.TRUNCATED if limit == len(data) else Why.SHAPE,
        )
    if at < len(data):
        found.rejected.append((at, len(data), why))
    return found


def first(head: bytes) -> bytes:
    """The first element of a list that a file begins with, which may end later; nothing where there is none."""
    text = head[: _shallow(head)].decode("latin-1")
    at = _skip(text, 0)
    if text[at : at + 1] != "[":
        return b""
    at = _skip(text, at + 1)
    try:
        _, stop = _READ.raw_decode(text, at)
    except ValueError:
        return b""
    return head[at:stop]


def _shallow(data: bytes) -> int:
    """How far the file goes without nesting deeper than any log does.

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


def _last(spans: Sequence[tuple[int, int] | tuple[int, int, Why]]) -> int:
    """Where the last of some spans ends."""
    return spans[-1][1] if spans else 0


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _expect(text: str, at: int, marks: str) -> int:
    if at >= len(text) or text[at] not in marks:
        raise ValueError(at)
    return at + 1


def _object(text: str, found: Found, name: str) -> int:
    """Read the outermost object; its list of that name is read element by element."""
    at = _skip(text, _expect(text, _skip(text, 0), "{"))
    if text[at : at + 1] == "}":
        return at + 1
    while True:
        key, at = scanstring(text, _expect(text, at, '"'), True)
        at = _skip(text, _expect(text, _skip(text, at), ":"))
        if key == name and text[at : at + 1] == "[":
            at = _list(text, at, found)
        else:
            _, at = _READ.raw_decode(text, at)
        at = _expect(text, _skip(text, at), ",}")
        if text[at - 1] == "}":
            return at
        at = _skip(text, at)


def _list(text: str, at: int, found: Found) -> int:
    at = _skip(text, at + 1)
    if text[at : at + 1] == "]":
        return at + 1
    while True:
        _, stop = _READ.raw_decode(text, at)
        found.add(text, at, stop)
        at = _expect(text, _skip(text, stop), ",]")
        if text[at - 1] == "]":
            return at
        at = _skip(text, at)
