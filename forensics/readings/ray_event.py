"""What Ray's job events are taken to tell: the life of a job. Ray authenticates nobody, so nobody is named.

That a job was stopped says that somebody asked for it; who, no record of Ray knows.
"""

from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, schedulerevents
from forensics.core.citation import column
from forensics.core.schedulerevents import Row

WHOLE = "a job is told by the last event that names it"
NEEDS_ANCHOR = False

_VERBS = {
    "PENDING": "submit", "RUNNING": "start", "STOPPED": "kill_request", "SUCCEEDED": "end", "FAILED": "end", "ENDED": "end",
}  # fmt: skip
_OUTCOMES = {
    "PENDING": "PENDING",
    "RUNNING": "RUNNING",
    "STOPPED": "CANCELLED",
    "SUCCEEDED": "COMPLETED",
    "FAILED": "FAILED",
}
_MS = 1_000_000


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - times count from 1970 in UTC
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each record, and a job record where a job and its status are named."""
    first = column(records, "time_ns")
    last = pc.add(first, clock.NS_PER_S - 1)
    event = schedulerevents.told(records, files, "ray_event", clock.Interval(first, last), _tell)
    return {
        "event": event,
        "job_record": schedulerevents.jobs(_jobs(records.to_pylist()), "ray_event", files),
    }


def _tell(row: Row) -> Row:
    words = [row["status"], row["entrypoint"], row["message"]]
    told: dict[str, object] = {
        "verb": _VERBS.get(str(row["status"]), "other"),
        "job": row["job"],
        "host": row["host"],
    }
    if told["verb"] == "end" and row["status"] != "ENDED":
        told["outcome"] = "success" if row["status"] == "SUCCEEDED" else "failure"
    return told | {"text": " ".join(str(word) for word in words if word)}


def _jobs(rows: list[Row]) -> Iterator[Row]:
    """One record for each job of a file, by the last event that names it and its status; it was submitted when it first waited."""
    last: dict[tuple[object, object], Row] = {}
    waited: dict[tuple[object, object], object] = {}
    for row in sorted(
        rows, key=lambda r: (str(r["sha256"]), r["start"] if isinstance(r["start"], int) else 0)
    ):
        if row["job"] is not None and row["status"] in _OUTCOMES:
            last[row["sha256"], row["job"]] = row
            if row["status"] == "PENDING":
                waited.setdefault((row["sha256"], row["job"]), row["time_ns"])
    yield from (_job(row, waited.get(key)) for key, row in last.items())


def _job(row: Row, submitted: object) -> Row:
    started, ended = (row[name] for name in ("started_ms", "ended_ms"))
    held = range(1, 2**63 // _MS - 1)
    return {
        **{name: row[name] for name in ("sha256", "start", "stop", "job", "exit_code", "gpus")},
        "state": row["status"],
        "outcome": _OUTCOMES[str(row["status"])],
        "submit_line": row["entrypoint"],
        "submit_ns": submitted,
        "start_ns": started * _MS if isinstance(started, int) and started in held else None,
        "end_ns": ended * _MS + _MS - 1 if isinstance(ended, int) and ended in held else None,
    }
