"""Slurm controller's log: what was asked of the scheduler, by which uid, and what it did.

    [2026-11-23T15:11:53.686] _slurm_rpc_kill_job: REQUEST_KILL_JOB JobId=10 uid 4101

Shape   [<stamp>] <level>: <message>, where the stamp follows LogTimeFormat and the level is left out
        of what is neither an error nor for debugging
Source  Slurm 22.05 to 26.05: src/common/log.c, src/slurmctld/proc_req.c (slurmctld_req) and job_mgr.c; slurm.conf(5)
        LogTimeFormat
Time    iso8601[_ms]: wall clock without zone; rfc5424[_ms], rfc3339: with offset; short, thread_id: no
        year; clock: microseconds of computing, which is no time of day
Who     `uid` is the one that the authentication plugin (munge) vouched for when the request came in
Open    Job names, comments, accounts and partitions are typed by users, and a newline in one begins a
        line that looks like the daemon's own. A request that cancels many jobs at once
        (REQUEST_KILL_JOBS, `scancel --ctld`) is logged without its uid. A message we have not met is
        still a record. A suspension, a requeue that was refused, a reservation, a node or the configuration is told
        without its uid: at debug2, and with DebugFlags=AuditRPCs or Protocol, an earlier line names it, and only
        with LogTimeFormat=thread_id is it certain which (the reading joins those)
"""

import re

import pyarrow as pa

from forensics.core import slurmlog
from forensics.core.model import SPAN, Parsed
from forensics.core.schema import Column, Table
from forensics.core.slurmlog import JOB, JOB_ID, NUMBER

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

