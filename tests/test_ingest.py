"""Ingest: every byte of every staged incident is accounted for, and nothing but the evidence decides what is written."""

import hashlib
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drawn import some

from forensics import formats, pipeline
from forensics.core.errors import CaseError, CustodyError, RosterError, UsageError
from forensics.core.model import REJECTED
from forensics.core.tables import EVENT, JOB_RECORD
from forensics.custody import ledger, seal
from forensics.pipeline import parts, read, tell
from forensics.store import parquet, spool

INCIDENTS = sorted(
    p.parent for p in (Path(__file__).parents[1] / "sample_logs" / "incidents").glob("*/case.toml")
)
MADE = ("event", "job_record", "copy", "file", "reject")


def taken(case, incident, arguments=None, *, reference=False):
    pipeline.create(case)
    pipeline.seal(
        case,
        arguments or [incident / "evidence"],
        roster=incident / "roster.toml",
        about=incident / "case.toml",
        reference=reference,
    )
    return case


def written(case):
    """Every table of a case, byte for byte, and the stamp."""
    tables = case / "tables"
    return {p.relative_to(tables).as_posix(): p.read_bytes() for p in tables.rglob("*") if p.is_file()}


def rows(case, name):
    return parquet.read(case / "tables", name).to_pylist()


@pytest.fixture(scope="module")
def read_cases(tmp_path_factory):
    """Each staged incident, read once; tests that change a case make their own."""
    cases = {}
    for incident in INCIDENTS:
        case = taken(tmp_path_factory.mktemp(incident.name) / "case", incident)
        cases[incident.name] = (case, pipeline.ingest(case))
    return cases


@pytest.fixture
def small(tmp_path):
    """A case of a few kinds of file, quick to read."""
    folder = tmp_path / "evidence"
    (folder / "git" / "llm.git" / "refs" / "heads").mkdir(parents=True)
    (folder / "git" / "llm.git" / "refs" / "heads" / "main").write_bytes(b"9" * 40 + b"\n")
    (folder / "git" / "copy.git" / "refs" / "heads").mkdir(parents=True)
    (folder / "git" / "copy.git" / "refs" / "heads" / "main").write_bytes(b"9" * 40 + b"\n")
    (folder / "gl.log").write_bytes(
        (INCIDENTS[0] / "evidence/git/gitolite/logs/gitolite-2026-11.log").read_bytes() + b"noise\n"
    )
    (folder / "nothing").write_bytes(b"")
    (folder / "noise").write_bytes(bytes(range(256)))
    (folder / "link").symlink_to("refs/heads/main")
    case = tmp_path / "case"
    pipeline.create(case)
    pipeline.seal(case, [folder])
    return case


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda p: p.name)
def test_every_byte_is_accounted_for(read_cases, incident):
    case, tally = read_cases[incident.name]
    files = rows(case, "file")
    sources = [p for p in (incident / "evidence").rglob("*") if p.is_file()]
    assert [f["path"] for f in files] == sorted(
        p.relative_to(incident / "evidence").as_posix() for p in sources
    )
    for f in files:
        raw = (incident / "evidence" / f["path"]).read_bytes()
        assert (f["sha256"], f["bytes"]) == (hashlib.sha256(raw).hexdigest(), len(raw))
        assert f["parsed"] + f["rejected"] + f["ignored"] == f["bytes"]
    once = {f["sha256"]: f for f in files}.values()
    assert tally == tuple(sum(f[c] for f in once) for c in ("bytes", "parsed", "rejected", "ignored"))
    assert tally.parsed + tally.rejected + tally.ignored == tally.bytes == sum(f["bytes"] for f in once)


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda p: p.name)
def test_records_and_rejects_tile_what_they_say_they_do(read_cases, incident):
    """The sums again, from the tables themselves."""
    case, _ = read_cases[incident.name]
    spans = {}
    for name in [*formats.registry(), "reject"]:
        if (case / "tables" / name).exists():
            for row in parquet.read(case / "tables", name).to_pylist():
                own = row.get("spans", [row])
                spans.setdefault(row["sha256"], []).extend((span["start"], span["stop"]) for span in own)
    for f in rows(case, "file"):
        found = sorted(spans.get(f["sha256"], []))
        assert all(a[1] <= b[0] for a, b in pairwise(found))
        assert sum(stop - start for start, stop in found) == f["parsed"] + f["rejected"]


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda p: p.name)
def test_events_are_in_order_and_cite_bytes_of_their_file(read_cases, incident):
    case, _ = read_cases[incident.name]
    sizes = {f["sha256"]: f["bytes"] for f in rows(case, "file")}
    events = rows(case, "event")
    keys = [
        (e["earliest_ns"] is None, e["earliest_ns"] or 0, e["sha256"], e["start"], e["event_id"])
        for e in events
    ]
    assert keys == sorted(keys)
    assert len({e["event_id"] for e in events}) == len(events)
    for e in events:
        assert e["citations"]
        assert all(0 <= c["start"] <= c["stop"] <= sizes[c["sha256"]] for c in e["citations"])


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda p: p.name)
def test_every_record_is_told(read_cases, incident):
    """No record is lost between a format and its reading."""
    case, _ = read_cases[incident.name]
    cited = {(c["sha256"], c["start"]) for e in rows(case, "event") for c in e["citations"]}
    for name in formats.registry():
        if (case / "tables" / name).exists():
            records = parquet.read(case / "tables", name, ["sha256", "start"]).to_pylist()
            assert [r for r in records if (r["sha256"], r["start"]) not in cited] == []


