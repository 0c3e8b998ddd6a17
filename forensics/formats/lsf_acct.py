"""LSF accounting (lsb.acct): one line for each job that ended.

    "JOB_FINISH" "10.1" 1795446713 11 4101 33882739 2 1795446702 0 0 1795446703 "mei" "train" …

Shape   fields in a fixed order with a blank between, text in double quotes, a quote in it doubled; lists of hosts
        are preceded by their length
Source  IBM Spectrum LSF 10.1 Configuration Reference, lsb.acct, JOB_FINISH
Time    seconds since 1970 by the master host's clock
Who     userName owns the job, as LSF authenticated. The reason of termination says whether its owner or an
        administrator ended it, and not which administrator
Open    Other types of record are kept by their type alone. Text is typed by users, but quoted
"""

import re

import pyarrow as pa

from forensics.core import lsfrecords, rowwise
from forensics.core.lsfrecords import number
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_S = "s since 1970-01-01T00:00:00Z"
_NONE = "not in this record"
TABLE = Table(
    "lsf_acct",
    "a job that ended, or a record of another type",
    (
        Column("type", pa.string(), "type of the record"),
        Column("version", pa.string(), "version of LSF that wrote it"),
        Column("time_s", pa.int64(), "when it was written", _S),
        Column("job", pa.string(), "job, an array's element as `11[3]`", None, _NONE),
        Column("uid", pa.int64(), "uid of the owner", None, _NONE),
        Column("user", pa.string(), "account that owns the job", None, _NONE),
        Column("queue", pa.string(), "queue", None, _NONE),
        Column("submit_s", pa.int64(), "submitted", _S, _NONE),
        Column("start_s", pa.int64(), "started", _S, "never started"),
        Column("from_host", pa.string(), "host that it was submitted from", None, _NONE),
        Column("work_dir", pa.string(), "working directory", None, _NONE),
        Column("nodes", pa.string(), "hosts that ran it, as written", None, "none"),
        Column("node_count", pa.int64(), "distinct hosts", None, "none"),
        Column("cpus", pa.int64(), "slots", None, _NONE),
        Column("status", pa.int64(), "state of the job, as a number: 32 exit, 64 done", None, _NONE),
        Column("name", pa.string(), "job name: typed by the user", None, _NONE),
        Column("command", pa.string(), "command: typed by the user", None, _NONE),
        Column("project", pa.string(), "project charged", None, _NONE),
        Column("wait_status", pa.int64(), "exit code times 256, and a signal", None, _NONE),
        Column("termination", pa.int64(), "why LSF ended it, as a number; 0 is unknown", None, _NONE),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "lsf:admin"

_FIRST = re.compile(rb'"(?:JOB_FINISH2?|JOB_RESIZE|EVENT_ADRSV_FINISH)" "[0-9.]{1,12}" [0-9]{1,12} ')
_ASKED, _AFTER_COMMAND = 22, 23
_LONGEST_TEXT = 4096


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a record's type in quotes, which only accounting has."""
    return 93 if any(_FIRST.match(line) for line in head.split(b"\n", 20)[:20]) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    end = data if data.endswith(b"\n") else data[: data.rfind(b"\n") + 1]
    rows = rowwise.by_line(end, base, TABLE, _record)
    return rowwise.with_torn(rows, base + len(end), base + len(data))


def _record(raw: bytes) -> dict[str, object] | Why | None:
    if raw.startswith(b"#"):
        return None
    found = lsfrecords.fields(rowwise.shown(raw))
    if found is None or len(found) < 3 or not re.fullmatch(r"[A-Z][A-Z0-9_]{2,40}", found[0]):
        return Why.SHAPE
    time = number(found, 2)
    if time is None:
        return Why.TIME
    told: dict[str, object] = {"type": found[0], "version": found[1], "time_s": time}
    return told if found[0] != "JOB_FINISH" else _finished(found, told)


def _finished(f: list[str], told: dict[str, object]) -> dict[str, object] | Why:
    asked = number(f, _ASKED)
    if asked is None or not 0 <= asked < len(f):
        return Why.VALUE
    at = _ASKED + 1 + asked
    count = number(f, at)
    if count is None or not 0 <= count < len(f):
        return Why.VALUE
    hosts, state = f[at + 1 : at + 1 + count], at + 1 + count
    rest = state + _AFTER_COMMAND
    job, index = number(f, 3), number(f, rest + 6)
    needed = (job, number(f, 4), number(f, 7), number(f, state), number(f, rest + 2))
    if None in needed or (number(f, state + 3) is not None and len(f) < rest):
        return Why.VALUE
    return told | {
        "job": f"{job}[{index}]" if index else str(job),
        "uid": number(f, 4), "user": f[11] or None, "queue": f[12] or None,
        "submit_s": number(f, 7), "start_s": number(f, 10) or None, "from_host": f[16] or None,
        "work_dir": f[17] or None, "nodes": "+".join(hosts) or None,
        "node_count": len({host.rpartition("*")[2] for host in hosts}) or None, "cpus": number(f, 6),
        "status": number(f, state), "name": f[state + 2] or None,
        "command": f[state + 3][:_LONGEST_TEXT] or None,
        "project": f[rest + 1] or None, "wait_status": number(f, rest + 2), "termination": number(f, rest + 15),
    }  # fmt: skip
