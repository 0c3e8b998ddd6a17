"""One audit trail, kept in several ways, is one witness; and a line that anybody can send names nobody."""

from pathlib import Path

import investigated
import pandas as pd
import pytest
from stage import KERNEL, SECOND, T0, Stage, address
from test_attribution import SCRIPT, edited, verdicts
from test_audit_dialects import grouped, in_auditbeat, in_laurel, in_syslog, laurel_tells

from forensics.analysis import trails
from forensics.core.tables import EVENT

STAGED = Path(__file__).parents[1] / "sample_logs" / "incidents" / "script_edit"
TRAIL = Path("login01/var/log/audit/audit.log")
MADE = {
    "laurel": lambda data: b"".join(in_laurel(lines) for lines in grouped(data) if laurel_tells(lines)),
    "auditbeat": lambda data: b"".join(map(in_auditbeat, grouped(data))),
    "audisp_syslog": lambda data: b"".join(map(in_syslog, data.splitlines())),
}


def told_by(*dialects, kept=True):
    """The findings of the staged incident, with its login host's trail told in more ways, or in others."""
    folder = STAGED / "evidence"
    evidence = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    data = evidence[TRAIL.as_posix()]
    for name in dialects:
        evidence[TRAIL.with_name(f"{name}.log").as_posix()] = MADE[name](data)
    if not kept:
        del evidence[TRAIL.as_posix()]
    roster, about = ((STAGED / f"{name}.toml").read_bytes() for name in ("roster", "case"))
    return investigated.found(evidence, roster=roster, about=about)


def said(found):
    """What the findings say of acts and persons, but for what bytes they cite."""
    acts = [
        (a["act"], a["object"], a["job"], a["link"], a["account"], a["when"], a["person"]["verdict"],
         a["person"]["name"], a["person"]["frame_cost"], a["person"]["gates"], a["missing"])
        for a in found["acts"]
    ]  # fmt: skip
    return acts, [(j["job"], j["cause"]) for j in found["jobs"]], [c["status"] for c in found["claims"]]


# In the worker of pytest-xdist in which the incident is read for others.
of_the_incident = pytest.mark.xdist_group(STAGED.name)


@pytest.fixture(scope="module")
def plain():
    return told_by()


@of_the_incident
def test_copies_of_a_trail_change_no_act_no_name_and_no_domain(plain):
    assert said(told_by(*MADE)) == said(plain)


def kinds(found):
    return {(a["act"], a["object"], a["job"], a["account"]) for a in found["acts"]}


def absent(found):
    return {(g["source"], g["kind"]) for g in found["gaps"] if g["kind"] == "missing_source"}


@of_the_incident
def test_laurel_alone_tells_the_acts_and_the_names(plain):
    """But for what its documents do not hold in the same way."""
    found = told_by("laurel", kept=False)
    assert (kinds(found), absent(found)) == (kinds(plain), absent(plain))
    names = {(a["act"], a["object"], a["person"]["name"]) for a in found["acts"]}
    assert names == {(a["act"], a["object"], a["person"]["name"]) for a in plain["acts"]}


@of_the_incident
def test_a_trail_that_only_syslog_carried_tells_the_acts_and_names_nobody(plain):
    found = told_by("audisp_syslog", kept=False)
    assert (kinds(found), absent(found)) == (kinds(plain), absent(plain))
    assert {a["person"]["name"] for a in found["acts"]} == {None}
    wanted = "source_of_session_that_accounts_cannot_write"
    assert any(wanted in a["missing"] for a in found["acts"])


@pytest.mark.parametrize("fmt", trails.TRAILS)
def test_no_format_of_a_trail_is_a_second_domain_to_another(fmt):
    """Whoever is root on the host could have written the trail, and so what was made of it elsewhere."""
    day = edited(enrol=False)
    for row in day.rows:
        if row["format"] == "auditd":
            row["format"] = fmt
            row["domain"] = {"auditbeat": "index:server", "audisp_syslog": "login01:user"}.get(fmt, KERNEL)
    done = day.examined()
    judged = [done.judged[a.act_id] for a in done.in_question if a.act == "modify_file"]
    assert all("index:server" not in j.frame_cost for j in judged)
    assert all(j.name is None for j in judged)


