"""Words of an audit trail known again by their bytes: they say what they say when they are read one by one."""

import hashlib
import re
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from audit_definition import by_definition, told
from drawn import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_auditd import LINES, evidence

from forensics.core import (
    auditcolumns,
    auditforms,
    auditkeys,
    auditlayout,
    auditmerge,
    auditpage,
    audittext,
    loose,
)
from forensics.core.auditforms import UNKNOWN, Forms, Way
from forensics.core.schema import extended
from forensics.core.tables import EVENT, SHA256
from forensics.formats import auditd
from forensics.pipeline import frames
from forensics.readings import auditd as reading
from forensics.store import parquet

EXE, KEY = (
    next(n for n, target in enumerate(auditkeys.TARGETS) if target.name == name) for name in ("exe", "key")
)
FEW = settings(max_examples=examples(80), deadline=None)
SAMPLES = sorted((Path(__file__).parents[1] / "sample_logs" / "formats" / "auditd").iterdir())
WAYS = (
    Way(3, b"comm=", False, True),
    Way(3, b"COMM=", False, True),
    Way(4, b"k=", False, False),
    Way(4, b"k=", True, False),
    Way(5, b"a_long_key_of_words=", False, False),
)
# Alike in the first eight bytes, the last, or both; as long as what is looked at, one byte more, and far more.
VALUES = [
    b"", b"a", b"b", b"ab", b"?", b"(null)", b"(none)", b"(nope)", b'""', b'"a"', b'"?"', b'"a b"'[:4], b'"', b"'",
    b"abcdefgh", b"abcdefghabcdefgh", b"abcdefg", b"bcdefgh", b"00", b"6C73", b"FF", b"6C", b"C3A9", b"6C730", b"E2809D00",
    b"/usr/bin/python3.11", b"/usr/bin/pythom3.11", b"/usr/bin/python3.12", b"/usr/bim/python3.11",
    *(b"x" * n for n in (9, 15, 16, 17, 24, 25, 62, 66, 67, 68, 69, 70, 71, 72, 73, 126, 127, 128, 129, 200, 255, 256, 384)),
    *(b"x" * (128 + n) for n in range(45, 72)),
    b"x" * 30 + b"y" + b"x" * 30, b"x" * 31 + b"y" + b"x" * 29,
]  # fmt: skip
WORD = st.tuples(st.sampled_from(range(len(WAYS))), st.sampled_from(VALUES))


def said(way, value):
    """What a word says, read aloud."""
    if len(value) > 1 and value.startswith(b'"') and value.endswith(b'"'):
        return value[1:-1].decode()
    if value in {b"?", b"(null)", b"(none)"}:
        return None
    if way.coded and re.fullmatch(rb"(?:[0-9A-F]{2})+", value):
        return bytes.fromhex(value.decode()).decode("utf-8", "backslashreplace")
    return value.decode()


def numbered(forms, way, values):
    """The numbers of words of one way, each behind the other in bytes that end with the last, and what each says."""
    words = [way.key + value + b"'" * way.closes for value in values]
    raw = np.frombuffer(b"\n".join([bytes(8), *words]) + b"\n" + bytes(64), np.uint8)
    size = np.array([len(word) for word in words], np.int64)
    end = 8 + np.cumsum(size + 1)
    begin, at = end - size, audittext.words(raw)
    number = forms.numbers(raw, at, [way], begin[None], end[None], at[begin][None])[0]
    return number, [said(way, value) for value in values], [len(word) > 72 for word in words]


@pytest.fixture(
    params=[(1 << 8, 13), (3, 13), (1 << 8, 0), (5, 1)], ids=["as it is", "few", "one slot", "two"]
)
def bounds(request, monkeypatch):
    """How many words are known, and in how many places: what is read hangs on it nowhere."""
    most, bits = request.param
    monkeypatch.setattr(auditforms, "_MOST", most)
    monkeypatch.setattr(auditforms, "_EACH", most + 1)
    monkeypatch.setattr(auditforms, "_SLOT_BITS", bits)
    monkeypatch.setattr(auditforms, "_RESTS", 2)
    return most


