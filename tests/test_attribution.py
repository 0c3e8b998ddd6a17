"""Who is named, who is not, and why: small invented days, each with one thing changed."""

import random

import pytest
from drawn import some
from stage import KERNEL, SECOND, UIDS, Stage, address, claim, key, roster

from forensics.analysis import attribution
from forensics.analysis import verdicts as verdicts_of
from forensics.analysis.attribution import independent
from forensics.analysis.findings import findings
from forensics.analysis.wording import imports
from forensics.core.roster import Question, Roster

SCRIPT = "/srv/proj/train.py"


def verdicts(done, kind):
    return [(a.account, done.judged[a.act_id].verdict, a.person) for a in done.in_question if a.act == kind]


def edited(*, by="kai", account="kai", device=None, sshd=True, told_address=None, enrol=True):
    """Somebody edits the script of mei's job through an account; then she runs it, and cancels it."""
    day = Stage()
    if enrol:
        day.enrol()
    mei = day.login("mei")
    ses = day.login(account, by=by, device=device, sshd=sshd, told_address=told_address)
    day.change(account, ses, SCRIPT, owner="mei")
    day.submit("mei", mei, "11")
    day.cancel("mei", mei, "11")
    return day


def test_account_key_device_and_session_agree():
    done = edited().examined()
    assert verdicts(done, "modify_file") == [("kai", "attributed", "kai")]
    assert [j.cause for j in done.asked] == ["act"]


def test_own_cancelling_is_an_act_without_harm():
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    day.submit("mei", mei, "10")
    day.cancel("mei", mei, "10")
    done = day.examined()
    assert verdicts(done, "cancel") == [("mei", "attributed", "mei")]
    assert [j.cause for j in done.asked] == ["none"]


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"device": "lin"}, set()),
        ({"account": "lin", "by": "lin", "device": "kai"}, set()),
        ({"sshd": False}, {"key_of_session", "second_source_of_session"}),
        ({"told_address": "10.0.0.3"}, {"agreement_of_sources_on_session"}),
        ({"told_address": "203.0.113.9"}, {"agreement_of_sources_on_session"}),
    ],
    ids=["own_key_others_device", "borrowed_key", "no_login_log", "address_told_twice", "address_of_nobody"],
)
def test_what_does_not_agree_names_nobody(change, missing):
    done = edited(**change).examined()
    ((_, verdict, person),) = verdicts(done, "modify_file")
    judged = next(done.judged[a.act_id] for a in done.in_question if a.act == "modify_file")
    assert (verdict, person) == ("inconclusive", None)
    assert missing <= set(judged.missing)
    assert "kai" in judged.candidates


def test_a_second_trust_domain_is_needed():
    """Everything on the login host agrees, and whoever holds that host could have written all of it."""
    done = edited(enrol=False).examined()
    judged = next(done.judged[a.act_id] for a in done.in_question if a.act == "modify_file")
    told = {d for d in judged.frame_cost if d != KERNEL}
    assert (judged.verdict == "attributed") == bool(told)


def test_without_a_roster_no_person_is_named():
    done = edited().examined(people=Roster())
    assert {done.judged[a.act_id].verdict for a in done.in_question} == {"not_attempted"}
    assert all(a.person is None for a in done.acts)


def test_an_edit_after_the_job_started_is_not_the_jobs():
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    day.submit("mei", mei, "10")
    day.change("kai", kai, SCRIPT, owner="mei")
    day.cancel("mei", mei, "10")
    done = day.examined()
    assert [(a.job, a.link) for a in done.in_question if a.act == "modify_file"] == [
        (None, "not_established")
    ]
    assert [j.cause for j in done.asked] == ["none"]


def test_a_file_replaced_whole_afterwards_frees_the_earlier_writer():
    day = Stage()
    day.enrol()
    mei, kai, lin = day.login("mei"), day.login("kai"), day.login("lin")
    day.change("kai", kai, SCRIPT, owner="mei")
    day.change("lin", lin, SCRIPT, program="cp", owner="mei")
    day.submit("mei", mei, "11")
    linked = [(a.account, a.act) for a in day.examined().in_question if a.job == "11"]
    assert ("lin", "replace_file") in linked
    assert ("kai", "modify_file") not in linked


