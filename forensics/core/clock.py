"""Times as intervals on the UTC axis. The only place where a written time is read."""

import calendar
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import digits, years
from forensics.core.tabular import pandas as pd

Ints = npt.NDArray[np.int64]
NS_PER_S = 1_000_000_000
_MISSING = np.iinfo(np.int64).min
_EPOCH = np.datetime64(0, "s")
_FARTHEST_S = 2**63 // NS_PER_S - 2 * 86_400
_LEAP_YEAR_BEGAN_S = calendar.timegm((2000, 1, 1, 0, 0, 0))
_LEAP_DAY = 59
_STAMP_BYTES = 15
_PLAIN_LAYOUT = "%Y-%m-%dT%H:%M:%S"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_NAMES = np.array([int.from_bytes(name.encode(), "big") for name in _MONTHS])
_LEAP_MONTH_DAYS = np.array([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_LEAP_MONTH_BEGINS = np.cumsum(_LEAP_MONTH_DAYS) - _LEAP_MONTH_DAYS


class Interval(NamedTuple):
    """Two int64 columns of equal length, ns since 1970-01-01T00:00:00Z; null where no time could be placed."""

    earliest_ns: pa.Array
    latest_ns: pa.Array


def _nullable(values: Ints) -> pa.Array:
    return pa.array(values, pa.int64(), mask=values == _MISSING)


def _ns(moments: npt.NDArray[np.datetime64]) -> Ints:
    """Zoneless moments in ns; one that int64 ns cannot hold in every zone, as of year 9999, is missing."""
    held = (moments > np.datetime64(-_FARTHEST_S, "s")) & (moments < np.datetime64(_FARTHEST_S, "s"))
    return np.where(held, np.where(held, moments, _EPOCH).astype("datetime64[ns]").astype(np.int64), _MISSING)


def _parsed(written: pa.Array | pa.ChunkedArray, layout: str, *, utc: bool = False) -> Ints:
    """Readings of a layout that pandas knows, in ns; missing where one is no such time."""
    text = written.to_pandas().astype(object)
    told = pd.Series(pd.to_datetime(text, format=layout, utc=utc, errors="coerce"))
    return _ns((told.dt.tz_localize(None) if utc else told).to_numpy())


def _localised(naive: Ints, zone: str, *, fold: int) -> Ints:
    """Wall times in `zone` as UTC ns; a skipped wall time is missing; a repeated one takes `fold`."""
    if zone == "UTC":
        return naive
    told = pd.Series(naive.view("datetime64[ns]"))
    aware = told.dt.tz_localize(ZoneInfo(zone), ambiguous=np.full(len(naive), fold == 0), nonexistent="NaT")
    plain = aware.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    return np.asarray(plain.astype("datetime64[ns]").astype(np.int64))


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
    naive = _plain_walls(written) if layout == _PLAIN_LAYOUT else None
    if naive is None:
        naive = _parsed(written, layout)
    return _wide(naive, zone, tick_ns)


def _wide(naive: Ints, zone: str, tick_ns: int) -> Interval:
    """Wall times, each from the first moment that it can be to the last."""
    first, second = _localised(naive, zone, fold=0), _localised(naive, zone, fold=1)
    return Interval(_nullable(first), _nullable(np.where(second == _MISSING, _MISSING, second + tick_ns - 1)))


def _plain_walls(written: pa.Array | pa.ChunkedArray) -> Ints | None:
    """Readings such as `2026-11-23T15:11:37`, by their digits, which is many times faster; None where one is otherwise."""
    held = written.combine_chunks() if isinstance(written, pa.ChunkedArray) else written
    found = digits.seconds(held.drop_null() if held.null_count else held)
    if found is None or not held.null_count:
        return None if found is None else _ns(found.view("datetime64[s]"))
    naive = np.full(len(held), _MISSING, np.int64)
    naive[np.asarray(held.is_valid())] = _ns(found.view("datetime64[s]"))
    return naive


def dated_walls(written: pa.Array | pa.ChunkedArray, *, zone: str, tick_ns: int) -> Interval:
    """Place wall-clock readings in ISO 8601 without an offset, the fraction after a point or a comma.

    Args:
        written: such as `2026-11-23 15:11:37,046` (string, nullable).
        zone: IANA zone of the clock that wrote them.
        tick_ns: how coarsely it writes, in ns.

    Returns:
        As `walls`: two-sided where the clocks were set back, null where the zone skipped the time.
    """
    return _wide(_parsed(pc.replace_substring(written, ",", "."), "ISO8601"), zone, tick_ns)


def offsets(written: pa.Array | pa.ChunkedArray, *, tick_ns: int) -> Interval:
    """Place readings that carry their own offset (RFC 3339) on the UTC axis.

    Args:
        written: such as `2026-11-23T15:11:37.046885+00:00` (string, nullable).
        tick_ns: how coarsely the clock writes, in ns.
    """
    held = written.combine_chunks() if isinstance(written, pa.ChunkedArray) else written
    first = digits.stamps(held, _uniform)
    if first is None:
        first = _uniform(held)
    if first is None:
        first = _parsed(written, "ISO8601", utc=True)
    return Interval(_nullable(first), _nullable(np.where(first == _MISSING, _MISSING, first + tick_ns - 1)))


def _uniform(written: pa.Array) -> Ints | None:
    """Readings of one length, microseconds and an offset, as most logs have them, in ns; None for any other.

    Arrow reads these many times faster than pandas, and refuses what is no time.
    """
    size = pc.binary_length(written)
    shape = r"^(?:19[7-9][0-9]|20[0-9]{2})-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9]\.[0-9]{6}(?:Z|[+-][0-9]{2}:[0-9]{2})$"
    if not len(written) or written.null_count or pc.min(size).as_py() != pc.max(size).as_py():
        return None
    try:
        shaped = pc.all(pc.match_substring_regex(written, shape)).as_py()
        moments = pc.cast(written, pa.timestamp("us", "UTC")) if shaped else None
    except pa.ArrowInvalid:
        return None
    return None if moments is None else np.asarray(moments.cast(pa.int64())) * 1000


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
    tries = []
    for y in (year - 1, year, year + 1):
        dated = pa.array(
            [None if t is None else f"{y} {' '.join(t.split())}" for t in written.to_pylist()], pa.string()
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


def yearless_in_order(
    written: pa.Array,
    *,
    file: pa.Array,
    zone: str,
    anchor_ns: int | None,
    courses: Mapping[str, years.Course] | None = None,
) -> Interval:
    """Place traditional syslog stamps of whole files, by the order of their lines.

    The year is inferred, never read. A line follows the one before it in its file by less than a
    year but 31 days, or was written late by at most 31 days: so a December line before a January
    line is of the year before, and a clock set back a week is not a new year. The last line of each
    file takes the year that puts it nearest to the anchor (read as UTC; a leap day as the day
    after). So a file is right as long as no silence in it is longer, and it ends within half a
    year of the anchor. The inference ends at `years.MOST`: a file whose order says more is not placed.

    Args:
        written: such as `Nov 23 15:11:37` (string, nullable), in the order of the lines.
        file: which file each is of (string), all lines of a file together.
        zone: IANA zone of the clock that wrote them.
        anchor_ns: a moment near which the evidence lies; None leaves every time null.
        courses: of each file that has a stamp here, its course, where these are not all of its lines.

    Returns:
        A second wide each; null also for a leap day of a year that has none.
    """
    nothing = pa.nulls(len(written), pa.int64())
    if anchor_ns is None or not len(written):
        return Interval(nothing, nothing)
    own = leap_seconds(written)
    rows = np.flatnonzero(own >= 0)
    coded = file.dictionary_encode()
    known = None if courses is None else [courses.get(name) for name in coded.dictionary.to_pylist()]
    year = _years(own[rows], np.asarray(coded.indices, np.int64)[rows], anchor_ns, known)
    naive = np.full(len(written), _MISSING, np.int64)
    naive[rows] = _moment(own[rows], year)
    return _wide(_ns(naive.view("datetime64[s]")), zone, NS_PER_S)


def leap_seconds(written: pa.Array) -> Ints:
    """Each stamp as a second of a leap year; -1 for what is no time, and for null."""
    stamps = written.dictionary_encode()
    second = np.append(_second_of_leap_year(stamps.dictionary), -1)
    return np.asarray(second[np.asarray(stamps.indices.fill_null(-1), np.int64)])


def _second_of_leap_year(stamps: pa.Array) -> Ints:
    """Stamps without a year as seconds into a leap year; -1 for what is no time. A leap second is the next."""
    if not len(stamps):
        return np.empty(0, np.int64)
    if pc.min_max(pc.binary_length(stamps)).as_py() == {"min": _STAMP_BYTES, "max": _STAMP_BYTES}:
        held = digits.held(stamps)
        if digits.yearless(held, np.arange(len(stamps)) * _STAMP_BYTES).all():
            return _by_digits(held.reshape(len(stamps), _STAMP_BYTES).astype(np.int64))
    texts = [f"2000 {' '.join(text.split())}" for text in stamps.to_pylist()]
    naive = _parsed(pa.array(texts, pa.string()), "%Y %b %d %H:%M:%S")
    return np.where(naive == _MISSING, -1, naive // NS_PER_S - _LEAP_YEAR_BEGAN_S)


def _by_digits(byte: Ints) -> Ints:
    """The same for stamps that can all be a time, but for the day of the month, by the place of each digit: the bytes of each."""
    digit = np.where(byte == ord(" "), 0, byte - ord("0"))
    name = (byte[:, 0] << 16) + (byte[:, 1] << 8) + byte[:, 2]
    month = np.argmax(name[:, None] == _MONTH_NAMES[None, :], axis=1)
    day, hour, minute, second = (10 * digit[:, at] + digit[:, at + 1] for at in (4, 7, 10, 13))
    real = (day >= 1) & (day <= _LEAP_MONTH_DAYS[month])
    days = _LEAP_MONTH_BEGINS[month] + day - 1
    return np.where(real, ((days * 24 + hour) * 60 + minute) * 60 + second, -1)


def _moment(second: Ints, year: Ints) -> Ints:
    """Seconds of a leap year in a year of its own, since 1970; missing for a leap day where there is none."""
    known = year != _MISSING
    held = np.where(known, year, 1970)
    if not len(held):
        return held
    # Few years come, and of each it is found once when it begins.
    least = int(held.min())
    every = np.arange(least, int(held.max()) + 1)
    leap = ((every % 4 == 0) & ((every % 100 != 0) | (every % 400 == 0)))[held - least]
    begins = (every - 1970).astype("datetime64[Y]").astype("datetime64[s]").astype(np.int64)[held - least]
    day = second // 86_400
    nowhere = ~leap & (day == _LEAP_DAY)
    moved = begins + second - np.where(leap | (day < _LEAP_DAY), 0, 86_400)
    return np.where(known & ~nowhere, moved, _MISSING)


def _years(second: Ints, file: Ints, anchor_ns: int, courses: Sequence[years.Course | None] | None) -> Ints:
    """The year of each stamp, lines of a file together and in order; missing where a file is not placed."""
    if not len(second):
        return np.empty(0, np.int64)
    starts = np.flatnonzero(np.append(True, file[1:] != file[:-1]))
    stops = np.append(starts[1:], len(file))
    turn = years.steps(second)
    turn[starts] = 0
    turns = np.cumsum(turn)
    year = np.empty(len(second), np.int64)
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        own = turns[start:stop] - turns[start]
        whole = None if courses is None else courses[int(file[start])]
        if whole is None:
            whole = years.Course(0, int(own[-1]), int(second[stop - 1]), int(own.max() - own.min()))
        first = years.first_year(whole, anchor_ns)
        year[start:stop] = _MISSING if first is None else first + own
    return year


def epoch(seconds: pa.Array | pa.ChunkedArray, *, tick_ns: int = NS_PER_S) -> Interval:
    """Place whole seconds since 1970 (int64, nullable), each `tick_ns` wide. Zero is a time like any other."""
    values = seconds.combine_chunks() if isinstance(seconds, pa.ChunkedArray) else seconds
    filled = np.asarray(values.fill_null(0), np.int64)
    most = (2**63 - tick_ns - 1) // NS_PER_S
    fits = (filled <= most) & (filled >= -most) & ~np.asarray(values.is_null())
    first = np.where(fits, np.where(fits, filled, 0) * NS_PER_S, _MISSING)
    return Interval(_nullable(first), _nullable(np.where(first == _MISSING, _MISSING, first + tick_ns - 1)))


def milliseconds(written: pa.Array) -> Interval:
    """Place whole milliseconds since 1970 (int64, nullable), each one wide; null past the ends of int64 ns."""
    most = (2**63 - 1) // 1_000_000 - 1
    held = pc.if_else(pc.and_(pc.less(written, most), pc.greater(written, -most)), written, None)
    first = pc.multiply(held, 1_000_000)
    return Interval(first, pc.add(first, 999_999))


def overlapping(first: Interval, last: Interval) -> Interval:
    """From the beginning of one moment to the end of another; the one that is there where the other is not."""
    earliest = pc.coalesce(first.earliest_ns, last.earliest_ns)
    latest = pc.max_element_wise(first.latest_ns, last.latest_ns)
    return Interval(pc.min_element_wise(earliest, latest), latest)


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
