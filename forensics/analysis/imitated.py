"""Rows of accounting that a user can have typed: one file tells of one job twice, and differently.

What `sacct` prints quotes nothing, and a job's name, comment and command line may hold line ends: whoever submits a job can have a row
printed that reads like another job's, with an owner, a state and who asked to end it. Slurm prints a job once, and its steps right
behind it. So where a job's rows of one file do not stand so and differ, what they differ in is taken from none of them, and so is
who asked. An attempt that was put back and tried again is no such row, nor is the same job in a later listing.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pandas as pd

from forensics.core import endings

Json = dict[str, Any]
KIND = "rows_of_job_differ"
"""What such rows are told as."""
UNQUOTED = frozenset({"sacct", "sacct_padded", "jobcomp"})
"""Formats in which what users type stands unquoted among a job's columns."""
_ASKED = "requestor"
_TOLD = (
    "owner", "owner_uid", "state", "outcome", "ending", "exit_code", "exit_signal", _ASKED, "submit_ns", "start_ns", "end_ns", "elapsed_s",
)  # fmt: skip
_ONE = ["sha256", "format", "job", "cluster"]
_UNDER_WAY = frozenset({"RUNNING", "PENDING"})
_PUT_BACK = ("REQUEUE", "PREEMPTED", "NODE_FAIL", "BOOT_FAIL", "RESIZING", "REVOKED")
_AGAIN_NS = 86_400 * 1_000_000_000
"""What is submitted so long after a job's end and bears its number is another job (`lives`)."""
_NEAR_NS = 60 * 1_000_000_000
_BY_ITSELF = frozenset({"COMPLETED", "FAILED", "TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL"})
_CONTROLLER = "slurmctld"
_ENDED = "WEXITSTATUS|WTERMSIG|OOM failure|Time limit exhausted"
"""What the controller writes of a job that ended without a request."""
_MOST_TOLD = 20


class Imitated(NamedTuple):
    """Rows of one job in one file, in their order, or of several sources: of each what it says, and where it stands."""

    job: str
    rows: tuple[tuple[str, Mapping[str, Any]], ...]
    about: str = "rows of job {job} in one file"


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
    several = own[_doubtful(own)].sort_values(["sha256", "start"])
    lost: dict[tuple[str, str], list[str]] = {}
    told = []
    for key, rows in several.groupby(_ONE, sort=True, dropna=False):
        sha256, _, job, _ = map(str, key)
        columns = sorted({name for life in _lives(rows, records, events) for name in _differ(life)})
        if columns:
            lost[sha256, job] = sorted({*columns, *lost.get((sha256, job), ())})
            told.append(
                Imitated(str(job), tuple(_said(row) for row in rows.head(_MOST_TOLD).to_dict("records")))
            )
    for row, other in _ended_by_itself(own, records, events):
        key = str(row["sha256"]), str(row["job"])
        if _ASKED in lost.get(key, ()) or "outcome" in lost.get((str(other[1]["sha256"]), key[1]), ()):
            continue
        lost[key] = sorted({_ASKED, "state", *lost.get(key, ())})
        told.append(Imitated(key[1], (_said(row), other), "records of job {job}"))
    if not lost:
        return events, records, ()
    records, events = records.copy(), events.copy()
    for (sha256, job), columns in lost.items():
        records.loc[(records["sha256"] == sha256) & (records["job"] == job), columns] = None
        of = events["sha256"].eq(sha256) & events["job"].eq(job).fillna(value=False)
        of &= (events["verb"] == "kill_request") | ("owner" in columns or "owner_uid" in columns)
        events.loc[of, "account"] = None
        events.loc[of, "uid"] = pd.NA
        events.loc[of, "account_absence"] = "not_recorded"
    return events, records, tuple(sorted(told, key=lambda one: (one.job, one.rows[0][0])))


