"""The findings: what the report prints and other programs read, as `contract.md` fixes it.

Everything here is a plain value, sorted, and free of the machine it was made on.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import pandas as pd

from forensics.analysis import (
    agents,
    antecedents,
    candidates,
    capability,
    certainty,
    clock_table,
    contradictions,
    deferral_rules,
    exculpatory,
    holes,
    hops,
    identity_rules,
    limits,
    packed,
    raised,
    rules,
    signed_acts,
    startup_lines,
    verdicts,
    weighing,
    writers,
)
from forensics.analysis.acts import ACTS, Act
from forensics.analysis.evidence import picked, rows_of
from forensics.analysis.examination import Examination
from forensics.analysis.gaps import Bearing, Gap
from forensics.analysis.jobs import Job
from forensics.analysis.overlaps import Overlap
from forensics.core import clock, ids
from forensics.core.roster import Question

Json = dict[str, Any]
_TOLD_OF_JOB = frozenset({"submit", "start", "end", "task_exit", "kill_request"})


def findings(done: Examination) -> Json:
    """The findings of a case, as `findings.json` holds them.

    Acts are numbered in their total order, so an id names the same act as long as the evidence is
    the same. All times are UTC with milliseconds.
    """
    acts = done.in_question
    names = dict(zip((a.act_id for a in acts), ids.numbered("A", len(acts)), strict=True))
    question, files = done.scene.evidence.question, done.scene.evidence.files
    cites = partial(citations, done)
    bears = Bearing([(names[a.act_id], a.job is not None, *_reach(a)) for a in acts])
    signed, before = signed_acts.teller(done, cites), antecedents.teller(done, names, cites)
    found = {
        "schema": "findings/1",
        "case": _case(done, question),
        "jobs": list(_jobs(done, acts, names)),
        "acts": [_act(done, act, names) | before(act) | signed(act) for act in acts],
        "contradictions": contradictions.of_sources(done, acts, names, cites),
        "gaps": [_gap(done, g, bears) | {"citations": cites(g.events)} for g in done.gaps],
        "requests": _requests(done),
        "clocks": clock_table.told(done.compared),
        "overlaps": [_overlap(done, o) for o in done.at_once],
        "claims": _claims(done, question, names),
        "exculpatory": exculpatory.sought(done, acts, names),
        "persons": _persons(done),
        "rules": _rules(done),
        "act_rules": _act_rules(done),
        "holders": verdicts.holders(done, acts),
        "model": verdicts.model(),
        "sources": _sources(done),
        "certainty": certainty.scale(),
        "limits": limits.limits(done),
        "accounting": packed.accounting(files),
    } | limits.folders(done)
    if done.unlisted:
        found["jobs_not_listed"] = done.unlisted
    return packed.marked(weighing.weighed(found, done, names), files)


def _written(ns: int | None) -> str | None:
    return None if ns is None or pd.isna(ns) else clock.written(int(ns))


def _when(first: int | None, last: int | None) -> list[str] | None:
    return None if first is None or last is None else [clock.written(first), clock.written(last)]


def _case(done: Examination, question: Question) -> Json:
    files = done.scene.evidence.files
    sealed = files[files["kind"] == "file"].sort_values(["path", "sha256"])
    window = question.window or (None, None)
    return {
        "title": question.title,
        "cluster": question.cluster,
        "zone": question.zone,
        "window": [_written(window[0]), _written(window[1])] if question.window else None,
        "evidence": [{"sha256": f.sha256, "path": f.path, "bytes": int(f.bytes)} for f in rows_of(sealed)],
    }


def citations(done: Examination, events: Iterable[str]) -> list[Json]:
    """Every span that the events cite, once each, in the order of the events."""
    found: dict[tuple[str, int, int], Json] = {}
    for spans in done.scene.values(events, "citations"):
        for c in spans:
            found.setdefault(
                (c["sha256"], c["start"], c["stop"]),
                {"sha256": c["sha256"], "start": int(c["start"]), "stop": int(c["stop"])},
            )
    return list(found.values())


def _jobs(done: Examination, acts: list[Act], names: Mapping[str, str]) -> Iterator[Json]:
    asked = {job.job for job in done.asked}
    records = done.scene.evidence.job_records
    spans: dict[Any, list[Json]] = {}
    for r in rows_of(picked(records, records["job"].isin(asked) & records["step"].isna())):
        spans.setdefault(r.job, []).append({"sha256": r.sha256, "start": int(r.start), "stop": int(r.stop)})
    own: dict[str | None, list[str]] = {}
    for act in acts:
        own.setdefault(act.job, []).append(names[act.act_id])
    for job in done.asked:
        yield _job(done, job, own.get(job.job, []), spans.get(job.job, []))


def _job(done: Examination, job: Job, acts: list[str], spans: list[Json]) -> Json:
    known = done.scene.known(job.events)
    told = [
        e for e, verb in zip(known, done.scene.values(known, "verb"), strict=True) if verb in _TOLD_OF_JOB
    ]
    return {
        "job": job.job,
        "cluster": job.cluster or done.scene.evidence.question.cluster,
        "owner": job.owner,
        "name": job.name,
        "outcome": job.outcome,
        "state": job.state,
        "cause": job.cause,
        "why": job.why,
        "acts": acts,
        "gpu_hours": _gpu_hours(job),
        "submit": _written(job.submit_ns),
        "start": _written(job.start_ns),
        "end": _written(job.end_ns),
        "nodes": job.nodes,
        "workdir": job.workdir,
        "disagree": list(job.disagree),
        **_of_federation(job),
        "citations": [*spans, *(c for c in citations(done, told) if c not in spans)],
    }


def _of_federation(job: Job) -> Json:
    """Which cluster of a federation took it, and what each cluster's record says; nothing of other jobs."""
    if job.federation_origin is None:
        return {}
    return {"federation_origin": job.federation_origin, "siblings": list(job.siblings)}


