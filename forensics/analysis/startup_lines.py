"""Whether a startup file that was collected does what an act's process did: no record tells who wrote its lines."""

from collections.abc import Iterable, Sequence

from forensics.analysis import loading, surroundings
from forensics.analysis.acts import Act, Scene
from forensics.analysis.evidence import Row, picked, rows_of

_FORMAT = "shell_startup"
_LEAST = 8
"""Fewer characters than that of a command's words stand in many lines by chance."""
_ENDING = frozenset({"scancel", "scontrol", "kill", "pkill", "killall", "qdel", "bkill", "condor_rm"})
"""Programs that end what others run: a line with one of these can name what it ends by another command's answer."""


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


def named(scene: Scene, act: Act, above: Iterable[Row]) -> list[tuple[str, list[str], list[str]]]:
    """The lines of the act's account's startup files, and of its host's, that have programs load files, or take such in: each with these and with folders."""
    # Only an interpreter looks where some variables say.
    interpreted = any(loading.said(e.exe, ["", "-c", "x"]) is not None for e in above)
    key = ("startup files named", act.host, act.account, interpreted)
    if key not in scene.memo:
        lines = [(str(e.event_id), str(e.text)) for e in _mine(scene, act)]
        told = ((name, *surroundings.named(text, cwd=None, interpreted=interpreted)) for name, text in lines)
        scene.memo[key] = [one for one in told if one[1] or one[2]]
    found: list[tuple[str, list[str], list[str]]] = scene.memo[key]
    return found


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
    if loading.program(words[0] if words else None) in _ENDING:
        return [loading.program(words[0])]
    long_enough = len(words) > 1 and sum(map(len, words[1:])) >= _LEAST
    return list(filter(None, named)) if long_enough else []


def _lines(scene: Scene) -> dict[str | None, list[Row]]:
    if "startup_lines" not in scene.memo:
        events = scene.events
        found: dict[str | None, list[Row]] = {}
        for e in _of_files(rows_of(picked(events, (events["format"] == _FORMAT) & events["text"].notna()))):
            found.setdefault(e.host, []).append(e)
        scene.memo["startup_lines"] = found
    lines: dict[str | None, list[Row]] = scene.memo["startup_lines"]
    return lines


def _of_files(rows: Iterable[Row]) -> Iterable[Row]:
    """One row of each line, which can say several things."""
    seen: set[tuple[object, object]] = set()
    for e in rows:
        if (e.sha256, e.start) not in seen:
            seen.add((e.sha256, e.start))
            yield e
