"""Lines of an audit trail that are laid out alike, read together.

Lines of one type with as many words are taken to have the layout of the first of them. Each is then held
against it, word by word: keys, separators, frames. What does not fit is left to the general rules
(`auditfields`), which would read the others the same, only slower.
"""

import itertools
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import audittext, lines
from forensics.core.auditkeys import ARGUMENTS, NONE, SPELT, TARGETS
from forensics.core.auditpage import Page
from forensics.core.audittext import INNER, NAMES, OUTER, Bools, Ints

LEAST_LINES = 24
"""Fewer lines of one layout are not worth one of their own."""
_MOST_WORDS = 4000
_LONGEST_KEY = 40
_OPENING = b"msg='"
_BLANK, _QUOTE, _APOSTROPHE, _ENRICHED = 32, 34, 39, 29
_MOST_ARGUMENTS = 1000
_ARGUMENT_KEYS = [b"a%d=" % n for n in range(_MOST_ARGUMENTS)]
_ARGUMENT_WORDS = np.array([audittext.word(key) for key in _ARGUMENT_KEYS], np.uint64)
_ARGUMENT_SIZES = np.array([len(key) for key in _ARGUMENT_KEYS])


class Piece(NamedTuple):
    """Values of one column: a place in `TARGETS`, the rows they stand in, and where in its source each stood."""

    target: int
    row: Ints
    values: pa.Array
    token: Ints | None


class Arguments(NamedTuple):
    """Arguments of EXECVE lines in order: the row of each, its place, the word (binary)."""

    row: Ints
    place: Ints
    word: pa.Array


class Left(NamedTuple):
    """What no column took: one text for each row that has some."""

    row: Ints
    text: pa.Array


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
        pieces = [
            p if m.all() else Piece(p.target, p.row[m], p.values.filter(pa.array(m)), None)
            for p in self.pieces
            for m in [self.read[p.row]]
        ]
        left = [Left(p.row[m], p.text.filter(pa.array(m))) for p in self.left for m in [self.read[p.row]]]
        told = [
            Arguments(p.row[m], p.place[m], p.word.filter(pa.array(m)))
            for p in self.arguments
            for m in [self.read[p.row]]
        ]
        return Found(pieces, left, told, self.read)  # fmt: skip


class _Slot(NamedTuple):
    """One word of a layout: its key with `=` (and the frame it opens); what it fills, or -1."""

    key: bytes
    target: int
    opens: bool
    closes: bool
    separator: int


def read(cut: Page, line: Ints, kind: Ints, type_: Ints, head: Ints) -> Found:
    """Read the rows whose layout shows.

    Args:
        cut: the lines.
        line: the line of each row, ascending.
        kind: what each row can fill, see `auditkeys`.
        type_: number of its type.
        head: how many words come before its fields.
    """
    found = Found([], [], [], np.zeros(len(line), bool))
    count = cut.size[line]
    fit = np.flatnonzero(cut.plain[line] & (kind != NONE) & (count < _MOST_WORDS) & (kind != ARGUMENTS))
    layout = ((type_ * (NONE + 1) + kind) * 4 + head) * _MOST_WORDS + count
    order = fit[np.argsort(layout[fit], kind="stable")]
    bounds = np.flatnonzero(np.diff(layout[order], prepend=-1, append=-1))
    for first, last in itertools.pairwise(bounds):
        if last - first >= LEAST_LINES:
            rows = order[first:last]
            _alike(cut, line[rows], rows, int(kind[rows[0]]), int(head[rows[0]]), found)
    _arguments(cut, line, np.flatnonzero(cut.plain[line] & (kind == ARGUMENTS)), head, found)
    return found


def _template(cut: Page, line: int, kind: int, head: int) -> list[_Slot] | None:
    """The layout of a line; None where it is not made of keys and values alone."""
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
        if text and (not equals or not key or b'"' in key or key == b"msg" or len(key) > _LONGEST_KEY):
            return None
        target = SPELT.get((kind, part), {}).get(key, -1) if text else -1
        target = -1 if target in taken else target
        taken |= {target} - {-1}
        closes = part == INNER and at + 1 in {names_from, len(words)}
        slots.append(_Slot(text[: len(_OPENING) * opens + len(key) + 1] if text else b"", target, opens, closes, separators[at]))  # fmt: skip
    return slots


