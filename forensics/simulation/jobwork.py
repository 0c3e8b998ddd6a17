"""Jobs, from submission to end, and what people ask of the scheduler or do to their processes."""

from collections.abc import Callable
from dataclasses import replace

from forensics.simulation.filework import gone
from forensics.simulation.host import Host
from forensics.simulation.slurm import Job
from forensics.simulation.trail import File, Process
from forensics.simulation.world import CHECKOUT, LOADER, Deed, Session, World, nobody

Ending = Callable[[World, Job], None]
"""How a job ends when nobody ends it before."""


def completes(world: World, job: Job) -> None:
    """It does its work."""
    world.cluster.exited(world.tick(), job, 0)


def fails(world: World, job: Job) -> None:
    """Its own program raises."""
    world.cluster.exited(world.tick(), job, 1)
    _of_itself(world, job)


def runs_out_of_memory(world: World, job: Job) -> None:
    """It wants more memory than it may have."""
    killed_for_memory(world, job, whole=False)
    _of_itself(world, job)


def killed_for_memory(world: World, job: Job, *, whole: bool) -> None:
    """The kernel kills a job's program for want of memory: of the whole node, or of what the job may have."""
    world.node.out_of_memory(world.tick(), job.number, process_of(world, job), whole=whole)
    world.cluster.out_of_memory(world.tick(), job)


def loses_node(world: World, job: Job) -> None:
    """Its node goes away."""
    world.cluster.node_failed(world.tick(), job)


def times_out(world: World, job: Job) -> None:
    """It runs into its limit."""
    world.cluster.timed_out(world.tick(), job)
    _of_itself(world, job)


def _of_itself(world: World, job: Job) -> None:
    world.deeds.append(
        Deed("own_failure", None, job.user, world.now, str(job.number), job.number, harm=False, claimed=None)
    )


def submit(  # noqa: PLR0913 - a job's own options
    world: World, session: Session, *, minutes: float, ending: Ending = completes, script: str = "train.sh", nodes: int = 2,
    name: str = "llm-pretrain", folder: str = CHECKOUT, on_start: Ending | None = None, wait_s: float | None = None,
) -> Job:  # fmt: skip
    """Submit a job; unless somebody ends it, it ends after some minutes in the way given."""
    world.chdir(session, folder)
    world.run(session, ["sbatch", script])
    job = world.cluster.submit(
        world.tick(30), name, session.account, session.uid, folder, f"sbatch {script}", nodes
    )
    pause = world.rng.uniform(0.4, 1.5) if wait_s is None else wait_s
    world.did("submit", session, str(job.number), job=job.number, harm=False)

    def begin() -> None:
        if job.ended:
            return
        if job.held:
            world.at(world.now + 60_000, begin)
            return
        _start(world, job)
        if on_start is not None:
            on_start(world, job)
        world.at(world.now + int(minutes * 60_000), finish)

    def finish() -> None:
        if job.running:
            ending(world, job)

    world.at(world.now + int(pause * 1000), begin)
    return job


def _start(world: World, job: Job) -> None:
    host = world.node
    task = host.spawn()
    world.cluster.start(world.tick(), job, task)
    at = world.tick(56) + host.offset_ms
    spool = f"/var/spool/slurmd/job{job.number:05d}/slurm_script"
    step = host.spawn()
    batch = Process(task, step, 4294967295, 4294967295, job.uid, job.uid, "(none)", "slurm_script", "/usr/bin/bash", ("/bin/bash", spool), cwd=job.workdir)  # fmt: skip
    files = [
        (spool, File(1524000 + job.number, "0100700", job.uid, 0)),
        ("/bin/bash", File(260104, "0100755", 0, 0)),
    ]
    host.trail.execute(at, batch, ["/bin/bash", spool], [*files, LOADER], key="jobexec")
    program = process_of(world, job)
    host.trail.execute(at, program, ["python3", "eval.py" if job.line.endswith("eval.sh") else "train.py"], [("/usr/bin/python3", File(260811, "0100755", 0, 0)), LOADER], key="jobexec")  # fmt: skip


