"""How a cluster stood: who drained a node is read, the rest is known for what it is, and sstat's steps are not sacct's."""

import pytest
from test_slurm import SAMPLES, events, records

from forensics import formats

SSTAT = "JobID|MaxRSS|AveCPU|NTasks|Nodelist\n10.0|1K|00:12.000|1|gpu01\n10.batch|1K|00:12.000|1|gpu01\n"
PADDED = "JobID            MaxRSS     AveCPU\n------------ ---------- ----------\n{:<12} {:>10} {:>10}\n"
HEADER = "REASON               USER      TIMESTAMP           NODELIST\n"


def row(reason, user, nodes="gpu01"):
    return f"{reason:20} {user:9} 2026-11-23T16:06:00 {nodes}\n"


def claimed(text):
    said = {name: form.recognise(text.encode(), "a.txt") for name, form in formats.registry().items()}
    return {name for name, sure in said.items() if sure}


@pytest.mark.parametrize(
    "text", [SSTAT, SSTAT.replace("|\n", "|"), PADDED.format("10.batch", "1K", "00:12.000")]
)
def test_steps_with_no_column_but_sstats_are_sstats(text):
    assert claimed(text) == {"slurm_state"}


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (SSTAT.replace("10.0", "10"), "sacct"),
        (SSTAT.replace("NTasks", "State"), "sacct"),
        (PADDED.format("10", "", "00:12.000"), "sacct_padded"),
        (SSTAT.split("\n", maxsplit=1)[0] + "\n", "sacct"),
        (PADDED.replace("AveCPU", " State").format("10.0", "1K", "COMPLETED"), "sacct_padded"),
    ],
)
def test_a_job_or_a_column_that_sstat_has_not_is_saccts(text, form):
    assert claimed(text) == {form}


@pytest.mark.parametrize("sample", sorted((SAMPLES / "slurm_state").iterdir()), ids=lambda path: path.name)
def test_a_state_is_known_for_one_and_told_as_nothing(sample):
    raw = sample.read_bytes()
    assert claimed(raw.decode()) == {"slurm_state"}
    assert events("slurm_state", raw) == []
    assert formats.registry()["slurm_state"].parse(raw, 0).rejected.num_rows == 0


def test_who_drained_a_node_is_who_the_controller_says():
    (event,) = events("sinfo_reasons", HEADER + row("maintenance", "kai"))
    said = (event["verb"], event["account"], event["host"], event["text"])
    assert said == ("fault", "kai", "gpu01", "gpu01 maintenance")


def test_a_name_that_fills_its_column_is_nobodys():
    """Of `administrator-kim` the column shows `administr`, which can be somebody else's name."""
    (event,) = events("sinfo_reasons", HEADER + row("maintenance", "administr"))
    assert (event["account"], event["account_absence"]) == (None, "not_recorded")


def test_a_reason_can_make_up_no_line():
    wide = HEADER.replace("REASON", f"{'REASON':40}")
    forged = row("y", "mei", "gpu02")
    got = records("sinfo_reasons", wide + row("before", "kai") + "x\n" + forged + row("z", "kai", "gpu03"))
    assert [(r["user"], r["nodes"]) for r in got] == [("kai", "gpu01")]


def said_of_nodes(sample):
    return [
        (e["host"], e["account"], e["uid"], e["earliest_ns"] is not None)
        for e in events("scontrol_node", (SAMPLES / "scontrol_node" / sample).read_bytes())
    ]


def test_who_set_a_reason_of_a_node():
    assert said_of_nodes("default.txt") == [
        ("gpu01", "kai", None, True),
        ("gpu03", "slurm", None, True),
        ("gpu04", None, 4103, False),
        ("gpu05", None, None, False),
    ]
    (first, *_) = events("scontrol_node", (SAMPLES / "scontrol_node" / "default.txt").read_bytes())
    assert (first["verb"], first["text"]) == ("fault", "gpu01 DOWN+DRAIN maintenance")


def test_a_reason_that_names_somebody_is_the_word_of_whoever_typed_it():
    """Nor is anybody taken behind text that can hold a newline, nor where all stands on one line and two are named."""
    assert said_of_nodes("planted_reason_and_comment.txt") == [
        ("gpu01", "kai", None, True),
        ("gpu02", "kai", None, True),
        ("gpu05", None, None, False),
        ("gpu06", None, None, False),
    ]
    assert said_of_nodes("one_line_each.txt") == [
        ("gpu01", "kai", None, True),
        ("gpu03", None, None, False),
        ("gpu04", "kai", None, True),
        ("gpu05", None, None, False),
    ]
