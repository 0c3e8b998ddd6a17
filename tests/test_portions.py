"""A chunk of very many lines is read some lines at a time: of blank lines a chunk took gigabytes. What is written does not show it."""

import hashlib

import pytest
from test_stretches import LOG, case_of, rows, short, written  # noqa: F401 - a fixture

from forensics import pipeline
from forensics.custody import chunks
from forensics.formats import sacct, yum_log
from forensics.pipeline import parts

BLANK = b"\n" * 500


def task_of(folder, form, data, *, head=b"", base=0):
    path = folder / "f"
    path.write_bytes(b"-" * base + data)
    sha256 = hashlib.sha256(data).hexdigest()
    chunk = chunks.Chunk(base, base + len(data), sha256, readable=True, head=head)
    return parts.Task("p", form, sha256, path, chunk, None)


@pytest.mark.parametrize("form", [sacct, yum_log])
@pytest.mark.parametrize(
    "data", [LOG + BLANK, BLANK + LOG, LOG + BLANK + b"torn", BLANK[:14], b"x" * 90, b"x\n" * 7, b"x\n" * 8]
)
def test_no_more_lines_are_held_than_may_be(form, data, tmp_path, monkeypatch):
    """Each line is read once, in order; what portions hold is what the chunk holds."""
    name = form.__name__.rpartition(".")[2]
    task = task_of(tmp_path, name, data)
    whole = parts.parse(task)
    seen = []
    how = "lightly" if hasattr(form, "lightly") else "parse"
    read = getattr(form, how)
    monkeypatch.setattr(form, how, lambda own, base: seen.append(own) or read(own, base))
    monkeypatch.setattr(parts, "MOST_LINES", 7)
    found = list(parts.portions(task))
    head = data[: data.index(b"\n") + 1] if form is sacct and b"\n" in data else b""
    own = [seen[0], *(each.removeprefix(head) for each in seen[1:])]
    assert b"".join(own) == data
    assert max(each.count(b"\n") for each in own) <= 7
    assert [row for each in found for row in each.records.to_pylist()] == whole.records.to_pylist()
    assert [row for each in found for row in each.rejects.to_pylist()] == whole.rejects.to_pylist()
    tally = found[0].tally
    for each in found[1:]:
        tally = tally.plus(each.tally)
    assert tally == whole.tally


def test_a_portion_is_read_under_the_head_of_its_file(tmp_path, monkeypatch):
    head, own = LOG[: LOG.index(b"\n") + 1], LOG[LOG.index(b"\n") + 1 :]
    task = task_of(tmp_path, "sacct", own, head=head, base=len(head))
    whole = parts.parse(task).records.to_pylist()
    assert len(whole) > 100
    monkeypatch.setattr(parts, "MOST_LINES", 7)
    assert [row for each in parts.portions(task) for row in each.records.to_pylist()] == whole


def test_what_is_written_shows_no_portions(case_of, monkeypatch):  # noqa: F811 - the fixture
    whole = case_of("whole", LOG + BLANK)
    tally = pipeline.ingest(whole)
    monkeypatch.setattr(parts, "MOST_LINES", 7)
    cut = case_of("cut", LOG + BLANK)
    assert pipeline.ingest(cut) == tally
    assert written(cut) == written(whole)
    short(monkeypatch)
    stretched = case_of("stretched", LOG + BLANK)
    assert pipeline.ingest(stretched) == tally
    for table in ("sacct", "reject", "event", "job_record"):
        assert rows(stretched, table) == rows(whole, table)
