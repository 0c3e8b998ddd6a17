"""The whole analysis in its order: people, sessions, jobs, acts, persons, causes, claims.

Pure: tables in, tables and findings out. Everybody goes through the same steps.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import pyarrow as pa

from forensics.analysis import (
    arrivals,
    artefacts,
    attribution,
    boots,
    candidates,
    checkouts,
    claims,
    clock_bounds,
    clocks,
    corrections,
    deferred,
    file_acts,
    gaps,
    git_acts,
    hops,
    identity,
    impact,
    inquiry,
    job_readings,
    job_records,
    lives,
    loose_ends,
    memory,
    moved_refs,
    naming,
    nearness,
    ordinary,
    overlaps,
    planted,
    push_certificates,
    pushes,
    scheduler_acts,
    scheduler_edits,
    sessions,
    signatures,
    ties,
    touches,
    unrecorded,
)
from forensics.analysis.acts import Act, Scene
from forensics.analysis.artefacts import Reading, Version
from forensics.analysis.deferred import Deferral
from forensics.analysis.edits import Edits
from forensics.analysis.evidence import Evidence
from forensics.analysis.examination import Examination
from forensics.analysis.gaps import Gap
from forensics.analysis.holders import Holders
from forensics.analysis.inquiry import Inquiry
from forensics.analysis.jobs import Job
from forensics.analysis.nearness import Nearness
from forensics.analysis.sessions import Session

if TYPE_CHECKING:
    from forensics.analysis.attribution import Judgement

_SLACK_NS = 600_000_000_000
_WORK = {"modify_file", "replace_file", "delete_file", "commit", "push", moved_refs.KIND}
_HIDING = {"wipe_log", "timestomp", "change_clock", "change_logging", "grant"}


def examine(evidence: Evidence, rejects: pd.DataFrame) -> Examination:
    """Analyse a case, by clocks that are compared first; what holds by one reading of them only is taken back.

    Args:
        evidence: the case's tables, roster and question.
        rejects: schema `reject`; a file that ends inside a record is a gap.
    """
    return finished(sketch(evidence, rejects), rejects)


def finished(begun: "Sketch", rejects: pd.DataFrame) -> Examination:
    """The analysis from its first pass: without what the bounds of the clocks take back."""
    evidence, found, seen, steps, done = begun
    if clock_bounds.rests_on_time(done.acts, done.asked, done.answers):
        bounded = corrections.corrected(evidence, found, bounds=True)
        if clock_bounds.widened(seen, bounded):
            # What was looked up is looked up again where it is needed: two analyses are held at once from here on.
            done.scene.memo.clear()
            wide = _examined(bounded, rejects, steps)
            clock_bounds.cap_acts(done.acts, done.judged, wide.judged)
            clock_bounds.cap_jobs(done.jobs, wide.jobs)
            done = replace(done, answers=clock_bounds.capped_answers(done.answers, wide.answers))
    done = loose_ends.without(done, evidence, found, lambda other: _examined(other, rejects, steps))
    signed = signatures.find(done.scene)
    certificates, at_once = push_certificates.find(done.scene, signed), overlaps.find(seen, done.sessions)
    return replace(done, compared=found, at_once=at_once, signed=signed, certificates=certificates)


def _examined(evidence: Evidence, rejects: pd.DataFrame, steps: list[Gap]) -> Examination:
    """The analysis by the times as they stand, with the gaps of clocks that were found before."""
    directory = identity.directory(evidence)
    naming.named(evidence, directory)
    boots.told_apart(evidence)
    found_sessions = sessions.reconstruct(evidence)
    lives.told_apart(evidence)
    led = hops.link(evidence, found_sessions)
    found_jobs = job_records.reconstruct(evidence, directory, ordinary.naming_others(evidence))
    by_ses = {(s.host, s.ses): s for s in found_sessions if s.ses is not None}
    rest = {(s.host, f"pid {s.pid} {s.start_ns}"): s for s in found_sessions if s.ses is None}
    scene = Scene(evidence, directory, {**rest, **by_ses}, found_jobs, git_acts.objects_of(evidence), led)
    asked = inquiry.of(evidence, found_jobs)
    history = artefacts.versions(evidence)
    reads = [r for job in asked.jobs for r in job_readings.readings(job, evidence, history)]
    missing = [*gaps.find(evidence, found_sessions), *steps, *gaps.truncated(rejects)]
    everything, questioned, left = _acts(scene, asked, history, reads)
    tampering = [a for a in everything if a.act in {"wipe_log", "change_logging", "change_clock"}]
    judged: dict[str, Judgement] = {}
    holders = Holders(scene, tampering, missing)
    for act in everything:
        act.in_question = act.act_id in questioned
        verdict = attribution.judge(act, scene, holders)
        act.verdict, act.person = verdict.verdict, verdict.name
        judged[act.act_id] = verdict
    window = evidence.question.window or (None, None)
    edits = Edits(scene, everything)
    of_job: dict[str | None, list[Act]] = {}
    for act in everything:
        of_job.setdefault(act.job, []).append(act)
    read: dict[str, list[Reading]] = {}
    for reading in reads:
        read.setdefault(reading.job, []).append(reading)
    bearing = [a for a in everything if a.in_question and a.act in impact.ELSEWHERE]
    trail = gaps.Cover(missing, gaps.AUDIT_TRAIL)
    open_ = checkouts.left_open(scene, history, reads)
    for job in found_jobs.values():
        since = window[0] if window[0] is not None else job.submit_ns
        audited = trail.whole(since, job.end_ns)
        about = [*of_job.get(job.job, ()), *(a for a in bearing if a.job != job.job)]
        impact.explain(
            job, about, scene, edits, audited=audited, untold=open_.get(job.job),
            unordered=file_acts.unordered(job, scene, history, read.get(job.job, ())),
        )  # fmt: skip
    _settle_own(everything, asked)
    told, unlisted = inquiry.disturbed(asked, of_job, scene)
    grounds = claims.Grounds(scene, [], [], [], judged, missing, holders, history, reads, everything)
    answers = _answers(evidence, grounds, everything, told)
    return Examination(
        scene,
        found_sessions,
        list(found_jobs.values()),
        told,
        history,
        reads,
        everything,
        judged,
        missing,
        answers,
        holders,
        left,
        led,
        candidates.find(scene, [a for a in everything if a.in_question], judged),
        unlisted=unlisted,
    )


class Sketch(NamedTuple):
    """A first pass: what it was made of, the clocks, the evidence by these, the gaps of clocks, and what was found."""

    evidence: Evidence
    found: list[clocks.Compared]
    seen: Evidence
    steps: list[Gap]
    done: Examination


def sketch(evidence: Evidence, rejects: pd.DataFrame) -> Sketch:
    """The analysis by the clocks as compared, without what their bounds take back: the acts are the same."""
    found = clocks.compare(evidence)
    seen = corrections.corrected(evidence, found)
    steps = corrections.gaps(seen, found)
    return Sketch(evidence, found, seen, steps, _examined(seen, rejects, steps))


def bounded_ordinary(begun: Sketch) -> pa.Table:
    """The records of ordinary jobs with the clocks as far off as their bounds allow."""
    return corrections.of_ordinary(begun.evidence, begun.found)


@dataclass(frozen=True, slots=True)
class Preview:
    """What is known before any act is looked for, of which events the acts can be made.

    evidence: by clocks that are compared. asked: the jobs asked about. slack_ns: how far a moment that a trail
    writes can lie from the one that the analysis takes it for, and a little more. near: how far apart any two clocks can be. compared: the clocks.
    """

    evidence: Evidence
    sessions: list[Session]
    jobs: dict[str, Job]
    asked: Inquiry
    slack_ns: int
    near: Nearness
    compared: list[clocks.Compared]


def preview(evidence: Evidence, found: list[clocks.Compared] | None = None) -> Preview:
    """Sessions and jobs of evidence that need not hold all events; nothing else is looked at.

    Args:
        evidence: the case's tables, roster and question.
        found: its clocks, where they were compared by fewer of its events.
    """
    found = clocks.compare(evidence) if found is None else found
    seen = corrections.corrected(evidence, found)
    directory = identity.directory(seen)
    naming.named(seen, directory)
    boots.told_apart(seen)
    found_sessions = sessions.reconstruct(seen)
    lives.told_apart(seen)
    found_jobs = job_records.reconstruct(seen, directory, ordinary.naming_others(seen))
    off = [abs(edge) for c in found if c.source.endswith(":kernel") for span in c.spans() for edge in span]
    tied = ties.of(evidence, found)
    slack_ns = max(off, default=0) + _SLACK_NS + tied.widest_ns()
    near = nearness.of(found, tied)
    return Preview(seen, found_sessions, found_jobs, inquiry.of(seen, found_jobs), slack_ns, near, found)


def _acts(
    scene: Scene, asked: Inquiry, history: dict[str, list[Version]], reads: list[Reading]
) -> tuple[list[Act], set[str], list[Deferral]]:
    """Every act, the ids of those that bear on the jobs asked about, and which ran by themselves."""
    changes = file_acts.all_changes(scene, history)
    left_behind = planted.plants(scene, changes)
    told = {(a.host, a.pid) for a in left_behind}
    commands = [a for a in file_acts.commands(scene) if a.act != "plant" or (a.host, a.pid) not in told]
    left_behind += [a for a in commands if a.act == "plant"]
    requests = [
        *scheduler_acts.cancels(scene),
        *scheduler_acts.changes(scene),
        *scheduler_acts.entries(scene),
    ]
    requests += scheduler_edits.edits(scene, asked.jobs)
    requests += [*scheduler_acts.signals(scene), *unrecorded.killers(scene)]
    refused = list(touches.withheld(scene, changes, asked.jobs))
    linked = [*file_acts.linked(scene, changes, history, reads), *refused]
    damaging = [
        *file_acts.damaging(changes, scene, asked.projects()),
        *file_acts.of_packages(changes, scene, asked.last_end_ns()),
    ]
    kept_away = {(a.events[0], a.object) for a in refused}
    damaging = [a for a in damaging if (a.events[0], a.object) not in kept_away]
    own = list(file_acts.by_own_process(changes, scene, asked.jobs))
    git = [*git_acts.commits(scene), *pushes.pushes(scene), *moved_refs.moves(scene)]
    pulled = list(checkouts.fetched(scene, git, history, reads))
    base = [a for p in changes.values() for _, a in p]
    submits = list(scheduler_acts.submits(scene))
    ran = [*requests, *linked, *damaging, *own, *git, *pulled, *commands, *left_behind, *base, *submits]
    left = deferred.settle(scene, {id(a): a for a in ran}.values(), left_behind, changes)
    wanted, owners = {j.job for j in asked.jobs}, asked.owners()
    # That a change reached a job which nobody asks about does not say that it reached no other.
    reach = [act for act in [*requests, *linked, *damaging, *own] if act.job in wanted]
    lines = {(id(d.act), entry) for d in left for entry in d.by_lines}
    ties = [(act, entry, (id(act), id(entry)) in lines) for act in reach for entry in act.planters]
    for act, entry, by_line in sorted(ties, key=lambda tie: tie[2]):
        if entry.job is None:
            why = impact.BY_LINE if by_line else "carried_act"
            entry.job, entry.link, entry.why_link = act.job, "derived", why
    beside = list(memory.beside(scene, asked.jobs))
    bearing = [*(a for a in requests if a.job in wanted), *beside]
    foreign = [a for a in [*linked, *damaging] if _foreign(a, owners, scene)]
    bearing += foreign
    met = {a.object for a in foreign} | {r.path for r in reads}
    came = [a for a in pulled if git_acts.foreign(scene, a, owners)]
    fetched = {(a.act, a.events[0]) for a in came}
    carried = arrivals.carrying(scene, git, met, owners)
    bearing += [*came, *(a for a in carried if (a.act, a.events[0]) not in fetched)]
    bearing += moved_refs.beside(scene, git, bearing, asked.last_end_ns())
    if any(a.job is not None for a in foreign):
        bearing += own
    bearing += [p for a in bearing for p in a.planters]
    bearing += [a for a in commands if a.act in _HIDING]
    bearing += [a for p in changes.values() for _, a in p if a.act in _HIDING]
    raised = list(file_acts.escalations(scene, bearing))
    said = {(b.events[0], b.object) for b in linked}
    plain = [a for a in base if (a.events[0], a.object) not in said]
    everything = _unique(
        [*submits, *requests, *beside, *linked, *plain, *left_behind, *own, *git, *pulled, *commands, *raised]
    )
    kept = {id(a) for a in everything}
    return everything, {a.act_id for a in [*bearing, *raised]}, [d for d in left if id(d.act) in kept]


def _unique(acts: Iterable[Act]) -> list[Act]:
    """Acts once each, in a total order: time, kind, object, id."""
    by_id: dict[str, Act] = {}
    for act in acts:
        by_id.setdefault(act.act_id, act)
    return sorted(
        by_id.values(),
        key=lambda a: (
            a.earliest_ns is None,
            a.earliest_ns or 0,
            a.latest_ns or 0,
            a.act,
            a.object,
            a.act_id,
        ),
    )


def _foreign(act: Act, owners: set[str | None], scene: Scene) -> bool:
    """Whether an act on a file is other than the owner's ordinary work on it."""
    if act.origin == "job":
        return act.account not in owners
    if act.account not in owners:
        return True
    return impact.discordant(act, scene) or scene.directory.is_shared(
        act.account, act.earliest_ns, act.latest_ns
    )


