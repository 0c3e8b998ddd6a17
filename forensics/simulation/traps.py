"""Code of another: what somebody honest runs, and somebody else has written, does harm in the honest one's account."""

from collections.abc import Callable
from typing import NamedTuple

from forensics.simulation import atwork, evasions, filework, gitwork, jobwork, scenery, scripts
from forensics.simulation.cast import Person
from forensics.simulation.means import Means
from forensics.simulation.plan import COLLECTED
from forensics.simulation.slurm import Job
from forensics.simulation.trail import Process
from forensics.simulation.victims import harmed, run_of_victim, target
from forensics.simulation.world import CHECKOUT, PROJECT, Script, Session, World

REPORT = f"{PROJECT}/tools/report.sh"
HOOK = f"{CHECKOUT}/.git/hooks/post-commit"
MAKEFILE = f"{CHECKOUT}/Makefile"
SHADOW = f"{PROJECT}/bin/squeue"
_HARMLESS = b"#!/bin/sh\ntail -n 20 /srv/range/proj/llm/train.log\n"
_SLOW = scenery.PLAIN_TRAIN.replace(b"0.5", b"9.5")
TEXT = {
    "edit": f"sed -i {filework.substitution(_SLOW)} {scenery.TRAIN}",
    "remove": f"rm -f {scenery.LATEST}",
    "cancel": "sudo scancel $(squeue -h -t R -o %i)",
}
"""What is written into a trap, by what it is to do."""
Sprung = tuple[Session, Callable[[], None]]
"""What the trap does, as a session of whose doing it is; and how the honest one's session ends."""


class Trap(NamedTuple):
    """A way to have others run something.

    `lays` puts it there, and says what of it runs by itself, if anything does; None where it was there long ago. `springs` is
    the honest one who runs it, `runs` the daemon that does. `ready` is what was there before; `strikes` how it does what it is to do,
    where that is not by commands of its own. `clears` takes it away again, without a record, in some incidents of the later seeds.
    """

    lays: Callable[[World, Session, str], str | None] | None
    springs: Callable[[World, Person | None], Sprung] | None = None
    runs: Callable[[World, Person | None, str], Sprung] | None = None
    ready: Callable[[World], None] | None = None
    by_cron: bool = False
    strikes: Callable[[World, Session, str, Job | None], None] | None = None
    clears: Callable[[World, Session], None] | None = None


def strike(world: World, code: Session, kind: str, job: Job | None) -> None:
    """What the trap does: to a file that jobs read, or to a job."""
    if kind == "edit":
        filework.edit(world, code, scenery.TRAIN, _SLOW, how="sed")
    elif kind == "remove":
        filework.remove(world, code, scenery.LATEST)
    elif job is not None:
        jobwork.cancel(world, code, job, sudo="root")


def sprung(trap: Trap) -> Callable[[World, Means], Script]:
    """The incident of a trap: laid, left, and sprung by somebody honest."""

    def act(world: World, means: Means) -> Script:
        kind = world.rng.choice(tuple(TEXT))
        world.pointed.add(world.cast.bystander.name)
        if trap.ready is not None:
            trap.ready(world)
        owner, job = target(world, minutes=90) if kind == "cancel" else (None, None)
        yield world.rng.uniform(5, 60)
        session = means.enter()
        yield world.rng.uniform(8, 90)
        left = _laid(world, trap, session, TEXT[kind])
        yield world.rng.uniform(5, 60)
        evasions.covered(world, means, session)
        world.leave(session)
        yield _pause_s(world, trap, session, left)
        code, ends = _springs(world, trap, means.actor, left)
        (trap.strikes or strike)(world, code, kind, job)
        ends()
        if trap.clears is not None and means.plan.seed >= COLLECTED and world.rng.random() < 0.5:
            world.begin(_cleared(world, trap.clears, means), world.rng.uniform(20, 200))
        if job is None or owner is None:
            yield world.rng.uniform(20, 300)
            yield from run_of_victim(world, means, jobwork.times_out if kind == "edit" else jobwork.fails)
            return
        if job.state == "CANCELLED":
            harmed(world, means, job)
        yield 60
        world.leave(owner)

    return act


