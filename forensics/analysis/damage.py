"""Damage: what was lost of what the scheduler had given out, at the rates that somebody states, as ranges.

The sum of the first column holds only attempts whose cause is established. Losses that were to be
expected anyway are taken off. Electricity is in the rate or beside it, never both. Labour is shown and
belongs to no sum. What is not known is null, and is counted as such.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import pandas as pd

from forensics.analysis import allocations, baseline, ceiling, losses, ordinary
from forensics.analysis.allocations import Attempt
from forensics.analysis.examination import Examination
from forensics.analysis.losses import Loss
from forensics.core import clock, ids
from forensics.core.ranges import Range, decimals, point, printed, ranged, total
from forensics.core.rates import Energy, Labour, Power, Rate, Rates, Said

Json = dict[str, Any]
SCHEMA = "damage/1"
HOUR_PLACES, MONEY_PLACES, ENERGY_PLACES = 4, 2, 3
COUNT_OF = {"gpu_hour": "gpus", "node_hour": "node_count", "cpu_hour": "cpus"}
"""What is counted for each unit of a rate."""
_JOULES = Fraction(1, 3_600_000)
LIMITS = (
    "attempts_without_figure", "no_base_rate", "no_rate_for_attempt", "no_tariff", "rates_as_stated", "still_running",
    "without_checkpoint",
)  # fmt: skip
"""What bounds the figures, as codes that the how-to and the report put in words."""


class Electricity(NamedTuple):
    """Energy of a loss in kWh; what it is known from (metered, modelled); its money, where that is beside the rate; and why."""

    kwh: Range | None
    source: str | None
    money: Range | None
    why: str


@dataclass(frozen=True, slots=True)
class Costed:
    """A loss with what it comes to: hours of the rate's unit, energy, money. Null is not known."""

    loss: Loss
    rate: Rate | None
    energy: Electricity
    allocated_h: Range | None = None
    lost_h: Range | None = None
    expected_h: Range | None = None
    net_h: Range | None = None
    compute: Range | None = None


def damage(done: Examination, rates: Rates) -> Json:
    """The damage of a case, as `forensics damage --json` prints it.

    Args:
        done: the analysis.
        rates: what is stated.
    """
    records = ordinary.records(done.scene.evidence, allocations.CITED)
    table = ordinary.attempts(done.scene.evidence)
    asked = {job.job: job for job in done.asked}
    again = list(dict.fromkeys(r.job for r in rates.reruns if r.job not in asked))
    held = allocations.of_jobs(table, records, [*asked, *again])
    found = [loss for job in asked.values() for loss in losses.of_job(done, job, held[job.job], rates)]
    found += [Loss(a, "not_counted", "not_in_question") for job in again for a in held[job]]
    found = losses.reruns(found, rates)
    linked = {a.job for a in done.in_question if a.job is not None}
    base = {u: baseline.before(table, _began(done), u, apart=linked) for u in COUNT_OF.values()}
    costed = [_costed(loss, rates, base) for loss in found]
    names = dict(
        zip((a.act_id for a in done.in_question), ids.numbered("A", len(done.in_question)), strict=True)
    )
    return {
        "schema": SCHEMA,
        "currency": rates.currency,
        "attempts": [_row(c, names) for c in costed],
        "sums": {column: _sum(costed, column) for column in ("established", "possible")},
        "baseline": [_base(base[u]) for u in sorted({_unit(c) for c in costed if c.rate is not None})],
        "ceiling": ceiling.ceiling(done, table, *_asked(costed), rates),
        "labour": [_labour(w) for w in rates.labour],
        "mitigation": [
            {"at": clock.written(m.at_ns), "what": m.what, **_said(m.said)} for m in rates.mitigation
        ],
        "rates": [_rate(r) for r in rates.rates],
        "energy": _energy_inputs(rates),
        "limits": _limits(costed, table, base),
    }


def _began(done: Examination) -> int | None:
    """When the time in question begins: as the case file says, else with the first act in question."""
    window = done.scene.evidence.question.window
    if window is not None:
        return window[0]
    return min((a.earliest_ns for a in done.in_question if a.earliest_ns is not None), default=None)


def _unit(costed: Costed) -> str:
    return COUNT_OF[costed.rate.per] if costed.rate is not None else "gpus"


def _rate_of(attempt: Attempt, rates: Rates) -> Rate | None:
    """The first rate of the file whose unit the attempt held some of. One rate prices an attempt, never two."""
    for rate in rates.rates:
        count = attempt.counts.get(COUNT_OF[rate.per])
        if count is not None and count.high > 0:
            return rate
    return None


