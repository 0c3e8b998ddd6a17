"""How a job ended: by rows that a user can have typed, by sources that differ, by none. A change is no cause of what is not known."""

from types import SimpleNamespace

import pandas as pd
import pytest
from alterations import without
from stage import SECOND, T0, UIDS, Stage, claim
from test_altered import collected, found_in
from test_attribution import SCRIPT

from forensics.analysis import imitated, job_ends
from forensics.analysis.jobs import Job
from forensics.core.roster import Question

KAI = 4102
ONE_ROW = ("not_established", "changed_file_and_one_row_of_end")
DIFFER = ("not_established", "sources_disagree_on_outcome")
CHANGED = ("act", "job_read_changed_file")
ASKED = ("act", "act_on_job")
ROW = ("not_established", "request_told_by_one_row")


def day(outcome="TIMEOUT", **known):
    """Kai changes mei's script, honestly, and her job runs it; accounting alone tells how that ended."""
    made = Stage()
    made.enrol()
    mei, kai = made.login("mei"), made.login("kai")
    made.change("kai", kai, SCRIPT, owner="mei")
    made.submit("mei", mei, "11", outcome=outcome)
    made.jobs[0] |= known
    return made


def beside(made, fmt, **known):
    """Another record of the job."""
    made.jobs.append(made.jobs[0] | {"format": fmt, "sha256": "d" * 64} | known)
    return made


def says(made, text, verb="end", at=60, fmt="slurmctld"):
    """A line of the controller's, so many seconds after the job's start."""
    when = made.jobs[0]["start_ns"] + at * SECOND
    made.add(
        verb,
        fmt,
        "slurm:admin",
        host=None,
        job="11",
        object_kind="job",
        object="11",
        text=text,
        when=when,
    )
    return made


def cause(made):
    [job] = made.examined(Question(jobs=("11",))).asked
    return job.cause, job.why


@pytest.mark.parametrize(
    ("made", "left"),
    [
        (day, ONE_ROW),
        (lambda: day(format="sacct_padded"), ONE_ROW),
        (lambda: day(format="jobcomp"), ONE_ROW),
        (lambda: beside(day(), "sacct_padded"), ONE_ROW),
        (lambda: beside(day(), "squeue", outcome="RUNNING", state="RUNNING"), ONE_ROW),
        (lambda: says(day(), "_job_complete: JobId=11 done"), ONE_ROW),
        (lambda: says(day(), "Time limit exhausted for JobId=11", at=-3600), ONE_ROW),
        (lambda: says(day(), "done with job", fmt="slurmd"), ONE_ROW),
        (lambda: day(format="sacct_json"), CHANGED),
        (lambda: day(outcome=None, state=None, exit_signal=9), CHANGED),
        (lambda: beside(day(), "jobcomp"), ONE_ROW),
        (lambda: beside(day(), "jobcomp_json"), CHANGED),
        (lambda: beside(day(), "scontrol_job"), CHANGED),
        (lambda: says(day(), "Time limit exhausted for JobId=11"), CHANGED),
        (lambda: says(day("NODE_FAIL"), "node gpu01 not responding", "fault"), ("infrastructure", "scheduler_says_node_fail")),
    ],
)  # fmt: skip
def test_a_row_that_alone_says_how_a_job_ended_makes_no_change_its_cause(made, left):
    """Whoever submits a job can have a row of another's printed, where the listing lacks that job."""
    assert cause(made()) == left


@pytest.mark.parametrize(
    ("outcome", "text", "left"),
    [
        ("CANCELLED", "_job_complete: JobId=11 WEXITSTATUS 1", DIFFER),
        ("TIMEOUT", "_job_complete: JobId=11 WEXITSTATUS 1", DIFFER),
        ("COMPLETED", "_job_complete: JobId=11 WEXITSTATUS 1", DIFFER),
        ("TIMEOUT", "_job_complete: JobId=11 WEXITSTATUS 0", DIFFER),
        ("COMPLETED", "_job_complete: JobId=11 WEXITSTATUS 0", CHANGED),
        ("CANCELLED", "_job_complete: JobId=11 WTERMSIG 15", CHANGED),
    ],
)
def test_a_record_that_the_controller_tells_otherwise_makes_no_change_the_cause(outcome, text, left):
    assert cause(says(day(outcome), text)) == left


