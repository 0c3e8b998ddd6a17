"""A Slurm cluster's logs: controller, node, accounting and completion, as Slurm 22.05 writes them."""

import random
from dataclasses import dataclass, field
from typing import NamedTuple

from forensics.simulation import moments

CLUSTER = "mlcluster"
PARTITION = "train"
_HEADER = (
    "JobIDRaw|JobID|JobName|User|UID|Account|Partition|State|ExitCode|DerivedExitCode|Submit|Eligible|Start|End|ElapsedRaw|"
    "AllocTRES|ReqTRES|NodeList|WorkDir|SubmitLine|Comment"
)


class Stamped(NamedTuple):
    """A written line and its moment."""

    ms: int
    text: str


@dataclass(slots=True)
class Job:
    """A job, from its submission to its end."""

    number: int
    name: str
    user: str
    uid: int
    workdir: str
    line: str
    nodes: int
    submit_ms: int
    start_ms: int = 0
    end_ms: int = 0
    state: str = "PENDING"
    code: int = 0
    signal: int = 0
    asked_by: int | None = None
    held: bool = False
    limit: str = "UNLIMITED"
    task: int = 0
    children: list[int] = field(default_factory=list)

    @property
    def running(self) -> bool:
        """Whether it has started and not ended."""
        return self.state == "RUNNING"

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.end_ms > 0

    @property
    def node_list(self) -> str:
        """The nodes, as Slurm writes them."""
        return "gpu01" if self.nodes == 1 else f"gpu[01-{self.nodes:02d}]"


