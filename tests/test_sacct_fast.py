"""Accounting read in bulk is what it is read line by line, and a chunk is read under its file's header."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.core import clock
from forensics.core.lines import cut, shown
from forensics.custody import chunks
from forensics.formats import sacct
from forensics.pipeline import parts

NAMES = "JobID|JobName|User|UID|State|Submit|ElapsedRaw"
FIELDS = st.text(st.sampled_from("a1.|[]é\\\r\x00 "), max_size=6).map(str.encode) | st.binary(max_size=4)
JOBS = st.sampled_from(["10", "10.batch", "10_[1.2].3", "10_3.0.1", "11+2.ext", "10.", "x", "", "10_[1-3%2]"])
STAMPS = st.sampled_from(["2026-11-23T15:11:42", "Unknown", "", "2026-11-23T15:11", "1795446702"])


@st.composite
def rows(draw):
    """A row that is mostly sound."""
    job, stamp = draw(JOBS).encode(), draw(STAMPS).encode()
    fields = [job, draw(FIELDS), b"kai", draw(st.sampled_from([b"4101", b"", b"-1"])), b"FAILED", stamp, b"7"]
    return b"|".join(fields[: draw(st.sampled_from([7, 7, 7, 6]))])


@st.composite
def files(draw):
    """A file, its separator and whether that also closes a row."""
    mark, closed = draw(st.sampled_from([b"|", b"|", b";", b"\\", b"@@"])), draw(st.booleans())
    end = draw(st.sampled_from([b"\n", b"\r\n"]))
    lines = [NAMES.encode(), *draw(st.lists(rows(), max_size=8))]
    return b"".join(line.replace(b"|", mark) + (mark if closed else b"") + end for line in lines)


def plain(table):
    return [part.to_pylist() for part in table]


@settings(max_examples=150, deadline=None)
@given(files())
def test_fields_cut_out_of_the_bytes_are_those_of_the_split_lines(data):
    fast = plain(sacct.parse(data, 70))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sacct, "_sliceable", lambda *_: False)
        assert plain(sacct.parse(data, 70)) == fast


def test_the_fast_way_is_taken_where_lines_are_text_and_only_there():
    for row, whole in (
        (b"10|caf\xc3\xa9|", True),
        (b"10|\xff|", False),
        (b"10|" + b"x" * (1 << 20) + b"|", False),
    ):
        lines = cut(b"JobID|User|State\n" + row, 0)
        layout = sacct._layout("JobID|User|State")
        text = shown(pc.if_else(sacct._long(lines), pa.scalar(b"", pa.binary()), lines.text))
        assert sacct._sliceable(lines, text, layout) == whole


@given(st.lists(JOBS.filter(lambda j: j not in {"", "x", "10."}), min_size=1))
def test_a_step_is_what_follows_the_job(jobs):
    column = pa.array(jobs)
    found = pc.extract_regex(column, pattern=rf"^(?P<job>{sacct._ID})(?:\.(?P<step>.+))?$").to_pylist()
    assert sacct._steps(column)["job"].to_pylist() == [f["job"] for f in found]
    assert sacct._steps(column)["step"].to_pylist() == [f["step"] or None for f in found]


@settings(max_examples=60, deadline=None)
@given(files(), st.integers(1, 60))
def test_a_chunk_is_read_under_the_header_of_its_file(tmp_path_factory, data, block):
    path, sha256 = tmp_path_factory.mktemp("sacct") / "f", hashlib.sha256(data).hexdigest()
    path.write_bytes(data)
    found = []
    for chunk in chunks.cut(path, sha256, sacct.CUT, block):
        assert chunk.head == (data[: data.index(b"\n") + 1] if chunk.start else b"")
        found.append(parts.parse(parts.Task("p", "sacct", sha256, path, chunk, None)).records)
    uncut = chunks.Chunk(0, len(data), sha256, readable=True)
    whole = parts.parse(parts.Task("p", "sacct", sha256, path, uncut, None))
    assert pa.concat_tables(found).to_pylist() == whole.records.to_pylist()


def test_a_first_line_too_long_heads_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(chunks, "LONGEST_HEAD_BYTES", 5)
    (tmp_path / "f").write_bytes(b"123456\na\nb\n")
    found = list(chunks.cut(tmp_path / "f", hashlib.sha256(b"123456\na\nb\n").hexdigest(), "headed", 3))
    assert [c.head for c in found] == [b"", b"\n", b"\n"]


@given(
    st.lists(st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(-(10**10), 10**10)),
    st.sampled_from([1, 10**9]),
)
def test_seconds_are_placed_where_int64_holds_them(seconds, tick):
    found = clock.epoch(pa.array(seconds, pa.int64()), tick_ns=tick)
    first = [None if s is None or abs(s * 10**9) >= 2**63 - tick else s * 10**9 for s in seconds]
    assert found.earliest_ns.to_pylist() == first
    assert found.latest_ns.to_pylist() == [None if f is None else f + tick - 1 for f in first]
    assert np.asarray(found.earliest_ns.is_null()).tolist() == [f is None for f in first]
