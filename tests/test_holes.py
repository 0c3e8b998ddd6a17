"""What the keeping of logs leaves out: daemons that stop, numbers of a rotation, requests refused, copies that differ."""

import dataclasses
from types import SimpleNamespace

import pandas as pd
import pytest
from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import T0, Stage

from forensics.analysis import copies, evidence, findings, gaps, holes
from forensics.core import ids, roster, tables
from forensics.core.errors import RosterError
from forensics.core.roster import Question

SECOND = 1_000_000_000
ONE, OTHER = "a" * 64, "b" * 64


def with_files(case, *files):
    same = dict.fromkeys(("bytes", "parsed", "rejected", "ignored"), 0) | {"kind": "file", "held": "copied"}
    table = tables.FILE.build({n: [(same | f).get(n) for f in files] for n in tables.FILE.names})
    return dataclasses.replace(case, files=evidence.frame(table))


def stopped(*told):
    day = Stage()
    names = [day.add(verb, text=text, when=T0 + at * SECOND) for at, (verb, text) in enumerate(told)]
    return day, names


@pytest.mark.parametrize(
    ("told", "until"),
    [
        ((("audit_config", "DAEMON_END auditd"), ("audit_config", "DAEMON_START auditd")), 1),
        ((("login", ""), ("audit_config", "DAEMON_END auditd")), None),
        (
            (
                ("audit_config", "SERVICE_STOP systemd unit=auditd res=success"),
                ("audit_config", "DAEMON_END auditd"),
                ("login", ""),
            ),
            2,
        ),
        ((("audit_config", "DAEMON_ABORT"), ("read", ""), ("login", "")), 2),
    ],
)
def test_from_the_end_of_the_daemon_to_what_its_trail_tells_next(told, until):
    """What the trail tells in masses is not looked at: it need not all be held."""
    day, names = stopped(*told)
    (found,) = [g for g in gaps.find(day.evidence(), []) if g.kind == "daemon_stop"]
    assert found.latest_ns == (None if until is None else T0 + until * SECOND + 999_999)
    assert found.events == ((names[0] if until else names[1],) if until is None else (names[0], names[until]))
    assert not gaps.Cover([found], gaps.AUDIT_TRAIL).whole(T0, T0 + SECOND)


def test_a_service_that_is_another_stops_no_trail():
    day, _ = stopped(("service", "SERVICE_STOP unit=cron"), ("audit_config", "DAEMON_START auditd"))
    assert not [g for g in gaps.find(day.evidence(), []) if g.kind == "daemon_stop"]


def log(number, *, base="/var/log/auth.log", sha=None, ending=""):
    origin = base + (f".{number}" if number else "") + ending
    return {
        "sha256": sha or f"{number:064d}",
        "path": f"h{origin}",
        "origin": origin,
        "host": "h",
        "format": "syslog",
    }


@pytest.mark.parametrize(
    ("files", "holes_of"),
    [
        ([log(0), log(1), log(3, ending=".gz")], ["h: /var/log/auth.log.2"]),
        ([log(1), log(2), log(6)], ["h: /var/log/auth.log.3 to .5"]),
        ([log(0), log(1), log(2)], []),
        ([log(3), log(5)], []),
        ([log(0, base="/srv/model"), log(2, base="/srv/model")], []),
    ],
    ids=["one", "several", "whole", "neither_end", "no_log"],
)
def test_numbers_of_a_rotation_that_are_missing_are_told(files, holes_of):
    day = Stage()
    day.add("login", "syslog", sha256=f"{3:064d}", when=T0)
    day.add("login", "syslog", sha256=f"{1:064d}", when=T0 + SECOND)
    found = list(holes._rotations(with_files(day.evidence(), *files)))
    assert [h[0] for h in found] == holes_of
    if holes_of == ["h: /var/log/auth.log.2"]:
        assert found[0][2:4] == (T0 + 999_999, T0 + SECOND)


CASE = b"""
[[source]]
name = "switch log"
host = "sw1"
answer = "refused"
reason = "the owner of the network says no"
from = 2026-11-23T00:00:00Z
until = 2026-11-24T00:00:00Z
[[source]]
name = "login log"
format = "syslog"
"""


