"""Commits and pushes, and commands that cron runs: each with what every log on its way says."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from forensics.simulation import cast as casting
from forensics.simulation.cast import Person
from forensics.simulation.filework import folder_of, parent_of, rule_of
from forensics.simulation.host import Entry
from forensics.simulation.trail import File, Process
from forensics.simulation.world import CHECKOUT, LOADER, Content, Session, World

_GITOLITE = "/usr/share/gitolite3/gitolite-shell"


def commit(
    world: World, session: Session, subject: str, *, claimed: str | None = None, sudo: str | None = None,
    hook: Callable[[Process], None] | None = None,
) -> str:  # fmt: skip
    """Commit the shared checkout as it is, under the committer's own name or a claimed one; `hook` is what git runs after."""
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
    objects_put(world, session, process, made.objects)
    world.did("commit", session, made.oid, claimed=name if name != session.person else None)
    if hook is not None:
        hook(process)
    return made.oid


def objects_put(world: World, session: Session, process: Process, oids: Iterable[str]) -> None:
    """Git puts objects into the shared checkout: each written beside its place, and linked there."""
    trail, offset = session.host.trail, session.host.offset_ms
    for oid in oids:
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


def push(
    world: World, session: Session, *, key: Person | None = None, new: str | None = None, branch: str = "main",
    refs: str = "HEAD:main",
) -> None:  # fmt: skip
    """Push to the git server, with the session's own key or one that is borrowed.

    Args:
        world: where.
        session: by whom.
        key: whose key opens the connection.
        new: the commit; the checkout's head where None.
        branch: the server's branch.
        refs: what is pushed where to, as it is typed.
    """
    process = world.run(session, ["git", "push", "-q", "origin", refs])
    owner = key or _holder(world, session)
    pid, closed = served(world, session, process, owner, "git-receive-pack")
    world.repository.push(world.tick(), owner.name, pid, "127.0.0.1", new=new, branch=branch)
    closed()
    world.did(
        "push",
        session,
        f"refs/heads/{branch}",
        claimed=owner.name if owner.name != session.person else None,
    )


def _holder(world: World, session: Session) -> Person:
    """Whose key a session has at hand."""
    name = session.person if session.account == casting.SHARED else session.account
    return next(p for p in world.cast.people if p.name == name)


def served(
    world: World, session: Session, process: Process, owner: Person, service: str
) -> tuple[int, Callable[[], None]]:
    """A connection to the git server: ssh on this side, gitolite's shell on that one.

    Returns:
        The number of gitolite's process, and how the connection ends.
    """
    world.run(session, ["/usr/bin/ssh", "gitserver", f"{service} 'llm'"], parent=process, quiet=True)
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
    return shell.pid, lambda: host.leave(world.tick(60), entry, sshd, child, tty, port)


def commit_away(world: World, session: Session, path: str, held: bytes, subject: str) -> str:
    """Commit a change in a clone of one's own, in one's home, of which no rule of the trail tells."""
    world.chdir(session, f"/home/{session.account}/llm")
    world.run(session, ["sed", "-i", "s/0.5/9.5/", path.rpartition("/")[2]])
    process = world.run(session, ["git", "commit", "-qam", subject])
    files = {p.rpartition("/")[2]: c.held for p, c in world.files.items() if p.rpartition("/")[0] == CHECKOUT}
    files[path.rpartition("/")[2]] = held
    oid = world.repository.commit_away(files, session.account, world.now, subject).oid
    world.run(session, ["git", "gc", "--auto"], parent=process, quiet=True)
    world.did("commit", session, oid)
    return oid


def move_by_hand(world: World, session: Session, branch: str, to: str, new: str) -> None:
    """Move a ref of the server there, as the account that serves it."""
    line = f"cd ~git/repositories/llm.git && git update-ref refs/heads/{branch} refs/heads/{to}"
    shell = world.run(session, ["sh", "-c", line], sudo=casting.GIT, path="/usr/bin/dash")
    shell = replace(shell, cwd="/home/git/repositories/llm.git")
    world.run(
        session, ["git", "update-ref", f"refs/heads/{branch}", f"refs/heads/{to}"], parent=shell, quiet=True
    )
    world.repository.moved_by_hand(world.tick(), branch, new)
    world.did("push", session, f"refs/heads/{branch}")


def pull(world: World, session: Session, path: str, held: bytes) -> None:
    """Bring the shared checkout up to what the server has, which changes one file of it."""
    world.chdir(session, CHECKOUT)
    process = world.run(session, ["git", "pull", "-q", "origin", "main"])
    words = ["/usr/lib/git-core/git", "fetch", "--update-head-ok", "-q", "origin", "main"]
    fetch = world.run(session, words, parent=process, quiet=True)
    pid, closed = served(world, session, fetch, _holder(world, session), "git-upload-pack")
    came = sorted(world.repository.away)
    world.repository.pulled(world.tick(), _holder(world, session).name, pid, "127.0.0.1", session.account)
    closed()
    unpack = world.run(
        session,
        ["/usr/lib/git-core/git", "unpack-objects", "--pack_header=2,3", "-q"],
        parent=fetch,
        quiet=True,
    )
    objects_put(world, session, unpack, came)
    merge = world.run(
        session, ["/usr/lib/git-core/git", "merge", "-q", "FETCH_HEAD"], parent=process, quiet=True
    )
    put(world, session, merge, path, held)


def put(world: World, session: Session, git: Process, path: str, held: bytes) -> None:
    """Git puts a version of a file in place: it removes the one that is there, and creates it anew."""
    host, name = session.host, path.rpartition("/")[2]
    parent, there = parent_of(path, git.cwd, name), world.files[path].file
    registers = {0: "ffffff9c", 2: "c1", 3: "1b6"}
    world.did("delete_file", session, path, harm=False)
    host.trail.on_paths(world.tick() + host.offset_ms, git, "unlink", [parent, (name, there, "DELETE")])
    file = File(world.new_inode(), "0100664", git.uid, casting.PROJECT_GID)
    host.trail.on_paths(world.tick() + host.offset_ms, git, "openat", [parent, (name, file, "CREATE")], result=3, registers=registers)  # fmt: skip
    world.files[path] = Content(file, held)


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
