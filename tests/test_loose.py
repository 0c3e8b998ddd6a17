"""Rows on their way to the disk that are lighter than declared: what is put down, joined and written is what is declared."""

import hashlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drawn import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forensics.core import loose
from forensics.core.schema import Column, Table
from forensics.core.tables import CITATIONS, SHA256, STRINGS
from forensics.store import parquet, sorting, spool

KIND = Table(
    "kind",
    "a row of each kind of column",
    (
        Column("event_id", pa.string(), "its id"),
        Column("earliest_ns", pa.int64(), "time", "ns", "none"),
        Column("word", pa.string(), "few words", None, "none"),
        Column("text", pa.string(), "many words"),
        Column("count", pa.int64(), "a number", "pieces", "none"),
        Column("size", pa.int64(), "a number", "bytes"),
        Column("argv", STRINGS, "a list", None, "none"),
        Column("citations", CITATIONS, "spans"),
        SHA256,
        Column("start", pa.int64(), "first byte", "bytes"),
        Column("stop", pa.int64(), "byte after the last", "bytes"),
    ),
)
ROW = st.tuples(
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.sampled_from(["", "a", "é", "\x00"]),
    st.text(max_size=3),
    st.none() | st.sampled_from([0, -1, 2**63 - 1, -(2**63)]),
    st.integers(-5, 5),
    st.none() | st.lists(st.text(max_size=1), max_size=2),
    st.integers(0, 2),
)
OWN = 0


def table(rows):
    return KIND.build(
        {
            "event_id": [f"{n}" for n in range(len(rows))],
            "earliest_ns": [row[0] for row in rows],
            "word": [row[1] for row in rows],
            "text": [row[2] for row in rows],
            "count": [row[3] for row in rows],
            "size": [row[4] for row in rows],
            "argv": [row[5] for row in rows],
            "citations": [
                [
                    {"sha256": "f" * 64, "start": n + row[6] // 2, "stop": n + 9 * m}
                    for m in range(1, 2 + row[6] % 2)
                ]
                for n, row in enumerate(rows)
            ],
            "sha256": ["f" * 64] * len(rows),
            "start": list(range(len(rows))),
            "stop": [n + 9 for n in range(len(rows))],
        }
    )


def lighter(rows, unused=("unused", "zzz")):
    """The same rows with dictionaries, some of whose values no row has, and without what says nothing."""
    columns = []
    for field, column in zip(rows.schema, rows.columns, strict=True):
        held = column.combine_chunks()
        understood = field.name == "citations" and loose.cites_own_spans(rows)
        if understood or (field.nullable and held.null_count == len(held)):
            held = pa.nulls(len(rows))
        elif field.name == "citations":
            held = own_file(held)
        elif pa.types.is_string(held.type) and field.name != "event_id":
            coded = held.dictionary_encode()
            # Their last value first, and those that no row has before it.
            words = pa.concat_arrays([pa.array(unused, pa.string()), coded.dictionary[::-1]])
            last = len(words) - 1
            codes = [None if code is None else last - code for code in coded.indices.to_pylist()]
            held = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), words)
        columns.append(held)
    return pa.Table.from_arrays(columns, names=rows.column_names)


def own_file(citations):
    """Citations without their file, in an array that begins and ends within another, as slices do."""
    spans = [[{k: s[k] for k in ("start", "stop")} for s in row] for row in citations.to_pylist()]
    other = [{"start": -1, "stop": -2}] * 2
    listed = pa.list_(pa.struct([("start", pa.int64()), ("stop", pa.int64())]))
    return pa.array([other, *spans, other], listed).slice(1, len(spans))


SAME = [(5, "a", "x", 7, 1, None, OWN)] * 9
EMPTY = [(None, None, "", None, 0, None, OWN)] * 3
MANY = [(n, None, str(n), n, n, [], OWN) for n in range(700)]
TWICE = [(n, "a", "x", 7, 1, None, n % 3) for n in range(9)]


