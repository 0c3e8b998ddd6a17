"""Which files decide what a process does, by what an event tells: what it executed, what its interpreter was given, read or finds."""

import itertools
import posixpath
import re
from collections.abc import Container, Iterable

from forensics.analysis import wording
from forensics.analysis.lineage import after_options

_SHELLS = re.compile(r"(?:ba|da|z|k|mk|c|tc|fi)?sh")
READS = frozenset({"read", "open"})
"""An opening of which the flags are not on record can be a reading."""
_PYTHONS = re.compile(r"python[0-9.]*")
_INTERPRETERS = re.compile(
    rf"{_SHELLS.pattern}|{_PYTHONS.pattern}|perl[0-9.]*|ruby[0-9.]*|node|Rscript|julia|lua[0-9.]*|tclsh|php[0-9.]*"
)
"""Programs that do what a file says which they are given."""
_VALUED = frozenset({"-W", "-X", "-o", "-O", "+o", "+O", "-I", "-r", "--rcfile", "--init-file", "--require"})
_NO_FILE = frozenset({"-c", "-m", "-e", "-E", "--eval", "-"})
"""Options by which an interpreter is told what to do in place of a file."""
LOADED = (
    ".py",
    ".pyc",
    ".pth",
    ".sh",
    ".bash",
    ".pl",
    ".R",
    ".pt",
    ".pkl",
    ".pickle",
    ".ckpt",
    ".joblib",
    ".npy",
    ".mk",
)
"""Files of which an interpreter that reads them can run what they hold."""
MODULES = (".py", ".pyc", ".so")
"""Files that Python finds by the name of a module."""
_MAKES_IN = frozenset({"-C", "--directory"})
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
COPIERS = frozenset({"cp", "install", "mv", "ln", "rsync"})
"""Programs whose words name the files that they take content from, and last where it goes."""
_INTO = frozenset({"-t", "--target-directory"})
_COPY_VALUED = _INTO | {"-m", "-o", "-g", "-S", "-e", "--mode", "--owner", "--group", "--suffix", "--rsh"}
_GIT_VALUED = frozenset(
    {
        "-C",
        "-c",
        "-b",
        "-o",
        "--git-dir",
        "--work-tree",
        "--branch",
        "--origin",
        "--depth",
        "--config",
        "--reference",
    }
)
_FILLING = frozenset(
    [
        "am",
        "apply",
        "checkout",
        "cherry-pick",
        "clone",
        "merge",
        "pull",
        "rebase",
        "reset",
        "restore",
        "revert",
        "sparse-checkout",
        "stash",
        "submodule",
        "switch",
        "worktree",
    ]
)
"""Commands of git that write files of a working tree."""
_SITE = re.compile(r"/(?:usr|bin|sbin|lib(?:32|64|x32)?|etc|opt|snap|nix/store|cvmfs)/")
"""Folders in which only whoever administers a host writes."""
_ANYBODYS = ("/tmp/", "/var/tmp/", "/dev/shm/")  # noqa: S108 - named because anybody writes there
GIT_SETTINGS = (".git/config", ".git/config.worktree")


def program(exe: object) -> str:
    """The name of a program by its path."""
    return posixpath.basename(exe) if isinstance(exe, str) else ""


def used(verb: str, exe: object, thing: object, argv: object, cwd: object) -> Iterable[str]:
    """Every path whose content a process can do by what an event tells: what it executed, and what its interpreter was given or read.

    Of a program that copies, what it copies; of git, the settings of the repositories that its working directory can lie in.

    Args:
        verb: execute, read or open.
        exe: the program.
        thing: the path that was executed or read.
        argv: the words of an execution.
        cwd: its working directory.
    """
    if verb in READS:
        interprets = _INTERPRETERS.fullmatch(program(exe)) is not None
        return [thing] if interprets and isinstance(thing, str) and thing.endswith(LOADED) else []
    found = [thing] if isinstance(thing, str) else []
    return dict.fromkeys([*found, *given(exe, argv, cwd), *copied(exe, argv, cwd), *settings(exe, argv, cwd)])


def given(exe: object, argv: object, cwd: object) -> list[str]:
    """The files that an interpreter, or make, was given to do, or looks for."""
    name, words = program(exe), _words(argv)
    interprets = _INTERPRETERS.fullmatch(name) is not None
    if name in {"make", "gmake"}:
        below = next((b for a, b in itertools.pairwise(words) if a in _MAKES_IN), "")
        return _resolved((posixpath.join(below, path) for path in _makefiles(words)), cwd)
    return _resolved(_script(name, words) if interprets else [], cwd)


def shell_script(exe: object, argv: object, cwd: object) -> str | None:
    """The script that a shell was given to do; None for any other program."""
    return next(iter(given(exe, argv, cwd)), None) if _SHELLS.fullmatch(program(exe)) else None


def looked_for(paths: list[str], known: Container[str]) -> list[str]:
    """Of the files that make looks for, those that are known, or the last one's name; of what it was told, and of any other, all."""
    if len(paths) < len(_MAKEFILES) or not all(posixpath.basename(p) in _MAKEFILES for p in paths):
        return paths
    return [p for p in paths if p in known] or paths[-1:]


