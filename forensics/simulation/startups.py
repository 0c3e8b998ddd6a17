"""Code of another that a shell or Python takes in as it starts or is set up: aliases, files of the host, modules, and what lies in a shared environment."""

from collections.abc import Callable
from dataclasses import replace

from forensics.simulation import filework, scenery, scripts
from forensics.simulation.cast import Person
from forensics.simulation.slurm import Job
from forensics.simulation.trail import Process
from forensics.simulation.traps import TEXT, Sprung, Trap, sprung, strike, works
from forensics.simulation.world import PACKAGES, PROJECT, Session, World

MODULE = f"{PROJECT}/modules/train/1.0"
TOOLS = f"{PROJECT}/.tools/bin"
CUSTOM = f"{PACKAGES}/sitecustomize.py"
LABTOOLS = f"{PROJECT}/lib/labtools.py"
SETUP = f"{PROJECT}/tools/setup.sh"
ACTIVATE = "/opt/env/etc/conda/activate.d/zz-site.sh"
SITE = "/etc/profile.d/zz-site.sh"
_SLOW = scenery.PLAIN_TRAIN.replace(b"0.5", b"9.5")
_MODULECMD = "/usr/lib/x86_64-linux-gnu/modulecmd.tcl"
_RC = b"# ~/.bashrc\nHISTSIZE=5000\nif [ -f ~/.bash_aliases ]; then\n    . ~/.bash_aliases\nfi\n"
_ALIASES = b"alias la='ls -A'\n"
_PLAIN_MODULE = b"#%Module1.0\nprepend-path PATH /opt/env/bin\n"


def _home(world: World, name: str) -> str:
    return f"/home/{world.cast.bystander.name}/{name}"


def files_there(world: World) -> None:
    """Startup files of the honest one, as they were made with the account."""
    owner = world.cast.bystander.uid
    for name, held in ((".bashrc", _RC), (".bash_aliases", _ALIASES)):
        if _home(world, name) not in world.files:
            world.place(_home(world, name), held, owner, owner, "0100664")


def appended(world: World, session: Session, path: str, text: str, *, root: bool) -> None:
    """Add a line to a file: by a redirection of the shell, of which no record tells below a home, or by `tee` with root's rights."""
    held = world.files[path].held if path in world.files else b""
    if root:
        world.typed(session, f"echo {text!r} | sudo tee -a {path}")
        process = world.run(session, ["tee", "-a", path], sudo="root", quiet=True)
    else:
        world.typed(session, f"echo {text!r} >> {path}")
        process = session.shell
    filework.written(world, session.host, process, path, held + text.encode() + b"\n")
    world.did("modify_file", session, path)


def _aliases(world: World, session: Session, text: str) -> None:
    appended(world, session, _home(world, ".bash_aliases"), f"alias ll='ls -la; {text}'", root=False)


def _function(world: World, session: Session, text: str) -> None:
    appended(world, session, _home(world, ".bashrc"), f'll() {{ ls -la "$@"; {text}; }}', root=True)


def _at_each_prompt(world: World, session: Session, text: str) -> None:
    appended(world, session, _home(world, ".bashrc"), f"PROMPT_COMMAND='{text}'", root=False)


def _taken_back(name: str) -> Callable[[World, Session], None]:
    """The last line is taken out of a startup file by a redirection, and what was typed for it out of the history: nothing tells of either."""

    def clears(world: World, session: Session) -> None:
        path = _home(world, name)
        lines = world.files[path].held.splitlines(keepends=True)
        filework.written(world, session.host, session.shell, path, b"".join(lines[:-1]))
        world.did("modify_file", session, path)
        kept = world.histories.get(session.account, [])
        world.histories[session.account] = [typed for typed in kept if path not in typed[1]]

    return clears


def _lists(world: World, actor: Person | None) -> Sprung:
    """The honest one types a word of their own, and the shell does what it stands for."""
    session = world.enter(world.cast.bystander)
    world.tick(9000)
    world.typed(session, "ll")
    world.run(session, ["ls", "-la"], quiet=True)
    return scripts.of(session, actor, session.shell), works(world, session)


