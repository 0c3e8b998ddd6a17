"""Who pushed is what the git server authenticated, whatever the user typed."""

from pathlib import Path

import pyarrow as pa
import pytest

from forensics.core.lines import LONGEST_LINE_BYTES
from forensics.core.tables import FILE
from forensics.formats import gitolite
from forensics.readings import gitolite as reading

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_logs" / "formats" / "gitolite"
SEALED = "a" * 64
OLD, NEW = "1" * 40, "2" * 40
FILES = FILE.build(
    {
        "sha256": [SEALED],
        "path": ["git/gitolite/logs/gitolite-2026-11.log"],
        "bytes": [1],
        "kind": ["file"],
        "held": ["copied"],
        "format": ["gitolite"],
        "domain": ["git:server"],
        **{name: [0] for name in ("parsed", "rejected", "ignored")},
    }
)


def told(data, zone="UTC"):
    records = gitolite.parse(data, 0).records
    sealed = records.add_column(0, "sha256", pa.array([SEALED] * records.num_rows, pa.string()))
    return reading.read(sealed, FILES, zone=zone, anchor_ns=None)["event"].to_pylist()


def line(pid, *fields, second=0):
    return "\t".join((f"2026-11-23.15:11:{second:02d}", str(pid), *fields)).encode() + b"\n"


def opened(pid, user, address, command="git-receive-pack 'llm'"):
    return line(pid, "ssh", f"ARGV={user}", f"SOC={command}", f"FROM={address}")


def updated(pid, user, access="W", rule="refs/.*"):
    return line(pid, "update", "llm", user, access, "refs/heads/main", OLD, NEW, rule)


def test_a_push_is_the_servers_word_and_cites_the_line_that_opened_it():
    first, second = opened(7, "kai", "10.0.0.7"), updated(7, "kai")
    push = told(first + second)[1]
    assert (push["verb"], push["account"], push["repository"]) == ("push", "kai", "llm")
    assert (push["object_kind"], push["object"], push["object_from"]) == ("ref", "refs/heads/main", OLD)
    assert push["text"].startswith(f"new={NEW}")
    assert (push["pid"], push["address"], push["outcome"]) == (7, "10.0.0.7", "success")
    spans = [(c["start"], c["stop"]) for c in push["citations"]]
    assert spans == [(len(first), len(first + second)), (0, len(first))]
    assert push["event_id"] == f"{'a' * 16}.{len(first)}.{len(first + second)}"


def test_interleaved_requests_keep_their_own_addresses():
    data = opened(7, "kai", "10.0.0.7") + opened(8, "lin", "10.0.0.8") + updated(7, "kai") + updated(8, "lin")
    assert [(e["account"], e["address"]) for e in told(data)[2:]] == [
        ("kai", "10.0.0.7"),
        ("lin", "10.0.0.8"),
    ]


def test_a_pid_that_comes_round_again_lends_no_address():
    data = opened(7, "kai", "10.0.0.7") + line(7, "END") + updated(7, "lin")
    assert told(data)[2]["address"] is None
    again = opened(7, "kai", "10.0.0.7") + opened(7, "lin", "10.0.0.8") + updated(7, "lin")
    assert told(again)[2]["address"] == "10.0.0.8"


def told_of(files, zone="UTC"):
    """Events of several files: path to bytes."""
    tables, rows = [], []
    for i, (path, data) in enumerate(files.items()):
        sha256 = f"{i:064x}"
        records = gitolite.parse(data, 0).records
        tables.append(records.add_column(0, "sha256", pa.array([sha256] * records.num_rows, pa.string())))
        rows.append({**FILES.to_pylist()[0], "sha256": sha256, "path": path})
    held = FILE.build({name: [row[name] for row in rows] for name in FILE.names})
    return reading.read(pa.concat_tables(tables), held, zone=zone, anchor_ns=None)["event"].to_pylist()


def test_a_request_torn_by_rotation_keeps_its_address_and_cites_both_files():
    """The names say the opposite of the order: what counts is which file begins first."""
    files = {"git/logs/a.log": updated(7, "kai", "W"), "git/logs/b.log": opened(7, "kai", "10.0.0.7")}
    files["git/logs/a.log"] = files["git/logs/a.log"].replace(b"15:11:00", b"15:12:30")
    (push,) = (e for e in told_of(files) if e["verb"] == "push")
    assert push["address"] == "10.0.0.7"
    assert [c["sha256"][-1] for c in push["citations"]] == ["0", "1"]


