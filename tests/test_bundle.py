"""The bundle: any byte changed, any file added or taken away, fails it and is named."""

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from drawn import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forensics import pipeline
from forensics.bundle import verifier
from forensics.core import canonical
from forensics.core.errors import CaseError, CustodyError, NotFoundError, OutputError
from forensics.core.ids import event_id
from forensics.custody import ledger, seal

INCIDENT = Path(__file__).parents[1] / "sample_logs" / "incidents" / "script_edit"
PARTS = (
    "bag-info.txt",
    "bagit.txt",
    "data/findings.json",
    "data/inputs/",
    "data/ledger.jsonl",
    "data/report.pdf",
    "data/sealed/",
    "data/tables/event/",
    "data/tables/file/",
    "data/tables/gitolite/",
    "data/tables/ingest.json",
    "manifest-sha256.txt",
    "tagmanifest-sha256.txt",
    "verify.py",
)


def findings_of(case):
    """Findings as the contract shapes them, of no more than the verifier looks at."""
    files = [row for row in seal.rows(case) if row.kind == "file"]
    gl = next(row for row in files if row.path.endswith("gitolite-2026-11.log"))
    span = {"sha256": gl.sha256, "start": 0, "stop": gl.bytes}
    once = sum({row.sha256: row.bytes for row in files}.values())
    event = event_id(gl.sha256, 0, 10)
    return {
        "schema": "findings/1",
        "case": {"evidence": [{"sha256": r.sha256, "path": r.path, "bytes": r.bytes} for r in files]},
        "acts": [
            {"id": "A0001", "object": f"{'0' * 16}.1.2", "for": [event], "against": [], "citations": [span]}
        ],
        "contradictions": [{"says": [{"what": "x", "citations": [{**span, "start": 5, "stop": 5}]}]}],
        "claims": [{"id": "D01", "because": ["A0001"]}],
        "accounting": {"bytes": once, "parsed": once - 3, "rejected": 1, "ignored": 2},
    }


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "case"
    pipeline.create(folder)
    pipeline.seal(
        folder, [INCIDENT / "evidence" / "git"], roster=INCIDENT / "roster.toml", about=INCIDENT / "case.toml"
    )
    pipeline.ingest(folder)
    written(folder, canonical.dumps(findings_of(folder)).encode(), b"%PDF-1.7 invented\n")
    return folder


