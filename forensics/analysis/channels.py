"""The ways by which a repository can be written, which of them were collected, and refs that moved by none of these.

A push that no log tells is not a push that never was: another way in may have a log that nobody collected. So for every
repository each way is named, with what was collected of it, before anything is made of silence.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd
import pyarrow as pa

from forensics.analysis import git_acts
from forensics.analysis.acts import Scene
from forensics.analysis.evidence import picked, rows_of
from forensics.analysis.trails import TRAILS
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

_FORGES = frozenset(
    {
        "bitbucket_access",
        "bitbucket_ref_changes",
        "gitea_database",
        "gitea_log",
        "github_activity",
        "github_audit",
        "github_audit_laid_out",
        "gitlab_events",
        "gitlab_json",
    }
)
WAYS: Mapping[str, frozenset[str]] = {
    "git over SSH": frozenset({"gitolite", "gerrit_sshd", *_FORGES}),
    "git over HTTP": frozenset({"http_access", *_FORGES}),
    "web pages and API": _FORGES,
    "the server's own files": frozenset(TRAILS),
}
"""Each way to write a repository, and the formats whose logs would tell it."""
PUSH_LOGS = frozenset().union(*(formats for way, formats in WAYS.items() if way != "the server's own files"))
PUSHES = frozenset({"push", "push_request"})
_NEAR_NS = 60_000_000_000
"""A reflog writes seconds of the server's clock, and a log of requests when a request began or ended."""
_NS = "ns since 1970-01-01T00:00:00Z"

CHANNEL = Table(
    "channel",
    "one way by which one repository can be written",
    (
        Column("repository", pa.string(), "repository, by the last part of its name"),
        Column("way", pa.string(), "which way, from the closed list `WAYS`"),
        Column(
            "collected", pa.bool_(), "whether any log that would tell it was collected, of any repository"
        ),
        Column("formats", STRINGS, "the logs of it that were collected"),
        Column("pushes", pa.int64(), "pushes that they tell of this repository"),
        Column("earliest_ns", pa.int64(), "first moment that these logs tell of", _NS, "not collected"),
        Column("latest_ns", pa.int64(), "last moment that these logs tell of", _NS, "not collected"),
    ),
)
MOVE = Table(
    "ref_move",
    "one time that a ref of a repository moved where pushes arrive, as its reflog says",
    (
        Column("repository", pa.string(), "repository, by the last part of its name"),
        Column("ref", pa.string(), "the ref", None, "the reflog's path names none"),
        Column("old", pa.string(), "object that it named before", None, "not written"),
        Column("new", pa.string(), "object that it named then", None, "not written"),
        Column("earliest_ns", pa.int64(), "first moment it can have been", _NS, "no time written"),
        Column("latest_ns", pa.int64(), "last moment it can have been", _NS, "no time written"),
        Column(
            "told_by",
            pa.string(),
            "push, where a log names that ref and object; request, where one tells a push of that repository within a minute; or nothing",
        ),
        Column("uncollected", STRINGS, "ways into the repository of which nothing was collected, or nothing of that time"),
        Column("events", STRINGS, "the reflog's line, then what tells the push"),
    ),
)  # fmt: skip


class Move(NamedTuple):
    """One row of the table of moves."""

    repository: str
    ref: str | None
    old: str | None
    new: str | None
    earliest_ns: int | None
    latest_ns: int | None
    told_by: str
    uncollected: tuple[str, ...]
    events: tuple[str, ...]


@dataclass(slots=True)
class Channel:
    """One row of the table of channels."""

    repository: str
    way: str
    formats: list[str] = field(default_factory=list)
    pushes: int = 0
    earliest_ns: int | None = None
    latest_ns: int | None = None

    def holds(self, earliest_ns: int | None, latest_ns: int | None) -> bool:
        """Whether its logs go over a moment."""
        if None in {self.earliest_ns, earliest_ns} or self.latest_ns is None or latest_ns is None:
            return False
        return (self.earliest_ns or 0) <= latest_ns + _NEAR_NS and self.latest_ns >= (
            earliest_ns or 0
        ) - _NEAR_NS


def short_name(repository: object) -> str | None:
    """The name by which a server, a path and an address all know a repository; None for none."""
    if not isinstance(repository, str):
        return None
    name = repository.rstrip("/").removesuffix("/.git").removesuffix("/dot-git").rsplit("/", 1)[-1]
    return name.removesuffix(".git") or None


