r"""A listing of jobs as the controller holds them: `scontrol show job --json`, `squeue --json`, slurmrestd `/slurm/…/jobs`.

    {"jobs": [{"account": "research", … "job_id": 10, "job_state": ["RUNNING"], … "user_id": 4101, "user_name": "mei" …

Shape   one JSON object; each element of its list `jobs` is a job. A number is plain, or
        {"set": true, "infinite": false, "number": 0}; a state is a word or a list of words
Source  Slurm 20.11 to 26.05: src/plugins/data_parser (v0.0.37 to v0.0.46), OpenAPI specification, schema `job_info`
Time    seconds since 1970 by the controller's clock; 0 where there is none. The end of a job that runs is
        when its time runs out
Who     user_name owns the job: the name that the controller's host gave the uid it authenticated. Who asked
        to end it is not in it
Open    Names, comments and paths are typed by users, but quoted. Of equal keys the last is read
"""

import re
from collections.abc import Mapping

import pyarrow as pa

from forensics.core import federation, slurmjson, tres
from forensics.core.model import SPAN, Parsed
from forensics.core.schema import Column, Table

_S = "s since 1970-01-01T00:00:00Z"
_NONE = "empty, or not in this version"
_TAKEN = "a copy that the controller took back: it has no number any more"
TABLE = Table(
    "scontrol_json",
    "a job, as the controller held it when it was asked",
    (
        Column("job_id", pa.string(), "the scheduler's own number of the job", None, _TAKEN),
        Column("job", pa.string(), "the job as users know it, an array's task as `10_3`", None, _TAKEN),
        Column("name", pa.string(), "job name: typed by the user", None, _NONE),
        Column("user", pa.string(), "account that owns the job", None, _NONE),
        Column("uid", pa.int64(), "its uid", None, _NONE),
        Column("account", pa.string(), "account charged", None, _NONE),
        Column("cluster", pa.string(), "cluster", None, _NONE),
        Column("federation_origin", pa.string(), "cluster of a federation that took it", None, _NONE),
        Column("partition", pa.string(), "partition", None, _NONE),
        Column("state", pa.string(), "state; several are joined by `,`", None, _NONE),
        Column("reason", pa.string(), "why it is in that state", None, _NONE),
        Column("exit_code", pa.int64(), "exit code", None, "none yet, or a signal ended it"),
        Column("exit_signal", pa.int64(), "signal that ended it", None, "none"),
        Column("restarts", pa.int64(), "times that it was requeued", None, _NONE),
        Column("submit_s", pa.int64(), "submitted", _S, "not recorded"),
        Column("start_s", pa.int64(), "started, or expected to", _S, "not started"),
        Column("end_s", pa.int64(), "ended, or will have run out of time", _S, "not ended"),
        Column("tres", pa.string(), "resources allocated, as written", None, "nothing allocated"),
        Column("gpus", pa.int64(), "GPUs allocated", None, "nothing allocated"),
        Column("cpus", pa.int64(), "processors allocated", None, "nothing allocated"),
        Column("node_count", pa.int64(), "nodes allocated", None, "nothing allocated"),
        Column("energy_j", pa.int64(), "energy used", "J", "not metered"),
        Column("nodes", pa.string(), "nodes, as written", None, _NONE),
        Column("allocating_node", pa.string(), "host that it was submitted from", None, _NONE),
        Column("command", pa.string(), "script or program: typed by the user", None, _NONE),
        Column("submit_line", pa.string(), "command that submitted it: typed by the user", None, _NONE),
        Column("work_dir", pa.string(), "working directory: typed by the user", None, _NONE),
        Column("comment", pa.string(), "comment: typed by the user", None, _NONE),
        Column("siblings_viable", pa.string(), "clusters of the federation that could run it", None, _NONE),
        Column("siblings_active", pa.string(), "clusters that held a copy of it, or run it", None, _NONE),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "slurm:admin"

_KEYS = re.compile(rb'"(?:user_name|current_working_directory|tres_alloc_str|allocating_node)"\s*:')
_ACCOUNTING = re.compile(rb'"(?:kill_request_user|allocation_nodes)"\s*:')


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a list of jobs with keys that the controller's have, and accounting's have not."""
    if not head.lstrip().startswith(b"{") or not slurmjson.JOBS.search(head):
        return 0
    return 92 if _KEYS.search(head) and not _ACCOUNTING.search(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the jobs of one file."""
    return slurmjson.parse(data, base, TABLE, _job)


def _job(job: Mapping[str, object]) -> dict[str, object] | None:
    """The declared columns of a job, or None where it has no number, and is not shown as a copy whose number was taken."""
    number, state = slurmjson.number(job.get("job_id")), slurmjson.words(job.get("job_state"))
    taken = number in {None, federation.NO_NUMBER}
    if taken and not ("job_id" in job and "REVOKED" in (state or "").split(",")):
        return None
    code, signal = slurmjson.exits(job.get("exit_code"))
    words = {
        "name": "name", "user": "user_name", "account": "account", "cluster": "cluster", "partition": "partition",
        "federation_origin": "federation_origin", "reason": "state_reason", "nodes": "nodes", "comment": "comment",
        "tres": "tres_alloc_str", "command": "command", "work_dir": "current_working_directory",
        "submit_line": "submit_line",
        "allocating_node": "allocating_node", "siblings_viable": "federation_siblings_viable",
        "siblings_active": "federation_siblings_active",
    }  # fmt: skip
    told = slurmjson.text(job.get("tres_alloc_str"))
    amounts = tres.told(pa.array([told], pa.string()))
    return {
        "job_id": None if taken else str(number),
        "job": None if number is None or taken else _name(job, number),
        **{column: slurmjson.text(job.get(key)) for column, key in words.items()},
        "uid": slurmjson.number(job.get("user_id")),
        "state": state,
        "exit_code": code,
        "exit_signal": signal or None,
        "restarts": slurmjson.number(job.get("restart_cnt")),
        **{f"{name}_s": slurmjson.moment(job.get(f"{name}_time")) for name in ("submit", "start", "end")},
        "gpus": amounts.gpus[0].as_py(),
        "cpus": amounts.cpus[0].as_py(),
        "node_count": amounts.nodes[0].as_py(),
        "energy_j": amounts.energy_j[0].as_py(),
    }


def _name(job: Mapping[str, object], number: int) -> str:
    """A task of an array goes by the array's number and its own; a component of a job, likewise."""
    for key, part, mark in (("array_job_id", "array_task_id", "_"), ("het_job_id", "het_job_offset", "+")):
        whole, own = slurmjson.number(job.get(key)), slurmjson.number(job.get(part))
        if whole and own is not None:
            return f"{whole}{mark}{own}"
    tasks, whole = slurmjson.text(job.get("array_task_string")), slurmjson.number(job.get("array_job_id"))
    return f"{whole}_[{tasks}]" if tasks and whole else str(number)
