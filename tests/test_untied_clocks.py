"""Clocks that no record ties together: no order across them is concluded by less than they can be apart, and nothing else is lost."""

import re

import numpy as np
import pytest
from stage import SECOND, Stage, claim
from test_loose_clocks import SCRIPT, staged

from forensics.analysis import (
    clock_bounds,
    clock_table,
    clocks,
    corrections,
    evidence,
    examine,
    loose_ends,
    ties,
)
from forensics.analysis.parameters import parameters
from forensics.analysis.ties import Ties
from forensics.core import tables
from forensics.core.roster import Question
from forensics.render import phrases


def untied(order, off_s, *, before_s=60, form="sacct"):
    """As `staged`, where nothing but accounting tells of the job: no record of login01 and one of gpu01 tell the same.

    Args:
        order: who writes the script, and when the job is submitted (`mei`).
        off_s: by how much the clocks of gpu01 and of the scheduler are ahead, in seconds.
        before_s: how long before the rest the first of them writes.
        form: the format of the accounting.
    """
    s, _ = staged(order, off_s)
    s.rows = [r for r in s.rows if r["format"] != "slurmctld"]
    first = next(r["earliest_ns"] for r in s.rows if r["verb"] == "write")
    for row in s.rows:
        if row["earliest_ns"] is not None and row["earliest_ns"] <= first:
            row["earliest_ns"] -= (before_s - 60) * SECOND
            row["latest_ns"] -= (before_s - 60) * SECOND
    for job in s.jobs:
        job["format"] = form
    return s


def asked(s, *claims):
    return s.examined(Question(jobs=("11",), claims=tuple(claim(*c) for c in claims)))


def told(done):
    return [(a.account, a.person, a.link) for a in done.in_question]


def test_who_wrote_after_the_start_is_not_named_where_the_node_s_clock_is_minutes_ahead():
    """By what was written lin changed the script before the job read it; the node's clock was five minutes ahead."""
    done = asked(untied(("mei", "lin"), 300), ("D13", "lin"))
    assert told(done) == [("lin", None, "not_established")]
    act = done.in_question[0]
    assert clock_bounds.NOT_TIED in act.missing
    assert clock_bounds.NOT_TIED in done.judged[act.act_id].missing
    assert [(a.status, a.why) for a in done.answers] == [("untestable", clock_bounds.WHY_NOT_TIED)]
    assert done.asked[0].cause == "not_established"


def test_no_failure_is_a_job_s_own_where_a_change_can_have_been_before_it():
    """By what was written nobody changed the script before; the node's clock can have been behind."""
    done = asked(untied(("mei", "lin"), 0), ("D09", "mei"))
    assert (done.asked[0].cause, done.asked[0].why) == ("not_established", clock_bounds.WHY_NOT_TIED)
    assert [a.status for a in done.answers] == ["untestable"]


@pytest.mark.parametrize(
    ("before_s", "named"), [(400, False), (1200, True)], ids=["minutes_before", "long_before"]
)
def test_within_a_cluster_an_order_by_more_than_credentials_live_stands(before_s, named):
    done = asked(untied(("kai", "mei"), 0, before_s=before_s), ("D13", "kai"))
    expected = ("kai", "kai", "derived") if named else ("kai", None, "not_established")
    assert told(done) == [expected]


def test_between_hosts_of_no_one_cluster_no_order_within_a_day_stands():
    assert told(asked(untied(("kai", "mei"), 0, before_s=1200, form="pbs"))) == [
        ("kai", None, "not_established")
    ]


