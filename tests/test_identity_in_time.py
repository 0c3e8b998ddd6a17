"""Names of numbers over time: reuse, renames, copies that differ, and lines that anybody can write."""

from collections import Counter
from itertools import product

import pytest
from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import SECOND, T0, Stage, roster

from forensics.analysis import findings, identity, identity_rules, job_records, naming, scheduler_acts
from forensics.analysis.acts import Scene
from forensics.analysis.evidence import assemble
from forensics.core import tables
from forensics.core.roster import Account, Key, Person, Question, Roster

DAY = 86_400 * SECOND
NOBODY = Roster((), ())


def told(stage, *, people=NOBODY, current=()):
    """A directory of what a stage wrote; `current` are files that stand in their place."""
    return identity.directory(assembled(stage, people=people, current=current))


def assembled(stage, *, people=NOBODY, current=()):
    built = {n: [r.get(n) for r in stage.rows] for n in tables.EVENT.names}
    files = [
        {"sha256": sha, "path": "login01/etc/passwd", "host": "login01", "origin": "/etc/passwd", "bytes": 1, "kind": "file", "held": "copied", "parsed": 1, "rejected": 0, "ignored": 0}
        for sha in current
    ]  # fmt: skip
    made = {n: [f.get(n) for f in files] for n in tables.FILE.names}
    records = {n: [j.get(n) for j in stage.jobs] for n in tables.JOB_RECORD.names}
    found = {"event": tables.EVENT.build(built), "file": tables.FILE.build(made)}
    return assemble(found | {"job_record": tables.JOB_RECORD.build(records)}, people, Question())


def passwd(s, uid, name, *, host="login01", copy="c"):
    sha = copy * 64
    s.add("enrol_account", "passwd", account=name, uid=uid, host=host, when=None)
    row = s.rows[-1]
    row["event_id"], row["sha256"] = f"{sha[:16]}.{row['start']}.{row['stop']}", sha
    return sha


def line(s, at, text=None, *, name=None, uid=None):
    """A line of useradd, or of usermod and userdel."""
    if name is not None:
        s.add(
            "enrol_account",
            "syslog",
            account=name,
            uid=uid,
            when=at,
            text=f"new user: name={name}, UID={uid}",
        )
    else:
        s.add("account_edit", "syslog", when=at, text=text)


def enriched(s, at, uid, name):
    s.add("execute", account=name, auid=uid, when=at)


def test_a_number_that_is_given_again_has_a_name_for_each_time():
    s = Stage()
    passwd(s, 4102, "kai", copy="a")
    now = passwd(s, 4102, "lin")
    line(s, T0 + 10 * DAY, "delete user 'kai'")
    line(s, T0 + 12 * DAY, name="lin", uid=4102)
    known = told(s, current=[now])
    assert known.account_of("login01", 4102, T0) == "kai"
    assert known.account_of("login01", 4102, T0 + 11 * DAY) is None
    assert known.account_of("login01", 4102, T0 + 20 * DAY) == "lin"
    assert known.account_of("login01", 4102) is None


def reused():
    """A number that was kai's, and is lin's after eleven days; both ask the scheduler, which writes numbers only."""
    s = Stage()
    passwd(s, 4102, "kai", copy="a")
    now = passwd(s, 4102, "lin")
    line(s, T0 + 10 * DAY, "delete user 'kai'")
    line(s, T0 + 11 * DAY, name="lin", uid=4102)
    for job, days in (("11", 1), ("12", 20)):
        s.at = T0 + days * DAY
        s.jobs.append(
            {
                "job": job,
                "owner_uid": 4102,
                "submit_ns": s.at,
                "format": "sacct",
                "domain": "slurm:admin",
                "sha256": "a" * 64,
                "start": days,
                "stop": 99,
            }
        )
        asked = {"host": None, "job": job, "uid": 4102, "object_kind": "job", "object": job}
        s.add("kill_request", "slurmctld", "slurm:admin", **asked)
        s.add("job_update", "slurmctld", "slurm:admin", **asked)
    return assembled(s, current=[now])


def test_the_scheduler_s_numbers_are_named_as_of_their_moment():
    case = reused()
    people = identity.directory(case)
    found = job_records.reconstruct(case, people)
    assert {j.job: j.owner for j in found.values()} == {"11": "kai", "12": "lin"}
    scene = Scene(case, people, {}, found, {})
    for acts in (scheduler_acts.cancels, scheduler_acts.changes):
        assert [(a.job, a.account) for a in acts(scene)] == [("11", "kai"), ("12", "lin")]


