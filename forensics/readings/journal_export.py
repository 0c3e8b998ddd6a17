"""What the journal is taken to tell; of each message, what `core/messageevents` says, and of its sender, `core/journal`."""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import hostevents, journal

NEEDS_ANCHOR = False


def read(records: pa.Table, files: pa.Table, *, zone: str, anchor_ns: int | None) -> Mapping[str, pa.Table]:  # noqa: ARG001 - its times are UTC
    """One event for each entry."""
    return {"event": journal.events(hostevents.placed(records, files, every_path=False), "journal_export")}