@pytest.mark.parametrize(
    ("more", "left"),
    [
        ("_job_complete: JobId=11 OOM failure", CHANGED),
        ("Time limit exhausted for JobId=11", CHANGED),
        ("_job_complete: JobId=11 done", DIFFER),
    ],
)
def test_an_exit_status_beside_what_ended_the_job_is_no_other_end(more, left):
    """A script that its signal reaches can leave with a status of its own."""
    made = says(day("TIMEOUT"), "_job_complete: JobId=11 WEXITSTATUS 1")
    assert cause(says(made, more)) == left


def test_a_row_that_says_who_asked_is_none_where_the_controller_tells_of_an_end_without_a_request():
    """Nor does it say how the job ended, though no second record tells that otherwise."""
    made = day("CANCELLED", state=f"CANCELLED by {KAI}", requestor=str(KAI))
    assert cause(says(made, "_job_complete: JobId=11 WTERMSIG 9")) == DIFFER
    made = day("CANCELLED")
    assert cause(says(made, "_job_complete: JobId=11 WTERMSIG 9")) == CHANGED


def test_a_status_of_an_earlier_job_of_the_number_is_no_other_end():
    made = says(day(format="sacct_json"), "_job_complete: JobId=11 WEXITSTATUS 1", at=-3600)
    assert cause(made) == CHANGED


def test_where_records_differ_a_change_is_no_cause_either():
    """A row that was typed said that the job was cancelled, which nobody was known to have asked; it failed with a code of its own."""
    made = beside(day("CANCELLED", exit_code=1), "jobcomp", outcome="FAILED", state="FAILED")
    assert cause(made) == DIFFER


@pytest.mark.parametrize(
    ("made", "left"),
    [
        (day, ("mixed", "no_act_established_as_cause", ["second_record_of_job_s_end"])),
        (
            lambda: day(outcome=None, state=None),
            ("mixed", "no_act_established_as_cause", ["record_of_job_s_end"]),
        ),
        (lambda: day(format="sacct_json"), ("contradicted", "acts_in_sessions_of_speaker", [])),
    ],
)
def test_a_denial_of_whoever_changed_a_file_is_not_contradicted_where_no_act_is_the_cause(made, left):
    """That one changed the script is on record; that it harmed the job is not."""
    done = made().examined(Question(jobs=("11",), claims=(claim("D01", "kai", "lin"), claim("D06", "kai"))))
    status, why, missing = left
    told = [(a.status, a.why, list(a.missing[-1:])) for a in done.answers]
    assert told[0] == left
    assert told[1] == (
        (status, why, missing) if status == "mixed" else (status, "acts_in_login_sessions", [])
    )


@pytest.mark.parametrize(
    ("fmt", "status"), [("sacct", "mixed"), ("sacct_json", "supported")]
)  # fmt: skip
def test_nor_is_it_supported_that_another_did_it(fmt, status):
    asked = Question(jobs=("11",), claims=(claim("D01", "lin", "kai"),))
    assert [a.status for a in day(format=fmt).examined(asked).answers] == [status]


def test_a_request_that_ended_the_job_answers_a_denial_whatever_its_rows_say():
    made = day()
    kai = made.login("kai")
    made.cancel("kai", kai, "11")
    done = made.examined(Question(jobs=("11",), claims=(claim("D01", "kai", "lin"),)))
    assert [a.status for a in done.answers] == ["contradicted"]


def line(verb="end", text=None, at=60, fmt="slurmctld", uid=4102, event="e1"):
    when = pd.NA if at is None else at * SECOND
    return SimpleNamespace(verb=verb, format=fmt, earliest_ns=when, text=text, uid=uid, event_id=event)


STATUS = "_job_complete: JobId=11 WEXITSTATUS {}"