def _alike(cut: Page, line: Ints, rows: Ints, kind: int, head: int, found: Found) -> None:
    """Read rows by the layout of the first of them."""
    slots = _template(cut, int(line[0]), kind, head)
    if slots is None:
        return
    token = (cut.token[line] + head)[None, :] + np.arange(len(slots))[:, None]
    start, stop = cut.begins[token], cut.ends[token]
    fits = _fits(cut, slots, token, start, stop)
    numbers = {}
    for at, slot in enumerate(slots):
        if slot.target >= 0 and TARGETS[slot.target].written in {"number", "id"}:
            told = audittext.decimals(cut.at, start[at] + len(slot.key), stop[at] - slot.closes)
            numbers[at] = told[0]
            fits &= told[1]
    if not fits.all():
        start, stop, rows = start[:, fits], stop[:, fits], rows[fits]
    for at, slot in enumerate(slots):
        if at in numbers:
            found.pieces.append(Piece(slot.target, rows, pa.array(numbers[at][fits]), None))
        elif slot.target >= 0:
            values = _text(
                cut, start[at] + len(slot.key), stop[at] - slot.closes, TARGETS[slot.target].written
            )
            found.pieces.append(Piece(slot.target, rows, values, None))
    left = _left(cut, slots, start, stop)
    if left is not None and len(rows):
        found.left.append(Left(rows, left))
    found.read[rows] = True


def _fits(cut: Page, slots: list[_Slot], token: Ints, start: Ints, stop: Ints) -> Bools:
    """Which rows have the keys, separators and frames of the layout; words are given by slot and row."""
    fits = np.ones(start.shape[1], bool)
    for at, slot in enumerate(slots):
        if slot.key:
            held, mask = audittext.word(slot.key[:8])
            fits &= (cut.opening[token[at]] & mask) == held
            if rest := slot.key[8:]:
                fits &= audittext.begin(cut.at, start[at] + 8, rest)
        else:
            fits &= start[at] == stop[at]
        if slot.closes:
            fits &= (cut.raw[stop[at] - 1] == _APOSTROPHE) & (stop[at] > start[at] + len(slot.key))
        if at + 1 < len(slots):
            fits &= cut.raw[stop[at]] == slot.separator
    return fits


def _text(cut: Page, start: Ints, stop: Ints, written: str) -> pa.Array:
    """Values out of their quotes or their hexadecimal."""
    quoted = (cut.raw[start] == _QUOTE) & (stop > start)
    start, stop = start + quoted, stop - quoted
    values = audittext.sliced(cut.raw, start, stop, ~quoted & audittext.nothing(cut.at, start, stop))
    if written == "coded" and not quoted.all():
        return lines.shown(audittext.unhexed(values, ~quoted))
    return values.view(pa.string())


def _left(cut: Page, slots: list[_Slot], start: Ints, stop: Ints) -> pa.Array | None:
    """What no column takes, one text for each row; words that follow one another stay in one piece."""
    runs: list[tuple[int, int]] = []
    for at, slot in enumerate(slots):
        if slot.target >= 0 or not slot.key:
            continue
        if runs and runs[-1][1] == at - 1 and slots[at - 1].separator == _BLANK and not slot.opens:
            runs[-1] = (runs[-1][0], at)
        else:
            runs.append((at, at))
    pieces = [
        audittext.sliced(
            cut.raw, start[first] + len(_OPENING) * slots[first].opens, stop[last] - slots[last].closes
        ).view(pa.string())
        for first, last in runs
    ]
    return pc.binary_join_element_wise(*pieces, " ") if len(pieces) > 1 else pieces[0] if pieces else None


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
        if fits.all():
            break
    if not len(rows):
        return
    start = start + _ARGUMENT_SIZES[place]
    quoted = (cut.raw[start] == _QUOTE) & (stop > start)
    word = audittext.unhexed(audittext.sliced(cut.raw, start + quoted, stop - quoted), ~quoted)
    target = SPELT[ARGUMENTS, OUTER][b"argc"]
    found.pieces.append(Piece(target, rows, pa.array(argc), None))
    found.arguments.append(Arguments(rows[owner], place, word))
    found.read[rows] = True
