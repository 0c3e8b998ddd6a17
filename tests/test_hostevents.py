"""Records beside their files, in order, whichever way they came; and texts no longer than an event holds."""

import pyarrow as pa
import pytest

from forensics.core import hostevents, ids
from forensics.core.tables import FILE

A, B = "aa" * 32, "bb" * 32


def files(*rows):
    known = {"sha256": [sha256 for sha256, _ in rows], "path": [path for _, path in rows]}
    filling = {pa.string(): "file", pa.int64(): 0}
    needed = {f.name: [filling[f.type]] * len(rows) for f in FILE.schema() if not f.nullable}
    return FILE.build({**needed, **known})


def records(*rows):
    kinds = pa.schema([("sha256", pa.string()), ("start", pa.int64()), ("stop", pa.int64())])
    return pa.Table.from_pylist([{"sha256": s, "start": n, "stop": n + 5} for s, n in rows], kinds)


@pytest.mark.parametrize("every_path", [False, True])
@pytest.mark.parametrize(
    "rows",
    [[(A, 0), (A, 5), (A, 9)], [(A, 5), (A, 0)], [(B, 0), (A, 7)], [(A, 1), (B, 2), (A, 3)], [(B, 3)], []],
)
def test_rows_lie_in_order_of_file_and_place_whichever_way_they_came(rows, every_path):
    paths = [(B, "z"), (A, "x"), (B, "y")]
    found = hostevents.placed(records(*rows), files(*paths), every_path=every_path)
    expected = [
        (
            sha256,
            start,
            path,
            ids.event_id(sha256, start, start + 5, n if every_path and sha256 == B else None),
        )
        for sha256, start in sorted(rows)
        for n, path in enumerate(sorted(p for s, p in paths if s == sha256)[: None if every_path else 1])
    ]
    told = zip(found.lines["sha256"], found.lines["start"], found.files["path"], found.event_id, strict=True)
    assert [tuple(value.as_py() for value in row) for row in told] == expected


def test_a_text_is_cut_where_an_event_holds_no_more_of_it():
    most = hostevents.LONGEST_TEXT
    given = ["", None, "a" * most, "b" * (most + 1), "é" * most, "é" * (most + 2)]
    assert hostevents.short(pa.array(given)).to_pylist() == [
        None,
        None,
        "a" * most,
        "b" * most,
        "é" * most,
        "é" * most,
    ]
    assert hostevents.short(pa.array(["c" * (most + 1)])).to_pylist() == ["c" * most]
