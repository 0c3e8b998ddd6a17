"""Ingest killed outright, at several points, with packed files and several workers: the next run gives the same bytes."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from drawn import some
from packings import PACK

from forensics import pipeline
from forensics.custody import ledger

EVIDENCE = Path(__file__).parents[1] / "sample_logs" / "incidents" / "script_edit" / "evidence"
LONGEST_WAIT_S = 120
INGEST = """
import pathlib, sys
from forensics import pipeline
if __name__ == "__main__":
    pipeline.ingest(pathlib.Path(sys.argv[1]), workers=2, block_bytes=4000)
"""

POINTS = {
    "as it begins": "work/parts",
    "within a part": "tables/*/.*.partial",
    "after some parts": "work/parts/*.json",
    "within a reading": "work/told/.*",
    "after some readings": "work/told/[!.]*",
    "as events are sorted": "tables/event/.0.*.partial",
    "before the stamp": "tables/event/0.parquet",
}


def sealed(case):
    """Logs plain and packed, so that every way of reading is met."""
    logs = case.parent / "evidence"
    logs.mkdir()
    audit = (EVIDENCE / "login01/var/log/audit/audit.log").read_bytes().splitlines(keepends=True)[:1200]
    (logs / "audit.log").write_bytes(b"".join(audit[800:]))
    (logs / "audit.log.1.gz").write_bytes(PACK["gzip"](b"".join(audit[400:800])))
    (logs / "audit.log.2.xz").write_bytes(PACK["xz"](b"".join(audit[:400]))[:-20])
    for path in ("login01/var/log/auth.log", "git/gitolite/logs/gitolite-2026-11.log"):
        log = EVIDENCE / path
        (logs / f"{log.name}.zst").write_bytes(PACK["zstd"](log.read_bytes()))
    pipeline.create(case)
    pipeline.seal(case, [logs])
    return case


def written(case):
    tables = case / "tables"
    return {p.relative_to(tables).as_posix(): p.read_bytes() for p in tables.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    case = sealed(tmp_path_factory.mktemp("clean") / "case")
    pipeline.ingest(case)
    return written(case)


@pytest.mark.parametrize("point", some(POINTS, 4))
def test_a_run_killed_at_any_point_is_finished_by_the_next(point, clean, tmp_path):
    case = sealed(tmp_path / "case")
    script = tmp_path / "ingest.py"
    script.write_text(INGEST)
    end = time.monotonic() + LONGEST_WAIT_S
    root = str(EVIDENCE.parents[3])
    with subprocess.Popen(
        [sys.executable, str(script), str(case)], env={"PYTHONPATH": root}, stderr=subprocess.PIPE
    ) as run:
        # Until the program is loaded there is no point to look for, and looking takes longer than waiting.
        for there in ((case / "work").exists, lambda: any(case.glob(POINTS[point]))):
            while not there() and run.poll() is None and time.monotonic() < end:
                time.sleep(0.001)
        run.send_signal(signal.SIGKILL)
        assert run.stderr is not None
    # On a slow machine a point can go by unseen; then the run was done, and the rest holds as well.
    assert run.returncode in {-signal.SIGKILL, 0}
    pipeline.ingest(case)
    assert written(case) == clean
    entries = ledger.check(case / "ledger.jsonl")
    assert [e["act"] for e in entries].count("ingest") == 1
    assert not (case / "work" / "told").exists()