@settings(max_examples=25, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=20), st.integers(1, 12))
@example(SAME, 4)
@example(EMPTY, 2)
@example(TWICE, 4)
@example(MANY, 600)
@example(MANY + SAME * 40, 1000)
def test_lighter_rows_are_the_same_file_as_plain_ones(tmp_path_factory, rows, group):
    folder, whole = tmp_path_factory.mktemp("tables"), table(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "GROUP_ROWS", group)
        plain = parquet.write(folder / "plain", KIND, whole)
        light = parquet.write(folder / "light", KIND, lighter(whole))
        other = parquet.write(folder / "other", KIND, lighter(whole, ()))
        with parquet.Part(folder, KIND, "first") as first, parquet.Part(folder, KIND, "last") as last:
            half = len(whole) // 2
            first.add(lighter(whole.slice(0, half)) if half else whole.slice(0, 0))
            last.add(whole.slice(0, half))
            first.add(whole.slice(half))
            last.add(lighter(whole.slice(half)))
    assert pq.read_table(plain).equals(whole)
    assert plain.read_bytes() == light.read_bytes() == other.read_bytes()
    assert plain.read_bytes() == first.path.read_bytes() == last.path.read_bytes()


@pytest.mark.parametrize("first", [2, 1 << 10])
@settings(max_examples=examples(150), deadline=None)
@given(
    words=st.permutations(["a", "b", "", "é"]),
    codes=st.lists(st.none() | st.integers(0, 3), min_size=1, max_size=40),
    skipped=st.integers(0, 20),
)
@example(words=["a", "b", "", "é"], codes=[0, 1, 2, 3, None, 3] * 3, skipped=6)
@example(words=["a", "b", "", "é"], codes=[3, 1, 2, 0, None, 3] * 3, skipped=7)
def test_a_dictionary_is_of_what_there_is_in_the_order_in_which_it_comes(first, words, codes, skipped):
    """As Arrow makes one of the plain text, whatever the numbers were, and of rows within others too."""
    whole = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(words))
    rows = pa.chunked_array([whole.slice(min(skipped, len(codes) - 1))])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loose, "_FIRST_ROWS", first)
        schema = pa.schema([("word", pa.dictionary(pa.int32(), pa.string()))])
        found = loose.strict(pa.table([rows], ["word"]), schema)["word"].combine_chunks()
    expected = rows.cast(pa.string()).combine_chunks().dictionary_encode()
    found.validate(full=True)
    assert found.dictionary.to_pylist() == expected.dictionary.to_pylist()
    assert found.indices.to_pylist() == expected.indices.to_pylist()


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.int64(), STRINGS, pa.dictionary(pa.int32(), pa.string())], ids=str
)
@pytest.mark.parametrize("rows", [0, 3, (1 << 16) + 1])
def test_a_column_of_nothing_is_as_long_as_it_is_asked_for(kind, rows):
    found = loose.nothing(kind, rows)
    found.validate(full=True)
    assert (found.type, len(found), found.null_count) == (kind, rows, rows)


def test_more_text_than_a_page_of_a_dictionary_holds_is_the_same_file(tmp_path):
    """Parquet gives a dictionary up at a mebibyte, which must not hang on whether it was handed one."""
    rows = 20_000
    texts = [hashlib.sha512(b"%d" % n).hexdigest() for n in range(rows)]
    whole = table([(n, None, text, n, n, [], OWN) for n, text in enumerate(texts)])
    assert sum(map(len, texts)) > 2 << 20
    files = []
    for name, pieces in {
        "plain": [whole],
        "light": [lighter(whole)],
        "first": [lighter(whole.slice(0, 9_000)), whole.slice(9_000)],
        "last": [whole.slice(0, 9_000), lighter(whole.slice(9_000))],
    }.items():
        with parquet.Part(tmp_path, KIND, name) as out:
            for piece in pieces:
                out.add(piece)
        files.append(out.path.read_bytes())
    assert len(set(files)) == 1


def test_a_column_that_may_not_be_null_is_refused(tmp_path):
    broken = table(SAME).set_column(3, "text", pa.array([None] * len(SAME), pa.string()))
    with pytest.raises(ValueError, match="text"):
        parquet.write(tmp_path, KIND, broken)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.lists(ROW, max_size=6), st.booleans()), min_size=1, max_size=4))
def test_lighter_tables_join_and_lie_on_the_disk_as_plain_ones(tmp_path_factory, parts):
    folder = tmp_path_factory.mktemp("spool")
    plain = [table(rows) for rows, _ in parts]
    light = [lighter(t) if light and len(t) else t for t, (_, light) in zip(plain, parts, strict=True)]
    whole = pa.concat_tables(plain)
    assert loose.strict(loose.together(light), KIND.schema()).equals(whole)
    for n, rows in enumerate(light):
        path = spool.write(folder / str(n), KIND, rows)
        assert loose.strict(spool.read(path), KIND.schema()).equals(plain[n])
        assert loose.strict(spool.rows(path, 1, len(rows)), KIND.schema()).equals(
            plain[n].slice(1)
        ) or not len(rows)
    order = ("earliest_ns", "sha256", "start", "event_id")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loose, "_LEAST_ROWS", 0)
        put = sorting.sorted_by([loose.lightened(rows) for rows in light], order)
    assert loose.strict(put, KIND.schema()).equals(sorting.sorted_by(plain, order))


