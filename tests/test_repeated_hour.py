"""The hour that comes twice as summer time ends, in what logs without a zone write: what is staged here was written by `last`, bash and a syslog of that day."""

import struct
from datetime import UTC, datetime

import numpy as np
import pytest
from stage import SECOND

from forensics.analysis import corrections
from forensics.pipeline import inmemory

ZONE = b'title = "the night of 25 October"\nzone = "Europe/Amsterdam"\n'
LOG = "login01/var/log/auth.log"
WTMP = "login01/var/log/wtmp"


def utc(hour, minute=0):
    return int(datetime(2026, 10, 25, hour, minute, tzinfo=UTC).timestamp())


def lines(*told):
    return "".join(f"Oct 25 {at} login01 sshd[{pid}]: {text}\n" for at, pid, text in told).encode()


def entered(who, port=40000):
    return f"Accepted publickey for {who} from 10.0.0.2 port {port} ssh2: ED25519 SHA256:{'A' * 43}"


def closed(who):
    return f"pam_unix(sshd:session): session closed for user {who}"


def steps(log):
    # A list that has dates says which year the log is of.
    held = {LOG: log, WTMP: record(7, 101, "pts/0", "kai", utc(0, 30))}
    found = inmemory.investigated(held, None, ZONE)
    return [g["source"] for g in found["gaps"] if g["kind"] == "clock_step"]


BOTH = lines(
    ("01:59:58", 99, "Server listening on 0.0.0.0 port 22."),
    ("02:30:00", 101, entered("kai")),
    ("02:10:00", 101, closed("kai")),
    ("02:30:00", 102, entered("lin", 40001)),
    ("03:10:00", 102, closed("lin")),
)


def test_lines_of_the_hour_that_comes_twice_do_not_go_back():
    assert steps(BOTH) == []


@pytest.mark.parametrize(
    ("when", "back"),
    [(("02:30:00", "02:10:00", "01:50:00"), "-00:20"), (("04:30:00", "04:10:00", "04:20:00"), "-00:20")],
    ids=["out_of_the_hour", "on_another_hour"],
)
def test_lines_that_go_back_are_still_told(when, back):
    log = lines(*((at, n, entered("kai", n)) for n, at in enumerate(when, 200)))
    assert [s.endswith(back) for s in steps(log)] == [True]


def by_definition(first, last, back):
    """For each line after another, whether no moment of its own is at, or less than `back` before, the moment of that."""
    found, at = [], None
    for a, b in zip(first, last, strict=True):
        wide = b - a > back
        now = min(max(at, a), b) if wide and at is not None else a
        found.append(at is not None and now - at < -back)
        at = now
    return found[1:]


@pytest.mark.parametrize("seed", range(20))
def test_agrees_with_the_definition(seed):
    random = np.random.default_rng(seed)
    first = random.integers(0, 7200, 12) * SECOND
    last = first + np.where(random.random(12) < 0.5, 3600, 1) * SECOND
    moved = corrections._onward(first, last)
    assert (np.diff(moved) < -60 * SECOND).tolist() == by_definition(first.tolist(), last.tolist(), 60 * SECOND)  # fmt: skip


def record(kind, pid, line, user, at):
    return struct.pack("<hxxi32s4s32s256shhiii4i20s", kind, pid, line.encode(), b"ts/0", user.encode(), b"10.0.0.2", 0, 0, 0, at, 0, 0, 0, 0, 0, b"")  # fmt: skip


LAST = b"""\
lin      pts/1        10.0.0.3         Sun Oct 25 02:30:00 2026 - Sun Oct 25 03:10:00 2026  (00:40)
kai      pts/0        10.0.0.2         Sun Oct 25 02:30:00 2026 - Sun Oct 25 02:10:00 2026  (00:40)

wtmp begins Sun Oct 25 02:00:00 2026
"""


def test_logins_of_that_hour_that_a_list_tells_have_both_hours_and_records_have_one(tmp_path):
    desk = inmemory.Desk(tmp_path)
    wtmp = record(7, 101, "pts/0", "kai", utc(0, 30)) + record(7, 102, "pts/1", "lin", utc(1, 30))
    history = b"#%d\nvim a.py\n#%d\nvim b.py\n" % (utc(0, 30), utc(1, 30))
    held = {WTMP: wtmp, "login01/live/last-F.txt": LAST, LOG: BOTH}
    held |= {"login01/home/kai/.bash_history": history, "login01/home/lin/.bash_history": b"ls\nvim c.py\n"}
    tables, _ = desk.tables(held, inmemory.asked.question(ZONE, "case.toml"))
    rows = tables["event"].to_pylist()

    def told(form, verb, account):
        own = [r for r in rows if (r["format"], r["verb"], r["account"]) == (form, verb, account)]
        spans = [(r["earliest_ns"], r["latest_ns"]) for r in own]
        return [tuple(None if v is None else v // SECOND for v in span) for span in spans]

    either = [(utc(0, 30), utc(1, 30))]
    assert told("last_output", "login", "kai") == told("last_output", "login", "lin") == either
    assert told("syslog", "login", "kai") == told("syslog", "login", "lin") == either
    assert told("wtmp", "login", "kai") == [(utc(0, 30), utc(0, 30))]
    assert told("wtmp", "login", "lin") == [(utc(1, 30), utc(1, 30))]
    commands = sorted(told("bash_history", "command", "kai"))
    assert commands == [(utc(0, 30), utc(0, 30)), (utc(1, 30), utc(1, 30))]
    assert told("bash_history", "command", "lin") == [(None, None), (None, None)]
