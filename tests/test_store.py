"""The store: declared tables only, whole or not at all, and the same rows are the same bytes."""

from itertools import pairwise

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from forensics.core.errors import CaseError
from forensics.core.schema import Column, Table
from forensics.core.tables import CITATIONS, CORE, EVENT, JOB_RECORD
from forensics.pipeline import ordering
from forensics.store import parquet, sorting, spool

THING = Table(
    "thing",
    "a thing",
    (
        Column("n", pa.int64(), "its number", "pieces"),
        Column("name", pa.string(), "its name", None, "it has none"),
        Column("citations", CITATIONS, "where it stands"),
    ),
)
ROWS = st.lists(
    st.tuples(
        st.integers(-(2**63), 2**63 - 1),
        st.none() | st.text(max_size=5),
        st.lists(st.integers(0, 9), max_size=2),
    ),
    max_size=30,
)

DATE = Table("date", "a dated thing", (Column("when", pa.int64(), "when", None, "never"), Column("name", pa.string(), "its name", None, "none"), Column("n", pa.int64(), "its number")))  # fmt: skip
DATED = st.lists(
    st.tuples(
        st.none() | st.integers(-5, 5),
        st.none() | st.text(max_size=2),
        st.integers(-3, 3) | st.sampled_from([-(2**63), 2**63 - 1]),
    ),
    max_size=30,
)


def dated(rows):
    return DATE.build({c: [row[at] for row in rows] for at, c in enumerate(DATE.names)})


def table(rows):
    return THING.build(
        {
            "n": [n for n, _, _ in rows],
            "name": [name for _, name, _ in rows],
            "citations": [[{"sha256": str(s), "start": s, "stop": s} for s in spans] for _, _, spans in rows],
        }
    )


@settings(max_examples=40, deadline=None)
@given(rows=ROWS, cuts=st.lists(st.integers(0, 30), max_size=4), group=st.integers(1, 12))
def test_the_same_rows_are_the_same_bytes_however_they_arrive(tmp_path_factory, rows, cuts, group):
    folder = tmp_path_factory.mktemp("tables")
    whole = table(rows)
    edges = [0, *sorted(min(c, len(rows)) for c in cuts), len(rows)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "GROUP_ROWS", group)
        one = parquet.write(folder / "one", THING, whole)
        with parquet.Part(folder / "two", THING) as out:
            for start, stop in pairwise(edges):
                out.add(whole.slice(start, stop - start))
    assert one.read_bytes() == out.path.read_bytes()
    assert parquet.read(folder / "two", "thing").to_pylist() == whole.to_pylist()
    groups = pq.ParquetFile(one).metadata
    sizes = [groups.row_group(n).num_rows for n in range(groups.num_row_groups)]
    assert sizes[:-1] == [group] * (len(sizes) - 1)


