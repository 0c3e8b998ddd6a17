"""A host: its kernel's trail, and what sshd, sudo, cron and PAM write into its logs."""

import random
import struct
from dataclasses import dataclass, field
from typing import NamedTuple

from forensics.simulation import moments
from forensics.simulation.trail import UNSET, Process, Trail

_PAM_OPEN = (
    "pam_selinux,pam_loginuid,pam_keyinit,pam_permit,pam_unix,pam_mail,pam_limits,pam_env,pam_env,pam_selinux"
)
_SSHD, _SUDO, _CRON = "/usr/sbin/sshd", "/usr/bin/sudo", "/usr/sbin/cron"
_UTMP = struct.Struct("<hxxi32s4s32s256shhiiIiiII20x")


class Logged(NamedTuple):
    """A line of the host's log, and its moment."""

    ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """How somebody entered by ssh: what sshd says of it."""

    account: str
    uid: int
    address: str
    fingerprint: str
    line: int
    forced: str | None = None


@dataclass(slots=True)
class Host:
    """One host. `offset_ms` is how far its clock is ahead of true time."""

    name: str
    rng: random.Random
    trail: Trail
    pid: int
    ses: int
    ip: str
    offset_ms: int = 0
    auth: list[Logged] = field(default_factory=list)
    cron: list[Logged] = field(default_factory=list)
    kernel: list[Logged] = field(default_factory=list)
    wtmp: list[tuple[int, bytes]] = field(default_factory=list)
    ttys: set[int] = field(default_factory=set)

    def spawn(self) -> int:
        """The next pid."""
        self.pid += self.rng.randrange(1, 9)
        return self.pid

    def say(self, ms: int, program: str, pid: int | None, text: str) -> None:
        """A line for the authentication log."""
        tag = program if pid is None else f"{program}[{pid}]"
        self.auth.append(Logged(ms + self.offset_ms, f"{self.name} {tag}: {text}"))

    def say_cron(self, ms: int, program: str, pid: int, text: str) -> None:
        """A line for the cron log."""
        self.cron.append(Logged(ms + self.offset_ms, f"{self.name} {program}[{pid}]: {text}"))

    def out_of_memory(self, ms: int, job: int, victim: Process, *, whole: bool) -> None:
        """The kernel kills a job's process: because the host has no memory left, or the job's control group has none."""
        group = f"/slurm/uid_{victim.uid}/job_{job}"
        told = (
            f"constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=job_{job},mems_allowed=0,global_oom,"
            if whole
            else f"constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=job_{job},mems_allowed=0,oom_memcg={group},"
        )
        words = "Out of memory" if whole else "Memory cgroup out of memory"
        self._kernel(
            ms,
            f"oom-kill:{told}task_memcg={group}/step_batch/task_0,task={victim.comm},pid={victim.pid},uid={victim.uid}",
        )
        self._kernel(
            ms + 1,
            f"{words}: Killed process {victim.pid} ({victim.comm}) total-vm:41943040kB, anon-rss:31457280kB, file-rss:0kB, "
            f"shmem-rss:0kB, UID:{victim.uid} pgtables:61840kB oom_score_adj:0",
        )

    def _kernel(self, ms: int, text: str) -> None:
        up = f"{ms // 1000 % 100_000:5d}.{ms % 1000:03d}000"
        self.kernel.append(Logged(ms + self.offset_ms, f"{self.name} kernel: [{up}] {text}"))

    def _pam(
        self, ms: int, kind: str, process: Process, op: str, grantors: str, account: str, where: str
    ) -> None:
        said = f'op=PAM:{op} grantors={grantors} acct="{account}"'
        self.trail.message(ms + self.offset_ms, kind, process, said, where=where)

    def enter(self, ms: int, entry: Entry) -> tuple[Process, int, int | None, int]:
        """Let somebody in by ssh.

        Returns:
            sshd's process of the session, the pid of its child, the terminal if it has one, and the port.
        """
        pid, port = self.spawn(), self.rng.randrange(32768, 61000)
        self.ses += 1
        e, at = entry, f"{entry.address} port {port}"
        self.say(ms, "sshd", pid, f'Connection from {at} on {self.ip} port 22 rdomain ""')
        found = (
            f"Accepted key ED25519 {e.fingerprint} found at /home/{e.account}/.ssh/authorized_keys:{e.line}"
        )
        self.say(ms + 180, "sshd", pid, found)
        self.say(ms + 185, "sshd", pid, f"Postponed publickey for {e.account} from {at} ssh2 [preauth]")
        self.say(ms + 185, "sshd", pid, found)
        self.say(
            ms + 193,
            "sshd",
            pid,
            f"Accepted publickey for {e.account} from {at} ssh2: ED25519 {e.fingerprint}",
        )
        ms += 193
        where = f"hostname={e.address} addr={e.address} terminal=ssh"
        before = Process(
            pid, 901, UNSET, UNSET, 0, 0, "(none)", "sshd", _SSHD, (f"sshd: {e.account} [priv]",)
        )
        self._pam(ms, "USER_ACCT", before, "accounting", "pam_permit", e.account, where)
        self._pam(ms + 4, "CRED_ACQ", before, "setcred", "pam_permit,pam_cap", e.account, where)
        sshd = Process(
            pid, 901, e.uid, self.ses, 0, 0, "(none)", "sshd", _SSHD, (f"sshd: {e.account} [priv]",)
        )
        self.trail.loginuid(ms + 4 + self.offset_ms, sshd)
        self.say(
            ms + 9,
            "sshd",
            pid,
            f"pam_unix(sshd:session): session opened for user {e.account}(uid={e.uid}) by (uid=0)",
        )
        self._pam(ms + 12, "USER_START", sshd, "session_open", _PAM_OPEN, e.account, where)
        child = self.spawn()
        own = Process(child, pid, e.uid, self.ses, 0, 0, "(none)", "sshd", _SSHD)
        self._pam(ms + 16, "CRED_ACQ", own, "setcred", "pam_permit,pam_cap", e.account, where)
        self.say(ms + 20, "sshd", pid, f"User child is on pid {child}")
        tty = None
        if e.forced is None:
            tty = next(n for n in range(1, 200) if n not in self.ttys)
            self.ttys.add(tty)
            terminal = f"hostname={e.address} addr={e.address} terminal=/dev/pts/{tty}"
            self.trail.message(
                ms + 40 + self.offset_ms,
                "USER_LOGIN",
                sshd,
                f"op=login id={e.uid}",
                where=terminal,
                ident=e.uid,
            )
            self.say(
                ms + 40, "sshd", child, f"Starting session: shell on pts/{tty} for {e.account} from {at} id 0"
            )
            self._record(ms + 40, 7, pid, tty, e)
        else:
            self.say(ms + 40, "sshd", child, f"Starting session: forced-command (key-option) '{e.forced}' for {e.account} from {at} id 0")  # fmt: skip
        return sshd, child, tty, port

    def _record(self, ms: int, kind: int, pid: int, tty: int, entry: Entry | None) -> None:
        line = f"pts/{tty}".encode()
        user = b"" if entry is None else entry.account.encode()
        remote = b"" if entry is None else entry.address.encode()
        packed = bytes(map(int, entry.address.split("."))) if entry is not None else b"\0\0\0\0"
        stamp = ms + self.offset_ms
        record = _UTMP.pack(
            kind, pid, line, line[-4:], user, remote, 0, 0, 0, stamp // 1000, stamp % 1000 * 1000,
            0, 0, 0, 0,
        )  # fmt: skip
        record = record[:348] + packed + record[352:]
        self.wtmp.append((stamp, record))

    def leave(self, ms: int, entry: Entry, sshd: Process, child: int, tty: int | None, port: int) -> None:
        """Somebody goes."""
        e, at = entry, f"{entry.address} port {port}"
        if tty is not None:
            self.ttys.discard(tty)
            self._record(ms, 8, sshd.pid, tty, None)
        self.say(ms, "sshd", child, f"Received disconnect from {at}:11: disconnected by user")
        self.say(ms, "sshd", child, f"Disconnected from user {e.account} {at}")
        where = f"hostname={e.address} addr={e.address} terminal=ssh"
        self._pam(ms + 3, "USER_END", sshd, "session_close", _PAM_OPEN, e.account, where)
        self._pam(ms + 3, "CRED_DISP", sshd, "setcred", "pam_permit", e.account, where)
        self.say(ms + 4, "sshd", sshd.pid, f"pam_unix(sshd:session): session closed for user {e.account}")

    def sudo(self, ms: int, process: Process, account: str, target: str, words: str, terminal: str) -> None:
        """Sudo lets an account use the rights of another, and says so."""
        tty = "" if terminal == "?" else f"TTY={terminal} ; "
        where = "hostname=? addr=? terminal=" + (terminal if terminal == "?" else f"/dev/{terminal}")
        self._pam(ms, "USER_ACCT", process, "accounting", "pam_permit", account, where)
        self.trail.command(ms + 2 + self.offset_ms, process, words.removeprefix("/usr/bin/"), terminal)
        self._pam(ms + 3, "CRED_REFR", process, "setcred", "pam_permit,pam_cap", target, where)
        self._pam(
            ms + 4, "USER_START", process, "session_open", "pam_limits,pam_permit,pam_unix", target, where
        )
        self.say(
            ms + 2, "sudo", None, f"{account:>8} : {tty}PWD={process.cwd} ; USER={target} ; COMMAND={words}"
        )
        uid = {name: number for number, name in self.trail.names.items()}.get(target, 0)
        self.say(
            ms + 4,
            "sudo",
            None,
            f"pam_unix(sudo:session): session opened for user {target}(uid={uid}) by (uid={process.uid})",
        )

    def cron_enters(self, ms: int, account: str, uid: int, command: str) -> tuple[Process, int]:
        """Cron starts a command for an account, in a session of its own."""
        pid = self.spawn()
        self.ses += 1
        where = "hostname=? addr=? terminal=cron"
        before = Process(pid, 1404, UNSET, UNSET, 0, 0, "(none)", "cron", _CRON, ("/usr/sbin/CRON", "-f"))
        self._pam(ms, "USER_ACCT", before, "accounting", "pam_permit", account, where)
        self._pam(ms + 1, "CRED_ACQ", before, "setcred", "pam_permit,pam_cap", account, where)
        own = Process(pid, 1404, uid, self.ses, 0, 0, "(none)", "cron", _CRON, ("/usr/sbin/CRON", "-f"))
        self.trail.loginuid(ms + 1 + self.offset_ms, own)
        self._pam(
            ms + 2,
            "USER_START",
            own,
            "session_open",
            "pam_loginuid,pam_env,pam_env,pam_permit,pam_unix,pam_limits",
            account,
            where,
        )
        child = self.spawn()
        beside = Process(child, pid, uid, self.ses, 0, 0, "(none)", "cron", _CRON)
        self._pam(ms + 2, "CRED_REFR", beside, "setcred", "pam_permit,pam_cap", account, where)
        self.say(
            ms + 1,
            "CRON",
            pid,
            f"pam_unix(cron:session): session opened for user {account}(uid={uid}) by (uid=0)",
        )
        self.say_cron(ms + 3, "CRON", child, f"({account}) CMD ({command})")
        return own, child

    def cron_leaves(self, ms: int, own: Process, account: str) -> None:
        """A command that cron started has ended."""
        where = "hostname=? addr=? terminal=cron"
        self._pam(ms, "CRED_DISP", own, "setcred", "pam_permit", account, where)
        self._pam(
            ms,
            "USER_END",
            own,
            "session_close",
            "pam_loginuid,pam_env,pam_env,pam_permit,pam_unix,pam_limits",
            account,
            where,
        )
        self.say(ms, "CRON", own.pid, f"pam_unix(cron:session): session closed for user {account}")

    def files(self, layout: str) -> dict[str, bytes]:
        """The host's logs by path; `layout` is how syslog stamps its lines."""
        lines = sorted(self.trail.lines, key=lambda line: line.serial)
        found = {"var/log/audit/audit.log": "".join(f"{line.text}\n" for line in lines).encode()}
        name = {"traditional": "auth.log", "iso": "auth.log", "secure": "secure"}[layout]
        found[f"var/log/{name}"] = stamped(self.auth, layout)
        found["var/log/cron.log"] = stamped(self.cron, "iso")
        if self.kernel:
            found["var/log/kern.log"] = stamped(self.kernel, "iso")
        found["var/log/wtmp"] = b"".join(record for _, record in self.wtmp)
        return found


def stamped(lines: list[Logged], layout: str) -> bytes:
    """Lines of syslog with their stamps."""
    if layout == "iso":
        return "".join(
            f"{moments.zoned(ms, n * 37 % 1000)} {text}\n" for n, (ms, text) in enumerate(lines)
        ).encode()
    return "".join(f"{moments.traditional(ms)} {text}\n" for ms, text in lines).encode()
