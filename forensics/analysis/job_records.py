"""Jobs put together: what every source says of one job, and the processes that ran for it."""

import pandas as pd

from forensics.analysis import imitated, job_ends, job_processes, typed_lines
from forensics.analysis.evidence import Evidence, Row, picked, rows_of, where
from forensics.analysis.identity import Directory
from forensics.analysis.jobs import SETTLED, SLACK_NS, Job
from forensics.core import endings, federation

_RANK = {
    "sacct": 0, "sacct_json": 1, "jobcomp": 2, "jobcomp_json": 3, "scontrol_json": 4, "scontrol_job": 5, "sacct_padded": 6, "squeue": 7,
}  # fmt: skip


_UNDER_WAY = frozenset({"RUNNING", "PENDING"})
"""What a listing says of a job that another source saw end: it was taken before."""
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
    columns = ["job", "event_id", "verb", "format", "earliest_ns", "latest_ns", "uid", "signal", "text"]
    told = events[events["job"].notna()] if naming is None else naming
    alone = any(imitated.alone(job.end_told_in) for job in found.values())
    typed = typed_lines.ends_behind(events) if alone else frozenset[str]()
    for job, rows in _by_job(told[columns]):
        item = found.setdefault(job, Job(job))
        item.events = sorted(r.event_id for r in rows)
        _from_events(item, rows)
        job_ends.told(item, rows, typed)
    for job in {one.job for one in evidence.typed if one.of_sources} & set(found):
        # Of one that the controller says ended by itself there is no second record to compare.
        found[job].end_disputed |= found[job].outcome not in imitated.BY_ITSELF
    _from_scripts(found, evidence)
    for item in found.values():
        at = item.submit_ns if item.submit_ns is not None else item.start_ns
        if item.owner is None:
            item.owner = directory.account_of(None, item.owner_uid, at)
        if item.owner_uid is None:
            item.owner_uid = directory.uid_of(item.owner, at)
        job_processes.join(item, evidence)
    job_processes.join_by_folder(found.values(), evidence)
    order = sorted(found.values(), key=lambda j: (j.submit_ns or 0, len(j.job), j.job))
    return {j.job: j for j in order}


def _from_scripts(found: dict[str, Job], evidence: Evidence) -> None:
    """What the kernel saw of a job's batch script: its owner's uid, its start and where it ran.

    It fills only what the scheduler's own records, lost or never collected, leave open.
    """
    events = evidence.events
    ran = (events["verb"] == "execute") & events["trail"] & events["earliest_ns"].notna()
    loose = picked(events, ran & events["session"].isna())
    for e in rows_of(where(loose, "argv", lambda argv: any(map(job_processes.SCRIPT.search, argv or ())))):
        match = next((m for m in map(job_processes.SCRIPT.search, (e.argv or ())) if m), None)
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
        rows = [r for r in rows if pd.isna(r.submit_ns) or abs(r.submit_ns - last) <= SLACK_NS]
        rows = _last_of_each(rows)
    rows = [r for r in rows if r.ending != endings.REVOKED] or rows
    ranked = sorted(rows, key=lambda r: (_RANK.get(r.format, 9), r.sha256, r.start))
    job = Job(name)
    for column in SETTLED:
        told = [v for v in (getattr(r, column) for r in ranked) if v is not None and not pd.isna(v)]
        if told:
            number = not isinstance(told[0], str)
            setattr(job, column, int(told[0]) if number else told[0])
        differing = set(told) - (_UNDER_WAY if column == "outcome" else frozenset())
        if column in _COMPARED and len(differing) > 1:
            job.disagree.append(column)
    job.end_disputed = "outcome" in job.disagree
    job.end_told_in = {
        str(r.format) for r in rows if isinstance(r.outcome, str) and r.outcome not in _UNDER_WAY
    }
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
