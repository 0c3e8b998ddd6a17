"""Objects of JSON that tools laid out anew tell what the same objects tell a line each, each cited by its own stretch."""

import gzip
import json
import re
from itertools import groupby, product

import pytest
from drawn import EVERY, examples
from hypothesis import given, settings
from hypothesis import strategies as st
from test_formats import ANCHOR_NS, SAMPLES, evidence, tiles

from forensics import formats, pipeline, readings
from forensics.core import jsonlayout, jsonlists
from forensics.core.model import Why
from forensics.core.roster import Question
from forensics.pipeline import inmemory
from forensics.store import parquet

BESIDE = {"sha256", "start", "stop", "spans", "event_id", "citations", "clock"}


def objects(sample):
    """The objects of a sample of lines, as text; what is said twice stays twice."""
    lines = [line.strip() for line in sample.read_bytes().decode("utf-8", "replace").split("\n")]
    return [line for line in lines if line.startswith("{") and is_json(line)]


def is_json(line):
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def spread(line, indent="  "):
    """An object over several lines, without a reader: a newline before each key and each bracket that closes."""
    token = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^"{}\[\],:\s]+')
    return "".join(
        f"{word}\n{indent}" if word in "{[," else f"\n{word}" if word in "}]" else word
        for word in token.findall(line)
    )


LAYOUTS = {
    "array": lambda held: "[\n" + ",\n".join(map(spread, held)) + "\n]\n",
    "array_on_a_line": lambda held: "[" + ", ".join(held) + "]",
    "pages": lambda held: f"[{spread(held[0])}]\n[" + ",".join(map(spread, held[1:])) + "]",
    "one_after_the_other": lambda held: "\n".join(map(spread, held)),
    "crlf": lambda held: "\r\n".join(map(spread, held)).replace("\n", "\r\n"),
    "events": lambda held: '{"next": "x", "events": [' + ", ".join(map(spread, held)) + "]}\n",
}
LINES = [
    s
    for s in SAMPLES
    if s.parent.name in formats.LAID_OUT and not s.name.startswith(("laid_out_", "damaged_")) and objects(s)
]


def of_each_format():
    """Of each format every layout, and every sample: each of its samples in the layouts that come next."""
    for _, own in groupby(LINES, key=lambda sample: sample.parent.name):
        samples, layouts = [*own], [*LAYOUTS]
        for n in range(max(len(samples), len(layouts))):
            yield samples[n % len(samples)], layouts[n % len(layouts)]


LAID = [
    pytest.param(sample, layout, id=f"{sample.parent.name}/{sample.name}-{layout}")
    for sample, layout in (product(LINES, LAYOUTS) if EVERY else of_each_format())
]


def told(name, data, *, anew):
    parsed = formats.parsed(name, data, 0, anew=anew)
    tiles(parsed, 0, len(data))
    records, files = evidence(name, {"login01/var/log/x": data}, parsed)
    made = readings.registry()[name].read(records, files, zone="UTC", anchor_ns=ANCHOR_NS)
    rows = {table: rows.to_pylist() for table, rows in made.items()}
    return parsed, {name: [without_place(row) for row in all_rows] for name, all_rows in rows.items()}


def without_place(row):
    return {key: value for key, value in row.items() if key not in BESIDE}


@pytest.mark.parametrize(("sample", "layout"), LAID)
def test_each_layout_tells_what_a_line_for_each_object_tells(sample, layout):
    name, held = sample.parent.name, objects(sample)
    data, plain = LAYOUTS[layout](held).encode(), "".join(line + "\n" for line in held).encode()
    one, two = told(name, data, anew=True), told(name, plain, anew=False)
    assert one[1] == two[1]
    for laid, lined in zip(one[0][:2], two[0][:2], strict=True):
        assert [without_place(row) for row in laid.to_pylist()] == [
            without_place(row) for row in lined.to_pylist()
        ]
        for row, other in zip(laid.to_pylist(), lined.to_pylist(), strict=True):
            assert json.loads(data[row["start"] : row["stop"]]) == json.loads(
                plain[other["start"] : other["stop"]]
            )


