"""What a node's log is taken to tell: which process ran for which job, which signals it was sent, and its end.

The uid of a launch owns the job. A signal is sent by the daemon on the controller's word: nobody is
named for it here.
"""

import re
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import citation, slurmlog
from forensics.core.citation import column
from forensics.core.tables import EVENT

NOTED = ("sha256", "node")
"""The node is the one that all lines of a file name."""
NEEDS_ANCHOR = False
ONCE = True

_VERBS = {
    "launch": "start", "launch_step": "start", "task_start": "task_start", "task_signal": "task_exit",
    "task_code": "task_exit", "task_status": "task_exit", "task_memory": "task_exit",
    "signal_process": "job_signal", "signal_asked": "job_signal", "signal_step": "job_signal",
    "signal_kill": "job_signal", "ended_by": "job_signal", "ended": "end", "memory": "fault",
    "memory_step": "fault", "fault_job": "fault", "fault": "fault",
}  # fmt: skip
_FAILURES = pa.array(["task_signal", "task_status", "task_memory", "violation"])
_NAMED = re.compile(
    r"slurm(?:step)?d[-._](?P<host>[A-Za-z0-9][A-Za-z0-9.-]*?)(?:\.log(?:[-.][0-9]+)*)?(?:\.(?:gz|xz|bz2))?"
)
_LONGEST_TEXT = 4096
_NO_TEXT = pa.scalar(None, pa.string())


def read(
    records: pa.Table, files: pa.Table, *, zone: str, anchor_ns: int | None, notes: pa.Table | None = None
) -> Mapping[str, pa.Table]:
    """One event for each line."""
    where = citation.spans(records)
    kind, job, uid = (column(records, name) for name in ("kind", "job", "uid"))
    when = slurmlog.placed(column(records, "wall"), zone=zone, anchor_ns=anchor_ns)
    domain = citation.of_file(where["sha256"], files, "domain")
    host = _hosts(where["sha256"], noted(records) if notes is None else notes, files)
    verb = pc.fill_null(_mapped(kind), "other")
    pid, to_process = column(records, "pid"), pc.fill_null(pc.equal(kind, "signal_process"), False)
    kill = pc.fill_null(pc.equal(kind, "signal_kill"), False)
    event = EVENT.build(
        {
            **citation.cited(where),
            "earliest_ns": when.earliest_ns,
            "latest_ns": when.latest_ns,
            "clock": citation.clocked(when.earliest_ns, pc.coalesce(host, domain), "slurmd"),
            "format": ["slurmd"] * len(kind),
            "domain": domain,
            "verb": verb,
            "outcome": _outcomes(kind, column(records, "exit_code")),
            "host": host,
            "account_absence": pc.if_else(pc.is_valid(uid), "number_only", _absences(verb)),
            "uid": uid,
            "pid": pc.if_else(to_process, None, pid),
            "address": column(records, "address"),
            "port": column(records, "port"),
            "object_kind": pc.if_else(pc.is_valid(job), "job", _NO_TEXT),
            "object": job,
            "signal": pc.if_else(kill, 9, column(records, "signal")),
            "target_pid": pc.if_else(to_process, pid, None),
            "job": job,
            "text": pc.utf8_slice_codeunits(column(records, "message"), 0, _LONGEST_TEXT),
        }
    )
    return {"event": event}


def noted(records: pa.Table) -> pa.Table:
    """The first and the last name, in order, that lines of a slice give the node, for each file."""
    seen = records.select(NOTED).filter(pc.is_valid(records["node"])).group_by("sha256", use_threads=False)
    ends = seen.aggregate([("node", "min"), ("node", "max")])
    return pa.concat_tables(
        ends.select(["sha256", f"node_{end}"]).rename_columns(NOTED) for end in ("min", "max")
    )


def _mapped(kind: pa.Array) -> pa.Array:
    return pa.array(list(_VERBS.values())).take(pc.index_in(kind, pa.array(list(_VERBS))))


def _absences(verb: pa.Array) -> pa.Array:
    """Trouble of a node's own has no actor; of anything else the line does not name it."""
    return pc.if_else(pc.equal(verb, "fault"), "not_applicable", "not_recorded")


def _outcomes(kind: pa.Array, code: pa.Array) -> pa.Array:
    exited = pc.if_else(pc.equal(code, 0), "success", pc.if_else(pc.is_valid(code), "failure", _NO_TEXT))
    return pc.if_else(pc.fill_null(pc.is_in(kind, _FAILURES), False), "failure", exited)


def _hosts(sha256: pa.Array, named: pa.Table, files: pa.Table) -> pa.Array:
    """The node: by the file's name, by the one node that its lines name, or by where it was collected."""
    path = citation.of_file(sha256, files, "path").dictionary_encode()
    found = [_NAMED.fullmatch(p.rpartition("/")[2]) for p in path.dictionary.to_pylist()]
    hosts = [m["host"] if m and m["host"].split(".")[0] != "log" else None for m in found]
    by_name = pa.array(hosts, pa.string()).take(path.indices)
    told = named.group_by("sha256").aggregate([("node", "min"), ("node", "count_distinct")]).to_pylist()
    only = {row["sha256"]: row["node_min"] for row in told if row["node_count_distinct"] == 1}
    coded = sha256.dictionary_encode()
    by_line = pa.array([only.get(s) for s in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)
    return pc.coalesce(by_name, by_line, citation.of_file(sha256, files, "host"))