def test_of_several_numbers_of_an_account_none_is_chosen():
    s = Stage()
    passwd(s, 4102, "kai", copy="a")
    now = passwd(s, 4199, "kai")
    assert told(s, current=[now]).uid_of("kai") is None
    line(s, T0 + DAY, "change user 'kai' UID from '4102' to '4199'")
    known = told(s, current=[now])
    assert (known.uid_of("kai", T0), known.uid_of("kai", T0 + 2 * DAY)) == (4102, 4199)
    # Where no host tells, the register does.
    assert told(s, people=roster(), current=[now]).uid_of("lin", T0) == 4103


def test_a_rename_changes_the_name_and_not_the_number():
    s = Stage()
    passwd(s, 4102, "kai", copy="a")
    now = passwd(s, 4102, "kai2")
    line(s, T0 + DAY, "change user name 'kai' to 'kai2'")
    known = told(s, current=[now])
    assert known.account_of("login01", 4102, T0) == "kai"
    assert known.account_of("login01", 4102, T0 + 2 * DAY) == "kai2"


def test_a_number_changed_is_no_longer_the_accounts():
    s = Stage()
    passwd(s, 4102, "kai", copy="a")
    now = passwd(s, 4199, "kai")
    line(s, T0 + DAY, "change user 'kai' UID from '4102' to '4199'")
    known = told(s, current=[now])
    assert known.account_of("login01", 4102, T0) == "kai"
    assert known.account_of("login01", 4102, T0 + 2 * DAY) is None
    assert known.account_of("login01", 4199, T0 + 2 * DAY) == "kai"
    assert known.account_of("login01", 4199, T0) is None


def test_a_line_that_anybody_can_write_names_nobody_else():
    """`logger -t useradd` costs nothing: it can take a name away, and never put another in its place."""
    s = Stage()
    now = passwd(s, 4102, "kai")
    line(s, T0, name="lin", uid=4102)
    line(s, T0 + 2 * DAY, "delete user 'lin'")
    line(s, T0, "delete user 'kai'")
    known = told(s, current=[now])
    for days in range(-1, 5):
        assert known.account_of("login01", 4102, T0 + days * DAY) in {"kai", None}
    assert known.account_of("login01", 4102, T0 + 3 * DAY) == "kai"


def test_a_number_that_only_such_a_line_names_has_no_name():
    s = Stage()
    line(s, T0, name="lin", uid=4102)
    assert told(s).account_of("login01", 4102, T0 + DAY) is None


