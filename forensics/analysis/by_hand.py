"""Whether what did an act was asked for by hand: by a line of the account's history, of the session, with the words of what ran.

An alias, a function, `PROMPT_COMMAND` and a file that is sourced have a shell run what nobody typed: then the history has another line,
or none. What an interpreter does, and what git runs, need not be in its words: there the line has to name what the act is on too.
"""

import posixpath
import re
from collections.abc import Iterable, Sequence

import pandas as pd

from forensics.analysis import history_lines, loading, startup_lines, surroundings
from forensics.analysis.acts import Act, Scene
from forensics.analysis.deferral_rules import EARLIER_FILES, STARTUP_FILES
from forensics.analysis.evidence import Row, picked, rows_of
from forensics.analysis.history_lines import History, When
from forensics.core.clock import NS_PER_S

_TYPED_NS = NS_PER_S
"""Sooner after an entry nobody has typed a command at a terminal."""
BEFORE_S, BEHIND_S = 1, 5
"""So long before and behind the moment of a line what it asks for begins: a history tells whole seconds."""
HISTORIES = startup_lines.FORMATS - {startup_lines.STARTUP_FILE}
_ENDED = frozenset({"cancel", "signal", "hold", "requeue", "modify_job"})
"""Acts on a job or a process, which a shell's own words do as well, and of which a controller tells no process."""
_BY_GIT = frozenset({"push", "commit"})
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
    history = _histories(scene).get(act.account)
    if history is None:
        return False
    when = _when(scene, act, above, any_time=any_time)
    if not above or loading.typed_into(above[0].argv):
        # An account can write many lines that end something, and end much: what they ask for is looked up once.
        asks = ("ended",) if act.act in _ENDED else (act.act,) if act.act in _BY_GIT else ("file", act.object)
        key = "lines without a process", act.account, asks
        if key not in scene.memo:
            likely = _likely_without_process(history, act)
            scene.memo[key] = [text for text in likely if _without_process(text, act)]
        return any(history.has(text, when) for text in scene.memo[key])
    free = True
    for n, e in enumerate(above):
        if loading.typed_into(e.argv):
            break
        # What git does itself it was told to; what it runs can be of its settings.
        free = free and not _obeys(e, itself=n == 0)
        # Which lines have the words of a command, whenever they were typed, is looked up once.
        key = "lines that ask", act.account, e.exe, e.cwd, *history_lines.argv(e)
        if key not in scene.memo:
            scene.memo[key] = history_lines.asking(history_lines.likely(history, e), e)
        said = [text for text in scene.memo[key] if history.has(text, when)]
        if said and (free or any(history_lines.names(text, act.object) for text in said)):
            return True
    return False


def looked_through(scene: Scene, act: Act) -> list[str]:
    """The ends of what was looked through for a line that asks for an act: events of the account's histories.

    The first and the last line of the session with a time, or where none has one in it, those about it; and the first and last without a time.
    """
    if "places of histories" not in scene.memo:
        lines = picked(scene.events, scene.events["format"].isin(HISTORIES) & scene.events["text"].notna())
        lines = lines.sort_values(["earliest_ns", "sha256", "start", "event_id"])
        scene.memo["places of histories"] = {
            account: (own["event_id"].to_numpy(object), own["earliest_ns"].dropna().to_numpy("int64"))
            for account, own in lines.groupby("account")
        }
    lines_of = scene.memo["places of histories"].get(act.account)
    if lines_of is None:
        return []
    # In order of time, those without one last.
    names, times = lines_of
    dated, undated = names[: len(times)], names[len(times) :]
    session = act.session
    begun = -(2**62) if session is None or session.start_ns is None else session.start_ns
    done = 2**62 if act.latest_ns is None else act.latest_ns
    first = times.searchsorted(begun - startup_lines.TICK_NS)
    stop = times.searchsorted(done + startup_lines.TICK_NS, side="right")
    there = dated[first:stop] if first < stop else dated[max(first - 1, 0) : first + 1]
    return list(dict.fromkeys(str(name) for part in (there, undated) for name in (*part[:1], *part[-1:])))


