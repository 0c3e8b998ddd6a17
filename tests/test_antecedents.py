"""The reader of a finding sees out of which session somebody came, who left what ran by itself, and who can have been there."""

import pytest
from stage import Stage, address, key

from forensics.analysis import candidates, deferral_rules, findings, hops
from forensics.core.roster import Account, Device, Person, Roster
from forensics.pipeline import found as answers
from forensics.render import antecedents, document, phrases, wordings
from forensics.render.forbidden import lint
from forensics.render.sentences import Basis

FRONT = "front00"


def told(day, kind):
    """The one act of a kind on the job, as the findings have it."""
    done = findings.findings(day.examined())
    return next(a for a in done["acts"] if a["act"] == kind and a["job"] == "15")


def jumped(day):
    """Kai enters a front host, and from there login01, which sees the front host's address."""
    who = {"account": "kai", "auid": 4102, "session": "7", "pid": 70, "exe": "/usr/sbin/sshd", "host": FRONT}
    day.add("loginuid", **who)
    day.add("login", address=address("kai"), tty="pts/7", **who)
    day.add(
        "login",
        "syslog",
        account="kai",
        pid=70,
        address=address("kai"),
        port=5,
        credential=key("kai"),
        host=FRONT,
    )
    day.add(
        "other", "syslog", text=f"Connection from {address('kai')} port 5 on 10.9.0.1 port 22", host=FRONT
    )
    day.wait(5)
    ran = {
        "account": "kai",
        "auid": 4102,
        "uid": 4102,
        "effective": "kai",
        "session": "7",
        "pid": 77,
        "exe": "/usr/bin/ssh",
        "host": FRONT,
    }
    day.add("execute", argv=["ssh", "login01"], object_kind="path", object="/usr/bin/ssh", **ran)
    day.add("connect", object_kind="address", object="10.9.0.2:22", **ran)
    day.add(
        "other", "syslog", text=f"Connection from 10.9.0.1 port {40000 + day.ses + 1} on 10.9.0.2 port 22"
    )
    ses = day.login("kai")
    for row in day.rows:
        if row["host"] == "login01" and row["verb"] == "login" and row["address"] == address("kai"):
            row["address"] = "10.9.0.1"
    return ses


def test_a_jump_is_a_sentence_that_cites_both_hosts():
    day = Stage()
    day.enrol()
    day.submit("mei", day.login("mei"), "15", seconds=7200)
    day.cancel("kai", jumped(day), "15", effective="mei")
    act = told(day, "cancel")
    (step,) = act["came_from"]
    (origin,) = step["origins"]
    assert (origin["host"], origin["address"]) == (FRONT, address("kai"))
    assert origin["borne_out_by"] == ["address", "destination", "host_named", "time"]
    head, rule = antecedents.came_from_sentences(act)
    assert f"out of that of account `kai` on `{FRONT}`, entered from `{address('kai')}`" in head.text
    assert head.basis is Basis.FACT
    assert {(c.sha256, c.start) for c in head.citations} >= {
        (c["sha256"], c["start"]) for c in origin["citations"]
    }
    assert rule.basis is Basis.METHOD
    (row,) = answers._came_from(act)
    assert (row["act"], row["host"], row["of"]) == (act["id"], FRONT, 1)


@pytest.mark.parametrize("listed", [True, False])
def test_a_moment_alone_is_told_only_of_an_entry_from_nobodys_device(listed):
    """An entry over the loopback can be any client's of the host; not where the register knows whose device it is."""
    day = Stage()
    day.enrol()
    mei = day.login("mei")
    day.submit("mei", mei, "15", seconds=7200)
    day.run("mei", mei, ["ssh", "elsewhere"])
    ses = day.login("kai")
    day.cancel("kai", ses, "15", effective="mei")
    for row in day.rows:
        row["address"] = "127.0.0.12" if row["address"] == address("kai") else row["address"]
    own = Person(
        "kai",
        "",
        (Account("kai", 4102, "register"),),
        (),
        (Device("127.0.0.12" if listed else "10.0.0.99", "ws", "register"),),
    )
    done = day.examined(people=Roster((own,), ()))
    assert [h.by for h in done.led] == [("time",)]
    act = next(a for a in findings.findings(done)["acts"] if a["act"] == "cancel")
    assert len(act["came_from"]) == (0 if listed else 1)