@given(st.lists(st.lists(WORD, min_size=1, max_size=30), min_size=1, max_size=4))
@example([[(n, value) for value in VALUES for n in range(len(WAYS))]] * 2)
@FEW
def test_words_say_what_they_say_one_by_one(pages):
    check(pages, 1 << 8)


def check(pages, most):
    forms = Forms()
    for page in pages:
        forms.page()
        for n, way in enumerate(WAYS):
            values = [value for at, value in page if at == n]
            if not values or forms.place(way) == UNKNOWN:
                continue
            number, expected, long = numbered(forms, way, values)
            words = forms.words(way.target)
            assert len(words) <= most
            for at, text, much in zip(number.tolist(), expected, long, strict=True):
                assert (
                    (at == UNKNOWN) if much else (at == UNKNOWN and len(words) == most) or words[at] == text
                )
    return forms


def test_words_say_the_same_whatever_is_known(bounds):
    every = [(n, value) for value in VALUES for n in range(len(WAYS))]
    for pages in ([every] * 5, [every[::-1], every], [every[:9], every, every[40:], every]):
        check(pages, bounds)


def test_a_column_of_many_values_rests_and_is_tried_again(monkeypatch):
    monkeypatch.setattr(auditforms, "_MOST", 2)
    monkeypatch.setattr(auditforms, "_EACH", 3)
    monkeypatch.setattr(auditforms, "_RESTS", 2)
    forms, way = Forms(), WAYS[2]
    assert forms.place(way) != UNKNOWN
    assert numbered(forms, way, [b"a", b"b", b"a"])[0].tolist() == [0, 1, 0]
    assert numbered(forms, way, [b"b", b"c"])[0].tolist() == [1, UNKNOWN]
    placed = []
    for _ in range(4):
        forms.page()
        placed.append(forms.place(way) != UNKNOWN)
    assert placed == [False, False, True, True]
    assert numbered(forms, way, [b"c", b"c"])[0].tolist() == [0, 0]


def test_a_column_with_a_word_that_is_too_long_is_left_alone(monkeypatch):
    monkeypatch.setattr(auditmerge, "_forms", Forms())
    data, way = lines(*HOSTILE["too long"]), Way(EXE, b"exe=", False, True)
    auditd.parse(data, 0)
    auditmerge._forms.page()
    assert auditmerge._forms.place(way) == UNKNOWN
    assert auditmerge._forms.place(way._replace(target=KEY, key=b"key=")) != UNKNOWN


def lines(*fields):
    """An audit log of one line for each, of one layout, and one more of them whose value is the last byte of all."""
    return b"".join(
        b"type=SYSCALL msg=audit(1795446841.266:%d): arch=c000003e syscall=59 success=yes exit=0 pid=7 %b\n"
        % (n, field)
        for n, field in enumerate(fields)
    )


