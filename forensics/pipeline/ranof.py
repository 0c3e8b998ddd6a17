"""Who had written what the processes of acts ran: changes of these files, and what their writers ran, in a store."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.analysis import (
    by_hand,
    git_settings,
    loading,
    sourced,
    startup_lines,
    surroundings,
    taken_in,
    uncollected,
    unpacked,
)
from forensics.analysis.homes import Home
from forensics.core.clock import NS_PER_S
from forensics.pipeline import kin
from forensics.store.places import Asked, Places

_TOGETHER = 256
"""So many patterns are one question."""
ANYBODY = "\x1banybody"
"""In the place of an account whose home a path lies in: no account is called so."""
ANYBODYS = Home(ANYBODY)
_DEEPEST = 16
"""A file that was written by a program that was written by a program, and so on."""


Texts = Callable[[str], Sequence[str]]
"""What gives the texts that are known of a script, by its path."""


class Mass(NamedTuple):
    """The format of an audit trail, with the conditions for an event to be of its mass, and to change a file."""

    trail: str
    mass: str
    changed: str


class _Beside(NamedTuple):
    """What has programs load files and is no event of a trail: what lines of startup files and histories name, ends of paths that settings of git include, and texts of scripts."""

    told: frozenset[surroundings.Named]
    included: frozenset[str]
    texts: Texts


def of(asked: Asked, wanted: Places, of_trail: Mass, texts: Texts) -> tuple[Places, set[str]]:
    """The places of the events of kin, and of those by which files came to hold what kin ran, with those that are wanted already; and these files.

    Args:
        asked: the events.
        wanted: the places of those that are wanted.
        of_trail: which events are of the trail.
        texts: what gives the texts of a script.
    """
    trail, mass, changed = of_trail
    loaded = "|".join(suffix.replace(".", "[.]") for suffix in loading.LOADED)
    wanted = np.union1d(
        wanted,
        asked.places(
            f"WHERE {mass} AND verb IN ('read', 'open') AND session IS NOT NULL AND regexp_matches(object, '({loaded})$')"
            f" AND object IN (SELECT object FROM part WHERE {changed})"
        ),
    )
    wanted = np.union1d(wanted, _as_typed(asked, mass))
    known: set[str] = set()
    cached = lru_cache(maxsize=None)(texts)
    beside = _Beside(_lines(asked, cached), _included(asked), cached)
    for _ in range(_DEEPEST):
        wanted = kin.of(asked, _with_copies(asked, wanted, mass, known), trail, mass)
        ahead = _leading(asked, wanted, trail, changed, known, beside) - known
        if not ahead:
            break
        known |= ahead
        named = pa.table({"path": pa.array(sorted(ahead), pa.string())})
        below = "object IN (SELECT path FROM ran) OR object_from IN (SELECT path FROM ran)"
        wanted = np.union1d(wanted, asked.places(f"WHERE {changed} AND ({below})", {"ran": named}))
    return wanted, known


def _leading(
    asked: Asked, wanted: Places, trail: str, changed: str, known: set[str], beside: _Beside
) -> set[str]:
    """Every path whose content a process in a session can have done, and those that what is known already was moved from."""
    told = asked.rows(
        wanted, ["verb", "exe", "object", "object_from", "argv", "cwd", "session", "format", "text"]
    )
    moved = told.filter(pc.and_(pc.equal(told["verb"], "rename"), pc.is_valid(told["object_from"])))
    into = pc.is_in(moved["object"], pa.array(sorted(known), pa.string()))
    mine = pc.and_(pc.equal(told["format"], trail), pc.is_valid(told["session"]))
    told = told.filter(pc.and_(mine, pc.is_in(told["verb"], pa.array(["execute", *sorted(loading.READS)]))))
    rows = list(
        zip(*(told[name].to_pylist() for name in ("verb", "exe", "object", "argv", "cwd")), strict=True)
    )
    folders = {
        f for _, exe, _, argv, cwd in rows if (f := loading.folder_of_modules(exe, argv, cwd)) is not None
    }
    found = {path for row in rows for path in loading.used(*row)}
    named = set(beside.told)
    for verb, exe, _, argv, cwd in rows:
        packages = set(unpacked.sources(exe, argv, cwd or "/"))
        found |= packages
        folders |= packages
        if verb == "execute":
            included = git_settings.included(argv, cwd, ANYBODYS) if loading.program(exe) == "git" else ()
            named |= {_anybodys(surroundings.Named(path)) for path in included}
            named |= _worded(exe, argv, cwd, beside.texts)
    found |= _modules(asked, folders, changed)
    runs = [(exe, argv, cwd) for verb, exe, _, argv, cwd in rows if verb == "execute"]
    patterns = taken_in.patterns(runs, named) | {f"/{re.escape(end)}$" for end in beside.included}
    found |= _changed(asked, patterns, changed) | _can_be_taken_in(asked, runs, changed)
    return found | set(moved.filter(into)["object_from"].to_pylist())


def _worded(exe: object, argv: object, cwd: object, texts: Texts) -> set[surroundings.Named]:
    """What the words of a run name, the text of its script, and what files so named take in."""
    where = cwd if isinstance(cwd, str) else None
    told = surroundings.of_run(exe, argv, cwd, ANYBODYS)
    script = loading.shell_script(exe, argv, cwd)
    lines = (line for text in (texts(script) if script else ()) for line in text.splitlines())
    told += [one for line in lines for one in surroundings.named(line, cwd=where, home=ANYBODYS)]
    return {_anybodys(one) for one, _ in sourced.through(told, where, ANYBODYS, texts)}


def _anybodys(one: surroundings.Named) -> surroundings.Named:
    """With the end of a path alone, where it lies in whoever's home."""
    home = f"/home/{ANYBODY}/"
    return one._replace(path=one.path.removeprefix(home)) if one.path.startswith(home) else one


