"""EXECVE lines of an audit trail as the kernel writes most of them: how many arguments, then each in order."""

import numpy as np

from forensics.core import audittext
from forensics.core.auditkeys import ARGUMENTS, SPELT
from forensics.core.auditpage import Page
from forensics.core.auditpieces import Arguments, Found, Piece
from forensics.core.audittext import OUTER, Ints

_QUOTE, _ENRICHED = 34, 29
_MOST_ARGUMENTS = 1000
_ARGUMENT_KEYS = [b"a%d=" % n for n in range(_MOST_ARGUMENTS)]
_ARGUMENT_WORDS = np.array([audittext.word(key) for key in _ARGUMENT_KEYS], np.uint64)
_ARGUMENT_SIZES = np.array([len(key) for key in _ARGUMENT_KEYS])


def read(cut: Page, line: Ints, rows: Ints, head: Ints, found: Found) -> None:
    """Read EXECVE lines that say `argc=2 a0="ls" a1=2F746D70`: the arguments in order from 0, none in pieces."""
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
