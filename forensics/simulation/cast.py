"""People of an incident: accounts, keys, workstations, and what they are to it."""

import base64
import hashlib
import random
from dataclasses import dataclass

NAMES = ("mei", "kai", "lin", "dao", "ana", "pavel", "chen", "olu", "ines", "tomas", "yuki", "sana")
SHARED, SHARED_UID = "mlteam", 4150
GIT, GIT_UID = "git", 64100
REAPER, REAPER_UID = "jobreaper", 980
"""An account of automation: no person's, and honest."""
PROJECT_GID = 4200


@dataclass(frozen=True, slots=True)
class Key:
    """A key pair, of which only what is public appears."""

    line: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account of their own, one key and one workstation."""

    name: str
    uid: int
    role: str
    address: str
    key: Key


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is who: `victim` owns the jobs, `insider` acts (if anybody does), `bystander` is there, `ops` has root."""

    victim: Person
    insider: Person
    bystander: Person
    ops: Person
    others: tuple[Person, ...]

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody, in order of uid."""
        found = {self.victim, self.insider, self.bystander, self.ops, *self.others}
        return tuple(sorted(found, key=lambda p: p.uid))


def key(rng: random.Random, comment: str) -> Key:
    """A key pair whose private half nobody has."""
    name = b"ssh-ed25519"
    raw = b"".join(len(part).to_bytes(4, "big") + part for part in (name, rng.randbytes(32)))
    digest = base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")
    return Key(f"ssh-ed25519 {base64.b64encode(raw).decode()} {comment}", f"SHA256:{digest}")


def cast(rng: random.Random, size: int) -> Cast:
    """Deal the parts of an incident to `size` people, at least four."""
    names = rng.sample(NAMES, size)
    subnet = rng.randrange(10, 200)
    people = [
        Person(name, 4101 + n, "", f"10.8.{subnet}.{11 + n}", key(rng, f"{name}@ws-{name}"))
        for n, name in enumerate(names)
    ]
    roles = ("research lead", "intern", "intern", "system administrator")
    victim, insider, bystander, ops, *others = (
        Person(p.name, p.uid, roles[n] if n < len(roles) else "engineer", p.address, p.key)
        for n, p in enumerate(people)
    )
    return Cast(victim, insider, bystander, ops, tuple(others))
