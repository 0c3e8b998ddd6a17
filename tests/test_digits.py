"""Wall clocks read by the place of each digit, against what Python reads."""

import calendar
import re
from datetime import datetime

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forensics.core import digits

LAYOUT = "%Y-%m-%dT%H:%M:%S"


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
@example([], ["2026-11-23T15:11:3é"], 0)
@example([], ["2026-11-23T15-11:37"], 0)
def test_walls_are_those_that_python_reads(moments, odd, cut):
    """Of a slice of a longer column too, whose bytes do not begin where those of the whole do."""
    texts = [*(moment.replace(microsecond=0).isoformat() for moment in moments), *odd]
    found = digits.seconds(pa.array(texts, pa.string()).slice(min(cut, len(texts))))
    assert (found if found is None else found.tolist()) == by_definition(texts[cut:])
