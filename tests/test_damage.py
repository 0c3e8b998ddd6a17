"""What jobs lost, on invented days: since the last good state, once, at stated rates, and no more than is known."""

import json
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import fixtures_findings as made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import SECOND, UIDS, Stage

from forensics import pipeline
from forensics.analysis import comparison, losses
from forensics.analysis import damage as analysis
from forensics.analysis.acts import Act
from forensics.analysis.allocations import Attempt
from forensics.analysis.checkpoints import Saved
from forensics.cli import damage as command
from forensics.core import clock, rates
from forensics.core.errors import RatesError, UsageError
from forensics.core.ranges import ranged
from forensics.core.roster import Question
from forensics.render import damage as render
from forensics.render import document
from forensics.render.forbidden import lint

PRICED = """
currency = "EUR"
[[rate]]
per = "gpu_hour"
price = {{ low = 1, central = 2, high = 3 }}
electricity = "{electricity}"
source = "list"
date = 2026-10-01
[energy]
watts_per_gpu = 500
pue = 1.2
tariff_per_kwh = 0.25
source = "meter"
date = 2026-10-01
"""


def priced(more="", electricity="included"):
    return rates.rates((PRICED.format(electricity=electricity) + more).encode(), "r")


def killed(*saves, at=1000, job="11", outcome="CANCELLED"):
    """Kai cancels a job of mei's, `at` seconds after it started; its process saved at the given seconds."""
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    pid = day.submit("mei", mei, job, seconds=at, outcome=outcome)
    start = day.jobs[-1]["start_ns"]
    for second, verb in saves:
        day.add(
            verb, when=start + second * SECOND, uid=UIDS["mei"], euid=UIDS["mei"], pid=pid, ppid=49_999, exe="/usr/bin/python3",
            object_kind="path", object=f"/srv/proj/step{second}.ckpt", object_from=f"/srv/proj/tmp{second}" if verb == "rename" else None,
        )  # fmt: skip
    day.at = start + at * SECOND
    day.cancel("kai", kai, job)
    day.jobs[-1] |= {"requestor": "4102", "end_ns": day.at, "elapsed_s": at}
    return day


def told(day, stated, question=None):
    return analysis.damage(day.examined(question), stated)


@cache
def saved_once():
    """What was found of the day on which the job saved once; no test changes it."""
    return killed((700, "rename")).examined()


def only(found):
    (row,) = found["attempts"]
    return row


def numbers(part):
    return tuple(None if part[k] is None else Fraction(part[k]) for k in ("low", "central", "high"))


def near(part, hours):
    """GPU-hours of the 8 GPUs, to the two seconds that clocks leave."""
    low, central, high = numbers(part)
    slack = Fraction(3 * 8, 3600) + Fraction(1, 1000)
    return (
        low <= hours <= high
        and high - low <= 2 * slack
        and (central is None or abs(central - hours) <= slack)
    )


def test_what_was_done_since_the_last_checkpoint_is_lost():
    row = only(told(killed((400, "rename"), (700, "rename")), priced()))
    assert (row["column"], row["head"], row["basis"]) == ("established", "lost_since_checkpoint", "seen")
    assert near(row["lost_hours"], Fraction(8 * 300, 3600))


def test_a_checkpoint_that_may_be_unfinished_is_good_for_the_low_end_only():
    row = only(told(killed((400, "rename"), (700, "create")), priced()))
    low, _, high = numbers(row["lost_hours"])
    assert abs(low - Fraction(8 * 300, 3600)) < Fraction(1, 50)
    assert abs(high - Fraction(8 * 600, 3600)) < Fraction(1, 50)


def test_without_a_checkpoint_anything_from_nothing_to_all_is_lost():
    found = told(killed(), priced())
    row = only(found)
    low, central, high = numbers(row["lost_hours"])
    assert (low, central) == (0, None)
    assert high >= Fraction(8 * 1000, 3600)
    assert "without_checkpoint" in found["limits"]


