"""Refs of a git server that somebody moved there, past the ways by which pushes arrive.

Whoever has a shell on the server, as the account that serves git or as root, can move a branch with no push: by git, or by
writing the file of the ref. The reflog says that it moved, and the name in it is typed. Which session did it, the command that names
that ref of that repository says, or the kernel's record of the file. Both have to be of one session, with rights that allow it;
otherwise the move is told, and nobody is named. The commit that a ref was moved to is another's: this says nothing of who made it.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pandas as pd

from forensics.analysis import (
    arrivals,
    astray,
    channels,
    git_acts,
    pushes,
    ref_commands,
    ref_records,
    requests,
)
from forensics.analysis.acts import Act, Scene
from forensics.analysis.evidence import Row
from forensics.analysis.lineage import Lineage
from forensics.analysis.ref_records import Command
from forensics.analysis.repositories import alike, parts, short_name
from forensics.analysis.rights import NOT_DONE, ROOT

KIND = "move_ref"
BY_COMMAND, BY_FILE, UNTOLD, ASKED = (
    "ref_move_command",
    "ref_file_written",
    "ref_move_record",
    "ref_move_asked",
)
"""Rules: a move with the command that made it, a move that the kernel recorded, a move alone, and a command alone."""
COMMAND, RECORD = "command_of_ref_move", "record_of_ref_move"
"""What is missing where no one command, or none that is known, moved a ref; and where no record tells that a command moved one."""
PLACE, REFS = "path_of_repository", "ref_named_by_command"
"""What is missing where it is not known which repository moved, or which ref a command meant."""
SOURCE = "writer_of_fetched_ref"
"""What is missing where a command took what another repository had: a mirror does what its original does."""
DECISIVE = frozenset({COMMAND, RECORD, PLACE, REFS, SOURCE})

_S = 1_000_000_000
_EARLY_NS, _SOON_NS, _LONGEST_NS = 1 * _S, 10 * _S, 600 * _S
"""A reflog of seconds is behind a kernel's stamp; a command moves a ref soon after it began, and one that transfers some time after."""
_AT_ONCE_NS = 2 * _S


class _Moved(NamedTuple):
    """One time that a ref is known to have come to name another object, which no push tells.

    Attributes:
        events: what tells it.
        name: the repository, by its short name.
        ref, old, new: the ref, and the objects that it named before and after.
        earliest_ns, latest_ns: when; where it is not dated, since when it can have been.
        places: the paths that the repository can have; none where none is known.
        dated: whether its moment is known.
        heard: whether a log of pushes goes over that moment.
    """

    events: tuple[str, ...]
    name: str
    ref: str
    old: str | None
    new: str | None
    earliest_ns: int
    latest_ns: int
    places: frozenset[str]
    dated: bool = True
    heard: bool = True


def moves(scene: Scene) -> list[Act]:
    """One act for each move of a ref that no push tells, and for each command or change of a file that asked for one of which no move is on record."""
    return _Moves(scene).found()


def beside(
    scene: Scene, git: Iterable[Act], bearing: Iterable[Act], last_end_ns: int | None
) -> Iterable[Act]:
    """The moves of refs of which it is not told what they brought, in repositories of pushes that bear on a job, before the last job's end."""
    asked = {a.object.partition(" ")[0].rsplit("/", 1)[-1] for a in bearing if a.act == "push"}
    for act in git:
        late = last_end_ns is not None and act.earliest_ns is not None and act.earliest_ns > last_end_ns
        if (
            act.act == KIND
            and act.object.partition(" ")[0] in asked
            and not late
            and not arrivals.brought(scene, act)
        ):
            yield act


