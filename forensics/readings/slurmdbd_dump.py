"""What a dump of the accounting database is taken to tell: who changed rights and limits, and what jobs came with.

The actor of a transaction is authenticated by the accounting daemon; whoever holds the database can have
written it. A script or an environment is a state: which job it belongs to is in another table.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, schedulerevents
from forensics.core.citation import column
from forensics.core.schedulerevents import Row

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - transactions count from 1970 in UTC
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each row."""
    when = clock.epoch(column(records, "timestamp_s"))
    return {"event": schedulerevents.told(records, files, "slurmdbd_dump", when, _tell)}


def _tell(row: Row) -> Row:
    text = " ".join(str(row[name]) for name in ("action", "target", "text") if row[name] is not None)
    if row["table"] == "txn_table":
        return {"verb": "scheduler_edit", "account": row["actor"], "outcome": "success", "text": text}
    told = {"verb": "setting", "account_absence": "not_applicable", "text": text}
    return told | {"object_kind": "source", "object": row["blob"] or f"{row['table']} {row['number']}"}
