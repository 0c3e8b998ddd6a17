"""What of another's making a session took in that no process of an act was given: the environment of its shells and of Python.

`module load`, `source settings.sh`, `conda activate`, a folder in PYTHONPATH, `sitecustomize.py`, an archive that was unpacked at home:
what these hold is done by the shell, the interpreter or the script of whoever uses them, and no word of the act's own process names
them. So whoever had changed them before is one who can have decided what was done. Each is known by a word on record that takes it in, but
for what everybody's Python and every shell of an environment take in by themselves.
"""

import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from forensics.analysis import artefacts, file_acts, loading, order, unpacked, wording
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
_BY_ENVIRONMENT = re.compile(r"/etc/conda/activate\.d/[^/]+$")
"""Files that a shell takes in as an environment is activated: what is typed for it runs nothing of that name."""
_ROOT = re.compile(r"^(?P<root>.*?)/(?:lib(?:64)?/python|etc/conda/|[^/]+-packages/)")
_TICK_NS = 1_000_000_000
"""A history tells whole seconds."""
_SEARCHED = re.compile(r"\b(?P<name>PYTHONPATH|PYTHONSTARTUP|PYTHONUSERBASE|PERL5LIB|PERLLIB|RUBYLIB|R_LIBS\w*|LUA_PATH|BASH_ENV|ENV|LD_PRELOAD|LD_LIBRARY_PATH)\+?=(?P<value>[^\s;&|]+)")  # fmt: skip
_TAKES_IN = re.compile(r"(?:^|[;&|{(\n]|\b(?:then|do|else)\b)\s*(?:source|\.)\s+(?P<path>[^\s;&|)]+)")
FORMATS = frozenset({"bash_history", "zsh_history", "history_listing", "atuin", "shell_startup"})
"""What has lines by which a shell takes something in."""


class Taken(NamedTuple):
    """Acts of others that changed what was taken in, and the events by which it was."""

    planted: tuple[Act, ...]
    inputs: tuple[str, ...]


