"""Who had the right to do it, as of the moment: by owning, by root, by the scheduler's own list, and of whom nothing is told."""

import pytest
from drawn import some
from stage import HOST, UIDS, Stage

from forensics.analysis import findings, memberships
from forensics.core.roster import Question
from forensics.render import citing, ratios
from forensics.render.forbidden import lint
from forensics.render.sentences import Basis


def day():
    made = Stage()
    made.enrol()
    made.add("enrol_account", "passwd", account="mei", uid=UIDS["mei"], object="mei", when=None)
    return made


def rights(made, kind):
    """By person, the rights that are on record for the one act of a kind."""
    told = findings.findings(made.examined(Question(jobs=("11",))))
    [act] = [a for a in told["acts"] if a["act"] == kind]
    told = {row["person"]: [r["right"] for r in row["rights"]] for row in act["capability"]}
    return {person: found for person, found in told.items() if found}, act


def cancelled(*before, after=()):
    made = day()
    for row in before:
        made.add(**row)
    mei, kai = made.login("mei"), made.login("kai")
    made.submit("mei", mei, "11")
    made.cancel("kai", kai, "11")
    made.wait(60)
    for row in after:
        made.add(**row)
    return made


LISTED = {
    "verb": "setting",
    "fmt": "sacctmgr",
    "account": None,
    "object": "lin",
    "outcome": "Operator",
    "text": "lin research",
    "when": None,
}


def changed(level):
    return {
        "verb": "scheduler_edit",
        "fmt": "sacctmgr",
        "account": "dao",
        "text": f"Modify Users (name='lin') admin_level={level}",
    }


def test_owner_and_account_are_told_for_a_request():
    assert rights(cancelled(), "cancel")[0] == {"mei": ["owns_job"], "kai": ["enters_account"]}


@pytest.mark.parametrize(
    ("before", "after", "administers"),
    some([
        ([LISTED], [], True),
        ([LISTED | {"outcome": None}], [], False),
        ([LISTED], [changed(1)], False),  # what changed is told by its changes: the list may be of before or after
        ([changed(3)], [], True),
        ([changed(3), changed(1)], [], False),
        ([changed(1)], [changed(3)], False),
        ([changed(1), changed(2)], [changed(1)], True),
    ], 4),
)  # fmt: skip
def test_the_scheduler_s_administrators_are_those_of_that_moment(before, after, administers):
    found, _ = rights(cancelled(*before, after=after), "cancel")
    assert ("lin" in found) == administers
    assert found.get("lin", ["scheduler_administrator"]) == ["scheduler_administrator"]


@pytest.mark.parametrize(("taken", "root"), [((), True), ("before", False), ("after", True)])
def test_root_is_as_of_the_moment(taken, root):
    group = [
        {"verb": "enrol_sudo", "fmt": "sudoers", "account": None, "object": "ALL", "text": "%sudo ALL = (ALL) ALL", "when": None},
        {"verb": "account_edit", "fmt": "syslog", "object": "dao", "text": "add 'dao' to group 'sudo'"},
    ]  # fmt: skip
    gone = [
        {"verb": "account_edit", "fmt": "syslog", "object": "dao", "text": "delete 'dao' from group 'sudo'"}
    ]
    made = Stage()
    made.enrol()
    for row in [*group, *(gone if taken == "before" else ())]:
        made.add(**row)
    made.wait(60)
    kai = made.login("kai")
    made.submit("mei", made.login("mei"), "11")
    made.cancel("kai", kai, "11")
    made.wait(60)
    for row in gone if taken == "after" else ():
        made.add(**row)
    assert ("root" in rights(made, "cancel")[0].get("dao", [])) == root


def test_the_trail_s_own_records_put_into_groups_and_take_out():
    made = Stage()
    for text, outcome in (
        ('add-user-to-group acct=kai grp="docker"', "success"),
        ('adding acct=lin user to group grp="docker"', "success"),
        ('deleting acct=lin user from group grp="docker"', "success"),
        ('add-user-to-group acct=dao grp="docker"', "failure"),
        ('add-user-to-group acct=mei grp="other" grp="docker"', "success"),
    ):
        made.wait()
        made.add("account_edit", text=f"USER_MGMT /usr/sbin/usermod {text}", outcome=outcome)
    found = memberships.of_groups(made.evidence(Question()).events)[HOST, "docker"]
    assert [(m.account, m.until_ns is None) for m in found] == [("kai", True), ("lin", False)]


def test_the_owner_of_a_changed_file_is_told():
    made = day()
    mei, kai = made.login("mei"), made.login("kai")
    made.change("kai", kai, "/srv/proj/train.py", owner="mei")
    made.submit("mei", mei, "11", outcome="FAILED", code=1)
    assert rights(made, "modify_file")[0] == {"mei": ["owns_file"], "kai": ["enters_account"]}


def test_the_sentences_say_who_has_the_right_and_of_whom_nothing_says_so():
    made = cancelled(LISTED)
    _, act = rights(made, "cancel")
    cited = {e for row in act["capability"] for right in row["rights"] for e in right["because"]}
    assert cited <= citing._named({"acts": [act]})
    assert cited
    told = ratios.capability_sentences(act, lambda events: [("a" * 64, 0, 1)] if list(events) else [])
    said = [s.text for s in told]
    within = f"What act {act['id']} does is within the rights of"
    assert said == [
        f"{within} mei: an account that they are enrolled to owns the job.",
        f"{within} lin: the scheduler has an account of theirs as operator or administrator.",
        f"{within} kai: they can enter the account that acts, by an enrolment or a key.",
        f"No record read gives dao that right; modes of files are not looked at, and a right can be there without a record (act {act['id']}).",
    ]
    assert [s.basis for s in told] == [Basis.ASKED, Basis.FACT, Basis.FACT, Basis.ABSENCE]
    assert all(lint(text) == [] for text in said)


def test_many_people_with_the_same_right_are_one_sentence():
    rows = [{"person": f"p{n:03d}", "rights": [{"right": "root", "because": []}]} for n in range(200)]
    [said] = ratios.capability_sentences({"id": "A0001", "capability": rows}, lambda _: [])
    assert "p011 and 188 more of those listed" in said.text


def test_what_the_roster_says_and_what_evidence_shows_of_one_right_are_two_sentences():
    rows = [
        {"person": "dao", "rights": [{"right": "root", "because": []}]},
        {"person": "kai", "rights": [{"right": "root", "because": ["a"]}]},
    ]
    told = ratios.capability_sentences(
        {"id": "A0001", "capability": rows}, lambda events: [("a" * 64, 0, 1)] if list(events) else []
    )
    assert [(s.basis, "dao" in s.text, len(s.citations)) for s in told] == [
        (Basis.FACT, False, 1),
        (Basis.ASKED, True, 0),
    ]
