"""What messages of Slurm's daemons are taken to tell, in the daemons' own files and in a host's log alike.

The uid of a request is authenticated by the controller, so it is the actor's, as far as the controller wrote the line. The uid of a
launch on a node owns the job; a signal there is sent on the controller's word, and names nobody.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.citation import column
from forensics.core.tabular import pandas as pd

_VERBS = {
    "submit": "submit", "allocate": "submit", "submit_refused": "submit",
    "start": "start", "start_backfill": "start", "start_step": "start",
    "kill": "kill_request", "kill_unnamed": "kill_request", "kill_step": "kill_request",
    "signal": "job_signal",
    "end_done": "end", "end_status": "end", "end_signal": "end", "end_cancelled": "end", "end_memory": "end",
    "time_limit": "end", "deadline": "end", "dependency": "end", "preempted": "end",
    "update_done": "job_update", "update_refused": "job_update", "update": "job_update", "hold": "job_update",
    "release": "job_update", "requeue": "job_update", "requeue_asked": "job_update",
    "requeue_refused": "job_update", "suspend": "job_update", "top_refused": "job_update",
    "requeue_node": "fault", "requeue_fault": "fault", "end_node": "fault", "node_silent": "fault",
    "node_state": "fault", "node_killed": "fault", "node_launch": "fault", "node_lost": "fault",
    "node_epilog": "fault", "node_prolog": "fault", "node_changed": "fault", "node_setup": "fault",
    "node_reboot": "fault", "node_drained": "fault",
    "reservation": "scheduler_edit", "reservation_gone": "scheduler_edit", "reservation_refused": "scheduler_edit",
    "node_edit": "scheduler_edit", "node_set": "scheduler_edit", "node_updated": "scheduler_edit",
    "partition_edit": "scheduler_edit", "node_refused": "scheduler_edit", "partition_refused": "scheduler_edit",
    "reconfigure": "scheduler_edit", "reconfigure_refused": "scheduler_edit",
    "log_level": "scheduler_edit", "service_start": "service", "service_stop": "service",
}  # fmt: skip
_OUTCOMES = {
    "update_done": "success", "end_signal": "failure", "end_memory": "failure", "time_limit": "TIMEOUT",
    "end_cancelled": "CANCELLED", "deadline": "DEADLINE", "dependency": "CANCELLED", "preempted": "PREEMPTED",
    "create_refused": "failure", "violation": "failure",
    "violation_job": "failure", "violation_other": "failure",
}  # fmt: skip
_EDITS = pa.array(
    """REQUEST_UPDATE_NODE REQUEST_CREATE_NODE REQUEST_DELETE_NODE REQUEST_UPDATE_PARTITION REQUEST_CREATE_PARTITION
    REQUEST_DELETE_PARTITION REQUEST_CREATE_RESERVATION REQUEST_UPDATE_RESERVATION REQUEST_DELETE_RESERVATION
    REQUEST_RECONFIGURE REQUEST_SET_DEBUG_FLAGS REQUEST_SET_DEBUG_LEVEL REQUEST_SET_SCHEDLOG_LEVEL
    REQUEST_SHUTDOWN REQUEST_CONTROL REQUEST_TAKEOVER REQUEST_REBOOT_NODES""".split()  # noqa: SIM905 - words
)
_NODE_VERBS = {
    "launch": "start", "launch_step": "start", "task_start": "task_start", "task_signal": "task_exit",
    "task_code": "task_exit", "task_status": "task_exit", "task_memory": "task_exit",
    "signal_process": "job_signal", "signal_asked": "job_signal", "signal_step": "job_signal",
    "signal_kill": "job_signal", "signal_refused": "job_signal",
    "ended_by": "job_signal", "ended": "end", "memory": "fault",
    "memory_step": "fault", "fault_job": "fault", "fault": "fault",
}  # fmt: skip
_NODE_FAILURES = pa.array(["task_signal", "task_status", "task_memory", "violation", "signal_refused"])
_REFUSALS = pa.array(["refused", "violation", "range", "events"])
_KILLS = pa.array(["REQUEST_KILL_JOB", "JOB_CANCEL"])
REFUSAL_COLUMNS = ("sha256", "kind", "job", "uid", "request")
_LONGEST_TEXT = 4096
_NO_TEXT = pa.scalar(None, pa.string())
CONTROLLER_COLUMNS = (
    "kind", "job", "uid", "signal", "exit_code", "nodes", "request", "address", "port", "result", "message",
)  # fmt: skip
NODE_COLUMNS = ("kind", "job", "uid", "pid", "signal", "exit_code", "address", "port", "message")
ACCOUNTING_COLUMNS = ("kind", "uid", "address", "port", "message")
_Lines = Mapping[str, pa.Array]


def controller(lines: _Lines, *, refused: pa.Array) -> dict[str, pa.Array]:
    """The event columns that a message of slurmctld fills; `host` is the one node that trouble or a change is of.

    Args:
        lines: `CONTROLLER_COLUMNS`, by name.
        refused: which requests a later message says were refused.
    """
    kind, job, uid, nodes = (lines[name] for name in ("kind", "job", "uid", "nodes"))
    asked = pc.if_else(pc.is_in(lines["request"], _EDITS), "scheduler_edit", "other")
    verb = pc.coalesce(_mapped(kind, _VERBS), asked)
    fault = pc.equal(verb, "fault")
    of_node = pc.or_(fault, pc.equal(verb, "scheduler_edit"))
    one = pc.and_(of_node, pc.match_substring_regex(nodes, r"^[^,\[\]]+$"))
    unnamed = pc.if_else(fault, "not_applicable", "not_recorded")
    return {
        "verb": verb,
        "outcome": _outcomes(lines, refused),
        "host": pc.if_else(pc.fill_null(one, False), nodes, _NO_TEXT),
        "account_absence": pc.if_else(pc.is_valid(uid), "number_only", unnamed),
        "uid": uid,
        "address": lines["address"],
        "port": lines["port"],
        "object_kind": pc.if_else(pc.is_valid(job), "job", _NO_TEXT),
        "object": job,
        "signal": lines["signal"],
        "job": job,
        "text": _short(lines["message"]),
    }


def node(lines: _Lines) -> dict[str, pa.Array]:
    """The event columns that a message of slurmd or slurmstepd fills.

    Args:
        lines: `NODE_COLUMNS`, by name.
    """
    kind, job, uid, pid = (lines[name] for name in ("kind", "job", "uid", "pid"))
    verb = pc.fill_null(_mapped(kind, _NODE_VERBS), "other")
    to_process = pc.fill_null(pc.equal(kind, "signal_process"), False)
    kill = pc.fill_null(pc.equal(kind, "signal_kill"), False)
    # Trouble of a node's own has no actor; of anything else the line does not name it.
    unnamed = pc.if_else(pc.equal(verb, "fault"), "not_applicable", "not_recorded")
    failed = pc.fill_null(pc.is_in(kind, _NODE_FAILURES), False)
    return {
        "verb": verb,
        "outcome": pc.if_else(failed, "failure", _exited(lines["exit_code"])),
        "account_absence": pc.if_else(pc.is_valid(uid), "number_only", unnamed),
        "uid": uid,
        "pid": pc.if_else(to_process, None, pid),
        "address": lines["address"],
        "port": lines["port"],
        "object_kind": pc.if_else(pc.is_valid(job), "job", _NO_TEXT),
        "object": job,
        "signal": pc.if_else(kill, 9, lines["signal"]),
        "target_pid": pc.if_else(to_process, pid, None),
        "job": job,
        "text": _short(lines["message"]),
    }


def accounting(lines: _Lines) -> dict[str, pa.Array]:
    """The event columns that a message of slurmdbd fills.

    Args:
        lines: `ACCOUNTING_COLUMNS`, by name.
    """
    refused = pc.fill_null(pc.is_in(lines["kind"], _REFUSALS), False)
    return {
        "verb": pa.array(["other"] * len(refused), pa.string()),
        "outcome": pc.if_else(refused, "failure", _NO_TEXT),
        "account_absence": pc.if_else(pc.is_valid(lines["uid"]), "number_only", "not_recorded"),
        "uid": lines["uid"],
        "address": lines["address"],
        "port": lines["port"],
        "text": _short(lines["message"]),
    }


def refuses(rows: pa.Table) -> pa.Array:
    """Which rows say that a kill was refused: the answer, or the violation that the controller logs before it.

    Before 21.08 the answer does not say whose request it answers; the violation always does.
    """
    kind = column(rows, "kind")
    violation = pc.and_(pc.equal(kind, "violation_job"), pc.is_in(column(rows, "request"), _KILLS))
    return pc.fill_null(pc.or_(pc.equal(kind, "kill_result"), violation), False)


def about_kills(rows: pa.Table) -> npt.NDArray[np.int64]:
    """The rows that ask for a kill or refuse one, and say of which job and by whom."""
    told = pc.or_(pc.fill_null(pc.equal(column(rows, "kind"), "kill"), False), refuses(rows))
    for name in ("job", "uid"):
        told = pc.and_(told, pc.is_valid(column(rows, name)))
    return np.flatnonzero(np.asarray(told))


def refusals(rows: pa.Table) -> pa.Array:
    """For each kill request, the row that says it was refused.

    That is the next line about a kill of the same job by the same uid, where it refuses: the
    controller logs none where it obeyed. An answer without a uid is nobody's.

    Args:
        rows: `REFUSAL_COLUMNS`, sorted by (sha256, start).
    """
    refused, at = np.asarray(refuses(rows), bool), about_kills(rows)
    keys = [column(rows, name).take(pa.array(at)).to_pandas() for name in ("sha256", "job", "uid")]
    is_result = pd.Series(refused[at])
    after = pd.Series(np.where(is_result, at, -1)).groupby(keys).shift(-1, fill_value=-1)
    second = np.full(rows.num_rows, -1, np.int64)
    second[at] = np.where(is_result, -1, after.to_numpy(np.int64))
    return pa.array(second, mask=second < 0)


def _mapped(kind: pa.Array, table: Mapping[str, str]) -> pa.Array:
    """What a table of kinds says of each row, or null."""
    return pa.array(list(table.values())).take(pc.index_in(kind, pa.array(list(table))))


def _outcomes(lines: _Lines, refused: pa.Array) -> pa.Array:
    """What came of it, where the line says, or the line after it."""
    told = pc.coalesce(_mapped(lines["kind"], _OUTCOMES), _exited(lines["exit_code"]))
    return pc.if_else(pc.or_(pc.is_valid(lines["result"]), refused), "failure", told)


def _exited(code: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(code, 0), "success", pc.if_else(pc.is_valid(code), "failure", _NO_TEXT))


def _short(message: pa.Array) -> pa.Array:
    return pc.utf8_slice_codeunits(message, 0, _LONGEST_TEXT)
