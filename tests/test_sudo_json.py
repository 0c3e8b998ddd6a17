"""sudo's own event log says who asked; what was typed into a command says nothing of who."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.core.tables import FILE
from forensics.formats import sudo_json, syslog
from forensics.readings import sudo_json as reading

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "sample_logs" / "formats" / "sudo_json"
UPSTREAM = ROOT.parent / "shared" / "samples" / "sudo" / "lib" / "eventlog" / "regress" / "eventlog_store"
SEALED = "a" * 64
FILES = FILE.build(
    {
        "sha256": [SEALED], "path": ["logs/sudo.json"], "bytes": [1], "kind": ["file"], "held": ["copied"],
        "format": ["sudo_json"], "domain": ["unplaced:root"],
        **{name: [0] for name in ("parsed", "rejected", "ignored")},
    }
)  # fmt: skip
TIME = {"seconds": 1_795_446_697, "nanoseconds": 46_885_001}


def events(data):
    records = sudo_json.parse(data, 0).records
    sealed = records.add_column(0, "sha256", pa.array([SEALED] * records.num_rows, pa.string()))
    return reading.read(sealed, FILES, zone="UTC", anchor_ns=None)["event"].to_pylist()


def pretty(*members):
    """Members of one object, each on lines of its own, as sudo writes them; names may come again."""
    told = [f'    "{kind}": ' + json.dumps(body, indent=4).replace("\n", "\n    ") for kind, body in members]
    return ("{\n" + ",\n".join(told) + "\n}\n").encode()


def asked(**more):
    return ("accept", {"uuid": "u1", "submit_time": TIME, "submituser": "kai", "runuser": "root"} | more)


def test_who_asked_and_whose_rights_were_used():
    (e,) = events(pretty(asked(command="/bin/ls", runargv=["ls", "-l"], ttyname="/dev/pts/3", submithost="gpu01", runcwd="/srv")))  # fmt: skip
    assert (e["verb"], e["outcome"], e["account"], e["effective"]) == ("sudo", "success", "kai", "root")
    assert (e["argv"], e["exe"], e["text"], e["tty"], e["cwd"]) == (["ls", "-l"], "/bin/ls", "/bin/ls -l", "pts/3", "/srv")  # fmt: skip
    assert (e["host"], e["clock"]) == ("gpu01", "gpu01:sudo_json")
    assert e["earliest_ns"] == e["latest_ns"] == 1_795_446_697_046_885_001


def test_a_refusal_is_a_failure_and_an_alert_is_neither():
    told = events(pretty(("reject", {"submit_time": TIME, "submituser": "kai", "reason": "command not allowed"}), ("alert", {"submit_time": TIME, "submituser": "lin", "reason": "no tty"})))  # fmt: skip
    assert [(e["verb"], e["outcome"], e["account"], e["text"]) for e in told] == [
        ("sudo", "failure", "kai", "command not allowed"),
        ("other", None, "lin", "no tty"),
    ]


def test_an_exit_is_of_who_asked_unless_two_did():
    end = ("exit", {"uuid": "u1", "exit_time": TIME, "exit_value": 3})
    assert [e["account"] for e in events(pretty(asked(), end))] == ["kai", "kai"]
    assert [e["account"] for e in events(pretty(end))] == [None]
    assert [e["account"] for e in events(pretty(asked(), asked(submituser="mei"), end))] == [
        "kai",
        "mei",
        None,
    ]


def test_a_key_said_twice_is_no_event():
    data = pretty(asked()).replace(b'"runuser": "root"', b'"submituser": "mei"')
    assert sudo_json.parse(data, 0).rejected["why"].to_pylist() == ["value"]


def test_a_moment_that_cannot_be_is_none():
    for bad in (
        {"seconds": 2**40, "nanoseconds": 0},
        {"seconds": 1, "nanoseconds": 10**9},
        {"seconds": "x"},
        5,
    ):
        assert sudo_json.parse(pretty(asked(submit_time=bad)), 0).rejected["why"].to_pylist() == ["time"]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.text(max_size=30) | st.sampled_from(['}\n    },\n    "accept": {', '"}}', "\\"]), max_size=4)
)
def test_nothing_typed_ends_an_event_or_moves_a_field(typed):
    for data in (pretty(asked(runargv=typed), asked()), b"".join(json.dumps({k: v}).encode() + b"\n" for k, v in (asked(runargv=typed), asked()))):  # fmt: skip
        told = events(data)
        assert [e["account"] for e in told] == ["kai", "kai"]
        assert told[0]["argv"] == [text.encode("utf-8", "surrogatepass").decode("utf-8", "replace") for text in typed]  # fmt: skip


def test_both_ways_of_writing_tell_the_same():
    one, other = (
        sudo_json.parse((FOLDER / name).read_bytes(), 0).records.drop_columns(["start", "stop"])
        for name in ("asked_and_ended.json", "compact_lines.json")
    )
    assert one.to_pylist() == other.to_pylist()


@pytest.mark.parametrize("name", ["test1", "test2"])
def test_upstream_twins_tell_the_same_in_json_and_in_text(name):
    if not UPSTREAM.exists():
        pytest.skip("the upstream samples are not beside this checkout")
    told = (UPSTREAM / f"{name}.json.in").read_text()
    (row,) = sudo_json.parse(
        b'{"accept":' + json.dumps(json.loads(told)).encode() + b"}\n", 0
    ).records.to_pylist()
    stored = json.loads((UPSTREAM / f"{name}.json.out.ok").read_text())
    assert (row["caller"], row["target"], row["target_uid"]) == (stored["submituser"], stored["runuser"], stored["runuid"])  # fmt: skip
    assert (row["argv"], row["environment"], row["command"]) == (stored["runargv"], stored["runenv"], stored["command"])  # fmt: skip
    assert (row["tty"], row["host"], row["cwd"], row["rule"]) == (stored["ttyname"], stored["submithost"], stored["submitcwd"], stored["source"])  # fmt: skip
    for line in (UPSTREAM / f"{name}.sudo.out.ok").read_text().splitlines():
        (text,) = syslog.parse(
            f"Nov 23 15:11:37 h sudo: {row['caller']} : {line}\n".encode(), 0
        ).records.to_pylist()
        assert text["kind"] == "sudo"
        assert (text["caller"], text["target"], text["cwd"]) == (row["caller"], row["target"], row["cwd"])
        assert text["tty"] == row["tty"].removeprefix("/dev/")
        assert text["recording"] == json.loads(told)["iolog_file"].replace("/", "")
        words = " ".join([row["command"], *row["argv"][1:]]).replace("\n", "#012")
        assert text["command"].removesuffix(" ; EXIT=1").removesuffix(" ; EXIT=0") == words
