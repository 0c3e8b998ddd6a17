"""Words that are understood without the library of the command line mean to it what they mean here."""

import os
import subprocess
import sys
from inspect import signature
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.main import get_command

from forensics.cli import ingest, investigate, plain, start, who
from forensics.cli.app import app

COMMANDS = {"ingest": ingest.ingest, "who": who.who}
PLAINLY = {
    "ingest": [
        ["case"],
        ["case", "--workers", "2"],
        ["--workers", "12", "a/case", "--json"],
        ["--json", "case", "--engine", "tcp://host:1"],
        ["s3://bucket/case"],
    ],
    "who": [["case", "--job", "11"], ["--job", "11_4.batch", "case", "--json"], ["--job", "a b", "case"]],
}
NOT_PLAIN = {
    "ingest": [
        [],
        ["--help"],
        ["-h", "case"],
        ["case", "other"],
        ["case", "--workers"],
        ["case", "--workers", "0"],
        ["case", "--workers", "-1"],
        ["case", "--workers", "two"],
        ["case", "--workers=2"],
        ["case", "--workers", "2", "--workers", "3"],
        ["case", "--json", "--json"],
        ["case", "--jso"],
        ["case", "--", "--json"],
        ["case", "--engine", ""],
        [""],
        ["file://other/case"],
    ],
    "who": [["case"], ["--job", "11"], ["case", "--job"], ["case", "--job", ""], ["case", "--job", "-1"]],
}
FRAGMENTS = [
    *(
        "case",
        "",
        "-",
        "--",
        "-h",
        "--help",
        "--json",
        "--no-json",
        "--job",
        "--workers",
        "--engine",
        "--wor",
    ),
    *("--workers=2", "--job=11", "0", "1", "2", "02", "2.0", "1_0", "+2", " 2", "\u0662", "-1", "99", "11_4"),
    *("tcp://host:1", "s3://bucket/case", "file:///case", "file://other/case", "a b", "\udcff", "1234567"),
]


def by_library(name, words):
    """The arguments as the library understands them; it exits or raises where it does not."""
    command = get_command(app).commands[name]
    return command.make_context(name, list(words)).params


@pytest.mark.parametrize(("name", "words"), [(name, words) for name in PLAINLY for words in PLAINLY[name]])
def test_plain_words_are_understood_as_the_library_does(name, words):
    found = plain.understood(words, COMMANDS[name])
    assert found is not None
    assert found == by_library(name, words)
    assert {n: type(value) for n, value in found.items()} == {
        n: type(value) for n, value in by_library(name, words).items()
    }


@pytest.mark.parametrize(
    ("name", "words"), [(name, words) for name in NOT_PLAIN for words in NOT_PLAIN[name]]
)
def test_all_else_is_left_to_the_library(name, words):
    assert plain.understood(words, COMMANDS[name]) is None


@given(st.sampled_from(sorted(COMMANDS)), st.lists(st.sampled_from(FRAGMENTS), max_size=5))
def test_no_words_mean_anything_else(name, words):
    found = plain.understood(words, COMMANDS[name])
    if found is not None:
        assert found == by_library(name, words)


def test_a_command_with_other_arguments_is_left_to_the_library(tmp_path):
    """What has a choice, a list or a path that must be there is converted by the library alone."""
    words = [str(tmp_path), "--case", "case", "--roster", "roster.toml"]
    assert plain.understood(words, investigate.investigate) is None
    assert set(COMMANDS) == plain.PLAIN
    assert all("case" in signature(COMMANDS[name]).parameters for name in plain.PLAIN)


CONVERTS = "pydantic"
LOADED = """
import sys
from forensics.cli import {module}, app
sys.argv = ["forensics", *sys.argv[1:]]
try:
    {module}.main()
except SystemExit as left:
    print(left.code, {converts!r} in sys.modules)
"""


@pytest.mark.parametrize(("words", "loads"), [(["ingest"], False), (["status"], True)])
def test_a_plain_command_loads_nothing_to_convert_values(tmp_path, words, loads):
    """It fails as any other does: there is no case."""
    script = LOADED.format(module="app", converts=CONVERTS)
    done = subprocess.run(
        [sys.executable, "-c", script, *words, tmp_path / "case"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"5 {loads}\n"
    assert done.stderr.startswith("forensics: ")


# Start and end


@pytest.mark.parametrize(
    ("words", "several"),
    [
        (["ingest", "case", "--workers", "2"], True),
        (["ingest", "--workers=16", "case"], True),
        (["investigate", "a", "--case", "c", "--workers", "4"], True),
        (["ingest", "case"], False),
        (["ingest", "case", "--workers", "1"], False),
        (["ingest", "case", "--workers"], False),
        (["ingest", "case", "--workers", "two"], False),
        (["status", "--workers", "2"], False),
        ([], False),
    ],
)
def test_others_are_begun_where_they_are_asked_for(words, several):
    assert start.several(words) is several


FIRST = """
import sys
from forensics.core import workers
workers.ahead = lambda: print("begun", "typer" in sys.modules, "pyarrow" in sys.modules)
from forensics.cli import start
sys.argv = ["forensics", "ingest", "--workers", "2", "--none"]
start.main()
"""


def test_others_are_begun_before_the_command_line_is_loaded():
    done = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "begun False False\n")


ENDS = """
import atexit, os, sys, threading, time
from forensics.cli import app, start
at_once = os._exit
def ended_at_once(status):
    os.write(1, b"at once")
    at_once(status)
os._exit = ended_at_once
atexit.register(print, "at the end")
def ended():
    sys.stdout.write("said, ")
    {left}
app.main = ended
start.main()
"""


@pytest.mark.parametrize(
    ("left", "status", "said"),
    [
        ("sys.exit(3)", 3, "said, at the end\nat once"),
        ("sys.exit()", 0, "said, at the end\nat once"),
        ("pass  # as where words are plain", 0, "said, at the end\nat once"),
        ("sys.exit('why')", 1, "said, at the end\n"),
        ("raise ValueError", 1, "said, at the end\n"),
        (
            "threading.Thread(target=lambda: (time.sleep(0.2), print('waited for'))).start(); sys.exit(4)",
            4,
            "said, waited for\nat the end\n",
        ),
    ],
)
def test_the_end_loses_nothing_that_was_said(left, status, said):
    """What is to be done at the end is done; but where there is nothing to wait for, objects are not freed one by one."""
    held = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [sys.executable, "-c", ENDS.format(left=left)], capture_output=True, text=True, check=False, env=held
    )
    assert (done.returncode, done.stdout) == (status, said)


def test_an_installed_command_is_not_run_again_by_other_processes(tmp_path):
    """They would load the command line, each of them, and need nothing of it."""
    script = tmp_path / "forensics"
    script.write_text(
        "import os, sys\n"
        f"open({str(tmp_path / 'runs')!r}, 'a').write(f'{{__name__}}\\n')\n"
        "from forensics.cli.start import main\n"
        "if __name__ == '__main__':\n    main()\n"
    )
    sample = Path(__file__).parents[1] / "sample_logs" / "formats" / "passwd"
    for words in (["init"], ["seal", sample], ["ingest", "--workers", "2"]):
        asked = [sys.executable, script, words[0], tmp_path / "case", *words[1:]]
        subprocess.run(asked, check=True, capture_output=True)
    assert (tmp_path / "runs").read_text().split() == ["__main__"] * 3
