"""Ray job events (`event_EXPORT_SUBMISSION_JOB.log`, `event_EXPORT_DRIVER_JOB.log`, `event_JOBS.log`): what became of a job.

    {"event_id":"…","timestamp":1795446713,"source_type":"EXPORT_SUBMISSION_JOB","event_data":{"submission_job_id":"raysubmit_11",…}}

Shape   one JSON object a line; the older form has a message and `custom_fields` in place of `event_data`
Source  Ray 2.9 to 2.49: src/ray/protobuf/export_*.proto, dashboard/modules/job, python/ray/_private/event
Time    seconds since 1970 of the writing host; start and end in ms
Who     nobody: Ray's job server authenticates no one, and the file belongs to the account that runs Ray
Open    entrypoint, metadata and message are typed by whoever submitted, but quoted
"""

import re

import pyarrow as pa

from forensics.core import jsonlines
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_NONE = "not in this event"
_MS = "ms since 1970-01-01T00:00:00Z"
TABLE = Table(
    "ray_event",
    "an event in the life of a Ray job",
    (
        Column("event_id", pa.string(), "id of the event", None, _NONE),
        Column("source", pa.string(), "EXPORT_SUBMISSION_JOB, EXPORT_DRIVER_JOB or JOBS"),
        Column("time_ns", pa.int64(), "when it was written", "ns since 1970-01-01T00:00:00Z", _NONE),
        Column("host", pa.string(), "host that wrote it", None, _NONE),
        Column("job", pa.string(), "submission, else number of the driver's job", None, _NONE),
        Column("status", pa.string(), "PENDING, RUNNING, STOPPED, SUCCEEDED or FAILED", None, _NONE),
        Column("entrypoint", pa.string(), "command: typed by whoever submitted", None, _NONE),
        Column("message", pa.string(), "what is said of it", None, _NONE),
        Column("exit_code", pa.int64(), "exit code of the driver", None, _NONE),
        Column("started_ms", pa.int64(), "started", _MS, "not started, or not told"),
        Column("ended_ms", pa.int64(), "ended", _MS, "not ended, or not told"),
        Column("gpus", pa.int64(), "GPUs asked for by the entrypoint, whole ones", None, _NONE),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:user"

_SOURCES = {"EXPORT_SUBMISSION_JOB", "EXPORT_DRIVER_JOB", "JOBS"}
_SAID = re.compile(
    r"(?:Started|Completed) a ray job (?P<job>[A-Za-z0-9_.-]{1,128})(?: with a status (?P<status>[A-Z]{4,12})\.)?.*",
    re.DOTALL,
)


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a source that only Ray's job events have."""
    found = jsonlines.first_objects(head)
    known = bool(found) and jsonlines.text(found[0], "source_type") in _SOURCES
    return 93 if known and jsonlines.has(found, "source_type", "event_id") else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    return jsonlines.parse(data, base, TABLE, _event)


def _event(found: jsonlines.Object) -> jsonlines.Object | Why:
    source = jsonlines.text(found, "source_type")
    if source not in _SOURCES:
        return Why.SHAPE
    message = jsonlines.text(found, "event_data", "message") or jsonlines.text(found, "message")
    said = _SAID.fullmatch(message) if message and source == "JOBS" else None
    told = {
        "job": jsonlines.text(found, "event_data", "submission_job_id")
        or jsonlines.text(found, "custom_fields", "submission_id")
        or jsonlines.text(found, "event_data", "job_id")
        or (said["job"] if said else None),
        "status": jsonlines.text(found, "event_data", "status") or (said["status"] if said else None),
    }
    dead = jsonlines.truth(found, "event_data", "is_dead")
    if source == "EXPORT_DRIVER_JOB" and told["status"] is None and dead is not None:
        told["status"] = "ENDED" if dead else "RUNNING"
    return {
        **told,
        "event_id": jsonlines.text(found, "event_id"),
        "source": source,
        "time_ns": jsonlines.nanoseconds(found, "timestamp"),
        "host": jsonlines.text(found, "source_hostname"),
        "entrypoint": jsonlines.text(found, "event_data", "entrypoint"),
        "message": message,
        "exit_code": jsonlines.number(found, "event_data", "driver_exit_code"),
        "started_ms": jsonlines.number(found, "event_data", "start_time") or None,
        "ended_ms": jsonlines.number(found, "event_data", "end_time") or None,
        "gpus": jsonlines.number(found, "event_data", "entrypoint_num_gpus"),
    }
