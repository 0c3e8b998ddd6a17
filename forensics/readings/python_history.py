"""What a history of an interactive Python is taken to tell: that this statement stands in that account's history.

`core.histories` says how much that is worth. It is no shell's command line, so its verb is `other`.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import histories, hostevents

EACH = True
NEEDS_ANCHOR = False

_OWN = r"[^/]+"


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - there is no time in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each statement and path."""
    rows = hostevents.placed(records, files, every_path=True)
    times = histories.untimed(rows.lines.num_rows)
    commands = rows.lines["command"]
    return {
        "event": histories.events(rows, "python_history", times, commands, own=_OWN, verb="other"),
    }
