"""Changes of files, as different programs make them, each with the system calls that they make."""

from forensics.simulation import cast as casting
from forensics.simulation.host import Host
from forensics.simulation.trail import File, Process, Trail
from forensics.simulation.world import PROJECT, Content, Session, World

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def folder_of(path: str) -> tuple[str, File]:
    """The folder of a path as the kernel names it: with a slash, and an inode of its own."""
    inode = 1_400_000 + sum(map(ord, path.rpartition("/")[0])) % 90_000
    return path.rpartition("/")[0] + "/", File(inode, "042775", 0, casting.PROJECT_GID)


def parent_of(path: str, cwd: str, name: str | None = None) -> tuple[str, File, str]:
    """The folder of a path that is given by a name of its own: that name's folder, or the one that the program works in."""
    folder, file = folder_of(path)
    if name is not None:
        folder = f"{name.rpartition('/')[0]}/" if "/" in name else cwd
    return folder, file, "PARENT"


def rule_of(path: str) -> str | None:
    """The audit rule that watches a path; None where nothing is recorded of it."""
    if path.startswith((PROJECT, "/opt/env")):
        return "proj-write"
    if path.startswith("/var/spool/cron"):
        return "cron"
    if "/.ssh/" in path or path.startswith("/etc/"):
        return "identity"
    return "logs" if path.startswith("/var/log") else None


def _gid(path: str, uid: int) -> int:
    return casting.PROJECT_GID if path.startswith((PROJECT, "/opt")) else uid


def written(
    world: World, host: Host, process: Process, path: str, held: bytes, *, name: str | None = None
) -> None:
    """Open for writing, truncating: the file stays the same one, or comes into being.

    `name` is the path as the program gives it to the kernel, where that is below the folder it works in.
    """
    there, rule = world.files.get(path), rule_of(path)
    part = "CREATE" if there is None else "NORMAL"
    file = (
        there.file
        if there is not None
        else File(world.new_inode(), "0100664", process.uid, _gid(path, process.uid))
    )
    world.files[path] = Content(file, held)
    if rule is not None:
        registers = {0: "ffffff9c", 2: "241", 3: "1b6"}
        at = world.tick() + host.offset_ms
        paths = [parent_of(path, process.cwd, name), (name or path, file, part)]
        host.trail.on_paths(at, process, "openat", paths, key=rule, result=3, registers=registers)


def renamed(world: World, session: Session, process: Process, source: str, target: str, call: str) -> None:
    """Move a file over another, or to where there is none."""
    moved, gone, host = world.files.pop(source), world.files.get(target), session.host
    world.files[target] = moved
    rule = rule_of(target)
    if rule is None:
        return
    from_, into = folder_of(source), folder_of(target)
    paths = [(*from_, "PARENT"), (*into, "PARENT"), (source, moved.file, "DELETE")]
    paths += [] if gone is None else [(target, gone.file, "DELETE")]
    paths.append((target, moved.file, "CREATE"))
    registers = {0: "ffffff9c", 2: "ffffff9c"} if call == "renameat" else None
    host.trail.on_paths(world.tick() + host.offset_ms, process, call, paths, key=rule, registers=registers)


def substitution(held: bytes) -> str:
    """What sed is told where it makes a text of another."""
    return f"s/0.5/{len(held) % 9}.5/"


def edit(  # noqa: PLR0913 - what is changed, how and by which rights
    world: World, session: Session, path: str, held: bytes, *, how: str = "sed", sudo: str | None = None, what: str = "modify_file",
    harm: bool | None = None, job: int | None = None,
) -> None:  # fmt: skip
    """Change a file's content.

    Args:
        world: where.
        session: by whom.
        path: which file.
        held: its content afterwards.
        how: `sed` and `vim` keep an editor's habits, `shell` redirects into it, `python` writes it, `cp` copies over it.
        sudo: whose rights are used.
        what: the word of the truth for it.
        harm: whether it is part of the incident; as the session says where None.
        job: the job that it is meant for.
    """
    name = path.rpartition("/")[2]
    if how == "sed":
        process = world.run(session, ["sed", "-i", substitution(held), path], sudo=sudo)
        before = world.files.get(path)
        scratch = f"{path.rpartition('/')[0]}/sed{''.join(world.rng.choices(_LETTERS, k=6))}"
        mode = before.file.mode if before else "0100644"
        world.files[scratch] = Content(
            File(world.new_inode(), mode, process.uid, _gid(path, process.uid)), held
        )
        if rule_of(path):
            at = world.tick() + session.host.offset_ms
            made = [(*folder_of(path), "PARENT"), (scratch, world.files[scratch].file, "CREATE")]
            session.host.trail.on_paths(at, process, "openat", made, key=rule_of(path), result=4, registers={0: "ffffff9c", 2: "c2", 3: "180"})  # fmt: skip
        renamed(world, session, process, scratch, path, "rename")
    elif how == "shell":
        world.typed(session, f"cat > {path}")
        process = session.shell if sudo is None else world.run(session, ["tee", path], sudo=sudo)
        written(world, session.host, process, path, held)
    else:
        argv = {
            "vim": ["vim", path],
            "python": ["python3", "-c", f"write({name!r})"],
            "cp": ["cp", f"new/{name}", path],
        }[how]
        exe = {"vim": "/usr/bin/vim.basic", "python": "/usr/bin/python3.11"}.get(how)
        process = world.run(session, argv, sudo=sudo, path=exe)
        written(world, session.host, process, path, held)
    world.did(what, session, path, harm=harm, job=job)


def replace_by(world: World, session: Session, path: str, held: bytes, *, sudo: str | None = None) -> None:
    """Put another file in a file's place: written beside it, then moved over it."""
    scratch = f"{path.rpartition('/')[0]}/.new.pt"
    maker = world.run(session, ["python3", "mk.py"], sudo=sudo, path="/usr/bin/python3.11")
    written(world, session.host, maker, scratch, held)
    process = world.run(session, ["mv", scratch, path], sudo=sudo)
    renamed(world, session, process, scratch, path, "renameat")
    world.did("replace_file", session, path)


def remove(
    world: World, session: Session, path: str, *, sudo: str | None = None, what: str = "delete_file"
) -> None:
    """Remove a file."""
    process = world.run(session, ["rm", "-f", path], sudo=sudo)
    gone(world, session.host.trail, process, path, session.host.offset_ms)
    world.did(what, session, path)


def gone(world: World, trail: Trail, process: Process, path: str, offset_ms: int = 0) -> None:
    """The record of a file's removal by a process."""
    there, rule = world.files.pop(path, None), rule_of(path)
    if there is not None and rule is not None:
        name, folder = folder_of(path)
        paths = [(name, folder, "PARENT"), (path, there.file, "DELETE")]
        trail.on_paths(
            world.tick() + offset_ms, process, "unlinkat", paths, key=rule, registers={0: "ffffff9c"}
        )


def touch(world: World, session: Session, path: str, *, sudo: str | None = None) -> None:
    """Set a file's times to a moment long ago."""
    world.run(session, ["touch", "-d", "2026-11-01 09:00", path], sudo=sudo)
    world.did("timestomp", session, path)
