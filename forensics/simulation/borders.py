"""Harm at the border of what says who is who: clocks, terms of accounts, numbers, jobs and containers of several people."""

from collections.abc import Callable

from forensics.simulation import cast as casting
from forensics.simulation import evasions, filework, jobwork, moments, scenery, scripts
from forensics.simulation.cast import SHARED
from forensics.simulation.host import Host
from forensics.simulation.means import Means
from forensics.simulation.slurm import Job
from forensics.simulation.trail import Process
from forensics.simulation.victims import harmed, run_of_victim, target
from forensics.simulation.world import Script, Session, World, nobody

Act = Callable[[World, Means], Script]
ROLE, ROLE_UID = "oncall", 4160
"""An account that goes with a duty: one person's after another's."""
FIRST, SECOND, REUSED_UID = "tmpa", "tmpb", 4170
"""Two accounts, of which the later was given the number of the earlier."""
_SLOW = scenery.PLAIN_TRAIN.replace(b"0.5", b"9.5")


def untied(*, ahead: bool) -> Act:
    """T23: somebody honest writes on a host whose clock is off and that no record ties to another, so that theirs looks like the last change before the job."""

    def act(world: World, means: Means) -> Script:
        honest = world.cast.bystander
        world.pointed.add(honest.name)
        away_s = world.rng.uniform(600, 1500)
        other = world.another("dev02", int(away_s * 1000) * (1 if ahead else -1))
        if ahead:
            yield from _writes_there(world, other)
            yield world.rng.uniform(30, 200)
        yield from _changed(world, means)
        yield away_s + 120 if ahead else world.rng.uniform(60, 200)
        if not ahead:
            world.begin(_writes_there(world, other), 600)
        yield from run_of_victim(world, means, jobwork.times_out, minutes=14)

    return act


def _writes_there(world: World, host: Host) -> Script:
    """Somebody honest notes what they checked, in the very file, from another host."""
    session = world.enter(world.cast.bystander, host=host)
    yield world.rng.uniform(8, 30)
    held = world.files[scenery.TRAIN].held + b"# checked\n"
    how = world.rng.choice(("sed", "vim", "shell"))
    filework.edit(world, session, scenery.TRAIN, held, how=how, harm=False)
    yield 20
    world.leave(session)


def _changed(world: World, means: Means, session: Session | None = None) -> Script:
    session = session or means.enter()
    yield world.rng.uniform(8, 40)
    filework.edit(world, session, scenery.TRAIN, _SLOW, how=world.rng.choice(("sed", "vim", "shell")))
    evasions.touched(world, means, session, scenery.TRAIN)
    yield world.rng.uniform(5, 20)
    evasions.covered(world, means, session)
    world.leave(session)


def handed_over(world: World, means: Means) -> Script:
    """T24a: an account that goes with a duty changes hands; soon after, its new holder ends another's job from it."""
    honest, insider = world.cast.bystander, world.cast.insider
    world.pointed.add(honest.name)
    world.open_account(ROLE, ROLE_UID, [honest.key, insider.key])
    session = world.enter(honest, ROLE)
    owner, job = target(world)
    yield world.rng.uniform(60, 200)
    world.run(session, ["squeue"])
    world.leave(session)
    yield world.rng.uniform(10, 60)
    when = moments.utc(world.now)
    world.enrol(honest, ROLE, ROLE_UID, until=when)
    world.enrol(insider, ROLE, ROLE_UID, since=when)
    yield world.rng.uniform(5, 400)
    yield from _cancels(world, means, world.enter(insider, ROLE, harmful=True), job)
    yield 60
    world.leave(owner)


