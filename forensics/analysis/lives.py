"""A job id that was given twice: by two clusters, or again after the numbers wrapped or the database was made anew.

A job is told by its cluster, its id and when it was submitted. An attempt after a requeue keeps all but the
last, and is the same job. Of the jobs that bear one id, the one in the window asked about keeps the bare id,
else the last submitted; each other one is called `id@cluster@submission`. A line that names the id and fits
several jobs at its time is of none of them, and a record that does is of `id@unplaced`.

A job of a federation of Slurm clusters is one submission with a record on each of several (`core.federation`): there the
cluster tells no jobs apart, unless two of them say that they ran at once, or name different origins.
"""

from dataclasses import dataclass, field

import pandas as pd

from forensics.analysis import nodes
from forensics.analysis.evidence import Evidence, Row, groups_of, picked, rows_of
from forensics.core import clock, federation

_SLACK_NS = 5_000_000_000
_AGAIN_NS = 86_400_000_000_000
_FOR_EVER = 2**62


@dataclass(slots=True)
class Life:
    """One job among those that bear an id: the rows of its records, and its time.

    number: the number of the cluster that took it, in its federation, by its id; None where its id has no such part.
    origin: that cluster, where a record names it.
    ran: on which cluster, from when to when it ran.
    clusters, hosts: which of either its records name.
    """

    cluster: str | None
    owner: str | None
    name: str | None
    submit_ns: int
    end_ns: int | None
    rows: list[object] = field(default_factory=list)
    number: int | None = None
    origin: str | None = None
    ran: list[tuple[str | None, int, int]] = field(default_factory=list)
    clusters: set[str] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)

    def fits(self, other: "Life") -> bool:
        """Whether a later record tells of this job: the same submission, or an attempt after a requeue."""
        if self.owner is not None and other.owner is not None and self.owner != other.owner:
            return False
        apart = self.cluster is not None and other.cluster is not None and self.cluster != other.cluster
        if apart and not self.copies(other):
            return False
        if other.submit_ns - self.submit_ns <= _SLACK_NS:
            return True
        end = self.end_ns if self.end_ns is not None else self.submit_ns
        renamed = self.name is not None and other.name is not None and self.name != other.name
        return not renamed and other.submit_ns <= end + _AGAIN_NS

    def copies(self, other: "Life") -> bool:
        """Whether records of two clusters can be of one submission to their federation."""
        if self.number is None or self.number != other.number:
            return False
        if self.origin is not None and other.origin is not None and self.origin != other.origin:
            return False
        # A record that names no cluster may be of the same run.
        return not any(
            None not in {mine, its} and mine != its and first + _SLACK_NS < stop and start + _SLACK_NS < last
            for mine, first, last in self.ran
            for its, start, stop in other.ran
        )

    def takes(self, other: "Life") -> None:
        """Count a record's row, and what it adds."""
        self.rows += other.rows
        self.name = self.name or other.name
        self.end_ns = max((e for e in (self.end_ns, other.end_ns) if e is not None), default=None)
        self.cluster, self.owner = self.cluster or other.cluster, self.owner or other.owner
        self.origin, self.ran = self.origin or other.origin, self.ran + other.ran
        self.clusters, self.hosts = self.clusters | other.clusters, self.hosts | other.hosts


def told_apart(evidence: Evidence) -> set[str]:
    """Rename, in events and job records, the jobs that bear another one's id; the ids that this was true of."""
    records = evidence.job_records
    own = picked(records, records["submit_ns"].notna())
    alone = picked(own, own["step"].isna())
    told = alone.groupby("job")[["submit_ns", "cluster"]].nunique()
    found: set[str] = set()
    reused = set(told[(told["submit_ns"] > 1) | (told["cluster"] > 1)].index)
    for job, rows in groups_of(picked(own, own["job"].isin(reused)), "job"):
        lives = _lives(rows[rows["step"].isna()])
        if len(lives) > 1:
            evidence.renaming()
            found.add(str(job))
            _rename(evidence, str(job), lives)
    return found


