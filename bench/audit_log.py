"""Audit logs from a seed: the same bytes on every machine.

    python bench/audit_log.py LAYOUT MEGABYTES FILE

Layout `fleet` is what six hosts send to one file: `node=`, ENRICHED records, forty accounts, several kinds
of events, hex arguments, a tenth of the events interleaved with their neighbours, one line in ten thousand
corrupt. `plain` is the same without `node=`, enrichment and corruption, which some readers do not know.
The others are the worst cases: `irregular` (the fields of every line in an order of its own), `long` (one
line of three tenths of the size), `rejects` (no line is a record).

It is synthetic: a fleet of mixed kernels writes more layouts than this.
"""

import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

SEED = 20261123
BEGAN_S = 1_795_446_697
HOSTS = ("login01", "login02", "gpu01", "gpu02", "gpu03", "store01")
PROGRAMS = ("/usr/bin/python3.11", "/usr/bin/vim.basic", "/usr/bin/git", "/usr/bin/scancel", "/usr/bin/ls")
USERS = 40
BATCH_EVENTS = 200
LAYOUTS = ("fleet", "plain", "irregular", "long", "rejects")


class Event:
    """What one event draws: who, where, when; its records are lines that share a stamp."""

    def __init__(self, chance: random.Random, serial: int, *, plain: bool) -> None:
        self.chance, self.plain = chance, plain
        self.node = "" if plain else f"node={HOSTS[int(chance.random() * len(HOSTS))]} "
        self.stamp = f"msg=audit({BEGAN_S + serial // 50}.{serial % 1000:03d}:{serial}):"
        self.uid, self.pid = 4100 + int(chance.random() * USERS), 1000 + int(chance.random() * 4_000_000)
        self.exe = PROGRAMS[int(chance.random() * len(PROGRAMS))]
        self.path = f"/srv/proj/llm/run{int(chance.random() * 5000)}/train.py"

    def line(self, kind: str, fields: str, names: str = "") -> str:
        """One record; `names` is what an ENRICHED one says after its separator."""
        enriched = "" if self.plain or not names else f"\x1d{names}"
        return f"{self.node}type={kind} {self.stamp} {fields}{enriched}\n"

    def syscall(self, number: int, name: str, items: int) -> str:
        """The record that the others explain."""
        u, comm = self.uid, self.exe.rpartition("/")[2][:15]
        return self.line(
            "SYSCALL",
            f"arch=c000003e syscall={number} success=yes exit=0 a0={self.pid * 977:x} a1={self.pid * 31:x} a2=0 a3=8 "
            f"items={items} ppid={self.pid - 1} pid={self.pid} auid={u} uid={u} gid={u} euid={u} suid={u} fsuid={u} "
            f'egid={u} sgid={u} fsgid={u} tty=pts{u % 9} ses={self.pid % 5000} comm="{comm}" exe="{self.exe}" '
            'subj=unconfined key="run"',
            f'ARCH=x86_64 SYSCALL={name} AUID="u{u}" UID="u{u}" GID="u{u}" EUID="u{u}" SUID="u{u}" FSUID="u{u}" '
            f'EGID="u{u}" SGID="u{u}" FSGID="u{u}"',
        )

    def named(self, item: int, path: str, nametype: str = "NORMAL") -> str:
        """A PATH record."""
        return self.line(
            "PATH",
            f'item={item} name="{path}" inode={self.pid * 7} dev=fe:01 mode=0100644 ouid=0 ogid=0 rdev=00:00 '
            f"nametype={nametype} cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0",
            'OUID="root" OGID="root"',
        )

    def ends(self, title: str) -> list[str]:
        """The command line, as most events end."""
        return [self.line("PROCTITLE", f"proctitle={title.encode().hex().upper()}")]


def _execve(e: Event) -> list[str]:
    name = e.exe.rpartition("/")[2]
    typed = f"run of {e.pid}" if e.pid % 5 == 0 else ""
    hexed = f" a2={typed.encode().hex().upper()}" if typed else ""
    return [
        e.syscall(59, "execve", 2),
        e.line("EXECVE", f'argc={3 if typed else 2} a0="{name}" a1="{e.path}"{hexed}'),
        e.line("CWD", 'cwd="/srv/proj/llm"'),
        e.named(0, e.exe),
        e.named(1, "/lib64/ld-linux-x86-64.so.2"),
        *e.ends(f"{name}\0{e.path}"),
    ]


def _openat(e: Event) -> list[str]:
    wrote = e.named(0, e.path, "CREATE" if e.pid % 3 else "NORMAL")
    return [e.syscall(257, "openat", 1), e.line("CWD", 'cwd="/srv/proj/llm"'), wrote, *e.ends(e.exe)]


