"""Reflogs and refs: where a ref pointed, in which copy of which repository; by whom is only asserted."""

import pyarrow as pa
import pytest

from forensics.core.tables import FILE
from forensics.formats import git_ref, git_reflog
from forensics.readings import git_ref as ref_reading
from forensics.readings import git_reflog as reflog_reading

SEALED = "a" * 64
OLD, NEW, OTHER = "1" * 40, "2" * 40, "3" * 40


def told(form, reading, data, *paths, host=None):
    records = form.parse(data, 0).records
    sealed = records.add_column(0, "sha256", pa.array([SEALED] * records.num_rows, pa.string()))
    files = FILE.build(
        {
            "sha256": [SEALED] * len(paths),
            "path": list(paths),
            "host": [host] * len(paths),
            "bytes": [1] * len(paths),
            "kind": ["file"] * len(paths),
            "held": ["copied"] * len(paths),
            "domain": [form.DOMAIN] * len(paths),
            **{name: [0] * len(paths) for name in ("parsed", "rejected", "ignored")},
        }
    )
    return reading.read(sealed, files, zone="UTC", anchor_ns=None)["event"].to_pylist()


def moved(who, seconds=1795446709, message="commit: x"):
    return f"{OLD} {NEW} {who} {seconds} +0100\t{message}\n".encode()


@pytest.mark.parametrize(
    ("path", "repository", "ref"),
    [
        ("git/llm.git/logs/refs/heads/main", "llm.git", "refs/heads/main"),
        ("git/worktree/dot-git/logs/HEAD", "git/worktree/dot-git", "HEAD"),
        ("home/kai/.git/logs/refs/heads/logs/refs/heads/x", "home/kai/.git", "refs/heads/logs/refs/heads/x"),
        ("copied-reflog", None, None),
    ],
)
def test_the_path_names_repository_and_ref(path, repository, ref):
    (event,) = told(git_reflog, reflog_reading, moved("lin <lin@x>"), path)
    assert (event["repository"], event["object"]) == (repository, ref)


def test_a_moved_ref_names_no_account():
    (event,) = told(git_reflog, reflog_reading, moved("lin <lin@x>"), "a.git/logs/HEAD", host="ws1")
    assert (event["verb"], event["account"], event["account_absence"]) == ("ref_update", None, "not_recorded")
    assert (event["committer"], event["object_from"], event["object_kind"]) == ("lin <lin@x>", OLD, "ref")
    assert event["text"] == f"new={NEW} old={OLD} commit: x"
    assert (event["earliest_ns"], event["latest_ns"]) == (1795446709_000_000_000, 1795446709_999_999_999)
    assert event["clock"] == "ws1:git_reflog"


def test_equal_reflogs_of_two_refs_are_two_facts():
    paths = ("a.git/logs/refs/heads/main", "a.git/logs/HEAD")
    events = told(git_reflog, reflog_reading, moved("lin <lin@x>") * 2, *paths)
    assert len({e["event_id"] for e in events}) == len(events) == 4
    assert [e["object"] for e in events] == ["HEAD", "refs/heads/main"] * 2


@pytest.mark.parametrize(
    "name", ["a> b <x@y>", "evil> 1 +0000 <x@y>", "tab\there <x@y>", "1 +0000\tpush <x@y>", " <>"]
)
def test_a_name_takes_no_other_field_with_it(name):
    read = git_reflog.parse(moved(name, message="m root <r@x> 1 +0000\tpush"), 0).records.to_pylist()
    assert [(r["who"], r["epoch_s"], r["message"]) for r in read] == [
        (name, 1795446709, "m root <r@x> 1 +0000\tpush")
    ]


@pytest.mark.parametrize(
    ("data", "path", "sure"),
    [
        (f"{NEW}\n", "a.git/refs/heads/main", 30),
        (f"{NEW}\n", "a.git/HEAD", 30),
        (f"{NEW}\n", "checksums/of-a-file", 0),
        (f"{NEW}\n{OLD}\n", "a.git/refs/heads/main", 0),
        ("ref: refs/heads/main\n", "x", 60),
        ("# pack-refs with: peeled\n", "x", 95),
    ],
)
def test_a_lone_name_is_a_ref_only_where_the_path_says_so(data, path, sure):
    assert git_ref.recognise(data.encode(), path) == sure


def test_packed_refs_carry_what_their_tags_lead_to():
    data = (
        f"# pack-refs with: peeled\n{OLD} refs/heads/main\n{NEW} refs/tags/v1\n^{OTHER}\n^{OTHER}\n".encode()
    )
    read = git_ref.parse(data, 0)
    assert [(r["ref"], r["oid"], r["peeled"]) for r in read.records.to_pylist()] == [
        ("refs/heads/main", OLD, None),
        ("refs/tags/v1", NEW, OTHER),
    ]
    assert read.rejected["why"].to_pylist() == ["shape"]
    assert read.records["stop"].to_pylist()[-1] == read.rejected["start"].to_pylist()[0]


def test_a_ref_is_a_state_without_time_or_actor():
    events = told(
        git_ref, ref_reading, f"{NEW}\n".encode(), "git/llm.git/refs/heads/main", "b/.git/refs/tags/v"
    )
    assert [(e["repository"], e["object"], e["text"]) for e in events] == [
        ("b/.git", "refs/tags/v", NEW),
        ("llm.git", "refs/heads/main", NEW),
    ]
    assert {(e["verb"], e["account_absence"], e["earliest_ns"]) for e in events} == {
        ("other", "not_applicable", None)
    }
