"""What the log that sudo keeps by itself is taken to tell: as of sudo in the host's log, by `core/messageevents`.

An entry that only says how a command ended repeats who asked for it, and is told so too.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents, messageevents
from forensics.core.clock import NS_PER_S, Interval
from forensics.core.hostevents import NOTHING
from forensics.core.tables import EVENT

NEEDS_ANCHOR = True
ONCE = True


def read(records: pa.Table, files: pa.Table, *, zone: str, anchor_ns: int | None) -> Mapping[str, pa.Table]:
    """One event for each entry."""
    rows = hostevents.placed(records, files, every_path=False)
    lines = rows.lines
    size = lines.num_rows
    sudo = pa.array(["sudo"] * size, pa.string())
    named = {name: lines[name] for name in lines.schema.names}
    told = messageevents.columns(
        pa.RecordBatch.from_pydict(named | {"program": sudo, "pid": pa.nulls(size, pa.int64())})
    )
    host, pid = messageevents.placed(rows.files["host"], told["pid"], named)
    event = EVENT.build(
        {
            **hostevents.columns(rows, "sudo_log"),
            **hostevents.times(_when(lines, zone, anchor_ns), rows.files["host"], rows, "sudo_log"),
            **told,
            "host": host,
            "pid": pid,
        }
    )
    return {"event": event}


def _when(lines: pa.RecordBatch, zone: str, anchor_ns: int | None) -> Interval:
    """Wall clocks with their year, and those whose year is inferred from the order of the entries."""
    year = lines["year"].cast(pa.string())
    dated = pc.binary_join_element_wise(year, lines["wall"], " ")
    whole = clock.walls(dated, layout="%Y %b %d %H:%M:%S", zone=zone, tick_ns=NS_PER_S)
    bare = pc.if_else(pc.is_valid(year), NOTHING, lines["wall"])
    told = clock.yearless_in_order(bare, file=lines["sha256"], zone=zone, anchor_ns=anchor_ns)
    return Interval(*(pc.coalesce(*ends) for ends in zip(whole, told, strict=True)))
