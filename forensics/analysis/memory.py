"""Whose memory ran out when a job died for want of it: the job's own allowance, or the node's.

The scheduler calls both the same, for it counts what the kernel killed and not why. The kernel's own line says
which: a limit of the job's control group, or the whole node. Without that line, a program that somebody else ran
on the node beside the scheduler can be what used it up.
"""

import posixpath
import re

import pandas as pd

from forensics.analysis import rivals
from forensics.analysis.acts import Scene
from forensics.analysis.evidence import where
from forensics.analysis.jobs import Job

_WHOLE_NODE = re.compile(
    r"^(?:\[ *[0-9]+\.[0-9]+\] ?)?(?:oom-kill:constraint=CONSTRAINT_NONE,|Out of memory[: ])"
)
_LATE_NS = 60_000_000_000
_SMALL = frozenset(
    ["awk", "bash", "basename", "cat", "chmod", "chown", "cp", "crontab", "cut", "date", "df", "dash", "diff", "dirname", "du", "echo", "env", "false", "file", "find", "grep", "groups", "head", "hostname", "id", "kill", "last", "less", "ln", "ls", "mkdir", "more", "mv", "nano", "nvidia-smi", "pkill", "ps", "pwd", "readlink", "rm", "rmdir", "sacct", "sbatch", "scancel", "scontrol", "sed", "sh", "sinfo", "sleep", "sort", "squeue", "srun", "sshd", "ssh", "stat", "su", "sudo", "tail", "tee", "test", "top", "touch", "tr", "true", "tty", "uname", "uniq", "uptime", "vi", "vim", "vim.basic", "w", "wc", "which", "who", "whoami", "xargs"]
)  # fmt: skip
"""Programs of a shell's daily use, which hold next to no memory whatever they are told."""


def of_whole_node(job: Job, scene: Scene) -> bool:
    """Whether the kernel of one of its hosts says that the host's memory ran out while a job ran, and not a limit."""
    events = scene.events[(scene.events["verb"] == "fault") & scene.events["text"].notna()]
    said = _during(job, events, _LATE_NS)["text"]
    return any(_WHOLE_NODE.search(str(text)) for text in said)


def hosts(job: Job) -> frozenset[str]:
    """The hosts that a job ran on, by the scheduler's list of nodes and by where its processes were."""
    return frozenset({*rivals.expanded(job.nodes), *(host for host, _ in job.processes if host is not None)})


def programs_of_others(job: Job, scene: Scene) -> pd.DataFrame:
    """Programs that others started from a login on a job's hosts while it ran, small ones of daily use left out."""
    events = scene.events
    ran = events[
        (events["verb"] == "execute")
        & events["trail"]
        & (events["outcome"] != "failure")
        & events["session"].notna()
        & events["account"].notna()
        & (events["account"] != job.owner)
    ]
    return where(_during(job, ran, 0), "exe", lambda exe: posixpath.basename(str(exe or "")) not in _SMALL)


def _during(job: Job, events: pd.DataFrame, late_ns: int) -> pd.DataFrame:
    """Events on a job's hosts that can have been while it ran, or so much later."""
    first, last = job.window()
    timed = events[events["earliest_ns"].notna() & events["host"].isin(hosts(job))]
    return timed[(timed["earliest_ns"] <= last + late_ns) & (timed["latest_ns"] >= first)]
