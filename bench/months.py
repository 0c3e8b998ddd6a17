"""Months of a whole cluster's logs from a seed, as evidence files around a staged incident.

    python bench/months.py FOLDER [--audit-mb 100] [--rows 100000] [--syslog-mb 30] [--days 60] [--controller]

Twenty login hosts and two hundred nodes send their audit trails to one log host. Three hundred accounts log in, look about, edit
scripts with an editor that writes a new file and renames it, copy data, run tests, commit and submit jobs; on a node a job's script is
read by `slurmstepd`, run, reads its modules and writes and renames checkpoints. Accounting tells of every job, the controller and the
nodes of each that the trail has too (with `--controller`, the controller of each). What these logs tell agrees: a login is in the trail and in the host's `auth.log`,
a job in the trail, at the controller, at its node and in accounting.
"""

import argparse
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

SEED = 20261127
ENDS = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
LOGINS, NODES, ACCOUNTS, TEAMS = 20, 200, 300, 30
LEGACY = "%b %e %H:%M:%S"
STATES = ("COMPLETED",) * 14 + ("FAILED",) * 3 + ("TIMEOUT", "OUT_OF_MEMORY", "CANCELLED")
INCIDENT = Path(__file__).parents[1] / "sample_logs" / "incidents" / "script_edit"


class Trail:
    """The audit trails of all hosts, in one file in order of time, each host with numbers of its own."""

    def __init__(self) -> None:
        self.events: list[tuple[float, str, list[str]]] = []
        self.size, self.inode = 0, 2_000_000

    def event(self, host: str, at: float, records: list[str]) -> None:
        """One event."""
        self.events.append((at, host, records))
        self.size += sum(map(len, records)) + 55 * len(records)

    def written(self, out: TextIO) -> None:
        """Write all of it."""
        serials: dict[str, int] = {}
        self.events.sort(key=lambda event: event[:2])
        for at, host, records in self.events:
            serial = serials[host] = serials.get(host, 1000) + 1
            stamp = f"msg=audit({at:.3f}:{serial}):"
            for record in records:
                kind, _, rest = record.partition(" ")
                out.write(f"node={host} type={kind} {stamp} {rest}\n")

    def fresh(self) -> int:
        """The inode of a new file."""
        self.inode += 1
        return self.inode


