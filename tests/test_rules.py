"""Every rule that makes an act, or ties one to a job, is written down, and fires where it should: on one invented day."""

from collections import Counter

import pytest
from stage import HOST, UIDS, Stage

from forensics.analysis import (
    acts,
    agents,
    deferral_rules,
    file_acts,
    findings,
    hops,
    identity_rules,
    raised,
    rules,
)

COMMANDS = {
    "touch": "-d 2026-01-01 x", "date": "-s 10:00", "timedatectl": "set-time 10:00", "hwclock": "--set", "auditctl": "-e 0",
    "systemctl": "stop auditd", "service": "auditd stop", "rm": "-f /var/log/audit/audit.log", "shred": "-u /x/auth.log",
    "truncate": "-s0 /srv/slurmctld.log", "journalctl": "--vacuum-time=1s", "visudo": "", "gpasswd": "-a kai sudo", "adduser": "kai sudo",
    "setfacl": "-m u:kai:rw x", "chmod": "u+s /bin/sh", "ssh-copy-id": "host", "usermod": "-aG sudo kai", "ln": "-sf /dev/null .bash_history",
    **dict.fromkeys(("sh", "bash", "dash"), "-c echo>/var/log/auth.log"), "at": "now + 5 minutes", "crontab": "-",
    "systemd-run": "scancel 1", "busctl": "call x StartTransientUnit", "gdbus": "call StartTransientUnit", "dbus-send": "StartTransientUnit",
    "sudo": "true",
}  # fmt: skip
UNSTAGED = {
    "checked_out_for_job": "test_more_incidents.py",
    "payload_executed": "test_incidents.py",
    "file_attributes": "test_readings.py",
    "refused_to_job": "test_readings.py",
    "named_in_line_of_account": "test_frame_ups.py",
    **dict.fromkeys(
        ("ref_move_command", "ref_file_written", "ref_move_record", "ref_move_asked"), "test_moved_refs.py"
    ),
    **dict.fromkeys(
        (
            "edit_request",
            "edit_request_refused",
            "edit_record",
            "edit_command",
            "ended_with_node",
            "node_of_job",
            "limits_of_owner",
        ),
        "test_scheduler_edits.py",
    ),
}
"""What needs more than events: each with the test that shows it on real records."""


@pytest.fixture(scope="module")
def day():
    s = Stage()
    s.enrol()
    mei, kai = s.login("mei"), s.login("kai")
    for path, verb, program in (
        ("/srv/proj/new.py", "create", "python3"),
        ("/srv/proj/train.py", "write", "python3"),
        ("/srv/proj/model.pt", "write", "cp"),
        ("/srv/proj/data.bin", "delete", "rm"),
    ):
        s.change("kai", kai, path, verb=verb, program=program, owner="mei")
    for program in {c.program for c in file_acts.COMMANDS} | COMMANDS.keys():
        words = COMMANDS.get(program, "/home/mei/.ssh/authorized_keys")
        s.run("kai", kai, [program, *words.split()])
    s.add(
        "commit",
        "git_object",
        "git:objects",
        host=None,
        object_kind="commit",
        object="a" * 40,
        author="kai <k@x>",
    )
    s.add(
        "push",
        "gitolite",
        "git:server",
        host="git",
        account="kai",
        repository="p",
        object_kind="ref",
        object="refs/heads/main",
    )
    pid = s.submit("mei", mei, "11", argv=("python3", "/srv/proj/train.py"), signal=9)
    s.run("kai", kai, ["sudo", "kill"])
    s.add("sudo", account="kai", auid=UIDS["kai"], session=kai, pid=9)
    s.add(
        "signal",
        account="kai",
        auid=UIDS["kai"],
        effective="root",
        uid=0,
        session=kai,
        pid=10,
        exe="/usr/bin/kill",
        signal=9,
        target_pid=pid,
        host=HOST,
    )
    s.add(
        "delete",
        pid=pid,
        ppid=1,
        uid=UIDS["mei"],
        effective="mei",
        exe="/usr/bin/python3",
        object_kind="path",
        object="/srv/proj/out.pt",
        object_owner_uid=UIDS["mei"],
    )
    s.add(
        "read",
        pid=pid,
        ppid=1,
        uid=UIDS["mei"],
        effective="mei",
        exe="/usr/bin/python3",
        object_kind="path",
        object="/srv/proj/model.pt",
    )
    s.run("kai", kai, ["scontrol", "hold", "11"])
    s.cancel("kai", kai, "11")
    s.add("job_update", "slurmctld", "slurm:admin", host=None, job="11", uid=0, when=s.at + 30 * 10**9)
    s.submit("mei", mei, "12", seconds=600)
    s.cancel("kai", kai, "12", effective="root", logged=False)
    s.submit("mei", mei, "13", signal=15)
    s.jobs[-1]["end_ns"] = s.at + 2 * 10**9
    s.wait(2)
    s.run("kai", kai, ["kill", "51300"], effective="root")
    s.submit("mei", mei, "14")
    s.rows = [r for r in s.rows if not (r["verb"] == "submit" and r["job"] == "14")]
    s.add(
        "submit",
        "slurmctld",
        "slurm:admin",
        host=None,
        job="15",
        account="lin",
        object_kind="job",
        object="15",
        when=s.at + 10**12,
    )
    _more(s, mei, kai)
    return s.examined()


