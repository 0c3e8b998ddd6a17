"""PBS: who asked is authenticated, what users type moves no field, and GPUs are counted as others count them."""

import json

import pytest
from hypothesis import example, given, settings
from test_slurm import events, records, told, typed, upstream, whys

from forensics.analysis import evidence
from forensics.core import pbsjobs, tables
from forensics.core.roster import Question, Roster
from forensics.formats import pbs_accounting

FEW = settings(max_examples=40, deadline=None)
PARTS = ("xdmod", "tests", "artifacts", "xdmod", "unit")
STAMP = "11/23/2026 15:11:53"


def record(code, message, job="11.pbs01"):
    return f"{STAMP};{code};{job};{message}\n"


@FEW
@example("x user=kai")
@example("requestor=lin@login01")
@given(typed)
def test_a_typed_name_moves_no_field_of_accounting(name):
    got = records("pbs_accounting", record("E", f"user=mei jobname={name} queue=q end=5 Exit_status=271"))
    for r in got:
        assert (r["user"], r["requestor"], r["ended_s"], r["exit_status"]) == ("mei", None, 5, 271)
    assert got or "=" in name or name.strip() != name


OPENPBS = 'user=kai group=kai account="{typed}" project=_pbs_project_default jobname=x queue=workq ctime=5 qtime=5 etime=5 '


@pytest.mark.parametrize("typed_", ["x owner=lin@login01 y", 'x" owner=lin@login01 y="', "x start=5 owner=lin@login01", 'x" ctime=5 owner=lin@login01 y="'])  # fmt: skip
@pytest.mark.parametrize("code", ["Q", "E"])
def test_an_account_that_is_typed_names_no_submitter(typed_, code):
    """`qsub -A`: of jobs OpenPBS writes no owner of its own."""
    got = told("pbs_accounting", record(code, OPENPBS.format(typed=typed_)).encode())
    assert "lin" not in {e["account"] for e in got["event"]} | {r["submitter"] for r in got["job_record"]}
    true = "user=mei jobname=x queue=q ctime=5 qtime=5 etime=5 start=6 owner=mei@login01 exec_host=gpu01/0"
    [job] = told("pbs_accounting", record("S", true).encode())["job_record"]
    assert job["submitter"] == "mei"


@FEW
@example("x, queue = q at request of kai@h")
@given(typed)
def test_a_typed_name_names_no_requester(name):
    line = f"{STAMP};0008;Server@pbs01;Job;11.pbs01;Job Queued at request of mei@h, owner = mei@h, job name = {name}, queue = q\n"
    assert [(e["verb"], e["account"]) for e in events("pbs_server", line)] == [("submit", "mei")]
    comment = f"{STAMP};0008;Server@pbs01;Job;11.pbs01;comment = {name} at request of kai@h\n"
    assert [e["account"] for e in events("pbs_server", comment)] == [None]


@pytest.mark.parametrize(
    ("used", "joules"),
    [
        ("resources_used.energy=0.1230", 442_800), ("resources_used.energy=2", 7_200_000), ("resources_used.energy=0", 0),
        ("resources_used.energy=0.123456789", 444_444), ("resources_used.energy=-1", None), ("resources_used.energy=1e3", None),
        ("resources_used.energy_used=4329", 4_329), ("resources_used.energy_used=0", None), ("resources_used.walltime=00:00:10", None),
        ("argument_list=a resources_used.energy=9 resources_used.energy=0.1", None),
        ("resources_used.energy_used=5 resources_used.energy=0.1", None), ("energy=5", None),
    ],
)  # fmt: skip
def test_energy_is_told_in_joules_once_and_not_where_nothing_metered(used, joules):
    raw = record("E", f"user=mei end=5 Exit_status=0 {used} x=1")
    assert [r["energy_j"] for r in told("pbs_accounting", raw)["job_record"]] == [joules]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0, ("COMPLETED", 0, None)), (1, ("FAILED", 1, None)), (256, ("FAILED", 256, None)), (265, ("FAILED", None, 9)),
        (271, ("FAILED", None, 15)), (-29, ("TIMEOUT", None, None)), (-27, ("OUT_OF_MEMORY", None, None)),
        (-1, ("OTHER", None, None)), (None, (None, None, None)),
    ],
)  # fmt: skip
def test_an_exit_status_says_how_a_job_ended(status, expected):
    assert pbsjobs.ended(status) == expected


@pytest.mark.parametrize(
    ("codes", "ending", "requestor"),
    [
        ("QSDE", "cancelled", "kai"), ("QSE", "killed_by_signal", None), ("QD", "cancelled", "kai"), ("QS", None, None),
        ("QSA", "other", None),
    ],
)  # fmt: skip
def test_all_records_of_a_job_are_one_job(codes, ending, requestor):
    said = {"Q": "queue=q", "S": "user=mei start=1795446703", "D": "requestor=kai@h", "A": "aborted"}
    said["E"] = "user=mei start=1795446703 end=1795446713 Exit_status=271"
    rows = told("pbs_accounting", "".join(record(code, said[code]) for code in codes))["job_record"]
    assert [(r["ending"], r["requestor"]) for r in rows] == [(ending, requestor)]