def test_a_checkpoint_that_was_removed_is_nothing_to_go_on_from():
    day = killed((400, "rename"), (700, "rename"))
    day.wait(5)
    day.change("kai", "32", "/srv/proj/step700.ckpt", program="rm", verb="delete")
    row = only(told(day, priced()))
    assert near(row["lost_hours"], Fraction(8 * 600, 3600))


def test_a_checkpoint_that_the_job_itself_removes_is_gone_too():
    """As where a payload removes what it finds, or a trainer keeps the last one only."""
    day = killed((400, "rename"), (700, "rename"))
    wrote = next(r for r in day.rows if r["object"] == "/srv/proj/step700.ckpt")
    day.add("delete", when=wrote["earliest_ns"] + SECOND, uid=4101, euid=4101, pid=wrote["pid"], ppid=49_999, exe="/usr/bin/python3", object_kind="path", object=wrote["object"])  # fmt: skip
    row = only(told(day, priced()))
    assert near(row["lost_hours"], Fraction(8 * 600, 3600))


def test_a_file_that_is_named_otherwise_is_a_checkpoint_where_the_rates_say_so():
    day = killed((700, "rename"))
    for row in day.rows:
        row["object"] = row["object"] and row["object"].replace("step700.ckpt", "state.bin")
    assert only(told(day, priced()))["basis"] == "none"
    stated = rates.rates(
        ('checkpoints = ["state.bin"]\n' + PRICED.format(electricity="included")).encode(), "r"
    )
    assert only(told(day, stated))["basis"] == "seen"


def test_a_gap_in_the_trail_may_hide_a_later_checkpoint():
    day = killed((700, "rename"))
    day.add("audit_lost", when=day.at - 100 * SECOND)
    assert numbers(only(told(day, priced()))["lost_hours"])[0] == 0


def test_a_verified_state_that_is_stated_comes_before_what_is_seen():
    day = killed((700, "rename"))
    start = day.jobs[-1]["start_ns"]
    at = clock.written(start + 200 * SECOND)
    more = f'[[checkpoint]]\njob = "11"\nat = {at}\nverified_by = "mei"\nsource = "manifest"\ndate = 2026-11-24\n'
    row = only(told(day, priced(more)))
    assert row["basis"] == "stated"
    assert near(row["lost_hours"], Fraction(8 * 800, 3600))


def poisoned(outcome="TIMEOUT", code=0):
    """Kai changes the script that mei's job then runs."""
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    day.change("kai", kai, "/srv/proj/train.py", owner="mei")
    day.submit("mei", mei, "11", outcome=outcome, seconds=1000, code=code)
    day.jobs[-1]["format"] = "sacct_json"
    return day


def test_an_edit_beside_an_exit_code_of_the_job_s_own_is_no_established_loss():
    assert only(told(poisoned("FAILED", 1), priced()))["column"] == "possible"


def test_nothing_of_a_run_on_changed_bytes_is_known_to_be_good():
    row = only(told(poisoned(), priced()))
    assert (row["column"], row["head"]) == ("established", "unusable_run")
    assert numbers(row["lost_hours"])[:2] == (0, None)
    assert numbers(row["lost_hours"])[2] >= Fraction(8 * 1000, 3600)


def test_slower_steps_are_counted_in_what_is_left_of_the_run():
    day = poisoned(outcome="COMPLETED", code=0)
    start = day.jobs[-1]["start_ns"]
    good = f'[[checkpoint]]\njob = "11"\nat = {clock.written(start + 999 * SECOND)}\nverified_by = "mei"\nsource = "replay"\ndate = 2026-11-24\n'
    slow = '[[slowdown]]\njob = "11"\nsteps = 100\nobserved_s = 5\ncontrol_s = 2\nsource = "step log"\ndate = 2026-11-24\n'
    assert near(only(told(day, priced(good + slow)))["lost_hours"], Fraction(8 * 301, 3600))
    assert numbers(only(told(day, priced(good + slow.replace("100", "9999"))))["lost_hours"])[2] <= Fraction(
        8 * 1002, 3600
    ), "no more than all of it"


