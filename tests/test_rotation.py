"""A log that was rotated, packed and renamed tells what it told in one piece."""

import random
import re
import shutil
from itertools import pairwise
from pathlib import Path

import investigated
import pytest
from drawn import examples, some
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from packings import PACK, SUFFIX

from forensics import pipeline
from forensics.pipeline import read
from forensics.store import parquet

ROOT = Path(__file__).parents[1]
INCIDENTS = sorted(p.parent for p in (ROOT / "sample_logs" / "incidents").glob("*/truth.json"))
LOGIN = INCIDENTS[0] / "evidence" / "login01" / "var" / "log"
GITOLITE = INCIDENTS[0] / "evidence/git/gitolite/logs/gitolite-2026-11.log"
EVENT_ID = re.compile(r"[0-9a-f]{16}\.\d+\.\d+(\.\d+)?")
SHARED_AUDIT_ID = re.compile(rb"msg=audit\((\d+\.\d+:\d+)\)")

PLACED = {"event_id", "citations", "sha256", "start", "stop"}
POINTERS = {"citations", "for", "against", "because", "events", "anchor_events", "lock"}
"""Which of several equal witnesses is pointed to goes by hash, so by how a log was cut."""


def audit_lines(count):
    return (LOGIN / "audit" / "audit.log").read_bytes().splitlines(keepends=True)[:count]


def rotated(raw, cuts, ways):
    """A log as logrotate leaves it, oldest part last: names and bytes."""
    lines = raw.splitlines(keepends=True)
    bounds = [0, *sorted(cuts), len(lines)]
    parts = [b"".join(lines[a:b]) for a, b in pairwise(bounds)][::-1]
    found = {}
    for n, (part, way) in enumerate(zip(parts, ways, strict=False)):
        name = f".{n}" if n else ""
        found[name + SUFFIX.get(way, "")] = PACK[way](part) if way else part
    return found


def placed(folder, log, parts):
    for suffix, raw in parts.items():
        path = folder / f"{log}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)


def events(case):
    """All that events say, but for where they stand, in an order of their own."""
    rows = parquet.read(case / "tables", "event").to_pylist()
    return sorted(repr({k: v for k, v in row.items() if k not in PLACED}) for row in rows)


def ingested(case, evidence):
    pipeline.create(case)
    pipeline.seal(case, evidence)
    pipeline.ingest(case)
    return case


