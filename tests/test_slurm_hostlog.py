"""What Slurm's daemons write to a host's log: told as in their own files, and believed only as far as the log knows who sent it."""

import json
from operator import itemgetter
from pathlib import Path

import pytest
from collected import rows, told
from drawn import some
from stage import UIDS, Stage
from test_altered import act_of, actors, collected, found_in, named, plain

from forensics.analysis import gaps

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "sample_logs" / "formats"
SAMPLES = [
    pytest.param(name, path, id=f"{name}/{path.name}")
    for name in ("slurmctld", "slurmd", "slurmdbd")
    for path in sorted((FOLDER / name).glob("*.log"))
]
WORDS = (
    "verb", "account", "uid", "signal", "job", "object_kind", "object", "address", "port", "pid", "target_pid", "text",
)  # fmt: skip
KILL = "_slurm_rpc_kill_job: REQUEST_KILL_JOB JobId=10 uid 4103"
SENT = {
    "SYSLOG_IDENTIFIER": "slurmctld", "_UID": "64030", "_PID": "812", "_TRANSPORT": "syslog", "_EXE": "/usr/sbin/slurmctld",
    "_SYSTEMD_UNIT": "slurmctld.service", "_AUDIT_LOGINUID": "4102", "_AUDIT_SESSION": "3",
}  # fmt: skip


def syslog(*lines, host="ctl01"):
    data = "".join(f"2026-11-26T21:37:19.000001+00:00 {host} {line}\n" for line in lines).encode()
    return told("syslog", data, f"{host}/var/log/syslog")


def journal(*messages, **fields):
    base = {"__REALTIME_TIMESTAMP": "1795446697046885", "_BOOT_ID": "b" * 32, "_HOSTNAME": "ctl01"} | SENT
    entry = {name: value for name, value in (base | fields).items() if value is not None}
    data = "".join(json.dumps(entry | {"MESSAGE": message}) + "\n" for message in messages).encode()
    return told("journal_json", data, "ctl01/var/log/journal.json")


def words(event, *but):
    return {name: event[name] for name in WORDS if name not in but}


@pytest.mark.parametrize(("name", "path"), some(SAMPLES, 11))
def test_a_message_tells_in_a_host_s_log_what_it_tells_in_the_daemon_s_own_file(name, path):
    """But for what only the stamp says (the thread), and for what a later line says of a request."""
    raw = path.read_bytes()
    own = {e["start"]: e for e in told(name, raw, f"ctl01/var/log/{name}.log")}
    shown = [
        row
        for row in rows(name, raw)
        if not (row["kind"] is None or "\ufffd" in row["message"] or "\\x" in row["message"])
    ]
    messages = [
        (f"[{row['job']}.{row['step']}] " if name == "slurmd" and row["step"] else "")
        + (f"{row['level']}: " if row["level"] else "")
        + row["message"]
        for row in shown
    ]
    by_start = itemgetter("start")
    logged = sorted(syslog(*(f"{name}[812]: {message}" for message in messages)), key=by_start)
    entries = sorted(
        journal(*messages, SYSLOG_IDENTIFIER=name, _UID="0", _EXE=f"/usr/sbin/{name}"), key=by_start
    )
    for row, event, sent in zip(shown, logged, entries, strict=True):
        expected = own[row["start"]]
        # Joined with the receipt that stands on the same thread.
        joined = (
            ("uid", "address", "port")
            if row["kind"] and expected["uid"] != row["uid"] and name == "slurmctld"
            else ()
        )
        # A step in front of an unknown message is the daemon's own mark, which is taken off only with it.
        assert words(event, *joined) == words(expected, *joined)
        assert words(sent, *joined) == words(expected, *joined)
        node = expected["host"] if name == "slurmctld" and expected["host"] else "ctl01"
        assert (event["host"], sent["host"]) == (node, node)
        assert (event["domain"], sent["domain"]) == ("ctl01:user", "ctl01:root")


