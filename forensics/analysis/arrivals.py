"""Which commits a push brought to its repository, or a move of `HEAD` to a working tree: what `git rev-list old..new` lists.

A ref that is new has nothing before it, and yet brings only what no other ref had: whoever makes a branch or a tag of what
others pushed has brought none of it. So a push that makes a ref, or moves one from an object that is not in the evidence, is
held against all that the pushes before it named, and all that the repository's reflogs say of refs that no push moved.
"""

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from forensics.analysis import channels, git_acts
from forensics.analysis.acts import Act, Scene
from forensics.analysis.by_verb import of_verbs
from forensics.analysis.evidence import Row, rows_of
from forensics.analysis.repositories import alike, parts

_KEY = "arrivals"
BRING = frozenset({"push", "move_ref"})
"""Acts by which a ref comes to name other commits."""


class _Step(NamedTuple):
    """One time that a ref is said to have moved, in order of time: by a push where `push` names its event."""

    at_ns: int
    event: str
    ref: str
    old: str | None
    new: str | None
    push: bool


def brought(scene: Scene, act: Act) -> frozenset[str]:
    """The commits that a push, or a move by hand, brought to its ref, as far as their objects are there; its new object, where that is not."""
    if act.act == "push":
        return of_pushes(scene).get(act.events[0], frozenset())
    rows = [scene.row(e) for e in scene.known(act.events)]
    return frozenset[str]().union(*(_by_hand(scene, e, rows) for e in rows))


def _by_hand(scene: Scene, event: Row, beside: Iterable[Row]) -> set[str]:
    """What a reflog says that a ref came to lead to; or what it stands at, beyond what the last push gave it. A ref that is new brings nothing."""
    text = str(event.text or "")
    if event.verb == "ref_update":
        old, new = event.object_from, git_acts.new_oid(text)
    elif event.verb == "other" and event.object_kind == "ref":
        last = next((git_acts.new_oid(str(e.text or "")) for e in beside if e.verb == "push"), None)
        old, new = last, text.partition(" ")[0]
    else:
        return set()
    return between(scene, old, new) if isinstance(old, str) and old.strip("0") else set()


def of_pushes(scene: Scene) -> Mapping[str, frozenset[str]]:
    """What each push that has a time brought, by its event."""
    if _KEY not in scene.memo:
        scene.memo[_KEY] = _of_pushes(scene)
    found: Mapping[str, frozenset[str]] = scene.memo[_KEY]
    return found


def _of_pushes(scene: Scene) -> dict[str, frozenset[str]]:
    pushed = of_verbs(scene.evidence, "push", but=lambda e: e["earliest_ns"].notna())
    by_name: dict[str, list[_Step]] = {}
    for e in rows_of(pushed):
        by_name.setdefault(str(e.repository), []).append(_step(e, push=True))
    others: dict[str, list[_Step]] = {}
    for e in channels.unpushed(scene) if by_name else ():
        others.setdefault(channels.place(scene, e), []).append(_step(e, push=False))
    found: dict[str, frozenset[str]] = {}
    for name, own in by_name.items():
        near = {**others, **by_name}
        same = [step for other in sorted(near) if other != name and _one(name, other) for step in near[other]]
        told = _followed(scene, sorted([*own, *same]))
        found |= {step.event: told[step.event] for step in own}
    return found


def _step(event: Row, *, push: bool) -> _Step:
    e = event
    known = not pd.isna(e.earliest_ns)
    old, new = (
        oid if isinstance(oid, str) and oid.strip("0") else None
        for oid in (e.object_from, git_acts.new_oid(str(e.text or "")))
    )
    return _Step(int(e.earliest_ns) if known else -(1 << 63), e.event_id, str(e.object), old, new, push)


def _one(name: str, other: str) -> bool:
    return alike(parts(name), parts(other))


def _followed(scene: Scene, steps: Sequence[_Step]) -> dict[str, frozenset[str]]:
    """What each push of one repository brought; steps in order of time."""
    first: dict[str, _Step] = {}
    for step in steps:
        first.setdefault(step.ref, step)
    # What a ref named when it is first heard of may have been there before all: nobody is then said to have brought it.
    there = _reached(scene, (step.old for step in first.values()), but=set())
    found: dict[str, frozenset[str]] = {}
    for step in steps:
        if step.push and step.old is not None and step.old in scene.git_objects:
            found[step.event] = frozenset(between(scene, step.old, step.new))
        elif step.push:
            found[step.event] = frozenset(_reached(scene, [step.new], but=there) - {step.old})
        there |= _reached(scene, (step.old, step.new), but=there)
    return found


