"""Refused entries and what runs by the clock are counted instead of held: the findings are those of all lines."""

import hashlib
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


def of_process(pid, first=140):
    return "".join(cron(at, pid, opened=at % 2 == 0) for at in range(first, first + 20))


MANY = knocks(*range(60))
LOGS = {
    "many": {LOG: MANY + ticks(70, 130) + of_process(65_000)},
    "going back by little": {LOG: knocks(100, 200) + said(300) + knocks(260, 220) + said(180) + knocks(400, 500)},
    "going back": {LOG: knocks(100, 200, 300, 310, 320, 200, 210, 220, 400, 500)},
    "copied": {LOG: MANY, "login01/var/log/old/crowd.log": MANY.replace(refused(30, 61_030), "")},
    "rotated": {LOG: knocks(*range(300, 360)), LOG + ".1": knocks(*range(200, 260))},
    "told twice": {LOG: ticks(0, 60), "login01/var/log/cron.log": ticks(1, 61)},
    "of the process of a login": {LOG: MANY + cron(70, SSHD, opened=False, account=ACCOUNT) + ticks(80, 99)},
    "of the number of a login": {
        "login02/var/log/crowd.log": "".join(
            cron(at, SSHD, account=ACCOUNT, host="login02") + cron(at + 1, 65_000, host="login02") for at in range(0, 60, 2)
        )
    },
    "of a process of the trail": {LOG: of_process(OF_TRAIL, 400)},
    "of two hosts": {LOG: MANY + ticks(60, 70, host="login09") + ticks(70, 90)},
}  # fmt: skip


def beside_each_other(logs):
    """The logs of all of them in one case, those of each in a folder of its own on its host."""
    return {where(what, path): text for what, of_one in logs.items() for path, text in of_one.items()}


def where(what, path):
    return path.replace("/var/log/", f"/var/log/{what.replace(' ', '_')}/")


COUNTED = ("many", "rotated", "of a process of the trail")
"""Of which it is asked besides how much of them is held: none has a line of another's, which could be its copy."""
TOGETHER = {
    name: beside_each_other({what: LOGS[what] for what in logs})
    for name, logs in {
        "those that are counted": COUNTED,
        "all others": [w for w in LOGS if w not in COUNTED],
    }.items()
}


def collected(more):
    evidence = INCIDENT / "evidence"
    found = {str(p.relative_to(evidence)): p.read_bytes() for p in evidence.rglob("*") if p.is_file()}
    return found | {name: text.encode() for name, text in more.items()}


def compared(more):
    roster, about = ((INCIDENT / f"{name}.toml").read_bytes() for name in ("roster", "case"))
    return both_ways.of(collected(more), roster, about, investigated.DESK)


@cache
def together(name):
    return compared(TOGETHER[name])


def counted(what, path=LOG):
    """How many events a file of the logs that are counted has, and how many of them were held."""
    name = "those that are counted"
    sha256 = hashlib.sha256(TOGETHER[name][where(what, path)].encode()).hexdigest()
    return together(name).of_files[sha256]


@pytest.mark.parametrize("what", [*TOGETHER, *(LOGS if EVERY else ())], ids=str)
def test_the_findings_are_those_of_all_lines(what):
    """Logs beside each other, of which each that is told otherwise by what is held of it turns this red; and each alone, if all are asked for."""
    assert (together(what) if what in TOGETHER else compared(LOGS[what])).differs == []


def test_what_is_many_is_not_held():
    """Of each kind of line of a file and a host, the first and the last."""
    events, held = counted("many")
    assert events == 140
    assert held < 10


def test_lines_of_a_rotated_log_are_no_copies():
    counts = [counted("rotated", path) for path in LOGS["rotated"]]
    assert [events for events, _ in counts] == [60, 60]
    assert sum(held for _, held in counts) < 10


def test_sessions_of_a_process_that_the_trail_tells_of_are_held():
    """A number that the audit trail has on that host too can be that process's; of the many above one process has as many, and they are not."""
    assert counted("of a process of the trail")[1] > 10
