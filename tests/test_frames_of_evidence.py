"""Rows of a frame, taken and told the short way, are those that pandas takes."""

import pandas as pd
import pyarrow as pa
import pytest

from forensics.analysis import evidence
from forensics.analysis.evidence import Rows, flagged, frame, of_columns, picked, rows_of, where
from forensics.core import tables

TABLE = frame(
    pa.table(
        {"name": ["a", None, "c", "d"], "number": [1, None, 2**62 + 1, 4], "flag": [True, False, True, False]}
    )
).set_axis(list("wxyz"))
EVERY = [[bool(n >> at & 1) for at in range(4)] for n in range(16)]


@pytest.mark.parametrize("flags", EVERY, ids=str)
def test_what_is_picked_is_what_a_mask_picks(flags):
    mask = pd.Series(flags, index=TABLE.index)
    pd.testing.assert_frame_equal(picked(TABLE, mask), TABLE[mask])
    unknown = pd.Series(flags, index=TABLE.index, dtype="boolean").mask(TABLE["name"].isna())
    pd.testing.assert_frame_equal(picked(TABLE, unknown), TABLE[unknown])
    pd.testing.assert_frame_equal(flagged(TABLE, flags), TABLE[mask])


@pytest.mark.filterwarnings("ignore:Boolean Series key")
def test_a_mask_in_another_order_goes_by_its_labels():
    mask = pd.Series([True, False, False, False], index=["z", "y", "x", "w"])
    assert list(picked(TABLE, mask)["name"]) == ["d"]


def test_a_mask_of_no_rows_picks_no_columns_away():
    assert list(where(TABLE.iloc[:0], "name", bool).columns) == list(TABLE.columns)


def test_rows_are_told_in_order_with_their_labels_and_exact_numbers():
    told = list(rows_of(TABLE))
    assert [(r.Index, r.name, r.flag) for r in told] == list(zip("wxyz", ["a", None, "c", "d"], TABLE["flag"], strict=True))  # fmt: skip
    assert [None if r.number is pd.NA else r.number for r in told] == [1, None, 2**62 + 1, 4]
    assert list(rows_of(TABLE.iloc[:0])) == []


def test_more_rows_than_are_laid_out_together_are_told_once_each(monkeypatch):
    monkeypatch.setattr("forensics.analysis.evidence._ROWS", 3)
    assert [r.Index for r in rows_of(TABLE)] == list("wxyz")


def test_one_row_is_as_it_is_among_all():
    one_by_one = Rows(TABLE)
    for at, row in enumerate(rows_of(TABLE)):
        told = one_by_one.at(at)
        assert told._fields == row._fields
        assert [(type(value), value is pd.NA or value) for value in told] == [(type(value), value is pd.NA or value) for value in row]  # fmt: skip


def test_columns_are_those_asked_for_by_names_that_are_pythons_own():
    found = of_columns(TABLE, ("flag", "name"))
    pd.testing.assert_frame_equal(found, TABLE[["flag", "name"]], check_column_type=False)
    assert found.columns.dtype == TABLE.columns.dtype == object


def test_a_frame_has_the_columns_of_its_table_in_their_order_and_lists_as_lists():
    made = pa.table({"n": [1, None], "argv": [["a", "b"], ["c", "d"]], "text": ["x", None]})
    found = frame(made)
    assert list(found.columns) == made.column_names
    assert found["n"].dtype == "Int64"
    assert found[["argv", "text"]].to_numpy().tolist() == [[["a", "b"], "x"], [["c", "d"], None]]


def test_numbers_that_are_compared_lie_beside_the_text_and_say_what_they_said():
    rows = [[2**62 + 1, None], [None, None], [2**62 + 1, 7]]
    columns = {"uid": [row[0] for row in rows], "port": [row[1] for row in rows]}
    events = frame(tables.EVENT.empty()).reindex(range(3)).assign(
        **{name: pd.array(values, dtype="Int64") for name, values in columns.items()}
    )  # fmt: skip
    found = evidence._beside_text(events)
    for name, values in columns.items():
        assert found[name].dtype == object
        assert [None if v is pd.NA else v for v in found[name]] == values
        assert list(found[name] == 2**62 + 1) == [v == 2**62 + 1 for v in values]
    assert found["uid"].iloc[0] is found["uid"].iloc[2]
    assert found["earliest_ns"].dtype == "Int64"
    assert list(found.columns) == list(events.columns)
