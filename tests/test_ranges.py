"""Ranges of exact numbers: order, sums, and rounding that never makes one narrower."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.core.ranges import Range, decimals, point, printed, ranged, total

PARTS = st.lists(st.fractions(0, 1000, max_denominator=9999), min_size=3, max_size=3).map(sorted)
RANGES = st.builds(lambda v, known: Range(v[0], v[1] if known else None, v[2]), PARTS, st.booleans())


def inside(narrow, wide):
    return wide.low <= narrow.low <= narrow.high <= wide.high


def test_ends_out_of_order_are_refused():
    for wrong in ((2, None, 1), (1, 3, 2), (1, 0, 2)):
        with pytest.raises(ValueError, match="not in order"):
            ranged(*wrong)


@given(RANGES, RANGES)
def test_a_best_figure_is_known_only_where_both_are(one, other):
    for made in (one.plus(other), one.times(other), one.less(other)):
        assert (made.central is None) == (one.central is None or other.central is None)


@given(RANGES, RANGES, PARTS)
def test_what_can_be_is_in_the_range(one, other, at):
    """For any value inside each, the result of the two values is inside the result."""
    share = at[0] / 1000
    a, b = (r.low + (r.high - r.low) * share for r in (one, other))
    assert inside(point(a + b), one.plus(other))
    assert inside(point(a * b), one.times(other))
    assert inside(point(max(a - b, Fraction())), one.less(other))


@given(RANGES, st.integers(0, 6))
def test_print_is_never_narrower(found, places):
    low, best, high = decimals(found, places)
    assert low <= found.low <= found.high <= high
    assert high - low <= found.high - found.low + Fraction(2, 10**places)
    assert best is None or abs(Fraction(best) - found.central) <= Fraction(1, 2 * 10**places)
    assert {-d.as_tuple().exponent for d in (low, high)} == {places}


@given(st.lists(RANGES, max_size=5))
def test_a_sum_of_what_is_printed_is_what_the_rows_add_up_to(found):
    whole = total(printed(r, 2) for r in found)
    rows = [decimals(r, 2) for r in found]
    assert decimals(whole, 2)[0] == sum((r[0] for r in rows), Decimal("0.00"))
    assert decimals(whole, 2)[2] == sum((r[2] for r in rows), Decimal("0.00"))


def test_halves_round_to_even():
    assert [str(decimals(point(Fraction(n, 200)), 2)[1]) for n in (1, 3, 5)] == ["0.00", "0.02", "0.02"]
