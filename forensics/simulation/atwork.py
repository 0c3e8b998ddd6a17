"""A job of `at`: left by a command, and run by the daemon in a session of its own, as at 3.2.5 does it."""

from dataclasses import replace

from forensics.simulation.host import Host
from forensics.simulation.trail import UNSET, File, Process
from forensics.simulation.world import LOADER, Session, World

_JOBS, _SPOOL = "/var/spool/cron/atjobs", "/var/spool/cron/atspool"
_ATD, _DAEMON = "/usr/sbin/atd", 1
_GRANTORS = "pam_loginuid,pam_permit,pam_unix,pam_limits"


def leave(world: World, session: Session, account: str, minutes: int, text: str) -> str:
    """Leave a job to run as an account after some minutes; returns its file's name, which holds its number and its minute."""
    words = ["at", "now", "+", str(minutes), "minutes"]
    world.typed(session, f"echo '{text}' | sudo -u {account} {' '.join(words)}")
    process = world.run(session, words, sudo=account, quiet=True)
    due = (world.now + session.host.offset_ms) // 60_000 + minutes
    name = f"a{world.rng.randrange(2, 90):05x}{due:08x}"
    file = File(world.new_inode(), "0100000", process.uid, _DAEMON)
    parts = [(f"{_JOBS}/", File(1556487, "041770", 1, 1), "PARENT"), (f"{_JOBS}/{name}", file, "CREATE")]
    at, registers = world.tick() + session.host.offset_ms, {0: "ffffff9c", 2: "1012c1", 3: "100"}
    session.host.trail.on_paths(at, process, "openat", parts, key="cron", result=4, registers=registers)
    world.did("plant_cron", session, f"{_JOBS}/{name}")
    return name


def wait_s(world: World, host: Host, name: str) -> float:
    """How long it is until a job is due."""
    return max(0, int(name[6:], 16) * 60_000 - host.offset_ms + 3 - world.now) / 1000


def begun(world: World, host: Host, account: str, name: str, person: str | None) -> Session:
    """The daemon runs a job: it takes the file, opens a session, and gives what is in it to a shell."""
    uid = world.accounts[account]
    atd, pid = (
        Process(host.spawn(), 880, UNSET, UNSET, 1, 0, "(none)", "atd", _ATD, ("/usr/sbin/atd", "-f")),
        host.spawn(),
    )
    jobs, spool = (
        (_JOBS, File(1556487, "041770", 1, 1), "PARENT"),
        (_SPOOL, File(1556488, "041770", 1, 1), "PARENT"),
    )
    file, copy = File(world.new_inode(), "0100700", uid, 1), File(world.new_inode(), "0100600", uid, 1)

    def put(process: Process, call: str, *parts: tuple[str, File, str]) -> None:
        host.trail.on_paths(world.tick() + host.offset_ms, process, call, parts, key="cron")

    put(replace(atd, cwd=_JOBS), "link", jobs, (name, file, "NORMAL"), (f"={name[1:]}", file, "CREATE"))
    taker = replace(atd, pid=pid, ppid=atd.pid, uid=0, cwd=_JOBS)
    put(taker, "unlink", jobs, (name, file, "DELETE"))
    put(replace(taker, cwd=_SPOOL), "openat", spool, (name, copy, "CREATE"))
    host.ses += 1
    own = replace(taker, auid=uid, ses=host.ses, uid=1, cwd=_SPOOL)
    host.trail.loginuid(world.tick() + host.offset_ms, own)
    said = f'op=PAM:session_open grantors={_GRANTORS} acct="{account}"'
    host.trail.message(world.now + host.offset_ms, "USER_START", own, said)
    host.say(
        world.now,
        "atd",
        pid,
        f"pam_unix(atd:session): session opened for user {account}(uid={uid}) by (uid=1)",
    )
    shell = Process(
        host.spawn(), pid, uid, own.ses, uid, uid, "(none)", "sh", "/usr/bin/dash", ("sh",), cwd="/"
    )
    host.trail.execute(
        world.tick() + host.offset_ms, shell, ["sh"], [("/bin/sh", File(260180, "0100755", 0, 0)), LOADER]
    )
    shell = replace(shell, cwd=f"/home/{account}")
    return Session(person, account, uid, host, shell, None, own, pid, harmful=True)


def ends(world: World, session: Session) -> None:
    """A job of at is over."""
    host, own = session.host, session.sshd
    if own is None:
        return
    said = f'op=PAM:session_close grantors={_GRANTORS} acct="{session.account}"'
    host.trail.message(world.tick() + host.offset_ms, "USER_END", own, said)
    host.say(world.now, "atd", own.pid, f"pam_unix(atd:session): session closed for user {session.account}")