@pytest.mark.parametrize(
    ("outcome", "lines", "told_in", "disputed"),
    [
        ("TIMEOUT", [], {"sacct"}, False),
        ("TIMEOUT", [line("fault", fmt="slurmd")], {"sacct", "slurmd"}, False),
        ("TIMEOUT", [line("job_signal", fmt="auditd")], {"sacct", "auditd"}, False),
        ("CANCELLED", [line("kill_request"), line(text=STATUS.format(1))], {"sacct", "slurmctld"}, False),
        ("CANCELLED", [line("kill_request", at=-9), line(text=STATUS.format(1))], {"sacct", "slurmctld"}, True),
        ("CANCELLED", [line("kill_request", at=-3), line(text=STATUS.format(1))], {"sacct", "slurmctld"}, False),
        ("CANCELLED", [line("kill_request", at=None), line(text=STATUS.format(1))], {"sacct", "slurmctld"}, False),
        ("CANCELLED", [line(text=STATUS.format(1))], {"sacct", "slurmctld"}, True),
        ("CANCELLED", [line("kill_request", uid=pd.NA)], {"sacct"}, False),
        ("CANCELLED", [line("kill_request", uid=pd.NA, fmt="k8s_audit")], {"sacct", "k8s_audit"}, False),
        ("CANCELLED", [line("kill_request", uid=pd.NA), line(text=STATUS.format(1))], {"sacct", "slurmctld"}, True),
        ("CANCELLED", [line(text=STATUS.format(1), fmt="slurmd")], {"sacct"}, False),
        ("CANCELLED", [line("other", text=STATUS.format(1))], {"sacct"}, False),
        ("NODE_FAIL", [line(text=STATUS.format(0))], {"sacct", "slurmctld"}, False),
        ("PREEMPTED", [line(text=STATUS.format(1))], {"sacct", "slurmctld"}, False),
        (None, [line(text=STATUS.format(1))], {"sacct", "slurmctld"}, False),
        ("COMPLETED", [line(text=STATUS.format(1)), line(text=STATUS.format(0))], {"sacct", "slurmctld"}, False),
        ("COMPLETED", [line(text=STATUS.format(0)), line(text=STATUS.format(1))], {"sacct", "slurmctld"}, True),
    ],
)  # fmt: skip
def test_what_lines_tell_of_a_job_s_end(outcome, lines, told_in, disputed):
    """A log of requests, or of trouble, bears a row out; of a status that is another end, its own log is one that tells of it."""
    for was in (False, True):
        job = Job("11", outcome=outcome, submit_ns=0, end_told_in={"sacct"}, end_disputed=was)
        job_ends.told(job, lines)
        assert (job.end_told_in, job.end_disputed) == (told_in, disputed or was)


def test_a_line_that_a_user_can_have_typed_neither_bears_out_nor_disputes_an_end():
    """Behind a queue that is not there, a line of the controller's bears out a row which the same one typed."""
    told = [
        line(text=STATUS.format(1), event="typed"),
        line(text="Time limit exhausted for JobId=11", event="own"),
    ]
    for lines, told_in, disputed in ((told, {"sacct", "slurmctld"}, False), (told[:1], {"sacct"}, False)):
        job = Job("11", outcome="CANCELLED", submit_ns=0, end_told_in={"sacct"})
        job_ends.told(job, lines, {"typed"})
        assert (job.end_told_in, job.end_disputed) == (told_in, disputed)
    for before, left in (
        ("_valid_job_part: invalid partition specified: x", ONE_ROW),
        ("sched: Allocate JobId=12", CHANGED),
    ):
        made = day()
        when = made.jobs[0]["end_ns"]
        made.add("other", "slurmctld", "slurm:admin", host=None, text=before, when=when)
        assert cause(says(made, "Time limit exhausted for JobId=11")) == left
        assert cause(beside(made, "scontrol_job")) == CHANGED


def test_a_step_that_was_cancelled_disputes_no_end_that_all_tell_alike():
    made = beside(day("TIMEOUT"), "scontrol_job")
    row = made.jobs[0]
    made.jobs.append(
        row
        | {
            "step": "0",
            "state": f"CANCELLED by {KAI}",
            "outcome": "CANCELLED",
            "requestor": str(KAI),
            "start": row["stop"],
            "stop": row["stop"] + 10,
        }
    )
    assert [one.of_sources for one in made.evidence().typed] == [True]
    assert cause(made) == CHANGED


