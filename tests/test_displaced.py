"""Logs that lie where users write: whose word they are, and what they may not do to the logs in their own place."""

import gzip
from collections import defaultdict

import pandas as pd
import pytest

from forensics import formats, pipeline
from forensics.analysis import displaced
from forensics.core import folders
from forensics.core.roster import Question
from forensics.custody.seal import Sealed
from forensics.pipeline import files
from forensics.pipeline.files import Known, Tally
from forensics.pipeline.inmemory import Desk
from forensics.store import parquet

SSHD = b"Nov 23 15:11:37 login01 sshd[71]: Accepted publickey for mei from 127.0.0.11 port 50022 ssh2: ED25519 SHA256:x\n"
OTHER = SSHD.replace(b"mei", b"lin")


@pytest.mark.parametrize(
    ("path", "form", "domain"),
    [
        ("login01/var/log/auth.log", "syslog", "login01:root"),
        ("login01/root/auth.log", "syslog", "login01:root"),
        ("login01/home/kai/auth.log", "syslog", "login01:user"),
        ("login01/tmp/auth.log", "syslog", "login01:user"),
        ("login01/var/tmp/x/audit.log", "auditd", "login01:user"),
        ("login01/home/kai/sacct.psv", "sacct", "login01:user"),
        ("login01/run/user/4102/auth.log", "syslog", "login01:user"),
        ("login01/proc/71/root/var/log/auth.log", "syslog", "login01:user"),
        ("login01/proc/cmdline", "syslog", "login01:root"),
        ("login01/var/lib/docker/overlay2/ab/diff/var/log/auth.log", "syslog", "login01:user"),
        ("login01/lustre/kai/login01/var/log/audit/audit.log", "auditd", "login01:user"),
        ("login01/lab/kai/gpu01/var/log/auth.log", "syslog", "login01:user"),
        ("login01/u/kai/login01/etc/passwd", "passwd", "login01:user"),
        ("login01/data/kai/auth.log", "syslog", "login01:user"),
        ("login01/mnt/lustre/kai/slurmctld.log", "slurmctld", "login01:user"),
        ("login01/data/log/gpu01/auth.log", "syslog", "login01:root"),
        ("login01/srv/rsyslog/gpu01/auth.log", "syslog", "login01:root"),
        ("login01/srv/logs/kai/gpu01/auth.log", "syslog", "login01:root"),
        ("login01/srv/kai/logs/auth.log", "syslog", "login01:user"),
        ("login01/srv/logsmith/auth.log", "syslog", "login01:user"),
        ("login01/data/git/logs/gitolite-2026-11.log", "gitolite", "git:server"),
        ("rack2/gpu01/var/log/auth.log", "syslog", "gpu01:shared"),
        ("login01/home/git/.gitolite/logs/gitolite-2026-11.log", "gitolite", "git:server"),
        ("login01/home/git/auth.log", "syslog", "login01:user"),
        ("login01/home/kai/gitolite.log", "gitolite", "login01:user"),
        ("login01/var/mail/kai", "auditd", "login01:user"),
        ("login01/var/spool/mail/kai", "syslog", "login01:user"),
        ("login01/var/spool/slurmd/job00011/slurm_script", "auditd", "login01:user"),
        ("login01/run/lock/x", "auditd", "login01:user"),
        ("login01/git/kai/audit.log", "auditd", "login01:user"),
        ("login01/proc/71/cmdline", "auditd", "login01:user"),
        ("login01/var/spool/torque/server_logs/20261123", "pbs_server", "pbs:admin"),
        ("login01/slurm/slurmctld.log", "slurmctld", "slurm:admin"),
        ("slurm/slurmctld.log", "slurmctld", "slurm:admin"),
        ("login01/home/kai/llm/.git/objects/aa/" + "b" * 38, "git_object", "git:objects"),
    ],
)
def test_the_trust_domain_of_a_file_is_of_whoever_writes_where_it_lies(path, form, domain):
    row = Sealed(path, "a" * 64, 1, "file", None, "copied")
    beside = Sealed("login01/var/log/wtmp", "b" * 64, 1, "file", None, "copied")
    known = {row.sha256: Known(form, None), beside.sha256: Known("wtmp", None)}
    table = files.table([row, beside], known, defaultdict(Tally))
    assert table["domain"].to_pylist() == [domain, "login01:root"]


def test_no_kind_of_log_counts_a_format_that_users_write_anyway():
    for form in {form for forms in folders.KINDS.values() for form in forms}:
        assert not formats.registry()[form].DOMAIN.endswith(":user"), form


