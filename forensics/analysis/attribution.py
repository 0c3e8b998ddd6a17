"""From an account to a person, where the evidence allows it: the rules, which need no numbers.

Four classes of link must each point at the same one person: the account's holders, the key that
opened the session, the device that it came from, and the session itself, told by more than one
source without contradiction. What tells it must come from more than one trust domain. Otherwise the
answer is inconclusive, with the candidates and with what is missing. A git author or committer, a
shell history and a job's owner are no link at all. How strongly the records support the one person
that is left is the next step's (`strength`), and it too can end as inconclusive.
"""

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from forensics.analysis import (
    agents,
    attendance,
    common_devices,
    disputed,
    hops,
    links,
    mixed,
    moved_refs,
    placing,
    rights,
    standings,
    strength,
    unheard,
)
from forensics.analysis.acts import BY_ITSELF, Act, Scene
from forensics.analysis.deferral_rules import OF_OTHERS
from forensics.analysis.holders import Holders, people_of
from forensics.analysis.identity import REGISTER
from forensics.analysis.parameters import parameters
from forensics.analysis.sessions import Session
from forensics.analysis.standings import Standing
from forensics.analysis.strength import Strength
from forensics.analysis.tampering import Tampering
from forensics.core.folders import BY_USERS

_WRITABLE = (*BY_USERS, ":files", "git:objects", "git:reflog", REGISTER)
_DECISIVE = {
    "write_of_commit_object",
    "command_of_commit",
    rights.NOT_DONE,
    *OF_OTHERS,
    *moved_refs.DECISIVE,
}
"""What nobody is named without."""
_LINKED = ["event_id", "credential", "address", "domain"]
_NOT_PLACED = {"unplaced:root": "root", "unplaced:slurmd": "slurmd", "index:server": "root"}
"""Domains that may be another one under another name, by who holds that one."""
_UNKNOWN_WRITER = {"cron": "writer_of_cron_entry", "at": "writer_of_at_job", "timer": "writer_of_unit"}
MOST_BESIDE = 200
"""No more entries into other sessions of an account are told of one act; they are counted."""
MOST_LINKED = 200
"""No more events of one session are cited for what it says of its person; they are counted."""
MOST_CHANGED = 200
"""No more acts of others on logs, clocks or logging are cited against one answer; they are counted, and all whom they can be of stay candidates."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What one class of link says: the persons it allows, and by which events; of an account that does not act, which one."""

    cls: str
    says: frozenset[str]
    because: tuple[str, ...]
    domain: str | None
    count: int | None = None
    account: str | None = None


@dataclass(slots=True)
class Judgement:
    """What can be said of an act at the level of persons. `beside`: of the events `against` it, entries into other sessions of the account, the first of `beside_count`; what others did to records is the first of `changed_count`."""

    verdict: str
    name: str | None = None
    strength: str | None = None
    candidates: list[str] = field(default_factory=list)
    best_rival: str | None = None
    gates: list[str] = field(default_factory=list)
    frame_cost: list[str] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    against: list[str] = field(default_factory=list)
    beside_count: int = 0
    changed_count: int = 0
    beside: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    person: Strength = field(default_factory=Strength)
    account: Strength = field(default_factory=Strength)
    standings: list[Standing] = field(default_factory=list)


def trusted(domain: str | None) -> bool:
    """Whether a domain is one that the people in it cannot write at will."""
    return domain is not None and not domain.endswith(_WRITABLE)


def judge(act: Act, scene: Scene, holders: Holders) -> Judgement:
    """Say which account, and which person, an act can be attributed to, if any.

    Args:
        act: the act, with its session and, where cron did it, the acts that planted the entry.
        scene: people, sessions and jobs; the same for every act and everybody.
        holders: who holds which trust domain; with it, acts on logs, clocks and logging, and the gaps.
    """
    sessions, missing = _sessions(act)
    if scene.directory.people and act.origin != "job" and (lacking := placing.lacking(act, scene, sessions)):
        # What somebody can have written for the purpose is weighed for nobody, and speaks against nobody.
        missing = sorted({*act.missing, *missing, *lacking})
        return Judgement("inconclusive", gates=["G5"], missing=missing)
    touched = _touched(act, sessions, holders)
    # Of what bears on no job asked about, nobody is told how strongly it names its account.
    account = (
        strength.of_account(act, scene, holders, gap=touched) if act.in_question else strength.Strength()
    )
    if not scene.directory.people:
        return Judgement("not_attempted", missing=["roster"], account=account)
    if act.origin == "job":
        return _by_job(act, scene, account)
    found = _agreement(act, scene, sessions, missing)
    found.account = account
    _cap(found, act, scene, sessions, holders.tampered, touched=touched)
    if found.verdict == "attributed" and unheard.before(act, sessions, holders.told_since):
        _unnamed(found, "G3", unheard.MISSING)
    _weigh(found, act, scene, holders, sessions)
    found.missing = sorted({*found.missing, *act.missing})
    found.gates = sorted(set(found.gates))
    _rivals(found, act, scene, sessions)
    return found


