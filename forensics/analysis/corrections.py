"""The evidence by the reference clock, where its own clocks cannot agree with that; and what that leaves uncertain."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import reduce
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from forensics.analysis import anchors, clocks
from forensics.analysis.bands import Band, Int
from forensics.analysis.clocks import Compared
from forensics.analysis.evidence import Evidence, groups_of, picked, rows_of
from forensics.analysis.gaps import Gap
from forensics.core.clock import NS_PER_S
from forensics.core.messageevents import SYSTEM_LOGS

_MOMENTS = ("submit_ns", "start_ns", "end_ns")
LOGS = SYSTEM_LOGS | {"slurmctld", "slurmd", "slurmdbd", "gitolite"}
"""Formats whose lines are written one behind the other."""
BACK_NS = 60 * NS_PER_S
_READ = [
    "event_id", "earliest_ns", "latest_ns", "written_earliest_ns", "written_latest_ns", "source", "start", "format",
]  # fmt: skip
"""What is read of events to move them: of all their columns a selection takes five times as long."""
_FIRST = -(2**63) + 1


def corrected(
    evidence: Evidence,
    found: list[Compared],
    *,
    bounds: bool = False,
    beyond: Mapping[str, tuple[int, int]] | None = None,
) -> Evidence:
    """The evidence with the times of clocks that cannot agree moved by their bounds.

    Args:
        evidence: as assembled.
        found: from `compare` of it.
        bounds: every compared clock by its bounds, also those that may well agree, and those that nothing
            tells which of two is right: each time is then as wide as what the log wrote and the bounds together.
        beyond: by source, by how much it can be ahead besides, at least and most (`ties`): its times are wider by that.

    Returns:
        A copy, of job records too, with `earliest_ns` and `latest_ns` by the reference clock, in order of them;
        `written_earliest_ns` and `written_latest_ns` keep what the log's own clock wrote. Records of jobs too.
    """
    moved = {c.source: c for c in found if c.band is not None and (c.applied or (bounds and c.sure))}
    events = evidence.events.assign(
        written_earliest_ns=evidence.events["earliest_ns"], written_latest_ns=evidence.events["latest_ns"]
    )
    beside = by_another_file(found)
    loose = {c.source: c.loose for c in found if bounds and c.loose is not None}
    if not moved and not beside and not loose and not beyond:
        return replace(evidence, events=events, job_records=evidence.job_records.copy())
    events = events.assign(source=anchors.sources(events))
    there = events["earliest_ns"].notna() & events["source"].isin({*moved, *beside, *loose})
    dated = picked(events[_READ], there).assign(row=np.flatnonzero(there))
    early, late = events["earliest_ns"].array.copy(), events["latest_ns"].array.copy()
    for source, rows in groups_of(dated, "source"):
        first, last = _dated(rows, moved.get(source), beside.get(source), loose.get(source))
        early[rows["row"].to_numpy()], late[rows["row"].to_numpy()] = first, last
    events = events.assign(earliest_ns=early, latest_ns=late)
    _widen(events, beyond or {})
    order = ["earliest_ns", "sha256", "start", "event_id"]
    events = events.drop(columns="source").sort_values(order, kind="stable", na_position="last")
    bands = {source: one.band for source, one in moved.items() if one.band is not None}
    moves = _Moves(bands, loose, beyond or {})
    records, apart = _records(evidence.job_records, moves), _ordinary(evidence.ordinary, moves)
    return replace(evidence, events=events, job_records=records, ordinary=apart)


def _widen(events: pd.DataFrame, beyond: Mapping[str, tuple[int, int]]) -> None:
    """Make the times of some sources wider, in place."""
    for n, column in enumerate(("earliest_ns", "latest_ns") if beyond else ()):
        by = events["source"].map({s: -hi if n == 0 else -lo for s, (lo, hi) in beyond.items()})
        own = events.loc[by.notna() & events[column].notna(), column]
        moved = own.to_numpy(np.int64)
        wide = by.loc[own.index].to_numpy(np.int64)
        # What lies at an end of the calendar stays there.
        events.loc[own.index, column] = (
            np.where(wide < 0, np.maximum(moved, _FIRST - wide), np.minimum(moved, -_FIRST - wide)) + wide
        )


def by_another_file(found: Iterable[Compared]) -> dict[str, tuple[int, int]]:
    """Files of which no record bounds the clock, where another file of that clock is off; and by how much at least and most.

    A log that was rotated is of the same clock, and it may have been set between: either can be, so both are kept.
    """
    off: dict[str, list[tuple[int, int]]] = {}
    loose = [one for one in found if one.band is None and one.reference is None and one.sha256 is not None]
    for one in found:
        if one.applied:
            off.setdefault(one.clock, []).extend(one.spans())
    return {
        one.source: (min(lo for lo, _ in off[one.clock]), max(hi for _, hi in off[one.clock]))
        for one in loose
        if one.clock in off
    }


def _dated(
    rows: pd.DataFrame, moved: Compared | None, beside: tuple[int, int] | None, loose: Band | None
) -> tuple[Int, Int]:
    """The intervals of events of one source: moved, in two readings, or also as far off as single entries say."""
    first, last = (rows[c].to_numpy(np.int64) for c in ("earliest_ns", "latest_ns"))
    early, late = first, last
    if moved is not None:
        early, late = _moved(moved, rows)
    elif beside is not None:
        early, late = _either(rows, *beside)
    if loose is None:
        return early, late
    lo, hi = loose.at(clocks.places(rows), first)
    return np.minimum(early, first - hi), np.maximum(late, last - lo)


def _either(rows: pd.DataFrame, lo: int, hi: int) -> tuple[Int, Int]:
    """The intervals of events of a clock that may be right, or off by these bounds."""
    first, last = (rows[c].to_numpy(np.int64) for c in ("earliest_ns", "latest_ns"))
    return np.minimum(first, first - hi), np.maximum(last, last - lo)


def _moved(one: Compared, rows: pd.DataFrame) -> tuple[Int, Int]:
    """The intervals of events of one source by the reference clock; those of a clock that may agree stay within."""
    first, last = (rows[c].to_numpy(np.int64) for c in ("earliest_ns", "latest_ns"))
    lo, hi = _bounds(one, rows, first)
    early, late = first - hi, last - lo
    agrees = (lo <= 0) & (hi >= 0)
    keep = agrees if one.applied else np.ones(len(first), bool)
    return np.where(keep, np.minimum(first, early), early), np.where(keep, np.maximum(last, late), late)


def _bounds(one: Compared, rows: pd.DataFrame, written: Int) -> tuple[Int, Int]:
    """The offset at each event; where lines go back and no entry is on that side of it, the clock may have agreed."""
    place = clocks.places(rows)
    lo, hi = (one.band or Band.zero()).at(place, written)
    breaks = np.array([after for _, after, _, _ in _back(rows)], np.int64)
    if not len(breaks):
        return lo, hi
    told = [np.searchsorted(breaks, s.place, side="right") for s in one.stretches()]
    open_ = ~np.isin(np.searchsorted(breaks, place, side="right"), np.concatenate(told or [np.empty(0, int)]))
    return np.where(open_, np.minimum(lo, 0), lo), np.where(open_, np.maximum(hi, 0), hi)


def _back(rows: pd.DataFrame) -> list[tuple[int, int, str, str]]:
    """Where the lines of one log go back in time: places and events of the last line before and the first after.

    A line of the hour that comes twice as summer time ends is taken as the line before it allows: it does not go back for being read as the first of the two.
    """
    told = picked(rows, rows["format"].isin(LOGS))
    # Mostly they stand in the order of their lines as they are.
    if (np.diff(told["start"].to_numpy(np.int64)) <= 0).any():
        told = told.sort_values(["start", "event_id"])
    columns = ("written_earliest_ns", "written_latest_ns", "start")
    first, last, place = (told[c].to_numpy(np.int64) for c in columns)
    at = np.flatnonzero(np.diff(_onward(first, last)) < -BACK_NS)
    names = told["event_id"].to_numpy(object)
    return [(int(place[i]), int(place[i + 1]), str(names[i]), str(names[i + 1])) for i in at]


def _onward(first: Int, last: Int) -> Int:
    """A moment of each of some lines, in their order: the first within its interval that is not before the one of the line before it, if there is one."""
    wide = np.flatnonzero(last - first > BACK_NS)
    when = first.copy()
    for i in wide[wide > 0].tolist():
        when[i] = min(max(when[i - 1], first[i]), last[i])
    return when


class _Moves(NamedTuple):
    """What is known of clocks, by source: bounds by which they are moved, what single entries allow, and what nothing bounds."""

    moved: Mapping[str, Band]
    loose: Mapping[str, Band]
    beyond: Mapping[str, tuple[int, int]]


def _records(records: pd.DataFrame, moves: _Moves) -> pd.DataFrame:
    """Job records by the reference clock: what they hold is the earliest of a submission and start, the latest of an end."""
    made = records.copy()
    source = made["domain"].astype(str) + ":" + made["format"].astype(str) + " " + made["sha256"].astype(str)
    for name in sorted({*moves.moved, *moves.loose, *moves.beyond} & set(source)):
        rows = picked(made, source == name)
        bands = [moves.moved.get(name, Band.zero()), *([moves.loose[name]] if name in moves.loose else [])]
        lo, hi = moves.beyond.get(name, (0, 0))
        for column in _MOMENTS:
            told = picked(rows, rows[column].notna())
            if len(told):
                edge, by = (np.maximum, lo) if column == "end_ns" else (np.minimum, hi)
                made.loc[told.index, column] = edge.reduce([_edge(told, column, band) for band in bands]) - by
    return made


def _edge(told: pd.DataFrame, column: str, band: Band) -> Int:
    """A moment of records as early, or of an end as late, as a clock's bounds put it; as written where it may agree."""
    when = told[column].to_numpy(np.int64)
    lo, hi = band.at(told["start"].to_numpy(np.int64), when)
    moved: Int = when - np.where((lo <= 0) & (hi >= 0), 0, lo if column == "end_ns" else hi)
    return moved


