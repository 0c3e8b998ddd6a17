"""What laurel's documents are taken to tell: the same as the trail that they were made of.

A document is made by a daemon that ran as root on the host, beside the trail, so the two are not
independent witnesses: whoever could forge the one could forge the other.
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
    return {"event": auditmeaning.events(records, files, "laurel")}
