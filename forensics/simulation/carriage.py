"""Code of another that is brought into the honest one's own account first: copied, unpacked, pulled, or put where a daemon runs it."""

from collections.abc import Callable
from dataclasses import replace

from forensics.simulation import atwork, filework, gitwork, scripts
from forensics.simulation.cast import Person
from forensics.simulation.host import Host
from forensics.simulation.startups import appended
from forensics.simulation.trail import UNSET, File, Process
from forensics.simulation.traps import REPORT, Sprung, Trap, reports_there, sprung, works, writes_report
from forensics.simulation.world import CHECKOUT, PROJECT, Content, Session, World

ARCHIVE = f"{PROJECT}/share/tools.tar"
_MANAGER = "/usr/lib/systemd/systemd"
_GRANTORS = "pam_selinux,pam_selinux,pam_loginuid,pam_limits,pam_permit,pam_unix,pam_systemd"


def _own(world: World, name: str) -> str:
    return f"/home/{world.cast.bystander.name}/{name}"


def _runs_own(world: World, session: Session, path: str, actor: Person | None) -> Session:
    """The honest one runs a file of their home, of whichever making."""
    if world.rng.random() < 0.5:
        return scripts.given(world, session, path, actor)
    return scripts.ran(world, session, path, actor, typed=path)


def _brought(how: str) -> Callable[[World, Person | None], Sprung]:
    """What lies in a shared folder is brought home, and run there."""

    def springs(world: World, actor: Person | None) -> Sprung:
        session, own = world.enter(world.cast.bystander), _own(world, "bin/report.sh")
        world.tick(8000)
        source = ARCHIVE if how == "tar" else REPORT
        if how == "redirect":
            world.typed(session, f"cat {source} > {own}")
            world.run(session, ["cat", source], quiet=True)
        elif how == "tar":
            world.run(session, ["tar", "-xf", source, "-C", own.rpartition("/")[0]])
        else:
            world.run(session, ["cp", source, own])
        mine = File(world.new_inode(), "0100775", session.uid, session.uid)
        world.files[own] = Content(mine, world.files[source].held)
        world.tick(6000)
        return _runs_own(world, session, own, actor), works(world, session)

    return springs


def _packs(world: World, session: Session, text: str) -> None:
    """A script is packed into an archive that everybody takes theirs from."""
    scripts.put(world, session, f"/home/{session.account}/tools/report.sh", f"#!/bin/sh\n{text}\n".encode())
    process = world.run(session, ["tar", "-cf", ARCHIVE, "report.sh"])
    filework.written(world, session.host, process, ARCHIVE, f"#!/bin/sh\n{text}\n".encode())
    world.did("modify_file", session, ARCHIVE)


def _pushes(world: World, session: Session, text: str) -> None:
    """A script of the project is changed in a clone, and pushed."""
    made = gitwork.commit_away(
        world, session, f"{CHECKOUT}/clean.sh", f"#!/bin/sh\n{text}\n".encode(), "Tidy"
    )
    gitwork.push(world, session, new=made)


def _pulls(world: World, actor: Person | None) -> Sprung:
    """The honest one pulls into a clone in their home, of which no rule of the trail tells, and runs what came."""
    session = world.enter(world.cast.bystander)
    world.tick(6000)
    own = _own(world, "llm")
    world.chdir(session, own)
    git = world.run(session, ["git", "pull", "-q"])
    words = ["/usr/lib/git-core/git", "fetch", "--update-head-ok", "-q"]
    fetch = world.run(session, words, parent=git, quiet=True)
    pid, closed = gitwork.served(world, session, fetch, world.cast.bystander, "git-upload-pack")
    world.repository.fetched(world.now, session.account, pid, "127.0.0.1")
    closed()
    world.run(session, ["/usr/lib/git-core/git", "merge", "-q", "FETCH_HEAD"], parent=git, quiet=True)
    world.tick(5000)
    name = "clean.sh"
    world.files[f"{own}/{name}"] = Content(File(world.new_inode(), "0100775", session.uid, session.uid), b"")
    if world.rng.random() < 0.5:
        return scripts.given(world, session, f"{own}/{name}", actor, name=name), works(world, session)
    ran = scripts.ran(world, session, f"{own}/{name}", actor, name=f"./{name}", typed=f"./{name}")
    return ran, works(world, session)


def _unit(*, root: bool) -> Callable[[World, Session, str], str]:
    """A timer and its service, put into another's home."""

    def lays(world: World, session: Session, text: str) -> str:
        folder = _own(world, ".config/systemd/user")
        service = f"[Service]\nType=oneshot\nExecStart=/bin/sh -c '{text}'"
        appended(world, session, f"{folder}/sync.service", service, root=root)
        timer = "[Timer]\nOnCalendar=minutely\n[Install]\nWantedBy=timers.target"
        appended(world, session, f"{folder}/sync.timer", timer, root=root)
        if root:
            owner = world.cast.bystander.name
            words = ["systemctl", "--user", "-M", f"{owner}@", "enable", "--now", "sync.timer"]
            world.run(session, words, sudo="root")
        return text

    return lays


