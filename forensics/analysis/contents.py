"""Which bytes a version of a file was, where the evidence holds them: as collected, or as git kept them.

A trail tells that a file was written, and not what. Three things tell the bytes, each by a rule of its own; where
none does, they are not known, and no version gets the bytes of another.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pyarrow as pa

from forensics.analysis import checkouts, git_acts, order, writers
from forensics.analysis.acts import Act, Scene
from forensics.analysis.artefacts import VERSION, Version
from forensics.analysis.evidence import rows_of

HOW = {
    "collected": "the file was collected at its path, and no later change of it is on record: errs where one was not recorded",
    "committed": "the next commit of the session that wrote it holds the file, and no change lies between: errs where only a part was staged",
    "checked_out": "git wrote it as HEAD came to a commit, and that one, or the last before it that changed the file, holds it",
}
_MOST_STEPS = 2_000
"""Commits that are looked at, back from a checkout, for the last that changed a file."""
Key = tuple[str, str]


class Content(NamedTuple):
    """The bytes of a version: their SHA-256, by which rule, and what says so."""

    sha256: str
    how: str
    events: tuple[str, ...]


def known(
    scene: Scene, history: Mapping[str, list[Version]], acts: Iterable[Act], wanted: Iterable[str]
) -> dict[Key, Content]:
    """The bytes of versions, by event and path.

    Args:
        scene: the case.
        history: the versions of every path, in order.
        acts: of which the commits that lie in a session are looked at.
        wanted: paths of which git's own work is looked at; what was collected is told of every path.
    """
    found = dict(_collected(scene, history))
    if not scene.evidence.blobs:
        return found
    asked = sorted({path for path in wanted if path in history and "/.git/" not in path})
    for act in acts:
        if act.act == "commit" and act.session is not None and act.earliest_ns is not None:
            for key, content in _committed(scene, act, asked, history):
                found.setdefault(key, content)
    for path in asked:
        for version in history[path]:
            told = _checked_out(scene, version)
            if told is not None:
                found.setdefault((version.event_id, path), told)
    return found


def _collected(scene: Scene, history: Mapping[str, list[Version]]) -> Iterable[tuple[Key, Content]]:
    """The last version of a path that was collected, unless it was removed."""
    files = scene.evidence.files
    known = order.of(scene.evidence)
    held: dict[tuple[str, str | None], set[str]] = {}
    for f in rows_of(files[(files["kind"] == "file") & files["origin"].notna()]):
        held.setdefault((f.origin, f.host), set()).add(f.sha256)
    for (path, host), hashes in held.items():
        own = [v for v in history.get(path, ()) if host is None or v.host in {host, None}]
        if own and own[-1].how != "delete" and len(hashes) == 1:
            # Of two that may have been in either order, neither is the last.
            if len(own) > 1 and own[-2].event_id != own[-1].event_id and not known.before(own[-2], own[-1]):
                continue
            yield (own[-1].event_id, path), Content(next(iter(hashes)), "collected", ())


def _in_tree(path: str, name: str) -> bool:
    """Whether a path can be that of a file of a repository."""
    return path.endswith("/" + name)


def _committed(
    scene: Scene,
    act: Act,
    paths: list[str],
    history: Mapping[str, list[Version]],
) -> Iterable[tuple[Key, Content]]:
    """What a session wrote last before it committed the file."""
    session = act.session.session_id if act.session is not None else ""
    known = order.of(scene.evidence)
    done = known.made(act)
    for name, _, new in git_acts.changed(scene, act.object):
        here = [p for p in paths if _in_tree(p, name)]
        content = scene.evidence.blobs.contents([new]).get(new) if here and new is not None else None
        for path in here if content is not None else ():
            if done is None:
                continue
            told = [(v, known.before(v, done)) for v in history[path]]
            last = next((v for v, before in reversed(told) if before), None)
            # What may be later than the last writing, or than the commit, leaves it open.
            open_still = any(not before and not known.before(done, v) for v, before in told)
            if last is None or last.how == "delete" or open_still:
                continue
            by = scene.session_of(scene.row(last.event_id))
            if by is not None and by.session_id == session:
                yield (
                    (last.event_id, path),
                    Content(str(content), "committed", tuple(act.events[:2])),
                )


def _checked_out(scene: Scene, version: Version) -> Content | None:
    """What git put in place as HEAD came to a commit."""
    if version.how == "delete" or not str(version.writer or "").endswith("/git"):
        return None
    moves = checkouts.moves(scene, version)
    heads = {git_acts.new_oid(str(move.text or "")) for move in moves}
    oid = next(iter(heads)) if len(heads) == 1 else None
    for _ in range(_MOST_STEPS):
        commit = scene.git_objects.get(oid or "")
        if commit is None:
            return None
        blob = next(
            (new for name, _, new in git_acts.changed(scene, str(oid)) if _in_tree(version.path, name)), None
        )
        if blob is not None:
            content = scene.evidence.blobs.contents([blob]).get(blob)
            events = tuple(str(move.event_id) for move in moves)
            return None if content is None else Content(content, "checked_out", events)
        oid = commit.parents[0] if isinstance(commit.parents, list) and commit.parents else None
    return None


def table(
    history: Mapping[str, list[Version]],
    contents: Mapping[Key, Content],
    touched: Iterable[Version] = (),
) -> pa.Table:
    """The versions as the declared table, in order of path and time.

    Args:
        history: the versions of every path.
        contents: from `known`.
        touched: what was done to files beside their content; it begins no version, and is listed with them.
    """
    beside: dict[str, list[Version]] = {}
    for touch in touched:
        beside.setdefault(touch.path, []).append(touch)
    rows: list[Version] = []
    for path in sorted(history.keys() | beside.keys()):
        own = [*history.get(path, ()), *beside.get(path, ())]
        rows += sorted(own, key=lambda v: v.earliest_ns) if path in beside else own
    told = [contents.get((v.event_id, v.path)) for v in rows]
    known = {
        c.name: [getattr(v, c.name) for v in rows]
        for c in VERSION.columns
        if not c.name.startswith(("content", "transfer"))
    }
    known["transfer"] = [writers.transfer(v.writer, v.path) for v in rows]
    known["content"] = [None if c is None else c.sha256 for c in told]
    known["content_by"] = [None if c is None else c.how for c in told]
    return VERSION.build(known)
