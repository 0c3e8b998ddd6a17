"""The ways by which a repository can be written, which of them were collected, and refs that moved by none of these.

A push that no log tells is not a push that never was: another way in may have a log that nobody collected. So for every
repository each way is named, with what was collected of it, before anything is made of silence.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd
import pyarrow as pa

from forensics.analysis import git_acts, requests
from forensics.analysis.acts import Scene
from forensics.analysis.by_verb import of_verbs
from forensics.analysis.evidence import Row, picked, rows_of
from forensics.analysis.repositories import fitting, short_name
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
    "git over SSH": frozenset({"gitolite", "gerrit_sshd", "gerrit_sshd_json", *_FORGES}),
    "git over HTTP": frozenset({"gerrit_httpd_json", "http_access", *_FORGES}),
    "web pages and API": _FORGES,
    "the server's own files": frozenset(TRAILS),
}
"""Each way to write a repository, and the formats whose logs would tell it."""
PUSH_LOGS = frozenset().union(*(formats for way, formats in WAYS.items() if way != "the server's own files"))
PUSHES = frozenset({"push", "push_request"})
BY_PUSH = frozenset(WAYS) - {"the server's own files"}
"""Ways by which a push arrives that somebody asked the server for."""
_NEAR_NS = requests.NEAR_NS
_DAY_NS = 86_400 * 1_000_000_000
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
            "push, where a log names that ref and both objects within a day, each push for one move; request, where one tells a push of that repository within a minute that can have made it, and no other move, and no push or refusal that a log names, lies nearer to it; or nothing",
        ),
        Column("uncollected", STRINGS, "ways into the repository of which nothing was collected, or nothing of that time"),
        Column("events", STRINGS, "the reflog's line, then what tells the push; where nothing does, a request of that minute that is counted for something else"),
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


def channels(scene: Scene) -> list[Channel]:
    """Every way into every repository that a server's log or a server's reflog names, in order."""
    if "channels" not in scene.memo:
        scene.memo["channels"] = _channels(scene)
    found: list[Channel] = scene.memo["channels"]
    return found


def _channels(scene: Scene) -> list[Channel]:
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


def served(scene: Scene) -> Iterable[Row]:
    """The moves of refs in repositories where pushes arrive, whatever tells them."""
    return rows_of(_served(scene))


def _served(scene: Scene) -> pd.DataFrame:
    """The moves of refs in repositories where pushes arrive: those that are no working tree's own. Looked up once."""
    if "served_moves" not in scene.memo:
        scene.memo["served_moves"] = _moves_served(scene.events)
    found: pd.DataFrame = scene.memo["served_moves"]
    return found


def _moves_served(events: pd.DataFrame) -> pd.DataFrame:
    moves = picked(
        events, (events["verb"] == "ref_update") & events["object"].notna() & events["repository"].notna()
    )
    bare = moves["repository"].str.endswith(".git") & ~moves["repository"].str.contains(
        r"(?:^|/)\.git$", regex=True
    )
    return picked(moves, bare & moves["object"].str.startswith("refs/"))


def moves(scene: Scene, found: Iterable[Channel]) -> list[Move]:
    """Every move of a ref where pushes arrive, and what tells it, in order of time."""
    ways, served = list(found), list(rows_of(_served(scene)))
    told = _told(scene)
    rows = []
    for e in served:
        name, new = short_name(e.repository), git_acts.new_oid(str(e.text or ""))
        first, last = (None, None) if pd.isna(e.earliest_ns) else (int(e.earliest_ns), int(e.latest_ns))
        how, by = told.get(e.event_id, ("nothing", None))
        missing = [c.way for c in ways if c.repository == name and not c.holds(first, last)]
        events = (e.event_id, *(one for one in (by,) if one))
        rows.append(Move(str(name), e.object, e.object_from, new, first, last, how, tuple(missing), events))
    return sorted(rows, key=lambda m: (m.repository, m.earliest_ns or 0, m.events))


def unpushed(scene: Scene) -> list[Row]:
    """The moves of refs where pushes arrive that no push with that ref and object tells, whatever was asked about then."""
    told = _told(scene)
    return [e for e in rows_of(_served(scene)) if told.get(e.event_id, ("", ""))[0] != "push"]


