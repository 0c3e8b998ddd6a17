"""Copies of one host's audit trail of which one lacks records that the other has, where both go on before and after.

The kernel numbers each record once, so that lines of two files that bear one number, moment and host are put together into one
record (`core.auditevents`), which cites both files. So which file tells a record is read off what it cites. A record is lacking
in a file that has others before and after it, in the order of the other file's own bytes: no clock takes part. A log that was
rotated shares no record with the next, and one that ends earlier lacks nothing between.

That a copy lacks records does not say why. One that has a part of them only, as `ausearch` gives it, was chosen, and is told so.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.compute as pc

from forensics.analysis.evidence import Evidence, listed_together, picked

Json = dict[str, Any]
Ints = npt.NDArray[np.int64]
FORMAT = "auditd"
"""The format whose lines are put together into records wherever they lie."""
BY = ("auid", "session", "pid", "exe", "verb")
"""Columns by which records are chosen from a trail; which key of a rule they carry no event says."""
FEW = "few"
LEAST = 5
"""Records that two files have to share at least, to be taken for copies of one trail."""
TOLD = 5
MOST_FILES = 40
"""Files of one host's trail that are compared with each other."""
_BASE = ["sha256", "start"]


class Lacking(NamedTuple):
    """What one of two copies of a host's trail lacks of the stretch that both cover.

    host: whose trail. has, lacks: both files. shared: records that both tell. number: records that `lacks` lacks. first: the
    first events of these. beside: events of both files, before and after the first of them. in_a_row: whether no record that
    both tell stands among them. chosen: by what those that it has there can have been chosen, of `BY`, or `FEW` where it has
    less than half; None where neither says so. begin, end: where in `has` the first and last record of both begin.
    """

    host: str
    has: str
    lacks: str
    shared: int
    number: int
    first: tuple[str, ...]
    beside: tuple[str, ...]
    in_a_row: bool
    chosen: str | None
    begin: int
    end: int


def find(evidence: Evidence) -> tuple[Lacking, ...]:
    """What copies of trails lack, in a total order; of events that are not all held it was found with all at hand."""
    if evidence.totals is not None and evidence.totals.lacking is not None:
        return evidence.totals.lacking
    if "lacking" not in evidence.memo:
        evidence.memo["lacking"] = tuple(sorted(_found(evidence), key=lambda x: (x.host, x.has, x.lacks)))
    found: tuple[Lacking, ...] = evidence.memo["lacking"]
    return found


def _found(evidence: Evidence) -> Iterator[Lacking]:
    files = evidence.files
    if (files["format"] == FORMAT).sum() < 2:
        return
    events = evidence.events
    own = picked(events, (events["format"] == FORMAT) & events["earliest_ns"].notna())
    for host, rows in own.groupby("host", sort=True):
        yield from _of_host(str(host), rows)


def _of_host(host: str, rows: pd.DataFrame) -> Iterator[Lacking]:
    told = _Told(rows)
    for one, other in told.pairs():
        sides = told.lacking(one, other), told.lacking(other, one)
        # What both tell, and otherwise, is not put together: it is told of each file, and lacks in neither.
        numbers = [told.numbered(side.rows) for side in sides]
        both = set(numbers[0]) & set(numbers[1])
        kept = [
            s.rows[np.array([n not in both for n in own], bool)]
            for s, own in zip(sides, numbers, strict=True)
        ]
        for side, own, beyond in ((sides[0], kept[0], kept[1]), (sides[1], kept[1], kept[0])):
            if len(own):
                yield told.of(host, side, own, alone=not len(beyond))


class _Side(NamedTuple):
    """Two files, the events that both tell, and those within them that the one tells and the other does not, or tells less of."""

    has: int
    lacks: int
    shared: Ints
    rows: Ints


