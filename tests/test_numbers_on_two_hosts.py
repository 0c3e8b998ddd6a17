"""One number with two names on two hosts, one name with two numbers, and files of which a network file system shows no owner."""

import pytest
from stage import SECOND, UIDS, Stage

from forensics.analysis import inquiry, ordinary, relevance

SCRIPT = "/srv/proj/conf.yaml"
OTHER = 5000


def listed(s, uid, name, host):
    s.add("enrol_account", "passwd", account=name, uid=uid, host=host, when=None)


def changed(owner_uid, *, names=(), host="login02"):
    """lin changes a file below the project of mei's job, with an owner by number, on another login host."""
    s = Stage()
    s.enrol()
    mei, lin = s.login("mei"), s.login("lin")
    for uid, name, there in names:
        listed(s, uid, name, there)
    s.change("lin", lin, SCRIPT, owner="mei")
    for row in s.rows:
        if row["object"] == SCRIPT:
            row["object_owner_uid"] = owner_uid
        if row["session"] == lin:
            row |= {"host": host, "domain": f"{host}:root", "clock": f"{host}:auditd"}
    s.wait(60)
    s.submit("mei", mei, "11", argv=("true",), outcome="FAILED", code=1)
    return s.examined()


HERE = (UIDS["mei"], "mei", "login01")


@pytest.mark.parametrize(
    ("owner_uid", "names", "asked"),
    [
        (UIDS["mei"], (HERE,), True),
        (UIDS["mei"], (HERE, (UIDS["mei"], "mei", "login02")), True),
        (UIDS["mei"], (HERE, (UIDS["mei"], "lin", "login02")), False),
        (OTHER, (HERE, (OTHER, "mei", "login02")), True),
        (OTHER, (HERE,), False),
        (65534, (HERE,), True),
        (2**32 - 2, (HERE,), True),
    ],
    ids=["one_host_tells", "both_agree", "number_of_another_there", "number_of_the_owner_there", "nobody_s_known", "squashed", "old_squashed"],
)  # fmt: skip
def test_whose_file_it_is_is_told_by_the_host_of_the_change(owner_uid, names, asked):
    done = changed(owner_uid, names=names)
    assert [a.account for a in done.in_question if a.object == SCRIPT] == ["lin"] * asked


@pytest.mark.parametrize(
    ("number", "key_of", "cause"),
    [(UIDS["mei"], None, "none"), (OTHER, None, "act"), (OTHER, "mei", "none")],
    ids=["same_number", "another_number", "another_number_and_her_key"],
)
def test_an_account_of_the_owner_s_name_with_another_number_is_not_taken_for_the_owner(number, key_of, cause):
    """Two hosts have an account `mei`, of two numbers: what is typed in one is not the other's unless key and device say so."""
    s = Stage()
    s.enrol()
    mei = s.login("mei")
    s.submit("mei", mei, "11")
    s.wait(60)
    ses = s.login("mei", by=key_of, sshd=key_of is not None)
    s.cancel("mei", ses, "11")
    for row in s.rows:
        if row["session"] == ses and row["auid"] is not None:
            row["auid"] = number
    done = s.examined()
    assert [j.cause for j in done.asked] == [cause]
    act = next(a for a in done.acts if a.act == "cancel")
    assert act.earliest_ns >= s.at - 2 * SECOND


@pytest.mark.parametrize(
    ("owner_uid", "held"), [(UIDS["mei"], True), (OTHER, True), (65534, True), (4242, False)]
)
def test_of_a_large_case_the_changes_of_such_files_are_held(owner_uid, held):
    """What is read of a large case holds all that the analysis of the whole can ask for."""
    done = changed(UIDS["mei"], names=(HERE, (OTHER, "mei", "login02")))
    paths = relevance.Paths(
        done.scene.evidence, inquiry.Inquiry(done.asked, ordinary.nothing()), relevance.Own()
    )
    assert paths.harmed(SCRIPT, exe="/usr/bin/vim", verb="write", owner_uid=owner_uid, account="lin") == held
