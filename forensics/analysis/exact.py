"""Exact tests and intervals for counts: no normal approximation, for the counts of an incident are small.

Source: Fisher 1935 (The Design of Experiments); Clopper and Pearson 1934, Biometrika 26:404; Garwood
1936, Biometrika 28:437; Przyborowski and Wilenski 1940, Biometrika 31:313. The incomplete gamma and
beta functions are computed as their power series and continued fractions (DLMF 8.7, 8.9, 8.17).
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

LEVEL = 0.95
_TINY, _CLOSE, _STEPS = 1e-300, 1e-15, 100_000
_SAME = 1 + 1e-7
"""Two tables whose probabilities differ by less are equally probable, whatever the arithmetic left over."""


class Bounds(NamedTuple):
    """An interval at a level of confidence; `high` may be infinite."""

    low: float
    high: float


def gamma_p(shape: float, x: float) -> float:
    """The regularised lower incomplete gamma function, P(shape, x)."""
    if x <= 0:
        return 0.0
    scale = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    if x < shape + 1:
        term = total = 1 / shape
        for n in range(1, _STEPS):
            term *= x / (shape + n)
            total += term
            if term < total * _CLOSE:
                break
        return min(scale * total, 1.0)
    return max(1 - scale * _fraction(lambda n: -n * (n - shape), lambda n: x + 2 * n + 1 - shape), 0.0)


def _fraction(above: Callable[[int], float], below: Callable[[int], float]) -> float:
    """1 / (b0 + a1 / (b1 + a2 / (b2 + …))), by Lentz's method."""
    value = below(0) or _TINY
    c, d = value, 0.0
    for n in range(1, _STEPS):
        a, b = above(n), below(n)
        d = 1 / ((b + a * d) or _TINY)
        c = (b + a / c) or _TINY
        value *= c * d
        if abs(c * d - 1) < _CLOSE:
            break
    return 1 / value


def beta_i(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, I_x(a, b)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_i(b, a, 1 - x)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)

    def above(n: int) -> float:
        m = n // 2
        if n % 2 == 0:
            return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))

    return min(math.exp(front) / a * _fraction(above, lambda _: 1.0), 1.0)


def _solved(rising: Callable[[float], float], wanted: float, low: float, high: float) -> float:
    """Where a rising function takes a value, by halving."""
    for _ in range(200):
        middle = (low + high) / 2
        if rising(middle) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def poisson(count: int, *, level: float = LEVEL) -> Bounds:
    """The interval of the mean of a Poisson count (Garwood): quantiles of gamma distributions."""
    tail = (1 - level) / 2
    most = count + 20 + 10 * math.sqrt(count + 1)
    low = 0.0 if count == 0 else _solved(lambda x: gamma_p(count, x), tail, 0.0, most)
    return Bounds(low, _solved(lambda x: gamma_p(count + 1, x), 1 - tail, 0.0, most))


def proportion(count: int, of: int, *, level: float = LEVEL) -> Bounds:
    """The interval of a probability (Clopper and Pearson); of no trials at all it is all of 0 to 1."""
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else _solved(lambda p: beta_i(count, of - count + 1, p), tail, 0.0, 1.0)
    high = 1.0 if count == of else _solved(lambda p: beta_i(count + 1, of - count, p), 1 - tail, 0.0, 1.0)
    return Bounds(low, high)


def rate_ratio(count: int, time: float, other: int, other_time: float, *, level: float = LEVEL) -> Bounds:
    """The interval of the ratio of two Poisson rates, by what is binomial once the sum of counts is given.

    Args:
        count: events in `time`.
        time: exposure, in any unit; above zero.
        other: events in `other_time`.
        other_time: exposure of the other group, in the same unit; above zero.
        level: confidence.
    """
    share = proportion(count, count + other, level=level)
    scale = other_time / time
    return Bounds(
        scale * share.low / (1 - share.low) if share.low < 1 else math.inf,
        math.inf if share.high == 1 else scale * share.high / (1 - share.high),
    )


def excess(count: int, time: float, base: int, base_time: float) -> float:
    """How probable at least `count` events in `time` are at a rate known from `base` events in `base_time`.

    Gamma-Poisson: the rate has the gamma distribution that Jeffreys' prior and the base leave, and the
    count is then negative binomial. Without base time every count is as probable as any: 1.
    """
    if count == 0 or base_time <= 0 or time <= 0:
        return 1.0
    return beta_i(count, base + 0.5, time / (time + base_time))


class Table(NamedTuple):
    """Two groups, two outcomes: `hit` and `miss` of the exposed, then those of the control."""

    hit: int
    miss: int
    control_hit: int
    control_miss: int


def _choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _weights(t: Table) -> tuple[range, npt.NDArray[np.float64]]:
    """The hits among the exposed that the margins allow, and the logarithm of how many ways lead to each."""
    exposed, control = t.hit + t.miss, t.control_hit + t.control_miss
    hits = t.hit + t.control_hit
    allowed = range(max(0, hits - control), min(exposed, hits) + 1)
    return allowed, np.array([_choose(exposed, x) + _choose(control, hits - x) for x in allowed])


_NOTHING = -746.0
"""The logarithm of what a float cannot tell from nothing."""


class _Shares(NamedTuple):
    """How probable each number of hits is, from the first on that is not as good as impossible to the last."""

    first: int
    shares: list[float]

    def of(self, at: int) -> float:
        """The share of one place."""
        there = self.first <= at < self.first + len(self.shares)
        return self.shares[at - self.first] if there else 0.0

    def since(self, at: int) -> float:
        """The sum of the shares from a place on."""
        return math.fsum(self.shares[max(at - self.first, 0) :])

    def until(self, at: int) -> float:
        """The sum of the shares to a place, with its own."""
        return math.fsum(self.shares[: max(at + 1 - self.first, 0)])


def _shares(weights: npt.NDArray[np.float64], allowed: range, log_odds: float) -> _Shares:
    # Of a hundred thousand jobs a few hundred numbers of hits are at all probable: the others are nothing, and are not summed.
    tilted = weights + np.arange(allowed.start, allowed.stop) * log_odds
    most = float(tilted.max())
    there = np.flatnonzero(tilted - most > _NOTHING)
    first, stop = int(there[0]), int(there[-1]) + 1
    raw = [math.exp(w - most) for w in tilted[first:stop].tolist()]
    whole = math.fsum(raw)
    return _Shares(first, [r / whole for r in raw])


def fisher(t: Table) -> float:
    """Fisher's exact test, two-sided: how probable a table at least as improbable is, were both groups alike."""
    allowed, weights = _weights(t)
    shares = _shares(weights, allowed, 0.0)
    seen = shares.of(t.hit - allowed[0])
    return min(math.fsum(s for s in shares.shares if s <= seen * _SAME), 1.0)


def odds_ratio(t: Table, *, level: float = LEVEL) -> Bounds:
    """The exact interval of the odds ratio, the margins given (Fisher's noncentral hypergeometric)."""
    allowed, weights = _weights(t)
    tail, at = (1 - level) / 2, t.hit - allowed[0]

    def at_least(log_odds: float) -> float:
        return _shares(weights, allowed, log_odds).since(at)

    def at_most(log_odds: float) -> float:
        return _shares(weights, allowed, log_odds).until(at)

    low = 0.0 if t.hit == allowed[0] else math.exp(_solved(at_least, tail, -60.0, 60.0))
    high = math.inf if t.hit == allowed[-1] else math.exp(_solved(lambda x: -at_most(x), -tail, -60.0, 60.0))
    return Bounds(low, high)
