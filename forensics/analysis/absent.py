"""What a repository itself says is elsewhere, and contents that are nowhere in the evidence: why is not said.

Not collected, not fetched, cut off, damaged and removed all look alike from here.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from forensics.analysis.acts import Scene
from forensics.analysis.evidence import Row, picked, rows_of
from forensics.analysis.histories import Commit, Key

FACTS = {
    "partial_clone": "the repository says that a remote promised objects which it need not hold",
    "pack_not_there": "a file beside a pack was collected, and the pack was not",
    "content_missing": "files that the commit puts in place have contents that are not in the evidence: why is not said",
}
_PROMISING = re.compile(r"extensions\.partialclone|remote\..*\.(?:promisor|partialclonefilter)")
_BESIDE = re.compile(r"(?P<pack>.*objects/pack/pack-[0-9a-f]+)\.(?:idx|mtimes|rev|bitmap|promisor)")
_SUBMODULE = "160000"


class Fact(NamedTuple):
    """One fact: which, the commit and the repository that it is about, as text, and what shows it."""

    fact: str
    oid: str | None
    repository: str | None
    about: str
    events: tuple[str, ...]


def find(scene: Scene, commits: Mapping[Key, Commit]) -> Iterable[Fact]:
    """Every fact of the closed list."""
    yield from _promised(scene)
    yield from _packs(scene)
    yield from _contents(scene, commits)


def _promised(scene: Scene) -> Iterable[Fact]:
    """Settings and files by which a repository says that a remote has the rest."""
    events = scene.events
    for e in rows_of(picked(events, (events["format"] == "git_config") & events["object"].notna())):
        if _PROMISING.fullmatch(e.object):
            yield Fact("partial_clone", None, _known(e.repository), f"{e.object} {e.text}", (e.event_id,))
    for e in rows_of(picked(events, events["format"] == "git_layout")):
        if str(e.text).startswith("promisor:"):
            yield Fact("partial_clone", None, _known(e.repository), str(e.text), (e.event_id,))


def _packs(scene: Scene) -> Iterable[Fact]:
    """Files beside packs that are not there, by what tells of them."""
    files, events = scene.evidence.files, scene.events
    there = set(files["path"])
    told: dict[str, list[Row]] = defaultdict(list)
    for e in rows_of(picked(events, events["format"].isin({"git_derived", "git_layout"}))):
        told[e.sha256].append(e)
    for path, sha256 in zip(files["path"], files["sha256"], strict=True):
        found = _BESIDE.fullmatch(path)
        if found is not None and f"{found['pack']}.pack" not in there and sha256 in told:
            (first, *_) = told[sha256]
            yield Fact(
                "pack_not_there", None, _known(first.repository), f"{path}: {first.text}", (first.event_id,)
            )


def _contents(scene: Scene, commits: Mapping[Key, Commit]) -> Iterable[Fact]:
    """Commits that put contents in place which are nowhere."""
    held = scene.evidence.blobs.there(
        c["new_oid"] for commit in commits.values() for c in commit.changes or () if c["new_oid"] is not None
    )
    for commit in commits.values():
        put = [c for c in commit.changes or () if c["new_oid"] is not None and c["new_mode"] != _SUBMODULE]
        lacking = [c for c in put if c["new_oid"] not in held]
        if lacking:
            about = f"{len(lacking)} of {len(put)} files, of which {lacking[0]['path']} is {lacking[0]['new_oid']}"
            yield Fact("content_missing", commit.oid, commit.repository, about, (commit.events[0],))


def _known(value: object) -> str | None:
    return value if isinstance(value, str) else None
