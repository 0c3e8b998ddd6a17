"""A job id that was given twice: by two clusters, or again after the numbers wrapped or the database was made anew.

A job is told by its cluster, its id and when it was submitted. An attempt after a requeue keeps all but the
last, and is the same job. Of the jobs that bear one id, the one in the window asked about keeps the bare id,
else the last submitted; each other one is called `id@cluster@submission`. A line that names the id and fits
several jobs at its time is of none of them, and a record that does is of `id@unplaced`.
"""

from dataclasses import dataclass, field

import pandas as pd

from forensics.analysis.evidence import Evidence, groups_of, picked, rows_of
from forensics.core import clock

_SLACK_NS = 5_000_000_000
_AGAIN_NS = 86_400_000_000_000
_FOR_EVER = 2**62


@dataclass(slots=True)
class Life:
    """One job among those that bear an id: the rows of its records, and its time."""

    cluster: str | None
    owner: str | None
    name: str | None
    submit_ns: int
    end_ns: int | None
    rows: list[object] = field(default_factory=list)

    def fits(self, other: "Life") -> bool:
        """Whether a later record tells of this job: the same submission, or an attempt after a requeue."""
        for mine, its in ((self.cluster, other.cluster), (self.owner, other.owner)):
            if mine is not None and its is not None and mine != its:
                return False
        if other.submit_ns - self.submit_ns <= _SLACK_NS:
            return True
        end = self.end_ns if self.end_ns is not None else self.submit_ns
        renamed = self.name is not None and other.name is not None and self.name != other.name
        return not renamed and other.submit_ns <= end + _AGAIN_NS

    def takes(self, other: "Life") -> None:
        """Count a record's row, and what it adds."""
        self.rows += other.rows
        self.name = self.name or other.name
        self.end_ns = max((e for e in (self.end_ns, other.end_ns) if e is not None), default=None)
        self.cluster, self.owner = self.cluster or other.cluster, self.owner or other.owner


def told_apart(evidence: Evidence) -> set[str]:
    """Rename, in events and job records, the jobs that bear another one's id; the ids that this was true of."""
    records = evidence.job_records
    own = picked(records, records["submit_ns"].notna())
    reused = picked(own, own["step"].isna()).groupby("job")["submit_ns"].nunique()
    found: set[str] = set()
    for job, rows in groups_of(picked(own, own["job"].isin(set(reused[reused > 1].index))), "job"):
        lives = _lives(rows[rows["step"].isna()])
        if len(lives) > 1:
            found.add(str(job))
            _rename(evidence, str(job), lives)
    return found


def _lives(rows: pd.DataFrame) -> list[Life]:
    lives: list[Life] = []
    for r in rows_of(rows.sort_values(["submit_ns", "sha256", "start"], kind="stable")):
        end = None if pd.isna(r.end_ns) else int(r.end_ns)
        found = Life(r.cluster, r.owner, r.name, int(r.submit_ns), end, [r.Index])
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
        name = settled.get((r.sha256, r.start)) or _at(lives, names, at)
        records.loc[r.Index, "job"] = name or f"{job}@unplaced"
    for e in rows_of(picked(events, events["job"] == job)):
        moment = None if pd.isna(e.earliest_ns) else int(e.earliest_ns)
        events.loc[e.Index, "job"] = settled.get((e.sha256, e.start)) or _at(lives, names, moment)


def _at(lives: list[Life], names: dict[int, str], moment: int | None) -> str | None:
    """The job that an id meant at a moment; None where it is not known, or several had it."""
    if moment is None:
        return None
    here = [
        n
        for n, life in enumerate(lives)
        if life.submit_ns - _SLACK_NS
        <= moment
        <= (life.end_ns if life.end_ns is not None else _FOR_EVER) + _SLACK_NS
    ]
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