def between(scene: Scene, old: object, new: str | None) -> set[str]:
    """The commits that are reached from `new` and not from `old`, as far as their objects are there.

    Both sides are followed at once, children before parents, until nothing is left that `new` alone reaches.
    """
    ranks, ahead = _ranks(scene), list[tuple[int, str]]()
    before: dict[str, bool] = {}
    open_ = 0
    for oid, side in ((_peeled(scene, old), True), (_peeled(scene, new), False)):
        if oid is not None and oid not in before:
            before[oid] = side
            open_ += not side
            heapq.heappush(ahead, (-ranks.get(oid, 0), oid))
    found: set[str] = set()
    while open_ > 0 and ahead:
        _, oid = heapq.heappop(ahead)
        side = before[oid]
        if not side:
            open_ -= 1
            found.add(oid)
        for parent in _parents(scene, oid):
            if parent not in before:
                open_ += not side
                heapq.heappush(ahead, (-ranks.get(parent, 0), parent))
            elif side and not before[parent]:
                open_ -= 1
            before[parent] = side or before.get(parent, False)
    return found


def leading_to(scene: Scene, oids: Collection[str]) -> set[str]:
    """The commits from which some others are reached, themselves with them, as far as objects are there."""
    if "children" not in scene.memo:
        made: dict[str, list[str]] = {}
        for oid, row in scene.git_objects.items():
            for parent in _parents(scene, oid) if row.kind == "commit" else ():
                made.setdefault(parent, []).append(oid)
        scene.memo["children"] = made
    children, seen, ahead = scene.memo["children"], set(oids), list(oids)
    while ahead:
        new = [child for child in children.get(ahead.pop(), ()) if child not in seen]
        seen.update(new)
        ahead += new
    return seen


def named(scene: Scene, event: Row) -> str | None:
    """The commit that a ref came to name, by an event of a push or a reflog: of a tag what it leads to."""
    return _peeled(scene, git_acts.new_oid(str(event.text or "")))


def _reached(scene: Scene, oids: Iterable[str | None], *, but: Collection[str]) -> set[str]:
    """What is reached from some objects, themselves with it, without what is behind others."""
    ahead = [oid for oid in (_peeled(scene, each) for each in oids) if oid is not None]
    seen: set[str] = set()
    while ahead:
        oid = ahead.pop()
        if oid not in but and oid not in seen:
            seen.add(oid)
            ahead += _parents(scene, oid)
    return seen


def _parents(scene: Scene, oid: str) -> list[str]:
    row = scene.git_objects.get(oid)
    return row.parents if row is not None and isinstance(row.parents, list) else []


def _peeled(scene: Scene, oid: object) -> str | None:
    """What an object stands for: of a tag what it leads to; None for none."""
    found, seen = oid, set[object]()
    while isinstance(found, str) and found not in seen:
        seen.add(found)
        row = scene.git_objects.get(found)
        if row is None or row.kind != "tag" or not isinstance(row.tag_object, str):
            return found if found.strip("0") else None
        found = row.tag_object
    return None


def _ranks(scene: Scene) -> Mapping[str, int]:
    """Of each commit a number that is higher than those of its parents; of one that is not in the evidence, 0."""
    if "ranks" not in scene.memo:
        scene.memo["ranks"] = _ranked(
            {oid: _parents(scene, oid) for oid, row in scene.git_objects.items() if row.kind == "commit"}
        )
    found: Mapping[str, int] = scene.memo["ranks"]
    return found


def _ranked(parents: Mapping[str, Sequence[str]]) -> dict[str, int]:
    children: dict[str, list[str]] = {}
    left = {}
    for oid, above in parents.items():
        known = [parent for parent in above if parent in parents]
        left[oid] = len(known)
        for parent in known:
            children.setdefault(parent, []).append(oid)
    ready, found = [oid for oid, number in left.items() if not number], dict[str, int]()
    while ready:
        oid = ready.pop()
        found[oid] = 1 + max((found[p] for p in parents[oid] if p in found), default=0)
        for child in children.get(oid, ()):
            left[child] -= 1
            if not left[child]:
                ready.append(child)
    return found


def carrying(
    scene: Scene, acts: Iterable[Act], paths: Iterable[str], owners: set[str | None]
) -> Iterable[Act]:
    """Commits and pushes that carried a change of a file that can be one of those paths, other than the owner's own work.

    What a commit calls its author makes neither it nor its push the owner's: whoever commits types that.
    """
    git = list(acts)
    moved: dict[str, Act] = {a.object: a for a in git if a.act == "commit"}
    called = git_acts.ends(paths)
    touching = {oid for oid in moved if git_acts.changes_of(scene, oid) & called}
    wanted = {oid for oid in touching if git_acts.foreign(scene, moved[oid], owners)}
    pushed: list[Act] = []
    for act in (a for a in git if a.act in BRING):
        found, others = brought(scene, act), git_acts.foreign(scene, act, owners)
        if others:
            wanted |= found & touching
        if found & wanted or (others and found and not found & moved.keys()):
            pushed.append(act)
    yield from (moved[oid] for oid in sorted(wanted))
    yield from pushed
