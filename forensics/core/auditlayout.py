"""Lines of an audit trail that are laid out alike, read together.

Lines of one type with as many words are taken to have the layout of the first of them. Each is then held
against it, word by word: keys, separators, frames. What does not fit is left to the general rules
(`auditfields`), which would read the others the same, only slower.
"""

import itertools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import audittext, lines
from forensics.core.auditkeys import ARGUMENTS, NONE, SPELT, TARGETS
from forensics.core.auditpage import Page
from forensics.core.auditpool import Places, Pool
from forensics.core.audittext import INNER, NAMES, OUTER, Bools, Ints

LEAST_LINES = 24
"""Fewer lines of one layout are not worth one of their own."""
_MOST_WORDS = 4000
_LONGEST_KEY = 40
_OPENING = b"msg='"
_BLANK, _QUOTE, _APOSTROPHE, _BRACKET, _QUESTION, _ENRICHED = 32, 34, 39, 40, 63, 29
_MOST_ARGUMENTS = 1000
_ARGUMENT_KEYS = [b"a%d=" % n for n in range(_MOST_ARGUMENTS)]
_ARGUMENT_WORDS = np.array([audittext.word(key) for key in _ARGUMENT_KEYS], np.uint64)
_ARGUMENT_SIZES = np.array([len(key) for key in _ARGUMENT_KEYS])


class Piece(NamedTuple):
    """Values of one column: a place in `TARGETS`, the rows they stand in, and where in its source each stood.

    `values` are numbers, or texts by their places.
    """

    target: int
    row: Ints
    values: Ints | Places
    token: Ints | None

    @property
    def text(self) -> Places:
        """Its texts.

        Raises:
            TypeError: it holds numbers.
        """
        if not isinstance(self.values, Places):
            raise TypeError(TARGETS[self.target].name)
        return self.values

    def where(self, own: Bools) -> "Piece":
        """Some of them."""
        values = self.values.where(own) if isinstance(self.values, Places) else self.values[own]
        return Piece(self.target, self.row[own], values, None if self.token is None else self.token[own])


class Arguments(NamedTuple):
    """Arguments of EXECVE lines in order: the row of each, its place, the word (binary)."""

    row: Ints
    place: Ints
    word: pa.Array


class Left(NamedTuple):
    """What no column took: one text for each row that has some."""

    row: Ints
    text: Places


class Found(NamedTuple):
    """What was read, and from which rows."""

    pieces: list[Piece]
    left: list[Left]
    arguments: list[Arguments]
    read: Bools

    def without(self, rows: Ints) -> "Found":
        """The same, as if some rows had not been read."""
        if not len(rows):
            return self
        self.read[rows] = False
        pieces = [p if m.all() else p.where(m) for p in self.pieces for m in [self.read[p.row]]]
        left = [Left(p.row[m], p.text.where(m)) for p in self.left for m in [self.read[p.row]]]
        told = [
            Arguments(p.row[m], p.place[m], p.word.filter(pa.array(m)))
            for p in self.arguments
            for m in [self.read[p.row]]
        ]
        return Found(pieces, left, told, self.read)  # fmt: skip


class _Slot(NamedTuple):
    """One word of a layout: its key with `=` (and the frame it opens); what it fills, or -1.

    `bare`: whether its value has no quotes, and is not of a kind that has them or not. `loose`: whether it
    is no field, as the braces of `SADDR={ … }`; then `key` is all of it.
    """

    key: bytes
    target: int
    opens: bool
    closes: bool
    separator: int
    bare: bool
    loose: bool


def read(cut: Page, pool: Pool, line: Ints, kind: Ints, type_: Ints, head: Ints) -> Found:
    """Read the rows whose layout shows.

    Args:
        cut: the lines.
        pool: of their page; takes in what is decoded.
        line: the line of each row, ascending.
        kind: what each row can fill, see `auditkeys`.
        type_: number of its type.
        head: how many words come before its fields.
    """
    found = Found([], [], [], np.zeros(len(line), bool))
    count = cut.size[line]
    fit = np.flatnonzero(cut.plain[line] & (kind != NONE) & (count < _MOST_WORDS) & (kind != ARGUMENTS))
    layout = ((type_ * (NONE + 1) + kind) * 4 + head) * _MOST_WORDS + count
    order = fit[_by_value(layout[fit])]
    bounds = np.flatnonzero(np.diff(layout[order], prepend=-1, append=-1))
    for first, last in itertools.pairwise(bounds):
        if last - first >= LEAST_LINES:
            rows = order[first:last]
            _alike(cut, pool, line[rows], rows, int(kind[rows[0]]), int(head[rows[0]]), found)
    _arguments(cut, line, np.flatnonzero(cut.plain[line] & (kind == ARGUMENTS)), head, found)
    return found


