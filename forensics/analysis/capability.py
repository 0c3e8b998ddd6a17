"""Who had the right to do what an act does, under an account of their own, as of its moment, by what is on record.

A right that no record tells may have been there all the same: modes of files are not looked at, and a list of the
scheduler's administrators tells the day it was made. So nobody is left out of the rivals for want of a right; this
is told beside them, of everybody.
"""

import re
from collections.abc import Iterable
from typing import Any

import pandas as pd

from forensics.analysis import displaced
from forensics.analysis.acts import Act, Scene
from forensics.analysis.evidence import picked, rows_of
from forensics.analysis.examination import Examination
from forensics.analysis.impact import REQUESTS

Json = dict[str, Any]
RIGHTS = ("owns_job", "owns_file", "root", "scheduler_administrator", "enters_account")
_LEVELS = {"Administrator", "Operator"}
_CHANGED = re.compile(r"^Modify Users\b.*?\bname='(?P<account>[^']+)'.*?\badmin_level=(?P<level>[0-9])")
_OPERATOR = 2
"""The least level that may act on the jobs of others: 1 is none, 2 operator, 3 administrator."""


def told(act: Act, done: Examination) -> list[Json]:
    """Of everybody on the roster, which rights are on record.

    Returns:
        By person: `person`, and `rights`, each a code of `RIGHTS`, in that order, with `because` (ids of events; empty where the roster says it).
    """
    rights = list(_rights(act, done))
    found = []
    for person in sorted(done.scene.directory.people):
        own: dict[str, dict[str, None]] = {}
        for code, people, because in rights:
            if person in people:
                own.setdefault(code, {}).update(dict.fromkeys(because))
        told_of = [{"right": code, "because": list(own[code])} for code in RIGHTS if code in own]
        found.append({"person": person, "rights": told_of})
    return found


def _rights(act: Act, done: Examination) -> Iterable[tuple[str, Iterable[str], tuple[str, ...]]]:
    """Each right, who has it, and by which events."""
    scene, directory, at = done.scene, done.scene.directory, act.earliest_ns
    job = scene.jobs.get(act.job or "") if act.act in REQUESTS else None
    if job is not None:
        yield "owns_job", directory.owners(job.owner, at), ()
    for event, uid in scene.cells(act.events, "event_id", "object_owner_uid"):
        if not pd.isna(uid):
            owner = directory.account_of(act.host, int(uid), at)
            yield "owns_file", directory.owners(owner, at), (event,)
    domain = "slurm:admin" if act.act in REQUESTS else f"{act.host}:root"
    holding = done.holders.of(domain, at)
    for hold in done.holders.holds:
        if hold.person in holding and (act.act in REQUESTS or hold.host in {None, act.host}):
            yield "root", (hold.person,), hold.events
    if act.act in REQUESTS:
        for account, events in _administrators(scene, at).items():
            yield "scheduler_administrator", directory.owners(account, at), events
    yield "enters_account", directory.owners(act.account, at), ()
    for opening in directory.opening(act.account, at):
        yield "enters_account", directory.key_people(opening.thing, at), opening.events


def _administrators(scene: Scene, at_ns: int | None) -> dict[str, tuple[str, ...]]:
    """Accounts that the scheduler lets act on the jobs of others at a moment, with what says so.

    A change before the moment tells; so does, of an account whose level nothing changed, the list that was collected.
    """
    if "administrators" not in scene.memo:
        events = picked(
            scene.events,
            scene.events["format"].isin({"sacctmgr", "sacctmgr_padded"})
            & scene.events["text"].notna()
            & ~displaced.of_users(scene.events),
        )
        listed = {
            str(e.object): (e.event_id,)
            for e in rows_of(picked(events, (events["verb"] == "setting") & events["outcome"].isin(_LEVELS)))
        }
        changes = [
            (e, made)
            for e in rows_of(picked(events, events["verb"] == "scheduler_edit"))
            if (made := _CHANGED.search(str(e.text))) is not None
        ]
        scene.memo["administrators"] = listed, changes
    listed, changes = scene.memo["administrators"]
    found: dict[str, tuple[str, ...]] = dict(listed)
    changed = {made["account"] for _, made in changes}
    found = {account: because for account, because in found.items() if account not in changed}
    for e, made in changes:
        if at_ns is None or pd.isna(e.earliest_ns) or e.earliest_ns <= at_ns:
            found.pop(made["account"], None)
            if int(made["level"]) >= _OPERATOR:
                found[made["account"]] = (e.event_id,)
    return found