def _more(s, mei, kai):
    """What other programs and schedulers tell, and files that are known by the text of a script."""
    s.add(
        "command",
        "bash_history",
        "login01:user",
        account="mei",
        text="printf 'import pkg.part, loader\\nopen(\"rows.csv\")' > train.py",
        when=None,
    )
    for path in (
        "/srv/proj/train.sh",
        "/srv/proj/loader.py",
        "/srv/proj/rows.csv",
        "/x/site-packages/pkg/other.py",
    ):
        s.change(
            "kai",
            kai,
            path,
            program="python3",
            owner="mei",
            verb="create" if path.endswith("loader.py") else "write",
        )
    pid = s.submit("mei", mei, "21", argv=("python3", "/srv/proj/train.py"), outcome="FAILED")
    s.add("job_enter", "k8s_audit", "k8s:api", host=None, job="21", account="kai")
    s.add("kill_request", "k8s_audit", "k8s:api", host=None, job="21-bcdfg", account="kai")
    for verb in ("kill_request", "job_update"):
        s.add(
            verb,
            "slurmctld",
            "slurm:admin",
            host=None,
            job="21",
            uid=UIDS["kai"],
            outcome="failure",
            when=s.at + 10**11,
        )
    s.submit("mei", mei, "22", outcome="OUT_OF_MEMORY")
    s.run("kai", kai, ["python3", "large.py"])
    s.add(
        "cron_edit",
        "syslog",
        "login01:root",
        host="gpu01",
        pid=77,
        account="kai",
        object_kind="crontab",
        object="kai",
        text="REPLACE (kai)",
    )
    s.run("kai", kai, ["git", "commit"])
    s.add(
        "commit",
        "git_object",
        "git:objects",
        host=None,
        object_kind="commit",
        object="b" * 40,
        author="kai <k@x>",
    )
    oid = "c" * 40
    s.add(
        "create",
        account="kai",
        auid=UIDS["kai"],
        session=kai,
        pid=88,
        exe="/usr/bin/git",
        object_kind="path",
        object=f"/srv/.git/objects/{oid[:2]}/{oid[2:]}",
    )
    s.add(
        "commit",
        "git_object",
        "git:objects",
        host=None,
        object_kind="commit",
        object=oid,
        author="kai <k@x>",
        when=s.at + 10**11,
    )
    assert pid


def test_every_rule_that_is_written_down_fires_or_says_where_it_is_staged(day):
    listed = findings.findings(day)["act_rules"]
    told = {r["id"]: r for r in listed if r["of"] in {"act", "link"}}
    silent = {name for name, r in told.items() if not r["fired"]}
    assert silent <= UNSTAGED.keys(), silent - UNSTAGED.keys()
    assert {r["evaluated"] for r in told.values()} == {len(day.scene.events)}


def test_no_act_is_by_a_rule_that_is_not_written_down(day):
    assert rules.unknown(day.acts) == set()
    stray = next(a for a in day.acts if a.act == "cancel")
    stray.rule, kept = "no_such_rule", stray.rule
    assert rules.unknown(day.acts) == {"no_such_rule: cancel"}
    stray.rule = kept


def test_a_rule_that_found_nothing_is_told_and_what_is_counted_apart_is_added():
    told = {r["id"]: r["fired"] for r in rules.told([], Counter({"file_edit": 3}), 7)}
    assert told.pop("file_edit") == 3
    assert set(told.values()) == {0}
    assert told.keys() >= rules.ACT_RULES.keys() - {"file_edit"}


def test_rules_of_names_sessions_and_runs_are_listed_with_what_they_gave(day):
    listed = {(r["of"], r["id"]): r["fired"] for r in findings.findings(day)["act_rules"]}
    known = {
        "identity": identity_rules.RULES,
        "session": hops.RULES | raised.RULES | agents.RULES,
        "deferral": deferral_rules.RULES,
    }
    assert {k for k in listed if k[0] in known} == {(of, name) for of, own in known.items() for name in own}
    rows = day.tables()
    counted = Counter(row["rule"] for row in rows["identity"].to_pylist() if row["rule"])
    assert counted["account_of_key_directory"] == 4
    assert {
        name: listed["identity", name] for name in identity_rules.RULES if listed["identity", name]
    } == counted
    assert sum(listed["session", name] for name in hops.RULES) == len(rows["hop"])
    for own in known.values():
        assert all(len(rule.rationale) > 15 and rule.errs and rule.version >= 1 for rule in own.values())


@pytest.mark.parametrize("name", sorted(rules.ACT_RULES | rules.LINK_RULES))
def test_every_rule_says_why_it_holds_and_where_it_errs(name):
    rule = (rules.ACT_RULES | rules.LINK_RULES)[name]
    assert len(rule.rationale) > 15
    assert rule.errs
    assert rule.version >= 1
    assert set(rule.acts) <= acts.ACTS.keys()


def test_every_kind_of_act_has_a_rule():
    assert {kind for rule in rules.ACT_RULES.values() for kind in rule.acts} == acts.ACTS.keys()
