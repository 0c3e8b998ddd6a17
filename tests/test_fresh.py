"""Records that are told as they are read tell what they tell when they are read back, whatever lies in which piece."""

from types import SimpleNamespace

import pytest

from forensics import pipeline
from forensics.pipeline import fresh, parts, read, tell
from forensics.store import footers, parquet

HEADER = "JobID|User|State|Submit|Start|End\n"
ASKED, DONE = "CANCELLED by 4101", "COMPLETED"
NEAR = [(f"{n}{step}", ASKED if n % 2 else DONE) for n in range(1, 9) for step in ("", ".batch", ".0")]
FAR = [*((f"{n}", ASKED) for n in range(1, 9)), *((f"{n}.{s}", ASKED) for s in "01" for n in range(3, 15))]
TABLES = ("sacct", "reject", "event", "job_record")


def log(rows):
    said = (f"{job}|kai|{state}|2026-11-23T15:11:{n:02d}|2026-11-23T15:12:00|2026-11-23T16:{n:02d}:00\n" for n, (job, state) in enumerate(rows))  # fmt: skip
    return HEADER + "".join(said)


@pytest.fixture
def case_of(tmp_path):
    """Makes a case with two files of the same jobs, so that what is claimed of one is not taken for the other's."""

    def made(name, rows):
        folder = tmp_path / f"{name}-evidence"
        folder.mkdir()
        (folder / "one.psv").write_text(log(rows))
        (folder / "other.psv").write_text(
            log([(job, DONE if "." not in job else said) for job, said in rows])
        )
        pipeline.create(tmp_path / name)
        pipeline.seal(tmp_path / name, [folder])
        return tmp_path / name

    return made


def held(case):
    return {name: parquet.read(case / "tables", name).to_pylist() for name in TABLES}


def written(case):
    return {p.relative_to(case).as_posix(): p.read_bytes() for p in (case / "tables").rglob("*.parquet")}


@pytest.fixture
def tasks(monkeypatch):
    """What was told of records that were read back."""
    seen, plain = [], tell.tell
    monkeypatch.setattr(tell, "tell", lambda task: seen.append(task.records) or plain(task))
    return seen


@pytest.mark.parametrize(
    ("rows", "size", "most"),
    [(NEAR, 3, fresh.MOST_OPEN), (NEAR, 4, fresh.MOST_OPEN), (FAR, 4, fresh.MOST_OPEN), (FAR, 4, 0)],
    ids=["in one piece", "near", "far", "far, by the database"],
)
def test_pieces_tell_what_all_records_tell(rows, size, most, case_of, tasks, monkeypatch):
    whole = case_of("whole", rows)
    pipeline.ingest(whole)
    assert not tasks
    monkeypatch.setattr(parquet, "GROUP_ROWS", size)
    monkeypatch.setattr(fresh, "MOST_OPEN", most)
    cut = case_of("cut", rows)
    pipeline.ingest(cut)
    assert held(cut) == held(whole)
    # Where each job lies in one piece with its steps nothing is told twice; elsewhere that of some pieces is.
    assert bool(tasks) == (rows is FAR or size != 3)
    assert all(task.sha256 for task in tasks)
    assert len(tasks) < 2 * len(rows) // size


def test_a_run_that_ended_before_telling_was_done_goes_on_with_what_was_told(case_of, tasks, monkeypatch):
    plain, other = case_of("plain", FAR), case_of("other", FAR)
    pipeline.ingest(plain)

    def broken(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fresh, "told", broken)
        with pytest.raises(KeyboardInterrupt):
            pipeline.ingest(other)
    monkeypatch.setattr(parts, "parse", broken)
    pipeline.ingest(other)
    assert written(other) == written(plain)
    assert not tasks
    # Without what was told all of it is told again, of the records.
    (other / "tables" / read.STAMP).unlink()
    pipeline.ingest(other)
    assert written(other) == written(plain)
    assert tasks


def test_a_run_that_ended_while_what_was_told_was_removed_is_done_again(case_of, monkeypatch):
    plain, other = case_of("plain", NEAR), case_of("other", NEAR)
    pipeline.ingest(plain)

    def removed_in_part(path, **_):
        for told in path.rglob("event.arrow"):
            told.unlink()

    def broken(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tell, "shutil", SimpleNamespace(rmtree=removed_in_part))
        patch.setattr(footers, "note", broken)
        with pytest.raises(KeyboardInterrupt):
            pipeline.ingest(other)
    pipeline.ingest(other)
    assert written(other) == written(plain)
    assert sorted(path.name for path in (other / "work").iterdir()) == ["parts"]
