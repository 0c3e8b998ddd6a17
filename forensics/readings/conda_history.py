"""What an environment's history is taken to tell: what was asked of conda, and what came and went.

The time is that of the heading, by the host's own clock. Nobody is named: whoever may write the
environment can write its history.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents

EACH = True
NEEDS_ANCHOR = True
"""Every time has its year, but the log goes back over the host's whole life: it must not date other logs."""


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every heading has a year
) -> Mapping[str, pa.Table]:
    """One event for each line; those of a heading, a version and specs are `other`."""
    rows = hostevents.placed(records, files, every_path=True)
    lines = rows.lines
    when = clock.walls(lines["wall"], layout="%Y-%m-%d %H:%M:%S", zone=zone, tick_ns=clock.NS_PER_S)
    kind = lines["kind"]
    package = pc.is_in(kind, pa.array(["added", "removed"]))
    verb = pc.if_else(pc.or_(package, pc.equal(kind, "command")), "package", "other")
    more = {
        "object_kind": pc.if_else(package, "package", hostevents.NOTHING),
        "object": pc.if_else(package, lines["said"], hostevents.NOTHING),
        "text": hostevents.pairs({"": kind, " ": lines["said"]}),
    }
    return {"event": hostevents.unattributed(rows, "conda_history", verb, more, when=when)}
