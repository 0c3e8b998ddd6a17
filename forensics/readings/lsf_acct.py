"""What LSF accounting is taken to tell: the life of a job, and whether its owner asked to end it.

Where an administrator did, the record does not say which one: nobody is named for it.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, jobrecords, lsfrecords, schedulerevents
from forensics.core.citation import column

NEEDS_ANCHOR = False

_SAME = ("job", "name", "nodes", "node_count", "cpus")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - times count from 1970 in UTC
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """A submit, a start and an end for each job that has them, and a kill request where its owner ended it."""
    finished = pc.is_valid(column(records, "status"))
    rest = records.filter(pc.invert(finished))
    when = clock.epoch(column(rest, "time_s"))
    others = schedulerevents.told(
        rest, files, "lsf_acct", when, lambda row: {"verb": "other", "text": row["type"]}
    )
    made = _finished(records.filter(finished), files)
    return {**made, "event": pa.concat_tables([made["event"], others])}


def _finished(records: pa.Table, files: pa.Table) -> dict[str, pa.Table]:
    told = {name: column(records, name) for name in _SAME}
    status, wait, why = (
        column(records, name).to_pylist() for name in ("status", "wait_status", "termination")
    )
    ends = [lsfrecords.ended(*row) for row in zip(status, wait, why, strict=True)]
    owner = column(records, "user")
    by_owner = pa.array([w in lsfrecords.BY_OWNER for w in why], pa.bool_())
    told |= {
        "owner": owner,
        "owner_uid": column(records, "uid"),
        "workdir": column(records, "work_dir"),
        "state": pa.array(
            [None if s is None else f"{s} {w}" for s, w in zip(status, why, strict=True)], pa.string()
        ),
        "exit_code": pa.array([e.code for e in ends], pa.int64()),
        "exit_signal": pa.array([e.signal for e in ends], pa.int64()),
        "requestor": pc.if_else(by_owner, owner, None),
    }
    seconds = (column(records, name) for name in ("submit_s", "start_s", "time_s"))
    times = jobrecords.Times(*(clock.epoch(values) for values in seconds))
    outcome = pa.array([e.outcome for e in ends], pa.string())
    return jobrecords.read(records, files, told, times, "lsf_acct", outcome=outcome)