def channels(scene: Scene) -> list[Channel]:
    """Every way into every repository that a server's log or a server's reflog names, in order."""
    events = scene.events
    pushed = picked(events, events["verb"].isin(PUSHES))
    names = {short_name(r) for r in [*pushed["repository"], *_served(scene)["repository"]]} - {None}
    hosts = {short_name(e.repository): e.host for e in rows_of(_served(scene)) if isinstance(e.host, str)}
    found = []
    for name in sorted(str(n) for n in names):
        of = picked(
            pushed, pd.Series([short_name(r) == name for r in pushed["repository"]], pushed.index, dtype=bool)
        )
        for way, formats in WAYS.items():
            logs = picked(events, events["format"].isin(formats))
            if way == "the server's own files":
                logs = logs[logs["host"] == hosts[name]] if name in hosts else logs[:0]
            told = logs.dropna(subset=["earliest_ns"])
            channel = Channel(name, way, sorted(set(logs["format"])), int(of["format"].isin(formats).sum()))
            if len(told):
                channel.earliest_ns, channel.latest_ns = (
                    int(told["earliest_ns"].min()),
                    int(told["latest_ns"].max()),
                )
            found.append(channel)
    return found


def _served(scene: Scene) -> pd.DataFrame:
    """The moves of refs in repositories where pushes arrive: those that are no working tree's own."""
    events = scene.events
    moves = picked(
        events, (events["verb"] == "ref_update") & events["object"].notna() & events["repository"].notna()
    )
    bare = moves["repository"].str.endswith(".git") & ~moves["repository"].str.contains(
        r"(?:^|/)\.git$", regex=True
    )
    return picked(moves, bare & moves["object"].str.startswith("refs/"))


def moves(scene: Scene, found: Iterable[Channel]) -> list[Move]:
    """Every move of a ref where pushes arrive, and what tells it, in order of time."""
    events, ways = scene.events, list(found)
    pushed = picked(events, events["verb"].isin(PUSHES))
    named: dict[tuple[str | None, str | None, str | None], str] = {}
    asked: dict[str | None, list[tuple[int, str]]] = {}
    for e in rows_of(pushed):
        if e.verb == "push":
            named.setdefault(
                (short_name(e.repository), e.object, git_acts.new_oid(str(e.text or ""))), e.event_id
            )
        elif not pd.isna(e.earliest_ns):
            asked.setdefault(short_name(e.repository), []).append((int(e.earliest_ns), e.event_id))
    for times in asked.values():
        times.sort()
    told = []
    for e in rows_of(_served(scene)):
        name, new = short_name(e.repository), git_acts.new_oid(str(e.text or ""))
        first, last = (None, None) if pd.isna(e.earliest_ns) else (int(e.earliest_ns), int(e.latest_ns))
        push, near = named.get((name, e.object, new)), _nearest(asked.get(name, []), first)
        how = "push" if push else "request" if near else "nothing"
        by = [one for one in (push or near,) if one]
        missing = [c.way for c in ways if c.repository == name and not c.holds(first, last)]
        told.append(
            Move(str(name), e.object, e.object_from, new, first, last, how, tuple(missing), (e.event_id, *by))
        )
    return sorted(told, key=lambda m: (m.repository, m.earliest_ns or 0, m.events))


def _nearest(asked: list[tuple[int, str]], at_ns: int | None) -> str | None:
    """The push request nearest to a moment, of those within a minute of it."""
    if at_ns is None:
        return None
    i = bisect_left(asked, (at_ns, ""))
    near = [(abs(ns - at_ns), event) for ns, event in asked[max(0, i - 1) : i + 1]]
    return min(near)[1] if near and min(near)[0] <= _NEAR_NS else None


def channel_table(found: Iterable[Channel]) -> pa.Table:
    """The channels as the declared table."""
    rows = [
        (c.repository, c.way, bool(c.formats), c.formats, c.pushes, c.earliest_ns, c.latest_ns) for c in found
    ]  # fmt: skip
    return CHANNEL.build({name: [row[i] for row in rows] for i, name in enumerate(CHANNEL.names)})


def move_table(found: Iterable[Move]) -> pa.Table:
    """The moves as the declared table."""
    rows = [[*m[:7], list(m.uncollected), list(m.events)] for m in found]
    return MOVE.build({name: [row[i] for row in rows] for i, name in enumerate(MOVE.names)})
