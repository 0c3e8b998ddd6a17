"""Rights asked for at a terminal, where no audit trail says in which session: invented events."""

import pytest
from stage import HOST, SECOND, Stage, address, key

from forensics.analysis import findings, raised
from forensics.core.roster import Question
from forensics.render import antecedents, phrases
from forensics.render.forbidden import lint

WTMP = {"fmt": "wtmp", "domain": f"{HOST}:root"}


def entered(day, account, tty, pid, *, by="sshd", host=HOST, width=None):
    """An entry over ssh that no audit trail tells, whose terminal sshd or the login records tell, or nothing."""
    day.wait()
    who = {"account": account, "pid": pid, "address": address(account), "host": host}
    day.add("login", "syslog", port=pid, credential=key(account), **who)
    if by == "sshd":
        told = {"address": address(account), "port": pid, "host": host}
        day.add("session_start", "syslog", tty=tty, pid=pid + 1, **told)
    elif by == "wtmp":
        day.add("login", tty=tty, **who, **WTMP)
    if width is not None:
        day.rows[-1]["latest_ns"] = day.rows[-1]["earliest_ns"] + width


def test_whatever_says_who_held_the_terminal_is_cited():
    day = Stage()
    entered(day, "kai", "pts/3", 100)
    who = {"account": "kai", "pid": 100, "address": address("kai"), "tty": "pts/3"}
    day.add("login", **who, **WTMP)
    day.wait(3600)
    asked(day, "kai", "pts/3")
    (row,) = found(day)[1]
    assert row.inputs == tuple(r["event_id"] for r in day.rows if r["tty"] and r["verb"] != "sudo")


def left(day, account, pid):
    day.wait()
    day.add("session_close", "syslog", account=account, pid=pid)


def asked(day, account, tty, *, rights="root", text="/usr/bin/id", pid=None, fmt="syslog", host=HOST):
    day.wait()
    return day.add("sudo", fmt, account=account, effective=rights, tty=tty, text=text, pid=pid, host=host)


def found(day):
    case = day.examined(question=Question())
    rows = raised.known(case.scene)
    ids = {s.session_id: s.account for s in case.sessions}
    table = raised.table(rows).to_pylist()
    return [(r["missing"] or ids[r["session"]], sorted(ids[s] for s in r["rivals"])) for r in table], rows


def test_a_line_is_of_the_one_session_that_had_its_terminal():
    for by in ("sshd", "wtmp"):
        day = Stage()
        entered(day, "kai", "pts/3", 100, by=by)
        entered(day, "lin", "pts/4", 200, by=by)
        event = asked(day, "kai", "pts/3", pid=700)
        module = day.add("session_open", "syslog", account="kai", effective="root", pid=700)
        day.add(
            "session_open", "syslog", account="kai", effective="root", pid=700, when=day.at + 3600 * SECOND
        )
        told, (row,) = found(day)
        assert told == [("kai", [])]
        assert (row.event, row.inputs[-1], len(row.inputs)) == (event, module, 2)


def test_of_a_terminal_that_two_held_in_turn_each_line_is_of_who_held_it_then():
    day = Stage()
    entered(day, "kai", "pts/3", 100)
    asked(day, "kai", "pts/3")
    left(day, "kai", 100)
    asked(day, "kai", "pts/3")
    entered(day, "lin", "pts/3", 200)
    asked(day, "lin", "pts/3")
    asked(day, "kai", "pts/3")
    assert found(day)[0] == [
        ("kai", []),
        ("session_of_terminal", []),
        ("lin", []),
        ("same_account", ["lin"]),
    ]


def test_each_terminal_of_a_shared_connection_is_of_its_one_entry():
    """ControlMaster: a second shell over the same connection has a terminal of its own, and no line of acceptance."""
    day = Stage()
    entered(day, "kai", "pts/3", 100)
    day.wait()
    day.add("session_start", "syslog", tty="pts/5", pid=102, address=address("kai"), port=100)
    for tty in ("pts/3", "pts/5"):
        asked(day, "kai", tty)
    assert found(day)[0] == [("kai", [])] * 2


def test_a_terminal_is_gone_with_the_record_that_its_login_ended():
    day = Stage()
    entered(day, "kai", "pts/3", 100, by="wtmp")
    day.wait()
    day.add("logout", tty="pts/3", **WTMP)
    asked(day, "kai", "pts/3")
    assert found(day)[0] == [("session_of_terminal", [])]


