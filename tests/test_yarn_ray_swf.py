"""YARN, Ray and traces: who asked is told where the log authenticates it, and nowhere else."""

import json

from hypothesis import example, given, settings
from stage import Stage
from test_slurm import SAMPLES, events, records, told, typed, upstream, whys

from forensics.core.roster import Question
from forensics.formats import registry

FEW = settings(max_examples=40, deadline=None)
KILL = "USER=kai\tIP=192.0.2.12\tOPERATION=Kill Application Request\tTARGET=ClientRMService\tRESULT=SUCCESS\tAPPID=application_1_0011"
FRONT = "2026-11-23 15:11:53,686 INFO resourcemanager.RMAuditLogger: "


@FEW
@example("x\tUSER=lin")
@example("USER=lin")
@given(typed)
def test_a_callers_context_moves_no_field(context):
    got = records("yarn_audit", f"{FRONT}{KILL}\tCALLERCONTEXT={context}\n")
    for r in got:
        assert (r["user"], r["operation"], r["application"]) == (
            "kai",
            "Kill Application Request",
            "application_1_0011",
        )
    assert got or "\t" in context


def test_a_message_of_another_class_is_no_request():
    (e,) = events("yarn_audit", f"{FRONT.replace('RMAuditLogger', 'Evil')}{KILL}\n")
    assert (e["verb"], e["account"], e["job"]) == ("other", None, None)


def test_a_layout_that_names_threads_or_places_is_read_all_the_same():
    raw = (SAMPLES / "yarn_audit" / "places_and_threads_in_the_layout.log").read_bytes()
    assert registry()["yarn_audit"].recognise(raw, "hadoop-yarn-resourcemanager.log") > 0
    asked = [
        (e["account"], e["job"], e["outcome"])
        for e in told("yarn_audit", raw)["event"]
        if e["verb"] == "kill_request"
    ]
    assert asked == [
        ("kai", "application_1795446697000_0011", "success"), ("kai", "application_1795446697000_0012", "failure"),
    ]  # fmt: skip
    assert "mei" not in {e["account"] for e in told("yarn_audit", raw)["event"]}


def test_yarn_tells_owner_and_requester_apart():
    got = told("yarn_audit", (SAMPLES / "yarn_audit" / "planted_context.log").read_bytes())
    assert [(e["verb"], e["account"], e["outcome"]) for e in got["event"]] == [
        ("submit", "mei", "success"), ("start", None, "success"), ("kill_request", "lin", "failure"),
        ("kill_request", "kai", "success"), ("end", None, "failure"),
    ]  # fmt: skip
    assert [(r["owner"], r["requestor"], r["ending"]) for r in got["job_record"]] == [
        ("mei", None, None), (None, None, None), (None, "kai", "cancelled"), ("mei", None, "cancelled"),
    ]  # fmt: skip


def test_the_summary_of_an_application_names_its_owner_and_never_one_that_was_typed():
    got = told("yarn_audit", (SAMPLES / "yarn_audit" / "summaries.log").read_bytes())
    rows = {r["job"][-2:]: r for r in got["job_record"] if r["name"]}
    assert {r["owner"] for r in rows.values()} == {"mei"}
    assert {n: r["ending"] for n, r in rows.items()} == {
        "21": "completed", "22": "failed_by_itself", "23": "cancelled", "24": "other", "26": "completed",
    }  # fmt: skip
    assert [rows[n]["submit_ns"] for n in ("21", "26")] == [
        1_795_446_702_001_000_000,
        1_795_446_702_002_000_000,
    ]
    assert (rows["21"]["start_ns"], rows["26"]["start_ns"]) == (1_795_446_703_003_000_000, None)


@FEW
@given(typed)
def test_ray_names_nobody(entrypoint):
    event = {"submission_job_id": "raysubmit_11", "status": "STOPPED", "entrypoint": entrypoint}
    line = json.dumps(
        {"event_id": "a", "source_type": "EXPORT_SUBMISSION_JOB", "timestamp": 1, "event_data": event}
    )
    got = told("ray_event", line + "\n")
    assert [(e["verb"], e["account"], e["job"]) for e in got["event"]] == [
        ("kill_request", None, "raysubmit_11")
    ]
    assert [(r["owner"], r["requestor"], r["ending"]) for r in got["job_record"]] == [
        (None, None, "cancelled")
    ]