def _doubtful(own: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows are of a job that a file tells of twice, or of which a step tells who asked: of all others nothing can be taken."""
    jobs = own["step"].isna()
    twice = own[jobs].duplicated(_ONE, keep=False).reindex(own.index, fill_value=False)
    odd = own.loc[twice | (~jobs & own[_ASKED].notna()), _ONE].drop_duplicates()
    found = own[_ONE].merge(odd, how="left", on=_ONE, indicator="of")["of"] == "both"
    return pd.Series(found.to_numpy(bool), own.index)


def _ended_by_itself(
    own: pd.DataFrame, records: pd.DataFrame, events: pd.DataFrame
) -> Iterable[tuple[Mapping[Any, Any], tuple[str, Mapping[str, Any]]]]:
    """Rows that say who asked to end a job, each with what another source tells of a job that ended by itself."""
    asked = own[own[_ASKED].notna()]
    others = records[
        records["job"].isin(set(asked["job"])) & records["step"].isna() & records["outcome"].isin(_BY_ITSELF)
    ]
    ends = events[events["job"].isin(set(asked["job"])) & (events["format"] == _CONTROLLER)]
    asks = set(ends.loc[ends["verb"].isin({"kill_request", "job_signal"}), "job"])
    ends = ends[(ends["verb"] == "end") & ends["text"].str.contains(_ENDED, na=False)]
    for row in asked.sort_values(["sha256", "start"]).to_dict("records"):
        for other in others[(others["job"] == row["job"]) & (others["sha256"] != row["sha256"])].to_dict(
            "records"
        ):
            if _of_one_life(row, other["submit_ns"], other["end_ns"]):
                yield row, _said(other)
        for end in ends[ends["job"] == row["job"]].to_dict("records"):
            if row["job"] not in asks and _of_one_life(row, end["earliest_ns"], end["latest_ns"]):
                yield row, (f"{_CONTROLLER}: {end['text']}", _cited(end))


def _of_one_life(row: Mapping[Any, Any], *moments: Any) -> bool:  # noqa: ANN401 - each a moment or nothing
    """Whether moments that another source tells of a job's number can be of the job that a row tells of."""
    times = [int(row[name]) for name in ("submit_ns", "end_ns") if not pd.isna(row[name])]
    return not times or any(
        min(times) - _AGAIN_NS <= int(at) <= max(times) + _AGAIN_NS for at in moments if not pd.isna(at)
    )


def _lives(rows: pd.DataFrame, records: pd.DataFrame, events: pd.DataFrame) -> Iterable[pd.DataFrame]:
    """The rows of each job that bore the number, one long after the other, each told of elsewhere too; steps are of the last."""
    jobs = rows[rows["step"].isna()].dropna(subset=["submit_ns"]).sort_values("submit_ns", kind="stable")
    ended = jobs["end_ns"].fillna(jobs["submit_ns"]).cummax().shift()
    begins = jobs.index[jobs["submit_ns"] - ended > _AGAIN_NS]
    if len(begins) and not all(_told_elsewhere(row, records, events) for row in jobs.to_dict("records")):
        begins = begins[:0]
    life = pd.Series(jobs.index.isin(begins), jobs.index).cumsum().reindex(rows.index, fill_value=len(begins))
    return (one for _, one in rows.groupby(life))


def _told_elsewhere(row: Mapping[Any, Any], records: pd.DataFrame, events: pd.DataFrame) -> bool:
    """Whether another file of accounting, or the controller's own log, tells of a job of that number that was submitted then."""
    of = records[(records["job"] == row["job"]) & (records["sha256"] != row["sha256"])]["submit_ns"].dropna()
    lines = events[
        (events["job"] == row["job"]) & (events["format"] == _CONTROLLER) & (events["verb"] == "submit")
    ]
    times = [*of, *lines["earliest_ns"].dropna()]
    return any(abs(int(at) - int(row["submit_ns"])) <= _NEAR_NS for at in times)


def _differ(rows: pd.DataFrame) -> list[str]:
    """What is taken from none of the rows of a job in a file, in order of place."""
    jobs = rows[rows["step"].isna()]
    ended = jobs[~jobs["outcome"].isin(_UNDER_WAY)]
    if len(ended) > 1 and not _tried_again(ended):
        found = [name for name in _TOLD if _several(ended[name])]
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
    return f"{row['format']}{step}: {row['state']}{owner}", _cited(row)


def _cited(row: Mapping[Any, Any]) -> Mapping[str, Any]:
    return {"sha256": row["sha256"], "start": int(row["start"]), "stop": int(row["stop"])}


def contradictions(found: Iterable[Imitated]) -> list[Json]:
    """Such rows, each with what it says and where."""
    return [
        {
            "about": one.about.replace("{job}", one.job),
            "kind": KIND,
            "says": [{"what": what, "citations": [dict(cited)]} for what, cited in one.rows],
        }
        for one in found
    ]
