"""Jobs: what every source says of one job, put together, and the processes that ran for it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from forensics.analysis import nodes
from forensics.analysis.evidence import Evidence, Row, picked, rows_of, where
from forensics.analysis.identity import Directory
from forensics.core import controlgroups, endings, federation
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

JOB = Table(
    "job",
    "one job, as all sources together tell of it",
    (
        Column("job", pa.string(), "scheduler's job id"),
        Column("cluster", pa.string(), "cluster", None, "not recorded"),
        Column("name", pa.string(), "job name: typed by the user", None, "not recorded"),
        Column("owner", pa.string(), "account that owns it; who may have done nothing", None, "not recorded"),
        Column("owner_uid", pa.int64(), "its uid", None, "not recorded"),
        Column("outcome", pa.string(), "normalised outcome", None, "not recorded"),
        Column("state", pa.string(), "state as written", None, "not recorded"),
        Column("ending", pa.string(), "how it ended, from the closed list `ENDINGS`", None, "not recorded"),
        Column("exit_code", pa.int64(), "exit code", None, "not recorded"),
        Column("exit_signal", pa.int64(), "signal that ended it; 0 is none", None, "not recorded"),
        Column(
            "requestor",
            pa.string(),
            "account that asked to cancel, as written",
            None,
            "nobody, or not recorded",
        ),
        Column(
            "submitter", pa.string(), "account that submitted it", None, "not recorded apart from the owner"
        ),
        Column("submit_ns", pa.int64(), "submitted", "ns since 1970-01-01T00:00:00Z", "not recorded"),
        Column("start_ns", pa.int64(), "started", "ns since 1970-01-01T00:00:00Z", "not started"),
        Column("end_ns", pa.int64(), "ended, latest", "ns since 1970-01-01T00:00:00Z", "not ended"),
        Column("elapsed_s", pa.int64(), "run time", "s", "not recorded"),
        Column("gpus", pa.int64(), "GPUs allocated", None, "not recorded"),
        Column("nodes", pa.string(), "nodes, as written", None, "not recorded"),
        Column("node_count", pa.int64(), "nodes allocated", None, "not recorded"),
        Column("cpus", pa.int64(), "processors allocated", None, "not recorded"),
        Column(
            "energy_j", pa.int64(), "energy that it used, as metered", "J", "not metered, or not recorded"
        ),
        Column("workdir", pa.string(), "working directory", None, "not recorded"),
        Column(
            "federation_origin",
            pa.string(),
            "cluster of a federation that took it: by name, or else by its number there, `cluster 1`",
            None,
            "nothing tells of a federation",
        ),
        Column(
            "siblings",
            STRINGS,
            "records of it on clusters of a federation, as `beta: REVOKED`; one submission",
        ),
        Column(
            "joined_by",
            pa.string(),
            "how its processes are known: node (its pids, or the path of its script), cgroup or folder",
            None,
            "no process of it is known",
        ),
        Column("cause", pa.string(), "act, own_failure, infrastructure, not_established or none"),
        Column("why", pa.string(), "rule that gave the cause; not_examined where it was not looked at"),
        Column("disagree", STRINGS, "columns that the sources tell differently"),
        Column("events", STRINGS, "events that name the job; none are listed of one that was not examined"),
    ),
)

_SCRIPT = re.compile(r"/job(?:0++(?=\d)|0*(?=0/))?(\d++)/slurm_script$")
"""The kernel's line on a control group that ran out of memory, as Slurm names its groups."""
_SLACK_NS = 5_000_000_000
_RANK = {
    "sacct": 0, "sacct_json": 1, "jobcomp": 2, "jobcomp_json": 3, "scontrol_json": 4, "scontrol_job": 5, "sacct_padded": 6, "squeue": 7,
}  # fmt: skip


