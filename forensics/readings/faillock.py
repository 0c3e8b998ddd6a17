"""What PAM's counts of failed logins are taken to tell: that a login at an account was refused, when and from where. Who tried is not in it."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.clock import NS_PER_S, Interval
from forensics.core.hostevents import NOTHING

NEEDS_ANCHOR = False
ONCE = True
_LAYOUTS = ("%Y-%m-%d %H:%M:%S", "%m/%d/%y %H:%M:%S")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each line. The account that was tried is told in the text: it is not whose act it was."""
    rows = hostevents.placed(records, files, every_path=False)
    lines = rows.lines
    count = lines.num_rows
    words = {name: lines[name].cast(pa.string()) for name in ("user", "cut_short", "kind", "source", "counts", "failures")}  # fmt: skip
    words["cut_short"] = pc.if_else(lines["cut_short"], words["cut_short"], NOTHING)
    terminal = pc.fill_null(pc.equal(lines["kind"], "TTY"), False)
    more = {
        "outcome": pa.array(["failure"] * count, pa.string()),
        "tty": pc.if_else(terminal, lines["source"], NOTHING),
        "address": hostevents.address(lines["source"]),
        "text": hostevents.pairs(words),
    }
    verb = pa.array(["login_failed"] * count, pa.string())
    return {"event": hostevents.unattributed(rows, "faillock", verb, more, when=_when(lines["wall"], zone))}


def _when(wall: pa.Array, zone: str) -> Interval:
    iso = pc.match_substring_regex(wall, "^[0-9]{4}-")
    tries = [
        clock.walls(pc.if_else(held, wall, NOTHING), layout=layout, zone=zone, tick_ns=NS_PER_S)
        for layout, held in zip(_LAYOUTS, (iso, pc.invert(iso)), strict=True)
    ]
    return Interval(*(pc.coalesce(*ends) for ends in zip(*tries, strict=True)))
