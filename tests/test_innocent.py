"""Ways in which somebody who had no part in it came to be named, each kept as a small day; and what the true one leaves.

Found by playing the other side's expert, and whoever holds an account on the hosts and wants a colleague named.
"""

import re
from pathlib import Path

import investigated
import pandas as pd
import pytest
from drawn import some
from stage import HOST, SECOND, UIDS, Stage, analysed
from told import events

from forensics.analysis import boots, trails, unrecorded
from forensics.core.roster import Question


def day(**job):
    """Mei's job 11 on the host of the trail, and lin beside it."""
    made = Stage()
    made.enrol()
    pid = made.submit("mei", made.login("mei"), "11", **job)
    return made, pid, made.login("lin")


def named(made, *kinds, job="11"):
    """Persons named for acts of some kinds, or any, that are told of a job."""
    done = made.examined() if isinstance(made, Stage) else made
    return {
        (act.act, act.person)
        for act in done.acts
        if act.job == job and act.act != "submit" and (not kinds or act.act in kinds)
    }


def cause(made):
    [job] = made.examined().asked
    return job.cause, job.why


# A command says that somebody asked, not that it was done.


@pytest.mark.parametrize(
    ("argv", "number"),
    [
        (["pkill", "-9", "-f", "my_notebook.py"], 9),
        (["pkill", "jupyter"], 15),
        (["killall", "-9", "python3"], 9),
        (["kill", "-9", "50001"], 9),
    ],
)
def test_a_kill_of_one_s_own_ended_nobody_s_job(argv, number):
    """Lin ends programs of her own in the second in which mei's job dies: she may not signal it, and her words fit none of its processes."""
    made, _, lin = day(outcome="FAILED", signal=number)
    made.at = made.jobs[0]["end_ns"] - SECOND
    made.run("lin", lin, argv)
    assert named(made) == set()
    assert cause(made) == ("not_established", "no_sender_of_signal")


@pytest.mark.parametrize(
    ("argv", "number", "found"),
    some(
        [
            (["pkill", "-9", "-f", "train.py"], 9, "tied"),
            (["pkill", "-KILL", "-u", "mei"], 9, "tied"),
            (["pkill", "-u", "4101", "python3"], 15, "tied"),
            (["killall", "-s", "KILL", "python3"], 9, "tied"),
            (["kill", "-9", "51100"], 9, "tied"),
            (["kill", "-9", "-51100"], 9, "tied"),
            (["kill", "-s", "9", "-1"], 9, "tied"),
            (["pkill", "-9", "-f", "trai[n].py"], 9, "open"),  # an expression, which is never run
            (["pkill", "-9", "-P", "77", "python3"], 9, "open"),
            (["pkill", "-9", "-f", "other.py"], 9, "none"),
            (["pkill", "-9", "-u", "lin"], 9, "none"),
            (["killall", "-9", "python"], 9, "none"),
            (["kill", "-9", "51101"], 9, "none"),
            (["kill", "-0", "51100"], 9, "none"),
            (["kill", "51100"], 9, "none"),
        ],
        9,
    ),
)
def test_a_kill_with_root_s_rights_is_tied_where_its_words_fit_a_process_of_the_job(argv, number, found):
    made, pid, _ = day(outcome="FAILED", signal=number)
    assert pid == 51100
    dao = made.login("dao")
    made.at = made.jobs[0]["end_ns"] - SECOND
    made.run("dao", dao, argv, effective="root")
    expected = {"tied": {("signal", "dao")}, "open": {("signal", None)}, "none": set()}[found]
    assert named(made) == expected
    assert (cause(made)[0] == "act") == (found == "tied")


def test_a_kill_on_another_host_reaches_no_process_of_the_job():
    made, _, _ = day(outcome="FAILED", signal=9)
    dao = made.login("dao")
    made.at = made.jobs[0]["end_ns"] - SECOND
    made.run("dao", dao, ["pkill", "-9", "-f", "train.py"], effective="root")
    for row in made.rows:
        if row["session"] == dao:
            row["host"] = "login02"
    assert named(made) == set()


