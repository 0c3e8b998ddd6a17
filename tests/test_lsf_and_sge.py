"""LSF and Grid Engine: what users type moves no field, who asked is told where the log knows, and others' files are read."""

import pytest
from hypothesis import example, given, settings
from test_slurm import SAMPLES, events, records, told, typed, upstream, whys

from forensics.core import lsfrecords

FEW = settings(max_examples=40, deadline=None)
PARTS = ("xdmod", "tests", "artifacts", "xdmod", "unit", "shredder")
SIGNAL = '"JOB_SIGNAL" "10.1" 1795446713 {} 4102 1 "{}" 0 "kai"\n'


@FEW
@example('x" 32 60.0 "y')
@example('"')
@given(typed)
def test_a_quoted_text_is_one_field(text):
    quoted = text.replace('"', '""')
    assert lsfrecords.fields(f'"A" 1 "{quoted}" 2') == ["A", "1", text, "2"]


@pytest.mark.parametrize("line", ['"A" "b', '"A"  1', '"A"x', "", 'A "b"c'])
def test_a_line_that_is_not_of_fields(line):
    assert lsfrecords.fields(line) in (None, [])


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ((64, 0, 0), ("COMPLETED", 0, None)), ((32, 256, 0), ("FAILED", 1, None)), ((32, 9, 17), ("FAILED", 0, 9)),
        ((32, 130, 14), ("CANCELLED", 0, 2)), ((32, 0, 5), ("TIMEOUT", 0, None)), ((32, 0, 16), ("OUT_OF_MEMORY", 0, None)),
        ((4, 0, 0), (None, None, None)), ((192, 0, 0), ("COMPLETED", 0, None)), ((None, 0, 0), (None, None, None)),
    ],
)  # fmt: skip
def test_how_a_job_ended_under_lsf(how, expected):
    assert lsfrecords.ended(*how) == expected


def test_only_its_owner_is_named_for_a_cancelled_job():
    sample = (SAMPLES / "lsf_acct" / "planted_quotes.log").read_bytes()
    rows = {r["job"]: (r["ending"], r["requestor"]) for r in told("lsf_acct", sample)["job_record"]}
    assert rows["11"] == ("cancelled", "mei")
    assert rows["14"] == ("cancelled", None)
    assert rows["13"] == ("timed_out", None)


@pytest.mark.parametrize(
    ("signal", "verb"), [("KILL", "kill_request"), ("DELETEJOB", "kill_request"), ("STOP", "job_update")]
)
def test_a_signal_has_its_requester(signal, verb):
    (e,) = events("lsf_events", SIGNAL.format(11, signal))
    assert (e["verb"], e["account"], e["uid"], e["job"]) == (verb, "kai", 4102, "11")


def test_a_record_that_is_no_job_is_no_job():
    got = told("lsf_acct", '"EVENT_ADRSV_FINISH" "10.1" 1795446713 "x" 4104\n')
    assert ([e["verb"] for e in got["event"]], got["job_record"]) == (["other"], [])


def test_the_accounting_of_others_is_read():
    """The expectations of Open XDMoD for its own lines."""
    for name in ("accounting-logs.log", "utf8-multibyte-chars.log"):
        assert whys("lsf_acct", upstream(*PARTS, "lsf", "input", name)) == []
    (first, second) = records("lsf_acct", upstream(*PARTS, "lsf", "input", "accounting-logs.log"))
    assert (first["job"], first["cpus"], first["node_count"], first["status"]) == ("404717", 128, 8, 64)
    assert (first["start_s"], first["wait_status"], first["termination"]) == (1389642771, 0, 0)
    assert (second["node_count"], second["project"]) == (4, "anonproject")
    for kind, count in (("sge", 2), ("uge", 2)):
        raw = upstream(*PARTS, kind, "input", "accounting-logs.log")
        assert whys("sge_accounting", raw) == []
        assert len(records("sge_accounting", raw)) == count
    rows = told("sge_accounting", raw)["job_record"]
    assert rows[1]["end_ns"] - rows[1]["start_ns"] == 12_837_318 * 1_000_000 + 999_999


def test_grid_engines_deletion_names_who_asked():
    sample = (SAMPLES / "sge_accounting" / "deleted_milliseconds.acct").read_bytes()
    got = told("sge_accounting", sample)
    assert [(r["ending"], r["requestor"]) for r in got["job_record"]] == [("cancelled", "kai")]
    assert [(e["verb"], e["account"]) for e in got["event"]][-1] == ("kill_request", "kai")


COLONS = " -l x=a:0.0:NONE:0:0:0:NONE:lin@login01:"
"""What `qsub -l` lets anybody type into the category, which Grid Engine's own reader knows to hold colons (sge_rusage.c)."""


@pytest.mark.parametrize("sample", ["every_ending", "deleted_milliseconds"])
@pytest.mark.parametrize("typed_", [COLONS, f"{COLONS}1:1:login01:/home/lin:qsub x:1.0:"])
def test_what_a_user_asks_for_names_nobody_who_asked_to_end_a_job(sample, typed_):
    raw = (SAMPLES / "sge_accounting" / f"{sample}.acct").read_text()
    line = next(x for x in raw.splitlines() if ":-l gpu=2" in x)
    own = {"every_ending": set(), "deleted_milliseconds": {"kai"}}[sample]
    for text, who in ((line, own), (line.replace(":-l gpu=2", f":-l gpu=2{typed_}"), set())):
        got = told("sge_accounting", f"{text}\n".encode())
        assert {r["requestor"] for r in got["job_record"]} - {None} == who
        assert {e["account"] for e in got["event"] if e["verb"] == "kill_request"} - {None} == who
        assert {r["owner"] for r in got["job_record"]} == {"mei"}
