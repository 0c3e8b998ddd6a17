"""Who an account, a key or an address is enrolled to, and who says so.

A person, an account, a credential and a device are different things. Nothing here merges two of
them: a lookup gives the set of persons that an enrolment allows, and the set may be empty.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa

from forensics.analysis import identity_rules, keys, uids
from forensics.analysis.by_verb import of_verbs
from forensics.analysis.evidence import Evidence, picked, rows_of, where
from forensics.core.messageevents import SYSTEM_LOGS
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

REGISTER = "register"
"""The trust domain of the roster: what somebody wrote down about who has what."""

_AUTHORITY = re.compile(
    r" \(serial (?P<serial>[0-9]{1,20})\) CA [A-Z0-9-]++ (?P<authority>SHA256:[A-Za-z0-9+/]{43})$"
)
_IDENTITY = " ID "

IDENTITY = Table(
    "identity",
    "one enrolment: a person, or an account, with an account, a key, a device or a uid",
    (
        Column(
            "kind",
            pa.string(),
            "account, shared_account, key, device, uid, opens (a key), certificate, authority (a key that signs them) or principal",
        ),
        Column("thing", pa.string(), "the account, fingerprint, address or uid"),
        Column(
            "person",
            pa.string(),
            "the person it is enrolled to",
            None,
            "the link is to an account, not to a person",
        ),
        Column("account", pa.string(), "the account it is linked to", None, "the link is to a person"),
        Column("host", pa.string(), "where it holds", None, "everywhere, or not recorded"),
        Column("basis", pa.string(), "observed, derived or asserted"),
        Column("source", pa.string(), "who says so"),
        Column("domain", pa.string(), "trust domain of who says so"),
        Column("from_ns", pa.int64(), "holds from", "ns since 1970-01-01T00:00:00Z", "no start given"),
        Column("until_ns", pa.int64(), "holds until", "ns since 1970-01-01T00:00:00Z", "no end given"),
        Column("events", STRINGS, "events that say so; empty for a line of the roster"),
        Column(
            "rule",
            pa.string(),
            "rule by which it is derived, or its bounds are, from the closed list `identity_rules.RULES`",
            None,
            "read off as it stands",
        ),
        Column("version", pa.int64(), "version of the rule", None, "no rule"),
    ),
)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One line of the identity table."""

    kind: str
    thing: str
    person: str | None
    account: str | None
    host: str | None
    basis: str
    source: str
    domain: str
    from_ns: int | None = None
    until_ns: int | None = None
    events: tuple[str, ...] = ()
    rule: str | None = None

    def holds(self, at_ns: int | None, to_ns: int | None = None) -> bool:
        """Whether it can have held at a moment, or at some moment from that to another; what is unknown excludes nothing."""
        if at_ns is None:
            return True
        last_ns = at_ns if to_ns is None else max(at_ns, to_ns)
        return (self.from_ns is None or self.from_ns <= last_ns) and (
            self.until_ns is None or at_ns <= self.until_ns
        )