def _costed(loss: Loss, rates: Rates, base: Mapping[str, baseline.BaseRate]) -> Costed:
    attempt, rate = loss.attempt, _rate_of(loss.attempt, rates)
    if rate is None:
        return Costed(loss, None, Electricity(None, None, None, "no_rate"))
    unit = COUNT_OF[rate.per]
    count, held_s = attempt.counts[unit], attempt.held_s(unit)
    allocated_h = None if held_s is None else _hours(held_s)
    lost_s = losses.lost_whole(loss) if loss.counted else None
    if lost_s is None:
        return Costed(loss, rate, Electricity(None, None, None, "no_loss"), allocated_h)
    expected_s = baseline.expected_s(lost_s, count, base[unit].rate)
    net_s = _net(lost_s, expected_s)
    net_h = _hours(net_s.times(count))
    return Costed(
        loss=loss,
        rate=rate,
        energy=_energy(attempt, rate, net_s, rates.energy),
        allocated_h=allocated_h,
        lost_h=_hours(lost_s.times(count)),
        expected_h=_hours(expected_s.times(count)),
        net_h=net_h,
        compute=net_h.times(rate.price),
    )


def _net(lost_s: Range, expected_s: Range) -> Range:
    """What is left of a loss. The ends of both belong together: the most expected is a share of the most lost."""
    share = Fraction() if lost_s.high == 0 else expected_s.high / lost_s.high
    best = (
        None if lost_s.central is None or expected_s.central is None else lost_s.central - expected_s.central
    )
    return ranged(lost_s.low * (1 - share), best, lost_s.high - expected_s.low)


def _hours(seconds: Range) -> Range:
    return seconds.times(point(Fraction(1, 3600)))


def _energy(attempt: Attempt, rate: Rate, net_s: Range, energy: Energy | None) -> Electricity:
    """The electricity of a loss. Its money is told only where the rate leaves electricity out."""
    kwh, source = (None, None) if energy is None else _metered(attempt, net_s)
    if energy is not None:
        if kwh is None:
            kwh, source = _modelled(attempt, net_s, energy.power)
        kwh = None if kwh is None else kwh.times(energy.pue)
    if rate.electricity:
        return Electricity(kwh, source, None, "in_rate")
    if energy is None or energy.tariff is None:
        return Electricity(kwh, source, None, "no_tariff")
    if kwh is None:
        return Electricity(None, None, None, "no_energy_known")
    return Electricity(kwh, source, kwh.times(energy.tariff), "beside_rate")


def _metered(attempt: Attempt, net_s: Range) -> tuple[Range | None, str | None]:
    """The metered energy of the attempt, as much of it as the loss is of its run. A meter that says 0 measured nothing."""
    whole = attempt.elapsed_s
    if not attempt.energy_j or whole is None or whole.high == 0:
        return None, None
    all_of_it = attempt.energy_j * _JOULES
    best = (
        None
        if net_s.central is None or not whole.central
        else min(net_s.central / whole.central, Fraction(1))
    )
    low, high = (min(part / whole.high, Fraction(1)) for part in (net_s.low, net_s.high))
    return ranged(
        all_of_it * low, None if best is None else all_of_it * max(low, min(best, high)), all_of_it * high
    ), "metered"


def _modelled(attempt: Attempt, net_s: Range, power: Sequence[Power]) -> tuple[Range | None, str | None]:
    """Power times hours, of the first unit that the attempt held some of."""
    for p in power:
        count = attempt.counts.get({"gpu": "gpus", "node": "node_count"}[p.per])
        if count is not None and count.high > 0:
            return _hours(net_s.times(count)).times(p.watts).times(point(Fraction(1, 1000))), "modelled"
    return None, None


def _asked(costed: Sequence[Costed]) -> tuple[Range, int]:
    """All GPU-hours allocated to attempts in question, whatever was lost of them; and attempts that record none."""
    held = [c.loss.attempt.held_s("gpus") for c in costed if c.loss.why != "not_in_question"]
    return _hours(total(h for h in held if h is not None)), sum(h is None for h in held)


def _sum(costed: Sequence[Costed], column: str) -> Json:
    """The sum of what is printed in the rows of a column; hours of different units are not added to one another."""
    mine = [c for c in costed if c.loss.column == column]
    hours = {
        per: [c.net_h for c in mine if c.net_h is not None and c.rate is not None and c.rate.per == per]
        for per in COUNT_OF
    }
    compute, beside = _printed(c.compute for c in mine), _printed(c.energy.money for c in mine)
    energy = [printed(c.energy.kwh, ENERGY_PLACES) for c in mine if c.energy.kwh is not None]
    return {
        "attempts": len(mine),
        "without_figure": sum(c.compute is None for c in mine),
        "net_hours": {
            per: shown(total(printed(h, HOUR_PLACES) for h in found), HOUR_PLACES)
            for per, found in hours.items()
            if found
        },
        "compute": shown(total(compute), MONEY_PLACES) if compute else None,
        "energy_kwh": shown(total(energy), ENERGY_PLACES) if energy else None,
        "energy_money": shown(total(beside), MONEY_PLACES) if beside else None,
        "money": shown(total([*compute, *beside]), MONEY_PLACES) if compute else None,
    }