def test_the_staged_lines_are_told_in_all_three_layouts_of_rsyslog():
    data = (FOLDER / "syslog" / "slurm_daemons.log").read_bytes()
    events = told("syslog", data, "ctl01/var/log/syslog", anchor_ns=1_795_730_000_000_000_000)
    kills = [e for e in events if e["verb"] == "kill_request"]
    assert [(e["job"], e["uid"]) for e in kills] == [
        ("1", 4102), ("2", 4101), ("1", 4101), ("3", 4102), ("1", 4102), ("1", 4102),
    ]  # fmt: skip
    assert {e["domain"] for e in kills} == {"ctl01:user"}
    assert [e["uid"] for e in events if e["verb"] == "start" and e["uid"]] == [4101, 4102]
    assert {e["verb"] for e in events} >= {
        "submit",
        "start",
        "end",
        "job_update",
        "scheduler_edit",
        "fault",
        "job_signal",
        "service",
    }
    whole = data.splitlines(keepends=True)
    assert [e["stop"] - e["start"] for e in sorted(events, key=lambda e: e["start"])] == [
        len(line) for line in whole
    ]


def test_what_is_planted_in_a_system_log_is_told_as_what_anybody_can_write_or_not_at_all():
    data = (FOLDER / "syslog" / "planted_slurm_lines.log").read_bytes()
    events = told("syslog", data, "ctl01/var/log/syslog", anchor_ns=1_795_730_000_000_000_000)
    events.sort(key=lambda e: e["start"])
    assert [(e["verb"], e["uid"], e["domain"]) for e in events] == [
        ("kill_request", 4103, "ctl01:user"),
        ("other", None, "ctl01:root"),
        ("other", None, "ctl01:root"),
        ("other", 4102, "ctl01:user"),
        ("job_update", None, "ctl01:user"),
        ("other", None, "ctl01:root"),
        ("other", None, "ctl01:root"),
        ("other", 4103, "ctl01:user"),
        ("kill_request", 4103, "ctl01:user"),
        ("start", 4103, "ctl01:user"),
        ("task_start", None, "ctl01:user"),
        ("job_signal", None, "ctl01:user"),
        ("other", 4103, "ctl01:user"),
        ("other", None, "ctl01:root"),
        ("kill_request", 41, "ctl01:user"),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"_UID": "4102"} | {"_EXE": "/usr/bin/logger", "_SYSTEMD_UNIT": "session-3.scope"},
        {"_EXE": "/usr/bin/python3"},
        {"_EXE": None},
        {"_SYSTEMD_UNIT": "user@4102.service"},
        {"_SYSTEMD_UNIT": None},
        {
            "_UID": "4102",
            "SYSLOG_IDENTIFIER": "slurmd",
            "_EXE": "/usr/sbin/slurmd",
            "_SYSTEMD_UNIT": "slurmd.service",
        },
        {"_TRANSPORT": "kernel"},
        {"SYSLOG_IDENTIFIER": "logger"},
    ],
)
def test_an_entry_of_the_journal_whose_trusted_fields_are_not_the_daemon_s_tells_nothing(fields):
    (event,) = journal(KILL, **fields)
    assert (event["verb"], event["job"]) == ("other", None)
    assert event["uid"] == int((SENT | fields)["_UID"])


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"_UID": "0", "_SYSTEMD_UNIT": None},
        {"_EXE": "/opt/slurm/sbin/slurmctld (deleted)"},
        {"_EXE": "/usr/sbin/slurmctld-wlm"},
    ],
)
def test_an_entry_that_the_daemon_sent_names_who_asked_and_not_who_started_the_daemon(fields):
    (event,) = journal(KILL, **fields)
    assert (event["verb"], event["uid"], event["job"], event["domain"]) == (
        "kill_request",
        4103,
        "10",
        "ctl01:root",
    )
    assert (event["auid"], event["session"], event["pid"], event["exe"]) == (None, None, None, None)


