"""Invented evidence for tests of the analysis: events made directly, in the shape that readings give.

It is no log: the whole way from real bytes is tested on the staged incidents.
"""

import hashlib
import zlib
from dataclasses import dataclass, field
from unittest import mock

from drawn import EVERY

from forensics.analysis import clock_bounds, evidence, examine
from forensics.core import ids, tables
from forensics.core.roster import Account, Claim, Device, Key, Person, Question, Roster, SharedAccount

T0 = 1_795_446_700_000_000_000
SECOND = 1_000_000_000
HOST = "login01"
KERNEL = f"{HOST}:root"
UIDS = {"mei": 4101, "kai": 4102, "lin": 4103, "dao": 4104, "mlteam": 4150}


def key(person):
    return "SHA256:" + hashlib.sha256(person.encode()).hexdigest()[:43]


def address(person):
    return f"10.0.0.{UIDS[person] - 4100}"


def roster(people=("mei", "kai", "lin", "dao")):
    return Roster(
        tuple(
            Person(p, "", (Account(p, UIDS[p], "register"),), (Key(key(p), "register"),), (Device(address(p), "ws", "register"),))
            for p in people
        ),
        (SharedAccount("mlteam", 4150, True, tuple(people), "register"),),
    )  # fmt: skip


def analysed(case, rejects=None, *, bounds=False):
    """The analysis of evidence, by its clocks as compared.

    What they are off by at most gives a second analysis, of nearly the same, that can only take back: of the days here it takes
    two fifths of the time. It is made where it is asked for, and everywhere by `make test-all`; incidents, simulated and recorded, always have it.
    """
    none = evidence.frame(tables.REJECT.empty()) if rejects is None else rejects
    begun = examine.sketch(case, none)
    if bounds or EVERY:
        return examine.finished(begun, none)
    with mock.patch.object(clock_bounds, "widened", return_value=False):
        return examine.finished(begun, none)


