"""What ran by itself leads to whoever left it, by a named rule, or to all who can have, or says why to nobody."""

from pathlib import Path

import investigated
import pytest
from stage import SECOND, T0, UIDS, Stage

from forensics.analysis import (
    artefacts,
    attribution,
    deferral_rules,
    deferred,
    evidence,
    file_acts,
    identity,
    job_records,
    naming,
    planted,
    scheduler_acts,
    sessions,
)
from forensics.analysis.acts import Scene
from forensics.core import roster as asked
from forensics.core.roster import Question

STAGED = Path(__file__).parents[1] / "sample_logs" / "staged" / "left_to_run" / "evidence"
SPOOL = "/var/spool/cron/atjobs/"
MINUTE = 60 * SECOND


def job_of_at(number, due_ns, queue="a"):
    return f"{SPOOL}{queue}{number:05x}{due_ns // MINUTE:08x}"


def by_at(day, account, ses, path):
    """Somebody asks at: its process makes the file, as its caller."""
    pid, _ = day.run(account, ses, ["at", "now"])
    day.add(
        "create", account=account, auid=UIDS[account], effective=account, uid=UIDS[account], session=ses, pid=pid, ppid=1,
        exe="/usr/bin/at", object_kind="path", object=path,
    )  # fmt: skip


def runs(
    day, account, victim, *, exe="/usr/sbin/atd", taken=(), argv=("pkill", "-9", "python3"), number=None
):
    """A session that nobody is in, in which a program kills a process of a job."""
    day.ses += 1
    ses, uid, pid = str(day.ses), UIDS[account], 900 + day.ses
    for path in taken:
        day.add(
            "delete", effective="daemon", uid=0, pid=pid, ppid=1, exe=exe, object_kind="path", object=path
        )
    day.add("session_open", account=account, auid=uid, session=ses, pid=pid, exe=exe)
    own, _ = day.run(account, ses, list(argv), ppid=pid, pid=number)
    day.add(
        "signal", account=account, auid=uid, effective=account, uid=uid, session=ses, pid=own, ppid=pid,
        exe=f"/usr/bin/{argv[0]}", target_pid=victim, target_uid=UIDS["mei"], signal=9,
    )  # fmt: skip


def planted_day():
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    victim = day.submit("mei", mei, "15", outcome="FAILED", signal=9, seconds=7200)
    return day, victim


def scene_of(case):
    """People, sessions and jobs of a case, without all that an examination asks about them."""
    people = identity.directory(case)
    naming.named(case, people)
    found = sessions.reconstruct(case)
    return Scene(case, people, {(s.host, s.ses): s for s in found}, job_records.reconstruct(case, people), {})


def left(day, verb="signal"):
    """What can have left a signal to be sent, and the scene."""
    scene = scene_of(day.evidence())
    behind = planted.plants(scene, file_acts.all_changes(scene, artefacts.versions(scene.evidence)))
    sent = list(scheduler_acts.signals(scene) if verb == "signal" else scheduler_acts.cancels(scene))
    return deferred.settle(scene, sent, behind), behind


def judged(day):
    """The same with what is said of the person, by the whole analysis."""
    done = day.examined()
    (row,) = [d for d in done.deferrals if d.act.act == "signal"]
    return row, done.judged[row.act.act_id], done


