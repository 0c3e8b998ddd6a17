"""The processes that ran for a job: which they are, and by what that is known."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from heapq import heapify, heappop, heappush

import numpy as np
import pandas as pd

from forensics.analysis import nodes
from forensics.analysis.by_verb import of_verbs
from forensics.analysis.evidence import Evidence, picked, rows_of, where
from forensics.analysis.jobs import Job
from forensics.core import controlgroups

SCRIPT = re.compile(r"/job(?:0++(?=\d)|0*(?=0/))?(\d++)/slurm_script$")
"""The path of a job's script on its node, as Slurm calls it."""


_Process = tuple[str | None, int]


class _Loose:
    """The audit events of processes that no login session holds, in the order of the events, with their moments apart.

    A cluster has many jobs, and each has many of these rows in its time: so they are found by what a job asks of them.
    """

    def __init__(self, evidence: Evidence) -> None:
        events = evidence.events
        loose = events["trail"] & events["pid"].notna() & events["session"].isna()
        self.rows = picked(events, loose & events["earliest_ns"].notna() & events["latest_ns"].notna())
        self.none = self.rows.iloc[:0]
        self.first, self.last = (self.rows[c].to_numpy(np.int64) for c in ("earliest_ns", "latest_ns"))
        self._longest = int((self.last - self.first).max()) if len(self.first) else 0
        columns = (self.rows[c] for c in ("host", "pid", "ppid", "start", "verb", "uid", "argv", "event_id", "cwd"))  # fmt: skip
        self.told = list(zip(self.first.tolist(), *columns, strict=True))
        self._tasks: dict[str, set[int]] = {}
        tasks = of_verbs(evidence, "task_start", but=lambda e: e["job"].notna() & e["pid"].notna())
        for job, pid in zip(tasks["job"], tasks["pid"], strict=True):
            self._tasks.setdefault(job, set()).add(int(pid))
        self._caged: dict[str, set[_Process]] = {}
        for name, host, pid in caged(evidence):
            self._caged.setdefault(name, set()).add((host, pid))
        self._named: dict[str, list[int]] = {}
        self._by_pid: dict[int, list[int]] = {}
        self._ran_in: dict[tuple[int, str], list[int]] = {}
        self._note_runs()
        self._note_children()

    def _note_runs(self) -> None:
        """Where runs are: of the script of which job, of which process, and of whom in which folder."""
        for n, (_, _, pid, _, _, verb, uid, argv, _, cwd) in enumerate(self.told):
            if verb != "execute" or pd.isna(uid):
                continue
            self._by_pid.setdefault(int(pid), []).append(n)
            if isinstance(cwd, str):
                self._ran_in.setdefault((int(uid), cwd), []).append(n)
            for job in {m.group(1) for m in map(SCRIPT.search, argv or ()) if m}:
                self._named.setdefault(job, []).append(n)

    def _note_children(self) -> None:
        """Where the rows of each process are, and those of its children; and which row is before which."""
        self._of: dict[_Process, list[int]] = {}
        self._below: dict[_Process, list[int]] = {}
        for n, (_, host, pid, ppid, *_) in enumerate(self.told):
            self._of.setdefault((host, int(pid)), []).append(n)
            if not pd.isna(ppid):
                self._below.setdefault((host, int(ppid)), []).append(n)
        order = sorted(range(len(self.told)), key=lambda n: (self.told[n][0], self.told[n][4]))
        self._rank = {n: rank for rank, n in enumerate(order)}

    def _within(self, places: Iterable[int], first: int, last: int) -> list[int]:
        """Those of some places that touch an interval, in order."""
        return sorted(n for n in places if self.first[n] <= last and self.last[n] >= first)

    def begun_for(self, job: Job) -> list[tuple[int, bool]]:
        """The places of the runs in a job's time that its node, or its control group, says were for it; whether its node does."""
        by_node = set(self._named.get(job.job, ()))
        by_node.update(n for pid in self._tasks.get(job.job, ()) for n in self._by_pid.get(pid, ()))
        group = self._caged.get(job.job, set())
        caged = {n for _, pid in group for n in self._by_pid.get(pid, ()) if (self.told[n][1], pid) in group}
        return [(n, n in by_node) for n in self._within(by_node | caged, *job.window())]

    def ran_in(self, job: Job) -> list[int]:
        """The places of the runs in a job's time by its owner's number in its folder."""
        if job.owner_uid is None or job.workdir is None:
            return []
        places = self._ran_in.get((job.owner_uid, job.workdir), [])
        first, last = job.window()
        begin = bisect_left(places, first - self._longest, key=lambda n: self.first[n])
        end = bisect_right(places, last, key=lambda n: self.first[n])
        return self._within(places[begin:end], first, last)

    def descended(self, job: Job) -> set[_Process]:
        """The children of a job's processes in its time, and theirs: each is told of after its parent."""
        found, (first, last) = set[_Process](), job.window()
        # A host is not always told of.
        ahead = [(-1, str(host), (host, pid)) for host, pid in job.processes]
        heapify(ahead)
        while ahead:
            rank, _, process = heappop(ahead)
            if process in found:
                continue
            found.add(process)
            for n in self._within(self._below.get(process, ()), first, last):
                _, host, pid, *_ = self.told[n]
                child = (host, int(pid))
                if self._rank[n] > rank and child not in found:
                    heappush(ahead, (self._rank[n], str(host), child))
        return found

    def own(self, job: Job) -> list[int]:
        """The places of the rows of a job's processes in its time."""
        places = (n for process in job.processes for n in self._of.get(process, ()))
        return self._within(places, *job.window())


