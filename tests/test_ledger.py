"""The ledger: append-only, chained, and any change in it is noticed at the line where it is."""

import hashlib
import json

import pytest
from drawn import examples
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from forensics.core import canonical
from forensics.core.errors import CaseError, CustodyError
from forensics.custody import ledger

HAND = ledger.Hand("kim (1000)", "desk", "forensics 0", "forensics seal 'a b' \x1b[31m")


@pytest.fixture
def path(tmp_path):
    where = tmp_path / "ledger.jsonl"
    ledger.append(where, HAND, [("create", {})])
    ledger.append(where, HAND, [("seal", {"path": f"läg {n}\n", "bytes": n}) for n in range(3)])
    return where


def test_entries_are_chained_over_their_exact_bytes(path):
    lines = path.read_bytes().splitlines(keepends=True)
    entries = ledger.check(path)
    assert [e["n"] for e in entries] == [1, 2, 3, 4]
    assert [e["act"] for e in entries] == ["create", "seal", "seal", "seal"]
    assert entries[0]["previous"] == "0" * 64
    for before, entry in zip(lines, entries[1:], strict=False):
        assert entry["previous"] == hashlib.sha256(before).hexdigest()
    assert {"when", "who", "host", "tool", "command", "what", "self"} <= set(entries[1])
    assert entries[3]["what"] == {"path": "läg 2\n", "bytes": 2}
    assert entries[3]["who"] == "kim (1000)"


def test_appending_leaves_what_was_there(path):
    before = path.read_bytes()
    ledger.append(path, HAND, [("ingest", {"x": None})])
    assert path.read_bytes().startswith(before)
    assert len(ledger.check(path)) == 5


def test_appending_nothing_changes_nothing(path):
    before = path.read_bytes()
    ledger.append(path, HAND, [])
    assert path.read_bytes() == before


def test_no_ledger_is_no_case(tmp_path):
    with pytest.raises(CaseError, match="forensics init"):
        ledger.check(tmp_path / "ledger.jsonl")


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_is_noticed_at_its_line(path, data):
    raw = path.read_bytes()
    at = data.draw(st.integers(0, len(raw) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda b: b != raw[at]))
    line = raw.count(b"\n", 0, at) + 1
    broken = path.with_name("broken.jsonl")
    broken.write_bytes(raw[:at] + bytes([other]) + raw[at + 1 :])
    with pytest.raises(CustodyError, match=f"line {line} "):
        ledger.check(broken)


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_line_taken_out_is_noticed(path, gone):
    lines = path.read_bytes().splitlines(keepends=True)
    del lines[gone]
    path.write_bytes(b"".join(lines))
    with pytest.raises(CustodyError, match=f"line {gone + 1} "):
        ledger.check(path)


def test_lines_that_changed_places_are_noticed(path):
    a, b, c, d = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(a + c + b + d)
    with pytest.raises(CustodyError, match="line 2 "):
        ledger.check(path)


def test_a_line_rewritten_with_its_own_hash_is_noticed_by_the_next(path):
    lines = path.read_bytes().splitlines(keepends=True)
    entry = json.loads(lines[1])
    lines[1] = ledger._line(2, entry["previous"], HAND, "seal", {"path": "other", "bytes": 0})
    path.write_bytes(b"".join(lines))
    with pytest.raises(CustodyError, match="line 3 "):
        ledger.check(path)


@pytest.mark.parametrize("keep", [1, 20, -1])
def test_a_line_that_a_crash_tore_is_cut_and_the_cut_is_entered(path, keep):
    lines = path.read_bytes().splitlines(keepends=True)
    torn = lines[3][:keep]
    path.write_bytes(b"".join(lines[:3]) + torn)
    with pytest.raises(CustodyError, match="line 4 "):
        ledger.check(path)
    ledger.append(path, HAND, [("seal", {"path": "again"})])
    entries = ledger.check(path)
    assert [e["act"] for e in entries[3:]] == ["recover", "seal"]
    assert entries[3]["what"] == {"bytes": len(torn), "sha256": hashlib.sha256(torn).hexdigest()}


def test_a_first_line_that_a_crash_tore_is_cut(tmp_path):
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(b'{"act":"cre')
    ledger.append(path, HAND, [("create", {})])
    assert [e["act"] for e in ledger.check(path)] == ["recover", "create"]


@pytest.mark.parametrize("size", [70_000, 140_000])
def test_long_lines_are_followed_by_the_right_one(path, size):
    """The last line is looked for from the end, in windows; lines longer than a window are found whole."""
    ledger.append(path, HAND, [("note", {"text": "x" * size})])
    ledger.append(path, HAND, [("note", {"text": "y" * size}), ("note", {})])
    assert [e["n"] for e in ledger.check(path)] == [1, 2, 3, 4, 5, 6, 7]


def test_a_damaged_last_line_is_not_built_upon(path):
    path.write_bytes(path.read_bytes()[:-3] + b"0}\n")
    before = path.read_bytes()
    with pytest.raises(CustodyError, match="last line is damaged"):
        ledger.append(path, HAND, [("note", {})])
    assert path.read_bytes() == before


def test_the_hand_is_named_by_the_system(monkeypatch):
    monkeypatch.setenv("LOGNAME", "somebody-else")
    found = ledger.hand("forensics 0", "words")
    assert "somebody-else" not in found.who
    assert found.who.endswith(")")


WORDS = st.sampled_from(
    [
        '"self":1',
        ',"self":"a"',
        "self",
        "a",
        '\\"',
        'x,"',
        None,
        1,
        12,
        [],
        {"self": "a"},
        {"b": 1, "self": 1},
    ]
)


@example({"a": {"b": 1, "self": 1}, "self": 1})
@example({"self": 1, "what": {"b": 1, "self": 1}})
@settings(max_examples=examples(100), deadline=None)
@given(st.dictionaries(st.sampled_from(["self", "a", "what", 'z,"self":1']), WORDS, max_size=4))
def test_a_line_without_self_is_that_of_the_entry_without_it(entry):
    """Whatever stands in a text or within what was done."""
    line = canonical.line(entry).encode() + b"\n"
    rest = {name: value for name, value in entry.items() if name != "self"}
    assert ledger._without_self(entry, line) == canonical.line(rest).encode()


@pytest.mark.parametrize("what", [{"self": "x"}, {"path": ',"self":"x"'}, {"b": {"self": "0" * 64}}])
def test_an_entry_may_hold_what_reads_like_its_own_hash(path, what):
    ledger.append(path, HAND, [("seal", what)])
    assert ledger.check(path)[-1]["what"] == what


@pytest.mark.parametrize("size", [10, ledger._TAIL_BYTES - 700, ledger._TAIL_BYTES, 3 * ledger._TAIL_BYTES])
def test_the_last_of_an_act_is_found_from_behind(path, size):
    assert ledger.last(path, "analyse") is None
    hand = ledger.hand("tests", "tests")
    ledger.append(path, hand, [("analyse", {"sha256": "0"}), ("analyse", {"sha256": "1"})])
    ledger.append(path, hand, [("seal", {"path": 'x"act":"analyse"' * (size // 16)}), ("report", {})])
    assert ledger.last(path, "analyse")["what"] == {"sha256": "1"}
    assert ledger.last(path, "report")["n"] == ledger.check(path)[-1]["n"]
