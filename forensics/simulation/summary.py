"""What many judged incidents say together: rates with their bounds, by family, coverage and adversary."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from forensics.simulation import measures
from forensics.simulation.plan import HELD, INDISTINGUISHABLE, techniques

Json = Mapping[str, Any]
Result = Mapping[str, Any]

_EXONERATING = ("D01", "D09", "D11")
_NATURAL = frozenset({"own_failure", "infrastructure"})
_WRONG_WAY = 100
"""A ratio against the truth that no administrator is to bring about, with the cap on ratios left out."""
_WRONG = frozenset({"wrong", "unmatched"})


def held_back(result: Result) -> bool:
    """Whether an incident is of a technique that nothing was tuned on."""
    return techniques()[result["plan"]["technique"]].held_back


def indistinguishable(result: Result) -> bool:
    """Whether its records are those of another person's own doing, so that no analysis of them can tell."""
    return result["plan"]["guise"] in INDISTINGUISHABLE


def misnamed(result: Result) -> bool:
    """Whether somebody is named for what they did not do."""
    return any(n["how"] in _WRONG for n in result["named"])


def blamed(result: Result) -> bool:
    """Whether somebody honest is named for a harmless act that the findings make a cause of a job's end."""
    return bool(result["blamed"])


def exculpated(result: Result) -> bool:
    """Whether the findings say that nobody harmed a job that somebody did, or support the denial of who did."""
    causes = any(true == "act" and told in _NATURAL for true, told in result["causes"].values())
    own = (
        result["plan"]["suspect"] == "insider"
        and result["actor"] is not None
        and result["plan"]["actor"] in {"own", "shared", "stolen"}
    )
    return causes or (own and any(result["claims"].get(c) == "supported" for c in _EXONERATING))


def contradicted(result: Result) -> bool:
    """Whether a denial that is true was answered as contradicted."""
    return "contradicted" in result["denied"].values()


def accused(result: Result) -> bool:
    """Whether a denial that names somebody who did not do it was answered as supported."""
    return bool(result["accused"])


def _share(results: Sequence[Result], test: Callable[[Result], bool]) -> dict[str, Any]:
    count = sum(map(test, results))
    found = measures.rate(count, len(results))
    return {
        **{k: _round(v) for k, v in found._asdict().items()},
        "upper_one_sided": _round(measures.upper(count, len(results))),
    }


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _group(results: Sequence[Result]) -> dict[str, Any]:
    tellable = [r for r in results if not indistinguishable(r)]
    harmed = [r for r in results if r["actor"] is not None]
    plain = [r for r in harmed if r["plan"]["coverage"] == 100 and r["plan"]["evasion"] == "none"]
    own = [r for r in plain if r["plan"]["actor"] in {"own", "shared"}]
    return {
        "incidents": len(results),
        "false_attribution": _share(tellable, misnamed),
        "false_attribution_with_indistinguishable": _share(results, misnamed),
        "honest_act_as_cause": _share(results, blamed),
        "false_exculpation": _share(harmed, exculpated),
        "false_accusation_supported": _share(harmed, accused),
        "true_denial_contradicted": _share([r for r in results if r["denied"]], contradicted),
        "account_level_full_coverage": _share(own, lambda r: bool(r["actor_account"])),
        "person_level_full_coverage": _share(own, lambda r: bool(r["actor_named"])),
        "account_level_any_actor": _share(plain, lambda r: bool(r["actor_account"])),
        "person_level_any_actor": _share(plain, lambda r: bool(r["actor_named"])),
        "wrong_account": _share(
            [{"right": x} for r in results for x in r["accounts"]], lambda one: not one["right"]
        ),
        "ratios": _ratios(tellable),
        "ratios_with_indistinguishable": _ratios(results),
        "ratios_of_harm": _ratios(tellable, harm=True),
    }