def shared_day(*, second=None):
    day = Stage()
    day.enrol()
    mei, kai, lin = (day.login("mlteam", by=p) for p in ("mei", "kai", "lin"))
    day.submit("mlteam", mei, "12")
    day.cancel("mlteam", kai, "12")
    if second:
        day.run("mlteam", lin, ["scancel", "12"])
    return day


def test_a_shared_account_is_told_apart_by_key_and_session():
    done = shared_day().examined(Question(jobs=("12",), claims=(claim("D03", "kai", "lin"),)))
    assert verdicts(done, "cancel") == [("mlteam", "attributed", "kai")]
    assert [j.cause for j in done.asked] == ["act"]
    assert done.answers[0].status == "mixed"
    judged = next(done.judged[a.act_id] for a in done.in_question if a.act == "cancel")
    assert verdicts_of.against(judged) == [{"kind": "session_beside", "because": judged.against}]
    assert len(judged.against) == 2  # mei's and lin's sessions


def test_of_very_many_sessions_beside_some_are_told_and_all_are_counted(monkeypatch):
    """Each act of an account with thousands of sessions cited each of them."""
    monkeypatch.setattr(attribution, "MOST_BESIDE", 1)
    done = shared_day().examined(Question(jobs=("12",)))
    (judged,) = [done.judged[a.act_id] for a in done.in_question if a.act == "cancel"]
    (why,) = verdicts_of.against(judged)
    assert (why["because"], len(why["because"]), why["count"]) == (judged.against, 1, 2)


@pytest.mark.parametrize(("present", "status"), [(True, "mixed"), (False, "supported")])
def test_who_was_logged_in_and_did_nothing_is_told_both(present, status):
    """What the denial says is false, what it means is not: neither alone would be fair."""
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    if present:
        day.login("kai")
    dao = day.login("dao")
    day.submit("mei", mei, "12")
    day.cancel("dao", dao, "12")
    done = day.examined(Question(jobs=("12",), claims=(claim("D11", "kai"),)))
    assert verdicts(done, "cancel") == [("dao", "attributed", "dao")]
    assert done.answers[0].status == status


def test_a_third_person_s_act_is_neither_the_speaker_s_nor_the_other_s():
    day = Stage()
    day.enrol()
    mei, dao = day.login("mei"), day.login("dao")
    day.submit("mei", mei, "12")
    day.cancel("dao", dao, "12")
    done = day.examined(Question(jobs=("12",), claims=(claim("D01", "kai", "lin"),)))
    assert done.answers[0].status == "mixed"
    assert done.answers[0].why == "acts_in_sessions_of_neither"


def test_a_change_asked_for_by_scontrol_is_one_act_with_the_controller_s_line():
    day = Stage()
    day.enrol()
    mei, dao = day.login("mei"), day.login("dao")
    day.submit("mei", mei, "12")
    day.run("dao", dao, ["scontrol", "update", "jobid=12", "timelimit=1"])
    day.add("job_update", "slurmctld", "slurm:admin", host=None, job="12", uid=4104)
    found = [a for a in day.examined(Question(jobs=("12",))).in_question if a.act == "modify_job"]
    assert [(a.account, a.link, a.person, len(a.events)) for a in found] == [("dao", "observed", "dao", 2)]


def test_a_login_that_the_audit_trail_does_not_tell_is_a_silence():
    day = Stage()
    day.enrol()
    day.login("mei")
    day.wait()
    day.add("login", "syslog", account="kai", pid=77, address="10.0.0.2", port=5, credential="SHA256:x")
    silent = [g for g in day.examined().gaps if g.kind == "silence"]
    assert [(g.source, g.earliest_ns) for g in silent] == [("login01: audit trail", day.at)]


def test_what_outlives_its_login_is_not_done_while_logged_in():
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    day.submit("mei", mei, "12")
    day.logout("kai", kai)
    day.cancel("kai", kai, "12")
    done = day.examined(Question(jobs=("12",), claims=(claim("D11", "kai"),)))
    assert verdicts(done, "cancel") == [("kai", "attributed", "kai")]
    assert done.answers[0].status == "mixed"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import time, os as o, random\n", {"time", "os", "random"}),
        ("from a.b import c, d as e\n", {"a.b", "a.b.c", "a.b.d"}),
        ("from m import (\n    f,\n    g)", {"m", "m.f", "m.g"}),
        ("python3 -c 'import pickle,x.y'", {"pickle", "x.y"}),
        ("importance of important imports", set()),
    ],
)
def test_what_a_text_imports(text, names):
    assert imports(text) == names


