"""Compressed evidence handed over: findings, footnotes, bundle and verifier all say in which bytes they count."""

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from packings import PACK

from forensics import pipeline
from forensics.bundle import verifier
from forensics.core import canonical
from forensics.core.tables import EVENT, FILE
from forensics.pipeline import answer
from forensics.render import citing
from forensics.render.sentences import say

INCIDENT = Path(__file__).parents[1] / "sample_logs" / "incidents" / "script_edit"
GIT = "git/gitolite/logs/gitolite-2026-11.log"
AUDIT = "login01/var/log/audit/audit.log"


def packed_case(folder, packings, cut=()):
    """The incident with some of its logs packed, and some of these cut off, investigated up to its findings."""
    shutil.copytree(INCIDENT / "evidence", folder / "evidence", symlinks=True)
    for path, packed in packings.items():
        log = folder / "evidence" / path
        whole = PACK[packed](log.read_bytes())
        log.with_name(f"{log.name}.1.{packed}").write_bytes(whole[:-2000] if path in cut else whole)
        log.unlink()
    case = folder / "case"
    pipeline.create(case)
    pipeline.seal(case, [folder / "evidence"], roster=INCIDENT / "roster.toml", about=INCIDENT / "case.toml")
    pipeline.ingest(case)
    answer.analyse(case)
    return case


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return packed_case(tmp_path_factory.mktemp("packed"), {GIT: "gzip", AUDIT: "xz"})


@pytest.fixture(scope="module")
def packed(case, tmp_path_factory):
    out = tmp_path_factory.mktemp("bundle") / "bundle"
    pipeline.bundle(case, out)
    return out


@pytest.fixture
def findings(case):
    return json.loads((case / "findings.json").read_text())


def spans(value):
    if isinstance(value, list):
        return [s for item in value for s in spans(item)]
    if isinstance(value, dict):
        own = [value] if {"sha256", "start", "stop"} <= set(value) else []
        return own + [s for item in value.values() for s in spans(item)]
    return []


def test_every_citation_says_in_which_bytes_it_counts(findings):
    known = {e["sha256"]: e.get("packing") for e in findings["case"]["evidence"]}
    found = spans(findings)
    assert {s.get("packing") for s in found} == {None, "gzip", "xz"}
    assert all(s.get("packing") == known[s["sha256"]] for s in found)


def test_the_accounting_counts_what_was_read(findings):
    sizes = [e.get("unpacked_bytes", e["bytes"]) for e in findings["case"]["evidence"]]
    plain = sum(p.stat().st_size for p in {(INCIDENT / "evidence" / f) for f in (GIT, AUDIT)})
    assert sum(e.get("unpacked_bytes", 0) for e in findings["case"]["evidence"]) == plain
    once = {e["sha256"]: n for e, n in zip(findings["case"]["evidence"], sizes, strict=True)}
    sums = findings["accounting"]
    assert sums["parsed"] + sums["rejected"] + sums["ignored"] == sums["bytes"] == sum(once.values())


def test_a_footnote_says_in_which_bytes_it_counts(findings):
    sources = citing.Sources(findings, events=EVENT.empty(), files=FILE.empty())
    act = next(a for a in findings["acts"] if any("packing" in c for c in a["citations"]))
    note = sources.note(say("person_candidates", act["citations"], about=act["id"], act=act["id"], names="x"))
    packings = {group["packing"] for group in note["files"]}
    assert packings <= {"", " in the decompressed bytes (gzip)", " in the decompressed bytes (xz)"}
    assert packings - {""}
    assert {citing.sized(r) for r in sources.evidence if "packing" in r} == {
        f"{e['bytes']:,} ({e['packing']}: {e['unpacked_bytes']:,})"
        for e in findings["case"]["evidence"]
        if "packing" in e
    }


def test_a_file_that_was_not_read_through_counts_as_it_was_sealed():
    given = {
        "sha256": ["a" * 64] * 2,
        "path": ["x.gz", "y.gz"],
        "bytes": [9, 9],
        "kind": ["file"] * 2,
        "held": ["copied"] * 2,
    }
    sums = {"parsed": [0, 5], "rejected": [0, 0], "ignored": [9, 0]}
    files = FILE.build({**given, **sums, "packing": ["gzip"] * 2, "unpacked_bytes": pa.array([None, 5])})
    sources = citing.Sources({}, events=EVENT.empty(), files=files)
    assert [citing.sized(r) for r in sources.evidence] == ["9", "9 (gzip: 5)"]


def test_the_bundle_says_it_and_verifies(packed, findings):
    info = (packed / "bag-info.txt").read_text()
    for item in findings["case"]["evidence"]:
        if "packing" in item:
            assert f"{item['sha256']} {item['packing']}; its places count in the decompressed bytes" in info
    notes = []
    assert pipeline.verify(packed, notes) == notes == []


