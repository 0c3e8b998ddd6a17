"""Sessions that came out of other sessions: by ssh from another host or the same, and by su, sudo and machinectl.

Derived, never observed: the kernel of one host does not know the other. An ssh client that ran in a session
is taken for the origin of a session elsewhere where its moment, its host's own address and the host that it
was told to go to all allow it, and no other client's do.
"""

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from forensics.analysis.evidence import Evidence, Row, rows_of, where
from forensics.analysis.sessions import Session
from forensics.core.clock import NS_PER_S
from forensics.core.messageevents import SYSTEM_LOGS

CLIENTS = frozenset({"ssh", "scp", "sftp", "rsync", "git", "mosh", "autossh"})
SHELLS_INTO = frozenset({"machinectl"})
_BEFORE_NS, _AFTER_NS = 30 * NS_PER_S, NS_PER_S
"""From the start of a client to the entry that it makes, at most; and how much clocks of two hosts may be apart."""
_LOOPBACK = re.compile(r"^(?:127\.|::1$|::ffff:127\.)")
_OWN_SIDE = re.compile(r"^Connection from \S+ port \d+ on (\S+) port \d+")


def link(evidence: Evidence, sessions: Sequence[Session]) -> None:
    """Set `via` of every session whose one origin the evidence shows, and add the client's event to its events.

    Args:
        evidence: by clocks that are compared.
        sessions: from `sessions.reconstruct`; changed in place.
    """
    by_ses = {(s.host, s.ses): s for s in sessions if s.ses is not None}
    own = addresses(evidence)
    ran = _clients(evidence)
    asked = [(e, by_ses[(e.host, e.session)]) for e in rows_of(ran) if (e.host, e.session) in by_ses]
    for session in sessions:
        if session.start_ns is None or session.service not in {
            "sshd",
            "systemd",
            "systemd-machined",
            "login",
        }:
            continue
        near = [(e, via) for e, via in asked if _can_have_led(e, via, session, own)]
        # One client runs others (git runs ssh, rsync too): the origin is the session, not the process.
        origins = {via.session_id for _, via in near}
        if len(origins) == 1:
            session.via = next(iter(origins))
            session.via_events = sorted({str(e.event_id) for e, _ in near})


def _clients(evidence: Evidence) -> pd.DataFrame:
    """Executions of what can open a session elsewhere, with a moment and an audit session."""
    events = evidence.events
    ran = events[(events["verb"] == "execute") & events["trail"] & (events["outcome"] != "failure")]
    ran = ran[ran["earliest_ns"].notna() & ran["session"].notna()]
    names = CLIENTS | SHELLS_INTO
    return where(ran, "exe", lambda e: isinstance(e, str) and posixpath.basename(e) in names)


def _can_have_led(e: Row, via: Session, session: Session, own: Mapping[str, frozenset[str]]) -> bool:
    start = session.start_ns
    if start is None or via is session or not e.earliest_ns - _AFTER_NS <= start <= e.latest_ns + _BEFORE_NS:
        return False
    if posixpath.basename(e.exe) in SHELLS_INTO:
        return bool(
            session.address is None and session.host == e.host and {"shell", "login"} & set(e.argv or ())
        )
    if session.service != "sshd" or session.address is None:
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
    events = evidence.events
    told = events[events["format"].isin(SYSTEM_LOGS) & events["host"].notna() & events["text"].notna()]
    told = told[told["text"].str.startswith(("Connection from ", "sshd: Connection from "))]
    found: dict[str, set[str]] = {}
    for host, text in zip(told["host"], told["text"], strict=True):
        match = _OWN_SIDE.match(str(text).removeprefix("sshd: "))
        if match is not None and not _LOOPBACK.match(match.group(1)):
            found.setdefault(str(host), set()).add(match.group(1))
    return {host: frozenset(known) for host, known in sorted(found.items())}


def roots(session: Session, sessions: Iterable[Session]) -> list[str]:
    """The sessions that a session came out of, the nearest first; a circle ends where it closes."""
    known = {s.session_id: s for s in sessions}
    chain: list[str] = []
    at = session.via
    while at is not None and at in known and at not in chain and at != session.session_id:
        chain.append(at)
        at = known[at].via
    return chain
