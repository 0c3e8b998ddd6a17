"""Audit lines in the journal: the same events as in the trail, and nothing from what is no audit line."""

import re
from pathlib import Path

from test_audit_dialects import ALIKE, events

from forensics.core import auditjournal
from forensics.core.auditjournal import Entry
from forensics.core.tables import FILE

SAMPLES = Path(__file__).parents[1] / "sample_logs" / "formats" / "auditd"
LINE = re.compile(
    r"type=(?P<type>\S+) msg=audit\((?P<s>\d+)\.(?P<ms>\d{3}):(?P<serial>\d+)\):(?P<body>[^\x1d]*)(?P<names>\x1d.*)?"
)
FILES = FILE.build({c: [{"sha256": "0" * 64, "path": "x", "host": "login01", "domain": "login01:root", "kind": "file", "held": "copied", "bytes": 0, "parsed": 0, "rejected": 0, "ignored": 0}.get(c)] for c in FILE.names})  # fmt: skip


def in_journal(line, at):
    """An entry as journald makes it of what the kernel sent: no names, a number where it knows no name."""
    found = LINE.fullmatch(line)
    kind = re.sub(r"UNKNOWN\[(\d+)\]", r"<audit-\1>", found["type"])
    us = int(found["s"] + found["ms"]) * 1000
    return Entry("0" * 64, at, at + 1, "login01", us, int(found["serial"]), kind + found["body"])


def alike(told):
    return sorted(({name: event[name] for name in ALIKE} for event in told), key=repr)


def test_the_journal_tells_the_events_of_the_trail():
    """But for names, which are auditd's; entries of one event are one event, in whatever order."""
    for name in (
        "connections.log",
        "older_auditd.log",
        "refusals_and_modules.log",
        "hex_and_split_arguments.log",
    ):
        lines = (SAMPLES / name).read_text().rstrip("\n").split("\n")
        bare = "".join(re.sub(r"\x1d.*", "", line) + "\n" for line in lines).encode()
        entries = [in_journal(line, 2 * at) for at, line in enumerate(lines)]
        got, rest = auditjournal.events(reversed(entries), FILES, "journal_json")
        assert rest == []
        assert alike(got.to_pylist()) == alike(events("auditd", bare))
        assert sum(len(cited) for cited in got["citations"].to_pylist()) == len(lines)
        assert set(got["format"].to_pylist()) == {"journal_json"}


def test_an_entry_that_holds_no_audit_line_is_handed_back():
    entry = Entry("0" * 64, 0, 1, "login01", 1, 1, "SYSCALL arch=c000003e")
    bad = [
        entry._replace(**change)
        for change in (
            {"message": None},
            {"message": "syscall x"},
            {"source_us": None},
            {"audit_id": None},
            {"source_us": 2**62},
            {"audit_id": -1},
        )
    ]
    got, rest = auditjournal.events(bad, FILES, "journal_json")
    assert (got.num_rows, rest) == (0, bad)
    assert auditjournal.row(entry)["arch"] == "c000003e"
