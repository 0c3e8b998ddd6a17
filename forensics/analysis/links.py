"""What keys and devices tell of persons: by an enrolment, by the session that led here, or by none being enrolled.

A key or an address that is enrolled to nobody speaks, too: against everybody whose key and workstation are
known. It does so only where the register is whole, and not for an address that is one of the hosts' own.
"""

import re
from collections.abc import Iterable, Mapping

from forensics.analysis import hops
from forensics.analysis.acts import Scene
from forensics.analysis.sessions import Session
from forensics.analysis.strength import Told

_LOOPBACK = re.compile(r"^(?:127\.|::1$|::ffff:127\.)")
CLASSES = ("key", "device")


def whole(scene: Scene) -> frozenset[str]:
    """The classes of link of which everybody on the roster has an enrolment."""
    if "whole_classes" not in scene.memo:
        directory = scene.directory
        by = {cls: {e.person for e in directory.enrolments if e.kind == cls} for cls in CLASSES}
        scene.memo["whole_classes"] = frozenset(
            cls for cls in CLASSES if directory.people and directory.people <= by[cls]
        )
    found: frozenset[str] = scene.memo["whole_classes"]
    return found


def origins(scene: Scene, sessions: Iterable[Session]) -> list[Told]:
    """Whose device the sessions were opened from that led to these, by the client that ran in them."""
    led = [s for s in sessions if s.via is not None]
    known: Mapping[str, Session] = scene.by_id() if led else {}
    found = []
    for session in led:
        chain = hops.roots(session, known)
        first = known[chain[-1]] if chain else None
        people = scene.directory.device_people(first.address, first.start_ns) if first is not None else None
        domains = [d for d in scene.values(session.via_events, "reach") if isinstance(d, str)]
        if people and domains:
            found.append(Told("device", people, tuple(session.via_events), domains[0]))
    return found


def strangers(scene: Scene, sessions: Iterable[Session], own: frozenset[str]) -> list[Told]:
    """Keys and devices of sessions that are enrolled to nobody, where sources agree on them.

    Args:
        scene: people, sessions and jobs.
        sessions: the sessions that decide.
        own: the hosts' own addresses, which are nobody's device.
    """
    found = []
    for session in sessions:
        at, directory = session.start_ns, scene.directory
        key, address = session.credential, session.address
        if key is not None and not directory.key_people(key, at):
            found.append(_stranger(scene, session, "key", "credential", key))
        outside = address is not None and address not in own and not _LOOPBACK.match(address)
        if outside and not directory.device_people(address, at):
            found.append(_stranger(scene, session, "device", "address", str(address)))
    register = whole(scene) if found else frozenset[str]()
    return [t for t in found if t is not None and t.tells in register]


def _stranger(scene: Scene, session: Session, tells: str, column: str, value: str) -> Told | None:
    rows = scene.cells(session.events, "event_id", column, "reach")
    rows = [row for row in rows if row[1] == value and isinstance(row[2], str)]
    if column in session.contradicts or not rows:
        return None
    return Told(tells, frozenset(), tuple(row[0] for row in rows[:2]), str(rows[0][2]))