def test_the_host_gives_the_domain(read_cases):
    case, _ = read_cases["script_edit"]
    domains = {f["path"]: f["domain"] for f in rows(case, "file")}
    assert domains["login01/var/log/audit/audit.log"].startswith("login01")
    assert domains["git/llm.git/HEAD"] is not None
    assert not any("{host}" in d for d in domains.values() if d)


@pytest.mark.parametrize("incident", some(INCIDENTS[:2], 1), ids=lambda p: p.name)
def test_where_the_cuts_fall_changes_nothing(read_cases, incident, tmp_path):
    case = taken(tmp_path / "case", incident)
    pipeline.ingest(case, block_bytes=1024)
    assert written(case) == written(read_cases[incident.name][0])


def test_processes_change_nothing(small, tmp_path, monkeypatch):
    monkeypatch.setattr(read, "LOOKED_AT_ONCE", 1)
    other = tmp_path / "other"
    pipeline.create(other)
    pipeline.seal(other, [tmp_path / "evidence"])
    pipeline.ingest(small)
    pipeline.ingest(other, workers=2, block_bytes=64)
    assert written(other) == written(small)


def test_order_of_evidence_changes_nothing(read_cases, tmp_path):
    incident = INCIDENTS[2]
    folders = sorted((incident / "evidence").iterdir())
    found = []
    for n, arguments in enumerate([folders, folders[::-1]]):
        case = taken(tmp_path / str(n), incident, arguments)
        pipeline.ingest(case)
        found.append(written(case))
    assert found[0] == found[1]
    assert read_cases


def test_referenced_evidence_reads_the_same(read_cases, tmp_path):
    incident = INCIDENTS[3]
    case = taken(tmp_path / "case", incident, reference=True)
    pipeline.ingest(case)
    copied = read_cases[incident.name][0]
    for name in ("event", "job_record", "copy", "reject"):
        assert rows(case, name) == rows(copied, name)
    assert {f["held"] for f in rows(case, "file")} == {"referenced"}
    assert not any(str(incident).encode() in raw for raw in written(case).values())


def test_files_may_be_read_in_any_parts(read_cases, tmp_path, monkeypatch):
    """A reading that looked beyond a file would tell other events when files come one by one."""
    incident = INCIDENTS[4]
    case = taken(tmp_path / "case", incident)
    monkeypatch.setattr(read, "PART_BYTES", 1)
    pipeline.ingest(case)
    whole = read_cases[incident.name][0]
    for name in ("event", "job_record", "copy"):
        assert (case / "tables" / name / "0.parquet").read_bytes() == (
            whole / "tables" / name / "0.parquet"
        ).read_bytes()
    assert len(parquet.parts(case / "tables", "git_object")) > 1


def test_a_second_run_does_nothing(small, monkeypatch):
    first = pipeline.ingest(small)
    before = {p: p.stat().st_mtime_ns for p in small.rglob("*") if p.name != ".lock"}
    monkeypatch.setattr(parts, "parse", None)
    monkeypatch.setattr(tell, "tell", None)
    assert pipeline.ingest(small) == first
    assert {p: p.stat().st_mtime_ns for p in small.rglob("*") if p.name != ".lock"} == before


def test_a_table_that_went_away_is_made_again(small):
    pipeline.ingest(small)
    before = written(small)
    for name in ("event/0.parquet", next(n for n in before if n.startswith("git_ref/"))):
        (small / "tables" / name).unlink()
        pipeline.ingest(small)
        assert written(small) == before


