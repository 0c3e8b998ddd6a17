"""What the journal is taken to tell; of each message, what `core/messageevents` says, and of its sender, `core/journal`.

Lines of the kernel's audit tell what they tell in the trail itself (`core/auditmeaning`).
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import journal

NEEDS_ANCHOR = False
ONCE = True


def read(records: pa.Table, files: pa.Table, *, zone: str, anchor_ns: int | None) -> Mapping[str, pa.Table]:  # noqa: ARG001 - its times are UTC
    """One event for each entry; entries of one audit event are one, and one more for each further receiver of a signal."""
    return {"event": journal.events(records, files, "journal_verbose")}