def test_a_kill_of_which_the_kernel_tells_whom_it_reached_reached_nobody_else():
    made, _, _ = day(outcome="FAILED", signal=9)
    dao = made.login("dao")
    made.at = made.jobs[0]["end_ns"] - SECOND
    pid, _ = made.run("dao", dao, ["pkill", "-9", "-f", "train.py"], effective="root")
    signal(made, "dao", dao, pid, 60_000, 9, effective="root")
    assert named(made) == set()


@pytest.mark.parametrize(
    ("argv", "number"),
    [
        (["kill", "1"], 15), (["kill", "-9", "1"], 9), (["kill", "-KILL", "1"], 9), (["kill", "-s", "KILL", "1"], 9), (["kill", "-sKILL", "1"], 9),
        (["pkill", "--signal", "INT", "x"], 2), (["pkill", "--signal=SIGINT", "x"], 2), (["pkill", "-f", "x"], 15), (["pkill", "-u", "9", "x"], 15),
        (["kill", "-0", "1"], 0), ([], 15), (None, 15),
    ],
)  # fmt: skip
def test_the_signal_that_a_command_sends(argv, number):
    assert unrecorded.sent(argv) == number


@pytest.mark.parametrize(
    "argv",
    [
        ["kubectl", "get", "job", "11"],
        ["kubectl", "logs", "job/11"],
        ["oc", "describe", "job", "11"],
        ["yarn", "application", "-status", "11"],
        ["mapred", "job", "-status", "11"],
        ["ray", "job", "logs", "11"],
    ],
)
def test_to_look_at_a_job_is_not_to_end_it(argv):
    made, _, lin = day(outcome="CANCELLED")
    made.run("lin", lin, argv)
    assert named(made) == set()


@pytest.mark.parametrize("logged", [True, False])
def test_a_look_is_not_the_command_of_another_s_request(logged):
    """The shared account is asked to end its job from nowhere that has a trail; lin looks at the job in that second."""
    made = Stage()
    made.enrol()
    made.submit("mlteam", made.login("mlteam", by="mei"), "11")
    lin = made.login("mlteam", by="lin")
    made.run("mlteam", lin, ["kubectl", "get", "pods", "11"])
    if logged:
        made.add("kill_request", "k8s_audit", "k8s:api", host=None, job="11", account="mlteam", object="11")
    assert {person for _, person in named(made, "cancel")} <= {None}


@pytest.mark.parametrize("argv", [["scancel", "11"], ["scontrol", "hold", "11"], ["scontrol", "update", "JobId=11", "TimeLimit=1"]])  # fmt: skip
@pytest.mark.parametrize(("outcome", "left"), [("CANCELLED", "canceller_not_recorded"), ("FAILED", "own_exit_code_and_no_act")])  # fmt: skip
def test_what_a_scheduler_refuses_ends_no_job(argv, outcome, left):
    """Lin neither owns the job nor administers the scheduler: what she asked for, if she meant it, was refused."""
    made, _, lin = day(outcome=outcome, code=int(outcome == "FAILED"))
    made.run("lin", lin, argv)
    assert {person for _, person in named(made)} <= {None}
    assert cause(made)[1] == left
    acts = [a for a in made.examined().acts if a.account == "lin" and a.job == "11"]
    assert all(a.link == "not_established" and "record_that_request_was_done" in a.missing for a in acts)
    assert acts or (argv[0] == "scancel" and outcome == "FAILED")


@pytest.mark.parametrize(
    ("more", "person"),
    [
        ({}, None),
        ({"outcome": "Operator"}, "lin"),
        ({"outcome": "Operator", "domain": "login01:user"}, None),
        ({"outcome": "None"}, None),
    ],
)
def test_who_administers_the_scheduler_may_end_another_s_job(more, person):
    made, _, lin = day(outcome="CANCELLED")
    made.run("lin", lin, ["scancel", "11"])
    if more:
        made.add("setting", "sacctmgr", **{"domain": "slurm:admin", "object": "lin", "text": "lin research", "when": None, **more})  # fmt: skip
    assert named(made, "cancel") == {("cancel", person)}


