"""How many of very many persons the report tells one by one. The findings hold all of them, and the report says how many it passes over."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from forensics.render import bounded
from forensics.render.parts import Part, Tone
from forensics.render.sentences import Basis, Json, say

if TYPE_CHECKING:
    from forensics.render.pages import Pages

MOST_PERSONS = 100
"""As many persons have a part of their own, beside those to whom an act that is printed is attributed."""
MOST_RIVALS = 40
"""As many others are told beside one act, the strongest first."""
_FILE = Part("findings.json", Tone.QUOTED)


def told(p: "Pages", names: Sequence[str]) -> list[str]:
    """The persons of whom what speaks for them and points at them is told, in their order; how many there are is said.

    Nobody who is named with an act is told of without what speaks for them.
    """
    if len(names) <= MOST_PERSONS:
        return list(names)
    attributed, asked, open_ = _attributed(p.findings), _asked(p.findings), _open(p.findings)
    ranked = sorted(
        names, key=lambda name: (name not in attributed, name not in asked, name not in open_, name)
    )
    chosen = set(ranked[:MOST_PERSONS]) | attributed
    found = [name for name in names if name in chosen]
    _counted(p, "persons_more", len(names), len(found))
    return found


def rivals(p: "Pages", act: Json) -> list[Json]:
    """The others listed who are told beside an act, in their order; how many there are is said."""
    every = list(act.get("rivals") or ())
    if len(every) <= MOST_RIVALS:
        return every
    answer = act.get("person") or {}
    strong = [h.get("who") for h in hypotheses(act)]
    first = {answer.get("best_rival"), *strong}
    open_ = set(answer.get("candidates") or ())
    ranked = sorted(
        range(len(every)), key=lambda n: (every[n]["name"] not in first, every[n]["name"] not in open_, n)
    )
    _counted(p, "rivals_more", len(every), MOST_RIVALS)
    return [every[n] for n in sorted(ranked[:MOST_RIVALS])]


def hypotheses(act: Json) -> list[Json]:
    """The explanations that are told beside an answer: the findings have the strongest first."""
    return list(act.get("hypotheses") or ())[:MOST_RIVALS]


def explained(p: "Pages", act: Json) -> None:
    """How many other explanations of an act are only in the findings."""
    every = act.get("hypotheses") or ()
    _counted(p, "hypotheses_more", len(every), len(hypotheses(act)))


def _counted(p: "Pages", template: str, count: int, told: int) -> None:
    if told < count:
        p.para(say(template, basis=Basis.METHOD, count=f"{count:,}", told=f"{told:,}", file=_FILE))


def _attributed(findings: Json) -> set[str]:
    """Whom acts that the report prints are attributed to."""
    rows = list(findings.get("acts") or ())[: bounded.MOST_ROWS]
    answers = [act.get("person") or {} for act in (*rows, *bounded.acts(findings))]
    return {str(a["name"]) for a in answers if a.get("verdict") == "attributed" and a.get("name")}


def _asked(findings: Json) -> set[str]:
    """Who denies something, or is named in a denial."""
    claims: Iterable[Json] = findings.get("claims") or ()
    return {str(claim[side]) for claim in claims for side in ("by", "names") if claim.get(side)}


def _open(findings: Json) -> set[str]:
    """Who comes into question for an act, or is the strongest other explanation of one."""
    answers = [act.get("person") or {} for act in findings.get("acts") or ()]
    return {str(n) for a in answers for n in (*(a.get("candidates") or ()), a.get("best_rival")) if n}
