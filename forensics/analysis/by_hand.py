"""Whether what did an act was asked for by hand: by a line of the account's history, of the session, with the words of what ran.

An alias, a function, `PROMPT_COMMAND` and a file that is sourced have a shell run what nobody typed: then the history has another line,
or none. What an interpreter does, and what git runs, need not be in its words: there the line has to name what the act is on too.
"""

import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import NamedTuple

import pandas as pd

from forensics.analysis import loading, startup_lines, surroundings
from forensics.analysis.acts import Act, Scene
from forensics.analysis.deferral_rules import EARLIER_FILES, STARTUP_FILES
from forensics.analysis.evidence import Row, picked, rows_of
from forensics.core.clock import NS_PER_S

_TYPED_NS = NS_PER_S
"""Sooner after an entry nobody has typed a command at a terminal."""
BEFORE_S, BEHIND_S = 1, 5
"""So long before and behind the moment of a line what it asks for begins: a history tells whole seconds."""
HISTORIES = startup_lines.FORMATS - {startup_lines.STARTUP_FILE}
_ENDED = frozenset({"cancel", "signal", "hold", "requeue", "modify_job"})
"""Acts on a job or a process, which a shell's own words do as well, and of which a controller tells no process."""
_BY_GIT = frozenset({"push", "commit"})
_BLANKS = re.compile(r"[\s'\"]+")
_MADE_UP = re.compile(r"\$(?:\w+|\{[^}]*\}|\([^)]*\))|`[^`]*`|^~[^/]*")
"""What a shell puts something else in the place of."""
_WORD = re.compile(r"[A-Za-z_][\w.+-]*")
_LEADS = re.compile(r"(?:\w+=\S*\s+|(?:sudo|time|nohup|exec|command|builtin|then|do|else|if|while|!)\s+)*")
"""What stands before the name of what a line runs."""
_BUILT_IN = frozenset({
    "alias", "bg", "bind", "break", "builtin", "caller", "case", "cd", "command", "compgen", "complete", "coproc", "declare", "dirs", "disown", "do",
    "done", "echo", "elif", "else", "enable", "esac", "eval", "exec", "exit", "export", "false", "fc", "fg", "fi", "for", "function", "getopts",
    "hash", "help", "history", "if", "in", "jobs", "kill", "let", "local", "logout", "mapfile", "popd", "printf", "pushd", "pwd", "read",
    "readarray", "readonly", "return", "select", "set", "shift", "shopt", "source", "suspend", "test", "then", "time", "times", "trap", "true",
    "type", "typeset", "ulimit", "umask", "unalias", "unset", "until", "wait", "while"
})  # fmt: skip
"""Words by which a shell does something itself."""
_DEFINED = re.compile(r"\balias\s+([\w.+-]+)=|(?:^|[;{\s])([\w.+-]+)\s*\(\)|\bfunction\s+([\w.+-]+)")


_ANY = frozenset("*?[")
_PLAIN = _ANY | frozenset("$`~")
_PART = re.compile(r"[\w.-]+")
_MOST = 50_000
"""Of so many different lines without a time the last are looked at; of more an act is left open rather than sought through all."""


class _Undated:
    """The lines of an account's history without a time, each once; of thousands those that can ask for a run are found by its words."""

    def __init__(self) -> None:
        self.texts: dict[str, None] = {}
        self._found: tuple[list[str], dict[str, set[int]], set[int]] | None = None

    def add(self, text: str) -> None:
        """One line more, which is the last."""
        self.texts.pop(text, None)
        self.texts[text] = None
        if len(self.texts) > _MOST:
            del self.texts[next(iter(self.texts))]

    def likely(self, name: str, words: Iterable[str]) -> Iterable[str]:
        """The lines that can have a program's name, and words, or what a shell makes these of: all that do, and few others.

        Args:
            name: of the program; empty where it need not stand there.
            words: what it was given.
        """
        if self._found is None:
            self._found = self._looked_up()
        texts, by_part, patterned = self._found
        named = [by_part.get(part, set[int]()) for part in _PART.findall(name)]
        given = [by_part.get(part, set[int]()) for word in words for part in _PART.findall(word)]
        if not given:
            return [texts[n] for n in sorted(_in_all(named))] if named else texts
        those = _in_all([*named, *given]) | (_in_all([*named, patterned]) if named else patterned)
        return [texts[n] for n in sorted(those)]

    def _looked_up(self) -> tuple[list[str], dict[str, set[int]], set[int]]:
        """The lines, where each part of words stands, and which have something that a shell makes a word of."""
        texts, by_part, patterned = list(self.texts), dict[str, set[int]](), set[int]()
        for n, text in enumerate(texts):
            for part in _PART.findall(text):
                by_part.setdefault(part, set()).add(n)
            if _patterns(text):
                patterned.add(n)
        return texts, by_part, patterned