class _Moves:
    """What can have moved refs, and the moves."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._made = scene, Lineage(scene.events)
        self._served = ref_records.served(scene)
        self._servers = {a for a in pushes.servers(scene)["account"] if isinstance(a, str)}
        self._commands = [
            c for c in (*ref_records.ran(scene), *ref_records.said(scene)) if not self._serving(c)
        ]
        self._files = [c for c in ref_records.written(scene) if not self._serving(c)]
        self._held = ref_records.held(scene)
        self._copies: dict[str, set[str]] | None = None

    def found(self) -> list[Act]:
        """The acts, those of moves first."""
        ways = channels.channels(self._scene) if self._commands or channels.unpushed(self._scene) else []
        acts, used = list[Act](), set[str]()
        for moved in self._recorded(ways):
            own = self._movers(moved)
            act = self._act(moved, own)
            used |= {str(c.row.event_id) for c in own} if act is not None else set()
            acts += [act] if act is not None else []
        return acts + self._alone(used)

    # -- moves

    def _recorded(self, ways: Sequence[channels.Channel]) -> list[_Moved]:
        """Moves that a reflog tells and no push, and refs that stand elsewhere than the last push put them."""
        scene = self._scene
        found = [m for e in channels.untold(scene) if (m := self._of_reflog(e, ways)) is not None]
        if not self._commands or not ways:
            return found
        for ref in astray.astray(scene, ways, channels.moves(scene, ways)):
            push = scene.row(ref.events[1])
            since, name = int(push.earliest_ns), ref.repository
            places = self._served.get(name, frozenset())
            found.append(_Moved(ref.events, name, ref.ref, ref.pushed, ref.now, since, since, places, dated=False))  # fmt: skip
        return found

    def _of_reflog(self, e: Row, ways: Iterable[channels.Channel]) -> _Moved | None:
        """A line of a reflog; none where it has no time, or where what tells pushes was not collected and it can be one."""
        name, text = str(short_name(e.repository)), str(e.text or "")
        if pd.isna(e.earliest_ns):
            return None
        first, last = int(e.earliest_ns), int(e.latest_ns)
        told = any(c.repository == name and c.way in channels.BY_PUSH and c.holds(first, last) for c in ways)
        if requests.received(e) and not told:
            return None
        places = ref_records.places(self._scene, e) or (
            self._served.get(name, frozenset()) if self._alone_of(name) else frozenset()
        )
        old = e.object_from if isinstance(e.object_from, str) else None
        return _Moved((str(e.event_id),), name, str(e.object), old, git_acts.new_oid(text), first, last, places, heard=told)  # fmt: skip

    def _alone_of(self, name: str) -> bool:
        """Whether the reflogs of one repository only have a short name."""
        if self._copies is None:
            self._copies = {}
            for e in channels.served(self._scene):
                self._copies.setdefault(str(short_name(e.repository)), set()).add(
                    channels.place(self._scene, e)
                )
        return len(self._copies.get(name, ())) < 2

    def _movers(self, moved: _Moved) -> list[Command]:
        """What can have made a move: where the kernel recorded the change of the ref's file, that, with what its session asked for."""
        files = [c for c in self._files if self._fits(c, moved)]
        asked = [c for c in self._commands if self._fits(c, moved)]
        within = {(c.row.host, c.row.session) for c in files}
        return [*files, *(c for c in asked if not files or (c.row.host, c.row.session) in within)]

    def _fits(self, c: Command, moved: _Moved) -> bool:
        a = c.asked
        here = any(_same_place(a.place, p) for p in moved.places) or (
            not moved.places and short_name(a.place) == moved.name
        )
        if not here or not _then(c, moved):
            return False
        refs = a.refs | (ref_records.heads(self._scene, moved.name) if a.word == "reset" else frozenset())
        if a.refs and moved.ref not in refs:
            return False
        held = self._held.get(moved.name, {})
        return ref_commands.names(a.to, moved.new, held) and ref_commands.names(a.old, moved.old, held)

    def _act(self, moved: _Moved, own: Sequence[Command]) -> Act | None:
        """The act of a move: in the one session whose command or process it can be of, or in none."""
        best = max((_rank(c) for c in own), default=0)
        first = [c for c in own if _rank(c) == best]
        sessions = {(c.row.host, c.row.session) for c in first}
        thing = f"{moved.name} {moved.ref}"
        if len(sessions) == 1 and len({c.row.account for c in own}) == 1:
            last = max(first, key=lambda c: (int(c.row.earliest_ns), str(c.row.event_id)))
            act = self._scene.act(KIND, thing, BY_FILE if last.by_file else BY_COMMAND, last.row)
            act.events += [*moved.events, *(str(c.row.event_id) for c in own if c is not last)]
            act.missing += self._lacking(last, own, moved)
            return act
        if not moved.dated or not (own or moved.heard):
            return None
        act = Act(KIND, thing, UNTOLD, list(moved.events), moved.earliest_ns, moved.latest_ns)
        act.events += [str(c.row.event_id) for c in own]
        act.missing.append(COMMAND)
        told = {s.session_id: s for c in own if (s := self._scene.session_of(c.row)) is not None}
        act.typed_from = [told[name] for name in sorted(told)]
        return act

    def _lacking(self, c: Command, own: Sequence[Command], moved: _Moved) -> list[str]:
        """What is missing for a name where one session is left."""
        lacking = [] if len(moved.places) == 1 else [PLACE]
        lacking += [] if c.asked.refs or c.by_file else [REFS]
        lacking += [SOURCE] if any(one.asked.elsewhere for one in own) else []
        lacking += [COMMAND] if c.by_file and self._unknown(c) else []
        return lacking + ([] if c.by_file or any(self._may(one) for one in own) else [NOT_DONE])

    def _may(self, c: Command) -> bool:
        """Whether a command ran with rights that allow to write the repository: root's, or of the account that serves it."""
        return c.row.effective in {ROOT, *self._servers}

    # -- commands alone

    def _alone(self, used: set[str]) -> list[Act]:
        """What asked for a move that no record tells, in a repository where pushes arrive; a file that the kernel saw changed was changed."""
        known = {p for paths in self._served.values() for p in paths}
        pushed, found = ref_records.pushed(self._scene), list[Act]()
        for c in sorted((*self._files, *self._commands), key=lambda c: -_rank(c)):
            here = any(_same_place(c.asked.place, p) for p in known)
            if str(c.row.event_id) in used or not here or not (c.by_file or self._may(c)):
                continue
            for ref in sorted(c.asked.refs):
                thing = f"{short_name(c.asked.place)} {ref}"
                told = [a for a in found if a.object == thing and a.account == c.row.account and _about(a, c)]
                if told:
                    told[0].events.append(str(c.row.event_id))
                elif not c.by_file or not _near(pushed.get((short_name(c.asked.place), ref), ()), c.row):
                    found.append(self._asked(c, thing))
        return found

    def _asked(self, c: Command, thing: str) -> Act:
        act = self._scene.act(KIND, thing, BY_FILE if c.by_file else ASKED, c.row)
        act.missing += ([COMMAND] if self._unknown(c) else []) if c.by_file else [RECORD]
        act.missing += [SOURCE] if c.asked.elsewhere else []
        return act

    def _unknown(self, c: Command) -> bool:
        """Whether git changed the file of a ref and no record tells what it was asked for: it can have served a push."""
        return git_acts.is_git(c.row) and git_acts.program_of(self._scene, c.row) is None

    # -- what is the server's own

    def _serving(self, c: Command) -> bool:
        """Whether git or a hook did it for a push that came in by the server's front door, or only kept house."""
        act = self._scene.act(KIND, "", BY_COMMAND, c.row)
        above = self._made.above(act)[0]
        own = [e for e in above if e.pid == c.row.pid]
        if (
            c.by_file
            and own
            and git_acts.is_git(own[0])
            and git_acts.subcommand(own[0].argv) in ref_commands.KEEPERS
        ):
            return True
        for e in above:
            told = ref_commands.asked(e.argv, e.cwd, e.exe)
            if told is not None and told.word == "push" and told.place == c.asked.place:
                # A push to a path, on the server itself: what it starts to receive it serves nobody else.
                return False
        return any(ref_commands.serves(e.argv, e.exe) for e in above)


