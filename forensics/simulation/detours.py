"""Harm that comes to the jobs by a way that an honest one is on: a branch moved on, an edit beside, an old version put back."""

from collections.abc import Callable

from forensics.simulation import evasions, filework, gitwork, jobwork, scenery
from forensics.simulation.means import Means
from forensics.simulation.victims import run_of_victim
from forensics.simulation.world import CHECKOUT, Script, Session, World

Act = Callable[[World, Means], Script]
_SLOW = scenery.PLAIN_TRAIN.replace(b"0.5", b"9.5")


def moved(*, by_hand: bool) -> Act:
    """T22: somebody honest tries something in a branch of their own; whoever acts puts it into the one that jobs run."""

    def act(world: World, means: Means) -> Script:
        honest = world.cast.bystander
        world.pointed.add(honest.name)
        session, branch = world.enter(honest), f"{honest.name}-try"
        yield world.rng.uniform(8, 60)
        tried = gitwork.commit_away(world, session, scenery.TRAIN, _SLOW, "Try slow steps")
        yield 3
        refs = f"HEAD:refs/heads/{branch}"
        gitwork.push(world, session, new=tried, branch=branch, refs=refs)
        yield world.rng.uniform(20, 200)
        world.leave(session)
        session = means.enter()
        yield world.rng.uniform(8, 90)
        if by_hand:
            gitwork.move_by_hand(world, session, "main", branch, tried)
        else:
            world.chdir(session, f"/home/{session.account}/llm")
            world.run(session, ["git", "fetch", "-q"])
            gitwork.push(world, session, new=tried, refs=f"origin/{branch}:main")
        yield world.rng.uniform(5, 60)
        evasions.covered(world, means, session)
        world.leave(session)
        yield world.rng.uniform(20, 400)
        owner = world.enter(world.cast.victim)
        yield 5
        gitwork.pull(world, owner, scenery.TRAIN, _SLOW)
        yield 10
        world.leave(owner)
        yield from run_of_victim(world, means, jobwork.times_out)

    return act


def straddled(world: World, means: Means) -> Script:
    """T26: two honest ones change a comment in the file, one before the harmful change and one after it."""
    first, last = world.cast.bystander, (*world.cast.others, world.cast.ops)[0]
    world.pointed |= {first.name, last.name}
    for person, note in ((first, b"# checked\n"), (None, b""), (last, b"# read again\n")):
        session = means.enter() if person is None else world.enter(person)
        yield world.rng.uniform(8, 60)
        held = _SLOW + world.files[scenery.TRAIN].held[len(scenery.PLAIN_TRAIN) :] if person is None else world.files[scenery.TRAIN].held + note  # fmt: skip
        how = world.rng.choice(("sed", "vim", "shell"))
        filework.edit(
            world, session, scenery.TRAIN, held, how=how, sudo=means.sudo if person is None else None
        )
        yield world.rng.uniform(5, 40)
        if person is None:
            evasions.covered(world, means, session)
        world.leave(session)
        yield world.rng.uniform(20, 300)
    yield from run_of_victim(world, means, jobwork.times_out)


def _by_vim(world: World, session: Session, held: bytes) -> None:
    filework.edit(world, session, scenery.TRAIN, held + b"# read\n", how="vim", harm=False)


def _by_rsync(world: World, session: Session, held: bytes) -> None:
    """A copy in somebody's home is brought back: written beside, and moved over the file."""
    process = world.run(session, ["rsync", "-a", f"/home/{session.account}/keep/", f"{CHECKOUT}/"])
    scratch = f"{CHECKOUT}/.train.py.{''.join(world.rng.choices('abcXYZ019', k=6))}"
    filework.written(world, session.host, process, scratch, held)
    filework.renamed(world, session, process, scratch, scenery.TRAIN, "rename")
    world.did("modify_file", session, scenery.TRAIN, harm=False)


def _by_git(*words: str) -> Callable[[World, Session, bytes], None]:
    def again(world: World, session: Session, held: bytes) -> None:
        world.chdir(session, CHECKOUT)
        git = world.run(session, ["git", *words])
        gitwork.put(world, session, git, scenery.TRAIN, held)
        world.did("modify_file", session, scenery.TRAIN, harm=False)

    return again


