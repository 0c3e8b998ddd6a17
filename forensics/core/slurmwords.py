"""The messages of Slurm's daemons that are known, and their fields: the same words in the daemons' own files and in a host's log.

A message is what stands behind the stamp in a daemon's own file, and behind the program's name in a host's log: a step's
mark, the level, the text. Sources: Slurm 22.05 to 26.05, src/common/log.c, src/slurmctld, src/slurmd, src/slurmdbd.
"""

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import slurmlog
from forensics.core.slurmlog import JOB, JOB_ID, NUMBER

_UID = rf"(?P<uid>{NUMBER})"
_NODES = r"(?P<nodes>[^\s,\]]+(?:[,\[][^\s]*)?)"
_ANY = r"(?s:.*)"
_SIGNAL = r"(?P<signal>[0-9]{1,3})"
_ASKED = rf"JobId=(?P<job>{JOB_ID})(?:\((?P<job_raw>{NUMBER})\))?"
_CONTROLLER = {
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
_STEP = rf"^\[(?P<job>{JOB_ID})\.(?P<step>[A-Za-z0-9_+]+)\] ?(?P<message>(?s:.*))$"
_PID = rf"(?P<pid>{NUMBER})"
_OF_STEP = rf"(?:StepId=)?(?P<job>{JOB_ID})(?:\({NUMBER}\))?\.(?P<step>[A-Za-z0-9_+]+)"
_OF_JOB = rf"(?:JobId=|job )(?P<job>{JOB_ID})(?:\({NUMBER}\))?"
_TASK = rf"task [0-9]+ \({_PID}\)"
_NODE = {
    "launch": rf"^Launching batch {_OF_JOB} for UID {_UID}$",
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
    "fault_job": rf"^(?:[A-Za-z_/]+: )?(?:[Pp]rolog|[Ee]pilog) (?:for|of) {_OF_JOB} (?:failed|exit)",
    "fault": r"^(?:[A-Za-z_/]+: )?(?:Kill task failed|Unable to register|Node configuration differs|Waiting for gres\.conf file|[Hh]ealth [Cc]heck .*(?:failed|exited))",
    "violation": rf"^(?:[a-z_]+: )?(?:Security violation|SECURITY VIOLATION)[,:] (?s:.*) (?:from uid|by uid)[ =]{_UID}$",
}
_FROM = r"\[?(?P<address>[0-9a-fA-F:.]+?)\]?:(?P<port>[0-9]{1,5})"
_ACCOUNTING = {
    "refused": rf"^(?:CONN:[0-9]+ )?(?P<request>DBD_\w+) message from invalid uid {_UID}$",
    "violation": rf"^(?:[a-z_]+: )?(?:CONN:[0-9]+ )?(?:Security violation|SECURITY VIOLATION)[,:] (?s:.*) uid[ =:]{_UID}$",
    "range": rf"^Rejecting query > MaxQueryTimeRange from uid {_UID}$",
    "opcode": rf"^(?:[A-Z_]+: )?\w+: received opcode (?P<request>\w+) from {_FROM} uid {_UID}$",
    "request": rf"^(?:[A-Z_]+: )?(?P<request>DBD_\w+): .*called in CONN:?[0-9]+.* uid[ =:]{_UID}$",
    "init": rf"^(?:[A-Z_]+: )?(?P<request>REQUEST_PERSIST_INIT): CLUSTER:\S+ VERSION:\S+ UID:{_UID} IP:(?P<address>[0-9a-fA-F:.]+) CONN:[0-9]+$",
    "started": r"^slurmdbd version \S+ started$",
}
_NUMBERS = ("uid", "pid", "signal", "exit_code", "port")
_CONTROLLER_FIELDS = (
    "job", "job_raw", "step", "uid", "signal", "exit_code", "port", "nodes", "target", "request", "address", "result",
)  # fmt: skip
_NODE_FIELDS = (
    "job", "step", "uid", "pid", "signal", "exit_code", "port", "command", "node", "reason", "address",
)  # fmt: skip
_ACCOUNTING_FIELDS = ("uid", "port", "request", "address")


def controller(message: pa.Array) -> dict[str, pa.Array]:
    """`kind` and the fields of messages of slurmctld, of which the level was taken off."""
    return _numbered(slurmlog.known(message, _CONTROLLER, _CONTROLLER_FIELDS))


def node(message: pa.Array, level: pa.Array) -> dict[str, pa.Array]:
    """The same of slurmd and slurmstepd; also `message` and `level`, where a step's mark stood before the level.

    Args:
        message: as written, of which a level at the beginning was taken off.
        level: that level.
    """
    step = slurmlog.split(message, _STEP)
    step |= slurmlog.leveled(step["message"], level)
    fields = _numbered(slurmlog.known(step["message"], _NODE, _NODE_FIELDS))
    return step | fields | {name: pc.coalesce(fields[name], step[name]) for name in ("job", "step")}


def accounting(message: pa.Array) -> dict[str, pa.Array]:
    """The same of slurmdbd."""
    return _numbered(slurmlog.known(message, _ACCOUNTING, _ACCOUNTING_FIELDS))


def _numbered(fields: dict[str, pa.Array]) -> dict[str, pa.Array]:
    return fields | {name: slurmlog.numbers(fields[name]) for name in _NUMBERS if name in fields}
