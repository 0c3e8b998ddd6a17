"""Accounting read in bulk is what it is read line by line, and a chunk is read under its file's header."""

import hashlib
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from drawn import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forensics.core import clock, endings, loose, parted, sacctrows
from forensics.core.lines import edged
from forensics.core.model import Why
from forensics.core.tables import EVENT, FILE, JOB_RECORD
from forensics.custody import chunks
from forensics.formats import sacct
from forensics.pipeline import parts
from forensics.readings import sacct as sacct_reading

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


@settings(max_examples=examples(150), deadline=None)
@given(files())
@example(b"JobID|User|State|\n10|kai|FAILED|\n10|kai|FAILED|x\n")
@example(b"JobID|User|State\n10|kai\n10|kai|FAILED|x\n")
def test_fields_cut_out_of_the_bytes_are_those_of_the_split_lines(data):
    fast = plain(sacct.parse(data, 70))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parted, "cuttable", lambda *_: False)
        assert plain(sacct.parse(data, 70)) == fast


def test_the_fast_way_is_taken_where_lines_are_text_and_only_there():
    for row, whole in (
        (b"10|caf\xc3\xa9|", True),
        (b"10|\xff|", False),
        (b"10|" + b"x" * (1 << 20) + b"|", False),
    ):
        data, layout = b"JobID|User|State\n" + row, sacct._layout("JobID|User|State")
        assert parted.cuttable(data, edged(data), layout.mark) == whole


@given(
    st.lists(st.sampled_from(["JobID", "JobIDRaw", "Submit", "Eligible", "Start", "State", "Other"]), unique=True),
    st.lists(st.lists(st.none() | st.sampled_from(["a", "b", ""]), min_size=3, max_size=3), min_size=7, max_size=7),
)  # fmt: skip
@example(["Submit", "Eligible", "JobID", "Start", "State"], [["a", None, "b"]] * 7)
def test_a_column_that_repeats_the_one_before_is_looked_at_once(names, columns):
    raw = {name: pa.array(own, pa.string()) for name, own in zip(names, columns, strict=False)}
    with pytest.MonkeyPatch.context() as patch:
        looked_at = []
        encode = loose.dictionary
        patch.setattr(loose, "dictionary", lambda column: looked_at.append(column) or encode(column))
        found = sacct._coded(raw)
    assert list(found) == names
    assert {name: own.to_pylist() for name, own in found.items()} == {
        n: c.to_pylist() for n, c in raw.items()
    }
    coded = [name for name in names if not name.startswith("JobID")]
    assert all(pa.types.is_dictionary(found[name].type) == (name in coded) for name in names)
    assert len(looked_at) == sum(
        n == 0 or not raw[name].equals(raw[coded[n - 1]]) for n, name in enumerate(coded)
    )


def test_each_reason_to_reject_a_line_is_told_whole():
    assert [np.full(1, why.value, sacct._REASON).tolist() for why in Why] == [[why.value] for why in Why]


@given(st.lists(JOBS.filter(lambda j: j not in {"", "x", "10."}), min_size=1))
def test_a_step_is_what_follows_the_job(jobs):
    column = pa.array(jobs)
    found = pc.extract_regex(column, pattern=rf"^(?P<job>{sacctrows.ID})(?:\.(?P<step>.+))?$").to_pylist()
    assert sacctrows.steps(column)["job"].to_pylist() == [f["job"] for f in found]
    assert sacctrows.steps(column)["step"].to_pylist() == [f["step"] or None for f in found]


@given(st.lists(st.sampled_from(["10", "10.batch", "3.0.1", "11_2.é.x", "7.extern"])), st.integers(0, 3))
def test_of_a_slice_each_step_is_told_once(jobs, cut):
    """Of some rows of a longer column, whose bytes do not begin where those of the whole do; and of none."""
    found = sacctrows.steps(pa.array(["99.x.y", *jobs]).slice(1 + min(cut, len(jobs))))
    parted = [job.partition(".") for job in jobs[cut:]]
    assert found["job"].to_pylist() == [job for job, _, _ in parted]
    assert found["step"].to_pylist() == [step or None for _, _, step in parted]
    for name, own in found.items():
        assert own.dictionary.to_pylist() == [w for w in dict.fromkeys(own.to_pylist()) if w is not None], (
            name
        )


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


TOLD = st.tuples(
    st.sampled_from(["1", "2", "3"]),
    st.none() | st.sampled_from(["batch", "0"]),
    st.sampled_from(["COMPLETED", "FAILED", "CANCELLED by 4101", "CANCELLED+ by 7", "RUNNING", "TIMEOUT", "WHAT", "OUT_OF_MEMORY"]),
    st.none() | st.sampled_from(["0:0", "1:0", "137:0", "0:9", "x", "200:0"]),
    st.none() | st.sampled_from(["2026-11-23T15:11:42", "1795446702", "2026-03-29T02:30:00"]),
    st.none() | st.sampled_from(["gpu01", "None assigned", "gpu[02-03]"]),
    st.none() | st.sampled_from(["", "sbatch x", "y" * 5000]),
    st.none() | st.sampled_from(["kai", "lin"]),
)  # fmt: skip


