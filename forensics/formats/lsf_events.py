"""LSF event log (lsb.events): what was asked of the master batch daemon, by which uid and account, and what it did.

    "JOB_SIGNAL" "10.1" 1795446713 11 4102 1 "KILL" 0 "kai"

Shape   fields in an order that the type of the record fixes, a blank between, text in double quotes
Source  IBM Spectrum LSF 10.1 Configuration Reference, lsb.events
Time    seconds since 1970 by the master host's clock
Who     userId and userName of a signal, a switch or a change are who asked, as LSF authenticated (eauth). Those
        of JOB_NEW own the job
Open    The first line of a file that was rotated is a comment. A type that we have not met, and the further fields
        of one that we have, stay as written
"""

import re

import pyarrow as pa

from forensics.core import lsfrecords, rowwise
from forensics.core.lsfrecords import number
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_NONE = "not in this record"
TABLE = Table(
    "lsf_events",
    "an event that LSF's master batch daemon logged",
    (
        Column("type", pa.string(), "type of the record"),
        Column("version", pa.string(), "version of LSF that wrote it"),
        Column("time_s", pa.int64(), "when", "s since 1970-01-01T00:00:00Z"),
        Column("job", pa.string(), "job, an array's element as `11[3]`", None, "of no one job"),
        Column("uid", pa.int64(), "uid that asked; of JOB_NEW, the owner's", None, _NONE),
        Column("user", pa.string(), "account that asked; of JOB_NEW, the owner", None, _NONE),
        Column("signal", pa.string(), "what was sent, such as KILL or DELETEJOB", None, _NONE),
        Column("status", pa.int64(), "state of the job, as a number: 32 exit, 64 done", None, _NONE),
        Column("target", pa.string(), "queue, host or master that it is about", None, _NONE),
        Column("rest", pa.string(), "everything after the time, as written, at most 4,096 characters"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "lsf:admin"

_PLACES = {
    "JOB_NEW": {"job": 3, "uid": 4, "user": 13}, "JOB_SIGNAL": {"job": 3, "uid": 4, "signal": 6, "index": 7, "user": 8},
    "JOB_START": {"job": 3, "status": 4}, "JOB_START_ACCEPT": {"job": 3}, "JOB_EXECUTE": {"job": 3},
    "JOB_STATUS": {"job": 3, "status": 4}, "JOB_MODIFY2": {"job": 3, "uid": 7, "user": 8},
    "JOB_SWITCH": {"uid": 3, "job": 4, "target": 5, "index": 6, "user": 7},
    "JOB_MOVE": {"uid": 3, "job": 4, "index": 7, "user": 8}, "JOB_REQUEUE": {"job": 3}, "JOB_CLEAN": {"job": 3},
    "QUEUE_CTRL": {"target": 4, "uid": 5, "user": 6}, "HOST_CTRL": {"target": 4, "uid": 5, "user": 6},
    "MBD_START": {"target": 3}, "MBD_DIE": {"target": 3},
}  # fmt: skip
_FIRST = re.compile(
    rb'"(?:JOB_NEW|JOB_SIGNAL|JOB_START|JOB_STATUS|JOB_EXECUTE|JOB_CLEAN|MBD_START|MBD_DIE|JOB_SWITCH|QUEUE_CTRL|HOST_CTRL'
    rb'|JOB_MODIFY2|JOB_MOVE|LOAD_INDEX|UNFULFILL|LOG_SWITCH)" "[0-9.]{1,12}" [0-9]{1,12}'
)
_LONGEST_TEXT = 4096


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a record's type in quotes, which only this log has."""
    return 92 if any(_FIRST.match(line) for line in head.split(b"\n", 20)[:20]) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    end = data if data.endswith(b"\n") else data[: data.rfind(b"\n") + 1]
    rows = rowwise.by_line(end, base, TABLE, _record)
    return rowwise.with_torn(rows, base + len(end), base + len(data))


def _record(raw: bytes) -> dict[str, object] | Why | None:
    if raw.startswith(b"#"):
        return None
    line = rowwise.shown(raw)
    found = lsfrecords.fields(line)
    if found is None or len(found) < 3 or not re.fullmatch(r"[A-Z][A-Z0-9_]{2,40}", found[0]):
        return Why.SHAPE
    time = number(found, 2)
    if time is None:
        return Why.TIME
    places = _PLACES.get(found[0], {})
    told = {name: found[at] if at < len(found) else None for name, at in places.items()}
    for name in ("uid", "status", "index"):
        if name in places and number(found, places[name]) is None:
            return Why.VALUE
    if "job" in places and not re.fullmatch(r"[0-9]{1,18}(?:\[[0-9]{1,9}\])?", told["job"] or ""):
        return Why.VALUE
    index = told.pop("index", None)
    job = told.get("job")
    return {
        **{name: value or None for name, value in told.items()},
        "type": found[0], "version": found[1], "time_s": time,
        "job": f"{job}[{index}]" if job and index not in {None, "0"} else job,
        "uid": number(found, places.get("uid", -1)), "status": number(found, places.get("status", -1)),
        "rest": " ".join(found[3:])[:_LONGEST_TEXT],
    }  # fmt: skip