def test_a_command_long_before_the_end_did_not_bring_it():
    made, _, _ = day(outcome="CANCELLED", seconds=7200)
    made.run("dao", made.login("dao"), ["scancel", "11"], effective="root")
    assert named(made, "cancel") == {("cancel", None)}
    assert cause(made) == ("not_established", "canceller_not_recorded")


@pytest.mark.parametrize(("outcome", "caused"), [("success", "act"), ("failure", "own_failure")])
def test_a_change_that_the_controller_refused_changed_nothing(outcome, caused):
    made, _, _ = day(outcome="FAILED", code=1)
    made.run("lin", made.login("lin"), ["scontrol", "hold", "11"])
    made.add("job_update", "slurmctld", "slurm:admin", host=None, job="11", uid=UIDS["lin"], outcome=outcome)
    assert cause(made)[0] == caused


# A signal is one to the job where the process that got it was still the job's.


def signal(made, account, session, pid, target, number, *, effective=None, **more):
    uid = UIDS[account] if effective is None else 0
    return made.add(
        "signal", account=account, auid=UIDS[account], effective=effective or account, uid=uid, session=session, pid=pid,
        exe="/usr/bin/kill", target_pid=target, signal=number, **more,
    )  # fmt: skip


@pytest.mark.parametrize("number", [0, 17, 18, 23, 28])
def test_a_signal_that_a_process_does_not_notice_ends_nothing(number):
    made, pid, _ = day(outcome="FAILED", code=1, seconds=600)
    dao = made.login("dao")
    by, _ = made.run("dao", dao, ["kill", f"-{number}", str(pid)], effective="root")
    signal(made, "dao", dao, by, pid, number, effective="root")
    assert named(made) == set()
    assert cause(made)[0] == "own_failure"


@pytest.mark.parametrize(
    ("session", "target_uid", "person"),
    [(True, None, None), (False, "lin", None), (False, "mei", "lin"), (False, None, "lin")],
)
def test_a_number_that_was_given_again_is_not_the_job_s(session, target_uid, person):
    """A process of the job ends, and one of lin's own gets its number, which she then ends."""
    made, pid, lin = day(outcome="FAILED", code=1, seconds=6000)
    made.run("mei", None, ["helper"], pid=60_000, ppid=pid)
    made.wait(3000)
    if session:
        made.run("lin", lin, ["sleep", "100"], pid=60_000)
    by, _ = made.run("lin", lin, ["kill", "60000"], effective="root" if person else None)
    more = {} if target_uid is None else {"target_uid": UIDS[target_uid]}
    signal(made, "lin", lin, by, 60_000, 15, effective="root" if person else None, **more)
    assert {who for _, who in named(made, "signal")} == ({person} if person else set())


# A kernel counts its sessions anew from each boot on.


def booted(made, *marks):
    """The analysis of a day in which the host booted before the rows at some places: its numbers began anew there."""
    case = made.evidence()
    place = {row["event_id"]: n for n, row in enumerate(made.rows)}
    told = [e for e, trail in zip(case.events["event_id"], case.events["trail"], strict=True) if trail]
    numbers, boot, at = {}, 0, 5000
    for event in sorted(told, key=place.get):
        if sum(m <= place[event] for m in marks) > boot:
            boot, at = boot + 1, 10
        numbers[event] = at = at + 1
    case.events["serial"] = pd.array([numbers.get(e) for e in case.events["event_id"]], dtype="Int64")
    return analysed(case)


def test_what_cron_runs_after_a_boot_is_not_of_the_login_that_had_its_number_before():
    """Whoever has root leaves an entry in lin's crontab. After the boot it runs in a session of the number that lin's login had."""
    made = Stage(ses=30)
    made.enrol()
    lin = made.login("lin")
    made.logout("lin", lin)
    made.wait(4000)
    boot, made.ses = len(made.rows), 40
    pid = made.submit("mei", made.login("mei"), "11", outcome="FAILED", signal=9)
    who = {"account": "lin", "auid": UIDS["lin"], "session": lin, "pid": 777, "exe": "/usr/sbin/cron"}
    made.add("loginuid", **who)
    made.add("session_open", **who)
    by, _ = made.run("lin", lin, ["pkill", "-9", "-f", "train.py"], effective="root")
    signal(made, "lin", lin, by, pid, 9, effective="root")
    done = booted(made, boot)
    assert named(done, "signal") == {("signal", None)}
    [act] = [a for a in done.acts if a.act == "signal"]
    assert (act.origin, act.missing) == ("cron", [])
    assert done.judged[act.act_id].missing == ["writer_of_cron_entry"]


