"""Messages told apart by their words, where these lie, instead of a pattern for each message by itself.

Messages of a program that begin with one word, and have as many words, are mostly one message with other names in it. Each such group is
held against the forms of the program's patterns, in their order, a word of all messages at a time. What that cannot settle
is left to the patterns.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from forensics.core.programs.shape import Program, Shape
from forensics.core.wordpatterns import Form, Pieces, Word, forms

Ints = npt.NDArray[np.int64]
Fields = dict[str, tuple[Ints, Ints]]
_Bools = npt.NDArray[np.bool_]
_Bytes = npt.NDArray[np.uint8]
_LEAST_ROWS = 16
"""A group of fewer messages is not worth it."""
_MOST_GROUPS = 128
_MOST_WORDS = 63
_SHORTEST_WINDOW = 4
_MOST_CELLS = 1 << 21
"""As many bytes of words are looked at together; what takes more is held against its pattern, each different word once."""


class Words(NamedTuple):
    """Where the words of messages lie.

    `raw`: the bytes that all lie in. `blank`: the places of all blanks there, and one behind its end. Of each message: `first`, the number of the
    blank before it, or -1 where its words are not known; `many`, how many words it has; `stop`, where it ends.
    """

    raw: _Bytes
    blank: Ints
    first: Ints
    many: Ints
    stop: Ints

    def only(self, kept: _Bools) -> "Words":
        """The words of some of the messages."""
        return self._replace(first=self.first[kept], many=self.many[kept], stop=self.stop[kept])

    def among(self, length: int, rows: Ints) -> "Words":
        """The same among more messages, of the others of which nothing is known."""
        first, many, stop = np.full(length, -1), np.zeros(length, np.int64), np.zeros(length, np.int64)
        first[rows], many[rows], stop[rows] = self.first, self.many, self.stop
        return self._replace(first=first, many=many, stop=stop)


class Placed(NamedTuple):
    """Messages that one shape fits, and where in the bytes each of its fields begins and ends."""

    rows: Ints
    kind: str
    fields: Fields


class _Group(NamedTuple):
    """Messages, in order, that begin with one word and have as many words; the number of the blank before each, and where each ends."""

    rows: Ints
    first: Ints
    stop: Ints
    begins: bytes
    many: int

    def only(self, kept: _Bools | Ints) -> "_Group":
        return self._replace(rows=self.rows[kept], first=self.first[kept], stop=self.stop[kept])


def found(program: Program, rows: Ints, words: Words) -> list[Placed]:
    """The messages of a program that its shapes fit, as far as it can be settled by words alone.

    Args:
        program: its shapes are tried in order, after those that most messages have.
        rows: the program's messages, by number, in order.
        words: of all messages.
    """
    placed: list[Placed] = []
    for group in _groups(rows[words.first[rows] >= 0], words):
        left = group
        for shape in program.usual:
            left, _ = _tried(shape, left, words, placed)
        for shape in program.shapes:
            if not len(left.rows):
                break
            left, settled = _tried(shape, left, words, placed)
            if not settled:
                break
    return placed


def cut(raw: _Bytes, start: Ints, stop: Ints, kind: pa.DataType) -> pa.Array:
    """Pieces of bytes in order, none over another, as text or bytes; text is cut where UTF-8 may be cut, at ASCII."""
    return _between(raw, start, stop, kind).take(pa.array(np.arange(0, 2 * len(start), 2))).cast(kind)


def column(placed: Sequence[Placed], name: str, length: int, raw: _Bytes) -> pa.Array:
    """A field of messages (string), null where it is empty, or a message is not among those placed."""
    own = [(piece.rows, *piece.fields[name]) for piece in placed if name in piece.fields]
    if not own:
        return pa.nulls(length, pa.string())
    starts, stops = np.zeros(length, np.int64), np.zeros(length, np.int64)
    for rows, start, stop in own:
        starts[rows], stops[rows] = start, stop
    said = stops > starts
    pieces = _between(raw, starts[said], stops[said], pa.string())
    at = 2 * (np.cumsum(said) - 1)
    return pieces.take(pa.array(at, mask=~said)).cast(pa.string())


def _between(raw: _Bytes, start: Ints, stop: Ints, kind: pa.DataType) -> pa.Array:
    """Bytes as pieces, of which each second one lies between a start and a stop; the others lie around these."""
    bounds = np.empty(2 * len(start) + 1, np.int64)
    bounds[0:-1:2], bounds[1::2], bounds[-1] = start, stop, len(raw)
    large = pa.large_string() if pa.types.is_string(kind) else pa.large_binary()
    return pa.Array.from_buffers(large, len(bounds) - 1, [None, pa.py_buffer(bounds), pa.py_buffer(raw)])


def _groups(rows: Ints, words: Words) -> list[_Group]:
    if len(rows) < _LEAST_ROWS:
        return []
    before = words.first[rows]
    stop = np.where(words.many[rows] == 1, words.stop[rows], words.blank[before + 1])
    begins = cut(words.raw, words.blank[before] + 1, stop, pa.binary()).dictionary_encode()
    key = np.asarray(begins.indices, np.int64) * (_MOST_WORDS + 1) + np.minimum(words.many[rows], _MOST_WORDS)
    order = np.argsort(key, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(key[order])) + 1, len(key))
    starts = np.append(0, ends[:-1])
    first, stops, known = words.first[rows], words.stop[rows], begins.dictionary
    found = []
    # A hostile log can have a group for each line: the largest count.
    large = np.sort(np.argsort(starts - ends, kind="stable")[:_MOST_GROUPS])
    for a, b in zip(starts[large].tolist(), ends[large].tolist(), strict=True):
        word, count = divmod(int(key[order[a]]), _MOST_WORDS + 1)
        if b - a >= _LEAST_ROWS and count < _MOST_WORDS:
            own = order[a:b]
            found.append(_Group(rows[own], first[own], stops[own], known[word].as_py(), count))
    return found


def _tried(shape: Shape, group: _Group, words: Words, placed: list[Placed]) -> tuple[_Group, bool]:
    """The messages of a group that a shape does not fit, and whether that is settled; those that it fits are put among the placed."""
    if not _likely(shape, group.begins):
        return group, True
    tried = forms(shape.pattern)
    if tried is None:
        return group, not _begins(shape, group, words)
    left = group
    for form in tried:
        if not len(left.rows) or not _may_begin(form, group.begins):
            continue
        if form.may_have(group.many):
            fits, fields = _held_against(form, left, words)
            if len(fits):
                placed.append(Placed(left.rows[fits], shape.kind, fields))
                left = left.only(np.delete(np.arange(len(left.rows)), fits))
        elif not form.sure and group.many > len(form.words):
            return left, False
    return left, True


def _likely(shape: Shape, begins: bytes) -> bool:
    """Whether a message that begins with a word can begin as the shape must."""
    said = begins.decode() + " "
    return not shape.begins or any(said.startswith(b) or b.startswith(said) for b in shape.begins)


def _begins(shape: Shape, group: _Group, words: Words) -> bool:
    """Whether one message of a group at least begins as the shape must."""
    start = words.blank[group.first] + 1
    for begins in (text.encode() for text in shape.begins):
        own = start[group.stop - start >= len(begins)]
        if _at(begins, own, words.raw).any():
            return True
    return not shape.begins


def _may_begin(form: Form, begins: bytes) -> bool:
    first = form.words[0]
    if first.literal is not None:
        return first.literal == begins
    return first.pattern is None or first.pattern.fullmatch(begins) is not None


def _held_against(form: Form, group: _Group, words: Words) -> tuple[Ints, Fields]:
    """Which messages of a group a form fits, and their fields."""
    fits, own = np.arange(len(group.rows)), group
    fields: dict[str, tuple[Ints, Ints, Ints]] = {}
    edge = words.blank[own.first]
    for n, word in enumerate(form.words):
        start = edge + 1
        reaches = n + 1 == group.many or word.tail is not None
        stop = edge = own.stop if reaches else words.blank[own.first + n + 1]
        # All begin with one word.
        held = _alike_all if n == 0 and word.tail is None else _fitting
        right, inner = held(word, start, stop, words.raw)
        for name, (a, b) in inner.items():
            fields[name] = fits, a, b
        if not right.all():
            fits, own, edge = fits[right], own.only(right), edge[right]
            if not len(fits):
                return fits, {}
    kept = {}
    for name, (of, a, b) in fields.items():
        at = slice(None) if len(of) == len(fits) else np.searchsorted(of, fits)
        kept[name] = a[at], b[at]
    return fits, kept


def _alike_all(word: Word, start: Ints, stop: Ints, raw: _Bytes) -> tuple[_Bools, Fields]:
    """Which stretches are such a word, and where the fields in it lie, of stretches that hold the same; one is looked at."""
    right, fields = _fitting(word, start[:1], stop[:1], raw)
    inner = {name: (a - start[:1] + start, b - start[:1] + start) for name, (a, b) in fields.items()}
    return np.repeat(right, len(start)), inner


def _fitting(word: Word, start: Ints, stop: Ints, raw: _Bytes) -> tuple[_Bools, Fields]:
    """Which stretches of bytes are such a word, and where the fields in it lie."""
    size = stop - start
    if word.literal is not None:
        return _alike(word.literal, start, size, raw), {}
    if word.tail is not None:
        return _tail(word, start, stop, raw)
    if word.pieces is not None and (int(size.max(initial=0)) + 1) * len(size) <= _MOST_CELLS:
        return _in_pieces(word.pieces, start, stop, raw)
    if word.pattern is not None:
        first = raw[start[0] : stop[0]].tobytes()
        if len(start) > 1 and _alike(first, start, size, raw).all():
            return _alike_all(word, start, stop, raw)
        return _by_pattern(word.pattern, start, stop, raw)
    right: _Bools = size >= word.least
    if word.most is not None:
        right &= size <= word.most
        right[right] = _digits(start[right], size[right], raw)
    return right, {} if word.name is None else {word.name: (start, stop)}


def _alike(literal: bytes, start: Ints, size: Ints, raw: _Bytes) -> _Bools:
    """Which stretches are these bytes."""
    right: _Bools = size == len(literal)
    if not right.all():
        right[right] = _at(literal, start[right], raw)
        return right
    return _at(literal, start, raw)


def _at(literal: bytes, start: Ints, raw: _Bytes) -> _Bools:
    """Where these bytes stand; as many bytes are there from each place on."""
    size = len(literal)
    if size < _SHORTEST_WINDOW or size > len(raw):
        right: _Bools = np.ones(len(start), bool)
        for n, byte in enumerate(literal):
            right &= raw[start + n] == byte
        return right
    # Numbers of as many bytes as one can have, from each byte on; the last two may overlap.
    kind = np.dtype(f"<u{max(width for width in (4, 8) if width <= size)}")
    window = np.ndarray(len(raw) - kind.itemsize + 1, kind, raw, strides=(1,))
    places = [*range(0, size - kind.itemsize, kind.itemsize), size - kind.itemsize]
    wanted = [int.from_bytes(literal[n : n + kind.itemsize], "little") for n in places]
    right = window[start + places[0]] == wanted[0]
    for n, number in zip(places[1:], wanted[1:], strict=True):
        right &= window[start + n] == number
    return right


def _tail(word: Word, start: Ints, stop: Ints, raw: _Bytes) -> tuple[_Bools, Fields]:
    """The same of what reaches to the end of a message."""
    before, after, without = word.tail or (b"", b"", b"")
    right: _Bools = stop - start >= len(before) + len(after)
    first, last = start + len(before), stop - len(after)
    right[right] = _at(before, start[right], raw) & _at(after, last[right], raw)
    if without:
        found = np.flatnonzero(raw == without[0])
        right &= np.searchsorted(found, first) == np.searchsorted(found, np.maximum(last, first))
    return right, {} if word.name is None else {word.name: (first, last)}


def _digits(start: Ints, size: Ints, raw: _Bytes) -> _Bools:
    """Which stretches are digits alone."""
    right = np.ones(len(start), bool)
    for n in range(int(size.max(initial=0))):
        right &= (raw[np.minimum(start + n, len(raw) - 1)] - np.uint8(48) <= 9) | (n >= size)
    return right


def _in_pieces(pieces: Pieces, start: Ints, stop: Ints, raw: _Bytes) -> tuple[_Bools, Fields]:
    """The same of a word whose parts follow one another."""
    right = np.ones(len(start), bool)
    ends = [start]
    for part in pieces.parts:
        at = ends[-1]
        if part.literal:
            after = at + len(part.literal)
            right &= after <= stop
            right[right] = _at(part.literal, at[right], raw)
        else:
            after = _run(part.among, at, stop, raw)
            right &= (after - at >= part.least) & (after - at <= part.most)
        ends.append(np.where(right, after, start))
    right &= ends[-1] == stop
    return right, {name: (ends[first], ends[last]) for name, (first, last) in pieces.fields.items()}


def _run(among: frozenset[int], start: Ints, stop: Ints, raw: _Bytes) -> Ints:
    """Where, from each place to another, the bytes of a class end."""
    belongs = np.zeros(256, bool)
    belongs[list(among)] = True
    size = stop - start
    place = np.arange(int(size.max(initial=0)) + 1)
    other = ~belongs[raw[np.minimum(start[:, None] + place, len(raw) - 1)]]
    other |= place >= size[:, None]
    return np.asarray(start + np.argmax(other, axis=1))


def _by_pattern(pattern: re.Pattern[bytes], start: Ints, stop: Ints, raw: _Bytes) -> tuple[_Bools, Fields]:
    """The same of a word that a pattern describes, by each different one."""
    coded = cut(raw, start, stop, pa.binary()).dictionary_encode()
    told = [pattern.fullmatch(text) for text in coded.dictionary.to_pylist()]
    code = np.asarray(coded.indices, np.int64)
    right = np.array([one is not None for one in told], bool)[code]
    inner = {}
    for name in pattern.groupindex:
        spans = np.array([(0, 0) if one is None else one.span(name) for one in told], np.int64).reshape(-1, 2)
        spans = np.maximum(spans, 0)[code]
        inner[name] = start + spans[:, 0], start + spans[:, 1]
    return right, inner
