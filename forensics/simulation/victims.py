"""Jobs of the owner's that meet what was done: one that is submitted after it, or one that runs while somebody acts."""

from forensics.simulation import jobwork
from forensics.simulation.means import Means
from forensics.simulation.slurm import Job
from forensics.simulation.world import Deed, Script, Session, World


def harmed(world: World, means: Means, job: Job) -> None:
    """A job was harmed by what was done: for the truth."""
    who = means.actor.name if means.actor is not None else None
    world.deeds.append(
        Deed("harmed_job", who, job.user, world.now, str(job.number), job.number, harm=True, claimed=None)
    )


def run_of_victim(world: World, means: Means, ending: jobwork.Ending, *, nodes: int = 2, minutes: float = 6.0, harms: bool = True) -> Script:  # fmt: skip
    """The owner submits the next job; it meets what was done."""
    session = world.enter(world.cast.victim)
    yield world.rng.uniform(5, 40)

    def ends(world: World, job: Job) -> None:
        ending(world, job)
        if harms:
            world.deeds = [d for d in world.deeds if not (d.what == "own_failure" and d.job == job.number)]
            harmed(world, means, job)

    job = jobwork.submit(world, session, minutes=minutes, ending=ends, nodes=nodes)
    world.asked.append(job)
    yield minutes * 60 + 90
    world.run(session, ["squeue"])
    yield 20
    world.leave(session)


def target(world: World, *, account: str | None = None, minutes: float = 60.0) -> tuple[Session, Job]:
    """A job of the victim's that runs while somebody acts on it."""
    session = world.enter(world.cast.victim, account)
    job = jobwork.submit(world, session, minutes=minutes)
    world.asked.append(job)
    return session, job