def edited(bag, change):
    path = bag / "data" / "findings.json"
    found = json.loads(path.read_text())
    change(found)
    path.write_text(canonical.dumps(found))
    notes = []
    return [f for f in verifier.verify(bag, notes) if "changed (not the hash" not in f], notes


def act_span(found, packing):
    return next(s for s in spans(found) if s.get("packing") == packing)


FAULTS = {
    "cites bytes that no sealed file has": lambda f: act_span(f, "gzip").update(stop=1 << 40),
    "does not say in which bytes it counts": lambda f: act_span(f, "xz").pop("packing"),
    "accounting: not the bytes that were sealed": lambda f: f["accounting"].update(
        bytes=f["accounting"]["bytes"] + 1, ignored=f["accounting"]["ignored"] + 1
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_findings_that_count_elsewhere_are_faulty(packed, tmp_path, fault):
    bag = Path(shutil.copytree(packed, tmp_path / "bag"))
    faults, _ = edited(bag, FAULTS[fault])
    assert any(fault in f for f in faults), faults


@pytest.mark.parametrize("by", [-1, 1000])
def test_a_content_of_another_size_is_a_fault(packed, tmp_path, by):
    """Made smaller or larger in the findings, everywhere, so that only decompressing it can tell."""
    bag = Path(shutil.copytree(packed, tmp_path / "bag"))

    def change(found):
        item = next(e for e in found["case"]["evidence"] if e.get("packing") == "gzip")
        item["unpacked_bytes"] += by
        found["accounting"]["bytes"] += by
        found["accounting"]["ignored"] += by
        if by > 0:
            span = act_span(found, "gzip")
            span["stop"] = item["unpacked_bytes"]

    faults, _ = edited(bag, change)
    assert any("does not decompress to what the findings say" in f for f in faults), faults


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    """A bundle of a log whose end is missing, and of one that not every Python can decompress."""
    folder = tmp_path_factory.mktemp("damaged")
    pipeline.bundle(packed_case(folder, {AUDIT: "gzip", GIT: "zstd"}, cut={AUDIT}), folder / "bundle")
    return folder / "bundle"


def test_a_damaged_log_verifies_up_to_what_was_read(damaged):
    found = json.loads((damaged / "data" / "findings.json").read_text())
    assert found["accounting"]["rejected"]
    assert act_span(found, "gzip")
    assert pipeline.verify(damaged, []) == []


def test_what_is_cited_behind_the_damage_of_a_log_is_said_not_to_be_checked(damaged, tmp_path):
    """Another Python can have read on where this one ends."""
    bag = Path(shutil.copytree(damaged, tmp_path / "bag"))

    def change(found):
        item = next(e for e in found["case"]["evidence"] if e.get("packing") == "gzip")
        item["unpacked_bytes"] += 1000
        found["accounting"]["bytes"] += 1000
        found["accounting"]["ignored"] += 1000
        act_span(found, "gzip")["stop"] = item["unpacked_bytes"]

    faults, notes = edited(bag, change)
    assert not any("does not decompress" in f for f in faults), faults
    assert [n for n in notes if "damaged; spans of it beyond byte" in n]


def test_what_this_python_cannot_decompress_is_said(damaged):
    """By the verifier inside the bundle, as whoever receives it runs it."""
    run = subprocess.run(
        [sys.executable, "-I", str(damaged / "verify.py")], check=False, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout
    assert ("its spans could not be re-read" in run.stderr) == (sys.version_info < (3, 14))


def test_referenced_evidence_is_said_to_be_elsewhere(tmp_path):
    log = tmp_path / "gl.log.gz"
    log.write_bytes(gzip.compress((INCIDENT / "evidence" / GIT).read_bytes()))
    case = tmp_path / "case"
    pipeline.create(case)
    pipeline.seal(case, [log], reference=True)
    pipeline.ingest(case)
    answer.analyse(case)
    pipeline.bundle(case, tmp_path / "bundle")
    notes = []
    assert pipeline.verify(tmp_path / "bundle", notes) == []
    assert ["left where it lies" in n for n in notes] == [True]


def test_the_verifier_reads_text_with_a_mark(tmp_path):
    """Its places count in the text as UTF-8; where the text does not go so far, that is a fault."""
    path = tmp_path / "x"
    for raw, packing in (
        (b"\xff\xfe" + "kai\xe9\n".encode("utf-16-le") * 9000, "utf-16"),
        (b"\xef\xbb\xbfkai\xc3\xa9\n" + b"kai\xc3\xa9\n" * 8999, "utf-8-bom"),
    ):
        path.write_bytes(raw)
        assert verifier._length(path, packing, 1 << 20) == (6 * 9000, False)
    path.write_bytes(b"\xff\xfe" + "kai\n".encode("utf-16-le") * 9000 + b"\x00\xdc" * 9000)
    length, damaged = verifier._length(path, "utf-16", 1 << 20)
    assert damaged
    assert length <= 4 * 9000
