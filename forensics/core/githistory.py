"""What a commit changed: its tree beside that of its first parent, as `git log --raw --diff-merges=first-parent` tells it.

Only trees that differ are looked into, so the cost follows the changes and not the size of the repository.
A hostile tree can list itself many times over: what is looked into and found for one commit is bounded.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from forensics.core import gitobject

MOST_CHANGES = 100_000
"""A commit that changes more is not listed."""
LONGEST_PATH_BYTES = 4096

_TREES = frozenset({b"40000", b"040000"})
_KEPT_ENTRIES = 300_000
_Entries = frozenset[bytes]
_NOTHING: _Entries = frozenset()


class Change(NamedTuple):
    """A file that differs: mode and object before and after; None where it is not there."""

    path: bytes
    old_mode: bytes | None
    new_mode: bytes | None
    old: bytes | None
    new: bytes | None


class Trees:
    """Trees by name, as sets of entries. `looked`: how often one was asked for."""

    def __init__(self, content: Callable[[bytes], bytes | None], oid_bytes: int) -> None:
        """Read trees through `content`, which gives a tree's bytes by its name, or None where there is none."""
        self._content, self._width = content, oid_bytes
        self._kept: OrderedDict[bytes, _Entries] = OrderedDict()
        self._held = self.looked = 0
        self._empty = bytes.fromhex(gitobject.name_of("tree", b"", oid_bytes=oid_bytes))

    def entries(self, name: bytes) -> _Entries | None:
        """What a tree lists; None where it is not there, or is no tree that can be read."""
        self.looked += 1
        found = self._kept.get(name)
        if found is not None:
            self._kept.move_to_end(name)
            return found
        content = b"" if name == self._empty else self._content(name)
        listed = None if content is None else gitobject.listed(content, self._width)
        if listed is None:
            return None
        self._kept[name] = found = frozenset(listed)
        self._held += len(found) + 1
        while self._held > _KEPT_ENTRIES:
            self._held -= len(self._kept.popitem(last=False)[1]) + 1
        return found

    def changes(self, old: bytes | None, new: bytes | None) -> tuple[list[Change] | None, list[bytes]]:
        """What differs between two trees, in order of path.

        Args:
            old: name of the tree before; None for none, as of a first commit.
            new: name of the tree after.

        Returns:
            The changes, or None where they cannot be told; and the trees that it lacks for that.
        """
        found: list[Change] = []
        lacking: list[bytes] = []
        todo = [(b"", old, new)]
        for _ in range(MOST_CHANGES):
            if not todo:
                break
            prefix, one, other = todo.pop()
            if len(prefix) > LONGEST_PATH_BYTES or len(found) > MOST_CHANGES:
                return None, []
            before = _NOTHING if one is None else self.entries(one)
            after = _NOTHING if other is None else self.entries(other)
            if before is None or after is None:
                lacking += [
                    name for name, entries in ((one, before), (other, after)) if name and entries is None
                ]
                continue
            gone, come = (
                [gitobject.parted(entry, self._width) for entry in sorted(entries)]
                for entries in (before - after, after - before)
            )
            _compared(prefix, gone, come, found, todo)
        if todo:
            return None, []
        if lacking:
            return None, sorted(set(lacking))
        if len(found) > 1:
            found.sort(key=_order)
        return found, []


def _order(change: Change) -> list[bytes]:
    return [part or b"" for part in change]


def _compared(
    prefix: bytes,
    gone: list[tuple[bytes, bytes, bytes]],
    come: list[tuple[bytes, bytes, bytes]],
    found: list[Change],
    todo: list[tuple[bytes, bytes | None, bytes | None]],
) -> None:
    """Sort what differs in one tree into files that changed and trees to look into."""
    was = {name: (mode, oid) for mode, name, oid in gone}
    for mode, name, oid in come:
        old_mode, old = was.pop(name, (None, None))
        path, was_tree, is_tree = prefix + name, old_mode in _TREES, mode in _TREES
        if was_tree or is_tree:
            todo.append((path + b"/", old if was_tree else None, oid if is_tree else None))
        before = (None, None) if was_tree else (old_mode, old)
        after = (None, None) if is_tree else (mode, oid)
        if before != after:
            found.append(Change(path, before[0], after[0], before[1], after[1]))
    for name, (mode, oid) in was.items():
        if mode in _TREES:
            todo.append((prefix + name + b"/", oid, None))
        else:
            found.append(Change(prefix + name, mode, None, oid, None))
