"""Whether an edit changed what a program does, where the evidence holds both texts: a comment changes nothing.

The texts are those of git's blobs, before and after a commit. They are parsed and never run. What is not
there, or does not parse, is not known, and counts for nobody.
"""

import ast
import posixpath
from collections.abc import Iterable
from functools import cache

from forensics.analysis import git_acts
from forensics.analysis.acts import Act, Scene
from forensics.analysis.evidence import picked

_LONGEST = 1 << 18
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


class Edits:
    """What commits changed, looked up as acts are asked about."""

    def __init__(self, scene: Scene, acts: Iterable[Act]) -> None:
        """Take the commits among the acts, and the texts of all blobs."""
        self._scene = scene
        self._commits = [a for a in acts if a.act == "commit"]
        self._texts: dict[str, str] | None = None
        self._known: dict[str, bool | None] = {}

    def idle(self, act: Act) -> bool | None:
        """Whether an act left what programs do as it was; None where the texts are not there to tell."""
        if act.act == "commit":
            return self._commit(act.object)
        if act.act == "push":
            told = [self._commit(oid) for oid in sorted(git_acts.brought(self._scene, act))]
        else:
            name = posixpath.basename(act.object)
            after = [c for c in self._commits if _follows(c, act)]
            told = [self._commit(c.object, name) for c in after if name in self._names(c.object)][:1]
        if not told:
            return None
        return False if False in told else None if None in told else True

    def _names(self, oid: str) -> set[str]:
        return {posixpath.basename(path) for path, _, _ in git_acts.changed(self._scene, oid)}

    def _commit(self, oid: str, only: str | None = None) -> bool | None:
        key = f"{oid}:{only or ''}"
        if key not in self._known:
            pairs = [
                p for p in git_acts.changed(self._scene, oid) if only in {None, posixpath.basename(p[0])}
            ]
            told = [self._pair(*p) for p in pairs]
            self._known[key] = False if False in told else None if None in told or not told else True
        return self._known[key]

    def _pair(self, path: str, old: str | None, new: str | None) -> bool | None:
        if old is None or new is None:
            return False
        before, after = self._text(old), self._text(new)
        return None if before is None or after is None else same_doing(path, before, after)

    def _text(self, oid: str) -> str | None:
        if self._texts is None:
            self._texts = _blobs(self._scene)
        return self._texts.get(oid)


def _follows(commit: Act, act: Act) -> bool:
    """Whether a commit was made in the session of an edit, after it."""
    same = commit.session is not None and act.session is not None
    return (
        same
        and commit.session.session_id == act.session.session_id  # type: ignore[union-attr]
        and act.earliest_ns is not None
        and commit.latest_ns is not None
        and commit.latest_ns >= act.earliest_ns
    )


def same_doing(path: str, before: str, after: str) -> bool:
    """Whether two texts of one file do the same: the same syntax, or the same lines but for comments and blanks."""
    if path.endswith(".py"):
        was, now = _syntax(before), _syntax(after)
        if was is not None and now is not None:
            return was == now
    return _lines(before) == _lines(after)


@cache
def _syntax(text: str) -> str | None:
    if len(text) > _LONGEST:
        return None
    try:
        return ast.dump(ast.parse(text))
    except _UNREADABLE:
        return None


def _lines(text: str) -> list[str]:
    lines = (line.rstrip() for line in text.splitlines())
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _blobs(scene: Scene) -> dict[str, str]:
    found: dict[str, str] = {}
    for source in ("git_object", "git_pack"):
        table = scene.evidence.raw.get(source)
        if table is not None and "text" in table.columns:
            own = picked(table, table["text"].notna() & (table["kind"] == "blob"))
            found |= dict(zip(own["oid"], own["text"], strict=True))
    return found
