"""What Gerrit's HTTP log as JSON is taken to tell: pushes and fetches of git over HTTP; every other request is `other`."""

import re
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, forge

NEEDS_ANCHOR = False
ONCE = True

_MS = 1_000_000
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STAMP = re.compile(
    r"(?:(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ]|(?P<day>[0-9]{2})/(?P<month>[A-Z][a-z]{2})/(?P<year>[0-9]{4}):)"
    r"(?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})(?:[.,](?P<ms>[0-9]{3}))? ?(?P<hours>[+-][0-9]{2}):?(?P<minutes>[0-9]{2})"
)
_BEFORE = re.compile(r"(?:a/)?(?:p/)?")
"""What Gerrit's addresses have before a project: `a/` where the client has to log in; older ones `p/`."""


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - every time has its own offset
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each line. Without a status a push is not told."""
    named = pa.array([_repository(action) for action in records["action"].to_pylist()], pa.string())
    at = records.schema.get_field_index("repository")
    told = records.set_column(at, records.schema.field(at), named)
    return forge.read(told, files, "gerrit_httpd_json", _when, _verb)


def _repository(action: str) -> str | None:
    asked = forge.http(action, None)
    return None if asked is None or asked[1] is None else _BEFORE.sub("", asked[1], count=1)


def _when(times: pa.Array) -> clock.Interval:
    """Each way that Gerrit has written its times, put into that of RFC 3339; without milliseconds they are a second wide."""
    shown = [None if time is None else _shown(time) for time in times.to_pylist()]
    text = pa.array([None if one is None else one[0] for one in shown], pa.string())
    fine, coarse = (clock.offsets(text, tick_ns=tick_ns) for tick_ns in (_MS, clock.NS_PER_S))
    in_ms = pa.array([one is not None and one[1] for one in shown], pa.bool_())
    return clock.Interval(fine.earliest_ns, pc.if_else(in_ms, fine.latest_ns, coarse.latest_ns))


def _shown(written: str) -> tuple[str, bool] | None:
    """A time as RFC 3339 has it, and whether it has milliseconds; None where it is none."""
    found = _STAMP.fullmatch(written)
    if found is None or not (found["date"] or found["month"] in _MONTHS):
        return None
    date = found["date"] or f"{found['year']}-{_MONTHS.index(found['month']) + 1:02d}-{found['day']}"
    fraction = f".{found['ms']}" if found["ms"] else ""
    offset = f"{found['hours']}:{found['minutes']}"
    return f"{date}T{found['time']}{fraction}{offset}", found["ms"] is not None


def _verb(action: str, status: str | None) -> tuple[str, str | None]:
    found = None if status is None else forge.http(action, status)
    if found is None or found[0] == "other":
        return "other", None
    return found[0], "failure" if found[0] == "push_denied" else "success"
