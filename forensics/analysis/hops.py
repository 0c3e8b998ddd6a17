"""Sessions that came out of other sessions: by ssh from another host or the same, and by su, sudo and machinectl.

Derived, never observed: the kernel of one host does not know the other. An ssh client that ran in a session
is taken for the origin of a session elsewhere where its moment, its host's own address and the host that it
was told to go to all allow it, and no other client's do. All that can be are kept, each with what bears it out.

The kernel's own record of a client's connections can rule it out: it went elsewhere. A firewall's line in the
system log can bear one out, and never rule one out, for any account can write a line that looks like it.
"""

import posixpath
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd
import pyarrow as pa

from forensics.analysis.by_verb import of_verbs, runs_by_name
from forensics.analysis.evidence import Evidence, Row, picked, rows_of, where
from forensics.analysis.rulebook import Rule
from forensics.analysis.sessions import Session
from forensics.core.clock import NS_PER_S
from forensics.core.messageevents import SYSTEM_LOGS
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

RULE, FORWARDED = "client_led_to_entry", "forwarding_led_to_entry"
RULES = {
    RULE: Rule(
        (),
        "a client ran in the one session at the moment of the other's entry, and its words and connections allow it",
        "a client that no record tells; two hosts that share an address",
    ),
    FORWARDED: Rule(
        (),
        "sshd itself, within the one session, connected to the very address and port that was entered, as for ssh -J and -W",
        "somebody who forwards a connection of another's through an own session",
    ),
}
HOP = Table(
    "hop",
    "one session out of which another can have been opened: derived",
    (
        Column("origin", pa.string(), "session in which the client ran"),
        Column("session", pa.string(), "session that it can have opened"),
        Column("rule", pa.string(), f"`{RULE}`, or `{FORWARDED}`, by which no client runs on the host between"),
        Column("basis", pa.string(), "derived"),
        Column(
            "borne_out_by",
            STRINGS,
            "time; address (the origin's host has the one that the session came from); host_named (the client was told to go there); "
            "destination (the kernel saw it connect there); port (a line of the firewall tells of its port)",
        ),
        Column("rivals", pa.int64(), "other sessions out of which it can have been opened; `via` is set where there are none"),
        Column("events", STRINGS, "executions of the client, its or sshd's connections, and the firewall's lines"),
    ),
)  # fmt: skip
CLIENTS = frozenset({"ssh", "scp", "sftp", "rsync", "git", "mosh", "autossh"})
SHELLS_INTO = frozenset({"machinectl"})
FORWARDERS = frozenset({"sshd", "sshd-session"})
"""Programs that connect on for whoever is logged in."""
_BEFORE_NS, _AFTER_NS = 30 * NS_PER_S, NS_PER_S
"""From the start of a client to the entry that it makes, at most; and how much clocks of two hosts may be apart."""
_ENTERED = frozenset({"sshd", "systemd", "systemd-machined", "login"})
_LOOPBACK = re.compile(r"^(?:127\.|::1$|::ffff:127\.)")
_OWN_SIDE = re.compile(r"^Connection from (?P<peer>\S+) port (?P<port>\d+) on (?P<own>\S+) port (?P<at>\d+)")
_REACHED = re.compile(r"\[?(?P<address>[0-9A-Fa-f.:]+?)\]?:(?P<port>\d+)")
_ADDRESSES = re.compile(r"(?:^| )SRC=(?P<src>\S++) DST=(?P<dst>\S++) ")
_PORTS = re.compile(r"\bPROTO=TCP SPT=(?P<spt>\d{1,5}) DPT=(?P<dpt>\d{1,5})\b")


class Side(NamedTuple):
    """The side of a connection that is the host's own, and the line that says so."""

    address: str
    port: int
    event: str


@dataclass(frozen=True, slots=True)
class Hop:
    """One row of the table."""

    origin: Session
    session: Session
    by: tuple[str, ...]
    rivals: int
    events: tuple[str, ...]
    rule: str = RULE


@dataclass(frozen=True, slots=True)
class _Network:
    """What is known of addresses and connections."""

    own: Mapping[str, frozenset[str]]
    hosts: Mapping[str | None, frozenset[str]]
    sides: Mapping[tuple[str | None, str, int], Side]
    reached: Mapping[tuple[str | None, int], Sequence[Row]]
    firewall: Mapping[tuple[str | None, str, str, int], Sequence[Row]]
    forwarded: Mapping[tuple[str, int], Sequence[Row]]


