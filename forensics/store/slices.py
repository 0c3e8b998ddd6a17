"""Parts of a table found without reading the rest, and sums over all of it that need little memory.

Rows lie in order of time in groups that know the least and the greatest of each column, so what cannot
match is not read. Two questions that compare every row with its neighbours are put to bins instead: the
answers are those of the plain definitions, which the tests spell out.
"""

import glob
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from forensics.core import ids
from forensics.store import parquet

MEMORY = "768MB"
HOUR_NS = 3_600 * 1_000_000_000

_SPELLS = """
WITH bin AS (
    SELECT {who}, floored(earliest_ns, $width) AS bin, min(earliest_ns) AS first_ns, max(latest_ns) AS last_ns, count(*) AS events
    FROM part WHERE earliest_ns IS NOT NULL AND latest_ns IS NOT NULL AND {known} GROUP BY ALL
), heard AS (
    SELECT *, max(last_ns) OVER (PARTITION BY {who} ORDER BY bin
                                 ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS heard_ns
    FROM bin
), run AS (
    SELECT *, count(*) FILTER (heard_ns IS NULL OR first_ns::HUGEINT - heard_ns > $gap)
              OVER (PARTITION BY {who} ORDER BY bin) AS run
    FROM heard
)
SELECT {who}, min(first_ns) AS earliest_ns, max(last_ns) AS latest_ns, sum(events)::BIGINT AS events
FROM run GROUP BY {who}, run ORDER BY {who}, earliest_ns
"""
# An event lies in one bin, by its start. A stay is put into every bin in which an event that meets it
# can lie: from one bin before it begins, as an event may begin earlier, to where it ends. Events longer
# than a bin are few, and compared one by one.
_BESIDE = """
WITH reach AS (SELECT min(earliest_ns) AS first_ns, max(earliest_ns) AS last_ns FROM part),
binned AS (
    SELECT job, host, start_ns, end_ns, unnest(range(
        floored(greatest(start_ns, first_ns), $bin) - 1, floored(least(end_ns, last_ns), $bin) + 1)) AS bin
    FROM stay, reach WHERE start_ns <= end_ns AND end_ns >= first_ns
), told AS (
    SELECT {columns}, host, earliest_ns, latest_ns, floored(earliest_ns, $bin) AS bin
    FROM part WHERE host IN (SELECT host FROM stay) AND {short}
), met AS (
    SELECT s.job, {prefixed} FROM told AS e JOIN binned AS s USING (host, bin)
    WHERE s.start_ns <= e.latest_ns AND e.earliest_ns <= s.end_ns
    UNION ALL
    SELECT s.job, {prefixed} FROM part AS e JOIN stay AS s USING (host)
    WHERE s.start_ns <= s.end_ns AND NOT ({short}) AND s.start_ns <= e.latest_ns AND e.earliest_ns <= s.end_ns
)
SELECT job, {columns}, count(*) AS events FROM met GROUP BY ALL ORDER BY ALL
"""
_FLOORED = "CREATE MACRO floored(x, width) AS CASE WHEN x >= 0 THEN x // width ELSE (x + 1) // width - 1 END"
# Halved, as the difference of two moments may not fit; what is near the limit may go either way.
_SHORT = "latest_ns // 2 - earliest_ns // 2 < $bin // 2 - 1"


