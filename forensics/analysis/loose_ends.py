"""Conclusions across clocks that no record ties together are taken back to what holds however far these can be apart.

Each group of clocks is looked at in turn with its own clock as it stands and all others early and late (`ties`): what
rests on records of that group alone comes out as before, and what needs another clock does only where any offset gives it.
Where there are very many groups, those that most of the acts in question lie in are looked at, and what is said by the clocks
of the others is taken back.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from forensics.analysis import clock_bounds, corrections, ties
from forensics.analysis.acts import Act
from forensics.analysis.claims import Answer
from forensics.analysis.clock_bounds import NOT_TIED, WHY_NOT_TIED
from forensics.analysis.clocks import Compared
from forensics.analysis.evidence import Evidence
from forensics.analysis.examination import Examination
from forensics.analysis.jobs import Job
from forensics.analysis.ties import Ties

MOST_GROUPS = 24
"""So many groups are looked at: each takes a whole analysis."""


def without(
    done: Examination, evidence: Evidence, found: list[Compared], again: Callable[[Evidence], Examination]
) -> Examination:
    """An analysis without what no record of two clocks allows to be said.

    Args:
        done: the analysis by the clocks as compared; its acts and jobs are changed in place.
        evidence: as assembled.
        found: from `clocks.compare` of it.
        again: the analysis of the same evidence by other times.
    """
    tied = ties.of(evidence, found)
    if not tied.loose():
        return replace(done, ties=tied)
    acts = {a.act_id: tied.of(ties.of_events(evidence, a.events[:1])) for a in done.acts}
    jobs = {j.job: _of_job(j, done, acts, tied, evidence) for j in done.asked}
    answers = [_of_answer(one, acts, tied) for one in done.answers]
    asked = {g for a in done.acts if _told(a) for g in acts[a.act_id]}.union(*jobs.values(), *answers)
    questioned = Counter(g for a in done.acts if a.in_question for g in acts[a.act_id])
    questioned.update(g for groups in jobs.values() for g in groups)
    ranked = sorted(asked, key=lambda g: (-questioned[g], g))
    for n, group in enumerate(ranked):
        own = [a for a in done.acts if group in acts[a.act_id]]
        theirs = [j for j in done.jobs if group in jobs.get(j.job, ())]
        if n >= MOST_GROUPS:
            clock_bounds.cap_acts(own, done.judged, {}, missing=NOT_TIED)
            clock_bounds.settle_nothing(theirs, why=WHY_NOT_TIED)
            told = [
                _untold(one) if group in groups else one
                for one, groups in zip(done.answers, answers, strict=True)
            ]
            done = replace(done, answers=told)
            continue
        done.scene.memo.clear()
        wide = again(corrections.corrected(evidence, found, bounds=True, beyond=tied.beyond(group)))
        clock_bounds.cap_acts(own, done.judged, wide.judged, missing=NOT_TIED)
        clock_bounds.cap_jobs(theirs, wide.jobs, why=WHY_NOT_TIED)
        pairs = zip(done.answers, wide.answers, answers, strict=True)
        told = [
            clock_bounds.capped(one, other, why=WHY_NOT_TIED, missing=NOT_TIED) if group in groups else one
            for one, other, groups in pairs
        ]
        done = replace(done, answers=told)
    return replace(done, ties=replace(tied, left=frozenset(ranked[MOST_GROUPS:])))


def _untold(one: Answer) -> Answer:
    """An answer that cannot be given: too many clocks are not tied for each to be looked at."""
    return clock_bounds.capped(one, replace(one, status="untestable"), why=WHY_NOT_TIED, missing=NOT_TIED)


def _told(act: Act) -> bool:
    """Whether something is said of an act that clocks could take away."""
    return (
        act.in_question or act.person is not None or (act.job is not None and act.link != "not_established")
    )


def _of_job(
    job: Job, done: Examination, acts: Mapping[str, set[str]], tied: Ties, evidence: Evidence
) -> set[str]:
    """The groups by whose clocks a job's cause is looked at: those of the acts that are tied to it, else one that tells of it."""
    linked = [a for a in done.in_question if a.job == job.job and a.link != "not_established"]
    if linked:
        return {g for a in linked for g in acts[a.act_id]}
    told = tied.of(ties.of_events(evidence, job.events))
    return set(sorted(told & tied.controller or told)[:1])


def _of_answer(one: Answer, acts: Mapping[str, set[str]], tied: Ties) -> set[str]:
    """The groups whose clocks an answer is looked at by: those of the acts that it rests on; of all, where it rests on none."""
    found = {g for name in one.because for g in acts.get(name, ())}
    return found or set(tied.group.values())
