"""What listings of files have in common: how their times are written, and the state that a line tells.

The times of a file are no log. Whoever may write a file can set when it was last read and changed
(utimes, touch -d); the time of change of its inode (ctime) moves with every such setting, and can be set
back only by whoever can set the host's clock or write its disk. When a listing was made it does not say,
so the state has no time of its own.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock, hostevents
from forensics.core.schema import Column

TIMES = ("atime", "mtime", "ctime", "crtime")
TIMES_SAY = {
    "atime": "last read, as far as the file system keeps it",
    "mtime": "content last changed: can be set at will",
    "ctime": "inode last changed: set by the kernel alone",
    "crtime": "came into being, on file systems that keep it",
}
_SECONDS = r"^(?P<sign>-?)(?P<whole>[0-9]{1,10})(?:\.(?P<places>[0-9]{1,10}))?$"
_MOST_SECONDS = 9_223_372_035


def time_columns(absent: Mapping[str, str]) -> tuple[Column, ...]:
    """The declared columns of times, in ns.

    Args:
        absent: what a null of each means; those that are not in it are left out.
    """
    unit = "ns since 1970-01-01T00:00:00Z"
    return tuple(Column(f"{t}_ns", pa.int64(), TIMES_SAY[t], unit, absent[t]) for t in TIMES if t in absent)


def moments(written: pa.Array) -> pa.Array:
    """Seconds since 1970 with at most ten places, in ns; null where it is none, or past int64. A tenth place is dropped."""
    found = pc.extract_regex(written, pattern=_SECONDS)
    whole = pc.struct_field(found, "whole").cast(pa.int64())
    whole = pc.if_else(pc.less_equal(whole, _MOST_SECONDS), whole, pa.scalar(None, pa.int64()))
    places = pc.utf8_slice_codeunits(pc.utf8_rpad(pc.struct_field(found, "places"), 9, "0"), 0, 9)
    ns = pc.add(pc.multiply(whole, 10**9), places.cast(pa.int64()))
    return pc.if_else(pc.equal(pc.struct_field(found, "sign"), "-"), pc.negate(ns), ns)


def shown(ns: pa.Array) -> pa.Array:
    """Moments as text in UTC; the places of a second only where there are any."""
    text = pc.replace_substring(ns.cast(pa.timestamp("ns")).cast(pa.string()), " ", "T")
    return pc.binary_join_element_wise(pc.replace_substring_regex(text, r"\.0+$", ""), "", "Z")


def spaced(written: pa.Array) -> pa.Array:
    """Times as GNU tools write them in full, `2026-11-23 16:11:37.100000000 +0100`, as text in UTC."""
    iso = pc.replace_substring_regex(written, r"^(.{10}) (.{18}) (.{5})$", r"\1T\2\3")
    return shown(clock.offsets(iso, tick_ns=1).earliest_ns)


def device(major: int, minor: int) -> str:
    """A device as audit records write it: `major:minor`, each of at least two hexadecimal digits."""
    return f"{major:02x}:{minor:02x}"


def numbered_device(number: int) -> str:
    """A device number of Linux, which keeps its parts in two places each, as `device` writes it."""
    return device(
        (number >> 8 & 0xFFF) | (number >> 32 & ~0xFFF), (number & 0xFF) | (number >> 12 & 0xFFFFFF00)
    )


def listed(rows: hostevents.Placed, form: str, more: Mapping[str, pa.Array]) -> pa.Table:
    """One state for each line: that the path existed, with its times in `text`.

    Args:
        rows: from `placed`; the columns of `TIMES` with `_ns` that it has are told.
        form: the format's name.
        more: event columns, `object` among them; and under names that no event column has, what `text` tells.
    """
    lines = rows.lines
    names = set(lines.schema.names)
    extra = {
        name: more[name] for name in (*TIMES, "kind", "time", "owner", "mode", "size", "link") if name in more
    }
    told = {t: shown(lines[f"{t}_ns"]) for t in TIMES if f"{t}_ns" in names}
    own = {name: column for name, column in more.items() if name not in extra}
    own["object_kind"] = pa.array(["path"] * lines.num_rows, pa.string())
    own["text"] = hostevents.pairs(told | extra)
    verb = pa.array(["listed"] * lines.num_rows, pa.string())
    return hostevents.unattributed(rows, form, verb, own)
