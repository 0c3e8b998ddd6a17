"""Whether an edit changed what a program does, where the evidence holds both texts: a comment changes nothing.

The texts are those of git's blobs, before and after a commit. They are parsed and never run. What is not
there, or does not parse, is not known, and counts for nobody.
"""

import ast
import posixpath
from collections.abc import Iterable, Mapping
from functools import cache

from forensics.analysis import arrivals, git_acts, order
from forensics.analysis.acts import Act, Scene
from forensics.core import pysyntax

_LONGEST = 1 << 18


class Edits:
    """What commits changed, looked up as acts are asked about."""

    def __init__(self, scene: Scene, acts: Iterable[Act]) -> None:
        """Take the commits among the acts."""
        self._scene = scene
        self._commits = [a for a in acts if a.act == "commit"]
        self._known: dict[str, bool | None] = {}

    def idle(self, act: Act) -> bool | None:
        """Whether an act left what programs do as it was; None where the texts are not there to tell."""
        if act.act == "commit":
            return self._commit(act.object)
        if act.act in arrivals.BRING:
            told = [self._commit(oid) for oid in sorted(arrivals.brought(self._scene, act))]
        else:
            name = posixpath.basename(act.object)
            after = [c for c in self._commits if self._follows(c, act)]
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
            texts = self._scene.evidence.blobs.texts(oid for p in pairs for oid in p[1:] if oid is not None)
            told = [_pair(*p, texts) for p in pairs]
            self._known[key] = False if False in told else None if None in told or not told else True
        return self._known[key]

    def _follows(self, commit: Act, act: Act) -> bool:
        """Whether a commit was made in the session of an edit, and is not shown to have been before it."""
        if (
            commit.session is None
            or act.session is None
            or commit.session.session_id != act.session.session_id
        ):
            return False
        known = order.of(self._scene.evidence)
        made, edited = known.made(commit), known.made(act)
        return made is not None and edited is not None and not known.before(made, edited)


def _pair(path: str, old: str | None, new: str | None, texts: Mapping[str, str]) -> bool | None:
    """Whether a file that a commit changed does the same as before, where both texts are known."""
    if old is None or new is None:
        return False
    before, after = texts.get(old), texts.get(new)
    return None if before is None or after is None else same_doing(path, before, after)


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
    tree = pysyntax.tree(text)
    try:
        return None if tree is None else ast.dump(tree)
    except RecursionError:
        return None


def _lines(text: str) -> list[str]:
    lines = (line.rstrip() for line in text.splitlines())
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