HOSTILE = {
    "alike but in the middle": [b'comm="a" exe="/usr/bin/py%bon3.11" key=(null)' % bytes([97 + n % 26]) for n in range(60)],
    "coded": [b"comm=%b exe=6C73 key=6B" % c for c in [b"00", b"FF", b"C3A9", b"6C0073", b"E280AE", b'"6C73"'] * 9],
    "nothing": [b"comm=%b exe=%b key=%b" % ((c,) * 3) for c in [b"?", b'"?"', b"(null)", b'"(null)"', b'""', b""] * 9],
    "one value each": [b'comm="c%d" exe="/x/%d" key="k%d"' % (n, n, n) for n in range(60)],
    "too long": [b'comm="%b" exe="/%b%d" key="k"' % (b"c" * (n % 99), b"x" * 90, n % 3) for n in range(60)],
    "a line that does not fit": [b'comm="c" exe="/x" key="k"'] * 30 + [b'comm="c exe="/x" key="k""', b"exe=a comm=b key=c"],
    "enriched": [b'comm="c" key="k" gid=0 sgid=1\x1dARCH=x86_64 GID="g%d" AUID="root" SUID="s"' % (n % 2) for n in range(40)],
    "left at the end": [
        b'comm="c" gid=0 sgid=%d\x1dGID="g" AUID="root" SUID="h"' % n for n in range(40)
    ],
    "left within a frame": [
        b"comm=c uid=0 sgid=%d msg='unread=%d op=x left=y'\x1dSUID=\"h\" AUID=\"r\"" % (n, n) for n in range(40)
    ],
    "known here and too long there": [b'comm="c" exe="/x%d"' % (n % 2) for n in range(30)]
    + [b'comm="c" gid=7 exe="/%b%d" key="k"' % (b"x" * 90, n) for n in range(30)],
    "mostly too long": [b'comm="c" exe="/x%d"' % (n % 2) for n in range(30)]
    + [b'comm="c" gid=7 exe="/%b%d" key="k"' % (b"x" * 90, n) for n in range(50)],
    "too long within a frame": [
        b"uid=0 msg='op=o acct=\"a%d\" exe=/%b%d'" % (n % 3, b"x" * 80, n % 2) for n in range(40)
    ],
    "a blank here and a name there": [b'comm="c" exe="/x" AUID="a"'] * 30
    + [b'comm="c" exe="/x"\x1dAUID="a"', b'comm="c"\x1dexe="/x" AUID="a"'],
    "a key but for its last byte": [b'comm="c" hostname=h%d terminal=t' % n for n in range(30)]
    + [b'comm="c" hostnameX=h terminal=t', b'comm="c" hostname-h=1 terminal=t', b'comm="c" hostname=h terminalst'],
    "left behind a name": [b'gid=0 sgid=%d comm="c"\x1dGID="g" SUID="h" AUID="root" FSGID="x"' % n for n in range(40)],
}  # fmt: skip


@pytest.mark.usefixtures("bounds")
@pytest.mark.parametrize("name", HOSTILE)
def test_lines_are_read_as_defined_whatever_was_read_before(name, monkeypatch):
    monkeypatch.setattr(auditmerge, "_forms", Forms())
    for first in (name, *HOSTILE, name):
        parsed = auditd.parse(lines(*HOSTILE[first]), 0)
        found = told(parsed.records), parsed.rejected.to_pylist(), parsed.ignored.to_pylist()
        assert found == defined(first)


@cache
def defined(name):
    """What lines tell by the definition, in which nothing was read before."""
    return by_definition(lines(*HOSTILE[name]))


@pytest.mark.parametrize("block", [8, 64, 4096])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.name)
def test_where_blocks_of_bytes_end_changes_nothing(sample, block, monkeypatch):
    monkeypatch.setattr(auditpage, "_BLOCK_BYTES", block)
    monkeypatch.setattr(auditlayout, "LEAST_LINES", 1)
    data = sample.read_bytes()
    parsed = auditd.parse(data, 0)
    found = told(parsed.records), parsed.rejected.to_pylist(), parsed.ignored.to_pylist()
    assert found == by_definition(data)


def test_usual_lines_come_as_numbers(monkeypatch):
    """Else all of this would be looked up and nothing of it used."""
    monkeypatch.setattr(auditmerge, "_forms", Forms())
    records = auditd.lightly(lines(*HOSTILE["alike but in the middle"]), 0).records
    for name in ("node", "type", "comm", "exe", "arch", "success"):
        kind = records[name].type
        assert pa.types.is_dictionary(kind) or (name == "node" and pa.types.is_null(kind)), name
    assert pa.types.is_dictionary(records["types"].type.value_type)
    assert set(auditkeys.FEW) >= {
        n for n, t in enumerate(auditkeys.TARGETS) if t.name in {"comm", "exe", "dev", "ouid_name"}
    }


