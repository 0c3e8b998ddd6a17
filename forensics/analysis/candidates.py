"""Who can have been in a session of an account that several people enter: a set with the links for and against each.

A shared account is nobody's. So its holders are not merged, and none is taken for it: everybody who can have entered is
kept, with the links that speak for them and those that speak for others. A weight here is an ordinal class by a rule
that is stated, with counted links, and no probability that somebody did something.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from forensics.analysis.acts import Act, Scene
from forensics.analysis.attribution import Judgement, sessions_of
from forensics.analysis.deferral_rules import DECISION
from forensics.analysis.holders import people_of
from forensics.analysis.sessions import Session
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

CLASSES = {
    "pointed_at": "a key, a device or the session it came from says this person, and none of these says only others",
    "divided": "one of these says this person, and another only others",
    "allowed": "the account lets this person in, and nothing of the entry says who came",
    "spoken_against": "the account lets this person in, and what is known of the entry says others only",
}
"""The classes, the strongest first, and the rule of each."""
LINKS = {
    "member_of_account": "a register or a host lists the person as a holder of the account",
    "own_key_opens_account": "a key of the person's opened the account, or stands in its key file, at that time",
    "key_of_session": "the key that opened the session is enrolled to the person",
    "device_of_session": "the address that the session came from is that of a device of the person's",
    "address_of_own_sessions": "the session came from where the person's own account was entered from",
    "led_from_session": "the session was opened out of one that is enrolled to the person",
}
"""The links that are counted; of the last four, one that says others only speaks against."""
DECIDING = ("key_of_session", "device_of_session", "address_of_own_sessions", "led_from_session")

CANDIDATE = Table(
    "candidate",
    "one person who can have done one act in question, where more than one can have",
    (
        Column("act_id", pa.string(), "the act"),
        Column("person", pa.string(), "the person"),
        Column("class", pa.string(), "ordinal class, from the closed list `CLASSES`; no probability"),
        Column("links_for", STRINGS, "links that speak for it, from the closed list `LINKS`"),
        Column("links_against", STRINGS, "links that speak for others only"),
        Column("events_for", STRINGS, "events of the links for it; a register's line has none"),
        Column("events_against", STRINGS, "events of the links against it"),
    ),
)


@dataclass(frozen=True, slots=True)
class Link:
    """One link of an entry: whom it says, and by which events."""

    name: str
    says: frozenset[str]
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One row of the table."""

    act: Act
    person: str
    cls: str
    speaks_for: tuple[Link, ...]
    speaks_against: tuple[Link, ...]

    @property
    def events_for(self) -> list[str]:
        """Events of the links that speak for it."""
        return list(dict.fromkeys(e for link in self.speaks_for for e in link.events))

    @property
    def events_against(self) -> list[str]:
        """Events of the links that speak against it."""
        return list(dict.fromkeys(e for link in self.speaks_against for e in link.events))


def find(scene: Scene, acts: Iterable[Act], judged: Mapping[str, Judgement]) -> dict[str, list[Candidate]]:
    """The candidates of each act that more than one person can have done, by act, in order of class and person."""
    homes = _homes(scene)
    found = {act.act_id: _of(act, scene, judged[act.act_id], homes) for act in acts}
    return {act: rows for act, rows in found.items() if len(rows) > 1}


def _of(act: Act, scene: Scene, judged: Judgement, homes: Mapping[str, Link]) -> list[Candidate]:
    sessions = sessions_of(act)
    # Whoever wrote what ran was in a session of their own, and need not have been in the account.
    apart = sessions[1:] if DECISION in act.missing and act.origin == "login" else []
    elsewhere = {e for s in apart for e in s.events}
    links = [link for session in sessions if session not in apart for link in _links(session, scene, homes)]
    links += [
        Link(f"{r.cls}_of_session", r.says, r.because)
        for r in judged.reasons
        if r.cls in {"key", "device"} and not (r.because and elsewhere.issuperset(r.because))
    ]
    links = [link for link in dict.fromkeys(links) if link.says]
    people = frozenset().union(*(link.says for link in links))
    rows = [_weighed(act, person, links) for person in people]
    return sorted(rows, key=lambda c: (list(CLASSES).index(c.cls), -len(c.speaks_for), c.person))


def _weighed(act: Act, person: str, links: list[Link]) -> Candidate:
    speaks = [link for link in links if person in link.says]
    against = [link for link in links if person not in link.says and link.name in DECIDING]
    points = any(link.name in DECIDING for link in speaks)
    cls = ("divided" if against else "pointed_at") if points else "spoken_against" if against else "allowed"
    return Candidate(act, person, cls, tuple(speaks), tuple(against))


def _links(session: Session, scene: Scene, homes: Mapping[str, Link]) -> Iterable[Link]:
    """Who can enter the session's account at its time, and where the session came from."""
    at, directory = session.entered(), scene.directory
    for kind in ("account", "shared_account"):
        lines = [e for e in directory.lines(kind, session.account, *at) if e.person]
        yield Link(
            "member_of_account",
            frozenset(str(e.person) for e in lines),
            tuple(i for e in lines for i in e.events),
        )
    for line in directory.opening(session.account, *at):
        yield Link("own_key_opens_account", directory.key_people(line.thing, *at), line.events[:2])
    if session.address in homes and not directory.device_people(session.address, *at):
        yield homes[str(session.address)]
    via = scene.by_id().get(session.via or "")
    if via is not None:
        yield Link("led_from_session", people_of(scene, via), tuple(session.via_events))


def _homes(scene: Scene) -> dict[str, Link]:
    """Addresses from which accounts of one holder each were entered, and whose these were."""
    people: dict[str, dict[str, str]] = {}
    for session in scene.sessions.values():
        owners = scene.directory.owners(session.account, session.start_ns)
        if session.address is not None and len(owners) == 1 and not session.contradicts:
            people.setdefault(session.address, {}).setdefault(next(iter(owners)), session.session_id)
    return {
        address: Link("address_of_own_sessions", frozenset(known), tuple(known.values()))
        for address, known in sorted(people.items())
    }


def told(found: Iterable[Candidate]) -> dict[str, dict[str, object]]:
    """The candidates of one act by person, as plain values."""
    return {
        c.person: {
            "class": c.cls,
            "for": [link.name for link in c.speaks_for],
            "against": [link.name for link in c.speaks_against],
            "events_for": c.events_for,
            "events_against": c.events_against,
        }
        for c in found
    }


def table(found: Iterable[Candidate]) -> pa.Table:
    """The candidates as the declared table."""
    rows = list(found)
    return CANDIDATE.build({
        "act_id": [c.act.act_id for c in rows],
        "person": [c.person for c in rows],
        "class": [c.cls for c in rows],
        "links_for": [[link.name for link in c.speaks_for] for c in rows],
        "links_against": [[link.name for link in c.speaks_against] for c in rows],
        "events_for": [c.events_for for c in rows],
        "events_against": [c.events_against for c in rows],
    })  # fmt: skip
