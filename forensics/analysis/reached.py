"""Other sessions from which what is in a session can be reached: by a multiplexer's client, or by a process that attaches to its programs."""

import itertools
import posixpath
import re

import pandas as pd

from forensics.analysis import debuggers, order, wording
from forensics.analysis.acts import Act, Scene
from forensics.analysis.by_verb import of_verbs
from forensics.analysis.evidence import Row, picked, rows_of
from forensics.analysis.planted import programs
from forensics.analysis.sessions import Session

MULTIPLEXERS = frozenset({"tmux", "screen", "dtach", "abduco", "zellij"})


def clients(scene: Scene) -> pd.DataFrame:
    """Executions of multiplexers in sessions."""
    return picked(ran := programs(scene, MULTIPLEXERS), ran["session"].notna())


def typists(scene: Scene, act: Act, clients: pd.DataFrame) -> list[tuple[Session, str]]:
    """Other sessions in which a multiplexer's client can have reached the server in the act's session."""
    session = act.session
    if session is None:
        return []
    near = clients[(clients["host"] == act.host) & (clients["earliest_ns"] <= act.latest_ns)]
    reached = {f"{session.account}/"}.union(*(_sockets(e) for e in rows_of(near) if e.session == session.ses))
    found: dict[str, tuple[Session, str]] = {}
    for e in rows_of(near):
        other = scene.session_of(e)
        reaches = (
            e.effective in {session.account, "root"}
            or (not isinstance(e.effective, str) and e.account == session.account)
            or not reached.isdisjoint(_sockets(e))
        )
        if other is not None and other.session_id != session.session_id and reaches:
            found.setdefault(other.session_id, (other, str(e.event_id)))
    return [found[name] for name in sorted(found)]


def _sockets(e: Row) -> set[str]:
    """By what a client's words name a server that can be of another account: its socket, or for screen the account."""
    words = list(map(str, e.argv[1:])) if isinstance(e.argv, (list, tuple)) else []
    if posixpath.basename(str(e.exe)) == "screen":
        return {f"{w.partition('/')[0]}/" for w in words if re.fullmatch(r"[\w.-]+/[^/]*", w)}
    told = [b for a, b in itertools.pairwise(words) if a == "-S"]
    told += [w[2:] for w in words if w.startswith("-S") and len(w) > 2]
    return {path for w in told if (path := wording.resolved(w, e.cwd if isinstance(e.cwd, str) else None))}


def tracers(scene: Scene, act: Act) -> list[tuple[Session, str]]:
    """Other sessions in which a process attached to a program of an act's session before the act."""
    if "traces" not in scene.memo:
        told = of_verbs(scene.evidence, "trace", but=lambda e: e["trail"])
        # Of a debugger whose calls the kernel records, the kernel's word counts: an attachment can fail.
        heard = set(zip(told["host"], told["pid"], strict=True))
        told = picked(told, (told["outcome"] != "failure") & told["session"].notna())
        told = picked(told, told["target_pid"].notna() & told["earliest_ns"].notna())
        attached = [(e, int(e.target_pid)) for e in rows_of(told)]
        ran = programs(scene, debuggers.PROGRAMS)
        ran = picked(ran, ran["session"].notna())
        scene.memo["traces"] = attached + [
            (e, pid)
            for e in rows_of(ran)
            if (e.host, e.pid) not in heard
            for pid in debuggers.targets(e.argv)
        ]
    session, found = act.session, dict[str, tuple[Session, str]]()
    for e, pid in scene.memo["traces"]:
        other = scene.session_of(e)
        if session is None or other is None or e.host != act.host or e.earliest_ns > act.latest_ns:
            continue
        into = order.of(scene.evidence).until(scene.runs_of(e.host, pid), e)
        last = next(rows_of(into.iloc[-1:]), None)
        if last is not None and last.session == session.ses and other.session_id != session.session_id:
            found.setdefault(other.session_id, (other, str(e.event_id)))
    return [found[name] for name in sorted(found)]
