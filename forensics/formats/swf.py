"""Standard Workload Format: a public trace of a scheduler, one line of eighteen numbers for each job.

        5 3801279 129908  26614   36  26614 25600   36  29400    -1  1   1   1  -1 -1  1 -1 -1

Shape   comments begin with `;`; then eighteen numbers with blanks between, -1 where one is not known
Source  Feitelson, Chapin and others, The Standard Workload Format, version 2.2
Time    seconds since the beginning of the trace, which a comment `; UnixStartTime: …` can place
Who     nobody: users are numbers that the trace's maker gave out, and no uids
Open    A trace is made from another log, and says what its maker kept
"""

import re
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Said
from forensics.core.schema import Column, Table

_NONE = "-1: not known"
TABLE = Table(
    "swf",
    "a job of a trace",
    (
        Column(
            "began_s",
            pa.int64(),
            "beginning of the trace",
            "s since 1970-01-01T00:00:00Z",
            "no comment says when",
        ),
        Column("job", pa.string(), "number of the job in the trace"),
        Column("submit_s", pa.int64(), "submitted", "s since the beginning of the trace", _NONE),
        Column("wait_s", pa.int64(), "from submission to start", "s", _NONE),
        Column("run_s", pa.int64(), "run time", "s", _NONE),
        Column("cpus", pa.int64(), "processors allocated", None, _NONE),
        Column("memory_kib", pa.int64(), "memory used, per processor", "KiB", _NONE),
        Column("status", pa.int64(), "0 failed, 1 completed, 2 to 4 part of a job, 5 cancelled", None, _NONE),
        Column("user_number", pa.int64(), "number that the maker gave the user", None, _NONE),
        Column("group_number", pa.int64(), "number that the maker gave the group", None, _NONE),
        Column("executable", pa.int64(), "number that the maker gave the program", None, _NONE),
        Column("queue", pa.int64(), "number of the queue", None, _NONE),
        Column("partition", pa.int64(), "number of the partition", None, _NONE),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "trace:maker"

_NUMBER = rb"-?[0-9]{1,15}(?:\.[0-9]{1,9})?"
_ROW = re.compile(rb"[ \t]*" + _NUMBER + rb"(?:[ \t]+" + _NUMBER + rb"){17}[ \t]*")
_BEGAN = re.compile(rb"^;[ \t]*UnixStartTime:[ \t]*([0-9]{1,11})[ \t]*\r?$", re.MULTILINE)
_PLACES = {
    "submit_s": 1, "wait_s": 2, "run_s": 3, "cpus": 4, "memory_kib": 6, "status": 10, "user_number": 11,
    "group_number": 12, "executable": 13, "queue": 14, "partition": 15,
}  # fmt: skip


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a comment that the format names; else of several lines of eighteen numbers."""
    rows = [line for line in head.splitlines()[:400] if line.strip() and not line.startswith(b";")][:20]
    fits = sum(1 for line in rows if _ROW.fullmatch(line))
    if not fits or 4 * fits < 3 * len(rows):
        return 0
    return (
        90
        if re.search(rb"^;[ \t]*(?:UnixStartTime|MaxJobs|MaxNodes|Version):", head, re.MULTILINE)
        else 70
        if fits > 2
        else 0
    )


def parse(data: bytes, base: int) -> Parsed:
    """Read the trace: a record for each job."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from rowwise.portions(_said(data, base), TABLE)


def _said(data: bytes, base: int) -> Iterator[Said]:
    """Each line, and what it says."""
    found = _BEGAN.search(data)
    began = int(found[1]) if found else None

    def row(raw: bytes) -> dict[str, object] | Why | None:
        if raw.startswith(b";"):
            return None
        return _job(raw, began) if _ROW.fullmatch(raw) else Why.SHAPE

    yield from rowwise.ended(data, base, row)


def _job(raw: bytes, began: int | None) -> dict[str, object]:
    parts = raw.split()
    whole = [int(part.partition(b".")[0]) for part in parts]
    told = {
        name: whole[at] if whole[at] >= 0 and not parts[at].startswith(b"-") else None
        for name, at in _PLACES.items()
    }
    return {**told, "began_s": began, "job": str(whole[0])}