def _ordinary(apart: pa.Table, moves: _Moves) -> pa.Table:
    """The same of the records of ordinary jobs, of which there can be millions: none is made a row of a frame but of the clocks that are off."""
    at = _by_source(apart, {*moves.moved, *moves.loose, *moves.beyond}) if len(apart) else {}
    for column in _MOMENTS if at else ():
        held = apart[column].combine_chunks()
        known, when = held.is_valid().to_numpy(zero_copy_only=False), np.array(held.fill_null(0))
        for name, rows in at.items():
            own = rows[known[rows]]
            told = pd.DataFrame({column: when[own], "start": apart["start"].take(pa.array(own)).to_numpy()})
            bands = [
                moves.moved.get(name, Band.zero()),
                *([moves.loose[name]] if name in moves.loose else []),
            ]
            lo, hi = moves.beyond.get(name, (0, 0))
            edge, by = (np.maximum, lo) if column == "end_ns" else (np.minimum, hi)
            if len(own):
                when[own] = edge.reduce([_edge(told, column, band) for band in bands]) - by
        place = apart.column_names.index(column)
        apart = apart.set_column(place, apart.field(place), pa.array(when, mask=~known))
    return apart


def _by_source(records: pa.Table, wanted: set[str]) -> dict[str, npt.NDArray[np.int64]]:
    """The places of the records of some sources, as `anchors.sources` names them."""
    columns = ["domain", "format", "sha256"]
    found = {}
    for row in records.select(columns).group_by(columns).aggregate([]).to_pylist() if wanted else ():
        name = str(row["domain"]) + ":" + str(row["format"]) + " " + str(row["sha256"])
        if name in wanted:
            same = reduce(pc.and_, (pc.equal(records[column], row[column]) for column in columns))
            found[name] = np.flatnonzero(pc.fill_null(same, False).to_numpy())
    return found


