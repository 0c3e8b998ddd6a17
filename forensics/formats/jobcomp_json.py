"""Slurm job completion as JSON (jobcomp/elasticsearch, jobcomp/kafka): one object for each job that ended.

    {"jobid":10,"username":"mei","user_id":4101,…,"@start":"2026-11-23T15:11:43","@end":"2026-11-23T15:11:53",…}

Shape   one JSON object a line; as the search server gives it back, the object is under `_source`, and in a bulk
        request a line that names the index stands before it
Source  Slurm 17.11 to 26.05: src/plugins/jobcomp/elasticsearch, jobcomp/kafka, jobcomp_common_build_json
Time    `@…`: UTC without an offset, to the second; `Unknown` where there is none
Who     username owns the job. Who cancelled it is not here
Open    job_name, comment, script and work_dir are typed by users, but quoted. The server that holds the
        documents lets whoever may write to its index change them
"""

import re

import pyarrow as pa

from forensics.core import jsonlines, tres
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_NONE = "empty, or not in this version"
TABLE = Table(
    "jobcomp_json",
    "a job that ended",
    (
        Column("job_id", pa.string(), "the scheduler's number of the job"),
        Column("job", pa.string(), "the job, an array's task as `10_3`"),
        Column("user", pa.string(), "account that owns it", None, _NONE),
        Column("uid", pa.int64(), "its uid", None, _NONE),
        Column("account", pa.string(), "account charged", None, _NONE),
        Column("cluster", pa.string(), "cluster", None, _NONE),
        Column("name", pa.string(), "job name: typed by the user", None, _NONE),
        Column("partition", pa.string(), "partition", None, _NONE),
        Column("state", pa.string(), "state as written", None, _NONE),
        Column("reason", pa.string(), "why it is in that state", None, _NONE),
        Column("exit_code", pa.int64(), "exit code", None, _NONE),
        Column("exit_signal", pa.int64(), "signal that ended it", None, "none, or not written"),
        Column("submit_wall", pa.string(), "submitted, as written", None, "Unknown, or not written"),
        Column("start_wall", pa.string(), "started, as written", None, "Unknown, or not written"),
        Column("end_wall", pa.string(), "ended, as written", None, "Unknown, or not written"),
        Column("elapsed_s", pa.int64(), "run time", "s", _NONE),
        Column("nodes", pa.string(), "nodes, as written", None, "none assigned"),
        Column("node_count", pa.int64(), "nodes allocated", None, _NONE),
        Column("cpus", pa.int64(), "processors allocated", None, _NONE),
        Column("tres", pa.string(), "resources allocated, as written", None, _NONE),
        Column("gpus", pa.int64(), "GPUs allocated", None, "no resources written"),
        Column("energy_j", pa.int64(), "energy used", "J", "not metered, or not written"),
        Column("work_dir", pa.string(), "working directory: typed by the user", None, _NONE),
        Column("script", pa.string(), "batch script, as much as an event holds", None, _NONE),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "slurm:jobcomp"

_LONGEST_SCRIPT = 4096
_VOID = {"", "Unknown", "unknown", "(null)", "None assigned"}


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the keys that only a completed job's object has."""
    for found in jsonlines.first_objects(head):
        job = _inner(found)
        if {"jobid", "username", "@end"} <= set(job):
            return 94
    return 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    return jsonlines.parse(data, base, TABLE, _job)


def _inner(found: jsonlines.Object) -> jsonlines.Object:
    source = found.get("_source")
    return source if isinstance(source, dict) else found


def _job(found: jsonlines.Object) -> jsonlines.Object | Why | None:
    if len(found) == 1 and next(iter(found)) in {"index", "create"}:
        return None
    job = _inner(found)
    number = jsonlines.number(job, "jobid")
    if number is None:
        return Why.SHAPE if "jobid" not in job else Why.VALUE
    array, task = jsonlines.number(job, "array_job_id"), jsonlines.number(job, "array_task_id")
    het, offset = jsonlines.number(job, "het_job_id"), jsonlines.number(job, "het_job_offset")
    whole = f"{array}_{task}" if array and task is not None else str(number)
    words = {
        "user": "username", "account": "account", "cluster": "cluster", "name": "job_name", "partition": "partition",
        "state": "state", "reason": "reason_desc", "submit_wall": "@submit", "start_wall": "@start",
        "end_wall": "@end", "nodes": "nodes", "tres": "tres_alloc", "work_dir": "work_dir", "script": "script",
    }  # fmt: skip
    told = {column: _word(job, key) for column, key in words.items()}
    amounts = tres.told(pa.array([told["tres"]], pa.string()))
    code, signal = _exit(job)
    return {
        **told,
        "job_id": str(number),
        "job": f"{het}+{offset}" if het and offset is not None else whole,
        "script": None if told["script"] is None else told["script"][:_LONGEST_SCRIPT],
        "uid": jsonlines.number(job, "user_id"),
        "exit_code": code,
        "exit_signal": signal,
        "elapsed_s": jsonlines.number(job, "elapsed"),
        "node_count": jsonlines.number(job, "total_nodes"),
        "cpus": jsonlines.number(job, "total_cpus"),
        "gpus": amounts.gpus[0].as_py(),
        "energy_j": amounts.energy_j[0].as_py(),
    }


def _word(job: jsonlines.Object, key: str) -> str | None:
    value = jsonlines.text(job, key)
    return None if value in _VOID else value


def _exit(job: jsonlines.Object) -> tuple[int | None, int | None]:
    """Exit code and signal: written apart as `0:9`, or as the wait status that holds both."""
    written = jsonlines.text(job, "exit_code")
    parts = re.fullmatch(r"([0-9]{1,5}):([0-9]{1,5})", written or "")
    if parts:
        return int(parts[1]), int(parts[2]) or None
    status = jsonlines.number(job, "exit_code")
    if status is None or not 0 <= status < 1 << 16:
        return None, None
    return status >> 8, (status & 0x7F) or None