def _gpu_hours(job: Job) -> list[float] | None:
    """What a job held, in GPU hours: its start and end are whole seconds, so it may be a second more or less.

    Null where the allocation or the run time is not recorded.
    """
    if job.gpus is None or job.elapsed_s is None:
        return None
    return [round(job.gpus * max(job.elapsed_s + d, 0) / 3600, 4) for d in (-1, 1)]


def _transfer(done: Examination, act: Act) -> str | None:
    """By which program that carries files an act on a file was done."""
    if not act.rule.startswith("file_"):
        return None
    exe = done.scene.events.loc[act.events[0], "exe"]
    return writers.transfer(exe if isinstance(exe, str) else None, act.object)


def _asserted(act: Act) -> Json:
    """The names that a commit carries, as whoever committed typed them, their addresses apart."""
    found: Json = {}
    for role, typed in (("author", act.author), ("committer", act.committer)):
        if typed:
            name, mark, rest = typed.rpartition(" <")
            found |= {
                role: name if mark else typed,
                f"{role}_email": rest.removesuffix(">") if mark else None,
            }
    return found


def _act(done: Examination, act: Act, names: Mapping[str, str]) -> Json:
    judged = done.judged[act.act_id]
    session = act.session
    events = list(dict.fromkeys(act.events))
    supporting = [*events, *(e for r in judged.reasons for e in r.because)]
    told = list(
        dict.fromkeys(e for e in supporting if e in done.scene.events.index and e not in judged.against)
    )
    carried = [p for p in act.planters if p.act_id in names]
    return {
        "id": names[act.act_id],
        "act": act.act,
        "object": act.object,
        "job": act.job,
        "link": act.link,
        "why_link": act.why_link,
        "effect": act.effect,
        "rule": act.rule,
        "when": _when(act.earliest_ns, act.latest_ns),
        "when_written": _when_written(done, act),
        "host": act.host,
        "origin": act.origin,
        "account": act.account,
        "effective": act.effective or act.account,
        "transfer": _transfer(done, act),
        "session": session.session_id if session else None,
        "credential": (session.credential if session else None) or act.credential,
        "address": (session.address if session else None) or act.address,
        "planted_by": [names[p.act_id] for p in carried],
        "person": verdicts.person(judged),
        "account_level": verdicts.account(act, judged),
        "for": told,
        "against": list(judged.against),
        "against_because": verdicts.against(judged),
        "missing": list(judged.missing),
        "reasons": verdicts.reasons(judged),
        "rivals": verdicts.rivals(done, judged),
        "capability": capability.told(act, done),
        "could_have": candidates.told(done.could_have.get(act.act_id, ())),
        "hypotheses": verdicts.hypotheses(judged),
        "standings": verdicts.standings(judged),
        "sensitivity": verdicts.sensitivity(judged.person),
        "asserted": _asserted(act),
        "citations": citations(done, [*told, *judged.against]),
    } | ({"senders_count": act.senders} if act.senders else {})


def _when_written(done: Examination, act: Act) -> list[str] | None:
    """The act's time as the log's own clock wrote it; null where that is `when`."""
    times = ("earliest_ns", "latest_ns", "written_earliest_ns", "written_latest_ns")
    for first, last, *written in done.scene.cells(act.events, *times):
        if not pd.isna(first) and first == act.earliest_ns:
            return None if written == [first, last] else _when(*map(int, written))
    return None


def _gap(done: Examination, gap: Gap, bears: Bearing) -> Json:
    return {
        "source": gap.source,
        "kind": gap.kind,
        "when": [_written(gap.earliest_ns), _written(gap.latest_ns)],
        "records": gap.records,
        "reason": holes.reason(done.scene.evidence, gap.source, gap.kind, (gap.earliest_ns, gap.latest_ns)),
    } | bears.of(gap)


