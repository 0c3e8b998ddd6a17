r"""Slurm accounting, as `sacct --json` prints it: an object for each job, its steps inside.

    {"account": "research", … "job_id": 10, … "kill_request_user": "mei", … "state": {"current": "CANCELLED" …

Shape   one JSON object; each element of its list `jobs` is a job. A number is plain, or
        {"set": true, "infinite": false, "number": 0}; a state is a word or a list of words
Source  Slurm 21.08 to 26.05: src/plugins/openapi (dbv0.0.37, v0.0.38), src/plugins/data_parser (v0.0.39 to v0.0.46): the keys read
        here kept their places; only the frame of numbers, the list of states and `signal_id`, later `id`, differ
Time    seconds since 1970 by the controller's clock; 0 where there is none
Who     user owns the job. kill_request_user asked to cancel: the name that the host of sacct gave the uid
        which the controller authenticated
Open    Names and comments are typed by users, but quoted. Of equal keys the last is read. A version can
        give kill_request_user as an empty string, as null, or leave it out: nobody asked
"""

import re
from collections.abc import Iterator, Mapping

import pyarrow as pa

from forensics.core import slurmjson
from forensics.core.model import SPAN, Parsed
from forensics.core.schema import Column, Table

STEP = pa.struct(
    [
        ("step", pa.string()),
        ("state", pa.string()),
        ("exit_code", pa.int64()),
        ("exit_signal", pa.int64()),
        ("start_s", pa.int64()),
        ("end_s", pa.int64()),
        ("elapsed_s", pa.int64()),
        ("gpus", pa.int64()),
        ("energy_j", pa.int64()),
        ("nodes", pa.string()),
        ("kill_request_user", pa.string()),
    ]
)
_S = "s since 1970-01-01T00:00:00Z"
_NONE = "empty, or not in this version"
TABLE = Table(
    "sacct_json",
    "a job, as accounting knows it, its steps inside",
    (
        Column("job_id", pa.string(), "the scheduler's own number of the job"),
        Column("job", pa.string(), "the job as users know it, an array's task as `10_3`"),
        Column("name", pa.string(), "job name: typed by the user", None, _NONE),
        Column("user", pa.string(), "account that owns the job", None, _NONE),
        Column("group", pa.string(), "its group", None, _NONE),
        Column("account", pa.string(), "account charged", None, _NONE),
        Column("cluster", pa.string(), "cluster", None, _NONE),
        Column("partition", pa.string(), "partition", None, _NONE),
        Column("qos", pa.string(), "quality of service", None, _NONE),
        Column("state", pa.string(), "state; several are joined by `,`", None, _NONE),
        Column("reason", pa.string(), "why it is in that state", None, _NONE),
        Column("exit_code", pa.int64(), "exit code", None, _NONE),
        Column("exit_signal", pa.int64(), "signal that ended it", None, "none, or not in this version"),
        Column("kill_request_user", pa.string(), "account that asked to end it", None, "nobody"),
        Column("submit_s", pa.int64(), "submitted", _S, "not recorded"),
        Column("eligible_s", pa.int64(), "eligible", _S, "not recorded"),
        Column("start_s", pa.int64(), "started", _S, "not started"),
        Column("end_s", pa.int64(), "ended", _S, "not ended"),
        Column("elapsed_s", pa.int64(), "run time", "s", "not recorded"),
        Column("gpus", pa.int64(), "GPUs allocated", None, "nothing allocated, or not recorded"),
        Column("cpus", pa.int64(), "processors allocated", None, "nothing allocated, or not recorded"),
        Column("node_count", pa.int64(), "nodes allocated", None, "nothing allocated, or not recorded"),
        Column("energy_j", pa.int64(), "energy used", "J", "not metered, or not recorded"),
        Column("nodes", pa.string(), "nodes, as written", None, _NONE),
        Column("work_dir", pa.string(), "working directory: typed by the user", None, _NONE),
        Column("submit_line", pa.string(), "command that submitted it: typed by the user", None, _NONE),
        Column("comment", pa.string(), "comment: typed by the user", None, _NONE),
        Column("admin_comment", pa.string(), "comment of an administrator", None, _NONE),
        Column("script", pa.string(), "batch script, where accounting stores it", None, _NONE),
        Column("steps", pa.list_(STEP), "its steps"),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "slurm:admin"

_KEYS = re.compile(rb'"(?:kill_request_user|allocation_nodes|association)"\s*:')
_ASKED = re.compile(rb'"type"\s*:\s*"openapi\\?/(?:slurmdbd|dbv)|"command"\s*:\s*\[\s*"[^"]{0,99}sacct"')


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a list of jobs with keys that only accounting has; squeue's jobs have others."""
    if not head.lstrip().startswith(b"{"):
        return 0
    if _KEYS.search(head) and slurmjson.JOBS.search(head):
        return 92
    return 60 if slurmjson.JOBS.search(head) and _ASKED.search(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the jobs of one file."""
    return slurmjson.parse(data, base, TABLE, _job)


def _job(job: Mapping[str, object]) -> dict[str, object] | None:
    """The declared columns of a job, or None where it has no number."""
    number = slurmjson.number(job.get("job_id"))
    if number is None:
        return None
    time, allocated = slurmjson.inner(job, "time"), slurmjson.inner(job, "tres").get("allocated")
    code, signal = slurmjson.exits(job.get("exit_code"))
    return {
        "job_id": str(number),
        "job": _name(job, number),
        "name": slurmjson.text(job.get("name")),
        "user": slurmjson.text(job.get("user"))
        or slurmjson.text(slurmjson.inner(job, "association").get("user")),
        **{
            key: slurmjson.text(job.get(key))
            for key in ("group", "account", "cluster", "partition", "qos", "nodes")
        },
        "state": slurmjson.words(slurmjson.inner(job, "state").get("current")),
        "reason": slurmjson.text(slurmjson.inner(job, "state").get("reason")),
        "exit_code": code,
        "exit_signal": signal,
        "kill_request_user": slurmjson.text(job.get("kill_request_user")),
        "submit_s": slurmjson.moment(time.get("submission")),
        "eligible_s": slurmjson.moment(time.get("eligible")),
        "start_s": slurmjson.moment(time.get("start")),
        "end_s": slurmjson.moment(time.get("end")),
        "elapsed_s": slurmjson.number(time.get("elapsed")),
        "gpus": slurmjson.gpus(allocated),
        "cpus": slurmjson.amount(allocated, "cpu"),
        "node_count": slurmjson.amount(allocated, "node"),
        "energy_j": slurmjson.amount(allocated, "energy"),
        "work_dir": slurmjson.text(job.get("working_directory")),
        "submit_line": slurmjson.text(job.get("submit_line")),
        "comment": slurmjson.text(slurmjson.inner(job, "comment").get("job")),
        "admin_comment": slurmjson.text(slurmjson.inner(job, "comment").get("administrator")),
        "script": slurmjson.text(job.get("script")),
        "steps": list(_steps(job.get("steps"))),
    }


def _name(job: Mapping[str, object], number: int) -> str:
    """A task of an array goes by the array's number and its own; a component of a job, likewise."""
    array, het = slurmjson.inner(job, "array"), slurmjson.inner(job, "het")
    for inner, kept, mark in ((array, "task_id", "_"), (het, "job_offset", "+")):
        whole, part = slurmjson.number(inner.get("job_id")), slurmjson.number(inner.get(kept))
        if whole and part is not None:
            return f"{whole}{mark}{part}"
    tasks = slurmjson.text(array.get("task"))
    return (
        f"{slurmjson.number(array.get('job_id'))}_[{tasks}]"
        if tasks and slurmjson.number(array.get("job_id"))
        else str(number)
    )


def _steps(steps: object) -> Iterator[dict[str, object]]:
    for step in steps if isinstance(steps, list) else ():
        if not isinstance(step, dict):
            continue
        code, signal = slurmjson.exits(step.get("exit_code"))
        time = slurmjson.inner(step, "time")
        named = slurmjson.inner(step, "step").get("id")
        told = named.get("step_id") if isinstance(named, dict) else named
        yield {
            "step": (slurmjson.text(told) or str(slurmjson.number(told) or 0)).rpartition(".")[2],
            "state": slurmjson.words(step.get("state")),
            "exit_code": code,
            "exit_signal": signal,
            "start_s": slurmjson.moment(time.get("start")),
            "end_s": slurmjson.moment(time.get("end")),
            "elapsed_s": slurmjson.number(time.get("elapsed")),
            "gpus": slurmjson.gpus(slurmjson.inner(step, "tres").get("allocated")),
            "energy_j": _energy(step),
            "nodes": slurmjson.text(slurmjson.inner(step, "nodes").get("range")),
            "kill_request_user": slurmjson.text(step.get("kill_request_user")),
        }


def _energy(step: Mapping[str, object]) -> int | None:
    """What a step used; its 0 means that nothing metered it."""
    energy = slurmjson.inner(slurmjson.inner(step, "statistics"), "energy")
    return slurmjson.number(energy.get("consumed")) or None