def _cleared(world: World, clears: Callable[[World, Session], None], means: Means) -> Script:
    """Whoever laid a trap comes once more, and takes it away."""
    session = means.enter()
    yield world.rng.uniform(5, 40)
    clears(world, session)
    yield world.rng.uniform(5, 40)
    world.leave(session)


def _laid(world: World, trap: Trap, session: Session, text: str) -> str | None:
    if trap.lays is not None:
        return trap.lays(world, session, text)
    world.run(session, ["ls", "-la"])
    return None


def _pause_s(world: World, trap: Trap, session: Session, left: str | None) -> float:
    """How long it is until the trap is sprung: cron looks each minute, and so do timers; at waits until the job is due."""
    if trap.by_cron:
        return 60 - world.now / 1000 % 60
    return world.rng.uniform(20, 400) if left is None else atwork.wait_s(world, session.host, left)


def _springs(world: World, trap: Trap, actor: Person | None, left: str | None) -> Sprung:
    if trap.runs is not None and left is not None:
        return trap.runs(world, actor, left)
    if trap.springs is None:
        raise ValueError("nobody springs the trap")
    return trap.springs(world, actor)


def works(world: World, session: Session) -> Callable[[], None]:
    """How somebody who works on goes: later, by their own leave."""

    def later() -> Script:
        yield world.rng.uniform(30, 600)
        world.run(session, ["ls", "-la"])
        world.leave(session)

    return lambda: world.begin(later())


def writes_report(world: World, session: Session, text: str) -> None:
    """The script that everybody uses is written anew."""
    scripts.put(world, session, REPORT, f"#!/bin/sh\n{text}\n".encode())


def reports_there(world: World) -> None:
    """The script was there, and everybody has used it."""
    world.place(REPORT, _HARMLESS, world.cast.victim.uid, mode="0100775")


def _there_of_insider(world: World) -> None:
    """A script of whoever acts was there before anything is on record."""
    world.place(REPORT, _HARMLESS, world.cast.insider.uid, mode="0100775")


def _reports(world: World, actor: Person | None) -> Sprung:
    session = world.enter(world.cast.bystander)
    world.tick(9000)
    if world.rng.random() < 0.5:
        return scripts.given(world, session, REPORT, actor), works(world, session)
    return scripts.ran(world, session, REPORT, actor, typed=REPORT), works(world, session)


def _lays_hook(world: World, session: Session, text: str) -> None:
    world.chdir(session, CHECKOUT)
    scripts.put(world, session, HOOK, f"#!/bin/sh\n{text}\n".encode(), name=HOOK.removeprefix(f"{CHECKOUT}/"))


def _commits(world: World, actor: Person | None) -> Sprung:
    session = world.enter(world.cast.bystander)
    world.tick(9000)
    filework.edit(world, session, scenery.NOTES, b"# notes\n- read\n", how="vim", harm=False)
    made: list[Session] = []

    def hook(git: Process) -> None:
        made.append(scripts.ran(world, session, HOOK, actor, name=".git/hooks/post-commit", parent=git))

    gitwork.commit(world, session, "Note what was read", hook=hook)
    return made[0], works(world, session)


def _profile(world: World) -> str:
    return f"/home/{world.cast.bystander.name}/.bash_profile"


def _lays_profile(world: World, session: Session, text: str) -> None:
    path = _profile(world)
    world.typed(session, f"echo '{text}' | sudo tee -a {path}")
    process = world.run(session, ["tee", "-a", path], sudo="root", quiet=True)
    filework.written(world, session.host, process, path, world.files[path].held + f"{text}\n".encode())
    world.did("modify_file", session, path)


def _logs_in(world: World, actor: Person | None) -> Sprung:
    session = world.enter(world.cast.bystander)
    world.tick(80)
    return scripts.of(session, actor, session.shell), works(world, session)


