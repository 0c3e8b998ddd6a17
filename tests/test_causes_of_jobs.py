"""What ended a job: cases that simulated incidents showed to be told wrongly, each on invented evidence."""

import pytest
from stage import HOST, UIDS, Stage

from forensics.analysis import gaps
from forensics.analysis.gaps import Gap

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
    assert not gaps.covers(hole, gaps.AUDIT_TRAIL, 0, 100)
    assert gaps.covers(hole, gaps.AUDIT_TRAIL, 70, 100)


def test_a_clock_that_was_set_leaves_no_order():
    step = [Gap(f"{HOST}: clock", "clock_step", 50, 60)]
    assert not gaps.covers(step, gaps.AUDIT_TRAIL, 0, 100)
    assert gaps.covers(step, gaps.AUDIT_TRAIL, 70, 100)
