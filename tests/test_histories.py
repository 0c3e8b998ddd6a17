"""Histories of other shells: each is decoded to the very bytes that were typed, and names no more than its home."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from collected import rows, told
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.core import rowwise
from forensics.formats import (
    bash_history,
    fish_history,
    history_listing,
    python_history,
    recognise,
    zsh_history,
)

S = 1_795_446_707
UPSTREAM = Path(__file__).parents[2] / "shared" / "samples"
FEW = settings(max_examples=60, deadline=None)
TYPED = st.binary(min_size=1, max_size=30).map(lambda raw: raw.replace(b"\r", b" ").strip(b"\n")).filter(bool)


def metafied(raw):
    """As zsh writes a command: the oracle, from its description in zsh's own source comments."""
    out = bytearray()
    for byte in raw:
        special = byte in {0, 0x83} or 0x84 <= byte <= 0xA2
        out += bytes([0x83, byte ^ 0x20]) if special else bytes([byte])
    return bytes(out)


def written_by_zsh(raw):
    written = metafied(raw.replace(b"\n", b"\\\n"))
    return written + b" " if written.rstrip(b" ").endswith(b"\\") else written


@FEW
@given(st.lists(st.tuples(st.integers(0, 10**11 - 1), TYPED), min_size=1, max_size=4))
def test_what_zsh_writes_is_what_was_typed(typed):
    data = b"".join(b": %d:7;%s\n" % (at, written_by_zsh(raw)) for at, raw in typed)
    got = [(r["epoch_s"], r["elapsed_s"], r["command"]) for r in rows("zsh_history", data)]
    # A backslash before a newline that was typed looks like one that zsh put there.
    if not any(b"\\\n" in raw for _, raw in typed):
        assert got == [(at, 7, rowwise.shown(raw)) for at, raw in typed]


@pytest.mark.parametrize(
    "typed",
    [
        "ls -la",
        "a\nb\n\nc",
        "echo a\\\\",
        "echo a\\\\  ",
        ": 1795440000:0;scancel 11",
        "grüße 日本",
        "tab\there",
    ],
)
def test_agrees_with_a_zsh_on_this_machine(typed, tmp_path):
    if shutil.which("zsh") is None:
        pytest.skip("no zsh on this machine")
    for options in ("", "setopt EXTENDED_HISTORY"):
        script = tmp_path / "script.zsh"
        script.write_text(f"{options}\nHISTFILE=kept HISTSIZE=9 SAVEHIST=9\nprint -rs -- $1\nfc -W\n")
        # Interactive, because no other zsh keeps a history.
        subprocess.run(
            ["zsh", "-f", "-i", "script.zsh", typed], check=True, cwd=tmp_path, capture_output=True
        )
        (row,) = rows("zsh_history", (tmp_path / "kept").read_bytes())
        assert row["command"] == typed
        assert (row["epoch_s"] is None) == (options == "")
        (tmp_path / "kept").unlink()


@pytest.mark.parametrize(
    ("name", "data", "below"),
    [
        ("zsh_history", f": {S}:0;scancel 11\n".encode(), ".zsh_history"),
        ("fish_history", f"- cmd: scancel 11\n  when: {S}\n".encode(), ".local/share/fish/fish_history"),
        ("python_history", b"scancel 11\n", ".python_history"),
    ],
)
def test_the_account_is_that_of_the_home_and_nobody_is_elsewhere(name, data, below):
    places = {"home/kai": "kai", "root": "root", "scratch/kai": None, "home/kai/mei": None}
    for place, account in places.items():
        (e,) = told(name, data, f"login01/{place}/{below}")
        assert (e["account"], e["host"], e["text"]) == (account, "login01", "scancel 11")
        assert (e["effective"], e["domain"]) == (None, "login01:user")
        assert e["verb"] == ("other" if name == "python_history" else "command")
        timed = (S * 10**9, (S + 1) * 10**9 - 1, f"login01:{name}")
        assert (e["earliest_ns"], e["latest_ns"], e["clock"]) == (
            (None, None, None) if name == "python_history" else timed
        )


def test_a_plain_zsh_history_has_no_times_and_no_escape():
    got = told("zsh_history", b"ls\n\\: 1795440000:0;x\n", "login01/home/kai/.zsh_history")
    assert [(e["text"], e["earliest_ns"]) for e in got] == [("ls", None), (": 1795440000:0;x", None)]