def _ratios(results: Sequence[Result], *, harm: bool = False) -> dict[str, Any]:
    """What the likelihood ratios are worth: of everybody on the roster, for every act or only for those that harmed."""
    told = [n for r in results for n in r["ratios"] if n["harm"] or not harm]
    same, other = ([n["ratio"] for n in told if n["right"] is right] for right in (True, False))
    cost, least = measures.cllr(same, other), measures.cllr_min(same, other)
    framed = [
        n["free"]
        for r in results
        if r["plan"]["actor"] in {"node_root", "cluster_admin"}
        for n in r["ratios"]
        if not n["right"]
    ]
    return {
        "same": len(same),
        "other": len(other),
        "cllr": _round(cost),
        "cllr_min": _round(least),
        "calibration_loss": None if cost is None or least is None else _round(cost - least),
        "turing": measures.turing(other),
        "wrong_way_100_under_framing": sum(x >= _WRONG_WAY for x in framed),
        "wrong_way_of": len(framed),
        "acts_that_tell_of_nobody": sum(r["untold"] for r in results),
        "tippett": measures.tippett(same, other),
    }


def _by(results: Sequence[Result], key: Callable[[Result], str]) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(key(result), []).append(result)
    return dict(sorted(found.items()))


def summary(results: Iterable[Result], *, repeated: int, differing: Sequence[int]) -> dict[str, Any]:
    """The validation report's content.

    Args:
        results: one per incident, in order of seed.
        repeated: how many were run twice, the second time with the evidence in another order.
        differing: seeds of those whose findings then differed.
    """
    rows = sorted(results, key=lambda r: r["seed"])
    acted = [r for r in rows if r["actor"] is not None]
    return {
        "schema": "validation/1",
        "seeds": [rows[0]["seed"], rows[-1]["seed"] + 1] if rows else None,
        "all": _group(rows),
        "tuned": _group([r for r in rows if not held_back(r)]),
        "held_back": _group([r for r in rows if held_back(r)]),
        "full_coverage": _group([r for r in rows if r["plan"]["coverage"] == 100]),
        "not_named_by_coverage": {
            name: _share(group, lambda r: not r["actor_named"]) for name, group in _by(acted, lambda r: f"{r['plan']['coverage']:03d}").items()
        },
        "by_technique": {
            name: {"incidents": len(group), "misnamed": sum(map(misnamed, group)), "blamed": sum(map(blamed, group)),
                   "contradicted": sum(map(contradicted, group)), "account": sum(bool(r["actor_account"]) for r in group),
                   "person": sum(bool(r["actor_named"]) for r in group), "acted": sum(r["actor"] is not None for r in group)}
            for name, group in _by(rows, lambda r: r["plan"]["technique"]).items()
        },
        "framing": {
            name: {"domains_held": len(HELD[group[0]["plan"]["guise"]]), **_share(group, misnamed)}
            for name, group in _by(rows, lambda r: f"{r['plan']['actor']}: {r['plan']['guise']}").items()
        },
        "framing_by_domains_held": {
            name: _share(group, misnamed) for name, group in _by(rows, lambda r: str(len(HELD[r["plan"]["guise"]]))).items()
        },
        "wrong": [
            {"seed": r["seed"], "plan": r["plan"], "actor": r["actor"], **n} for r in rows for n in r["named"] if n["how"] in _WRONG
        ],
        "determinism": {"repeated": repeated, "differing": sorted(differing)},
        "gpu_hours": _share([{"in": x} for r in rows for x in r["gpu_hours"]], lambda one: bool(one["in"])),
        "errors": [{"seed": r["seed"], "error": r["error"]} for r in rows if r.get("error")],
    }  # fmt: skip


def _cell(share: Json) -> str:
    if share["rate"] is None:
        return "none"
    return f"{share['hits']}/{share['of']} = {100 * share['rate']:.1f} % (upper {100 * share['upper_one_sided']:.1f} %)"


