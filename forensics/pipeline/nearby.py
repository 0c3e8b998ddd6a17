"""Which jobs of a large case the trail can have to do with, by times alone, once the clocks are compared.

A command that submits, a command that ends jobs without naming one, a signal, and what somebody ran in a job's folder: each
is looked for only where the clocks can have written both at one time (`analysis.nearness`). Before the clocks are compared that
is a day and more, in which everybody who works on a cluster submits something.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.analysis import artefacts, nearness, scheduler_acts, unrecorded
from forensics.analysis.bands import Int
from forensics.analysis.jobs import Job
from forensics.analysis.nearness import Nearness
from forensics.pipeline import owned
from forensics.store.places import Asked

_BASE = "regexp_extract(exe, '[^/]*$')"
_RAN = "verb = 'execute' AND earliest_ns IS NOT NULL"
_NEVER = 2**62
_TIMES = ("submitting_ns", "submitted_ns", "begun_ns", "ending_ns", "over_ns")
_WORKER = ("owner_uid", "workdir", "begun_ns", "over_ns")
_RECORD = ("job", "owner_uid", "workdir", "outcome", "exit_signal")
_SUBMITTED = """
SELECT DISTINCT job FROM record SEMI JOIN ran
ON record.submitting_ns <= ran.last_ns AND record.submitted_ns >= ran.first_ns AND (ran.uid IS NULL OR record.owner_uid = ran.uid)
"""
_ENDED = """
SELECT DISTINCT job FROM record SEMI JOIN ran ON record.begun_ns <= ran.last_ns AND record.over_ns >= ran.first_ns
WHERE outcome = 'CANCELLED' OR coalesce(exit_signal, 0) <> 0
"""
_KILLED = f"""
SELECT DISTINCT job FROM record SEMI JOIN ran ON record.ending_ns <= ran.last_ns AND record.over_ns >= ran.first_ns
WHERE coalesce(exit_signal, 0) <> 0 AND record.over_ns < {_NEVER}
"""
_AT_WORK = f"""
SELECT {", ".join(_WORKER)} FROM record SEMI JOIN ran ON record.owner_uid = ran.uid AND record.workdir = ran.cwd
AND record.begun_ns <= ran.last_ns AND record.over_ns >= ran.first_ns
"""
_BESIDE = """
SELECT DISTINCT record.job FROM record SEMI JOIN worker ON record.owner_uid = worker.owner_uid AND record.workdir = worker.workdir
AND record.begun_ns <= worker.over_ns AND record.over_ns >= worker.begun_ns
"""


class _Ran(NamedTuple):
    """Runs of programs: whose, in which folder, and on which host when as its kernel wrote it."""

    uid: pa.ChunkedArray
    cwd: pa.ChunkedArray
    host: pa.ChunkedArray
    when: Int


def drawn(asked: Asked, records: pa.Table, jobs: Iterable[Job], clocks: Nearness) -> set[str]:
    """The jobs of some records that have to be looked at.

    Args:
        asked: the events.
        records: of jobs that can be apart, of columns `ordinary.COLUMNS`.
        jobs: those that are looked at anyhow.
        clocks: how far apart these can be.
    """
    submitters, killers = _ran(asked, _named(artefacts.SUBMITTERS)), _ran(asked, _named(unrecorded.KILLERS))
    broad = _ran(asked, _named(unrecorded.CANCELLING), among=_of_many(asked))
    at_work = _ran(asked, "session IS NULL AND cwd IS NOT NULL", among=_folders(records))
    sources = dict(_by_source(records))
    lives = {source: _lives(own, source, clocks) for source, own in sources.items()}
    found = set[str]()
    workers = [_lives_of(jobs, _widest_ns(lives, clocks))]
    for source, record in lives.items():
        for question, ran in ((_SUBMITTED, submitters), (_ENDED, broad), (_KILLED, killers)):
            beside = {"record": record, "ran": _times(ran, source, clocks)}
            found.update(asked.ask(question, beside)["job"].to_pylist())
        workers.append(asked.ask(_AT_WORK, {"record": record, "ran": _times(at_work, source, clocks)}))
    if not lives:
        return found
    every = {"record": pa.concat_tables(lives.values()), "worker": pa.concat_tables(workers)}
    return found | set(asked.ask(_BESIDE, every)["job"].to_pylist())


def _widest_ns(lives: Mapping[str, pa.Table], clocks: Nearness) -> int:
    """How far apart two sources of accounting can write one moment."""
    off = [pc.max(pc.subtract(t["submitted_ns"], t["submitting_ns"])).as_py() for t in lives.values()]
    return (
        max((clocks.apart_ns(a, b) for a in lives for b in lives), default=0)
        + max(off, default=0)
        + nearness.LEAST_NS
    )


def _named(programs: Iterable[str]) -> str:
    return f"{_BASE} IN ({', '.join(repr(name) for name in sorted(programs))})"


def _of_many(asked: Asked) -> pa.Table:
    """The words of commands that ask for the end of jobs without naming one."""
    told = asked.ask(
        f"SELECT DISTINCT argv FROM part WHERE {_RAN} AND argv IS NOT NULL AND {_named(unrecorded.CANCELLING)}"
    )
    kept = [row["argv"] for row in told.to_pylist() if scheduler_acts.names_many(row["argv"])]
    return pa.table({"argv": pa.array(kept, told["argv"].type)})


def _folders(records: pa.Table) -> pa.Table:
    """Whose jobs ran in which folders."""
    named = records.select(["owner_uid", "workdir"]).rename_columns(["uid", "cwd"])
    return named.group_by(["uid", "cwd"]).aggregate([])


def _ran(asked: Asked, where: str, *, among: pa.Table | None = None) -> _Ran:
    """The runs for which a condition holds, of those that agree with a row of a table, if there is one."""
    same = "" if among is None else f"SEMI JOIN among USING ({', '.join(among.column_names)})"
    told = asked.ask(
        f"SELECT DISTINCT uid, cwd, host, earliest_ns FROM part {same} WHERE {_RAN} AND {where}",
        {} if among is None else {"among": among},
    )
    return _Ran(told["uid"], told["cwd"], told["host"], told["earliest_ns"].to_numpy())


def _times(ran: _Ran, source: str, clocks: Nearness) -> pa.Table:
    """When some runs can have been by the clock of a source of accounting."""
    wide = np.zeros(len(ran.when), np.int64)
    hosts = ran.host.combine_chunks().dictionary_encode() if len(ran.when) else None
    codes = np.empty(0) if hosts is None else hosts.indices.fill_null(-1).to_numpy()
    names = [] if hosts is None else hosts.dictionary.to_pylist()
    for code, name in [*enumerate(names), (-1, None)]:
        own, kernel = codes == code, f"{name}:kernel"
        at = ran.when[own]
        wide[own] = clocks.off_ns(kernel, at, at) + clocks.apart_ns(kernel, source) + nearness.LEAST_NS
    first, last = np.maximum(ran.when - wide, -_NEVER), np.minimum(ran.when + wide, _NEVER)
    columns = {"uid": ran.uid, "cwd": ran.cwd, "first_ns": first, "last_ns": last}
    # Most runs of one account are near to others of it.
    return _merged(pa.table(columns))


def _merged(ran: pa.Table) -> pa.Table:
    """Stretches of time of an account in a folder, those that touch as one."""
    keys = [(name, "ascending") for name in ("uid", "cwd", "first_ns", "last_ns")]
    rows = ran.take(pc.sort_indices(ran, keys))
    made: list[list[object]] = []
    for row in zip(*(rows[name].to_pylist() for name, _ in keys), strict=True):
        if made and made[-1][:2] == list(row[:2]) and row[2] <= made[-1][3]:
            made[-1][3] = max(made[-1][3], row[3])
        else:
            made.append(list(row))
    return pa.table(
        {
            name: pa.array([row[n] for row in made], ran.schema.field(name).type)
            for n, (name, _) in enumerate(keys)
        }
    )


def _by_source(records: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The records of each source, by its name."""
    columns = ["domain", "format", "sha256"]
    for row in (
        records.select(columns)
        .group_by(columns)
        .aggregate([])
        .sort_by([(c, "ascending") for c in columns])
        .to_pylist()
    ):
        same = [pc.equal(records[name], row[name]) for name in columns]
        yield (
            f"{row['domain']}:{row['format']} {row['sha256']}",
            records.filter(pc.and_(pc.and_(*same[:2]), same[2])),
        )