def link(evidence: Evidence, sessions: Sequence[Session]) -> list[Hop]:
    """Set `via` of every session whose one origin the evidence shows, and add the client's event to its events.

    Args:
        evidence: by clocks that are compared.
        sessions: from `sessions.reconstruct`; changed in place.

    Returns:
        Every session that can have led to another, those that compete among them.
    """
    by_ses = {(s.host, s.ses): s for s in sessions if s.ses is not None}
    network = _network(evidence)
    ran = clients(evidence)
    found = []
    for session in sessions:
        if session.start_ns is None or session.service not in _ENTERED:
            continue
        # A client that led here ran on a host that has the address, or on the session's own.
        hosts = {session.host, *network.hosts.get(session.address, ())}
        about = [(e, by_ses.get((e.host, e.session))) for e in ran.about(session.start_ns, hosts)]
        near = [(e, via) for e, via in about if via is not None and _can_have_led(e, via, session, network)]
        through = _forwarded(session, network, by_ses)
        # One client runs others (git runs ssh, rsync too): the origin is the session, not the process.
        origins = {via.session_id: via for _, via in [*near, *through]}
        for name in sorted(origins):
            ran_by = [e for e, via in near if via.session_id == name]
            passed = [e for e, via in through if via.session_id == name]
            found.append(_hop(origins[name], session, ran_by, passed, network, len(origins) - 1))
        if len(origins) == 1:
            session.via = next(iter(origins))
            session.via_events = sorted({str(e.event_id) for e, _ in [*near, *through]})
    return found


def _forwarded(
    session: Session, network: _Network, by_ses: Mapping[tuple[str | None, str], Session]
) -> list[tuple[Row, Session]]:
    """Connections by sshd, each within a session, to the very address and port of an entry, about its moment."""
    side, start = _side(session, network), session.start_ns
    if side is None or start is None:
        return []
    made = network.forwarded.get((side.address, side.port), ())
    near = [e for e in made if e.earliest_ns - _AFTER_NS <= start <= e.latest_ns + _BEFORE_NS]
    # Whose addresses are not known can have the one that the entry came from.
    own = [e for e in near if session.address in network.own.get(str(e.host), {session.address})]
    found = [(e, by_ses.get((e.host, e.session))) for e in own]
    return [(e, via) for e, via in found if via is not None and via is not session]


def _hop(
    origin: Session,
    session: Session,
    clients: Sequence[Row],
    passed: Sequence[Row],
    network: _Network,
    rivals: int,
) -> Hop:
    """What bears out that clients in one session, or sshd for it, opened another."""
    by, events = {"time"}, [str(e.event_id) for e in (*clients, *passed)]
    by |= {"destination"} if passed else set()
    if session.address in network.own.get(str(origin.host), frozenset()):
        by.add("address")
    names = {str(session.host), *network.own.get(str(session.host), frozenset())}
    side = _side(session, network)
    for e in clients:
        words = (
            {w.rpartition("@")[2].partition(":")[0] for w in e.argv[1:]}
            if isinstance(e.argv, list)
            else set()
        )
        if words & names:
            by.add("host_named")
        for reached, (address, port) in _connections(e, network):
            if side is not None and (address, port) == (side.address, side.port):
                by.add("destination")
                events.append(str(reached.event_id))
    if session.address is not None and session.port is not None and side is not None:
        for line in network.firewall.get((origin.host, session.address, side.address, session.port), ()):
            if abs(int(line.earliest_ns) - int(session.start_ns or 0)) <= _BEFORE_NS:
                by.add("port")
                events.append(str(line.event_id))
    rule = RULE if clients else FORWARDED
    return Hop(origin, session, tuple(sorted(by)), rivals, tuple(dict.fromkeys(events)), rule)


def _side(session: Session, network: _Network) -> Side | None:
    """The host's own side of a session's connection, by sshd."""
    if session.address is None or session.port is None:
        return None
    return network.sides.get((session.host, session.address, session.port))


