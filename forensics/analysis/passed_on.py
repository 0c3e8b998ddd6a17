"""What somebody pushed to one ref and another put into a second one: whose doing it is that jobs came to run it is then open."""

from collections.abc import Iterable

import pandas as pd

from forensics.analysis import arrivals, channels, order
from forensics.analysis.acts import Act, Scene
from forensics.analysis.by_verb import of_verbs
from forensics.analysis.denial import Answer, Grounds, answer
from forensics.analysis.evidence import Row, rows_of
from forensics.analysis.repositories import alike, parts

WHY = "pushed_to_one_ref_and_put_into_another"
WHY_OF_OTHER = "other_pushed_to_one_ref_and_it_was_put_into_another"
MOVED = "moved_to_what_another_made"
MOVED_BY_OTHER = "other_moved_to_what_another_made"

MOVE = "move_ref"
_STROKES = 8
"""More parts than names of remotes and branches have."""


def by_speaker(acts: list[Act], g: Grounds) -> Answer:
    """D01 where acts are attributed to whoever speaks: mixed where all of them are pushes, and their commits, and another moved a second ref to that.

    Mixed too where whoever speaks moved a ref by hand to what somebody else made.
    """
    if events := passed(acts, g):
        return answer("mixed", acts, WHY, events=events)
    if only_moved(acts, g):
        return answer("mixed", acts, MOVED)
    return answer("contradicted", acts, "acts_in_sessions_of_speaker")


def by_other(acts: list[Act], g: Grounds) -> Answer:
    """D01 where acts are attributed to another alone: as for whoever speaks, it is not said that the other brought it to the jobs."""
    if events := passed(acts, g):
        return answer("mixed", acts, WHY_OF_OTHER, events=events)
    if only_moved(acts, g):
        return answer("mixed", acts, MOVED_BY_OTHER)
    return answer("supported", acts, "acts_in_sessions_of_other")


def only_moved(acts: list[Act], g: Grounds) -> bool:
    """Whether all that some acts did is to move refs by hand to commits that none of these persons is on record as having made or pushed."""
    work = [a for a in acts if a.act != "escalate"]
    if not work or any(a.act != MOVE for a in work):
        return False
    came = frozenset[str]().union(*(arrivals.brought(g.scene, a) for a in work))
    who = {a.person for a in work}
    own = [a for a in g.every if a.person in who]
    made = {a.object for a in own if a.act == "commit"}
    pushed = frozenset[str]().union(*(arrivals.brought(g.scene, a) for a in own if a.act == "push"))
    return bool(came) and not came & (made | pushed)


def passed(acts: list[Act], g: Grounds) -> list[str]:
    """The moves of second refs to what some acts brought; none unless all of them are pushes, and their commits, that another passed on."""
    if not all(a.act in {"push", "commit"} for a in acts):
        return []
    moves = [moved_on(g.scene, a) for a in acts if a.act == "push"]
    return [str(e.event_id) for found in moves for e in found] if all(moves) else []


def moved_on(scene: Scene, act: Act) -> list[Row]:
    """The moves of other refs of a push's repository to what it brought, by no push that is told, or by one of another account.

    Of the refs that a working tree took it from, and only where it took it from no ref that was pushed to: whoever makes a branch or
    a tag of what another pushed has changed nothing of what jobs ran.
    """
    pushed = scene.row(act.events[0])
    brought, known = arrivals.brought(scene, act), order.of(scene.evidence)
    there = arrivals.leading_to(scene, brought)
    made, taken = known.made(act), taken_from(scene, there)
    if _name(pushed.object) in taken:
        return []
    return [
        e for e in _moves(scene, act)
        if _name(e.object) in taken
        and alike(parts(str(e.repository)), parts(str(pushed.repository)))
        and arrivals.named(scene, e) in there
        and not (made is not None and e.latest_ns < made.earliest_ns)
    ]  # fmt: skip


def taken_from(scene: Scene, there: set[str]) -> set[str]:
    """The names of refs from which working trees came to some commits: by the words with which HEAD moved there, and the branch that moved with it."""
    moves = of_verbs(scene.evidence, "ref_update", but=lambda e: e["object"].notna() & e["text"].notna())
    rows = [e for e in rows_of(moves) if arrivals.named(scene, e) in there]
    heads = [e for e in rows if e.object == "HEAD"]
    trees = {e.repository for e in heads}
    words = {part for e in heads for word in str(e.text).replace(":", " ").split() for part in _ends(word)}
    return words | {
        _name(e.object) for e in rows if e.repository in trees and str(e.object).startswith("refs/heads/")
    }


def _name(ref: object) -> str:
    return str(ref).removeprefix("refs/heads/")


def _ends(word: str) -> Iterable[str]:
    """A word, and what is left of it behind each stroke: a remote can stand before a branch."""
    return (word.split("/", n)[-1] for n in range(min(word.count("/"), _STROKES) + 1))


def _moves(scene: Scene, act: Act) -> Iterable[Row]:
    others = (e for e in _pushes(scene) if isinstance(e.account, str) and e.account != act.account)
    return [*(e for e in channels.unpushed(scene) if not pd.isna(e.earliest_ns)), *others]


def _pushes(scene: Scene) -> Iterable[Row]:
    return rows_of(of_verbs(scene.evidence, "push", but=lambda e: e["earliest_ns"].notna()))
