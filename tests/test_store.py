"""The store: declared tables only, whole or not at all, and the same rows are the same bytes."""

from itertools import pairwise

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.core.errors import CaseError
from forensics.core.schema import Column, Table
from forensics.core.tables import CITATIONS, CORE, EVENT
from forensics.store import parquet, query

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


@pytest.mark.parametrize("declared", CORE, ids=lambda t: t.name)
def test_declarations_are_in_the_file(tmp_path, declared):
    path = parquet.write(tmp_path, declared, declared.empty())
    schema = pq.read_schema(path)
    assert schema.equals(declared.schema())
    assert schema.metadata == declared.schema().metadata
    assert [f.metadata for f in schema] == [f.metadata for f in declared.schema()]


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


@settings(max_examples=25, deadline=None)
@given(rows=ROWS, cut=st.integers(0, 30))
def test_many_files_are_put_in_one_order(tmp_path_factory, rows, cut):
    """Against Python's own sort; text is ordered by code point, nulls come last."""
    folder = tmp_path_factory.mktemp("tables")
    paths = [
        parquet.write(folder, THING, table(part), str(n)) for n, part in enumerate([rows[:cut], rows[cut:]])
    ]
    found = [
        (r["n"], r["name"], [c["start"] for c in r["citations"]])
        for t in query.ordered(paths, THING.schema(), ("name", "n"), folder / "spill")
        for r in t.to_pylist()
    ]
    expected = sorted(rows, key=lambda r: (r[1] is None, r[1] or "", r[0]))
    assert [r[:2] for r in found] == [r[:2] for r in expected]
    assert sorted(map(repr, found)) == sorted(map(repr, rows))


def test_no_files_have_no_rows(tmp_path):
    assert list(query.ordered([], EVENT.schema(), ("event_id",), tmp_path)) == []
    assert query.repeated([], "event_id") is None


def test_a_value_there_twice_is_found(tmp_path):
    one = parquet.write(tmp_path, THING, table([(1, "a", []), (2, "b", [])]), "1")
    two = parquet.write(tmp_path, THING, table([(2, "a", [])]), "2")
    assert query.repeated([one], "n") is None
    assert query.repeated([one, two], "n") == "2"