@dataclass(slots=True)
class Job:
    """One row of the job table, and its processes."""

    job: str
    cluster: str | None = None
    name: str | None = None
    owner: str | None = None
    owner_uid: int | None = None
    outcome: str | None = None
    state: str | None = None
    ending: str | None = None
    exit_code: int | None = None
    exit_signal: int | None = None
    requestor: str | None = None
    submitter: str | None = None
    submit_ns: int | None = None
    start_ns: int | None = None
    end_ns: int | None = None
    elapsed_s: int | None = None
    gpus: int | None = None
    nodes: str | None = None
    node_count: int | None = None
    cpus: int | None = None
    energy_j: int | None = None
    workdir: str | None = None
    federation_origin: str | None = None
    siblings: list[str] = field(default_factory=list)
    cause: str = "not_established"
    why: str = "not_examined"
    disagree: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    joined_by: str | None = None
    processes: set[tuple[str | None, int]] = field(default_factory=set)
    started_by: list[str] = field(default_factory=list)

    @property
    def own_link(self) -> str:
        """How well it is known that its processes are its own: observed where its node says so.

        Derived where folder, owner, node and time do, or a line of the kernel's on a control group, which any account can write.
        """
        return "observed" if self.joined_by == "node" else "derived"

    def window(self) -> tuple[int, int]:
        """From its start (or submission) to its end, with the slack that whole seconds need."""
        first = self.start_ns if self.start_ns is not None else self.submit_ns
        return (
            (first if first is not None else 0) - _SLACK_NS,
            (self.end_ns if self.end_ns is not None else 2**62) + _SLACK_NS,
        )


SETTLED = (
    "cluster", "name", "owner", "owner_uid", "outcome", "state", "ending", "exit_code", "exit_signal", "requestor",
    "submitter", "submit_ns", "start_ns", "end_ns", "elapsed_s", "gpus", "nodes", "node_count", "cpus", "energy_j",
    "workdir",
)  # fmt: skip
_COMPARED = ("owner", "owner_uid", "outcome", "gpus", "workdir", "submit_ns", "start_ns")


def reconstruct(
    evidence: Evidence, directory: Directory, naming: pd.DataFrame | None = None
) -> dict[str, Job]:
    """Every job that some source names, by its id, in order of submission; of events, that some or all name.

    A value comes from the first source that has it, accounting before completion log; what another
    source tells differently is listed in `disagree`.
    """
    records = evidence.job_records
    own = picked(records, records["step"].isna())
    found = {job: _settled(job, rows) for job, rows in _by_job(own)}
    events = evidence.events
    columns = ["job", "event_id", "verb", "earliest_ns", "latest_ns", "uid", "signal"]
    told = events[events["job"].notna()] if naming is None else naming
    for job, rows in _by_job(told[columns]):
        item = found.setdefault(job, Job(job))
        item.events = sorted(r.event_id for r in rows)
        _from_events(item, rows)
    _from_scripts(found, evidence)
    for item in found.values():
        at = item.submit_ns if item.submit_ns is not None else item.start_ns
        if item.owner is None:
            item.owner = directory.account_of(None, item.owner_uid, at)
        if item.owner_uid is None:
            item.owner_uid = directory.uid_of(item.owner, at)
        _processes(item, evidence)
    _by_folder(found.values(), evidence)
    order = sorted(found.values(), key=lambda j: (j.submit_ns or 0, len(j.job), j.job))
    return {j.job: j for j in order}


def _from_scripts(found: dict[str, Job], evidence: Evidence) -> None:
    """What the kernel saw of a job's batch script: its owner's uid, its start and where it ran.

    It fills only what the scheduler's own records, lost or never collected, leave open.
    """
    events = evidence.events
    ran = (events["verb"] == "execute") & events["trail"] & events["earliest_ns"].notna()
    for e in rows_of(picked(events, ran & events["session"].isna())):
        match = next((m for m in map(_SCRIPT.search, (e.argv or ())) if m), None)
        if match is None:
            continue
        job = found.setdefault(match.group(1), Job(match.group(1)))
        if job.owner_uid is None and job.owner is None and not pd.isna(e.uid):
            job.owner_uid = int(e.uid)
        job.start_ns = int(e.earliest_ns) if job.start_ns is None else job.start_ns
        job.workdir = e.cwd if job.workdir is None else job.workdir
        job.events = sorted({*job.events, e.event_id})


def _by_job(table: pd.DataFrame) -> list[tuple[str, list[Row]]]:
    """The rows of each job, in order of its id."""
    found: dict[str, list[Row]] = {}
    for row in rows_of(table):
        found.setdefault(str(row.job), []).append(row)
    return sorted(found.items())


