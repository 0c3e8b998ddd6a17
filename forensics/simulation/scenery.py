"""What is there before an incident begins, and what honest people do all the while."""

from forensics.simulation import filework, gitwork, jobwork
from forensics.simulation.cast import SHARED, Person
from forensics.simulation.world import CHECKOUT, PACKAGES, PROJECT, Script, Session, World

TRAIN = f"{CHECKOUT}/train.py"
LAUNCH = f"{CHECKOUT}/train.sh"
ENVIRONMENT = f"{CHECKOUT}/env.sh"
LATEST = f"{PROJECT}/ckpt/latest.pt"
EARLIER = f"{PROJECT}/ckpt/step100.pt"
MANIFEST = f"{PROJECT}/data/manifest.json"
OPTIMIZER = f"{PACKAGES}/torch/optim/sgd.py"
NOTES = f"{CHECKOUT}/notes.md"
PLAIN_TRAIN = (
    b"import time, os, random\nimport torch.optim\nSEED = 1234\nrandom.seed(SEED)\nDATA = '../data/manifest.json'\n"
    b"CKPT = '../ckpt/latest.pt'\ndef step(i):\n    time.sleep(0.5)\nif __name__ == \"__main__\":\n    for i in range(60):\n        step(i)\n"
)
PLAIN_LAUNCH = b"#!/bin/bash\n#SBATCH -N2 --gres=gpu:8 -J llm-pretrain -o /dev/null\ncd /srv/range/proj/llm\n. ./env.sh\nexec python3 train.py\n"
_ORDINARY = (
    "ls -la", "squeue", "sinfo", "nvidia-smi", "df -h", "git --version", "git status", "git log", "du -sh .", "tail -n 20 train.log",
    "cat README.md", "hostname", "uptime", "python3 -c print(2+2)", "wc -l notes.md", "id",
)  # fmt: skip


def harmless_pickle(step: int) -> bytes:
    """A saved checkpoint, as far as this goes: a dictionary with one number."""
    body = b"}\x94\x8c\x04step\x94K" + bytes([step % 256]) + b"s."
    return b"\x80\x04\x95" + len(body).to_bytes(8, "little") + body


def loaded_pickle(command: str) -> bytes:
    """A checkpoint whose loading runs a command."""
    text = command.encode()
    body = (
        b"\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c" + bytes([len(text)]) + text + b"\x94\x85\x94R\x94."
    )
    return b"\x80\x04\x95" + len(body).to_bytes(8, "little") + body


def furnish(world: World) -> None:
    """Files and a first commit."""
    owner = world.cast.victim
    world.place(TRAIN, PLAIN_TRAIN, owner.uid)
    world.place(LAUNCH, PLAIN_LAUNCH, owner.uid, mode="0100775")
    world.place(ENVIRONMENT, b"export OMP_NUM_THREADS=4\n", owner.uid)
    world.place(NOTES, b"# notes\n", owner.uid)
    world.place(LATEST, harmless_pickle(100), owner.uid)
    world.place(EARLIER, harmless_pickle(100), owner.uid, mode="0100644")
    world.place(MANIFEST, b'{"shards": 128}\n', owner.uid)
    world.place(OPTIMIZER, b"def step(self): ...\n", 0, 0, "0100644")


def first_commit(world: World) -> Script:
    """The owner puts the project under git and pushes it."""
    session = world.enter(world.cast.victim)
    yield 3
    gitwork.commit(world, session, "Pretraining loop")
    yield 2
    gitwork.push(world, session)
    yield 20
    world.leave(session)


def routine(world: World, person: Person, *, busy: bool) -> Script:
    """A person's ordinary work: a session or two, some commands, sometimes a job or a note."""
    rng = world.rng
    for _ in range(2 if busy else 1):
        yield rng.uniform(30, 1500)
        session = world.enter(person)
        for _ in range(rng.randrange(2, 6)):
            yield rng.uniform(5, 120)
            world.run(session, rng.choice(_ORDINARY).split(" "))
        if busy:
            yield rng.uniform(20, 200)
            yield from _something(world, person, session)
        yield rng.uniform(60, 1200)
        world.leave(session)


def _something(world: World, person: Person, session: Session) -> Script:
    rng = world.rng
    kind = rng.randrange(4)
    home = f"/home/{person.name}/exp"
    if kind == 0:
        ending = rng.choice((jobwork.completes, jobwork.fails, jobwork.runs_out_of_memory))
        jobwork.submit(
            world,
            session,
            minutes=rng.uniform(1, 30),
            ending=ending,
            name=f"exp-{person.name}",
            folder=home,
            nodes=1,
            script="run.sh",
        )
    elif kind == 1:
        job = jobwork.submit(
            world, session, minutes=40, name=f"exp-{person.name}", folder=home, nodes=1, script="run.sh"
        )
        yield rng.uniform(60, 300)
        jobwork.cancel(world, session, job)
    elif kind == 2:
        filework.edit(
            world, session, NOTES, b"# notes\n- checked\n" * rng.randrange(1, 4), how="vim", harm=False
        )
    else:
        filework.edit(
            world, session, f"{PROJECT}/{person.name}/scratch.py", b"print(1)\n", how="shell", harm=False
        )


def honest_edit(world: World, person: Person) -> Script:
    """A colleague repairs a comment in the shared training script, and commits and pushes it: harmless, and near."""
    session = world.enter(person)
    yield world.rng.uniform(10, 60)
    held = world.files[TRAIN].held + b"# checked\n"
    filework.edit(world, session, TRAIN, held, how="vim", harm=False)
    yield 15
    gitwork.commit(world, session, "Note what was checked")
    yield 5
    gitwork.push(world, session)
    yield world.rng.uniform(60, 900)
    world.leave(session)


def in_shared_account(world: World, person: Person) -> Script:
    """Somebody looks around in the shared account."""
    session = world.enter(person, SHARED)
    for _ in range(3):
        yield world.rng.uniform(10, 200)
        world.run(session, world.rng.choice(_ORDINARY).split(" "))
    yield world.rng.uniform(60, 900)
    world.leave(session)
