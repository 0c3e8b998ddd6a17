r"""Falco's alerts in JSON: what a rule took notice of, with the system call that it is about.

    {"hostname": "gpu01", "output": "…", "output_fields": {"evt.time": 1795446697100000001, "proc.cmdline": "rm ckpt.pt", …}, "rule": "…"}

Shape   one JSON object a line; which keys `output_fields` has is decided by each rule
Source  Falco 0.41, "Formatting Alerts", `json_output: true`; "Supported Fields for Conditions and Outputs"
Time    `evt.time`: the kernel's clock in ns; where a rule leaves it out, `time`, RFC 3339 with nine places
Who     `user.loginuid` is the kernel's login uid; `user.loginname` is its name in the host's account list, or in
        that of the container, which whoever built the container wrote. Root of the host can stop or forge all of it
Open    a rule says what is worth an alert, not that anybody did wrong. Arguments, names of files and of processes
        are typed by users, and stand in `output` beside the rule's own words. Other sources (Kubernetes, cloud) send
        alerts in the same layout
"""

import pyarrow as pa

from forensics.core import jsonlines
from forensics.core.jsonlines import Object
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_NOT_SAID = "the rule does not print it"
_TEXTS = {
    "event": ("evt.type", "system call"),
    "result": ("evt.res", "`SUCCESS`, or why it failed"),
    "flags": ("evt.arg.flags", "its flags"),
    "file": ("fd.name", "file or connection: typed by a user"),
    "path": ("fs.path.name", "path: typed by a user"),
    "process": ("proc.name", "process by its own word"),
    "exe": ("proc.exepath", "path of the program"),
    "command": ("proc.cmdline", "command line: typed by a user"),
    "cwd": ("proc.cwd", "working directory"),
    "user": ("user.name", "name of the user"),
    "login_name": ("user.loginname", "name of the login account"),
    "container": ("container.id", "container, or `host`"),
    "image": ("container.image.repository", "its image"),
    "pod": ("k8s.pod.name", "pod"),
}
_NUMBERS = {
    "uid": ("user.uid", "uid of the process"),
    "login_uid": ("user.loginuid", "login uid; -1 where unset"),
    "pid": ("proc.pid", "process"),
    "ppid": ("proc.ppid", "its parent"),
}
TABLE = Table(
    "falco",
    "an alert",
    (
        Column("rule", pa.string(), "rule that matched"),
        Column("priority", pa.string(), "how grave its author finds it", None, "not recorded"),
        Column("source", pa.string(), "where the event came from, as `syscall`", None, "not recorded"),
        Column("hostname", pa.string(), "host", None, "not recorded"),
        Column("written", pa.string(), "time of the alert as written", None, "not recorded"),
        Column("event_ns", pa.int64(), "time of the event", "ns since 1970-01-01T00:00:00Z", _NOT_SAID),
        Column(
            "output", pa.string(), "the alert's sentence, with what users typed in it", None, "not recorded"
        ),
        *(Column(name, pa.string(), says, None, _NOT_SAID) for name, (_, says) in _TEXTS.items()),
        *(Column(name, pa.int64(), says, None, _NOT_SAID) for name, (_, says) in _NUMBERS.items()),
        Column("fields", pa.string(), "all of output_fields as JSON, keys in order"),
        *SPAN,
    ),
)
CUT = "line"
DOMAIN = "{host}:root"

_NONE = {"<NA>", "<N/A>", "N/A", ""}


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a rule with the fields that it prints."""
    return 94 if jsonlines.has(jsonlines.first_objects(head), "rule", "output_fields", "priority") else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    return jsonlines.parse(data, base, TABLE, _row)


def _row(found: Object) -> Object | Why | None:
    rule, fields = jsonlines.text(found, "rule"), found.get("output_fields")
    if rule is None:
        return Why.SHAPE
    if not isinstance(fields, dict):
        return Why.VALUE
    moment = jsonlines.number(fields, "evt.time")
    said = {key: jsonlines.text(found, key) for key in ("priority", "source", "hostname", "output")}
    texts = {name: _text(fields, key) for name, (key, _) in _TEXTS.items()}
    numbers = {name: jsonlines.number(fields, key) for name, (key, _) in _NUMBERS.items()}
    own = {"rule": rule, "written": jsonlines.text(found, "time"), "event_ns": moment}
    return {**own, **said, **texts, **numbers, "fields": jsonlines.compact(fields)}


def _text(fields: Object, key: str) -> str | None:
    written = jsonlines.text(fields, key)
    return None if written in _NONE else written