@settings(max_examples=20, deadline=None)
@given(rows=ROWS, cuts=st.lists(st.integers(0, 30), max_size=4), most=st.integers(1, 12))
def test_what_is_put_in_order_lies_in_groups_of_a_size_of_its_own(tmp_path_factory, rows, cuts, most):
    folder = tmp_path_factory.mktemp("tables")
    whole = table(rows)
    edges = [0, *sorted(min(c, len(rows)) for c in cuts), len(rows)]
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "GROUP_ROWS", 3)
        for into, cut in (("one", [0, len(rows)]), ("two", edges)):
            with parquet.Part(folder / into, THING, group_rows=most) as out:
                for start, stop in pairwise(cut):
                    out.add(whole.slice(start, stop - start))
            found.append(out.path)
    about = pq.ParquetFile(found[0]).metadata
    sizes = [about.row_group(n).num_rows for n in range(about.num_row_groups)]
    assert sizes == [most] * (len(rows) // most) + [len(rows) % most] * (len(rows) % most > 0)
    assert found[0].read_bytes() == found[1].read_bytes()
    assert parquet.read(folder / "one", "thing").to_pylist() == whole.to_pylist()


def test_events_and_job_records_lie_in_large_groups(tmp_path, monkeypatch):
    """And in a page each: it is read, and its least and greatest looked for, at once."""
    monkeypatch.setattr(parquet, "LARGE_GROUP_ROWS", 4)
    row = dict.fromkeys(JOB_RECORD.names) | {"sha256": "ab" * 32, "format": "sacct", "domain": "d"}
    rows = [row | {"job": str(n), "start": n, "stop": n + 1} for n in range(10)]
    columns = {name: [row[name] for row in rows] for name in JOB_RECORD.names}
    told = spool.write(tmp_path / "told", JOB_RECORD, JOB_RECORD.build(columns), ordering.ASKED[JOB_RECORD])
    for asked in ordering.tasks(tmp_path / "tables", [told.parent], tmp_path / "spill", 100):
        ordering.write(asked)
    about = pq.ParquetFile(tmp_path / "tables" / "job_record" / "0.parquet").metadata
    assert [about.row_group(n).num_rows for n in range(about.num_row_groups)] == [4, 4, 2]
    assert parquet._written(JOB_RECORD.schema(), frozenset())["max_rows_per_page"] >= 1 << 16


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(0, 25), max_size=5), group=st.integers(2, 8))
@example(sizes=[3, 1, 12], group=8)
def test_rows_that_come_together_are_groups_of_one_size(tmp_path_factory, sizes, group):
    """Each batch by itself, with what was left before it; so where others end changes none of its groups."""
    folder = tmp_path_factory.mktemp("tables")
    whole = table([(n, str(n % 3), [n]) for n in range(sum(sizes))])
    expected, held = [], 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "GROUP_ROWS", group)
        with parquet.Part(folder, THING) as out:
            at = 0
            for size in sizes:
                out.add_together(whole.slice(at, size))
                at, held = at + size, held + size
                many = int(held / group + 0.5)
                if many:
                    least, more = divmod(held, many)
                    expected += [least] * (many - more) + [least + 1] * more
                    held = 0
    about = pq.ParquetFile(out.path).metadata
    got = [about.row_group(n).num_rows for n in range(about.num_row_groups)]
    assert got == expected + [held] * (held > 0)
    assert all(group / 2 <= rows <= 1.5 * group for rows in expected)
    assert parquet.read(folder, "thing").to_pylist() == whole.to_pylist()


@pytest.mark.parametrize("declared", CORE, ids=lambda t: t.name)
def test_declarations_are_in_the_file(tmp_path, declared):
    path = parquet.write(tmp_path, declared, declared.empty())
    schema = pq.read_schema(path)
    assert schema.equals(declared.schema())
    assert schema.metadata == declared.schema().metadata
    assert [f.metadata for f in schema] == [f.metadata for f in declared.schema()]


def test_values_without_a_dictionary_keep_their_least_and_greatest(tmp_path):
    """Questions pass over parts by these, however a column is written."""
    named = Table(
        "named",
        "a column of each",
        (
            *(Column(name, pa.string(), "a word") for name in ("job", "audit_id", "received", "host")),
            Column("elapsed_s", pa.int64(), "a number", "s"),
        ),
    )
    rows = {c.name: [7, 9] if c.type == pa.int64() else ["a", "b"] for c in named.columns}
    path = parquet.write(tmp_path, named, named.build(rows))
    group = pq.read_metadata(path).row_group(0)
    held = {c.path_in_schema: c for c in (group.column(n) for n in range(group.num_columns))}
    assert {name for name, c in held.items() if c.dictionary_page_offset is not None} == {"host"}
    assert {n: [c.statistics.min, c.statistics.max] for n, c in held.items()} == rows
    assert parquet.read(tmp_path, "named").to_pydict() == rows


def test_text_that_nobody_finds_rows_by_has_no_least_and_greatest(tmp_path):
    names = ("text", "message", "event_id", "host")
    named = Table("named", "a column of each", tuple(Column(name, pa.string(), "a word") for name in names))
    path = parquet.write(tmp_path, named, named.build({name: ["b", "a"] for name in names}))
    group = pq.read_metadata(path).row_group(0)
    said = {c.path_in_schema: c.statistics for c in (group.column(n) for n in range(group.num_columns))}
    assert {name for name, told in said.items() if told is not None} == {"host"}
    assert (said["host"].min, said["host"].max) == ("a", "b")


