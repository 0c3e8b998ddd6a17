"""Acts by others than a person that took away, or can have taken away, records which would speak against that name."""

from collections.abc import Collection, Iterable

from forensics.analysis.acts import Act, Scene

_TRAIL = "/log/audit/"


def during(
    scene: Scene, acts: Iterable[Act], hosts: Collection[str | None], person: str, start_ns: int | None
) -> list[Act]:
    """Those on some hosts that can have been after a moment."""
    own = (a for a in acts if a.host in hosts and not _by(scene, a, person))
    return [a for a in own if start_ns is None or a.latest_ns is None or a.latest_ns >= start_ns]


def before(
    scene: Scene, acts: Iterable[Act], hosts: Collection[str | None], person: str, act: Act
) -> list[Act]:
    """Those by which a host's trail was cut before an act of a login's session: what is gone can be who wrote what the session ran."""
    if act.origin != "login":
        return []
    cut = (a for a in acts if a.act == "wipe_log" and _TRAIL in a.object and a.host in hosts)
    return [a for a in cut if not _by(scene, a, person) and not _later(a, act)]


def _by(scene: Scene, act: Act, person: str) -> bool:
    return scene.directory.owners(act.account, *act.span()) == {person}


def _later(one: Act, act: Act) -> bool:
    return one.earliest_ns is not None and act.latest_ns is not None and one.earliest_ns > act.latest_ns
