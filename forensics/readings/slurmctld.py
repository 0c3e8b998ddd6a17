"""What the controller's log is taken to tell: what was asked of the scheduler, by which uid, and what it did.

The uid of a request is authenticated, so it is the actor's; no name is written. A line that says that
a request was refused takes nothing back: the request stays an event, its outcome is failure, and it
cites both lines. Who submitted, suspended, asked for a requeue that was refused, or changed a node, a reservation
or a partition, only the line of the request's receipt says: the two are joined, and both cited, where the stamps name the
thread (`receipts`). Without threads they stay apart, however near they stand: the controller serves many requests at once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import citation, neighbours, slurmlog
from forensics.core.citation import column
from forensics.core.tables import EVENT
from forensics.core.tabular import pandas as pd

NOTED = ("sha256", "thread", "kind", "job", "uid", "request", "address", "port", "start", "stop")
"""Whether a request was refused stands in a later line, and who asked for it in an earlier one."""
FEW_LACK = True
NEEDS_ANCHOR = False
ONCE = True

_VERBS = {
    "submit": "submit", "allocate": "submit", "submit_refused": "submit",
    "start": "start", "start_backfill": "start", "start_step": "start",
    "kill": "kill_request", "kill_unnamed": "kill_request", "kill_step": "kill_request",
    "signal": "job_signal",
    "end_done": "end", "end_status": "end", "end_signal": "end", "end_cancelled": "end", "end_memory": "end",
    "time_limit": "end",
    "update_done": "job_update", "update_refused": "job_update", "update": "job_update", "hold": "job_update",
    "release": "job_update", "requeue": "job_update", "requeue_asked": "job_update",
    "requeue_refused": "job_update", "suspend": "job_update", "top_refused": "job_update",
    "requeue_node": "fault", "requeue_fault": "fault", "end_node": "fault", "node_silent": "fault",
    "node_state": "fault", "node_killed": "fault", "node_launch": "fault", "node_lost": "fault",
    "node_epilog": "fault", "node_prolog": "fault", "node_changed": "fault", "node_setup": "fault",
    "node_reboot": "fault",
    "reservation": "scheduler_edit", "reservation_gone": "scheduler_edit", "reservation_refused": "scheduler_edit",
    "node_edit": "scheduler_edit", "node_set": "scheduler_edit", "node_updated": "scheduler_edit",
    "partition_edit": "scheduler_edit", "reconfigure": "scheduler_edit", "reconfigure_refused": "scheduler_edit",
    "log_level": "scheduler_edit", "service_start": "service", "service_stop": "service",
}  # fmt: skip
_OUTCOMES = {
    "update_done": "success", "end_signal": "failure", "end_memory": "failure", "time_limit": "TIMEOUT",
    "end_cancelled": "CANCELLED", "create_refused": "failure", "violation": "failure",
    "violation_job": "failure", "violation_other": "failure",
}  # fmt: skip
_EDITS = pa.array(
    """REQUEST_UPDATE_NODE REQUEST_CREATE_NODE REQUEST_DELETE_NODE REQUEST_UPDATE_PARTITION REQUEST_CREATE_PARTITION
    REQUEST_DELETE_PARTITION REQUEST_CREATE_RESERVATION REQUEST_UPDATE_RESERVATION REQUEST_DELETE_RESERVATION
    REQUEST_RECONFIGURE REQUEST_SET_DEBUG_FLAGS REQUEST_SET_DEBUG_LEVEL REQUEST_SET_SCHEDLOG_LEVEL
    REQUEST_SHUTDOWN REQUEST_CONTROL REQUEST_TAKEOVER REQUEST_REBOOT_NODES""".split()  # noqa: SIM905 - words
)
_ANSWERS = {
    "submit": "REQUEST_SUBMIT_BATCH_JOB REQUEST_SUBMIT_BATCH_HET_JOB",
    "submit_refused": "REQUEST_SUBMIT_BATCH_JOB REQUEST_RESOURCE_ALLOCATION",
    "allocate": "REQUEST_RESOURCE_ALLOCATION REQUEST_HET_JOB_ALLOCATION",
    "suspend": "REQUEST_SUSPEND",
    "requeue_refused": "REQUEST_JOB_REQUEUE",
    "top_refused": "REQUEST_TOP_JOB",
    "reservation_gone": "REQUEST_DELETE_RESERVATION",
    "reservation_refused": "REQUEST_CREATE_RESERVATION REQUEST_UPDATE_RESERVATION REQUEST_DELETE_RESERVATION",
    "node_updated": "REQUEST_UPDATE_NODE",
    "partition_edit": "REQUEST_UPDATE_PARTITION REQUEST_CREATE_PARTITION REQUEST_DELETE_PARTITION",
}
"""Lines without a uid that only the handler of these requests writes, on the thread that said their receipt just before."""
_RECEIPTS = frozenset({"processing", "opcode"})
_UNSURE = frozenset({"log_level", "reconfigure", "service_start", "service_stop"})
"""From here receipts may no longer be logged, and what answers one of them could be taken for another's."""
_REQUESTS = ("kill", "kill_result")
_THREADS = (*_ANSWERS, *_RECEIPTS, *_UNSURE)
_LONGEST_TEXT = 4096
_NO_TEXT = pa.scalar(None, pa.string())