def _then(c: Command, moved: _Moved) -> bool:
    """Whether a command can have moved a ref at its moment, or since; the file of a ref is changed as it moves."""
    first, last = int(c.row.earliest_ns), int(c.row.latest_ns)
    if not moved.dated:
        return last >= moved.earliest_ns
    transfers = c.asked.word in ref_commands.TRANSFERS
    before = _AT_ONCE_NS if c.by_file else _LONGEST_NS if transfers else _SOON_NS
    return moved.earliest_ns - before <= first <= moved.latest_ns + _EARLY_NS


def _about(act: Act, c: Command) -> bool:
    """Whether a command is of the seconds of an act."""
    return act.earliest_ns is not None and abs(act.earliest_ns - int(c.row.earliest_ns)) <= _SOON_NS


def _rank(c: Command) -> int:
    """How near a record is to the move: what ran, before what sudo logged, and of that what has a session."""
    return 4 if c.by_file else 3 if c.row.verb != "sudo" else 2 if isinstance(c.row.session, str) else 1


def _same_place(one: str, other: str) -> bool:
    """Whether two paths are of one repository; of one in a home of somebody (`~git/…`) the end of the other."""
    return (
        alike(parts(one)[1:], parts(other)) if one.startswith("~") else one.rstrip("/") == other.rstrip("/")
    )


def _near(rows: Iterable[Row], event: Row) -> bool:
    return any(abs(int(e.earliest_ns) - int(event.earliest_ns)) <= _SOON_NS for e in rows)
