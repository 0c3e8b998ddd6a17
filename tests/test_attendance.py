"""Whether a session was open as something was done, where the clock of its host was set in between."""

import pandas as pd
import pytest
from stage import SECOND, Stage, analysed

from forensics.analysis import attendance, findings
from forensics.core.roster import Question

HOUR = 3600 * SECOND
STEPS = {"set_back": -HOUR, "not_set": 0, "set_forward": 2 * HOUR}


def numbered(s, *, since, by):
    """The analysis of a day whose host's clock is set before one of its records; the kernel numbers them in their order."""
    for row in s.rows[since:]:
        row["earliest_ns"], row["latest_ns"] = row["earliest_ns"] + by, row["latest_ns"] + by
    own = {r["event_id"]: 1000 + n for n, r in enumerate(s.rows) if r["format"] == "auditd"}
    case = s.evidence(Question(jobs=("11",)))
    case.events["serial"] = pd.array([own.get(e) for e in case.events["event_id"]], "Int64")
    return analysed(case)


def day(by):
    """kai goes before the clock is set, dao comes after lin's act; lin comes before and acts after it, mei stays."""
    s = Stage()
    s.enrol()
    s.submit("mei", s.login("mei"), "11", seconds=7200)
    kai = s.login("kai")
    s.wait(300)
    lin = s.login("lin")
    s.wait(60)
    s.logout("kai", kai)
    s.wait(3300)
    since = len(s.rows)
    s.cancel("lin", lin, "11", effective="mei")
    s.wait(30)
    s.login("dao")
    s.wait(30)
    s.logout("lin", lin)
    return numbered(s, since=since, by=by)


@pytest.mark.parametrize("by", STEPS.values(), ids=STEPS)
def test_who_was_there_is_told_by_the_kernel_s_numbers_whatever_the_clock_wrote(by):
    done = day(by)
    act = next(a for a in done.acts if a.act == "cancel")
    there = {s.account: attendance.open_then(done.scene, s, act) for s in done.sessions}
    assert there == {"mei": True, "kai": False, "lin": True, "dao": False}
    assert there == {s.account: attendance.at_work_then(done.scene, s, act) for s in done.sessions}


@pytest.mark.parametrize("by", STEPS.values(), ids=STEPS)
def test_nobody_who_was_there_is_said_not_to_be(by):
    done = day(by)
    told = findings.findings(done)["exculpatory"]
    absent = {x["person"] for x in told if x["kind"] == "no_login_session_open_then"}
    assert absent == {"kai", "dao"}


def test_without_numbers_what_the_clocks_wrote_decides():
    done = day(0)
    act = next(a for a in done.acts if a.act == "cancel")
    done.scene.evidence.events["serial"] = pd.NA
    done.scene.evidence.memo.clear()
    there = {s.account: attendance.open_then(done.scene, s, act) for s in done.sessions}
    assert there == {"mei": True, "kai": False, "lin": True, "dao": False}
    act.earliest_ns = None
    assert not any(attendance.at_work_then(done.scene, s, act) for s in done.sessions)
