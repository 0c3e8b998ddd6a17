"""What rsync's own log is taken to tell: as of rsync's daemon in the host's log, by `core/messageevents`.

What went in or out is `reported`: the path is below a module, and the trail of the host may tell the same act.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, hostevents, ownlogs
from forensics.core.clock import NS_PER_S

NEEDS_ANCHOR = False
ONCE = True


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each line."""
    rows = hostevents.placed(records, files, every_path=False)
    when = clock.walls(rows.lines["wall"], layout="%Y/%m/%d %H:%M:%S", zone=zone, tick_ns=NS_PER_S)
    return ownlogs.read(rows, "rsync_log", when, program="rsync")
