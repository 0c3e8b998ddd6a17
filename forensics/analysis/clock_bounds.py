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


def cap_acts(acts: list[Act], judged: Mapping[str, Judgement], wide: Mapping[str, Judgement]) -> None:
    """Name nobody for an act whom the same rules do not name when every clock is as far off as its bounds allow, and link it to no job that they do not.

    Args:
        acts: with what was said of them, by the clocks as corrected; changed in place.
        judged: that, by act id; changed in place.
        wide: what the same rules say by the bounds.
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
            act.missing = sorted({*act.missing, MISSING})
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
        verdict.missing = sorted({*verdict.missing, MISSING})
        act.verdict, act.person = verdict.verdict, None


def cap_jobs(jobs: list[Job], wide: list[Job]) -> None:
    """Establish no cause that depends on the clocks; changed in place."""
    causes = {j.job: j.cause for j in wide}
    for job in jobs:
        if causes.get(job.job, job.cause) != job.cause:
            job.cause, job.why = "not_established", WHY


def capped_answers(answers: list[Answer], wide: list[Answer]) -> list[Answer]:
    """The answers to claims, the weaker of the two wherever the bounds give another."""
    made = []
    for one, other in zip(answers, wide, strict=True):
        missing = tuple(sorted({*one.missing, MISSING}))
        weaker = replace(one, status=_weaker(one.status, other.status), why=WHY, missing=missing)
        made.append(one if one.status == other.status else weaker)
    return made


def _weaker(one: str, other: str) -> str:
    return "untestable" if "untestable" in {one, other} else "mixed"