def _by_value(numbers: Ints) -> Ints:
    """The order of numbers, those that are equal as they come; 16 bits at a time, which is sorted without comparing."""
    order = np.argsort((numbers & 0xFFFF).astype(np.uint16), kind="stable")
    rest = numbers >> 16
    while rest.any():
        order = order[np.argsort((rest[order] & 0xFFFF).astype(np.uint16), kind="stable")]
        rest = rest >> 16
    return order


def _template(cut: Page, line: int, kind: int, head: int) -> list[_Slot] | None:
    """The layout of a line; None where it is not made of keys and values alone, empty where it has none."""
    words = range(cut.token[line] + head, cut.token[line] + cut.size[line])
    separators = [int(cut.raw[cut.ends[word]]) for word in words]
    names_from = max((at + 1 for at, byte in enumerate(separators) if byte == _ENRICHED), default=len(words))
    slots: list[_Slot] = []
    part, taken = OUTER, set()
    for at, word in enumerate(words):
        text = cut.raw[cut.begins[word] : cut.ends[word]].tobytes()
        opens = part == OUTER and at < names_from and text.startswith(_OPENING)
        part = NAMES if at >= names_from else INNER if opens else part
        key, equals, _ = text[len(_OPENING) * opens :].partition(b"=")
        loose = bool(text) and not equals and part != INNER and text != b"old"
        if text and (
            not (equals or loose) or not key or b'"' in key or key == b"msg" or len(key) > _LONGEST_KEY
        ):
            return None
        target = SPELT.get((kind, part), {}).get(key, -1) if equals else -1
        target = -1 if target in taken else target
        taken |= {target} - {-1}
        closes = part == INNER and at + 1 in {names_from, len(words)}
        coded = target >= 0 and TARGETS[target].written == "coded"
        bare = not coded and b'"' not in text
        held = text[: len(_OPENING) * opens + len(key) + len(equals)]
        slots.append(_Slot(held, target, opens, closes, separators[at], bare, loose))
    return slots


class _Words(NamedTuple):
    """A slot's words in the rows that are laid out alike: `begin` to `end` is the value of each."""

    start: Ints
    stop: Ints
    begin: Ints
    end: Ints
    quoted: Bools

    def where(self, rows: Bools) -> "_Words":
        """Those of some rows."""
        return _Words(self.start[rows], self.stop[rows], self.begin[rows], self.end[rows], self.quoted[rows])


def _alike(cut: Page, pool: Pool, line: Ints, rows: Ints, kind: int, head: int, found: Found) -> None:
    """Read rows by the layout of the first of them."""
    slots = _template(cut, int(line[0]), kind, head)
    if not slots:
        return
    numeric = [at for at, slot in enumerate(slots) if slot.target >= 0 and TARGETS[slot.target].written in {"number", "id"}]  # fmt: skip
    words, fits = _held_against(cut, slots, line, head)
    numbers, good = _numbers(cut, [words[at] for at in numeric], len(rows))
    fits &= good
    if not fits.all():
        words, numbers, rows = [word.where(fits) for word in words], numbers[:, fits], rows[fits]
    if not len(rows):
        return
    found.pieces.extend(Piece(slots[at].target, rows, numbers[n], None) for n, at in enumerate(numeric))
    for at in sorted({at for at, slot in enumerate(slots) if slot.target >= 0} - set(numeric)):
        values = _text(cut, pool, words[at], TARGETS[slots[at].target].written)
        found.pieces.append(Piece(slots[at].target, rows, values, None))
    left = _left(cut, pool, slots, words)
    if left is not None:
        found.left.append(Left(rows, left))
    found.read[rows] = True


def _held_against(cut: Page, slots: list[_Slot], line: Ints, head: int) -> tuple[list[_Words], Bools]:
    """The words of each slot, and which lines have the keys, separators, frames and quotes of the layout.

    A slot at a time: what a few thousand lines take stays in the processor's cache.
    """
    first = cut.token[line] + head
    fits = cut.parts[line] == sum(slot.separator == _ENRICHED for slot in slots)
    start, quoted_values = cut.begins[first], np.zeros(len(first), np.int64)
    unquoted, found = np.zeros(len(first), bool), []
    for at, slot in enumerate(slots):
        stop = cut.ends[first + at]
        begin, end = start + len(slot.key), stop - slot.closes if slot.closes else stop
        held, mask = audittext.word(slot.key[:8])
        fits &= (cut.opening[first + at] & mask) == held
        if rest := slot.key[8:]:
            fits &= audittext.begin(cut.at, start + 8, rest)
        fits &= (begin == end) if slot.loose else (begin <= end) if slot.key else (start == stop)
        if slot.closes:
            fits &= cut.raw[end] == _APOSTROPHE
        if slot.separator == _ENRICHED:
            fits &= cut.raw[stop] == _ENRICHED
        quoted = unquoted
        if not slot.bare:
            quoted = (cut.raw[begin] == _QUOTE) & (cut.raw[end - 1] == _QUOTE) & (end - begin > 1)
            quoted_values += quoted
        found.append(_Words(start, stop, begin, end, quoted))
        start = stop + 1
    # So each quote stands at an end of a value, and no blank between two words stood within quotes.
    return found, fits & (2 * quoted_values == cut.quotes[line])


