"""Recorded terminal sessions: when each event was, in both ways of counting."""

import json

import pyarrow as pa
import pytest

from forensics.core.tables import FILE
from forensics.formats import asciicast, recognise
from forensics.readings import asciicast as reading

S = 1_795_446_697
V2 = {"version": 2, "width": 80, "height": 24, "timestamp": S}
V3 = {"version": 3, "term": {"cols": 100, "rows": 30}, "timestamp": S}


def cast(*lines):
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def told(data, *paths):
    found = asciicast.parse(data, 0).records
    sealed = found.add_column(0, "sha256", pa.array(["a" * 64] * found.num_rows, pa.string()))
    file = {
        "sha256": "a" * 64,
        "host": "login01",
        "bytes": 1,
        "kind": "file",
        "held": "copied",
        "domain": "login01:user",
    }
    file |= dict.fromkeys(("parsed", "rejected", "ignored"), 0)
    held = [file | {"path": path} for path in paths or ("login01/home/mei/demo.cast",)]
    files = FILE.build({name: [row.get(name) for row in held] for name in FILE.names})
    return reading.read(sealed, files, zone="UTC", anchor_ns=None)["event"].to_pylist()


def seconds(events):
    return [None if e["earliest_ns"] is None else (e["earliest_ns"] - S * 10**9) / 10**9 for e in events]


EVENTS = [[0.5, "o", "a"], [1.5, "i", "b"], [1.75, "o", "c"]]


@pytest.mark.parametrize(("header", "expected"), [(V2, [0, 0.5, 1.5, 1.75]), (V3, [0, 0.5, 2.0, 3.75])])
def test_times_count_from_the_start_or_from_the_event_before(header, expected):
    events = told(cast(header, *EVENTS))
    assert seconds(events) == expected
    assert {e["latest_ns"] - e["earliest_ns"] for e in events} == {10**9 - 1}
    assert [e["text"] for e in events] == ["header", "o a", "i b", "o c"]


def test_two_paths_are_told_twice_and_change_no_time():
    events = told(cast(V3, *EVENTS), "login01/home/mei/a.cast", "login01/home/kai/a.cast")
    assert seconds(events) == [0, 0, 0.5, 0.5, 2.0, 2.0, 3.75, 3.75]
    assert [e["account"] for e in events[:2]] == ["kai", "mei"]


def test_a_header_below_dates_nothing():
    events = told(cast(V2, EVENTS[0], V2 | {"timestamp": 17}, EVENTS[1]))
    assert seconds(events) == [0, 0.5, None, 1.5]


def test_without_a_header_or_a_stamp_no_event_has_a_time():
    assert seconds(told(cast(*EVENTS))) == [None] * 3
    assert seconds(told(cast({"version": 2, "width": 80, "height": 24}, *EVENTS))) == [None] * 4
    assert seconds(told(b"\n" + cast(V2, *EVENTS))) == [None] * 4


def test_outside_a_home_it_is_nobodys():
    (e, *_) = told(cast(V2), "login01/scratch/share/a.cast")
    assert (e["account"], e["account_absence"], e["verb"]) == (None, "not_recorded", "other")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ([-1, "o", "x"], "time"),
        (["1", "o", "x"], "time"),
        ([True, "o", "x"], "time"),
        ([1e30, "o", "x"], "time"),
        ([1, "header", "x"], "shape"),
        ([1, "o"], "shape"),
        ([1, 2, "x"], "shape"),
        ("x", "shape"),
        ({"version": 4}, "value"),
        ({"event": [1, "o", "x"]}, "value"),
        (V2 | {"timestamp": "x"}, "time"),
    ],
)
def test_what_cannot_be_is_rejected_and_its_neighbours_are_read(line, why):
    parsed = asciicast.parse(cast(V2, line, EVENTS[0]), 0)
    assert parsed.rejected["why"].to_pylist() == [why]
    assert parsed.records["kind"].to_pylist() == ["header", "o"]


def test_known_by_its_header():
    assert recognise(cast(V2), "x") == recognise(cast(V3), "x") == "asciicast"
    assert recognise(cast({"version": 2, "a": 1}), "x.cast") is None
    assert recognise(cast({"version": 2.0, "width": 80}), "x.cast") is None
