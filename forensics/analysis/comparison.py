"""Did jobs that read what an act changed fare worse than jobs that did not, and since when, and from which size on?

Exposed is a job that read the changed version; control is one of the same time whose reading is on record
and does not hold it. A job of which nobody recorded what it read is neither. Every comparison is an exact
test with its numbers beside it; words of cause are left to whoever weighs them, and words of association
are given only where a test passes at a level that was fixed before any case.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.analysis import artefacts, baseline, exact, job_readings, mounts, order
from forensics.analysis.acts import Act, Scene
from forensics.analysis.allocations import SECOND
from forensics.analysis.artefacts import Version
from forensics.analysis.exact import Table
from forensics.analysis.impact import CARRIERS
from forensics.analysis.jobs import Job

Json = dict[str, Any]
LEVEL = 0.05
MOST_JOBS = 400
"""How many jobs' readings are looked at: those that started nearest to the change."""
_DAY_S = 86_400
FILE_ACTS = frozenset({"modify_file", "replace_file", "delete_file", "plant"})
DIRECT = frozenset({"cancel", "signal", "hold", "requeue", "modify_job"})
GOOD = frozenset({"COMPLETED"})
_UNSAID = frozenset({"PREEMPTED", "RUNNING", "PENDING", None})
WORDINGS = (
    "direct", "association_and_timing", "association", "timing", "no_difference", "too_few_jobs", "exposure_not_recorded",
)  # fmt: skip
"""What a comparison can come to. None of them is a cause."""


class Seen(NamedTuple):
    """A job in a comparison: whether it ended badly, its GPUs, and its GPU-days."""

    job: str
    bad: bool
    failed: bool
    gpus: int | None
    gpu_days: float


def bad(job: "Job | _Brief") -> bool:
    """Whether a job ended, and otherwise than completed. Of the still running and the preempted nothing is said."""
    return job.outcome not in GOOD and job.outcome not in _UNSAID


def _ended(job: "Job | _Brief") -> bool:
    return job.outcome not in _UNSAID


def _seen(job: "Job | _Brief") -> Seen:
    days = (job.gpus or 0) * (job.elapsed_s or 0) / _DAY_S
    return Seen(job.job, bad(job), job.outcome in baseline.FAILURES, job.gpus, days)


class _Brief(NamedTuple):
    """What a comparison reads of an ordinary job."""

    job: str
    outcome: str | None
    end_ns: int | None
    gpus: int | None
    elapsed_s: int | None


def _brief(apart: pa.Table) -> Iterable[_Brief]:
    for batch in apart.select(_Brief._fields).to_batches(1 << 16):
        yield from map(_Brief, *(column.to_pylist() for column in batch.columns))


class Groups(NamedTuple):
    """Jobs by what is on record of their reading of one path.

    exposed, control: of the time in which the change stood. before, after: read the path when the change
    was not there yet, or not any more. unknown: what they read is not on record.
    """

    exposed: list[Seen]
    control: list[Seen]
    before: list[Seen]
    after: list[Seen]
    unknown: int


def compared(act: Act, read: "Readings", base: Callable[[], baseline.BaseRate]) -> Json | None:
    """The comparison for one act; none for acts that change neither a job nor a file that a job read.

    Args:
        act: an act in question.
        read: who read what, gathered once for all acts.
        base: finds the cluster's own rate of failures before.
    """
    if act.act in DIRECT:
        return {"kind": "direct", "wording": "direct", "limits": []}
    if not _read_by_jobs(act) or act.latest_ns is None:
        return None
    removed = removal(read.history.get(act.object, []), act, read.known)
    groups = read.groups(act, removed)
    return _told(act, removed, groups, base(), cut=read.left_out > 0)


def _read_by_jobs(act: Act) -> bool:
    """Whether an act changed a file that the job it is linked to read."""
    placed = act.earliest_ns is not None and act.job is not None
    return act.act in FILE_ACTS and placed and act.why_link not in CARRIERS