@dataclass(slots=True)
class Cluster:
    """The scheduler: what it logged, and its jobs by number."""

    rng: random.Random
    first: int
    controller: list[Stamped] = field(default_factory=list)
    node: list[Stamped] = field(default_factory=list)
    jobs: dict[int, Job] = field(default_factory=dict)

    def _say(self, ms: int, text: str) -> None:
        self.controller.append(Stamped(ms, f"[{moments.milliseconds(ms)}] {text}"))

    def _node(self, ms: int, text: str) -> None:
        self.node.append(Stamped(ms, f"[{moments.milliseconds(ms)}] {text}"))

    def submit(self, ms: int, name: str, user: str, uid: int, workdir: str, line: str, nodes: int) -> Job:
        """Take a job in."""
        number = self.first + len(self.jobs)
        job = Job(number, name, user, uid, workdir, line, nodes, ms)
        self.jobs[number] = job
        usec = self.rng.randrange(300, 1000)
        self._say(
            ms, f"_slurm_rpc_submit_batch_job: JobId={number} InitPrio={4294901760 - number} usec={usec}"
        )
        return job

    def start(self, ms: int, job: Job, task: int) -> None:
        """Start a job; `task` is the pid of its batch script."""
        job.state, job.start_ms, job.task = "RUNNING", ms, task
        self._say(
            ms,
            f"sched: Allocate JobId={job.number} NodeList={job.node_list} #CPUs={job.nodes} Partition={PARTITION}",
        )
        step = f"[{job.number}.batch]"
        self._node(ms + 6, f"Launching batch job {job.number} for UID {job.uid}")
        self._node(ms + 27, f"{step} cred/munge: init: Munge credential signature plugin loaded")
        self._node(ms + 55, f"{step} debug levels are stderr='error', logfile='verbose', syslog='fatal'")
        self._node(ms + 55, f"{step} starting 1 tasks")
        self._node(ms + 55, f"{step} task 0 ({task}) started {moments.seconds(ms + 55)}")

    def launched(self, ms: int, job: Job, address: str) -> None:
        """A further step is put into a running job."""
        self._node(
            ms,
            f"launch task StepId={job.number}.0 request from UID:{job.uid} GID:{job.uid} HOST:{address} PORT:{self.rng.randrange(32768, 61000)}",
        )
        self._node(ms + 40, f"[{job.number}.0] starting 1 tasks")

    def cancel(self, ms: int, job: Job, uid: int) -> bool:
        """A request to end a job; only its owner or root is obeyed."""
        self._say(ms, f"_slurm_rpc_kill_job: REQUEST_KILL_JOB JobId={job.number} uid {uid}")
        if uid not in {job.uid, 0}:
            self._say(
                ms, f"error: Security violation, REQUEST_KILL_JOB RPC for JobId={job.number} from uid {uid}"
            )
            self._say(
                ms,
                f"_slurm_rpc_kill_job: job_str_signal() uid={uid} JobId={job.number} sig=9 returned: Access/permission denied",
            )
            return False
        if job.running:
            self._say(ms, f"job_signal: 9 of running JobId={job.number} successful 0x8004")
            self._stopped(ms, job)
        else:
            self._say(ms, f"job_signal: 9 of pending JobId={job.number} successful")
        job.state, job.asked_by = "CANCELLED", uid
        job.end_ms = ms
        job.signal = 0
        return True

    def _stopped(self, ms: int, job: Job) -> None:
        step = f"[{job.number}.batch]"
        for number in (18, 15):
            self._node(
                ms + 4,
                f"{step} proctrack/linuxproc: _kill_proclist: Sending signal {number} to pid {job.task} (python3)",
            )
            self._node(ms + 4, f"{step} Sent signal {number} to StepId={job.number}.batch")
            if number == 18:
                stamp = moments.seconds(ms + 4)
                self._node(ms + 4, f"{step} error: *** JOB {job.number} ON gpu01 CANCELLED AT {stamp} ***")
        self._node(ms + 8, f"{step} task 0 ({job.task}) exited. Killed by signal 15.")
        self._done(ms + 13, job, 15)

    def _done(self, ms: int, job: Job, status: int) -> None:
        step = f"[{job.number}.batch]"
        self._node(ms, f"{step} job {job.number} completed with slurm_rc = 0, job_rc = {status}")
        self._node(ms + 9, f"{step} done with job")

    def killed(self, ms: int, job: Job, number: int) -> None:
        """A job's process died of a signal that somebody sent past the scheduler."""
        job.state, job.signal, job.end_ms = "FAILED", number, ms
        step = f"[{job.number}.batch]"
        self._node(ms, f"{step} task 0 ({job.task}) exited. Killed by signal {number}.")
        self._node(ms + 3, f"{step} get_exit_code task 0 died by signal: {number}")
        self._done(ms + 4, job, number)
        self._say(ms + 7, f"_job_complete: JobId={job.number} WTERMSIG {number}")
        self._say(ms + 8, f"_job_complete: JobId={job.number} done")

    def exited(self, ms: int, job: Job, code: int) -> None:
        """A job ended with an exit code of its own."""
        job.state, job.code, job.end_ms = ("FAILED" if code else "COMPLETED"), code, ms
        step = f"[{job.number}.batch]"
        self._node(ms, f"{step} task 0 ({job.task}) exited with exit code {code}.")
        self._done(ms + 3, job, code * 256)
        self._say(ms + 7, f"_job_complete: JobId={job.number} WEXITSTATUS {code}")
        self._say(ms + 8, f"_job_complete: JobId={job.number} done")

    def out_of_memory(self, ms: int, job: Job) -> None:
        """A job needed more memory than it had."""
        job.state, job.signal, job.end_ms = "OUT_OF_MEMORY", 125, ms
        step = f"[{job.number}.batch]"
        self._node(ms, f"{step} error: Detected 1 oom_kill event in StepId={job.number}.batch. Some of the step tasks have been OOM Killed.")  # fmt: skip
        self._done(ms + 4, job, 9)
        self._say(ms + 7, f"_job_complete: JobId={job.number} OOM failure")
        self._say(ms + 8, f"_job_complete: JobId={job.number} done")

    def node_failed(self, ms: int, job: Job) -> None:
        """A node went away under a job."""
        job.state, job.end_ms = "NODE_FAIL", ms
        self._say(ms, "error: Nodes gpu01 not responding, setting DOWN")
        self._say(ms + 1, f"Killing JobId={job.number} on failed node gpu01")

    def timed_out(self, ms: int, job: Job) -> None:
        """A job ran into its time limit."""
        job.state, job.end_ms = "TIMEOUT", ms
        self._say(ms, f"Time limit exhausted for JobId={job.number}")
        self._stopped(ms, job)

    def hold(self, ms: int, job: Job, uid: int) -> bool:
        """A pending job is held."""
        if uid not in {job.uid, 0}:
            self._say(ms, f"_slurm_rpc_update_job: JobId={job.number} uid={uid}: Access/permission denied")
            return False
        job.held = True
        self._say(ms, f"sched: _hold_job_rec: hold on JobId={job.number} by uid {uid}")
        self._say(ms + 1, f"_slurm_rpc_update_job: complete JobId={job.number} uid={uid} usec=112")
        return True

    def update(self, ms: int, job: Job, uid: int, what: str) -> bool:
        """A job is changed."""
        if uid not in {job.uid, 0}:
            self._say(ms, f"_slurm_rpc_update_job: JobId={job.number} uid={uid}: Access/permission denied")
            return False
        self._say(ms, f"sched: _update_job: setting {what} for JobId={job.number}")
        self._say(ms + 1, f"_slurm_rpc_update_job: complete JobId={job.number} uid={uid} usec=131")
        return True

    def sacct(self) -> str:
        """Accounting, as `sacct --parsable2` prints it."""
        return "".join(
            f"{line}\n" for line in [_HEADER, *(row for job in self.jobs.values() for row in _rows(job))]
        )

    def completed(self) -> str:
        """The completion log."""
        return "".join(f"{_completion(job)}\n" for job in self.jobs.values() if job.ended)


