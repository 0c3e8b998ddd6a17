"""Records that are told as they are read tell what they tell when they are read back, whatever lies in which piece."""

from types import SimpleNamespace

import pytest
from drawn import EVERY
from test_telling_in_slices import SYSLOG

from forensics import pipeline
from forensics.pipeline import fresh, parts, stamp, stretches, tell
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
    (other / "tables" / stamp.STAMP).unlink()
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


LINE = "{} 17 10:00:0{} login01 sshd[7]: Connection closed by 10.0.0.1 port 7\n"
IN_ONE_YEAR = "".join(LINE.format(month, n) for month in ("Sep", "Oct", "Nov") for n in range(6))
IN_SIX = "".join(LINE.format(month, n) for n in range(6) for month in ("Jan", "May", "Oct"))
LOGS = {"in one year": IN_ONE_YEAR, "in six": IN_SIX, "and what the kernel printed": SYSLOG}


@pytest.fixture
def host_of(tmp_path):
    """Makes a case with a host's log, with one that differs by a line, and with something that is dated in a year."""

    def made(name, log, year):
        folder = tmp_path / f"{name}-evidence" / "login01" / "var" / "log"
        folder.mkdir(parents=True)
        (folder / "messages").write_text(log)
        (folder / "auth.log").write_text(log + LINE.format("Nov", 9))
        (folder / "dated.psv").write_text(
            HEADER + f"7|kai|{DONE}|{year}-11-23T15:11:00|{year}-11-23T15:12:00|{year}-11-23T16:00:00\n"
        )
        pipeline.create(tmp_path / name)
        pipeline.seal(tmp_path / name, [tmp_path / f"{name}-evidence"])
        return tmp_path / name

    return made


def events(case):
    return parquet.read(case / "tables", "event").to_pylist()


@pytest.mark.parametrize(
    ("log", "size"),
    [(log, size) for log in LOGS for size in (1, 3)] if EVERY else [*zip(LOGS, (3, 1, 3), strict=True)],
)
def test_a_log_without_years_is_told_as_it_is_read(log, size, host_of, tasks, monkeypatch):
    """Only pieces of which others say that they are of another year, or that have lines of audit events in common, are told again."""
    whole, cut = host_of("whole", LOGS[log], 2026), host_of("cut", LOGS[log], 2026)
    pipeline.ingest(whole)
    # Both files hold the lines of one audit event there.
    assert len(tasks) == 2 * (LOGS[log] is SYSLOG)
    tasks.clear()
    monkeypatch.setattr(parquet, "GROUP_ROWS", size)
    pipeline.ingest(cut)
    assert events(cut) == events(whole)
    assert bool(tasks) == (log != "in one year")
    assert all(task.sha256 for task in tasks)
    assert len(tasks) < 2 * len(LOGS[log].splitlines()) // size


@pytest.mark.parametrize("moved", [False, True])
def test_what_was_told_for_another_year_is_not_used(moved, host_of, tasks, monkeypatch):
    """Where a run was broken off, what it told is used; but told again where the other evidence lies elsewhere in time now."""
    case, later = host_of("case", IN_ONE_YEAR, 2026 if moved else 2024), host_of("later", IN_ONE_YEAR, 2024)
    pipeline.ingest(case)

    def broken(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tell, "events", broken)
        with pytest.raises(KeyboardInterrupt):
            pipeline.ingest(later)
    monkeypatch.setattr(parts, "parse", broken)
    if moved:
        monkeypatch.setattr(tell, "anchor", lambda *_: 1_795_446_697 * 10**9)
    pipeline.ingest(later)
    assert bool(tasks) == moved
    told, known = ([r for r in events(one) if r["format"] == "syslog"] for one in (later, case))
    assert told == known
    year = {row["earliest_ns"] // (31_556_952 * 10**9) + 1970 for row in told}
    assert year == {2026 if moved else 2024}


def test_lines_of_files_that_lie_in_two_parts_are_told_apart(host_of, monkeypatch):
    monkeypatch.setattr(stretches, "PART_BYTES", 1_200)
    whole, cut = host_of("whole", SYSLOG, 2026), host_of("cut", SYSLOG, 2026)
    pipeline.ingest(whole)
    assert len(parquet.parts(whole / "tables", "syslog")) == 2
    monkeypatch.setattr(parquet, "GROUP_ROWS", 1)
    pipeline.ingest(cut)
    assert events(cut) == events(whole)
