"""Processes without a login that are a job's: by the node's pids, by the control group, by folder and time; and whose they are not."""

import random

import pytest
from stage import SECOND, T0, UIDS, Stage

from forensics.analysis import identity, job_processes, job_records
from forensics.analysis.evidence import rows_of

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
    return job_records.reconstruct(case, identity.directory(case))


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


class Slow:
    """The processes of each job, by looking at every row for each job, and at every job for each job."""

    def __init__(self, case, directory):
        self.rows = [
            (int(e.earliest_ns), int(e.latest_ns), e.host, int(e.pid), e.ppid, e.verb, e.uid, e.argv, e.start, e.cwd)
            for e in rows_of(case.events)
            if e.trail and e.pid is not None and not isinstance(e.session, str)
        ]  # fmt: skip
        self.tasks = {(e.job, int(e.pid)) for e in rows_of(case.events) if e.verb == "task_start"}
        self.jobs = [*job_records.reconstruct(case, directory).values()]
        self.made = {job.job: self._by_node(job) for job in self.jobs}
        for job in self.jobs:
            if not self.made[job.job] and not any(self._beside(job, o) for o in self.jobs if o is not job):
                self.made[job.job] = self._by_folder(job)

    def _within(self, job):
        first, last = job.window()
        return [r for r in self.rows if r[0] <= last and r[1] >= first]

    def _descended(self, job, own):
        for row in sorted(self._within(job), key=lambda r: (r[0], r[8])):
            if (row[2], row[4]) in own:
                own.add((row[2], row[3]))
        return own

    def _by_node(self, job):
        own, script = set(), f"/var/spool/slurmd/job{job.job}/slurm_script"
        for row in self._within(job):
            told = script in (row[7] or ()) or (job.job, row[3]) in self.tasks
            if row[5] == "execute" and row[6] == job.owner_uid and told:
                own.add((row[2], row[3]))
        return self._descended(job, own)

    def _beside(self, job, other):
        (first, last), (a, b) = job.window(), other.window()
        same = (other.owner_uid, other.workdir) == (job.owner_uid, job.workdir)
        return same and a <= last and b >= first

    def _by_folder(self, job):
        own = set()
        for row in self._within(job):
            here = (row[6], row[9]) == (job.owner_uid, job.workdir) and row[2] in job.nodes.split(",")
            if row[5] == "execute" and here:
                own.add((row[2], row[3]))
        return self._descended(job, own)


def busy(seed):
    """Jobs of two accounts in two folders on two nodes, some at once, and runs that can be of several of them."""
    chance, s = random.Random(seed), Stage()  # noqa: S311 - a seed, so that every run is of the same jobs
    for n in range(10):
        owner = chance.choice(["mei", "kai"])
        s.at = T0 + chance.randrange(4000) * SECOND
        s.submit(owner, None, str(n), seconds=chance.randrange(-30, 1500))
        s.jobs[-1] |= {
            "workdir": chance.choice(["/srv/a", "/srv/b"]),
            "nodes": chance.choice(["gpu01", "gpu02", "gpu01,gpu02"]),
        }
    s.rows = [r for r in s.rows if r["verb"] != "task_start" or chance.random() < 0.4]
    pids = [50_000 + n * 100 for n in range(10)] + [60_000 + n for n in range(25)]
    for _ in range(120):
        s.at = T0 + chance.randrange(5500) * SECOND
        argv = (
            ["bash", f"/var/spool/slurmd/job{chance.randrange(12)}/slurm_script"]
            if chance.random() < 0.1
            else ["x"]
        )
        uid, host = UIDS[chance.choice(["mei", "kai", "lin"])], chance.choice(["gpu01", "gpu02"])
        folder = chance.choice(["/srv/a", "/srv/b", "/elsewhere"])
        verb = chance.choice(["execute", "execute", "write"])
        s.add(
            verb,
            host=host,
            pid=chance.choice(pids),
            ppid=chance.choice(pids),
            uid=uid,
            exe="/usr/bin/x",
            argv=argv,
            cwd=folder,
        )
    return s


@pytest.mark.parametrize("seed", range(25))
def test_processes_are_found_as_by_looking_at_every_row_for_every_job(seed):
    case = busy(seed).evidence()
    people = identity.directory(case)
    jobs = job_records.reconstruct(case, people)
    assert {name: job.processes for name, job in jobs.items()} == Slow(case, people).made
    assert {job.joined_by for job in jobs.values()} >= {"node", None}
    for job in jobs.values():
        told = [
            e.event_id for e in rows_of(case.events)
            if e.trail and (e.host, e.pid) in job.processes and e.earliest_ns <= job.window()[1] and e.latest_ns >= job.window()[0]
        ]  # fmt: skip
        assert list(job_processes.own_events(job, case)["event_id"]) == told


def test_both_ways_of_joining_are_met_where_jobs_are_many():
    ways = [job.joined_by for n in range(25) for job in found(busy(n)).values()]
    assert ways.count("node") > 20
    assert ways.count("folder") > 20
