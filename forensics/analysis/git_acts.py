"""Commits: who wrote the object is kept apart from the two names in it.

Author and committer are text that whoever commits may type. Who committed is the session whose
process wrote the object; who pushed is another question (`pushes`).
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from forensics.analysis import order
from forensics.analysis.acts import Act, Scene
from forensics.analysis.by_verb import executions, of_verbs
from forensics.analysis.evidence import Evidence, Row, has_list, listed, picked, rows_of, where
from forensics.core.githistory import LONGEST_PATH_BYTES, MOST_CHANGES

_TRANSFERS = frozenset(
    {"fetch", "fetch-pack", "unpack-objects", "index-pack", "receive-pack", "clone", "remote-https", "remote-http", "bundle", "repack", "gc", "prune-packed", "pack-objects", "fast-import", "upload-pack"}
)  # fmt: skip
"""What git is asked to do where it writes objects that were made elsewhere, or before."""
_TAKES_A_VALUE = frozenset({"-c", "-C", "--git-dir", "--work-tree", "--namespace", "--exec-path"})
_OBJECT = re.compile(r"/objects/([0-9a-f]{2})/([0-9a-f]{38})$")


def _ran_git(scene: Scene, word: str) -> pd.DataFrame:
    return where(
        executions(scene.evidence), "argv", lambda a: isinstance(a, list) and a[:1] == ["git"] and word in a
    )


_DEEPEST = 32
_ABOUT_NS = 2_000_000_000
NOT_WRITTEN = frozenset({"write_of_commit_object", "command_of_commit"})
"""What is missing where no record says who wrote a commit: what ties it to a session is a time that it names, or a copy."""
Pair = tuple[str, str | None, str | None]
"""A changed path, with the names of what it held before and after."""
_COMMIT = ["object", "event_id", "author", "committer", "earliest_ns", "latest_ns"]


def commits(scene: Scene) -> list[Act]:
    """One act per commit object, with the session whose process wrote it where that is recorded."""
    told = of_verbs(scene.evidence, "commit")[_COMMIT]
    writers = _object_writers(scene, set(told["object"]))
    git = _ran_git(scene, "commit")
    ran = _Near(picked(git, git["earliest_ns"].notna()))
    found: dict[str, list[Row]] = {}
    for row in rows_of(told):
        found.setdefault(row.object, []).append(row)
    return [_commit(scene, oid, found[oid], writers, ran) for oid in sorted(found, key=str)]


def subcommand(argv: object) -> str | None:
    """What a git command line asks git to do: its first word that is no option, or the rest of `git-…`."""
    words = [str(word) for word in argv] if isinstance(argv, list) and argv else [""]
    program = words[0].rsplit("/", 1)[-1]
    if program.startswith("git-"):
        return program.removeprefix("git-")
    rest = iter(words[1:])
    for word in rest:
        if word in _TAKES_A_VALUE:
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return None


def is_git(ran: Row) -> bool:
    """Whether a program that was run is git, by its own path where that is told: anything can be called by any name."""
    named = (
        ran.exe if isinstance(ran.exe, str) else (ran.argv or [""])[0] if isinstance(ran.argv, list) else ""
    )
    base = str(named).rsplit("/", 1)[-1]
    return base == "git" or base.startswith("git-")


def program_of(scene: Scene, event: Row) -> Row | None:
    """The execution by which the process of an event became what it was then."""
    mine = scene.runs_of(event.host, event.pid)
    return next(rows_of(order.of(scene.evidence).until(mine, event).iloc[-1:]), None)


def _object_writers(scene: Scene, wanted: set[str]) -> dict[str, Row]:
    """The first event that put a commit in place where it was made, by its id.

    A fetch writes objects too, in the session of whoever fetches, and so does a copy of a repository: that is no commit of theirs.
    What another program than git wrote is taken only where git itself wrote the object nowhere.
    """
    events = scene.events
    placed = picked(events, events["verb"].isin({"link", "rename", "create"}) & events["object"].notna())
    placed = picked(placed, placed["object"].str.contains("/objects/", regex=False, na=False))
    found: dict[str, Row] = {}
    others: dict[str, Row] = {}
    for e in rows_of(placed):
        match = _OBJECT.search(e.object)
        oid = match.group(1) + match.group(2) if match else None
        if oid is None or oid in found or oid not in wanted:
            continue
        ran = program_of(scene, e)
        if not is_git(e if ran is None else ran):
            others.setdefault(oid, e)
        elif ran is None or subcommand(ran.argv) not in _TRANSFERS:
            found[oid] = e
    return {**others, **found}


class _Near:
    """Executions in order of time, of which those about a moment are asked for."""

    def __init__(self, ran: pd.DataFrame) -> None:
        self._rows = list(rows_of(ran))
        self._times = [int(e.earliest_ns) for e in self._rows]
        self._own: dict[tuple[str | None, int], list[Row]] = {}
        for e in self._rows:
            if not pd.isna(e.pid):
                self._own.setdefault((e.host, int(e.pid)), []).append(e)

    def about(self, event: Row) -> list[Row]:
        """Those that began within two seconds of an event."""
        if pd.isna(event.earliest_ns):
            return []
        first, last = (int(event.earliest_ns) + by for by in (-_ABOUT_NS, _ABOUT_NS))
        return self._rows[bisect_left(self._times, first) : bisect_right(self._times, last)]

    def until(self, act: Act) -> list[Row]:
        """Those of an act's process that began before its end."""
        if act.pid is None or act.latest_ns is None:
            return []
        own = self._own.get((act.host, act.pid), [])
        return own[: bisect_right(own, act.latest_ns, key=lambda e: int(e.earliest_ns))]