_UID = rf"(?P<uid>{NUMBER})"
_NODES = r"(?P<nodes>[^\s,\]]+(?:[,\[][^\s]*)?)"
_ANY = r"(?s:.*)"
_SIGNAL = r"(?P<signal>[0-9]{1,3})"
_ASKED = rf"JobId=(?P<job>{JOB_ID})(?:\((?P<job_raw>{NUMBER})\))?"
_SHAPES = {
    "submit": rf"^_slurm_rpc_submit_batch_(?:job|het_job|pack_job):? {JOB}(?: |$)",
    "submit_refused": r"^_slurm_rpc_(?:submit_batch_job|allocate_resources): (?P<result>[A-Z][^=]*)$",
    "create_refused": rf"^_job_create: (?:exceeded association/QOS limit|invalid account or partition) for user {_UID}[:,]",
    "end_done": rf"^_job_complete: {JOB} done$",
    "end_status": rf"^_?job_complete: {JOB} (?:State=\S+ NodeCnt=\S+ )?WEXITSTATUS (?P<exit_code>[0-9]{{1,10}})$",
    "start": rf"^sched: Allocate {JOB} NodeList=(?P<nodes>\S*) ",
    "kill": rf"^_slurm_rpc_kill_job2?: REQUEST_KILL_JOB (?:JobId=|job )(?P<job>{JOB_ID})(?:\((?P<job_raw>{NUMBER})\))? uid {_UID}(?: routed to (?P<target>\S+))?$",
    "kill_unnamed": rf"^_slurm_rpc_kill_job2?: REQUEST_KILL_JOB {_ANY} uid {_UID}$",
    "kill_result": rf"^_slurm_rpc_kill_job2?: job_str_signal\(\) uid={_UID} {_ASKED} sig=(?P<signal>[0-9]{{1,5}}) returned: (?P<result>.+)$",
    "kill_step": rf"^(?:STEPS: )?(?:_?[a-z_]+: )?(?:Signal {_SIGNAL}(?: of)?|Cancel of) {JOB}(?: StepId=(?P<step>\S+))? by UID={_UID}(?:[:, ]|$)",
    "signal": rf"^job_signal: {_SIGNAL} of [a-z]+ {JOB}(?: |$)",
    "allocate": rf"^sched: _slurm_rpc_allocate_(?:resources|het_job|pack):? {JOB} NodeList=(?P<nodes>\S*)(?: |$)",
    "start_backfill": rf"^(?:sched/)?backfill: (?:_start_job: )?Started {JOB} in \S+ on (?P<nodes>\S*)$",
    "start_step": rf"^sched: _slurm_rpc_(?:job_)?step_create: StepId=(?P<job>{JOB_ID})(?:\((?P<job_raw>{NUMBER})\))?\.(?P<step>\S+)",
    "time_limit": rf"^(?:Time limit exhausted|job_time_limit: inactivity time limit reached) for {JOB}$",
    "end_signal": rf"^_?job_complete: {JOB} (?:State=\S+ NodeCnt=\S+ )?WTERMSIG {_SIGNAL}$",
    "end_cancelled": rf"^_?job_complete: {JOB} cancelled by interactive user$",
    "end_memory": rf"^_?job_complete: {JOB} OOM failure$",
    "end_node": rf"^_?job_complete: {JOB} cancelled by node failure$",
    "update_done": rf"^_slurm_rpc_update_job: complete {_ASKED} uid={_UID} usec=",
    "update_refused": rf"^_slurm_rpc_update_job: {_ASKED} uid={_UID}: (?P<result>.+)$",
    "update": rf"^(?:sched: )?_?update_job[a-z_]*: (?:set|setting|nice changed) {_ANY}(?: |')for {JOB}$",
    "hold": rf"^sched: _hold_job_rec: hold on {JOB} by uid {_UID}$",
    "release": rf"^sched: _release_job_rec: release hold on {JOB} by uid {_UID}$",
    "requeue_node": rf"^requeue job {JOB} due to failure of node {_NODES}$",
    "requeue_fault": rf"^_?job_complete: requeue {JOB} due to node failure$",
    "requeue_asked": rf"^_?job_complete: requeue {JOB} per user/system request$",
    "requeue": rf"^Requeuing {JOB}$",
    "requeue_refused": rf"^_slurm_rpc_requeue: Requeue of {_ASKED} returned an error: (?P<result>.+)$",
    "suspend": rf"^_slurm_rpc_suspend\([a-z]+\) for (?P<job>{JOB_ID})(?: usec=\d+| (?P<result>[A-Z].*))$",
    "top_refused": rf"^_slurm_rpc_top_job for (?P<job>{JOB_ID}) (?P<result>[A-Z].*)$",
    "node_silent": rf"^Nodes? {_NODES} not responding(?:, setting DOWN)?$",
    "node_state": rf"^(?:drain_nodes|update_node|set_node_down\w*|_set_\w+): node {_NODES} state set to (?:DOWN|DRAIN|FAIL)",
    "node_killed": rf"^Killing {JOB} on failed node {_NODES}$",
    "node_launch": rf"^slurmd error running {JOB} on node\(s\)={_NODES}: ",
    "node_lost": rf"^Batch {JOB} missing from batch node {_NODES} ",
    "node_epilog": rf"^job_epilog_complete: {JOB} epilog error on {_NODES}, draining the node$",
    "node_prolog": rf"^Prolog launch failure, {JOB}$",
    "node_changed": rf"^Aborting {JOB} due to change in socket/core configuration of allocated nodes$",
    "node_setup": rf"^validate_node_specs: Prolog or job env setup failure on node {_NODES}, draining the node$",
    "node_reboot": rf"^Node {_NODES} (?:unexpectedly rebooted|rebooted unexpectedly)",
    "violation_job": rf"^(?:[a-z_]+: )?(?:Security violation|SECURITY VIOLATION)[,:] (?P<request>\w+)(?: RPC)? for {JOB} from uid[ =]{_UID}$",
    "violation": rf"^(?:[a-z_]+: )?(?:Security violation|SECURITY VIOLATION)[,:] {_ANY} (?:from uid|from user|by uid)[ =]{_UID}$",
    "violation_other": r"^(?:[a-z_]+: )?(?:Security violation|SECURITY VIOLATION)[,:] ",
    "reservation": r"^sched: (?:Created|Updated) reservation=(?P<target>\S+) (?:users|groups|accounts)=\S+ nodes=",
    "reservation_gone": r"^_slurm_rpc_delete_reservation complete for (?P<target>\S+) usec=[0-9]+$",
    "reservation_refused": r"^_slurm_rpc_(?:resv_create|resv_update|delete_reservation) reservation=(?P<target>\S+): (?P<result>[^=]+)$",
    "node_edit": rf"^update_node: node {_NODES} (?:state|reason|features|gres|weight|comment|extra) set to: {_ANY}$",
    "node_set": rf"^update_node: node {_NODES} state set to [A-Z_+*]+$",
    "node_back": rf"^[Nn]ode {_NODES} (?:now responding|returned to service)$",
    "node_updated": rf"^_slurm_rpc_update_node complete for {_NODES} usec=[0-9]+$",
    "partition_edit": r"^_slurm_rpc_(?:update|delete)_partition complete for (?P<target>\S+) usec=[0-9]+$",
    "reconfigure": r"^Processing Reconfiguration Request$|^_slurm_rpc_reconfigure_controller: completed usec=",
    "reconfigure_refused": r"^_slurm_rpc_reconfigure_controller: (?P<result>[A-Z].+)$",
    "log_level": r"^(?:[sS]et (?:debug level to|DebugFlags to)|set_debug_flags: |slurm_set_debug_level: )",
    "service_start": r"^slurmctld version \S+ started(?: on cluster (?P<target>\S+))?$",
    "service_stop": r"^(?:Terminate signal \(SIGINT or SIGTERM\) received|Performing RPC: REQUEST_SHUTDOWN|Terminate signal SIG\w+ received)$",
    "processing": rf"^(?:PROTOCOL: |AUDIT_RPCS: )?(?:\w+: )?Processing RPC: (?P<request>\w+) from (?:uid|UID)[= ]{_UID}$",
    "received": rf"^(?:AUDIT_RPCS: )?\[{_ANY}\] msg_type=(?P<request>\w+) uid={_UID} client=\[\[?(?P<address>[0-9a-fA-F:.]+)\]?:(?P<port>[0-9]{{1,5}})\]",
    "opcode": rf"^(?:PROTOCOL: )?\w+: received opcode (?P<request>\w+) from \[?(?P<address>[0-9a-fA-F:.]+?)\]?:(?P<port>[0-9]{{1,5}}) uid {_UID}$",
    "names_job": rf"^(?:[a-z_0-9/]+: ){{0,3}}(?:[A-Za-z_]+ ){{0,6}}{JOB}(?:[ ,.:]|$)",
}
_NUMBERS = ("uid", "signal", "exit_code", "port")
_FIELDS = ("job", "job_raw", "step", *_NUMBERS, "nodes", "target", "request", "address", "result")
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
    fields = slurmlog.known(read.lines["message"], _SHAPES, _FIELDS)
    fields |= {name: slurmlog.numbers(fields[name]) for name in _NUMBERS} | {"thread": read.thread}
    return Parsed(TABLE.build(read.lines | fields), read.rejected, read.ignored)
