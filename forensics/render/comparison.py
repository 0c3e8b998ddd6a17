"""The section on comparisons: what else can have ended each job, and how jobs that read a change fared beside others."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from forensics.render import bounded, sentences
from forensics.render.parts import Part, Value, clauses, listed, put, quote
from forensics.render.phrases import words
from forensics.render.sentences import Basis, Sentence, say

if TYPE_CHECKING:
    from forensics.render.pages import Pages

Json = Mapping[str, Any]
INTRODUCED = (
    "For each job every rival cause is looked for in the sources that would show it; that one is found does not exclude another.",
    "Exposed are jobs that read what an act changed; control are jobs of the same time whose reading is on record and does not hold it.",
    "A job ends badly where its outcome is any other than completed; whom its end was asked for by, and why, is no part of that.",
    "The tests are exact (Fisher's; intervals of Clopper and Pearson; gamma-Poisson for rates), and the level of 0.05 is fixed before any case.",
    "A passed test is an association, which other differences between the groups can give too.",
)
RIVALS = {
    "own_failure": "a failure of its own",
    "out_of_memory": "running out of memory",
    "node_fault": "a fault of a node",
    "gpu_fault": "a fault of a GPU",
    "preemption": "preemption",
    "time_limit": "its time limit",
}
WORDINGS = {
    "direct": "the act is a request to the job itself, so no comparison of jobs is needed to see what it does",
    "association_and_timing": "jobs that read the changed file end badly more often than jobs of the same time that did not, and more often than before the change",
    "association": "jobs that read the changed file end badly more often than jobs of the same time that did not",
    "timing": "jobs that read the file end badly more often after the change than before it",
    "no_difference": "the jobs compared show no difference beyond what chance gives",
    "too_few_jobs": "there are too few jobs to compare, whatever their outcome",
    "exposure_not_recorded": "no job is on record as having read the changed file beside those asked about",
}
LIMITS = {
    "too_few_jobs": "no outcome of these many jobs could have passed the test",
    "no_control": "no job of the same time is on record as not having read it",
    "no_jobs_before": "no job is on record as having read it before the change",
    "removal_not_on_record": "that the change was taken away is not on record",
    "reading_not_on_record": "what some jobs read is not on record, and they are in no group",
    "no_base_rate": "no record from before gives the cluster's own rate of failures",
    "jobs_left_out": "only the jobs that started nearest to the change are looked at",
}


def section(p: "Pages") -> None:
    """The section, where the findings hold rivals or comparisons."""
    jobs = [j for j in bounded.jobs(p.findings) if j.get("rivals")]
    acts = [a for a in bounded.acts(p.findings) if (a.get("comparison") or {}).get("kind") == "exposure"]
    if not jobs and not acts:
        return
    p.head(1, "Rival causes and comparisons")
    p.plain(*INTRODUCED)
    p.items(rival_sentences(j) for j in jobs)
    p.items(act_sentences(a) for a in acts)
    p.para(*cluster_sentences(p.findings.get("comparison")))


def rival_sentences(job: Json) -> list[Sentence | None]:
    """What else can have ended a job: found, looked for and not found, and not to be told."""
    by = {s: [r for r in job["rivals"] if r["status"] == s] for s in ("found", "not_found", "not_collected")}
    named = {s: listed([words(RIVALS, r["rival"]) for r in rows]) for s, rows in by.items()}
    name = quote(job["job"])
    cited = job.get("citations", ())
    return [
        say("rival_found", cited, job=name, rivals=named["found"]) if by["found"] else None,
        say("rival_not_found", basis=Basis.ABSENCE, job=name, rivals=named["not_found"]) if by["not_found"] else None,
        say("rival_not_collected", basis=Basis.ABSENCE, job=name, rivals=named["not_collected"]) if by["not_collected"] else None,
    ]  # fmt: skip


def act_sentences(act: Json) -> list[Sentence | None]:
    """How the jobs that read an act's change fared, in words and in numbers."""
    found = act["comparison"]
    against, onset = found["exposed_and_control"], found["onset"]
    made: list[Sentence | None] = [
        say("comparison", basis=Basis.ABSENCE, act=act["id"], wording=words(WORDINGS, found["wording"]), limits=_limits(found["limits"]))
    ]  # fmt: skip
    offset = found["offset"]
    made += [
        _groups(against, put("jobs of the same time that did not read it")),
        _groups(onset, put("jobs that read the file before")),
        _groups(offset, put("jobs that read the file after the change was taken away")),
    ]
    step = found["threshold"]["exposed"]
    if step is not None:
        made.append(_step(step, put("the jobs that read the change")))
    return made


def cluster_sentences(found: Json | None) -> list[Sentence | None]:
    """What the scheduler's records alone say of the time in question."""
    if not found:
        return []
    rate = found["own_base_rate"]
    made: list[Sentence | None] = []
    if rate["p_at_least"] is not None:
        made.append(say(
            "comparison_rate", basis=Basis.ABSENCE, failures=f"{rate['failures']:,}", days=f"{rate['gpu_days']:g}",
            before=f"{rate['before']['failures']:,}", before_days=f"{rate['before']['gpu_days']:g}", p=_p(rate["p_at_least"]),
            ratio=put("not known how many") if rate["rate_ratio"] is None else _interval(*rate["rate_ratio"]),
        ))  # fmt: skip
    if found["threshold"] is not None:
        made.append(_step(found["threshold"], put("all jobs that ended in the time asked about")))
    return made


def _step(step: Json, whose: Part) -> Sentence:
    low, high = step["between_gpus"]
    hit, large = step["from_there"]
    below, small = step["below"]
    return say(
        "comparison_step", basis=Basis.ABSENCE, whose=whose, size=f"{high:,}", hit=f"{hit:,}", large=f"{large:,}", below=f"{below:,}",
        small=f"{small:,}", cuts=sentences.counted(step["cuts_tried"], "cut"), p=_p(step["p"]), last=f"{low:,}",
    )  # fmt: skip


def _groups(found: Json, other: Part) -> Sentence | None:
    """Two groups beside each other, where they were compared."""
    if found["p"] is None:
        return None
    return say(
        "comparison_groups", basis=Basis.ABSENCE, other=other, bad=f"{found['exposed']['ended_badly']:,}", jobs=f"{found['exposed']['jobs']:,}",
        other_bad=f"{found['other']['ended_badly']:,}", other_jobs=f"{found['other']['jobs']:,}", p=_p(found["p"]),
        odds=_interval(*found["odds_ratio"]),
    )  # fmt: skip


def _interval(low: float, high: float | None) -> Part:
    if high is None:
        return put("{low} to no upper bound", low=f"{low:.2g}")
    return put("{low} to {high}", low=f"{low:.2g}", high=f"{high:.2g}")


def _p(value: float) -> Value:
    return put("below 0.0001") if value < 0.0001 else f"{value:.2g}"


def _limits(codes: Sequence[str]) -> Value:
    return put("; {limits}", limits=clauses([words(LIMITS, c) for c in codes])) if codes else ""