def _changed(asked: Asked, patterns: Iterable[str], changed: str) -> set[str]:
    """The changed files that one of some patterns is of."""
    every = sorted(patterns)
    found = set[str]()
    for first in range(0, len(every), _TOGETHER):
        some = "|".join(f"(?:{p})" for p in every[first : first + _TOGETHER]).replace("'", "''")
        places = asked.places(f"WHERE {changed} AND regexp_matches(object, '{some}')")
        found.update(asked.rows(places, ["object"])["object"].to_pylist())
    return found


def _can_be_taken_in(asked: Asked, runs: Iterable[tuple[object, object, object]], changed: str) -> set[str]:
    """The changed files that a shell, or one of the programs that ran, can take in by lines that were not collected."""
    called = "|".join(surroundings.takes_in({loading.program(exe) for exe, _, _ in runs}))
    places = asked.places(
        f"WHERE {changed} AND regexp_matches(object, '{called}') AND NOT contains(object, '{uncollected.PACKAGES}')"
    )
    return set(asked.rows(places, ["object"])["object"].to_pylist())


def _lines(asked: Asked, texts: Texts) -> frozenset[surroundings.Named]:
    """What lines of startup files and of histories name, and what files so named take in."""
    formats = ", ".join(f"'{name}'" for name in sorted(startup_lines.FORMATS))
    where = f"format IN ({formats}) AND text IS NOT NULL"
    lines = asked.ask(f"SELECT DISTINCT text FROM part WHERE {where}")["text"].to_pylist()
    told = [one for text in lines for one in surroundings.named(text, cwd=None, home=ANYBODYS)]
    return frozenset(_anybodys(one) for one, _ in sourced.through(told, None, ANYBODYS, texts))


