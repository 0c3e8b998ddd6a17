"""What a shell history is taken to tell: that this command stands in that account's history.

The file belongs to its user, who can write anything into it, so it tells what somebody wanted kept as
much as what was typed. The account is the owner of the home folder it was collected from. Of a
command without a time, no time is given; its place in the file is in its id.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False


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
    host = rows.files["host"]
    account = _accounts(pc.coalesce(rows.files["origin"], rows.files["path"]))
    empty = pc.equal(lines["command"], "")
    event = EVENT.build(
        {
            **hostevents.columns(rows, "bash_history"),
            **hostevents.times(clock.epoch(lines["epoch_s"]), host, rows, "bash_history"),
            "verb": pc.if_else(empty, "other", "command"),
            "host": host,
            "account": account,
            "account_absence": hostevents.absence(account),
            "text": pc.if_else(empty, "a time without a command", hostevents.short(lines["command"])),
        }
    )
    return {"event": event}


def _accounts(paths: pa.Array) -> pa.Array:
    """Whose home each file lies directly in; null where the path does not say."""
    distinct = paths.dictionary_encode()
    homes = [hostevents.home(path) for path in distinct.dictionary.to_pylist()]
    names = [found[0] if found and "/" not in found[1] else None for found in homes]
    return pa.array(names, pa.string()).take(distinct.indices)
