"""Evidence of very many jobs, none of which anybody asked about: what is looked at, what is told, and what is only counted."""

from collections import Counter

import fixtures_findings as made
import pytest
from investigated import found
from stage import Stage

from forensics.analysis import impact, inquiry
from forensics.core.roster import Question
from forensics.render import bounded, document

UIDS = {"kai": 2001, "lin": 2002, "mei": 2003}
HEAD = "JobID|JobIDRaw|Cluster|User|UID|JobName|State|ExitCode|Submit|Start|End|Elapsed|AllocTRES|NodeList\n"
FOREIGN = 350
"""The place of the one job that somebody other than its owner ended."""
WINDOW = 'window = ["2026-11-10T02:00:00Z", "2026-11-10T03:00:00Z"]\n'


def accounting(count, foreign=(FOREIGN,)):
    """A month of jobs, one a minute, each ended by its owner, but for some; by number alone, as accounting names who asked."""
    rows = [HEAD]
    for n in range(count):
        owner = sorted(UIDS)[n % 3]
        by = UIDS["lin"] if n in foreign and owner != "lin" else UIDS[owner]
        day, minute = divmod(n, 1440)
        at = f"2026-11-{10 + day:02d}T{minute // 60:02d}:{minute % 60:02d}:"
        rows.append(
            f"{100 + n}|{100 + n}|ml|{owner}|{UIDS[owner]}|train|CANCELLED by {by}|0:0|{at}00|{at}05|{at}40|00:00:35|cpu=1,node=1|gpu01\n"
        )
    return {"slurm/sacct.psv": "".join(rows).encode()}


def asked(collected, about=""):
    return found(collected, roster=b"", about=about.encode())


def test_of_very_many_jobs_those_are_looked_at_that_somebody_else_ended():
    told = asked(accounting(inquiry.MOST_ASKED + 200))
    assert [(j["job"], j["owner"], j["why"]) for j in told["jobs"]] == [
        (str(100 + FOREIGN), "mei", impact.REQUEST_OF_ROW)
    ]
    assert [(a["job"], a["account"]) for a in told["acts"]] == [(str(100 + FOREIGN), f"uid {UIDS['lin']}")]
    assert told["jobs_not_listed"] == {"CANCELLED": inquiry.MOST_ASKED + 199}


def test_a_job_that_a_denial_is_about_is_looked_at_among_however_many():
    told = asked(accounting(inquiry.MOST_ASKED + 200), '[[claim]]\nid = "D01"\nby = "mei"\njob = "107"\n')
    assert [j["job"] for j in told["jobs"]] == ["107", str(100 + FOREIGN)]
    assert told["jobs_not_listed"] == {"CANCELLED": inquiry.MOST_ASKED + 198}


@pytest.mark.parametrize(("by", "kept"), [("mei", []), ("kai", ["11"]), ("nobody listed", ["11"])])
def test_an_act_in_the_owner_s_account_by_another_key_is_looked_at(monkeypatch, by, kept):
    """Who entered it with a key that is not on record as the owner's can be somebody else."""
    monkeypatch.setattr(inquiry, "MOST_ASKED", 0)
    s = Stage()
    s.enrol()
    own = s.login("mei")
    s.submit("mei", own, "11")
    s.wait(20)
    s.cancel("mei", s.login("mei", by=by, device="mei"), "11")
    done = s.examined(Question())
    assert [job.job for job in done.asked] == kept
    assert done.unlisted == ({} if kept else {"CANCELLED": 1})


def test_of_few_jobs_all_are_looked_at():
    told = asked(accounting(40))
    assert len(told["jobs"]) == len(told["acts"]) == 40
    assert "jobs_not_listed" not in told


def test_a_job_that_is_asked_about_is_looked_at_among_however_many():
    told = asked(accounting(inquiry.MOST_ASKED + 200), 'jobs = ["107"]\n')
    assert [(j["job"], j["cause"], j["acts"]) for j in told["jobs"]] == [
        ("107", "not_established", ["A0001"])
    ]
    assert "jobs_not_listed" not in told


def test_without_jobs_those_are_asked_about_that_ended_in_the_window():
    told = asked(accounting(300), WINDOW)
    assert [int(j["job"]) for j in told["jobs"]] == list(range(100 + 120, 100 + 180))


def test_the_owner_s_own_number_is_the_owner_s_own_account():
    """Accounting names who asked by number; the job's own row says whose that is, though no register was collected."""
    told = asked(accounting(6, foreign=(5,)))
    by = {a["job"]: a["account"] for a in told["acts"]}
    assert by == {
        "100": "kai",
        "101": "lin",
        "102": "mei",
        "103": "kai",
        "104": "lin",
        "105": f"uid {UIDS['lin']}",
    }
    assert {j["why"] for j in told["jobs"]} == {impact.REQUEST_OF_ROW}
    assert {a["account_level"]["verdict"] for a in told["acts"]} == {"inconclusive"}


def test_acts_on_other_jobs_bear_on_a_job_only_where_they_are_on_files():
    """What `explain` is handed of other jobs' acts is all that it looks at of them."""
    assert not impact.ELSEWHERE & impact.REQUESTS
    assert {"modify_file", "replace_file", "delete_file", "plant", "timestomp"} == impact.ELSEWHERE


# The report


