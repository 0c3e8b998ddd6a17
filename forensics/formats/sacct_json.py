r"""Slurm accounting, as `sacct --json` prints it: an object for each job, its steps inside.

    {"account": "research", … "job_id": 10, … "kill_request_user": "mei", … "state": {"current": "CANCELLED" …

Shape   one JSON object; each element of its list `jobs` is a job. A number is plain, or
        {"set": true, "infinite": false, "number": 0}; a state is a word or a list of words
Source  Slurm 22.05 to 25.11: src/plugins/data_parser (v0.0.37 to v0.0.44), OpenAPI specification
Time    seconds since 1970 by the controller's clock; 0 where there is none
Who     user owns the job. kill_request_user asked to cancel: the name that the host of sacct gave the uid
        which the controller authenticated
Open    Names and comments are typed by users, but quoted. Of equal keys the last is read. A version can
        give kill_request_user as an empty string, as null, or leave it out: nobody asked
"""

import json
import re
from collections.abc import Iterator, Mapping
from json.decoder import scanstring  # type: ignore[attr-defined] # the standard library's own, not in its stubs
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table

STEP = pa.struct(
    [
        ("step", pa.string()),
        ("state", pa.string()),
        ("exit_code", pa.int64()),
        ("exit_signal", pa.int64()),
        ("start_s", pa.int64()),
        ("end_s", pa.int64()),
        ("elapsed_s", pa.int64()),
        ("gpus", pa.int64()),
        ("nodes", pa.string()),
        ("kill_request_user", pa.string()),
    ]
)
_S = "s since 1970-01-01T00:00:00Z"
_NONE = "empty, or not in this version"
TABLE = Table(
    "sacct_json",
    "a job, as accounting knows it, its steps inside",
    (
        Column("job_id", pa.string(), "the scheduler's own number of the job"),
        Column("job", pa.string(), "the job as users know it, an array's task as `10_3`"),
        Column("name", pa.string(), "job name: typed by the user", None, _NONE),
        Column("user", pa.string(), "account that owns the job", None, _NONE),
        Column("group", pa.string(), "its group", None, _NONE),
        Column("account", pa.string(), "account charged", None, _NONE),
        Column("cluster", pa.string(), "cluster", None, _NONE),
        Column("partition", pa.string(), "partition", None, _NONE),
        Column("qos", pa.string(), "quality of service", None, _NONE),
        Column("state", pa.string(), "state; several are joined by `,`", None, _NONE),
        Column("reason", pa.string(), "why it is in that state", None, _NONE),
        Column("exit_code", pa.int64(), "exit code", None, _NONE),
        Column("exit_signal", pa.int64(), "signal that ended it", None, "none, or not in this version"),
        Column("kill_request_user", pa.string(), "account that asked to end it", None, "nobody"),
        Column("submit_s", pa.int64(), "submitted", _S, "not recorded"),
        Column("eligible_s", pa.int64(), "eligible", _S, "not recorded"),
        Column("start_s", pa.int64(), "started", _S, "not started"),
        Column("end_s", pa.int64(), "ended", _S, "not ended"),
        Column("elapsed_s", pa.int64(), "run time", "s", "not recorded"),
        Column("gpus", pa.int64(), "GPUs allocated", None, "nothing allocated, or not recorded"),
        Column("nodes", pa.string(), "nodes, as written", None, _NONE),
        Column("work_dir", pa.string(), "working directory: typed by the user", None, _NONE),
        Column("submit_line", pa.string(), "command that submitted it: typed by the user", None, _NONE),
        Column("comment", pa.string(), "comment: typed by the user", None, _NONE),
        Column("admin_comment", pa.string(), "comment of an administrator", None, _NONE),
        Column("script", pa.string(), "batch script, where accounting stores it", None, _NONE),
        Column("steps", pa.list_(STEP), "its steps"),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "slurm:admin"

_JOBS = re.compile(rb'"jobs"\s*:\s*\[\s*(?:\]|\{)')
_KEYS = re.compile(rb'"(?:kill_request_user|allocation_nodes|association)"\s*:')
_ASKED = re.compile(rb'"type"\s*:\s*"openapi\\?/(?:slurmdbd|dbv)|"command"\s*:\s*\[\s*"[^"]{0,99}sacct"')
_SPACE = re.compile(r"[ \t\n\r]*")
_SET = re.compile("[\udc80-\udcff]")
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*"', re.DOTALL)
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*"|[\[\]{}]', re.DOTALL)
_READ = json.JSONDecoder()
_DEEPEST = 64


class _Found(NamedTuple):
    """Spans of the file, as offsets into the chunk: of jobs, and of what could not be read."""

    jobs: list[tuple[int, int, object]]
    rejected: list[tuple[int, int, Why]]


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a list of jobs with keys that only accounting has; squeue's jobs have others."""
    if not head.lstrip().startswith(b"{"):
        return 0
    if _KEYS.search(head) and _JOBS.search(head):
        return 92
    return 60 if _JOBS.search(head) and _ASKED.search(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the jobs of one file."""
    found = _scanned(data)
    records: list[dict[str, object]] = []
    taken = [(start, stop) for start, stop, _ in found.rejected]
    rejected = list(found.rejected)
    for start, stop, job in found.jobs:
        taken.append((start, stop))
        row = _job(job) if isinstance(job, dict) else None
        if row is None:
            rejected.append((start, stop, Why.VALUE if isinstance(job, dict) else Why.SHAPE))
        else:
            records.append(row | {"start": start + base, "stop": stop + base})
    rejected.sort()
    ignored = _between(sorted(taken), len(data))
    return Parsed(
        TABLE.build({name: [row[name] for row in records] for name in TABLE.names}),
        REJECTED.build(
            {
                "start": [r[0] + base for r in rejected],
                "stop": [r[1] + base for r in rejected],
                "why": [r[2].value for r in rejected],
            }
        ),
        IGNORED.build({"start": [g[0] + base for g in ignored], "stop": [g[1] + base for g in ignored]}),
    )


def _between(taken: list[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    """What lies before, between and after spans."""
    edges = [0, *(edge for span in taken for edge in span), size]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]


def _scanned(data: bytes) -> _Found:
    """Find the jobs. Each byte is one character here, so that positions are offsets."""
    found = _Found([], [])
    limit = _shallow(data)
    text = data[:limit].decode("latin-1")
    if not data.strip(b" \t\n\r"):
        return found
    try:
        at, why = _skip(text, _object(text, data, found)), Why.SHAPE
    except ValueError:  # the file ends, stops being JSON, or goes deeper than accounting does
        at, why = _last(found), Why.TRUNCATED if limit == len(data) else Why.SHAPE
    if at < len(data):
        found.rejected.append((at, len(data), why))
    return found


def _shallow(data: bytes) -> int:
    """How far the file goes without nesting deeper than any accounting does.

    The decoder calls itself for each level, and how many it survives depends on the machine.
    """
    bare = np.frombuffer(_STRING.sub(b"", data), np.uint8)
    # Brackets and braces are 32 apart; the closing ones are two after their opening ones.
    opens, closes = (bare & 0xDF) == ord("["), (bare & 0xDF) == ord("]")
    if not len(bare) or np.cumsum(opens.astype(np.int64) - closes).max() <= _DEEPEST:
        return len(data)
    depth = 0
    for token in _TOKEN.finditer(data):
        mark = token[0]
        depth += (mark in b"[{") - (mark in b"]}")
        if depth > _DEEPEST:
            return token.start()
    return len(data)


def _last(found: _Found) -> int:
    """Where the last job that could be read ends."""
    return found.jobs[-1][1] if found.jobs else 0


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _expect(text: str, at: int, marks: str) -> int:
    if at >= len(text) or text[at] not in marks:
        raise ValueError(at)
    return at + 1


def _object(text: str, data: bytes, found: _Found) -> int:
    """Read the outermost object; its list `jobs` is read job by job."""
    at = _skip(text, _expect(text, _skip(text, 0), "{"))
    if text[at : at + 1] == "}":
        return at + 1
    while True:
        key, at = scanstring(text, _expect(text, at, '"'), True)
        at = _skip(text, _expect(text, _skip(text, at), ":"))
        if key == "jobs" and text[at : at + 1] == "[":
            at = _list(text, data, at, found)
        else:
            _, at = _READ.raw_decode(text, at)
        at = _expect(text, _skip(text, at), ",}")
        if text[at - 1] == "}":
            return at
        at = _skip(text, at)


def _list(text: str, data: bytes, at: int, found: _Found) -> int:
    at = _skip(text, at + 1)
    if text[at : at + 1] == "]":
        return at + 1
    while True:
        job, stop = _READ.raw_decode(text, at)
        if not text.isascii():
            job = _READ.decode(data[at:stop].decode("utf-8", "surrogateescape"))
        found.jobs.append((at, stop, job))
        at = _expect(text, _skip(text, stop), ",]")
        if text[at - 1] == "]":
            return at
        at = _skip(text, at)


def _job(job: Mapping[str, object]) -> dict[str, object] | None:
    """The declared columns of a job, or None where it has no number."""
    number = _number(job.get("job_id"))
    if number is None:
        return None
    time = _inner(job, "time")
    code, signal = _exit(job.get("exit_code"))
    return {
        "job_id": str(number),
        "job": _name(job, number),
        "name": _text(job.get("name")),
        "user": _text(job.get("user")) or _text(_inner(job, "association").get("user")),
        **{key: _text(job.get(key)) for key in ("group", "account", "cluster", "partition", "qos", "nodes")},
        "state": _words(_inner(job, "state").get("current")),
        "reason": _text(_inner(job, "state").get("reason")),
        "exit_code": code,
        "exit_signal": signal,
        "kill_request_user": _text(job.get("kill_request_user")),
        "submit_s": _moment(time.get("submission")),
        "eligible_s": _moment(time.get("eligible")),
        "start_s": _moment(time.get("start")),
        "end_s": _moment(time.get("end")),
        "elapsed_s": _number(time.get("elapsed")),
        "gpus": _gpus(_inner(job, "tres").get("allocated")),
        "work_dir": _text(job.get("working_directory")),
        "submit_line": _text(job.get("submit_line")),
        "comment": _text(_inner(job, "comment").get("job")),
        "admin_comment": _text(_inner(job, "comment").get("administrator")),
        "script": _text(job.get("script")),
        "steps": list(_steps(job.get("steps"))),
    }


def _name(job: Mapping[str, object], number: int) -> str:
    """A task of an array goes by the array's number and its own; a component of a job, likewise."""
    array, het = _inner(job, "array"), _inner(job, "het")
    for inner, kept, mark in ((array, "task_id", "_"), (het, "job_offset", "+")):
        whole, part = _number(inner.get("job_id")), _number(inner.get(kept))
        if whole and part is not None:
            return f"{whole}{mark}{part}"
    tasks = _text(array.get("task"))
    return (
        f"{_number(array.get('job_id'))}_[{tasks}]" if tasks and _number(array.get("job_id")) else str(number)
    )


def _steps(steps: object) -> Iterator[dict[str, object]]:
    for step in steps if isinstance(steps, list) else ():
        if not isinstance(step, dict):
            continue
        code, signal = _exit(step.get("exit_code"))
        time = _inner(step, "time")
        named = _inner(step, "step").get("id")
        told = named.get("step_id") if isinstance(named, dict) else named
        yield {
            "step": (_text(told) or str(_number(told) or 0)).rpartition(".")[2],
            "state": _words(step.get("state")),
            "exit_code": code,
            "exit_signal": signal,
            "start_s": _moment(time.get("start")),
            "end_s": _moment(time.get("end")),
            "elapsed_s": _number(time.get("elapsed")),
            "gpus": _gpus(_inner(step, "tres").get("allocated")),
            "nodes": _text(_inner(step, "nodes").get("range")),
            "kill_request_user": _text(step.get("kill_request_user")),
        }


def _inner(whole: Mapping[str, object], key: str) -> Mapping[str, object]:
    inner = whole.get(key)
    return inner if isinstance(inner, dict) else {}


def _text(value: object) -> str | None:
    r"""A string that Arrow can hold: bytes that are no UTF-8 as `\xNN`. Null where it is empty."""
    if not isinstance(value, str) or not value:
        return None
    seen = _SET.sub(lambda m: f"\\x{ord(m[0]) - 0xDC00:02x}", value)
    return seen.encode("utf-8", "backslashreplace").decode("utf-8")


def _words(value: object) -> str | None:
    """A word, or a list of words."""
    if isinstance(value, list):
        return ",".join(word for word in map(_text, value) if word) or None
    return _text(value)


def _number(value: object) -> int | None:
    """A number, plain or in its frame; null where it is not set, infinite, or none that int64 holds."""
    if isinstance(value, dict):
        value = (
            value.get("number") if value.get("set") is True and value.get("infinite") is not True else None
        )
    whole = isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
    return value if whole and isinstance(value, int) else None


def _moment(value: object) -> int | None:
    """Seconds since 1970. The writer's 0 means that there is no such moment."""
    return _number(value) or None


def _exit(value: object) -> tuple[int | None, int | None]:
    """Exit code and signal."""
    if not isinstance(value, dict):
        return _number(value), None
    signal = _inner(value, "signal")
    told = signal.get("signal_id", signal.get("id"))
    return _number(value.get("return_code")), _number(told)


def _gpus(tres: object) -> int | None:
    """GPUs among resources: the sum of types is told again by the whole."""
    if not isinstance(tres, list) or not tres:
        return None
    rows = [t for t in tres if isinstance(t, dict) and t.get("type") == "gres"]
    told = [(_text(t.get("name")) or "", _number(t.get("count")) or 0) for t in rows]
    whole = [count for name, count in told if name == "gpu"]
    return whole[0] if whole else sum(count for name, count in told if name.startswith("gpu:"))
