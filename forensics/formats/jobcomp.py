"""Slurm job completion log (jobcomp/filetxt): one line for each job that ended.

    JobId=10 UserId=mei(4101) GroupId=mei(4101) Name=train JobState=CANCELLED Partition=gpu … ExitCode=0:0

Shape   <key>=<value>, a space after each, in the writer's fixed order
Source  Slurm 17.11 to 26.05: src/plugins/jobcomp/filetxt/jobcomp_filetxt.c, JOB_FORMAT
Time    wall clock of the controller, to the second, no zone; `Unknown` where there is none
Who     UserId owns the job. Who cancelled it is not here
Open    Name and WorkDir are typed by users and can hold anything, keys too. A line that these keys fit in
        two ways says two things, and is rejected. A newline in a name breaks the line in two
"""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.lines import LONGEST_LINE_BYTES, cut, shown
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_NONE = "empty"
TABLE = Table(
    "jobcomp",
    "a job that ended",
    (
        Column("job_id", pa.string(), "the scheduler's number of the job"),
        Column("job", pa.string(), "the job, an array's task as `10_3`"),
        Column("user", pa.string(), "account that owns it"),
        Column("uid", pa.int64(), "its uid"),
        Column("group", pa.string(), "its group"),
        Column("gid", pa.int64(), "number of its group"),
        Column("name", pa.string(), "job name: typed by the user", None, "empty"),
        Column("state", pa.string(), "state as written"),
        Column("partition", pa.string(), "partition", None, "empty"),
        Column("time_limit", pa.string(), "time limit as written, in minutes or a word", None, "empty"),
        Column("start_wall", pa.string(), "started, local wall clock as written", None, "Unknown"),
        Column("end_wall", pa.string(), "ended, local wall clock as written", None, "Unknown"),
        Column("node_list", pa.string(), "nodes, as written", None, "empty or `(null)`"),
        Column("node_count", pa.int64(), "nodes allocated"),
        Column("proc_count", pa.int64(), "processors allocated"),
        Column("work_dir", pa.string(), "working directory: typed by the user", None, "empty"),
        Column("reservation", pa.string(), "reservation", None, _NONE),
        Column("tres", pa.string(), "resources, as written", None, _NONE),
        Column("account", pa.string(), "account charged", None, _NONE),
        Column("qos", pa.string(), "quality of service", None, _NONE),
        Column("wckey", pa.string(), "workload key", None, _NONE),
        Column("cluster", pa.string(), "cluster", None, _NONE),
        Column("submit_wall", pa.string(), "submitted, local wall clock as written", None, "Unknown"),
        Column("eligible_wall", pa.string(), "eligible, local wall clock as written", None, "Unknown"),
        Column("derived_exit_code", pa.string(), "highest exit code of its steps, as written", None, _NONE),
        Column("exit_code", pa.string(), "exit code and signal, as written", None, _NONE),
        Column("others", pa.string(), "keys that came with later versions, as written", None, "none"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "slurm:admin"

_TIME = r"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d|[Uu]nknown)"
# The keys on either side of what users type are many and in order: an imitation has to be a whole one.
_LINE = (
    r"^JobId=(?P<job_id>[0-9]{{1,10}}) UserId=(?P<user>[^ ]+?)\((?P<uid>[0-9]{{1,10}})\)"
    r" GroupId=(?P<group>[^ ]+?)\((?P<gid>[0-9]{{1,10}})\) Name=(?P<name>(?s:.{lazy}))"
    r" JobState=(?P<state>[A-Z_]+) Partition=(?P<partition>[^ ]*) TimeLimit=(?P<time_limit>[^ ]*)"
    r" StartTime=(?P<start_wall>{time}) EndTime=(?P<end_wall>{time}) NodeList=(?P<node_list>[^ ]*)"
    r" NodeCnt=(?P<node_count>[0-9]{{1,10}}) ProcCnt=(?P<proc_count>[0-9]{{1,10}})"
    r" WorkDir=(?P<work_dir>(?s:.{lazy}))"
    r" ReservationName=(?P<reservation>[^ ]*) (?:Tres|Gres)=(?P<tres>[^ ]*) Account=(?P<account>[^ ]*)"
    r" QOS=(?P<qos>[^ ]*) WcKey=(?P<wckey>[^ ]*) Cluster=(?P<cluster>[^ ]*)"
    r" SubmitTime=(?P<submit_wall>{time}) EligibleTime=(?P<eligible_wall>{time})"
    r"(?: ArrayJobId=(?P<array_job>[0-9]{{1,10}}) ArrayTaskId=(?P<array_task>[0-9]{{1,10}}))?"
    r"(?P<others>(?: [A-Z][A-Za-z]+=[^ ]*)*?)"
    r" DerivedExitCode=(?P<derived_exit_code>[0-9]{{1,5}}:[0-9]{{1,5}})"
    r" ExitCode=(?P<exit_code>[0-9]{{1,5}}:[0-9]{{1,5}}) $"
)
_SHORTEST = _LINE.format(lazy="*?", time=_TIME)
_LONGEST = _LINE.format(lazy="*", time=_TIME)
_FIRST = re.compile(rb"JobId=\d+ UserId=[^ \n]+\(\d+\) GroupId=[^ \n]+\(\d+\) Name=")
_VOID = pa.array(["", "(null)", "Unknown", "unknown"])
_NUMBERS = ("uid", "gid", "node_count", "proc_count")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the keys that begin a line."""
    return 92 if any(_FIRST.match(line) for line in head.split(b"\n", 20)[:20]) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    lines = cut(data, base)
    start, stop = pa.array(lines.start, pa.int64()), pa.array(lines.stop, pa.int64())
    size = pc.binary_length(lines.text)
    blank, long = pc.equal(size, 0), pc.greater(size, LONGEST_LINE_BYTES)
    text = shown(pc.if_else(long, pa.scalar(b"", pa.binary()), lines.text))
    found = pc.extract_regex(text, pattern=_SHORTEST)
    other = pc.extract_regex(text, pattern=_LONGEST)
    typed = ("name", "work_dir")
    same = [pc.equal(pc.struct_field(found, n), pc.struct_field(other, n)) for n in typed]
    read = pc.fill_null(pc.and_(*same), False)
    torn = np.zeros(len(start), bool)
    # The writer ends a record with a space, so that a last line without its newline can be whole.
    torn[-1:] = not data.endswith(b"\n")
    bad = pc.and_not(pc.invert(read), blank)
    why = pc.if_else(
        long, Why.TOO_LONG.value, pc.if_else(pa.array(torn), Why.TRUNCATED.value, Why.SHAPE.value)
    )
    fields = _fields(found.filter(read))
    return Parsed(
        TABLE.build(fields | {"start": start.filter(read), "stop": stop.filter(read)}),
        REJECTED.build({"start": start.filter(bad), "stop": stop.filter(bad), "why": why.filter(bad)}),
        IGNORED.build({"start": start.filter(blank), "stop": stop.filter(blank)}),
    )


def _fields(found: pa.Array) -> dict[str, pa.Array]:
    raw = {field.name: pc.struct_field(found, field.name) for field in found.type}
    typed = {name: pc.if_else(pc.equal(raw[name], ""), None, raw[name]) for name in ("name", "work_dir")}
    task = pc.binary_join_element_wise(raw["array_job"], raw["array_task"], "_")
    job = pc.if_else(pc.equal(raw["array_job"], ""), raw["job_id"], task)
    numbers = {name: raw[name].cast(pa.int64()) for name in _NUMBERS}
    others = pc.utf8_trim_whitespace(raw["others"])
    void = {n: pc.if_else(pc.is_in(v, _VOID), None, v) for n, v in (raw | {"others": others}).items()}
    kept = void | typed | numbers | {n: raw[n] for n in ("job_id", "user", "group", "state")} | {"job": job}
    return {name: kept[name] for name in TABLE.names if name in kept}
