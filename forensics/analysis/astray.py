"""Refs of a server's repository that do not name what the last push on record gave them.

A bare repository keeps no reflog unless somebody asks for one, so that a ref which was moved by hand on the server leaves
nothing but where it stands. That it stands elsewhere than the last push on record left it can be a move without a push, a
push by a way that was not collected, or a push after the log ends: which, is not told by these two records.
"""

from collections.abc import Iterable
from typing import NamedTuple

from forensics.analysis import git_acts, tips
from forensics.analysis.acts import Scene
from forensics.analysis.by_verb import of_verbs
from forensics.analysis.channels import Channel, Move
from forensics.analysis.evidence import Row, picked, rows_of
from forensics.analysis.repositories import short_name


class Astray(NamedTuple):
    """One ref: what it names, what the last push on record gave it, and the ways of which nothing was collected."""

    repository: str
    ref: str
    now: str
    pushed: str
    pushed_by: str
    uncollected: tuple[str, ...]
    events: tuple[str, str]


def astray(scene: Scene, ways: Iterable[Channel], moves: Iterable[Move]) -> list[Astray]:
    """The refs that stand elsewhere, in order; not those of which a reflog tells how they came there.

    Where the evidence holds several repositories of one name, which of them was pushed to is not told, and none is looked at.
    """
    last = _last_pushes(scene)
    known = {(m.repository, m.ref, m.new) for m in moves}
    missing: dict[str, list[str]] = {}
    for channel in ways:
        missing.setdefault(channel.repository, [])
        if not channel.formats:
            missing[channel.repository].append(channel.way)
    found = []
    for name, standing in _standing(scene).items():
        for e in standing:
            now, push = str(e.text).partition(" ")[0], last.get((name, str(e.object)))
            if push is None or (name, e.object, now) in known:
                continue
            pushed = git_acts.new_oid(str(push.text or ""))
            if pushed and pushed != now:
                left = tuple(missing.get(name, ()))
                events = (str(e.event_id), str(push.event_id))
                found.append(Astray(name, str(e.object), now, pushed, str(push.format), left, events))
    return sorted(found)


def _last_pushes(scene: Scene) -> dict[tuple[str, str], Row]:
    """Of each ref of each repository, the last push that was taken and has a time."""
    taken = of_verbs(
        scene.evidence, "push", but=lambda e: (e["outcome"] != "failure") & e["earliest_ns"].notna()
    )
    found: dict[tuple[str, str], Row] = {}
    for e in rows_of(taken):
        name = short_name(e.repository)
        before = found.get((str(name), str(e.object)))
        if name is not None and (before is None or e.earliest_ns >= before.earliest_ns):
            found[name, str(e.object)] = e
    return found


def _standing(scene: Scene) -> dict[str, list[Row]]:
    """The refs that the one bare repository of each name has, with the object that each names."""
    events = scene.events
    refs = picked(
        events,
        events["format"].isin(tips.FORMATS)
        & (events["verb"] == "other")
        & (events["object_kind"] == "ref")
        & events["repository"].notna()
        & events["text"].str.match(r"[0-9a-f]{40}").fillna(value=False).astype(bool),
    )
    refs = picked(refs, tips.standing(refs, tips.listed(events)))
    places: dict[str, set[tuple[object, object]]] = {}
    found: dict[str, list[Row]] = {}
    for e in rows_of(refs):
        name = short_name(e.repository)
        bare = str(e.repository).rstrip("/").endswith(".git") and not str(e.repository).rstrip("/").endswith(
            "/.git"
        )
        if name is not None and bare:
            places.setdefault(name, set()).add((e.host, e.repository))
            found.setdefault(name, []).append(e)
    return {name: rows for name, rows in sorted(found.items()) if len(places[name]) == 1}
