"""What a session ran that another account had written: a script, a hook, a program in a folder of many, a startup file.

What such a program does bears the account, the key and the device of whoever runs it, and is the work of whoever wrote
it, of whoever ran it, or of both. No record of the run tells which. So such an act leads to the writers as well, and
names nobody.
"""

import itertools
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from forensics.analysis import file_acts, order, wording
from forensics.analysis.acts import Act, Scene
from forensics.analysis.artefacts import Version
from forensics.analysis.evidence import Row, picked, rows_of
from forensics.analysis.lineage import Lineage, after_options
from forensics.analysis.planted import STARTUP

RULE = "ran_what_another_wrote"
Changes = Mapping[str, list[tuple[Version, Act]]]
_SHELLS = re.compile(r"(?:ba|da|z|k|mk|c|tc|fi)?sh")
_INTERPRETERS = re.compile(
    rf"{_SHELLS.pattern}|python[0-9.]*|perl[0-9.]*|ruby[0-9.]*|node|Rscript|julia|lua[0-9.]*|tclsh|php[0-9.]*"
)
"""Programs that do what a file says which they are given."""
_VALUED = frozenset({"-W", "-X", "-o", "-O", "+o", "+O", "-I", "-r", "--rcfile", "--init-file", "--require"})
_NO_FILE = frozenset({"-c", "-m", "-e", "-E", "--eval", "-"})
"""Options by which an interpreter is told what to do in place of a file."""
LOADED = (
    ".py",
    ".pyc",
    ".pth",
    ".sh",
    ".bash",
    ".pl",
    ".R",
    ".pt",
    ".pkl",
    ".pickle",
    ".ckpt",
    ".joblib",
    ".npy",
    ".mk",
)
"""Files of which an interpreter that reads them can run what they hold."""
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_MOVED = 8
"""How often a file can have been moved that is followed to where it was written."""


class Run(NamedTuple):
    """One use of a file that is on record as changed: by which process of a session it was run, or read by an interpreter."""

    event: str
    pid: int
    path: str
    at: Row


class Foreign(NamedTuple):
    """What others had written of what did an act, and the events by which it ran."""

    planted: tuple[Act, ...]
    inputs: tuple[str, ...]


@dataclass(slots=True)
class Code:
    """Asks of an act what others had written of what did it.

    Attributes:
        scene: events, people and sessions.
        changes: by path, every version with its act, in order of time.
        planted: what was left to run.
    """

    scene: Scene
    changes: Changes
    planted: Sequence[Act]
    _ran: dict[tuple[str | None, str], list[Run]] | None = None
    _starts: list[Act] = field(default_factory=list)

    def of(self, act: Act, made: Lineage) -> Foreign | None:
        """Who else can have decided what an act's process did; None where no record says that another wrote what it ran."""
        session = act.session
        if session is None or session.ses is None or act.earliest_ns is None:
            return None
        if self._ran is None:
            self._ran = _runs(self.scene, {path for path, pairs in self.changes.items() if pairs})
            self._starts = [p for p in self.planted if STARTUP.search(p.object)]
        mine = self._ran.get((session.host, session.ses), ())
        starts = [p for p in self._starts if self._at_start(p, act)]
        if not mine and not starts:
            return None
        above = made.above(act)[0] if mine else []
        chain, pids = {str(e.event_id) for e in above}, {act.pid, *(int(e.pid) for e in above)}
        found, inputs = {id(p): p for p in starts}, list[str]()
        for run in mine:
            loaded = run.event not in chain and run.pid in pids and run.at.verb == "read"
            if (run.event in chain or loaded) and self._not_after(run.at, act):
                wrote = self._writers(run, act)
                found |= {id(p): p for p in wrote}
                inputs += [run.event] if wrote else []
        return Foreign(tuple(found.values()), tuple(dict.fromkeys(inputs))) if found else None

    def _not_after(self, run: Row, act: Act) -> bool:
        return act.latest_ns is None or run.earliest_ns <= act.latest_ns

    def _at_start(self, plant: Act, act: Act) -> bool:
        """Whether another changed a file before that every shell of the act's account runs as it starts."""
        home = STARTUP.search(plant.object)
        named = home is not None and act.session is not None and home["home"] == act.session.account
        before = plant.earliest_ns is None or act.latest_ns is None or plant.earliest_ns <= act.latest_ns
        return named and before and plant.host == act.host and self._another(plant, act)

    def _writers(self, run: Run, act: Act) -> list[Act]:
        """The acts of others of which content can have been in a file as it ran."""
        moment = order.Moment(int(run.at.earliest_ns), int(run.at.latest_ns), run.event)
        return self._wrote(run.path, run.at.host, moment, act, _MOVED)

    def _wrote(self, path: str, host: object, moment: order.Dated, act: Act, moved: int) -> list[Act]:
        """All that were not shown to be later, since it was last replaced; where it was moved there, before that too."""
        found: list[Act] = []
        known = order.of(self.scene.evidence)
        for version, wrote in reversed(self.changes.get(path, ())):
            # What moved it away from a place is no change of what it was there.
            if version.host != host or version.event_id == moment.dated_by or known.before(moment, version):
                continue
            if version.how == "delete":
                break
            if self._another(wrote, act) and not file_acts.by_installer(self.scene, version):
                found.append(wrote)
            if version.how != "edit":
                verb, source = self.scene.cells([version.event_id], "verb", "object_from")[0]
                if verb == "rename" and isinstance(source, str) and moved:
                    found += self._wrote(source, host, version, act, moved - 1)[::-1]
                break
        return found[::-1]

    def _another(self, wrote: Act, act: Act) -> bool:
        """Whether whoever wrote something need not be whoever ran it: of another account, or in another session of one that several share."""
        if wrote.account is None or act.account is None:
            return False
        holders = self.scene.directory.holders
        if wrote.account != act.account:
            theirs, own = holders(wrote.account, *wrote.span()), holders(act.account, *act.span())
            return not (len(theirs) == 1 and theirs == own)
        same = (
            wrote.session is not None
            and act.session is not None
            and wrote.session.session_id == act.session.session_id
        )
        return not same and len(holders(act.account, *act.span())) > 1


