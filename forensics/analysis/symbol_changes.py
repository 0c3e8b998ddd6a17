"""What a commit changed in training code, symbol by symbol: facts for a reader, and no verdict.

Both versions of a file are parsed, never run. A learning rate that changed is daily work.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import pyarrow as pa

from forensics.analysis import changes as trees
from forensics.analysis.acts import Scene
from forensics.analysis.histories import Commit, Key
from forensics.core.pyparts import Parts
from forensics.core.pysymbols import Symbol
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

SYMBOL_CHANGE = Table(
    "symbol_change",
    "something in a Python file that differs between a commit and its first parent",
    (
        Column("oid", pa.string(), "the commit"),
        Column("path", pa.string(), "the file, in the repository"),
        Column(
            "fact",
            pa.string(),
            "which, from the closed list `FACTS`; not_parsed or not_compared where a file was not",
        ),
        Column("scope", pa.string(), "function or class it stands in, dotted; empty at the top of the file"),
        Column("name", pa.string(), "what was named or called", None, "not a symbol"),
        Column("before", pa.string(), "value or arguments before", None, "was not there"),
        Column("after", pa.string(), "value or arguments after", None, "is not there any more"),
        Column(
            "line", pa.int64(), "line after the change, or before it where it is gone", None, "no one line"
        ),
        Column("events", STRINGS, "the commit's event"),
    ),
)
MOST_FILES = 4_000
"""So many changed files are compared in a case, in order of what commits can bear on; the others are `not_compared`."""


class Change(NamedTuple):
    """One row of the table."""

    oid: str
    path: str
    fact: str
    scope: str
    name: str | None
    before: str | None
    after: str | None
    line: int | None
    events: tuple[str, ...]


def find(
    scene: Scene, commits: Mapping[Key, Commit], asked: Collection[str], ran: Collection[str] = ()
) -> list[Change]:
    """The changes of every commit, each once however many repositories hold it, in a total order.

    Args:
        scene: the case.
        commits: from `histories.commits`.
        asked: names of commits to compare first: those in question.
        ran: names of those to compare next: which a job may have run.
    """
    first, next_ = frozenset(asked), frozenset(ran)
    once = {commit.oid: commit for commit in commits.values()}
    window = scene.evidence.question.window
    ranks: dict[str, int] = {}
    for commit in commits.values():
        rank = _rank(commit, first, next_, window)
        ranks[commit.oid] = min(rank, ranks.get(commit.oid, rank))
    order = sorted(once.values(), key=lambda c: (ranks[c.oid], -_seconds(c), c.oid))
    pairs = [
        (commit, change)
        for commit in order
        for change in (commit.changes or ())
        if change["path"].endswith(".py") and change["old_oid"] != change["new_oid"]
    ]
    wanted = {oid for _, c in pairs[:MOST_FILES] for oid in (c["old_oid"], c["new_oid"]) if oid}
    texts = scene.evidence.blobs.texts(wanted)
    parts = Parts()
    found = [row for commit, change in pairs[:MOST_FILES] for row in _compared(commit, change, texts, parts)]
    found += [
        Change(c.oid, change["path"], "not_compared", "", None, None, None, None, (c.events[0],))
        for c, change in pairs[MOST_FILES:]
    ]
    return sorted(
        found,
        key=lambda c: (
            c.oid,
            c.path,
            c.line or 0,
            c.fact,
            c.scope,
            c.name or "",
            c.before or "",
            c.after or "",
        ),
    )


def _rank(
    commit: Commit, first: Collection[str], then: Collection[str], window: tuple[int, int] | None
) -> int:
    """Which commits are compared before others; of one rank the newest by their own word are.

    Those in question, those that a job may have run, those that no ref leads to any more, and the rest. What a server
    received after the window of the case comes last: by its own word, and not by that of who commits.
    """
    if commit.oid in first:
        return 0
    if commit.oid in then:
        return 1
    if commit.reached_by in {"reflog", "nothing"}:
        return 2
    return 4 if window is not None and commit.received is not None and commit.received[0] > window[1] else 3


def _seconds(commit: Commit) -> int:
    value = commit.row.committer_s
    return value if isinstance(value, int) else 0


def _compared(
    commit: Commit, change: trees.Change, texts: Mapping[str, str], parts: Parts
) -> Iterable[Change]:
    path, events = str(change["path"]), (commit.events[0],)
    sides: list[list[Symbol]] = []
    for which in ("old_oid", "new_oid"):
        oid = change[which]
        found = [] if oid is None else parts.symbols(texts[oid]) if oid in texts else None
        if found is None:
            why = f"{'before' if which == 'old_oid' else 'after'}: no text that parses is in the evidence"
            yield Change(commit.oid, path, "not_parsed", "", why, None, None, None, events)
            return
        sides.append(found)
    for before, after in differing(*sides):
        one = after or before
        if one is not None:
            was, now = (s.value if s else None for s in (before, after))
            yield Change(commit.oid, path, one.fact, one.scope, one.name, was, now, one.line, events)


def differing(old: list[Symbol], new: list[Symbol]) -> list[tuple[Symbol | None, Symbol | None]]:
    """What is there on one side only, put side by side where fact, scope and name are the same; lines do not count."""
    was, now = (Counter((s.fact, s.scope, s.name, s.value) for s in side) for side in (old, new))
    gone, come = (
        list(_each(side, more - less)) for side, more, less in ((old, was, now), (new, now, was))
    )  # fmt: skip
    found: list[tuple[Symbol | None, Symbol | None]] = []
    for after in come:
        before = next((s for s in gone if s[:3] == after[:3]), None)
        if before is not None:
            gone.remove(before)
        found.append((before, after))
    return found + [(before, None) for before in gone]


def _each(side: list[Symbol], left: Counter[tuple[str, str, str, str]]) -> Iterable[Symbol]:
    """Of each symbol as many as are left over, the last of them: what was added to a run stands at its end."""
    kept = []
    for symbol in reversed(side):
        if left[symbol[:4]] > 0:
            left[symbol[:4]] -= 1
            kept.append(symbol)
    return reversed(kept)


def table(found: Iterable[Change]) -> pa.Table:
    """The changes as the declared table."""
    rows = [[*c[:8], list(c.events)] for c in found]
    return SYMBOL_CHANGE.build({name: [row[i] for row in rows] for i, name in enumerate(SYMBOL_CHANGE.names)})
