"""The measures of a validation against values that are known, and the report that is made of them."""

import dataclasses
import json
import math

import pytest

from forensics.core.errors import OutputError
from forensics.pipeline import rehearse, trials
from forensics.simulation import judging, measures, summary

# Exact bounds as tables of the binomial distribution have them: cases, of, lower and upper at 95 %, two-sided.
KNOWN = [
    (0, 10, 0.0, 0.3085),
    (3, 20, 0.0321, 0.3789),
    (5, 10, 0.1871, 0.8129),
    (10, 10, 0.6915, 1.0),
    (1, 300, 0.0001, 0.0184),
]


@pytest.mark.parametrize(("hits", "of", "lower", "upper"), KNOWN)
def test_bounds_are_exact(hits, of, lower, upper):
    found = measures.rate(hits, of)
    assert (round(found.lower, 4), round(found.upper, 4)) == (lower, upper)


def test_none_in_n_is_the_rule_of_three():
    assert [round(measures.upper(0, n), 4) for n in (300, 1000, 3000)] == [0.0099, 0.0030, 0.0010]
    assert measures.upper(0, 0) is None
    assert measures.rate(0, 0).rate is None


def test_a_ratio_that_says_nothing_costs_one():
    assert measures.cllr([1.0, 1.0], [1.0]) == 1.0
    assert measures.cllr([1e9], [1e-9]) < 1e-6
    assert measures.cllr([0.01], [100.0]) > 1
    assert measures.cllr([], [1.0]) is None


def test_the_least_cost_depends_on_the_order_alone():
    same, other = [3.0, 2.0, 9.0], [0.2, 2.5, 0.1]
    least = measures.cllr_min(same, other)
    stretched = measures.cllr_min([x**3 for x in same], [x**3 for x in other])
    assert least == pytest.approx(stretched)
    assert 0 < least < measures.cllr(same, other)
    assert measures.cllr_min([5, 6], [1, 2]) == pytest.approx(0)
    assert measures.cllr_min([2.0, 2.0], [2.0, 2.0]) == pytest.approx(1)


def test_pooling_gives_a_rising_sequence_of_the_same_sum():
    assert measures.pooled([0, 1, 0, 1], [1, 1, 1, 1]) == [0, 0.5, 0.5, 1]
    assert measures.pooled([3, 2, 1], [1, 1, 2]) == [1.75, 1.75, 1.75]


def test_the_turing_bound_is_seen_to_be_broken():
    broken = [{row["ratio"]: row["holds"] for row in measures.turing([1000.0] * 50)}]
    assert broken == [{10: False, 100: False, 1000: False}]
    assert all(row["holds"] for row in measures.turing([0.1] * 50))


def act(name, verdict="attributed", **more):
    return {
        "id": "A0001", "act": "modify_file", "object": "/p/train.py", "job": "7", "link": "derived", "account": "kai",
        "when": ["2026-11-23T15:11:48.000Z", "2026-11-23T15:11:48.000Z"],
        "person": {"verdict": verdict, "name": name, "strength": "moderate", "candidates": [name], "lr": None}, **more,
    }  # fmt: skip


def truth(person, *, harm=True):
    deed = {
        "what": "modify_file",
        "person": person,
        "account": "kai",
        "at": 1795446708.0,
        "thing": "/p/train.py",
    }
    return {
        "plan": {"evasion": "none"}, "actor": person, "jobs": [7],
        "acts": [deed] if harm else [], "honest": [] if harm else [deed],
    }  # fmt: skip


FOUND = {"jobs": [{"job": "7", "owner": "mei", "cause": "act"}], "claims": []}


def test_a_name_is_right_wrong_or_of_nothing_that_was_done():
    told = judging.judged({**FOUND, "acts": [act("kai")]}, truth("kai"))
    assert ([n["how"] for n in told["named"]], told["actor_named"], told["blamed"]) == (["right"], True, [])
    told = judging.judged({**FOUND, "acts": [act("lin")]}, truth("kai"))
    assert ([n["how"] for n in told["named"]], told["actor_named"], told["actor_account"]) == (
        ["wrong"],
        False,
        True,
    )
    told = judging.judged({**FOUND, "acts": [act("kai", object="/p/other.py")]}, truth("kai"))
    assert [n["how"] for n in told["named"]] == ["unmatched"]


def test_a_deed_is_known_by_a_clock_that_is_off():
    """kai's act is dated a thousand seconds too early; the truth says how far the clocks of the incident are off."""
    late = {**truth("kai")}
    late["acts"] = [{**late["acts"][0], "at": late["acts"][0]["at"] + 1000}]
    for off_s, how in ((0.0, "unmatched"), (950.0, "right")):
        told = judging.judged({**FOUND, "acts": [act("kai")]}, {**late, "off_s": off_s})
        assert [n["how"] for n in told["named"]] == [how]


