"""Slurm's formats and readings: what users type moves no field, and who asked is never guessed."""

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forensics import formats, readings
from forensics.core import slurmlog
from forensics.core.schema import extended
from forensics.core.tables import FILE, SHA256

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_logs" / "formats"
INCIDENTS = ROOT / "sample_logs" / "incidents"
UPSTREAM = ROOT.parent / "shared" / "samples"
FEW = settings(max_examples=50, deadline=None)
NS = 1_000_000_000
SUBMIT_NS = 1_795_446_702 * NS  # 2026-11-23T15:11:42Z

typed = st.text(st.characters(blacklist_characters="\n\r", blacklist_categories=["Cs"]), max_size=60)
HEADER = "JobID|JobName|User|UID|State|Submit|Start|End|AllocTRES|Comment"


def parsed(name, data):
    return formats.registry()[name].parse(data if isinstance(data, bytes) else data.encode(), 0)


def records(name, data):
    return parsed(name, data).records.to_pylist()


def whys(name, data):
    return parsed(name, data).rejected["why"].to_pylist()


def told(name, data, path="slurm/log", zone="UTC", anchor_ns=None, host=None):
    """What the reading of one file says, by table."""
    raw = data if isinstance(data, bytes) else data.encode()
    form, sha256 = formats.registry()[name], hashlib.sha256(raw).hexdigest()
    file = {"sha256": sha256, "path": path, "host": host, "bytes": len(raw), "kind": "file", "held": "copied"}
    file |= {"format": name, "domain": form.DOMAIN} | dict.fromkeys(("parsed", "rejected", "ignored"), 0)
    table = form.parse(raw, 0).records
    columns = [pa.array([sha256] * table.num_rows, pa.string()), *table.columns]
    rows = pa.Table.from_arrays(columns, schema=extended(form.TABLE, SHA256).schema())
    held = FILE.build({c: [file.get(c)] for c in FILE.names})
    made = readings.registry()[name].read(rows, held, zone=zone, anchor_ns=anchor_ns)
    return {key: value.to_pylist() for key, value in made.items()}


def events(name, data, verb=None, **how):
    return [e for e in told(name, data, **how)["event"] if verb in {None, e["verb"]}]


def sacct_row(job="10", name="train", state="CANCELLED by 4101", tres="gres/gpu=8", comment="", **more):
    start, end = more.get("start", "2026-11-23T15:11:43"), more.get("end", "2026-11-23T15:11:53")
    user = more.get("user", "mei")
    return f"{job}|{name}|{user}|{4101 if user else ''}|{state}|2026-11-23T15:11:42|{start}|{end}|{tres}|{comment}"


def sacct(*rows):
    return "\n".join([HEADER, *rows, ""])


# What users type.


@FEW
@example("x|kai|4102|CANCELLED by 4102", "")
@example("", "a|b|c|d")
@given(typed, typed)
def test_a_typed_name_moves_no_field_of_accounting(name, comment):
    """Either the row is read as it was written, or it is rejected."""
    got = records("sacct", sacct(sacct_row(name=name, comment=comment)))
    if "|" in name + comment:
        assert got == []
    else:
        assert [(r["user"], r["uid"], r["state"]) for r in got] == [("mei", 4101, "CANCELLED by 4101")]
        assert [(r["job_name"] or "", r["comment"] or "") for r in got] == [(name, comment)]


def test_a_newline_in_a_name_makes_no_row():
    data = sacct(sacct_row(name="a\nb"), sacct_row(job="11"))
    assert [r["job"] for r in records("sacct", data)] == ["11"]
    assert whys("sacct", data) == ["shape", "shape"]


