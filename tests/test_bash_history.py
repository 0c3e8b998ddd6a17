"""A history is its user's own file: what it says is kept byte by byte, and no time is made up."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.core.lines import LONGEST_LINE_BYTES
from forensics.core.tables import FILE
from forensics.formats import bash_history, recognise
from forensics.readings import bash_history as reading

SEALED = "a" * 64
S = 1_795_446_707


def told(data, *paths):
    paths = paths or ("login01/home/kai/.bash_history",)
    records = bash_history.parse(data, 0).records
    sealed = records.add_column(0, "sha256", pa.array([SEALED] * records.num_rows, pa.string()))
    hosts = [path.split("/", 1)[0] for path in paths]
    files = {"path": list(paths), "host": hosts, "origin": ["/" + path.split("/", 1)[1] for path in paths]}
    same = {
        "sha256": SEALED,
        "bytes": 1,
        "kind": "file",
        "held": "copied",
        "format": "bash_history",
        "domain": "x:user",
    }
    same |= dict.fromkeys(("parsed", "rejected", "ignored"), 0)
    files |= {name: [value] * len(paths) for name, value in same.items()}
    return reading.read(sealed, FILE.build(files), zone="UTC", anchor_ns=None)["event"].to_pylist()


def commands(data):
    return [(r["epoch_s"], r["command"]) for r in bash_history.parse(data, 0).records.to_pylist()]


def test_a_time_dates_the_command_below_it_for_a_second():
    (e,) = told(f"#{S}\nscancel 11\n".encode())
    assert (e["verb"], e["account"], e["host"], e["text"]) == ("command", "kai", "login01", "scancel 11")
    assert (e["earliest_ns"], e["latest_ns"]) == (S * 10**9, (S + 1) * 10**9 - 1)


def test_without_a_time_none_is_made_up():
    (e,) = told(b"scancel 11\n")
    assert (e["earliest_ns"], e["latest_ns"], e["clock"]) == (None, None, None)


LINES = st.lists(
    st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])).filter(lambda t: not t.startswith("#")), min_size=1, max_size=4
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(10**8, 10**10 - 1), LINES), min_size=1, max_size=5))
def test_a_command_of_several_lines_is_one_and_stays_as_typed(typed):
    data = "".join(f"#{s}\n" + "".join(f"{line}\n" for line in lines) for s, lines in typed).encode()
    assert commands(data) == [(s, "\n".join(lines)) for s, lines in typed]


def test_equal_commands_are_two_facts():
    assert len({e["event_id"] for e in told(f"#{S}\nls\n#{S}\nls\n".encode())}) == 2


def test_a_time_without_a_command_is_no_command():
    first, second = told(f"#{S}\n#{S + 1}\nls\n".encode())
    assert (first["verb"], second["verb"]) == ("other", "command")


def test_a_time_no_clock_can_hold_gives_none():
    (e,) = told(b"#9999999999\nls\n")
    assert (e["earliest_ns"], e["clock"], e["text"]) == (None, None, "ls")


@pytest.mark.parametrize(
    ("path", "account"),
    [
        ("login01/home/kai/.bash_history", "kai"),
        ("login01/root/.bash_history", "root"),
        ("login01/nfs/home/kai/.bash_history", "kai"),
        ("login01/home/kai/mei/.bash_history", None),
        ("login01/home/kai/home/mei/.bash_history", None),
        ("login01/home/kai/root/.bash_history", None),
        ("login01/scratch/mei/.bash_history", None),
    ],
)
def test_only_a_history_directly_in_a_home_is_of_its_owner(path, account):
    (e,) = told(b"ls\n", path)
    assert (e["account"], e["account_absence"]) == (account, None if account else "not_recorded")


def test_equal_histories_of_two_accounts_are_told_of_both():
    got = told(b"exit\n", "login01/home/mei/.bash_history", "login01/home/kai/.bash_history")
    assert [e["account"] for e in got] == ["kai", "mei"]
    assert [e["event_id"].rpartition(".")[2] for e in got] == ["0", "1"]


def test_known_by_its_times_or_only_just_by_name_and_text():
    timed = f"#{S}\nls\n".encode()
    assert recognise(timed, "x") == "bash_history"
    assert 10 < bash_history.recognise(b"ls -la\n", "login01/home/kai/.bash_history") <= 20
    assert bash_history.recognise(b"ls -la\n", "login01/home/kai/notes.txt") == 0
    assert bash_history.recognise(b"\x7fELF\0\0", "login01/home/kai/.bash_history") <= 10
    assert bash_history.recognise(f"# a script\n#{S}\nls\n".encode(), "x.sh") == 0


def test_a_command_longer_than_our_bound_is_rejected():
    data = f"#{S}\n".encode() + b"x" * (LONGEST_LINE_BYTES + 1) + f"\n#{S}\nls\n".encode()
    parsed = bash_history.parse(data, 0)
    assert parsed.rejected["why"].to_pylist() == ["too_long"]
    assert parsed.records["command"].to_pylist() == ["ls"]


def test_a_line_between_two_times_lies_between_them_and_says_whose_word_that_is():
    got = told(f"ls\n#{S}\npwd\nscancel 11\n#{S + 9}\nid\nexit\n".encode())
    assert [e["text"] for e in got] == ["ls", "pwd", "scancel 11", "id", "exit"]
    assert [(e["earliest_ns"], e["latest_ns"], e["clock"]) for e in got] == [
        (None, None, None),
        (S * 10**9, (S + 1) * 10**9 - 1, "login01:bash_history"),
        (S * 10**9, (S + 10) * 10**9 - 1, "login01:bash_history:between"),
        ((S + 9) * 10**9, (S + 10) * 10**9 - 1, "login01:bash_history"),
        (None, None, None),
    ]


def test_times_that_go_back_bound_nothing():
    got = told(f"ls\n#{S + 9}\npwd\nscancel 11\n#{S}\nid\n".encode())
    assert [(e["earliest_ns"], e["clock"]) for e in got if e["text"] == "scancel 11"] == [(None, None)]


def test_no_time_past_what_a_clock_holds_bounds_anything():
    got = told(b"ls\n#9999999990\npwd\nscancel 11\n#9999999999\nid\n")
    assert {e["earliest_ns"] for e in got} == {None}


def test_a_history_of_ksh_is_binary_and_refused():
    assert bash_history.recognise(b"\x81\x01ls\n\x00", "login01/home/kai/.sh_history") == 0


def test_zeros_left_by_a_crash_hide_nothing():
    data = f"#{S}\nls\n#{S + 1}\n\0\0scancel 11\n".encode() + b"#1795446900\ncat " + b"x" * 100
    assert recognise(data, "login01/home/kai/.bash_history") == "bash_history"
    assert commands(data)[1] == (S + 1, "\0\0scancel 11")


def test_agrees_with_plasos_sample():
    path = Path(__file__).parents[2] / "shared" / "samples" / "plaso" / "test_data" / "bash_history"
    if not path.exists():
        pytest.skip("the shared samples are not on this machine")
    got = commands(path.read_bytes())
    assert [s for s, _ in got] == [1380630977, 1380630978, 1380630979, 1623364236]
    assert got[-1][1].count("\n") == 3
    assert got[-1][1].encode() == path.read_bytes().split(b"#1623364236\n")[1].removesuffix(b"\n")
