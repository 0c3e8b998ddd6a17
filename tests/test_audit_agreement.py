"""Agreement with what other projects assert of audit trails, event by event; their samples lie beside the checkout.

What differs is told one by one, here in tables and in docs/explanation/agreement-audit.md in words.
"""

import json
import re
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from forensics.core import sockaddr
from forensics.formats import auditd, laurel

UPSTREAM = Path(__file__).parents[2] / "shared" / "samples"
GO = UPSTREAM / "go-libaudit" / "aucoalesce" / "testdata"
LAUREL = UPSTREAM / "laurel" / "src" / "testdata"
AUPARSE = UPSTREAM / "audit-userspace" / "auparse" / "test"
IDS = ("auid", "uid", "euid", "suid", "fsuid", "gid")


def held(folder):
    if not folder.is_dir():
        pytest.skip(f"the samples of other projects are not beside the checkout: {folder.name}")
    return folder


def rows(data):
    parsed = auditd.parse(data, 0)
    return parsed.records.to_pylist(), parsed.rejected.to_pylist()


# --- go-libaudit: raw records in YAML, coalesced events in JSON -------------------------------------------------


def blocks(text):
    """Name and lines of each test: `  name: |` and what is indented below it."""
    for block in re.split(r"^  (?=[^\s#])", text, flags=re.MULTILINE)[1:]:
        name, _, lines = block.partition(": |\n")
        yield (
            name.strip("'\""),
            "".join(
                f"{line.strip()}\n"
                for line in lines.splitlines()
                if line.strip() and not line.strip().startswith("#")
            ),
        )


GO_FILES = ("random-internet", "ubuntu-16.04-linux-4.13.0", "ubuntu-16.10-linux-4.8.0")


def go_pairs():
    for stem in GO_FILES if GO.is_dir() else ():
        golden = {
            one["test_name"]: one["event"] for one in json.loads((GO / f"{stem}.json.golden").read_text())
        }
        raw = dict(blocks((GO / f"{stem}.yaml").read_text()))
        assert set(golden) == set(raw)
        yield from (pytest.param(raw[name], golden[name], id=name) for name in raw)


GO_PAIRS = list(go_pairs())
ABSENT = pytest.param(
    None, None, marks=pytest.mark.skip(reason="the samples of go-libaudit are not beside the checkout")
)
every_event = pytest.mark.parametrize(("raw", "want"), GO_PAIRS or [ABSENT])


@every_event
def test_go_libaudit(raw, want):
    """Time, number, type, ids, session, process, arguments, path, address and result of each event."""
    got, rejected = rows(raw.encode())
    assert not rejected
    (event,) = got
    assert event["serial"] == want["sequence"]
    at = int(datetime.fromisoformat(want["@timestamp"]).timestamp() * 1000 + 0.5)
    assert event["earliest_ns"] == at * 1_000_000
    assert want["record_type"].upper() in event["types"]
    said = want["user"]["ids"] if "user" in want else {}
    ours = {n: str(event[n]) for n in IDS if event[n] is not None} | (
        {"auid": "unset"} if event["auid_set"] is False else {}
    )
    assert {n: v for n, v in said.items() if n in IDS} == ours
    assert want["session"] == ("unset" if event["ses"] is None else str(event["ses"]))
    process = want["process"]
    for theirs, mine in (
        ("pid", "pid"),
        ("ppid", "ppid"),
        ("name", "comm"),
        ("exe", "exe"),
        ("cwd", "cwd"),
        ("title", "proctitle"),
    ):
        assert process.get(theirs) == (None if event[mine] is None else str(event[mine])), theirs
    assert process.get("args") == event["argv"]
    result = event["res"] or event["success"]
    assert (
        want["result"]
        == {
            "yes": "success",
            "1": "success",
            "success": "success",
            "no": "fail",
            "failed": "fail",
            None: "unknown",
        }[result]
    )


def test_go_libaudit_was_read_whole():
    held(GO)
    assert len(GO_PAIRS) == 18


@every_event
def test_go_libaudit_objects(raw, want):
    """The file, the socket address and the address that somebody came from."""
    (event,), _ = rows(raw.encode())
    if "file" in want:
        named = [(path["name"], path["inode"], str(path["ouid"])) for path in event["paths"]]
        assert (want["file"]["path"], want["file"]["inode"], want["file"]["uid"]) in named
    data = want.get("data", {})
    found = sockaddr.of_hexadecimal(pa.array([event["saddr"]], pa.string()))
    assert data.get("socket_addr") == found.address[0].as_py()
    assert data.get("socket_port") == (None if found.port[0].as_py() is None else str(found.port[0]))
    came = (want.get("source") or {}).get("ip")
    assert came == (event["addr"] or (found.address[0].as_py() if data.get("syscall") == "accept" else None))
    assert {k: event[k] for k in ("a0", "a1", "a2", "a3") if event[k] is not None} == {
        k: v for k, v in data.items() if k in {"a0", "a1", "a2", "a3"}
    }


# --- laurel: raw records with JSON twins, and traces of processes ------------------------------------------------


