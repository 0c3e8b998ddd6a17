"""The events that rules flag, found in the Parquet. A rule's own words reach the query as parameters only."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from forensics.core.errors import RulesError
from forensics.core.flagrules import (
    COLUMNS,
    COMMAND,
    TEXTS,
    WORDS,
    Absent,
    Asked,
    Compares,
    Either,
    Every,
    Matches,
    Rule,
)
from forensics.store import parquet

MOST_EVENTS = 500
"""So many events are listed for a rule; all of them are counted."""
_COMMAND_SQL = "coalesce(array_to_string(argv, ' '), CASE WHEN verb IN ('command', 'sudo') THEN text END)"
_LISTED = """
SELECT event_id, earliest_ns, latest_ns, citations FROM events WHERE {where}
ORDER BY earliest_ns NULLS LAST, event_id LIMIT {most}
"""
_WORDS_SQL = f"concat_ws(chr(10), {_COMMAND_SQL}, object, text)"


class Flagged(NamedTuple):
    """What one rule flags: how many events, and the first of them with their times and citations."""

    rule: Rule
    total: int
    events: list[dict[str, Any]]


def find(tables: Path, rules: Sequence[Rule]) -> list[Flagged]:
    """Put each rule to all events, in the order of the rules.

    Raises:
        RulesError: the database refuses what a rule asks.
    """
    with duckdb.connect(":memory:") as database:
        database.execute("SET python_enable_replacements = false")
        database.execute("SET threads = 1")
        database.execute("SET memory_limit = '768MB'")
        database.execute("SET enable_external_access = false")
        database.execute("SET lock_configuration = true")
        database.register("events", parquet.dataset(tables, "event"))
        return [_found(database, rule) for rule in rules]


def _found(database: duckdb.DuckDBPyConnection, rule: Rule) -> Flagged:
    values: list[object] = []
    where = _sql(rule.asked, values)
    try:
        count = int(_asked(database, f"SELECT count(*) AS n FROM events WHERE {where}", values)[0]["n"])
        listed = _asked(database, _LISTED.format(where=where, most=MOST_EVENTS), values) if count else []
    except duckdb.Error as error:
        raise RulesError(
            f"{rule.path}, line {rule.line}: cannot be asked ({error}); simplify the rule"
        ) from error
    return Flagged(rule, count, listed)


def _asked(database: duckdb.DuckDBPyConnection, query: str, values: list[object]) -> list[dict[str, Any]]:
    answer = pa.RecordBatchReader.from_stream(database.sql(query, params=values))
    rows: list[dict[str, Any]] = answer.read_all().to_pylist()
    return rows


def _sql(asked: Asked, values: list[object]) -> str:
    """A condition that is true or false, never null; its values are put to `values` in their order."""
    if isinstance(asked, Matches):
        values.append(asked.pattern)
        return f"coalesce(regexp_matches({_text(asked.column)}, ?), false)"
    if isinstance(asked, Compares):
        values.append(asked.number)
        return f"coalesce({_column(asked.column)} {asked.how} ?, false)"
    if isinstance(asked, Absent):
        column = _text(asked.column) if asked.column in TEXTS else _column(asked.column)
        return f"({column} IS NULL)"
    if isinstance(asked, Either | Every):
        parts = [_sql(each, values) for each in asked.of]
        between = " OR " if isinstance(asked, Either) else " AND "
        return f"({between.join(parts)})" if parts else ("false" if isinstance(asked, Either) else "true")
    return f"(NOT {_sql(asked.than, values)})"


def _text(column: str) -> str:
    if column in {COMMAND, WORDS}:
        return _COMMAND_SQL if column == COMMAND else _WORDS_SQL
    return _column(column) if column in TEXTS else f"CAST({_column(column)} AS VARCHAR)"


def _column(name: str) -> str:
    """A column by its declared name, and none else."""
    if name not in COLUMNS:
        raise KeyError(name)
    return f'"{name}"'
