"""What Slurm's daemons write from 17.11 to 26.05: every wording of a thing is read as that thing.

The wordings are of the sources of each version (docs/explanation/scheduler-words.md); names and numbers are invented.
"""

import pyarrow as pa
import pytest
from test_slurm import SAMPLES, events

from forensics.core import slurmwords

JOB = {"job": "10"}
KILL = {**JOB, "uid": 4101}
REFUSED = "Access/permission denied"
CONTROLLER = [
    ("kill", KILL, "_slurm_rpc_kill_job2: REQUEST_KILL_JOB job 10 uid 4101"),
    ("kill", KILL, "_slurm_rpc_kill_job: REQUEST_KILL_JOB JobId=10 uid 4101"),
    ("kill_result", JOB, f"_slurm_rpc_kill_job2: job_str_signal() job 10 sig 9 returned {REFUSED}"),
    ("kill_result", JOB, f"_slurm_rpc_kill_job: job_str_signal() JobId=10 sig 9 returned {REFUSED}"),
    (
        "kill_result",
        KILL,
        f"_slurm_rpc_kill_job: job_str_signal() uid=4101 JobId=10 sig=9 returned: {REFUSED}",
    ),
    ("kill_step", {**KILL, "step": "0"}, "sched: Cancel of StepId=10.0 by UID=4101 usec=7"),
    ("kill_step", {**KILL, "step": "0"}, "_kill_job_step: Cancel of JobId=10 StepId=0 by UID=4101 usec=7"),
    ("kill_step", {**KILL, "result": REFUSED}, f"Signal 9 JobId=10 by UID=4101: {REFUSED}"),
    ("kill_step", KILL, "STEPS: _kill_job_step: Signal 9 of JobId=10 SLUID=s3M1 StepId=0 by UID=4101 usec=7"),
    ("hold", KILL, "sched: _hold_job_rec: hold on job_id 10 by uid 4101"),
    ("hold", KILL, "sched: _hold_job_rec: hold on JobId=10 by uid 4101"),
    ("release", KILL, "sched: _release_job_rec: release hold on job_id 10 by uid 4101"),
    ("update_done", KILL, "_slurm_rpc_update_job: complete JobId=10 uid=4101 usec=7"),
    ("update_done", KILL, "_slurm_rpc_update_job: complete JobId=10 SLUID=s3M1XG9T5W5400 uid=4101 usec=7"),
    ("update_done", {"uid": 4101, "job": None}, "_slurm_rpc_update_job: complete SLUID=s3M1 uid=4101 usec=7"),
    ("update_refused", KILL, f"_slurm_rpc_update_job: JobId=10 SLUID=s3M1 uid=4101: {REFUSED}"),
    ("requeue_refused", JOB, f"_slurm_rpc_requeue: 10: {REFUSED}"),
    ("requeue_refused", JOB, f"_slurm_rpc_requeue: Requeue of JobId=10 returned an error: {REFUSED}"),
    ("requeue_node", JOB, "requeue job 10 due to failure of node gpu01"),
    ("requeue_node", JOB, "requeue JobId=10 due to failure of node gpu01"),
    ("requeue_node", JOB, "requeue job JobId=10 due to failure of node gpu01"),
    ("start", JOB, "sched: Allocate JobID=10 State=0x1 NodeCnt=0 NodeList=gpu01 #CPUs=2 Partition=a"),
    ("start", JOB, "sched: Allocate JobId=10 Partition=a NodeList=gpu01 #CPUs=2"),
    ("start", JOB, "sched: Allocate JobId=10 NodeList=gpu01 #CPUs=2 Partition=a"),
    ("violation_job", KILL, "Security violation, REQUEST_KILL_JOB RPC for jobID 10 from uid 4101"),
    ("violation_job", KILL, "Security violation, REQUEST_KILL_JOB RPC for JobId=10 from uid 4101"),
    ("violation_job", KILL, "job_str_signal: Security violation JOB_CANCEL RPC for jobID 10 from uid 4101"),
    ("violation", {"uid": 4101}, "Security violation, uid=4101 account=a uid 0 attempt to use reservation b"),
    ("violation", {"uid": 4101}, "set debug level request from non-super user uid=4101"),
    (
        "processing",
        {"uid": 4101, "request": "REQUEST_SUSPEND"},
        "Processing RPC: REQUEST_SUSPEND(resume) from uid=4101",
    ),
    ("processing", {**KILL, "step": "0"}, "Processing RPC: REQUEST_CANCEL_JOB_STEP 10.0 uid=4101"),
    ("processing", {"uid": 4101}, "debug2: Processing RPC: REQUEST_UPDATE_NODE from uid=4101"[8:]),
    ("processing", {"uid": 4101}, "Processing RPC: REQUEST_UPDATE_NODE from UID=4101"),
    ("opcode", {"uid": 4101}, "slurmctld_req: received opcode REQUEST_PING from 192.0.2.7:40112 uid 4101"),
    ("opcode", {"uid": 4101}, "slurmctld_req: [[login01]:6817(fd:9)] received opcode REQUEST_PING uid 4101"),
    ("node_killed", JOB, "Killing job_id 10 on failed node gpu01"),
    ("node_killed", JOB, "Killing StepId=10.0 on failed node gpu01"),
    ("reconfigure", {}, "reconfigure_slurm: completed usec=8989"),
]
NODE = [
    ("launch", KILL, "Launching batch job 10 for UID 4101"),
    ("launch", KILL, "Launching batch JobId=10 for UID 4101"),
    ("launch", KILL, "Launching batch JobId=10 SLUID=s3M1XG9T5W5400 for UID 4101"),
    ("launch_step", KILL, "launch task 10.0 request from 4101.4101@192.0.2.7 (port 40112)"),
    ("launch_step", KILL, "launch task StepId=10.0 request from UID:4101 GID:4101 HOST:192.0.2.7 PORT:40112"),
    ("signal_refused", KILL, "signal container req from uid 4101 for step=10.0 owned by uid 4102"),
    ("signal_refused", KILL, "signal container req from uid 4101 for StepId=10.0 owned by uid 4102"),
    ("violation", KILL, "uid 4101 attempt to attach to job 10.0 owned by 4102"),
    ("violation", KILL, "uid 4101 attempt to attach to StepId=10.0 owned by 4102"),
]


