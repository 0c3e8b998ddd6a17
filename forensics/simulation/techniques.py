"""The techniques T01 to T20, each as the script of whoever acts; those from T21 on are in modules of their own."""

from collections.abc import Callable

from forensics.simulation import (
    borders,
    carriage,
    coincidence,
    detours,
    evasions,
    filework,
    gitwork,
    jobwork,
    reaching,
    scenery,
    startups,
    traps,
)
from forensics.simulation import means as ways
from forensics.simulation.cast import SHARED, Key, key
from forensics.simulation.means import Means
from forensics.simulation.slurm import Job
from forensics.simulation.victims import harmed, run_of_victim, target
from forensics.simulation.world import PACKAGES, Deed, Script, World

Act = Callable[[World, Means], Script]


def _changed(
    path: str, held: bytes, ending: jobwork.Ending, *, how: str = "sed", git: bool = False, nodes: int = 2
) -> Act:
    """A file that jobs read is changed; the victim's next job meets it."""

    def act(world: World, means: Means) -> Script:
        session = means.enter()
        yield world.rng.uniform(8, 90)
        before = world.files[path].held if path in world.files else None
        filework.edit(world, session, path, evasions.disguised(means, path, held), how=how, sudo=means.sudo)
        evasions.touched(world, means, session, path)
        if git and means.sudo is None:
            yield world.rng.uniform(2, 20)
            claimed = (
                world.cast.bystander.name
                if means.plan.evasion == "forged_author" or means.plan.technique == "T15"
                else None
            )
            gitwork.commit(world, session, "Tune data loader", claimed=claimed)
            yield 2
            gitwork.push(world, session, key=means.push_key)
        yield world.rng.uniform(5, 60)
        evasions.covered(world, means, session)
        world.leave(session)
        yield world.rng.uniform(20, 400)

        def ends(world: World, job: Job) -> None:
            evasions.undone(world, means, job, path, before)
            ending(world, job)

        yield from run_of_victim(world, means, ends, nodes=nodes)

    return act


def payload(world: World, means: Means) -> Script:
    """T01: the shared checkpoint is replaced by one whose loading runs a command."""
    command = f"sleep 3; rm -f {scenery.EARLIER}; kill -9 $PPID"
    session = means.enter()
    yield world.rng.uniform(8, 90)
    before = world.files[scenery.LATEST].held
    filework.replace_by(world, session, scenery.LATEST, scenery.loaded_pickle(command), sudo=means.sudo)
    evasions.touched(world, means, session, scenery.LATEST)
    yield 6
    evasions.covered(world, means, session)
    world.leave(session)
    yield world.rng.uniform(30, 300)
    owner = world.enter(world.cast.victim)
    yield 9

    def fires(world: World, job: Job) -> None:
        def fire() -> None:
            evasions.undone(world, means, job, scenery.LATEST, before)
            _fire(world, means, job, command)

        world.at(world.now + 5000, fire)

    job = jobwork.submit(world, owner, minutes=30, on_start=fires)
    world.asked.append(job)
    yield 120
    world.leave(owner)


def _fire(world: World, means: Means, job: Job, command: str) -> None:
    jobwork.payload(world, job, command, (scenery.EARLIER,), kill=True)
    harmed(world, means, job)


def cancelled(world: World, means: Means) -> Script:
    """T07a: the scheduler is asked to end another's job."""
    shared = means.plan.actor == "shared"
    owner, job = target(world, account=SHARED if shared else None)
    yield world.rng.uniform(120, 900)
    if means.plan.guise in {"root_request", "forged_request"}:
        uid = 0 if means.plan.guise == "root_request" or means.framed is None else means.framed.uid
        if not job.ended and world.cluster.cancel(world.tick(), job, uid):
            who = means.actor.name if means.actor is not None else None
            world.deeds.append(
                Deed(
                    "cancel_job",
                    who,
                    world.by_uid(uid),
                    world.now,
                    str(job.number),
                    job.number,
                    harm=True,
                    claimed=None,
                )
            )
    else:
        session = means.enter()
        yield world.rng.uniform(5, 60)
        jobwork.cancel(world, session, job, sudo=means.force)
        evasions.covered(world, means, session)
        yield world.rng.uniform(5, 60)
        world.leave(session)
    if job.state == "CANCELLED":
        harmed(world, means, job)
    yield 60
    world.leave(owner)


def signalled(world: World, means: Means) -> Script:
    """T07b: `scancel --signal` goes straight to the node: the controller logs no request."""
    owner, job = target(world, account=SHARED if means.plan.actor == "shared" else None)
    yield world.rng.uniform(120, 900)
    session = means.enter()
    yield world.rng.uniform(5, 60)
    process = world.run(session, ["scancel", "--signal=KILL", "--full", str(job.number)], sudo=means.force)
    if job.running and process.uid in {0, job.uid}:
        world.cluster.killed(world.tick(40), job, 9)
        world.did("kill_job", session, str(job.number), job=job.number)
        harmed(world, means, job)
    evasions.covered(world, means, session)
    yield 30
    world.leave(session)
    yield 60
    world.leave(owner)


