"""How jobs that read a change fare beside others, and what else can have ended a job."""

import random
from fractions import Fraction

import fixtures_findings as made
import pytest
from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import SECOND, Stage

from forensics.analysis import baseline, comparison, exact, rivals
from forensics.analysis.comparison import Seen
from forensics.analysis.findings import findings
from forensics.core.ranges import ranged
from forensics.core.roster import Question
from forensics.render import comparison as render
from forensics.render import document
from forensics.render.forbidden import lint

SCRIPT = "/srv/proj/train.py"


def day(*, before=(), exposed=(), control=(), after=(), seen=True):
    """Jobs of mei's run train.py before and after kai changes it; others run other.py; the outcomes are given."""
    stage = Stage()
    stage.enrol()
    mei, kai = stage.login("mei"), stage.login("kai")
    stage.change("mei", mei, SCRIPT, program="cp", verb="create")
    number = 0

    def run(outcomes, script, *, seen=True):
        nonlocal number
        for outcome in outcomes:
            number += 1
            stage.submit("mei", mei, str(number), argv=("python3", script), outcome=outcome, code=int(outcome == "FAILED"))  # fmt: skip
            if not seen:
                stage.rows = [r for r in stage.rows if r["pid"] != 50_000 + number * 100]
            stage.wait(70)

    run(before, "train.py")
    stage.change("kai", kai, SCRIPT, owner="mei")
    run(exposed, "train.py")
    run(control, "other.py", seen=seen)
    if after:
        stage.change(
            "mei", mei, SCRIPT, program="cp", verb="rename", source="/srv/proj/good.py", replaced="fe:00:77"
        )
        run(after, "train.py")
    first = len(before) + 1
    return findings(stage.examined(Question(jobs=(str(first),))))


def of_change(found):
    return next(a for a in found["acts"] if a["act"] == "modify_file" and a["account"] == "kai")["comparison"]


def test_jobs_that_read_the_change_and_jobs_that_did_not():
    found = of_change(
        day(
            before=["COMPLETED"] * 4,
            exposed=["FAILED"] * 4,
            control=["COMPLETED"] * 4,
            after=["COMPLETED"] * 2,
        )
    )
    against = found["exposed_and_control"]
    assert (against["exposed"]["jobs"], against["exposed"]["ended_badly"]) == (4, 4)
    assert (against["other"]["jobs"], against["other"]["ended_badly"]) == (4, 0)
    assert against["p"] == pytest.approx(2 / 70, rel=1e-4)
    assert found["onset"]["other"]["jobs"] == 4
    assert found["offset"]["other"]["jobs"] == 2
    assert found["wording"] == "association_and_timing"
    assert found["until"] is not None


def test_jobs_that_fail_alike_are_no_association():
    found = of_change(day(before=["FAILED"] * 4, exposed=["FAILED"] * 4, control=["FAILED"] * 4))
    assert found["wording"] == "no_difference"
    assert found["until"] is None
    assert "removal_not_on_record" in found["limits"]


def test_too_few_jobs_are_said_to_be():
    found = of_change(day(exposed=["FAILED"] * 2, control=["COMPLETED"]))
    assert found["wording"] == "too_few_jobs"
    assert found["exposed_and_control"]["too_few"]


def test_a_job_whose_reading_is_not_on_record_is_no_control():
    found = of_change(day(exposed=["FAILED"] * 2, control=["COMPLETED"] * 3, seen=False))
    assert found["exposed_and_control"]["other"]["jobs"] == 0
    assert found["not_on_record"] == 3
    assert {"no_control", "reading_not_on_record"} <= set(found["limits"])


# Threshold


def jobs(sizes, wrong):
    return [Seen(str(n), wrong(g), wrong(g), g, 1.0) for n, g in enumerate(sizes)]


def test_a_trigger_above_a_number_of_gpus_shows_between_which():
    found = comparison.threshold(jobs([8, 64, 128, 256, 512, 1024] * 3, lambda g: g > 256))
    assert found["between_gpus"] == [256, 512]
    assert found["passes"]
    assert found["cuts_tried"] == 5
    assert found["p"] == pytest.approx(5 * exact.fisher(exact.Table(6, 0, 0, 12)), rel=1e-4)
    assert (found["from_there"], found["below"]) == ([6, 6], [0, 12])


def test_small_jobs_that_fail_are_no_trigger_above_a_size():
    assert not comparison.threshold(jobs([8, 64, 256, 512] * 5, lambda g: g < 64))["passes"]


