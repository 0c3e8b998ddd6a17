"""The messages of Slurm's daemons that are known, and their fields: the same words in the daemons' own files and in a host's log.

A message is what stands behind the stamp in a daemon's own file, and behind the program's name in a host's log: a step's
mark, the level, the text. Sources: Slurm 17.11 to 26.05, src/common/log.c, src/slurmctld, src/slurmd, src/slurmdbd. Where versions word the
same thing differently, a kind has several shapes; docs/explanation/scheduler-words.md says which version has which.
"""

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import slurmlog
from forensics.core.slurmlog import JOB, JOB_ID, NUMBER, SLUID

_UID = rf"(?P<uid>{NUMBER})"
_NODES = r"(?P<nodes>[^\s,\]]+(?:[,\[][^\s]*)?)"
_ANY = r"(?s:.*)"
_SIGNAL = r"(?P<signal>[0-9]{1,3})"
_ASKED = rf"(?:JobId=(?P<job>{JOB_ID})(?:\((?P<job_raw>{NUMBER})\))?{SLUID}|SLUID=[0-9A-Za-z]{{1,20}})"
_OLD_STEP = rf"StepId=(?P<job>{NUMBER})\.(?P<step>{NUMBER})"
_RESULT = "(?P<result>[A-Z].*)"
_VIOLATION = r"^(?:[a-z_]+: )?(?:Security vi?ol?ation|SECURITY VIOLATION)[,:]? "
_STRICT_JOB = rf"JobI[dD]=(?P<job>{JOB_ID})(?:\((?P<job_raw>{NUMBER})\))?"
_CONTROLLER: dict[str, str | tuple[str, ...]] = {
    "submit": rf"^_slurm_rpc_submit_batch_(?:job|het_job|pack_job):? {JOB}(?: |$)",
    "submit_refused": r"^_slurm_rpc_(?:submit_batch_job|allocate_resources): (?P<result>[A-Z][^=]*)$",
    "create_refused": rf"^_job_create: (?:exceeded association/QOS limit|invalid account or partition) for user {_UID}[:,]",
    "processing": (
        rf"^(?:PROTOCOL: |AUDIT_RPCS: )?(?:\w+: )?Processing RPC: (?P<request>\w+)(?:\([a-z ]+\))?,?(?: from)? (?:uid|UID)[= ]{_UID}$",
        rf"^(?:\w+: )?Processing RPC: (?P<request>\w+) from uid={_UID},?(?: for)? {JOB}(?: rc=-?[0-9]+)?$",
        rf"^(?:\w+: )?Processing RPC: (?P<request>\w+)(?: for)? {JOB} StepId=(?P<step>{NUMBER})(?: nodes \S+ rc=[0-9]+)? uid={_UID}$",
        rf"^(?:\w+: )?Processing RPC: (?P<request>\w+)(?: for)? (?P<job>{NUMBER})\.(?P<step>{NUMBER})(?: nodes \S+ rc=[0-9]+)? uid={_UID}$",
    ),
    "end_done": rf"^_job_complete: {JOB} done$",
    "end_status": rf"^_?job_complete: {JOB} (?:State=\S+ NodeCnt=\S+ )?WEXITSTATUS (?P<exit_code>[0-9]{{1,10}})$",
    "start": rf"^sched: Allocate {JOB} (?:Partition=\S+ )?NodeList=(?P<nodes>\S*) ",
    "kill": rf"^_slurm_rpc_kill_job2?: REQUEST_KILL_JOB (?:JobId=|job )(?P<job>{JOB_ID})(?:\((?P<job_raw>{NUMBER})\))? uid {_UID}(?: routed to (?P<target>\S+))?$",
    "kill_unnamed": rf"^_slurm_rpc_kill_job2?: REQUEST_KILL_JOB {_ANY} uid {_UID}$",
    "kill_result": (
        rf"^_slurm_rpc_kill_job2?: job_str_signal\(\) uid={_UID} {_ASKED} sig=(?P<signal>[0-9]{{1,5}}) returned: (?P<result>.+)$",
        rf"^_slurm_rpc_kill_job2?: job_str_signal\(\) {JOB} sig (?P<signal>[0-9]{{1,5}}) returned (?P<result>.+)$",
    ),
    "kill_step": (
        rf"^(?:STEPS: )?(?:_?[a-z_]+: )?(?:Signal {_SIGNAL}(?: of)?|Cancel of) {JOB}(?: StepId=(?P<step>\S+))? by UID={_UID}(?:: {_RESULT}|[, ].*)?$",
        rf"^(?:_?[a-z_]+: )?(?:Signal {_SIGNAL} of|Cancel of) {_OLD_STEP} by UID={_UID}(?:: {_RESULT}|[, ].*)?$",
    ),
    "signal": rf"^job_signal: {_SIGNAL} of [a-z]+ {JOB}(?: |$)",
    "allocate": rf"^sched: _slurm_rpc_allocate_(?:resources|het_job|pack):? {JOB} NodeList=(?P<nodes>\S*)(?: |$)",
    "start_backfill": rf"^(?:sched/)?backfill: (?:_start_job: )?Started {JOB} in \S+ on (?P<nodes>\S*)$",
    "start_step": rf"^sched: _slurm_rpc_(?:job_)?step_create: StepId=(?P<job>{JOB_ID})(?:\((?P<job_raw>{NUMBER})\))?\.(?P<step>\S+)",
    "time_limit": rf"^(?:Time limit exhausted|job_time_limit: inactivity time limit reached) for {JOB}$",
    "deadline": rf"^(?:[a-z_]+: )?{JOB} with time_(?:limit|min) [0-9]+ exceeded deadline \S+ and cancelled ?$",
    "dependency": rf"^_kill_dependent: Job dependency can't be satisfied, cancelling {JOB}$",
    "preempted": rf"^(?:[a-z_]+: )?preempted {JOB} (?:has been (?:killed|requeued|checkpointed)(?: to reclaim resources for .*)?|had to be killed)$",
    "end_signal": rf"^_?job_complete: {JOB} (?:State=\S+ NodeCnt=\S+ )?WTERMSIG {_SIGNAL}$",
    "end_cancelled": rf"^_?job_complete: {JOB} cancelled by interactive user$",
    "end_memory": rf"^_?job_complete: {JOB} OOM failure$",
    "end_node": rf"^_?job_complete: {JOB} cancelled by node failure$",
    "update_done": rf"^_slurm_rpc_update_job: complete {_ASKED} uid={_UID} usec=",
    "update_refused": rf"^_slurm_rpc_update_job: {_ASKED} uid={_UID}: (?P<result>.+)$",
    "update": rf"^(?:sched: )?_?update_job[a-z_]*: (?:set|setting|cleared|clearing|nice changed) {_ANY}(?: |')for {JOB}$",
    "hold": rf"^sched: _?\w+: hold on {JOB} by uid {_UID}$",
    "release": rf"^sched: _?\w+: release hold on {JOB} by uid {_UID}$",
    "requeue_node": rf"^requeue (?:job )?{JOB} due to failure of node {_NODES}$",
    "requeue_fault": (
        rf"^_?job_complete: requeue {JOB} due to node failure$",
        rf"^Requeue (?:job|het job leader) {JOB} due to node failure(?: on JobId=\S+)?$",
    ),
    "requeue_asked": rf"^_?job_complete: requeue {JOB} per user/system request$",
    "requeue": rf"^Requeuing {JOB}$",
    "requeue_refused": (
        rf"^_slurm_rpc_requeue: Requeue of {_ASKED} returned an error: (?P<result>.+)$",
        rf"^_slurm_rpc_requeue: (?P<job>{JOB_ID}): {_RESULT}$",
    ),
    "suspend": rf"^_slurm_rpc_suspend\([a-z]+\) for (?P<job>{JOB_ID})(?: usec=\d+| (?P<result>[A-Z].*))$",
    "top_refused": rf"^_slurm_rpc_top_job for (?P<job>{JOB_ID}) (?P<result>[A-Z].*)$",
    "node_silent": rf"^Nodes? {_NODES} not responding(?:, setting DOWN)?$",
    "node_state": rf"^(?:drain_nodes|update_node|set_node_down\w*|_set_\w+): node {_NODES} state set to (?:DOWN|DRAIN|FAIL)",
    "node_drained": rf"^Setting node {_NODES} state to DRAIN(?: with reason:{_ANY})?$",
    "node_killed": (
        rf"^Killing {JOB} on (?:failed|DOWN) node {_NODES}$",
        rf"^(?:Killing StepId=|killing step )(?P<job>{JOB_ID})(?:\({NUMBER}\))?\.(?P<step>[A-Za-z0-9_+]+) (?:on|on failed|due to failed) node {_NODES}$",
    ),
    "node_launch": rf"^slurmd error running {JOB} on node\(s\)={_NODES}: ",
    "node_lost": rf"^Batch {JOB} missing from batch node {_NODES} ",
    "node_epilog": rf"^job_epilog_complete: {JOB} epilog error on {_NODES}, draining the node$",
    "node_prolog": rf"^Prolog launch failure, {JOB}$",
    "node_changed": rf"^Aborting {JOB} due to change in socket/core configuration of allocated nodes$",
    "node_setup": rf"^validate_node_specs: Prolog or job env setup failure on node {_NODES}, draining the node$",
    "node_reboot": rf"^(?:validate_node_specs: )?Node {_NODES} (?:unexpectedly rebooted|rebooted unexpectedly)",
    "violation_job": (
        rf"{_VIOLATION}(?P<request>\w+)(?: RPC)? for {JOB} from uid[ =]{_UID}$",
        rf"{_VIOLATION}(?P<request>\w+) RPC from uid[ =]{_UID} for {JOB} owner {NUMBER}$",
        rf"{_VIOLATION}user {_UID} not allowed to (?P<request>restart) {JOB} of user {NUMBER}$",
    ),
    "violation": (
        rf"{_VIOLATION}(?P<request>\w+) RPC from uid[ =]{_UID} to run as uid {NUMBER}$",
        rf"{_VIOLATION}uid={_UID} account={_ANY} attempt to use reservation (?P<target>\S+)$",
        rf"{_VIOLATION}{_ANY} (?:from uid|from user|by uid)[ =]{_UID}$",
        rf"^(?P<request>[A-Za-z][A-Za-z ]*) request from non-super user uid={_UID}$",
        rf"^_slurm_rpc_auth_token: attempt to retrieve a token {_ANY} (?:by )?UID={_UID}$",
        rf"^_slurm_rpc_config_request: Rejected request for slurmd configs by uid={_UID}$",
        rf"^_slurm_rpc_sbcast_cred_no_job: {_ANY} credential requested from uid '{_UID}' which is not root/SlurmUser$",
        rf"^Attempt to set trigger by uid {_UID} != SlurmUser$",
        rf"^[a-z_]+: rejecting authenticated request from nobody: UID={_UID} GID={NUMBER}$",
    ),
    "violation_other": _VIOLATION,
    "reservation": r"^sched: (?:Created|Updated) reservation=(?P<target>\S+) (?:users|groups|accounts)=\S+ nodes=",
    "reservation_gone": r"^_slurm_rpc_delete_reservation complete for (?P<target>\S+) usec=[0-9]+$",
    "reservation_refused": r"^_slurm_rpc_(?:resv_create|resv_update|delete_reservation) (?:reservation|partition)=(?P<target>\S+): (?P<result>[^=]+)$",
    "node_edit": rf"^update_node: node {_NODES} (?:state|reason|features|gres|weight|comment|extra) set to: {_ANY}$",
    "node_set": rf"^update_node: node {_NODES} state set to [A-Z_+*]+$",
    "node_back": rf"^(?:node_did_resp: )?[Nn]ode {_NODES} (?:now responding|returned to service)$",
    "node_updated": rf"^_slurm_rpc_update_node complete for {_NODES} usec=[0-9]+$",
    "node_refused": rf"^_slurm_rpc_(?:update|create|delete)_node for {_NODES}: {_RESULT}$",
    "partition_refused": rf"^_slurm_rpc_(?:update|delete)_partition partition=(?P<target>\S+): {_RESULT}$",
    "partition_edit": r"^_slurm_rpc_(?:update|delete)_partition complete for (?P<target>\S+) usec=[0-9]+$",
    "reconfigure": r"^Processing Reconfiguration Request$|^(?:_slurm_rpc_reconfigure_controller|reconfigure_slurm): completed usec=|^Reconfigure signal \(SIGHUP\) received$",
    "reconfigure_refused": r"^(?:_slurm_rpc_reconfigure_controller|reconfigure_slurm): (?P<result>[A-Z].+)$",
    "log_level": r"^(?:[sS]et (?:debug level to|DebugFlags to)|set_debug_flags: |slurm_set_debug_level: )",
    "service_start": r"^slurmctld version \S+ started(?: on cluster (?P<target>\S+))?$",
    "service_stop": r"^(?:Terminate signal \(SIGINT or SIGTERM\) received|Performing RPC: REQUEST_SHUTDOWN|Terminate signal SIG\w+ received)$",
    "routed": rf"^_[a-z_]+: (?P<request>\w+) {JOB} uid {_UID} routed to (?P<target>\S+)$",
    "rate_limit": rf"^RPC rate limit exceeded by uid {_UID} with (?P<request>\w+)(?: from \[?(?P<address>[0-9a-fA-F:.]+?)\]?:(?P<port>[0-9]{{1,5}}))?, telling to back off$",
    "received": rf"^(?:AUDIT_RPCS: )?(?:\[{_ANY}\] )?msg_type=(?P<request>\w+) uid={_UID} client=\[\[?(?P<address>[0-9a-fA-F:.]+)\]?:(?P<port>[0-9]{{1,5}})\]",
    "opcode": (
        rf"^(?:PROTOCOL: )?\w+: received opcode (?P<request>\w+) from \[?(?P<address>[0-9a-fA-F:.]+?)\]?:(?P<port>[0-9]{{1,5}}) uid {_UID}$",
        rf"^(?:PROTOCOL: )?\w+: (?:\[{_ANY}\] )?[rR]eceived opcode (?P<request>\w+)(?: from {_ANY})? uid {_UID}$",
    ),
    "names_job": rf"^(?:[a-z_0-9/]+: ){{0,3}}(?:[A-Za-z_]+ ){{0,6}}{_STRICT_JOB}(?:[ ,.:]|$)",
}
_STEP = rf"^\[(?P<job>{JOB_ID})\.(?P<step>[A-Za-z0-9_+]+)\] ?(?P<message>(?s:.*))$"
_PID = rf"(?P<pid>{NUMBER})"
_OF_STEP = rf"(?:StepId=)?(?P<job>{JOB_ID})(?:\({NUMBER}\))?\.(?P<step>[A-Za-z0-9_+]+)"
_OF_JOB = rf"(?:JobId=|job )(?P<job>{JOB_ID})(?:\({NUMBER}\))?{SLUID}"
_TASK = rf"task [0-9]+ \({_PID}\)"
_NODE: dict[str, str | tuple[str, ...]] = {
    "launch": rf"^Launching batch {_OF_JOB} for UID {_UID}$",
    "launch_step": (
        rf"^launch task {_OF_STEP} request from UID:{_UID} GID:[0-9]+ HOST:(?P<address>[0-9a-fA-F:.]+) PORT:(?P<port>[0-9]{{1,5}})$",
        rf"^launch task {NUMBER}\+{NUMBER}\.\w+ \({_OF_STEP}\) request from UID:{_UID} GID:[0-9]+ HOST:(?P<address>[0-9a-fA-F:.]+) PORT:(?P<port>[0-9]{{1,5}})$",
        rf"^launch task {_OF_STEP} request from {_UID}\.{NUMBER}@(?P<address>[0-9a-fA-F:.]+) \(port (?P<port>[0-9]{{1,5}})\)$",
    ),
    "task_start": rf"^{_TASK} started ",
    "task_signal": rf"^{_TASK} exited\. Killed by signal {_SIGNAL}(?: \(core dumped\))?\.$",
    "task_code": rf"^{_TASK} exited with exit code (?P<exit_code>[0-9]{{1,5}})\.$",
    "task_status": rf"^{_TASK} exited with status 0x[0-9a-f]+\.$",
    "task_memory": rf"^{_TASK} Out Of Memory \(OOM\)$",
    "signal_process": rf"^(?:[a-z_/]+: )*Sending signal {_SIGNAL} to pid {_PID} (?P<command>(?s:.*))$",
    "signal_asked": rf"^_handle_signal_container for {_OF_STEP} uid={_UID} signal={_SIGNAL}(?: |$)",
    "signal_refused": rf"^signal container req from uid {_UID} for (?:step=)?{_OF_STEP} owned by uid {NUMBER}$",
    "signal_step": rf"^Sent signal {_SIGNAL} to {_OF_STEP}$",
    "signal_kill": rf"^Sent SIGKILL signal to {_OF_STEP}$",
    "ended_by": rf"^\*\*\* (?:JOB |STEP |JobId=|StepId=)(?P<job>{JOB_ID})(?:\({NUMBER}\))?(?:\.(?P<step>[A-Za-z0-9_+]+))? ON (?P<node>\S+) CANCELLED AT \S+(?: DUE [Tt][Oo] (?P<reason>.+?))? \*\*\*$",
    "ended": rf"^job (?P<job>{JOB_ID}) completed with slurm_rc = ",
    "memory": rf"^(?:[a-z_/]+: )*Detected [0-9]+ oom.kill events? in {_OF_STEP}\.",
    "memory_step": r"^(?:[a-z_/]+: )*Detected [0-9]+ oom.kill event",
    "fault_job": rf"^(?:[A-Za-z_/]+: )?(?:[Pp]rolog|[Ee]pilog) (?:for|of) {_OF_JOB} (?:failed|exit)",
    "fault": r"^(?:[A-Za-z_/]+: )?(?:Kill task failed|Unable to register|Node configuration differs|Waiting for gres\.conf file|[Hh]ealth [Cc]heck .*(?:failed|exited))",
    "violation": (
        rf"{_VIOLATION}(?s:.*) (?:from uid|by uid)[ =]{_UID}$",
        rf"{_VIOLATION}uid {_UID} can't update time limit$",
        rf"^uid {_UID} attempt to attach to (?:job )?{_OF_STEP} owned by {NUMBER}$",
        rf"^uid {_UID} attempt to add pid [0-9]+ to {_OF_STEP}$",
        rf"^stat_(?:jobacct|pid) from uid {_UID} for {_OF_JOB} owned by uid {NUMBER}$",
        rf"^Rejecting (?:proxied )?[A-Z_]+ from uid {_UID}$",
    ),
    "received": rf"^(?:AUDIT_RPCS: )?(?:\[(?s:.*)\] )?msg_type=\w+ uid={_UID} client=\[\[?(?P<address>[0-9a-fA-F:.]+)\]?:(?P<port>[0-9]{{1,5}})\]",
}
_FROM = r"\[?(?P<address>[0-9a-fA-F:.]+?)\]?:(?P<port>[0-9]{1,5})"
_ACCOUNTING: dict[str, str | tuple[str, ...]] = {
    "refused": rf"^(?:CONN:[0-9]+ )?(?P<request>DBD_\w+) message from invalid uid {_UID}$",
    "violation": (
        rf"^(?:[a-z_]+: )?(?:CONN:[0-9]+ )?(?:Security violation|SECURITY VIOLATION)[,:] (?s:.*) uid[ =:]{_UID}$",
        r"^(?:CONN:[0-9]+ )?Security violation, (?P<request>DBD_\w+)$",
    ),
    "range": rf"^Rejecting query > MaxQueryTimeRange from uid {_UID}$",
    "opcode": rf"^(?:[A-Z_]+: )?\w+: received opcode (?P<request>\w+) from {_FROM} uid {_UID}$",
    "request": rf"^(?:[A-Z_]+: )?(?P<request>DBD_\w+): .*called in CONN:?[0-9]+.* uid[ =:]{_UID}$",
    "init": rf"^(?:[A-Z_]+: )?(?P<request>REQUEST_PERSIST_INIT): CLUSTER:\S+ VERSION:\S+ UID:{_UID} IP:(?P<address>[0-9a-fA-F:.]+) CONN:[0-9]+$",
    "asked": rf"^(?P<request>Shutdown|Clear stats|Get stats) request received from UID {_UID}$",
    "events": rf"^UID {_UID} tried to access (?P<request>\w+), only administrators can look at \w+$",
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
