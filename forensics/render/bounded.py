"""How much of very many jobs and acts the report tells one by one. The findings hold all of them, and the report says how many it passes over."""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any

from forensics.render import phrases
from forensics.render.glyphs import quoted
from forensics.render.parts import Part, Tone, Value, clauses, listed, put, quote
from forensics.render.phrases import words
from forensics.render.sentences import Basis, Citation, Json, Sentence, act_names, say

if TYPE_CHECKING:
    from forensics.render.pages import Pages

MOST_JOBS = 100
"""As many jobs have a paragraph of their own, those first that acts are linked to."""
MOST_ACTS = 100
"""As many acts have a part of their own, those first that are on these jobs or on none."""
MOST_ROWS = 200
"""As many rows a table of jobs or acts has."""
MOST_NAMED = 40
"""As many jobs are named where the question is told."""
MOST_CONTRADICTIONS = 100
"""As many contradictions are told one by one."""
MOST_SAID = 20
"""As many statements of sources are told of one contradiction."""
MOST_GAPS = 200
"""As many gaps are told one by one."""
_NOTHING = "—"


def jobs(findings: Json) -> list[Json]:
    """The jobs that are told one by one, in their order."""
    every = list(findings.get("jobs") or ())
    chosen = sorted(range(len(every)), key=lambda n: (not every[n].get("acts"), n))[:MOST_JOBS]
    return [every[n] for n in sorted(chosen)]


def acts(findings: Json) -> list[Json]:
    """The acts that are told one by one, in their order."""
    every = list(findings.get("acts") or ())
    told = {None, *(job["job"] for job in jobs(findings))}
    chosen = sorted(range(len(every)), key=lambda n: (every[n].get("job") not in told, n))[:MOST_ACTS]
    return [every[n] for n in sorted(chosen)]


def spread(every: Sequence[Json], alike: Callable[[Json], Hashable], most: int) -> list[int]:
    """Which of very many are told: so many, in their order, the first of all that are alike before the second of any.

    Whoever can have many of one kind written pushes none of another out of the report.
    """
    ranks: Counter[Hashable] = Counter()
    ranked = []
    for n, one in enumerate(every):
        ranked.append((ranks[alike(one)], n))
        ranks[alike(one)] += 1
    return sorted(n for _, n in sorted(ranked)[:most])


def contradictions(p: "Pages") -> list[tuple[int, Json]]:
    """The contradictions that are told one by one, each with its number among all; how many there are is said."""
    every = list(p.findings.get("contradictions") or ())
    told = spread(every, lambda one: str(one.get("kind")), MOST_CONTRADICTIONS)
    _counted(p, "contradictions_more", every, told)
    return [(n + 1, every[n]) for n in told]


def says(p: "Pages", contradiction: Json) -> Json:
    """A contradiction with as many of its statements as are told; how many there are is said."""
    every = list(contradiction.get("says") or ())
    told = spread(every, lambda one: str(one.get("what")), MOST_SAID)
    _counted(p, "says_more", every, told)
    return {**contradiction, "says": [every[n] for n in told]}


def gaps(p: "Pages") -> list[Json]:
    """The gaps that are told one by one; how many there are is said."""
    every = list(p.findings.get("gaps") or ())
    told = spread(every, lambda one: (str(one.get("kind")), str(one.get("source"))), MOST_GAPS)
    _counted(p, "gaps_more", every, told)
    return [every[n] for n in told]


def _counted(p: "Pages", template: str, every: Sequence[Json], told: Sequence[int]) -> None:
    if len(told) < len(every):
        p.para(say(template, basis=Basis.METHOD, count=f"{len(every):,}", told=f"{len(told):,}", file=_FILE))


def named(findings: Json) -> Value:
    """The jobs in question, by name where they are few enough to be read."""
    every = findings.get("jobs") or ()
    if len(every) <= MOST_NAMED:
        return listed([quote(j["job"]) for j in every]) if every else put("all jobs in the evidence")
    return put("{count}: see the section that sums up", count=f"{len(every):,}")


def other_jobs(p: "Pages") -> None:
    """The jobs in question that are not told one by one, as rows; and how many there are of which not even that is told."""
    every = list(p.findings.get("jobs") or ())
    told = {id(j) for j in jobs(p.findings)}
    others = [j for j in every if id(j) not in told]
    if others:
        p.head(2, "Other jobs in question")
        if len(others) > MOST_ROWS:
            p.para(
                say(
                    "jobs_more",
                    basis=Basis.METHOD,
                    count=f"{len(others):,}",
                    rows=f"{MOST_ROWS:,}",
                    file=_FILE,
                )
            )
        p.table(
            ("Job", "Owner", "Outcome", "Cause", "Acts"),
            ("auto", "auto", "auto", "1fr", "auto"),
            (_row(j) for j in others[:MOST_ROWS]),
        )
    if unlisted := p.findings.get("jobs_not_listed"):
        p.head(2, "Jobs that are not looked at one by one")
        p.para(_unlisted(unlisted))


def other_acts(p: "Pages", every: Sequence[Json]) -> None:
    """How many acts are only in the findings, or only in the table."""
    if len(every) > MOST_ROWS:
        p.para(
            say("acts_rows", basis=Basis.METHOD, count=f"{len(every):,}", rows=f"{MOST_ROWS:,}", file=_FILE)
        )
    if len(every) > MOST_ACTS:
        p.para(say("acts_parts", basis=Basis.METHOD, parts=f"{MOST_ACTS:,}", file=_FILE))


_FILE = Part("findings.json", Tone.QUOTED)


def _row(job: Json) -> list[Any]:
    outcome, owner = job.get("outcome"), job.get("owner")
    name = Sentence((Part(quoted(str(job["job"]), 40), Tone.QUOTED),), _cited(job), about=f"job {job['job']}")
    return [
        name if name.citations else name.said,
        Part(quoted(str(owner), 40), Tone.QUOTED) if owner else put("not named"),
        Part(quoted(str(outcome), 40), Tone.QUOTED) if outcome else put("not recorded"),
        words(phrases.JOB_WHY, job.get("why") or "no_record_of_cause"),
        act_names(job["acts"]) if job.get("acts") else _NOTHING,
    ]


def _cited(job: Json) -> tuple[Citation, ...]:
    return tuple(
        Citation(str(c["sha256"]), int(c["start"]), int(c["stop"])) for c in job.get("citations") or ()
    )


def _unlisted(unlisted: Json) -> Sentence:
    each = [put("{count} with {outcome}", count=f"{n:,}", outcome=quote(o)) for o, n in unlisted.items()]
    return say(
        "jobs_not_listed", basis=Basis.ABSENCE, count=f"{sum(unlisted.values()):,}", outcomes=clauses(each)
    )
