"""What somebody without rights can write so that another seems to have done it: each way kept as a small day.

While no login uid is set any process may set one, `logger` writes a line under any name and number, and what `sacct` prints of a job can
hold a line end. The whole of them, on staged and simulated incidents, is `bench/frame_up.py`.
"""

import random

import pytest
from stage import SECOND, T0, UIDS, Stage, address, analysed, claim, key

from forensics.analysis import contradictions, evidence, imitated, sessions
from forensics.core import tables
from forensics.core.roster import Claim, Question

SCRIPT = "/srv/proj/train.py"
OTHER = "/srv/proj/data.py"


def cites(events):
    return sorted(events)


def named(done):
    return {(a.act, a.object, a.account, a.person) for a in done.acts if a.object == SCRIPT}


def examined(made, *denials):
    """The analysis, and what is answered to each denial (id, speaker, whom they name), by which consideration."""
    done = made.examined(Question(jobs=("11",), claims=tuple(claim(*asked) for asked in denials)))
    return done, [(told.status, told.why) for told in done.answers]


def told_of(done, kind):
    return [c for c in contradictions.of_sources(done, [], {}, cites) if c["kind"] == kind]


# A login uid that a process set which nobody let in.


def taken(uid, euid, exe):
    """Kai's process, of a job and of no login, sets lin's login uid, and has sshd say that lin came in by it; then it edits the script."""
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    day.wait()
    who = {"account": "lin", "auid": UIDS["lin"], "session": "900", "pid": 9000}
    day.add("loginuid", **who, uid=uid, euid=euid, exe=exe)
    day.add(
        "login", "syslog", account="lin", pid=9000, address=address("lin"), port=50900, credential=key("lin")
    )
    day.add(
        "write", account="lin", auid=UIDS["lin"], effective="kai", uid=UIDS["kai"], session="900", pid=9001, ppid=9000,
        exe="/usr/bin/vim", object_kind="path", object=SCRIPT, object_owner_uid=UIDS["mei"],
    )  # fmt: skip
    day.submit("mei", mei, "11")
    day.cancel("mei", mei, "11")
    return day


def test_a_login_uid_that_a_process_without_rights_set_is_nobody_s():
    """Account, key, workstation and session all pointed at lin, whose sessions and keys were never used."""
    made = taken(UIDS["kai"], UIDS["kai"], "/home/kai/sshd")
    done, answers = examined(made, ("D01", "lin", "kai"), ("D01", "kai", "lin"))
    assert named(done) == {("modify_file", SCRIPT, "kai", None)}
    assert answers == [("untestable", "no_act_attributed")] * 2
    [told] = told_of(done, "login_uid_set_without_rights")
    assert told["about"] == f"login uid {UIDS['lin']} of session 900 of login01"
    assert told["says"][0]["what"] == f"a process with uid {UIDS['kai']} set it, without root's rights"
    assert done.scene.events.loc[told["says"][0]["citations"], "verb"].tolist() == ["loginuid"]


def test_rights_used_in_a_session_whose_number_was_chosen_are_of_the_account_that_chose_it():
    """Kai's process set lin's login uid and had lin's rights by `sudo -u`: lin was all that was left, and so was named as the account."""
    day = taken(UIDS["kai"], UIDS["kai"], "/home/kai/sshd")
    who = {"account": "lin", "auid": UIDS["lin"], "session": "900", "ppid": 9000}
    day.add(
        "write", **who, effective="lin", uid=UIDS["lin"], pid=9002, exe="/usr/bin/vim", object_kind="path", object=OTHER,
        object_owner_uid=UIDS["mei"],
    )  # fmt: skip
    done = day.examined(Question(jobs=("11",)))
    assert {(a.object, a.account, a.effective) for a in done.acts if a.object in {SCRIPT, OTHER}} == {
        (SCRIPT, "kai", "kai"), (OTHER, "kai", "lin"),
    }  # fmt: skip


@pytest.mark.parametrize(("uid", "euid"), [(0, 0), (UIDS["kai"], 0), (1, 0), (1, None), (None, None)])
def test_what_lets_people_in_sets_theirs(uid, euid):
    """As root, whoever began it; `atd` is `daemon`; and where no record tells the rights, nothing is taken away."""
    events = taken(uid, euid, "/usr/sbin/sshd").evidence().events
    [edit] = events[events["verb"] == "write"].itertuples()
    assert (edit.account, edit.session, edit.auid) == ("lin", "900", UIDS["lin"])