def test_lines_from_anybody_do_not_tie_an_act_to_a_session_of_the_trail():
    """The trail tells kai's session; a line sent to syslog claims that an edit was made in it."""
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    day.wait()
    day.add(
        "write", "audisp_syslog", "login01:user", account="kai", auid=4102, uid=4102, effective="kai", session=kai, pid=77,
        exe="/usr/bin/vim", object=SCRIPT, object_kind="path", object_owner_uid=4101, inode="fe:00:77",
    )  # fmt: skip
    day.submit("mei", mei, "11")
    day.cancel("mei", mei, "11")
    done = day.examined()
    found = [done.judged[a.act_id] for a in done.acts if a.act == "modify_file"]
    assert found
    assert all(j.verdict == "inconclusive" for j in found)
    assert all("source_of_session_that_accounts_cannot_write" in j.missing for j in found)


def test_lines_from_anybody_change_no_session_that_the_trail_tells():
    day = edited()
    ses = next(r["session"] for r in day.rows if r["verb"] == "login" and r["account"] == "kai")
    day.add(
        "login",
        "audisp_syslog",
        "login01:user",
        account="lin",
        session=ses,
        address=address("lin"),
        pid=5,
        tty="pts/7",
    )
    assert verdicts(day.examined(), "modify_file") == [("kai", "attributed", "kai")]


HEAD = ("event_id", "format", "host", "earliest_ns", "latest_ns", "serial")


def settled(*rows):
    """The formats and numbers of the events that are left, of (format, host, at in s, how long in s, serial)."""
    events = pd.DataFrame(
        [dict.fromkeys(EVENT.names) | {"event_id": str(n), "sha256": form, "start": n, "format": form, "host": host, "domain": "d",
          "earliest_ns": T0 + at * SECOND, "latest_ns": T0 + (at + wide) * SECOND} for n, (form, host, at, wide, _) in enumerate(rows)]
    )  # fmt: skip
    numbered = pd.DataFrame([{"sha256": r[0], "start": n, "serial": r[4]} for n, r in enumerate(rows)])
    kept = trails.settled(events, numbered.dropna())
    return [(form, int(number)) for form, number in zip(kept["format"], kept["serial"], strict=True)]


def test_an_event_is_told_once_by_its_strongest_witness():
    got = settled(
        ("audisp_syslog", "h", 1, 0, 7), ("laurel", "h", 1, 0, 7), ("auditd", "h", 1, 0, 7), ("auditd", "h", 1, 0, 7),
        ("ausearch_csv", "h", 0, 2, 7), ("laurel", "h", 2, 0, 8), ("auditbeat", "other", 1, 0, 7), ("laurel", "h", 900, 0, 7),
    )  # fmt: skip
    assert got == [("auditd", 7), ("auditd", 7), ("laurel", 8), ("auditbeat", 7), ("laurel", 7)]


def test_a_line_from_anybody_is_heard_only_where_the_trail_can_have_lost_it():
    trail = [("auditd", "h", 10 * n, 0, n) for n in (10, 11, 14, 15)]
    loose = [(100, 12), (130, 13), (300, 13), (105, 11), (10, 3), (500, 16), (120, 40)]
    got = settled(*trail, *(("audisp_syslog", "h", at, 0, serial) for at, serial in loose))
    assert [serial for form, serial in got if form == "audisp_syslog"] == [12, 13, 13, 3, 16]


def test_entries_of_the_journal_are_the_trail_s_where_they_have_its_number():
    events = pd.DataFrame(
        [dict.fromkeys(EVENT.names) | {"event_id": str(n), "sha256": "j", "start": n, "format": "journal_json", "host": "h", "domain": "d",
          "earliest_ns": T0, "latest_ns": T0} for n in range(2)]
    )  # fmt: skip
    kept = trails.settled(events, pd.DataFrame({"sha256": ["j"], "start": [1], "serial": [9]}))
    assert kept["trail"].tolist() == [False, True]