def former_member(world: World, means: Means) -> Script:
    """T24b: who is no longer a member of a shared account has a key in it still, and ends its job."""
    insider = world.cast.insider
    world.pointed |= {world.cast.bystander.name, world.cast.victim.name}
    owner, job = target(world, account=SHARED)
    yield world.rng.uniform(60, 200)
    world.members[insider.name] = moments.utc(world.now)
    for person in (*world.cast.others, world.cast.ops):
        world.members[person.name] = moments.utc(world.now - 3_600_000)
    yield world.rng.uniform(5, 400)
    honest = world.enter(world.cast.bystander, SHARED)
    yield world.rng.uniform(5, 60)
    address = world.rng.choice((insider.address, f"10.9.{world.rng.randrange(1, 250)}.7"))
    yield from _cancels(world, means, world.enter(insider, SHARED, address=address, harmful=True), job, None)
    yield 60
    world.leave(honest)
    world.leave(owner)


def _cancels(world: World, means: Means, session: Session, job: Job, sudo: str | None = "root") -> Script:
    yield world.rng.uniform(5, 60)
    jobwork.cancel(world, session, job, sudo=sudo)
    if job.state == "CANCELLED":
        harmed(world, means, job)
    evasions.covered(world, means, session)
    yield 20
    world.leave(session)


def number_given_again(world: World, means: Means) -> Script:
    """T25: the account that did it is deleted, and its number given to a new one of somebody honest's before anything is collected."""
    honest, insider = world.cast.bystander, world.cast.insider
    world.pointed.add(honest.name)
    world.raw = world.rng.random() < 0.5
    world.open_account(FIRST, REUSED_UID, [insider.key])
    yield 20
    yield from _changed(world, means, world.enter(insider, FIRST, harmful=True))
    yield world.rng.uniform(20, 200)
    yield from run_of_victim(world, means, jobwork.times_out, minutes=4)
    session = world.enter(world.cast.ops)
    yield 20
    _told(
        world,
        session,
        ["userdel", "-r", FIRST],
        "DEL_USER",
        f"op=delete-user id={REUSED_UID}",
        f"delete user '{FIRST}'",
    )
    world.close_account(FIRST)
    when = moments.utc(world.now)
    if world.rng.random() < 0.5:
        world.enrol(insider, FIRST, REUSED_UID, until=when)
        world.enrol(honest, SECOND, REUSED_UID, since=when)
    else:  # a register of today
        world.enrol(honest, SECOND, REUSED_UID)
    yield 10
    world.open_account(SECOND, REUSED_UID, [honest.key])
    text = f"new user: name={SECOND}, UID={REUSED_UID}, GID={REUSED_UID}, home=/home/{SECOND}, shell=/bin/bash, from=/dev/pts/0"
    words = ["useradd", "-u", str(REUSED_UID), "-m", SECOND]
    _told(world, session, words, "ADD_USER", f'op=add-user acct="{SECOND}" id={REUSED_UID}', text)
    yield 20
    world.leave(session)
    session = world.enter(honest, SECOND)
    yield 60
    world.run(session, ["ls", "-la"])
    world.leave(session)


def _told(world: World, session: Session, words: list[str], kind: str, said: str, text: str) -> None:
    """A program that changes accounts runs, and says so in the trail and in the host's log."""
    process = world.run(session, words, sudo="root", path=f"/usr/sbin/{words[0]}")
    session.host.trail.message(world.tick() + session.host.offset_ms, kind, process, said)
    session.host.say(world.now, words[0], process.pid, text)


def adopted(world: World, means: Means) -> Script:
    """T30a: who enters a node in a shared account is put into the job that runs there, which is another member's."""
    honest, job = _job_of_member(world)
    yield world.rng.uniform(60, 200)
    session = means.enter(node=True)
    pid = session.shell.ppid
    session.host.say(world.now, "pam_slurm_adopt", pid, f"Process {pid} adopted into job {job.number}")
    yield world.rng.uniform(8, 60)
    filework.edit(world, session, scenery.LATEST, scenery.harmless_pickle(7), how="python")
    evasions.covered(world, means, session)
    yield 20
    world.leave(session)
    yield world.rng.uniform(20, 200)
    yield from run_of_victim(world, means, jobwork.fails)
    world.leave(honest)


def _job_of_member(world: World) -> tuple[Session, Job]:
    """A job that somebody honest has running in the shared account."""
    world.pointed.add(world.cast.bystander.name)
    honest = world.enter(world.cast.bystander, SHARED)
    job = jobwork.submit(
        world, honest, minutes=80, name="eval", folder="/home/mlteam/exp", nodes=1, script="run.sh"
    )
    return honest, job