def test_what_rests_on_one_host_is_as_it_was_beside_a_host_that_nothing_ties():
    """Another host's trail, of no cluster and never tied, leaves names, links, causes and answers of this one alone."""

    def one_host(*, beside):
        s = Stage(tied=False, bounds=True)
        s.enrol()
        mei, kai = s.login("mei"), s.login("kai")
        s.submit("mei", mei, "11", argv=("python3", SCRIPT), outcome="FAILED", code=1)
        s.change("kai", kai, SCRIPT)
        s.submit("mei", mei, "12", argv=("python3", SCRIPT), outcome="CANCELLED")
        s.cancel("kai", kai, "12")
        if beside:
            for n in range(3):
                s.add("execute", host="web01", domain="web01:root", when=s.at - n * 100 * SECOND, pid=7 + n, argv=["ls"], exe="/bin/ls", uid=0, effective="root")  # fmt: skip
        question = Question(jobs=("11", "12"), claims=(claim("D01", "kai"), claim("D13", "kai")))
        return s.examined(question)

    alone, beside = one_host(beside=False), one_host(beside=True)
    assert len(set(beside.ties.group.values())) > len(set(alone.ties.group.values()))
    assert ("kai", "kai", "derived") in told(alone) or ("kai", "kai", "observed") in told(alone)
    assert told(beside) == told(alone)
    assert [(j.job, j.cause, j.why) for j in beside.asked] == [(j.job, j.cause, j.why) for j in alone.asked]
    assert [(a.status, a.why) for a in beside.answers] == [(a.status, a.why) for a in alone.answers]
    assert "clocks_not_tied" in clock_table.limits(beside.compared, beside.ties)


MOST = loose_ends.MOST_GROUPS
NO_REJECTS = evidence.frame(tables.REJECT.empty())


def several(count):
    """kai asks for the end of mei's job on one host; on some others, which nothing ties, lin writes a file of mei's each."""
    s = Stage(tied=False, bounds=True)
    s.enrol()
    mei, kai = (s.login(name) for name in ("mei", "kai"))
    s.submit("mei", mei, "11", argv=("python3", SCRIPT), outcome="CANCELLED")
    s.cancel("kai", kai, "11")
    for n in range(count):
        since, host = len(s.rows), f"web{n:02d}"
        s.change("lin", s.login("lin"), f"/srv/proj/notes{n}.py")
        for row in s.rows[since:]:
            row["host"] = host
            row["clock"], row["domain"] = (row[c].replace("login01", host) for c in ("clock", "domain"))
    return s.evidence(Question(jobs=("11",), claims=(claim("D01", "kai"), claim("D03", "kai"))))


def test_of_very_many_clocks_that_nothing_ties_those_of_the_acts_asked_about_are_looked_at(monkeypatch):
    """Of the others nothing is said that another clock could change; and no more analyses are made than a few."""
    case, passes = several(6), []
    whole = examine.examine(case, NO_REJECTS)
    again = examine._examined
    monkeypatch.setattr(examine, "_examined", lambda *a: passes.append(1) or again(*a))
    monkeypatch.setattr(loose_ends, "MOST_GROUPS", 1)
    few = examine.examine(several(6), NO_REJECTS)
    assert len(passes) == 3
    assert told(few) == told(whole) == [("kai", "kai", "observed")]
    assert [(a.status, a.why) for a in few.answers] == [(a.status, a.why) for a in whole.answers]
    named = [[a for a in done.acts if a.person == "lin"] for done in (whole, few)]
    assert [len(n) for n in named] == [6, 0]
    others = [a for a in few.acts if a.account == "lin"]
    assert all(clock_bounds.NOT_TIED in few.judged[a.act_id].missing for a in others)
    assert all(a.verdict == "inconclusive" for a in others)
    limits = [clock_table.limits(done.compared, done.ties) for done in (whole, few)]
    assert ["clocks_not_looked_at" in told for told in limits] == [False, True]
    assert re.findall(r"[0-9]+", phrases.LIMITS["clocks_not_looked_at"]) == [str(MOST)]


def test_a_record_that_both_tell_ties_their_machines_and_all_that_is_tied_to_these():
    s, _ = staged(("kai", "mei", "lin"), 0)
    case = s.evidence(Question(jobs=("11",)))
    found = ties.of(case, clocks.compare(case))
    assert set(found.group.values()) == {"gpu01"}
    assert not found.loose()
    assert found.beyond("gpu01") == {}


TWO = Ties(
    {"a": "login01", "b": "gpu01", "c": "slurm:admin", "d": "web01"},
    {"login01": "login01", "gpu01": "gpu01", "slurm:admin": "slurm:admin", "web01": "web01"},
    frozenset({"login01", "gpu01", "slurm:admin"}),
    frozenset({"slurm:admin"}),
    {"b": (5, 7)},
)