def test_another_cause_is_not_counted_and_an_open_one_is_possible():
    day = Stage()
    mei = day.login("mei")
    day.submit("mei", mei, "1", outcome="NODE_FAIL")
    day.submit("mei", mei, "2", outcome="CANCELLED")
    found = told(day, priced())
    assert [r["column"] for r in found["attempts"]] == ["not_counted", "possible"]
    assert found["sums"]["established"]["attempts"] == 0
    assert found["sums"]["established"]["money"] is None
    assert found["sums"]["possible"]["attempts"] == 1


def requeued():
    day = killed((700, "rename"), outcome="CANCELLED")
    first = day.jobs[0]
    later = first["end_ns"] + 600 * SECOND
    first["state"] = "REQUEUED"
    day.jobs.append(first | {"state": "COMPLETED", "start_ns": later, "end_ns": later + 300 * SECOND, "elapsed_s": 300, "outcome": "COMPLETED", "submit_ns": first["submit_ns"] + SECOND, "start": 500, "stop": 510})  # fmt: skip
    return day


def test_a_rerun_is_named_and_pays_for_nothing_twice():
    first, again = told(requeued(), priced())["attempts"]
    assert (first["column"], again["column"]) == ("established", "not_counted")
    assert (again["head"], again["repeats"], again["why"]) == (
        "rerun",
        "11",
        "its_work_is_counted_as_lost_already",
    )


def test_a_stated_rerun_counts_where_the_first_loss_is_not_known():
    day = killed()
    day.jobs[-1] |= {"elapsed_s": None, "end_ns": None}
    day.jobs.append(day.jobs[0] | {"job": "12", "start_ns": day.at + SECOND, "end_ns": day.at + 301 * SECOND, "elapsed_s": 300, "outcome": "COMPLETED", "requestor": None, "start": 500, "stop": 510})  # fmt: skip
    more = '[[rerun]]\njob = "12"\nof = "11"\nsource = "mei"\ndate = 2026-11-24\n'
    found = told(day, priced(more), Question(jobs=("11",)))
    first, again = found["attempts"]
    assert first["compute"] is None
    assert (again["head"], again["column"], again["why"]) == (
        "rerun",
        "established",
        "loss_of_the_first_run_is_not_known",
    )
    assert found["sums"]["established"]["without_figure"] == 1


def test_electricity_is_in_the_rate_or_beside_it_never_both():
    held, beside = (
        only(analysis.damage(saved_once(), priced(electricity=how))) for how in ("included", "excluded")
    )
    assert (held["energy_why"], held["energy_money"]) == ("in_rate", None)
    assert held["money"] == held["compute"] == beside["compute"]
    assert beside["energy_kwh"] == held["energy_kwh"]
    parts = numbers(beside["compute"]), numbers(beside["energy_money"])
    assert numbers(beside["money"]) == tuple(
        None if a is None or b is None else a + b for a, b in zip(*parts, strict=True)
    )
    # 8 GPUs at 500 W for the lost 300 s, less what was to be expected, with the building's share.
    assert numbers(beside["energy_kwh"])[2] <= Fraction(8 * 500 * 305, 3600 * 1000) * Fraction(
        12, 10
    ) + Fraction(1, 100)
    assert beside["energy_from"] == "modelled"


def test_a_meter_comes_before_a_model_and_a_zero_is_no_meter():
    day = killed((700, "rename")).examined()
    records = day.scene.evidence.job_records
    for joules, source in ((3_600_000, "metered"), (0, "modelled")):
        records["energy_j"] = joules
        row = only(analysis.damage(day, priced(electricity="excluded")))
        assert row["energy_from"] == source
    records["energy_j"] = 3_600_000
    high = numbers(only(analysis.damage(day, priced()))["energy_kwh"])[2]
    assert high <= Fraction(12, 10) * Fraction(303, 999) + Fraction(1, 100), (
        "its share of the run, with the building's"
    )