def test_rows_of_one_file_that_differ_in_another_word_dispute_no_end():
    made = beside(day("CANCELLED"), "scontrol_job")
    row = made.jobs[0]
    made.jobs.append(row | {"elapsed_s": 1, "start": row["stop"] + 90, "stop": row["stop"] + 100})
    assert [one.of_sources for one in made.evidence().typed] == [False]
    assert cause(made) == CHANGED


def test_of_several_jobs_one_that_an_act_harmed_is_enough():
    """What is asked is who harmed the jobs: that of one it is not known does not take back what is known of the other."""
    made = day(format="sacct_json")
    made.submit("mei", made.login("mei"), "12", outcome="TIMEOUT")
    asked = Question(jobs=("11", "12"), claims=(claim("D01", "kai", "lin"),))
    done = made.examined(asked)
    assert [j.why for j in done.asked] == [CHANGED[1], ONE_ROW[1]]
    assert [a.status for a in done.answers] == ["contradicted"]


def test_where_no_job_is_asked_about_a_denial_is_answered_by_the_acts():
    made = Stage()
    made.enrol()
    made.run("kai", made.login("kai"), ["auditctl", "-e", "0"], effective="root")
    asked = Question(window=(T0, made.at + 3600 * SECOND), claims=(claim("D01", "kai", "lin"),))
    assert [a.status for a in made.examined(asked).answers] == ["contradicted"]


@pytest.mark.parametrize(
    ("name", "left", "answer"),
    [
        pytest.param("script_edit", CHANGED, ("D01", "contradicted"), marks=pytest.mark.xdist_group("script_edit")),
        pytest.param("script_edit, timed out", ONE_ROW, ("D01", "mixed"), marks=pytest.mark.xdist_group("script_edit")),
        pytest.param("poisoned_checkpoint", CHANGED, ("D09", "contradicted"), marks=pytest.mark.xdist_group("poisoned_checkpoint")),
    ],
)  # fmt: skip
def test_a_staged_incident_of_which_one_listing_alone_tells(name, left, answer):
    """A payload that ran in the job is shown by the kernel, whatever a row says; that an edit did harm rests on how the job ended, as the owner's recorded command bears out."""
    name, _, other = name.partition(", ")
    everything = collected(name)
    if other:
        row = everything["slurm/sacct.psv"].replace(b"|CANCELLED by 4101|", b"|TIMEOUT|")
        everything = {**everything, "slurm/sacct.psv": row}
        everything["login01/var/log/audit/audit.log"] = b"".join(
            line
            for line in everything["login01/var/log/audit/audit.log"].splitlines(keepends=True)
            if b"scancel" not in line
        )
    others = [p for p in everything if p.startswith("slurm/") and p != "slurm/sacct.psv"]
    found = found_in(name, without(*others)(everything))
    job = found["jobs"][-1]
    assert (job["cause"], job["why"]) == left
    assert answer in [(c["id"], c["status"]) for c in found["claims"]]


@pytest.mark.xdist_group("poisoned_checkpoint")
def test_a_payload_that_ran_is_the_cause_beside_a_request_that_a_row_alone_tells_of():
    everything = collected("poisoned_checkpoint")
    others = [p for p in everything if p.startswith("slurm/") and p != "slurm/sacct.psv"]
    listing = everything["slurm/sacct.psv"].replace(b"|FAILED|", b"|CANCELLED by 4102|")
    found = found_in("poisoned_checkpoint", without(*others)({**everything, "slurm/sacct.psv": listing}))
    told = {a["act"]: a["effect"] for a in found["acts"]}
    assert (told["replace_file"], told["cancel"]) == ("shown", "possible")
    assert (found["jobs"][-1]["cause"], found["jobs"][-1]["why"]) == CHANGED


