"""What a job of at is taken to tell: that the commands are to be run once, under which uid, and when.

At writes the uid of its caller. That is a number, and who was behind it at that moment no part of the
file says. The name of the file says when it is to run; a copy under another name does not.
"""

import re
from collections.abc import Iterable, Mapping

import pyarrow as pa

from forensics.core import clock, hoststates
from forensics.core.hoststates import Row, listed

NEEDS_ANCHOR = False

_SPOOL = re.compile(
    r"/var/spool/(?:cron/atjobs|at|cron/atspool|atjobs)/(?:spool/)?(?P<queue>[=a-zA-Z])(?P<job>[0-9a-f]{5})(?P<minute>[0-9a-f]{8})"
)
_RUNNING = "="
_YEAR_10000_S = 253_402_300_800


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - minutes are counted from 1970, UTC
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each job and path, without a time: when it is to run is not when it was asked for."""
    return {"event": hoststates.told(records, files, "at_job", _said)}


def _said(line: Row, path: str) -> Iterable[Row]:
    spool = _SPOOL.fullmatch(path)
    said = [str(line["command"]).strip("\n")]
    if spool:
        state = "running" if spool["queue"] == _RUNNING else f"queue {spool['queue']}"
        said.insert(0, f"job {int(spool['job'], 16)}, {state}, due {_due(spool['minute'])}:")
    if line["telling"]:
        said.append(f"[{listed(line['telling'])}]")
    yield {
        "verb": "enrol_task",
        "account_absence": "number_only",
        "uid": line["uid"],
        "object_kind": "task",
        "object": path,
        "cwd": line["cwd"],
        "text": " ".join(said),
    }


def _due(minute: str) -> str:
    """When a job is to run, from the eight digits in its name; as written where no calendar has such a minute."""
    seconds = int(minute, 16) * 60
    return clock.written(seconds * clock.NS_PER_S) if seconds < _YEAR_10000_S else f"minute {minute}"