@contextmanager
def _opened(tables: Path, name: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database that sees the parts of one table as `part`, in bounded memory."""
    parquet.dataset(tables, name)
    with duckdb.connect(":memory:") as database:
        database.execute("SET python_enable_replacements = false")
        database.execute(f"SET memory_limit = '{MEMORY}'")
        database.execute("SET temp_directory = ''")
        # A folder may be called `case[1]` or `case=1`: names are names, neither patterns nor columns.
        files = [glob.escape(str(path)) for path in parquet.parts(tables, name)]
        database.read_parquet(files, hive_partitioning=False).create_view("part")
        database.execute(_FLOORED)
        yield database


def _schema(tables: Path, name: str) -> pa.Schema:
    return pq.read_schema(parquet.parts(tables, name)[0])


def _answer(database: duckdb.DuckDBPyConnection, asked: str, values: Mapping[str, object]) -> pa.Table:
    found: pa.Table = pa.RecordBatchReader.from_stream(database.sql(asked, params=dict(values))).read_all()
    return found


def select(
    tables: Path,
    name: str,
    *,
    only: Mapping[str, str | None],
    since_ns: int | None = None,
    until_ns: int | None = None,
) -> pa.Table:
    """The rows of a table that are asked for, in the table's own order.

    Args:
        tables: the folder of tables.
        name: which table; it has `earliest_ns` and `latest_ns` where a moment is given.
        only: columns and the value that each must have; None asks for every value.
        since_ns: leaves out what was over before this moment, and what has no time.
        until_ns: leaves out what began after this moment, and what has no time.

    Raises:
        CaseError: there is no such table.
        KeyError: it has no such column.
    """
    schema = _schema(tables, name) if parquet.parts(tables, name) else pa.schema([])
    asked = {column: value for column, value in only.items() if value is not None}
    tests = [f'"{column}" = ${column}' for column in asked]
    values: dict[str, object] = dict(asked)
    for column, sign, moment in (("latest_ns", ">=", since_ns), ("earliest_ns", "<=", until_ns)):
        if moment is not None:
            tests.append(f"{column} {sign} ${column}")
            values[column] = moment
    with _opened(tables, name) as database:
        unknown = sorted(set(values) - set(schema.names))
        if unknown:
            raise KeyError(f"{name} has no column {', '.join(unknown)}")
        # An ever-true test, so that a question without conditions is a question too.
        found = _answer(database, f"SELECT * FROM part WHERE {' AND '.join(['true', *tests])}", values)
    return parquet.conformed(found, schema)


def named(tables: Path, names: Iterable[str]) -> pa.Table:
    """The events of these ids, in the table's own order; what is no event's id is passed over."""
    spans = {}
    for name in names:
        try:
            spans[name] = ids.span_of(name)[1]
        except ValueError:
            continue
    schema = _schema(tables, "event")
    with _opened(tables, "event") as database:
        wanted = {
            "event_id": pa.array(list(spans), pa.string()),
            "start": pa.array(spans.values(), pa.int64()),
        }
        database.register("wanted", pa.table(wanted))
        # By its first byte and then by its id: numbers are compared faster than words.
        asked = "SELECT part.* FROM part SEMI JOIN wanted USING (start, event_id)"
        return parquet.conformed(_ordered(_answer(database, asked, {})), schema)


def _ordered(events: pa.Table) -> pa.Table:
    keys = ("earliest_ns", "sha256", "start", "event_id")
    return events.sort_by([(key, "ascending") for key in keys])


def spells(tables: Path, *, gap_ns: int, who: Sequence[str] = ("host", "account")) -> pa.Table:
    """Runs of activity: one ends where its actor is silent for longer than a gap.

    Events of one bin of the gap's width lie less than a gap apart, so only bins are compared.

    Args:
        tables: the folder of tables.
        gap_ns: the longest silence inside one run, in ns; not negative.
        who: columns of `event` that make an actor. An event that lacks one, or a time, is in no run.

    Returns:
        The columns of `who`, `earliest_ns`, `latest_ns` and `events` (how many), in that order.
    """
    if gap_ns < 0:
        raise ValueError(f"gap_ns is {gap_ns}; a silence is not negative")
    asked = _SPELLS.format(who=", ".join(who), known=" AND ".join(f"{c} IS NOT NULL" for c in who))
    with _opened(tables, "event") as database:
        return _answer(database, asked, {"gap": gap_ns, "width": gap_ns + 1})


def beside(
    tables: Path, stays: pa.Table, *, columns: Sequence[str] = ("account",), bin_ns: int = HOUR_NS
) -> pa.Table:
    """How many events there were on the nodes of each job while it can have run there.

    Args:
        tables: the folder of tables.
        stays: `job`, `host`, `start_ns`, `end_ns`: where a job ran, from when to when; never null. One
            row for each host of a job.
        columns: of `event`, to count by.
        bin_ns: width of the bins; it changes no answer.

    Returns:
        `job`, `columns` and `events` (how many), in that order. An event counts for every job that it meets.
    """
    prefixed = ", ".join(f"e.{c}" for c in columns)
    asked = _BESIDE.format(columns=", ".join(columns), prefixed=prefixed, short=_SHORT)
    with _opened(tables, "event") as database:
        database.register("stay", stays)
        return _answer(database, asked, {"bin": bin_ns})
