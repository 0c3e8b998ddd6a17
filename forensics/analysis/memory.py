"""Whose memory ran out when a job died for want of it: the job's own allowance, or the node's.

The scheduler calls both the same, for it counts what the kernel killed and not why. The kernel's own line says
which: a limit of the job's control group, or the whole node. Without that line, a program that somebody else ran
on the node beside the scheduler can be what used it up.
"""

import posixpath
import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

from forensics.analysis import nodes
from forensics.analysis.acts import Act, Scene
from forensics.analysis.by_verb import of_verbs
from forensics.analysis.evidence import Row, picked, rows_of, where
from forensics.analysis.jobs import Job

_WHOLE_NODE = re.compile(
    r"^(?:\[ *[0-9]+\.[0-9]+\] ?)?(?:oom-kill:constraint=CONSTRAINT_NONE,|Out of memory[: ])"
)
_LATE_NS = 60_000_000_000
SMALL = frozenset(
    ["awk", "bash", "basename", "cat", "chmod", "chown", "cp", "crontab", "cut", "date", "df", "dash", "diff", "dirname", "du", "echo", "env", "false", "file", "find", "grep", "groups", "head", "hostname", "id", "kill", "last", "less", "ln", "ls", "mkdir", "more", "mv", "nano", "nvidia-smi", "pkill", "ps", "pwd", "readlink", "rm", "rmdir", "sacct", "sbatch", "scancel", "scontrol", "sed", "sh", "sinfo", "sleep", "sort", "squeue", "srun", "sshd", "ssh", "stat", "su", "sudo", "tail", "tee", "test", "top", "touch", "tr", "true", "tty", "uname", "uniq", "uptime", "vi", "vim", "vim.basic", "w", "wc", "which", "who", "whoami", "xargs"]
)  # fmt: skip
"""Programs of a shell's daily use, which hold next to no memory whatever they are told."""


def of_whole_node(job: Job, scene: Scene) -> bool:
    """Whether the kernel of one of its hosts says that the host's memory ran out while a job ran, and not a limit."""
    said = _faults(scene).during(job, _LATE_NS)["text"]
    return any(_WHOLE_NODE.search(str(text)) for text in said)


class _OnHosts:
    """Events that have a time and a host, looked up by hosts and times."""

    def __init__(self, events: pd.DataFrame) -> None:
        self._rows = picked(events, events["earliest_ns"].notna() & events["host"].notna())
        self._none = self._rows.iloc[:0]
        self._first, self._last = (self._rows[c].to_numpy(np.int64) for c in ("earliest_ns", "latest_ns"))
        on: dict[str, list[int]] = {}
        for at, host in enumerate(self._rows["host"]):
            on.setdefault(host, []).append(at)
        self._on = {host: np.array(places, np.int64) for host, places in on.items()}

    def during(self, job: Job, late_ns: int) -> pd.DataFrame:
        """Those on a job's hosts that can have been while it ran, or so much later, in their order."""
        held = [self._on[host] for host in hosts(job) if host in self._on] if self._on else []
        if not held:
            return self._none
        first, last = job.window()
        at = np.sort(np.concatenate(held))
        at = at[(self._first[at] <= last + late_ns) & (self._last[at] >= first)]
        return self._rows.iloc[at] if len(at) else self._none


def _faults(scene: Scene) -> _OnHosts:
    """The faults that say something, looked for once."""
    if "faults_told" not in scene.memo:
        told = of_verbs(scene.evidence, "fault", but=lambda e: e["text"].notna())
        scene.memo["faults_told"] = _OnHosts(told)
    found: _OnHosts = scene.memo["faults_told"]
    return found


def hosts(job: Job) -> frozenset[str]:
    """The hosts that a job ran on, by the scheduler's list of nodes and by where its processes were."""
    return frozenset({*nodes.expanded(job.nodes), *(host for host, _ in job.processes if host is not None)})


def programs_of_others(job: Job, scene: Scene) -> pd.DataFrame:
    """Programs that others started from a login on a job's hosts while it ran, small ones of daily use left out."""
    if "ran_from_logins" not in scene.memo:
        events = scene.events
        scene.memo["ran_from_logins"] = _OnHosts(
            picked(
                events,
                (events["verb"] == "execute")
                & events["trail"]
                & (events["outcome"] != "failure")
                & events["session"].notna()
                & events["account"].notna(),
            )
        )
    ran: pd.DataFrame = scene.memo["ran_from_logins"].during(job, 0)
    if not len(ran):
        return ran
    ran = picked(ran, ran["account"] != job.owner)
    return where(ran, "exe", lambda exe: posixpath.basename(str(exe or "")) not in SMALL)


def of_its_limit(job: Job, scene: Scene) -> bool:
    """Whether the kernel says that a job's own control group was at its limit: what others take is then no reason."""
    told = _faults(scene).during(job, _LATE_NS)["text"]
    if not len(told):
        return False
    own = re.compile(
        rf"(?:\[ *[0-9]+\.[0-9]+\] ?)?oom-kill:constraint=CONSTRAINT_MEMCG,(?:(?!,oom_memcg=).)*,oom_memcg=[^,]*/job_{re.escape(job.job)}(?:/[^,]*)?,"
    )
    return any(own.match(str(text)) for text in told)


def beside(scene: Scene, asked: Iterable[Job]) -> Iterable[Act]:
    """Programs of others beside jobs whose memory ran out, where that can have been the node's: one act for each session.

    How much each took is not told, so that none is linked to the end of the job. The last few programs are cited.
    """
    for job in asked:
        if job.outcome != "OUT_OF_MEMORY" or of_its_limit(job, scene):
            continue
        ran = programs_of_others(job, scene)
        of_session: dict[tuple[str, str, str], list[Row]] = {}
        for e in rows_of(picked(ran, ran["host"].notna())):
            of_session.setdefault((e.host, e.session, e.account), []).append(e)
        for _, own in sorted(of_session.items(), key=lambda item: item[0]):
            last = own[-_MOST_CITED:]
            act = scene.act("run_beside", job.job, "program_beside_job_out_of_memory", last[0])
            act.events = [str(e.event_id) for e in last]
            act.latest_ns = max(int(e.latest_ns) for e in last)
            act.job, act.why_link = job.job, "on_node_when_memory_ran_out"
            yield act


_MOST_CITED = 8