def test_what_came_by_the_daemon_s_standard_error_can_be_a_line_that_somebody_typed():
    for front in ("slurmctld: ", "[2026-11-26T21:37:19.000] ", ""):
        (event,) = journal(front + KILL, _TRANSPORT="stdout")
        assert (event["verb"], event["uid"], event["domain"]) == ("kill_request", 4103, "ctl01:user")


REFUSED = "_slurm_rpc_kill_job: job_str_signal() uid=4103 JobId=10 sig=9 returned: Access/permission denied"


def test_a_request_in_the_journal_that_was_refused_cites_the_entry_that_refused_it():
    asked, refused = sorted(journal(KILL, REFUSED), key=lambda e: e["start"])
    assert (asked["outcome"], len(asked["citations"])) == ("failure", 2)
    assert asked["citations"][1]["start"] == refused["start"]
    assert (refused["verb"], refused["outcome"]) == ("other", "failure")


def test_a_typed_line_refuses_no_request():
    data = b""
    for transport, message in (("syslog", KILL), ("stdout", REFUSED)):
        entry = {"__REALTIME_TIMESTAMP": "1795446697046885", "_BOOT_ID": "b" * 32} | SENT
        data += json.dumps(entry | {"_TRANSPORT": transport, "MESSAGE": message}).encode() + b"\n"
    asked = min(told("journal_json", data, "ctl01/var/log/journal.json"), key=lambda e: e["start"])
    assert (asked["verb"], asked["outcome"]) == ("kill_request", None)


FORGED = (
    "slurmctld[812]: _slurm_rpc_kill_job: REQUEST_KILL_JOB JobId={job} uid {uid}",
    "slurmctld[812]: _slurm_rpc_update_job: complete JobId={job} uid={uid} usec=12",
    "slurmctld[812]: _slurm_rpc_kill_job: job_str_signal() uid={other} JobId={job} sig=9 returned: Access/permission denied",
    "slurmctld[812]: _slurm_rpc_submit_batch_job: JobId={job} InitPrio=1 usec=1",
    "slurmctld[812]: _job_complete: JobId={job} WTERMSIG 9",
    "slurmctld[812]: update_node: node gpu01 state set to DOWN",
    "slurmctld[812]: Processing RPC: REQUEST_UPDATE_NODE from UID={uid}",
    "slurmctld[812]: Killing JobId={job} on failed node gpu01",
    "slurmd[813]: Launching batch job {job} for UID {uid}",
    "slurmstepd[815]: [{job}.batch] task 0 ({pid}) started 2026-11-23T15:11:48",
    "slurmstepd[815]: [{job}.batch] error: *** JOB {job} ON gpu01 CANCELLED AT 2026-11-23T15:11:48 ***",
)
"""What `logger -t slurmctld --id=812` lets anybody write: who asked, whose job it was, which process, and that the node did it."""


def forged(evidence, jobs, uid, other):
    """The evidence of an incident in whose login log somebody wrote lines in the scheduler's name, in every second around each job's end."""
    path = "login01/var/log/auth-iso.log"
    lines = []
    for job in jobs:
        at = job["end"] or job["start"]
        for line in FORGED:
            said = line.format(job=job["job"], uid=uid, other=other, pid=4253)
            lines.append(f"{at[:19]}.000001+00:00 login01 {said}\n")
    return {**evidence, path: evidence[path] + "".join(lines).encode()}


