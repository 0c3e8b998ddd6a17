"""What of another's making a session took in that no process of an act was given: the environment of its shells and of Python.

`module load`, `source settings.sh`, `conda activate`, a folder in PYTHONPATH, `sitecustomize.py`, an archive that was unpacked at home:
what these hold is done by the shell, the interpreter or the script of whoever uses them, and no word of the act's own process names
them. So whoever had changed them before is one who can have decided what was done. Each is known by a word on record that takes it in, but
for what everybody's Python and every shell of an environment take in by themselves.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from forensics.analysis import artefacts, file_acts, loading, order, wording
from forensics.analysis.acts import Act, Scene
from forensics.analysis.artefacts import Version
from forensics.analysis.evidence import Row, picked, rows_of
from forensics.analysis.planted import programs

MODULES = frozenset(
    {"modulecmd", "lmod", "tclsh", *(f"tclsh8.{n}" for n in range(4, 8)), "tclsh9.0", "lua", *(f"lua5.{n}" for n in range(1, 5))}
)  # fmt: skip
"""Programs that are environment modules, or run them."""
UNPACKERS = frozenset({"tar", "bsdtar", "unzip", "7z", "7za", "7zr", "cpio", "unar"})
COPIERS = frozenset({"cat", "base64", "zcat", "gunzip", "xzcat", "zstdcat"})
"""Programs that write out what they read; where to, a redirection of the shell says, of which no record tells. Of them scripts are looked at."""
PROGRAMS = MODULES | UNPACKERS
_MODULE_COMMANDS = re.compile(r"(?:^|/)(?:modulecmd(?:\.tcl)?|lmod)$")
_LOADS = frozenset({"load", "add", "switch", "swap", "try-load", "load-any", "restore", "refresh", "reload", "test", "display", "show", "is-loaded"})  # fmt: skip
_BY_ITSELF = re.compile(r"/(?:site|user)customize\.py$|/[^/]+-packages/[^/]+\.pth$")
"""Files that Python takes in as it starts, without being told."""
_BY_ENVIRONMENT = re.compile(r"/etc/conda/activate\.d/[^/]+$|/bin/activate(?:\.[a-z]+)?$")
"""Files that a shell takes in as an environment is activated: what is typed for it runs nothing of that name."""
_SEARCHED = re.compile(r"\b(?P<name>PYTHONPATH|PYTHONSTARTUP|PYTHONUSERBASE|PERL5LIB|PERLLIB|RUBYLIB|R_LIBS\w*|LUA_PATH|BASH_ENV|ENV|LD_PRELOAD|LD_LIBRARY_PATH)\+?=(?P<value>[^\s;&|]+)")  # fmt: skip
_TAKES_IN = re.compile(r"(?:^|[;&|{(]|\b(?:then|do|else)\b)\s*(?:source|\.)\s+(?P<path>[^\s;&|)]+)")
FORMATS = frozenset({"bash_history", "zsh_history", "history_listing", "atuin", "shell_startup"})
"""What has lines by which a shell takes something in."""
_MOST = 4096
"""So many lines of startup files and histories of an account are looked at for one act."""


class Taken(NamedTuple):
    """Acts of others that changed what was taken in, and the events by which it was."""

    planted: tuple[Act, ...]
    inputs: tuple[str, ...]


Found = Iterator[tuple[str, str | None]]
"""Paths that were taken in, each with the event that says so."""


@dataclass(slots=True)
class Surroundings:
    """Asks of an act what of others' its session had taken in.

    Attributes:
        scene: events, people and sessions.
        changes: by path, every version with its act, in order of time.
    """

    scene: Scene
    changes: Mapping[str, list[tuple[Version, Act]]]

    def of(self, act: Act, above: Sequence[Row]) -> Taken | None:
        """What was taken in before an act that another had changed; None where nothing is on record.

        Args:
            act: an act of a login's session.
            above: what its process and those above it executed.
        """
        if act.session is None or act.account is None or act.earliest_ns is None:
            return None
        planted: dict[int, Act] = {}
        inputs: list[str] = []
        for path, event in self._taken(act, above):
            theirs = [wrote for version, wrote in self.changes[path] if self._before(version, act, path) and self._another(wrote, act)]  # fmt: skip
            planted |= {id(wrote): wrote for wrote in theirs}
            inputs += [event] if theirs and event is not None else []
        return Taken(tuple(planted.values()), tuple(dict.fromkeys(inputs))) if planted else None

    def _taken(self, act: Act, above: Sequence[Row]) -> Found:
        yield from self._modules(act)
        yield from self._by_itself(above)
        yield from self._said(act, above)
        yield from self._unpacked(act, above)

    def _before(self, version: Version, act: Act, path: str) -> bool:
        """Whether a version can have been there as the act was done; what a package brought, and the act itself, are left out."""
        if version.host != act.host or version.event_id in act.events or path == act.object:
            return False
        known = order.of(self.scene.evidence)
        made = known.made(act)
        later = made is not None and known.before(made, version)
        return not later and not file_acts.by_installer(self.scene, version.event_id)

    def _another(self, wrote: Act, act: Act) -> bool:
        """Whether whoever changed a file need not be whoever acted: of another account that is not held by the same one person."""
        if wrote.account is None or act.account is None or wrote.account == act.account:
            return False
        holders = self.scene.directory.holders
        theirs, own = holders(wrote.account, *wrote.span()), holders(act.account, *act.span())
        return not (len(theirs) == 1 and theirs == own)

    def _modules(self, act: Act) -> Found:
        """Files of environment modules, by the names that the session loaded."""
        for e in self._ran(MODULES, act):
            files = [_of_module(name) for name in _loaded(e.argv)]
            for path in self.changes if files else ():
                if any(re.search(file, path) for file in files):
                    yield path, str(e.event_id)

    def _ran(self, names: frozenset[str], act: Act) -> Iterable[Row]:
        """Runs of programs in the act's session, not after it."""
        key = "taken_in", names
        if key not in self.scene.memo:
            held: dict[tuple[str | None, str], list[Row]] = {}
            ran = programs(self.scene, names)
            for e in rows_of(picked(ran, ran["session"].notna())):
                held.setdefault((e.host, e.session), []).append(e)
            self.scene.memo[key] = held
        own = self.scene.memo[key].get((act.host, act.session.ses if act.session else ""), ())
        return [e for e in own if act.latest_ns is None or e.earliest_ns <= act.latest_ns]

    def _by_itself(self, above: Sequence[Row]) -> Found:
        """What Python takes in as it starts, and what a shell does as an environment is activated."""
        python = next(
            (e for e in above if loading.folder_of_modules(e.exe, ["python"], "/") is not None), None
        )
        for path in self._marked():
            if _BY_ENVIRONMENT.search(path):
                yield path, None
            elif python is not None:
                yield path, str(python.event_id)

    def _marked(self) -> list[str]:
        key = "surroundings_marked"
        if key not in self.scene.memo:
            self.scene.memo[key] = [
                p for p in self.changes if _BY_ITSELF.search(p) or _BY_ENVIRONMENT.search(p)
            ]
        found: list[str] = self.scene.memo[key]
        return found

    def _said(self, act: Act, above: Sequence[Row]) -> Found:
        """What lines of startup files and of the account's history have a shell or an interpreter take in."""
        interprets = any(loading.said(e.exe, ["", "-c", "x"]) is not None for e in above)
        for e in self._lines(act):
            text = str(e.text)
            for found in _TAKES_IN.finditer(text):
                yield from ((path, str(e.event_id)) for path in self._named(found["path"].strip("'\""), act))
            for found in _SEARCHED.finditer(text) if interprets else ():
                for folder in found["value"].strip("'\"").split(":"):
                    inside = folder.rstrip("/") + "/"
                    if len(inside) > 1:
                        yield from (
                            (p, str(e.event_id)) for p in self.changes if p == folder or p.startswith(inside)
                        )

    def _lines(self, act: Act) -> list[Row]:
        """Lines of startup files of the act's account and host, and of the account's history until the act."""
        key = "surroundings_lines"
        if key not in self.scene.memo:
            events = self.scene.events
            told = picked(events, events["text"].notna() & events["format"].isin(FORMATS))
            held: dict[str | None, list[Row]] = {}
            for e in rows_of(told):
                if _TAKES_IN.search(str(e.text)) or _SEARCHED.search(str(e.text)):
                    held.setdefault(e.host, []).append(e)
            self.scene.memo[key] = held
        mine = [
            e for e in self.scene.memo[key].get(act.host, ())
            if e.account == act.account or (not isinstance(e.account, str) and e.format == "shell_startup")
        ]  # fmt: skip
        return [
            e
            for e in mine
            if pd.isna(e.earliest_ns) or act.latest_ns is None or e.earliest_ns <= act.latest_ns
        ][:_MOST]

    def _named(self, word: str, act: Act) -> list[str]:
        """The changed files that a word can name, whose folder is not on record where it is no whole path."""
        home = f"/home/{act.account}"
        whole = wording.resolved(re.sub(r"^(?:~|\$HOME|\$\{HOME\})(?=/)", home, word), None)
        if whole is not None:
            return [whole] if whole in self.changes else []
        tail = "/" + posixpath.normpath(word).removeprefix("../")
        return [path for path in self.changes if path.endswith(tail)]

    def _unpacked(self, act: Act, above: Sequence[Row]) -> Found:
        """Archives that the session unpacked, and files that it wrote out, where what it ran lies at home and is on no record."""
        own = [path for e in above for path in _given(e) if path not in self.changes and loading.own_place(path, str(act.account))]  # fmt: skip
        if not own:
            return
        names = {posixpath.basename(path) for path in own}
        for e in self._ran(UNPACKERS | COPIERS, act):
            words = list(map(str, e.argv[1:])) if isinstance(e.argv, (list, tuple)) else []
            for word in words:
                path = wording.resolved(word, e.cwd if isinstance(e.cwd, str) else None)
                if path is None or path not in self.changes:
                    continue
                if loading.program(e.exe) in UNPACKERS or (
                    path.endswith(artefacts.SCRIPTS) and posixpath.basename(path) in names
                ):
                    yield path, str(e.event_id)


