"""Whether a startup file that was collected does what an act's process did: no record tells who wrote its lines."""

from collections.abc import Iterable, Sequence

from forensics.analysis import loading
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
    lines = _lines(scene).get(act.host, ())
    mine = [e for e in lines if not isinstance(e.account, str) or e.account == act.account]
    said = list(filter(None, map(_words, above))) if mine else []
    return [str(e.event_id) for e in mine if any(all(w in str(e.text) for w in words) for words in said)]


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
