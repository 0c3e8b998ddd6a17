"""Printed login records: what each form means, and agreement with another reader of them."""

import json
import re
from pathlib import Path

import pyarrow as pa
import pytest

from forensics.core import clock
from forensics.core.tables import FILE
from forensics.formats import last_output, recognise
from forensics.readings import last_output as reading

ROOT = Path(__file__).parents[1]
UPSTREAM = ROOT.parent / "shared" / "samples" / "jc" / "tests" / "fixtures"
ANCHOR_NS = 1_795_446_697_000_000_000
SEALED = "a" * 64


def records(text):
    return last_output.parse(text.encode(), 0).records.to_pylist()


def told(text, path="login01/root/last.txt", zone="UTC"):
    found = last_output.parse(text.encode(), 0).records
    sealed = found.add_column(0, "sha256", pa.array([SEALED] * found.num_rows, pa.string()))
    file = {"sha256": SEALED, "path": path, "host": "login01", "bytes": 1, "kind": "file", "held": "copied"}
    file |= dict.fromkeys(("parsed", "rejected", "ignored"), 0) | {"domain": "login01:user"}
    files = FILE.build({name: [file.get(name)] for name in FILE.names})
    return reading.read(sealed, files, zone=zone, anchor_ns=ANCHOR_NS)["event"].to_pylist()


BEGINS = "\nwtmp begins Mon Nov  2 10:00:00 2026\n"
MEI = "mei      pts/0        10.0.0.11        Mon Nov 23 15:11 - 16:42  (01:31)    \n"


def test_an_entry_says_who_where_from_and_when_to_the_minute():
    (e, _) = told(MEI + BEGINS)
    assert (e["verb"], e["outcome"], e["account"], e["tty"], e["address"]) == (
        "login", "success", "mei", "pts/0", "10.0.0.11",
    )  # fmt: skip
    assert e["latest_ns"] - e["earliest_ns"] == 60 * 10**9 - 1
    assert clock.written(e["earliest_ns"]) == "2026-11-23T15:11:00.000Z"
    assert "(year inferred)" in e["text"]


@pytest.mark.parametrize(
    ("wall", "year"), [("Mon Nov 23 15:11", 2026), ("Sun Nov 23 15:11", 2025), ("Thu Feb 29 01:00", 2024)]
)
def test_the_weekday_tells_the_year_that_was_not_printed(wall, year):
    (e, _) = told(f"mei      pts/0        10.0.0.11        {wall}   still logged in\n" + BEGINS)
    assert clock.written(e["earliest_ns"]).startswith(str(year))


def test_no_year_fits_a_date_that_never_was():
    (e, _) = told("mei      pts/0        10.0.0.11        Mon Feb 30 15:11   still logged in\n" + BEGINS)
    assert (e["earliest_ns"], e["account"]) == (None, "mei")


def test_a_printed_year_is_read_and_not_inferred():
    (e, _) = told(
        "mei      pts/0        10.0.0.11        Mon Nov 24 15:11:02 2014 - crash   (1+02:03)\n" + BEGINS
    )
    assert clock.written(e["earliest_ns"]) == "2014-11-24T15:11:02.000Z"
    assert "inferred" not in e["text"]


def test_a_zone_given_by_its_letters_is_not_guessed():
    (e,) = told("utx.log begins Wed May 27 12:46:05 PDT 2020\n")
    assert e["earliest_ns"] is None


@pytest.mark.parametrize(
    ("user", "account"),
    [("mlteam-t ", None), ("mlteam   ", "mlteam"), ("mlteam-training ", "mlteam-training")],
)
def test_a_name_that_may_be_cut_short_names_nobody(user, account):
    (e, _) = told(f"{user}pts/0        10.0.0.11        Mon Nov 23 15:11   still logged in\n" + BEGINS)
    assert (e["verb"], e["account"]) == ("login", account)
    assert user.strip() in e["text"]
    assert (e["account_absence"] == "not_readable") == (account is None)


@pytest.mark.parametrize(
    ("remote", "address"),
    [("10.0.0.11", "10.0.0.11"), ("2001:db8::7309:4", None), ("2001:db8::1", "2001:db8::1"), ("0.0.0" + ".0", None), ("gw", None)],
)  # fmt: skip
def test_an_address_that_may_be_cut_short_is_none(remote, address):
    (e, _) = told(f"mei      pts/0        {remote:16} Mon Nov 23 15:11   still logged in\n" + BEGINS)
    assert e["address"] == address


REFUSED = "hunter2  tty1                          Mon Nov 23 15:11 - 15:11  (00:00)    \n"


