"""What a recorded terminal session is taken to tell: that these keys and this output passed a terminal.

A process of the session writes it, so nobody is named on its word: who it says it is stands in the text.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.tables import EVENT

NEEDS_ANCHOR = True
ONCE = True
"""Every time has its year, but the recorded account can write any: it must not date other logs."""

_TICK_NS = 1_000_000


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - the messages count seconds since 1970
    anchor_ns: int | None,  # noqa: ARG001 - what has no time gets none
) -> Mapping[str, pa.Table]:
    """One event for each message, from its time until its last event."""
    rows = hostevents.placed(records, files, every_path=False)
    lines, host = rows.lines, rows.files["host"]
    told = zip(*(lines[c].to_pylist() for c in ("epoch_ns", "duration_ms")), strict=True)
    until = [None if at is None else min(at + (ms + 1) * _TICK_NS, 2**63) - 1 for at, ms in told]
    interval = clock.Interval(lines["epoch_ns"], pa.array(until, pa.int64()))
    words = [
        pc.coalesce(pc.binary_join_element_wise(f"{field}=", lines[field].cast(pa.string()), ""), "")
        for field in ("recording", "message", "user", "session", "typed", "shown")
    ]
    event = EVENT.build(
        {
            **hostevents.columns(rows, "tlog"),
            **hostevents.times(interval, host, rows, "tlog"),
            "verb": pa.array(["other"] * lines.num_rows, pa.string()),
            "host": host,
            "account_absence": pa.array(["not_recorded"] * lines.num_rows, pa.string()),
            "text": hostevents.short(pc.binary_join_element_wise(*words, " ")),
        }
    )
    return {"event": event}
