"""Measures of validity: error rates with exact bounds, cost of likelihood ratios, calibration, Tippett, Turing.

Sources: Clopper & Pearson 1934 (exact interval of a proportion); Brümmer & du Preez 2006 (Cllr, and Cllr_min by
pool-adjacent-violators); Royall 1997 (a likelihood ratio above x against the truth has probability at most 1/x).
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

_STEPS = 200
_TURING = (10, 100, 1000)


class Rate(NamedTuple):
    """A proportion: how many of how many, and its exact 95 % bounds, one-sided above and below at 2.5 % each."""

    hits: int
    of: int
    rate: float | None
    lower: float | None
    upper: float | None


def _tail(count: int, of: int, chance: float) -> float:
    """The probability of at most `count` successes of `of`."""
    if chance <= 0:
        return 1.0
    if chance >= 1:
        return 1.0 if count >= of else 0.0
    logs = [
        math.lgamma(of + 1)
        - math.lgamma(k + 1)
        - math.lgamma(of - k + 1)
        + k * math.log(chance)
        + (of - k) * math.log1p(-chance)
        for k in range(count + 1)
    ]
    top = max(logs)
    return min(1.0, math.exp(top) * math.fsum(math.exp(x - top) for x in logs))


def _crossing(rising: Callable[[float], float], level: float) -> float:
    """Where a function that rises from 0 to 1 on [0, 1] reaches a level."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < level else (low, middle)
    return (low + high) / 2


def upper(count: int, of: int, level: float = 0.95) -> float | None:
    """The one-sided exact upper bound of a proportion: of 0 in 1,000 it is 0.0030."""
    if of == 0:
        return None
    return 1.0 if count == of else _crossing(lambda p: 1 - _tail(count, of, p), level)


def rate(count: int, of: int) -> Rate:
    """A proportion with its two-sided exact bounds at 95 %."""
    if of == 0:
        return Rate(count, of, None, None, None)
    low = 0.0 if count == 0 else _crossing(lambda p: 1 - _tail(count - 1, of, p), 0.025)
    high = 1.0 if count == of else _crossing(lambda p: 1 - _tail(count, of, p), 0.975)
    return Rate(count, of, count / of, low, high)


def cllr(same: Sequence[float], other: Sequence[float]) -> float | None:
    """The log-likelihood-ratio cost: 0 is perfect, 1 says nothing, more misleads.

    Args:
        same: ratios for the person named where that person did it.
        other: where somebody else did, or nobody.
    """
    if not same or not other:
        return None
    for_same = math.fsum(math.log2(1 + 1 / x) for x in same) / len(same)
    for_other = math.fsum(math.log2(1 + x) for x in other) / len(other)
    return (for_same + for_other) / 2


def pooled(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The non-decreasing sequence nearest to one, by pooling adjacent violators."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        blocks.append((value, weight, 1))
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            (a, u, n), (b, v, m) = blocks[-2:]
            blocks[-2:] = [((a * u + b * v) / (u + v), u + v, n + m)]
    return [value for value, _, count in blocks for _ in range(count)]


def cllr_min(same: Sequence[float], other: Sequence[float]) -> float | None:
    """The cost that is left when the ratios are calibrated as well as their order allows."""
    if not same or not other:
        return None
    marked = sorted([(x, 1) for x in same] + [(x, 0) for x in other], key=lambda pair: (pair[0], -pair[1]))
    ties: dict[float, list[int]] = {}
    for x, mark in marked:
        ties.setdefault(x, []).append(mark)
    groups = list(ties.values())
    chances = pooled([sum(g) / len(g) for g in groups], [float(len(g)) for g in groups])
    odds = len(same) / len(other)
    cost = {1: 0.0, 0: 0.0}
    for group, chance in zip(groups, chances, strict=True):
        for mark in group:
            if mark and chance > 0:
                ratio = math.inf if chance >= 1 else chance / (1 - chance) / odds
                cost[1] += math.log2(1 + 1 / ratio)
            elif not mark and chance < 1:
                cost[0] += math.log2(1 + chance / (1 - chance) / odds)
    return (cost[1] / len(same) + cost[0] / len(other)) / 2


def tippett(same: Sequence[float], other: Sequence[float]) -> dict[str, list[list[float]]]:
    """For each ratio, the share of cases above it: where the person did it, and where not."""
    return {
        name: [[x, sum(1 for y in values if y >= x) / len(values)] for x in sorted(set(values))]
        for name, values in (("same", same), ("other", other))
    }


def turing(other: Sequence[float]) -> list[dict[str, float | int | bool | None]]:
    """How often a ratio of x or more stands against the truth, beside the most that 1/x allows."""
    found: list[dict[str, float | int | bool | None]] = []
    for x in _TURING:
        count = sum(1 for y in other if y >= x)
        low = rate(count, len(other)).lower
        found.append(
            {
                "ratio": x,
                "count": count,
                "of": len(other),
                "bound": 1 / x,
                "holds": None if low is None else low <= 1 / x,
            }
        )
    return found
