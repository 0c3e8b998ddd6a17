"""A federation of Slurm clusters: one submission with records on several, of which at most one ran it."""

import json

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from stage import SECOND, T0, Stage
from test_slurm import FEW, SAMPLES, parsed, told

from forensics.analysis import allocations, identity, lives
from forensics.analysis.job_records import reconstruct
from forensics.analysis.lives import Life
from forensics.core import federation
from forensics.core.roster import Question
from forensics.render.federations import federation_sentence

JOB = "67108875"
"""Taken by cluster 1 of its federation, as its eleventh."""
HOUR = 3_600 * SECOND


def of(name, sample, table="job_record"):
    return told(name, (SAMPLES / name / sample).read_bytes())[table]


def staged(*records, events=()):
    """Evidence of some records of jobs, each mei's, submitted at T0 unless it says otherwise."""
    case = Stage()
    for n, row in enumerate(records):
        whole = {
            "job": JOB,
            "owner": "mei",
            "name": "train",
            "submit_ns": T0,
            "state": "COMPLETED",
            "outcome": "COMPLETED",
            "ending": "completed",
        }
        whole |= {
            "format": "sacct",
            "domain": "slurm:admin",
            "sha256": "a" * 64,
            "start": n * 100,
            "stop": n * 100 + 100,
        } | row
        case.jobs.append(whole)
    for verb, more in events:
        case.add(verb, "slurmctld", "slurm:admin", **more)
    return case


def taken_back(cluster, **more):
    return {"cluster": cluster, "state": "REVOKED", "outcome": "OTHER", "ending": "revoked"} | more


def ran(cluster, first=0, seconds=60, **more):
    return {
        "cluster": cluster,
        "start_ns": T0 + first * SECOND,
        "end_ns": T0 + (first + seconds) * SECOND,
    } | more


def jobs(case):
    evidence = case.evidence(Question())
    lives.told_apart(evidence)
    return reconstruct(evidence, identity.directory(evidence))


# What a record says.


@FEW
@example(2**26, "")
@example(2**32 - 2, "")
@example(2**32 - 3, "_1")
@given(st.integers(0, 2**33), st.sampled_from(["", "_3", "+1", "_[1-4]"]))
def test_the_upper_bits_are_the_origin(number, rest):
    cluster = number // 2**26
    named = cluster > 0 and number < federation.NO_NUMBER
    job = f"{number}{rest}"
    assert federation.origin(job) == (cluster if named else None)
    assert federation.federated(pa.array([job])).to_pylist() == [named]


@pytest.mark.parametrize(
    "job", ["", "x67108875", "10", "67108863", "067108875000", "6710887567108875", "j.67108875"]
)
def test_what_is_no_such_number_names_no_origin(job):
    assert federation.origin(job) is None
    assert federation.federated(pa.array([job, None])).to_pylist() == [False, False]


def test_a_copy_that_was_taken_back_neither_ran_nor_ended():
    rows = [r for r in of("sacct", "federation_siblings.psv") if r["state"] == "REVOKED"]
    assert len(rows) == 4
    for r in rows:
        assert (r["outcome"], r["ending"], r["start_ns"], r["end_ns"]) == ("OTHER", "revoked", None, None)
    said = [e for e in of("sacct", "federation_siblings.psv", "event") if e["text"] == "REVOKED"]
    assert {e["verb"] for e in said} == {"other"}
    assert len([e for e in said if e["earliest_ns"] is not None]) == 4


@pytest.mark.parametrize(
    "state", [["FAILED", "REVOKED"], "REVOKED", ["PENDING", "REVOKED"], "CANCELLED,REVOKED"]
)
def test_the_state_of_a_copy_is_not_its_own(state):
    """The controller's listing tells how the job fared elsewhere beside the flag."""
    held = {
        "job_id": int(JOB),
        "job_state": state,
        "user_name": "mei",
        "tres_alloc_str": "",
        "end_time": 1795706792,
        "start_time": 1795706792,
    }
    (row,) = told("scontrol_json", json.dumps({"jobs": [held]}))["job_record"]
    assert (row["outcome"], row["ending"], row["end_ns"]) == ("OTHER", "revoked", None)


def test_a_copy_did_not_start_when_it_was_taken_back():
    """Accounting can write that moment as its start; without a list of nodes nothing else says so."""
    row = f"{JOB}|mei|REVOKED|2026-11-26T15:28:21|2026-11-26T15:28:21|2026-11-26T15:28:21"
    made = told("sacct", f"JobID|User|State|Submit|Start|End\n{row}\n")
    assert [r["start_ns"] for r in made["job_record"]] == [None]
    assert {e["verb"] for e in made["event"]} == {"submit", "other"}