def manager(world: World, host: Host, account: str) -> Process:
    """The manager of an account's units begins, as it does where the account lingers: in a session of its own."""
    uid, pid = world.accounts[account], host.spawn()
    first = Process(1, 0, UNSET, UNSET, 0, 0, "(none)", "systemd", _MANAGER, ("/sbin/init",))
    before = Process(pid, 1, UNSET, UNSET, 0, 0, "(none)", "(systemd)", _MANAGER, ("(systemd)",))
    at = world.tick() + host.offset_ms
    asked = f'op=PAM:accounting grantors=pam_permit acct="{account}"'
    host.trail.message(at, "USER_ACCT", before, asked)
    host.ses += 1
    own = replace(before, auid=uid, ses=host.ses)
    host.trail.loginuid(world.tick() + host.offset_ms, own)
    said = f'op=PAM:session_open grantors={_GRANTORS} acct="{account}"'
    host.trail.message(world.tick() + host.offset_ms, "USER_START", own, said)
    host.say(
        world.now,
        "systemd",
        pid,
        f"pam_unix(systemd-user:session): session opened for user {account}(uid={uid}) by (uid=0)",
    )
    theirs = replace(own, uid=uid, gid=uid, comm="systemd", title=("/lib/systemd/systemd", "--user"))
    words = ["/lib/systemd/systemd", "--user"]
    host.trail.execute(world.tick() + host.offset_ms, theirs, words, world.program("/lib/systemd/systemd"))
    started = f'unit=user@{uid} comm="systemd"'
    host.trail.message(world.tick() + host.offset_ms, "SERVICE_START", first, started)
    return theirs


def _lingers(world: World) -> None:
    world.managers[world.cast.bystander.name] = manager(world, world.login, world.cast.bystander.name)


def _unit_runs(world: World, actor: Person | None, left: str) -> Sprung:
    account, name = world.cast.bystander.name, None if actor is None else actor.name
    up, uid = world.managers[account], world.cast.bystander.uid
    shell = replace(up, pid=world.login.spawn(), ppid=up.pid, comm="sh", exe="/usr/bin/dash", title=("/bin/sh", "-c", left), cwd=f"/home/{account}")  # fmt: skip
    files = world.program("/bin/sh")
    world.login.trail.execute(world.tick() + world.login.offset_ms, shell, ["/bin/sh", "-c", left], files)
    code = Session(name, account, uid, world.login, shell, None, up, shell.pid, harmful=True)
    return code, lambda: None


def _at_file(world: World, session: Session, text: str) -> str:
    """A job of at that root puts into the spool by hand: no `at` runs for it."""
    account, minutes = world.cast.bystander.name, world.rng.randrange(2, 9)
    due = (world.now + session.host.offset_ms) // 60_000 + minutes
    path = f"/var/spool/cron/atjobs/a{world.rng.randrange(2, 90):05x}{due:08x}"
    held = f"#!/bin/sh\n# atrun uid={world.accounts[account]} gid={world.accounts[account]}\n{text}\n"
    process = world.run(session, ["tee", path], sudo="root", quiet=True)
    filework.written(world, session.host, process, path, held.encode())
    world.did("plant_cron", session, path)
    world.run(session, ["chown", f"{account}:daemon", path], sudo="root")
    world.run(session, ["chmod", "700", path], sudo="root")
    return path.rpartition("/")[2]


def _at_runs(world: World, actor: Person | None, left: str) -> Sprung:
    name = None if actor is None else actor.name
    ran = atwork.begun(world, world.login, world.cast.bystander.name, left, name)
    return ran, lambda: atwork.ends(world, ran)


def _cron_file(world: World, session: Session, text: str) -> str:
    """A crontab that root writes into the spool by hand: cron only says that it reads it anew."""
    account = world.cast.bystander.name
    path = f"/var/spool/cron/crontabs/{account}"
    process = world.run(session, ["tee", "-a", path], sudo="root", quiet=True)
    filework.written(world, session.host, process, path, f"* * * * * {text}\n".encode())
    world.did("plant_cron", session, path)
    world.at(
        world.now + 20_000,
        lambda: session.host.say_cron(world.now, "cron", 1404, f"({account}) RELOAD (crontabs/{account})"),
    )
    return text


def _cron_runs(world: World, actor: Person | None, left: str) -> Sprung:
    name = None if actor is None else actor.name
    ran = gitwork.by_cron(world, world.cast.bystander.name, left, name, harmful=True)
    return ran, lambda: gitwork.cron_ends(world, ran)


def _clean_there(world: World) -> None:
    world.place(f"{CHECKOUT}/clean.sh", b"#!/bin/sh\nrm -f *.tmp\n", world.cast.victim.uid, mode="0100775")


ACTS = {
    "T33a": sprung(Trap(writes_report, _brought("cp"), ready=reports_there)),
    "T33b": sprung(Trap(_pushes, _pulls, ready=_clean_there)),
    "T33c": sprung(Trap(_packs, _brought("tar"))),
    "T33d": sprung(Trap(writes_report, _brought("redirect"), ready=reports_there)),
    "T38a": sprung(Trap(_unit(root=True), runs=_unit_runs, ready=_lingers, by_cron=True)),
    "T38b": sprung(Trap(_unit(root=False), runs=_unit_runs, ready=_lingers, by_cron=True)),
    "T38c": sprung(Trap(_at_file, runs=_at_runs)),
    "T38d": sprung(Trap(_cron_file, runs=_cron_runs, by_cron=True)),
}
"""These, by the id of the technique."""
