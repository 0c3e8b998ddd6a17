"""Slurm node daemon's log, and that of the steps it starts: which process ran for which job, and how it ended.

    [2026-11-23T15:11:53.694] [10.batch] task 0 (4253) exited. Killed by signal 15.

Shape   [<stamp>] [<job>.<step>] <level>: <message>, where the step stands in lines of slurmstepd alone
Source  Slurm 17.11 to 26.05: src/slurmd/slurmd/req.c, src/slurmd/slurmstepd/mgr.c and req.c
Time    as the controller's log: LogTimeFormat
Who     the uid of a launch is the job's owner. A signal is the daemon's own act on somebody's word: who
        asked is not here, but for the debug lines of slurmstepd
Open    The name of a process that is signalled is set by that process, and a newline in it begins a line
        that looks like the daemon's own. The node is named by few lines: the path says which it is
"""

import re

import pyarrow as pa

from forensics.core import slurmlog, slurmwords
from forensics.core.model import SPAN, Parsed
from forensics.core.schema import Column, Table

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
    fields = slurmwords.node(read.lines["message"], read.lines["level"])
    return Parsed(TABLE.build(read.lines | fields), read.rejected, read.ignored)
