"""Who had the right to do what an act does, under an account of their own, as of its moment, by what is on record.

A right that no record tells may have been there all the same: modes of files are not looked at, and a list of the
scheduler's administrators tells the day it was made. So nobody is left out of the rivals for want of a right; this
is told beside them, of everybody.
"""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from forensics.analysis import rights
from forensics.analysis.acts import Act
from forensics.analysis.examination import Examination
from forensics.analysis.impact import REQUESTS

Json = dict[str, Any]
RIGHTS = ("owns_job", "owns_file", "root", "root_by_a_line", "scheduler_administrator", "enters_account")

MOST_CITED = 20
"""So many events are cited for a right: each login can tell of it again, and each act of an account says it."""


def told(act: Act, done: Examination) -> list[Json]:
    """Of everybody on the roster, which rights are on record.

    Returns:
        By person: `person`, and `rights`, each a code of `RIGHTS`, in that order, with `because` (ids of events; empty where the roster says it),
        and `count`, how many there are, where they are not all.
    """
    known = list(_rights(act, done))
    found = []
    for person in sorted(done.scene.directory.people):
        own: dict[str, dict[str, None]] = {}
        for code, people, because in known:
            if person in people:
                own.setdefault(code, {}).update(dict.fromkeys(because))
        told_of = [_right(code, list(own[code])) for code in RIGHTS if code in own]
        found.append({"person": person, "rights": told_of})
    return found


def _right(code: str, because: list[str]) -> Json:
    found: Json = {"right": code, "because": because[:MOST_CITED]}
    return found | ({"count": len(because)} if len(because) > MOST_CITED else {})


def _rights(act: Act, done: Examination) -> Iterable[tuple[str, Iterable[str], tuple[str, ...]]]:
    """Each right, who has it, and by which events."""
    scene, directory, at, to = done.scene, done.scene.directory, act.earliest_ns, act.latest_ns
    job = scene.jobs.get(act.job or "") if act.act in REQUESTS else None
    if job is not None:
        yield "owns_job", directory.owners(job.owner, at, to), ()
    for event, uid in scene.cells(act.events, "event_id", "object_owner_uid"):
        if not pd.isna(uid):
            owner = directory.account_of(act.host, int(uid), at)
            yield "owns_file", directory.owners(owner, at, to), (event,)
    domain = "slurm:admin" if act.act in REQUESTS else f"{act.host}:root"
    holding = done.holders.of(domain, at)
    for hold in done.holders.holds:
        if hold.person in holding and (act.act in REQUESTS or hold.host in {None, act.host}):
            yield ("root_by_a_line" if hold.why.endswith("_line") else "root"), (hold.person,), hold.events
    if act.act in REQUESTS:
        for account, events in rights.administrators(scene, at).items():
            yield "scheduler_administrator", directory.owners(account, at, to), events
    yield "enters_account", directory.owners(act.account, at, to), ()
    for opening in directory.opening(act.account, at, to):
        yield "enters_account", directory.key_people(opening.thing, at, to), opening.events