JOBCOMP = (
    "JobId=10 UserId=mei(4101) GroupId=mei(4101) Name={} JobState=CANCELLED Partition=train TimeLimit=60"
    " StartTime=2026-11-23T15:11:43 EndTime=2026-11-23T15:11:53 NodeList=gpu01 NodeCnt=1 ProcCnt=2"
    " WorkDir={} ReservationName= Tres=cpu=2,gres/gpu=4 Account=research QOS=normal WcKey="
    " Cluster=mlcluster SubmitTime=2026-11-23T15:11:42 EligibleTime=2026-11-23T15:11:42"
    " DerivedExitCode=0:0 ExitCode=0:9 \n"
)
IMITATION = JOBCOMP.split("Name={}")[1].split("{}", maxsplit=1)[0]


@FEW
@example(f"x JobState=COMPLETED{IMITATION}/y", "/z")
@example(f"x{IMITATION}/y", "/z")
@example("x", f"/y{JOBCOMP.split('WorkDir={}')[1][:-2]}")
@example("", "/srv/a b ExitCode=0:0")
@given(typed, typed)
def test_a_typed_name_moves_no_field_of_the_completion_log(name, folder):
    got = records("jobcomp", JOBCOMP.format(name, folder))
    for r in got:
        assert (r["state"], r["exit_code"], r["user"], r["node_list"]) == ("CANCELLED", "0:9", "mei", "gpu01")
        assert (r["name"] or "", r["work_dir"] or "") == (name, folder)
    assert got or "=" in name + folder


UPDATE = "[2026-11-23T15:11:42.662] _update_job: setting comment to {} for JobId=10\n"
KILL = "[2026-11-23T15:11:53.686] _slurm_rpc_kill_job: REQUEST_KILL_JOB JobId={} uid 4101\n"


@FEW
@example("x for JobId=99 by uid 4102")
@example("_slurm_rpc_kill_job: REQUEST_KILL_JOB JobId=10 uid 4102")
@given(typed)
def test_a_typed_comment_names_no_job_and_no_uid(comment):
    assert [(e["job"], e["uid"], e["verb"]) for e in events("slurmctld", UPDATE.format(comment))] == [
        ("10", None, "job_update")
    ]


@FEW
@example("10 uid 4102")
@example("10 uid 4102 routed to 4102")
@example("10_[1-3,7]")
@given(typed)
def test_the_uid_of_a_request_is_the_authenticated_one(job):
    got = events("slurmctld", KILL.format(job))
    assert [(e["verb"], e["uid"], e["account"]) for e in got] == [("kill_request", 4101, None)]


@pytest.mark.parametrize(
    "message",
    [
        "_get_job_parts: invalid partition specified: x JobId=10 uid 4102",
        "error: Invalid qos (a JobId=10 by uid 4102)",
        'error: lookup failure for node "JobId=10" uid 4102',
        "_job_create: invalid account or partition for user 4101, account 'JobId=10', and partition 'uid 4102'",
    ],
)
def test_typed_words_in_a_refusal_name_no_job(message):
    got = events("slurmctld", f"[2026-11-23T15:11:42.662] {message}\n")
    assert [e["job"] for e in got] == [None]
    assert 4102 not in {e["uid"] for e in got}


@FEW
@example("x) [11.batch] Sending signal 15 to pid 1 (init")
@given(typed)
def test_the_name_of_a_process_changes_no_signal(command):
    line = "[2026-11-23T15:11:53.690] [10.batch] proctrack/linuxproc: _kill_proclist: Sending signal 9 to pid 4253"
    got = events("slurmd", f"{line} ({command})\n", "job_signal")
    assert [(e["job"], e["signal"], e["target_pid"], e["pid"]) for e in got] == [("10", 9, 4253, None)]


# What is torn or too much.


def test_no_part_of_a_line_names_somebody_else():
    """Half of `uid 4101` is another uid, so a line that lost its end says nothing."""
    line = KILL.format(10).encode()
    for stop in range(1, len(line)):
        cut = parsed("slurmctld", line[:stop])
        assert (cut.rejected["why"].to_pylist(), cut.records.num_rows) == (["truncated"], 0)
    row = sacct(sacct_row()).encode()
    first = len(HEADER) + 1
    for stop in range(first + 1, len(row)):
        assert parsed("sacct", row[:stop]).records.num_rows == 0