def _numbers(cut: Page, words: list[_Words], count: int) -> tuple[npt.NDArray[np.int64], Bools]:
    """The numbers of some slots, by slot and row, and in which rows all are such."""
    if not words:
        return np.zeros((0, count), np.int64), np.ones(count, bool)
    told, good = audittext.decimals(
        cut.at, *(np.concatenate([getattr(word, name) for word in words]) for name in ("begin", "end"))
    )
    return told.reshape(len(words), count), np.asarray(good.reshape(len(words), count).all(axis=0))


def _text(cut: Page, pool: Pool, words: _Words, written: str) -> Places:
    """Values of a slot out of their quotes or their hexadecimal."""
    quoted = words.quoted
    start, stop, absent = words.begin + quoted, words.end - quoted, np.zeros(len(quoted), bool)
    if quoted.all():
        return Places(start, stop, absent)
    opening = cut.raw[start]
    bare = np.flatnonzero(~quoted & ((opening == _QUESTION) | (opening == _BRACKET)))
    if len(bare):
        absent[bare] = audittext.nothing(cut.at, start[bare], stop[bare])
    if written == "coded":
        bare = np.flatnonzero(~quoted & ~absent)
        values = audittext.sliced(cut.raw, start[bare], stop[bare])
        decoded = pool.add(lines.shown(audittext.unhexed(values, np.ones(len(bare), bool))))
        start[bare], stop[bare] = decoded.start, decoded.stop
    return Places(start, stop, absent)


def _left(cut: Page, pool: Pool, slots: list[_Slot], words: list[_Words]) -> Places | None:
    """What no column takes, one text for each row; words that follow one another stay in one piece."""
    runs: list[tuple[int, int]] = []
    for at, slot in enumerate(slots):
        if slot.target >= 0 or not slot.key:
            continue
        if runs and runs[-1][1] == at - 1 and slots[at - 1].separator == _BLANK and not slot.opens:
            runs[-1] = (runs[-1][0], at)
        else:
            runs.append((at, at))
    places = [
        (words[first].start + len(_OPENING) * slots[first].opens, words[last].end) for first, last in runs
    ]
    if len(places) < 2:
        return Places(*places[0], np.zeros(len(words[0].start), bool)) if places else None
    pieces = [audittext.sliced(cut.raw, start, stop).view(pa.string()) for start, stop in places]
    return pool.add(pc.binary_join_element_wise(*pieces, " "))


def _arguments(cut: Page, line: Ints, rows: Ints, head: Ints, found: Found) -> None:
    """Read EXECVE lines that say `argc=2 a0="ls" a1=2F746D70`: the arguments in order from 0, none in pieces."""
    if len(rows) < LEAST_LINES:
        return
    first = cut.token[line[rows]] + head[rows]
    count = cut.size[line[rows]] - head[rows] - 1
    fits = (count > 0) & (count < _MOST_ARGUMENTS)
    begins = np.where(fits, cut.begins[np.minimum(first, len(cut.begins) - 1)], 0)
    ends = np.where(fits, cut.ends[np.minimum(first, len(cut.begins) - 1)], 8)
    argc, good = audittext.decimals(cut.at, begins + len(b"argc="), np.maximum(ends, 8))
    fits &= audittext.begin(cut.at, begins, b"argc=") & good
    for _ in range(2):
        rows, first, count, argc = rows[fits], first[fits], count[fits], argc[fits]
        owner = np.repeat(np.arange(len(rows)), count)
        place = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
        token = np.repeat(first + 1, count) + place
        start, stop = cut.begins[token], cut.ends[token]
        fits = np.ones(len(rows), bool)
        fits[owner[(cut.at[start] & _ARGUMENT_WORDS[place, 1]) != _ARGUMENT_WORDS[place, 0]]] = False
        fits[owner[cut.raw[stop] == _ENRICHED]] = False
        opening = start + _ARGUMENT_SIZES[place]
        quoted = (cut.raw[opening] == _QUOTE) & (cut.raw[stop - 1] == _QUOTE) & (stop > opening + 1)
        fits &= 2 * np.bincount(owner[quoted], minlength=len(rows)) == cut.quotes[line[rows]]
        if fits.all():
            break
    if not len(rows):
        return
    word = audittext.unhexed(audittext.sliced(cut.raw, opening + quoted, stop - quoted), ~quoted)
    target = SPELT[ARGUMENTS, OUTER][b"argc"]
    found.pieces.append(Piece(target, rows, argc, None))
    found.arguments.append(Arguments(rows[owner], place, word))
    found.read[rows] = True
