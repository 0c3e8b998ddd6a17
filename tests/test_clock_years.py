"""A year that no line names is inferred from the order of lines, within bounds, and against a slow definition."""

import datetime as dt
import itertools
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from drawn import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forensics.core import clock, years
from forensics.readings import syslog

ANCHOR_NS = 1_795_446_697_000_000_000  # 2026-11-23
DAY_NS = 86_400 * 10**9
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
EPOCH, LEAP = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
LATE = dt.timedelta(days=31)


def stamp(moment):
    return f"{MONTHS[moment.month - 1]} {moment.day:2} {moment:%H:%M:%S}"


def by_definition(stamps, anchor_ns):
    """The docstring of `yearless_in_order` for one file in UTC, read aloud: years, or None for no time."""
    leap = [dt.datetime.strptime(f"2000 {s} +0000", "%Y %b %d %H:%M:%S %z") for s in stamps]
    turns = [0]
    for before, now in itertools.pairwise(leap):
        gone = now - before
        year = dt.timedelta(days=366)
        turns.append(turns[-1] + (1 if gone < -LATE else -1 if gone > year - LATE else 0))
    if max(turns) - min(turns) > years.MOST:
        return [None] * len(stamps)
    anchor = EPOCH + dt.timedelta(seconds=anchor_ns // 10**9)

    def read(moment, year):
        try:
            return moment.replace(year=year)
        except ValueError:
            return None

    def near(year):
        return abs((read(leap[-1], year) or leap[-1].replace(year=year, month=3, day=1)) - anchor)

    last = min((anchor.year - 1, anchor.year, anchor.year + 1), key=near)
    return [read(moment, last + turn - turns[-1]) for moment, turn in zip(leap, turns, strict=True)]


def placed(stamps, file=None, anchor_ns=ANCHOR_NS, zone="UTC"):
    files = pa.array(file or ["a"] * len(stamps), pa.string())
    return clock.yearless_in_order(pa.array(stamps, pa.string()), file=files, zone=zone, anchor_ns=anchor_ns)


def moments(stamps, **how):
    return [
        None if ns is None else EPOCH + dt.timedelta(seconds=ns // 10**9)
        for ns in placed(stamps, **how).earliest_ns.to_pylist()
    ]


YEAR = st.integers(0, 366 * 86_400 - 1).map(lambda second: stamp(LEAP + dt.timedelta(seconds=second)))


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(YEAR, min_size=1, max_size=8), st.integers(-400, 400))
@example(["Dec 31 23:59:59", "Jan  1 00:00:00"], 0)
@example(["Jan  1 00:00:00", "Dec 31 23:59:59", "Jan  1 00:00:01"], 0)
@example(["Feb 29 00:00:00"], 0)
@example(["Feb 29 00:00:00"], -900)
@example(["Dec  1 00:00:00", "Jun  1 00:00:00"] * 30, 0)
def test_agrees_with_the_definition(stamps, days):
    anchor_ns = ANCHOR_NS + days * DAY_NS
    assert moments(stamps, anchor_ns=anchor_ns) == by_definition(stamps, anchor_ns)


@settings(max_examples=examples(100), deadline=None)
@given(
    st.lists(YEAR | st.sampled_from(["Feb 30 00:00:00", "Apr 00 00:00:00", "Jun 31 23:59:59"]), min_size=1)
)
def test_stamps_read_by_their_digits_are_those_that_pandas_reads(stamps):
    stamps = [*dict.fromkeys(stamps), "Nov 23 15:11:60"]
    quick = clock._second_of_leap_year(pa.array(stamps))
    slow = clock._second_of_leap_year(pa.array([*stamps, "Nov 1 00:00:00"]))
    assert quick.tolist() == slow.tolist()[:-1]


def test_new_year_is_found_in_the_order_of_lines_however_long_the_file():
    stamps = [f"{month} 15 00:00:00" for month in (*MONTHS, *MONTHS, *MONTHS[:10])]
    assert [m.year for m in moments(stamps)] == [2024] * 12 + [2025] * 12 + [2026] * 10


def test_a_day_on_which_the_clock_went_back_is_no_new_year():
    assert [m.year for m in moments(["Nov 23 10:00:00", "Nov  2 10:00:00", "Nov 23 10:00:01"])] == [2026] * 3


def test_files_are_placed_each_by_itself():
    stamps = ["Dec 31 00:00:00", "Jan  1 00:00:00", "Dec 31 00:00:00", "Dec 31 00:00:01"]
    assert [m.year for m in moments(stamps, file=["a", "a", "b", "b"])] == [2026, 2027, 2026, 2026]


def test_a_leap_day_is_a_time_only_in_a_leap_year():
    assert moments(["Feb 28 00:00:00", "Feb 29 00:00:00", "Mar  1 00:00:00"])[1] is None
    leap_ns = 1_709_200_000_000_000_000
    assert [m.year for m in moments(["Feb 29 00:00:00"], anchor_ns=leap_ns)] == [2024]


def test_an_order_that_says_too_many_years_is_not_believed():
    stamps = ["Dec  1 00:00:00", "Jun  1 00:00:00"] * (years.MOST + 2)
    assert moments(stamps) == [None] * len(stamps)


@pytest.mark.parametrize("nothing", [[None], ["Foo 12 00:00:00"], ["Nov 31 00:00:00"]])
def test_no_time_is_null_and_moves_no_other(nothing):
    got = moments(["Dec 31 00:00:00", *nothing, "Jan  1 00:00:00"])
    assert [m and m.year for m in got] == [2026, None, 2027]
    assert moments(nothing) == [None]


def test_an_hour_that_comes_twice_is_an_interval_of_both():
    when = placed(["Oct 25 02:30:00", "Oct 25 12:00:00"], zone="Europe/Amsterdam")
    first, last = when.earliest_ns.to_pylist(), when.latest_ns.to_pylist()
    assert [b - a for a, b in zip(first, last, strict=True)] == [3601 * 10**9 - 1, 10**9 - 1]
    assert placed(["Mar 28 02:30:00"], zone="Europe/Amsterdam").earliest_ns.to_pylist() == [None]


CHANGES = {
    "Europe/Amsterdam": (dt.datetime(2026, 3, 29, 1), dt.datetime(2026, 10, 25, 1)),  # noqa: DTZ001 - local readings
    "Australia/Lord_Howe": (dt.datetime(2026, 4, 5, 1), dt.datetime(2026, 10, 4, 1)),  # noqa: DTZ001 - by half an hour
    "America/St_Johns": (dt.datetime(2026, 3, 8, 1), dt.datetime(2026, 11, 1, 0)),  # noqa: DTZ001 - an offset with a half hour
}


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(sorted(CHANGES)), st.booleans(), st.integers(0, 3 * 3600))
def test_every_hour_about_a_change_is_all_the_moments_that_read_so(zone, autumn, second):
    """Slowly: of all moments of that day, those that the zone's clock shows as the reading; none where it skipped it."""
    naive = CHANGES[zone][autumn] + dt.timedelta(seconds=second)
    own = ZoneInfo(zone)
    about = (naive.replace(tzinfo=dt.UTC) + dt.timedelta(minutes=30 * n) for n in range(-30, 31))
    real = sorted(m for m in about if m.astimezone(own).replace(tzinfo=None) == naive)
    wanted = (
        (None, None)
        if not real
        else tuple((m - EPOCH) // dt.timedelta(microseconds=1) * 1000 for m in (real[0], real[-1]))
    )
    text = pa.array([naive.isoformat()])
    for got in (
        clock.walls(text, layout="%Y-%m-%dT%H:%M:%S", zone=zone, tick_ns=10**9),
        clock.dated_walls(text, zone=zone, tick_ns=10**9),
    ):
        last = got.latest_ns.to_pylist()[0]
        assert (got.earliest_ns.to_pylist()[0], None if last is None else last - 10**9 + 1) == wanted


SECONDS = st.integers(0, 4_000_000_000)


@settings(max_examples=examples(100), deadline=None)
@given(
    st.lists(st.tuples(SECONDS, st.integers(0, 999_999)), min_size=1, max_size=5),
    st.sampled_from(["Z", "+00:00", "-07:30", "+14:00"]),
)
def test_the_quick_way_to_read_offsets_is_the_slow_one(moments, offset):
    def written(second, micro):
        moment = EPOCH + dt.timedelta(days=1) + dt.timedelta(seconds=second, microseconds=micro)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{micro:06d}{offset}"

    stamps = [written(*m) for m in moments]
    quick = clock.offsets(pa.array(stamps), tick_ns=1).earliest_ns.to_pylist()
    slow = clock.offsets(pa.array([*stamps, "2026-11-23T15:11:37Z"]), tick_ns=1).earliest_ns.to_pylist()
    assert quick == slow[:-1]


@pytest.mark.parametrize(
    "bad", ["2026-02-30T00:00:00.000001Z", "2026-11-23T24:00:00.000001Z", "2026-11-23T23:59:60.000001Z"]
)
def test_what_is_no_time_beside_one_that_is(bad):
    stamps = ["2026-11-23T15:11:37.000001Z", bad]
    assert clock.offsets(pa.array(stamps), tick_ns=1).earliest_ns.to_pylist() == [ANCHOR_NS + 1000, None]


@settings(max_examples=examples(200), deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from([0, 20, 60, 100, 250, 330, 365]), min_size=1, max_size=4),
        min_size=1,
        max_size=5,
    )
)
@example([[20, 330], [20, 330], [20]])
def test_pieces_tell_how_the_years_turn_in_the_whole(days):
    """One stamp after the other, as the rule is read aloud."""
    pieces = [np.array(own, np.int64) * 86_400 for own in days]
    second = np.concatenate(pieces)
    year = [0]
    for before, after in itertools.pairwise(second.tolist()):
        year.append(year[-1] + (after - before < -31 * 86_400) - (after - before > 335 * 86_400))
    told = [years.turns(own) for own in pieces]
    at = 0
    for n, own in enumerate(pieces):
        assert years.course(told, n) == (year[at], year[-1], second[-1], max(year) - min(year))
        at += len(own)