def test_a_job_of_at_leads_to_who_asked_for_the_file_that_the_run_took():
    """Two people in one account ask for a run in the same minute; the daemon took one file."""
    day, victim = planted_day()
    due = (T0 // MINUTE + 10) * MINUTE
    names = [job_of_at(1, due), job_of_at(2, due)]
    for person, path in zip(("kai", "lin"), names, strict=True):
        ses = day.login("mlteam", by=person)
        by_at(day, "mlteam", ses, path)
        day.logout("mlteam", ses)
    day.at = due
    runs(day, "mlteam", victim, taken=names[:1])
    row, answer, done = judged(day)
    assert (row.rule, [p.object for p in row.planted]) == ("at_file_taken_by_run", names[:1])
    assert (row.act.origin, answer.verdict, answer.name) == ("at", "attributed", "kai")
    ways = [
        [s.partition(" →")[0] for s in r["steps"]]
        for r in done.tables()["path"].to_pylist()
        if r["person"] == "kai"
    ]
    assert [
        "enrolled",
        "credential_of_session",
        "process_of_session",
        "plant",
        "at_file_taken_by_run",
        "process_of_session",
        "signal",
    ] in ways
    assert row.inputs


def test_without_the_file_taken_both_who_were_due_then_are_left():
    day, victim = planted_day()
    due = (T0 // MINUTE + 10) * MINUTE
    for person, number, when in (("kai", 1, due), ("lin", 2, due), ("dao", 3, due + 30 * MINUTE)):
        by_at(day, "mlteam", day.login("mlteam", by=person), job_of_at(number, when))
    day.at = due
    runs(day, "mlteam", victim)
    row, answer, _ = judged(day)
    assert (row.rule, len(row.planted)) == ("at_file_due_then", 2)
    assert (answer.verdict, answer.name) == ("inconclusive", None)
    assert {"kai", "lin"} <= set(answer.candidates)


@pytest.mark.parametrize(
    ("exe", "missing"),
    [("/usr/sbin/atd", "writer_of_at_job"), ("/usr/lib/systemd/systemd", "writer_of_unit"), ("/usr/sbin/cron", "writer_of_cron_entry")],
)  # fmt: skip
def test_where_nothing_was_left_on_record_that_is_said(exe, missing):
    day, victim = planted_day()
    kai = day.login("kai")
    day.run("kai", kai, ["at", "-l"])
    day.run("kai", kai, ["systemd-run", "--scope", "--user", "pkill", "-9", "python3"])
    runs(day, "kai", victim, exe=exe)
    ((row,), _) = left(day)
    assert (row.planted, row.missing) == ((), missing)
    assert attribution._sessions(row.act) == ([], [missing])


def test_a_command_of_at_whose_file_is_not_on_record_may_have_left_any():
    day, victim = planted_day()
    kai = day.login("kai")
    day.run("kai", kai, ["at", "now", "+", "5", "minutes"])
    day.logout("kai", kai)
    day.wait(300)
    runs(day, "kai", victim)
    ((row,), _) = left(day)
    assert [(p.rule, p.effective) for p in row.planted] == [("command_at", "kai")]


def test_the_daemons_own_work_in_its_spool_leaves_nothing():
    day, victim = planted_day()
    day.add(
        "link",
        effective="root",
        uid=0,
        pid=7,
        exe="/usr/sbin/atd",
        object_kind="path",
        object=f"{SPOOL}=0000101c8a810",
    )
    by_at(day, "kai", day.login("kai"), f"{SPOOL}.SEQ")
    runs(day, "kai", victim)
    assert [p.rule for p in left(day)[1]] == ["command_at"]


@pytest.mark.parametrize(("ran", "several"), [(("pkill", "-9", "python3"), 1), (("pkill", "-9", "perl"), 0)])
def test_a_transient_unit_is_what_was_asked_for(ran, several):
    day, victim = planted_day()
    kai = day.login("kai")
    day.run("kai", kai, ["systemd-run", "--user", "--on-active", "60", "/usr/bin/pkill", "-9", "python3"])
    # Another process had the number before, and ran just that.
    day.run("kai", kai, ["pkill", "-9", "python3"], pid=777)
    day.logout("kai", kai)
    day.wait(60)
    runs(day, "kai", victim, exe="/usr/lib/systemd/systemd", argv=ran, number=777)
    ((row,), _) = left(day)
    assert (row.rule, len(row.planted)) == ("unit_of_account", several)


def test_a_unit_file_of_the_account_is_taken_and_another_account_s_is_not():
    day, victim = planted_day()
    for account in ("kai", "lin"):
        day.change(
            account, day.login(account), f"/home/{account}/.config/systemd/user/tidy.timer", verb="create"
        )
    runs(day, "kai", victim, exe="/usr/lib/systemd/systemd")
    ((row,), _) = left(day)
    assert [p.account for p in row.planted] == ["kai"]


@pytest.mark.parametrize(("ran", "rows", "parent"), [("9", 1, 1), ("15", 0, 1), ("9", 0, 77)])
def test_a_service_without_a_login_is_known_by_its_words(ran, rows, parent):
    """By root, for the first process: no account and no session is on it."""
    day, victim = planted_day()
    kai = day.login("kai")
    day.run("kai", kai, ["systemd-run", "--on-active=60", "pkill", "-9", "python3"], effective="root")
    day.logout("kai", kai)
    day.wait(60)
    own, _ = day.run("kai", None, ["pkill", f"-{ran}", "python3"], effective="root", ppid=parent)
    day.add(
        "signal", effective="root", uid=0, pid=own, ppid=parent, exe="/usr/bin/pkill", target_pid=victim, signal=9, target_uid=4101
    )  # fmt: skip
    found, _ = left(day)
    assert [(d.rule, d.act.origin, len(d.planted)) for d in found] == [
        ("unit_names_command", "timer", 1)
    ] * rows
    assert all("session" in d.act.missing for d in found)
    if rows:
        _, person, _ = judged(day)
        # Another program can have asked for it over the bus, in the same words.
        assert (person.verdict, person.missing) == ("inconclusive", ["session"])


def test_an_editor_s_crontab_leads_to_its_session_by_the_process_that_logged_it():
    day, victim = planted_day()
    kai = day.login("kai")
    pid, _ = day.run("kai", kai, ["crontab", "-e"])
    day.wait(60)
    day.add(
        "cron_edit", "syslog", account="kai", object_kind="crontab", object="kai", pid=pid, text="REPLACE"
    )
    day.logout("kai", kai)
    runs(day, "kai", victim, exe="/usr/sbin/cron")
    ((row,), _) = left(day)
    assert [(p.rule, p.session.ses) for p in row.planted] == [("crontab_log", kai)]


@pytest.mark.parametrize(("other", "name"), [("lin", None), ("kai", "kai")])
def test_what_is_done_in_tmux_can_have_been_typed_by_whoever_attached(other, name):
    """The server's session is the one it was started in; in a shared account another can type into it."""
    day, _ = planted_day()
    first = day.login("mlteam", by="kai")
    day.run("mlteam", first, ["tmux", "new", "-d"])
    day.logout("mlteam", first)
    second = day.login("mlteam", by=other)
    day.run("mlteam", second, ["tmux", "attach"])
    day.cancel("mlteam", first, "15", effective="mei")
    done = day.examined()
    (act,) = [a for a in done.acts if a.act == "cancel"]
    assert [s.ses for s in act.typed_from] == [second]
    assert act.person == name
    (row,) = [d for d in done.deferrals if d.act is act]
    assert row.rule == "typed_through_multiplexer"


@pytest.mark.parametrize(
    ("begins", "attaches", "reaches"),
    [
        (["tmux", "-S", "/srv/proj/.tm", "new", "-d"], ["tmux", "-S", "/srv/proj/.tm", "attach"], True),
        (["tmux", "-S", ".tm", "new", "-d"], ["tmux", "-S/srv/proj/.tm", "send-keys", "rm x", "Enter"], True),
        (["tmux", "-S", "/srv/proj/.tm", "new", "-d"], ["tmux", "-S", "/srv/proj/.other", "attach"], False),
        (["tmux", "new", "-d"], ["tmux", "-S", "/srv/proj/.tm", "attach"], False),
        (["screen", "-S", "work"], ["screen", "-x", "kai/work"], True),
        (["screen", "-S", "work"], ["screen", "-x", "mei/work"], False),
    ],
)
def test_a_socket_or_a_name_leads_to_the_server_of_another_account(begins, attaches, reaches):
    """kai lets others into a terminal; what lin types there bears kai's account, session, key and device."""
    day, _ = planted_day()
    first = day.login("kai")
    day.run("kai", first, begins)
    second = day.login("lin")
    day.run("lin", second, attaches)
    day.cancel("kai", first, "15", effective="mei")
    done = day.examined()
    (act,) = [a for a in done.acts if a.act == "cancel"]
    assert [s.ses for s in act.typed_from] == ([second] if reaches else [])
    assert act.person == (None if reaches else "kai")


@pytest.mark.parametrize(
    ("argv", "reaches"),
    [
        (["gdb", "-p", "{pid}", "-batch", "-ex", 'call (int)system("scancel 15")'], True),
        (["gdb", "/bin/bash", "{pid}"], True),
        (["gdb", "-ex", "attach {pid}"], True),
        (["lldb", "--pid={pid}"], True),
        (["gdb", "-p", "77"], False),
        (["kill", "-0", "{pid}"], False),
    ],
)
def test_a_debugger_s_words_name_the_process_that_it_reaches_into(argv, reaches):
    """dao has a debugger call a function in a shell of kai's; what that does is in kai's session."""
    day, _ = planted_day()
    first = day.login("kai")
    pid, _ = day.run("kai", first, ["bash"])
    second = day.login("dao")
    day.run("dao", second, [w.format(pid=pid) for w in argv], effective="root")
    day.cancel("kai", first, "15", effective="mei")
    done = day.examined()
    (act,) = [a for a in done.acts if a.act == "cancel"]
    assert [s.ses for s in act.typed_from] == ([second] if reaches else [])
    assert act.person == (None if reaches else "kai")


def test_another_account_s_tmux_reaches_nothing():
    day, _ = planted_day()
    first = day.login("kai")
    day.run("kai", first, ["tmux"])
    day.run("lin", day.login("lin"), ["tmux"])
    day.cancel("kai", first, "15", effective="mei")
    assert left(day, "cancel")[0] == []


def collected_in(folder):
    """A scene of what was collected, from its bytes."""
    collected = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    tables, _ = investigated.DESK.tables(collected, Question())
    people = (folder.parent / "roster.toml").read_bytes()
    return scene_of(evidence.assemble(tables, asked.roster(people, "roster.toml"), Question()))


def test_at_s_own_records_lead_from_the_kill_to_the_session_that_asked():
    """Recorded: at, atd and nohup as auditd and sshd tell of them."""
    scene = collected_in(STAGED)
    changes = file_acts.all_changes(scene, artefacts.versions(scene.evidence))
    behind = planted.plants(scene, changes)
    assert [p.object for p in behind] == [f"{SPOOL}a0000201c8a810", f"{SPOOL}b0000301c8a80f"]
    events = scene.events
    sent = next(evidence.rows_of(events[(events["verb"] == "signal") & (events["session"] == "134")]))
    left = next(evidence.rows_of(events[(events["verb"] == "execute") & events["exe"].eq("/usr/bin/touch")]))
    kill, touch = (scene.act("signal", "?", "r", e) for e in (sent, left))
    at, outlived = deferred.settle(scene, [kill, touch], behind)
    assert (at.rule, [p.object for p in at.planted]) == ("at_file_taken_by_run", [f"{SPOOL}a0000201c8a810"])
    assert [p.session.ses for p in at.planted] == ["133"]
    assert (outlived.rule, outlived.sessions) == ("outlived_login", (touch.session.session_id,))
    kept = {events.loc[e, "exe"].rsplit("/", 1)[-1] for e in outlived.inputs}
    assert kept == {"nohup", "setsid"}


def test_every_rule_says_why_it_holds_and_where_it_errs():
    assert all(all(part for part in rule[:3]) for rule in deferral_rules.RULES.values())
