"""Recorded terminals of `script`: what is dated, and what only lies between."""

from importlib import import_module

import pyarrow as pa
import pytest

from forensics.core import clock
from forensics.core.tables import FILE
from forensics.formats import recognise, registry

STARTED = b'Script started on 2026-11-23 15:11:37+00:00 [TTY="/dev/pts/3"]\n'
DONE = b'\nScript done on 2026-11-23 15:20:00+00:00 [COMMAND_EXIT_CODE="0"]\n'
S = 1_795_446_697


def told(form, data, *paths):
    found = registry()[form].parse(data, 0).records
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
    held = [file | {"path": path} for path in paths or ("login01/home/mei/typescript",)]
    files = FILE.build({name: [row.get(name) for row in held] for name in FILE.names})
    reading = import_module(f"forensics.readings.{form}")
    return reading.read(sealed, files, zone="UTC", anchor_ns=None)["event"].to_pylist()


def between(events):
    return [
        None
        if e["earliest_ns"] is None
        else tuple(clock.written(e[c])[11:19] for c in ("earliest_ns", "latest_ns"))
        for e in events
    ]


def test_output_lies_between_the_first_and_the_last_line():
    events = told("typescript", STARTED + b"$ ls\r\nloss.py\r\n" + DONE)
    start, end, both = ("15:11:37", "15:11:37"), ("15:20:00", "15:20:00"), ("15:11:37", "15:20:00")
    assert between(events) == [start, both, both, end]
    assert [e["text"] for e in events][1:3] == ["$ ls", "loss.py"]
    assert {e["account"] for e in events} == {"mei"}


@pytest.mark.parametrize(
    "planted", [b"Script done on 2020-01-01 00:00:00+00:00\r\n", STARTED.replace(b"26", b"20")]
)
def test_output_that_reads_like_a_mark_dates_nothing(planted):
    events = told("typescript", STARTED + planted + b"x\n" + DONE)
    assert between(events) == [
        ("15:11:37", "15:11:37"),
        *[("15:11:37", "15:20:00")] * 2,
        ("15:20:00", "15:20:00"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        STARTED.replace(b"2026-11-23 15:11:37+00:00", b"Mo 23 Nov 2026 15:11:37 CET") + b"x\n" + DONE,
        STARTED + b"x\n",
        b"y\n" + STARTED + b"x\n" + DONE,
        STARTED + b"x\n" + DONE.replace(b"2026", b"2020"),
    ],
)
def test_output_without_both_ends_has_no_time(data):
    (event,) = [e for e in told("typescript", data) if e["text"] == "x"]
    assert (event["earliest_ns"], event["latest_ns"], event["clock"]) == (None, None, None)


def seconds(events):
    return [None if e["earliest_ns"] is None else (e["earliest_ns"] - S * 10**9) / 10**9 for e in events]


HEAD = b"H 0.000000 START_TIME 2026-11-23 15:11:37+00:00\n"


def test_delays_add_up_from_the_start_told():
    data = HEAD + b"O 0.500000 12\nI 1,250000 1\nS 0.250000 SIGWINCH ROWS=50 COLS=100\n"
    events = told("script_timing", data)
    assert seconds(events) == [0, 0.5, 1.75, 2.0]
    assert [e["text"] for e in events][1:] == [
        "output 12 bytes",
        "input 1 bytes",
        "signal SIGWINCH ROWS=50 COLS=100",
    ]
    assert seconds(told("script_timing", data, "login01/home/mei/a", "login01/home/kai/a")) == [
        0,
        0,
        0.5,
        0.5,
        1.75,
        1.75,
        2,
        2,
    ]


def test_a_start_told_below_output_dates_nothing():
    assert seconds(told("script_timing", b"O 0.500000 12\n" + HEAD + b"O 0.100000 1\n")) == [None] * 3
    later = HEAD.replace(b"2026", b"2020")
    assert seconds(told("script_timing", HEAD + b"O 0.500000 12\n" + later)) == [0, 0.5, 0.5]


def test_the_classic_form_has_no_start():
    (e,) = told("script_timing", b"0.015974 4\n")
    assert (e["earliest_ns"], e["text"]) == (None, "output 4 bytes")


def test_known_by_content():
    assert recognise(STARTED + b"\0\xff", "x") == "typescript"
    assert recognise(HEAD + b"O 0.500000 12\n", "x") == "script_timing"
    assert recognise(b"0.015974 4\n1.250000 120\n", "x") == "script_timing"
    assert recognise(b"0.5 4\n1.2 120\n", "x.timing") is None
    assert recognise(b"$ " + STARTED, "typescript") is None
