"""A listing is a state: a path was there, with times that say nothing of who, and little of when."""

import os
import shutil
import subprocess
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from told import events

from forensics.core import listings
from forensics.formats import bodyfile, find_listing, ls_listing, recognise, registry, stat_listing

BODY = b"0|/srv/proj/train.py|131081|-rw-rw-r--|4101|4200|1204|1763900000|1763910697|1763910697|0\n"
FIND = b"\0find/1 64769 131081 0664 f 4101 4200 1 1204 1763900000.5 1763910697.1234567890 1763910697.1 -1.-000000010 \0/srv/proj/train.py\0\0\n"
LS = b"/srv/proj:\n-rw-rw-r-- 1 kai mlteam 1204 2026-11-23 16:11:37.100000000 +0100 train.py\n"
STAT = b"""  File: /srv/proj/train.py
  Size: 1204      \tBlocks: 8          IO Block: 4096   regular file
Device: fd01h/64769d\tInode: 131081      Links: 1
Access: (0664/-rw-rw-r--)  Uid: ( 4101/     kai)   Gid: ( 4200/  mlteam)
Access: 2026-11-23 16:11:30.000000000 +0100
Modify: 2026-11-23 16:11:37.100000000 +0100
Change: 2026-11-23 16:11:37.100000000 +0100
 Birth: -
"""
PROGRAM = r"\0find/1 %D %i %#m %y %U %G %n %s %A@ %T@ %C@ %B@ \0%p\0%l\0\n"


@pytest.mark.parametrize(("name", "data"), [("bodyfile", BODY), ("find_listing", FIND), ("ls_listing", LS), ("stat_listing", STAT)])  # fmt: skip
def test_a_listing_is_a_state_of_nobody(name, data):
    """Its times must never date other evidence, nor its owners act."""
    e = events(name, data)[-1]
    assert (e["verb"], e["object_kind"], e["object"]) == ("listed", "path", "/srv/proj/train.py")
    nobody = ("account", "effective", "uid", "auid", "euid", "session", "pid", "job", "credential", "address")
    assert [e[column] for column in nobody] == [None] * len(nobody)
    assert (e["earliest_ns"], e["latest_ns"], e["clock"]) == (None, None, None)


def test_a_body_file_tells_its_times_and_its_owners_number():
    (e,) = events("bodyfile", BODY)
    assert e["text"] == "atime=2025-11-23T12:13:20Z mtime=2025-11-23T15:11:37Z ctime=2025-11-23T15:11:37Z mode=-rw-rw-r-- size=1204"  # fmt: skip
    assert (e["object_owner_uid"], e["inode"]) == (4101, None)


def test_zero_is_nothing_only_where_tools_write_it_so():
    row = bodyfile.parse(BODY.replace(b"|1763910697|1763910697|0", b"|0|0|0"), 0).records.to_pylist()[0]
    assert (row["mtime_ns"], row["ctime_ns"], row["crtime_ns"], row["md5"]) == (0, 0, None, None)


name_text = st.text(st.characters(blacklist_characters="\n\r\0", blacklist_categories=("Cs",)), min_size=1)


@given(name=name_text | st.just("x|1|r/r|0|0|0|9|9|9|9") | st.just("x -> y (deleted)"))
def test_no_name_moves_the_fields_of_a_body_file(name):
    line = b"0|" + name.encode() + b"|7|m|1|2|3|4|5|6|8\n"
    (row,) = bodyfile.parse(line, 0).records.to_pylist()
    assert (row["name"], row["uid"], row["size"], row["crtime_ns"]) == (name, 1, 3, 8 * 10**9)


@given(
    name=st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), min_size=1)
    | st.just("a" + FIND.decode().replace("\0", "\n"))
)
def test_no_name_begins_a_line_of_find(name):
    """A name may hold anything but NUL; a line begins and ends with one."""
    line = FIND.replace(b"/srv/proj/train.py", name.encode())
    got = find_listing.parse(line + FIND, 0).records.to_pylist()
    assert [row["path"] for row in got] == [*([] if {"\n"} & set(name) else [name]), "/srv/proj/train.py"]


def test_find_names_an_inode_as_audit_records_do():
    (e,) = events("find_listing", FIND)
    assert (e["inode"], e["object_owner_uid"]) == ("fd:01:131081", 4101)
    assert e["text"] == "atime=2025-11-23T12:13:20.500000000Z mtime=2025-11-23T15:11:37.123456789Z ctime=2025-11-23T15:11:37.100000000Z kind=f mode=0664 size=1204"  # fmt: skip


def test_an_entry_of_ls_cites_the_heading_that_names_its_folder():
    folder, entry = events("ls_listing", LS)
    assert folder["object"] == "/srv/proj"
    assert [(c["start"], c["stop"]) for c in entry["citations"]] == [(11, len(LS)), (0, 11)]
    assert entry["text"] == "time=2026-11-23T15:11:37.100000000Z owner=kai mode=-rw-rw-r-- size=1204"
    assert entry["object_owner_uid"] is None


def test_an_arrow_that_comes_twice_is_not_guessed_at():
    line = b"lrwxrwxrwx 1 kai mlteam 9 2026-11-23 16:11:37.100000000 +0100 %s\n"
    rows = [ls_listing.parse(line % name, 0).records.to_pylist()[0] for name in (b"a -> b", b"a -> b -> c", b'"a -> b" -> "c"')]  # fmt: skip
    assert [(row["name"], row["target"]) for row in rows] == [
        ("a", "b"),
        ("a -> b -> c", None),
        ("a -> b", "c"),
    ]


