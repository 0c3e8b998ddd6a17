"""What Bitbucket's answers of the changes of refs are taken to tell: which account moved which ref from what to what.

What somebody had Bitbucket do, as a merge, moved a ref as well, and is told as a `push_request`: who wrote what came in by it is another question.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, forge

NEEDS_ANCHOR = False
ONCE = True

_PUSHES = frozenset({"push"})


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - it counts from 1970
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each object."""
    told = forge.timed_by(records, records["time_ms"])
    merges = frozenset(told["action"].to_pylist()) - _PUSHES
    return forge.read(told, files, "bitbucket_ref_changes", _when, _verb, merges=merges)


def _when(times: pa.Array) -> clock.Interval:
    return clock.milliseconds(times.cast(pa.int64()))


def _verb(action: str, status: str | None) -> tuple[str, str | None]:  # noqa: ARG001 - it writes none
    return "push_request", "success"
