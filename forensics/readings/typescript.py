"""What a recorded terminal is taken to tell: that it showed these lines, between a start and an end.

The user's own program writes the file, so it tells what its owner wanted kept. The account is the owner of
the home folder it was collected from, where it lies in one. Output has no times of its own: where the file's
first and last lines are dated, it lies between the two.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.hostevents import NOTHING
from forensics.core.tables import EVENT

NOTED = ("sha256", "start", "kind", "time")
"""What lies between the first line and the last has its time by both."""
NEEDS_ANCHOR = True
"""Every time has its year, but the recorded account can write any: it must not date other logs."""

_Row = tuple[str, int, str, int | None, int | None]
_DATED = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}$"


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - a dated line has its own offset
    anchor_ns: int | None,  # noqa: ARG001 - what has no time gets none
    notes: pa.Table | None = None,
) -> Mapping[str, pa.Table]:
    """One event for each line and path."""
    rows = hostevents.placed(records, files, every_path=True)
    lines, host = rows.lines, rows.files["host"]
    account = hostevents.owners(pc.coalesce(rows.files["origin"], rows.files["path"]))
    words = pc.binary_join_element_wise(lines["kind"], lines["time"], pc.coalesce(lines["words"], ""), " ")
    event = EVENT.build(
        {
            **hostevents.columns(rows, "typescript"),
            **hostevents.times(_when(lines, notes), host, rows, "typescript"),
            "verb": pa.array(["other"] * lines.num_rows, pa.string()),
            "host": host,
            "account": account,
            "account_absence": hostevents.absence(account),
            "text": hostevents.short(pc.coalesce(lines["text"], words)),
        }
    )
    return {"event": event}


def noted(records: pa.Table) -> pa.Table:
    """Of each file the last line that begins a recording, and the last line."""
    own = records.select(NOTED)
    sha256, kind = (own[name].to_pylist() for name in ("sha256", "kind"))
    opened = {file: n for n, file in enumerate(sha256) if kind[n] == "started"}
    last = {file: n for n, file in enumerate(sha256)}
    return own.take(pa.array(sorted({*opened.values(), *last.values()}), pa.int64()))


def _when(lines: pa.RecordBatch, notes: pa.Table | None) -> clock.Interval:
    """Of the first and last line their own time, of what lies between the time between."""
    rows = _rows(lines)
    every = rows if notes is None else _rows(notes.combine_chunks())
    opened = {sha256: earliest for sha256, _, kind, earliest, _ in every if kind == "started"}
    closed = {sha256: (start, kind, latest) for sha256, start, kind, _, latest in every}
    first: list[int | None] = []
    last: list[int | None] = []
    for sha256, start, kind, earliest, latest in rows:
        end_at, end_kind, end = closed[sha256]
        begin = opened.get(sha256)
        own = kind == "started" or (kind == "done" and start == end_at)
        between = begin is not None and end is not None and end_kind == "done" and begin <= end
        first.append(earliest if own else begin if between else None)
        last.append(latest if own else end if between else None)
    return clock.Interval(pa.array(first, pa.int64()), pa.array(last, pa.int64()))


def _rows(lines: pa.RecordBatch | pa.Table) -> list[_Row]:
    """Of each line its file, its place, its kind, and the time that it writes."""
    time = lines["time"].combine_chunks() if isinstance(lines, pa.Table) else lines["time"]
    dated = pc.fill_null(pc.match_substring_regex(time, _DATED), False)
    told = clock.offsets(pc.if_else(dated, time, NOTHING), tick_ns=clock.NS_PER_S)
    columns = (lines["sha256"], lines["start"], lines["kind"], told.earliest_ns, told.latest_ns)
    return list(zip(*(column.to_pylist() for column in columns), strict=True))