def _of_one_session(ran: list[Row]) -> bool:
    """Whether there are executions, all in one kernel session."""
    return len({e.session for e in ran}) == 1 and isinstance(ran[0].session, str)


def _commit(scene: Scene, oid: str, rows: list[Row], writers: dict[str, Row], ran: _Near) -> Act:
    first = rows[0]
    named = [row.event_id for row in rows]
    asserted = first.author, first.committer
    if oid in writers:
        act = scene.act("commit", oid, "object_written", writers[oid])
        act.events += named
        act.events += [e.event_id for e in ran.until(act)[-1:]]
        ran_it = program_of(scene, writers[oid])
        if ran_it is None or not is_git(ran_it):
            act.missing.append("command_of_commit")
    else:
        near = ran.about(first)
        if _of_one_session(near):
            # A time that was typed leads to a session, and makes nothing of its account's: others can name that time.
            act = scene.act("commit", oid, "commit_command", near[0])
            act.account = act.effective = None
            act.events += named
            act.missing.append("write_of_commit_object")
        else:
            earliest = None if pd.isna(first.earliest_ns) else int(first.earliest_ns)
            act = Act(
                "commit",
                oid,
                "commit_object",
                named,
                earliest,
                None if earliest is None else int(first.latest_ns),
            )
            act.missing.append("command_of_commit")
    act.author, act.committer = asserted
    return act


def changes_of(scene: Scene, oid: str) -> frozenset[str]:
    """The paths, in its repository, of files that a commit changed or removed, against its first parent. A new file changes none."""
    key = ("paths", oid)
    if key not in scene.memo:
        scene.memo[key] = frozenset(path for path, old, _ in changed(scene, oid) if old is not None)
    found: frozenset[str] = scene.memo[key]
    return found


def ends(paths: Iterable[str]) -> frozenset[str]:
    """What files of some paths can be called in a repository: by their names, and behind as many of their folders as there are."""
    return frozenset(
        path[at + 1 :] for path in {f"/{p}" for p in paths} for at, letter in enumerate(path) if letter == "/"
    )


def changed(scene: Scene, oid: str) -> list[Pair]:
    """What a commit changed against its first parent, path by path."""
    objects = scene.git_objects
    commit = objects.get(oid)
    if commit is None:
        return []
    told = listed(commit.changes)
    if told is not None:
        return [(c["path"], c["old_oid"], c["new_oid"]) for c in told]
    if ("changed", oid) not in scene.memo:
        parents = commit.parents if isinstance(commit.parents, list) else []
        parent = objects.get(parents[0]) if parents else None
        scene.memo["changed", oid] = _looked_into(
            scene, parent.tree if parent is not None else None, commit.tree
        )
    found: list[Pair] = scene.memo["changed", oid]
    return found


