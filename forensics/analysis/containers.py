"""Who can have asked for what a process of a container did, where no login is on it.

`docker run` asks a daemon over a socket, and the daemon's shim starts the container: the process has no login uid and no
session, and root's name. What the trail tells on both sides is held together here: clients that ran, and programs that
connected to the daemon's socket, in sessions of the host before the container's process began. All of them are kept: the
daemon writes no record of whom it served, and any client can ask it for the words of another's. So nobody is named by it.
What apptainer or podman without a daemon run keeps the session of whoever ran it and needs no rule; what Slurm runs in a
container comes from the job's own first process, and is the job's.
"""

import posixpath
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import pandas as pd

from forensics.analysis.acts import Act, Scene
from forensics.analysis.evidence import Row, picked, rows_of, where
from forensics.analysis.lineage import Lineage
from forensics.analysis.sessions import Session
from forensics.core.clock import NS_PER_S

RULE = "client_of_container_daemon"
SHIMS = frozenset({"containerd-shim", "containerd-shim-runc-v1", "containerd-shim-runc-v2", "docker-containerd-shim", "conmon"})  # fmt: skip
"""Programs of the daemons from which the processes of a container come."""
CLIENTS = frozenset({"docker", "docker-compose", "podman", "podman-remote", "nerdctl", "ctr", "crictl"})
SOCKETS = frozenset(
    f"{run}/{name}"
    for run in ("/run", "/var/run")
    for name in ("docker.sock", "containerd/containerd.sock", "podman/podman.sock", "crio/crio.sock")
)
GROUPS = frozenset({"docker", "lxd", "incus-admin"})
"""Groups whose members can ask such a daemon, and so do with root's rights what they like."""
_STARTS = frozenset({"run", "exec", "start", "restart", "create", "up", "compose", "play", "container", "task", "tasks", "t", "kube", "runp"})  # fmt: skip
_BEFORE_NS, _AFTER_NS = 600 * NS_PER_S, NS_PER_S
"""From a request to the container's process at most: an image can have to be fetched first."""
_SHORTEST_ID = 12


class Asked(NamedTuple):
    """The sessions in which a container can have been asked for, those that its words or its id point at first, and what says so."""

    sessions: tuple[Session, ...]
    inputs: tuple[str, ...]


def asked(scene: Scene, act: Act, made: Lineage) -> Asked | None:
    """Who can have asked for the container of an act's process; nothing where it is no container's of a daemon."""
    if act.session is not None or act.earliest_ns is None:
        return None
    above, _ = made.above(act)
    at = next((n for n, e in enumerate(above) if _base(e.exe) in SHIMS), None)
    if not at:
        return None
    shim, own = above[at], [e for e in above[:at] if _base(e.exe) not in {"runc", "crun"}]
    if not own:
        return None
    # The topmost process below the shim is what was asked for; a second one is by `exec` in the same container.
    top = own[-1]
    began = min(int(e.earliest_ns) for e in own if e.pid == top.pid)
    words = [list(map(str, e.argv)) for e in own if e.pid == top.pid and isinstance(e.argv, list)]
    found: dict[str, tuple[bool, Session, list[str]]] = {}
    for e in _near(scene, act.host, began):
        session = scene.session_of(e)
        if session is not None:
            points = _points(e, words, _names(shim))
            known = found.setdefault(session.session_id, (points, session, []))
            found[session.session_id] = (known[0] or points, session, [*known[2], str(e.event_id)])
    ranked = sorted(found.values(), key=lambda f: (not f[0], f[1].session_id))
    inputs = [
        str(shim.event_id),
        *(str(e.event_id) for e in own),
        *(i for _, _, told in ranked for i in told),
    ]
    return Asked(tuple(session for _, session, _ in ranked), tuple(dict.fromkeys(inputs)))


def _near(scene: Scene, host: str | None, began_ns: int) -> Iterable[Row]:
    """Requests to a daemon on a host that can have led to a process that began at a moment."""
    if "container_requests" not in scene.memo:
        on: dict[str | None, list[Row]] = {}
        for e in rows_of(_requests(scene.events)):
            on.setdefault(e.host, []).append(e)
        scene.memo["container_requests"] = on
    rows: Sequence[Row] = scene.memo["container_requests"].get(host, ())
    first = bisect_left(rows, began_ns - _BEFORE_NS, key=lambda e: int(e.earliest_ns))
    return rows[first : bisect_right(rows, began_ns + _AFTER_NS, key=lambda e: int(e.earliest_ns))]


def _requests(events: pd.DataFrame) -> pd.DataFrame:
    """Clients that were asked to start something, and connections to a daemon's socket, in sessions, in order of time."""
    told = picked(events, events["trail"] & events["session"].notna() & events["earliest_ns"].notna())
    told = picked(told, told["outcome"] != "failure")
    ran = where(picked(told, told["verb"] == "execute"), "exe", lambda exe: _base(exe) in CLIENTS)
    ran = where(ran, "argv", _starts)
    reached = picked(told, (told["verb"] == "connect") & told["object"].isin(SOCKETS))
    return pd.concat([ran, reached]).sort_values("earliest_ns", kind="stable")


def _starts(argv: object) -> bool:
    """Whether a client's words can start a process; where they are not known, they can."""
    return not isinstance(argv, list) or bool(_STARTS & set(argv))


def _points(e: Row, words: Sequence[list[str]], names: frozenset[str]) -> bool:
    """Whether a client's words end in those of the container's process, or name the container."""
    said = list(map(str, e.argv)) if isinstance(e.argv, list) else []
    same = any(own and len(own) < len(said) and said[-len(own) :] == own for own in words)
    return same or any(
        w in names or (len(w) >= _SHORTEST_ID and any(n.startswith(w) for n in names)) for w in said
    )


def _names(shim: Row) -> frozenset[str]:
    """The container's id, and its name where the shim was given it."""
    said: list[Any] = list(shim.argv) if isinstance(shim.argv, list) else []
    return frozenset(
        str(value) for flag, value in pairwise(said) if flag in {"-id", "--id", "-c", "--cid", "-n", "--name"}
    )


def _base(exe: object) -> str:
    return posixpath.basename(exe) if isinstance(exe, str) else ""