@pytest.mark.parametrize("name", ["sacct", "slurmctld", "slurmd", "slurmdbd", "jobcomp", "scontrol_config"])
def test_a_line_of_ten_megabytes_is_set_aside(name):
    sample = sorted((SAMPLES / name).glob("staged*")) or sorted((SAMPLES / name).glob("*.log"))
    whole = sample[0].read_bytes()
    end = whole.rindex(b"\n", 0, -1) + 1
    long = whole[:end] + whole[end:-1] + b"x" * 10_000_000 + b"\n"
    got = parsed(name, long)
    assert got.rejected["why"].to_pylist()[-1] == "too_long"
    assert got.records.num_rows == parsed(name, whole[:end]).records.num_rows


def job(number, **more):
    return {"job_id": number, "kill_request_user": "", "user": "mei", **more}


@FEW
@given(st.lists(typed, max_size=4), st.booleans(), st.integers(0, 4))
def test_a_job_in_json_is_cited_to_the_byte(names, escaped, indent):
    jobs = [job(n, name=name) for n, name in enumerate(names)]
    raw = json.dumps(
        {"meta": {"jobs": [1]}, "jobs": jobs}, ensure_ascii=escaped, indent=indent or None
    ).encode()
    got = records("sacct_json", raw)
    assert [json.loads(raw[r["start"] : r["stop"]]) for r in got] == jobs
    assert [r["name"] or "" for r in got] == names


def test_a_torn_json_file_keeps_the_jobs_before():
    raw = json.dumps(
        {"jobs": [job(n, name="é") for n in range(3)], "errors": []}, ensure_ascii=False
    ).encode()
    whole = [r["stop"] for r in records("sacct_json", raw)]
    for size in range(1, len(raw)):
        got = parsed("sacct_json", raw[:size])
        assert got.records["stop"].to_pylist() == [stop for stop in whole if stop <= size]
        assert got.rejected["why"].to_pylist() in (["truncated"], [])
    assert whys("sacct_json", raw) == []


def test_deep_json_is_rejected_and_text_is_not_depth():
    deep = b'{"jobs": [{"job_id": 1, "kill_request_user": "[[[["}, {"job_id": 2, "steps": ' + b"[" * 500_000
    assert [r["job"] for r in records("sacct_json", deep)] == ["1"]
    assert whys("sacct_json", deep) == ["shape"]
    wide = json.dumps({"jobs": [job(1, name="[" * 500)]}).encode()
    assert whys("sacct_json", wide) == []


def test_numbers_that_no_column_holds_are_absent():
    raw = json.dumps(
        {"jobs": [job(1, time={"elapsed": 2**63, "start": True, "end": {"set": True}, "submission": 1.5})]}
    )
    (got,) = records("sacct_json", raw)
    assert [got[name] for name in ("elapsed_s", "start_s", "end_s", "submit_s")] == [None] * 4


# GPUs are counted once.


@pytest.mark.parametrize(
    ("tres", "gpus"),
    [
        ("", None), ("cpu=1", 0), ("cpu=1,gres/gpu=4,mem=1G", 4), ("gres/gpu:a100=4", 4),
        ("gres/gpu:a100=4,gres/gpu=4", 4), ("gres/gpu:a100=4,gres/gpu:h100=2", 6),
        ("gres/gpumem=7,gres/gpuutil=9", 0), ("agres/gpu=7", 0),
    ],
)  # fmt: skip
def test_gpus_are_counted_once(tres, gpus):
    assert [r["gpus"] for r in records("sacct", sacct(sacct_row(tres=tres)))] == [gpus]


# What the readings say of it.


def test_only_the_submission_is_the_owners():
    for name in ("sacct", "sacct_json", "jobcomp"):
        for sample in sorted((SAMPLES / name).glob("*")):
            for e in events(name, sample.read_bytes()):
                if e["account"] is not None:
                    assert e["verb"] == "submit" or (name == "sacct_json" and e["verb"] == "kill_request")


