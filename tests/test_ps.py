"""Listings of processes: whatever a process calls itself fills no column but its own, and nobody is named by it."""

import pytest
from drawn import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_formats import tiles
from test_slurm import NS, SUBMIT_NS, events, records, whys

from forensics import formats

FORM = formats.registry()["ps"]
AUX = "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n"
EF = "UID          PID    PPID  C STIME TTY          TIME CMD\n"
LSTART = "    PID    PPID USER                      STARTED COMMAND\n"


def aux(user="mei", pid=8123, command="python3 train.py", start="15:11"):
    return f"{user:<8} {pid:>7} 99.0  2.0 912345 81234 pts/0    Rl+  {start:<7} 42:10 {command}\n"


def ef(user="mei", pid=8123, command="python3 train.py"):
    return f"{user:<8} {pid:>7} {8100:>7} 99 15:11 pts/0    00:42:10 {command}\n"


def lstart(user="mei", pid=8123, command="python3 train.py", start="Mon Nov 23 15:11:37 2026"):
    return f"{pid:>7} {8100:>7} {user:<8} {start:>24} {command}\n"


FORMS = [(AUX, aux), (EF, ef), (LSTART, lstart)]
COMMANDS = st.text(st.sampled_from("ab 1:+?Nov23"), max_size=40) | st.sampled_from(
    [
        "lin 9 1.0 1.0 1 1 pts/9 R 15:11 0:00 rm",
        AUX[:-1],
        EF[:-1],
        "    7       1 lin Mon Nov 23 15:11:37 2026 rm",
        "",
    ]
)


@settings(max_examples=examples(150), deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["mei", "mlteam-+", "4103", "a.b"]), COMMANDS), min_size=1, max_size=4
    ),
    st.sampled_from(FORMS),
)
@example([("mei", "lin 9 1.0 1.0 1 1 pts/9 R 15:11 0:00 rm")], (AUX, aux))
def test_what_a_process_calls_itself_is_in_the_last_column_alone(said, form):
    header, line = form
    data = header + "".join(line(user, 10 + n, command) for n, (user, command) in enumerate(said))
    tiles(FORM.parse(data.encode(), 0), 0, len(data.encode()))
    assert formats.recognise(data.encode(), "login01/ps.txt") == "ps"
    assert whys("ps", data) == []
    for n, ((user, command), row) in enumerate(zip(said, records("ps", data), strict=True)):
        assert (row["pid"], row["user"]) == (10 + n, None if user.endswith("+") else user)
        assert (row["command"] or "") == command.strip(" ")
    assert {(e["account"], e["verb"]) for e in events("ps", data)} == {(None, "other")}


@pytest.mark.parametrize(
    ("start", "zone", "hours"),
    [
        ("Mon Nov 23 15:11:37 2026", "UTC", 0),
        ("Mon Nov 23 15:11:37 2026", "Europe/Amsterdam", -1),
        ("15:11:37", "UTC", None),
        ("Nov 23", "UTC", None),
    ],
)
def test_only_a_start_with_its_day_and_clock_is_a_time(start, zone, hours):
    (e,) = events("ps", LSTART + lstart(start=start), zone=zone)
    assert e["earliest_ns"] == (None if hours is None else SUBMIT_NS - 5 * NS + hours * 3600 * NS)
    assert (e["pid"], e["ppid"], start in e["text"]) == (8123, 8100, True)


def test_listings_behind_one_another_are_read_each_under_its_own_header():
    data = AUX + aux() + "\n" + EF + ef(pid=9) + "ps: warning\n" + ef(pid=10)
    assert [(r["pid"], r["ppid"]) for r in records("ps", data)] == [(8123, None), (9, 8100), (10, 8100)]
    assert whys("ps", data) == ["shape"]
    assert whys("ps", data[:-1]) == ["shape", "truncated"]
    assert whys("ps", aux()) == ["shape"]


@pytest.mark.parametrize(
    "header",
    [
        "PID TTY TIME CMD",
        "COMMAND PID USER FD TYPE DEVICE SIZE/OFF NODE NAME",
        "USER COMMAND PID CMD",
        "USER PID PID COMMAND",
        "USER PID TIME",
    ],
)
def test_other_headers_are_nobody_s(header):
    assert FORM.recognise(f"{header}\nmei 1 1 x\n".encode(), "x") == 0
    assert FORM.recognise(f"{AUX}nothing\n".encode(), "x") == 0
