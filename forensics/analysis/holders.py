"""Who could have written a trust domain's records, and whether anything shows that they were there.

Whoever has root on a host can write what is kept on it. That somebody has root is learnt from the
host's own sudoers, from sudo's and root's logins, and from the role that the roster states; the last is
somebody's word, and counts here because it can only widen who comes into question.
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from forensics.analysis import containers, hops, memberships, raised, rights, unheard
from forensics.analysis.acts import Act, Scene
from forensics.analysis.by_verb import of_verbs
from forensics.analysis.evidence import picked, rows_of
from forensics.analysis.gaps import Gap, Spans
from forensics.analysis.memberships import Member
from forensics.analysis.sessions import Session
from forensics.analysis.tampering import Tampering
from forensics.core.messageevents import JOURNALS, SYSTEM_LOGS

_TO_ROOT = re.compile(r"(?:^|, )(?:root|ALL|#0)(?:$|, )")
_OPEN_ENDED = re.compile(
    r"-?(?:(?:ba|da|z|k|c|tc|fi)?sh|python[0-9.]*|perl|ruby|g?awk|auditctl|auditd|augenrules|vi|vim|nano|ed|ex|sed|emacs|dd|tee)"
)
"""Programs that, with root's rights, can do what no record of their start tells: shells, editors, interpreters, `auditctl`."""
RAISERS = frozenset(
    {"sudo", "sudo-rs", "sudo.ws", "su", "su-rs", "doas", "pkexec", "runuser", "machinectl", "run0"}
)
"""Programs that give another account's rights."""
_RECORDS = re.compile(r"/var/log|/audit|journal|loginuid|authorized_keys|[bw]tmp|lastlog")
FROM_ANYBODY = SYSTEM_LOGS - JOURNALS
"""Logs to which any account can send a line under any program's name. A journal writes down itself who sent it."""
_NOBODYS = frozenset({"silence", "serial_gap", "clock_step", "daemon_stop"})
ROOT = rights.ROOT
_HOST_S = frozenset({ROOT, "slurmd"})
"""Kinds of domain that the root of the host holds."""
_VOUCHED_FOR = frozenset({"slurm:admin"})


@dataclass(frozen=True, slots=True)
class Hold:
    """Why somebody is taken to hold a domain: `role` is asserted, `…_line` by what any account can write, the others observed, by these events.

    until_ns: when it was taken from them, where that is on record; who holds it only later can still change records.
    """

    person: str
    host: str | None
    why: str
    events: tuple[str, ...] = ()
    until_ns: int | None = None


