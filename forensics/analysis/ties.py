"""Which clocks the records tie together, and how far apart those can be that nothing ties.

What a machine writes is dated by the one clock of that machine. Two machines are tied where a record of each tells of
one thing (`clocks`), be it once; whatever is tied to either is then tied to the other. Between groups that nothing ties
every order is open by as much as two such clocks can be apart: by less where both work in one cluster, whose daemons
refuse each other's credentials beyond that, and otherwise by more than a day (`likelihoods.toml`).

A group is looked at with its own clock as it stands and all others early and late by that width: what is concluded within
it rests on one clock and stays as it was, and what is concluded across groups has to hold however they were apart.
"""

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from forensics.analysis import anchors, nodes, ordinary
from forensics.analysis.clocks import Compared, zone_ns
from forensics.analysis.evidence import Evidence, picked
from forensics.analysis.parameters import parameters
from forensics.core.clock import NS_PER_S

_CONTROLLER = frozenset({*anchors.SCHEDULER, "slurmdbd"})
_CLUSTER = _CONTROLLER | {"slurmd"}
_CLIENTS = frozenset(
    {"sbatch", "srun", "salloc", "scancel", "squeue", "sinfo", "scontrol", "sacct", "sacctmgr"}
)
"""Programs that ask Slurm's controller, which a host can do only while their clocks are not too far apart."""
_TYPED = frozenset({"git:objects", "git:reflog"})
"""What is dated as whoever writes it likes: no machine's clock, and nobody's name rests on it."""
Width = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Ties:
    """The machines of a case in groups that are tied, and which of them are of the one cluster.

    source: machine by source of times. group: the name of its group by machine. cluster, controller: groups with a machine
    of the cluster, and with its controller. beside: by how much sources that nothing compares can be off, at least and most,
    where others of their machine are. left: groups that were not looked at, as there are too many (`loose_ends`).
    """

    source: Mapping[str, str]
    group: Mapping[str, str]
    cluster: frozenset[str]
    controller: frozenset[str]
    beside: Mapping[str, Width]
    left: frozenset[str] = frozenset()

    def loose(self) -> bool:
        """Whether there are clocks that nothing ties, or that are off as nothing but another source of their machine tells."""
        return len(set(self.group.values())) > 1 or bool(self.beside)

    def of(self, machines: Iterable[str | None]) -> set[str]:
        """The groups of some machines, those that are known."""
        return {self.group[m] for m in machines if m is not None and m in self.group}

    def width_ns(self, one: str, other: str) -> int:
        """By how much the clocks of two groups can be apart."""
        if one == other:
            return 0
        within = parameters().apart_s
        if not {one, other} <= self.cluster:
            return within["unknown"] * NS_PER_S
        # Each host is held to the controller's clock, and two hosts are both.
        steps = 1 if self.controller & {one, other} else 2
        return steps * within["cluster"] * NS_PER_S

    def widest_ns(self) -> int:
        """The most that any two clocks are taken to be apart."""
        groups = sorted(set(self.group.values()))
        return max((self.width_ns(a, b) for a in groups for b in groups), default=0)

    def beyond(self, group: str) -> dict[str, Width]:
        """By how much each source can be ahead of the clock of a group, at least and most, beyond what the records bound."""
        found = dict(self.beside)
        for source, machine in self.source.items():
            width = self.width_ns(group, self.group[machine])
            if width:
                lo, hi = found.get(source, (0, 0))
                found[source] = (lo - width, hi + width)
        return found


def of(evidence: Evidence, found: Sequence[Compared]) -> Ties:
    """The ties of a case.

    Args:
        evidence: as assembled.
        found: from `clocks.compare` of it.
    """
    clock_of = _sources(evidence)
    every = {**_recorded(evidence), **clock_of}
    hosts = {*evidence.events["host"].dropna(), *evidence.files["host"].dropna()}
    source = {s: m for s, c in every.items() if (m := machine(s, c, hosts)) is not None}
    joined = _Joined(source.values())
    for one in found:
        if one.root in source and one.source in source:
            joined.join(source[one.source], source[str(one.root)])
    group = {m: joined.name(m) for m in joined.machines}
    formats = _formats(evidence, source)
    known = len(set(evidence.job_records["cluster"].dropna())) <= 1
    cluster = {m for m, own in formats.items() if own & _CLUSTER} | set(map(name, _at_work(evidence)))
    return Ties(
        source,
        group,
        frozenset(group[m] for m in cluster if known and m in group),
        frozenset(group[m] for m, own in formats.items() if own & _CONTROLLER),
        _beside({s: m for s, m in source.items() if s in clock_of}, found),
    )


class _Joined:
    """Machines, joined pair by pair; a group is called after its first machine by name."""

    def __init__(self, machines: Iterable[str]) -> None:
        self.machines = sorted(set(machines))
        self._next = {m: m for m in self.machines}

    def name(self, one: str) -> str:
        while self._next[one] != one:
            one = self._next[one]
        return one

    def join(self, one: str, other: str) -> None:
        first, last = sorted((self.name(one), self.name(other)))
        self._next[last] = first


