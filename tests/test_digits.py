"""Wall clocks read by the place of each digit, against what Python reads."""

import calendar
import re
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
from drawn import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forensics.core import digits

LAYOUT = "%Y-%m-%dT%H:%M:%S"
WALL = rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"


def by_definition(texts):
    found = []
    for text in texts:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}", text, re.ASCII):
            return None
        try:
            found.append(calendar.timegm(datetime.strptime(text[:17] + "00", LAYOUT).timetuple()))  # noqa: DTZ007 - as if UTC
        except ValueError:
            return None
        if int(text[17:]) > 59:  # `strptime` takes leap seconds
            return None
        found[-1] += int(text[17:])
    return found


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.datetimes(), max_size=3),
    st.lists(st.from_regex(r"\A20[0-2][0-9]-[0-1][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9x]\Z"), max_size=1),
    st.integers(0, 2),
)  # fmt: skip
@example([], ["2026-02-29T00:00:00"], 0)
@example([], ["2028-02-29T23:59:59"], 0)
@example([], ["2026-11-23T15:11:60"], 0)
@example([], ["2026-11-31T15:11:00"], 0)
@example([], ["2026-13-01T15:11:00"], 0)
@example([], ["2026-11-00T15:11:00"], 0)
@example([], ["2026-11-23T24:00:00"], 0)
@example([], ["2026-11-23T15:60:00"], 0)
@example([], ["2026-00-23T15:11:00"], 0)
@example([], ["0001-01-01T00:00:00", "9999-12-31T23:59:59"], 0)
@example([], ["2026-11-23T15:11:3é"], 0)
@example([], ["2026-11-23T15-11:37"], 0)
def test_walls_are_those_that_python_reads(moments, odd, cut):
    """Of a slice of a longer column too, whose bytes do not begin where those of the whole do."""
    texts = [*(moment.replace(microsecond=0).isoformat() for moment in moments), *odd]
    found = digits.seconds(pa.array(texts, pa.string()).slice(min(cut, len(texts))))
    assert (found if found is None else found.tolist()) == by_definition(texts[cut:])


@settings(max_examples=examples(150), deadline=None)
@given(
    st.integers(0, 18), st.binary(min_size=1, max_size=1) | st.sampled_from([b"/", b":", b"\xff", b"-", b"T"])
)
@example(0, b"9")
@example(18, b"9")
@example(4, b"0")
@example(13, b"\x00")
def test_readings_are_laid_out_as_walls_where_the_pattern_fits(at, byte):
    """With any other byte at any place; the time itself may be one that there is not."""
    altered = b"2026-11-23T15:11:37"[:at] + byte + b"2026-11-23T15:11:37"[at + 1 :]
    column = pa.array([b"1999-99-99T99:99:99", altered]).view(pa.string())
    assert digits.are_walls(column) == (re.fullmatch(WALL, altered) is not None)
    assert digits.are_walls(pa.array(["x", "2026-11-23T15:11:37"]).slice(1))
    assert digits.are_walls(pa.array([], pa.string()))
    assert not digits.are_walls(pa.array(["2026-11-23T15:11:3"]))


STAMP = "%Y-%m-%dT%H:%M:%S"


def stamp_by_definition(text):
    if not re.fullmatch(r"(19[7-9]\d|20\d\d)-\d\d-\d\dT\d\d:\d\d:[0-5]\d\.\d{6}Z", text, re.ASCII):
        return None
    try:
        moment = datetime.strptime(text[:19], STAMP)  # noqa: DTZ007 - as if UTC
        return calendar.timegm(moment.timetuple()) * 10**9 + int(text[20:26]) * 1000
    except ValueError:
        return None


def told(texts):
    found = [stamp_by_definition(text) for text in texts.to_pylist()]
    return None if None in found else np.array(found, np.int64)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.integers(0, 200_000_000), min_size=1, max_size=40),
    st.one_of(st.none(), st.tuples(st.integers(0, 26), st.sampled_from(list("09:.ZT6 x\xe9\x00")))),
    st.integers(0, 2),
)
@example([0] * 9, (17, "6"), 0)
@example([0] * 9, (16, "."), 0)
@example([0] * 9, (19, ","), 1)
@example([0] * 9, (26, "+"), 0)
def test_stamps_are_those_that_python_reads(micros, odd, cut):
    """Read by the minute, or not read at all."""
    begun = datetime(2026, 12, 31, 23, 58)  # noqa: DTZ001 - as if UTC
    texts = [f"{begun + timedelta(microseconds=n):%Y-%m-%dT%H:%M:%S.%f}Z" for n in sorted(micros)]
    if odd is not None:
        at, mark = odd
        texts[-1] = texts[-1][:at] + mark + texts[-1][at + 1 :]
    texts = texts[min(cut, len(texts) - 1) :]
    found = digits.stamps(pa.array(["x" * 27, *texts], pa.string()).slice(1), told)
    wanted = [stamp_by_definition(text) for text in texts]
    few = len({text[:17] for text in texts}) * 4 <= len(texts)
    assert (found is not None) == (few and None not in wanted)
    assert found is None or found.tolist() == wanted


def test_an_absent_stamp_is_read_otherwise():
    assert digits.stamps(pa.array(["2026-11-23T15:11:37.046885Z"] * 4 + [None]), told) is None
    assert digits.stamps(pa.array([], pa.string()), told) is None


def test_every_place_up_to_the_minute_counts():
    texts = [f"20{y}-{m}-{d}T{t}:07.000001Z" for y, m, d, t in [
        (26, "01", "01", "00:00"), (36, "01", "01", "00:00"), (37, "01", "01", "00:00"), (37, "11", "01", "00:00"),
        (37, "12", "01", "00:00"), (37, "12", "11", "00:00"), (37, "12", "12", "00:00"), (37, "12", "12", "10:00"),
        (37, "12", "12", "11:00"), (37, "12", "12", "11:10"), (37, "12", "12", "11:11"),
    ] for _ in range(4)]  # fmt: skip
    found = digits.stamps(pa.array(texts), told)
    assert found is not None
    assert found.tolist() == [stamp_by_definition(text) for text in texts]
