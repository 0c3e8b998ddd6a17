"""What the host's log is taken to tell; of each message, what `core/messageevents` says.

A log can be kept in two layouts; both are read, each line an event of its own. A line that stands for
N equal messages is one event: its text says so, and nothing is counted N times.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import auditjournal, auditprintk, clock, hostevents, messageevents
from forensics.core.auditjournal import Entry
from forensics.core.hostevents import NOTHING, Placed
from forensics.core.tables import EVENT

NEEDS_ANCHOR = True
ONCE = True


def read(records: pa.Table, files: pa.Table, *, zone: str, anchor_ns: int | None) -> Mapping[str, pa.Table]:
    """One event for each line; of audit lines that the kernel printed, one for each event of the trail."""
    rows = hostevents.placed(records, files, every_path=False)
    trail, own = _printed(rows, files)
    rows = Placed(rows.lines.filter(own), rows.files.filter(own), rows.event_id.filter(own))
    lines = rows.lines
    host = pc.coalesce(lines["host"], rows.files["host"])
    told = messageevents.columns(lines)
    event = EVENT.build(
        {
            **hostevents.columns(rows, "syslog"),
            **hostevents.times(_when(lines, zone, anchor_ns), host, rows, "syslog"),
            **told,
            "host": host,
            "text": hostevents.short(_repeated(lines, told["text"])),
        }
    )
    return {"event": pa.concat_tables([event, trail])}


def _printed(rows: Placed, files: pa.Table) -> tuple[pa.Table, pa.Array]:
    """The events of audit lines that the kernel printed, and which other lines there are.

    Any account can write under the kernel's name, so those are of the domain of the host's users.
    """
    lines = rows.lines
    asked = pc.and_(pc.equal(lines["program"], "kernel"), pc.is_null(lines["repeated"]))
    asked = pc.and_(asked, pc.match_substring_regex(lines["message"], auditprintk.PATTERN))
    own = np.array(pc.fill_null(asked, False).to_pylist(), bool)
    columns = [
        lines[name].filter(pa.array(own)).to_pylist()
        for name in ("sha256", "start", "stop", "host", "message")
    ]
    entries = [
        Entry(sha256, start, stop, host, None, None, message)
        for sha256, start, stop, host, message in zip(*columns, strict=True)
    ]
    domain = pc.replace_substring_regex(files["domain"], ":root$", ":user")
    weaker = files.set_column(files.column_names.index("domain"), files.schema.field("domain"), domain)
    trail, rest = auditjournal.events([auditprintk.entry(one) or one for one in entries], weaker, "syslog")
    unread = {(one.sha256, one.start) for one in rest}
    own[own] = [(one.sha256, one.start) not in unread for one in entries]
    return trail, pa.array(~own)


def _repeated(lines: pa.RecordBatch, text: pa.Array) -> pa.Array:
    """The text of an event that stands for several begins with how many, in the logger's own words."""
    known = pc.and_(pc.is_valid(lines["repeated"]), pc.is_valid(lines["kind"]))
    wrapped = pc.and_(known, pc.not_equal(text, lines["message"]))
    said = pc.binary_join_element_wise(
        "stands for", lines["repeated"].cast(pa.string()), "messages:", text, " "
    )
    return pc.if_else(pc.fill_null(wrapped, False), said, text)


def _when(lines: pa.RecordBatch, zone: str, anchor_ns: int | None) -> clock.Interval:
    """Stamps of all layouts on the one axis; each as wide as its last digit."""
    wall, stamp = lines["wall"], lines["stamp"]
    local = clock.yearless_in_order(
        pc.if_else(pc.equal(stamp, "traditional"), wall, NOTHING),
        file=lines["sha256"],
        zone=zone,
        anchor_ns=anchor_ns,
    )
    zoned = pc.is_in(stamp, pa.array(["rfc3339", "rfc5424"]))
    dated = _fine(pc.if_else(zoned, wall, NOTHING), None)
    iso = _fine(pc.if_else(pc.equal(stamp, "iso"), wall, NOTHING), zone)
    return clock.Interval(*(pc.coalesce(*ends) for ends in zip(local, dated, iso, strict=True)))


def _fine(wall: pa.Array, zone: str | None) -> clock.Interval:
    """Dated stamps, with their own offset or in `zone`; null stays null."""
    nothing = pa.nulls(len(wall), pa.int64())
    held = pc.is_valid(wall)
    if not pc.any(held).as_py():
        return clock.Interval(nothing, nothing)
    distinct = wall.filter(held).dictionary_encode()
    written = distinct.dictionary
    if zone is None:
        moment = clock.offsets(written, tick_ns=1)
    else:
        moment = clock.dated_walls(written, zone=zone, tick_ns=1)
    fraction = pc.struct_field(pc.extract_regex(written, pattern=r"[.,](?P<digits>[0-9]+)"), "digits")
    digits = pc.fill_null(pc.utf8_length(fraction), 0)
    tick_ns = pc.cast(
        pc.power(pa.scalar(10, pa.int64()), pc.subtract(pa.scalar(9, pa.int32()), digits)), pa.int64()
    )
    end = pc.add(moment.latest_ns, pc.subtract(tick_ns, 1))
    return clock.Interval(
        *(
            pc.replace_with_mask(nothing, held, values.take(distinct.indices))
            for values in (moment.earliest_ns, end)
        )
    )
