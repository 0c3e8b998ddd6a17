"""Exact tests and intervals, against values that others published."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.analysis import exact
from forensics.analysis.exact import Table

# Garwood 1936; the values are printed in many books, and are R's poisson.test(k)$conf.int.
GARWOOD = {0: (0.0, 3.688879), 1: (0.02531781, 5.571643), 5: (1.623486, 11.66833), 10: (4.795389, 18.39036)}
# R's binom.test(k, n)$conf.int.
CLOPPER = {(0, 10): (0.0, 0.3084971), (5, 10): (0.1870860, 0.8129140), (1, 20): (0.001265089, 0.2487328)}
TEA = Table(3, 1, 1, 3)  # Fisher 1935; R, fisher.test
TWINS = Table(2, 15, 10, 3)  # Fisher 1962 (convicted twins), as in R's documentation of fisher.test
JOB = st.integers(0, 12)
TABLES = st.builds(Table, JOB, JOB, JOB, JOB)


@pytest.mark.parametrize("count", GARWOOD)
def test_a_poisson_mean_has_garwood_s_interval(count):
    assert exact.poisson(count) == pytest.approx(GARWOOD[count], rel=1e-6)


@pytest.mark.parametrize("case", CLOPPER)
def test_a_probability_has_clopper_and_pearson_s_interval(case):
    assert exact.proportion(*case) == pytest.approx(CLOPPER[case], rel=1e-6)


def test_three_hundred_without_a_fault_leave_one_per_cent():
    """The rule of three, and what the error rates of the method rest on: one-sided at 95 %."""
    assert exact.proportion(0, 300, level=0.9).high == pytest.approx(0.00994, abs=1e-5)
    assert exact.proportion(0, 1000, level=0.9).high == pytest.approx(0.00299, abs=1e-5)


def test_fisher_s_own_tables():
    assert exact.fisher(TEA) == pytest.approx(0.4857143, rel=1e-6)
    assert exact.odds_ratio(TEA, level=0.9).low == pytest.approx(0.3135693, rel=1e-3)
    # R finds 621.93 here, to the tolerance of its root finder; at ours, four right of four have 97.5 %.
    high = exact.odds_ratio(TEA).high
    assert high == pytest.approx(621.9337505, rel=1e-2)
    assert 1 / (1 + 16 / high + 36 / high**2 + 16 / high**3 + 1 / high**4) == pytest.approx(0.975, rel=1e-9)
    assert exact.fisher(TWINS) == pytest.approx(0.0005367241, rel=1e-5)
    assert exact.odds_ratio(TWINS) == pytest.approx((0.003325764, 0.363182271), rel=5e-3)


def test_a_ratio_of_rates_is_that_of_two_counts():
    """R: poisson.test(c(11, 6 + 8 + 7), c(800, 1083 + 1050 + 878)), from its documentation."""
    assert exact.rate_ratio(11, 800, 21, 3011) == pytest.approx((0.8584264, 4.2772659), rel=1e-6)


def test_an_excess_is_negative_binomial():
    """Beside the sum of its own terms."""
    count, time, base, base_time = 4, 2.0, 3, 7.0
    shape, p = base + 0.5, base_time / (base_time + time)
    below = sum(
        math.exp(math.lgamma(shape + k) - math.lgamma(shape) - math.lgamma(k + 1) + shape * math.log(p) + k * math.log1p(-p))
        for k in range(count)
    )  # fmt: skip
    assert exact.excess(count, time, base, base_time) == pytest.approx(1 - below, rel=1e-9)


def test_without_exposure_nothing_is_improbable():
    assert exact.excess(0, 1.0, 5, 1.0) == 1.0
    assert exact.excess(3, 1.0, 0, 0.0) == 1.0
    assert exact.proportion(0, 0) == (0.0, 1.0)
    assert exact.odds_ratio(Table(0, 0, 3, 4)) == (0.0, math.inf)


def by_counting(t):
    """The definition: all tables with these margins, each as often as there are ways to it, in whole numbers."""
    exposed, control, hits = t.hit + t.miss, t.control_hit + t.control_miss, t.hit + t.control_hit
    ways = {
        x: math.comb(exposed, x) * math.comb(control, hits - x)
        for x in range(max(0, hits - control), min(exposed, hits) + 1)
    }
    return Fraction(sum(w for w in ways.values() if w <= ways[t.hit]), sum(ways.values()))


@settings(deadline=None)
@given(TABLES)
def test_fisher_agrees_with_counting(t):
    assert exact.fisher(t) == pytest.approx(float(by_counting(t)), rel=1e-9)


@settings(deadline=None, max_examples=50)
@given(TABLES)
def test_bounds_of_the_odds_ratio_leave_a_fortieth_on_either_side(t):
    """The definition (Fisher's noncentral hypergeometric), in plain sums: at each bound, what was seen or more is that rare."""
    exposed, control, hits = t.hit + t.miss, t.control_hit + t.control_miss, t.hit + t.control_hit
    allowed = range(max(0, hits - control), min(exposed, hits) + 1)

    def share(odds, seen):
        ways = {
            x: math.comb(exposed, x) * math.comb(control, hits - x) * Fraction(odds) ** x for x in allowed
        }
        return float(sum(ways[x] for x in allowed if seen(x)) / sum(ways.values()))

    low, high = exact.odds_ratio(t)
    assert (
        low == 0
        if t.hit == allowed[0]
        else share(low, lambda x: x >= t.hit) == pytest.approx(0.025, rel=1e-6)
    )
    assert (
        high == math.inf
        if t.hit == allowed[-1]
        else share(high, lambda x: x <= t.hit) == pytest.approx(0.025, rel=1e-6)
    )


@settings(deadline=None)
@given(TABLES)
def test_the_groups_can_be_swapped(t):
    other = Table(t.control_hit, t.control_miss, t.hit, t.miss)
    assert exact.fisher(t) == pytest.approx(exact.fisher(other), rel=1e-9)


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(1, 40))
def test_an_interval_holds_what_was_seen_and_grows_with_the_level(count, more):
    of = count + more
    narrow, wide = exact.proportion(count, of, level=0.5), exact.proportion(count, of, level=0.99)
    assert wide.low <= narrow.low <= count / of <= narrow.high <= wide.high
    assert exact.poisson(count).low <= count <= exact.poisson(count).high