def test_who_asked_is_told_by_number_and_once():
    data = sacct(sacct_row(), sacct_row(job="10.batch", user=""), sacct_row(job="11.0", user=""))
    got = [
        (e["job"], e["uid"], e["account"], e["account_absence"])
        for e in events("sacct", data, "kill_request")
    ]
    assert got == [("10", 4101, None, "number_only"), ("11", 4101, None, "number_only")]


def test_nobody_asked_where_no_number_is_told():
    for state in ("CANCELLED", "FAILED", "CANCELLED by mei by 4101x", "FAILED by 4101"):
        assert events("sacct", sacct(sacct_row(state=state)), "kill_request") == []
    assert events("jobcomp", JOBCOMP.format("CANCELLED by 4101", "/"), "kill_request") == []


def test_what_has_not_ended_has_no_end():
    running = sacct(sacct_row(state="RUNNING"))
    assert events("sacct", running, "end") == []
    assert told("sacct", running)["job_record"][0]["end_ns"] is None
    pending = sacct(sacct_row(state="PENDING", start="Unknown", end="Unknown", tres=""))
    assert [e["verb"] for e in events("sacct", pending)] == ["submit"]


def test_what_never_got_a_node_never_started():
    """Both writers give a job that was cancelled while it waited a start, equal to its end."""
    head, row = (
        "JobID|State|Submit|Start|End|NodeList",
        "2026-11-23T15:11:42|2026-11-23T15:12:00|2026-11-23T15:12:00",
    )
    waited = f"{head}\n10|CANCELLED|{row}|None assigned\n"
    assert [e["verb"] for e in events("sacct", waited)] == ["submit", "end"]
    assert [r["start_ns"] for r in told("sacct", waited)["job_record"]] == [None]
    line = JOBCOMP.format("x", "/").replace("NodeList=gpu01", "NodeList=(null)")
    assert [e["verb"] for e in events("jobcomp", line)] == ["submit", "end"]
    assert [(r["start_ns"], r["gpus"]) for r in told("jobcomp", line)["job_record"]] == [(None, None)]


def test_a_record_without_any_time_is_still_an_event():
    got = events("sacct", "JobID|User|State\n10|mei|FAILED\n")
    assert [(e["verb"], e["earliest_ns"], e["clock"]) for e in got] == [("other", None, None)]


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("CANCELLED by 4101", "CANCELLED"), ("CANCELLED", "CANCELLED"), ("BOOT_FAIL", "NODE_FAIL"),
        ("OUT_OF_MEMORY", "OUT_OF_MEMORY"), ("DEADLINE", "TIMEOUT"), ("SUSPENDED", "OTHER"), ("CD", "COMPLETED"),
        ("", None),
    ],
)  # fmt: skip
def test_states_become_outcomes(state, outcome):
    (row,) = told("sacct", sacct(sacct_row(state=state)))["job_record"]
    assert (row["outcome"], row["state"]) == (outcome, state or None)


def test_a_wall_clock_that_came_twice_is_an_hour_wide():
    row = sacct_row(end="2026-10-25T02:30:00")
    (end,) = events("sacct", sacct(row), "end", zone="Europe/Amsterdam")
    assert end["latest_ns"] - end["earliest_ns"] == 3_601 * NS - 1


def test_a_refused_request_says_so_and_cites_the_refusal():
    raw = (SAMPLES / "slurmctld" / "refused_kill.log").read_bytes()
    got = events("slurmctld", raw, "kill_request")
    assert [(e["uid"], e["outcome"], len(e["citations"])) for e in got] == [
        (4102, "failure", 2), (4101, None, 1), (4102, None, 1),
    ]  # fmt: skip
    assert got[0]["citations"][0]["start"] == got[0]["start"]
    refusal = got[0]["citations"][1]
    assert b"Security violation, REQUEST_KILL_JOB RPC for JobId=10" in raw[refusal["start"] : refusal["stop"]]