def _loose(evidence: Evidence) -> _Loose:
    if "loose" not in evidence.memo:
        evidence.memo["loose"] = _Loose(evidence)
    found: _Loose = evidence.memo["loose"]
    return found


def caged(evidence: Evidence) -> list[tuple[str, str | None, int]]:
    """Job, host and process of each line by which the kernel says whose control group ran out of memory, in order."""
    told = of_verbs(evidence, "fault", but=lambda e: e["text"].notna())
    return [
        (killed[0], e.host if isinstance(e.host, str) else None, killed[1])
        for e in rows_of(where(told, "text", lambda text: "task_memcg=" in text))
        if (killed := controlgroups.killed(str(e.text))) is not None
    ]


def join(job: Job, evidence: Evidence) -> None:
    """The processes of a job: those its node started for it, and all their descendants.

    A node's task pid, the path of the batch script that it was given, or the job's control group starts the tree,
    where the uid is the owner's; a child joins by its parent's pid, on the same host and inside the job's own time.
    """
    loose = _loose(evidence)
    for n, node in loose.begun_for(job):
        _, host, pid, _, _, _, uid, _, event, _ = loose.told[n]
        if uid == job.owner_uid:
            job.joined_by = "node" if node or job.joined_by == "node" else "cgroup"
            job.processes.add((host, int(pid)))
            job.started_by.append(str(event))
    job.processes = loose.descended(job)


def join_by_folder(found: Iterable[Job], evidence: Evidence) -> None:
    """Processes of jobs of which none is known otherwise: by uid, working directory, node and time, where no other job has these.

    It is derived: whoever has the owner's rights on the node without a login, as from another service, can have run them.
    """
    jobs = [j for j in found if j.workdir is not None and j.owner_uid is not None and j.start_ns is not None]
    like: dict[tuple[int | None, str | None], list[Job]] = {}
    for job in jobs:
        like.setdefault((job.owner_uid, job.workdir), []).append(job)
    loose = _loose(evidence)
    for job in (j for several in like.values() for j in _alone(several) if not j.processes):
        hosts = set(nodes.expanded(job.nodes))
        for n in loose.ran_in(job):
            _, host, pid, *_, event, _ = loose.told[n]
            if host in hosts:
                job.joined_by = "folder"
                job.processes.add((host, int(pid)))
                job.started_by.append(str(event))
        job.processes = loose.descended(job)


def _alone(several: list[Job]) -> list[Job]:
    """Those of some jobs in whose time none of the others was."""
    spans = [job.window() for job in several]
    order = sorted(range(len(spans)), key=lambda n: spans[n][0])
    firsts = [spans[n][0] for n in order]
    # Of those that begin first, which one ends last, and when the last of the others does.
    longest: list[tuple[int, int, int]] = []
    which, end, second = -1, -(2**63), -(2**63)
    for n in order:
        if spans[n][1] > end:
            which, end, second = n, spans[n][1], end
        else:
            second = max(second, spans[n][1])
        longest.append((which, end, second))
    found = []
    for n, (first, last) in enumerate(spans):
        begun = bisect_right(firsts, last)
        which, end, second = longest[begun - 1] if begun else (-1, -(2**63), -(2**63))
        if (second if which == n else end) < first:
            found.append(several[n])
    return found


def loose_rows(evidence: Evidence) -> pd.DataFrame:
    """The audit events of processes that no login session holds, in order; all have a moment."""
    return _loose(evidence).rows


def own_places(job: Job, evidence: Evidence) -> list[int]:
    """The places among `loose_rows` of the events of a job's own processes, in order."""
    return _loose(evidence).own(job) if job.processes else []


def own_events(job: Job, evidence: Evidence) -> pd.DataFrame:
    """The audit events of a job's own processes, in order."""
    loose, mine = _loose(evidence), own_places(job, evidence)
    return loose.rows.iloc[mine] if mine else loose.none
