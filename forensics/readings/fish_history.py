"""What a history of fish is taken to tell: that this command stands in that account's history.

`core.histories` says how much that is worth. A command without a time gets none.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, histories, hostevents

EACH = True
NEEDS_ANCHOR = False

_OWN = r"\.local/share/fish/[^/]+|\.config/fish/[^/]+"


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - a history counts seconds since 1970
    anchor_ns: int | None,  # noqa: ARG001 - what has no time gets none
) -> Mapping[str, pa.Table]:
    """One event for each command and path; its time is when the command was run."""
    rows = hostevents.placed(records, files, every_path=True)
    when = histories.timed(clock.epoch(rows.lines["epoch_s"]), rows, "fish_history")
    return {"event": histories.events(rows, "fish_history", when, rows.lines["command"], own=_OWN)}
