"""Which jobs are asked about: those that the case file names; where it names none, those that ended badly.

Of very many, those alone are told that somebody else's act is linked to: a month of a cluster has a hundred thousand jobs that
ended badly, and most of them by themselves. Where not all events are held, those of which accounting alone tells are a table (`ordinary`).
"""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from forensics.analysis import file_acts, impact
from forensics.analysis.acts import Act, Scene
from forensics.analysis.evidence import Evidence, frame
from forensics.analysis.file_acts import Project
from forensics.analysis.identity import Directory
from forensics.analysis.jobs import Job
from forensics.core.roster import Question

MOST_ASKED = 500
"""Of more jobs that ended badly, where the case file names none, those alone are looked at that somebody else's act is linked to."""
BADLY = ("CANCELLED", "FAILED", "NODE_FAIL", "OTHER", "OUT_OF_MEMORY", "TIMEOUT")
_TICK_NS = 1_000_000_000
"""How long after it is over a job's end can be written: the end of the second that accounting names."""


class Inquiry(NamedTuple):
    """The jobs asked about.

    jobs: those that are looked at, in order of submission, or as the case file names them.
    apart: the records of ordinary ones, of columns `ordinary.COLUMNS`. They are asked about only where the case file names no job.
    """

    jobs: list[Job]
    apart: pa.Table

    def size(self) -> int:
        """How many they are."""
        return len(self.jobs) + len(self.apart)

    def owners(self) -> set[str | None]:
        """The accounts that own them."""
        return {j.owner for j in self.jobs} | set(pc.unique(self.apart["owner"]).to_pylist())

    def last_end_ns(self) -> int | None:
        """When the last of them ended; None where of none it is known."""
        ends = [j.end_ns for j in self.jobs] + [pc.max(self.apart["end_ns"]).as_py()]
        return max((end for end in ends if end is not None), default=None)

    def projects(self) -> list[Project]:
        """Where files lie that belong to their owners, once each, in the order of the first job of each."""
        held = [(_place(j.submit_ns, j.job), file_acts.project(j)) for j in self.jobs]
        if len(self.apart):
            held = sorted([*held, *_projects(self.apart)], key=lambda pair: pair[0])
        return [*dict.fromkeys(one for _, one in held if one is not None)]


_Place = tuple[int, int, str]


def _place(submit_ns: int | None, job: str) -> _Place:
    """By what jobs are in order of submission."""
    return submit_ns or 0, len(job), job


def _projects(apart: pa.Table) -> list[tuple[_Place, Project | None]]:
    """The projects of ordinary jobs, once each, beside the place of the first job of each."""
    told = frame(apart.select(["job", "submit_ns", "workdir", "owner_uid", "owner"]))
    told = told[told["workdir"].notna() & told["owner_uid"].notna()]
    # There can be a million of them: a folder is looked at once, and no job by itself.
    below = {folder: file_acts.below(folder) for folder in told["workdir"].unique()}
    told = told.assign(below=told["workdir"].map(below), long=told["job"].str.len())
    first = told.sort_values(["submit_ns", "long", "job"]).drop_duplicates(["below", "owner_uid", "owner"])
    columns = (first[name] for name in ("submit_ns", "job", "below", "owner_uid", "owner"))
    return [
        (_place(int(submit), job), Project(under, int(uid), owner))
        for submit, job, under, uid, owner in zip(*columns, strict=True)
    ]


def of(evidence: Evidence, found: Mapping[str, Job]) -> Inquiry:
    """The jobs asked about; where none is, those that ended badly in the window, else all that did.

    Args:
        evidence: the case's tables and what is asked.
        found: the jobs that are looked at, by id.
    """
    question, none = evidence.question, evidence.ordinary.slice(0, 0)
    if question.jobs:
        return Inquiry([found.get(n) or _shortened(n, found) or Job(n) for n in question.jobs], none)
    bad = [j for j in found.values() if j.outcome in BADLY or (j.outcome is None and j.exit_signal)]
    apart = evidence.ordinary
    apart = apart.filter(pc.is_in(apart["outcome"], pa.array(BADLY))) if len(apart) else none
    first, last = question.window or (None, None)
    within = [
        j for j in bad
        if j.end_ns is None or ((first is None or j.end_ns >= first) and (last is None or j.end_ns - _TICK_NS <= last))
    ]  # fmt: skip
    there = _within(apart, question)
    return Inquiry(within, there) if within or len(there) else Inquiry(bad, apart)