class Process:
    """One process: where, whose, out of which session; its events come one after the other."""

    def __init__(
        self, trail: Trail, host: str, at: float, *, uid: int, pid: int, ppid: int, ses: int | None, cwd: str
    ) -> None:
        self.trail, self.host, self.at, self.uid, self.pid, self.ppid = trail, host, at, uid, pid, ppid
        self.ses, self.cwd, self.exe = ses, cwd, "/usr/bin/bash"

    def child(self, pid: int) -> "Process":
        """A process that this one starts."""
        return Process(
            self.trail, self.host, self.at, uid=self.uid, pid=pid, ppid=self.pid, ses=self.ses, cwd=self.cwd
        )

    def _syscall(self, number: int, items: int, key: str, flags: str = "241") -> str:
        u, who, none = self.uid, f"u{self.uid}", 2**32 - 1
        auid, ses = (u, self.ses) if self.ses is not None else (none, none)
        return (
            f"SYSCALL arch=c000003e syscall={number} success=yes exit=3 a0=ffffff9c a1=55d0c8b0 a2={flags} a3=1b6 items={items} ppid={self.ppid} "
            f"pid={self.pid} auid={auid} uid={u} gid={u} euid={u} suid={u} fsuid={u} egid={u} sgid={u} fsgid={u} tty={'pts0' if self.ses else '(none)'} "
            f'ses={ses} comm="{self.exe.rpartition("/")[2][:15]}" exe="{self.exe}" key="{key}"\x1dARCH=x86_64 SYSCALL={_CALLS[number]} '
            f'AUID="{who if self.ses else "unset"}" UID="{who}" GID="{who}" EUID="{who}" SUID="{who}" FSUID="{who}" EGID="{who}" SGID="{who}" FSGID="{who}"'
        )

    def _path(self, item: int, name: str, inode: int, kind: str) -> str:
        u = 0 if name.startswith(("/usr", "/lib")) else self.uid
        return (
            f'PATH item={item} name="{name}" inode={inode} dev=fe:00 mode=0100644 ouid={u} ogid={u} rdev=00:00 nametype={kind} '
            f'cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0\x1dOUID="{f"u{u}" if u else "root"}" OGID="root"'
        )

    def _tell(self, *records: str) -> None:
        self.trail.event(self.host, self.at, list(records))
        self.at += 0.004

    def run(self, exe: str, *argv: str) -> "Process":
        """Execute a program."""
        self.exe = exe
        words = [exe.rpartition("/")[2], *argv]
        told = " ".join(
            f'a{n}="{w}"' if " " not in w else f"a{n}={w.encode().hex().upper()}" for n, w in enumerate(words)
        )
        self._tell(
            self._syscall(59, 2, "exec"), f"EXECVE argc={len(words)} {told}", f'CWD cwd="{self.cwd}"', self._path(0, exe, hash_of(exe), "NORMAL"),
            self._path(1, "/lib64/ld-linux-x86-64.so.2", 338944, "NORMAL"), f"PROCTITLE proctitle={chr(0).join(words).encode().hex().upper()}",
        )  # fmt: skip
        return self

    def opened(self, path: str, inode: int, *, new: bool = False, read: bool = False) -> None:
        """Open a file, to read it or to write."""
        records = [self._path(0, path, inode, "CREATE" if new else "NORMAL")]
        if new:
            records.insert(0, self._path(0, path.rpartition("/")[0] + "/", 400_000, "PARENT"))
            records[1] = self._path(1, path, inode, "CREATE")
        self._tell(
            self._syscall(257, len(records), "proj", "0" if read else "241"),
            f'CWD cwd="{self.cwd}"',
            *records,
        )

    def renamed(self, source: str, target: str, inode: int, replaced: int | None = None) -> None:
        """Rename a file, over another or not."""
        above = [
            self._path(n, p.rpartition("/")[0] + "/", 400_000, "PARENT")
            for n, p in enumerate((source, target))
        ]
        gone = [self._path(2, source, inode, "DELETE")]
        gone += [self._path(3, target, replaced, "DELETE")] if replaced else []
        made = self._path(2 + len(gone), target, inode, "CREATE")
        self._tell(self._syscall(82, 3 + len(gone), "proj"), f'CWD cwd="{self.cwd}"', *above, *gone, made)

    def removed(self, path: str, inode: int) -> None:
        """Remove a file."""
        above = self._path(0, path.rpartition("/")[0] + "/", 400_000, "PARENT")
        self._tell(
            self._syscall(87, 2, "proj"), f'CWD cwd="{self.cwd}"', above, self._path(1, path, inode, "DELETE")
        )


_CALLS = {59: "execve", 257: "openat", 82: "rename", 87: "unlink"}


def hash_of(path: str) -> int:
    """The inode of a program: the same at each run."""
    return 100_000 + sum(n * ord(c) for n, c in enumerate(path))


