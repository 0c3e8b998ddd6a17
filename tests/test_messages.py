"""What a program wrote, field by field, and never what somebody made it repeat."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.core import messagetext
from forensics.core.programs import PROGRAMS
from forensics.core.tables import FILE
from forensics.formats import syslog
from forensics.readings import syslog as reading

ROOT = Path(__file__).parents[1]
SAMPLES = sorted((ROOT / "sample_logs" / "formats" / "syslog").iterdir())
UPSTREAM = ROOT.parent / "shared" / "samples"
SEALED = "a" * 64
KEY = "SHA256:" + "K" * 43
FILES = FILE.build(
    {
        "sha256": [SEALED], "path": ["login01/var/log/auth.log"], "host": ["login01"], "bytes": [1], "kind": ["file"],
        "held": ["copied"], "format": ["syslog"], "domain": ["login01:root"],
        **{name: [0] for name in ("parsed", "rejected", "ignored")},
    }
)  # fmt: skip


def told(tag, message):
    (event,) = each_told((tag, message))
    return event


def each_told(*messages):
    """What each line of a log of these messages tells, in their order."""
    lines = [f"2026-11-23T15:11:37.046885+00:00 login01 {tag}: {message}\n" for tag, message in messages]
    records = syslog.parse("".join(lines).encode(), 0).records
    sealed = records.add_column(0, "sha256", pa.array([SEALED] * records.num_rows, pa.string()))
    events = reading.read(sealed, FILES, zone="UTC", anchor_ns=None)["event"].to_pylist()
    assert len(events) == len(messages)
    return sorted(events, key=lambda e: e["start"])


def record(tag, message):
    (row,) = syslog.parse(f"2026-11-23T15:11:37Z login01 {tag}: {message}\n".encode(), 0).records.to_pylist()
    return row


S = "TTY=pts/3 ; PWD=/home/kai ; USER=root"
CEE = (
    '@cee:{"sudo":{"accept":{"uuid":"7dab978ded-7407-468e-8d03-51aa3a8600","server_time":{"seconds":1795446697,"nanoseconds":1},'
    '"submit_time":{"seconds":1795446697,"nanoseconds":1},REASON"submituser":"kai","command":"/opt/x\\",\\"runuser\\":\\"mei","runuser":"root",'
    '"runcwd":"/root","ttyname":"/dev/pts/3","submithost":"login01","submitcwd":"/home/kai/a\\"b","runuid":0,"columns":80,'
    '"runargv":["x","]\\"","submituser\\":\\"mei"]}}}'
)
SERVED = (
    '@cee:{"sudo":{"accept":{"uuid":"aa","server_time":{"seconds":1},"submit_time":{"seconds":1},"peeraddr":"10.0.0.3","columns":80,'
    '"command":"/bin/id","runargv":["id","\\",\\"submituser\\":\\"mei","],\\"submituser\\":\\"mei"],"runenv":[],"runuid":0,"runuser":"root",'
    '"submitcwd":"/home/kai","submithost":"gpu01","submituser":"kai","ttyname":"/dev/pts/3"}}}'
)
ENDED = "Out of memory: Killed process 8123 (x) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:4101 pgtables:1kB oom_score_adj:0"


@pytest.mark.parametrize(
    ("tag", "message", "verb", "rest"),
    [
        ("sshd[6]", "Accepted gssapi-with-mic for mei from 10.0.0.11 port 4001 ssh2: mei@EXAMPLE.ORG", "login", {"account": "mei", "credential": None, "outcome": "success"}),
        ("sshd-session[6]", "Accepted keyboard-interactive/pam for mei from ::1 port 4001 ssh2", "login", {"account": "mei", "address": "::1", "port": 4001}),
        ("sshd[6]", "PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=10.9.9.9  user=root", "login_failed", {"account": "root", "address": "10.9.9.9", "tty": None}),
        ("sshd[6]", "pam_unix(sshd:auth): check pass; user unknown", "login_failed", {"account": None}),
        ("sshd[6]", "fatal: Access denied for user kai by PAM account configuration [preauth]", "login_failed", {"account": "kai"}),
        ("sshd[6]", "error: Received disconnect from 10.9.9.9 port 22:3: bye [preauth]", "disconnect", {"address": "10.9.9.9"}),
        ("sshd[6]", "Close session: user mei from 10.0.0.11 port 4001 id 1", "other", {"account": "mei", "port": 4001}),
        ("sshd[6]", "Starting session: subsystem 'sftp' for mei from 10.0.0.11 port 4001 id 0", "session_start", {"account": "mei", "text": "subsystem 'sftp' for mei from 10.0.0.11 port 4001 id 0"}),
        ("sshd[6]", "refused local port forward: originator 10.1.1.1 port 5000, target db01 port 5432", "other", {"address": None, "outcome": "failure"}),
        ("sshd[6]", "Received signal 15; terminating.", "service", {"account_absence": "not_applicable"}),
        ("sudo", f"     kai : HOST=login01 ; {S} ; GROUP=adm ; TSID=0000A1 ; ENV=A=b ; COMMAND=/bin/bash", "sudo", {"account": "kai", "effective": "root", "outcome": "success", "text": "/bin/bash"}),
        ("sudo", f"     kai : a password is required ; {S} ; COMMAND=/bin/id", "sudo", {"account": "kai", "outcome": "failure"}),
        ("sudo", "     kai : TTY=pts/3 ; PWD=/ ; GROUP=adm ; COMMAND=/bin/id", "sudo", {"account": "kai", "effective": None, "outcome": "success"}),
        ("sudo", "     kai : (command continued) rest ; USER=mei ; COMMAND=/x", "other", {"account": "kai", "effective": None}),
        ("sudo", CEE.replace("REASON", ""), "sudo", {"account": "kai", "effective": "root", "outcome": "success", "tty": "pts/3", "cwd": '/home/kai/a\\"b', "text": CEE.replace("REASON", "")}),
        ("sudo", CEE.replace("REASON", '"reason":"command not allowed",'), "sudo", {"account": "kai", "effective": "root", "outcome": "failure"}),
        ("sudo", CEE.replace("REASON", "").replace('"kai"', '"k\\"ai"'), "other", {"account": None, "effective": None}),
        ("sudo", CEE.replace("REASON", "").replace('"submituser":"kai",', ""), "other", {"account": None}),
        ("sudo", '@cee:{"sudo":{"exit":{"uuid":"7dab978d","submituser":"kai","command":"x"}}}', "other", {"account": None}),
        ("sudo", "     kai : unable to resolve host login01", "other", {"account": "kai", "outcome": None}),
        ("su[7]", "FAILED SU (to x) mei on pts/1) kai on pts/3", "sudo", {"account": "kai", "effective": None, "outcome": "failure", "tty": "pts/3"}),
        ("su[7]", "BAD SU kai to root on /dev/pts/3", "sudo", {"account": "kai", "effective": "root", "tty": "pts/3", "outcome": "failure"}),
        ("login[8]", "ROOT LOGIN  on '/dev/tty1'", "login", {"account": "root", "tty": "tty1"}),
        ("polkitd[9]", "Operator of unix-session:5 successfully authenticated as unix-user:root to gain TEMPORARY authorization for action a.b for system-bus-name::1.82 [x] (owned by unix-user:mei)] (owned by unix-user:kai)", "sudo", {"account": "kai", "effective": "root", "outcome": "success"}),
        ("polkitd[9]", "Operator of unix-session:5 FAILED to authenticate to gain authorization for action a.b for unix-process:7:1 [x] (owned by unix-user:kai)", "sudo", {"account": "kai", "outcome": "failure"}),
        ("usermod[9]", "add 'kai' to group 'sudo'", "account_edit", {"account": None, "object_kind": "account", "object": "kai"}),
        ("gpasswd[9]", "user kai added by root to group docker", "account_edit", {"account": "root", "object": "kai"}),
        ("passwd[9]", "password for 'mei' changed by 'kai'", "account_edit", {"account": "kai", "object": "mei"}),
        ("groupadd[9]", "new group: name=adm2, GID=4300", "account_edit", {"account": None, "object": None}),
        ("useradd[9]", "new user: name=eve, UID=4200, GID=4200, home=/h, from=/dev/pts/9, shell=/bin/sh, from=/dev/pts/0", "enrol_account", {"object": "eve", "tty": "pts/0", "uid": 4200}),
        ("atd[9]", "Starting job 5 (a00005018f2d3c) for user 'kai' (4102)", "cron_run", {"account": "kai", "uid": 4102}),
        ("cron[9]", "(kai) RELOAD (crontabs/kai)", "other", {"account": None, "object_kind": "crontab", "object": "kai"}),
        ("crontab[9]", "(lin) AUTH (crontab command not allowed)", "other", {"account": "lin", "outcome": "failure"}),
        ("pam_slurm_adopt[9]", "Process 405 adopted into job 11", "other", {"job": "11", "target_pid": 405}),
        ("pam_slurm_adopt[9]", "From 10.0.0.11 port 4000 as mei: member of job 12", "other", {"job": "12", "account": "mei", "address": "10.0.0.11"}),
        ("systemd[1]", "Stopped rsyslog.service - System Logging Service.", "service", {"account_absence": "not_applicable"}),
        ("systemd[1]", "Stopping auditd.service - Security Auditing Service...", "audit_config", {}),
        ("systemd[2001]", "Stopped System Logging Service.", "other", {}),
        ("systemd", "Stopped System Logging Service.", "other", {}),
        ("systemd[1]", "Started x.service - Stopped System Logging Service.", "other", {}),
        ("kernel", "nfs: server nas01 OK", "fault", {"outcome": "recovered"}),
        ("kernel", "[ 1.5] mlx5_core 0000:17:00.0 ens1: Link up", "fault", {"outcome": "recovered"}),
        ("kernel", "python3[8123]: segfault at 0 ip 00 sp 00 error 4 in libc.so.6", "fault", {"target_pid": 8123}),
        ("kernel", ENDED, "fault", {"target_pid": 8123, "target_uid": 4101, "uid": None, "account_absence": "not_applicable"}),
        ("chronyd[9]", "System clock was stepped by -3600.000001 seconds", "clock_change", {"account_absence": "not_applicable"}),
        ("chronyd[9]", "System clock wrong by -3600.000001 seconds", "other", {}),
        ("sudo[9]", SERVED, "sudo", {"account": "kai", "effective": "root", "outcome": "success", "tty": "pts/3", "cwd": "/home/kai", "host": "gpu01", "pid": None}),
        ("sudo[9]", SERVED.replace('"accept":{"uuid":"aa",', '"reject":{"uuid":"aa","reason":"command not allowed",'), "sudo", {"account": "kai", "outcome": "failure", "host": "gpu01"}),
        ("sudo[9]", SERVED.replace('"kai"', '"k\\"ai"'), "other", {"account": None, "host": "login01", "pid": 9}),
        ("sudo[9]", SERVED.replace('"submituser":"kai",', ""), "other", {"account": None, "host": "login01"}),
        ("sudo[9]", f"     kai : HOST=gpu01 ; {S} ; COMMAND=/bin/id", "sudo", {"account": "kai", "host": "gpu01", "pid": None}),
        ("sudo[9]", f"     kai : HOST=LOGIN01.lab.example ; {S} ; COMMAND=/bin/id", "sudo", {"account": "kai", "host": "login01", "pid": 9}),
        ("pkexec[9]", "kai: Executing command [USER=root] [TTY=/dev/pts/3] [CWD=/home/kai] [COMMAND=/bin/id]", "sudo", {"account": "kai", "effective": "root", "tty": "pts/3", "cwd": "/home/kai", "outcome": "success", "text": "/bin/id"}),
        ("pkexec[9]", "kai: Error executing command as another user: Not authorized [USER=root] [TTY=unknown] [CWD=/] [COMMAND=/bin/id]", "sudo", {"account": "kai", "outcome": "failure", "tty": None}),
        ("pkexec[9]", "kai: Executing command [USER=root] [TTY=pts/3] [CWD=/] [COMMAND=/bin/x] [COMMAND=/bin/id]", "sudo", {"account": "kai", "outcome": None, "cwd": None}),
        ("pkexec", "kai: Executing command [USER=root] [TTY=pts/3] [CWD=/] [COMMAND=/bin/id]", "other", {"account": None}),
        ("pkexec[9]", "pam_unix(polkit-1:session): session opened for user root(uid=0) by kai(uid=4102)", "session_open", {"account": "kai", "effective": "root"}),
        ("doas", "kai ran command /bin/id as root from /home/kai", "sudo", {"account": "kai", "effective": "root", "cwd": "/home/kai", "outcome": "success"}),
        ("doas", "kai ran command x as mei from /x as root from /", "sudo", {"account": "kai", "effective": None, "outcome": None}),
        ("doas", "command not permitted for kai: id", "sudo", {"account": "kai", "outcome": "failure"}),
        ("doas", "failed auth for kai", "sudo", {"account": "kai", "outcome": "failure"}),
        ("sshd[6]", "error: PAM: Authentication failure for kai from 10.0.0.3", "login_failed", {"account": "kai", "address": "10.0.0.3"}),
        ("sshd[6]", "error: PAM: Authentication failure for illegal user kai from ws for mei from 10.0.0.3", "login_failed", {"account": None, "address": "10.0.0.3"}),
        ("sshd[6]", "Authorized to mlteam, krb5 principal kai@LAB.EXAMPLE (krb5_kuserok)", "other", {"account": "mlteam"}),
        ("sshd[6]", "Authentication refused: bad ownership or modes for file /home/mei/.ssh/authorized_keys", "other", {"outcome": "failure", "object": "/home/mei/.ssh/authorized_keys", "account": None}),
        ("sshd[6]", "Timeout, client not responding from user kai 10.0.0.3 port 44", "disconnect", {"account": "kai", "port": 44}),
        ("sshd[6]", "Bad protocol version identification 'x' from 10.1.1.1 port 1' from 10.0.0.3 port 44", "other", {"address": "10.0.0.3"}),
        ("sshd[6]", "pam_access(sshd:account): access denied for user `kai' from `10.0.0.3'", "login_failed", {"account": "kai", "address": "10.0.0.3"}),
        ("sshd[6]", "pam_faillock(sshd:auth): Consecutive login failures for user kai account temporarily locked", "login_failed", {"account": "kai"}),
        ("internal-sftp[6]", 'open "/s/x.pt" flags WRITE,CREATE mode 0664', "reported", {"object_kind": "path", "object": "/s/x.pt", "account": None}),
        ("internal-sftp[6]", 'remove name "/s/a" flags READ mode 0"', "reported", {"object": '/s/a" flags READ mode 0'}),
        ("internal-sftp[6]", 'rename old "/a" new "/b" new "/c"', "reported", {"object": None}),
        ("internal-sftp[6]", 'posix-rename old "/a" new "/b"', "reported", {"object": "/b"}),
        ("internal-sftp[6]", "session opened for local user kai from [10.0.0.3]", "other", {"account": "kai", "address": "10.0.0.3"}),
        ("internal-sftp", 'remove name "/s/a"', "other", {"object": None}),
        ("groupmod[9]", "group changed in /etc/group (group gg/1005, new name: hh)", "account_edit", {"account": None}),
        ("groupdel[9]", "group 'hh' removed", "account_edit", {"account": None}),
        ("chsh[9]", "changed user 'mei' shell to '/bin/sh'", "account_edit", {"object": "mei", "account": None}),
        ("newgrp[9]", "user 'kai' (login 'kai' on pts/3) switched to group 'mlteam'", "other", {"account": "kai", "tty": "pts/3"}),
        ("newgrp[9]", "Invalid password for group 'mlteam' from 'kai'", "other", {"account": "kai", "outcome": "failure"}),
        ("pam_slurm[9]", "access denied for user kai (uid=4102)", "other", {"account": "kai", "uid": 4102, "outcome": "failure"}),
        ("pam_slurm[9]", "access granted for user kai (uid=4102)", "other", {"account": "kai", "outcome": "success"}),
        ("pam_slurm_adopt[9]", "Process 405 adoption FAILED for job 11", "other", {"job": "11", "target_pid": 405, "outcome": "failure"}),
        ("pam_slurm_adopt[9]", "debug:  From 10.0.0.3 port 44 as kai: job indeterminate", "other", {"account": "kai", "outcome": "failure"}),
        ("systemd-logind[9]", "New session '54' of user 'kai' with class 'user' and type 'tty'.", "other", {"account": "kai"}),
        ("systemd-timesyncd[9]", "Initial clock synchronization to Mon 2026-11-23 15:11:42.123456 UTC.", "clock_change", {"account_absence": "not_applicable"}),
        ("systemd-timesyncd[9]", "System clock time advanced to recorded timestamp: Sun 2026-11-22 10:00:00 UTC", "clock_change", {}),
        ("systemd[1]", "System time advanced to built-in epoch: Sun 2026-11-22 10:00:00 UTC", "clock_change", {}),
        ("kernel", "Task in /slurm/uid_4102/job_11/step_0 killed as a result of limit of /slurm/uid_4102/job_11", "fault", {"job": "11", "target_uid": 4102}),
        ("kernel", "Killed process 9 (x, UID 0, tot), UID 4102, total-vm:1kB, anon-rss:1kB, file-rss:0kB", "fault", {"target_pid": 9, "target_uid": 4102}),
        ("kernel", "e1000e: eno1 NIC Link is Down", "fault", {"outcome": None}),
        ("kernel", "bond0: (slave eth0): link status definitely up, 10000 Mbps full duplex", "fault", {"outcome": "recovered"}),
        ("rsyncd[9]", "rsync on data/x from a (1.1.1.1) from kai@h (10.0.0.12)", "other", {"address": "10.0.0.12", "account": None}),
    ],
)  # fmt: skip
def test_a_message_tells(tag, message, verb, rest):
    e = told(tag, message)
    assert {"verb": e["verb"]} | {name: e[name] for name in rest} == {"verb": verb} | rest


@pytest.mark.parametrize(
    ("tag", "message", "step"),
    [
        ("chronyd[9]", "System clock was stepped by -3600.000001 seconds", "-3600.000001"),
        ("ntpd[9]", "CLOCK: time stepped by +0.5", None),
        ("ntpd[9]", "CLOCK: time stepped by +0.500000s", "+0.500000"),
        ("ntpd[9]", "time reset +1.500000 s", "+1.500000"),
        ("ntpd[9]", "0.0.0.0 c61c 0c clock_step -3600.500000 s", "-3600.500000"),
        ("ntpdate[9]", "step time server 10.0.0.2 offset -12.000000 sec", "-12.000000"),
    ],
)
def test_a_step_of_the_clock_has_its_size_and_sign(tag, message, step):
    assert record(tag, message)["step"] == step


@pytest.mark.parametrize(
    "call",
    [
        "user not allowed to change directory to /x ; TTY=pts/9 ; PWD=/y ; TTY=pts/3 ; PWD=/ ; USER=root ; COMMAND=/bin/y",
        "TTY=pts/3 ; PWD=/x ; PWD=/y ; USER=root ; COMMAND=/bin/y",
        "TTY=pts/3 ; PWD=/x ; USER=root ; ENV=A=b ; COMMAND=/bin/true ; COMMAND=/bin/y",
        "TTY=pts/3 ; PWD=/x ; USER=mei ; COMMAND=/bin/y ; USER=root ; COMMAND=/bin/y",
    ],
)
def test_where_typed_text_could_be_a_field_of_sudo_only_the_caller_is_read(call):
    e = told("sudo", f"     kai : {call}")
    assert (e["verb"], e["account"], e["effective"], e["cwd"], e["tty"]) == ("sudo", "kai", None, None, None)
    assert e["text"].endswith(call)


TYPED = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
AFTER = st.sampled_from(["", " by user root", ") mei on pts/1", "] (owned by unix-user:mei)", " from a (1.1.1.1)", ", UID:0 pgtables:1kB oom_score_adj:0", ",pid=1,uid=0", " ; USER=mei", ")", "'"])  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(TYPED, AFTER)
def test_what_is_typed_moves_no_field(typed, after):
    words = typed + after
    *whose, synced, killed = each_told(
        ("sshd[5]", f"subsystem request for {words} by user kai"),
        ("su[5]", f"FAILED SU (to {words}) kai on pts/3"),
        ("polkitd[5]", f"Operator of unix-session:5 FAILED to authenticate to gain authorization for action a for p:1 [{words}] (owned by unix-user:kai)"),
        ("CRON[5]", f"(kai) CMD ({words})"),
        ("rsyncd[5]", f"rsync to m/{words} from kai@h (10.0.0.12)"),
        ("kernel", f"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task={words},pid=8123,uid=4101"),
    )  # fmt: skip
    assert [e["account"] for e in whose] == ["kai"] * 4
    assert synced["address"] == "10.0.0.12"
    assert (killed["target_pid"], killed["target_uid"]) == (8123, 4101)


def test_every_known_message_has_a_sample():
    known = {shape.kind for program in PROGRAMS for shape in program.shapes}
    shown = {
        kind
        for sample in SAMPLES
        for kind in syslog.parse(sample.read_bytes(), 0).records["kind"].to_pylist()
    }
    assert known <= shown


def by_trial(program, pid, message):
    """The slow way: every shape of the program is tried on every message, none spared by how it begins or what it holds."""
    plain = [p._replace(shapes=tuple(s._replace(begins=(), holds="") for s in p.shapes)) for p in PROGRAMS]
    return messagetext.fields(program, pid, message, programs=plain)


def same(records):
    columns = [records[name].combine_chunks() for name in ("program", "pid", "message")]
    quick, slow = messagetext.fields(*columns), by_trial(*columns)
    assert {name: column.to_pylist() for name, column in quick.items()} == {
        name: column.to_pylist() for name, column in slow.items()
    }


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.name)
def test_how_a_message_begins_only_saves_time(sample):
    same(syslog.parse(sample.read_bytes(), 0).records)


def test_how_a_message_begins_only_saves_time_on_a_log_of_others():
    log = UPSTREAM / "loghub" / "OpenSSH" / "OpenSSH_2k.log"
    if not log.exists():
        pytest.skip("the upstream samples are not beside this checkout")
    same(syslog.parse(log.read_bytes(), 0).records)


def test_every_field_of_a_pattern_is_declared():
    declared = {column.name for column in messagetext.FIELDS}
    named = {
        field.name
        for program in PROGRAMS
        for shape in program.shapes
        for field in pc.extract_regex(pa.array(["x"]), pattern=shape.pattern).type
    }
    assert named <= declared
    assert declared - {"kind"} <= named
