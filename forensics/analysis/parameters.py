"""The numbers of the scoring model, read from the one file that holds them."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

Level = Literal["low", "central", "high"]
LEVELS: tuple[Level, ...] = ("low", "central", "high")
_FILE = "likelihoods.toml"


@dataclass(frozen=True, slots=True)
class Number:
    """One number: what a reasonable reader may hold of it, who says so, and whether it was measured."""

    id: str
    low: float
    central: float
    high: float
    source: str
    placeholder: bool

    def at(self, level: Level) -> float:
        """The number at one of its three levels."""
        return self.low if level == "low" else self.high if level == "high" else self.central


@dataclass(frozen=True, slots=True)
class Band:
    """One step of the verbal scale: from which ratio on it is used."""

    name: str
    least: float
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Parameters:
    """All numbers of the model, and the hash of the file that they come from.

    apart_s: by how many seconds two clocks can be apart that no record ties together, by what is known of their hosts.
    """

    numbers: Mapping[str, Number]
    bands: tuple[Band, ...]
    cases: int
    version: str
    sha256: str
    apart_s: Mapping[str, int]

    @property
    def cap(self) -> float:
        """The largest ratio that is issued: a third of the cases with another actor that the method was tested on."""
        return self.cases / 3

    def at(self, name: str, level: Level) -> float:
        """A number of the model at one of its levels."""
        return self.numbers[name].at(level)

    def band(self, ratio: float) -> str | None:
        """The word for a ratio; none where it tells nothing apart."""
        found = [b.name for b in self.bands if ratio >= b.least]
        return found[-1] if found else None

    def rank(self, name: str | None) -> int:
        """The place of a band on the scale: 0 for none."""
        return 0 if name is None else [b.name for b in self.bands].index(name) + 1


def parse(raw: bytes) -> Parameters:
    """Read the file of numbers.

    Raises:
        ValueError: a number lies outside 0 to 1, its levels are not in order, or bands are not.
    """
    found = tomllib.loads(raw.decode())
    numbers = {
        n["id"]: Number(n["id"], n["low"], n["central"], n["high"], n["source"], n["placeholder"])
        for n in found["number"]
    }
    for n in numbers.values():
        if not 0 <= n.low <= n.central <= n.high <= 1 or not n.source:
            raise ValueError(f"{n.id}: levels must ascend from 0 to 1, and a source must be named")
    bands = tuple(Band(b["name"], float(b["from"]), b["en"], b["zh"]) for b in found["band"])
    if [b.least for b in bands] != sorted(b.least for b in bands):
        raise ValueError("bands must ascend")
    cases = int(found["cap"]["different_actor_cases"])
    apart_s = {c["id"]: int(c["seconds"]) for c in found.get("clock", ()) if c["source"]}
    return Parameters(numbers, bands, cases, str(found["version"]), hashlib.sha256(raw).hexdigest(), apart_s)


@cache
def parameters() -> Parameters:
    """The numbers that this version comes with."""
    return parse(resources.files(__package__).joinpath(_FILE).read_bytes())