def said(row):
    """A row without its place; words that no column took without their quotes, numbers without their base."""

    def bare(text):
        text = re.sub(r'"|(?<=[{ ]) | (?=})|(?<={) ', "", text)
        return re.sub(r"(?<==)(?:0x)?0+(?= |$)", "0", text)

    told = {k: v for k, v in row.items() if v is not None and k not in {"start", "stop", "spans"}}
    told["types"] = [kind for kind in told["types"] if kind != "EOE"]
    told["fields"] = bare(told.get("fields") or "")
    told["more"] = [bare(line) for line in told.get("more") or []]
    told["paths"] = [path | {"fields": bare(path["fields"])} for path in told.get("paths") or []]
    return told


LAUREL_TWINS = ["record-execve", "record-login", "record-nscd", "record-syscall-key", "record-uringop"]


@pytest.mark.parametrize("stem", LAUREL_TWINS)
def test_laurel_twins(stem):
    """The two dialects of one trail make the same records, column for column; laurel leaves out the end marks."""
    text, rejected = rows((held(LAUREL) / f"{stem}.txt").read_bytes())
    twin = laurel.parse((LAUREL / f"{stem}.json").read_bytes(), 0)
    assert not rejected
    assert not twin.rejected.num_rows
    assert [said(row) for row in twin.records.to_pylist()] == [said(row) for row in text]
    assert laurel.recognise((LAUREL / f"{stem}.json").read_bytes(), "x") > 90


def test_laurel_twins_are_all_there_is():
    assert sorted(path.stem for path in held(LAUREL).glob("*.json")) == LAUREL_TWINS


def test_laurel_process_tree():
    """Seventeen programs of one `apt-get update`, each a child of the first."""
    paths = sorted((held(LAUREL) / "tree").glob("[0-9]*.txt"))
    events = [row for path in paths for row in rows(path.read_bytes())[0]]
    assert (len(paths), len(events)) == (17, 17)
    first, *rest = events
    assert (first["key"], first["argv"]) == ("software_mgmt", ["apt-get", "update"])
    assert {row["ppid"] for row in rest} == {first["pid"]}
    assert all(row["auid"] == 1000 and row["uid"] == 0 and row["syscall"] == 59 for row in events)
    assert all(row["paths"][0]["name"] == row["argv"][0] for row in rest)


TRACES = {"proc-trace-dpkg-l": (23, 5), "shell-proc-trace": (9, 24), "fork-sleep-exec": (3, 14)}
"""Events, and lines of a human's words between them, which are rejected."""


@pytest.mark.parametrize("stem", TRACES)
def test_laurel_traces(stem):
    """A fork returns the pid of a later event; the first process of a trace has no parent in it."""
    events, rejected = rows((held(LAUREL) / f"{stem}.txt").read_bytes())
    assert (len(events), len(rejected)) == TRACES[stem]
    born = {row["exit"] for row in events if row["key"] == "fork"} | {events[0]["pid"]}
    ran = {row["pid"] for row in events if row["argv"] is not None}
    # laurel's own notes: the process that forks without a trace of its birth is the gap it writes about.
    assert ran - born <= {1578540}


# --- audit-userspace, beats, splunk: logs ------------------------------------------------------------------------


def test_auparse_logs():
    """Seven events; `test2.log` is `test.log` of another age. Times and types are told in the lines themselves."""
    for name, first in (("test.log", 293), ("test2.log", 283)):
        data = (held(AUPARSE) / name).read_bytes()
        events, rejected = rows(data)
        assert not rejected
        assert [row["serial"] for row in events] == list(range(first, first + 7))
        assert [row["type"] for row in events] == [
            "SYSCALL",
            "USER_ACCT",
            "CRED_ACQ",
            "LOGIN",
            "USER_START",
            "CRED_DISP",
            "USER_END",
        ]
        assert events[0]["types"] == ["AVC", "SYSCALL", "CWD", "PATH"]
        assert (events[0]["uid"], events[0]["auid"], events[0]["success"], events[0]["cwd"]) == (
            890,
            None,
            "no",
            "/var/spool/postfix",
        )
        assert (events[3]["auid"], events[3]["ses"], events[3]["old_auid"]) == (42, 1, None)


def test_beats_logs():
    """A trail with node names of CentOS 7; and one line without its end, which is torn as far as anybody can tell."""
    folder = held(UPSTREAM / "beats") / "filebeat" / "module" / "auditd" / "log" / "test"
    events, rejected = rows((folder / "audit-cent7-node.log").read_bytes())
    assert (len(events), len(rejected)) == (10, 0)
    assert {row["node"] for row in events} == {"localhost.localdomain"}
    line = (folder / "execve-hex-arg.log").read_bytes()
    assert [bad["why"] for bad in rows(line)[1]] == ["truncated"]
    ((event,), _) = rows(line + b"\n")
    assert event["argv"][:2] == ["sh", "-c"]
    assert len(event["argv"]) == event["argc"] == 3


def test_splunk_logs():
    """Single EXECVE lines, backslashes and all, newest first."""
    events, rejected = rows(
        (held(UPSTREAM / "splunk-attack_data") / "linux_auditd_find_password_db.log.txt").read_bytes()
    )
    assert (len(events), len(rejected)) == (5, 0)
    assert all(row["argv"][0] == "grep" and len(row["argv"]) == row["argc"] == 3 for row in events)
    assert events[1]["argv"][2] == r"passbolt\.php$"
