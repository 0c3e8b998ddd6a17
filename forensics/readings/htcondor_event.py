"""What a job's own event log is taken to tell: that it was submitted, started, removed, and how it ended.

The log belongs to the job's owner, and the name of who removed it was written by the client that asked. So
nobody is named as an actor: the name stays in the text.
"""

from collections.abc import Iterator, Mapping

import pyarrow as pa

from forensics.core import clock, condorjobs, schedulerevents
from forensics.core.citation import column
from forensics.core.schedulerevents import Row

NEEDS_ANCHOR = True

_VERBS = {
    0: "submit", 1: "start", 4: "job_signal", 5: "end", 9: "kill_request", 10: "job_update", 11: "job_update",
    12: "job_update", 13: "job_update", 21: "fault", 22: "fault", 24: "fault", 33: "job_update",
}  # fmt: skip


def read(records: pa.Table, files: pa.Table, *, zone: str, anchor_ns: int | None) -> Mapping[str, pa.Table]:
    """One event for each record, and a job record for each job of a file."""
    ordered = records.sort_by([("sha256", "ascending"), ("start", "ascending")])
    when = condorjobs.placed(column(ordered, "stamp"), zone=zone, anchor_ns=anchor_ns)
    event = schedulerevents.told(ordered, files, "htcondor_event", when, _tell)
    found = list(_jobs(ordered, when))
    return {"event": event, "job_record": schedulerevents.jobs(found, "htcondor_event", files)}


def _tell(row: Row) -> Row:
    number = row["event"] if isinstance(row["event"], int) else -1
    verb = _VERBS.get(number, "other")
    words = [row["message"], row["reason"], row["dag_node"]]
    told: dict[str, object] = {"verb": verb, "job": row["job"], "text": " ".join(str(w) for w in words if w)}
    if verb == "fault":
        told["account_absence"] = "not_applicable"
    if number == 5:
        well = row["exit_code"] == 0
        told |= {"outcome": "success" if well else "failure", "signal": row["exit_signal"]}
    return told


def _jobs(ordered: pa.Table, when: clock.Interval) -> Iterator[Row]:
    steps: dict[tuple[object, object], list[dict[str, object]]] = {}
    edges = zip(when.earliest_ns.to_pylist(), when.latest_ns.to_pylist(), strict=True)
    for row, (earliest, latest) in zip(ordered.to_pylist(), edges, strict=True):
        step = {**row, "earliest_ns": earliest, "latest_ns": latest}
        steps.setdefault((row["sha256"], row["job"]), []).append(step)
    for found in steps.values():
        yield _job(found)


def _job(steps: list[dict[str, object]]) -> Row:
    by_number = {step["event"]: step for step in steps}
    over = by_number.get(5) or by_number.get(9)
    last = over or steps[-1]
    code, signal = (last["exit_code"], last["exit_signal"]) if over else (None, None)
    well = code == 0 and not signal
    outcome = (
        "CANCELLED" if last["event"] == 9 else "COMPLETED" if over and well else "FAILED" if over else None
    )
    start = by_number.get(1)
    return {
        **{name: last[name] for name in ("sha256", "start", "stop", "job")},
        "name": next((step["dag_node"] for step in steps if step["dag_node"]), None),
        "state": " ".join(str(word) for word in (last["message"], last["reason"]) if word),
        "outcome": outcome or ("RUNNING" if start else "PENDING"),
        "exit_code": code,
        "exit_signal": signal,
        "submit_ns": by_number[0]["earliest_ns"] if 0 in by_number else None,
        "start_ns": start["earliest_ns"] if start else None,
        "end_ns": over["latest_ns"] if over else None,
        **{name: start[name] if start else None for name in ("gpus", "cpus")},
        "nodes": start["node"] if start else None,
    }
