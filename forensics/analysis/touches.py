"""What was done to a file beside its content: mode, owner, attributes and times. They begin no version, and hide or withhold one.

And what a job's process was refused: it asked for a file that somebody had removed, moved away or closed to it.
"""

from collections.abc import Iterable, Mapping

import pandas as pd

from forensics.analysis import mounts, order, writers
from forensics.analysis.acts import Act, Scene
from forensics.analysis.artefacts import Version
from forensics.analysis.evidence import Evidence, Row, picked, rows_of
from forensics.analysis.job_processes import own_events
from forensics.analysis.jobs import Job

HOW = {"attributes": "attributes", "utimes": "times"}
"""By verb, what the version table calls it."""
_ASKED = frozenset({"read", "open", "execute", "write"})


def find(evidence: Evidence) -> list[Version]:
    """Every recorded change of mode, owner, attributes or times of a path, in order of time and then of the log."""
    return [_touch(e) for e in rows_of(_touching(evidence))]


def _touching(evidence: Evidence) -> pd.DataFrame:
    events = evidence.events
    told = picked(
        events,
        events["verb"].isin(HOW.keys())
        & (events["outcome"] != "failure")
        & (events["object_kind"] == "path")
        & events["object"].notna()
        & events["earliest_ns"].notna(),
    )
    held = evidence.totals.paths if evidence.totals is not None else None
    return told if held is None else picked(told, told["object"].isin(held))


def _touch(e: Row) -> Version:
    owner = None if pd.isna(e.object_owner_uid) else int(e.object_owner_uid)
    when = (int(e.earliest_ns), int(e.latest_ns))
    return Version(
        e.event_id, e.object, e.host, HOW[e.verb], e.inode, owner, *when, None, *writers.by(e), e.event_id
    )


def withheld(
    scene: Scene, changes: Mapping[str, list[tuple[Version, Act]]], jobs: Iterable[Job]
) -> Iterable[Act]:
    """What kept a file from a job: its process asked for the path and was refused, and the last before was no work of its owner's.

    That is a removal, or a change of mode or owner, by another account than the job's.
    """
    closing: dict[str, list[Row]] = {}
    for e in rows_of(picked(told := _touching(scene.evidence), told["verb"] == "attributes")):
        closing.setdefault(e.object, []).append(e)
    for job in jobs:
        own = own_events(job, scene.evidence)
        if not len(own):
            continue
        refused = picked(
            own, own["verb"].isin(_ASKED) & (own["outcome"] == "failure") & own["object"].notna()
        )
        seen: set[str] = set()
        for e in rows_of(refused):
            if e.object in seen:
                continue
            seen.add(e.object)
            act = _last(scene, e, changes.get(e.object, ()), closing.get(e.object, ()))
            if act is not None and act.account != job.owner and act.origin != "job":
                yield act.linked(job.job, "derived", "refused_to_job", [str(e.event_id)])


def _last(
    scene: Scene, refused: Row, changed: Iterable[tuple[Version, Act]], closed: Iterable[Row]
) -> Act | None:
    """The last that was done to a path before it was refused, if that can be why: a removal, or a change of its mode or owner."""
    changed, closed = list(changed), list(closed)
    hosts = {*(v.host for v, _ in changed), *(e.host for e in closed)}
    known = mounts.of(scene.evidence)
    here = {h: known.joined(str(refused.object), h, refused.host) is not None for h in hosts}
    first, asked = order.of(scene.evidence), order.moment(refused)
    before = [(v, act) for v, act in changed if first.before(v, asked) and here[v.host]]
    modes = [e for e in closed if first.before(order.moment(e), asked) and here[e.host]]
    last = before[-1] if before else None
    if modes and (last is None or not first.before(order.moment(modes[-1]), last[0])):
        return scene.act("modify_file", str(refused.object), "file_attributes", modes[-1])
    return last[1] if last is not None and last[0].how == "delete" else None
