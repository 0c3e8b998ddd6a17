"""What is counted of the events of an audit trail that an analysis does not hold."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from forensics.analysis import file_acts, sessions, writers
from forensics.analysis.loading import GIT_SETTINGS
from forensics.store import parquet, places
from forensics.store.places import Asked

CHANGED = (
    "verb IN ({verbs}) AND outcome IS DISTINCT FROM 'failure' AND object_kind = 'path' AND object IS NOT NULL"
    " AND earliest_ns IS NOT NULL"
)
"""Events that begin a version of a file, as `analysis.artefacts` has it."""
Run = tuple[int, int]


def audited(tables: Path, journal: str, silent: Iterable[str] = ()) -> bool:
    """Whether a journal holds lines of the audit trail; so it is taken where its records are not there to ask.

    Args:
        tables: the folder of tables.
        journal: the format.
        silent: hashes of files that are not heard.
    """
    if not parquet.parts(tables, journal):
        return True
    beside = {"silent": pa.table({"sha256": pa.array(sorted(silent), pa.string())})}
    lines = "FROM part WHERE transport = 'audit' AND sha256 NOT IN (SELECT sha256 FROM silent)"
    with places.opened(tables, journal) as asked:
        return len(asked.ask(f"SELECT 1 AS one {lines} LIMIT 1", beside)) > 0


def apart(asked: Asked, mass: str, held: pa.Table) -> dict[str, int]:
    """By source of time, how many events of the mass are not held.

    Args:
        asked: all events.
        mass: the condition for one to be of the mass.
        held: those of the mass that are held.
    """
    source = "CASE WHEN host IS NULL THEN coalesce(clock, 'None') || ' ' || sha256 ELSE host || ':kernel' END"
    count = f"SELECT {source} AS source, count(*) AS events FROM part WHERE {mass} AND earliest_ns IS NOT NULL GROUP BY ALL"
    here = _sources(held)
    return {row["source"]: row["events"] - here.get(row["source"], 0) for row in asked.ask(count).to_pylist()}


def _sources(held: pa.Table) -> dict[str, int]:
    own = held.filter(pc.is_valid(held["earliest_ns"]))
    kernel = pc.binary_join_element_wise(own["host"], "kernel", ":")
    file = pc.binary_join_element_wise(pc.coalesce(own["clock"], pa.scalar("None")), own["sha256"], " ")
    found = pc.value_counts(pc.coalesce(kernel, file)).to_pylist()
    return {row["values"]: row["counts"] for row in found}


def fired(asked: Asked, changed: str, paths: Iterable[str], held: pa.Table) -> dict[tuple[str, str], int]:
    """By kind and rule, the acts on files other than some: of one path, process and session each kind once, by its first rule."""
    programs = {
        "copiers": pa.table({"name": pa.array(sorted(writers.COPIERS), pa.string())}),
        "editors": pa.table({"name": pa.array(sorted(writers.EDITORS), pa.string())}),
        "bearing": pa.table({"path": pa.array(sorted(paths), pa.string())}),
        "entered": _entered(held),
    }
    scratch = file_acts.SCRATCH.pattern.replace("$", "\\n?$").replace("'", "''")
    settings = " OR ".join(f"ends_with(path, '{name}')" for name in GIT_SETTINGS)
    answer = asked.ask(_FIRED.format(changed=changed, scratch=scratch, settings=settings), programs)
    return {
        (_KINDS.get(_HOW[row["how"]], "modify_file"), f"file_{_HOW[row['how']]}"): row["acts"]
        for row in answer.to_pylist()
    }


_HOW = ("delete", "replace", "edit", "create")
_KINDS = {"delete": "delete_file", "replace": "replace_file"}
# How a change was made is a number here, a place in `_HOW`, and kept in the last digits of the place of the event: so each
# act is two numbers in memory, of which there may be as many as there are changes. Small tables are asked
# with IN, which holds those and never the changes. The last two ways are one kind of act.
_FIRED = """
WITH change AS (
    SELECT object AS path, host, pid, session, place,
           CASE verb WHEN 'delete' THEN 0
                WHEN 'rename' THEN CASE WHEN base IN (SELECT name FROM editors) THEN 2
                                   WHEN replaced_inode IS NOT NULL THEN 1 ELSE 3 END
                WHEN 'create' THEN 3 WHEN 'link' THEN 3
                ELSE CASE WHEN base IN (SELECT name FROM copiers) THEN 1 ELSE 2 END END AS how
    FROM (SELECT *, coalesce(regexp_extract(exe, '[^/]*$'), '') AS base FROM part WHERE {changed})
    UNION ALL
    SELECT object_from, host, pid, session, place, 0 FROM part
    WHERE {changed} AND verb = 'rename' AND object_from IS NOT NULL
), other AS (
    SELECT path, host, pid, how, place,
           CASE WHEN hash(host, session) IN (SELECT hash(host, session) FROM entered) THEN session END AS session
    FROM change WHERE (path IN (SELECT path FROM bearing)) IS NOT TRUE
    AND (NOT contains(path, '/.git/') OR {settings}) AND NOT regexp_matches(path, '{scratch}')
), once AS (
    SELECT min(place * 4 + how) AS first FROM other GROUP BY hash(path, host, pid, session, least(how, 2))
)
SELECT first % 4 AS how, count(*) AS acts FROM once GROUP BY ALL
"""


def _entered(held: pa.Table) -> pa.Table:
    """The audit sessions that the analysis knows: those of which an event tells that they were opened, or used to open one."""
    entry = pa.array(sorted(sessions.ENTRY), pa.string())
    own = held.filter(pc.and_(pc.is_in(held["verb"], entry), pc.is_valid(held["session"])))
    return own.select(["host", "session"]).group_by(["host", "session"]).aggregate([])


class Unheard(NamedTuple):
    """Files of a trail that are not heard, by hash; and of those that are heard in part, where the events begin that are."""

    silent: pa.Array
    begin: Mapping[str, npt.NDArray[np.int64]]

    def without(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Records of a trail without those that are not heard. Of an event the first is enough: all its records have one number."""
        if len(self.silent):
            batch = batch.filter(pc.invert(pc.is_in(batch["sha256"], self.silent)))
        for sha256, starts in self.begin.items():
            other = np.asarray(pc.not_equal(batch["sha256"], sha256))
            batch = batch.filter(pa.array(other | np.isin(batch["start"].to_numpy(), starts)))
        return batch


