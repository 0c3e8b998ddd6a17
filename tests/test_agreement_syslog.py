"""Agreement with others on their own logs, whole; what differs is argued in docs/explanation/agreement-syslog.md."""

import csv
import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from forensics.core.tables import FILE
from forensics.formats import recognise, syslog
from forensics.readings import syslog as reading

UPSTREAM = Path(__file__).parents[2] / "shared" / "samples"
SEALED = "a" * 64
FILES = FILE.build(
    {
        "sha256": [SEALED], "path": ["log"], "bytes": [1], "kind": ["file"], "held": ["copied"], "format": ["syslog"],
        "domain": ["unplaced:root"], **{name: [0] for name in ("parsed", "rejected", "ignored")},
    }
)  # fmt: skip

pytestmark = pytest.mark.skipif(
    not UPSTREAM.exists(), reason="the upstream samples are not beside this checkout"
)


def events(data, anchor_ns=None):
    records = syslog.parse(data, 0).records
    sealed = records.add_column(0, "sha256", pa.array([SEALED] * records.num_rows, pa.string()))
    return reading.read(sealed, FILES, zone="UTC", anchor_ns=anchor_ns)["event"].to_pylist()


# What we take the lines of each template of loghub's OpenSSH log to be.
TEMPLATES = {
    **dict.fromkeys(("E8", "E9", "E10", "E13", "E14", "E15", "E16", "E17", "E19", "E20", "E21"), "login_failed"),
    **dict.fromkeys(("E2", "E4", "E5", "E6", "E7", "E11", "E24", "E25", "E26"), "disconnect"),
    **dict.fromkeys(("E3", "E12", "E18", "E27"), "other"),
    "E1": "login", "E22": "session_close", "E23": "session_open",
}  # fmt: skip


def test_each_line_of_loghub_is_what_its_template_is():
    folder = UPSTREAM / "loghub" / "OpenSSH"
    with (folder / "OpenSSH_2k.log_structured.csv").open(newline="") as table:
        lines = list(csv.DictReader(table))
    told = events((folder / "OpenSSH_2k.log").read_bytes())
    counted = Counter((line["EventId"], e["verb"]) for line, e in zip(lines, told, strict=True))
    every = Counter(line["EventId"] for line in lines)
    assert counted == {(event, TEMPLATES[event]): count for event, count in every.items()}
    assert set(every) == set(TEMPLATES)
    assert [str(e["pid"]) for e in told] == [line["Pid"] for line in lines]


# The lines that go on without a stamp; plaso joins them to the line before.
PLASO = {
    "syslog_chromeos": (8, 1), "syslog_cron.log": (9, 0), "syslog_osx": (2, 0), "syslog_rsyslog": (5, 0),
    "syslog_rsyslog_SysklogdFileFormat": (9, 1), "syslog_rsyslog_traditional": (8, 3),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(PLASO))
def test_each_line_of_plaso_is_accounted_for(name):
    data = (UPSTREAM / "plaso" / "test_data" / "syslog" / name).read_bytes()
    parsed = syslog.parse(data, 0)
    assert (parsed.records.num_rows, parsed.rejected.num_rows) == PLASO[name]
    assert parsed.ignored.num_rows == 0
    assert sum(b - a for t in parsed for a, b in zip(t["start"].to_pylist(), t["stop"].to_pylist(), strict=True)) == len(data)  # fmt: skip
    assert recognise(data, name) == "syslog"


def test_cron_of_plaso_ran_what_it_says_for_whom_it_says():
    data = (UPSTREAM / "plaso" / "test_data" / "syslog" / "syslog_cron.log").read_bytes()
    told = events(data)
    assert {(e["verb"], e["account"]) for e in told} == {("cron_run", "root")}
    assert told[1]["text"] == "sleep $(( 1 * 60 )); touch /tmp/afile.txt"


def fixture(name):
    folder = UPSTREAM / "jc" / "tests" / "fixtures" / "generic"
    return (folder / f"{name}.out").read_bytes(), json.loads((folder / f"{name}.json").read_text())


def test_rfc_3164_as_jc_reads_it():
    data, wanted = fixture("syslog-3164")
    parsed = syslog.parse(data, 0)
    assert parsed.rejected.num_rows == sum("unparsable" in row for row in wanted)
    for row, jc in zip(parsed.records.to_pylist(), [w for w in wanted if "unparsable" not in w], strict=True):
        assert (row["priority"], row["wall"]) == (jc["priority"], jc["date"])
        if row["repeated"] is None:
            assert row["host"] == jc["hostname"]
            # jc leaves the pid, or a part in brackets of the name, in the content.
            pid = "" if row["pid"] is None else f"[{row['pid']}]"
            ours = f"{row['program']}{pid}: {row['message']}"
            assert ours.strip() in {f"{jc['tag']}{jc['content']}", f"{jc['tag']}: {jc['content']}"}


def test_rfc_5424_as_jc_reads_it():
    data, wanted = fixture("syslog-5424")
    got = [row for row in syslog.parse(data, 0).records.to_pylist() if row["stamp"] == "rfc5424"]
    both = [jc for jc in wanted if jc.get("version") == 1]
    for row, jc in zip(got, both, strict=True):
        names = {"priority": "priority", "wall": "timestamp", "host": "hostname", "program": "appname"}
        names |= {"pid": "proc_id", "msgid": "msg_id", "message": "message"}
        assert {ours: row[ours] for ours in names} == {ours: jc[theirs] for ours, theirs in names.items()}
        assert (row["structured"] is None) == (jc["structured_data"] is None)


def test_a_log_of_splunk_has_a_refusal_and_an_entry():
    told = events((UPSTREAM / "splunk-attack_data" / "linux_secure.log").read_bytes())
    assert [(e["verb"], e["outcome"]) for e in told] == [("login_failed", "failure"), ("login", "success")]
    assert told[0]["account"] is None
    assert told[1]["account"] is not None
    assert len({e["address"] for e in told}) == 1
    assert told[1]["credential"] == "password"