def _in_all(sets: Iterable[set[int]]) -> set[int]:
    """What lies in each of some sets."""
    first, *rest = sorted(sets, key=len)
    return first.intersection(*rest)


class _Lines(NamedTuple):
    """The lines of histories, by account: those with a time, in its order, each with its host; the same by the time that was written; and those without one."""

    dated: dict[object, list[tuple[int, str, str]]]
    written: dict[object, list[tuple[int, str, str]]]
    undated: dict[object, _Undated]


_NONE = _Undated()


def lacking(
    scene: Scene, act: Act, above: Sequence[Row], uncollected: Sequence[str], *, any_time: bool
) -> list[str]:
    """What was not collected that would tell what had an act done which no line of a history asks for; nothing where it need not be told.

    Where no startup file of the account was collected, an act needs a line. Where one was, it can have been another then: where a
    shell did the act sooner than anybody types, or as a word was typed that is no program and that no file there gives a meaning.

    Args:
        scene: events, people and sessions.
        act: an act of a session.
        above: what its process and those above it executed, the nearest first.
        uncollected: which of startup files and history were not collected.
        any_time: whether no time of a history says anything, for the host's clock was set.
    """
    if act.session is None or act.session.account != act.account:
        # A server tells the one account, and a trail the other: which of them it was is asked elsewhere.
        return []
    bare = STARTUP_FILES in uncollected
    by_shell = any(loading.typed_into(e.argv) for e in above)
    if not (bare or by_shell) or asked(scene, act, above, any_time=any_time):
        return []
    if bare:
        return list(uncollected)
    strange = too_soon(act) or (not any_time and _without_meaning(scene, act))
    return [EARLIER_FILES, *uncollected] if strange else []


def asked(scene: Scene, act: Act, above: Sequence[Row], *, any_time: bool) -> bool:
    """Whether a line of the account's history asks for what did an act.

    What a shell was begun for that somebody types into is not asked about: its own lines are.

    Args:
        scene: events, people and sessions.
        act: an act of a session.
        above: what its process and those above it executed, the nearest first.
        any_time: whether no time of a history says anything, for the host's clock was set.
    """
    lines = _lines(scene, act, above, any_time=any_time)
    undated = _histories(scene).undated.get(act.account, _NONE)
    if not lines and not undated.texts:
        return False
    if not above or loading.typed_into(above[0].argv):
        return any(_without_process(text, act) for text in (*lines, *_likely_without_process(undated, act)))
    free = True
    for n, e in enumerate(above):
        if loading.typed_into(e.argv):
            break
        # What git does itself it was told to; what it runs can be of its settings.
        free = free and not _obeys(e, itself=n == 0)
        # Lines without a time are all of a history: which of them ask for a command is looked up once.
        key = "undated lines that ask", act.account, e.exe, e.cwd, *_argv(e)
        if key not in scene.memo:
            scene.memo[key] = _asking(_likely(undated, e), e)
        said = [*_asking(lines, e), *scene.memo[key]]
        if said and (free or any(_names(text, act.object) for text in said)):
            return True
    return False


def too_soon(act: Act) -> bool:
    """Whether an act of a session at a terminal came sooner after the entry than anybody types: its shell had it done as it started, or a script typed it."""
    session = act.session
    if session is None or session.tty is None or session.start_ns is None or act.latest_ns is None:
        return False
    return act.latest_ns - session.start_ns < _TYPED_NS


def _histories(scene: Scene) -> _Lines:
    if "lines of histories" not in scene.memo:
        events, found = scene.events, _Lines({}, {}, {})
        written = "written_earliest_ns" if "written_earliest_ns" in events else "earliest_ns"
        rows = picked(
            events, events["format"].isin(HISTORIES) & events["text"].notna() & events["account"].notna()
        )
        for e, at in zip(rows_of(rows), rows[written], strict=True):
            text = str(e.text)
            if pd.isna(e.earliest_ns) or pd.isna(at):
                found.undated.setdefault(e.account, _Undated()).add(text)
            else:
                found.dated.setdefault(e.account, []).append((int(e.earliest_ns), str(e.host), text))
                found.written.setdefault(e.account, []).append((int(at), str(e.host), text))
        for lines in (*found.dated.values(), *found.written.values()):
            lines.sort()
        scene.memo["lines of histories"] = found
    lines_of: _Lines = scene.memo["lines of histories"]
    return lines_of


