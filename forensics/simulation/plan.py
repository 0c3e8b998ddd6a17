"""What is to happen in an incident: drawn from its seed, before anything is simulated."""

import random
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FAMILIES = Path(__file__).with_name("families.toml")


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique: who can have used it, how it fits in the split, and whether its records seem to point to somebody honest.

    Seeds from `since` on know it; `apart` puts jobs on a host of their own.
    """

    id: str
    meaning: str
    family: str
    held_back: bool
    actors: tuple[str, ...]
    pointed: bool = False
    since: int = 0
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """One incident, by its axes.

    `split` puts jobs on a host of their own; `busy` has everybody do ordinary work all the while. `actor` is whose doing it is; `guise` how that looks in the records; `framed` says whom it is made to
    look like: bystander, victim, or nobody.
    """

    seed: int
    technique: str
    actor: str
    guise: str
    evasion: str
    coverage: int
    people: int
    framed: str
    suspect: str
    split: bool
    busy: bool = True


@cache
def techniques() -> dict[str, Technique]:
    """Every technique by id, as the data file has them."""
    told = tomllib.loads(FAMILIES.read_text(encoding="utf-8"))
    return {
        name: Technique(
            name,
            t["meaning"],
            t["family"],
            bool(t["held_back"]),
            tuple(t["actors"]),
            bool(t.get("pointed")),
            t.get("since", SINCE if t.get("pointed") else 0),
            bool(t.get("apart")),
        )
        for name, t in sorted(told["technique"].items())
    }


GUISES: dict[str, tuple[str, ...]] = {
    "own": ("plain",),
    "shared": ("plain",),
    "stolen": ("own_device", "unknown_device", "hop", "planted_key", "takeover"),
    "node_root": ("sudo_as", "su", "relogin", "root", "edited_log", "forged_host"),
    "cluster_admin": ("root_request", "forged_request", "forged_all"),
    "automation": ("plain",),
    "nobody": ("plain",),
    "admin": ("plain",),
}
HELD: dict[str, tuple[str, ...]] = {
    "own_device": (), "unknown_device": (), "hop": (), "planted_key": (), "takeover": ("device", "key"),
    "sudo_as": (), "su": (), "relogin": ("login01:root",), "root": (), "edited_log": ("login01:root",),
    "forged_host": ("login01:root", "key"), "root_request": ("slurm:admin",), "forged_request": ("slurm:admin",),
    "forged_all": ("login01:root", "slurm:admin", "git:server", "key"), "plain": (),
}  # fmt: skip
"""What whoever acts controls of what the records rest on, beyond an account of their own."""
INDISTINGUISHABLE = frozenset({"takeover", "forged_host", "forged_all"})
"""Guises whose records are those of another person's own doing: no analysis of them alone can tell."""
SINCE = 10_000
"""The first seed of incidents whose records can seem to point to somebody honest; those below are as they were before there were such."""
FURTHER = 20_000
"""The first seed of incidents in which somebody honest takes in another's code, or is reached into, in ways that no earlier seed has."""
COLLECTED = 30_000
"""The first seed of incidents of which startup files are collected, as of a real host, and in which a trap can have been taken away again."""
EVASIONS = ("none", "forged_author", "touch", "log_deletion", "retention_cut", "clock_step", "payload")
COVERAGES = (100, 100, 70, 40)


def plan(seed: int) -> Plan:
    """The plan of a seed. Techniques come round in turn; the other axes are drawn."""
    rng = random.Random(f"plan {seed}")  # noqa: S311 - an incident must come out the same each time
    known = [t for t in techniques().values() if seed >= t.since]
    chosen = known[seed % len(known)]
    actor = rng.choice(chosen.actors)
    guise = rng.choice(GUISES[actor])
    evasion = rng.choice(EVASIONS) if rng.random() < 0.5 and actor not in {"nobody", "automation"} else "none"
    framed = (
        rng.choice(("bystander", "bystander", "victim"))
        if actor in {"stolen", "node_root", "cluster_admin"}
        else "none"
    )
    if guise in {"root", "root_request"}:
        framed = "none"
    suspect = "insider" if rng.random() < 0.5 else rng.choice(("bystander", "ops"))
    if chosen.pointed and rng.random() < 0.75:  # it is they who are asked first
        suspect = "bystander"
    return Plan(
        seed,
        chosen.id,
        actor,
        guise,
        evasion,
        rng.choice(COVERAGES),
        rng.randrange(4, 9),
        framed,
        suspect,
        rng.random() < 0.4 or chosen.apart,
    )