def test_a_ray_job_is_one_job_by_its_last_event():
    got = told("ray_event", (SAMPLES / "ray_event" / "planted_entrypoint.log").read_bytes())["job_record"]
    assert [(r["job"], r["ending"], r["gpus"]) for r in got] == [("raysubmit_11", "cancelled", 8)]


def test_a_trace_is_placed_by_its_own_beginning_alone():
    dated = told("swf", (SAMPLES / "swf" / "comments_and_unknowns.swf").read_bytes())["job_record"]
    assert [(r["job"], r["start_ns"], r["ending"], r["owner"]) for r in dated] == [
        ("1", 1_795_446_703 * 10**9, "completed", None), ("2", None, "cancelled", None),
        ("3", 1_795_446_705 * 10**9, "failed_by_itself", None),
    ]  # fmt: skip
    undated = told("swf", (SAMPLES / "swf" / "undated_torn.swf").read_bytes())
    assert {e["earliest_ns"] for e in undated["event"]} == {None}


def test_the_trace_of_others_is_read():
    raw = upstream("accasim", "tests", "data", "workload.swf")
    jobs = [line for line in raw.splitlines() if line.strip() and not line.startswith(b";")]
    assert whys("swf", raw) in ([], ["truncated"])
    assert len(records("swf", raw)) + len(whys("swf", raw)) == len(jobs)


APP = "application_1795446700000_0011"
LINE = (
    "2026-11-23 15:11:{} INFO resourcemanager.RMAuditLogger: USER={}\t{}OPERATION={}\tTARGET=ClientRMService\tRESULT=SUCCESS\tAPPID="
    + APP
)
FAILED = LINE.format("53,900", "mei", "", "Application Finished - Failed").replace("SUCCESS", "FAILURE")
KILLED = LINE.format("53,900", "mei", "", "Application Finished - Killed")


def said_by_lin(operation="Kill Application Request", *more):
    """What the ResourceManager writes of an application of kai's in whose queue's name another line stands, and of how mei's ended."""
    own = LINE.format("53,500", "kai", "IP=127.0.0.12\t", "Submit Application Request").replace(
        "0011", "0012"
    )
    asked = LINE.format("53,686", "lin", "IP=127.0.0.13\t", operation)
    return "\n".join([LINE.format("42,001", "mei", "IP=127.0.0.11\t", "Submit Application Request"), f"{own}\tQUEUENAME=x", asked, *more, ""])  # fmt: skip


def asked_by(raw, *ran, late_ns=0):
    """Who asked to end it, by events and by records, and what is said of lines that nothing bears out; `ran` is in lin's trail."""
    found = told("yarn_audit", raw.encode())
    made = Stage()
    made.rows += found["event"]
    made.jobs += found["job_record"]
    made.add("execute", account="lin", auid=4103, effective="lin", uid=4103, session="9", exe="/usr/bin/yarn", argv=list(ran), when=found["event"][2]["earliest_ns"] + late_ns)  # fmt: skip
    case = made.evidence(Question(jobs=(APP,)))
    asked = case.events[case.events["verb"] == "kill_request"]
    return set(asked["account"].dropna()), set(case.job_records["requestor"].dropna()), [(one.said, one.otherwise[0][0]) for one in case.alone]  # fmt: skip


def test_who_asked_to_kill_an_application_that_ended_otherwise_is_told_by_no_line_of_the_log():
    """Anybody who submits one can put a line into it: a queue's name is written as it was sent, line ends too (RMAuditLogger.java)."""
    ended = ("account lin asked: kill_request", "yarn_audit: Application Finished - Failed")
    assert asked_by(said_by_lin("Kill Application Request", FAILED)) == (set(), set(), [ended])
    assert asked_by(said_by_lin("Kill Application Request", KILLED, FAILED)) == (set(), set(), [ended])


def test_it_is_believed_where_it_ended_so_or_the_command_is_on_record():
    believed = ({"lin"}, {"lin"}, [])
    assert asked_by(said_by_lin("Kill Application Request", KILLED)) == believed
    assert asked_by(said_by_lin()) == believed
    command, failed = ("yarn", "application", "-kill", APP), said_by_lin("Kill Application Request", FAILED)
    assert asked_by(failed, *command) == believed
    assert asked_by(failed, *command, late_ns=3_600 * 10**9)[0] == set()
    assert asked_by(failed, *command[:3], "x")[0] == asked_by(failed, "yarn", "logs", APP)[0] == set()
    assert asked_by(said_by_lin("Fail Attempt Request", FAILED))[0] == {"lin"}