def process_of(world: World, job: Job) -> Process:
    """The process of a job's training program."""
    return Process(
        job.task, world.node.pid, 4294967295, 4294967295, job.uid, job.uid, "(none)", "python3", "/usr/bin/python3.11",
        ("/bin/bash", f"/var/spool/slurmd/job{job.number:05d}/slurm_script"), cwd=job.workdir,
    )  # fmt: skip


def payload(world: World, job: Job, command: str, removed: tuple[str, ...], *, kill: bool) -> None:
    """What a loaded file makes the job's own process do: run a shell that removes files and may kill its parent."""
    host, parent = world.node, process_of(world, job)
    shell = replace(
        parent, pid=host.spawn(), ppid=parent.pid, comm="sh", exe="/usr/bin/dash", title=("sh", "-c", command)
    )
    host.trail.execute(world.tick() + host.offset_ms, shell, ["sh", "-c", command], [("/bin/sh", File(260180, "0100755", 0, 0)), LOADER], key="jobexec")  # fmt: skip
    for path in removed:
        tool = replace(
            shell, pid=host.spawn(), ppid=shell.pid, comm="rm", exe="/usr/bin/rm", title=("rm", "-f", path)
        )
        host.trail.execute(world.tick(3000) + host.offset_ms, tool, ["rm", "-f", path], [("/usr/bin/rm", File(260831, "0100755", 0, 0)), LOADER], key="jobexec")  # fmt: skip
        gone(world, host.trail, tool, path, host.offset_ms)
    if kill and job.running:
        host.trail.signal(world.tick() + host.offset_ms, shell, 9, parent)
        world.cluster.killed(world.tick(), job, 9)


def cancel(
    world: World, session: Session, job: Job, *, sudo: str | None = None, options: tuple[str, ...] = (), uid: int | None = None
) -> None:  # fmt: skip
    """Ask the scheduler to end a job; by the uid of the command, which is what the controller checks."""
    process = world.run(session, ["scancel", *options, str(job.number)], sudo=sudo)
    asked = process.uid if uid is None else uid
    done = not job.ended and world.cluster.cancel(world.tick(30), job, asked)
    own = session.person == world.by_uid(job.uid)
    if done:
        world.did(
            "cancel_job",
            session,
            str(job.number),
            job=job.number,
            harm=None if not own or session.harmful else False,
        )


def kill(
    world: World,
    session: Session,
    job: Job,
    *,
    sudo: str | None = "root",
    number: int = 9,
    program: str = "kill",
) -> None:
    """Send a signal to a job's process, past the scheduler, on the host that it runs on."""
    argv = (
        ["kill", f"-{number}", str(job.task)]
        if program == "kill"
        else ["pkill", f"-{number}", "-f", "train.py"]
    )
    process = world.run(session, argv, sudo=sudo)
    if session.host is not world.node or not job.running or process.uid not in {0, job.uid}:
        return
    _signalled(world, session.host, process, job, number)
    world.did("kill_job", session, str(job.number), job=job.number)


def _signalled(world: World, host: Host, process: Process, job: Job, number: int) -> None:
    host.trail.signal(world.tick() + host.offset_ms, process, number, process_of(world, job))
    world.cluster.killed(world.tick(5), job, number)


def hold(world: World, session: Session, job: Job, *, sudo: str | None = None) -> None:
    """Hold a job that is waiting."""
    process = world.run(session, ["scontrol", "hold", str(job.number)], sudo=sudo)
    if world.cluster.hold(world.tick(20), job, process.uid):
        world.did("hold_job", session, str(job.number), job=job.number)


def update(world: World, session: Session, job: Job, what: str, *, sudo: str | None = None) -> None:
    """Change a job's settings, such as its time limit."""
    process = world.run(session, ["scontrol", "update", f"JobId={job.number}", what], sudo=sudo)
    name, _, value = what.partition("=")
    words = {"TimeLimit": "time_limit to", "Priority": "priority to", "NumNodes": "min_nodes to"}[name]
    if world.cluster.update(world.tick(20), job, process.uid, f"{words} {value}"):
        world.did("update_job", session, str(job.number), job=job.number)


def service(world: World, account: str, comm: str, exe: str) -> Process:
    """A process of a service on the node."""
    return nobody(world.node, world.accounts[account], 1, comm, exe)
