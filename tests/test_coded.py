"""Columns as numbers of their values say what the columns say; and what is looked at first in a path or an order changes nothing."""

import re

import pyarrow as pa
import pytest
from drawn import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forensics.core import auditevents, loose
from forensics.core.coded import chosen, coded
from forensics.store import sorting

ROWS = st.lists(st.tuples(st.sampled_from([None, "", "a", "b"]), st.sampled_from([None, "b", "c"]), st.booleans()))  # fmt: skip


def text(values):
    return pa.array(values, pa.string())


def told(column):
    return loose.plain(column.column()).to_pylist()


@settings(max_examples=50, deadline=None)
@given(ROWS)
def test_coded_columns_are_what_they_stand_for(rows):
    first, other, own = ([row[at] for row in rows] for at in range(3))
    one, two = coded(text(first)), coded(text(other))
    assert told(one) == first
    assert told(one.otherwise(two)) == [b if a is None else a for a, b in zip(first, other, strict=True)]
    assert told(chosen(pa.array(own, pa.bool_()).to_numpy(zero_copy_only=False), one, two)) == [
        a if yes else b for a, b, yes in rows
    ]
    said = one.told(lambda value: None if value == "a" else f"{value}!")
    assert told(said) == [None if a in {None, "a"} else f"{a}!" for a in first]
    assert told(said.otherwise(one).otherwise(two)) == [
        next((v for v in (f"{a}!" if a not in {None, "a"} else None, a, b) if v is not None), None)
        for a, b, _ in rows
    ]


NOT_NORMAL = re.compile(r"//|/\.{1,2}(?:/|$)|./$")


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.none() | st.text("/.a", max_size=6)))
def test_a_path_is_settled_where_it_begins_at_the_root_and_is_normal(names):
    expected = [name is not None and name.startswith("/") and not NOT_NORMAL.search(name) for name in names]
    assert auditevents.settled(text(names)).to_pylist() == expected


@pytest.mark.parametrize("most", [1, 3, 128])
@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 9), max_size=30))
def test_rows_are_put_in_order_however_they_are_moved(most, values):
    rows = pa.table({"n": pa.array(values, pa.int64()), "at": pa.array(range(len(values)), pa.int64())})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorting, "_MOST_STRETCHES", most)
        found = sorting.sorted_by([rows], ("n", "at"))
    assert found.to_pylist() == sorted(rows.to_pylist(), key=lambda row: (row["n"], row["at"]))


def test_a_key_of_one_value_is_passed_over_and_one_of_several_is_not():
    """Also where a dictionary of one value follows another, as rows of two files do."""

    def rows(*words):
        held = [pa.array([word] * 2).dictionary_encode() for word in words]
        return pa.table(
            {
                "n": pa.array([1] * 2 * len(words), pa.int64()),
                "word": pa.chunked_array(held),
                "at": pa.array(range(2 * len(words), 0, -1), pa.int64()),
            }
        )

    keys = ("n", "word", "at")
    assert sorting.sorted_by([rows("a", "a")], keys)["at"].to_pylist() == [1, 2, 3, 4]
    assert sorting.sorted_by([rows("b", "a")], keys)["at"].to_pylist() == [1, 2, 3, 4]
    assert sorting.sorted_by([rows("a", "b")], keys)["at"].to_pylist() == [3, 4, 1, 2]


@settings(max_examples=examples(200), deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.none() | st.integers(0, 2), st.sampled_from("ab"))),
    st.booleans(),
)
@example([(0, 0, "b"), (0, 0, "a")], False)
def test_rows_are_left_as_they_come_only_where_that_is_their_order(values, done):
    """Whatever tells them apart: a number, one that may be null, which comes last, or a text."""
    expected = sorted(values, key=lambda row: (row[0], row[1] is None, row[1] or 0, row[2]))
    held = expected if done else values
    columns = {name: [row[at] for row in held] for at, name in enumerate(("n", "m", "word"))}
    types = pa.schema([("n", pa.int64()), ("m", pa.int64()), ("word", pa.string())])
    found = sorting.sorted_by([pa.table(columns, schema=types)], types.names)
    assert [tuple(row.values()) for row in found.to_pylist()] == expected