@FEW
@given(st.lists(st.integers(-1, 4), max_size=40), st.integers(1, 6))
def test_a_dictionary_holds_what_there_is_in_the_order_in_which_it_comes(numbers, first):
    words = ["a", None, "b", "a", "c", None]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(auditcolumns, "_FIRST_ROWS", first)
        column = auditcolumns.dictionary(np.array(numbers, np.int32), words)
    texts = [words[n] for n in numbers]
    assert column.to_pylist() == texts
    if pa.types.is_dictionary(column.type):
        assert column.dictionary.to_pylist() == [*dict.fromkeys(text for text in texts if text is not None)]
    else:
        assert not any(texts)


@FEW
@given(st.binary(max_size=90), st.lists(st.integers(0, 90), max_size=30), st.integers(1, 5))
def test_words_in_order_are_those_at_each_place(data, places, some):
    raw = np.frombuffer(data + bytes(64), np.uint8).copy()
    place = np.array(sorted(min(n, len(data)) for n in places), np.int64)
    found = np.empty(len(place), np.uint64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audittext, "_SOME", some)
        audittext.in_order(raw, place, found)
    held = raw.tobytes()
    assert found.tolist() == [int.from_bytes(held[n : n + 8], "little") for n in place]


def both(data, base=0):
    """The records of a log as a case keeps them: as declared, and lighter."""
    table = extended(auditd.TABLE, SHA256)
    found = []
    for read in (auditd.parse, auditd.lightly):
        rows = read(data, base).records
        rows = rows.add_column(
            0, "sha256", pa.array([hashlib.sha256(b"").hexdigest()] * len(rows), pa.string())
        )
        found.append(parquet.fitting(rows, table.schema()))
    return table, *found


def test_lighter_records_are_the_same_file_however_they_come(tmp_path, monkeypatch):
    """Lists of structures whose texts are numbers among them."""
    monkeypatch.setattr(auditlayout, "LEAST_LINES", 1)
    pieces = [b"".join(LINES[a:b]) for a, b in ((0, 9), (9, 40), (40, 41), (41, len(LINES)))]
    held = [both(piece, n * 1_000_000)[1:] for n, piece in enumerate(pieces)]
    table = both(b"")[0]
    assert any(loose.has_dictionary(light["paths"].type) for _, light in held)
    for group in (7, 64, 1 << 15):
        monkeypatch.setattr(parquet, "GROUP_ROWS", group)
        files = []
        for name, own in {
            "plain": [plain for plain, _ in held],
            "light": [light for _, light in held],
            "some": [rows[n % 2] for n, rows in enumerate(held)],
            "others": [rows[1 - n % 2] for n, rows in enumerate(held)],
            "joined": [frames._joined([light for _, light in held])],
            "joined of both": [frames._joined([rows[n % 2] for n, rows in enumerate(held)])],
        }.items():
            with parquet.Part(tmp_path, table, f"{name}-{group}") as out:
                for rows in own:
                    out.add(rows)
            files.append(out.path.read_bytes())
        assert len(set(files)) == 1


LOGS = {path.name: path.read_bytes() for path in SAMPLES} | {name: lines(*HOSTILE[name]) for name in HOSTILE}


@pytest.mark.parametrize("name", [*LOGS, "every line"])
def test_lighter_records_tell_the_same(name, monkeypatch):
    """Each by itself, and those of one event together."""
    monkeypatch.setattr(auditlayout, "LEAST_LINES", 1)
    data = LOGS.get(name) or b"".join(LINES)
    _, plain, light = both(data)
    files = evidence({"login01/audit.log": b""})[1]
    asked = {"zone": "UTC", "anchor_ns": None}
    for read in (reading.read, reading.lightly, reading.singly):
        found = [
            loose.strict(dict(read(rows, files, **asked))["event"], EVENT.schema()) for rows in (plain, light)
        ]
        assert found[0].equals(found[1])
        assert len(found[0]) or not len(plain)