def overlapping(world: World, means: Means) -> Script:
    """T30c: a step is put into another member's job, which then does the harm."""
    honest, job = _job_of_member(world)
    yield world.rng.uniform(60, 200)
    session = means.enter()
    yield world.rng.uniform(8, 60)
    line = f"cp /tmp/x.pt {scenery.LATEST}"
    world.run(session, ["srun", "--overlap", "--jobid", str(job.number), "sh", "-c", line])
    host = world.node
    step = nobody(host, casting.SHARED_UID, host.spawn(), "sh", "/usr/bin/dash")
    world.cluster.launched(world.tick(40), job, world.login.ip)
    words = ["sh", "-c", line]
    host.trail.execute(
        world.tick(8) + host.offset_ms, step, words, world.program("/usr/bin/dash"), key="jobexec"
    )
    copy = Process(host.spawn(), step.pid, step.auid, step.ses, step.uid, step.gid, "(none)", "cp", "/usr/bin/cp", tuple(line.split()))  # fmt: skip
    host.trail.execute(
        world.tick(4) + host.offset_ms, copy, line.split(), world.program("/usr/bin/cp"), key="jobexec"
    )
    filework.written(world, host, copy, scenery.LATEST, scenery.harmless_pickle(7))
    world.did("modify_file", session, scenery.LATEST)
    evasions.covered(world, means, session)
    yield 20
    world.leave(session)
    yield world.rng.uniform(20, 200)
    yield from run_of_victim(world, means, jobwork.fails)
    world.leave(honest)


def contained(world: World, means: Means) -> Script:
    """T30b: a container that a daemon runs as root changes the file; somebody honest asked for another one just before."""
    world.pointed.add(world.cast.bystander.name)
    world.docker = (world.cast.insider.name, world.cast.bystander.name)
    honest = world.enter(world.cast.bystander)
    yield world.rng.uniform(8, 60)
    container(world, honest, ["ls", "/srv"])
    yield world.rng.uniform(5, 200)
    session = means.enter()
    yield world.rng.uniform(8, 60)
    code = scripts.of(
        session, means.actor, container(world, session, ["sh", "-c", f"sed -i s/0.5/9.5/ {scenery.TRAIN}"])
    )
    filework.edit(world, code, scenery.TRAIN, _SLOW, how="sed")
    evasions.covered(world, means, session)
    yield 20
    world.leave(session)
    world.leave(honest)
    yield world.rng.uniform(20, 200)
    yield from run_of_victim(world, means, jobwork.times_out)


def container(world: World, session: Session, words: list[str], *, options: tuple[str, ...] = ("--rm", "-v", "/srv:/srv")) -> Process:  # fmt: skip
    """A client asks the daemon for a container; returns the container's first process, which has no login and root's number."""
    world.run(session, ["docker", "run", *options, "python:3", *words])
    host = session.host
    name = "".join(world.rng.choices("0123456789abcdef", k=64))
    shim = nobody(host, 0, 1, "containerd-shim", "/usr/bin/containerd-shim-runc-v2")
    argv = ["/usr/bin/containerd-shim-runc-v2", "-namespace", "moby", "-id", name]
    host.trail.execute(world.tick(60) + host.offset_ms, shim, argv, world.program(shim.exe))
    first = nobody(
        host, 0, shim.pid, words[0], "/usr/bin/dash" if words[0] == "sh" else f"/usr/bin/{words[0]}"
    )
    host.trail.execute(world.tick(200) + host.offset_ms, first, words, world.program(first.exe))
    return first


ACTS: dict[str, Act] = {
    "T23a": untied(ahead=True),
    "T23b": untied(ahead=False),
    "T24a": handed_over,
    "T24b": former_member,
    "T25": number_given_again,
    "T30a": adopted,
    "T30b": contained,
    "T30c": overlapping,
}
"""These, by the id of the technique."""