def history(day, jobs, failed, *, seconds=86_400):
    """Jobs that ended the day before, some of them badly."""
    base = day.jobs[0]
    for n in range(jobs):
        start = base["start_ns"] - (10 + n) * 86_400 * SECOND
        outcome = "FAILED" if n < failed else "COMPLETED"
        day.jobs.append(base | {"job": str(900 + n), "start_ns": start, "submit_ns": start, "end_ns": start + seconds * SECOND, "elapsed_s": seconds, "outcome": outcome, "requestor": None, "start": 1000 + n, "stop": 1001 + n})  # fmt: skip
    return day


def test_what_was_to_be_expected_anyway_is_taken_off():
    asked = Question(jobs=("11",))
    without = told(killed((700, "rename")), priced(), asked)
    calm = told(history(killed((700, "rename")), 20, 0), priced(), asked)
    rough = told(history(killed((700, "rename")), 20, 20), priced(), asked)
    assert "no_base_rate" in without["limits"]
    assert "no_base_rate" not in calm["limits"]
    low = [numbers(only(f)["net_hours"])[0] for f in (without, rough, calm)]
    assert low[0] == 0 < low[1] < low[2]
    assert [f["baseline"][0]["failures"] for f in (without, rough, calm)] == [0, 20, 0]
    assert calm["baseline"][0]["unit_days"] == 160
    assert rough["baseline"][0]["literature"]["own_rate_is"] == "higher"


def test_a_figure_that_was_given_out_meets_the_records():
    stated = '[stated]\ngpus = {}\nloss = {}\nsource = "rumour"\ndate = 2026-11-25\n'
    said = analysis.damage(saved_once(), priced(stated.format(8000, 10_000_000)))["ceiling"]["stated"]
    assert said["gpus_answer"] == "more_than_was_allocated_at_any_time"
    assert said["loss_answer"] == "more_than_all_allocated_hours_at_the_highest_price"
    said = analysis.damage(saved_once(), priced(stated.format(8, 1)))["ceiling"]["stated"]
    assert said["gpus_answer"] == "within_what_was_allocated"
    assert said["loss_answer"] == "within_all_allocated_hours_at_the_highest_price"
    day = killed((700, "rename"))
    day.jobs.append(day.jobs[0] | {"job": "77", "gpus": None, "start": 900, "stop": 901})
    said = told(day, priced(stated.format(8000, 10_000_000)))["ceiling"]["stated"]
    assert said["gpus_answer"] == "more_than_the_recorded_attempts_held"


def test_what_is_not_recorded_is_null_and_counted_as_such():
    day = killed((700, "rename"))
    day.jobs[0]["gpus"] = None
    found = told(day, priced())
    row = only(found)
    assert (row["compute"], row["money"], row["net_hours"]) == (None, None, None)
    assert found["sums"]["established"] | {"net_hours": {}} == {
        "attempts": 1, "without_figure": 1, "net_hours": {}, "compute": None, "energy_kwh": None, "energy_money": None, "money": None,
    }  # fmt: skip
    assert {"attempts_without_figure", "no_rate_for_attempt"} <= set(found["limits"])


def test_labour_is_in_no_sum():
    more = '[[labour]]\nwhat = "search"\nhours = 40\nprice = 75\nsource = "sheets"\ndate = 2026-11-24\n'
    with_it, without = (analysis.damage(saved_once(), rate) for rate in (priced(more), priced()))
    assert with_it["labour"][0]["money"] == {"low": "3000.00", "central": "3000.00", "high": "3000.00"}
    assert with_it["sums"] == without["sums"]


def floats(found):
    if isinstance(found, dict):
        for inner in found.values():
            yield from floats(inner)
    elif isinstance(found, list):
        for inner in found:
            yield from floats(inner)
    elif isinstance(found, float):
        yield found