def test_where_no_effective_uid_is_on_record_the_real_one_decides():
    events = taken(UIDS["kai"], None, "/home/kai/sshd").evidence().events
    [edit] = events[events["verb"] == "write"].itertuples()
    assert (edit.account, edit.session, edit.effective) == (None, None, "kai")


def test_a_number_that_is_given_by_right_later_is_that_session_s():
    made = taken(UIDS["kai"], UIDS["kai"], "/home/kai/sshd")
    made.wait()
    who = {"account": "mei", "auid": UIDS["mei"], "session": "900", "pid": 9500, "exe": "/usr/sbin/sshd"}
    made.add("loginuid", **who, uid=0)
    made.add("session_close", **who, uid=0)
    kept = [s for s in sessions.reconstruct(made.evidence()) if s.ses == "900"]
    assert [(s.account, s.service) for s in kept] == [("mei", "sshd")]


def test_a_program_that_is_called_sshd_let_nobody_in():
    """The trail begins later than the session: its first record is of a program of whoever is in."""
    day = Stage()
    common = {"account": "kai", "auid": UIDS["kai"], "session": "77", "pid": 7000}
    day.add("execute", **common, uid=UIDS["kai"], exe="/home/kai/sshd", argv=["sshd"])
    day.add("session_close", **common, uid=UIDS["kai"], exe="/home/kai/sshd")
    day.add(
        "login", "syslog", account="kai", pid=7000, address=address("lin"), port=50777, credential=key("lin")
    )
    found = [s for s in sessions.reconstruct(day.evidence()) if s.ses == "77"]
    assert [(s.service, s.credential) for s in found] == [("unknown", None)]


# A row of accounting that is part of what a user typed.


def accounted(*rows, own=True):
    """Mei's job 11 failed; its own row in accounting, and others of its number."""
    day = Stage()
    day.enrol()
    day.submit("mei", day.login("mei"), "11", outcome="FAILED", code=1)
    true = day.jobs.pop() | {"state": "FAILED", "ending": "failed"}
    for n, row in enumerate([{}, *rows] if own else rows):
        day.jobs.append(true | {"start": 100 + 100 * n, "stop": 110 + 100 * n} | row)
    for row in day.jobs:
        if row.get("requestor"):
            day.add(
                "kill_request", "sacct", "slurm:admin", host=None, job="11", uid=int(row["requestor"]), object_kind="job", object="11",
                sha256=row["sha256"], start=row["start"], stop=row["stop"],
            )  # fmt: skip
    return day


BY_LIN = {
    "state": f"CANCELLED by {UIDS['lin']}",
    "outcome": "CANCELLED",
    "requestor": str(UIDS["lin"]),
    "exit_code": 0,
}
LATER, DAY = 600 * SECOND, 86_400 * SECOND


def asked(made):
    """Whose requests to end the job are left, and what is said of rows that differ."""
    case = made.evidence()
    left = case.events[case.events["verb"] == "kill_request"]
    return {int(uid) for uid in left["uid"].dropna()}, [
        c["says"] for c in imitated.contradictions(case.typed)
    ]


LIN = UIDS["lin"]


@pytest.mark.parametrize(
    "row",
    [
        BY_LIN,
        BY_LIN | {"owner": "lin", "owner_uid": LIN},
        BY_LIN | {"step": "7"},
        BY_LIN
        | {"submit_ns": Stage().at + LATER, "start_ns": Stage().at + LATER, "end_ns": Stage().at + 2 * LATER},
    ],
    ids=["row", "of lin", "step that stands apart", "later attempt"],
)
def test_a_row_that_a_user_can_have_typed_asks_for_nothing(row):
    who, [says] = asked(accounted(row))
    step = " step 7" if "step" in row else ""
    assert who == set()
    assert [said["what"] for said in says] == [
        "sacct: FAILED of mei",
        f"sacct{step}: CANCELLED by {LIN} of {row.get('owner', 'mei')}",
    ]
    assert says[0]["citations"] != says[1]["citations"]


def test_what_such_rows_tell_differently_is_taken_from_none_of_them():
    """The controller's log and what was started stay; nobody asked, and nothing ended it."""
    done, [answer] = examined(accounted(BY_LIN), ("D01", "lin", "kai"))
    [job] = done.asked
    assert (job.owner, job.outcome, job.requestor, job.exit_code) == ("mei", None, None, None)
    assert {a.account for a in done.acts if a.act == "cancel"} <= {None}
    assert answer[0] == "untestable"
    assert len(told_of(done, imitated.KIND)) == 1


