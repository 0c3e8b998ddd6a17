"""What PBS accounting is taken to tell: the life of a job, and who asked to end it.

`requestor` is authenticated, so a deletion has its account; a job's end is nobody's act. All records of a
job make one job record: it is cancelled where a deletion was asked for and a signal, or nothing, ended it.
"""

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, neighbours, pbsjobs, schedulerevents
from forensics.core.citation import column
from forensics.core.schedulerevents import Row

NOTED = (
    "sha256", "wall", "code", "job", "server", "requestor", "user", "submitter", "name", "created_s", "started_s", "ended_s", "exit_status",
    "nodes", "node_count", "cpus", "gpus", "elapsed_s", "energy_j", "start", "stop",
)  # fmt: skip
"""A job is told by all its lines together, where the last of them is."""
NEEDS_ANCHOR = False

_VERBS = {
    "Q": "submit", "S": "start", "E": "end", "D": "kill_request", "A": "end", "R": "job_update", "a": "job_update",
    "K": "scheduler_edit", "k": "scheduler_edit", "B": "scheduler_edit", "U": "scheduler_edit", "Y": "scheduler_edit",
}  # fmt: skip
_OF_JOBS = set("QSEDARcCTesza")
_CODES = pa.array(sorted(_OF_JOBS))


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
    notes: pa.Table | None = None,
) -> Mapping[str, pa.Table]:
    """One event for each record, and one job record for each job whose last line is among them."""
    ordered, _ = neighbours.among(records, None)
    event = schedulerevents.told(ordered, files, "pbs_accounting", _when(ordered, zone), _tell)
    of_jobs = ordered.select(NOTED).filter(pc.is_in(ordered["code"], _CODES))
    rows, own = neighbours.among(of_jobs, None if notes is None else notes.select(NOTED))
    jobs = _jobs(rows, _when(rows, zone), own)
    return {"event": event, "job_record": schedulerevents.jobs(jobs, "pbs_accounting", files)}


def noted(records: pa.Table) -> pa.Table:
    """The lines of a slice that tell of jobs."""
    rows = neighbours.among(records, None)[0]
    held = rows.filter(pc.is_in(rows["code"], _CODES))
    return held.append_column("key", neighbours.keyed(held.select(["job"])))


def lacking(several: Sequence[pa.Table], files: pa.Table) -> Iterator[tuple[int, pa.Table]]:  # noqa: ARG001 - servers name their jobs
    """The lines of jobs whose last line a slice has, and the last line of its other jobs."""
    return neighbours.gathered(several, ["job"], last=True)


def _when(rows: pa.Table, zone: str) -> clock.Interval:
    return clock.walls(column(rows, "wall"), layout=pbsjobs.LAYOUT, zone=zone, tick_ns=clock.NS_PER_S)


def _tell(row: Row) -> Row:
    verb = _VERBS.get(str(row["code"]), "other")
    how = pbsjobs.ended(row["exit_status"])
    # The line of a queue without a submitter names nobody; the owner alone says who it was made for.
    account = row["submitter"] if verb == "submit" else row["requestor"]
    told: dict[str, object] = {"verb": verb, "account": account, "text": f"{row['code']} {row['message']}"}
    if verb == "end":
        word = {"COMPLETED": "success", "FAILED": "failure", "OUT_OF_MEMORY": "failure", "TIMEOUT": "failure"}
        told |= {"outcome": word.get(str(how.outcome), how.outcome), "signal": how.signal}
    if verb == "kill_request":
        told |= {"outcome": "success", "host": row["requestor_host"]}
    if verb == "submit":
        told |= {"host": row["submit_host"]}
    return told | {"job": row["job"] if row["code"] in _OF_JOBS else None}


def _jobs(ordered: pa.Table, when: clock.Interval, own: pa.Array | None) -> Iterator[Row]:
    """The jobs of lines in order whose last line is among the records' own."""
    steps: dict[object, list[dict[str, object]]] = {}
    told: dict[object, bool] = {}
    mine = [True] * len(ordered) if own is None else own.to_pylist()
    times = zip(when.earliest_ns.to_pylist(), when.latest_ns.to_pylist(), mine, strict=True)
    for row, (earliest, latest, last) in zip(ordered.to_pylist(), times, strict=True):
        steps.setdefault(row["job"], []).append(row | {"earliest_ns": earliest, "latest_ns": latest})
        told[row["job"]] = last
    for found in (found for job, found in steps.items() if told[job]):
        found.sort(key=lambda r: (r["earliest_ns"] is None, r["earliest_ns"], r["sha256"], r["start"]))
        yield _job(found)


def _job(steps: list[dict[str, object]]) -> Row:
    """A job by all its records, which are in order; it cites the one that tells its end, or the last."""
    by_code = {str(step["code"]): step for step in steps}
    last = by_code.get("E") or by_code.get("A") or by_code.get("D") or steps[-1]
    end, asked = by_code.get("E"), by_code.get("D")
    how = pbsjobs.ended(end["exit_status"]) if end else pbsjobs.ended(None)
    outcome = how.outcome or ("OTHER" if "A" in by_code else None)
    if asked and (end is None or how.signal is not None):
        outcome = "CANCELLED"
    if outcome is None:
        outcome = "RUNNING" if "S" in by_code else "PENDING" if "Q" in by_code else None

    def told(name: str) -> object:
        return next((step[name] for step in reversed(steps) if step[name] is not None), None)

    def moment(code: str, name: str, edge: str) -> object:
        seconds = told(name)
        known = by_code.get(code)
        width = clock.NS_PER_S - 1 if edge == "latest_ns" else 0
        return (
            seconds * clock.NS_PER_S + width if isinstance(seconds, int) else known[edge] if known else None
        )

    over = end or by_code.get("A") or (asked if outcome == "CANCELLED" else None)
    return {
        **{name: last[name] for name in ("sha256", "start", "stop", "job")},
        **{
            name: told(name)
            for name in ("name", "submitter", "nodes", "node_count", "cpus", "gpus", "elapsed_s", "energy_j")
        },
        "cluster": told("server"),
        "owner": told("user"),
        "state": f"{last['code']} Exit_status={end['exit_status']}" if end else str(last["code"]),
        "outcome": outcome,
        "exit_code": how.code,
        "exit_signal": how.signal,
        "requestor": asked["requestor"] if asked else None,
        "submit_ns": moment("Q", "created_s", "earliest_ns"),
        "start_ns": moment("S", "started_s", "earliest_ns"),
        "end_ns": None if over is None else moment("E", "ended_s", "latest_ns") or over["latest_ns"],
    }
