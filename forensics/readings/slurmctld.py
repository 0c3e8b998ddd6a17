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

from forensics.core import citation, neighbours, slurmlog, slurmmeaning
from forensics.core.citation import column
from forensics.core.tables import EVENT
from forensics.core.tabular import pandas as pd

NOTED = ("sha256", "thread", "kind", "job", "uid", "request", "address", "port", "start", "stop")
"""Whether a request was refused stands in a later line, and who asked for it in an earlier one."""
FEW_LACK = True
NEEDS_ANCHOR = False
ONCE = True

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
_THREADS = (*_ANSWERS, *_RECEIPTS, *_UNSURE)


def read(
    records: pa.Table, files: pa.Table, *, zone: str, anchor_ns: int | None, notes: pa.Table | None = None
) -> Mapping[str, pa.Table]:
    """One event for each line; a refused kill request also cites the line that refused it."""
    rows, own = neighbours.among(records, notes)
    where = citation.spans(rows)
    when = slurmlog.placed(column(rows, "wall"), zone=zone, anchor_ns=anchor_ns)
    domain = citation.of_file(where["sha256"], files, "domain")
    refusal, receipt = slurmmeaning.refusals(rows), receipts(rows)
    from_receipt = {
        name: pc.coalesce(column(rows, name), column(rows, name).take(receipt))
        for name in ("uid", "address", "port")
    }
    lines = {name: column(rows, name) for name in slurmmeaning.CONTROLLER_COLUMNS} | from_receipt
    told = slurmmeaning.controller(lines, refused=pc.is_valid(refusal))
    event = EVENT.build(
        {
            **citation.cited(where, second=pc.coalesce(refusal, receipt)),
            "earliest_ns": when.earliest_ns,
            "latest_ns": when.latest_ns,
            "clock": citation.clocked(when.earliest_ns, domain, "slurmctld"),
            "format": ["slurmctld"] * rows.num_rows,
            "domain": domain,
            **told,
        }
    )
    return {"event": neighbours.only(event, own)}


def noted(records: pa.Table) -> pa.Table:
    """The rows of a slice that others can lack, or that say what those lack: the first and the last of each request and each thread."""
    rows, _ = neighbours.among(records, None)
    kind = column(rows, "kind")
    unsure = _at(kind, _UNSURE)
    held = [unsure[:1], unsure[-1:]]
    kills, threads = slurmmeaning.about_kills(rows), _at(kind, _THREADS)
    for at, keys in ((kills, ("sha256", "job", "uid")), (threads, ("sha256", "thread"))):
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
        about = notes.take(pa.array(slurmmeaning.about_kills(notes)))
        refuses = slurmmeaning.refuses(about).to_pylist()
        for row, refused in zip(reversed(about.to_pylist()), reversed(refuses), strict=True):
            key = row["sha256"], row["job"], row["uid"]
            if refused:
                behind[key] = number, row
            elif key in behind:
                of, refusal = behind.pop(key)
                lacked += [refusal] if of != number else []
        yield number, neighbours.table(lacked, notes)


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
