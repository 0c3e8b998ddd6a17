"""The kernel's line on a control group that ran out of memory: which job's it is, and which process was killed.

    oom-kill:constraint=CONSTRAINT_MEMCG,…,task_memcg=/slurm/uid_4101/job_15/step_batch,task=python,pid=3077,uid=4101

Source  mm/oom_kill.c, `dump_oom_summary`; a group's name is the scheduler's, a task's anybody's
"""

import re

_GROUP = re.compile(r"\btask_memcg=")
_JOB = re.compile(r"/job_(?P<job>[0-9]{1,12})(?=/|\Z)")
_PID = re.compile(r",pid=(?P<pid>[0-9]{1,10})\b")


def killed(text: str) -> tuple[str, int] | None:
    """Job and process of such a line: the innermost job of the group, and the number behind it; None of any other."""
    # Looked through once, from comma to comma: a line that begins so again and again was looked through from each beginning.
    at = 0
    while (end := text.find(",", at)) >= 0:
        group = _GROUP.search(text, at, end)
        if group and (jobs := _JOB.findall(text, group.end(), end)):
            process = _PID.search(text, end)
            return None if process is None else (jobs[-1], int(process["pid"]))
        at = end + 1
    return None
