"""What a session ran that another account had written: a script, a hook, a program in a folder of many, a startup file.

What such a program does bears the account, the key and the device of whoever runs it, and is the work of whoever wrote
it, of whoever ran it, or of both. No record of the run tells which. So such an act leads to the writers as well, and
names nobody. Where no record tells who wrote it, and it need not have been whoever ran it, nobody is named either.
"""

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from forensics.analysis import (
    beside,
    by_hand,
    carried,
    git_settings,
    homes,
    installers,
    loading,
    order,
    startup_lines,
    taken_in,
    uncollected,
)
from forensics.analysis.acts import Act, Scene
from forensics.analysis.artefacts import Version
from forensics.analysis.decisions import (
    Decided,
    Foreign,
    Read,
    changed_packages,
    readings,
    together,
)
from forensics.analysis.decisions import moment as moment_of
from forensics.analysis.evidence import Row, rows_of
from forensics.analysis.lineage import Lineage
from forensics.analysis.planted import FOR_ALL, STARTUP
from forensics.analysis.writers import transfer

RULE = "ran_what_another_wrote"
Changes = Mapping[str, list[tuple[Version, Act]]]
_FOLLOWED = 8
"""How often a file can have been moved or copied that is followed to where it was written; of one moved oftener that is not known."""

_FROM_ELSEWHERE = frozenset({"git", "wget", "curl"})
"""Programs that put in place what somebody made elsewhere, and no file of the host is."""
_BY_GIT = frozenset({"push", "commit"})
"""Acts that git does by programs of its own."""
_HOOK = ".git/hooks/"
"""Where git looks for hooks as long as no setting tells it where."""
_MOST = 512
"""Files that are asked about for one act; where that is not enough, who wrote what ran is not known."""


_FEW = 8
"""So many files that a session can have taken in are told of, where what would tell of it was not collected."""
_OWN = Decided()