_ROWS = (
    ("false_attribution", "somebody named for what they did not do"),
    (
        "false_attribution_with_indistinguishable",
        "the same, with incidents whose records are another's own doing",
    ),
    ("honest_act_as_cause", "honest act told as a cause of a job's end"),
    ("false_exculpation", "harm told as nobody's, or the actor's denial supported"),
    ("false_accusation_supported", "denial supported that names somebody who did not do it"),
    ("true_denial_contradicted", "true denial of somebody honest answered as contradicted"),
    ("wrong_account", "act told as done in another account than it was (acts)"),
    (
        "account_level_full_coverage",
        "actor's account found, full coverage, no evasion, own or shared account",
    ),
    ("person_level_full_coverage", "actor named, full coverage, no evasion, own or shared account"),
    ("account_level_any_actor", "the same for the account, whoever acted and however"),
    ("person_level_any_actor", "the same for the name, whoever acted and however"),
)
_COSTS = (
    ("same", "ratios of who did it"),
    ("other", "ratios of who did not"),
    ("cllr", "Cllr"),
    ("cllr_min", "Cllr, least under the same order"),
    ("calibration_loss", "calibration loss"),
    ("wrong_way_100_under_framing", "100 or more against the truth where an administrator acts (no cap)"),
    ("acts_that_tell_of_nobody", "acts whose records tell of nobody, without a ratio"),
)


def markdown(told: Json) -> str:
    """The report as a page of tables."""
    first, last = told["seeds"] or (0, 0)
    lines = [f"# Validation on simulated incidents, seeds {first} to {last - 1}", ""]
    groups = ("all", "tuned", "held_back", "full_coverage")
    lines += [
        "| measure | " + " | ".join(g.replace("_", " ") for g in groups) + " |",
        "| --- |" + " --- |" * len(groups),
    ]
    lines.append("| incidents | " + " | ".join(str(told[g]["incidents"]) for g in groups) + " |")
    lines += [
        f"| {words} | " + " | ".join(_cell(told[g][key]) for g in groups) + " |" for key, words in _ROWS
    ]
    for kind, beside in (
        ("ratios", ""),
        ("ratios_with_indistinguishable", ", with incidents that cannot be told"),
        ("ratios_of_harm", ", of harmful acts alone"),
    ):
        for key, words in _COSTS:
            shown = [told[g][kind][key] for g in groups]
            cells = " | ".join("none" if x is None else str(x) for x in shown)
            lines.append(f"| {words}{beside} | {cells} |")
    lines += ["", "Bounds are exact (Clopper and Pearson), one-sided at 95 %.", ""]
    lines += ["## Actor not named, by coverage", "", "| coverage | not named |", "| --- | --- |"]
    lines += [f"| {int(name)} % | {_cell(share)} |" for name, share in told["not_named_by_coverage"].items()]
    lines += ["", "## Framing: whose doing it was, how it looks, how many trust domains that takes", ""]
    lines += ["| actor: guise | domains held | misnamed |", "| --- | --- | --- |"]
    lines += [
        f"| {name} | {share['domains_held']} | {_cell(share)} |" for name, share in told["framing"].items()
    ]
    lines += [
        "",
        "## By technique",
        "",
        "| technique | incidents | somebody acted | account found | actor named | misnamed | honest act as cause | true denial contradicted |",
    ]
    lines.append("| --- | --- | --- | --- | --- | --- | --- | --- |")
    lines += [
        f"| {n} | {t['incidents']} | {t['acted']} | {t['account']} | {t['person']} | {t['misnamed']} | {t['blamed']} | {t['contradicted']} |"
        for n, t in told["by_technique"].items()
    ]
    same = told["determinism"]
    lines.append("")
    lines.append(
        f"Findings of {same['repeated']} incidents were computed twice, the second time from evidence in another order;"
        f" {len(same['differing'])} differed."
    )
    lines += ["", f"GPU hours of a harmed job lie in the interval told of it: {_cell(told['gpu_hours'])}."]
    return "\n".join(lines) + "\n"
