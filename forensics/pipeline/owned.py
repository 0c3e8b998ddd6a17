"""What the processes of some jobs did, found in a store of many events: which they were, what they ran and touched."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from forensics.analysis import relevance
from forensics.analysis.jobs import Job
from forensics.store.places import Asked, Places

_NEVER = 2**62
_MINE = "part.host IS NOT DISTINCT FROM own.host AND part.pid = own.pid AND latest_ns >= own.first_ns AND earliest_ns <= own.last_ns"
_COLUMNS = ("job", "host", "pid", "first_ns", "last_ns")
_KINDS = (pa.string(), pa.string(), pa.int64(), pa.int64(), pa.int64())


def window(job: Job, slack_ns: int) -> tuple[int, int]:
    """A job's time as a trail's clock can have written it."""
    first, last = job.window()
    return max(first - slack_ns, -_NEVER), min(last + slack_ns, _NEVER)


def columns(
    rows: Sequence[tuple[object, ...]], names: Sequence[str], kinds: Sequence[pa.DataType]
) -> pa.Table:
    """Rows as a table."""
    return pa.table(
        {
            name: pa.array([row[n] for row in rows], kind)
            for n, (name, kind) in enumerate(zip(names, kinds, strict=True))
        }
    )


def in_folders(mass: str, jobs: Iterable[Job], slack_ns: int) -> tuple[str, dict[str, pa.Table]]:
    """Runs without a login by a job's owner in its working directory and time, for jobs of which no process is known."""
    rows = [
        (job.owner_uid, job.workdir, *window(job, slack_ns))
        for job in jobs
        if not job.processes
        and job.workdir is not None
        and job.owner_uid is not None
        and job.start_ns is not None
    ]
    names, kinds = ("uid", "cwd", "first_ns", "last_ns"), (pa.int64(), pa.string(), pa.int64(), pa.int64())
    same = (
        "part.uid = folder.uid AND part.cwd = folder.cwd AND latest_ns >= first_ns AND earliest_ns <= last_ns"
    )
    where = f"SEMI JOIN folder ON {same} WHERE {mass} AND verb = 'execute' AND session IS NULL"
    return where, {"folder": columns(rows, names, kinds)}


