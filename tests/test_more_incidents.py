"""Staged incidents in which the easy answer is the wrong one: who is named, and who must not be."""

from pathlib import Path

import investigated
import pytest

STAGED = Path(__file__).parents[1] / "sample_logs" / "staged"
NAMED = {
    "borrowed_key": set(),
    "cut_logs": set(),
    "moved_branch": {("push", "kai"), ("move_ref", "dao"), ("escalate", "dao")},
    "pulled_commit": {("push", "pavel")},
    "shadowed_module": {("modify_file", "pavel")},
    "sudo_as_victim": {("cancel", "pavel"), ("escalate", "pavel")},
    "trapped_copy": {("modify_file", "kai")},
    "trapped_hook": {("plant", "kai")},
    "trapped_profile": {("plant", "kai"), ("escalate", "kai")},
    "unknown_program": set(),
}
CAUSES = {
    "borrowed_key": {"1": "none", "2": "act"},
    "cut_logs": {"26": "not_established"},
    "moved_branch": {"24": "act"},
    "pulled_commit": {"21": "act"},
    "shadowed_module": {"18": "act"},
    "sudo_as_victim": {"3": "act"},
    "trapped_copy": {"29": "act"},
    "trapped_hook": {"22": "act"},
    "trapped_profile": {"21": "not_established"},
    "unknown_program": {"33": "act"},
}
"""The owner's own requests aside."""


@pytest.fixture(
    scope="module",
    # All tests of an incident run in one worker of pytest-xdist, so that it is investigated once.
    params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in sorted(NAMED)],
)
def incident(request):
    folder = STAGED / request.param
    evidence = folder / "evidence"
    collected = {
        p.relative_to(evidence).as_posix(): p.read_bytes() for p in evidence.rglob("*") if p.is_file()
    }
    roster, about = ((folder / f"{name}.toml").read_bytes() for name in ("roster", "case"))
    return folder.name, investigated.found(collected, roster=roster, about=about)


def test_who_is_named_and_who_is_not(incident):
    name, found = incident
    owners = {j["job"]: j["owner"] for j in found["jobs"]}
    named = {(a["act"], a["person"]["name"]) for a in found["acts"] if a["person"]["name"]}
    own = {("cancel", owners[a["job"]]) for a in found["acts"] if a["act"] == "cancel" and a["account"] == owners[a["job"]]}  # fmt: skip
    if name == "sudo_as_victim":
        assert not own
    assert named - own == NAMED[name]


def test_causes(incident):
    name, found = incident
    assert {j["job"]: j["cause"] for j in found["jobs"]} == CAUSES[name]


def test_a_borrowed_key_leaves_both_as_candidates(incident):
    name, found = incident
    if name != "borrowed_key":
        return
    changes = [a for a in found["acts"] if a["act"] in {"modify_file", "delete_file"}]
    assert len(changes) == 2
    assert all(a["person"]["candidates"] == ["chen", "pavel"] for a in changes)


def test_an_emptied_log_is_a_silence_and_its_command_is_told(incident):
    name, found = incident
    if name != "cut_logs":
        return
    assert {g["kind"] for g in found["gaps"]} == {"silence"}
    assert [(a["act"], a["account"]) for a in found["acts"]] == [("wipe_log", "pavel")]


def test_a_pull_is_not_a_commit(incident):
    """The puller's git writes the commit's object too, and the file: neither makes the commit hers."""
    name, found = incident
    if name != "pulled_commit":
        return
    commit = next(a for a in found["acts"] if a["act"] == "commit")
    # That pavel ran `git commit` about the time that the commit names leads to his session; the time is typed.
    assert (commit["account"], commit["person"]["verdict"], commit["person"]["candidates"]) == (None, "inconclusive", ["pavel"])  # fmt: skip
    assert commit["asserted"] == {
        "author": "chen", "author_email": "chen@lab.example", "committer": "chen", "committer_email": "chen@lab.example",
    }  # fmt: skip
    speaks = {(x["person"], x["kind"]) for x in found["exculpatory"]}
    assert {("chen", "named_by_forgeable_field_only"), ("ana", "own_job_ran_bytes_of_another")} <= speaks
    assert {a["link"] for a in found["acts"]} == {"derived"}
    assert "checked_out_for_job" in {a["why_link"] for a in found["acts"]}


TRAPS = {
    "trapped_copy": ("modify_file", "/srv/range/proj/tools/clean.sh", "mixed"),
    "trapped_hook": ("modify_file", "/srv/range/proj/llm/.git/hooks/post-commit", "mixed"),
    "trapped_profile": ("delete_file", "-a /home/lin/.bash_profile", "untestable"),
}


