"""What nginx's error log is taken to tell: that logins of HTTP were refused; every other line is `other`."""

import re
from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, forge

NEEDS_ANCHOR = False
ONCE = True
_REFUSED = re.compile(r'user ".*"(?:: password mismatch| was not found in ".*")', re.DOTALL)


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each line."""

    def when(times: pa.Array) -> clock.Interval:
        return clock.walls(times, layout="%Y/%m/%d %H:%M:%S", zone=zone, tick_ns=clock.NS_PER_S)

    return forge.read(records, files, "nginx_error", when, _verb)


def _verb(action: str, status: str | None) -> tuple[str, str | None]:  # noqa: ARG001 - whatever its level
    return ("login_failed", "failure") if _REFUSED.fullmatch(action) else ("other", None)
