"""What a program loads that its own words do not name, as far as words tell: one list of variables, of ways to take a file in, of modules and of environments.

A library that `LD_PRELOAD` names, a module that Python finds through `PYTHONPATH` or in a shared environment, a file that a startup
file sources: each does what its writer wants under the account, key and device of whoever runs the program. What an act's session took
in of that is looked up by `taken_in`, and who decided it by `foreign_code`; settings of git are in `git_settings`.
"""

import posixpath
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from forensics.analysis import loading, wording
from forensics.analysis.evidence import Row
from forensics.analysis.homes import Home

_SHELLS = r"-?(?:ba|da|z|k|mk)?sh"
_PYTHONS = r"python[0-9.]*|pypy[0-9.]*|gdb|lldb|blender|uwsgi"


NOBODYS = Home(None)
"""Where nobody knows whose home a sign is of."""


class Variable(NamedTuple):
    """What a variable of an environment names: a file, folders that are searched, folders of modules, or an environment of packages; and which programs obey it, or all."""

    what: str
    by: re.Pattern[str] | None = None


def _obeyed(what: str, programs: str | None, names: str) -> dict[str, Variable]:
    by = None if programs is None else re.compile(programs)
    return {name: Variable(what, by) for name in names.split()}


VARIABLES: Mapping[str, Variable] = {
    **_obeyed("file", None, "LD_PRELOAD LD_AUDIT"),
    **_obeyed("folder", None, "LD_LIBRARY_PATH"),
    **_obeyed("modules", None, "MODULEPATH"),
    **_obeyed("file", _SHELLS, "BASH_ENV ENV"),
    **_obeyed("folder", r"zsh", "ZDOTDIR"),
    **_obeyed("file", _PYTHONS, "PYTHONSTARTUP"),
    **_obeyed("folder", _PYTHONS, "PYTHONPATH"),
    **_obeyed("environment", _PYTHONS, "PYTHONUSERBASE PYTHONHOME"),
    **_obeyed("folder", r"perl[0-9.]*", "PERL5LIB PERLLIB"),
    **_obeyed("folder", r"ruby[0-9.]*|irb", "RUBYLIB"),
    **_obeyed("folder", r"R|Rscript", "R_LIBS R_LIBS_USER R_LIBS_SITE"),
    **_obeyed("file", r"R|Rscript", "R_PROFILE R_PROFILE_USER R_ENVIRON R_ENVIRON_USER"),
    **_obeyed("folder", r"julia", "JULIA_LOAD_PATH JULIA_DEPOT_PATH"),
    **_obeyed("folder", r"node", "NODE_PATH"),
    **_obeyed("folder", r"lua(?:jit)?[0-9.]*", "LUA_PATH LUA_CPATH"),
    **_obeyed("file", r"git(?:-.*)?", "GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM"),
}
"""Every variable that is followed."""
_NAMES = "|".join(sorted(VARIABLES, key=lambda name: (-len(name), name)))
_VALUE = r"\"[^\"]*\"|'[^']*'|[^\s;&|)]*"
_SET = re.compile(
    rf"(?:(?:^|[\s;&|(\"'])(?P<name>{_NAMES})\+?=|\bsetenv[ \t]+(?P<told>{_NAMES})[ \t]+)(?P<value>{_VALUE})"
)
_SOURCED = re.compile(
    r"(?:^|[;&|({\n\"'`]|\b(?:then|do|else)\b)[ \t]*(?:(?:builtin|command)[ \t]+)?(?:source|[.])[ \t]+(?P<path>\"[^\"]*\"|'[^']*'|[^\s;&|)]+)"
)
_HOME = re.compile(r"^(?:~(?P<name>[a-z_][\w.-]*)?|\$HOME|\$\{HOME\})(?=/)")
_BEHIND = re.compile(r"^\$(?:\w+|\{\w+\})/+(?=[^$]+$)")
"""What stands before the rest of a path whose beginning a variable holds."""
_SHOWS = frozenset({"env", "sudo", "doas", "nice", "nohup", "setsid", "stdbuf", "timeout", "srun", "sbatch", "salloc", "mpirun", "mpiexec", "orterun"})  # fmt: skip
"""Programs among whose words the environment of another can stand."""
_EXPORTED = "--export"
MODULE_PROGRAMS = re.compile(r"modulecmd(?:\.tcl)?|lmod|lua(?:jit)?[0-9.]*|tclsh[0-9.]*")
"""Programs that work out what a shell's `module` command asks for."""
_MODULE_COMMANDS = frozenset({"modulecmd", "modulecmd.tcl", "lmod"})
_LOADS = frozenset({"load", "add", "switch", "swap", "try-load", "load-any", "restore", "refresh", "reload", "test", "display", "show", "is-loaded"})  # fmt: skip
"""What a module is read for, and done."""
_USE = "use"
_MODULES = re.compile(r"/module(?:file)?s/(?P<name>.+?)(?:\.lua)?$")
_PACKAGES = re.compile(
    r"^(?P<prefix>.*)/lib(?:64)?/python[0-9.]*/(?:(?:site|dist)-packages/(?P<inside>.+)|(?:site|user)customize\.py)$"
)
_ALWAYS = re.compile(r"-packages/[^/]+\.pth$|/(?:site|user)customize\.py$")
"""Files that Python does as it starts, whatever it is given."""
ACTIVATION = re.compile(r"^(?P<prefix>.*)/etc/conda/activate\.d/[^/]+$")
"""Files that a shell takes in as an environment is activated: what is typed for it runs nothing of that name."""
_PYTHON = re.compile(r"python[0-9.]*")