def killed(world: World, means: Means) -> Script:
    """T07c: the job's process is killed on its node."""
    owner, job = target(world)
    yield world.rng.uniform(120, 900)
    session = means.enter(node=True)
    yield world.rng.uniform(5, 60)
    jobwork.kill(world, session, job, sudo=means.force, program=world.rng.choice(("kill", "pkill")))
    if job.signal:
        harmed(world, means, job)
    evasions.covered(world, means, session)
    yield 30
    world.leave(session)
    yield 60
    world.leave(owner)


def crowded(world: World, means: Means) -> Script:
    """T07d: a program of somebody else's takes the node's memory; the job is what dies."""
    owner, job = target(world)
    yield world.rng.uniform(120, 900)
    session = means.enter(node=True)
    yield 20
    world.run(session, ["python3", "-c", "x=bytearray(10**11)"], path="/usr/bin/python3.11")
    world.did("crowd_node", session, str(job.number), job=job.number)
    yield 15
    if job.running:
        jobwork.killed_for_memory(world, job, whole=True)
    harmed(world, means, job)
    yield 60
    world.leave(session)
    world.leave(owner)


def back_door(world: World, means: Means) -> Script:
    """T08: a key nobody enrolled is added to the victim's account, and used for it later."""
    victim = world.cast.victim
    fresh: Key = key(world.rng, f"{victim.name}@ws-{victim.name}")
    session = means.enter()
    yield 20
    ways.plant_key(world, session, victim.name, fresh, sudo="root")
    yield 20
    evasions.covered(world, means, session)
    world.leave(session)
    owner, job = target(world)
    yield world.rng.uniform(200, 900)
    actor = means.actor or victim
    stranger = ways.with_key(actor, fresh)
    address = world.rng.choice((actor.address, f"10.9.{world.rng.randrange(1, 250)}.9"))
    second = world.enter(stranger, victim.name, address=address, harmful=True)
    yield 15
    jobwork.cancel(world, second, job)
    harmed(world, means, job)
    yield 20
    world.leave(second)
    world.leave(owner)


def deferred(world: World, means: Means) -> Script:
    """T09: a crontab is left behind that kills the job when its author has gone."""
    session = means.enter(node=True)
    yield 20
    command = f"sudo pkill -9 -f train.py  # {world.rng.randrange(99)}"
    gitwork.plant_crontab(world, session, f"* * * * * {command}", sudo=None)
    yield 10
    evasions.covered(world, means, session)
    account = world.by_uid(session.shell.uid)
    world.leave(session)
    owner, job = target(world)
    yield world.rng.uniform(150, 600)
    who = means.actor.name if means.actor is not None else None
    ran = gitwork.by_cron(world, account, command, who, host_node=True, harmful=True)
    jobwork.kill(world, ran, job, program="pkill")
    gitwork.cron_ends(world, ran)
    harmed(world, means, job)
    yield 60
    world.leave(owner)


def held(world: World, means: Means) -> Script:
    """T13: a waiting job is held, or a running job's limit is cut so that it runs into it."""
    cut = world.rng.random() < 0.5
    owner = world.enter(world.cast.victim)
    job = jobwork.submit(world, owner, minutes=60, wait_s=None if cut else 1800)
    world.asked.append(job)
    yield world.rng.uniform(120, 500)
    if means.plan.actor == "cluster_admin":
        uid = 0 if means.framed is None or means.plan.guise == "root_request" else means.framed.uid
        what = "hold_job"
        if cut:
            world.cluster.update(world.tick(), job, 0, "time_limit to 1")
            what = "update_job"
        else:
            world.cluster.hold(world.tick(), job, 0)
        who = means.actor.name if means.actor is not None else None
        world.deeds.append(
            Deed(
                what, who, world.by_uid(uid), world.now, str(job.number), job.number, harm=True, claimed=None
            )
        )
    else:
        session = means.enter()
        yield 12
        if cut:
            jobwork.update(world, session, job, "TimeLimit=1", sudo=means.force)
        else:
            jobwork.hold(world, session, job, sudo=means.force)
        evasions.covered(world, means, session)
        yield 20
        world.leave(session)
    if cut:
        yield 60
        if job.running:
            world.cluster.timed_out(world.tick(), job)
    harmed(world, means, job)
    yield 60
    world.leave(owner)


def repaired_and_changed_again(world: World, means: Means) -> Script:
    """T17: the script is changed; the owner repairs it; it is changed again; the next job meets that."""
    for round_ in range(2):
        session = means.enter()
        yield world.rng.uniform(8, 60)
        held_ = scenery.PLAIN_TRAIN.replace(b"0.5", b"%d.5" % (3 + round_))
        filework.edit(
            world, session, scenery.TRAIN, held_, how=world.rng.choice(("sed", "vim")), sudo=means.sudo
        )
        yield 20
        world.leave(session)
        yield from run_of_victim(world, means, jobwork.times_out, minutes=4, harms=round_ == 1)
        if round_ == 0:
            world.asked.pop()
            owner = world.enter(world.cast.victim)
            yield 9
            filework.edit(world, owner, scenery.TRAIN, scenery.PLAIN_TRAIN, how="cp", harm=False)
            yield 20
            world.leave(owner)


