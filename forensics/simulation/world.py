"""Simulated time, hosts, files and sessions: what happens to them is recorded as real programs record it."""

import heapq
import random
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from forensics.simulation import cast as casting
from forensics.simulation.cast import Cast, Key, Person
from forensics.simulation.gitstore import Repository
from forensics.simulation.host import Entry, Host
from forensics.simulation.slurm import Cluster, Job
from forensics.simulation.trail import UNSET, File, Process, Trail

PROJECT = "/srv/range/proj"
CHECKOUT = f"{PROJECT}/llm"
PACKAGES = "/opt/env/lib/python3.11/site-packages"
_BEFORE_MS = 1_800_000
_CRON = Process(900, 1, UNSET, UNSET, 0, 0, "(none)", "cron", "/usr/sbin/cron")
"""What runs by the hour, and is what a host's trail has from before the incident: it does not begin with whoever comes first."""
LOADER = ("/lib64/ld-linux-x86-64.so.2", File(338944, "0100755", 0, 0))

Script = Generator[float, None, None]
"""What somebody does: yields how many seconds pass before the next step."""


class Deed(NamedTuple):
    """Something that was done, and by whom in truth."""

    what: str
    person: str | None
    account: str | None
    ms: int
    thing: str
    job: int | None
    harm: bool
    claimed: str | None


@dataclass(slots=True)
class Content:
    """A file of the simulated file system."""

    file: File
    held: bytes


@dataclass(slots=True)
class Session:
    """One entry into an account: who it is in truth, and how the records name it."""

    person: str | None
    account: str
    uid: int
    host: Host
    shell: Process
    entry: Entry | None
    sshd: Process | None = None
    child: int = 0
    tty: int | None = None
    port: int = 0
    typed: list[tuple[int, str]] = field(default_factory=list)
    harmful: bool = False

    @property
    def terminal(self) -> str:
        """The terminal in sudo's words."""
        return "?" if self.tty is None else f"pts/{self.tty}"