def _settled(name: str, rows: list[Row]) -> Job:
    """The job's own values; of several attempts under one id, the last submitted.

    Where a cluster of a federation ran it, the copies that others took back say nothing of how it fared.
    """
    every = rows
    last = max((r.submit_ns for r in rows if not pd.isna(r.submit_ns)), default=None)
    if last is not None:
        rows = [r for r in rows if pd.isna(r.submit_ns) or abs(r.submit_ns - last) <= _SLACK_NS]
        rows = _last_of_each(rows)
    rows = [r for r in rows if r.ending != endings.REVOKED] or rows
    ranked = sorted(rows, key=lambda r: (_RANK.get(r.format, 9), r.sha256, r.start))
    job = Job(name)
    for column in SETTLED:
        told = [v for v in (getattr(r, column) for r in ranked) if v is not None and not pd.isna(v)]
        if told:
            number = not isinstance(told[0], str)
            setattr(job, column, int(told[0]) if number else told[0])
        if column in _COMPARED and len(set(told)) > 1:
            job.disagree.append(column)
    _of_federation(job, every)
    return job


def _last_of_each(rows: list[Row]) -> list[Row]:
    """What each source tells of the attempt that it has as the last: one that was put back at once began seconds before."""
    last: dict[str, int] = {}
    for r in rows:
        if not pd.isna(r.submit_ns):
            last[r.sha256] = max(int(r.submit_ns), last.get(r.sha256, int(r.submit_ns)))
    return [r for r in rows if pd.isna(r.submit_ns) or r.submit_ns == last[r.sha256]]


def _of_federation(job: Job, rows: list[Row]) -> None:
    """Which cluster took it, and what each cluster's records say, where anything tells of a federation."""
    rows = [r for r in rows if r.format in federation.FORMATS]
    named = sorted({r.federation_origin for r in rows if isinstance(r.federation_origin, str)})
    number = federation.origin(job.job)
    several = len({r.cluster for r in rows if isinstance(r.cluster, str)}) > 1
    if not named and (number is None or not (several or any(r.ending == endings.REVOKED for r in rows))):
        return
    job.federation_origin = ", ".join(named) or f"cluster {number}"
    job.siblings = sorted({f"{r.cluster or 'cluster not recorded'}: {r.state}{_never_ran(r)}" for r in rows})


def _never_ran(r: Row) -> str:
    """What the completion log's word for a copy that was taken back leaves unsaid."""
    return ", but never ran there" if r.ending == endings.REVOKED and "REVOKED" not in str(r.state) else ""


def _from_events(job: Job, rows: list[Row]) -> None:
    """Fill from the controller's and the node's own lines what accounting left open."""
    for verb, column in (("submit", "submit_ns"), ("start", "start_ns")):
        times = _told(rows, verb, "earliest_ns")
        if getattr(job, column) is None and times:
            setattr(job, column, min(times))
    ends = _told(rows, "end", "latest_ns")
    if job.end_ns is None and ends:
        job.end_ns = max(ends)
    uids = _told(rows, "start", "uid")
    if job.owner_uid is None and uids:
        job.owner_uid = uids[0]
    signals = _told(rows, "end", "signal")
    if job.exit_signal is None and signals:
        job.exit_signal = signals[0]


def _told(rows: list[Row], verb: str, column: str) -> list[int]:
    """The numbers that the events of a verb have in a column."""
    return [int(v) for r in rows if r.verb == verb and not pd.isna(v := getattr(r, column))]


class _Loose:
    """The audit events of processes that no login session holds, in the order of the events, with their moments apart."""

    def __init__(self, evidence: Evidence) -> None:
        events = evidence.events
        rows = picked(events, events["trail"] & events["pid"].notna() & events["session"].isna())
        self.rows = picked(rows, rows["earliest_ns"].notna() & rows["latest_ns"].notna())
        self.none = self.rows.iloc[:0]
        self.first, self.last = (self.rows[c].to_numpy(np.int64) for c in ("earliest_ns", "latest_ns"))
        self._longest = int((self.last - self.first).max()) if len(self.first) else 0
        columns = (
            self.rows[c] for c in ("host", "pid", "ppid", "start", "verb", "uid", "argv", "event_id", "cwd")
        )
        self.told = list(zip(self.first.tolist(), *columns, strict=True))
        tasks = picked(
            events, (events["verb"] == "task_start") & events["job"].notna() & events["pid"].notna()
        )
        self.ran_in: dict[tuple[int | None, str | None], list[int]] = {}
        for n, (*_, verb, uid, _, _, cwd) in enumerate(self.told):
            if verb == "execute" and not pd.isna(uid) and isinstance(cwd, str):
                self.ran_in.setdefault((int(uid), cwd), []).append(n)
        self.tasks: dict[str, set[int]] = {}
        for job, pid in zip(tasks["job"], tasks["pid"], strict=True):
            self.tasks.setdefault(job, set()).add(int(pid))
        self.caged: dict[str, set[tuple[str | None, int]]] = {}
        for name, host, pid in caged(evidence):
            self.caged.setdefault(name, set()).add((host, pid))

    def within(self, first: int, last: int) -> list[int]:
        """The places of the rows that touch an interval."""
        start, stop = np.searchsorted(self.first, [first - self._longest, last + 1])
        return [n for n in range(start, stop) if self.last[n] >= first]


