"""A folder with one of each format, read as any evidence is: what `status` says of it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from forensics import formats, pipeline
from forensics.cli.app import app

FOLDER = Path(__file__).parents[1] / "sample_logs" / "formats"
UNREADABLE = ("damaged_", "not_", "torn_")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    place = tmp_path_factory.mktemp("every")
    for name in formats.registry():
        sample = next(
            p for p in sorted((FOLDER / name).iterdir()) if p.is_file() and not p.name.startswith(UNREADABLE)
        )
        (place / "evidence" / name).mkdir(parents=True)
        (place / "evidence" / name / sample.name).write_bytes(sample.read_bytes())
    pipeline.create(place / "case")
    pipeline.seal(place / "case", [place / "evidence"])
    pipeline.ingest(place / "case")
    answered = CliRunner().invoke(app, ["status", str(place / "case"), "--json"])
    assert answered.exit_code == 0, answered.output
    return json.loads(answered.stdout)


def test_each_format_is_known_among_all_others(told):
    assert {f["path"].split("/")[0]: f["format"] for f in told["files"] if f["kind"] == "file"} == {
        name: name for name in formats.registry()
    }


def test_every_byte_is_accounted_for_file_by_file_and_in_all(told):
    parts = ("parsed", "rejected", "ignored")
    for file in told["files"]:
        size = file["bytes"] if file["unpacked_bytes"] is None else file["unpacked_bytes"]
        assert sum(file[part] for part in parts) == size, file
    assert {part: sum(f[part] for f in told["files"]) for part in parts} == {p: told[p] for p in parts}
    assert told["bytes"] == sum(f["bytes"] for f in told["files"])


def test_what_could_not_be_read_is_told_by_format_and_reason(told):
    rejected = {f["format"] for f in told["files"] if f["rejected"]}
    assert rejected
    assert {r["format"] for r in told["rejects"]} == rejected
    assert all(r["why"] and r["spans"] > 0 for r in told["rejects"])


def test_what_was_read_became_events(told):
    read = {f["format"] for f in told["files"] if f["parsed"]}
    assert {r["format"] for r in told["coverage"]} == read
    assert len(read) > len(formats.registry()) * 9 // 10