OF_PYTHON = r"[.](?:py|pyc|pth)$"
"""What Python finds in a folder that it is told to search."""
TAKEN_IN: Mapping[str, Variable] = {
    r"[.](?:sh|bash|zsh|ksh|csh|tcsh|fish|env|(?:bash|zsh|k|c|tc)?(?:rc|profile))$": Variable("file"),
    r"/[.]?(?:bash|zsh|k|c|tc)?(?:rc|profile|env|aliases|functions)$": Variable("file"),
    r"/(?:activate|environment|settings|setup)$": Variable("file"),
    r"[.]so(?:[.][0-9]+)*$": Variable("file"),
    OF_PYTHON: Variable("folder", re.compile(_PYTHONS)),
    r"[.](?:pl|pm)$": Variable("folder", re.compile(r"perl[0-9.]*")),
    r"[.]rb$": Variable("folder", re.compile(r"ruby[0-9.]*|irb")),
    r"[.](?:R|Rprofile|Renviron)$": Variable("folder", re.compile(r"R|Rscript")),
    r"[.]jl$": Variable("folder", re.compile(r"julia")),
    r"[.][cm]?js$": Variable("folder", re.compile(r"node")),
    r"[.]lua$": Variable("folder", re.compile(r"lua(?:jit)?[0-9.]*")),
    r"[/.]gitconfig$": Variable("file", re.compile(r"git(?:-.*)?")),
}
"""What files are called that a shell, or a program, takes in by lines that need not be on record; and which programs do."""


class Named(NamedTuple):
    """A file, or a folder, that words name.

    `path` is whole, or the end of one where its beginning is on no record. `what` is as in `Variable`. `variable` names it, or none where
    a shell takes it in.
    """

    path: str
    what: str = "file"
    variable: str | None = None

    @property
    def whole(self) -> bool:
        """Whether all of its path is told."""
        return self.path.startswith("/")

    def bears(self, programs: Iterable[str]) -> bool:
        """Whether one of some programs obeys the variable; what a shell takes in bears on all that follows."""
        by = None if self.variable is None else VARIABLES[self.variable].by
        return by is None or any(by.fullmatch(program) for program in programs)


def shell_does(one: Named) -> bool:
    """Whether a shell does what lies in a file that was named."""
    return one.what == "file" and one.variable in {None, "BASH_ENV", "ENV"}