def _logs_in(world: World, actor: Person | None) -> Sprung:
    session = world.enter(world.cast.bystander)
    world.tick(80)
    return scripts.of(session, actor, session.shell), works(world, session)


def _module_there(world: World) -> None:
    world.place(MODULE, _PLAIN_MODULE, world.cast.victim.uid)


def _module(world: World, session: Session, line: str) -> None:
    how = world.rng.choice(("vim", "sed"))
    filework.edit(world, session, MODULE, _PLAIN_MODULE + line.encode() + b"\n", how=how)


def _module_acts(world: World, session: Session, text: str) -> None:
    _module(world, session, f"exec sh -c {{{text}}}")


def _module_tells_shell(world: World, session: Session, text: str) -> None:
    _module(world, session, f"puts stdout {{{text};}}")


def _module_leads(world: World, session: Session, text: str) -> None:
    """The module puts a folder of its author's first in PATH; a program of a known name lies there."""
    _module(world, session, f"prepend-path PATH {TOOLS}")
    held = f'#!/bin/sh\n{text}\nexec /usr/bin/squeue "$@"\n'.encode()
    scripts.put(world, session, f"{TOOLS}/squeue", held)


def _loads(world: World, session: Session) -> Process:
    """`module load train`: a function of the shell, which gives itself what modulecmd prints."""
    world.typed(session, "module load train")
    fork = replace(session.shell, pid=session.host.spawn(), ppid=session.shell.pid)
    words = ["/usr/bin/tclsh", _MODULECMD, "bash", "load", "train"]
    return world.run(session, words, parent=fork, quiet=True, path="/usr/bin/tclsh8.6")


def _loaded(how: str) -> Callable[[World, Person | None], Sprung]:
    def springs(world: World, actor: Person | None) -> Sprung:
        session = world.enter(world.cast.bystander)
        world.tick(7000)
        tcl = _loads(world, session)
        if how == "module":
            return scripts.of(session, actor, tcl), works(world, session)
        world.tick(300)
        if how == "path":
            world.tick(9000)
            ran = scripts.ran(world, session, f"{TOOLS}/squeue", actor, typed="squeue")
            return ran, works(world, session)
        return scripts.of(session, actor, session.shell), works(world, session)

    return springs


def _site(path: str) -> Callable[[World, Session, str], None]:
    def lays(world: World, session: Session, text: str) -> None:
        appended(world, session, path, text, root=True)

    return lays


def _python(path: str) -> Callable[[World, Session, str], None]:
    """Python that does what the trap does: by a shell, or within itself; which of the two is drawn when it runs."""

    def lays(world: World, session: Session, text: str) -> None:
        held = f"import os, sys\nos.system({text!r})\n".encode()
        filework.edit(world, session, path, held, how=world.rng.choice(("vim", "shell")))

    return lays


def _analyses(world: World, actor: Person | None) -> Sprung:
    """The honest one runs a script of their own, by the Python of the shared environment."""
    session = world.enter(world.cast.bystander)
    world.tick(6000)
    words = ["python3", f"/home/{session.account}/analyse.py"]
    python = world.run(session, words, path="/opt/env/bin/python3.11")
    return scripts.of(session, actor, python), works(world, session)


def by_shell(world: World, code: Session, kind: str, job: Job | None) -> None:
    """A program has a shell do what the trap does."""
    shell = world.run(code, ["sh", "-c", TEXT[kind]], quiet=True, path="/usr/bin/dash")
    strike(world, replace(code, shell=shell), kind, job)


def within(world: World, code: Session, kind: str, job: Job | None) -> None:
    """What Python does itself, or has a shell do."""
    host, process = code.host, code.shell
    if kind == "cancel" or world.rng.random() < 0.5:
        by_shell(world, code, kind, job)
    elif kind == "edit":
        filework.written(world, host, process, scenery.TRAIN, _SLOW)
        world.did("modify_file", code, scenery.TRAIN)
    else:
        filework.gone(world, host.trail, process, scenery.LATEST, host.offset_ms)
        world.did("delete_file", code, scenery.LATEST)