def test_what_another_wrote_names_nobody_who_ran_it(incident):
    """lin's account, key and device did it, and lin knew nothing of it."""
    name, found = incident
    if name not in TRAPS:
        rules = {(a["left_to_run"] or {}).get("rule") for a in found["acts"]}
        assert ("ran_what_another_wrote" in rules) == (name == "unknown_program")
        return
    kind, plant, denial = TRAPS[name]
    acts = {a["id"]: a for a in found["acts"]}
    (act,) = [a for a in acts.values() if a["act"] == kind and a["account"] == "lin" and a["left_to_run"]]
    assert (act["person"]["verdict"], act["person"]["candidates"]) == ("inconclusive", ["kai", "lin"])
    assert act["missing"] == ["decision_of_what_ran"]
    # kai wrote it in a session of kai's own: nothing says that kai was in lin's account.
    assert act["could_have"] == {}
    assert [acts[p]["object"] for p in act["planted_by"]] == [plant]
    assert (act["left_to_run"]["rule"], act["left_to_run"]["kind"]) == ("ran_what_another_wrote", "login")
    left = acts[act["planted_by"][0]]
    # What was left did as much as what it ran, and no more.
    assert left["effect"] == act["effect"] != "shown"
    assert [(c["id"], c["status"]) for c in found["claims"]] == [("D01", denial)]
    speaks = [(x["person"], x["act"]) for x in found["exculpatory"] if x["kind"] == "ran_what_another_wrote"]
    assert speaks == [("lin", act["id"])]


def test_what_nobody_is_known_to_have_written_names_nobody_who_ran_it(incident):
    """The program lay there before the records begin, and its file is kai's: of nobody else's making by any record, and of nobody's."""
    name, found = incident
    if name != "unknown_program":
        assert "writer_of_what_ran" not in {m for a in found["acts"] for m in a["missing"]}
        return
    (act,) = [a for a in found["acts"] if a["act"] == "modify_file"]
    assert (act["account"], act["person"]["verdict"], act["person"]["candidates"]) == ("lin", "inconclusive", ["kai", "lin"])  # fmt: skip
    assert act["missing"] == ["writer_of_what_ran"]
    assert (act["left_to_run"]["rule"], act["left_to_run"]["missing"], act["planted_by"]) == ("ran_what_another_wrote", "writer_of_what_ran", [])  # fmt: skip
    assert [(c["id"], c["status"]) for c in found["claims"]] == [("D01", "untestable")]
    speaks = [
        (x["person"], x["act"]) for x in found["exculpatory"] if x["kind"] == "ran_what_is_of_unknown_writer"
    ]
    assert speaks == [("lin", act["id"])]


def test_what_another_put_into_the_branch_does_not_contradict_whoever_pushed_it_elsewhere(incident):
    """kai tried something on a branch of kai's own, and never pushed to the one that jobs run."""
    name, found = incident
    answers = [(c["status"], c["why"]) for c in found["claims"] if c["by"] == "kai" and c["id"] == "D01"]
    passed_on = ("mixed", "pushed_to_one_ref_and_put_into_another")
    if name != "moved_branch":
        assert passed_on not in answers
        return
    assert answers == [passed_on]
    (moved,) = [c for c in found["contradictions"] if c["kind"] == "ref_moved_without_push"]
    assert moved["about"] == "repository llm: refs/heads/main"
    assert found["claims"][0]["citations"] == moved["says"][0]["citations"]
    ids = {a["act"]: a["id"] for a in found["acts"]}
    (spoken,) = [x for x in found["exculpatory"] if x["kind"] == "pushed_to_another_ref"]
    assert (spoken["person"], spoken["act"]) == ("kai", ids["push"])


def test_who_moved_a_branch_on_the_server_is_told_with_what_shows_it(incident):
    """dao, as git on the server, gave main what kai had tried on a branch; the reflog names nobody but git."""
    name, found = incident
    moves = [a for a in found["acts"] if a["act"] == "move_ref"]
    if name != "moved_branch":
        assert moves == []
        return
    (move,) = moves
    assert (move["object"], move["account"], move["effective"], move["link"]) == ("llm refs/heads/main", "dao", "git", "derived")  # fmt: skip
    assert {c["sha256"] for c in move["citations"]} >= {
        c["sha256"] for x in found["contradictions"] if x["kind"] == "ref_moved_without_push" for c in x["says"][0]["citations"]
    }  # fmt: skip