def test_later_evidence_reads_as_if_it_had_been_there(small, tmp_path):
    pipeline.ingest(small)
    (tmp_path / "evidence" / "late.log").write_bytes((tmp_path / "evidence" / "gl.log").read_bytes()[:-6])
    (small / "findings.json").write_text("{}")
    (small / "tables" / "act").mkdir()
    pipeline.seal(small, [tmp_path / "evidence"])
    pipeline.ingest(small)
    other = tmp_path / "other"
    pipeline.create(other)
    pipeline.seal(other, [tmp_path / "evidence"])
    pipeline.ingest(other)
    assert written(small) == written(other)
    assert not (small / "findings.json").exists()
    assert not (small / "tables" / "act").exists()


KILLED_AT_RENAME = """
import os, pathlib, sys
from forensics import pipeline
left = int(sys.argv[2])
rename = pathlib.Path.rename
def killed(self, target):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
    return rename(self, target)
pathlib.Path.rename = killed
pipeline.ingest(pathlib.Path(sys.argv[1]))
print("done")
"""


@pytest.mark.parametrize("renames", some([0, 1, 4, 7, 11], 3))
def test_a_killed_run_is_finished_by_the_next(small, tmp_path, renames):
    """Killed as it is about to give a file its name: nothing is cleaned up behind it."""
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AT_RENAME, str(small), str(renames)], check=False, capture_output=True
    )
    assert killed.returncode == 9, killed.stderr
    assert not (small / "tables" / "ingest.json").exists()
    pipeline.ingest(small)
    other = tmp_path / "other"
    pipeline.create(other)
    pipeline.seal(other, [tmp_path / "evidence"])
    pipeline.ingest(other)
    assert written(small) == written(other)


def test_parts_that_are_there_are_not_read_again(small, monkeypatch):
    pipeline.ingest(small)
    before = written(small)
    (small / "tables" / "ingest.json").unlink()
    monkeypatch.setattr(parts, "parse", None)
    pipeline.ingest(small)
    assert written(small) == before


@pytest.mark.parametrize("stamped", [True, False], ids=["finished", "broken_off"])
def test_what_another_version_laid_out_otherwise_is_read_again(small, monkeypatch, stamped):
    """Its records lack a column that this version asks for."""
    pipeline.ingest(small)
    expected = written(small)
    shutil.rmtree(small / "tables")
    shutil.rmtree(small / "work")
    with monkeypatch.context() as older:
        older.setattr(parts, "layout", lambda *tables: [table.name for table in tables])
        older.setattr(tell, "layout", parts.layout)
        pipeline.ingest(small)
    for path in (small / "tables" / "gitolite").iterdir():
        pq.write_table(pq.read_table(path).drop_columns(["user"]), path)
    if not stamped:
        (small / "tables" / "ingest.json").unlink()
    pipeline.ingest(small)
    assert written(small) == expected


def test_what_nothing_recognises_is_ignored_whole(small):
    pipeline.ingest(small)
    files = {f["path"]: f for f in rows(small, "file")}
    for path, size in (("noise", 256), ("nothing", 0)):
        assert (files[path]["format"], files[path]["domain"], files[path]["ignored"]) == (None, None, size)
    assert (files["link"]["kind"], files["link"]["link"]) == ("symlink", "refs/heads/main")
    assert files["link"]["bytes"] == files["link"]["ignored"] == 0


def test_equal_files_are_two_rows_and_read_once(small):
    pipeline.ingest(small)
    heads = [f for f in rows(small, "file") if f["path"].endswith("refs/heads/main")]
    assert len({f["sha256"] for f in heads}) == 1
    assert len(heads) == 2
    assert len(rows(small, "git_ref")) == 1
    assert len([e for e in rows(small, "event") if e["format"] == "git_ref"]) == 2


@pytest.mark.parametrize("path", ["gl.log", "noise"])
def test_sealed_bytes_that_changed_are_noticed(small, tmp_path, path):
    sha256 = hashlib.sha256((tmp_path / "evidence" / path).read_bytes()).hexdigest()
    sealed = seal.locate(small, sha256)
    sealed.chmod(0o644)
    raw = sealed.read_bytes()
    sealed.write_bytes(raw[:-2] + b"x" + raw[-1:])
    with pytest.raises(CustodyError, match="no longer what was sealed"):
        pipeline.ingest(small)
    assert not (small / "tables" / "ingest.json").exists()


def test_a_format_that_loses_a_byte_is_not_believed(small, monkeypatch):
    form = formats.registry()["gitolite"]
    parse = form.parse

    def lossy(data, base):
        found = parse(data, base)
        return found._replace(records=found.records.slice(1))

    monkeypatch.setattr(form, "parse", lossy)
    with pytest.raises(CustodyError, match="does not account for bytes 0 to"):
        pipeline.ingest(small)


