"""Answers compared with the truth of one incident: who is named for what, rightly or wrongly."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from forensics.core import clock

Json = Mapping[str, Any]

_KINDS: dict[str, frozenset[str]] = {
    "modify_file": frozenset({"modify_file", "replace_file", "plant", "grant"}),
    "replace_file": frozenset({"replace_file", "modify_file"}),
    "delete_file": frozenset({"delete_file"}),
    "grant_key": frozenset({"grant", "modify_file"}),
    "plant_cron": frozenset({"plant"}),
    "cancel_job": frozenset({"cancel", "signal"}),
    "kill_job": frozenset({"signal", "cancel"}),
    "crowd_node": frozenset({"run_beside"}),
    "run_program": frozenset({"run_beside"}),
    "hold_job": frozenset({"hold", "modify_job"}),
    "update_job": frozenset({"modify_job", "hold"}),
    "commit": frozenset({"commit"}),
    "push": frozenset({"push", "move_ref"}),
    "wipe_log": frozenset({"wipe_log"}),
    "timestomp": frozenset({"timestomp"}),
    "change_clock": frozenset({"change_clock"}),
    "submit": frozenset({"submit"}),
    "escalate": frozenset({"escalate"}),
}
_OUTCOMES = frozenset({"harmed_job", "unharmed_job", "own_failure"})
_NEAR_S = 90.0
_STEPPED_S = 1000.0
NAMED = "attributed"
BY_CODE = frozenset(
    {
        *("T21a", "T21b", "T21c", "T21d", "T21e", "T21f", "T21g", "T21h", "T28"),
        *("T31a", "T31b", "T31c", "T32a", "T32b", "T32c", "T33a", "T33b", "T33c", "T33d", "T34a", "T34b"),
        *("T35a", "T35b", "T35c", "T35d", "T35e", "T38a", "T38b", "T38c", "T38d"),
    }
)
"""Techniques by which code of one runs in the account of another."""
BY_KEY = frozenset({"T39a", "T39b", "T40a", "T40b", "T40c"})
"""Those by which somebody enters with the key of another."""
IN_ACCOUNT = BY_KEY | {
    *(
        "T21c",
        "T21f",
        "T21g",
        "T31a",
        "T31b",
        "T31c",
        "T36a",
        "T36b",
        "T36c",
        "T37a",
        "T38a",
        "T38b",
        "T38c",
        "T38d",
    ),
}
"""Those by which somebody did it in that account: by rights over it, by its key, or by what was open in it."""


def judged(found: Json, truth: Json, free: Json | None = None) -> dict[str, Any]:
    """What is right and what is wrong in the findings of an incident.

    Args:
        found: the findings.
        truth: what happened.
        free: by act, everybody's standing as it would be without the cap on ratios.

    Returns:
        `named`: acts that a person is named for, each with what was true of it: `right`, `wrong` (somebody
        else did it), or `unmatched` (no such deed is in the truth). `blamed`: of those that are right, the
        honest ones that the findings make a cause of a job's end: linked to it, and not told as one that did no harm. `found`: of the harmful deeds, those told
        with the right account, and those with the right person. `denied`: denials that are true, each with its answer; `accused`: those
        that are supported though they name somebody who did not do it.
    """
    deeds = [d for d in [*truth["acts"], *truth["honest"]] if d["what"] not in _OUTCOMES]
    stepped = _STEPPED_S if truth["plan"]["evasion"] == "clock_step" else 0.0
    slack = max(stepped, _NEAR_S + truth.get("off_s", 0.0))
    owners = {job["job"]: job["owner"] for job in found["jobs"]}
    causes = {job["job"]: job["cause"] for job in found["jobs"]}
    named, blamed = [], []
    for act in found["acts"]:
        if act["person"]["verdict"] != NAMED or _own_request(act, owners, truth):
            continue
        name = act["person"]["name"]
        mates = _matching(act, deeds, slack)
        who = {d["person"] for d in mates}
        how = "right" if name in who else "wrong" if who else "unmatched"
        lr = act["person"].get("lr")
        named.append(
            {
                "act": act["act"], "object": act["object"], "name": name, "how": how, "did": sorted(map(str, who)), "lr": lr,
                "account": act["account"], "job": act["job"], "link": act["link"], "strength": act["person"]["strength"],
            }
        )  # fmt: skip
        honest = all(d in truth["honest"] for d in mates if d["person"] == name)
        if (
            how == "right"
            and honest
            and name != truth["actor"]
            and act["link"] != "not_established"
            and act.get("effect") != "not_shown"
            and causes.get(act["job"]) == "act"
        ):
            blamed.append(named[-1])
    harmful = [d for d in truth["acts"] if d["what"] not in _OUTCOMES]
    told = [_told(d, found["acts"], slack) for d in harmful]
    return {
        "named": named,
        "blamed": blamed,
        "ratios": _ratios(found, deeds, truth["acts"], slack, free or {}),
        "untold": _untold(found, deeds, slack),
        "accounts": _accounts(found, truth, deeds, slack),
        "gpu_hours": _hours(found, truth),
        "harmful": len(harmful),
        "found_account": sum(t["account"] for t in told),
        "found_person": sum(t["person"] for t in told),
        "actor_account": bool(told) and any(t["account"] for t in told),
        "actor_named": any(t["person"] for t in told),
        "causes": {
            str(job): [_cause(truth, job), causes.get(str(job))] for job in truth["jobs"]
        },
        "claims": {c["id"]: c["status"] for c in found["claims"]},
        "accused": [c["id"] for c in found["claims"] if c["status"] == "supported" and _names_wrongly(c, truth)],
        "denied": {c["id"]: c["status"] for c in found["claims"] if is_true(c, truth)},
    }  # fmt: skip


def _names_wrongly(claim: Json, truth: Json) -> bool:
    """Whether a denial says that somebody did it who did not, where another did."""
    return (
        claim["id"] == "D01"
        and truth["actor"] is not None
        and claim["names"] not in {"", None, truth["actor"]}
    )


def is_true(claim: Json, truth: Json) -> bool:
    """Whether a denial is true as far as the truth of an incident says: another did it, a script or cron of another's, or somebody used the account."""
    actor, by = truth["actor"], claim["by"]
    if actor is None or by == actor:
        return False
    if claim["id"] == "D01":
        return True
    ways = {"D06": BY_CODE, "D02": IN_ACCOUNT, "D04": BY_KEY}.get(claim["id"], frozenset[str]())
    return by in truth.get("pointed_at", ()) and truth["scenario"] in ways


