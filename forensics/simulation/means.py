"""How whoever acts enters, and with whose rights: the guise of an incident."""

from dataclasses import dataclass, replace

from forensics.simulation import cast as casting
from forensics.simulation import filework
from forensics.simulation.cast import Person
from forensics.simulation.plan import Plan
from forensics.simulation.trail import Process
from forensics.simulation.world import Session, World


@dataclass(slots=True)
class Means:
    """The way in of one incident. `sudo` is whose rights carry acts on files, `force` on other people's jobs."""

    world: World
    plan: Plan
    actor: Person | None
    framed: Person | None
    sudo: str | None
    force: str | None
    push_key: Person | None = None

    def enter(self, *, node: bool = False) -> Session:
        """Enter as the guise has it."""
        world, plan, actor, framed = self.world, self.plan, self.actor, self.framed
        host = world.node if node else world.login
        if actor is None:
            raise ValueError("nobody enters")
        if plan.actor == "shared":
            return world.enter(actor, casting.SHARED, host=host, harmful=True)
        if framed is None or plan.guise in {"plain", "root", "sudo_as"}:
            return world.enter(actor, host=host, harmful=True)
        if plan.guise == "su":
            return become(world, world.enter(actor, host=host, harmful=True), framed)
        if plan.guise == "relogin":
            return relabel(world, world.enter(actor, host=host, harmful=True), framed)
        if plan.guise == "planted_key":
            return world.enter(actor, framed.name, host=host, harmful=True)
        if plan.guise == "hop":
            first = world.enter(actor, harmful=True)
            world.run(first, ["ssh", f"{framed.name}@{host.name}"])
            world.tick(700)
        address = {
            "own_device": actor.address,
            "edited_log": actor.address,
            "unknown_device": f"10.9.{world.rng.randrange(1, 250)}.{world.rng.randrange(1, 250)}",
            "hop": "127.0.0.1",
        }.get(plan.guise, framed.address)
        return world.enter(actor, framed.name, key=framed, address=address, host=host, harmful=True)


def means(world: World, plan: Plan) -> Means:
    """The means of a plan."""
    people = world.cast
    actor = {
        "node_root": people.ops,
        "cluster_admin": people.ops,
        "admin": people.ops,
        "automation": None,
        "nobody": None,
    }.get(plan.actor, people.insider)
    framed = {"bystander": people.bystander, "victim": people.victim}.get(plan.framed)
    sudo = framed.name if plan.guise == "sudo_as" and framed is not None else None
    if plan.guise == "root":
        sudo = "root"
    force: str | None = sudo if sudo is not None and framed is people.victim else "root"
    if framed is people.victim and plan.guise != "sudo_as":
        force = None  # the owner's own uid may end the owner's jobs
    if plan.actor == "shared":
        force = None
    return Means(world, plan, actor, framed, sudo, force)


def prepare(world: World, means: Means) -> None:
    """What a guise needs beforehand: a key planted in another's home, by root."""
    if means.plan.guise != "planted_key" or means.framed is None or means.actor is None:
        return
    session = world.enter(means.actor, harmful=True)
    plant_key(world, session, means.framed.name, means.actor.key, sudo="root")
    world.leave(session)


def plant_key(world: World, session: Session, account: str, key: casting.Key, *, sudo: str | None) -> None:
    """Add a key to those that open an account."""
    path = f"/home/{account}/.ssh/authorized_keys"
    world.authorized[account] = [*world.authorized[account], key]
    held = "".join(f"{k.line}\n" for k in world.authorized[account]).encode()
    filework.edit(world, session, path, held, how="shell", sudo=sudo, what="grant_key")


def become(world: World, session: Session, other: Person) -> Session:
    """`sudo su -`: a shell with the rights of another; the login uid stays."""
    shell = world.run(session, ["su", "-", other.name], sudo="root")
    world.did("escalate", session, other.name, harm=False)
    own = replace(
        shell, pid=session.host.spawn(), ppid=shell.pid, uid=other.uid, gid=other.uid, comm="bash", exe="/usr/bin/bash",
        title=("-su",), cwd=f"/home/{other.name}",
    )  # fmt: skip
    session.host.say(
        world.now,
        "su",
        shell.pid,
        f"pam_unix(su-l:session): session opened for user {other.name}(uid={other.uid}) by (uid=0)",
    )
    session.host.trail.execute(
        world.tick() + session.host.offset_ms, own, ["-su"], world.program("/bin/bash")
    )
    session.shell = own
    return session


def relabel(world: World, session: Session, other: Person) -> Session:
    """Root writes another's uid into its own login uid: what follows bears that person's number."""
    root = world.run(session, ["bash"], sudo="root")
    world.did("escalate", session, other.name, harm=False)
    host = session.host
    host.ses += 1
    old = (root.auid, root.ses)
    changed = replace(root, auid=other.uid, ses=host.ses, comm="bash", exe="/usr/bin/bash", title=("bash",))
    host.trail.loginuid(world.tick() + host.offset_ms, changed, *old)
    own = Process(
        host.spawn(),
        root.pid,
        other.uid,
        host.ses,
        other.uid,
        other.uid,
        root.tty,
        "bash",
        "/usr/bin/bash",
        ("bash",),
        cwd=f"/home/{other.name}",
    )
    host.trail.execute(world.tick() + host.offset_ms, own, ["bash"], world.program("/bin/bash"))
    session.shell, session.account = own, other.name
    return session


def with_key(person: Person, key: casting.Key) -> Person:
    """The same person, with another key in hand."""
    return Person(person.name, person.uid, person.role, person.address, key)