def removal(history: Sequence[Version], act: Act, known: order.Order) -> int | None:
    """When the bytes of an act were gone from its path: the next change after it that keeps nothing of them."""
    done = _done(history, act)
    later = [v for v in history if known.before(done, v) and v.event_id not in act.events]
    return min((v.latest_ns for v in later if v.how != "edit"), default=None)


def _done(history: Sequence[Version], act: Act) -> order.Dated:
    """When an act was done: the last of its changes of the path."""
    own = [v for v in history if v.through is None and v.event_id in act.events]
    return own[-1] if own else order.Moment(act.earliest_ns or 0, act.latest_ns or 0)


def nearest(scene: Scene, acts: Iterable[Act]) -> list[Job]:
    """Every job that started, those nearest to the first of some changes that jobs read first; none without such a change."""
    changing = [a for a in acts if _read_by_jobs(a)]
    since = since_change(changing)
    jobs = [j for j in scene.jobs.values() if j.start_ns is not None] if changing else []
    return sorted(jobs, key=lambda j: (abs((j.start_ns or 0) - since), j.job))


def since_change(acts: Iterable[Act]) -> int:
    """The first moment of some changes; 0 where none is dated."""
    return min((a.earliest_ns for a in acts if a.earliest_ns is not None), default=0)


def ordinary_nearest(scene: Scene, acts: Iterable[Act]) -> list[str]:
    """Those of the ordinary jobs that would be among the `MOST_JOBS` nearest to the first of some changes that jobs read."""
    apart = scene.evidence.ordinary
    changing = [a for a in acts if _read_by_jobs(a)]
    started = apart.filter(pc.is_valid(apart["start_ns"])) if changing else apart.slice(0, 0)
    since = since_change(changing)
    away = pc.abs(pc.subtract(started["start_ns"], since)).to_numpy()
    if len(away) > MOST_JOBS:
        # Of millions, those alone are put in order that can be among the nearest.
        near = np.flatnonzero(away <= np.partition(away, MOST_JOBS)[MOST_JOBS])
        started, away = started.take(pa.array(near)), away[near]
    ranked = [(gap, job, True) for gap, job in zip(away.tolist(), started["job"].to_pylist(), strict=True)]
    ranked += [(abs((j.start_ns or 0) - since), j.job, False) for j in nearest(scene, changing)]
    return [job for _, job, kept_apart in sorted(ranked)[:MOST_JOBS] if kept_apart]


class Readings:
    """Who read which of some paths, and when first: looked up once for each job."""

    def __init__(self, scene: Scene, history: dict[str, list[Version]], acts: Iterable[Act]) -> None:
        changing = [a for a in acts if _read_by_jobs(a)]
        self._evidence, self.known = scene.evidence, order.of(scene.evidence)
        self.history = {a.object: history.get(a.object, []) for a in changing}
        jobs = nearest(scene, changing)
        apart = scene.evidence.ordinary["start_ns"]
        self.left_out = len(jobs[MOST_JOBS:]) + (len(apart) - apart.null_count if changing else 0)
        self._jobs = sorted(jobs[:MOST_JOBS], key=lambda j: (j.start_ns or 0, j.job))
        self._first: dict[tuple[str, str], artefacts.Reading] = {}
        for job in self._jobs:
            for r in job_readings.readings(job, scene.evidence, self.history):
                self._first[job.job, r.path] = r

    def groups(self, act: Act, removed: int | None) -> Groups:
        """The jobs of a comparison, by what they read of the act's path."""
        found = Groups([], [], [], [], 0)
        unknown, done = 0, _done(self.history.get(act.object, []), act)
        for job in filter(_ended, self._jobs):
            read, start = self._first.get((job.job, act.object)), job.start_ns or 0
            if read is None and not job.processes:
                unknown += start >= (act.earliest_ns or 0) and (removed is None or start <= removed)
            elif read is None:
                if start >= (act.earliest_ns or 0) and (removed is None or start <= removed):
                    found.control.append(_seen(job))
            elif not self.known.before(done, read):
                found.before.append(_seen(job))
            elif removed is not None and read.earliest_ns > removed:
                found.after.append(_seen(job))
            elif self._exposed(act, read):
                found.exposed.append(_seen(job))
            else:
                found.control.append(_seen(job))
        return found._replace(unknown=unknown)

    def _exposed(self, act: Act, read: artefacts.Reading) -> bool:
        """Whether what was read at a moment can hold the act's bytes; a removal cannot be read, only missed."""
        if act.act == "delete_file" or not self.history.get(act.object):
            return True
        near = mounts.near(self._evidence, read)
        living = artefacts.contributors(self.history[act.object], read, self.known, near)
        return any(v.event_id in act.events for v in living)


