"""Refused entries and what runs by the clock are counted instead of held: the findings are those of all lines."""

import sys
from functools import cache
from pathlib import Path

import investigated
import pytest
from drawn import EVERY

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "bench"))

import both_ways  # noqa: E402 - a script's folder is no package

INCIDENT = ROOT / "sample_logs" / "incidents" / "script_edit"
LOG = "login01/var/log/crowd.log"
SSHD, ACCOUNT, OF_TRAIL = 3077, "mei", 3659
"""Whose login it is that the incident begins with; a process of its audit trail."""
pytestmark = pytest.mark.xdist_group("script_edit")


def line(seconds, program, message, host="login01"):
    """A line so many seconds after a quarter past three."""
    minute, second = divmod(seconds, 60)
    return f"Nov 23 15:{15 + minute:02d}:{second:02d} {host} {program}: {message}\n"


def refused(seconds, pid=61_000):
    return line(
        seconds, f"sshd[{pid}]", f"Failed password for invalid user admin from 203.0.113.9 port {pid} ssh2"
    )


def said(seconds):
    """A line that is held in any case."""
    return line(seconds, "sshd[700]", "Server listening on 0.0.0.0 port 22.")


def cron(seconds, pid, *, opened=True, account="root", host="login01"):
    said = f"opened for user {account}(uid=0) by (uid=0)" if opened else f"closed for user {account}"
    return line(seconds, f"CRON[{pid}]", f"pam_unix(cron:session): session {said}", host)


def knocks(*moments):
    return "".join(refused(at, 61_000 + n) for n, at in enumerate(moments))


def ticks(first, last, host="login01", account="root"):
    return "".join(
        cron(at, 64_000 + at, opened=at % 2 == 0, host=host, account=account) for at in range(first, last)
    )


def of_process(pid):
    return "".join(cron(at, pid, opened=at % 2 == 0) for at in range(140, 160))


MANY = knocks(*range(60))
LOGS = {
    "many": {LOG: MANY + ticks(70, 130) + of_process(65_000)},
    "going back by little": {LOG: knocks(100, 200) + said(300) + knocks(260, 220) + said(180) + knocks(400, 500)},
    "going back": {LOG: knocks(100, 200, 300, 310, 320, 200, 210, 220, 400, 500)},
    "copied": {LOG: MANY, "login01/var/log/old/crowd.log": MANY.replace(refused(30, 61_030), "")},
    "rotated": {LOG: knocks(*range(100, 160)), LOG + ".1": knocks(*range(60))},
    "told twice": {LOG: ticks(0, 60), "login01/var/log/cron.log": ticks(1, 61)},
    "of the process of a login": {LOG: MANY + cron(70, SSHD, opened=False, account=ACCOUNT) + ticks(80, 99)},
    "of the number of a login": {
        "login02/var/log/crowd.log": "".join(
            cron(at, SSHD, account=ACCOUNT, host="login02") + cron(at + 1, 65_000, host="login02") for at in range(0, 60, 2)
        )
    },
    "of two hosts": {LOG: MANY + ticks(60, 70, host="login09") + ticks(70, 90)},
}  # fmt: skip


def beside_each_other(logs):
    """The logs of all of them in one case, each in a folder of its own on its host."""
    return {
        path.replace("/var/log/", f"/var/log/{n}/"): text
        for n, of_one in enumerate(logs)
        for path, text in of_one.items()
    }


APART = ("many", "rotated")
"""Of which it is asked besides how much of them is held."""
TOGETHER = {what: LOGS[what] for what in APART} | {
    "all others together": beside_each_other([logs for what, logs in LOGS.items() if what not in APART])
}


def collected(more):
    evidence = INCIDENT / "evidence"
    found = {str(p.relative_to(evidence)): p.read_bytes() for p in evidence.rglob("*") if p.is_file()}
    return found | {name: text.encode() for name, text in more.items()}


def compared(more):
    roster, about = ((INCIDENT / f"{name}.toml").read_bytes() for name in ("roster", "case"))
    return both_ways.of(collected(more), roster, about, investigated.DESK)


@cache
def of_logs(what):
    return compared((TOGETHER | LOGS)[what])


@pytest.fixture(scope="module")
def plain():
    return compared({})


@pytest.mark.parametrize("what", TOGETHER | LOGS if EVERY else TOGETHER)
def test_the_findings_are_those_of_all_lines(what):
    assert of_logs(what).differs == []


def test_what_is_many_is_not_held(plain):
    """Of each kind of line of a file and a host, the first and the last."""
    with_them = of_logs("many")
    assert with_them.events - plain.events == 140
    assert with_them.held - plain.held < 10


def test_lines_of_a_rotated_log_are_no_copies(plain):
    assert of_logs("rotated").held - plain.held < 10


def test_sessions_of_a_process_that_the_trail_tells_of_are_held(plain):
    """A number that the audit trail has on that host too can be that process's; of the many above one process has as many, and they are not."""
    assert compared({LOG: of_process(OF_TRAIL)}).held - plain.held > 10
