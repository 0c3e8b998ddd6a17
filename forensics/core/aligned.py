"""Listings under one header: columns that end where their names do, that begin where those do, or that a mark parts.

                 JOBID PARTITION     NAME     USER ST       TIME  NODES NODELIST(REASON)
                    11       gpu    train      mei  R    1:02:03      1 gpu01

In the first two each column but the last is as wide as it is, and a longer text was cut without a mark: one that fills its column
may be longer. A mark parts columns as wide as their texts, unless the header has blanks beside its names.
"""

import re
from itertools import pairwise
from typing import NamedTuple

from forensics.core import rowwise

_WORD = re.compile(rb"[^ ]+")
_MARKS = (b"|", b";", b"\t", b",")
_ANY = -1
"""The end of a column that has no width."""


class Layout(NamedTuple):
    """The columns of a listing: their names, and from where to where each stands in a line, in bytes.

    `mark`: what parts them, where they stand nowhere in particular. `right`: whether texts end where their column does.
    """

    names: list[str]
    edges: list[tuple[int, int]]
    mark: bytes = b""
    right: bool = False


class Cells(NamedTuple):
    """A row: the text of each column or None, and the names of those that may be longer than what is there."""

    values: dict[str, str | None]
    cut: frozenset[str]


def layout(header: bytes, known: frozenset[str]) -> Layout | None:
    """The columns that a header announces; None where a name is not known, or where columns begin and end cannot be told."""
    for mark in _MARKS:
        parts = header.split(mark)
        names = [rowwise.shown(part.strip(b" ")) for part in parts]
        if len(parts) > 1 and known.issuperset(names):
            wide = any(b" " in part for part in parts)
            return _once(Layout(names, [(0, len(part) if wide else _ANY) for part in parts], mark))
    words = [(found.start(), found.end()) for found in _WORD.finditer(header)]
    names = [rowwise.shown(header[start:stop]) for start, stop in words]
    if len(names) < 2 or not known.issuperset(names):
        return None
    return _once(_ending(names, words) if words[0][0] > 0 else _beginning(names, words, len(header)))


def _ending(names: list[str], words: list[tuple[int, int]]) -> Layout:
    """Columns that end where their names do, and are a blank apart; the last may have no width."""
    starts = [0, *(stop + 1 for _, stop in words[:-1])]
    edges = [(start, stop) for start, (_, stop) in zip(starts, words, strict=True)]
    if words[-1][0] == starts[-1]:
        edges[-1] = starts[-1], _ANY
    return Layout(names, edges, right=True)


def _beginning(names: list[str], words: list[tuple[int, int]], size: int) -> Layout | None:
    """Columns that begin where their names do, up to the next; None of names that are as near as words are."""
    if any(after[0] - before[1] < 2 for before, after in pairwise(words)):
        return None
    stops = [*(start for start, _ in words[1:]), size if size > words[-1][1] else _ANY]
    return Layout(names, [(start, stop) for (start, _), stop in zip(words, stops, strict=True)])


def _once(found: Layout | None) -> Layout | None:
    return found if found is not None and len(set(found.names)) == len(found.names) else None


def cells(raw: bytes, found: Layout) -> Cells | None:
    """The columns of a line; None where it does not stand in them."""
    parts = raw.split(found.mark) if found.mark else _cut(raw, found)
    if len(parts) != len(found.names):
        return None
    texts = [rowwise.filled(part.strip(b" ")) for part in parts]
    full = [
        text is not None and stop != _ANY and len(part) >= stop - start and b" " not in {part[:1], part[-1:]}
        for text, part, (start, stop) in zip(texts, parts, found.edges, strict=True)
    ]
    cut = frozenset(name for name, own in zip(found.names, full, strict=True) if own)
    return Cells(dict(zip(found.names, texts, strict=True)), cut)


def _cut(raw: bytes, found: Layout) -> list[bytes]:
    """The stretches of a line; none where a text is not where its column has it."""
    last = len(found.names) - 1
    begins, stop = found.edges[last]
    # A line that is shorter than others was ended by a newline in what somebody typed.
    if not found.right and (len(raw) <= begins if stop == _ANY else len(raw) != stop):
        return []
    parts = [
        raw[start:] if n == last or stop == _ANY else raw[start:stop]
        for n, (start, stop) in enumerate(found.edges)
    ]
    for n, (part, (_, stop)) in enumerate(zip(parts, found.edges, strict=True)):
        text = part.strip(b" ")
        if found.right and n < last:
            behind = raw[stop : stop + 1]
            if (text and not part.endswith(text)) or not (behind == b" " or (n == last - 1 and not behind)):
                return []
        elif not found.right and not part.startswith(text):
            return []
    return parts
