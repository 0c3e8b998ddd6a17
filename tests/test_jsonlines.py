"""JSON lines: what every reader reads alike becomes rows; the rest is set apart, and said why."""

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.core import jsonlines
from forensics.core.model import SPAN, Why
from forensics.core.schema import Column, Table

TABLE = Table("t", "a test", (Column("a", pa.string(), "text", None, "none"), Column("n", pa.int64(), "number", None, "none"), *SPAN))  # fmt: skip


def row(found):
    return {"a": jsonlines.text(found, "a"), "n": jsonlines.number(found, "n")}


def parsed(data, base=0):
    made = jsonlines.parse(data, base, TABLE, row)
    return [t.to_pylist() for t in made]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"a":1,"a":2}', Why.VALUE),
        (b'{"x":{"a":1,"a":2}}', Why.VALUE),
        (b'{"n":NaN}', Why.VALUE),
        (b'{"n":-Infinity}', Why.VALUE),
        (b'{"n":' + b"9" * 65 + b"}", Why.VALUE),
        (b"[1]", Why.SHAPE),
        (b"null", Why.SHAPE),
        (b'{"a":"\xff"}', Why.SHAPE),
        (b'{"a":' + b"[" * 100_000, Why.SHAPE),
        (b'{"a":' + b"[" * 70 + b"]" * 70 + b"}", Why.SHAPE),
        (b'{"a":"' + b"x" * (1 << 20) + b'"}', Why.TOO_LONG),
    ],
)
def test_what_readers_would_read_otherwise_is_rejected(line, why):
    records, rejected, ignored = parsed(line + b"\n", 5)
    assert (records, ignored) == ([], [])
    assert rejected == [{"start": 5, "stop": 6 + len(line), "why": why.value}]


def test_a_torn_last_line_says_so():
    assert parsed(b'{"a":"x"}\n{"a":"y')[1] == [{"start": 10, "stop": 17, "why": "truncated"}]


def test_brackets_in_strings_are_not_depth():
    records, rejected, _ = parsed(json.dumps({"a": "[" * 500}).encode())
    assert records[0]["a"] == "[" * 500
    assert rejected == []


def test_half_a_surrogate_is_shown():
    assert parsed(b'{"a":"x\\ud800y"}')[0][0]["a"] == "x\\ud800y"


@pytest.mark.parametrize(
    ("value", "ns"),
    [
        ("1795446841.266000001", 1_795_446_841_266_000_001),
        ('"1795446841.2"', 1_795_446_841_200_000_000),
        ("0", 0),
        ("-0.0000000001", -1),
        ("true", None),
        ("1e400", None),
        ("99999999999999999999", None),
        ('"1e5"', None),
    ],
)
def test_seconds_keep_every_digit(value, ns):
    assert jsonlines.nanoseconds(jsonlines.loaded(f'{{"t":{value}}}'.encode()), "t") == ns


@pytest.mark.parametrize(
    ("value", "n"), [("5", 5), ('"-7"', -7), ("true", None), ("5.0", None), (str(2**63), None)]
)
def test_numbers_are_whole_and_fit(value, n):
    assert jsonlines.number(jsonlines.loaded(f'{{"n":{value}}}'.encode()), "n") == n


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.sampled_from("anx"), JSON, max_size=3), max_size=6))
def test_agrees_with_the_standard_reader(objects):
    data = b"".join(json.dumps(o).encode() + b"\n" for o in objects)
    records, rejected, ignored = parsed(data)
    assert (rejected, ignored) == ([], [])
    wanted = [
        o["a"].encode("utf-8", "backslashreplace").decode() if isinstance(o.get("a"), str) else None
        for o in objects
    ]
    assert [r["a"] for r in records] == wanted
    assert [data[r["start"] : r["stop"]] for r in records] == data.splitlines(keepends=True)


@pytest.mark.parametrize(
    "number",
    ["12e3456789012345678901234567890123456789", "1e-99999999999999999999", "-1.5E+99999999999999999999"],
)
def test_an_exponent_beyond_any_is_refused(number):
    """The name of a git object can read so, and a file of one is a ref."""
    assert jsonlines.value(number.encode()) is Why.VALUE
    assert jsonlines.loaded(f'{{"n":{number}}}'.encode()) is Why.VALUE


PIECES = [b"{", b"}", b"[", b"]", b'"', b":", b",", b"1", b"a", b" ", b"\t", b"\r", b"-", b"NaN", b"null", b'"a":1', b'"a"', b"\xff", b"\xef\xbb\xbf", b"Infinity", b"\\", b"\x0b", b"e9", b".5"]  # fmt: skip


def by_the_reader(line):
    """What Python's reader makes of a line, asked without a look at how it begins."""
    try:
        return json.JSONDecoder(
            object_pairs_hook=jsonlines._once,
            parse_float=jsonlines._fraction,
            parse_constant=jsonlines._refused,
        ).decode(line.decode())
    except jsonlines._UnsoundError:
        return Why.VALUE
    except ValueError:
        return Why.SHAPE


BEGINNINGS = (
    "null",
    "true",
    "false",
    "NaN",
    "Infinity",
    "-Infinity",
    "-1",
    "0",
    '"a"',
    "{}",
    "[]",
    '{"a":1}',
)


@pytest.mark.parametrize("begun", BEGINNINGS)
@pytest.mark.parametrize("around", [" \t\r\n%s\n", "[%s]", "[ \t\r\n%s]", '{"x":%s}', "{ %s}"])
def test_whatever_a_reader_takes_is_read(begun, around):
    line = (around % begun).encode()
    assert repr(jsonlines.value(line)) == repr(by_the_reader(line))


@given(st.lists(st.sampled_from(PIECES), max_size=7).map(b"".join))
def test_how_a_line_begins_refuses_nothing_that_the_reader_takes(line):
    assert repr(jsonlines.value(line)) == repr(by_the_reader(line))


def test_a_line_that_begins_no_text_of_json_costs_no_exception(monkeypatch):
    """Half a million such lines in a megabyte took three seconds, most of it exceptions."""
    monkeypatch.setattr(jsonlines, "_DECODER", None)
    data = b'a\n"\n}\n{\n[\n{a\n[}\n\xff\n#\n\xef\xbb\xbf{}\n'
    records, rejected, ignored = parsed(data)
    assert (records, ignored) == ([], [])
    assert [row["why"] for row in rejected] == ["shape"] * 10


def test_more_lines_than_are_taken_at_once_tile_the_file(monkeypatch):
    monkeypatch.setattr(jsonlines, "_LINES_AT_ONCE", 3)
    data = b'{"a":"x","n":1}\n\na\r\n' * 7 + b"torn"
    whole = [sorted((row["start"], row["stop"]) for table in parsed(data, 5) for row in table)]
    starts = [start for start, _ in whole[0]]
    assert starts == [5, *(stop for _, stop in whole[0])][:-1]
    assert whole[0][-1][1] == len(data) + 5
    assert parsed(data)[1][-1]["why"] == "truncated"
