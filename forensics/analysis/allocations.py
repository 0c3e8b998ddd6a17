"""What jobs held and for how long, attempt by attempt, as the scheduler's records say.

A job that was requeued has several attempts under one id; each is an allocation of its own. Several
sources tell of one attempt, and a file may be given twice: attempts of one job that started within
seconds of one another are one. Where sources differ, the least and the most of what they say are kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from forensics.analysis.evidence import Row, picked, rows_of
from forensics.core import endings
from forensics.core.ranges import Range, point, ranged

SECOND = 1_000_000_000
_SLACK_NS = 5 * SECOND
_RANK = {"sacct": 0, "sacct_json": 1, "jobcomp": 2}
TOLD = (
    "cluster",
    "owner",
    "outcome",
    "start_ns",
    "end_ns",
    "elapsed_s",
    "gpus",
    "cpus",
    "node_count",
    "energy_j",
)
COUNTS = ("gpus", "node_count", "cpus")
CITED = ("job", "step", "start_ns", "sha256", "start", "stop")
"""What `of_jobs` reads of schema `job_record`."""
NEVER_NS = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of a job. A count or a time is null where no source records it.

    number, of: which attempt of how many of its job, in order of start.
    elapsed_s: run time; it is printed in whole seconds, so it may be one more or less.
    counts: by `COUNTS`, what was allocated.
    energy_j: energy metered, in joules.
    spans: where the records stand, as sha256, start, stop.
    """

    job: str
    number: int
    of: int
    cluster: str | None
    owner: str | None
    outcome: str | None
    start_ns: int | None
    end_ns: int | None
    elapsed_s: Range | None
    counts: dict[str, Range]
    energy_j: int | None
    spans: tuple[tuple[str, int, int], ...]

    def held_s(self, unit: str) -> Range | None:
        """What was held of a unit, times how long, in unit-seconds."""
        count = self.counts.get(unit)
        return None if count is None or self.elapsed_s is None else count.times(self.elapsed_s)


def attempts(records: pd.DataFrame) -> pd.DataFrame:
    """Every attempt that records tell of, a row each, in order of job and start.

    Args:
        records: schema `job_record`.

    Returns:
        The columns of `TOLD`, each from the first source that has it, with `<column>_least` and
        `<column>_most` of the numbers; `job`; `attempt`, a number of the row; `number` and `of`.
        An attempt that ended without an end on record has none, whatever its run time says.
    """
    own = picked(records, records["step"].isna()).reindex(
        columns=[*records.columns, *(c for c in (*TOLD, "ending") if c not in records)]
    )
    # A copy that a cluster of a federation took back says least of what was held.
    rank = own["format"].map(_RANK).fillna(9) + 10 * own["ending"].eq(endings.REVOKED)
    own = own.assign(rank=rank).sort_values(
        ["job", "start_ns", "rank", "sha256", "start"], na_position="last"
    )
    # A row without a start, beside rows of the same job that have one, tells of no run.
    started = own.groupby("job")["start_ns"].transform("count") > 0
    own = picked(own, own["start_ns"].notna() | ~started)
    later = (own["start_ns"] - own["start_ns"].shift() > _SLACK_NS).fillna(value=False)
    mark = (own["job"] != own["job"].shift()) | later.astype(bool)
    own = own.assign(attempt=mark.cumsum()).sort_values(["attempt", "rank", "sha256", "start"])
    groups = own.groupby("attempt", sort=True)
    found = groups[["job", *TOLD]].first()
    for column in ("elapsed_s", *COUNTS):
        numbers = groups[column]
        found[f"{column}_least"], found[f"{column}_most"] = numbers.min(), numbers.max()
    found["end_ns"] = found["end_ns"].where(~found["outcome"].isin({"RUNNING", "PENDING"}))
    jobs = found.groupby("job", sort=False)
    found["number"] = jobs.cumcount() + 1
    found["of"] = jobs["job"].transform("size")
    return found.reset_index()


def single(records: pd.DataFrame) -> pd.DataFrame:
    """The attempts of records each of which is all that is told of one job; columns as `attempts` gives them.

    Args:
        records: `job` and the columns of `TOLD`.
    """
    ended = records["end_ns"].where(~records["outcome"].isin({"RUNNING", "PENDING"}))
    bounds = {
        f"{column}_{end}": records[column] for column in ("elapsed_s", *COUNTS) for end in ("least", "most")
    }
    return records.assign(end_ns=ended, **bounds, number=1, of=1, attempt=range(1, len(records) + 1))