def test_where_the_clocks_leave_two_holders_none_is_chosen():
    day = Stage()
    entered(day, "kai", "pts/3", 100)
    entered(day, "kai", "pts/3", 200, width=60 * SECOND)
    asked(day, "kai", "pts/3")
    assert found(day)[0] == [("one_session_of_terminal", ["kai", "kai"])]


def test_a_session_of_no_known_terminal_is_a_rival_unless_the_holder_was_surely_there():
    for surely in (False, True):
        day = Stage()
        entered(day, "kai", "pts/3", 100)
        entered(day, "kai", None, 200, by=None)
        entered(day, "lin", None, 300, by=None)
        asked(day, "kai", "pts/3")
        if surely:
            left(day, "kai", 100)
        assert found(day)[0] == [("kai", []) if surely else ("one_session_of_terminal", ["kai", "kai"])]


def test_another_accounts_name_is_no_join_and_a_chain_is_told_as_one():
    day = Stage()
    entered(day, "kai", "pts/3", 100)
    asked(day, "lin", "pts/3")
    first = asked(day, "kai", "pts/3", rights="mlteam", text="(to mlteam) kai on pts/3")
    asked(day, "mlteam", "pts/3", text="/bin/sh")
    told, rows = found(day)
    assert [name for name, _ in told] == ["same_account", "kai", "own_rights"]
    assert rows[2].after == (first,)
    assert [r.session is None for r in rows] == [True, False, True]


def test_a_refused_line_leads_on_to_nothing():
    day = Stage()
    entered(day, "kai", "pts/3", 100)
    asked(day, "kai", "pts/3", rights="mlteam")
    day.rows[-1]["outcome"] = "failure"
    asked(day, "mlteam", "pts/3")
    assert [name for name, _ in found(day)[0]] == ["kai", "same_account"]


@pytest.mark.parametrize("given", [{"tty": None}, {"host": "gpu01"}, {"tty": "pts/9"}])
def test_without_the_terminal_of_that_host_nothing_is_joined(given):
    day = Stage()
    entered(day, "kai", "pts/3", 100)
    asked(day, "kai", **{"tty": "pts/3", **given})
    assert found(day)[0][0][0] in {"terminal_in_line", "session_of_terminal"}


def root_cancels(day):
    day.enrol()
    mei = day.login("mei")
    day.submit("mei", mei, "15", seconds=7200)
    entered(day, "kai", "pts/3", 100)
    asked(day, "kai", "pts/3", text="/usr/bin/scancel 15")
    day.wait(1)
    day.add(
        "kill_request", "slurmctld", "slurm:admin", host=None, job="15", uid=0, object_kind="job", object="15"
    )
    day.add("enrol_account", "passwd", account="root", uid=0, when=None)


def test_a_line_that_anybody_can_write_is_told_beside_an_act_and_names_nobody():
    day = Stage()
    root_cancels(day)
    done = day.examined()
    act = next(a for a in findings.findings(done)["acts"] if a["act"] == "cancel" and a["job"] == "15")
    (row,) = act["rights"]
    assert [s["account"] for s in row["sessions"]] == ["kai"]
    assert (act["session"], act["person"]["verdict"]) == (None, "inconclusive")
    (sentence,) = antecedents.rights_sentences(act)
    untied = {**row, "missing": "one_session_of_terminal"}
    (other,) = antecedents.rights_sentences({**act, "rights": [untied]})
    assert "tied to no session, for several sessions" in other.text
    assert "any account can write such a line" in sentence.text
    assert sentence.citations
    assert lint(sentence.text) == []
    assert phrases.UNTIED.keys() == raised.MISSING.keys()


def test_a_shell_of_roots_by_such_a_line_makes_a_rival_of_root_active():
    day = Stage()
    day.enrol()
    entered(day, "kai", "pts/3", 100)
    asked(day, "kai", "pts/3", text="(to root) kai on pts/3")
    holders = day.examined(question=Question()).holders
    there = {
        person: holders.presence(person, [f"{HOST}:root"], day.at, day.at, sparing=None)
        for person in ("kai", "lin")
    }
    assert there == {"kai": "active", "lin": "absent"}