AGAIN = {"submit_ns": Stage().at + 5 * DAY, "end_ns": Stage().at + 5 * DAY}
GIVEN_AGAIN = [BY_LIN | AGAIN, {"state": "CANCELLED", "outcome": "CANCELLED"}]
"""A number that two jobs bore, five days apart; lin asked to end the second."""


@pytest.mark.parametrize(
    "rows",
    [
        [BY_LIN],
        [BY_LIN, {"state": "RUNNING", "outcome": "RUNNING", "ending": None}],
        [BY_LIN, BY_LIN],
        [{"state": "NODE_FAIL", "outcome": "NODE_FAIL"}, BY_LIN | {"submit_ns": Stage().at + LATER}],
        [BY_LIN, BY_LIN | {"sha256": "b" * 64}],
        [*GIVEN_AGAIN, *({"sha256": "b" * 64, "format": "jobcomp"} | row for row in GIVEN_AGAIN)],
    ],
    ids=["alone", "another listing", "told twice", "put back", "another file", "number given again"],
)
def test_rows_that_slurm_prints_so_are_believed(rows):
    assert asked(accounted(*rows, own=False)) == ({LIN}, [])


@pytest.mark.parametrize(
    "rows",
    [
        [BY_LIN, {"sha256": "b" * 64}],
        [BY_LIN, {"sha256": "b" * 64, "format": "jobcomp"}],
        [BY_LIN, {"sha256": "b" * 64, "format": "sacct_json"}],
        GIVEN_AGAIN,
    ],
    ids=[
        "another listing",
        "completion log",
        "quoted listing",
        "given again, and no other source tells of it",
    ],
)
def test_a_row_of_the_only_listing_or_against_another_source_asks_for_nothing(rows):
    who, [says] = asked(accounted(*rows, own=False))
    assert who == set()
    assert {f"sacct: CANCELLED by {LIN} of mei"} < {said["what"] for said in says}


def test_a_row_that_is_typed_itself_takes_nothing_from_another_source():
    """Lin asked; of the completion log's two records of the job one is typed."""
    log = {"sha256": "b" * 64, "format": "jobcomp"}
    made = accounted(BY_LIN, log, log | {"state": "CANCELLED", "outcome": "CANCELLED"}, own=False)
    assert asked(made)[0] == {LIN}


@pytest.mark.parametrize(("text", "job", "who"), [
    ("_job_complete: JobId=11 WEXITSTATUS 1", "11", set()),
    ("_job_complete: JobId=11 WTERMSIG 9", "11", set()),
        ("_job_complete: JobId=11 OOM failure", "11", set()),
        ("Time limit exhausted for JobId=11", "11", set()),
        ("_job_complete: JobId=11 done", "11", {LIN}),
    ("_job_complete: JobId=12 WEXITSTATUS 1", "12", {LIN}),
])  # fmt: skip
def test_nor_does_one_of_a_job_that_the_controller_says_ended_otherwise(text, job, who):
    made = accounted(BY_LIN, own=False)
    made.add("end", "slurmctld", "slurm:admin", host=None, job=job, object_kind="job", object=job, text=text)
    assert asked(made)[0] == who


# An act that is left open beside one of the speaker's.


def drawn(seed):
    """Rows of some jobs in some files, with steps, so that few agree."""
    chance = random.Random(seed)  # noqa: S311 - rows, and nothing secret
    rows, at = [], 0
    for _ in range(chance.randrange(3, 12)):
        at += chance.choice([0, 10, 10])
        step = chance.choice([None, None, "batch", "0"])
        rows.append({
            "job": chance.choice("1123"), "step": step, "cluster": chance.choice([*[None] * 9, "c"]), "sha256": chance.choice("aaaaab") * 64,
            "format": chance.choice(["sacct"] * 9 + ["sacct_json"]), "start": at, "stop": at + 10, "owner": "mei", "owner_uid": 4101,
            "state": chance.choice(["CANCELLED", "REQUEUED", "FAILED"]), "outcome": chance.choice(["CANCELLED", "FAILED"]),
            "requestor": chance.choice([None, None, None, "kai"]), "submit_ns": T0 + chance.choice([0, SECOND, 2 * 86_400 * SECOND]), "end_ns": T0 + 5 * SECOND,
        })  # fmt: skip
    cdaomns = {n: [row.get(n) for row in rows] for n in tables.JOB_RECORD.names}
    return evidence.frame(tables.JOB_RECORD.build(cdaomns))


