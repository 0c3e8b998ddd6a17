"""One file under several names: hard links, symbolic links, bind mounts, and a name that a directory's handle hides.

What is written through one name is read through the others. The kernel tells device and inode beside each name, so
names of one file are known by these, whatever made them names of it; a number that is given again is another file.
So each change of content is told for every name that the file has then, and a name that a file gets from somebody
brings along what others wrote into it before.

It errs where a name that was never seen keeps a file alive whose last known name is removed: that is taken for its end,
so that a number that comes round never ties two files. What a process writes through a handle that it opened before
is dated by the opening: the kernel does not tell of each write.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd

from forensics.analysis.by_verb import of_verbs
from forensics.analysis.evidence import Evidence, Row, rows_of
from forensics.analysis.order import Order

RULE = "one_file_by_inode"
CONTENT = frozenset({"create", "write", "truncate"})
"""Verbs by which content changes."""
_NAMES = frozenset({"create", "rename", "link"})


class Shared(NamedTuple):
    """A change of content that a name has by way of another: what changed it, through which name, and since when this one has it."""

    path: str
    through: str
    event: Row
    how: str
    earliest_ns: int
    latest_ns: int
    dated_by: str | None


class _Wrote(NamedTuple):
    """A change of a file's content."""

    event: Row
    path: str
    how: str


_File = tuple[str | None, str]
_Name = tuple[str | None, str]


@dataclass(slots=True)
class _Names:
    """Which names each file has at a moment, and what was written into it so far."""

    how: Callable[[Row], str]
    file: dict[_Name, _File] = field(default_factory=dict)
    names: dict[_File, dict[_Name, None]] = field(default_factory=dict)
    wrote: dict[_File, list[_Wrote]] = field(default_factory=dict)
    since: dict[_Name, Row] = field(default_factory=dict)

    def forget(self, name: _Name) -> None:
        """A name is no longer the file's; with its last name a file is over."""
        file = self.file.pop(name, None)
        if file is not None:
            self.names[file].pop(name, None)
            if not self.names[file]:
                self.end(file)

    def end(self, file: _File) -> None:
        """A file is over, and its number free."""
        for name in self.names.pop(file, {}):
            self.file.pop(name, None)
        self.wrote.pop(file, None)

    def learn(self, name: _Name, file: _File) -> bool:
        """A name is a file's; whether that is new."""
        if self.file.get(name) == file:
            return False
        self.forget(name)
        self.file[name] = file
        self.names.setdefault(file, {})[name] = None
        return True


def shared(
    changed: pd.DataFrame, seen: pd.DataFrame, how: Callable[[Row], str], known: Order
) -> list[Shared]:
    """What each name of a file has by way of its other names, in order.

    Args:
        changed: changes of paths with a time and no failure, in order.
        seen: readings and executions of the inodes among them, in order: they tell which names a file has.
        how: what a change of content does to it, as `artefacts.VERSION` says.
        known: the order of events.
    """
    names = _Names(how)
    found: list[Shared] = []
    for e in rows_of(known.rows(pd.concat([changed, seen]))):
        if isinstance(e.object, str):
            found += _step(e, names)
    return found


def _step(e: Row, known: _Names) -> Iterable[Shared]:
    name = (e.host, e.object)
    if e.verb == "delete":
        _removed(e, known)
    elif not isinstance(e.inode, str):
        if e.verb in _NAMES:
            known.forget(name)
    elif e.verb in _NAMES:
        yield from _named(e, known, (e.host, e.inode))
    else:
        yield from _met(e, known, (e.host, e.inode))
    if e.verb in CONTENT and isinstance(e.inode, str):
        yield from _written(e, known, (e.host, e.inode))


def _named(e: Row, known: _Names, file: _File) -> Iterable[Shared]:
    """A name is made: of a new file, of one that lost another name by it, or of one that keeps its names."""
    if e.verb == "create":
        # A number that is given again is another file.
        known.end(file)
    known.learn((e.host, e.object), file)
    known.since[(e.host, e.object)] = e
    if (
        e.verb == "rename"
        and isinstance(e.object_from, str)
        and known.file.get((e.host, e.object_from)) == file
    ):
        known.forget((e.host, e.object_from))
    # What others wrote into it before; what the same one wrote, the naming stands for.
    for one in known.wrote.get(file, []):
        if (one.event.session, one.event.account) != (e.session, e.account):
            yield _shared(e.object, one.path, one.event, "edit", e)


def _met(e: Row, known: _Names, file: _File) -> Iterable[Shared]:
    """A name is met that was not known to be the file's: it was already, since it was made, or before all that is recorded."""
    name = (e.host, e.object)
    if not known.learn(name, file):
        return
    since = known.since.get(name)
    for one in known.wrote.get(file, []):
        late = since is not None and one.event.earliest_ns < since.earliest_ns
        if one.path != e.object or late:
            yield _shared(e.object, one.path, one.event, _kept(one), since if late else one.event)


def _written(e: Row, known: _Names, file: _File) -> Iterable[Shared]:
    """A change of content is told of every name that the file has."""
    made = _Wrote(e, e.object, known.how(e))
    known.wrote[file] = [made] if made.how != "edit" else [*known.wrote.get(file, []), made]
    for _, path in known.names.get(file, {}):
        if path != e.object:
            yield _shared(path, e.object, e, _kept(made), e)


def _shared(path: str, through: str, event: Row, how: str, at: Row) -> Shared:
    """What a name has since the moment of an event."""
    return Shared(path, through, event, how, int(at.earliest_ns), int(at.latest_ns), at.event_id)


def _removed(e: Row, known: _Names) -> None:
    """A name is removed; one that does not start at the root may be any of the file's, so that the file is taken for over."""
    file = (e.host, e.inode) if isinstance(e.inode, str) else None
    if not e.object.startswith("/") and file is not None:
        known.end(file)
    known.forget((e.host, e.object))


def _kept(one: _Wrote) -> str:
    """What a change does to a file under another name: a file that came into being is no other's beginning."""
    return "edit" if one.how == "create" else one.how


def limits(evidence: Evidence) -> list[str]:
    """`mounts_recorded` where a trail tells that a file system was mounted or taken away in the time asked about.

    A path can lead to another file from then on. Names of one file are known by device and inode where these are
    recorded, a bind mount's among them; a record that has the path alone can speak of either file.
    """
    told = of_verbs(evidence, "mount", but=lambda e: e["trail"] & (e["outcome"] != "failure"))
    first, last = evidence.question.window or (None, None)
    inside = [
        e
        for e in rows_of(told)
        if pd.isna(e.earliest_ns)
        or ((last is None or e.earliest_ns <= last) and (first is None or e.latest_ns >= first))
    ]
    return ["mounts_recorded"] if inside else []