@pytest.mark.parametrize(("many", "coded"), [(40, True), (769, False)])
def test_text_is_written_as_it_is_where_the_first_rows_of_a_part_differ(many, coded, tmp_path):
    """However it came. Of 1,024 rows three quarters have to."""
    named = Table(
        "named", "text", (Column("text", pa.string(), "words"), Column("host", pa.string(), "a name"))
    )
    texts = [f"{n % many}" for n in range(1024)] + [f"later {n}" for n in range(2000)]
    rows = named.build({"text": texts, "host": texts})
    words = pa.chunked_array([pa.array(texts).dictionary_encode()])
    light = rows.set_column(0, "text", words)
    written = []
    for n, pieces in enumerate(
        [[rows], [rows.slice(0, 3), light.slice(3)], [light.slice(0, 1000), rows.slice(1000)]]
    ):
        with parquet.Part(tmp_path, named, str(n)) as out:
            for piece in pieces:
                out.add(piece)
        written.append(out.path.read_bytes())
    assert len(set(written)) == 1
    group = pq.read_metadata(out.path).row_group(0)
    assert [group.column(n).dictionary_page_offset is not None for n in range(2)] == [coded, True]
    assert parquet.read(tmp_path, "named").slice(0, len(texts)).to_pydict() == {"text": texts, "host": texts}


def test_columns_that_are_not_declared_are_refused(tmp_path):
    with pytest.raises(ValueError, match="thing: columns"):
        parquet.write(tmp_path, THING, table([]).append_column("more", pa.array([], pa.int64())))
    assert parquet.names(tmp_path) == []


def test_a_part_that_failed_leaves_nothing(tmp_path):
    def broken():
        with parquet.Part(tmp_path, THING) as out:
            out.add(table([(1, "a", [])]))
            raise KeyError("broken off")

    with pytest.raises(KeyError):
        broken()
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_parts_are_read_in_order_of_name_and_only_as_far_as_asked(tmp_path):
    parquet.write(tmp_path, THING, table([(2, "b", []), (3, None, [1])]), "b")
    parquet.write(tmp_path, THING, table([(1, "a", [])]), "a")
    assert parquet.read(tmp_path, "thing", ["n"]).to_pydict() == {"n": [1, 2, 3]}
    found = parquet.read(tmp_path, "thing", ["name"], ds.field("n") > 1)
    assert found.to_pydict() == {"name": ["b", None]}


def test_a_table_that_is_not_there_says_what_to_run(tmp_path):
    with pytest.raises(CaseError, match="no table thing yet; run `forensics ingest`"):
        parquet.read(tmp_path / "tables", "thing")


def test_only_the_parts_named_are_kept(tmp_path):
    for part in "abc":
        parquet.write(tmp_path, THING, table([]), part)
    (tmp_path / "thing" / ".d.partial").write_bytes(b"")
    parquet.keep_only(tmp_path, "thing", ["b"])
    assert [p.name for p in (tmp_path / "thing").iterdir()] == ["b.parquet"]
    parquet.keep_only(tmp_path, "thing", [])
    assert not (tmp_path / "thing").exists()
    parquet.keep_only(tmp_path, "thing", [])