def test_two_commands_for_one_request_name_nobody():
    done = shared_day(second=True).examined()
    judged = [done.judged[a.act_id] for a in done.in_question if a.act == "cancel"]
    assert all(j.name is None for j in judged if "one_command_for_request" in j.missing)
    assert any("one_command_for_request" in j.missing for j in judged)


def test_a_request_whose_command_is_not_found_has_no_person():
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    day.login("kai")
    day.submit("mei", mei, "12")
    day.wait()
    day.add("kill_request", "slurmctld", "slurm:admin", host=None, job="12", uid=4102)
    done = day.examined()
    assert verdicts(done, "cancel") == [("kai", "inconclusive", None)]
    assert [j.cause for j in done.asked] == ["act"]


def test_rights_borrowed_by_sudo_do_not_move_the_person():
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    day.submit("mei", mei, "12")
    day.cancel("kai", kai, "12", effective="mei")
    done = day.examined()
    assert verdicts(done, "cancel") == [("kai", "attributed", "kai")]
    assert [j.cause for j in done.asked] == ["act"]


def test_cron_leads_to_whoever_wrote_the_entry():
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    pid = day.submit("mei", mei, "15", outcome="FAILED", signal=9)
    kai = day.login("kai")
    day.change(
        "kai",
        kai,
        "/var/spool/cron/crontabs/kai",
        program="crontab",
        verb="rename",
        source="/var/spool/cron/crontabs/tmp.x",
    )
    day.logout("kai", kai)
    day.ses += 1
    cron = {"account": "kai", "auid": 4102, "session": str(day.ses), "pid": 900, "exe": "/usr/sbin/cron"}
    day.add("session_open", **cron)
    day.add(
        "signal",
        account="kai",
        auid=4102,
        effective="root",
        uid=0,
        session=str(day.ses),
        pid=901,
        exe="/usr/bin/pkill",
        target_pid=pid,
        target_uid=4101,
        signal=9,
    )
    done = day.examined(Question(jobs=("15",), claims=(claim("D11", "kai"),)))
    assert verdicts(done, "signal") == [("kai", "attributed", "kai")]
    assert verdicts(done, "plant") == [("kai", "attributed", "kai")]
    assert done.answers[0].status == "mixed"


def test_a_cron_entry_of_unknown_writer_names_nobody():
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    pid = day.submit("mei", mei, "15", outcome="FAILED", signal=9)
    cron = {"account": "kai", "auid": 4102, "session": "99", "pid": 900, "exe": "/usr/sbin/cron"}
    day.add("session_open", **cron)
    day.add(
        "signal",
        account="kai",
        auid=4102,
        effective="kai",
        uid=4102,
        session="99",
        pid=901,
        exe="/usr/bin/pkill",
        target_pid=pid,
        target_uid=4101,
        signal=9,
    )
    assert verdicts(day.examined(), "signal") == [("kai", "inconclusive", None)]


def test_own_failure_names_nobody():
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    day.change("kai", kai, "/srv/proj/notes.md", verb="create")
    day.change("mei", mei, SCRIPT)
    day.submit("mei", mei, "14", outcome="FAILED", code=1)
    done = day.examined(Question(jobs=("14",), claims=(claim("D09", "kai"),)))
    assert [j.cause for j in done.asked] == ["own_failure"]
    assert [a for a in done.in_question if a.person] == []
    assert done.answers[0].status == "supported"


def test_a_wiped_log_of_somebody_else_takes_the_name_back():
    """Whoever changed the log could have written the whole story: no name stands on that host alone."""
    day = edited()
    dao = day.login("dao")
    day.run("dao", dao, ["shred", "-u", "/var/log/audit/audit.log.1"], effective="root")
    done = day.examined()
    judged = next(done.judged[a.act_id] for a in done.in_question if a.act == "modify_file")
    assert (judged.verdict, judged.name) == ("inconclusive", None)
    assert "G1" in judged.gates
    assert verdicts_of.against(judged) == [{"kind": "records_changed_by_other", "because": judged.against}]
    assert judged.against