@dataclass(slots=True)
class Directory:
    """Every enrolment, and the lookups over them."""

    enrolments: list[Enrolment]
    people: frozenset[str]
    roles: dict[str, str]
    aliases: dict[str, str] = field(default_factory=dict)
    derived: dict[tuple[str, int], Enrolment] = field(default_factory=dict)
    _by: dict[tuple[str, str], list[Enrolment]] = field(default_factory=dict)
    _numbers: dict[str | None, list[Enrolment]] = field(default_factory=dict)
    _openers: dict[str | None, list[Enrolment]] = field(default_factory=dict)

    _about: dict[tuple[str, str | None], list[Enrolment]] = field(default_factory=dict)
    _from: list[int] = field(default_factory=list)
    _until: list[int] = field(default_factory=list)
    _held: dict[tuple[str | None, tuple[int, int] | None], frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._from = sorted({e.from_ns for e in self.enrolments if e.from_ns is not None})
        self._until = sorted({e.until_ns for e in self.enrolments if e.until_ns is not None})
        for e in self.enrolments:
            self._by.setdefault((e.kind, e.thing), []).append(e)
            if e.kind in {"uid", "opens"}:
                (self._numbers if e.kind == "uid" else self._openers).setdefault(e.account, []).append(e)
            self._about.setdefault((e.kind, e.account), []).append(e)

    def about(self, kind: str, account: str | None) -> list[Enrolment]:
        """The enrolments of one kind that are linked to an account."""
        return self._about.get((kind, account), [])

    def lines(
        self, kind: str, thing: str | None, at_ns: int | None = None, to_ns: int | None = None
    ) -> list[Enrolment]:
        """The enrolments of one thing that can have held at a moment."""
        if thing is None:
            return []
        return [e for e in self._by.get((kind, thing), []) if e.holds(at_ns, to_ns)]

    def _people(self, kind: str, thing: str | None, at_ns: int | None, to_ns: int | None) -> frozenset[str]:
        return frozenset(e.person for e in self.lines(kind, thing, at_ns, to_ns) if e.person)

    def key_people(
        self, fingerprint: str | None, at_ns: int | None = None, to_ns: int | None = None
    ) -> frozenset[str]:
        """Persons a key is enrolled to."""
        return self._people("key", fingerprint, at_ns, to_ns)

    def device_people(
        self, address: str | None, at_ns: int | None = None, to_ns: int | None = None
    ) -> frozenset[str]:
        """Persons whose device has an address."""
        return self._people("device", address, at_ns, to_ns)

    def owners(
        self, account: str | None, at_ns: int | None = None, to_ns: int | None = None
    ) -> frozenset[str]:
        """Persons an account is enrolled to; the members of a shared one."""
        return self._people("account", account, at_ns, to_ns) | self._people(
            "shared_account", account, at_ns, to_ns
        )

    def holders(
        self, account: str | None, at_ns: int | None = None, to_ns: int | None = None
    ) -> frozenset[str]:
        """Owners, those of accounts with the same number, and persons whose own key opens the account, whoever let it.

        Between two edges of enrolments the answer is one: it is looked up once for each.
        """
        key = account, self._between(at_ns, to_ns)
        if key not in self._held:
            self._held[key] = self._holders(account, at_ns, to_ns)
        return self._held[key]

    def _between(self, at_ns: int | None, to_ns: int | None) -> tuple[int, int] | None:
        """Between which first and last moments of enrolments a time lies: whatever `Enrolment.holds` says of one such time it says of all."""
        if at_ns is None:
            return None
        last_ns = at_ns if to_ns is None else max(at_ns, to_ns)
        return bisect_right(self._from, last_ns), bisect_left(self._until, at_ns)

    def _holders(self, account: str | None, at_ns: int | None, to_ns: int | None) -> frozenset[str]:
        openers = (self.key_people(e.thing, at_ns, to_ns) for e in self.opening(account, at_ns, to_ns))
        same = (self.owners(other, at_ns, to_ns) for other in self.same_number(account, at_ns, to_ns))
        return self.owners(account, at_ns, to_ns).union(*openers, *same)

    def same_number(
        self, account: str | None, at_ns: int | None = None, to_ns: int | None = None
    ) -> frozenset[str]:
        """Accounts that a host gives the number of another at a moment: the kernel tells neither from the other."""
        own = [e for e in self._numbers.get(account, []) if e.basis == "observed" and e.holds(at_ns, to_ns)]
        alike = (
            e for mine in own for e in self.lines("uid", mine.thing, at_ns, to_ns) if e.host == mine.host
        )
        return frozenset(e.account for e in alike if e.account and e.basis == "observed") - {account or ""}

    def opening(
        self, account: str | None, at_ns: int | None = None, to_ns: int | None = None
    ) -> Iterable[Enrolment]:
        """The keys that can have opened an account at a moment."""
        return (e for e in self._openers.get(account, []) if e.holds(at_ns, to_ns))

    def called(self, typed: object, at_ns: int | None = None, to_ns: int | None = None) -> frozenset[str]:
        """Persons that a typed name can mean at a moment: by their name, or by an account of that name. It is a word, and no link."""
        name = str(typed or "").rpartition(" <")[0] or str(typed or "")
        found = self.aliases.get(name, name)
        return self.owners(name, at_ns, to_ns) | (frozenset({found}) & self.people)

    def is_shared(self, account: str | None, at_ns: int | None = None, to_ns: int | None = None) -> bool:
        """Whether more than one person can enter an account at a moment: one after the other is not."""
        return (
            bool(self.lines("shared_account", account, at_ns, to_ns))
            or len(self.holders(account, at_ns, to_ns)) > 1
        )

    def account_of(self, host: str | None, uid: int | None, at_ns: int | None = None) -> str | None:
        """The name that a uid has on a host at a moment: by the host's own sources, else by all that there are.

        A host's own sources give a name where one name alone can have held and one of them at least is no
        line that any account can write. Where the host has none, all others have to agree, and the name is
        derived: it is listed as such in the table. Two names are none.
        """
        if uid is None or pd.isna(uid):
            return None
        lines = self.lines("uid", str(int(uid)))
        here = [e for e in lines if e.host == host] if host is not None else []
        held = [e for e in here if e.holds(at_ns)]
        if any(e.basis == "observed" for e in here):
            names = {e.account for e in held}
            firm = any(e.basis == "observed" for e in held)
            return next(iter(names)) if firm and len(names) == 1 else None
        lines = [e for e in lines if e.holds(at_ns)]
        names = {e.account for e in lines}
        if len(names) != 1 or not any(e.basis == "observed" or e.domain == REGISTER for e in lines):
            return None
        name = next(iter(names))
        if host is not None and name is not None:
            self._derive(host, int(uid), name, lines)
        return name

    def _derive(self, host: str, uid: int, name: str, lines: list[Enrolment]) -> None:
        """Keep for the table that a name was taken from other hosts, or the register."""
        because = tuple(sorted({i for e in lines for i in e.events}))[:4]
        told = sorted({f"{e.source} of {e.host or 'register'}" for e in lines})
        self.derived[(host, uid)] = Enrolment(
            "uid", str(uid), None, name, host, "derived", ", ".join(told)[:200], min(e.domain for e in lines), None, None, because,
            identity_rules.OTHER_HOSTS,
        )  # fmt: skip

    def dated(self, uid: int | None) -> bool:
        """Whether it can matter when a uid is asked for."""
        return uid is not None and any(
            e.from_ns is not None or e.until_ns is not None for e in self.lines("uid", str(int(uid)))
        )

    def disagreements(self) -> dict[str, list[Enrolment]]:
        """Where the register and a host tell a number, an account or a key differently: all that is said of each."""
        found = dict(uids.disagreeing([e for e in self.enrolments if e.kind == "uid"]))
        for (kind, thing), lines in sorted(self._by.items()):
            people = {e.person for e in lines if e.domain == REGISTER}
            others = {e.person for e in lines if e.domain != REGISTER}
            if kind == "key" and people and others - people:
                found[f"key {thing}"] = lines
        return found

    def uids_of(self, account: str | None, at_ns: int | None = None) -> frozenset[int]:
        """Every uid that some source gives an account at a moment."""
        return frozenset(int(e.thing) for e in self._numbers.get(account, []) if account and e.holds(at_ns))

    def uid_of(self, account: str | None, at_ns: int | None = None) -> int | None:
        """The uid that an account has at a moment: the one that hosts tell, else the one that the register does.

        Of several, none: which of them a job ran under is not for us to choose.
        """
        lines = [e for e in self._numbers.get(account, []) if e.holds(at_ns)] if account is not None else []
        told = {e.thing for e in lines if e.domain != REGISTER and e.basis == "observed"} or {
            e.thing for e in lines
        }
        return int(next(iter(told))) if len(told) == 1 else None

    def fired(self) -> Counter[str]:
        """How often each rule derived an enrolment, or its bounds."""
        return Counter(e.rule for e in (*self.enrolments, *self.derived.values()) if e.rule is not None)

    def table(self) -> pa.Table:
        """The enrolments as the declared table, in a total order."""
        rows = sorted(
            [*self.enrolments, *self.derived.values()], key=lambda e: tuple(str(v) for v in _values(e))
        )
        values = [_values(e) for e in rows]
        return IDENTITY.build({c.name: [v[i] for v in values] for i, c in enumerate(IDENTITY.columns)})


def _values(e: Enrolment) -> tuple[object, ...]:
    return (
        e.kind, e.thing, e.person, e.account, e.host, e.basis, e.source, e.domain, e.from_ns, e.until_ns, list(e.events), e.rule,
        None if e.rule is None else identity_rules.RULES[e.rule].version,
    )  # fmt: skip


def directory(evidence: Evidence) -> Directory:
    """Read the roster and every enrolment found in the evidence.

    A key is enrolled to a person by the roster or by the git server's key directory, never by an
    `authorized_keys`: whoever can write that file can put any key there. What it does say is which
    account a key opens.
    """
    found = [*_from_roster(evidence), *_from_evidence(evidence)]
    people = frozenset(p.name for p in evidence.roster.persons)
    roles = {p.name: p.role for p in evidence.roster.persons}
    return Directory(found, people, roles, {a: p.name for p in evidence.roster.persons for a in p.aliases})


def _from_roster(evidence: Evidence) -> Iterable[Enrolment]:
    for p in evidence.roster.persons:
        for a in p.accounts:
            yield Enrolment(
                "account", a.name, p.name, None, None, "asserted", a.source, REGISTER, a.from_ns, a.until_ns
            )
            if a.uid is not None:
                yield Enrolment(
                    "uid",
                    str(a.uid),
                    None,
                    a.name,
                    None,
                    "asserted",
                    a.source,
                    REGISTER,
                    a.from_ns,
                    a.until_ns,
                )
        for k in p.keys:
            yield Enrolment(
                "key",
                k.fingerprint,
                p.name,
                None,
                None,
                "asserted",
                k.source,
                REGISTER,
                k.from_ns,
                k.until_ns,
            )
        for d in p.devices:
            yield Enrolment(
                "device", d.address, p.name, None, None, "asserted", d.source, REGISTER, d.from_ns, d.until_ns
            )
    for s in evidence.roster.accounts:
        if s.uid is not None:
            yield Enrolment("uid", str(s.uid), None, s.name, None, "asserted", s.source, REGISTER)
        for member in s.members if s.shared else ():
            yield Enrolment("shared_account", s.name, member, None, None, "asserted", s.source, REGISTER)
        for m in s.terms if s.shared else ():
            yield Enrolment(
                "shared_account", s.name, m.name, None, None, "asserted", s.source, REGISTER, m.from_ns, m.until_ns
            )  # fmt: skip


def _from_evidence(evidence: Evidence) -> Iterable[Enrolment]:
    named: dict[str, dict[str, None]] = {}
    for p in evidence.roster.persons:
        for a in p.accounts:
            named.setdefault(a.name, {})[p.name] = None
    for n in uids.find(evidence):
        yield Enrolment(
            "uid", str(n.uid), None, n.account, n.host, n.basis, n.source, n.domain, n.from_ns, n.until_ns, n.events,
            n.rule,
        )  # fmt: skip
    for o in (*keys.opened(evidence), *keys.authorities(evidence)):
        yield Enrolment(
            o.kind, o.thing, None, o.account, o.host, o.basis, o.source, o.domain, o.from_ns, o.until_ns, o.events,
            o.rule,
        )  # fmt: skip
    listed = of_verbs(evidence, "enrol_key")
    listed = where(listed, "domain", lambda domain: str(domain).startswith("git"))
    for e in rows_of(picked(listed, listed["account"].isin(named.keys()))):
        # Of a name that several had, one after the other, a key can be of each: nothing says when it was put there.
        for person in named[e.account]:
            yield Enrolment(
                "key", e.credential, person, None, None, "derived", "git key directory", e.domain, None, None, (e.event_id,),
                identity_rules.KEY_DIRECTORY,
            )  # fmt: skip
    entered = of_verbs(
        evidence, "login", but=lambda e: e["credential"].notna() & e["format"].isin(SYSTEM_LOGS) & ~e["trail"]
    )
    yield from _certified(entered)


def _certified(entered: pd.DataFrame) -> Iterable[Enrolment]:
    """Certificates that opened an account: what their authority calls the holder is its word, and names no person here."""
    told = where(entered, "text", lambda text: isinstance(text, str) and " CA " in text)
    for e in rows_of(told):
        text = str(e.text)
        match = _AUTHORITY.search(text)
        if match is None:
            continue
        begun = text.find(_IDENTITY, text.rfind("\n", 0, match.start()) + 1) + len(_IDENTITY)
        if len(_IDENTITY) <= begun <= match.start():
            thing = f"serial {match['serial']} of {match['authority']}"
            source = f"certificate {text[begun : match.start()][:200]} with {e.credential}"
            yield Enrolment(
                "certificate", thing, None, e.account, e.host, "asserted", source, e.domain, None, None, (e.event_id,)
            )  # fmt: skip
