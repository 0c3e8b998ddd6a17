"""What of another's making a session took in that no process of an act was given: the environment of its shells and of Python.

`module load`, `source settings.sh`, `conda activate`, a folder in PYTHONPATH, `sitecustomize.py`, an archive that was unpacked at home:
what these hold is done by the shell, the interpreter or the script of whoever uses them, and no word of the act's own process names
them. Here is which files were taken in, and by which event; who decided what they held is asked in `foreign_code`, of each alike. What
words mean is in `surroundings`.
"""

import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from forensics.analysis import (
    artefacts,
    beside,
    decisions,
    homes,
    loading,
    order,
    startup_lines,
    surroundings,
    unpacked,
    wording,
)
from forensics.analysis.acts import Act, Scene
from forensics.analysis.artefacts import Version
from forensics.analysis.evidence import Row, rows_of
from forensics.analysis.planted import programs
from forensics.analysis.sessions import Session
from forensics.analysis.sourced import through
from forensics.analysis.surroundings import Named

COPIERS = frozenset({"cat", "base64", "zcat", "gunzip", "xzcat", "zstdcat"})
"""Programs that write out what they read; where to, a redirection of the shell says, of which no record tells. Of them scripts are looked at."""

_NONE = frozenset[str]()
_FILES = frozenset({"file"})
_ALL = _FILES | {"folder"}
ANY = "*"
"""What stands for a file of a folder of which none is on record."""


class Took(NamedTuple):
    """A file that was taken in: by which event, at which moment; `known` where one whose writer is on no record counts too.

    A folder stands for all that lies in it, as `FOLDER/*`, where none of its files is on record.
    """

    path: str
    event: str
    at: Row
    moment: order.Dated
    known: bool = False


class Lead(NamedTuple):
    """Something named, and the files that it stands for; `sure` where those count of which no record tells the writer."""

    one: Named
    paths: tuple[str, ...]
    sure: bool


