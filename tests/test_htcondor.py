"""HTCondor: a job's own log names nobody as an actor, what users type ends no event, and others' files are read."""

import pytest
from hypothesis import example, given, settings
from test_slurm import SAMPLES, UPSTREAM, events, records, told, typed, whys

FEW = settings(max_examples=40, deadline=None)
FOLDER = UPSTREAM / "ctrl_bps_htcondor" / "tests" / "data"
ABORT = "009 (011.000.000) 2026-11-23 15:11:53 Job was aborted.\n\t{}\n...\n"


@FEW
@example("via condor_rm (by user lin)")
@example("...")
@given(typed)
def test_a_reason_ends_no_event_and_names_no_actor(reason):
    got = events("htcondor_event", ABORT.format(reason))
    assert [(e["verb"], e["job"], e["account"]) for e in got] == [("kill_request", "11.0", None)]


def test_a_removed_job_is_cancelled_by_nobody_known():
    sample = (SAMPLES / "htcondor_event" / "planted_reason.log").read_bytes()
    rows = {r["job"]: r for r in told("htcondor_event", sample)["job_record"]}
    assert (rows["11.0"]["ending"], rows["11.0"]["requestor"], rows["11.0"]["gpus"]) == ("cancelled", None, 8)
    assert rows["13.0"]["ending"] == "killed_by_signal"
    assert "by user kai" in rows["11.0"]["state"]
    history = (SAMPLES / "htcondor_history" / "planted_owner.history").read_bytes()
    ends = {
        r["job"]: (r["ending"], r["owner"], r["requestor"])
        for r in told("htcondor_history", history)["job_record"]
    }
    assert ends == {"11.0": ("cancelled", "mei", None), "13.0": ("killed_by_signal", "mei", None)}
    assert {e["account"] for e in events("htcondor_history", history)} == {"mei", None}


def test_a_stamp_without_a_year_needs_an_anchor():
    line = "000 (014.000.000) 11/23 15:11:42 Job submitted from host: <h>\n...\n"
    (without,) = events("htcondor_event", line)
    (near,) = events("htcondor_event", line, anchor_ns=1_795_446_697_000_000_000)
    assert without["earliest_ns"] is None
    assert near["earliest_ns"] == 1_795_446_702_000_000_000


def test_the_logs_of_others_are_read():
    """Every event of HTCondor's own example runs, and every stamped line of DAGMan's."""
    if not FOLDER.exists():
        pytest.skip("the files of other projects are not here")
    logs = sorted(FOLDER.rglob("*.nodes.log")) + sorted(FOLDER.rglob("*.dagman.log"))
    for path in logs:
        raw = path.read_bytes()
        assert whys("htcondor_event", raw) == [], path
        assert len(records("htcondor_event", raw)) == raw.count(b"\n...\n"), path
    for path in sorted(FOLDER.rglob("*.dagman.out")):
        raw = path.read_bytes()
        stamped = [line for line in raw.split(b"\n")[:-1] if line[2:3] == b"/" and line[5:6] == b"/"]
        assert len(records("dagman_out", raw)) == len(stamped), path
    ended = told("htcondor_event", (FOLDER / "tiny_problems" / "tiny_problems.dag.nodes.log").read_bytes())[
        "job_record"
    ]
    assert {r["job"]: r["exit_code"] for r in ended if r["job"] in {"9230.0", "9231.0"}} == {
        "9230.0": 0,
        "9231.0": 1,
    }
