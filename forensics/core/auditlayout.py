"""Lines of an audit trail that are laid out alike, read together.

Lines of one type with as many words are taken to have the layout of the first of them. Each is then held
against it, word by word: keys, separators, frames. What does not fit is left to the general rules
(`auditfields`), which would read the others the same, only slower.
"""

import itertools
from typing import NamedTuple

import numpy as np

from forensics.core import auditargv, audittext, lines
from forensics.core.auditforms import UNKNOWN, Forms, Numbers, Way
from forensics.core.auditkeys import ARGUMENTS, FEW, NONE, SPELT, TARGETS
from forensics.core.auditpage import Page
from forensics.core.auditpieces import Found, Left, Piece
from forensics.core.auditpool import Places, Pool
from forensics.core.audittext import INNER, NAMES, OUTER, Bools, Ints, Narrow, Words

LEAST_LINES = 24
"""Fewer lines of one layout are not worth one of their own."""
_MOST_WORDS = 4000
_LONGEST_KEY = 40
_OPENING = b"msg='"
_BLANK, _QUOTE, _APOSTROPHE, _BRACKET, _QUESTION, _ENRICHED = 32, 34, 39, 40, 63, 29
_WORD = 8
_FEW_BYTES = 2
"""So many are sooner looked at one by one."""
_BLOCK_WORDS = 1 << 16
"""How many words are held against a layout at a time."""


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