@pytest.mark.parametrize(
    ("text", "path", "verb"),
    [
        (REFUSED + "\nbtmp begins Mon Nov 23 15:11:37 2026\n", "login01/x.txt", "login_failed"),
        (REFUSED, "login01/root/lastb.txt", "login_failed"),
        (REFUSED.replace("tty1     ", "ssh:notty"), "login01/x.txt", "login_failed"),
        (REFUSED, "login01/x.txt", "other"),
        (REFUSED + BEGINS, "login01/x.txt", "login"),
        (REFUSED + MEI, "login01/x.txt", "login"),
    ],
)
def test_what_was_typed_at_a_refused_entry_is_no_account(text, path, verb):
    e = told(text, path)[0]
    assert (e["verb"], e["account"]) == (verb, "hunter2" if verb == "login" else None)


@pytest.mark.parametrize(
    "line",
    [
        "reboot   system boot  6.1.0-18-amd64   Mon Nov 23 15:11 - 16:42  (01:31)\n",
        "runlevel (to lvl 5)   6.1.0-18-amd64   Mon Nov 23 15:11 - 16:42  (01:31)\n",
        "           system boot  2026-11-23 12:13\n",
        "LOGIN      tty1         2026-11-23 12:13               841 id=tty1\n",
        "boot time                                  Mon Nov 23 12:46\n",
    ],
)
def test_a_state_of_the_host_is_nobodys(line):
    assert [(e["verb"], e["account_absence"]) for e in told(line)] == [("other", "not_applicable")]


def test_who_tells_an_entry_and_an_end():
    entry, end = told(
        "mei      + pts/0        2026-11-23 15:11 00:11        3709 (10.0.0.11)\n"
        "           pts/1        2026-11-23 15:28              3381 id=ts/1  term=0 exit=0\n"
    )
    assert (entry["verb"], entry["account"], entry["pid"], entry["address"]) == (
        "login",
        "mei",
        3709,
        "10.0.0.11",
    )
    assert (end["verb"], end["account"], end["account_absence"], end["tty"]) == (
        "logout",
        None,
        "not_recorded",
        "pts/1",
    )


def test_text_typed_into_a_name_moves_no_field():
    typed = "mei      pts/9        10.0.0.9   ssh:notty    10.0.0.66  Mon Nov 23 15:11:37 2026 - crash (1+01:59)\n"
    assert records(typed) == []
    cut = "mei tty1 ssh:notty    10.0.0.66        Mon Nov 23 15:11 - 15:11  (00:00)    \n"
    assert [(r["user"], r["line"], r["remote"]) for r in records(cut)] == [
        ("mei tty1", "ssh:notty", "10.0.0.66")
    ]


@pytest.mark.parametrize(
    ("printed", "seconds"),
    [("(00:31)", 1860), ("(1+02:03)", 93_780), ("(138+19:49)", 11_994_540), ("(-2:-24)", -8640)],
)
def test_durations(printed, seconds):
    (row,) = records(f"mei      pts/0                         Mon Nov 23 15:11 - 16:42 {printed}\n")
    assert row["duration_s"] == seconds


def minutes(duration):
    """How the other reader writes a duration: hours and minutes."""
    if duration is None:
        return None
    back, whole = duration < 0, abs(duration) // 60
    return f"-{whole // 60}:-{whole % 60}" if back else f"{whole // 60:02}:{whole % 60:02}"


def theirs(row):
    """A record in the words of the other reader: no terminal for `~` and `boot time`, `CONSOLE:` for a first `:`."""
    state = {"~": None, "boot time": None}
    remote = re.sub("^:", "CONSOLE:", row["remote"]) if row["remote"] else None
    user = row["user"] or {"boot time": "boot time"}.get(row["line"])
    named = {
        "user": user,
        "tty": state.get(row["line"], row["line"]),
        "hostname": remote,
        "login": row["wall"],
    }
    return named | {"logout": row["ended"], "duration": minutes(row["duration_s"])}


@pytest.mark.skipif(
    not UPSTREAM.exists(), reason="the samples of other projects are not beside this checkout"
)
@pytest.mark.parametrize("name", ["last", "last-w", "last-wF", "last-wixF", "last-crash", "lastb"])
@pytest.mark.parametrize("system", ["centos-7.7", "freebsd12", "osx-10.14.6"])
def test_agrees_with_jc_on_last(system, name):
    path = UPSTREAM / system / f"{name}.out"
    if not path.exists():
        pytest.skip("this system has no such sample")
    parsed = last_output.parse(path.read_bytes(), 0)
    assert parsed.rejected.num_rows == 0
    got = [theirs(r) for r in parsed.records.to_pylist() if r["kind"] == "last"]
    expected = json.loads(path.with_suffix(".json").read_text())
    assert got == [{key: row.get(key) for key in got[0]} for row in expected]
    assert recognise(path.read_bytes()[:65536], "x") == "last_output"


