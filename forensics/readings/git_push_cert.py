"""What a push certificate is taken to tell: that somebody asked to move a ref, and signed it with a key that it names.

No reading checks a signature (the table `signature` does), so neither pusher nor key names an account. That the ref moved, a reflog or the server says.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, forge

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - it counts from 1970
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each ref; `address` and `account` are in no certificate."""
    at = records.schema.get_field_index("time")
    seconds = records["epoch_s"].cast(pa.string())
    told = records.set_column(at, records.schema.field(at), seconds)
    return forge.read(told, files, "git_push_cert", _when, _verb)


def _when(times: pa.Array) -> clock.Interval:
    return clock.epoch(times.cast(pa.int64()))


def _verb(action: str, status: str | None) -> tuple[str, str | None]:  # noqa: ARG001 - all of them say the same
    return "other", None
