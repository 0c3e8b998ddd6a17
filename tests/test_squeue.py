"""What `squeue` prints for people: whatever users type moves no column, and what may be cut names nobody."""

import pytest
from drawn import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_formats import tiles
from test_slurm import NS, SUBMIT_NS, records, told, whys

from forensics import formats
from forensics.core import aligned

FORM = formats.registry()["squeue"]
DEFAULT = (
    ("JOBID", 18),
    ("PARTITION", 9),
    ("NAME", 8),
    ("USER", 8),
    ("ST", 2),
    ("TIME", 10),
    ("NODES", 6),
    ("NODELIST(REASON)", 0),
)
LONG = (("JOBID", 18), ("PARTITION", 9), ("NAME", 8), ("USER", 8), ("STATE", 8), ("TIME", 10), ("TIME_LIMI", 9), ("NODES", 6), ("NODELIST(REASON)", 0))  # fmt: skip
WIDE = (("JOBID", 12), ("USER", 20), ("NAME", 40), ("STATE", 12), ("NODELIST", 20))
NAME_LAST = (("JOBID", 18), ("USER", 20), ("STATE", 12), ("NAME", 60))


def right(columns, values):
    """As `-o "%.18i %.9P"` prints; a width of nothing is any."""
    return " ".join(f"{str(v).encode()[:w].decode('utf-8', 'ignore'):>{w}}" if w else str(v) for (_, w), v in zip(columns, values, strict=True))  # fmt: skip


def left(columns, values):
    """As `-O jobid:18,user:20` prints."""
    return "".join(f"{str(v)[: w or 20]:<{w or 20}}" for (_, w), v in zip(columns, values, strict=True))


def parted(_, values):
    return "|".join(map(str, values))


def listing(printed, columns, rows, before=""):
    lines = [printed(columns, [name for name, _ in columns]), *(printed(columns, row) for row in rows)]
    return before + "".join(line + "\n" for line in lines)


ROW = {"JOBID": "11", "PARTITION": "gpu", "NAME": "train", "USER": "mei", "ST": "R", "STATE": "RUNNING", "TIME": "1:02:03", "TIME_LIMI": "2:00:00", "NODES": "1", "NODELIST": "gpu01", "NODELIST(REASON)": "gpu01"}  # fmt: skip


def row(columns, **more):
    return [(ROW | more)[name] for name, _ in columns]


LAYOUTS = [(right, DEFAULT), (right, LONG), (right, WIDE), (left, WIDE), (parted, WIDE), (parted, DEFAULT)]


@pytest.mark.parametrize(("printed", "columns"), LAYOUTS)
def test_each_layout_tells_whose_job_ran_where(printed, columns):
    data = listing(printed, columns, [row(columns), row(columns, JOBID="12_3", USER="kai")])
    assert formats.recognise(data.encode(), "login01/queue.txt") == "squeue"
    assert whys("squeue", data) == []
    assert [(r["job"], r["user"], r["name"], r["nodes"]) for r in records("squeue", data)] == [
        ("11", "mei", "train", "gpu01"),
        ("12_3", "kai", "train", "gpu01"),
    ]
    made = told("squeue", data)
    assert [(j["job"], j["owner"], j["nodes"], j["outcome"]) for j in made["job_record"]] == [
        ("11", "mei", "gpu01", None),
        ("12_3", "kai", "gpu01", None),
    ]
    assert [(e["verb"], e["account"], e["earliest_ns"]) for e in made["event"]] == [("other", None, None)] * 2


TYPED = st.text(st.sampled_from("ab1 9|lin\nmei(RUNNINGPD:)_0gpu,;\t"), max_size=70)
PLANTED = st.sampled_from([
    "x\n99|lin|y", "x\n99|lin|RUNNING|y", "x\nJOBID|USER|STATE\n99|lin|RUNNING\n", "x\n\nMon Nov 23 15:11:37 2026\nJOBID|USER|NAME|STATE|NODELIST\n99|lin|z|RUNNING|gpu02",
    "x\n" + right(WIDE, ["99", "lin", "y", "RUNNING", "gpu01"]), "x\n" + left(WIDE, ["99", "lin", "y", "RUNNING", "gpu01"])[:-1],
    "x\n" + right(NAME_LAST, ["99", "lin", "RUNNING", "y"]), "x\n" + left(NAME_LAST, ["99", "lin", "RUNNING", "y"]),
])  # fmt: skip