@pytest.mark.parametrize(
    ("one", "other", "seconds"),
    [
        ("login01", "login01", 0),
        ("login01", "slurm:admin", 300),
        ("gpu01", "login01", 600),
        ("gpu01", "web01", 93600),
    ],
)
def test_how_far_two_clocks_can_be_apart(one, other, seconds):
    assert TWO.width_ns(one, other) == TWO.width_ns(other, one) == seconds * SECOND


def test_a_group_s_own_clock_stands_and_all_others_are_early_and_late():
    wide = 600 * SECOND
    assert TWO.beyond("login01") == {
        "b": (5 - wide, 7 + wide),
        "c": (-wide // 2, wide // 2),
        "d": (-93600 * SECOND, 93600 * SECOND),
    }
    assert TWO.widest_ns() == 93600 * SECOND


@pytest.mark.parametrize(
    ("source", "clock", "machine"),
    [
        ("login01.lab:kernel", "login01.lab:auditd", "login01"),
        ("login01:syslog 0a", "login01:syslog", "login01"),
        ("login01:bash_history:between 0a", "login01:bash_history:between", "login01"),
        ("slurm:admin:sacct 0a", "slurm:admin:sacct", "slurm:admin"),
        ("10.0.0.9:syslog 0a", "10.0.0.9:syslog", "10.0.0.9"),
        ("git:reflog:git_reflog 0a", "git:reflog:git_reflog", None),
    ],
)
def test_whose_clock_dates_a_source(source, clock, machine):
    assert ties.machine(source, clock, {"login01", "login01.lab", "10.0.0.9"}) == machine


def test_times_are_wider_by_what_is_not_known_and_stay_in_the_calendar():
    s = untied(("kai", "mei"), 0)
    early = s.add("execute", host="gpu01", domain="gpu01:root", when=-(2**63) + 5, pid=1, exe="/bin/true")
    case = s.evidence(Question(jobs=("11",)))
    found = clocks.compare(case)
    by = {"gpu01:kernel": (-3 * SECOND, 7 * SECOND), f"slurm:admin:sacct {'a' * 64}": (-SECOND, 2 * SECOND)}
    seen = corrected(case, found, {})
    wide = corrected(case, found, by)
    own = seen.events["host"].eq("gpu01") & seen.events["event_id"].ne(early)
    rows, moved = seen.events[own], wide.events.loc[seen.events.index[own]]
    assert len(rows) > 1
    assert (rows["earliest_ns"] - moved["earliest_ns"]).unique().tolist() == [7 * SECOND]
    assert (moved["latest_ns"] - rows["latest_ns"]).unique().tolist() == [3 * SECOND]
    assert int(wide.events.at[early, "earliest_ns"]) == np.iinfo(np.int64).min + 1
    before, after = case.job_records.iloc[0], wide.job_records.iloc[0]
    assert before["start_ns"] - after["start_ns"] == 2 * SECOND
    assert after["end_ns"] - before["end_ns"] == SECOND


def corrected(case, found, by):
    return corrections.corrected(case, found, bounds=True, beyond=by)


def test_a_source_that_nothing_compares_is_as_far_off_as_another_of_its_machine():
    """slurmd's log says that gpu01 is five minutes ahead; the kernel's trail there, which nothing ties, is dated by the same clock."""
    s, _ = staged(("kai", "mei", "lin"), 300)
    for row in s.rows:
        if row["format"] == "slurmctld":
            row |= {"host": "gpu01", "clock": "gpu01:slurmctld"}
    history = s.add("execute", "bash_history", "gpu01:kai", host="gpu01", account="kai", text="ls")
    case = s.evidence(Question(jobs=("11",)))
    found = ties.of(case, clocks.compare(case))
    ((lo, hi),) = (w for source, w in found.beside.items() if "bash_history" in source)
    assert lo <= 0
    assert 290 * SECOND < hi < 340 * SECOND
    assert history in case.events.index


def test_the_words_of_the_limit_are_the_numbers_of_the_model():
    within = parameters().apart_s
    said = [int(n) for n in re.findall(r"\d+", phrases.LIMITS["clocks_not_tied"])]
    assert said == [within["cluster"], 2 * within["cluster"], within["unknown"] // 3600]
