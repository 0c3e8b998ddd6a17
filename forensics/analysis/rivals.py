"""What else can have ended a job: each rival looked for in every source that would tell, and what was found.

`not_found` is said only where a source that would show it is there; where none is, it is `not_collected`.
A rival that is found does not clear an act, nor the other way round: both can be true.
"""

import re
from typing import Any, NamedTuple

import pandas as pd

from forensics.analysis.acts import Scene
from forensics.analysis.evidence import picked
from forensics.analysis.gaps import ACCOUNTS, controlled
from forensics.analysis.jobs import Job
from forensics.analysis.nodes import expanded
from forensics.core.messageevents import SYSTEM_LOGS

Json = dict[str, Any]
STATUSES = ("found", "not_found", "not_collected")
ACCOUNTING, CONTROLLER, NODE, KERNEL = (
    "job accounting", "scheduler controller log", "node daemon's log", "node's kernel messages",
)  # fmt: skip
_SECOND = 1_000_000_000
_LATE_NS = 60 * _SECOND
"""How long after a job's end a fault that ended it may be written."""
_GPU = re.compile(r"NVRM|Xid|\bGPU\b|gpu", re.ASCII)
_MEMORY = re.compile(r"[Oo]ut of memory|oom[-_ ]?kill|OOM|memory limit", re.ASCII)


class Rival(NamedTuple):
    """A rival cause: what of a job's outcome says it, which words of a fault do, and which sources would tell."""

    outcomes: frozenset[str]
    words: re.Pattern[str] | None
    sources: tuple[str, ...]


RIVALS = {
    "own_failure": Rival(frozenset(), None, (ACCOUNTING, NODE)),
    "out_of_memory": Rival(frozenset({"OUT_OF_MEMORY"}), _MEMORY, (ACCOUNTING, KERNEL)),
    "node_fault": Rival(frozenset({"NODE_FAIL"}), re.compile(""), (CONTROLLER, NODE, KERNEL)),
    "gpu_fault": Rival(frozenset(), _GPU, (KERNEL,)),
    "preemption": Rival(frozenset({"PREEMPTED"}), None, (ACCOUNTING, CONTROLLER)),
    "time_limit": Rival(frozenset({"TIMEOUT"}), None, (ACCOUNTING, CONTROLLER)),
}
"""Own failure is told by an exit code; the others by the scheduler's word for the outcome, or by a fault on record."""


def of_job(job: Job, scene: Scene) -> list[Json]:
    """Each rival, in the order of `RIVALS`, with what says so and which sources were there."""
    hosts = frozenset(expanded(job.nodes))
    there = _there(job, scene, hosts)
    faults = _faults(job, scene, hosts)
    return [_looked_for(name, rival, job, there, faults) for name, rival in RIVALS.items()]


def _looked_for(name: str, rival: Rival, job: Job, there: frozenset[str], faults: pd.DataFrame) -> Json:
    told = [
        str(e)
        for e, text in zip(faults["event_id"], faults["text"], strict=True)
        if _speaks(name, rival, text if isinstance(text, str) else "")
    ]
    found = bool(told) or job.outcome in rival.outcomes or (name == "own_failure" and _own_exit(job))
    looked_in = [s for s in rival.sources if s in there]
    return {
        "rival": name,
        "status": "found" if found else "not_found" if looked_in else "not_collected",
        "because": told,
        "looked_in": looked_in,
        "not_collected": [s for s in rival.sources if s not in there],
    }


def _speaks(name: str, rival: Rival, text: str) -> bool:
    if rival.words is None or rival.words.search(text) is None:
        return False
    others = (r for n, r in RIVALS.items() if n != name and r.words is not None and r.words.pattern)
    return name != "node_fault" or not any(r.words is not None and r.words.search(text) for r in others)


def _own_exit(job: Job) -> bool:
    return job.outcome == "FAILED" and bool(job.exit_code) and not job.exit_signal


class _Sources(NamedTuple):
    """Which sources there are at all: jobs that accounting knows, hosts that daemons and kernels speak of, and faults."""

    accounted: frozenset[Any]
    controlled: bool
    daemons: frozenset[Any]
    kernels: frozenset[Any]
    faults: pd.DataFrame


def _sources(scene: Scene) -> _Sources:
    if "rival_sources" not in scene.memo:
        events, records = scene.events, scene.evidence.job_records
        whole = picked(records, records["step"].isna() & records["format"].isin(ACCOUNTS))
        scene.memo["rival_sources"] = _Sources(
            frozenset(whole["job"]),
            controlled(events),
            frozenset(picked(events, events["format"] == "slurmd")["host"]),
            frozenset(picked(events, events["format"].isin(SYSTEM_LOGS) & ~events["trail"])["host"]),
            picked(events, events["verb"] == "fault"),
        )
    found: _Sources = scene.memo["rival_sources"]
    return found


def _there(job: Job, scene: Scene, hosts: frozenset[str]) -> frozenset[str]:
    """The sources that hold something of the job, or of its nodes."""
    known = _sources(scene)
    found = {
        ACCOUNTING: job.job in known.accounted,
        CONTROLLER: known.controlled,
        NODE: not hosts.isdisjoint(known.daemons),
        KERNEL: not hosts.isdisjoint(known.kernels),
    }
    return frozenset(source for source, there in found.items() if there)


def _faults(job: Job, scene: Scene, hosts: frozenset[str]) -> pd.DataFrame:
    """Faults that name the job, or that a node of it reported while it ran."""
    events = _sources(scene).faults
    if not len(events):
        return events
    named = events["job"] == job.job
    first, last = job.window()
    during = events["earliest_ns"].between(first, last + _LATE_NS).fillna(value=False)
    return picked(
        events,
        named.fillna(value=False).astype(bool)
        | (events["host"].isin(hosts) & events["job"].isna() & during.astype(bool)),
    )