def copied(exe: object, argv: object, cwd: object) -> list[str]:
    """The files that a program that copies takes content from: all its words but the last, or all but the folder it was told apart."""
    sources, apart = _copy(exe, argv)
    return _resolved(sources if apart is not None else sources[:-1], cwd)


def target(exe: object, argv: object, cwd: object) -> str | None:
    """Where a program that copies puts what it copies, as a file of that name or below a folder of it."""
    sources, apart = _copy(exe, argv)
    return next(iter(_resolved([apart] if apart is not None else sources[-1:], cwd)), None)


def _copy(exe: object, argv: object) -> tuple[list[str], str | None]:
    """The files that the words of a copy name, and the folder it was told apart."""
    words = _words(argv)
    if program(exe) not in COPIERS:
        return [], None
    apart = next((b for a, b in itertools.pairwise(words) if a in _INTO), None)
    apart = apart or next((w.split("=", 1)[1] for w in words if w.startswith("--target-directory=")), None)
    return [w for w in operands(words, _COPY_VALUED) if ":" not in w], apart


def operands(words: Iterable[str], valued: frozenset[str]) -> list[str]:
    """The words that are no options, nor values of options."""
    found, skip = [], False
    for word in words:
        if not skip and not word.startswith("-"):
            found.append(word)
        skip = not skip and word in valued
    return found


def checked_out(argv: object, cwd: object) -> list[str]:
    """The folder that a git command fills: the clone's, or where it worked; none for one that changes no working tree."""
    words = _words(argv)
    told = next((b for a, b in itertools.pairwise(words) if a == "-C"), ".")
    rest = [w for w in operands(words, _GIT_VALUED) if not w.startswith("-")]
    place = _resolved([told], cwd)
    if not rest or not place or rest[0] not in _FILLING:
        return []
    if rest[0] != "clone":
        return place
    named = (
        rest[2]
        if len(rest) > 2
        else posixpath.basename(rest[1].rstrip("/").split(":")[-1])
        if len(rest) > 1
        else ""
    )
    return _resolved([named.removesuffix(".git")], place[0]) if named else []


def settings(exe: object, argv: object, cwd: object) -> list[str]:
    """The settings of the repositories that git can have worked in: of its working directory, and of each folder above."""
    if program(exe) != "git":
        return []
    told = [b for a, b in itertools.pairwise(_words(argv)) if a in {"-C", "--git-dir", "--work-tree"}]
    places = _resolved(told, cwd) or _resolved(["."], cwd)
    return [posixpath.join(folder, name) for p in places for folder in upward(p) for name in GIT_SETTINGS]


def folder_of_modules(exe: object, argv: object, cwd: object) -> str | None:
    """The folder in which Python looks for modules first: its script's, or where it was started; None for another program."""
    if _PYTHONS.fullmatch(program(exe)) is None:
        return None
    script = given(exe, argv, cwd)
    return posixpath.dirname(script[0]) if script else cwd if isinstance(cwd, str) else None


def typed_into(argv: object) -> bool:
    """Whether a shell was begun by its name alone: somebody, or something, types into it."""
    words = list(map(str, argv)) if isinstance(argv, (list, tuple)) else []
    name = program(words[0]).removeprefix("-") if words else ""
    return _SHELLS.fullmatch(name) is not None and all(
        word.startswith("-") and "c" not in word for word in words[1:]
    )


def said(exe: object, argv: object) -> str | None:
    """The text that an interpreter was given in a command's words to do."""
    words = _words(argv)
    at = words.index("-c") + 1 if "-c" in words and _INTERPRETERS.fullmatch(program(exe)) else 0
    return words[at] if 0 < at < len(words) else None


def of_site(path: str) -> bool:
    """Whether a path lies where only whoever administers a host writes."""
    return _SITE.match(path) is not None


def own_place(path: str, account: str) -> bool:
    """Whether a path lies in a folder that is called as an account is, near the root, and not where anybody makes one."""
    folders = posixpath.dirname(path).split("/")[1:5]
    return account in folders and not path.startswith(_ANYBODYS)


def _words(argv: object) -> list[str]:
    return list(map(str, argv[1:])) if isinstance(argv, (list, tuple)) else []


def _resolved(words: Iterable[str], cwd: object) -> list[str]:
    below = cwd if isinstance(cwd, str) else None
    return [path for word in words if (path := wording.resolved(word, below))]


def upward(path: str) -> Iterable[str]:
    """A path, and each folder above it but the root."""
    while len(path) > 1:
        yield path
        path = posixpath.dirname(path)


def _script(name: str, words: list[str]) -> list[str]:
    """The file that an interpreter was given to do: its first word behind its options, the others are that file's."""
    rest = after_options(words, _VALUED)
    options = words[: len(words) - len(rest)]
    joined = _SHELLS.fullmatch(name) is not None and any(re.fullmatch(r"-[a-zA-Z]*c", o) for o in options)
    return [] if joined or _NO_FILE & {*options, *rest[:1]} else rest[:1]


def _makefiles(words: list[str]) -> list[str]:
    """The files that make does: those it is told, or those it looks for."""
    told = [b for a, b in itertools.pairwise(words) if a in {"-f", "--file", "--makefile"}]
    return told or list(_MAKEFILES)
