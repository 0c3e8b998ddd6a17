"""What is known of who decided what a program did: acts of others, what no record tells, and who owns that."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from forensics.analysis import installers, loading, order, surroundings
from forensics.analysis.acts import Act, Scene
from forensics.analysis.artefacts import Version
from forensics.analysis.evidence import Row, picked, rows_of


class Read(NamedTuple):
    """One reading of a file that is on record as changed, by an interpreter in a session."""

    event: str
    pid: int
    path: str
    at: Row


class Decided(NamedTuple):
    """Who else decided what a file held: acts of others, whether some of it is nobody's by any record, and who owns that."""

    planted: tuple[Act, ...] = ()
    unknown: bool = False
    owners: frozenset[str] = frozenset()


class Foreign(NamedTuple):
    """What others had written of what did an act, or can have, and the events by which it ran."""

    planted: tuple[Act, ...]
    inputs: tuple[str, ...]
    unknown: bool
    owners: frozenset[str]
    by_lines: frozenset[int] = frozenset()
    """The `id` of each of `planted` to which lines alone lead that the account's owner can have written."""


def together(found: Iterable[Decided]) -> Decided:
    """What several files hold of others' together."""
    each = list(found)
    planted = {id(p): p for one in each for p in one.planted}
    owners = frozenset[str]().union(*(one.owners for one in each))
    return Decided(tuple(planted.values()), any(one.unknown for one in each), owners)


def moment(e: Row) -> order.Moment:
    """The moment of an event."""
    return order.Moment(int(e.earliest_ns), int(e.latest_ns), str(e.event_id))


def readings(scene: Scene, changed: set[str]) -> dict[tuple[str | None, str], list[Read]]:
    """Every reading of a changed file by an interpreter in a session, by host and kernel session."""
    events = scene.events
    told = picked(
        events, events["verb"].isin(loading.READS) & events["trail"] & (events["outcome"] != "failure")
    )
    told = picked(told, told["session"].notna() & told["pid"].notna() & told["earliest_ns"].notna())
    found: dict[tuple[str | None, str], list[Read]] = {}
    for e in rows_of(told):
        for path in loading.used(e.verb, e.exe, e.object, e.argv, e.cwd):
            if path in changed:
                found.setdefault((e.host, e.session), []).append(Read(str(e.event_id), int(e.pid), path, e))
    return found


def changed_packages(
    scene: Scene, changes: Mapping[str, Sequence[tuple[Version, Act]]]
) -> dict[str, list[str]]:
    """The files of Python's packages that something else than a package manager changed, by their environment."""
    told = surroundings.by_environment(path for path, pairs in changes.items() if pairs)
    paths = [path for paths in told.values() for path in paths]
    return surroundings.by_environment(not_installed(scene, changes, paths))


def not_installed(
    scene: Scene, changes: Mapping[str, Sequence[tuple[Version, Act]]], paths: Iterable[str]
) -> set[str]:
    """Those of some files that something else than a package manager changed.

    Whether a process is one is asked of its first and its last change, where these agree: it writes thousands.
    """
    by: dict[tuple[object, ...], list[tuple[int, str, str]]] = {}
    for path in paths:
        for version, wrote in changes[path]:
            key = (version.host, wrote.pid, version.writer, version.account)
            by.setdefault(key, []).append((version.earliest_ns, version.event_id, path))
    others = set[str]()
    for rows in by.values():
        ends = {installers.by_installer(scene, one[1]) for one in (min(rows), max(rows))}
        others |= {
            path for _, event, path in rows if not (ends == {True} or (True in ends and installers.by_installer(scene, event)))
        }  # fmt: skip
    return others
