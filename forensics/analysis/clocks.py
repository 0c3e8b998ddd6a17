"""How far every clock is from the others, with bounds, and what the evidence says once that is allowed for.

The offset of a clock is what it writes less what the reference clock writes of the same moment. The
reference is the kernel's clock of a host whose audit trail is there. Every entry that two sources saw
(`anchors`) bounds the offset: the second record of a pair is later by no less and no more than its rule
says, and each may be written a little late. Bounds that hold at one entry hold at the next as far as a
clock can drift in between; where they cannot both hold, and the entries that follow agree with the
later, the clock was set. A pair that no other agrees with is left out, and counted.

A clock is moved only where its bounds leave out that it agrees, and at least two entries say so. What is
moved keeps what its log wrote beside it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from forensics.analysis import anchors, ordinary
from forensics.analysis.bands import JITTER_NS, Band, Int, Stretch, Vote, fitted, hull
from forensics.analysis.evidence import Evidence, frame, groups_of, of_columns, picked, places_of_each
from forensics.core.clock import NS_PER_S
from forensics.core.messageevents import JOURNALS

LATE_NS = NS_PER_S // 4
"""How late a line may be written, or how early a kernel's stamp may be, beyond what a rule allows."""
_FEWEST = 2
"""Entries that have to agree before a clock is moved."""
_ZONE_NS, _LEAST_ZONE_NS, _NEAR_ZONE_NS = 900 * NS_PER_S, 1800 * NS_PER_S, 60 * NS_PER_S
_FARTHEST_NS = 3600 * NS_PER_S  # munge lets no credential count for longer (MUNGE_MAXIMUM_TTL)


@dataclass(frozen=True, slots=True)
class Compared:
    """One source of times and what is known of its clock; `band` is None where nothing can be said."""

    source: str
    clock: str
    sha256: str | None
    reference: str | None
    kernel: bool
    band: Band | None
    entries: int
    events: int
    earliest_ns: int
    latest_ns: int
    tick_ns: int
    rules: dict[str, frozenset[str]] = field(default_factory=dict)
    pairs: dict[str, tuple[str, str]] = field(default_factory=dict)
    root: str | None = None
    """The source that it is compared with, be it by single entries; where there is one, their offset is bounded."""
    loose: Band | None = None
    """What single entries say of it by the first reference, where no more bind it to that: nothing is moved by it, and it takes names away."""

    @property
    def applied(self) -> bool:
        """Whether its times are moved: it cannot agree, enough entries say so, not all typed by one account, and it is compared with a kernel's."""
        return self._off and not self.alone

    @property
    def alone(self) -> bool:
        """Whether it cannot agree by what one account typed, and by nothing else."""
        return self._off and self.band is not None and not self.band.independent()

    @property
    def _off(self) -> bool:
        return self.sure and self.kernel and any(not a <= 0 <= b for a, b in self.spans())

    @property
    def sure(self) -> bool:
        """Whether enough entries bound it."""
        return self.band is not None and self.band.voices() >= _FEWEST

    def spans(self) -> list[tuple[int, int]]:
        """The bounds of each stretch between two settings."""
        return [(int(s.lo.min()), int(s.hi.max())) for s in self.stretches()]

    def stretches(self) -> list[Stretch]:
        """The stretches that enough entries bound."""
        return [] if self.band is None else [s for s in self.band.stretches if s.firm]


def compare(evidence: Evidence) -> list[Compared]:
    """Every clock of the evidence, against the others, in order of clock and file.

    Reads `events` as written and the owners of jobs; the order of the events changes nothing.
    """
    events = picked(of_columns(evidence.events, anchors.READ), evidence.events["earliest_ns"].notna())
    events = events.assign(source=anchors.sources(events))
    told = frame(evidence.told)
    pairs = anchors.find(events, _owners(evidence), told)
    dated = _Dated(_paired_among(events, told, pairs), pairs)
    known = _resolved(dated)
    loose = _by_single_entries(dated, known)
    apart = evidence.totals.apart if evidence.totals is not None else {}
    first = next((reference for reference, _ in known.values()), None)
    found = (
        replace(one, loose=loose[one.source], root=first)
        if one.source in loose
        else replace(one, root=known[one.source][0])
        if one.source in known
        else one
        for one in _all(events, dated, known, apart)
    )
    return sorted(found, key=lambda c: (c.clock, c.sha256 or "", c.source))


