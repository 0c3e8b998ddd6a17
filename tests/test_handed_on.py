"""Accounts that were handed from one person to another: members by the day, acts across the change, jobs of whoever had it before."""

import pytest
from stage import SECOND, T0, UIDS, Stage, address, key
from stage import roster as everybody

from forensics.analysis import blind, identity
from forensics.core import roster as read
from forensics.core.errors import RosterError
from forensics.core.roster import Account, Device, Key, Person, Question, Roster, SharedAccount, Term

TOML = b"""
[[person]]
name = "mei"
[[person]]
name = "kai"
[[account]]
name = "mlteam"
shared = true
source = "register"
members = ["mei", {name = "kai", from = 2026-03-01T00:00:00Z, until = 2026-05-01T12:00:00Z}]
"""


def test_members_of_a_shared_account_can_be_so_for_a_time():
    (shared,) = read.roster(TOML, "roster.toml").accounts
    assert shared.members == ("mei",)
    first, last = 1_772_323_200 * SECOND, 1_777_636_800 * SECOND
    assert shared.terms == (Term("kai", first, last),)
    hidden = blind.blinded(read.roster(TOML, "roster.toml"), Question())
    (dark,) = hidden.roster.accounts
    assert [hidden.names[m] for m in (*dark.members, *(t.name for t in dark.terms))] == ["mei", "kai"]


@pytest.mark.parametrize("member", [b"{from = 2026-03-01}", b'{name = "kai", from = 2026-06-01, until = 2026-03-01}'])  # fmt: skip
def test_a_member_without_a_name_or_out_of_order_is_said(member):
    with pytest.raises(RosterError):
        read.roster(TOML.replace(b'"mei", {', member + b", {"), "roster.toml")


def directory(*terms, persons=()):
    shared = (SharedAccount("mlteam", 4150, True, (), "register", terms),)
    return identity.directory(Stage().evidence(Question(), Roster(persons, shared)))


@pytest.mark.parametrize(
    ("at", "to", "who"),
    [
        (5, None, {"kai"}),
        (15, None, {"mei"}),
        (5, 15, {"kai", "mei"}),
        (15, 5, {"mei"}),
        (30, None, set()),
        (None, 15, {"kai", "mei"}),
    ],
)
def test_who_is_in_an_account_at_a_moment_or_between_two(at, to, who):
    known = directory(Term("kai", None, 9), Term("mei", 10, 20))
    assert known.owners("mlteam", at, to) == who
    assert known.holders("mlteam", at, to) == who


def handed_on(at_ns):
    """kai has the account mei had, from a moment on; each has a key, and a device."""
    return Roster(
        (
            Person("mei", "", (Account("train", UIDS["mei"], "register", None, at_ns - 1),), (Key(key("mei"), "r"),), (Device(address("mei"), "ws", "r"),)),
            Person("kai", "", (Account("train", UIDS["mei"], "register", at_ns, None),), (Key(key("kai"), "r"),), (Device(address("kai"), "ws", "r"),)),
        )
    )  # fmt: skip


UIDS["train"] = UIDS["mei"]


@pytest.mark.parametrize(
    ("long_s", "candidates"), [(0, {"mei"}), (3600, {"mei", "kai"})], ids=["at_once", "across_the_change"]
)
def test_an_act_that_can_have_been_on_either_side_is_open_between_both(long_s, candidates):
    s = Stage()
    s.enrol()
    ses = s.login("train", by="mei", device="mei")
    s.submit("train", ses, "11", outcome="FAILED", code=1)
    s.cancel("train", ses, "11")
    people = handed_on(s.at + 60 * SECOND)
    for row in s.rows:
        if row["verb"] in {"kill_request", "execute"} and row["earliest_ns"] == s.at:
            row["latest_ns"] += long_s * SECOND
    done = s.examined(people=people)
    act = next(a for a in done.acts if a.act == "cancel")
    says = [r.says for r in done.judged[act.act_id].reasons if r.cls == "account"]
    assert says
    assert {frozenset(candidates)} == set(says)


def test_a_session_that_can_have_begun_on_either_side_is_of_either():
    s = Stage()
    ses = s.login("train", by="lin", device="lin", sshd=False)
    (opened,) = [r for r in s.rows if r["verb"] == "login"]
    for row in s.rows:
        row["latest_ns"] = row["earliest_ns"] + 3600 * SECOND
    s.change("train", ses, "/srv/proj/train.py")
    done = s.examined(people=handed_on(opened["earliest_ns"] + 600 * SECOND), question=Question())
    act = next(a for a in done.acts if a.act == "modify_file")
    told = {r.cls: r.says for r in done.judged[act.act_id].reasons}
    assert act.session.entered() == (T0 + 10 * SECOND, T0 + 3610 * SECOND)
    assert told["session"] == {"mei", "kai"}


@pytest.mark.parametrize(("since_s", "cause"), [(-86_400, "none"), (30, "act")], ids=["always", "after_the_submission"])  # fmt: skip
def test_whoever_has_the_account_now_and_ends_a_job_of_whoever_had_it_is_another(since_s, cause):
    """The account's name is the owner's in both cases: the persons are two."""
    s = Stage()
    s.enrol()
    began = s.at
    # By no key on record: one that opened the account then can open it still, and both would be in it.
    first = s.login("train", by="mei" if since_s > 0 else "kai", sshd=False)
    s.submit("train", first, "11")
    s.wait(60)
    now = s.login("train", by="kai")
    s.cancel("train", now, "11")
    people = handed_on(began + since_s * SECOND)
    done = s.examined(people=people)
    assert [j.cause for j in done.asked] == [cause]


def test_who_was_a_member_only_before_is_not_among_those_who_can_have_acted():
    s = Stage()
    s.enrol()
    ses = s.login("mlteam", by="kai", device="kai")
    s.submit("mei", s.login("mei"), "11")
    s.cancel("mlteam", ses, "11")
    plain = everybody()
    terms = (Term("lin", None, s.at - 86_400 * SECOND),)
    shared = SharedAccount("mlteam", 4150, True, ("mei", "kai"), "register", terms)
    done = s.examined(people=Roster(plain.persons, (shared,)))
    act = next(a for a in done.in_question if a.account == "mlteam")
    assert {c.person for c in done.could_have[act.act_id]} == {"mei", "kai"}