def read(
    records: pa.Table, files: pa.Table, *, zone: str, anchor_ns: int | None, notes: pa.Table | None = None
) -> Mapping[str, pa.Table]:
    """One event for each line; a refused kill request also cites the line that refused it."""
    rows, own = neighbours.among(records, notes)
    where = citation.spans(rows)
    kind, job, uid, nodes = (column(rows, name) for name in ("kind", "job", "uid", "nodes"))
    when = slurmlog.placed(column(rows, "wall"), zone=zone, anchor_ns=anchor_ns)
    domain = citation.of_file(where["sha256"], files, "domain")
    asked = pc.if_else(pc.is_in(column(rows, "request"), _EDITS), "scheduler_edit", "other")
    verb = pc.coalesce(_mapped(kind, _VERBS), asked)
    refusal, receipt = _refusals(rows), receipts(rows)
    uid = pc.coalesce(uid, uid.take(receipt))
    fault = pc.equal(verb, "fault")
    of_node = pc.or_(fault, pc.equal(verb, "scheduler_edit"))
    one = pc.and_(of_node, pc.match_substring_regex(nodes, r"^[^,\[\]]+$"))
    unnamed = pc.if_else(fault, "not_applicable", "not_recorded")
    event = EVENT.build(
        {
            **citation.cited(where, second=pc.coalesce(refusal, receipt)),
            "earliest_ns": when.earliest_ns,
            "latest_ns": when.latest_ns,
            "clock": citation.clocked(when.earliest_ns, domain, "slurmctld"),
            "format": ["slurmctld"] * len(kind),
            "domain": domain,
            "verb": verb,
            "outcome": _outcomes(rows, refusal),
            "host": pc.if_else(pc.fill_null(one, False), nodes, _NO_TEXT),
            "account_absence": pc.if_else(pc.is_valid(uid), "number_only", unnamed),
            "uid": uid,
            "address": pc.coalesce(column(rows, "address"), column(rows, "address").take(receipt)),
            "port": pc.coalesce(column(rows, "port"), column(rows, "port").take(receipt)),
            "object_kind": pc.if_else(pc.is_valid(job), "job", _NO_TEXT),
            "object": job,
            "signal": column(rows, "signal"),
            "job": job,
            "text": pc.utf8_slice_codeunits(column(rows, "message"), 0, _LONGEST_TEXT),
        }
    )
    return {"event": neighbours.only(event, own)}


def noted(records: pa.Table) -> pa.Table:
    """The rows of a slice that others can lack, or that say what those lack: the first and the last of each request and each thread."""
    rows, _ = neighbours.among(records, None)
    kind = column(rows, "kind")
    unsure = _at(kind, _UNSURE)
    held = [unsure[:1], unsure[-1:]]
    for kinds, keys in ((_REQUESTS, ("sha256", "job", "uid")), (_THREADS, ("sha256", "thread"))):
        at = _at(kind, kinds)
        of = pd.DataFrame({name: column(rows, name).take(pa.array(at)).to_pandas() for name in keys})
        held += [at[~of.duplicated(keep=which).to_numpy()] for which in ("first", "last")]
    return rows.take(pa.array(np.unique(np.concatenate(held)), pa.int64()))


def _at(kind: pa.Array, kinds: Iterable[str]) -> npt.NDArray[np.int64]:
    """Which rows are of some kinds."""
    return np.flatnonzero(np.asarray(pc.fill_null(pc.is_in(kind, pa.array([*kinds])), False)))


def lacking(several: Sequence[pa.Table], files: pa.Table) -> Iterator[tuple[int, pa.Table]]:  # noqa: ARG001 - each file by itself
    """The receipts of requests that a slice answers, of slices before it; and the refusals of those that it has, of slices behind it.

    Held are the receipts that nothing has answered yet, one for each thread; then the refusals of which no request has been seen.
    """
    yield from _receipts_before(several)
    yield from _refusals_behind(several)