@dataclass
class Stage:
    """A day on one login host: every method adds what the logs would say of it."""

    rows: list = field(default_factory=list)
    jobs: list = field(default_factory=list)
    at: int = T0
    serial: int = 0
    ses: int = 30
    tied: bool = True
    """Whether the controller logs that it started a job, which ties its clock to the node's; else each analysis takes one pass more."""
    bounds: bool = False
    """Whether the second look is made that takes back what holds by one reading of the clocks only (`analysed`)."""
    homes: bool = True
    """Whether of every account a startup file was collected that says nothing, as of a real host: else whoever asked for an act by no line of a history is not named."""
    kept: tuple = field(default=(None, None), repr=False, compare=False)

    def add(self, verb, fmt="auditd", domain=KERNEL, **given):
        self.serial += 1
        start = self.serial * 100
        sha = hashlib.sha256(fmt.encode()).hexdigest()
        when = given.pop("when", self.at)
        row = dict.fromkeys(tables.EVENT.names)
        host = given.get("host", HOST)
        service = domain.endswith((":admin", ":server"))
        dated_by = domain if service else host if domain.startswith(f"{host}:") else HOST
        row |= {
            "event_id": ids.event_id(sha, start, start + 100), "earliest_ns": when, "latest_ns": None if when is None else when + 999_999,
            "clock": f"{dated_by}:{fmt}", "format": fmt, "domain": domain, "verb": verb, "host": HOST, "outcome": "success",
            "citations": [{"sha256": sha, "start": start, "stop": start + 100}], "sha256": sha, "start": start, "stop": start + 100,
        }  # fmt: skip
        row |= given
        self.rows.append(row)
        return row["event_id"]

    def wait(self, seconds=10):
        self.at += seconds * SECOND

    def enrol(self, people=("mei", "kai", "lin", "dao")):
        for p in people:
            self.add(
                "enrol_key",
                "authorized_keys",
                "git:server",
                account=p,
                credential=key(p),
                when=None,
                host=None,
            )

    def login(self, account, *, by=None, device=None, sshd=True, told_address=None):
        """Somebody enters an account: `by` gives the key, `device` the workstation."""
        self.wait()
        by, self.ses = by or account, self.ses + 1
        pid, ses, source = 1000 + self.ses * 10, str(self.ses), address(device or by)
        who = {"account": account, "auid": UIDS[account], "session": ses, "pid": pid, "exe": "/usr/sbin/sshd"}
        self.add("loginuid", **who)
        self.add("login", address=source, tty=f"pts/{self.ses}", **who)
        if sshd:
            told = told_address or source
            self.add(
                "login",
                "syslog",
                account=account,
                pid=pid,
                address=told,
                port=40000 + self.ses,
                credential=key(by),
            )
        return ses

    def shells(self, account):
        """The account's startup files and its history were collected, and take nothing in: a line of each, of no time."""
        for fmt, text in (("shell_startup", "umask 022"), ("bash_history", "ls")):
            self.add("setting", fmt, f"{HOST}:user", account=account, when=None, object_kind="setting", object="shell", text=text)  # fmt: skip

    def logout(self, account, ses):
        self.wait()
        self.add(
            "session_close",
            account=account,
            auid=UIDS[account],
            session=ses,
            pid=1000 + int(ses) * 10,
            exe="/usr/sbin/sshd",
        )

    def run(self, account, ses, argv, *, effective=None, pid=None, ppid=None, cwd="/srv/proj"):
        self.wait(1)
        effective = effective or account
        pid = pid or 20_000 + self.serial
        auid = UIDS[account] if ses else None
        event = self.add(
            "execute", account=account if ses else None, auid=auid, effective=effective, uid=UIDS.get(effective, 0), session=ses,
            pid=pid, ppid=ppid or 1, exe=f"/usr/bin/{argv[0]}", argv=argv, cwd=cwd, object_kind="path", object=f"/usr/bin/{argv[0]}",
        )  # fmt: skip
        return pid, event

    def change(
        self, account, ses, path, *, program="vim", verb="write", owner=None, replaced=None, source=None
    ):
        pid, _ = self.run(account, ses, [program, path])
        return self.add(
            verb, account=account, auid=UIDS[account], effective=account, uid=UIDS[account], session=ses, pid=pid, ppid=1,
            exe=f"/usr/bin/{program}", object_kind="path", object=path, object_from=source, replaced_inode=replaced,
            object_owner_uid=UIDS[owner] if owner else None, inode=f"fe:00:{zlib.crc32(path.encode())}",
        )  # fmt: skip

    def submit(
        self,
        account,
        ses,
        job,
        *,
        argv=("python3", "train.py"),
        outcome="CANCELLED",
        seconds=60,
        signal=0,
        code=0,
    ):
        """A job is submitted, starts a second later and runs its command; its record says how it ended."""
        self.run(account, ses, ["sbatch", "train.sh"])
        submitted = self.at
        self.add("submit", "slurmctld", "slurm:admin", host=None, job=job, object_kind="job", object=job)
        self.wait(1)
        start, pid = self.at, 50_000 + int(job) * 100
        if self.tied:
            self.add("start", "slurmctld", "slurm:admin", host=None, job=job, object_kind="job", object=job)
        self.add("start", "slurmd", "gpu01:slurmd", host="gpu01", job=job, uid=UIDS[account])
        self.add("task_start", "slurmd", "gpu01:slurmd", host="gpu01", job=job, pid=pid)
        self.run(account, None, list(argv), pid=pid, ppid=49_999)
        self.jobs.append({
            "job": job, "cluster": "c", "name": "train", "owner": account, "owner_uid": UIDS[account], "state": outcome,
            "outcome": outcome, "exit_code": code, "exit_signal": signal, "submit_ns": submitted, "start_ns": start,
            "end_ns": start + seconds * SECOND, "elapsed_s": seconds, "gpus": 8, "nodes": "gpu01", "workdir": "/srv/proj",
            "format": "sacct", "domain": "slurm:admin", "sha256": "a" * 64, "start": int(job) * 10, "stop": int(job) * 10 + 10,
        })  # fmt: skip
        return pid

    def cancel(self, account, ses, job, *, effective=None, logged=True):
        self.run(account, ses, ["scancel", job], effective=effective)
        if logged:
            uid = UIDS[effective or account]
            self.add(
                "kill_request",
                "slurmctld",
                "slurm:admin",
                host=None,
                job=job,
                uid=uid,
                object_kind="job",
                object=job,
            )

    def evidence(self, question=None, people=None, files=()):
        """Everything staged, as the analysis takes it; `files` are rows of the table of that name."""
        built = {n: [r.get(n) for r in self.rows] for n in tables.EVENT.names}
        records = {n: [j.get(n) for j in self.jobs] for n in tables.JOB_RECORD.names}
        found = {"event": tables.EVENT.build(built), "job_record": tables.JOB_RECORD.build(records)}
        files = [*files, *self.startup_files()]
        found["file"] = tables.FILE.build({n: [f.get(n) for f in files] for n in tables.FILE.names})
        asked = question or Question(jobs=tuple(j["job"] for j in self.jobs))
        return evidence.assemble(found, roster() if people is None else people, asked)

    def startup_files(self):
        """Rows of the table of files: an empty `.bashrc` of each account on each host where it is on record."""
        there = {(r["host"], r["account"]) for r in self.rows if r["host"] and r["account"]}
        return [
            {
                "sha256": hashlib.sha256(b"").hexdigest(), "path": f"{host}/home/{account}/.bashrc", "origin": f"/home/{account}/.bashrc",
                "host": host, "kind": "file", "bytes": 0, "parsed": 0, "rejected": 0, "ignored": 0,
            }
            for host, account in sorted(there if self.homes else ())
        ]  # fmt: skip

    def examined(self, question=None, people=None, rejects=None, files=()):
        """The analysis of everything staged; asked again of the same, it is not made again."""
        key = repr((self.rows, self.jobs, question, people, files, self.homes)) if rejects is None else None
        if key is None or key != self.kept[0]:
            self.kept = key, analysed(self.evidence(question, people, files), rejects, bounds=self.bounds)
        return self.kept[1]


def claim(name, by, names=""):
    return Claim(name, by, names, "", "")