def _connections(e: Row, network: _Network) -> Iterable[tuple[Row, tuple[str, int]]]:
    """Where the process of a client connected to, as the kernel saw it."""
    for reached in network.reached.get((e.host, int(e.pid)), ()) if not pd.isna(e.pid) else ():
        match = _REACHED.fullmatch(str(reached.object))
        if (
            match is not None
            and e.earliest_ns <= reached.latest_ns
            and reached.earliest_ns <= e.latest_ns + _BEFORE_NS
        ):
            yield reached, (match["address"], int(match["port"]))


def _went_elsewhere(e: Row, session: Session, network: _Network) -> bool:
    """Whether the kernel saw a client connect to the service's port of another address only."""
    side = _side(session, network)
    if side is None:
        return False
    there = [address for _, (address, port) in _connections(e, network) if port == side.port]
    return bool(there) and side.address not in there


def _firewalled(text: str) -> tuple[str, str, int] | None:
    """Addresses and the port that a firewall's line gives of a connection: from where, to where, by which port."""
    # Each looked for by itself: as one pattern, a line of nothing but addresses was looked through for each of them.
    addresses, ports = _ADDRESSES.search(text), list(_PORTS.finditer(text))
    if addresses is None or not ports or ports[-1].start() < addresses.end():
        return None
    return addresses["src"], addresses["dst"], int(ports[-1]["spt"])


def _network(evidence: Evidence) -> _Network:
    events = evidence.events
    sides: dict[tuple[str | None, str, int], Side] = {}
    for host, event, match in _told(evidence):
        sides[(host, match["peer"], int(match["port"]))] = Side(match["own"], int(match["at"]), event)
    reached: dict[tuple[str | None, int], list[Row]] = {}
    forwarded: dict[tuple[str, int], list[Row]] = {}
    made = of_verbs(
        evidence, "connect", but=lambda e: e["trail"] & e["pid"].notna() & e["earliest_ns"].notna()
    )
    for e in rows_of(picked(made, made["object_kind"] == "address")):
        reached.setdefault((e.host, int(e.pid)), []).append(e)
        at = (
            _REACHED.fullmatch(str(e.object))
            if isinstance(e.session, str) and _base(e.exe) in FORWARDERS
            else None
        )
        if at is not None:
            forwarded.setdefault((at["address"], int(at["port"])), []).append(e)
    firewall: dict[tuple[str | None, str, str, int], list[Row]] = {}
    logs = picked(
        events, events["format"].isin(SYSTEM_LOGS) & events["earliest_ns"].notna() & events["text"].notna()
    )
    for e in rows_of(where(logs, "text", lambda text: " SRC=" in text and " SPT=" in text)):
        told = _firewalled(e.text)
        if told is not None:
            firewall.setdefault((e.host, *told), []).append(e)
    own, hosts = addresses(evidence), dict[str | None, set[str]]()
    for host, known in own.items():
        for address in known:
            hosts.setdefault(address, set()).add(host)
    having = {address: frozenset(there) for address, there in hosts.items()}
    return _Network(own, having, sides, reached, firewall, forwarded)


def _base(exe: object) -> str:
    return posixpath.basename(exe) if isinstance(exe, str) else ""


class Clients:
    """Executions of what can open a session elsewhere, with a moment and an audit session, by host and time."""

    def __init__(self, ran: pd.DataFrame) -> None:
        """`ran` are such executions, in order of time."""
        self._on: dict[str | None, list[Row]] = {}
        for e in rows_of(ran):
            self._on.setdefault(e.host, []).append(e)
        self._began = {host: [int(e.earliest_ns) for e in rows] for host, rows in self._on.items()}
        self._longest = max((int(e.latest_ns) - int(e.earliest_ns) for e in rows_of(ran)), default=0)

    def about(self, start_ns: int, hosts: Iterable[str | None] | None = None) -> list[Row]:
        """Those that can have opened a session which began at a moment: on some hosts, or on any."""
        found: list[Row] = []
        for host in self._on if hosts is None else hosts:
            began = self._began.get(host, ())
            first = bisect_left(began, start_ns - _BEFORE_NS - self._longest)
            near = self._on.get(host, ())[first : bisect_right(began, start_ns + _AFTER_NS)]
            found += [e for e in near if e.earliest_ns - _AFTER_NS <= start_ns <= e.latest_ns + _BEFORE_NS]
        return sorted(found, key=lambda e: (int(e.earliest_ns), str(e.event_id)))


