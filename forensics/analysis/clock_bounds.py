"""Conclusions that hold by one reading of the clocks only are taken back to what holds by all."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from forensics.analysis import standings
from forensics.analysis.acts import Act
from forensics.analysis.attribution import Judgement
from forensics.analysis.claims import Answer
from forensics.analysis.evidence import Evidence
from forensics.analysis.jobs import Job
from forensics.analysis.parameters import parameters

MISSING = "agreement_at_clock_bounds"
WHY = "differs_at_clock_bounds"
NOT_TIED = "record_that_ties_clocks"
WHY_NOT_TIED = "differs_where_clocks_are_not_tied"
_MOMENTS = ("submit_ns", "start_ns", "end_ns")


def rests_on_time(acts: Iterable[Act], jobs: Iterable[Job], answers: Iterable[Answer]) -> bool:
    """Whether there is a name, a cause or an answer that clocks could take away: without one, nothing has to be looked at again."""
    named = any(a.person is not None for a in acts)
    caused = any(j.cause != "not_established" for j in jobs)
    return named or caused or any(a.status != "untestable" for a in answers)


def widened(seen: Evidence, bounded: Evidence) -> bool:
    """Whether the bounds of the clocks move any record at all; where they do not, the second analysis is the first."""
    pairs = [(seen.events[c], bounded.events[c]) for c in ("earliest_ns", "latest_ns")]
    pairs += [(seen.job_records[c], bounded.job_records[c]) for c in _MOMENTS]
    return not (all(one.equals(other) for one, other in pairs) and seen.ordinary.equals(bounded.ordinary))


def cap_acts(
    acts: Iterable[Act],
    judged: Mapping[str, Judgement],
    wide: Mapping[str, Judgement],
    *,
    missing: str = MISSING,
) -> None:
    """Name nobody for an act whom the same rules do not name when every clock is as far off as its bounds allow, and link it to no job that they do not.

    Args:
        acts: with what was said of them, by the clocks as corrected; changed in place.
        judged: that, by act id; changed in place.
        wide: what the same rules say by the bounds.
        missing: what would have to be there for it to be said.
    """
    rank = parameters().rank
    for act in acts:
        verdict = judged[act.act_id]
        other = wide.get(act.act_id)
        if other is not None and rank(other.account.strength) < rank(verdict.account.strength):
            verdict.account = other.account
        if other is not None:
            verdict.standings = standings.hull(verdict.standings, other.standings)
        elif act.job is not None and act.link != "not_established":
            act.link, act.why_link = "not_established", None
            act.missing = sorted({*act.missing, missing})
        if verdict.name is None:
            continue
        if other is not None and other.name == verdict.name:
            if rank(other.strength) < rank(verdict.strength):
                verdict.strength, verdict.person = other.strength, other.person
                verdict.gates = sorted({*verdict.gates, *other.gates, "G4"})
            continue
        verdict.candidates = sorted({verdict.name, *verdict.candidates, *(other.candidates if other else ())})
        verdict.verdict, verdict.name, verdict.strength = "inconclusive", None, None
        verdict.gates = sorted({*verdict.gates, "G4"})
        verdict.missing = sorted({*verdict.missing, missing})
        act.verdict, act.person = verdict.verdict, None


def cap_jobs(jobs: Iterable[Job], wide: list[Job], *, why: str = WHY) -> None:
    """Establish no cause that depends on the clocks; changed in place."""
    causes = {j.job: j.cause for j in wide}
    for job in jobs:
        if causes.get(job.job, job.cause) != job.cause:
            job.cause, job.why = "not_established", why


def settle_nothing(jobs: Iterable[Job], *, why: str) -> None:
    """Establish no cause of some jobs; changed in place."""
    for job in jobs:
        if job.cause != "not_established":
            job.cause, job.why = "not_established", why


def capped_answers(answers: list[Answer], wide: list[Answer]) -> list[Answer]:
    """The answers to claims, the weaker of the two wherever the bounds give another."""
    return [capped(one, other, why=WHY, missing=MISSING) for one, other in zip(answers, wide, strict=True)]


def capped(one: Answer, other: Answer, *, why: str, missing: str) -> Answer:
    """An answer, or the weaker of two where another reading of the clocks gives another."""
    if one.status == other.status:
        return one
    lacking = tuple(sorted({*one.missing, missing}))
    return replace(one, status=_weaker(one.status, other.status), why=why, missing=lacking)


def _weaker(one: str, other: str) -> str:
    return "untestable" if "untestable" in {one, other} else "mixed"
