"""Grid Engine accounting (SGE, Son of Grid Engine, Univa, Altair): one line for each job or task that ended.

    train.q:gpu01:mei:mei:train:11:sge:0:1795446702:1795446703:1795446713:100:137:10:…

Shape   fields in a fixed order with a colon between; `NONE` is empty; comments begin with `#`
Source  accounting(5) of Grid Engine 6.2, Son of Grid Engine 8.1, Univa Grid Engine 8.6
Time    seconds since 1970 by the master host's clock; milliseconds in Univa's
Who     owner owns the job. `qdel_info`, in Univa's alone, is who asked to end it, and from where
Open    A job's name is typed by its user, who can put no colon into it; the command that submitted it comes behind
        every field that is read, but for the folder that it was submitted in: one with a colon in its name is cut there.
        What was asked for (`category`) can hold colons as well, with which it imitates what stands behind it: then none of that is
        taken. GPUs stand in `category` as the site calls them, and whether for each slot or for the job, its configuration says
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import lines
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_T = "s or ms since 1970-01-01T00:00:00Z, by its digits"
_NONE = "NONE, or not in this version"
TABLE = Table(
    "sge_accounting",
    "a job or a task that ended",
    (
        Column("queue", pa.string(), "queue", None, _NONE),
        Column("node", pa.string(), "host that ran it", None, _NONE),
        Column("owner", pa.string(), "account that owns the job"),
        Column("name", pa.string(), "job name: typed by the user", None, _NONE),
        Column("job", pa.string(), "job, a task of an array as `11.3`"),
        Column("account", pa.string(), "account charged", None, _NONE),
        Column("submitted", pa.int64(), "submitted", _T),
        Column("started", pa.int64(), "started; 0 is never", _T),
        Column("ended", pa.int64(), "ended; 0 is never", _T),
        Column(
            "failed",
            pa.int64(),
            "what went wrong, as a number: 0 nothing, 37 a limit, 100 after the job began",
        ),
        Column("exit_status", pa.int64(), "exit code; above 128 a signal"),
        Column("project", pa.string(), "project", None, _NONE),
        Column("parallel", pa.string(), "parallel environment", None, _NONE),
        Column("slots", pa.int64(), "slots"),
        Column("elapsed_s", pa.float64(), "run time; 0 where it never started", "s"),
        Column("category", pa.string(), "what was asked for, as written", None, _NONE),
        Column(
            "deleted_by", pa.string(), "account that asked to end it", None, "nobody, or not in this version"
        ),
        Column(
            "deleted_from", pa.string(), "host that it asked from", None, "nobody, or not in this version"
        ),
        Column("submit_host", pa.string(), "host that it was submitted from", None, _NONE),
        Column("work_dir", pa.string(), "working directory: typed by the user", None, _NONE),
        Column("submit_line", pa.string(), "command that submitted it: typed by the user", None, _NONE),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "sge:admin"

_F = "[^:]*"
_N = r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_ROW = (
    rf"^(?P<queue>{_F}):(?P<node>{_F}):(?P<group>{_F}):(?P<owner>[^:\s]+):(?P<name>{_F}):(?P<job>[0-9]{{1,18}}):(?P<account>{_F})"
    rf":{_N}:(?P<submitted>[0-9]{{1,16}}):(?P<started>[0-9]{{1,16}}):(?P<ended>[0-9]{{1,16}}):(?P<failed>[0-9]{{1,6}})"
    rf":(?P<exit_status>[0-9]{{1,6}}):(?P<elapsed>{_N})(?::{_N}){{17}}:(?P<project>{_F}):{_F}:(?P<parallel>{_F}):(?P<slots>[0-9]{{1,9}})"
    rf":(?P<task>[0-9]{{1,12}})(?::{_N}){{3}}:(?P<category>{_F}):{_N}:{_F}:{_N}(?::{_F}:{_F}(?::{_F}:(?P<deleted>{_F})(?P<after>:{_N}:{_N}:(?P<submit_host>{_F}):(?P<work_dir>{_F}):(?P<submit_line>(?s:.*)):{_N}|:(?s:.*))?)?)?$"
)
_MOVED = r":-?[0-9]+\.[0-9]{3,}:[^:]*:-?[0-9]"
"""Time of waiting, task and memory, which stand behind the category and before everything that is read behind it: a second time, they are the line's own, and the first were typed."""
_FIRST = re.compile(
    rf"^{_F}:{_F}:{_F}:{_F}:{_F}:[0-9]+:{_F}:{_N}:[0-9]{{1,16}}:[0-9]{{1,16}}:[0-9]{{1,16}}:[0-9]+:[0-9]+(?::{_N}){{18}}:".encode()
)
_NUMBERS = ("submitted", "started", "ended", "failed", "exit_status", "slots")
_BEHIND = ("category", "deleted", "submit_host", "work_dir", "submit_line")
_VOID = pa.array(["", "NONE"])


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of its many numbers, each in its place."""
    first = [line for line in head.split(b"\n", 20)[:20] if not line.startswith(b"#")]
    return 92 if any(_FIRST.match(line) for line in first) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    told = lines.told(data, base)
    torn = lines.unended(told, data)
    found = pc.extract_regex(told.text, pattern=_ROW)
    idle = pc.and_not(pc.or_(told.blank, pc.starts_with(told.text, "#")), torn)
    read = pc.and_not(pc.and_not(pc.is_valid(found), torn), idle)
    why = pc.if_else(torn, Why.TRUNCATED.value, Why.SHAPE.value)
    kept = found.filter(read)
    raw = {field.name: pc.struct_field(kept, field.name) for field in kept.type}
    moved = pc.fill_null(pc.match_substring_regex(raw["after"], _MOVED), False)
    raw |= {name: pc.if_else(moved, None, raw[name]) for name in _BEHIND}
    task = pc.if_else(pc.equal(raw["task"], "0"), None, raw["task"])
    by = pc.extract_regex(raw["deleted"], pattern=r"^(?P<user>[^@\s]+)@(?P<host>\S+)$")
    fields = {
        name: pc.if_else(pc.is_in(raw[name], _VOID), None, raw[name]) for name in TABLE.names if name in raw
    }
    fields |= {name: raw[name].cast(pa.int64()) for name in _NUMBERS}
    fields["elapsed_s"] = raw["elapsed"].cast(pa.float64())
    fields["job"] = pc.coalesce(pc.binary_join_element_wise(raw["job"], task, "."), raw["job"])
    fields |= {"deleted_by": pc.struct_field(by, "user"), "deleted_from": pc.struct_field(by, "host")}
    return told.sorted_out(TABLE, fields, read=read, idle=idle, why=why)
