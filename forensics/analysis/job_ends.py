"""How a job ended, by how many sources, and whether they agree.

What `sacct` prints and the completion log quote nothing, so that a row of a job which the listing lacks can be what another user typed
(`imitated`). How a job ended is what makes a change of its files one that can have harmed it. So it is kept which formats tell of it, and
whether the controller's line of an exit status bears out what a record says.
"""

import re
from collections.abc import Container, Iterable

import pandas as pd

from forensics.analysis import imitated
from forensics.analysis.evidence import Row
from forensics.analysis.jobs import SLACK_NS, Job

_HOW = re.compile(rf"{imitated.ENDED}|cancelled by|per user/system request|due to node failure")
"""What the controller writes of how a job ended; that one is done says nothing of it."""
_STATUS = re.compile(r"WEXITSTATUS ([0-9]{1,9})")
_ASKED = frozenset({"kill_request", "job_signal"})
_COMPARED = imitated.BY_ITSELF - {"NODE_FAIL"} | {"CANCELLED"}
"""Outcomes that go with an exit status or not; a node that fails, or a job of more right, ends one with whatever status."""


def told(job: Job, rows: Iterable[Row], typed: Container[str] = frozenset()) -> None:
    """Add to a job what the lines that name it tell of how it ended: which formats tell of it, and whether it is not what its records say.

    Args:
        job: what its records say.
        rows: events that name it, with `verb`, `format`, `uid`, `earliest_ns` and `text`; those of before its submission are of another job of its number.
        typed: events whose lines a user can have typed (`typed_lines.ends_behind`); they tell nothing.
    """
    since = job.submit_ns if job.submit_ns is not None else job.start_ns
    own = [r for r in rows if since is None or pd.isna(r.earliest_ns) or r.earliest_ns >= since - SLACK_NS]
    # A line of the controller's that a user can have typed has lost its uid (`typed_lines`): it asks for nothing.
    asking = [r for r in own if r.verb in _ASKED and not (r.format == imitated.CONTROLLER and pd.isna(r.uid))]
    ends = [r for r in own if r.verb == "end" and r.format == imitated.CONTROLLER and r.event_id not in typed]
    lines = [r.text for r in ends if isinstance(r.text, str) and _HOW.search(r.text)]
    job.end_told_in |= {str(r.format) for r in [*asking, *(r for r in own if r.verb == "fault")]}
    if lines:
        job.end_told_in.add(imitated.CONTROLLER)
    statuses = [match.group(1) for match in map(_STATUS.search, lines) if match]
    if asking or len(statuses) != len(lines) or not statuses or job.outcome not in _COMPARED:
        return
    job.end_disputed |= job.outcome != ("FAILED" if int(statuses[-1]) else "COMPLETED")