def _looked_into(scene: Scene, one: str | None, other: str | None) -> list[Pair]:
    """The files in which two trees differ, where these and all that was looked into so far are not too many."""
    room = MOST_LOOKED - scene.memo.get(_LOOKED, 0)
    found, whole, looked = _walked(scene.git_objects, one, other, min(room, MOST_CHANGES))
    scene.memo[_LOOKED] = scene.memo.get(_LOOKED, 0) + looked
    if not whole:
        scene.memo[_NOT_LISTED] = True
    return found


_NOT_LISTED, _LOOKED = "commits not listed", "entries looked into"
MOST_LOOKED = 20 * MOST_CHANGES
"""So many entries of trees are looked into for all commits together whose changes reading did not tell, as of objects that lie loose."""


def limits(scene: Scene) -> list[str]:
    """`commits_not_listed` where what a commit changed was asked for and is too much to be told."""
    return ["commits_not_listed"] if scene.memo.get(_NOT_LISTED) else []


def _walked(
    objects: Mapping[str, object], one: str | None, other: str | None, most: int
) -> tuple[list[Pair], bool, int]:
    """The files in which two trees differ, whether these are all, and how many entries were looked into.

    A tree can list itself, many times over, at any depth.
    """
    found, whole, looked = list[Pair](), True, 0
    todo = [_differing(objects, one, other, "")]
    while todo:
        entry = next(todo[-1], None)
        if entry is None:
            todo.pop()
            continue
        path, before, after, is_tree = entry
        looked += 1
        if looked > most or len(path) > LONGEST_PATH_BYTES:
            return [], False, looked
        if not is_tree:
            found.append((path, before, after))
        elif len(todo) < _DEEPEST:
            todo.append(_differing(objects, before, after, f"{path}/"))
        else:
            whole = False
    return found, whole, looked


def _differing(
    objects: Mapping[str, object], one: str | None, other: str | None, below: str
) -> Iterator[tuple[str, str | None, str | None, bool]]:
    """The entries in which two trees differ, by name: path, objects before and after, and whether it is a tree to look into."""
    sides = [
        {e["name"]: e for e in (getattr(objects.get(side or ""), "entries", None) or [])}
        for side in (one, other)
    ]
    for name in sorted(set(sides[0]) | set(sides[1])):
        a, b = (
            (e["oid"], str(e["mode"]).lstrip("0").startswith("4")) if e else (None, False)
            for e in (s.get(name) for s in sides)
        )
        if a[0] != b[0]:
            if a[1] or b[1]:
                yield f"{below}{name}", a[0] if a[1] else None, b[0] if b[1] else None, True
            else:
                yield f"{below}{name}", a[0], b[0], False


def objects_of(evidence: Evidence) -> dict[str, Row]:
    """Commits, tags and trees by id."""
    objects: dict[str, Row] = {}
    for source in ("git_object", "git_pack"):
        table = evidence.raw.get(source)
        if table is not None:
            for row in rows_of(picked(table, table["kind"].isin({"commit", "tag", "tree"}))):
                for oid in _names(row):
                    known = objects.get(oid)
                    if known is None or _tells(row) >= _tells(known):
                        objects[oid] = row
    return objects


def _names(row: Row) -> Iterable[str]:
    """What an object is called: both ways where nothing in it tells how long names are in its repository, as of a tree of no entries."""
    yield row.oid
    wide = getattr(row, "oid_sha256", None)
    if row.kind == "tree" and row.size == 0 and isinstance(wide, str):
        yield wide


def _tells(row: Row) -> int:
    """How much a copy of an object tells: one in a shallow clone does not say what its commit changed."""
    held = (getattr(row, name, None) for name in ("changes", "entries"))
    return sum(has_list(value) for value in held)


def new_oid(text: str) -> str | None:
    """The object that a ref came to name, from the text of a push or of a reflog's event."""
    match = re.search(r"\bnew=([0-9a-f]{40,64})", text)
    return match.group(1) if match else None


def foreign(scene: Scene, act: Act, owners: set[str | None]) -> bool:
    """Whether a commit is other than its job's owner's own: by session, by asserted name, or by a shared account."""
    if act.session is not None or act.account is not None:
        shared = scene.directory.is_shared(act.account, act.earliest_ns, act.latest_ns)
        return act.account not in owners or shared
    named = str(act.committer or act.author or "").split(" <")[0]
    return named not in owners