@pytest.mark.parametrize(
    "message", ["requestor=kai@h requestor=lin@h", "user=mei end=5 end=6", "user=mei x user=kai"]
)
def test_a_key_said_twice_is_rejected(message):
    assert whys("pbs_accounting", record("D", message)) == ["value"]


def test_a_refusal_is_of_no_job():
    line = (
        f"{STAMP};0080;Server@pbs01;Req;req_reject;Reject reply code=15007, aux=0, type=6, from lin@login01\n"
    )
    (e,) = events("pbs_server", line)
    assert (e["verb"], e["outcome"], e["account"], e["job"]) == ("kill_request", "failure", "lin", None)


def test_the_servers_own_signal_is_nobodys_request():
    line = f"{STAMP};0008;Server@pbs01;Job;11.pbs01;Job sent signal SIGTERM on request of Scheduler@pbs01\n"
    (e,) = events("pbs_server", line)
    assert (e["verb"], e["account"], e["signal"]) == ("job_signal", None, 15)


def test_gpus_are_those_that_open_xdmod_counts():
    raw = upstream(*PARTS, "pbs-resource-parser", "resource-list-nodes-gpu-count.json")
    wrong = [
        (asked, count) for asked, count in json.loads(raw) if asked and pbs_accounting.gpus(asked) != count
    ]
    assert wrong == []


def test_the_accounting_of_others_is_read():
    raw = upstream(*PARTS, "shredder", "pbs", "input", "accounting-logs.log")
    assert whys("pbs_accounting", raw) == []
    got = told("pbs_accounting", raw)["job_record"]
    assert got[0]["owner"]
    first = next(r for r in got if r["job"] == "6.edge.ccr.buffalo.edu")
    assert (first["node_count"], first["cpus"], first["elapsed_s"]) == (4, 32, 2_197)


BIG = "queue=workq ctime=5 qtime=5 etime=5 "
TRUE = record("Q", f"user=mei group=mei project=p jobname=train {BIG}")
ENDED = record(
    "E", f"user=mei group=mei project=p jobname=train {BIG}start=6 exec_host=gpu01/0 end=9 Exit_status=271"
)
ASKED = record("D", "requestor=lin@login01")
OWNED = record(
    "E", f"user=lin group=lin project=p jobname=x {BIG}start=6 exec_host=gpu01/0 end=9 Exit_status=0"
)
OF_KAI = record("Q", 'user=kai group=kai account="{}" project=p jobname=x ' + BIG, job="12.pbs01")


def held(raw):
    """Who is named by events and by jobs, and what is said of records that a user can have typed."""
    built = told("pbs_accounting", raw.encode())
    columns = {"event": tables.EVENT, "job_record": tables.JOB_RECORD}
    got = {
        name: table.build({n: [row.get(n) for row in built[name]] for n in table.names})
        for name, table in columns.items()
    }
    sha256 = {row["sha256"] for row in built["event"]}
    file = dict.fromkeys(tables.FILE.names) | {"sha256": next(iter(sha256)), "bytes": len(raw.encode())}
    file |= dict.fromkeys(("path", "kind", "held", "domain"), "x") | dict.fromkeys(
        ("parsed", "rejected", "ignored"), 0
    )
    got["file"] = tables.FILE.build({n: [file[n]] for n in tables.FILE.names})
    case = evidence.assemble(got, Roster(), Question())
    jobs = {(r.job, r.owner, r.requestor) for r in case.job_records.itertuples()}
    return set(case.events["account"].dropna()), jobs, [one.said for one in case.alone]


@pytest.mark.parametrize(
    "typed_",
    [
        f"x\n{ASKED}",
        f"x\n{ASKED[:-1]} ",
        f"x\nrubbish\n{ASKED}",
        f"x\n{OWNED}{ASKED}",
        f'x\n{STAMP};E;11.pbs01;user=lin group=lin account="',
    ],
    ids=["request", "joined", "behind rubbish", "owner", "joined owner"],
)
def test_a_record_that_is_part_of_a_typed_account_names_nobody(typed_):
    """`qsub -A` with a line end: both servers write an account as it was sent (src/server/accounting.c)."""
    for behind in (ENDED, ""):
        accounts, jobs, _ = held(TRUE + OF_KAI.format(typed_) + behind)
        assert "lin" not in accounts | {name for _, owner, by in jobs for name in (owner, by)}


def test_of_a_request_nothing_stands_behind_who_asked():
    [asked] = records("pbs_accounting", record("D", f'requestor=lin@login01 " project=p jobname=x {BIG}'))
    assert (asked["requestor"], asked["requestor_host"]) == (None, None)


def test_it_is_shown_and_what_stands_behind_the_rest_of_it_is_believed():
    kept = record("D", "requestor=dao@login01", job="13.pbs01")
    accounts, jobs, said = held(TRUE + OF_KAI.format(f"x\n{ASKED}") + kept)
    assert (accounts, said) == ({"dao"}, ["account lin asked: kill_request"])
    assert ("13.pbs01", None, "dao") in jobs


def test_what_no_line_end_cuts_is_believed():
    assert held(TRUE + OF_KAI.format("x") + ASKED + ENDED) == ({"lin"}, {("11.pbs01", "mei", "lin"), ("12.pbs01", "kai", None)}, [])  # fmt: skip
