"""What somebody pushed to one ref and another put into a second one: whose doing it is that jobs came to run it is then open."""

from collections.abc import Iterable

import pandas as pd

from forensics.analysis import arrivals, channels, git_acts, order
from forensics.analysis.acts import Act, Scene
from forensics.analysis.denial import Answer, Grounds, answer
from forensics.analysis.evidence import Row, picked, rows_of
from forensics.analysis.repositories import alike, parts

WHY = "pushed_to_one_ref_and_put_into_another"


def by_speaker(acts: list[Act], g: Grounds) -> Answer:
    """D01 where acts are attributed to whoever speaks: mixed where all of them are pushes, and their commits, and another moved a second ref to that."""
    pushes = [a for a in acts if a.act == "push"]
    moves = [moved_on(g.scene, a) for a in pushes]
    if moves and all(moves) and all(a.act in {"push", "commit"} for a in acts):
        return answer("mixed", acts, WHY, events=[str(e.event_id) for found in moves for e in found])
    return answer("contradicted", acts, "acts_in_sessions_of_speaker")


def moved_on(scene: Scene, act: Act) -> list[Row]:
    """The moves of other refs of a push's repository to what it brought, by no push that is told, or by one of another account."""
    pushed = scene.row(act.events[0])
    brought, known = arrivals.brought(scene, act), order.of(scene.evidence)
    made = known.made(act)
    return [
        e for e in _moves(scene, act)
        if e.object != pushed.object
        and alike(parts(str(e.repository)), parts(str(pushed.repository)))
        and arrivals.reached(scene, git_acts.new_oid(str(e.text or ""))) & brought
        and not (made is not None and e.latest_ns < made.earliest_ns)
    ]  # fmt: skip


def _moves(scene: Scene, act: Act) -> Iterable[Row]:
    others = (e for e in _pushes(scene) if isinstance(e.account, str) and e.account != act.account)
    return [*(e for e in channels.unpushed(scene) if not pd.isna(e.earliest_ns)), *others]


def _pushes(scene: Scene) -> Iterable[Row]:
    events = scene.events
    return rows_of(picked(events, (events["verb"] == "push") & events["earliest_ns"].notna()))
