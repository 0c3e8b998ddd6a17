"""Processes without a login that are a job's: by the node's pids, by the control group, by folder and time; and whose they are not."""

import pytest
from stage import UIDS, Stage

from forensics.analysis import identity, jobs

OOM = "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/slurm/uid_4101/job_{job},task_memcg=/slurm/uid_4101/job_{job}/step_0/task_0,task=python,pid={pid},uid=4101"  # fmt: skip


def day(*, tasks=False):
    s = Stage()
    s.login("mei")
    pid = s.submit("mei", None, "11")
    if not tasks:
        s.rows = [r for r in s.rows if r["verb"] != "task_start"]
    for row in s.rows:
        if row["pid"] == pid and row["verb"] == "execute":
            row["host"] = "gpu01"
    child = s.add(
        "execute",
        host="gpu01",
        pid=pid + 1,
        ppid=pid,
        uid=UIDS["mei"],
        exe="/usr/bin/x",
        argv=["x"],
        cwd="/elsewhere",
    )
    assert child
    return s, pid


def found(s):
    case = s.evidence()
    return jobs.reconstruct(case, identity.directory(case))


def test_the_control_group_that_ran_out_of_memory_names_the_job():
    s, pid = day()
    s.jobs[0]["workdir"] = "/unknown"
    s.add("fault", "syslog", host="gpu01", text=OOM.format(job=11, pid=pid), pid=None)
    (job,) = found(s).values()
    assert (job.joined_by, job.processes) == ("cgroup", {("gpu01", pid), ("gpu01", pid + 1)})
    # Any account can write a line that looks like the kernel's.
    assert job.own_link == "derived"


@pytest.mark.parametrize("why", ["another_uid", "another_job", "another_host"])
def test_a_line_on_a_control_group_joins_nothing_else(why):
    s, pid = day()
    s.jobs[0]["workdir"] = "/unknown"
    s.add(
        "fault",
        "syslog",
        host="gpu02" if why == "another_host" else "gpu01",
        text=OOM.format(job=12 if why == "another_job" else 11, pid=pid),
    )
    for row in s.rows:
        if why == "another_uid" and row["pid"] == pid:
            row["uid"] = UIDS["kai"]
    assert not found(s)["11"].processes


def test_where_nothing_else_tells_folder_owner_node_and_time_do():
    s, pid = day()
    (job,) = found(s).values()
    assert (job.joined_by, job.processes) == ("folder", {("gpu01", pid), ("gpu01", pid + 1)})
    assert job.own_link == "derived"
    s, pid = day(tasks=True)
    job = found(s)["11"]
    assert (job.joined_by, job.own_link) == ("node", "observed")


@pytest.mark.parametrize(
    "why", ["another_folder", "another_owner", "another_node", "another_time", "two_jobs", "a_login"]
)
def test_a_process_is_no_job_s_where(why):
    s, pid = day()
    own = next(r for r in s.rows if r["pid"] == pid and r["verb"] == "execute")
    if why == "two_jobs":
        s.jobs.append(s.jobs[0] | {"job": "12", "start": 120, "stop": 130})
    else:
        own |= {
            "another_folder": {"cwd": "/srv/other"},
            "another_owner": {"uid": UIDS["kai"]},
            "another_node": {"host": "login01"},
            "another_time": {
                "earliest_ns": own["earliest_ns"] + 10**12,
                "latest_ns": own["latest_ns"] + 10**12,
            },
            "a_login": {"session": "31"},
        }[why]
    assert not found(s)["11"].processes


def test_what_such_a_process_opened_is_derived():
    s, pid = day()
    s.add(
        "create",
        account="kai",
        host="gpu01",
        object_kind="path",
        object="/srv/proj/data.bin",
        when=s.at - 10**10,
    )
    s.add(
        "read",
        host="gpu01",
        pid=pid,
        ppid=1,
        uid=UIDS["mei"],
        object_kind="path",
        object="/srv/proj/data.bin",
    )
    assert [(r.path, r.link) for r in s.examined().readings] == [("/srv/proj/data.bin", "derived")]


def test_what_is_done_by_such_a_process_and_to_it_is_derived():
    s, pid = day()
    s.add(
        "delete",
        host="gpu01",
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
        "signal",
        account="kai",
        auid=UIDS["kai"],
        effective="root",
        uid=0,
        pid=10,
        exe="/usr/bin/kill",
        signal=9,
        target_pid=pid,
        host="gpu01",
    )
    told = {a.why_link: a.link for a in s.examined().acts if a.job == "11"}
    assert {told.get(why) for why in ("process_of_job", "pid_of_job_process")} == {"derived"}