def test_two_events_of_one_id_are_noticed(small, monkeypatch):
    tells = tell.readings.registry()["gitolite"]
    once = tells.read

    def twice(*words, **named):
        return {"event": pa.concat_tables([once(*words, **named)["event"]] * 2)}

    monkeypatch.setattr(tells, "read", twice)
    with pytest.raises(CustodyError, match="two events have the id"):
        pipeline.ingest(small)


def test_a_line_longer_than_memory_allows_is_one_reject(small, tmp_path, monkeypatch):
    monkeypatch.setattr(read.chunks, "LONGEST_LINE_BYTES", 400)
    log = tmp_path / "evidence" / "gl.log"
    before = log.read_bytes()
    log.write_bytes(before + b"x" * 5000 + b"\n" + before)
    pipeline.seal(small, [log])
    pipeline.ingest(small, block_bytes=100)
    sha256 = hashlib.sha256(log.read_bytes()).hexdigest()
    long = [r for r in rows(small, "reject") if r["sha256"] == sha256 and r["why"] == "too_long"]
    assert [(r["start"], r["stop"]) for r in long] == [(len(before), len(before) + 5001)]
    assert set(REJECTED.names) <= set(long[0])


def test_the_anchor_is_the_middle_of_what_is_dated(tmp_path):
    def told(name, moments):
        folder = tmp_path / name
        n = len(moments)
        event = EVENT.build(
            {
                "event_id": [f"{name}{i}" for i in range(n)],
                "earliest_ns": moments,
                "latest_ns": moments,
                **{c: ["x"] * n for c in ("clock", "format", "domain", "verb", "sha256")},
                "citations": [[]] * n,
                "start": [0] * n,
                "stop": [0] * n,
            }
        )
        spool.write(folder, EVENT, event)
        return folder

    window = tell.Question(window=(10, 20))
    some = [told("a", [7, None, 1]), told("b", [2**62 + 1, 2**62 + 3])]
    assert tell.anchor(some, window) == 7
    assert tell.anchor([*some, told("c", [2**62 + 5])], window) == 2**62 + 1
    assert tell.anchor([told("d", [None])], window) == 15
    assert tell.anchor([], tell.Question()) is None


def test_progress_ends_at_the_whole(small):
    heard = []
    tally = pipeline.ingest(small, progress=lambda *told: heard.append(told))
    assert [done for _, done, _ in heard] == sorted(done for _, done, _ in heard)
    assert heard[-1][1:] == (tally.bytes, tally.bytes)


def test_the_ledger_tells_what_was_read(small):
    tally = pipeline.ingest(small, command="forensics ingest case")
    entry = ledger.check(small / "ledger.jsonl")[-1]
    assert (entry["act"], entry["command"]) == ("ingest", "forensics ingest case")
    assert entry["what"]["bytes"] == tally.bytes


def test_an_empty_case_has_empty_tables(tmp_path):
    pipeline.create(tmp_path / "case")
    assert pipeline.ingest(tmp_path / "case") == (0, 0, 0, 0)
    for name in ("event", "file", "job_record", "copy"):
        assert rows(tmp_path / "case", name) == []
    assert JOB_RECORD.name in parquet.names(tmp_path / "case" / "tables")


def test_every_format_has_a_reading():
    assert set(formats.registry()) == set(tell.readings.registry())


def test_no_case_is_no_case(tmp_path):
    for step in (pipeline.ingest, pipeline.seal):
        with pytest.raises(CaseError, match="forensics init"):
            step(tmp_path / "case")
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path, tmp_path / "file"):
        with pytest.raises(CaseError, match="no case"):
            pipeline.create(path)


def test_inputs_are_kept_with_their_hash(tmp_path):
    case = taken(tmp_path / "case", INCIDENTS[0])
    assert pipeline.roster_of(case).persons[1].name == "kai"
    assert pipeline.question_of(case).zone == "Etc/UTC"
    before = (case / "ledger.jsonl").read_bytes()
    taken(case, INCIDENTS[0])
    assert (case / "ledger.jsonl").read_bytes() == before
    (case / "inputs" / "roster.toml").write_bytes(b"")
    with pytest.raises(CustodyError, match="not what the ledger entered"):
        pipeline.roster_of(case)


def test_inputs_that_are_wrong_are_not_kept(tmp_path):
    case = tmp_path / "case"
    pipeline.create(case)
    (tmp_path / "roster.toml").write_text("person = 3")
    with pytest.raises(RosterError):
        pipeline.seal(case, roster=tmp_path / "roster.toml")
    with pytest.raises(UsageError, match="cannot be read"):
        pipeline.seal(case, about=tmp_path / "gone.toml")
    assert not (case / "inputs").exists()
    assert pipeline.roster_of(case).persons == ()