def test_what_was_asked_for_stands_with_its_answer_and_a_refusal_is_a_gap():
    asked = roster.question(CASE, "case.toml")
    case = with_files(Stage().evidence(asked), log(0))
    first, second = holes.ledger(case)
    assert (first["source"], first["answer"], first["files"], second["files"]) == (
        "sw1: switch log",
        "refused",
        0,
        1,
    )
    (gap,) = [g for g in gaps.find(case, []) if g.kind.startswith("source_")]
    assert (gap.kind, gap.source, gap.host) == ("source_refused", "sw1: switch log", "sw1")
    assert gap.touches(asked.sources[0].from_ns, asked.sources[0].from_ns)
    with pytest.raises(RosterError, match="pending"):
        roster.question(CASE.replace(b"refused", b"no"), "case.toml")
    with pytest.raises(RosterError, match="give its host, account and format"):
        roster.question(CASE.replace(b"refused", b"none_there"), "case.toml")
    looked = CASE.replace(b'"refused"', b'"none_there"\naccount = "lin"\nformat = "shell_startup"', 1)
    (said, _) = holes.ledger(with_files(Stage().evidence(roster.question(looked, "case.toml")), log(0)))
    assert (said["host"], said["account"], said["answer"]) == ("sw1", "lin", "none_there")


def test_requests_are_in_the_findings_with_their_times():
    day = Stage()
    day.login("mei")
    found = findings.findings(day.examined(roster.question(CASE, "case.toml")))
    assert {g["kind"]: g["reason"] for g in found["gaps"] if g["reason"]} == {
        "source_refused": "the owner of the network says no"
    }
    (told, _) = found["requests"]
    assert (told["from"], told["asked"], told["reason"]) == (
        "2026-11-23T00:00:00.000Z",
        None,
        "the owner of the network says no",
    )


def two_copies(lines, lost, changed, *, name="auth.log"):
    """One log, and a copy of it that lacks some lines and tells others otherwise."""
    rows = []
    for sha in (ONE, OTHER):
        for n, second in enumerate(lines):
            if sha == OTHER and n in lost:
                continue
            text = f"line {n}" + (" altered" if sha == OTHER and n in changed else "")
            row = dict.fromkeys(tables.EVENT.names) | {
                "event_id": ids.event_id(sha, n * 10, n * 10 + 10),
                "earliest_ns": T0 + second * SECOND,
                "latest_ns": T0 + second * SECOND,
                "format": "syslog",
                "domain": "h:root",
                "clock": "h:syslog",
                "verb": "other",
                "host": "h",
                "text": text,
                "sha256": sha,
                "start": n * 10,
                "stop": n * 10 + 10,
                "citations": [],
            }
            rows.append(row)
    built = tables.EVENT.build({n: [r[n] for r in rows] for n in tables.EVENT.names})
    case = evidence.assemble({"event": built}, roster.Roster(), Question())
    return with_files(case, log(0, sha=ONE), log(0, sha=OTHER) | {"path": f"loghost/h/{name}"})


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 30), min_size=9, max_size=25),
    st.sets(st.integers(0, 24), max_size=3),
    st.sets(st.integers(0, 24), max_size=2),
)
def test_copies_differ_in_the_lines_that_one_lacks_or_tells_otherwise(seconds, lost, changed):
    lines = sorted(seconds)
    found = copies.find(two_copies(lines, lost, changed))
    # By the definition: what lies strictly within the time that both cover.
    kept = [s for n, s in enumerate(lines) if n not in lost]
    first, last = max(lines[0], kept[0]), min(lines[-1], kept[-1])
    inside = {n for n, s in enumerate(lines) if first < s < last}
    alone, told = inside & (lost | changed), inside - lost - changed
    if len(told) < 5 or not alone or 2 * len(told) < min(len(inside), len(inside - lost)):
        assert found == []
        return
    (differ,) = found
    assert differ.only_one == tuple(sorted(ids.event_id(ONE, n * 10, n * 10 + 10) for n in alone))
    assert differ.only_other == tuple(
        sorted(ids.event_id(OTHER, n * 10, n * 10 + 10) for n in inside & (changed - lost))
    )
    assert differ.shared == len(told)