@pytest.mark.parametrize("overlap", [0, 1000], ids=["on the disk", "in memory"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=DATED, cuts=st.lists(st.integers(0, 30), max_size=4), edge=st.none() | st.integers(-3, 3))
def test_many_files_are_put_in_one_order(tmp_path_factory, monkeypatch, overlap, rows, cuts, edge):
    """Against Python's own sort; text is ordered by code point, nulls come last. Two ranges hold what one does."""
    monkeypatch.setattr(spool, "OVERLAP_ROWS", overlap)
    monkeypatch.setattr(spool, "BATCH_ROWS", 3)
    monkeypatch.setattr(spool, "MERGED_ROWS", 4)
    folder = tmp_path_factory.mktemp("tables")
    edges = [0, *sorted(min(c, len(rows)) for c in cuts), len(rows)]
    paths = [
        spool.write(folder / str(n), DATE, sorting.sorted_by([dated(rows[a:b])], ("when", "name", "n")))
        for n, (a, b) in enumerate(pairwise(edges))
    ]
    found = [
        (r["when"], r["name"], r["n"])
        for first, stop in pairwise([None, *([] if edge is None else [edge]), None])
        for t in spool.ordered(paths, DATE, ("when", "name", "n"), folder / "spill", first=first, stop=stop)
        for r in t.to_pylist()
    ]
    assert found == sorted(rows, key=lambda r: (r[0] is None, r[0] or 0, r[1] is None, r[1] or "", r[2]))


WOVEN = st.lists(
    st.lists(st.integers(-6, 6) | st.sampled_from([-(2**63), 2**63 - 1]), max_size=8), max_size=5
)


@pytest.mark.parametrize("least", [1, 3])
@pytest.mark.parametrize("most", [2, 16])
@settings(max_examples=60, deadline=None)
@given(lists=WOVEN)
@example(lists=[[0, 1, 2], [2, 3], [2**63 - 1]])
def test_tables_are_woven_into_one_order(least, most, lists):
    """Against Python's own sort, whatever of it is moved."""
    tables = [dated([(when, str(n), n) for when in sorted(own)]) for n, own in enumerate(lists)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorting, "_LEAST_ALONE", least)
        patch.setattr(sorting, "_MOST_WOVEN", most)
        found = sorting.woven(tables, ("when", "name", "n"))
    rows = [row for rows in tables for row in rows.to_pylist()]
    assert [row for piece in found for row in piece.to_pylist()] == sorted(rows, key=lambda r: (r["when"], r["n"]))  # fmt: skip


def test_only_what_lies_over_others_is_put_in_order(monkeypatch):
    monkeypatch.setattr(sorting, "_LEAST_ALONE", 1)
    moved = []
    once = sorting.sorted_by
    monkeypatch.setattr(
        sorting, "sorted_by", lambda tables, keys: moved.append(held := list(tables)) or once(held, keys)
    )
    tables = [dated([(when, "a", n) for when in range(n, n + 100)]) for n in (0, 90, 200)]
    found = sorting.woven(tables, ("when", "name", "n"))
    assert [len(piece) for piece in found] == [90, 20, 90, 100]
    assert [[len(rows) for rows in held] for held in moved] == [[10, 10]]


def test_no_files_have_no_rows(tmp_path):
    assert [t.num_rows for t in spool.ordered([], EVENT, ("earliest_ns",), tmp_path) if t.num_rows] == []


@settings(max_examples=25, deadline=None)
@given(rows=ROWS, cut=st.integers(0, 30), most=st.integers(1, 8))
def test_slices_hold_every_row_once(tmp_path_factory, rows, cut, most):
    """And none holds much more than it should, unless one value has that many rows."""
    folder = tmp_path_factory.mktemp("tables")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "GROUP_ROWS", 4)
        patch.setattr(spool, "_SAMPLE", 1)
        paths = [
            parquet.write(folder, THING, table(part), str(n))
            for n, part in enumerate([rows[:cut], rows[cut:]])
        ]
        edges = spool.slices(paths, "n", most)
    got = [spool.between(paths, "n", first, stop) for first, stop in edges]
    assert sorted(n for part in got for n in part["n"].to_pylist()) == sorted(n for n, _, _ in rows)
    for part in got:
        assert part.num_rows <= 2 * most or len(set(part["n"].to_pylist())) <= 2


def test_columns_of_a_spooled_table_are_read_alone(tmp_path):
    path = spool.write(tmp_path, THING, table([(1, "a", [3]), (2, None, [])]))
    assert spool.read(path, ["name"]).to_pydict() == {"name": ["a", None]}
    assert spool.read(path).to_pylist() == table([(1, "a", [3]), (2, None, [])]).to_pylist()
