"""What YARN's audit log is taken to tell: who asked what of which application, and how it ended."""

from collections.abc import Iterator, Mapping

import pyarrow as pa

from forensics.core import clock, schedulerevents
from forensics.core.citation import column
from forensics.core.schedulerevents import Row

NEEDS_ANCHOR = False

_VERBS = {
    "Submit Application Request": "submit", "Kill Application Request": "kill_request", "Kill Application": "kill_request",
    "Signal Container Request": "kill_request", "Fail Attempt Request": "kill_request",
    "Move Application Request": "job_update", "Update Application Priority Request": "job_update",
    "Update Application Timeout Request": "job_update", "Register App Master": "start",
    "Application Finished - Succeeded": "end", "Application Finished - Failed": "end",
    "Application Finished - Killed": "end",
}  # fmt: skip
_MS = 1_000_000
_LAST_MS = 2**63 // _MS - 1


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each line, and a job record where an application is submitted, killed or finished."""
    when = clock.dated_walls(column(records, "wall"), zone=zone, tick_ns=_MS)
    event = schedulerevents.told(records, files, "yarn_audit", when, _tell)
    edges = zip(when.earliest_ns.to_pylist(), when.latest_ns.to_pylist(), strict=True)
    found = [r for row, edge in zip(records.to_pylist(), edges, strict=True) for r in _records(row, edge)]
    return {"event": event, "job_record": schedulerevents.jobs(found, "yarn_audit", files)}


def _verb(row: Row) -> str:
    if row["final_status"] is not None:
        return "end"
    if row["target"] == "AdminService":
        return "scheduler_edit"
    return _VERBS.get(str(row["operation"]), "other")


def _tell(row: Row) -> Row:
    verb = _verb(row)
    # What the cluster itself logs of an application's course names the owner, who did nothing then.
    acting = row["user"] if verb not in {"start", "end", "other"} or row["address"] is not None else None
    result = {"SUCCESS": "success", "FAILURE": "failure"}.get(str(row["result"]))
    if verb == "end":
        well = row["final_status"] == "SUCCEEDED" or str(row["operation"]).endswith("Succeeded")
        result = "success" if well else "failure"
    told: dict[str, object] = {"verb": verb, "account": acting, "address": row["address"], "outcome": result}
    return told | {"job": row["application"], "text": row["message"]}


def _records(row: Row, edge: tuple[int | None, int | None]) -> Iterator[Row]:
    verb = _verb(row)
    if row["application"] is None or (row["result"] == "FAILURE" and verb != "end"):
        return
    told = {name: row[name] for name in ("sha256", "start", "stop")} | {"job": row["application"]}
    if row["final_status"] is not None:
        yield _summed(row, told)
    elif verb == "submit":
        yield told | {"owner": row["user"], "submitter": row["user"], "submit_ns": edge[0]}
    elif verb == "start":
        yield told | {"start_ns": edge[0]}
    elif verb == "kill_request" and "Application" in str(row["operation"]):
        yield told | {
            "outcome": "CANCELLED",
            "state": row["operation"],
            "requestor": row["user"],
            "end_ns": edge[1],
        }
    elif verb == "end":
        word = str(row["operation"]).rpartition(" ")[2]
        outcome = {"Succeeded": "COMPLETED", "Killed": "CANCELLED"}.get(word, "FAILED")
        yield told | {"owner": row["user"], "outcome": outcome, "state": row["operation"], "end_ns": edge[1]}


def _summed(row: Row, told: dict[str, object]) -> Row:
    """What the summary of an application says, of which the client typed the name alone."""
    submit, start, end = (_moment(row[f"{name}_ms"]) for name in ("submitted", "launched", "finished"))
    return told | {
        "name": row["name"],
        "owner": row["owner"],
        "state": f"{row['state']} {row['final_status']}",
        "outcome": {"SUCCEEDED": "COMPLETED", "KILLED": "CANCELLED", "FAILED": "FAILED"}.get(
            str(row["final_status"]), "OTHER"
        ),
        "submit_ns": _moment(row["started_ms"]) if submit is None else submit,
        "start_ns": start,
        "end_ns": None if end is None else end + _MS - 1,
    }


def _moment(ms: object) -> int | None:
    """Nanoseconds of milliseconds; 0 is no moment."""
    return ms * _MS if isinstance(ms, int) and 0 < ms < _LAST_MS else None
