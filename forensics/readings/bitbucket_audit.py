"""What Bitbucket's audit log is taken to tell: what was changed, in the log's own words; a push is told by the access log."""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, forge

NEEDS_ANCHOR = False
ONCE = True

_MS = 1_000_000


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - it counts from 1970
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each line."""
    told = forge.timed_by(records, records["time_ns"])
    return forge.read(told, files, "bitbucket_audit", _when, _verb)


def _when(times: pa.Array) -> clock.Interval:
    first = times.cast(pa.int64())
    return clock.milliseconds(
        pa.array([None if ns is None else ns // _MS for ns in first.to_pylist()], pa.int64())
    )


def _verb(action: str, status: str | None) -> tuple[str, str | None]:  # noqa: ARG001 - all of them say the same
    return "other", None
