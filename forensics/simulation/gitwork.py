"""Commits and pushes, and commands that cron runs: each with what every log on its way says."""

from dataclasses import replace

from forensics.simulation import cast as casting
from forensics.simulation.cast import Person
from forensics.simulation.filework import folder_of, rule_of
from forensics.simulation.host import Entry
from forensics.simulation.trail import File, Process
from forensics.simulation.world import CHECKOUT, LOADER, Content, Session, World

_GITOLITE = "/usr/share/gitolite3/gitolite-shell"


def commit(
    world: World, session: Session, subject: str, *, claimed: str | None = None, sudo: str | None = None
) -> str:
    """Commit the shared checkout as it is, under the committer's own name or a claimed one."""
    name = claimed or session.account
    world.chdir(session, CHECKOUT)
    words = [
        "git",
        *(["-c", f"user.name={name}", "-c", f"user.email={name}@lab.example"] if claimed else []),
        "commit",
        "-qam",
        subject,
    ]
    process = world.run(session, words, sudo=sudo)
    held = {
        path.rpartition("/")[2]: c.held
        for path, c in world.files.items()
        if path.rpartition("/")[0] == CHECKOUT
    }
    made = world.repository.commit(held, name, world.now, subject)
    trail, offset = session.host.trail, session.host.offset_ms
    for oid in made.objects:
        folder = f"{CHECKOUT}/.git/objects/{oid[:2]}"
        letters = "".join(world.rng.choices("ABCDEFGHabcdefgh0123", k=6))
        scratch = f"{folder}/tmp_obj_{letters}"  # noqa: S108 - as git names it
        file = File(world.new_inode(), "0100444", process.uid, casting.PROJECT_GID)
        parent = (*folder_of(f"{folder}/x"), "PARENT")
        registers = {0: "ffffff9c", 2: "c2", 3: "124"}
        trail.on_paths(
            world.tick() + offset,
            process,
            "openat",
            [parent, (scratch, file, "CREATE")],
            result=5,
            registers=registers,
        )
        paths = [parent, (scratch, file, "NORMAL"), (f"{folder}/{oid[2:]}", file, "CREATE")]
        trail.on_paths(world.tick() + offset, process, "link", paths)
        trail.on_paths(world.tick() + offset, process, "unlink", [parent, (scratch, file, "DELETE")])
    world.did("commit", session, made.oid, claimed=name if name != session.person else None)
    return made.oid


def push(world: World, session: Session, *, key: Person | None = None) -> None:
    """Push to the git server, with the session's own key or one that is borrowed."""
    process = world.run(session, ["git", "push", "-q", "origin", "HEAD:main"])
    world.run(session, ["/usr/bin/ssh", "gitserver", "git-receive-pack 'llm'"], parent=process, quiet=True)
    owner = key or next(
        p
        for p in world.cast.people
        if p.name == (session.person if session.account == casting.SHARED else session.account)
    )
    host = world.login
    entry = Entry(
        casting.GIT,
        casting.GIT_UID,
        "127.0.0.1",
        owner.key.fingerprint,
        1 + owner.uid % 7,
        f"{_GITOLITE} {owner.name}",
    )
    sshd, child, tty, port = host.enter(world.tick(), entry)
    world.tick(240)
    shell = Process(host.spawn(), child, casting.GIT_UID, host.ses, casting.GIT_UID, casting.GIT_UID, "(none)", "gitolite-shell", "/usr/bin/perl", (_GITOLITE, owner.name), cwd="/home/git")  # fmt: skip
    host.trail.execute(world.tick() + host.offset_ms, shell, ["/usr/bin/perl", _GITOLITE, owner.name], [("/usr/bin/perl", File(260700, "0100755", 0, 0)), LOADER])  # fmt: skip
    world.repository.push(world.tick(), owner.name, shell.pid, "127.0.0.1")
    host.leave(world.tick(60), entry, sshd, child, tty, port)
    world.did(
        "push", session, "refs/heads/main", claimed=owner.name if owner.name != session.person else None
    )


def pull(world: World, session: Session) -> None:
    """Bring the shared checkout up to what the server has; here it already is."""
    world.chdir(session, CHECKOUT)
    world.run(session, ["git", "pull", "-q"])


def plant_crontab(
    world: World, session: Session, line: str, *, sudo: str | None = None, account: str | None = None
) -> None:
    """Install a crontab, with `crontab -`."""
    owner = account or session.account
    argv = ["crontab", "-"] if owner == session.account else ["crontab", "-u", owner, "-"]
    world.typed(session, f"(crontab -l 2>/dev/null; echo '{line}') | crontab -")
    process = world.run(session, argv, sudo=sudo, quiet=True)
    process = replace(process, egid=107, cwd="/var/spool/cron")
    host, path = session.host, f"/var/spool/cron/crontabs/{owner}"
    host.say_cron(
        world.tick(),
        "crontab",
        process.pid,
        f"({session.account if sudo is None else 'root'}) REPLACE ({owner})",
    )
    scratch = f"/var/spool/cron/crontabs/tmp.{''.join(world.rng.choices('abcdefXYZ0123', k=6))}"
    file = File(world.new_inode(), "0100600", world.accounts[owner], 107)
    parent = ("crontabs/", File(1523718, "041730", 0, 107), "PARENT")
    short = scratch.replace("/var/spool/cron/", "")
    rule, offset = rule_of(path), host.offset_ms
    host.trail.on_paths(world.tick() + offset, process, "openat", [parent, (short, file, "CREATE")], key=rule, result=3, registers={0: "ffffff9c", 2: "c2", 3: "180"})  # fmt: skip
    gone = world.files.get(path)
    paths = [parent, parent, (short, file, "DELETE")]
    paths += [] if gone is None else [(f"crontabs/{owner}", gone.file, "DELETE")]
    host.trail.on_paths(
        world.tick() + offset, process, "rename", [*paths, (f"crontabs/{owner}", file, "CREATE")], key=rule
    )
    world.files[path] = Content(file, f"{line}\n".encode())
    world.did("plant_cron", session, path)


def by_cron(
    world: World,
    account: str,
    command: str,
    person: str | None,
    *,
    host_node: bool = False,
    harmful: bool = False,
) -> Session:
    """A command that cron runs for an account; `person` is who planted it, if anybody did."""
    host = world.node if host_node else world.login
    uid = world.accounts[account]
    own, child = host.cron_enters(world.tick(), account, uid, command)
    home = f"/home/{account}"
    shell = Process(
        child,
        own.pid,
        uid,
        own.ses,
        uid,
        uid,
        "(none)",
        "sh",
        "/usr/bin/dash",
        ("/bin/sh", "-c", command),
        cwd=home,
    )
    host.trail.execute(
        world.tick() + host.offset_ms,
        shell,
        ["/bin/sh", "-c", command],
        [("/bin/sh", File(260180, "0100755", 0, 0)), LOADER],
    )
    return Session(person, account, uid, host, shell, None, own, child, harmful=harmful)


def cron_ends(world: World, session: Session) -> None:
    """A command that cron ran has ended."""
    if session.sshd is not None:
        session.host.cron_leaves(world.tick(), session.sshd, session.account)