class World:
    """Everything that is simulated, from one seed.

    `pointed` are those whom the records seem to point to, and who did no harm. Of the roster, `terms` are enrolments beside
    everybody's own account, by person, and `members` those of the shared account who were members until a time. `docker` are
    members of that group; `raw` is a trail without the names that the daemon looks up. `managers` are those of the units of accounts
    that linger. `door` is the one address that all entries come from, where there is one.
    """

    def __init__(self, rng: random.Random, people: Cast, start_ms: int, *, split: bool) -> None:
        self.rng, self.cast, self.now = rng, people, start_ms
        self.accounts = {p.name: p.uid for p in people.people} | {
            casting.SHARED: casting.SHARED_UID, casting.GIT: casting.GIT_UID, casting.REAPER: casting.REAPER_UID, "root": 0,
        }  # fmt: skip
        self.names = {uid: name for name, uid in self.accounts.items()} | {64030: "slurm", 1: "daemon"}
        groups = {casting.PROJECT_GID: "proj", 107: "crontab", 0: "root"}
        self.login = self._host("login01", groups, "10.8.0.5")
        self.node = self._host("gpu01", groups, "10.8.0.21") if split else self.login
        self.cluster = Cluster(rng, rng.randrange(10, 4000))
        self.repository = Repository()
        self.files: dict[str, Content] = {}
        self.sessions: list[Session] = []
        self.histories: dict[str, list[tuple[int, str]]] = {}
        self.authorized = {p.name: [p.key] for p in people.people}
        self.authorized[casting.SHARED] = [p.key for p in people.people]
        self.deeds: list[Deed] = []
        self.asked: list[Job] = []
        self.pointed: set[str] = set()
        self.terms: dict[str, list[str]] = {}
        self.members: dict[str, str] = {}
        self.docker: tuple[str, ...] = ()
        self.managers: dict[str, Process] = {}
        self.door: str | None = None
        self.raw = False
        self._groups = groups
        self._more: list[Host] = []
        self.inode = 1523000 + rng.randrange(900)
        self.programs: dict[str, File] = {}
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0

    def _host(self, name: str, groups: dict[int, str], ip: str, offset_ms: int = 0) -> Host:
        trail = Trail(name, self.rng, self.names, groups, self.rng.randrange(400, 90_000))
        host = Host(
            name,
            self.rng,
            trail,
            self.rng.randrange(2000, 60_000),
            self.rng.randrange(20, 400),
            ip,
            offset_ms,
        )
        asked = 'op=PAM:accounting grantors=pam_permit acct="root"'
        before = self.now + host.offset_ms - _BEFORE_MS
        trail.message(before, "USER_ACCT", _CRON, asked, where="hostname=? addr=? terminal=cron")
        return host

    @property
    def hosts(self) -> list[Host]:
        """The hosts, each once."""
        return [*([self.login] if self.node is self.login else [self.login, self.node]), *self._more]

    def another(self, name: str, offset_ms: int) -> Host:
        """One more host, on which no job runs, with a clock of its own."""
        host = self._host(name, self._groups, "10.8.0.77", offset_ms)
        self._more.append(host)
        return host

    def open_account(self, name: str, uid: int, keys: list[Key]) -> None:
        """An account beside people's own, and the keys that open it."""
        self.accounts[name], self.names[uid], self.authorized[name] = uid, name, keys

    def close_account(self, name: str) -> None:
        """An account is deleted, with its home."""
        del self.names[self.accounts.pop(name)], self.authorized[name]
        self.histories.pop(name, None)
        for path in [path for path in self.files if path.startswith(f"/home/{name}/.")]:
            del self.files[path]

    def enrol(
        self, person: Person, account: str, uid: int, *, since: str | None = None, until: str | None = None
    ) -> None:
        """Enter into the roster that somebody has an account beside their own, from when and until when."""
        term = "".join(f", {word} = {when}" for word, when in (("from", since), ("until", until)) if when)
        row = f'{{ name = "{account}", uid = {uid}{term}, source = "account register" }}'
        self.terms.setdefault(person.name, []).append(row)

    def at(self, ms: int, act: Callable[[], None]) -> None:
        """Have something happen at a moment."""
        self._count += 1
        heapq.heappush(self._queue, (ms, self._count, act))

    def begin(self, script: Script, after_s: float = 0.0) -> None:
        """Have somebody begin a script some seconds from now."""

        def step() -> None:
            pause = next(script, None)
            if pause is not None:
                self.at(self.now + int(pause * 1000), step)

        self.at(self.now + int(after_s * 1000), step)

    def run_until(self, ms: int) -> None:
        """Let time pass."""
        while self._queue and self._queue[0][0] <= ms:
            due, _, act = heapq.heappop(self._queue)
            self.now = max(self.now, due)
            act()
        self.now = max(self.now, ms)

    def tick(self, ms: int = 4) -> int:
        """A little time passes."""
        self.now += ms
        return self.now

    def did(
        self, what: str, session: Session, thing: str, *, job: int | None = None, harm: bool | None = None, claimed: str | None = None
    ) -> None:  # fmt: skip
        """Enter a deed into the truth."""
        harmful = session.harmful if harm is None else harm
        self.deeds.append(Deed(what, session.person, session.account, self.now, thing, job, harmful, claimed))

    def entered(self, what: str, person: Person | None, account: str, thing: str, *, harm: bool) -> None:
        """Enter into the truth a deed that was done in no session."""
        name = None if person is None else person.name
        self.deeds.append(Deed(what, name, account, self.now, thing, None, harm, None))

    # -- entering and leaving

    def enter(
        self, person: Person | None, account: str | None = None, *, key: Person | None = None, address: str | None = None,
        host: Host | None = None, harmful: bool = False,
    ) -> Session:  # fmt: skip
        """Somebody enters an account by ssh; by default their own, with their own key, from their own workstation."""
        name = account or (person.name if person is not None else "")
        used = key or person
        if used is None:
            raise ValueError("an entry needs a key")
        host = host or self.login
        held = self.authorized[name]
        line = next((n for n, k in enumerate(held, 1) if k.fingerprint == used.key.fingerprint), 1)
        entry = Entry(
            name, self.accounts[name], address or self.door or used.address, used.key.fingerprint, line
        )
        return self._let_in(person, entry, host, harmful=harmful)

    def _let_in(self, person: Person | None, entry: Entry, host: Host, *, harmful: bool) -> Session:
        sshd, child, tty, port = host.enter(self.tick(), entry)
        self.tick(240)
        pid, uid = host.spawn(), entry.uid
        terminal = f"pts{tty}" if tty is not None else "(none)"
        home = f"/home/{entry.account}"
        shell = Process(
            pid, child, uid, host.ses, uid, uid, terminal, "bash", "/usr/bin/bash", ("-bash",), cwd=home
        )
        host.trail.execute(self.now + host.offset_ms, shell, ["-bash"], self.program("/bin/bash"))
        session = Session(
            person.name if person else None,
            entry.account,
            uid,
            host,
            shell,
            entry,
            sshd,
            child,
            tty,
            port,
            [],
            harmful,
        )
        self.sessions.append(session)
        return session

    def leave(self, session: Session) -> None:
        """A session ends; the shell writes its history."""
        if session.entry is None or session.sshd is None:
            return
        session.typed.append((self.now, "exit"))
        self.histories.setdefault(session.account, []).extend(session.typed)
        session.typed = []
        session.host.leave(self.tick(), session.entry, session.sshd, session.child, session.tty, session.port)
        if session in self.sessions:
            self.sessions.remove(session)

    def chdir(self, session: Session, folder: str) -> None:
        """A session's shell goes to a folder."""
        session.shell = replace(session.shell, cwd=folder)

    # -- running programs

    def program(self, path: str) -> list[tuple[str, File]]:
        """The files that the kernel names when a program starts: itself, and the loader."""
        if path not in self.programs:
            self.programs[path] = File(260000 + len(self.programs) * 7, "0100755", 0, 0)
        return [(path, self.programs[path]), LOADER]

    def typed(self, session: Session, line: str) -> None:
        """A line is typed into a session's shell."""
        session.typed.append((self.now, line))

    def run(
        self, session: Session, argv: Sequence[str], *, sudo: str | None = None, parent: Process | None = None, quiet: bool = False,
        path: str | None = None,
    ) -> Process:  # fmt: skip
        """Run a program in a session, with the rights of another account where `sudo` names one."""
        if not quiet:
            self.typed(
                session,
                " ".join([*(["sudo"] if sudo == "root" else ["sudo", "-u", sudo] if sudo else []), *argv]),
            )
        up = parent or session.shell
        rights, host = up, session.host
        if sudo is not None:
            asker = replace(
                up, pid=host.spawn(), ppid=up.pid, comm="sudo", exe="/usr/bin/sudo", title=("sudo", *argv)
            )
            words = ["sudo", *([] if sudo == "root" else ["-u", sudo]), *argv]
            host.trail.execute(self.tick() + host.offset_ms, asker, words, self.program("/usr/bin/sudo"))
            host.sudo(
                self.tick(8), asker, self.by_uid(up.uid), sudo, f"/usr/bin/{' '.join(argv)}", session.terminal
            )
            self.tick(6)
            uid = self.accounts[sudo]
            self.did("escalate", session, sudo, harm=False)
            rights = replace(up, pid=asker.pid, uid=uid, gid=uid)
        exe = path or f"/usr/bin/{argv[0].rsplit('/', 1)[-1]}"
        process = replace(
            rights,
            pid=host.spawn(),
            ppid=rights.pid,
            comm=exe.rsplit("/", 1)[-1][:15],
            exe=exe,
            title=tuple(argv),
            cwd=up.cwd,
        )
        host.trail.execute(self.tick(6) + host.offset_ms, process, list(argv), self.program(exe))
        self.did("run_program", session, host.name, harm=False)
        return process

    def new_inode(self) -> int:
        """The next inode number."""
        self.inode += self.rng.randrange(1, 5)
        return self.inode

    def place(
        self, path: str, held: bytes, uid: int, gid: int = casting.PROJECT_GID, mode: str = "0100664"
    ) -> None:
        """A file that was there before anything was recorded."""
        self.files[path] = Content(File(self.new_inode(), mode, uid, gid), held)

    def by_uid(self, uid: int) -> str:
        """The account of a uid."""
        return self.names.get(uid, f"uid {uid}")


def nobody(host: Host, uid: int, ppid: int, comm: str, exe: str) -> Process:
    """A process of a service or a job: no login uid, no session."""
    return Process(host.spawn(), ppid, UNSET, UNSET, uid, uid, "(none)", comm, exe)
