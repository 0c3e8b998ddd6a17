"""What every scheduler's records are taken to tell alike: endings, resources as numbers, and the upstream figures."""

import json
import re
from collections import Counter
from fractions import Fraction

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_slurm import SAMPLES, UPSTREAM, events, parsed, sacct, sacct_row, told, upstream

from forensics.analysis.lives import Life
from forensics.core import endings, tres

FEW = settings(max_examples=50, deadline=None)


# The figures that others have for the same files.


def test_real_accounting_has_the_jobs_and_hours_that_open_xdmod_counts():
    """Open XDMoD's own expectation: a job counts where it is no step, ran, and ended."""
    raw = upstream("xdmod", "tests", "artifacts", "xdmod", "referencedata", "phillips.log")
    rows = [r for r in parsed("sacct", raw).records.to_pylist() if r["step"] is None]
    ended = [r for r in told("sacct", raw)["job_record"] if r["step"] is None and r["end_ns"] is not None]
    assert len(ended) == len(rows) == 4_285
    ended = [r for r in ended if r["start_ns"] is not None]
    assert len(ended) == 4_046
    assert {r["ending"] for r in ended} <= set(endings.ENDINGS)
    hours = sum(Fraction(r["cpus"] * r["elapsed_s"], 3_600) for r in ended)
    assert f"{float(hours):.4f}" == "11767.9883"


def test_real_controller_log_has_the_requests_counted_by_hand():
    raw = upstream("slurmctld-um", "slurmctld.pseudonymised.log")
    got = parsed("slurmctld", raw).records
    kinds = Counter(got["kind"].to_pylist())
    refused = [
        r for r in got.to_pylist() if r["kind"] == "violation_job" and r["request"] == "REQUEST_KILL_JOB"
    ]
    assert kinds["kill"] + len(refused) == 2_391
    assert kinds["update_done"] == 87
    comma = [r for r in got.to_pylist() if r["message"].startswith("Security violation,")]
    assert len(comma) == 13
    assert all(r["uid"] is not None for r in comma)
    assert kinds["reservation"] == raw.count(b"sched: Created res") + raw.count(b"sched: Updated res")


def test_every_version_of_the_controllers_listing_is_read():
    folder = UPSTREAM / "slurm-web" / "tests" / "assets" / "slurmrestd"
    if not folder.exists():
        pytest.skip("the files of other projects are not here")
    seen = [p for p in sorted(folder.glob("*/*/slurm-job*.json")) if b'"job_id"' in p.read_bytes()]
    for path in seen:
        got = parsed("scontrol_json", path.read_bytes())
        assert got.rejected.num_rows == 0, path
        assert got.records["user"].null_count == 0, path
    assert len(seen) > 50


# How a job ended.


def ending(outcome, code=None, signal=None, requestor=None):
    columns = {"exit_code": code, "exit_signal": signal}
    numbers = {name: pa.array([value], pa.int64()) for name, value in columns.items()}
    asked = pa.array([requestor], pa.string())
    return endings.told(pa.array([outcome], pa.string()), requestor=asked, **numbers)[0].as_py()


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (("COMPLETED", 0, 0), "completed"),
        (("FAILED", 1, 0), "failed_by_itself"),
        (("FAILED", 0, 9), "killed_by_signal"),
        (("FAILED", None, 15), "killed_by_signal"),
        (("FAILED", 137, 0), "killed_by_signal"),
        (("FAILED", 128, 0), "failed_by_itself"),
        (("FAILED", 193, None), "failed_by_itself"),
        (("FAILED", 192, None), "killed_by_signal"),
        (("FAILED", 0, 15, "4101"), "cancelled"),
        (("FAILED", 1, 0, "4101"), "failed_by_itself"),
        (("CANCELLED", 0, 15), "cancelled"),
        (("TIMEOUT", 0, 15), "timed_out"),
        (("NODE_FAIL", 1, 0), "node_failure"),
        (("OTHER",), "other"),
        (("RUNNING", 0, 0), None),
        ((None, 1, 0), None),
    ],
)
def test_how_a_job_ended_is_told_alike(how, expected):
    assert ending(*how) == expected
    assert expected is None or expected in endings.ENDINGS