@pytest.mark.parametrize(
    ("wiper", "log", "name"),
    [
        ("dao", "/var/log/audit/audit.log", None),
        ("kai", "/var/log/audit/audit.log", "kai"),
        ("dao", "/var/log/auth.log", "kai"),
    ],
)
def test_a_trail_that_another_cut_before_the_session_cannot_tell_who_wrote_what_it_ran(wiper, log, name):
    """What dao removed can be the record of a trap that dao laid; what a log of logins held cannot."""
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    day.submit("mei", mei, "15")
    ses = day.login(wiper)
    day.run(wiper, ses, ["sed", "-i", "/ses=31/d", log], effective="root")
    day.logout(wiper, ses)
    kai = day.login("kai")
    day.cancel("kai", kai, "15", effective="mei")
    done = day.examined()
    (act,) = [a for a in done.in_question if a.act == "cancel"]
    judged = done.judged[act.act_id]
    assert judged.name == name
    assert ("logs_beyond_reach_of_who_changed_them" in judged.missing) is (name is None)


def renamed(day, swap):
    """The same day with people renamed throughout: names, uids, keys and addresses."""
    words = swap | {key(a): key(b) for a, b in swap.items()}
    words |= {address(a): address(b) for a, b in swap.items()}
    uids = {UIDS[a]: UIDS[b] for a, b in swap.items()}

    def turn(value):
        if isinstance(value, str):
            return words.get(value, value)
        return uids.get(value, value) if isinstance(value, int) and not isinstance(value, bool) else value

    other = Stage()
    keep = {"pid", "ppid", "port", "start", "stop", "earliest_ns", "latest_ns"}
    other.rows = [{k: v if k in keep else turn(v) for k, v in r.items()} for r in day.rows]
    other.jobs = [{k: v if k in keep else turn(v) for k, v in j.items()} for j in day.jobs]
    return other


PEOPLE = ("mei", "kai", "lin", "dao")
ORDERS = {
    "round": ("kai", "lin", "dao", "mei"),
    "back": ("dao", "mei", "kai", "lin"),
    "actor_and_bystander": ("mei", "lin", "kai", "dao"),
    "actor_and_victim": ("kai", "mei", "lin", "dao"),
}
"""Every alphabetical order of two people is turned round by one of them, and everybody gets everybody's name."""


def told(day):
    return [(a.act, a.object, a.verdict, a.person) for a in day.examined().in_question]


@pytest.fixture(scope="module")
def days():
    """Days whose people are renamed, each with what is told of it."""
    staged = (edited(), edited(account="lin", by="lin", device="kai"), shared_day())
    return [(day, told(day)) for day in staged]


@pytest.mark.parametrize("order", some(ORDERS, 2))
def test_renaming_people_permutes_the_answers(order, days):
    swap = dict(zip(PEOPLE, ORDERS[order], strict=True))
    for day, plain in days:
        assert told(renamed(day, swap)) == [(*said, swap.get(person)) for *said, person in plain]


def test_order_of_events_changes_nothing():
    """Backwards, which puts every two events the other way round, and in three orders of chance."""
    day = shared_day()
    before, rows = findings(day.examined()), list(day.rows)
    chance = random.Random(7)  # noqa: S311 - the same orders each time
    for order in (rows[::-1], *(chance.sample(rows, len(rows)) for _ in range(3))):
        day.rows[:] = order
        assert findings(day.examined()) == before


@pytest.mark.parametrize("day", [edited, shared_day])
def test_leaving_a_line_out_names_nobody_new(day):
    """Whatever single line is missing, an innocent person is not named for it."""
    whole = day()
    for lost in some(range(len(whole.rows)), 10):
        thinned = day()
        del thinned.rows[lost]
        named = {(a.act, a.person) for a in thinned.examined().in_question if a.person is not None}
        assert {person for _, person in named} <= {"kai", "mei"}
        assert not any(person == "mei" and act != "cancel" for act, person in named)