def test_stat_tells_all_times_and_the_device_as_audit_records_do():
    (e,) = events("stat_listing", STAT)
    assert (e["inode"], e["object_owner_uid"]) == ("fd:01:131081", 4101)
    assert e["text"] == "atime=2026-11-23T15:11:30Z mtime=2026-11-23T15:11:37.100000000Z ctime=2026-11-23T15:11:37.100000000Z kind=regular file owner=kai mode=0664 size=1204"  # fmt: skip
    (newer,) = events("stat_listing", STAT.replace(b"fd01h/64769d", b"253,1"))
    assert newer["inode"] == e["inode"]


@pytest.mark.parametrize("whole", [True, False])
def test_a_paragraph_in_a_name_is_no_paragraph(whole):
    """What follows it in the output shows: a paragraph cut short, or fields that come twice."""
    rest = STAT.split(b"\n", 1)[1]
    name = b"/srv/a\n" + (STAT if whole else rest).replace(b"4101", b"   0").strip(b"\n")
    parsed = stat_listing.parse(STAT.replace(b"/srv/proj/train.py", name) + STAT, 0)
    assert [row["uid"] for row in parsed.records.to_pylist()] == [4101]
    assert set(parsed.rejected["why"].to_pylist()) <= {"shape", "value"}


def made(folder):
    (folder / "sub").mkdir()
    names = [
        "plain",
        "two words",
        "tab\there",
        "new\nline",
        'quo"te',
        "back\\slash",
        "caf\u00e9",
        "x -> y",
        "plain:",
    ]
    for name in names:
        (folder / "sub" / name).write_bytes(b"x")
        os.utime(folder / "sub" / name, ns=(1_763_900_000_000_000_001, 1_763_910_697_123_456_789))
    return {f"{folder}/sub/{name}" for name in names}


def run(*command):
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not on this machine")
    done = subprocess.run(command, capture_output=True, check=False, env={"LC_ALL": "C", "PATH": os.defpath})
    if done.returncode:
        pytest.skip(f"this {command[0]} does not know the options")
    return done.stdout


def test_real_ls_between_quotes_reads_every_name(tmp_path):
    names = made(tmp_path)
    data = run("ls", "-lRa", "--full-time", "--quoting-style=c", str(tmp_path))
    assert recognise(data, "login01/var/log/x") == "ls_listing"
    told = {e["object"]: e["text"] for e in events("ls_listing", data)}
    assert {path for path in told if "/sub/" in path} == names
    assert {told[path].split()[0] for path in names} == {"time=2025-11-23T15:11:37.123456789Z"}


def test_real_stat_reads_every_name_on_one_line(tmp_path):
    names = made(tmp_path)
    data = run("stat", *sorted(names))
    assert recognise(data, "login01/var/log/x") == "stat_listing"
    told = {e["object"]: e for e in events("stat_listing", data)}
    assert set(told) == {name for name in names if "\n" not in name}
    for path, e in told.items():
        found = Path(path).stat()
        assert e["inode"] == f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
        assert "mtime=2025-11-23T15:11:37.123456789Z" in e["text"].split()


def test_real_find_reads_every_name_on_one_line(tmp_path):
    names = made(tmp_path)
    data = run("find", str(tmp_path), "-printf", PROGRAM)
    assert recognise(data, "login01/var/log/x") == "find_listing"
    parsed = find_listing.parse(data, 0)
    own = {row["path"]: row for row in parsed.records.to_pylist() if "/sub/" in row["path"]}
    assert set(own) == {name for name in names if "\n" not in name}
    assert {row["mtime_ns"] for row in own.values()} == {1_763_910_697_123_456_789}
    assert parsed.rejected.num_rows == 2


def test_the_layout_is_the_one_that_the_format_asks_for():
    assert PROGRAM in find_listing.__doc__


@pytest.mark.parametrize(
    ("written", "ns"),
    [
        ("0", 0),
        ("1.5", 1_500_000_000),
        ("-1.5", -1_500_000_000),
        ("1763910697.1234567899", 1_763_910_697_123_456_789),
        ("9223372035", 9_223_372_035_000_000_000),
        ("9223372037", None),
        ("-1.-000000010", None),
        ("", None),
        (None, None),
        ("1e9", None),
    ],
)
def test_seconds_are_exact_to_the_nanosecond(written, ns):
    assert listings.moments(pa.array([written], pa.string())).to_pylist() == [ns]


@pytest.mark.parametrize(
    "head", [b"a|b|c\n", b"total 8\n", b"find/1 1 2 0644 f \n", b"-rw-r--r-- 1 kai mlteam 4 Nov 23 16:11 a\n"]
)
def test_what_only_looks_like_it_is_left_to_others(head):
    assert {name: f.recognise(head, "x") for name, f in registry().items() if name in {"bodyfile", "find_listing", "ls_listing"}} == dict.fromkeys(("bodyfile", "find_listing", "ls_listing"), 0)  # fmt: skip


def test_one_name_between_quotes_is_a_name_with_quotes():
    line = b"-rw-rw-r-- 1 kai mlteam 1 2026-11-23 16:11:37.100000000 +0100 %s\n"
    rows = ls_listing.parse(line % b'"a\\nb"' + line % b"c", 0).records.to_pylist()
    assert [row["name"] for row in rows] == ['"a\\nb"', "c"]
