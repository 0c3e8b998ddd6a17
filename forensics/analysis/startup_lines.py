"""What lines of startup files and of histories say of an act: that they do the same, and what they have a shell take in. No record tells who wrote them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pandas as pd

from forensics.analysis import homes, loading, surroundings
from forensics.analysis.acts import Act, Scene
from forensics.analysis.evidence import Row, picked, rows_of
from forensics.analysis.sessions import Session
from forensics.analysis.surroundings import Named
from forensics.core.clock import NS_PER_S
from forensics.core.roster import NONE_THERE, Question, Requested

STARTUP_FILE = "shell_startup"
FORMATS = frozenset({"bash_history", "zsh_history", "fish_history", "history_listing", "atuin", STARTUP_FILE})
"""What has lines by which a shell takes something in."""
TICK_NS = NS_PER_S
"""A history tells whole seconds."""
_LEAST = 8
"""Fewer characters than that of a command's words stand in many lines by chance."""
ENDING = frozenset({"scancel", "scontrol", "kill", "pkill", "killall", "qdel", "bkill", "condor_rm"})
"""Programs that end what others run: a line with one of these can name what it ends by another command's answer."""


class Line(NamedTuple):
    """A line that names what is taken in: its event, its moment if it has one, and whether it is of a startup file, and of the account's own."""

    event: str
    at_ns: int | None
    told: tuple[Named, ...]
    startup: bool
    own: bool


def of(scene: Scene, act: Act, above: Sequence[Row]) -> list[str]:
    """The lines of the act's account's startup files, and of its host's, that hold the words of what was executed for it.

    Args:
        scene: events, people and sessions.
        act: an act of a session.
        above: what its process and those above it executed.

    Returns:
        Events that such lines are.
    """
    key = ("startup lines of", act.host, act.account)
    if key not in scene.memo:
        scene.memo[key] = [(str(e.event_id), str(e.text)) for e in _mine(scene, act)], {}
    mine, known = scene.memo[key]
    found = set[str]()
    for words in filter(None, map(_words, above)) if mine else ():
        # One command runs many times: which lines hold its words is looked up once.
        asked = tuple(words)
        if asked not in known:
            known[asked] = [name for name, text in mine if all(w in text for w in asked)]
        found.update(known[asked])
    return [name for name, _ in mine if name in found]


def said_to_be_none(question: Question) -> frozenset[tuple[str, str]]:
    """The hosts and accounts of which the case file says that no startup file was there."""
    return frozenset(
        (asked.host, asked.account)
        for asked in question.sources
        if asked.answer == NONE_THERE and asked.format == STARTUP_FILE
    )


def without_effect(
    question: Question, files: pd.DataFrame, sessions: Iterable[Session], acts: Iterable[Act]
) -> list[str | None]:
    """Why what the case file says is not there changes nothing, of each source that was asked for; None of all others.

    Args:
        question: what is asked, with the sources that were asked for.
        files: schema `file`.
        sessions: every session: a host that no file, session or act is of is perhaps misspelt.
        acts: every act, whatever it bears on: a name that no act has is asked after nowhere.
    """
    there = {(act.host, act.account) for act in acts}
    hosts = {*files["host"].dropna(), *(one.host for one in sessions), *(host for host, _ in there)}

    def why(asked: Requested) -> str | None:
        if asked.answer != NONE_THERE:
            return None
        if asked.format != STARTUP_FILE:
            return "not_startup_files"
        if asked.host not in hosts:
            return "host_not_in_evidence"
        return None if (asked.host, asked.account) in there else "no_act_of_account_there"

    return [why(asked) for asked in question.sources]


def named(scene: Scene, act: Act) -> list[Line]:
    """The lines of the act's account's startup files and histories, and of its host's startup files, that have a shell take files in, or programs load them."""
    key = ("lines that name", act.host, act.account)
    if key not in scene.memo:
        home = homes.of(scene.evidence, act.account)
        told = (_line(e, home) for e in _named(scene).get(act.host, ()) if _hears(e, act.account))
        scene.memo[key] = [line for line in told if line.told]
    found: list[Line] = scene.memo[key]
    return found


