"""What ended a job: cases that simulated incidents showed to be told wrongly, each on invented evidence."""

import pytest
from stage import HOST, UIDS, Stage, claim

from forensics.analysis import gaps
from forensics.analysis.gaps import Gap
from forensics.core.roster import Question

PACKAGE = "/opt/env/lib/python3.11/site-packages/torch/optim/sgd.py"


def day_with(text, script):
    """The owner wrote a script, as the shell history shows; nobody changed it since."""
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    day.add("command", "bash_history", f"{HOST}:user", account="mei", text=f"printf '{text}' > {script}")
    return day, mei


def job(day):
    done = day.examined()
    return done, next(j for j in done.jobs if j.job == "11")


def test_a_file_that_an_unchanged_script_names_counts_as_read():
    day, mei = day_with(". ./env.sh", "train.sh")
    day.change("kai", day.login("kai"), "/srv/proj/env.sh", owner="mei")
    day.submit("mei", mei, "11", outcome="FAILED", code=1)
    done, ended = job(day)
    assert [(a.account, a.link) for a in done.acts if a.object == "/srv/proj/env.sh" and a.job == "11"] == [("kai", "derived")]  # fmt: skip
    assert ended.cause != "own_failure"


@pytest.mark.parametrize("outcome", ["TIMEOUT", "OUT_OF_MEMORY"])
def test_a_limit_says_whose_fault_it_was_only_where_changes_would_be_seen(outcome):
    day = Stage()
    day.submit("mei", day.login("mei"), "11", outcome=outcome)
    assert job(day)[1].cause == "own_failure"
    day.rows = [row for row in day.rows if row["format"] != "auditd"]
    assert (job(day)[1].cause, job(day)[1].why) == (
        "not_established", f"scheduler_says_{outcome.lower()}_and_no_audit_trail",
    )  # fmt: skip


def test_a_startup_hook_leaves_an_exit_code_unexplained():
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    day.change("kai", day.login("kai"), "/opt/env/lib/python3.11/site-packages/zz_hook.pth", owner="mei")
    day.submit("mei", mei, "11", outcome="FAILED", code=1)
    assert (job(day)[1].cause, job(day)[1].why) == (
        "not_established", "change_of_packages_that_job_can_have_met",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tool", "linked"), [("/usr/bin/pip3", False), ("/opt/env/bin/pip", False), ("/home/kai/pip3", True)]
)
def test_an_interpreter_that_runs_the_sites_package_manager_is_no_tampering(tool, linked):
    day, mei = day_with("import torch.optim", "train.py")
    ses = day.login("dao")
    pid, _ = day.run("dao", ses, ["python3", tool, "install", "-U", "torch"])
    day.add(
        "write", account="dao", auid=UIDS["dao"], effective="root", uid=0, session=ses, pid=pid, ppid=1,
        exe="/usr/bin/python3.11", object_kind="path", object=PACKAGE, object_owner_uid=0, inode="fe:00:77",
    )  # fmt: skip
    day.submit("mei", mei, "11", outcome="FAILED", code=1)
    done, ended = job(day)
    assert any(a.object == PACKAGE and a.job == "11" for a in done.acts) is linked
    assert (ended.cause == "own_failure") is not linked


@pytest.mark.parametrize("kind", ["serial_gap", "silence"])
def test_a_trail_with_a_hole_shows_no_absence(kind):
    hole = [Gap(f"{HOST}: audit trail", kind, 50, 60)]
    assert not gaps.Cover(hole, gaps.AUDIT_TRAIL).whole(0, 100)
    assert gaps.Cover(hole, gaps.AUDIT_TRAIL).whole(70, 100)


def test_a_clock_that_was_set_leaves_no_order():
    step = [Gap(f"{HOST}: clock", "clock_step", 50, 60)]
    assert not gaps.Cover(step, gaps.AUDIT_TRAIL).whole(0, 100)
    assert gaps.Cover(step, gaps.AUDIT_TRAIL).whole(70, 100)
    assert not gaps.Cover(step, gaps.AUDIT_TRAIL).whole(0, 40), "it can have been set back past the end"
    assert gaps.Cover([Gap(f"{HOST}: clock", "clock_step", 10**15, 10**15)], gaps.AUDIT_TRAIL).whole(0, 40)


OUT_OF_NODE = (
    "[  612.114] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,"
    "task_memcg=/system.slice/slurmstepd.scope/job_11/step_batch/user/task_0,task=python3,pid=51100,uid=4101"
)
OUT_OF_LIMIT = OUT_OF_NODE.replace("CONSTRAINT_NONE", "CONSTRAINT_MEMCG").replace(
    "global_oom", "oom_memcg=/slurm/uid_4101/job_11"
)