def _given(e: Row) -> list[str]:
    """The files that an execution does: itself, and what its interpreter was given."""
    executed = [e.object] if isinstance(e.object, str) else []
    return [*executed, *loading.given(e.exe, e.argv, e.cwd)]


def _loaded(argv: object) -> list[str]:
    """The words that can name the modules which a command loads."""
    words = list(map(str, argv)) if isinstance(argv, (list, tuple)) else []
    at = next((n for n, w in enumerate(words) if _MODULE_COMMANDS.search(w)), None)
    if at is None or not _LOADS.intersection(words[at + 1 :]):
        return []
    return [name for w in words[at + 3 :] if (name := w.strip("/")) and not w.startswith("-")]


def _of_module(name: str) -> str:
    """A pattern of the files that a module of a name can be: of that name, or a version of it."""
    return f"/{re.escape(name)}(?:$|[.]lua$|/)"


def patterns(runs: Iterable[tuple[object, object, object]], texts: Iterable[str]) -> set[str]:
    """Patterns of the paths whose changes bear on what sessions take in: for a case of which not all changes are held.

    Args:
        runs: program, words and working directory of executions.
        texts: lines of `FORMATS`.

    Returns:
        Expressions that another engine than Python's takes alike, each to be searched for in a path.
    """
    found = {_BY_ITSELF.pattern, _BY_ENVIRONMENT.pattern}
    for exe, argv, cwd in runs:
        if loading.program(exe) in MODULES:
            found |= {_of_module(name) for name in _loaded(argv)}
        elif loading.program(exe) in UNPACKERS | COPIERS:
            words = list(map(str, argv[1:])) if isinstance(argv, (list, tuple)) else []
            named = (wording.resolved(w, cwd if isinstance(cwd, str) else None) for w in words)
            found |= {f"^{re.escape(path)}$" for path in named if path is not None}
    for text in texts:
        words = [m["path"].strip("'\"") for m in _TAKES_IN.finditer(text)]
        found |= {f"{re.escape('/' + w.removeprefix('~/').removeprefix('../').lstrip('./'))}$" for w in words}
        for m in _SEARCHED.finditer(text):
            folders = (folder.rstrip("/") for folder in m["value"].strip("'\"").split(":"))
            found |= {f"^{re.escape(folder)}(?:/|$)" for folder in folders if folder}
    return found
