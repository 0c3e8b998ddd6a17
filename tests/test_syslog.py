"""A log line tells what its program wrote, never what somebody made the program repeat."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.core import clock, messageevents
from forensics.core.lines import LONGEST_LINE_BYTES
from forensics.core.programs import PROGRAMS
from forensics.core.tables import FILE
from forensics.formats import recognise, syslog
from forensics.readings import syslog as reading

ROOT = Path(__file__).parents[1]
INCIDENTS = ROOT / "sample_logs" / "incidents"
UPSTREAM = ROOT.parent / "shared" / "samples"
SEALED = "a" * 64
ANCHOR_NS = 1_795_446_697_000_000_000
SECOND = 1_000_000_000
KEY, OTHER = "SHA256:" + "K" * 43, "SHA256:" + "O" * 43
FILES = FILE.build(
    {
        "sha256": [SEALED],
        "path": ["login01/var/log/auth.log"],
        "host": ["login01"],
        "bytes": [1],
        "kind": ["file"],
        "held": ["copied"],
        "format": ["syslog"],
        "domain": ["login01:root"],
        **{name: [0] for name in ("parsed", "rejected", "ignored")},
    }
)


def events(data, zone="UTC", anchor_ns=ANCHOR_NS):
    records = syslog.parse(data, 0).records
    sealed = records.add_column(0, "sha256", pa.array([SEALED] * records.num_rows, pa.string()))
    return reading.read(sealed, FILES, zone=zone, anchor_ns=anchor_ns)["event"].to_pylist()


def line(tag, message, stamp="2026-11-23T15:11:37.046885+00:00"):
    return f"{stamp} login01 {tag}: {message}\n".encode()


def told(tag, message):
    (event,) = events(line(tag, message))
    return event


def test_an_entry_by_key_says_who_from_where_and_with_which_key():
    e = told("sshd[3077]", f"Accepted publickey for mei from 10.0.0.11 port 49063 ssh2: ED25519 {KEY}")
    assert (e["verb"], e["outcome"], e["account"], e["host"]) == ("login", "success", "mei", "login01")
    assert (e["address"], e["port"], e["credential"], e["pid"]) == ("10.0.0.11", 49063, KEY, 3077)
    assert (e["domain"], e["clock"]) == ("login01:root", "login01:syslog")


def test_a_certificate_is_its_key_and_not_its_signers():
    e = told(
        "sshd[1]",
        f"Accepted publickey for mei from ::1 port 1 ssh2: ED25519-CERT {KEY} ID m (serial 7) CA RSA {OTHER}",
    )
    assert (e["credential"], e["address"]) == (KEY, "::1")
    assert "serial 7" in e["text"]


def test_an_old_fingerprint_is_no_credential():
    assert (
        told("sshd[1]", "Accepted publickey for mei from ::1 port 1 ssh2: RSA 39:33:99")["credential"] is None
    )


def test_a_password_is_a_kind_of_credential():
    assert told("sshd[1]", "Accepted password for mei from ::1 port 1 ssh2")["credential"] == "password"


def test_a_key_only_offered_is_not_a_key_held():
    e = told("sshd[1]", f"Failed publickey for kai from 10.9.9.9 port 1 ssh2: ED25519 {KEY}")
    assert (e["verb"], e["outcome"], e["account"], e["credential"]) == (
        "login_failed",
        "failure",
        "kai",
        None,
    )
    assert (
        told("sshd[1]", f"Accepted key ED25519 {KEY} found at /home/mei/.ssh/authorized_keys:1")["verb"]
        == "other"
    )


NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
TAILS = st.sampled_from(
    [
        "", " from 10.1.1.1 port 22", " from 10.1.1.1 port 22 ssh2", f" from 10.1.1.1 port 22 ssh2: RSA {KEY}", " 10.1.1.1 port 22",
        "[1]: Accepted publickey for root from 10.1.1.1 port 22 ssh2", " [preauth]",
    ]
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(name=NAMES, tail=TAILS)
def test_a_typed_name_moves_no_field(name, tail):
    typed = name + tail
    messages = (
        f"Invalid user {typed} from 10.9.9.9 port 4000",
        f"Failed password for invalid user {typed} from 10.9.9.9 port 4000 ssh2",
        f"Connection closed by invalid user {typed} 10.9.9.9 port 4000 [preauth]",
    )
    for e, message in zip(events(b"".join(line("sshd[5]", m) for m in messages)), messages, strict=True):
        assert (e["address"], e["port"]) == ("10.9.9.9", 4000), message
        assert (e["account"], e["outcome"]) in {(None, "failure"), (None, None)}, message


@pytest.mark.parametrize("tag", ["kai", "kai[7]", "sshd", "sshd-fake[7]", "logger", "sudo", "kernel"])
@pytest.mark.parametrize(
    "message",
    [
        f"Accepted publickey for root from 10.1.1.1 port 22 ssh2: RSA {KEY}",
        f"sshd[1]: Accepted publickey for root from 10.1.1.1 port 22 ssh2: RSA {KEY}",
        "Starting session: shell on pts/1 for root from 10.1.1.1 port 22 id 0",
        "pam_unix(sshd:session): session opened for user root(uid=0) by (uid=0)",
        "(root) CMD (reboot)",
        "(root) REPLACE (mei)",
    ],
)
def test_another_programs_words_are_only_words(tag, message):
    e = told(tag, message)
    assert (e["verb"], e["account"], e["credential"], e["address"]) == ("other", None, None, None)


def test_a_command_line_is_not_read_for_fields():
    planted = f"sshd[1]: Accepted publickey for root from 10.1.1.1 port 22 ssh2: RSA {KEY}"
    e = told("sudo", f"     kai : TTY=pts/1 ; PWD=/home/kai ; USER=root ; COMMAND=/bin/echo {planted}")
    assert (e["verb"], e["account"], e["effective"]) == ("sudo", "kai", "root")
    assert (e["text"], e["credential"], e["address"]) == (f"/bin/echo {planted}", None, None)
    assert (e["tty"], e["cwd"], e["outcome"]) == ("pts/1", "/home/kai", "success")


@pytest.mark.parametrize(
    "call",
    [
        "PWD=/tmp/x ; USER=mei ; COMMAND=/bin/rm ; USER=root ; COMMAND=/bin/ls",
        "PWD=/tmp ; USER=root ; COMMAND=/bin/sh -c true ; USER=mei",
    ],
)
def test_where_a_folder_could_imitate_the_target_only_the_caller_is_read(call):
    e = told("sudo", f"     kai : TTY=pts/1 ; {call}")
    assert (e["verb"], e["account"], e["effective"], e["cwd"]) == ("sudo", "kai", None, None)
    assert call in e["text"]


def test_a_refused_sudo_is_a_failure():
    e = told(
        "sudo", "     lin : command not allowed ; TTY=pts/4 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/scancel 11"
    )
    assert (e["account"], e["effective"], e["outcome"], e["text"]) == (
        "lin",
        "root",
        "failure",
        "/usr/bin/scancel 11",
    )


@pytest.mark.parametrize(
    ("by", "account", "absence", "uid"),
    [
        ("kai(uid=4102)", "kai", None, 4102),
        ("(uid=4102)", None, "number_only", 4102),
        ("kai(uid=0)", "kai", None, None),
        ("root(uid=0)", "root", None, 0),
    ],
)
def test_who_asked_and_whose_rights_are_two_columns(by, account, absence, uid):
    e = told("sudo", f"pam_unix(sudo:session): session opened for user root(uid=0) by {by}")
    assert (e["verb"], e["effective"]) == ("session_open", "root")
    assert (e["account"], e["account_absence"], e["uid"]) == (account, absence, uid)


def test_an_sshd_session_is_of_the_account_entered():
    e = told("sshd[9]", "pam_unix(sshd:session): session opened for user mei(uid=4101) by (uid=0)")
    assert (e["verb"], e["account"], e["uid"], e["effective"], e["pid"]) == (
        "session_open",
        "mei",
        4101,
        None,
        9,
    )
    assert told("sshd[9]", "pam_unix(sshd:session): session closed for user mei")["verb"] == "session_close"


def test_the_child_links_the_two_pids_of_a_session():
    first = told("sshd[3077]", "User child is on pid 3121")
    second = told("sshd[3121]", "Starting session: shell on pts/1 for mei from 10.0.0.11 port 49063 id 0")
    assert (first["pid"], first["target_pid"]) == (3077, second["pid"])
    assert (second["verb"], second["tty"], second["account"], second["port"]) == (
        "session_start",
        "pts/1",
        "mei",
        49063,
    )


def test_a_forced_command_is_kept_and_moves_no_field():
    forced = "forced-command (key-option) 'x on pts/9 for root from 10.1.1.1 port 1 id 0'"
    e = told("sshd[5]", f"Starting session: {forced} for git from 10.9.9.9 port 4000 id 0")
    assert (e["account"], e["address"], e["port"], e["tty"]) == ("git", "10.9.9.9", 4000, None)
    assert e["text"].startswith(forced)


@pytest.mark.parametrize(
    ("operation", "verb"),
    [
        ("REPLACE", "cron_edit"),
        ("DELETE", "cron_edit"),
        ("LIST", "other"),
        ("BEGIN EDIT", "other"),
        ("END EDIT", "other"),
    ],
)
def test_only_a_change_of_a_crontab_is_an_edit(operation, verb):
    e = told("crontab[9332]", f"(root) {operation} (kai)")
    assert (e["verb"], e["account"], e["object_kind"], e["object"], e["text"]) == (
        verb,
        "root",
        "crontab",
        "kai",
        operation,
    )


def test_cron_runs_for_an_account():
    e = told("CRON[9608]", "(kai) CMD (echo (root) CMD (reboot))")
    assert (e["verb"], e["account"], e["pid"], e["text"]) == (
        "cron_run",
        "kai",
        9608,
        "echo (root) CMD (reboot)",
    )


def test_memory_of_a_job_that_ran_out_is_told_of_the_job():
    e = told(
        "kernel",
        "[ 4711.100001] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,"
        "oom_memcg=/slurm/uid_4101/job_11,task_memcg=/slurm/uid_4101/job_11/step_0,task=python3,pid=8123,uid=4101",
    )
    assert (e["verb"], e["job"], e["target_pid"], e["account_absence"]) == (
        "fault",
        "11",
        8123,
        "not_applicable",
    )


def test_a_process_name_is_no_fault_of_the_gpu():
    planted = "[ 1.5] NVRM: Xid (PCI:[77]: segfault at 0 ip 0 sp 0 error 4"
    (record,) = syslog.parse(line("kernel", planted), 0).records.to_pylist()
    assert (record["kind"], record["child"], record["device"], record["code"]) == ("fault", 77, None, None)
    assert (
        told("kernel", "NVRM: Xid (PCI:0000:3b:00): 79, pid=8123, GPU has fallen off the bus.")["verb"]
        == "fault"
    )


def test_years_are_those_nearest_to_the_anchor():
    data = b"Dec 31 23:59:59 login01 a: x\nJan  1 00:00:00 login01 a: x\n"
    first, second = events(data)
    assert second["earliest_ns"] - first["earliest_ns"] == SECOND
    assert first["latest_ns"] - first["earliest_ns"] == SECOND - 1
    assert [e["earliest_ns"] for e in events(data, anchor_ns=None)] == [None, None]
    assert [e["clock"] for e in events(data, anchor_ns=None)] == [None, None]


def test_an_offset_is_read_and_needs_no_anchor():
    stamps = ["2026-11-23T16:11:37.5+01:00", "2026-11-23T15:11:37.500000Z", "2026-11-23T07:11:37.50-0800"]
    data = b"".join(line("a", "x", stamp) for stamp in stamps)
    got = events(data, zone="Asia/Tokyo", anchor_ns=None)
    assert {e["earliest_ns"] for e in got} == {ANCHOR_NS + SECOND // 2}
    assert [e["latest_ns"] - e["earliest_ns"] for e in got] == [10**8 - 1, 10**3 - 1, 10**7 - 1]


def test_a_traditional_stamp_is_a_wall_clock_of_the_zone():
    data = b"Nov 23 15:11:37 login01 a: x\n"
    assert (
        events(data, zone="UTC")[0]["earliest_ns"] - events(data, zone="Asia/Tokyo")[0]["earliest_ns"]
        == 9 * 3600 * SECOND
    )


@pytest.mark.parametrize("year", ["0000", "1500", "9999"])
@pytest.mark.parametrize("beside", [[], ["2026-11-23T15:11:37.5Z"], ["2026-11-23T15:11:37.123456789Z"]])
def test_a_year_out_of_reach_is_no_time_whatever_stands_beside_it(year, beside):
    stamps = [f"{year}-06-01T00:00:00Z", *beside]
    assert clock.offsets(pa.array(stamps), tick_ns=1).earliest_ns.null_count == 1
    (far, *near) = events(b"".join(line("a", "x", stamp) for stamp in stamps))
    assert far["earliest_ns"] is None
    assert all(e["earliest_ns"] is not None for e in near)


def test_a_line_longer_than_any_program_writes_is_rejected_whole():
    parsed = syslog.parse(line("a", "x" * LONGEST_LINE_BYTES) + line("b", "y"), 0)
    assert parsed.rejected["why"].to_pylist() == ["too_long"]
    assert parsed.records["program"].to_pylist() == ["b"]


def test_every_kind_has_its_one_meaning():
    kinds = {shape.kind for program in PROGRAMS for shape in program.shapes}
    assert set(messageevents.MEANINGS) <= kinds
    assert set(messageevents.ASKED) | set(messageevents.NO_ACTOR) <= kinds
    assert set(messageevents._OBJECT_KINDS) <= kinds


@pytest.mark.parametrize("case", sorted(p.name for p in INCIDENTS.iterdir() if p.is_dir()))
def test_both_layouts_of_a_staged_log_tell_the_same(case):
    folder = INCIDENTS / case / "evidence" / "login01" / "var" / "log"
    both = [events((folder / name).read_bytes()) for name in ("auth.log", "auth-iso.log")]
    plain = [[(e["verb"], e["account"], e["pid"], e["address"], e["text"]) for e in e_s] for e_s in both]
    assert plain[0] == plain[1]
    assert all(a["earliest_ns"] <= b["earliest_ns"] <= a["latest_ns"] for a, b in zip(*both, strict=True))
    logins = [e for e in both[0] if e["verb"] == "login"]
    assert logins
    assert all(e["credential"].startswith("SHA256:") for e in logins)


def test_logs_of_other_hosts_are_accounted_for():
    if not UPSTREAM.exists():
        pytest.skip("the upstream samples are not beside this checkout")
    logs = [
        *(UPSTREAM / "plaso" / "test_data" / "syslog").iterdir(),
        UPSTREAM / "loghub" / "OpenSSH" / "OpenSSH_2k.log",
    ]
    for log in logs:
        data = log.read_bytes()
        parsed = syslog.parse(data, 0)
        spans = sorted(
            (a, b) for t in parsed for a, b in zip(t["start"].to_pylist(), t["stop"].to_pylist(), strict=True)
        )
        assert [a for a, _ in spans] == [0, *(b for _, b in spans[:-1])]
        assert spans[-1][1] == len(data)
        assert recognise(data[:65536], log.name) == "syslog"