def test_findings_have_a_citation_for_every_act():
    found = findings(edited().examined())
    assert found["acts"]
    assert all(a["citations"] for a in found["acts"])
    assert len(roster().persons) == 4


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/srv/proj/ckpt/model.pth", "modify_file"), ("/opt/env/lib/python3.11/site-packages/x.pth", "plant")],
)
def test_a_checkpoint_named_pth_is_no_startup_hook(path, kind):
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    day.change("kai", kai, path, owner="mei")
    day.submit("mei", mei, "12")
    assert {a.act for a in day.examined().acts if a.object == path} == {kind}


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        ({"login01:root", "unplaced:root"}, {"login01:root"}),
        ({"login01:root", "index:server", "slurm:admin"}, {"login01:root", "slurm:admin"}),
        ({"unplaced:root", "index:server"}, {"index:server"}),
        ({"unplaced:root", "git:server"}, {"unplaced:root", "git:server"}),
        ({"login01:root", "gpu01:root"}, {"login01:root", "gpu01:root"}),
        (set(), set()),
    ],
)
def test_a_domain_that_may_be_another_is_no_second_witness(found, kept):
    assert independent(found) == kept


def entered_twice_told(*, account="kai", address_=None, tty=None, late=0, fmt="wtmpdb"):
    """Kai edits mei's script; a database of logins tells of one entry more or less as the other logs do."""
    day = edited()
    login = next(r for r in day.rows if r["verb"] == "login" and r["tty"] and r["account"] == "kai")
    record = {"account": account, "address": address_ or address("kai"), "tty": tty or login["tty"]}
    told = day.add("login", fmt, when=login["earliest_ns"] + late, **record)
    done = day.examined()
    return done, told, next(s for s in done.sessions if s.ses == login["session"])


def test_logins_kept_in_a_database_are_joined_by_terminal_and_moment():
    done, told, session = entered_twice_told()
    assert session.recognised_by == {"auditd", "sshd", "wtmpdb"}
    assert told in session.events
    assert verdicts(done, "modify_file") == [("kai", "attributed", "kai")]


@pytest.mark.parametrize(
    ("change", "contradicts"),
    [({"account": "lin"}, {"account"}), ({"address_": "10.0.0.3"}, {"address"})],
)
def test_a_database_of_logins_that_tells_otherwise_names_nobody(change, contradicts):
    done, told, session = entered_twice_told(**change)
    assert (session.contradicts, told in session.events) == (contradicts, True)
    ((_, verdict, person),) = verdicts(done, "modify_file")
    assert (verdict, person) == ("inconclusive", None)


@pytest.mark.parametrize("change", [{"tty": "pts/99"}, {"late": 61 * SECOND}, {"late": -61 * SECOND}])
def test_a_login_of_another_terminal_or_time_is_another(change):
    done, told, session = entered_twice_told(account="lin", **change)
    assert (session.contradicts, told in session.events) == (set(), False)
    assert verdicts(done, "modify_file") == [("kai", "attributed", "kai")]


def test_of_two_logins_on_one_terminal_neither_is_taken():
    day = edited()
    login = next(r for r in day.rows if r["verb"] == "login" and r["tty"] and r["account"] == "kai")
    day.ses -= 1
    day.at = login["earliest_ns"]
    day.rows += [{**login, "event_id": "b" * 16 + ".1.2", "session": "77", "account": "lin", "pid": 5}]
    told = day.add("login", "wtmpdb", when=login["earliest_ns"], account="dao", tty=login["tty"])
    assert all(told not in s.events for s in day.examined().sessions)


def test_teleport_s_logins_and_commands_name_nobody():
    """Its account is the host's, its user is another service's: neither opens a session here, nor is a second domain."""
    for sshd, enrol in ((False, True), (True, False), (False, False)):
        plain = edited(sshd=sshd, enrol=enrol)
        more = edited(sshd=sshd, enrol=enrol)
        edit = next(r for r in more.rows if r["verb"] == "write")
        for verb in ("login", "execute", "write"):
            more.add(
                verb, "teleport", "teleport:admin", when=edit["earliest_ns"], account="kai", pid=edit["pid"], object=SCRIPT,
                object_kind="path", address=address("kai"), exe="/usr/bin/vim", argv=["vim", SCRIPT], tty="pts/32",
            )  # fmt: skip
        one, other = plain.examined(), more.examined()
        named, named_more = ({person for _, _, person in verdicts(d, "modify_file")} for d in (one, other))
        assert named_more <= named
        assert len(other.sessions) == len(one.sessions)


