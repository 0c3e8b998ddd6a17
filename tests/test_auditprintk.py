"""Audit lines that the kernel printed: the same events as in the trail, as far as the log can be trusted."""

import json
from pathlib import Path

import pytest
from told import events

from forensics.core import auditprintk
from forensics.core.auditjournal import Entry

SAMPLE = Path(__file__).parents[1] / "sample_logs" / "formats" / "syslog" / "printed_audit_lines.log"
LINES = SAMPLE.read_text().splitlines(keepends=True)
MESSAGE = LINES[1].partition("kernel: ")[2].rstrip("\n")


def in_journal(transport, identifier="kernel"):
    entry = {
        "__REALTIME_TIMESTAMP": "1795446841266500",
        "_TRANSPORT": transport,
        "_HOSTNAME": "gpu01",
        "_UID": "0",
    }
    entry |= {"SYSLOG_IDENTIFIER": identifier, "MESSAGE": MESSAGE}
    return (json.dumps(entry) + "\n").encode()


def test_printed_lines_are_those_of_the_trail():
    told = events("syslog", SAMPLE.read_bytes())
    (kill,) = [event for event in told if event["verb"] == "signal"]
    assert (kill["auid"], kill["uid"], kill["pid"], kill["target_pid"], kill["signal"]) == (
        4101,
        0,
        9610,
        9318,
        9,
    )
    assert (kill["earliest_ns"], kill["host"]) == (1_795_446_841_266_000_000, "gpu01")
    assert [SAMPLE.read_bytes()[c["start"] : c["stop"]].decode() for c in kill["citations"]] == [
        LINES[1],
        LINES[3],
    ]
    assert {e["domain"] for e in told if e["auid"] is not None} == {"login01:user"}
    assert [e["verb"] for e in told if "audit_enabled" in (e["text"] or "")] == ["audit_config"]
    by_line = {c["start"] for event in told for c in event["citations"]}
    assert len(by_line) == len(LINES), "every line is told"
    planted = next(e for e in told if "planted" in (e["text"] or ""))
    assert (planted["auid"], planted["domain"]) == (None, "login01:root")


def test_the_journal_knows_what_the_kernel_sent():
    (sent,) = events("journal_json", in_journal("kernel"))
    assert (sent["auid"], sent["verb"], sent["pid"]) == (4101, "signal", 9610)
    for transport, identifier in (("syslog", "kernel"), ("stdout", "kernel"), ("kernel", "pkill")):
        (planted,) = events("journal_json", in_journal(transport, identifier))
        assert (planted["auid"], planted["verb"]) == (None, "other")


@pytest.mark.parametrize(
    "message",
    [
        "audit: type=1300 audit(1795446841.266:7982)",
        "audit: type=13000 audit(1795446841.266:7982): a=1",
        "x audit: type=1300 audit(1795446841.266:7982): a=1",
        None,
    ],
)
def test_other_messages_hold_no_audit_line(message):
    assert auditprintk.entry(Entry("0" * 64, 0, 1, None, None, None, message)) is None


def test_names_by_number():
    assert [auditprintk.NAMES[n] for n in (1006, 1112, 1123, 1138, 1300, 1307, 1309, 1318, 1327, 1337, 1400, 1703, 1805)] == [
        "LOGIN", "USER_LOGIN", "USER_CMD", "SOFTWARE_UPDATE", "SYSCALL", "CWD", "EXECVE", "OBJ_PID", "PROCTITLE", "OPENAT2", "AVC", "ANOM_CREAT", "INTEGRITY_RULE",
    ]  # fmt: skip
    assert auditprintk.entry(
        Entry("0" * 64, 0, 1, None, None, None, "audit: type=1999 audit(1.000:2): x=1")
    ) == Entry("0" * 64, 0, 1, None, 1_000_000, 2, "<audit-1999> x=1")