@dataclass(slots=True)
class Surroundings:
    """Asks of an act what its session had taken in.

    Attributes:
        scene: events, people and sessions.
        changes: by path, every version with its act, in order of time.
        packages: changed files of packages by their environment, as `decisions.changed_packages` has them.
        set_hosts: hosts whose clock was set: there a time of a history says nothing.
    """

    scene: Scene
    changes: Mapping[str, list[tuple[Version, Act]]]
    packages: Mapping[str, Sequence[str]]
    set_hosts: frozenset[str | None] = frozenset()

    def of(self, act: Act, above: Sequence[Row]) -> Iterator[Took]:
        """What was taken in before an act of a session.

        Args:
            act: an act of a session, of an account, with a moment.
            above: what its process and those above it executed.
        """
        obeying = {
            loading.program(exe) for exe in (self.scene.row(act.events[0]).exe, *(e.exe for e in above))
        }
        for e in above:
            yield from self._worded(e, act, obeying)
            yield from self._imported(e, act)
        yield from self._lined(act, above, obeying)
        yield from self._loaded(act)
        yield from self._activated(act, above)
        yield from self._unpacked(act, above)

    def _worded(self, e: Row, act: Act, obeying: set[str]) -> Iterator[Took]:
        """What the words of a run, and the texts of a script that it was given, have it load."""
        key = "worded", e.event_id, act.account
        if key not in self.scene.memo:
            # A session's shell is above each of its acts.
            cwd = e.cwd if isinstance(e.cwd, str) else None
            script = loading.shell_script(e.exe, e.argv, e.cwd)
            held = [] if script is None else self._texts(script)
            lines = (line for text in held for line in text.splitlines())
            home = homes.of(self.scene.evidence, act.account)
            told = surroundings.of_run(e.exe, e.argv, e.cwd, home)
            told += [one for line in lines for one in surroundings.named(line, cwd=cwd, home=home)]
            self.scene.memo[key] = self._leads(told, cwd, act.account, known=_ALL)
        yield from _led(self.scene.memo[key], act, obeying, e, str(e.event_id), decisions.moment(e))

    def _texts(self, path: str) -> Sequence[str]:
        return beside.texts(self.scene.evidence, path)

    def _leads(
        self, told: Iterable[Named], cwd: str | None, account: str | None, *, known: frozenset[str]
    ) -> list[Lead]:
        """What was named, and what such a file takes in itself; of what is `known` also where nobody changed it."""
        found = list[Lead]()
        for one, deeper in through(told, cwd, homes.of(self.scene.evidence, account), self._texts):
            sure = one.what in known and not deeper
            if paths := self._paths(one, account, known=sure):
                found.append(Lead(one, tuple(paths), sure))
        return found

    def _paths(self, one: Named, account: str | None, *, known: bool) -> list[str]:
        """The files that something named stands for: itself, those in a folder, or those that its end can be of."""
        if one.what == "environment":
            return list(self.packages.get(one.path, ()))
        if one.what == "folder":
            return self._below(one) + ([posixpath.join(one.path, ANY)] if known else [])
        if one.what == "modules":
            return []  # what is loaded of them is known by the load
        if one.whole:
            return [one.path] if known or one.path in self.changes else []
        alike = self._by_name().get(posixpath.basename(one.path), ())
        return [path for path in alike if path.endswith(f"/{one.path}") and not self._private(path, account)]

    def _imported(self, e: Row, act: Act) -> Iterator[Took]:
        """The changed files of the packages that Python finds in its environment: those it always does, and those that its text imports or can."""
        if not self.packages or loading.folder_of_modules(e.exe, e.argv, e.cwd or "/") is None:
            return
        accounts = sorted({a for a in (act.account, act.effective) if a is not None})
        mine = surroundings.environments(e, self.packages, accounts)
        if mine is None:
            # Which one it was is on no record: it can be any that others use.
            mine = [
                env
                for env, paths in self.packages.items()
                if not all(self._private(p, act.account) for p in paths)
            ]
        paths = [path for env in mine for path in self.packages[env]]
        always = [path for path in paths if surroundings.done_always(path)]
        others = [path for path in paths if not surroundings.done_always(path)]
        for path in (*always, *beside.imported(self.scene.evidence, e, others)):
            if path != act.object:
                yield Took(path, str(e.event_id), e, decisions.moment(e))

    def _lined(self, act: Act, above: Sequence[Row], obeying: set[str]) -> Iterator[Took]:
        """What lines of startup files, and of the account's history in the session, have a shell take in, or programs load."""
        at = above[0] if above else self.scene.row(act.events[0])
        then = order.Moment(act.earliest_ns or 0, act.latest_ns or 0)
        for line, leads in self._lines(act):
            typed = line.startup or act.origin == "login"
            if typed and (line.at_ns is None or self._in_session(line.at_ns, act)):
                # Of a line that need not be of this session what another changed counts, and not what no record tells of.
                told = (
                    leads
                    if line.startup or self._surely(line.at_ns, act)
                    else list(map(self._changed, leads))
                )
                yield from _led(told, act, obeying, at, line.event, then)

    def _surely(self, at_ns: int | None, act: Act) -> bool:
        """Whether the time of a line of a history lies in the act's session, before the act."""
        start = None if act.session is None else act.session.start_ns
        if at_ns is None or start is None:
            return False
        return at_ns >= start - startup_lines.TICK_NS and (act.latest_ns is None or at_ns <= act.latest_ns)

    def _changed(self, lead: Lead) -> Lead:
        """The same of the files alone that are on record as changed."""
        return lead._replace(paths=tuple(p for p in lead.paths if p in self.changes), sure=False)

    def _lines(self, act: Act) -> list[tuple[startup_lines.Line, list[Lead]]]:
        """The lines of an account and its host that lead to something, each with that."""
        key = "lines that lead", act.host, act.account
        if key not in self.scene.memo:
            # What the host's own files take in is the site's, where no record tells of another's change; of a folder that is searched
            # nothing need be loaded.
            told = (
                (
                    line,
                    self._leads(line.told, None, act.account, known=_FILES if line.own else _NONE),
                )
                for line in startup_lines.named(self.scene, act)
            )
            self.scene.memo[key] = [one for one in told if one[1]]
        found: list[tuple[startup_lines.Line, list[Lead]]] = self.scene.memo[key]
        return found

    def _in_session(self, at_ns: int, act: Act) -> bool:
        """Whether a line of a history can be one of the act's session, before the act: it is later, or of another session, or else it can."""
        if act.host in self.set_hosts:
            return True
        if act.latest_ns is not None and at_ns > act.latest_ns:
            return False
        own = act.session
        if own is None or own.start_ns is None or at_ns >= own.start_ns - startup_lines.TICK_NS:
            return True
        return not any(startup_lines.within(at_ns, other) for other in self._sessions_of(act))

    def _sessions_of(self, act: Act) -> list[Session]:
        """The sessions of an act's account, of whichever host: a home, and the history in it, can be of several."""
        key = "sessions of", act.account
        if key not in self.scene.memo:
            self.scene.memo[key] = [s for s in self.scene.sessions.values() if s.account == act.account]
        found: list[Session] = self.scene.memo[key]
        return found

    def _loaded(self, act: Act) -> Iterator[Took]:
        """Files of environment modules, by the names that the session loaded: they set what all that follows is run with."""
        used = self._used(act)
        for e in self._ran(act, "modules"):
            if names := surroundings.loads(e.exe, e.argv):
                for path in self._modulefiles(tuple(names), used, act.account):
                    yield Took(path, str(e.event_id), e, decisions.moment(e))

    def _used(self, act: Act) -> frozenset[str]:
        """The folders that the act's session looked for modules in, as far as words and lines tell."""
        used = {folder for e in self._ran(act, "modules") for folder in surroundings.uses(e.exe, e.argv)}
        lines = startup_lines.named(self.scene, act)
        return frozenset(
            used | {one.path for line in lines for one in line.told if one.variable == "MODULEPATH"}
        )

    def unplaced(self, act: Act, *, unseen: bool) -> Iterator[str]:
        """Loads of modules that can lie where others write, and of which no record tells who did; none where they lie in the site's or the account's own folders.

        Args:
            act: an act of a session.
            unseen: whether lines that can tell of folders of modules were not collected; else folders that are told of count alone.
        """
        used = self._used(act)
        elsewhere = any(not self._kept(f"{folder}/", act.account) for folder in used)
        for e in self._ran(act, "modules") if unseen or elsewhere else ():
            for name in surroundings.loads(e.exe, e.argv):
                files = re.compile(surroundings.of_module(name))
                there = [path for path in self._collected(act.host) if files.search(path)]
                told = self._modulefiles((name,), used, act.account) or (
                    there and all(self._kept(path, act.account) for path in there)
                )
                if not told:
                    yield str(e.event_id)

    def _kept(self, path: str, account: str | None) -> bool:
        """Whether a path lies where only an administrator, or an account itself, writes."""
        return loading.of_site(path) or loading.own_place(path, str(account))

    def _collected(self, host: str | None) -> list[str]:
        """The paths of the modulefiles of a host that were collected."""
        if "collected modules" not in self.scene.memo:
            files, held = self.scene.evidence.files, dict[object, list[str]]()
            for owner, path in zip(files["host"], files["origin"], strict=True):
                if isinstance(path, str) and surroundings.holds_modules(path):
                    held.setdefault(owner, []).append(path)
            self.scene.memo["collected modules"] = held
        found: list[str] = self.scene.memo["collected modules"].get(host, [])
        return found

    def _modulefiles(self, names: tuple[str, ...], used: frozenset[str], account: str | None) -> list[str]:
        key = "modulefiles", names, used, account
        if key not in self.scene.memo:
            found, elsewhere = surroundings.modulefiles(names, used, self.changes)
            self.scene.memo[key] = [*found, *(path for path in elsewhere if not self._private(path, account))]
        files: list[str] = self.scene.memo[key]
        return files

    def _ran(self, act: Act, what: str) -> list[Row]:
        """Runs in the act's session of what works out modules, or of what unpacks and writes out, not after it."""
        key = "taken_in", what
        if key not in self.scene.memo:
            names = frozenset[str]() if what == "modules" else unpacked.UNPACKERS | COPIERS
            alike = surroundings.MODULE_PROGRAMS if what == "modules" else None
            held: dict[tuple[object, object], list[Row]] = {}
            for e in rows_of(programs(self.scene, names, alike)):
                if isinstance(e.session, str):
                    held.setdefault((e.host, e.session), []).append(e)
            self.scene.memo[key] = held
        own = self.scene.memo[key].get((act.host, act.session.ses if act.session else None), ())
        return [e for e in own if act.latest_ns is None or int(e.earliest_ns) <= act.latest_ns]

    def _activated(self, act: Act, above: Sequence[Row]) -> Iterator[Took]:
        """What a shell does as an environment is activated: of one that others use, or that what ran is of."""
        at = above[0] if above else self.scene.row(act.events[0])
        then = order.Moment(act.earliest_ns or 0, act.latest_ns or 0)
        for path in self._activations():
            prefix = f"{surroundings.environment_of(path)}/"
            words = (str(w) for e in above for w in (e.exe, e.object, *(e.argv or ())))
            if not self._private(path, act.account) or any(word.startswith(prefix) for word in words):
                yield Took(path, str(at.event_id), at, then)

    def _activations(self) -> list[str]:
        if "activations" not in self.scene.memo:
            self.scene.memo["activations"] = [p for p in self.changes if surroundings.ACTIVATION.match(p)]
        found: list[str] = self.scene.memo["activations"]
        return found

    def _private(self, path: str, account: str | None) -> bool:
        """Whether a path lies in a folder of another who changed it: an account has no part in that, but by words that name it."""
        others = {wrote.account for _, wrote in self.changes.get(path, ())} - {None, account}
        return any(loading.own_place(path, str(other)) for other in others)

    def _by_name(self) -> Mapping[str, list[str]]:
        if "changed by name" not in self.scene.memo:
            held: dict[str, list[str]] = {}
            for path in self.changes:
                held.setdefault(posixpath.basename(path), []).append(path)
            self.scene.memo["changed by name"] = held
        found: Mapping[str, list[str]] = self.scene.memo["changed by name"]
        return found

    def _below(self, one: Named) -> list[str]:
        """The changed files in a folder and below it: for Python those that are modules, for others all."""
        if "changed in order" not in self.scene.memo:
            self.scene.memo["changed in order"] = sorted(self.changes)
        paths: list[str] = self.scene.memo["changed in order"]
        folder = one.path.rstrip("/")
        found = paths[bisect_left(paths, f"{folder}/") : bisect_left(paths, f"{folder}0")]
        python = one.variable == "PYTHONPATH"
        return [path for path in found if path.endswith(loading.MODULES)] if python else found

    def _unpacked(self, act: Act, above: Sequence[Row]) -> Iterator[Took]:
        """Archives that the session unpacked nobody knows where, and files that it wrote out, where what it ran lies at home and is on no record.

        Where the words tell the place, and it is another, nothing is taken in: what was moved from there is followed by the move.
        """
        given = (path for e in above for path in (e.object, *loading.given(e.exe, e.argv, e.cwd)))
        own = {str(p) for p in given if isinstance(p, str) and p not in self.changes and loading.own_place(p, str(act.account))}  # fmt: skip
        names, folders = {posixpath.basename(path) for path in own}, {part for path in own for part in path.split("/")[1:-1]}  # fmt: skip
        for e in self._ran(act, "unpacked") if own else ():
            for path in (p for p in _read_by(e, folders) if p in self.changes):
                alike = path.endswith(artefacts.SCRIPTS) and posixpath.basename(path) in names
                if loading.program(e.exe) in unpacked.UNPACKERS or alike:
                    yield Took(path, str(e.event_id), e, decisions.moment(e))


