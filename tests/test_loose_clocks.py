"""Clocks that one login, job or run alone ties to the others: nothing is moved by it, and nothing concluded that it speaks against."""

import pytest
from stage import SECOND, UIDS, Stage, claim

from forensics.analysis import clock_bounds, clock_table, clocks, corrections
from forensics.analysis.bands import Vote, hull
from forensics.core import ids
from forensics.core.roster import Question

SCRIPT = "/srv/proj/train.py"
NODE = "b" * 64
STEPS = {"late": 300, "early": -300, "most": 3500}


def staged(order, off_s):
    """mei's job on gpu01, whose trail and whose controller's log are off alike; others write its script on login01.

    Args:
        order: who writes the script, and when the job is submitted (`mei`).
        off_s: by how much those clocks are ahead, in seconds.
    """
    s = Stage(tied=False, bounds=True)
    s.enrol()
    sessions = {name: s.login(name) for name in ("kai", "lin", "mei")}
    for name in order:
        s.wait(60)
        if name == "mei":
            submitted(s, sessions["mei"])
        else:
            s.change(name, sessions[name], SCRIPT)
        s.wait(60)
    true = {}
    for row in s.rows:
        if row["host"] == "gpu01" and row["format"] == "auditd":
            row |= {"sha256": NODE, "event_id": ids.event_id(NODE, row["start"], row["stop"])}
            row["citations"] = [{"sha256": NODE, "start": row["start"], "stop": row["stop"]}]
        true[row["event_id"]] = row["earliest_ns"]
        if row["host"] == "gpu01" or row["format"] == "slurmctld":
            row["earliest_ns"], row["latest_ns"] = row["earliest_ns"] + off_s * SECOND, row["latest_ns"] + off_s * SECOND  # fmt: skip
    for job in s.jobs:
        for column in ("submit_ns", "start_ns", "end_ns"):
            job[column] += off_s * SECOND
    return s, true


def submitted(s, ses):
    """A job's submission on login01, and what its node's own kernel tells of it."""
    s.submit("mei", ses, "11", argv=("true",), outcome="FAILED", code=1, seconds=600)
    s.rows = [r for r in s.rows if r["format"] != "slurmd" and r["pid"] != 51_100]
    s.add("start", "slurmctld", "slurm:admin", host=None, job="11", object_kind="job", object="11")
    there = {"host": "gpu01", "domain": "gpu01:root", "clock": "gpu01:auditd", "effective": "mei", "uid": UIDS["mei"], "cwd": "/srv/proj", "object_kind": "path"}  # fmt: skip
    for pid, argv in (
        (900, ["/bin/bash", "/var/spool/slurmd/job00011/slurm_script"]),
        (901, ["python3", SCRIPT]),
    ):
        s.wait(1)
        s.add("execute", pid=pid, ppid=pid - 1, argv=argv, exe=argv[0], object=argv[0], **there)


def told(order, off_s, *claims):
    s, _ = staged(order, off_s)
    return s.examined(Question(jobs=("11",), claims=tuple(claim(*c) for c in claims)))


@pytest.mark.parametrize(
    "order", [("mei", "lin"), ("kai", "mei", "lin")], ids=["nobody_before", "kai_before"]
)
def test_who_wrote_after_the_start_is_not_who_wrote_what_the_job_read(order):
    """By the node's clock lin wrote before; the one submission that both clocks saw says how far apart they are."""
    done = told(order, 300, ("D13", "lin"), ("D09", "mei"))
    lin = next(a for a in done.in_question if a.account == "lin")
    assert (lin.person, lin.link, lin.why_link) == (None, "not_established", None)
    assert clock_bounds.MISSING in lin.missing
    assert clock_bounds.MISSING in done.judged[lin.act_id].missing
    assert done.answers[0].status == "untestable"
    assert done.asked[0].cause == "not_established"
    assert [a.person for a in done.in_question if a.account == "kai"] == ["kai"] * ("kai" in order)


def test_one_entry_of_clocks_that_are_hours_apart_is_not_heard():
    """It is more likely two things: a uid that submitted on one host, and another's job of a later hour."""
    s, _ = staged(("kai", "mei", "lin"), 8 * 3600 + 1200)
    found = clocks.compare(s.evidence(Question(jobs=("11",))))
    assert len(found) > 1
    assert {c.source: c.loose for c in found if c.loose is not None} == {}


def zoned(off_s, *, form="slurmctld"):
    """As `staged`, with clocks that agree, where the controller's log is written in a zone that is not taken for it, as one submission tells."""
    s, _ = staged(("mei", "kai"), 0)
    s.rows = [r for r in s.rows if (r["format"], r["verb"]) != ("slurmctld", "start")]
    for row in s.rows:
        if row["format"] == "slurmctld":
            row["earliest_ns"], row["latest_ns"] = row["earliest_ns"] + off_s * SECOND, row["latest_ns"] + off_s * SECOND  # fmt: skip
            row["clock"] = f"slurm:admin:{form}"
    return s