def test_the_logs_own_words_stay_beside_the_ending():
    (row,) = told("sacct", sacct(sacct_row(state="BOOT_FAIL")))["job_record"]
    assert (row["ending"], row["outcome"], row["state"]) == ("node_failure", "NODE_FAIL", "BOOT_FAIL")


# Resources.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (None, None, None, None, None)),
        (
            "billing=2,cpu=2,energy=15010,gres/gpu=4,mem=7000M,node=3",
            (4, 2, 3, 7000 << 20, 15_010),
        ),
        ("cpu=1,energy=18446744073709551614,mem=1.5G", (0, 1, None, 3 << 29, None)),
        ("cpu=x,mem=,node=-1", (0, None, None, None, None)),
        ("gres/gpu:a100=2,mem=999999999999999P", (2, None, None, None, None)),
    ],
)
def test_resources_are_numbers_with_units(text, expected):
    assert tuple(column[0].as_py() for column in tres.told(pa.array([text]))) == expected


@FEW
@given(st.text(st.sampled_from("cpumemnodeenergy/=,:0123456789KMG."), max_size=60))
def test_resources_never_go_below_zero_or_past_a_column(text):
    for column in tres.told(pa.array([text])):
        assert column.type == pa.int64()
        assert column[0].as_py() is None or column[0].as_py() >= 0


@pytest.mark.parametrize(
    ("text", "joules"),
    [("15010", 15_010), ("15.01K", 15_010), ("1.2M", 1_200_000), ("0", 0), ("", None), ("12J", None)],
)
def test_energy_is_in_joules(text, joules):
    assert tres.joules(pa.array([text]))[0].as_py() == joules


def test_energy_and_counts_come_from_columns_of_their_own_too():
    data = "JobID|AllocCPUS|NNodes|ConsumedEnergyRaw|ConsumedEnergy\n10|4|2||1.50K\n11|4|2|77|\n"
    got = told("sacct", data)["job_record"]
    assert [(r["cpus"], r["node_count"], r["energy_j"]) for r in got] == [(4, 2, 1_500), (4, 2, 77)]


# Any list of columns.


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ("JobID|State", True), ("jobid;restarts", True), ("JobIDRaw@@MaxRSS@@", True), ("State|User", False),
        ("JobID|Fantasy", False), ("JobID", False),
    ],
)  # fmt: skip
def test_a_short_list_of_columns_is_read_where_sacct_knows_them(header, known):
    mark = re.sub("[A-Za-z]", "", header)[:1] or "|"
    mark = "@@" if mark == "@" else mark
    row = mark.join(["10", *(["x"] * (len(header.strip(mark).split(mark)) - 1))])
    row += mark if header.endswith(mark) else ""
    assert bool(parsed("sacct", f"{header}\n{row}\n").records.num_rows) is known


def test_duplicates_stay_apart():
    """`sacct -D` shows every attempt of a job that was requeued, under one id."""
    first = sacct_row(state="NODE_FAIL")
    again = sacct_row(state="COMPLETED").replace("2026-11-23T15:11:42", "2026-11-23T15:12:40")
    got = told("sacct", sacct(first, again))["job_record"]
    assert [(r["job"], r["ending"]) for r in got] == [("10", "node_failure"), ("10", "completed")]
    assert pc.count_distinct(pa.array([r["submit_ns"] for r in got])).as_py() == 2


def test_gpus_of_slurm_are_those_that_open_xdmod_counts():
    raw = upstream(
        "xdmod", "tests", "artifacts", "xdmod", "unit", "slurm-resource-parser", "alloc-tres-gpu-count.json"
    )
    assert [(text, count) for text, count in json.loads(raw) if tres.gpus(text) != count] == []


# Listings of what holds, and records of who changed it.


def test_what_runs_when_a_listing_is_made_has_no_end():
    for name, sample in (
        ("scontrol_json", "framed_numbers.json"),
        ("scontrol_job", "arrays_and_components.txt"),
    ):
        rows = told(name, (SAMPLES / name / sample).read_bytes())["job_record"]
        going = [r for r in rows if r["state"] in {"RUNNING", "PENDING"}]
        assert going
        assert all(r["end_ns"] is None for r in going)
        assert any(r["end_ns"] is not None for r in rows)


