"""Audit trails read and told frame by frame: where frames, batches and parts are cut changes no event."""

from pathlib import Path

import pyarrow as pa
import pytest

from forensics import pipeline
from forensics.core import ids
from forensics.formats import auditd
from forensics.pipeline import frames, tell, torn
from forensics.store import moments, parquet

EVIDENCE = Path(__file__).parents[1] / "sample_logs" / "incidents" / "script_edit" / "evidence"
LINES = (EVIDENCE / "login01/var/log/audit/audit.log").read_bytes().splitlines(keepends=True)[:100]


def interleaved(lines):
    """Each block of lines dealt out, so that events lie among one another, far apart."""
    return [line for at in range(0, len(lines), 60) for n in range(4) for line in lines[at : at + 60][n::4]]


def ingested(case, logs, **how):
    evidence = case.parent / f"{case.name}-evidence" / "login01"
    evidence.mkdir(parents=True)
    for name, raw in logs.items():
        (evidence / name).write_bytes(raw)
    pipeline.create(case)
    pipeline.seal(case, [evidence.parent])
    pipeline.ingest(case, **how)
    return case


def events(case):
    return parquet.read(case / "tables", "event").to_pylist()


@pytest.fixture
def fine(monkeypatch):
    """Frames of a few lines, two of them a part, a few records a batch, hardly an edge."""
    monkeypatch.setattr(auditd, "FRAME_BYTES", 1500)
    monkeypatch.setattr(frames, "STRETCH_FRAMES", 2)
    monkeypatch.setattr(frames, "BATCH_ROWS", 3)
    monkeypatch.setattr(frames, "EDGE_ROWS", 1)
    monkeypatch.setattr(torn, "WINDOW_ROWS", 40)


LOGS = {
    "in order": {"audit.log": b"".join(LINES)},
    "interleaved": {"audit.log": b"".join(interleaved(LINES))},
    "a copy of a part": {"audit.log": b"".join(LINES[:70]), "audit.log.1": b"".join(LINES[40:60])},
    "a long line": {"audit.log": b"".join([*LINES[:20], b"x" * 9000 + b"\n", *LINES[20:60]])},
}


@pytest.mark.parametrize(("name", "many"), [*((name, 1000) for name in LOGS), ("interleaved", 0)])
def test_where_frames_are_cut_changes_no_event(name, many, tmp_path, request, monkeypatch):
    """`many`: of so many batches at one time all numbers are compared, not only those of neighbours."""
    whole = ingested(tmp_path / "whole", LOGS[name])
    request.getfixturevalue("fine")
    monkeypatch.setattr(torn, "_MANY", many)
    cut = ingested(tmp_path / "cut", LOGS[name])
    assert len(parquet.parts(cut / "tables", "auditd")) > 3
    assert events(cut) == events(whole)


def test_events_in_many_parts_are_in_order_and_each_is_there_once(tmp_path, monkeypatch):
    whole = ingested(tmp_path / "whole", LOGS["interleaved"])
    monkeypatch.setattr(tell, "PART_ROWS", 10)
    monkeypatch.setattr(moments, "_SECOND", 1_000_000)
    cut = ingested(tmp_path / "cut", LOGS["interleaved"])
    assert len(parquet.parts(cut / "tables", "event")) > 2
    assert events(cut) == events(whole)
    assert {ids.span_of(e["event_id"])[1] for e in events(cut)} == {e["start"] for e in events(whole)}


@pytest.mark.usefixtures("fine")
def test_what_was_read_is_told_again_of_its_records(tmp_path):
    """Later evidence has other parts read, and these told anew."""
    case = ingested(tmp_path / "case", LOGS["interleaved"])
    before = events(case)
    more = tmp_path / "more" / "passwd"
    more.parent.mkdir()
    more.write_bytes(b"kai:x:4101:4101::/home/kai:/bin/sh\n")
    pipeline.seal(case, [more.parent])
    pipeline.ingest(case)
    assert [e for e in events(case) if e["format"] == "auditd"] == before


@pytest.mark.usefixtures("fine")
def test_a_log_of_many_stretches_that_changed_is_noticed(tmp_path):
    case = ingested(tmp_path / "case", LOGS["in order"])
    log = tmp_path / "case-evidence" / "login01" / "audit.log"
    other = tmp_path / "other"
    pipeline.create(other)
    pipeline.seal(other, [log.parent.parent], reference=True)
    raw = log.read_bytes()
    log.write_bytes(raw[:-40] + b"9" + raw[-39:])
    with pytest.raises(pipeline.read.CustodyError, match="no longer what was sealed"):
        pipeline.ingest(other)
    assert not (other / "tables" / "ingest.json").exists()
    assert events(case)


@pytest.mark.parametrize("name", ["interleaved", "a copy of a part"])
def test_a_few_records_that_share_an_event_are_left_aside_and_told_together(name, tmp_path, monkeypatch):
    """Frames that end within events, many to a batch: all records are told singly, and what is left aside is taken out of that."""
    whole = ingested(tmp_path / "whole", LOGS[name])
    left, tells_of = [], frames._tells_of

    def seen(events, records, aside):
        left.append(int(aside.sum()))
        return tells_of(events, records, aside)

    monkeypatch.setattr(frames, "_tells_of", seen)
    monkeypatch.setattr(auditd, "FRAME_BYTES", 1500)
    monkeypatch.setattr(frames, "STRETCH_FRAMES", 40)
    cut = ingested(tmp_path / "cut", LOGS[name])
    assert sum(left) > 1
    assert events(cut) == events(whole)


def test_tables_joined_column_by_column_are_what_they_are_joined_at_once():
    tables = [auditd.parse(b"".join(LINES[a:b]), a).records for a, b in ((0, 30), (30, 31), (31, 90))]
    held = list(tables)
    joined = frames._joined(held)
    assert held == []
    assert joined.equals(pa.concat_tables(tables).combine_chunks(), check_metadata=True)
    assert all(column.num_chunks == 1 for column in joined.columns)