@settings(max_examples=examples(400), deadline=None)
@given(
    st.lists(TYPED | PLANTED, min_size=1, max_size=4),
    st.sampled_from([*LAYOUTS, (right, NAME_LAST), (left, NAME_LAST), (parted, NAME_LAST)]),
)
@example(["x\n99|lin|RUNNING|y"], (parted, NAME_LAST))
@example(["x\n99|lin|y", "z"], (parted, WIDE))
@example(["x\nMon Nov 23 15:11:37 2026", "y"], (parted, NAME_LAST))
def test_nothing_typed_makes_another_the_owner(names, layout):
    """Every job that a line is taken to show, with an owner, is one that there is; and of each only what is so, or nothing."""
    printed, columns = layout
    there = [
        row(columns, JOBID=str(11 + n), USER=("kai", "mei")[n % 2], NAME=name) for n, name in enumerate(names)
    ]
    data = listing(printed, columns, there)
    parsed = FORM.parse(data.encode(), 0)
    tiles(parsed, 0, len(data.encode()))
    owners = {str(11 + n): ("kai", "mei")[n % 2] for n in range(len(names))}
    for found in parsed.records.to_pylist():
        assert found["user"] is None or owners.get(found["job"]) == found["user"], data
        assert found["kind"] == "printed" or found["printed_wall"] is None
    for made in told("squeue", data)["job_record"]:
        assert made["owner"] is None or owners.get(made["job"]) == made["owner"]


@pytest.mark.parametrize(
    ("printed", "user", "owner"),
    [
        (right, "mlteam-training", None),
        (right, "mlteam-t", None),
        (right, "mlteam-", "mlteam-"),
        (left, "mlteam-training-visionlab", None),
        (left, "m" * 20, None),
        (left, "m" * 19, "m" * 19),
        (parted, "mlteam-training-visionlab", "mlteam-training-visionlab"),
    ],
)
def test_a_name_that_fills_its_column_may_be_longer(printed, user, owner):
    columns = DEFAULT if printed is right else WIDE
    (found,) = records("squeue", listing(printed, columns, [row(columns, USER=user)]))
    assert found["user"] == owner
    assert owner is not None or any(one.startswith("USER=") for one in found["others"])


def test_an_id_that_fills_its_column_is_of_no_job_but_costs_no_other():
    columns = (("JOBID", 6), *DEFAULT[1:])
    data = listing(right, columns, [row(columns, JOBID="1234567"), row(columns, JOBID="12345")])
    assert whys("squeue", data) == ["value"]
    assert [r["job"] for r in records("squeue", data)] == ["12345"]
    wide = listing(right, DEFAULT, [row(DEFAULT, JOBID="13_[1-200%5,300-900]", ST="PD")])
    assert records("squeue", wide)[0]["job"] == "13_[1-200%5,300-90"


def test_a_line_with_the_moment_dates_those_below_it_and_is_cited_beside_them():
    data = listing(right, LONG, [row(LONG)], "Mon Nov 23 15:11:37 2026\n")
    stood, moment = told("squeue", data, zone="UTC")["event"]
    assert stood["earliest_ns"] == moment["earliest_ns"] == SUBMIT_NS - 5 * NS
    assert [data.encode()[c["start"] : c["stop"]][:3] for c in stood["citations"]] == [b"   ", b"Mon"]
    assert stood["text"] == "RUNNING on gpu01 of mei for 1:02:03"
    (late, _) = told("squeue", data, zone="Europe/Amsterdam")["event"]
    assert late["earliest_ns"] == stood["earliest_ns"] - 3600 * NS


TIMES = (
    ("JOBID", 0),
    ("USER", 0),
    ("STATE", 0),
    ("SUBMIT_TIME", 0),
    ("START_TIME", 0),
    ("END_TIME", 0),
    ("NODELIST", 0),
)


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        ("RUNNING", {"submit", "start"}),
        ("PENDING", {"submit"}),
        ("COMPLETING", {"submit", "start"}),
        ("COMPLETED", {"submit", "start", "end"}),
        ("CANCELLED", {"submit", "start", "end"}),
        ("NEW_STATE", {"submit", "start"}),
    ],
)
def test_what_is_expected_has_not_happened(state, verbs):
    """The end of a job that runs is when its time runs out, and the start of one that waits is a guess."""
    times = [f"2026-11-23T15:1{n}:00" for n in range(3)]
    made = told("squeue", listing(parted, TIMES, [["11", "mei", state, *times, "gpu01"]]))
    assert {e["verb"] for e in made["event"]} == verbs
    (job,) = made["job_record"]
    assert (job["end_ns"] is not None) == ("end" in verbs)
    assert {e["account"] for e in made["event"] if e["verb"] == "submit"} == {"mei"}
    assert {e["account"] for e in made["event"] if e["verb"] != "submit"} <= {None}


@pytest.mark.parametrize(("printed", "state"), [("CANCELLE", "CANCELLED"), ("COMPLETE", "COMPLETED"), ("OUT_OF_M", "OUT_OF_MEMORY"), ("REQUEUE_", "REQUEUE_")])  # fmt: skip
def test_a_state_that_is_cut_is_the_one_that_begins_so(printed, state):
    (job,) = told("squeue", listing(right, LONG, [row(LONG, STATE=printed)]))["job_record"]
    assert job["state"] == state


