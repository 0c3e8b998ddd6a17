"""The small parts that make audit logs fast, each against the obvious way."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from audit_definition import by_definition, told
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.core import auditnames, audittext
from forensics.custody import chunks
from forensics.formats import auditd

FEW = settings(max_examples=60, deadline=None)
SAMPLES = Path(__file__).parents[1] / "sample_logs" / "formats" / "auditd"
DIGITS = (
    st.text("0123456789", max_size=20)
    | st.text("-0x19", max_size=4)
    | st.sampled_from(["-", "-1", "--1", ""])
)


class Cut:
    """Words one after the other, a blank after each, as a page has them."""

    def __init__(self, words):
        self.raw = np.frombuffer(b" ".join([bytes(8), *words]) + bytes(72), np.uint8)
        size = np.array([len(word) for word in words], np.int64)
        self.at = audittext.words(self.raw)
        self.begins = 9 + np.cumsum(size + 1) - size - 1
        self.ends = self.begins + size


@FEW
@given(st.lists(DIGITS, min_size=1, max_size=20))
def test_numbers_are_those_that_python_reads(texts):
    cut = Cut([text.encode() for text in texts])
    numbers, good = audittext.decimals(cut.at, cut.begins, cut.ends)
    assert good.tolist() == [re.fullmatch(r"-?[0-9]{1,18}", text) is not None for text in texts]
    assert numbers[good].tolist() == [int(text) for text, own in zip(texts, good, strict=True) if own]


NAMES = st.sampled_from(
    ["PATH", "CWD", "x", "a" * 8, "a" * 9, "a" * 16, "a" * 17, "b" * 17, 'q"', "", "SYSCALL"]
)


@FEW
@given(st.lists(st.lists(NAMES, max_size=12), max_size=4), st.integers(0, 12), st.integers(1, 4))
def test_names_have_one_number_each_whatever_the_table_holds(stretches, bits, most):
    """Names meet in a table of one place, or of few, and the table has room for few of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(auditnames, "_SLOT_BITS", bits)
        patch.setattr(auditnames, "_MOST", most)
        names = auditnames.Names(lambda name: '"' not in name)
        for words in stretches:
            cut = Cut([f"type={word}".encode() for word in words])
            number, fits = names.numbered(cut, np.arange(len(words)))
            assert [names.told[n] for n in number] == words
            assert fits.tolist() == ['"' not in word for word in words]
    assert len(set(names.told)) == len(names.told)


@FEW
@given(st.lists(st.booleans(), max_size=300), st.data())
def test_marks_are_counted_up_to_a_place(marks, data):
    places = data.draw(st.lists(st.integers(0, len(marks)), max_size=9))
    bits = np.packbits(np.array(marks, bool), bitorder="little")
    (count,) = audittext.counted_before(bits, np.array(places, np.int64))
    assert count.tolist() == [sum(marks[:place]) for place in places]


@FEW
@given(st.lists(st.integers(0, 99), max_size=20), st.integers(1, 5))
def test_runs_are_those_of_a_slice(values, size):
    rows = audittext.runs(np.array(values, np.int64), size)
    assert rows.tolist() == [values[at : at + size] for at in range(len(values) - size + 1)]


@FEW
@given(
    st.lists(st.sampled_from([b"a", b"bc\n", b"\n", b"0123456789" * 3]), max_size=40).map(b"".join),
    st.integers(1, 50),
)
def test_lent_bytes_are_those_that_others_are_given(tmp_path_factory, raw, block):
    path = tmp_path_factory.mktemp("lent") / "file"
    path.write_bytes(raw)
    sealed = hashlib.sha256(raw).hexdigest()
    given = list(chunks.cut(path, sealed, "line", block, hand_on=True))
    lent = [
        (chunk.start, chunk.stop, bytes(chunks.lent(path, chunk)))
        for chunk in chunks.cut(path, sealed, "line", block, hand_on=True, lend=True)
    ]
    assert lent == [(chunk.start, chunk.stop, chunks.raw(path, chunk)) for chunk in given]
    apart = list(chunks.cut(path, sealed, "line", block, lend=True))
    assert [bytes(chunks.lent(path, chunk)) for chunk in apart] == [held for _, _, held in lent]


def test_one_frame_leaves_nothing_behind_for_another():
    """Frames lie in one place, one after the other; what was made of one is its own."""
    frames = [path.read_bytes() for path in sorted(SAMPLES.iterdir())[::3]]
    first = [auditd.parse(data, 0) for data in frames]
    before = [[rows.to_pylist() for rows in parsed] for parsed in first]
    room = bytearray(max(map(len, frames)))
    for data, expected in reversed(list(zip(frames, before, strict=True))):
        room[: len(data)] = data
        parsed = auditd.parse(memoryview(room)[: len(data)], 0)
        room[:] = bytes(len(room))
        assert [rows.to_pylist() for rows in parsed] == expected
    assert [[rows.to_pylist() for rows in parsed] for parsed in first] == before


def test_a_stamp_with_any_byte_changed_is_read_as_defined():
    line = b'type=CWD msg=audit(1795446841.266:7982): cwd="/x"'
    first, stop = line.index(b"msg="), line.index(b" cwd")
    lines = [
        line[:at] + byte + line[at + 1 :]
        for at in range(first, stop)
        for byte in (b"0", b"x", b".", b":", b"-", b")")
    ]
    data = b"".join(line + b"\n" for line in lines)
    parsed = auditd.parse(data, 0)
    assert (told(parsed.records), parsed.rejected.to_pylist(), []) == by_definition(data)
