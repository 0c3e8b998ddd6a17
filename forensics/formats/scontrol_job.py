r"""What `scontrol show job` printed: a job as the controller held it when it was asked.

    JobId=10 JobName=train
       UserId=mei(4101) GroupId=mei(4101) MCS_label=N/A
       …
       JobState=RUNNING Reason=None Dependency=(null)

Shape   <key>=<value>, several on a line, three blanks before every line but a job's first, an empty line
        after its last; with `--oneliner` all on one line
Source  Slurm 17.11 to 26.05: src/api/job_info.c, slurm_sprint_job_info; a federation of two clusters, 22.05
Time    wall clock of the host that ran it, to the second, no zone; `Unknown`, `None` or `N/A` where there is none
Who     UserId owns the job. Who asked to end it is not in it
Open    JobName, Command, WorkDir and Comment are typed by users and nothing is quoted. What says who and when
        stands between the owner and the command: a job in which one of those keys comes twice there, or the
        owner's anywhere, says two things, and is rejected
"""

import re
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import federation, rowwise, tres
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Said
from forensics.core.schema import Column, Table

_NONE = "not written, or `(null)`"
TABLE = Table(
    "scontrol_job",
    "a job, as the controller held it when it was asked",
    (
        Column("job_id", pa.string(), "the scheduler's own number of the job"),
        Column(
            "job",
            pa.string(),
            "the job as users know it, an array's task as `10_3`",
            None,
            "the controller put 4294967294 in its place: a copy that it took back",
        ),
        Column("name", pa.string(), "job name: typed by the user", None, _NONE),
        Column("user", pa.string(), "account that owns the job"),
        Column("uid", pa.int64(), "its uid"),
        Column("account", pa.string(), "account charged", None, _NONE),
        Column("state", pa.string(), "state as written"),
        Column("reason", pa.string(), "why it is in that state", None, _NONE),
        Column("restarts", pa.int64(), "times that it was requeued", None, _NONE),
        Column("exit_code", pa.int64(), "exit code", None, _NONE),
        Column("exit_signal", pa.int64(), "signal that ended it", None, _NONE),
        Column("submit_wall", pa.string(), "submitted, as written", None, _NONE),
        Column("start_wall", pa.string(), "started or expected to, as written", None, _NONE),
        Column("end_wall", pa.string(), "ended or will have run out of time, as written", None, _NONE),
        Column("elapsed_s", pa.int64(), "run time so far", "s", _NONE),
        Column("submit_host", pa.string(), "host that it was submitted from", None, _NONE),
        Column("submit_session", pa.int64(), "session (sid) that submitted it there", None, _NONE),
        Column("nodes", pa.string(), "nodes, as written", None, _NONE),
        Column("node_count", pa.int64(), "nodes allocated", None, _NONE),
        Column("cpus", pa.int64(), "processors allocated", None, _NONE),
        Column("gpus", pa.int64(), "GPUs allocated", None, "no resources written"),
        Column("energy_j", pa.int64(), "energy used", "J", "not metered, or not written"),
        Column("tres", pa.string(), "resources allocated, as written", None, _NONE),
        Column("command", pa.string(), "script or program: typed by the user", None, _NONE),
        Column("submit_line", pa.string(), "command that submitted it: typed by the user", None, _NONE),
        Column("work_dir", pa.string(), "working directory: typed by the user", None, _NONE),
        Column("comment", pa.string(), "comment: typed by the user", None, _NONE),
        Column("federation_origin", pa.string(), "cluster of a federation that took it", None, _NONE),
        Column("siblings_viable", pa.string(), "clusters of the federation that could run it", None, _NONE),
        Column("siblings_active", pa.string(), "clusters that held a copy of it, or run it", None, _NONE),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "slurm:admin"

_HEAD = re.compile(
    r"JobId=(?P<job_id>[0-9]{1,10})(?: ArrayJobId=(?P<array>[0-9]{1,10}) ArrayTaskId=(?P<task>\S+))?"
    r"(?: HetJobId=(?P<het>[0-9]{1,10}) HetJobOffset=(?P<offset>[0-9]{1,5}))? JobName=(?P<name>.*)",
    re.DOTALL,
)
_FIRST = re.compile(rb"JobId=[0-9]{1,10} (?:[A-Z][A-Za-z]+Id=[^\n]*|HetJobOffset=[^\n]*)?JobName=")
_OWNER = r"UserId=(?P<user>[^\s()]+)\((?P<uid>[0-9]{1,10})\) GroupId="
_WALL = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}|Unknown|None|N/A"
_SURE = {
    "state": r"JobState=(?P<state>[A-Z_]+) Reason=(?P<reason>.+?) Dependency=",
    "exit": r"ExitCode=(?P<code>[0-9]{1,5}):(?P<signal>[0-9]{1,5})",
    "elapsed": r"RunTime=(?P<elapsed>(?:[0-9]{1,5}-)?[0-9]{2}:[0-9]{2}:[0-9]{2})",
    "restarts": r"Restarts=(?P<restarts>[0-9]{1,9})",
    "submit": rf"SubmitTime=(?P<submit_wall>{_WALL})",
    "start": rf"StartTime=(?P<start_wall>{_WALL})",
    "end": rf"EndTime=(?P<end_wall>{_WALL})",
    "host": r"AllocNode:Sid=(?P<submit_host>[^\s:]+):(?P<submit_session>[0-9]{1,10})",
    "account": r"Account=(?P<account>\S+)",
    "nodes": r"NodeList=(?P<nodes>\S+)",
    "counts": r"NumNodes=(?P<node_count>[0-9]{1,7})(?:-[0-9]+)? NumCPUs=(?P<cpus>[0-9]{1,9})",
    "federation": r"FedOrigin=(?P<federation_origin>\S+) FedViableSiblings=(?P<siblings_viable>\S+) FedActiveSiblings=(?P<siblings_active>\S+)",
    "tres": r"(?:AllocTRES|TRES)=(?P<tres>\S+)",
}
_TYPED = {"command": "Command", "submit_line": "SubmitLine", "work_dir": "WorkDir", "comment": "Comment"}
_NEEDED = ("state", "submit")
_NUMBERS = ("restarts", "submit_session", "node_count", "cpus")
_VOID = {"", "(null)", "Unknown", "None", "N/A"}


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a first line that begins as a job does."""
    return 93 if _FIRST.match(head.lstrip(b"\r\n")) and b"UserId=" in head else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the listing: a record for each job."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from rowwise.portions(_said(data, base), TABLE)


def _said(data: bytes, base: int) -> Iterator[Said]:
    """The lines of each job, and what they say."""
    group: list[rowwise.Line] = []
    for line in rowwise.each(data, base):
        if line.raw.strip() and not line.raw.startswith(b"JobId="):
            rowwise.grow(group, line)
            continue
        if group:
            yield group, _job(group)
        group = []
        if line.raw.strip():
            group = [line]
        else:
            yield [line], None
    if group:
        torn = not data.endswith(b"\n")
        yield group, Why.TRUNCATED if torn else _job(group)


def _job(group: list[rowwise.Line]) -> dict[str, object] | Why:
    if rowwise.too_long(group):
        return Why.TOO_LONG
    text = "\n".join(rowwise.shown(line.raw) for line in group)
    head = _HEAD.match(text)
    if head is None:
        return Why.SHAPE
    before = r"(?:^|\n {3}| )" if len(group) == 1 else r"\n {3}"
    within = r"(?:^|\n {3}|[ ])"
    owners = list(re.finditer(before + _OWNER, text))
    if len(owners) != 1:
        return Why.VALUE
    name = text[head.start("name") : owners[0].start()]
    end = re.search(rf"{before}(?:Command|WorkDir)=", text[owners[0].end() :])
    sure = text[owners[0].end() : owners[0].end() + end.start()] if end else text[owners[0].end() :]
    fields: dict[str, object] = {"name": name, **owners[0].groupdict()}
    for key, pattern in _SURE.items():
        told = list(re.finditer(within + pattern + r"(?=\s|$)" * (key != "state"), sure))
        if len(told) > 1 or (key in _NEEDED and not told):
            return Why.VALUE
        fields |= told[0].groupdict() if told else {}
    rest = text[owners[0].end() + len(sure) :]
    for column, key in _TYPED.items():
        typed = re.search(rf"{before}{key}=([^\n]*)", rest)
        fields[column] = typed[1] if typed and len(group) > 1 else None
    return _typed(fields, head)


def _typed(fields: dict[str, object], head: re.Match[str]) -> dict[str, object]:
    """The declared columns, of fields that are still text."""
    told = {name: None if value in _VOID else value for name, value in fields.items()}
    tasks, component = (head["array"], head["task"]), (head["het"], head["offset"])
    job = f"{tasks[0]}_{tasks[1]}" if tasks[0] and tasks[1].isdigit() else head["job_id"]
    named = int(head["job_id"]) != federation.NO_NUMBER
    written = told.get("tres")
    amounts = tres.told(pa.array([written], pa.string()))
    numbers = {name: int(str(told[name])) for name in _NUMBERS if told.get(name) is not None}
    code, signal = told.pop("code", None), told.pop("signal", None)
    elapsed = told.pop("elapsed", None)
    ran = told.get("nodes") is not None
    counted = {name: numbers.get(name) if ran else None for name in ("node_count", "cpus")}
    return {
        **told,
        **numbers,
        **counted,
        "job_id": head["job_id"],
        "job": None if not named else f"{component[0]}+{component[1]}" if component[0] else job,
        "uid": int(str(told["uid"])),
        "elapsed_s": None if elapsed is None else _seconds(str(elapsed)),
        "exit_code": None if code is None else int(str(code)),
        "exit_signal": None if signal is None else int(str(signal)) or None,
        "gpus": amounts.gpus[0].as_py(),
        "energy_j": amounts.energy_j[0].as_py(),
    }


def _seconds(written: str) -> int:
    """The seconds of `1-02:03:04` or `02:03:04`."""
    days, _, clock = written.rpartition("-")
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    return int(days or 0) * 86_400 + hours * 3600 + minutes * 60 + seconds
