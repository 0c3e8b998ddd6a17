"""Quantities that are known as a range: exact fractions, so that sums of money are sums of money.

A best figure between the ends is given only where something supports one; where nothing does it is
null, and the middle of the range is not put in its place.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

Number = Fraction | Decimal | int
_WIDE = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`, both possible; `central` is the best figure, or null."""

    low: Fraction
    central: Fraction | None
    high: Fraction

    def __post_init__(self) -> None:
        """Hold the order.

        Raises:
            ValueError: the ends, or the best figure, are out of order.
        """
        if not self.low <= self.high or (
            self.central is not None and not self.low <= self.central <= self.high
        ):
            raise ValueError(f"{self.low}, {self.central}, {self.high}: not in order")

    def times(self, other: "Range") -> "Range":
        """The product of two ranges of which neither goes below zero."""
        both = None if self.central is None or other.central is None else self.central * other.central
        return Range(self.low * other.low, both, self.high * other.high)

    def plus(self, other: "Range") -> "Range":
        """The sum."""
        both = None if self.central is None or other.central is None else self.central + other.central
        return Range(self.low + other.low, both, self.high + other.high)

    def less(self, other: "Range") -> "Range":
        """What is left when `other` is taken away, never below zero."""
        both = (
            None
            if self.central is None or other.central is None
            else max(self.central - other.central, Fraction())
        )
        return Range(max(self.low - other.high, Fraction()), both, max(self.high - other.low, Fraction()))

    def within(self, least: Number, most: Number) -> "Range":
        """The range with whatever lies outside of two bounds moved to the bound."""
        bottom, top = Fraction(least), Fraction(most)

        def held(value: Fraction) -> Fraction:
            return min(max(value, bottom), top)

        return Range(held(self.low), None if self.central is None else held(self.central), held(self.high))


def ranged(low: Number, central: Number | None, high: Number) -> Range:
    """A range of plain numbers."""
    return Range(Fraction(low), None if central is None else Fraction(central), Fraction(high))


def point(value: Number) -> Range:
    """A range of one value, which is its best figure too."""
    return ranged(value, value, value)


NOTHING = point(0)


def total(found: Iterable[Range]) -> Range:
    """The sum of ranges; of none it is zero, which is what nothing adds up to."""
    whole = NOTHING
    for item in found:
        whole = whole.plus(item)
    return whole


def decimals(found: Range, places: int) -> tuple[Decimal, Decimal | None, Decimal]:
    """The range in decimals, its ends rounded outwards, so that it never grows narrower in print."""
    low, high = (_decimal(v, places, r) for v, r in ((found.low, ROUND_FLOOR), (found.high, ROUND_CEILING)))
    best = None if found.central is None else _decimal(found.central, places, ROUND_HALF_EVEN)
    return low, best, high


def printed(found: Range, places: int) -> Range:
    """The range as `decimals` prints it: rows that were rounded add up to a total that is printed of them."""
    return ranged(*decimals(found, places))


def _decimal(value: Fraction, places: int, rounding: str) -> Decimal:
    whole, rest = divmod(value * 10**places, 1)
    up = rest and (
        rounding == ROUND_CEILING
        or (rounding == ROUND_HALF_EVEN and (rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole % 2)))
    )
    return Decimal(int(whole) + bool(up)).scaleb(-places, _WIDE)