def _ratios(
    found: Json, deeds: list[Json], harmful: list[Json], slack: float, free: Json
) -> list[dict[str, Any]]:
    """The likelihood ratio of everybody on the roster, for each act that is one of the deeds, and whether they did it.

    `free` is what it would be without the cap, `harm` whether the deed is one of those that the incident is about.
    """
    told = []
    for act in found["acts"]:
        mates = _matching(act, deeds, slack) if act.get("standings") else []
        did = {d["person"] for d in mates}
        uncapped = {s["who"]: s["lr"] for s in free.get(act["id"], ())}
        told += [
            {
                "act": act["act"],
                "who": s["who"],
                "ratio": _middle(s["lr"]),
                "free": _middle(uncapped.get(s["who"], s["lr"])),
                "right": s["who"] in did,
                "harm": any(d in harmful for d in mates),
            }
            for s in act.get("standings") or ()
            if mates
        ]
    return told


def _middle(bounds: list[float]) -> float:
    """An interval as one number: its middle on the scale of ratios."""
    low, high = bounds
    return math.sqrt(low * high)


def _untold(found: Json, deeds: list[Json], slack: float) -> int:
    """How many acts are one of the deeds, and are told by no record that speaks for or against a person."""
    return sum(not act.get("standings") and bool(_matching(act, deeds, slack)) for act in found["acts"])


