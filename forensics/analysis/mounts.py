"""When a path on one host and the same path on another are one file, and by what: a network file system, or nothing but the name.

Homes and project folders of a cluster are mounted on all of its hosts, and what an account writes on the one is read by
jobs on the others. A path below a folder that every host has of its own (`/tmp`, `/var`, `/etc` …) is another file there.
What shows a file system mounted from the network is listed by the kernel or in `fstab`, or was mounted by a command on record.
"""

import posixpath
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from forensics.analysis.artefacts import Reading, Version
from forensics.analysis.by_verb import executions
from forensics.analysis.evidence import Evidence, picked, rows_of, where
from forensics.analysis.writers import program

BY = {
    "same_host": "both are on one host",
    "mounted_on_both": "one network file system is mounted there on both hosts",
    "same_path": "the paths are equal, and nothing shows a network file system on both hosts",
    "host_not_recorded": "of one of the two no host is recorded",
}
"""By what a version and a reading of one path are taken for one file."""
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "lustre", "gpfs", "beegfs", "beegfs_nodev", "ceph", "glusterfs", "pvfs2", "afs", "9p", "wekafs", "panfs", "autofs"}
)  # fmt: skip
_LOCAL = re.compile(r"/(?:tmp|var|dev|run|proc|sys|etc|usr|bin|sbin|lib|lib64|boot|root)(?:/|$)")
MOUNTERS = frozenset(
    {
        "mount",
        *(
            f"mount.{kind}"
            for kind in ("nfs", "nfs4", "cifs", "smb3", "lustre", "beegfs", "ceph", "glusterfs")
        ),
    }
)
"""Programs that mount a file system."""
_SOURCE = re.compile(r"(?:[^/\s:]++|[^/\s][^/\s@]*+@[^/\s][^/\s:]*+):\S*|//[^/\s]++/\S+")
_TAKES_A_VALUE = frozenset({"-t", "-o", "--types", "--options", "-O", "-L", "-U"})


class Mount(NamedTuple):
    """A network file system on a host: where from, where to, and what says so."""

    host: str | None
    source: str
    point: str
    events: tuple[str, ...]


class Mounts:
    """The network file systems of a case, and whether they make one file of two paths."""

    def __init__(self, found: Iterable[Mount]) -> None:
        self._at: dict[str | None, list[Mount]] = {}
        for mount in found:
            self._at.setdefault(_short(mount.host), []).append(mount)
        for held in self._at.values():
            held.sort(key=lambda m: (-len(m.point), m))

    def of(self, host: str | None, path: str) -> Mount | None:
        """The file system that holds a path on a host, by the longest point above it."""
        for mount in self._at.get(_short(host), ()):
            if path == mount.point or path.startswith(mount.point.rstrip("/") + "/"):
                return mount
        return None

    def joined(self, path: str, one: str | None, other: str | None) -> str | None:
        """By what a path on two hosts is one file, from `BY`; None where it is not."""
        if one is None or other is None:
            return "host_not_recorded"
        if _short(one) == _short(other):
            return "same_host"
        here, there = self.of(one, path), self.of(other, path)
        if here is not None and there is not None:
            same = _place(here, path) == _place(there, path)
            return "mounted_on_both" if same else None
        return None if _LOCAL.match(path) else "same_path"


def _short(host: str | None) -> str | None:
    """A host by its own name: logs call it with or without its domain."""
    return None if host is None else host.partition(".")[0].lower() if not host[:1].isdigit() else host


def _place(mount: Mount, path: str) -> str:
    """Where a path lies on its server; the server of an indirect map is not known, and its point stands for it."""
    return posixpath.normpath(
        mount.source.rstrip("/") + "/" + path[len(mount.point.rstrip("/")) :].lstrip("/")
    )


def of(evidence: Evidence) -> Mounts:
    """The network file systems that the evidence tells of, looked up once."""
    if "mounts" not in evidence.memo:
        evidence.memo["mounts"] = Mounts([*_listed(evidence), *_commanded(evidence)])
    found: Mounts = evidence.memo["mounts"]
    return found


def _listed(evidence: Evidence) -> Iterable[Mount]:
    """What `fstab`, `mtab` and the kernel's own list of mounts say."""
    events = evidence.events
    told = picked(
        events, (events["format"] == "fstab") & events["object"].notna() & events["object_from"].notna()
    )
    for e in rows_of(told):
        if str(e.text or "").partition(" ")[0] in NETWORK:
            yield Mount(e.host, str(e.object_from), str(e.object), (str(e.event_id),))


def _commanded(evidence: Evidence) -> Iterable[Mount]:
    """What `mount` and its helpers, which autofs calls too, were told to mount."""
    for e in rows_of(where(executions(evidence), "exe", lambda exe: program(exe) in MOUNTERS)):
        words = [str(w) for w in (e.argv or ())[1:]]
        bare = [
            w
            for n, w in enumerate(words)
            if not w.startswith("-") and (n == 0 or words[n - 1] not in _TAKES_A_VALUE)
        ]
        if len(bare) == 2 and _SOURCE.fullmatch(bare[0]) and bare[1].startswith("/"):
            yield Mount(e.host, bare[0], posixpath.normpath(bare[1]), (str(e.event_id),))


def near(evidence: Evidence, reading: Reading) -> Callable[[Version], bool]:
    """Whether a version of the path that was read can be of the file that was read, by the hosts of both."""
    known = of(evidence)
    return lambda version: by(known, reading, version) is not None


def by(known: Mounts, reading: Reading, version: Version) -> str | None:
    """By what a version is of the file that was read: on the host that says most."""
    found = {known.joined(reading.path, version.host, host) for host in reading.hosts or (None,)}
    return next((why for why in BY if why in found), None)


def limits(evidence: Evidence, readings: Iterable[Reading], history: dict[str, list[Version]]) -> list[str]:
    """`paths_taken_for_one` where a change on one host and a reading on another are joined by the name alone."""
    known = of(evidence)
    loose = any(
        by(known, reading, version) == "same_path"
        for reading in readings
        for version in history.get(reading.path, ())
    )
    return ["paths_taken_for_one"] if loose else []