@pytest.mark.parametrize(("kind", "fields", "message"), CONTROLLER)
def test_each_wording_of_the_controller_is_read(kind, fields, message):
    got = slurmwords.controller(pa.array([message]))
    assert got["kind"][0].as_py() == kind
    assert {name: got[name][0].as_py() for name in fields} == fields


@pytest.mark.parametrize(("kind", "fields", "message"), NODE)
def test_each_wording_of_a_node_is_read(kind, fields, message):
    got = slurmwords.node(pa.array([message]), pa.nulls(1, pa.string()))
    assert got["kind"][0].as_py() == kind
    assert {name: got[name][0].as_py() for name in fields} == fields


@pytest.mark.parametrize("name", ["wording_17_11.log", "wording_18_08_to_20_11.log"])
def test_a_refusal_of_an_old_version_is_of_the_uid_that_its_violation_names(name):
    """The answer to a refused kill names no uid before 21.08: the violation before it does, and only it is joined."""
    raw = (SAMPLES / "slurmctld" / name).read_bytes()
    kills = [
        e for e in events("slurmctld", raw, "kill_request") if b"REQUEST_KILL" in raw[e["start"] : e["stop"]]
    ]
    outcomes = [(e["uid"], e["job"], e["outcome"], len(e["citations"])) for e in kills]
    other = (4101, "10") if "17" in name else (4102, "11")
    assert outcomes == [(4102, "10", "failure", 2), (*other, None, 1)]


def test_an_answer_without_a_uid_refuses_nobodys_request():
    """Two asked for the same job and one was refused: which of them, the answer does not say."""
    stamp = "[2026-11-23T15:11:42.662] _slurm_rpc_kill_job: "
    raw = "".join(
        f"{stamp}{said}\n"
        for said in (
            "REQUEST_KILL_JOB JobId=10 uid 4101",
            "REQUEST_KILL_JOB JobId=10 uid 4102",
            f"job_str_signal() JobId=10 sig 9 returned {REFUSED}",
        )
    )
    assert [(e["verb"], e["uid"], e["outcome"]) for e in events("slurmctld", raw)] == [
        ("kill_request", 4101, None), ("kill_request", 4102, None), ("other", None, "failure"),
    ]  # fmt: skip


def test_another_violation_about_the_job_refuses_no_kill():
    raw = (
        "[2026-11-23T15:11:42.662] _slurm_rpc_kill_job: REQUEST_KILL_JOB JobId=10 uid 4101\n"
        "[2026-11-23T15:11:42.700] error: Security violation: REQUEST_TOP_JOB for JobId=10 from uid=4101\n"
    )
    (kill,) = events("slurmctld", raw, "kill_request")
    assert (kill["outcome"], len(kill["citations"])) == (None, 1)


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        ("preempted job 10 has been killed", "PREEMPTED"),
        ("_kill_dependent: Job dependency can't be satisfied, cancelling JobId=10", "CANCELLED"),
        ("JobId=10 with time_limit 60 exceeded deadline 2026-11-23T15:00:00 and cancelled", "DEADLINE"),
    ],
)
def test_an_end_by_the_scheduler_itself_is_an_end_that_names_nobody(message, outcome):
    (end,) = events("slurmctld", f"[2026-11-23T15:11:42.662] {message}\n")
    assert (end["verb"], end["job"], end["uid"], end["outcome"]) == ("end", "10", None, outcome)
