"""Slurm controller's log: what was asked of the scheduler, by which uid, and what it did.

    [2026-11-23T15:11:53.686] _slurm_rpc_kill_job: REQUEST_KILL_JOB JobId=10 uid 4101

Shape   [<stamp>] <level>: <message>, where the stamp follows LogTimeFormat and the level is left out
        of what is neither an error nor for debugging
Source  Slurm 17.11 to 26.05: src/common/log.c, src/slurmctld/proc_req.c (slurmctld_req) and job_mgr.c; slurm.conf(5)
        LogTimeFormat
Time    iso8601[_ms]: wall clock without zone; rfc5424[_ms], rfc3339: with offset; short, thread_id: no
        year; clock: microseconds of computing, which is no time of day
Who     `uid` is the one that the authentication plugin (munge) vouched for when the request came in
Open    Job names, comments, accounts and partitions are typed by users, and a newline in one begins a
        line that looks like the daemon's own. Before 21.08 the answer to a refused kill names no uid; where a violation
        before it does, the refusal is of that uid, else of nobody. From 25.11 a job is also named by its SLUID, which
        stays in the message. A request that cancels many jobs at once
        (REQUEST_KILL_JOBS, `scancel --ctld`) is logged without its uid. A message we have not met is
        still a record. A suspension, a requeue that was refused, a reservation, a node or the configuration is told
        without its uid: at debug2, and with DebugFlags=AuditRPCs or Protocol, an earlier line names it, and only
        with LogTimeFormat=thread_id is it certain which (the reading joins those)
"""

import re

import pyarrow as pa

from forensics.core import slurmlog, slurmwords
from forensics.core.model import SPAN, Parsed
from forensics.core.schema import Column, Table

TABLE = Table(
    "slurmctld",
    "a line of the Slurm controller's log",
    (
        Column("wall", pa.string(), "stamp as written"),
        Column(
            "thread",
            pa.string(),
            "process and thread that wrote it, as written",
            None,
            "the stamp's layout has none",
        ),
        Column("level", pa.string(), "fatal, error, warning or debug", None, "the writer marks none"),
        Column(
            "kind", pa.string(), "which of the known messages it is", None, "none of those we know by name"
        ),
        Column("job", pa.string(), "job it names, `10_3` as written", None, "names none"),
        Column("job_raw", pa.string(), "number of that array task or component", None, "not written"),
        Column("step", pa.string(), "step of that job", None, "names none"),
        Column("uid", pa.int64(), "uid that asked, as authenticated", None, "not in this line"),
        Column("signal", pa.int64(), "signal number", None, "no signal"),
        Column("exit_code", pa.int64(), "exit code", None, "not in this line"),
        Column("nodes", pa.string(), "nodes it names", None, "names none"),
        Column("target", pa.string(), "reservation, partition or cluster that it names", None, "names none"),
        Column("request", pa.string(), "type of the message received", None, "not in this line"),
        Column("address", pa.string(), "address the request came from", None, "not in this line"),
        Column("port", pa.int64(), "port there", None, "not in this line"),
        Column("result", pa.string(), "the answer, where it was a refusal", None, "not in this line"),
        Column("message", pa.string(), "everything after the stamp and the level, as written"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "slurm:admin"

_OWN_WORDS = re.compile(
    rb"_slurm_rpc_|\] (?:error: |debug\d?: +)?(?:sched: |sched/backfill: |_?job_complete: |slurmctld version )"
    rb"|\] (?:job_signal: |Running as primary controller|cleanup_completing: |_update_job: )"
)
_OTHERS_WORDS = re.compile(rb"\] (?:\[\d+\.\w+\] |Launching batch job |slurmd version |slurmdbd version )")


def recognise(head: bytes, path: str) -> int:
    """Sure of words that only the controller writes; the name decides where it wrote none of them."""
    if not slurmlog.begins(head):
        return 0
    if _OWN_WORDS.search(head):
        return 70 if _OTHERS_WORDS.search(head) else 92
    return 40 if "slurmctld" in path.rpartition("/")[2] and not _OTHERS_WORDS.search(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    read = slurmlog.stamped(data, base)
    fields = slurmwords.controller(read.lines["message"]) | {"thread": read.thread}
    return Parsed(TABLE.build(read.lines | fields), read.rejected, read.ignored)