def _lays_shadow(world: World, session: Session, text: str) -> None:
    own = f"/home/{session.account}/bin/squeue"
    held = f'#!/bin/sh\n{text}\nexec /usr/bin/squeue "$@"\n'.encode()
    if world.rng.random() < 0.5:
        scripts.put(world, session, SHADOW, held)
    else:
        scripts.put(world, session, own, held)
        scripts.link(world, session, own, SHADOW)


def _asks(world: World, actor: Person | None) -> Sprung:
    session = world.enter(world.cast.bystander)
    world.tick(5000)
    return scripts.ran(world, session, SHADOW, actor, typed="squeue"), works(world, session)


def _lays_makefile(world: World, session: Session, text: str) -> None:
    how = world.rng.choice(("vim", "sed"))
    filework.edit(world, session, MAKEFILE, f"report:\n\t{text}\n".encode(), how=how)


def _makes(world: World, actor: Person | None) -> Sprung:
    session = world.enter(world.cast.bystander)
    world.chdir(session, CHECKOUT)
    world.tick(5000)
    make = world.run(session, ["make", "report"])
    words = ["/bin/sh", "-c", "report"]
    shell = world.run(session, words, parent=make, quiet=True, path="/usr/bin/dash")
    return scripts.of(session, actor, shell), works(world, session)


def _lays_cron(world: World, session: Session, text: str) -> str:
    owner = world.cast.bystander.name
    gitwork.plant_crontab(world, session, f"* * * * * {text}", sudo="root", account=owner)
    return text


def _cron_runs(world: World, actor: Person | None, left: str) -> Sprung:
    name = None if actor is None else actor.name
    ran = gitwork.by_cron(world, world.cast.bystander.name, left, name, harmful=True)
    return ran, lambda: gitwork.cron_ends(world, ran)


def _lays_at(world: World, session: Session, text: str) -> str:
    return atwork.leave(world, session, world.cast.bystander.name, world.rng.randrange(2, 9), text)


def _at_runs(world: World, actor: Person | None, left: str) -> Sprung:
    name = None if actor is None else actor.name
    ran = atwork.begun(world, world.login, world.cast.bystander.name, left, name)
    return ran, lambda: atwork.ends(world, ran)


def _own_crontab(world: World) -> None:
    """Somebody honest had cron run a shared script, long ago or a while before."""
    reports_there(world)
    session = world.enter(world.cast.bystander)
    gitwork.plant_crontab(world, session, f"* * * * * /bin/sh {REPORT}")
    world.leave(session)


def _cron_reports(world: World, actor: Person | None) -> Sprung:
    honest = gitwork.by_cron(world, world.cast.bystander.name, f"/bin/sh {REPORT}", None)
    process = world.run(honest, ["/bin/sh", REPORT], quiet=True, path="/usr/bin/dash")
    return scripts.of(honest, actor, process), lambda: gitwork.cron_ends(world, honest)


def _makefile_there(world: World) -> None:
    world.place(MAKEFILE, b"report:\n\ttail -n 20 train.log\n", world.cast.victim.uid)


def _profile_there(world: World) -> None:
    owner = world.cast.bystander.uid
    if _profile(world) not in world.files:
        world.place(_profile(world), b'HISTSIZE=5000\nPS1="$ "\n', owner, owner, "0100644")


ACTS = {
    "T21a": sprung(Trap(writes_report, _reports, ready=reports_there)),
    "T21b": sprung(Trap(_lays_hook, _commits)),
    "T21c": sprung(Trap(_lays_profile, _logs_in, ready=_profile_there)),
    "T21d": sprung(Trap(_lays_shadow, _asks)),
    "T21e": sprung(Trap(_lays_makefile, _makes, ready=_makefile_there)),
    "T21f": sprung(Trap(_lays_cron, runs=_cron_runs, by_cron=True)),
    "T21g": sprung(Trap(_lays_at, runs=_at_runs)),
    "T21h": sprung(Trap(None, _reports, ready=_there_of_insider)),
    "T28": sprung(Trap(writes_report, _cron_reports, ready=_own_crontab, by_cron=True)),
}
"""The traps, by the id of the technique."""
