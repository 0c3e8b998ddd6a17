"""What Ray's job events are taken to tell: the life of a job. Ray authenticates nobody, so nobody is named.

That a job was stopped says that somebody asked for it; who, no record of Ray knows.
"""

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, neighbours, schedulerevents
from forensics.core.citation import column
from forensics.core.schedulerevents import Row

NOTED = (
    "sha256",
    "time_ns",
    "job",
    "status",
    "entrypoint",
    "exit_code",
    "gpus",
    "started_ms",
    "ended_ms",
    "start",
    "stop",
)
"""A job is told by the last event that names it, and by when it first waited."""
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
    notes: pa.Table | None = None,
) -> Mapping[str, pa.Table]:
    """One event for each record, and a job record where a job and its status are named for the last time."""
    first = column(records, "time_ns")
    last = pc.add(first, clock.NS_PER_S - 1)
    event = schedulerevents.told(records, files, "ray_event", clock.Interval(first, last), _tell)
    rows, own = neighbours.among(_of_jobs(records), None if notes is None else notes.select(NOTED))
    jobs = _jobs(rows.to_pylist(), [True] * len(rows) if own is None else own.to_pylist())
    return {"event": event, "job_record": schedulerevents.jobs(jobs, "ray_event", files)}


def _of_jobs(records: pa.Table) -> pa.Table:
    named = pc.and_(pc.is_valid(records["job"]), pc.is_in(records["status"], pa.array([*_OUTCOMES])))
    return records.select(NOTED).filter(named)


def noted(records: pa.Table) -> pa.Table:
    """The events of a slice that name a job and its status."""
    held = neighbours.among(_of_jobs(records), None)[0]
    return held.append_column("key", neighbours.keyed(held.select(["sha256", "job"])))


def lacking(several: Sequence[pa.Table], files: pa.Table) -> Iterator[tuple[int, pa.Table]]:  # noqa: ARG001 - each file by itself
    """The events of jobs whose last event a slice has, and the last event of its other jobs."""
    return neighbours.gathered(several, ["sha256", "job"], last=True)


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


def _jobs(rows: Sequence[Row], own: Sequence[bool]) -> Iterator[Row]:
    """One record for each job of a file, by the last event that names it and its status; it was submitted when it first waited."""
    last: dict[tuple[object, object], tuple[Row, bool]] = {}
    waited: dict[tuple[object, object], object] = {}
    for row, mine in zip(rows, own, strict=True):
        last[row["sha256"], row["job"]] = row, mine
        if row["status"] == "PENDING":
            waited.setdefault((row["sha256"], row["job"]), row["time_ns"])
    yield from (_job(row, waited.get(key)) for key, (row, mine) in last.items() if mine)


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