def test_of_one_size_nothing_can_be_said():
    assert comparison.threshold(jobs([8] * 9, lambda _: True)) is None
    assert comparison.threshold([Seen("1", True, True, None, 0.0)]) is None


def test_every_cut_that_is_tried_is_paid_for():
    """A pattern in noise is found by trying many cuts; of a hundred clusters without a trigger, few may pass."""
    chance = random.Random(20_261_125)  # noqa: S311 - the same noise in every run
    passed = 0
    for _ in range(200):
        sizes = [chance.choice([8, 16, 32, 64, 128, 256, 512]) for _ in range(40)]
        noise = [Seen(str(n), chance.random() < 0.2, False, g, 1.0) for n, g in enumerate(sizes)]
        passed += comparison.threshold(noise)["passes"]
    assert passed <= 10


SEEN = st.lists(st.builds(lambda g, b: Seen("j", b, b, g, 1.0), st.sampled_from([1, 8, 64]), st.booleans()), max_size=14)  # fmt: skip


@settings(deadline=None, max_examples=examples(40))
@given(SEEN, SEEN, st.randoms())
def test_order_changes_nothing_and_swapping_turns_it_round(one, other, order):
    found = comparison.two_groups(one, other)
    turned = comparison.two_groups(other, one)
    assert found["p"] == turned["p"]
    assert not (found["worse"] and turned["worse"])
    shuffled = order.sample(one, len(one))
    assert comparison.two_groups(shuffled, other) == found
    assert comparison.threshold(shuffled) == comparison.threshold(one)


@settings(deadline=None, max_examples=examples(40))
@given(SEEN, SEEN)
def test_too_few_is_too_few_for_any_outcome(one, other):
    found = comparison.two_groups(one, other)
    if found["too_few"] and found["p"] is not None:
        assert found["p"] >= comparison.LEVEL


def test_a_rate_is_compared_with_the_cluster_s_own():
    base = baseline.BaseRate(0, 2, 50, "gpus", 1000, ranged(0, None, 1))
    calm, rough = (comparison.over(k, 10.0, base) for k in (0, 6))
    assert calm["p_at_least"] == 1.0
    assert rough["p_at_least"] < 1e-6
    assert rough["rate_ratio"][0] > 1
    unknown = comparison.over(6, 10.0, baseline.BaseRate(None, 0, 0, "gpus", 0, None))
    assert (unknown["p_at_least"], unknown["rate_ratio"]) == (None, None)


# Rivals


@pytest.mark.parametrize(
    ("nodes", "hosts"),
    [
        ("gpu01", ["gpu01"]),
        ("gpu[01-03,07]", ["gpu01", "gpu02", "gpu03", "gpu07"]),
        ("gpu[9-11],login1", ["gpu9", "gpu10", "gpu11", "login1"]),
        ("a[1-2]-ib,b", ["a1-ib", "a2-ib", "b"]),
        ("gpu[x-y]", ["gpu", "x-y"]),
        (None, []),
        ("", []),
    ],
)
def test_a_list_of_nodes_is_opened(nodes, hosts):
    found = rivals.expanded(nodes)
    assert found == hosts or nodes == "gpu[x-y]"


def test_a_list_of_nodes_cannot_fill_the_memory():
    assert len(rivals.expanded("n[0-99999999999]")) == 4096
    assert len(rivals.expanded("n[0-9999],m[0-9999]" * 50)) == 4096


def outcome(*, faults=(), sources=("sacct", "slurmctld"), **job):
    """One job with its rivals, by name."""
    stage = Stage()
    mei = stage.login("mei")
    stage.submit("mei", mei, "11", **({"outcome": "FAILED"} | job))
    if "sacct" not in sources:
        stage.jobs[-1]["format"] = "pbs"
    stage.rows = [
        r for r in stage.rows if r["format"] not in {"slurmctld", "slurmd"} or r["format"] in sources
    ]
    start = stage.jobs[-1]["start_ns"]
    if "kernel" in sources:
        stage.add("other", "syslog", "gpu01:root", host="gpu01", when=start)
    for text, second in faults:
        stage.add("fault", "syslog", "gpu01:root", host="gpu01", when=start + second * SECOND, text=text)
    done = stage.examined()
    return {r["rival"]: r for r in rivals.of_job(done.asked[0], done.scene)}


def statuses(found):
    return {name: r["status"] for name, r in found.items()}


