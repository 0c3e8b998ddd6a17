"""Whether the log of a working tree's HEAD says what a tree came to: whoever can write in the tree can write that log.

A line of it names who moved HEAD, when, and to which commit, in words that anybody types; and whoever is in the tree's group can add one, or change
one. Git adds it in the very moment in which it moves HEAD. So where a trail records who changed that log, a line counts that git itself wrote
then, and none does where another program ever changed it, or where somebody had git write a line by hand. A
program of an account's own is not git, whatever it is called.
"""

import re
from collections.abc import Iterable

from forensics.analysis import artefacts, git_acts, loading
from forensics.analysis.acts import Scene
from forensics.analysis.evidence import Row, picked, rows_of

_BELOW = re.compile(r"(?P<tree>/.*)/\.git/logs(?:/HEAD(?:\.lock)?)?")
_BY_HAND = frozenset({"update-ref", "symbolic-ref", "reflog"})
"""What git is asked to do where somebody has it write that log and put no file in place."""
BY_HAND = f"(argv[1] = 'git' AND list_has_any(argv, [{', '.join(repr(word) for word in sorted(_BY_HAND))}]))"
"""Runs of git by which somebody has a line of that log written."""
_SECOND_NS = 1_000_000_000


def of_log(path: str) -> bool:
    """Whether a path is of the log of a working tree's HEAD, or of what holds it."""
    return _BELOW.fullmatch(path) is not None


def of_git(event: Row) -> bool:
    """Whether the git of the host did something, and no program of an account's own that is called so."""
    return git_acts.is_git(event) and isinstance(event.exe, str) and loading.of_site(event.exe)


def borne_out(scene: Scene, moves: Iterable[Row], path: str, host: str | None) -> list[Row]:
    """Those of some moves of HEAD, of the tree that a file lies in, which the host's trail bears out; all where it tells nothing of the log.

    Args:
        scene: people, sessions and events.
        moves: lines of the log.
        path: the file that git wrote as HEAD moved.
        host: where it lies.
    """
    own = [e for tree, e in _changes(scene) if e.host == host and path.startswith(f"{tree}/")]
    if not own:
        return list(moves)
    if not all(of_git(e) for e in own):
        return []
    told = [(_by_hand(scene, e), e) for e in own]
    by_hand, by_git = ([e for asked, e in told if asked is by] for by in (True, False))
    return [move for move in moves if _beside(move, by_git) and not _beside(move, by_hand)]


def _by_hand(scene: Scene, event: Row) -> bool:
    ran = git_acts.program_of(scene, event)
    return ran is not None and git_acts.subcommand(ran.argv) in _BY_HAND


def _beside(move: Row, written: Iterable[Row]) -> bool:
    """Whether the log was written in the second that a line of it names."""
    return any(
        e.earliest_ns <= move.latest_ns + _SECOND_NS and e.latest_ns >= move.earliest_ns - _SECOND_NS
        for e in written
    )


def _changes(scene: Scene) -> list[tuple[str, Row]]:
    """Every change of a log of HEAD that a trail tells, beside the tree."""
    if "logs of heads" not in scene.memo:
        events = scene.events
        told = picked(
            events,
            events["trail"] & events["verb"].isin(artefacts.CHANGES) & (events["outcome"] != "failure"),
        )
        told = picked(
            told,
            told["object"].str.contains("/.git/logs", regex=False, na=False) & told["earliest_ns"].notna(),
        )
        found = ((_BELOW.fullmatch(str(e.object)), e) for e in rows_of(told))
        scene.memo["logs of heads"] = [(m["tree"], e) for m, e in found if m is not None]
    known: list[tuple[str, Row]] = scene.memo["logs of heads"]
    return known
