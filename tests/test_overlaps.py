"""Sessions at once, sessions out of sessions, and work that outlives one."""

import json
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import SECOND, T0, Stage, address, key

from forensics.analysis import findings, hops, overlaps
from forensics.analysis.evidence import assemble
from forensics.analysis.sessions import Session, reconstruct
from forensics.core import tables
from forensics.core.roster import Question, Roster
from forensics.render import document, phrases
from forensics.render import overlaps as printed
from forensics.render.forbidden import lint


def evidence_of(stage):
    built = {n: [r.get(n) for r in stage.rows] for n in tables.EVENT.names}
    return assemble({"event": tables.EVENT.build(built)}, Roster((), ()), Question())


def sessions_of(stage):
    evidence = evidence_of(stage)
    found = reconstruct(evidence)
    hops.link(evidence, found)
    return evidence, found


def kinds(stage):
    return {(o.kind, o.impossible) for o in overlaps.find(*sessions_of(stage))}


def test_one_account_from_two_desks_at_once_is_told():
    s = Stage()
    one = s.login("mlteam", by="kai")
    two = s.login("mlteam", by="lin")
    s.logout("mlteam", one)
    s.logout("mlteam", two)
    assert kinds(s) == {("account_from_two_addresses", False), ("account_by_two_keys", False)}


def test_one_after_the_other_is_not_at_once():
    s = Stage()
    s.logout("mlteam", s.login("mlteam", by="kai"))
    s.logout("mlteam", s.login("mlteam", by="lin"))
    assert kinds(s) == set()


def test_a_key_at_two_desks_at_once_is_told():
    s = Stage()
    one = s.login("kai")
    s.login("mlteam", by="kai", device="lin")
    s.run("mlteam", str(int(one) + 1), ["ls"])
    s.logout("kai", one)
    assert ("key_from_two_addresses", False) in kinds(s)


def test_what_cannot_be_is_called_impossible():
    """Two sessions of one terminal at once: one of the records, or a clock, is wrong."""
    s = Stage()
    one = s.login("kai")
    two = s.login("lin")
    for row in s.rows:
        row["tty"] = "pts/9" if row["tty"] else None
    s.logout("kai", one)
    s.logout("lin", two)
    assert kinds(s) == {("terminal_twice", True)}


def test_the_report_tells_what_was_open_at_once_and_cites_both_sides():
    s = Stage()
    s.login("mlteam", by="kai")
    two = s.login("mlteam", by="lin")
    for row in s.rows:
        row["tty"] = "pts/9" if row["tty"] else None
    for ses in (str(int(two) - 1), two):
        s.logout("mlteam", ses)
    done = s.examined(question=Question())
    told = findings.findings(done)
    assert {(o["kind"], o["impossible"]) for o in told["overlaps"]} == kinds(s)
    (first,), *rest = printed.overlap_sentences(told["overlaps"])
    assert "That cannot be" in first.text
    assert "terminal is held by both" in first.text
    for sentences in ([first], *rest):
        (sentence,) = sentences
        assert lint(sentence.text) == []
        assert {(c.sha256, c.start) for c in sentence.citations} >= {
            (c["sha256"], c["start"]) for o in told["overlaps"][:1] for side in o["sessions"] for c in side["citations"][:1]
        }  # fmt: skip
    many = [{**told["overlaps"][0], "thing": f"pts/{n}"} for n in range(22)]
    assert [len(printed.overlap_sentences(many[:n])) for n in (20, 22)] == [20, 21]
    assert printed.overlap_sentences(many)[-1][0].text.startswith("There are 2 pairs more")
    assert phrases.OVERLAPS.keys() == overlaps.KINDS.keys()
    empty = {"events": tables.EVENT.empty(), "files": tables.FILE.empty()}
    assert "Sessions at once" in json.dumps(document.build(told, **empty).content)


def hop(s, *, argv, source, own="10.9.0.1"):
    """From login01 somebody goes on to gpu01, which sees an address."""
    s.add("other", "syslog", text=f"Connection from {address('kai')} port 5 on {own} port 22", host="login01")
    s.add("other", "syslog", text=f"Connection from {source} port 7 on 10.9.0.2 port 22", host="gpu01")
    ses = s.login("kai")
    s.run("kai", ses, argv)
    s.wait(2)
    s.add(
        "login", "syslog", account="kai", pid=99, address=source, port=7, credential=key("kai"), host="gpu01"
    )
    _, found = sessions_of(s)
    return found[0].session_id, next(x for x in found if x.host == "gpu01"), found