def _hears(e: Row, account: str | None) -> bool:
    """Whether a line is of an account: of its own files, or of startup files of the host; a history that lies in no home is nobody's."""
    return e.account == account if isinstance(e.account, str) else e.format == STARTUP_FILE


def _line(e: Row, home: homes.Home) -> Line:
    told = surroundings.named(str(e.text), cwd=None, home=home)
    at_ns = None if pd.isna(e.earliest_ns) else int(e.earliest_ns)
    return Line(str(e.event_id), at_ns, tuple(told), e.format == STARTUP_FILE, isinstance(e.account, str))


def _named(scene: Scene) -> dict[str | None, list[Row]]:
    """The lines that can name something, by their host."""
    if "lines that can name" not in scene.memo:
        events = scene.events
        rows = picked(events, events["text"].notna() & events["format"].isin(FORMATS))
        found: dict[str | None, list[Row]] = {}
        for e in _of_files(rows_of(rows)):
            if surroundings.named(str(e.text), cwd=None, home=homes.Home("")):
                found.setdefault(e.host, []).append(e)
        scene.memo["lines that can name"] = found
    lines: dict[str | None, list[Row]] = scene.memo["lines that can name"]
    return lines


def alone(scene: Scene, told: Iterable[tuple[str, Sequence[Act]]]) -> frozenset[int]:
    """The `id` of each act to which lines of startup files and histories alone lead; whoever owns these can write them as they like.

    Args:
        scene: events, people and sessions.
        told: events, each with the acts to which it leads.
    """
    by_lines, by_others = set[int](), set[int]()
    for event, acts in told:
        if acts:
            (by_lines if scene.row(event).format in FORMATS else by_others).update(map(id, acts))
    return frozenset(by_lines - by_others)


def within(at_ns: int, session: Session) -> bool:
    """Whether a line of a history can be of a session, by its time."""
    first, last = session.start_ns, session.end_ns
    return first is not None and first - TICK_NS <= at_ns and (last is None or at_ns <= last + TICK_NS)


def _mine(scene: Scene, act: Act) -> list[Row]:
    lines = _lines(scene).get(act.host, ())
    return [e for e in lines if not isinstance(e.account, str) or e.account == act.account]


def _words(e: Row) -> list[str]:
    """What of a command has to stand in a line that runs it: its program and its words, or for a script what it was given."""
    words = list(map(str, e.argv)) if isinstance(e.argv, (list, tuple)) else []
    given = loading.given(e.exe, e.argv, e.cwd)
    named = (
        [w for w in words[1:] if w] if given else [loading.program(words[0] if words else None), *words[1:]]
    )
    if loading.program(words[0] if words else None) in ENDING:
        return [loading.program(words[0])]
    long_enough = len(words) > 1 and sum(map(len, words[1:])) >= _LEAST
    return list(filter(None, named)) if long_enough else []


def _lines(scene: Scene) -> dict[str | None, list[Row]]:
    if "startup_lines" not in scene.memo:
        events = scene.events
        found: dict[str | None, list[Row]] = {}
        for e in _of_files(
            rows_of(picked(events, (events["format"] == STARTUP_FILE) & events["text"].notna()))
        ):
            found.setdefault(e.host, []).append(e)
        scene.memo["startup_lines"] = found
    lines: dict[str | None, list[Row]] = scene.memo["startup_lines"]
    return lines


def _of_files(rows: Iterable[Row]) -> Iterable[Row]:
    """One row of each line of each file, which can say several things; equal files can lie in several homes."""
    seen: set[tuple[object, ...]] = set()
    for e in rows:
        key = (e.sha256, e.start, e.host, e.account if isinstance(e.account, str) else None)
        if key not in seen:
            seen.add(key)
            yield e