def many(jobs, acts):
    """Findings with many jobs, the last of which have acts."""
    few = made.findings()
    job, act = few["jobs"][0], few["acts"][0]
    every = [{**job, "job": f"j{n}", "acts": []} for n in range(jobs)]
    done = [{**act, "id": f"A{n:04d}", "job": f"j{jobs - 1 - n}" if n < jobs else None} for n in range(acts)]
    for one in done:
        if one["job"]:
            every[int(one["job"][1:])]["acts"].append(one["id"])
    return {
        **few,
        "jobs": every,
        "acts": done,
        "claims": [],
        "jobs_not_listed": {"FAILED": 1000, "TIMEOUT": 234},
    }


def heads(told):
    said = ["".join(r["v"] if isinstance(r["v"], str) else "".join(r["v"]) for r in b["runs"]) for b in told.content["blocks"] if b["t"] == "h"]  # fmt: skip
    return Counter(said)


def tables(told):
    return {
        "".join(t["head"]): ["".join("".join(r["v"]) for r in row[0]["runs"]) for row in t["rows"]]
        for t in told.content["blocks"]
        if t["t"] == "table"
    }


def text(content):
    """All that a document says, without its notes."""
    if isinstance(content, dict):
        if "runs" in content:
            return "".join("".join(run["v"]) for run in content["runs"]) + "\n"
        return "".join(map(text, content.values()))
    return "".join(map(text, content)) if isinstance(content, list) else ""


@pytest.fixture(scope="module")
def told():
    return document.build(many(1000, 300), events=made.events(), files=made.files())


def test_jobs_with_acts_are_told_first_and_the_others_as_rows(told):
    one_by_one = {name.removeprefix("Job ") for name in heads(told) if name.startswith("Job j")}
    assert one_by_one == {f"j{n}" for n in range(700, 700 + bounded.MOST_JOBS)}
    rows = tables(told)["JobOwnerOutcomeCauseActs"]
    assert rows == [f"j{n}" for n in range(bounded.MOST_ROWS)]


def test_acts_are_told_one_by_one_as_far_as_there_is_room(told):
    parts = [name.split(":")[0] for name in heads(told) if name.startswith("A0")]
    # The jobs told one by one are 700 to 799, whose acts are the last.
    assert parts == [f"A{n:04d}" for n in range(200, 300)]
    assert tables(told)["ActTime (UTC)WhatObjectAccountJobPerson"] == [
        f"A{n:04d}" for n in range(bounded.MOST_ROWS)
    ]


def test_what_is_not_told_is_counted(told):
    said = text(told.content)
    for count in (
        "Of 900 other jobs the first 200",
        "Of 300 acts the first 200",
        "There are 1,234 more jobs",
    ):
        assert count in said
    assert "1,000: see the section that sums up" in said


def test_few_jobs_and_acts_are_all_told():
    whole = document.build(many(30, 30), events=made.events(), files=made.files())
    assert sum(name.startswith("Job j") for name in heads(whole)) == 30
    assert sum(name.startswith("A0") for name in heads(whole)) == 30
    said = text(whole.content)
    assert "Other jobs in question" not in said
    assert "have a part of their own" not in said


def disagreeing(kind, number, says):
    statements = [{"what": f"sacct: {word}", "citations": []} for word in says]
    return {"about": f"{kind} {number}", "kind": kind, "says": statements}


def hole(kind, number):
    return {
        "kind": kind,
        "source": "an audit log" if kind == "silence" else f"log {number}",
        "when": [None, None],
    }


@pytest.fixture(scope="module")
def flooded():
    """Findings into which somebody has many contradictions and gaps written, the honest ones after them."""
    findings = many(1, 1)
    findings["contradictions"] = [
        *(disagreeing("sources_disagree", n, ["RUNNING", "FAILED"]) for n in range(300)),
        disagreeing("asserted_author", 1, ["x"] * 500 + ["the honest word"]),
    ]
    findings["gaps"] = [*(hole("silence", n) for n in range(500)), hole("logging_off", 1)]
    return document.build(findings, events=made.events(), files=made.files())


def test_of_a_flood_of_contradictions_the_first_of_each_kind_is_told(flooded):
    said = text(flooded.content)
    assert said.count("The sources do not agree on") == bounded.MOST_CONTRADICTIONS
    assert "asserted_author 1" in said
    assert "sources_disagree 98" in said
    assert "sources_disagree 99" not in said
    assert "Of 301 contradictions 100 are told here" in said


def test_of_a_flood_of_statements_those_that_differ_are_told_first(flooded):
    said = text(flooded.content)
    assert "the honest word" in said
    assert said.count("sacct: x") == bounded.MOST_SAID - 1
    assert "Of 501 statements 20 are told here" in said


def test_of_a_flood_of_gaps_the_first_of_each_kind_and_source_is_told(flooded):
    said = text(flooded.content)
    assert "Of 501 gaps 200 are told here" in said
    assert "log 1" in said


def test_what_is_told_of_very_many_is_in_their_order():
    every = [{"kind": kind} for kind in "aaabab"]
    assert bounded.spread(every, lambda one: one["kind"], 3) == [0, 1, 3]
    assert bounded.spread(every, lambda one: one["kind"], 6) == [0, 1, 2, 3, 4, 5]
