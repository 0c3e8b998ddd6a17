"""What somebody sees who asks on a terminal, and what another program is given."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from typer.testing import CliRunner

from forensics.cli import columns, listing
from forensics.cli.app import app

HEADS = ["act", "because", "name"]
IDS = ["9ec306245f2d197b.737914.738097", "2ba6db180dcb9f31.536.618"]


@pytest.fixture
def wide(monkeypatch):
    """Sets how many cells a line of the terminal has."""
    return lambda cells: monkeypatch.setenv("COLUMNS", str(cells))


def test_values_of_a_list_stand_one_below_the_other(wide):
    wide(60)
    shown = list(columns.drawn(HEADS, [[["A1"], IDS, ["kai"]], [["A2"], ["[]"], ["lin"]]]))
    assert shown == [
        "act  because                         name",
        "A1   9ec306245f2d197b.737914.738097  kai",
        "     2ba6db180dcb9f31.536.618",
        "A2   []                              lin",
    ]


def test_a_long_value_is_broken_and_the_others_are_not(wide):
    wide(60)
    assert list(columns.drawn(HEADS, [[["A1"], ["f" * 64], ["kai"]]])) == [
        "act  because" + " " * 44 + "name",
        "A1   " + "f" * 49 + "  kai",
        "     " + "f" * 15,
    ]


def test_rows_that_do_not_fit_are_lists_of_names_and_values(wide):
    wide(40)
    assert list(columns.drawn(HEADS, [[["A1"], IDS, ["kai"]], [["A2"], ["[]"], ["-"]]])) == [
        "-- 1 of 2",
        "act      A1",
        "because  9ec306245f2d197b.737914.738097",
        "         2ba6db180dcb9f31.536.618",
        "name     kai",
        "-- 2 of 2",
        "act      A2",
        "because  []",
        "name     -",
    ]


def test_no_rows_are_their_heads(wide):
    wide(80)
    assert list(columns.drawn(HEADS, [])) == ["act  because  name"]


CELLS = st.lists(
    st.text(st.characters(exclude_categories=("C", "M", "Z")), max_size=30), min_size=1, max_size=3
)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=5), st.integers(1, 120))
def test_nothing_is_lost_nor_wider_than_the_terminal(rows, cells):
    """Whatever the width: in columns no line is wider, and in either form each value can be put together again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(cells))
        shown = list(columns.drawn(HEADS, rows))
    if rows and shown[0] == f"-- 1 of {len(rows)}":
        values = [line[9:] for line in shown if not line.startswith("-- ")]
        assert values == [text for row in rows for cell in row for text in cell]
    else:
        assert all(cell_len(line) <= max(cells, cell_len("  ".join(HEADS))) for line in shown)
        held = sorted("".join(shown[1:]).replace(" ", ""))
        assert held == sorted("".join(text for row in rows for cell in row for text in cell))


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        (None, ["-"]),
        ([], ["[]"]),
        (["a", 1, None], ["a", "1", "-"]),
        ([{"a": 1}], ['[{"a":1}]']),
        ("a\x1b[2Jb\nc", [listing.written("a\x1b[2Jb\nc")]),
        (["a\x1b[2J", "b\nc"], [listing.written("a\x1b[2J"), listing.written("b\nc")]),
    ],
)
def test_a_cell_holds_a_value_or_the_values_of_a_list(value, lines):
    assert listing.in_lines(value) == lines
    assert all(text.isprintable() for text in lines)


def on_a_terminal(cells, *words):
    """What the program prints on a terminal of so many cells a line."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, cells, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    with subprocess.Popen([sys.executable, "-m", "forensics", *words], stdout=its, env=kept) as ran:
        os.close(its)
        held = b""
        while True:
            try:
                more = os.read(ours, 1 << 16)
            except OSError:  # The other end of a terminal that nobody holds any more.
                break
            if not more:
                break
            held += more
    os.close(ours)
    assert ran.returncode == 0
    return held.decode().splitlines()


def test_a_terminal_gets_columns_and_a_pipe_gets_tabs():
    shown = on_a_terminal(60, "formats")
    piped = subprocess.run(
        [sys.executable, "-m", "forensics", "formats"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert "auditd" in {line.split("\t")[0] for line in piped}
    assert all("\t" in line for line in piped)
    assert not any("\t" in line for line in shown)
    heads = piped[0].split("\t")
    named = json.loads(CliRunner().invoke(app, ["formats", "--json"], catch_exceptions=False).stdout)
    assert [line.split()[1] for line in shown if line.startswith(f"{heads[0]}  ")] == [
        row[heads[0]] for row in named
    ]