def _lives(rows: pd.DataFrame) -> list[Life]:
    lives: list[Life] = []
    for r in rows_of(rows.sort_values(["submit_ns", "sha256", "start"], kind="stable")):
        found = _life(r)
        known = next((life for life in reversed(lives) if life.fits(found)), None)
        if known is None:
            lives.append(found)
        else:
            known.takes(found)
    for n, life in enumerate(lives):
        after = next((other for other in lives[n + 1 :] if other.cluster == life.cluster), None)
        # One cluster gives an id to one job at a time: a job whose end no record tells was over by the next.
        if life.end_ns is None and after is not None:
            life.end_ns = after.submit_ns - 1
    return lives


def _life(r: Row) -> Life:
    """What one record says."""
    start, end = (None if pd.isna(t) else int(t) for t in (r.start_ns, r.end_ns))
    life = Life(r.cluster, r.owner, r.name, int(r.submit_ns), end, [r.Index])
    life.clusters, life.hosts = {r.cluster} - {None}, set(nodes.expanded(r.nodes))
    if r.format in federation.FORMATS:
        life.number, life.origin = federation.origin(str(r.job)), r.federation_origin
        if start is not None:
            life.ran.append((r.cluster, start, _FOR_EVER if end is None else end))
    return life


def _rename(evidence: Evidence, job: str, lives: list[Life]) -> None:
    kept = _asked(evidence, lives)
    names = {n: job if n == kept else _name(job, life) for n, life in enumerate(lives)}
    records, events = evidence.job_records, evidence.events
    for n, life in enumerate(lives):
        records.loc[life.rows, "job"] = names[n]
    settled = {
        (r.sha256, r.start): names[n] for n, life in enumerate(lives) for r in rows_of(records.loc[life.rows])
    }
    told = {row for life in lives for row in life.rows}
    for r in rows_of(picked(records, records["job"].eq(job) & ~records.index.isin(told))):
        at = next((int(t) for t in (r.start_ns, r.end_ns) if not pd.isna(t)), None)
        name = settled.get((r.sha256, r.start)) or _at(lives, names, at, cluster=r.cluster)
        records.loc[r.Index, "job"] = name or f"{job}@unplaced"
        if name is not None:
            settled[r.sha256, r.start] = name
    for e in rows_of(picked(events, events["job"] == job)):
        moment = None if pd.isna(e.earliest_ns) else int(e.earliest_ns)
        name = settled.get((e.sha256, e.start)) or _at(lives, names, moment, host=e.host)
        events.loc[e.Index, "job"] = name


def _at(
    lives: list[Life],
    names: dict[int, str],
    moment: int | None,
    *,
    cluster: object = None,
    host: object = None,
) -> str | None:
    """The job that an id meant at a moment; None where it is not known, or several had it.

    Args:
        lives: the jobs.
        names: of each.
        moment: when.
        cluster: the one that says so, which is no other's.
        host: where it was. Of several jobs at one time it tells the one that ran there.
    """
    if moment is None:
        return None
    here = [
        n
        for n, life in enumerate(lives)
        if life.submit_ns - _SLACK_NS
        <= moment
        <= (life.end_ns if life.end_ns is not None else _FOR_EVER) + _SLACK_NS
        and (not isinstance(cluster, str) or not life.clusters or cluster in life.clusters)
    ]
    if len(here) > 1:
        here = [n for n in here if host in lives[n].hosts]
    return names[here[0]] if len(here) == 1 else None


def _asked(evidence: Evidence, lives: list[Life]) -> int:
    """Which of the jobs keeps the bare id: the last that the window asked about meets, else the last."""
    first, last = (None if edge is None else int(edge) for edge in evidence.question.window or (None, None))
    meets = [
        n
        for n, life in enumerate(lives)
        if (last is None or life.submit_ns <= last)
        and (first is None or (life.end_ns if life.end_ns is not None else _FOR_EVER) >= first)
    ]
    return meets[-1] if meets else len(lives) - 1


def _name(job: str, life: Life) -> str:
    return "@".join([job, *([life.cluster] if life.cluster else []), clock.written(life.submit_ns)])
