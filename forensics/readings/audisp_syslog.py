"""What a trail that went through syslog is taken to tell: the same as the trail.

Any account of the host can send such a line to syslog, so this is a weaker witness than the trail; an
event that the trail does not have was perhaps never one of the kernel's.
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
    return {"event": auditmeaning.events(records, files, "audisp_syslog")}
