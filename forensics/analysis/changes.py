"""What a commit changed, where its pack cannot say: one that was pushed by itself lies loose, or away from its parent."""

from collections.abc import Mapping
from typing import Any, TypedDict

from forensics.analysis.evidence import Listed, Row, listed
from forensics.core.githistory import LONGEST_PATH_BYTES

MOST_ENTRIES = 2_000_000
"""So many entries of trees are looked at for all commits of a case; of further ones nothing is told."""
_DEEPEST = 64


class Change(TypedDict):
    """A file that a commit changed: as the column `changes` of a pack has it."""

    path: str
    old_mode: str | None
    new_mode: str | None
    old_oid: str | None
    new_oid: str | None


_Entry = tuple[str, str]
_NOTHING = (None, None)


class Differences:
    """What commits changed, by trees that lie anywhere in the evidence."""

    def __init__(self, objects: Mapping[str, Row]) -> None:
        """Compare trees of `objects`, by their names."""
        self._objects, self._left = objects, MOST_ENTRIES

    def of(self, commit: Row) -> list[Change] | None:
        """The files that differ from the first parent, in order of path; None where an object that this needs is not there."""
        told: list[Change] | None = listed(commit.changes)
        if told is not None:
            return told
        parents = commit.parents if isinstance(commit.parents, list) else []
        parent = self._objects.get(parents[0]) if parents else None
        if parents and parent is None:
            return None
        found: list[Change] = []
        ahead: list[tuple[str | None, str | None, str]] = [
            (None if parent is None else parent.tree, commit.tree, "")
        ]
        while ahead:
            one, other, below = ahead.pop()
            old, new = self._listed(one), self._listed(other)
            deep = below.count("/") > _DEEPEST or len(below) > LONGEST_PATH_BYTES
            if old is None or new is None or deep:
                return None
            for name in sorted(old.keys() | new.keys()):
                was, now = old.get(name), new.get(name)
                if was == now:
                    continue
                trees = [entry[1] if entry and _is_tree(entry) else None for entry in (was, now)]
                if trees != [None, None]:
                    ahead.append((trees[0], trees[1], f"{below}{name}/"))
                files = [entry if entry and not _is_tree(entry) else _NOTHING for entry in (was, now)]
                if files != [_NOTHING, _NOTHING]:
                    (old_mode, old_oid), (new_mode, new_oid) = files
                    found.append(
                        Change(
                            path=f"{below}{name}",
                            old_mode=old_mode,
                            new_mode=new_mode,
                            old_oid=old_oid,
                            new_oid=new_oid,
                        )
                    )
        return sorted(found, key=lambda change: change["path"])

    def _listed(self, tree: str | None) -> dict[str, _Entry] | None:
        """The entries of a tree by name, of no tree none; None where they are not known, or one name stands twice."""
        if tree is None:
            return {}
        held: Any = getattr(self._objects.get(tree), "entries", None)
        if not isinstance(held, Listed) or not held.known:
            return None
        entries = list(held)
        if len(entries) > self._left:
            return None
        self._left -= len(entries)
        listed = {e["name"]: (str(e["mode"]), str(e["oid"])) for e in entries}
        return listed if len(listed) == len(entries) else None


def _is_tree(entry: _Entry) -> bool:
    return entry[0].lstrip("0") == "40000"
