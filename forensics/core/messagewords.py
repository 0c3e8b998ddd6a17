"""Messages told apart by their words, where these lie, instead of a pattern for each message by itself.

Messages of a program that begin with one word, and have as many words, are mostly one message with other names in it. Each such group is
held against the forms of the program's patterns, in their order, a word of all messages at a time. What that cannot settle
is left to the patterns.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from forensics.core import cuttings, wordmatch
from forensics.core.cuttings import Bytes, Fields, Ints, Placed
from forensics.core.programs.shape import Program, Shape
from forensics.core.wordpatterns import Form, Word, forms

_Bools = npt.NDArray[np.bool_]
_LEAST_ROWS = 16
"""A group of fewer messages is not worth it."""
_MOST_GROUPS = 128
_MOST_WORDS = 63
_FEW_KEYS = 1 << 16
_MOST_KNOWN = 1 << 12


class Words(NamedTuple):
    """Where the words of messages lie.

    `raw`: the bytes that all lie in. `blank`: the places of all blanks there, and one behind its end. Of each message: `first`, the number of the
    blank before it, or -1 where its words are not known; `many`, how many words it has; `stop`, where it ends.
    """

    raw: Bytes
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


def _groups(rows: Ints, words: Words) -> list[_Group]:
    if len(rows) < _LEAST_ROWS:
        return []
    before = words.first[rows]
    stop = np.where(words.many[rows] == 1, words.stop[rows], words.blank[before + 1])
    begins = cuttings.cut(words.raw, words.blank[before] + 1, stop, pa.binary()).dictionary_encode()
    key = np.asarray(begins.indices, np.int64) * (_MOST_WORDS + 1) + np.minimum(words.many[rows], _MOST_WORDS)
    # Short numbers are put in order by their digits.
    few = len(begins.dictionary) * (_MOST_WORDS + 1) <= _FEW_KEYS
    order = np.argsort(key.astype(np.uint16) if few else key, kind="stable")
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


@lru_cache(_MOST_KNOWN)
def _likely(shape: Shape, begins: bytes) -> bool:
    """Whether a message that begins with a word can begin as the shape must."""
    said = begins.decode() + " "
    return not shape.begins or any(said.startswith(b) or b.startswith(said) for b in shape.begins)


def _begins(shape: Shape, group: _Group, words: Words) -> bool:
    """Whether one message of a group at least begins as the shape must."""
    start = words.blank[group.first] + 1
    for begins in (text.encode() for text in shape.begins):
        own = start[group.stop - start >= len(begins)]
        if wordmatch.at(begins, own, words.raw).any():
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
    for n, after, word in _steps(form):
        start, over, inner = edge + 1, after == group.many, Fields()
        if isinstance(word, bytes):
            edge = edge + 1 + len(word)
            right = _there(word, start, own.stop, words.raw, over=over) if n else None
        else:
            stop = edge = own.stop if over or word.tail is not None else words.blank[own.first + after]
            if n or word.tail is not None:
                right, inner = wordmatch.fitting(word, start, stop, words.raw)
            else:  # all begin with one word
                right, inner = wordmatch.alike(word, group.begins, start)
        for name, (a, b) in inner.items():
            fields[name] = fits, a, b
        if right is not None and not right.all():
            fits, own, edge = fits[right], own.only(right), edge[right]
            if not len(fits):
                return fits, {}
    kept = {}
    for name, (of, a, b) in fields.items():
        at = slice(None) if len(of) == len(fits) else np.searchsorted(of, fits)
        kept[name] = a[at], b[at]
    return fits, kept


def _steps(form: Form) -> Iterator[tuple[int, int, Word | bytes]]:
    """The words of a form: from which to before which it is what, those that are these bytes alone together."""
    known = form.words
    n = 0
    while n < len(known):
        after = n + 1
        if known[n].literal is None:
            yield n, after, known[n]
        else:
            # The first word is of all messages of a group, and is known.
            while n and after < len(known) and known[after].literal is not None:
                after += 1
            yield n, after, b" ".join(word.literal or b"" for word in known[n:after])
        n = after


def _there(said: bytes, start: Ints, stop: Ints, raw: Bytes, *, over: bool) -> _Bools:
    """Where messages go on with some words: to their end, where that is `over`, or up to a blank."""
    text = said if over else said + b" "
    right: _Bools = stop - start == len(text) if over else stop - start >= len(text)
    if right.all():
        return wordmatch.at(text, start, raw)
    right[right] = wordmatch.at(text, start[right], raw)
    return right
