"""SQL over a case reads its tables and can do nothing else."""

import pyarrow as pa
import pytest

from forensics.core.errors import UsageError
from forensics.core.schema import Column, Table
from forensics.core.tables import EVENT, FILE
from forensics.store import parquet, query

AUDIT = Table("auditd", "a record", (Column("serial", pa.int64(), "its serial"),))


@pytest.fixture
def tables(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "case" / "tables"
    parquet.write(folder, AUDIT, AUDIT.build({"serial": [3, 1]}), "a")
    parquet.write(folder, AUDIT, AUDIT.build({"serial": [2]}), "b")
    parquet.write(folder, FILE, FILE.empty())
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    return folder


def everything(folder):
    return {str(p): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


def test_a_table_is_read_over_all_its_parts(tables):
    found = query.sql(tables, "SELECT serial FROM auditd ORDER BY serial")
    assert found.to_pydict() == {"serial": [1, 2, 3]}


@pytest.mark.parametrize("asked", ["WITH a AS (SELECT 1 AS x) SELECT x FROM a", "VALUES (1)", "FROM auditd"])
def test_other_ways_to_say_select(tables, asked):
    assert query.sql(tables, asked).num_columns == 1


def test_tables_go_by_the_names_of_the_contract(tables):
    assert len(query.sql(tables, "SELECT path FROM files")) == 0
    assert len(query.sql(tables, "SELECT path FROM file")) == 0


def test_a_declared_table_without_rows_is_empty(tables):
    assert query.sql(tables, "SELECT count(*) AS n FROM events", [EVENT]).to_pydict() == {"n": [0]}


def test_rows_come_in_the_same_order_each_time(tables):
    asked = "SELECT serial % 2 AS odd, count(*) AS n FROM auditd, range(5000) GROUP BY 1, range"
    assert query.sql(tables, asked).equals(query.sql(tables, asked))


@pytest.mark.parametrize(
    "asked",
    [
        "SELECT * FROM read_csv('secret.csv')",
        "SELECT * FROM 'secret.csv'",
        "SELECT * FROM read_text('secret.csv')",
        "SELECT * FROM read_blob('secret.csv')",
        "SELECT * FROM glob('*')",
        "SELECT * FROM sniff_csv('secret.csv')",
        "SELECT * FROM read_parquet('case/tables/auditd/a.parquet')",
        "SELECT * FROM query('COPY (SELECT 1) TO ''out.csv''')",
        "SELECT * FROM hidden",
        "SELECT getenv('HOME')",
        "COPY (SELECT 1) TO 'out.csv'",
        "COPY auditd TO 'out.parquet'",
        "EXPORT DATABASE 'out'",
        "ATTACH 'out.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "PRAGMA enable_external_access = true",
        "CREATE TABLE t AS SELECT 1",
        "CREATE VIEW auditd AS SELECT 1",
        "INSERT INTO auditd VALUES (1)",
        "DELETE FROM auditd",
        "DROP VIEW auditd",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO 'out.csv'",
        "PREPARE p AS COPY (SELECT 1) TO 'out.csv'",
        "CALL pragma_version()",
        "SELECT 1; SELECT 2",
        "SELECT 1; COPY (SELECT 1) TO 'out.csv'",
        "",
        "-- nothing",
        "SELECT",
        "SELECT nothing FROM auditd",
        "SELECT * FROM sessions",
        "\0",
    ],
)
def test_everything_else_is_refused_and_leaves_no_trace(tables, tmp_path, monkeypatch, asked):
    # A variable that DuckDB would look up by itself, were it let.
    monkeypatch.setattr(query, "hidden", AUDIT.empty(), raising=False)
    before = everything(tmp_path)
    with pytest.raises(UsageError):
        query.sql(tables, asked)
    assert everything(tmp_path) == before


def test_a_refusal_says_what_there_is(tables):
    with pytest.raises(UsageError, match=r"nowhere.*; the tables are .*auditd.*events.*sessions") as refused:
        query.sql(tables, "SELECT *\nFROM nowhere")
    assert "\n" not in str(refused.value)
    assert "LINE 1" not in str(refused.value)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("temp_directory", ""), ("enable_external_access", False), ("lock_configuration", True), ("threads", 1)],
)
def test_the_doors_are_shut(tables, setting, value):
    """Several of them, so that one left open by a later DuckDB is not enough."""
    found = query.sql(tables, f"SELECT current_setting('{setting}') AS t")
    assert found.to_pydict() == {"t": [value]}