@pytest.mark.parametrize(
    ("argv", "source", "led"),
    [
        (["ssh", "gpu01"], "10.9.0.1", True),
        (["ssh", "-p", "22", "kai@10.9.0.2"], "10.9.0.1", True),
        (["ssh", "an-alias"], "10.9.0.1", True),
        (["ssh", "login01"], "10.9.0.1", False),
        (["ssh", "gpu01"], "10.9.0.77", False),
        (["vim", "gpu01"], "10.9.0.1", False),
    ],
    ids=["name", "address", "alias", "another_host", "another_source", "no_client"],
)
def test_a_session_on_the_next_host_is_traced_to_the_client(argv, source, led):
    origin, inner, found = hop(Stage(), argv=argv, source=source)
    assert inner.via == (origin if led else None)
    assert bool(inner.via_events) == led
    assert hops.roots(inner, {s.session_id: s for s in found}) == ([origin] if led else [])


def test_two_clients_at_once_leave_the_origin_open():
    s = Stage()
    other = s.login("lin")
    s.at += 8 * SECOND
    s.run("lin", other, ["ssh", "gpu01"])
    s.at -= 8 * SECOND
    _, inner, _ = hop(s, argv=["ssh", "gpu01"], source="10.9.0.1")
    assert inner.via is None
    evidence, found = sessions_of(s)
    led = hops.link(evidence, found)
    assert sorted((h.origin.account, h.session.host, h.rivals) for h in led) == [
        ("kai", "gpu01", 1),
        ("lin", "gpu01", 1),
    ]


@pytest.mark.parametrize(
    ("exe", "there", "led"),
    [
        ("/usr/sbin/sshd", "10.9.0.2:22", True),
        ("/usr/lib/openssh/sshd-session", "10.9.0.2:22", True),
        ("/usr/sbin/sshd", "10.9.0.2:2222", False),
        ("/usr/sbin/sshd", "10.9.0.77:22", False),
        ("/usr/bin/curl", "10.9.0.2:22", False),
    ],
    ids=["sshd", "newer_sshd", "another_port", "another_host", "another_program"],
)
def test_a_jump_by_forwarding_is_traced_to_the_session_in_which_sshd_connected(exe, there, led):
    """`ssh -J` runs no client on the host between: its sshd connects on, as the account that is logged in there."""
    s = Stage()
    ses = s.login("lin")
    s.at += 8 * SECOND
    s.add("connect", session=ses, account="lin", pid=4321, exe=exe, object_kind="address", object=there)
    s.at -= 8 * SECOND
    _, inner, _ = hop(s, argv=["vim", "gpu01"], source="10.9.0.1")
    evidence, found = sessions_of(s)
    told = [(h.origin.account, h.rule, h.by) for h in hops.link(evidence, found)]
    assert told == ([("lin", hops.FORWARDED, ("address", "destination", "time"))] if led else [])
    assert (inner.via is not None) == led


@pytest.mark.parametrize(
    ("there", "led", "borne"),
    [
        ("10.9.0.2:22", True, True),
        ("10.9.0.77:22", False, False),
        ("10.9.0.77:53", True, False),
        (None, True, False),
    ],
)
def test_where_the_kernel_saw_a_client_connect_bears_it_out_or_rules_it_out(there, led, borne):
    """And a firewall's line bears out the port, and rules nobody out."""
    s = Stage()
    ses = s.login("lin")
    s.at += 8 * SECOND
    pid, _ = s.run("lin", ses, ["ssh", "gpu01"], pid=4321)
    if there is not None:
        s.add("connect", session=ses, account="lin", pid=pid, object_kind="address", object=there)
    line = "kernel: [12.3] OUT=eth0 SRC=10.9.0.1 DST=10.9.0.2 LEN=60 TTL=64 PROTO=TCP SPT=7 DPT=22 SYN"
    s.add("other", "syslog", text=line.replace("SPT=7", "SPT=8"))
    s.add("other", "syslog", text=line)
    right = s.rows[-1]["event_id"]
    s.at -= 8 * SECOND
    _, inner, _ = hop(s, argv=["vim", "gpu01"], source="10.9.0.1")
    evidence, found = sessions_of(s)
    told = hops.link(evidence, found)
    assert (inner.via is not None) == led
    assert [(h.by, right in h.events) for h in told] == [
        (("address", *(["destination"] if borne else []), "host_named", "port", "time"), True)
    ] * led


