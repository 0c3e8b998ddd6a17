"""What process accounting is taken to tell: that a process of a uid ran, between when and when, and how it ended.

The moment of the execution itself is not written: it lies between the start and the end, so the event has
that interval. A process that forked and executed nothing ran its parent's program; it is told as `other`.
The name is the process's own choice, so it is text and no program.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False
ONCE = True

_FORKED, _ROOT, _CORE = 1, 2, 8


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - the records count seconds since 1970
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each process."""
    rows = hostevents.placed(records, files, every_path=False)
    lines, host = rows.lines, rows.files["host"]
    succeeded = pc.and_(pc.equal(lines["exit_code"], 0), pc.equal(lines["exit_signal"], 0))
    event = EVENT.build(
        {
            **hostevents.columns(rows, "pacct"),
            **hostevents.times(_when(lines), host, rows, "pacct"),
            "verb": pc.if_else(_set(lines, _FORKED), "other", "execute"),
            "outcome": pc.if_else(succeeded, "success", "failure"),
            "host": host,
            "account_absence": pa.array(["number_only"] * lines.num_rows, pa.string()),
            "uid": lines["uid"],
            "pid": lines["pid"],
            "ppid": lines["ppid"],
            "tty": lines["tty"],
            "text": _text(lines),
        }
    )
    return {"event": event}


def _set(lines: pa.RecordBatch, flag: int) -> pa.Array:
    return pc.not_equal(pc.bit_wise_and(lines["flags"], flag), 0)


def _when(lines: pa.RecordBatch) -> clock.Interval:
    """From a second before the start written to a second after the end, for both were cut to whole seconds."""
    start_ns = pc.multiply(lines["epoch_s"], clock.NS_PER_S)
    end_ns = pc.add(start_ns, pc.min_element_wise(lines["elapsed_ns"], 2**62))
    margin = clock.NS_PER_S - 1
    return clock.Interval(pc.subtract(start_ns, margin), pc.add(end_ns, margin))


def _text(lines: pa.RecordBatch) -> pa.Array:
    """The process's name, and how it ended."""
    ended = [
        pc.binary_join_element_wise(word, lines[field].cast(pa.string()), "")
        for word, field in ((" exit=", "exit_code"), (" signal=", "exit_signal"))
    ]
    marks = [
        pc.if_else(_set(lines, flag), words, "")
        for flag, words in (
            (_FORKED, " forked, executed nothing"),
            (_ROOT, " used root's rights"),
            (_CORE, " dumped core"),
        )
    ]
    name = pc.coalesce(lines["command"], "(no name)")
    return hostevents.short(pc.binary_join_element_wise(name, *ended, *marks, ""))