@pytest.mark.parametrize(
    ("message", "verb", "job", "more"),
    [
        ("_slurm_rpc_submit_batch_job: JobId=10 InitPrio=1 usec=2", "submit", "10", {"outcome": None}),
        ("sched: Allocate JobId=10_3(13) NodeList=gpu[01-02] #CPUs=2 Partition=train", "start", "10_3", {}),
        ("sched/backfill: _start_job: Started JobId=15 in train on gpu01", "start", "15", {}),
        ("job_signal: 9 of running JobId=10 successful 0x8004", "job_signal", "10", {"signal": 9}),
        ("_job_complete: JobId=15 WTERMSIG 9", "end", "15", {"signal": 9, "outcome": "failure"}),
        ("_job_complete: JobId=15 WEXITSTATUS 0", "end", "15", {"outcome": "success"}),
        ("_job_complete: JobId=15 WEXITSTATUS 2", "end", "15", {"outcome": "failure"}),
        ("_slurm_rpc_update_job: complete JobId=10 uid=4101 usec=1", "job_update", "10", {"uid": 4101}),
        (
            "_slurm_rpc_update_job: JobId=10 uid=4102: Access/permission denied",
            "job_update",
            "10",
            {"outcome": "failure"},
        ),
        ("sched: _hold_job_rec: hold on JobId=10 by uid 4101", "job_update", "10", {"uid": 4101}),
        ("requeue job JobId=10 due to failure of node gpu03", "fault", "10", {"host": "gpu03"}),
        ("error: Nodes gpu[03-04] not responding, setting DOWN", "fault", None, {"host": None}),
        (
            "error: Security violation, REQUEST_KILL_JOB RPC for JobId=10 from uid 4102",
            "other",
            "10",
            {"uid": 4102},
        ),
        ("a message of a version to come", "other", None, {"account_absence": "not_recorded"}),
    ],
)
def test_the_controllers_messages(message, verb, job, more):
    (e,) = events("slurmctld", f"[2026-11-23T15:11:42.662] {message}\n")
    assert (e["verb"], e["job"]) == (verb, job)
    assert {name: e[name] for name in more} == more


@pytest.mark.parametrize(
    ("message", "verb", "more"),
    [
        ("Launching batch job 10 for UID 4101", "start", {"job": "10", "uid": 4101, "outcome": None}),
        ("[10.batch] task 0 (4253) started 2026-11-23T15:11:43", "task_start", {"job": "10", "pid": 4253}),
        (
            "[10.0] task 0 (4253) exited. Killed by signal 9.",
            "task_exit",
            {"signal": 9, "pid": 4253, "outcome": "failure"},
        ),
        ("[10.0] task 0 (4253) exited with exit code 1.", "task_exit", {"pid": 4253, "outcome": "failure"}),
        ("[10.0] task 0 (4253) exited with exit code 0.", "task_exit", {"outcome": "success"}),
        ("[10.batch] Sent signal 18 to StepId=10.batch", "job_signal", {"signal": 18, "job": "10"}),
        ("[10.batch] Sent SIGKILL signal to StepId=10.batch", "job_signal", {"signal": 9}),
        ("[10.batch] error: Detected 1 oom_kill event in StepId=10.batch. Some", "fault", {"job": "10"}),
        ("[10.batch] done with job", "other", {"job": "10"}),
        ("slurmd version 22.05.8 started", "other", {"job": None}),
    ],
)
def test_the_nodes_messages(message, verb, more):
    (e,) = events("slurmd", f"[2026-11-23T15:11:42.662] {message}\n")
    assert e["verb"] == verb
    assert {name: e[name] for name in more} == more


@pytest.mark.parametrize(
    ("path", "host", "expected"),
    [
        ("slurm/slurmd-gpu01.log", None, "gpu01"), ("x/slurmd.gpu-01.log.2", None, "gpu-01"),
        ("n1/var/log/slurmd.log", "n1", "n1"), ("slurm/slurmd.log.1", None, None), ("slurm/slurmd.log", None, None),
    ],
)  # fmt: skip
def test_the_node_is_named_by_the_path(path, host, expected):
    line = "[2026-11-23T15:11:43.340] Launching batch job 10 for UID 4101\n"
    assert [e["host"] for e in events("slurmd", line, path=path, host=host)] == [expected]


