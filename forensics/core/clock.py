"""Times as intervals on the UTC axis. The only place where a written time is read."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

NS_PER_S = 1_000_000_000
_MISSING = np.iinfo(np.int64).min


class Interval(NamedTuple):
    """Two int64 columns of equal length, ns since 1970-01-01T00:00:00Z; null where no time could be placed."""

    earliest_ns: pa.Array
    latest_ns: pa.Array


def _nullable(values: npt.NDArray[np.int64]) -> pa.Array:
    return pa.array(values, pa.int64(), mask=values == _MISSING)


def _ns(times: pd.Series) -> pd.Series:
    """Zoneless moments in ns; one that int64 ns cannot hold in every zone, as of year 9999, is missing."""
    zones = pd.Timedelta(days=2)
    held = times.between(pd.Timestamp.min + zones, pd.Timestamp.max - zones)
    return times.where(held).astype("datetime64[ns]")


def _localised(naive: pd.Series, zone: str, *, fold: int) -> npt.NDArray[np.int64]:
    """Wall times in `zone` as UTC ns; a skipped wall time is missing; a repeated one takes `fold`."""
    aware = naive.dt.tz_localize(ZoneInfo(zone), ambiguous=np.full(len(naive), fold == 0), nonexistent="NaT")
    plain = aware.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[ns]")
    return np.asarray(plain.to_numpy().astype("datetime64[ns]").astype(np.int64))


def walls(written: pa.Array | pa.ChunkedArray, *, layout: str, zone: str, tick_ns: int) -> Interval:
    """Place zoneless wall-clock readings on the UTC axis.

    Args:
        written: the readings as logged (string, nullable).
        layout: their `strptime` layout, such as `%Y-%m-%dT%H:%M:%S.%f`.
        zone: IANA zone of the clock that wrote them.
        tick_ns: how coarsely it writes, in ns.

    Returns:
        One tick wide each, or an hour and a tick where the clocks were set back; null where it is
        no time, or one that the zone skipped.
    """
    text = written.to_pandas().astype(object)
    naive = _ns(pd.Series(pd.to_datetime(text, format=layout, errors="coerce")))
    first, second = _localised(naive, zone, fold=0), _localised(naive, zone, fold=1)
    latest = np.where(second == _MISSING, _MISSING, second + tick_ns - 1)
    return Interval(_nullable(first), _nullable(latest))


def offsets(written: pa.Array | pa.ChunkedArray, *, tick_ns: int) -> Interval:
    """Place readings that carry their own offset (RFC 3339) on the UTC axis.

    Args:
        written: such as `2026-11-23T15:11:37.046885+00:00` (string, nullable).
        tick_ns: how coarsely the clock writes, in ns.
    """
    parsed = pd.to_datetime(written.to_pandas().astype(object), format="ISO8601", utc=True, errors="coerce")
    plain = _ns(pd.Series(parsed).dt.tz_localize(None)).to_numpy()
    first = plain.astype("datetime64[ns]").astype(np.int64)
    return Interval(_nullable(first), _nullable(np.where(first == _MISSING, _MISSING, first + tick_ns - 1)))


def yearless(written: pa.Array | pa.ChunkedArray, *, zone: str, anchor_ns: int | None) -> Interval:
    """Place traditional syslog stamps, which name no year and no zone.

    The year is inferred, never read: of all years, the one that puts the stamp nearest to the
    anchor. So a file that crosses New Year is right as long as the evidence spans less than half a
    year around the anchor.

    Args:
        written: such as `Nov 23 15:11:37` (string, nullable).
        zone: IANA zone of the clock that wrote them.
        anchor_ns: a moment near which the evidence lies; None leaves every time null.
    """
    if anchor_ns is None:
        nothing = pa.nulls(len(written), pa.int64())
        return Interval(nothing, nothing)
    year = datetime.fromtimestamp(anchor_ns // NS_PER_S, UTC).year
    text = pd.Series(written.to_pandas().astype(object))
    tries = []
    for y in (year - 1, year, year + 1):
        dated = pa.array(
            [None if t is None else f"{y} {' '.join(str(t).split())}" for t in text], pa.string()
        )
        tries.append(walls(dated, layout="%Y %b %d %H:%M:%S", zone=zone, tick_ns=NS_PER_S))
    first = np.stack([np.asarray(i.earliest_ns.fill_null(_MISSING)) for i in tries])
    last = np.stack([np.asarray(i.latest_ns.fill_null(_MISSING)) for i in tries])
    far = np.where(first == _MISSING, np.inf, np.abs(first.astype(np.float64) - float(anchor_ns)))
    best = np.argmin(far, axis=0)
    column = np.arange(first.shape[1])
    return Interval(_nullable(first[best, column]), _nullable(last[best, column]))


def undated(written: pa.Array | pa.ChunkedArray, *, zone: str, anchor_ns: int | None) -> Interval:
    """Place stamps without year or seconds, such as `last` prints; each is a minute wide.

    The year is inferred, never read: of the years in which the date falls on the weekday written
    (every year, where none is), the one that puts the stamp nearest to the anchor, at most twelve
    years from it. A weekday comes back on a date after five years at the earliest.

    Args:
        written: such as `Mon Nov 23 15:11` or `Nov 23 15:11` (string, nullable).
        zone: IANA zone of the clock that wrote them.
        anchor_ns: a moment near which the evidence lies; None leaves every time null.
    """
    if anchor_ns is None:
        nothing = pa.nulls(len(written), pa.int64())
        return Interval(nothing, nothing)
    values = written.combine_chunks() if isinstance(written, pa.ChunkedArray) else written
    distinct = values.dictionary_encode()
    anchor = datetime.fromtimestamp(anchor_ns // NS_PER_S, UTC).replace(tzinfo=None)
    days: dict[str, str | None] = {}
    full: list[str | None] = []
    for text in distinct.dictionary.to_pylist():
        day, _, minute = text.rpartition(" ")
        if day not in days:
            days[day] = _nearest(day, anchor)
        full.append(None if days[day] is None else f"{days[day]} {minute}")
    placed = walls(pa.array(full, pa.string()), layout="%Y-%m-%d %H:%M", zone=zone, tick_ns=60 * NS_PER_S)
    return Interval(*(column.take(distinct.indices) for column in placed))


def _nearest(day: str, anchor: datetime) -> str | None:
    """A day with the year that `undated` infers; None where no year fits."""
    *weekday, month, number = day.split()
    fits = []
    for year in range(max(1, anchor.year - 12), min(9999, anchor.year + 12) + 1):
        try:
            moment = datetime.strptime(f"{year:04} {month} {number}", "%Y %b %d")  # noqa: DTZ007 - the zone follows
        except ValueError:  # the day is not in that month of that year
            continue
        if not weekday or moment.strftime("%a") == weekday[0]:
            fits.append((abs(moment - anchor), moment))
    return min(fits)[1].strftime("%Y-%m-%d") if fits else None


def epoch(seconds: pa.Array | pa.ChunkedArray, *, tick_ns: int = NS_PER_S) -> Interval:
    """Place whole seconds since 1970 (int64, nullable), each `tick_ns` wide. Zero is a time like any other."""
    values = seconds.combine_chunks() if isinstance(seconds, pa.ChunkedArray) else seconds
    filled = np.asarray(values.fill_null(0), np.int64)
    most = (2**63 - tick_ns - 1) // NS_PER_S
    fits = (filled <= most) & (filled >= -most) & ~np.asarray(values.is_null())
    first = np.where(fits, np.where(fits, filled, 0) * NS_PER_S, _MISSING)
    return Interval(_nullable(first), _nullable(np.where(first == _MISSING, _MISSING, first + tick_ns - 1)))


def instant(text: str) -> int | None:
    """One reading that carries its own offset (RFC 3339), in ns; None where it is no such time, or past int64."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    ns = (since.days * 86_400 + since.seconds) * NS_PER_S + since.microseconds * 1000
    return ns if -(2**63) < ns < 2**63 - NS_PER_S else None


def typed(text: str) -> datetime:
    """A moment as an analyst types it, in ISO 8601; one without an offset is read as UTC.

    Raises:
        ValueError: it is no time.
    """
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def written(ns: int) -> str:
    """A moment as contract JSON writes it: UTC, milliseconds, `Z`."""
    seconds, rest = divmod(ns, NS_PER_S)
    stamp = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{stamp}.{rest // 1_000_000:03d}Z"


def day(since: object) -> str | None:
    """A number of days since 1970-01-01 as a date; None where it is no number, or no date of the calendar."""
    if not isinstance(since, int) or since not in range(-719_162, 2_932_897):
        return None
    return (date(1970, 1, 1) + timedelta(days=since)).isoformat()
