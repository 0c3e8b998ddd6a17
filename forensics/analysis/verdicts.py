"""What was judged, as plain values: the account, the person, their rivals, and the numbers behind the ratios."""

from typing import Any

from forensics.analysis.acts import Act
from forensics.analysis.attribution import Judgement
from forensics.analysis.examination import Examination
from forensics.analysis.hypotheses import issued, within
from forensics.analysis.parameters import parameters
from forensics.analysis.strength import MODERATE, Strength

Json = dict[str, Any]


def person(judged: Judgement) -> Json:
    """What can be said at the level of persons: a name only where every rule and gate allows it."""
    named = judged.verdict == "attributed"
    return {
        "verdict": judged.verdict,
        "name": judged.name,
        "strength": judged.strength,
        "lr": _ratio(judged.person.ratio) if named else None,
        "best_rival": judged.person.rival if named else judged.best_rival,
        "candidates": list(judged.candidates),
        "frame_cost": list(judged.frame_cost),
        "gates": list(judged.gates),
    }


def account(act: Act, judged: Judgement) -> Json:
    """How strongly the records support the account, apart from who sat there."""
    found = judged.account
    named = parameters().rank(found.strength) >= parameters().rank(MODERATE)
    verdict = "not_attempted" if act.account is None else "attributed" if named else "inconclusive"
    return {
        "verdict": verdict,
        "name": act.account if named else None,
        "strength": found.strength,
        "lr": _ratio(found.ratio) if named else None,
        "best_rival": found.rival,
        "domains": sorted({g.domain for g in found.groups}),
        "gates": list(found.gates),
    }


def _ratio(ratio: tuple[float, float] | None) -> list[float] | None:
    """A likelihood ratio as it is issued: an interval, two significant digits, nothing above the cap."""
    return None if ratio is None else issued(ratio, parameters().cap)


def against(judged: Judgement) -> list[Json]:
    """Why events speak against the answer given, each kind with its events; how many there are, where they are more than are told."""
    changed = [e for e in judged.against if e not in judged.beside]
    kinds = {"session_beside": judged.beside, "records_changed_by_other": changed}
    found: list[Json] = [{"kind": kind, "because": list(events)} for kind, events in kinds.items() if events]
    counts = {"session_beside": judged.beside_count, "records_changed_by_other": judged.changed_count}
    for why in found:
        if counts[why["kind"]] > len(why["because"]):
            why["count"] = counts[why["kind"]]
    return found


def hypotheses(judged: Judgement) -> list[Json]:
    """Everybody who could have acted instead, the strongest first, each in the way that explains the records best."""
    return [
        {
            "who": w.rival.who,
            "listed": w.rival.listed,
            "way": w.way,
            "holds": sorted(w.rival.holds),
            "presence": w.rival.presence if w.rival.holds else None,
            "against": judged.person.name,
            "lr": _ratio((w.ratio[0], w.ratio[2])),
        }
        for w in judged.person.weighed
    ]


def standings(judged: Judgement, *, cap: float | None = None) -> list[Json]:
    """Everybody on the roster beside the best other explanation; empty where no record tells of a person.

    Args:
        judged: what was judged of an act.
        cap: no ratio is larger, and none less than its inverse; that of the numbers where None.
    """
    most = parameters().cap if cap is None else cap
    return [
        {"who": s.who, "against": s.against, "lr": within((s.ratio[0], s.ratio[2]), most)}
        for s in judged.standings
    ]


def sensitivity(found: Strength) -> list[Json]:
    """What the ratio would be if one trust domain, or one kind of link, told nothing."""
    return [{"without": kind, "name": value, "lr": _ratio(ratio)} for kind, value, ratio in found.sensitivity]


def reasons(judged: Judgement) -> list[Json]:
    """What each class of link says, and by which events; how many there are, where they are more than are told; the account, where it is not the one that acts."""
    return [
        {"class": r.cls, "says": sorted(r.says), "because": list(r.because), "domain": r.domain}
        | ({"count": r.count} if r.count is not None and r.count > len(r.because) else {})
        | ({"account": r.account} if r.account is not None else {})
        for r in judged.reasons
    ]


def rivals(done: Examination, judged: Judgement) -> list[Json]:
    """Everybody else who holds the account or had a session open, with what speaks for and against their acting."""
    others = sorted(done.scene.directory.people - ({judged.name} if judged.name else set()))
    found = []
    for name in others:
        allows = [e for r in judged.reasons if name in r.says for e in r.because[:1]]
        excludes = [e for r in judged.reasons if r.says and name not in r.says for e in r.because[:1]]
        found.append(
            {"name": name, "for": list(dict.fromkeys(allows)), "against": list(dict.fromkeys(excludes))}
        )
    return found if judged.verdict != "not_attempted" else []


def holders(done: Examination, acts: list[Act]) -> list[Json]:
    """Who can write the records of each trust domain that tells of an act, for all that the evidence shows."""
    told = {g.domain for a in acts for s in _strengths(done, a) for g in s.groups}
    found = []
    for domain in sorted(told):
        people = done.holders.of(domain)
        why = [
            h
            for h in done.holders.holds
            if h.person in people and h.host in {None, domain.rpartition(":")[0]}
        ]
        found.append(
            {
                "domain": domain,
                "persons": people,
                "why": sorted({h.why for h in why}),
                "because": list(dict.fromkeys(e for h in why for e in h.events)),
            }
        )
    return found


def _strengths(done: Examination, act: Act) -> tuple[Strength, Strength]:
    judged = done.judged[act.act_id]
    return judged.person, judged.account


def model() -> Json:
    """Every number that a ratio comes from, as the one file holds it."""
    found = parameters()
    return {
        "version": found.version,
        "sha256": found.sha256,
        "different_actor_cases": found.cases,
        "numbers": [
            {"id": n.id, "low": n.low, "central": n.central, "high": n.high, "source": n.source, "placeholder": n.placeholder}
            for n in found.numbers.values()
        ],
        "scale": [{"name": b.name, "from": b.least, "en": b.en, "zh": b.zh} for b in found.bands],
    }  # fmt: skip