def untold(scene: Scene) -> list[Row]:
    """The moves of refs where pushes arrive that neither a push nor a request to push tells."""
    told = _told(scene)
    return [e for e in rows_of(_served(scene)) if told.get(e.event_id, ("nothing", ""))[0] == "nothing"]


def place(scene: Scene, move: Row) -> str:
    """The path of the repository that a reflog is of, as collected; its name alone, where files with the same bytes are of several."""
    if "paths_of_reflogs" not in scene.memo:
        files = scene.evidence.files
        found: dict[str, list[str]] = {}
        for sha256, path in zip(files["sha256"], files["path"], strict=True):
            if "logs/refs/" in path:
                found.setdefault(sha256, []).append(path)
        scene.memo["paths_of_reflogs"] = found
    end = f"/logs/{move.object}"
    paths = [p for p in scene.memo["paths_of_reflogs"].get(move.sha256, ()) if f"/{p}".endswith(end)]
    return f"/{paths[0]}".removesuffix(end).strip("/") if len(paths) == 1 else str(move.repository)


_Telling = dict[str, tuple[str, str]]
"""Of moves, by their events: push, request or nothing, and the event of it."""


def _told(scene: Scene) -> _Telling:
    """What tells each move. One push tells one move, and one request those of one moment: another may have moved at another."""
    if "told_moves" not in scene.memo:
        scene.memo["told_moves"] = _telling(scene)
    found: _Telling = scene.memo["told_moves"]
    return found


def _telling(scene: Scene) -> _Telling:
    by_name: dict[str | None, list[Row]] = {}
    told = of_verbs(scene.evidence, *PUSHES, but=lambda e: e["outcome"] != "failure")
    refused = of_verbs(scene.evidence, "push_denied", but=lambda e: e["object"].notna())
    for e in [*rows_of(told), *rows_of(refused)]:
        by_name.setdefault(short_name(e.repository), []).append(e)
    of: dict[str, list[Row]] = {}
    for move in rows_of(_served(scene)):
        of.setdefault(place(scene, move), []).append(move)
    found: _Telling = {}
    for repository, own in of.items():
        near = by_name.get(short_name(repository), [])
        names = fitting({str(e.repository) for e in near}, repository)
        fits = [e for e in near if e.repository in names]
        found |= _by_pushes(own, [e for e in fits if e.verb == "push"])
        asked = [e for e in fits if e.verb == "push_request"]
        named = [e for e in fits if e.verb != "push_request"]
        made, beside = requests.telling(own, asked, named)
        found = {move: ("request", by) for move, by in made.items()} | found
        found = {move: ("nothing", by) for move, by in beside.items()} | found
    return found


def _by_pushes(own: Sequence[Row], pushed: Sequence[Row]) -> _Telling:
    """Each push with the first move of its ref, from its old object where it names one, to its new one, that none tells yet."""
    waiting: dict[tuple[object, ...], list[Row]] = {}
    for e in sorted(pushed, key=_in_time):
        old = e.object_from if isinstance(e.object_from, str) else None
        waiting.setdefault((e.object, old, git_acts.new_oid(str(e.text or ""))), []).append(e)
    found: _Telling = {}
    for move in sorted(own, key=_in_time):
        new = git_acts.new_oid(str(move.text or ""))
        for old in (move.object_from, None):
            held = waiting.get((move.object, old, new), [])
            at = next((n for n, e in enumerate(held) if _of_a_day(e, move)), None)
            if at is not None:
                found[move.event_id] = "push", held.pop(at).event_id
                break
    return found


def _of_a_day(push: Row, move: Row) -> bool:
    """Whether a push can have made a move, though the zone of a clock was mistaken: a ref's log goes with the ref, and begins anew."""
    if pd.isna(push.earliest_ns) or pd.isna(move.earliest_ns):
        return True
    return bool(abs(int(push.earliest_ns) - int(move.earliest_ns)) <= _DAY_NS)


def _in_time(event: Row) -> tuple[bool, int, str]:
    known = not pd.isna(event.earliest_ns)
    return not known, int(event.earliest_ns) if known else 0, str(event.event_id)


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