def _loose(evidence: Evidence) -> _Loose:
    if "loose" not in evidence.memo:
        evidence.memo["loose"] = _Loose(evidence)
    found: _Loose = evidence.memo["loose"]
    return found


def caged(evidence: Evidence) -> list[tuple[str, str | None, int]]:
    """Job, host and process of each line by which the kernel says whose control group ran out of memory, in order."""
    events = evidence.events
    told = picked(events, (events["verb"] == "fault") & events["text"].notna())
    return [
        (killed[0], e.host if isinstance(e.host, str) else None, killed[1])
        for e in rows_of(where(told, "text", lambda text: "task_memcg=" in text))
        if (killed := controlgroups.killed(str(e.text))) is not None
    ]


def _processes(job: Job, evidence: Evidence) -> None:
    """The processes of a job: those its node started for it, and all their descendants.

    A node's task pid, the path of the batch script that it was given, or the job's control group starts the tree,
    where the uid is the owner's; a child joins by its parent's pid, on the same host and inside the job's own time.
    """
    loose = _loose(evidence)
    ran = [loose.told[n] for n in loose.within(*job.window())]
    tasks, group = loose.tasks.get(job.job, set()), loose.caged.get(job.job, set())
    for _, host, pid, _, _, verb, uid, argv, event, _ in ran:
        if verb != "execute" or pd.isna(uid) or uid != job.owner_uid:
            continue
        node = pid in tasks or any(m and m.group(1) == job.job for m in map(_SCRIPT.search, argv or ()))
        if node or (host, int(pid)) in group:
            job.joined_by = "node" if node or job.joined_by == "node" else "cgroup"
            job.processes.add((host, int(pid)))
            job.started_by.append(str(event))
    if job.processes:
        _descend(job, ran)


def _descend(job: Job, ran: list[tuple[Any, ...]]) -> None:
    for _, host, pid, ppid, *_ in sorted(ran, key=lambda row: (row[0], row[4])):
        if not pd.isna(ppid) and (host, int(ppid)) in job.processes:
            job.processes.add((host, int(pid)))


def _by_folder(found: Iterable[Job], evidence: Evidence) -> None:
    """Processes of jobs of which none is known otherwise: by uid, working directory, node and time, where no other job has these.

    It is derived: whoever has the owner's rights on the node without a login, as from another service, can have run them.
    """
    jobs = [j for j in found if j.workdir is not None and j.owner_uid is not None and j.start_ns is not None]
    like: dict[tuple[int | None, str | None], list[Job]] = {}
    for job in jobs:
        like.setdefault((job.owner_uid, job.workdir), []).append(job)
    loose = _loose(evidence)
    for job in (j for j in jobs if not j.processes):
        first, last = job.window()
        rivals = [o for o in like[job.owner_uid, job.workdir] if o is not job]
        if any(o.window()[0] <= last and o.window()[1] >= first for o in rivals):
            continue
        hosts = set(nodes.expanded(job.nodes))
        for n in loose.ran_in.get((job.owner_uid, job.workdir), ()):
            _, host, pid, *_, event, _ = loose.told[n]
            if loose.first[n] <= last and loose.last[n] >= first and host in hosts:
                job.joined_by = "folder"
                job.processes.add((host, int(pid)))
                job.started_by.append(str(event))
        if job.processes:
            _descend(job, [loose.told[n] for n in loose.within(first, last)])


def own_events(job: Job, evidence: Evidence) -> pd.DataFrame:
    """The audit events of a job's own processes, in order."""
    loose, own = _loose(evidence), job.processes
    there = loose.within(*job.window()) if own else ()
    mine = [n for n in there if (loose.told[n][1], int(loose.told[n][2])) in own]
    return loose.rows.iloc[mine] if mine else loose.none


def table(jobs: Iterable[Job]) -> pa.Table:
    """The jobs as the declared table."""
    rows = list(jobs)
    return JOB.build({c.name: [getattr(j, c.name) for j in rows] for c in JOB.columns})