def test_what_cron_ran_is_told_with_who_left_it_and_by_which_rule():
    day = Stage()
    day.enrol()
    victim = day.submit("mei", day.login("mei"), "15", outcome="FAILED", seconds=7200, signal=9)
    ses = day.login("kai")
    day.change("kai", ses, "/var/spool/cron/crontabs/kai", program="crontab", verb="create")
    day.wait(60)
    ran = {"account": "kai", "auid": 4102, "session": "99", "effective": "kai", "uid": 4102}
    day.add("session_open", pid=990, exe="/usr/sbin/cron", **(ran | {"uid": 0}))
    day.add(
        "signal",
        pid=991,
        ppid=990,
        exe="/usr/bin/pkill",
        target_pid=victim,
        target_uid=4101,
        signal=9,
        host="gpu01",
        **ran,
    )
    day.rows[-2]["host"] = "gpu01"
    for row in day.rows:
        row["host"] = "gpu01" if row["host"] == "login01" else row["host"]
    act = told(day, "signal")
    left = act["left_to_run"]
    assert (left["kind"], left["rule"], left["missing"]) == ("cron", "cron_entry_of_account", None)
    (plant,) = left["planted"]
    assert plant["act"] in act["planted_by"]
    head, by = antecedents.left_sentences(act)
    assert f"act {plant['act']} on `/var/spool/cron/crontabs/kai` alone can have left it there" in head.text
    assert "left by account `kai`, in a login session that is on record" in by.text
    assert by.citations
    (row,) = answers._left(act)
    assert (row["by_act"], row["rule"]) == (plant["act"], left["rule"])


@pytest.mark.parametrize("missing", sorted({r.unknown for r in deferral_rules.RULES.values()} - {""}))
def test_what_nobody_is_known_to_have_left_says_what_is_missing(missing):
    row = {
        "kind": "cron",
        "rule": "cron_entry_of_account",
        "planted": [],
        "sessions": [],
        "events": [],
        "missing": missing,
        "citations": [],
    }
    (said,) = antecedents.left_sentences({"id": "A0001", "left_to_run": row, "citations": []})
    assert phrases.MISSING[missing] in said.text
    assert lint(said.text) == []


def test_every_code_of_these_tables_has_words():
    assert set(phrases.LED) == {hops.RULE, hops.FORWARDED}
    assert set(phrases.LEFT) == set(deferral_rules.RULES)
    assert set(wordings.CANDIDATES) == set(candidates.CLASSES)
    assert set(wordings.CANDIDATE_LINKS) == set(candidates.LINKS)
    assert set(wordings.CANDIDATE_LINKS_AGAINST) == set(candidates.DECIDING)
    assert all(word in hops.HOP.columns[4].meaning for word in phrases.BORNE_OUT)
    assert document.antecedents is antecedents


def test_a_shared_account_is_told_person_by_person_the_strongest_class_first():
    row = {
        "class": "allowed",
        "for": ["member_of_account"],
        "against": [],
        "events_for": [],
        "events_against": [],
    }
    near = {
        "class": "pointed_at",
        "for": ["key_of_session"],
        "against": [],
        "events_for": [f"{'a' * 16}.0.9"],
        "events_against": [],
    }
    act = {"id": "A0001", "could_have": {"kai": row, "lin": near}}
    first, second, rule = antecedents.candidate_sentences(act, lambda names: [(n, 0, 9) for n in names])
    assert first.text.startswith("For act A0001, lin is in the class that a link of the entry points at")
    assert (first.basis, second.basis, rule.basis) == (Basis.FACT, Basis.ASKED, Basis.METHOD)
    assert [fault for s in (first, second, rule) for fault in lint(s.text)] == []