class Said(NamedTuple):
    """A changed file that a line has taken in: which, the line's event, when it is said to have been; `searched` where only an interpreter looks there."""

    path: str
    event: str
    at_ns: int | None
    searched: bool


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
            for name in _loaded(e.argv):
                yield from ((path, str(e.event_id)) for path in self._files_of(name))

    def _files_of(self, name: str) -> list[str]:
        """The changed files that can be those of a module."""
        known = self.scene.memo.setdefault("surroundings_modules", {})
        if name not in known:
            file = re.compile(_of_module(name))
            known[name] = [path for path in self.changes if file.search(path)]
        found: list[str] = known[name]
        return found

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
        """What Python takes in as it starts, and what a shell does as an environment is activated: of one that others use, or that ran."""
        python = next(
            (e for e in above if loading.folder_of_modules(e.exe, ["python"], "/") is not None), None
        )
        for path in self._marked():
            if not self._is_private(path) or _of_environment(path, above):
                if _BY_ENVIRONMENT.search(path):
                    yield path, None
                elif python is not None:
                    yield path, str(python.event_id)

    def _is_private(self, path: str) -> bool:
        """Whether an environment lies in a folder of whoever changed it."""
        return any(
            wrote.account and loading.own_place(path, wrote.account) for _, wrote in self.changes[path]
        )

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
        for said in (*self._lines(act.host, act.account), *self._lines(act.host, None)):
            if (interprets or not said.searched) and _in_session(said, act):
                yield said.path, said.event

    def _lines(self, host: str | None, account: str | None) -> list[Said]:
        """What lines of an account of a host, or for all its accounts, have taken in that is on record as changed."""
        known = self.scene.memo.setdefault("surroundings_said", {})
        if (host, account) not in known:
            rows = self._told().get((host, account), ())
            known[host, account] = [said for e in rows for said in self._heard(e, account)]
        found: list[Said] = known[host, account]
        return found

    def _told(self) -> Mapping[tuple[str | None, str | None], list[Row]]:
        """The lines that have something taken in, by host and account; those of the host's own files by none."""
        if "surroundings_lines" not in self.scene.memo:
            events = self.scene.events
            told = picked(events, events["text"].notna() & events["format"].isin(FORMATS))
            held: dict[tuple[str | None, str | None], list[Row]] = {}
            for e in rows_of(told):
                account = e.account if isinstance(e.account, str) else None
                # A history that lies in no home is nobody's.
                if account is not None or e.format == "shell_startup":
                    held.setdefault((e.host, account), []).append(e)
            self.scene.memo["surroundings_lines"] = held
        found: Mapping[tuple[str | None, str | None], list[Row]] = self.scene.memo["surroundings_lines"]
        return found

    def _heard(self, e: Row, account: str | None) -> Iterator[Said]:
        text, event = str(e.text), str(e.event_id)
        if text.lstrip().startswith("#"):
            return
        at_ns = None if pd.isna(e.earliest_ns) else int(e.earliest_ns)
        for found in _TAKES_IN.finditer(text):
            for path in self._named(found["path"].strip("'\""), account):
                yield Said(path, event, at_ns, searched=False)
        for found in _SEARCHED.finditer(text):
            for folder in found["value"].strip("'\"").split(":"):
                yield from (
                    Said(path, event, at_ns, searched=True) for path in self._below(folder.rstrip("/"))
                )

    def _named(self, word: str, account: str | None) -> list[str]:
        """The changed files that a word can name, whose folder is not on record where it is no whole path."""
        whole = wording.resolved(re.sub(r"^(?:~|\$HOME|\$\{HOME\})(?=/)", f"/home/{account}", word), None)
        if whole is not None:
            return [whole] if whole in self.changes else []
        tail = "/" + posixpath.normpath(word).removeprefix("../")
        return [path for path in self._by_name().get(posixpath.basename(tail), ()) if path.endswith(tail)]

    def _by_name(self) -> Mapping[str, list[str]]:
        if "surroundings_names" not in self.scene.memo:
            held: dict[str, list[str]] = {}
            for path in self.changes:
                held.setdefault(posixpath.basename(path), []).append(path)
            self.scene.memo["surroundings_names"] = held
        found: Mapping[str, list[str]] = self.scene.memo["surroundings_names"]
        return found

    def _below(self, folder: str) -> list[str]:
        """A changed file of that path, and those below a folder of it."""
        if "surroundings_paths" not in self.scene.memo:
            self.scene.memo["surroundings_paths"] = sorted(self.changes)
        paths: list[str] = self.scene.memo["surroundings_paths"]
        if not folder:
            return []
        first, last = bisect_left(paths, f"{folder}/"), bisect_left(paths, f"{folder}0")
        return [*([folder] if folder in self.changes else []), *paths[first:last]]

    def _unpacked(self, act: Act, above: Sequence[Row]) -> Found:
        """Archives that the session unpacked, and files that it wrote out, where what it ran lies at home and is on no record."""
        own = [path for e in above for path in _given(e) if path not in self.changes and loading.own_place(path, str(act.account))]  # fmt: skip
        if not own:
            return
        names = {posixpath.basename(path) for path in own}
        for e in self._ran(UNPACKERS | COPIERS, act):
            for path in _read_by(e):
                known = path is not None and path in self.changes
                alike = str(path).endswith(artefacts.SCRIPTS) and posixpath.basename(str(path)) in names
                if path is not None and known and (loading.program(e.exe) in UNPACKERS or alike):
                    yield path, str(e.event_id)


def _read_by(e: Row) -> list[str | None]:
    """The files that a run unpacks, or writes out."""
    if loading.program(e.exe) in UNPACKERS:
        return list(unpacked.sources(e.exe, e.argv, e.cwd))
    words = list(map(str, e.argv[1:])) if isinstance(e.argv, (list, tuple)) else []
    return [wording.resolved(word, e.cwd if isinstance(e.cwd, str) else None) for word in words]


def _in_session(said: Said, act: Act) -> bool:
    """Whether a line can be one of the act's session, before the act; a line without a moment can."""
    start = None if act.session is None else act.session.start_ns
    later = said.at_ns is not None and act.latest_ns is not None and said.at_ns > act.latest_ns
    return not later and (said.at_ns is None or start is None or said.at_ns >= start - _TICK_NS)


def _of_environment(path: str, above: Sequence[Row]) -> bool:
    """Whether what ran is of the environment that a file lies in, by its path or by its words."""
    found = _ROOT.match(path)
    words = (str(w) for e in above for w in (e.exe, e.object, *(e.argv if isinstance(e.argv, list) else ())))
    return found is not None and any(w.startswith(f"{found['root']}/") for w in words)


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
    return {pattern for pattern in found if "\0" not in pattern}