NOTED = st.builds(
    lambda sha256, start, first, last, turns, serial: {"sha256": sha256, "start": start, "serial": serial}
    | ({} if first is None else dict(zip(years.Turns._fields, (first, last, turns, min(turns, 0), max(turns, 0)), strict=True))),
    st.sampled_from("ab"),
    st.integers(0, 4),
    st.none() | st.integers(0, 366 * 86_400 - 1),
    st.integers(0, 366 * 86_400 - 1),
    st.integers(-1, 25),
    st.none() | st.integers(1, 2),
)  # fmt: skip


def alone_by_definition(own, every, anchor_ns):
    """Of one slice, beside all others anew each time."""
    printed, others = (sum(row["serial"] is not None for row in rows.to_pylist()) for rows in (own, every))
    if printed and others > printed:
        return False
    told = True
    for row in own.to_pylist() if anchor_ns is not None else ():
        if row["turns"] is not None:
            seen = [syslog._course(rows, row["sha256"], row["start"]) for rows in (own, every)]
            told &= years.first_year(seen[0], anchor_ns) == years.first_year(seen[1], anchor_ns)
    return told


@settings(max_examples=examples(300), deadline=None)
@given(
    st.lists(st.lists(NOTED, max_size=3), min_size=1, max_size=5),
    st.none() | st.integers(-(10**18), 2 * 10**18),
)
def test_which_slices_tell_alone_is_seen_of_all_at_once(slices, anchor_ns):
    several = [pa.Table.from_pylist(rows, syslog._NOTES) for rows in slices]
    expected = [alone_by_definition(own, pa.concat_tables(several), anchor_ns) for own in several]
    assert syslog.alone(several, anchor_ns=anchor_ns) == expected


def test_each_file_is_put_in_order_once_however_many_slices_it_has(monkeypatch):
    """For each slice anew it took longer than reading, where they were ten thousands."""
    looked = []
    once = years.courses
    monkeypatch.setattr(years, "courses", lambda pieces: looked.append(len(pieces)) or once(pieces))
    rows = [
        {"sha256": "a", "start": n, "first": n, "last": n, "turns": 0, "least": 0, "most": 0}
        for n in range(40)
    ]
    several = [pa.Table.from_pylist([row], syslog._NOTES) for row in rows]
    assert syslog.alone(several, anchor_ns=ANCHOR_NS) == [True] * 40
    assert sum(looked) == 2 * 40