def _weigh(found: Judgement, act: Act, scene: Scene, holders: Holders, sessions: list[Session]) -> None:
    """Set who is left beside everybody else; less than moderate support names nobody.

    Where the rules leave several, the one that the records foretell best is set beside the others, so
    that a reader sees how little tells them apart; that names nobody.
    """
    if not sessions and not act.in_question:
        return
    told = [strength.Told(r.cls, r.says, r.because, r.domain) for r in found.reasons if r.says]
    told += links.origins(scene, sessions)
    told += links.strangers(scene, sessions, holders.addresses)
    groups = strength.groups_of(act, scene, sessions, told)
    lead = found.name or strength.foremost(found.candidates, groups)
    asked = act.in_question and bool(groups)
    rivals = strength.rivals_of(act, scene, holders, sessions, groups, lead) if asked or lead else []
    if asked:
        found.standings = standings.standings(rivals, strength.ordered(groups), parameters())
    if lead is None or not sessions:
        return
    found.person = strength.of_person(lead, groups, rivals)
    if found.verdict != "attributed":
        return
    found.gates += found.person.gates
    found.strength = found.person.strength
    if found.strength in {None, "weak"}:
        found.verdict, found.name = "inconclusive", None
        found.missing.append("records_beyond_reach_of_best_rival")
    elif "G3" in found.gates:
        found.strength = "moderate"


def _touched(act: Act, sessions: list[Session], holders: Holders) -> bool:
    """Whether records are missing, or a clock was set, between the opening of the session and the act."""
    start, last = strength.span(act, sessions)
    return holders.missing.touch(start, last)


def _by_job(act: Act, scene: Scene, account: Strength) -> Judgement:
    """A job's own process acted: under its owner's name, by bytes that somebody wrote. No person is inferred."""
    job = scene.job_of(act.host, act.pid, act.earliest_ns)
    owner = sorted(scene.directory.owners(job.owner, job.submit_ns)) if job is not None else []
    reasons = [Reason("account", frozenset(owner), tuple(act.events[:1]), None)]
    return Judgement("not_attempted", reasons=reasons, account=account)


def sessions_of(act: Act) -> list[Session]:
    """The sessions whose person is asked for."""
    return _sessions(act)[0]


def _sessions(act: Act, within: int = 8) -> tuple[list[Session], list[str]]:
    """The sessions whose person is asked for: the act's own and those it can be typed from, or those that left it to run.

    What left it can itself have run by itself, `within` so many steps.
    """
    if act.origin not in BY_ITSELF:
        own = ([] if act.session is None else [act.session]) + act.typed_from
        return own, [] if own else ["session"]
    if not act.planters:
        return [], [_UNKNOWN_WRITER[act.origin]]
    found: dict[str, Session] = {}
    missing: list[str] = []
    for plant in act.planters:
        sessions, lacking = _sessions(plant, within - 1) if within else ([], ["session"])
        found |= {s.session_id: s for s in sessions}
        if not sessions:
            what = "session_of_crontab_edit" if "/cron" in plant.object else "session_of_plant"
            missing += [what] if lacking == ["session"] else lacking
    return list(found.values()), sorted(set(missing))


