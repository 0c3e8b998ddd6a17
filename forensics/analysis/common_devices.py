"""Whether a device that a register has as one person's is used by others too, by the entries that came from it.

A register has an address as somebody's workstation, and it is the one that an office, or a host that all come through, is seen by.
Then a key used from there is not used from its holder's device: whoever took the key comes from the same address. What tells is
that others have entered accounts of their own from it, each with a key of their own.
"""

from collections import defaultdict

from forensics.analysis.acts import Scene
from forensics.analysis.sessions import Session

MISSING = "device_of_one_person"
"""What is missing where a session came from a device that others use."""


def of_several(scene: Scene, session: Session) -> bool:
    """Whether the device of a session is enrolled, and others than those it is enrolled to entered their own accounts from it.

    Args:
        scene: people and sessions.
        session: the entry that is asked about.
    """
    return used_by_others(scene, session.address, *session.entered())


def used_by_others(scene: Scene, address: str | None, at_ns: int | None, to_ns: int | None) -> bool:
    """The same of an address, at some time."""
    enrolled = scene.directory.device_people(address, at_ns, to_ns)
    return bool(enrolled) and not _users(scene).get(address or "", frozenset[str]()) <= enrolled


def _users(scene: Scene) -> dict[str, frozenset[str]]:
    """By address, everybody who entered an account that is enrolled to them with a key that is theirs alone."""
    if "device_users" not in scene.memo:
        found: dict[str, set[str]] = defaultdict(set)
        for s in scene.sessions.values():
            if s.address is None or s.account is None or s.contradicts:
                continue
            people = scene.directory.key_people(s.credential, *s.entered())
            if len(people) == 1 and people <= scene.directory.owners(s.account, *s.entered()):
                found[s.address] |= people
        scene.memo["device_users"] = {address: frozenset(people) for address, people in found.items()}
    users: dict[str, frozenset[str]] = scene.memo["device_users"]
    return users
