"""What a cluster's hours cost, as somebody states it: `rates.toml`, read from its bytes.

Every rate is an input with its source, its date and its currency, and says whether electricity is in it.
Nothing is assumed: a rate that does not say so is refused. Amounts are read as decimals, never as floats.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from forensics.core import clock
from forensics.core.errors import RatesError
from forensics.core.ranges import Range, ranged

UNITS = ("gpu_hour", "node_hour", "cpu_hour")
_HOW = "see docs/how-to/estimate-damage.md for the form"
_SMALL, _LARGE = Decimal(0), Decimal(10) ** 15


@dataclass(frozen=True, slots=True)
class Said:
    """Who states something, and as of when."""

    source: str
    day: str


@dataclass(frozen=True, slots=True)
class Rate:
    """A price of an hour of something allocated. `electricity` says whether the price holds it."""

    per: str
    price: Range
    electricity: bool
    partition: str | None
    said: Said


@dataclass(frozen=True, slots=True)
class Power:
    """What energy is modelled from: watts of one GPU (or node) with its share of the rest, and PUE."""

    per: str
    watts: Range
    said: Said


@dataclass(frozen=True, slots=True)
class Energy:
    """How energy becomes money: overhead of the building (PUE), and the price of a kWh."""

    pue: Range
    tariff: Range | None
    power: tuple[Power, ...]
    said: Said


@dataclass(frozen=True, slots=True)
class Known:
    """A job's last state that somebody verified as good, or the moment from which its results are unusable."""

    job: str
    at_ns: int
    by: str
    said: Said


@dataclass(frozen=True, slots=True)
class Slowdown:
    """A job whose steps took longer than they do without the change: steps, and seconds of a step, then and without it."""

    job: str
    steps: Range
    observed_s: Range
    control_s: Range
    said: Said


@dataclass(frozen=True, slots=True)
class Rerun:
    """A job that was run to do again what another had done."""

    job: str
    of: str
    said: Said


@dataclass(frozen=True, slots=True)
class Labour:
    """Somebody's hours. They are shown apart and belong to no sum."""

    what: str
    hours: Range
    price: Range
    said: Said


@dataclass(frozen=True, slots=True)
class Mitigation:
    """When somebody did something that ended or lessened the loss."""

    at_ns: int
    what: str
    said: Said


@dataclass(frozen=True, slots=True)
class Stated:
    """A figure that somebody gave out, to be set beside the records."""

    gpus: int | None
    loss: Decimal | None
    said: Said | None


@dataclass(frozen=True, slots=True)
class Rates:
    """Everything that `rates.toml` says."""

    currency: str
    rates: tuple[Rate, ...]
    energy: Energy | None = None
    good: tuple[Known, ...] = ()
    unusable: tuple[Known, ...] = ()
    slowdowns: tuple[Slowdown, ...] = ()
    reruns: tuple[Rerun, ...] = ()
    labour: tuple[Labour, ...] = ()
    mitigation: tuple[Mitigation, ...] = ()
    stated: Stated = Stated(None, None, None)
    checkpoints: tuple[str, ...] = ()


def rates(raw: bytes, name: str) -> Rates:
    """Read a file of rates.

    Args:
        raw: the file's bytes.
        name: what to call the file in a message.

    Raises:
        RatesError: it is not TOML, or a value is missing or is not what the how-to describes.
    """
    try:
        found = tomllib.loads(raw.decode("utf-8"), parse_float=Decimal)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, InvalidOperation) as error:
        raise RatesError(f"{name}: no TOML in UTF-8 ({error}); {_HOW}") from error
    top = _Reader(found, name)
    currency = top.text("currency")
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise RatesError(f"{name}: currency must be three capital letters, such as EUR or CNY; {_HOW}")
    stated = top.inner("stated")
    read = Rates(
        currency=currency,
        rates=tuple(_rate(r) for r in top.tables("rate")),
        energy=None if top.inner("energy") is None else _energy(top),
        good=tuple(_known(r, "at", "verified_by") for r in top.tables("checkpoint")),
        unusable=tuple(_known(r, "since", "found_by") for r in top.tables("unusable")),
        slowdowns=tuple(
            Slowdown(r.text("job"), r.range("steps"), r.range("observed_s"), r.range("control_s"), _said(r))
            for r in top.tables("slowdown")
        ),
        reruns=tuple(Rerun(r.text("job"), r.text("of"), _said(r)) for r in top.tables("rerun")),
        labour=tuple(
            Labour(r.text("what"), r.range("hours"), r.range("price"), _said(r)) for r in top.tables("labour")
        ),
        mitigation=tuple(
            Mitigation(r.moment("at"), r.text("what"), _said(r)) for r in top.tables("mitigation")
        ),
        stated=Stated(None, None, None)
        if stated is None
        else Stated(stated.whole("gpus"), stated.amount("loss"), _said(stated)),
        checkpoints=tuple(top.words("checkpoints")),
    )
    if not read.rates:
        raise RatesError(f"{name}: it states no [[rate]]; {_HOW}")
    return read