def _agreement(act: Act, scene: Scene, sessions: list[Session], missing: list[str]) -> Judgement:
    at, to = act.span()
    directory = scene.directory
    reasons: list[Reason] = []
    missing += [m for m in act.missing if m in _DECISIVE]
    accounts = [s.account for s in sessions] or [act.account]
    reasons += [
        Reason("account", directory.holders(account, at, to), _enrolling(scene, "uid", account), None)
        for account in dict.fromkeys([*accounts, act.account])
        if account is not None
    ]
    for s in sessions:
        reasons += _session_reasons(act, scene, s, missing)
    if act.act == "push" and act.credential is not None:
        people = directory.key_people(act.credential, at, to)
        reasons.append(Reason("key", people, tuple(act.events[:2]), "git:server"))
    if act.act == "push" and (people := directory.device_people(act.address, at, to)):
        reasons.append(Reason("device", people, tuple(act.events[:1]), "git:server"))
    if _from_anybody(act, scene, sessions):
        missing.append("source_of_session_that_accounts_cannot_write")
    unsure = [disputed.MISSING, mixed.MISSING]
    cited = list(_told(act, scene, sessions, "disputed", "mixed"))
    missing += [what for n, what in enumerate(unsure) if any(row[n] for row in cited)]
    apart = act.rival_accounts - set(accounts) and "agreement_of_server_and_client" in act.missing
    others = {*(act.rival_accounts if apart else ()), *act.program_owners}
    reasons += [Reason("account", directory.owners(a, at, to), (), None, account=a) for a in sorted(others)]
    told = [r.says for r in reasons if r.says]
    common = frozenset.intersection(*told) if told else frozenset()
    union = sorted(frozenset().union(*told, _hops(scene, sessions)))
    found = Judgement("inconclusive", candidates=union, reasons=reasons, missing=missing)
    for cls in ("account", "key", "device"):
        if not any(r.cls == cls and r.says for r in reasons) and sessions:
            missing.append(f"enrolment_of_{cls}")
            found.gates.append("G7")
    complete = not missing and all(r.says for r in reasons) and len(common) == 1
    domains = _domains(act, scene, sessions)
    if complete and len(domains) < 2:
        missing.append("second_trust_domain")
        found.gates.append("G1")
    elif complete:
        found.verdict, found.name, found.strength = "attributed", next(iter(common)), "moderate"
        found.candidates = [found.name]
    else:
        found.gates.append("G5")
    found.frame_cost = sorted(domains)
    return found


def _session_reasons(act: Act, scene: Scene, session: Session, missing: list[str]) -> list[Reason]:
    """What key, device and session say; a contradiction between the sources points at nobody."""
    at, to = session.entered() if session.start_ns is not None else act.span()
    directory, events = scene.directory, tuple(session.events)
    rows = scene.entered(session, *_LINKED)
    domain = next((told[-1] for told in rows if isinstance(told[-1], str)), None)
    reasons = []
    for cls, column, people in (
        ("key", "credential", directory.key_people),
        ("device", "address", directory.device_people),
    ):
        at_column = _LINKED.index(column)
        told = [(row[0], row[at_column]) for row in rows if isinstance(row[at_column], str)]
        values = sorted({value for _, value in told})
        own = tuple(event for event, _ in told)
        reasons += [_linked(cls, people(value, at, to), own, domain) for value in values]
        if not values:
            missing.append({"key": "key_of_session", "device": "address_of_session"}[cls])
    if common_devices.of_several(scene, session):
        missing.append(common_devices.MISSING)
    if agents.alternatives(scene, session):
        missing.append("use_of_key_by_its_holder")
    if session.contradicts:
        missing.append("agreement_of_sources_on_session")
    if len(session.recognised_by) < 2:
        missing.append("second_source_of_session")
    if session.account is not None:
        reasons.append(_linked("session", directory.holders(session.account, at, to), events, domain))
    return reasons


def _linked(cls: str, says: frozenset[str], events: tuple[str, ...], domain: str | None) -> Reason:
    """A reason by events of a session, of which every act in it cites the first `MOST_LINKED`: `su` after `su` makes any number."""
    return Reason(cls, says, events[:MOST_LINKED], domain, len(events))


def _told(act: Act, scene: Scene, sessions: list[Session], *columns: str) -> Iterable[tuple[Any, ...]]:
    """What the events say that an act, those that left it to run, and the sessions that decide rest on."""
    yield from scene.cells([*act.events, *(e for p in act.planters for e in p.events)], *columns)
    for s in sessions:
        yield from scene.entered(s, *columns)


def _from_anybody(act: Act, scene: Scene, sessions: list[Session]) -> bool:
    """Whether what ties an act to its session, or a session to the kernel's number, is what any account can write."""
    told = _told(act, scene, sessions, "session", "reach")
    return any(not trusted(domain) for session, domain in told if session is not None)


def _enrolling(scene: Scene, kind: str, account: str) -> tuple[str, ...]:
    lines = scene.directory.about(kind, account)
    return tuple(sorted({i for e in lines for i in e.events}))[:2]


