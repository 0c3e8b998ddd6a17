"""What is loaded, hashed and removed beside the work itself: it is done by the time it is needed, and changes nothing."""

import hashlib
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from test_frames import LINES, ingested

from forensics import formats, pipeline
from forensics.custody.seal import Sealed
from forensics.formats import auditd
from forensics.pipeline import ahead, frames, stamp, tell, torn, written
from forensics.store import parquet, spool

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_logs" / "formats"


def heads(name):
    return [path.read_bytes()[:65_536] for path in sorted((SAMPLES / name).iterdir())]


# A guess at what large files are


@pytest.mark.parametrize("name", formats.COMMON)
def test_a_file_of_a_common_format_is_guessed(name):
    """Of nearly all samples; what they are is for all formats to say."""
    guesses = [formats.likely(head, "x") for head in heads(name)]
    assert guesses.count(name) >= len(guesses) * 2 // 3
    assert set(guesses) <= {name, None}


def test_of_other_files_there_is_no_guess():
    assert {formats.likely(head, "x") for head in (*heads("passwd"), *heads("git_pack"), b"")} == {None}


LIKELY = """
import sys
from forensics import formats
print(formats.likely(open(sys.argv[1], "rb").read(65536), "x"))
print(*sorted(name.rpartition(".")[2] for name in sys.modules if name.startswith("forensics.formats.")))
"""


@pytest.mark.parametrize(("name", "loaded"), [("auditd", {"auditd"}), ("syslog", {"sacct", "syslog"})])
def test_a_guess_loads_few_formats(name, loaded):
    sample = next(path for path in sorted((SAMPLES / name).iterdir()) if formats.likely(path.read_bytes()[:65_536], "x"))  # fmt: skip
    done = subprocess.run([sys.executable, "-c", LIKELY, sample], capture_output=True, text=True, check=True)
    told, found = done.stdout.splitlines()
    assert told == name
    assert set(found.split()) == loaded


class _Asked:
    """Processes that note what they are asked to do."""

    def __init__(self):
        self.asked = []

    def submit(self, function, names):
        self.asked.append((function, names))


@pytest.fixture
def rows(tmp_path):
    """A sealed file of each of some formats, all of them said to be of a size."""
    case = tmp_path / "case"
    folder = tmp_path / "evidence"
    folder.mkdir()
    for name in ("auditd", "syslog", "passwd"):
        (folder / name).write_bytes(max(heads(name), key=len))
    pipeline.create(case)
    sealed = pipeline.seal(case, [folder])
    return case, lambda size: [Sealed(r.path, r.sha256, size, r.kind, r.link, r.held) for r in sealed]


