"""Who else could have made these records look as they do, and how well each explanation foretells them.

Records are put into groups by trust domain and by what they tell (the account, the key, the device),
and each group counts once, however many lines it has. Everybody on the roster is a rival, in every way
that they have: under their own account, with the other's credential, or by fabricating the records. So
is somebody who is not on the roster, and whoever holds the hosts that keep the records. A credential
that went astray or a holder who fabricates turns all of that person's groups at once: ten records of one
login are not ten witnesses. What comes out is a ratio of likelihoods, as an interval over all that a
reasonable reader may hold of the numbers; there is no prior and no posterior.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import prod
from typing import NamedTuple

from forensics.analysis.parameters import LEVELS, Level, Parameters
from forensics.core import roster
from forensics.core.folders import BY_USERS

UNLISTED = roster.UNLISTED
"""A person that the roster does not have."""
HOLDER = roster.HOLDER
"""Whoever holds a trust domain; the domain follows."""
ADMINISTRATOR = roster.ADMINISTRATOR
"""Whoever holds every trust domain that tells of the act."""


@dataclass(frozen=True, slots=True)
class Group:
    """What all records of one trust domain tell of one link: the persons that they allow.

    `tells` is account, key or device. `says` is empty only for a key or a device that is enrolled to nobody listed:
    a group that tells nothing is none.
    """

    tells: str
    domain: str
    says: frozenset[str]
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rival:
    """Somebody who could have acted, and what they would have needed.

    holds: trust domains in which they can write.
    presence: what shows that they were there: active, present or absent.
    """

    who: str
    holds: frozenset[str] = frozenset()
    presence: str = "absent"
    listed: bool = True


@dataclass(frozen=True, slots=True)
class Weighed:
    """One rival beside the person in question.

    ratio: least, central and largest likelihood ratio of the person against the rival.
    ways: the rival's likelihood by each way, at the central numbers.
    """

    rival: Rival
    ratio: tuple[float, float, float]
    ways: Mapping[str, float]

    @property
    def way(self) -> str:
        """The way that foretells the records best."""
        return max(sorted(self.ways), key=lambda name: self.ways[name])


def likelihood(person: str, groups: Iterable[Group], numbers: Parameters, level: Level) -> float:
    """How probable the groups are if a person acted, under their own name and with what is enrolled to them."""
    return prod(_own(person, g, numbers, level) for g in groups)


def _own(person: str, group: Group, numbers: Parameters, level: Level) -> float:
    """A group points to whoever acted, or, as often as records are wrong, elsewhere.

    A group that allows several persons tells no more of one than of another of them.
    """
    if person in group.says:
        return numbers.at(f"hit.{group.tells}", level)
    flipped: Level = {"low": "high", "high": "low"}.get(level, "central")  # type: ignore[assignment]
    return 1 - numbers.at(f"hit.{group.tells}", flipped)


def ways(
    rival: Rival, person: str, groups: Sequence[Group], numbers: Parameters, level: Level
) -> dict[str, float]:
    """How probable the groups are if a rival acted, by each way that they have, weighed by the way."""
    return {
        name: way.of(range(len(groups))) for name, way in _ways(rival, person, groups, numbers, level).items()
    }


class _Way(NamedTuple):
    """One way that a rival has: how probable it is, and each group if it was taken. None weighs one that needs nothing."""

    weight: float | None
    factors: list[float]

    def of(self, groups: Iterable[int]) -> float:
        """How probable some of the groups are, weighed by the way."""
        told = prod([self.factors[n] for n in groups])
        return told if self.weight is None else self.weight * told


def _ways(
    rival: Rival, person: str, groups: Sequence[Group], numbers: Parameters, level: Level
) -> dict[str, _Way]:
    framed = numbers.at(f"world.framed_by_{'holder' if rival.holds else 'peer'}", level)
    trace = numbers.at(f"trace.{rival.presence}", level) if rival.holds else 1.0
    found = {
        "credential": _Way(
            numbers.at("world.credential", level),
            [_borrowed(rival, person, g, numbers, level) for g in groups],
        ),
        "framed": _Way(framed * trace, [_forged(rival, person, g, numbers, level) for g in groups]),
    }
    if rival.listed and not rival.who.startswith(HOLDER):
        found["own"] = _Way(None, [_own(rival.who, g, numbers, level) for g in groups])
    return found


def _borrowed(rival: Rival, person: str, group: Group, numbers: Parameters, level: Level) -> float:
    """Account and key are the other's by what this way is; the device is the other's only by more."""
    if not group.says:
        stranger = group.tells == "device" and not rival.listed
        return numbers.at("hit.device" if stranger else f"credential.other_{group.tells}", level)
    if group.tells != "device" or person not in group.says:
        return _own(person if group.tells != "device" else rival.who, group, numbers, level)
    if rival.who in group.says:
        return numbers.at("hit.device", level)
    return numbers.at("credential.device", level)


def _forged(rival: Rival, person: str, group: Group, numbers: Parameters, level: Level) -> float:
    """A forger makes records point to the person framed; what points elsewhere was not forged so."""
    if person not in group.says:
        return _own(person, group, numbers, level)
    if group.domain in rival.holds:
        return numbers.at("forge.held", level)
    return numbers.at(f"forge.{reach(group.domain)}", level)


def reach(domain: str) -> str:
    """Which number bounds the forging of a domain by somebody who does not hold it."""
    if domain.endswith((*BY_USERS, ":files")) or domain in {"git:objects", "git:reflog", "register"}:
        return "user"
    return "host" if domain.endswith((":root", ":slurmd")) else "server"


def weigh(
    person: str,
    groups: Sequence[Group],
    rivals: Iterable[Rival],
    numbers: Parameters,
    *,
    without: frozenset[str] = frozenset(),
) -> list[Weighed]:
    """Set a person beside every rival, the strongest rival first; `without` names ways that are no rival's here.

    The least ratio takes the person's numbers at their lowest and the rival's at their highest, and the
    largest the other way round, so that no choice of numbers within the intervals lies outside.
    """
    return Beside(person, groups, rivals, numbers, without=without).weighed(range(len(groups)))


class Beside:
    """A person beside every rival. How probable each group is under each explanation is found once, whichever of them count."""

    def __init__(
        self,
        person: str,
        groups: Sequence[Group],
        rivals: Iterable[Rival],
        numbers: Parameters,
        *,
        without: frozenset[str] = frozenset(),
    ) -> None:
        """Args as for `weigh`."""
        self._mine = {
            level: _Way(None, [_own(person, g, numbers, level) for g in groups]) for level in LEVELS
        }
        self._theirs = [
            (
                rival,
                {
                    level: {
                        name: way
                        for name, way in _ways(rival, person, groups, numbers, level).items()
                        if name not in without
                    }
                    for level in LEVELS
                },
            )
            for rival in rivals
        ]

    def weighed(self, own: Sequence[int]) -> list[Weighed]:
        """The person beside every rival, the strongest first, if only some groups count, by their places."""
        mine = {level: way.of(own) for level, way in self._mine.items()}
        found = []
        for rival, by_level in self._theirs:
            theirs = {level: {w: way.of(own) for w, way in ways.items()} for level, ways in by_level.items()}
            total = {level: sum(each.values()) for level, each in theirs.items()}
            ratio = (
                mine["low"] / total["high"],
                mine["central"] / total["central"],
                mine["high"] / total["low"],
            )
            found.append(Weighed(rival, ratio, theirs["central"]))
        return sorted(found, key=lambda w: (w.ratio[0], w.ratio[1], not w.rival.listed, w.rival.who))


def issued(ratio: tuple[float, float], cap: float) -> list[float]:
    """An interval as it is issued: two significant digits, rounded outwards, and nothing above the cap."""
    low, high = (min(value, cap) for value in ratio)
    return [_digits(low, ROUND_FLOOR), min(_digits(high, ROUND_CEILING), _digits(cap, ROUND_FLOOR))]


def within(ratio: tuple[float, float], cap: float) -> list[float]:
    """An interval as it is issued for anybody, whichever way it speaks: as far below one as above, and no further."""
    floor = _digits(1 / cap, ROUND_CEILING)
    low, high = issued((max(ratio[0], floor), max(ratio[1], floor)), cap)
    return [max(low, floor), high]


def _digits(value: float, rounding: str) -> float:
    exact = Decimal(repr(value))
    if not exact:
        return 0.0
    return float(exact.quantize(Decimal((0, (1,), exact.adjusted() - 1)), rounding=rounding))
