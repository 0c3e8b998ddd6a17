"""A large file is read in stretches, a part each, by whichever process: what is written does not show which."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pyarrow.parquet as pq
import pytest

from forensics import pipeline
from forensics.core.errors import CustodyError
from forensics.custody import chunks, seal
from forensics.pipeline import parts, slicing, stretches

HEADER = b"JobID|User|State|Submit|Start|End\n"
ROWS = [
    b"%d|kai|COMPLETED|2026-10-01T00:%02d:00|2026-10-01T00:%02d:00|2026-10-01T01:00:00\n"
    % (n, n % 60, n % 60)
    for n in range(120)
]
ROWS[50] = b"7|" + b"x" * 7_000 + b"\n"  # a line longer than a stretch, in which no other begins then
YEAR_NS = 31_556_952 * 10**9
LOG = HEADER + b"".join(ROWS)


@pytest.fixture
def case_of(tmp_path):
    """Makes a case with the log in it, by name."""
    log = tmp_path / "evidence" / "sacct.psv"
    log.parent.mkdir()

    def made(name, content=LOG):
        log.write_bytes(content)
        pipeline.create(tmp_path / name)
        pipeline.seal(tmp_path / name, [log.parent])
        return tmp_path / name

    return made


def written(case):
    return {p.relative_to(case).as_posix(): p.read_bytes() for p in (case / "tables").rglob("*.parquet")}


def rows(case, table):
    return [row for path in sorted((case / "tables" / table).glob("*.parquet")) for row in pq.read_table(path).to_pylist()]  # fmt: skip


def short(monkeypatch):
    monkeypatch.setattr(stretches, "PART_BYTES", 3_000)
    monkeypatch.setattr(chunks, "BLOCK_BYTES", 700)


def test_stretches_hold_what_the_whole_file_holds(case_of, monkeypatch):
    whole = case_of("whole")
    tally = pipeline.ingest(whole)
    short(monkeypatch)
    cut = case_of("cut")
    assert pipeline.ingest(cut) == tally
    assert len(list((cut / "tables" / "sacct").glob("*.parquet"))) == -(-len(LOG) // 3_000)
    for table in ("sacct", "reject", "event", "job_record"):
        assert rows(cut, table) == rows(whole, table)


def test_neither_processes_nor_blocks_nor_an_interruption_leave_a_trace(case_of, monkeypatch):
    short(monkeypatch)
    plain = case_of("plain")
    pipeline.ingest(plain)
    other = case_of("other")
    with ThreadPoolExecutor(2) as executor:
        pipeline.ingest(other, executor=executor, block_bytes=77)
    assert written(other) == written(plain)
    # Broken off after some parts: the others are read, and the hash of the file is checked again.
    (other / "tables" / "ingest.json").unlink()
    markers = sorted((other / "work" / "parts").glob("*.json"))
    for marker in markers[1::2]:
        marker.unlink()
    seen = []
    parse = parts.parse
    monkeypatch.setattr(parts, "parse", lambda task: seen.append(task.part) or parse(task))
    pipeline.ingest(other)
    assert {marker.stem for marker in markers[1::2]} >= set(seen) > set()
    assert written(other) == written(plain)


def test_a_file_that_changed_is_noticed_whichever_stretch_is_missing(case_of, monkeypatch):
    short(monkeypatch)
    case = case_of("case")
    pipeline.ingest(case)
    (case / "tables" / "ingest.json").unlink()
    min((case / "work" / "parts").glob("*.json")).unlink()
    sealed = seal.locate(case, hashlib.sha256(LOG).hexdigest())
    sealed.chmod(0o600)
    sealed.write_bytes(LOG[:-2] + b"1\n")
    with pytest.raises(CustodyError, match="no longer what was sealed"):
        pipeline.ingest(case)


def test_what_slices_must_know_is_noted_as_they_are_written(case_of, tmp_path, monkeypatch):
    """Years turn within slices and between them."""
    line = b"%s 17 10:00:00 login01 sshd[7]: Connection closed by 10.0.0.1 port 7\n"
    log = b"".join(line % month for month in [b"Jan", b"May", b"Oct"] * 6)
    (tmp_path / "evidence" / "dated.psv").write_bytes(HEADER + ROWS[0])
    whole = case_of("whole", log)
    pipeline.ingest(whole)
    monkeypatch.setattr(stretches, "PART_BYTES", 500)
    monkeypatch.setattr(chunks, "BLOCK_BYTES", 250)
    monkeypatch.setattr(slicing, "note", None)
    cut = case_of("cut", log)
    pipeline.ingest(cut)
    assert len(list((cut / "tables" / "syslog").glob("*.parquet"))) > 2
    assert rows(cut, "event") == rows(whole, "event")
    years = {row["earliest_ns"] // YEAR_NS for row in rows(cut, "event") if row["format"] == "syslog"}
    assert len(years) == 6
    # Where it is noted no more, it is found in the records.
    (cut / "tables" / "ingest.json").unlink()
    monkeypatch.undo()
    pipeline.ingest(cut)
    assert rows(cut, "event") == rows(whole, "event")
