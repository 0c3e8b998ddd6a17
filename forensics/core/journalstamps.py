"""Stamps that journalctl prints and no logger writes, placed: `-o short-precise`, `short-full` and `short-unix`.

Source: systemd 254, src/shared/logs-show.c (output_timestamp_realtime).
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock
from forensics.core.clock import NS_PER_S, Interval

_US = 1_000
_SECOND_BYTES = 15
_FULL = re.compile(r"[A-Z][a-z]{2} (?P<day>[0-9-]{10}) (?P<time>[0-9:]{8}) (?P<zone>.+)")
_UTC = ("UTC", "GMT")


def seconds(wall: pa.Array) -> pa.Array:
    """Stamps without a year to the second, whatever follows in them."""
    return pc.utf8_slice_codeunits(wall, 0, _SECOND_BYTES)


def precise(second: Interval, wall: pa.Array) -> Interval:
    """The microsecond of each stamp of short-precise, in the second in which it was placed; others as they are.

    Args:
        second: where the stamps' seconds are.
        wall: those stamps; null in the others.
    """
    if wall.null_count == len(wall):
        return second
    written = pc.utf8_slice_codeunits(wall, _SECOND_BYTES + 1, _SECOND_BYTES + 7).cast(pa.int64())
    into = pc.multiply(written, _US)
    first = pc.add(second.earliest_ns, into)
    last = pc.add(second.latest_ns, pc.subtract(pc.add(into, _US), NS_PER_S))
    held = pc.is_valid(wall)
    return Interval(pc.if_else(held, first, second.earliest_ns), pc.if_else(held, last, second.latest_ns))


def placed(full: pa.Array, unix: pa.Array, zone: str) -> Interval:
    """Where stamps of short-full and of short-unix are; null where there is neither.

    Args:
        full: those stamps; null in the others.
        unix: the same.
        zone: IANA zone of whoever printed them, where the abbreviation is not UTC's or an offset.
    """
    nothing = pa.nulls(len(full), pa.int64())
    found = Interval(nothing, nothing)
    if full.null_count < len(full):
        parts = [None if text is None else _FULL.fullmatch(text) for text in full.to_pylist()]
        told = [None if part is None else _offset(part["zone"]) for part in parts]
        days = [None if part is None else f"{part['day']}T{part['time']}" for part in parts]
        pairs = list(zip(days, told, strict=True))
        sure = [None if day is None or offset is None else f"{day}{offset}" for day, offset in pairs]
        local = [day if offset is None else None for day, offset in pairs]
        dated = clock.offsets(pa.array(sure, pa.string()), tick_ns=NS_PER_S)
        walls = clock.dated_walls(pa.array(local, pa.string()), zone=zone, tick_ns=NS_PER_S)
        found = Interval(*(pc.coalesce(*ends) for ends in zip(dated, walls, strict=True)))
    if unix.null_count < len(unix):
        us = pc.replace_substring(unix, ".", "").cast(pa.int64())
        held = pc.less(us, 2**63 // _US - 1)
        first = pc.multiply(pc.if_else(held, us, pa.scalar(None, pa.int64())), _US)
        found = Interval(
            pc.coalesce(found.earliest_ns, first), pc.coalesce(found.latest_ns, pc.add(first, _US - 1))
        )
    return found


def _offset(zone: str) -> str | None:
    """A zone's offset, where its abbreviation is one or has but one."""
    if zone in _UTC:
        return "+00:00"
    digits = zone[1:]
    return f"{zone[0]}{digits[:2]}:{digits[2:] or '00'}" if digits.isdigit() else None
