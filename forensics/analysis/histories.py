"""Commits as evidence: author, committer, signer and pusher kept apart, when each is said to have been, what leads to them.

Author, committer and both times are typed by whoever commits. The signer is the key that a signature names, and
`signatures` says what that is worth. The pusher, and the time of receipt, are the git server's own word. That a commit is reached by no ref any more says
that a ref was moved or removed, and not by whom.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd
import pyarrow as pa

from forensics.analysis import arrivals, git_acts
from forensics.analysis import tips as leading
from forensics.analysis.acts import Scene
from forensics.analysis.by_verb import of_verbs
from forensics.analysis.changes import Change, Differences
from forensics.analysis.evidence import Row, has_list, listed, picked, rows_of
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

_NS = "ns since 1970-01-01T00:00:00Z"
_NO_PUSH = "no push that brought it was collected"
HISTORY = Table(
    "history",
    "one commit of one repository",
    (
        Column("oid", pa.string(), "its name"),
        Column("repository", pa.string(), "the repository it was found in", None, "its path names none"),
        Column("author", pa.string(), "`name <email>`: asserted", None, "none written"),
        Column("author_s", pa.int64(), "author time: asserted", "s since 1970-01-01T00:00:00Z", "no such time written"),
        Column("author_zone", pa.string(), "its zone, as `+0100`: asserted", None, "no such time written"),
        Column("committer", pa.string(), "`name <email>`: asserted", None, "none written"),
        Column("committer_s", pa.int64(), "committer time: asserted", "s since 1970-01-01T00:00:00Z", "no such time written"),
        Column("committer_zone", pa.string(), "its zone, as `+0100`: asserted", None, "no such time written"),
        Column("signature", pa.string(), "ssh, openpgp or x509", None, "not signed, or by nothing that git knows"),
        Column("signer", pa.string(), "key that the signature names: `SHA256:…`, OpenPGP fingerprint or key id", None, "not signed, or it names none"),
        Column("signer_checked", pa.string(), "good, bad, key_unknown, key_not_valid, unsupported_algorithm or malformed: see the table `signature`", None, "not signed"),
        Column("pusher", pa.string(), "account that the git server authenticated for the first push that brought it", None, f"{_NO_PUSH}, or it named no account"),
        Column("received_earliest_ns", pa.int64(), "when the git server received it, earliest", _NS, _NO_PUSH),
        Column("received_latest_ns", pa.int64(), "when the git server received it, latest", _NS, _NO_PUSH),
        Column("reached_by", pa.string(), "ref; reflog, where only a reflog leads to it; or nothing, where it dangles", None, "no ref of that repository was collected"),
        Column("changed", pa.int64(), "files that it changes against its first parent", None, "not told: see `lacking`"),
        Column("lacking", STRINGS, "commits and trees that are needed to say what it changed, and are nowhere in the evidence"),
        Column("events", STRINGS, "the commit's events, then the push that brought it"),
    ),
)  # fmt: skip


@dataclass(slots=True)
class Commit:
    """One row of the table; `row` is the object as its format read it."""

    oid: str
    repository: str | None
    row: Row
    events: list[str]
    pusher: str | None = None
    received: tuple[int, int] | None = None
    reached_by: str | None = None
    told: list[Change] | None = None
    """What it changed, where trees say so and the object does not."""

    @property
    def changes(self) -> list[Change] | None:
        """What it changed against its first parent; None where an object that says so is not in the evidence."""
        found: list[Change] | None = listed(self.row.changes)
        return self.told if found is None else found

    @property
    def parents(self) -> list[str]:
        """The parents that the commit itself names."""
        return list(self.row.parents) if isinstance(self.row.parents, list) else []


Key = tuple[str | None, str]
"""Repository and name of a commit."""


class Signer(NamedTuple):
    """What was made of a commit's signature: its kind, the key that it names, and the result."""

    kind: str | None
    key: str | None
    result: str | None


_UNSIGNED = Signer(None, None, None)


def commits(scene: Scene) -> dict[Key, Commit]:
    """Every commit of every repository, in order of repository and name."""
    told = of_verbs(scene.evidence, "commit")
    found: dict[Key, Commit] = {}
    differences, changed = Differences(scene.git_objects), dict[str, list[Change] | None]()
    for e in rows_of(told.sort_values(["repository", "object", "event_id"], na_position="first")):
        row = scene.git_objects.get(e.object)
        if row is not None:
            repository = e.repository if isinstance(e.repository, str) else None
            if (repository, e.object) not in found:
                if e.object not in changed:
                    changed[e.object] = None if has_list(row.changes) else differences.of(row)
                found[repository, e.object] = Commit(e.object, repository, row, [], told=changed[e.object])
            found[repository, e.object].events.append(e.event_id)
    _reached(scene, found)
    _received(scene, found)
    return found