def _told(act: Act, removed: int | None, groups: Groups, base: baseline.BaseRate, *, cut: bool) -> Json:
    against = two_groups(groups.exposed, groups.control)
    onset = two_groups(groups.exposed, groups.before)
    offset = two_groups(groups.exposed, groups.after)
    failed, days = sum(s.failed for s in groups.exposed), sum(s.gpu_days for s in groups.exposed)
    limits = [
        code
        for code, holds in (
            ("too_few_jobs", against["too_few"]),
            ("no_control", not groups.control),
            ("no_jobs_before", not groups.before),
            ("removal_not_on_record", removed is None),
            ("reading_not_on_record", groups.unknown > 0),
            ("no_base_rate", base.rate is None),
            ("jobs_left_out", cut),
        )
        if holds
    ]
    return {
        "kind": "exposure",
        "since_ns": act.earliest_ns,
        "until_ns": removed,
        "exposed_and_control": against,
        "onset": onset,
        "offset": offset,
        "threshold": {"exposed": threshold(groups.exposed), "control": threshold(groups.control)},
        "own_base_rate": over(failed, days, base),
        "not_on_record": groups.unknown,
        "wording": _wording(groups, against, onset),
        "limits": limits,
    }


def _wording(groups: Groups, against: Json, onset: Json) -> str:
    if not groups.exposed:
        return "exposure_not_recorded"
    one, other = (t["worse"] and t["p"] is not None and t["p"] < LEVEL for t in (against, onset))
    if one:
        return "association_and_timing" if other else "association"
    if other:
        return "timing"
    return "too_few_jobs" if against["too_few"] and onset["too_few"] else "no_difference"


def two_groups(exposed: Sequence[Seen], other: Sequence[Seen]) -> Json:
    """Two groups of jobs by how they ended, with the exact test and intervals.

    `too_few`: no outcome of these many jobs could have passed the test.
    """
    hit, other_hit = (sum(s.bad for s in group) for group in (exposed, other))
    t = Table(hit, len(exposed) - hit, other_hit, len(other) - other_hit)
    if not exposed or not other:
        return {"exposed": _group(exposed), "other": _group(other), "p": None, "odds_ratio": None, "worse": False, "too_few": True}  # fmt: skip
    odds = exact.odds_ratio(t)
    return {
        "exposed": _group(exposed),
        "other": _group(other),
        "p": _rounded(exact.fisher(t)),
        "odds_ratio": [_rounded(odds.low), None if odds.high == float("inf") else _rounded(odds.high)],
        "worse": hit * len(other) > other_hit * len(exposed),
        "too_few": exact.fisher(Table(len(exposed), 0, 0, len(other))) >= LEVEL,
    }


def _group(jobs: Sequence[Seen]) -> Json:
    count = sum(s.bad for s in jobs)
    return {
        "jobs": len(jobs),
        "ended_badly": count,
        "share": [_rounded(v) for v in exact.proportion(count, len(jobs))],
    }


