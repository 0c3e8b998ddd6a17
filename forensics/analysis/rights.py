"""Whether what a command asked for can have been done, by the rights that it ran with.

A command line says that somebody asked. A kernel sends no signal for an account that may not send it, and a scheduler ends no
job for one that neither owns it nor administers the scheduler: the command runs all the same, and is refused. So where no record
of the scheduler or of the kernel tells that it was done, rights have to be on record that allow it.
"""

import re

import pandas as pd

from forensics.analysis import displaced
from forensics.analysis.acts import Scene
from forensics.analysis.evidence import Row, picked, rows_of
from forensics.analysis.jobs import Job

NOT_DONE = "record_that_request_was_done"
"""What is missing where rights do not allow what was asked for, or nothing shows that it was done."""
ROOT = "root"
ROLE = re.compile(r"\b(?:admin\w*|administrator|operator|operations|ops|sre|root)\b", re.IGNORECASE)
"""Roles on a roster of whoever administers hosts or the scheduler."""
_LEVELS = {"Administrator", "Operator"}
_CHANGED = re.compile(r"^Modify Users\b.*?\bname='(?P<account>[^']+)'.*?\badmin_level=(?P<level>[0-9])")
_OPERATOR = 2
"""The least level that may act on the jobs of others: 1 is none, 2 operator, 3 administrator."""


def may_signal(job: Job, event: Row) -> bool:
    """Whether a program ran with the rights of a job's owner or of root; where none are told, it may have."""
    if not pd.isna(event.uid) and job.owner_uid is not None:
        return int(event.uid) in {0, job.owner_uid}
    return not isinstance(event.effective, str) or event.effective in {ROOT, job.owner}


def over(job: Job, event: Row, scene: Scene) -> bool:
    """Whether a program ran with rights that let a scheduler change or end a job for it."""
    return may_signal(job, event) or administers(event, scene)


def administers(event: Row, scene: Scene) -> bool:
    """Whether a program ran with the rights of root, or of an account that administers the scheduler for all that is on record."""
    if event.effective == ROOT or (not pd.isna(event.uid) and int(event.uid) == 0):
        return True
    at = None if pd.isna(event.earliest_ns) else int(event.earliest_ns)
    account = event.effective if isinstance(event.effective, str) else event.account
    if account in administrators(scene, at):
        return True
    return any(ROLE.search(scene.directory.roles.get(p, "")) for p in scene.directory.owners(account, at))


def administrators(scene: Scene, at_ns: int | None) -> dict[str, tuple[str, ...]]:
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
