"""Records in the accounting of PBS that are part of what a user typed: a line end in an account or a project begins new ones.

OpenPBS and TORQUE write both as they were sent, before the queue and the times of a job. So a record that has its owner and not the
time of its submission was cut; what stands behind it, as far as the rest of it, which is no record, was typed. Nothing there says who asked, or who owns a job.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

import pandas as pd
import pyarrow as pa

from forensics.analysis import imitated, typed_lines
from forensics.analysis.typed_lines import Alone

FORMAT = "pbs_accounting"
_OF_JOB = re.compile(r"[QSERcua] (?:[^ ]+ )?user=")
_TIMES = re.compile(r"(?:^| )ctime=[0-9]")
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
        The same, their order kept, and such lines, those of Slurm in order of time before those of PBS in order of file and place.
    """
    events, records, typed = _of_pbs(events, records, files)
    events, alone = typed_lines.withheld(events, records, ordinary)
    return events, records, (*alone, *typed)


def _of_pbs(
    events: pd.DataFrame, records: pd.DataFrame, files: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[Alone, ...]]:
    told = events.loc[events["format"] == FORMAT].sort_values(["sha256", "start"])
    sizes = dict(zip(files["sha256"], files["bytes"], strict=True)) if len(told) else {}
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
    return (
        events,
        records,
        tuple(
            Alone(e["event_id"], FORMAT, e["job"], f"account {e['account']} asked: {e['verb']}", ())
            for e in named.to_dict("records")
        ),
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