def test_the_audit_daemons_own_names_are_dated_where_they_differ():
    s = Stage()
    enriched(s, T0, 4102, "kai")
    enriched(s, T0 + DAY, 4102, "kai")
    enriched(s, T0 + 5 * DAY, 4102, "lin")
    known = told(s)
    assert known.account_of("login01", 4102, T0 + DAY // 2) == "kai"
    assert known.account_of("login01", 4102, T0 + 3 * DAY) is None
    assert known.account_of("login01", 4102, T0 + 5 * DAY) == "lin"


def test_a_name_of_another_host_is_derived_and_only_without_conflict():
    s = Stage()
    passwd(s, 4102, "kai", host="login01")
    known = told(s)
    assert known.account_of("gpu01", 4102, T0) == "kai"
    derived = [r for r in known.table().to_pylist() if r["host"] == "gpu01"]
    assert [(r["basis"], r["account"]) for r in derived] == [("derived", "kai")]
    assert "login01" in derived[0]["source"]
    passwd(s, 4102, "lin", host="login02")
    assert told(s).account_of("gpu01", 4102, T0) is None
    assert told(s).account_of("login02", 4102, T0) == "lin"


def test_where_the_register_and_a_host_disagree_both_are_shown():
    s = Stage()
    s.enrol()
    passwd(s, 4103, "kai")
    ses = s.login("kai")
    s.submit("kai", ses, "11")
    done = s.examined()
    found = [c for c in findings.findings(done)["contradictions"] if c["kind"] == "register_disagrees"]
    assert {c["about"] for c in found} == {"who has uid 4103", "who has account kai"}
    uid = next(c for c in found if "uid" in c["about"])
    assert {bool(x["register"]) for x in uid["says"]} == {True, False}
    assert {x["what"].rsplit(" ", 1)[-1] for x in uid["says"]} == {"kai", "lin"}


def test_a_key_that_two_sources_give_to_two_people_is_shown():
    s = Stage()
    s.add(
        "enrol_key",
        "authorized_keys",
        "git:server",
        account="lin",
        credential="SHA256:x",
        when=None,
        host=None,
    )
    people = Roster(
        (
            Person("kai", "", (Account("kai", 1, "r"),), (Key("SHA256:x", "r"),), ()),
            Person("lin", "", (Account("lin", 2, "r"),), (), ()),
        ),
        (),
    )
    assert list(told(s, people=people).disagreements()) == ["key SHA256:x"]
    assert told(Stage(), people=roster()).disagreements() == {}


def record(s, at, text, *, outcome="success", fmt="auditd"):
    """A record of useradd and its kin in the audit trail, in the words that its reading gives."""
    kind, _, op = text.partition(" ")
    s.add("account_edit", fmt, when=at, outcome=outcome, text=f"{kind} /usr/sbin/x {op}")


def test_the_trail_s_own_records_date_a_number_that_is_given_again():
    """By invented records: `useradd` and `userdel` write them with root's rights."""
    for words in (
        ("DEL_USER deleting acct=kai user entries", "ADD_USER adding id=4102 acct=lin user"),
        ("DEL_USER delete-user id=4102", "ADD_USER add-user acct=lin"),
    ):
        s = Stage()
        passwd(s, 4102, "kai", copy="a")
        now = passwd(s, 4102, "lin")
        record(s, T0 + 10 * DAY, words[0])
        record(s, T0 + 12 * DAY, words[1])
        known = told(s, current=[now])
        held = [known.account_of("login01", 4102, T0 + days * DAY) for days in (0, 11, 20)]
        assert held == ["kai", None, "lin"], words


def test_an_account_that_the_trail_adds_and_no_file_has_is_named_from_then_on():
    s = Stage()
    record(s, T0, "ADD_USER adding id=1007 acct=dao user")
    record(s, T0 + 5 * DAY, "DEL_USER delete-user id=1007")
    known = told(s)
    held = [known.account_of("login01", 1007, T0 + days * DAY) for days in (-1, 1, 6)]
    assert held == [None, "dao", None]


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("ADD_USER adding id=1007 acct=dao user", {"outcome": "failure"}),
        ("ADD_USER adding id=1007 acct=dao user", {"fmt": "audisp_syslog"}),
        ("ADD_USER adding id=1007 acct=dao home directory", {}),
        ("ADD_GROUP adding id=1007 acct=dao group", {}),
        ("USER_MGMT changing acct=dao uid", {}),
        ("ADD_USER adding acct=dao id=1007 user", {}),
    ],
)
def test_what_adds_no_account_names_nobody(text, given):
    """Refused, from anybody, of a group, of no number, or a name that imitates the number's field."""
    s = Stage()
    record(s, T0, text, **given)
    assert told(s).account_of("login01", 1007, T0 + DAY) is None


def test_a_mailbox_removed_with_an_account_ends_no_name():
    s = Stage()
    now = passwd(s, 4102, "kai")
    passwd(s, 4103, "lin", copy="a")
    record(s, T0, "DEL_USER deleting acct=lin mail file")
    record(s, T0, "DEL_USER deleting acct=kai user entries", outcome="failure")
    known = told(s, current=[now])
    assert known.account_of("login01", 4103, T0 + DAY) == "lin"
    assert known.account_of("login01", 4102, T0 + DAY) == "kai"


def test_a_changed_number_that_is_not_told_takes_no_name_away():
    s = Stage()
    passwd(s, 4102, "kai", copy="a")
    record(s, T0, "USER_MGMT changing acct=kai uid")
    assert told(s).account_of("login01", 4102, T0 - DAY) == "kai"


def test_a_rename_in_the_trail_dates_the_new_name():
    s = Stage()
    now = passwd(s, 4102, "kai2")
    record(s, T0 + DAY, "USER_MGMT changing acct=kai2 name")
    known = told(s, current=[now])
    assert [known.account_of("login01", 4102, T0 + days * DAY) for days in (0, 2)] == [None, "kai2"]


def test_every_derived_row_carries_its_rule_and_its_version():
    s = Stage()
    s.enrol()
    passwd(s, 4103, "lin", host="gpu01", copy="a")
    now = passwd(s, 4102, "kai")
    record(s, T0, "ADD_USER adding id=4102 acct=kai user")
    known = told(s, people=roster(), current=[now])
    assert known.account_of("login01", 4103, T0) == "lin"
    rows = known.table().to_pylist()
    for row in rows:
        assert (row["rule"] is not None) >= (row["basis"] == "derived")
        rule = identity_rules.RULES.get(row["rule"])
        assert row["version"] == (None if rule is None else rule.version)
    by = {(row["rule"], row["thing"]) for row in rows if row["rule"] and row["kind"] == "uid"}
    assert by == {("named_within_bounds", "4102"), ("named_on_other_hosts", "4103")}
    assert sum(row["rule"] == "account_of_key_directory" for row in rows) == 4
    assert known.fired() == Counter(row["rule"] for row in rows if row["rule"])


