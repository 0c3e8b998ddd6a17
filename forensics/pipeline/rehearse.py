"""Incidents made, and the analysis tried on them: what `forensics simulate` and `forensics validate` do."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from forensics import engine
from forensics.core import canonical
from forensics.core.errors import OutputError, UsageError
from forensics.pipeline import trials
from forensics.simulation import incident, judging, plan, summary
from forensics.simulation.plan import Plan

_REPEATED = 25
"""Every so many, an incident is analysed twice, to see that the findings are the same."""
_AXES: Mapping[str, tuple[object, ...]] = {
    "evasion": plan.EVASIONS,
    "coverage": tuple(sorted(set(plan.COVERAGES))),
    "actor": tuple(plan.GUISES),
}


def planned(seed: int, **axes: str | int | None) -> Plan:
    """The plan of a seed, with the axes that are asked for in place of those drawn.

    Raises:
        UsageError: an axis has no such value, or the technique was never that actor's.
    """
    given = {name: value for name, value in axes.items() if value is not None}
    found = plan.plan(seed)
    known = plan.techniques()
    if "technique" in given and given["technique"] not in known:
        raise UsageError(f"no technique {given['technique']}; there are {', '.join(known)}")
    for name, values in _AXES.items():
        if name in given and given[name] not in values:
            raise UsageError(f"no {name} {given[name]}; there are {', '.join(map(str, values))}")
    found = replace(found, **given)  # type: ignore[arg-type]
    able = known[found.technique].actors
    if found.actor not in able:
        if "actor" in given:
            raise UsageError(
                f"{found.technique} is done by {', '.join(dict.fromkeys(able))}; not by {found.actor}"
            )
        found = replace(found, actor=able[seed % len(able)])
    guises = plan.GUISES[found.actor]
    if found.guise not in guises:
        found = replace(found, guise=guises[seed % len(guises)])
    named = found.actor in {"stolen", "node_root", "cluster_admin"} and found.guise not in {
        "root",
        "root_request",
    }
    return replace(
        found, framed=(found.framed if found.framed != "none" else "bystander") if named else "none"
    )


def seeds(typed: str) -> range:
    """The seeds that `A:B` means.

    Raises:
        UsageError: it means none.
    """
    first, colon, stop = typed.partition(":")
    if not (colon and first.isdecimal() and stop.isdecimal() and int(first) < int(stop)):
        raise UsageError(f"{typed!r} is no run of seeds; write 0:1000")
    return range(int(first), int(stop))


def simulate(out: Path, seed: int, **axes: str | int | None) -> dict[str, Any]:
    """Write the incident of a seed: evidence, roster, case file, and beside them the truth.

    Returns:
        Its plan.

    Raises:
        OutputError: the folder holds something already.
    """
    chosen = planned(seed, **axes)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out}: is not empty; name a folder that is empty or absent")
    for name, held in incident.incident(chosen).files().items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(held)
    return asdict(chosen)


def trial(seed: int) -> dict[str, Any]:
    """One incident, made, analysed and judged."""
    from forensics.pipeline import inmemory  # noqa: PLC0415 - pandas and networkx, when needed

    chosen = plan.plan(seed)
    made = incident.incident(chosen)
    found, free = inmemory.measured(made.evidence, made.roster, made.about)
    told = canonical.dumps(found)
    differs = False
    if seed % _REPEATED == 0:
        backwards = dict(reversed(list(made.evidence.items())))
        differs = canonical.dumps(inmemory.investigated(backwards, made.roster, made.about)) != told
    return {
        "seed": seed,
        "program": trials.program(),
        "plan": asdict(chosen),
        "actor": made.truth["actor"],
        "framed": made.truth["framed"],
        "sha256": hashlib.sha256(told.encode()).hexdigest(),
        "differs": differs,
        **judging.judged(found, made.truth, free),
    }


def validate(
    out: Path, seeds: range, *, workers: int = 1, held_back: bool = False, report_only: bool = False
) -> dict[str, Any]:
    """Try the analysis on simulated incidents and write the validation report.

    What an earlier run of the same program left in the folder is not tried again, and is in the report.

    Args:
        out: folder for `validation.json`, `validation.md`, `results.jsonl` and the figures.
        seeds: which incidents.
        workers: processes at the same time.
        held_back: of the seeds, only those of techniques that nothing was tuned on.
        report_only: try nothing; report on what is there.

    Returns:
        What `validation.json` holds.

    Raises:
        OutputError: the folder holds results of another version of the program.
    """
    out.mkdir(parents=True, exist_ok=True)
    results = trials.kept(out)
    trials.keep(out, results)
    there = {r["seed"] for r in results}
    left = [s for s in seeds if s not in there and (not held_back or _held_back(s))]
    with engine.processes(workers) as pool:
        for result in engine.run(trial, () if report_only else left, pool, in_flight=2 * workers):
            trials.add(out, result)
            results.append(result)
    results.sort(key=lambda r: int(r["seed"]))
    trials.keep(out, results)
    return written(out, results)


def _held_back(seed: int) -> bool:
    return plan.techniques()[plan.plan(seed).technique].held_back


def written(out: Path, results: list[dict[str, Any]]) -> dict[str, Any]:
    """Write the report of results that are there."""
    from forensics.render import figures_validation  # noqa: PLC0415 - matplotlib, when needed

    repeated = [r for r in results if r["seed"] % _REPEATED == 0]
    told = summary.summary(
        results, repeated=len(repeated), differing=[r["seed"] for r in repeated if r["differs"]]
    )
    (out / "validation.json").write_text(canonical.dumps(told), encoding="ascii")
    (out / "validation.md").write_text(summary.markdown(told), encoding="utf-8")
    figures_validation.save(told, out)
    return told
