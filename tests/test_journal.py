"""The journal's own fields say who sent a message; the sender's say what it wants to be taken for."""

import json
import re
from pathlib import Path

import pyarrow as pa
import pytest
from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from test_audit_dialects import alike
from test_audit_dialects import events as trail_events

from forensics.core.tables import FILE
from forensics.formats import journal_export, journal_json
from forensics.readings import journal_export as export_reading
from forensics.readings import journal_json as reading

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "sample_logs" / "formats"
UPSTREAM = ROOT.parent / "shared" / "samples"
SEALED = "a" * 64
KEY = "SHA256:" + "K" * 43
FILES = FILE.build(
    {
        "sha256": [SEALED], "path": ["login01/journal.json"], "host": ["login01"], "bytes": [1], "kind": ["file"],
        "held": ["copied"], "format": ["journal_json"], "domain": ["login01:root"],
        **{name: [0] for name in ("parsed", "rejected", "ignored")},
    }
)  # fmt: skip
SSHD = {
    "SYSLOG_IDENTIFIER": "sshd",
    "_UID": "0",
    "_PID": "7",
    "_TRANSPORT": "syslog",
    "_EXE": "/usr/sbin/sshd",
}
SUDO = {
    "SYSLOG_IDENTIFIER": "sudo",
    "_UID": "4102",
    "_PID": "8",
    "_TRANSPORT": "syslog",
    "_EXE": "/usr/bin/sudo",
}
ENTRY = f"Accepted publickey for mei from 10.0.0.11 port 49063 ssh2: ED25519 {KEY}"
CALL = "     kai : TTY=pts/3 ; PWD=/ ; USER=root ; COMMAND=/bin/ls"


def exported(fields):
    """One entry as `-o export` has it, every value with its length before it."""
    told = b"".join(
        name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n" for name, value in fields
    )
    return b"__REALTIME_TIMESTAMP=1795446697046885\n" + told + b"\n"


def event(**fields):
    line = json.dumps({"__REALTIME_TIMESTAMP": "1795446697046885", "_HOSTNAME": "login01"} | fields).encode()
    records = journal_json.parse(line, 0).records
    sealed = records.add_column(0, "sha256", pa.array([SEALED] * records.num_rows, pa.string()))
    (told,) = reading.read(sealed, FILES, zone="UTC", anchor_ns=None)["event"].to_pylist()
    return told


def test_an_entry_says_who_and_what_the_kernel_knows_of_its_sender():
    e = event(**SSHD, MESSAGE=ENTRY, _AUDIT_LOGINUID="4294967295", _AUDIT_SESSION="4294967295")
    assert (e["verb"], e["account"], e["address"], e["credential"]) == ("login", "mei", "10.0.0.11", KEY)
    assert (e["auid"], e["session"], e["uid"], e["pid"]) == (None, None, None, 7)
    e = event(**SUDO, MESSAGE=CALL, _AUDIT_LOGINUID="4102", _AUDIT_SESSION="9")
    assert (e["verb"], e["account"], e["effective"]) == ("sudo", "kai", "root")
    assert (e["auid"], e["session"], e["exe"]) == (4102, "9", "/usr/bin/sudo")


@pytest.mark.parametrize(
    "sender",
    [
        SSHD | {"_UID": "4102", "_EXE": "/usr/bin/logger"},
        SSHD | {"_UID": "4102"},
        SSHD | {"_EXE": "/usr/bin/logger"},
        SSHD | {"_TRANSPORT": "audit"},
        {name: value for name, value in SSHD.items() if name != "_UID"},
        SSHD | {"_UID": ["0", "4102"]},
        SSHD | {"SYSLOG_IDENTIFIER": "kernel", "_EXE": "/usr/bin/kernel"},
        {"SYSLOG_IDENTIFIER": "sshd", "_TRANSPORT": "kernel"},
    ],
)
def test_a_sender_that_the_kernel_does_not_bear_out_is_not_believed(sender):
    e = event(**sender, MESSAGE=ENTRY)
    assert (e["verb"], e["account"], e["credential"], e["address"]) == ("other", None, None, None)
    assert ENTRY in e["text"]