def short_of_memory(**how):
    return job(crowded(**how))[1]


def crowded(*, program=None, by="kai", kernel=None):
    """A job dies for want of memory; on its host somebody may have run a program, and the kernel may say why."""
    day = Stage()
    day.enrol()
    mei, other = day.login("mei"), day.login(by)
    day.submit("mei", mei, "11", outcome="OUT_OF_MEMORY")
    if program is not None:
        day.run(by, other, [program, "-c", "x=bytearray(10**11)"])
    if kernel is not None:
        day.add("fault", "syslog", text=kernel)
    return day


def test_memory_that_another_s_program_can_have_used_up_is_no_failure_of_the_job_s_own():
    assert short_of_memory().cause == "own_failure"
    assert short_of_memory(program="squeue").cause == "own_failure"
    assert short_of_memory(program="python3", by="mei").cause == "own_failure"
    beside = short_of_memory(program="python3")
    assert (beside.cause, beside.why) == (
        "not_established",
        "program_of_another_on_node_when_memory_ran_out",
    )


def test_the_kernel_says_whether_the_node_s_memory_ran_out_or_the_job_s_own():
    told = short_of_memory(kernel=OUT_OF_NODE)
    assert (told.cause, told.why) == ("not_established", "memory_of_whole_node_ran_out")
    assert short_of_memory(kernel=OUT_OF_LIMIT).cause == "own_failure"
    named = OUT_OF_LIMIT.replace("task=python3", "task=constraint=CONST")
    assert short_of_memory(kernel=named).cause == "own_failure", "a process chooses its own name"


def test_a_job_at_its_own_limit_was_not_crowded_by_another():
    assert short_of_memory(program="python3", kernel=OUT_OF_LIMIT).cause == "own_failure"
    other = OUT_OF_LIMIT.replace("job_11", "job_12").replace("task=python3", "task=,oom_memcg=/job_11,")
    assert short_of_memory(program="python3", kernel=other).cause == "not_established", (
        "a process chooses its own name"
    )


def beside(**how):
    found = job(crowded(**how))[0]
    return [a for a in found.acts if a.act == "run_beside"]


def test_programs_beside_a_job_whose_memory_ran_out_are_acts_that_are_linked_to_nothing():
    """Who ran them is told; that they took the memory is not."""
    for kernel in (None, OUT_OF_NODE):
        [act] = beside(program="python3", kernel=kernel)
        assert (act.account, act.person, act.job, act.link, act.effect) == (
            "kai", "kai", "11", "not_established", None,
        )  # fmt: skip
        assert act.in_question
    assert beside(program="python3", kernel=OUT_OF_LIMIT) == []
    assert beside(program="squeue", kernel=OUT_OF_NODE) == []
    assert beside(program="python3", by="mei", kernel=OUT_OF_NODE) == []


def test_who_ran_a_program_beside_a_job_is_not_who_ended_it():
    """ "It was another" is not made true by what another did that no record links to the job; nor false by such an act of the speaker's."""
    day = crowded(program="python3")
    claims = (claim("D01", "lin", "kai"), claim("D01", "kai", "lin"), claim("D11", "lin"))
    done = day.examined(Question(jobs=("11",), claims=claims))
    assert [(a.status, a.why) for a in done.answers] == [
        ("untestable", "no_act_linked_to_job"),
        ("untestable", "no_act_linked_to_job"),
        ("untestable", "no_session_of_speaker_while_job_ran"),
    ]


def begun(*, quiet, cut):
    """A job that fails by itself, on a host where nothing happens for a while; its trail can be cut off until the job has begun."""
    day = Stage()
    day.enrol()
    start = day.at
    day.wait(quiet)
    mei = day.login("mei")
    day.submit("mei", mei, "11", outcome="FAILED", code=1)
    begins = day.at + 5_000_000_000
    day.wait(30)
    day.logout("mei", mei)
    if cut:
        day.rows = [r for r in day.rows if r["format"] != "auditd" or r["earliest_ns"] >= begins]
    return day, Question(jobs=("11",), window=(start, day.at))