def clients(evidence: Evidence) -> Clients:
    """The clients of a case, looked up once."""
    if "clients" not in evidence.memo:
        evidence.memo["clients"] = Clients(_clients(evidence))
    found: Clients = evidence.memo["clients"]
    return found


def _clients(evidence: Evidence) -> pd.DataFrame:
    """Executions of what can open a session elsewhere, with a moment and an audit session."""
    ran = runs_by_name(evidence, lambda name: name in CLIENTS or name in SHELLS_INTO)
    return picked(ran, ran["session"].notna())


def _can_have_led(e: Row, via: Session, session: Session, network: _Network) -> bool:
    """Whether a client that ran about then can have opened a session, by its host, its words and where it connected to."""
    own = network.own
    if via is session:
        return False
    if posixpath.basename(e.exe) in SHELLS_INTO:
        return bool(
            session.address is None and session.host == e.host and {"shell", "login"} & set(e.argv or ())
        )
    if session.service != "sshd" or session.address is None or _went_elsewhere(e, session, network):
        return False
    if _LOOPBACK.match(session.address):
        return bool(session.host == e.host)
    if session.address in own.get(str(e.host), frozenset()):
        return session.host == e.host or _may_mean(e.argv, session, own)
    return False


def _may_mean(argv: object, session: Session, own: Mapping[str, frozenset[str]]) -> bool:
    """Whether a client's words leave it open that it went to the session's host: no other host's name is among them."""
    words = {w.rpartition("@")[2].partition(":")[0] for w in argv[1:]} if isinstance(argv, list) else set()
    others = {h for h in own if h != session.host} | {
        a for h, known in own.items() if h != session.host for a in known
    }
    mine = {str(session.host), *own.get(str(session.host), frozenset())}
    return bool(words & mine) or not words & others


def addresses(evidence: Evidence) -> dict[str, frozenset[str]]:
    """Each host's own addresses, by its sshd: the side that a connection came in on. Loopback is every host's."""
    found: dict[str, set[str]] = {}
    for host, _, match in _told(evidence):
        if not _LOOPBACK.match(match["own"]):
            found.setdefault(str(host), set()).add(match["own"])
    return {host: frozenset(known) for host, known in sorted(found.items())}


def _told(evidence: Evidence) -> Sequence[tuple[str, str, re.Match[str]]]:
    """The lines of sshd that name both sides of a connection, with host and event; looked up once."""
    if "connections_told" not in evidence.memo:
        evidence.memo["connections_told"] = tuple(_lines_of_sshd(evidence))
    found: Sequence[tuple[str, str, re.Match[str]]] = evidence.memo["connections_told"]
    return found


def _lines_of_sshd(evidence: Evidence) -> Iterable[tuple[str, str, re.Match[str]]]:
    events = evidence.events
    told = picked(
        events, events["format"].isin(SYSTEM_LOGS) & events["host"].notna() & events["text"].notna()
    )
    told = picked(told, told["text"].str.startswith(("Connection from ", "sshd: Connection from ")))
    for host, event, text in zip(told["host"], told["event_id"], told["text"], strict=True):
        match = _OWN_SIDE.match(str(text).removeprefix("sshd: "))
        if match is not None:
            yield str(host), str(event), match


def roots(session: Session, known: Mapping[str, Session]) -> list[str]:
    """The sessions, by their ids, that a session came out of, the nearest first; a circle ends where it closes."""
    chain: list[str] = []
    at = session.via
    while at is not None and at in known and at not in chain and at != session.session_id:
        chain.append(at)
        at = known[at].via
    return chain


def table(found: Iterable[Hop]) -> pa.Table:
    """The hops as the declared table."""
    rows = list(found)
    return HOP.build({
        "origin": [h.origin.session_id for h in rows],
        "session": [h.session.session_id for h in rows],
        "rule": [h.rule for h in rows],
        "basis": ["derived" for _ in rows],
        "borne_out_by": [list(h.by) for h in rows],
        "rivals": [h.rivals for h in rows],
        "events": [list(h.events) for h in rows],
    })  # fmt: skip
