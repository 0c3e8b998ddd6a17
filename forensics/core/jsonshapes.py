"""Lines of JSON that differ only in what their strings hold, read many at a time.

A program writes a log: most lines of a kind are the same bytes, but for the text in strings. One line of each such
*shape* is read by the format's own definition, with a mark in the place of every string. Where a mark comes out as the
value of a column, that column is the string in that place, in every line of the shape; any other value hangs on the
bytes that all of them share. So there is no second description of the format here that could say something else.

What a definition looks into it must name (`decides`): such strings are of the shape. So are numbers, keys, and which
strings are empty. A line that is of no shape, or of one that few lines have, is left to be read otherwise.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from forensics.core import jsonlines, lines
from forensics.core.jsonstrings import MOST_STRINGS, Flags, Ints, Strings, find, texts
from forensics.core.schema import Table

Object = Mapping[str, object]
Path = tuple[str, ...]
"""The keys that lead to a string; an element of a list has those of the list."""

_DEL = "\x7f"
_KEY = re.compile(rb"\s*:")
_WORD = 8
_LEAST_LINES = 8
"""A shape that fewer lines of a chunk have is not worth reading."""
_MOST_SHAPES = 96
"""Of one chunk. A hostile log can have one for each line."""
_SAMPLE, _LEAST_SAMPLE = 256, 2
_MOST_MISSED = 3
"""How many shapes that few lines have are looked for among lines that may be of one."""
_MOST_KNOWN = 1 << 18
"""How many words the shapes that are kept have together, about."""
_MOST_WORDS = 1 << 16
_WEIGHTS = np.cumprod(np.full(MOST_STRINGS, 0x1E3779B97F4A7C15, np.uint64))


class Rules(NamedTuple):
    """How a format reads a line by itself.

    `load`: what a line holds, or None where it is not one to be read so. It must not hang on what strings hold,
    but for those that decide. `row`: the columns of that; it copies strings, or leaves them out, but for those that
    decide. `decides`: whether the string under some keys is looked into.
    """

    load: Callable[[bytes], Object | None]
    row: Callable[[Object], Mapping[str, object]]
    decides: Callable[[Object, Path], bool]


class Read(NamedTuple):
    """The lines that were read, by their number, in order, and their columns; one that is left out holds nothing."""

    at: Ints
    columns: Mapping[str, pa.Array]


class _Shape(NamedTuple):
    """What lines have in common, and which of their strings, or what number, each column is; None where they cannot be told so.

    `free`: the strings that need not be alike. What lies around them comes in *stretches* of these sizes, and these
    consist of words: of which stretch each is, where in it, which of its bits count, and what they are.
    """

    strings: dict[str, int] | None
    lists: dict[str, list[int]]
    numbers: dict[str, int]
    free: Ints
    sizes: Ints
    stretch: Ints
    offset: Ints
    mask: npt.NDArray[np.uint64]
    word: npt.NDArray[np.uint64]


class Shapes:
    """The shapes that lines of a format were found to have, a bounded number of them."""

    def __init__(self, table: Table, rules: Rules) -> None:
        self._types = {column.name: column.type for column in table.columns}
        self._rules = rules
        self._known: dict[int, list[_Shape]] = {}
        self._room = _MOST_KNOWN

    def read(self, data: bytes, edges: lines.Edges) -> Read:
        """Read the lines of a chunk that have a shape in common with others.

        Args:
            data: the chunk.
            edges: its lines, as offsets into it.
        """
        found = find(data, edges)
        shaped: list[tuple[Ints, _Shape]] = []
        tries = _MOST_SHAPES
        for key, group in _groups(data, edges, found):
            own, kept, missed = group, [], 0
            for shape in self._known.get(key, ()):
                left = _taken(data, edges, found, own, shape, shaped)
                kept += [shape] if len(left) < len(own) else []
                own = left
            while len(own) >= _LEAST_LINES and tries and missed < _MOST_MISSED:
                tries -= 1
                new = _shape(data, edges, found, int(own[0]), self._rules)
                # Of a shape that is rare among the first lines, the others are not looked at.
                rare = new is None or _alike(data, edges, found, own[:_SAMPLE], new).sum() < min(
                    _LEAST_SAMPLE, _LEAST_LINES
                )
                left = own[1:] if new is None or rare else _taken(data, edges, found, own, new, shaped)
                if new is not None and len(own) - len(left) >= _LEAST_LINES:
                    kept.append(new)
                else:
                    missed += 1
                own = left
            self._keep(key, kept)
        return _columns(data, found, shaped, self._types)

    def _keep(self, key: int, shapes: list[_Shape]) -> None:
        """Keep what lines of this chunk had; others of their kind are forgotten."""
        before = sum(len(shape.word) for shape in self._known.pop(key, ()))
        self._room += before - sum(len(shape.word) for shape in shapes)
        if self._room < 0:
            self._known, self._room = {}, _MOST_KNOWN
        elif shapes:
            self._known[key] = shapes


def _taken(
    data: bytes,
    edges: lines.Edges,
    found: Strings,
    own: Ints,
    shape: _Shape,
    shaped: list[tuple[Ints, _Shape]],
) -> Ints:
    """Put down which of some lines have a shape; those that have not."""
    if not len(own):
        return own
    alike = _alike(data, edges, found, own, shape)
    if shape.strings is not None and alike.any():
        shaped.append((_unescaped(found, own[alike], shape), shape))
    return own[~alike]


def _groups(data: bytes, edges: lines.Edges, found: Strings) -> Iterator[tuple[int, Ints]]:
    """Lines that may be of one shape: as many strings, the same byte behind each, the same of them empty, as many bytes around them.

    Those of which there are many come first.
    """
    if not len(found.line):
        return
    raw = np.frombuffer(data, np.uint8)
    place = np.arange(len(found.closes)) - np.repeat(found.first, found.many)
    after = raw.take(found.closes + 1).astype(np.uint64)
    after[found.closes - found.opens == 1] += 256
    around = (edges.ends - edges.start)[found.line] - np.add.reduceat(found.closes - found.opens, found.first)
    mixed = np.add.reduceat(after * _WEIGHTS.take(place), found.first)
    mixed = (mixed * _WEIGHTS[0] + found.many.astype(np.uint64)) * _WEIGHTS[0] + around.astype(np.uint64)
    order = np.argsort(mixed, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(mixed[order])) + 1)
    for group in sorted(groups, key=len, reverse=True):
        if len(group) == 1 or (found.many[group] == found.many[group[0]]).all():
            yield int(mixed[group[0]]), group


def _shape(data: bytes, edges: lines.Edges, found: Strings, own: int, rules: Rules) -> _Shape | None:
    """The shape of a line; None where it cannot be told what of it is free."""
    start, stop = (int(edge[found.line[own]]) for edge in (edges.start, edges.ends))
    strings = range(int(found.first[own]), int(found.first[own] + found.many[own]))
    places = [(int(found.opens[n]) - start, int(found.closes[n]) - start) for n in strings]
    line = _Line(data[start:stop], places)
    event = rules.load(line.raw)
    free = None if event is None else line.free(event, rules)
    if event is None or not free or places[free[0]][0] < _WORD:
        return None
    begins = [0, *(places[n][1] for n in free)]
    sizes = [
        end - begin
        for begin, end in zip(begins, [*(places[n][0] + 1 for n in free), len(line.raw)], strict=True)
    ]
    stretch, offset, mask = _words(sizes)
    words = [
        line.raw[begins[n] + at :][:_WORD] for n, at in zip(stretch.tolist(), offset.tolist(), strict=True)
    ]
    word = np.frombuffer(b"".join(words), "<u8") & mask
    return _Shape(
        *line.columns(event, free, rules), np.array(free), np.array(sizes), stretch, offset, mask, word
    )


class _Line(NamedTuple):
    """One line, and where each of its strings opens and closes in it."""

    raw: bytes
    places: list[tuple[int, int]]

    def text(self, number: int) -> str:
        """What a string holds."""
        start, stop = self.places[number]
        raw = self.raw[start + 1 : stop]
        return jsonlines.printable(json.loads(b'"%s"' % raw)) if b"\\" in raw else raw.decode("utf-8")

    def marked(self, chosen: list[int]) -> bytes:
        """The line with a mark of its own in the place of each of some strings."""
        parts, at = [], 0
        for number in chosen:
            start, stop = self.places[number]
            parts += [self.raw[at : start + 1], _mark(number).encode()]
            at = stop
        return b"".join([*parts, self.raw[at:]])

    def free(self, event: Object, rules: Rules) -> list[int] | None:
        """The strings that a reading of the line only copies or passes over; None where that cannot be told."""
        keys = [bool(_KEY.match(self.raw, stop + 1)) for _, stop in self.places]
        held = [self.raw[start:stop] for (start, stop), key in zip(self.places, keys, strict=True) if key]
        if any(b"\\" in key for key in held):
            return None
        values = [n for n, (start, stop) in enumerate(self.places) if not keys[n] and stop > start + 1]
        paths = dict(_paths(json.loads(self.marked(values)), ()))
        return [n for n in values if _mark(n) in paths and not rules.decides(event, paths[_mark(n)])]

    def columns(
        self, event: Object, free: list[int], rules: Rules
    ) -> tuple[dict[str, int] | None, dict[str, list[int]], dict[str, int]]:
        """What each column is: a string, strings, or a number; None where one is more than a copy."""
        like = rules.load(self.marked(free))
        if like is None:
            return None, {}, {}
        fixed = [n for n in range(len(self.places)) if n not in set(free)]
        known = {self.text(n): n for n in reversed(fixed)}
        if any(_DEL in text for text in known):
            return None, {}, {}
        known |= {_mark(n): n for n in free}
        strings: dict[str, int] = {}
        lists: dict[str, list[int]] = {}
        numbers: dict[str, int] = {}
        said: dict[str, object] = {}
        for name, value in rules.row(like).items():
            if value is None:
                continue
            if isinstance(value, int):
                numbers[name] = said[name] = value
                continue
            words = [str(word) for word in value] if isinstance(value, list) else [str(value)]
            if not all(word in known for word in words):
                return None, {}, {}
            places, texts = [known[word] for word in words], [self.text(known[word]) for word in words]
            if isinstance(value, list):
                lists[name], said[name] = places, texts
            else:
                strings[name], said[name] = places[0], texts[0]
        there = {name: value for name, value in rules.row(event).items() if value is not None}
        return (strings if said == there else None), lists, numbers


def _mark(number: int) -> str:
    """What stands for a string. No string that is not free holds this byte."""
    return f"{_DEL}{number}"


def _paths(found: object, path: Path) -> Iterator[tuple[str, Path]]:
    """Every string of an object with the keys that lead to it."""
    if isinstance(found, str):
        yield found, path
    elif isinstance(found, dict):
        for key, value in found.items():
            yield from _paths(value, (*path, key))
    elif isinstance(found, list):
        for value in found:
            yield from _paths(value, path)


def _alike(data: bytes, edges: lines.Edges, found: Strings, own: Ints, shape: _Shape) -> Flags:
    """Which lines have a shape: all bytes but those in its free strings, none of which is empty."""
    alike = np.empty(len(own), bool)
    # Eight bytes at a time, wherever they begin; of as many lines as the processor holds near.
    words = np.ndarray((len(data) - _WORD + 1,), np.dtype("<u8"), data, strides=(1,))
    step = max(1, _MOST_WORDS // len(shape.word))
    for at in range(0, len(own), step):
        some = own[at : at + step]
        free = found.first[some] + shape.free[:, None]
        opens, closes, line = found.opens[free], found.closes[free], found.line[some]
        begins = np.concatenate([edges.start[line][None, :], closes])
        sizes = np.concatenate([opens + 1, edges.ends[line][None, :]]) - begins
        near = (sizes == shape.sizes[:, None]).all(axis=0) & (closes - opens > 1).all(axis=0)
        if not near.all():
            begins = begins[:, near]
        held = words[begins[shape.stretch] + shape.offset[:, None]]
        held &= shape.mask[:, None]
        near[near] = (held == shape.word[:, None]).all(axis=0)
        alike[at : at + step] = near
    return alike


def _words(sizes: list[int]) -> tuple[Ints, Ints, npt.NDArray[np.uint64]]:
    """The words that stretches of such sizes consist of: of which stretch, where in it, and which bits of the word count."""
    found = []
    for number, size in enumerate(sizes):
        if size >= _WORD:
            found += [(number, at, 0) for at in (*range(0, size - _WORD, _WORD), size - _WORD)]
        else:
            found.append((number, size - _WORD, 8 * (_WORD - size)))
    stretch, offset, out = (np.array(column, np.int64) for column in zip(*found, strict=True))
    return stretch, offset, np.uint64(2**64 - 1) << out.astype(np.uint64)


def _unescaped(found: Strings, own: Ints, shape: _Shape) -> Ints:
    """Those lines in which no string that is a column holds an escape."""
    if not found.escaped.any():
        return own
    wanted = [*(shape.strings or {}).values(), *(n for many in shape.lists.values() for n in many)]
    held = found.escaped[found.first[own][:, None] + np.array(wanted, np.int64)]
    return own[~held.any(axis=1)]


def _columns(
    data: bytes, found: Strings, shaped: list[tuple[Ints, _Shape]], types: Mapping[str, pa.DataType]
) -> Read:
    """The columns of lines of several shapes, in order of the lines."""
    own = np.sort(np.concatenate([np.empty(0, np.int64), *(rows for rows, _ in shaped)]))
    if not len(own):
        return Read(own, {})
    row = np.empty(len(found.line), np.int64)
    row[own] = np.arange(len(own))
    strings = texts(data, found)
    columns: dict[str, pa.Array] = {}
    for name, kind in types.items():
        if pa.types.is_list(kind):
            held = _lists(found, strings, row, len(own), [(r, s.lists.get(name)) for r, s in shaped])
            columns |= {} if held is None else {name: held}
            continue
        value, there = np.zeros(len(own), np.int64), np.zeros(len(own), bool)
        for rows, shape in shaped:
            place = (shape.strings or {}).get(name)
            if place is not None:
                value[row[rows]] = 2 * (found.first[rows] + place)
            elif name in shape.numbers:
                value[row[rows]] = shape.numbers[name]
            else:
                continue
            there[row[rows]] = True
        if there.any():
            held = pa.array(value) if there.all() else pa.array(value, mask=~there)
            columns[name] = strings.take(held) if pa.types.is_string(kind) else held
    return Read(found.line[own], columns)


def _lists(
    found: Strings, strings: pa.Array, row: Ints, count: int, shaped: list[tuple[Ints, list[int] | None]]
) -> pa.Array | None:
    """A column of lists; None where there is none."""
    sizes, absent = np.zeros(count, np.int64), np.ones(count, bool)
    for rows, numbers in shaped:
        sizes[row[rows]], absent[row[rows]] = len(numbers or ()), numbers is None
    bounds = np.append(0, np.cumsum(sizes))
    flat = np.empty(bounds[-1], np.int64)
    for rows, numbers in shaped:
        places = bounds[row[rows]][:, None] + np.arange(len(numbers or ()))
        flat[places] = found.first[rows][:, None] + np.array(numbers or (), np.int64)
    if absent.all():
        return None
    values = strings.take(pa.array(2 * flat))
    return pa.ListArray.from_arrays(pa.array(bounds, pa.int32()), values, mask=pa.array(absent))
