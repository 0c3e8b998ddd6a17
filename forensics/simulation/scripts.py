"""Programs that are files of somebody's: how they come to be there, and how others run them, by name or by an interpreter.

What such a program does bears the account and the session of whoever runs it. Whose doing it is in truth is who wrote it.
"""

from collections.abc import Sequence
from dataclasses import replace

from forensics.simulation.cast import Person
from forensics.simulation.filework import folder_of, rule_of, written
from forensics.simulation.trail import File, Process
from forensics.simulation.world import LOADER, Content, Session, World

_SHELL = ("/bin/sh", "/usr/bin/dash")


def of(session: Session, person: Person | None, shell: Process, *, harmful: bool = True) -> Session:
    """The same session as one process of it has it, whose doing is a person's: that of who wrote what it runs."""
    name = None if person is None else person.name
    return replace(session, person=name, shell=shell, harmful=harmful, typed=[])


def put(world: World, session: Session, path: str, held: bytes, *, name: str | None = None) -> None:
    """Write a program and let everybody run it: by a redirection of the shell, and `chmod`.

    Args:
        world: where.
        session: by whom.
        path: which file.
        held: its text.
        name: the path as it is typed, where that is below the session's folder.
    """
    typed = name or path
    world.typed(session, f"cat > {typed}")
    written(world, session.host, session.shell, path, held, name=name)
    world.did("modify_file", session, path)
    process = world.run(session, ["chmod", "+x", typed])
    file = world.files[path].file
    if rule_of(path) is not None:
        at, registers = world.tick() + session.host.offset_ms, {0: "ffffff9c", 2: "1fd"}
        session.host.trail.on_paths(
            at, process, "fchmodat", [(typed, file, "NORMAL")], key=rule_of(path), registers=registers
        )
    world.files[path] = Content(file._replace(mode="0100775"), held)


def link(world: World, session: Session, source: str, path: str) -> None:
    """Put a link to a program where others look for theirs."""
    process = world.run(session, ["ln", "-s", source, path])
    made = File(world.new_inode(), "0120777", process.uid, process.gid)
    world.files[path] = world.files[source]
    if rule_of(path) is not None:
        at = world.tick() + session.host.offset_ms
        parts = [(*folder_of(path), "PARENT"), (source, None, "UNKNOWN"), (path, made, "CREATE")]
        session.host.trail.on_paths(at, process, "symlink", parts, key=rule_of(path))
    world.did("modify_file", session, path)


def ran(
    world: World, session: Session, path: str, person: Person | None, *, argv: Sequence[str] = (), name: str | None = None,
    parent: Process | None = None, typed: str | None = None,
) -> Session:  # fmt: skip
    """Run a program by its own name, as its first line has it done by `/bin/sh`.

    Args:
        world: where.
        session: in which it is run.
        path: the file.
        person: whose doing is what it does.
        argv: words behind its name.
        name: the path as the kernel is given it.
        parent: what starts it, if that is not the session's shell.
        typed: the line that was typed, where one was.

    Returns:
        The session as the program has it.
    """
    up, host = parent or session.shell, session.host
    if typed is not None:
        world.typed(session, typed)
    word, (named, exe) = name or path, _SHELL
    words = [named, word, *argv]
    process = replace(
        up, pid=host.spawn(), ppid=up.pid, comm=path.rpartition("/")[2][:15], exe=exe, title=tuple(words), cwd=session.shell.cwd,
    )  # fmt: skip
    files = [(word, world.files[path].file), (named, File(260180, "0100755", 0, 0)), LOADER]
    host.trail.execute(world.tick(6) + host.offset_ms, process, words, files)
    world.did("run_program", session, host.name, harm=False)
    return of(session, person, process)


def given(
    world: World, session: Session, path: str, person: Person | None, *, name: str | None = None
) -> Session:
    """Give a script to a shell: `bash report.sh`. Returns the session as the shell that does it has it."""
    process = world.run(session, ["bash", name or path])
    return of(session, person, process)
