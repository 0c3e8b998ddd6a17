"""Listings that Slurm's commands print for people: read where they stand in their columns, and nobody is named by what is cut."""

import hashlib
from importlib import import_module

import pyarrow as pa
import pytest
from collected import rows, told, whys
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics import formats
from forensics.core import padded
from forensics.core.tables import FILE

COLUMNS = (
    ("JobID", -12), ("JobName", 14), ("User", 9), ("UID", 6), ("State", 20), ("ExitCode", 8), ("Submit", 19), ("Start", 19),
    ("End", 19), ("Elapsed", 10), ("NodeList", 15),
)  # fmt: skip
JOB = (
    "10", "llm", "mei", "4101", "CANCELLED by 4102", "0:0", "2026-11-23T15:11:42", "2026-11-23T15:11:43", "2026-11-23T15:11:53",
    "00:00:10", "gpu[01-02]",
)  # fmt: skip


def cell(width, text):
    """As print_fields_str puts it."""
    size, raw = abs(width), text.encode()
    raw = raw if len(raw) <= size else raw[: size - 1] + b"+"
    return (raw.ljust(size) if width < 0 else raw.rjust(size)) + b" "


def listing(columns, *jobs):
    lines = [
        b"".join(cell(width, name) for name, width in columns),
        b"".join(b"-" * abs(w) + b" " for _, w in columns),
    ]
    lines += [b"".join(cell(w, text) for (_, w), text in zip(columns, job, strict=True)) for job in jobs]
    return b"\n".join(lines) + b"\n"


def job(**changed):
    return tuple(changed.get(name, text) for (name, _), text in zip(COLUMNS, JOB, strict=True))


def jobs(name, data):
    """The job records of a listing, without where they stand."""
    sha256 = hashlib.sha256(data).hexdigest()
    records = formats.registry()[name].parse(data, 0).records
    held = records.add_column(0, "sha256", pa.array([sha256] * records.num_rows, pa.string()))
    of = {
        "sha256": sha256,
        "path": "slurm/x",
        "bytes": len(data),
        "kind": "file",
        "held": "copied",
        "format": name,
        "domain": "slurm:admin",
    }
    files = FILE.build(
        {key: [value] for key, value in (of | dict.fromkeys(("parsed", "rejected", "ignored"), 0)).items()}
    )
    made = import_module(f"forensics.readings.{name}").read(held, files, zone="UTC", anchor_ns=None)
    return [
        {
            key: value
            for key, value in row.items()
            if key not in {"sha256", "start", "stop", "format", "job_record_id"}
        }
        for row in made["job_record"].to_pylist()
    ]


def parsable(columns, *given_jobs):
    lines = ["|".join(name for name, _ in columns), *("|".join(one) for one in given_jobs)]
    return ("\n".join(lines) + "\n").encode()


WORDS = st.text(st.sampled_from("abé.-_ 1"), max_size=9).map(str.strip)
STATES = st.sampled_from(
    ["COMPLETED", "CANCELLED by 4102", "CANCELLED by 4101", "FAILED", "RUNNING", "OUT_OF_MEMORY"]
)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.builds(
            lambda n, s, u: job(JobName=n, State=s, User=u),
            WORDS,
            STATES,
            st.sampled_from(["mei", "kai", ""]),
        ),
        max_size=12,
    )
)
def test_where_nothing_is_cut_it_tells_what_the_listing_for_programs_tells(given_jobs):
    assert jobs("sacct_padded", listing(COLUMNS, *given_jobs)) == jobs(
        "sacct", parsable(COLUMNS, *given_jobs)
    )


def test_a_name_that_is_cut_names_nobody_and_is_kept_as_written():
    data = listing(
        COLUMNS, job(User="lin-li-long", State="COMPLETED"), job(User="abcdefgh+", State="COMPLETED")
    )
    for row, record in zip(rows("sacct_padded", data), jobs("sacct_padded", data), strict=True):
        assert (row["user"], record["owner"]) == (None, None)
        assert row["others"][-1] in {"User=lin-li-l+", "User=abcdefgh+"}
    assert {e["account"] for e in told("sacct_padded", data, "ctl01/root/sacct.txt")} == {None}


