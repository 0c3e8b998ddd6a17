"""Puts beside each job what else can have ended it, and beside each act how jobs compare, in the findings."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from forensics.analysis import baseline, comparison, ordinary, rivals
from forensics.analysis.examination import Examination
from forensics.core import clock

Json = dict[str, Any]


def weighed(found: Json, done: Examination, names: Mapping[str, str]) -> Json:
    """The findings with `rivals` in each job, `comparison` in each act, and `comparison` of the cluster.

    Args:
        found: as `findings.json` holds them.
        done: the analysis.
        names: ids of acts in the findings, by the acts' own.
    """
    table = ordinary.attempts(done.scene.evidence)
    window = done.scene.evidence.question.window
    asked = {j.job: rivals.of_job(j, done.scene) for j in done.asked}
    read = comparison.Readings(done.scene, done.history, done.in_question)
    linked = {a.job for a in done.in_question if a.job is not None}
    acts: dict[str, Json | None] = {}
    for act in done.in_question:
        made = comparison.compared(
            act, read, partial(baseline.before, table, act.earliest_ns, "gpus", apart=linked)
        )
        acts[names[act.act_id]] = None if made is None else comparison.written(made, _moment)
    base = baseline.before(table, None if window is None else window[0], "gpus", apart=linked)
    return {
        **found,
        "jobs": [{**j, "rivals": asked[j["job"]]} for j in found["jobs"]],
        "acts": [{**a, "comparison": acts[a["id"]]} for a in found["acts"]],
        "comparison": comparison.cluster(done.jobs, window, base, done.scene.evidence.ordinary),
    }


def _moment(ns: int | None) -> str | None:
    return None if ns is None else clock.written(ns)