def recorded(told):
    """Records of accounting, as they are kept."""
    names = ("job", "step", "state", "exit_code", "end_wall", "node_list", "submit_line", "user")
    columns = {name: [row[at] for row in told] for at, name in enumerate(names)}
    columns |= {f"{name}_wall": columns["end_wall"][::-1] for name in ("submit", "start")}
    columns |= {
        "job_id": columns["job"],
        "others": [[]] * len(told),
        "job_name": columns["submit_line"][::-1],
    }
    columns |= {"start": list(range(len(told))), "stop": list(range(1, len(told) + 1))}
    columns |= {"sha256": ["ab" * 32] * len(told), "uid": [None if row[7] is None else 4101 for row in told]}
    return parts.record_table("sacct").build(columns)


NOON = "2026-11-23T12:00:00"
CANCELLED = [
    ("1", None, "CANCELLED by 4101", "0:0", NOON, "gpu01", None, "kai"),
    ("1", "batch", "CANCELLED by 4101", "0:0", NOON, "gpu01", None, None),
    ("2", "0", "CANCELLED by 7", "0:0", NOON, "gpu[02-03]", None, None),
]
FAILED = [
    ("3", None, "FAILED", "0:9", NOON, None, "x", "kai"),
    ("3", "batch", "FAILED", "137:0", NOON, "gpu01", None, None),
    ("3", "0", "FAILED", "1:0", NOON, "gpu[02-03]", None, None),
]


def words(step, said):
    """The words of an event of a job or a step."""
    told = [f"step {step}"] * (step is not None) + [said] * (said is not None)
    return " ".join(told) or None


@settings(max_examples=10, deadline=None)
@given(st.lists(TOLD, max_size=12), st.sampled_from(["UTC", "Europe/Amsterdam"]))
@example((CANCELLED + FAILED) * 3, "UTC")
def test_codes_tell_what_texts_tell(told, zone):
    """Of values in dictionaries, some of which no row has, the same is told as of each row by itself."""
    records, files = recorded(told), FILE.empty()
    light = parts_of(records)
    plain = sacct_reading.read(records, files, zone=zone, anchor_ns=None)
    coded = sacct_reading.lightly(light, files, zone=zone, anchor_ns=None)
    one_by_one = [
        sacct_reading.read(records.slice(n, 1), files, zone=zone, anchor_ns=None, notes=settled(records))
        for n in range(len(records))
    ]
    for table in (EVENT, JOB_RECORD):
        strict = loose.strict(coded[table.name], table.schema())
        assert strict.equals(plain[table.name])
        alone = pa.concat_tables([table.empty(), *(found[table.name] for found in one_by_one)])
        key = "event_id" if table is EVENT else "start"
        assert alone.sort_by(key).to_pylist() == strict.sort_by(key).to_pylist()
    for row in plain["job_record"].to_pylist():
        how = {name: pa.array([row[name]], JOB_RECORD.schema().field(name).type) for name in ("exit_code", "exit_signal", "requestor")}  # fmt: skip
        assert row["ending"] == endings.told(pa.array([row["outcome"]], pa.string()), **how)[0].as_py()
    asked = {job for job, step, state, *_ in told if step is None and " by " in state}
    kills = {n for n, (job, step, state, *_) in enumerate(told) if " by " in state and (step is None or job not in asked)}  # fmt: skip
    events = plain["event"].to_pylist()
    assert {event["start"] for event in events if event["verb"] == "kill_request"} == kills
    for event in events:
        _, step, state, _, _, nodes, *_ = told[event["start"]]
        said = {"start": None if nodes is None else f"on {nodes}"}.get(event["verb"], state)
        assert event["verb"] == "submit" or event["text"] == words(step, said)


def parts_of(records):
    """Records as they are read back: texts as codes, and a value that no row has."""
    columns = []
    for name, column in zip(records.column_names, records.columns, strict=True):
        held = column.combine_chunks()
        if name in sacct_reading.CODED:
            coded = held.dictionary_encode()
            words = pa.concat_arrays([coded.dictionary, pa.array(["2026-01-01T00:00:00"])])
            held = pa.DictionaryArray.from_arrays(coded.indices, words if coded.dictionary.index(words[-1]).as_py() < 0 else coded.dictionary)  # fmt: skip
        columns.append(held)
    return pa.Table.from_arrays(columns, names=records.column_names)


def settled(records):
    """What slices must know of one another, in Python: jobs that say themselves who asked to end them."""
    own = {(r["sha256"], r["job"]) for r in records.to_pylist() if r["step"] is None and re.fullmatch(r"CANCELLED\+? by [0-9]+", r["state"])}  # fmt: skip
    return pa.table({"sha256": pa.array([s for s, _ in own], pa.string()), "job": pa.array([j for _, j in own], pa.string())})  # fmt: skip