def test_only_jobs_that_are_looked_at_can_lose_what_their_rows_tell(monkeypatch):
    """Those told of once, and whose steps tell of nobody, are passed over: a cluster has very many."""
    events, lost, passed = evidence.frame(tables.EVENT.empty()), 0, 0
    for seed in range(40):
        records = drawn(seed)
        with monkeypatch.context() as slow:
            slow.setattr(imitated, "_doubtful", lambda own: own.duplicated(imitated._ONE, keep=False))
            _, wanted, told = imitated.withheld(events, records)
        _, found, said = imitated.withheld(events, records)
        assert found.equals(wanted)
        assert said == told
        lost += bool(told)
        passed += len(records) > imitated._doubtful(records).sum() > 0
    assert lost > 10
    assert passed > 10


def beside(other):
    """Lin edits the script, harmlessly or not; then it is edited in lin's account by a session that leaves open whose it is."""
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    day.change("lin", day.login("lin"), SCRIPT, owner="mei")
    if other:
        ses = day.login("lin", by="lin", device="lin")
        for row in day.rows:
            if row["session"] == ses or row["port"] == 40000 + int(ses):
                row["address"] = "10.9.9.9" if row["address"] else None
        day.change("lin", ses, SCRIPT, owner="mei")
    day.submit("mei", mei, "11")
    day.cancel("mei", mei, "11")
    return day


def test_an_act_by_one_s_key_from_nobody_s_device_leaves_one_s_denials_open():
    """Whom the speaker names is not among those who can have done it; that another than the speaker did is open all the same."""
    denials = [*(("D01", "lin", names) for names in ("kai", "", "dao")), ("D02", "lin")]
    assert examined(beside(other=True), *denials)[1] == [("mixed", "acts_of_speaker_and_act_left_open")] * 4
    assert {status for status, _ in examined(beside(other=False), *denials)[1]} == {"contradicted"}


# A line of sshd's in the login log.


def entered(*, trail):
    """Kai edits the script; beside it the login log alone tells that lin's key opened kai's account."""
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    day.add(
        "login",
        "syslog",
        account="kai",
        pid=3_000_017,
        address=address("lin"),
        port=51514,
        credential=key("lin"),
    )
    if trail:
        who = {
            "account": "kai",
            "auid": UIDS["kai"],
            "session": "300",
            "pid": 3_000_017,
            "exe": "/usr/sbin/sshd",
        }
        day.add("loginuid", uid=0, **who)
    day.change("kai", kai, SCRIPT, owner="mei")
    day.submit("mei", mei, "11", outcome="FAILED", code=1)
    return day


def test_an_account_is_not_shared_because_one_log_says_whose_key_opened_it():
    assert examined(entered(trail=False), ("D03", "kai"))[1] == [
        ("untestable", "one_log_alone_tells_of_key_of_another")
    ]
    [(status, _)] = examined(entered(trail=True), ("D03", "kai"))[1]
    assert status in {"mixed", "supported"}


# A hole of the trail before the act.


def after_hole(kind, *, window=0):
    """Kai edits the script; before, or later, the kernel's numbers jump, or the trail begins late, or the login log alone tells of somebody."""
    day = Stage()
    day.enrol()
    begins, serials, when = day.at, [], iter(range(5000, 9000))
    mei = day.login("mei")
    if kind == "line":
        day.add(
            "login",
            "syslog",
            account="lin",
            pid=3_000_017,
            address=address("lin"),
            port=51514,
            credential=key("lin"),
        )
    day.wait(60)
    hole = day.at
    day.run("mei", mei, ["ls"])
    day.wait(60)
    kai = day.login("kai")
    edit = day.change("kai", kai, SCRIPT, owner="mei")
    day.submit("mei", mei, "11")
    day.cancel("mei", mei, "11")
    if kind == "no accounting":
        day.jobs.clear()
    case = day.evidence(Question(jobs=("11",), window=(begins - window * SECOND, day.at + DAY)))
    trail = case.events["trail"]
    for event in case.events.index[trail]:
        late = case.events.loc[event, "earliest_ns"] >= hole
        serials.append((event, next(when) + (300 if kind == "jump" and late else 0)))
    for event, number in serials:
        case.events.loc[event, "serial"] = number
    return case, edit


