"""What a program loads that its own words do not name: by its environment, by what a shell takes in, by settings of an account.

A library that `LD_PRELOAD` names, a module that Python finds through `PYTHONPATH` or in a shared environment, a file that a startup
file sources: each does what its writer wants under the account, key and device of whoever runs the program. An environment is told
where words show it: those of `env` and `sudo`, the text that a shell was given, and lines of startup files that were collected.
"""

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence

from forensics.analysis import loading, wording
from forensics.analysis.evidence import Row

FILES = frozenset(
    {"LD_PRELOAD", "LD_AUDIT", "BASH_ENV", "ENV", "PYTHONSTARTUP", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"}
)
"""Variables that name files which a program loads, or a shell takes in, as it starts."""
SEARCHED = frozenset(
    {"PYTHONPATH", "PYTHONUSERBASE", "PERL5LIB", "RUBYLIB", "R_LIBS", "R_LIBS_USER", "JULIA_LOAD_PATH"}
)
"""Variables that name folders in which an interpreter looks for what it loads."""
FOLDERS = SEARCHED | {"LD_LIBRARY_PATH", "MODULEPATH"}
"""Variables that name folders in which a program looks for what it loads."""
_SET = re.compile(
    rf"(?:^|[\s;&|(])(?P<name>{'|'.join(sorted(FILES | FOLDERS))})=(?P<value>\"[^\"]*\"|'[^']*'|[^\s;&|)]*)"
)
_SOURCED = re.compile(
    r"(?:^|[;&|({]|\bthen|\bdo)\s*(?:builtin\s+)?(?:source|[.])\s+(?P<path>\"[^\"]*\"|'[^']*'|[^\s;&|)]+)"
)
_SHOWS = frozenset({"env", "sudo", "doas", "nice", "nohup", "setsid", "stdbuf", "timeout"})
"""Programs among whose words the environment of another can stand."""
_ALWAYS = re.compile(r"\.pth$|/(?:sitecustomize|usercustomize)\.py$")
"""Files that Python does as it starts, whatever it is given."""
_PACKAGES = re.compile(r"^(?P<prefix>.*)/lib(?:64)?/python[0-9.]*/(?:site|dist)-packages/(?P<inside>.+)$")
_MODULES = re.compile(r"/modulefiles/(?P<name>.+?)(?:\.lua)?$")
MODULE_PROGRAMS = re.compile(r"modulecmd(?:\.tcl)?|lmod|lua(?:jit)?[0-9.]*|tclsh[0-9.]*")
"""Programs that work out what a shell's `module` command asks for."""
_MODULE_COMMANDS = frozenset({"modulecmd", "modulecmd.tcl", "lmod"})
_LOADS = frozenset({"load", "add", "switch", "swap", "use", "try-load", "restore"})
GIT_SETTINGS = re.compile(
    r"^(?:/etc/gitconfig|/(?:[^/]+/)*(?P<home>[^/]+)/(?:\.gitconfig|\.config/git/config))$"
)
"""Settings of git of a host or an account."""


def of_account(path: str, account: str) -> bool:
    """Whether a path is of settings of git that hold for an account: its own, or the host's."""
    found = GIT_SETTINGS.match(path)
    return found is not None and found["home"] in {account, None}


def later(path: str) -> bool:
    """Whether a path is of what many programs load later, though none names it: settings of git, and modules that a shell loads."""
    return GIT_SETTINGS.match(path) is not None or _MODULES.search(path) is not None


def named(text: str, *, cwd: str | None, interpreted: bool = True) -> tuple[list[str], list[str]]:
    """The files and the folders that a shell's text has programs load, or takes in itself, as far as it names them whole.

    A path behind a variable or a home's sign is of whoever's home that is, and is left out.
    """
    if text.lstrip().startswith("#"):
        return [], []
    files, folders = list[str](), list[str]()
    for match in _SET.finditer(text):
        if match["name"] in SEARCHED and not interpreted:
            continue
        into = files if match["name"] in FILES else folders
        into += _paths(re.split(r"[:\s]", match["value"].strip("\"'")), cwd)
    for match in _SOURCED.finditer(text):
        files += _paths([match["path"].strip("\"'")], cwd)
    return files, folders


def _paths(words: Iterable[str], cwd: str | None) -> list[str]:
    return [p for w in words if w and w[0] not in "$~" and "$" not in w and (p := wording.resolved(w, cwd))]


def of_run(exe: object, argv: object, cwd: object) -> tuple[list[str], list[str]]:
    """The files and folders that the words of a run have it, or what it starts, load."""
    words = list(map(str, argv[1:])) if isinstance(argv, (list, tuple)) else []
    where = cwd if isinstance(cwd, str) else None
    files, folders = list[str](), list[str]()
    for word in words if loading.program(exe) in _SHOWS else ():
        name, _, value = word.partition("=")
        if name in FILES | FOLDERS:
            (files if name in FILES else folders).extend(_paths(re.split(r"[:\s]", value), where))
    for line in str(loading.said(exe, argv) or "").splitlines():
        more, others = named(line, cwd=where)
        files, folders = [*files, *more], [*folders, *others]
    return files, folders


def packages(e: Row, changed: Mapping[str, Sequence[str]], account: str) -> tuple[list[str], list[str]]:
    """Of changed files of Python's packages those that a run of Python does as it starts, and those that it can import.

    Args:
        e: an execution.
        changed: changed files of packages, as `by_environment` has them.
        account: in whose home Python looks too.
    """
    if not changed or loading.folder_of_modules(e.exe, e.argv, e.cwd or "/") is None:
        return [], []
    words = [str(w) for w in e.argv or ()]
    runs = [w for w in (e.exe, *words[:1]) if isinstance(w, str) and w.startswith("/")]
    prefixes = {posixpath.dirname(posixpath.dirname(w)) for w in runs}
    prefixes |= {"/usr/local"} if "/usr" in prefixes else set()
    own = [p for p in sorted(changed) if p in prefixes or p.endswith(f"/{account}/.local")]
    found = [path for prefix in own for path in changed[prefix]]
    return [p for p in found if _ALWAYS.search(p)], [p for p in found if not _ALWAYS.search(p)]


def by_environment(changed: Iterable[str]) -> dict[str, list[str]]:
    """The files of Python's packages among some, by the environment that they lie in."""
    found: dict[str, list[str]] = {}
    for path in sorted(changed):
        if match := _PACKAGES.match(path):
            found.setdefault(match["prefix"], []).append(path)
    return found


def loads(exe: object, argv: object) -> list[str]:
    """The modules that a shell's `module` command was asked to load; none for any other run."""
    words = [str(w) for w in argv] if isinstance(argv, (list, tuple)) else []
    if not any(posixpath.basename(w) in _MODULE_COMMANDS for w in (str(exe or ""), *words[:2])):
        return []
    at = next((n for n, w in enumerate(words) if w in _LOADS), None)
    return [] if at is None else [w for w in words[at + 1 :] if not w.startswith("-")]


def modulefiles(names: Iterable[str], changed: Mapping[str, object] | Sequence[str]) -> list[str]:
    """Of changed files those that a module of some names is of, whichever of its versions."""
    wanted = tuple(names)
    found = ((path, m["name"]) for path in changed if (m := _MODULES.search(path)))
    return sorted(path for path, name in found if any(name == w or name.startswith(f"{w}/") for w in wanted))


def sets_git(argv: object) -> bool:
    """Whether git is asked to change the settings of an account or a host."""
    words = [str(w) for w in argv] if isinstance(argv, (list, tuple)) else []
    asked = "config" in words[:4] and bool({"--global", "--system"} & set(words))
    looks = {"--get", "--get-all", "--get-regexp", "--list", "-l", "get", "list"} & set(words)
    return asked and not looks and len([w for w in words if not w.startswith("-")]) > 3
