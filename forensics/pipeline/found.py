"""What an analysed case holds already: found again in `findings.json`, with nothing heavy loaded."""

import json
from pathlib import Path
from typing import Any

from forensics.core.errors import CaseError, NotFoundError
from forensics.custody import seal as sealing


def tables_of(case: Path) -> Path:
    """The folder of a case's tables.

    Raises:
        CaseError: nothing was read yet, or the folder is no case.
    """
    if not sealing.ledger_of(case).exists():
        raise CaseError(f"{case}: no case; make one with `forensics init`")
    if not (case / "tables" / "ingest.json").exists():
        raise CaseError(f"{case}: nothing was read yet, or not all; run `forensics ingest`")
    return case / "tables"


def findings_of(case: Path) -> dict[str, Any]:
    """What the analysis found.

    Raises:
        CaseError: it has not run.
    """
    tables_of(case)
    if not (case / "findings.json").exists():
        raise CaseError(f"{case}: not analysed yet; run `forensics analyse {case}` first")
    found: dict[str, Any] = json.loads((case / "findings.json").read_bytes())
    return found


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
        "gaps": [g for g in found["gaps"] if set(g["matters_for"]) & ids],
        "citations": [
            {"act": a["id"], "path": paths[c["sha256"]], **c} for a in acts for c in _joined(a["citations"])
        ],
    }


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