@FEW
@given(st.lists(st.tuples(st.integers(0, 10**11 - 1), TYPED), min_size=1, max_size=4))
def test_what_fish_writes_is_what_was_typed(typed):
    escaped = [(at, raw.replace(b"\\", b"\\\\").replace(b"\n", b"\\n")) for at, raw in typed]
    data = b"".join(b"- cmd: %s\n  when: %d\n" % (raw, at) for at, raw in escaped)
    got = [(r["epoch_s"], r["command"]) for r in rows("fish_history", data)]
    assert got == [(at, rowwise.shown(raw)) for at, raw in typed]


def test_a_typed_entry_is_no_entry():
    data = b"- cmd: echo '- cmd: scancel 11\\n  when: 5'\n  when: 1795446707\n"
    (row,) = rows("fish_history", data)
    assert row["epoch_s"] == S
    zsh = b": 1795446707:0;cat <<E\\\n: 1795440000:0;scancel 11\\\nE\n"
    assert [r["epoch_s"] for r in rows("zsh_history", zsh)] == [S]
    listing = b"    1  cat <<E\n    9  scancel 11\nE\n    2  ls\n"
    assert [r["number"] for r in rows("history_listing", listing)] == [1, 2]


def test_known_by_content_or_only_just_by_name():
    home = "login01/home/kai/"
    assert recognise(f": {S}:0;ls\n: {S}:0;ls\n".encode(), home + "x") == "zsh_history"
    assert recognise(b"ls\n", home + ".zsh_history") == "zsh_history"
    assert recognise(b"ls\n", home + ".bash_history") == "bash_history"
    assert recognise(b"ls\n", home + ".python_history") == "python_history"
    assert recognise(b"ls\n", home + "notes.txt") is None
    assert recognise(b"- cmd: ls\n  when: 1\n", home + "x") == "fish_history"
    assert recognise(f"#{S}\nls\n: {S}:0;x\n".encode(), home + ".bash_history") == "bash_history"
    assert python_history.recognise(b"_HiStOrY_V2_\nls\n", home + ".editline_history") == 0
    assert zsh_history.recognise(b"\0\1\2\3", home + ".zsh_history") <= 10
    assert fish_history.recognise(b"cmd: ls\nwhen: 1\n", home + "fish_history") == 0
    assert history_listing.recognise(b"    1  0 -1 30\n    2  5 -1 30\n", "x") == 0
    assert recognise(b"x = 1\n", "forensics/formats/zsh_history.py") is None
    assert history_listing.recognise(b"   12 kai\n    3 lin\n", "x") == 0
    assert bash_history.recognise(b"    1  ls\n    2  pwd\n", "x") == 0


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        (rb"a\040b", "a b"),
        (rb"a\\040b", r"a\040b"),
        (rb"\^I\^?", "\t\x7f"),
        (rb"\M-C\M-<", "ü"),
        (rb"\q", r"\q"),
    ],
)
def test_libedit_is_decoded(written, typed):
    (row,) = rows("python_history", b"_HiStOrY_V2_\n" + written + b"\n")
    assert row["command"] == typed


def test_a_listing_dates_its_commands_only_if_all_are_dated():
    both = b"    1  2026-11-23 15:11:47 ls\n    2  2026-11-23 15:11:48 id\n"
    first, second = told("history_listing", both, "login01/tmp/history.txt", zone="Europe/Amsterdam")
    assert (first["account"], first["text"], first["verb"]) == (None, "ls", "command")
    assert second["earliest_ns"] - first["earliest_ns"] == 10**9
    one = both + b"    3  id\n"
    assert {e["earliest_ns"] for e in told("history_listing", one, "login01/tmp/history.txt")} == {None}


def test_agrees_with_jc_on_a_printed_history():
    sample = UPSTREAM / "jc" / "tests" / "fixtures" / "centos-7.7" / "history.out"
    if not sample.exists():
        pytest.skip("the shared samples are not on this machine")
    wanted = json.loads(sample.with_suffix(".json").read_text())
    got = rows("history_listing", sample.read_bytes())
    assert recognise(sample.read_bytes()[:65536], "history.out") == "history_listing"
    # The one difference: we keep the blanks that a command begins with.
    assert [(r["number"], r["command"].lstrip()) for r in got] == [(w["line"], w["command"]) for w in wanted]