def test_no_amount_is_a_float():
    found = analysis.damage(saved_once(), priced())
    assert not [v for part in ("attempts", "sums", "ceiling", "labour", "rates") for v in floats(found[part])]


@pytest.mark.parametrize("saves", [(), ((400, "rename"), (990, "create"))], ids=["none", "two"])
def test_rows_add_up_and_nothing_exceeds_what_was_held(saves):
    examined = killed(*saves).examined()
    found = analysis.damage(examined, priced(electricity="excluded"))
    row = only(found)
    lost, net, held = (numbers(row[k]) for k in ("lost_hours", "net_hours", "allocated_hours"))
    assert lost[2] <= held[2]
    assert net[2] <= lost[2]
    assert net[0] <= lost[0]
    assert found["sums"]["established"]["money"] == row["money"]
    again = analysis.damage(examined, priced(electricity="excluded"))
    assert json.dumps(found, sort_keys=True) == json.dumps(again, sort_keys=True)


RUN = Attempt("11", 1, 1, "c", "mei", "CANCELLED", 0, 1000 * SECOND, ranged(999, 1000, 1001), {"gpus": ranged(8, 8, 8)}, None, ())  # fmt: skip
SAVES = st.lists(
    st.builds(
        lambda at, whole, basis: Saved(
            f"/s{at}.ckpt", at * SECOND, at * SECOND + 999, whole, basis, f"e{at}"
        ),
        st.integers(0, 1000),
        st.booleans(),
        st.sampled_from(["seen", "listed"]),
    ),
    max_size=4,
).map(lambda saves: sorted(saves, key=lambda s: s.earliest_ns))


def lost(saves, changed=()):
    request = Act("cancel", "11", "rule", ["e"], 1000 * SECOND, 1000 * SECOND)
    nothing = SimpleNamespace(gaps=[])
    return losses._seen(
        losses.Loss(RUN, "established", "why"), nothing, [request], list(changed), saves
    ).lost_s


@settings(deadline=None)
@given(SAVES, st.integers(0, 1000))
def test_the_loss_is_within_the_run_and_a_checkpoint_never_adds_to_it(saves, second):
    found = lost(saves)
    assert 0 <= found.low <= found.high <= RUN.elapsed_s.high
    last = Saved("/last.ckpt", 999 * SECOND, 999 * SECOND, True, "seen", "last")
    assert lost([*saves, last]).high <= min(found.high, 3)
    changed = lost(saves, [second * SECOND])
    assert changed.high >= found.high, "what was saved after bytes were changed is not known to be good"
    assert changed.low == found.low


def test_what_is_left_behind_for_later_changes_no_bytes_of_the_job():
    """A crontab entry whose command kills a job is no poisoned file: what the job had saved is good."""
    entry = Act(
        "plant", "/var/spool/cron/kai", "rule", ["e"], 0, 0, job="11", link="derived", why_link="carried_act"
    )
    script = Act(
        "modify_file",
        "/srv/train.py",
        "rule",
        ["e"],
        0,
        0,
        job="11",
        link="derived",
        why_link="argument_of_job_process",
    )
    assert [losses.changes_bytes(a) for a in (entry, script)] == [False, True]
    assert comparison.compared(entry, SimpleNamespace(history={}), None) is None


@settings(deadline=None)
@given(SAVES)
def test_the_range_holds_what_the_last_whole_checkpoint_leaves(saves):
    """By definition: since the last one that is known to be whole, all is lost; what came after may have been good too."""
    before = [s for s in saves if s.latest_ns < 1000 * SECOND]
    seen = [s for s in before if s.basis == "seen"]
    whole = seen if not seen or seen[-1].whole else seen[:-1]
    most = 1000 - whole[-1].earliest_ns // SECOND if whole else 1000
    least = 1000 - before[-1].latest_ns // SECOND if before else 0
    found = lost(saves)
    assert found.low <= max(least - 1, 0) <= most <= found.high
    assert found.high - found.low <= most - max(least - 2, 0) + 2