class Owned:
    """The processes of some jobs, those that their nodes started and all their descendants.

    joined: the places of the events by which each joins.
    """

    def __init__(self, asked: Asked, trail: str, jobs: Iterable[Job], slack_ns: int) -> None:
        self._asked = asked
        self._jobs = [(job, *window(job, slack_ns)) for job in jobs if job.processes]
        first = min((row[1] for row in self._jobs), default=0)
        last = max((row[2] for row in self._jobs), default=-1)
        self._loose = (
            f"format = '{trail}' AND session IS NULL AND latest_ns >= {first} AND earliest_ns <= {last}"
        )
        found: dict[str, set[tuple[str | None, int]]] = {
            job.job: set(job.processes) for job, *_ in self._jobs
        }
        self.joined = self._grown(found)
        rows = [
            (job.job, *process, first, last) for job, first, last in self._jobs for process in found[job.job]
        ]
        self._own = columns(rows, _COLUMNS, _KINDS)

    def _grown(self, found: dict[str, set[tuple[str | None, int]]]) -> Places:
        """Put every child behind its parent, by the one rule for processes of jobs."""
        on: dict[str | None, list[tuple[int, int, set[tuple[str | None, int]]]]] = {}
        for job, first, last in self._jobs:
            for host in {host for host, _ in found[job.job]}:
                on.setdefault(host, []).append((first, last, found[job.job]))
        hosts = pa.table({"host": pa.array(list(on), pa.string())})
        rows = self._asked.stream(
            "SELECT part.host, pid, ppid, earliest_ns, latest_ns, place FROM part SEMI JOIN on_host"
            f" ON part.host IS NOT DISTINCT FROM on_host.host WHERE {self._loose} AND pid IS NOT NULL AND ppid IS NOT NULL",
            {"on_host": hosts},
            ordered=True,
        )
        joined: list[int] = []
        for batch in rows:
            told = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            for host, pid, ppid, earliest, latest, place in told:
                for first, last, own in on[host]:
                    if latest < first or earliest > last or (host, ppid) not in own or (host, pid) in own:
                        continue
                    own.add((host, pid))
                    joined.append(place)
        return np.array(joined, np.int64)

    def first(self) -> Places:
        """The first event of each job's own processes."""
        began = self._asked.ask(
            "SELECT min(earliest_ns) AS first_ns, own.job, own.host, own.pid"
            f" FROM part JOIN own ON {_MINE} WHERE {self._loose} GROUP BY ALL",
            {"own": self._own},
        )
        least = began.group_by("job").aggregate([("first_ns", "min")])
        began = began.join(least, "job").filter(pc.field("first_ns") == pc.field("first_ns_min"))
        same = "part.host IS NOT DISTINCT FROM began.host AND part.pid = began.pid AND earliest_ns = first_ns"
        return self._asked.places(f"SEMI JOIN began ON {same} WHERE {self._loose}", {"began": began})

    def read(self, paths: Iterable[str], *, leading: Iterable[str] | None = None) -> Places:
        """What the processes executed, and whatever they did to some paths.

        Args:
            paths: whose every touch counts.
            leading: words that a run has to have, where not every run counts; beside those that name
                one of the paths, or a script.
        """
        names = sorted(paths)
        beside = {"own": self._own, "touched": pa.table({"path": pa.array(names, pa.string())})}
        run = "verb = 'execute'"
        if leading is not None:
            bases = [name.rsplit("/", 1)[-1] for name in names]
            beside |= {
                "word": pa.table({"word": pa.array(sorted(set(leading)), pa.string())}),
                "base": pa.table({"base": pa.array(sorted(set(bases)), pa.string())}),
            }
            words = "array_to_string(argv[2:], ' ')"
            named = f"list_bool_or([contains({words}, one) for one in (SELECT list(base) FROM base)])"
            payload = "list_has_any(argv, (SELECT list(word) FROM word))"
            run += f" AND (regexp_matches({words}, '{relevance.SUFFIXES}') OR {named} OR {payload})"
        own = f"{self._loose} AND (({run}) OR object IN (SELECT path FROM touched))"
        return self._asked.places(f"SEMI JOIN own ON {_MINE} WHERE {own}", beside)

    def touched(self) -> relevance.Own:
        """What the processes touched, by path."""
        found = relevance.Own()
        of = {
            ("read", "open", "execute", "write"): found.opened,
            ("delete",): found.removed,
            ("create", "write", "rename", "link", "truncate"): found.wrote,
        }
        for verbs, held in of.items():
            held.update(self._distinct("object", ", ".join(f"'{verb}'" for verb in verbs)))
        found.removed |= self._distinct("object_from", "'rename'")
        told = f"SELECT argv, cwd FROM part SEMI JOIN own ON {_MINE} WHERE {self._loose} AND verb = 'execute'"
        for batch in self._asked.stream(told, {"own": self._own}):
            runs = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            found.named |= relevance.arguments(runs)
        return found

    def _distinct(self, column: str, verbs: str) -> set[str]:
        told = self._asked.ask(
            f"SELECT DISTINCT {column} AS path FROM part SEMI JOIN own ON {_MINE}"
            f" WHERE {self._loose} AND verb IN ({verbs}) AND {column} IS NOT NULL",
            {"own": self._own},
        )
        return set(told["path"].to_pylist())


FAMILY = ("host", "pid", "session")
"""What makes a process one of a kernel session."""


def family(told: pa.Table) -> set[tuple[str | None, int, str | None]]:
    """Processes and their parents, each in its kernel session."""
    names = ("verb", "exe", "host", "pid", "ppid", "session")
    found: set[tuple[str | None, int, str | None]] = set()
    for verb, exe, host, pid, ppid, session in zip(*(told[n].to_pylist() for n in names), strict=True):
        if not relevance.acts(verb, exe):
            continue
        found |= {(host, pid, session)} | (
            {(host, ppid, session)} if ppid is not None and ppid > 1 else set()
        )
    return found


def pairs(found: Iterable[tuple[str | None, int]]) -> pa.Table:
    """Processes by host and pid, in order."""
    rows = sorted(
        {(None if pd.isna(h) else h, int(p)) for h, p in found}, key=lambda row: (row[0] or "", row[1])
    )
    return columns(rows, ("host", "pid"), (pa.string(), pa.int64()))
