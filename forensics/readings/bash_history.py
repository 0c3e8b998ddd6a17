"""What a shell history is taken to tell: that this command stands in that account's history.

`core.histories` says how much that is worth. Of a command without a time, no time is given; between two
commands that have one, it gets the interval from the one to the other, and `clock` ends with `:between`:
its place in the file is all that says so.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, histories, hostevents

EACH = True
NEEDS_ANCHOR = False

_OWN = r"[^/]+"


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - a history counts seconds since 1970
    anchor_ns: int | None,  # noqa: ARG001 - what has no time gets none
) -> Mapping[str, pa.Table]:
    """One event for each command and path."""
    rows = hostevents.placed(records, files, every_path=True)
    lines = rows.lines
    own = histories.timed(clock.epoch(lines["epoch_s"]), rows, "bash_history")
    source = pc.binary_join_element_wise(
        pc.coalesce(rows.files["host"], rows.files["domain"]), "bash_history", ":"
    )
    near = histories.between(lines["after_s"], lines["before_s"], source)
    when = {name: pc.coalesce(own[name], near[name]) for name in own}
    return {"event": histories.events(rows, "bash_history", when, lines["command"], own=_OWN)}