@pytest.mark.parametrize(
    ("argv", "grants"),
    [
        (["tee", "-a", "/home/lin/.ssh/authorized_keys"], True),
        (["tee", "-a", "/home/kai/.ssh/authorized_keys"], False),
        (["cp", "/home/kai/.ssh/authorized_keys", "/home/lin/.ssh/authorized_keys"], True),
        (["chmod", "4755", "/srv/proj/helper"], True),
        (["chmod", "755", "/srv/proj/helper"], False),
        (["visudo"], True),
        (["cat", "/home/lin/.ssh/authorized_keys"], False),
    ],
)
def test_what_gives_a_key_or_a_right(argv, grants):
    """A key put into another's account is an act; one's own key in one's own account is not."""
    day = Stage()
    day.enrol()
    kai = day.login("kai")
    day.run("kai", kai, argv)
    assert ("grant" in {a.act for a in day.examined().acts}) == grants


@pytest.mark.parametrize(
    ("outcome", "code", "cause", "effect"),
    [
        ("CANCELLED", 0, "act", "possible"),
        ("TIMEOUT", 0, "act", "possible"),
        ("FAILED", 1, "not_established", "not_shown"),
        ("NODE_FAIL", 0, "infrastructure", "not_shown"),
    ],
)
def test_an_edit_that_a_job_read_is_not_thereby_what_ended_it(outcome, code, cause, effect):
    """A colleague's honest edit looks the same: whose it is stays said, and that it did harm is not."""
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    day.change("kai", kai, SCRIPT, owner="mei")
    day.submit("mei", mei, "11", outcome=outcome, code=code)
    day.jobs[0]["format"] = "sacct_json"
    done = day.examined()
    (edit,) = [a for a in done.in_question if a.act == "modify_file"]
    assert ([j.cause for j in done.asked], edit.effect, edit.person) == ([cause], effect, "kai")


def test_a_job_that_somebody_ended_was_not_ended_by_another_s_edit():
    day = Stage()
    day.enrol()
    mei, kai, lin = day.login("mei"), day.login("kai"), day.login("lin")
    day.change("kai", kai, SCRIPT, owner="mei")
    day.submit("mei", mei, "11")
    day.cancel("lin", lin, "11")
    done = day.examined()
    told = {(a.act, a.person): a.effect for a in done.in_question}
    assert told["modify_file", "kai"] == "not_shown"
    assert told["cancel", "lin"] == "shown"
    assert [(j.cause, j.why) for j in done.asked] == [("act", "act_on_job")]


def test_a_request_that_ends_nothing_explains_no_end():
    day = Stage()
    day.enrol()
    mei, kai, lin = day.login("mei"), day.login("kai"), day.login("lin")
    day.change("kai", kai, SCRIPT, owner="mei")
    day.submit("mei", mei, "11", outcome="TIMEOUT")
    day.run("lin", lin, ["scontrol", "update", "jobid=11", "priority=1"])
    day.add("job_update", "slurmctld", "slurm:admin", host=None, job="11", uid=UIDS["lin"])
    told = {(a.act, a.person): a.effect for a in day.examined().in_question}
    assert told["modify_file", "kai"] == "possible"
    assert ("modify_job", "lin") in told


def test_a_job_that_its_owner_cancelled_after_a_change_neither_failed_by_itself_nor_by_the_change():
    asked = Question(jobs=("11",), claims=(claim("D09", "kai"),))
    done = edited().examined(asked)
    assert [(j.cause, j.why) for j in done.asked] == [("act", "job_read_changed_file")]
    assert (done.answers[0].status, done.answers[0].missing) == ("untestable", ("reason_of_cancellation",))


def test_a_job_that_somebody_else_cancelled_did_not_fail_by_itself():
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    day.submit("mei", mei, "11")
    day.cancel("kai", kai, "11")
    done = day.examined(Question(jobs=("11",), claims=(claim("D09", "kai"),)))
    assert done.answers[0].status == "contradicted"
