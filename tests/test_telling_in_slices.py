"""Records told a slice at a time tell what they tell together, wherever the slices are cut."""

import hashlib
import json
from collections import Counter
from importlib import import_module
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drawn import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forensics import formats, pipeline, readings
from forensics.core.errors import CustodyError
from forensics.core.schema import Column, Table, extended
from forensics.core.tables import CORE, FILE, SHA256
from forensics.pipeline import lacking, slicing, tell
from forensics.store import moments, parquet, spool

FOLDER = Path(__file__).parents[1] / "sample_logs" / "formats"
ANCHOR_NS = 1_795_446_697_000_000_000
MOMENT = Table("moment", "a time", (Column("earliest_ns", pa.int64(), "time", "ns", "none"),))
TABLES = {table.name: table for table in CORE}
SLICED = [name for name in sorted(formats.registry()) if slicing.sliceable(name)]


def sealed(name, data, path):
    """Records of a file, and its row of `file`."""
    sha256, form = hashlib.sha256(data).hexdigest(), formats.registry()[name]
    records = form.parse(data, 0).records.sort_by("start")
    table = pa.Table.from_arrays(
        [pa.array([sha256] * records.num_rows, pa.string()), *records.columns],
        schema=extended(form.TABLE, SHA256).schema(),
    )
    row = {
        "sha256": sha256,
        "path": path,
        "host": path.partition("/")[0],
        "origin": f"/{path}",
        "format": name,
    }
    row |= {"bytes": len(data), "kind": "file", "held": "copied", "domain": "d"}
    return table, row | dict.fromkeys(("parsed", "rejected", "ignored"), 0)


def files_of(*rows):
    return FILE.build({c: [row.get(c) for row in rows] for c in FILE.names})


def rows_of(made):
    strict = {name: parquet.conformed(table, TABLES[name].schema()) for name, table in made.items()}
    return sorted((name, str(row)) for name, table in strict.items() for row in table.to_pylist())


def in_slices(name, records, files, size, folder):
    """What slices of so many records tell, each by itself, as `pipeline.tell` has them told."""
    path = folder / f"{size}.parquet"
    pq.write_table(records, path, row_group_size=size)
    own = slicing.slices(name, [path], 1)
    reading = readings.registry()[name]
    notes = [None] * len(own)
    if lacking.lacks(name):
        asked = [slicing.Asked(name, one, folder / f"{size}" / f"{n}.arrow") for n, one in enumerate(own)]
        found = lacking.found(name, [slicing.put_note(one) for one in asked], files, folder / f"{size}")
        notes = [path and spool.read(path) for path in found]
    elif slicing.notes_are_due(name, own):
        asked = hasattr(reading, "NOTES")
        every = (
            slicing.by_question(name, [path], folder)
            if asked
            else pa.concat_tables(slicing.note(slicing.Asked(name, one)) for one in own)
        )
        notes = [every] * len(own)
    told = []
    for one, known in zip(own, notes, strict=True):
        found = slicing.read(one, reading)
        told += rows_of(tell.made(name, found, files, "Europe/Amsterdam", ANCHOR_NS, None, known))
    return sorted(told)


def whole(name, records, files):
    reading = import_module(f"forensics.readings.{name}")
    return rows_of(reading.read(records, files, zone="Europe/Amsterdam", anchor_ns=ANCHOR_NS))


def largest(name):
    lines = (path for path in (FOLDER / name).iterdir() if not path.name.startswith("laid_out_"))
    return max(lines, key=lambda path: (path.stat().st_size, path.name))