def _requests(done: Examination) -> list[Json]:
    """What was asked for and what came of it, as the case file states it."""
    moments = {"asked_ns", "from_ns", "until_ns"}
    evidence = done.scene.evidence
    vain = startup_lines.without_effect(evidence.question, evidence.files, done.sessions, done.acts)
    return [
        {k.removesuffix("_ns"): _written(v) if k in moments else v for k, v in row.items()}  # type: ignore[arg-type]
        | {"without_effect": why}
        for row, why in zip(holes.ledger(evidence), vain, strict=True)
    ]


def _overlap(done: Examination, overlap: Overlap) -> Json:
    sides = (overlap.one, overlap.other)
    return {
        "kind": overlap.kind,
        "impossible": overlap.impossible,
        "thing": overlap.thing,
        "when": _when(overlap.earliest_ns, overlap.latest_ns),
        "sessions": [antecedents.named(s) | {"citations": citations(done, s.events[:4])} for s in sides],
    }


def _reach(act: Act) -> tuple[int | None, int | None]:
    """From the opening of an act's session to the act: what a gap would have to miss to leave it whole."""
    start = act.session.start_ns if act.session is not None else None
    return (act.earliest_ns if start is None else start), act.latest_ns


def _claims(done: Examination, question: Question, names: Mapping[str, str]) -> list[Json]:
    return [
        {
            "id": claim.id,
            "by": claim.by,
            "names": claim.names,
            "text": claim.text,
            "status": answer.status,
            "why": answer.why,
            "because": sorted(names[a] for a in answer.because if a in names),
            "events": list(answer.events),
            "citations": citations(done, answer.events),
            "missing": list(answer.missing),
        }
        for claim, answer in zip(question.claims, done.answers, strict=True)
    ]


def _persons(done: Examination) -> list[Json]:
    roster = done.scene.evidence.roster
    return [
        {
            "name": p.name,
            "role": p.role,
            "accounts": [a.name for a in p.accounts],
            "keys": [k.fingerprint for k in p.keys],
            "devices": [d.address for d in p.devices],
        }
        for p in sorted(roster.persons, key=lambda p: p.name)
    ]


def _rules(done: Examination) -> list[Json]:
    """Every kind of act that was looked for, and how often it was found: found nothing is a result too."""
    fired = Counter(a.act for a in done.acts)
    for (kind, _), count in _apart(done):
        fired[kind] += count
    evaluated = _evaluated(done)
    return [
        {"id": kind, "meaning": ACTS[kind], "fired": fired[kind], "evaluated": evaluated}
        for kind in sorted(ACTS)
    ]


def _act_rules(done: Examination) -> list[Json]:
    """Every rule by which something is derived, with how often it fired."""
    apart = Counter[str]()
    for (_, rule), count in _apart(done):
        apart[rule] += count
    tied = Counter([*(h.rule for h in done.led), *(r.rule for r in raised.known(done.scene) if r.session)])
    tied[agents.RULE] = len(agents.known(done.scene))
    others = (
        rules.Group("identity", identity_rules.RULES, done.scene.directory.fired()),
        rules.Group("session", {**hops.RULES, **raised.RULES, **agents.RULES}, tied),
        rules.Group(
            "deferral", deferral_rules.RULES, Counter(d.rule for d in done.deferrals if d.act.in_question)
        ),
    )
    totals = done.scene.evidence.totals
    return rules.told(done.acts, apart, _evaluated(done), others, {} if totals is None else totals.linked)


def _apart(done: Examination) -> list[tuple[tuple[str, str], int]]:
    totals = done.scene.evidence.totals
    return [] if totals is None else sorted(totals.fired.items())


def _evaluated(done: Examination) -> int:
    """How many events there are, held or not."""
    evidence = done.scene.evidence
    if evidence.totals is not None:
        return evidence.totals.events
    return (
        len(done.scene.events)
        + evidence.objects_apart
        + sum(left.all for left in evidence.refs_apart.values())
    )


def _sources(done: Examination) -> list[Json]:
    files, events = done.scene.evidence.files, done.scene.events
    read = files[files["format"].notna()]
    found, known = [], certainty.reasons(done)
    times = events.groupby("sha256").agg({"earliest_ns": "min", "latest_ns": "max"}).dropna()
    for (form, domain), rows in read.groupby(["format", "domain"], sort=True):
        why = known.get((str(form), str(domain)), "alone")
        told = times.loc[times.index.isin(rows["sha256"])]
        found.append({
            "source": f"{domain}: {form}",
            "format": form,
            "domain": domain,
            "files": len(rows),
            "bytes": int(rows["bytes"].sum()),
            "first": _written(told["earliest_ns"].min() if len(told) else None),
            "last": _written(told["latest_ns"].max() if len(told) else None),
            "certainty": certainty.level(str(domain), why),
            "certainty_why": why,
        })  # fmt: skip
    return found