def threshold(jobs: Sequence[Seen]) -> Json | None:
    """Whether jobs from some number of GPUs on end badly more often: the best cut, paid for by how many were tried.

    Null where all jobs that record their GPUs hold as many, or none does.
    """
    known = [(s.gpus, s.bad) for s in jobs if s.gpus is not None]
    sizes = sorted({g for g, _ in known})
    if len(sizes) < 2:
        return None
    tried = [(exact.fisher(t), low, high, t) for low, high, t in _cuts(known, sizes)]
    p, low, high, t = min(tried, key=lambda cut: (cut[0], cut[1]))
    odds = exact.odds_ratio(t)
    adjusted = min(1.0, p * len(tried))
    return {
        "between_gpus": [low, high],
        "from_there": [t.hit, t.hit + t.miss],
        "below": [t.control_hit, t.control_hit + t.control_miss],
        "cuts_tried": len(tried),
        "p": _rounded(adjusted),
        "odds_ratio": [_rounded(odds.low), None if odds.high == float("inf") else _rounded(odds.high)],
        "passes": adjusted < LEVEL and odds.low > 1,
    }


def _cuts(known: Sequence[tuple[int, bool]], sizes: Sequence[int]) -> Iterable[tuple[int, int, Table]]:
    for low, high in pairwise(sizes):
        large, small = ([b for g, b in known if (g >= high) == above] for above in (True, False))
        yield low, high, Table(sum(large), len(large) - sum(large), sum(small), len(small) - sum(small))


def over(failed: int, days: float, base: baseline.BaseRate) -> Json:
    """Failures of a group beside the cluster's own rate before: how probable as many are at that rate (gamma-Poisson)."""
    known = base.rate is not None and days > 0
    ratio = (
        exact.rate_ratio(failed, days, base.failures, float(base.unit_days))
        if known and failed + base.failures
        else None
    )
    return {
        "failures": failed,
        "gpu_days": _rounded(days),
        "before": {
            "failures": base.failures,
            "gpu_days": _rounded(float(base.unit_days)),
            "attempts": base.attempts,
        },
        "p_at_least": _rounded(exact.excess(failed, days, base.failures, float(base.unit_days)))
        if known
        else None,
        "rate_ratio": None
        if ratio is None
        else [_rounded(ratio.low), None if ratio.high == float("inf") else _rounded(ratio.high)],
    }


def cluster(
    jobs: Iterable[Job], window: tuple[int, int] | None, base: baseline.BaseRate, apart: pa.Table
) -> Json | None:
    """What the scheduler's records alone say of the time in question, whoever read what: rate, and threshold in GPUs.

    A change that acts only on large jobs shows as a step that was not there before. Null without a window.

    Args:
        jobs: the jobs that are looked at.
        window: the time in question.
        base: the rate of failures before.
        apart: the records of ordinary jobs.
    """
    if window is None:
        return None
    every: Iterable[Job | _Brief] = chain(jobs, _brief(apart))
    ended = [j for j in every if j.end_ns is not None and _ended(j)]
    inside = [_seen(j) for j in ended if window[0] <= (j.end_ns or 0) <= window[1] + SECOND]
    earlier = [_seen(j) for j in ended if (j.end_ns or 0) < window[0]]
    then, now = threshold(earlier), threshold(inside)
    return {
        "jobs": _group(inside),
        "before": _group(earlier),
        "own_base_rate": over(sum(s.failed for s in inside), sum(s.gpu_days for s in inside), base),
        "threshold": now,
        "threshold_before": then,
        "step_is_new": bool(now and now["passes"] and not (then and then["passes"])),
    }


def _rounded(value: float) -> float:
    """Six significant digits: more is arithmetic, not knowledge."""
    return float(f"{value:.6g}")


def written(found: Json, moment: Callable[[int | None], str | None]) -> Json:
    """The comparison with its moments as text."""
    return {
        (k.removesuffix("_ns")): moment(v) if k in {"since_ns", "until_ns"} else v for k, v in found.items()
    }
