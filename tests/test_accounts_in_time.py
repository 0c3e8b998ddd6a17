"""Accounts that several people had one after the other, numbers that two accounts share, and what is said of their holders."""

from dataclasses import replace

import pytest
from stage import SECOND, T0, UIDS, Stage, address, claim, key, roster

from forensics.analysis import findings, identity, verdicts
from forensics.core.roster import Account, Device, Key, Person, Question, Roster

HANDED_OVER = T0 + 86_400 * SECOND
"""When kai's login goes to dao."""


def handed_over():
    """mei and lin; kai, who had the login `kai` until a moment, and dao, who has had it since, with the device too."""
    mei, _, lin, _ = roster().persons
    kai = Person(
        "kai", "", (Account("kai", UIDS["kai"], "register", None, HANDED_OVER),), (Key(key("kai"), "register"),),
        (Device(address("kai"), "ws", "register", None, HANDED_OVER),),
    )  # fmt: skip
    dao = Person(
        "dao", "", (Account("kai", UIDS["kai"], "register", HANDED_OVER),), (Key(key("dao"), "register"),),
        (Device(address("kai"), "ws", "register", HANDED_OVER), Device(address("dao"), "laptop", "register")),
    )  # fmt: skip
    return Roster((mei, kai, lin, dao))


def since_then():
    """A day on which dao has the login."""
    s = Stage(at=HANDED_OVER + 3600 * SECOND)
    s.enrol(("mei", "lin"))
    return s


def answered(s, *claims, jobs=("11",), people=None):
    asked = Question(jobs=jobs, claims=tuple(claim(*c) for c in claims))
    return s.examined(asked, handed_over() if people is None else people)


def cancelled_by_login():
    """mei's job is cancelled by dao, in the login that was kai's."""
    s = since_then()
    s.submit("mei", s.login("mei"), "11")
    s.cancel("kai", s.login("kai", by="dao", device="dao"), "11", effective="mei")
    return s


def test_a_login_that_two_had_one_after_the_other_is_not_shared():
    done = answered(cancelled_by_login(), ("D03", "dao"), ("D16", "dao"))
    assert [a.status for a in done.answers] == ["contradicted", "mixed"]
    assert [a.person for a in done.in_question] == ["dao"]


def test_who_had_the_login_before_is_not_there_and_who_has_it_is():
    """The session by password is of whoever has the login as it begins."""
    s = since_then()
    s.submit("mei", s.login("mei"), "11")
    s.login("kai", by="dao", device="dao")
    for row in s.rows:
        row["credential"] = None if row["credential"] == key("dao") else row["credential"]
    s.cancel("lin", s.login("lin"), "11", effective="mei")
    done = answered(s, ("D11", "kai"), ("D11", "dao"))
    assert [(a.status, a.why) for a in done.answers] == [
        ("supported", "no_session_of_speaker_then"),
        ("mixed", "session_of_speaker_is_open_and_holds_no_act"),
    ]
    told = {(x["person"], x["kind"]) for x in findings.findings(done)["exculpatory"]}
    assert ("dao", "act_is_in_another_session") in told
    assert not [kind for person, kind in told if person == "kai"]


def test_the_old_key_of_who_had_the_login_before_is_not_the_owner_s_own():
    """dao's job is cancelled in dao's login, by the key that kai has kept: no request of the owner's."""
    s = since_then()
    s.submit("kai", s.login("kai", by="dao", device="dao"), "11")
    s.cancel("kai", s.login("kai", by="kai", device="dao"), "11")
    done = answered(s, ("D02", "dao"))
    (act,) = done.in_question
    assert (act.person, act.verdict, done.asked[0].cause) == (None, "inconclusive", "act")
    assert done.answers[0].status == "supported"


def test_a_job_of_who_has_the_login_now_is_not_of_who_had_it():
    """What kai wrote in an account of another name was read by the job of dao, in the login that was kai's."""
    people = handed_over()
    mei, kai, lin, dao = people.persons
    kai = replace(kai, accounts=(*kai.accounts, Account("mlteam", UIDS["mlteam"], "register")), devices=(Device("10.0.0.77", "ws", "register"),))  # fmt: skip
    s = since_then()
    s.add(
        "enrol_key",
        "authorized_keys",
        "git:server",
        account="mlteam",
        credential=key("kai"),
        when=None,
        host=None,
    )
    owner, writer = s.login("kai", by="dao", device="dao"), s.login("mlteam", by="kai", device="kai")
    for row in s.rows:
        row["address"] = "10.0.0.77" if row["account"] == "mlteam" and row["address"] else row["address"]
    s.change("mlteam", writer, "/srv/proj/train.py", owner="kai")
    s.wait(5)
    s.submit("kai", owner, "11", argv=("python3", "/srv/proj/train.py"), outcome="FAILED", signal=9)
    done = answered(s, ("D12", "kai"), people=Roster((mei, kai, lin, dao)))
    assert [(a.person, a.job) for a in done.in_question] == [("kai", "11")]
    assert (done.answers[0].status, done.answers[0].why) == ("contradicted", "job_of_another_concerned")
    told = {(x["person"], x["kind"]) for x in findings.findings(done)["exculpatory"]}
    assert ("dao", "own_job_ran_bytes_of_another") in told
    assert ("kai", "own_job_ran_bytes_of_another") not in told


