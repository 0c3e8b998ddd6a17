"""Whether a session was open as something was done: by the kernel's numbers where both bear one, else by what clocks wrote.

A clock that was set back or forward between an entry and an act puts the act out of a session that it was done in,
and into one that was over. The kernel numbers both in the order in which they were.
"""

from collections.abc import Iterable

import numpy as np

from forensics.analysis import order
from forensics.analysis.acts import Act, Scene
from forensics.analysis.sessions import Session

_OPENS = frozenset({"login", "loginuid", "session_open"})
_CLOSES = frozenset({"session_close"})
_LEAST = -(2**62)


def open_then(scene: Scene, session: Session, act: Act) -> bool:
    """Whether a session can have been open as an act was done; false where the act has no time."""
    if act.earliest_ns is None or act.latest_ns is None:
        return False
    known = order.of(scene.evidence)
    done = next((e for e in act.events if known.numbered(e) == session.host), None)
    if session.ses is None or session.host is None or done is None:
        return session.covers(act.earliest_ns, act.latest_ns)
    begun = _first(known, _of(scene, session, _OPENS), done)
    over = _first(known, _of(scene, session, _CLOSES), done)
    if begun == 1 or over == -1:
        return False
    if begun == -1 and over == 1:
        return True
    since = act.earliest_ns if begun == -1 or session.start_ns is None else session.start_ns
    until = act.latest_ns if over == 1 or session.end_ns is None else session.end_ns
    return since <= act.latest_ns and until >= act.earliest_ns


def at_work_then(scene: Scene, session: Session, act: Act) -> bool:
    """Whether a session can have been open as an act was done, or something in it have gone on after its end."""
    if act.earliest_ns is None or act.latest_ns is None:
        return False
    beyond = session.outlived() and session.works(act.earliest_ns, act.latest_ns)
    return beyond or open_then(scene, session, act)


def _until(session: Session) -> int:
    """The last moment at which a session can have been open, or something in it have gone on."""
    if session.end_ns is None:
        return -_LEAST
    return int(session.active_until_ns or 0) if session.outlived() else session.end_ns


def open_on(scene: Scene, hosts: Iterable[str | None], earliest_ns: int, latest_ns: int) -> Iterable[Session]:
    """The sessions on some hosts that were at work, as `Session.works` has it, in an interval; in the order of the scene."""
    if "open" not in scene.memo:
        held = list(scene.sessions.values())
        by: dict[str | None, list[int]] = {}
        for n, session in enumerate(held):
            by.setdefault(session.host, []).append(n)
        starts = np.array([_LEAST if s.start_ns is None else s.start_ns for s in held], np.int64)
        stops = np.array([_until(s) for s in held], np.int64)
        rows_on = {host: np.array(rows, np.int64) for host, rows in by.items()}
        scene.memo["open"] = held, rows_on, starts, stops
    held, rows_on, starts, stops = scene.memo["open"]
    rows = np.sort(np.concatenate([np.empty(0, np.int64), *(rows_on[h] for h in hosts if h in rows_on)]))
    there = (starts[rows] <= latest_ns) & (stops[rows] >= earliest_ns)
    return (held[n] for n in rows[there])


def _of(scene: Scene, session: Session, verbs: frozenset[str]) -> list[str]:
    """The events of a session that have one of some verbs, as its host's kernel numbered them."""
    key = "numbered", session.session_id, len(session.events), verbs
    if key not in scene.memo:
        known = order.of(scene.evidence)
        told = scene.entered(session, "event_id", "verb")
        scene.memo[key] = [e for e, verb in told if verb in verbs and known.numbered(e) == session.host]
    found: list[str] = scene.memo[key]
    return found


def _first(known: order.Order, events: Iterable[str], other: str) -> int | None:
    """Where all of some events lie by another: -1 before it, 1 after it; None where none is known, or they are not of one mind."""
    signs = {known.sign(e, other) for e in events}
    return next(iter(signs)) or None if len(signs) == 1 else None
