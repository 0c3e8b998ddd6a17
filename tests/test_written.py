"""A case whose folder somebody changed: tables that were edited, pipes and links where files belong, evidence that came later."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from drawn import some

from forensics import pipeline
from forensics.bundle import verifier
from forensics.core.errors import CaseError, CustodyError
from forensics.custody import ledger
from forensics.pipeline import answer, written

ROOT = Path(__file__).parents[1]
INCIDENT = ROOT / "sample_logs" / "incidents" / "deferred"
LONGEST_S = 120


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A staged incident, analysed and reported."""
    case = tmp_path_factory.mktemp("made") / "case"
    pipeline.investigate(
        case, [INCIDENT / "evidence"], roster=INCIDENT / "roster.toml", about=INCIDENT / "case.toml"
    )
    return case


@pytest.fixture
def case(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "case"))


def edited(path):
    """Another account in every event, and nothing else: a table as sound as before."""
    table = pq.read_table(path)
    accounts = pc.replace_substring(table["account"], "kai", "lin")
    at = table.schema.get_field_index("account")
    pq.write_table(table.set_column(at, table.schema.field(at), accounts), path)


def one(case, table):
    return min((case / "tables" / table).glob("*.parquet"))


def contents(case):
    return {
        p.relative_to(case).as_posix(): p.read_bytes() for p in sorted((case / "tables").rglob("*.parquet"))
    }


def test_the_ledger_enters_every_table(case):
    entries = ledger.check(case / "ledger.jsonl", "ingest", "analyse")
    said = {name for e in entries for name in e["what"]["tables"]}
    assert said == {p.name for p in (case / "tables").iterdir() if p.is_dir()}
    assert written.altered(case, "ingest", "analyse") == []


def test_an_edited_table_is_named_by_whatever_reads_it_and_made_anew_by_ingest(case, tmp_path):
    before = contents(case)
    edited(one(case, "event"))
    for act in (
        lambda: pipeline.analyse(case),
        lambda: pipeline.report(case),
        lambda: pipeline.bundle(case, tmp_path / "bundle"),
        lambda: pipeline.claim(case, "D11", None, None, None),
    ):
        with pytest.raises(CustodyError, match=r"tables/event: not the table .* `forensics ingest"):
            act()
    assert not (tmp_path / "bundle").exists()
    pipeline.ingest(case)
    pipeline.analyse(case)
    assert contents(case) == before
    pipeline.bundle(case, tmp_path / "bundle")
    assert pipeline.verify(tmp_path / "bundle") == []


def test_a_denial_of_the_case_file_and_the_graph_are_not_analysed_again(case, tmp_path, monkeypatch):
    """But where more was sealed since, or another version found it, and never for a denial that the case file does not state."""
    [stated] = json.loads((case / "findings.json").read_text())["claims"]
    asked = (case, stated["id"], stated["by"], stated["names"], None)
    again = mock.Mock(wraps=answer.examined)
    monkeypatch.setattr(answer, "examined", again)
    told = pipeline.claim(*asked)
    pipeline.graph(case, tmp_path / "graph.graphml")
    assert (told["status"], told["why"], again.call_count) == (stated["status"], stated["why"], 0)
    assert [a["id"] for a in told["because"]] == stated["because"] != []
    assert (pipeline.claim(*asked[:-1], "15"), again.call_count) == (told, 0), "of the one job asked about"
    assert pipeline.claim(case, "D01", stated["by"], "", None)["id"] == "D01"
    assert again.call_count == 1
    about = answer.question_of(case)
    of_another = replace(about, claims=(replace(about.claims[0], job="no-such-job"),))
    with monkeypatch.context() as other:
        other.setattr(answer, "question_of", lambda *_: of_another)
        pipeline.claim(*asked[:-1], "15")
        [given] = again.call_args.args[1].claims
    assert (given.job, again.call_count) == ("15", 2), "not of the job that the stated one is about"
    with monkeypatch.context() as other:
        other.setattr("forensics.pipeline.take.__version__", "0.0.9")
        assert (pipeline.claim(*asked), again.call_count) == (told, 3)
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "noise.bin").write_bytes(b"nothing that is known")
    pipeline.seal(case, [tmp_path / "more"])
    pipeline.ingest(case)
    assert (pipeline.claim(*asked), again.call_count) == (told, 4)