class _Told:
    """Which of some events which file tells: where in it, and in how many bytes."""

    def __init__(self, rows: pd.DataFrame) -> None:
        self.rows = rows
        written = "written_earliest_ns" if "written_earliest_ns" in rows.columns else "earliest_ns"
        self._number = list(zip(rows[written].tolist(), rows["serial"].tolist(), strict=True))
        cited = listed_together(rows["citations"])
        flat, row = cited.flatten(), np.asarray(pc.list_parent_indices(cited), np.int64)
        coded = pc.dictionary_encode(flat.field("sha256"))
        self.files = coded.dictionary.to_pylist()
        begin = flat.field("start").to_numpy()
        size = flat.field("stop").to_numpy() - begin
        key = row * max(len(self.files), 1) + coded.indices.to_numpy().astype(np.int64)
        self._key, at = np.unique(key, return_inverse=True)
        self._at = np.full(len(self._key), np.iinfo(np.int64).max)
        np.minimum.at(self._at, at, begin)
        self._size = np.bincount(at, size, len(self._key)).astype(np.int64)

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Files that share records enough."""
        row, file = self._key // len(self.files), self._key % len(self.files)
        several = np.flatnonzero(np.bincount(row, minlength=len(self.rows))[row] > 1)
        names = sorted(set(file[several].tolist()), key=self.files.__getitem__)[:MOST_FILES]
        for one, other in combinations(names, 2):
            if len(self._records(self._shared(one, other))) >= LEAST:
                yield one, other

    def numbered(self, rows: Ints) -> list[tuple[int, int]]:
        """Moment and number of some events: of one host, a record's own."""
        return [self._number[r] for r in rows.tolist()]

    def _by(self, file: int) -> tuple[Ints, Ints, Ints]:
        own = self._key % len(self.files) == file
        return self._key[own] // len(self.files), self._at[own], self._size[own]

    def _shared(self, one: int, other: int) -> Ints:
        return np.intersect1d(self._by(one)[0], self._by(other)[0], assume_unique=True)

    def _records(self, rows: Ints) -> pd.DataFrame:
        return self.rows.iloc[rows][_BASE].drop_duplicates()

    def lacking(self, has: int, lacks: int) -> _Side:
        """What `lacks` lacks of what `has` tells between the first and the last record of both."""
        rows, at, size = self._by(has)
        others, _, less = self._by(lacks)
        both = np.isin(rows, others, assume_unique=True)
        lo, hi = at[both].min(), at[both].max()
        theirs = less[np.searchsorted(others, rows[both])]
        fewer = np.zeros(len(rows), bool)
        # Copies that are byte for byte alike tell of a record in as many bytes; where most are not, nothing is told by it.
        if 2 * (theirs == size[both]).sum() > both.sum():
            fewer[both] = theirs < size[both]
        own = rows[(~both | fewer) & (at > lo) & (at < hi)]
        return _Side(has, lacks, rows[both], own)

    def of(self, host: str, side: _Side, own: Ints, *, alone: bool) -> Lacking:
        """What is told of it; `alone`: whether the other file lacks nothing."""
        rows, at, _ = self._by(side.has)
        place = dict(zip(rows.tolist(), at.tolist(), strict=True))
        ids = self.rows["event_id"].tolist()
        ordered = sorted(own.tolist(), key=lambda r: (place[r], ids[r]))
        kept = np.setdiff1d(side.shared, own)
        known = sorted((place[r], ids[r]) for r in kept.tolist())
        first, last = place[ordered[0]], place[ordered[-1]]
        before, after = [p for p in known if p[0] < first][-1:], [p for p in known if p[0] > first][:1]
        begin, end = known[0][0], known[-1][0]
        inside = np.array([r for r in kept.tolist() if begin < place[r] < end], np.int64)
        return Lacking(
            host, self.files[side.has], self.files[side.lacks], len(self._records(side.shared)), len(self._records(own)),
            tuple(ids[r] for r in ordered[:TOLD]), tuple(e for _, e in (*before, *after)),
            not any(first < p < last for p, _ in known), self._chosen(inside, own) if alone else None, begin, end,
        )  # fmt: skip

    def _chosen(self, kept: Ints, own: Ints) -> str | None:
        """By what the records that are there can have been chosen."""
        some, rest = self.rows.iloc[kept], self.rows.iloc[own]
        for name in BY:
            values = {_plain(v) for v in some[name]}
            if len(values) == 1 and None not in values and values.isdisjoint(_plain(v) for v in rest[name]):
                return name
        return FEW if len(self._records(kept)) < len(self._records(own)) else None


def _plain(value: Any) -> Any:  # noqa: ANN401 - a value of any column
    """A value as the trail has it: a session's number without the boot that it is of."""
    return None if pd.isna(value) else str(value).partition("@")[0]


def contradictions(evidence: Evidence, cites: Callable[[Iterable[str]], list[Json]]) -> list[Json]:
    """Each copy that lacks records, with what the other has, and what can be the reason where the records show one."""
    found = []
    for x in find(evidence):
        beside = cites(x.beside)
        says = [
            {"what": f"copy {x.has[:16]} has {x.number} records between the first and the last of these, of which the other has nothing, or less", "citations": cites(x.first)},
            {"what": f"copy {x.lacks[:16]} has what stands before and after the first of them", "citations": beside},
        ]  # fmt: skip
        if why := _why(x):
            says.append({"what": why, "citations": beside})
        about = f"two files of the audit trail of {x.host}, which share {x.shared} records"
        found.append({"about": about, "kind": "trail_copies_differ", "says": says})
    return found


def _why(x: Lacking) -> str | None:
    """What would explain that a copy lacks records, in the words that `render.recounted` takes apart."""
    copy = x.lacks[:16]
    if x.chosen == FEW:
        said = (
            f"copy {copy} has fewer of the records there than it lacks, as what was chosen from a trail has"
        )
    elif x.chosen is not None:
        said = f"all that copy {copy} has there has one value of {x.chosen}, which nothing has that it lacks, as what was chosen from a trail"
    elif x.in_a_row:
        said = f"what copy {copy} lacks stands in a row, as that of a file left out, or of a time in which nothing was received, does"
    else:
        return None
    return said


def rests(x: Lacking, cited: Iterable[Json]) -> bool:
    """Whether a record, by its citations, is one that a copy lacks: the other file tells it, within what both cover."""
    places = [c for c in cited if c["sha256"] in {x.has, x.lacks}]
    return bool(places) and all(c["sha256"] == x.has and x.begin < c["start"] < x.end for c in places)
