"""What was held, by whom records say so: attempts, and the most at one time, against their definitions."""

from fractions import Fraction

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.analysis import allocations, evidence
from forensics.core import tables
from forensics.core.ranges import ranged

S = 1_000_000_000


def frame(rows):
    names = tables.JOB_RECORD.names
    whole = [
        {"format": "sacct", "domain": "slurm:admin", "sha256": "a" * 64, "start": n * 10, "stop": n * 10 + 10} | row
        for n, row in enumerate(rows)
    ]  # fmt: skip
    made = evidence.frame(tables.JOB_RECORD.build({n: [r.get(n) for r in whole] for n in names}))
    for extra in ("cpus", "node_count", "energy_j"):
        if extra not in made:
            made[extra] = pd.array([r.get(extra) for r in whole], dtype="Int64")
    return made


def ran(job, start, seconds, gpus, **more):
    return {"job": job, "start_ns": start * S, "end_ns": (start + seconds) * S, "elapsed_s": seconds, "gpus": gpus, "outcome": "FAILED"} | more  # fmt: skip


def of(rows, job):
    made = frame(rows)
    return allocations.of_jobs(allocations.attempts(made), made, [job])[job]


def test_a_requeued_job_has_attempts():
    first, second = of([ran("7", 100, 50, 8), ran("7", 200, 30, 8)], "7")
    assert [(a.number, a.of, a.start_ns // S) for a in (first, second)] == [(1, 2, 100), (2, 2, 200)]
    assert first.spans != second.spans


def test_several_sources_of_one_attempt_are_one_and_differ_in_a_range():
    (only,) = of(
        [
            ran("7", 100, 50, 8),
            ran("7", 101, 50, 16, format="jobcomp"),
            ran("7", 100, 50, 8, sha256="b" * 64),
        ],
        "7",
    )
    assert only.counts["gpus"] == ranged(8, 8, 16)
    assert len(only.spans) == 3


def test_a_run_time_may_be_a_second_off():
    (only,) = of([ran("7", 100, 50, 8)], "7")
    assert only.elapsed_s == ranged(49, 50, 51)
    assert only.held_s("gpus") == ranged(49 * 8, 400, 51 * 8)


def test_what_is_not_recorded_is_null():
    (only,) = of([ran("7", 100, 50, None)], "7")
    assert "gpus" not in only.counts
    assert only.held_s("gpus") is None
    assert only.energy_j is None
    (waits,) = of([{"job": "8", "outcome": "PENDING"}], "8")
    assert (waits.start_ns, waits.elapsed_s) == (None, None)


def test_a_row_that_waits_beside_one_that_ran_is_no_run():
    attempts = of([ran("7", 100, 50, 8), {"job": "7", "outcome": "PENDING"}, {"job": "7"}], "7")
    assert [a.number for a in attempts] == [1]


def test_steps_hold_nothing_beside_their_job():
    (only,) = of([ran("7", 100, 50, 8), ran("7", 100, 50, 8, step="batch")], "7")
    assert only.counts["gpus"] == ranged(8, 8, 8)


def test_the_peak_says_what_it_does_not_know():
    made = allocations.attempts(frame([ran("1", 0, 10, 8), ran("2", 5, 10, 4), ran("3", 5, 10, None)]))
    assert allocations.peak(made, "gpus") == (12, 5 * S, 1)
    assert allocations.peak(made, "cpus") == (None, None, 3)


def test_a_running_job_holds_on():
    made = allocations.attempts(frame([ran("1", 0, 10, 8, outcome="RUNNING"), ran("2", 50, 10, 4)]))
    assert allocations.peak(made, "gpus").most == 12


RUNS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 20), st.integers(0, 9)).map(
        lambda r: (r[0] * 10, r[1], r[2])
    ),
    min_size=1,
    max_size=12,
)


@settings(deadline=None, max_examples=25)
@given(RUNS)
def test_the_peak_agrees_with_its_definition(runs):
    """At each second, whoever holds then, both ends included: slow and obvious."""
    made = allocations.attempts(frame([ran(str(n), *r) for n, r in enumerate(runs)]))
    most = max(sum(g for s, n, g in runs if s <= at <= s + n) for at in {s for s, _, _ in runs})
    assert allocations.peak(made, "gpus").most == most


@settings(deadline=None, max_examples=25)
@given(RUNS, st.randoms())
def test_order_and_copies_change_nothing(runs, random):
    rows = [ran(str(n), *r) for n, r in enumerate(runs)]
    whole = allocations.attempts(frame(rows))
    twice = [*rows, *({**r, "sha256": "c" * 64} for r in rows)]
    random.shuffle(twice)
    again = allocations.attempts(frame(twice))
    pd.testing.assert_frame_equal(whole, again)
    assert allocations.held_hours(whole, "gpus") == allocations.held_hours(again, "gpus")


@settings(deadline=None, max_examples=30)
@given(RUNS, st.integers(0, 300), st.integers(0, 100))
def test_hours_of_a_window_are_no_more_than_of_all_time(runs, since, length):
    made = allocations.attempts(frame([ran(str(n), *r) for n, r in enumerate(runs)]))
    part = allocations.held_hours(made, "gpus", (since * S, (since + length) * S))
    whole = allocations.held_hours(made, "gpus")
    assert part.low <= whole.low
    assert part.high <= whole.high
    exact = sum(g * max(0, min(s + n, since + length) - max(s, since)) for s, n, g in runs)
    assert part.low * 3600 <= exact <= part.high * 3600


def test_hours_held_may_be_a_second_more_or_less():
    made = allocations.attempts(frame([ran("1", 0, 50, 8)]))
    assert allocations.held_hours(made, "gpus") == ranged(
        Fraction(49 * 8, 3600), None, Fraction(51 * 8, 3600)
    )
