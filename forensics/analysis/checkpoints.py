"""When a job last saved a state that it could go on from, as far as the evidence shows.

A checkpoint is seen where an audit trail shows the job's own process writing a file that is named as
one. Its content is not verified thereby; only what somebody states is. What is removed or
written over later, by whomever, is no state to go on from.
"""

import fnmatch
import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from forensics.analysis import order
from forensics.analysis.evidence import Evidence, Row, picked, rows_of
from forensics.analysis.job_processes import own_events
from forensics.analysis.jobs import Job
from forensics.core import clock

PATTERNS = (
    "*.ckpt", "*.pt", "*.pth", "*.safetensors", "*.distcp", "*.orbax", "*checkpoint*", "*ckpt*", "*global_step*",
)  # fmt: skip
"""File names that training programs give to checkpoints."""
_WRITES = {"create", "write", "rename", "truncate", "link"}
_SPOILS = _WRITES | {"delete"}
_MTIME = re.compile(r"(?:^|\s)mtime=(\S+)")


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint of a job.

    whole: whether the record shows it finished (a rename puts it in place), or only begun.
    basis: seen (the job's own process writes it) or listed (a listing has it, and its time can be set at will).
    """

    path: str
    earliest_ns: int
    latest_ns: int
    whole: bool
    basis: str
    event: str


def saved(job: Job, evidence: Evidence, patterns: Sequence[str] = ()) -> list[Saved]:
    """The checkpoints of a job that were left as it wrote them, in order of time.

    Args:
        job: with its processes.
        evidence: the case.
        patterns: of file names, beside `PATTERNS`.
    """
    wanted = Named((*PATTERNS, *patterns))
    own = own_events(job, evidence)
    wrote = picked(own, own["verb"].isin(_WRITES) & (own["outcome"] != "failure") & own["object"].notna())
    seen = [
        Saved(e.object, int(e.earliest_ns), int(e.latest_ns), e.verb in {"rename", "link"}, "seen", e.event_id)
        for e in rows_of(wrote[wrote["earliest_ns"].notna()])
        if wanted.has(e.object)
    ]  # fmt: skip
    spoilt = _spoilt(evidence, {s.path for s in seen}, set(own["event_id"]))
    known = order.of(evidence)
    kept = [
        s
        for s in seen
        if all(
            known.before(at, order.Moment(s.earliest_ns, s.latest_ns, s.event))
            for at in spoilt.get(s.path, ())
        )
    ]
    last = {s.path: s for s in sorted(kept, key=lambda s: (s.earliest_ns, s.event))}
    found = list(last.values()) + _listed(job, evidence, wanted)
    return sorted(found, key=lambda s: (s.earliest_ns, s.path, s.event))


class Named:
    """Patterns of file names."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._is = re.compile("|".join(fnmatch.translate(p) for p in patterns))

    def has(self, path: str) -> bool:
        """Whether a path's last part fits one of them."""
        return self._is.match(posixpath.basename(path)) is not None


def _spoilt(evidence: Evidence, paths: set[str], own: set[str]) -> dict[str, list[order.Moment]]:
    """When others than the job wrote or anybody removed its checkpoints, by path."""
    events = evidence.events
    near = picked(events, events["object"].isin(paths) | events["object_from"].isin(paths))
    near = picked(
        near, near["verb"].isin(_SPOILS) & (near["outcome"] != "failure") & near["latest_ns"].notna()
    )
    found: dict[str, list[order.Moment]] = {}
    for e in rows_of(near):
        moved = e.object_from if e.verb == "rename" and e.object_from in paths else None
        if moved is not None:
            found.setdefault(moved, []).append(order.moment(e))
        if e.object in paths and (e.verb == "delete" or e.event_id not in own):
            found.setdefault(e.object, []).append(order.moment(e))
    return found


def _listed(job: Job, evidence: Evidence, wanted: Named) -> list[Saved]:
    """Checkpoints below the job's working directory that a listing has, last changed while the job ran."""
    if not job.workdir or job.start_ns is None:
        return []
    events = evidence.events
    first, last = job.window()
    rows = picked(events, (events["verb"] == "listed") & events["object"].notna() & events["text"].notna())
    below = job.workdir.rstrip("/") + "/"
    found = []
    for e in rows_of(rows[[str(path).startswith(below) for path in rows["object"]]] if len(rows) else rows):
        at = _mtime(e)
        if wanted.has(e.object) and at is not None and first <= at <= last:
            found.append(Saved(e.object, at, at, True, "listed", e.event_id))
    return found


def _mtime(event: Row) -> int | None:
    said = _MTIME.search(event.text)
    return None if said is None else clock.instant(said.group(1))


def before(found: Iterable[Saved], at_ns: int) -> list[Saved]:
    """Those that were written, for certain, before a moment; the last one last."""
    return [s for s in found if s.latest_ns < at_ns]