SMALL = {
    "login01/var/log/audit/audit.log": b"".join(audit_lines(120)),
    "git/gitolite/logs/gitolite.log": GITOLITE.read_bytes(),
    "login01/var/log/auth.log": b"".join(
        (LOGIN / "auth-iso.log").read_bytes().splitlines(keepends=True)[:40]
    ),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What the small logs tell in one piece."""
    folder = tmp_path_factory.mktemp("whole")
    for log, raw in SMALL.items():
        placed(folder / "evidence", log, {"": raw})
    return events(ingested(folder / "case", [folder / "evidence"]))


def cuts_of(log, raw):
    """The numbers of the lines before which a log can be cut.

    The git server's log is cut between requests: one that is torn loses the address of its first half.
    """
    lines = raw.splitlines()
    ends = [n for n in range(1, len(lines)) if "gitolite" not in log or lines[n - 1].endswith(b"END")]
    return st.sets(st.sampled_from(ends), max_size=3) if ends else st.just(set())


# Each example reads a case, so none is made smaller: what was drawn names the cuts.
@settings(
    max_examples=examples(5),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_wherever_a_log_was_cut_it_tells_the_same(whole, tmp_path_factory, data):
    """Cut after any lines, so within an audit event too; each part left plain or packed somehow."""
    folder = tmp_path_factory.mktemp("cut")
    for log, raw in SMALL.items():
        cuts = data.draw(cuts_of(log, raw), label=log)
        ways = data.draw(st.lists(st.sampled_from([None, *sorted(PACK)]), min_size=4, max_size=4))
        placed(folder / "evidence", log, rotated(raw, cuts, ways))
    found = events(ingested(folder / "case", [folder / "evidence"]))
    assert sorted(set(found) ^ set(whole)) == []
    assert found == whole


def cut_within_an_event(lines):
    """The number of a line that belongs to the same audit event as the line before it."""
    ids = [SHARED_AUDIT_ID.search(line)[1] for line in lines]
    return next(n for n in range(20, len(ids)) if ids[n] == ids[n - 1])


def test_an_event_torn_by_rotation_is_one_event(tmp_path):
    lines = audit_lines(60)
    cut = cut_within_an_event(lines)
    log = "login01/var/log/audit/audit.log"
    placed(tmp_path / "whole", log, {"": b"".join(lines)})
    placed(tmp_path / "torn", log, rotated(b"".join(lines), {cut}, ["gzip", None]))
    whole = ingested(tmp_path / "one", [tmp_path / "whole"])
    torn = ingested(tmp_path / "two", [tmp_path / "torn"])
    assert events(torn) == events(whole)
    cited = [
        {c["sha256"] for c in row["citations"]} for row in parquet.read(torn / "tables", "event").to_pylist()
    ]
    assert [len(files) for files in cited].count(2) == 1


def test_the_order_of_arguments_and_a_copy_change_nothing(tmp_path):
    """The same files in another order, and one of them twice: the same tables, and one more path."""
    log = "login01/var/log/audit/audit.log"
    parts = rotated(b"".join(audit_lines(90)), {30, 61}, [None, None, "gzip"])
    placed(tmp_path / "evidence", log, parts)
    paths = sorted((tmp_path / "evidence/login01/var/log/audit").iterdir())
    copy = tmp_path / "copy" / "audit.log.2.gz"
    copy.parent.mkdir()
    shutil.copy(paths[-1], copy)
    found = []
    for n, arguments in enumerate([paths, paths[::-1], [*paths, *paths, copy]]):
        case = ingested(tmp_path / str(n), arguments)
        found.append({p.parent.name: p.read_bytes() for p in (case / "tables").glob("*/*.parquet")})
    assert found[0] == found[1] == found[2]


def test_a_copy_elsewhere_is_one_more_path(tmp_path):
    raw = PACK["gzip"](b"".join(audit_lines(60)))
    placed(tmp_path / "a", "login01/var/log/audit/audit.log", {".1.gz": raw})
    placed(tmp_path / "b", "backup/audit-old", {"": raw})
    one = ingested(tmp_path / "one", [tmp_path / "a"])
    two = ingested(tmp_path / "two", [tmp_path / "a", tmp_path / "b"])
    assert len(parquet.read(two / "tables", "file")) == 2
    assert len(parquet.read(two / "tables", "event")) == len(parquet.read(one / "tables", "event"))


def test_years_are_told_across_a_rotation(tmp_path):
    """No line of these writes a year, and the turn of the year lies in the oldest part."""
    line = (
        b"%s login01 sshd[%d]: Accepted publickey for kai from 10.0.0.7 port 40000 ssh2: ED25519 SHA256:x\n"
    )
    days = [
        b"Dec 30 10:00:00",
        b"Dec 31 23:59:59",
        b"Jan  1 00:00:01",
        b"Jan  9 10:00:00",
        b"Jan 20 10:00:00",
    ]
    raw = b"".join(line % (day, 4000 + n) for n, day in enumerate(days))
    found = []
    for n, parts in enumerate([{"": raw}, rotated(raw, {3, 4}, [None, "xz", "gzip"])]):
        folder = tmp_path / str(n)
        placed(folder / "evidence", "login01/var/log/auth.log", parts)
        dated = b"[2027-01-15T12:00:00.000] error: slurm_receive_msg: nothing\n"
        placed(folder / "evidence", "slurm/slurmdbd.log", {"": dated})
        case = ingested(folder / "case", [folder / "evidence"])
        rows = parquet.read(case / "tables", "event").to_pylist()
        found.append(
            sorted((r["earliest_ns"], r["pid"]) for r in rows if r["format"] == "syslog" and r["earliest_ns"])
        )
    assert found[0] == found[1]
    assert [pid for _, pid in found[0]] == [4000, 4001, 4002, 4003, 4004]


def said(value):
    """Findings without where they stand: pointers become whether there are any, ids of events one word."""
    if isinstance(value, dict):
        return {k: bool(v) if k in POINTERS else said(v) for k, v in value.items()}
    if isinstance(value, list):
        return [said(item) for item in value]
    return "event" if isinstance(value, str) and EVENT_ID.fullmatch(value) else value


def found_in(incident, collected):
    """The findings of files, by path, under an incident's roster and question. In memory: `test_altered.py` compares that with a case."""
    roster, about = ((incident / f"{name}.toml").read_bytes() for name in ("roster", "case"))
    findings = investigated.found(collected, roster=roster, about=about)
    findings.pop("lock")  # the hash of the rest
    # A clock is looked at in each file that it dates, and there are more of these.
    findings["clocks"] = sorted({(c["clock"], c["applied"]) for c in findings["clocks"]})
    findings["case"].pop("evidence")  # the files themselves
    for source in findings["sources"]:
        del source["files"], source["bytes"]
    return said(findings)


@pytest.mark.parametrize(
    "incident",
    [pytest.param(p, marks=pytest.mark.xdist_group(p.name), id=p.name) for p in some(INCIDENTS, 2)],
)
def test_the_findings_of_a_rotated_case_are_those_of_the_whole(incident):
    """Every log of an incident cut at two lines, its middle part renamed, its oldest packed."""
    chance = random.Random(incident.name)  # noqa: S311 - the same cuts each time
    folder = incident / "evidence"
    whole = {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }
    cut = {}
    for path, raw in whole.items():
        count = len(raw.splitlines())
        if path.endswith(".log") and count > 2:
            parts = rotated(raw, chance.sample(range(1, count), 2), [None, None, chance.choice(sorted(PACK))])
            cut |= {path + suffix: part for suffix, part in parts.items()}
        else:
            cut[path] = raw
    assert found_in(incident, cut) == found_in(incident, whole)


def test_an_event_torn_between_parts_is_one_event(tmp_path, monkeypatch):
    """Files of a large set are read in several parts; an event can lie across these too."""
    lines = audit_lines(60)
    log = "login01/var/log/audit/audit.log"
    placed(tmp_path / "whole", log, {"": b"".join(lines)})
    placed(tmp_path / "torn", log, rotated(b"".join(lines), {cut_within_an_event(lines)}, ["gzip", None]))
    whole = ingested(tmp_path / "one", [tmp_path / "whole"])
    monkeypatch.setattr(read, "PART_BYTES", 1)
    assert events(ingested(tmp_path / "two", [tmp_path / "torn"])) == events(whole)