def test_the_node_is_named_by_its_lines_where_they_agree():
    line = (
        "[2026-11-23T15:11:43.340] [10.batch] error: *** JOB 10 ON {} CANCELLED AT 2026-11-23T15:11:53 ***\n"
    )
    other = "[2026-11-23T15:11:43.340] Launching batch job 10 for UID 4101\n"
    assert {e["host"] for e in events("slurmd", other + line.format("gpu07"))} == {"gpu07"}
    assert {e["host"] for e in events("slurmd", line.format("gpu07") + line.format("gpu08"))} == {None}


@pytest.mark.parametrize(
    ("stamp", "earliest", "width"),
    [
        ("2026-11-23T15:11:42.662", SUBMIT_NS + 662_000_000, 1_000_000),
        ("2026-11-23T15:11:42", SUBMIT_NS, NS),
        ("2026-11-23T16:11:42.662+01:00", SUBMIT_NS + 662_000_000, 1_000_000),
        ("2026-11-23T15:11:42Z", SUBMIT_NS, NS),
        ("Nov 23 15:11:42", SUBMIT_NS, NS),
        ("Nov 23 15:11:42.662123   4253 rpc-4    0x7f12a0c0", SUBMIT_NS, NS),
        ("8812345", None, None),
        ("2026-02-30T15:11:42.662", None, None),
    ],
)
def test_every_stamp_is_placed_for_what_it_says(stamp, earliest, width):
    line = f"[{stamp}] job_signal: 9 of running JobId=10 successful 0x8004\n"
    (e,) = events("slurmctld", line, anchor_ns=SUBMIT_NS)
    assert e["earliest_ns"] == earliest
    assert e["latest_ns"] == (None if earliest is None else earliest + width - 1)
    assert (e["clock"] is None) == (earliest is None)


def test_a_stamp_without_a_year_needs_an_anchor():
    line = "[Nov 23 15:11:42] job_signal: 9 of running JobId=10 successful 0x8004\n"
    assert [e["earliest_ns"] for e in events("slurmctld", line)] == [None]


@FEW
@given(st.lists(st.sampled_from(["a=1", "b=22", "a", "", "c=x"]), max_size=12))
def test_messages_are_told_apart_as_by_definition(messages):
    shapes = {"first": "^a=(?P<one>[0-9])$", "second": "^[a-c](?:=(?P<two>[0-9]+))?$"}
    got = slurmlog.known(pa.array(messages, pa.string()), shapes, ("one", "two"))
    slow = []
    for m in messages:
        first = m.startswith("a=") and len(m) == 3
        second = not first and (m in {"a", "b=22"})
        kind = "first" if first else "second" if second else None
        slow.append((kind, m[2:] if first else None, m[2:] or None if second else None))
    assert list(zip(*(got[name].to_pylist() for name in ("kind", "one", "two")), strict=True)) == slow


# The sources agree, and the files of others are read.


@pytest.mark.parametrize("case", sorted(p.name for p in INCIDENTS.iterdir() if p.is_dir()))
def test_three_accounts_of_a_job_agree(case):
    folder = INCIDENTS / case / "evidence" / "slurm"
    files = {"sacct": "sacct.psv", "sacct_json": "sacct.json", "jobcomp": "jobcomp.log"}
    columns = ("job", "owner", "outcome", "submit_ns", "start_ns", "end_ns", "gpus", "nodes", "workdir")
    seen = {
        name: [
            [row[c] for c in columns]
            for row in told(name, (folder / file).read_bytes())["job_record"]
            if not row["step"]
        ]
        for name, file in files.items()
    }
    assert seen["sacct"] == seen["sacct_json"] == seen["jobcomp"]
    assert seen["sacct"]
    for path in folder.iterdir():
        raw = path.read_bytes()
        if raw:
            assert whys(formats.recognise(raw[:65_536], path.name), raw) == []