@pytest.mark.parametrize(("sample", "layout"), LAID)
def test_it_is_recognised_where_its_lines_are(sample, layout):
    held = objects(sample)
    plain = "".join(line + "\n" for line in held).encode()
    data = LAYOUTS[layout](held).encode()
    if max(map(len, held)) * 3 < 65_536:
        assert formats.recognise(data[:65_536], "login01/x") is None
        as_lines = formats.recognise(plain[:65_536], "login01/x")
        assert formats.laid_out(data[:65_536], "login01/x") == as_lines
        assert as_lines in {sample.parent.name, None}
    assert jsonlayout.unfolded(plain[:65_536]) == b""


@given(st.sampled_from(LINES), st.sampled_from(sorted(LAYOUTS)), st.data())
@settings(max_examples=examples(120), deadline=None)
def test_damage_costs_no_byte_and_nothing_before_it(sample, layout, data):
    name = sample.parent.name
    whole = LAYOUTS[layout](objects(sample)).encode()
    start, stop = sorted(data.draw(st.integers(0, len(whole))) for _ in range(2))
    noise = data.draw(st.binary(max_size=9) | st.sampled_from([b'"', b"}", b"[", b"\x00", b"{" * 99]))
    raw = whole[:start] + noise + whole[stop:]
    parsed = formats.parsed(name, raw, 500, anew=True)
    tiles(parsed, 500, 500 + len(raw))
    before = formats.parsed(name, whole, 500, anew=True).records
    # An object that damage stands in, or that ends a list which is no list any more, is another.
    kept = [row for row in before.to_pylist() if row["stop"] < 500 + start]
    if raw.lstrip()[:1] == whole.lstrip()[:1] and layout != "events":
        assert parsed.records.to_pylist()[: len(kept)] == kept
    formats.laid_out(raw[:65_536] or b" ", "x")


def test_many_objects_are_read_some_megabytes_at_a_time(monkeypatch):
    held = objects(next(s for s in LINES if s.parent.name == "falco")) * 7
    data = LAYOUTS["array"](held).encode()
    once = formats.parsed("falco", data, 0, anew=True)
    monkeypatch.setattr(jsonlayout, "_TOGETHER_BYTES", 1)
    again = formats.parsed("falco", data, 0, anew=True)
    assert [t.to_pylist() for t in once] == [t.to_pylist() for t in again]
    assert once.records.num_rows == len(held)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"[]",
        b"{}",
        b"[\n",
        b'{"uid": 1}\n{"uid": 2}\n',
        b'{\n"uid": "x", "code": "T2000I", "event": "a", "time": "x"\n',
        b'{\n  "name": "x", "uid": "y", "dependencies": {}\n}\n',
        b"7\n",
        b'"ID"',
        b"<a>",
    ],
)
def test_other_json_is_nobody_s(head):
    assert formats.laid_out(head, "login01/x.json") is None


def test_only_json_that_may_be_is_looked_at(monkeypatch):
    """A home folder can have a hundred thousand files of settings and notebooks."""
    monkeypatch.setattr(jsonlayout, "unfolded", lambda _: pytest.fail("looked at"))
    assert (
        formats.laid_out(b'{\n "cells": [], "metadata": {"kernelspec": {}}, "nbformat": 4\n}', "x.ipynb")
        is None
    )


def test_every_format_that_can_be_laid_out_is_cut_by_lines_and_has_its_signs_in_every_object():
    for name, signs in formats.LAID_OUT.items():
        assert formats.registry()[name].CUT == "line"
        assert not hasattr(formats.registry()[name], "FRAME_BYTES")
        assert formats.cut(name, anew=True) == "whole"
        assert formats.cut(name, anew=False) == "line"
        for sample in (s for s in LINES if s.parent.name == name):
            known = "".join(line + "\n" for line in objects(sample)).encode()
            if formats.recognise(known[:65_536], "x") == name:
                assert any(sign in known for sign in signs), sample