def test_a_number_that_another_had_before_the_boot_takes_no_name_away():
    made = Stage(ses=30)
    made.enrol()
    made.logout("lin", made.login("lin"))
    made.wait(4000)
    boot = len(made.rows)
    mei = made.login("mei")
    made.submit("mei", mei, "11")
    made.ses = 30
    dao = made.login("dao")
    for row in made.rows:
        row["port"] = row["port"] and row["port"] + (row["account"] == "dao")
    made.run("dao", dao, ["scancel", "11"], effective="root")
    made.add("kill_request", "slurmctld", "slurm:admin", host=None, job="11", uid=0, object="11")
    assert dao == "31"
    done = booted(made, boot)
    assert named(done, "cancel") == {("cancel", "dao")}
    assert not any(s.contradicts for s in done.sessions)
    assert sorted(str(s.ses).partition("@")[0] for s in done.sessions if s.host == HOST) == ["31", "31", "32"]


def test_where_no_boot_is_a_number_stays_one_session():
    """Records that stand a little out of order are no boot."""
    made, _, _ = day()
    case = made.evidence()
    order = [n + (20 if n % 7 == 0 else 0) for n in range(len(case.events))]
    case.events["serial"] = pd.array([n if t else None for n, t in zip(order, case.events["trail"], strict=True)], dtype="Int64")  # fmt: skip
    before = list(case.events["session"])
    boots.told_apart(case)
    assert list(case.events["session"]) == before


# Who copies a repository made none of its commits.


@pytest.mark.parametrize(
    ("argv", "exe", "person"),
    [
        (["cp", "-r", "/srv/git/llm.git", "/home/lin/llm.git"], "cp", None),
        (["rsync", "-a", "/srv/git/llm.git", "."], "rsync", None),
        (["tar", "xf", "llm.tar"], "tar", None),
        (["git", "commit"], "python3", None),  # called git, and another program
        (["git", "fast-import"], "git", None),
        (["git", "commit", "-qm", "x"], "git", "lin"),
    ],
)
def test_a_copied_commit_is_not_by_who_copied_it(argv, exe, person):
    made, _, lin = day(outcome="FAILED", code=1)
    oid = "ab" + "c" * 38
    made.add("commit", "git_object", "git:objects", host=None, object_kind="commit", object=oid, author="kai <kai@lab>", committer="kai <kai@lab>")  # fmt: skip
    pid, _ = made.run("lin", lin, argv)
    made.rows[-1]["exe"] = f"/usr/bin/{exe}"
    made.add(
        "create", account="lin", auid=UIDS["lin"], effective="lin", uid=UIDS["lin"], session=lin, pid=pid, exe=f"/usr/bin/{exe}",
        object_kind="path", object=f"/home/lin/llm.git/objects/{oid[:2]}/{oid[2:]}",
    )  # fmt: skip
    [act] = [a for a in made.examined().acts if a.act == "commit"]
    assert act.person == person


def test_the_commit_itself_is_found_behind_a_copy():
    """The clock of the copy is ahead: what git wrote counts, whichever is told first."""
    made, _, lin = day(outcome="FAILED", code=1)
    kai, oid = made.login("kai"), "ab" + "c" * 38
    made.add("commit", "git_object", "git:objects", host=None, object_kind="commit", object=oid, author="lin <x>", committer="lin <x>")  # fmt: skip
    for account, session, argv in (("lin", lin, ["cp", "-r", "a", "b"]), ("kai", kai, ["git", "commit", "-m", "x"])):  # fmt: skip
        pid, _ = made.run(account, session, argv)
        made.add("create", account=account, auid=UIDS[account], session=session, pid=pid, exe=f"/usr/bin/{argv[0]}", object_kind="path", object=f"/srv/{account}/.git/objects/{oid[:2]}/{oid[2:]}")  # fmt: skip
    [act] = [a for a in made.examined().acts if a.act == "commit"]
    assert (act.account, act.person) == ("kai", "kai")