def _tres(nodes: int, *, whole: bool) -> str:
    found = f"cpu={nodes},gres/gpu={8 * nodes},mem={4000 * nodes}M,node={nodes}"
    return f"billing={nodes},{found}" if whole else found


def _wall(ms: int) -> str:
    return moments.seconds(ms) if ms else "Unknown"


def _rows(job: Job) -> list[str]:
    """The lines of a job and of its batch step."""
    state = f"CANCELLED by {job.asked_by}" if job.asked_by is not None else job.state
    elapsed = (job.end_ms // 1000 - job.start_ms // 1000) if job.start_ms and job.end_ms else 0
    tres = _tres(job.nodes, whole=True)
    start, end = _wall(job.start_ms), _wall(job.end_ms)
    where = job.node_list if job.start_ms else "None assigned"
    signal = 0 if job.signal == 125 else job.signal
    whole = (
        f"{job.number}|{job.number}|{job.name}|{job.user}|{job.uid}|research|{PARTITION}|{state}|{job.code}:{125 if job.signal == 125 else signal}|0:0|"
        f"{_wall(job.submit_ms)}|{_wall(job.submit_ms)}|{start}|{end}|{elapsed}|{tres if job.start_ms else ''}|{tres}|{where}|"
        f"{job.workdir}|{job.line}|"
    )
    if not job.start_ms:
        return [whole]
    own = {
        "COMPLETED": "COMPLETED",
        "RUNNING": "RUNNING",
        "FAILED": "FAILED",
        "OUT_OF_MEMORY": "OUT_OF_MEMORY",
    }
    ended = "CANCELLED" if job.signal and job.signal != 125 else own.get(job.state, "CANCELLED")
    number = {"CANCELLED": 15, "TIMEOUT": 15, "OUT_OF_MEMORY": 125}.get(job.state, signal)
    name = f"{job.number}.batch"
    batch = (
        f"{name}|{name}|batch|||research||{ended}|{job.code}:{number}||{start}|{start}|{start}|{end}|{elapsed}|"
        f"{_tres(1, whole=False)}||gpu01|||"
    )
    return [whole, batch]


def _completion(job: Job) -> str:
    signal = 0 if job.signal == 125 else job.signal
    start = moments.seconds(job.start_ms) if job.start_ms else moments.seconds(job.end_ms)
    return (
        f"JobId={job.number} UserId={job.user}({job.uid}) GroupId={job.user}({job.uid}) Name={job.name} JobState={job.state} "
        f"Partition={PARTITION} TimeLimit={job.limit} StartTime={start} EndTime={moments.seconds(job.end_ms)} "
        f"NodeList={job.node_list if job.start_ms else '(null)'} NodeCnt={job.nodes} ProcCnt={job.nodes} WorkDir={job.workdir} "
        f"ReservationName= Tres=cpu={job.nodes},mem={4000 * job.nodes}M,node={job.nodes},billing={job.nodes},gres/gpu={8 * job.nodes} "
        f"Account=research QOS=normal WcKey= Cluster={CLUSTER} SubmitTime={moments.seconds(job.submit_ms)} "
        f"EligibleTime={moments.seconds(job.submit_ms)} DerivedExitCode=0:0 ExitCode={job.code}:{signal} "
    )