@dataclass(slots=True)
class Code:
    """Asks of an act what others had written of what did it.

    Attributes:
        scene: events, people and sessions.
        changes: by path, every version with its act, in order of time.
        planted: what was left to run.
        set_hosts: hosts whose clock was set.
    """

    scene: Scene
    changes: Changes
    planted: Sequence[Act]
    set_hosts: frozenset[str | None] = frozenset()
    _read: dict[tuple[str | None, str], list[Read]] | None = None
    _asked: int = 0
    _starts: list[Act] = field(default_factory=list)
    _for_all: list[Act] = field(default_factory=list)
    _modules: dict[str, list[str]] = field(default_factory=dict)
    _around: taken_in.Surroundings | None = None
    _settings: list[str] = field(default_factory=list)
    _unseen: uncollected.Uncollected | None = None

    def of(self, act: Act, made: Lineage) -> Foreign | None:
        """Who else can have decided what an act's process did; None where that is whoever ran it, by what is on record."""
        session = act.session
        if session is None or session.ses is None or act.earliest_ns is None or act.account is None:
            return None
        if self._read is None:
            self._prepare()
        above, self._asked = made.above(act)[0], 0
        started = [p for p in self._starts if self._of_home(p, act)] + self._for_all
        found = {id(p): p for p in started if self._at_start(p, act)}
        at_start = frozenset(found)
        inputs = [] if found else startup_lines.of(self.scene, act, above)
        unknown, owners = bool(inputs), frozenset[str]()
        told = [*self._ran(above, act), *self._loaded(above, act), *self._taken_in(above, act)]
        for event, decided in told:
            found |= {id(p): p for p in decided.planted}
            inputs += [event] if decided.planted or decided.unknown else []
            unknown, owners = unknown or decided.unknown, owners | decided.owners
        if not found and not unknown:
            return None
        lines = startup_lines.alone(self.scene, ((event, decided.planted) for event, decided in told))
        return Foreign(tuple(found.values()), tuple(dict.fromkeys(inputs)), unknown, owners, lines - at_start)

    def unseen(self, act: Act, made: Lineage) -> tuple[list[str], list[Act]]:
        """What was not collected that would tell whether a session took in what another had changed before; and what others had changed."""
        session = act.session
        if session is None or session.ses is None or act.earliest_ns is None or act.account is None:
            return [], []
        if self._read is None:
            self._prepare()
        assert self._unseen is not None
        lacking = self._unseen.lacking(act)
        above, self._asked = made.above(act)[0], 0
        at = above[0] if above else self.scene.row(act.events[0])
        then = order.Moment(act.earliest_ns, act.latest_ns or act.earliest_ns)
        found: dict[int, Act] = {}
        for path in self._unseen.changed(act, above) if lacking else ():
            planted = self._decided(path, then, at, act, None).planted
            # Beyond so many files it is not known whose one was at last: whoever else ever wrote it can have.
            known = self._asked <= _MOST
            there = self._unseen.elsewhere(path, act) if known else self.changes[path]
            found |= {id(p): p for p in (*planted, *(w for _, w in there if self._another(w, act)))}
            if len(found) >= _FEW or not known:
                break
        if found:
            return lacking, list(found.values())[:_FEW]
        untold = by_hand.lacking(self.scene, act, above, lacking, any_time=act.host in self.set_hosts)
        return untold, []

    def _prepare(self) -> None:
        changed = {path for path, pairs in self.changes.items() if pairs}
        self._read = readings(self.scene, changed)
        self._for_all = [p for p in self.planted if self._starts_all(p)]
        self._starts = [p for p in self.planted if STARTUP.search(p.object)]
        self._modules = beside.by_folder(changed)
        packages = changed_packages(self.scene, self.changes)
        self._around = taken_in.Surroundings(self.scene, self.changes, packages, self.set_hosts)
        self._unseen = uncollected.Uncollected(self.scene, self.changes, self.set_hosts)
        self._settings = [path for path in sorted(changed) if git_settings.of_all(path)]

    def _starts_all(self, plant: Act) -> bool:
        """Whether every shell of a host runs what was left; what a package brought there is left out."""
        found = FOR_ALL.search(plant.object)
        # A copy can name such a file as what it is made from.
        copies = plant.rule.removeprefix("command_") in loading.COPIERS
        into = found is not None and not (copies and found.end() < len(plant.object))
        return into and not installers.by_installer(self.scene, plant.events[0])

    def _of_home(self, plant: Act, act: Act) -> bool:
        """Whether what was left is in the home of the act's account."""
        homes = {found["home"] for found in STARTUP.finditer(plant.object)}
        return act.session is not None and act.session.account in homes

    def _at_start(self, plant: Act, act: Act) -> bool:
        """Whether another had changed before a file that shells of the act's host run as they start."""
        before = plant.earliest_ns is None or act.latest_ns is None or plant.earliest_ns <= act.latest_ns
        return before and plant.host == act.host and self._another(plant, act)

    def _ran(self, above: Sequence[Row], act: Act) -> list[tuple[str, Decided]]:
        """Of what an act's process and those above it executed, and were given to do: who decided it."""
        found = []
        for e in above:
            event = str(e.event_id)
            given = loading.looked_for(loading.given(e.exe, e.argv, e.cwd), self.changes)
            owner = None if pd.isna(e.object_owner_uid) else int(e.object_owner_uid)
            found += [
                (event, self._decided(path, moment_of(e), e, act, owner if path == e.object else None))
                for path in given
            ]
            if isinstance(e.object, str) and e.object not in given:
                found.append((event, self._executed(e, act)))
            found += [(event, self._changed(path, e, act)) for path in self._beside(e, act)]
            # git does what its settings say by other programs than its hooks.
            below = (
                e.pid != act.pid
                and act.act not in _BY_GIT
                and not any(_HOOK in str(h.object) for h in above if h.ppid == e.pid)
            )
            said = loading.settings(e.exe, e.argv, e.cwd) if below else []
            found += [(event, self._set(path, e, act)) for path in said if path in self.changes]
            found += self._set_for_account(e, act) if said else []
        return found

    def _set_for_account(self, e: Row, act: Act) -> list[tuple[str, Decided]]:
        """Who else changed settings of git of an act's account, or of its host, or what they include: by a record of the file, or by git's own words."""
        account = act.session.account if act.session is not None else None
        home = homes.of(self.scene.evidence, account)
        told = dict.fromkeys(git_settings.included(e.argv, e.cwd, home), str(e.event_id))
        told |= git_settings.includes(self.scene, e.host, account)
        told |= {p: str(e.event_id) for p in self._settings if git_settings.of_account(p, str(act.account))}
        found = [(event, self._set(path, e, act)) for path, event in told.items() if path in self.changes]
        for ran in git_settings.by_words(self.scene):
            whose = ran.effective == account or "--system" in (ran.argv or ())
            there = (
                ran.host == e.host and ran.account != act.account and int(ran.earliest_ns) <= int(e.latest_ns)
            )
            if whose and there:
                owners = frozenset({ran.account} if isinstance(ran.account, str) else ())
                found.append((str(ran.event_id), Decided((), unknown=True, owners=owners)))
        return found

    def _taken_in(self, above: Sequence[Row], act: Act) -> list[tuple[str, Decided]]:
        """Of what an act's session took in that no words of its processes name: who decided it."""
        assert self._around is not None
        assert self._unseen is not None
        unseen = bool(self._unseen.lacking(act))
        found = [(e, Decided((), unknown=True)) for e in self._around.unplaced(act, unseen=unseen)]
        for took in self._around.of(act, above):
            if posixpath.basename(took.path) == taken_in.ANY:
                # Who changed a file of the folder is told; else it is of whoever it belongs to.
                theirs = any(d.planted for _, d in found)
                found += [] if theirs else [(took.event, self._unrecorded(took.path, took.at, act, None))]
            elif took.known or not self._own_work(took.path, act):
                decided = self._decided(took.path, took.moment, took.at, act, None)
                sure = took.known or self._asked > _MOST
                found.append((took.event, decided if sure else Decided(decided.planted)))
        return found

    def _own_work(self, path: str, act: Act) -> bool:
        """Whether whoever acted alone changed a file, and brought no content of another's there: of a library of thousands it is soon seen."""
        assert act.account is not None
        shared = len(self.scene.directory.holders(act.account, *act.span())) > 1
        return not shared and all(
            wrote.account == act.account
            and loading.program(version.writer) not in carried.PROGRAMS
            and self.scene.cells([version.event_id], "object_from") in ([], [(None,)])
            for version, wrote in self.changes[path]
        )

    def _executed(self, e: Row, act: Act) -> Decided:
        owner = None if pd.isna(e.object_owner_uid) else int(e.object_owner_uid)
        if owner is None and e.object == e.exe:
            # Of a program that no interpreter does, and whose owner is on no record, a site's many are.
            return self._changed(e.object, e, act)
        return self._decided(e.object, moment_of(e), e, act, owner)

    def _loaded(self, above: Sequence[Row], act: Act) -> list[tuple[str, Decided]]:
        """Of what the interpreters among an act's process and those above it read before it."""
        assert act.session is not None
        assert act.session.ses is not None
        assert self._read is not None
        pids = {act.pid, *(int(e.pid) for e in above)}
        mine = self._read.get((act.session.host, act.session.ses), ())
        return [
            (r.event, self._changed(r.path, r.at, act))
            for r in mine
            if r.pid in pids and (act.latest_ns is None or r.at.earliest_ns <= act.latest_ns)
        ]

    def _beside(self, e: Row, act: Act) -> list[str]:
        """The changed modules that Python can have found; none where records tell what that process read there, nor what it went on to change."""
        found = beside.modules(self.scene.evidence, e, self._modules)
        assert self._read is not None
        read = {r.path for r in self._read.get((e.host, e.session), ()) if r.pid == int(e.pid)}
        return [] if read.intersection(found) else [path for path in found if path != act.object]

    def _changed(self, path: str, e: Row, act: Act) -> Decided:
        """Who else is on record as having decided what a file held as an event used it."""
        return Decided(self._decided(path, moment_of(e), e, act, None).planted)

    def _set(self, path: str, e: Row, act: Act) -> Decided:
        """Who else changed settings before they were used; git writes them anew whole, with all that was there."""
        moment, known = moment_of(e), order.of(self.scene.evidence)
        return Decided(tuple(
            wrote for version, wrote in self.changes[path]
            if version.host == e.host and not known.before(moment, version) and self._another(wrote, act)
        ))  # fmt: skip

    def _decided(
        self, path: str, moment: order.Dated, at: Row, act: Act, owner: int | None, steps: int = _FOLLOWED
    ) -> Decided:
        """Who else decided what a file held at a moment: all that were not shown to be later, since it was last replaced.

        Where it was moved or copied there, before that too; where what it held first is on no record, by its owner and its place.
        """
        self._asked += 1
        if self._asked > _MOST or steps < 0:
            return Decided((), unknown=True)
        found: list[Act] = []
        known = order.of(self.scene.evidence)
        for version, wrote in reversed(self.changes.get(path, ())):
            # What moved it away from a place is no change of what it was there.
            if (
                version.host != at.host
                or version.event_id == moment.dated_by
                or known.before(moment, version)
            ):
                continue
            if version.how == "delete":
                break
            if owner is None and version.how == "edit":
                owner = version.owner_uid
            installed = installers.by_installer(self.scene, version.event_id)
            if self._another(wrote, act) and not installed:
                found.append(wrote)
            if version.how != "edit":
                first = self._brought(version, at, act, steps, installed=installed)
                return Decided((*first.planted, *found[::-1]), first.unknown, first.owners)
        first = _OWN if found else self._first(path, moment, at, act, owner, steps)
        return Decided((*first.planted, *found[::-1]), first.unknown, first.owners)

    def _brought(self, version: Version, at: Row, act: Act, steps: int, *, installed: bool) -> Decided:
        """Who else decided what a file held as it was put in its place: of a move or a copy, what lay there before; of a package, what it was made of."""
        wrote = self.scene.row(version.event_id)
        ran = order.of(self.scene.evidence).until(self.scene.runs_of(wrote.host, wrote.pid), wrote)
        last = next(rows_of(ran.iloc[-1:]), None)
        made = [] if last is None else carried.unpacked_by(self.scene.evidence, last, wrote.account)
        if installed:
            return together(self._whole(s, version, at, act, steps) for _, s in made if s is not None)
        if wrote.verb == "rename" and isinstance(wrote.object_from, str):
            return self._decided(wrote.object_from, version, at, act, None, steps - 1)
        if transfer(version.writer, version.path) in _FROM_ELSEWHERE or any(s is None for _, s in made):
            return Decided((), unknown=True)
        return together(
            (
                *(
                    self._decided(source, version, at, act, None, steps - 1)
                    for source in self._sources(version, last)
                    if source != version.path
                ),
                *(self._whole(s, version, at, act, steps) for _, s in made if s is not None),
            )
        )

    def _whole(self, source: str, moment: order.Dated, at: Row, act: Act, steps: int) -> Decided:
        """Who else decided what an archive, or a folder of a package, held."""
        own = [self._decided(p, moment, at, act, None, steps - 1) for p in self._modules.get(source, ())]
        planted = [Decided(d.planted) for d in own if d.planted]
        return together([self._decided(source, moment, at, act, None, steps - 1), *planted])

    def _sources(self, version: Version, last: Row | None) -> list[str]:
        """The files on the same host that a copy can have been made from: those of its name, or all."""
        named = [] if last is None else loading.copied(last.exe, last.argv, last.cwd)
        alike = [path for path in named if posixpath.basename(path) == posixpath.basename(version.path)]
        return alike or named

    def _first(
        self, path: str, moment: order.Dated, at: Row, act: Act, owner: int | None, steps: int
    ) -> Decided:
        """Who else decided what a file held first, of which no record of a change tells: by commands that can have brought it, or by its owner."""
        known = order.of(self.scene.evidence)
        brought_by = [] if loading.of_site(path) else carried.to(self.scene, path, at.host)
        before = (c for c in brought_by if not known.before(moment, moment_of(c.by)) and c.source != path)
        # Each brought the whole anew: the last one of each source is enough.
        brought = {c.source: c for c in before}.values()
        if not brought:
            return self._unrecorded(path, at, act, owner)
        return together(
            Decided((), unknown=True)
            if c.source is None
            else self._whole(c.source, moment_of(c.by), c.by, act, steps)
            if c.whole
            else self._decided(c.source, moment_of(c.by), c.by, act, None, steps - 1)
            for c in brought
        )

    def _unrecorded(self, path: str, at: Row, act: Act, owner: int | None) -> Decided:
        """Whether what no record tells the writer of need not be of whoever ran it: by its owner, or its place where that is unknown."""
        if act.account is None or (owner is None and loading.of_site(path)):
            return _OWN
        holders = self.scene.directory.holders
        own = holders(act.account, *act.span())
        shared = len(own) > 1
        if owner is None:
            return Decided((), unknown=shared or not loading.own_place(path, act.account))
        moment = None if pd.isna(at.earliest_ns) else int(at.earliest_ns)
        name = self.scene.directory.account_of(at.host, owner, moment)
        if name == act.account or owner == 0:
            return Decided((), unknown=shared and owner != 0)
        theirs = frozenset[str]() if name is None else holders(name, *act.span())
        # What belongs to an account that nobody on the roster holds is taken for the site's own.
        return Decided(
            (),
            unknown=bool(theirs) and theirs != own,
            owners=frozenset({name} if name and theirs != own else ()),
        )

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
