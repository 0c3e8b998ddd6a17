"""The staged incidents after their evidence was altered: shifted, thinned, swapped, split, renamed, doubled.

Less evidence, or evidence that disagrees, may cost an answer. It must never put another name in its place.
"""

import json
import random
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from forensics import pipeline

INCIDENTS = Path(__file__).parents[1] / "sample_logs" / "incidents"
NAMES = sorted(p.parent.name for p in INCIDENTS.glob("*/truth.json"))
LOG = "login01/var/log"


def named(found):
    """Who is named for what, without a person's own cancelling of their own job."""
    owners = {j["job"]: j["owner"] for j in found["jobs"]}
    return {
        (a["act"], a["object"], a["person"]["name"])
        for a in found["acts"]
        if a["person"]["name"] and not (a["act"] == "cancel" and a["person"]["name"] == owners.get(a["job"]))
    }


def altered(name, tmp_path, change=None, rng=None):
    """Investigate a copy of an incident to which something was done."""
    evidence = tmp_path / "evidence"
    shutil.copytree(INCIDENTS / name / "evidence", evidence)
    if change is not None:
        change(evidence, rng or random.Random(7))  # noqa: S311 - the choice has to be the same each time
    case = tmp_path / "case"
    pipeline.create(case)
    pipeline.seal(
        case, [evidence], roster=INCIDENTS / name / "roster.toml", about=INCIDENTS / name / "case.toml"
    )
    pipeline.ingest(case)
    pipeline.analyse(case)
    return json.loads((case / "findings.json").read_text())


def actors(name):
    truth = json.loads((INCIDENTS / name / "truth.json").read_text())
    return {truth["cast"]["insider"][0]}


def each_line(path, change):
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(change(line) for line in lines))


def shifted(minutes):
    """The login log's clock is off: both its forms tell another time."""

    def change(evidence, _):
        def plain(line):
            at = datetime.fromisoformat(f"2026-11-{line[4:15].decode().replace(' ', 'T')}") + timedelta(
                minutes=minutes
            )
            return at.strftime("%b %d %H:%M:%S").encode() + line[15:]

        def iso(line):
            at = datetime.fromisoformat(line[:32].decode()) + timedelta(minutes=minutes)
            return at.isoformat(timespec="microseconds").encode() + line[32:]

        each_line(evidence / LOG / "auth.log", plain)
        each_line(evidence / LOG / "auth-iso.log", iso)

    return change


def thinned(evidence, rng):
    each_line(evidence / LOG / "audit/audit.log", lambda line: b"" if rng.random() < 0.1 else line)


def swapped(evidence, _):
    """Somebody edited the login log: two people's keys and addresses stand in each other's place."""
    roster = (INCIDENTS / "script_edit" / "roster.toml").read_text()
    keys = dict(re.findall(r'name = "(\w+)"\nrole.*?fingerprint = "(SHA256:[^"]+)"', roster, re.DOTALL))
    pairs = [(keys["kai"], keys["lin"]), ("127.0.0.12", "127.0.0.13")]

    def change(line):
        for one, other in pairs:
            a, b = one.encode(), other.encode()
            line = line.replace(a, b"\0").replace(b, a).replace(b"\0", b)
        return line

    for log in ("auth.log", "auth-iso.log"):
        each_line(evidence / LOG / log, change)


def swapped_keys_only(evidence, rng):
    swapped(evidence, rng)

    def back(line):
        a, b = b"127.0.0.12", b"127.0.0.13"
        return line.replace(a, b"\0").replace(b, a).replace(b"\0", b)

    for log in ("auth.log", "auth-iso.log"):
        each_line(evidence / LOG / log, back)


def split_and_renamed(evidence, rng):
    """The same bytes in other files: cut in two, and under names that say nothing."""
    log = evidence / LOG / "audit/audit.log"
    lines = log.read_bytes().splitlines(keepends=True)
    at = rng.randrange(len(lines))
    (evidence / LOG / "audit/part-b").write_bytes(b"".join(lines[at:]))
    log.write_bytes(b"".join(lines[:at]))
    (evidence / LOG / "auth.log").rename(evidence / LOG / "x1")
    (evidence / "slurm/slurmctld.log").rename(evidence / "slurm/x2")
    (evidence / "slurm/sacct.psv").rename(evidence / "slurm/x3")


def doubled(evidence, _):
    """Every log of the login host is collected twice, under another path."""
    shutil.copytree(evidence / "login01", evidence / "again" / "login01")


def with_another_host(evidence, _):
    """The logs of a host that has nothing to do with it, on which people of the same names work."""
    audit = (INCIDENTS / "self_failure/evidence" / LOG / "audit/audit.log").read_bytes()
    other = evidence / "login77/var/log"
    other.mkdir(parents=True)
    (other / "audit.log").write_bytes(audit.replace(b"node=login01", b"node=login77"))


def without(*paths):
    def change(evidence, _):
        for path in paths:
            target = evidence / path
            shutil.rmtree(target) if target.is_dir() else target.unlink()

    return change


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "change", [shifted(7), shifted(-480), split_and_renamed, doubled, with_another_host],
    ids=["seven_minutes_late", "eight_hours_early", "split_and_renamed", "doubled", "another_host"],
)  # fmt: skip
def test_what_changes_no_fact_changes_no_name(name, change, tmp_path):
    plain = altered(name, tmp_path / "plain")
    assert named(altered(name, tmp_path / "altered", change)) == named(plain)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "change",
    [
        thinned, swapped, swapped_keys_only, without(f"{LOG}/auth.log", f"{LOG}/auth-iso.log"), without(f"{LOG}/audit"),
        without("slurm"), without("git"), without("login01/home"), without("login01"),
    ],
    ids=["thinned", "swapped", "swapped_keys", "no_login_log", "no_audit", "no_scheduler", "no_git", "no_homes", "no_host"],
)  # fmt: skip
def test_less_or_disagreeing_evidence_names_nobody_else(name, change, tmp_path):
    found = altered(name, tmp_path, change)
    assert {person for _, _, person in named(found)} <= actors(name)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", NAMES)
def test_thinned_audit_trail_is_reported_as_gaps(name, seed, tmp_path):
    found = altered(name, tmp_path, thinned, random.Random(seed))  # noqa: S311 - the same each time
    assert {person for _, _, person in named(found)} <= actors(name)
    assert any(g["kind"] == "serial_gap" for g in found["gaps"])


def test_swapped_keys_are_a_contradiction_and_no_name(tmp_path):
    found = altered("script_edit", tmp_path, swapped)
    assert named(found) == set()
    assert any(c["kind"] == "sources_disagree" for c in found["contradictions"])


def test_without_an_audit_trail_an_exit_code_does_not_say_that_nothing_was_changed(tmp_path):
    """The job's own exit code says that its program ended it, not whose program that was."""
    found = altered("self_failure", tmp_path, without(f"{LOG}/audit"))
    assert [j["cause"] for j in found["jobs"]] == ["not_established"]
    denial = next(c for c in found["claims"] if c["id"] == "D09")
    assert denial["status"] == "untestable"
    assert "audit trail (auditd)" in denial["missing"]