def _lines(scene: Scene, act: Act, above: Sequence[Row], *, any_time: bool) -> list[str]:
    """The lines of the histories of an act's account that can be of its session and not after it, by their time.

    Of whichever host: a home, and the history in it, can be of several. A log of logins can have another clock than the shell, which dates
    the lines, and the trail, which dates its beginning: the session begins with the first of the two. And what clocks were found to be off
    by can be the log's alone: the times that shell and trail wrote count too.
    """
    known = _histories(scene)
    start, last = None if act.session is None else act.session.start_ns, act.latest_ns
    if start is not None:
        start = min([start, *(int(e.earliest_ns) for e in above if loading.typed_into(e.argv))])
    if any_time:
        start = last = None
    off = _off_ns(scene, act)
    told = _between(known.dated.get(act.account, []), start, last)
    if off is not None:
        told |= _between(
            known.written.get(act.account, []),
            None if start is None else start + off,
            None if last is None else last + off,
        )
    return list(told)


def _off_ns(scene: Scene, act: Act) -> int | None:
    """By how much the time that was written for an act is behind the one that it is taken to be of; None where that is not held."""
    if "written_latest_ns" not in scene.events or not act.events:
        return None
    told = scene.cells(act.events[:1], "written_latest_ns", "latest_ns")
    return next((int(wrote) - int(at) for wrote, at in told if not (pd.isna(wrote) or pd.isna(at))), None)


def _between(lines: Sequence[tuple[int, str, str]], start: int | None, last: int | None) -> dict[str, None]:
    """The texts of the lines between two moments, each once."""
    first = 0 if start is None else bisect_left(lines, (start - startup_lines.TICK_NS,))
    behind = len(lines) if last is None else bisect_left(lines, (last + startup_lines.TICK_NS + 1,))
    return dict.fromkeys(text for *_, text in lines[first:behind])


def _without_meaning(scene: Scene, act: Act) -> bool:
    """Whether the last line of the history before an act, in its session, has a word where a program's name stands by which no program ran, and that no line there makes an alias or a function."""
    session = act.session
    if session is None or session.start_ns is None or session.ses is None or act.latest_ns is None:
        return False
    told = _histories(scene).dated.get(act.account, [])
    first = bisect_left(told, (session.start_ns - startup_lines.TICK_NS,))
    last = bisect_left(told, (act.latest_ns + startup_lines.TICK_NS + 1,))
    here = [(at_ns, text) for at_ns, host, text in told[first:last] if host == act.host]
    if not here:
        return False
    at_ns, text = here[-1]
    words = _commands(text) - _BUILT_IN - _meanings(scene, act)
    return bool(words - _ran(scene, act.host, session.ses, at_ns))


def _commands(text: str) -> set[str]:
    """The words of a line where names of programs stand, each without a folder."""
    pieces = (_LEADS.sub("", piece.strip(), count=1) for piece in re.split(r"[;&|\n]+", text))
    return {
        match[0]
        for piece in pieces
        if (match := _WORD.match(piece)) and not piece[match.end() :].startswith(("/", "="))
    }


def _ran(scene: Scene, host: object, ses: object, at_ns: int) -> set[str]:
    """The names by which programs ran in a session, as a line was typed."""
    key = "names that ran", host, ses, at_ns
    if key not in scene.memo:
        if "executions of sessions" not in scene.memo:
            there = (scene.events["verb"] == "execute") & scene.events["earliest_ns"].notna()
            ran = picked(scene.events, there)
            scene.memo["executions of sessions"] = ran, ran.groupby(["host", "session"]).indices
        ran, places = scene.memo["executions of sessions"]
        own = ran.iloc[places.get((host, ses), [])]
        near = own[own["earliest_ns"].between(at_ns - BEFORE_S * NS_PER_S, at_ns + BEHIND_S * NS_PER_S)]
        words = (w for e in rows_of(near) for w in (e.exe, e.object, *_argv(e)))
        scene.memo[key] = {posixpath.basename(w) for w in words if isinstance(w, str)}
    found: set[str] = scene.memo[key]
    return found