@pytest.mark.parametrize(
    "sender",
    [{"_EXE": "/home/kai/bin/sudo"}, {"_EXE": "/usr/bin/sudo/sudo"}, {"_EXE": "/usr/bin/bash"}, {"_EXE": "sudo"}, {"_EXE": ["/usr/bin/sudo", "x"]}],
)  # fmt: skip
def test_a_program_that_anybody_starts_is_believed_by_its_file_alone(sender):
    e = event(**(SUDO | sender), MESSAGE=CALL)
    assert (e["verb"], e["account"], e["account_absence"], e["uid"]) == ("other", None, "number_only", 4102)


def test_a_program_removed_since_is_the_program():
    assert event(**(SUDO | {"_EXE": "/usr/bin/sudo (deleted)"}), MESSAGE=CALL)["verb"] == "sudo"


def test_the_kernel_speaks_for_the_kernel():
    said = "NVRM: Xid (PCI:0000:3b:00): 79, pid=8123, GPU has fallen off the bus."
    kernel = {"SYSLOG_IDENTIFIER": "kernel", "_TRANSPORT": "kernel"}
    assert event(**kernel, MESSAGE=said)["verb"] == "fault"
    assert event(**(kernel | {"_TRANSPORT": "syslog", "_UID": "0"}), MESSAGE=said)["verb"] == "other"


def test_two_messages_in_one_entry_are_words_only():
    e = event(**SSHD, MESSAGE=[ENTRY, "second"])
    assert (e["verb"], e["text"]) == ("other", f"sshd: {ENTRY}\nsecond")


def test_a_message_of_bytes_is_text():
    assert event(**SSHD, MESSAGE=list(ENTRY.encode()))["account"] == "mei"
    assert event(**SSHD, MESSAGE=[255, 65])["text"] == "sshd: \\xffA"


def test_what_is_too_long_to_be_exported_is_not_there():
    assert event(**SSHD, MESSAGE=None)["text"] is None


def test_a_moment_lies_between_sending_and_receiving():
    e = event(**SSHD, MESSAGE="x", _SOURCE_REALTIME_TIMESTAMP="1795446697046000")
    assert (e["earliest_ns"], e["latest_ns"]) == (1_795_446_697_046_000_000, 1_795_446_697_046_885_999)
    e = event(**SSHD, MESSAGE="x", _SOURCE_REALTIME_TIMESTAMP="1795446697047000")
    assert (e["earliest_ns"], e["latest_ns"]) == (1_795_446_697_046_885_000, 1_795_446_697_047_000_999)
    assert event(**SSHD, MESSAGE="x")["clock"] == "login01:journal_json"


@pytest.mark.parametrize(
    "name",
    [
        "entry_and_sudo",
        "planted_by_logger",
        "audit_lines_between",
        "planted_audit_words",
        "audit_lines_incomplete",
    ],
)
def test_both_exports_tell_the_same(name):
    one = journal_json.parse((FOLDER / "journal_json" / f"{name}.json").read_bytes(), 0).records
    other = journal_export.parse((FOLDER / "journal_export" / f"{name}.export").read_bytes(), 0).records
    assert (
        one.drop_columns(["start", "stop"]).to_pylist() == other.drop_columns(["start", "stop"]).to_pylist()
    )


def test_nothing_planted_is_believed():
    told = journal_json.parse((FOLDER / "journal_json" / "planted_by_logger.json").read_bytes(), 0).records
    assert set(told["kind"].to_pylist()) == {None}
    assert set(told["believed"].to_pylist()) == {False}


NAMES = st.sampled_from(["MESSAGE", "_UID", "SYSLOG_IDENTIFIER", "FIELD"])
VALUES = st.binary(max_size=40) | st.sampled_from(
    [b"\n\n", b"a\n\n__REALTIME_TIMESTAMP=1\nMESSAGE=b\n\n", b""]
)


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.lists(st.tuples(NAMES, VALUES), max_size=4), min_size=1, max_size=4))
def test_no_value_ends_an_entry(entries):
    data = b"".join(exported(fields) for fields in entries)
    parsed = journal_export.parse(data, 0)
    assert parsed.rejected.num_rows == parsed.ignored.num_rows == 0
    for fields, row in zip(entries, parsed.records.to_pylist(), strict=True):
        messages = [value.decode("utf-8", "backslashreplace") for name, value in fields if name == "MESSAGE"]
        assert row["message"] == ("\n".join(messages) if messages else None)


