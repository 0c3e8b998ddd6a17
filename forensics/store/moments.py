"""How the rows of spooled files lie in time: where to cut them into parts, and their median, in little memory.

Rows are counted by second. Where a log reaches over more seconds than are held at once, they are counted by longer steps,
and by second only in those few steps that an answer lies in; so the answer is the same.
"""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from forensics.store import spool

MOST_STEPS = 1 << 19
"""How many steps are held at most; twice as many before they are added up."""
_SECOND = 1_000_000_000

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class _Pairs(NamedTuple):
    """Steps, and how many rows lie in each."""

    step: Ints
    rows: Ints


class Counted(NamedTuple):
    """Steps in order, each once, as numbers of `width` seconds since 1970; how many rows lie in each, and up to the end of it."""

    step: Ints
    rows: Ints
    until: Ints
    width: int


def windows(sources: Sequence[Path], most_rows: int) -> list[tuple[int | None, int | None]]:
    """Half-open ranges of time (nanoseconds since 1970) that together hold all rows, each about as many as are asked for.

    Where they are cut hangs on the times of all rows alone, not on which file has which: at each second in which
    another `most_rows` rows become full, but for the first of all.
    """
    known = _counted(sources)
    found = _by_second(sources, known, _full(known.until, known.rows, most_rows))
    edges = found.step[_full(found.until, found.rows, most_rows) & (found.until > found.rows)] * _SECOND
    return list(itertools.pairwise([None, *(int(edge) for edge in edges), None]))


def median(sources: Sequence[Path]) -> int | None:
    """The (lower) median of the times of spooled files; None where there is none. Of all times, those of one second are held."""
    known = _counted(sources)
    if not len(known.step):
        return None
    rank = (int(known.until[-1]) - 1) // 2
    found = _by_second(
        sources, known, np.arange(len(known.step)) == np.searchsorted(known.until, rank, side="right")
    )
    at = int(np.searchsorted(found.until, rank, side="right"))
    near = [times[times // _SECOND == found.step[at]] for times in map(_times, sources)]
    return int(np.sort(np.concatenate(near))[rank - int(found.until[at] - found.rows[at])])


def _full(until: Ints, rows: Ints, most_rows: int) -> Bools:
    """In which steps another `most_rows` rows become full."""
    full: Bools = until // most_rows != (until - rows) // most_rows
    return full


def _counted(sources: Sequence[Path]) -> Counted:
    """The steps in which rows lie, as short as can be held."""
    known, width = _Pairs(np.empty(0, np.int64), np.empty(0, np.int64)), 1
    held = [known]
    for path in sources:
        held.append(_runs(_times(path) // (_SECOND * width)))
        if sum(len(own.step) for own in held) > 2 * MOST_STEPS:
            known = _summed(held)
            while len(known.step) > MOST_STEPS:
                known, width = _summed([_Pairs(known.step // 2, known.rows)]), width * 2
            held = [known]
    known = _summed(held)
    return Counted(known.step, known.rows, np.cumsum(known.rows), width)


def _by_second(sources: Sequence[Path], known: Counted, asked: Bools) -> Counted:
    """The seconds of some of the steps."""
    if known.width == 1:
        return Counted(known.step[asked], known.rows[asked], known.until[asked], 1)
    steps = known.step[asked]
    held = [_Pairs(np.empty(0, np.int64), np.empty(0, np.int64))]
    for path in sources:
        own = _runs(_times(path) // _SECOND)
        within = np.isin(own.step // known.width, steps)
        held.append(_Pairs(own.step[within], own.rows[within]))
    seconds, rows = _summed(held)
    # What lies in steps between these is counted, too.
    between = np.diff(known.until[asked], prepend=0) - known.rows[asked]
    missing = np.cumsum(between)[np.searchsorted(steps, seconds // known.width)]
    return Counted(seconds, rows, np.cumsum(rows) + missing, 1)


def _times(path: Path) -> Ints:
    """The times of a spooled file in order, undated rows left out."""
    return np.asarray(spool.read(path, [spool.TIME])[0].drop_null().to_numpy())


def _runs(steps: Ints) -> _Pairs:
    """Steps as they come, those that follow one another and are equal as one: in order of time they are few, and need no sorting."""
    first = np.flatnonzero(np.diff(steps, prepend=steps[:1] - 1))
    return _Pairs(steps[first], np.diff(first, append=len(steps)))


def _summed(held: Sequence[_Pairs]) -> _Pairs:
    """Steps in order, each once, and the rows in each, of several such pairs."""
    steps, rows = (np.concatenate(column) for column in zip(*held, strict=True))
    order = np.argsort(steps, kind="stable")
    steps, rows = steps[order], rows[order]
    first = np.flatnonzero(np.append(True, np.diff(steps) != 0)[: len(steps)])
    return _Pairs(steps[first], np.add.reduceat(rows, first) if len(first) else rows)
