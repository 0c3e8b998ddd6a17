"""What a session can have taken in of another's making, where what would tell of it was not collected.

`source settings.sh` runs no program, nor does a line of `.bashrc`, nor a folder in PYTHONPATH: that a session took a file in stands in
its account's startup files, or in what was typed. Where one of these is not there, and another had changed before what a shell, or a
program of the act, takes in, nobody can say whose code acted. What words, lines and settings that are there name is in `taken_in`.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from forensics.analysis import (
    artefacts,
    beside,
    displaced,
    git_settings,
    loading,
    mounts,
    order,
    startup_lines,
    surroundings,
    wording,
)
from forensics.analysis.acts import Act, Scene
from forensics.analysis.artefacts import Version
from forensics.analysis.decisions import not_installed
from forensics.analysis.deferral_rules import HISTORY, STARTUP_FILES
from forensics.analysis.evidence import Row, picked, rows_of
from forensics.analysis.planted import FOR_ALL, STARTUP, programs
from forensics.core import hostevents

PACKAGES = "-packages/"
"""In the path of what is found in an environment, not in a folder that a line names."""
_MOST = 1_000
"""Of more changed modules it is not asked which of them a text imports."""
_LAST = "\U0010ffff"
"""Behind every path."""
_CALLED = {kind: re.compile(kind) for kind in surroundings.TAKEN_IN}


def _called(path: str) -> str | None:
    """What of `surroundings.TAKEN_IN` a path is called as; startup files, and settings of git, of accounts and hosts are looked at by themselves."""
    if PACKAGES in path or STARTUP.search(path) or FOR_ALL.search(path) or git_settings.of_all(path):
        return None
    return next((kind for kind, called in _CALLED.items() if called.search(path)), None)


@dataclass(slots=True)
class Uncollected:
    """Asks of an act what its session can have taken in, unseen.

    Attributes:
        scene: events, people and sessions.
        changes: by path, every version with its act, in order of time.
        set_hosts: hosts whose clock was set: there a time of a history says nothing.
    """

    scene: Scene
    changes: Mapping[str, list[tuple[Version, Act]]]
    set_hosts: frozenset[str | None] = frozenset()
    _by_account: dict[tuple[str, str, str], int] | None = None
    _of_others: dict[str | None, dict[str, list[tuple[int, str]]]] = field(default_factory=dict)

    def lacking(self, act: Act) -> list[str]:
        """Which of the files that would tell what an act's session took in were not collected: of its account, on its host.

        One line of a startup file says that they were, and so does one that says nothing, or the case file that there is none; of a history, one that can be of the session, by its time or for want of one.
        """
        told: dict[tuple[object, object], list[int] | None] = self._collected()["histories"]
        key = act.host, act.account
        found = [] if key in self._collected()["startups"] or self._none(key) else [STARTUP_FILES]
        if key not in told:
            return [*found, HISTORY]
        times, session = told[key], act.session
        if times is None or act.host in self.set_hosts or session is None or session.start_ns is None:
            return found
        last = times[-1] if act.latest_ns is None else act.latest_ns + startup_lines.TICK_NS
        typed = bisect_right(times, last) - bisect_left(times, session.start_ns - startup_lines.TICK_NS)
        return found if typed else [*found, HISTORY]

    def _none(self, key: tuple[Any, Any]) -> bool:
        """Whether a host's account has no startup file that says anything, and none is on record as changed: what is there now need not have been then."""
        if key not in self._startup_files() | startup_lines.said_to_be_none(self.scene.evidence.question):
            return False
        if "homes with a changed startup file" not in self.scene.memo:
            changed = (STARTUP.search(path) for path in self.changes)
            self.scene.memo["homes with a changed startup file"] = {
                match["home"] for match in changed if match
            }
        return key[1] not in self.scene.memo["homes with a changed startup file"]

    def _startup_files(self) -> set[tuple[str, str]]:
        """Hosts and accounts of which a startup file was collected and read whole, be there no line in it."""
        if "startup files" not in self.scene.memo:
            files = self.scene.evidence.files
            whole = (files["format"] == startup_lines.STARTUP_FILE) | (files["bytes"] == 0)
            held = picked(
                files, whole & (files["kind"] == "file") & (files["rejected"] == 0) & files["host"].notna()
            )
            held = held[~held["sha256"].isin(displaced.shared(files))]
            homes = (
                (f.host, hostevents.home(f.origin))
                for f in rows_of(held[["host", "origin"]])
                if STARTUP.search(f.origin)
            )
            self.scene.memo["startup files"] = {(host, home[0]) for host, home in homes if home is not None}
        found: set[tuple[str, str]] = self.scene.memo["startup files"]
        return found

    def _collected(self) -> dict[str, Any]:
        """Accounts and hosts of which startup files were collected, and by these the times of the lines of histories: none where a line has none."""
        if "collected of shells" not in self.scene.memo:
            events = self.scene.events
            lines = picked(events, events["format"].isin(startup_lines.FORMATS) & events["account"].notna())
            startup = lines["format"] == startup_lines.STARTUP_FILE
            own = lines[startup].drop_duplicates(["host", "account"])
            histories = {
                key: None if times.isna().any() else sorted(map(int, times))
                for key, times in lines[~startup].groupby(["host", "account"], dropna=False)["earliest_ns"]
            }
            startups = set(zip(own["host"], own["account"], strict=True))
            self.scene.memo["collected of shells"] = {"startups": startups, "histories": histories}
        found: dict[str, Any] = self.scene.memo["collected of shells"]
        return found

    def changed(self, act: Act, above: Sequence[Row]) -> Iterator[str]:
        """The files that others had changed, not after an act, and that its session can have taken in.

        Not those that lie in a folder of their writer's own, nor what the act itself is on, nor what an installer put there.

        Args:
            act: an act of a session, of an account, with a moment.
            above: what its process and those above it executed.
        """
        ran = {loading.program(exe) for exe in (self.scene.row(act.events[0]).exe, *(e.exe for e in above))}
        for kind in surroundings.takes_in(ran):
            told = self._of(act.account).get(kind, [])
            late = act.host in self.set_hosts or act.latest_ns is None
            until = len(told) if late else bisect_right(told, (int(act.latest_ns or 0), _LAST))
            can = self._imported(told[:until], above) if kind == surroundings.OF_PYTHON else None
            paths = (told[n][1] for n in range(until))
            yield from (path for path in paths if path != act.object and (can is None or path in can))

    def _imported(self, told: Sequence[tuple[int, str]], above: Sequence[Row]) -> set[str] | None:
        """Of changed modules those that the Pythons that ran can have imported; None for all: of very many, it is not asked."""
        pythons = [e for e in above if loading.folder_of_modules(e.exe, e.argv, e.cwd or "/") is not None]
        if not told or not pythons or len(told) > _MOST:
            return None
        paths = sorted(path for _, path in told)
        return {path for e in pythons for path in beside.imported(self.scene.evidence, e, paths)}

    def _of(self, account: str | None) -> dict[str, list[tuple[int, str]]]:
        """The files that others than an account changed, by what they are called, with the first moment of each."""
        if account not in self._of_others:
            first: dict[str, dict[str, int]] = {}
            # In an account of several, another of them counts as another.
            shared = len(self.scene.directory.holders(account)) > 1 if account is not None else False
            for (other, kind, path), at in self._told().items():
                if other != account or shared:
                    held = first.setdefault(kind, {})
                    held[path] = min(at, held.get(path, at))
            found = {kind: sorted((at, path) for path, at in held.items()) for kind, held in first.items()}
            self._of_others[account] = found
        return self._of_others[account]

    def _told(self) -> dict[tuple[str, str, str], int]:
        """The files that a shell or a program can take in, by the account that changed them and what they are called, with its first moment."""
        if self._by_account is None:
            jobs = self._submitted()
            own = (path for path, pairs in self.changes.items() if pairs and path not in jobs)
            kinds = {path: kind for path in own if (kind := _called(path))}
            found: dict[tuple[str, str, str], int] = {}
            for path in sorted(not_installed(self.scene, self.changes, kinds)):
                for version, wrote in self.changes[path]:
                    if wrote.account is not None and not loading.own_place(path, wrote.account):
                        key = wrote.account, kinds[path], path
                        found[key] = min(version.earliest_ns, found.get(key, version.earliest_ns))
            self._by_account = found
        return self._by_account

    def _submitted(self) -> set[str]:
        """The files that were given to a program which submits jobs: what a job runs is no file of settings."""
        ran = rows_of(programs(self.scene, artefacts.SUBMITTERS))
        words = ((str(word), e.cwd) for e in ran for word in (e.argv or ())[1:])
        told = (wording.resolved(word, cwd if isinstance(cwd, str) else None) for word, cwd in words)
        return {path for path in told if path is not None}

    def elsewhere(self, path: str, act: Act) -> Iterator[tuple[Version, Act]]:
        """The versions of a path that were written on another host, of a file system that the act's host can have too."""
        known, then = mounts.of(self.scene.evidence), order.Moment(act.earliest_ns or 0, act.latest_ns or 0)
        for version, wrote in self.changes[path]:
            joined = known.joined(path, version.host, act.host)
            if joined not in {None, "same_host"} and not order.of(self.scene.evidence).before(then, version):
                yield version, wrote
