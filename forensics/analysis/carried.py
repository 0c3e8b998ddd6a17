"""What the words of commands brought to a place, where no change of the file there is on record: copies, and what git checks out."""

import posixpath
import re
from collections.abc import Iterable
from typing import NamedTuple

from forensics.analysis import homes, loading, unpacked
from forensics.analysis.acts import Scene
from forensics.analysis.evidence import Evidence, Row, rows_of
from forensics.analysis.planted import programs

PROGRAMS = loading.COPIERS | unpacked.UNPACKERS | {"git"}


class Carried(NamedTuple):
    """One command that can have brought a file: from which other file, or null where git had it from a repository, or it came from elsewhere.

    `whole` where the source is an archive or a package, and no file of its own.
    """

    by: Row
    source: str | None
    whole: bool = False


_PYTHON = re.compile(r"python[0-9.]*|pip[0-9.]*")
_Places = dict[tuple[str | None, str], list[Carried]]


def to(scene: Scene, path: str, host: str | None) -> list[Carried]:
    """Every command of a host that can have brought a file to its path, in order of time."""
    if "carried" not in scene.memo:
        places: _Places = {}
        for e in rows_of(programs(scene, PROGRAMS, _PYTHON)):
            for place, one in _of(e, scene.evidence):
                places.setdefault((e.host, place), []).append(one)
        scene.memo["carried"] = places
    found = [(at, one) for at in loading.upward(path) for one in scene.memo["carried"].get((host, at), ())]
    carried = (
        c if c.source is None or c.whole else Carried(c.by, _inside(c.source, at, path)) for at, c in found
    )
    return sorted(carried, key=lambda c: (c.by.earliest_ns, c.by.event_id))


def _of(e: Row, evidence: Evidence) -> Iterable[tuple[str, Carried]]:
    """The places that a command brings something to, or below."""
    if loading.program(e.exe) == "git":
        yield from ((place, Carried(e, None)) for place in loading.checked_out(e.argv, e.cwd))
        return
    account = e.effective if isinstance(e.effective, str) else e.account
    yield from (
        (place, Carried(e, source, whole=True)) for place, source in unpacked_by(evidence, e, account)
    )
    target = loading.target(e.exe, e.argv, e.cwd)
    if target is not None:
        yield from ((target, Carried(e, source)) for source in loading.copied(e.exe, e.argv, e.cwd))


def unpacked_by(evidence: Evidence, e: Row, account: str | None) -> list[unpacked.Brought]:
    """What a command put in place that was packed, or fetched, for an account."""
    return unpacked.brought(e.exe, e.argv, e.cwd, homes.of(evidence, account))


def _inside(source: str, target: str, path: str) -> str:
    """What a path was copied from where a source was copied to a target: itself, or what lies in it."""
    rest = posixpath.relpath(path, target)
    if rest == ".":
        return source
    name = posixpath.basename(source)
    # `cp a/x b/` makes b/x, and `cp -r a b` makes b/x of a/x where there was no b.
    return posixpath.join(posixpath.dirname(source) if rest.split("/")[0] == name else source, rest)