# In print


def in_print(found):
    return document.build(made.findings() | {"damage": found}, events=made.events(), files=made.files())


def texts(value):
    if isinstance(value, dict):
        if value.get("k") in {"ours", "quoted", "person"}:
            yield value["v"] if isinstance(value["v"], str) else "".join(map(str, value["v"]))
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


@pytest.fixture(scope="module")
def whole():
    stated = '[stated]\ngpus = 8000\nloss = 10000000\nsource = "#panic(1) \\u202e"\ndate = 2026-11-25\n'
    more = '[[labour]]\nwhat = "search"\nhours = 40\nprice = 75\nsource = "sheets"\ndate = 2026-11-24\n'
    more += (
        '[[mitigation]]\nat = 2026-11-24T09:00:00Z\nwhat = "rebuilt"\nsource = "ticket"\ndate = 2026-11-24\n'
    )
    return told(killed((700, "rename")), priced(stated + more))


def test_the_report_has_the_section_with_rates_and_not_without(whole):
    heads = [
        ["".join(texts(b)) for b in d.content["blocks"] if b["t"] == "h" and b["level"] == 1]
        for d in (in_print(whole), in_print(None))
    ]
    assert "Damage" in heads[0]
    assert "Damage" not in heads[1]
    assert heads[0].index("Damage") < heads[0].index("Method and limits")


def test_the_section_says_what_the_figures_are(whole):
    said = "".join(texts(in_print(whole).content["blocks"]))
    money = whole["sums"]["established"]["money"]
    assert f"The established losses are {money['low']} to {money['high']}" in said
    assert "8,000 GPUs" in said
    assert "more than was allocated at any time" in said
    assert "\u202e" not in said


def test_every_code_has_words(whole):
    assert set(render.LIMITS) == set(analysis.LIMITS)
    assert {r["head"] for r in whole["attempts"]} <= set(render.HEADS)
    assert set(render.COLUMNS) == set(losses.COLUMNS)
    ours = [*render.INTRODUCED, *render.LIMITS.values(), *render.ANSWERS.values(), *render.HEADS.values(), *render.BASES.values()]  # fmt: skip
    assert [fault for text in ours for fault in lint(text)] == []


def test_the_how_to_explains_every_limit():
    page = (Path(__file__).parents[1] / "docs/how-to/estimate-damage.md").read_text(encoding="utf-8")
    assert [code for code in analysis.LIMITS if f"`{code}`" not in page] == []


# As typed


def test_the_command_needs_rates_keeps_them_and_prints_what_json_holds(tmp_path, capsys):
    folder = Path(__file__).parents[1] / "sample_logs"
    incident = folder / "incidents" / "self_failure"
    case = tmp_path / "case"
    pipeline.create(case)
    pipeline.seal(case, [incident / "evidence" / "slurm"], about=incident / "case.toml")
    pipeline.ingest(case)
    pipeline.analyse(case)
    with pytest.raises(UsageError, match="--rates"):
        pipeline.damage(case)
    with pytest.raises(RatesError):
        pipeline.damage(case, incident / "case.toml")
    first = pipeline.damage(case, folder / "rates.toml")
    assert (case / "inputs" / "rates.toml").read_bytes() == (folder / "rates.toml").read_bytes()
    assert pipeline.damage(case) == first
    assert pipeline.damage(case, stated_gpus=1, stated_loss="0.5")["ceiling"]["stated"]["gpus"] == 1
    with pytest.raises(RatesError, match="--stated-loss"):
        pipeline.damage(case, stated_loss="ten million")
    command.damage(case, as_json=True)
    assert json.loads(capsys.readouterr().out) == first
    command.damage(case)
    lines = capsys.readouterr().out.splitlines()
    assert "currency\tEUR" in lines
    heads = lines[lines.index("# attempts") + 1].split("\t")
    assert len(lines[lines.index("# attempts") + 2].split("\t")) == len(heads)