def judged(case, edit):
    done = analysed(case)
    [act] = [a for a in done.acts if edit in a.events]
    return act.person, "trail_of_time_before_act" in done.judged[act.act_id].missing


@pytest.mark.parametrize(
    ("kind", "window", "person"),
    [("jump", 0, None), ("none", 7200, None), ("line", 0, "kai"), ("jump", -75, "kai"), ("no accounting", 7200, None)],
)  # fmt: skip
def test_nobody_is_named_after_a_hole_of_the_trail_in_the_time_asked_about(kind, window, person):
    """What another left to be taken in can have been written in it. A line that any account can write makes no hole."""
    assert judged(*after_hole(kind, window=window)) == (person, person is None)


# A line of crontab's in the login log.


@pytest.mark.parametrize(("seconds", "account"), [(60, None), (3600, "lin")])
def test_a_crontab_that_one_log_alone_says_was_replaced_is_nobody_s_where_a_trail_tells_what_ran(
    seconds, account
):
    """It said that lin had replaced kai's. An hour without a program on record is no trail."""
    day = Stage()
    day.enrol()
    kai = day.login("kai")
    day.run("kai", kai, ["ls"])
    day.wait(seconds)
    day.add(
        "cron_edit",
        "syslog",
        account="lin",
        object_kind="crontab",
        object="kai",
        pid=3_000_017,
        text="REPLACE",
    )
    day.wait(seconds)
    day.run("kai", kai, ["ls"])
    [act] = [a for a in day.examined(Question()).acts if a.act == "plant"]
    assert (act.object, act.account, act.person) == ("/var/spool/cron/crontabs/kai", account, None)


# Two lines of sshd's under the number of one process.


@pytest.mark.parametrize("own", [{"address": address("kai")}, {"address": address("lin")}])
@pytest.mark.parametrize(
    ("logout", "after", "told"), [(True, 1, None), (False, 1, None), (True, 7200, key("kai"))]
)
def test_a_process_that_one_log_says_was_let_in_twice_was_let_in_by_no_key(own, logout, after, told):
    """The nearer line was taken: kai's denial that it was kai in kai's account was supported by lin's key."""
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    pid = 1000 + int(kai) * 10
    day.change("kai", kai, SCRIPT, owner="mei")
    if logout:
        day.logout("kai", kai)
    at = day.at
    day.at = day.rows[-1]["earliest_ns"] + after * SECOND if after > 60 else T0 + 20 * SECOND + 1
    day.add("login", "syslog", account="kai", pid=pid, port=51514, credential=key("lin"), **own)
    day.at = max(at, day.at)
    day.submit("mei", mei, "11")
    day.cancel("mei", mei, "11")
    case = day.evidence(Question(jobs=("11",), claims=(claim("D02", "kai"),)))
    [session] = [s for s in sessions.reconstruct(case) if s.ses == kai]
    assert session.credential == told
    assert ("credential" in session.contradicts) == (told is None)
    if after == 1:
        [answer] = analysed(case).answers
        assert answer.status == "untestable"


# A line of one's own startup files, or of one's own history.


@pytest.mark.parametrize("written", [False, True])
def test_a_line_of_one_s_own_ties_no_change_of_another_to_a_job_that_nobody_asks_about(written):
    """Mei's job can have read what dao changed, as far as any record tells. That a job of kai's is tied to it, by kai's word, took that back."""
    day = Stage()
    day.enrol()
    mei, lin, dao = day.login("mei"), day.login("lin"), day.login("dao")
    day.change("mei", mei, SCRIPT, verb="create")
    day.change("lin", lin, SCRIPT, owner="mei")
    day.change("dao", dao, OTHER, owner="mei")
    day.submit("mei", mei, "11", outcome="FAILED", signal=11)
    kai = day.login("kai")
    if written:
        for fmt, text in (("shell_startup", f"source {OTHER}"), ("bash_history", f"source {OTHER}")):
            day.add("setting", fmt, "login01:user", account="kai", when=None, object="shell", text=text)
    day.submit("kai", kai, "12")
    day.cancel("kai", kai, "12")
    question = Question(jobs=("11",), claims=(claim("D06", "lin"),))
    done = day.examined(question)
    assert {(a.object, a.account, a.job) for a in done.acts if a.account in {"lin", "dao"}} == {
        (SCRIPT, "lin", "11"), (OTHER, "dao", None),
    }  # fmt: skip
    assert [(told.status, told.why) for told in done.answers] == [("mixed", "other_act_can_have_harmed_job")]