@pytest.mark.parametrize("name", SLICED)
def test_slices_tell_what_the_whole_tells(name, tmp_path):
    sample = largest(name)
    records, row = sealed(name, sample.read_bytes(), f"login01/var/log/{sample.name}")
    size = max(1, -(-len(records) // 3))
    assert in_slices(name, records, files_of(row), size, tmp_path) == whole(name, records, files_of(row))


EACH = [name for name in SLICED if hasattr(readings.registry()[name], "EACH")]


@pytest.mark.parametrize("name", EACH)
def test_each_record_tells_by_itself_what_it_tells_beside_all(name, tmp_path):
    """Of every sample, a record at a time: what may not be cut is read whole, and told in slices all the same."""
    for n, sample in enumerate(sorted((FOLDER / name).iterdir())):
        records, row = sealed(name, sample.read_bytes(), f"login01/home/mei/{sample.name}")
        if len(records):
            (tmp_path / f"{n}").mkdir()
            together = whole(name, records, files_of(row))
            assert in_slices(name, records, files_of(row), 1, tmp_path / f"{n}") == together


SACCT = "JobID|User|State|Submit|Start|End\n" + "".join(
    f"{job}|{user}|{state}|2026-11-23T15:1{n}:00|2026-11-23T15:1{n}:30|2026-11-23T16:1{n}:00\n"
    for n, (job, user, state) in enumerate(
        [("7", "kai", "CANCELLED by 4101"), ("7.batch", "", "CANCELLED by 4101"), ("8.0", "", "CANCELLED by 7"),
         ("8.1", "", "CANCELLED by 7"), ("9", "lin", "COMPLETED"), ("7.1", "", "CANCELLED by 4101"), ("8", "lin", "CANCELLED by 7")]
    )
)  # fmt: skip


def request(
    n, stage, *, received="15:11:42.000001", resource="pods", name="a-0", user="kai", verb="delete", **more
):
    day = "2026-11-23T"
    told = {
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": n, "stage": stage, "verb": verb,
        "user": {"username": user}, "objectRef": {"resource": resource, "namespace": "research", "name": name},
        "responseStatus": {"code": 200}, "requestReceivedTimestamp": f"{day}{received}Z",
        "stageTimestamp": f"{day}15:11:43.00000{len(stage) % 10}Z",
    }  # fmt: skip
    return json.dumps(told | more, separators=(",", ":")) + "\n"


def owned(name, by):
    owner = {"kind": "Job", "name": by, "controller": True}
    return request(
        f"o-{name}", "ResponseComplete", received="15:11:40.000001", name=name, verb="create",
        user="system:kube-controller-manager",
        responseObject={"kind": "Pod", "metadata": {"name": name, "ownerReferences": [owner]}},
    )  # fmt: skip


K8S = "".join(
    [
        request("r1", "RequestReceived"), request("r1", "ResponseStarted"), request("r2", "ResponseComplete", name="b-0"),
        owned("a-0", "set-a"), request("r1", "ResponseComplete"), owned("set-a", "train-7"), owned("b-0", "other"), owned("b-0", "later"),
        # The id of another request, which a client can choose: a request of its own all the same.
        request("r1", "ResponseComplete", received="15:12:00.000009", name="c-0"),
    ]
)  # fmt: skip
PRINTED = 'audit: type=1300 audit(1795446841.266:{serial}): arch=c000003e syscall=62 success=yes exit=0 a0=2466 a1=9 pid=9 auid=4102 uid=0 comm="kill"'  # fmt: skip
SYSLOG = "".join(
    f"{stamp} login01 {said}\n"
    for stamp, said in [
        ("Dec 30 10:00:00", "sshd[7]: Accepted password for kai from 10.0.0.1 port 7 ssh2"), ("Dec 31 23:59:59", "a: b"),
        ("Jan  1 00:00:01", "a: b"), ("Dec 31 23:59:58", "late: b"), ("Jan  2 00:00:01", f"kernel: {PRINTED.format(serial=7)}"),
        ("Nov  3 10:00:00", f"kernel: {PRINTED.format(serial=8)}"), ("Nov  3 10:00:00", "kernel: audit: type=1327 audit(1795446841.266:7): proctitle=6B"),
        ("Feb 29 10:00:00", "a: b"), ("Mar 33 10:00:00", "a: b"), ("Nov 23 10:00:00", "a: b"), ("Nov 22 10:00:00", "kernel: audit: type=9 x"),
    ]
)  # fmt: skip
ACROSS = {"sacct": SACCT, "k8s_audit": K8S, "syslog": SYSLOG}


@pytest.mark.parametrize("name", ACROSS)
def test_what_lies_in_two_slices_is_told_as_in_one(name, tmp_path):
    """Two files, so that nothing of one is taken for the other's, and every size of a slice."""
    data = ACROSS[name].encode()
    one, first = sealed(name, data, "login01/var/log/x")
    two, second = sealed(name, data.replace(b"23T15", b"24T15") + data[-1:], "gpu01/var/log/x")
    records = pa.concat_tables([one, two]).sort_by([("sha256", "ascending"), ("start", "ascending")])
    files = files_of(first, second)
    told = whole(name, records, files)
    for size in (1, 3):
        assert in_slices(name, records, files, size, tmp_path) == told


def test_a_request_under_the_id_of_another_is_an_act():
    """`Audit-ID` is the client's to choose. Were it all that stages go by, a deletion could hide behind any request."""
    records, row = sealed("k8s_audit", K8S.encode(), "x")
    found = tell.made("k8s_audit", records, files_of(row), "UTC", None)["event"].to_pylist()
    killed = [event["object"] for event in found if event["verb"] == "kill_request"]
    assert sorted(killed) == ["research/c-0", "research/other", "research/train-7"]


def test_no_more_than_a_slice_is_told_at_a_time_and_the_same_is_told(tmp_path, monkeypatch):
    """Counted in rows, for a clock and a process's size say little. What is written is compared row by row."""
    folder = tmp_path / "evidence" / "login01" / "var" / "log"
    folder.mkdir(parents=True)
    for name, text in ACROSS.items():
        (folder / name).write_text(text * 3, encoding="utf-8")
    cases, most = {}, []
    for size in (4, parquet.GROUP_ROWS):
        monkeypatch.setattr(parquet, "GROUP_ROWS", size)
        monkeypatch.setattr(tell, "PART_ROWS", size - 1)
        with monkeypatch.context() as patch:
            plain = tell.made
            patch.setattr(tell, "made", lambda form, records, *rest: most.append(len(records)) or plain(form, records, *rest))  # fmt: skip  # noqa: B023
            case = tmp_path / f"case-{size}"
            pipeline.create(case)
            pipeline.seal(case, [tmp_path / "evidence"])
            pipeline.ingest(case)
        if size == 4:
            assert max(most) <= size + size // 2
        tables = case / "tables"
        cases[size] = {name: parquet.read(tables, name).to_pylist() for name in ("event", "job_record")}
        assert (size == 4) == (len(parquet.parts(tables, "job_record")) > 1)
        assert (size == 4) == (tables / "event" / ".footers.arrow").exists()
    one, other = cases.values()
    assert one == other
    assert len(one["event"]) > 60


def events(*rows):
    return pa.table({"start": [start for start, _ in rows], "event_id": [named for _, named in rows]})


@pytest.mark.parametrize("odd", [0, 7], ids=["as if all were alike", "by their numbers"])
def test_an_id_that_comes_twice_is_noticed_wherever_it_stands(odd, monkeypatch):
    monkeypatch.setattr(tell, "_ODD", odd)
    monkeypatch.setattr(tell, "_OTHER_ODD", odd)
    tell._once(events())
    tell._once(events((0, "aaaaaaaa.0.5"), (5, "aaaaaaaa.5.9")))
    tell._once(events((5, "aaaaaaaa.5.9.0"), (0, "aaaaaaaa.0.5.0"), (5, "aaaaaaaa.5.9.1")))
    with pytest.raises(CustodyError, match=r"two events have the id aaaaaaaa\.5\.9\.0;"):
        tell._once(events((5, "aaaaaaaa.5.9.0"), (0, "aaaaaaaa.0.5.0"), (5, "aaaaaaaa.5.9.0")))
    with pytest.raises(CustodyError, match=r"two events have the id aaaaaaaa\.5\.9;"):
        tell._once(events((5, "aaaaaaaa.5.9"), (5, "aaaaaaaa.5.9"), (9, "aaaaaaaa.9.10")))


def spooled(tmp_path, times):
    """Two spooled files that have every other time each."""
    paths = []
    for n, own in enumerate((times[::2], times[1::2])):
        held = sorted(at for at in own if at is not None) + [at for at in own if at is None]
        paths.append(spool.write(tmp_path / str(n), MOMENT, MOMENT.build({"earliest_ns": held})))
    return paths


def test_columns_that_lie_aside_are_those_of_the_rows_as_they_were_last_put(tmp_path):
    rows = MOMENT.build({"earliest_ns": [1, 2, None]})
    path = spool.write(tmp_path, MOMENT, rows, ["earliest_ns"])
    assert spool.read(path, ["earliest_ns"]) == spool.read(path)
    path.rename(tmp_path / "elsewhere")
    assert spool.read(path, ["earliest_ns"])["earliest_ns"].to_pylist() == [1, 2, None]
    spool.put(path, rows.slice(1))
    assert spool.read(path, ["earliest_ns"])["earliest_ns"].to_pylist() == [2, None]


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.dictionary(pa.int32(), pa.string())], ids=["packed", "coded"]
)
def test_any_rows_of_a_spooled_file_are_fetched(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(spool, "BATCH_ROWS", 2)
    monkeypatch.setattr(spool, "CODED_ROWS", 3)
    words = pa.array([f"{n % 3}" for n in range(7)]).cast(kind)
    spool.put(tmp_path / "rows.arrow", pa.table({"n": [*range(7)], "word": words}))
    for start in range(7):
        for stop in range(start + 1, 8):
            found = spool.rows(tmp_path / "rows.arrow", start, stop).to_pylist()
            assert found == [{"n": n, "word": f"{n % 3}"} for n in range(start, stop)]


TIMES = {
    "one": [5],
    "few": [7, 7, 9],
    "late": [2**62 + 1, 2**62 + 5, 2**62 + 3],
    "spread": [*range(0, 10**10, 10**8)],
    "far": [-(2**62), -1, 0, 1, *(int(at * at * 1e9) for at in range(60)), 2**62],
    "undated": [None],
    "none": [],
}


@pytest.mark.parametrize("most", [2, 5, moments.MOST_STEPS])
@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
def test_median_and_parts_are_those_of_all_times_in_order(times, most, tmp_path, monkeypatch):
    monkeypatch.setattr(moments, "MOST_STEPS", most)
    paths, known = spooled(tmp_path, times), sorted(at for at in times if at is not None)
    assert moments.median(paths) == (known[(len(known) - 1) // 2] if known else None)
    for rows in (1, 3, 7, 1000):
        edges, full = [None], 0
        for second, own in groupby(at // 10**9 for at in known):
            before, full = full, full + len([*own])
            if before and before // rows != full // rows:
                edges.append(second * 10**9)
        assert moments.windows(paths, rows) == [*pairwise([*edges, None])]


def test_few_records_are_told_together_where_each_lies_under_many_paths(tmp_path):
    """Small files of one part are one group of rows, however many refs name each commit."""
    made = [
        sealed("git_ref", f"{n:040x}\n".encode(), f"login01/git/llm.git/refs/heads/{n}") for n in range(5)
    ]
    made.sort(key=lambda one: one[1]["sha256"])
    records = pa.concat_tables(table for table, _ in made)
    rows = [{**row, "path": f"{row['path']}/{k}"} for _, row in made for k in range(slicing.MANY_PATHS)]
    files = files_of(*rows)
    path = tmp_path / "refs.parquet"
    pq.write_table(records, path)
    spread = len(rows) // len(made)
    assert [s[1:4] for s in slicing.slices("git_ref", [path], 2 * spread, spread)] == [
        (0, 2, 0),
        (2, 4, 0),
        (4, 5, 0),
    ]
    assert slicing.slices("git_ref", [path], 2 * spread, spread - 1) == [slicing.Slice((path,), group=0)]
    told = [
        row
        for own in slicing.slices("git_ref", [path], 1, spread)
        for row in rows_of(tell.made("git_ref", slicing.read(own, readings.registry()["git_ref"]), files, "UTC", None))
    ]  # fmt: skip
    assert sorted(told) == whole("git_ref", records, files)
    assert len(told) == len(rows)


def test_which_formats_are_told_whole_is_said_with_its_reason():
    page = (Path(__file__).parents[1] / "docs" / "explanation" / "performance.md").read_text(encoding="utf-8")
    every = readings.registry()
    for name in every:
        if hasattr(every[name], "WHOLE"):
            assert f"`{name}`" in page
            assert every[name].WHOLE in page


@settings(max_examples=examples(200), deadline=None)
@given(
    st.lists(st.sampled_from([0, 1, -1, 7 << 40, -(2**63), 2**63 - 1]) | st.integers(-(2**63), 2**63 - 1), max_size=60),
    st.integers(1, 20),
)  # fmt: skip
@example([3, 3, 4, 3], 1)
@example([5, 6, 5], 20)
def test_numbers_that_come_again_are_found(numbers, bits):
    """By however few places they are told apart at first."""
    again = sorted(n for n, count in Counter(numbers).items() for _ in range(count - 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tell, "_MOST_BITS", bits)
        assert tell._repeated(np.array(numbers, np.int64)).tolist() == again


def test_an_id_that_comes_twice_ends_the_run():
    """Events of other ids that begin at the same byte, or end alike, do not."""
    file = "ab" * 8
    places = [(0, 9, ".0"), (0, 9, ".1"), (9, 30, ""), (9, 20, ""), (30, 39, ".0")]
    rows = [(f"{file}.{start}.{stop}{part}", start) for start, stop, part in places]
    tell._once(pa.table({"event_id": [i for i, _ in rows], "start": [at for _, at in rows]}))
    rows.insert(1, rows[2])
    with pytest.raises(CustodyError, match=f"two events have the id {file}.9.30;"):
        tell._once(pa.table({"event_id": [i for i, _ in rows], "start": [at for _, at in rows]}))