def _receipts_before(several: Sequence[pa.Table]) -> Iterator[tuple[int, pa.Table]]:
    open_: dict[tuple[object, object], tuple[int, neighbours.Row]] = {}
    for number, notes in enumerate(several):
        lacked = []
        for row in notes.filter(pc.is_in(notes["kind"], pa.array([*_THREADS]))).to_pylist():
            key, kind = (row["sha256"], row["thread"]), row["kind"]
            if kind in _UNSURE:
                open_.clear()
            elif kind in _RECEIPTS and row["uid"] is not None and row["thread"] is not None:
                open_[key] = number, row
            elif key in open_:
                of, receipt = open_.pop(key)
                if of != number and receipt["request"] in _ANSWERS.get(kind, "").split():
                    lacked.append(receipt)
        yield number, neighbours.table(lacked, notes)


def _refusals_behind(several: Sequence[pa.Table]) -> Iterator[tuple[int, pa.Table]]:
    behind: dict[tuple[object, ...], tuple[int, neighbours.Row]] = {}
    for number in reversed(range(len(several))):
        notes, lacked = several[number], []
        for row in reversed(notes.filter(pc.is_in(notes["kind"], pa.array([*_REQUESTS]))).to_pylist()):
            key = row["sha256"], row["job"], row["uid"]
            if row["kind"] == "kill_result":
                behind[key] = number, row
            elif key in behind:
                of, refusal = behind.pop(key)
                lacked += [refusal] if of != number else []
        yield number, neighbours.table(lacked, notes)


def _mapped(kind: pa.Array, table: Mapping[str, str]) -> pa.Array:
    """What a table of kinds says of each row, or null."""
    at = pc.index_in(kind, pa.array(list(table)))
    return pa.array(list(table.values())).take(at)


def _outcomes(rows: pa.Table, refusal: pa.Array) -> pa.Array:
    """What came of it, where the line says, or the line after it."""
    code = column(rows, "exit_code")
    exited = pc.if_else(pc.equal(code, 0), "success", pc.if_else(pc.is_valid(code), "failure", _NO_TEXT))
    refused = pc.or_(pc.is_valid(column(rows, "result")), pc.is_valid(refusal))
    told = pc.coalesce(_mapped(column(rows, "kind"), _OUTCOMES), exited)
    return pc.if_else(refused, "failure", told)


def _refusals(rows: pa.Table) -> pa.Array:
    """For each kill request, the row that says it was refused.

    That is the next line about a kill of the same job by the same uid, where it is a result: the
    controller logs none where it obeyed.
    """
    kind = column(rows, "kind")
    at = _at(kind, _REQUESTS)
    keys = [column(rows, name).take(pa.array(at)).to_pandas() for name in ("sha256", "job", "uid")]
    is_result = pd.Series(np.asarray(pc.equal(kind, "kill_result").take(pa.array(at))))
    after = pd.Series(np.where(is_result, at, -1)).groupby(keys).shift(-1, fill_value=-1)
    second = np.full(len(kind), -1, np.int64)
    second[at] = np.where(is_result, -1, after.to_numpy(np.int64))
    return pa.array(second, mask=second < 0)


def receipts(rows: pa.Table) -> pa.Array:
    """For each line that answers a request without its uid, the row that says its receipt, or null.

    That is the last receipt on the same thread, where it is of such a request, and nothing answered it yet. A thread's
    number is given again to another once it has ended, so nothing is joined across a line behind which receipts may be missing.

    Args:
        rows: records of the format, sorted by (sha256, start).
    """
    place = np.full(rows.num_rows, -1, np.int64)
    thread = column(rows, "thread")
    if thread.null_count < len(thread):
        at = _at(column(rows, "kind"), _THREADS)
        held = [
            column(rows, name).take(pa.array(at)).to_pylist()
            for name in ("sha256", "thread", "kind", "request", "uid")
        ]
        open_: dict[tuple[str, str], tuple[int, str]] = {}
        for row, sha256, own, kind, request, uid in zip(at.tolist(), *held, strict=True):
            if kind in _UNSURE:
                open_.clear()
            elif own is not None and kind in _RECEIPTS and uid is not None:
                open_[sha256, own] = (row, request)
            elif own is not None:
                receipt, asked = open_.pop((sha256, own), (-1, ""))
                place[row] = receipt if asked in _ANSWERS.get(kind, "").split() else -1
    return pa.array(place, mask=place < 0)
