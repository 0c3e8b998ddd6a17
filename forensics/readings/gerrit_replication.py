"""What Gerrit's replication log is taken to tell: that the server asked a copy to take refs, which is no push to itself."""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, forge

NEEDS_ANCHOR = False
ONCE = True

_MS = 1_000_000
_OUTCOMES = {"completed": "success", "failed": "failure"}


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each line; `repository` is the copy's, by its address."""

    def when(times: pa.Array) -> clock.Interval:
        return clock.dated_walls(times, zone=zone, tick_ns=_MS)

    return forge.read(records, files, "gerrit_replication", when, _verb)


def _verb(action: str, status: str | None) -> tuple[str, str | None]:  # noqa: ARG001 - the outcome says enough
    return "other", _OUTCOMES.get(status or "")
