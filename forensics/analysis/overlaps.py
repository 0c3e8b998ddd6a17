"""Sessions that were open at once where one person, terminal or connection can hardly have both.

Only what is sure is told: both sessions have begun by a moment, by the latest that either can have begun,
and neither has ended before it, by the earliest that either can have. A session whose end nobody recorded
is taken to last as long as the kernel recorded something in it, and no longer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from forensics.analysis.evidence import Evidence, picked
from forensics.analysis.hops import roots
from forensics.analysis.sessions import Session
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

OVERLAP = Table(
    "overlap",
    "two sessions that were open at once, and what speaks against one person having both",
    (
        Column("kind", pa.string(), "from the closed list `KINDS`"),
        Column(
            "impossible",
            pa.bool_(),
            "whether no one thing can be in both: then a record, or a clock, is wrong",
        ),
        Column("thing", pa.string(), "what both have: account, key, terminal, connection or process"),
        Column("one", pa.string(), "session that began first"),
        Column("other", pa.string(), "the other session"),
        Column("earliest_ns", pa.int64(), "both are open from", "ns since 1970-01-01T00:00:00Z"),
        Column("latest_ns", pa.int64(), "both are open until, at least", "ns since 1970-01-01T00:00:00Z"),
        Column("events", STRINGS, "events that open the two"),
    ),
)

KINDS = {
    "account_from_two_addresses": "one account is entered from two addresses at once",
    "key_from_two_addresses": "one key opens sessions from two addresses at once",
    "account_by_two_keys": "one account is entered with two keys at once",
    "terminal_twice": "one terminal is held by two sessions at once",
    "connection_twice": "one address and port has two connections to a host at once",
    "process_twice": "one process number holds two sessions of a host at once",
}
IMPOSSIBLE = frozenset({"terminal_twice", "connection_twice", "process_twice"})
MOST = 1_000
"""Pairs that are told of one kind; a shared account of a big site has more than anybody reads."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """One row of the overlap table."""

    kind: str
    thing: str
    one: Session
    other: Session
    earliest_ns: int
    latest_ns: int

    @property
    def impossible(self) -> bool:
        """Whether no one thing can be in both."""
        return self.kind in IMPOSSIBLE


def find(evidence: Evidence, sessions: Sequence[Session]) -> list[Overlap]:
    """Every overlap that is sure, in a total order: of each kind the first `MOST`."""
    stays = sure(evidence, sessions)
    entered = [s for s in sessions if s.session_id in stays and s.service == "sshd"]
    known = {s.session_id: s for s in sessions}
    found = []
    for kind, groups in _groups(entered).items():
        pairs = [o for thing in sorted(groups) for o in _pairs(kind, thing, groups[thing], stays)]
        pairs.sort(key=lambda o: (o.earliest_ns, o.latest_ns, o.thing, o.one.session_id, o.other.session_id))
        found += [o for o in pairs if not _one_way(o, known)][:MOST]
    return found


def sure(evidence: Evidence, sessions: Iterable[Session]) -> dict[str, tuple[int, int]]:
    """From when to when each session was open whatever the clocks, where that can be told."""
    moments = _Moments(evidence)
    return {s.session_id: stay for s in sessions if (stay := _sure(moments, s)) is not None}


class _Moments:
    """When each entry began by the latest, and each end was by the earliest, by event."""

    def __init__(self, evidence: Evidence) -> None:
        rows = evidence.events[["event_id", "verb", "earliest_ns", "latest_ns"]]
        rows = picked(rows, rows["earliest_ns"].notna() & rows["latest_ns"].notna())
        begins = picked(rows, rows["verb"].isin({"login", "loginuid", "session_open"}))
        ends = picked(rows, rows["verb"].isin({"session_close", "logout"}))
        self.opened = dict(zip(begins["event_id"], begins["latest_ns"].tolist(), strict=True))
        self.closed = dict(zip(ends["event_id"], ends["earliest_ns"].tolist(), strict=True))


def _sure(moments: _Moments, session: Session) -> tuple[int, int] | None:
    """From when to when a session was open whatever the clocks: from the latest of its beginning to the earliest of its end."""
    opened = [moments.opened[e] for e in session.events if e in moments.opened]
    closed = [moments.closed[e] for e in session.events if e in moments.closed]
    if not opened:
        return None
    began = max(opened)
    last = min(closed) if closed else session.active_until_ns
    return None if last is None or last < began else (began, last)


def _groups(sessions: Sequence[Session]) -> dict[str, dict[str, list[Session]]]:
    """The sessions that share something, by kind of overlap and by what they share."""
    made: dict[str, dict[str, list[Session]]] = {kind: {} for kind in KINDS}
    for s in sessions:
        shared = {
            "account_from_two_addresses": (s.host, s.account),
            "key_from_two_addresses": (s.credential if str(s.credential).startswith("SHA256:") else None,),
            "account_by_two_keys": (s.host, s.account),
            "terminal_twice": (s.host, s.tty),
            "connection_twice": (s.host, s.address, s.port),
            "process_twice": (s.host, s.pid),
        }
        for kind, parts in shared.items():
            if None not in parts:
                made[kind].setdefault(" ".join(map(str, parts)), []).append(s)
    return made


def _pairs(
    kind: str, thing: str, sessions: Sequence[Session], sure: dict[str, tuple[int, int]]
) -> Iterable[Overlap]:
    """The pairs of one thing that are open at once, by a sweep over their beginnings."""
    ordered = sorted(sessions, key=lambda s: (sure[s.session_id], s.session_id))
    still: list[Session] = []
    told = 0
    for session in ordered:
        began, ended = sure[session.session_id]
        still = [s for s in still if sure[s.session_id][1] >= began]
        for before in still:
            if _differ(kind, before, session) and told < MOST:
                told += 1
                yield Overlap(kind, thing, before, session, began, min(ended, sure[before.session_id][1]))
        still.append(session)


def _differ(kind: str, one: Session, other: Session) -> bool:
    """Whether two sessions that share a thing differ in what one person at one desk would not."""
    if kind in {"account_from_two_addresses", "key_from_two_addresses"}:
        return None not in {one.address, other.address} and one.address != other.address
    if kind == "account_by_two_keys":
        return None not in {one.credential, other.credential} and one.credential != other.credential
    return True


def _one_way(overlap: Overlap, known: Mapping[str, Session]) -> bool:
    """Whether one came out of the other, which explains two addresses: somebody went on from there."""
    if overlap.impossible:
        return False
    one, other = overlap.one, overlap.other
    return one.session_id in roots(other, known) or other.session_id in roots(one, known)


def table(found: Sequence[Overlap]) -> pa.Table:
    """The overlaps as the declared table."""
    return OVERLAP.build(
        {
            "kind": [o.kind for o in found],
            "impossible": [o.impossible for o in found],
            "thing": [o.thing for o in found],
            "one": [o.one.session_id for o in found],
            "other": [o.other.session_id for o in found],
            "earliest_ns": [o.earliest_ns for o in found],
            "latest_ns": [o.latest_ns for o in found],
            "events": [list(dict.fromkeys([*o.one.events[:2], *o.other.events[:2]])) for o in found],
        }
    )
