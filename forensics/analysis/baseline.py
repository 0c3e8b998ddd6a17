"""How often the cluster's jobs failed by themselves before anything in question happened.

The cluster's own record comes first. A rate from the literature stands beside it, to see whether the
order of magnitude is sane, and is never used.
"""

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from forensics.analysis import exact
from forensics.analysis.allocations import SECOND
from forensics.analysis.evidence import picked
from forensics.core.ranges import Range, ranged

FAILURES = frozenset({"FAILED", "NODE_FAIL", "OUT_OF_MEMORY"})
"""Outcomes that a job comes to by itself, or by the machine. Cancelling, preemption and time limits are decisions."""
LITERATURE = {
    "per": "gpu_day",
    "failures": 419,
    "gpu_days": 54 * 16_384,
    "source": "Llama 3 herd of models, 2024: 419 unexpected interruptions in 54 days on 16,384 H100",
}
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class BaseRate:
    """Failures by themselves, and what they are counted over.

    until_ns: attempts that ended before are counted, and no other; null where nothing says when it began.
    failures, attempts: how many of how many.
    unit, unit_days: what was held, times how long, in days.
    rate: failures per unit-day: exact interval of a Poisson mean, best figure as Jeffreys' prior has it. Null
        where nothing was held before.
    """

    until_ns: int | None
    failures: int
    attempts: int
    unit: str
    unit_days: Fraction
    rate: Range | None


def before(table: pd.DataFrame, until_ns: int | None, unit: str, *, apart: Collection[str] = ()) -> BaseRate:
    """The rate in all attempts that ended before a moment.

    Args:
        table: attempts, as `allocations.attempts` gives them.
        until_ns: the moment; null where nothing is before.
        unit: `gpus`, `node_count` or `cpus`.
        apart: jobs that acts are linked to, and that are no measure of what happens without.
    """
    ended = picked(
        table, table["end_ns"].notna() & table["start_ns"].notna() & ~table["job"].isin(list(apart))
    )
    ended = picked(ended, ended["end_ns"] < until_ns) if until_ns is not None else ended.iloc[:0]
    known = picked(ended, ended[f"{unit}_most"].notna() & (ended[f"{unit}_most"] > 0))
    failures = int(known["outcome"].isin(FAILURES).sum())
    days = exposure(known, unit)
    rate = None
    if days > 0:
        found = exact.poisson(failures)
        best = Fraction(2 * failures + 1, 2)
        rate = ranged(Fraction(found.low) / days, best / days, Fraction(found.high) / days)
    return BaseRate(until_ns, failures, len(known), unit, days, rate)


def exposure(table: pd.DataFrame, unit: str) -> Fraction:
    """What attempts held of a unit, in unit-days, by the first source that says so."""
    ran = picked(table, table["start_ns"].notna() & table[unit].notna())
    start = ran["start_ns"].to_numpy(dtype=np.int64)
    ended = ran["end_ns"].fillna(ran["start_ns"]).to_numpy(dtype=np.int64)
    counted = np.maximum(ended - start, 0) // SECOND
    told = ran["elapsed_s"]
    seconds = np.where(told.notna(), told.fillna(0).to_numpy(dtype=np.int64), counted)
    return Fraction(int(np.sum(seconds * ran[unit].to_numpy(dtype=np.int64))), DAY_S)


def expected_s(lost_s: Range, count: Range, rate: Range | None) -> Range:
    """Of a stretch that was lost, how much would have been lost anyway, in seconds, on average.

    While the stretch ran, the job could have failed by itself, and lost at most what it had done since
    its last good state. Failures are expected at `rate` per unit-day; more than one whole loss cannot be.
    Where no rate is known, anything from nothing to all of it can have been.
    """
    if rate is None:
        return ranged(0, None, lost_s.high)
    chance = (
        rate.times(count)
        .times(lost_s)
        .times(ranged(Fraction(1, DAY_S), Fraction(1, DAY_S), Fraction(1, DAY_S)))
    )
    kept = chance.within(0, 1).times(lost_s)
    return ranged(0, kept.central, kept.high)


def sane(rate: BaseRate) -> dict[str, object] | None:
    """The literature's rate beside the cluster's own: only whether they are apart is said."""
    if rate.rate is None or rate.unit != "gpus":
        return None
    found = exact.rate_ratio(
        rate.failures,
        float(rate.unit_days),
        int(str(LITERATURE["failures"])),
        float(str(LITERATURE["gpu_days"])),
    )
    apart = "higher" if found.low > 1 else "lower" if found.high < 1 else "not_distinguishable"
    return {**LITERATURE, "own_rate_is": apart}
