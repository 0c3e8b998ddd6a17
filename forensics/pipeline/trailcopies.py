"""What copies of an audit trail lack, of a case of which not all events are held (`analysis.trailcopies` says what that is).

Which files can be copies is asked of the records first, of few columns: those of one host that share numbers of one moment. Only
of these is read what each event cites, and it is counted where it lies.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow as pa

from forensics.analysis.trailcopies import BY, FEW, FORMAT, LEAST, MOST_FILES, TOLD, Lacking
from forensics.pipeline.owned import columns
from forensics.store import parquet, places
from forensics.store.places import Asked

_SPANS = "SELECT node, sha256, min(earliest_ns) AS first_ns, max(earliest_ns) AS last_ns FROM part WHERE earliest_ns IS NOT NULL GROUP BY ALL"
_BOTH = """
WITH near AS (
    SELECT pair, file, serial, earliest_ns FROM part JOIN side ON part.sha256 = side.file AND earliest_ns BETWEEN lo AND hi
    WHERE serial IS NOT NULL GROUP BY ALL
), both_tell AS (
    SELECT pair, serial, earliest_ns FROM near GROUP BY ALL HAVING count(*) > 1
)
SELECT pair, count(*) AS records FROM both_tell GROUP BY pair
"""
_OWN = "place, host, event_id, sha256, start, earliest_ns, auid, session, pid, exe, verb"
_TOLD = f"""
WITH told AS (
    SELECT {_OWN}, c.sha256 AS file, min(c.start) AS begin, sum(c.stop - c.start)::BIGINT AS size
    FROM (SELECT {_OWN}, unnest(citations) AS c FROM part WHERE format = '{FORMAT}' AND host IS NOT NULL AND earliest_ns IS NOT NULL)
    WHERE c.sha256 IN (SELECT file FROM can_be) GROUP BY {_OWN}, c.sha256
)
"""
_PAIRS = """
SELECT a.host, a.file AS one, b.file AS other, count(DISTINCT (a.sha256, a.start)) AS shared,
       2 * count(*) FILTER (a.size = b.size) > count(*) AS alike,
       min(a.begin) AS one_begin, max(a.begin) AS one_end, min(b.begin) AS other_begin, max(b.begin) AS other_end
FROM told a JOIN told b ON a.place = b.place AND a.file < b.file GROUP BY a.host, a.file, b.file
"""
_SIDES = """
, one AS (
    SELECT a.*, b.size AS less FROM told a LEFT JOIN told b ON a.place = b.place AND b.file = '{lacks}'
    WHERE a.file = '{has}' AND a.host IN (SELECT host FROM of_host)
), other AS (
    SELECT a.*, b.size AS less FROM told a LEFT JOIN told b ON a.place = b.place AND b.file = '{has}'
    WHERE a.file = '{lacks}' AND a.host IN (SELECT host FROM of_host)
), one_side AS (
    SELECT * FROM one WHERE begin > {begin} AND begin < {end} AND (less IS NULL OR ({alike} AND less < size))
), other_side AS (
    SELECT * FROM other WHERE begin > {other_begin} AND begin < {other_end} AND (less IS NULL OR ({alike} AND less < size))
), lack AS (
    SELECT * FROM one_side WHERE place NOT IN (SELECT place FROM twice)
), kept AS (
    SELECT * FROM one WHERE less IS NOT NULL AND place NOT IN (SELECT place FROM lack)
), span AS (
    SELECT min(begin) AS begin, max(begin) AS stop FROM kept
), inside AS (
    SELECT kept.* FROM kept, span WHERE kept.begin > span.begin AND kept.begin < span.stop
)
"""
_SUMS = """
SELECT (SELECT count(DISTINCT (sha256, start)) FROM lack) AS count, (SELECT min(begin) FROM lack) AS first, (SELECT max(begin) FROM lack) AS last,
       (SELECT count(*) FROM other_side WHERE place NOT IN (SELECT place FROM twice)) AS beyond,
       (SELECT begin FROM span) AS begin, (SELECT stop FROM span) AS stop,
       (SELECT count(DISTINCT (sha256, start)) FROM inside) AS inside, {chosen}
