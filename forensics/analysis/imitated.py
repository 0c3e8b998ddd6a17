"""Rows of accounting that a user can have typed: one file tells of one job twice, and differently.

What `sacct` prints quotes nothing, and a job's name, comment and command line may hold line ends: whoever submits a job can have a row
printed that reads like another job's, with an owner, a state and who asked to end it. Slurm prints a job once, and its steps right
behind it. So where a job's rows of one file do not stand so and differ, what they differ in is taken from none of them, and so is
who asked. An attempt that was put back and tried again is no such row, nor is the same job in a later listing.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from forensics.core import endings

Json = dict[str, Any]
KIND = "rows_of_job_differ"
"""What such rows are told as."""
UNQUOTED = frozenset({"sacct", "sacct_padded", "jobcomp"})
"""Formats in which what users type stands unquoted among a job's columns."""
SECOND_RECORD = "second_record_of_request"
"""What is missing where a request is told by such rows alone (`alone`)."""
_ASKED = "requestor"
TOLD = (
    "owner", "owner_uid", "state", "outcome", "ending", "exit_code", "exit_signal", _ASKED, "submit_ns", "start_ns", "end_ns", "elapsed_s",
)  # fmt: skip
_ONE = ["sha256", "format", "job", "cluster"]
_SAID = ["sha256", "job", "format", "step", "state", "owner", "submit_ns", "end_ns", "start", "stop"]
_UNDER_WAY = frozenset({"RUNNING", "PENDING"})
_PUT_BACK = ("REQUEUE", "PREEMPTED", "NODE_FAIL", "BOOT_FAIL", "RESIZING", "REVOKED")
_AGAIN_NS = 86_400 * 1_000_000_000
"""What is submitted so long after a job's end and bears its number is another job (`lives`)."""
_NEAR_NS = 60 * 1_000_000_000
BY_ITSELF = frozenset({"COMPLETED", "FAILED", "TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL"})
CONTROLLER = "slurmctld"
ENDED = "WEXITSTATUS|WTERMSIG|OOM failure|Time limit exhausted"
"""What the controller writes of a job that ended without a request."""
_MOST_TOLD = 20
_OF_SOURCES = "records of job {job}"


class Imitated(NamedTuple):
    """Rows of one job in one file, in their order, or of several sources: of each what it says, and where it stands."""

    job: str
    rows: tuple[tuple[str, Mapping[str, Any]], ...]
    about: str = "rows of job {job} in one file"

    @property
    def of_sources(self) -> bool:
        """Whether it is another source that tells how the job ended, and not another row of the file."""
        return self.about == _OF_SOURCES


def withheld(
    events: pd.DataFrame, records: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[Imitated, ...]]:
    """Events and records without what rows of one job in one file tell differently.

    Args:
        events: schema `event`.
        records: schema `job_record`; of a job either all rows of a file or none.

    Returns:
        The same, their order kept, and the rows that are told so, by job.
    """
    own = records[records["format"].isin(UNQUOTED) & (records["ending"] != endings.REVOKED)]
    several, asked = own[_doubtful(own)], own[own[_ASKED].notna()]
    if not len(several) and not len(asked):
        return events, records, ()
    several = several.sort_values(["sha256", "start"])
    lost: dict[tuple[str, str], list[str]] = {}
    told, submitted = [], _submitted(set(several["job"]), records, events)
    for key, rows in several.groupby(_ONE, sort=True, dropna=False):
        sha256, _, job, _ = map(str, key)
        columns = sorted({name for life in _lives(rows, submitted.get(job, {})) for name in _differ(life)})
        if columns:
            lost[sha256, job] = sorted({*columns, *lost.get((sha256, job), ())})
            told.append(
                Imitated(str(job), tuple(_said(row) for row in rows.head(_MOST_TOLD).to_dict("records")))
            )
    asked = asked.sort_values(["sha256", "start"])
    ended = _Ended(
        set(asked["job"]), records, events, {key for key, names in lost.items() if "outcome" in names}
    )
    for row in asked[_SAID].to_dict("records"):
        key = str(row["sha256"]), str(row["job"])
        other = None if _ASKED in lost.get(key, ()) else ended.otherwise(row)
        if other is not None:
            lost[key] = sorted({_ASKED, "state", *lost.get(key, ())})
            told.append(Imitated(key[1], (_said(row), other), _OF_SOURCES))
    if not lost:
        return events, records, ()
    records, events = records.copy(), events.copy()
    alike: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for key, columns in lost.items():
        alike.setdefault(tuple(columns), []).append(key)
    of_rows, told_of = (pd.MultiIndex.from_frame(table[["sha256", "job"]]) for table in (records, events))
    for names, keys in alike.items():
        records.loc[of_rows.isin(keys), list(names)] = None
        of = pd.Series(told_of.isin(keys), events.index)
        of &= (events["verb"] == "kill_request") | ("owner" in names or "owner_uid" in names)
        events.loc[of, "account"] = None
        events.loc[of, "uid"] = pd.NA
        events.loc[of, "account_absence"] = "not_recorded"
    return events, records, tuple(sorted(told, key=lambda one: (one.job, one.rows[0][0])))


