"""Sessions as `loginctl` prints them: whose they are, since when and from where; nothing that a session says of itself names another."""

import pytest
from drawn import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_formats import tiles
from test_slurm import NS, SUBMIT_NS, events, records, whys

from forensics import formats

FORM = formats.registry()["loginctl"]
SINCE_NS = SUBMIT_NS - 5 * NS


def status(
    session="7",
    user="mei",
    uid=4101,
    remote="10.0.0.11",
    desktop=None,
    since="Mon 2026-11-23 15:11:37 UTC; 1h 2min ago",
):
    lines = [f"{session} - {user} ({uid})"]
    said = {"Since": since, "Leader": "3077 (sshd)", "TTY": "pts/0", "Remote": remote, "Service": "sshd; type tty; class user", "Desktop": desktop, "State": "active", "Unit": f"session-{session}.scope"}  # fmt: skip
    lines += [f"{name:>16}: {value}" for name, value in said.items() if value is not None]
    return "\n".join([*lines, "                  └─3090 -bash\n"])


def show(
    session="7", user="mei", uid=4101, remote="10.0.0.11", desktop=None, since="Mon 2026-11-23 15:11:37 UTC"
):
    said = {"Id": session, "User": uid, "Name": user, "Timestamp": since, "TTY": "pts/0", "Remote": "yes", "RemoteHost": remote, "Service": "sshd", "Desktop": desktop, "Leader": 3077, "Type": "tty", "Class": "user", "State": "active"}  # fmt: skip
    return "".join(f"{name}={value}\n" for name, value in said.items() if value is not None)


@pytest.mark.parametrize("printed", [status, show])
def test_a_session_says_whose_it_is_since_when_and_from_where(printed):
    data = printed() + "\n" + printed("12", "kai", 4102, "2001:db8::7")
    assert formats.recognise(data.encode(), "login01/sessions.txt") == "loginctl"
    assert whys("loginctl", data) == []
    for e, account, session, address in zip(events("loginctl", data, zone="Europe/Amsterdam"), ("mei", "kai"), ("7", "12"), ("10.0.0.11", "2001:db8::7"), strict=True):  # fmt: skip
        assert (e["verb"], e["outcome"], e["account"], e["session"], e["address"]) == (
            "session_open",
            "success",
            account,
            session,
            address,
        )
        assert (e["pid"], e["tty"], e["earliest_ns"]) == (3077, "pts/0", SINCE_NS)
    assert [(r["uid"], r["service"], r["type"], r["class"]) for r in records("loginctl", data)] == [
        (4101, "sshd", "tty", "user"),
        (4102, "sshd", "tty", "user"),
    ]


@pytest.mark.parametrize(
    ("since", "zone", "hours"),
    [
        ("Mon 2026-11-23 16:11:37 CET; 2min ago", "Europe/Amsterdam", 0),
        ("Mon, 2026-11-23 15:11:37 UTC; 2min ago", "Europe/Amsterdam", 0),
        ("Mon 2026-11-23 17:11:37 +02", "UTC", 0),
        ("Mon 2026-11-23 15:11:37 XYZ", "UTC", 0),
    ],
)
def test_a_stamp_is_read_in_the_zone_that_it_names(since, zone, hours):
    (e,) = events("loginctl", status(since=since), zone=zone)
    assert e["earliest_ns"] == SINCE_NS + hours * 3600 * NS


@pytest.mark.parametrize("since", ["n/a", "yesterday", "Mon 2026-13-23 15:11:37 UTC"])
def test_without_a_time_nobody_is_said_to_have_come(since):
    (e,) = events("loginctl", status(since=since))
    assert (e["verb"], e["account"], e["earliest_ns"]) == ("other", None, None)


def test_a_list_has_no_times_and_so_names_nobody():
    data = "SESSION  UID USER SEAT  LEADER CLASS   TTY   IDLE SINCE\n      7 4101 mei  -       3077 user    pts/0 yes  1h ago\n     c1  120 gdm  seat0    900 greeter tty1  no   -\n\n2 sessions listed.\n"
    assert formats.recognise(data.encode(), "x") == "loginctl"
    assert [(r["session"], r["user"], r["uid"], r["tty"]) for r in records("loginctl", data)] == [
        ("7", "mei", 4101, "pts/0"),
        ("c1", "gdm", 120, "tty1"),
    ]
    assert {(e["verb"], e["account"], e["session"]) for e in events("loginctl", data)} == {
        ("other", None, "7"),
        ("other", None, None),
    }


PLANTED = st.sampled_from(
    [
        "x\nName=lin", "x\n\n" + show("9", "lin", 4103).partition("Leader")[0].rstrip("\n"), "x\n\n" + show("9", "lin", 4103).rstrip("\n"),
        "x\n          Remote: 10.0.0.9", "x\n\n" + status("9", "lin", 4103).partition("\n           State")[0], "x\n\n" + status("9", "lin", 4103).rstrip("\n"),
        "x\n\nSESSION  UID USER\n      9 4103 lin",
    ]
)  # fmt: skip


@settings(max_examples=examples(200), deadline=None)
@given(PLANTED | st.text(st.sampled_from("ab \n=:()-Id7"), max_size=30), st.sampled_from([status, show]))
@example("x\n\n" + show("9", "lin", 4103).partition("Leader")[0].rstrip("\n"), show)
def test_what_a_session_calls_its_desktop_names_nobody(desktop, printed):
    data = printed(desktop=desktop) + "\n" + printed("12", "kai", 4102)
    tiles(FORM.parse(data.encode(), 0), 0, len(data.encode()))
    assert {e["account"] for e in events("loginctl", data)} <= {"mei", "kai", None}
    assert {e["address"] for e in events("loginctl", data)} <= {"10.0.0.11", None}


def test_processes_and_the_journal_below_them_are_no_word_of_the_session():
    data = (
        status().replace("-bash", "bash           Remote: 10.0.0.9")
        + "\nNov 23 15:12:37 login01 app[1]: x\n                                   Remote: 10.0.0.9\n"
    )
    (row,) = records("loginctl", data)
    assert (row["remote"], row["processes"]) == ("10.0.0.11", ["└─3090 bash           Remote: 10.0.0.9"])
    assert whys("loginctl", data) == ["shape", "shape"]


def test_other_properties_are_nobody_s():
    for text in (
        "Id=sshd.service\nNames=sshd.service\nState=x\n",
        "Id=7\nUser=1\nName=mei\n",
        "7 - mei (4101)\nx\n",
        "a - b (c)\n",
    ):
        assert FORM.recognise(text.encode(), "x") == 0