def jumps(
    tables: Path, trail: str, files: pa.Table, unheard: Unheard
) -> tuple[pa.Table, frozenset[tuple[str | None, int, int]]]:
    """Where the kernel's numbers of a host jump.

    Args:
        tables: the folder of tables.
        trail: the format of the trail.
        files: schema `file`.
        unheard: records of files that are not heard, or not all.

    Returns:
        `sha256`, `start` and `serial` of the records on both sides of each jump, and the jumps: host and both numbers.
    """
    hosts = dict(zip(files["sha256"].to_pylist(), files["host"].to_pylist(), strict=True))
    runs: dict[str | None, list[npt.NDArray[np.int64]]] = {}
    for path in parquet.parts(tables, trail):
        with pq.ParquetFile(path) as part:
            for batch in part.iter_batches(columns=["node", "sha256", "serial", "start"]):
                for host, numbers in _by_host(unheard.without(batch), hosts):
                    runs.setdefault(host, []).append(_runs(numbers))
    found = {host: _between(_joined(parts)) for host, parts in runs.items()}
    edges = sorted({number for pairs in found.values() for pair in pairs for number in pair})
    if not edges:
        empty = {"sha256": pa.string(), "start": pa.int64(), "serial": pa.int64()}
        return pa.table({name: pa.array([], kind) for name, kind in empty.items()}), frozenset()
    with places.opened(tables, trail) as asked:
        told = asked.ask(
            "SELECT sha256, start, serial FROM part SEMI JOIN edge USING (serial)",
            {"edge": pa.table({"serial": pa.array(edges, pa.int64())})},
        )
    return told, frozenset((host, *pair) for host, pairs in found.items() for pair in pairs)


def numbers(tables: Path, trail: str, events: pa.Table) -> pa.Table:
    """`sha256`, `start` and `serial` of the records of a trail that some events begin at: by these the analysis puts them in order."""
    own = events.filter(pc.equal(events["format"], trail)).select(["sha256", "start"])
    if not parquet.parts(tables, trail):
        return own.slice(0, 0).append_column("serial", pa.array([], pa.int64()))
    with places.opened(tables, trail) as asked:
        return asked.ask(
            "SELECT sha256, start, serial FROM part SEMI JOIN own USING (sha256, start) WHERE serial IS NOT NULL",
            {"own": own},
        )


def _by_host(
    batch: pa.RecordBatch, hosts: Mapping[str, str | None]
) -> Iterable[tuple[str | None, npt.NDArray[np.int64]]]:
    known = batch.filter(pc.is_valid(batch["serial"]))
    own = pc.dictionary_encode(known["sha256"])
    named = pa.array([hosts.get(sha256) for sha256 in own.dictionary.to_pylist()], pa.string()).take(
        own.indices
    )
    place = pc.dictionary_encode(pc.coalesce(known["node"], named), null_encoding="encode")
    code, numbers = place.indices.to_numpy(), known["serial"].to_numpy()
    for n, host in enumerate(place.dictionary.to_pylist()):
        yield host, numbers[code == n]


def _runs(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The first and the last of each run of numbers without a jump, in order."""
    once = np.unique(numbers)
    cut = np.flatnonzero(np.diff(once) > 1)
    return (
        np.stack([once[np.r_[0, cut + 1]], once[np.r_[cut, len(once) - 1]]], axis=1)
        if len(once)
        else np.empty((0, 2), np.int64)
    )


def _joined(parts: list[npt.NDArray[np.int64]]) -> list[Run]:
    found: list[Run] = []
    for first, last in sorted(map(tuple, np.concatenate(parts).tolist())):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def _between(runs: list[Run]) -> list[Run]:
    return [(one[1], two[0]) for one, two in pairwise(runs)]