@pytest.mark.parametrize(
    ("off_s", "form", "heard"),
    [(2 * 3600, "slurmctld", True), (-8 * 3600, "slurmctld", True), (2 * 3600 + 900, "slurmctld", False), (2 * 3600, "wtmp", False)],
    ids=["hours_ahead", "hours_behind", "a_quarter_more", "of_no_zone"],
)  # fmt: skip
def test_one_entry_that_says_another_zone_is_heard_of_a_log_that_has_none(off_s, form, heard):
    s = zoned(off_s, form=form)
    case = s.evidence(Question(jobs=("11",)))
    found = clocks.compare(case)
    told_once = [c.clock for c in found if clocks.told_once(c)]
    assert told_once == [f"slurm:admin:{form}"] * heard
    assert ("zone_told_once" in clock_table.limits(found)) == heard
    wide = corrections.corrected(case, found, bounds=True).events
    (row,) = [r for r in wide.itertuples() if r.format == "slurmctld" and r.verb == "submit"]
    right = row.written_earliest_ns - off_s * SECOND
    assert (row.earliest_ns <= right <= row.latest_ns) == heard
    assert (row.written_earliest_ns, row.written_latest_ns) == (row.written_latest_ns - 999_999, row.written_latest_ns)  # fmt: skip


def test_an_entry_of_no_more_than_an_hour_says_no_zone():
    assert not any(clocks.told_once(c) for c in clocks.compare(zoned(600).evidence(Question(jobs=("11",)))))


def test_who_wrote_before_is_named_where_the_one_entry_leaves_that_open_to_no_doubt():
    done = told(("kai", "mei", "lin"), 0, ("D13", "kai"))
    assert [(a.person, a.link) for a in done.in_question] == [("kai", "derived")]
    assert done.answers[0].status == "contradicted"


@pytest.mark.parametrize("off_s", STEPS.values(), ids=STEPS)
def test_what_was_written_and_what_was_lie_within_the_bounds(off_s):
    s, true = staged(("kai", "mei", "lin"), off_s)
    case = s.evidence(Question(jobs=("11",)))
    found = clocks.compare(case)
    seen, wide = corrections.corrected(case, found), corrections.corrected(case, found, bounds=True)
    assert (seen.events["earliest_ns"].dropna() == seen.events["written_earliest_ns"].dropna()).all()
    rows = wide.events[wide.events["earliest_ns"].notna() & (wide.events["format"] != "sacct")]
    assert all(r.earliest_ns <= true[r.event_id] <= r.latest_ns for r in rows.itertuples())
    assert (rows["earliest_ns"] <= rows["written_earliest_ns"]).all()
    assert (rows["latest_ns"] >= rows["written_latest_ns"]).all()
    assert {c.source for c in found if c.loose is not None} >= {"gpu01:kernel"}


@pytest.mark.parametrize("off_s", STEPS.values(), ids=STEPS)
def test_records_of_jobs_hold_what_was_and_what_was_written(off_s):
    """Accounting tells the same start as the controller, whose clock one submission ties to the kernel's."""
    s, _ = staged(("mei",), off_s)
    begun = next(r for r in s.rows if r["verb"] == "start")
    told = "a" * 64
    s.rows.append({**begun, "format": "sacct", "clock": "slurm:admin:sacct", "sha256": told, "event_id": ids.event_id(told, 110, 120), "start": 110, "stop": 120})  # fmt: skip
    case = s.evidence(Question(jobs=("11",)))
    wide = corrections.corrected(case, clocks.compare(case), bounds=True)
    written, made = case.job_records.iloc[0], wide.job_records.iloc[0]
    for column in ("submit_ns", "start_ns"):
        assert made[column] <= min(written[column], written[column] - off_s * SECOND)
    assert made["end_ns"] >= max(written["end_ns"], written["end_ns"] - off_s * SECOND)


def test_without_a_name_a_cause_or_an_answer_there_is_nothing_to_take_back():
    done = told(("mei",), 0)
    assert not clock_bounds.rests_on_time([], [], [])
    assert clock_bounds.rests_on_time([], [j for j in done.asked if j.cause == "own_failure"], [])


def test_bounds_of_entries_that_do_not_agree_are_all_of_them():
    votes = [Vote("a", "a", 1, 10, -5, 5), Vote("b", "b", 2, 20, 900, 950)]
    assert hull(votes).stretches[0].lo.tolist() == [-5, -5]
    assert hull(votes).stretches[0].hi.tolist() == [950, 950]
