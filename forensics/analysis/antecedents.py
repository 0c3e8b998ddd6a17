"""What came before an act: sessions that led to its own, where its rights were asked for, and what left it to run by itself.

All of it is derived, names its rule and keeps all that the records do not tell apart. It names nobody: whoever held
the first session of a chain is asked for like anybody else.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from forensics.analysis import agents, hops, raised
from forensics.analysis.acts import Act
from forensics.analysis.attribution import sessions_of
from forensics.analysis.deferred import Deferral
from forensics.analysis.examination import Examination
from forensics.analysis.hops import Hop
from forensics.analysis.raised import Raised
from forensics.analysis.sessions import Session
from forensics.core import clock

Json = dict[str, Any]
Cited = Callable[[Iterable[str]], list[Json]]
"""The spans that events cite."""
_FIRST = 4
"""Events by which a session is known that are cited: its opening."""


def teller(done: Examination, names: Mapping[str, str], cited: Cited) -> Callable[[Act], Json]:
    """What to add to an act of the findings: `came_from`, a step for each session that was entered, `rights`, `agents`, and `left_to_run`.

    Args:
        done: the whole analysis.
        names: the ids of the acts in the findings, by their own.
        cited: the spans that events cite.
    """
    led: dict[str, list[Hop]] = {}
    for hop in done.led:
        if _speaks(hop, done):
            led.setdefault(hop.session.session_id, []).append(hop)
    left = {d.act.act_id: d for d in reversed(done.deferrals)}
    known = {s.session_id: s for s in done.sessions}
    asked = raised.known(done.scene)

    def told(act: Act) -> Json:
        steps = [
            _step(session, led[session.session_id], cited) for session in _chain(sessions_of(act), led, known)
        ]
        row = left.get(act.act_id)
        return {
            "came_from": steps,
            "rights": [_asked(r, known, cited) for r in _rights(act, asked)],
            "agents": [
                _agent(r, cited) for s in sessions_of(act) for r in agents.alternatives(done.scene, s)
            ],
            "left_to_run": None if row is None else _left(row, known, names, cited),
        }

    return told


def _speaks(hop: Hop, done: Examination) -> bool:
    """Whether more than the moment bears a hop out, or the entry came from nobody's device: then a client elsewhere can have made it."""
    session = hop.session
    return hop.by != ("time",) or not done.scene.directory.device_people(session.address, session.start_ns)


def _chain(
    own: Iterable[Session], led: Mapping[str, list[Hop]], known: Mapping[str, Session]
) -> list[Session]:
    """The sessions of an act that came out of another, and those that these came out of, where each is one."""
    found: dict[str, Session] = {}
    for session in own:
        for name in (session.session_id, *hops.roots(session, known)):
            if name in led:
                found.setdefault(name, known[name])
    return list(found.values())


def _step(session: Session, by: list[Hop], cited: Cited) -> Json:
    return {
        **named(session),
        "origins": [
            {
                **named(hop.origin),
                "rule": hop.rule,
                "borne_out_by": list(hop.by),
                "events": list(hop.events),
                "citations": cited([*hop.events, *hop.origin.events[:_FIRST]]),
            }
            for hop in by
        ],
        "citations": cited(session.events[:_FIRST]),
    }


def _rights(act: Act, asked: Iterable[Raised]) -> list[Raised]:
    """Lines of sudo and su by which the rights that an act used were asked for: in its own session, or in any where none is on record."""
    used = act.effective or act.account
    found = raised.before(asked, used, act.earliest_ns, act.latest_ns)
    here = [r for r in found if act.host is None or r.host == act.host]
    if act.session is None:
        return here if act.origin == "unknown" else []
    own = {s.session_id for s in sessions_of(act)}
    return [r for r in here if r.session is not None and r.session.session_id in own]


def _asked(row: Raised, known: Mapping[str, Session], cited: Cited) -> Json:
    sessions = [row.session] if row.session is not None else [known[name] for name in row.rivals]
    return {
        "rule": raised.RULE,
        "account": row.account,
        "effective": row.effective,
        "host": row.host,
        "tty": row.tty,
        "sessions": [named(s) for s in sessions],
        "missing": row.missing,
        "events": [row.event, *row.inputs, *row.after],
        "citations": cited([row.event, *row.inputs, *row.after]),
    }


def _agent(row: agents.Reachable, cited: Cited) -> Json:
    through = row.through
    bounds = [None if ns is None else clock.written(ns) for ns in (through.start_ns, through.end_ns)]
    return {
        **named(through),
        "credential": row.credential,
        "rule": agents.RULE,
        "when": bounds,
        "known_by": list(row.known_by),
        "reached_from": list(row.reached_from),
        "events": list(row.events),
        "citations": cited(row.events),
    }


def named(session: Session) -> Json:
    """What a session is told by."""
    return {
        "session": session.session_id,
        "account": session.account,
        "host": session.host,
        "address": session.address,
        "credential": session.credential,
    }


def _left(row: Deferral, known: Mapping[str, Session], names: Mapping[str, str], cited: Cited) -> Json:
    return {
        "kind": row.kind,
        "rule": row.rule,
        "planted": [
            {
                "act": names.get(p.act_id),
                "object": p.object,
                "account": p.account,
                "effective": p.effective or p.account,
                "session": p.session.session_id if p.session is not None else None,
                "events": list(dict.fromkeys(p.events)),
                "citations": cited(p.events),
            }
            for p in row.planted
        ],
        "sessions": [
            {**named(known[name]), "citations": cited(known[name].events[:_FIRST])}
            for name in row.sessions
            if name in known
        ],
        "events": list(row.inputs),
        "missing": row.missing,
        "citations": cited(row.inputs),
    }
