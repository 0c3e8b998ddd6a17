"""How far apart two sources can write what was at one moment: what the comparison of clocks bounds, and what nothing does.

Whoever chooses by time what an analysis is made of has to choose by the widest of all readings of the clocks that the
analysis makes (`corrections`): as compared, by the bounds, and by what nothing ties (`ties`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from forensics.analysis import corrections
from forensics.analysis.alignment import FARTHEST_NS
from forensics.analysis.bands import Band, Int
from forensics.analysis.clocks import Compared
from forensics.analysis.ties import Ties

LEAST_NS = 300_000_000_000
"""What two clocks that agree are looked at beyond: the rules of the analysis reach over a minute, and lines are written late."""


@dataclass(frozen=True, slots=True)
class Nearness:
    """The clocks of a case: `bands` bound a source along its file, `beside` by another file of its clock; `ties` between machines."""

    bands: dict[str, list[Band]]
    beside: dict[str, int]
    ties: Ties
    _apart: dict[tuple[str | None, str | None], int] = field(default_factory=dict)

    def off_ns(self, source: str, place: Int, when: Int) -> Int:
        """By how much moments of a source can be off by the reference that it is compared with, one way or the other.

        Args:
            source: as `anchors.sources` names it.
            place: where in the source each moment stands, as `clocks.places` has it.
            when: the moments as written, ns.
        """
        widest: Int = np.full(len(when), self.beside.get(source, 0), np.int64)
        for band in self.bands.get(source, ()):
            lo, hi = band.at(place, when)
            widest = np.maximum(widest, np.maximum(np.abs(lo), np.abs(hi)))
        return widest

    def apart_ns(self, one: str, other: str) -> int:
        """By how much the clocks of two sources can be apart beyond that, as nothing ties them; never more than zones allow, and days."""
        groups = self._group(one), self._group(other)
        if groups not in self._apart:
            self._apart[groups] = self._widest(*groups)
        return self._apart[groups]

    def _group(self, source: str) -> str | None:
        machine = self.ties.source.get(source)
        return None if machine is None else self.ties.group[machine]

    def _widest(self, one: str | None, other: str | None) -> int:
        if one is None or other is None:
            return 2 * max(self.ties.widest_ns(), FARTHEST_NS)
        if one == other:
            return 0
        seen_by = sorted(set(self.ties.group.values()))
        return max(self.ties.width_ns(g, one) + self.ties.width_ns(g, other) for g in seen_by)


def of(found: Iterable[Compared], tied: Ties) -> Nearness:
    """What is known of the clocks.

    Args:
        found: from `clocks.compare`.
        tied: from `ties.of` of it.
    """
    every = list(found)
    bands = {c.source: [b for b in (c.band if c.sure else None, c.loose) if b is not None] for c in every}
    beside = {
        source: max(abs(lo), abs(hi)) for source, (lo, hi) in corrections.by_another_file(every).items()
    }
    for source, (lo, hi) in tied.beside.items():
        beside[source] = max(beside.get(source, 0), abs(lo), abs(hi))
    return Nearness(bands, beside, tied)