class Cluster:
    """The logs of the cluster as they are written."""

    def __init__(self, folder: Path, given: argparse.Namespace) -> None:
        self.chance = random.Random(SEED)  # noqa: S311 - a seed, so that every run reads the same bytes
        self.folder, self.given = folder, given
        self.files: dict[str, TextIO] = {}
        self.trail, self.lines = Trail(), dict[str, list[tuple[float, str]]]()
        self.sacct, self.job, self.ses, self.pid = self.log("slurm/sacct-months.psv"), 100_000, 100, 10_000
        self.names = (INCIDENT / "evidence/slurm/sacct.psv").read_text(encoding="utf-8").split("\n", 1)[0]
        self.sacct.write(self.names + "\n")
        self.began = ENDS - timedelta(days=given.days)
        self.held: dict[str, int] = {}

    def log(self, name: str) -> TextIO:
        """A file of the evidence, opened once."""
        if name not in self.files:
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            self.files[name] = (self.folder / name).open("w", encoding="utf-8", newline="\n")
        return self.files[name]

    def inode(self, path: str) -> int:
        """The inode that a path has now."""
        return self.held.setdefault(path, self.trail.fresh())

    def process(self) -> int:
        """A number for a new process."""
        self.pid = self.pid + 1 if self.pid < 4_000_000 else 10_000
        return self.pid

    def syslog(self, host: str, at: float, program: str, message: str) -> None:
        """A line of a host's own log."""
        stamp = datetime.fromtimestamp(at, UTC).strftime(LEGACY)
        self.line(f"{host}/var/log/auth.log", at, f"{stamp} {host} {program}: {message}\n")

    def line(self, name: str, at: float, text: str) -> None:
        """A line of a file, put in order at the end."""
        self.lines.setdefault(name, []).append((at, text))

    def stay(self, at: float) -> None:
        """A login, what is done in it, and its end."""
        n = int(self.chance.random() * ACCOUNTS)
        host, uid, pid, self.ses = (
            f"front{int(self.chance.random() * LOGINS):02d}",
            5000 + n,
            self.process(),
            self.ses + 1,
        )
        address, port, ses, team = f"10.2.{n % 200}.{n % 250 + 1}", 30_000 + pid % 30_000, self.ses, n % TEAMS
        pam = f'acct="u{uid}" exe="/usr/sbin/sshd" hostname={address} addr={address} terminal=ssh res=success'
        head = f"pid={pid} uid=0 auid={uid} ses={ses}"
        enriched = f'\x1dUID="root" AUID="u{uid}"'
        self.trail.event(host, at, [f"USER_ACCT pid={pid} uid=0 auid=4294967295 ses=4294967295 msg='op=PAM:accounting grantors=pam_unix {pam}'\x1dUID=\"root\" AUID=\"unset\""])  # fmt: skip
        self.trail.event(host, at + 0.01, [f'LOGIN pid={pid} uid=0 old-auid=4294967295 auid={uid} tty=(none) old-ses=4294967295 ses={ses} res=1\x1dUID="root" OLD-AUID="unset" AUID="u{uid}"'])  # fmt: skip
        self.trail.event(
            host,
            at + 0.02,
            [f"USER_START {head} msg='op=PAM:session_open grantors=pam_unix {pam}'{enriched}"],
        )
        key = f"SHA256:{n:043d}"
        self.syslog(
            host,
            at,
            f"sshd[{pid}]",
            f'Connection from {address} port {port} on 10.0.0.{host[-2:]} port 22 rdomain ""',
        )
        self.syslog(
            host,
            at,
            f"sshd[{pid}]",
            f"Accepted publickey for u{uid} from {address} port {port} ssh2: ED25519 {key}",
        )
        self.syslog(
            host,
            at,
            f"sshd[{pid}]",
            f"pam_unix(sshd:session): session opened for user u{uid}(uid={uid}) by (uid=0)",
        )
        shell = Process(
            self.trail,
            host,
            at + 1,
            uid=uid,
            pid=self.process(),
            ppid=pid,
            ses=ses,
            cwd=f"/srv/proj/team{team:02d}/u{uid}",
        )
        shell.run("/usr/bin/bash", "-l")
        acts: list[Callable[[Process], None]] = [
            self._looks,
            self._edits,
            self._tests,
            self._commits,
            self._copies,
            self._submits,
        ]
        for _ in range(4 + int(self.chance.random() * 8)):
            drawn = self.chance.choices(acts, (8, 6, 4, 2, 2, 3))[0]
            drawn(shell)
            shell.at += 20 + self.chance.random() * 200
        self.trail.event(
            host, shell.at, [f"USER_END {head} msg='op=PAM:session_close grantors=pam_unix {pam}'{enriched}"]
        )
        self.syslog(host, shell.at, f"sshd[{pid}]", f"pam_unix(sshd:session): session closed for user u{uid}")

    def _ran(self, shell: Process, exe: str, *argv: str) -> Process:
        child = shell.child(self.process()).run(exe, *argv)
        shell.at = child.at
        return child

    def _looks(self, shell: Process) -> None:
        for words in (
            ("/usr/bin/ls", "-la"),
            ("/usr/bin/squeue", "--me"),
            ("/usr/bin/less", "train.log"),
            ("/usr/bin/nvidia-smi",),
        )[: 1 + int(self.chance.random() * 4)]:
            self._ran(shell, *words)

    def _script(self, shell: Process) -> str:
        return (
            f"{shell.cwd}/{self.chance.choice(('train.py', 'model.py', 'data.py', 'train.sh', 'conf.yaml'))}"
        )

    def _edits(self, shell: Process) -> None:
        path = self._script(shell)
        editor = self._ran(shell, "/usr/bin/vim.basic", path.rpartition("/")[2])
        editor.at += 30
        folder, _, name = path.rpartition("/")
        swap, new, old = self.trail.fresh(), self.trail.fresh(), self.inode(path)
        editor.opened(f"{folder}/.{name}.swp", swap, new=True)
        editor.renamed(path, f"{path}~", old)
        editor.opened(path, new, new=True)
        editor.removed(f"{path}~", old)
        editor.removed(f"{folder}/.{name}.swp", swap)
        self.held[path], shell.at = new, editor.at

    def _tests(self, shell: Process) -> None:
        python = self._ran(shell, "/usr/bin/python3.11", "train.py", "--dry-run")
        for name in ("train.py", "model.py", "data.py"):
            python.opened(f"{shell.cwd}/{name}", self.inode(f"{shell.cwd}/{name}"), read=True)
        python.opened(f"{shell.cwd}/train.log", self.inode(f"{shell.cwd}/train.log"))
        shell.at = python.at

    def _commits(self, shell: Process) -> None:
        git = self._ran(shell, "/usr/bin/git", "commit", "-am", f"change {self.pid}")
        for _ in range(3):
            made, hexed = self.trail.fresh(), f"{self.chance.getrandbits(160):040x}"
            folder = f"{shell.cwd}/.git/objects/{hexed[:2]}"
            part = f"{folder}/tmp_obj_{hexed[:6]}"  # noqa: S108 - as git calls it
            git.opened(part, made, new=True)
            git.renamed(part, f"{folder}/{hexed[2:]}", made)
        shell.at = git.at
        if self.chance.random() < 0.5:
            push = self._ran(shell, "/usr/bin/git", "push")
            push.child(self.process()).run("/usr/bin/ssh", "git@githost", "git-receive-pack 'llm.git'")

    def _copies(self, shell: Process) -> None:
        copy = self._ran(shell, "/usr/bin/cp", "-r", "/srv/data/shards", ".")
        for n in range(int(self.chance.random() * 20)):
            copy.opened(
                f"{shell.cwd}/shards/{self.chance.randrange(10_000):05d}.{n}.bin",
                self.trail.fresh(),
                new=True,
            )
        shell.at = copy.at

    def _submits(self, shell: Process) -> None:
        self._ran(shell, "/usr/bin/sbatch", "--gpus=8", "train.sh")
        at = shell.at
        number = self.accounted(at, shell.uid, shell.cwd)
        state, elapsed, node = self.last
        if state == "CANCELLED":
            shell.at += 60 + elapsed
            self._ran(shell, "/usr/bin/scancel", str(number))
        self._controlled(at, number, shell.uid, shell.at)
        self._works(shell, at + 60, number, node, elapsed)

    def _controlled(self, at: float, number: int, uid: int, cancelled: float) -> None:
        """What the controller tells of the last job."""
        state, elapsed, node = self.last
        self.ctld(at, f"_slurm_rpc_submit_batch_job: JobId={number} InitPrio=4294901750 usec=321")
        self.ctld(at + 60, f"sched: Allocate JobId={number} NodeList={node} #CPUs=64 Partition=train")
        if state == "CANCELLED":
            self.ctld(cancelled, f"_slurm_rpc_kill_job: REQUEST_KILL_JOB JobId={number} uid {uid}")
            return
        over = at + 60 + elapsed
        self.ctld(over, f"_job_complete: JobId={number} WEXITSTATUS {int(state == 'FAILED')}")
        self.ctld(over, f"_job_complete: JobId={number} done")

    def _works(self, shell: Process, at: float, number: int, node: str, elapsed: int) -> None:
        """What a job does on its node."""
        pid = self.process()
        daemon, label = f"slurm/slurmd-{node}.log", f"[{number}.batch]"
        self.line(daemon, at + 0.1, f"[{_iso(at)}.100] Launching batch job {number} for UID {shell.uid}\n")
        self.line(
            daemon,
            at + 0.2,
            f"[{_iso(at)}.200] {label} starting 1 tasks\n[{_iso(at)}.200] {label} task 0 ({pid}) started {_iso(at)}\n",
        )
        batch = Process(
            self.trail, node, at + 0.3, uid=shell.uid, pid=pid, ppid=self.process(), ses=None, cwd=shell.cwd
        )
        batch.exe = "/usr/sbin/slurmstepd"
        spool = f"/var/spool/slurmd/job{number}/slurm_script"
        batch.opened(spool, self.trail.fresh(), read=True)
        batch.run("/usr/bin/bash", spool)
        python = batch.child(self.process()).run("/usr/bin/python3.11", "train.py")
        for name in ("train.py", "model.py", "data.py", "conf.yaml"):
            python.opened(f"{shell.cwd}/{name}", self.inode(f"{shell.cwd}/{name}"), read=True)
        for n in range(1 + int(self.chance.random() * 6)):
            python.at += elapsed / 8
            path, made = f"{shell.cwd}/ckpt/{number}/step{n}.pt", self.trail.fresh()
            python.opened(path + ".tmp", made, new=True)
            python.renamed(path + ".tmp", path, made)
        end = at + elapsed
        self.line(
            daemon,
            end,
            f"[{_iso(end)}.100] {label} task 0 ({pid}) exited with exit code 0.\n[{_iso(end)}.200] {label} done with job\n",
        )

    def ctld(self, at: float, line: str) -> None:
        """A line of the controller."""
        self.line("slurm/slurmctld-months.log", at, f"[{_iso(at)}.{int(at * 1000) % 1000:03d}] {line}\n")

    last: tuple[str, int, str] = ("", 0, "")

    def accounted(self, at: float, uid: int, folder: str) -> int:
        """Three rows of accounting, and the number of their job."""
        chance, self.job = self.chance, self.job + 1
        state, elapsed, node = (
            STATES[int(chance.random() * len(STATES))],
            60 + int(chance.random() * 80_000),
            f"node{int(chance.random() * NODES):03d}",
        )
        if state == "CANCELLED":
            # Whoever submitted it thinks better of it while they are still there.
            elapsed = 60 + elapsed % 600
        self.last = state, elapsed, node
        submit, start, end = _iso(at), _iso(at + 60), _iso(at + 60 + elapsed)
        told = f"CANCELLED by {uid}" if state == "CANCELLED" else state
        code, tres = "1:0" if state == "FAILED" else "0:0", "billing=64,cpu=64,gres/gpu=8,mem=512G,node=1"
        self.sacct.write(
            f"{self.job}|{self.job}|train-{folder[-4:]}|u{uid}|{uid}|research|train|{told}|{code}|{code}|{submit}|{submit}|{start}|{end}|{elapsed}|{tres}|{tres}|{node}|"
            f"{folder}|sbatch --gpus=8 train.sh|\n"
            + "".join(
                f"{self.job}.{step}|{self.job}.{step}|{name}|||research||{state}|{code}||{start}|{start}|{start}|{end}|{elapsed}|{tres}||{node}|||\n"
                for step, name in (("batch", "batch"), ("0", "python"))
            )
        )
        return self.job

    def noise(self, size: int) -> None:
        """Lines of host logs that tell of nobody's work, up to a size of all host logs."""
        chance, made, whole = (
            self.chance,
            sum(f.tell() for n, f in self.files.items() if n.endswith("auth.log")),
            self.given.days * 86_400,
        )
        began, count = self.began.timestamp(), 0
        many = max((size - made) // 150, 1)
        while made < size:
            at, pid, host = (
                began + count * whole / many,
                1000 + int(chance.random() * 60_000),
                f"front{int(chance.random() * LOGINS):02d}",
            )
            for program, message in (
                (
                    f"sshd[{pid}]",
                    f"Failed password for invalid user admin{pid % 90} from 203.0.113.{pid % 250} port {pid} ssh2",
                ),
                (f"CRON[{pid}]", "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)"),
            ):
                line = f"{datetime.fromtimestamp(at, UTC).strftime(LEGACY)} {host} {program}: {message}\n"
                self.log(f"{host}/var/log/noise.log").write(line)
                made, count = made + len(line), count + 1

    def written(self) -> None:
        """Write everything."""
        given, at, step = self.given, self.began.timestamp(), 0.0
        whole, size = given.days * 86_400, given.audit_mb * 1_000_000
        step = whole / max(size / 57_000, 1)
        while self.trail.size < size and at < ENDS.timestamp() - 7200:
            self.stay(at)
            at += step
        self.trail.written(self.log("loghost/var/log/audit/audit.log"))
        jobs = max(given.rows // 3 - (self.job - 100_000), 0)
        for n in range(jobs):
            uid = 5000 + int(self.chance.random() * ACCOUNTS)
            at = self.began.timestamp() + n * whole / max(jobs, 1)
            number = self.accounted(at, uid, f"/srv/proj/team{uid % TEAMS:02d}/u{uid}")
            if given.controller:
                self._controlled(at, number, uid, at + 60 + self.last[1])
        for name, lines in sorted(self.lines.items()):
            self.log(name).writelines(text for _, text in sorted(lines))
        self.noise(given.syslog_mb * 1_000_000)
        for out in self.files.values():
            out.close()


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def main() -> None:
    """Write the evidence, and beside it the roster and the case file of the incident, and one that names no job."""
    asked = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    asked.add_argument("folder", type=Path)
    asked.add_argument("--audit-mb", type=int, default=100)
    asked.add_argument("--rows", type=int, default=100_000)
    asked.add_argument("--syslog-mb", type=int, default=30)
    asked.add_argument("--days", type=int, default=60)
    asked.add_argument("--controller", action="store_true", help="the controller's log has every job")
    given = asked.parse_args()
    shutil.rmtree(given.folder, ignore_errors=True)
    shutil.copytree(INCIDENT / "evidence", given.folder / "evidence")
    shutil.copy(INCIDENT / "roster.toml", given.folder)
    about = (INCIDENT / "case.toml").read_text(encoding="utf-8")
    (given.folder / "case.toml").write_text(about, encoding="utf-8")
    lines = [line for line in about.splitlines(keepends=True) if not line.startswith(("jobs =", "window ="))]
    (given.folder / "unnamed.toml").write_text("".join(lines), encoding="utf-8")
    Cluster(given.folder / "evidence", given).written()


if __name__ == "__main__":
    main()