def test_a_change_that_another_job_is_known_to_have_read_can_have_been_read_by_this_one():
    """Both are asked about: lin's change is tied to the one, dao's to the other; of job 11 alone, dao's was as if it had not been."""
    day = Stage()
    day.enrol()
    mei, lin, dao = day.login("mei"), day.login("lin"), day.login("dao")
    day.change("lin", lin, SCRIPT, owner="mei")
    day.change("dao", dao, OTHER, owner="mei")
    day.submit("mei", mei, "11", outcome="FAILED", signal=11)
    day.submit("mei", mei, "12", argv=("python3", "data.py"), outcome="FAILED", signal=11)
    asked = [Claim("D06", who, "", "", job) for who, job in (("lin", "11"), ("dao", "12"))]
    done = day.examined(Question(jobs=("11", "12"), claims=tuple(asked)))
    assert {(a.object, a.account, a.job) for a in done.acts if a.account in {"lin", "dao"}} == {
        (SCRIPT, "lin", "11"), (OTHER, "dao", "12"),
    }  # fmt: skip
    assert [(told.status, told.why) for told in done.answers] == [
        ("mixed", "other_act_can_have_harmed_job")
    ] * 2


@pytest.mark.parametrize(
    ("known", "left"),
    [
        ({}, "job_read_changed_file"),
        ({"outcome": None, "state": None, "exit_signal": None}, "changed_file_and_no_record_of_end"),
        ({"outcome": None, "state": None, "exit_signal": None, "exit_code": 1}, "no_record_of_cause"),
    ],
)
def test_less_known_of_a_job_s_end_makes_no_change_its_cause(known, left):
    """A typed row took from all rows of the job how it ended, and with that a colleague's change, whose text nobody knows, was the cause."""
    day = Stage()
    day.enrol()
    mei, lin = day.login("mei"), day.login("lin")
    day.change("lin", lin, SCRIPT, owner="mei")
    day.submit("mei", mei, "11", outcome="FAILED", signal=11)
    day.jobs[0] |= known | {"format": "sacct_json"}
    done = day.examined(Question(jobs=("11",), claims=(claim("D09", "lin"),)))
    [job] = done.asked
    assert (job.cause, job.why) == ("not_established" if known else "act", left)
    assert [told.status for told in done.answers] == ["untestable" if known else "contradicted"]


@pytest.mark.parametrize(
    ("by", "tie"),
    [
        ("line", ("named_in_line_of_account", "possible")),
        ("start", ("carried_act", "shown")),
        ("run", ("carried_act", "shown")),
    ],
)
def test_a_line_of_one_s_own_shows_of_nobody_that_they_harmed_a_job(by, tie):
    """Kai ends mei's job, and has a line of his own name what dao had changed: dao, who did that, was shown to have ended it.

    That dao changed kai's startup file, and that dao's script asked for the end, is on record.
    """
    day = Stage()
    day.enrol()
    mei, dao = day.login("mei"), day.login("dao")
    changed = "/home/kai/.bashrc" if by == "start" else "/srv/proj/settings.sh"
    day.change("dao", dao, changed, owner="mei")
    day.submit("mei", mei, "11")
    kai = day.login("kai")
    for fmt in ("shell_startup", "bash_history") if by == "line" else ():
        day.add(
            "setting", fmt, "login01:user", account="kai", when=None, object="shell", text=f"source {changed}"
        )
    if by == "run":
        pid, _ = day.run("kai", kai, ["bash", changed], ppid=900)
        day.cancel("kai", kai, "11")
        next(r for r in day.rows if r.get("argv") == ["scancel", "11"])["ppid"] = pid
    else:
        day.cancel("kai", kai, "11")
    done = day.examined(Question(jobs=("11",), claims=(claim("D06", "kai"), claim("D01", "kai", "dao"))))
    [edit] = [a for a in done.acts if a.account == "dao" and a.object == changed]
    assert (edit.job, edit.link, edit.why_link, edit.effect) == ("11", "derived", *tie)
    assert [(told.status, told.why) for told in done.answers] == [
        ("mixed", "ran_what_another_had_written"), ("mixed", "acts_of_other_and_act_left_open"),
    ]  # fmt: skip