def named(text: str, *, cwd: str | None, home: Home = NOBODYS) -> list[Named]:
    """What a shell's text has programs load, or takes in itself.

    Args:
        text: a line, or several; one that is a remark names nothing.
        cwd: where it is done, if that is on record; else a path that is not whole is the end of one.
        home: what a home's sign stands for; where that is nothing, what lies behind one is left out.
    """
    if text.lstrip().startswith("#"):
        return []
    found = list[Named]()
    for match in _SET.finditer(text):
        found += _set(match["name"] or match["told"], match["value"], cwd, home)
    words = [match["path"].strip("\"'") for match in _SOURCED.finditer(text)]
    return [*found, *(Named(path) for word in words for path in _paths(word, cwd, home))]


def _set(name: str, value: str, cwd: str | None, home: Home) -> list[Named]:
    what = VARIABLES[name].what
    words = (word.partition("?")[0] for word in re.split(r"[:;\s]", value.strip("\"'")))
    paths = (path for word in words if word for path in _paths(word, cwd, home))
    # A folder without its beginning is any: only a file has a name of its own.
    return [Named(path, what, name) for path in paths if what == "file" or path.startswith("/")]


def _paths(word: str, cwd: str | None, home: Home) -> list[str]:
    """The path that a word stands for: several where a home can lie in several places."""
    if found := _HOME.match(word):
        paths = (
            wording.resolved(f"{folder}{word[found.end() :]}", None) for folder in home.of(found["name"])
        )
        return [path for path in paths if path]
    if found := _BEHIND.match(word):
        return [posixpath.normpath(word[found.end() :])]
    if not word or "$" in word or word[0] == "~" or "\0" in word:
        return []
    whole = wording.resolved(word, cwd)
    return [whole or posixpath.normpath(word).removeprefix("../")]


def takes_in(programs: Iterable[str]) -> list[str]:
    """The patterns of `TAKEN_IN` of what a shell, or one of some programs, takes in."""
    ran = list(programs)
    return [p for p, v in TAKEN_IN.items() if v.by is None or any(v.by.fullmatch(one) for one in ran)]


def of_run(exe: object, argv: object, cwd: object, home: Home = NOBODYS) -> list[Named]:
    """What the words of a run have it, or what it starts, load: settings among the words of another, and the text that a shell is given."""
    words = list(map(str, argv[1:])) if isinstance(argv, (list, tuple)) else []
    where = cwd if isinstance(cwd, str) else None
    found = list[Named]()
    for word in _settings(words) if loading.program(exe) in _SHOWS else ():
        name, _, value = word.partition("=")
        if name in VARIABLES:
            found += _set(name, value, where, home)
    for line in str(loading.said(exe, argv) or "").splitlines():
        found += named(line, cwd=where, home=home)
    return [one for one in found if one.whole]


def _settings(words: Sequence[str]) -> list[str]:
    """The words that can set a variable; of `--export=A=1,B=2` each."""
    found = list[str]()
    for at, word in enumerate(words):
        name, told, value = word.partition("=")
        if name == _EXPORTED:
            found += (value if told else next(iter(words[at + 1 : at + 2]), "")).split(",")
        else:
            found.append(word)
    return found


def environment_of(path: str) -> str | None:
    """The environment that a file of Python's packages, or one that its activation does, is of; None for any other file."""
    found = _PACKAGES.match(path) or ACTIVATION.match(path)
    return None if found is None else found["prefix"]


def by_environment(changed: Iterable[str]) -> dict[str, list[str]]:
    """The files of Python's packages among some, by the environment that they lie in."""
    found: dict[str, list[str]] = {}
    for path in sorted(changed):
        if match := _PACKAGES.match(path):
            found.setdefault(match["prefix"], []).append(path)
    return found


def done_always(path: str) -> bool:
    """Whether Python does a file of its packages as it starts, whatever it is given."""
    return _ALWAYS.search(path) is not None


