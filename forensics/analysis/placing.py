"""Whether what tells of an act and its sessions lies where only the host itself, or a service, can have put it.

A line of a log can name any host. It is that host's own word where it lies in the host's folder; in another host's it is
the word of whoever holds that one, such as a server of logs. So a record of a trail, or of a login, that no file of
its own host tells, gives nobody a name where that host's own logs of the kind are there and lack it, nor where the folder
that it lies in is of a host that none of its logs names: that can be a folder of users with any name.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from forensics.analysis import displaced
from forensics.analysis.acts import Act, Scene
from forensics.analysis.evidence import Evidence
from forensics.analysis.sessions import Session
from forensics.core import hostevents, hostfolders
from forensics.core.folders import HOSTS_LOGS, KIND, SERVICES_LOGS

_TELLING = {"audit trail", "login log"}
_COLUMNS = ("event_id", "format", "host", "session", "sha256", "citations", "trail")


@dataclass(frozen=True, slots=True)
class _Known:
    """Of the files: hosts by hash, which host has logs of which kind, whose logs name themselves, and which can be a user's."""

    hosts: Mapping[str, frozenset[str]]
    kinds: frozenset[tuple[str, str]]
    named: frozenset[str]
    unfit: frozenset[str]
    own: frozenset[str]
    """Those that lie where a host keeps logs of itself."""
    folders: frozenset[str]
    """What hosts' folders are called."""


def lacking(act: Act, scene: Scene, sessions: list[Session]) -> list[str]:
    """What is missing, by code, where no name may rest on what tells of an act and its sessions."""
    known = _known(scene.evidence)
    told = [*act.events, *(e for p in act.planters for e in p.events)]
    entered = [e for s in sessions for e in (*s.events, *s.via_events)]
    found = []
    if known.unfit and _unfit(scene, told, entered, known):
        found.append("place_of_logs")
    if _elsewhere(scene, told, known) or any(_entered_elsewhere(scene, s, known) for s in sessions):
        found.append("record_of_host_itself")
    return found


def foreign(evidence: Evidence, events: Iterable[str]) -> set[str]:
    """Those of some events which are a host's by what a file says that is not of that host, and that may not count as its word."""
    known = _known(evidence)
    rows = evidence.events.loc[list(events), list(_COLUMNS)]
    return {str(row[0]) for row in rows.itertuples(index=False, name=None) if _foreign(row, known)}


def _unfit(scene: Scene, told: Iterable[str], entered: Iterable[str], known: _Known) -> bool:
    """Whether a host's log is among what tells of it that users can have written, or every log of a service is."""
    rows = [*scene.cells(told, "sha256", "format"), *scene.cells(entered, "sha256", "format")]
    services = {sha256 in known.unfit for sha256, form in rows if form in SERVICES_LOGS}
    hosts = any(sha256 in known.unfit for sha256, form in rows if form not in SERVICES_LOGS)
    return hosts or services == {True}


def _known(evidence: Evidence) -> _Known:
    if "placing" not in evidence.memo:
        files = evidence.files[evidence.files["format"].isin(HOSTS_LOGS) & evidence.files["host"].notna()]
        apart = {
            s
            for s, origin in zip(files["sha256"], files["origin"], strict=True)
            if hostevents.own(str(origin))
        }
        by_file: dict[str, set[str]] = {}
        for sha256, host in zip(files["sha256"], files["host"], strict=True):
            by_file.setdefault(str(sha256), set()).add(host)
        hosts = {sha256: frozenset(own) for sha256, own in by_file.items()}
        own = files[files["sha256"].isin(apart)]
        kinds = {(KIND[form], host) for form, host in zip(own["format"], own["host"], strict=True)}
        events = evidence.events
        pairs = {pair for pair in zip(events["sha256"], events["host"], strict=True) if pair[0] in hosts}
        folders = frozenset(files["host"])
        named = {folder for sha256, host in pairs for folder in hosts[sha256] if _same(host, folder, folders)}
        unfit = frozenset(displaced.unfit(evidence.files))
        evidence.memo["placing"] = _Known(
            hosts, frozenset(kinds), frozenset(named), unfit, frozenset(apart), folders
        )
    known: _Known = evidence.memo["placing"]
    return known


def _same(host: object, folder: str, folders: Collection[str]) -> bool:
    """Whether a name that a log gives a host, if it gives one, can be of the host that a folder is called after."""
    return not isinstance(host, str) or hostfolders.same(host, folder, folders)


def _elsewhere(scene: Scene, events: Iterable[str], known: _Known) -> bool:
    """Whether a record of a session of a trail is told by no file of its host, and may not count so."""
    rows = scene.cells(events, *_COLUMNS)
    return any(row[-1] and isinstance(row[3], str) and _foreign(row, known) for row in rows)


def _entered_elsewhere(scene: Scene, session: Session, known: _Known) -> bool:
    """Whether what one kind of log tells of the opening of a session is all told by no file of its host, and may not count so."""
    key = "placed", session.session_id, len(session.events)
    if key not in scene.memo:
        scene.memo[key] = _all_elsewhere(scene, session.events, known)
    return bool(scene.memo[key])


def _all_elsewhere(scene: Scene, events: Iterable[str], known: _Known) -> bool:
    foreign: dict[str, bool] = {}
    for row in scene.cells(events, *_COLUMNS):
        kind = "audit trail" if row[-1] else KIND.get(row[1], "")
        if kind in _TELLING:
            foreign[kind] = foreign.get(kind, True) and _foreign(row, known)
    return any(foreign.values())


def _foreign(row: tuple[Any, ...], known: _Known) -> bool:
    _, form, host, _, sha256, citations, trail = row
    own = known.hosts.get(sha256)
    if own is None or pd.isna(host):
        return False
    files = {sha256, *(span["sha256"] for span in citations)}
    kind = "audit trail" if trail else KIND.get(form, "")
    has_own = any(one == kind and _same(host, folder, known.folders) for one, folder in known.kinds)
    # A folder for the logs of other hosts can be one that users write in: it is the host's word where the host has no other.
    those = files & known.own if has_own else files
    if any(_same(host, folder, known.folders) for one in those for folder in known.hosts.get(one, ())):
        return False
    return has_own or own.isdisjoint(known.named)
