"""Lines of Slurm's own logs that a user can have typed: a line end in a queue's name, a comment or a path begins a new one there."""

import pytest
from stage import SECOND, T0, UIDS, Stage, claim

from forensics.analysis import contradictions, typed_lines
from forensics.core.roster import Question

LIN = UIDS["lin"]
NO_QUEUE = "_valid_job_part: invalid partition specified: x"
REPEATED = [
    NO_QUEUE,
    "_job_create: invalid account or partition for user 4102, account 'x",
    "sched: _update_job: setting comment to x for JobId=20",
    "sched: _update_job: setting job name to x",
    "_update_job: setting StdOut to /home/kai/x",
]
OWN_WORDS = [
    "sched: _update_job: setting priority to 0 for JobId=20",
    "_slurm_rpc_submit_batch_job: JobId=20 InitPrio=1 usec=4",
    "update_node: node gpu01 state set to DOWN",
]


def day(*, outcome="FAILED", before=None, apart=0, verb="kill_request", fmt="slurmctld", **given):
    """Mei's job 11 failed; a line of a daemon's log tells of it, behind another line, so many lines after it."""
    made = Stage()
    made.enrol()
    made.submit("mei", made.login("mei"), "11", outcome=outcome, code=1 if outcome == "FAILED" else 0)
    made.wait()
    if before is not None:
        made.add("other", fmt, "slurm:admin", host=None, text=before)
    made.serial += apart
    line = {"uid": LIN, "text": "_slurm_rpc_kill_job: REQUEST_KILL_JOB JobId=11 uid 4103"}
    made.add(verb, fmt, "slurm:admin", host=None, job="11", object_kind="job", object="11", **line | given)
    return made


def told(made):
    """The uids that lines of the controller give to requests, and what is said of those that nothing bears out."""
    case = made.evidence()
    asked = case.events[
        (case.events["format"] == "slurmctld") & case.events["verb"].isin(["kill_request", "job_update"])
    ]
    return [int(uid) for uid in asked["uid"].dropna()], [one.said for one in case.alone]


@pytest.mark.parametrize("before", REPEATED)
def test_a_change_of_a_job_behind_what_a_user_typed_is_nobody_s(before):
    assert told(day(verb="job_update", before=before)) == ([], [f"uid {LIN} asked: job_update"])


@pytest.mark.parametrize("before", OWN_WORDS)
def test_a_change_behind_the_controller_s_own_words_is_who_asked_for_it_s(before):
    assert told(day(verb="job_update", before=before)) == ([LIN], [])


@pytest.mark.parametrize(("apart", "left"), [(41, []), (43, [LIN])])
def test_what_was_typed_is_short(apart, left):
    """The lines of the staged log are of a hundred bytes."""
    assert told(day(verb="job_update", before=NO_QUEUE, apart=apart))[0] == left


def test_another_log_s_words_say_nothing_of_this_one_s():
    made = day(verb="job_update", before=NO_QUEUE)
    made.rows[-2]["sha256"] = "f" * 64
    assert told(made) == ([LIN], [])


@pytest.mark.parametrize(
    ("outcome", "requestor", "left"),
    [
        ("FAILED", None, []), ("COMPLETED", None, []), ("CANCELLED", str(UIDS["kai"]), []),
        ("CANCELLED", None, [LIN]), ("RUNNING", None, [LIN]), ("PREEMPTED", None, [LIN]),
    ],
)  # fmt: skip
def test_a_request_to_end_a_job_is_nobody_s_where_accounting_tells_its_end_otherwise(
    outcome, requestor, left
):
    """Accounting names whoever had a job ended; where it says nothing of that, the line stands."""
    made = day(outcome=outcome)
    made.jobs[0]["requestor"] = requestor
    assert told(made)[0] == left


KAI = UIDS["kai"]


@pytest.mark.parametrize(
    ("left", "more"),
    [
        ([], {}),
        ([], {"named": {"account": "kai"}}),
        ([KAI], {"before": NO_QUEUE}),
        ([KAI], {"fmt": "sacct_json"}),
        ([KAI], {"command": True}),
        ([KAI], {"line": True}),
    ],
)
def test_a_row_that_the_controller_tells_otherwise_and_nothing_bears_out_is_nobody_s_either(left, more):
    """`sacct` quotes nothing: the row can be what was typed, as well as the line; a colleague was the account that had the job ended."""
    made = day(outcome="CANCELLED", before=more.get("before"))
    at, fmt = made.at, more.get("fmt", "sacct")
    made.jobs[0] |= {"requestor": str(KAI), "format": fmt}
    made.jobs.append(made.jobs[0] | {"job": "12", "owner": "kai", "owner_uid": KAI, "requestor": None})
    row = {"start": made.jobs[0]["start"], "stop": made.jobs[0]["stop"], "sha256": made.jobs[0]["sha256"]}
    named = more.get("named", {"uid": KAI})
    made.add(
        "kill_request",
        fmt,
        "slurm:admin",
        host=None,
        job="11",
        object_kind="job",
        object="11",
        **row,
        **named,
    )
    if more.get("command"):
        made.run("kai", made.login("kai"), ["scancel", "11"])
        made.rows[-1]["earliest_ns"] = made.rows[-1]["latest_ns"] = at
    if more.get("line"):
        made.add(
            "kill_request",
            "slurmctld",
            "slurm:admin",
            host=None,
            job="11",
            object_kind="job",
            object="11",
            uid=KAI,
        )
    case = made.evidence()
    asks = case.events[case.events["verb"] == "kill_request"]
    rows = asks[asks["format"] == fmt]
    assert [int(uid) for uid in rows["uid"].dropna()] == left
    assert rows["account"].isna().all()
    asked = case.job_records.loc[case.job_records["job"] == "11", "requestor"]
    assert asked.dropna().tolist() == [str(KAI)] * len(left)
    said = [(one.log, one.said) for one in case.alone]
    assert ((fmt, f"uid {KAI} asked: kill_request") in said) == (not left)
    assert ("slurmctld", f"uid {LIN} asked: kill_request") in said
    against = [[what for what, _ in one.otherwise] for one in case.alone if one.log == fmt]
    assert against == ([] if left else [[f"uid {LIN} asked: kill_request"]])


