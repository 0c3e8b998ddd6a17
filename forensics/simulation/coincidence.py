"""Honest routine that falls into the very minute of the harmful act, on the same files or the same scheduler."""

from collections.abc import Callable

from forensics.simulation import evasions, filework, gitwork, jobwork, scenery
from forensics.simulation.cast import Person
from forensics.simulation.means import Means
from forensics.simulation.victims import harmed, run_of_victim, target
from forensics.simulation.world import PROJECT, Script, Session, World

Act = Callable[[World, Means], Script]
_SLOW = scenery.PLAIN_TRAIN.replace(b"0.5", b"9.5")
_SWEEP = f"find {PROJECT}/ckpt -name step*.pt -mmin +60 -delete"
_TIDY = f"sed -i s/[[:space:]]*$// {scenery.TRAIN}"


def swept_meanwhile(world: World, means: Means) -> Script:
    """T41a: an old crontab of somebody honest's removes old checkpoints, or tidies the script, in the minute of the harmful edit."""
    honest = world.cast.bystander
    world.pointed.add(honest.name)
    session = means.enter()
    yield world.rng.uniform(8, 60)
    yield 60 - world.now / 1000 % 60
    before = world.rng.random() < 0.5
    if before:
        _own_cron(world, honest)
        yield world.rng.uniform(1, 25)
    _harms(world, means, session)
    if not before:
        yield 60 - world.now / 1000 % 60
        _own_cron(world, honest)
    yield world.rng.uniform(5, 30)
    evasions.covered(world, means, session)
    world.leave(session)
    yield world.rng.uniform(20, 300)
    yield from run_of_victim(world, means, jobwork.times_out)


def _harms(world: World, means: Means, session: Session) -> None:
    held = _SLOW + world.files[scenery.TRAIN].held[len(scenery.PLAIN_TRAIN) :]
    how = world.rng.choice(("sed", "vim", "shell"))
    filework.edit(world, session, scenery.TRAIN, held, how=how, sudo=means.sudo)


def _own_cron(world: World, honest: Person) -> None:
    sweeps = world.rng.random() < 0.5
    ran = gitwork.by_cron(world, honest.name, _SWEEP if sweeps else _TIDY, honest.name)
    if sweeps:
        process = world.run(ran, ["find", *_SWEEP.split()[1:]], quiet=True)
        filework.gone(world, ran.host.trail, process, scenery.EARLIER, ran.host.offset_ms)
        world.did("delete_file", ran, scenery.EARLIER, harm=False)
    else:
        held = world.files[scenery.TRAIN].held
        filework.edit(world, ran, scenery.TRAIN, held, how="sed", harm=False)
    gitwork.cron_ends(world, ran)


def crowded_minute(world: World, means: Means) -> Script:
    """T41b: two honest ones save the same file within the minute of the harmful edit."""
    first, last = world.cast.bystander, (*world.cast.others, world.cast.ops)[0]
    world.pointed |= {first.name, last.name}
    sessions = [world.enter(first), means.enter(), world.enter(last)]
    yield world.rng.uniform(20, 90)
    for n in world.rng.sample((0, 1, 2), 3):
        if n == 1:
            _harms(world, means, sessions[n])
        else:
            held = world.files[scenery.TRAIN].held + b"# read\n"
            how = world.rng.choice(("sed", "vim", "shell"))
            filework.edit(world, sessions[n], scenery.TRAIN, held, how=how, harm=False)
        yield world.rng.uniform(2, 18)
    evasions.covered(world, means, sessions[1])
    for session in sessions:
        yield world.rng.uniform(5, 60)
        world.leave(session)
    yield from run_of_victim(world, means, jobwork.times_out)


def ends_own(world: World, means: Means) -> Script:
    """T41c: somebody honest ends a job of their own within a second of another's being ended."""
    honest = world.cast.bystander
    world.pointed.add(honest.name)
    owner, job = target(world, minutes=90)
    theirs, session = world.enter(honest), means.enter()
    yield world.rng.uniform(5, 40)
    own = jobwork.submit(
        world, theirs, minutes=80, name=f"exp-{honest.name}", folder=f"/home/{honest.name}/exp", nodes=1, script="run.sh"
    )  # fmt: skip
    yield world.rng.uniform(60, 200)
    if world.rng.random() < 0.5:
        jobwork.cancel(world, theirs, own)
        world.tick(world.rng.randrange(5, 900))
        jobwork.cancel(world, session, job, sudo=means.force)
    else:
        jobwork.cancel(world, session, job, sudo=means.force)
        world.tick(world.rng.randrange(5, 900))
        jobwork.cancel(world, theirs, own)
    if job.state == "CANCELLED":
        harmed(world, means, job)
    yield 20
    evasions.covered(world, means, session)
    for one in (session, theirs, owner):
        world.leave(one)


ACTS: dict[str, Act] = {"T41a": swept_meanwhile, "T41b": crowded_minute, "T41c": ends_own}
"""These, by the id of the technique."""
