"""How the years turn in logs that write none, by the order of their lines; also of a log that is read in pieces.

A line follows the one before it by less than a year but 31 days, or was written late by at most 31 days.
Stamps are seconds of a leap year here.
"""

import calendar
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

MOST = 20
"""How many years the order of lines is believed."""
_NS_PER_S = 1_000_000_000
_LATEST_S = 31 * 86_400
_LEAP_YEAR_S = 366 * 86_400
_AFTER_LEAP_DAY_S = 60 * 86_400

Seconds = npt.NDArray[np.int64]


class Course(NamedTuple):
    """How the years turn in a file, as seen from some of its rows. Years count from the file's first stamp.

    `before`: year of the first of those rows. `total`: year of the file's last stamp; `last`: its second.
    `spread`: how many years the order of the lines tells of.
    """

    before: int
    total: int
    last: int
    spread: int


class Turns(NamedTuple):
    """How the years turn in rows of one file that follow one another. Years count from the first of them.

    `first`, `last`: seconds of the first and last. `turns`: year of the last; `least`, `most`: of all.
    """

    first: int
    last: int
    turns: int
    least: int
    most: int


def steps(second: Seconds) -> Seconds:
    """By how many years each stamp lies behind the one before it; 0 for the first."""
    return _turned(np.diff(second, prepend=second[:1]))


def _turned(step: Seconds) -> Seconds:
    """By how many years it turns where stamps go on by some seconds."""
    return (step < -_LATEST_S).astype(np.int64) - (step > _LEAP_YEAR_S - _LATEST_S).astype(np.int64)


def turns(second: Seconds) -> Turns | None:
    """How the years turn in stamps of one file, those left out that cannot be placed (-1); None where none is left."""
    held = second[second >= 0]
    if not len(held):
        return None
    own = np.cumsum(steps(held))
    return Turns(int(held[0]), int(held[-1]), int(own[-1]), int(own.min()), int(own.max()))


def course(pieces: Sequence[Turns], at: int) -> Course:
    """The course of a file that is cut into pieces, as seen from one of them."""
    return courses(pieces)[at]


def courses(pieces: Sequence[Turns]) -> list[Course]:
    """The course of a file that is cut into pieces, as seen from each of them."""
    first, last, turned, least, most = np.array(pieces, np.int64).T
    # The year in which each piece begins: what turns within those before it, and from each of them to the next.
    begins = np.append(0, np.cumsum(turned[:-1] + _turned(first[1:] - last[:-1])))
    spread = max(0, int((begins + most).max())) - min(0, int((begins + least).min()))
    total, end = int(begins[-1] + turned[-1]), int(last[-1])
    return [Course(before, total, end, spread) for before in begins.tolist()]


def first_year(seen: Course, anchor_ns: int) -> int | None:
    """The year of the first of those rows from which a course is seen; None where a file is not placed."""
    if seen.spread > MOST:
        return None
    return _nearest_year(seen.last, anchor_ns) - seen.total + seen.before


def _nearest_year(second: int, anchor_ns: int) -> int:
    """The year that puts a second of a leap year nearest to the anchor; of two as near, the earlier."""
    about = datetime.fromtimestamp(anchor_ns // _NS_PER_S, UTC).year

    def far(year: int) -> int:
        short = not calendar.isleap(year) and second >= _AFTER_LEAP_DAY_S
        moment = calendar.timegm((year, 1, 1, 0, 0, 0)) + second - (86_400 if short else 0)
        return abs(moment * _NS_PER_S - anchor_ns)

    return min((about - 1, about, about + 1), key=far)