@dataclass(slots=True)
class Holders:
    """Everybody's hold on the trust domains of a case, and their presence where it matters.

    `addresses` are those of the hosts themselves; `missing` are the times of which records are missing somewhere, or a clock was set;
    `told_since` is from when on each host's trail has no hole of the time asked about behind it.
    """

    scene: Scene
    tampering: list[Act]
    gaps: list[Gap]
    holds: list[Hold] = field(default_factory=list)
    _sessions: dict[str, list[Session]] = field(default_factory=dict)
    _rights: frozenset[tuple[str | None, str]] = frozenset()
    _asked: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    missing: Spans = field(init=False)
    _missing_on: dict[str | None, Spans] = field(init=False)
    tampered: Tampering = field(init=False)
    told_since: unheard.Since = field(init=False)

    def __post_init__(self) -> None:
        self.holds = sorted(_holds(self.scene), key=lambda h: (h.person, h.host or "", h.why, h.events))
        for session in self.scene.sessions.values():
            for person in people_of(self.scene, session):
                self._sessions.setdefault(person, []).append(session)
        self.tampered = Tampering(self.tampering, lambda a: self.scene.directory.owners(a.account, *a.span()))
        self._rights = _open_ended_sessions(self.scene.events)
        self._asked = frozenset(_open_ended_lines(self.scene))
        nobodys = [g for g in self.gaps if g.kind in _NOBODYS]
        self.missing = Spans(nobodys)
        self.told_since = unheard.since(self.scene.evidence, self.gaps)
        by_host: dict[str | None, list[Gap]] = {}
        for gap in nobodys:
            by_host.setdefault(gap.host, []).append(gap)
        self._missing_on = {host: Spans(found) for host, found in by_host.items()}
        self.addresses = frozenset().union(*hops.addresses(self.scene.evidence).values())

    def of(self, domain: str, since_ns: int | None = None) -> list[str]:
        """Persons on the roster who hold a domain, or held it at some moment from one on.

        A scheduler takes the word of every host's root for who asks it: what its controller says of the asking
        account is in reach of whoever has root on any host, though its file is not.
        """
        host, _, role = domain.rpartition(":")
        return sorted(
            {
                h.person
                for h in self.holds
                if (h.until_ns is None or since_ns is None or h.until_ns >= since_ns)
                and (h.host is None or domain in _VOUCHED_FOR or (h.host == host and role in _HOST_S))
            }
        )

    def held_by(self, person: str, domains: Iterable[str], since_ns: int | None = None) -> frozenset[str]:
        """Which of some domains a person holds, or held at some moment from one on."""
        return frozenset(d for d in domains if person in self.of(d, since_ns))

    def presence(
        self,
        person: str | None,
        domains: Iterable[str],
        first_ns: int | None,
        last_ns: int | None,
        *,
        sparing: str | None,
    ) -> str:
        """What shows that a holder of some domains was there: `active`, `present` or `absent`.

        Args:
            person: somebody on the roster, or None for a holder whom no record names.
            domains: the domains held.
            first_ns: the opening of the session in question.
            last_ns: the act's end.
            sparing: the person whose own acts are no trace of another.
        """
        if first_ns is None or last_ns is None:
            return "active"
        hosts = {d.rpartition(":")[0] for d in domains}
        if self._disturbed(hosts, first_ns, last_ns, person, sparing):
            return "active"
        if person is None:
            return "absent"
        open_then = [
            s for s in self._sessions.get(person, ()) if s.host in hosts and s.works(first_ns, last_ns)
        ]
        if any((s.host, s.ses) in self._rights or s.session_id in self._asked for s in open_then):
            return "active"
        return "present" if open_then else "absent"

    def _disturbed(
        self, hosts: set[str], first_ns: int, last_ns: int, person: str | None, sparing: str | None
    ) -> bool:
        """Whether records of a host are missing or were handled about then, by this person or by nobody known."""
        if any(self._missing_on[h].touch(first_ns, last_ns) for h in hosts & self._missing_on.keys()):
            return True
        return self.tampered.disturbs(hosts, first_ns, person, sparing)


def _open_ended_sessions(events: pd.DataFrame) -> frozenset[tuple[str | None, str]]:
    """Host and number of each session in which root's rights were used so that records can have been touched unseen.

    What sshd and PAM run as root while they let somebody in is in the session too, and is not the person's:
    only what comes after `sudo`, `su` or the like counts, or all of a login as root.
    """
    run = picked(events, events["verb"].isin({"sudo", "execute"}) & events["session"].notna())
    raised = (run["verb"] == "sudo") | _true(run["exe"], lambda exe: posixpath.basename(exe) in RAISERS)
    first: dict[tuple[str | None, str], int | None] = {}
    for e in rows_of(picked(run, raised | (run["auid"] == 0))):
        first.setdefault((e.host, e.session), None if pd.isna(e.earliest_ns) else int(e.earliest_ns))
    found = set()
    for e in rows_of(picked(run, (run["effective"] == ROOT) | (run["verb"] == "sudo"))):
        key = (e.host, e.session)
        since = first.get(key)
        later = since is None or pd.isna(e.earliest_ns) or int(e.earliest_ns) >= since
        if (
            key in first
            and key not in found
            and later
            and open_ended(verb=e.verb, exe=e.exe, argv=e.argv, text=e.text)
        ):
            found.add(key)
    return frozenset(found)


def _open_ended_lines(scene: Scene) -> Iterable[str]:
    """Sessions in which a line of sudo or su says that root's rights were used so; anybody can write one, so that it can only add rivals."""
    for r in raised.known(scene):
        if r.session is not None and r.outcome != "failure" and r.effective == ROOT:
            argv = None if r.argv is None else list(r.argv)
            if r.opens_shell or open_ended(verb="sudo", exe=None, argv=argv, text=r.text):
                yield r.session.session_id


def _true(values: pd.Series, test: Callable[[str], bool]) -> "pd.Series[bool]":
    """Where a text passes a test; nowhere where there is none."""
    return pd.Series([isinstance(v, str) and test(v) for v in values], index=values.index, dtype=bool)