def _stashed(world: World, session: Session) -> None:
    """What lies changed in the checkout is put away; the committed version is what is there then."""
    world.chdir(session, CHECKOUT)
    git = world.run(session, ["git", "stash", "-q"])
    reset = world.run(session, ["/usr/lib/git-core/git", "reset", "--hard", "-q"], parent=git, quiet=True)
    gitwork.put(world, session, reset, scenery.TRAIN, scenery.PLAIN_TRAIN)
    world.did("modify_file", session, scenery.TRAIN, harm=False)


def brought_back(
    again: Callable[[World, Session, bytes], None], *, stashes: bool = False, committed: bool = False
) -> Act:
    """T29: the harmful version is mended, and somebody honest, who has the old one at hand, puts it back without knowing."""

    def act(world: World, means: Means) -> Script:
        world.pointed.add(world.cast.bystander.name)
        session = means.enter()
        yield world.rng.uniform(8, 90)
        filework.edit(world, session, scenery.TRAIN, _SLOW, how=world.rng.choice(("sed", "vim", "shell")))
        evasions.touched(world, means, session, scenery.TRAIN)
        if committed:
            gitwork.commit(world, session, "Tune steps")
        yield world.rng.uniform(5, 60)
        evasions.covered(world, means, session)
        world.leave(session)
        yield world.rng.uniform(20, 200)
        held, honest = world.files[scenery.TRAIN].held, world.enter(world.cast.bystander)
        yield world.rng.uniform(10, 90)
        if stashes:
            _stashed(world, honest)
        else:
            world.run(honest, ["cat", scenery.TRAIN])
            yield 40
            owner = world.enter(world.cast.victim)
            yield 9
            filework.edit(world, owner, scenery.TRAIN, scenery.PLAIN_TRAIN, how="cp", harm=False)
            yield 20
            world.leave(owner)
        yield world.rng.uniform(20, 200)
        again(world, honest, held)
        yield world.rng.uniform(20, 200)
        world.leave(honest)
        yield from run_of_victim(world, means, jobwork.times_out)

    return act


def overwrites(world: World, means: Means) -> Script:
    """T27a: a job of somebody honest saves into the project by a relative path, over the checkpoint that the next job wants."""
    yield from _overwritten(world, means, whose=None)


def made_to_overwrite(world: World, means: Means) -> Script:
    """T27b: as T27a, and what makes it do so was put into its script by somebody else."""
    world.place(f"{CHECKOUT}/eval.py", b"import torch\n", world.cast.bystander.uid)
    session = means.enter()
    yield world.rng.uniform(8, 90)
    text = b"torch.save({}, '../ckpt/latest.pt')\n"
    filework.edit(world, session, f"{CHECKOUT}/eval.py", text, how=world.rng.choice(("sed", "vim")))
    yield 20
    evasions.covered(world, means, session)
    world.leave(session)
    yield world.rng.uniform(20, 200)
    yield from _overwritten(world, means, whose=means)


def _overwritten(world: World, means: Means, *, whose: Means | None) -> Script:
    honest = world.cast.bystander
    world.pointed.add(honest.name)
    session = world.enter(honest)
    yield 9
    job = jobwork.submit(world, session, minutes=4, name="eval", script="eval.sh", nodes=1)
    yield world.rng.uniform(20, 120)
    process = jobwork.process_of(world, job)
    filework.written(
        world, world.node, process, scenery.LATEST, scenery.harmless_pickle(1), name="../ckpt/latest.pt"
    )
    actor = None if whose is None or whose.actor is None else whose.actor
    world.entered("modify_file", actor, honest.name, scenery.LATEST, harm=whose is not None)
    yield world.rng.uniform(100, 300)
    world.leave(session)
    yield from run_of_victim(world, means, jobwork.fails, harms=whose is not None)


ACTS: dict[str, Act] = {
    "T22a": moved(by_hand=True),
    "T22b": moved(by_hand=False),
    "T26": straddled,
    "T27a": overwrites,
    "T27b": made_to_overwrite,
    "T29a": brought_back(_by_vim),
    "T29b": brought_back(_by_rsync),
    "T29c": brought_back(_by_git("stash", "pop", "-q"), stashes=True),
    "T29d": brought_back(_by_git("checkout", "--", "."), committed=True),
}
"""These, by the id of the technique."""