def _lives(records: pa.Table, source: str, clocks: Nearness) -> pa.Table:
    """When jobs were submitted, begun and ended, at the earliest and at the latest."""
    start = records["start"].to_numpy()

    def edges(column: str, least: int) -> tuple[Int, Int]:
        known = records[column].is_valid().to_numpy()
        when = records[column].fill_null(0).to_numpy()
        wide = clocks.off_ns(source, start, when)
        return np.where(known, when - wide, least), np.where(known, when + wide, _NEVER)

    submitting, submitted = edges("submit_ns", -_NEVER)
    begun, _ = edges("start_ns", -_NEVER)
    ending, over = edges("end_ns", _NEVER)
    begun = np.minimum(np.where(begun == -_NEVER, submitting, begun), submitting)
    made = records.select(list(_RECORD))
    for name, values in zip(_TIMES, (submitting, submitted, begun, ending, over), strict=True):
        made = made.append_column(name, pa.array(values, pa.int64()))
    return made


def _lives_of(jobs: Iterable[Job], wide_ns: int) -> pa.Table:
    """The same of jobs that are looked at."""
    rows = [
        (j.owner_uid, j.workdir, *owned.window(j, wide_ns))
        for j in jobs
        if j.workdir is not None and j.owner_uid is not None and not j.processes
    ]
    return owned.columns(rows, _WORKER, (pa.int64(), pa.string(), pa.int64(), pa.int64()))
