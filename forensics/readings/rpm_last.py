"""What rpm's list by time is taken to tell: which package was installed, or last updated, and when. Who asked is not in it."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.clock import NS_PER_S, Interval
from forensics.core.hostevents import NOTHING

NEEDS_ANCHOR = False

_LAYOUTS = ("%a %d %b %Y %I:%M:%S %p", "%a %d %b %Y %H:%M:%S", "%a %b %d %H:%M:%S %Y")
_UTC = ("UTC", "GMT", "+00", "+0000")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each package and host; a time is placed in UTC where it says so, else in `zone`."""
    rows = hostevents.placed(records, files, every_path=True)
    lines = rows.lines
    more = {
        "object_kind": pa.array(["package"] * lines.num_rows, pa.string()),
        "object": lines["package"],
        "text": pa.array(["installed, or last updated"] * lines.num_rows, pa.string()),
    }
    verb = pa.array(["package"] * lines.num_rows, pa.string())
    when = _when(lines, zone)
    return {"event": hostevents.unattributed(rows, "rpm_last", verb, more, when=when)}


def _when(lines: pa.RecordBatch, zone: str) -> Interval:
    wall = pc.replace_substring_regex(lines["wall"], " +", " ")
    utc = pc.fill_null(pc.is_in(lines["zone"], pa.array(_UTC)), False)
    tries = [
        clock.walls(pc.if_else(held, wall, NOTHING), layout=layout, zone=where, tick_ns=NS_PER_S)
        for layout in _LAYOUTS
        for held, where in ((utc, "UTC"), (pc.invert(utc), zone))
    ]
    return Interval(*(pc.coalesce(*ends) for ends in zip(*tries, strict=True)))
