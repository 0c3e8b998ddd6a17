"""What the host's log is taken to tell; of each message, what `core/messageevents` says.

A log can be kept in two layouts; both are read, each line an event of its own. A line that stands for
N equal messages is one event: its text says so, and nothing is counted N times.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import auditjournal, auditprintk, clock, hostevents, messageevents, years
from forensics.core.auditjournal import Entry
from forensics.core.hostevents import NOTHING, Placed
from forensics.core.tables import EVENT
from forensics.core.years import Turns

NEEDS_ANCHOR = True
ONCE = True
NOTED = ("sha256", "start", "stop", "wall", "stamp", "host", "program", "message", "repeated")
_PRINTED = (("us", pa.int64()), ("serial", pa.int64()), ("stop", pa.int64()), ("host", pa.string()), ("message", pa.string()))  # fmt: skip
_NOTES = pa.schema(
    [
        ("sha256", pa.string()),
        ("start", pa.int64()),
        *((name, pa.int64()) for name in Turns._fields),
        *_PRINTED,
    ]
)


def noted(records: pa.Table) -> pa.Table:
    """What a slice says that others must know: how the years turn in each file, and the audit lines that the kernel printed."""
    notes: list[dict[str, object]] = []
    asked, wall = (values.combine_chunks() for values in (_kernels(records), _traditional(records)))
    entries = _entries(records, asked)
    printed = [auditjournal.row(one) is not None for one in entries]
    own = np.array(asked.to_pylist(), bool)
    own[own] = printed
    wall = pc.if_else(pa.array(own), NOTHING, wall)
    for sha256 in pc.unique(records["sha256"]).to_pylist():
        at = pc.equal(records["sha256"], sha256).combine_chunks()
        told = years.turns(clock.leap_seconds(wall.filter(at)))
        if told is not None:
            notes.append(
                {"sha256": sha256, "start": records["start"].filter(at)[0].as_py(), **told._asdict()}
            )
    for one, holds in zip(entries, printed, strict=True):
        if holds:
            key = {"us": one.source_us, "serial": one.audit_id}
            notes.append(
                {name: getattr(one, name) for name in ("sha256", "start", "stop", "host", "message")} | key
            )
    return pa.Table.from_pylist(notes, _NOTES)


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,
    notes: pa.Table | None = None,
) -> Mapping[str, pa.Table]:
    """One event for each line; of audit lines that the kernel printed, one for each event of the trail."""
    rows = hostevents.placed(records, files, every_path=False)
    trail, own = _printed(rows, files, notes)
    courses = None if notes is None else _courses(rows, notes)
    if not pc.all(own).as_py():
        rows = Placed(rows.lines.filter(own), rows.files.filter(own), rows.event_id.filter(own))
    lines = rows.lines
    host = pc.coalesce(lines["host"], rows.files["host"])
    told = messageevents.columns(lines)
    event = EVENT.build(
        {
            **hostevents.columns(rows, "syslog"),
            **hostevents.times(_when(lines, zone, anchor_ns, courses), host, rows, "syslog"),
            **told,
            "host": host,
            "text": hostevents.short(_repeated(lines, told["text"])),
        }
    )
    return {"event": pa.concat_tables([event, trail])}


def _traditional(lines: pa.RecordBatch | pa.Table) -> pa.Array:
    return pc.if_else(pc.equal(lines["stamp"], "traditional"), lines["wall"], NOTHING)


def _courses(rows: Placed, notes: pa.Table) -> dict[str, years.Course]:
    """How the years turn in each file of a slice, by what was noted of all slices."""
    lines = rows.lines
    own = pc.unique(lines["sha256"])
    here = pc.and_(pc.is_valid(notes["turns"]), pc.is_in(notes["sha256"], own))
    of_years = notes.select(["sha256", "start", *Turns._fields]).filter(here)
    pieces: dict[str, list[tuple[int, Turns]]] = {}
    for row in of_years.sort_by([("sha256", "ascending"), ("start", "ascending")]).to_pylist():
        told = Turns(*(row[name] for name in Turns._fields))
        pieces.setdefault(row["sha256"], []).append((row["start"], told))
    least = (
        pa.table({name: lines[name] for name in ("sha256", "start")})
        .group_by("sha256")
        .aggregate([("start", "min")])
    )
    found = {}
    for sha256, start in zip(least["sha256"].to_pylist(), least["start_min"].to_pylist(), strict=True):
        at = [n for n, (place, _) in enumerate(pieces.get(sha256, ())) if place == start]
        if at:
            found[sha256] = years.course([piece for _, piece in pieces[sha256]], at[0])
    return found


def _kernels(lines: pa.RecordBatch | pa.Table) -> pa.Array:
    """Which lines are audit lines that the kernel printed, as far as their beginning says."""
    asked = pc.and_(pc.equal(lines["program"], "kernel"), pc.is_null(lines["repeated"]))
    if not pc.any(asked).as_py():
        return pc.fill_null(asked, False)
    asked = pc.and_(asked, pc.match_substring_regex(lines["message"], auditprintk.PATTERN))
    return pc.fill_null(asked, False)


def _entries(lines: pa.RecordBatch | pa.Table, own: pa.Array) -> list[Entry]:
    """Lines as the journal would keep the audit line in each."""
    columns = [lines[name].filter(own).to_pylist() for name in ("sha256", "start", "stop", "host", "message")]
    entries = (
        Entry(sha256, start, stop, host, None, None, message)
        for sha256, start, stop, host, message in zip(*columns, strict=True)
    )
    return [auditprintk.entry(one) or one for one in entries]


def _printed(rows: Placed, files: pa.Table, notes: pa.Table | None) -> tuple[pa.Table, pa.Array]:
    """The events of audit lines that the kernel printed, and which other lines there are.

    Any account can write under the kernel's name, so those are of the domain of the host's users.
    """
    asked = _kernels(rows.lines)
    if not pc.any(asked).as_py():
        return EVENT.empty(), pc.invert(asked)
    entries = _entries(rows.lines, asked)
    domain = pc.replace_substring_regex(files["domain"], ":root$", ":user")
    weaker = files.set_column(files.column_names.index("domain"), files.schema.field("domain"), domain)
    held = [one for one in entries if auditjournal.row(one) is not None]
    trail, _ = auditjournal.events(held if notes is None else _begun(held, notes), weaker, "syslog")
    starts = {(one.sha256, one.start) for one in held}
    own = np.array(asked.to_pylist(), bool)
    own[own] = [(one.sha256, one.start) in starts for one in entries]
    return trail, pa.array(~own)


def _begun(entries: Sequence[Entry], notes: pa.Table) -> list[Entry]:
    """All lines of those audit events whose first line is among some."""
    printed = notes.filter(pc.is_valid(notes["serial"]))
    near = pc.is_in(printed["serial"], pa.array([one.audit_id for one in entries], pa.int64()))
    groups: dict[tuple[int, int], list[Entry]] = {}
    for row in printed.filter(near).to_pylist():
        one = Entry(
            row["sha256"], row["start"], row["stop"], row["host"], row["us"], row["serial"], row["message"]
        )
        groups.setdefault((row["us"], row["serial"]), []).append(one)
    here = {(one.sha256, one.start) for one in entries}
    return [
        one for group in groups.values() if min((g.sha256, g.start) for g in group) in here for one in group
    ]


def _repeated(lines: pa.RecordBatch, text: pa.Array) -> pa.Array:
    """The text of an event that stands for several begins with how many, in the logger's own words."""
    known = pc.and_(pc.is_valid(lines["repeated"]), pc.is_valid(lines["kind"]))
    wrapped = pc.and_(known, pc.not_equal(text, lines["message"]))
    said = pc.binary_join_element_wise(
        "stands for", lines["repeated"].cast(pa.string()), "messages:", text, " "
    )
    return pc.if_else(pc.fill_null(wrapped, False), said, text)


def _when(
    lines: pa.RecordBatch,
    zone: str,
    anchor_ns: int | None,
    courses: Mapping[str, years.Course] | None,
) -> clock.Interval:
    """Stamps of all layouts on the one axis; each as wide as its last digit."""
    wall, stamp = lines["wall"], lines["stamp"]
    local = clock.yearless_in_order(
        _traditional(lines),
        file=lines["sha256"],
        zone=zone,
        anchor_ns=anchor_ns,
        courses=courses,
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