def _meanings(scene: Scene, act: Act) -> set[str]:
    """The words that lines of startup files, of the account or of its host, or of the account's history make aliases or functions."""
    key = "words with a meaning", act.host, act.account
    if key not in scene.memo:
        events = scene.events
        lines = picked(
            events,
            events["format"].isin(startup_lines.FORMATS)
            & (events["host"] == act.host)
            & events["text"].notna(),
        )
        own = lines["text"][lines["account"].isna() | (lines["account"] == act.account)].unique()
        scene.memo[key] = {
            name for text in own for found in _DEFINED.findall(str(text)) for name in found if name
        }
    words: set[str] = scene.memo[key]
    return words


def _obeys(e: Row, *, itself: bool) -> bool:
    """Whether what a program does need not be in its words: it obeys a variable that names what it loads."""
    name = loading.program(e.exe)
    if itself and name.startswith("git"):
        return False
    return any(v.by is not None and v.by.fullmatch(name) for v in surroundings.VARIABLES.values())


def _argv(e: Row) -> list[str]:
    return list(map(str, e.argv)) if isinstance(e.argv, (list, tuple)) else []


def _likely(undated: _Undated, e: Row) -> Iterable[str]:
    """The lines without a time that can have the words of a run, and few others."""
    words = _argv(e)
    if not words:
        return ()
    return undated.likely("" if _script(e, words) else posixpath.basename(words[0]), words[1:])


def _script(e: Row, words: Sequence[str]) -> bool:
    """Whether a run is of a script, which has its interpreter's name before its own."""
    return bool(loading.given(e.exe, words, e.cwd))


def _asking(lines: Iterable[str], e: Row) -> list[str]:
    """The lines that have the words of a run: its program, or of a script its path, and what it was given."""
    words = _argv(e)
    if not words:
        return []
    name, script = posixpath.basename(words[0]), _script(e, words)
    return [text for text in lines if (script or _runs(text, name)) and _has_all(text, words[1:])]


def _runs(text: str, name: str) -> bool:
    """Whether a line has a program's name as a word, or at the end of a path."""
    if not name or name not in text:
        return False
    return re.search(rf"(?:^|[\s;&|(`/]){re.escape(name)}(?:$|[\s;&|)`])", text) is not None


def _has_all(text: str, words: Iterable[str]) -> bool:
    """Whether a line has words, or what a shell makes these of."""
    absent = [word for word in words if not _stands(text, word)]
    if not absent:
        return True
    patterns = _patterns(text)
    return all(any(fnmatchcase(word, pattern) for pattern in patterns) for word in absent)


def _stands(text: str, word: str) -> bool:
    """Whether a line has a word, and not as a piece of a longer one."""
    if word not in text:
        return False
    before = r"(?<![\w.-])" if _PART.match(word) else ""
    behind = r"(?![\w.-])" if _PART.fullmatch(word[-1:]) else ""
    return re.search(before + re.escape(word) + behind, text) is not None


@lru_cache(maxsize=_MOST)
def _patterns(text: str) -> tuple[str, ...]:
    """What a shell makes other words of, of a line."""
    if _PLAIN.isdisjoint(text):
        return ()
    made = (_MADE_UP.sub("*", token) for token in _BLANKS.split(text))
    return tuple(token for token in made if not _ANY.isdisjoint(token))


def _names(text: str, thing: str) -> bool:
    """Whether a line names what an act is on: a file, or a job."""
    name = posixpath.basename(thing)
    if not name or name not in text:
        return False
    # `12.0` is a step of job 12, and `a.py.old` is not a.py.
    behind = r"(?![\w-])" if name.isdigit() else r"(?![\w-]|\.\w)"
    return re.search(rf"(?<![\w.-]){re.escape(name)}{behind}", text) is not None


def _likely_without_process(undated: _Undated, act: Act) -> Iterable[str]:
    """The lines without a time that `_without_process` can take, and few others."""
    if act.act in _ENDED:
        return [text for name in sorted(startup_lines.ENDING) for text in undated.likely(name, ())]
    if act.act in _BY_GIT:
        return undated.likely("git", (act.act,))
    return undated.likely("", (posixpath.basename(act.object),))


def _without_process(text: str, act: Act) -> bool:
    """Whether a line has an act done of which no process is on record but the shell itself: that it writes to a file, or ends a process or a job; or one that a server alone tells."""
    if act.act in _ENDED:
        return any(_runs(text, name) for name in startup_lines.ENDING)
    if act.act in _BY_GIT:
        return _runs(text, "git") and _runs(text, act.act)
    return _names(text.rpartition(">")[2], act.object) if ">" in text else False