def test_a_pid_in_another_log_or_long_after_lends_no_address():
    later = updated(7, "kai").replace(b"15:11:00", b"18:11:00")
    soon = updated(7, "kai").replace(b"15:11:00", b"15:12:30")
    for files in (
        {"git/logs/a.log": opened(7, "kai", "10.0.0.7"), "git/logs/b.log": later},
        {"git/logs/a.log": opened(7, "kai", "10.0.0.7"), "other/logs/b.log": soon},
    ):
        (push,) = (e for e in told_of(files) if e["verb"] == "push")
        assert push["address"] is None


def test_tabs_typed_into_a_command_move_no_field():
    planted = (
        f"git-receive-pack 'llm'\tFROM=10.9.9.9\tupdate\tllm\tlin\tW\trefs/heads/main\t{OLD}\t{NEW}\trefs/.*"
    )
    (event,) = told(opened(7, "kai", "10.0.0.7", planted))
    assert (event["verb"], event["account"], event["address"]) == ("other", "kai", "10.0.0.7")


def test_a_bypass_names_no_account():
    """`$USER` of a local process is typed, not authenticated."""
    fields = ("update", "/home/git/repositories/llm.git", "(lin)", "bypass", "refs/heads/main", OLD, NEW)
    (push,) = told(line(7, *fields))
    assert (push["verb"], push["account"], push["account_absence"]) == ("push", None, "not_recorded")
    assert "user=(lin)" in push["text"]


@pytest.mark.parametrize(
    ("words", "verb"),
    [
        ("W any llm kai DENIED by fallthru", "push_denied"),
        ("+ refs/heads/main llm kai DENIED by refs/heads/main", "push_denied"),
        ("R any llm kai DENIED by fallthru", "other"),
    ],
)
def test_a_refusal_is_a_failure_and_a_denied_push_only_where_a_change_was_asked(words, verb):
    event = told(opened(7, "kai", "10.0.0.7") + line(7, "die", words))[1]
    assert (event["verb"], event["outcome"], event["account"]) == (verb, "failure", "kai")


def test_a_refusal_told_twice_is_one_denied_push():
    words = "+ refs/heads/main llm kai DENIED by refs/heads/main"
    data = opened(7, "kai", "10.0.0.7") + updated(7, "kai", "+", words) + line(7, "die", words)
    assert [e["verb"] for e in told(data)] == ["other", "push_denied", "other"]


def test_reading_is_a_fetch_unless_it_was_refused():
    asked = opened(7, "dao", "10.0.0.6", "git-upload-pack '/llm.git'")
    assert [(e["verb"], e["repository"]) for e in told(asked)] == [("fetch", "llm")]
    refused = asked + line(7, "die", "R any llm dao DENIED by fallthru")
    assert [e["verb"] for e in told(refused)] == ["other", "other"]


def test_the_clock_is_the_servers_wall():
    (event,) = told(line(7, "END", second=41), zone="Europe/Amsterdam")
    assert (event["earliest_ns"], event["latest_ns"]) == (1795443101_000_000_000, 1795443101_999_999_999)
    assert event["clock"] == "git:server:gitolite"


def test_every_line_of_a_damaged_log_is_a_record_a_reject_or_blank():
    read = gitolite.parse((SAMPLES / "torn_and_damaged.log").read_bytes(), 0)
    assert read.rejected["why"].to_pylist() == ["time", "shape", "shape", "shape"]
    assert (read.records.num_rows, read.ignored.num_rows) == (2, 1)


def test_a_line_without_end_is_too_long_and_hides_nothing_after_it():
    long = b"2026-11-23.15:11:00\t1\tssh\tARGV=" + b"x" * LONGEST_LINE_BYTES + b"\n"
    read = gitolite.parse(long + line(7, "END"), 0)
    assert read.rejected["why"].to_pylist() == ["too_long"]
    assert read.records["kind"].to_pylist() == ["END"]


def test_the_staged_incident_shows_who_pushed():
    data = next((ROOT / "sample_logs/incidents/script_edit").rglob("gitolite-*.log")).read_bytes()
    assert [e["account"] for e in told(data) if e["verb"] == "push"] == ["mei", "kai"]


def test_fields_are_taken_from_a_line_of_the_whole_shape_only():
    """A second argument is no part of the account, and a line that goes on behind its address names none."""
    lines = [
        b"2026-11-23.15:11:48\t71\tssh\tARGV=kai,lin\tSOC=git-upload-pack 'llm'\tFROM=10.0.0.7\n",
        b"2026-11-23.15:11:49\t72\tssh\tARGV=kai\tSOC=git-upload-pack 'llm'\tFROM=10.0.0.7\tmei\n",
    ]
    rows = gitolite.parse(b"".join(lines), 0).records.to_pylist()
    assert [(row["user"], row["address"]) for row in rows] == [("kai", "10.0.0.7"), (None, None)]
