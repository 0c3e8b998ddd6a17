"""What a printed history is taken to tell: that somebody printed these commands as a shell's history.

Whose shell it was, the listing does not say, and where it lies says who could put it there: no account.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, histories, hostevents

EACH = True
NEEDS_ANCHOR = False

_NOBODYS = r"(?!)"


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - what has no time gets none
) -> Mapping[str, pa.Table]:
    """One event for each command and path."""
    rows = hostevents.placed(records, files, every_path=True)
    lines = rows.lines
    when = clock.walls(lines["wall"], layout="%Y-%m-%d %H:%M:%S", zone=zone, tick_ns=clock.NS_PER_S)
    times = histories.timed(when, rows, "history_listing")
    return {"event": histories.events(rows, "history_listing", times, lines["command"], own=_NOBODYS)}
