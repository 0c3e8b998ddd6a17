"""The staged incidents, whole: from the collected files to the findings, against what really happened."""

import json
from pathlib import Path

import investigated
import pytest

from forensics import pipeline

ROOT = Path(__file__).parents[1]
INCIDENTS = sorted(p.parent for p in (ROOT / "sample_logs" / "incidents").glob("*/truth.json"))
KIND = {
    "modify_file": "modify_file",
    "commit": "commit",
    "push": "push",
    "cancel_job": "cancel",
    "plant_cron": "plant",
    "kill_job": "signal",
    "replace_file": "replace_file",
}
CLAIMS = {
    "script_edit": {"D01": "contradicted"},
    "shared_account": {"D03": "mixed"},
    "deferred": {"D11": "mixed"},
    "poisoned_checkpoint": {"D09": "contradicted"},
    "self_failure": {"D09": "supported"},
}


def apart(folder):
    """All tests of an incident run in one worker of pytest-xdist, so that it is investigated once."""
    return pytest.param(folder, marks=pytest.mark.xdist_group(folder.name), id=folder.name)


@pytest.fixture(scope="module", params=[apart(folder) for folder in INCIDENTS])
def incident(request, tmp_path_factory):
    """One incident, investigated once: its folder, its truth and its findings."""
    folder = request.param
    case = tmp_path_factory.mktemp(folder.name) / "case"
    pipeline.create(case)
    pipeline.seal(case, [folder / "evidence"], roster=folder / "roster.toml", about=folder / "case.toml")
    pipeline.ingest(case)
    pipeline.analyse(case)
    found = json.loads((case / "findings.json").read_text())
    return folder, json.loads((folder / "truth.json").read_text()), found


def test_an_investigation_in_memory_finds_the_same(incident):
    """What `test_altered.py` relies on."""
    folder, _, found = incident
    evidence = folder / "evidence"
    collected = {
        p.relative_to(evidence).as_posix(): p.read_bytes() for p in evidence.rglob("*") if p.is_file()
    }
    roster, about = ((folder / f"{name}.toml").read_bytes() for name in ("roster", "case"))
    assert investigated.found(collected, roster=roster, about=about) == found


def test_no_act_is_spoken_against_by_its_own_session(incident):
    """What cron ran was said to be spoken against: by the session that cron opened for it."""
    _, _, found = incident
    told = {a["id"]: {e for why in a["against_because"] for e in why["because"]} for a in found["acts"]}
    assert [a["id"] for a in found["acts"] if a["session"] in told[a["id"]]] == []


def attributed(found):
    return [a for a in found["acts"] if a["person"]["verdict"] == "attributed"]


def own_request(found, act):
    """A person's own cancelling of their own job, which implies no harm."""
    owners = {j["job"]: j["owner"] for j in found["jobs"]}
    return (
        act["act"] == "cancel"
        and act["account"] == owners.get(act["job"])
        and act["person"]["name"] == act["account"]
    )


def test_every_staged_act_is_found_and_named(incident):
    _, truth, found = incident
    for act in truth["acts"]:
        if act["what"] not in KIND:
            continue
        matches = [
            a for a in attributed(found)
            if a["act"] == KIND[act["what"]] and a["person"]["name"] == act["person"]
            and ("job" not in act or a["job"] == str(act["job"])) and ("path" not in act or a["object"] == act["path"])
        ]  # fmt: skip
        assert matches, (
            f"no {act['what']} of {act['person']} among {[(a['act'], a['object'], a['person']) for a in found['acts']]}"
        )
        assert any(a["account"] == act["account"] for a in matches)


def test_a_payload_that_ran_ties_the_file_to_the_job(incident):
    folder, _, found = incident
    if folder.name == "poisoned_checkpoint":
        assert "payload_executed" in {a["why_link"] for a in found["acts"]}


def test_nobody_else_is_named(incident):
    _, truth, found = incident
    actors = {a["person"] for a in truth["acts"] if a["what"] in KIND}
    named = {a["person"]["name"] for a in attributed(found) if not own_request(found, a)}
    assert named == actors


def test_causes_follow_the_truth(incident):
    _, truth, found = incident
    jobs = {j["job"]: j for j in found["jobs"]}
    insider = truth["cast"]["insider"][0]
    acts = {a["id"]: a for a in found["acts"]}
    for act in truth["acts"]:
        if "job" not in act:
            continue
        job = jobs[str(act["job"])]
        mine = [acts[i] for i in job["acts"]]
        expected = {"unharmed_job": "none", "own_failure": "own_failure"}.get(act["what"], "act")
        assert job["cause"] == expected
        if expected == "act":
            assert any(a["person"]["name"] == insider and a["link"] != "not_established" for a in mine)
        else:
            assert not any(a["person"]["name"] == insider for a in mine)


def test_claims_are_answered(incident):
    folder, _, found = incident
    assert {c["id"]: c["status"] for c in found["claims"]} == CLAIMS[folder.name]


def test_every_citation_is_bytes_of_a_sealed_file(incident):
    _, _, found = incident
    sizes = {f["sha256"]: f["bytes"] for f in found["case"]["evidence"]}
    cited = [c for part in ("acts", "jobs") for item in found[part] for c in item["citations"]]
    assert cited
    assert all(0 <= c["start"] < c["stop"] <= sizes[c["sha256"]] for c in cited)


def test_bytes_add_up(incident):
    _, _, found = incident
    total = found["accounting"]
    assert total["bytes"] == total["parsed"] + total["rejected"] + total["ignored"] > 0