def test_the_completion_log_does_not_say_that_a_copy_failed():
    """It writes the state without the flag, and of a copy as of the job that ran elsewhere."""
    got = [
        (r["job"], r["cluster"], r["state"], r["ending"])
        for r in of("jobcomp", "federation_without_the_flag.log")
    ]
    assert got == [
        (JOB, "alpha", "PENDING", "revoked"), (JOB, "alpha", "FAILED", "revoked"), ("67108874", "alpha", "COMPLETED", "completed"),
        ("67108874", "beta", "CANCELLED", "revoked"), (JOB, "beta", "FAILED", "failed_by_itself"),
    ]  # fmt: skip


def test_a_job_that_waited_outside_a_federation_was_cancelled():
    line = (SAMPLES / "jobcomp" / "federation_without_the_flag.log").read_text().splitlines(keepends=True)[3]
    (row,) = told("jobcomp", line.replace("67108874", "67108863"))["job_record"]
    assert (row["outcome"], row["ending"]) == ("CANCELLED", "cancelled")


@pytest.mark.parametrize(
    ("name", "sample"),
    [("scontrol_job", "federation_copies.txt"), ("scontrol_json", "federation_copies.json")],
)
def test_a_copy_without_a_number_is_of_no_job(name, sample):
    """4294967294 is no job, however many copies bear it."""
    assert {r["job"]: r["federation_origin"] for r in of(name, sample)} == {JOB: "alpha", "134217739": "beta"}
    (lost,) = [e for e in of(name, sample, "event") if "train-g" in (e["text"] or "")]
    assert (lost["job"], lost["account"], lost["verb"]) == (None, None, "other")
    assert "alpha" in lost["text"]


def test_only_a_copy_that_was_taken_back_may_lack_its_number():
    for state, read in (("REVOKED", 1), (["PENDING", "REVOKED"], 1), ("RUNNING", 0), (None, 0)):
        for number in ({"job_id": None}, {"job_id": 2**32 - 2}):
            held = {"jobs": [{"job_state": state, "user_name": "mei"} | number]}
            assert parsed("scontrol_json", json.dumps(held)).records.num_rows == read
        assert parsed("scontrol_json", json.dumps({"jobs": [{"job_state": state}]})).records.num_rows == 0


def test_the_report_says_which_cluster_took_it():
    job = {"job": JOB, "federation_origin": "alpha", "siblings": ["alpha: REVOKED", "beta: FAILED"]}
    sentence = federation_sentence(job)
    assert (
        sentence.text
        == f"Job `{JOB}` is one submission to a federation of clusters, which `alpha` takes; the records of it are `alpha: REVOKED` and `beta: FAILED`."
    )
    assert federation_sentence({"job": "10"}) is None


# What is one job.


def test_siblings_are_one_submission():
    case = staged(
        taken_back("alpha", sha256="0" * 64, federation_origin="alpha", exit_code=3),
        ran(
            "beta",
            nodes="beta01",
            outcome="FAILED",
            state="FAILED",
            exit_code=3,
            exit_signal=0,
            ending="failed_by_itself",
        ),
    )
    (job,) = jobs(case).values()
    assert (job.job, job.cluster, job.outcome, job.nodes, job.disagree) == (
        JOB,
        "beta",
        "FAILED",
        "beta01",
        [],
    )
    assert (job.federation_origin, job.siblings) == ("alpha", ["alpha: REVOKED", "beta: FAILED"])


def test_a_record_without_a_cluster_is_of_the_run_that_another_names():
    """The controller's own listing names none; the completion log gives a copy the state that the job had elsewhere."""
    copy = taken_back("alpha", state="FAILED", format="jobcomp")
    (job,) = jobs(staged(copy, ran(None, format="scontrol_job"), taken_back("alpha"), ran("beta"))).values()
    assert (job.cluster, job.outcome) == ("beta", "COMPLETED")
    assert job.siblings == [
        "alpha: FAILED, but never ran there", "alpha: REVOKED", "beta: COMPLETED", "cluster not recorded: COMPLETED",
    ]  # fmt: skip


def test_of_a_job_that_never_ran_the_cluster_tells_that_took_nothing_back():
    rows = [
        taken_back("alpha", sha256="0" * 64),
        {"cluster": "beta", "state": "CANCELLED by 0", "outcome": "CANCELLED", "ending": "cancelled"},
    ]
    (attempt,) = allocations.attempts(staged(*rows).evidence(Question()).job_records).itertuples()
    assert (attempt.outcome, attempt.cluster) == ("CANCELLED", "beta")


def test_an_attempt_on_another_cluster_is_the_same_job():
    again = {"submit_ns": T0 + HOUR}
    case = staged(ran("alpha"), taken_back("beta"), taken_back("alpha", **again), ran("beta", 3_700, **again))
    (job,) = jobs(case).values()
    assert (job.cluster, job.start_ns) == ("beta", T0 + 3_700 * SECOND)