def _read_by(e: Row, folders: set[str]) -> list[str]:
    """The files that a run writes out, or unpacks to a place that is not told, or is called as a folder of what ran is."""
    if loading.program(e.exe) in unpacked.UNPACKERS:
        where = e.cwd if isinstance(e.cwd, str) else "/"
        put = unpacked.brought(e.exe, e.argv, where, homes.Home("anybody"))
        return [
            s for place, s in put if s is not None and (place == "/" or posixpath.basename(place) in folders)
        ]
    words = list(map(str, e.argv[1:])) if isinstance(e.argv, (list, tuple)) else []
    read = (wording.resolved(word, e.cwd if isinstance(e.cwd, str) else None) for word in words)
    return [path for path in read if path is not None]


def _led(
    leads: Iterable[Lead], act: Act, obeying: set[str], at: Row, event: str, moment: order.Dated
) -> Iterator[Took]:
    """What leads come to for an act: by words that its programs obey, and but for what it changed itself."""
    for lead in leads:
        if lead.one.bears(obeying):
            paths = (path for path in lead.paths if lead.sure or path != act.object)
            yield from (Took(path, event, at, moment, lead.sure) for path in paths)


def patterns(runs: Iterable[tuple[object, object, object]], told: Iterable[Named]) -> set[str]:
    """Patterns of the paths whose changes bear on what sessions take in: for a case of which not all changes are held.

    Args:
        runs: program, words and working directory of executions.
        told: what lines and texts name.

    Returns:
        Expressions that another engine than Python's takes alike, each to be searched for in a path.
    """
    found = {r"/(?:site|user)customize\.py$|-packages/[^/]+\.pth$", r"/etc/conda/activate\.d/[^/]+$"}
    for exe, argv, cwd in runs:
        found |= {surroundings.of_module(name) for name in surroundings.loads(exe, argv)}
        found |= {rf"^{re.escape(folder)}/" for folder in surroundings.uses(exe, argv)}
        if loading.program(exe) in COPIERS:
            words = list(map(str, argv[1:])) if isinstance(argv, (list, tuple)) else []
            named = (wording.resolved(w, cwd if isinstance(cwd, str) else None) for w in words)
            found |= {f"^{re.escape(path)}$" for path in named if path is not None}
    for one in told:
        begin, path = "^" if one.whole else "/", re.escape(one.path.rstrip("/"))
        inside = "/lib(?:64)?/python[0-9.]*/" if one.what == "environment" else "/"
        found.add(f"{begin}{path}$" if one.what == "file" else f"{begin}{path}{inside}")
    return {pattern for pattern in found if "\0" not in pattern}
