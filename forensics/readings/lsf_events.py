"""What LSF's event log is taken to tell: what was asked of it, by whom, and what it did."""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, lsfrecords, schedulerevents
from forensics.core.citation import column
from forensics.core.schedulerevents import Row

NEEDS_ANCHOR = False

_VERBS = {
    "JOB_NEW": "submit", "JOB_START": "start", "JOB_SIGNAL": "kill_request", "JOB_MODIFY2": "job_update",
    "JOB_SWITCH": "job_update", "JOB_MOVE": "job_update", "JOB_REQUEUE": "job_update", "QUEUE_CTRL": "scheduler_edit",
    "HOST_CTRL": "scheduler_edit", "MBD_START": "service", "MBD_DIE": "service",
}  # fmt: skip
_PAUSES = {"STOP", "TSTP", "CONT", "SUSPEND", "RESUME", "URG", "USR1", "USR2"}
_NUMBERS = {"KILL": 9, "TERM": 15, "INT": 2, "STOP": 19, "CONT": 18}


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - times count from 1970 in UTC
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each record."""
    when = clock.epoch(column(records, "time_s"))
    return {"event": schedulerevents.told(records, files, "lsf_events", when, _tell)}


def _tell(row: Row) -> Row:
    kind, sent = str(row["type"]), str(row["signal"] or "")
    verb = _VERBS.get(kind, "other")
    if verb == "kill_request" and sent in _PAUSES:
        verb = "job_update"
    told: dict[str, object] = {"verb": verb, "account": row["user"], "uid": row["uid"], "job": row["job"]}
    told |= {"text": f"{kind} {row['rest']}", "signal": _NUMBERS.get(sent)}
    status = row["status"]
    if kind == "JOB_STATUS" and isinstance(status, int) and status & (lsfrecords.DONE | lsfrecords.EXIT):
        return told | {"verb": "end", "outcome": "success" if status & lsfrecords.DONE else "failure"}
    return told | ({"outcome": "success"} if verb in {"kill_request", "job_update", "scheduler_edit"} else {})