def _accounts(found: Json, truth: Json, deeds: list[Json], slack: float) -> list[bool]:
    """For each act that an account is named for, whether that is right.

    Wrong is the account of a person who had no part in it. Root, whose rights were used, and the user whom the
    git server knows are as right as the login account.
    """
    people = {part[0] for role, part in truth.get("cast", {}).items() if role != "shared"}
    right = []
    for act in found["acts"]:
        level = act.get("account_level")
        mates = _matching(act, deeds, slack) if level else []
        if mates and level["verdict"] == NAMED:
            known = {name for d in mates for name in (d["account"], d["person"], d.get("claimed"))}
            right.append(level["name"] in known or level["name"] not in people)
    return right


def _hours(found: Json, truth: Json) -> list[bool]:
    """For each job asked about whose allocation is told as an interval, whether the true value lies in it."""
    told = {job["job"]: job.get("gpu_hours") for job in found["jobs"]}
    return [told[j][0] <= true <= told[j][1] for j, true in truth.get("gpu_hours", {}).items() if told.get(j)]


def _own_request(act: Json, owners: Mapping[str, str], truth: Json) -> bool:
    """A person's own cancelling of their own job, where that is what happened."""
    mine = (
        act["act"] in {"cancel", "signal"}
        and act["account"] == owners.get(act["job"]) == act["person"]["name"]
    )
    return bool(mine) and not any(
        str(d.get("job")) == act["job"] and d["what"] == "cancel_job" for d in truth["acts"]
    )


def _matching(act: Json, deeds: Iterable[Json], slack: float) -> list[Json]:
    """The deeds that an act can be, by kind, object and moment.

    Where several persons did the like at about the time, those in the act's account, and of them the nearest.
    """
    when = _moments(act)
    near = [d for d in deeds if when is None or when[0] - slack <= d["at"] <= when[1] + slack]
    alike = [d for d in near if act["act"] in _KINDS.get(d["what"], ()) and _same(act, d)]
    if when is None or len({d["person"] for d in alike}) < 2:
        return alike
    alike = [d for d in alike if d["account"] == act["account"]] or alike
    # Programs that were run beside a job are many: the first that the act cites is the one to look for.
    middle = when[0] if act["act"] == "run_beside" else (when[0] + when[1]) / 2
    least = min(abs(d["at"] - middle) for d in alike)
    return [d for d in alike if abs(d["at"] - middle) == least]


def _same(act: Json, deed: Json) -> bool:
    thing = str(deed["thing"])
    if deed["what"] in {"push", "wipe_log", "change_clock"}:
        return True
    if deed["what"] == "run_program":
        return bool(thing == act["host"])
    if deed["what"] == "timestomp":
        return thing in act["object"]
    return bool(act["object"] == thing or act["object"].rsplit("/", 1)[-1] == thing.rsplit("/", 1)[-1])


def _moments(act: Json) -> tuple[float, float] | None:
    if act["when"] is None:
        return None
    first, last = (_seconds(text) for text in act["when"])
    return first, last


def _seconds(text: str) -> float:
    """Seconds since 1970 of a moment as findings write it."""
    return clock.typed(text).timestamp()


def _told(deed: Json, acts: Iterable[Json], slack: float) -> dict[str, bool]:
    """Whether a harmful deed is told, with the right account, and with the right person."""
    mates = [a for a in acts if _matching(a, [deed], slack)]
    return {
        "account": any(a["account"] == deed["account"] for a in mates),
        "person": any(a["person"]["name"] == deed["person"] and deed["person"] is not None for a in mates),
    }


def _cause(truth: Json, job: int) -> str:
    """What ended or harmed a job in truth."""
    words = [d["what"] for d in truth["acts"] if d.get("job") == job]
    return "act" if "harmed_job" in words else "own_failure" if "own_failure" in words else "other"