@pytest.mark.parametrize(
    ("reaches", "own", "outcome", "candidates"),
    [
        ("lin's shell", False, "success", ["kai", "lin"]),
        ("lin's shell", False, "failure", ["lin"]),
        ("lin's shell", True, "success", ["lin"]),
        ("kai's own", False, "success", ["lin"]),
    ],
)
def test_what_a_debugger_can_have_made_a_shell_do_is_not_by_whose_shell_it_is(
    reaches, own, outcome, candidates
):
    """Lin and kai are in the shared account; kai attaches to lin's shell, in which the job is then cancelled."""
    made = Stage()
    made.enrol()
    made.submit("mlteam", made.login("mlteam", by="mei"), "11")
    lin, kai = made.login("mlteam", by="lin"), made.login("mlteam", by="kai")
    shells = {
        "lin's shell": made.run("mlteam", lin, ["bash"])[0],
        "kai's own": made.run("mlteam", kai, ["bash"])[0],
    }
    session = lin if own else kai
    by, _ = made.run("mlteam", session, ["gdb", "-p", str(shells[reaches])])
    made.add(
        "trace", account="mlteam", auid=UIDS["mlteam"], effective="mlteam", uid=UIDS["mlteam"], session=session, pid=by,
        exe="/usr/bin/gdb", target_pid=shells[reaches], outcome=outcome,
    )  # fmt: skip
    made.wait(2)
    made.cancel("mlteam", lin, "11")
    done = made.examined()
    [act] = [a for a in done.acts if a.act == "cancel"]
    told = done.judged[act.act_id]
    assert told.name == (candidates[0] if len(candidates) == 1 else None)
    assert set(candidates) <= set(told.candidates)
    assert [d.rule for d in done.deferrals if d.act is act] == (
        ["reached_by_tracer"] if len(candidates) > 1 else []
    )


# Two files that tell one record differently: one of them was changed.

INCIDENTS = Path(__file__).parents[1] / "sample_logs" / "incidents"
AUDIT = "login01/var/log/audit/audit.log"


def collected(name):
    folder = INCIDENTS / name / "evidence"
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}  # fmt: skip


def found(name, content):
    roster, about = ((INCIDENTS / name / f"{part}.toml").read_bytes() for part in ("roster", "case"))
    return investigated.found(content, roster=roster, about=about)


def in_lin_s_session(log):
    """The audit log in which the two requests to end a job were moved from kai's session of the shared account to lin's."""
    return re.sub(rb"^(.*:(?:6375|6377)\).*)ses=42(.*)$", rb"\1ses=43\2", log, flags=re.MULTILINE)


@pytest.mark.xdist_group("shared_account")
@pytest.mark.parametrize("path", [f"{AUDIT}.1", "login01/root/backup/audit.log"])
@pytest.mark.parametrize("whole", [True, False])
def test_a_changed_copy_of_the_trail_names_nobody_and_is_shown(path, whole):
    """Whichever hash comes first: the lines of both were put together once, and the changed ones won."""
    true = collected("shared_account")
    changed = in_lin_s_session(true[AUDIT])
    if not whole:
        lines = zip(changed.splitlines(keepends=True), true[AUDIT].splitlines(keepends=True), strict=True)
        changed = b"".join(one for one, other in lines if one != other)
    told = found("shared_account", true | {path: changed})
    assert [(a["act"], a["person"]["name"]) for a in told["acts"]] == [("cancel", None)] * 2
    assert all("agreement_of_copies" in a["missing"] for a in told["acts"])
    shown = [c for c in told["contradictions"] if c["kind"] == "records_differ"]
    assert [c["about"] for c in shown] == [f"record {n} of the audit trail of login01" for n in (6375, 6377)]
    for one in shown:
        assert sorted(re.search("session ([0-9]+)", said["what"])[1] for said in one["says"]) == ["42", "43"]
        assert all(said["citations"] for said in one["says"])


