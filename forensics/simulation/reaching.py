"""Harm done from within what is somebody honest's: their terminal, their program, their number, their key, their address, their container."""

from collections.abc import Callable
from dataclasses import replace

from forensics.simulation import borders, evasions, jobwork, scripts
from forensics.simulation.cast import Person
from forensics.simulation.means import Means
from forensics.simulation.slurm import Job
from forensics.simulation.trail import Process
from forensics.simulation.traps import TEXT, strike
from forensics.simulation.victims import harmed, run_of_victim, target
from forensics.simulation.world import PROJECT, Script, Session, World

Act = Callable[[World, Means], Script]
SOCKET = f"{PROJECT}/.tmux"
NAT = "203.0.113.7"
DOOR = "10.8.0.9"
"""A host that everybody comes through, and of which nothing is collected."""


def _around(body: Callable[[World, Means, str, Job | None], Script], *, files: bool = False) -> Act:
    """An incident: the job that is there to be ended, if one is; what is done; the job that meets it, if one does."""

    def act(world: World, means: Means) -> Script:
        kind = world.rng.choice(("edit", "remove") if files else tuple(TEXT))
        world.pointed.add(world.cast.bystander.name)
        owner, job = target(world, minutes=90) if kind == "cancel" else (None, None)
        yield world.rng.uniform(5, 60)
        yield from body(world, means, kind, job)
        if job is None or owner is None:
            yield world.rng.uniform(20, 300)
            yield from run_of_victim(world, means, jobwork.times_out if kind == "edit" else jobwork.fails)
            return
        if job.state == "CANCELLED":
            harmed(world, means, job)
        yield 60
        world.leave(owner)

    return act


def _looks(world: World, session: Session) -> None:
    world.run(session, world.rng.choice((["ls", "-la"], ["squeue"], ["df", "-h"])))


def _served(world: World, session: Session, words: list[str], program: str) -> Session:
    """A multiplexer begins: a server that is nobody's child, and a shell in it. Returns the session as that shell has it."""
    host, client = session.host, world.run(session, words)
    server = replace(client, pid=host.spawn(), ppid=1, comm=f"{program}: server"[:15], tty="(none)")
    tty = next(n for n in range(1, 200) if n not in host.ttys)
    host.ttys.add(tty)
    shell = Process(
        host.spawn(), server.pid, session.uid, session.shell.ses, session.uid, session.uid, f"pts{tty}", "bash",
        "/usr/bin/bash", ("-bash",), cwd=session.shell.cwd,
    )  # fmt: skip
    host.trail.execute(world.tick(30) + host.offset_ms, shell, ["-bash"], world.program("/bin/bash"))
    return replace(session, shell=shell, tty=tty, typed=[])


def multiplexed(begins: list[str], attaches: list[str], *, program: str = "tmux", sends: bool = False) -> Act:
    """T36: somebody honest shares a terminal with others, who type into it."""

    def body(world: World, means: Means, kind: str, job: Job | None) -> Script:
        honest = world.enter(world.cast.bystander)
        yield world.rng.uniform(8, 40)
        words = [w.format(name=honest.account, socket=SOCKET) for w in begins]
        pane = _served(world, honest, words, program)
        if program == "tmux":
            world.run(honest, ["chmod", "777", SOCKET])
        _looks(world, pane)
        yield world.rng.uniform(8, 60)
        stays = world.rng.random() < 0.5
        if not stays:
            world.leave(honest)
        yield world.rng.uniform(8, 60)
        session = means.enter()
        yield world.rng.uniform(8, 60)
        words = [w.format(name=honest.account, socket=SOCKET) for w in attaches]
        world.run(session, [*words, TEXT[kind], "Enter"] if sends else words)
        world.tick(1500 if sends else 9000)
        strike(world, scripts.of(pane, means.actor, pane.shell), kind, job)
        yield world.rng.uniform(5, 30)
        evasions.covered(world, means, session)
        world.leave(session)
        if stays:
            _looks(world, pane)
            yield 20
            world.leave(honest)

    return _around(body)


def injected(world: World, means: Means, kind: str, job: Job | None) -> Script:
    """T37a: root has a debugger call a function in a program of somebody honest's."""
    honest = world.enter(world.cast.bystander)
    yield world.rng.uniform(8, 40)
    _looks(world, honest)
    session = means.enter()
    yield world.rng.uniform(8, 60)
    call = f'call (int)system("{TEXT[kind]}")'
    words = ["gdb", "-p", str(honest.shell.pid), "-batch", "-ex", call]
    world.run(session, words, sudo="root")
    world.tick(800)
    shell = world.run(honest, ["sh", "-c", TEXT[kind]], quiet=True, path="/usr/bin/dash")
    strike(world, scripts.of(honest, means.actor, shell), kind, job)
    yield world.rng.uniform(5, 30)
    evasions.covered(world, means, session)
    world.leave(session)
    yield world.rng.uniform(60, 300)
    _looks(world, honest)
    world.leave(honest)


