"""The offset of one clock along its file, from bounds at single places: what all of them allow together.

Between two places the offset changes by no more than a clock can drift. Where two bounds cannot both hold,
the clock was set in between if the next entries agree with the later one, and the later one is wrong if not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forensics.core.clock import NS_PER_S

RATES_PPM = (100, 500)
"""How far a clock drifts: a common crystal, and what a clock that is kept by a time service can be off at most."""
JITTER_NS = NS_PER_S
"""Bounds that miss each other by less are of one setting, written late once: both are allowed."""
_FEWEST = 2
Int = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Vote:
    """What one entry says: at a place in the file, at a moment that the clock wrote, the offset was within bounds.

    `thing` is the login, job or run that it is a moment of: a wrong pair is wrong at all moments of its thing.
    `by` is the account of whoever typed the command that it rests on alone: one person can have typed any number of
    commands whose effect came later and from elsewhere.
    """

    entry: str
    thing: str
    place: int
    at_ns: int
    lo: int
    hi: int
    rows: tuple[int, ...] = ()
    by: str | None = None

    @property
    def voice(self) -> str:
        """Who speaks: the account alone, or else the thing."""
        return self.thing if self.by is None else f"account {self.by}"


@dataclass(frozen=True, slots=True)
class Stretch:
    """The part of a file between two settings of its clock: at each entry in it, its own bounds and all bounds together.

    One that is not `firm` rests on a single thing, or on what a single account typed, at an end of a file, or between two settings, that does not
    agree with its neighbour: the clock was set there, or the pair is wrong. Its bounds allow both.
    """

    entries: tuple[str, ...]
    place: Int
    when: Int
    said_lo: Int
    said_hi: Int
    lo: Int
    hi: Int
    firm: bool = True


@dataclass(frozen=True, slots=True)
class Band:
    """The offset along a file: its stretches in order, the votes that count, and how many were left out."""

    stretches: tuple[Stretch, ...]
    votes: tuple[Vote, ...]
    left_out: int
    rate_ppm: int

    @classmethod
    def zero(cls) -> "Band":
        """The offset of the reference from itself."""
        return cls((), (), 0, 0)

    def voices(self) -> int:
        """How many logins, jobs and runs bound it."""
        return len({v.thing for v in self.votes})

    def independent(self) -> bool:
        """Whether it rests on more than what one account typed, or on one thing."""
        return len({v.voice for v in self.votes}) >= _FEWEST

    def at(self, place: Int, at_ns: Int) -> tuple[Int, Int]:
        """The bounds of the offset at events: at places in the file, at moments as its clock wrote them.

        Between two entries of one stretch, what both allow; between two stretches, what either allows.
        """
        if not self.stretches:
            return np.zeros(len(place), np.int64), np.zeros(len(place), np.int64)
        places = np.concatenate([s.place for s in self.stretches])
        at, lo, hi = (np.concatenate([getattr(s, n) for s in self.stretches]) for n in ("when", "lo", "hi"))
        part = np.repeat(np.arange(len(self.stretches)), [len(s.place) for s in self.stretches])
        after = np.searchsorted(places, place, side="right")
        left, right = np.clip(after - 1, 0, len(places) - 1), np.clip(after, 0, len(places) - 1)
        before_all, after_all = after == 0, after == len(places)
        left, right = np.where(before_all, right, left), np.where(after_all, left, right)
        drift = [np.abs(at_ns - at[i]) * self.rate_ppm // 1_000_000 for i in (left, right)]
        a_lo, a_hi = lo[left] - drift[0], hi[left] + drift[0]
        b_lo, b_hi = lo[right] - drift[1], hi[right] + drift[1]
        both = (np.maximum(a_lo, b_lo), np.minimum(a_hi, b_hi))
        either = (np.minimum(a_lo, b_lo), np.maximum(a_hi, b_hi))
        one = (part[left] == part[right]) & (both[0] <= both[1])
        return np.where(one, both[0], either[0]), np.where(one, both[1], either[1])


def fitted(votes: Sequence[Vote]) -> Band:
    """The offset that most of the votes allow, with the fewest settings; votes in order of place."""
    tries = [_settled(votes, rate) for rate in RATES_PPM]
    return min(tries, key=lambda band: (band.left_out + 2 * len(band.stretches), band.rate_ppm))


def hull(votes: Sequence[Vote]) -> Band:
    """All that any of the votes allows, along the whole file: where too few hold together to say which of them are right."""
    lo, hi = min(v.lo for v in votes), max(v.hi for v in votes)
    return Band((_columns(votes, [(lo, hi)] * len(votes), firm=False),), tuple(votes), 0, RATES_PPM[-1])


def _settled(votes: Sequence[Vote], rate: int) -> Band:
    firm = [v for run in _runs(votes, rate) if _firm(run) for v in run]
    # Once more without those that stand alone: what they parted belongs together.
    runs = [run for run in _runs(firm, rate) if _firm(run)]
    kept = runs or [max(alone, key=len) for alone in [_runs(votes, rate)] if alone]
    counted = tuple(v for run in kept for v in run)
    stretches = [_stretch(run, rate) for run in kept]
    if runs:
        once = set(counted)
        stretches = _with_loose(stretches, [v for v in votes if v not in once])
    return Band(tuple(stretches), counted, len(votes) - len(counted), rate)


def _firm(run: Sequence[Vote]) -> bool:
    return len({v.voice for v in run}) >= _FEWEST


def _with_loose(firm: list[Stretch], left: Sequence[Vote]) -> list[Stretch]:
    """The stretches with the votes that were left out before, between and behind them: both readings are allowed there."""
    made: list[Stretch] = []
    edges = [(int(s.place[0]), int(s.place[-1])) for s in firm]
    for i in range(len(firm) + 1):
        after = edges[i - 1][1] if i else None
        before = edges[i][0] if i < len(firm) else None
        loose = [
            v for v in left if (after is None or v.place >= after) and (before is None or v.place <= before)
        ]
        beside = firm[max(i - 1, 0) : i + 1]
        if loose:
            lo = min([v.lo for v in loose] + [int(s.lo.min()) for s in beside])
            hi = max([v.hi for v in loose] + [int(s.hi.max()) for s in beside])
            made.append(_columns(loose, [(lo, hi)] * len(loose), firm=False))
        made += firm[i : i + 1]
    return made


def _runs(votes: Sequence[Vote], rate: int) -> list[list[Vote]]:
    """Votes that hold together, in order; one that holds with none before or after it is in no run."""
    runs: list[list[Vote]] = []
    current: list[Vote] = []
    held: tuple[int, int] = (0, 0)
    other: list[Vote] = []
    rival: tuple[int, int] = (0, 0)
    for vote in votes:
        if not current:
            current, held = [vote], (vote.lo, vote.hi)
        elif (narrowed := _with(held, current[-1], vote, rate)) is not None:
            current.append(vote)
            held, other = narrowed, []
        elif other and (narrowed := _with(rival, other[-1], vote, rate)) is not None:
            other.append(vote)
            runs.append(current)
            current, held, other = other, narrowed, []
        else:
            other, rival = [vote], (vote.lo, vote.hi)
    return [*runs, current] if current else runs


def _with(held: tuple[int, int], last: Vote, vote: Vote, rate: int) -> tuple[int, int] | None:
    """The bounds that are left with one more vote; None where it cannot hold too."""
    drift = abs(vote.at_ns - last.at_ns) * rate // 1_000_000
    lo, hi = held[0] - drift, held[1] + drift
    if max(lo, vote.lo) <= min(hi, vote.hi):
        return max(lo, vote.lo), min(hi, vote.hi)
    if max(lo, vote.lo) - min(hi, vote.hi) <= JITTER_NS:
        return min(lo, vote.lo), max(hi, vote.hi)
    return None


def _stretch(run: Sequence[Vote], rate: int) -> Stretch:
    """The bounds at each vote of a run by those before it and those behind it."""
    there = _swept(run, rate)
    back = _swept(run[::-1], rate)[::-1]
    lo, hi = [], []
    for (a, b), (c, d) in zip(there, back, strict=True):
        inside = max(a, c) <= min(b, d)
        lo.append(max(a, c) if inside else min(a, c))
        hi.append(min(b, d) if inside else max(b, d))
    return _columns(run, list(zip(lo, hi, strict=True)), firm=True)


def _columns(run: Sequence[Vote], bounds: Sequence[tuple[int, int]], *, firm: bool) -> Stretch:
    def column(values: Iterable[int]) -> Int:
        return np.array(list(values), np.int64)

    return Stretch(
        entries=tuple(v.entry for v in run),
        place=column(v.place for v in run),
        when=column(v.at_ns for v in run),
        said_lo=column(v.lo for v in run),
        said_hi=column(v.hi for v in run),
        lo=column(lo for lo, _ in bounds),
        hi=column(hi for _, hi in bounds),
        firm=firm,
    )


def _swept(run: Sequence[Vote], rate: int) -> list[tuple[int, int]]:
    made: list[tuple[int, int]] = []
    for i, vote in enumerate(run):
        narrowed = _with(made[-1], run[i - 1], vote, rate) if made else None
        made.append((vote.lo, vote.hi) if narrowed is None else narrowed)
    return made
