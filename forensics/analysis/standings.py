"""Each person on the roster beside whoever comes next: those for whom the records speak, and those against whom.

A ratio for the one person who is named says nothing of how the method treats the others. So everybody gets
one, by the same model: how probable the records are if this person acted, in every way that they have,
against the best of all other explanations. Against whom the records speak, the ratio is below one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from forensics.analysis.hypotheses import Group, Rival, likelihood, ways
from forensics.analysis.parameters import LEVELS, Level, Parameters

Bounds = tuple[float, float, float]
_ALIKE = 2
"""How many persons of whom the records tell the same are looked at as the one framed: one, and one beside that one."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One person, least, central and largest likelihood ratio against the best other explanation, and whose that is."""

    who: str
    ratio: Bounds
    against: str


def standings(rivals: Iterable[Rival], groups: Sequence[Group], numbers: Parameters) -> list[Standing]:
    """Set everybody who is listed beside the best of all others, by name.

    Args:
        rivals: everybody on the roster, once each, and those who are always rivals.
        groups: what the records tell, not empty.
        numbers: the numbers of the model.

    Returns:
        One for each person listed. The least ratio takes the person's numbers at their lowest and all
        others' at their highest, and the largest the other way round.
    """
    everybody = sorted(rivals, key=lambda r: r.who)
    framed = _framed([r.who for r in everybody if r.listed], groups)
    total = {
        level: {r.who: _likelihood(r, framed, groups, numbers, level) for r in everybody} for level in LEVELS
    }
    best = {level: sorted(total[level], key=lambda who: (-total[level][who], who))[:2] for level in LEVELS}
    return [_beside(r.who, total, best) for r in everybody if r.listed]


def _beside(
    who: str, total: Mapping[Level, Mapping[str, float]], best: Mapping[Level, list[str]]
) -> Standing:
    other = {level: next(name for name in best[level] if name != who) for level in LEVELS}
    least, most = total["low"], total["high"]
    ratio = (
        least[who] / most[other["high"]],
        total["central"][who] / total["central"][other["central"]],
        most[who] / least[other["low"]],
    )
    return Standing(who, ratio, other["central"])


def _framed(listed: Iterable[str], groups: Sequence[Group]) -> list[str]:
    """Whom somebody else can have made the records point to: one or two of each who are alike in what is told of them."""
    found: dict[tuple[bool, ...], list[str]] = {}
    for who in listed:
        told = tuple(who in g.says for g in groups)
        if any(told):
            found.setdefault(told, []).append(who)
    return [who for alike in found.values() for who in alike[:_ALIKE]]


def _likelihood(
    rival: Rival, framed: Sequence[str], groups: Sequence[Group], numbers: Parameters, level: Level
) -> float:
    """How probable the records are if somebody acted: under their own name, or so that it looks like another's doing."""
    own = likelihood(rival.who, groups, numbers, level) if rival.listed else 0.0
    others = [
        sum(v for way, v in ways(rival, who, groups, numbers, level).items() if way != "own")
        for who in framed
        if who != rival.who
    ]
    return own + max(others, default=0.0)


def hull(one: Sequence[Standing], other: Sequence[Standing]) -> list[Standing]:
    """The standings by two readings of the same records: what both allow. Who has one by one reading only has none."""
    known = {s.who: s for s in other}
    return [
        replace(s, ratio=(min(s.ratio[0], o.ratio[0]), s.ratio[1], max(s.ratio[2], o.ratio[2])))
        for s in one
        if (o := known.get(s.who)) is not None
    ]
