"""How fast an audit log becomes events, beside SHA-256 of the same bytes in the same run.

Times of two machines do not compare; the ratio nearly does. The log is made from a seed, so it is the
same everywhere:

    python bench/ingest.py [MEGABYTES] [WORKERS]
"""

import hashlib
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from forensics import pipeline

SEED = 20261123
BEGAN_S = 1_795_446_697
PROGRAMS = ("/usr/bin/python3.11", "/usr/bin/vim.basic", "/usr/bin/git", "/usr/bin/scancel", "/usr/bin/ls")


def audit_event(chance: random.Random, serial: int) -> str:
    """One execve as auditd writes it with `log_format = ENRICHED`: five records."""
    stamp = f"msg=audit({BEGAN_S + serial // 50}.{serial % 1000:03d}:{serial}):"
    exe, uid, pid = chance.choice(PROGRAMS), 4100 + chance.randrange(50), chance.randrange(1000, 4_000_000)
    name = exe.rpartition("/")[2]
    path = f"/srv/proj/llm/run{chance.randrange(1000)}/train.py"
    return (
        f"type=SYSCALL {stamp} arch=c000003e syscall=59 success=yes exit=0 a0=55d0 a1=55d1 a2=55d2 a3=8 items=2 "
        f"ppid={pid - 1} pid={pid} auid={uid} uid={uid} gid={uid} euid={uid} suid={uid} fsuid={uid} egid={uid} "
        f'sgid={uid} fsgid={uid} tty=pts3 ses={uid - 4000} comm="{name[:15]}" exe="{exe}" subj=unconfined key="run"'
        f'\x1dARCH=x86_64 SYSCALL=execve AUID="u{uid}" UID="u{uid}" GID="u{uid}" EUID="u{uid}" SUID="u{uid}" '
        f'FSUID="u{uid}" EGID="u{uid}" SGID="u{uid}" FSGID="u{uid}"\n'
        f'type=EXECVE {stamp} argc=2 a0="{name}" a1="{path}"\n'
        f'type=CWD {stamp} cwd="/srv/proj/llm"\n'
        f'type=PATH {stamp} item=0 name="{exe}" inode={uid * 7} dev=fe:01 mode=0100755 ouid=0 ogid=0 rdev=00:00 '
        f'nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0\x1dOUID="root" OGID="root"\n'
        f"type=PROCTITLE {stamp} proctitle={f'{name} {path}'.encode().hex().upper()}\n"
    )


def written(log: Path, size_bytes: int) -> int:
    """Write a log of at least `size_bytes`; the number of its events."""
    chance, serial = random.Random(SEED), 0  # noqa: S311 - a seed, so that every run reads the same bytes
    with log.open("w", encoding="utf-8", newline="\n") as out:
        while out.tell() < size_bytes:
            out.write("".join(audit_event(chance, serial + n) for n in range(1000)))
            serial += 1000
    return serial


class Cost(NamedTuple):
    """What a step took, in seconds: by the clock, and of processors, which a busy machine does not change."""

    wall: float
    work: float


def spent() -> float:
    """Processor seconds of this process and of those that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def timed(step: Callable[[], object]) -> Cost:
    """What `step` takes."""
    began, worked = time.perf_counter(), spent()
    step()
    return Cost(time.perf_counter() - began, spent() - worked)


def main(megabytes: int = 32, workers: int = 1) -> None:
    """Make the log, hash it, seal it, ingest it, and print what each took."""
    with tempfile.TemporaryDirectory() as folder:
        log, case = Path(folder, "login01", "var", "log", "audit", "audit.log"), Path(folder, "case")
        log.parent.mkdir(parents=True)
        events = written(log, megabytes * 1_000_000)
        size = log.stat().st_size
        hashing = timed(lambda: hashlib.sha256(log.read_bytes()).hexdigest())
        pipeline.create(case)
        sealing = timed(lambda: pipeline.seal(case, [Path(folder, "login01")]))
        reading = timed(lambda: pipeline.ingest(case, workers=workers))
        store = sum(p.stat().st_size for p in case.rglob("*.parquet"))
    print("step\tseconds\tMB/s\tprocessor seconds\ttimes SHA-256")
    for step, cost in (("sha256", hashing), ("seal", sealing), ("ingest", reading)):
        ratio = cost.work / hashing.work
        print(f"{step}\t{cost.wall:.2f}\t{size / cost.wall / 1e6:.0f}\t{cost.work:.2f}\t{ratio:.1f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"\n{size / 1e6:.0f} MB, {events} events, {5 * events / reading.work / 1000:.0f} thousand records a processor second,"
    )
    print(
        f"{workers} process(es), {peak / 1000:.0f} MB at most in this one, Parquet {100 * store / size:.0f} % of the log"
    )


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:3]))