def test_events_are_named_as_of_their_own_moment():
    s = Stage()
    passwd(s, 4102, "kai", copy="a")
    now = passwd(s, 4102, "lin")
    line(s, T0 + 10 * DAY, "delete user 'kai'")
    line(s, T0 + 10 * DAY + SECOND, name="lin", uid=4102)
    s.add("execute", auid=4102, when=T0)
    s.add("execute", auid=4102, when=T0 + 11 * DAY)
    built = {n: [r.get(n) for r in s.rows] for n in tables.EVENT.names}
    case = assemble({"event": tables.EVENT.build(built)}, NOBODY, Question())
    case.files.loc[0, ["sha256", "origin"]] = [now, "/etc/passwd"]
    named = naming.named(case, identity.directory(case))
    assert list(named.loc[named["verb"] == "execute", "account"]) == ["kai", "lin"]


def test_a_certificate_is_listed_by_serial_and_authority_and_names_nobody():
    s = Stage()
    authority = "SHA256:" + "c" * 43
    text = f"Accepted publickey for mlteam from 10.0.0.2 port 7 ssh2: ED25519-CERT SHA256:{'k' * 43} ID kai (serial 7) CA ED25519 {authority}"
    s.add("login", "syslog", account="mlteam", credential="SHA256:" + "k" * 43, text=text)
    known = told(s, people=roster())
    (row,) = [r for r in known.table().to_pylist() if r["kind"] == "certificate"]
    assert (row["thing"], row["account"], row["person"]) == (f"serial 7 of {authority}", "mlteam", None)
    assert row["basis"] == "asserted"
    assert known.key_people("SHA256:" + "k" * 43) == frozenset()


def by_definition(pairs, history, at):
    """The docstring, read aloud: who can have held one number at a moment, by copies and by the lines of one host."""
    can = set()
    for name in pairs:
        own = [(when, begins) for when, begins, n in history if n == name]
        held = not own or not own[0][1]
        for when, begins in own:
            # At the very moment of a change both can hold.
            if at < when or (at == when and held):
                break
            held = begins
        if held:
            can.add(name)
    return can


@given(
    st.sets(st.sampled_from(["kai", "lin"]), min_size=1),
    st.lists(
        st.tuples(st.integers(1, 9), st.booleans(), st.sampled_from(["kai", "lin"])),
        max_size=4,
        unique_by=lambda c: c[0],
    ),
    st.integers(0, 19),
)
@settings(max_examples=examples(40), deadline=None)
def test_who_can_have_held_a_number_is_what_the_definition_says(pairs, history, half):
    """Between the lines' moments, of names that some copy of passwd holds and older copies only."""
    at = half / 2
    if at in {float(w) for w, _, _ in history}:
        return
    s = Stage()
    for name in sorted(pairs):
        passwd(s, 4102, name, copy="a")
    for when, begins, name in history:
        if begins:
            line(s, T0 + when * DAY, name=name, uid=4102)
        else:
            line(s, T0 + when * DAY, f"delete user '{name}'")
    known = told(s)
    can = by_definition(pairs, sorted(history), at)
    asserted = {
        n for n in {"kai", "lin"} - pairs if by_definition({n}, [(-1, False, n), *sorted(history)], at)
    }
    want = next(iter(can)) if len(can) == 1 and not asserted - can else None
    assert known.account_of("login01", 4102, int(T0 + at * DAY)) == want


@pytest.mark.parametrize("uid", [None, 4294967294])
def test_an_unknown_number_has_no_name(uid):
    assert told(Stage()).account_of("login01", uid, T0) is None


EDGES = st.one_of(st.none(), st.integers(1, 4))
LINES = st.tuples(
    st.sampled_from(["account", "shared_account", "key", "opens", "uid"]), st.sampled_from("ab"),
    st.sampled_from(["Mei", "Kai"]), st.sampled_from("ab"), EDGES, EDGES,
)  # fmt: skip


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(LINES, min_size=1, max_size=8))
def test_who_holds_an_account_is_looked_up_once_between_two_edges_of_enrolments(lines):
    people = identity.Directory([_enrolled(*line) for line in lines], frozenset({"Mei", "Kai"}), {})
    for account, at, to in product("ab", (None, *range(6)), (None, *range(6))):
        assert people.holders(account, at, to) == people._holders(account, at, to)


def _enrolled(kind, thing, person, account, since, until):
    return identity.Enrolment(kind, thing, person, account, "h", "observed", "x", "h:root", since, until)
