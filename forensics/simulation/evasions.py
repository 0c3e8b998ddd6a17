"""What whoever acts does against being found, and what the collection does not have."""

import base64

from forensics.simulation import filework, jobwork
from forensics.simulation.host import Logged
from forensics.simulation.means import Means
from forensics.simulation.slurm import Job
from forensics.simulation.world import Session, World

STARTUP = ("/.bash_profile", "/.bashrc", "/.bash_aliases", "/.profile")
"""Startup files of accounts, by the ends of their paths."""
_STARTUP = "startup files of"


def disguised(means: Means, path: str, held: bytes) -> bytes:
    """What is written in a file: as it is, or so that its words do not show what it does."""
    if means.plan.evasion != "payload" or not path.endswith((".py", ".pth")):
        return held
    told = base64.b64encode(held).decode()
    return f"import base64; exec(base64.b64decode({told!r}))\n".encode()


def undone(world: World, means: Means, job: Job, path: str, before: bytes | None) -> None:
    """A payload that cleans up after itself: the job's own process puts back what was there."""
    if means.plan.evasion != "payload":
        return
    process = jobwork.process_of(world, job)
    if before is None:
        filework.gone(world, world.node.trail, process, path, world.node.offset_ms)
    else:
        filework.written(world, world.node, process, path, before)


def touched(world: World, means: Means, session: Session, path: str) -> None:
    """The file's times are set back."""
    if means.plan.evasion == "touch" or means.plan.technique == "T16":
        filework.touch(world, session, path, sudo=means.sudo)


def covered(world: World, means: Means, session: Session) -> None:
    """Traces are removed before leaving, as the plan has it."""
    plan = means.plan
    if plan.guise == "edited_log":
        _edit_logins(world, means, session)
    if plan.evasion == "log_deletion" or plan.technique == "T14":
        _delete(world, session)
    if plan.evasion == "clock_step":
        _step(world, session)


def _delete(world: World, session: Session) -> None:
    """Root empties the login log, or cuts the trail's last minutes; anybody can empty a history."""
    rng, host = world.rng, session.host
    kind = rng.randrange(3)
    if kind == 0:
        world.run(session, ["truncate", "-s", "0", "/var/log/auth.log"], sudo="root")
        host.auth.clear()
        world.did("wipe_log", session, "/var/log/auth.log")
    elif kind == 1:
        since = world.now + host.offset_ms - rng.randrange(30_000, 240_000)
        world.run(
            session, ["sed", "-i", f"/ses={session.shell.ses}/d", "/var/log/audit/audit.log"], sudo="root"
        )
        last = host.trail.lines[-1].serial
        host.trail.lines = [line for line in host.trail.lines if line.ms < since or line.serial == last]
        world.did("wipe_log", session, "/var/log/audit/audit.log")
    else:
        world.run(session, ["rm", "-f", f"/home/{session.account}/.bash_history"])
        session.typed.clear()
        world.histories.pop(session.account, None)
        world.did("wipe_log", session, f"/home/{session.account}/.bash_history")


def _step(world: World, session: Session) -> None:
    """Root sets the host's clock."""
    host = session.host
    process = world.run(session, ["date", "-s", "next minute"], sudo="root")
    host.trail.clock_set(world.tick() + host.offset_ms, process)
    host.offset_ms += world.rng.choice((-1, 1)) * world.rng.randrange(60_000, 900_000)
    world.did("change_clock", session, host.name)


def _edit_logins(world: World, means: Means, session: Session) -> None:
    """Root puts another's address into the login log, in place of their own; the trail keeps what the kernel saw."""
    actor, framed, host = means.actor, means.framed, session.host
    if actor is None or framed is None:
        return
    world.run(
        session, ["sed", "-i", f"s/{actor.address}/{framed.address}/", "/var/log/auth.log"], sudo="root"
    )
    own = f"sshd[{session.sshd.pid}]" if session.sshd is not None else "-"
    child = f"sshd[{session.child}]"
    host.auth[:] = [
        Logged(ms, text.replace(actor.address, framed.address) if own in text or child in text else text)
        for ms, text in host.auth
    ]
    world.did("wipe_log", session, "/var/log/auth.log")


def thinned(files: dict[str, bytes], world: World, coverage: int, *, homes: bool = False) -> dict[str, bytes]:
    """What is left of the evidence where coverage is less than full: whole sources, or stretches of them, are missing.

    Where `homes` is set, the startup files of each account are a source.
    """
    if coverage == 100:
        return files
    rng = world.rng
    found = dict(files)
    of = {path: _source(path, homes=homes) for path in files}
    for name in sorted({*of.values()} - {"etc", "keys"}):
        kept, whole, at = rng.random() < coverage / 100, rng.random() < 0.5, rng.random()
        for path in [path for path in found if of[path] == name and not kept]:
            if whole or name in {"git", "files", "wtmp"} or name.startswith(_STARTUP):
                del found[path]
            else:
                found[path] = _stretch(found[path], at, (100 - coverage) / 100)
    return found


def _source(path: str, *, homes: bool) -> str:
    if homes and path.endswith(STARTUP):
        return f"{_STARTUP} {path.rpartition('/')[0]}"
    for word, name in (
        ("audit.log", "audit"), ("auth.log", "logins"), ("secure", "logins"), ("wtmp", "wtmp"), ("gitolite/logs", "gitolite"),
        ("slurmctld", "controller"), ("slurmd-", "node"), ("sacct", "accounting"), ("jobcomp", "completion"), ("git/", "git"),
        ("_history", "histories"), ("authorized_keys", "keys"), ("keydir", "keys"), ("etc/", "etc"), ("cron.log", "cron"), ("kern.log", "kernel"),
    ):  # fmt: skip
        if word in path:
            return name
    return "files"


def _stretch(held: bytes, at: float, share: float) -> bytes:
    """Without some lines that follow one another."""
    lines = held.splitlines(keepends=True)
    cut = int(len(lines) * share)
    first = int((len(lines) - cut) * at)
    return b"".join([*lines[:first], *lines[first + cut :]])


def rotated_away(world: World, since_ms: int) -> None:
    """Logs of the login host begin only at a moment: what was before is no longer kept."""
    host = world.login
    host.trail.lines = [line for line in host.trail.lines if line.ms >= since_ms]
    host.auth[:] = [line for line in host.auth if line.ms >= since_ms]
    host.wtmp[:] = [record for record in host.wtmp if record[0] >= since_ms]