def _lays_activation(world: World, session: Session, text: str) -> None:
    filework.edit(world, session, ACTIVATE, f"{text}\n".encode(), how="shell")


def _activates(world: World, actor: Person | None) -> Sprung:
    """`conda activate`: conda prints what the shell is to take in, the files of `activate.d` among it."""
    session = world.enter(world.cast.bystander)
    world.tick(6000)
    world.typed(session, "conda activate /opt/env")
    fork = replace(session.shell, pid=session.host.spawn(), ppid=session.shell.pid)
    words = ["/opt/conda/bin/python", "/opt/conda/bin/conda", "shell.posix", "activate", "/opt/env"]
    world.run(session, words, parent=fork, quiet=True, path="/opt/conda/bin/python3.11")
    world.tick(500)
    return scripts.of(session, actor, session.shell), works(world, session)


def _with_line(world: World, line: bytes) -> None:
    """The honest one's startup file, with a line of their own more."""
    owner, path = world.cast.bystander.uid, _home(world, ".bashrc")
    held = world.files[path].held if path in world.files else _RC
    world.place(path, held + line, owner, owner, "0100644")


def _labtools_there(world: World) -> None:
    _with_line(world, b"export PYTHONPATH=" + LABTOOLS.rpartition("/")[0].encode() + b"\n")
    world.place(LABTOOLS, b"def mean(x): return sum(x) / len(x)\n", world.cast.victim.uid)


def _setup_there(world: World) -> None:
    """What the project's people take in: by hand, or by a line of their own startup file."""
    world.place(SETUP, b"export OMP_NUM_THREADS=4\n", world.cast.victim.uid)


def _setup_in_startup(world: World) -> None:
    _setup_there(world)
    _with_line(world, b". " + SETUP.encode() + b"\n")


def _lays_setup(world: World, session: Session, text: str) -> None:
    how = world.rng.choice(("vim", "sed"))
    filework.edit(world, session, SETUP, f"export OMP_NUM_THREADS=4\n{text}\n".encode(), how=how)


def _sources(world: World, actor: Person | None) -> Sprung:
    """The honest one has their shell take in the project's settings: no program runs for it."""
    session = world.enter(world.cast.bystander)
    world.tick(6000)
    world.typed(session, f"source {SETUP}")
    world.tick(200)
    return scripts.of(session, actor, session.shell), works(world, session)


ACTS = {
    "T31a": sprung(Trap(_aliases, _lists, ready=files_there, clears=_taken_back(".bash_aliases"))),
    "T31b": sprung(Trap(_function, _lists, ready=files_there)),
    "T31c": sprung(Trap(_at_each_prompt, _logs_in, ready=files_there, clears=_taken_back(".bashrc"))),
    "T32a": sprung(Trap(_module_acts, _loaded("module"), ready=_module_there, strikes=by_shell)),
    "T32b": sprung(Trap(_module_tells_shell, _loaded("shell"), ready=_module_there)),
    "T32c": sprung(Trap(_module_leads, _loaded("path"), ready=_module_there)),
    "T34a": sprung(Trap(_site(SITE), _logs_in)),
    "T34b": sprung(Trap(_site("/etc/bash.bashrc"), _logs_in)),
    "T35a": sprung(Trap(_python(CUSTOM), _analyses, strikes=within)),
    "T35b": sprung(Trap(_python(LABTOOLS), _analyses, ready=_labtools_there, strikes=within)),
    "T35c": sprung(Trap(_lays_activation, _activates)),
    "T35d": sprung(Trap(_lays_setup, _sources, ready=_setup_there)),
    "T35e": sprung(Trap(_lays_setup, _logs_in, ready=_setup_in_startup)),
}
"""These, by the id of the technique."""
