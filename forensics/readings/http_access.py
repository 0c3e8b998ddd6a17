"""What a web server's access log is taken to tell: pushes and fetches of git over HTTP; every other request is `other`."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, forge

NEEDS_ANCHOR = False
ONCE = True

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MS = 1_000_000
_RFC_3339 = r"^([0-9-]{10}T[0-9:]{8})[.,]([0-9]{3})(Z|[+-][0-9]{2}):?([0-9]{2})?$"
_STAMP = r"^(?P<day>[0-9]{2})/(?P<month>[A-Z][a-z]{2})/(?P<year>[0-9]{4}):(?P<time>[0-9:]{8}) (?P<hours>[+-][0-9]{2})(?P<minutes>[0-9]{2})$"


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - every time has its own offset
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each line. Without a status (see the format) a push is not told."""
    asked = [forge.http(action, None) for action in records["action"].to_pylist()]
    named = pa.array([found[1] if found else None for found in asked], pa.string())
    at = records.schema.get_field_index("repository")
    told = records.set_column(at, records.schema.field(at), named)
    return forge.read(told, files, "http_access", _when, _verb)


def _verb(action: str, status: str | None) -> tuple[str, str | None]:
    found = None if status is None else forge.http(action, status)
    if found is None or found[0] == "other":
        return "other", None
    return found[0], "failure" if found[0] == "push_denied" else "success"


def _when(times: pa.Array) -> clock.Interval:
    """The log's own order of day, month and year, put into that of RFC 3339; Gerrit's newer times are in it already, with milliseconds."""
    newer = pc.match_substring_regex(times, _RFC_3339)
    if not pc.any(newer).as_py():
        return _to_the_second(times)
    shown = pc.replace_substring_regex(times, _RFC_3339, r"\1.\2\3:\4")
    shown = pc.replace_substring_regex(shown, r"Z:$", "Z")
    nothing = pa.scalar(None, pa.string())
    fine = clock.offsets(pc.if_else(newer, shown, nothing), tick_ns=_MS)
    coarse = _to_the_second(pc.if_else(newer, nothing, times))
    return clock.Interval(*(pc.coalesce(*both) for both in zip(fine, coarse, strict=True)))


def _to_the_second(times: pa.Array) -> clock.Interval:
    found = pc.extract_regex(times, pattern=_STAMP)
    month = pc.index_in(pc.struct_field(found, "month"), pa.array(_MONTHS))
    number = pa.array([f"{n:02d}" for n in range(1, 13)], pa.string()).take(month)
    day, year, time, hours, minutes = (
        pc.struct_field(found, n) for n in ("day", "year", "time", "hours", "minutes")
    )
    date = pc.binary_join_element_wise(year, number, day, "-")
    offset = pc.binary_join_element_wise(hours, minutes, ":")
    shown = pc.binary_join_element_wise(date, "T", time, offset, "")
    return clock.offsets(shown, tick_ns=clock.NS_PER_S)
