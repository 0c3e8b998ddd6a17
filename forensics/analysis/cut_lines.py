"""Records in the accounting of PBS that are part of what a user typed: a line end in an account or a project begins new ones.

OpenPBS and TORQUE write both as they were sent, before the queue and the times of a job. So a record that has its owner and not the
time of its submission was cut; what stands behind it, as far as the rest of it, which is no record, was typed. Nothing there says who asked, or who owns a job.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import pandas as pd
import pyarrow as pa

from forensics.analysis import imitated, typed_lines
from forensics.analysis.typed_lines import Alone

FORMAT, YARN = "pbs_accounting", "yarn_audit"
_OF_JOB = re.compile(r"[QSERcua] (?:[^ ]+ )?user=")
_TIMES = re.compile(r"(?:^| )ctime=[0-9]")
_KILLS = r"(?:^|\t)OPERATION=Kill Application(?: Request)?(?:\t|$)"
"""Not to let an attempt fail, nor a signal to a container: what is so asked for ends otherwise."""
_COMMANDS = frozenset({"yarn", "mapred"})
_NEAR_NS = 10_000_000_000
_MOST_TOLD = 20
_REACH = 65_536
"""Bytes. The rest of a record that was cut stands as far behind it as what was typed is long, which has no bound of its own."""


def withheld(
    events: pd.DataFrame, records: pd.DataFrame, ordinary: pa.Table, files: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[Alone, ...]]:
    """Events and job records without what lines and records tell that a user can have typed.

    Args:
        events: schema `event`, with `trail`.
        records: schema `job_record`.
        ordinary: of jobs that are not among them, the columns `owner` and `owner_uid`.
        files: schema `file`: of one that is not among them it is not known whether anything stands behind its last record.

    Returns:
        The same, their order kept, and such lines, those of Slurm and YARN in order of time, those of PBS of file and place.
    """
    events, records, typed = _of_pbs(events, records, files)
    events, records, vain = _of_yarn(events, records)
    events, records, alone = typed_lines.withheld(events, records, ordinary)
    return events, records, (*alone, *typed, *vain)


def _of_pbs(
    events: pd.DataFrame, records: pd.DataFrame, files: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[Alone, ...]]:
    told = events.loc[events["format"] == FORMAT]
    if not len(told):
        return events, records, ()
    told = told.sort_values(["sha256", "start"])
    sizes = dict(zip(files["sha256"], files["bytes"], strict=True))
    typed = [n for sha256, rows in told.groupby("sha256", sort=True) for n in _typed(rows, sizes.get(sha256))]
    if not typed:
        return events, records, ()
    lines = told.loc[typed]
    events, records = events.copy(), records.copy()
    events.loc[typed, "account"] = None
    events.loc[typed, "account_absence"] = "not_recorded"
    jobs = set(zip(lines["sha256"], lines["job"], strict=True))
    of = [key in jobs for key in zip(records["sha256"], records["job"], strict=True)]
    own = pd.Series(of, records.index, dtype=bool) & (records["format"] == FORMAT)
    records.loc[own, list(imitated.TOLD)] = None
    named = lines[lines["account"].notna()]
    return events, records, tuple(_alone(e, FORMAT) for e in named.to_dict("records"))


def _of_yarn(
    events: pd.DataFrame, records: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[Alone, ...]]:
    told = records[(records["format"] == YARN) & records["outcome"].isin(imitated.BY_ITSELF)]
    if not len(told):
        return events, records, ()
    asked = events[
        (events["format"] == YARN)
        & (events["verb"] == "kill_request")
        & (events["outcome"] != "failure")
        & events["account"].notna()
        & events["job"].isin(set(told["job"]))
    ]
    killed = asked["text"].str.contains(_KILLS, na=False).astype(bool)
    lines = [e for e in asked[killed].to_dict("records") if not _commanded(events, e)]
    if not lines:
        return events, records, ()
    events, records = events.copy(), records.copy()
    of = events["event_id"].isin({e["event_id"] for e in lines})
    events.loc[of, "account"] = None
    events.loc[of, "account_absence"] = "not_recorded"
    places = {(e["sha256"], e["start"]) for e in lines}
    own = [place in places for place in zip(records["sha256"], records["start"], strict=True)]
    records.loc[own, ["requestor", "outcome", "ending"]] = None
    ends = {
        job: tuple(
            (f"{YARN}: {row['state']}", imitated.cited(row))
            for row in rows.head(_MOST_TOLD).to_dict("records")
        )
        for job, rows in told.groupby("job", sort=True)
    }
    return events, records, tuple(_alone(e, YARN, ends[e["job"]]) for e in lines)


def _commanded(events: pd.DataFrame, request: Mapping[Any, Any]) -> bool:
    """Whether a trail has a command of an account that kills the application, in the seconds of its request."""
    ran = events[
        events["trail"]
        & (events["verb"] == "execute")
        & ((events["effective"] == request["account"]) | (events["account"] == request["account"]))
        & ((events["earliest_ns"] - request["earliest_ns"]).abs() <= _NEAR_NS)
    ]
    return any(
        isinstance(argv, list)
        and str(exe).rpartition("/")[2] in _COMMANDS
        and {"-kill", request["job"]} <= set(argv)
        for exe, argv in zip(ran["exe"], ran["argv"], strict=True)
    )


def _alone(
    line: Mapping[Any, Any], log: str, otherwise: tuple[tuple[str, Mapping[str, Any]], ...] = ()
) -> Alone:
    return Alone(
        line["event_id"], log, line["job"], f"account {line['account']} asked: {line['verb']}", otherwise
    )


def _typed(rows: pd.DataFrame, size: int | None) -> Iterator[object]:
    """The rows of one file, in order of place, that stand between a record that was cut and the rest of it."""
    cut = [at for at, text in enumerate(rows["text"]) if _cut(text)]
    stops = rows["stop"].tolist()
    starts = [*rows["start"], stops[-1] + 1 if size is None else size]
    for at, until in pairwise([*cut, len(rows)]):
        end = next((n for n in range(at + 1, until + 1) if starts[n] - stops[at] > _REACH), until + 1)
        # What is no record lies between two; where nothing does, the rest was joined to one of them.
        rest = [n for n in range(at + 1, end) if starts[n] > stops[n - 1]]
        yield from rows.index[at + 1 : rest[-1] if rest else min(end, until)]


def _cut(text: object) -> bool:
    return isinstance(text, str) and bool(_OF_JOB.match(text)) and not _TIMES.search(text)