def case_of(tmp_path, contents, **how):
    place = tmp_path / "-".join(["case", *map(str, how.values())])
    for path, data in contents.items():
        (place / "evidence" / path).parent.mkdir(parents=True, exist_ok=True)
        (place / "evidence" / path).write_bytes(data)
    pipeline.create(place / "case")
    pipeline.seal(place / "case", [place / "evidence"])
    tally = pipeline.ingest(place / "case", **how)
    assert tally.parsed + tally.rejected + tally.ignored == tally.bytes
    tables = place / "case" / "tables"
    return {name: parquet.read(tables, name).to_pylist() for name in ("event", "reject", "teleport", "falco")}


def test_a_case_tells_the_same_of_both_layouts_whatever_reads_it(tmp_path):
    """Plain and laid out files of one format lie in one table, packed ones and large ones among them."""
    held = {n: [o for s in LINES if s.parent.name == n for o in objects(s)] for n in ("teleport", "falco")}
    contents = {}
    for name, own in held.items():
        for layout, laid in LAYOUTS.items():
            contents[f"login01/{name}-{layout}"] = laid(own[:4] * 3).encode()
        contents[f"login01/{name}-plain"] = "".join(o + "\n" for o in own[:4] * 3).encode()
        contents[f"login01/{name}.gz"] = gzip.compress(LAYOUTS["array"](own[:4] * 2).encode(), mtime=0)
    once = case_of(tmp_path, contents, workers=1)
    assert once == case_of(tmp_path, contents, workers=2)
    assert once == case_of(tmp_path, contents, workers=1, block_bytes=64)
    assert len(once["falco"]) == (len(LAYOUTS) + 1) * 12 + 8
    assert {e["format"] for e in once["event"]} == {"teleport", "falco"}
    unwritten, _ = inmemory.Desk(tmp_path / "desk").tables(contents, Question())
    assert unwritten["event"].to_pylist() == once["event"]


@pytest.mark.parametrize("between", [b" ", b"\n\n"])
@pytest.mark.parametrize(("opens", "closes", "split"), [(b"", b"", b""), (b"[", b"]", b",")])
def test_of_very_many_values_that_are_no_objects_those_that_follow_are_one_reject(
    monkeypatch, opens, closes, split, between
):
    """Two bytes each, and a hundred and sixty times as many of memory."""
    monkeypatch.setattr(jsonlists, "MOST_BARE", 2)
    parts = [b'{"a":1}', b"0", b"[2]", b'"x"', b"null", b'{"b":2}', b"7", b"-1.5", b'{"c":3}']
    data = opens + (split + between).join(parts) + closes
    found = jsonlists.arrays(data) if opens else jsonlists.values(data)
    assert [data[a:b] for a, b in found.elements] == [b'{"a":1}', b"0", b"[2]", b'{"b":2}', b'{"c":3}']
    assert [data[a:b] for a, b, _ in found.rejected] == [
        b'"x"' + split + between + b"null", b"7" + split + between + b"-1.5",
    ]  # fmt: skip
    assert {why for *_, why in found.rejected} == {Why.SHAPE}
    monkeypatch.setattr(jsonlists, "MOST_BARE", 100)
    whole = jsonlists.arrays(data) if opens else jsonlists.values(data)
    assert ([data[a:b] for a, b in whole.elements], whole.rejected) == (parts, [])


def test_what_stands_behind_damage_begins_after_all_that_was_read(monkeypatch):
    monkeypatch.setattr(jsonlists, "MOST_BARE", 1)
    data = b'{"a":1} 1 2 3 }'
    found = jsonlists.values(data)
    assert [(data[a:b], why) for a, b, why in found.rejected] == [(b"2 3", Why.SHAPE), (b" }", Why.TRUNCATED)]