@pytest.mark.xdist_group("shared_account")
@pytest.mark.parametrize("how", ["again", "half", "torn", "plain"])
def test_a_copy_that_tells_the_same_takes_no_name(how):
    """A second copy, one that was cut off, a log that was rotated within a record, and one without the names that a daemon adds."""
    true = collected("shared_account")
    log = true[AUDIT]
    at = log.index(b"type=EXECVE msg=audit(1795446744.758:6375)") - len("node=login01 ")
    more = {
        "again": {f"{AUDIT}.1": log + b"\n"},
        "half": {f"{AUDIT}.1": log[:at]},
        "torn": {f"{AUDIT}.1": log[:at], AUDIT: log[at:]},
        "plain": {f"{AUDIT}.1": re.sub(rb"\x1d.*$", b"", log, flags=re.MULTILINE)},
    }[how]
    told = found("shared_account", true | more)
    assert [a["person"]["name"] for a in told["acts"]] == ["kai", "kai"]
    assert not [c for c in told["contradictions"] if c["kind"] == "records_differ"]


LINE = 'type=SYSCALL msg=audit(1795446700.%s:7%s): arch=c000003e syscall=59 success=yes exit=0 items=0 ppid=1 pid=%s auid=4101 uid=4101 gid=1 euid=4101 tty=pts1 ses=%s comm="x" exe="/usr/bin/x" key=(null)\n'


@pytest.mark.parametrize(("pid", "ses", "disputed"), [("9", "3", False), ("9", "4", True), ("8", "3", True)])
def test_another_format_that_tells_it_otherwise_disputes_it(pid, ses, disputed):
    """A stronger format would have been taken, and the other left out."""
    own = "".join(LINE % (100 + n, n, 9, 3) for n in range(3))
    frame = pd.DataFrame(events("auditd", own.encode(), "login01/var/log/audit/audit.log"))
    frame = pd.concat([frame, frame.assign(format="laurel", sha256="f" * 64, event_id=frame["event_id"] + "x")], ignore_index=True)  # fmt: skip
    frame["pid"] = [9, 9, 9, 9, int(pid), 9]
    frame["session"] = ["3", "3", "3", "3", ses, "3"]
    numbers = frame[["sha256", "start"]].assign(serial=[70, 71, 72] * 2)
    told = trails.settled(frame, numbers)
    assert sorted(told["format"]) == ["auditd"] * 3 + ["laurel"] * disputed
    assert told["disputed"].sum() == 2 * disputed


# How a job ended, where sources differ, and who had it end.


def test_a_change_of_the_owner_s_own_is_no_request_to_end_the_job():
    """Mei changes her script, which her job reads, and nobody is known to have had it end: that she did was said."""
    made = Stage()
    made.enrol()
    mei = made.login("mei")
    made.change("mei", mei, "/srv/proj/train.py")
    made.submit("mei", mei, "11", outcome="CANCELLED")
    assert {"modify_file", "submit"} == {a.act for a in made.examined().acts if a.job == "11"}
    assert cause(made) == ("not_established", "canceller_not_recorded")
    made.at = made.jobs[0]["end_ns"] - SECOND
    made.cancel("mei", mei, "11")
    assert cause(made) == ("none", "cancelled_by_owner")


@pytest.mark.parametrize(
    ("one", "other", "left"),
    [
        ("CANCELLED", "FAILED", "sources_disagree_on_outcome"),
        ("COMPLETED", "FAILED", "sources_disagree_on_outcome"),
        ("FAILED", "RUNNING", "own_exit_code_and_no_act"),
        ("FAILED", "FAILED", "own_exit_code_and_no_act"),
    ],
)
def test_where_sources_tell_different_ends_none_is_chosen(one, other, left):
    """A row that somebody can have typed made a job complete, or its owner's to cancel; a listing that was taken before tells no end."""
    made, _, _ = day(outcome=one, code=1)
    if one == "CANCELLED":
        made.cancel("mei", made.login("mei"), "11")
    made.jobs.append(made.jobs[0] | {"format": "scontrol_job", "outcome": other, "sha256": "b" * 64})
    [job] = made.examined(Question(jobs=("11",))).asked
    assert (job.outcome, job.disagree, job.why) == (
        one, ["outcome"] if left == "sources_disagree_on_outcome" else [], left,
    )  # fmt: skip
