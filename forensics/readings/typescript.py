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

WHOLE = "what lies between the first line and the last has its time by both"
NEEDS_ANCHOR = True
"""Every time has its year, but the recorded account can write any: it must not date other logs."""

_DATED = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}$"


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - a dated line has its own offset
    anchor_ns: int | None,  # noqa: ARG001 - what has no time gets none
) -> Mapping[str, pa.Table]:
    """One event for each line and path."""
    rows = hostevents.placed(records, files, every_path=True)
    lines, host = rows.lines, rows.files["host"]
    account = hostevents.owners(pc.coalesce(rows.files["origin"], rows.files["path"]))
    words = pc.binary_join_element_wise(lines["kind"], lines["time"], pc.coalesce(lines["words"], ""), " ")
    event = EVENT.build(
        {
            **hostevents.columns(rows, "typescript"),
            **hostevents.times(_when(lines), host, rows, "typescript"),
            "verb": pa.array(["other"] * lines.num_rows, pa.string()),
            "host": host,
            "account": account,
            "account_absence": hostevents.absence(account),
            "text": hostevents.short(pc.coalesce(lines["text"], words)),
        }
    )
    return {"event": event}


def _when(lines: pa.RecordBatch) -> clock.Interval:
    """Of the first and last line their own time, of what lies between the time between."""
    dated = pc.fill_null(pc.match_substring_regex(lines["time"], _DATED), False)
    told = clock.offsets(pc.if_else(dated, lines["time"], NOTHING), tick_ns=clock.NS_PER_S)
    columns = (lines["sha256"], lines["start"], lines["kind"], told.earliest_ns, told.latest_ns)
    rows = list(zip(*(column.to_pylist() for column in columns), strict=True))
    opened = {sha256: earliest for sha256, _, kind, earliest, _ in rows if kind == "started"}
    closed = {sha256: (start, kind, latest) for sha256, start, kind, _, latest in rows}
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
