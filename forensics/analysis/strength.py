"""How strongly the records of one act support one person, or one account, against everybody else.

The rules of `attribution` say whether anybody may be named at all. What is here says how strongly, and
can only lower the answer: a person is named at moderate support or more, after every gate, or not at all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import starmap
from typing import NamedTuple

import pandas as pd

from forensics.analysis import imitated
from forensics.analysis.acts import Act, Scene
from forensics.analysis.holders import Holders
from forensics.analysis.hypotheses import (
    ADMINISTRATOR,
    HOLDER,
    UNLISTED,
    Beside,
    Group,
    Rival,
    Weighed,
    likelihood,
    reach,
)
from forensics.analysis.parameters import Parameters, parameters
from forensics.analysis.sessions import Session

MODERATE = "moderate"
_DECISIVE = frozenset(
    {
        imitated.SECOND_RECORD,
        "write_of_commit_object",
        "command_of_commit",
        "session_of_crontab_edit",
        "session_of_plant",
        "writer_of_cron_entry",
        "writer_of_at_job",
        "writer_of_unit",
    }
)
"""What an act cannot be tied to an account without, where it is missing."""


class _Naming(NamedTuple):
    """What an event says of who acts."""

    event_id: str
    reach: str | None
    account: str | None
    auid: int | None
    uid: int | None


@dataclass(frozen=True, slots=True)
class Told:
    """What one class of link says: the persons it allows, by which events, of which domain."""

    tells: str
    says: frozenset[str]
    because: tuple[str, ...]
    domain: str | None


@dataclass(slots=True)
class Strength:
    """How strongly one name is supported. `sensitivity` is what it would be on less, or on other numbers."""

    name: str | None = None
    strength: str | None = None
    ratio: tuple[float, float] | None = None
    weighed: list[Weighed] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    gates: list[str] = field(default_factory=list)
    sensitivity: list["_Left"] = field(default_factory=list)

    @property
    def rival(self) -> str | None:
        """The strongest rival; none where nobody was weighed."""
        return self.weighed[0].rival.who if self.weighed else None


def groups_of(act: Act, scene: Scene, sessions: list[Session], told: Iterable[Told]) -> list[Group]:
    """What an act's records tell of persons, one group for each trust domain and kind of link.

    Args:
        act: the act.
        scene: people, sessions and jobs.
        sessions: the sessions that decide: the act's own, or those in which it was left to run later.
        told: what keys and devices say.
    """
    accounts = {a for a in (act.account, *(s.account for s in sessions)) if a is not None}
    named = _telling(act, scene, sessions, accounts)
    return [*_people(scene, named, act.earliest_ns, act.latest_ns), *_linked(told)]


def of_person(name: str, groups: list[Group], rivals: Iterable[Rival]) -> Strength:
    """How strongly groups of records support a person against everybody else who could have acted."""
    return _settled(name, groups, [r for r in rivals if r.who != name])


def rivals_of(
    act: Act, scene: Scene, holders: Holders, sessions: list[Session], groups: list[Group], lead: str | None
) -> list[Rival]:
    """Everybody on the roster, then those who are always rivals, with what each holds of what the records rest on.

    Args:
        act: the act.
        scene: people, sessions and jobs.
        holders: who holds the domains that tell of it.
        sessions: the sessions that decide.
        groups: what the records tell.
        lead: the person whose own acts are no trace of another, if there is one.
    """
    first, last = span(act, sessions)
    domains = {g.domain for g in groups}
    listed = [_listed(q, holders, domains, first, last, sparing=lead) for q in sorted(scene.directory.people)]
    return [*listed, *_unnamed(holders, domains, first, last, lead)]


def foremost(candidates: Iterable[str], groups: Sequence[Group]) -> str | None:
    """Of several candidates, the one that the records foretell best, if there is one."""
    ranked = sorted((-likelihood(name, groups, parameters(), "central"), name) for name in candidates)
    if not ranked or not groups or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
        return None
    return ranked[0][1]


def of_account(act: Act, scene: Scene, holders: Holders, *, gap: bool) -> Strength:
    """How strongly an act's records support the account that they name, whoever sat there.

    Args:
        act: the act.
        scene: people, sessions and jobs.
        holders: who holds the domains that tell of it.
        gap: whether records are missing about then.
    """
    if act.account is None:
        return Strength()
    if act.session is not None and "account" in act.session.contradicts:
        return Strength(gates=["G5"])
    sessions = [act.session] if act.session else []
    groups = [
        Group("account", domain, frozenset({account}), because)
        for domain, account, because in _telling(act, scene, sessions, {act.account})
    ]
    if not groups or _DECISIVE & set(act.missing):
        return Strength(gates=["G5"])
    first, last = span(act, sessions)
    domains = {g.domain for g in groups}
    owners = scene.directory.owners(act.account, act.earliest_ns, act.latest_ns)
    sparing = next(iter(owners)) if len(owners) == 1 else None
    others = sorted(act.rival_accounts - {act.account})
    found = _settled(
        act.account,
        groups,
        [*map(Rival, others), *_unnamed(holders, domains, first, last, sparing)],
        without=frozenset({"credential"}),
    )
    if others and "agreement_of_server_and_client" in act.missing:
        found.strength, found.gates = None, sorted({*found.gates, "G3"})
    if gap:
        _at_most(found, MODERATE, "G3", parameters())
    return found


def span(act: Act, sessions: Iterable[Session]) -> tuple[int | None, int | None]:
    """From the opening of the sessions that decide to the end of the act."""
    starts = [s.start_ns for s in sessions if s.start_ns is not None]
    return min(starts, default=act.earliest_ns), act.latest_ns


def _listed(
    who: str, holders: Holders, domains: set[str], first: int | None, last: int | None, *, sparing: str | None
) -> Rival:
    holds = holders.held_by(who, domains, first)
    if not holds:
        return Rival(who)
    return Rival(who, holds, holders.presence(who, holds, first, last, sparing=sparing))


def _unnamed(
    holders: Holders, domains: set[str], first: int | None, last: int | None, sparing: str | None
) -> list[Rival]:
    """Those who are always rivals: somebody not listed, and whoever holds a host, or everything, unnamed."""
    found = [Rival(UNLISTED, listed=False)]
    hosts = sorted(d for d in domains if reach(d) == "host")
    for held, who in [*(((d,), HOLDER + d) for d in hosts), (tuple(sorted(domains)), ADMINISTRATOR)]:
        presence = holders.presence(None, held, first, last, sparing=sparing)
        found.append(Rival(who, frozenset(held), presence, listed=False))
    return found


def _settled(
    name: str,
    groups: list[Group],
    rivals: Iterable[Rival],
    *,
    without: frozenset[str] = frozenset(),
) -> Strength:
    numbers, told = parameters(), ordered(groups)
    weighed, left = _set_beside(name, tuple(replace(g, because=()) for g in told), tuple(rivals), without)
    if not weighed or not told:
        return Strength(name, None, None, list(weighed), told)
    least = weighed[0]
    found = Strength(
        name, numbers.band(least.ratio[0]), (least.ratio[0], least.ratio[2]), list(weighed), told
    )
    if numbers.band(least.ratio[1]) != found.strength:
        found.gates.append("G4")
    if least.ratio[2] > numbers.cap:
        found.gates.append("G6")
        _at_most(found, numbers.band(numbers.cap), "G6", numbers)
    if least.rival.holds >= {g.domain for g in told} and numbers.rank(found.strength) < numbers.rank(
        MODERATE
    ):
        found.gates.append("G1")
    outside = {g.domain for g in told} - frozenset().union(*(w.rival.holds for w in weighed))
    if len({g.domain for g in told}) < 2 or not outside:
        _at_most(found, "moderately_strong", "G2", numbers)
    found.sensitivity = list(left)
    found.gates = sorted(set(found.gates))
    return found


_Left = tuple[str, str, tuple[float, float]]


@lru_cache(maxsize=256)
def _set_beside(
    name: str, told: tuple[Group, ...], rivals: tuple[Rival, ...], without: frozenset[str]
) -> tuple[tuple[Weighed, ...], tuple[_Left, ...]]:
    """Somebody beside every rival, and what is left of it on less. The acts of a session are told of alike, and are reckoned once."""
    beside = Beside(name, told, rivals, parameters(), without=without)
    weighed = tuple(beside.weighed(range(len(told))))
    return weighed, tuple(_without(told, beside)) if weighed and told else ()


def ordered(groups: Iterable[Group]) -> list[Group]:
    """Groups in a total order, by what they tell."""
    return sorted(groups, key=lambda g: (g.tells, g.domain, sorted(g.says)))


def _at_most(found: Strength, band: str | None, gate: str, numbers: Parameters) -> None:
    if numbers.rank(found.strength) > numbers.rank(band):
        found.strength = band
        found.gates = sorted({*found.gates, gate})


def _without(groups: Sequence[Group], beside: Beside) -> Iterable[_Left]:
    """What is left if one trust domain, or one kind of link, tells nothing."""
    for kind, values in (
        ("domain", sorted({g.domain for g in groups})),
        ("link", sorted({g.tells for g in groups})),
    ):
        for value in values:
            rest = [n for n, g in enumerate(groups) if (g.domain if kind == "domain" else g.tells) != value]
            least = beside.weighed(rest)[0]
            yield kind, value, (least.ratio[0], least.ratio[2])


def _linked(told: Iterable[Told]) -> Iterable[Group]:
    by: dict[tuple[str, str], list[Told]] = {}
    for t in told:
        if t.tells in {"key", "device"} and t.domain is not None:
            by.setdefault((t.tells, t.domain), []).append(t)
    for (tells, domain), items in sorted(by.items()):
        yield _one(tells, domain, [(t.says, t.because) for t in items])


def _one(tells: str, domain: str, items: list[tuple[frozenset[str], tuple[str, ...]]]) -> Group:
    """One outcome of many items: what they all allow; where they contradict one another, all that any allows."""
    says = frozenset.intersection(*(s for s, _ in items)) or frozenset().union(*(s for s, _ in items))
    because = dict.fromkeys(e for _, events in items for e in events)
    return Group(tells, domain, says, tuple(because)[:2])


def _telling(
    act: Act, scene: Scene, sessions: Iterable[Session], accounts: Iterable[str]
) -> list[tuple[str, str, tuple[str, ...]]]:
    """Each trust domain whose records name an account that decides, with the account and the first such event."""
    cited = [
        *act.events,
        *(e for p in act.planters for e in p.events),
        *(e for s in sessions for e in s.events),
    ]
    numbers = {a: scene.directory.uids_of(a, act.earliest_ns) for a in sorted(accounts)}
    found: dict[tuple[str, str], str] = {}
    for e in starmap(_Naming, scene.cells(cited, *_Naming._fields)):
        if not isinstance(e.reach, str) or reach(e.reach) == "user":
            continue
        named = _named(e, numbers)
        if named is not None:
            found.setdefault((e.reach, named), e.event_id)
    return [(domain, account, (event,)) for (domain, account), event in sorted(found.items())]


def _people(
    scene: Scene, told: Iterable[tuple[str, str, tuple[str, ...]]], at: int | None, to: int | None
) -> Iterable[Group]:
    """Whom the accounts named allow, one outcome for each trust domain."""
    by: dict[str, list[tuple[frozenset[str], tuple[str, ...]]]] = {}
    for domain, account, because in told:
        people = scene.directory.holders(account, at, to)
        if people:
            by.setdefault(domain, []).append((people, because))
    return [_one("account", domain, items) for domain, items in sorted(by.items())]


def _named(event: _Naming, numbers: dict[str, frozenset[int]]) -> str | None:
    """Which of some accounts an event names as the one acting, by name or by the number that it authenticated."""
    if isinstance(event.account, str):
        return event.account if event.account in numbers else None
    number = event.uid if pd.isna(event.auid) else event.auid
    found = [] if pd.isna(number) else [a for a, uids in numbers.items() if int(number) in uids]
    return found[0] if len(found) == 1 else None