@pytest.mark.parametrize(
    ("size", "many"), [(10**9, 3), (ahead.LARGE_BYTES, 1), (ahead.PART_BYTES // 3 + 1, 2)]
)
def test_every_process_loads_what_large_files_probably_are(rows, size, many):
    """As many processes as there may be parts, three at most."""
    case, of_size = rows
    local = _Asked()
    with ahead.loading(case, of_size(size), local, 3):
        pass
    assert [names for _, names in local.asked] == [["auditd", "syslog"]] * many


def test_a_large_file_that_is_gone_is_named_by_whoever_looks_at_all(rows):
    case, of_size = rows
    local, sealed = _Asked(), of_size(10**9)
    for row in sealed:
        (case / "sealed" / row.sha256[:2] / row.sha256).unlink()
    with ahead.loading(case, sealed, local, 3):
        assert not local.asked


@pytest.mark.parametrize("size", [ahead.LARGE_BYTES - 1, 0])
def test_for_small_files_no_process_is_started(rows, size):
    case, of_size = rows
    local = _Asked()
    with ahead.loading(case, of_size(size), local, 3):
        pass
    assert not local.asked
    with ahead.loading(case, of_size(ahead.LARGE_BYTES), None, 1):
        pass


def test_what_comes_after_is_loaded_when_the_last_task_was_handed_over(monkeypatch):
    said = []
    monkeypatch.setattr(ahead, "_load", lambda names: said.append(list(names)))
    tasks = ahead.meanwhile((said.append(n) or n for n in range(3)), ["auditd"])
    said.extend(-task for task in tasks)
    assert said == [0, 0, 1, -1, 2, -2, ["auditd"]]


# Tables hashed by several processes


def by_definition(tables, names):
    """Each part hashed by itself, whole."""
    found = {}
    for name in names:
        parts = sorted(path for path in (tables / name).glob("*.parquet") if not path.name.startswith("."))
        told = "".join(f"{hashlib.sha256(part.read_bytes()).hexdigest()}  {part.name}\n" for part in parts)
        if parts:
            found[name] = hashlib.sha256(told.encode()).hexdigest()
    return found


@pytest.fixture
def tables(tmp_path):
    for n, name in enumerate(["b", "a", "none", "c"]):
        folder = tmp_path / "tables" / name
        folder.mkdir(parents=True)
        for part in range(0 if name == "none" else 3 * n + 1):
            (folder / f"{part:06d}.parquet").write_bytes(bytes([n, part]) * (part * 40 + 1))
    return tmp_path / "tables"


class _Counted(ThreadPoolExecutor):
    """Others at work, counted."""

    asked = 0

    def submit(self, *what, **how):
        self.asked += 1
        return super().submit(*what, **how)


@pytest.mark.parametrize("at_a_time", [1, *range(100, 1500, 70), 10**6])
def test_parts_hashed_by_others_have_the_digests_that_they_have(tables, at_a_time, monkeypatch):
    monkeypatch.setattr(written, "HASHED_BYTES", at_a_time)
    names = ["a", "b", "c", "none", "absent"]
    with _Counted(2) as others:
        assert written.digests(tables, names, others) == by_definition(tables, names)
        assert written.digests(tables, names) == by_definition(tables, names)
        parts = [path.stat().st_size for path in tables.glob("*/*")]
        # Of fewer bytes than one process takes at a time, the others are not asked.
        assert others.asked == 0 if sum(parts) < at_a_time else others.asked > 1


# What telling left


def test_what_telling_left_is_gone_before_the_case_is_said_to_be_done(tmp_path, monkeypatch):
    """However long that takes: a case that is done is not looked at again."""
    seen, plain = [], tell.shutil.rmtree

    def slowly(path, **how):
        if Path(path).name == "past" and Path(path).exists():
            time.sleep(0.3)
        plain(path, **how)

    case = tmp_path / "case"
    put = stamp.put
    monkeypatch.setattr(tell.shutil, "rmtree", slowly)
    monkeypatch.setattr(
        stamp,
        "put",
        lambda *what: seen.append(sorted(path.name for path in (case / "work").iterdir())) or put(*what),
    )
    ingested(case, {"audit.log": b"".join(LINES)})
    assert seen == [["parts"]]


def test_events_lie_with_the_columns_that_are_asked_for_first_beside_them(tmp_path, monkeypatch):
    """Those of batches, those of which some were taken out, and those that were told again."""
    monkeypatch.setattr(auditd, "FRAME_BYTES", 1500)
    monkeypatch.setattr(frames, "STRETCH_FRAMES", 2)
    monkeypatch.setattr(frames, "BATCH_ROWS", 3)
    seen, mended = [], torn.mended

    def looked_at(*what, **how):
        folders = mended(*what, **how)
        for path in (folder / "event.arrow" for folder in folders if (folder / "event.arrow").exists()):
            beside = spool.read(path.with_suffix(".columns"))
            assert beside.equals(spool.read(path).select(list(frames.ASKED)))
            seen.append(path.parts[-4:-1])
        return folders

    monkeypatch.setattr(torn, "mended", looked_at)
    case = ingested(tmp_path / "case", {"audit.log": b"".join(LINES)})
    assert len(seen) > len(parquet.parts(case / "tables", "auditd"))
    assert any("auditd-again" in folders for folders in seen)
    assert json.loads((case / "tables" / "ingest.json").read_text())["tally"][0] == sum(map(len, LINES))


def test_rows_of_which_none_claims_anything_claim_nothing():
    """The same columns as where some do; and the half of Arrow that groups them is not loaded for it."""
    script = """
import sys
import pyarrow as pa
from forensics import readings
from forensics.pipeline import parts
reading, table = readings.registry()["sacct"], parts.record_table("sacct")
none = table.empty().select(list(reading.COLUMNS))
told = reading.claims(none)
print(len(told), "pyarrow.acero" in sys.modules, told.schema.equals(told.group_by(told.column_names).aggregate([]).schema))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "False", "True"]


def test_no_garbage_is_looked_for_while_modules_are_loaded():
    script = """
import gc
from forensics.core.loading import uncollected
# Python 3.12 has frozen a few hundred of its own by then.
print(gc.isenabled(), gc.get_freeze_count() < 10_000)
try:
    with uncollected():
        kept = [[] for _ in range(100_000)]
        print(gc.isenabled(), gc.get_count()[0] > 100_000)
        raise KeyError
except KeyError:
    print(gc.isenabled(), gc.get_freeze_count() > 100_000)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "False", "True", "True", "True"]
