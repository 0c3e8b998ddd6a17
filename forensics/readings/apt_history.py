"""What apt's history is taken to tell: which command changed which packages, and when.

Who asked is taken by apt from its environment, so it stays text and no account acts here.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.ids import event_id
from forensics.core.tables import EVENT

EACH = True
NEEDS_ANCHOR = True
"""Every time has its year, but the log goes back over the host's whole life: it must not date other logs."""


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every run has a year
) -> Mapping[str, pa.Table]:
    """One event for each run, from its start to its end, and one for each package that it changed."""
    rows = hostevents.placed(records, files, every_path=True)
    starts, ends = (_walls(rows.lines[name], zone) for name in ("wall", "end_wall"))
    # An end before its start, as where clocks were set back, leaves the start alone.
    ended = pc.fill_null(pc.greater(ends.latest_ns, starts.latest_ns), False)
    when = clock.Interval(starts.earliest_ns, pc.if_else(ended, ends.latest_ns, starts.latest_ns))
    runs = hostevents.unattributed(
        rows,
        "apt_history",
        pa.array(["package"] * rows.lines.num_rows, pa.string()),
        {
            "text": hostevents.pairs(
                {
                    "": rows.lines["command"],
                    "requested-by": rows.lines["requested_by"],
                    "error": rows.lines["error"],
                }
            )
        },
        when=when,
    ).to_pylist()
    told: list[dict[str, object]] = []
    parts: Counter[tuple[str, int]] = Counter()
    for run, changes in zip(runs, rows.lines["changes"].to_pylist(), strict=True):
        key = run["sha256"], run["start"]
        for said in _said(changes):
            told.append(run | {"event_id": event_id(*key, run["stop"], parts[key])} | said)
            parts[key] += 1
    return {"event": EVENT.build({name: [row[name] for row in told] for name in EVENT.names})}


def _walls(written: pa.Array, zone: str) -> clock.Interval:
    single = pc.replace_substring(written, "  ", " ")
    return clock.walls(single, layout="%Y-%m-%d %H:%M:%S", zone=zone, tick_ns=clock.NS_PER_S)


def _said(changes: list[dict[str, str]]) -> Iterable[dict[str, object]]:
    yield {}
    for change in changes:
        words = f"{change['action']} {change['package']} {change['versions']}"
        yield {"object_kind": "package", "object": change["package"], "text": words[:4096]}