def _as_typed(asked: Asked, mass: str) -> Places:
    """The executions of an account as its history has a line: whether a word of it is a program's name is told by them."""
    formats = ", ".join(f"'{name}'" for name in sorted(by_hand.HISTORIES))
    lines = asked.ask(
        f"SELECT DISTINCT host, account, earliest_ns // {NS_PER_S} AS second FROM part WHERE format IN ({formats})"
        " AND host IS NOT NULL AND account IS NOT NULL AND earliest_ns IS NOT NULL"
    )
    if not lines.num_rows:
        return np.empty(0, np.int64)
    near = range(-by_hand.BEFORE_S, by_hand.BEHIND_S + 2)
    moved = (lines.set_column(2, "second", pc.add(lines["second"], n)) for n in near)
    typed = {"typed": pa.concat_tables(moved).group_by(["host", "account", "second"]).aggregate([])}
    at = f"earliest_ns // {NS_PER_S}"
    return asked.places(
        f"WHERE {mass} AND verb = 'execute' AND session IS NOT NULL AND CASE WHEN account IS NULL"
        f" THEN (host, {at}) IN (SELECT (host, second) FROM typed) ELSE (host, account, {at}) IN (SELECT (host, account, second) FROM typed) END",
        typed,
    )


def _included(asked: Asked) -> frozenset[str]:
    """The ends of the paths that settings of git include which were collected."""
    where = (
        f"format = '{git_settings.FORMAT}' AND regexp_matches(lower(object), '^include(if[.].*)?[.]path$')"
    )
    texts = asked.ask(f"SELECT DISTINCT text FROM part WHERE {where} AND text IS NOT NULL")["text"]
    return frozenset(git_settings.ends(texts.to_pylist()))


def _with_copies(asked: Asked, wanted: Places, mass: str, known: set[str]) -> Places:
    """With the commands that can have brought what ran to where it lies: copies that name a part of its path, git where it lies."""
    paths = [path for path in known if not loading.of_site(path)]
    if not paths:
        return wanted
    folders = {folder for path in paths for folder in loading.upward(path)}
    beside = {
        "part_of": pa.table(
            {"name": pa.array(sorted({n for p in paths for n in p.split("/") if n}), pa.string())}
        ),
        "above": pa.table({"folder": pa.array(sorted(folders), pa.string())}),
    }
    copiers = ", ".join(f"'{name}'" for name in sorted(loading.COPIERS))
    base = "regexp_extract(exe, '[^/]*$')"
    # The words in one text, cut at each stroke and blank.
    words = "regexp_split_to_array(array_to_string(argv, '/'), '[/ =]+')"
    copies = f"{base} IN ({copiers}) AND list_has_any({words}, (SELECT list(name) FROM part_of))"
    filled = f"{base} = 'git' AND (list_contains(argv, 'clone') OR list_contains(argv, '-C') OR cwd IN (SELECT folder FROM above))"
    unpackers = ", ".join(f"'{name}'" for name in sorted(unpacked.UNPACKERS))
    by_name = f"({base} IN ({unpackers}) OR (regexp_matches({base}, '^(python|pip)[0-9.]*$') AND contains(array_to_string(argv, ' '), 'pip')))"  # fmt: skip
    put = f"{by_name} AND (cwd IN (SELECT folder FROM above) OR list_has_any({words}, (SELECT list(name) FROM part_of)))"
    return np.union1d(
        wanted,
        asked.places(f"WHERE {mass} AND verb = 'execute' AND (({copies}) OR ({filled}) OR ({put}))", beside),
    )


def _modules(asked: Asked, folders: set[str], changed: str) -> set[str]:
    """The changed modules in some folders, and in those one below them."""
    if not folders:
        return set()
    named = pa.table({"folder": pa.array(sorted(folders), pa.string())})
    suffixes = "|".join(suffix.replace(".", "[.]") for suffix in loading.MODULES)
    folder = "regexp_extract(object, '^(.*)/[^/]*$', 1)"
    above = "regexp_extract(object, '^(.*)/[^/]*/[^/]*$', 1)"
    below = f"{folder} IN (SELECT folder FROM folders) OR {above} IN (SELECT folder FROM folders)"
    places = asked.places(
        f"WHERE {changed} AND regexp_matches(object, '({suffixes})$') AND ({below})", {"folders": named}
    )
    return set(asked.rows(places, ["object"])["object"].to_pylist())
