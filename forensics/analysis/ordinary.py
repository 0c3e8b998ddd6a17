"""Ordinary jobs: those of which accounting alone tells, each in one record, and about which nobody asks.

A month of a cluster has hundreds of thousands of them. Where not all events are held (`pipeline.unasked` chooses), they
are a table of their records. They are counted wherever jobs are, and no act is looked for on any of them: whatever
else names a job, or can have to do with it, makes it one that is looked at.
"""

from collections.abc import Iterable
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from forensics.analysis import allocations
from forensics.analysis import jobs as job_table
from forensics.analysis.evidence import Evidence, frame, picked
from forensics.analysis.jobs import JOB, Job
from forensics.core.tables import JOB_RECORD

SETTLED = job_table.SETTLED
COLUMNS = ("job", "step", *SETTLED, "federation_origin", "format", "domain", "sha256", "start", "stop")
"""What is held of the record of an ordinary job, of schema `job_record`."""
WHY = "not_examined"


def nothing() -> pa.Table:
    """The table of no job."""
    return JOB_RECORD.empty().select(list(COLUMNS))


def naming_others(evidence: Evidence) -> pd.DataFrame:
    """The events that name a job which is not ordinary."""
    events = picked(evidence.events, evidence.events["job"].notna())
    if not len(evidence.ordinary):
        return events
    # There can be millions of ordinary jobs: no set of Python's own is made of them.
    apart = pc.is_in(pa.array(events["job"], pa.string()), evidence.ordinary["job"])
    found: pd.DataFrame = events[~apart.to_numpy(zero_copy_only=False)]
    return found


def records(evidence: Evidence, columns: Iterable[str]) -> pd.DataFrame:
    """Some columns of the records of all jobs, ordinary ones behind the others."""
    wanted = list(columns)
    held = evidence.job_records[wanted]
    if not len(evidence.ordinary):
        return held
    return pd.concat([held, frame(evidence.ordinary.select(wanted))], ignore_index=True)


def attempts(evidence: Evidence) -> pd.DataFrame:
    """Every attempt that the records of all jobs tell of, as `allocations.attempts` has them."""
    held, apart = allocations.attempts(evidence.job_records), evidence.ordinary
    if not len(apart):
        return held
    # One record each is one attempt each.
    alone = allocations.single(frame(apart.select(["job", *allocations.TOLD])))
    alone["attempt"] += len(held)
    return pd.concat([held, alone[held.columns]], ignore_index=True)


def owners(evidence: Evidence, events: pd.DataFrame) -> pd.DataFrame:
    """Columns `job` and `uid`: whose the ordinary jobs are that some events name."""
    named = pa.array(sorted({j for j in events["job"] if isinstance(j, str)}), pa.string())
    told = evidence.ordinary.filter(pc.is_in(evidence.ordinary["job"], named))
    return frame(told.select(["job", "owner_uid"])).set_axis(["job", "uid"], axis=1)


def table(jobs: Iterable[Job], apart: pa.Table) -> pa.Table:
    """All jobs as the declared table, in order of submission."""
    held = job_table.table(jobs)
    if not len(apart):
        return held
    columns: dict[str, Any] = {}
    for column in JOB.columns:
        kind, many = column.type, len(apart)
        if column.name in ("job", *SETTLED):
            columns[column.name] = apart[column.name].cast(kind)
        elif pa.types.is_list(kind):
            columns[column.name] = pa.array([[]] * many, kind)
        else:
            told = {"cause": "not_established", "why": WHY}.get(column.name)
            columns[column.name] = pa.array([told], kind).take(pa.array([0] * many))
    every = pa.concat_tables([held, pa.table(columns, schema=held.schema)])
    keys = pa.table(
        {
            "at": pc.coalesce(every["submit_ns"], pa.scalar(0, pa.int64())),
            "long": pc.utf8_length(every["job"]),
            "job": every["job"],
        }
    )
    order = pc.sort_indices(keys, [(name, "ascending") for name in keys.column_names])
    return every.take(order).combine_chunks()
