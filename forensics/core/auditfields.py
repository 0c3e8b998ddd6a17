"""Lines of an audit trail of any shape: cut into fields, sorted by key, decoded by kind of key."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import audittext, lines
from forensics.core.auditkeys import ARGUMENTS, CALL, KEYS, MESSAGE, OLD, PLACES, TARGETS
from forensics.core.auditpage import Page
from forensics.core.auditpieces import Arguments, Left, Piece
from forensics.core.auditpool import Pool
from forensics.core.audittext import INNER, NAMES, OUTER, Bools, Bytes, Ints, Narrow, Tokens

_QUOTE, _APOSTROPHE, _EQUALS, _ENRICHED = 34, 39, 61, 29
LEAST_LINES = 1000
"""Fewer lines are cut by themselves: to look through a page for them would take longer."""
BLOCK_LINES = 1 << 12
"""How many lines are cut and read at a time."""
_ARGUMENT = r"^a(?P<place>\d{1,9})(?P<piece>\[\d+\])?$"
_KEYS = pa.array(KEYS, pa.binary())


class Fields(NamedTuple):
    """The fields of some lines, as places in `raw`, without their heads and without empty words."""

    raw: Bytes
    tokens: Tokens


def cut(whole: pa.Array, body: Ints) -> Fields:
    """Cut lines into fields.

    Args:
        whole: the lines (binary), terminators included.
        body: where in each its fields begin.
    """
    offsets = np.frombuffer(whole.buffers()[1], np.int32)[
        whole.offset : whole.offset + len(whole) + 1
    ].astype(np.int64)
    data = np.frombuffer(whole.buffers()[2], np.uint8)[: offsets[-1]] if len(whole) else np.zeros(0, np.uint8)
    raw = np.append(data, np.frombuffer(bytes(8), np.uint8))
    tokens = audittext.tokens(data, lines.Lines(offsets[:-1], offsets[1:], whole), 0)
    begins = offsets[:-1] + body
    return Fields(raw, tokens.where((tokens.stop > tokens.start) & (tokens.start >= begins[tokens.line])))


def of_page(page: Page, line: Ints, body: Ints, head: Ints) -> Iterator[tuple[Fields, Ints]]:
    """Cut lines of a page into fields: by the words that it has found already, where no blank stands within quotes.

    So many lines at a time that what that takes does not grow with them.

    Args:
        page: the page.
        line: which lines.
        body: where in each its fields begin.
        head: how many words come before them.

    Yields:
        Fields, and the places in `line` of those whose they are.
    """
    hard = []
    for at in range(0, len(line), BLOCK_LINES):
        own = np.arange(at, min(at + BLOCK_LINES, len(line)))
        if len(line) >= LEAST_LINES:
            tokens, easy = _easy(page, line[own], head[own])
            yield Fields(page.raw, tokens), own
            own = own[~easy]
        hard.append(own)
    rest = np.concatenate(hard) if hard else np.zeros(0, np.int64)
    if len(rest):
        whole = audittext.sliced(page.raw, page.start[line[rest]], page.stop[line[rest]])
        yield cut(whole, body[rest]), rest


def _easy(page: Page, line: Ints, head: Ints) -> tuple[Tokens, Bools]:
    """The fields of those of some lines in which each quote stands at an end of a value, and which these are."""
    tokens = _words(page, line, head)
    start, stop, equals = tokens.start, tokens.stop, tokens.equals
    quoted = (equals >= 0) & (page.raw[equals + 1] == _QUOTE) & (page.raw[stop - 1] == _QUOTE) & (stop - equals > 2)  # fmt: skip
    easy = page.plain[line] & (2 * np.bincount(tokens.line[quoted], minlength=len(line)) == page.quotes[line])
    kept = easy[tokens.line] & (stop > start)
    return tokens if kept.all() else tokens.where(kept), easy


def _words(page: Page, line: Ints, head: Ints) -> Tokens:
    """The words of lines of a page, with what they are: before `msg='`, within it, or after 0x1d."""
    count = np.maximum(page.size[line] - head, 0)
    owner = np.repeat(np.arange(len(line)), count)
    first = np.cumsum(count) - count
    place = np.arange(len(owner)) - first[owner]
    token = (page.token[line] + head)[owner] + place
    start, stop = page.begins[token], page.ends[token]
    ended = np.flatnonzero(page.raw[stop] == _ENRICHED)
    names = np.zeros(len(line), np.int64)
    np.maximum.at(names, owner[ended], place[ended] + 1)
    part = np.where((names > 0)[owner] & (place >= names[owner]), NAMES, OUTER)
    opens = np.flatnonzero((part == OUTER) & audittext.opens(page.opening[token], b"msg='"))
    opens = opens[np.unique(owner[opens], return_index=True)[1]]
    opener = np.full(len(line), len(owner))
    opener[owner[opens]] = opens
    part[(np.arange(len(owner)) >= opener[owner]) & (part == OUTER)] = INNER
    start[opens] += 5
    low, high = (int(start[0]), int(stop[-1])) if len(start) else (0, 0)
    marked = page.raw[low:high] == _EQUALS
    bits = np.packbits(marked, bitorder="little")
    found = np.append(np.flatnonzero(marked) + low, len(page.raw))
    equals = found[audittext.counted_before(bits, start - low)[0]]
    equals[equals >= stop] = -1
    final = (part == INNER) & np.append((owner[1:] != owner[:-1]) | (part[1:] != INNER), True)[: len(owner)]
    stop -= final & (stop > start) & (page.raw[stop - 1] == _APOSTROPHE)
    return Tokens(owner, start, equals, stop, part)


def glued(fields: Fields) -> Ints:
    """Lines that hold a second record."""
    tokens = fields.tokens
    return np.unique(tokens.line[audittext.begins(fields.raw, tokens.start, tokens.stop, b"msg=audit(")])


class Read(NamedTuple):
    """What lines say. `claimed`: which fields a column took; the others are what is left.

    `line`, `start`, `stop`: of the fields, in four bytes each. `first`: the number of the first of them.
    """

    raw: Bytes
    line: Narrow
    start: Narrow
    stop: Narrow
    first: int
    row: Ints
    claimed: Bools
    pieces: list[Piece]
    arguments: list[Arguments]

    def without(self, token: Ints) -> "Read":
        """The same, some fields not claimed."""
        token = token[(token >= self.first) & (token < self.first + len(self.claimed))]
        if not len(token):
            return self
        self.claimed[token - self.first] = False
        kept = []
        for piece in self.pieces:
            if piece.token is None:
                continue
            kept.append(piece.where(~np.isin(piece.token, token)))
        return self._replace(pieces=kept)

    def left(self, pool: Pool) -> list[Left]:
        """What no column took, one text for each row that has some."""
        free = ~self.claimed
        line = self.line[free]
        if not len(line):
            return []
        words = audittext.sliced(self.raw, self.start[free], self.stop[free])
        begins = np.flatnonzero(np.diff(line, prepend=-1))
        listed = pa.ListArray.from_arrays(pa.array(np.append(begins, len(words)).astype(np.int32)), words)
        text = lines.shown(pc.binary_join(listed, pa.scalar(b" ", pa.binary())))
        return [Left(self.row[line[begins]], pool.add(text))]


def read(fields: Fields, pool: Pool, row: Ints, kind: Ints, first: int) -> Read:
    """Read every field of lines.

    Args:
        fields: of the lines.
        pool: takes in their texts.
        row: the row of each line.
        kind: what each line can fill, see `auditkeys`.
        first: the number of the first field.
    """
    raw, tokens = fields
    at = audittext.words(raw)
    column = _claims(raw, tokens, kind)
    arguments = _are_arguments(raw, tokens, kind == ARGUMENTS)
    column[arguments] = -1
    own = np.flatnonzero(column >= 0)
    # Numbers of 16 bits are sorted by their digits, which is much faster than by comparing.
    order = own[np.argsort(column[own].astype(np.int16), kind="stable")]
    line, sorted_ = tokens.line[order], column[order]
    claimed = (column >= 0) | arguments
    claimed[order[1:][(line[1:] == line[:-1]) & (sorted_[1:] == sorted_[:-1])]] = False
    bounds = np.searchsorted(sorted_, np.arange(len(TARGETS) + 1))
    pieces = []
    for target, about in enumerate(TARGETS):
        own = order[bounds[target] : bounds[target + 1]]
        own = own[claimed[own]]
        if not len(own):
            continue
        start, stop, quoted = audittext.unquoted(raw, tokens.equals[own], tokens.stop[own])
        if about.written in {"number", "id"}:
            numbers, good = audittext.decimals(at, start, stop)
            claimed[own[~good]] = False
            own = own[good]
            pieces.append(Piece(target, row[tokens.line[own]], numbers[good], own + first))
        else:
            values = audittext.decoded(raw, start, stop, quoted, coded=about.written == "coded")
            pieces.append(Piece(target, row[tokens.line[own]], pool.add(values), own + first))
    told = _arguments(raw, tokens.where(arguments), row)
    where = [at.astype(np.int32) for at in (tokens.line, tokens.start, tokens.stop)]
    return Read(raw, where[0], where[1], where[2], first, row, claimed, pieces, [told])


def _claims(raw: Bytes, tokens: Tokens, kind: Ints) -> Ints:
    """The column that each field belongs to by its key and where it stands, or -1."""
    keyed = tokens.equals > tokens.start
    keys = audittext.sliced(raw, tokens.start, np.where(keyed, tokens.equals, tokens.start))
    number = np.asarray(pc.index_in(keys, _KEYS).fill_null(len(KEYS)))
    column: Ints = PLACES[kind[tokens.line], tokens.part, number]
    # Kernels before 3.15 wrote `old auid=0 new auid=4101`.
    old = np.flatnonzero((tokens.equals < 0) & audittext.begins(raw, tokens.start, tokens.stop, b"old"))
    old = old[(tokens.stop[old] - tokens.start[old] == 3) & (old + 1 < len(column))] + 1
    old = old[np.isin(kind[tokens.line[old]], (MESSAGE, CALL)) & (tokens.line[old] == tokens.line[old - 1])]
    for now, before in OLD.items():
        column[old[column[old] == now]] = before
    return column


def _are_arguments(raw: Bytes, tokens: Tokens, execve: Bools) -> Bools:
    """Which fields are arguments of an EXECVE line: a0, a1, and a long one in pieces as a2[0], a2[1]."""
    found: Bools = execve[tokens.line] & (tokens.part == OUTER) & (tokens.equals > tokens.start)
    at = np.flatnonzero(found)
    keys = audittext.sliced(raw, tokens.start[at], tokens.equals[at])
    found[at] = np.asarray(pc.match_substring_regex(keys, _ARGUMENT))
    return found


def _arguments(raw: Bytes, tokens: Tokens, row: Ints) -> Arguments:
    """The arguments of each EXECVE line, pieces put together."""
    keys = audittext.sliced(raw, tokens.start, tokens.equals)
    places = pc.extract_regex(keys, _ARGUMENT).flatten()[0]
    place = np.asarray(places.cast(pa.string()).cast(pa.int64()))
    start, stop, quoted = audittext.unquoted(raw, tokens.equals, tokens.stop)
    pieces = audittext.unhexed(audittext.sliced(raw, start, stop), ~quoted)
    again = np.append(False, (np.diff(tokens.line) == 0) & (np.diff(place) == 0))[: len(place)]
    begins = np.flatnonzero(~again)
    if again.any():
        listed = pa.ListArray.from_arrays(pa.array(np.append(begins, len(place)).astype(np.int32)), pieces)
        pieces = pc.binary_join(listed, pa.scalar(b"", pa.binary()))
    return Arguments(row[tokens.line[begins]], place[begins], pieces)
