"""What an audit log of Kubernetes is taken to tell: who asked what of which job, and what the server answered.

The stages of one request are one act: the first stage after the receipt is told as the act, the others as
`other`. The user is authenticated; an impersonated user is in `effective`. What the cluster's own parts do
with pods follows from somebody's request, and is no request of a person. Whoever made a job is its owner.
"""

from collections.abc import Iterator, Mapping

import pyarrow as pa

from forensics.core import clock, kubejobs, schedulerevents
from forensics.core.citation import column
from forensics.core.hostevents import LONGEST_TEXT
from forensics.core.kubejobs import Row

NEEDS_ANCHOR = False

_US = 1_000
_REFUSED = 400


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - times carry their offset
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each stage, and a job record where a job is made, asked to end, or said to have ended."""
    ordered = records.sort_by([("sha256", "ascending"), ("start", "ascending")])
    rows = ordered.to_pylist()
    known = kubejobs.owners(rows)
    first = _firsts(rows)
    received, staged = (clock.offsets(column(ordered, name), tick_ns=_US) for name in ("received", "staged"))
    when = clock.overlapping(received, staged)
    places = {(row["sha256"], row["start"]): n for n, row in enumerate(rows)}

    def tell(row: Row) -> Row:
        return _tell(row, known, first=places[row["sha256"], row["start"]] in first)

    event = schedulerevents.told(ordered, files, "k8s_audit", when, tell)
    times = list(zip(when.earliest_ns.to_pylist(), when.latest_ns.to_pylist(), strict=True))
    found = [r for n, row in enumerate(rows) if n in first for r in _records(row, times[n], known)]
    return {"event": event, "job_record": schedulerevents.jobs(found, "k8s_audit", files)}


def _firsts(rows: list[Row]) -> set[int]:
    """The rows that tell a request's answer for the first time in their file."""
    seen: set[tuple[object, object]] = set()
    found: set[int] = set()
    for n, row in enumerate(rows):
        key = (row["sha256"], row["audit_id"])
        if row["stage"] == "RequestReceived" or (row["audit_id"] is not None and key in seen):
            continue
        seen.add(key)
        found.add(n)
    return found


def _tell(row: Row, known: Mapping[tuple[object, object], str], *, first: bool) -> Row:
    verb = kubejobs.verb(row) if first else "other"
    addresses, code = row["addresses"], row["code"]
    last = addresses[-1] if isinstance(addresses, list) and addresses else None
    answered = None if not isinstance(code, int) else "failure" if code >= _REFUSED else "success"
    place = "/".join(
        str(row[n]) for n in ("resource", "namespace", "name", "subresource") if row[n] is not None
    )
    job = kubejobs.job(row, known)
    command = row["command"]
    words = [row["verb"], place, row["code"], row["agent"], row["request"]]
    return {
        "verb": verb,
        "outcome": answered,
        "account": kubejobs.account(row),
        "effective": row["impersonated"],
        "address": last,
        "host": row["node"],
        "argv": command if isinstance(command, list) else None,
        "job": job,
        "object_kind": "job" if job is not None else None,
        "object": job,
        "signal": row["exit_signal"] if verb == "end" else None,
        "text": " ".join(str(word) for word in words if word is not None)[:LONGEST_TEXT],
    }


def _records(
    row: Row, when: tuple[int | None, int | None], known: Mapping[tuple[object, object], str]
) -> Iterator[Row]:
    """What one record says of its job, where the server did as it was asked."""
    verb, job, code = kubejobs.verb(row), kubejobs.job(row, known), row["code"]
    own = job is not None and job.rpartition("/")[2] == row["name"]
    if job is None or verb not in {"submit", "kill_request", "end"} or not isinstance(code, int):
        return
    if code >= _REFUSED or not (own or verb == "end"):
        return
    told: dict[str, object] = {"job": job, "cluster": None, "name": row["name"], "gpus": row["gpus"]}
    told |= {name: row[name] for name in ("sha256", "start", "stop")}
    if verb == "submit":
        owner = None if kubejobs.by_system(row) else row["impersonated"] or kubejobs.account(row)
        submitter = None if kubejobs.by_system(row) else kubejobs.account(row)
        told |= {"owner": owner, "submitter": submitter, "submit_ns": when[0]}
    elif verb == "kill_request":
        told |= {
            "state": "deleted",
            "outcome": "CANCELLED",
            "requestor": kubejobs.account(row),
            "end_ns": when[1],
        }
    else:
        told |= {name: row[name] for name in ("exit_code", "exit_signal")}
        told |= {
            "state": row["phase"],
            "outcome": kubejobs.outcome(row),
            "end_ns": when[1],
            "nodes": row["node"],
        }
        told["step"] = None if own else row["name"]
    yield told