def test_without_accounting_of_the_job_the_line_stands():
    made = day()
    made.jobs.clear()
    assert told(made) == ([LIN], [])


@pytest.mark.parametrize("named", [{"uid": LIN}, {"account": "lin"}])
@pytest.mark.parametrize(
    ("fmt", "before", "left"),
    [("sacct_json", NO_QUEUE, [LIN]), ("sacct", NO_QUEUE, []), ("sacct_padded", NO_QUEUE, []), ("sacct", None, [LIN])],
)  # fmt: skip
def test_a_request_that_accounting_bears_out_is_believed(fmt, before, left, named):
    """Behind what a user typed by what quotes it alone: a line and a row can both be of one who typed them."""
    made = day(outcome="CANCELLED", before=before)
    made.jobs[0]["requestor"] = str(UIDS["kai"]) if before is None else None
    made.jobs.append(made.jobs[0] | {"job": "12", "owner": "lin", "owner_uid": LIN})
    made.add("kill_request", fmt, "slurm:admin", host=None, job="11", object_kind="job", object="11", **named)
    assert told(made) == (left, [] if left else [f"uid {LIN} asked: kill_request"])


@pytest.mark.parametrize(
    ("argv", "by", "wait", "left"),
    [
        (["scancel", "-s", "TERM", "11"], "lin", 1, [LIN]),
        (["scontrol", "update", "jobid=11", "priority=0"], "lin", 1, [LIN]),
        (["scancel", "11"], "kai", 1, []),
        (["scancel", "12"], "lin", 1, []),
        (["scancel", "11"], "lin", 60, []),
        (["cat", "11"], "lin", 1, []),
    ],
)
def test_so_is_one_that_a_recorded_command_bears_out(argv, by, wait, left):
    made = day(before=NO_QUEUE)
    made.wait(wait)
    made.run(by, made.login(by), argv)
    made.rows[-1]["earliest_ns"] = made.rows[-1]["latest_ns"] = made.rows[-5]["earliest_ns"] + wait * SECOND
    assert told(made)[0] == left


@pytest.mark.parametrize(
    ("fmt", "before"), [("slurmd", "error: Could not open stdout file /x"), ("slurmctld", NO_QUEUE)]
)
@pytest.mark.parametrize(("outcome", "verb"), [("FAILED", "other"), ("OUT_OF_MEMORY", "fault")])
def test_trouble_of_a_job_behind_what_a_user_typed_is_none_unless_accounting_tells_of_it(
    fmt, before, outcome, verb
):
    made = day(verb="fault", uid=None, fmt=fmt, before=before, outcome=outcome)
    case = made.evidence()
    assert case.events.loc[made.rows[-1]["event_id"], "verb"] == verb
    assert bool(case.alone) == (verb == "other")


def test_a_job_that_failed_by_itself_is_told_as_nobody_s_work_and_its_cause_is_left_open():
    """Lin, who did nothing, was told to have ended it, and that it failed by itself, which is true, was contradicted."""
    asked = Question(
        jobs=("11",),
        claims=(claim("D09", "lin"), claim("D01", "lin", "kai")),
        window=(T0, T0 + 3600 * SECOND),
    )
    done = day(before=NO_QUEUE).examined(asked)
    assert [a.act for a in done.acts if a.account == "lin" or a.act == "cancel"] == []
    [job] = done.asked
    assert (job.cause, job.why) == ("not_established", typed_lines.KIND)
    assert [a.status for a in done.answers] == ["untestable", "untestable"]
    [said] = [c for c in contradictions.of_sources(done, [], {}, sorted) if c["kind"] == typed_lines.KIND]
    assert said["about"] == "line of slurmctld on job 11"
    assert [s["what"] for s in said["says"]] == [f"uid {LIN} asked: kill_request", "sacct: FAILED"]