def test_work_that_outlives_its_session_is_told_and_counts():
    s = Stage()
    ses = s.login("kai")
    s.run("kai", ses, ["tmux"])
    s.logout("kai", ses)
    ended = s.at
    s.wait(3600)
    s.run("kai", ses, ["vim", "train.py"])
    _, found = sessions_of(s)
    (session,) = found
    assert session.kept_by == {"tmux"}
    assert session.outlived()
    assert session.end_ns is not None
    assert session.end_ns < ended + SECOND
    assert not session.covers(s.at, s.at)
    assert session.works(s.at, s.at)
    assert not session.works(s.at + 60 * SECOND, s.at + 60 * SECOND)


@pytest.mark.parametrize(
    ("argv", "host", "led"),
    [
        (["machinectl", "shell", "root@.host"], "login01", True),
        (["machinectl", "login", ".host"], "login01", True),
        (["machinectl", "list"], "login01", False),
        (["machinectl", "shell", "root@.host"], "gpu01", False),
    ],
)
def test_a_session_by_machinectl_is_traced_to_the_session_in_which_it_ran(argv, host, led):
    """The first process opens it, with no address: invented events, for no host with systemd was at hand."""
    s = Stage()
    kai = s.login("kai")
    s.run("kai", kai, argv)
    s.wait(1)
    opened = {"account": "root", "auid": 0, "session": "90", "pid": 900, "exe": "/usr/lib/systemd/systemd"}
    s.add("loginuid", host=host, **opened)
    s.add("session_open", host=host, **opened)
    _, found = sessions_of(s)
    inner = next(x for x in found if x.ses == "90")
    assert inner.via == (next(x.session_id for x in found if x.ses == kai) if led else None)
    assert bool(inner.via_events) == led


def test_sessions_over_one_connection_are_one_entry():
    """ControlMaster: two shells and a copy, and only one of them was authenticated."""
    s = Stage()
    ses = s.login("kai")
    port, pid = 40000 + s.ses, 1000 + s.ses * 10
    for child in (1, 2, 3):
        s.add("session_start", "syslog", account="kai", pid=pid + child, address=address("kai"), port=port)
    s.logout("kai", ses)
    _, found = sessions_of(s)
    assert [(x.account, x.channels) for x in found] == [("kai", 3)]


def test_a_reconnect_is_another_session():
    s = Stage()
    for _ in range(2):
        s.logout("kai", s.login("kai"))
    _, found = sessions_of(s)
    assert len(found) == 2
    assert kinds(s) == set()


def by_definition(stays):
    """Two stays of one account from two addresses that share a moment."""
    found = set()
    for (i, a), (j, b) in combinations(enumerate(stays), 2):
        if a[0] == b[0] and a[1] != b[1] and max(a[2], b[2]) <= min(a[2] + a[3], b[2] + b[3]):
            found.add(frozenset({i, j}))
    return found


stays = st.lists(
    st.tuples(
        st.sampled_from(["kai", "lin"]),
        st.sampled_from(["10.0.0.1", "10.0.0.2"]),
        st.integers(0, 20),
        st.integers(0, 9),
    ),
    max_size=7,
)


@given(stays)
@settings(max_examples=60, deadline=None)
def test_overlaps_are_those_of_the_definition(drawn):
    sure, sessions = {}, []
    for i, (account, source, began, length) in enumerate(drawn):
        session = Session(f"s{i}", "login01", str(i), "sshd", account, i, T0, None, address=source)
        sessions.append(session)
        sure[session.session_id] = (began, began + length)
    groups = overlaps._groups(sessions)["account_from_two_addresses"]
    pairs = [
        o
        for thing in groups
        for o in overlaps._pairs("account_from_two_addresses", thing, groups[thing], sure)
    ]
    assert {
        frozenset({int(o.one.session_id[1:]), int(o.other.session_id[1:])}) for o in pairs
    } == by_definition(drawn)
    assert all(o.earliest_ns <= o.latest_ns for o in pairs)


def test_two_sessions_are_told_once_whatever_they_have_in_common():
    s = Stage()
    one, two = s.login("mlteam", by="kai"), s.login("mlteam", by="lin")
    s.logout("mlteam", one)
    s.logout("mlteam", two)
    told = findings.findings(s.examined(question=Question()))["overlaps"]
    assert {o["kind"] for o in told} == {"account_from_two_addresses", "account_by_two_keys"}
    ((only,),) = printed.overlap_sentences(told)
    assert (
        "entered from two addresses and one account is entered with two keys, `login01 mlteam`" in only.text
    )
