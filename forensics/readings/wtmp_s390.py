"""What login records of a `s390` host are taken to tell: the same as those of any other host."""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import loginevents

NEEDS_ANCHOR = False
ONCE = True
NOTED = loginevents.NOTED
noted, lacking = loginevents.noted, loginevents.lacking


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - the records count seconds since 1970
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
    notes: pa.Table | None = None,
) -> Mapping[str, pa.Table]:
    """One event for each record."""
    return {"event": loginevents.read(records, files, "wtmp_s390", notes)}