def test_an_export_of_another_project_is_read_whole():
    log = UPSTREAM / "tlog" / "lib" / "tlitest" / "journal-good.txt"
    if not log.exists():
        pytest.skip("the upstream samples are not beside this checkout")
    data = log.read_bytes()
    parsed = journal_export.parse(data, 0)
    assert (parsed.rejected.num_rows, parsed.records.num_rows) == (0, data.count(b"__CURSOR="))
    assert journal_export.recognise(data[:65536], log.name) > 90


def told_of(name, folder="journal_json", suffix="json"):
    """The events of a sample."""
    form, reader = (journal_json, reading) if folder == "journal_json" else (journal_export, export_reading)
    records = form.parse((FOLDER / folder / f"{name}.{suffix}").read_bytes(), 0).records
    sealed = records.add_column(0, "sha256", pa.array([SEALED] * records.num_rows, pa.string()))
    return reader.read(sealed, FILES, zone="UTC", anchor_ns=None)["event"].sort_by("start").to_pylist()


def test_audit_lines_tell_what_they_tell_in_the_trail():
    """Lines of one event are one, whatever lies between; a message between them stays one of its own."""
    killed, removed, opened, entered = told_of("audit_lines_between")
    assert (killed["verb"], killed["auid"], killed["session"], killed["uid"]) == ("signal", 4102, "54", 0)
    assert (killed["signal"], killed["target_pid"], killed["target_uid"]) == (9, 9318, 4101)
    assert (removed["verb"], removed["object"], removed["pid"]) == ("delete", "/srv/proj/train one.py", 9610)
    assert (opened["verb"], len(opened["citations"])) == ("session_open", 1)
    assert (entered["verb"], entered["address"], entered["tty"]) == ("login", "10.0.0.1", "pts/1")
    assert [len(e["citations"]) for e in (killed, removed, entered)] == [3, 5, 1]
    assert killed["earliest_ns"] == 1_795_446_841_266_000_000


def test_one_trail_tells_the_same_acts_as_auditd_and_through_the_journal():
    """But for names, which auditd adds, in either export; `test_auditjournal` has the same of whole trails."""
    entries = [
        row
        for row in journal_json.parse(
            (FOLDER / "journal_json" / "audit_lines_between.json").read_bytes(), 0
        ).records.to_pylist()
        if row["transport"] == "audit"
    ]
    trail = b"".join(
        b"type=%s msg=audit(%d.%03d:%d): %s\n"
        % (
            re.sub(r"<audit-(\d+)>", r"UNKNOWN[\1]", kind).encode(),
            *divmod(row["source_us"] // 1000, 1000),
            row["audit_id"],
            body.encode(),
        )
        for row in entries
        for kind, body in [row["message"].split(" ", 1)]
    )
    plain = alike(trail_events("auditd", trail))
    for folder, suffix in (("journal_json", "json"), ("journal_export", "export")):
        told = told_of("audit_lines_between", folder, suffix)
        assert alike([e for e in told if e["verb"] != "session_open"]) == plain


def test_audit_words_that_an_account_sends_are_no_audit_lines():
    by_logger, by_journal, typed, refused = told_of("planted_audit_words")
    for e in (by_logger, by_journal):
        assert (e["verb"], e["account"], e["auid"], e["uid"]) == ("other", None, 4102, 4102)
    assert (typed["verb"], typed["auid"], typed["text"]) == ("sudo", 4102, "ls uid=0 auid=4101")
    assert (refused["verb"], refused["auid"], refused["account"]) == ("login_failed", None, "kai auid=4101")


def test_an_audit_entry_that_cannot_be_read_as_a_line_stays_text():
    told = told_of("audit_lines_incomplete")
    assert {(e["verb"], e["account"], len(e["citations"])) for e in told} == {("other", None, 1)}
    assert len(told) == 6