def test_a_difference_of_copies_is_a_contradiction_and_other_logs_are_no_copies():
    case = two_copies(range(12), {5}, set())
    (told,) = copies.contradictions(case, list)
    assert told["kind"] == "copies_differ"
    assert [len(s["citations"]) for s in told["says"]] == [1, 0]
    assert copies.find(two_copies(range(12), {5}, set(), name="syslog")) == []


@pytest.mark.parametrize(("second", "records"), [(2, None), (3, 1), (9, 7), (2_000_000, None)])
def test_one_number_that_is_missing_is_a_gap(second, records):
    """A boot starts the numbers anew, and a jump of more than a million is one, or another machine."""
    day = Stage()
    day.login("mei")
    case = day.evidence()
    own = case.events["trail"]
    case.events.loc[own, "serial"] = [1, second][: int(own.sum())]
    assert [g.records for g in gaps.find(case, []) if g.kind == "serial_gap"] == (
        [] if records is None else [records]
    )


def test_numbers_after_a_clock_that_went_back_are_another_boot():
    day = Stage()
    day.login("mei")
    day.rows[1]["earliest_ns"] -= 120 * SECOND
    day.rows[1]["latest_ns"] -= 120 * SECOND
    case = day.evidence()
    case.events.loc[[day.rows[0]["event_id"], day.rows[1]["event_id"]], "serial"] = [1, 9]
    assert not [g for g in gaps.find(case, []) if g.kind == "serial_gap"]


def by_definition(events):
    """The numbers that jump, host by host and number by number."""
    found = []
    for host in {e["host"] for e in events}:
        numbers = {}
        for e in events:
            if e["host"] == host:
                numbers.setdefault(e["serial"], e)
        known = sorted(numbers)
        for before, after in zip(known, known[1:]):  # noqa: B905, RUF007 - as one would write it down
            one, other = numbers[before], numbers[after]
            if 1 < after - before < 1_000_000 and other["earliest_ns"] >= one["earliest_ns"] - 60 * SECOND:
                found.append((host, after - before - 1, one["earliest_ns"], other["latest_ns"], (one["event_id"], other["event_id"])))  # fmt: skip
    return sorted(found, key=repr)


TOLD = st.tuples(
    st.sampled_from(["login01", "gpu01", None]), st.sampled_from([1, 2, 3, 5, 9, 1_000_001, 1_000_002]), st.sampled_from([-61, -60, 0, 1]),
)  # fmt: skip


@settings(max_examples=examples(240), deadline=None)
@given(st.lists(TOLD, max_size=12))
def test_numbers_that_jump_are_those_that_each_host_s_own_leave_out(told):
    rows = [
        {"event_id": f"e{n}", "trail": True, "format": "auditd", "host": host, "serial": serial, "earliest_ns": T0 + at * SECOND, "latest_ns": T0 + at * SECOND + 1}
        for n, (host, serial, at) in enumerate(told)
    ]  # fmt: skip
    more = [{**row, "event_id": f"x{n}", **other} for n, (row, other) in enumerate(
        (row, other) for row in rows[:2] for other in ({"trail": False}, {"serial": None}, {"earliest_ns": None}, {"format": "syslog"})
    )]  # fmt: skip
    frame = pd.DataFrame([*more, *rows], columns=["event_id", "trail", "format", "host", "serial", "earliest_ns", "latest_ns"])  # fmt: skip
    frame = frame.astype({"trail": bool, "serial": "Int64", "earliest_ns": "Int64", "latest_ns": "Int64"})
    found = list(gaps._serials(SimpleNamespace(events=frame, totals=None)))
    assert sorted(((g.host, g.records, g.earliest_ns, g.latest_ns, g.events) for g in found), key=repr) == by_definition(rows)  # fmt: skip
    assert {g.source for g in found} <= {"login01: audit trail", "gpu01: audit trail", "?: audit trail"}