def test_only_a_transaction_says_who_changed_something():
    folder = SAMPLES / "sacctmgr"
    got = events("sacctmgr", (folder / "transactions_planted.psv").read_bytes())
    assert [(e["verb"], e["account"]) for e in got] == [("scheduler_edit", a) for a in ("dao", "dao", "root")]
    (set_down, drained, _) = events("sacctmgr", (folder / "events_closed_rows.psv").read_bytes())
    assert [(e["verb"], e["account"], e["uid"], e["host"]) for e in (set_down, drained)] == [
        ("fault", "slurm", 64030, "gpu03"), ("fault", "dao", 4104, "gpu04"),
    ]  # fmt: skip
    users = events("sacctmgr", (folder / "users.psv").read_bytes())
    assert {(e["verb"], e["account"]) for e in users} == {("setting", None)}


def test_a_request_and_its_answer_are_joined_by_thread_only():
    """The receipt's uid is the answer's where one thread wrote both, once, and nothing says that receipts may be missing."""
    sample = (SAMPLES / "slurmctld" / "planted_receipts_by_thread.log").read_bytes()
    got = [e for e in events("slurmctld", sample) if e["verb"] in {"job_update", "submit"}]
    assert [(e["job"], e["uid"], e["outcome"], e["account_absence"], len(e["citations"])) for e in got] == [
        ("10", 4102, "failure", "number_only", 2),
        ("10", 4101, None, "number_only", 2),
        ("11", None, "failure", "not_recorded", 1),
        ("10", 4102, "failure", "number_only", 2),
        ("12", None, "failure", "not_recorded", 1),
        ("13", None, None, "not_recorded", 1),
        ("10", None, "failure", "not_recorded", 1),
    ]
    assert all(e["citations"][1]["start"] < e["start"] for e in got if e["uid"] is not None)


@pytest.mark.parametrize(
    ("receipt", "answer", "uid"),
    [
        ("debug2: Processing RPC: REQUEST_JOB_REQUEUE from UID=1", "_slurm_rpc_suspend(suspend) for 10 usec=1", None),
        ("debug2: Processing RPC: REQUEST_TOP_JOB from UID=1", "_slurm_rpc_top_job for 10 Invalid job id specified", 1),
        ("debug2: Processing RPC: REQUEST_SUBMIT_BATCH_JOB from UID=1", "_slurm_rpc_submit_batch_job: JobId=10 InitPrio=1 usec=1", 1),
        ("debug2: Processing RPC: REQUEST_UPDATE_NODE from UID=1", "_slurm_rpc_update_node complete for gpu03 usec=91", 1),
        ("debug2: Processing RPC: REQUEST_UPDATE_NODE from UID=1", "Requeuing JobId=10", None),
        ("AUDIT_RPCS: [c] msg_type=REQUEST_SUSPEND uid=1 client=[10.0.0.7:1] protocol=1", "_slurm_rpc_suspend(suspend) for 10 usec=1", None),
    ],
)  # fmt: skip
def test_only_what_a_requests_own_handler_writes_answers_it(receipt, answer, uid):
    lines = "".join(
        f"[Nov 23 15:11:42.662123   4253 rpc-4        0x7f] {line}\n" for line in (receipt, answer)
    )
    assert events("slurmctld", lines.encode())[1]["uid"] == uid


def test_a_script_that_another_could_have_held_is_of_no_job():
    got = events("sacct_script", (SAMPLES / "sacct_script" / "planted_second_job.txt").read_bytes())
    assert [e["job"] for e in got] == ["10", None]


def test_a_dump_tells_who_changed_rights_and_what_scripts_held():
    got = events("slurmdbd_dump", (SAMPLES / "slurmdbd_dump" / "planted_statement.sql").read_bytes())
    assert [e["account"] for e in got if e["verb"] == "scheduler_edit"] == ["dao", "root"]
    assert "rm -rf" in next(e["text"] for e in got if e["object_kind"] == "source")
    assert all("not-a-key" not in (e["text"] or "") for e in got)


