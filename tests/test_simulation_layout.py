"""What the simulation writes, laid out as the recorded incidents are: records, messages, headers."""

import re
from functools import cache
from pathlib import Path

import pytest

from forensics.simulation import incident
from forensics.simulation.plan import FURTHER, Plan, techniques

ROOT = Path(__file__).parents[1]
RECORDED = [
    *sorted((ROOT / "sample_logs" / "incidents").glob("*/evidence")),
    *sorted((ROOT / "sample_logs" / "staged").glob("*/evidence")),
]
OVER_A_FILE_THAT_IS_THERE = {
    ("openat", ("SYSCALL", "CWD", "PATH", "PATH", "PROCTITLE"), ("PARENT", "NORMAL")),
}
"""No recorded incident writes into a file in place; the kernel names the folder, then the file, as audit.c does."""
ACCOUNTS_CHANGED = {
    (kind, ("node", "type", "msg", "pid", "uid", "auid", "ses", "msg", *said, "exe", "hostname", "addr", "terminal", "res"), ("UID", "AUID"))
    for kind, said in (("ADD_USER", ("op", "acct", "id")), ("DEL_USER", ("op", "id")))
}  # fmt: skip
"""No recorded incident deletes an account: as `audit_logger` of shadow-utils 4.13 has it."""
UNITS = {
    ("SERVICE_START", ("node", "type", "msg", "pid", "uid", "auid", "ses", "msg", "unit", "comm", "exe", "hostname", "addr", "terminal", "res"), ("UID", "AUID")),
}  # fmt: skip
"""No recorded host has systemd as its first process: as `audit_log_user_comm_message` of systemd 252 and libaudit has it."""
UNRECORDED = (
    "HOST useradd[N]: new user: name=",
    "HOST userdel[N]: delete user '",
    "HOST pam_slurm_adopt[N]: Process N adopted into job N",
    *(f"HOST {name}[N]: pam_unix({service}:session): session opened for user NAME(uid=N) by (uid=N)" for name, service in (("systemd", "systemd-user"), ("runuser", "runuser"), ("su", "su"))),
    "HOST cron[N]: (NAME) RELOAD (crontabs/NAME)",
)  # fmt: skip
"""Messages of no recorded incident: shadow-utils 4.13, src/useradd.c and src/userdel.c; Slurm 22.05, contribs/pam_slurm_adopt; Linux-PAM 1.5,
modules/pam_unix, of other services; cron 3.0, database.c (RELOAD)."""


def made(technique, actor="own", guise="plain", seed=3, **more):
    given = {
        "evasion": "none",
        "coverage": 100,
        "people": 4,
        "framed": "none",
        "suspect": "insider",
        "split": False,
    }
    return incident.incident(Plan(seed, technique, actor, guise, **{**given, **more}))


@pytest.fixture(scope="module")
def incidents():
    return [
        made("T05"), made("T07a"), made("T01"), made("T09"), made("T07c"),
        made("T07a", "shared"), made("T15", "node_root", "sudo_as", framed="victim"),
        made("T30a", "shared"), made("T30c", "shared"), made("T27a", "nobody"), made("T25", seed=5),
        *map(made, ("T21a", "T21b", "T21c", "T21d", "T21e", "T21f", "T21g", "T22a", "T22b", "T23a", "T24a", "T27b", "T28", "T29b", "T29c", "T30b")),
        *(
            made(name, technique.actors[0], split=technique.apart)
            for name, technique in techniques().items()
            if technique.since == FURTHER
        ),
    ]  # fmt: skip


def lines(files, name):
    return [
        line
        for held in (held for path, held in files.items() if path.endswith(name))
        for line in held.decode("utf-8", "replace").split("\n")
        if line
    ]


@cache
def recorded(name):
    return lines({str(p): p.read_bytes() for e in RECORDED for p in e.rglob(name)}, name)


def record(line):
    """A record's type, the names of its fields in order, and those of the names looked up."""
    body, _, names = re.sub(r'"[^"]*"', '""', line).partition("\x1d")
    kind = re.search(r"type=(\S+)", body)[1]
    fields = re.findall(r"(?:^|[ '])([a-z_0-9-]+)=", body)
    return kind, ("argc",) if kind == "EXECVE" else tuple(fields), tuple(re.findall(r"([A-Z-]+)=", names))


def events(trail):
    """Of each event its call, the types of its lines, and the part of each path in it."""
    found = {}
    for line in trail:
        found.setdefault(re.search(r"audit\(([\d.]+:\d+)\)", line)[1], []).append(line)
    for rows in found.values():
        text = "\n".join(rows)
        call = re.search(r"SYSCALL=(\w+)", text)
        kinds = tuple(re.search(r"type=(\S+)", row)[1] for row in rows)
        parts = re.findall(r"nametype=(\w+)", text)
        yield call[1] if call else None, tuple(k for k in kinds if k != "BPRM_FCAPS"), tuple(parts)