def _sources(evidence: Evidence) -> dict[str, str]:
    """The clock of each source of times of events."""
    events = picked(evidence.events, evidence.events["earliest_ns"].notna())
    told = events["clock"].groupby(anchors.sources(events)).min()
    return {str(s): str(c) for s, c in told.items()}


def _recorded(evidence: Evidence) -> dict[str, str]:
    """The same of records of jobs."""
    records = ordinary.records(evidence, ["domain", "format", "sha256"]).drop_duplicates()
    told = zip(records["domain"], records["format"], records["sha256"], strict=True)
    return {f"{domain}:{form} {sha256}": f"{domain}:{form}" for domain, form, sha256 in told}


def machine(source: str, clock: str, hosts: Iterable[str]) -> str | None:
    """Whose clock dates a source: a host's, or that of the service that writes it; None where whoever writes it does.

    Args:
        source: as `anchors.sources` names it.
        clock: of its events.
        hosts: what the evidence calls hosts.
    """
    if source.endswith(":kernel"):
        return name(source.removesuffix(":kernel"))
    first = clock.partition(":")[0]
    if first in hosts:
        return name(first)
    service = clock.removesuffix(":between").rpartition(":")[0]
    return None if service in _TYPED else service


def name(host: str) -> str:
    """A host without its domain, so that `login01.lab` and `login01` are one; an address stays whole."""
    short = host.casefold().partition(".")[0]
    return host.casefold() if short.isdigit() else short


def of_events(evidence: Evidence, cited: Iterable[str]) -> set[str]:
    """The machines by whose clocks some events are dated."""
    if "machines" not in evidence.memo:
        evidence.memo["machines"] = _machines(evidence)
    told, places = evidence.memo["machines"], evidence.events.index
    return {m for e in cited if e in places and (m := told[places.get_loc(e)]) is not None}


def _machines(evidence: Evidence) -> list[str | None]:
    """By whose clock each event is dated, in their order; none for those without a time."""
    events = evidence.events
    hosts = {*events["host"].dropna(), *evidence.files["host"].dropna()}
    known: dict[tuple[str, str], str | None] = {}
    found: list[str | None] = []
    told = zip(anchors.sources(events), events["clock"], events["earliest_ns"].notna(), strict=True)
    for source, clock, dated in told:
        key = (str(source), str(clock))
        if dated and key not in known:
            known[key] = machine(*key, hosts)
        found.append(known[key] if dated else None)
    return found


def _formats(evidence: Evidence, source: Mapping[str, str]) -> dict[str, set[str]]:
    """Of which formats each machine has sources."""
    events = evidence.events
    told = pd.DataFrame({"source": anchors.sources(events), "format": events["format"]}).drop_duplicates()
    found: dict[str, set[str]] = {}
    for one, form in told.itertuples(index=False):
        if one in source:
            found.setdefault(source[one], set()).add(str(form))
    for one, name_of_clock in _recorded(evidence).items():
        if one in source:
            found.setdefault(source[one], set()).add(name_of_clock.rpartition(":")[2])
    return found


def _at_work(evidence: Evidence) -> set[str]:
    """Hosts on which Slurm's jobs run, or its commands."""
    records = ordinary.records(evidence, ["format", "nodes"])
    listed = records.loc[records["format"].isin(_CLUSTER), "nodes"].dropna().unique()
    events = evidence.events
    ran = picked(events, (events["verb"] == "execute") & events["trail"] & events["host"].notna())
    asked = [isinstance(exe, str) and posixpath.basename(exe) in _CLIENTS for exe in ran["exe"]]
    return {node for text in listed for node in nodes.expanded(text)} | set(ran.loc[asked, "host"])


def _beside(source: Mapping[str, str], found: Sequence[Compared]) -> dict[str, Width]:
    """By how much sources that nothing compares can be off, where what is compared of their machine says that its clock is.

    Not those of which only records of jobs are there: nothing that they say is ever compared. Whether it was off in all of its files is not known: none is left out. An offset that is a zone's is of a file alone.
    """
    off: dict[str, list[Width]] = {}
    for one in found:
        bands = [b for b in (one.band, one.loose) if b is not None] if one.root is not None else []
        spans = [(int(s.lo.min()), int(s.hi.max())) for b in bands for s in b.stretches]
        away = [(lo, hi) for lo, hi in spans if not lo <= 0 <= hi and zone_ns(lo, hi) is None]
        if away and one.source in source:
            off.setdefault(source[one.source], []).extend(away)
    compared = {one.source for one in found if one.root is not None}
    return {
        s: (min(0, *(lo for lo, _ in off[m])), max(0, *(hi for _, hi in off[m])))
        for s, m in source.items()
        if s not in compared and m in off
    }