def test_logs_of_a_host_are_left_out_and_others_where_one_lies_in_its_place():
    held = pd.DataFrame(
        [
            ("a", "auditd", "login01:root"), ("b", "syslog", "login01:user"), ("c", "wtmp", "login01:user"),
            ("d", "sacct", "login01:user"), ("e", "slurmctld", "slurm:admin"), ("f", "pbs_server", "login01:user"),
            ("g", "bash_history", "login01:user"),
        ],
        columns=["sha256", "format", "domain"],
    )  # fmt: skip
    events = held[["sha256", "format"]]
    assert list(displaced.without(events, held)["sha256"]) == ["a", "d", "e", "g"]
    alone = held[held["sha256"] != "e"]
    assert list(displaced.without(alone[["sha256", "format"]], alone)["sha256"]) == ["a", "d", "g"]


PLACED = ("login01/var/log/auth.log", "login01", "/var/log/auth.log", "login01:root")
LOOSE = ("files/kai/auth.log", None, None, "unplaced:root")
DEEP = ("files/kai/login01/var/log/auth.log", "login01", "/var/log/auth.log", "login01:shared")
ELSEWHERE = ("files/kai/gpu01/var/log/auth.log", "gpu01", "/var/log/auth.log", "gpu01:shared")


@pytest.mark.parametrize(
    ("file", "form", "host", "kept"),
    [
        (LOOSE, "syslog", "login01", [1, 9]),
        (LOOSE, "syslog", None, [1, 9]),
        (LOOSE, "syslog", "gpu01", [1, 5, 9]),
        (LOOSE, "auditd", "login01", [1, 5, 9]),
        (DEEP, "syslog", "login01", []),
        (ELSEWHERE, "passwd", "gpu01", []),
    ],
)
def test_a_log_of_no_known_place_is_heard_of_what_the_log_in_its_place_does_not_cover(file, form, host, kept):
    files_held = pd.DataFrame(
        [("a", "syslog", *PLACED), ("b", form, *file)],
        columns=["sha256", "format", "path", "host", "origin", "domain"],
    )
    told = [("a", "syslog", "login01", 3, 3), ("a", "syslog", "login01", 7, 7)]
    events = pd.DataFrame(
        [*told, *(("b", form, host, at, at) for at in (1, 5, 9))],
        columns=["sha256", "format", "host", "earliest_ns", "latest_ns"],
    )
    left = displaced.without(events, files_held)
    assert left.loc[left["sha256"] == "b", "earliest_ns"].tolist() == kept
    assert (left["sha256"] == "a").sum() == len(told)


def read(tmp_path, contents):
    for path, data in contents.items():
        (tmp_path / "evidence" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "evidence" / path).write_bytes(data)
    case = tmp_path / "case"
    pipeline.create(case)
    pipeline.seal(case, [tmp_path / "evidence"])
    pipeline.ingest(case)
    return parquet.read(case / "tables", "event").to_pylist()


def test_a_user_s_copy_takes_neither_place_nor_trust_from_a_log(tmp_path):
    """The copy's path comes first in every order; and a plain copy would come before the packed original."""
    packed = gzip.compress(OTHER, mtime=0)
    events = read(
        tmp_path,
        {
            "a/home/kai/auth.log": SSHD,
            "login01/home/kai/auth.log": SSHD,
            "login01/var/log/auth.log": SSHD,
            "login01/home/kai/auth.log.1": OTHER,
            "login01/var/log/auth.log.1.gz": packed,
        },
    )
    assert sorted((e["account"], e["host"], e["domain"]) for e in events) == [
        ("lin", "login01", "login01:root"),
        ("mei", "login01", "login01:root"),
    ]


def test_what_a_file_is_goes_by_where_no_user_writes_in_memory_too(tmp_path):
    """A recorded terminal that shows a login; somebody keeps the same bytes at a path that comes before."""
    evidence = {
        "login01/home/kai/auth.log": SSHD,
        "login01/var/log/sudo-io/00/00/01/ttyout": SSHD,
    }
    told = {(e["format"], e["verb"], e["domain"]) for e in read(tmp_path, evidence)}
    desk = Desk(tmp_path / "desk")
    tables, _ = desk.tables(evidence, Question())
    memory = {(e["format"], e["verb"], e["domain"]) for e in tables["event"].to_pylist()}
    assert told == memory == {("sudo_stream", "other", "login01:root")}
