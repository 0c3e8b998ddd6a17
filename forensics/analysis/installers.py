"""Package managers: which programs are some, and which changes they made."""

import posixpath
import re
from collections.abc import Sequence
from typing import Any

from forensics.analysis import order
from forensics.analysis.acts import Scene
from forensics.analysis.evidence import Row, picked, rows_of

_INSTALLERS = frozenset(
    {"pip", "pip3", "conda", "mamba", "uv", "apt-get", "apt", "dpkg", "dnf", "yum", "rpm"}
)
_PUT_BY_ROOT = re.compile(r"/(?:usr|opt|bin|sbin|snap|nix)(?:/|$)")
_INSTALLED = re.compile(r"/(?:usr|opt)/(?:[\w.+-]+/)*bin/(?:pip3?(?:\.\d+)?|conda|mamba|uv|dnf|yum)$")


def put_by_root(exe: object) -> bool:
    """Whether a program lies where an administrator puts one; a name alone is believed."""
    path = str(exe or "")
    folder = posixpath.dirname(posixpath.normpath(path))
    return "/" not in path or _PUT_BY_ROOT.match(folder) is not None


def installer(exe: object) -> bool:
    """Whether a program is a package manager, by its name and its place: anybody can call a program of theirs so."""
    return posixpath.basename(str(exe or "")) in _INSTALLERS and put_by_root(exe)


def by_installer(scene: Scene, event_id: str) -> bool:
    """Whether a package manager made a change: by its program, or where an interpreter runs it by the script's name.

    Program or script has to lie where only an administrator puts one: anybody can call a file of theirs `pip`, and give a program of theirs its words.
    """
    key = "by installer", event_id
    if key not in scene.memo:
        scene.memo[key] = _by_installer(scene, scene.row(event_id))
    return bool(scene.memo[key])


def _by_installer(scene: Scene, row: Row) -> bool:
    if installer(row.exe) or not put_by_root(row.exe):
        return installer(row.exe)
    # Most processes never ran one, and a month has hundreds of thousands of them: what a process ran last is asked of the others alone.
    if (row.host, row.pid) not in _installing(scene):
        return False
    mine = order.of(scene.evidence).until(scene.runs_of(row.host, row.pid), row)
    ran = next(rows_of(mine.iloc[-1:]), None)
    return ran is not None and _installs(ran.argv)


def _installing(scene: Scene) -> set[tuple[Any, Any]]:
    """Hosts and processes of which an execution, be it of any time, is of a package manager by an interpreter."""
    if "processes of installers" not in scene.memo:
        ran = picked(scene.events[["host", "pid", "argv"]], scene.events["verb"] == "execute")
        told = zip(ran["host"], ran["pid"], ran["argv"], strict=True)
        scene.memo["processes of installers"] = {(host, pid) for host, pid, argv in told if _installs(argv)}
    found: set[tuple[Any, Any]] = scene.memo["processes of installers"]
    return found


def _installs(argv: Sequence[str] | None) -> bool:
    """Whether the words of an execution are an interpreter's that runs a package manager."""
    words = list(argv or ())
    script = words[1] if len(words) > 1 else ""
    return _INSTALLED.match(script) is not None or words[1:3] in (["-m", "pip"], ["-m", "conda"])
