"""What kinds of audit lines beyond files and signals are taken to mean: typing, refusals, modules, connections, accounts."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from test_audit_dialects import events, placed

from forensics.core import auditmeaning

SAMPLES = Path(__file__).parents[1] / "sample_logs" / "formats" / "auditd"


def told(name):
    return events("auditd", (SAMPLES / name).read_bytes())


VERBS = {
    "accounts_and_services.log": ["account_edit"] * 3
    + ["service", "logout", "other", "other", "account_edit"],
    "connections.log": ["connect"] * 4 + ["other"] * 3 + ["connect", "other"],
    "keystrokes.log": ["keystrokes"] * 4,
    "older_auditd.log": ["execute", "other", "clock_change", "other", "audit_config"],
    "other_ways_in.log": ["execute", "signal", "trace", "identity", "mount", "other", "signal", "signal"],
    "refusals_and_modules.log": ["write", "trace", "module", "other", "other", "other", "other", "other"],
}


@pytest.mark.parametrize("name", VERBS)
def test_verbs(name):
    assert [event["verb"] for event in told(name)] == VERBS[name]


def test_an_address_reached_is_an_object_and_never_where_the_actor_came_from():
    """A file that the kernel names goes before the socket's own path; a family alone is no object."""
    got = told("connections.log")
    assert [(e["object_kind"], e["object"]) for e in got] == [
        ("address", "192.0.2.7:443"),
        ("address", "[2001:db8::7]:443"),
        ("path", "/run/socket"),
        ("path", "@/tmp/.X11-unix/X0"),
        ("address", "192.0.2.9:50001"),
        (None, None),
        ("address", "0.0.0.0:4444"),
        (None, None),
        ("address", "192.0.2.7:22"),
    ]
    assert {(e["address"], e["port"]) for e in got} == {(None, None)}


def test_keystrokes_are_text_and_move_nothing():
    """What was typed is decoded, control bytes and all, and names nobody; half a byte is left as written."""
    got = told("keystrokes.log")
    assert [e["text"] for e in got[:3]] == ["rm -rf train\r", "exit", '\x7fé\\xff\x1b[A data="x" auid=0']
    assert got[3]["text"].endswith("data=7")
    assert {(e["auid"], e["session"]) for e in got} == {(4102, "54")}


OPENED = b"""type=URINGOP msg=audit(1795446841.266:9773): uring_op=28 success=yes exit=0 items=1 ppid=9336 pid=9610 uid=4102 gid=4100 euid=4102 suid=4102 fsuid=4102 egid=4100 sgid=4100 fsgid=4100 subj=unconfined key=(null)
type=OPENAT2 msg=audit(1795446841.266:9773): oflag=01101 mode=0644 resolve=0x0
type=CWD msg=audit(1795446841.266:9773): cwd="/home/kai"
type=PATH msg=audit(1795446841.266:9773): item=0 name="/srv/proj/llm/train.py" inode=70 dev=fe:00 mode=0100664 ouid=4101 ogid=4100 nametype=NORMAL
"""


def test_what_a_ring_does_is_told_as_the_call_that_it_is():
    """A ring's record has no login account, and no argument says which directory a relative name starts from: it stays as written."""
    deleted, renamed, nothing, within, riscv, refused = told("rings_and_newer_records.log")
    (opened,) = events("auditd", OPENED)
    assert [e["verb"] for e in (deleted, renamed, opened, nothing)] == ["delete", "rename", "write", "other"]
    assert [e["object"] for e in (deleted, renamed, opened)] == [
        "/srv/proj/llm/step_100.pt",
        "d/b",
        "/srv/proj/llm/train.py",
    ]
    assert {
        (e["account"], e["auid"], e["session"], e["uid"]) for e in (deleted, renamed, opened, nothing)
    } == {(None, None, None, 4102)}
    assert (riscv["verb"], riscv["object"], riscv["auid"]) == ("delete", "/srv/proj/llm/step_090.pt", 4102)
    assert (refused["verb"], refused["outcome"], refused["auid"]) == ("delete", "failure", 4102)
    # Of what a call does before it returns, the call's own line says whose login it is.
    assert (within["verb"], within["object"], within["auid"]) == ("delete", "/srv/proj/llm/step_080.pt", 4102)


def test_a_refusal_beside_a_call_is_told_with_it():
    got = told("refusals_and_modules.log")
    assert got[0]["text"] == "openat tee AVC"
    assert (got[1]["object_kind"], got[1]["object"], got[1]["target_pid"], got[1]["target_uid"]) == (
        "process",
        "python3",
        9318,
        4101,
    )
    assert got[2]["text"] == "finit_module insmod key=modules KERN_MODULE"
    assert got[3]["text"] == "sendmsg nft NETFILTER_CFG"


def test_ways_into_the_kernel_that_rules_forget():
    """x32 and 32-bit numbers on a 64-bit machine; a table that we have not, by the host's own name for the number."""
    got = told("other_ways_in.log")
    assert [(e["verb"], e["signal"], e["target_pid"]) for e in got if e["signal"]] == [
        ("signal", 9, 9318)
    ] * 3
    assert (got[2]["object_kind"], got[2]["target_pid"]) == ("process", 9318)
    assert got[0]["text"].endswith("x32")


def test_numbers_that_an_older_auditd_had_no_names_for():
    """Its kernel wrote PROCTITLE and TIME_INJOFFSET all the same; results stood in brackets."""
    got = told("older_auditd.log")
    assert [e["outcome"] for e in got] == ["success", "success", "success", None, "success"]
    assert len(got[0]["citations"]) == 3


def test_what_ausearch_prints_by_default_is_the_trail_without_its_names():
    """Its rules and dates between events hold nothing; the numbers stay."""
    got = told("ausearch_default.log")
    assert {e["auid"] for e in got} == {4102, 4101, None}
    assert {e["account"] for e in got} == {None, "lin", "root"}
    assert {e["verb"] for e in got if e["account"] is not None} == {"login_failed"}


@pytest.mark.parametrize("name", [*VERBS, "hex_and_split_arguments.log", "interleaved_and_torn.log"])
def test_meaning_needs_no_column_that_it_does_not_ask_for(name, tmp_path):
    """A case is told from those columns alone: one left out would be missing in no other test."""
    records, files = placed("auditd", (SAMPLES / name).read_bytes())
    pq.write_table(records, tmp_path / "records.parquet")
    asked = pq.ParquetFile(tmp_path / "records.parquet").read(columns=list(auditmeaning.COLUMNS))
    assert asked.num_columns < records.num_columns
    assert auditmeaning.events(asked, files, "auditd").to_pylist() == told(name)
