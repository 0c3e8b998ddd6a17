"""A large file is sealed with the digests of its blocks: whoever parses a part checks that part, and nobody reads all of it for others."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics import pipeline
from forensics.bundle import verifier
from forensics.core.errors import CustodyError
from forensics.custody import blocks, chunks, ledger, placed, seal
from forensics.formats import auditd
from forensics.pipeline import frames, stretches

INCIDENT = Path(__file__).parents[1] / "sample_logs" / "incidents" / "script_edit" / "evidence"
TRAIL = b"".join((INCIDENT / "login01/var/log/audit/audit.log").read_bytes().splitlines(keepends=True)[:60])
ACCOUNTING = b"JobID|User|State|Submit|Start|End\n" + b"".join(
    b"%d|kai|COMPLETED|2026-10-01T00:%02d:00|2026-10-01T00:%02d:00|2026-10-01T01:00:00\n"
    % (n, n % 60, n % 60)
    for n in range(120)
)
LOGS = {"audit.log": TRAIL, "sacct.psv": ACCOUNTING}
SIZE = 512


def sha256(raw):
    return hashlib.sha256(raw).hexdigest()


def digests(raw, size):
    """By definition: one for each block."""
    return [sha256(raw[at : at + size]) for at in range(0, len(raw), size)]


@pytest.fixture
def short(monkeypatch):
    """Everything is large: files of a few kB have blocks, stretches and chunks."""
    monkeypatch.setattr(blocks, "BYTES", SIZE)
    monkeypatch.setattr(blocks, "LEAST_BYTES", 1000)
    monkeypatch.setattr(auditd, "FRAME_BYTES", 1500)
    monkeypatch.setattr(frames, "STRETCH_FRAMES", 2)
    monkeypatch.setattr(stretches, "PART_BYTES", 3000)
    monkeypatch.setattr(chunks, "BLOCK_BYTES", 700)


def sealed(tmp_path, name, log, raw, **how):
    evidence = tmp_path / f"{name}-evidence" / log
    evidence.parent.mkdir()
    evidence.write_bytes(raw)
    pipeline.create(tmp_path / name)
    pipeline.seal(tmp_path / name, [evidence], **how)
    return tmp_path / name


def ingested(case, processes):
    if processes == 1:
        return pipeline.ingest(case)
    with ThreadPoolExecutor(processes) as executor:
        return pipeline.ingest(case, executor=executor)


def written(case):
    return {p.relative_to(case).as_posix(): p.read_bytes() for p in (case / "tables").rglob("*.parquet")}


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("reference", [True, False])
def test_the_ledger_holds_the_digest_of_each_block_of_a_large_file(tmp_path, reference):
    case = sealed(tmp_path, "case", "audit.log", TRAIL, reference=reference)
    small = tmp_path / "small"
    small.write_bytes(TRAIL[:1000])
    pipeline.seal(case, [small])
    (entry,) = ledger.check(case / "ledger.jsonl", "blocks")
    whole = {"sha256": sha256(TRAIL), "bytes": len(TRAIL), "block_bytes": SIZE}
    assert entry["what"] == {**whole, "blocks": digests(TRAIL, SIZE)}
    before = (case / "ledger.jsonl").read_bytes()
    pipeline.seal(case, [tmp_path / "case-evidence"], reference=reference)
    assert (case / "ledger.jsonl").read_bytes() == before


@settings(max_examples=20)
@given(raw=st.binary(max_size=60), cuts=st.lists(st.integers(0, 60)), size=st.integers(1, 20))
def test_pieces_of_any_size_have_the_digests_of_the_whole(raw, cuts, size):
    edges = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
    pieces, found = [raw[a:b] for a, b in pairwise(edges)], []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BYTES", size)
        assert list(blocks.passing(pieces, found, blocks.LEAST_BYTES + 1)) == pieces
        assert list(blocks.passing(pieces, [], blocks.LEAST_BYTES)) == pieces
    assert found == digests(raw, size)


CONTENT = st.lists(st.sampled_from([b"\n", b"a", b"bc\n", b"d" * 9]), max_size=40).map(b"".join)


@settings(max_examples=40)
@given(raw=CONTENT, block=st.integers(1, 50), how=st.sampled_from(["line", "headed", "7"]), data=st.data())
def test_chunks_are_those_that_reading_all_of_it_makes(tmp_path_factory, raw, block, how, data):
    path = tmp_path_factory.mktemp("placed") / "file"
    path.write_bytes(raw)
    size, longest = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 40))
    told = blocks.told(
        {"sha256": sha256(raw), "bytes": len(raw), "block_bytes": size, "blocks": digests(raw, size)}
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "LONGEST_LINE_BYTES", longest)
        patch.setattr(placed, "_LOOKED_AT_BYTES", data.draw(st.integers(1, 30)))
        whole = list(chunks.cut(path, sha256(raw), how, block))
        found = list(placed.cut(path, told, how, block))
    assert found == [chunk._replace(sha256="") for chunk in whole]
    first = data.draw(st.integers(0, len(found)))
    own = found[first : data.draw(st.integers(first, len(found)))]
    if own:
        around = told.around(own[0].start, own[-1].stop)
        for chunk in placed.handed(path, own, around):
            assert chunk.content == (raw[chunk.start : chunk.stop] if chunk.readable else None)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("log", LOGS)
def test_a_case_without_digests_is_read_as_before_and_to_the_same_bytes(tmp_path, monkeypatch, log):
    plain = sealed(tmp_path, "plain", log, LOGS[log], reference=True)
    tally = ingested(plain, 1)
    with monkeypatch.context() as patch:
        patch.setattr(chunks, "cut", None)  # nobody reads all of it for others
        other = sealed(tmp_path, "other", log, LOGS[log], reference=True)
        assert ingested(other, 2) == tally
    monkeypatch.setattr(blocks, "LEAST_BYTES", 1 << 20)
    older = sealed(tmp_path, "older", log, LOGS[log], reference=True)
    assert not ledger.check(older / "ledger.jsonl", "blocks")
    assert ingested(older, 2) == tally
    assert written(other) == written(plain) == written(older)
    assert len(written(plain)) > 5


CHANGES = {
    "early": (lambda raw: raw[:700] + b"#" + raw[701:], f"between bytes {SIZE} and {2 * SIZE};"),
    "late": (lambda raw: raw[:-9] + b"#" + raw[-8:], r"between bytes \d+ and {whole};"),
    "longer": (lambda raw: raw + b"x\n", ""),
    "shorter": (lambda raw: raw[:-1], ""),
}


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    ("log", "change", "processes"),
    [
        *(("audit.log", change, processes) for change in ("early", "late") for processes in (1, 2)),
        *(("sacct.psv", change, 2) for change in CHANGES),
    ],
)
def test_one_byte_that_changed_is_found_and_its_block_is_named(tmp_path, log, change, processes):
    changed, said = CHANGES[change]
    case = sealed(tmp_path, "case", log, LOGS[log], reference=True)
    (tmp_path / "case-evidence" / log).write_bytes(changed(LOGS[log]))
    said = said.replace("{whole}", str(len(LOGS[log])))
    with pytest.raises(CustodyError, match=f"no longer what was sealed as {sha256(LOGS[log])}.*{said}"):
        ingested(case, processes)
    assert not (case / "tables" / "ingest.json").exists()


def told_of(raw, path, size=3):
    found = {"sha256": sha256(raw), "bytes": len(raw), "block_bytes": size, "blocks": digests(raw, size)}
    return path, blocks.told(found)


def test_what_grows_or_shrinks_while_it_is_read_is_noticed(tmp_path):
    """Its length is looked at where chunks are placed, and again where the last is read."""
    path, told = told_of(b"12\n45\n", tmp_path / "f")
    path.write_bytes(b"12\n45\n")
    found = list(placed.cut(path, told, "line", 3))
    for now in (b"12\n45\n7", b"12\n45"):
        path.write_bytes(now)
        with pytest.raises(CustodyError, match="which has 6 bytes"):
            list(placed.handed(path, found, told))


def test_a_header_out_of_a_block_that_changed_is_not_taken(tmp_path):
    path, told = told_of(b"a|b\n1|2\n", tmp_path / "f")
    path.write_bytes(b"b|a\n1|2\n")
    with pytest.raises(CustodyError, match="between bytes 0 and 3"):
        list(placed.cut(path, told, "headed", 4))


@pytest.mark.parametrize(
    "change", [None, {"block_bytes": 4}, {"blocks": []}, {"blocks": None}, {"block_bytes": -1}, "digest"]
)
def test_a_bundle_whose_ledger_names_other_blocks_has_a_fault(tmp_path, change):
    raw = b"0123456789"
    found = {"sha256": sha256(raw), "bytes": 10, "block_bytes": 3, "blocks": digests(raw, 3)}
    if change == "digest":
        found["blocks"][2] = "0" * 64
    else:
        found |= change or {}
    row = seal.Sealed("f", sha256(raw), 10, "file", None, "copied")
    kept = tmp_path / "data" / "sealed" / row.sha256[:2] / row.sha256
    kept.parent.mkdir(parents=True)
    kept.write_bytes(raw)
    hand = ledger.Hand("kim (1000)", "desk", "forensics 0", "forensics seal")
    ledger.append(tmp_path / "data" / "ledger.jsonl", hand, [("seal", seal.entered(row)), ("blocks", found)])
    there = {}
    assert not list(verifier._look(tmp_path, there))
    faults = list(verifier._ledger(tmp_path, there, {}))
    assert len(faults) == (change is not None)
    assert all("blocks" in fault for fault in faults)
    if change == "digest":
        assert "between bytes 6 and 9" in faults[0]


def test_entries_without_their_members_are_no_entries(tmp_path):
    hand = ledger.Hand("kim (1000)", "desk", "forensics 0", "forensics seal")
    for n, what in enumerate(({"sha256": "00"}, {"sha256": "00", "block_bytes": "3"}, {"block_bytes": 3})):
        path = tmp_path / str(n)
        ledger.append(path, hand, [("blocks", what)])
        assert verifier._entry(path.read_bytes()) is None
        assert json.loads(path.read_bytes())["act"] == "blocks"