def amount(typed: str, what: str) -> Decimal:
    """An amount as an analyst types it.

    Raises:
        RatesError: it is no amount.
    """
    return _Reader({what: typed}, "the command line").decimal(what)


class _Reader:
    """One table of the file, each value asked for by its name and kind."""

    def __init__(self, found: dict[str, Any], name: str) -> None:
        self._found, self._name = found, name

    def fault(self, key: str, must: str) -> RatesError:
        return RatesError(f"{self._name}: {key} must be {must}; {_HOW}")

    def has(self, key: str) -> bool:
        return key in self._found

    def inner(self, key: str) -> "_Reader | None":
        value = self._found.get(key)
        if value is not None and not isinstance(value, dict):
            raise self.fault(key, f"a table, [{key}]")
        return None if value is None else _Reader(value, f"{self._name}: {key}")

    def tables(self, key: str) -> Iterable["_Reader"]:
        value = self._found.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise self.fault(key, f"[[{key}]] tables")
        return [_Reader(v, f"{self._name}: {key} {n}") for n, v in enumerate(value, 1)]

    def words(self, key: str) -> list[str]:
        value = self._found.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
            raise self.fault(key, "a list of texts")
        return value

    def text(self, key: str, *, needed: bool = True) -> str:
        value = self._found.get(key, "")
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or (needed and not value):
            raise self.fault(key, "a text, and may not be missing" if needed else "a text")
        return value

    def flag(self, key: str, yes: str, no: str) -> bool:
        value = self._found.get(key)
        if value not in (yes, no):
            raise self.fault(key, f'"{yes}" or "{no}"')
        return bool(value == yes)

    def whole(self, key: str) -> int | None:
        value = self._found.get(key)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise self.fault(key, "a whole number")
        return value

    def amount(self, key: str) -> Decimal | None:
        return None if key not in self._found else self.decimal(key)

    def decimal(self, key: str) -> Decimal:
        value = self._found.get(key)
        try:
            read = None if isinstance(value, bool) or value is None else Decimal(value)
        except (InvalidOperation, TypeError, ValueError) as error:
            raise self.fault(key, "an amount, such as 12.50") from error
        if read is None or not read.is_finite() or not _SMALL <= read <= _LARGE:
            raise self.fault(key, "an amount of zero or more, such as 12.50")
        return read

    def range(self, key: str) -> Range:
        """`{ low = …, central = …, high = … }`, or one number that is all three."""
        value = self._found.get(key)
        if not isinstance(value, dict):
            only = self.decimal(key)
            return ranged(only, only, only)
        inner = _Reader(value, f"{self._name}: {key}")
        low, high = inner.decimal("low"), inner.decimal("high")
        central = inner.amount("central")
        if not low <= high or (central is not None and not low <= central <= high):
            raise self.fault(key, "in order: low, then central, then high")
        return ranged(low, central, high)

    def moment(self, key: str) -> int:
        """A time in ns since 1970 UTC; one without an offset is UTC."""
        value = self._found.get(key)
        wanted = "a time, such as 2026-11-23T15:11:37Z"
        if isinstance(value, str):
            try:
                value = clock.typed(value)
            except ValueError as error:
                raise self.fault(key, wanted) from error
        if not isinstance(value, date):
            raise self.fault(key, wanted)
        return _ns(value)

    def day(self, key: str) -> str:
        value = self._found.get(key)
        if isinstance(value, datetime) or not isinstance(value, date):
            raise self.fault(key, "a day, such as 2026-10-01")
        return value.isoformat()


def _ns(value: date) -> int:
    """A day, or a moment, in ns since 1970; without an offset it is UTC."""
    whole = value if isinstance(value, datetime) else datetime.combine(value, time(), UTC)
    gap = (whole if whole.tzinfo is not None else whole.replace(tzinfo=UTC)) - datetime(
        1970, 1, 1, tzinfo=UTC
    )
    return (gap.days * 86_400 + gap.seconds) * clock.NS_PER_S + gap.microseconds * 1_000


def _said(r: _Reader) -> Said:
    return Said(r.text("source"), r.day("date"))


def _rate(r: _Reader) -> Rate:
    per = r.text("per")
    if per not in UNITS:
        raise r.fault("per", f"one of {', '.join(UNITS)}")
    price = r.range("price")
    held = r.flag("electricity", "included", "excluded")
    return Rate(per, price, held, r.text("partition", needed=False) or None, _said(r))


def _energy(top: _Reader) -> Energy:
    found = top.inner("energy")
    if found is None:  # asked before
        raise top.fault("energy", "a table")
    pue = found.range("pue")
    if pue.low < 1:
        raise found.fault("pue", "1 or more: the building uses what the machines use, and more")
    tariff = found.range("tariff_per_kwh") if found.has("tariff_per_kwh") else None
    named: tuple[tuple[str, str], ...] = (("watts_per_gpu", "gpu"), ("watts_per_node", "node"))
    said = _said(found)
    power = tuple(Power(unit, found.range(key), said) for key, unit in named if found.has(key))
    return Energy(pue, tariff, power, said)


def _known(r: _Reader, when: str, who: str) -> Known:
    return Known(r.text("job"), r.moment(when), r.text(who), _said(r))
