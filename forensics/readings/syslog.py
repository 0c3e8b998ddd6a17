"""What the host's log is taken to tell; of each message, what `core/messageevents` says.

What Slurm's daemons write there tells what it tells in their own files (`core/slurmhostlog`). A log can be kept in two layouts; both are read, each line an event of its own. A line that stands for
N equal messages is one event: its text says so, and nothing is counted N times.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import (
    auditjournal,
    auditprintk,
    citation,
    clock,
    hostevents,
    journalstamps,
    loose,
    messageevents,
    slurmhostlog,
    years,
)
from forensics.core.auditjournal import Entry
from forensics.core.hostevents import NOTHING
from forensics.core.tables import EVENT
from forensics.core.years import Turns

NEEDS_ANCHOR = True
ONCE = True
NOTED = ("sha256", "start", "stop", "wall", "stamp", "host", "program", "message", "repeated")
CODED = (
    "sha256", "wall", "stamp", "host", "program", "kind", "service", "account", "caller", "target", "method", "address",
    "credential", "tty", "cwd", "command", "refusal", "operation", "object", "job",
    "on_host",
)  # fmt: skip
COLUMNS = (
    *CODED, "start", "stop", "pid", "message", "repeated", "uid", "caller_uid", "port", "child", "victim_uid",
)  # fmt: skip
_PRINTED = (("us", pa.int64()), ("serial", pa.int64()), ("stop", pa.int64()), ("host", pa.string()), ("message", pa.string()))  # fmt: skip
_NOTES = pa.schema(
    [
        ("sha256", pa.string()),
        ("start", pa.int64()),
        *((name, pa.int64()) for name in Turns._fields),
        *_PRINTED,
    ]
)
_Lines = Mapping[str, pa.Array]


def noted(records: pa.Table) -> pa.Table:
    """What a slice says that others must know: how the years turn in each file, and the audit lines that the kernel printed."""
    lines = {name: citation.column(records, name) for name in records.column_names}
    notes: list[dict[str, object]] = []
    asked, wall = _kernels(lines), _yearless(lines)
    entries = _entries(lines, asked)
    printed = [auditjournal.row(one) is not None for one in entries]
    if any(printed):
        own = np.array(asked.to_pylist(), bool)
        own[own] = printed
        wall = pc.if_else(pa.array(own), NOTHING, loose.plain(wall))
    coded = loose.dictionary(lines["sha256"])
    for code, sha256 in enumerate(coded.dictionary.to_pylist()):
        own = np.flatnonzero(np.asarray(coded.indices) == code)
        told = years.turns(clock.leap_seconds(wall if len(own) == len(wall) else wall.take(pa.array(own))))
        if told is not None:
            first = lines["start"][int(own[0])].as_py()
            notes.append({"sha256": sha256, "start": first, **told._asdict()})
    for one, holds in zip(entries, printed, strict=True):
        if holds:
            key = {"us": one.source_us, "serial": one.audit_id}
            notes.append(
                {name: getattr(one, name) for name in ("sha256", "start", "stop", "host", "message")} | key
            )
    return pa.Table.from_pylist(notes, _NOTES)


def alone(several: Sequence[pa.Table], *, anchor_ns: int | None) -> list[bool]:
    """Which slices tell by what is noted of each alone what they tell by what is noted of all.

    Args:
        several: what `noted` says of each slice.
        anchor_ns: as `read` is given it.
    """
    every = pa.concat_tables(several)
    printed, by_all = int(pc.count(every["serial"]).as_py()), _seen(every)
    found = []
    for own in several:
        count = int(pc.count(own["serial"]).as_py())
        told = not count or count == printed
        if told and anchor_ns is not None:
            told = all(
                years.first_year(seen, anchor_ns) == years.first_year(by_all[place], anchor_ns)
                for place, seen in _seen(own).items()
            )
        found.append(told)
    return found


def _seen(notes: pa.Table) -> dict[tuple[str, int], years.Course]:
    """How the years turn in files, as seen from each slice of which times are noted: by file, and where the slice begins."""
    columns = (
        notes.filter(pc.is_valid(notes["turns"])).select(["sha256", "start", *Turns._fields]).to_pydict()
    )
    rows = sorted(zip(*columns.values(), strict=True), key=lambda row: row[:2])
    found: dict[tuple[str, int], years.Course] = {}
    for _, group in groupby(rows, key=lambda row: row[0]):
        own = list(group)
        for row, seen in zip(own, years.courses([Turns(*row[2:]) for row in own]), strict=True):
            found.setdefault((row[0], row[1]), seen)
    return found


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,
    notes: pa.Table | None = None,
) -> Mapping[str, pa.Table]:
    """One event for each line; of audit lines that the kernel printed, one for each event of the trail."""
    made = lightly(records, files, zone=zone, anchor_ns=anchor_ns, notes=notes)
    return {"event": loose.strict(made["event"], EVENT.schema())}


def lightly(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,
    notes: pa.Table | None = None,
) -> Mapping[str, pa.Table]:
    """The same, as `core.loose` has it."""
    records = hostevents.in_order(records)
    lines = {name: citation.column(records, name) for name in records.column_names}
    lines["sha256"] = loose.dictionary(lines["sha256"])
    trail, own = _printed(lines, files, notes)
    courses = None if notes is None else _courses(lines, notes)
    if trail is not None:
        lines = {name: column.filter(own) for name, column in lines.items()}
    when = _when(lines, zone, anchor_ns, courses)
    others, own = _schedulers(lines, files, when)
    if others:
        lines = {name: column.filter(own) for name, column in lines.items()}
        when = clock.Interval(*(ends.filter(own) for ends in when))
    made = loose.built(EVENT.schema(), _told(lines, files, when), len(lines["start"]))
    apart = [*others, *([] if trail is None else [trail])]
    return {"event": loose.together([made, *apart]) if apart else made}


def _told(lines: _Lines, files: pa.Table, when: clock.Interval) -> dict[str, pa.Array]:
    """The columns of events, one for each line."""
    where = {name: lines[name] for name in ("sha256", "start", "stop")}
    domain, place = (citation.each_of_file(where["sha256"], files, name) for name in ("domain", "host"))
    host = loose.first_of(loose.dictionary(lines["host"]), place)
    told = messageevents.lightly(lines)
    of = messageevents.placed(host, told["pid"], lines)
    return {
        "event_id": citation.named(where),
        **where,
        "earliest_ns": when.earliest_ns,
        "latest_ns": when.latest_ns,
        "clock": loose.clocked(when.earliest_ns, loose.first_of(host, domain), "syslog"),
        "format": loose.repeated("syslog", len(domain)),
        "domain": domain,
        **told,
        "host": loose.dictionary(of[0]),
        "pid": of[1],
        "text": hostevents.short(_repeated(lines, told["text"])),
    }


def _stamped(lines: _Lines, *stamps: str) -> pa.Array:
    """The times of lines whose stamps are of some layouts; null in the others."""
    stamp = loose.dictionary(lines["stamp"])
    known = stamp.dictionary.to_pylist()
    if set(known) <= set(stamps):
        return lines["wall"]
    if not set(known) & set(stamps):
        return pa.nulls(len(stamp), pa.string())
    own = loose.each(stamp, lambda names: pc.is_in(names, pa.array(stamps)))
    return pc.if_else(own, loose.plain(lines["wall"]), NOTHING)


def _courses(lines: _Lines, notes: pa.Table) -> dict[str, years.Course]:
    """How the years turn in each file of a slice, by what was noted of all slices."""
    own = loose.dictionary(lines["sha256"])
    code = np.asarray(own.indices)
    # Most slices are of one file.
    one = len(own.dictionary) == 1
    known, first = (np.zeros(len(code[:1]), int),) * 2 if one else np.unique(code, return_index=True)
    found = {}
    for sha256, start in zip(
        own.dictionary.take(pa.array(known)).to_pylist(),
        lines["start"].take(pa.array(first)).to_pylist(),
        strict=True,
    ):
        course = _course(notes, sha256, start)
        if course is not None:
            found[sha256] = course
    return found


def _course(notes: pa.Table, sha256: str, start: int) -> years.Course | None:
    """How the years turn in a file as seen from the slice that begins at a place; None where no time is noted of that."""
    here = pc.and_(pc.is_valid(notes["turns"]), pc.equal(notes["sha256"], sha256))
    pieces = notes.select(["start", *Turns._fields]).filter(here).sort_by("start")
    at = np.flatnonzero(pieces["start"].to_numpy() == start)
    if not len(at):
        return None
    columns = (pieces[name].to_pylist() for name in Turns._fields)
    return years.course([Turns(*row) for row in zip(*columns, strict=True)], int(at[0]))


def _kernels(lines: _Lines) -> pa.Array:
    """Which lines are audit lines that the kernel printed, as far as their beginning says."""
    named = loose.each(lines["program"], lambda names: pc.equal(names, "kernel"))
    asked = pc.fill_null(pc.and_(named, pc.is_null(lines["repeated"])), False)
    if not pc.any(asked).as_py():
        return asked
    asked = pc.and_(asked, pc.match_substring_regex(lines["message"], auditprintk.PATTERN))
    return pc.fill_null(asked, False)


def _entries(lines: _Lines, own: pa.Array) -> list[Entry]:
    """Lines as the journal would keep the audit line in each."""
    if not pc.any(own).as_py():
        return []
    columns = [lines[name].filter(own).to_pylist() for name in ("sha256", "start", "stop", "host", "message")]
    entries = (
        Entry(sha256, start, stop, host, None, None, message)
        for sha256, start, stop, host, message in zip(*columns, strict=True)
    )
    return [auditprintk.entry(one) or one for one in entries]


def _printed(lines: _Lines, files: pa.Table, notes: pa.Table | None) -> tuple[pa.Table | None, pa.Array]:
    """The events of audit lines that the kernel printed, if any are there, and which other lines there are.

    Any account can write under the kernel's name, so those are of the domain of the host's users.
    """
    asked = _kernels(lines)
    if not pc.any(asked).as_py():
        return None, pc.invert(asked)
    entries = _entries(lines, asked)
    held = [one for one in entries if auditjournal.row(one) is not None]
    trail, _ = auditjournal.events(held if notes is None else _begun(held, notes), _weaker(files), "syslog")
    starts = {(one.sha256, one.start) for one in held}
    own = np.array(asked.to_pylist(), bool)
    own[own] = [(one.sha256, one.start) in starts for one in entries]
    return trail, pa.array(~own)


def _weaker(files: pa.Table) -> pa.Table:
    """The files, as what any account of their hosts can have written."""
    domain = pc.replace_substring_regex(files["domain"], ":root$", ":user")
    return files.set_column(files.column_names.index("domain"), files.schema.field("domain"), domain)


def _schedulers(lines: _Lines, files: pa.Table, when: clock.Interval) -> tuple[list[pa.Table], pa.Array]:
    """The events of what Slurm's daemons are said to have written, and which other lines there are.

    Any account can write under their names, so those are of the domain of the host's users; what came of a request stands in lines of
    its own, which are not held against it.
    """
    asked = slurmhostlog.asked(lines)
    own = np.ones(len(asked), bool)
    if not pc.any(asked).as_py():
        return [], pa.array(own)
    asked = pc.and_(asked, pc.and_(pc.is_null(lines["repeated"]), pc.is_valid(lines["pid"])))
    weaker, made = _weaker(files), []
    for said in slurmhostlog.said(lines, asked, whole=False):
        own[said.rows] = False
        at = pa.array(said.rows)
        where = {name: loose.plain(lines[name].take(at)) for name in ("sha256", "start", "stop")}
        domain, place = (citation.of_file(where["sha256"], weaker, name) for name in ("domain", "host"))
        logged = pc.coalesce(loose.plain(loose.dictionary(lines["host"]).take(at)), place)
        earliest, latest = (ends.take(at) for ends in when)
        made.append(
            EVENT.build(
                {
                    **citation.cited(where),
                    "earliest_ns": earliest,
                    "latest_ns": latest,
                    "clock": citation.clocked(earliest, pc.coalesce(logged, domain), "syslog"),
                    "format": ["syslog"] * len(at),
                    "domain": domain,
                    **said.told,
                    "host": pc.coalesce(said.told["host"], logged) if "host" in said.told else logged,
                }
            )
        )
    return made, pa.array(own)


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


def _repeated(lines: _Lines, text: pa.Array) -> pa.Array:
    """The text of an event that stands for several begins with how many, in the logger's own words."""
    if lines["repeated"].null_count == len(text):
        return text
    known = pc.and_(pc.is_valid(lines["repeated"]), pc.is_valid(lines["kind"]))
    wrapped = pc.and_(known, pc.not_equal(text, lines["message"]))
    said = pc.binary_join_element_wise(
        "stands for", lines["repeated"].cast(pa.string()), "messages:", text, " "
    )
    return pc.if_else(pc.fill_null(wrapped, False), said, text)


def _when(
    lines: _Lines,
    zone: str,
    anchor_ns: int | None,
    courses: Mapping[str, years.Course] | None,
) -> clock.Interval:
    """Stamps of all layouts on the one axis; each as wide as its last digit."""
    local = clock.yearless_in_order(
        _yearless(lines),
        file=lines["sha256"],
        zone=zone,
        anchor_ns=anchor_ns,
        courses=courses,
    )
    dated = _fine(_stamped(lines, "rfc3339", "rfc5424"), None)
    iso = _fine(_stamped(lines, "iso"), zone)
    local = journalstamps.precise(local, loose.plain(_stamped(lines, "precise")))
    full, unix = (loose.plain(_stamped(lines, name)) for name in ("full", "unix"))
    printed = journalstamps.placed(full, unix, zone)
    return clock.Interval(*(pc.coalesce(*ends) for ends in zip(local, dated, iso, printed, strict=True)))


def _yearless(lines: _Lines) -> pa.Array:
    """The times of lines whose stamps have no year, to the second; null in the others."""
    if _stamped(lines, "precise").null_count == len(lines["stamp"]):
        return _stamped(lines, "traditional")
    return journalstamps.seconds(loose.plain(_stamped(lines, "traditional", "precise")))


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
