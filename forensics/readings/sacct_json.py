"""What accounting in JSON is taken to tell: the life of a job, and who asked to end it.

The account that asked is the name which the host of sacct gave the authenticated uid. Steps become job
records; that a step began and ended is told by its job, and by the node.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, jobrecords
from forensics.core.citation import column
from forensics.core.tables import JOB_RECORD

NEEDS_ANCHOR = False
ONCE = True

_SAME = (
    "job",
    "cluster",
    "name",
    "state",
    "exit_code",
    "exit_signal",
    "elapsed_s",
    "gpus",
    "cpus",
    "node_count",
    "energy_j",
    "nodes",
    "submit_line",
    "comment",
)


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - times count from 1970 in UTC
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """A submit, a start and an end for each job that has them, and a kill request where one is told."""
    told = {name: column(records, name) for name in _SAME}
    told |= {
        "owner": column(records, "user"),
        "requestor": column(records, "kill_request_user"),
        "workdir": column(records, "work_dir"),
    }
    placed = (clock.epoch(column(records, f"{name}_s")) for name in jobrecords.Times._fields)
    made = jobrecords.read(records, files, told, jobrecords.Times(*placed), "sacct_json")
    made["job_record"] = pa.concat_tables([made["job_record"], _steps(records, made["job_record"])])
    return made


def _steps(records: pa.Table, jobs: pa.Table) -> pa.Table:
    """The steps as job records of their own, that cite their job."""
    owners = jobs.select(["job", "cluster", "format", "domain", "sha256", "start", "stop"]).to_pylist()
    rows = [
        {**job, **_step(step)}
        for job, steps in zip(owners, records["steps"].to_pylist(), strict=True)
        for step in steps
    ]
    return JOB_RECORD.build({name: [row.get(name) for row in rows] for name in JOB_RECORD.names})


def _step(step: Mapping[str, object]) -> dict[str, object]:
    start, end = (clock.epoch(pa.array([step[key]], pa.int64())) for key in ("start_s", "end_s"))
    outcome = jobrecords.outcomes(pa.array([step["state"]], pa.string()))
    how = {name: pa.array([step[name]], pa.int64()) for name in ("exit_code", "exit_signal")}
    how["requestor"] = pa.array([step["kill_request_user"]], pa.string())
    kept = ("step", "state", "exit_code", "exit_signal", "elapsed_s", "gpus", "energy_j", "nodes")
    return {
        **{name: step[name] for name in kept},
        "requestor": step["kill_request_user"],
        "outcome": outcome[0].as_py(),
        "ending": jobrecords.ended(how, outcome)[0].as_py(),
        "start_ns": start.earliest_ns[0].as_py(),
        "end_ns": end.latest_ns[0].as_py(),
    }