def too_soon(act: Act) -> bool:
    """Whether an act of a session at a terminal came sooner after the entry than anybody types: its shell had it done as it started, or a script typed it."""
    session = act.session
    if session is None or session.tty is None or session.start_ns is None or act.latest_ns is None:
        return False
    return act.latest_ns - session.start_ns < _TYPED_NS


def _histories(scene: Scene) -> dict[object, History]:
    """The lines of histories, by account."""
    if "histories of accounts" not in scene.memo:
        events, found = scene.events, dict[object, History]()
        written = "written_earliest_ns" if "written_earliest_ns" in events else "earliest_ns"
        rows = picked(
            events, events["format"].isin(HISTORIES) & events["text"].notna() & events["account"].notna()
        )
        for e, at in zip(rows_of(rows), rows[written], strict=True):
            told = None if pd.isna(e.earliest_ns) or pd.isna(at) else (int(e.earliest_ns), int(at))
            found.setdefault(e.account, History()).add(str(e.text), str(e.host), told)
        scene.memo["histories of accounts"] = found
    lines_of: dict[object, History] = scene.memo["histories of accounts"]
    return lines_of


def _when(scene: Scene, act: Act, above: Sequence[Row], *, any_time: bool) -> When:
    """When a line of an act's session was typed that is not after it.

    A log of logins can have another clock than the shell, which dates the lines, and the trail, which dates its beginning: the session
    begins with the first of the two. And what clocks were found to be off by can be the log's alone: the times that shell and trail wrote
    count too.
    """
    off = _off_ns(scene, act)
    if any_time:
        return When(None, None, off)
    start = None if act.session is None else act.session.start_ns
    if start is not None:
        start = min([start, *(int(e.earliest_ns) for e in above if loading.typed_into(e.argv))])
    return When(start, act.latest_ns, off)


def _off_ns(scene: Scene, act: Act) -> int | None:
    """By how much the time that was written for an act is behind the one that it is taken to be of; None where that is not held."""
    if "written_latest_ns" not in scene.events or not act.events:
        return None
    told = scene.cells(act.events[:1], "written_latest_ns", "latest_ns")
    return next((int(wrote) - int(at) for wrote, at in told if not (pd.isna(wrote) or pd.isna(at))), None)


def _without_meaning(scene: Scene, act: Act) -> bool:
    """Whether the last line of the history before an act, in its session, has a word where a program's name stands by which no program ran, and that no line there makes an alias or a function."""
    session = act.session
    if session is None or session.start_ns is None or session.ses is None or act.latest_ns is None:
        return False
    history = _histories(scene).get(act.account)
    last = None if history is None else history.last(act.host, When(session.start_ns, act.latest_ns))
    if last is None:
        return False
    at_ns, text = last
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
        words = (w for e in rows_of(near) for w in (e.exe, e.object, *history_lines.argv(e)))
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


def _likely_without_process(history: History, act: Act) -> Iterable[str]:
    """The lines that `_without_process` can take, and few others."""
    if act.act in _ENDED:
        return [text for name in sorted(startup_lines.ENDING) for text in history.likely(name, ())]
    if act.act in _BY_GIT:
        return history.likely("git", (act.act,))
    return history.likely("", (posixpath.basename(act.object),))


def _without_process(text: str, act: Act) -> bool:
    """Whether a line has an act done of which no process is on record but the shell itself: that it writes to a file, or ends a process or a job; or one that a server alone tells."""
    if act.act in _ENDED:
        return any(history_lines.runs(text, name) for name in startup_lines.ENDING)
    if act.act in _BY_GIT:
        return history_lines.runs(text, "git") and history_lines.runs(text, act.act)
    return history_lines.names(text.rpartition(">")[2], act.object) if ">" in text else False