def environments(e: Row, changed: Iterable[str], accounts: Collection[str]) -> list[str] | None:
    """Of some environments those that a run of Python finds packages in; None where the one it is of is on no record.

    It is of the path that was executed, of its first word, and of its program: a link leads from one to the other. What a script in the
    folder of an environment's programs is given to, is of that environment too. Two that are called alike, and lie in folders that are,
    can be one.

    Args:
        e: an execution, of Python.
        changed: the environments that are asked about.
        accounts: in whose homes Python looks too.
    """
    first = [str(w) for w in (e.argv or ())[:1]]
    told = [w for w in (e.object, *first) if isinstance(w, str) and w.startswith("/") and _PYTHON.fullmatch(posixpath.basename(w))]  # fmt: skip
    scripts = loading.given(e.exe, e.argv, e.cwd)
    programs = [*told, *(w for w in (e.exe, e.object) if isinstance(w, str)), *scripts]
    prefixes = {posixpath.dirname(posixpath.dirname(posixpath.normpath(w))) for w in programs}
    prefixes |= {"/usr/local"} if "/usr" in prefixes else set()
    names = {end for p in prefixes if (end := _end(p))}
    homes = tuple(f"/{account}/.local" for account in accounts)
    found = [p for p in changed if p in prefixes or p.endswith(homes) or _end(p) in names]
    return found if told or found else None


def _end(prefix: str) -> str | None:
    """The last two folders of an environment's path; None where there are no two, or it is a home's own."""
    parts = prefix.split("/")[1:]
    return "/".join(parts[-2:]) if len(parts) > 1 and not parts[-1].startswith(".") else None


def later(path: str) -> bool:
    """Whether a path is of a module that shells load later, though none names it."""
    return "/modulefiles/" in path


def holds_modules(path: str) -> bool:
    """Whether a path lies below a folder of modules, by what that is called."""
    return _MODULES.search(path) is not None


def loads(exe: object, argv: object) -> list[str]:
    """The modules that a shell's `module` command was asked to load; none for any other run."""
    return [name for asked, names in _asked(exe, argv) if asked in _LOADS for name in names]


def uses(exe: object, argv: object) -> list[str]:
    """The folders that a shell's `module` command was asked to look for modules in."""
    found = [name for asked, names in _asked(exe, argv) if asked == _USE for name in names]
    return [posixpath.normpath(name) for name in found if name.startswith("/")]


def _asked(exe: object, argv: object) -> Iterable[tuple[str, list[str]]]:
    """What a `module` command was asked, and of which modules or folders."""
    words = [str(w) for w in argv] if isinstance(argv, (list, tuple)) else []
    if any(posixpath.basename(w) in _MODULE_COMMANDS for w in (str(exe or ""), *words[:4])):
        at = next((n for n, w in enumerate(words) if w in _LOADS or w == _USE), len(words))
        for asked in words[at : at + 1]:
            yield asked, [name for w in words[at + 1 :] if (name := w.rstrip("/")) and not w.startswith("-")]


def of_module(name: str) -> str:
    """A pattern of the files that a module of a name can be: of that name, or a version of it."""
    return f"/{re.escape(name.strip('/'))}(?:$|[.]lua$|/)"


def modulefiles(
    names: Iterable[str], used: Collection[str], changed: Iterable[str]
) -> tuple[list[str], list[str]]:
    """Of changed files those that modules of some names can be, and of these those that lie where no word tells that modules do.

    Args:
        names: of modules, as they were asked for.
        used: folders that are known to hold modules.
        changed: paths.
    """
    files = re.compile("|".join(of_module(name) for name in names) or r"(?!)")
    found, elsewhere = list[str](), list[str]()
    for path in changed:
        if not (match := files.search(path)):
            continue
        if _MODULES.search(path) or any(path.startswith(f"{folder}/") for folder in used):
            found.append(path)
        elif "/" not in path[match.end() :]:
            # One folder of versions, not a tree of data that is called alike.
            elsewhere.append(path)
    return sorted(found), sorted(elsewhere)