def test_who_asked_to_cancel_is_not_told_where_the_number_is_cut():
    for width, asked in ((20, "4102"), (17, "4102"), (16, None), (10, None)):
        columns = tuple((name, width if name == "State" else size) for name, size in COLUMNS)
        (record,) = jobs("sacct_padded", listing(columns, JOB))
        assert (record["outcome"], record["requestor"]) == ("CANCELLED", asked), width


@pytest.mark.parametrize(
    ("state", "outcome"), [("OUT_OF_MEMORY", "OUT_OF_MEMORY"), ("COMPLETING", None), ("CONFIGURING", None)]
)
def test_a_state_that_is_cut_is_the_one_that_begins_so(state, outcome):
    columns = tuple((name, 9 if name == "State" else size) for name, size in COLUMNS)
    (cut,), (whole,) = (
        jobs("sacct_padded", listing(columns, job(State=state))),
        jobs("sacct", parsable(COLUMNS, job(State=state))),
    )
    assert cut["outcome"] == whole["outcome"]
    assert outcome in {None, cut["outcome"]}
    assert padded.whole("COMPLE+", ("COMPLETED", "COMPLETING")) is None


def test_what_does_not_stand_in_the_columns_is_rejected():
    data = listing(COLUMNS, JOB)
    row = data.splitlines(keepends=True)[2]
    for broken in (row[1:], b" " + row, row[:-2] + b"\n", row[:12] + b"x" + row[13:], b"10           x\n"):
        assert whys("sacct_padded", data + broken + row) == ["shape"], broken
    # Where all lines have lost their blanks, a short one can be whole.
    stripped = b"".join(line.rstrip() + b"\n" for line in listing(COLUMNS, job(NodeList="")).splitlines())
    assert (whys("sacct_padded", stripped), len(rows("sacct_padded", stripped))) == ([], 1)


def test_ids_and_dates_that_are_cut_are_rejected():
    columns = (("JobID", -6), ("User", 9), ("Submit", 10), ("State", 10))
    data = listing(
        columns,
        ("1234567", "mei", "Unknown", "RUNNING"),
        ("123456_7", "mei", "Unknown", "RUNNING"),
        ("7", "mei", "2026-11-23", "RUNNING"),
    )
    assert whys("sacct_padded", data) == ["value", "value", "time"]


USERS = (("User", 10), ("Def Acct", 10), ("Admin", 9))


def test_a_level_is_told_of_a_whole_name_alone():
    data = listing(
        USERS, ("dao", "ml", "Administrator"), ("administrator", "ml", "Operator"), ("mei", "ml", "None")
    )
    told_ = [(e["object"], e["outcome"]) for e in told("sacctmgr_padded", data, "ctl01/root/users.txt")]
    assert told_ == [("dao", "Administrator"), (None, None), ("mei", None)]


def test_an_actor_whose_name_is_cut_asked_for_nothing():
    columns = (("Time", 19), ("Action", 20), ("Actor", 10), ("Where", 20), ("Info", 20))
    one = ("2026-11-23T15:06:20", "Modify Users", "administrator", "(name='kai')", "admin_level=3")
    (event,) = told("sacctmgr_padded", listing(columns, one), "ctl01/root/txn.txt")
    assert (event["verb"], event["account"], event["account_absence"]) == (
        "scheduler_edit",
        None,
        "not_recorded",
    )
    assert event["text"] == "Modify Users (name='kai') admin_level=3 Actor=administr+"


def test_a_limit_of_a_user_whose_name_is_cut_is_not_the_account_s():
    columns = (("Cluster", 10), ("Account", 10), ("User", 10), ("Share", 9))
    data = listing(
        columns,
        ("c", "ml", "administrator", "1"),
        ("c", "ml-team-vision", "mei", "1"),
        ("c", "ml", "", "1"),
        ("c", "ml-team-vision", "", "1"),
    )
    assert [e["object"] for e in told("sacctmgr_padded", data, "ctl01/root/a.txt")] == [
        None,
        "mei",
        "account ml",
        None,
    ]
