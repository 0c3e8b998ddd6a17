"""One of everything that can be read, in one case: every stage meets what no staged incident holds."""

import json
import shutil
from pathlib import Path

import pytest
from drawn import EVERY

from forensics import formats, pipeline
from forensics.store import parquet

# One worker of pytest-xdist runs this file, so that the case is made once.
pytestmark = pytest.mark.xdist_group("everything")
SAMPLES = Path(__file__).parents[1] / "sample_logs" / "formats"


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """A case with the samples, under the folder of a host, analysed and reported.

    Of each format the largest that has to be recognised, and of the audit trail, on which acts rest, every one; `make test-all`
    takes all samples.
    """
    root = tmp_path_factory.mktemp("everything")
    for folder in sorted(SAMPLES.iterdir()):
        recognised = [s for s in folder.iterdir() if not s.stem.startswith(("damaged_", "not_", "laid_out_"))]
        whole = EVERY or folder.name == "auditd" or not recognised
        for sample in (
            folder.iterdir() if whole else [max(recognised, key=lambda s: (s.stat().st_size, s.name))]
        ):
            there = root / "collected" / "login01" / "var" / "log" / folder.name / sample.name
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(sample, there)
    pipeline.investigate(root / "case", [root / "collected"])
    return root / "case"


def test_every_format_is_read(case):
    read = set(parquet.read(case / "tables", "file", columns=["format"])["format"].to_pylist())
    assert set(formats.registry()) <= read


def test_every_byte_is_accounted_for(case):
    found = json.loads((case / "findings.json").read_text())
    total = found["accounting"]
    assert total["bytes"] == total["parsed"] + total["rejected"] + total["ignored"] > 0
    for row in parquet.read(case / "tables", "file").to_pylist():
        size = row["bytes"] if row["unpacked_bytes"] is None else row["unpacked_bytes"]
        assert size == row["parsed"] + row["rejected"] + row["ignored"], row["path"]


def test_nobody_is_named_without_a_roster(case):
    found = json.loads((case / "findings.json").read_text())
    assert found["acts"]
    assert {a["person"]["verdict"] for a in found["acts"]} == {"not_attempted"}


def test_the_report_is_written(case):
    assert (case / "report.pdf").read_bytes().startswith(b"%PDF-")
