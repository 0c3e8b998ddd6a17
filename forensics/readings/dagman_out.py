"""What DAGMan's log is taken to tell: which job a node was, and how it ended. It names nobody, and its owner can write it."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, schedulerevents
from forensics.core.citation import column
from forensics.core.schedulerevents import Row

NEEDS_ANCHOR = False

_EVENTS = {
    "ULOG_SUBMIT": "submit", "ULOG_EXECUTE": "start", "ULOG_JOB_TERMINATED": "end", "ULOG_JOB_ABORTED": "kill_request",
    "ULOG_JOB_HELD": "job_update", "ULOG_JOB_RELEASED": "job_update", "ULOG_JOB_EVICTED": "job_signal",
}  # fmt: skip


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated, to the century
) -> Mapping[str, pa.Table]:
    """One event for each line."""
    wall = column(records, "wall")
    full = pc.match_substring_regex(wall, r"^../../.... ")
    long, short = pc.if_else(full, wall, None), pc.if_else(full, None, wall)
    tick = clock.NS_PER_S
    four = clock.walls(long.cast(pa.string()), layout="%m/%d/%Y %H:%M:%S", zone=zone, tick_ns=tick)
    two = clock.walls(short.cast(pa.string()), layout="%m/%d/%y %H:%M:%S", zone=zone, tick_ns=tick)
    when = clock.Interval(*(pc.coalesce(a, b) for a, b in zip(four, two, strict=True)))
    return {"event": schedulerevents.told(records, files, "dagman_out", when, _tell)}


def _tell(row: Row) -> Row:
    told: dict[str, object] = {"verb": "other", "text": row["message"], "job": row["job"]}
    if row["kind"] == "event":
        return told | {"verb": _EVENTS.get(str(row["event"]), "other")}
    if row["kind"] in {"failed", "completed"}:
        return told | {"verb": "end", "outcome": "success" if row["kind"] == "completed" else "failure"}
    return told
