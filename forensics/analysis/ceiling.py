"""What the scheduler's records allow at most, beside a figure that somebody gave out.

A rumour of 8,000 GPUs and ten million is two statements, and records answer both: how much was allocated
at the same time at most, and how many hours were allocated in all. No loss of compute can be more.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pandas as pd

from forensics.analysis import allocations
from forensics.analysis.examination import Examination
from forensics.core import clock
from forensics.core.ranges import Range, decimals
from forensics.core.rates import Rate, Rates

Json = dict[str, Any]
_PLACES = 2


def ceiling(done: Examination, table: pd.DataFrame, asked_hours: Range, unknown: int, rates: Rates) -> Json:
    """The most at one time and in all: of the window, of all records, of the jobs asked about.

    Args:
        done: the analysis; gives the window.
        table: every attempt on record.
        asked_hours: GPU-hours allocated to the jobs asked about.
        unknown: attempts of those jobs whose allocation or run time is not recorded.
        rates: the prices, and the figure stated.
    """
    window = done.scene.evidence.question.window
    whole = _within(table, None)
    inside = None if window is None else _within(table, window)
    price = _highest(rates.rates)
    found = {
        "unit": "gpus",
        "window": inside,
        "records": whole,
        "asked_gpu_hours": _ends(asked_hours, 4),
        "asked_not_recorded": unknown,
        "highest_price": None if price is None else str(decimals_of(price, 4)),
        "asked_compute_at_most": None
        if price is None
        else str(decimals_of(asked_hours.high * price, _PLACES)),
    }
    return found | {"stated": _stated(rates, inside or whole, asked_hours, unknown, price)}


def _within(table: pd.DataFrame, window: tuple[int, int] | None) -> Json:
    peak = allocations.peak(table, "gpus", window)
    hours = allocations.held_hours(table, "gpus", window)
    return {
        "most_at_once": peak.most,
        "since": None if peak.at_ns is None else clock.written(peak.at_ns),
        "attempts_not_recorded": peak.unknown,
        "gpu_hours": None if peak.most is None else _ends(hours, 4),
    }


def _ends(found: Range, places: int) -> Json:
    low, _, high = decimals(found, places)
    return {"low": str(low), "high": str(high)}


def decimals_of(value: Fraction, places: int) -> object:
    """One value in decimals, rounded up: a ceiling is not to be too low."""
    return decimals(Range(value, None, value), places)[2]


def _highest(rates: Sequence[Rate]) -> Fraction | None:
    """The highest price of a GPU-hour that is stated."""
    return max((r.price.high for r in rates if r.per == "gpu_hour"), default=None)


def _stated(rates: Rates, seen: Json, asked: Range, missing: int, price: Fraction | None) -> Json | None:
    """The figure that was given out, and what the records say to it, as codes."""
    told = rates.stated
    if told.gpus is None and told.loss is None:
        return None
    most, unknown = seen["most_at_once"], seen["attempts_not_recorded"]
    answer: Json = {
        "gpus": told.gpus,
        "loss": None if told.loss is None else str(told.loss),
        "source": None if told.said is None else told.said.source,
        "date": None if told.said is None else told.said.day,
        "gpus_answer": None,
        "loss_answer": None,
        "price_needed": None,
    }
    if told.gpus is not None:
        answer["gpus_answer"] = _gpus(told.gpus, most, unknown)
    if told.loss is not None:
        answer["loss_answer"] = _loss(Fraction(told.loss), asked.high, price, missing)
        answer["price_needed"] = (
            None if asked.high == 0 else str(decimals_of(Fraction(told.loss) / asked.high, _PLACES))
        )
    return answer


def _gpus(stated: int, most: int | None, unknown: int) -> str:
    if most is None:
        return "not_recorded"
    if stated <= most:
        return "within_what_was_allocated"
    return "more_than_the_recorded_attempts_held" if unknown else "more_than_was_allocated_at_any_time"


def _loss(stated: Fraction, hours: Fraction, price: Fraction | None, missing: int) -> str:
    if price is None or hours == 0:
        return "not_recorded"
    if stated <= hours * price:
        return "within_all_allocated_hours_at_the_highest_price"
    return (
        "more_than_the_recorded_hours_at_the_highest_price"
        if missing
        else "more_than_all_allocated_hours_at_the_highest_price"
    )