def _printed(found: Iterable[Range | None]) -> list[Range]:
    return [printed(r, MONEY_PLACES) for r in found if r is not None]


def shown(found: Range | None, places: int) -> Json | None:
    """A range as decimal text, its ends rounded outwards; null stays null."""
    if found is None:
        return None
    low, best, high = decimals(found, places)
    return {"low": str(low), "central": None if best is None else str(best), "high": str(high)}


def _row(c: Costed, names: Mapping[str, str]) -> Json:
    loss, attempt = c.loss, c.loss.attempt
    parts = _printed([c.compute, c.energy.money])
    return {
        "job": attempt.job,
        "attempt": attempt.number,
        "of": attempt.of,
        "cluster": attempt.cluster,
        "owner": attempt.owner,
        "outcome": attempt.outcome,
        "start": None if attempt.start_ns is None else clock.written(attempt.start_ns),
        "end": None if attempt.end_ns is None else clock.written(attempt.end_ns),
        "column": loss.column,
        "why": loss.why,
        "head": loss.head,
        "basis": loss.basis,
        "good_until": None if loss.good_ns is None else clock.written(loss.good_ns),
        "repeats": loss.of,
        "acts": sorted(names[a] for a in loss.acts if a in names),
        "allocated": {u: shown(attempt.counts.get(u), 0) for u in allocations.COUNTS},
        "elapsed_s": shown(attempt.elapsed_s, 0),
        "unit": None if c.rate is None else c.rate.per,
        "allocated_hours": shown(c.allocated_h, HOUR_PLACES),
        "lost_hours": shown(c.lost_h, HOUR_PLACES),
        "expected_hours": shown(c.expected_h, HOUR_PLACES),
        "net_hours": shown(c.net_h, HOUR_PLACES),
        "compute": shown(c.compute, MONEY_PLACES),
        "energy_kwh": shown(c.energy.kwh, ENERGY_PLACES),
        "energy_from": c.energy.source,
        "energy_money": shown(c.energy.money, MONEY_PLACES),
        "energy_why": c.energy.why,
        "money": shown(total(parts), MONEY_PLACES) if c.compute is not None else None,
        "events": list(loss.events),
        "citations": [{"sha256": s, "start": a, "stop": b} for s, a, b in attempt.spans],
    }


def _base(found: baseline.BaseRate) -> Json:
    rate = (
        None
        if found.rate is None
        else [float(f"{float(v or 0):.6g}") for v in (found.rate.low, found.rate.central, found.rate.high)]
    )
    return {
        "unit": found.unit,
        "before": None if found.until_ns is None else clock.written(found.until_ns),
        "failures": found.failures,
        "attempts": found.attempts,
        "unit_days": float(f"{float(found.unit_days):.6g}"),
        "per_unit_day": None if rate is None else dict(zip(("low", "central", "high"), rate, strict=True)),
        "literature": baseline.sane(found),
    }


def _said(said: Said) -> Json:
    return {"source": said.source, "date": said.day}


def _rate(rate: Rate) -> Json:
    return {"per": rate.per, "price": shown(rate.price, 4), "electricity": "included" if rate.electricity else "excluded", **_said(rate.said)}  # fmt: skip


def _labour(labour: Labour) -> Json:
    money = shown(labour.hours.times(labour.price), MONEY_PLACES)
    return {"what": labour.what, "hours": shown(labour.hours, 2), "price": shown(labour.price, 4), "money": money, **_said(labour.said)}  # fmt: skip


def _energy_inputs(rates: Rates) -> Json | None:
    e = rates.energy
    if e is None:
        return None
    return {
        "pue": shown(e.pue, 4),
        "tariff_per_kwh": shown(e.tariff, 4),
        "power": [{"per": p.per, "watts": shown(p.watts, 1)} for p in e.power],
        **_said(e.said),
    }


def _limits(
    costed: Sequence[Costed], table: pd.DataFrame, base: Mapping[str, baseline.BaseRate]
) -> list[str]:
    counted = [c for c in costed if c.loss.counted]
    said = {
        "rates_as_stated": True,
        "attempts_without_figure": any(c.compute is None for c in counted),
        "no_rate_for_attempt": any(c.rate is None for c in counted),
        "no_base_rate": any(base[_unit(c)].rate is None for c in counted),
        "without_checkpoint": any(c.loss.basis == "none" for c in counted),
        "no_tariff": any(c.energy.why == "no_tariff" for c in counted),
        "still_running": bool((table["start_ns"].notna() & table["end_ns"].isna()).any()),
    }
    return [code for code in LIMITS if said[code]]
