"""Audit logs of two hosts that were copied into one, and do not name their host: nobody is named by what can be the other's."""

import re

import pandas as pd
import pytest
from drawn import some
from test_innocent import AUDIT, collected, found

from forensics.analysis import mixed

pytestmark = pytest.mark.xdist_group("shared_account")
STAMP = re.compile(rb"audit\((\d+)\.(\d+):(\d+)\)")
ASKED = (6375, 6377)
"""The two requests to end a job, in kai's session 42 of the shared account."""


def line_key(line):
    return tuple(map(int, STAMP.search(line).groups()))


def numbered(line, number):
    return re.sub(rb":\d+\):", b":%d):" % number, line, count=1)


def later(line, seconds):
    second, ms, number = line_key(line)
    return STAMP.sub(b"audit(%d.%03d:%d)" % (second + seconds, ms, number), line, count=1)


def two_logs():
    """Login01's own without those requests, its numbers closed up; and the requests alone, which another host's session 42 made."""
    log = re.sub(rb"^node=login01 ", b"", collected("shared_account")[AUDIT], flags=re.MULTILINE)
    lines = log.splitlines(keepends=True)
    own = [line for line in lines if line_key(line)[2] not in ASKED]
    own = [numbered(line, line_key(line)[2] - sum(n < line_key(line)[2] for n in ASKED)) for line in own]
    other = [re.sub(rb"pid=(\d+)", rb"pid=2\1", line) for line in lines if line_key(line)[2] in ASKED]
    return own, other


def told(log):
    return found("shared_account", collected("shared_account") | {AUDIT: b"".join(log)})["acts"]


PUT = {
    "after": lambda own, other: own + other,
    "before": lambda own, other: other + own,
    "among": lambda own, other: sorted(own + other, key=line_key),
}


@pytest.mark.parametrize(("how", "back"), some([(how, back) for back in (20, 600) for how in PUT], 3))
def test_a_number_that_two_records_have_names_nobody(how, back):
    own, other = two_logs()
    acts = told(PUT[how](own, [numbered(line, line_key(line)[2] - back) for line in other]))
    assert [(a["act"], a["person"]["name"]) for a in acts] == [("cancel", None)] * 2
    assert all(mixed.MISSING in a["missing"] for a in acts)


@pytest.mark.parametrize(
    ("how", "place"), some([(how, place) for place in ("first", "last") for how in PUT], 4)
)
def test_numbers_and_times_that_run_apart_name_nobody(how, place):
    """No number is given twice: the other host's are all lower, or all higher. The entry, or the act, is the one that is out of order."""
    own, other = two_logs()
    ends = [line_key(line)[2] for line in own]
    number = dict(zip(ASKED, (min(ends) - 2, min(ends) - 1) if place == "first" else (max(ends) + 1, max(ends) + 2), strict=True))  # fmt: skip
    other = [numbered(line, number[line_key(line)[2]]) for line in other]
    # Session 42 stays open for an hour more.
    ended = next(n for n, line in enumerate(own) if b"USER_END" in line and b" ses=42 " in line)
    own = own[:ended] + [later(line, 3600) for line in own[ended:]]
    if place == "first":
        other = [later(line, 90) for line in other]
    acts = told(PUT[how](own, other))
    assert {a["person"]["name"] for a in acts} == {None}
    # By commands of one account no clock is set: where they are an hour and more from what was asked, they are not found.
    lacking = {"command_of_request", "session"} if place == "first" else {mixed.MISSING}
    assert all(lacking <= set(a["missing"]) for a in acts)


def records(*rows):
    columns = ["boot", "serial", "earliest_ns", "verb", "session", "pid"]
    table = pd.DataFrame(rows, columns=columns).assign(format="auditd")
    table["earliest_ns"] *= 1_000_000_000
    return table.assign(latest_ns=table["earliest_ns"] + 999_999)


@pytest.mark.parametrize(
    ("rows", "apart"),
    [
        ([(0, 1, 10, "execute", "3", 5), (0, 2, 11, "execute", "3", 5)], []),
        ([(0, 1, 10, "execute", "3", 5), (0, 1, 10, "loginuid", "3", 5)], []),  # one record, two events
        ([(0, 1, 10, "execute", "3", 5), (0, 1, 12, "execute", "3", 5), (0, 9, 30, "execute", "4", 5)], [0, 1, 2]),
        ([(0, 1, 10, "execute", "3", 5), (1, 1, 12, "execute", "3", 5)], []),
        ([(0, 1, 50, "execute", "3", 5), (1, 1, 10, "execute", "3", 5), (1, 1, 12, "execute", "3", 5)], [1, 2]),
        ([(0, 1, 100, "execute", "3", 5), (0, 2, 40, "execute", "3", 5)], []),
        ([(0, 1, 101, "execute", "3", 5), (0, 2, 40, "execute", "3", 5), (0, 3, 101, "execute", "3", 5)], [1]),
        ([(0, 1, 10, "loginuid", "3", 5), (0, 2, 11, "loginuid", "3", 6)], [0, 1]),
        ([(0, 1, 10, "loginuid", "3", 5), (0, 2, 11, "loginuid", "4", 6)], []),
        ([(0, 1, 10, "loginuid", "3", 5), (1, 1, 11, "loginuid", "3", 6)], []),
    ],
)  # fmt: skip
def test_what_one_kernel_cannot_have_written(rows, apart):
    table = records(*rows)
    told = mixed.told(table)
    assert sorted(told.index[told]) == apart