def _connect(e: Event) -> list[str]:
    address = f"0200{e.pid % 65536:04X}0A00{e.pid % 251:02X}{e.uid % 251:02X}0000000000000000"
    told = f"SADDR={{ saddr_fam=inet laddr=10.0.{e.pid % 251}.{e.uid % 251} lport={e.pid % 65536} }}"
    return [e.syscall(42, "connect", 0), e.line("SOCKADDR", f"saddr={address}", told), *e.ends(e.exe)]


def _user(e: Event) -> list[str]:
    kind = ("USER_START", "USER_END", "CRED_ACQ", "CRED_DISP", "USER_ACCT", "LOGIN")[e.pid % 6]
    if kind == "LOGIN":
        fields = f"pid={e.pid} uid=0 subj=unconfined old-auid=4294967295 auid={e.uid} tty=(none) old-ses=4294967295 ses={e.pid % 5000} res=1"
        return [e.line("LOGIN", fields, f'UID="root" OLD-AUID="unset" AUID="u{e.uid}"')]
    told = (
        f'op=PAM:session_open grantors=pam_unix acct="u{e.uid}" exe="/usr/sbin/sshd" hostname=10.0.1.{e.uid % 251} '
        f"addr=10.0.1.{e.uid % 251} terminal=ssh res=success"
    )
    fields = f"pid={e.pid} uid=0 auid={e.uid} ses={e.pid % 5000} subj=unconfined msg='{told}'"
    return [e.line(kind, fields, f'UID="root" AUID="u{e.uid}"')]


_KINDS: tuple[tuple[float, Callable[[Event], list[str]]], ...] = (
    (0.52, _execve),
    (0.75, _openat),
    (0.85, _connect),
    (1.0, _user),
)


def _event(chance: random.Random, serial: int, *, plain: bool) -> list[str]:
    drawn = chance.random()
    return next(make for below, make in _KINDS if drawn < below)(Event(chance, serial, plain=plain))


def _interleaved(chance: random.Random, events: Iterator[list[str]]) -> Iterator[str]:
    """The lines of the events in turn; one event in ten is torn apart by the one that follows."""
    for event in events:
        other = next(events, None) if chance.random() < 0.1 else None
        if other is None:
            yield from event
            continue
        for n in range(max(len(event), len(other))):
            yield from event[n : n + 1]
            yield from other[n : n + 1]


def _corrupt(chance: random.Random, line: str) -> str:
    at = int(chance.random() * len(line))
    return line[:at] + ("\n" if chance.random() < 0.5 else "\ufffd\x00" + line[at + 7 :])


def _shuffled(chance: random.Random, line: str) -> str:
    if "'" in line or "{" in line:
        return line
    kind, stamp, *fields = line.rstrip("\n").replace("\x1d", " ").split(" ")[1:]
    chance.shuffle(fields)
    return " ".join([kind, stamp, *fields]) + "\n"


def _batch(chance: random.Random, layout: str, serial: int, count: int = BATCH_EVENTS) -> str:
    events = (_event(chance, serial + n, plain=layout == "plain") for n in range(count))
    lines = list(_interleaved(chance, events))
    if layout == "fleet":
        for n in range(len(lines)):
            if chance.random() < 0.0001:
                lines[n] = _corrupt(chance, lines[n])
    elif layout == "irregular":
        lines = [_shuffled(chance, line) for line in lines]
    elif layout == "rejects":
        lines = [line.replace("msg=audit(", "msg=audlt(", 1) for line in lines]
    return "".join(lines)


def written(log: Path, layout: str, size_bytes: int) -> None:
    """Write a log of about `size_bytes`, and never less."""
    chance, serial = random.Random(SEED), 0  # noqa: S311 - a seed, so that every run reads the same bytes
    with log.open("w", encoding="utf-8", newline="\n") as out:
        # A format is recognised by how a file begins, so the first lines are good whatever the layout.
        out.write(_batch(chance, "plain" if layout == "plain" else "clean", 0, 200))
        serial += 200
        if layout == "long":
            out.write(f"type=EXECVE msg=audit({BEGAN_S}.000:0): argc=1 a0=")
            for _ in range(size_bytes * 3 // 10 >> 13):
                out.write("41" * (1 << 12))
            out.write("\n")
        while out.tell() < size_bytes:
            out.write(_batch(chance, layout, serial))
            serial += BATCH_EVENTS


if __name__ == "__main__":
    written(Path(sys.argv[3]), sys.argv[1], int(sys.argv[2]) * 1_000_000)