def of_ordinary(evidence: Evidence, found: Iterable[Compared]) -> pa.Table:
    """The records of ordinary jobs as `corrected` has them with `bounds`.

    Args:
        evidence: as assembled.
        found: from `compare` of it.
    """
    bands = {c.source: c.band for c in found if c.band is not None and (c.applied or c.sure)}
    loose = {c.source: c.loose for c in found if c.loose is not None}
    return _ordinary(evidence.ordinary, _Moves(bands, loose, {}))


def gaps(evidence: Evidence, found: list[Compared]) -> list[Gap]:
    """Where a clock was set, and where one is off by a zone: what it wrote there is dated with less certainty.

    Args:
        evidence: from `corrected`.
        found: what it was corrected by.
    """
    sure = [one for one in found if one.sure]
    made = [gap for one in sure for gap in (*_settings(one), *_zones(one))] + list(_backward(evidence))
    beside = by_another_file(found)
    made += [_not_bounded(one, *beside[one.source]) for one in found if one.source in beside]
    return sorted(made, key=lambda g: (g.source, g.earliest_ns or 0, g.latest_ns or 0, g.events))


def _settings(one: Compared) -> Iterable[Gap]:
    """Between two stretches, by the reference clock: from the last entry before to the first after."""
    for before, after in pairwise(one.stretches()):
        first, last = int(before.when[-1] - before.hi[-1]), int(after.when[0] - after.lo[0])
        step = _signed(int(after.lo[0] - before.hi[-1]), int(after.hi[0] - before.lo[-1]))
        shown = (*one.pairs.get(before.entries[-1], ()), *one.pairs.get(after.entries[0], ()))
        name = f"{one.clock}: clock set by {step}"
        yield Gap(name, "clock_step", min(first, last), max(first, last), None, _host(one), shown)