"""
_SAME_MOMENT = """
SELECT place, sha256, start, earliest_ns, true AS mine FROM one_side WHERE earliest_ns IN (SELECT earliest_ns FROM other_side)
UNION ALL SELECT place, sha256, start, earliest_ns, false FROM other_side WHERE earliest_ns IN (SELECT earliest_ns FROM one_side)
"""
_TWICE = """
WITH numbered AS (SELECT own.*, serial FROM own JOIN part USING (sha256, start))
SELECT DISTINCT a.place FROM numbered a JOIN numbered b ON a.earliest_ns = b.earliest_ns AND a.serial = b.serial AND a.mine <> b.mine
"""
_BETWEEN = "SELECT count(*) AS events FROM kept WHERE begin > {first} AND begin < {last}"
_CHOSEN = (
    "(SELECT count(*) > 0 AND count({name}) = count(*) AND count(DISTINCT {name}) = 1 AND NOT coalesce("
    "(SELECT bool_or({name} = (SELECT any_value({name}) FROM inside)) FROM lack), false) FROM inside) AS by_{name}"
)


def found(
    tables: Path, asked: Asked, hosts: Mapping[str, str | None], silent: frozenset[str]
) -> tuple[Lacking, ...]:
    """What copies of trails lack, in a total order.

    Args:
        tables: the folder of tables.
        asked: the events that are heard.
        hosts: of each file, by hash, the host whose folder it lies in.
        silent: hashes of files that are not heard.
    """
    can_be = sorted(_candidates(tables, hosts, silent))
    if not can_be:
        return ()
    beside = {"can_be": pa.table({"file": pa.array(can_be, pa.string())})}
    pairs = asked.ask(_TOLD + _PAIRS, beside).to_pylist()
    told = _of_pairs(tables, asked, beside, pairs)
    return tuple(sorted(told, key=lambda x: (x.host, x.has, x.lacks)))


def _candidates(tables: Path, hosts: Mapping[str, str | None], silent: frozenset[str]) -> set[str]:
    """Files of one host's trail that have records enough in common, by number and moment: those that a rotation parts share one at most."""
    if not parquet.parts(tables, FORMAT):
        return set()
    with places.opened(tables, FORMAT) as records:
        spans: dict[str, list[tuple[int, int, str]]] = {}
        for row in records.ask(_SPANS).to_pylist():
            host = row["node"] if row["node"] is not None else hosts.get(row["sha256"])
            if host is not None and row["sha256"] not in silent:
                spans.setdefault(host, []).append((row["first_ns"], row["last_ns"], row["sha256"]))
        pairs = [pair for own in spans.values() for pair in _overlapping(sorted(own))]
        if not pairs:
            return set()
        sides = [(n, file, *pair[2:]) for n, pair in enumerate(pairs) for file in pair[:2]]
        names, kinds = ("pair", "file", "lo", "hi"), (pa.int64(), pa.string(), pa.int64(), pa.int64())
        told = records.ask(_BOTH, {"side": columns(sides, names, kinds)}).to_pylist()
    return {file for row in told if row["records"] >= LEAST for file in pairs[row["pair"]][:2]}


def _overlapping(spans: list[tuple[int, int, str]]) -> Iterator[tuple[str, str, int, int]]:
    """Pairs of files whose times run into each other, and where, of spans in order of their beginning."""
    for n, (_, last, one) in enumerate(spans):
        for first, end, other in spans[n + 1 :]:
            if first > last:
                break
            if other != one:
                yield one, other, first, min(last, end)


def _of_pairs(
    tables: Path, asked: Asked, beside: Mapping[str, pa.Table], pairs: list[dict[str, Any]]
) -> Iterator[Lacking]:
    for host in sorted({p["host"] for p in pairs}):
        own = {(p["one"], p["other"]): p for p in pairs if p["host"] == host}
        names = sorted({name for pair in own for name in pair})[:MOST_FILES]
        of_host = {**beside, "of_host": pa.table({"host": pa.array([host], pa.string())})}
        for one, other in combinations(names, 2):
            pair = own.get((one, other))
            if pair is not None and pair["shared"] >= LEAST:
                for has, lacks in ((one, other), (other, one)):
                    side = _Side(asked, of_host, pair, has, lacks)
                    side.leave_out(tables)
                    if (told := side.told(host)) is not None:
                        yield told


class _Side:
    """One of two copies, beside the other, to be asked for what it lacks."""

    def __init__(self, asked: Asked, beside: Mapping[str, pa.Table], pair: Mapping[str, Any], has: str, lacks: str) -> None:  # fmt: skip
        none = pa.table({"place": pa.array([], pa.int64())})
        self._asked, self._beside, self._pair, self._has, self._lacks = (
            asked,
            {**beside, "twice": none},
            pair,
            has,
            lacks,
        )
        mine, theirs = ("one", "other") if has == pair["one"] else ("other", "one")
        self._sides = _SIDES.format(
            has=has, lacks=lacks, alike=bool(pair["alike"]), begin=pair[f"{mine}_begin"], end=pair[f"{mine}_end"],
            other_begin=pair[f"{theirs}_begin"], other_end=pair[f"{theirs}_end"],
        )  # fmt: skip

    def leave_out(self, tables: Path) -> None:
        """Find the records that both files tell, and otherwise: they are not put together, and lack in neither."""
        own = self._asked.ask(_TOLD + self._sides + _SAME_MOMENT, self._beside)
        with places.opened(tables, FORMAT) as records:
            twice = records.ask(_TWICE, {"own": own}) if len(own) else own.select(["place"])
        self._beside = {**self._beside, "twice": twice}

    def _rows(self, select: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._asked.ask(_TOLD + self._sides + select, self._beside).to_pylist()
        return rows

    def _ids(self, where: str) -> tuple[str, ...]:
        return tuple(row["event_id"] for row in self._rows(f"SELECT event_id, begin FROM {where}"))

    def told(self, host: str) -> Lacking | None:
        """What is told of it, or None where it lacks nothing."""
        (sums,) = self._rows(_SUMS.format(chosen=", ".join(_CHOSEN.format(name=name) for name in BY)))
        if not sums["count"]:
            return None
        first = sums["first"]
        before = self._ids(f"kept WHERE begin < {first} ORDER BY begin DESC, event_id DESC LIMIT 1")
        after = self._ids(f"kept WHERE begin > {first} ORDER BY begin, event_id LIMIT 1")
        (between,) = self._rows(_BETWEEN.format(first=first, last=sums["last"]))
        by = [name for name in BY if sums[f"by_{name}"]]
        chosen = by[0] if by else FEW if sums["inside"] < sums["count"] else None
        return Lacking(
            host, self._has, self._lacks, self._pair["shared"], sums["count"],
            self._ids(f"lack ORDER BY begin, event_id LIMIT {TOLD}"), (*before, *after), not between["events"],
            None if sums["beyond"] else chosen, sums["begin"], sums["stop"],
        )  # fmt: skip