def of_jobs(table: pd.DataFrame, records: pd.DataFrame, jobs: Iterable[str]) -> dict[str, list[Attempt]]:
    """The attempts of some jobs, each job's in order of start."""
    wanted = list(dict.fromkeys(jobs))
    spans: dict[str, list[tuple[int | None, tuple[str, int, int]]]] = {}
    for r in rows_of(picked(records, records["job"].isin(wanted) & records["step"].isna())):
        at = None if pd.isna(r.start_ns) else int(r.start_ns)
        spans.setdefault(r.job, []).append((at, (str(r.sha256), int(r.start), int(r.stop))))
    found: dict[str, list[Attempt]] = {job: [] for job in wanted}
    for row in rows_of(table[table["job"].isin(wanted)]):
        start = _whole(row.start_ns)
        cited = [s for at, s in spans[row.job] if at is None or start is None or abs(at - start) <= _SLACK_NS]
        found[row.job].append(_attempt(row, start, tuple(sorted(set(cited)))))
    return found


def _attempt(row: Row, start: int | None, spans: tuple[tuple[str, int, int], ...]) -> Attempt:
    end, elapsed = _whole(row.end_ns), _ranged(row, "elapsed_s")
    if elapsed is None and start is not None and end is not None:
        elapsed = point((end - start) // SECOND)
    return Attempt(
        job=row.job,
        number=int(row.number),
        of=int(row.of),
        cluster=row.cluster,
        owner=row.owner,
        outcome=row.outcome,
        start_ns=start,
        end_ns=end,
        elapsed_s=None
        if elapsed is None
        else ranged(max(elapsed.low - 1, Fraction()), elapsed.central, elapsed.high + 1),
        counts={c: r for c in COUNTS if (r := _ranged(row, c)) is not None},
        energy_j=_whole(row.energy_j),
        spans=spans,
    )


def _whole(value: Any) -> int | None:  # noqa: ANN401 - a cell
    return None if pd.isna(value) else int(value)


def _ranged(row: Row, column: str) -> Range | None:
    first, least, most = (_whole(getattr(row, c)) for c in (column, f"{column}_least", f"{column}_most"))
    return None if first is None or least is None or most is None else ranged(least, first, most)


class Peak(NamedTuple):
    """The most that was allocated at the same time, and what records leave open.

    most: of the unit, at most; null where no attempt records it.
    at_ns: since when, ns since 1970 UTC.
    unknown: attempts that ran and record no count, and are not in it.
    """

    most: int | None
    at_ns: int | None
    unknown: int


def peak(table: pd.DataFrame, unit: str, window: tuple[int, int] | None = None) -> Peak:
    """The most of a unit that attempts held at once: starts at their earliest, ends at their latest.

    Whoever ends in the second in which another starts is taken to hold beside it, so that the figure
    is not too small. An attempt without an end on record holds on.
    """
    ran = _within(table, window)
    known = picked(ran, ran[f"{unit}_most"].notna())
    if not len(known):
        return Peak(None, None, len(ran))
    count = known[f"{unit}_most"].to_numpy(dtype=np.int64)
    start = known["start_ns"].to_numpy(dtype=np.int64)
    stop = known["end_ns"].fillna(NEVER_NS).to_numpy(dtype=np.int64)
    if window is not None:
        start = np.maximum(start, window[0])
    moment = np.concatenate([start, stop])
    change = np.concatenate([count, -count])
    order = np.lexsort((-change, moment))
    held = np.cumsum(change[order])
    at = int(np.argmax(held))
    return Peak(int(held[at]), int(moment[order][at]), len(ran) - len(known))


def held_hours(table: pd.DataFrame, unit: str, window: tuple[int, int] | None = None) -> Range:
    """The sum of all that was held of a unit, in hours, in the window or at all: at least and at most.

    Ends are exclusive and whole seconds, so each attempt may be a second longer or shorter. One that
    has no end on record is counted for the run time on record only.
    """
    known = _within(table, window)
    known = known[known[f"{unit}_most"].notna()]
    start = known["start_ns"].to_numpy(dtype=np.int64)
    ended = known["end_ns"].fillna(known["start_ns"] + known["elapsed_s"].fillna(0) * SECOND)
    stop = ended.to_numpy(dtype=np.int64)
    if window is not None:
        start, stop = np.maximum(start, window[0]), np.minimum(stop, window[1])
    seconds = np.maximum(stop - start, 0) // SECOND
    least, most = (known[f"{unit}_{end}"].to_numpy(dtype=np.int64) for end in ("least", "most"))
    low = int(np.sum(np.maximum(seconds - 1, 0) * least))
    high = int(np.sum((seconds + 1) * most))
    return ranged(Fraction(low, 3600), None, Fraction(high, 3600))


def _within(table: pd.DataFrame, window: tuple[int, int] | None) -> pd.DataFrame:
    """The attempts that ran, in a window or at all."""
    ran = table[table["start_ns"].notna()]
    if window is None:
        return ran
    return picked(ran, (ran["start_ns"] <= window[1]) & (ran["end_ns"].isna() | (ran["end_ns"] >= window[0])))
