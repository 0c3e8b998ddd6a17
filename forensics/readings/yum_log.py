"""What yum's log is taken to tell: which package was changed, and when. The year is inferred; who asked is not in it."""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, hostevents

NEEDS_ANCHOR = True


def read(records: pa.Table, files: pa.Table, *, zone: str, anchor_ns: int | None) -> Mapping[str, pa.Table]:
    """One event for each line."""
    rows = hostevents.placed(records, files, every_path=True)
    lines = rows.lines
    more = {
        "object_kind": pa.array(["package"] * lines.num_rows, pa.string()),
        "object": lines["package"],
        "text": hostevents.pairs({"": lines["action"], " ": lines["package"]}),
    }
    when = clock.yearless(lines["wall"], zone=zone, anchor_ns=anchor_ns)
    verb = pa.array(["package"] * lines.num_rows, pa.string())
    return {"event": hostevents.unattributed(rows, "yum_log", verb, more, when=when)}