def _backward(evidence: Evidence) -> Iterable[Gap]:
    """Where the lines of a log go back: the clock was set back, or the lines were put together out of order."""
    events = evidence.events
    told = picked(
        events, events["written_earliest_ns"].notna() & events["format"].isin(LOGS) & ~events["trail"]
    )
    told = told[["clock", "sha256", *(c for c in _READ if c != "source")]]
    for (name, _), rows in groups_of(told, ["clock", "sha256"]):
        for _, _, before, after in _back(rows):
            one, two = rows_of(rows.loc[[before, after]])
            first, last = int(two.written_earliest_ns), int(one.written_earliest_ns)
            span = sorted(int(v) for e in (one, two) for v in (e.earliest_ns, e.latest_ns))
            what = f"{name}: lines go back by {_signed(first - last, first - last)}"
            yield Gap(what, "clock_step", span[0], span[-1], None, None, (before, after))


def _zones(one: Compared) -> Iterable[Gap]:
    """A stretch, by the reference clock, whose offset is that of a zone.

    No host is named as the one concerned: nobody need have been there to set anything.
    """
    stretches = one.stretches()
    for stretch, (lo, hi) in zip(stretches, one.spans(), strict=True):
        zone = clocks.zone_ns(lo, hi)
        if zone is None:
            continue
        first, last = int(stretch.when[0]), int(stretch.when[-1])
        if len(stretches) == 1:
            first, last = one.earliest_ns, one.latest_ns
        shown = tuple(e for name in stretch.entries[:2] for e in one.pairs.get(name, ()))
        name = f"{one.clock}: zone off by {_signed(zone, zone)}"
        yield Gap(name, "clock_step", first - hi, last - lo, None, None, shown)


def _not_bounded(one: Compared, lo: int, hi: int) -> Gap:
    """A file that nothing bounds, of a clock that is off in another file."""
    name = f"{one.clock}: not compared in one file, and off by {_signed(lo, hi)} in another"
    first, last = min(one.earliest_ns, one.earliest_ns - hi), max(one.latest_ns, one.latest_ns - lo)
    return Gap(name, "clock_step", first, last, None, None, ())


def _host(one: Compared) -> str | None:
    """The host whose clock it is, where its name begins with one."""
    parts = one.clock.split(":")
    return parts[0] if len(parts) == 2 else None


def _signed(lo: int, hi: int) -> str:
    """A difference of clocks for people: hours and minutes where it is many, seconds where it is few."""
    middle = (lo + hi) // 2
    sign, seconds = "-" if middle < 0 else "+", abs(middle) // NS_PER_S
    minutes = (seconds + 30) // 60
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}" if seconds >= 60 else f"{sign}{seconds} s"