def test_a_queue_printed_every_minute_is_one_record_of_a_job_until_something_changes():
    lines = "".join(
        listing(
            right,
            LONG,
            [row(LONG, TIME=f"1:0{n}:03", STATE="RUNNING" if n < 4 else "CANCELLE")],
            f"Mon Nov 23 15:1{n}:37 2026\n",
        )
        for n in range(6)
    )
    made = told("squeue", lines)
    assert [(j["state"], j["outcome"]) for j in made["job_record"]] == [
        ("RUNNING", None),
        ("CANCELLED", "CANCELLED"),
    ]
    assert len(made["event"]) == 12


@pytest.mark.parametrize(
    "header",
    ["JOBID USER NAME STATE", "JOBID|USERS|STATE", "JOBID|NAME", "STEPID         NAME PARTITION     USER      TIME NODELIST", "  JOBID  JOBID USER", "JOBID"],
)  # fmt: skip
def test_columns_that_cannot_be_told_are_nobody_s(header):
    assert FORM.recognise(f"{header}\n11 mei train R\n".encode(), "x") == 0
    assert records("squeue", f"{header}\n11|mei|R\n") == []


def test_marks_and_columns_agree_with_what_printed_them():
    for printed in (right, left, parted):
        header = printed(WIDE, [name for name, _ in WIDE]).encode()
        layout = aligned.layout(header, frozenset(name for name, _ in WIDE))
        assert layout is not None
        found = aligned.cells(printed(WIDE, row(WIDE)).encode(), layout)
        assert found.values == {name: ROW[name] for name, _ in WIDE}
        assert found.cut == frozenset()


def test_a_text_that_does_not_end_where_its_column_does_is_in_none():
    layout = aligned.layout(
        b"     JOBID     USER ST NODELIST", frozenset({"JOBID", "USER", "ST", "NODELIST"})
    )
    assert layout.right
    assert aligned.cells(b"        11      mei  R gpu01", layout).values["USER"] == "mei"
    assert aligned.cells(b"        11      mei  R", layout).values["NODELIST"] is None
    for line in (
        b"        11 mei       R gpu01",
        b"        11      mei R  gpu01",
        b"        11      mei",
        b"        11     mlteam R gpu",
    ):
        assert aligned.cells(line, layout) is None


@pytest.mark.parametrize("columns", [DEFAULT, LONG])
def test_without_a_header_the_columns_are_those_by_default_and_nobody_is_the_owner(columns):
    """`-o` with two columns of the same width the other way round prints the same lines."""
    lines = [right(columns, row(columns)), right(columns, row(columns, JOBID="12_3", USER="kai"))]
    data = "".join(line + "\n" for line in lines)
    assert formats.recognise(data.encode(), "login01/queue.txt") == "squeue"
    got = records("squeue", data)
    assert [(r["job"], r["partition"], r["elapsed"], r["node_count"], r["nodes"]) for r in got] == [
        ("11", "gpu", "1:02:03", 1, "gpu01"), ("12_3", "gpu", "1:02:03", 1, "gpu01"),
    ]  # fmt: skip
    assert [(r["user"], r["name"]) for r in got] == [(None, None)] * 2
    assert got[1]["others"][:2] == ["NAME or USER=train", "NAME or USER=kai"]
    assert all(job["owner"] is None for job in told("squeue", data)["job_record"])


@pytest.mark.parametrize("other", ["x", f"{'15':>18} gpu", right(DEFAULT, row(DEFAULT, TIME="noon")), right(DEFAULT, row(DEFAULT, JOBID="kai"))])  # fmt: skip
@pytest.mark.parametrize("at", [0, 1, 19])
def test_lines_without_a_header_that_do_not_all_fit_are_no_queue(other, at):
    lines = [right(DEFAULT, row(DEFAULT, JOBID=str(n))) for n in range(11, 31)]
    lines[at] = other
    assert formats.recognise("".join(line + "\n" for line in lines).encode(), "x") != "squeue"
    after = "".join(
        line + "\n" for line in [*lines[:at], *lines[at + 1 :], right(DEFAULT, row(DEFAULT)), other]
    )
    assert formats.recognise(after.encode(), "x") == "squeue"
    assert whys("squeue", after) == ["shape"]


def test_without_a_header_no_line_between_names_a_cluster():
    one, two = (right(DEFAULT, row(DEFAULT, JOBID=n)) for n in ("11", "12"))
    first = "".join(line + "\n" for line in [*[one] * 20, "CLUSTER: forged", "Mon Nov 23 15:11:00 2026", two])
    assert [(r["cluster"], r["printed_wall"]) for r in records("squeue", first) if r["job"] == "12"] == [
        (None, None)
    ]


@pytest.mark.parametrize("name", ["PARTITION", "ST", "TIME", "NODES"])
def test_a_line_without_what_every_job_has_is_of_no_queue(name):
    lines = [right(DEFAULT, row(DEFAULT)), right(DEFAULT, row(DEFAULT, **{name: ""}))]
    assert formats.recognise("".join(line + "\n" for line in lines).encode(), "x") is None


def test_nodes_that_are_no_number_are_of_no_queue():
    line = right(DEFAULT, row(DEFAULT, NODES="x")) + "\n"
    assert formats.recognise(line.encode(), "x") is None
