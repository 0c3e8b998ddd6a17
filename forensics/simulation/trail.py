"""The kernel's audit trail of a host, as auditd writes it with `log_format = ENRICHED`.

Field by field as recorded by auditd 3.0.9: each record's own fields, a byte 0x1D, then the names that
the daemon looked up.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

UNSET = 4294967295
_CALLS = {
    "write": 1, "kill": 62, "rename": 82, "unlink": 87, "link": 86, "symlink": 88, "openat": 257, "execve": 59,
    "fchmod": 91, "fchmodat": 268, "unlinkat": 263, "renameat": 264, "clock_settime": 227, "utimensat": 280,
}  # fmt: skip
_CAPS = "cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0"
_PLAIN = frozenset(chr(c) for c in range(33, 127)) - {'"'}
_LONGEST_TITLE = 128


class File(NamedTuple):
    """A file as the kernel names it in a record."""

    inode: int
    mode: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Process:
    """A process at the moment of a record: login uid and session, rights, program."""

    pid: int
    ppid: int
    auid: int
    ses: int
    uid: int
    gid: int
    tty: str
    comm: str
    exe: str
    title: tuple[str, ...] = ()
    egid: int | None = None
    cwd: str = "/"


class Line(NamedTuple):
    """One written line: when the kernel stamped it, its serial, and its text."""

    ms: int
    serial: int
    text: str


def worded(text: str) -> str:
    """A value as audit writes it: quoted, or in hexadecimal where a byte would break the quotes."""
    return f'"{text}"' if set(text) <= _PLAIN and text else text.encode().hex().upper()


@dataclass(slots=True)
class Trail:
    """What one host's kernel has recorded so far."""

    node: str
    rng: random.Random
    names: Mapping[int, str]
    groups: Mapping[int, str]
    serial: int
    lines: list[Line] = field(default_factory=list)

    def _name(self, uid: int) -> str:
        return "unset" if uid == UNSET else self.names.get(uid, f"unknown({uid})")

    def _line(self, ms: int, kind: str, body: str, names: str = "") -> None:
        tail = f"\x1d{names}" if names else ""
        stamp = f"{ms // 1000}.{ms % 1000:03d}:{self.serial}"
        self.lines.append(
            Line(ms, self.serial, f"node={self.node} type={kind} msg=audit({stamp}): {body}{tail}")
        )

    def _begin(self) -> None:
        self.serial += 1

    def _pointer(self) -> str:
        return f"{0x550000000000 + self.rng.randrange(0x00FFFFFFFFFF):x}"

    def syscall(
        self, ms: int, process: Process, name: str, *, key: str | None, result: int = 0, items: int = 0,
        registers: Mapping[int, str] | None = None,
    ) -> None:  # fmt: skip
        """The first record of an event: the call, and who made it."""
        self._begin()
        p, known = process, registers or {}
        args = " ".join(f"a{n}={known.get(n) or self._pointer()}" for n in range(4))
        egid = p.gid if p.egid is None else p.egid
        rule = "(null)" if key is None else f'"{key}"'
        user, group, effective = self._name(p.uid), self._group(p.gid), self._group(egid)
        self._line(
            ms,
            "SYSCALL",
            f"arch=c000003e syscall={_CALLS[name]} success={'yes' if result >= 0 else 'no'} exit={result} {args} items={items} "
            f"ppid={p.ppid} pid={p.pid} auid={p.auid} uid={p.uid} gid={p.gid} euid={p.uid} suid={p.uid} fsuid={p.uid} "
            f"egid={egid} sgid={egid} fsgid={egid} tty={p.tty} ses={p.ses} comm={worded(p.comm)} exe={worded(p.exe)} key={rule}",
            f'ARCH=x86_64 SYSCALL={name} AUID="{self._name(p.auid)}" UID="{user}" GID="{group}" EUID="{user}" '
            f'SUID="{user}" FSUID="{user}" EGID="{effective}" SGID="{effective}" FSGID="{effective}"',
        )

    def _group(self, gid: int) -> str:
        return self.groups.get(gid) or self._name(gid)

    def _path(self, ms: int, item: int, name: str, file: File | None, nametype: str) -> None:
        if file is None:
            self._line(ms, "PATH", f"item={item} name={worded(name)} nametype={nametype} {_CAPS}")
            return
        self._line(
            ms, "PATH",
            f"item={item} name={worded(name)} inode={file.inode} dev=fe:00 mode={file.mode} ouid={file.uid} ogid={file.gid} "
            f"rdev=00:00 nametype={nametype} {_CAPS}",
            f'OUID="{self._name(file.uid)}" OGID="{self._group(file.gid)}"',
        )  # fmt: skip

    def _title(self, ms: int, process: Process) -> None:
        title = "\0".join(process.title).encode()[:_LONGEST_TITLE]
        plain = len(process.title) == 1 and set(process.title[0]) <= _PLAIN
        self._line(ms, "PROCTITLE", f"proctitle={worded(process.title[0]) if plain else title.hex().upper()}")

    def execute(
        self,
        ms: int,
        process: Process,
        argv: Sequence[str],
        files: Sequence[tuple[str, File]],
        *,
        key: str = "exec",
    ) -> None:
        """A program is started; `files` are it, its interpreter where it is a script, and the loader."""
        self.syscall(ms, process, "execve", key=key, items=len(files))
        words = " ".join(f"a{n}={worded(word)}" for n, word in enumerate(argv))
        self._line(ms, "EXECVE", f"argc={len(argv)} {words}")
        self._line(ms, "CWD", f"cwd={worded(process.cwd)}")
        for item, (name, file) in enumerate(files):
            self._path(ms, item, name, file, "NORMAL")
        self._title(ms, process)

    def on_paths(
        self, ms: int, process: Process, name: str, paths: Sequence[tuple[str, File | None, str]], *, key: str | None = "proj-write",
        result: int = 0, registers: Mapping[int, str] | None = None,
    ) -> None:  # fmt: skip
        """A call on files, each with its part in it: PARENT, CREATE, DELETE or NORMAL."""
        self.syscall(ms, process, name, key=key, result=result, items=len(paths), registers=registers)
        self._line(ms, "CWD", f"cwd={worded(process.cwd)}")
        for item, (path, file, nametype) in enumerate(paths):
            self._path(ms, item, path, file, nametype)
        self._title(ms, process)

    def signal(self, ms: int, process: Process, number: int, target: Process) -> None:
        """A signal is sent."""
        self.syscall(
            ms, process, "kill", key="kill", registers={0: f"{target.pid:x}", 1: f"{number:x}", 2: "0"}
        )
        signed = [-1 if value == UNSET else value for value in (target.auid, target.ses)]
        self._line(
            ms,
            "OBJ_PID",
            f"opid={target.pid} oauid={signed[0]} ouid={target.uid} oses={signed[1]} ocomm={worded(target.comm)}",
            f'OAUID="{self._name(target.auid)}" OUID="{self._name(target.uid)}"',
        )
        self._title(ms, process)

    def clock_set(self, ms: int, process: Process) -> None:
        """The clock is set by a program."""
        self.syscall(ms, process, "clock_settime", key="time-change", registers={0: "0"})
        self._title(ms, process)

    def loginuid(self, ms: int, process: Process, old_auid: int = UNSET, old_ses: int = UNSET) -> None:
        """A process is given a login uid and a session: `process` as it is afterwards."""
        self._begin()
        p = process
        self._line(
            ms, "LOGIN",
            f"pid={p.pid} uid={p.uid} old-auid={old_auid} auid={p.auid} tty={p.tty} old-ses={old_ses} ses={p.ses} res=1",
            f'UID="{self._name(p.uid)}" OLD-AUID="{self._name(old_auid)}" AUID="{self._name(p.auid)}"',
        )  # fmt: skip
        self.serial -= 1
        self.syscall(ms, p, "write", key=None, result=4, registers={0: "3", 2: "4"})
        self._title(ms, p)

    def message(
        self, ms: int, kind: str, process: Process, said: str, *, where: str = "hostname=? addr=? terminal=?", ident: int | None = None
    ) -> None:  # fmt: skip
        """A program's own message, such as PAM's."""
        self._begin()
        p = process
        extra = "" if ident is None else f' ID="{self._name(ident)}"'
        self._line(
            ms, kind,
            f"pid={p.pid} uid={p.uid} auid={p.auid} ses={p.ses} msg='{said} exe={worded(p.exe)} {where} res=success'",
            f'UID="{self._name(p.uid)}" AUID="{self._name(p.auid)}"{extra}',
        )  # fmt: skip

    def command(self, ms: int, process: Process, words: str, terminal: str) -> None:
        """Sudo's own message of what it is about to run."""
        self._begin()
        p = process
        self._line(
            ms, "USER_CMD",
            f"pid={p.pid} uid={p.uid} auid={p.auid} ses={p.ses} msg='cwd={worded(p.cwd)} cmd={worded(words)} "
            f"exe={worded(p.exe)} terminal={terminal} res=success'",
            f'UID="{self._name(p.uid)}" AUID="{self._name(p.auid)}"',
        )  # fmt: skip

    def daemon(self, ms: int, kind: str, body: str) -> None:
        """A record of the audit system itself, such as CONFIG_CHANGE."""
        self._begin()
        self._line(ms, kind, body)