def _settle_own(everything: list[Act], asked: Inquiry) -> None:
    """What whoever submitted the jobs did to their files is that person's ordinary work, by whichever account."""
    submitters: dict[str | None, set[str | None]] = {j.job: set() for j in asked.jobs}
    for act in everything:
        if act.act == "submit" and act.job in submitters:
            submitters[act.job].add(act.person)
    all_by = set(map(frozenset, submitters.values()))
    if len(asked.apart):
        # Of an ordinary job no command is known that submitted it, and so no person.
        all_by.add(frozenset({None}))
    everybody = next(iter(all_by)) if len(all_by) == 1 else frozenset()
    for act in everything:
        by = submitters.get(act.job, everybody)
        if act.person is not None and by == {act.person} and act.act in _WORK:
            act.in_question = False


def _answers(
    evidence: Evidence, grounds: claims.Grounds, everything: list[Act], asked: list[Job]
) -> list[claims.Answer]:
    scene = grounds.scene
    sources = [g.source for g in grounds.gaps if g.kind == "missing_source"]
    found = []
    for claim in evidence.question.claims:
        about = [j for j in asked if claim.job in {None, "", j.job}]
        asked_about = (a for a in everything if a.in_question and a.origin != "job")
        bearing = [a for a in asked_about if not _own(a, about, everything, scene)]
        bearing = [a for a in bearing if a.job is None or a.job in {j.job for j in about}]
        found.append(claims.test(claim, replace(grounds, acts=bearing, jobs=about, missing=sources)))
    return found


def _own(act: Act, asked: list[Job], everything: list[Act], scene: Scene) -> bool:
    mine = [j for j in asked if act.act in impact.REQUESTS and act.job == j.job]
    return any(impact.own_request(act, j, everything, scene) for j in mine)