def open_ended(*, verb: str, exe: str | None, argv: object, text: str | None) -> bool:
    """Whether a use of root's rights can have touched records without a further trace.

    A named program that does one thing leaves that on record; a shell, an editor or an interpreter does
    not, nor does anything that names the records themselves.
    """
    words = list(argv) if isinstance(argv, list) else str(exe or "").split()
    if verb == "sudo" and not isinstance(argv, list):
        words = str(text or "").split()
    while words and (posixpath.basename(str(words[0])) in RAISERS or str(words[0]).startswith("-")):
        shell = str(words.pop(0)) in {"-i", "-s", "-", "-l"}
        if shell:
            return True
    program = posixpath.basename(str(words[0])) if words else ""
    return bool(_OPEN_ENDED.fullmatch(program)) or any(_RECORDS.search(str(w)) for w in words)


def people_of(scene: Scene, session: Session) -> frozenset[str]:
    """Whom a session is enrolled to as it begins: by its key where there is one, else by its account."""
    directory, at = scene.directory, session.entered()
    return directory.key_people(session.credential, *at) or directory.owners(session.account, *at)


def _by_groups(scene: Scene, groups: Mapping[tuple[str | None, str], list[Member]]) -> Iterable[Hold]:
    """Whoever may ask a daemon of containers for anything can do so with the rights of root."""
    for (host, group), members in groups.items():
        for member in members if group in containers.GROUPS else ():
            for person in scene.directory.owners(member.account):
                yield Hold(person, host, "container_group", member.because, member.until_ns)


def _holds(scene: Scene) -> Iterable[Hold]:
    for person, role in sorted(scene.directory.roles.items()):
        if rights.ROLE.search(role):
            yield Hold(person, None, "role")
    groups = memberships.of_groups(scene.events)
    for e in rows_of(of_verbs(scene.evidence, "enrol_sudo", but=lambda e: e["object"].notna())):
        if not _TO_ROOT.search(str(e.object)):
            continue
        subject = str(e.text).split(" ", 1)[0]
        own = [Member(e.account, None, ())]
        for member in groups.get((e.host, subject[1:]), []) if subject.startswith("%") else own:
            for person in scene.directory.owners(member.account):
                yield Hold(person, e.host, "sudoers", (e.event_id, *member.because), member.until_ns)
    yield from _by_groups(scene, groups)
    used = of_verbs(
        scene.evidence, "sudo", but=lambda e: (e["outcome"] != "failure") & (e["effective"] == ROOT)
    )
    entered = of_verbs(
        scene.evidence, "login", but=lambda e: (e["account"] == ROOT) & e["credential"].notna()
    )
    for why, rows, column in (("sudo_used", used, "account"), ("root_login", entered, "credential")):
        told = picked(rows, rows[column].notna())
        line = told["event_id"].isin(_lines(scene, told) if len(told) else ())
        known = set(zip(told.loc[~line, "host"], told.loc[~line, column], strict=True))
        first = told.assign(line=line).sort_values("line", kind="stable").drop_duplicates(["host", column])
        for e in rows_of(first):
            thing = getattr(e, column)
            people = (
                scene.directory.owners(thing) if column == "account" else scene.directory.key_people(thing)
            )
            for person in people:
                yield Hold(person, e.host, why if (e.host, thing) in known else f"{why}_line", (e.event_id,))


def _lines(scene: Scene, told: pd.DataFrame) -> set[str]:
    """Those of some events that any account can have written: lines of the system log which no second source bears out.

    One on sudo is borne out where the host's trail tells that the account ran it, one on a login where another log tells that.
    """
    borne_out = {i for s in scene.sessions.values() if len(s.recognised_by) > 1 for i in s.events}
    ran = of_verbs(scene.evidence, "sudo", but=lambda e: e["trail"])
    accounts = set(zip(ran["host"], ran["account"], strict=True))
    loose = picked(told, told["format"].isin(FROM_ANYBODY) & ~told["trail"])
    own = zip(loose["event_id"], loose["verb"], loose["host"], loose["account"], strict=True)
    return {
        str(event)
        for event, verb, host, account in own
        if event not in borne_out and not (verb == "sudo" and (host, account) in accounts)
    }