def as_another(*words: str) -> Act:
    """T37b to e: root takes another's number, without a login of theirs; the login uid stays that of whoever does it."""

    def body(world: World, means: Means, kind: str, job: Job | None) -> Script:
        honest = world.cast.bystander
        theirs = world.enter(honest) if world.rng.random() < 0.7 else None
        yield world.rng.uniform(8, 60)
        session = means.enter()
        yield world.rng.uniform(8, 60)
        pid = theirs.shell.pid if theirs is not None else 1
        given = [w.format(name=honest.name, uid=honest.uid, pid=pid) for w in words]
        asked = world.run(session, [*given, "sh", "-c", TEXT[kind]], sudo="root")
        world.did("escalate", session, honest.name, harm=False)
        _said(world, session, asked, honest)
        shell = replace(
            asked, pid=session.host.spawn(), ppid=asked.pid, uid=honest.uid, gid=honest.uid, comm="sh", exe="/usr/bin/dash",
            title=("sh", "-c", TEXT[kind]),
        )  # fmt: skip
        at, argv = world.tick(4) + session.host.offset_ms, ["sh", "-c", TEXT[kind]]
        session.host.trail.execute(at, shell, argv, world.program("/usr/bin/dash"))
        strike(world, scripts.of(session, means.actor, shell), kind, job)
        yield world.rng.uniform(5, 30)
        evasions.covered(world, means, session)
        world.leave(session)
        if theirs is not None:
            world.leave(theirs)

    return _around(body)


def _said(world: World, session: Session, process: Process, other: Person) -> None:
    """What PAM says where a program opens a session for another: runuser and su do, setpriv and nsenter do not."""
    if process.comm in {"runuser", "su"}:
        text = f"pam_unix({process.comm}:session): session opened for user {other.name}(uid={other.uid}) by (uid=0)"
        session.host.say(world.now, process.comm, process.pid, text)


def by_agent(world: World, means: Means, kind: str, job: Job | None) -> Script:
    """T39a: somebody honest has an agent forwarded to the login host; its root goes on to another host with their key."""
    honest = world.cast.bystander
    theirs = world.enter(honest)
    yield world.rng.uniform(8, 60)
    if world.rng.random() < 0.5:
        yield from _hops(world, theirs)
    session = means.enter()
    yield world.rng.uniform(8, 60)
    name = "".join(world.rng.choices("abcdefghXYZ", k=10))
    socket = f"SSH_AUTH_SOCK=/tmp/ssh-{name}/agent.{theirs.child}"
    goal = f"{honest.name}@{world.node.name}"
    env = world.run(session, ["env", socket, "ssh", goal], sudo="root")
    # env becomes the client: one process executes both.
    client = replace(env, comm="ssh", exe="/usr/bin/ssh", title=("ssh", goal))
    at, host = world.tick() + session.host.offset_ms, session.host
    host.trail.execute(at, client, ["ssh", goal], world.program("/usr/bin/ssh"))
    world.tick(700)
    there = world.enter(
        means.actor, honest.name, key=honest, address=world.login.ip, host=world.node, harmful=True
    )
    yield world.rng.uniform(5, 30)
    strike(world, there, kind, job)
    yield world.rng.uniform(5, 30)
    world.leave(there)
    evasions.covered(world, means, session)
    world.leave(session)
    yield world.rng.uniform(20, 90)
    world.leave(theirs)


def _hops(world: World, theirs: Session) -> Script:
    """The honest one goes on to the other host, and comes back."""
    world.run(theirs, ["ssh", world.node.name])
    world.tick(700)
    honest = world.cast.bystander
    there = world.enter(honest, address=world.login.ip, host=world.node)
    yield world.rng.uniform(10, 60)
    _looks(world, there)
    yield 5
    world.leave(there)


