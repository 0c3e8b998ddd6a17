"""Settings are of the section above them in their own file, recordings end with their own file: however many are told at a time."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from test_telling_in_slices import files_of, sealed

from forensics.core import hostevents
from forensics.readings import git_config, typescript

FIRST = b'[core]\n\tbare = true\n[remote "origin"]\n\turl = a\n\tfetch = b\n'
SECOND = b"\tpager = less\n[alias]\n\tx = !y\n"


def test_a_section_ends_with_its_file():
    tables, rows = zip(
        sealed("git_config", FIRST, "login01/home/mei/.gitconfig"),
        sealed("git_config", SECOND, "login01/home/kai/.gitconfig"),
        strict=True,
    )
    records = pa.concat_tables(tables).sort_by([("sha256", "ascending"), ("start", "ascending")])
    told = git_config.read(records, files_of(*rows), zone="UTC", anchor_ns=None)["event"]
    mei = told.filter(pc.equal(told["sha256"], rows[0]["sha256"]))["object"].to_pylist()
    kai = told.filter(pc.equal(told["sha256"], rows[1]["sha256"]))["object"].to_pylist()
    assert mei == ["core", "core.bare", "remote.origin", "remote.origin.url", "remote.origin.fetch"]
    assert kai == ["pager", "alias", "alias.x"]


@pytest.mark.parametrize("size", [10, 100_000])
def test_a_long_section_is_held_at_length_by_no_setting(size):
    """Its name decides still whether git runs what a setting names."""
    data = b'[filter "' + b"x" * size + b'"]\n' + b"\tclean = y\n" * 3
    records, row = sealed("git_config", data, "login01/home/mei/.gitconfig")
    told = git_config.read(records, files_of(row), zone="UTC", anchor_ns=None)["event"].to_pylist()
    full = "filter." + "x" * size + ".clean"
    assert [event["object"] for event in told[1:]] == [full[: hostevents.LONGEST_TEXT]] * 3
    assert told[1]["text"] == "= y (git runs what this names)"


def test_few_lines_say_when_a_recording_was():
    data = b'Script started on 2026-11-23 10:00:00+01:00 [TERM="x"]\n' * 300 + b"a\n" * 300
    records, _ = sealed("typescript", data, "login01/home/mei/typescript")
    noted = typescript.noted(records)
    assert noted["start"].to_pylist() == [records["start"][n].as_py() for n in (0, 599)]
    assert noted["kind"].to_pylist()[0] == "started"