def _within(apart: pa.Table, question: Question) -> pa.Table:
    """The ordinary jobs that ended in the window, or of which no end is told."""
    if question.window is None or not len(apart):
        return apart
    first, last = question.window
    end = apart["end_ns"]
    inside = pc.and_(pc.greater_equal(end, first), pc.less_equal(end, last + _TICK_NS))
    return apart.filter(pc.fill_null(inside, True))


def _shortened(name: str, found: Mapping[str, Job]) -> Job | None:
    """The job that people call by the first part of its id, or the last: `11` of `11.pbs01`, if one alone is."""
    near = [
        job for known, job in found.items() if name in {known.partition(".")[0], known.rpartition("/")[2]}
    ]
    return near[0] if len(near) == 1 else None


def disturbed(
    asked: Inquiry, of_job: Mapping[str | None, list[Act]], scene: Scene
) -> tuple[list[Job], dict[str, int]]:
    """Of very many jobs, none of which the case file names, those that somebody else's act is linked to; how many others ended how.

    An act in the owner's account by a key or from a device of nobody can be somebody else's; and a job that a denial is about is kept.
    The acts on the others, which are their owners' own, are not in question then.
    """
    question = scene.evidence.question
    if question.jobs or asked.size() <= MOST_ASKED:
        return asked.jobs, {}
    denied = {claim.job for claim in question.claims}
    kept, others = [], Counter[str](asked.apart["outcome"].to_pylist())
    for job in asked.jobs:
        own = [a for a in of_job.get(job.job, ()) if a.in_question]
        others_can_have = (
            not impact.own_request(a, job, of_job[job.job], scene) or impact.stranger(a, job, scene)
            for a in own
        )
        if job.cause == "act" or job.job in denied or any(others_can_have):
            kept.append(job)
        else:
            others[job.outcome or "OTHER"] += 1
            for act in own:
                act.in_question = False
    return kept, dict(sorted(others.items()))


def to_look_at(scene: Scene, bounded: pa.Table) -> list[str]:
    """The ordinary jobs asked about that have to be looked at all the same, in order.

    They are all of them where they are few by one reading of the clocks, and those whose end somebody else can have asked for.

    Args:
        scene: the analysis that has them apart.
        bounded: the records of ordinary jobs with the clocks as far off as their bounds allow.
    """
    seen = scene.evidence
    if seen.question.jobs or not len(seen.ordinary):
        return []
    apart = [of(seen, scene.jobs).apart, _within(_badly(bounded), seen.question)]
    few = [one for one in apart if 0 < len(one) <= MOST_ASKED]
    drawn = {job for one in few for job in one["job"].to_pylist()}
    return sorted(drawn | _ended_by_others(apart[0], scene.directory))


def _badly(records: pa.Table) -> pa.Table:
    return records.filter(pc.is_in(records["outcome"], pa.array(BADLY)))


def _ended_by_others(apart: pa.Table, directory: Directory) -> set[str]:
    """The jobs whose end was asked for by an account that can be another than the owner's, or that several people enter."""
    asked = apart.filter(pc.is_valid(apart["requestor"]))
    told = asked.select(["owner", "requestor"]).group_by(["owner", "requestor"]).aggregate([]).to_pylist()
    doubtful = [row for row in told if not _own(row["owner"], row["requestor"], directory)]
    if not doubtful:
        return set()
    rows = asked.join(
        pa.Table.from_pylist(doubtful, asked.select(["owner", "requestor"]).schema),
        ["owner", "requestor"],
        join_type="left semi",
    )
    return set(rows["job"].to_pylist())


def _own(owner: str, requestor: str, directory: Directory) -> bool:
    """Whether a request by a job's owner, by name or number, can be nobody else's, at whatever time."""
    names = {e.account for e in directory.lines("uid", requestor)}
    return names <= {owner} and not directory.is_shared(owner)
