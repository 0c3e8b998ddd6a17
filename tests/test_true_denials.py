"""Denials that are true, in evidence that could be read against them: none of them is answered as contradicted."""

from types import SimpleNamespace

import investigated
import pytest
from test_denials import answered, edited
from test_innocent import AUDIT, INCIDENTS, collected, in_lin_s_session
from test_mixed_trail import line_key, numbered, two_logs

from forensics.analysis.acts import Act
from forensics.analysis.denial import Grounds
from forensics.analysis.denials_access import same_access
from forensics.analysis.sessions import Session
from forensics.core.roster import Claim

NAME = "shared_account"


def claimed(content, *ids):
    """What is answered to denials of kai in the staged incident, whose evidence was changed."""
    roster, about = ((INCIDENTS / NAME / f"{part}.toml").read_bytes() for part in ("roster", "case"))
    for one in ids:
        about += f'\n[[claim]]\nid = "{one}"\nby = "kai"\ntext = "x"\n'.encode()
    told = investigated.found(content, roster=roster, about=about)
    return {c["id"]: (c["status"], c["why"]) for c in told["claims"]}


@pytest.mark.xdist_group(NAME)
@pytest.mark.parametrize("changed", [False, True])
def test_a_log_of_which_one_copy_was_changed_was_edited(changed):
    true = collected(NAME)
    copy = in_lin_s_session(true[AUDIT]) if changed else true[AUDIT]
    said = claimed(true | {"login01/root/backup/audit.log": copy}, "D08")
    assert said["D08"] == (
        ("supported", "copies_of_log_differ")
        if changed
        else ("contradicted", "several_domains_tell_the_same")
    )


@pytest.mark.xdist_group(NAME)
def test_numbers_of_two_kernels_tie_no_act_to_a_session():
    own, other = two_logs()
    log = b"".join(own + [numbered(line, line_key(line)[2] - 600) for line in other])
    said = claimed(collected(NAME) | {AUDIT: log}, "D07", "D08")
    assert said["D07"] == ("untestable", "act_rests_on_one_clock")
    assert said["D08"][0] != "contradicted"


def test_an_account_that_a_key_of_nobody_known_opens_can_be_shared():
    """Whoever has that key is in the account as well as kai."""
    day = edited()
    assert answered(day, "D03", "kai")[0] == "contradicted"
    day.add(
        "enrol_key",
        "authorized_keys",
        "login01:files",
        account="kai",
        credential="SHA256:" + "x" * 43,
        when=None,
    )
    assert answered(day, "D03", "kai") == ("untestable", "account_opened_by_key_of_unknown")


def test_a_key_that_is_on_no_record_can_be_the_stolen_one():
    """Of two acts one is by lin's key; by which key the other is was not recorded."""
    day = edited(by="lin", account="mlteam")
    assert answered(day, "D04", "kai")[0] == "contradicted"
    other = day.login("mlteam", by="kai", sshd=False)
    day.change("mlteam", other, "/srv/proj/train.py", owner="mei")
    assert answered(day, "D04", "kai")[0] == "untestable"


def grounds(others, **act):
    """What D16 looks at: one act of the speaker's in an account of theirs alone, and the sessions there are."""
    done = Act("modify_file", "/x", "r", ["e"], T0, T0, host="login01", account="kai")
    for name, value in act.items():
        setattr(done, name, value)
    people = {"kai": frozenset({"kai"}), "lin": frozenset({"lin"})}
    directory = SimpleNamespace(
        holders=lambda account, _: people.get(account, frozenset()),
        owners=lambda account, *_: people.get(account, frozenset()),
        key_people=lambda *_: frozenset(),
        device_people=lambda *_: frozenset(),
    )
    scene = SimpleNamespace(directory=directory, sessions=dict(enumerate(others)), events=None)
    return Grounds(scene, [done], [])


def session(end_ns, active_until_ns):
    return Session(
        "s", "login01", "7", "sshd", "lin", 9, T0 - 100, end_ns, active_until_ns=active_until_ns, events=["l"]
    )


T0 = 10**18
HOUR = 3600 * 10**9


@pytest.mark.parametrize(
    ("others", "act", "status", "why"),
    [
        ([], {}, "contradicted", "nobody_else_was_there"),
        ([session(T0 - 50, T0 - 50)], {}, "contradicted", "nobody_else_was_there"),
        ([session(T0 - 50, T0 + HOUR)], {}, "supported", "others_were_there"),
        ([], {"earliest_ns": None}, "untestable", "act_without_time_or_account"),
        ([], {"account": None}, "untestable", "act_without_time_or_account"),
    ],
    ids=["nobody", "who had left", "what went on after the login", "no time", "no account"],
)
def test_nobody_else_was_there_is_said_only_where_that_can_be_known(others, act, status, why):
    said = same_access(Claim(id="D16", by="kai", names="", text="", job=""), grounds(others, **act))
    assert (said.status, said.why) == (status, why)


@pytest.mark.xdist_group(NAME)
@pytest.mark.parametrize(
    ("log", "status"),
    [("slurm/slurmd-gpu03.log", "contradicted"), ("login01/var/log/auth-iso.log", "supported")],
)
def test_a_copy_that_differs_answers_only_for_acts_that_rest_on_its_log(log, status):
    true = collected(NAME)
    lines = true[log].splitlines(keepends=True)
    copy = b"".join(line for n, line in enumerate(lines) if n < 5 or n > len(lines) - 5 or n % 4)
    assert copy != true[log]
    said = claimed(true | {f"login01/root/backup/{log.rpartition('/')[2]}": copy}, "D08")
    assert said["D08"][0] == status