def test_what_a_dump_kept_is_told_of_each_job_whose_row_leads_to_it():
    got = events("slurmdbd_dump", (SAMPLES / "slurmdbd_dump" / "jobs_and_deleted_column.sql").read_bytes())
    kept = [
        (e["job"], e["text"].partition(" ")[0], e["object"], len(e["citations"])) for e in got if e["job"]
    ]
    script = "a4d2de1ce8dc9670615a833a6c329613b135690d"
    assert sorted(kept) == [
        ("10", "environment", "10", 2), ("10", "script", script, 2), ("11_2", "environment", "11_2", 2), ("14+1", "script", "14+1", 1),
    ]  # fmt: skip
    (environment,) = (e for e in got if e["job"] == "10" and e["text"].startswith("environment"))
    assert environment["text"].endswith(": GIT_COMMIT=38e41d51c6ea70a793765a4a55d901fa35570896 HOME")
    starts = {e["start"] for e in got if e["verb"] == "setting"}
    assert {e["citations"][1]["start"] for e in got if len(e["citations"]) > 1} == starts


def test_a_job_that_kept_a_script_alone_leads_to_it():
    raw = "INSERT INTO `ml_job_script_table` VALUES (7,NULL,'b1','x\\n');\nINSERT INTO `ml_job_table` (id_job,env_hash_inx,script_hash_inx) VALUES (16,0,7);\n"
    (_, job) = events("slurmdbd_dump", raw)
    assert (job["text"], job["object_kind"], len(job["citations"])) == ("script of job 16: x\n", "source", 2)


@pytest.mark.parametrize(
    ("row", "job"),
    [
        ("16,0,4294967294,0,4294967294", "16"), ("16,11,4294967294,0,4294967294", "16"), ("16,0,3,0,1", "16"), ("16,11,0,0,0", "11_0"),
        ("16,11,4294967293,0,0", "11_4294967293"), ("16,0,4294967294,14,0", "14+0"), ("16,0,4294967294,14,4294967294", "16"), ("0,11,3,0,0", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("kept", "leads"), [("3,0", ("3", None)), ("0,7", (None, "7")), ("0,0", None)])
def test_a_job_of_the_database_has_the_id_that_accounting_prints(row, job, kept, leads):
    columns = "id_job,id_array_job,id_array_task,het_job_id,het_job_offset,env_hash_inx,script_hash_inx"
    raw = f"INSERT INTO `ml_job_table` ({columns}) VALUES ({row},{kept});\n".encode()
    got = [
        (r["job"], r["environment"], r["script"]) for r in parsed("slurmdbd_dump", raw).records.to_pylist()
    ]
    assert got == ([(job, *leads)] if job and leads else [])


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ("(1,'2026-11-23 15:11:42','aa','A=1\\n')", ["A"]), ("(0,1,'2026-11-23 15:11:42','aa','A=1\\n')", ["A"]),
        (")", []), ("(1,'aa','A=1\\n')", []), ("(0,1,2,'2026-11-23 15:11:42','aa','A=1\\n')", []),
    ],
)  # fmt: skip
def test_rows_of_a_dump_that_names_no_columns_are_known_by_their_number(row, text):
    raw = f"INSERT INTO `ml_job_env_table` VALUES {row};\n"
    assert [r["text"] for r in parsed("slurmdbd_dump", raw.encode()).records.to_pylist()] == text


# One id, several jobs.

HOUR_NS = 3_600_000_000_000


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"submit_ns": 2 * HOUR_NS}, True), ({"submit_ns": 30 * HOUR_NS}, False), ({"submit_ns": 1}, True),
        ({"submit_ns": 2 * HOUR_NS, "owner": "lin"}, False), ({"submit_ns": 1, "cluster": "other"}, False),
        ({"submit_ns": 2 * HOUR_NS, "name": "eval"}, False), ({"submit_ns": 2 * HOUR_NS, "cluster": None}, True),
    ],
)  # fmt: skip
def test_an_attempt_is_told_from_another_job(change, same):
    first = {"cluster": "ml", "owner": "mei", "name": "train", "submit_ns": 0, "end_ns": HOUR_NS}
    assert Life(**first).fits(Life(**(first | change))) is same