def test_a_graph_that_is_not_the_one_of_the_analysis_is_not_drawn(case, tmp_path):
    path = one(case, "graph_edge")
    rows = pq.read_table(path)
    pq.write_table(rows.slice(1), path)
    with pytest.raises(CustodyError, match="tables/graph_edge"):
        pipeline.graph(case, tmp_path / "graph.json")
    path.unlink()
    with pytest.raises(CaseError, match="kept no graph"):
        pipeline.graph(case, tmp_path / "graph.json")
    (case / "findings.json").unlink()
    with pytest.raises(CaseError, match="not analysed yet"):
        pipeline.graph(case, tmp_path / "graph.json")
    assert not (tmp_path / "graph.json").exists()


@pytest.mark.parametrize("table", ["auditd", "file", "reject", "event"])
def test_an_edit_is_not_taken_for_what_was_read_when_more_is_sealed(case, table, tmp_path):
    """The parts of what was read before are not read again; an edited one must not be told as one of them."""
    before, path = contents(case), one(case, table)
    whole = pq.read_table(path)
    pq.write_table(whole.slice(0, len(whole) // 2), path)
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "noise.bin").write_bytes(b"\0\1\2nothing that is known")
    pipeline.seal(case, [tmp_path / "more"])
    pipeline.ingest(case)
    after = contents(case)
    same = [name for name in before if name in after and name.split("/")[1] != "file"]
    assert same
    assert all(after[name] == before[name] for name in same)


def test_an_added_part_and_one_taken_away_are_noticed(case, tmp_path):
    shutil.copy(one(case, "event"), case / "tables" / "event" / "1.parquet")
    with pytest.raises(CustodyError, match="tables/event"):
        pipeline.analyse(case)
    (case / "tables" / "event" / "1.parquet").unlink()
    one(case, "act").unlink()
    with pytest.raises(CustodyError, match="tables/act"):
        pipeline.bundle(case, tmp_path / "bundle")


def test_a_table_that_no_run_made_is_not_packed(case, tmp_path):
    (case / "tables" / "invented").mkdir()
    shutil.copy(one(case, "act"), case / "tables" / "invented" / "0.parquet")
    with pytest.raises(CustodyError, match="tables/invented"):
        pipeline.bundle(case, tmp_path / "bundle")


def test_a_bundle_with_another_table_fails_its_check(case, tmp_path):
    """Whoever edits a table in a bundle can write its manifests anew; the ledger's chain is what they would break."""
    bundle = tmp_path / "bundle"
    pipeline.bundle(case, bundle)
    edited(bundle / "data" / one(case, "event").relative_to(case))
    (bundle / "data" / "tables" / "act" / "1.parquet").write_bytes(b"x")
    faults = pipeline.verify(bundle)
    assert "data/tables/event: not the table that the ledger says was written" in faults
    assert "data/tables/act: not the table that the ledger says was written" in faults


def test_what_is_damaged_of_the_list_is_read_anew(case):
    before = contents(case)
    for raw in some((b"{", b"[]", b'{"tables": 3}', b'{"tables": ["event/0.parquet"]}', b"\xff"), 3):
        (case / "tables" / "ingest.json").write_bytes(raw)
        pipeline.ingest(case)
        assert {k: v for k, v in contents(case).items() if k in before} == contents(case)


def test_evidence_sealed_after_the_findings_is_said_at_bundling(case, tmp_path):
    (tmp_path / "late").mkdir()
    (tmp_path / "late" / "late.log").write_bytes(b"Nov 23 15:11:37 login01 sshd[71]: late\n")
    pipeline.seal(case, [tmp_path / "late"])
    with pytest.raises(CaseError, match=r"late\.log was sealed after the findings .* `forensics ingest"):
        pipeline.bundle(case, tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()
    pipeline.ingest(case)
    pipeline.analyse(case)
    pipeline.bundle(case, tmp_path / "bundle")
    assert pipeline.verify(tmp_path / "bundle") == []


def test_the_same_bytes_sealed_under_another_path_need_no_new_findings_to_be_whole(case, tmp_path):
    """What verify asks is of bytes: these are told already."""
    log = INCIDENT / "evidence" / "login01" / "var" / "log" / "auth.log"
    shutil.copy(log, tmp_path / "copy.log")
    pipeline.seal(case, [tmp_path / "copy.log"])
    pipeline.bundle(case, tmp_path / "bundle")
    assert pipeline.verify(tmp_path / "bundle") == []


def put(kind, path):
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()


NAMES = [
    "findings.json",
    "tables/event/0.parquet",
    "tables/act/0.parquet",
    "tables/ingest.json",
    "inputs/roster.toml",
    "ledger.jsonl",
    ".lock",
]


OTHER = [
    *((name, "pipe") for name in NAMES),
    *(("findings.json", kind) for kind in ("link", "folder")),
    *(("tables/event/0.parquet", kind) for kind in ("link", "folder")),
]


def test_nothing_but_a_file_is_read_as_a_file_of_the_case(made, tmp_path):
    """Each command ends, and says which; a pipe held it up for ever. In a process of its own, so that a hang is one failure."""
    for n, (name, kind) in enumerate(OTHER):
        put(kind, Path(shutil.copytree(made, tmp_path / f"{n}")) / name)
    script = tmp_path / "all.py"
    script.write_text(COMMANDS)
    run = subprocess.run(
        [sys.executable, script, tmp_path / "out", *(tmp_path / f"{n}" for n in range(len(OTHER)))],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_S,
    )
    assert run.returncode == 0, run.stderr
    every = json.loads(run.stdout)
    for (name, kind), told in zip(OTHER, every, strict=True):
        assert len(told) == 7
        for act, (error, text) in told.items():
            assert error in {"CaseError", "CustodyError"}, (name, kind, act, error, text)
            assert name.rpartition("/")[2] in text or "tables" in text, (name, kind, act, text)


COMMANDS = """
import json, pathlib, sys
from forensics import pipeline
from forensics.bundle import verifier
from forensics.core.errors import ForensicsError
out, *cases = map(pathlib.Path, sys.argv[1:])
acts = {
    "status": lambda: pipeline.status(case),
    "who": lambda: pipeline.who(case, "15"),
    "ingest": lambda: pipeline.ingest(case),
    "analyse": lambda: pipeline.analyse(case),
    "report": lambda: pipeline.report(case),
    "bundle": lambda: pipeline.bundle(case, out),
    "sql": lambda: pipeline.sql(case, "SELECT 1"),
}
every = []
for case in cases:
    every.append({})
    for name, act in acts.items():
        try:
            act()
            every[-1][name] = ("none", "")
        except ForensicsError as error:
            every[-1][name] = (type(error).__name__, str(error))
print(json.dumps(every))
"""


def test_a_ledger_of_an_earlier_version_has_no_digests_to_compare_with(case, monkeypatch):
    """A bundle of then is not faulty for it; a case of then is read again before anything is made of its tables."""
    found = {"data/tables/event/0.parquet": ("a" * 64, 1), "data/tables/act/0.parquet": ("b" * 64, 1)}
    assert list(verifier.other_tables(found, [{}, {}])) == []
    assert list(verifier.other_tables(found, [{"event": "c" * 64}, {}])) == [
        "data/tables/act: not the table that the ledger says was written",
        "data/tables/event: not the table that the ledger says was written",
    ]
    monkeypatch.setattr(written, "entered", lambda _case, _act: {})
    with pytest.raises(CustodyError, match="an earlier version wrote; run `forensics ingest"):
        written.check(case, "ingest", "analyse")