def requested(by, *formats, command=False, dated=True):
    """Mei's job is cancelled, and records of some formats say by whom; beside a command, or none."""
    made = Stage()
    made.enrol()
    mei, theirs = made.login("mei"), made.login("lin")
    made.submit("mei", mei, "11")
    made.jobs[0] |= {"format": formats[0], "requestor": str(UIDS[by]), "state": f"CANCELLED by {UIDS[by]}"}
    made.at = made.jobs[0]["end_ns"]
    if command:
        made.run(by, mei if by == "mei" else theirs, ["scancel", "11"])
    for n, fmt in enumerate(formats):
        made.add(
            "kill_request", fmt, "slurm:admin", host=None, job="11", uid=UIDS[by], object_kind="job", object="11",
            sha256=str(n) * 64, when=made.at if dated else None,
        )  # fmt: skip
    return made


@pytest.mark.parametrize(
    ("made", "left", "told"),
    [
        (requested("lin", "sacct"), ROW, ("inconclusive", "possible", True)),
        (requested("lin", "sacct", dated=False), ROW, ("inconclusive", "possible", True)),
        (requested("lin", "sacct", "sacct_padded"), ROW, ("inconclusive", "possible", True)),
        (requested("lin", "sacct_json"), ASKED, ("attributed", "shown", False)),
        (requested("lin", "sacct", "slurmctld"), ASKED, ("attributed", "shown", False)),
        (requested("lin", "sacct", command=True), ASKED, ("attributed", "shown", False)),
        (requested("mei", "sacct"), ROW, ("inconclusive", None, True)),
        (requested("mei", "sacct", command=True), ("none", "cancelled_by_owner"), ("attributed", None, False)),
        (requested("mei", "sacct_json"), ("none", "cancelled_by_owner"), ("attributed", None, False)),
    ],
)  # fmt: skip
def test_a_request_that_a_row_alone_tells_of_is_strong_of_no_account_and_no_cause(made, left, told):
    """Nor is a job its owner's to have ended by such a row: whoever did it can have typed that."""
    done = made.examined(Question(jobs=("11",), claims=(claim("D09", "mei"),)))
    [job], [act] = done.asked, [a for a in done.acts if a.act == "cancel"]
    account = done.judged[act.act_id].account
    assert (job.cause, job.why) == left
    assert (
        "attributed" if account.strength else "inconclusive", act.effect, imitated.SECOND_RECORD in act.missing,
    ) == told  # fmt: skip
    if left == ROW:
        assert [(a.status, a.missing[-1]) for a in done.answers] == [("untestable", imitated.SECOND_RECORD)]


def test_a_row_and_a_line_that_one_user_can_have_typed_do_not_bear_out_each_other():
    """A queue that is not there puts a line into the controller's log, and a comment a row into the listing."""
    made = requested("lin", "sacct")
    made.add(
        "other", "slurmctld", "slurm:admin", host=None, text="_valid_job_part: invalid partition specified: x"
    )
    made.add(
        "kill_request", "slurmctld", "slurm:admin", host=None, job="11", uid=UIDS["lin"], object_kind="job", object="11",
        text=f"_slurm_rpc_kill_job: REQUEST_KILL_JOB JobId=11 uid {UIDS['lin']}",
    )  # fmt: skip
    done = made.examined(Question(jobs=("11",)))
    [act] = [a for a in done.acts if a.act == "cancel"]
    assert done.judged[act.act_id].account.strength is None
    assert cause(made) == ROW


def test_a_row_bears_itself_out_by_no_request_that_it_tells_of():
    """That mei asked stands in the row that says that her job was cancelled."""
    made = day("CANCELLED", state=f"CANCELLED by {UIDS['mei']}", requestor=str(UIDS["mei"]))
    made.add(
        "kill_request", "sacct", "slurm:admin", host=None, job="11", uid=UIDS["mei"], object_kind="job", object="11", when=made.jobs[0]["end_ns"],
    )  # fmt: skip
    assert {a.act for a in made.examined(Question(jobs=("11",))).acts} >= {"cancel", "modify_file"}
    assert cause(made) == ONE_ROW


def test_a_request_on_record_is_the_cause_beside_one_that_a_row_alone_tells_of():
    made = requested("lin", "sacct")
    made.cancel("lin", "31", "11")
    made.rows[-1]["uid"] = UIDS["kai"]
    assert cause(made)[0] == "act"