def alone(formats: Iterable[str]) -> bool:
    """Whether what tells something are rows alone that a user can have typed, where the listings lack the job: a job's name stands in all of them."""
    told = set(formats)
    return bool(told) and told <= UNQUOTED


def _doubtful(own: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows are of a job that a file tells of twice, or of which a step tells who asked: of all others nothing can be taken."""
    jobs = own["step"].isna()
    twice = own[jobs].duplicated(_ONE, keep=False).reindex(own.index, fill_value=False)
    told = twice | (~jobs & own[_ASKED].notna())
    keys = list(zip(*(own[name] for name in _ONE), strict=True))
    odd = {key for key, doubted in zip(keys, told, strict=True) if doubted}
    return pd.Series([key in odd for key in keys], own.index, dtype=bool)


class _Ended:
    """What sources tell of some jobs that ended by themselves: records, and what the controller writes of a job that nobody asked it to end."""

    def __init__(
        self, jobs: set[str], records: pd.DataFrame, events: pd.DataFrame, doubted: set[tuple[str, str]]
    ) -> None:
        """`doubted`: files and jobs whose own rows tell differently how it ended."""
        alone = records["job"].isin(jobs) & records["step"].isna() & records["outcome"].isin(BY_ITSELF)
        self._records = {
            str(job): rows[[(sha256, job) not in doubted for sha256 in rows["sha256"]]]
            for job, rows in records.loc[alone, _SAID].groupby("job")
        }
        own = events["job"].isin(jobs) & (events["format"] == CONTROLLER)
        lines = events.loc[
            own, ["job", "verb", "text", "earliest_ns", "latest_ns", "sha256", "start", "stop"]
        ]
        asks = set(lines.loc[lines["verb"].isin({"kill_request", "job_signal"}), "job"])
        ends = lines[(lines["verb"] == "end") & ~lines["job"].isin(asks)]
        ends = ends[ends["text"].str.contains(ENDED, na=False).astype(bool)]
        self._lines = {str(job): rows for job, rows in ends.groupby("job")}

    def otherwise(self, row: Mapping[Any, Any]) -> tuple[str, Mapping[str, Any]] | None:
        """The first that another file than a row's tells so of the row's job, and where; None where none does."""
        told = self._records.get(str(row["job"]))
        if told is not None:
            there = _of_one_life(row, told, "submit_ns", "end_ns") & (
                told["sha256"] != row["sha256"]
            ).to_numpy(bool)
            for other in told[there].head(1).to_dict("records"):
                return _said(other)
        lines = self._lines.get(str(row["job"]))
        if lines is not None:
            for end in lines[_of_one_life(row, lines, "earliest_ns", "latest_ns")].head(1).to_dict("records"):
                return f"{CONTROLLER}: {end['text']}", cited(end)
        return None


def _of_one_life(row: Mapping[Any, Any], told: pd.DataFrame, *moments: str) -> "npt.NDArray[np.bool_]":
    """Which of what another source tells of a job's number can be of the job that a row tells of, by either moment."""
    times = [int(row[name]) for name in ("submit_ns", "end_ns") if not pd.isna(row[name])]
    found = np.full(len(told), not times)
    for name in moments if times else ():
        near = told[name].between(min(times) - _AGAIN_NS, max(times) + _AGAIN_NS)
        found |= near.fillna(value=False).to_numpy(bool)
    return found


_Submitted = dict[str, "npt.NDArray[np.int64]"]
"""Moments, in order, by the file of accounting that tells them; those that the controller's logs tell, by no name."""


def _submitted(jobs: set[str], records: pd.DataFrame, events: pd.DataFrame) -> dict[str, _Submitted]:
    """When accounting says that each of some jobs was submitted, and when the controller's logs tell of it."""
    of = records.loc[records["job"].isin(jobs) & records["submit_ns"].notna(), ["job", "sha256", "submit_ns"]]
    lines = events["job"].isin(jobs) & (events["format"] == CONTROLLER)
    told = events.loc[lines & events["earliest_ns"].notna(), ["job", "earliest_ns"]]
    every = pd.concat([of, told.rename(columns={"earliest_ns": "submit_ns"}).assign(sha256="")])
    found: dict[str, _Submitted] = {}
    for (job, sha256), rows in every.groupby(["job", "sha256"]):
        found.setdefault(str(job), {})[str(sha256)] = np.sort(rows["submit_ns"].to_numpy(np.int64))
    return found


def _lives(rows: pd.DataFrame, submitted: _Submitted) -> Iterable[pd.DataFrame]:
    """The rows of each job that bore the number, one long after the other, each told of elsewhere too; steps are of the last."""
    jobs = rows[rows["step"].isna()].dropna(subset=["submit_ns"]).sort_values("submit_ns", kind="stable")
    ended = jobs["end_ns"].fillna(jobs["submit_ns"]).cummax().shift()
    begins = jobs.index[jobs["submit_ns"] - ended > _AGAIN_NS]
    once = jobs[["sha256", "submit_ns", "end_ns"]].to_dict("records") if len(begins) else []
    if not all(_told_elsewhere(row, submitted) for row in once):
        begins = begins[:0]
    life = pd.Series(jobs.index.isin(begins), jobs.index).cumsum().reindex(rows.index, fill_value=len(begins))
    return (one for _, one in rows.groupby(life))


def _told_elsewhere(row: Mapping[Any, Any], submitted: _Submitted) -> bool:
    """Whether another file of accounting tells of a job of that number that was submitted then, or the controller's own log of one while it was there."""
    at = int(row["submit_ns"])
    end = at if pd.isna(row["end_ns"]) else max(at, int(row["end_ns"]))
    return any(
        np.searchsorted(times, at - _NEAR_NS)
        < np.searchsorted(times, (at if sha256 else end) + _NEAR_NS, side="right")
        for sha256, times in submitted.items()
        if sha256 != row["sha256"]
    )


def _differ(rows: pd.DataFrame) -> list[str]:
    """What is taken from none of the rows of a job in a file, in order of place."""
    jobs = rows[rows["step"].isna()]
    ended = jobs[~jobs["outcome"].isin(_UNDER_WAY)]
    if len(ended) > 1 and not _tried_again(ended):
        found = [name for name in TOLD if _several(ended[name])]
        return sorted({*found, _ASKED}) if found else []
    joined = (rows["start"] == rows["stop"].shift()).to_numpy()[1:].all()
    first = bool(pd.isna(rows["step"].iloc[0]))
    asked = set(rows.loc[rows["step"].notna(), _ASKED].dropna()) - set(jobs[_ASKED].dropna())
    return [_ASKED] if len(jobs) and asked and not (joined and first) else []


def _tried_again(jobs: pd.DataFrame) -> bool:
    """Whether several rows of a job are its attempts: of one owner, each submitted anew, each but the last put back."""
    if (
        any(_several(jobs[name].dropna()) for name in ("owner", "owner_uid"))
        or jobs["submit_ns"].dropna().duplicated().any()
    ):
        return False
    before = jobs.sort_values("submit_ns", na_position="last").iloc[:-1]
    return bool(before["state"].fillna("").str.startswith(_PUT_BACK).all())


def _several(told: "pd.Series[Any]") -> bool:
    """Whether rows tell something differently; nothing told is something."""
    return len(told.unique()) > 1


def _said(row: Mapping[Any, Any]) -> tuple[str, Mapping[str, Any]]:
    step = f" step {row['step']}" if isinstance(row["step"], str) else ""
    owner = f" of {row['owner']}" if isinstance(row["owner"], str) else ""
    return f"{row['format']}{step}: {row['state']}{owner}", cited(row)


def cited(row: Mapping[Any, Any]) -> Mapping[str, Any]:
    """Where a row of a table stands."""
    return {"sha256": row["sha256"], "start": int(row["start"]), "stop": int(row["stop"])}


def contradictions(found: Iterable[Imitated]) -> list[Json]:
    """Such rows, each with what it says and where."""
    return [
        {
            "about": one.about.replace("{job}", one.job),
            "kind": KIND,
            "says": [{"what": what, "citations": [dict(place)]} for what, place in one.rows],
        }
        for one in found
    ]