@pytest.mark.parametrize(
    ("denial", "by", "status", "denied", "accused"),
    [
        ({"id": "D01", "names": "kai"}, "lin", "contradicted", {"D01": "contradicted"}, []),
        ({"id": "D01", "names": "kai"}, "lin", "supported", {"D01": "supported"}, []),
        ({"id": "D01", "names": "lin"}, "kai", "contradicted", {}, []),
        ({"id": "D01", "names": "lin"}, "kai", "supported", {}, ["D01"]),
        ({"id": "D01", "names": ""}, "kai", "supported", {}, []),
        ({"id": "D06", "names": ""}, "lin", "contradicted", {"D06": "contradicted"}, []),
        ({"id": "D02", "names": ""}, "lin", "contradicted", {}, []),
    ],
)
def test_a_true_denial_and_one_that_names_who_is_honest_are_counted(denial, by, status, denied, accused):
    """kai wrote a script that lin ran."""
    known = {**truth("kai"), "scenario": "T21a", "pointed_at": ["lin"]}
    known["plan"] = {"evasion": "none", "suspect": by}
    told = judging.judged({**FOUND, "acts": [], "claims": [{**denial, "by": by, "status": status}]}, known)
    assert (told["denied"], told["accused"]) == (denied, accused)


def test_an_honest_act_that_is_made_a_cause_is_counted():
    found = {**FOUND, "acts": [act("kai")]}
    honest = {**truth("kai", harm=False), "actor": "lin"}
    assert [n["name"] for n in judging.judged(found, honest)["blamed"]] == ["kai"]
    found["acts"][0]["effect"] = "not_shown"
    assert judging.judged(found, honest)["blamed"] == []


def test_everybody_s_ratio_is_the_geometric_middle_of_an_interval():
    scored = act("kai") | {
        "id": "A0001", "standings": [{"who": "kai", "lr": [10, 1000]}, {"who": "lin", "lr": [0.01, 0.01]}],
    }  # fmt: skip
    free = {"A0001": [{"who": "kai", "lr": [10, 100_000]}]}
    told = judging.judged({**FOUND, "acts": [scored]}, truth("kai"), free)
    kai, lin = told["ratios"]
    assert (math.isclose(kai["ratio"], 100), math.isclose(kai["free"], 1000), kai["right"]) == (
        True,
        True,
        True,
    )
    assert (math.isclose(lin["ratio"], 0.01), lin["right"], told["untold"]) == (True, False, 0)
    assert judging.judged({**FOUND, "acts": [act("kai")]}, truth("kai"))["untold"] == 1


def test_of_two_who_did_the_like_at_once_the_nearest_in_the_account_counts():
    both = truth("kai")
    both["acts"].append(both["acts"][0] | {"person": "lin", "account": "lin", "at": 1795446709.0})
    by_lin = act("lin", account="lin")
    told = judging.judged({**FOUND, "acts": [by_lin, act("kai")]}, both)
    assert [n["how"] for n in told["named"]] == ["right", "right"]
    assert [n["how"] for n in judging.judged({**FOUND, "acts": [act("lin")]}, both)["named"]] == ["wrong"]


def test_the_report_of_two_incidents(tmp_path, monkeypatch):
    drawn = rehearse.plan.plan
    monkeypatch.setattr(
        rehearse.plan, "plan", lambda seed: dataclasses.replace(drawn(seed), busy=False, coverage=40)
    )
    told = rehearse.validate(tmp_path / "out", range(2))
    assert json.loads((tmp_path / "out" / "validation.json").read_text()) == told
    assert told["all"]["incidents"] == told["tuned"]["incidents"] + told["held_back"]["incidents"] == 2
    assert told["determinism"] == {"repeated": 1, "differing": []}
    page = (tmp_path / "out" / "validation.md").read_text()
    assert page == summary.markdown(told)
    assert {p.name for p in (tmp_path / "out").glob("*.svg")} == {
        "tippett.svg",
        "coverage.svg",
        "framing.svg",
    }
    # What an axis is numbered with is numbers, not the name of a way to set them.
    assert not any("mathdefault" in p.read_text() for p in (tmp_path / "out").glob("*.svg"))
    assert len((tmp_path / "out" / "results.jsonl").read_text().splitlines()) == 2


def test_an_interrupted_run_goes_on_where_it_was(tmp_path, monkeypatch):
    tried = []

    def trial(seed):
        tried.append(seed)
        if seed == 3 and tried.count(3) == 1:
            raise KeyboardInterrupt
        known = dataclasses.asdict(rehearse.plan.plan(seed))
        return {
            "seed": seed, "program": trials.program(), "plan": known, "actor": None, "differs": False, "named": [], "blamed": [], "denied": {}, "accused": [],
            "ratios": [], "untold": 0, "accounts": [], "gpu_hours": [], "causes": {}, "claims": {}, "actor_account": False, "actor_named": False,
        }  # fmt: skip

    monkeypatch.setattr(rehearse, "trial", trial)
    with pytest.raises(KeyboardInterrupt):
        rehearse.validate(tmp_path, range(6))
    with (tmp_path / "results.jsonl").open("a") as kept:
        kept.write('{"seed": 4, "cut')
    assert rehearse.validate(tmp_path, range(6), report_only=True)["all"]["incidents"] == 3
    assert rehearse.validate(tmp_path, range(6))["all"]["incidents"] == 6
    assert tried == [0, 1, 2, 3, 3, 4, 5]
    told = rehearse.validate(tmp_path, range(30), held_back=True)
    assert told["held_back"]["incidents"] > told["tuned"]["incidents"]
    assert {s for s in tried if s > 5} == {s for s in range(6, 30) if rehearse._held_back(s)}
    whole = (tmp_path / "results.jsonl").read_text()
    assert [json.loads(line)["seed"] for line in whole.splitlines()] == sorted(set(tried))
    (tmp_path / "results.jsonl").write_text(whole.replace(trials.program(), "0" * 64))
    with pytest.raises(OutputError, match="another version"):
        rehearse.validate(tmp_path, range(6))