def read(cut: Page, pool: Pool, forms: Forms, line: Ints, kind: Ints, type_: Ints, head: Ints) -> Found:
    """Read the rows whose layout shows.

    Args:
        cut: the lines.
        pool: of their page; takes in what is decoded.
        forms: the words that are known.
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
            _alike(cut, pool, forms, line[rows], rows, int(kind[rows[0]]), int(head[rows[0]]), found)
    rows = np.flatnonzero(cut.plain[line] & (kind == ARGUMENTS))
    if len(rows) >= LEAST_LINES:
        auditargv.read(cut, line, rows, head, found)
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
    first, stop = int(cut.token[line]) + head, int(cut.token[line] + cut.size[line])
    begins, ends = cut.begins[first:stop].tolist(), cut.ends[first:stop].tolist()
    origin = begins[0] if begins else 0
    whole = cut.raw[origin : (ends[-1] if ends else 0) + 1].tobytes()
    words = [whole[begin - origin : end - origin] for begin, end in zip(begins, ends, strict=True)]
    separators = [whole[end - origin] for end in ends]
    names_from = max((at + 1 for at, byte in enumerate(separators) if byte == _ENRICHED), default=len(words))
    slots: list[_Slot] = []
    part, taken = OUTER, set()
    for at, text in enumerate(words):
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


class _Layout(NamedTuple):
    """What is looked at in the words of lines that are laid out alike; slots by their places.

    `held`, `mask`: what `Page.opening` has where each begins. `odd`: those of which that does not say all.
    `shown`: those whose value may have quotes. `runs`: first and last of slots that no column takes.
    `few`: those whose words are looked for among those that are known, and in which `ways` these say their values.
    """

    slots: list[_Slot]
    held: Words
    mask: Words
    odd: list[int]
    shown: Ints
    numbers: Ints
    texts: Ints
    few: Ints
    ways: list[Way]
    runs: list[tuple[int, int]]
    begin: Ints
    closes: Ints


class _Values(NamedTuple):
    """Values of lines by slot and line, where they stand; those of `numbers` are read.

    `words`, `ends`: where what no column takes begins and ends, by line and run.
    """

    numbers: Ints
    known: Narrow
    begin: Ints
    end: Ints
    quoted: Bools
    absent: Bools
    words: Ints
    ends: Ints


def _together(held: list[_Values]) -> _Values:
    return _Values(
        np.concatenate([each.numbers for each in held], axis=1),
        np.concatenate([each.known for each in held], axis=1),
        np.concatenate([each.begin for each in held], axis=1),
        np.concatenate([each.end for each in held], axis=1),
        np.concatenate([each.quoted for each in held], axis=1),
        np.concatenate([each.absent for each in held], axis=1),
        np.concatenate([each.words for each in held]),
        np.concatenate([each.ends for each in held]),
    )


def _way(slot: _Slot) -> Way:
    return Way(slot.target, slot.key, slot.closes, TARGETS[slot.target].written == "coded")


def _layout(slots: list[_Slot], forms: Forms) -> _Layout:
    opened = np.array([audittext.word(slot.key[:8]) for slot in slots], np.uint64)
    targets = [at for at, slot in enumerate(slots) if slot.target >= 0]
    counted = [at for at in targets if TARGETS[slots[at].target].written in {"number", "id"}]
    few = [at for at in targets if slots[at].target in FEW and forms.place(_way(slots[at])) != UNKNOWN]
    runs: list[tuple[int, int]] = []
    for at, slot in enumerate(slots):
        if slot.target >= 0 or not slot.key:
            continue
        if runs and runs[-1][1] == at - 1 and slots[at - 1].separator == _BLANK and not slot.opens:
            runs[-1] = (runs[-1][0], at)
        else:
            runs.append((at, at))
    return _Layout(
        slots,
        opened[:, 0],
        opened[:, 1],
        [at for at, slot in enumerate(slots) if _is_odd(slot)],
        np.array([at for at, slot in enumerate(slots) if not slot.bare], np.int64),
        np.array(counted, np.int64),
        np.array([at for at in targets if at not in counted and at not in few], np.int64),
        np.array(few, np.int64),
        [_way(slots[at]) for at in few],
        runs,
        np.array([1 + len(slot.key) for slot in slots]),
        np.array([int(slot.closes) for slot in slots]),
    )


def _is_odd(slot: _Slot) -> bool:
    return not slot.key or len(slot.key) > _WORD or slot.loose or slot.closes or slot.separator == _ENRICHED


def _alike(
    cut: Page, pool: Pool, forms: Forms, line: Ints, rows: Ints, kind: int, head: int, found: Found
) -> None:
    """Read rows by the layout of the first of them, so many at a time that what they take stays in the cache."""
    slots = _template(cut, int(line[0]), kind, head)
    if not slots:
        return
    layout = _layout(slots, forms)
    step = max(_BLOCK_WORDS // len(slots), LEAST_LINES)
    fit, held = [], []
    for at in range(0, len(rows), step):
        fits, values = _held_against(cut, layout, forms, line[at : at + step], head)
        fit.append(fits)
        held.append(values)
    fits = np.concatenate(fit)
    line, rows = line[fits], rows[fits]
    if not len(rows):
        return
    values = _together(held)
    found.pieces.extend(
        Piece(slots[at].target, rows, numbers, None)
        for at, numbers in zip(layout.numbers, values.numbers, strict=True)
    )
    for at, known in zip(layout.few.tolist(), values.known, strict=True):
        target = slots[at].target
        if known.min() == UNKNOWN:
            forms.leave(target)
            words = cut.token[line] + head + at
            said: Numbers | Places = _looked_at(cut, pool, slots[at], cut.begins[words], cut.ends[words])
        else:
            said = Numbers(known, forms.words(target))
        found.pieces.append(Piece(target, rows, said, None))
    for at, *own in zip(layout.texts, values.begin, values.end, values.quoted, values.absent, strict=True):
        target = slots[at].target
        places = _text(cut, pool, *own, coded=TARGETS[target].written == "coded")
        found.pieces.append(Piece(target, rows, places, None))
    if layout.runs:
        found.left.append(Left(rows, _left(cut, pool, values)))
    found.read[rows] = True


def _held_against(cut: Page, layout: _Layout, forms: Forms, line: Ints, head: int) -> tuple[Bools, _Values]:
    """Which lines have the keys, separators, frames, quotes and numbers of the layout; and the values of those."""
    first, size = cut.token[line] + head, len(layout.slots)
    stops = audittext.runs(cut.ends, size + 1)[first - 1]
    opening = audittext.runs(cut.opening, size)[first]
    fits = ((opening & layout.mask) == layout.held).all(axis=1)
    fits &= cut.parts[line] == sum(slot.separator == _ENRICHED for slot in layout.slots)
    for at in layout.odd:
        fits &= _fits(cut, layout.slots[at], stops[:, at] + 1, stops[:, at + 1])
    edges = (stops if fits.all() else stops[fits]).T
    begin, end = _edges(layout, edges, layout.shown)
    quoted = (cut.raw[begin] == _QUOTE) & (cut.raw[end - 1] == _QUOTE) & (end - begin > 1)
    # So each quote stands at an end of a value, and no blank between two words stood within quotes.
    good = 2 * quoted.sum(axis=0) == cut.quotes[line[fits]]
    start, stop = _edges(layout, edges, layout.numbers)
    numbers, counted = audittext.decimals(cut.at, start.ravel(), stop.ravel())
    numbers, counted = numbers.reshape(start.shape), counted.reshape(start.shape)
    good &= counted.all(axis=0)
    if not good.all():
        edges, numbers, quoted = edges[:, good], numbers[:, good], quoted[:, good]
        fits[fits] = good
    words = (opening if fits.all() else opening[fits]).T
    return fits, _values(cut, layout, forms, edges, words, numbers, quoted)


def _edges(layout: _Layout, edges: Ints, slots: Ints) -> tuple[Ints, Ints]:
    """Where the values of some slots begin and end, by slot and line."""
    return edges[slots] + layout.begin[slots, None], edges[slots + 1] - layout.closes[slots, None]


def _fits(cut: Page, slot: _Slot, start: Ints, stop: Ints) -> Bools:
    """Which words are those of a slot, where how they begin is not enough."""
    fits = np.ones(len(start), bool)
    rest = slot.key[_WORD:]
    if len(rest) > _FEW_BYTES:
        fits = audittext.begin(cut.at, start + _WORD, rest)
    else:
        for place, byte in enumerate(rest, _WORD):
            fits &= cut.raw[start + place] == byte
    if slot.loose or not slot.key:
        fits &= stop - start == len(slot.key)
    if slot.closes:
        fits &= cut.raw[stop - 1] == _APOSTROPHE
    if slot.separator == _ENRICHED:
        fits &= cut.raw[stop] == _ENRICHED
    return fits


def _values(
    cut: Page, layout: _Layout, forms: Forms, edges: Ints, words: Words, numbers: Ints, shown: Bools
) -> _Values:
    """The values of lines that fit, without their quotes, and which say that there is none."""
    begin, end = _edges(layout, edges, layout.texts)
    quoted = np.zeros(begin.shape, bool)
    for at, slot in enumerate(layout.texts):
        if not layout.slots[slot].bare:
            quoted[at] = shown[np.searchsorted(layout.shown, slot)]
    opening = cut.raw[begin]
    absent = ~quoted & ((opening == _QUESTION) | (opening == _BRACKET))
    if absent.any():
        absent[absent] = audittext.nothing(cut.at, begin[absent], end[absent])
    known = forms.numbers(
        cut.raw, cut.at, layout.ways, edges[layout.few] + 1, edges[layout.few + 1], words[layout.few]
    )
    starts, stops = _unclaimed(layout, edges)
    return _Values(numbers, known, begin + quoted, end - quoted, quoted, absent, starts.T, stops.T)


def _looked_at(cut: Page, pool: Pool, slot: _Slot, start: Ints, stop: Ints) -> Places:
    """Values of a slot some of whose words are not known."""
    start, stop = start + len(slot.key), stop - slot.closes
    quoted = (cut.raw[start] == _QUOTE) & (cut.raw[stop - 1] == _QUOTE) & (stop - start > 1)
    absent = ~quoted & audittext.nothing(cut.at, start, stop)
    coded = TARGETS[slot.target].written == "coded"
    return _text(cut, pool, start + quoted, stop - quoted, quoted, absent, coded=coded)


def _unclaimed(layout: _Layout, edges: Ints) -> tuple[Ints, Ints]:
    """Where the pieces of what no column takes begin and end: its runs, and between two of them a blank, which most often stands beside one of them."""
    if not layout.runs:
        return edges[:0], edges[:0]
    bounds: list[tuple[int, int, int, int]] = []
    for n, (first, last) in enumerate(layout.runs):
        begins, ends = 1 + len(_OPENING) * layout.slots[first].opens, -int(layout.slots[last].closes)
        if n and layout.slots[first - 1].separator == _BLANK and not layout.slots[first].opens:
            begins -= 1
        elif n and layout.slots[layout.runs[n - 1][1]].separator == _BLANK:
            bounds[-1] = (*bounds[-1][:3], 1)
        elif n:
            # Before the fields stands a blank.
            bounds.append((0, 0, 0, 1))
        bounds.append((first, begins, last + 1, ends))
    first, begins, last, ends = np.array(bounds).T
    return edges[first] + begins[:, None], edges[last] + ends[:, None]


def _text(
    cut: Page, pool: Pool, start: Ints, stop: Ints, quoted: Bools, absent: Bools, *, coded: bool
) -> Places:
    """Values of a slot, out of their hexadecimal where they can be `coded`."""
    bare = np.flatnonzero(~quoted & ~absent) if coded else ()
    if len(bare):
        values = audittext.sliced(cut.raw, start[bare], stop[bare])
        decoded = pool.add(lines.shown(audittext.unhexed(values, np.ones(len(bare), bool))))
        start[bare], stop[bare] = decoded.start, decoded.stop
    return Places(start, stop, absent)


def _left(cut: Page, pool: Pool, values: _Values) -> Places:
    """What no column takes, one text for each row; words that follow one another stay in one piece."""
    count, pieces = values.words.shape
    if pieces == 1:
        return Places(values.words[:, 0], values.ends[:, 0], np.zeros(count, bool))
    # One after the other, the pieces of a row are its text.
    told = pool.add(audittext.sliced(cut.raw, values.words.ravel(), values.ends.ravel()))
    return Places(told.start[::pieces], told.stop[pieces - 1 :: pieces], np.zeros(count, bool))