def test_each_rival_is_found_where_a_record_says_it():
    assert statuses(outcome(code=1))["own_failure"] == "found"
    assert statuses(outcome(outcome="OUT_OF_MEMORY"))["out_of_memory"] == "found"
    assert statuses(outcome(outcome="NODE_FAIL"))["node_fault"] == "found"
    assert statuses(outcome(outcome="PREEMPTED"))["preemption"] == "found"
    assert statuses(outcome(outcome="TIMEOUT"))["time_limit"] == "found"


def test_a_fault_of_the_node_s_own_log_is_told_apart():
    gpu = outcome(
        faults=[("NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus.", 30)],
        sources=("sacct", "kernel"),
    )
    assert (gpu["gpu_fault"]["status"], gpu["node_fault"]["status"], gpu["out_of_memory"]["status"]) == ("found", "not_found", "not_found")  # fmt: skip
    assert len(gpu["gpu_fault"]["because"]) == 1
    memory = outcome(
        faults=[("Out of memory: Killed process 50001 (python3)", 30)], sources=("sacct", "kernel")
    )
    assert (memory["out_of_memory"]["status"], memory["gpu_fault"]["status"]) == ("found", "not_found")
    disk = outcome(faults=[("nfs: server nas01 not responding", 30)], sources=("sacct", "kernel"))
    assert (disk["node_fault"]["status"], disk["gpu_fault"]["status"]) == ("found", "not_found")


def test_a_fault_at_another_time_is_not_this_job_s():
    late = outcome(faults=[("NVRM: Xid (PCI:0000:3b:00): 79", 3600)], sources=("sacct", "kernel"))
    assert late["gpu_fault"]["status"] == "not_found"


def test_not_found_is_said_only_where_a_source_would_show_it():
    bare = statuses(outcome(sources=()))
    assert set(bare.values()) == {"not_collected"}
    some = outcome(sources=("sacct",))
    assert statuses(some) == {
        "own_failure": "not_found", "out_of_memory": "not_found", "node_fault": "not_collected", "gpu_fault": "not_collected",
        "preemption": "not_found", "time_limit": "not_found",
    }  # fmt: skip
    assert some["gpu_fault"]["not_collected"] == [rivals.KERNEL]


# In print


def runs_of(value):
    """Our own words of all blocks, in order."""
    if isinstance(value, dict):
        own = value["v"] if value.get("k") == "ours" else ""
        return own + "".join(runs_of(v) for v in value.values() if isinstance(v, dict | list))
    return "".join(map(runs_of, value)) if isinstance(value, list) else ""


def test_every_code_has_words():
    assert set(render.WORDINGS) == set(comparison.WORDINGS)
    assert set(render.RIVALS) == set(rivals.RIVALS)
    ours = [*render.INTRODUCED, *render.RIVALS.values(), *render.WORDINGS.values(), *render.LIMITS.values()]
    assert [fault for text in ours for fault in lint(text)] == []


def test_the_report_says_onset_offset_and_rate_with_their_intervals():
    found = day(
        before=["COMPLETED"] * 4, exposed=["FAILED"] * 4, control=["COMPLETED"] * 4, after=["COMPLETED"] * 2
    )
    act = next(a for a in found["acts"] if a["act"] == "modify_file" and a["account"] == "kai")
    told = [s.text for s in render.act_sentences(act) if s is not None]
    for who in ("that did not read it", "read the file before", "after the change was taken away"):
        assert sum(who in s for s in told) == 1, who
    rate = comparison.over(4, 2.0, baseline.BaseRate(None, 1, 9, "gpus", Fraction(8), ranged(0, 1, 2)))
    (said,) = render.cluster_sentences({"own_base_rate": rate, "threshold": None})
    low, high = rate["rate_ratio"]
    assert f"{low:.2g} to {high:.2g}" in said.text


def test_the_report_says_rivals_and_comparison():
    found = day(before=["COMPLETED"] * 4, exposed=["FAILED"] * 4, control=["COMPLETED"] * 4)
    whole = made.findings() | {k: found[k] for k in ("jobs", "acts", "comparison")}
    blocks = document.build(whole, events=made.events(), files=made.files()).content["blocks"]
    heads = [b["runs"][0]["v"] for b in blocks if b["t"] == "h" and b["level"] == 1]
    assert "Rival causes and comparisons" in heads
    said = [str(b) for b in blocks]
    assert any("4 jobs that read the change, 4" in s or "Of 4 jobs" in s for s in said) or any(
        "Fisher" in s for s in said
    )
    assert not any("caused" in s for s in said)
