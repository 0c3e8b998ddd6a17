"""Slurm node daemon's log, and that of the steps it starts: which process ran for which job, and how it ended.

    [2026-11-23T15:11:53.694] [10.batch] task 0 (4253) exited. Killed by signal 15.

Shape   [<stamp>] [<job>.<step>] <level>: <message>, where the step stands in lines of slurmstepd alone
Source  Slurm 22.05 to 26.05: src/slurmd/slurmd/req.c, src/slurmd/slurmstepd/mgr.c and req.c
Time    as the controller's log: LogTimeFormat
Who     the uid of a launch is the job's owner. A signal is the daemon's own act on somebody's word: who
        asked is not here, but for the debug lines of slurmstepd
Open    The name of a process that is signalled is set by that process, and a newline in it begins a line
        that looks like the daemon's own. The node is named by few lines: the path says which it is
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import slurmlog
from forensics.core.model import SPAN, Parsed
from forensics.core.schema import Column, Table
from forensics.core.slurmlog import JOB_ID, NUMBER

TABLE = Table(
    "slurmd",
    "a line of a Slurm node's log",
    (
        Column("wall", pa.string(), "stamp as written"),
        Column("level", pa.string(), "fatal, error, warning or debug", None, "the writer marks none"),
        Column(
            "kind", pa.string(), "which of the known messages it is", None, "none of those we know by name"
        ),
        Column("job", pa.string(), "job it names, or whose step wrote it", None, "names none"),
        Column("step", pa.string(), "step of that job", None, "names none"),
        Column("uid", pa.int64(), "uid it names: see `kind`", None, "not in this line"),
        Column("pid", pa.int64(), "process of the job", None, "not in this line"),
        Column("command", pa.string(), "that process's name: set by itself", None, "not in this line"),
        Column("signal", pa.int64(), "signal number", None, "no signal"),
        Column("exit_code", pa.int64(), "exit code of a task", None, "not in this line"),
        Column("node", pa.string(), "node it names as its own", None, "names none"),
        Column("reason", pa.string(), "why the job was ended, as written", None, "not written"),
        Column("address", pa.string(), "address the request came from", None, "not in this line"),
        Column("port", pa.int64(), "port there", None, "not in this line"),
        Column("message", pa.string(), "everything after the stamp, the step and the level, as written"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:slurmd"

_STEP = rf"^\[(?P<job>{JOB_ID})\.(?P<step>[A-Za-z0-9_+]+)\] ?(?P<message>(?s:.*))$"
_PID = rf"(?P<pid>{NUMBER})"
_UID = rf"(?P<uid>{NUMBER})"
_SIGNAL = r"(?P<signal>[0-9]{1,3})"
_OF_STEP = rf"(?:StepId=)?(?P<job>{JOB_ID})(?:\({NUMBER}\))?\.(?P<step>[A-Za-z0-9_+]+)"
_JOB = rf"(?:JobId=|job )(?P<job>{JOB_ID})(?:\({NUMBER}\))?"
_TASK = rf"task [0-9]+ \({_PID}\)"
_SHAPES = {
    "launch": rf"^Launching batch {_JOB} for UID {_UID}$",
    "launch_step": rf"^launch task {_OF_STEP} request from UID:{_UID} GID:[0-9]+ HOST:(?P<address>[0-9a-fA-F:.]+) PORT:(?P<port>[0-9]{{1,5}})$",
    "task_start": rf"^{_TASK} started ",
    "task_signal": rf"^{_TASK} exited\. Killed by signal {_SIGNAL}(?: \(core dumped\))?\.$",
    "task_code": rf"^{_TASK} exited with exit code (?P<exit_code>[0-9]{{1,5}})\.$",
    "task_status": rf"^{_TASK} exited with status 0x[0-9a-f]+\.$",
    "task_memory": rf"^{_TASK} Out Of Memory \(OOM\)$",
    "signal_process": rf"^(?:[a-z_/]+: )*Sending signal {_SIGNAL} to pid {_PID} (?P<command>(?s:.*))$",
    "signal_asked": rf"^_handle_signal_container for {_OF_STEP} uid={_UID} signal={_SIGNAL}(?: |$)",
    "signal_step": rf"^Sent signal {_SIGNAL} to {_OF_STEP}$",
    "signal_kill": rf"^Sent SIGKILL signal to {_OF_STEP}$",
    "ended_by": rf"^\*\*\* (?:JOB |STEP |JobId=|StepId=)(?P<job>{JOB_ID})(?:\({NUMBER}\))?(?:\.(?P<step>[A-Za-z0-9_+]+))? ON (?P<node>\S+) CANCELLED AT \S+(?: DUE [Tt][Oo] (?P<reason>.+?))? \*\*\*$",
    "ended": rf"^job (?P<job>{JOB_ID}) completed with slurm_rc = ",
    "memory": rf"^(?:[a-z_/]+: )*Detected [0-9]+ oom.kill events? in {_OF_STEP}\.",
    "memory_step": r"^(?:[a-z_/]+: )*Detected [0-9]+ oom.kill event",
    "fault_job": rf"^(?:[A-Za-z_/]+: )?(?:[Pp]rolog|[Ee]pilog) (?:for|of) {_JOB} (?:failed|exit)",
    "fault": r"^(?:[A-Za-z_/]+: )?(?:Kill task failed|Unable to register|Node configuration differs|Waiting for gres\.conf file|[Hh]ealth [Cc]heck .*(?:failed|exited))",
    "violation": rf"^(?:[a-z_]+: )?(?:Security violation|SECURITY VIOLATION)[,:] (?s:.*) (?:from uid|by uid)[ =]{_UID}$",
}
_NUMBERS = ("uid", "pid", "signal", "exit_code", "port")
_FIELDS = ("job", "step", *_NUMBERS, "command", "node", "reason", "address")
_OWN_WORDS = re.compile(
    rb"\] (?:\[\d+(?:\+\d+)?\.\w+\] |Launching batch (?:job |JobId=)|launch task |slurmd version |slurmd started on )"
)
_OTHERS_WORDS = re.compile(rb"\] (?:_slurm_rpc_|sched: |slurmctld version |slurmdbd version )")


def recognise(head: bytes, path: str) -> int:
    """Sure of words that only a node writes; the name decides where it wrote none of them."""
    if not slurmlog.begins(head):
        return 0
    if _OWN_WORDS.search(head):
        return 80 if _OTHERS_WORDS.search(head) else 92
    named = re.search(r"slurm(?:step)?d[-._]", path.rpartition("/")[2])
    return 40 if named and not _OTHERS_WORDS.search(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    read = slurmlog.stamped(data, base)
    step = slurmlog.split(read.lines["message"], _STEP)
    step |= slurmlog.leveled(step["message"], read.lines["level"])
    fields = slurmlog.known(step["message"], _SHAPES, _FIELDS)
    fields |= {name: slurmlog.numbers(fields[name]) for name in _NUMBERS}
    fields |= {name: pc.coalesce(fields[name], step[name]) for name in ("job", "step")}
    return Parsed(TABLE.build(read.lines | step | fields), read.rejected, read.ignored)
