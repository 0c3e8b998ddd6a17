"""What dmesg's lines are taken to tell: as of the kernel in the host's log, by `core/messageevents`.

Of seconds since boot no time is made: when the host was booted stands elsewhere, and clocks were set since.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents, ownlogs
from forensics.core.clock import NS_PER_S, Interval

NEEDS_ANCHOR = False
ONCE = True

_NS_PER_US = 1_000


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - a stamp is dated, or no time
) -> Mapping[str, pa.Table]:
    """One event for each line."""
    rows = hostevents.placed(records, files, every_path=False)
    lines = rows.lines
    local = clock.walls(lines["wall"], layout="%b %d %H:%M:%S %Y", zone=zone, tick_ns=NS_PER_S)
    dated = clock.offsets(pc.replace_substring(lines["iso"], ",", "."), tick_ns=_NS_PER_US)
    when = Interval(*(pc.coalesce(*ends) for ends in zip(local, dated, strict=True)))
    return ownlogs.read(rows, "dmesg", when, program="kernel")
