"""Databases are read from their bytes. The SQLite library says what should have been found."""

import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.core import sqlitefile, sqliterecord
from forensics.core.model import Why

SOME = settings(max_examples=60, deadline=None)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
values = (
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.sampled_from([0, 1, -1, 127, 128, -128, -129, 2**23, 2**31, 2**47, -(2**47) - 1])
    | st.floats(allow_nan=False)
    | texts
    | st.binary(max_size=40)
    | st.integers(0, 9000).map(lambda n: "x" * n)
)


def made(work, *statements):
    """The bytes of a database that the library made."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.db"
        db = sqlite3.connect(path)
        for statement in statements:
            db.execute(statement)
        expected = work(db)
        db.commit()
        db.close()
        return path.read_bytes(), expected


def tiles(found, start, stop):
    at = start
    for span in sorted([r[:2] for r in found.rows] + [r[:2] for r in found.rejected] + found.ignored):
        assert span[0] == at < span[1]
        at = span[1]
    assert at == stop


@SOME
@given(
    size=st.sampled_from([512, 1024, 4096, 65536]),
    encoding=st.sampled_from(["UTF-8", "UTF-16le", "UTF-16be"]),
    vacuum=st.sampled_from([0, 1, 2]),
    held=st.lists(st.tuples(values, values), max_size=60),
    gone=st.integers(0, 30),
    alias=st.booleans(),
)
def test_reads_what_the_library_reads(size, encoding, vacuum, held, gone, alias):
    def work(db):
        db.executemany("INSERT INTO t(a, [b c]) VALUES (?, ?)", held)
        db.execute("DELETE FROM t WHERE rowid <= ?", (gone,))
        db.execute("ALTER TABLE t ADD COLUMN d")
        db.execute("INSERT INTO t(a, d) VALUES (1, 2)")
        return db.execute("SELECT rowid, a, [b c], d FROM t ORDER BY rowid").fetchall()

    key = "id INTEGER PRIMARY KEY, " if alias else ""
    data, expected = made(
        work,
        f"PRAGMA page_size={size}",
        f"PRAGMA encoding='{encoding}'",
        f"PRAGMA auto_vacuum={vacuum}",
        "CREATE TABLE other(x, y)",
        "CREATE INDEX beside ON other(x)",
        f"CREATE TABLE t({key}a, [b c] TEXT DEFAULT ('(,)'), CHECK (a <> 'never, '))",
    )
    found = sqlitefile.rows(data, 1000, "t")
    got = {r.rowid: (r.values["a"], r.values["b c"], r.values["d"]) for r in found.rows}
    assert got == {row[0]: row[1:] for row in expected}
    assert all(not alias or r.values["id"] == r.rowid for r in found.rows)
    assert all(why is Why.UNLINKED for _, _, why in found.rejected)
    tiles(found, 1000, 1000 + len(data))


def many(db):
    db.executemany("INSERT INTO t VALUES (?, ?)", [(n, "row" * (n % 50)) for n in range(3000)])
    db.executemany("INSERT INTO o VALUES (?)", [("y" * n,) for n in range(0, 4000, 100)])
    return 3000


BIG, _ = made(
    many, "PRAGMA page_size=512", "CREATE TABLE t(a, b)", "CREATE TABLE o(p)", "CREATE INDEX i ON o(p)"
)


def test_a_tree_of_several_levels_leaves_nothing_over():
    found = sqlitefile.rows(BIG, 0, "t")
    assert [r.values["a"] for r in sorted(found.rows, key=lambda r: r.rowid)] == list(range(3000))
    assert found.rejected == []
    tiles(found, 0, len(BIG))


def test_a_row_says_where_its_rest_lies():
    data, _ = made(lambda db: db.execute("INSERT INTO t VALUES ('" + "z" * 9000 + "')"), "CREATE TABLE t(a)")
    (row,) = sqlitefile.rows(data, 0, "t").rows
    rest = b"".join(data[start + 4 : stop] for start, stop in row.overflow)
    assert row.values["a"] == "z" * 9000
    assert rest.strip(b"z") == b""
    assert (data[row.start : row.stop] + rest).count(b"z") == 9000


def test_rows_of_every_length_about_a_page_are_whole():
    """Where a row just fits, and where it just does not; in an index, whose chains are followed, too."""
    held = [("z" * n,) for n in [*range(80, 120), *range(440, 520), *range(960, 1040)]]
    data, _ = made(
        lambda db: db.executemany("INSERT INTO t VALUES (?)", held),
        "PRAGMA page_size=512", "CREATE TABLE t(a)", "CREATE INDEX i ON t(a)",
    )  # fmt: skip
    found = sqlitefile.rows(data, 0, "t")
    assert [(r.values["a"],) for r in sorted(found.rows, key=lambda r: r.rowid)] == held
    assert found.rejected == []


def test_freed_pages_are_told_as_such_and_not_read():
    def work(db):
        db.executemany("INSERT INTO t VALUES (?)", [("gone" * 50,)] * 200)
        db.commit()
        db.execute("DELETE FROM t")

    data, _ = made(work, "PRAGMA secure_delete=off", "CREATE TABLE t(a)")
    found = sqlitefile.rows(data, 0, "t")
    assert found.rows == []
    assert {why for _, _, why in found.rejected} == {Why.UNLINKED}
    assert sum(stop - start for start, stop, _ in found.rejected) >= len(data) // 2


@pytest.mark.parametrize("name", ["nothing", "i", "sqlite_schema", ""])
def test_a_table_that_is_not_declared_has_no_rows(name):
    assert sqlitefile.rows(BIG, 0, name).rows == []


@SOME
@given(st.data())
def test_damage_is_told_and_never_raises(data):
    raw = bytearray(BIG[: data.draw(st.sampled_from([len(BIG), len(BIG) // 2, 700]))])
    for _ in range(data.draw(st.integers(1, 30))):
        at = data.draw(st.integers(16, len(raw) - 1) | st.integers(16, 699))
        raw[at] = data.draw(st.integers(0, 255))
    tiles(sqlitefile.rows(bytes(raw), 5, "t"), 5, 5 + len(raw))
    assert isinstance(sqlitefile.tables(bytes(raw)), dict)


def page(kind, *cells, right=0, size=512):
    """A page of a b-tree, its cells at its end."""
    body, at, pointers = b"", size, b""
    for cell in cells:
        at -= len(cell)
        body = cell + body
        pointers += at.to_bytes(2, "big")
    head = bytes([kind]) + b"\0\0" + len(cells).to_bytes(2, "big") + at.to_bytes(2, "big") + b"\0"
    head += right.to_bytes(4, "big") if kind in {2, 5} else b""
    return head + pointers + bytes(at - len(head) - len(pointers)) + body


def test_pages_that_lead_to_each_other_are_visited_once():
    second = (len(BIG) // 512 + 1).to_bytes(4, "big")
    loop = page(5, second + b"\1", second + b"\2", right=int.from_bytes(second, "big"))
    root = sqlitefile.tables(BIG)["t"].root
    raw = BIG[: (root - 1) * 512] + loop + BIG[root * 512 :] + loop
    found = sqlitefile.rows(raw, 0, "t")
    assert found.rows == []
    tiles(found, 0, len(raw))


def test_cells_that_share_bytes_are_not_two_rows():
    root = sqlitefile.tables(BIG)["t"].root
    cell = bytes([5, 1, 3, 1, 1, 7, 8])
    leaf = bytearray(page(13, cell, cell))
    leaf[10:12] = leaf[8:10]
    found = sqlitefile.rows(BIG[: (root - 1) * 512] + leaf + BIG[root * 512 :], 0, "t")
    assert [(r.rowid, r.values) for r in found.rows] == [(1, {"a": 7, "b": 8})]
    assert Why.SHAPE in {why for _, _, why in found.rejected}


def test_a_chain_that_leads_back_is_no_row():
    """A row of 1,000 bytes keeps 39 in a cell of this page size; the rest it says is in its own page."""
    root = sqlitefile.tables(BIG)["t"].root
    cell = bytes([0x87, 0x68, 1]) + b"\3\1\1" + bytes(36) + root.to_bytes(4, "big")
    found = sqlitefile.rows(BIG[: (root - 1) * 512] + page(13, cell) + BIG[root * 512 :], 0, "t")
    assert found.rows == []
    assert ((root - 1) * 512, root * 512, Why.SHAPE) in found.rejected


def test_more_rows_than_are_held_are_told_as_too_long(monkeypatch):
    monkeypatch.setattr(sqlitefile, "_MOST_ROWS", 100)
    found = sqlitefile.rows(BIG, 0, "t")
    assert len(found.rows) == 100
    assert {why for _, _, why in found.rejected} == {Why.TOO_LONG}
    tiles(found, 0, len(BIG))


@pytest.mark.parametrize(
    ("sql", "columns", "alias"),
    [
        ("CREATE TABLE t(ID INTEGER PRIMARY KEY, Name TEXT NOT NULL) STRICT", ("id", "name"), "id"),
        (
            "create table t (\n id text primary key,\n at integer not null, unique(at, id))",
            ("id", "at"),
            None,
        ),
        (
            'CREATE TABLE t("primary" int, "a ""b""" text, [c,d] x, `e(` y)',
            ("primary", 'a "b"', "c,d", "e("),
            None,
        ),
        ("CREATE TABLE t(a DEFAULT ('),('), b CHECK (b IN (1,2)), CONSTRAINT k CHECK (a))", ("a", "b"), None),
        ("CREATE TABLE t(a INTEGER PRIMARY KEY DESC)", ("a",), None),
        ("CREATE TABLE t", (), None),
        ("CREATE TABLE t(a, b, " + "[" * 200_000, ("a", "b"), None),
        ("", (), None),
    ],
)
def test_columns_are_found_in_the_declaration(sql, columns, alias):
    assert sqliterecord.columns(sql) == (columns, alias)


@pytest.mark.parametrize(
    "head", [b"", sqlitefile.MAGIC, sqlitefile.MAGIC + bytes(200), b"SQLite format 4\0" + bytes(90)]
)
def test_what_is_no_database_has_no_tables(head):
    assert sqlitefile.tables(head) == {}
    tiles(sqlitefile.rows(head, 3, "t"), 3, 3 + len(head))