@pytest.mark.parametrize(
    ("quiet", "cut", "cause"),
    [(60, False, "own_failure"), (1200, False, "not_established"), (60, True, "not_established")],
)
def test_a_trail_that_begins_after_what_is_asked_about_leaves_a_failure_open(quiet, cut, cause):
    day, question = begun(quiet=quiet, cut=cut)
    done = day.examined(question)
    [ended] = [j for j in done.jobs if j.job == "11"]
    assert ended.cause == cause
    [gap] = [g for g in done.gaps if g.kind == "silence"] or [None]
    assert (gap is None) == (cause == "own_failure")
    if gap is not None:
        first = done.scene.events.loc[gap.events[0]]
        since = done.jobs[0].submit_ns if quiet == 60 else question.window[0]
        assert (gap.host, gap.earliest_ns, gap.latest_ns) == (HOST, since, first["earliest_ns"])


def cancelled(**how):
    """The owner's account asks that the owner's job be ended, out of a session as given."""
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    day.submit("mei", mei, "11")
    ses = day.login("mei", **how) if how else mei
    day.cancel("mei", ses, "11")
    return job(day)[1]


def test_an_owner_s_request_from_a_device_of_nobody_ends_no_inquiry():
    assert (cancelled().cause, cancelled().why) == ("none", "cancelled_by_owner")
    day = Stage()
    day.enrol()
    day.submit("mei", day.login("mei"), "11")
    day.cancel("mei", from_nobody_s_device(day), "11")
    ended = job(day)[1]
    assert (ended.cause, ended.why) == ("not_established", "cancelled_from_unlisted_key_or_device")


def from_nobody_s_device(day):
    """A session in mei's account, from an address that is enrolled to nobody."""
    day.ses += 1
    ses, pid = str(day.ses), 1000 + day.ses * 10
    who = {"account": "mei", "auid": UIDS["mei"], "session": ses, "pid": pid, "exe": "/usr/sbin/sshd"}
    day.add("loginuid", **who)
    day.add("login", address="10.9.0.77", tty="pts/9", **who)
    return ses


@pytest.mark.parametrize(("known", "cause"), [(True, "own_failure"), (False, "not_established")])
def test_a_limit_that_was_changed_from_a_device_of_nobody_is_not_the_job_s_own(known, cause):
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    ses = mei if known else from_nobody_s_device(day)
    day.submit("mei", mei, "11", outcome="TIMEOUT")
    day.run("mei", ses, ["scontrol", "update", "jobid=11", "timelimit=1"])
    day.add("job_update", "slurmctld", "slurm:admin", host=None, job="11", uid=UIDS["mei"])
    ended = job(day)[1]
    assert ended.cause == cause
    assert known or ended.why == "job_changed_from_unlisted_key_or_device"


@pytest.mark.parametrize(("after_end", "cause"), [(False, "not_established"), (True, "own_failure")])
def test_times_that_were_set_before_a_job_s_end_leave_its_failure_open(after_end, cause):
    """What they hide is not known; it is the owner's account that set them, and in which session is not told."""
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    day.wait(60)
    if not after_end:
        day.run("mei", mei, ["touch", "-d", "2026-11-01 09:00", "/srv/proj/train.py"])
    day.submit("mei", mei, "11", outcome="FAILED", code=1)
    if after_end:
        day.wait(3600)
        day.run("mei", mei, ["touch", "-d", "2026-11-01 09:00", "/srv/proj/train.py"])
    ended = job(day)[1]
    assert ended.cause == cause
    assert after_end or ended.why == "times_of_a_file_set_before_job_s_end"


def test_an_owner_s_request_out_of_another_s_session_is_not_the_owner_s():
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    day.submit("mei", mei, "11")
    day.run("kai", kai, ["ssh", "mei@localhost"])
    day.ses += 1
    ses, pid = str(day.ses), 1000 + day.ses * 10
    who = {"account": "mei", "auid": UIDS["mei"], "session": ses, "pid": pid, "exe": "/usr/sbin/sshd"}
    day.add("loginuid", **who)
    day.add("login", address="127.0.0.1", tty="pts/9", **who)
    day.cancel("mei", ses, "11")
    done, ended = job(day)
    act = next(a for a in done.in_question if a.act == "cancel")
    assert ended.why != "cancelled_by_owner"
    assert act.verdict == "inconclusive"
    stood = {s.who: s.ratio[1] for s in done.judged[act.act_id].standings}
    assert max(stood, key=stood.get) == "kai"


def test_a_node_that_failed_is_not_put_down_to_a_change_that_the_job_read():
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    day.change("kai", kai, "/srv/proj/train.py", program="cp", owner="mei")
    day.submit("mei", mei, "11", argv=("python3", "train.py"), outcome="NODE_FAIL")
    done = day.examined()
    assert [a.effect for a in done.acts if a.job == "11" and a.account == "kai"] == ["not_shown"]
    assert (done.jobs[0].cause, done.jobs[0].why) == ("infrastructure", "scheduler_says_node_fail")