def test_a_device_that_was_the_speaker_s_is_another_s_once_it_was_given_away():
    """An entry from it, open in the account as the act is done, is not the speaker's own."""
    mei, kai, lin, dao = handed_over().persons
    dao = replace(
        dao, devices=(*dao.devices[:1], Device(address("dao"), "laptop", "register", None, HANDED_OVER))
    )
    lin = replace(lin, devices=(*lin.devices, Device(address("dao"), "laptop", "register", HANDED_OVER)))
    s = since_then()
    s.submit("mei", s.login("mei"), "11")
    s.login("kai", by="mlteam", device="dao")
    for row in s.rows:
        row["credential"] = None if row["credential"] == key("mlteam") else row["credential"]
    s.cancel("kai", s.login("kai", by="dao", device="kai"), "11", effective="mei")
    done = answered(s, ("D02", "dao"), people=Roster((mei, kai, lin, dao)))
    assert [a.person for a in done.in_question] == ["dao"]
    assert (done.answers[0].status, done.answers[0].why) == ("mixed", "another_entry_open_in_account_then")


def passwd(s, uid, *names):
    """A host's list, as it is collected."""
    for name in names:
        s.add("enrol_account", "passwd", account=name, uid=uid, when=None)


def cancelled_by_kai(*, trail=None, sshd=None):
    """kai cancels mei's job; `trail` and `sshd` are what these call the account."""
    s = Stage()
    s.enrol()
    s.submit("mei", s.login("mei"), "11")
    s.cancel("kai", s.login("kai"), "11", effective="mei")
    for row in s.rows:
        if row["account"] == "kai" and row["verb"] != "enrol_key":
            row["account"] = trail if row["format"] == "auditd" else sshd
    return s


def test_an_account_whose_number_another_has_is_not_its_holder_s_alone():
    """The kernel tells neither from the other: who has the second login has the same rights, and the key still tells them apart."""
    mei, kai, lin, dao = roster().persons
    dao = replace(dao, accounts=(*dao.accounts, Account("kai2", UIDS["kai"], "register")))
    s = cancelled_by_kai(trail="kai", sshd="kai")
    passwd(s, UIDS["kai"], "kai", "kai2")
    done = answered(s, ("D03", "kai"), people=Roster((mei, kai, lin, dao)))
    assert [a.person for a in done.in_question] == ["kai"]
    assert (done.answers[0].status, done.answers[0].why) == (
        "mixed",
        "account_is_shared_but_key_and_session_tell_who",
    )
    alone = answered(cancelled_by_kai(trail="kai", sshd="kai"), ("D03", "kai"), people=roster())
    assert alone.answers[0].status == "contradicted"


def test_a_number_that_today_s_list_gives_another_names_no_account_against_sshd():
    """The trail has numbers alone; the number was removed and given again with nothing recorded; sshd wrote who it let in."""
    s = cancelled_by_kai(sshd="old")
    passwd(s, UIDS["kai"], "kai")
    done = answered(s, ("D01", "kai"), ("D03", "kai"), people=roster())
    (act,) = done.in_question
    judged = done.judged[act.act_id]
    assert (act.person, judged.account.strength, judged.account.gates) == (None, None, ["G5"])
    assert verdicts.account(act, judged)["name"] is None
    assert [(a.status, a.why) for a in done.answers] == [
        ("untestable", "no_act_attributed"),
        ("untestable", "sources_differ_on_account"),
    ]


@pytest.mark.parametrize("turned", [False, True])
def test_a_key_that_the_git_server_calls_by_a_login_of_two_is_of_either(turned):
    """Nothing says in whose time the key was put there; the order of the roster decides nothing."""
    people = handed_over()
    s = since_then()
    s.add(
        "enrol_key",
        "authorized_keys",
        "git:server",
        account="kai",
        credential=key("old"),
        when=None,
        host=None,
    )
    case = s.evidence(people=Roster(people.persons[::-1]) if turned else people)
    assert identity.directory(case).key_people(key("old")) == {"kai", "dao"}


def test_a_typed_name_means_who_had_that_login_then():
    found = identity.directory(since_then().evidence(people=handed_over()))
    assert found.called("kai <kai@lab>", HANDED_OVER - 1) == {"kai"}
    assert found.called("kai <kai@lab>", HANDED_OVER + 1) == {"kai", "dao"}
    assert [found.is_shared("kai", HANDED_OVER + n) for n in (-1, 0, 1)] == [False, True, False]
