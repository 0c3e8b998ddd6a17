r"""What `ausearch --format csv` made of an audit trail: a row for each event, in its own words.

    login01,SYSCALL,11/23/26,15:14:01,7983,audit-rule,54,kai,root,privileged-acct,killed-pid,success,,,process,/usr/bin/pkill

Shape   NODE,EVENT,DATE,TIME,SERIAL_NUM,EVENT_KIND,SESSION,SUBJ_PRIME,SUBJ_SEC,SUBJ_KIND,ACTION,RESULT,OBJ_PRIME,
        OBJ_SEC,OBJ_KIND,HOW. With `--extra-time`, YEAR,MONTH,DAY,WEEKDAY,HOUR,MILLI,GMT_OFFSET follow TIME. The
        first line says so. Nothing is quoted
Source  audit-userspace 3.0.9, ausearch(8), src/ausearch-report.c; staged with ausearch 3.0.9 from our own trail
Time    wall clock of the machine that ran ausearch, to the second, in the date order of its locale, no zone; with
        `--extra-time` to the millisecond, with the offset
Who     SUBJ_PRIME is the login account by name, SUBJ_SEC whose rights were used, as that machine names
        numbers: from names that the trail holds, else from its own account list
Open    a last line without its newline is torn and rejected. A name that holds a comma moves every field after it, so a row with more or fewer fields is rejected.
        ausearch leaves out arguments, pids, uids, rule keys and most objects: the trail itself says more. Other
        `--extra-…` columns are not read, since a comma could stand for one of them
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.lines import told
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_EMPTY = "empty in the row"
_COLUMNS = (
    ("node", "host that the trail names"),
    ("event", "type of the record that led the event"),
    ("date", "date as written: its order is the locale's"),
    ("time", "time of day as written"),
    ("moment", "date and time with milliseconds and offset (RFC 3339), from the columns of --extra-time"),
    ("event_kind", "what kind of event ausearch takes it for"),
    ("session", "audit session, or `unset`"),
    ("subject", "login account; `system` or `unset` where none was set"),
    ("effective", "account whose rights were used"),
    ("subject_kind", "what kind of account that is"),
    ("action", "what was done, in ausearch's words"),
    ("result", "success or failed"),
    ("object", "what it was done to"),
    ("object_second", "inode, or more about the object"),
    ("object_kind", "what kind of object"),
    ("how", "program"),
)
TABLE = Table(
    "ausearch_csv",
    "an event of an audit trail, as ausearch tells it",
    (
        *(Column(name, pa.string(), meaning, None, _EMPTY if name != "moment" else "no --extra-time") for name, meaning in _COLUMNS),
        Column("serial", pa.int64(), "number of the event, from the kernel's boot on"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "line"
DOMAIN = "{host}:root"

_NAMES = "NODE,EVENT,DATE,TIME,SERIAL_NUM,EVENT_KIND,SESSION,SUBJ_PRIME,SUBJ_SEC,SUBJ_KIND,ACTION,RESULT,OBJ_PRIME,OBJ_SEC,OBJ_KIND,HOW"
_EXTRA = "YEAR,MONTH,DAY,WEEKDAY,HOUR,MILLI,GMT_OFFSET,"
_HEADERS = (_NAMES, _NAMES.replace("SERIAL_NUM", _EXTRA + "SERIAL_NUM"))
_ROW = (
    r"^(?P<node>[^,]*),(?P<event>[A-Z0-9_]+(?:\[[0-9]+\])?),(?P<date>[^,]+),(?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2}),"
    r"(?:(?P<year>[0-9]{4}),(?P<month>[0-9]{1,2}),(?P<day>[0-9]{1,2}),[0-9],[0-9]{1,2},(?P<milli>[0-9]{1,3}),(?P<offset>[+-][0-9]{2}:[0-9]{2}),)?"
    r"(?P<serial>[0-9]{1,18}),(?P<event_kind>[^,]*),(?P<session>[^,]*),(?P<subject>[^,]*),(?P<effective>[^,]*),(?P<subject_kind>[^,]*),"
    r"(?P<action>[^,]*),(?P<result>[^,]*),(?P<object>[^,]*),(?P<object_second>[^,]*),(?P<object_kind>[^,]*),(?P<how>[^,]*)$"
)
_COMMAS = _NAMES.count(",")
_DATE = r"^(?:[0-9]{1,2}[/.-][0-9]{1,2}[/.-](?:[0-9]{4}|[0-9]{2})|[0-9]{4}[/.-][0-9]{1,2}[/.-][0-9]{1,2})$"
_NOTHING = pa.scalar(None, pa.string())


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the first line; a file without it shows rows of that shape."""
    first = next(iter(head.splitlines()), b"").decode("utf-8", "replace")
    if first in _HEADERS:
        return 98
    # Counted first: to make such a pattern takes a hundred times as long.
    return 80 if first.count(",") >= _COMMAS and re.fullmatch(_ROW, first) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = told(data, base)
    found = pc.extract_regex(lines.text, pattern=_ROW)
    shaped = pc.is_valid(found)
    dated = pc.fill_null(pc.match_substring_regex(pc.struct_field(found, "date"), _DATE), False)
    idle = pc.or_(lines.blank, pc.is_in(lines.text, pa.array(_HEADERS)))
    torn = pc.and_(pc.equal(lines.stop, base + len(data)), not data.endswith(b"\n"))
    read = pc.and_not(pc.and_(shaped, dated), torn)
    why = pc.if_else(torn, Why.TRUNCATED.value, pc.if_else(shaped, Why.TIME.value, Why.SHAPE.value))
    kept = found.filter(read)
    columns = {name: _filled(pc.struct_field(kept, name)) for name, _ in _COLUMNS if name != "moment"}
    serial = pc.struct_field(kept, "serial").cast(pa.int64())
    records = {**columns, "moment": _moment(kept), "serial": serial}
    return lines.sorted_out(TABLE, records, read=read, idle=idle, why=why)


def _moment(kept: pa.Array) -> pa.Array:
    """The columns of --extra-time as one reading."""
    part = {name: pc.struct_field(kept, name) for name in ("year", "month", "day", "time", "milli", "offset")}
    two = {name: pc.utf8_lpad(part[name], 2, "0") for name in ("month", "day")}
    date = pc.binary_join_element_wise(part["year"], two["month"], two["day"], "-")
    time = pc.binary_join_element_wise(part["time"], pc.utf8_lpad(part["milli"], 3, "0"), ".")
    whole = pc.binary_join_element_wise(pc.binary_join_element_wise(date, time, "T"), part["offset"], "")
    return pc.if_else(pc.equal(part["year"], ""), _NOTHING, whole)


def _filled(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(values, ""), _NOTHING, values)