def test_audit_records_have_the_fields_of_recorded_ones(incidents):
    known = {record(line) for line in recorded("audit.log")}
    ours = {record(line) for i in incidents for line in lines(i.evidence, "audit.log")}
    assert ours - known - ACCOUNTS_CHANGED - UNITS == set()


def test_audit_events_are_put_together_as_recorded_ones(incidents):
    known = set(events(recorded("audit.log")))
    ours = {event for i in incidents for event in events(lines(i.evidence, "audit.log"))}
    changed = {(None, (kind,), ()) for kind, *_ in (*ACCOUNTS_CHANGED, *UNITS)}
    assert ours - known - OVER_A_FILE_THAT_IS_THERE - changed == set()


def shape(line):
    """A message without the names, numbers, addresses and keys in it."""
    text = re.sub(r"^(?:\S+T\S+|\w{3} [ \d]\d \S+) ", "", line)
    text = re.sub(r"^(?:login|gpu|dev)\d+ ", "HOST ", text)
    text = re.sub(r"SHA256:\S+", "KEY", text)
    text = re.sub(r"\d+\.\d+\.\d+\.\d+", "ADDRESS", text)
    text = re.sub(r"COMMAND=.*", "COMMAND=", text)
    text = re.sub(r"(PWD|USER)=\S+", r"\1=", text)
    text = re.sub(r"sudo: +\w+ :", "sudo: NAME :", text)
    text = re.sub(r"(\bfor(?: user)?|gitolite-shell|from user|user) [a-z]+\b", r"\1 NAME", text)
    text = re.sub(r"/home/\w+/", "/home/NAME/", text)
    text = re.sub(r"\((\w+)\) RELOAD \(crontabs/\1\)", "(NAME) RELOAD (crontabs/NAME)", text)
    text = re.sub(r"\((\w+)\) (CMD|REPLACE|LIST) .*", r"(NAME) \2", text)
    return re.sub(r"\d+", "N", text)


@pytest.mark.parametrize("name", ["auth.log", "cron.log"])
def test_messages_are_worded_as_recorded_ones(name, incidents):
    known = {shape(line) for line in [*recorded(name), *recorded("auth-iso.log")]}
    ours = {shape(line) for i in incidents for line in lines(i.evidence, name)}
    assert {line for line in ours - known if not line.startswith(UNRECORDED)} == set()


def stamped(line):
    text = re.sub(r"^\[[^]]*\] ", "", line)
    return re.sub(
        r"\d+", "N", re.sub(r"gpu\[?[\d,-]+\]?", "NODES", re.sub(r"\d{4}-\d\d-\d\dT[\d:]+", "WHEN", text))
    )


def test_scheduler_lines_are_worded_as_recorded_ones(incidents):
    for name in ("slurmctld.log", "slurmd-gpu01.log"):
        known = {stamped(line) for line in recorded(name)}
        ours = {stamped(line) for i in incidents for line in lines(i.evidence, name)}
        natural = (
            "exited with exit code",
            "OUT_OF_MEMORY",
            "oom_kill",
            "OOM failure",
            "WEXITSTATUS",
            "Time limit",
            "job_rc = N",
            "launch task StepId=N.N request from UID:N",
            "[N.N] starting N tasks",
        )
        assert {line for line in ours - known if not any(word in line for word in natural)} == set()


def columns(line):
    return (
        [re.sub(r"=.*", "", cell) for cell in line.split("|")] if "|" in line else re.findall(r"(\w+)=", line)
    )


def test_accounting_has_the_columns_of_recorded_accounting(incidents):
    for i in incidents:
        ours, theirs = lines(i.evidence, "sacct.psv"), recorded("sacct.psv")
        assert ours[0] == theirs[0]
        assert {line.count("|") for line in ours} == {theirs[0].count("|")}
        jobs = lines(i.evidence, "jobcomp.log")
        assert {tuple(re.findall(r"(?:^| )(\w+)=", line)) for line in jobs} <= {tuple(re.findall(r"(?:^| )(\w+)=", line)) for line in recorded("jobcomp.log")}  # fmt: skip


def cells(line):
    text = re.sub(r"[0-9a-f]{40}", "OID", re.sub(r"ARGV=\w+", "ARGV=", line))
    return re.sub(
        r"(?<!O)\d+",
        "N",
        re.sub(r"\t(llm)\t\w+\t", r"\t\1\tNAME\t", re.sub(r"refs/heads/\w+(?:-try)?\b", "REF", text)),
    )


def test_git_server_log_is_laid_out_as_recorded(incidents):
    known = {cells(line) for line in recorded("gitolite-2026-11.log")}
    assert {
        cells(line) for i in incidents for line in lines(i.evidence, "gitolite-2026-11.log")
    } - known == set()