def test_the_revocation_of_a_copy_does_not_end_the_job():
    back = ("other", {"job": JOB, "when": T0 + SECOND, "text": "REVOKED"})
    case = staged(
        taken_back("beta"),
        ran("alpha", end_ns=None, outcome="RUNNING", state="RUNNING", ending=None),
        events=[back],
    )
    (job,) = jobs(case).values()
    assert job.end_ns is None


FIRST = {
    "cluster": "alpha",
    "owner": "mei",
    "name": "train",
    "submit_ns": 0,
    "end_ns": HOUR,
    "number": 1,
    "ran": [("alpha", 0, HOUR)],
}


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"ran": []}, True), ({"ran": [], "number": 2}, False), ({"ran": [], "number": None}, False), ({"ran": [], "owner": "kai"}, False),
        ({"ran": [("beta", 0, HOUR)]}, False), ({"ran": [("beta", 2 * HOUR, 3 * HOUR)]}, True), ({"ran": [("beta", HOUR - SECOND, 3 * HOUR)]}, True),
        ({"ran": [("beta", HOUR - 6 * SECOND, 3 * HOUR)]}, False), ({"ran": [], "origin": "gamma"}, False), ({"ran": [], "origin": "alpha"}, True),
        ({"ran": [("beta", 2 * HOUR, 3 * HOUR)], "submit_ns": 40 * HOUR}, False),
    ],
)  # fmt: skip
def test_what_ran_at_once_or_came_from_elsewhere_is_another_job(change, same):
    first, other = FIRST | {"origin": "alpha"}, FIRST | {"cluster": "beta"} | change
    assert Life(**first).fits(Life(**other)) is same
    assert not Life(**(first | {"number": None})).fits(Life(**(other | {"number": None})))


@pytest.mark.parametrize(
    ("number", "origins"), [("10", (None, None)), (JOB, ("alpha", "gamma")), (JOB, (None, None))]
)
def test_two_clusters_that_give_one_number_in_one_second_have_two_jobs(number, origins):
    """Outside a federation, and within two: each keeps its records, its steps, and what its own nodes say."""
    both = list(zip(("alpha", "beta"), origins, strict=True))
    at = {"job": number, "when": T0 + 5 * SECOND}
    steps = [ran(c, job=number, step="batch") for c, _ in both]
    case = staged(
        *(ran(c, job=number, nodes=f"{c}01", federation_origin=origin) for c, origin in both),
        *steps,
        events=[("task_start", at | {"host": f"{c}01", "pid": 70}) for c, _ in both]
        + [("start", at | {"host": None})]
        + [("start", at | {"host": f"step {n}", "sha256": "a" * 64, "start": n * 100}) for n in (2, 3)],
    )
    evidence = case.evidence(Question())
    assert lives.told_apart(evidence) == {number}
    other = f"{number}@alpha@2026-11-23T15:11:40.000Z"
    records, events = evidence.job_records, evidence.events
    held = records.groupby("job")["cluster"].agg(["nunique", "size"]).to_dict("index")
    assert held == {key: {"nunique": 1, "size": 2} for key in (number, other)}
    assert dict(zip(events["host"], events["job"], strict=True)) == {
        "alpha01": other, "beta01": number, "step 2": other, "step 3": number, None: None,
    }  # fmt: skip


def test_a_request_that_a_controller_sent_on_is_one_request_and_a_lone_copy_failed_nothing():
    line = "_slurm_rpc_kill_job: REQUEST_KILL_JOB JobId=67108875 uid 4102"
    ended = {"outcome": "CANCELLED", "state": "CANCELLED by 4102", "ending": "cancelled"}
    made = {"host": None, "uid": 4102, "when": T0 + 20 * SECOND, "text": line}
    sent = made | {"text": f"{line} routed to beta"}
    asked = [
        (JOB, sent, "1"),
        (JOB, made, "2"),
        ("10", made, "1"),
        ("10", made, "2"),
        ("11", sent, "1"),
        ("11", made | {"uid": 4103}, "2"),
        ("12", sent, "1"),
        ("12", made, "1"),
    ]
    case = staged(
        *(ran("beta", job=job, seconds=20, **ended) for job in (JOB, "10", "11", "12")),
        taken_back("alpha", job="67108876"),
        events=[("kill_request", given | {"job": job, "sha256": file * 64}) for job, given, file in asked],
    )
    done = case.examined(Question())
    acts = [a for a in done.acts if a.act == "cancel"]
    assert [sum(a.job == job for a in acts) for job in (JOB, "10", "11", "12")] == [1, 2, 2, 2]
    assert {e for a in acts for e in a.events} == {r["event_id"] for r in case.rows}
    alone = done.scene.jobs["67108876"]
    assert (alone.cause, alone.why, alone.end_ns, alone.federation_origin) == (
        "none",
        "copy_taken_back",
        None,
        "cluster 1",
    )