def written(folder, findings, report=None):
    """Results as the program puts them in a case: with a line of the ledger each."""
    for act, name, raw in (("analyse", "findings.json", findings), ("report", "report.pdf", report)):
        if raw is not None:
            (folder / name).write_bytes(raw)
            what = {"name": name, "sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw)}
            ledger.append(folder / "ledger.jsonl", ledger.hand("tests", "tests"), [(act, what)])


@pytest.fixture(scope="module")
def packed(case, tmp_path_factory):
    """A bundle that tests copy, and none changes."""
    out = tmp_path_factory.mktemp("packed") / "bundle"
    pipeline.bundle(case, out)
    return out


@pytest.fixture
def bag(packed, tmp_path):
    return Path(shutil.copytree(packed, tmp_path / "bag"))


def files_of(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def rebagged(bag):
    """Manifests written again by somebody who changed the bundle and hopes that nobody looks further."""

    def manifest(paths):
        return "".join(f"{hashlib.sha256((bag / p).read_bytes()).hexdigest()}  {p}\n" for p in sorted(paths))

    names = set(files_of(bag))
    payload = {n for n in names if n.startswith("data/")}
    (bag / "manifest-sha256.txt").write_text(manifest(payload))
    (bag / "tagmanifest-sha256.txt").write_text(manifest(names - payload - {"tagmanifest-sha256.txt"}))


def edited(bag, change):
    """The findings changed, with the bundle's manifests, and entered in its ledger as if they had been found."""
    path = bag / "data" / "findings.json"
    found = json.loads(path.read_text())
    change(found)
    written(path.parent, canonical.dumps(found).encode())
    rebagged(bag)


def test_a_bundle_has_no_faults_and_every_part(bag):
    assert pipeline.verify(bag) == []
    names = list(files_of(bag))
    assert all(any(n.startswith(part) for n in names) for part in PARTS)


def test_the_same_case_is_the_same_bundle(case, packed, tmp_path):
    pipeline.bundle(case, tmp_path / "again")
    assert files_of(tmp_path / "again") == files_of(packed)


def test_packing_leaves_the_case_alone(case, tmp_path):
    before = {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in case.rglob("*") if p.name != ".lock"}
    pipeline.bundle(case, tmp_path / "again")
    assert {
        p: (p.stat().st_mtime_ns, p.stat().st_size) for p in case.rglob("*") if p.name != ".lock"
    } == before


def test_the_bundle_holds_the_evidence_the_ledger_and_no_place_of_this_machine(case, packed):
    found = files_of(packed)
    for row in seal.rows(case):
        assert hashlib.sha256(found[f"data/sealed/{row.sha256[:2]}/{row.sha256}"]).hexdigest() == row.sha256
    assert found["data/ledger.jsonl"] == (case / "ledger.jsonl").read_bytes()
    assert not any("locations" in name or "data/work" in name or "/." in name for name in found)
    assert found["bag-info.txt"].startswith(b"Payload-Oxum: ")


def own_verifier(bag, *flags):
    return subprocess.run(
        [sys.executable, *flags, "verify.py"], cwd=bag, check=False, capture_output=True, text=True
    )


def test_the_verifier_inside_agrees_and_leaves_no_trace(bag):
    before = files_of(bag)
    run = own_verifier(bag)
    tags = hashlib.sha256((bag / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    assert (run.returncode, run.stderr) == (0, "")
    assert tags in run.stdout
    (bag / "data" / "report.pdf").write_bytes(b"x")
    run = own_verifier(bag)
    assert run.returncode == 1
    assert run.stdout.splitlines() == pipeline.verify(bag)
    (bag / "data" / "report.pdf").write_bytes(before["data/report.pdf"])
    assert files_of(bag) == before


@pytest.mark.parametrize("flags", [[], ["-I"], ["-P"]])
def test_a_module_planted_beside_the_verifier_is_not_run(bag, flags):
    for name in ("json", "hashlib", "stat", "pathlib", "typing"):
        (bag / f"{name}.py").write_text("import sys; print('planted'); sys.exit(0)")
    run = own_verifier(bag, *flags)
    assert (run.returncode, "planted" in run.stdout) == (1, False)
    assert "json.py: added" in run.stdout


def test_the_verifier_reads_as_the_oldest_python_it_promises():
    source = Path(verifier.__file__).read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 8))
    names = {
        n.split(".")[0]
        for node in ast.walk(tree)
        for n in (
            [a.name for a in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    # `compression` came with Python 3.14, and is done without before.
    assert names - {"compression"} <= set(sys.stdlib_module_names)
    assert len(source.splitlines()) < 400


@settings(
    max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@pytest.mark.parametrize("part", PARTS)
@given(data=st.data())
def test_any_changed_byte_fails_and_is_named(bag, part, data):
    name = data.draw(st.sampled_from([n for n, raw in files_of(bag).items() if n.startswith(part) and raw]))
    raw = (bag / name).read_bytes()
    at = data.draw(st.integers(0, len(raw) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda b: b != raw[at]))
    (bag / name).chmod(0o644)
    (bag / name).write_bytes(raw[:at] + bytes([other]) + raw[at + 1 :])
    try:
        faults = pipeline.verify(bag)
    finally:
        (bag / name).write_bytes(raw)
    assert any(name in fault for fault in faults)


@pytest.mark.parametrize("part", PARTS)
def test_a_file_taken_away_fails_and_is_named(bag, part):
    name = next(n for n in files_of(bag) if n.startswith(part))
    (bag / name).unlink()
    assert any(name in fault and "missing" in fault for fault in pipeline.verify(bag))


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("change", [b"", b"more\n"])
def test_a_file_cut_or_lengthened_fails_and_is_named(bag, part, change):
    name = next(n for n in files_of(bag) if n.startswith(part))
    raw = (bag / name).read_bytes()
    (bag / name).chmod(0o644)
    (bag / name).write_bytes(raw + change if change else raw[:-1])
    assert any(name in fault for fault in pipeline.verify(bag))


@pytest.mark.parametrize(
    "name",
    [
        "added",
        "data/added",
        "data/sealed/added",
        "data/tables/event/1.parquet",
        "data/inputs/x",
        ".hidden",
        "fetch.txt",
    ],
)
def test_a_file_added_anywhere_fails_and_is_named(bag, name):
    (bag / name).write_bytes(b"x")
    assert any(fault.startswith(f"{name}: ") for fault in pipeline.verify(bag))


def test_an_added_empty_folder_is_named(bag):
    (bag / "data" / "nothing").mkdir()
    assert pipeline.verify(bag) == ["data/nothing: an empty folder, which was not packed"]


@pytest.mark.parametrize("name", ["data/report.pdf", "verify.py", "added", "data/sealed/zz", "data"])
def test_a_link_is_a_fault_wherever_it_leads(bag, packed, name):
    path = bag / name
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.symlink_to(packed / name)
    assert f"{name}: a link or special file, which no bundle holds" in pipeline.verify(bag)


def test_a_pipe_is_a_fault_and_does_not_hold_us_up(bag):
    os.mkfifo(bag / "data" / "pipe")
    assert "data/pipe: a link or special file, which no bundle holds" in pipeline.verify(bag)


@pytest.mark.parametrize(
    "line",
    [
        "{}  ../outside",
        "{}  /etc/passwd",
        "{}  data/../../outside",
        "{}  data//report.pdf",
        "{} data/report.pdf",
        "{}  data/sp ace",
        "short  data/report.pdf",
        "",
        "{}  data/esc\x1b[31mape",
    ],
)
def test_tricks_in_a_manifest_are_faults_and_read_nothing(bag, tmp_path, line):
    (tmp_path / "outside").write_bytes(b"")
    hashed = hashlib.sha256(b"").hexdigest()
    with (bag / "manifest-sha256.txt").open("a") as manifest:
        manifest.write(line.format(hashed) + "\n")
    faults = pipeline.verify(bag)
    assert any("manifest-sha256.txt" in f and ("line" in f or "missing" in f) for f in faults)
    assert not any("\x1b" in fault for fault in faults)


def test_an_entry_listed_twice_is_a_fault(bag):
    path = bag / "manifest-sha256.txt"
    path.write_text(path.read_text() + path.read_text().splitlines()[0] + "\n")
    assert any("again" in fault for fault in pipeline.verify(bag))


def test_it_never_stops_at_the_first(bag):
    for name in ("data/report.pdf", "data/findings.json", "bagit.txt"):
        (bag / name).write_bytes(b"{}")
    (bag / "extra").write_bytes(b"")
    faults = pipeline.verify(bag)
    for name in ("data/report.pdf", "data/findings.json", "bagit.txt", "extra"):
        assert any(fault.startswith(name) for fault in faults)


def test_evidence_changed_with_its_manifest_is_noticed_by_its_name(bag):
    name = next(n for n in files_of(bag) if n.startswith("data/sealed/"))
    (bag / name).chmod(0o644)
    (bag / name).write_bytes(b"other")
    rebagged(bag)
    assert f"{name}: its name is not its SHA-256" in pipeline.verify(bag)


def test_evidence_swapped_with_name_and_manifest_is_noticed_by_the_ledger(bag):
    name = next(n for n in files_of(bag) if n.startswith("data/sealed/"))
    (bag / name).unlink()
    other = hashlib.sha256(b"other").hexdigest()
    (bag / "data/sealed" / other[:2]).mkdir(exist_ok=True)
    (bag / "data/sealed" / other[:2] / other).write_bytes(b"other")
    rebagged(bag)
    faults = pipeline.verify(bag)
    assert any("which is not in the bundle" in fault for fault in faults)
    assert any(f"{other}: the ledger does not say" in fault for fault in faults)


def test_an_input_changed_with_its_manifest_is_noticed_by_the_ledger(bag):
    (bag / "data/inputs/roster.toml").write_bytes(b"")
    rebagged(bag)
    assert pipeline.verify(bag) == ["data/inputs/roster.toml: not what the ledger says was given"]


def test_a_ledger_line_changed_with_the_manifest_is_noticed(bag):
    path = bag / "data" / "ledger.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"act":"input"', b'"act":"inpux"', 1))
    rebagged(bag)
    assert any(f.startswith("data/ledger.jsonl: line 2 ") for f in pipeline.verify(bag))


def rechained(bag, change, *, follow):
    """A ledger changed by somebody who knows how its lines are made; with `follow`, all later lines too."""
    path = bag / "data" / "ledger.jsonl"
    lines, previous = [], verifier.FIRST
    for line in path.read_bytes().splitlines(keepends=True):
        entry = json.loads(line)
        changed = change(entry)
        if changed or (follow and lines):
            hand = ledger.Hand(entry["who"], entry["host"], entry["tool"], entry["command"])
            lines.append(ledger._line(entry["n"], previous, hand, entry["act"], entry["what"]))
        else:
            lines.append(line)
        previous = hashlib.sha256(lines[-1]).hexdigest()
    path.write_bytes(b"".join(lines))
    rebagged(bag)


def test_a_ledger_line_made_anew_is_noticed_by_the_next(bag):
    rechained(bag, lambda entry: entry["n"] == 2, follow=False)
    assert "data/ledger.jsonl: line 3 does not follow from the lines before it" in pipeline.verify(bag)


def test_a_size_that_is_not_the_file_s_is_noticed(bag):
    def change(entry):
        if entry["act"] == "seal" and entry["what"]["path"].endswith("gl-conf"):
            entry["what"]["bytes"] += 1
            return True
        return False

    rechained(bag, change, follow=True)
    assert any("not of the size that the ledger says" in fault for fault in pipeline.verify(bag))


def test_a_manifest_in_another_order_is_a_fault(bag):
    path = bag / "manifest-sha256.txt"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[::-1]))
    tags = bag / "tagmanifest-sha256.txt"
    tags.write_text(
        "".join(
            f"{hashlib.sha256((bag / n).read_bytes()).hexdigest()}  {n}\n"
            for n in ("bag-info.txt", "bagit.txt", "manifest-sha256.txt", "verify.py")
        )
    )
    assert pipeline.verify(bag) == ["manifest-sha256.txt: not written as this program writes it"]


@settings(
    max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_verifier_and_custody_agree_on_ledgers(bag, data):
    """The chain is checked in two places, because the bundle must need no other code."""
    path = bag / "data" / "ledger.jsonl"
    raw = path.read_bytes()
    at = data.draw(st.integers(0, len(raw)))
    cut = data.draw(st.integers(0, 3))
    broken = raw[:at] + data.draw(st.binary(max_size=3)) + raw[at + cut :]
    other = path.with_name("other.jsonl")
    other.write_bytes(broken)
    try:
        ledger.check(other)
        sound = True
    except CustodyError:
        sound = False
    finally:
        other.unlink()
    lines = broken.splitlines(keepends=True)
    previous, agreed = verifier.FIRST, True
    for n, line in enumerate(lines, start=1):
        entry = verifier._entry(line)
        if entry is None or entry["n"] != n or entry["previous"] != previous:
            agreed = False
            break
        previous = hashlib.sha256(line).hexdigest()
    assert sound == agreed


BAD_CITATIONS = {
    "another file": {"sha256": "0" * 64},
    "before the file": {"start": -1},
    "past the file": {"stop": 10**9},
    "backwards": {"start": 3, "stop": 2},
    "a text": {"start": "0"},
    "a truth value": {"start": True},
    "nothing": {"sha256": None},
    "a list": {"sha256": []},
}


@pytest.mark.parametrize("change", BAD_CITATIONS.values(), ids=BAD_CITATIONS)
def test_a_citation_that_leads_nowhere_is_a_fault(bag, change):
    edited(bag, lambda found: found["acts"][0]["citations"][0].update(change))
    assert pipeline.verify(bag) == [
        "data/findings.json: .acts[0].citations[0] cites bytes that no sealed file has"
    ]


@pytest.mark.parametrize("event", [f"{'0' * 16}.0.1", "past"])
def test_an_event_that_leads_nowhere_is_a_fault(bag, event):
    def change(found):
        sha256 = found["acts"][0]["citations"][0]["sha256"]
        found["acts"][0]["against"] = [event_id(sha256, 0, 10**9) if event == "past" else event]

    edited(bag, change)
    faults = pipeline.verify(bag)
    assert len(faults) == 1
    assert ".acts[0].against names event" in faults[0]


def test_accounting_that_does_not_add_up_is_a_fault(bag):
    edited(bag, lambda found: found["accounting"].update(parsed=0))
    assert pipeline.verify(bag) == [
        "data/findings.json: accounting: parsed, rejected and ignored bytes do not add up"
    ]


def test_accounting_of_other_bytes_is_a_fault(bag):
    edited(bag, lambda found: found["accounting"].update(bytes=6, parsed=3))
    assert pipeline.verify(bag) == ["data/findings.json: accounting: not the bytes that were sealed"]


def test_evidence_left_out_of_the_findings_is_a_fault(bag):
    edited(bag, lambda found: found["case"]["evidence"].pop(0))
    assert "data/findings.json: case.evidence: not the files that were sealed" in pipeline.verify(bag)


@pytest.mark.parametrize(
    "raw", [b"", b"[", b"[]", b"{}", b"null", b"[" * 100_000, b'{"accounting": 3}', b"\xff"]
)
def test_findings_that_are_none_are_a_fault_and_no_crash(bag, raw):
    (bag / "data" / "findings.json").write_bytes(raw)
    rebagged(bag)
    assert any(f.startswith("data/findings.json: not as findings") for f in pipeline.verify(bag))


@pytest.mark.parametrize("what", ["nothing", "file", "link", "empty"])
def test_what_is_no_bundle_is_said(tmp_path, packed, what):
    path = tmp_path / "x"
    if what == "file":
        path.write_bytes(b"")
    elif what == "link":
        path.symlink_to(packed)
    elif what == "empty":
        path.mkdir()
    assert pipeline.verify(path) != []


def test_referenced_evidence_is_named_and_not_copied(tmp_path):
    case = tmp_path / "case"
    pipeline.create(case)
    pipeline.seal(case, [INCIDENT / "evidence" / "git"], reference=True)
    pipeline.ingest(case)
    written(case, canonical.dumps(findings_of(case)).encode())
    pipeline.bundle(case, tmp_path / "bag")
    assert pipeline.verify(tmp_path / "bag") == []
    info = (tmp_path / "bag" / "bag-info.txt").read_text()
    assert all(row.sha256 in info for row in seal.rows(case))
    assert not (tmp_path / "bag" / "data" / "sealed").exists()
    assert not any(
        str(INCIDENT).encode() in raw for n, raw in files_of(tmp_path / "bag").items() if "ledger" not in n
    )


@pytest.mark.parametrize(("name", "act"), [("findings.json", "analyse"), ("report.pdf", "report")])
def test_results_that_somebody_else_wrote_are_not_packed(case, tmp_path, name, act):
    other = Path(shutil.copytree(case, tmp_path / "case"))
    (other / name).write_bytes((other / name).read_bytes().replace(b"A0001", b"A0002") + b"\n")
    with pytest.raises(CustodyError, match=f"not what the ledger says.*forensics {act}"):
        pipeline.bundle(other, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["findings.json", "report.pdf"])
def test_results_changed_with_their_manifest_are_noticed_by_the_ledger(bag, name):
    path = bag / "data" / name
    path.write_bytes(path.read_bytes().replace(b"A0001", b"A0002") + b"\n")
    rebagged(bag)
    assert verifier.verify(bag) == [f"data/{name}: not what the ledger says was written"]


def test_a_case_without_findings_is_not_packed(tmp_path):
    pipeline.create(tmp_path / "case")
    with pytest.raises(CaseError, match="forensics ingest"):
        pipeline.bundle(tmp_path / "case", tmp_path / "out")
    pipeline.ingest(tmp_path / "case")
    with pytest.raises(CaseError, match="forensics analyse"):
        pipeline.bundle(tmp_path / "case", tmp_path / "out")
    with pytest.raises(CaseError, match="forensics init"):
        pipeline.bundle(tmp_path / "gone", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_nothing_is_overwritten(case, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(OutputError, match="already there"):
        pipeline.bundle(case, tmp_path / "out")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be written"):
        pipeline.bundle(case, tmp_path / "file" / "out")


def test_changed_evidence_is_not_packed(case, tmp_path):
    other = Path(shutil.copytree(case, tmp_path / "case"))
    row = seal.rows(other)[0]
    path = seal.locate(other, row.sha256)
    path.chmod(0o644)
    path.write_bytes(b"other")
    with pytest.raises(CustodyError, match="no longer what was sealed"):
        pipeline.bundle(other, tmp_path / "out")
    path.unlink()
    with pytest.raises(CustodyError, match="gone"):
        pipeline.bundle(other, tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["case"]


def test_citing_shows_the_bytes_and_hashes_again(case, tmp_path):
    event = pipeline.sql(case, "SELECT event_id FROM events WHERE format = 'gitolite' ORDER BY 1 LIMIT 1")
    name = event["event_id"][0].as_py()
    spans = pipeline.cite(case, name)
    raw = (INCIDENT / "evidence" / spans[0]["path"].replace("gitolite/", "git/gitolite/", 1)).read_bytes()
    assert spans[0]["raw"] == raw[spans[0]["start"] : spans[0]["stop"]]
    assert all(span["ok"] for span in spans)
    other = Path(shutil.copytree(case, tmp_path / "case"))
    path = seal.locate(other, spans[0]["sha256"])
    path.chmod(0o644)
    path.write_bytes(raw[:-1] + b"x")
    assert not any(span["ok"] for span in pipeline.cite(other, name))


@pytest.mark.parametrize("event", [f"{'0' * 16}.0.1", "nonsense", "", "' OR 1=1", f"{'0' * 16}.{2**64}.1"])
def test_citing_what_is_not_there_says_so(case, event):
    with pytest.raises(NotFoundError, match="there is no event"):
        pipeline.cite(case, event)