def _hops(scene: Scene, sessions: list[Session]) -> frozenset[str]:
    """Persons in whose session an ssh client ran just before one of these sessions opened from within."""
    found: set[str] = set()
    for s in sessions:
        if s.start_ns is None or scene.directory.device_people(s.address, s.start_ns):
            continue
        for e in hops.clients(scene.evidence).about(s.start_ns):
            if posixpath.basename(e.exe) != "ssh":
                continue
            via = scene.session_of(e)
            if via is not None and via.session_id != s.session_id:
                found |= scene.directory.holders(via.account, via.start_ns) & (
                    scene.directory.key_people(via.credential, via.start_ns) or scene.directory.people
                )
    return frozenset(found)


def _domains(act: Act, scene: Scene, sessions: list[Session]) -> set[str]:
    """The trust domains that tell the act, its session, or whose key it was."""
    cited = [*act.events, *(e for p in act.planters for e in p.events)]
    found = set(scene.values(cited, "reach"))
    for s in sessions:
        found |= s.domains
        found |= {e.domain for e in scene.directory.lines("key", s.credential)}
    return independent(d for d in found if trusted(d))


def independent(domains: Iterable[str]) -> set[str]:
    """Domains that nobody holds together for all that the evidence shows.

    A file that no path places on a host can be of any host that is there, and an index of logs holds
    what the root of a host sent it: neither is another witness beside a host's own root.
    """
    found = set(domains)
    kept = {d for d in found if d not in _NOT_PLACED}
    held_by = {d.partition(":")[2] for d in kept}
    for domain in sorted(found - kept):
        if _NOT_PLACED[domain] not in held_by:
            kept.add(domain)
            held_by.add(_NOT_PLACED[domain])
    return kept


def _cap(
    found: Judgement, act: Act, scene: Scene, sessions: list[Session], tampered: Tampering, *, touched: bool
) -> None:
    """The gates that need no numbers: what lowers an answer, each with its reason."""
    if touched:
        found.gates.append("G3")
    if found.verdict != "attributed":
        return
    hosts = {s.host for s in sessions}
    by_others = tampered.by_others(hosts, strength.span(act, sessions)[0], str(found.name))
    cited = set(scene.values(act.events, "domain"))
    outside = {d for d in found.frame_cost if not any(d.startswith(f"{h}:") for h in hosts)}
    # What was removed before can be who wrote what the session ran: no witness of the act itself tells that.
    before = tampered.cut_before(hosts, act, str(found.name))
    if before or (by_others and not outside & cited):
        by_others = before or by_others
        _unnamed(found, "G1", "logs_beyond_reach_of_who_changed_them")
        changed = list(dict.fromkeys(t.events[0] for t, _ in by_others))
        found.against, found.changed_count = [*found.against, *changed[:MOST_CHANGED]], len(changed)
        found.candidates = sorted({*found.candidates, *(p for _, owners in by_others for p in owners)})


def _unnamed(found: Judgement, gate: str, missing: str) -> None:
    found.verdict, found.name, found.strength = "inconclusive", None, None
    found.gates, found.missing = [*found.gates, gate], [*found.missing, missing]


def _rivals(found: Judgement, act: Act, scene: Scene, sessions: list[Session]) -> None:
    """The person who comes next: in the same account at the time, then on the same host, then named by git."""
    if act.earliest_ns is None or act.latest_ns is None:
        return
    own = [*sessions, act.session] if act.session else sessions
    mine = {s.session_id for s in own}
    hosts = {s.host for s in own} or {act.host}
    ranked: list[tuple[int, str]] = []
    for other in attendance.open_on(scene, hosts, act.earliest_ns, act.latest_ns):
        if other.session_id in mine:
            continue
        same = other.account is not None and other.account == act.account
        if same:
            found.beside += [other.events[0]]
        ranked += [(0 if same else 2, p) for p in people_of(scene, other)]
    ranked += [(1, p) for p in scene.directory.called(act.author, *act.span())]
    ranked += [(3, p) for p in found.candidates]
    lead = found.name or (found.candidates[0] if len(found.candidates) == 1 else None)
    found.best_rival = next((p for _, p in sorted(ranked) if p != lead), None)
    told = list(dict.fromkeys(found.beside))
    found.beside, found.beside_count = told[:MOST_BESIDE], len(told)
    found.against = list(dict.fromkeys([*found.against, *found.beside]))