def _runs(scene: Scene, changed: set[str]) -> dict[tuple[str | None, str], list[Run]]:
    """Every run of a changed file in a session, and every reading of one by an interpreter, by host and kernel session."""
    events = scene.events
    told = picked(
        events, events["verb"].isin({"execute", "read"}) & events["trail"] & (events["outcome"] != "failure")
    )
    told = picked(told, told["session"].notna() & told["pid"].notna() & told["earliest_ns"].notna())
    found: dict[tuple[str | None, str], list[Run]] = {}
    for e in rows_of(told):
        for path in used(e.verb, e.exe, e.object, e.argv, e.cwd):
            if path in changed:
                found.setdefault((e.host, e.session), []).append(Run(str(e.event_id), int(e.pid), path, e))
    return found


def used(verb: str, exe: object, thing: object, argv: object, cwd: object) -> Iterable[str]:
    """Every path whose content a process can do by what an event tells: what it executed, and what its interpreter was given or read.

    Args:
        verb: execute or read.
        exe: the program.
        thing: the path that was executed or read.
        argv: the words of an execution.
        cwd: its working directory.
    """
    name = posixpath.basename(exe) if isinstance(exe, str) else ""
    interprets = _INTERPRETERS.fullmatch(name) is not None
    if verb == "read":
        return [thing] if interprets and isinstance(thing, str) and thing.endswith(LOADED) else []
    found = [thing] if isinstance(thing, str) else []
    words = list(map(str, argv[1:])) if isinstance(argv, (list, tuple)) else []
    given = _script(name, words) if interprets else _makefiles(words) if name in {"make", "gmake"} else []
    below = cwd if isinstance(cwd, str) else None
    return dict.fromkeys([*found, *(path for word in given if (path := wording.resolved(word, below)))])


def _script(name: str, words: list[str]) -> list[str]:
    """The file that an interpreter was given to do: its first word behind its options, the others are that file's."""
    rest = after_options(words, _VALUED)
    options = words[: len(words) - len(rest)]
    joined = _SHELLS.fullmatch(name) is not None and any(re.fullmatch(r"-[a-zA-Z]*c", o) for o in options)
    return [] if joined or _NO_FILE & {*options, *rest[:1]} else rest[:1]


def _makefiles(words: list[str]) -> list[str]:
    """The files that make does: those it is told, or those it looks for."""
    told = [b for a, b in itertools.pairwise(words) if a in {"-f", "--file", "--makefile"}]
    return told or list(_MAKEFILES)
