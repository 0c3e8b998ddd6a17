"""How HTCondor's own logs tell times and ends."""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock

_NO_TEXT = pa.scalar(None, pa.string())


def placed(stamp: pa.Array, *, zone: str, anchor_ns: int | None) -> clock.Interval:
    """Place the stamps of an event log: dated, dated with an offset, or `11/23 15:11:53`, which names no year."""
    spaced = pc.replace_substring_regex(stamp, pattern=r"^([0-9-]{10})T", replacement=r"\1 ")
    dated = pc.match_substring_regex(spaced, r"^[0-9]{4}-")
    offset = pc.and_(dated, pc.match_substring_regex(spaced, r"(?:Z|[+-][0-9]{2}:?[0-9]{2})$"))
    local = pc.if_else(pc.and_not(dated, offset), spaced, _NO_TEXT)
    here = clock.dated_walls(local, zone=zone, tick_ns=clock.NS_PER_S)
    there = clock.offsets(pc.if_else(offset, spaced, _NO_TEXT), tick_ns=clock.NS_PER_S)
    bare = [_yearless(text) for text in pc.if_else(dated, _NO_TEXT, spaced).to_pylist()]
    inferred = clock.yearless(pa.array(bare, pa.string()), zone=zone, anchor_ns=anchor_ns)
    return clock.Interval(*(pc.coalesce(*edges) for edges in zip(here, there, inferred, strict=True)))


def _yearless(text: str | None) -> str | None:
    """`11/23 15:11:53` as a traditional stamp, whose year is then inferred."""
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    found = re.match(
        r"(?P<month>[0-9]{2})/(?P<day>[0-9]{2}) (?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})", text or ""
    )
    if found is None or not 1 <= int(found["month"]) <= len(months):
        return None
    return f"{months[int(found['month']) - 1]} {int(found['day']):2d} {found['time']}"


def outcome(status: int | None, *, code: int | None, signal: int | None) -> str | None:
    """The normalised outcome of a job's status: 1 waits, 2 runs, 3 removed, 4 completed, 5 held."""
    if status == 3:
        return "CANCELLED"
    if status == 4:
        return "COMPLETED" if code == 0 and not signal else "FAILED"
    return {1: "PENDING", 2: "RUNNING", 5: "OTHER"}.get(status or 0)
