"""What auditbeat's documents are taken to tell: the same as the trail, as far as they keep it.

Whose rights a message's sender used, and which process received a signal, is not in a document unless
its original lines are. The index that kept it is administered by others than the host is.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import auditmeaning

NEEDS_ANCHOR = False
SLICED_BY = "earliest_ns"
COLUMNS = auditmeaning.COLUMNS


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - every time is an epoch
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each time and serial of a host; one for each receiver where a signal had several."""
    return {"event": auditmeaning.events(records, files, "auditbeat")}