@pytest.mark.skipif(
    not UPSTREAM.exists(), reason="the samples of other projects are not beside this checkout"
)
@pytest.mark.parametrize(
    "name",
    [
        "centos-7.7/who",
        "centos-7.7/who-a",
        "generic/who-login-screen",
        "osx-10.14.6/who",
        "osx-10.14.6/who-a",
    ],
)
def test_agrees_with_jc_on_who(name):
    path = UPSTREAM / f"{name}.out"
    parsed = last_output.parse(path.read_bytes(), 0)
    assert parsed.rejected.num_rows == 0
    keys = {"time": "wall", "idle": "idle", "pid": "pid", "from": "remote"}
    rows = [r for r in parsed.records.to_pylist() if r["wall"]]
    for row, want in zip(rows, json.loads(path.with_suffix(".json").read_text()), strict=True):
        told_there = keys.keys() - ({"idle"} if "event" in want else set())
        assert {k: row[keys[k]] for k in told_there} == {k: want.get(k) for k in told_there}
        assert " ".join((want.get("comment") or "").split()) == (row["comment"] or "")
        if "event" not in want:
            assert (row["user"], row["line"]) == (want.get("user"), want["tty"])


W = """ 15:11:37 up 21 days,  5:11,  2 users,  load average: 0.08, 0.03, 0.05
USER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT
"""


@pytest.mark.parametrize(
    ("user", "since", "verb", "account"),
    [
        ("mei     ", "15:01  ", "other", None),
        ("mei     ", "Fri10  ", "other", None),
        ("mei     ", "03Nov26", "login", "mei"),
        ("mlteam-t", "03Nov26", "login", None),
    ],
)
def test_w_dates_only_what_is_older_than_a_week(user, since, verb, account):
    """Of the last days it says the clock or the weekday, and never of which day it is."""
    (up, e) = told(f"{W}{user} pts/0    10.0.0.11        {since}  1:02   0.05s  0.01s -bash\n")
    assert (up["verb"], up["earliest_ns"], e["verb"], e["account"]) == ("other", None, verb, account)
    assert (e["tty"], e["address"]) == ("pts/0", "10.0.0.11")
    if verb == "login":
        assert clock.written(e["earliest_ns"]) == "2026-11-03T00:00:00.000Z"
        assert e["latest_ns"] - e["earliest_ns"] == 25 * 3600 * 10**9 - 1
    else:
        assert e["earliest_ns"] is None


@pytest.mark.parametrize(
    "command", ["lin      pts/9    10.0.0.9 15:01 1.00s 0.05s 0.01s x", "x (10.0.0.9) exit=0 term=0", "  2 users,  load average: 1, 1, 1", "15:01"]
)  # fmt: skip
def test_a_command_that_w_shows_is_nobody_s_word(command):
    (_, e) = told(f"{W}kai      pts/2    -                03Nov26  1:02   0.05s  0.01s {command}\n")
    assert (e["verb"], e["account"], e["tty"], e["address"]) == ("login", "kai", "pts/2", None)
    assert e["text"].endswith(f"comment={' '.join(command.split())}")


@pytest.mark.parametrize("rows", [1, 2, 9])
def test_w_is_recognised_however_few_there_are(rows):
    row = "mei      pts/0    10.0.0.11        15:01    1:02   0.05s  0.01s -bash\n"
    assert recognise((W + row * rows).encode(), "login01/w.txt") == "last_output"
    for up in ("5 min", "21 days, 35 min", "1 day,  5:11", " 5:11"):
        text = W.replace("21 days,  5:11", up) + row
        assert recognise(text.encode(), "login01/w.txt") == "last_output"
        assert len(records(text)) == 2


LINES = sorted({
    line for path in (ROOT / "sample_logs" / "formats" / "last_output").iterdir() for line in path.read_bytes().splitlines()
})  # fmt: skip
ALONE = [
    b"         .       run-level 5",
    b"kai      pts/0        10.0.0.9         Mon Nov 23 15:11:48 2026 - Mon Nov 23 16:00:00 2026  (00:48)",
    b"kai      pts/0        10.0.0.9         Mon Nov 23 15:11:48 CET 2026   still logged in",
    b"kai      pts/0        10.0.0.9         2026-11-23T15:11:48+0100 - crash",
    b"kai      pts/0        10.0.0.9         2026-11-23T15:11:48+01:00   gone - no logout",
    b"kai      pts/0        10.0.0.9         Mon Nov 23 15:11   still logged in",
    b"wtmp begins Mon Nov  2 08:00:01 2026",
    b"kai      pts/0        2026-11-23 15:11 (10.0.0.9)",
    b"kai      pts/0        Nov 23 15:11",
]


def test_what_is_looked_for_first_keeps_no_listing_out(monkeypatch):
    """Each line by itself, all of them, and lines of other logs: the same as where nothing is looked for first."""
    heads = [line + b"\n" for line in [*LINES, *ALONE]]
    heads += [b"".join(heads), *(one + b"Sep  1 00:00:00 login01 cron[7]: x\n" for one in heads)]
    heads += [head.replace(b":", b";") for head in heads]
    quick = [last_output.recognise(head, "x") for head in heads]
    monkeypatch.setattr(last_output, "_STANDS", re.compile(b""))
    assert quick == [last_output.recognise(head, "x") for head in heads]
    assert quick.count(85) > len(ALONE)
    assert {last_output.recognise(line + b"\n", "x") for line in ALONE} == {85}