def upstream(*parts):
    path = UPSTREAM.joinpath(*parts)
    if not path.exists():
        pytest.skip("the files of other projects are not here")
    return path.read_bytes()


@pytest.mark.parametrize(
    ("name", "rows", "parts"),
    [
        ("slurmctld", 44_055, ("slurmctld-um", "slurmctld.pseudonymised.log")),
        ("jobcomp", 525, ("slurm-insper", "pseudonymised", "slurm_jobcomp.log")),
        ("sacct", 4_285, ("xdmod", "tests", "artifacts", "xdmod", "referencedata", "phillips.log")),
    ],
)
def test_real_logs_are_read_whole(name, rows, parts):
    raw = upstream(*parts)
    assert formats.recognise(raw[:65_536], "a/log") == name
    got = parsed(name, raw)
    assert (got.records.num_rows, got.rejected.num_rows) == (rows, 0)
    assert len(told(name, raw)["event"]) >= rows


def test_real_requests_are_all_read():
    raw = upstream("slurmctld-um", "slurmctld.pseudonymised.log")
    got = events("slurmctld", raw, "kill_request")
    assert len(got) == raw.count(b"REQUEST_KILL_JOB JobId=")
    assert sum(e["outcome"] == "failure" for e in got) == raw.count(b" returned: ")
    assert all(e["uid"] is not None for e in got)


def test_every_version_of_json_is_read():
    folder = UPSTREAM / "slurm-web" / "tests" / "assets" / "slurmrestd"
    if not folder.exists():
        pytest.skip("the files of other projects are not here")
    seen = sorted(folder.glob("*/*/slurmdb-job-*.json"))
    for path in seen:
        raw = path.read_bytes()
        assert whys("sacct_json", raw) == [], path
        for r in records("sacct_json", raw):
            assert r["user"], path
            assert r["submit_s"], path
    assert len(seen) > 50


@pytest.mark.parametrize("version", range(37, 45))
def test_each_version_of_the_data_parser_frames_a_job_in_its_own_way(version):
    """Plain numbers and one word to v0.0.39, framed numbers and lists of words since."""
    plain = version < 40
    ids = {"signal_id": 9} if plain else {"id": {"set": True, "infinite": False, "number": 9}}
    code = 0 if plain else {"set": True, "infinite": False, "number": 0}
    job = {
        "job_id": 10, "name": "train", "user": "mei", "cluster": "mlcluster", "nodes": "gpu01", "kill_request_user": "kai",
        "association": {"user": "mei"}, "state": {"current": "CANCELLED" if plain else ["CANCELLED"], "reason": "None"},
        "exit_code": {"status": "SIGNALED" if plain else ["SIGNALED"], "return_code": code, "signal": {**ids, "name": "KILL"}},
        "time": {"submission": 1795446702, "start": 1795446703, "end": 1795446713, "elapsed": 10},
        "tres": {"allocated": [{"type": "gres", "name": "gpu", "count": 8}, {"type": "node", "count": 1}]}, "steps": [],
    }  # fmt: skip
    meta = {
        "plugin": {"type": f"openapi/dbv0.0.{version}"}
        if plain
        else {"data_parser": f"data_parser/v0.0.{version}"}
    }
    raw = json.dumps({"meta": meta | {"command": ["sacct", "--json"]}, "errors": [], "jobs": [job]}).encode()
    assert formats.recognise(raw, "login01/jobs.json") == "sacct_json"
    (row,) = told("sacct_json", raw)["job_record"]
    assert (row["owner"], row["requestor"], row["ending"], row["exit_signal"]) == (
        "mei",
        "kai",
        "cancelled",
        9,
    )
    assert (row["gpus"], row["node_count"], row["elapsed_s"]) == (8, 1, 10)
    assert (row["start_ns"], row["end_ns"]) == (1_795_446_703 * NS, 1_795_446_714 * NS - 1)
