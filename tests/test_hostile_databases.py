"""SQLite files that were made to cost much, or to do something to whoever opens them: nothing in them is run, and little is held."""

import sqlite3
import tracemalloc

import pytest
from drawn import EVERY

from forensics.core import sqlitefile
from forensics.core.model import spans_of
from forensics.formats import lastlog2

DECLARED = (
    "CREATE TABLE Lastlog2 (Name TEXT PRIMARY KEY, Time INTEGER, TTY TEXT, RemoteHost TEXT, Service TEXT)"
)
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x, x, x, x, x FROM n"


def database(tmp_path, *statements, rows=(), changed=()):
    """The bytes of a database; `changed`: what is then written over its schema, which SQLite would not take."""
    with sqlite3.connect(tmp_path / "made.db", isolation_level=None) as made:
        made.execute("PRAGMA page_size=512")
        for statement in (DECLARED, *statements):
            made.execute(statement)
        made.execute("BEGIN")
        made.executemany("INSERT INTO Lastlog2 VALUES (?, ?, ?, ?, ?)", rows)
        made.execute("COMMIT")
        for statement in changed:
            made.execute("PRAGMA writable_schema=ON")
            made.execute(statement)
    made.close()
    return (tmp_path / "made.db").read_bytes()


def accounted(parsed, data):
    spans = sorted(
        pair for table in parsed for pair in zip(*(c.to_pylist() for c in spans_of(table)), strict=True)
    )
    assert [start for start, _ in spans] == [0, *(stop for _, stop in spans[:-1])]
    assert spans[-1][1] == len(data)


ROW = ("mei", 1795446697, "pts/0", "10.0.0.11", "sshd")


@pytest.mark.parametrize(
    ("statements", "changed"),
    [
        ([f"CREATE VIEW endless AS {ENDLESS}"], []),
        ([f"CREATE VIEW lastlog2_of_all AS {ENDLESS}"], ["UPDATE sqlite_master SET name='lastlog2', tbl_name='lastlog2' WHERE type='view'"]),
        (["CREATE TRIGGER more AFTER INSERT ON Lastlog2 BEGIN UPDATE Lastlog2 SET Service = 'planted'; END"], []),
        (["CREATE TABLE g (a, b AS (a || zeroblob(100000000)) STORED, CHECK (b IS NOT a))"], []),
        ([], ["INSERT INTO sqlite_master VALUES ('table', 'lastlog2', 'lastlog2', 0, 'CREATE VIRTUAL TABLE lastlog2 USING fts5(Name, Time)')"]),
    ],
    ids=["view", "view of the name", "trigger", "generated", "virtual"],
)  # fmt: skip
def test_what_a_schema_would_have_run_is_not_run(statements, changed, tmp_path):
    statements = [
        s for s in statements if not s.startswith("CREATE TABLE g") or sqlite3.sqlite_version_info >= (3, 31)
    ]
    before = [s for s in statements if not s.startswith("CREATE TRIGGER")]
    after = [s for s in statements if s.startswith("CREATE TRIGGER")]
    data = database(tmp_path, *before, rows=[ROW], changed=[*after, *changed])
    parsed = lastlog2.parse(data, 0)
    accounted(parsed, data)
    (row,) = parsed.records.to_pylist()
    assert {row["user"], row["service"]} == {"mei", "sshd"}


def test_a_log_beside_a_database_is_not_read_and_it_is_said_that_there_may_be_one(tmp_path):
    data = database(tmp_path, "PRAGMA journal_mode=WAL", rows=[ROW])
    (tmp_path / "made.db-wal").write_bytes(b"\x37\x7f\x06\x82" + bytes(4096))
    parsed = lastlog2.parse(data, 0)
    accounted(parsed, data)
    assert parsed.records["wal"].to_pylist() in ([True], [])


def test_text_that_is_none_is_shown_and_accounted_for(tmp_path):
    data = database(tmp_path, rows=[ROW, ("kai", 1795446698, "pts/1", "y" * 40, "login")])
    data = data.replace(b"y" * 40, b"\xff\xfe\xed\xa0\x80" * 8)
    parsed = lastlog2.parse(data, 0)
    accounted(parsed, data)
    assert "\\xff\\xfe\\xed\\xa0\\x80" in "".join(parsed.records["remote"].to_pylist())


ROWS = 60_000 if EVERY else 4_000


def test_of_very_many_short_rows_few_are_held_at_once(tmp_path, monkeypatch):
    """Each was held as some hundred times as much: a file of 16 MB took more than a gigabyte."""
    monkeypatch.setattr(sqlitefile, "_MOST_WEIGHT", 2000)
    data = database(tmp_path, rows=[(None, n, None, None, None) for n in range(ROWS)])
    tracemalloc.start()
    try:
        held = [
            (len(found.rows), found.rows[0].start)
            for found in sqlitefile.portions(data, 0, "lastlog2")
            if found.rows
        ]
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(count for count, _ in held) == ROWS
    assert max(count for count, _ in held) <= 200
    assert sorted(start for _, start in held) == [start for _, start in held]
    assert most < 12 * len(data)


def test_of_a_schema_of_very_many_columns_only_those_asked_for_are_held(tmp_path):
    wide = ", ".join(f"c{n}" for n in range(1900 if EVERY else 500))
    data = database(tmp_path, *(f"CREATE TABLE t{n} ({wide})" for n in range(60)), rows=[ROW])
    tracemalloc.start()
    try:
        (row,) = lastlog2.parse(data, 0).records.to_pylist()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert row["user"] == "mei"
    assert most < 4 * len(data)
