"""What an analysed case holds already: found again in `findings.json`, with nothing heavy loaded."""

import hashlib
import json
from pathlib import Path
from typing import Any

from forensics.core.errors import CaseError, CustodyError, NotFoundError
from forensics.custody import ledger, plain
from forensics.custody import seal as sealing


def tables_of(case: Path) -> Path:
    """The folder of a case's tables.

    Raises:
        CaseError: nothing was read yet, or the folder is no case.
    """
    plain.check(case)
    if not sealing.ledger_of(case).exists():
        raise CaseError(f"{case}: no case; make one with `forensics init`")
    if not (case / "tables" / "ingest.json").exists():
        raise CaseError(f"{case}: nothing was read yet, or not all; run `forensics ingest`")
    return case / "tables"


def findings_of(case: Path) -> dict[str, Any]:
    """What the analysis found.

    Raises:
        CaseError: it has not run.
        CustodyError: what lies there is not what it wrote.
    """
    tables_of(case)
    if not (case / "findings.json").exists():
        raise CaseError(f"{case}: not analysed yet; run `forensics analyse {case}` first")
    raw = (case / "findings.json").read_bytes()
    if not as_written(case, "analyse", raw):
        raise CustodyError(
            f"{case / 'findings.json'}: not what the ledger says was found; run `forensics analyse {case}` again"
        )
    found: dict[str, Any] = json.loads(raw)
    return found


def current(case: Path, tool: str) -> dict[str, Any] | None:
    """The findings, if they were made of all that the case has now; None where an analysis can find others.

    Args:
        case: the case folder.
        tool: the program and its version, as the ledger names what may have made them.

    Raises:
        CaseError: nothing was read yet.
        CustodyError: the ledger's chain is broken, or what lies there is not what the analysis wrote.
    """
    tables_of(case)
    last = {entry["act"]: entry for entry in ledger.told(sealing.ledger_of(case)) if entry["act"] in _BEFORE}
    made = last.pop("analyse", None)
    if made is None or made["tool"] != tool or any(e["n"] > made["n"] for e in last.values()):
        return None
    return findings_of(case)


_BEFORE = frozenset({"input", "seal", "unpack", "ingest", "analyse"})
"""Acts that change what an analysis finds, and it."""


def as_written(case: Path, act: str, content: bytes) -> bool:
    """Whether a result has the hash under which the ledger last entered one of its kind."""
    entry = ledger.last(sealing.ledger_of(case), act)
    return entry is not None and entry["what"]["sha256"] == hashlib.sha256(content).hexdigest()


def who(case: Path, job: str) -> dict[str, Any]:
    """Who did what to a job: by which account, and by whom as far as that can be said.

    Raises:
        NotFoundError: the findings are not about this job.
    """
    found = findings_of(case)
    about = next((j for j in found["jobs"] if j["job"] == job), None)
    if about is None:
        known = ", ".join(j["job"] for j in found["jobs"]) or "none"
        raise NotFoundError(
            f"job {job}: not among the jobs asked about ({known}); name it in case.toml, seal that, and analyse again"
        )
    ids = {a["id"] for a in found["acts"] if a["job"] == job}
    ids |= {p for a in found["acts"] if a["id"] in ids for p in a["planted_by"]}
    acts = [a for a in found["acts"] if a["id"] in ids]
    paths = {e["sha256"]: e["path"] for e in reversed(found["case"]["evidence"])}
    return {
        **{k: about[k] for k in ("job", "owner", "outcome", "cause", "why")},
        "exculpatory": [x for x in found["exculpatory"] if x["act"] in ids],
        "acts": [row(a) for a in acts],
        "came_from": [r for a in acts for r in _came_from(a)],
        "left_to_run": [r for a in acts for r in _left(a)],
        "could_have": [{"act": a["id"], "person": p, **r} for a in acts for p, r in a["could_have"].items()],
        "rivals": [{"act": a["id"], **r} for a in acts for r in a["rivals"]],
        "evidence": [
            {"act": a["id"], "side": s, "event": e} for a in acts for s in ("for", "against") for e in a[s]
        ],
        "rival_causes": about["rivals"],
        "comparison": [
            {"act": a["id"], **{k: a["comparison"].get(k) for k in ("kind", "wording", "limits")}}
            for a in acts
            if a["comparison"] is not None
        ],
        # Of a gap that bears on very many acts not all are named: it is told of each.
        "gaps": [g for g in found["gaps"] if set(g["matters_for"]) & ids or "matters_for_count" in g],
        "citations": [
            {"act": a["id"], "path": paths[c["sha256"]], **c} for a in acts for c in _joined(a["citations"])
        ],
    }


def _came_from(act: dict[str, Any]) -> list[dict[str, Any]]:
    """Out of which sessions those of an act can have been opened."""
    told = ("session", "account", "host", "address", "credential", "rule", "borne_out_by", "events")
    return [
        {
            "act": act["id"],
            "entered": step["session"],
            "of": len(step["origins"]),
            **{k: origin[k] for k in told},
        }
        for step in act["came_from"]
        for origin in step["origins"]
    ]


def _left(act: dict[str, Any]) -> list[dict[str, Any]]:
    """What can have left an act to run, one line each; one line with what is missing where nothing is known."""
    left = act["left_to_run"]
    if left is None:
        return []
    told = ("act", "object", "account", "effective", "session", "events")
    rows = left["planted"] or [dict.fromkeys(told)]
    return [
        {
            "act": act["id"],
            **{k: left[k] for k in ("kind", "rule", "missing")},
            **{"by_act" if k == "act" else k: r[k] for k in told},
        }
        for r in rows
    ]


def _joined(spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Spans with those that follow one another in a file made one."""
    found: list[dict[str, Any]] = []
    for span in spans:
        if found and found[-1]["sha256"] == span["sha256"] and found[-1]["stop"] == span["start"]:
            found[-1] = {**found[-1], "stop": span["stop"]}
        else:
            found.append(dict(span))
    return found


def row(act: dict[str, Any]) -> dict[str, Any]:
    """An act of the findings as one line of an answer."""
    person = act["person"]
    return {
        **{k: act[k] for k in ("id", "act", "object", "link", "account", "effective")},
        "when": act["when"][0] if act["when"] else None,
        **{
            k: person[k]
            for k in ("verdict", "name", "strength", "best_rival", "candidates", "gates", "frame_cost")
        },
        "missing": act["missing"],
    }