def _reached(scene: Scene, found: Mapping[Key, Commit]) -> None:
    """Say of each commit whether a ref leads to it, or only a reflog, or nothing."""
    events = scene.events
    refs = picked(
        events,
        (events["object_kind"] == "ref")
        & events["format"].isin({*leading.FORMATS, "git_pack"})
        & (events["verb"] == "other"),
    )
    refs = refs[leading.standing(refs, leading.listed(events))]
    logs = picked(events, events["verb"] == "ref_update")
    tips: dict[str | None, set[str]] = {}
    for e in rows_of(refs):
        oids = _tips(scene, str(e.text or "").replace("peeled=", "").split(" "))
        tips.setdefault(_known(e.repository), set()).update(oids)
    old: dict[str | None, set[str]] = {}
    for e in rows_of(logs):
        names = {str(e.object_from), git_acts.new_oid(str(e.text or "")) or ""}
        old.setdefault(_known(e.repository), set()).update(names)
    for repository in sorted(tips, key=str):
        by_ref = closure(found, repository, tips[repository])
        by_log = closure(found, repository, old.get(repository, set()))
        for (where, oid), commit in found.items():
            if where == repository:
                commit.reached_by = "ref" if oid in by_ref else "reflog" if oid in by_log else "nothing"


def _known(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _tips(scene: Scene, oids: Iterable[str]) -> Iterable[str]:
    """The objects, and what those of them that are tags lead to."""
    for oid in oids:
        yield oid
        row = scene.git_objects.get(oid)
        if row is not None and row.kind == "tag" and isinstance(row.tag_object, str):
            yield row.tag_object


def closure(found: Mapping[Key, Commit], repository: str | None, tips: Iterable[str]) -> set[str]:
    """The commits of a repository that are reached from some, themselves among them, by the parents they name."""
    ahead, seen = list(tips), set[str]()
    while ahead:
        oid = ahead.pop()
        commit = found.get((repository, oid))
        if commit is not None and oid not in seen:
            seen.add(oid)
            ahead += commit.parents
    return seen


def _received(scene: Scene, found: Mapping[Key, Commit]) -> None:
    """Give each commit the first push that brought it to a repository, as `arrivals` has it."""
    brought = arrivals.of_pushes(scene)
    everywhere: dict[str, list[Commit]] = {}
    for (_, oid), commit in found.items():
        everywhere.setdefault(oid, []).append(commit)
    events = scene.events.loc[[event for event, oids in brought.items() if oids]]
    for e in rows_of(events.sort_values(["earliest_ns", "event_id"])):
        for oid in sorted(brought[e.event_id] & everywhere.keys()):
            for commit in everywhere[oid]:
                if commit.received is None:
                    commit.pusher = _known(e.account)
                    commit.received = int(e.earliest_ns), int(e.latest_ns)
                    commit.events.append(e.event_id)


def table(scene: Scene, found: Mapping[Key, Commit], checked: Mapping[Key, Signer]) -> pa.Table:
    """The commits as the declared table.

    Args:
        scene: the case.
        found: the commits.
        checked: of the signed ones, what was made of their signatures.
    """
    ordered = sorted(found, key=lambda key: (key[0] or "", key[1]))
    rows = [_row(scene, found[key], checked.get(key, _UNSIGNED)) for key in ordered]
    return HISTORY.build({name: [row[name] for row in rows] for name in HISTORY.names})


def _row(scene: Scene, commit: Commit, signer: Signer) -> dict[str, object]:
    row = commit.row
    lacking = (
        [oid for oid in row.lacking if oid not in scene.git_objects] if isinstance(row.lacking, list) else []
    )
    changes = commit.changes
    asserted = ("author", "author_s", "author_zone", "committer", "committer_s", "committer_zone")
    return {
        "oid": commit.oid,
        "repository": commit.repository,
        **{name: None if pd.isna(getattr(row, name)) else getattr(row, name) for name in asserted},
        "signature": signer.kind,
        "signer": signer.key,
        "signer_checked": signer.result,
        "pusher": commit.pusher,
        "received_earliest_ns": commit.received[0] if commit.received else None,
        "received_latest_ns": commit.received[1] if commit.received else None,
        "reached_by": commit.reached_by,
        "changed": None if changes is None else len(changes),
        "lacking": lacking,
        "events": commit.events,
    }