ON_JOB = Table(
    "on_job",
    "acts on jobs, and on others",
    (
        Column("earliest_ns", pa.int64(), "time", "ns"),
        Column("object", pa.string(), "what was acted on", None, "none"),
        Column("job", pa.string(), "its job", None, "none"),
    ),
)
JOBS = st.sampled_from(["7", "8", "9_1", ""])
ACTS = st.lists(st.tuples(JOBS, st.just(None)), max_size=8) | st.lists(
    st.tuples(st.none() | JOBS, st.none() | st.just("") | JOBS), max_size=8
)


def acts(pairs, first=0):
    """Of each pair the job; and the object, which is the job where the second is nothing."""
    objects = [job if other is None else other or None for job, other in pairs]
    times = list(range(first, first + len(pairs)))
    return ON_JOB.build({"earliest_ns": times, "object": objects, "job": [job for job, _ in pairs]})


def with_codes(rows, *, both):
    """The same rows with jobs as a dictionary, and objects too, or not."""
    names = ["object", "job"] if both else ["job"]
    return pa.table(
        {
            n: rows[n].combine_chunks().dictionary_encode() if n in names else rows[n]
            for n in rows.column_names
        }
    )


@settings(max_examples=examples(100), deadline=None)
@given(pieces=st.lists(ACTS, min_size=1, max_size=4), both=st.booleans(), group=st.integers(1, 12))
@example(pieces=[[("7", None)] * 3, [("8", None), ("7", "9")], []], both=True, group=12)
@example(pieces=[[("7", None)] * 3, [(None, None)] * 2], both=True, group=12)
@example(pieces=[[("7", "9"), ("8", None)], [("7", None)] * 3], both=True, group=12)
@example(pieces=[[("7", None)] * 3, [("7", None)] * 3], both=False, group=3)
def test_an_object_that_is_the_job_is_left_to_be_understood(tmp_path_factory, pieces, both, group):
    """Put down, read, joined with others and written it is there again, and the file hangs on what there is alone."""
    folder, tables = tmp_path_factory.mktemp("tables"), []
    whole = acts([pair for pairs in pieces for pair in pairs])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loose, "_LEAST_ROWS", 1)
        patch.setattr(parquet, "GROUP_ROWS", group)
        for n, pairs in enumerate(pieces):
            rows = acts(pairs, first=sum(map(len, pieces[:n])))
            path = spool.write(folder / str(n), ON_JOB, with_codes(rows, both=both))
            same = bool(pairs) and all(
                row["job"] is not None and row["object"] == row["job"] for row in rows.to_pylist()
            )
            assert pa.types.is_boolean(spool.read(path)["object"].type) == same
            tables.append(spool.rows(path, 0, len(rows)))
            assert all(map(loose.fits, tables[n].columns, ON_JOB.schema()))
        plain = parquet.write(folder / "plain", ON_JOB, whole)
        with parquet.Part(folder / "light", ON_JOB) as light:
            for rows in tables:
                light.add(rows)
        joined = parquet.write(folder / "joined", ON_JOB, sorting.sorted_by(tables, ["earliest_ns"]))
    assert pq.read_table(light.path).equals(whole)
    assert plain.read_bytes() == light.path.read_bytes() == joined.read_bytes()


@pytest.mark.parametrize(
    ("objects", "coded"), [(["1", "2", "1"], False), (["1", "2", "2"], True), ([None] * 3, True)]
)
def test_objects_that_are_jobs_are_written_as_jobs_are(tmp_path, objects, coded):
    rows = {"earliest_ns": [1, 2, 3], "object": objects, "job": ["1", "2", "1"]}
    about = pq.read_metadata(parquet.write(tmp_path, ON_JOB, ON_JOB.build(rows))).row_group(0)
    held = {about.column(n).path_in_schema: about.column(n) for n in range(about.num_columns)}
    assert held["job"].dictionary_page_offset is None
    assert (held["object"].dictionary_page_offset is not None) == coded
    if coded and objects[0]:
        assert (held["object"].statistics.min, held["object"].statistics.max) == ("1", "2")