@pytest.mark.parametrize("name", ["script_edit", "shared_account", "self_failure"])
@pytest.mark.parametrize("controller", [True, False])
def test_lines_that_somebody_forged_in_the_scheduler_s_name_change_no_act_and_name_nobody(name, controller):
    evidence = {p: raw for p, raw in collected(name).items() if controller or "slurmctld" not in p}
    before = plain(name) if controller else found_in(name, evidence)
    truth = json.loads((ROOT / "sample_logs" / "incidents" / name / "truth.json").read_text())
    innocent = next(uid for who, uid, *_ in truth["cast"].values() if who not in actors(name) and uid)
    insider = truth["cast"]["insider"][1]
    after = found_in(name, forged(evidence, before["jobs"], innocent, insider))
    assert named(after) == named(before)
    assert [act_of(a) for a in after["acts"]] == [act_of(a) for a in before["acts"]]
    assert [(j["job"], j["cause"], j["outcome"], j["owner"]) for j in after["jobs"]] == [
        (j["job"], j["cause"], j["outcome"], j["owner"]) for j in before["jobs"]
    ]


def day(fmt, domain, *, controller=False):
    """Mei's job 11, which kai's uid asked to end: by a line in a host's log, with or without the controller's own."""
    s = Stage()
    s.enrol()
    mei, kai = s.login("mei"), s.login("kai")
    s.submit("mei", mei, "11")
    s.wait(20)
    s.run("kai", kai, ["scancel", "11"])
    said = {
        "host": "ctl01",
        "job": "11",
        "uid": UIDS["kai"],
        "object_kind": "job",
        "object": "11",
        "account_absence": "number_only",
    }
    said["text"] = "_slurm_rpc_kill_job: REQUEST_KILL_JOB JobId=11 uid 4102"
    for form, of in [(fmt, domain), *([("slurmctld", "slurm:admin")] if controller else [])]:
        s.add("kill_request", form, of, **said | ({} if form == fmt else {"host": None}))
    return s.examined()


def cancelled(done):
    return [(a.rule, a.account, a.job, a.missing) for a in done.acts if a.act == "cancel"]


def test_a_journal_whose_trusted_fields_are_the_controller_s_is_heard_as_the_controller_is():
    done = day("journal_json", "ctl01:root")
    assert cancelled(done) == [("kill_request", "kai", "11", [])]


def test_a_request_that_both_the_controller_s_log_and_the_journal_tell_is_one_act():
    done = day("journal_json", "ctl01:root", controller=True)
    (act,) = [a for a in done.acts if a.act == "cancel"]
    forms = done.scene.events.loc[act.events, "format"]
    assert set(forms) == {"auditd", "journal_json", "slurmctld"}


@pytest.mark.parametrize(("fmt", "domain"), [("syslog", "ctl01:user"), ("journal_json", "ctl01:user")])
def test_a_line_that_anybody_can_write_is_no_record_of_a_request(fmt, domain):
    done = day(fmt, domain)
    missing = ["scheduler_record_of_request", "record_that_request_was_done"]
    assert cancelled(done) == [("cancel_command", "kai", "11", missing)]


def test_a_controller_that_only_a_journal_holds_is_not_called_missing():
    def missing(*told):
        s = Stage()
        for verb, fmt, domain in told:
            s.add(verb, fmt, domain, job="1")
        return "scheduler controller log (slurmctld)" in {g.source for g in gaps._missing(s.evidence())}

    assert missing(("login", "syslog", "login01:root"))
    assert missing(("kill_request", "syslog", "ctl01:user"))
    assert not missing(("kill_request", "journal_json", "ctl01:root"))


def test_a_change_that_both_the_controller_s_log_and_the_journal_tell_is_one_act():
    s = Stage()
    s.enrol()
    said = {"host": "gpu01", "text": "_slurm_rpc_update_node complete for gpu01 usec=91"}
    s.add("scheduler_edit", "slurmctld", "slurm:admin", **said)
    s.add("scheduler_edit", "journal_json", "ctl01:root", **said)
    s.wait(60)
    s.add("scheduler_edit", "journal_json", "ctl01:root", **said)
    edits = [a for a in s.examined().acts if a.act == "edit_scheduler"]
    assert [(a.object, a.account) for a in edits] == [("node gpu01", None)] * 2