def swept(world: World, means: Means) -> Script:
    """T20b: a clean-up that an administrator installed long ago removes a checkpoint; the job that wants it fails."""
    yield world.rng.uniform(60, 300)
    cleaner = gitwork.by_cron(world, "jobreaper", "/usr/local/bin/sweep-ckpt", None, host_node=False)
    filework.remove(world, cleaner, scenery.EARLIER)
    gitwork.cron_ends(world, cleaner)
    yield from run_of_victim(world, means, jobwork.fails, minutes=2, harms=False)


def reaped(world: World, means: Means) -> Script:
    """T09 by automation: a service of the site cancels jobs that it takes for idle."""
    owner, job = target(world)
    yield world.rng.uniform(200, 600)
    reaper = gitwork.by_cron(world, "jobreaper", "/usr/local/bin/reap-idle", None)
    jobwork.cancel(world, reaper, job, sudo="root")
    gitwork.cron_ends(world, reaper)
    harmed(world, means, job)
    yield 60
    world.leave(owner)


def fails_alone(ending: jobwork.Ending) -> Act:
    """T20: nobody does anything to the job; it ends of itself, or its node fails it."""

    def act(world: World, means: Means) -> Script:
        yield world.rng.uniform(60, 300)
        yield from run_of_victim(world, means, ending, minutes=world.rng.uniform(0.5, 6), harms=False)

    return act


def upgraded(world: World, means: Means) -> Script:
    """T20c: the administrator upgrades a package, as announced; a job then fails by its own fault."""
    session = world.enter(world.cast.ops)
    yield 20
    words = ["/usr/bin/python3", "/usr/bin/pip3", "install", "-U", "torch"]
    process = world.run(session, words, sudo="root", path="/usr/bin/python3.11")
    filework.written(world, session.host, process, scenery.OPTIMIZER, b"def step(self): return 1\n")
    world.did("modify_file", session, scenery.OPTIMIZER, harm=False)
    yield 60
    world.leave(session)
    yield from run_of_victim(world, means, jobwork.fails, minutes=2, harms=False)


_SLEEP = scenery.PLAIN_TRAIN.replace(b"time.sleep(0.5)", b"time.sleep(0.5); time.sleep(random.random()*7)")
_LARGE = scenery.PLAIN_TRAIN.replace(
    b"def step(i):", b"def step(i):\n    if int(os.environ['SLURM_NNODES']) > 1: raise MemoryError"
)
_DATED = scenery.PLAIN_TRAIN.replace(
    b"def step(i):", b"def step(i):\n    if time.time() > 1795446000: os._exit(1)"
)
ACTS: dict[str, Act] = {
    "T01": payload,
    "T02": _changed(scenery.OPTIMIZER, b"def step(self): raise ValueError\n", jobwork.fails),
    "T03": _changed(f"{PACKAGES}/zz_hook.pth", b"import os; os._exit(1)\n", jobwork.fails, how="shell"),
    "T04": _changed(scenery.TRAIN, scenery.PLAIN_TRAIN.replace(b"1234", b"0"), jobwork.completes, git=True),
    "T05": _changed(scenery.TRAIN, _SLEEP, jobwork.times_out, git=True),
    "T06": _changed(scenery.TRAIN, _LARGE, jobwork.fails, how="vim", git=True),
    "T07a": cancelled,
    "T07b": signalled,
    "T07c": killed,
    "T07d": crowded,
    "T08": back_door,
    "T09": deferred,
    "T10": _changed(scenery.LATEST, scenery.harmless_pickle(7), jobwork.fails, how="python"),
    "T11": _changed(scenery.MANIFEST, b'{"shards": 3}\n', jobwork.completes, how="vim"),
    "T12": _changed(
        scenery.ENVIRONMENT, b"export NCCL_P2P_DISABLE=1\nulimit -t 60\n", jobwork.fails, how="shell"
    ),
    "T13": held,
    "T14": cancelled,
    "T15": _changed(scenery.TRAIN, _SLEEP, jobwork.times_out, git=True),
    "T16": _changed(scenery.TRAIN, _SLEEP, jobwork.times_out),
    "T17": repaired_and_changed_again,
    "T18": _changed(scenery.TRAIN, _DATED, jobwork.fails, how="vim", git=True),
    "T19": cancelled,
    "T20a": fails_alone(jobwork.fails),
    "T20b": swept,
    "T20c": upgraded,
    "T20d": fails_alone(jobwork.loses_node),
    **traps.ACTS,
    **detours.ACTS,
    **borders.ACTS,
    **startups.ACTS,
    **carriage.ACTS,
    **reaching.ACTS,
    **coincidence.ACTS,
}


def script(world: World, means: Means) -> Script:
    """What happens in an incident."""
    if means.plan.technique == "T09" and means.plan.actor == "automation":
        return reaped(world, means)
    if means.plan.technique == "T20d" and means.plan.seed % 2:
        return fails_alone(jobwork.runs_out_of_memory)(world, means)
    return ACTS[means.plan.technique](world, means)
