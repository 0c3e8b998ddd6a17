"""A log beside its packed copy: told once, citing both; what is a second fact stays one."""

import gzip
import lzma
from collections import Counter
from pathlib import Path

import pytest

from forensics import pipeline, readings
from forensics.pipeline import hand_over
from forensics.store import parquet

SAMPLES = Path(__file__).parents[1] / "sample_logs" / "formats"
LOG = (SAMPLES / "syslog" / "ssh_session.log").read_bytes()
SACCT = next(path for path in sorted((SAMPLES / "sacct").iterdir()) if path.name.startswith("s")).read_bytes()


def read(tmp_path, contents, workers=1):
    for path, data in contents.items():
        (tmp_path / "evidence" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "evidence" / path).write_bytes(data)
    case = tmp_path / "case"
    pipeline.create(case)
    pipeline.seal(case, [tmp_path / "evidence"])
    pipeline.ingest(case, workers=workers)
    return case


def rows(case, name):
    return parquet.read(case / "tables", name).to_pylist()


def bare(case):
    """Events without what says where they were read."""
    own = {"event_id", "sha256", "citations", "start", "stop"}
    return [{k: v for k, v in row.items() if k not in own} for row in rows(case, "event")]


def test_a_packed_copy_is_told_once_and_cited(tmp_path):
    lone = read(tmp_path / "lone", {"login01/var/log/auth.log.1": LOG})
    packed = {".gz": gzip.compress(LOG, mtime=0), ".xz": lzma.compress(LOG)}
    case = read(
        tmp_path / "both",
        {"login01/var/log/auth.log.1": LOG}
        | {f"login01/var/log/auth.log.1{s}": d for s, d in packed.items()},
    )
    assert bare(case) == bare(lone)
    sealed = {row["sha256"]: row for row in rows(case, "file")}
    assert len(rows(case, "syslog")) == 3 * len(rows(lone, "syslog")), "records are of every file"
    plain = rows(lone, "event")[0]["sha256"]
    for event in rows(case, "event"):
        assert event["sha256"] == plain
        by_file = Counter(c["sha256"] for c in event["citations"])
        assert set(by_file) == set(sealed)
        assert len(set(by_file.values())) == 1
        assert {(c["start"], c["stop"]) for c in event["citations"] if c["sha256"] != plain} == {
            (c["start"], c["stop"]) for c in event["citations"] if c["sha256"] == plain
        }
        spans = hand_over.cite(case, event["event_id"])
        assert len({span["raw"] for span in spans}) == len(spans) / 3
        assert all(span["ok"] for span in spans)


def test_two_packed_copies_are_told_of_the_first(tmp_path):
    packed = [gzip.compress(LOG, 1, mtime=0), gzip.compress(LOG, 9, mtime=1)]
    case = read(tmp_path, {f"login01/var/log/{n}.gz": data for n, data in enumerate(packed)}, workers=2)
    first = min(row["sha256"] for row in rows(case, "file"))
    assert {row["sha256"] for row in rows(case, "event")} == {first}
    assert len(rows(case, "event")) == len(bare(read(tmp_path / "lone", {"login01/var/log/auth.log": LOG})))


def test_jobs_are_not_doubled(tmp_path):
    lone = read(tmp_path / "lone", {"slurm/sacct.psv": SACCT})
    case = read(
        tmp_path / "both", {"slurm/sacct.psv": SACCT, "slurm/sacct.psv.gz": gzip.compress(SACCT, mtime=0)}
    )
    assert rows(case, "job_record") == rows(lone, "job_record")
    assert bare(case) == bare(lone)


@pytest.mark.parametrize(
    "contents",
    [
        {"gpu01/var/log/auth.log.gz": gzip.compress(LOG, mtime=0)},  # another host's
        {"login01/var/log/auth.log.gz": gzip.compress(LOG, mtime=0)[:-9]},  # damaged
        {
            "login01/var/log/auth.log.gz": gzip.compress(LOG.replace(b"3077", b"3078"), mtime=0)
        },  # of equal size
    ],
)
def test_what_is_another_fact_stays(tmp_path, contents):
    case = read(tmp_path, {"login01/var/log/auth.log": LOG} | contents)
    assert len({row["sha256"] for row in rows(case, "event")}) == 2
    assert all(len({c["sha256"] for c in row["citations"]}) == 1 for row in rows(case, "event"))


def test_a_place_that_matters_keeps_its_copy(tmp_path):
    passwd = b"kai:x:4101:4101::/home/kai:/bin/bash\nmei:x:4102:4102::/home/mei:/bin/bash\n"
    case = read(
        tmp_path, {"login01/etc/passwd": passwd, "login01/etc/passwd.gz": gzip.compress(passwd, mtime=0)}
    )
    assert len(rows(case, "event")) == 4


def test_only_logs_are_told_once():
    """A reading that tells a file at each of its places cannot say that its place says nothing."""
    folder = Path(readings.__file__).parent
    for name, reading in readings.registry().items():
        source = (folder / f"{name}.py").read_text()
        placed = "every_path=True" in source or "hoststates" in source or hasattr(reading, "SLICED_BY")
        assert not (getattr(reading, "ONCE", False) and placed), name