_DESCRIBED = ["source", "sha256", "earliest_ns", "latest_ns"]
_OF_A_PAIR = ["event_id", "source", "start", "earliest_ns", "latest_ns"]


def _paired_among(events: pd.DataFrame, told: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """What is read of the events of pairs, submissions and starts that are not held as events among them; by event id."""
    held = events[_OF_A_PAIR]
    named = picked(told, told["event_id"].isin(pairs["first"]) | told["event_id"].isin(pairs["second"]))
    more = picked(named, ~named["event_id"].isin(held.index))
    return pd.concat([held, more[_OF_A_PAIR].set_index("event_id", drop=False)]) if len(more) else held


def _owners(evidence: Evidence) -> dict[str, int]:
    """The uid that owns each job, where the sources name one."""
    records = evidence.job_records
    own = picked(records, records["step"].isna() & records["owner_uid"].notna())
    apart = ordinary.owners(evidence, evidence.events)
    told = pd.concat([own[["job", "owner_uid"]].set_axis(["job", "uid"], axis=1), apart, _started(evidence)])
    one = told.dropna().drop_duplicates()
    one = picked(one, ~one["job"].duplicated(keep=False))
    return {str(j): int(u) for j, u in zip(one["job"], one["uid"], strict=True)}


def _started(evidence: Evidence) -> pd.DataFrame:
    events = evidence.events
    told = picked(
        events, events["verb"].isin({"start", "submit"}) & events["job"].notna() & events["uid"].notna()
    )
    return told[["job", "uid"]]


class _Dated:
    """The pairs, each side with its source, its place in that and its interval as written."""

    def __init__(self, events: pd.DataFrame, found: pd.DataFrame) -> None:
        self.entry, self.rule, self.thing = (found[c].to_numpy(object) for c in ("entry", "rule", "thing"))
        self.least, self.most = (found[c].to_numpy(np.int64) for c in ("least_ns", "most_ns"))
        self.events: list[npt.NDArray[Any]] = []
        self.source: list[npt.NDArray[Any]] = []
        self.place: list[Int] = []
        self.when: list[tuple[Int, Int]] = []
        for column in ("first", "second"):
            rows = events.loc[found[column]]
            self.events.append(rows["event_id"].to_numpy(object))
            self.source.append(rows["source"].to_numpy(object))
            self.place.append(places(rows))
            first, last = (rows[c].to_numpy(np.int64) for c in ("earliest_ns", "latest_ns"))
            self.when.append((first, last))
        self.by = found["by"].tolist()
        # Every source is asked for in turn: its rows are looked up and not looked for.
        self.rows = [places_of_each(sources) for sources in self.source]

    def votes(self, source: str, known: dict[str, Band]) -> list[Vote]:
        """What each entry says of a source, by the sources that are known; one vote each, in order of place."""
        parts: dict[str, list[_Said]] = {}
        for side in (0, 1):
            other = 1 - side
            mine = self.rows[side].get(source, _NOWHERE)
            mine = mine[np.array([s in known for s in self.source[other][mine]], bool)]
            there, until = self._true(mine, other, known)
            first, last = (w[mine] for w in self.when[side])
            least, most = self.least[mine], self.most[mine]
            early, late = (least, most) if side == 1 else (-most, -least)
            lo, hi = first - until - late - LATE_NS, last - there - early + LATE_NS
            columns = (lo, hi, self.place[side][mine], first, mine)
            for entry, *said in zip(self.entry[mine], *(c.tolist() for c in columns), strict=True):
                parts.setdefault(str(entry), []).append(_Said(*said))
        made = [vote for entry, said in parts.items() if (vote := self._vote(entry, said)) is not None]
        return sorted(made, key=lambda v: (v.place, v.entry))

    def _vote(self, entry: str, said: list["_Said"]) -> Vote | None:
        """One voice for an entry: what all its pairs allow together; none where they tell of different things."""
        lo, hi = max(s.lo for s in said), min(s.hi for s in said)
        if lo - hi > JITTER_NS:
            return None
        first = min(said, key=lambda s: (s.place, s.at_ns, s.row))
        thing, rows = str(self.thing[first.row]), tuple(sorted(s.row for s in said))
        typed = {self.by[row] for row in rows}
        by = next(iter(typed)) if len(typed) == 1 else None
        return Vote(entry, thing, first.place, first.at_ns, min(lo, hi), max(lo, hi), rows, by)

    def _true(self, rows: Int, side: int, known: dict[str, Band]) -> tuple[Int, Int]:
        """The intervals of one side of some pairs by the reference clock."""
        first, last = (w[rows].copy() for w in self.when[side])
        written = first.copy()
        for name in sorted(set(self.source[side][rows])):
            own = self.source[side][rows] == name
            lo, hi = known[name].at(self.place[side][rows][own], written[own])
            first[own], last[own] = first[own] - hi, last[own] - lo
        return first, last


_NOWHERE = np.empty(0, np.int64)


class _Said(NamedTuple):
    """What one pair says of the offset, at a place in the file and at a moment as written there."""

    lo: int
    hi: int
    place: int
    at_ns: int
    row: int


def places(rows: pd.DataFrame) -> Int:
    """Where in its source each event stands: by its line in a file, by its moment in a kernel's trail of several."""
    kernel = np.array([str(source).endswith(":kernel") for source in rows["source"]], bool)
    start, when = (rows[c].to_numpy(np.int64) for c in ("start", "earliest_ns"))
    return np.where(kernel, when, start)


def _resolved(dated: _Dated) -> dict[str, tuple[str, Band]]:
    """Each source that is bound to a reference by enough entries, with that reference: the best bound ones first."""
    known: dict[str, tuple[str, Band]] = {}
    links = _links(dated)
    names = sorted(links, key=lambda s: (not s.endswith(":kernel"), -len(links[s]), s))
    for reference in names:
        if reference in known:
            continue
        bands = {reference: Band.zero()}
        voices = _Voices(links, [s for s in names if s not in known], bands)
        while (best := voices.best()) is not None and voices.of(best) >= _FEWEST:
            bands[best] = fitted(dated.votes(best, bands))
            voices.known(best)
        if len(bands) > 1 or reference.endswith(":kernel"):
            known |= {s: (reference, b) for s, b in bands.items()}
    return known


def _by_single_entries(dated: _Dated, known: Mapping[str, tuple[str, Band]]) -> dict[str, Band]:
    """Each source that fewer entries bind to the first reference than move a clock, with what these few allow.

    A clock that is compared with another reference is one of these: its own host's kernel may be off like it.
    """
    first = next((reference for reference, _ in known.values()), None)
    bands = {source: band for source, (reference, band) in known.items() if reference == first}
    links, made = _links(dated), dict[str, Band]()
    voices = _Voices(links, links, bands)
    while bands and (best := voices.best()) is not None and voices.of(best):
        voices.done(best)  # what is further apart is more likely two things, and ties no other
        votes = [v for v in dated.votes(best, bands) if _heard(v, best)]
        if votes:
            bands[best] = made[best] = hull(votes)
            voices.known(best)
    return made


class _Voices:
    """How many things each of some sources tells of that one of the known sources tells of too."""

    def __init__(
        self, links: Mapping[str, set[tuple[str, str]]], names: Iterable[str], known: Iterable[str]
    ) -> None:
        """`links` as `_links` gives them; `names` are the sources, `known` those that are known from the start."""
        self._by_other: dict[str, dict[str, set[str]]] = {}
        self._heard = {name: set[str]() for name in names}
        for name in self._heard:
            for thing, other in links[name]:
                self._by_other.setdefault(other, {}).setdefault(name, set()).add(thing)
        for name in known:
            self.known(name)

    def of(self, name: str) -> int:
        """How many of one."""
        return len(self._heard[name])

    def best(self) -> str | None:
        """The source of most, the first of these by name; none where none is left."""
        return max(sorted(self._heard), key=lambda name: len(self._heard[name]), default=None)

    def known(self, name: str) -> None:
        """One more is known, and no more asked for."""
        self.done(name)
        for other, things in self._by_other.get(name, {}).items():
            if other in self._heard:
                self._heard[other] |= things

    def done(self, name: str) -> None:
        """A source is not asked for any more."""
        self._heard.pop(name, None)


def _heard(vote: Vote, source: str) -> bool:
    """Whether a single entry is heard: one that is not too far off, or that a log without zones is off by whole hours."""
    near = vote.lo <= _FARTHEST_NS and vote.hi >= -_FARTHEST_NS
    return near or (in_zone(source) and _whole_hours(vote.lo, vote.hi))


def in_zone(source: str) -> bool:
    """Whether a source can be dated in another zone than is taken for it: not one that counts seconds since 1970, as the kernel does."""
    form = source.partition(" ")[0].rpartition(":")[2]
    return form != "kernel" and form not in {*anchors.LOGIN_RECORDS, *JOURNALS}


def _whole_hours(lo: int, hi: int) -> bool:
    zone = zone_ns(lo, hi)
    return zone is not None and zone % _FARTHEST_NS == 0


def told_once(one: Compared) -> bool:
    """Whether a single entry says that a source is dated in another zone, and no more do."""
    found = one.loose.votes if one.loose is not None else ()
    return any(abs(v.lo + v.hi) > 2 * _FARTHEST_NS and _whole_hours(v.lo, v.hi) for v in found)


def _links(dated: _Dated) -> dict[str, set[tuple[str, str]]]:
    """The logins, jobs and runs that each source saw, each with the other source that saw it too."""
    links: dict[str, set[tuple[str, str]]] = {}
    for one, other, thing in zip(*dated.source, dated.thing, strict=True):
        links.setdefault(str(one), set()).add((str(thing), str(other)))
        links.setdefault(str(other), set()).add((str(thing), str(one)))
    return links


def _all(
    events: pd.DataFrame, dated: _Dated, known: dict[str, tuple[str, Band]], apart: Mapping[str, int]
) -> Iterable[Compared]:
    """Every source: compared or not. A clock of which no file is compared stands once, whatever it dates."""
    named = {str(s): str(c) for s, c in events.groupby("source")["clock"].min().items()}
    bands = {s: b for s, (_, b) in known.items()}
    links = _links(dated)
    compared = {named[s] for s in (*known, *links)}
    loose: dict[str, list[pd.DataFrame]] = {}
    more: dict[str, int] = {}
    for source, rows in groups_of(events[_DESCRIBED], "source"):
        name = named[source]
        if name not in compared:
            loose.setdefault(name, []).append(rows)
            more[name] = more.get(name, 0) + apart.get(source, 0)
            continue
        reference, band = known.get(source, (None, None))
        if band is None and source in links:
            band = fitted(dated.votes(source, bands))
            reference = next((known[o][0] for _, o in sorted(links[source]) if o in known), None)
        by = None if reference is None else named[reference]
        own = None if source == reference else band
        one = _described(source, name, rows, by, str(reference), own, dated)
        yield replace(one, events=one.events + apart.get(source, 0))
    for name, parts in sorted(loose.items()):
        one = _described(name, name, pd.concat(parts), None, "", None, dated)
        yield replace(one, events=one.events + more[name])


def _described(
    source: str,
    clock: str,
    rows: pd.DataFrame,
    reference: str | None,
    by: str,
    band: Band | None,
    dated: _Dated,
) -> Compared:
    if band is not None and not band.votes:
        band = None
    files = rows["sha256"].unique()
    made = Compared(
        source=source, clock=clock, sha256=files[0] if len(files) == 1 else None, reference=reference,
        kernel=by.endswith(":kernel"), band=band, entries=band.voices() if band else 0, events=len(rows),
        earliest_ns=int(rows["earliest_ns"].min()), latest_ns=int(rows["latest_ns"].max()),
        tick_ns=int((rows["latest_ns"] - rows["earliest_ns"]).min()) + 1,
    )  # fmt: skip
    for vote in band.votes if band is not None else ():
        made.rules[vote.entry] = frozenset(str(dated.rule[r]) for r in vote.rows)
        narrow = min(vote.rows, key=lambda r: (int(dated.most[r] - dated.least[r]), r))
        made.pairs[vote.entry] = (str(dated.events[0][narrow]), str(dated.events[1][narrow]))
    return made


def state(one: Compared, lo: int | None, hi: int | None) -> str:
    """What is found of a clock, or of a stretch of it, in a word."""
    if one.reference == one.clock and one.band is None:
        return "reference"
    if lo is None or hi is None:
        return "not_compared"
    if not one.sure:
        return "unsure"
    if lo <= 0 <= hi:
        return "agrees"
    return "offset" if zone_ns(lo, hi) is None else "zone"


def zone_ns(lo: int, hi: int) -> int | None:
    """The multiple of a quarter of an hour, half an hour at least, that an offset can be but for a minute; else None."""
    nearest = round((lo + hi) / 2 / _ZONE_NS) * _ZONE_NS
    near = nearest - _NEAR_ZONE_NS <= lo and hi <= nearest + _NEAR_ZONE_NS
    return nearest if near and abs(nearest) >= _LEAST_ZONE_NS else None