def by_master(world: World, means: Means, kind: str, job: Job | None) -> Script:
    """T39b: somebody honest's connection to another host is shared by a socket in their home; root opens a channel in it."""
    honest = world.cast.bystander
    theirs = world.enter(honest)
    yield world.rng.uniform(8, 60)
    socket = f"/home/{honest.name}/.ssh/cm-{world.node.name}"
    world.run(theirs, ["ssh", "-M", "-S", socket, world.node.name])
    world.tick(700)
    there = world.enter(honest, address=world.login.ip, host=world.node)
    yield world.rng.uniform(10, 60)
    _looks(world, there)
    session = means.enter()
    yield world.rng.uniform(8, 60)
    world.run(session, ["ssh", "-S", socket, f"{honest.name}@{world.node.name}", TEXT[kind]], sudo="root")
    _channel(world, there, honest)
    host = world.node
    shell = replace(
        there.shell, pid=host.spawn(), ppid=there.child, tty="(none)", title=("bash", "-c", TEXT[kind]), cwd=f"/home/{honest.name}"
    )  # fmt: skip
    argv = ["bash", "-c", TEXT[kind]]
    host.trail.execute(world.tick(30) + host.offset_ms, shell, argv, world.program("/bin/bash"))
    strike(world, scripts.of(there, means.actor, shell), kind, job)
    yield world.rng.uniform(5, 30)
    evasions.covered(world, means, session)
    world.leave(session)
    world.leave(there)
    world.leave(theirs)


def _channel(world: World, there: Session, honest: Person) -> None:
    """A further channel in a connection that is there: all that sshd says of it."""
    text = f"Starting session: command for {honest.name} from {world.login.ip} port {there.port} id 1"
    there.host.say(world.tick(40), "sshd", there.child, text)


def behind_one_address(world: World, means: Means, kind: str, job: Job | None) -> Script:
    """T40: somebody honest's key, used from an address that many come from."""
    honest = world.cast.bystander
    mine = means.enter()
    yield world.rng.uniform(8, 60)
    _looks(world, mine)
    session = world.enter(means.actor, honest.name, key=honest, harmful=True)
    yield world.rng.uniform(8, 60)
    strike(world, session, kind, job)
    yield world.rng.uniform(5, 30)
    evasions.covered(world, means, session)
    world.leave(session)
    world.leave(mine)


def executed_in_container(world: World, means: Means, kind: str, job: Job | None) -> Script:
    """T42: a command is put into a container that somebody honest started."""
    world.docker = (world.cast.insider.name, world.cast.bystander.name)
    honest = world.enter(world.cast.bystander)
    yield world.rng.uniform(8, 60)
    first = borders.container(world, honest, ["sleep", "infinity"], options=("-d", "--name", "eval"))
    yield world.rng.uniform(60, 900)
    session = means.enter()
    yield world.rng.uniform(8, 60)
    world.run(session, ["docker", "exec", "eval", "sh", "-c", TEXT[kind]])
    host = session.host
    shell = replace(first, pid=host.spawn(), comm="sh", exe="/usr/bin/dash", title=("sh", "-c", TEXT[kind]))
    at, argv = world.tick(150) + host.offset_ms, ["sh", "-c", TEXT[kind]]
    host.trail.execute(at, shell, argv, world.program("/usr/bin/dash"))
    strike(world, scripts.of(session, means.actor, shell), kind, job)
    yield world.rng.uniform(5, 30)
    evasions.covered(world, means, session)
    world.leave(session)
    world.leave(honest)


def everybody_behind_nat(world: World) -> None:
    """The register has one address for all: that of the office."""
    world.door = NAT


def everybody_by_a_door(world: World) -> None:
    """The register has workstations; all come through another host."""
    world.door = DOOR


def everybody_as_one(world: World) -> None:
    """The register has the address that all come from as one person's device."""
    world.door = world.cast.bystander.address


READY: dict[str, Callable[[World], None]] = {
    "T40a": everybody_behind_nat,
    "T40b": everybody_by_a_door,
    "T40c": everybody_as_one,
}
"""What holds of a world from its beginning, by the id of the technique."""
_TMUX = ["tmux", "-S", "{socket}", "new-session", "-d", "-s", "work"]
ACTS: dict[str, Act] = {
    "T36a": multiplexed(_TMUX, ["tmux", "-S", "{socket}", "attach", "-t", "work"]),
    "T36b": multiplexed(_TMUX, ["tmux", "-S", "{socket}", "send-keys", "-t", "work"], sends=True),
    "T36c": multiplexed(["screen", "-S", "work"], ["screen", "-x", "{name}/work"], program="screen"),
    "T37a": _around(injected),
    "T37b": as_another("nsenter", "-t", "{pid}", "-m", "-S", "{uid}", "-G", "{uid}"),
    "T37c": as_another("runuser", "-u", "{name}", "--"),
    "T37d": as_another("setpriv", "--reuid", "{uid}", "--regid", "{uid}", "--init-groups"),
    "T37e": as_another("su", "{name}", "-s", "/bin/sh"),
    "T39a": _around(by_agent),
    "T39b": _around(by_master),
    "T40a": _around(behind_one_address),
    "T40b": _around(behind_one_address),
    "T40c": _around(behind_one_address),
    "T42a": _around(executed_in_container, files=True),
}
"""These, by the id of the technique."""
