"""What the log that sudo keeps by itself is taken to tell: as of sudo in the host's log, by `core/messageevents`.

An entry that only says how a command ended repeats who asked for it, and is told so too.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents, ownlogs
from forensics.core.clock import NS_PER_S, Interval
from forensics.core.hostevents import NOTHING

NEEDS_ANCHOR = True
ONCE = True


def read(records: pa.Table, files: pa.Table, *, zone: str, anchor_ns: int | None) -> Mapping[str, pa.Table]:
    """One event for each entry."""
    rows = hostevents.placed(records, files, every_path=False)
    return ownlogs.read(rows, "sudo_log", _when(rows.lines, zone, anchor_ns), program="sudo")


def _when(lines: pa.RecordBatch, zone: str, anchor_ns: int | None) -> Interval:
    """Wall clocks with their year, and those whose year is inferred from the order of the entries."""
    year = lines["year"].cast(pa.string())
    dated = pc.binary_join_element_wise(year, lines["wall"], " ")
    whole = clock.walls(dated, layout="%Y %b %d %H:%M:%S", zone=zone, tick_ns=NS_PER_S)
    bare = pc.if_else(pc.is_valid(year), NOTHING, lines["wall"])
    told = clock.yearless_in_order(bare, file=lines["sha256"], zone=zone, anchor_ns=anchor_ns)
    return Interval(*(pc.coalesce(*ends) for ends in zip(whole, told, strict=True)))
