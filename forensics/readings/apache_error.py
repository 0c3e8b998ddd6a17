"""What Apache's error log is taken to tell: that logins of HTTP were refused; every other line is `other`."""

import re
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, forge
from forensics.core.clock import Interval

NEEDS_ANCHOR = False
ONCE = True
_REFUSED = re.compile(
    r"(?:AH[0-9]{5}: )?(?:user .*(?:: authentication failure for \"| not found: )|auth_ldap authenticate: user .* authentication failed; URI )",
    re.DOTALL,
)
_TICK_NS = {True: 1_000, False: clock.NS_PER_S}


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each line."""

    def when(times: pa.Array) -> Interval:
        fine = pc.fill_null(pc.match_substring(times, "."), False)
        placed = [
            clock.walls(
                pc.if_else(pc.equal(fine, own), times, None), layout=layout, zone=zone, tick_ns=_TICK_NS[own]
            )
            for own, layout in ((True, "%a %b %d %H:%M:%S.%f %Y"), (False, "%a %b %d %H:%M:%S %Y"))
        ]
        return Interval(*(pc.coalesce(*ends) for ends in zip(*placed, strict=True)))

    return forge.read(records, files, "apache_error", when, _verb)


def _verb(action: str, status: str | None) -> tuple[str, str | None]:  # noqa: ARG001 - whatever its level
    return ("login_failed", "failure") if _REFUSED.match(action) else ("other", None)
